"""The classes a count is told in: steps of per cent from 20 people, bands below.

No other value than these leaves the package. A class is what a reader learns, so its ends are the
counts it may stand for.
"""

from dataclasses import dataclass
from functools import cache, cached_property
from typing import Final, Literal, TypeAlias

import numpy as np

Ints = np.typing.NDArray[np.int64]

Band: TypeAlias = Literal["half_or_less", "over_half", "few", "some", "nearly_all"]

BANDS_BELOW: Final = 20  # people: below this, bands in place of per cent
FEW_BELOW: Final = 8  # people: below this, two bands in place of three


@dataclass(frozen=True, eq=False)
class Classes:
    """All classes of n people, lowest first: counts `low`..`high` and how each is said.

    `names` are whole per cents (the first and last are clips) or bands. `per` is what one person
    can add to the count: 1 for a share, 5 for the total of successes.
    """

    n: int
    per: int
    low: Ints
    high: Ints
    names: tuple[int | Band, ...]

    @property
    def is_band(self) -> bool:
        return self.n < BANDS_BELOW

    @cached_property
    def per_cents(self) -> tuple[int, ...]:
        """The names from 20 people on; empty below."""
        return tuple(name for name in self.names if isinstance(name, int))

    @cached_property
    def bands(self) -> tuple[Band, ...]:
        """The names below 20 people; empty from there on."""
        return tuple(name for name in self.names if not isinstance(name, int))

    def holding(self, k: Ints) -> Ints:
        """The place of the class that holds each count."""
        return np.searchsorted(self.high, k)


def step_and_ends(n: int) -> tuple[int, int, int]:
    """Step, lowest and highest per cent that n people may be told in (rule R4)."""
    if n < 40:
        return 10, 10, 90
    if n < 150:
        return 5, 5, 95
    if n < 300:
        return 2, 4, 96
    return 1, 4, 96


@cache
def classes_of(n: int, per: int = 1) -> Classes:
    """The classes of a share (per 1) or a total of successes (per 5) among n >= 5 people."""
    if n < BANDS_BELOW:
        return _bands(n, per)
    step, least, most = step_and_ends(n)
    total = per * n
    k = np.arange(total + 1)
    v = (step * ((200 * k + step * total) // (2 * step * total))).clip(least, most)
    low = np.flatnonzero(np.diff(v, prepend=-1))
    names = tuple(int(x) for x in v[low])
    return Classes(n, per, low, np.append(low[1:] - 1, total), names)


def _bands(n: int, per: int) -> Classes:
    total = per * n
    if n < FEW_BELOW:
        half = total // 2
        return Classes(
            n, per, np.array([0, half + 1]), np.array([half, total]), ("half_or_less", "over_half")
        )
    few = per * max(2, n // 4)
    return Classes(
        n,
        per,
        np.array([0, few + 1, total - few]),
        np.array([few, total - few - 1, total]),
        ("few", "some", "nearly_all"),
    )


def insider_safe(low: int, high: int, n: int, per: int = 1) -> bool:
    """Whether nobody who subtracts the own answer learns that all others answered alike."""
    return high > per and low < per * (n - 1)


def safe_cut(n: int, first: int) -> int:
    """The lowest cut k* >= `first` that bands of n people survive; n + 1 when none does.

    A mark below 20 people is published information: it splits a band at k*. Each part must hold
    no count or at least two, and pass the insider test.
    """
    bands = classes_of(n)
    for cut in range(first, n + 1):
        parts = cut_at(bands, cut)
        if all(
            low < high and insider_safe(low, high, n)
            for low, high in zip(parts.low.tolist(), parts.high.tolist(), strict=True)
        ):
            return cut
    return n + 1


def cut_at(bands: Classes, cut: int) -> Classes:
    """The bands, with the one that holds cut - 1 and cut split between them."""
    (inside,) = np.nonzero((bands.low < cut) & (cut <= bands.high))
    if not len(inside):
        return bands
    at = int(inside[0])
    return Classes(
        bands.n,
        bands.per,
        np.insert(bands.low, at + 1, cut),
        np.insert(bands.high, at, cut - 1),
        (*bands.names[: at + 1], *bands.names[at:]),
    )


def group_band(n: int, width: int = 5) -> str:
    """How the number of people is told where it is not exact: 5-7, 8-19, then steps of `width`."""
    if n < FEW_BELOW:
        return "5-7"
    if n < BANDS_BELOW:
        return "8-19"
    first = n - n % width
    return f"{first}-{first + width - 1}"
