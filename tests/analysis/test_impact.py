"""How barriers go with success, as it is told: root and centres only, in whole points."""

import dataclasses
from math import ceil, floor

import numpy as np
import polars as pl
import pytest
from msgspec.structs import replace
from scipy.special import expit

from analysis.association import associations
from analysis.findings import Cell, Impact
from analysis.frames import BARRIERS, Tree, tree_of
from analysis.release.impact import associated, impact_of, parts_of

LEAVES = 12  # below each of two centres
TREE = tree_of(
    pl.DataFrame(
        [("R", None), ("A", "R"), ("B", "R"), ("A1", "A")]
        + [(f"A1{u:02}", "A1") for u in range(LEAVES)]
        + [(f"B{u:02}", "B") for u in range(LEAVES)],
        schema=["unit", "parent"], orient="row",
    ).with_columns(name=pl.col("unit"), headcount=pl.lit(0), valid_from=pl.lit("2026-1")),
    "2026-1",
)  # fmt: skip
ASKED = ("SILO", "TID")


def answers(*, a: int = 500, b: int = 500, silo: float = -1.2, seed: int = 1) -> pl.DataFrame:
    """Answers of `a` people below A and `b` below B; SILO goes with failure, TID with nothing."""
    rng = np.random.default_rng(seed)
    n = a + b
    unit = [f"A1{u:02}" for u in rng.integers(0, LEAVES, a)]
    unit += [f"B{u:02}" for u in rng.integers(0, LEAVES, b)]
    said = rng.integers(0, 3, (n, 2))
    often = rng.random(n) < expit(0.5 + silo * (said[:, 0] == 2))
    columns = {
        "unit": unit, "successes": np.where(often, rng.integers(4, 6, n), rng.integers(0, 4, n)),
        "b_silo": said[:, 0], "b_tid": said[:, 1],
    }  # fmt: skip
    return pl.DataFrame(columns)


def cell(unit: str, item: str, **more) -> Cell:
    fixed = {"display": "percent", "n": 500, "value": 33, "low": 29, "high": 37, "flags": ()}
    return Cell(
        unit=unit,
        behaviour=None,
        measure="barrier_share",
        item=item,
        base="S",
        status="shown",
        N=900,
        **{**fixed, **more},
    )


CELLS = [cell(unit, item) for unit in TREE.codes for item in ASKED]


def impact(
    people: pl.DataFrame, cells: list[Cell] = CELLS, *, tree: Tree = TREE, wave: str = "2026-1"
) -> tuple[Impact, ...]:
    return impact_of(associated(parts_of(people, tree), wave), cells)


def test_the_root_and_the_centres_are_told_and_nothing_below() -> None:
    found = impact(answers())

    assert [(one.scope, one.barrier) for one in found] == [
        (unit, code) for unit in ("R", "A", "B") for code in ASKED
    ]
    assert [one.n for one in found] == [1000, 1000, 500, 500, 500, 500]


def test_a_barrier_that_goes_with_failure_is_negative_and_first() -> None:
    silo, tid, *_ = impact(answers())

    assert silo.high < 0 < tid.high
    assert silo.low <= silo.association_pp <= silo.high
    assert (silo.rank, tid.rank) == ((1, 1), (2, 2))


def test_numbers_are_whole_points_and_ends_go_outwards() -> None:
    people = answers()
    codes = pl.DataFrame(
        {
            "leaf": people["unit"],
            "success": people["successes"] >= 4,
            "SILO": people["b_silo"] == 2,
            "TID": people["b_tid"] == 2,
        }
    )
    exact = associations(codes, ASKED, seed="impact 2026-1")

    found = [one for one in impact(people) if one.scope == "R"]

    for told, one in zip(found, exact, strict=True):
        assert told.association_pp == round(100 * one.association)
        assert (told.low, told.high) == (floor(100 * one.low), ceil(100 * one.high))
        assert told.low < 100 * one.low < 100 * one.high < told.high


def test_prevalence_is_the_value_that_the_unit_displays() -> None:
    cells = [cell(unit, "SILO", value=41) for unit in TREE.codes]
    cells += [
        cell(unit, "TID", value=None, low=None, high=None, clip="at_most_4") for unit in TREE.codes
    ]

    silo, tid, *_ = impact(answers(), cells)

    assert (silo.prevalence, tid.prevalence) == (41, None)


def test_ved_ikke_on_a_barrier_is_not_in_high_degree_and_on_success_is_not_counted() -> None:
    people = answers()
    unsaid = people.with_columns(
        b_silo=pl.when(pl.col("b_silo") > 0).then("b_silo"),
        b_tid=pl.when(pl.col("b_tid") == 2).then("b_tid"),
    )
    silent = people.with_columns(successes=pl.lit(None, dtype=pl.Int64))

    assert impact(unsaid) == impact(people)
    assert impact(pl.concat([people, silent])) == impact(people)
    assert impact(silent) == ()


def test_a_centre_whose_barriers_or_level_are_hidden_says_nothing() -> None:
    hidden = [
        one
        if one.unit != "A"
        else Cell(
            unit="A",
            behaviour=None,
            measure="barrier_share",
            item=one.item,
            base="S",
            status="hidden",
            N=900,
        )
        for one in CELLS
    ]
    level = [
        *CELLS,
        Cell(
            unit="B",
            behaviour="Ad1",
            measure="behaviour_level",
            item=None,
            base="Y",
            status="hidden",
            N=900,
        ),
    ]

    assert {one.scope for one in impact(answers(), hidden)} == {"R", "B"}
    assert {one.scope for one in impact(answers(), level)} == {"R", "A"}


def test_a_centre_below_the_gate_leaves_the_root() -> None:
    assert {one.scope for one in impact(answers(a=900, b=100))} == {"R", "A"}


def test_people_at_an_inner_unit_stand_together() -> None:
    people = answers().with_columns(
        unit=pl.when(pl.col("unit") == "A103").then(pl.lit("A1")).otherwise("unit")
    )

    assert [one.n for one in impact(people)] == [1000, 1000, 500, 500, 500, 500]


def test_another_order_of_answers_and_other_codes_change_nothing() -> None:
    people = answers()
    renamed = {code: f"X{code}" for code in TREE.codes}
    tree = dataclasses.replace(TREE, codes=tuple(renamed.values()))
    cells = [replace(one, unit=renamed[one.unit]) for one in CELLS]
    mixed = people.with_columns(pl.col("unit").replace(renamed)).sample(
        fraction=1, shuffle=True, seed=3
    )

    found = impact(mixed, cells, tree=tree)

    assert [replace(one, scope=one.scope.removeprefix("X")) for one in found] == list(
        impact(people)
    )


@pytest.mark.parametrize("missing", [["successes"], ["b_silo", "b_tid"]])
def test_what_was_not_asked_is_not_told(missing: list[str]) -> None:
    assert impact(answers().drop(missing)) == ()


def test_barriers_are_told_in_the_order_of_the_list() -> None:
    cells = list(reversed(CELLS))

    found = [one.barrier for one in impact(answers(), cells) if one.scope == "R"]

    assert found == sorted(ASKED, key=BARRIERS.index)
