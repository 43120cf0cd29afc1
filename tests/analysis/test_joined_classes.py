"""What a parent shows gives nothing back: the rule, and the attacker who walks the passes."""

import dataclasses
from itertools import product

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.audit import Leak, Published, atom_intervals, atoms, audited, passes
from analysis.disclosure import Classes, classes_of, cut_at, displayed, shown_pattern
from analysis.release.cells import Part, attacked
from analysis.release.counts import Counts, Item
from analysis.release.sayings import said

ITEMS = 3


def tables(per: int):
    return lambda n: [(classes_of(n, per), np.arange(ITEMS))]


def municipality(seed: int, per: int):
    """A random tree in preorder with people at its leaves, and counts of unlike shares."""
    rng = np.random.default_rng(seed)
    size = int(rng.integers(2, 40))
    below: dict[int, list[int]] = {}
    for i in range(1, size):
        below.setdefault(int(rng.integers(max(0, i - 4), i)), []).append(i)
    parent, is_leaf, stack = [], [], [(0, -1)]
    while stack:
        node, above = stack.pop()
        stack += [(child, len(parent)) for child in below.get(node, [])]
        parent.append(above)
        is_leaf.append(node not in below)
    own = np.where(is_leaf, rng.integers(0, 40, size), rng.integers(0, 5, size))
    share = rng.choice([0.02, 0.1, 0.5, 0.9, 0.98], size=(size, ITEMS))
    n, k = own.copy(), rng.binomial(per * own[:, None].repeat(ITEMS, 1), share)
    for u in range(size - 1, 0, -1):
        n[parent[u]] += n[u]
        k[parent[u]] += k[u]
    return np.array(parent), own, n, k


@given(st.integers(0, 10**6), st.sampled_from([1, 5]))
@settings(max_examples=150, deadline=None)
def test_no_release_lets_an_atom_be_pinned(seed: int, per: int) -> None:
    parent, own, n, k = municipality(seed, per)
    shown = shown_pattern(parent, own)

    told = displayed(parent, n, k, shown=shown, tables=tables(per), per=per)

    verdict = audited(Published(parent, n, shown, told.low, told.high, per), 5)
    assert verdict.narrow == 0


@given(st.integers(0, 10**6), st.sampled_from([1, 5]))
@settings(max_examples=80, deadline=None)
def test_the_displayed_class_holds_the_count(seed: int, per: int) -> None:
    parent, own, n, k = municipality(seed, per)
    shown = shown_pattern(parent, own)

    told = displayed(parent, n, k, shown=shown, tables=tables(per), per=per)

    assert (told.low[shown] <= k[shown]).all()
    assert (k[shown] <= told.high[shown]).all()
    assert (told.first[~shown] == -1).all()


@given(st.integers(0, 10**6), st.sampled_from([1, 5]))
@settings(max_examples=80, deadline=None)
def test_whoever_redoes_the_joining_from_the_classes_gets_the_same(seed: int, per: int) -> None:
    parent, own, n, k = municipality(seed, per)
    shown = shown_pattern(parent, own)
    told = displayed(parent, n, k, shown=shown, tables=tables(per), per=per)

    for possible in (told.low, told.high):
        again = displayed(parent, n, possible, shown=shown, tables=tables(per), per=per)

        assert (again.first == told.first).all()
        assert (again.last == told.last).all()


def test_the_steps_alone_leak_on_some_trees() -> None:
    leaks = 0
    for seed in range(40):
        parent, own, n, k = municipality(seed, 1)
        shown = shown_pattern(parent, own)
        low, high = np.zeros_like(k), np.zeros_like(k)
        for u in np.flatnonzero(shown):
            classes = classes_of(int(n[u]))
            at = classes.holding(k[u])
            low[u], high[u] = classes.low[at], classes.high[at]
        try:
            audited(Published(parent, n, shown, low, high), 5)
        except Leak:
            leaks += 1

    assert leaks > 5


