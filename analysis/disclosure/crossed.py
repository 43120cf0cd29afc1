"""Joined classes of crossed rows: a profession's number must not undo what its tree hides.

Comes after the tree, row by row. Every class of a row is tried against all groups at once, whatever
the row's own count: the lowest classes are joined until they pass, and so are the highest. So the
joining follows from the number of people and from what is displayed already, never from a count.

**Why no class is tried by itself.** With x the count of the row, the largest count that a group can
have is a concave function of x and the smallest a convex one. So the x at which a group can reach a
value are an interval, and it touches a class exactly when it holds an x up to the last count of the
class, and one from its first. Both are monotone in the class: one lowest class from which the first
holds, one highest up to which the second does, and every class between them passes. A group with
two possible counts that had one for two neighbouring x would have one for every x: it was known
before.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.disclosure.classes import Classes
from analysis.disclosure.flows import Open, Reach

Ints = np.typing.NDArray[np.int64]


@dataclass(frozen=True)
class Group:
    """An edge whose count is protected; a `known` group can be added up by any reader."""

    edge: int
    people: int
    known: bool


def joined_row(  # noqa: PLR0913 - the row and the state it is added to
    counts: Open,
    low: Ints,
    high: Ints,
    *,
    edge: int,
    classes: Classes,
    k: int,
    wanted: Sequence[Reach],
) -> tuple[int, int]:
    """The first and the last class that a row with count `k` is displayed in.

    `low`..`high` are the bounds of every edge before the row, `wanted` what must stay possible.
    Everything is joined where nothing less passes.
    """
    trial = _Trial(counts, low, high, edge, classes, wanted)
    at, end = int(classes.holding(np.array([k]))[0]), len(classes.names) - 1
    if not trial.up_to(at - 1):
        bottom = next((j for j in range(at, end + 1) if trial.up_to(j)), end)
        return (trial.least, bottom) if trial.down_to(bottom + 1) else trial.all
    if not trial.down_to(at + 1):
        top = next((j for j in range(at, -1, -1) if trial.down_to(j)), 0)
        return (top, trial.most) if trial.up_to(top - 1) else trial.all
    return at, at


@dataclass(frozen=True)
class _Trial:
    """One row under trial."""

    counts: Open
    low: Ints
    high: Ints
    edge: int
    classes: Classes
    wanted: Sequence[Reach]

    @property
    def least(self) -> int:
        """The lowest class that the row can have, whatever its own count."""
        return self._class_at(0)

    @property
    def most(self) -> int:
        return self._class_at(int(self.classes.high[-1]))

    @property
    def all(self) -> tuple[int, int]:
        return self.least, self.most

    def up_to(self, j: int) -> bool:
        """Whether everything wanted is possible while the row is not above class j."""
        if j < 0:
            return False
        high = self.high.copy()
        high[self.edge] = last = int(self.classes.high[j])
        if self._nearest(last) > last:
            return False
        return self.counts.reaches(self.low, high, [(self.edge, "most", last - 1), *self.wanted])

    def down_to(self, j: int) -> bool:
        """Whether everything wanted is possible while the row is not below class j."""
        if j >= len(self.classes.names):
            return False
        low = self.low.copy()
        low[self.edge] = first = int(self.classes.low[j])
        if self._nearest(first) < first:
            return False
        return self.counts.reaches(low, self.high, [(self.edge, "least", first + 1), *self.wanted])

    def _class_at(self, count: int) -> int:
        return int(self.classes.holding(np.array([self._nearest(count)]))[0])

    def _nearest(self, count: int) -> int:
        return self.counts.nearest(self.low, self.high, edge=self.edge, value=count)


def wanted_of(counts: Open, low: Ints, high: Ints, groups: Sequence[Group]) -> list[Reach] | None:
    """What must stay possible of each group; None where it is not so before any row is shown.

    A known group: a count of 2 and one of n - 2, so that no insider learns that all others answered
    alike. A hidden group of 1-2: every count. Of 3-4: a width of two, at the end that the displayed
    tree leaves open. Of more: neither none nor all of them.
    """
    wanted: list[Reach] = []
    for group in groups:
        options = _needs(group.people, known=group.known)
        for least, most in options:
            reach: list[Reach] = [(group.edge, "least", least), (group.edge, "most", most)]
            if len(options) == 1 or counts.reaches(low, high, reach):
                wanted += reach
                break
        else:
            return None
    return wanted if counts.reaches(low, high, wanted) else None


def _needs(n: int, *, known: bool) -> list[tuple[int, int]]:
    """Per option the count that must be reached, and the one not to be exceeded."""
    if known:
        return [(2, n - 2)]
    if n <= 2:
        return [(n, 0)]
    if n <= 4:
        return [(2, 0), (n, n - 2)]
    return [(1, n - 1)]
