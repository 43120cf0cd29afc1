"""What small units are likely to be, seen with the units around them: shares drawn to their pool.

A shrunken value can be turned back into its count: below n 20 it feeds verdicts and is never shown.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from scipy import special

Floats = np.typing.NDArray[np.float64]
Ints = np.typing.NDArray[np.int64]

MEANS: Final[Floats] = (np.arange(60) + 0.5) / 60  # μ, the midpoints of 0-1
LOG_SIZES: Final[Floats] = np.linspace(-1, 8, 60)  # log M
SIZES: Final[Floats] = np.exp(LOG_SIZES)
EVEN_RHO: Final[Floats] = LOG_SIZES - 2 * np.log1p(SIZES)  # log M/(1+M)²: ρ = 1/(1+M) is uniform
DRAWS: Final = 400  # grid points behind the ends of an interval


@dataclass(frozen=True)
class Shrunken:
    """The posterior of one pool of units: y of n in each, and the weight of every grid point."""

    y: Floats
    n: Floats
    weights: Floats  # μ by M, sums to 1
    seed: int

    @cached_property
    def mean(self) -> Floats:
        """The posterior mean of each unit's share: λ y/n + (1 - λ) μ over the grid, 0-1."""
        pool = np.zeros(len(self.y), dtype=np.int64)
        return _means(self.y[:, None], self.n, pool, self.weights[None, None])[:, 0]

    @cached_property
    def mu(self) -> float:
        """The posterior mean of μ, the share of the pool as a whole, 0-1."""
        return float(MEANS @ self.weights.sum(axis=1))

    def ends(self, level: float = 0.95) -> tuple[Floats, Floats]:
        """The ends of each unit's posterior interval, 0-1, from one draw per drawn grid point."""
        random = np.random.default_rng(self.seed)
        points = random.choice(self.weights.size, size=DRAWS, p=self.weights.ravel())
        mean, size = MEANS[points // len(SIZES)], SIZES[points % len(SIZES)]
        hits = self.y + (mean * size)[:, None]
        misses = self.n - self.y + ((1 - mean) * size)[:, None]
        low, high = np.quantile(
            random.beta(hits, misses), [(1 - level) / 2, (1 + level) / 2], axis=0
        )
        return low, high


def shrunken(y: Floats | Ints, n: Floats | Ints, *, seed: int = 0) -> Shrunken:
    """One pool of units with y of n people each, shrunk towards what they have in common.

        y ~ Bin(n, θ),  θ ~ Beta(μM, (1-μ)M),  E[θ] = (y + μM)/(n + M) = λ y/n + (1-λ) μ

    λ = n/(n+M) is the unit's reliability and ρ = 1/(1+M) the intraclass correlation. Averaged over
    the full grid of μ and M, flat in μ and in ρ; never a moments or maximum likelihood point, since
    18 units cannot pin M. y and n may be real: n_eff and p·n_eff of a behaviour level. A unit with
    n = 0 gets the mean of the pool. Without a unit the weights are the prior. `seed` decides the
    ends alone.
    Source: Gelman et al., Bayesian Data Analysis, 3rd ed., 5.3. Checked against its rats and the
    batting averages of Efron and Morris (1975), JASA 70: 311-319.
    """
    hits, people = np.asarray(y, dtype=float), np.asarray(n, dtype=float)
    pool = np.zeros(len(hits), dtype=np.int64)
    return Shrunken(hits, people, grid_weights(hits[:, None], people, pool)[0, 0], seed)


def pooled_means(y: Floats | Ints, n: Floats | Ints, pool: Ints) -> Floats:
    """Posterior means of many pools and items at once, unit by item, as y.

    `n` is per unit and shared by its items; `pool` numbers the pools from 0.
    """
    people = np.asarray(n, dtype=float)
    hits = np.asarray(y, dtype=float)
    return _means(hits, people, pool, grid_weights(hits, people, pool))


def grid_weights(y: Floats, n: Floats, pool: Ints, log_prior: Floats = EVEN_RHO) -> Floats:
    """The posterior weight of every grid point: pool, item, μ, M; each pool and item sums to 1.

        weight ∝ prior · Π Γ(y+μM)/Γ(μM) · Γ(n-y+(1-μ)M)/Γ((1-μ)M) · Γ(M)/Γ(n+M)

    The product goes over the units of a pool; equal counts are grouped, so that the cost follows
    the number of different counts. `log_prior` is the log density per unit of log M, on `SIZES`.
    """
    values, at = np.unique(
        np.concatenate([y.ravel(), (n[:, None] - y).ravel()]), return_inverse=True
    )
    rises = _rises(values, MEANS[:, None] * SIZES)
    hits, misses = at[: y.size].reshape(y.shape), at[y.size :].reshape(y.shape)
    shape = int(pool.max(initial=0)) + 1, y.shape[1]
    log = _summed(hits, pool, shape, rises) + _summed(misses, pool, shape, rises)[:, :, ::-1]
    people, of_people = np.unique(n, return_inverse=True)
    log -= _summed(of_people[:, None], pool, (shape[0], 1), _rises(people, SIZES))[:, :, None]
    log += log_prior
    log -= log.max(axis=(2, 3), keepdims=True)
    weights: Floats = np.exp(log)
    weights /= weights.sum(axis=(2, 3), keepdims=True)
    return weights


def _rises(values: Floats, start: Floats) -> Floats:
    """Log Γ(start + value) - log Γ(start), value by the shape of `start`."""
    flat = start.ravel()
    rises: Floats = special.gammaln(values[:, None] + flat) - special.gammaln(flat)
    return rises.reshape(len(values), *start.shape)


def _summed(at: Ints, pool: Ints, shape: tuple[int, int], rises: Floats) -> Floats:
    """The sum over the units of each pool and item of the row of `rises` that `at` names."""
    pools, items = shape
    cell = (pool[:, None] * items + np.arange(items)) * len(rises) + at
    counts = np.bincount(cell.ravel(), minlength=pools * items * len(rises)).astype(float)
    summed: Floats = np.tensordot(counts.reshape(pools, items, len(rises)), rises, axes=1)
    return summed


def _means(y: Floats, n: Floats, pool: Ints, weights: Floats) -> Floats:
    """Σ_M (y·w(M) + M·Σ_μ μ·w(μ, M)) / (n + M), unit by item, once per different n of a pool."""
    people, at = np.unique(n, return_inverse=True)
    inverse = 1 / (people + SIZES[:, None])
    own = weights.sum(axis=2) @ inverse
    shared = (SIZES * (MEANS @ weights)) @ inverse
    items = np.arange(y.shape[1])
    here = pool[:, None], items, at[:, None]
    means: Floats = y * own[here] + shared[here]
    return means
