"""Which units of a tree are shown: exact, from the number of people alone, never from answers."""

from dataclasses import dataclass
from functools import cached_property
from math import inf, log1p
from typing import Final

import numpy as np

Ints = np.typing.NDArray[np.int64]
Flags = np.typing.NDArray[np.bool_]

MIN_GROUP: Final = 5  # people on the item's base, decision 1


@dataclass(frozen=True)
class Node:
    """A unit with the people attached to it directly and the units straight below."""

    unit: str
    own: int
    below: tuple["Node", ...] = ()

    @cached_property
    def n(self) -> int:
        return self.own + sum(child.n for child in self.below)


def shown_units(root: Node, minimum: int = MIN_GROUP) -> frozenset[str]:
    """The units to show so that the price of the hidden ones is least and no small group leaks.

    A shown unit minus the shown units below it leaves a remainder. Whoever reads both knows the
    remainder, so it must be nobody, or `minimum` or more. The order of siblings changes nothing.
    """
    nodes: list[tuple[Node, int]] = []
    stack = [(root, -1)]
    while stack:
        node, parent = stack.pop()
        stack.extend(
            (child, len(nodes)) for child in sorted(node.below, key=lambda c: c.unit, reverse=True)
        )
        nodes.append((node, parent))
    shown = shown_pattern(
        np.array([parent for _, parent in nodes]),
        np.array([node.own for node, _ in nodes]),
        minimum=minimum,
    )
    return frozenset(
        node.unit for (node, _), is_shown in zip(nodes, shown, strict=True) if is_shown
    )


def shown_pattern(
    parent: Ints,
    own: Ints,
    *,
    minimum: int = MIN_GROUP,
    candidate: Flags | None = None,
    before: Flags | None = None,
) -> Flags:
    """The cheapest safe pattern of a tree given in preorder; a root has parent -1.

    Only a `candidate` may be shown. Hiding a unit costs log(1 + n), half as much again if it was
    shown `before`: a centre is dearer than a team, and a trend is worth keeping.

    Exact, from the leaves up: for each number of people left over (capped at `minimum`) the
    cheapest plan is kept, and the choices are walked back from the root. Checked against brute
    force on random trees. Prices are whole numbers, so that ties never hang on rounding.
    """
    units = range(len(parent))
    n = own.copy()
    for u in reversed(units):
        if parent[u] >= 0:
            n[parent[u]] += n[u]
    may = [bool(x) for x in (n >= minimum if candidate is None else (n >= minimum) & candidate)]
    dear = [bool(x) for x in (np.zeros(len(parent), dtype=bool) if before is None else before)]
    plans = [_Plans(min(int(own[u]), minimum), minimum) for u in units]
    for u in reversed(units):
        plans[u].close(_price(int(n[u]), was_shown=dear[u]) if may[u] else 0, may_show=may[u])
        if parent[u] >= 0:
            plans[int(parent[u])].join(u, plans[u])
    shown = np.zeros(len(parent), dtype=bool)
    left = {u: plans[u].cheapest() for u in units if parent[u] < 0}
    while left:
        u, over = left.popitem()
        shown[u], below = plans[u].choices(over)
        left.update(below)
    return shown


def _price(n: int, *, was_shown: bool) -> int:
    return round((1500 if was_shown else 1000) * log1p(n))


class _Plans:
    """Per number of people left over: the least price, and how it was reached."""

    __slots__ = ("_closed", "_joins", "costs")

    def __init__(self, over: int, minimum: int) -> None:
        self.costs: list[float] = [inf] * (minimum + 1)
        self.costs[over] = 0
        self._joins: list[tuple[int, list[tuple[int, int]]]] = []
        self._closed: list[tuple[int, bool]] = []

    def join(self, unit: int, child: "_Plans") -> None:
        minimum = len(self.costs) - 1
        costs: list[float] = [inf] * (minimum + 1)
        how = [(0, 0)] * (minimum + 1)  # read only where the price is finite
        below = [(extra, more) for extra, more in enumerate(child.costs) if more < inf]
        for over, cost in enumerate(self.costs):
            if cost == inf:
                continue
            for extra, more in below:
                total = min(over + extra, minimum)
                if cost + more < costs[total]:
                    costs[total] = cost + more
                    how[total] = (over, extra)
        self.costs = costs
        self._joins.append((unit, how))

    def close(self, price: int, *, may_show: bool) -> None:
        """Hide at a price and pass on who is left over, or show where nobody small is left."""
        minimum = len(self.costs) - 1
        closed = [(over, False) for over in range(minimum + 1)]
        costs = [cost + price for cost in self.costs]
        if may_show:
            over = 0 if self.costs[0] <= self.costs[minimum] else minimum
            costs[0], closed[0] = self.costs[over], (over, True)
        self.costs, self._closed = costs, closed

    def cheapest(self) -> int:
        return min(range(len(self.costs)), key=lambda over: self.costs[over])

    def choices(self, over: int) -> tuple[bool, dict[int, int]]:
        """Whether the unit is shown, and what each unit straight below leaves over."""
        over, is_shown = self._closed[over]
        below = {}
        for unit, how in reversed(self._joins):
            over, below[unit] = how[over]
        return is_shown, below
