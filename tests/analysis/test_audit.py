"""The attacker on release files: what passes, and what is found when a file gives too much."""

import csv
import json
import pickle
import re
from collections.abc import Callable, Iterator
from io import StringIO
from itertools import product

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET
from msgspec.structs import replace

from analysis.audit import Leak, Published, audited
from analysis.disclosure import shown_pattern
from analysis.findings import AuditRecord, Cell, Change, Release, decode, encode, sealed
from analysis.frames import BARRIERS
from analysis.release import attacks, audit_release, release
from analysis.release.audit.one_file import Reading
from analysis.report.csv import release_csv
from survey.texts import Voice

SCOPE = pl.DataFrame({"behaviour": ["Ad1"], "text": ["Vi ringer."], "units": ["K"]})


# --- municipalities ------------------------------------------------------------------------------


def tree_of(parents: dict[str, str | None]) -> pl.DataFrame:
    codes = list(parents)
    return pl.DataFrame(
        {"unit": codes, "parent": [parents[code] for code in codes], "name": codes,
         "headcount": [30] * len(codes), "valid_from": ["2026-1"] * len(codes)}
    )  # fmt: skip


def answered(
    people: dict[str, int], rng: np.random.Generator, wave: str = "2026-1"
) -> pl.DataFrame:
    """Answers with unlike shares, many of them nobody or everybody."""
    rows = []
    for unit, many in people.items():
        share = rng.choice([0, 0.05, 0.3, 0.7, 0.95, 1])
        for _ in range(many):
            inside = rng.random() < 0.8
            row = {
                "wave": wave,
                "unit": unit,
                "behaviour": "Ad1",
                "situation": "once" if inside else "no",
                "clarity": int(rng.integers(1, 6)),
                "successes": int(rng.binomial(5, share)) if inside else None,
                "b_tid": 2 * int(rng.random() < share) if inside else None,
                "b_silo": 2 * int(rng.random() < 0.5) if inside else None,
            }
            rows.append(row)
    types = dict.fromkeys(("clarity", "successes", "b_tid", "b_silo"), pl.Int8)
    return pl.DataFrame(rows, schema_overrides=types)


def town(rng: np.random.Generator) -> tuple[dict[str, str | None], dict[str, int]]:
    """A tree of up to three levels below the root, and how many answer at each of its leaves."""
    parents: dict[str, str | None] = {"K": None}
    people: dict[str, int] = {}
    for c in range(int(rng.integers(1, 4))):
        parents[f"C{c}"] = "K"
        for t in range(int(rng.integers(0, 5))):
            parents[f"C{c}T{t}"] = f"C{c}"
    for unit in parents:
        if unit not in parents.values():
            people[unit] = int(rng.choice([3, 4, 6, 7, 9, 14, 25, 45]))
    people["K"] = people.get("K", 0) + 6
    return parents, people


def released(rng: np.random.Generator) -> tuple[Release, pl.DataFrame, pl.DataFrame]:
    parents, people = town(rng)
    answers, tree = answered(people, rng), tree_of(parents)
    return release(answers, tree, SCOPE, wave="2026-1"), answers, tree


# --- what passes ---------------------------------------------------------------------------------


def test_every_release_of_fjordlund_keeps_every_rule(four_waves) -> None:
    for at, made in enumerate(four_waves):
        found = {tried.rule: tried for tried in attacks(decode(encode(made)), four_waves[:at])}

        assert list(found) == ["A1", "A2", "A3", "A4", "A6", "A7"]
        assert not [tried for tried in found.values() if tried.leak]
        assert found["A1"].counts["groups"] > 100
        assert min(found["A2"].counts.values()) > 0
        assert found["A4"].counts["releases"] == at + 1
        assert (found["A4"].counts["changes"] > 1000) == (at > 0)


def test_a_leak_found_by_another_process_is_told_as_it_is() -> None:
    found = pickle.loads(pickle.dumps(Leak("A2", 3, ("B1",))))

    assert (found.rule, found.size, found.units) == ("A2", 3, ("B1",))
    assert str(found) == "the release breaks A2"


