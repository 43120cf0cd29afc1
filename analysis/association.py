"""How the barriers go with success: an association among people, never a cause and never a score.

Firth's logistic regression on groups of equal people: a leaf and a pattern of barriers.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, TypeVar

import numpy as np
import polars as pl
from scipy import special

Floats = np.typing.NDArray[np.float64]
Ints = np.typing.NDArray[np.int64]
Flags = np.typing.NDArray[np.bool_]
# A draw is told in whole percentage points: single precision carries it at half the cost.
Floats32 = np.typing.NDArray[np.float32]
Reals = TypeVar("Reals", Floats, Floats32)

PEOPLE_FROM: Final = 200  # people who gave a success number, decision
EVENTS_PER_PARAMETER: Final = 10  # of the rarer outcome
LEAVES_FROM: Final = 10  # fewer cannot be resampled: the interval would be too narrow
DRAWS: Final = 100
QUANTILES: Final = (0.05, 0.95)
JEFFREYS: Final = 0.5  # exponent of the determinant; 0 is plain maximum likelihood
SMALLEST_STEP: Final = 1e-7  # root mean square move of the linear predictor, log odds
DRAWN_STEP: Final = 1e-3  # the same in a draw: what is left is its square, far below a point
MOST_STEPS: Final = 50
MOST_DRAWN_STEPS: Final = 8
BLOCK: Final = 10  # draws that are fitted together: what fits into a processor's own memory
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
    """Equal people: the leaf of each group, its n people and k successes, and its row of the model.

    The last columns are those of `barriers`: 1 for what the group says, 0 for what it does not.
    Those before belong to the leaf.
    """

    barriers: tuple[str, ...]
    leaf: Ints
    n: Floats
    k: Floats
    model: Floats

    @property
    def parameters(self) -> int:
        return int(self.model.shape[1])

    @cached_property
    def single(self) -> Floats32:
        """The model in single precision."""
        return self.model.astype(np.float32)

    def drawn(self, times: Ints) -> "Groups":
        """The same people with each leaf counted so many times."""
        weight = times[self.leaf]
        return replace(self, n=self.n * weight, k=self.k * weight)


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
        and groups.leaf.max() + 1 >= LEAVES_FROM
    )


def _draws(groups: Groups, whole: Floats, seed: str) -> Floats:
    """The associations in each draw of leaves, draw by barrier."""
    rng = np.random.default_rng(list(seed.encode()))
    leaves = int(groups.leaf.max()) + 1
    times = rng.multinomial(leaves, np.full(leaves, 1 / leaves), size=DRAWS)
    fits = drawn_fits(groups, whole, times)
    n = groups.n.astype(np.float32)[:, None]
    found = [
        impacts(groups, fits[of].astype(np.float32), n * _weights(groups, times[of]))
        for of in _blocks(times)
    ]
    return np.concatenate(found, dtype=np.float64)


def _blocks(times: Ints) -> list[slice]:
    return [slice(first, first + BLOCK) for first in range(0, len(times), BLOCK)]


def _weights(groups: Groups, times: Ints) -> Floats32:
    """How often each group is in each draw: group by draw."""
    return times.T.astype(np.float32)[groups.leaf]


def drawn_fits(groups: Groups, whole: Floats, times: Ints) -> Floats:
    """`firth` of each draw (draw by parameter), where `whole` is the fit to everybody.

    `times` (draw by leaf) is how often a leaf is drawn. The steps go from `whole`, where score and
    information of a draw are the sums of those of its leaves, on with that information and with
    the leverages of everybody: neither changes much on the way. A draw that does not get there is
    fitted by itself. Raises `NoMaximum`.
    """
    X = groups.model
    g = special.expit(X @ whole)
    weights = groups.n * g * (1 - g)
    leverage = _leverage(X, _inverse(X.T @ (weights[:, None] * X))[0])
    residual = groups.k - groups.n * g + JEFFREYS * weights * leverage * (1 - 2 * g)
    inverse, _ = _inverse(_informations(groups, weights, times))
    fits: Floats = whole + _times(inverse, times @ _by_leaf(groups, residual[:, None] * X))
    people = np.stack([groups.n, groups.k, JEFFREYS * groups.n * leverage], dtype=np.float32)
    there = np.zeros(len(times), dtype=bool)
    for of in _blocks(times):
        n, k, penalty = people[..., None] * _weights(groups, times[of])
        for _ in range(MOST_DRAWN_STEPS):
            drawn = _expit(groups.single @ fits[of].T.astype(np.float32))
            variance = drawn * (1 - drawn)
            rest = k - n * drawn + penalty * variance * (1 - 2 * drawn)
            score = (rest.T @ groups.single).astype(np.float64)
            step = _times(inverse[of], score)
            fits[of] += step
            moved = (score * step).sum(axis=1) / (n * variance).sum(axis=0)
            there[of] = moved < DRAWN_STEP**2
            if there[of].all():
                break
    for d in np.flatnonzero(~there):
        fits[d] = firth(groups.drawn(times[d]), whole, smallest_step=DRAWN_STEP)
    return fits


def _informations(groups: Groups, weights: Floats, times: Ints) -> Floats:
    """X'WX of each draw, draw by parameter by parameter, from that of its leaves."""
    X, (i, j) = groups.single.T, np.triu_indices(groups.parameters)
    weighted = weights.astype(np.float32) * X
    pairs = times @ _by_leaf(groups, (weighted[i] * X[j]).T)
    informations = np.empty((len(times), groups.parameters, groups.parameters))
    informations[:, i, j] = informations[:, j, i] = pairs
    return informations


