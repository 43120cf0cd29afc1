"""The levels of release.json: where each barrier sits, in three voices (2.3, 3.4, 5)."""

import json

import numpy as np
import polars as pl
import pytest

from analysis.findings import Cell, Level, Pair, encode
from analysis.frames import BARRIERS, scopes_of, tree_of
from analysis.release import release
from analysis.release.counts import counted, invited_of
from analysis.release.levels import drawn_from, levels_of, said_everywhere, teams_of
from analysis.release.proposals import Patterns, proposals_of
from analysis.shrinkage import shrunken

KEYS = {
    *("barrier", "behaviour", "scope", "verdict", "prevalence", "spread_pp", "support", "floor"),
    *("marked_units", "of_units", "centres_marked", "address", "also", "own_answer", "agree"),
    "flags",
}
PLACES = {"centre", "department", "team"}
ADDRESSES = ["council_law", "two_units", "board", "managers", "unit"]


# --- Fjordlund, through the file -----------------------------------------------------------------


@pytest.fixture(scope="module")
def levels(four_waves) -> list[dict]:
    return [level for made in four_waves for level in json.loads(encode(made))["levels"]]


def test_a_level_has_its_keys_and_words(levels: list[dict]) -> None:
    assert levels
    for level in levels:
        assert level.keys() == KEYS
        assert level["barrier"] in BARRIERS
        assert level["scope"] == "FK"
        assert level["verdict"] in PLACES | {"organisation", "small", "undecided"}
        assert level["agree"] in ("same", "differs", "unknown")
        assert level["own_answer"].keys() == {"top", "share"}
        rows = [level["address"], *level["also"]]
        assert rows == sorted(rows, key=ADDRESSES.index)
        assert "unit" not in level["also"]


def test_spread_is_in_whole_points_and_support_in_tens(levels: list[dict]) -> None:
    for level in levels:
        assert level["spread_pp"].keys() == PLACES
        assert level["support"].keys() == {"organisation", *PLACES}
        assert all(isinstance(value, int) for value in level["spread_pp"].values())
        assert all(value % 10 == 0 for value in level["support"].values())
        assert sum(level["support"].values()) <= 100


def test_a_verdict_has_its_support(levels: list[dict]) -> None:
    for level in levels:
        best = max(level["support"].values())
        where = level["verdict"] if level["verdict"] != "small" else "organisation"
        assert level["support"].get(where, 0) >= 80 if where != "undecided" else best < 80


def test_every_barrier_has_one_level_over_all_behaviours(four_waves) -> None:
    for made in four_waves:
        mixed = [level for level in made.levels if level.behaviour is None]

        assert [level.barrier for level in mixed] == list(BARRIERS)
        assert {level.flags for level in mixed} == {("mixed_behaviours",)}


def test_a_behaviour_has_levels_where_it_is_asked_in_two_centres_and_six_units(four_waves) -> None:
    made = four_waves[0]
    depth = {unit.unit: unit.depth for unit in made.units}
    above = {unit.unit: unit.parent for unit in made.units}

    def centre(unit: str) -> str:
        return unit if depth[unit] <= 1 else centre(above[unit])

    wide = {one.behaviour for one in made.behaviours
            if len({centre(unit) for unit in one.units}) >= 2 and len(one.units) >= 6}  # fmt: skip
    told = {level.behaviour for level in made.levels} - {None}
    assert told
    assert told <= wide
    assert all(level.flags == () for level in made.levels if level.behaviour)


def test_prevalence_is_the_roots_own_cell_and_a_behaviour_has_none(four_waves) -> None:
    for made in four_waves:
        for level in made.levels:
            own = made.cell("FK", "barrier_share", level.barrier)
            assert level.prevalence == (own if level.behaviour is None else None)


def test_what_is_marked_is_counted_from_the_cells(four_waves) -> None:
    for made in four_waves:
        inner = {unit.parent for unit in made.units}
        for level in made.levels:
            cells = [
                c for c in made.cells
                if c.measure == "barrier_share" and c.item == level.barrier
                and c.status == "shown" and level.behaviour in (None, c.behaviour)
            ]  # fmt: skip
            leaves = [c for c in cells if c.unit not in inner]
            centres = [c for c in cells if made.unit(c.unit).depth == 1]
            assert level.of_units == len(leaves)
            assert level.marked_units == sum(c.marked is True for c in leaves)
            assert level.centres_marked == sum(c.marked is True for c in centres)


def test_the_staff_are_told_by_the_roots_own_cell(four_waves) -> None:
    for level in (level for made in four_waves for level in made.levels):
        own = level.own_answer
        assert (own.top is None) == (own.share is None) == (level.agree == "unknown")
        if own.share is not None:
            assert (own.share.unit, own.share.item) == ("FK", own.top)
            assert (level.agree == "same") == (own.top == level.address)