def test_an_earlier_release_that_is_not_given_is_counted(four_waves) -> None:
    [tried] = [tried for tried in attacks(four_waves[3], four_waves[1:2]) if tried.rule == "A4"]

    assert tried.leak is None
    assert tried.counts["missing"] == 2


@given(st.integers(0, 10**6))
@settings(max_examples=25, deadline=None)
def test_no_made_up_municipality_is_refused_its_release(seed: int) -> None:
    made, _, _ = released(np.random.default_rng(seed))

    audit_release(decode(encode(made)))


# --- A5: the rule that shows all units of five, and nothing else ---------------------------------


def test_a_threshold_alone_is_caught_on_drawn_trees_and_the_rule_never() -> None:
    caught: set[str] = set()
    times = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        size = int(rng.integers(2, 14))
        parent = np.array([-1, *(rng.integers(0, u) for u in range(1, size))])
        own = rng.integers(0, 13, size)
        n = own.copy()
        for u in range(size - 1, 0, -1):
            n[parent[u]] += n[u]
        everything = n[:, None]

        audited(Published(parent, n, shown_pattern(parent, own), 0 * everything, everything), 5)
        try:
            audited(Published(parent, n, n >= 5, 0 * everything, everything), 5)
        except Leak as leak:
            caught.add(leak.rule)
            times += 1

    assert caught == {"A1"}
    assert times > 100


@pytest.fixture
def threshold_only(monkeypatch) -> Callable[[], Release]:
    """Releases a centre of which one team of three is hidden, and the two beside it are not."""

    def pattern(parent, own, *, minimum=5, candidate=None, before=None):
        n = own.copy()
        for u in range(len(parent) - 1, 0, -1):
            if parent[u] >= 0:
                n[parent[u]] += n[u]
        return n >= minimum if candidate is None else (n >= minimum) & candidate

    monkeypatch.setattr("analysis.release.patterns.shown_pattern", pattern)
    people = {"C0T0": 45, "C0T1": 40, "C0T2": 3}
    answers = answered(people, np.random.default_rng(1)).with_columns(
        pl.col("successes").fill_null(0), situation=pl.lit("once")
    )
    parents = {"K": None, "C0": "K", **dict.fromkeys(people, "C0")}
    return lambda: release(answers, tree_of(parents), SCOPE, wave="2026-1")


def test_a_release_by_the_threshold_alone_is_refused(threshold_only) -> None:
    with pytest.raises(Leak) as refused:
        threshold_only()
    assert refused.value.rule == "A1"


def test_a_release_by_the_threshold_alone_is_caught_from_its_file(
    monkeypatch, threshold_only
) -> None:
    passed = AuditRecord("pass", 0, 0, "pass", 0)
    monkeypatch.setattr("analysis.release.making.attacked", lambda *_, **__: passed)

    made = threshold_only()

    with pytest.raises(Leak) as refused:
        audit_release(made)
    assert (refused.value.rule, refused.value.size) == ("A1", 3)
    assert set(refused.value.units) == {"C0", "C0T0", "C0T1"}


# --- A2 against every assignment there is --------------------------------------------------------


