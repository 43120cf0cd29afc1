"""The colours of a report, measured as the eye meets them: on paper, in grey, at arm's length."""

import re
from itertools import pairwise

import pytest

from analysis.charts import CLASS_ENDS
from survey.settings import TEMPLATES

CSS = (TEMPLATES / "report/report.css").read_text()
CHARTS = (TEMPLATES / "parts/charts.html").read_text()
PAPER = "#ffffff"
TEXT, MARK = 4.5, 3.0  # WCAG 2.2: 1.4.3 and 1.4.11
SHADES = re.findall(r"\.shade-([1-6]) \{ background: (#\w+); color: (#\w+); \}", CSS)


def luminance(colour: str) -> float:
    """Relative luminance of sRGB, WCAG 2.2."""
    whole = colour if len(colour) == 7 else "#" + "".join(2 * one for one in colour[1:])
    parts = [int(whole[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_black_on_white_is_the_strongest_contrast_there_is() -> None:
    assert contrast("#000000", "#fff") == pytest.approx(21)


def test_there_is_a_shade_for_every_class() -> None:
    assert [int(number) for number, _, _ in SHADES] == list(range(1, len(CLASS_ENDS) + 2))


@pytest.mark.parametrize(("number", "ground", "text"), SHADES)
def test_the_word_in_a_field_can_be_read(number: str, ground: str, text: str) -> None:
    assert contrast(text, ground) >= TEXT, number


def test_a_higher_class_is_darker_also_in_grey() -> None:
    grounds = [luminance(ground) for _, ground, _ in SHADES]

    assert all(lower - higher > 0.05 for lower, higher in pairwise(grounds))


def test_every_text_colour_can_be_read_on_paper() -> None:
    inks = set(re.findall(r"(?<!-)color: (#\w{3,6})", CSS)) - {"#fff"}

    assert len(inks) == 3
    assert {ink for ink in inks if contrast(ink, PAPER) < TEXT} == set()


def test_every_mark_of_a_chart_is_seen_or_has_an_edge_that_is() -> None:
    named = dict(zip(("ink", "grey", "teal", "pale", "rule"), re.findall(
        r"#\w{6}", CHARTS.partition("{% set ink")[2].partition("%}")[0]), strict=True))  # fmt: skip
    edge = re.findall(r'{% set edge = "(#\w{6})" %}', CHARTS)[0]
    shapes = re.findall(
        r'<(?:rect|circle) class="(?:bar|interval|dot|stretch|empty)"[^>]*>', CHARTS
    )
    bare = [one for one in shapes if "stroke=" not in one]

    assert min(contrast(colour, PAPER) for colour in (edge, named["teal"], named["ink"])) >= MARK
    assert len(shapes) >= 6
    assert all("{{ teal" in one for one in bare)
