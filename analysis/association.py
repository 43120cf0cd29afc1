"""How the barriers go with success: an association among people, never a cause and never a score.

Firth's logistic regression on groups of equal people. A group is a leaf and a pattern of barriers,
so the linear predictor is a leaf's part plus a pattern's part, and no matrix has a row per person.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
import polars as pl
from scipy import special

Floats = np.typing.NDArray[np.float64]
Ints = np.typing.NDArray[np.int64]
Flags = np.typing.NDArray[np.bool_]

PEOPLE_FROM: Final = 200  # people who gave a success number, decision
EVENTS_PER_PARAMETER: Final = 10  # of the rarer outcome
LEAVES_FROM: Final = 10  # fewer cannot be resampled: the interval would be too narrow
DRAWS: Final = 100
QUANTILES: Final = (0.05, 0.95)
JEFFREYS: Final = 0.5  # exponent of the determinant; 0 is plain maximum likelihood
SMALLEST_STEP: Final = 1e-7  # root mean square move of the linear predictor, log odds
DRAWN_STEP: Final = 1e-3  # the same in a draw: what is left is its square, far below a point
MOST_STEPS: Final = 50
MOST_HALVINGS: Final = 20
SINGULAR: Final = 1e-10  # of the largest eigenvalue: below this a direction is not in the data


class NoMaximum(Exception):
    """The steps towards the largest likelihood do not end: nothing is said."""


@dataclass(frozen=True)
class Association:
    """One barrier: its association with success as a share (-1 to 1), interval and rank interval.

    Negative where the barrier goes with failure; rank 1 goes with it most.
    """

    barrier: str
    association: float
    low: float
    high: float
    rank: tuple[int, int]


@dataclass(frozen=True)
class Groups:
    """Equal people: the leaf and the pattern of each group, its n people and k successes.

    `leaves` holds a row per leaf and `patterns` one per pattern: the columns of the model that
    belong to each. Those of the patterns are 0 or 1, one per barrier of `barriers`. `said` lists
    each barrier that each group names: the group, and the barrier's place.
    """

    barriers: tuple[str, ...]
    leaf: Ints
    pattern: Ints
    n: Floats
    k: Floats
    leaves: Floats
    patterns: Floats
    said: tuple[Ints, Ints]

    @cached_property
    def _said_in(self) -> Ints:
        """The place of what is named in a table of leaf by barrier."""
        group, barrier = self.said
        place: Ints = self.leaf[group] * self.patterns.shape[1] + barrier
        return place

    @property
    def parameters(self) -> int:
        """Columns of the model: those of the leaves, then those of the patterns."""
        leaf, pattern = self.leaves.shape[1], self.patterns.shape[1]
        return int(leaf + pattern)

    def predictor(self, coefficients: Floats) -> Floats:
        """The linear predictor of each group, log odds."""
        at = self.leaves.shape[1]
        of_leaf, of_pattern = self.leaves @ coefficients[:at], self.patterns @ coefficients[at:]
        eta: Floats = of_leaf[self.leaf] + of_pattern[self.pattern]
        return eta

    def summed(self, values: Floats) -> Floats:
        """X'v: a value per group summed over every column."""
        per_leaf = np.bincount(self.leaf, values, len(self.leaves))
        per_pattern = np.bincount(self.pattern, values, len(self.patterns))
        return np.concatenate([per_leaf @ self.leaves, per_pattern @ self.patterns])

    def information(self, weights: Floats) -> Floats:
        """X'WX, block by block."""
        per_leaf = np.bincount(self.leaf, weights, len(self.leaves))
        per_pattern = np.bincount(self.pattern, weights, len(self.patterns))
        size = (len(self.leaves), self.patterns.shape[1])
        named = np.bincount(self._said_in, weights[self.said[0]], size[0] * size[1])
        both = self.leaves.T @ named.reshape(size)
        return np.block(
            [
                [self.leaves.T @ (per_leaf[:, None] * self.leaves), both],
                [both.T, self.patterns.T @ (per_pattern[:, None] * self.patterns)],
            ]
        )

    def leverage(self, inverse: Floats) -> Floats:
        """Of each group x'Vx, without its weight."""
        at = self.leaves.shape[1]
        V, cross, U = inverse[:at, :at], self.leaves @ inverse[:at, at:], inverse[at:, at:]
        of_leaf = ((self.leaves @ V) * self.leaves).sum(axis=1)
        of_pattern = ((self.patterns @ U) * self.patterns).sum(axis=1)
        of_both = np.bincount(self.said[0], cross.ravel()[self._said_in], len(self.n))
        leverage: Floats = of_leaf[self.leaf] + of_pattern[self.pattern] + 2 * of_both
        return leverage

    def drawn(self, times: Ints) -> "Groups":
        """The same people with each leaf counted so many times; leaves not drawn are left out."""
        weight = times[self.leaf]
        kept = weight > 0
        place = np.cumsum(kept) - 1
        group, barrier = self.said
        return replace(
            self,
            leaf=self.leaf[kept],
            pattern=self.pattern[kept],
            n=(self.n * weight)[kept],
            k=(self.k * weight)[kept],
            said=(place[group[kept[group]]], barrier[kept[group]]),
        )


