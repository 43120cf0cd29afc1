"""Which barrier cells stand out, told in a way that says no more than the displayed value.

From 20 people a mark follows from the displayed class alone. Below, it is published information:
it splits a band at a cut k* that every part survives (`safe_cut`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from scipy import special

from analysis.disclosure.classes import (
    BANDS_BELOW,
    FEW_BELOW,
    Classes,
    classes_of,
    cut_at,
    safe_cut,
)
from analysis.estimate import benjamini_hochberg

Ints = np.typing.NDArray[np.int64]
Flags = np.typing.NDArray[np.bool_]
Shares = np.typing.NDArray[np.float64]

MARK_FROM: Final = {"TID": 35}  # per cent displayed; for all others MARK_FROM_ELSE
MARK_FROM_ELSE: Final = 25
REFERENCE_QUANTILE: Final = 0.85  # of the units' shares; those above are not ordinary


@dataclass(frozen=True)
class Marks:
    """The tests of a wave: the reference share per barrier and the p up to which it marks."""

    reference: Shares
    least: Ints  # per cent a mark demands, per barrier
    p_cut: float

    @cached_property
    def _cuts(self) -> dict[tuple[int, int], int]:
        return {}

    @cached_property
    def _tables(self) -> dict[int, list[tuple[Classes, Ints]]]:
        return {}

    def cut(self, n: int, item: int) -> int:
        """k* for 8-19 people: the lowest count that marks; n + 1 when none does."""
        known = self._cuts.get((n, item))
        if known is None:
            bands = classes_of(n)
            middle = (bands.low + bands.high) // 2
            counts = np.arange(n + 1)
            stands_out = _at_least(counts, n, self.reference[item]) <= self.p_cut
            high_enough = 100 * middle[bands.holding(counts)] >= self.least[item] * n
            both = np.flatnonzero(stands_out & high_enough)
            known = safe_cut(n, int(both[0])) if len(both) else n + 1
            self._cuts[n, item] = known
        return known

    def tables(self, n: int) -> Sequence[tuple[Classes, Ints]]:
        """The classes of each barrier among n people: bands of 8-19 people split at k*."""
        known = self._tables.get(n)
        if known is None:
            items = np.arange(len(self.reference))
            if FEW_BELOW <= n < BANDS_BELOW:
                cuts = np.array([self.cut(n, int(item)) for item in items])
                known = [
                    (cut_at(classes_of(n), int(cut)), items[cuts == cut]) for cut in np.unique(cuts)
                ]
            else:
                known = [(classes_of(n), items)]
            self._tables[n] = known
        return known

    def marked(self, classes: Classes, items: Ints, lowest: Ints) -> Flags:
        """Whether cells are marked (unit by item), all of the people of `classes`.

        `lowest` is the place of the lowest of the displayed classes of each cell.
        """
        n = classes.n
        if n < FEW_BELOW:
            return np.zeros(lowest.shape, dtype=bool)
        if n < BANDS_BELOW:
            few: Flags = classes.low[lowest] >= self.cut(n, int(items[0]))
            return few
        middle = (classes.low + classes.high) // 2
        p = _at_least(middle, n, self.reference[items, None])
        stands_out = (p <= self.p_cut) & (np.array(classes.names) >= self.least[items, None])
        marked: Flags = stands_out[np.arange(len(items)), lowest]
        return marked


def marks_of(  # noqa: PLR0913 - the tests of one wave and their setting
    n: Ints, k: Ints, *, shown: Flags, is_leaf: Flags, barriers: Sequence[str], q: float
) -> Marks:
    """The tests of one wave: n people in the situation and k "I høj grad", unit by barrier.

    The family is every shown unit but the root (the first place) with n >= 8, times the barriers.
    From n 20 the count tested is the middle of its class, so that a mark says no more than the
    value. Benjamini-Hochberg at `q`.
    """
    reference = _reference(n[is_leaf], k[is_leaf])
    family = shown & (n >= FEW_BELOW)
    family[0] = False
    count = k[family].copy()
    for people in np.unique(n[family]):
        if people >= BANDS_BELOW:
            classes = classes_of(int(people))
            rows = n[family] == people
            at = classes.holding(count[rows])
            count[rows] = (classes.low[at] + classes.high[at]) // 2
    p = _at_least(count, n[family][:, None], reference[None, :])
    least = np.array([MARK_FROM.get(code, MARK_FROM_ELSE) for code in barriers])
    return Marks(reference, least, benjamini_hochberg(p.ravel(), q))


def _at_least(k: Ints, n: Ints | int, p: Shares) -> Shares:
    """P(K >= k) where K is binomial (n, p), for 0 <= k <= n; checked against scipy.stats.binom."""
    tail: Shares = np.asarray(special.bdtrc(k - 1, n, p))
    return tail


def _reference(n: Ints, k: Ints) -> Shares:
    """Per barrier the pooled share of the ordinary units: those up to the 85 % quantile."""
    big = n >= 5
    if not big.any():
        return np.zeros(k.shape[1])
    share = k[big] / n[big][:, None]
    ordinary = share <= np.quantile(share, REFERENCE_QUANTILE, axis=0)
    pooled: Shares = (k[big] * ordinary).sum(axis=0) / (n[big][:, None] * ordinary).sum(axis=0)
    return pooled