def joined_by_the_rule(base: Published, tables, told, u: int, item: int) -> list[tuple[int, int]]:
    """The groups of classes of one cell, each tried in the attacker's passes over all below it."""
    above, atom = atoms(base)
    below = [v for v in range(len(above)) if above[v] == u and base.shown[v]]
    under = {u}
    for v in range(u, len(above)):
        under |= {v} if above[v] in under and base.shown[v] else set()
    [(classes, _)] = tables(int(base.n[u]))
    least = told.low[below, item].sum()
    most = told.high[below, item].sum() + base.per * atom[u]
    ends = zip(classes.low.tolist(), classes.high.tolist(), strict=True)
    possible = [
        (place, max(low, least), min(high, most))
        for place, (low, high) in enumerate(ends)
        if max(low, least) <= min(high, most)
    ]

    def passes_with(low: int, high: int) -> bool:
        tried_low, tried_high = told.low[:, [item]].copy(), told.high[:, [item]].copy()
        tried_low[u], tried_high[u] = low, high
        shown = np.array([v in under for v in range(len(above))])
        tried = dataclasses.replace(base, shown=shown, low=tried_low, high=tried_high)
        lo, hi = (ends[:, 0] for ends in atom_intervals(tried, *atoms(tried)))
        return all(
            hi[v] - lo[v] >= base.per and hi[v] > base.per and lo[v] < base.per * (atom[v] - 1)
            for v in under
            if atom[v] > 0
        )

    groups: list[tuple[int, int]] = []
    start = 0
    for at, (place, _, high) in enumerate(possible):
        if passes_with(possible[start][1], high):
            groups.append((possible[start][0], place))
            start = at + 1
    if start < len(possible):
        first = groups.pop()[0] if groups else possible[0][0]
        groups.append((first, possible[-1][0]))
    return groups


def count_by_count(per: int):
    """Bands below 14 people; from there on each count is told for itself."""

    def told(n: int):
        counts = np.arange(per * n + 1)
        alone = Classes(n, per, counts, counts, tuple(counts.tolist()))
        return [(classes_of(n, per) if n < 14 else alone, np.arange(ITEMS))]

    return told


@pytest.mark.parametrize("told_in", [tables, count_by_count])
@pytest.mark.parametrize("per", [1, 5])
@pytest.mark.parametrize("seed", range(40))
def test_the_joining_is_that_of_the_rule_tried_class_by_class(seed: int, per: int, told_in) -> None:
    rng = np.random.default_rng(seed)
    parent = np.array([-1, 0, 0, 0, 3, 3, 3][: 2 + seed % 6])
    is_leaf = ~np.isin(np.arange(len(parent)), parent)
    own = np.where(is_leaf, rng.integers(5, 14, len(parent)), rng.choice([0, 5, 9], len(parent)))
    n, k = (
        own.copy(),
        rng.binomial(
            per * own[:, None].repeat(ITEMS, 1),
            rng.choice([0, 0.03, 0.5, 0.97, 1], (len(own), ITEMS)),
        ),
    )
    for u in range(len(own) - 1, 0, -1):
        n[parent[u]] += n[u]
        k[parent[u]] += k[u]
    shown = np.ones(len(own), dtype=bool)

    told = displayed(parent, n, k, shown=shown, tables=told_in(per), per=per)

    base = Published(parent, n, shown, told.low, told.high, per)
    for u in set(parent.tolist()) - {-1}:
        for item in range(ITEMS):
            groups = joined_by_the_rule(base, told_in(per), told, u, item)
            [(classes, _)] = told_in(per)(int(n[u]))
            at = int(classes.holding(k[u, item]))
            expected = next(group for group in groups if group[0] <= at <= group[1])
            assert (told.first[u, item], told.last[u, item]) == expected


def test_each_item_is_told_in_its_own_classes() -> None:
    parent, n = np.array([-1, 0, 0]), np.array([30, 12, 11])
    k, shown = np.array([[9, 20], [2, 7], [4, 10]]), np.ones(3, dtype=bool)
    marked = lambda people: cut_at(classes_of(people), 6)  # noqa: E731
    of_item = {1: marked, 0: classes_of}

    both = displayed(
        parent, n, k, shown=shown,
        tables=lambda people: [(made(people), np.array([i])) for i, made in of_item.items()],
    )  # fmt: skip

    for item, classes in of_item.items():
        alone = displayed(
            parent, n, k[:, [item]], shown=shown,
            tables=lambda people, classes=classes: [(classes(people), np.array([0]))],
        )  # fmt: skip
        assert both.low[:, item].tolist() == alone.low[:, 0].tolist()
        assert both.high[:, item].tolist() == alone.high[:, 0].tolist()


