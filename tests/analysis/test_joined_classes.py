"""What a parent shows gives nothing back: the rule, and the attacker who walks the passes."""

import dataclasses

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.audit import Leak, Published, atom_intervals, atoms, audited
from analysis.disclosure import classes_of, displayed, shown_pattern
from analysis.release.cells import Part, _attack
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


def test_a_threshold_alone_leaves_a_small_group() -> None:
    # 30 in the centre, 27 in its one shown team: the other three are known by subtraction.
    parent, n = np.array([-1, 0, 0]), np.array([30, 27, 3])
    shown = np.array([True, True, False])

    with pytest.raises(Leak) as refused:
        audited(Published(parent, n, shown, n[:, None] * 0, n[:, None]), 5)

    assert refused.value.rule == "A1"


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
    parent, n = np.array([-1, 0]), np.array([14, 10])

    _, atom = atoms(Published(parent, n, np.array([True, True]), n[:, None], n[:, None]))

    assert atom.tolist() == [14 - 10, 10]


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

    with pytest.raises(Leak):
        audited(base, 3)


@pytest.mark.parametrize("ends", [(0, 1), (4, 5)])
def test_the_rule_that_is_broken_is_named(ends: tuple[int, int]) -> None:
    parent, n, shown = np.array([-1]), np.array([5]), np.array([True])
    low, high = (np.array([[end]]) for end in ends)

    with pytest.raises(Leak) as refused:
        audited(Published(parent, n, shown, low, high), 5)

    assert refused.value.rule == "A3"
    assert str(refused.value) == "the release breaks A3"


def test_a_joining_nobody_could_redo_is_a_leak() -> None:
    parent, n = np.array([-1, 0, 0]), np.array([40, 20, 20])
    shown = np.ones(3, dtype=bool)
    counts = Counts("S", np.arange(3), parent, n, np.array([[12], [6], [6]]))
    item = Item("resolver_share", "unit", "S", pl.lit(1))
    one = lambda people: [(classes_of(people), np.array([0]))]  # noqa: E731
    told = displayed(parent, n, counts.k, shown=shown, tables=one)
    wider = dataclasses.replace(told, last=told.last + 1)

    _attack(Part(counts, [item], shown, one, told), 5)
    with pytest.raises(Leak):
        _attack(Part(counts, [item], shown, one, wider), 5)


def test_all_classes_joined_say_nothing() -> None:
    item = Item("resolver_share", "unit", "S", pl.lit(1))

    per_cent, band = (said(item, classes_of(n), 0, len(classes_of(n).names) - 1) for n in (20, 8))

    assert (per_cent.display, per_cent.n, per_cent.value, per_cent.clip) == ("open", 20, None, None)
    assert (band.display, band.n_band, band.band) == ("open", "8-19", None)


def test_joined_bands_are_said_from_first_to_last() -> None:
    item = Item("resolver_share", "unit", "S", pl.lit(1))

    cell = said(item, classes_of(12), 1, 2)

    assert (cell.band, cell.band_to) == ("some", "nearly_all")
