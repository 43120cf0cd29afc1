"""Marks said once more, cell by cell in plain Python, with the binomial tail of scipy.stats."""

import numpy as np
import pytest
from scipy.stats import binom

from analysis.disclosure import Marks, classes_of, marks_of

BARRIERS = ("TID", "SILO", "REGL")
LEAST = (35, 25, 25)  # per cent that the displayed value must reach


def tail(k: int, n: int, p: float) -> float:
    return float(binom.sf(k - 1, n, p))


def bands(n: int) -> list[range]:
    few = max(2, n // 4)
    return [range(few + 1), range(few + 1, n - few), range(n - few, n + 1)]


def survives(n: int, cut: int) -> bool:
    """Whether each part of a band split at the cut holds no count or two, and no insider opens it:
    the count of the others is never known to be nobody or everybody."""
    parts = [[k for k in band if (k >= cut) is over] for band in bands(n) for over in (False, True)]
    return all(
        len(part) > 1 and any(k - own > 0 for k in part) and any(k - own < n - 1 for k in part)
        for part in parts
        if part
        for own in (0, 1)
    )


def first_that_marks(n: int, p: float, p_cut: float, least: int) -> int:
    """The lowest count whose tail is small in a band whose middle is high enough, else n + 1."""
    for k in range(n + 1):
        band = next(band for band in bands(n) if k in band)
        if tail(k, n, p) <= p_cut and 100 * ((band[0] + band[-1]) // 2) >= least * n:
            return k
    return n + 1


@pytest.mark.parametrize("n", range(8, 20))
@pytest.mark.parametrize("p_cut", [1e-9, 0.0001, 0.003, 0.01, 0.05, 0.2])
def test_the_cut_is_the_first_count_that_marks_raised_until_every_part_survives(
    n: int, p_cut: float
) -> None:
    for p in (0.01, 0.07, 0.2, 0.3, 0.45):
        marks = Marks(np.array([p] * 3), np.array(LEAST), p_cut)
        for item, least in enumerate(LEAST):
            first = first_that_marks(n, p, p_cut, least)

            cut = next((c for c in range(first, n + 1) if survives(n, c)), n + 1)

            assert marks.cut(n, item) == cut


def test_the_cut_of_twelve_people_is_raised_from_five_to_six() -> None:
    marks = Marks(np.array([0.07]), np.array([25]), tail(5, 12, 0.07))

    assert first_that_marks(12, 0.07, tail(5, 12, 0.07), 25) == 5
    assert marks.cut(12, 0) == 6


@pytest.mark.parametrize("n", [8, 9, 12, 19, 20, 21, 39, 40, 63, 150, 301])
def test_a_cell_is_marked_by_the_lowest_count_or_the_middle_of_its_displayed_class(n: int) -> None:
    reference = np.array([0.3, 0.07, 0.22])
    marks = Marks(reference, np.array(LEAST), 0.01)
    covered: list[int] = []

    for classes, items in marks.tables(n):
        places = np.arange(len(classes.names))
        marked = marks.marked(classes, items, places[:, None].repeat(len(items), 1))

        covered += items.tolist()
        for at, column in np.ndindex(marked.shape):
            item, low, high = items[column], int(classes.low[at]), int(classes.high[at])
            stands_out = tail((low + high) // 2, n, reference[item]) <= 0.01
            expected = low >= marks.cut(n, int(item)) if n < 20 else (
                stands_out and classes.names[at] >= LEAST[item]
            )  # fmt: skip
            assert marked[at, column] == expected
    assert sorted(covered) == [0, 1, 2]
    assert len(marks.tables(n)) == 1 or n < 20


@pytest.mark.parametrize(("least", "marked"), [(60, True), (61, False)])
def test_a_value_of_just_the_least_per_cent_is_marked(least: int, marked: bool) -> None:
    # A tail of just the p that still rejects counts too: of certain answers it is 1.
    marks = Marks(np.array([1.0]), np.array([least]), 1.0)
    classes = classes_of(20)

    is_marked = marks.marked(classes, np.array([0]), np.array([[classes.names.index(60)]]))

    assert is_marked.tolist() == [[marked]]


@pytest.mark.parametrize(
    ("n", "least", "cut"),
    [(12, 50, 4), (12, 51, 9), (13, 46, 4), (13, 47, 10), (15, 46, 4), (15, 47, 12)],
)
def test_a_band_counts_with_its_middle(n: int, least: int, cut: int) -> None:
    # Of 12 people "some" is 4-8: six of twelve are 50 per cent; "nearly all" is 9-12. Of 13 it is
    # 4-9 with the middle 6, of 15 4-11 with 7.
    assert Marks(np.array([1.0]), np.array([least]), 1.0).cut(n, 0) == cut


def test_twenty_people_are_tested_by_the_middle_of_their_class() -> None:
    # 30 per cent of 20 are 5 or 6: six would be rejected at .1/4, five are not.
    n, k = np.array([320, 100, 100, 100, 20]), np.array([[36], [10], [10], [10], [6]])
    assert tail(6, 20, 0.1) < 0.1 / 4 < tail(5, 20, 0.1)

    marks = marks_of(n, k, shown=n > 0, is_leaf=n < 320, barriers=["SILO"], q=0.1)

    assert marks.reference.tolist() == [30 / 300]
    assert marks.p_cut == -1


def test_each_barrier_has_the_table_of_its_own_cut() -> None:
    marks = Marks(np.array([0.07, 0.4]), np.array([25, 25]), 0.005)

    tables = [(classes.low.tolist(), items.tolist()) for classes, items in marks.tables(12)]

    assert tables == [([0, 4, 6, 9], [0]), ([0, 4, 9], [1])]


def drawn(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """A root, two centres and their teams: people, counts, shown and leaves; some stand out."""
    rng = np.random.default_rng(seed)
    teams = np.array([5, 6, 7, 8, 8, 12, 19, 20, 20, 33, 41, 60, 4, 200, 25])
    share = np.where(rng.random((15, 3)) < 0.2, 0.7, rng.choice([0.05, 0.1, 0.2], 3))
    counts = rng.binomial(teams[:, None], share)
    n = np.array([teams.sum(), teams[:7].sum(), teams[7:].sum(), *teams])
    k = np.vstack([counts.sum(0), counts[:7].sum(0), counts[7:].sum(0), counts])
    shown = (n >= 5) & (rng.random(18) < 0.9)
    return n, k, shown, np.arange(18) > 2


@pytest.mark.parametrize("seed", range(12))
def test_the_tests_of_a_wave_are_those_of_every_shown_unit_but_the_root(seed: int) -> None:
    n, k, shown, is_leaf = drawn(seed)

    marks = marks_of(n, k, shown=shown, is_leaf=is_leaf, barriers=BARRIERS, q=0.03)

    leaves = [u for u in range(len(n)) if is_leaf[u] and n[u] >= 5]
    p = []
    for item in range(3):
        most = np.quantile([k[u, item] / n[u] for u in leaves], 0.85)
        ordinary = [u for u in leaves if k[u, item] / n[u] <= most]
        reference = sum(k[u, item] for u in ordinary) / sum(n[u] for u in ordinary)
        assert marks.reference[item] == pytest.approx(reference, rel=1e-12)
        p += [
            tail(count_tested(int(n[u]), int(k[u, item])), int(n[u]), reference)
            for u in range(1, len(n))
            if shown[u] and n[u] >= 8
        ]
    rejected = [i for i, one in enumerate(sorted(p), 1) if one <= 0.03 * i / len(p)]
    assert rejected
    assert marks.p_cut == pytest.approx(0.03 * rejected[-1] / len(p), rel=1e-12)
    assert marks.least.tolist() == list(LEAST)


def count_tested(n: int, k: int) -> int:
    """From 20 people the middle of the class stands for the count."""
    if n < 20:
        return k
    classes = classes_of(n)
    low, high = next(
        ends for ends in zip(classes.low, classes.high, strict=True) if ends[0] <= k <= ends[1]
    )
    return int(low + high) // 2


def test_units_alike_are_all_ordinary_and_those_of_five_count() -> None:
    n, k = np.array([23, 5, 9, 9]), np.array([[6], [5], [0], [0]])

    one = marks_of(n, k, shown=n > 0, is_leaf=n < 20, barriers=["TID"], q=0.03)
    alike = marks_of(n, n[:, None], shown=n > 0, is_leaf=n < 20, barriers=["TID"], q=0.03)

    # Shares 1, 0, 0: the 85 % quantile is 0.7.
    assert one.reference.tolist() == [0 / 18]
    assert alike.reference.tolist() == [1.0]
