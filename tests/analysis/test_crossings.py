"""Professions in a centre: nobody is worked out from them, nor from them and the tree together."""

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.attack import cell_intervals, smallest_group
from analysis.disclosure import classes_of, displayed, shown_pattern
from analysis.disclosure.crossed import Row
from analysis.disclosure.flows import SINK, SOURCE, Edge, Flow
from analysis.disclosure.joining import Displayed
from analysis.disclosure.linked import eliminated, shown_together
from analysis.disclosure.parts import Part, Parts
from analysis.disclosure.wanted import Group, Needs, Reach, Wanted, needs_of
from analysis.findings import Release
from analysis.frames import BARRIERS, UNITS, conformed, scopes_of, tree_of
from analysis.release import release
from analysis.release.counts import LevelCounts, Wave, counted
from analysis.release.crossed_cells import CrossedFlow, CrossedTable
from analysis.release.crossings import Crossed, crossed_of, crossed_pattern
from analysis.release.patterns import _whole_scopes

WHO = ("læge", "pædagog", "sygeplejerske", "teknik")
FEW = 10  # people: the least that a crossed row needs
FEW_ALONE = 5  # people: the least that a unit needs


# --- which rows -------------------------------------------------------------------------------


def rows(*lines: str) -> np.ndarray:
    return np.array([[sign == "1" for sign in line] for line in lines])


# Young and old from Spain, Iceland and Portugal: cells in that order, row by row.
V13 = rows("111111", "111000", "000111", "100100", "010010", "001001", *(
    "".join("1" if c == cell else "0" for c in range(6)) for cell in range(6)
))  # fmt: skip
V13_COUNTS = np.array([5, 2, 0, 6, 3, 4])


def v13_shown() -> set[int]:
    size = V13 @ V13_COUNTS
    cells = sorted(range(6, 12), key=lambda r: -size[r])
    few = [np.flatnonzero(V13[r]).tolist() for r in range(6, 12) if size[r] <= 1]
    return set(eliminated(V13, [*range(6), *cells], given=(), forbidden=few))


def test_v13_hides_exactly_iceland_and_portugal() -> None:
    young_and_old_from = {"Spain": {6, 9}, "Iceland": {7, 10}, "Portugal": {8, 11}}

    hidden = set(range(12)) - v13_shown()

    assert hidden == young_and_old_from["Iceland"] | young_and_old_from["Portugal"]


def test_v13_the_hidden_cells_keep_their_intervals() -> None:
    shown = V13[sorted(v13_shown())]
    told = shown @ V13_COUNTS

    low, high = cell_intervals(shown, told, told, np.full(6, V13_COUNTS.sum()))

    assert [*zip(low, high, strict=True)] == [(5, 5), (0, 2), (0, 2), (6, 6), (3, 5), (2, 4)]


def test_v15_the_third_sum_of_two_is_not_shown() -> None:
    # A 6, B 3, C 7, D 9; A+B, B+C and A+C would give B.
    table, n = rows("1111", "1100", "0110", "1010", "0100"), np.array([6, 3, 7, 9])

    shown = shown_together(
        table, n, [0, 3, 2, 1], given=(), primary=[4], smallest=smallest_group
    )  # fmt: skip

    assert shown == (0, 3, 2)


def test_gauss_alone_shows_the_sum_of_one_and_two_and_the_loop_does_not() -> None:
    # All 23 less the 20: neither of the two few, but both together.
    table, n = rows("111", "001", "100", "010"), np.array([1, 2, 20])
    one_and_two = [[0], [1]]

    gauss = eliminated(table, [1], given=[0], forbidden=one_and_two)
    loop = shown_together(table, n, [1], given=[0], primary=[2, 3], smallest=smallest_group)

    assert smallest_group(table[[0, *gauss]], n) == (0, 1)
    assert loop == ()


def test_an_implied_row_is_free() -> None:
    table, n = rows("11", "10", "01"), np.array([12, 11])

    shown = shown_together(table, n, [1, 2], given=[0], primary=[], smallest=smallest_group)

    assert shown == (1, 2)


