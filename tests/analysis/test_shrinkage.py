"""Shrinkage: small units seen with the units around them (3.3)."""

import numpy as np
import pytest

from analysis.shrinkage import LOG_SIZES, MEANS, SIZES, grid_weights, pooled_means, shrunken

# Rat tumours, 70 groups: Gelman et al., Bayesian Data Analysis, table 5.1. "4x7" is seven fours.
RATS_WITH = (
    """0x14 1x8 2x9 1 5 2 5 3 2 7 7 3 3 2 9 10 4x7 10 4 4 4 5 11 12 5 5 6 5 6 6 6 6 16 15 15 9"""
)
RATS_IN_ALL = """20x7 19x4 18 18 17 20x4 19 19 18 18 25 24 23 20x6 10 49 19 46 27 17 49 47 20 20
    13 48 50 20x7 48 19 19 19 22 46 49 20 20 23 19 22 20 20 20 52 46 47 24"""
# Hits of 45 at bat and the rest of the season: Efron and Morris (1975), table 1.
HITS = [18, 17, 16, 15, 14, 14, 13, 12, 11, 11, 10, 10, 10, 10, 10, 9, 8, 7]
REST = [0.346, 0.298, 0.276, 0.222, 0.273, 0.270, 0.263, 0.210, 0.269,
        0.230, 0.264, 0.256, 0.303, 0.264, 0.226, 0.286, 0.316, 0.200]  # fmt: skip


def counts(text):
    pairs = [each.partition("x") for each in text.split()]
    return np.array([int(number) for number, _, times in pairs for _ in range(int(times or 1))])


def posterior_mean(y, n, *, mean, size):
    """The closed form of one grid point."""
    reliability = n / (n + size)
    return reliability * y / n + (1 - reliability) * mean


def test_the_rats_give_the_published_posterior():
    y = np.append(counts(RATS_WITH), 4)[:, None]
    n = np.append(counts(RATS_IN_ALL), 14)
    flat = -LOG_SIZES / 2  # (α+β)^-5/2 per unit of α and β is M^-1/2 per unit of μ and log M

    weights = grid_weights(y, n, np.zeros(71, dtype=int), flat)[0, 0]
    alpha = MEANS[:, None] * SIZES
    mean = ((np.array([4, 0, 16])[:, None, None] + alpha) * weights
            / (np.array([14, 20, 52])[:, None, None] + SIZES)).sum(axis=(1, 2))  # fmt: skip

    assert (weights * alpha).sum() == pytest.approx(2.403, abs=0.001)
    assert (weights * (SIZES - alpha)).sum() == pytest.approx(14.320, abs=0.001)
    assert mean == pytest.approx([0.2109, 0.0636, 0.2687], abs=0.0001)


def test_the_batting_averages_are_predicted_better_than_by_themselves():
    y, n, rest = np.array(HITS), np.full(18, 45), np.array(REST)

    units = shrunken(y, n)

    assert ((y / n - rest) ** 2).sum() == pytest.approx(0.0755, abs=0.0001)
    assert ((units.mean - rest) ** 2).sum() == pytest.approx(0.0228, abs=0.0001)
    assert units.mu == pytest.approx(sum(HITS) / (18 * 45), abs=0.01)


def test_the_mean_of_a_unit_is_the_weighted_mean_of_its_closed_forms():
    units = shrunken(np.array([2, 3, 1]), np.array([5, 9, 7]))

    by_point = posterior_mean(2, 5, mean=MEANS[:, None], size=SIZES)

    assert posterior_mean(2, 5, mean=0.35, size=19) == pytest.approx(0.360417, abs=1e-6)
    assert units.mean[0] == pytest.approx((units.weights * by_point).sum(), abs=1e-12)


def test_a_unit_at_the_top_is_expected_to_fall_with_nothing_done():
    rho = 0.05

    expected = posterior_mean(0.80 * 12, 12, mean=0.40, size=1 / rho - 1)

    assert expected == pytest.approx(0.5548, abs=1e-4)