def possible(cell: Cell, n: int, k: int) -> bool:
    """Whether k of n people would be displayed as this cell is: R4 and the bands of 4.4."""
    if cell.display == "open":
        return True
    if n < 20:
        cuts = [n // 2] if n < 8 else [max(2, n // 4), n - max(2, n // 4) - 1]
        names = ["half_or_less", "over_half"] if n < 8 else ["few", "some", "nearly_all"]
        at = sum(k > cut for cut in cuts)
        return names.index(cell.band) <= at <= names.index(cell.band_to or cell.band)
    step, end = (10, 10) if n < 40 else (5, 5)
    v = min(max(step * ((200 * k + step * n) // (2 * step * n)), end), 100 - end)
    if cell.clip is not None:
        at = int(cell.clip.rsplit("_", 1)[1])
        return v <= at if cell.clip.startswith("at_most") else v >= at
    return cell.value <= v <= (cell.value_to or cell.value)


def people_possible(cell: Cell) -> range:
    if cell.n is not None:
        return range(cell.n, cell.n + 1)
    first, last = map(int, cell.n_band.split("-"))
    return range(first, last + 1)


def worlds(root: Cell, below: list[Cell]) -> Iterator[tuple[list[int], list[int]]]:
    """Every number of people and count per atom, the root's own first, that fits the cells."""
    for whole, *parts in product(people_possible(root), *map(people_possible, below)):
        atoms = [whole - sum(parts), *parts]
        if atoms[0] < 0:
            continue
        fits = [
            [k for k in range(n + 1) if possible(cell, n, k)]
            for cell, n in zip(below, parts, strict=True)
        ]
        for counts in product(range(atoms[0] + 1), *fits):
            if possible(root, whole, sum(counts)):
                yield atoms, list(counts)


def attacked_and_tried(
    people: dict[str, int], seed: int
) -> tuple[list[tuple[int, int]], list[tuple[int, int]], bool]:
    """Per atom the interval of the audit and that of all worlds, and whether all n are exact."""
    parents = {"K": None, **{unit: "K" for unit in people if unit != "K"}}
    answers = answered(people, np.random.default_rng(seed)).with_columns(situation=pl.lit("once"))
    answers = answers.with_columns(pl.col("b_tid", "b_silo").fill_null(0))
    made = release(answers, tree_of(parents), SCOPE, wave="2026-1")
    [part] = [part for part, _ in Reading(made).atoms if ("barrier_share", "TID") in part.columns]
    [atoms] = [atoms for one, atoms in Reading(made).atoms if one.columns == part.columns]
    item = part.columns.index(("barrier_share", "TID"))
    rows = np.flatnonzero(part.shown).tolist()
    cells = [made.cell(part.table.code(row), "barrier_share", "TID") for row in rows]
    tried = [counts for _, counts in worlds(cells[0], cells[1:])]
    return (
        [(int(atoms.yes[0][0][row, item]), int(atoms.yes[1][0][row, item])) for row in rows],
        [(min(counts), max(counts)) for counts in zip(*tried, strict=True)],
        all(cell.n is not None for cell in cells),
    )


@pytest.mark.parametrize("seed", range(8))
def test_the_intervals_are_those_of_every_assignment_that_fits(seed: int) -> None:
    people = {"K": 3 + seed % 4, "A": 20 + seed % 3, "B": 4, "C": 21}

    audited_, tried, exact = attacked_and_tried(people, seed)

    assert exact
    assert audited_ == tried


@pytest.mark.parametrize("seed", range(8))
def test_with_people_told_as_bands_no_assignment_lies_outside_the_intervals(seed: int) -> None:
    audited_, tried, exact = attacked_and_tried({"K": 12, "A": 9 + seed % 4, "B": 4, "C": 6}, seed)

    assert not exact
    for (low, high), (least, most) in zip(audited_, tried, strict=True):
        assert low <= least <= most <= high


# --- A6 ------------------------------------------------------------------------------------------


@given(st.integers(0, 10**6))
@settings(max_examples=20, deadline=None)
def test_what_one_person_answers_moves_no_pattern_and_no_number_of_people(seed: int) -> None:
    rng = np.random.default_rng(seed)
    made, answers, tree = released(rng)
    at = int(rng.integers(answers.height))
    flipped = answers.with_row_index("row").with_columns(
        *(
            pl.when((pl.col("row") == at) & pl.col(name).is_not_null())
            .then(most - pl.col(name))
            .otherwise(name)
            .cast(pl.Int8)
            .alias(name)
            for name, most in (("b_tid", 2), ("b_silo", 2), ("clarity", 6), ("successes", 5))
        )
    )

    other = release(flipped.drop("row"), tree, SCOPE, wave="2026-1")

    assert other.pattern_sha256 == made.pattern_sha256
    for one, two in zip(made.cells, other.cells, strict=True):
        assert (one.status, one.n, one.n_band, one.N) == (two.status, two.n, two.n_band, two.N)


# --- files that give too much --------------------------------------------------------------------


def first_leak(made: Release, earlier: tuple[Release, ...] | list[Release] = ()) -> Leak | None:
    return next((t.leak for t in attacks(made, earlier) if t.leak is not None), None)


def with_cells(made: Release, spoil: Callable[[Cell], Cell]) -> Release:
    spoiled = replace(made, cells=tuple(map(spoil, made.cells)))
    assert spoiled.cells != made.cells
    return sealed(spoiled)


@pytest.mark.parametrize(
    ("spoil", "rule"),
    [
        # A centre with three people more than its parts: three are alone.
        (lambda c: replace(c, n=c.n + 3) if (c.unit, c.base) == ("C", "S") else c, "A1"),
        # One question of base S is shown where the others are hidden.
        (lambda c: replace(c, status="shown", display="open", n_band="8-19", flags=())
         if (c.unit, c.item, c.measure) == ("F5", "REGL", "barrier_share") else c, "A6"),
        (lambda c: replace(c, low=c.low - 1) if c.base == "S" and c.low and c.low > 9
         else c, "A7"),
        (lambda c: replace(c, marked=not c.marked) if (c.unit, c.item) == ("B11", "TID")
         and c.measure == "barrier_share" else c, None),
        (lambda c: replace(c, n_band="21-25") if c.n_band == "20-24" else c, "A7"),
        (lambda c: replace(c, flags=(*c.flags, "k=3")) if c.flags else c, "A7"),
        (lambda c: replace(c, high=c.high - 5) if c.measure == "behaviour_level" and c.high
         else c, "A7"),
    ],
)  # fmt: skip
def test_a_cell_that_says_too_much_is_found(four_waves, spoil, rule: str | None) -> None:
    leak = first_leak(with_cells(four_waves[0], spoil))

    assert (leak.rule if leak else None) == rule


@pytest.mark.parametrize("alone", [1, 3, 4])
def test_the_smallest_group_is_named_with_its_codes(alone: int) -> None:
    made, _ = two_waves(np.random.default_rng(2))
    parts = sum(made.cell(unit, "barrier_share", "TID").n for unit in "AB")

    def some_more(cell: Cell) -> Cell:
        is_it = (cell.unit, cell.base) == ("C0", "S")
        return replace(cell, n=parts + alone) if is_it else cell

    leak = first_leak(with_cells(made, some_more))

    assert (leak.rule, leak.size, leak.units) == ("A1", alone, ("C0", "A", "B"))


def test_an_embedded_cell_says_what_the_cell_says(four_waves) -> None:
    made = next(m for m in four_waves if m.levels)
    level = next(x for x in made.levels if x.prevalence and x.prevalence.value)
    other = replace(level, prevalence=replace(level.prevalence, n=level.prevalence.n + 1))

    leak = first_leak(sealed(replace(made, levels=(other,))))

    assert leak.rule == "A7"


def test_a_pair_names_only_parts_that_are_shown(four_waves) -> None:
    made = four_waves[0]

    leak = first_leak(sealed(replace(made, pairs=(replace(made.pairs[0], a="F4"),))))

    assert (leak.rule, leak.units) == ("A7", ("F4",))


def test_thresholds_below_those_of_the_method_are_found(four_waves) -> None:
    made = four_waves[0]

    assert first_leak(sealed(replace(made, settings=replace(made.settings, min_n=3)))).rule == "A7"


def test_two_cells_in_one_place_are_found(four_waves) -> None:
    made = four_waves[0]

    assert first_leak(sealed(replace(made, cells=(*made.cells, made.cells[0])))).rule == "A7"


@pytest.mark.parametrize(
    "other",
    [
        # A scope on base S cuts across the tree; nobody would attack it.
        {"unit": None, "behaviour": "Ad3"},
        {"base": "A"},
        {"base": "trial"},
        {"unit": "nobody"},
    ],
)
def test_a_cell_that_no_table_holds_is_found(four_waves, other: dict) -> None:
    made = four_waves[0]
    at, cell = next((i, c) for i, c in enumerate(made.cells) if (c.unit, c.base) == ("F4", "S"))
    cells = list(made.cells)
    cells[at] = replace(cell, **other)

    assert first_leak(sealed(replace(made, cells=tuple(cells)))).rule == "A7"


@pytest.mark.parametrize("base", ["A", "S", "Y"])
def test_a_unit_that_is_shown_and_not_in_the_frozen_pattern_is_found(four_waves, base: str) -> None:
    # The leaf itself leaks nothing: it is the hash that says that it was not decided.
    made = four_waves[0]
    above = {unit.parent for unit in made.units}
    leaf = next(
        cell.unit
        for cell in made.cells
        if (cell.base, cell.status) == (base, "shown") and cell.unit and cell.unit not in above
    )

    def hidden(cell: Cell) -> Cell:
        if (cell.unit, cell.base) != (leaf, base):
            return cell
        return Cell(
            unit=cell.unit,
            behaviour=cell.behaviour,
            measure=cell.measure,
            item=cell.item,
            base=cell.base,
            status="hidden",
            N=cell.N,
        )

    assert "A6" in {tried.rule for tried in attacks(with_cells(made, hidden)) if tried.leak}
    assert first_leak(sealed(replace(made, pattern_sha256="0" * 64))).rule == "A6"


def cell_as(made: Release, at: int, **other: object) -> Release:
    cells = list(made.cells)
    cells[at] = replace(cells[at], **other)
    return sealed(replace(made, cells=tuple(cells)))


def test_the_last_hidden_cell_says_as_little_as_the_first(four_waves) -> None:
    made = four_waves[1]
    *_, last = (i for i, cell in enumerate(made.cells) if cell.status == "hidden")

    assert (
        first_leak(cell_as(made, last, change=Change(against="2026-1", bands="same"))).rule == "A7"
    )
    assert (
        first_leak(cell_as(made, last, since_first=Change(against="2026-1", bands="same"))).rule
        == "A7"
    )


def test_of_two_units_that_display_the_same_both_are_marked_or_none(four_waves) -> None:
    made, seen = four_waves[0], {}
    for at, cell in enumerate(made.cells):
        if cell.measure == "barrier_share" and cell.n and cell.unit != "FK" and not cell.cross:
            alike = seen.setdefault((cell.item, cell.n, cell.value, cell.clip), [])
            alike.append(at)
    _, second = next(alike for alike in seen.values() if len(alike) == 2)

    leak = first_leak(cell_as(made, second, marked=not made.cells[second].marked))

    assert (leak.rule, leak.units) == ("A7", (made.cells[second].unit,))


@pytest.mark.parametrize("measure", ["priority_share", "safe_share", "behaviour_level"])
def test_only_barriers_are_marked(four_waves, measure: str) -> None:
    made = four_waves[0]
    *_, last = (i for i, c in enumerate(made.cells) if c.measure == measure and c.n_band == "8-19")

    assert first_leak(cell_as(made, last, marked=False)).rule == "A7"


def test_a_pair_tells_the_people_that_its_parts_tell(four_waves) -> None:
    made = four_waves[0]
    at = next(i for i, pair in enumerate(made.pairs) if pair.n and pair.n[0])
    pairs = list(made.pairs)
    pairs[at] = replace(pairs[at], n=(pairs[at].n[0] + 1, pairs[at].n[1]))

    assert first_leak(sealed(replace(made, pairs=tuple(pairs)))).units == (pairs[at].a,)


def test_the_response_of_a_unit_that_is_not_shown_is_found(four_waves) -> None:
    made = four_waves[0]
    note = replace(made.quality[0], unit="nobody")

    leak = first_leak(sealed(replace(made, quality=(*made.quality, note))))

    assert (leak.rule, leak.units) == ("A7", ("nobody",))


def test_an_item_shown_alone_is_named(four_waves) -> None:
    made = four_waves[0]
    at = next(i for i, c in enumerate(made.cells) if (c.unit, c.base) == ("F5", "S"))

    leak = first_leak(cell_as(made, at, status="shown", display="open", n_band="8-19", flags=()))

    assert (leak.rule, leak.units) == ("A6", ("F5",))


def test_those_with_a_priority_are_as_many_as_gave_it(four_waves) -> None:
    # Who solves a barrier, told of those with that priority: here of all, of whom some gave it.
    made = four_waves[0]
    n = made.cell("FK", "priority_share", "TID").n
    of_them = [
        replace(cell, barrier="TID", n=n, display="open", value=None, value_to=None, low=None,
                high=None, clip=None, since_first=UNSET)
        for cell in made.cells_of("FK")
        if cell.measure == "resolver_share"
    ]  # fmt: skip

    leak = first_leak(sealed(replace(made, cells=(*made.cells, *of_them))))

    assert (leak.rule, leak.units) == ("A7", ("FK",))


# --- A4: several files together ------------------------------------------------------------------

PARENTS = {"K": None, "C0": "K", "C1": "K", "A": "C0", "B": "C0", "D": "C1", "E": "C1"}
PEOPLE = {"A": 31, "B": 33, "D": 35, "E": 37}


def two_waves(rng: np.random.Generator) -> tuple[Release, Release]:
    one = release(answered(PEOPLE, rng), tree_of(PARENTS), SCOPE, wave="2026-1")
    answers = answered(PEOPLE, rng, "2026-2")
    return one, release(answers, tree_of(PARENTS), SCOPE, wave="2026-2", earlier=[one])


def test_a_wave_recomputed_on_a_later_tree_isolates_those_who_moved() -> None:
    # R8: three of E move to D, and the same answers are released once more.
    people = {**PEOPLE, "E": 34, "F": 3}
    answers = answered(people, np.random.default_rng(3)).with_columns(
        pl.col("successes").fill_null(0), situation=pl.lit("once")
    )
    before, after = (
        release(answers, tree_of({**PARENTS, "F": above}), SCOPE, wave="2026-1")
        for above in ("E", "D")
    )

    leak = first_leak(after, [before])

    assert (leak.rule, leak.size) == ("A4", 3)
    assert leak.units[0] in {"C1", "D", "E"}


def test_old_answers_under_the_name_of_a_new_wave_and_a_new_tree_are_found() -> None:
    rng = np.random.default_rng(4)
    answers = answered(PEOPLE, rng)
    many = {f"b_{code.lower()}": pl.lit(2 * (i % 2), pl.Int8) for i, code in enumerate(BARRIERS)}
    answers = answers.with_columns(
        pl.when(pl.col("situation") == "once").then(value).alias(name)
        for name, value in many.items()
    )
    moved = {**PARENTS, "B": "C1"}
    one = release(answers, tree_of(PARENTS), SCOPE, wave="2026-1")
    again = answers.with_columns(wave=pl.lit("2026-2"))
    two = release(again, tree_of(moved), SCOPE, wave="2026-2", earlier=[one])

    assert first_leak(two, [one]).rule == "A4"


def test_a_period_pooled_of_two_waves_is_found() -> None:
    # R7: the pool less the first wave is the second.
    rng = np.random.default_rng(5)
    first, second = answered(PEOPLE, rng), answered(PEOPLE, rng, "2026-2")
    pool = pl.concat([first, second]).with_columns(wave=pl.lit("2026-3"))
    one, two, both = (
        release(answers, tree_of(PARENTS), SCOPE, wave=wave)
        for answers, wave in ((first, "2026-1"), (second, "2026-2"), (pool, "2026-3"))
    )

    assert first_leak(both, [one, two]).rule == "A4"
    assert first_leak(two, [one]) is None


@pytest.mark.parametrize(
    "spoil",
    [
        lambda change: replace(change, diff=change.diff + 1),
        lambda change: replace(change, low=change.low + 5),
        lambda change: replace(change, verdict="up", diff=-abs(change.diff)),
        lambda change: replace(change, against="2025-4"),
        lambda change: replace(change, from_="few"),
    ],
)
def test_a_change_that_is_not_that_of_the_displays_is_found(spoil) -> None:
    one, two = two_waves(np.random.default_rng(6))

    def changed(cell: Cell) -> Cell:
        is_it = cell.change is not None and cell.change.diff is not None and cell.unit == "C0"
        return replace(cell, change=spoil(cell.change)) if is_it else cell

    assert first_leak(two, [one]) is None
    assert first_leak(with_cells(two, changed), [one]).rule == "A4"


def test_earlier_waves_come_in_the_order_of_time() -> None:
    _, two = two_waves(np.random.default_rng(7))

    leak = first_leak(sealed(replace(two, earlier=("2026-3", "2026-1"))))

    assert leak.rule == "A4"


def test_a_unit_may_have_had_the_code_of_one_that_is_gone() -> None:
    one, two = two_waves(np.random.default_rng(6))
    before = replace(
        one,
        units=tuple(replace(u, unit="old") if u.unit == "A" else u for u in one.units),
        cells=tuple(replace(c, unit="old") if c.unit == "A" else c for c in one.cells),
    )

    def one_more(cell: Cell) -> Cell:
        has_it = cell.unit == "A" and cell.change is not None and cell.change.diff is not None
        return (
            replace(cell, change=replace(cell.change, diff=cell.change.diff + 1))
            if has_it
            else cell
        )

    assert first_leak(two, [before]) is None
    leak = first_leak(with_cells(two, one_more), [before])
    assert (leak.rule, leak.units) == ("A4", ("A",))


def test_a_unit_with_a_new_code_is_compared_with_one_that_is_gone(four_waves) -> None:
    # D21 is renamed before the last wave.
    made, before = four_waves[3], four_waves[2]
    renamed = {unit.unit for unit in made.units} - {unit.unit for unit in before.units}

    def one_more(cell: Cell) -> Cell:
        is_it = cell.unit in renamed and cell.change is not None and cell.change.diff is not None
        return (
            replace(cell, change=replace(cell.change, diff=cell.change.diff + 1)) if is_it else cell
        )

    if any(one_more(cell) != cell for cell in made.cells):
        assert first_leak(with_cells(made, one_more), [before]).rule == "A4"
    assert first_leak(made, [before]) is None


# --- professions beside the tree -----------------------------------------------------------------


def by_profession() -> Release:
    rng = np.random.default_rng(8)
    answers = answered({"A": 60, "B": 45, "D": 50}, rng)
    answers = answers.with_columns(
        profession=pl.Series(
            rng.choice(["sosu", "lærer", "leder"], answers.height, p=[0.5, 0.45, 0.05])
        )
    )
    invited = pl.DataFrame(
        [("2026-1", unit, who, 30) for unit in "ABD" for who in ("sosu", "lærer", "leder")],
        schema=["wave", "unit", "profession", "n"], orient="row",
    )  # fmt: skip
    tree = tree_of({"K": None, "C0": "K", "C1": "K", "A": "C0", "B": "C0", "D": "C1"})
    return release(answers, tree, SCOPE, wave="2026-1", invited=invited)


def crossed_in(made: Release) -> list[Cell]:
    return [c for c in made.cells if isinstance(c.cross, dict) and c.status == "shown"]


def test_professions_of_a_centre_are_attacked_beside_its_units() -> None:
    made = by_profession()
    crossed = crossed_in(made)
    last = crossed[-1]
    total = made.cell(last.unit, last.measure, last.item).n
    beside = [c.n for c in crossed if (c.unit, c.item) == (last.unit, last.item) and c is not last]

    def to_three(cell: Cell) -> Cell:
        same = cell.cross == last.cross and cell.unit == last.unit and cell.status == "shown"
        return replace(cell, n=total - sum(beside) - 3) if same else cell

    assert first_leak(made) is None
    leak = first_leak(with_cells(made, to_three))
    assert (leak.rule, leak.size) == ("A1", 3)


def test_a_profession_told_as_a_band_has_ten_people_or_more() -> None:
    made = by_profession()
    said = {"n": None, "n_band": "8-19", "display": "open", "value": None, "value_to": None,
            "low": None, "high": None, "clip": None}  # fmt: skip

    def few(cell: Cell) -> Cell:
        is_it = (cell.measure, cell.status) == ("barrier_share", "shown")
        return replace(cell, **said) if is_it else cell

    reading = Reading(with_cells(made, few))
    [(table, people)] = [
        (table, people)
        for table, people in zip(reading.tables, reading.told, strict=True)
        if table.base == "S"
    ]

    fewest = {row: int(people.low[u].max()) for u, row in enumerate(table.rows)}
    assert fewest["K", None, None] == 8
    assert {n for (_, _, profession), n in fewest.items() if profession} <= {0, 10}


# --- A7 in what is made of a release -------------------------------------------------------------


def test_the_table_for_a_spreadsheet_has_no_decimal_and_nothing_of_a_hidden_cell(
    four_waves,
) -> None:
    for made in four_waves:
        text = release_csv(made, voice=Voice("en")).decode("utf-8-sig")
        rows = list(csv.DictReader(StringIO(text), delimiter=";"))
        numbers = list(rows[0])[list(rows[0]).index("status") + 1 :]

        hidden = [row for row in rows if row["status"] == "hidden"]

        assert hidden
        assert not [row for row in hidden if any(row[name] for name in numbers)]
        assert not [v for row in rows for v in row.values() if re.fullmatch(r"-?\d+[.,]\d+", v)]


def test_the_file_has_no_decimal_outside_the_settings(four_waves) -> None:
    for made in four_waves:
        decimals: list[str] = []
        json.loads(encode(made), parse_float=decimals.append)

        assert sorted(decimals) == ["0.03", "0.1"]


# --- what a centre gives back --------------------------------------------------------------------


def centre_saying(own: int, part: int) -> dict[str, Leak | None]:
    """What leaks where nearly all of a centre say yes, and some 80 % of its one shown part."""
    answers = answered({"C0": own, "A": part, "D": 45}, np.random.default_rng(9)).with_columns(
        pl.col("successes", "b_tid", "b_silo").fill_null(0), situation=pl.lit("once")
    )
    parents = {"K": None, "C0": "K", "C1": "K", "A": "C0", "D": "C1"}
    made = release(answers, tree_of(parents), SCOPE, wave="2026-1")

    def saying(cell: Cell) -> Cell:
        if (cell.measure, cell.item) != ("barrier_share", "TID"):
            return cell
        none = {"value": None, "value_to": None, "low": None, "high": None, "clip": None}
        if cell.unit in ("K", "C1", "D"):
            return replace(cell, **none, display="open", marked=None)
        if cell.unit == "C0":
            return replace(cell, **{**none, "clip": "at_least_90"}, display="percent", marked=None)
        ends = {"value": 80, "low": 60 if part > 30 else 50, "high": 99}
        return replace(cell, **{**none, **ends}, display="percent", marked=None)

    told = with_cells(made, saying)
    return {tried.rule: tried.leak for tried in attacks(told)}


def test_a_rest_that_must_all_have_said_yes_is_found() -> None:
    # 33 of 38 at least in the centre, 27 of 32 at most in its part: all other six.
    leak = centre_saying(own=6, part=32)["A2"]

    assert (leak.rule, leak.size, leak.units) == ("A2", 6, ("C0", "A"))


def test_a_rest_of_whom_one_said_no_is_known_to_that_one() -> None:
    # 34 of 39 at least, 16 of 20 at most: 18 of the other 19, and the one who said no knows it.
    leak = centre_saying(own=19, part=20)["A3"]

    assert (leak.rule, leak.size, leak.units) == ("A3", 19, ("C0", "A"))