@dataclass(frozen=True)
class _Point:
    """The penalised likelihood at some coefficients, and the Newton step from there."""

    coefficients: Floats
    likelihood: float
    step: Floats
    moved: float  # root mean square of the linear predictor, log odds


def associations(
    people: pl.DataFrame, barriers: Sequence[str], *, seed: str
) -> tuple[Association, ...]:
    """How each barrier goes with success among the people of a scope, in the order of `barriers`.

    `people`: one row per person who gave a success number: leaf, success (Boolean), and a Boolean
    column per barrier, "I høj grad" or not; nothing is null. Each barrier x is split into m = mean
    of x over the leaf and w = x - m, so that leaves are not compared. With g the fitted
    probability of success,

        association_b = mean of [g(x) - g(x with the person's own b = 0)]   (m stays, w becomes -m)

    Interval and ranks: the 5 and 95 % quantiles of 100 draws of leaves with replacement.
    Empty below 200 people, below ten of the rarer outcome per parameter, below ten leaves, or where
    the barriers cannot be told apart. A barrier without any difference inside a leaf is left out:
    only places could tell of it. Neither the order of the rows nor the codes of the leaves matter.
    """
    groups = grouped(people, barriers)
    if groups is None or not _carries(groups):
        return ()
    try:
        whole = firth(groups)
        draws = _draws(groups, whole, seed)
    except NoMaximum:
        return ()
    point = impacts(groups, whole)
    low, high = np.quantile(draws, QUANTILES, axis=0)
    first, last = np.quantile(_ranks(draws), QUANTILES, axis=0, method="nearest")
    rank = _ranks(point)
    return tuple(
        Association(
            barrier,
            float(point[b]),
            float(min(low[b], point[b])),
            float(max(high[b], point[b])),
            (int(min(first[b], rank[b])), int(max(last[b], rank[b]))),
        )
        for b, barrier in enumerate(groups.barriers)
    )


def _carries(groups: Groups) -> bool:
    """The gate: enough people, enough of both outcomes, and leaves enough to draw from."""
    people, successes = groups.n.sum(), groups.k.sum()
    return bool(
        people >= PEOPLE_FROM
        and min(successes, people - successes) >= EVENTS_PER_PARAMETER * groups.parameters
        and len(groups.leaves) >= LEAVES_FROM
    )


def _draws(groups: Groups, whole: Floats, seed: str) -> Floats:
    """The associations in each draw of leaves, draw by barrier."""
    rng = np.random.default_rng(list(seed.encode()))
    leaves = len(groups.leaves)
    found = []
    for times in rng.multinomial(leaves, np.full(leaves, 1 / leaves), size=DRAWS):
        drawn = groups.drawn(times)
        found.append(impacts(drawn, firth(drawn, whole, smallest_step=DRAWN_STEP)))
    return np.array(found)


def _ranks(values: Floats) -> Ints:
    """1 for the most negative; ties in the order of the barriers."""
    ranks: Ints = values.argsort(axis=-1, kind="stable").argsort(axis=-1, kind="stable") + 1
    return ranks


def impacts(groups: Groups, coefficients: Floats) -> Floats:
    """Per barrier the mean over all people of g(x) - g(x with the person's own b = 0).

    With b = 0 the leaf's mean stays, so the linear predictor falls by the barrier's coefficient.
    """
    eta, beta = groups.predictor(coefficients), coefficients[groups.leaves.shape[1] :]
    group, barrier = groups.said
    difference = special.expit(eta)[group] - special.expit(eta[group] - beta[barrier])
    total = np.bincount(barrier, groups.n[group] * difference, len(beta))
    mean: Floats = total / groups.n.sum()
    return mean


