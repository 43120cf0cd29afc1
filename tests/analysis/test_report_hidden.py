"""What is hidden or told in words lies nowhere in a report, not even where something is drawn."""

import re
from collections.abc import Iterator

import polars as pl
import pytest

from analysis.findings import Release, encode
from analysis.release import release
from analysis.report import unit_html
from analysis.report.view import View
from survey.texts import Voice, render
from tests.analysis.release_factory import facts

WAVE = "2026-4"
UNITS = ("K", None), ("A", "K"), ("B", "K"), ("C", "K"), ("D", "K"), ("E", "D"), ("F", "D")
SIZE = {"K": 30, "A": 13, "B": 13, "C": 60, "E": 3, "F": 26}
# Who say "I høj grad" to time, and how many of five times it succeeded. Nobody is told which of
# two towns this is: A and B have thirteen people, E has three, and their sums are the same.
TIME = {"K": 9, "A": 5, "B": 4, "C": 21, "E": 1, "F": 7}, {
    "K": 9, "A": 4, "B": 5, "C": 21, "E": 2, "F": 6}  # fmt: skip


def town(time: dict[str, int]) -> Release:
    rows = [
        {
            "wave": WAVE,
            "unit": unit,
            "behaviour": "Ad1",
            "situation": "once",
            "successes": 5 if i < time[unit] else 1,
            "b_tid": 2 if i < time[unit] else 1,
            "b_fag": 2 if i % 3 == 0 else 0,
        }
        for unit, people in SIZE.items()
        for i in range(people)
    ]
    units = [
        {"unit": unit, "parent": above, "name": f"Enhed {unit}", "headcount": 80,
         "valid_from": "2026-1"}
        for unit, above in UNITS
    ]  # fmt: skip
    scope = {"behaviour": ["Ad1"], "text": ["Vi ringer."], "units": ["K"]}
    return release(
        pl.DataFrame(rows, schema_overrides={"successes": pl.Int8}),
        pl.DataFrame(units),
        pl.DataFrame(scope),
        wave=WAVE,
    )


@pytest.fixture(scope="module")
def towns() -> tuple[Release, Release]:
    return town(TIME[0]), town(TIME[1])


def test_two_towns_that_differ_where_nothing_is_told_are_one_release(
    towns: tuple[Release, Release],
) -> None:
    one, other = towns

    assert encode(one) == encode(other)
    assert one.cell("A", "barrier_share", "TID").band == "some"  # type: ignore[union-attr]
    assert one.cell("E", "barrier_share", "TID").status == "hidden"  # type: ignore[union-attr]


@pytest.mark.parametrize("unit", ["K", "A", "D", "E"])
def test_nothing_is_drawn_where_a_hidden_or_banded_share_lies(
    towns: tuple[Release, Release], unit: str
) -> None:
    html = unit_html(
        View(towns[0], unit, Voice("da"), facts(trials={}, earlier=())),
        lambda name, context: render(name, "da", context),
    )
    told = [(time[one], SIZE[one]) for time in TIME for one in ("A", "B", "E")]
    shares = {yes / n for yes, n in told}
    levels = {(5 * yes + (n - yes)) / (5 * n) for yes, n in told}

    charts = re.findall(r'<svg class="chart track".*?</svg>', html, re.DOTALL)
    for chart in charts:
        ticks = [float(x) for x in re.findall(r'class="tick" d="M([\d.]+) ', chart)]
        true_at = [min(ticks) + share * (max(ticks) - min(ticks)) for share in shares | levels]
        for x in placed(chart):
            assert min(abs(x - at) for at in true_at) > 0.2, (unit, x)
    assert (charts == []) == (unit == "E")


def placed(chart: str) -> Iterator[float]:
    """Both ends and the middle of every shape that is drawn."""
    for shape in re.findall(r"<(?:rect|circle) [^>]*>", chart):
        told = {name: float(n) for name, n in re.findall(r' (c?x|width)="([\d.]+)"', shape)}
        at, wide = told.get("x", told.get("cx", 0.0)), told.get("width", 0.0)
        yield from (at, at + wide / 2, at + wide)