def test_the_floor_is_on_the_steps_of_the_scope_and_never_clipped(four_waves) -> None:
    for made in four_waves:
        n = made.cell("FK", "barrier_share", "TID").n
        assert n >= 300
        for level in made.levels:
            if level.behaviour is None and level.floor is not None:
                assert 4 < level.floor < 96


def test_rows_may_come_in_any_order(
    planted, fjordlund_units, fjordlund_behaviours, four_waves
) -> None:
    answers = planted(1, seed=11).sample(fraction=1, shuffle=True, seed=5)

    again = release(answers, fjordlund_units, fjordlund_behaviours, wave="2026-1")

    assert again.levels == four_waves[0].levels


# --- a small organisation, rule by rule -----------------------------------------------------------

CENTRES = {"A": 4, "B": 4}  # teams in each


def organisation(
    shares: dict[str, float],
    *,
    people: int = 400,
    behaviours: dict[str, str] | None = None,
    barrier: str = "kult",
) -> tuple[object, Patterns]:
    """Counts and patterns of centres A and B with teams A1, A2 ... where exactly so many say so."""
    teams = [f"{centre}{i + 1}" for centre, count in CENTRES.items() for i in range(count)]
    codes = ["K", *CENTRES, *teams]
    units = pl.DataFrame(
        {
            "unit": codes,
            "parent": [None, *["K"] * len(CENTRES), *(team[0] for team in teams)],
            "name": codes,
            "headcount": [0] * 3 + [people] * len(teams),
            "valid_from": ["2026-1"] * len(codes),
        }
    )
    tree = tree_of(units, "2026-1")
    asked = behaviours or {"Ad1": "K"}
    scopes = scopes_of(
        pl.DataFrame({"behaviour": list(asked), "text": list(asked), "units": asked.values()}),
        tree,
        list(asked),
        "2026-1",
    )
    own = {team: scopes.behaviours[int(scopes.own[tree.place[team]])] for team in teams}
    answers = pl.concat(
        pl.DataFrame(
            {
                "wave": "2026-1",
                "unit": team,
                "behaviour": own[team],
                "situation": ["several"] * people,
                f"b_{barrier}": [
                    2 if i < round(people * shares[team]) else 0 for i in range(people)
                ],
            }
        )
        for team in teams
    )
    of_wave = counted(answers, tree, scopes, own_invited=invited_of(None, tree, scopes, "2026-1"))
    return of_wave, Patterns(tree, {}, ())


def evenly(share: float, **others: float) -> dict[str, float]:
    teams = [f"{centre}{i + 1}" for centre, count in CENTRES.items() for i in range(count)]
    return dict.fromkeys(teams, share) | others


def kult(of_wave, patterns: Patterns, *, minimum: int = 5) -> list[Level]:
    teams = teams_of(of_wave, minimum)
    return list(levels_of(of_wave, patterns, teams, drawn_from(teams, "2026-1")))


def cell(unit: str, measure: str, item: str, **told: object) -> Cell:
    told = {"display": "percent", "n": 400, **told}
    behaviour = told.pop("behaviour", "Ad1")
    return Cell(
        unit=unit,
        behaviour=behaviour,
        measure=measure,
        item=item,
        base="S",
        status="shown",
        N=400,
        flags=(),
        **told,
    )


def told(patterns: Patterns, *cells: Cell, pairs: tuple[Pair, ...] = ()) -> Patterns:
    return Patterns(patterns.tree, {(c.unit, c.measure, c.item): c for c in cells}, pairs)


def marked(*units: str, barrier: str = "KULT") -> list[Cell]:
    return [cell(unit, "barrier_share", barrier, value=50, marked=True) for unit in units]


def test_high_and_even_is_the_whole_organisation_and_for_the_board() -> None:
    [found] = kult(*organisation(evenly(0.4)))

    assert (found.verdict, found.address, found.also) == ("organisation", "board", ())
    assert found.floor == 40
    assert found.flags == ()  # one behaviour is the whole: not mixed
    assert found.behaviour == "Ad1"


def test_low_and_even_is_small_and_has_no_floor_where_it_would_be_clipped() -> None:
    [found] = kult(*organisation(evenly(0.04)))  # of 3200 people: at most 4 %

    assert (found.verdict, found.address, found.floor) == ("small", "unit", None)


def test_whether_it_is_small_follows_the_displayed_value() -> None:
    of_wave, patterns = organisation(evenly(0.4))
    shown = cell("K", "barrier_share", "KULT", value=20)

    [found] = kult(of_wave, told(patterns, shown))

    assert (found.verdict, found.prevalence) == ("small", shown)


@pytest.mark.parametrize("display", ["open", None])
def test_a_root_that_tells_nothing_has_no_level(display: str | None) -> None:
    of_wave, patterns = organisation(evenly(0.4))
    status = "shown" if display else "hidden"
    silent = Cell(
        unit="K",
        behaviour="Ad1",
        measure="barrier_share",
        item="KULT",
        base="S",
        status=status,
        N=400,
        display=display,
    )

    assert kult(of_wave, told(patterns, silent)) == []


