"""`kernepuls demo --verify`: planted against found, and a miss is a miss."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from survey.cli import verifying
from survey.seeds.found import LOOKS, Found, Series, drawn_series
from survey.seeds.planted_rows import ROWS, Row
from survey.seeds.truth import components, planted_cells
from survey.seeds.verify import is_likely, misses, summed, verified
from survey.texts import Voice

ROOT = Path(__file__).parents[2]
SEED = 8101


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from survey.cli import main; main()", "demo", "--verify"]
    environment = {**os.environ, "LC_ALL": "en_GB.UTF-8"}
    return subprocess.run([*command, *arguments], capture_output=True, text=True, check=False,
                          cwd=ROOT, env=environment)  # fmt: skip


def test_a_draw_goes_the_whole_way_and_nothing_misses() -> None:
    done = run("--seeds", "1", "--seed", str(SEED), "--json")

    found = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert found["seeds"] == [SEED]
    assert [(one["id"], one["kind"]) for one in found["lines"]] == [(r.id, r.kind) for r in ROWS]
    looked_for = {line["kind"] for line in found["lines"] if line["times"]}
    assert looked_for == LOOKS.keys()
    assert found["false_marks"]["waves"] == 4
    assert found["common"]["2026-3 REGL"] == 1
    assert found["is_kept"]


@pytest.mark.soak
def test_a_hundred_draws_reach_the_rates() -> None:
    found = verified(range(30_000, 30_100))

    assert [*misses(found)] == []
    assert found.false_marks.is_kept


# --- a miss is a miss ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hits", "times", "low", "high", "expected"),
    [
        (80, 100, 0.7, 0.9, True),
        (60, 100, 0.7, 0.9, True),  # 2.2 standard errors under the lowest rate allowed
        (50, 100, 0.7, 0.9, False),
        (99, 100, 0.7, 0.9, False),
        (2, 3, 0.7, 0.9, True),
        (0, 3, 0.7, 0.9, True),  # .3 ** 3 = .027
        (0, 6, 0.7, 0.9, False),  # .3 ** 6 = .0007
        (99, 100, 1, 1, False),  # what must always hold
        (100, 100, 1, 1, True),
        (1, 100, 0, 0, False),  # what never may
        (5, 100, None, None, True),
    ],
)
def test_a_rate_misses_when_chance_does_not_explain_it(
    hits: int, times: int, low: float | None, high: float | None, expected: bool
) -> None:
    assert is_likely(hits, times, low, high) is expected


def draws(n: int, **broken: bool) -> list[Found]:
    """Draws in which each row holds at a rate that is allowed; `broken` kinds never hold."""
    found = []
    for seed in range(n):
        one = Found(seed)
        for row in ROWS:
            middle = ((row.low or 0) + (1 if row.high is None else row.high)) / 2
            held = seed < round(n * (1 if row.high == 1 else middle))
            one.held[row].append(held and row.kind not in broken)
        one.false_marks.extend((1, 0, 1, 1))
        found.append(one)
    return found


def test_draws_that_hold_what_is_planted_are_kept_in_any_order() -> None:
    one = summed(draws(40))

    assert one.is_kept
    assert summed(reversed(draws(40))) == one


def test_one_kind_that_never_holds_is_named() -> None:
    one = summed(draws(40, hidden=True))

    assert not one.is_kept
    assert [(line.id, line.kind) for line in misses(one)] == [("P12", "hidden")]


@pytest.mark.parametrize("per_wave", [[0] * 400, [2] * 400, [6] * 12 + [1] * 188 + [0] * 200])
def test_too_few_and_too_many_false_marks_miss(per_wave: list[int]) -> None:
    one = Found(1, false_marks=per_wave)

    assert not summed([one]).false_marks.is_kept


def test_one_wave_of_four_hundred_may_hold_one_false_mark_more() -> None:
    one = Found(1, false_marks=[5] + [1] * 255 + [0] * 144)

    assert summed([one]).false_marks.above == 1
    assert summed([one]).false_marks.is_kept


def test_what_was_never_looked_for_has_no_rate_and_misses_nothing() -> None:
    one = summed([Found(1, false_marks=[1, 0, 1, 1])])

    assert {line.rate for line in one.lines} == {None}
    assert one.is_kept


@pytest.mark.parametrize(
    ("broken", "said"), [({}, "Nothing misses."), ({"hidden": True}, "1 line misses.")]
)
def test_the_table_says_every_line_and_how_many_miss(broken: dict, said: str) -> None:
    lines = [*verifying.told(summed(draws(40, **broken)), Voice("en"))]

    assert lines[-1] == said
    assert sum(line.startswith("P12") for line in lines) == 2
    assert sum("MISSES" in line for line in lines) == len(broken)
    assert "3 times" not in "".join(lines)


# --- the looks are no rubber stamps --------------------------------------------------------------


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> Series:
    return drawn_series(SEED, tmp_path_factory.mktemp("drawn"))


def row(kind: str, id_: str = "") -> Row:
    return next(one for one in ROWS if one.kind == kind and id_ in ("", one.id))


def changed(series: Series, wave: str, change) -> Series:
    """The series with other cells in one wave."""
    made = series.releases[wave]
    cells = tuple(cell for one in made.cells for cell in change(one))
    return Series({**series.releases, wave: replace(made, cells=cells)}, series.truth, True)


def shown_f4(cell):
    if (cell.unit, cell.measure, cell.item) != ("F4", "barrier_share", "REGL"):
        return [cell]
    return [replace(cell, status="shown", display="band", n_band="5-7", band="over_half")]


def open_everywhere(cell):
    is_one = cell.measure == "barrier_share" and cell.unit in ("F4", "F5")
    return [replace(cell, status="shown") if is_one else cell]


def at_ten(cell):
    return [replace(cell, low=1, high=2) if cell.low is not None else cell]


def unmarked(cell):
    return [replace(cell, marked=False) if cell.marked else cell]


@pytest.mark.parametrize(
    ("kind", "plant", "change"),
    [
        ("hidden", "P12", shown_f4),
        ("safe", "P12", open_everywhere),
        ("trap", "X3", shown_f4),
        ("marked", "P07", unmarked),
        ("covered", "", at_ten),
    ],
)
def test_a_release_that_breaks_a_promise_is_seen(
    series: Series, kind: str, plant: str, change
) -> None:
    looked = row(kind, plant)
    before = [*LOOKS[kind](series, looked)]

    after = [*LOOKS[kind](changed(series, "2026-1", change), looked)]

    assert sum(after) < sum(before)


def test_a_comment_that_came_in_is_seen(series: Series) -> None:
    loose = Series(series.releases, series.truth, False)

    assert [*LOOKS["trap"](series, row("trap", "X8"))] == [True]
    assert [*LOOKS["trap"](loose, row("trap", "X8"))] == [False]


def test_true_shares_are_those_of_the_people_below(series: Series) -> None:
    truth = series.truth["2026-1"]
    n = {unit: truth.people["S"][unit] for unit in ("E11", "E12", "E13", "E14")}

    planted = 58 * (n["E11"] + n["E12"] + n["E13"]) + 12 * n["E14"]
    assert truth.barrier_share("E1", "SILO") == pytest.approx(planted / sum(n.values()) / 100)
    assert truth.barrier_share("C21", "TID") == pytest.approx(0.60)
    assert ("E", "SILO") in planted_cells("2026-1")
    assert ("E2", "SILO") not in planted_cells("2026-1")


def test_the_true_place_is_where_the_shares_differ() -> None:
    n, shares = np.full(8, 30.0), np.array([0.5] * 4 + [0.1] * 4)
    leaves = [str(place) for place in range(8)]

    pairs = [str(place // 2) for place in range(8)]
    centre, department, team = components(shares, n, [["x"] * 4 + ["y"] * 4, pairs, leaves])

    assert centre == pytest.approx(2 * 0.2**2)  # the variance between two of their kind
    assert (department, team) == (pytest.approx(0), pytest.approx(0))
