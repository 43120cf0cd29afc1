"""Shares, intervals and families of tests. Every published end comes from a displayed value."""

from typing import Final, TypeVar

import numpy as np
import polars as pl
from scipy.stats import t as student

Floats = np.typing.NDArray[np.float64]

Z95: Final = 1.959964  # two-sided 95 per cent
ROUNDING: Final = 1e-9  # what floating point may add to a whole number
SPREAD_STEP: Final = 5  # points: the standard deviation of a level is told rounded up to this
POLARISED_FROM: Final = 45  # points of standard deviation

Terms = TypeVar("Terms", pl.Expr, Floats)


def wilson_low(k: pl.Expr, n: pl.Expr, z: float = Z95) -> pl.Expr:
    """Lower end of the Wilson interval for a share, 0-1.

        low = (p + z²/2n - z·sqrt(p(1 - p)/n + z²/4n²)) / (1 + z²/n),   p = k/n

    k people answered "I høj grad", n people were in the situation. Null when n = 0 or either is
    null: nobody asked is not nobody hindered. The upper end is 1 - wilson_low(n - k, n).
    Assumes independent answers; to compare units use the shrunken estimate.
    Source: Wilson (1927), JASA 22: 209-212. Checked against the worked examples in Newcombe
    (1998), Stat. Med. 17: 857-872, and against scipy.
    """
    return pl.when(n > 0).then(wilson_end(k / n, n, z))


def wilson_end(p: Terms, n: Terms, z: float | Terms = Z95) -> Terms:
    """Lower end of the Wilson interval as a formula of the share p; arrays or expressions."""
    centre = p + z**2 / (2 * n)
    spread = z * (p * (1 - p) / n + z**2 / (4 * n**2)) ** 0.5
    low = (centre - spread) / (1 + z**2 / n)
    return low.clip(0, 1)


def outwards(low: Floats, high: Floats, step: Floats) -> tuple[Floats, Floats]:
    """Ends in per cent moved out to the next whole step, so that they tell no more than it."""
    return (
        step * np.floor(low / step + ROUNDING),
        step * np.ceil(high / step - ROUNDING),
    )


def share_ends(first: Floats, last: Floats, n: Floats, step: Floats) -> tuple[Floats, Floats]:
    """Published interval of a share, in whole per cent: from what is displayed, never from k.

    `first` and `last` are the displayed per cents (the same, but for joined classes).
    """
    ends = (
        pl.DataFrame({"first": first, "last": last, "n": n})
        .select(
            low=100 * wilson_low(pl.col("first") * pl.col("n") / 100, pl.col("n")),
            high=100 - 100 * wilson_low((1 - pl.col("last") / 100) * pl.col("n"), pl.col("n")),
        )
        .to_numpy()
    )
    low, high = outwards(ends[:, 0], ends[:, 1], step)
    return low.clip(1, 99), high.clip(1, 99)


def response_bounds(value: int, n: int, N: int, step: int) -> tuple[int, int]:
    """Where a share of all N would lie whatever those would have said who did not answer.

    `value` in per cent of n. Only for base A: outside the situation is not non-response.
    """
    low, high = value * n / (100 * N), (value * n / 100 + N - n) / N
    ends = outwards(np.array([100 * low]), np.array([100 * high]), np.array([float(step)]))
    return int(ends[0][0]), int(ends[1][0])


def told_spread(standard_deviation: Floats) -> Floats:
    """The standard deviation of a level as it is used: rounded up to the next 5 points.

    Never 0: an interval without width would say that all answered alike.
    """
    steps = np.ceil(standard_deviation / SPREAD_STEP - ROUNDING).clip(1)
    told: Floats = SPREAD_STEP * steps
    return told


def level_ends(
    first: Floats, last: Floats, n: Floats, *, spread: Floats, step: Floats
) -> tuple[Floats, Floats]:
    """Published interval of a behaviour level, 0-100: v -+ t(n - 1)·s/sqrt(n).

    v as displayed, s as told, ends outwards on the step, within 1-99.
    """
    half = student.ppf(0.975, n - 1) * spread / np.sqrt(n)
    low, high = outwards(first - half, last + half, step)
    return low.clip(1, 99), high.clip(1, 99)


def benjamini_hochberg(p: Floats, q: float) -> float:
    """The largest p that is still rejected at false discovery rate q; -1 when none is.

    Benjamini and Hochberg (1995), JRSS B 57: 289-300; checked against their table of 15.
    """
    if not p.size:
        return -1.0
    ordered = np.sort(p)
    kept = np.flatnonzero(ordered <= q * np.arange(1, len(p) + 1) / len(p))
    return float(ordered[kept[-1]]) if len(kept) else -1.0