def test_centres_that_differ_are_told_as_centres() -> None:
    shares = {team: 0.6 if team[0] == "A" else 0.2 for team in evenly(0)}

    [found] = kult(*organisation(shares))

    assert found.spread_pp["centre"] >= 20
    assert found.spread_pp["department"] == 0
    assert found.verdict in ("centre", "undecided")


def test_five_teams_or_one_centre_are_too_few() -> None:
    of_wave, patterns = organisation(
        evenly(0.4), people=20, behaviours={"Ad1": "A;B1", "Ad2": "B2;B3;B4"}
    )

    found = kult(of_wave, patterns)
    too_small = kult(of_wave, patterns, minimum=21)

    assert [level.behaviour for level in found] == [None]
    assert found[0].flags == ("mixed_behaviours",)
    assert too_small == []


def test_a_behaviour_counts_its_own_marks_alone() -> None:
    of_wave, patterns = organisation(evenly(0.4), behaviours={"Ad1": "A;B1;B2", "Ad2": "B3;B4"})
    other = cell("B4", "barrier_share", "KULT", value=50, marked=True, behaviour="Ad2")

    mixed, own = kult(of_wave, told(patterns, *marked("A1"), other))

    assert (mixed.behaviour, mixed.marked_units, mixed.of_units) == (None, 2, 2)
    assert (own.behaviour, own.marked_units, own.of_units) == ("Ad1", 1, 1)


def test_the_pattern_of_marks_gives_the_address_and_the_rest_stand_after_it() -> None:
    low = organisation(evenly(0.1))

    def rows(*units: str) -> tuple[str, tuple[str, ...]]:
        [found] = kult(low[0], told(low[1], *marked(*units)))
        return found.address, found.also

    assert rows("A1") == ("unit", ())
    assert rows("A1", "A2") == ("managers", ())
    assert rows("A", "B") == ("board", ())
    assert rows("A", "A1", "A2", "B") == ("board", ("managers",))


def test_where_nothing_is_decided_or_marked_the_barrier_has_its_default() -> None:
    uneven = {f"{centre}{i}": 0.2 * i for centre in "AB" for i in range(1, 5)}
    unsure = organisation(uneven, people=5, barrier="fejl")
    sure = organisation(evenly(0.03), barrier="fejl")

    def address(of_wave, patterns: Patterns, *units: str) -> tuple[str, str]:
        [found] = kult(of_wave, told(patterns, *marked(*units, barrier="FEJL")))
        return found.verdict, found.address

    assert address(*unsure) == ("undecided", "managers")
    assert address(*unsure, "A4") == ("undecided", "managers")
    assert address(*unsure, "A", "B") == ("undecided", "board")
    assert address(*sure) == ("small", "managers")
    assert address(*sure, "A4") == ("small", "unit")


def test_staff_and_pattern_agree_differ_or_nothing_is_known() -> None:
    of_wave, patterns = organisation(evenly(0.4))

    def agree(**shares: int) -> tuple[str | None, str]:
        staff = [cell("K", "resolver_share", who, value=v) for who, v in shares.items()]
        [found] = kult(of_wave, told(patterns, *staff))
        return found.own_answer.top, found.agree

    assert agree(board=60, unit=20) == ("board", "same")
    assert agree(board=20, unit=60) == ("unit", "differs")
    assert agree(board=40, unit=40) == (None, "unknown")
    assert agree() == (None, "unknown")


def test_an_organisation_wide_barrier_gives_its_findings_to_the_board() -> None:
    of_wave, patterns = organisation(evenly(0.4))
    patterns = told(patterns, *marked("A1", "K"))

    [one] = proposals_of(said_everywhere(patterns, tuple(kult(of_wave, patterns))), ())
    [alone] = proposals_of(patterns, ())

    assert (one.address, one.why) == ("board", ("marked", "organisation"))
    assert (alone.address, alone.why) == ("unit", ("marked",))


@pytest.mark.parametrize(("teams", "is_own_pool"), [(8, True), (7, False)])
def test_the_floor_pools_within_a_centre_of_eight_teams_and_else_over_all(
    monkeypatch, teams: int, is_own_pool: bool
) -> None:
    monkeypatch.setitem(CENTRES, "B", teams)
    shares = {team: 0.5 if team[0] == "A" else 0.2 for team in evenly(0)}
    of_wave, patterns = organisation(shares, people=30)
    n = np.full(4 + teams, 30)
    y = np.array([round(30 * share) for share in shares.values()])

    [found] = kult(of_wave, patterns)

    over_all = shrunken(y, n).mean
    of_b = shrunken(y[4:], n[4:]).mean if is_own_pool else over_all[4:]
    expected = np.quantile(np.concatenate([over_all[:4], of_b]), 0.1)
    assert found.floor == round(100 * expected)
    assert (found.floor == 20) == is_own_pool
