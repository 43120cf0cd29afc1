"""Counts that two nested tables leave open, as a flow: exact, since every bound is whole.

The units of a tree divide the people, and the professions of a centre divide them again. Counts
then flow from the root down the tree, over groups that neither table divides, to the professions:
the bounds of both tables leave whole counts exactly when a flow exists (total unimodularity).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

Ints = np.typing.NDArray[np.int64]
Node: TypeAlias = tuple[str, int]  # its kind and its place

SOURCE: Final[Node] = ("source", 0)
SINK: Final[Node] = ("sink", 0)


@dataclass(frozen=True)
class Edge:
    """People whose count is carried from one node to the next."""

    tail: Node
    head: Node
    people: int


class Flow:
    """The edges between SOURCE and SINK, which are joined by one more: counts run in circles."""

    def __init__(self, edges: Sequence[Edge]) -> None:
        people = sum(edge.people for edge in edges if edge.tail == SOURCE)
        closed = [*edges, Edge(SINK, SOURCE, people)]
        place: dict[Node, int] = {}
        for edge in closed:
            place.setdefault(edge.tail, len(place))
            place.setdefault(edge.head, len(place))
        self.people = np.array([edge.people for edge in closed], dtype=np.int64)
        self._tail = [place[edge.tail] for edge in closed]
        self._head = [place[edge.head] for edge in closed]
        # Per node the steps away from it: the edge, whether along it, and where to.
        self._steps: list[list[tuple[int, int, int]]] = [[] for _ in place]
        for e, (a, b) in enumerate(zip(self._tail, self._head, strict=True)):
            self._steps[a].append((e, 1, b))
            self._steps[b].append((e, -1, a))

    def pushed(self, x: Ints, low: Ints, high: Ints, *, edge: int, value: int) -> Ints:
        """Counts within the bounds, as `x` is, with one edge as near to `value` as it can be.

        Each circle of counts that may still change moves the edge nearer (Ford and Fulkerson);
        without one it is as near as it can be.
        """
        value = min(max(value, int(low[edge])), int(high[edge]))
        left = abs(value - int(x[edge]))
        if not left:
            return x
        way = 1 if value > x[edge] else -1
        start, end = (self._head[edge], self._tail[edge])[::way]
        grows, falls = (high - x).tolist(), (x - low).tolist()
        grows[edge] = falls[edge] = 0
        moved = {edge: 0}
        while left:
            circle = self._path(grows, falls, start, end)
            if circle is None:
                break
            by = min([left, *(grows[e] if on > 0 else falls[e] for e, on in circle)])
            left -= by
            moved[edge] += way * by
            for e, on in circle:
                moved[e] = moved.get(e, 0) + on * by
                grows[e] -= on * by
                falls[e] += on * by
        found = x.copy()
        found[list(moved)] += list(moved.values())
        return found

    def _path(
        self, grows: list[int], falls: list[int], start: int, end: int
    ) -> list[tuple[int, int]] | None:
        """A way over edges that may still grow, or backwards still fall."""
        came: dict[int, tuple[int, int, int]] = {start: (-1, 0, -1)}
        waiting = [start]
        while waiting and end not in came:
            node = waiting.pop()
            for e, on, to in self._steps[node]:
                if to not in came and (grows[e] if on > 0 else falls[e]):
                    came[to] = (e, on, node)
                    waiting.append(to)
        if end not in came:
            return None
        path, node = [], end
        while node != start:
            e, on, node = came[node]
            path.append((e, on))
        return path
