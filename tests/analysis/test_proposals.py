"""Who can remove a barrier, and what to try first: the rules of the proposals, row by row."""

import polars as pl
import pytest

from analysis.findings import Cell, Pair
from analysis.frames import tree_of
from analysis.release import TrialKind
from analysis.release.proposals import Patterns, proposals_of

TREE = tree_of(
    pl.DataFrame(
        {"unit": ["K", "A", "A1", "A11", "A12", "A2", "B", "B1"],
         "parent": [None, "K", "A", "A1", "A1", "A", "K", "B"],
         "name": list("abcdefgh"), "headcount": [0] * 8, "valid_from": ["2026-1"] * 8}
    ),
    "2026-1",
)  # fmt: skip
CATALOGUE = (
    TrialKind("silo_long", "SILO", "two_units", 8),
    TrialKind("silo_short", "SILO", "two_units", 3),
    TrialKind("silo_own", "SILO", "unit", 2),
    TrialKind("fejl_lesson", "FEJL", "unit", 2, start_with="fejl_backing"),
    TrialKind("fejl_backing", "FEJL", "unit", 4),
    TrialKind("fejl_other", "FEJL", "unit", 3),
    TrialKind("fejl_fourth", "FEJL", "unit", 9),
)


def barrier(unit: str, code: str, *, marked: bool | None = True, **told: object) -> Cell:
    told = {"display": "percent", "n": 40, "value": 50, "low": 35, "high": 65, **told}
    return Cell(
        unit=unit,
        behaviour="Ad1",
        measure="barrier_share",
        item=code,
        base="S",
        status="shown",
        N=60,
        marked=marked,
        flags=(),
        **told,
    )


def wave(code: str, *marked: str, others: tuple[Cell, ...] = (), pairs: tuple[Pair, ...] = ()):
    cells = [barrier(u, code, marked=u in marked if u != "K" else None) for u in TREE.codes]
    return Patterns(TREE, {(c.unit, c.measure, c.item): c for c in (*cells, *others)}, pairs)


def found(patterns: Patterns) -> dict[str, tuple[str, tuple[str, ...]]]:
    return {p.unit: (p.address, p.also) for p in proposals_of(patterns, ())}


def test_a_lone_unit_can_act_itself() -> None:
    assert found(wave("KULT", "A2")) == {"A2": ("unit", ())}


def test_a_pattern_is_told_once_at_the_highest_unit_that_half_below_share() -> None:
    assert found(wave("KULT", "A1", "A11", "A12")) == {"A1": ("managers", ())}
    assert found(wave("KULT", "A", "A1", "A11", "A12")) == {"A": ("managers", ())}


def test_a_marked_unit_whose_children_are_not_is_told_itself() -> None:
    assert found(wave("KULT", "A1")) == {"A1": ("unit", ())}


def test_a_marked_centre_with_one_deep_mark_leaves_the_finding_below() -> None:
    assert found(wave("KULT", "A", "A11")) == {"A11": ("unit", ())}


def test_half_of_a_departments_children_belong_to_the_managers() -> None:
    # Both children are marked and the department itself is not.
    assert found(wave("KULT", "A11", "A12")) == dict.fromkeys(["A11", "A12"], ("managers", ()))


def test_two_marked_centres_belong_to_the_board() -> None:
    assert found(wave("TID", "A", "B")) == dict.fromkeys("AB", ("board", ()))


@pytest.mark.parametrize("code", ["OKO", "MAAL", "REGL"])
def test_terms_that_are_set_above_need_only_a_mark_in_each_of_two_centres(code: str) -> None:
    assert found(wave(code, "A11", "B1")) == dict.fromkeys(["A11", "B1"], ("board", ()))
    assert found(wave("KULT", "A11", "B1")) == dict.fromkeys(["A11", "B1"], ("unit", ()))


def test_a_pair_named_from_both_sides_is_owned_by_two() -> None:
    pair = Pair("A1", "B1", "shown", both_sides=True)

    [one, *_] = proposals_of(wave("SILO", "A11", pairs=(pair,)), CATALOGUE)

    assert (one.address, one.with_, one.why) == ("two_units", ("B1",), ("marked", "pair"))
    assert found(wave("KULT", "A11", pairs=(pair,))) == {"A11": ("unit", ())}
    assert found(wave("SILO", "A2", pairs=(pair,))) == {"A2": ("unit", ())}


def test_a_pair_named_from_one_side_is_not() -> None:
    pair = Pair("A1", "B1", "shown", both_sides=False)

    assert found(wave("SILO", "A11", pairs=(pair,))) == {"A11": ("unit", ())}


