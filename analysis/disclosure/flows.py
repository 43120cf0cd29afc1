"""Counts that two nested tables leave open, as a flow: exact, since every bound is whole.

The units of a tree divide the people, and the professions of a centre divide them again. Counts
then flow from the root down the tree, over groups that neither table divides, to the professions:
the bounds of both tables leave whole counts exactly when a flow exists (total unimodularity).
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np

Ints = np.typing.NDArray[np.int64]
Node: TypeAlias = tuple[str, int]  # its kind and its place
# An edge whose count must be able to reach a value, from below or from above.
Reach: TypeAlias = tuple[int, Literal["least", "most"], int]

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
        self.tail = [place[edge.tail] for edge in closed]
        self.head = [place[edge.head] for edge in closed]
        # Per node the steps away from it: the edge, whether along it, and where to.
        self._steps: list[list[tuple[int, int, int]]] = [[] for _ in place]
        for e, (a, b) in enumerate(zip(self.tail, self.head, strict=True)):
            self._steps[a].append((e, 1, b))
            self._steps[b].append((e, -1, a))

    def pushed(self, x: Ints, low: Ints, high: Ints, *, edge: int, value: int) -> Ints:
        """Counts within the bounds, as `x` is, with one edge as near to `value` as it can be.

        Each circle of counts that may still change moves the edge nearer (Ford and Fulkerson);
        without one it is as near as it can be.
        """
        counts, least, most = x.tolist(), low.tolist(), high.tolist()
        while counts[edge] != value:
            way = 1 if value > counts[edge] else -1
            free = (
                [c < to for c, to in zip(counts, most, strict=True)],
                [c > from_ for c, from_ in zip(counts, least, strict=True)],
            )
            free[0][edge] = free[1][edge] = False
            start, end = (self.head[edge], self.tail[edge])[::way]
            circle = self._path(free, start, end)
            if circle is None:
                break
            room = [most[e] - counts[e] if on > 0 else counts[e] - least[e] for e, on in circle]
            by = min([abs(value - counts[edge]), *room])
            counts[edge] += way * by
            for e, on in circle:
                counts[e] += on * by
        return np.array(counts, dtype=np.int64)

    def _path(
        self, free: tuple[list[bool], list[bool]], start: int, end: int
    ) -> list[tuple[int, int]] | None:
        """The shortest way over edges that are free to grow, or backwards free to fall."""
        grows, falls = free
        came: dict[int, tuple[int, int, int]] = {start: (-1, 0, -1)}
        waiting = deque([start])
        while waiting and end not in came:
            node = waiting.popleft()
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


class Open:
    """What is possible within bounds, proven by counts that are: every one found is kept.

    Starts from counts `x` within the bounds; the answers do not depend on which ones.
    """

    def __init__(self, flow: Flow, x: Ints) -> None:
        self._flow = flow
        self._found = x[None, :]

    def nearest(self, low: Ints, high: Ints, *, edge: int, value: int) -> int:
        """The count of one edge that is nearest to a value, of those within the bounds.

        There must be counts within the bounds already.
        """
        return int(self._nearest(self._inside(low, high), (low, high), edge, value)[edge])

    def reaches(self, low: Ints, high: Ints, wanted: Sequence[Reach]) -> bool:
        """Whether each of the values can be reached within the bounds, one at a time.

        There must be counts within the bounds already.
        """
        inside = self._inside(low, high)
        edge = np.array([edge for edge, _, _ in wanted])
        way = np.array([1 if side == "least" else -1 for _, side, _ in wanted])
        value = way * np.array([value for _, _, value in wanted])
        ready = (way * inside[:, edge] >= value).any(axis=0)
        while not ready.all():
            i = int(np.argmin(ready))
            at = int(edge[i])
            found = self._nearest(inside, (low, high), at, int(way[i] * value[i]))
            if way[i] * found[at] < value[i]:
                return False
            ready |= way * found[edge] >= value
        return True

    def _inside(self, low: Ints, high: Ints) -> Ints:
        inside: Ints = self._found[((low <= self._found) & (self._found <= high)).all(axis=1)]
        return inside

    def _nearest(self, inside: Ints, bounds: tuple[Ints, Ints], edge: int, value: int) -> Ints:
        low, high = bounds
        near: Ints = inside[int(np.argmin(np.abs(inside[:, edge] - value)))]
        to = min(max(value, int(low[edge])), int(high[edge]))
        if near[edge] == to:
            return near
        found = self._flow.pushed(near, low, high, edge=edge, value=to)
        self._found = np.vstack([self._found, found])
        return found
