"""Where work stalls: told from ten people a side, never of a team, and of who names whom seldom."""

import numpy as np
import polars as pl
import pytest
from scipy.stats import fisher_exact

from analysis.frames import tree_of
from analysis.network import (
    asymmetry,
    expected_external_internal,
    external_internal,
    fisher,
    part_of,
    seams,
)
from analysis.release.seams import pairs_of

UNITS = pl.DataFrame(
    {"unit": ["K", "A", "A1", "A11", "A2", "B", "B1", "C"],
     "parent": [None, "K", "A", "A1", "A", "K", "B", "K"],
     "name": list("abcdefgh"), "headcount": [0] * 8, "valid_from": ["2026-1"] * 8}
)  # fmt: skip
TREE = tree_of(UNITS, "2026-1")
COLUMNS = ("unit", "stall_1", "stall_2", "stall_how")
EVERYBODY = np.ones(len(TREE.codes), dtype=bool)


def people(*groups: tuple[str, int, str | None, str | None]) -> pl.DataFrame:
    """Groups of people in the situation: unit, how many, the part they name, and what happens."""
    rows = [
        {"unit": unit, "stall_1": named, "stall_2": None, "stall_how": how}
        for unit, n, named, how in groups
        for _ in range(n)
    ]
    return pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String))


def pairs(frame: pl.DataFrame, shown: np.ndarray = EVERYBODY):
    return pairs_of(frame, TREE, shown, 0.10)


def test_parts_are_the_level_below_the_centres_and_centres_without_children() -> None:
    part = part_of(TREE)

    named = {
        code: TREE.codes[p] if p >= 0 else None for code, p in zip(TREE.codes, part, strict=True)
    }

    assert named == {"K": None, "A": None, "A1": "A1", "A11": "A1", "A2": "A2",
                     "B": None, "B1": "B1", "C": "C"}  # fmt: skip


def test_a_pair_named_from_both_sides() -> None:
    [pair] = pairs(
        people(("A11", 8, "B1", "wait"), ("A1", 6, "own", None), ("B1", 5, "A11", "wait"),
               ("B1", 20, "outside", None))
    )  # fmt: skip

    assert (pair.a, pair.b, pair.both_sides) == ("A1", "B1", True)
    assert pair.n == (None, 5 + 20)
    assert pair.n_band == ("8-19", None)
    assert pair.strength == "some"
    assert pair.how == ("wait",)


def test_a_pair_named_from_one_side_is_told_without_the_other() -> None:
    [pair] = pairs(people(("A2", 15, "C", "wait"), ("A2", 10, None, None), ("C", 12, None, None)))

    assert not pair.both_sides
    assert pair.strength == "half_or_more"
    assert pair.directed is None


@pytest.mark.parametrize(("naming", "silent"), [(2, 18), (18, 2), (9, 0), (4, 5)])
def test_what_could_point_at_somebody_is_not_told(naming: int, silent: int) -> None:
    frame = people(("A2", naming, "C", None), ("A2", silent, "own", None), ("C", 12, "own", None))

    assert pairs(frame) == ()


def test_both_parts_must_be_shown_and_have_ten() -> None:
    named = people(("A2", 10, "C", None), ("A2", 10, "own", None), ("C", 12, "own", None))
    hidden = EVERYBODY & (np.array(TREE.codes) != "C")

    assert len(pairs(named)) == 1
    assert pairs(named, hidden) == ()
    assert (
        pairs(people(("A2", 10, "C", None), ("A2", 10, "own", None), ("C", 9, "own", None))) == ()
    )


def test_who_names_whom_is_told_only_where_the_sides_differ() -> None:
    even = people(("A2", 10, "C", None), ("A2", 10, None, None), ("C", 10, "A2", None),
                  ("C", 10, None, None))  # fmt: skip
    uneven = people(("A2", 34, "C", None), ("A2", 6, None, None), ("C", 3, "A2", None),
                    ("C", 13, None, None))  # fmt: skip

    assert pairs(even)[0].directed is None
    directed = pairs(uneven)[0].directed
    assert directed.audience == "common_superior"
    assert (directed.a_names_b.value, directed.b_names_a.band) == (85, "few")


def test_nearly_all_of_a_band_is_half_or_more() -> None:
    [pair] = pairs(people(("A2", 12, "C", None), ("A2", 3, None, None), ("C", 12, None, None)))

    assert pair.strength == "half_or_more"


