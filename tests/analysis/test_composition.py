"""When a parent is no longer made of the same people: by unit and by profession, from INVITED."""

import polars as pl
import pytest

from analysis.release import release, releases
from analysis.release.past import professions_of

UNITS = pl.DataFrame(
    {"unit": ["R", "A", "A1", "A2", "B"], "parent": [None, "R", "A", "A", "R"],
     "name": list("vwxyz"), "headcount": [0, 0, 60, 60, 60], "valid_from": ["2026-1"] * 5}
)  # fmt: skip
SCOPE = pl.DataFrame({"behaviour": ["Ad1"], "text": ["Det lykkes"], "units": ["R"]})
LEAVES = ("A1", "A2", "B")
PARENTS = dict(zip(UNITS["unit"], UNITS["parent"], strict=True))


def answers() -> pl.DataFrame:
    rows = [(wave, unit, "Ad1", "several", 2 * (i % 4 == 0))
            for wave in ("2026-1", "2026-2") for unit in LEAVES for i in range(40)]  # fmt: skip
    columns = ["wave", "unit", "behaviour", "situation", "b_silo"]
    return pl.DataFrame(rows, schema=columns, orient="row")


def invited(now: dict[str, int | None], *, told: bool = True) -> pl.DataFrame:
    """60 people in each leaf, 30 of them nurses; in the second wave as many as `now` says."""
    rows: list[tuple[str, str, str | None, int]] = []
    for wave in ("2026-1", "2026-2"):
        for unit in LEAVES:
            nurses = now.get(unit, 30) if wave == "2026-2" else 30 if told else None
            if nurses is None:
                rows.append((wave, unit, None, 60))
            else:
                rows += [(wave, unit, "nurse", nurses), (wave, unit, "sosu", 60 - nurses)]
    return pl.DataFrame(rows, schema=["wave", "unit", "profession", "n"], orient="row")


def composed(people: pl.DataFrame | None) -> set[str]:
    """The units that the second wave says are composed of others."""
    second = releases(answers(), UNITS, SCOPE, invited=people)[1]
    noted = {note.unit for note in second.quality if note.kind == "composition"}
    for unit in ("R", "A"):
        cell = second.cell(unit, "barrier_share", "SILO")
        assert ("composition" in cell.flags) == (unit in noted)
        assert (cell.change.verdict == "not_comparable") == (unit in noted)
    return noted


@pytest.mark.parametrize(
    ("now", "noted"),
    [
        ({}, set()),
        ({"A1": 36}, set()),  # 6 of the 120 of A: five per cent
        ({"A1": 37}, {"A"}),  # 7 of 120, but of the 180 of R less
        ({"A1": 40}, {"A", "R"}),  # 10 of 180
        ({"A1": 40, "A2": 20}, set()),  # in A as many as before
        ({"B": 40}, {"R"}),  # a leaf is its own people
    ],
)
def test_a_parent_with_other_professions_has_no_verdict(now: dict, noted: set[str]) -> None:
    assert composed(invited(now)) == noted


def test_where_professions_are_not_told_in_both_waves_units_alone_count() -> None:
    assert composed(invited({"A1": 60}, told=False)) == set()
    assert composed(invited({"A1": 60}).drop("profession")) == set()
    assert composed(None) == set()


def test_one_leaf_without_professions_hides_those_of_all_above_it() -> None:
    people = invited({"A1": 60, "A2": None})

    assert composed(people) == set()
    assert professions_of(people, PARENTS, "2026-2") == {
        "A1": {"nurse": 60, "sosu": 0},
        "B": {"nurse": 30, "sosu": 30},
    }


def test_a_wave_that_invited_does_not_hold_is_not_compared() -> None:
    people = invited({"A1": 60}).filter(pl.col("wave") == "2026-2")

    assert composed(people) == set()


def test_the_first_wave_has_nothing_to_compare_with() -> None:
    first = release(answers(), UNITS, SCOPE, wave="2026-1", invited=invited({}))

    assert [note for note in first.quality if note.kind == "composition"] == []
