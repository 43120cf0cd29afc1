"""Wave against wave, from displayed values alone, so that a change tells no more than they do."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import special

from analysis.estimate import Z95, wilson_end

Floats = np.typing.NDArray[np.float64]

BISECTIONS: Final = 60  # halves the z in [0, 64] to below 1e-15
Z_FAR: Final = 64.0


@dataclass(frozen=True)
class Shares:
    """Displayed shares p, each 0-1, of n people."""

    p: Floats
    n: Floats

    def low(self, z: Floats) -> Floats:
        return wilson_end(self.p, self.n, z)

    def high(self, z: Floats) -> Floats:
        return 1 - wilson_end(1 - self.p, self.n, z)


@dataclass(frozen=True)
class Levels:
    """Displayed behaviour levels v, 0-100, their told standard deviation s, of n people."""

    v: Floats
    s: Floats
    n: Floats


@dataclass(frozen=True)
class Difference:
    """Later less earlier with its 95 per cent interval and two-sided p; arrays of one length."""

    d: Floats
    low: Floats
    high: Floats
    p: Floats


def newcombe(earlier: Shares, later: Shares) -> Difference:
    """Difference of two independent shares.

        d = p1 - p0
        low = d - sqrt((p1 - l1)² + (u0 - p0)²),   high = d + sqrt((u1 - p1)² + (p0 - l0)²)

    l and u are the Wilson ends. p by inverting the same interval: 2(1 - Phi(z)) at the z where
    its end touches 0. Newcombe (1998), Stat. Med. 17: 873-890, method 10; checked against its
    worked examples.
    """
    low, high = newcombe_ends(earlier, later)
    p = 2 * special.ndtr(-_touching_z(earlier, later))
    return Difference(later.p - earlier.p, low, high, p)


def newcombe_ends(earlier: Shares, later: Shares) -> tuple[Floats, Floats]:
    """The ends of that interval alone."""
    d, z = later.p - earlier.p, np.full_like(later.p, Z95)
    return d - _reach(later, earlier, z), d + _reach(earlier, later, z)


def _reach(upper: Shares, lower: Shares, z: Floats) -> Floats:
    """How far the difference reaches towards a smaller upper and a larger lower share."""
    return np.hypot(upper.p - upper.low(z), lower.high(z) - lower.p)


def _touching_z(earlier: Shares, later: Shares) -> Floats:
    rises = later.p > earlier.p
    upper, lower = (
        Shares(np.where(up, later.p, earlier.p), np.where(up, later.n, earlier.n))
        for up in (rises, ~rises)
    )
    d = upper.p - lower.p
    near, far = np.zeros_like(d), np.full_like(d, Z_FAR)
    for _ in range(BISECTIONS):
        z = (near + far) / 2
        excludes_0 = d > _reach(upper, lower, z)
        near, far = np.where(excludes_0, z, near), np.where(excludes_0, far, z)
    return near


def welch(earlier: Levels, later: Levels) -> Difference:
    """Difference of two behaviour levels with unequal variances.

        v1 - v0 -+ t(f)·sqrt(a + b),   a = s0²/n0, b = s1²/n1,
        f = (a + b)² / (a²/(n0 - 1) + b²/(n1 - 1))

    Welch (1947), Biometrika 34: 28-35; checked against scipy.
    """
    a, b = earlier.s**2 / earlier.n, later.s**2 / later.n
    f = (a + b) ** 2 / (a**2 / (earlier.n - 1) + b**2 / (later.n - 1))
    d, error = later.v - earlier.v, np.sqrt(a + b)
    half = special.stdtrit(f, 0.975) * error
    p = np.asarray(2 * special.stdtr(f, -np.abs(d) / error))
    return Difference(d, d - half, d + half, p)
