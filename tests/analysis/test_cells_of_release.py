"""Counts into cells: which there are, in what order, and what each says."""

from collections.abc import Sequence
from dataclasses import replace

import msgspec
import numpy as np
import polars as pl
import pytest
from msgspec.structs import replace as replaced

from analysis.audit import Leak
from analysis.disclosure import Classes, Displayed, classes_of, displayed
from analysis.estimate import level_interval, share_ends
from analysis.findings import AuditRecord, Base, Cell, Settings
from analysis.frames import BARRIERS
from analysis.release.cells import Part, Shown, _level_said, attacked, in_order, shown_of
from analysis.release.counts import Counts, Item, Wave
from analysis.release.crossings import Crossed
from analysis.release.patterns import pattern_hash, patterns_of
from analysis.release.sayings import Sayings, said
from tests.analysis.release_factory import release
from tests.analysis.wave_factory import counted_wave

WAVE = "2026-2"
TREE = {"K": None, "A": "K", "B": "K", "C": "K", "D": "K"}
SCOPES = {"Ad1": "A;B;D", "Ad2": "C"}
HEADCOUNT = 50


def people(
    unit: str, n: int, *, tid: int = 0, fag: int = 0, safe: int = 0, **more: Sequence[int]
) -> pl.DataFrame:
    """n people in the situation: the first say "I høj grad", or that it is safe."""
    known = more.get("successes", [3] * n)
    return pl.DataFrame(
        {
            "wave": [WAVE] * n,
            "unit": [unit] * n,
            "behaviour": ["Ad2" if unit == "C" else "Ad1"] * n,
            "situation": ["once"] * n,
            "successes": known,
            "b_tid": [2 if i < tid else 1 for i in range(n)],
            "b_fag": [2 if i < fag else 0 for i in range(n)],
            "priority": ["TID" if i < tid else "FAG" for i in range(n)],
            "safe_a": [5 if i < safe else 1 for i in range(n)],
        },
        schema_overrides={"successes": pl.Int8},
    )


def town(*parts: pl.DataFrame) -> Wave:
    return counted_wave(TREE, SCOPES, pl.concat(parts), wave=WAVE, headcount=HEADCOUNT)


@pytest.fixture(scope="module")
def wave() -> Wave:
    """A of 60 and C of 100 in per cent, B of 12 in bands, D of four hidden; 30 at the root."""
    return town(
        people("K", 30, tid=9, safe=12),
        people("A", 60, tid=45, safe=30, successes=[0, 5] * 30),
        people("B", 12, tid=6, safe=6),
        people("C", 100, tid=20, safe=50, successes=[3, 4] * 50),
        people("D", 4, tid=2, safe=2),
    )


@pytest.fixture(scope="module")
def told(wave: Wave) -> Shown:
    return shown_of(wave, Settings(), None)


def cell(told: Shown, unit: str | None, measure: str, item: str | None = None, **more: str) -> Cell:
    [found] = [
        one for one in in_order(told.rows)
        if (one.unit, one.measure, one.item) == (unit, measure, item)
        and one.behaviour == more.get("behaviour", one.behaviour)
    ]  # fmt: skip
    return found


# --- which cells there are -----------------------------------------------------------------------


def test_each_unit_has_every_item_in_order_and_the_scopes_come_last(told: Shown) -> None:
    barriers = [("barrier_share", "TID"), ("barrier_share", "FAG")]
    others = [("priority_share", code) for code in BARRIERS]
    level = [("behaviour_level", None)]
    everyone = [("situation_share", None), ("safe_share", "safe_a")]
    ordered = sorted(barriers, key=lambda one: BARRIERS.index(one[1]))

    found = [(one.unit, one.measure, one.item) for one in in_order(told.rows)]

    assert found == [
        *((unit, *one)
          for unit in TREE
          for one in (*ordered, *others, *(level if unit != "K" else []), *everyone)),
        *((None, *level[0]) for _ in SCOPES),
    ]  # fmt: skip


def test_a_hidden_unit_has_its_place_and_its_invited_and_nothing_else(told: Shown) -> None:
    fixed = {"unit": "D", "behaviour": "Ad1", "status": "hidden", "N": HEADCOUNT}

    hidden = [one for one in in_order(told.rows) if one.unit == "D"]

    bases = {"barrier_share": "S", "priority_share": "S", "behaviour_level": "Y"}
    assert hidden == [
        Cell(**fixed, measure=one.measure, item=one.item, base=bases.get(one.measure, "A"))  # type: ignore[arg-type]
        for one in hidden
    ]


