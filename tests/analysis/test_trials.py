"""What is told of a trial: from displayed cells alone, and never surer than its units allow."""

from collections.abc import Iterator
from functools import cache

import numpy as np
import polars as pl
import pytest
from msgspec import UNSET
from msgspec.structs import replace

from analysis.audit import Leak
from analysis.disclosure import classes_of
from analysis.findings import Cell, Release, Settings, TrialFinding, encode, number
from analysis.findings.numbers import Hidden
from analysis.frames import CellRefused, conformed, read_table, scopes_of, tree_of
from analysis.release import audit_release, noticed, release
from analysis.release.counts import Item, Wave, counted, invited_of
from analysis.release.noticed import noticed_of
from analysis.release.past import Past
from analysis.release.sayings import said
from analysis.release.trials import trials_in, trials_of
from survey.seeds.drawn import drawn_wave
from survey.seeds.files import TRIALS, answers_frame, roster
from survey.seeds.planted import FOLDER, table

Groups = dict[str, tuple[int, int]]  # unit -> people in the situation, of whom "I høj grad"

LEAVES = ("A", "B", "C", "D", "E")
SCOPE = pl.DataFrame({"behaviour": ["Ad1"], "text": ["Vi ringer."], "units": ["K"]})
EVEN: Groups = dict.fromkeys(LEAVES, (40, 10))


def tree(*leaves: str) -> pl.DataFrame:
    return pl.DataFrame(
        {"unit": ["K", *leaves], "parent": [None, *["K"] * len(leaves)], "name": ["K", *leaves],
         "headcount": [0, *[60] * len(leaves)], "valid_from": ["2026-1"] * (1 + len(leaves)),
         "valid_to": None, "change": None, "was": None},
        schema_overrides=dict.fromkeys(["valid_to", "change", "was"], pl.String),
    )  # fmt: skip


def answers(wave: str, groups: Groups, behaviour: str = "Ad1") -> pl.DataFrame:
    """Two in five successes for those who say "I høj grad", four for the others."""
    rows = [(wave, unit, behaviour, "once", 2 if i < k else 0, 2 if i < k else 4)
            for unit, (n, k) in groups.items() for i in range(n)]  # fmt: skip
    columns = ["wave", "unit", "behaviour", "situation", "b_silo", "successes"]
    return pl.DataFrame(rows, schema=columns, orient="row")


def plan(**more: object) -> pl.DataFrame:
    """The trial T1 of unit A on SILO, from 2026-1 to 2026-2."""
    row = {"trial": "T1", "behaviour": "Ad1", "barrier": "SILO", "units": "A", "comparison": None,
           "start_wave": "2026-1", "end_wave": "2026-2", "randomised": False, **more}  # fmt: skip
    return conformed(pl.DataFrame([row]), "TRIALS")


def waves(
    before: Groups,
    after: Groups,
    trials: pl.DataFrame,
    units: pl.DataFrame | None = None,
    scope: pl.DataFrame = SCOPE,
) -> Release:
    units = tree(*LEAVES) if units is None else units
    first = release(answers("2026-1", before), units, scope, wave="2026-1", trials=trials)
    return release(
        answers("2026-2", after), units, scope, wave="2026-2", earlier=[first], trials=trials
    )


def told(before: Groups, after: Groups, **more: object) -> TrialFinding:
    [found] = waves(before, after, plan(**more)).trials
    return found


# --- what is told --------------------------------------------------------------------------------


