"""Counts into cells: which there are, in what order, and what each says."""

from collections.abc import Sequence
from dataclasses import replace

import msgspec
import numpy as np
import polars as pl
import pytest

from analysis.audit import Leak
from analysis.disclosure import Classes, classes_of, displayed
from analysis.estimate import level_interval, share_ends
from analysis.findings import Base, Cell, Settings
from analysis.frames import BARRIERS
from analysis.release.cells import Part, Shown, _attacked, shown_of
from analysis.release.counts import Item, Wave
from analysis.release.sayings import Sayings, said
from tests.analysis.wave_factory import counted_wave

WAVE = "2026-2"
TREE = {"K": None, "A": "K", "B": "K", "C": "K", "D": "K"}
SCOPES = {"Ad1": "A;B;D", "Ad2": "C"}
HEADCOUNT = 50


def people(
    unit: str, n: int, *, tid: int = 0, safe: int = 0, **more: Sequence[int]
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
            "b_fag": [0] * n,
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
        one for one in told.cells
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
    in_order = sorted(barriers, key=lambda one: BARRIERS.index(one[1]))

    found = [(one.unit, one.measure, one.item) for one in told.cells]

    assert found == [
        *((unit, *one)
          for unit in TREE
          for one in (*in_order, *others, *(level if unit != "K" else []), *everyone)),
        *((None, *level[0]) for _ in SCOPES),
    ]  # fmt: skip


def test_a_hidden_unit_has_its_place_and_its_invited_and_nothing_else(told: Shown) -> None:
    fixed = {"unit": "D", "behaviour": "Ad1", "status": "hidden", "N": HEADCOUNT}

    hidden = [one for one in told.cells if one.unit == "D"]

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

    assert {one.measure for one in told.cells if one.unit == "A" and one.status == "shown"} == {
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

    tested = {one.unit for one in told.cells if one.marked is not None}

    assert tested == {"A", "B", "C"}
    assert {one.measure for one in told.cells if one.marked is not None} == {"barrier_share"}
    assert [(o.unit, o.item) for o in told.cells if o.marked] == [("A", "TID")]


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


@pytest.mark.parametrize(("at_ends", "flags"), [(15, ()), (16, ("polarised",))])
def test_a_spread_told_as_45_is_the_first_that_is_polarised(
    at_ends: int, flags: tuple[str, ...]
) -> None:
    # 50 people at 50 from the middle or at 10: sqrt((30 x 2500 + 20 x 100) / 49) = 39.6, told as
    # 40; sqrt((32 x 2500 + 18 x 100) / 49) = 40.9, told as 45.
    near = 25 - at_ends
    numbers = [0] * at_ends + [5] * at_ends + [2] * near + [3] * near

    told = shown_of(town(people("C", 50, successes=numbers)), Settings(), None)

    assert cell(told, "C", "behaviour_level").flags == flags


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


# --- the attack on what is told ------------------------------------------------------------------


def test_the_attack_is_told_with_its_figures(told: Shown, wave: Wave) -> None:
    items = 2 + len(BARRIERS)

    assert (told.audit.A1, told.audit.A3, told.audit.dropped) == ("pass", "pass", msgspec.UNSET)
    # D's four: on bases S and A below the root, on base Y below the scope of Ad1.
    assert told.audit.A2_small_cells == items + 2 + 1
    assert told.audit.A2_narrow == 0
    assert told.crossed == ()


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

    _attacked([part], 5)

    with pytest.raises(Leak) as found:
        _attacked([replace(part, told=replace(part.told, first=moved))], 5)
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


def test_of_no_unit_nothing_is_said() -> None:
    none = np.zeros((0, 1), dtype=np.int64)

    sayings = Sayings([SHARE], none[:, 0], lambda n: [(classes_of(n), np.array([0]))])

    assert sayings.rows(none[:, 0], none, none) == []
