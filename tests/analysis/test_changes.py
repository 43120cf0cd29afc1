"""Wave against wave: from displayed values, on the unit's own lineage, and never by a hair."""

import polars as pl
import pytest
from msgspec.structs import replace

from analysis.findings import Cell, Change, Release
from analysis.frames import conformed, scopes_of, tree_of
from analysis.release import release
from analysis.release.cells import in_order
from analysis.release.changes import Against, with_changes
from analysis.release.counts import Wave, counted, invited_of
from analysis.release.past import Past

TREE = pl.DataFrame(
    {"unit": ["K", "A", "B"], "parent": [None, "K", "K"], "name": ["K", "A", "B"],
     "headcount": [0, 60, 60], "valid_from": ["2026-1"] * 3,
     "valid_to": [None, None, None], "change": [None, None, None], "was": [None, None, None]},
    schema_overrides=dict.fromkeys(["valid_to", "change", "was"], pl.String),
)  # fmt: skip
SCOPE = pl.DataFrame({"behaviour": ["Ad1"], "text": ["Vi ringer."], "units": ["K"]})


def answers(wave: str, **people: int) -> pl.DataFrame:
    rows = [(wave, unit, "Ad1", "once", 2 if i < n // 2 else 0, 3)
            for unit, n in people.items() for i in range(n)]  # fmt: skip
    columns = ["wave", "unit", "behaviour", "situation", "b_silo", "successes"]
    return pl.DataFrame(rows, schema=columns, orient="row")


def next_wave(units: pl.DataFrame, **people: int) -> Release:
    """The second wave on another tree, after a first one of fifty people in A and in B."""
    first = release(answers("2026-1", A=50, B=50), TREE, SCOPE, wave="2026-1")
    return release(answers("2026-2", **people), units, SCOPE, wave="2026-2", earlier=[first])


def version(unit: str, change: str, *, was: str | None = None, parent: str = "K") -> pl.DataFrame:
    return pl.DataFrame(
        {"unit": unit, "parent": parent, "name": unit, "headcount": 60, "valid_from": "2026-2",
         "valid_to": None, "change": change, "was": was},
        schema=TREE.schema,
    )  # fmt: skip


def ended(unit: str) -> pl.DataFrame:
    until = pl.when(pl.col("unit") == unit).then(pl.lit("2026-1")).alias("valid_to")
    return TREE.with_columns(until)


def test_a_renamed_code_keeps_its_trend() -> None:
    units = pl.concat([ended("B"), version("B9", "renamed", was="B")])

    made = next_wave(units, A=50, B9=50)

    assert made.unit("B9").lineage == "same"
    assert made.cell("B9", "barrier_share", "SILO").change.verdict == "unclear"
    assert "composition" not in made.cell("K", "barrier_share", "SILO").flags


@pytest.mark.parametrize("change", ["merged", "split"])
def test_merged_or_split_is_a_break(change: str) -> None:
    units = pl.concat([ended("B"), version("B", change, was="B")])

    made = next_wave(units, A=50, B=50)

    assert made.unit("B").lineage == change
    assert made.cell("B", "barrier_share", "SILO").change == Change(
        against="2026-1", verdict="not_comparable"
    )


def test_a_new_unit_has_nothing_to_compare_with() -> None:
    made = next_wave(pl.concat([TREE, version("C", "new")]), A=50, C=50)

    assert made.unit("C").lineage == "new"
    assert made.cell("C", "barrier_share", "SILO").change is None


def test_a_new_department_was_never_composed_otherwise() -> None:
    units = pl.concat([ended("B"), version("D", "new"), version("B", "moved", parent="D")])

    made = next_wave(units, A=50, B=50)

    assert made.cell("D", "barrier_share", "SILO").change is None
    assert "composition" not in made.cell("D", "barrier_share", "SILO").flags


def test_a_move_without_earlier_codes_is_the_same_unit() -> None:
    made = next_wave(pl.concat([ended("B"), version("B", "moved")]), A=50, B=50)

    assert made.unit("B").lineage == "same"


def test_one_wave_of_few_people_gives_no_change() -> None:
    assert next_wave(TREE, A=50, B=15).cell("B", "barrier_share", "SILO").change is None


def test_a_response_that_fell_is_read_with_care() -> None:
    made = next_wave(TREE, A=50, B=30)
    [note] = [q for q in made.quality if q.unit == "B"]

    # 50 of 60 are told as 50-54; 30 of 60 is 33 points less, 30 in whole fives.
    assert (note.step, note.fell_pp, note.flags) == ("40_59", 30, ("read_with_care",))
    assert made.cell("B", "behaviour_level").change.verdict == "unclear"


def test_a_response_that_fell_a_little_is_only_told() -> None:
    [note] = [q for q in next_wave(TREE, A=50, B=45).quality if q.unit == "B"]

    assert (note.step, note.fell_pp, note.flags) == ("60_79", 5, ())


# --- one cell against another --------------------------------------------------------------------


def compared(now: Cell, then: Cell) -> Change | None:
    """The change of one displayed cell of A against another, with nothing else in the wave."""
    first = release(answers("2026-1", A=50, B=50), TREE, SCOPE, wave="2026-1")
    place = (then.unit, then.measure, then.item)
    earlier = replace(
        first,
        cells=tuple(then if (c.unit, c.measure, c.item) == place else c for c in first.cells),
    )
    past = Past(wave_of(), earlier)
    rows = {u: [now] if code == now.unit else [] for u, code in enumerate(past.wave.tree.codes)}
    [cell] = in_order(with_changes(rows, Against(past, frozenset()), 0.10))
    return cell.change


def wave_of() -> Wave:
    tree = tree_of(TREE, "2026-2")
    table = conformed(answers("2026-2", A=50, B=50), "ANSWERS")
    scopes = scopes_of(conformed(SCOPE, "BEHAVIOURS"), tree, ["Ad1"], "2026-2")
    return counted(table, tree, scopes, own_invited=invited_of(None, tree, scopes, "2026-2"))


SHARE = Cell(
    unit="A",
    behaviour="Ad1",
    measure="barrier_share",
    item="SILO",
    base="S",
    status="shown",
    N=60,
    display="percent",
    n=50,
    value=40,
    low=25,
    high=55,
    flags=(),
)
BAND = replace(
    SHARE, display="band", n=None, n_band="8-19", value=None, low=None, high=None, band="some"
)
LEVEL = Cell(
    unit="A",
    behaviour="Ad1",
    measure="behaviour_level",
    item=None,
    base="Y",
    status="shown",
    N=60,
    display="percent",
    n=50,
    value=60,
    low=50,
    high=70,
    flags=(),
)


@pytest.mark.parametrize(
    ("now", "then", "diff"),
    [
        (SHARE, replace(SHARE, value=60), 40 - 60),
        (replace(SHARE, value_to=50), replace(SHARE, value=70), 50 - 70),
        (replace(SHARE, value=70), replace(SHARE, value=30, value_to=45), 70 - 45),
        (replace(SHARE, value=30, value_to=50), replace(SHARE, value=45), 0),
        (replace(SHARE, value=None, clip="at_most_5"), SHARE, 5 - 40),
    ],
    ids=["values", "joined now", "joined then", "they overlap", "clipped"],
)
def test_the_nearest_displayed_values_are_compared(now: Cell, then: Cell, diff: int) -> None:
    assert compared(now, then).diff == diff


@pytest.mark.parametrize(
    ("now", "then"),
    [
        (replace(SHARE, display="open", value=None), SHARE),
        (SHARE, replace(SHARE, display="open", value=None)),
        (SHARE, replace(SHARE, behaviour="Ad2")),
    ],
)
def test_what_cannot_be_compared_has_no_verdict(now: Cell, then: Cell) -> None:
    assert compared(now, then) == Change(against="2026-1", verdict="not_comparable")


@pytest.mark.parametrize(
    ("now", "then", "moved"),
    [
        (BAND, BAND, "same"),
        (replace(BAND, band="nearly_all"), BAND, "rise"),
        (replace(BAND, band="few"), BAND, "fall"),
        (replace(BAND, band="few"), replace(BAND, band="few", band_to="some"), "same"),
        (replace(BAND, display="open", band=None), BAND, "same"),
    ],
)
def test_bands_are_same_unless_they_lie_apart(now: Cell, then: Cell, moved: str) -> None:
    change = compared(now, then)

    assert (change.bands, change.from_, change.to) == (moved, then.band, now.band)
    assert change.diff is None


def test_five_to_seven_people_have_no_change() -> None:
    tiny = replace(BAND, n_band="5-7", band="over_half")

    assert compared(tiny, tiny) is None
    assert compared(replace(SHARE, n=None), SHARE) is None


def test_levels_are_compared_with_the_spread_their_intervals_tell() -> None:
    # n 50, s 35: 60 -+ 9.95 -> 50 to 70. d 20 with s 35 twice: 20 -+ 13.9 -> outwards 5 to 35.
    change = compared(replace(LEVEL, value=80, low=70, high=90), LEVEL)

    assert (change.diff, change.low, change.high, change.verdict) == (20, 5, 35, "up")


def test_a_clipped_level_is_taken_to_have_the_widest_spread() -> None:
    clipped = replace(LEVEL, value=None, low=None, high=None, clip="at_least_95")

    change = compared(clipped, LEVEL)

    assert change.diff == 95 - 60
    assert change.high - change.low > 2 * 17


def test_an_interval_no_spread_gives_is_read_as_the_least() -> None:
    odd = compared(replace(LEVEL, low=59, high=61), LEVEL)

    assert odd.diff == 0