def test_what_happens_is_told_from_ten_who_name_each_other_and_five_who_agree() -> None:
    def how(*groups: tuple[int, str | None]) -> tuple[str, ...]:
        naming = [("A2", n, "C", what) for n, what in groups]
        frame = people(*naming, ("A2", 10, None, None), ("C", 12, None, None))
        return seams(frame, TREE, EVERYBODY)[0].how

    assert how((5, "wait"), (5, "passed_on")) == ("passed_on",)
    assert how((4, "wait"), (4, "passed_on"), (3, None)) == ()
    assert how((9, "wait")) == ()


def test_without_the_question_there_are_no_pairs() -> None:
    frame = people(("A2", 10, "C", "wait"), ("A2", 10, None, None), ("C", 12, None, None))

    assert seams(frame.drop("stall_1"), TREE, EVERYBODY) == []
    assert seams(frame.drop("stall_how", "stall_2"), TREE, EVERYBODY)[0].how == ()


# --- how closed the parts are --------------------------------------------------------------------

THREE_PARTS = np.array([[10, 6, 1], [2, 8, 1], [1, 3, 12]])
PEOPLE = np.array([20, 15, 18])


def test_the_karate_club_by_club() -> None:  # V18: 11 of 78 ties go between the clubs
    ties = np.array([[35, 11], [0, 32]])

    assert external_internal(ties) == pytest.approx((11 - 67) / 78)
    assert external_internal(ties) == pytest.approx(-0.717949, abs=1e-6)


def test_three_parts_that_name_themselves_most() -> None:  # V18
    external = 6 + 1 + 2 + 1 + 1 + 3
    internal = 10 + 8 + 12

    found = external_internal(THREE_PARTS)

    assert found == pytest.approx((external - internal) / (external + internal))
    assert found == pytest.approx(-0.363636, abs=1e-6)
    assert expected_external_internal(PEOPLE) == pytest.approx(0.350, abs=5e-4)


def test_the_expectation_is_that_of_pairs_drawn_without_looking_at_parts() -> None:
    rng = np.random.default_rng(1)
    part = np.repeat([0, 1, 2], PEOPLE)
    pairs = np.array([rng.choice(part, 2, replace=False) for _ in range(20_000)])
    named = np.zeros((3, 3), dtype=np.int64)
    np.add.at(named, (pairs[:, 0], pairs[:, 1]), 1)

    assert external_internal(named) == pytest.approx(expected_external_internal(PEOPLE), abs=0.02)


def test_one_part_names_the_other_more_than_the_other_way() -> None:  # V18
    # r = 6/20 = .3 and 2/15 = .1333
    assert asymmetry((6, 2), (20, 15)) == pytest.approx((0.3 - 2 / 15) / (0.3 + 2 / 15))
    assert asymmetry((6, 2), (20, 15)) == pytest.approx(0.384615, abs=1e-6)
    assert asymmetry((2, 6), (15, 20)) == pytest.approx(-0.384615, abs=1e-6)


def test_whether_they_differ_more_than_by_chance() -> None:  # V18
    assert fisher(np.array([[6, 2]]), np.array([[20, 15]])) == pytest.approx(0.4193, abs=5e-5)


def test_fisher_is_that_of_scipy_for_every_table() -> None:
    rng = np.random.default_rng(1)
    n = np.concatenate([rng.integers(1, 200, (300, 2)), rng.integers(1, 9, (300, 2))])
    n = np.concatenate([n, np.repeat(n[:100, :1], 2, axis=1)])  # equal sides: equal probabilities
    named = rng.integers(0, n + 1)

    p = fisher(named, n)

    expected = [fisher_exact([k, people - k]).pvalue for k, people in zip(named, n, strict=True)]
    assert p == pytest.approx(expected, rel=1e-9)
    assert fisher(np.zeros((0, 2), dtype=np.int64), np.zeros((0, 2), dtype=np.int64)).shape == (0,)


def test_where_nothing_is_named_there_is_no_index() -> None:
    assert external_internal(np.zeros((2, 2), dtype=np.int64)) is None
    assert expected_external_internal(np.array([1])) is None
    assert asymmetry((0, 0), (20, 15)) is None
