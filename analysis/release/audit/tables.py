"""The linked tables of a release as its file tells them: one per base, in rows and columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, TypeAlias

import numpy as np
from msgspec import UNSET, UnsetType

from analysis.audit import Leak
from analysis.findings import Release
from analysis.findings.columns import Columns, Row
from analysis.release.audit.told import LEVEL_PER, named

Ints = np.typing.NDArray[np.int64]
Flags = np.typing.NDArray[np.bool_]
Column: TypeAlias = tuple[str, str | None]  # measure, item
Tree: TypeAlias = tuple[list[Row], list[int]]  # rows and the place of the row above each

UNITS, PROFESSIONS = 0, 1  # the two divisions of a row
BASES: Final = {"A": 0, "S": 1, "Y": 2}  # each within the one before


@dataclass(frozen=True, eq=False)
class Table:
    """One base: rows of people, and the cells of each, column by column.

    `parent` is the row above a row; a crossed row belongs to the other `division` of its centre.
    `barrier` is set for the base of those with one priority. An item stands in one table. `at`
    (row by column) is the place of a cell in `cells`, -1 without one.
    """

    base: str
    barrier: str | None
    rows: tuple[Row, ...]
    parent: Ints
    division: Ints
    columns: tuple[Column, ...]
    cells: Columns
    at: Ints

    @cached_property
    def shown(self) -> Flags:
        """Row by column."""
        return (self.at >= 0) & self.cells.is_shown[self.at]

    @cached_property
    def said(self) -> Ints:
        """What each cell says, row by column; to be read where it is shown."""
        return self.cells.said.of[self.at]

    @cached_property
    def parts(self) -> "tuple[Part, ...]":
        """The columns that are shown in the same rows, together."""
        alike: dict[bytes, list[int]] = {}
        for i, shown in enumerate(self.shown.T):
            if shown.any():
                alike.setdefault(shown.tobytes(), []).append(i)
        return tuple(Part(self, columns, self.shown[:, columns[0]]) for columns in alike.values())

    def code(self, row: int) -> str:
        """How a row is named: its unit, or the behaviour whose scope it is."""
        return next(code for code in self.rows[row] if code is not None)


@dataclass(frozen=True, eq=False)
class Part:
    """Columns of a table that are shown in the same rows: one attack."""

    table: Table
    places: list[int]  # of the columns
    shown: Flags

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        return tuple(self.table.columns[i] for i in self.places)

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

    def sources(self, row: int) -> tuple[str, ...]:
        """The published codes that an atom is worked out from: a row and those straight below."""
        below = np.flatnonzero(self.shown & (self.above == row)).tolist()
        codes = [self.table.code(u) for u in (row, *below)]
        return tuple(dict.fromkeys(codes))


def tables_of(release: Release) -> tuple[Table, ...]:
    """The tables whose rows are a tree, crossed rows beside it: all cells but those of trials.

    Raises `Leak` for a cell twice, for an item told of two bases, and for one that no table holds:
    of a unit nobody knows, or of a scope that cuts across the tree.
    """
    told, place = release.columns, _places(release)
    if np.count_nonzero(told.at >= 0) != len(release.cells):
        raise Leak("A7")
    columns: dict[tuple[str, str | UnsetType], list[int]] = {}
    for i, (_, _, barrier, trial) in enumerate(told.columns.values):
        cells = told.at[:, i][told.at[:, i] >= 0]
        base, *others = {told.sayings[code].base for code in np.unique(told.said.of[cells])}
        if others or (base == "trial") == (trial is UNSET):
            raise Leak("A7", units=named(told.cells[int(cells[0])]))
        if base != "trial":
            columns.setdefault((base, barrier), []).append(i)
    return tuple(_table(release, place, *key, columns=of) for key, of in columns.items())


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
    barrier: str | UnsetType,
    *,
    columns: list[int],
) -> Table:
    """The rows in an order where each follows the row above it, and the crossed ones last."""
    told = release.columns
    first = told.at[:, columns].max(axis=1)  # any cell of each row
    known = {told.rows.values[u]: told.cells[first[u]] for u in np.flatnonzero(first >= 0).tolist()}
    about = {row: cell.behaviour for row, cell in known.items()}
    rows, parent = _scopes(release, about) if base == "Y" else _units(release, place)
    at = {row: u for u, row in enumerate(rows)}
    professions = sorted(row for row in known if row[2] is not None)
    for row, cell in known.items():
        if (row[0], row[1], None) not in at:
            raise Leak("A7", units=named(cell))
    division = [UNITS] * len(rows) + [PROFESSIONS] * len(professions)
    parent += [at[row[0], None, None] for row in professions]
    rows += professions
    code = np.array([told.rows.place.get(row, -1) for row in rows], dtype=np.int64)
    return Table(
        base,
        None if barrier is UNSET else barrier,
        tuple(rows),
        np.array(parent, dtype=np.int64),
        np.array(division, dtype=np.int64),
        tuple(told.columns.values[i][:2] for i in columns),
        told,
        np.where(code[:, None] >= 0, told.at[code][:, columns], -1),
    )


def _units(release: Release, place: dict[str, int]) -> Tree:
    rows: list[Row] = [(unit.unit, None, None) for unit in release.units]
    return rows, [-1 if unit.parent is None else place[unit.parent] for unit in release.units]


def _scopes(release: Release, about: dict[Row, str | None]) -> Tree:
    """Each behaviour's whole scope, and under it the units that have only this behaviour."""
    rows: list[Row] = sorted((row for row in about if row[0] is None), key=lambda row: str(row[1]))
    scope = {row[1]: u for u, row in enumerate(rows)}
    parent = [-1] * len(rows)
    at: dict[str | None, int] = {}
    for unit in release.units:
        row = (unit.unit, None, None)
        if row not in about:
            continue
        same = unit.parent in at and about[row] == about[unit.parent, None, None]
        parent.append(at[unit.parent] if same else scope.get(about[row], -1))
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
