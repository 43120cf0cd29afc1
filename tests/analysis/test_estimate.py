"""The estimators against the worked examples they are taken from, and against other programs."""

import numpy as np
import polars as pl
import pytest
from scipy.stats import binomtest, ttest_ind

from analysis.change import Levels, Shares, newcombe, welch
from analysis.estimate import (
    benjamini_hochberg,
    level_interval,
    outwards,
    share_ends,
    told_spread,
    wilson_low,
)


def floats(*values: float) -> np.ndarray:
    return np.array(values, dtype=float)


def wilson(k: int, n: int) -> tuple[float, float]:
    ends = pl.DataFrame({"k": [k], "n": [n]}).select(
        low=wilson_low(pl.col("k"), pl.col("n")),
        high=1 - wilson_low(pl.col("n") - pl.col("k"), pl.col("n")),
    )
    return ends.row(0)


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (37, 43, 0.7274, 0.9344),
        (5, 5, 0.5655, 1),
        (7, 12, 0.3195, 0.8067),
    ],
)
def test_wilson_as_newcombe_prints_it(k: int, n: int, low: float, high: float) -> None:  # V1
    assert wilson(k, n) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(("k", "n"), [(0, 7), (3, 9), (44, 96), (999, 1000)])
def test_wilson_as_scipy_has_it(k: int, n: int) -> None:
    expected = binomtest(k, n).proportion_ci(method="wilson")

    assert wilson(k, n) == pytest.approx((expected.low, expected.high), abs=1e-6)


def test_nobody_asked_is_not_nobody_hindered() -> None:
    assert wilson(0, 0) == (None, None)


def test_ends_come_from_the_displayed_value_and_go_outwards() -> None:
    # 40 % of 44: .27 to .55, in fives 25 to 55. Joined 20-30 of 25: 1 to 50 in tens.
    low, high = share_ends(floats(40, 20, 30), floats(44, 25, 25), floats(5, 10, 10))

    assert (low[0], high[0]) == (25, 55)
    assert (low[1], high[2]) == (1, 50)


def test_ends_on_a_step_stay_there() -> None:
    low, high = outwards(floats(25, 24.999), floats(55, 55.001), 5)

    assert low.tolist() == [25, 20]
    assert high.tolist() == [55, 60]


def test_a_level_of_twenty_people() -> None:
    successes = np.array([0, 1, 2, 2, 3, 3, 4, 5, 5, 5] * 2)
    spread = told_spread(floats(20 * successes.std(ddof=1)))[0]

    assert 20 * successes.mean() == 60
    assert 20 * successes.std(ddof=1) == pytest.approx(34.3358, abs=1e-4)
    assert spread == 35
    assert level_interval(60, 60, 20, spread=spread, step=10) == (40, 80)


def test_a_level_without_spread_still_has_an_interval() -> None:
    assert told_spread(floats(0, 5, 5.01)).tolist() == [5, 5, 10]


def test_ends_of_a_level_stay_between_1_and_99() -> None:
    assert level_interval(10, 90, 20, spread=55, step=10) == (1, 99)


def test_differences_as_newcombe_prints_them() -> None:  # V2
    found = newcombe(
        Shares(floats(48 / 80, 24 / 50, 18 / 44), floats(80, 50, 44)),
        Shares(floats(56 / 70, 7 / 50, 6 / 44), floats(70, 50, 44)),
    )

    assert found.low == pytest.approx([0.0524, -0.4922, -0.4364], abs=5e-5)
    assert found.high == pytest.approx([0.3339, -0.1603, -0.0868], abs=5e-5)
    assert found.p == pytest.approx([0.008133, 0.000238585, 0.00426610], rel=1e-4)


def test_no_difference_has_p_1() -> None:
    found = newcombe(Shares(floats(0.4), floats(50)), Shares(floats(0.4), floats(80)))

    assert found.d[0] == 0
    assert found.p[0] == pytest.approx(1)


def test_levels_as_welch_has_them() -> None:
    rng = np.random.default_rng(3)
    before, now = rng.normal(45, 35, 40), rng.normal(60, 20, 25)
    expected = ttest_ind(now, before, equal_var=False)

    found = welch(
        *(Levels(floats(x.mean()), floats(x.std(ddof=1)), floats(len(x))) for x in (before, now))
    )

    interval = expected.confidence_interval(0.95)
    assert found.p[0] == pytest.approx(expected.pvalue)
    assert (found.low[0], found.high[0]) == pytest.approx((interval.low, interval.high))


BH = floats(.0001, .0004, .0019, .0095, .0201, .0278, .0298, .0344, .0459, .3240, .4262, .5719,
            .6528, .7590, 1)  # fmt: skip


def test_four_of_fifteen_are_rejected_as_benjamini_and_hochberg_do() -> None:  # V12
    limit = benjamini_hochberg(BH, 0.05)

    assert (limit >= BH).sum() == 4
    assert limit == pytest.approx(0.05 * 4 / 15)


def test_without_tests_nothing_is_rejected() -> None:
    assert benjamini_hochberg(floats(), 0.05) == -1
    assert benjamini_hochberg(floats(0.9, 0.8), 0.05) == -1
