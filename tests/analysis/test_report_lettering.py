"""Texts in charts: one piece each, where they should stand, and everything else as it was."""

from datetime import date
from io import BytesIO

import numpy as np
import pikepdf
import pypdfium2
import pytest
from weasyprint import images
from weasyprint.svg import SVG

from analysis.report import pdf
from survey.settings import ASSETS

FONTS = {"SourceSans3-Regular.ttf": (ASSETS / "fonts/SourceSans3-Regular.ttf").read_bytes()}
FACE = '@font-face { font-family: "Source Sans 3"; src: url(SourceSans3-Regular.ttf); }'
STYLE = f"{FACE} @page {{ size: 300px 200px; margin: 0 }} svg {{ display: block }}".encode()
PAGE = """\
<html lang="da"><title>Kort</title><body style="margin: 0">
<h1 style="margin: 0; height: 50px">K</h1>
<svg xmlns="http://www.w3.org/2000/svg" width="300" height="150" viewBox="0 0 300 150"
 font-family="Source Sans 3" font-size="10"><title>Et billede af noget</title>{}</svg>
</body></html>"""
PIXELS = 96 / 72  # to a point


def drawn(svg: str) -> bytes:
    return pdf(PAGE.format(svg), FONTS | {"report.css": STYLE}, created=date(2026, 11, 18))


def span(file: bytes, word: str) -> tuple[float, float]:
    """Left and right end of a word on the page, in pixels."""
    text = pypdfium2.PdfDocument(file)[0].get_textpage()
    at, length = text.search(word).get_next() or pytest.fail(f"no {word}")
    boxes = [text.get_charbox(at + i, loose=True) for i in range(length)]
    return min(one[0] for one in boxes) * PIXELS, max(one[2] for one in boxes) * PIXELS


def shown(file: bytes) -> int:
    with pikepdf.open(BytesIO(file)) as read:
        page = read.pages[0]
        assert "/XObject" not in page.Resources or not page.Resources.XObject
        operators = [str(one.operator) for one in pikepdf.parse_content_stream(page)]
    return operators.count("TJ") + operators.count("Tj")


@pytest.mark.parametrize("anchor", ["start", "middle", "end"])
def test_a_text_is_one_piece_wherever_it_is_held(anchor: str) -> None:
    file = drawn(f'<text x="150" y="20" text-anchor="{anchor}">Hjemmepleje</text>')

    left, right = span(file, "Hjemmepleje")
    held = {"start": left, "middle": (left + right) / 2, "end": right}[anchor]

    assert held == pytest.approx(150, abs=0.2)
    assert shown(file) == 2  # the heading, the text


def test_letters_stand_as_close_as_in_the_text_around() -> None:
    file = drawn('<text x="10" y="20">AVAVAVAV</text><text x="10" y="40">A</text>')

    whole, letter = span(file, "AVAVAVAV"), span(file, "A")

    assert whole[1] - whole[0] < 8 * (letter[1] - letter[0])


def test_a_colour_holds_for_its_text_alone() -> None:
    file = drawn('<text x="9" y="50" fill="#ff0000">Ja</text><text x="199" y="50">Nej</text>')

    page = np.asarray(pypdfium2.PdfDocument(file)[0].render(scale=2).to_pil()).astype(int)
    red = (page[:, :, 0] > page[:, :, 1] + 99).any(axis=0)
    left, right = np.array_split(red, 2)

    assert left.any()
    assert not right.any()


@pytest.mark.parametrize(
    "text",
    [
        '<text x="10" y="20">Et <tspan fill="red">ord</tspan> og et</text>',
        '<text x="10 20 30" y="20">abc</text>',
        '<text x="90" y="20" text-anchor="end" letter-spacing="2">abc</text>',
        '<text x="10" y="20" rotate="30">abc</text>',
        '<text x="10" y="20" transform="rotate(30)">abc</text>',
        '<text x="10" y="20" opacity="0.5">abc</text>',
        '<text x="10" y="20" fill="none" stroke="red">abc</text>',
    ],
)  # fmt: skip
def test_what_is_more_than_a_text_is_drawn_as_before(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = drawn(text)
    monkeypatch.setattr(images, "SVG", SVG)

    assert ours == drawn(text)
