"""Key sheets and the list of those to destroy, in the hand of the cards: one page of A4 each.

A sheet lies here between the approval of its wave and the drill, which removes it.
"""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Final

from survey.delivery.letters import filled
from survey.delivery.prints import assets, keep, qr
from survey.errors import N_
from survey.house import Organisation
from survey.settings import Settings
from survey.texts import Voice, render

ACROSS = 5  # groups in a row, as they are read and typed
WHO: Final = {
    "hr": N_("HR"),
    "safety": N_("Working environment representative"),
    "operator": N_("Operations (who runs the server)"),
}


def folder_of(settings: Settings, wave: str) -> Path:
    return settings.data / "sheets" / wave


def sheet_file(settings: Settings, wave: str, trustee: str) -> Path:
    return folder_of(settings, wave) / f"{trustee}.pdf"


def list_file(settings: Settings, wave: str) -> Path:
    return folder_of(settings, wave) / "destroy.pdf"


def keep_sheet(  # noqa: PLR0913 - all that stands on it
    settings: Settings,
    house: Organisation,
    wave: str,
    closes: date,
    *,
    trustee: str,
    groups: Sequence[str],
) -> None:
    """Write a trustee's sheet for the owner only: the groups, the same as QR, and what it is."""
    voice = Voice(house.language)
    numbered = list(enumerate(groups, 1))
    html = render(
        "report/sheets.html",
        house.language,
        {
            "wave": wave,
            "organisation": _organisation(settings, house),
            "who": voice.gettext(WHO[trustee]),
            "others": [voice.gettext(WHO[one]) for one in WHO if one != trustee],
            "rows": [numbered[start : start + ACROSS] for start in range(0, len(groups), ACROSS)],
            "closes": voice.full_date(closes),
            "qr": qr("-".join(groups), voice.gettext("QR code with the groups of the sheet")),
        },
    )
    keep(sheet_file(settings, wave, trustee), _pdf(html, closes))


def keep_list(settings: Settings, house: Organisation, wave: str, closes: date) -> Path:
    """Write what to destroy after the close, with room for three signatures; where it is."""
    voice = Voice(house.language)
    html = render(
        "report/sheets_destroyed.html",
        house.language,
        {
            "wave": wave,
            "organisation": _organisation(settings, house),
            "trustees": [voice.gettext(who) for who in WHO.values()],
        },
    )
    keep(list_file(settings, wave), _pdf(html, closes))
    return list_file(settings, wave)


def _organisation(settings: Settings, house: Organisation) -> str:
    named = {"organisation": house.said("organisation", house.language)}
    return filled("{organisation}", named, file=str(settings.organisation))


def _pdf(html: str, created: date) -> bytes:
    from survey import insight  # noqa: PLC0415 - the whole analysis, half a second: only to print

    return insight.pdf(html, assets("sheets.css"), created=created)