def test_the_product_over_the_units_is_the_beta_binomial():
    """Two units, one grid point against another: betabinom.pmf of scipy is the oracle."""
    from scipy.stats import betabinom  # noqa: PLC0415 - takes a second to import

    y, n = np.array([2, 7]), np.array([5, 11])
    weights = shrunken(y, n).weights

    def likely(m, s):
        mean, size = MEANS[m], SIZES[s]
        prior = size / (1 + size) ** 2
        return prior * betabinom.pmf(y, n, mean * size, (1 - mean) * size).prod()

    assert weights[20, 30] / weights[31, 12] == pytest.approx(likely(20, 30) / likely(31, 12))


def test_pools_and_items_do_not_touch_each_other():
    random = np.random.default_rng(3)
    n = random.integers(5, 40, 30)
    y = random.binomial(n[:, None], 0.3, (30, 4))
    pool = np.repeat([0, 2, 1], 10)

    together = pooled_means(y, n, pool)

    for each in range(3):
        for item in range(4):
            alone = shrunken(y[pool == each, item], n[pool == each]).mean
            assert together[pool == each, item] == pytest.approx(alone, abs=1e-12)


def test_the_order_of_the_units_changes_nothing():
    random = np.random.default_rng(4)
    n = random.integers(1, 40, 25)
    y = random.binomial(n, 0.3)
    order = random.permutation(25)

    assert shrunken(y[order], n[order]).mean == pytest.approx(shrunken(y, n).mean[order], abs=1e-12)


def test_counts_may_be_real():
    """The behaviour level: n_eff = p(1-p)/(s²/n), y_eff = p·n_eff."""
    share, people, spread = 0.6, 10, 0.352767
    effective = share * (1 - share) / (spread**2 / people)

    units = shrunken(np.array([share * effective, 2.5]), np.array([effective, 6.25]))

    assert (units.mean > 0.4).all()
    assert (units.mean < 0.6).all()


def test_nobody_asked_is_the_mean_of_the_pool():
    units = shrunken(np.array([0, 3, 4, 2]), np.array([0, 8, 9, 10]))

    assert units.mean[0] == pytest.approx(units.mu)
    assert shrunken(np.array([]), np.array([])).mu == pytest.approx(0.5)


def test_the_same_seed_gives_the_same_ends():
    y, n = np.array(HITS), np.full(18, 45)

    low, high = shrunken(y, n, seed=7).ends()
    again = shrunken(y, n, seed=7).ends()
    narrow = shrunken(y, n, seed=7).ends(0.5)

    assert (low < shrunken(y, n).mean).all()
    assert (high > shrunken(y, n).mean).all()
    assert (np.array([low, high]) == np.array(again)).all()
    assert (narrow[1] - narrow[0] < high - low).all()


def drawn_errors(rho, *, draws, seed):
    """Coverage of the 95 % ends and the root mean squared error, shrunken and raw, of 60 units."""
    random = np.random.default_rng(seed)
    size = 1 / rho - 1
    inside, near, raw = [], [], []
    for draw in range(draws):
        n = random.integers(5, 31, 60)
        truth = random.beta(0.35 * size, 0.65 * size, 60)
        y = random.binomial(n, truth)
        units = shrunken(y, n, seed=draw)
        low, high = units.ends()
        inside.append((low <= truth) & (truth <= high))
        near.append((units.mean - truth) ** 2)
        raw.append((y / n - truth) ** 2)
    return np.mean(inside), np.sqrt(np.mean(near)), np.sqrt(np.mean(raw))


def test_the_interval_holds_the_truth_and_the_error_is_smaller():
    coverage, near, raw = drawn_errors(0.05, draws=40, seed=11)

    assert 0.90 <= coverage <= 0.98
    assert near <= 0.70 * raw


@pytest.mark.soak
@pytest.mark.parametrize("rho", [0.02, 0.05, 0.10])
def test_the_interval_holds_the_truth_in_the_long_run(rho):
    coverage, near, raw = drawn_errors(rho, draws=300, seed=12)

    assert 0.92 <= coverage <= 0.975
    assert near <= 0.70 * raw or rho > 0.05
