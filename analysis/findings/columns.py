"""Cells as a table: where each stands and what it says, with equal places and sayings held once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from typing import Final, Generic, TypeAlias, TypeVar

import numpy as np
from msgspec import UNSET, UnsetType

from analysis.findings.values import Cell

Ints = np.typing.NDArray[np.int64]
Flags = np.typing.NDArray[np.bool_]
Value = TypeVar("Value")
Row: TypeAlias = tuple[str | None, str | None, str | None]  # unit, behaviour's scope, profession
# Measure, item, barrier, trial.
Column: TypeAlias = tuple[str, str | None, str | UnsetType, str | UnsetType]

SAYING: Final = (
    "status", "base", "measure", "display", "n", "n_band", "value", "value_to", "low", "high",
    "clip", "band", "band_to", "marked", "flags",
)  # fmt: skip


@dataclass(frozen=True)
class Coded(Generic[Value]):
    """Values, each once in the order they first come, and per element the place of its value."""

    place: dict[Value, int]
    of: Ints

    @cached_property
    def values(self) -> tuple[Value, ...]:
        return tuple(self.place)


def coded(values: Iterable[Value]) -> Coded[Value]:
    place: dict[Value, int] = {}
    of = np.array([place.setdefault(value, len(place)) for value in values], dtype=np.int64)
    return Coded(place, of)


def first_of_each(codes: Ints) -> Ints:
    """Where each code comes for the first time, in order."""
    return np.sort(np.unique(codes, return_index=True)[1])


class Columns:
    """The cells by row and column, as `Release.cell` tells them apart.

    `at` (row by column) is the place of a cell: -1 without one, the last where several claim it.
    `said` is what each says, all but its N and its changes; `sayings` the first cell of each.
    """

    def __init__(self, cells: Sequence[Cell]) -> None:
        says = attrgetter(*SAYING)
        self.cells = cells
        self.rows: Coded[Row] = coded(
            [
                (
                    cell.unit,
                    None if cell.unit is not None else cell.behaviour,
                    None if cell.cross is UNSET else cell.cross["profession"],
                )
                for cell in cells
            ]
        )
        self.columns: Coded[Column] = coded(
            map(attrgetter("measure", "item", "barrier", "trial"), cells)
        )
        # People of a profession are held to another threshold: their cells say something else.
        self.said: Coded[tuple[object, ...]] = coded(
            [says(cell) if cell.cross is UNSET else (*says(cell), "crossed") for cell in cells]
        )
        self.at = np.full((len(self.rows.place), len(self.columns.place)), -1, dtype=np.int64)
        self.at[self.rows.of, self.columns.of] = np.arange(len(cells))

    def cell(self, row: Row, column: Column) -> Cell | None:
        u, i = self.rows.place.get(row), self.columns.place.get(column)
        at = -1 if u is None or i is None else int(self.at[u, i])
        return self.cells[at] if at >= 0 else None

    @cached_property
    def sayings(self) -> tuple[Cell, ...]:
        return self.some(first_of_each(self.said.of))

    @cached_property
    def is_shown(self) -> Flags:
        """Per cell."""
        return np.array([cell.status == "shown" for cell in self.sayings], dtype=bool)[self.said.of]

    def some(self, places: Ints) -> tuple[Cell, ...]:
        return tuple(self.cells[at] for at in places.tolist())
