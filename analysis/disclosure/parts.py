"""Crossed tables centre by centre: what is possible in one, and what that leaves to the others."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

import numpy as np

from analysis.disclosure.flows import Flow
from analysis.disclosure.wanted import WAY, Needs, Side, Wanted

Ints = np.typing.NDArray[np.int64]
Flags = np.typing.NDArray[np.bool_]
Span: TypeAlias = tuple[int, int]  # the least and the largest count

NOTHING: Final = Wanted.of(())
NOWHERE: Final = 2**60  # more than any count
ENTRY: Final = 0  # the edge over which all people of a centre come in


class Impossible(Exception):
    """No counts are within the bounds."""


@dataclass(frozen=True, eq=False)
class Part:
    """One flow, the bounds of its edges, some counts `x` within them, and what must stay possible.

    What is answered does not depend on which counts `x` are.
    """

    flow: Flow
    x: Ints
    low: Ints
    high: Ints
    needs: Needs
    wanted: Wanted = NOTHING

    def nearest(self, edge: int, value: int) -> Ints:
        """Counts within the bounds with that of one edge as near to a value as it can be."""
        return self.flow.pushed(self.x, self.low, self.high, edge=edge, value=value)

    def span(self, edge: int) -> Span:
        """The possible counts of an edge."""
        low, high = int(self.low[edge]), int(self.high[edge])
        return int(self.nearest(edge, low)[edge]), int(self.nearest(edge, high)[edge])

    def cut(self, edge: int, span: Span) -> "Part":
        """The same with one edge cut to a span; raises `Impossible` where nothing is left."""
        low, high = self.low.copy(), self.high.copy()
        low[edge], high[edge] = max(low[edge], span[0]), min(high[edge], span[1])
        if low[edge] <= high[edge]:
            x = self.nearest(edge, min(max(int(self.x[edge]), int(low[edge])), int(high[edge])))
            if low[edge] <= x[edge] <= high[edge]:
                return replace(self, x=x, low=low, high=high)
        raise Impossible

    def reaches(self, wanted: Wanted) -> bool:
        """Whether each of the values can be reached, one at a time."""
        return all(reached for _, reached in self._tried(wanted))

    def possible_needs(self) -> Wanted | None:
        """What of its needs is possible, and so must stay; None where nothing that will do is."""
        first, second = self.needs.first, self.needs.second
        unmet = np.repeat(~self._met(first).reshape(-1, 2).all(axis=1), 2)
        if not self._met(second[unmet]).all():
            return None
        return first[~unmet] + second[unmet]

    def _met(self, wanted: Wanted) -> Flags:
        low, high = self.needs.low[wanted.edge], self.needs.high[wanted.edge]
        met: Flags = wanted.way * np.where(wanted.way > 0, high, low) >= wanted.value
        open_ = np.flatnonzero(low > high)
        met[open_] = self.reached(wanted[open_])
        return met

    def reached(self, wanted: Wanted) -> Flags:
        """Which of the values can be reached, one at a time."""
        reached = np.ones(len(wanted), dtype=bool)
        for i, one in self._tried(wanted):
            reached[i] = one
        return reached

    def _tried(self, wanted: Wanted) -> Iterator[tuple[int, bool]]:
        """The place of each value that is not reached on the way to others; whether it can be."""
        left = np.flatnonzero(wanted.short(self.x))
        while len(left):
            i, left = int(left[0]), left[1:]
            x = self.nearest(int(wanted.edge[i]), int(wanted.way[i] * wanted.value[i]))
            yield i, bool(wanted.way[i] * x[wanted.edge[i]] >= wanted.value[i])
            left = left[wanted[left].short(x) > 0]


class Parts:
    """The flows of the centres, and that of the top, where each centre is one edge: its door.

    They share nothing but these totals, and the totals that are possible in a part are an interval
    of whole counts. So what the others leave of its total is all that a part must know of them.
    """

    def __init__(self, top: Part, parts: Mapping[int, Part], doors: Mapping[int, int]) -> None:
        """`parts` and their `doors` by centre."""
        self._top, self._parts, self._doors = top, dict(parts), doors
        self._margin = 1  # no counts are farther from a wanted value
        for centre, part in parts.items():
            self._top = self._top.cut(doors[centre], part.span(ENTRY))
        self._parts.update(self._narrowed(self._top))

    def settle(self) -> bool:
        """Fix what must stay possible, before any row is shown; not where it is not so already."""
        parts = [self._top, *self._parts.values()]
        wanted = [part.possible_needs() for part in parts]
        settled = [
            replace(part, wanted=of)
            for part, of in zip(parts, wanted, strict=True)
            if of is not None
        ]
        if len(settled) < len(parts):
            return False
        self._top, self._parts = settled[0], dict(zip(self._parts, settled[1:], strict=True))
        self._margin = max(1, *(part.wanted.farthest(part.flow.people) for part in settled))
        return True

    def nearest(self, centre: int, edge: int, value: int) -> int:
        """The possible count of an edge of a part that is nearest to a value."""
        return int(self._parts[centre].nearest(edge, value)[edge])

    def possible(self, centre: int, edge: int, side: Side, value: int) -> bool:
        """Whether all that is wanted stays possible while an edge has `value` at least, or at most.

        And whether the edge then has two possible counts. Any counts reach a wanted value in as
        many circles of one as they are short of it, and a circle moves each edge by one at most. So
        it is enough that the edge can be beyond `value` by the most that any counts are short.
        Where it cannot, every value is tried.
        """
        way = WAY[side]
        beyond = value + way * self._margin
        if way * self.nearest(centre, edge, beyond) >= way * beyond:
            return True
        try:
            part = self._parts[centre].cut(edge, (value, NOWHERE) if way > 0 else (0, value))
        except Impossible:
            return False
        if not part.reaches(part.wanted + Wanted.of([(edge, side, value + way)])):
            return False
        total = part.span(ENTRY)
        return total == self._total(centre) or self._others_hold(centre, total)

    def _total(self, centre: int) -> Span:
        part = self._parts[centre]
        return int(part.low[ENTRY]), int(part.high[ENTRY])

    def _others_hold(self, centre: int, total: Span) -> bool:
        top = self._top.cut(self._doors[centre], total)
        return top.reaches(top.wanted) and all(
            part.reaches(part.wanted) for c, part in self._narrowed(top) if c != centre
        )

    def place(self, centre: int, edge: int, span: Span) -> None:
        """Cut an edge for good."""
        part = self._parts[centre] = self._parts[centre].cut(edge, span)
        total = part.span(ENTRY)
        if total != self._total(centre):
            self._top = self._top.cut(self._doors[centre], total)
            self._parts.update(self._narrowed(self._top))

    def _narrowed(self, top: Part) -> Iterator[tuple[int, Part]]:
        """The parts to which a top leaves less of their total than they have."""
        for centre, part in list(self._parts.items()):
            left = top.span(self._doors[centre])
            if left != self._total(centre):
                yield centre, part.cut(ENTRY, left)
