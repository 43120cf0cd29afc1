"""The release of Fjordlund's made-up waves: what every reader sees, and what nobody can."""

import hashlib
import json
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import msgspec
import numpy as np
import polars as pl
import pytest
from msgspec.structs import replace

from analysis.audit import Leak
from analysis.findings import Release, cell_key, decode, encode, since_first
from analysis.frames import (
    BARRIERS,
    CellRefused,
    FileUnreadable,
    ScopeRefused,
    WaveUnknown,
)
from analysis.release import audit_release, release, releases


def shown(made: Release, measure: str, item: str | None = None) -> set[str]:
    return {
        c.unit
        for c in made.cells
        if (c.measure, c.item, c.status) == (measure, item, "shown") and c.unit
    }


# --- the same input, the same bytes --------------------------------------------------------------


def test_any_order_of_rows_gives_the_same_bytes(
    planted, fjordlund_units, fjordlund_behaviours
) -> None:
    tables = (planted(1, seed=5), fjordlund_units, fjordlund_behaviours)
    first = encode(release(*tables, wave="2026-1"))

    for seed in (1, 2):
        mixed = [table.sample(fraction=1, shuffle=True, seed=seed) for table in tables]

        assert encode(release(*mixed, wave="2026-1")) == first


def test_a_process_beside_changes_no_byte(planted, fjordlund_units, fjordlund_behaviours) -> None:
    tables = (planted(1, seed=5), fjordlund_units, fjordlund_behaviours)

    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as beside:
        [made] = releases(*tables, beside=beside)

    assert made.levels
    assert encode(made) == encode(release(*tables, wave="2026-1"))