@pytest.mark.parametrize(("k", "place"), [(0, 0), (3, 1)])
def test_a_share_is_told_where_nothing_else_is_said(k: int, place: int) -> None:
    # Ten people, five of them below of whom 0-2 said yes: "few" above leaves the rest 0-2 as well.
    # The totals of two answers would join the two classes.
    parent, n, counts = np.array([-1, 0]), np.array([10, 5]), np.array([[k], [0]])

    told = displayed(
        parent, n, counts, shown=n > 0, tables=lambda people: [(classes_of(people), np.array([0]))]
    )

    assert (told.first[0, 0], told.last[0, 0]) == (place, place)


def test_a_threshold_alone_leaves_a_small_group() -> None:
    # 30 in the centre, 27 in its one shown team: the other three are known by subtraction.
    parent, n = np.array([-1, 0, 0]), np.array([30, 27, 3])
    shown = np.array([True, True, False])

    with pytest.raises(Leak) as refused:
        audited(Published(parent, n, shown, n[:, None] * 0, n[:, None]), 5)

    assert (refused.value.rule, refused.value.size) == ("A1", 30 - 27)


@pytest.mark.parametrize(
    ("parent", "n", "size"),
    [
        ([-1, 0], [30, 29], 1),
        # Nobody is left under the second: of the groups there are, four is the smallest.
        ([-1, 0, 1, 0], [40, 20, 20, 16], 4),
        # More below than above gives no group at all: the bound that no group is under.
        ([-1, 0], [10, 12], 5),
    ],
)
def test_the_smallest_group_is_told_by_its_size(parent, n, size: int) -> None:
    people = np.array(n)

    with pytest.raises(Leak) as refused:
        audited(
            Published(np.array(parent), people, people > 0, 0 * people[:, None], people[:, None]), 5
        )

    assert (refused.value.rule, refused.value.size) == ("A1", size)


@pytest.mark.parametrize("per", [1, 5])
def test_atoms_that_two_insiders_open_are_counted(per: int) -> None:
    # Two of ten know their own: 0-2 may leave nobody of the others, 8-10 everybody; 3 and 7 do not.
    low, high = per * np.array([[0, 0, 8, 7]]), per * np.array([[2, 3, 10, 10]])
    base = Published(np.array([-1]), np.array([10]), np.array([True]), low, high, per)

    assert audited(base, 5).pairs == 2


def test_one_person_alone_is_open_to_those_who_know_that_one() -> None:
    base = Published(
        np.array([-1]), np.array([1]), np.array([True]), np.array([[0]]), np.array([[1]])
    )

    with pytest.raises(Leak) as refused:
        audited(base, 1)

    assert refused.value.rule == "A3"


def test_hidden_groups_of_one_to_four_are_counted_for_each_item() -> None:
    parent, n = np.array([-1, 0, 0, 0, 0]), np.array([40, 1, 4, 5, 0])
    shown, middle = np.arange(5) == 0, np.full((5, 3), 20)

    assert audited(Published(parent, n, shown, middle - 3, middle + 3), 5).small_cells == 2 * 3


def every_assignment(
    above: list[int], low: np.ndarray, high: np.ndarray, own: np.ndarray, side: list[int]
) -> tuple[np.ndarray, np.ndarray]:
    """All counts of the rows that fit their displays, and what each then leaves in its atoms."""
    rows = np.array(
        list(product(*(range(a, b + 1) for a, b in zip(low, high, strict=True)))), dtype=int
    ).reshape(-1, len(above))
    rest = np.stack([rows, rows])
    for u, p in enumerate(above):
        if p >= 0:
            rest[side[u], :, p] -= rows[:, u]
    is_divided = np.array([[True] * len(above), [(u, 1) in zip(above, side, strict=True)
                                                 for u in range(len(above))]])  # fmt: skip
    fits = ((rest >= 0) & (rest <= own[:, None]) | ~is_divided[:, None]).all(axis=(0, 2))
    return rows[fits], np.where(is_divided[:, None], rest[:, fits], 0)


