"""How barriers go with success: against slow programs that share no line with ours."""

from itertools import product

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm
from scipy.optimize import minimize
from scipy.special import expit

from analysis import association
from analysis.association import (
    Groups,
    NoMaximum,
    associations,
    drawn_fits,
    firth,
    grouped,
    impacts,
)

THREE = ("SILO", "OKO", "TID")


def people(
    n: int, effects: tuple[float, ...], *, leaves: int = 30, seed: int = 1, share: float = 0.3
) -> pl.DataFrame:
    """People drawn in leaves of different shares, one planted log odds per barrier of THREE."""
    rng = np.random.default_rng(seed)
    leaf = rng.integers(0, leaves, n)
    shares = rng.beta(10 * share, 10 * (1 - share), (leaves, len(effects)))
    x = rng.random((n, len(effects))) < shares[leaf]
    success = rng.random(n) < expit(0.4 + rng.normal(0, 0.3, leaves)[leaf] + x @ effects)
    barriers = {code: x[:, b] for b, code in enumerate(THREE[: len(effects)])}
    return pl.DataFrame({"leaf": [f"L{u}" for u in leaf], "success": success, **barriers})


def plain(x: np.ndarray, n: np.ndarray, k: np.ndarray) -> Groups:
    """A regression without leaves: an intercept and the columns of x."""
    leaf = np.zeros(len(x), dtype=np.int64)
    return Groups(("x",) * x.shape[1], leaf, n, k, np.column_stack([np.ones(len(x)), x]))


