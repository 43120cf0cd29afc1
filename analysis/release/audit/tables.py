"""The linked tables of a release as its file tells them: one per base, in rows and columns."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, TypeAlias

import numpy as np
from msgspec import UNSET

from analysis.audit import Leak
from analysis.findings import Cell, Release
from analysis.findings.released import cell_key
from analysis.release.audit.told import LEVEL_PER, crossed, named

Ints = np.typing.NDArray[np.int64]
Flags = np.typing.NDArray[np.bool_]
Row: TypeAlias = tuple[str | None, str | None, str | None]  # unit, behaviour's scope, profession
Column: TypeAlias = tuple[str, str | None]  # measure, item
Tree: TypeAlias = tuple[list[Row], list[int]]  # rows and the place of the row above each

UNITS, PROFESSIONS = 0, 1  # the two divisions of a row
BASES: Final = {"A": 0, "S": 1, "Y": 2}  # each within the one before


@dataclass(frozen=True)
class Table:
    """One base: rows of people, and the cells of each, column by column.

    `parent` is the row above a row; a crossed row belongs to the other `division` of its centre.
    `barrier` is set for the base of those with one priority. An item stands in one table.
    """

    base: str
    barrier: str | None
    rows: tuple[Row, ...]
    parent: Ints
    division: Ints
    cells: dict[Column, dict[Row, Cell]]

    @cached_property
    def parts(self) -> "tuple[Part, ...]":
        """The columns that are shown in the same rows, together."""
        alike: dict[bytes, list[Column]] = {}
        for column, cells in self.cells.items():
            shown = [row in cells and cells[row].status == "shown" for row in self.rows]
            alike.setdefault(bytes(shown), []).append(column)
        return tuple(
            Part(self, tuple(columns), np.frombuffer(shown, dtype=bool))
            for shown, columns in alike.items()
            if any(shown)
        )

    def code(self, row: int) -> str:
        """How a row is named: its unit, or the behaviour whose scope it is."""
        return next(code for code in self.rows[row] if code is not None)


@dataclass(frozen=True)
class Part:
    """Columns of a table that are shown in the same rows: one attack."""

    table: Table
    columns: tuple[Column, ...]
    shown: Flags

    @property
    def per(self) -> int:
        """What one person can add to a count."""
        return LEVEL_PER if self.columns[0][0] == "behaviour_level" else 1

    @cached_property
    def above(self) -> Ints:
        """Per row the nearest shown row above, -1 without one."""
        above = self.table.parent.copy()
        for u, p in enumerate(above.tolist()):
            if p >= 0 and not self.shown[p]:
                above[u] = above[p]
        return above

    def cells(self, column: int) -> Iterator[tuple[int, Cell]]:
        """The shown cells of a column, each with its row."""
        cells = self.table.cells[self.columns[column]]
        return ((u, cells[self.table.rows[u]]) for u in np.flatnonzero(self.shown).tolist())

    def sources(self, row: int) -> tuple[str, ...]:
        """The published codes that an atom is worked out from: a row and those straight below."""
        below = np.flatnonzero(self.shown & (self.above == row)).tolist()
        codes = [self.table.code(u) for u in (row, *below)]
        return tuple(dict.fromkeys(codes))


def tables_of(release: Release) -> tuple[Table, ...]:
    """The tables whose rows are a tree, crossed rows beside it; raises `Leak` for a cell twice.

    Cells of trials, and of scopes that cut across the tree, are in `loose_cells`.
    """
    if len({cell_key(cell) for cell in release.cells}) != len(release.cells):
        raise Leak("A7")
    place = _places(release)
    found: dict[tuple[str, str | None], dict[Column, dict[Row, Cell]]] = {}
    for cell in release.cells:
        if _is_loose(cell):
            continue
        if cell.unit is not None and cell.unit not in place:
            raise Leak("A7", units=named(cell))
        barrier = None if cell.barrier is UNSET else cell.barrier
        row = (cell.unit, cell.behaviour if cell.unit is None else None, crossed(cell))
        columns = found.setdefault((cell.base, barrier), {})
        columns.setdefault((cell.measure, cell.item), {})[row] = cell
    return tuple(
        _table(release, place, base, barrier, cells) for (base, barrier), cells in found.items()
    )


def loose_cells(release: Release) -> tuple[Cell, ...]:
    """The cells that are in no tree: those of trials, and of scopes on base S or A."""
    return tuple(cell for cell in release.cells if _is_loose(cell))


def _is_loose(cell: Cell) -> bool:
    return cell.base == "trial" or (cell.unit is None and cell.base != "Y")


def _places(release: Release) -> dict[str, int]:
    """Where each unit stands; raises `Leak` unless each is told once, after the one above it."""
    place: dict[str, int] = {}
    for unit in release.units:
        if unit.unit in place or (unit.parent is not None and unit.parent not in place):
            raise Leak("A7", units=(unit.unit,))
        place[unit.unit] = len(place)
    return place


def _table(
    release: Release,
    place: dict[str, int],
    base: str,
    barrier: str | None,
    cells: dict[Column, dict[Row, Cell]],
) -> Table:
    """The rows in an order where each follows the row above it, and the crossed ones last."""
    known = {row for rows in cells.values() for row in rows}
    rows, parent = _scopes(release, known, cells) if base == "Y" else _units(release, place)
    at = {row: u for u, row in enumerate(rows)}
    professions = sorted(row for row in known if row[2] is not None)
    division = [UNITS] * len(rows) + [PROFESSIONS] * len(professions)
    parent += [at[row[0], None, None] for row in professions]
    return Table(
        base,
        barrier,
        (*rows, *professions),
        np.array(parent, dtype=np.int64),
        np.array(division, dtype=np.int64),
        cells,
    )


def _units(release: Release, place: dict[str, int]) -> Tree:
    rows: list[Row] = [(unit.unit, None, None) for unit in release.units]
    return rows, [-1 if unit.parent is None else place[unit.parent] for unit in release.units]


def _scopes(release: Release, known: set[Row], cells: dict[Column, dict[Row, Cell]]) -> Tree:
    """Each behaviour's whole scope, and under it the units that have only this behaviour."""
    rows: list[Row] = sorted((row for row in known if row[0] is None), key=lambda row: str(row[1]))
    scope = {row[1]: u for u, row in enumerate(rows)}
    parent = [-1] * len(rows)
    about = {row[0]: cell.behaviour for of in cells.values() for row, cell in of.items()}
    at: dict[str | None, int] = {}
    for unit in release.units:
        row = (unit.unit, None, None)
        if row not in known:
            continue
        same = about[unit.unit] == about.get(unit.parent) and unit.parent in at
        parent.append(at[unit.parent] if same else scope.get(about[unit.unit], -1))
        at[unit.unit] = len(rows)
        rows.append(row)
    return rows, parent


def within(tables: Sequence[Table], table: Table) -> Table | None:
    """The table whose rows hold at least the people of this one: base A over S, S over Y."""
    if table.barrier is not None:
        return next((t for t in tables if (t.base, t.barrier) == (table.base, None)), None)
    if table.base not in BASES:
        return None
    narrow = BASES[table.base]
    wider = [t for t in tables if t.barrier is None and BASES.get(t.base, narrow) < narrow]
    return max(wider, key=lambda t: BASES[t.base], default=None)
