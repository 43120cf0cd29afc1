"""The classes a count is told in, checked for every n and k that a band or a step can hold."""

import numpy as np
import pytest

from analysis.disclosure import (
    classes_of,
    cut_at,
    group_band,
    insider_safe,
    marks_of,
    safe_cut,
    step_and_ends,
)


@pytest.mark.parametrize(
    ("n", "step_least_most"),
    [(20, (10, 10, 90)), (39, (10, 10, 90)), (40, (5, 5, 95)), (149, (5, 5, 95)),
     (150, (2, 4, 96)), (299, (2, 4, 96)), (300, (1, 4, 96)), (40_000, (1, 4, 96))],
)  # fmt: skip
def test_the_step_follows_the_number_of_people(n: int, step_least_most: tuple[int, ...]) -> None:
    assert step_and_ends(n) == step_least_most


@pytest.mark.parametrize(
    ("n", "ends"),
    [
        (5, [(0, 2), (3, 5)]),
        (7, [(0, 3), (4, 7)]),
        (8, [(0, 2), (3, 5), (6, 8)]),
        (12, [(0, 3), (4, 8), (9, 12)]),
        (19, [(0, 4), (5, 14), (15, 19)]),
    ],
)
def test_bands_of_few_people(n: int, ends: list[tuple[int, int]]) -> None:
    bands = classes_of(n)

    assert list(zip(bands.low.tolist(), bands.high.tolist(), strict=True)) == ends


def test_bands_have_names_and_know_their_people() -> None:
    two, three = classes_of(7), classes_of(19, 5)

    assert (two.n, two.per, two.bands) == (7, 1, ("half_or_less", "over_half"))
    assert (three.n, three.per, three.bands) == (19, 5, ("few", "some", "nearly_all"))
    assert (two.per_cents, classes_of(20).bands) == ((), ())
    assert [classes_of(n).is_band for n in (19, 20)] == [True, False]


def test_a_cut_gives_both_parts_the_name_of_their_band() -> None:
    parts = cut_at(classes_of(12), 6)

    assert (parts.n, parts.per) == (12, 1)
    assert parts.bands == ("few", "some", "some", "nearly_all")
    assert (parts.low.tolist(), parts.high.tolist()) == ([0, 4, 6, 9], [3, 5, 8, 12])


@pytest.mark.parametrize(
    ("n", "ends"), [(5, [(0, 12), (13, 25)]), (12, [(0, 15), (16, 44), (45, 60)])]
)
def test_bands_of_a_level_stand_for_totals_of_successes(
    n: int, ends: list[tuple[int, int]]
) -> None:
    bands = classes_of(n, 5)

    assert list(zip(bands.low.tolist(), bands.high.tolist(), strict=True)) == ends


@pytest.mark.parametrize(
    ("n", "per"), [(n, 1) for n in range(5, 200)] + [(n, 5) for n in range(5, 20)]
)
def test_nobody_who_subtracts_the_own_answer_learns_that_the_others_agree(n: int, per: int) -> None:
    classes = classes_of(n, per)

    for low, high in zip(classes.low.tolist(), classes.high.tolist(), strict=True):
        for own in range(per + 1):
            others = [t - own for t in range(low, high + 1) if 0 <= t - own <= per * (n - 1)]
            assert set(others) != {0}
            assert set(others) != {per * (n - 1)}


@pytest.mark.parametrize("n", [20, 25, 39, 40, 77, 149, 150, 299, 300, 1234])
@pytest.mark.parametrize("per", [1, 5])
def test_classes_hold_every_count_once_and_the_value_is_the_nearest_step(n: int, per: int) -> None:
    classes = classes_of(n, per)
    step, least, most = step_and_ends(n)
    k = np.arange(per * n + 1)

    at = classes.holding(k)

    value = np.array(classes.per_cents)[at]
    inner = (value > least) & (value < most)
    assert (classes.low[at] <= k).all()
    assert (k <= classes.high[at]).all()
    assert (np.abs(value - 100 * k / (per * n))[inner] <= step / 2).all()
    assert classes.high[0] >= 2
    assert classes.low[-1] <= per * n - 2


@pytest.mark.parametrize(("n", "told"), [(5, "5-7"), (7, "5-7"), (8, "8-19"), (19, "8-19"),
                                         (20, "20-24"), (44, "40-44"), (45, "45-49")])  # fmt: skip
def test_people_are_told_in_bands(n: int, told: str) -> None:
    assert group_band(n) == told


def test_the_situation_is_told_of_in_tens() -> None:
    assert group_band(84, 10) == "80-89"


def test_a_cut_that_would_pin_a_count_is_raised() -> None:
    # Of 12 people "some" is 4-8: a cut at 5 leaves 4 alone.
    assert safe_cut(12, 5) == 6
    assert safe_cut(12, 4) == 4


def test_there_is_no_cut_above_everybody() -> None:
    assert safe_cut(12, 12) == 13


@pytest.mark.parametrize("n", range(8, 20))
def test_every_cut_leaves_parts_that_an_insider_cannot_open(n: int) -> None:
    for first in range(1, n + 1):
        parts = cut_at(classes_of(n), safe_cut(n, first))

        for low, high in zip(parts.low.tolist(), parts.high.tolist(), strict=True):
            assert high - low >= 1
            assert insider_safe(low, high, n)


def test_a_band_of_nought_and_one_is_not_safe() -> None:
    assert not insider_safe(0, 1, 12)
    assert not insider_safe(11, 12, 12)
    assert insider_safe(0, 2, 12)


def _marks(n: list[int], k: list[int], shown: list[bool] | None = None):
    counts = np.array(k).reshape(-1, 1)
    return marks_of(
        np.array(n), counts, shown=np.array(shown or [True] * len(n)),
        is_leaf=np.array([False, *[True] * (len(n) - 1)]), barriers=["SILO"], q=0.03,
    )  # fmt: skip


def test_the_reference_pools_the_ordinary_units() -> None:
    # Shares .1 .1 .1 .9: the 85 % quantile keeps the first three.
    marks = _marks([80, 20, 20, 20, 20], [24, 2, 2, 2, 18])

    assert marks.reference[0] == pytest.approx((2 + 2 + 2) / 60)


def test_units_under_five_set_no_reference() -> None:
    marks = _marks([8, 4, 4], [8, 4, 4])

    assert marks.reference[0] == 0


def test_equal_units_are_not_marked() -> None:
    marks = _marks([200, 50, 50, 50, 50], [40, 10, 10, 10, 10])

    assert marks.p_cut == -1
    assert marks.cut(12, 0) == 13


def test_a_unit_that_stands_out_is_marked_by_its_class() -> None:
    n, k = [200, 50, 50, 50, 50], [45, 5, 5, 5, 30]
    marks = _marks(n, k)
    [(classes, items)] = marks.tables(50)

    marked = marks.marked(classes, items, classes.holding(np.array([[5], [30]])))

    assert marked.tolist() == [[False], [True]]


def test_few_people_are_marked_from_the_cut_on() -> None:
    marks = _marks([62, 50, 12, 50, 50], [25, 4, 10, 4, 4])
    cut = marks.cut(12, 0)
    [(classes, items)] = marks.tables(12)

    marked = marks.marked(classes, items, classes.holding(np.array([[cut - 1], [cut]])))

    assert cut == 6
    assert marked.tolist() == [[False], [True]]


def test_five_to_seven_people_are_never_marked() -> None:
    marks = _marks([62, 50, 6, 50, 50], [25, 4, 6, 4, 4])
    [(classes, items)] = marks.tables(6)

    assert not marks.marked(classes, items, np.array([[1]])).any()
