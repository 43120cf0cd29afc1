"""Joined classes: what a parent shows must not give back what the units below it hide.

Bottom-up, each shown unit with shown units below tries every one of its classes against the atoms
underneath (an atom: the people under a shown unit who are under no shown unit below it). A class
that would pin an atom, or leave it nearly unanimous, joins the next one until they pass. The
joining follows from n and from what is already displayed, never from the unit's own count, so
anybody could redo it and learns nothing from it (simulatable auditing).

**Why no walk down the tree is needed.** With [lo, hi] the class tried at the top, the two passes
leave an atom with [max(A, lo - B), min(C, hi - D)], for constants of the path. So an atom breaches
when hi <= `floor`, lo >= `ceiling` or hi - lo <= `slack` + per - 1, where

    floor = max(per + D, A + D + per - 1)    ceiling = min(total - per + B, B + C - per + 1)
    slack = D - B

and the three of a unit follow from those of the units below: one number each, in linear time.
`analysis.audit` walks the passes themselves and must agree.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.disclosure.classes import Classes

Ints = np.typing.NDArray[np.int64]
Flags = np.typing.NDArray[np.bool_]
# For n people: each table of classes, with the places of the items that are told in it.
Tables = Callable[[int], Sequence[tuple[Classes, Ints]]]


@dataclass(frozen=True)
class Displayed:
    """Per unit and item the places of the first and last of the joined classes; -1 if hidden.

    `low` and `high` are the counts a reader can hold for possible.
    """

    first: Ints
    last: Ints
    low: Ints
    high: Ints


def displayed(  # noqa: PLR0913 - one table: its tree, people, counts and how they are told
    parent: Ints, n: Ints, k: Ints, *, shown: Flags, tables: Tables, per: int = 1
) -> Displayed:
    """The classes to show: `n` people and `k` counts (unit by item), of the `shown` units.

    Units stand in preorder. Units with nothing shown below keep their own class.
    """
    result = Displayed(*(np.full(k.shape, -1, dtype=np.int64) for _ in range(4)))
    above = _nearest_shown(parent, shown)
    has_below = np.zeros(len(parent), dtype=bool)
    has_below[above[shown & (above >= 0)]] = True
    limits = _Limits(n, k.shape, per)
    leaves = shown & ~has_below
    _leaves(result, n, k, leaves=leaves, tables=tables)
    limits.leaves(leaves, n)
    under = np.flatnonzero(leaves & (above >= 0))
    limits.pass_up(under, above[under], result)
    for u in np.flatnonzero(has_below)[::-1].tolist():
        limits.close(u)
        for classes, items in tables(int(n[u])):
            _place(result, u, limits, (classes, items, k[u, items]))
        if above[u] >= 0:
            limits.pass_up(np.array([u]), above[[u]], result)
    return result


def _nearest_shown(parent: Ints, shown: Flags) -> Ints:
    """Per unit the place of the nearest shown unit above, -1 if there is none."""
    above = np.full(len(parent), -1, dtype=np.int64)
    for u in range(len(parent)):
        p = parent[u]
        if p >= 0:
            above[u] = p if shown[p] else above[p]
    return above


def _leaves(result: Displayed, n: Ints, k: Ints, *, leaves: Flags, tables: Tables) -> None:
    for people in np.unique(n[leaves]):
        units = np.flatnonzero(leaves & (n == people))
        for classes, items in tables(int(people)):
            here = np.ix_(units, items)
            at = classes.holding(k[here])
            result.first[here] = result.last[here] = at
            result.low[here], result.high[here] = classes.low[at], classes.high[at]


class _Limits:
    """The three limits of each unit, and what is possible of the units shown straight below."""

    def __init__(self, n: Ints, shape: tuple[int, ...], per: int) -> None:
        self.per = per
        self.n = n
        self.rest = n.copy()  # becomes the atom: n less the units shown below
        self.low = np.zeros(shape, dtype=np.int64)
        self.high = np.zeros(shape, dtype=np.int64)
        far = np.iinfo(np.int64).max // 4
        self.floor = np.full(shape, -far, dtype=np.int64)
        self.ceiling = np.full(shape, far, dtype=np.int64)
        self.slack = np.full(shape, -far, dtype=np.int64)

    def leaves(self, leaves: Flags, n: Ints) -> None:
        """A unit with nothing shown below is one atom: A = B = D = 0, C = total."""
        self.floor[leaves] = self.per
        self.ceiling[leaves] = self.per * (n[leaves, None] - 1)
        self.slack[leaves] = 0

    def close(self, u: int) -> None:
        """Move the limits of the units below from their own counts to that of `u`."""
        atom = self.per * self.rest[u]
        low, high = self.low[u].copy(), self.high[u].copy()
        self.floor[u] += low
        self.ceiling[u] += high + atom
        self.slack[u] += low - high - atom
        if atom:
            self.floor[u] = np.maximum(self.floor[u], low + self.per)
            self.ceiling[u] = np.minimum(self.ceiling[u], high + atom - self.per)
            self.slack[u] = np.maximum(self.slack[u], low - high)
        self.high[u] += atom

    def pass_up(self, units: Ints, above: Ints, result: Displayed) -> None:
        """Hand the limits of units to those above them, which may be one for several."""
        low, high, w = result.low[units], result.high[units], self.per - 1
        slack = self.slack[units]
        floor = np.maximum(self.floor[units], low + slack + w) - low
        ceiling = np.minimum(self.ceiling[units], high - slack - w) - high
        np.maximum.at(self.floor, above, floor)
        np.minimum.at(self.ceiling, above, ceiling)
        np.maximum.at(self.slack, above, slack - low + high)
        np.add.at(self.low, above, low)
        np.add.at(self.high, above, high)
        np.subtract.at(self.rest, above, self.n[units])


def _place(result: Displayed, u: int, limits: _Limits, told: tuple[Classes, Ints, Ints]) -> None:
    """Join the classes of one unit, for all items that are told in one table."""
    classes, items, k = told
    low = np.maximum(classes.low, limits.low[u, items, None])
    high = np.minimum(classes.high, limits.high[u, items, None])
    floor, ceiling = limits.floor[u, items, None], limits.ceiling[u, items, None]
    slack = limits.slack[u, items, None] + limits.per - 1
    is_possible = low <= high
    breaches = is_possible & ((high <= floor) | (low >= ceiling) | (high - low <= slack))
    at = classes.holding(k)
    first, last = at.copy(), at.copy()
    for i in np.flatnonzero(breaches.any(axis=1)):
        places = np.flatnonzero(is_possible[i])
        first[i], last[i] = _joined(
            places.tolist(), low[i].tolist(), high[i].tolist(), int(at[i]),
            (int(floor[i, 0]), int(ceiling[i, 0]), int(slack[i, 0])),
        )  # fmt: skip
    rows = np.arange(len(items))
    result.first[u, items], result.last[u, items] = first, last
    result.low[u, items], result.high[u, items] = low[rows, first], high[rows, last]


def _joined(
    places: list[int], low: list[int], high: list[int], at: int, limits: tuple[int, int, int]
) -> tuple[int, int]:
    """The first and last class of the group that holds class `at`."""
    floor, ceiling, slack = limits
    groups: list[tuple[int, int]] = []
    start: int | None = None
    for place in places:
        start = place if start is None else start
        lo, hi = low[start], high[place]
        if hi > floor and lo < ceiling and hi - lo > slack:
            groups.append((start, place))
            start = None
    if start is not None:
        groups[-1:] = [(groups[-1][0] if groups else start, places[-1])]
    return next(group for group in groups if group[0] <= at <= group[1])