@pytest.mark.parametrize("seed", range(60))
def test_the_passes_leave_what_some_assignment_leaves_and_nothing_else(seed: int) -> None:
    # Rows of a tree, where a row may be divided a second time: into units and into professions.
    rng = np.random.default_rng(seed)
    size = int(rng.integers(2, 6))
    above = [-1, *(int(rng.integers(0, u)) for u in range(1, size))]
    side = [0, *(int(x) for x in rng.random(size - 1) < 0.4)]
    above, side = (above, side) if seed % 2 else (above, [0] * size)
    k, own = np.zeros(size, dtype=int), np.zeros((2, size), dtype=int)
    for u in range(size - 1, -1, -1):
        parts = [sum(k[v] for v in range(size) if (above[v], side[v]) == (u, d)) for d in (0, 1)]
        k[u] = max(parts) + rng.integers(0, 4)
        own[:, u] = k[u] - np.array(parts) + rng.integers(0, 3, 2)
    low = np.maximum(0, k - rng.integers(0, 3, size))
    high = k + rng.integers(0, 3, size)
    rows, rest = every_assignment(above, low, high, own, side)

    found = passes(
        np.array(above), np.ones(size, dtype=bool), low[:, None], high[:, None], own,
        np.array(side) if seed % 2 else None,
    )  # fmt: skip

    assert found.low[:, 0].tolist() == rows.min(axis=0).tolist()
    assert found.high[:, 0].tolist() == rows.max(axis=0).tolist()
    for u in range(size):
        for d in {0, *(side[v] for v in range(size) if above[v] == u)}:
            assert found.least[d, u, 0] == rest[d, :, u].min()
            assert found.most[d, u, 0] == rest[d, :, u].max()


def test_thirteen_of_thirteen_pins_the_six_below() -> None:
    # V15: the parent of 13 shows that all 13 said yes, so the hidden 6 did.
    parent, n = np.array([-1, 0, 0]), np.array([13, 7, 6])
    shown = np.array([True, True, False])
    low, high = np.array([[13], [4], [0]]), np.array([[13], [7], [0]])

    with pytest.raises(Leak) as refused:
        audited(Published(parent, n, shown, low, high), 5)

    assert refused.value.rule == "A2"


def test_a_group_of_four_between_fourteen_and_ten_is_found() -> None:
    # V15: published 14 and 10 of them below.
    parent, n = np.array([-1, 0, 1]), np.array([14, 10, 4])
    shown = np.array([True, True, False])

    above, atom = atoms(Published(parent, n, shown, n[:, None], n[:, None]))

    assert above.tolist() == [-1, 0, 1]
    assert atom.tolist() == [14 - 10, 10, 0]


def test_the_passes_bound_a_hidden_rest() -> None:
    # Of 30 people 10-14 said yes, of 20 below 4-6 did: the other ten hold between 4 and 10.
    parent, n = np.array([-1, 0, 0]), np.array([30, 20, 10])
    base = Published(
        parent, n, np.array([True, True, False]),
        np.array([[10], [4], [0]]), np.array([[14], [6], [0]]),
    )  # fmt: skip

    low, high = atom_intervals(base, *atoms(base))

    assert (low[0, 0], high[0, 0]) == (10 - 6, 14 - 4)


def test_one_who_knows_the_own_answer_must_not_open_the_others() -> None:
    # Five people, 1 or 2 of them: a lone yes would still not know; with 0 or 1 it would.
    parent, n, shown = np.array([-1]), np.array([5]), np.array([True])

    audited(Published(parent, n, shown, np.array([[1]]), np.array([[2]])), 5)
    with pytest.raises(Leak):
        audited(Published(parent, n, shown, np.array([[0]]), np.array([[1]])), 5)


def test_a_level_must_leave_five_successes_open() -> None:
    parent, n, shown = np.array([-1]), np.array([10]), np.array([True])

    audited(Published(parent, n, shown, np.array([[20]]), np.array([[25]]), 5), 5)
    with pytest.raises(Leak):
        audited(Published(parent, n, shown, np.array([[20]]), np.array([[24]]), 5), 5)


def test_a_narrow_small_group_is_a_leak() -> None:
    # Four hidden people in an atom of twelve of whom 10 or 11 said yes: 2-4 of the four did, wide
    # enough. In an atom of nine with 7 the four hold 2-4, and the atom itself is known.
    parent, n = np.array([-1, 0]), np.array([12, 4])
    shown = np.array([True, False])

    fine = audited(Published(parent, n, shown, np.array([[9], [0]]), np.array([[10], [0]])), 5)
    with pytest.raises(Leak):
        audited(Published(parent, n, shown, np.array([[9], [0]]), np.array([[9], [0]])), 5)

    assert fine.small_cells == 1