def test_where_the_tree_itself_leaks_no_row_is_added() -> None:
    table, n = rows("110", "100", "001"), np.array([9, 3, 12])

    assert shown_together(table, n, [2], given=[0, 1], primary=[], smallest=smallest_group) is None


@dataclass(frozen=True)
class Draw:
    """Units by professions: rows of the tree first, then those of each centre's professions."""

    rows: np.ndarray
    n: np.ndarray
    given: list[int]
    crossed: list[int]

    @property
    def size(self) -> np.ndarray:
        return self.rows @ self.n

    def shown(self) -> tuple[int, ...] | None:
        size = self.size
        return shown_together(
            self.rows, self.n,
            sorted((r for r in self.crossed if size[r] >= FEW), key=lambda r: (-size[r], r)),
            given=self.given, primary=[r for r in self.crossed if 0 < size[r] < FEW],
            smallest=smallest_group,
        )  # fmt: skip


def drawn(seed: int) -> Draw:
    """A root, two centres of 2-4 units each, and 2-4 professions."""
    rng = np.random.default_rng(seed)
    parent, centre = [-1], [-1]
    for c in range(2):
        top = len(parent)
        leaves = int(rng.integers(2, 5))
        parent += [0, *[top] * leaves]
        centre += [-1, *[c] * leaves]
    professions = int(rng.integers(2, 5))
    cells = [(u, who) for u, c in enumerate(centre) if c >= 0 for who in range(professions)]
    n = rng.integers(0, 12, len(cells)) * (rng.random(len(cells)) < 0.7)
    unit = np.array([u for u, _ in cells])
    own = np.bincount(unit, n, len(parent)).astype(int)
    tree = [
        (unit == u) | (np.array(parent)[unit] == u) | (u == 0) for u in range(len(parent))
    ]  # fmt: skip
    crossed = [
        np.array([(centre[u], w) == (c, who) for u, w in cells])
        for c in range(2) for who in range(professions)
    ]  # fmt: skip
    shown = shown_pattern(np.array(parent), own)
    return Draw(
        np.array([*tree, *crossed]), n, np.flatnonzero(shown).tolist(),
        list(range(len(tree), len(tree) + len(crossed))),
    )  # fmt: skip


