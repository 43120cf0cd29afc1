"""The estimators against the worked examples they are taken from, and against other programs."""

import numpy as np
import polars as pl
import pytest
import svy
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, ttest_ind
from statsmodels.stats.proportion import proportion_confint

from analysis.change import Levels, Shares, newcombe, welch
from analysis.estimate import (
    benjamini_hochberg,
    finite_low,
    level_interval,
    outwards,
    response_bounds,
    share_ends,
    stratified_mean,
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


@pytest.mark.parametrize(("k", "n"), [(0, 7), (3, 9), (44, 96), (999, 1000)])
def test_wilson_as_statsmodels_has_it(k: int, n: int) -> None:
    assert wilson(k, n) == pytest.approx(proportion_confint(k, n, method="wilson"), abs=1e-6)


# --- a whole unit, not a sample of many --------------------------------------------------------


def finite(k: int, n: int, unit: int) -> tuple[float, float]:
    yes, all_, of = pl.col("k"), pl.col("n"), pl.col("N")
    ends = pl.DataFrame({"k": [k], "n": [n], "N": [unit]}).select(
        low=finite_low(yes, all_, of), high=1 - finite_low(all_ - yes, all_, of)
    )
    return ends.row(0)


def test_seven_of_twelve_of_a_unit_of_fifteen() -> None:  # V1
    assert finite(7, 12, 15) == pytest.approx((0.453, 0.703), abs=5e-4)


def test_twelve_of_fifteen_are_worth_fifty_six() -> None:
    # n(N - 1)/(N - n) = 12·14/3 = 56, and 7/12 of 56 is no whole number of people.
    p = np.array([7 / 12])
    ends = [binomtest(k, 56).proportion_ci(method="wilson") for k in (32, 33)]

    low, high = finite(7, 12, 15)

    assert p[0] * 56 == pytest.approx(32 + 2 / 3)
    assert ends[0].low < low < ends[1].low
    assert ends[0].high < high < ends[1].high


@pytest.mark.parametrize(("n", "unit"), [(12, 12), (12, 11), (1, 1)])
def test_where_all_answered_the_share_is_the_answer(n: int, unit: int) -> None:
    assert finite(1, n, unit) == pytest.approx((1 / n, 1 / n))


def test_of_a_very_large_unit_the_interval_is_the_usual_one() -> None:
    assert finite(7, 12, 10_000_000) == pytest.approx(wilson(7, 12), abs=1e-5)
    assert finite(0, 0, 5) == (None, None)


STRATA = {"a": (15, [2.8, 4.1, 6.8, 6.8, 9.2]), "b": (12, [3.7, 6.6, 4.2])}


def strata(values: dict[str, tuple[int, list[float]]]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "N": [N for N, _ in values.values()],
            "n": [len(x) for _, x in values.values()],
            "mean": [np.mean(x) for _, x in values.values()],
            "sd": [np.std(x, ddof=1) if len(x) > 1 else None for _, x in values.values()],
        },
        schema_overrides={"sd": pl.Float64},
    )


def test_two_strata_with_and_without_the_correction() -> None:  # V3
    found = stratified_mean(strata(STRATA)).row(0)

    assert found == pytest.approx((5.4481, 0.7413, 0.6160), abs=5e-5)


@pytest.mark.parametrize("seed", range(3))
def test_strata_as_svy_has_them(seed: int) -> None:
    rng = np.random.default_rng(seed)
    drawn = {h: (int(rng.integers(20, 60)), rng.normal(3, 2, rng.integers(3, 12)).tolist())
             for h in "abc"}  # fmt: skip
    rows = [(h, x, N, N / len(values)) for h, (N, values) in drawn.items() for x in values]
    people = pl.DataFrame(rows, schema=["stratum", "x", "N", "w"], orient="row")
    found = stratified_mean(strata(drawn)).row(0, named=True)

    for design, se in (
        (svy.Design(wgt="w", stratum="stratum"), "se"),
        (svy.Design(wgt="w", stratum="stratum", pop_size="N"), "se_finite"),
    ):
        [theirs] = svy.Sample(people, design).estimation.mean("x").estimates
        assert (found["mean"], found[se]) == pytest.approx((theirs.est, theirs.se))


def test_a_stratum_of_one_value_has_no_standard_error() -> None:
    mean, *errors = stratified_mean(strata({**STRATA, "c": (5, [4.0])})).row(0)

    assert mean == pytest.approx((27 * 5.448148 + 5 * 4) / 32)
    assert errors == [None, None]


# --- had all answered --------------------------------------------------------------------------


def test_thirty_five_per_cent_of_forty_of_fifty_six() -> None:  # 3.11
    # .35·40/56 = .25 and (.35·40 + 16)/56 = .5357
    assert response_bounds(35, 35, n=40, N=56, step=5) == (25, 55)


def test_joined_and_clipped_values_have_bounds_of_both_their_ends() -> None:
    assert response_bounds(30, 40, n=40, N=50, step=5) == (
        30 * 40 // 50 // 5 * 5,  # 24, outwards
        55,  # (16 + 10)/50 = 52
    )
    assert response_bounds(0, 5, n=40, N=50, step=5) == (1, 25)
    assert response_bounds(95, 100, n=40, N=40, step=5) == (95, 99)


def test_where_more_answered_than_were_invited_nobody_is_missing() -> None:
    assert response_bounds(35, 35, n=40, N=38, step=5) == (35, 35)


@given(st.integers(5, 60), st.integers(0, 60), st.data())
def test_bounds_hold_whatever_the_others_would_have_said(n: int, silent: int, data) -> None:
    k = data.draw(st.integers(0, n))
    others = data.draw(st.integers(0, silent))
    value = 100 * k / n

    low, high = response_bounds(value, value, n=n, N=n + silent, step=5)

    assert low - 1 <= 100 * (k + others) / (n + silent) <= high + 1


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