def test_a_shown_share_has_its_place_its_people_and_its_interval(told: Shown) -> None:
    low, high = share_ends(np.array([75.0]), np.array([60.0]), np.array([5.0]))

    assert cell(told, "A", "barrier_share", "TID") == Cell(
        unit="A", behaviour="Ad1", measure="barrier_share", item="TID", base="S", status="shown",
        N=HEADCOUNT, display="percent", n=60, value=100 * 45 // 60, low=int(low[0]),
        high=int(high[0]), flags=(), marked=True,
    )  # fmt: skip


def test_the_other_items_of_those_in_the_situation_are_shares_too(told: Shown) -> None:
    found = cell(told, "A", "priority_share", "TID")

    assert (found.n, found.value, found.marked) == (60, 100 * 45 // 60, None)


def test_a_share_of_all_who_answered_is_read_from_the_first_of_its_step(told: Shown) -> None:
    low, high = share_ends(np.array([50.0]), np.array([100.0]), np.array([5.0]))

    found = cell(told, "C", "safe_share", "safe_a")

    assert (found.n, found.n_band, found.value) == (None, "100-104", 50)
    assert (found.low, found.high) == (low[0], high[0])


def test_people_and_behaviour_of_the_root_are_of_everybody(told: Shown) -> None:
    found = cell(told, "K", "barrier_share", "TID")

    assert (found.N, found.n, found.behaviour) == (4 * HEADCOUNT, 60 + 12 + 100 + 4 + 30, None)


def test_under_twenty_a_share_is_a_band_with_its_people_in_a_band(told: Shown) -> None:
    assert cell(told, "B", "barrier_share", "TID") == Cell(
        unit="B", behaviour="Ad1", measure="barrier_share", item="TID", base="S", status="shown",
        N=HEADCOUNT, display="band", n_band="8-19", band="some", flags=("few",), marked=False,
    )  # fmt: skip


def test_units_with_the_same_people_and_answers_say_the_same() -> None:
    twins = (people(unit, 25, tid=10, safe=5) for unit in ("A", "B"))
    other = people("D", 25, tid=15, safe=20)

    told = shown_of(town(*twins, other), Settings(), None)

    for measure, item in (("barrier_share", "TID"), ("safe_share", "safe_a")):
        a, b, d = (cell(told, unit, measure, item) for unit in "ABD")
        assert (a.value, a.low, a.high, a.clip) == (b.value, b.low, b.high, b.clip)
        assert (a.unit, b.unit) == ("A", "B")
        assert (a.value, a.clip) != (d.value, d.clip)


def test_without_barriers_and_numbers_the_other_items_are_told() -> None:
    only = people("A", 30, safe=15).drop("b_tid", "b_fag", "priority", "successes")

    told = shown_of(town(only), Settings(), None)

    assert {one.measure for one in told.rows[1] if one.status == "shown"} == {
        "situation_share", "safe_share",
    }  # fmt: skip
    assert cell(told, "A", "safe_share", "safe_a").value == 50


# --- marks ---------------------------------------------------------------------------------------


def test_only_barriers_below_the_root_from_eight_people_on_are_tested() -> None:
    told = shown_of(
        town(
            people("K", 30), people("A", 60, tid=50), people("B", 8, tid=4),
            people("D", 7, tid=4), people("C", 60),
        ),
        Settings(), None,
    )  # fmt: skip

    tested = {one.unit for one in in_order(told.rows) if one.marked is not None}

    assert tested == {"A", "B", "C"}
    assert {one.measure for one in in_order(told.rows) if one.marked is not None} == {
        "barrier_share"
    }
    assert [(o.unit, o.item) for o in in_order(told.rows) if o.marked] == [("A", "TID")]


def test_each_barrier_of_a_few_people_is_tested_by_its_own_share() -> None:
    # Two in three of twelve: far more than elsewhere for one barrier, and as many for the other.
    told = shown_of(
        town(
            people("A", 60, tid=6, fag=40), people("C", 100, tid=10, fag=66),
            people("B", 12, tid=8, fag=8),
        ),
        Settings(), None,
    )  # fmt: skip

    assert cell(told, "B", "barrier_share", "TID").marked is True
    assert cell(told, "B", "barrier_share", "FAG").marked is False


def test_time_must_be_named_by_more_people_than_other_barriers_to_stand_out() -> None:
    # 30 % where the others have 2 %: enough for FAG, which is marked from 25, and not for TID.
    parts = [people("A", 100, tid=30, fag=30), people("C", 100, tid=2, fag=2)]

    told = shown_of(town(*parts, people("B", 100, tid=2, fag=2)), Settings(), None)

    assert cell(told, "A", "barrier_share", "TID").marked is False
    assert cell(told, "A", "barrier_share", "FAG").marked is True


def test_a_unit_is_held_against_the_units_with_none_below_and_not_against_the_whole() -> None:
    # 40 % where the other teams have 10; with those at the root the whole has nearly 40, too.
    teams = [people("A", 60, tid=24), people("C", 100, tid=10), people("B", 20, tid=2)]

    told = shown_of(town(people("K", 300, tid=150), *teams), Settings(), None)

    assert cell(told, "A", "barrier_share", "TID").marked is True


def test_a_lone_barrier_is_tested_too() -> None:
    parts = pl.concat([people("A", 60, tid=45), people("C", 100, tid=10)]).drop("b_fag")

    told = shown_of(town(parts), Settings(), None)

    assert cell(told, "A", "barrier_share", "TID").marked is True
    assert cell(told, "C", "barrier_share", "TID").marked is False


def test_a_higher_rate_of_false_marks_marks_more() -> None:
    # A has 35 % where the others have 15: more than nothing, less than certain.
    parts = [people("A", 40, tid=14), people("C", 200, tid=30), people("B", 100, tid=15)]

    strict, lax = (shown_of(town(*parts), Settings(q_mark=q), None) for q in (0.0001, 0.5))

    assert not cell(strict, "A", "barrier_share", "TID").marked
    assert cell(lax, "A", "barrier_share", "TID").marked


# --- levels --------------------------------------------------------------------------------------


def test_a_level_is_told_with_an_interval_of_its_spread(told: Shown) -> None:
    # Half say 3 of five times, half 4: 70 out of 100; the standard deviation of 10 is told as 15.
    low, high = level_interval(70, 70, 100, spread=15, step=5)

    assert cell(told, "C", "behaviour_level") == Cell(
        unit="C", behaviour="Ad2", measure="behaviour_level", item=None, base="Y", status="shown",
        N=HEADCOUNT, display="percent", n=100, value=70, low=low, high=high, flags=(),
    )  # fmt: skip


def test_answers_at_both_ends_are_told_as_polarised(told: Shown) -> None:
    # Half say never, half always: 50 points from 50, with n - 1 a little more, told as 55.
    low, high = level_interval(50, 50, 60, spread=55, step=5)

    found = cell(told, "A", "behaviour_level")

    assert (found.value, found.flags) == (50, ("polarised",))
    assert (found.low, found.high) == (low, high)


@pytest.mark.parametrize(("n", "at_ends", "flags"), [(24, 7, ()), (26, 8, ("polarised",))])
def test_a_spread_told_as_45_is_the_first_that_is_polarised(
    n: int, at_ends: int, flags: tuple[str, ...]
) -> None:
    # People at 50 from the middle or at 10: sqrt((14 x 2500 + 10 x 100) / 23) = 39.6, told as 40;
    # sqrt((16 x 2500 + 10 x 100) / 25) = 40.5, told as 45. Divided by 26 it were 39.7.
    near = n // 2 - at_ends
    numbers = [0] * at_ends + [5] * at_ends + [2] * near + [3] * near

    told = shown_of(town(people("C", n, successes=numbers)), Settings(), None)

    assert cell(told, "C", "behaviour_level").flags == flags


def test_the_interval_of_a_level_is_in_the_steps_of_its_people() -> None:
    low, high = level_interval(70, 70, 200, spread=15, step=2)

    told = shown_of(town(people("C", 200, successes=[3, 4] * 100)), Settings(), None)

    found = cell(told, "C", "behaviour_level")
    assert (found.value, found.low, found.high) == (70, low, high)


def test_a_joined_level_has_the_interval_of_its_first_and_last_value() -> None:
    part = one_level(n=100, first=9, last=11)

    low, high = level_interval(50, 60, 100, spread=20, step=5)

    found = _level_said(part, 0, 20)
    assert (found.value, found.value_to, found.low, found.high) == (50, 60, low, high)


def one_level(*, n: int, first: int, last: int) -> Part:
    """One unit whose level is displayed in the classes from `first` to `last`."""
    at = np.array([0])
    counts = Counts("Y", at, at - 1, np.array([n]), np.array([[3 * n]]))
    told = Displayed(*(np.array([[x]]) for x in (first, last, 0, 5 * n)))
    item = Item("behaviour_level", None, "Y", pl.lit(value=True))
    return Part(counts, [item], at == 0, lambda n: [(classes_of(n, 5), at)], told, 5)


def test_the_level_of_the_root_is_told_where_all_have_one_behaviour() -> None:
    parts = pl.concat([people("K", 20), people("A", 30), people("B", 25)])

    wave = counted_wave(TREE, {"Ad1": "K"}, parts, wave=WAVE, headcount=HEADCOUNT)

    told = shown_of(wave, Settings(), None)
    root, scope = cell(told, "K", "behaviour_level"), cell(told, None, "behaviour_level")
    assert (root.unit, root.N, root.n) == ("K", 5 * HEADCOUNT, 75)
    assert (scope.N, scope.n) == (5 * HEADCOUNT, 75)


def test_a_level_is_of_all_who_are_invited_in_its_unit_and_of_those_asked_in_its_scope() -> None:
    # The 20 of B are invited and asked about nothing.
    whole = counted_wave(TREE, {"Ad1": "A"}, people("A", 30), wave=WAVE)
    own = np.array([20 * (code == "B") + 40 * (code == "A") for code in whole.tree.codes])

    told = shown_of(
        replace(whole, own_invited=own, invited=whole.tree.totals(own)), Settings(), None
    )

    root, scope = cell(told, "K", "behaviour_level"), cell(told, None, "behaviour_level")
    assert (root.N, scope.N) == (20 + 40, 40)


def test_a_level_that_everybody_agrees_on_has_an_interval_all_the_same() -> None:
    low, high = level_interval(60, 60, 50, spread=5, step=5)

    told = shown_of(town(people("C", 50, successes=[3] * 50)), Settings(), None)

    found = cell(told, "C", "behaviour_level")
    assert (found.value, found.low, found.high) == (60, low, high)


def test_a_level_under_twenty_is_a_band(told: Shown) -> None:
    found = cell(told, "B", "behaviour_level")

    assert (found.display, found.n_band, found.band, found.flags) == (
        "band", "8-19", "some", ("few",),
    )  # fmt: skip
    assert (found.low, found.high, found.value) == (None, None, None)


def test_a_whole_scope_counts_those_who_are_asked_about_it(told: Shown) -> None:
    one = cell(told, None, "behaviour_level", behaviour="Ad1")
    other = cell(told, None, "behaviour_level", behaviour="Ad2")

    assert (one.N, other.N) == (3 * HEADCOUNT, HEADCOUNT)
    assert (one.n, other.n) == (30 + 60 + 12 + 4, 100)
    # 30 + 12 + 4 say 3 of five times, of 60 half say never and half always.
    assert one.value == 5 * round((46 * 60 + 60 * 50) / 106 / 5) == 55


# --- the pattern, and professions ----------------------------------------------------------------


def test_what_is_shown_goes_with_its_pattern_and_the_hash_of_it(told: Shown, wave: Wave) -> None:
    patterns = patterns_of(wave, Settings(), None)

    assert told.patterns.keys() == patterns.keys()
    for base, is_shown in patterns.items():
        assert (told.patterns[base] == is_shown).all()
    assert told.pattern_sha256 == pattern_hash(wave, patterns)


def test_what_was_shown_before_is_shown_again() -> None:
    # Of two equal teams one hides with the four of D.
    twins = town(people("A", 9, tid=4), people("B", 9, tid=4), people("D", 4, tid=2))
    old = shown_of(town(people("A", 9, tid=4)), Settings(), None)
    before = replaced(release("2026-1", first=True), cells=tuple(in_order(old.rows)))

    now, again = (shown_of(twins, Settings(), previous) for previous in (None, before))

    for told, kept in ((now, "B"), (again, "A")):
        shown = {o.unit for o in in_order(told.rows) if o.base == "S" and o.status == "shown"}
        assert shown & {"A", "B"} == {kept}


def crossing(*groups: tuple[str, int, int]) -> Crossed:
    """Nurses and helpers at A: unit, row and people of each group; none said "I høj grad"."""
    a = list(TREE).index("A")
    return Crossed(
        (a, a), ("helper", "nurse"), (30, 20),
        unit=np.array([list(TREE).index(unit) for unit, _, _ in groups]),
        row=np.array([row for _, row, _ in groups]),
        n=np.array([n for _, _, n in groups]),
        k=np.zeros((len(groups), 2), dtype=np.int64) + 8,
    )  # fmt: skip


def test_professions_of_a_centre_are_told_beside_the_tree_and_named_in_the_hash(
    wave: Wave,
) -> None:
    crossed = crossing(("A", 0, 35), ("A", 1, 25))

    told = shown_of(wave, Settings(), None, crossed)

    names = [("A", "helper"), ("A", "nurse")]
    assert [(one.unit, one.cross) for one in told.crossed] == [
        (unit, {"profession": who}) for unit, who in names for _ in range(2)
    ]
    assert {one.measure for one in told.crossed} == {"barrier_share"}
    assert told.pattern_sha256 == pattern_hash(wave, told.patterns, names)
    assert audit(told).dropped is msgspec.UNSET
    assert in_order(told.rows) == in_order(shown_of(wave, Settings(), None).rows)


def test_professions_of_fewer_than_the_least_are_hidden(wave: Wave) -> None:
    crossed = crossing(("A", 0, 35), ("A", 1, 25))

    told = shown_of(wave, Settings(min_cross=26), None, crossed)

    assert ("nurse", "shown") not in [
        ((one.cross or {}).get("profession"), one.status) for one in told.crossed
    ]


# --- the attack on what is told ------------------------------------------------------------------


def audit(told: Shown) -> AuditRecord:
    return attacked(told.targets, 5, dropped=told.dropped)


def test_the_attack_is_told_with_its_figures(told: Shown, wave: Wave) -> None:
    items = 2 + len(BARRIERS)

    record = audit(told)
    assert (record.A1, record.A3, record.dropped) == ("pass", "pass", msgspec.UNSET)
    # D's four: on bases S and A below the root, on base Y below the scope of Ad1.
    assert record.A2_small_cells == items + 2 + 1
    assert (record.A2_narrow, record.pairs_2_metric) == (0, 0)
    assert told.crossed == ()


def test_a_table_that_was_dropped_is_named_with_the_attack(told: Shown) -> None:
    assert attacked(told.targets, 5, dropped=("profession",)).dropped == ("profession",)


def test_atoms_that_two_who_compare_could_open_are_counted() -> None:
    # One unit of 40: at most two have FAG, and at most two each of the eight other priorities.
    told = shown_of(town(people("A", 40, tid=20, safe=20)), Settings(), None)

    assert audit(told).pairs_2_metric == 1 + (len(BARRIERS) - 2)


def redone(wave: Wave, base: Base, column: int, per: int) -> Part:
    """The display of one item, as it is decided."""
    counts = {"S": wave.S, "Y": wave.Y}[base]
    shown = counts.n >= 5

    def tables(n: int) -> list[tuple[Classes, np.ndarray]]:
        return [(classes_of(n, per), np.array([0]))]

    told = displayed(
        counts.parent, counts.n, counts.k[:, [column]], shown=shown, tables=tables, per=per
    )
    return Part(counts, wave.items[base][column : column + 1], shown, tables, told, per)


@pytest.mark.parametrize(("base", "per"), [("S", 1), ("Y", 5)])
def test_classes_that_redoing_the_joining_does_not_give_are_a_leak(
    wave: Wave, base: Base, per: int
) -> None:
    part = redone(wave, base, 0, per)
    unit = int(np.flatnonzero(part.shown)[-1])
    moved = part.told.first.copy()
    moved[unit] -= 1

    attacked([part.target], 5)

    with pytest.raises(Leak) as found:
        attacked([replace(part, told=replace(part.told, first=moved)).target], 5)
    assert found.value.rule == "A2"


# --- how a class is said -------------------------------------------------------------------------

SHARE = Item("barrier_share", "TID", "S", pl.lit(value=True))
OF_ALL = Item("situation_share", None, "A", pl.lit(value=True), width=10)


def says(item: Item, n: int, first: int, last: int) -> dict[str, object]:
    """What a cell of these classes says, without what is the same in each."""
    found = msgspec.structs.asdict(said(item, classes_of(n), first, last))
    fixed = ("unit", "behaviour", "measure", "item", "base", "status", "N", "n", "n_band", "flags")
    return {
        key: value for key, value in found.items()
        if key not in fixed and value is not None and value is not msgspec.UNSET
    }  # fmt: skip


@pytest.mark.parametrize(
    ("n", "first", "last", "expected"),
    [
        (7, 0, 0, {"display": "band", "band": "half_or_less"}),
        (7, 0, 1, {"display": "open"}),
        (19, 1, 1, {"display": "band", "band": "some"}),
        (19, 1, 2, {"display": "band", "band": "some", "band_to": "nearly_all"}),
        # In steps of 10 from at most 10 to at least 90.
        (20, 0, 0, {"display": "percent", "clip": "at_most_10"}),
        (20, 0, 2, {"display": "percent", "clip": "at_most_30"}),
        (20, 1, 1, {"display": "percent", "value": 20}),
        (20, 1, 3, {"display": "percent", "value": 20, "value_to": 40}),
        (20, 7, 8, {"display": "percent", "clip": "at_least_80"}),
        (20, 8, 8, {"display": "percent", "clip": "at_least_90"}),
        (20, 0, 8, {"display": "open"}),
    ],
)
def test_classes_are_said_as_a_value_a_clip_a_band_or_nothing(
    n: int, first: int, last: int, expected: dict[str, object]
) -> None:
    assert says(SHARE, n, first, last) == expected


@pytest.mark.parametrize(
    ("item", "n", "exact", "band", "flags"),
    [
        (SHARE, 19, None, "8-19", ("few",)),
        (SHARE, 20, 20, None, ()),
        (SHARE, 57, 57, None, ()),
        (OF_ALL, 19, None, "8-19", ("few",)),
        (OF_ALL, 57, None, "50-59", ()),
    ],
)
def test_people_are_exact_from_twenty_in_the_situation_and_else_in_steps(
    item: Item, n: int, exact: int | None, band: str | None, flags: tuple[str, ...]
) -> None:
    found = said(item, classes_of(n), 1, 1)

    assert (found.n, found.n_band, found.flags) == (exact, band, flags)


def test_an_interval_reads_the_low_end_of_the_first_class_and_the_high_end_of_the_last() -> None:
    # 47 answered, told as 40-49: read as 40, in the steps of 47 people; 20 to 30 per cent.
    n = np.array([47, 60, 47])
    sayings = Sayings([SHARE, OF_ALL], n, lambda n: [(classes_of(n), np.array([0, 1]))])
    first, last = np.array([[3, 3], [0, 3], [3, 1]]), np.array([[3, 5], [0, 3], [3, 1]])

    rows = sayings.rows(n, first, last)

    def ends(value: int, people: int) -> tuple[int, int]:
        low, high = share_ends(np.array([float(value)]), np.array([float(people)]), np.array([5.0]))
        return int(low[0]), int(high[0])

    told = [[(one.value, one.value_to, one.low, one.high) for one in row] for row in rows]
    assert told == [
        [(20, None, *ends(20, 47)), (20, 30, ends(20, 40)[0], ends(30, 40)[1])],
        [(None, None, None, None), (20, None, *ends(20, 60))],
        [(20, None, *ends(20, 47)), (10, None, *ends(10, 40))],
    ]
    assert [[(one.n, one.n_band) for one in row] for row in rows[:2]] == [
        [(47, None), (None, "40-49")], [(60, None), (None, "60-69")],
    ]  # fmt: skip


@pytest.mark.parametrize(("n", "value"), [(24, 50), (200, 50)])
def test_in_the_situation_an_interval_reads_the_exact_people_in_their_step(
    n: int, value: int
) -> None:
    # 24 is not read as 20, and of 200 people the ends lie in steps of 2.
    classes = classes_of(n)
    at = np.array([[classes.names.index(value)]])
    step = {24: 10.0, 200: 2.0}[n]
    low, high = share_ends(np.array([float(value)]), np.array([float(n)]), np.array([step]))

    [[found]] = Sayings([SHARE], np.array([n]), lambda n: [(classes_of(n), at[0] * 0)]).rows(
        np.array([n]), at, at
    )

    assert (found.value, found.low, found.high) == (value, low[0], high[0])


def test_of_no_unit_nothing_is_said() -> None:
    none = np.zeros((0, 1), dtype=np.int64)

    sayings = Sayings([SHARE], none[:, 0], lambda n: [(classes_of(n), np.array([0]))])

    assert sayings.rows(none[:, 0], none, none) == []