def split(frame: pl.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The model as the specification writes it, a row per person: [1, m, w], m and w; success."""
    codes = [code for code in THREE if code in frame.columns]
    mean = frame.select(pl.col(codes).cast(float).mean().over("leaf")).to_numpy()
    x = frame.select(pl.col(codes).cast(float)).to_numpy()
    design = np.column_stack([np.ones(len(x)), mean, x - mean])
    return design, x, frame["success"].to_numpy().astype(float)


def penalised(coefficients: np.ndarray, design: np.ndarray, success: np.ndarray) -> float:
    """Minus the log likelihood with the Jeffreys prior, straight from its definition."""
    eta = design @ coefficients
    g = expit(eta)
    information = design.T @ ((g * (1 - g))[:, None] * design)
    likelihood = (success * np.log(g) + (1 - success) * np.log(1 - g)).sum()
    return -likelihood - np.linalg.slogdet(information)[1] / 2


# --- the fit -------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_the_largest_penalised_likelihood_as_scipy_finds_it(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 2, (60, 3)).astype(float)
    success = (rng.random(60) < expit(x @ rng.normal(0, 2, 3))).astype(float)
    design = np.column_stack([np.ones(60), x])
    expected = minimize(
        penalised, np.zeros(4), (design, success), method="BFGS", options={"gtol": 1e-8}
    )

    assert firth(plain(x, np.ones(60), success)) == pytest.approx(expected.x, abs=1e-5)


def test_a_barrier_that_all_fail_with_still_has_an_end() -> None:
    # 2 x 2 table: the estimate is the log odds ratio with a half added to every cell.
    x, n, k = np.array([[0.0], [1.0]]), np.array([30.0, 12.0]), np.array([20.0, 0.0])

    intercept, effect = firth(plain(x, n, k))

    assert intercept == pytest.approx(np.log(20.5 / 10.5))
    assert effect == pytest.approx(np.log(0.5 / 12.5) - np.log(20.5 / 10.5))


@pytest.mark.filterwarnings("ignore:invalid value")
def test_nothing_comes_of_a_start_that_is_not_a_number() -> None:
    x, n, k = np.array([[0.0], [1.0]]), np.array([30.0, 12.0]), np.array([20.0, 5.0])

    with pytest.raises(NoMaximum):
        firth(plain(x, n, k), np.array([np.inf, 0.0]))


def test_a_start_far_away_comes_to_the_same_place() -> None:
    x = np.array(list(product([0.0, 1.0], repeat=2)))
    groups = plain(x, np.full(4, 25.0), np.array([20.0, 14.0, 9.0, 3.0]))

    assert firth(groups, np.array([-6.0, 7.0, -7.0])) == pytest.approx(firth(groups), abs=1e-6)


def test_without_the_penalty_it_is_the_regression_of_statsmodels() -> None:
    frame = people(3000, (-0.8, 0.0, 0.5))
    design, _, success = split(frame)
    expected = sm.Logit(success, design).fit(disp=0)
    groups = grouped(frame, THREE)

    coefficients = firth(groups, jeffreys=0)

    # x = m + w, so that the coefficient of x is that of w.
    assert coefficients[-len(THREE) :] == pytest.approx(expected.params[4:], abs=1e-6)
    assert firth(groups) == pytest.approx(coefficients, abs=0.05)


# --- the association -----------------------------------------------------------------------------


def test_forty_of_a_hundred_with_the_barrier() -> None:  # 3.11
    with_it = [True] * 20 + [False] * 20
    without = [True] * 48 + [False] * 12
    frame = pl.DataFrame(
        {"leaf": ["L"] * 100, "success": with_it + without, "SILO": [True] * 40 + [False] * 60}
    )
    groups = grouped(frame, ("SILO",))

    found = impacts(groups, firth(groups, jeffreys=0))

    assert found == pytest.approx([0.4 * (20 / 40 - 48 / 60)], abs=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_each_barrier_is_split_into_the_mean_of_the_leaf_and_the_rest(seed: int) -> None:
    frame = people(300, (-1.0, 0.0, 0.6), leaves=12, seed=seed)
    design, x, success = split(frame)
    fitted = minimize(
        penalised, np.zeros(7), (design, success), method="BFGS", options={"gtol": 1e-7}
    ).x
    expected = []
    for b in range(3):
        without = design.copy()
        without[:, 4 + b] = np.where(x[:, b] == 1, -design[:, 1 + b], design[:, 4 + b])
        expected.append((expit(design @ fitted) - expit(without @ fitted)).mean())
    groups = grouped(frame, THREE)

    found = impacts(groups, firth(groups))

    assert groups.parameters == 1 + 3 + 3
    assert found == pytest.approx(expected, abs=1e-5)


def test_leaves_are_not_compared_with_each_other() -> None:
    # In every second leaf many say it and few succeed; inside a leaf it makes no difference.
    rng = np.random.default_rng(5)
    leaf = rng.integers(0, 30, 1500)
    hard = leaf % 2 == 1
    x = rng.random(1500) < np.where(hard, 0.7, 0.2)
    success = rng.random(1500) < np.where(hard, 0.3, 0.8)
    frame = pl.DataFrame({"leaf": leaf.astype(str), "success": success, "SILO": x})

    [found] = associations(frame, ("SILO",), seed="2026-1")

    assert success[x].mean() - success[~x].mean() < -0.2
    assert abs(found.association) < 0.02
    assert found.low < 0 < found.high


def test_what_goes_with_failure_is_negative_and_comes_first() -> None:
    found = associations(people(2400, (-1.2, 0.0, -0.5)), THREE, seed="2026-1")

    silo, oko, tid = found
    assert silo.association < tid.association < -0.02 < oko.association
    assert [one.rank[0] for one in (silo, tid, oko)] == [1, 2, 3]
    assert all(one.low <= one.association <= one.high for one in found)
    assert silo.high < 0
    assert oko.low < 0 < oko.high


def test_barriers_that_cannot_be_ranked_have_wide_ranks() -> None:
    found = associations(people(900, (-0.5, -0.5, -0.5), seed=3), THREE, seed="2026-1")

    assert max(one.rank[1] - one.rank[0] for one in found) == 2


def test_neither_the_order_of_the_rows_nor_the_codes_of_leaves_matter() -> None:
    frame = people(600, (-0.8, 0.2))
    renamed = frame.with_columns(leaf=pl.lit("Z") + pl.col("leaf").str.reverse())

    first = associations(frame, THREE[:2], seed="2026-1")

    for seed in (1, 2):
        mixed = renamed.sample(fraction=1, shuffle=True, seed=seed)
        assert associations(mixed, THREE[:2], seed="2026-1") == first


def test_another_wave_draws_other_leaves() -> None:
    frame = people(600, (-0.8, 0.2))

    one, other = (associations(frame, THREE[:2], seed=seed) for seed in ("2026-1", "2026-2"))

    assert [a.association for a in one] == [a.association for a in other]
    assert [a.low for a in one] != [a.low for a in other]


# --- the gate ------------------------------------------------------------------------------------


def alternating(n: int, *, leaves: int, failures: int) -> pl.DataFrame:
    """n people spread over leaves, `failures` of them without success, half with the barrier."""
    i = np.arange(n)
    return pl.DataFrame(
        {"leaf": [f"L{u}" for u in i % leaves], "success": i >= failures,
         "SILO": (i // leaves) % (2 + i % leaves % 2) == 0}
    )  # fmt: skip


@pytest.mark.parametrize(
    ("n", "leaves", "failures", "is_told"),
    [
        (200, 10, 100, True),
        (199, 10, 100, False),  # people
        (200, 10, 30, True),  # intercept, m and w: three parameters of ten
        (200, 10, 29, False),
        (200, 10, 170, True),
        (200, 10, 171, False),
        (200, 9, 100, False),  # leaves
    ],
)
def test_the_gate(n: int, leaves: int, failures: int, is_told: bool) -> None:
    frame = alternating(n, leaves=leaves, failures=failures)

    assert bool(associations(frame, ("SILO",), seed="2026-1")) == is_told


def test_a_barrier_without_a_difference_inside_a_leaf_is_left_out() -> None:
    frame = people(600, (-0.8, 0.2)).with_columns(
        OKO=pl.col("leaf").str.ends_with("1"), TID=pl.lit(value=False)
    )

    assert [one.barrier for one in associations(frame, THREE, seed="2026-1")] == ["SILO"]
    # Intercept, the means of SILO and OKO, and SILO inside; TID is constant.
    assert grouped(frame, THREE).parameters == 1 + 2 + 1


def test_more_barriers_than_leaves_can_hold_the_means_of() -> None:
    frame = people(600, (-0.8, 0.2, 0.1), leaves=3)

    assert grouped(frame, THREE).parameters == 3 + 3


def test_barriers_answered_alike_by_all_cannot_be_told_apart() -> None:
    frame = people(600, (-0.8,)).with_columns(OKO="SILO")

    assert associations(frame, THREE[:2], seed="2026-1") == ()


def test_nobody_and_no_difference_at_all() -> None:
    nobody = people(600, (-0.8,)).clear()
    alike = people(600, (-0.8,)).with_columns(SILO=pl.lit(value=True))

    assert associations(nobody, ("SILO",), seed="2026-1") == ()
    assert associations(alike, ("SILO",), seed="2026-1") == ()


def test_a_fit_that_does_not_end_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(association, "MOST_STEPS", 0)

    assert associations(people(600, (-0.8,)), ("SILO",), seed="2026-1") == ()


# --- the draws -----------------------------------------------------------------------------------


@pytest.mark.parametrize("leaves", [12, 60])
def test_the_fits_of_all_draws_together_are_those_of_each_draw(leaves: int) -> None:
    groups = grouped(people(900, (-1.0, 0.3, 0.6), leaves=leaves), THREE)
    whole = firth(groups)
    times = np.random.default_rng(1).multinomial(leaves, np.full(leaves, 1 / leaves), size=15)

    fits = drawn_fits(groups, whole, times)

    for d, fit in enumerate(fits):
        drawn = groups.drawn(times[d])
        # A point is .01.
        assert impacts(drawn, fit) == pytest.approx(impacts(drawn, firth(drawn)), abs=5e-4)
    together = impacts(groups, fits, groups.n[:, None] * times.T[groups.leaf])
    assert together == pytest.approx(
        np.array([impacts(groups.drawn(times[d]), fit) for d, fit in enumerate(fits)])
    )


def test_a_draw_that_does_not_arrive_with_the_others_is_fitted_by_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    groups = grouped(people(900, (-1.0, 0.3, 0.6)), THREE)
    whole = firth(groups)
    times = np.random.default_rng(1).multinomial(30, np.full(30, 1 / 30), size=12)
    alone = [firth(groups.drawn(of), whole, smallest_step=association.DRAWN_STEP) for of in times]
    monkeypatch.setattr(association, "DRAWN_STEP", 0.0)
    monkeypatch.setattr(association, "firth", lambda *_args, **_options: alone.pop(0))
    expected = np.array(alone)

    assert drawn_fits(groups, whole, times).tolist() == expected.tolist()