def test_one_unit_against_four_can_only_suggest() -> None:
    found = told({**EVEN, "A": (40, 20)}, EVEN)

    assert (found.tried_diff, found.others_diff) == (25 - 50, 25 - 25)
    assert (found.p, found.p_smallest) == (100 // 5, 100 // 5)
    assert (found.verdict, found.flags) == ("suggests", ("not_randomised",))
    assert (found.pre, found.post, found.units) == ("2026-1", "2026-2", ("A",))


def test_a_high_unit_is_expected_to_fall_by_itself() -> None:
    found = told({**EVEN, "A": (40, 20)}, EVEN)

    assert found.expected_drift is not None
    assert -25 < found.expected_drift < 0


def test_a_fall_that_was_to_be_expected_suggests_nothing() -> None:
    # 65 % among units of 25 %: a fall to 55 % is what so high a number does by itself.
    found = told({**dict.fromkeys(LEAVES, (20, 5)), "A": (20, 13)},
                 {**dict.fromkeys(LEAVES, (20, 5)), "A": (20, 11)})  # fmt: skip

    assert found.tried_diff == -10
    assert (found.p, found.p_smallest) == (20, 20)
    assert found.verdict == "not_seen"


MANY = tuple(f"A{i}" for i in range(1, 5)) + tuple(f"B{i}" for i in range(1, 5))


@pytest.mark.parametrize(
    ("before", "after", "barrier", "verdict"),
    [(20, 10, "SILO", "moved_here"), (10, 20, "SILO", "worse"), (10, 10, "SILO", "not_seen"),
     (20, 10, None, "moved_here"), (10, 20, None, "worse")],
)  # fmt: skip
def test_a_barrier_is_to_fall_and_a_level_to_rise(
    before: int, after: int, barrier: str | None, verdict: str
) -> None:
    even = dict.fromkeys(MANY, (40, 15))
    tried = [dict.fromkeys(MANY[:4], (40, high)) for high in (before, after)]
    trials = plan(units="A1;A2;A3;A4", barrier=barrier, randomised=True)

    [found] = waves(even | tried[0], even | tried[1], trials, tree(*MANY)).trials

    assert (found.verdict, found.flags) == (verdict, ())
    assert found.p_smallest == 2  # 1 of 70, rounded up
    assert found.measure == ("barrier_share" if barrier else "behaviour_level")


def test_counts_within_one_class_are_told_alike() -> None:
    # 19 and 20 of 40 are both shown as 50 %.
    one, other = (told({**EVEN, "A": (40, k)}, EVEN) for k in (19, 20))

    assert one == other


def test_few_people_are_compared_by_their_bands_and_without_points() -> None:
    few = dict.fromkeys(LEAVES, (12, 2))

    found = told({**few, "A": (12, 6)}, few)

    assert (found.tried_diff, found.others_diff, found.expected_drift) == (None, None, None)
    assert (found.p, found.verdict) == (20, "suggests")
    assert found.flags == ("not_randomised", "few")


def test_the_exact_number_below_20_is_not_used() -> None:
    one, other = (told({**EVEN, "A": (n, n // 2)}, {**EVEN, "A": (n, 1)}) for n in (10, 14))

    assert one == other


def test_a_side_that_was_below_20_in_one_wave_has_no_points() -> None:
    found = told({**EVEN, "A": (19, 9)}, EVEN)

    assert (found.tried_diff, found.others_diff) == (None, None)
    assert "few" in found.flags


def test_a_clipped_value_moves_from_its_end() -> None:
    found = told(EVEN, {**EVEN, "A": (40, 0)})

    assert found.tried_diff == 5 - 25


def test_units_of_different_size_weigh_as_their_people() -> None:
    before: Groups = {**EVEN, "B": (120, 60), "C": (40, 20)}
    after: Groups = {**EVEN, "B": (120, 48), "C": (40, 20)}

    found = told(before, after, units="B;C")

    # (120 · -10 + 40 · 0) / 160 = -7.5, on the step of 160 people, a half towards 0.
    assert found.tried_diff == -8 + 0
    assert found.others_diff == 0


def test_one_probability_of_each_is_rounded_up() -> None:
    found = told({**EVEN, "A": (40, 20)}, EVEN, comparison="B;C")

    assert (found.p, found.p_smallest) == (34, 34)


# --- who is compared -----------------------------------------------------------------------------


def test_a_unit_hidden_in_either_wave_is_left_out() -> None:
    # D has three people afterwards; the smallest other unit is hidden with it.
    small = {**EVEN, "E": (20, 5)}

    found = told({**small, "A": (40, 20)}, {**small, "D": (3, 1)})

    assert found.p_smallest == 34  # A against B and C
    assert found.verdict == "suggests"


def test_a_trial_that_everybody_joined_has_nobody_to_compare_with() -> None:
    found = told(EVEN, EVEN, units=";".join(LEAVES))

    assert (found.verdict, found.p, found.p_smallest) == ("too_few", None, None)
    assert (found.tried_diff, found.others_diff) == (None, None)
    assert found.flags == ("not_randomised", "no_comparison")
    assert found.expected_drift is None


def test_a_trial_whose_unit_is_hidden_has_nothing_to_tell() -> None:
    found = told({**EVEN, "A": (3, 1)}, EVEN)

    assert (found.verdict, found.p, found.expected_drift) == ("too_few", None, None)
    assert found.flags == ("not_randomised", "few")


def test_a_trial_is_never_compared_with_itself() -> None:
    found = told(EVEN, EVEN, comparison="A")

    assert found.verdict == "too_few"
    assert "no_comparison" in found.flags


def test_the_others_alone_say_where_the_tried_are_expected() -> None:
    # Four units at 25 % say that a fifth at 50 % will fall, and nothing of how far it fell.
    one, other = (told({**EVEN, "A": (40, 20)}, {**EVEN, "A": (40, k)}) for k in (20, 10))

    assert one.expected_drift == other.expected_drift == -10


def test_the_comparison_never_holds_the_tried_or_counts_anybody_twice() -> None:
    nested = pl.concat([tree("A", "M", "N"), tree("M1", "M2").with_columns(parent=pl.lit("M"))
                        .filter(pl.col("unit") != "K")])  # fmt: skip
    groups: Groups = dict.fromkeys(("A", "M1", "M2", "N"), (40, 10))

    [found] = waves(groups, groups, plan(comparison="K;A;M;M1;N"), nested).trials

    assert found.p_smallest == 34  # A against M and N


def test_other_behaviours_are_no_comparison() -> None:
    scope = pl.DataFrame({"behaviour": ["Ad1", "Ad2"], "text": "Vi ringer.", "units": ["A;B", "C"]})
    units = tree("A", "B", "C")
    made: list[Release] = []
    for wave in ("2026-1", "2026-2"):
        people = pl.concat([answers(wave, {"A": (40, 10), "B": (40, 10)}),
                            answers(wave, {"C": (40, 10)}, "Ad2")])  # fmt: skip
        made.append(release(people, units, scope, wave=wave, earlier=made, trials=plan()))

    assert made[1].trials[0].p_smallest == 50  # A against B


@pytest.mark.parametrize("own", [None, "Ad1"])
def test_a_unit_that_is_asked_about_something_else_than_before_is_left_out(
    own: str | None,
) -> None:
    scope = pl.DataFrame(
        {"behaviour": ["Ad1", "Ad2"], "text": "Vi ringer.", "units": ["A;B;C", "D"]}
    )
    moved = scope.with_columns(units=pl.Series(["A;B", "C;D"]))
    units, groups = tree("A", "B", "C", "D"), dict.fromkeys("ABC", (40, 10))
    fourth = {"D": (40, 10)}
    first = release(
        pl.concat([answers("2026-1", groups), answers("2026-1", fourth, "Ad2")]),
        units, scope, wave="2026-1",
    )  # fmt: skip

    after = {unit: groups[unit] for unit in "AB"}
    then = {"C": (40, 10), **fourth}
    made = release(
        pl.concat([answers("2026-2", after), answers("2026-2", then, "Ad2")]),
        units, moved, wave="2026-2", earlier=[first],
        trials=plan(behaviour=own, comparison="B;C"),
    )  # fmt: skip

    assert made.trials[0].p_smallest == 50  # A against B


def version(unit: str, change: str, was: str) -> pl.DataFrame:
    return tree(unit).filter(pl.col("unit") == unit).with_columns(
        valid_from=pl.lit("2026-2"), change=pl.lit(change), was=pl.lit(was)
    )  # fmt: skip


def until_then(*gone: str) -> pl.DataFrame:
    ended = pl.when(pl.col("unit").is_in(gone)).then(pl.lit("2026-1"))
    return tree(*LEAVES).with_columns(valid_to=ended)


def test_a_renamed_unit_keeps_its_trial() -> None:
    units = pl.concat([until_then("A"), version("A9", "renamed", "A")])
    after = {**{unit: EVEN[unit] for unit in "BCDE"}, "A9": (40, 10)}

    [found] = waves({**EVEN, "A": (40, 20)}, after, plan(), units).trials

    assert (found.units, found.tried_diff, found.p_smallest) == (("A9",), -25, 20)


def test_a_merged_unit_has_lost_its_trend() -> None:
    units = pl.concat([until_then("B"), version("B", "merged", "B")])

    [found] = waves(EVEN, EVEN, plan(), units).trials

    assert found.p_smallest == 25  # A against C, D and E


def test_a_parent_of_other_people_than_before_has_lost_its_trend() -> None:
    under = tree("M1", "M2").filter(pl.col("unit") != "K").with_columns(parent=pl.lit("M"))
    before = pl.concat([tree("A", "M", "N"), under])
    left = version("M2", "moved", "M2").with_columns(parent=pl.lit("K"))
    stays = pl.when(pl.col("unit") == "M2").then(pl.lit("2026-1")).otherwise("valid_to")
    after = pl.concat([before.with_columns(valid_to=stays), left])
    groups: Groups = dict.fromkeys(("A", "M1", "M2", "N"), (40, 10))

    kept, moved = (
        waves(groups, groups, plan(comparison="M;N"), units).trials[0] for units in (before, after)
    )

    assert kept.p_smallest == 34  # A against M and N
    assert moved.p_smallest == 50  # A against N


def test_a_closed_unit_is_no_longer_there() -> None:
    after = {unit: EVEN[unit] for unit in "BCDE"}

    [found] = waves(EVEN, after, plan(units="A;B"), until_then("A")).trials

    assert (found.units, found.p_smallest) == (("B",), 25)


# --- when ----------------------------------------------------------------------------------------


def test_a_trial_is_told_in_the_wave_that_ends_it_and_only_there() -> None:
    units, people = tree(*LEAVES), [answers(f"2026-{w}", EVEN) for w in (1, 2, 3)]
    made: list[Release] = []
    for wave, frame in zip(("2026-1", "2026-2", "2026-3"), people, strict=True):
        made.append(release(frame, units, SCOPE, wave=wave, earlier=made, trials=plan()))

    assert [len(one.trials) for one in made] == [0, 1, 0]


def test_without_the_release_from_before_the_trial_nothing_is_told() -> None:
    made = release(
        answers("2026-2", EVEN), tree(*LEAVES), SCOPE, wave="2026-2", trials=plan()
    )  # fmt: skip

    assert made.trials == ()


def test_the_order_of_rows_changes_no_byte() -> None:
    trials = pl.concat([plan(), plan(trial="T2", units="C;B")])
    mixed = trials.reverse().with_columns(units=pl.Series(["B;C", "A"]))
    first = release(answers("2026-1", EVEN), tree(*LEAVES), SCOPE, wave="2026-1")
    people = with_noticed(EVEN)

    one, other = (
        release(rows, tree(*LEAVES), SCOPE, wave="2026-2", earlier=[first], trials=plans)
        for rows, plans in ((people, trials), (people.sample(fraction=1, shuffle=True), mixed))
    )

    assert encode(one) == encode(other)


# --- what a table of trials must hold ------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "column", "rule"),
    [({"units": "A;X"}, "units", "unknown"), ({"comparison": "X"}, "comparison", "unknown"),
     ({"behaviour": "Ad9"}, "behaviour", "unknown"),
     ({"behaviour": None, "barrier": None}, "barrier", "empty"),
     ({"end_wave": "2026-1"}, "end_wave", "order")],
)  # fmt: skip
def test_a_trial_that_cannot_be_measured_is_refused(
    more: dict[str, str | None], column: str, rule: str
) -> None:
    with pytest.raises(CellRefused) as refused:
        told(EVEN, EVEN, **more)

    assert refused.value.facts == {"column": column, "row": 2, "rule": rule}


def test_a_trial_has_one_row() -> None:
    with pytest.raises(CellRefused) as refused:
        waves(EVEN, EVEN, pl.concat([plan(), plan()]))

    assert (refused.value.facts["column"], refused.value.facts["row"]) == ("trial", 3)


def test_a_table_without_the_columns_it_may_lack_is_read() -> None:
    trials = plan().drop("comparison")

    assert waves(EVEN, EVEN, trials).trials[0].p_smallest == 20


# --- who noticed ---------------------------------------------------------------------------------


def with_noticed(groups: Groups, helps: int = 3) -> pl.DataFrame:
    """In each unit `helps` in ten noticed that it helps; one in ten did not answer."""
    ten = ["helps"] * helps + ["no"] * (9 - helps) + [None]
    every = [ten[i % 10] for n, _ in groups.values() for i in range(n)]
    return answers("2026-2", groups).with_columns(noticed=pl.Series(every, dtype=pl.String))


def noticed_in(groups: Groups, trials: pl.DataFrame) -> Release:
    units = tree(*LEAVES)
    first = release(answers("2026-1", EVEN), units, SCOPE, wave="2026-1")
    made = release(
        with_noticed(groups), units, SCOPE, wave="2026-2", earlier=[first], trials=trials
    )
    audit_release(made)
    return made


def noticed_cell(made: Release, trial: str, answer: str = "helps") -> Cell:
    cell = made.cell(None, "noticed_share", answer, trial=trial)
    assert cell is not None
    return cell


def test_all_who_were_asked_are_the_base_of_what_was_noticed() -> None:
    made = noticed_in(EVEN, plan(units="A;B"))

    helps, no = noticed_cell(made, "T1"), noticed_cell(made, "T1", "no")
    assert (helps.value, no.value) == (30, 60)
    assert (helps.base, helps.n, helps.n_band, helps.N) == ("trial", None, "80-84", 2 * 60)
    assert noticed_cell(made, "T1", "harder").clip == "at_most_5"
    assert (helps.unit, helps.behaviour, helps.change) == (None, None, None)
    assert made.trials[0].noticed == helps


def test_fewer_than_ten_are_not_told_what_they_noticed() -> None:
    made = noticed_in({**EVEN, "A": (9, 3)}, plan())

    for answer in ("helps", "no_difference", "harder", "no"):
        cell = noticed_cell(made, "T1", answer)
        assert cell == Cell(
            unit=None,
            behaviour=None,
            measure="noticed_share",
            item=answer,
            base="trial",
            status="hidden",
            N=60,
            trial="T1",
        )
    assert isinstance(number(made.trials[0].noticed), Hidden)


def test_ten_are_told_in_bands() -> None:
    made = noticed_in({**EVEN, "A": (10, 3)}, plan())

    assert (noticed_cell(made, "T1").band, noticed_cell(made, "T1").n_band) == ("some", "8-19")


def test_a_works_committee_may_ask_for_more_people() -> None:
    [cell, *_] = _cells_of_noticed(EVEN, plan(), Settings(min_n=50))

    assert cell.status == "hidden"


def _cells_of_noticed(groups: Groups, trials: pl.DataFrame, settings: Settings) -> list[Cell]:
    wave = made_up(LEAVES)
    return noticed_of(
        conformed(with_noticed(groups), "ANSWERS"),
        wave,
        trials_in(trials, wave, "2026-2"),
        settings,
        told=["2026-1"],
    )


def test_a_unit_with_two_trials_is_asked_about_the_first_by_code() -> None:
    made = noticed_in(
        EVEN, pl.concat([plan(trial="T5", units="A;B"), plan(trial="T10", units="B;C")])
    )

    assert noticed_cell(made, "T10").n_band == "80-84"  # B and C
    assert noticed_cell(made, "T5").n_band == "40-44"  # A alone
    assert noticed_cell(made, "T5").N == 60


def test_people_below_a_listed_node_were_not_asked() -> None:
    made = noticed_in(EVEN, plan(units="K"))

    assert noticed_cell(made, "T1").status == "hidden"


def test_a_trial_without_a_finding_has_no_cells_but_keeps_its_units() -> None:
    made = noticed_in(
        EVEN, pl.concat([plan(units="A", start_wave="2025-4"), plan(trial="T2", units="A;B")])
    )

    assert made.cell(None, "noticed_share", "helps", trial="T1") is None
    assert noticed_cell(made, "T2").n_band == "40-44"  # B alone: A was asked about T1


def test_a_trial_whose_units_were_all_asked_about_another_is_hidden() -> None:
    made = noticed_in(EVEN, pl.concat([plan(units="A;B"), plan(trial="T2", units="A")]))

    assert noticed_cell(made, "T2").status == "hidden"
    assert noticed_cell(made, "T1").n_band == "80-84"


def test_where_nobody_was_asked_there_are_no_cells() -> None:
    made = waves(EVEN, EVEN, plan())

    assert made.cell(None, "noticed_share", "helps", trial="T1") is None
    assert made.trials[0].noticed is None


def test_groups_share_nobody_and_their_small_units_are_attacked() -> None:
    with pytest.raises(Leak):
        _attack_with_pinning_classes()


def _attack_with_pinning_classes() -> None:
    """The attack on the groups, where every count would be told exactly."""
    exact = classes_of(40)
    pinned = replace_classes(exact)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(noticed, "classes_of", lambda n: pinned if n == 40 else classes_of(n))
        _cells_of_noticed(EVEN, plan(), Settings())


def replace_classes(classes: object) -> object:
    places = np.arange(41)
    return type(classes)(40, 1, places, places, tuple(range(41)))


def test_every_key_that_only_some_cells_have_stays_with_them() -> None:
    made = noticed_in(EVEN, plan())

    assert {c.measure for c in made.cells if c.trial is not UNSET} == {"noticed_share"}
    assert {c.measure for c in made.cells if c.base == "trial"} == {"noticed_share"}


# --- how often it is wrong -----------------------------------------------------------------------

BARRIER = Item("barrier_share", "SILO", "S", pl.lit(value=True))
RATES = {"moved_here": 0.12, "worse": 0.12}
# Tried, compared, people of a unit: how often "suggests" may be said with nothing done. The first
# two are the sizes of Fjordlund's schools and of its small teams, which the design was measured on.
SUGGESTS = {
    (1, 3, 36, 60): 0.20,
    (1, 4, 8, 19): 0.10,
    (1, 4, 20, 60): 0.10,
    (1, 4, 40, 149): 0.10,
    (1, 4, 150, 299): 0.10,
    (1, 7, 20, 60): 0.10,
    (1, 9, 8, 60): 0,
    (2, 6, 8, 60): 0,
    (3, 6, 8, 60): 0,
    (4, 4, 20, 60): 0,
}
Design = tuple[int, int, int, int]


@cache
def made_up(leaves: tuple[str, ...]) -> Wave:
    units = tree(*leaves)
    nobody = conformed(answers("2026-2", {leaves[0]: (1, 0)}), "ANSWERS").head(0)
    grown = tree_of(units, "2026-2")
    scopes = scopes_of(SCOPE, grown, ["Ad1"], "2026-2")
    return counted(nobody, grown, scopes, own_invited=invited_of(None, grown, scopes, "2026-2"))


def displayed_cells(leaves: tuple[str, ...], n: np.ndarray, k: np.ndarray) -> Iterator[Cell]:
    for unit, people, count in zip(leaves, n.tolist(), k.tolist(), strict=True):
        classes = classes_of(people)
        at = int(classes.holding(np.array(count)))
        yield replace(said(BARRIER, classes, at, at), unit=unit, behaviour="Ad1", N=people)


def verdict_with_nothing_done(rng: np.random.Generator, design: Design) -> str:
    """Units .5 logit apart, each moved between the waves by .3 logit of chance of its own."""
    tried, compared, least, most = design
    leaves = tuple(f"A{i}" for i in range(1, 1 + tried + compared))
    of_wave = made_up(leaves)
    logit = rng.normal(rng.uniform(-2, 0), 0.5, len(leaves))
    cells: list[tuple[Cell, ...]] = []
    for _ in range(2):
        n = rng.integers(least, most + 1, len(leaves))
        p = 1 / (1 + np.exp(-(logit + rng.normal(0, 0.3, len(leaves)))))
        cells.append(tuple(displayed_cells(leaves, n, rng.binomial(n, p))))
    before = replace(nothing_before(leaves), cells=cells[0])
    trials = trials_in(plan(units=";".join(leaves[:tried])), of_wave, "2026-2")
    [found] = trials_of(trials, cells[1], of_wave, [Past(of_wave, before)], wave="2026-2")
    return found.verdict


@cache
def nothing_before(leaves: tuple[str, ...]) -> Release:
    return release(answers("2026-1", {}), tree(*leaves), SCOPE, wave="2026-1")


def rates(design: Design, draws: int, seed: int) -> dict[str, float]:
    rng = np.random.default_rng([seed, *design])
    verdicts = [verdict_with_nothing_done(rng, design) for _ in range(draws)]
    return {one: verdicts.count(one) / draws for one in ("moved_here", "worse", "suggests")}


@pytest.mark.parametrize("design", [(1, 3, 36, 60), (1, 4, 8, 19), (2, 6, 8, 60)])
def test_with_nothing_done_hardly_anything_is_told(design: Design) -> None:
    draws = 100

    found = rates(design, draws, seed=11)

    for verdict, limit in {**RATES, "suggests": SUGGESTS[design]}.items():
        assert found[verdict] <= limit + 2 * (limit * (1 - limit) / draws) ** 0.5, found


@pytest.mark.soak
@pytest.mark.parametrize("design", SUGGESTS)
def test_with_nothing_done_the_rates_hold(design: Design) -> None:
    found = rates(design, 2000, seed=12)

    for verdict, limit in {**RATES, "suggests": SUGGESTS[design]}.items():
        assert found[verdict] <= limit, found


# --- what is planted in Fjordlund ----------------------------------------------------------------

SEEDS = (9101, 9102)


@cache
def fjordlund(seed: int) -> Release:
    """The fourth wave, after the third: T5, T6, T8 and T10 end in it."""
    units = read_table((FOLDER / "units.csv").read_bytes(), "UNITS")
    scope = read_table((FOLDER / "behaviours_import.csv").read_bytes(), "BEHAVIOURS")
    trials = pl.DataFrame([{name: row[name] or None for name in TRIALS} for row in table("trials")])
    people = tuple(roster())
    made: list[Release] = []
    for wave in ("2026-3", "2026-4"):
        drawn = answers_frame(drawn_wave(seed, wave, people), people, seed)
        made.append(release(drawn, units, scope, wave=wave, earlier=made, trials=trials))
    audit_release(made[1])
    return made[1]


def planted(seed: int, trial: str) -> TrialFinding:
    return next(one for one in fjordlund(seed).trials if one.trial == trial)


def test_p09_one_school_against_three_suggests_and_says_how_little_it_can_show() -> None:
    found = [planted(seed, "T8") for seed in SEEDS]

    # .90 of all draws by the design.
    assert any(one.verdict == "suggests" for one in found)
    assert {one.p_smallest for one in found} == {25}
    assert all(one.p == 25 for one in found if one.verdict == "suggests")
    assert {(one.measure, one.item, one.units) for one in found} == {
        ("barrier_share", "KULT", ("B11",))
    }
    assert {one.flags for one in found} == {("not_randomised",)}


def test_p11_two_units_each_by_its_own_behaviour() -> None:
    found = [planted(seed, "T10") for seed in SEEDS]

    # .68 of all draws by the design; 2 of the 20 leaves of the two behaviours.
    assert any(one.verdict == "moved_here" for one in found)
    assert {one.units for one in found} == {("C1", "D1")}
    assert all((one.tried_diff or 0) < 0 for one in found)


def test_t6_all_units_took_part_so_that_nothing_can_be_compared() -> None:
    for seed in SEEDS:
        found = planted(seed, "T6")

        assert (found.verdict, found.p, found.p_smallest) == ("too_few", None, None)
        assert found.flags == ("not_randomised", "no_comparison")


def test_about_half_of_those_who_were_asked_say_that_it_helps() -> None:
    for seed in SEEDS:
        for trial in ("T5", "T8", "T10"):
            helps = planted(seed, trial).noticed

            # 50 % planted, among 35 people or more: three standard errors are 25 points.
            assert helps is not None
            assert helps.value is not None
            assert abs(helps.value - 50) <= 25


def test_trials_that_ended_before_are_not_told_again() -> None:
    assert [one.trial for one in fjordlund(SEEDS[0]).trials] == ["T10", "T5", "T6", "T8"]
