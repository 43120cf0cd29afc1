"""What must stay possible of the groups that crossed rows could open: values that counts reach."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np

Ints = np.typing.NDArray[np.int64]
Flags = np.typing.NDArray[np.bool_]
# An edge whose count must be able to reach a value, from below or from above.
Side: TypeAlias = Literal["least", "most"]
Reach: TypeAlias = tuple[int, Side, int]
WAY: Final[Mapping[Side, int]] = {"least": 1, "most": -1}


@dataclass(frozen=True)
class Wanted:
    """Values to be reached one at a time: `way` times the count of `edge` is `value` or more.

    From below `way` is 1, and from above it is -1.
    """

    edge: Ints
    way: Ints
    value: Ints

    @classmethod
    def of(cls, reaches: Sequence[Reach]) -> "Wanted":
        way = np.array([WAY[side] for _, side, _ in reaches], dtype=np.int64)
        value = np.array([value for _, _, value in reaches], dtype=np.int64)
        return cls(np.array([edge for edge, _, _ in reaches], dtype=np.int64), way, way * value)

    def __len__(self) -> int:
        return len(self.edge)

    def __add__(self, other: "Wanted") -> "Wanted":
        return Wanted(
            np.concatenate([self.edge, other.edge]),
            np.concatenate([self.way, other.way]),
            np.concatenate([self.value, other.value]),
        )

    def __getitem__(self, which: Ints | Flags) -> "Wanted":
        return Wanted(self.edge[which], self.way[which], self.value[which])

    def short(self, x: Ints) -> Ints:
        """By how much the counts of all edges fall short of each value; 0 where they do not."""
        short: Ints = np.maximum(self.value - self.way * x[self.edge], 0)
        return short

    def farthest(self, people: Ints) -> int:
        """The most that any counts of so many people per edge fall short of a value."""
        start = np.where(self.way > 0, 0, -people[self.edge])
        return int((self.value - start).max(initial=0))


@dataclass(frozen=True)
class Group:
    """An edge whose count is protected; a `known` group can be added up by any reader."""

    edge: int
    people: int
    known: bool


@dataclass(frozen=True)
class Needs:
    """What is wanted of each group, two values, and what will do where that is not possible.

    `low`..`high` are the counts possible of an edge before any row is shown, where that is known
    already; elsewhere `low` is above `high`.
    """

    first: Wanted
    second: Wanted
    low: Ints
    high: Ints


def needs_of(groups: Sequence[Group]) -> tuple[Wanted, Wanted]:
    """What must stay possible of groups, and what will do instead.

    A known group: a count of 2 and one of n - 2, so that no insider learns that all others answered
    alike. A hidden group of 1-2: every count. Of 3-4: a width of two, at the end that the displayed
    tree leaves open. Of more: neither none nor all of them.
    """
    first: list[Reach] = []
    second: list[Reach] = []
    for group in groups:
        options = _options(group.people, known=group.known)
        for wanted, (least, most) in ((first, options[0]), (second, options[-1])):
            wanted += [(group.edge, "least", least), (group.edge, "most", most)]
    return Wanted.of(first), Wanted.of(second)


def _options(n: int, *, known: bool) -> list[tuple[int, int]]:
    """Per option the count that must be reached, and the one not to be exceeded."""
    if known:
        return [(2, n - 2)]
    if n <= 2:
        return [(n, 0)]
    if n <= 4:
        return [(2, 0), (n, n - 2)]
    return [(1, n - 1)]