def grouped(people: pl.DataFrame, barriers: Sequence[str]) -> Groups | None:
    """The people as groups of equals; None without a barrier to tell of.

    The model has an intercept, m and w of each barrier. With x = m + w the columns m belong to the
    leaf alone, and only the space that they span matters to the fit: of columns that are constant
    or follow from others, as with fewer leaves than barriers, a basis is kept.
    """
    pattern = pl.sum_horizontal(pl.col(b).cast(pl.Int64) * 2**i for i, b in enumerate(barriers))
    rows = (
        people.group_by("leaf", pattern=pattern)
        .agg(n=pl.len(), k=pl.col("success").sum())
        .sort("leaf", "pattern")
    )
    rows = rows.join(_places(rows), on="leaf").sort("place", "pattern")
    leaf, n = rows["place"].to_numpy(), rows["n"].to_numpy().astype(float)
    kinds, at = np.unique(rows["pattern"].to_numpy(), return_inverse=True)
    patterns = (kinds[:, None] >> np.arange(len(barriers))) & 1
    said = np.stack([np.bincount(leaf, n * x) for x in patterns[at].T], axis=1)
    means = said / np.bincount(leaf, n)[:, None]
    differs: Flags = np.any((means > 0) & (means < 1), axis=0)
    inside = (patterns[at] - means[leaf])[:, differs]
    if not differs.any() or np.linalg.matrix_rank((inside.T * n) @ inside) < differs.sum():
        return None
    group, barrier = np.nonzero(patterns[at][:, differs])
    return Groups(
        barriers=tuple(b for b, has in zip(barriers, differs, strict=True) if has),
        leaf=leaf,
        pattern=at,
        n=n,
        k=rows["k"].to_numpy().astype(float),
        leaves=_basis(np.column_stack([np.ones(len(means)), means])),
        patterns=patterns[:, differs].astype(float),
        said=(group, barrier),
    )


def _places(rows: pl.DataFrame) -> pl.DataFrame:
    """One row per leaf, leaf and place: by what the leaf's people said, not by its code."""
    said = pl.format("{} {} {}", "pattern", "n", "k").str.join(";")
    by_leaf = rows.group_by("leaf", maintain_order=True).agg(said=said).sort("said")
    return by_leaf.select("leaf", place=pl.int_range(pl.len()))


def _basis(columns: Floats) -> Floats:
    """Orthonormal columns that span the same."""
    vectors, values, _ = np.linalg.svd(columns, full_matrices=False)
    basis: Floats = vectors[:, values > SINGULAR * values[0]]
    return basis


def firth(
    groups: Groups,
    start: Floats | None = None,
    *,
    jeffreys: float = JEFFREYS,
    smallest_step: float = SMALLEST_STEP,
) -> Floats:
    """Coefficients of the logistic regression with Firth's penalty, leaf columns first.

        l(β) = Σ [k·η - n·log(1 + e^η)] + τ·log|X'WX|,   η = Xβ, W = n·g(1 - g), g = 1/(1 + e^-η)
        score = X'[k - n·g + τ·h(1 - 2g)],   h = diag(W X (X'WX)⁻¹ X'),   τ = `jeffreys` = ½

    Newton steps with the information X'WX, halved until the likelihood grows. Finite where plain
    maximum likelihood (τ = 0) is not. A direction that the data do not hold stays where it
    starts. Raises `NoMaximum`. Source: Firth (1993), Biometrika 80: 27-38; Heinze and
    Schemper (2002), Stat. Med. 21: 2409-2419. Checked against a numerical maximum of the
    likelihood, against statsmodels for τ = 0, and once against the sex2 example of logistf.
    """
    at = _point(groups, np.zeros(groups.parameters) if start is None else start, jeffreys)
    for _ in range(MOST_STEPS):
        if at.moved < smallest_step:
            return at.coefficients + at.step
        for halved in range(MOST_HALVINGS):
            next_at = _point(groups, at.coefficients + at.step / 2**halved, jeffreys)
            if next_at.likelihood >= at.likelihood - abs(at.likelihood) * 1e-12:
                break
        else:
            raise NoMaximum
        at = next_at
    raise NoMaximum


def _point(groups: Groups, coefficients: Floats, jeffreys: float) -> _Point:
    eta = groups.predictor(coefficients)
    g = special.expit(eta)
    weights = groups.n * g * (1 - g)
    inverse, log_determinant = _inverse(groups.information(weights))
    likelihood = groups.k @ eta - groups.n @ np.logaddexp(0, eta)
    residual = groups.k - groups.n * g
    if jeffreys:
        hat = weights * groups.leverage(inverse)
        residual += jeffreys * hat * (1 - 2 * g)
    score = groups.summed(residual)
    step = inverse @ score
    return _Point(
        coefficients,
        float(likelihood + jeffreys * log_determinant),
        step,
        float(np.sqrt(max(score @ step, 0) / weights.sum())),
    )


def _inverse(information: Floats) -> tuple[Floats, float]:
    """Inverse and log determinant in the directions that the data hold."""
    values, vectors = np.linalg.eigh(information)
    held = values > SINGULAR * values[-1]
    values, vectors = values[held], vectors[:, held]
    return (vectors / values) @ vectors.T, float(np.log(values).sum())
