"""Shares, intervals and families of tests. Every published end comes from a displayed value."""

from functools import cache
from math import ceil, floor, sqrt
from typing import Final, TypeVar

import numpy as np
import polars as pl
from scipy import special  # the functions under scipy.stats, which takes a second to import

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


def outwards(low: Floats, high: Floats, step: float | Floats) -> tuple[Floats, Floats]:
    """Ends in per cent moved out to the next whole step, so that they tell no more than it."""
    return (
        step * np.floor(low / step + ROUNDING),
        step * np.ceil(high / step - ROUNDING),
    )


def share_ends(value: Floats, n: Floats, step: Floats) -> tuple[Floats, Floats]:
    """Published interval of shares, in whole per cent: from what is displayed, never from k.

    `value` is the displayed per cent. The low end of joined classes is that of the first, the
    high end that of the last.
    """
    k, people = pl.col("value") * pl.col("n") / 100, pl.col("n")
    ends = (
        pl.DataFrame({"value": value, "n": n})
        .select(low=100 * wilson_low(k, people), high=100 - 100 * wilson_low(people - k, people))
        .to_numpy()
    )
    low, high = outwards(ends[:, 0], ends[:, 1], step)
    return low.clip(1, 99), high.clip(1, 99)


def told_spread(standard_deviation: Floats) -> Floats:
    """The standard deviation of a level as it is used: rounded up to the next 5 points.

    Never 0: an interval without width would say that all answered alike.
    """
    steps = np.ceil(standard_deviation / SPREAD_STEP - ROUNDING).clip(1)
    told: Floats = SPREAD_STEP * steps
    return told


def level_interval(first: int, last: int, n: int, *, spread: float, step: int) -> tuple[int, int]:
    """Published interval of a behaviour level, 0-100: v -+ t(n - 1)·s/sqrt(n).

    v as displayed (`first` to `last` of joined classes), s as told, ends outwards on the step,
    within 1-99.
    """
    half = _t975(n - 1) * spread / sqrt(n)
    low = step * floor((first - half) / step + ROUNDING)
    high = step * ceil((last + half) / step - ROUNDING)
    return max(1, low), min(99, high)


@cache
def _t975(freedom: int) -> float:
    return float(special.stdtrit(freedom, 0.975))


def benjamini_hochberg(p: Floats, q: float) -> float:
    """The p up to which a test is rejected at false discovery rate q: q·i/m; -1 when none is.

    i of the m tests are rejected; none of the others lies below this. Benjamini and Hochberg
    (1995), JRSS B 57: 289-300; checked against their table of 15.
    """
    ordered = np.sort(p)
    limits = q * np.arange(1, len(p) + 1) / max(len(p), 1)
    kept = np.flatnonzero(ordered <= limits)
    return float(limits[kept[-1]]) if len(kept) else -1.0
