"""The tree pattern: safe for every tree, never dearer than it must be, and the same for all."""

from itertools import combinations
from math import log1p

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.disclosure import MIN_GROUP, Node, shown_pattern, shown_units


@st.composite
def trees(draw: st.DrawFn, most: int = 12) -> Node:
    size = draw(st.integers(1, most))
    parents = [draw(st.integers(0, i - 1)) for i in range(1, size)]
    people = [draw(st.integers(0, 12)) for _ in range(size)]

    def node(i: int) -> Node:
        return Node(f"u{i}", people[i], tuple(node(j + 1) for j, p in enumerate(parents) if p == i))

    return node(0)


def nodes(tree: Node) -> list[Node]:
    return [tree, *(below for child in tree.below for below in nodes(child))]


def remainders(tree: Node, shown: frozenset[str]) -> list[int]:
    """What a reader of all shown numbers is left with: each shown unit less the shown below it."""

    def shown_below(node: Node) -> int:
        return sum(child.n if child.unit in shown else shown_below(child) for child in node.below)

    return [node.n - shown_below(node) for node in nodes(tree) if node.unit in shown]


def is_safe(tree: Node, shown: frozenset[str]) -> bool:
    big = all(node.n >= MIN_GROUP for node in nodes(tree) if node.unit in shown)
    return big and all(n == 0 or n >= MIN_GROUP for n in remainders(tree, shown))


def price(tree: Node, shown: frozenset[str]) -> int:
    """The price of the hidden: what can never be shown costs the same in every plan."""
    return sum(
        round(1000 * log1p(node.n))
        for node in nodes(tree)
        if node.unit not in shown and node.n >= MIN_GROUP
    )


@given(trees())
@settings(deadline=None)
def test_what_is_hidden_cannot_be_found_by_subtraction(tree: Node) -> None:
    left_over = remainders(tree, shown_units(tree))

    assert all(people == 0 or people >= MIN_GROUP for people in left_over)


@given(trees(most=8))
@settings(max_examples=60, deadline=None)
def test_no_cheaper_set_is_safe(tree: Node) -> None:
    shown = shown_units(tree)
    units = [node.unit for node in nodes(tree)]
    every = (frozenset(c) for size in range(len(units) + 1) for c in combinations(units, size))

    cheapest = min(price(tree, some) for some in every if is_safe(tree, some))

    assert is_safe(tree, shown)
    assert price(tree, shown) == cheapest


@given(trees(), st.randoms(use_true_random=False))
@settings(deadline=None)
def test_the_order_of_siblings_changes_nothing(tree: Node, random) -> None:
    def shuffled(node: Node) -> Node:
        below = [shuffled(child) for child in node.below]
        random.shuffle(below)
        return Node(node.unit, node.own, tuple(below))

    assert shown_units(shuffled(tree)) == shown_units(tree)


def test_a_unit_shown_last_wave_is_kept_before_its_equal() -> None:
    parent, own = np.array([-1, 0, 0, 0]), np.array([0, 8, 8, 3])

    first = shown_pattern(parent, own, before=np.array([False, True, False, False]))
    second = shown_pattern(parent, own, before=np.array([False, False, True, False]))

    assert first.tolist() == [True, True, False, False]
    assert second.tolist() == [True, False, True, False]


def test_a_unit_shown_last_wave_is_half_as_much_again_dearer() -> None:
    # 1.5 log(1 + 8) = log(1 + 26): of two equal prices the last in the order is shown.
    parent = np.array([-1, 0, 0, 0])

    for small_first in (True, False):
        own = np.array([0, 8, 26, 3] if small_first else [0, 26, 8, 3])

        shown = shown_pattern(parent, own, before=own == 8)

        assert shown.tolist() == [True, False, True, False]


def test_at_the_same_price_the_departments_are_shown_before_the_teams() -> None:
    # Two departments with 3 + 8 + 15 people. Each hides its team of 8, shown last wave; or both
    # departments are hidden, six people are left to the root, and log(1 + 26) is paid as well.
    parent = np.array([-1, 0, 1, 1, 1, 0, 5, 5, 5])
    own = np.array([0, 0, 3, 8, 15, 0, 3, 8, 15])
    before = np.isin(own, [8, 15])

    shown = shown_pattern(parent, own, before=before)

    assert np.flatnonzero(shown).tolist() == [0, 1, 4, 5, 8]


def test_a_candidate_of_just_the_minimum_is_shown() -> None:
    shown = shown_pattern(np.array([-1, 0]), np.array([5, 5]), candidate=np.array([True, True]))

    assert shown.all()


def test_of_two_equal_teams_the_last_by_code_is_shown() -> None:
    teams = (Node("b", 8), Node("c", 3), Node("a", 8))

    assert shown_units(Node("centre", 0, teams)) == {"centre", "b"}


def test_the_last_by_code_is_shown_where_it_is_the_last_of_all() -> None:
    teams = (Node("a", 8), Node("b", 3), Node("c", 8))

    assert shown_units(Node("centre", 0, teams)) == {"centre", "c"}


def test_trees_side_by_side_are_shown_as_each_is_alone() -> None:
    # The second hides its root (12 people) rather than the team of 9 that was shown last wave.
    parent = np.array([-1, 0, -1, 2, -1, 4, 4, 4])
    own = np.array([0, 9, 3, 9, 0, 8, 8, 3])

    shown = shown_pattern(parent, own, before=np.arange(8) == 3)

    assert np.flatnonzero(shown).tolist() == [0, 1, 3, 4, 6]


def test_a_higher_minimum_hides_more_of_the_named_units() -> None:
    tree = Node("centre", 10, (Node("nord", 9),))

    assert shown_units(tree) == {"centre", "nord"}
    assert shown_units(tree, 10) == {"centre"}


def test_only_a_candidate_is_shown() -> None:
    shown = shown_pattern(
        np.array([-1, 0, 0]), np.array([0, 9, 9]), candidate=np.array([False, True, True])
    )

    assert shown.tolist() == [False, True, True]


def test_a_higher_minimum_hides_more() -> None:
    parent, own = np.array([-1, 0, 0, 0]), np.array([0, 9, 12, 14])

    assert shown_pattern(parent, own, minimum=10).tolist() == [True, False, False, True]


@pytest.mark.parametrize("seed", range(3))
def test_a_thousand_units_leave_no_small_group(seed: int) -> None:
    rng = np.random.default_rng(seed)
    parent = np.array([-1, *(max(0, i - int(rng.integers(1, 9))) for i in range(1, 1000))])
    own = rng.integers(0, 9, 1000)
    n = own.copy()
    for u in range(999, 0, -1):
        n[parent[u]] += n[u]

    shown = shown_pattern(parent, own)

    left = np.where(shown, n, 0)
    for u in np.flatnonzero(shown):
        p = parent[u]
        while p >= 0 and not shown[p]:
            p = parent[p]
        if p >= 0:
            left[p] -= n[u]
    assert all(people == 0 or people >= MIN_GROUP for people in left[shown])