def test_all_rows_that_hold_are_told_after_the_first() -> None:
    pair = Pair("A1", "B1", "shown", both_sides=True)

    patterns = wave("SILO", "A", "A1", "A2", "B", "B1", pairs=(pair,))

    assert found(patterns)["A"] == ("two_units", ("board", "managers"))


def resolver(who: str, **told: object) -> Cell:
    told = {"display": "percent", "n": 40, **told}
    return Cell(
        unit="A2",
        behaviour="Ad1",
        measure="resolver_share",
        item=who,
        base="S",
        status="shown",
        N=60,
        flags=(),
        **told,
    )


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        ((resolver("board", value=60), resolver("unit", value=20)), ("marked", "staff")),
        ((resolver("board", value=20), resolver("unit", value=60)), ("marked",)),
        ((resolver("board", value=40), resolver("unit", value=40)), ("marked",)),
        ((resolver("board", value=30, value_to=50), resolver("unit", value=45)), ("marked",)),
        ((resolver("board", clip="at_least_90"), resolver("unit", clip="at_most_10")),
         ("marked", "staff")),
        ((resolver("board", display="band", n=None, n_band="8-19", band="some"),
          resolver("unit", display="band", n=None, n_band="8-19", band="few")),
         ("marked", "staff")),
        ((resolver("board", display="open"),), ("marked",)),
        ((), ("marked",)),
    ],
)  # fmt: skip
def test_staff_who_point_elsewhere_are_heard(cells: tuple[Cell, ...], why: tuple[str, ...]) -> None:
    [one, *_] = proposals_of(wave("KULT", "A2", others=cells), ())

    assert one.why == why


def test_most_people_covered_come_first_and_ties_go_by_code() -> None:
    wide = barrier("B", "KULT", n=90)
    few = barrier("A2", "KULT", display="band", n=None, n_band="8-19", value=None, band="some")
    silent = barrier("A12", "KULT", display="open", value=None)
    patterns = wave("KULT", "A12", "A2", "B", others=(few, wide, silent))

    assert list(found(patterns)) == ["B", "A2", "A12"]
    assert list(found(wave("KULT", "A2", "B1"))) == ["A2", "B1"]


def test_kinds_for_the_address_come_first_and_then_the_shortest() -> None:
    pair = Pair("A1", "B1", "shown", both_sides=True)

    rows = proposals_of(wave("SILO", "A11", pairs=(pair,)), CATALOGUE)

    assert [row.kind for row in rows] == ["silo_short", "silo_long", "silo_own"]
    assert {row.risk for row in rows} == {"law_consent_medicine"}


def safety(**told: object) -> Cell:
    return Cell(
        unit="A2",
        behaviour="Ad1",
        measure="safe_share",
        item="safe_c",
        base="A",
        status="shown",
        N=60,
        flags=(),
        **told,
    )


@pytest.mark.parametrize(
    ("cells", "kinds"),
    [
        ((), ["fejl_lesson", "fejl_other", "fejl_backing"]),
        ((safety(display="percent", value=60),), ["fejl_lesson", "fejl_other", "fejl_backing"]),
        ((safety(display="percent", value=35),), ["fejl_backing", "fejl_other", "fejl_fourth"]),
        ((safety(display="band", band="few"),), ["fejl_backing", "fejl_other", "fejl_fourth"]),
        ((safety(display="band", band="half_or_less"),),
         ["fejl_backing", "fejl_other", "fejl_fourth"]),
        ((safety(display="open"),), ["fejl_lesson", "fejl_other", "fejl_backing"]),
    ],
)  # fmt: skip
def test_where_few_know_who_can_say_yes_backing_comes_first(
    cells: tuple[Cell, ...], kinds: list[str]
) -> None:
    rows = proposals_of(wave("FEJL", "A2", others=cells), CATALOGUE)

    assert [row.kind for row in rows] == kinds


def test_a_finding_without_a_kind_stands_alone() -> None:
    [one] = proposals_of(wave("KULT", "A2"), CATALOGUE)

    assert one.kind is None


def test_a_hidden_cell_is_neither_marked_nor_counted() -> None:
    hidden = Cell(
        unit="A12",
        behaviour="Ad1",
        measure="barrier_share",
        item="KULT",
        base="S",
        status="hidden",
        N=4,
    )

    assert found(wave("KULT", "A1", "A11", "A12", others=(hidden,))) == {"A1": ("unit", ())}
