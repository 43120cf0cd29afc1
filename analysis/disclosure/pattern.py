"""Which units of a tree are shown: exact, from the number of people alone, never from answers."""

from dataclasses import dataclass
from functools import cached_property
from math import log1p
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
    n = own.copy()
    for u in range(len(parent) - 1, 0, -1):
        if parent[u] >= 0:
            n[parent[u]] += n[u]
    may_show = (n >= minimum) if candidate is None else (n >= minimum) & candidate
    dear = np.zeros(len(parent), dtype=bool) if before is None else before
    price = [
        _price(people, was_shown=was_shown)
        for people, was_shown in zip(n.tolist(), dear.tolist(), strict=True)
    ]
    plans = _Plans(own, np.array(price), may_show, minimum)
    *steps, roots = _steps(parent)
    for units in steps:
        plans.close(units)
        plans.join(units, parent[units])
    plans.close(roots)
    shown = np.zeros(len(parent), dtype=bool)
    left = np.zeros(len(parent), dtype=np.int64)
    left[roots] = plans.cheapest(roots)
    shown[roots], left[roots] = plans.opened(roots, left[roots])
    for units in reversed(steps):
        above = parent[units]
        left[above], below = plans.parted(units, left[above])
        shown[units], left[units] = plans.opened(units, below)
    return shown


def _steps(parent: Ints) -> list[Ints]:
    """The units in the order in which their plans join those above: a step is done at once.

    From the deepest level up, in each step one unit straight below each unit, the last ones first;
    the roots are the last step.
    """
    above = parent.tolist()
    depth, rank, siblings = [0] * len(above), [0] * len(above), [0] * len(above)
    for u, p in enumerate(above):
        depth[u] = depth[p] + 1 if p >= 0 else 0
    for u in range(len(above) - 1, -1, -1):
        if (p := above[u]) >= 0:
            rank[u] = siblings[p]
            siblings[p] += 1
    order = np.lexsort((np.array(rank), -np.array(depth)))
    step = np.column_stack([depth, rank])[order]
    return np.split(order, np.flatnonzero((step[1:] != step[:-1]).any(axis=1)) + 1)


def _price(n: int, *, was_shown: bool) -> int:
    return round((1500 if was_shown else 1000) * log1p(n))


class _Plans:
    """Per unit and number of people left over: the least price, and how it was reached."""

    def __init__(self, own: Ints, price: Ints, may_show: Flags, minimum: int) -> None:
        self._price, self._may_show = price, may_show
        self._costs = np.full((len(own), minimum + 1), np.inf)
        self._costs[np.arange(len(own)), np.minimum(own, minimum)] = 0
        self._inside = np.zeros(len(own), dtype=np.int64)  # left over within a unit that is shown
        self._over = np.zeros(self._costs.shape, dtype=np.int64)
        self._extra = np.zeros(self._costs.shape, dtype=np.int64)
        self._pairs = _pairs(minimum)

    def close(self, units: Ints) -> None:
        """Hide at a price and pass on who is left over, or show where nobody small is left."""
        costs, may = self._costs[units], self._may_show[units]
        none, enough = costs[:, 0], costs[:, -1]
        self._inside[units] = np.where(none <= enough, 0, costs.shape[1] - 1)
        hidden = costs + self._price[units, None]
        hidden[:, 0] = np.where(may, np.minimum(none, enough), hidden[:, 0])
        self._costs[units] = hidden

    def join(self, units: Ints, above: Ints) -> None:
        """Add who is left over by the units, one below each of those `above`; the first best."""
        over, extra = self._pairs
        costs = self._costs[above][:, over] + self._costs[units][:, extra]
        best = costs.argmin(axis=2)
        self._costs[above] = costs.min(axis=2)
        total = np.arange(len(over))
        self._over[units], self._extra[units] = over[total, best], extra[total, best]

    def cheapest(self, units: Ints) -> Ints:
        """The number of people left over at the least price."""
        cheapest: Ints = self._costs[units].argmin(axis=1)
        return cheapest

    def opened(self, units: Ints, over: Ints) -> tuple[Flags, Ints]:
        """Whether units that leave so many over are shown, and how many are left over within."""
        is_shown = self._may_show[units] & (over == 0)
        return is_shown, np.where(is_shown, self._inside[units], over)

    def parted(self, units: Ints, total: Ints) -> tuple[Ints, Ints]:
        """What is left over above before the units have joined, and what they leave over."""
        return self._over[units, total], self._extra[units, total]


def _pairs(minimum: int) -> tuple[Ints, Ints]:
    """Per number left over the two numbers that add up to it: total by pair, in both parts.

    Totals are capped at `minimum`. Where a total has fewer pairs than another its first is
    repeated.
    """
    counts = range(minimum + 1)
    every = [(a, b) for a in counts for b in counts]
    pairs = [[pair for pair in every if min(sum(pair), minimum) == total] for total in counts]
    most = max(len(of_total) for of_total in pairs)
    padded = np.array([of_total + of_total[:1] * (most - len(of_total)) for of_total in pairs])
    return padded[:, :, 0], padded[:, :, 1]
