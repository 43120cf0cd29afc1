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
from typing import Final

import numpy as np

from analysis.disclosure.classes import Classes

Ints = np.typing.NDArray[np.int64]
Flags = np.typing.NDArray[np.bool_]
# For n people: each table of classes, with the places of the items that are told in it.
Tables = Callable[[int], Sequence[tuple[Classes, Ints]]]
NOWHERE: Final = 2**60  # more than any count


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
    above, height = _nesting(parent, shown)
    limits = _Limits(n, k.shape, per)
    for level in np.unique(height[shown]).tolist():
        units = np.flatnonzero(height == level)
        if level == 0:
            _leaves(result, n, k, units=units, tables=tables)
            limits.leaves(units)
        else:
            limits.close(units)
            _place(result, _rows_of(units, n, tables), limits, k)
        limits.pass_up(units[above[units] >= 0], above, result)
    return result


def _nesting(parent: Ints, shown: Flags) -> tuple[Ints, Ints]:
    """Per unit the nearest shown unit above, -1 if there is none, and the shown levels below.

    A unit that is not shown has -1 levels.
    """
    above = parent.copy()
    while len(under_hidden := np.flatnonzero((above >= 0) & ~shown[above])):
        above[under_hidden] = parent[above[under_hidden]]
    height = np.where(shown, 0, -1)
    level = 0
    while len(units := np.flatnonzero((height == level) & (above >= 0))):
        level += 1
        height[above[units]] = level
    return above, height


def _leaves(result: Displayed, n: Ints, k: Ints, *, units: Ints, tables: Tables) -> None:
    for people in np.unique(n[units]).tolist():
        equals = units[n[units] == people]
        for classes, items in tables(people):
            here = np.ix_(equals, items)
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
        self.floor = np.full(shape, -NOWHERE, dtype=np.int64)
        self.ceiling = np.full(shape, NOWHERE, dtype=np.int64)
        self.slack = np.full(shape, -NOWHERE, dtype=np.int64)

    def leaves(self, units: Ints) -> None:
        """A unit with nothing shown below is one atom: A = B = D = 0, C = total."""
        self.floor[units] = self.per
        self.ceiling[units] = self.per * (self.n[units, None] - 1)
        self.slack[units] = 0

    def close(self, units: Ints) -> None:
        """Move the limits of the units below from their own counts to those of `units`."""
        atom = self.per * self.rest[units, None]
        low, high = self.low[units], self.high[units]
        floor = self.floor[units] + low
        ceiling = self.ceiling[units] + high + atom
        slack = self.slack[units] + low - high - atom
        own = atom > 0
        self.floor[units] = np.where(own, np.maximum(floor, low + self.per), floor)
        self.ceiling[units] = np.where(own, np.minimum(ceiling, high + atom - self.per), ceiling)
        self.slack[units] = np.where(own, np.maximum(slack, low - high), slack)
        self.high[units] += atom

    def pass_up(self, units: Ints, above: Ints, result: Displayed) -> None:
        """Hand the limits of units to those `above` them, which may be one for several."""
        units = units[np.argsort(above[units], kind="stable")]
        starts = np.flatnonzero(np.diff(above[units], prepend=-1))  # of those below the same unit
        at = above[units[starts]]
        low, high, w = result.low[units], result.high[units], self.per - 1
        slack = self.slack[units]
        floor = np.maximum(self.floor[units], low + slack + w) - low
        ceiling = np.minimum(self.ceiling[units], high - slack - w) - high
        widest = slack - low + high
        self.floor[at] = np.maximum(self.floor[at], np.maximum.reduceat(floor, starts))
        self.ceiling[at] = np.minimum(self.ceiling[at], np.minimum.reduceat(ceiling, starts))
        self.slack[at] = np.maximum(self.slack[at], np.maximum.reduceat(widest, starts))
        self.low[at] += np.add.reduceat(low, starts)
        self.high[at] += np.add.reduceat(high, starts)
        self.rest[at] -= np.add.reduceat(self.n[units], starts)


@dataclass(frozen=True)
class _Rows:
    """What is placed on one level: each item of each unit, with its classes.

    `low` and `high` are class by row. Where a row has fewer classes than another the rest holds
    no count.
    """

    unit: Ints
    item: Ints
    low: Ints
    high: Ints


def _rows_of(units: Ints, n: Ints, tables: Tables) -> _Rows:
    told = [
        (u, classes, items)
        for u, people in zip(units.tolist(), n[units].tolist(), strict=True)
        for classes, items in tables(people)
    ]
    most = max(len(classes.low) for _, classes, _ in told)
    low = np.full((most, len(told)), NOWHERE)
    high = np.full((most, len(told)), NOWHERE - 1)
    for row, (_, classes, _) in enumerate(told):
        low[: len(classes.low), row] = classes.low
        high[: len(classes.high), row] = classes.high
    times = [len(items) for _, _, items in told]
    return _Rows(
        np.repeat([u for u, _, _ in told], times),
        np.concatenate([items for _, _, items in told]),
        np.repeat(low, times, axis=1),
        np.repeat(high, times, axis=1),
    )


def _place(result: Displayed, rows: _Rows, limits: _Limits, k: Ints) -> None:
    """Join the classes of the units of one level: from the lowest up until what is taken passes.

    A rest at the top joins the last that passed.
    """
    here = rows.unit, rows.item
    row = np.arange(len(rows.unit))
    low, high = np.maximum(rows.low, limits.low[here]), np.minimum(rows.high, limits.high[here])
    floor, ceiling = limits.floor[here], limits.ceiling[here]
    slack = limits.slack[here] + limits.per - 1
    is_possible = low <= high
    at = (rows.high < k[here]).sum(axis=0)
    first, last = at, at
    start, passed = np.full((2, len(row)), -1)  # of the open group, and of the last that passed
    for place in np.flatnonzero(is_possible.any(axis=1)).tolist():
        start = np.where(is_possible[place] & (start < 0), place, start)
        lo, hi = low[start, row], high[place]
        passes = is_possible[place] & (hi > floor) & (lo < ceiling) & (hi - lo > slack)
        holds = passes & (start <= at) & (at <= place)
        first, last = np.where(holds, start, first), np.where(holds, place, last)
        start, passed = np.where(passes, -1, start), np.where(passes, start, passed)
    top = len(low) - 1 - is_possible[::-1].argmax(axis=0)
    begin = np.where(passed < 0, start, passed)
    holds = (start >= 0) & (begin <= at)
    first, last = np.where(holds, begin, first), np.where(holds, top, last)
    result.first[here], result.last[here] = first, last
    result.low[here], result.high[here] = low[first, row], high[last, row]
