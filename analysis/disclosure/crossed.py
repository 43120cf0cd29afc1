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

from dataclasses import dataclass

import numpy as np

from analysis.disclosure.classes import Classes
from analysis.disclosure.parts import Parts


@dataclass(frozen=True)
class Row:
    """A row under trial: its place in the parts of one item, and its classes."""

    parts: Parts
    centre: int
    edge: int
    classes: Classes

    def joined(self, k: int) -> tuple[int, int]:
        """The first and the last class that the row is displayed in with count `k`.

        Everything is joined where nothing less passes.
        """
        at, end = int(self.classes.holding(np.array([k]))[0]), len(self.classes.names) - 1
        if not self.up_to(at - 1):
            bottom = next((j for j in range(at, end + 1) if self.up_to(j)), end)
            return (self.least, bottom) if self.down_to(bottom + 1) else self.all
        if not self.down_to(at + 1):
            top = next((j for j in range(at, -1, -1) if self.down_to(j)), 0)
            return (top, self.most) if self.up_to(top - 1) else self.all
        return at, at

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
        last = int(self.classes.high[j])
        return self.parts.possible(self.centre, self.edge, "most", last)

    def down_to(self, j: int) -> bool:
        """Whether everything wanted is possible while the row is not below class j."""
        if j >= len(self.classes.names):
            return False
        first = int(self.classes.low[j])
        return self.parts.possible(self.centre, self.edge, "least", first)

    def _class_at(self, count: int) -> int:
        nearest = self.parts.nearest(self.centre, self.edge, count)
        return int(self.classes.holding(np.array([nearest]))[0])