def test_the_seal_is_over_the_rest_of_the_file(four_waves) -> None:
    written = json.loads(encode(four_waves[0]))
    seal = written.pop("sha256")

    rest = json.dumps(written, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    assert hashlib.sha256(rest.encode()).hexdigest() == seal == four_waves[0].sha256


def test_no_number_in_the_file_has_a_decimal_outside_the_settings(four_waves) -> None:
    def numbers(value: object) -> list[float]:
        if isinstance(value, dict):
            return [n for key, v in value.items() if key != "settings" for n in numbers(v)]
        if isinstance(value, list):
            return [n for v in value for n in numbers(v)]
        return [value] if isinstance(value, float) else []

    assert numbers(json.loads(encode(four_waves[3]))) == []


def test_no_two_cells_share_a_place(four_waves) -> None:
    for made in four_waves:
        assert len({cell_key(cell) for cell in made.cells}) == len(made.cells)


# --- what is hidden ----------------------------------------------------------------------------


def test_the_harbour_is_hidden_and_cannot_be_worked_out_from_its_centre(four_waves) -> None:
    # X3, P12: five answer in F4 and three were in the situation; F5 covers them.
    for made in four_waves:
        assert "F4" not in shown(made, "barrier_share", "REGL")
        assert "F5" not in shown(made, "barrier_share", "REGL")
        assert "F4" not in shown(made, "behaviour_level")
        assert "F" in shown(made, "barrier_share", "REGL")


def test_whoever_answered_counts_for_what_all_were_asked(four_waves) -> None:
    assert {"F4", "F5"} <= shown(four_waves[0], "clarity_share")


def test_a_level_without_numbers_is_hidden_and_its_barriers_stay(four_waves) -> None:
    # X7: A2 answers "Ved ikke" on how often it succeeded.
    hidden = [m for m in four_waves if "A2" not in shown(m, "behaviour_level")]

    assert hidden
    assert all("A2" in shown(made, "barrier_share", "SILO") for made in hidden)


def test_levels_are_shown_only_where_barriers_are(four_waves) -> None:
    for made in four_waves:
        assert shown(made, "behaviour_level") <= shown(made, "barrier_share", "SILO")


def test_a_unit_with_several_behaviours_has_no_level(four_waves) -> None:
    made = four_waves[0]

    assert made.cell("B", "behaviour_level") is None
    assert made.cell("B", "barrier_share", "SILO").behaviour is None
    assert made.cell("B1", "behaviour_level").behaviour == "Ad5"


def test_a_behaviour_has_a_level_of_its_whole_scope(four_waves) -> None:
    cell = four_waves[0].cell(None, "behaviour_level", behaviour="Ad8")

    assert cell.status == "shown"
    assert cell.N == 90 + 78 + 94 + 52 + 68 + 99 + 88 + 72


def test_a_hidden_cell_says_nothing(four_waves) -> None:
    for cell in four_waves[3].cells:
        if cell.status == "hidden":
            assert (cell.n, cell.n_band, cell.value, cell.band, cell.flags) == (None,) * 5


def test_the_audit_is_told(four_waves) -> None:
    for made in four_waves:
        assert made.audit.A1 == made.audit.A3 == "pass"
        assert made.audit.A2_narrow == 0
        assert made.audit.A2_small_cells > 0


def test_the_file_alone_gives_nothing_away(four_waves) -> None:
    for made in four_waves:
        audit_release(decode(encode(made)))


def test_flipping_an_answer_moves_no_pattern_and_no_count(
    planted, fjordlund_units, fjordlund_behaviours
) -> None:
    # A6: everything but situation, unit and profession.
    answers = planted(1, seed=5)
    flipped = (
        answers.with_row_index("row")
        .with_columns(
            b_silo=pl.when((pl.col("row") == 7) & pl.col("b_silo").is_not_null())
            .then(2 - pl.col("b_silo"))
            .otherwise("b_silo")
            .cast(pl.Int8),
            clarity=pl.when(pl.col("row") != 7).then("clarity"),
        )
        .drop("row")
    )
    tables = (fjordlund_units, fjordlund_behaviours)

    one = release(answers, *tables, wave="2026-1")
    other = release(flipped, *tables, wave="2026-1")

    assert one.pattern_sha256 == other.pattern_sha256
    for a, b in zip(one.cells, other.cells, strict=True):
        assert (a.status, a.n, a.n_band, a.N) == (b.status, b.n, b.n_band, b.N)


# --- how numbers are told ------------------------------------------------------------------------


def test_people_in_the_situation_are_exact_from_twenty_and_all_others_in_fives(four_waves) -> None:
    made = four_waves[0]

    barrier = made.cell("FK", "barrier_share", "SILO")
    clarity = made.cell("FK", "clarity_share")
    situation = made.cell("FK", "situation_share")
    team = made.cell("E12", "barrier_share", "SILO")

    assert (barrier.n_band, clarity.n) == (None, None)
    assert barrier.n > 800
    low, high = map(int, clarity.n_band.split("-"))
    assert (low % 5, high - low) == (0, 4)
    low, high = map(int, situation.n_band.split("-"))
    assert (low % 10, high - low) == (0, 9)
    assert (team.display, team.n, team.n_band, team.flags) == ("band", None, "8-19", ("few",))


def test_an_interval_holds_its_value(four_waves) -> None:
    for cell in four_waves[3].cells:
        if cell.value is not None:
            assert 1 <= cell.low <= cell.value <= (cell.value_to or cell.value) <= cell.high <= 99


def test_nobody_is_at_nought_or_a_hundred(four_waves) -> None:
    for made in four_waves:
        assert all(cell.value not in (0, 100) for cell in made.cells)


def test_only_barriers_of_eight_or_more_are_marked_and_never_the_root(four_waves) -> None:
    for cell in four_waves[0].cells:
        tested = cell.status == "shown" and cell.measure == "barrier_share" and cell.unit != "FK"
        assert (cell.marked is not None) == (tested and cell.n_band != "5-7")


# --- the planted truth ---------------------------------------------------------------------------


def test_what_is_planted_strongly_is_marked(four_waves) -> None:
    first = four_waves[0]

    for unit, barrier in [("E1", "SILO"), ("C21", "TID"), ("B23", "VID"), ("C", "FAG")]:
        assert first.cell(unit, "barrier_share", barrier).marked


def test_the_seam_between_two_parts_is_owned_together(four_waves) -> None:
    first = four_waves[0]
    [pair] = [p for p in first.pairs if (p.a, p.b) == ("D1", "E1")]
    proposals = [p for p in first.proposals if (p.unit, p.barrier) == ("E1", "SILO")]

    assert pair.both_sides
    assert pair.how == ("wait",)
    assert proposals[0].address == "two_units"
    assert proposals[0].with_ == ("D1",)
    assert "pair" in proposals[0].why


def test_one_finding_for_the_centre_and_not_eight(four_waves) -> None:
    units = {p.unit for p in four_waves[0].proposals if p.barrier == "FAG"}

    assert "C" in units
    assert not any(unit.startswith("C") and len(unit) > 1 for unit in units)
    assert {p.address for p in four_waves[0].proposals if p.unit == "C"} == {"managers"}


def test_what_rises_everywhere_is_told_at_the_root(four_waves) -> None:
    # X2: REGL 14 -> 24 from the third wave.
    regl = four_waves[2].cell("FK", "barrier_share", "REGL")

    assert "common_shock" in regl.flags
    assert regl.change.verdict == "up"
    assert "common_shock" not in four_waves[2].cell("FK", "barrier_share", "KULT").flags


@pytest.mark.parametrize(("yes_now", "verdict"), [(5, "down"), (27, "unclear"), (50, "up")])
def test_only_a_certain_change_is_said(yes_now: int, verdict: str) -> None:
    tree = TREE.with_columns(headcount=pl.Series([0, 60, 60]))
    before, now = (
        pl.concat([small(*[(wave, unit, "once")] * 55) for unit in "AB"]).with_columns(
            b_tid=pl.Series(([2] * yes + [0] * (55 - yes)) * 2)
        )
        for wave, yes in (("2026-1", 25), ("2026-2", yes_now))
    )

    _, second = releases(pl.concat([before, now]), tree, SCOPE)

    for unit in "KA":
        assert second.cell(unit, "barrier_share", "TID").change.verdict == verdict


def test_the_first_wave_has_nothing_to_compare_with(four_waves) -> None:
    assert all(cell.change is None for cell in four_waves[0].cells)
    assert since_first(four_waves[0].cell("FK", "barrier_share", "SILO")) is None


def test_root_and_centres_are_compared_with_the_first_wave_too(four_waves) -> None:
    for unit in ("FK", "B"):
        cell = four_waves[3].cell(unit, "barrier_share", "REGL")

        assert cell.change.against == "2026-3"
        assert since_first(cell).against == "2026-1"
    assert four_waves[3].cell("B1", "barrier_share", "REGL").since_first is msgspec.UNSET


def test_few_people_change_in_bands_only(four_waves) -> None:
    changes = [c.change for c in four_waves[1].cells if c.change and c.n_band == "8-19"]

    assert changes
    assert all(change.diff is None and change.bands for change in changes)


def test_a_unit_that_moved_keeps_its_trend_and_its_parents_are_not_compared(four_waves) -> None:
    # X6: B32 moves from B3 to D2 between the second and the third wave.
    third = four_waves[2]

    for parent in ("B3", "D2"):
        cell = third.cell(parent, "barrier_share", "SILO")
        assert "composition" in cell.flags
        assert cell.change.verdict == "not_comparable"
    assert third.unit("B32").lineage == "same"
    assert third.unit("B32").parent == "D2"
    assert four_waves[3].unit("D21").lineage == "same"
    assert ("D2", "composition") in {(q.unit, q.kind) for q in third.quality}


def test_a_low_response_is_read_with_care_and_never_praised(four_waves) -> None:
    # X5: F32 falls from 42 to 20 per cent.
    last = four_waves[3]
    [note] = [q for q in last.quality_of("F32") if q.kind == "response"]
    cells = [c for c in last.cells_of("F32") if c.status == "shown"]

    assert note.step == "under_40"
    assert note.flags == ("read_with_care",)
    assert all("read_with_care" in cell.flags for cell in cells)
    assert not any(c.change.verdict in ("up", "down") for c in cells if c.change)


# --- what is refused, and what is empty ----------------------------------------------------------


def small(*rows: tuple[str, str, str]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=["wave", "unit", "situation"], orient="row").with_columns(
        behaviour=pl.lit("Ad1")
    )


TREE = pl.DataFrame(
    {"unit": ["K", "A", "B"], "parent": [None, "K", "K"], "name": ["K", "A", "B"],
     "headcount": [0, 30, 12], "valid_from": ["2026-1"] * 3}
)  # fmt: skip
SCOPE = pl.DataFrame({"behaviour": ["Ad1"], "text": ["Vi ringer."], "units": ["A;B"]})


def test_a_wave_without_answers_hides_everything() -> None:
    made = release(small(("2026-1", "A", "no")), TREE, SCOPE, wave="2026-2")

    assert {cell.status for cell in made.cells} == {"hidden"}
    assert made.proposals == made.pairs == made.quality == ()


def test_a_wave_in_which_nobody_was_in_the_situation_shows_who_answered() -> None:
    made = release(small(*[("2026-1", "A", "no")] * 25), TREE, SCOPE, wave="2026-1")

    assert made.cell("A", "situation_share").clip == "at_most_10"
    assert made.cell(None, "behaviour_level", behaviour="Ad1").status == "hidden"


def test_one_behaviour_for_all_is_told_at_the_root_and_for_its_scope() -> None:
    answers = small(*[("2026-1", "A", "once")] * 25).with_columns(
        successes=pl.lit(3), b_silo=pl.lit(2), noticed=pl.lit(None, dtype=pl.String)
    )
    made = release(answers, TREE, SCOPE, wave="2026-1")

    assert made.cell("K", "behaviour_level").value == 60
    assert made.cell(None, "behaviour_level", behaviour="Ad1").value == 60
    assert made.cell("K", "barrier_share", "SILO").clip == "at_least_90"
    assert made.cell("K", "priority_share", "SILO") is None


def test_more_answers_than_invited_are_released_and_read_with_care() -> None:
    # B has twelve people, and a thirteenth drew a spare card.
    people = [("2026-1", "A", "once")] * 20 + [("2026-1", "B", "once")] * 13

    made = release(small(*people).with_columns(b_tid=2), TREE, SCOPE, wave="2026-1")

    [note] = made.quality_of("B")
    assert (note.step, note.fell_pp, note.flags) == ("80_up", None, ("read_with_care",))
    assert made.cell("B", "barrier_share", "TID").N == 12
    assert "read_with_care" in made.cell("B", "barrier_share", "TID").flags
    assert [q.flags for q in made.quality if q.unit != "B"] == [(), ()]
    audit_release(decode(encode(made)))


def test_as_many_answers_as_invited_are_not_too_many() -> None:
    people = [("2026-1", "A", "no")] * 20 + [("2026-1", "B", "no")] * 12

    made = release(small(*people), TREE, SCOPE, wave="2026-1")

    assert [q.flags for q in made.quality_of("B")] == [()]


def test_a_full_house_after_more_than_a_full_house_has_not_fallen() -> None:
    # 36 of 30 invited, then 26: 87 per cent is 13 less than all of them, 10 in whole fives.
    waves = [("2026-1", "A", "no")] * 36 + [("2026-2", "A", "no")] * 26

    _, second = releases(small(*waves), TREE, SCOPE)

    [note] = second.quality_of("A")
    assert (note.fell_pp, note.flags) == (10, ())


def test_answers_where_nobody_was_invited_are_released_with_care() -> None:
    invited = pl.DataFrame({"wave": ["2026-1"], "unit": ["B"], "n": [12]})

    made = release(small(*[("2026-1", "A", "no")] * 9), TREE, SCOPE, wave="2026-1", invited=invited)

    [note] = made.quality_of("A")
    assert (made.cell("A", "situation_share").N, note.step) == (0, "80_up")
    assert note.flags == ("read_with_care",)


def test_an_answer_about_another_units_behaviour_is_an_error() -> None:
    scope = pl.DataFrame({"behaviour": ["Ad1"], "text": ["Vi ringer."], "units": ["B"]})

    with pytest.raises(ScopeRefused):
        release(small(*[("2026-1", "A", "no")] * 9), TREE, scope, wave="2026-1")


def test_who_is_invited_counts_with_or_without_professions() -> None:
    invited = pl.DataFrame(
        {"wave": ["2026-1"] * 4 + ["2025-4"], "unit": ["A", "A", "B", "B", "B"],
         "profession": ["x", "y", None, "x", None], "n": [12, 14, 20, 5, 99]}
    )  # fmt: skip
    answers = small(*[("2026-1", "A", "no")] * 9)

    made = release(answers, TREE, SCOPE, wave="2026-1", invited=invited)
    whole = release(answers, TREE, SCOPE, wave="2026-1", invited=invited.drop("profession"))

    assert made.cell("A", "situation_share").N == 12 + 14
    assert made.cell("K", "situation_share").N == 12 + 14 + 20
    assert whole.cell("B", "situation_share").N == 20 + 5


def test_headcount_stands_for_a_wave_that_the_invited_file_does_not_have() -> None:
    invited = pl.DataFrame({"wave": ["2026-2"], "unit": ["A"], "n": [20]})
    answers = small(*[(wave, "A", "no") for wave in ("2026-1", "2026-2") for _ in range(9)])

    first, second = releases(answers, TREE, SCOPE, invited=invited)

    assert first.cell("K", "situation_share").N == 30 + 12
    assert second.cell("K", "situation_share").N == 20


def test_an_invited_unit_must_be_in_the_tree() -> None:
    invited = pl.DataFrame({"wave": ["2026-1"], "unit": ["X"], "n": [5]})

    with pytest.raises(CellRefused):
        release(small(("2026-1", "A", "no")), TREE, SCOPE, wave="2026-1", invited=invited)


def test_waves_are_released_in_the_order_of_time() -> None:
    answers = small(*[(wave, "A", "no") for wave in ("2026-2", "2026-1") for _ in range(20)])

    first, second = releases(answers, TREE, SCOPE)
    [again] = releases(answers, TREE, SCOPE, wave="2026-2", earlier=[first])

    assert (first.earlier, second.earlier) == ((), ("2026-1",))
    assert encode(again) == encode(second)


def test_a_wave_nobody_answered_is_named_with_those_there_are() -> None:
    with pytest.raises(WaveUnknown) as refused:
        releases(small(("2026-1", "A", "no")), TREE, SCOPE, wave="2026-9")
    with pytest.raises(FileUnreadable):
        releases(small(), TREE, SCOPE)

    assert refused.value.facts == {"wave": "2026-9", "waves": ("2026-1",)}


def test_two_per_cent_who_choose_the_first_option_throughout_give_one_note() -> None:
    # X9: no row is dropped.
    row = {"situation": "several", "b_silo": 0, "clarity": 1}
    answers = pl.DataFrame([{"wave": "2026-1", "unit": "A", "behaviour": "Ad1", **row}] * 20)

    made = release(answers, TREE, SCOPE, wave="2026-1")

    assert [q.unit for q in made.quality if q.kind == "first_option"] == ["K"]


# --- a release that was made to leak -------------------------------------------------------------


@pytest.mark.parametrize(
    ("spoil", "rule"),
    [
        (lambda c: replace(c, value=43) if c.value == 40 and c.n and c.n < 150 else c, "A7"),
        (lambda c: replace(c, value=None) if c.value else c, "A7"),
        (lambda c: replace(c, band="few") if c.n_band == "5-7" and c.band else c, "A7"),
        (lambda c: replace(c, value=30) if c.band else c, "A7"),
        (lambda c: replace(c, display="open") if c.value else c, "A7"),
        (lambda c: replace(c, n=3) if c.status == "hidden" else c, "A7"),
        (lambda c: replace(c, clip="at_most_3", value=None) if c.clip else c, "A7"),
        (lambda c: replace(c, n=None, n_band="8-19") if c.value else c, "A7"),
        (lambda c: replace(c, clip="at_most_few") if c.clip else c, "A7"),
        (lambda c: replace(c, n_band="a few") if c.n_band else c, "A7"),
    ],
)
def test_a_number_that_no_rule_displays_is_found(four_waves, spoil, rule: str) -> None:
    made = four_waves[0]
    spoiled = replace(made, cells=tuple(spoil(cell) for cell in made.cells))

    assert spoiled.cells != made.cells
    with pytest.raises(Leak) as refused:
        audit_release(spoiled)
    assert refused.value.rule == rule


def test_a_remainder_of_two_is_found_in_the_file(four_waves) -> None:
    made = four_waves[0]
    below = {"A1", "A2", "A3", "A4"}
    n = sum(made.cell(unit, "barrier_share", "SILO").n or 13 for unit in below)
    cells = tuple(
        replace(c, n=n + 2) if (c.unit, c.base) == ("A", "S") and c.measure == "barrier_share"
        else replace(c, n=c.n or 13, n_band=None, display="open", value=None, band=None, clip=None,
                     value_to=None, band_to=None)
        if c.unit in below and c.measure == "barrier_share" and c.status == "shown"
        else c
        for c in made.cells
    )  # fmt: skip

    with pytest.raises(Leak) as refused:
        audit_release(replace(made, cells=cells))

    assert refused.value.rule == "A1"


def test_equal_units_are_hardly_ever_marked() -> None:
    # No differences at all: 60 units, ten barriers, six waves; .1 a wave is the bar.
    rng = np.random.default_rng(4)
    units = [f"U{i}" for i in range(60)]
    tree = pl.DataFrame(
        {"unit": ["K", *units], "parent": [None, *["K"] * 60], "name": ["K", *units],
         "headcount": [0, *[40] * 60], "valid_from": ["2026-1"] * 61}
    )  # fmt: skip
    scope = pl.DataFrame({"behaviour": ["Ad1"], "text": ["Vi ringer."], "units": ["K"]})
    marks = 0
    for _ in range(6):
        n = rng.integers(5, 40, 60)
        answers = pl.DataFrame(
            {"wave": "2026-1", "unit": np.repeat(units, n), "behaviour": "Ad1", "situation": "once",
             **{f"b_{b}": np.where(rng.random(n.sum()) < 0.2, 2, 0)
                for b in map(str.lower, BARRIERS)}}
        )  # fmt: skip
        made = release(answers, tree, scope, wave="2026-1")
        marks += sum(cell.marked is True for cell in made.cells)

    assert marks <= 2