@given(st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_no_group_of_one_to_four_can_be_worked_out(seed: int) -> None:
    draw = drawn(seed)

    shown = draw.shown()

    assert shown is not None
    assert smallest_group(draw.rows[[*draw.given, *shown]], draw.n) is None
    assert all(draw.size[r] >= FEW for r in shown)


@given(st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_a_row_of_fewer_than_ten_is_worked_out_only_where_the_tree_shows_it(seed: int) -> None:
    draw = drawn(seed)
    few = [r for r in draw.crossed if 0 < draw.size[r] < FEW]

    shown = draw.shown()

    assert shown is not None
    for r in few:
        of_tree = in_span(draw.rows[draw.given], draw.rows[r], draw.n)
        assert in_span(draw.rows[[*draw.given, *shown]], draw.rows[r], draw.n) == of_tree


def in_span(published: np.ndarray, row: np.ndarray, n: np.ndarray) -> bool:
    table = published[:, n > 0].astype(float)
    more = np.vstack([table, row[n > 0]])
    return bool(len(table)) and np.linalg.matrix_rank(more) == np.linalg.matrix_rank(table)


def test_a_threshold_alone_is_caught() -> None:
    caught = 0
    for seed in range(12):
        draw = drawn(seed)
        enough = [r for r in draw.crossed if draw.size[r] >= FEW]
        caught += smallest_group(draw.rows[[*draw.given, *enough]], draw.n) is not None

    assert caught >= 3


# --- what they show ---------------------------------------------------------------------------


@cache
def municipality(seed: int) -> tuple[Wave, Crossed, np.ndarray, np.ndarray, Displayed]:
    """A root with two centres of 2-4 units, drawn answers, and what the tree shows of them."""
    rng = np.random.default_rng(seed)
    codes = [("R", None)]
    for c in "AB":
        codes += [(c, "R"), *((f"{c}{i}", c) for i in range(1, int(rng.integers(3, 6))))]
    units = pl.DataFrame(
        [{"unit": u, "parent": p, "name": u, "headcount": 90, "valid_from": "1"} for u, p in codes],
        schema_overrides={"parent": pl.String},
    )
    units = conformed(units.cast({"headcount": UNITS["headcount"]}), "UNITS")
    leaves = [u for u, _ in codes if len(u) > 1]
    people = answers(leaves, rng)
    invited = pl.DataFrame(
        [{"wave": "1", "unit": u, "profession": who, "n": 30} for u in leaves for who in WHO]
    )
    behaviours = pl.DataFrame(
        [{"behaviour": "X", "text": "x", "situation": "x", "units": "R"}]
    )  # fmt: skip
    tree = tree_of(units, "1")
    scopes = scopes_of(behaviours, tree, ["X"], "1")
    wave = counted(people, tree, scopes, own_invited=tree.headcount)
    crossed = crossed_of(people, invited, wave, name="1", minimum=FEW)
    assert crossed is not None
    own = wave.S.n.copy()
    np.subtract.at(own, tree.parent[1:], wave.S.n[1:])
    shown = shown_pattern(tree.parent, own)
    items = np.arange(len(BARRIERS))
    told = displayed(
        tree.parent, wave.S.n, wave.S.k[:, : len(BARRIERS)], shown=shown,
        tables=lambda n: [(classes_of(n), items)],
    )  # fmt: skip
    pattern = crossed_pattern(crossed, wave, shown, FEW)
    assert pattern is not None
    return wave, crossed, shown, pattern, told


def answers(leaves: list[str], rng: np.random.Generator) -> pl.DataFrame:
    n = rng.integers(3, 45, len(leaves))
    unit = np.repeat(leaves, n)
    likely = {u: rng.dirichlet([0.7] * len(WHO)) for u in leaves}
    share = rng.choice([0.02, 0.1, 0.4, 0.95], len(BARRIERS))
    who = [str(rng.choice(WHO, p=likely[u])) for u in unit]
    return conformed(
        pl.DataFrame(
            {
                "wave": ["1"] * len(unit), "unit": unit, "behaviour": ["X"] * len(unit),
                "situation": ["several"] * len(unit), "profession": who,
                **{
                    f"b_{code.lower()}": np.where(rng.random(len(unit)) < share[i], 2, 0)
                    for i, code in enumerate(BARRIERS)
                },
            }
        ).cast({f"b_{code.lower()}": pl.Int8 for code in BARRIERS}),
        "ANSWERS",
    )  # fmt: skip


def rows_of(seed: int) -> Displayed:
    wave, crossed, shown, pattern, told = municipality(seed)
    return CrossedFlow(crossed, wave, shown, pattern).displayed(told)


def breaches(seed: int, i: int, of_rows: Displayed) -> list[str]:
    """What a solver that knows only rows and displayed classes opens of the groups."""
    wave, crossed, shown, pattern, told = municipality(seed)
    inside = (np.arange(len(shown))[:, None] <= crossed.unit) & (
        crossed.unit < wave.tree.end[:, None]
    )
    in_row = crossed.row == np.arange(len(pattern))[:, None]
    groups, known = protected(wave, crossed, shown, pattern)
    at = pattern_rows(pattern, of_rows.low)
    low, high = cell_intervals(
        np.concatenate([inside[shown], in_row[pattern]]),
        np.concatenate([told.low[shown, i], of_rows.low[at, i]]),
        np.concatenate([told.high[shown, i], of_rows.high[at, i]]),
        crossed.n,
        of=groups,
    )
    return [
        f"{lo}-{hi} of {n}"
        for lo, hi, n, is_known in zip(low, high, groups @ crossed.n, known, strict=True)
        if n and too_narrow(int(lo), int(hi), int(n), is_known=bool(is_known))
    ]


def pattern_rows(pattern: np.ndarray, rows_: np.ndarray) -> np.ndarray:
    return np.flatnonzero(pattern[: len(rows_)])


def protected(
    wave: Wave, crossed: Crossed, shown: np.ndarray, pattern: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Atoms, shown rows and the rest of each centre, known by number; then what is hidden."""
    at = [
        (np.arange(len(shown))[u] <= crossed.unit) & (crossed.unit < wave.tree.end[u])
        for u in range(len(shown))
    ]
    known = []
    for u in np.flatnonzero(shown):
        atom = at[u].copy()
        for v in np.flatnonzero(shown):
            if u < v < wave.tree.end[u]:
                atom &= ~at[v]
        known.append(atom)
    in_row = crossed.row == np.arange(len(pattern))[:, None]
    known += list(in_row[pattern])
    for centre in sorted(set(crossed.centres)):
        rest = [r for r, c in enumerate(crossed.centres) if c == centre and not pattern[r]]
        known.append(in_row[rest].any(axis=0))
    hidden = [*(at[u] for u in np.flatnonzero(~shown)), *in_row[~pattern]]
    hidden += list(np.eye(len(crossed.n), dtype=bool)[crossed.n <= 4])
    return np.array([*known, *hidden]), np.arange(len(known) + len(hidden)) < len(known)


def too_narrow(low: int, high: int, n: int, *, is_known: bool) -> bool:
    if is_known:
        return high - low < 1 or high < 2 or low > n - 2
    return high - low < (n if n <= 2 else 2 if n <= 4 else 1)


@pytest.mark.parametrize(("seed", "item"), [(0, 5), (1, 3), (2, 6)])
def test_nothing_is_pinned_and_no_few_are_narrowed(seed: int, item: int) -> None:
    assert breaches(seed, item, rows_of(seed)) == []


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100, 160))
def test_nothing_is_pinned_on_sixty_draws(seed: int) -> None:
    told = rows_of(seed)

    assert [breaches(seed, i, told) for i in range(len(BARRIERS))] == [[]] * len(BARRIERS)


def test_the_steps_alone_pin_a_group_that_joining_keeps_open() -> None:
    seed, item = 11, 4
    _, crossed, _, pattern, _ = municipality(seed)
    joined, alone = rows_of(seed), rows_of(seed)
    k = np.bincount(crossed.row, crossed.k[:, item], len(pattern)).astype(int)
    for r in pattern_rows(pattern, alone.low):
        classes = classes_of(int(crossed.people[r]))
        at = classes.holding(k[[r]])[0]
        alone.low[r, item], alone.high[r, item] = classes.low[at], classes.high[at]

    assert "0-0 of 12" in breaches(seed, item, alone)
    assert breaches(seed, item, joined) == []


@pytest.mark.parametrize("seed", range(4))
def test_the_displayed_class_of_a_row_holds_its_count(seed: int) -> None:
    wave, crossed, shown, pattern, told = municipality(seed)
    k = np.zeros((len(pattern), len(BARRIERS)), dtype=int)
    np.add.at(k, crossed.row, crossed.k)

    result = CrossedFlow(crossed, wave, shown, pattern).displayed(told)

    at = pattern_rows(pattern, result.low)
    assert len(at) == pattern.sum()
    assert ((result.low[at] <= k[at]) & (k[at] <= result.high[at])).all()


@pytest.mark.parametrize("seed", range(8))
def test_what_is_far_enough_away_needs_no_other_proof(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = rows_of(seed)

    with monkeypatch.context() as every_value_is_tried:
        every_value_is_tried.setattr(Wanted, "farthest", lambda *_: 10**6)
        expected = rows_of(seed)

    assert found.first.tolist() == expected.first.tolist()
    assert found.last.tolist() == expected.last.tolist()


@given(st.integers(0, 10**6))
@settings(max_examples=100, deadline=None)
def test_what_is_possible_in_two_centres_is_what_trying_all_counts_finds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    # Two rows in either centre, and people at the top. A reader knows the sum, within its ends.
    n = rng.integers(1, 5, 5)
    x = rng.integers(0, n + 1)
    ends = (int(x.sum() - rng.integers(0, 4)), int(x.sum() + rng.integers(0, 4)))
    least, most = rng.integers(0, 3, (2, 3))  # wanted of a row in either centre, and of the top
    parts = two_centres(n, x, ends, [*zip(least.tolist(), most.tolist(), strict=True)])
    ways = np.stack(np.meshgrid(*(np.arange(size + 1) for size in n)), axis=-1).reshape(-1, 5)
    ways = ways[(ends[0] <= ways.sum(axis=1)) & (ways.sum(axis=1) <= ends[1])]

    def holds(among: np.ndarray) -> bool:
        protected = among[:, [0, 2, 4]]
        return bool(((protected >= least).any(axis=0) & (protected <= most).any(axis=0)).all())

    assert parts.settle() == holds(ways)
    for row in rng.permutation(4).tolist() if holds(ways) else ():
        at = (row // 2, 1 + row % 2)
        for value in range(n[row] + 1):
            up_to, from_ = ways[ways[:, row] <= value], ways[ways[:, row] >= value]
            two_up, two_down = (up_to[:, row] < value).any(), (from_[:, row] > value).any()
            assert parts.possible(*at, "most", value) == (two_up and holds(up_to))
            assert parts.possible(*at, "least", value) == (two_down and holds(from_))
        span = int(x[row] - rng.integers(0, 3)), int(x[row] + rng.integers(0, 3))
        shown = ways[(span[0] <= ways[:, row]) & (ways[:, row] <= span[1])]
        if holds(shown):
            parts.place(*at, span)
            ways = shown


def two_centres(
    n: np.ndarray, x: np.ndarray, ends: tuple[int, int], wanted: list[tuple[int, int]]
) -> Parts:
    """Two centres of two rows and one group at the top; the first row of each is protected."""
    below = [n[:2], n[2:4], np.array([n[:2].sum(), n[2:4].sum(), n[4]])]
    real = [x[:2], x[2:4], np.array([x[:2].sum(), x[2:4].sum(), x[4]])]
    made = []
    for sizes, k, edge, (least, most) in zip(below, real, (1, 1, 3), wanted, strict=True):
        flow = Flow(
            [
                Edge(SOURCE, ("all", 0), int(sizes.sum())),
                *(Edge(("all", 0), SINK, size) for size in sizes.tolist()),
            ]
        )
        each = Wanted.of([(edge, "least", least), (edge, "most", most)])
        counts_ = np.array([k.sum(), *k, k.sum()])
        bounds = np.zeros_like(flow.people), flow.people.copy()
        made.append(Part(flow, counts_, *bounds, Needs(each, each, *nothing_known(flow))))
    top = made.pop()
    top.low[0], top.high[0] = max(0, ends[0]), min(int(n.sum()), ends[1])
    return Parts(top, dict(enumerate(made)), {0: 1, 1: 2})


# The edges of two tables: all people, then the units, the cells unit by unit, and the rows.
ALL, UNIT, ROW = 0, (1, 2), (7, 8)


def two_tables() -> tuple[Flow, np.ndarray, np.ndarray]:
    """Two units of 20 of whom 1-4 and 2-5 said yes; two professions that divide each in half."""
    flow = Flow(
        [
            Edge(SOURCE, ("all", 0), 40),
            Edge(("all", 0), ("unit", 0), 20), Edge(("all", 0), ("unit", 1), 20),
            *(Edge(("unit", u), ("row", r), 10) for u in (0, 1) for r in (0, 1)),
            Edge(("row", 0), SINK, 20), Edge(("row", 1), SINK, 20),
        ]
    )  # fmt: skip
    low, high = np.zeros_like(flow.people), flow.people.copy()
    low[[*UNIT]], high[[*UNIT]] = (1, 2), (4, 5)
    return flow, low, high


def counts(*cells: int) -> np.ndarray:
    """The counts of all edges from those of the cells, unit by unit."""
    units, rows_ = np.array(cells).reshape(2, 2).sum(axis=1), np.array(cells).reshape(2, 2).sum(0)
    return np.array([sum(cells), *units, *cells, *rows_, sum(cells)])


def alone(
    flow: Flow, low: np.ndarray, high: np.ndarray, x: np.ndarray, wanted: list[Reach]
) -> Parts:
    """A centre that is everything there is; two values are wanted of each group."""
    each = Wanted.of(wanted)
    top = Flow([Edge(SOURCE, SINK, 40)])
    parts = Parts(
        Part(top, x[[ALL, ALL]], np.zeros_like(top.people), top.people, unknown(top, [])),
        {0: Part(flow, x, low, high, Needs(each, each, *nothing_known(flow)))},
        {0: 0},
    )
    assert parts.settle()
    return parts


def unknown(flow: Flow, groups: list[Group]) -> Needs:
    return Needs(*needs_of(groups), *nothing_known(flow))


def nothing_known(flow: Flow) -> tuple[np.ndarray, np.ndarray]:
    return np.ones_like(flow.people), np.zeros_like(flow.people)


def joined(parts: Parts, k: int) -> tuple[int, int]:
    return Row(parts, 0, ROW[0], classes_of(20)).joined(k)


def test_a_count_moves_as_far_as_both_tables_let_it() -> None:
    flow, low, high = two_tables()
    x = counts(1, 1, 2, 1)
    one, other = ROW

    assert flow.pushed(x, low, high, edge=one, value=20)[one] == 4 + 5
    assert flow.pushed(x, low, high, edge=one, value=0)[one] == 0
    high[other] = 2
    assert flow.pushed(x, low, high, edge=one, value=0)[one] == 1 + 2 - 2


def test_counts_that_were_moved_are_still_within_the_bounds_and_sum_up() -> None:
    flow, low, high = two_tables()

    x = flow.pushed(counts(1, 1, 2, 1), low, high, edge=ROW[0], value=7)

    assert ((low <= x) & (x <= high)).all()
    assert x.tolist() == counts(*x[3:7].tolist()).tolist()
    assert x[ROW[0]] == 7


BOTH_WAYS: list[Reach] = [
    (1, "least", 2), (1, "most", 3), (2, "least", 4), (2, "most", 3),
]  # fmt: skip


def test_the_joining_is_the_same_whatever_the_count() -> None:
    classes = classes_of(20)
    parts = alone(*two_tables(), counts(1, 1, 2, 1), BOTH_WAYS)

    groups = {k: joined(parts, k) for k in range(4 + 5 + 1)}

    for first, last in groups.values():
        inside = [k for k in groups if classes.low[first] <= k <= classes.high[last]]
        assert {groups[k] for k in inside} == {(first, last)}


def test_classes_at_both_ends_are_joined_until_everything_is_possible() -> None:
    # At most two in the other row. Of 20: 0-2, 3-4, 5-6, 7-8 and 9 are classes. Up to 2 the second
    # unit cannot have 4; from 9 on both units have all they can.
    flow, low, high = two_tables()
    high[ROW[1]] = 2
    parts = alone(flow, low, high, counts(1, 1, 3, 0), BOTH_WAYS)

    groups = [joined(parts, k) for k in (1, 3, 5, 7, 9)]

    assert groups == [(0, 1), (0, 1), (2, 2), (3, 4), (3, 4)]


def test_where_nothing_less_is_safe_all_classes_are_joined() -> None:
    # With one in the other row this one has 3 - 1 to 9 - 1, and both ends must stay possible.
    flow, low, high = two_tables()
    low[ROW[1]] = high[ROW[1]] = 1
    wanted: list[Reach] = [(ROW[0], "most", 3 - 1), (ROW[0], "least", 9 - 1)]
    parts = alone(flow, low, high, counts(1, 1, 3, 0), wanted)

    assert {joined(parts, k) for k in range(2, 9)} == {(0, 3)}


def test_a_class_that_holds_one_possible_count_is_joined() -> None:
    # Nobody in the other row: 1 + 3 at least, of the class 3-4, and 4 + 5 at most, of 9-10.
    flow, low, high = two_tables()
    low[UNIT[1]], high[ROW[1]] = 3, 0
    parts = alone(flow, low, high, counts(2, 0, 3, 0), [])

    groups = [joined(parts, k) for k in (4, 5, 7, 9)]

    assert groups == [(1, 2), (1, 2), (3, 4), (3, 4)]


def needs(total: int, *sizes: int, known: bool = False) -> list[Reach] | None:
    """What is wanted of groups that share a displayed total exactly."""
    flow = Flow([Edge(SOURCE, ("unit", 0), 40), *(Edge(("unit", 0), SINK, n) for n in sizes)])
    low, high = np.zeros_like(flow.people), flow.people.copy()
    low[0] = high[0] = total
    x, left = [total], total
    for n in sizes:
        x.append(min(n, left))
        left -= x[-1]
    groups = unknown(flow, [Group(1, sizes[0], known)])
    wanted = Part(flow, np.array([*x, total]), low, high, groups).possible_needs()
    if wanted is None:
        return None
    least, most = (wanted.way * wanted.value).tolist()
    assert (wanted.edge.tolist(), wanted.way.tolist()) == ([1, 1], [1, -1])
    return [(1, "least", least), (1, "most", most)]


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (needs(5, 1, 20), (1, 0)),
        (needs(5, 2, 20), (2, 0)),
        (needs(5, 3, 20), (2, 0)),
        (needs(5, 4, 20), (2, 0)),
        (needs(5, 7, 20), (1, 7 - 1)),
        (needs(5, 7, 20, known=True), (2, 7 - 2)),
    ],
)
def test_what_must_stay_possible_grows_with_what_is_known(
    given: list[Reach], wanted: tuple[int, int]
) -> None:
    assert given == [(1, "least", wanted[0]), (1, "most", wanted[1])]


def test_where_nearly_all_said_yes_three_or_four_stay_open_at_the_top() -> None:
    # 12 of 14: at least two of the four did.
    assert needs(12, 4, 10) == [(1, "least", 4), (1, "most", 4 - 2)]


def test_what_is_narrow_before_any_row_lets_no_row_be_told() -> None:
    # All but one of 12: at least three of the four did, and one of the two.
    assert needs(11, 4, 8) is None
    assert needs(11, 2, 10) is None


@pytest.mark.parametrize("seed", range(12))
def test_nine_people_of_a_profession_are_never_worked_out(seed: int) -> None:
    wave, crossed, shown, pattern, _ = municipality(seed)
    in_row = crossed.row == np.arange(len(pattern))[:, None]
    tree = (np.arange(len(shown))[:, None] <= crossed.unit) & (
        crossed.unit < wave.tree.end[:, None]
    )
    few = (crossed.people > 0) & (crossed.people < FEW)

    for row in in_row[few]:
        of_tree = in_span(tree[shown], row, crossed.n)
        assert in_span(np.concatenate([tree[shown], in_row[pattern]]), row, crossed.n) == of_tree


def test_where_the_attacker_still_finds_a_group_the_whole_crossing_is_dropped() -> None:
    wave, crossed, *_ = municipality(1)
    is_small = (wave.S.n > 0) & (wave.S.n < FEW_ALONE)
    everything = np.ones(len(wave.S.n), dtype=bool)

    table = CrossedTable(crossed, wave, everything, FEW)

    assert is_small.any()
    assert table.is_dropped
    assert not table.pattern.any()


def test_where_every_row_is_too_small_none_is_shown_and_nothing_is_dropped() -> None:
    wave, crossed, shown, *_ = municipality(1)
    everybody = int(wave.S.n[0])

    table = CrossedTable(crossed, wave, shown, everybody + 1)

    assert not table.pattern.any()
    assert not table.is_dropped


def test_the_pattern_follows_from_the_number_of_people_alone() -> None:
    wave, crossed, shown, pattern, _ = municipality(1)

    others = replace(crossed, k=crossed.n[:, None] - crossed.k)

    same = crossed_pattern(others, wave, shown, FEW)
    assert same is not None
    assert same.tolist() == pattern.tolist()


@pytest.mark.parametrize("seed", range(5))
def test_a_whole_scope_is_shown_where_the_cut_loop_would_show_it(seed: int) -> None:
    rng = np.random.default_rng(seed)
    people, behaviour = rng.integers(0, 9, 12), np.sort(rng.integers(0, 3, 12))
    top = np.array([int((behaviour < b).sum()) + b for b in range(3)])
    size = [int(people[behaviour == b].sum()) for b in range(3)]
    unit, parent, n = np.full(15, -1), np.full(15, -1), np.zeros(15, dtype=int)
    for i, b in enumerate(behaviour):
        unit[i + b + 1], parent[i + b + 1], n[i + b + 1] = i, top[b], people[i]
    n[top] = size
    none = np.zeros((15, 1), dtype=int)
    level = LevelCounts(
        "Y", unit, parent, n, none, squares=none[:, 0], behaviour=np.repeat([0, 1, 2], 5)
    )
    shown = (unit >= 0) & (n >= 5) & (rng.random(15) < 0.8)
    cells = np.arange(15)
    table = (cells == cells[:, None]) | (parent == cells[:, None])
    table[top, top] = False
    alone = smallest_group(table[shown], n)

    found = _whole_scopes(level, shown, 5)

    enough = sorted((int(t) for t in top if n[t] >= 5), key=lambda t: (-n[t], t))
    loop = shown_together(
        table, n, enough, given=np.flatnonzero(shown).tolist(), primary=[],
        smallest=smallest_group,
    )  # fmt: skip
    assert alone is None
    assert sorted(loop or ()) == np.flatnonzero(found).tolist()


# --- the cells of a release ----------------------------------------------------------------------


def made(*, invited: int = 30, minimum: int = 10, seed: int = 1) -> Release:
    rng = np.random.default_rng(seed)
    leaves = ["A1", "A2", "A3", "B1", "B2"]
    codes = [("R", None), ("A", "R"), ("A1", "A"), ("A2", "A"), ("A3", "A")]
    codes += [("B", "R"), ("B1", "B"), ("B2", "B")]
    units = pl.DataFrame(
        [{"unit": u, "parent": p, "name": u, "headcount": 90, "valid_from": "1"} for u, p in codes]
    ).cast({"headcount": UNITS["headcount"]})
    staff = [("A1", WHO[0], 20), ("A2", WHO[0], 20), ("A2", WHO[1], invited)]
    staff += [("B1", WHO[2], 40), ("B2", WHO[2], 40)]
    return release(
        answers(leaves, rng), units,
        pl.DataFrame([{"behaviour": "X", "text": "x", "situation": "x", "units": "R"}]),
        wave="1",
        invited=pl.DataFrame(
            [{"wave": "1", "unit": u, "profession": who, "n": n} for u, who, n in staff],
            schema_overrides={"n": pl.Int32},
        ),
    )  # fmt: skip


def crossed_cells(one: Release) -> list[tuple[str, str]]:
    return [(c.unit, c.cross["profession"]) for c in one.cells if isinstance(c.cross, dict)]


def test_a_centre_where_two_professions_have_ten_invited_is_crossed() -> None:
    found = crossed_cells(made(invited=10))

    assert set(found) == {("A", WHO[0]), ("A", WHO[1])}
    assert len(found) == 2 * len(BARRIERS)


def test_a_centre_that_lists_a_profession_of_nine_is_not() -> None:
    assert crossed_cells(made(invited=9)) == []


def test_a_crossed_cell_has_its_own_number_invited_and_no_mark_or_change() -> None:
    cell = made(invited=12).cell("A", "barrier_share", "SILO", profession=WHO[1])

    assert cell is not None
    assert (cell.N, cell.marked, cell.change) == (12, None, None)


def test_a_hidden_row_says_its_profession_and_nothing_else() -> None:
    hidden = [c for c in made(seed=2).cells if isinstance(c.cross, dict) and c.status == "hidden"]

    assert hidden
    for cell in hidden:
        told = (cell.display, cell.n, cell.n_band, cell.value, cell.band, cell.clip, cell.flags)
        assert told == (None,) * 7
