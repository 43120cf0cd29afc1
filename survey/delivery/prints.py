"""Cards to draw from a bowl, and posters: PDF files a unit prints. No serial number anywhere.

The cards of a unit are alike but for the code and its QR; a poster leads to the code page and
carries no code. Clear codes are on the cards and nowhere else.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import quote

import segno
from markupsafe import Markup

from survey.delivery.letters import Round, asked, filled
from survey.errors import N_, Broken
from survey.settings import ASSETS, TEMPLATES, Settings
from survey.tables import Behaviour
from survey.texts import Voice, content, render

INK = "#1c2126"
ACROSS, DOWN = 2, 4  # cards on a sheet of A4
OWNER_ONLY = 0o600
FONTS = (
    "SourceSans3-Regular.ttf",
    "SourceSans3-Semibold.ttf",
    "SourceSerif4Display-Semibold.ttf",
)


class FontsMissing(Broken):
    sentence = N_(
        "The fonts for cards and posters are missing, so no PDF can be made. Nothing was changed. "
        "Install Kernepuls again with: pip install ."
    )


@dataclass(frozen=True, slots=True)
class Card:
    """What differs from card to card."""

    code: str
    qr: Markup


def cards_pdf(around: Round, unit: str, codes: Sequence[str]) -> bytes:
    """A unit's cards, eight to a sheet, in the order of `codes` (shuffle them first)."""
    # The code stands alone in large letters, so the sentence is cut where it would be.
    before, _, after = _text(around, content("messages")["card"], code="\0").partition("\0")
    cards = [
        Card(code=code, qr=qr(around.link(code), _alt(around, N_("QR code that opens the form"))))
        for code in codes
    ]
    rows = [cards[start : start + ACROSS] for start in range(0, len(cards), ACROSS)]
    html = render(
        "report/cards.html",
        around.language,
        {
            "unit": unit,
            "organisation": filled("{organisation}", around.fields(), file=around.file),
            "headline": content("messages")["poster"]["headline"][around.language],
            "before": before.strip(),
            "after": after.lstrip(". "),
            "address": shown_address(around.code_page),
            "sheets": [rows[start : start + DOWN] for start in range(0, len(rows), DOWN)],
        },
    )
    return _pdf(html, around)


def poster_pdf(around: Round, unit: str, behaviour: Behaviour) -> bytes:
    """A unit's poster: one message, the behaviour, and the way to the code page."""
    texts = content("messages")["poster"]
    alt = _alt(around, N_("QR code that leads to the page where you type your code"))
    html = render(
        "report/poster.html",
        around.language,
        {
            "unit": unit,
            "organisation": filled("{organisation}", around.fields(), file=around.file),
            "headline": texts["headline"][around.language],
            "middle": _text(around, texts["middle"], behaviour=asked(behaviour, around.language)),
            "small": _text(around, texts["small"]),
            "no_phone": _text(around, texts["no_phone"]),
            "address": shown_address(around.code_page),
            "qr": qr(around.code_page, alt),
            "footer": _text(around, content("messages")["invitation"]["footer"]),
        },
    )
    return _pdf(html, around)


def cards_file(settings: Settings, wave: str, unit: str) -> Path:
    return settings.data / "cards" / wave / f"{quote(unit, safe='')}.pdf"


def poster_file(settings: Settings, wave: str, unit: str) -> Path:
    return settings.data / "posters" / wave / f"{quote(unit, safe='')}.pdf"


def keep(file: Path, made: bytes) -> None:
    """Write a printable whole or not at all, readable for the owner only."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    part.unlink(missing_ok=True)
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    with os.fdopen(handle, "wb") as target:
        target.write(made)
    part.replace(file)


def shown_address(url: str) -> str:
    """An address as people type it: without https:// in front."""
    return url.removeprefix("https://").removeprefix("http://")


def _pdf(html: str, around: Round) -> bytes:
    from survey import insight  # noqa: PLC0415 - the whole analysis, half a second: only to print

    return insight.pdf(html, assets("cards.css"), created=around.closes)


def _text(around: Round, texts: dict[str, str], **more: str) -> str:
    return filled(texts[around.language], {**around.fields(), **more}, file=around.file)


def _alt(around: Round, msgid: str) -> str:
    return Voice(around.language).gettext(msgid)


def qr(text: str, alt: str) -> Markup:
    """A QR code as inline SVG, level Q: a quarter may be lost to a coffee stain.

    The style sheet leaves the white around it.
    """
    drawn = segno.make(text, error="q", micro=False).svg_inline(
        border=0, dark=INK, omitsize=True, title=alt, svgclass=None, lineclass=None
    )
    return Markup(drawn)  # noqa: S704 - drawn by segno; the text in it is data of the symbol


@cache
def assets(style: str) -> dict[str, bytes]:
    """A style sheet of the prints and the fonts, by the names it uses."""
    try:
        fonts = {name: (ASSETS / "fonts" / name).read_bytes() for name in FONTS}
    except FileNotFoundError as error:
        raise FontsMissing from error
    return {style: (TEMPLATES / "report" / style).read_bytes(), **fonts}
