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


def finite_low(k: pl.Expr, n: pl.Expr, N: pl.Expr, z: float = Z95) -> pl.Expr:
    """Lower end of the Wilson interval for how the whole unit of N would have answered now.

        n in the formula becomes n(N - 1)/(N - n); with n = N nothing is left to guess: low = k/n

    k of the n who answered; N were invited. Where more answered than were invited, all did. Null
    where n = 0. Never for a comparison, a change or a trial: those ask about more than this unit on
    this day. The upper end is 1 - finite_low(n - k, n, N).
    """
    p = k / n
    guessed = wilson_end(p, n * (N - 1) / (N - n), z)
    return pl.when(n > 0).then(pl.when(n < N).then(guessed).otherwise(p))


def stratified_mean(strata: pl.DataFrame) -> pl.DataFrame:
    """The mean of a population drawn in strata, with its standard errors; one row.

        mean = Σ N_h·m_h / N,   SE² = Σ (N_h/N)²·(s_h²/n_h)·(1 - f_h),   f_h = n_h/N_h

    `strata`: one row per stratum: N, n, mean, sd (of its n values, n - 1 below). `se` leaves the
    correction 1 - f_h out, `se_finite` has it. Null with fewer than two values in a stratum.
    Cochran (1977), Sampling Techniques: 5.4; checked against svy.
    """
    share, f = pl.col("N") / pl.col("N").sum(), pl.col("n") / pl.col("N")
    variance = share**2 * pl.col("sd") ** 2 / pl.col("n")
    known = (pl.col("n") > 1).all()
    return strata.select(
        mean=(share * pl.col("mean")).sum(),
        se=pl.when(known).then(variance.sum().sqrt()),
        se_finite=pl.when(known).then((variance * (1 - f)).sum().sqrt()),
    )


def response_bounds(first: float, last: float, *, n: int, N: int, step: int) -> tuple[int, int]:
    """Where the displayed per cent would lie had all N answered, in whole per cent; base A only.

        [v·n/(100·N), (v·n/100 + N - n)/N],   nobody or everybody of those who did not answer

    `first` to `last` is the displayed value (of a clip 0 to the end, or the end to 100), n the
    first of the displayed step of people. Ends outwards on the step, within 1-99. Where more
    answered than were invited nobody is missing.
    """
    everybody = max(n, N)
    low = np.array([first * n / everybody])
    high = np.array([(last * n + 100 * (everybody - n)) / everybody])
    low, high = outwards(low, high, step)
    return max(1, int(low[0])), min(99, int(high[0]))


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