def _by_leaf(groups: Groups, values: Reals) -> Reals:
    """The sums of values (group by column) in each leaf; the groups of a leaf stand together."""
    starts = np.flatnonzero(np.diff(groups.leaf, prepend=-1))
    return np.add.reduceat(values, starts, axis=0)


def _expit(eta: Floats32) -> Floats32:
    failing: Floats32 = 1 + np.exp(-eta)
    return np.reciprocal(failing)


def _times(matrices: Floats, vectors: Floats) -> Floats:
    """Each matrix times its vector."""
    product: Floats = (matrices @ vectors[..., None])[..., 0]
    return product


def _ranks(values: Floats) -> Ints:
    """1 for the most negative; ties in the order of the barriers."""
    ranks: Ints = values.argsort(axis=-1, kind="stable").argsort(axis=-1, kind="stable") + 1
    return ranks


def impacts(groups: Groups, coefficients: Reals, people: Reals | None = None) -> Reals:
    """Per barrier the mean over all people of g(x) - g(x with the person's own b = 0).

    With b = 0 the leaf's mean stays, so the linear predictor falls by the barrier's coefficient
    and the odds of failure e^-η grow by its exponential. `coefficients` are those of one fit; or
    fit by parameter, with the `people` group by fit.
    """
    model = groups.model.astype(coefficients.dtype, copy=False)
    n = groups.n.astype(coefficients.dtype, copy=False) if people is None else people
    failing = np.exp(-(model @ coefficients.T))
    share, grown = n / (1 + failing), np.exp(coefficients.T)
    total = []
    for b in range(-len(groups.barriers), 0):
        says = np.flatnonzero(model[:, b])
        without = n[says] / (1 + failing[says] * grown[b])
        total.append((share[says] - without).sum(axis=0))
    mean: Reals = (np.stack(total) / n.sum(axis=0)).T
    return mean


def grouped(people: pl.DataFrame, barriers: Sequence[str]) -> Groups | None:
    """The people as groups of equals; None without a barrier to tell of.

    The model has an intercept, m and w of each barrier. With x = m + w the columns m belong to the
    leaf alone, and only the space that they span matters to the fit: of columns that are constant
    or follow from others, as with fewer leaves than barriers, a basis is kept.
    """
    leaf, says, n, k = _equal_people(people, barriers)
    said = np.stack([np.bincount(leaf, n * x) for x in says.T], axis=1)
    means = said / np.bincount(leaf, n)[:, None]
    differs: Flags = np.any((means > 0) & (means < 1), axis=0)
    inside = (says - means[leaf])[:, differs]
    if not differs.any() or np.linalg.matrix_rank((inside.T * n) @ inside) < differs.sum():
        return None
    basis = _basis(np.column_stack([np.ones(len(means)), means]))
    return Groups(
        barriers=tuple(b for b, has in zip(barriers, differs, strict=True) if has),
        leaf=leaf,
        n=n,
        k=k,
        model=np.hstack([basis[leaf], says[:, differs]]),
    )


def _equal_people(
    people: pl.DataFrame, barriers: Sequence[str]
) -> tuple[Ints, Ints, Floats, Floats]:
    """The leaf of each group, what it says (group by barrier, 0 or 1), its people and successes.

    Leaves are told apart by what their people said, not by their codes or their order.
    """
    _, leaf = np.unique(people["leaf"].to_numpy(), return_inverse=True)
    pattern = people.select(barriers).to_numpy() @ (1 << np.arange(len(barriers)))
    both = leaf * 2 ** len(barriers) + pattern
    group, at, n = np.unique(both, return_inverse=True, return_counts=True)
    k = np.bincount(at, people["success"].to_numpy(), minlength=len(group)).astype(np.float64)
    leaf, pattern = np.divmod(group, 2 ** len(barriers))
    said = np.split(
        np.stack([pattern, n, k.astype(np.int64)], 1), np.flatnonzero(np.diff(leaf)) + 1
    )
    rank: Ints = np.argsort(sorted(range(len(said)), key=lambda u: said[u].tobytes()))
    order = np.lexsort((pattern, rank[leaf]))
    says: Ints = (pattern[order, None] >> np.arange(len(barriers))) & 1
    return rank[leaf][order], says, n[order].astype(np.float64), k[order]


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
    likelihood, against statsmodels for τ = 0, and against the sex2 example of logistf.
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
    X = groups.model
    eta = X @ coefficients
    g = special.expit(eta)
    weights = groups.n * g * (1 - g)
    inverse, log_determinant = _inverse(X.T @ (weights[:, None] * X))
    likelihood = groups.k @ eta - groups.n @ np.logaddexp(0, eta)
    residual = groups.k - groups.n * g
    if jeffreys:
        residual += jeffreys * weights * _leverage(X, inverse) * (1 - 2 * g)
    score = residual @ X
    step = inverse @ score
    return _Point(
        coefficients,
        float(likelihood + jeffreys * log_determinant),
        step,
        float(np.sqrt(max(score @ step, 0) / weights.sum())),
    )


def _leverage(X: Floats, inverse: Floats) -> Floats:
    """Of each group x'Vx, without its weight."""
    leverage: Floats = ((X @ inverse) * X).sum(axis=1)
    return leverage


def _inverse(information: Floats) -> tuple[Floats, Floats]:
    """Inverse and log determinant of each matrix in the directions that the data hold."""
    values, vectors = np.linalg.eigh(information)
    held = values > SINGULAR * values[..., -1:]
    values = np.where(held, values, 1)
    inverse: Floats = (vectors * (held / values)[..., None, :]) @ vectors.swapaxes(-1, -2)
    return inverse, np.log(values).sum(axis=-1)