def test_a_small_group_that_is_the_whole_atom_needs_its_width() -> None:
    # Never in a release, whose atoms are five or more: three hidden people with one or two.
    parent, n = np.array([-1, 0]), np.array([3, 3])
    base = Published(parent, n, np.array([True, False]), np.array([[1], [0]]), np.array([[2], [0]]))

    with pytest.raises(Leak) as refused:
        audited(base, 3)

    assert refused.value.rule == "A2"


@pytest.mark.parametrize("ends", [(0, 1), (4, 5)])
def test_the_rule_that_is_broken_is_named(ends: tuple[int, int]) -> None:
    parent, n, shown = np.array([-1]), np.array([5]), np.array([True])
    low, high = (np.array([[end]]) for end in ends)

    with pytest.raises(Leak) as refused:
        audited(Published(parent, n, shown, low, high), 5)

    assert (refused.value.rule, refused.value.size, refused.value.units) == ("A3", None, ())
    assert str(refused.value) == "the release breaks A3"
    assert Leak("A1", 3, ("C",)).units == ("C",)


def test_a_joining_nobody_could_redo_is_a_leak() -> None:
    parent, n = np.array([-1, 0, 0]), np.array([40, 20, 20])
    shown = np.ones(3, dtype=bool)
    counts = Counts("S", np.arange(3), parent, n, np.array([[12], [6], [6]]))
    item = Item("resolver_share", "unit", "S", pl.lit(1))
    one = lambda people: [(classes_of(people), np.array([0]))]  # noqa: E731
    told = displayed(parent, n, counts.k, shown=shown, tables=one)
    wider = dataclasses.replace(told, last=told.last + 1)

    attacked([Part(counts, [item], shown, one, told).target], 5)
    with pytest.raises(Leak):
        attacked([Part(counts, [item], shown, one, wider).target], 5)


def test_all_classes_joined_say_nothing() -> None:
    item = Item("resolver_share", "unit", "S", pl.lit(1))

    per_cent, band = (said(item, classes_of(n), 0, len(classes_of(n).names) - 1) for n in (20, 8))

    assert (per_cent.display, per_cent.n, per_cent.value, per_cent.clip) == ("open", 20, None, None)
    assert (band.display, band.n_band, band.band) == ("open", "8-19", None)


def test_joined_bands_are_said_from_first_to_last() -> None:
    item = Item("resolver_share", "unit", "S", pl.lit(1))

    cell = said(item, classes_of(12), 1, 2)

    assert (cell.band, cell.band_to) == ("some", "nearly_all")


# --- a level whose two parts are its whole -------------------------------------------------------

# Of 40 people in parts of 20, both told 45-54 of 100 successes: together 90-108 of 200. Alone the
# parent's classes would leave 90-94 or 105-108, and a person in a part at most that much of five.
WHOLE_OF_PARTS = {
    "at the low end": ([-1, 0, 0], [40, 20, 20], [91, 45, 46]),
    "at the high end": ([-1, 0, 0], [40, 20, 20], [107, 54, 53]),
    "over a part of a part, low": ([-1, 0, 1, 0], [40, 20, 20, 20], [91, 45, 45, 46]),
    "over a part of a part, high": ([-1, 0, 1, 0], [40, 20, 20, 20], [107, 54, 54, 53]),
}


@pytest.mark.parametrize(("parent", "n", "k"), WHOLE_OF_PARTS.values(), ids=WHOLE_OF_PARTS)
def test_a_level_that_would_leave_its_parts_less_than_five_wide_is_joined(
    parent: list[int], n: list[int], k: list[int]
) -> None:
    told = displayed(
        np.array(parent), np.array(n), np.array(k)[:, None], shown=np.ones(len(n), dtype=bool),
        tables=lambda people: [(classes_of(people, 5), np.array([0]))], per=5,
    )  # fmt: skip

    assert (told.low[0, 0], told.high[0, 0]) == (45 + 45, 54 + 54)
    assert all(
        (low, high) == (45, 54) for low, high in zip(told.low[1:], told.high[1:], strict=True)
    )
