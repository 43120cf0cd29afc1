"""A7 on the table for a spreadsheet: each row is a cell of the release, sign for sign."""

import csv
from collections.abc import Iterable, Sequence
from io import StringIO
from typing import Final, TypeAlias

from msgspec import UNSET

from analysis.findings import Cell, Release
from analysis.release.audit.documents import Untold, has_digit

COLUMNS: Final = 20
Place: TypeAlias = tuple[str, ...]


def table_checked(release: Release, table: str) -> int:
    """How many rows of a table were found to be cells of the release; raises `Untold` for another.

    An apostrophe before a text that a table program would calculate is none of the text.
    """
    rows = csv.reader(StringIO(table.removeprefix("\ufeff")), delimiter=";")
    return rows_checked(release, ([text.removeprefix("'") for text in row] for row in rows))


def rows_checked(release: Release, rows: Iterable[Sequence[str]]) -> int:
    """The same of a table that is read already: its headings first, then a row for each cell.

    Wave, unit and question name the cell; after them stands what the cell says and not one sign
    more, and of a hidden cell nothing at all.
    """
    each = iter(rows)
    headings = next(each, [])
    if len(headings) != COLUMNS or any(map(has_digit, headings)):
        raise Untold("table", 1)
    cells: dict[str, dict[Place, Cell]] = {}
    found = 0
    for row in each:
        _row_checked(release, row, cells)
        found += 1
    return found


def _places(release: Release, unit: str) -> dict[Place, Cell]:
    """The cells of a unit, or of what is no unit, by what a row says before its numbers."""
    cells = release.cells_of(unit) if unit else (c for c in release.cells if c.unit is None)
    return {_place(release, cell): cell for cell in cells}


def _place(release: Release, cell: Cell) -> Place:
    crossed = "" if cell.cross is UNSET else cell.cross["profession"]
    items = (cell.item, crossed, *(x for x in (cell.barrier, cell.trial) if x is not UNSET))
    item = " · ".join(one for one in items if one)
    return (release.wave, cell.unit or "", cell.behaviour or "", cell.measure, item, cell.base)


def _row_checked(release: Release, row: Sequence[str], cells: dict[str, dict[Place, Cell]]) -> None:
    units = tuple(row[1:2])
    if len(row) != COLUMNS:
        raise Untold("table", 1, units)
    wave, unit, name, behaviour, measure, item, text, base, status, *says = row
    if unit not in cells:
        cells[unit] = _places(release, unit)
    cell = cells[unit].get((wave, unit, behaviour, measure, item, base))
    if cell is None or has_digit(text):
        raise Untold("table", 1, units)
    named = release.unit(unit)
    if status != cell.status or name != ("" if named is None else named.name):
        raise Untold("table", 1, units)
    if cell.status == "hidden":
        if any(says):
            raise Untold("hidden", 1, units)
        return
    *numbers, marked, change = says
    told = (
        cell.n if cell.n is not None else (cell.n_band or "").replace("-", "–"),
        cell.N, cell.value, cell.value_to, cell.low, cell.high, cell.clip, cell.band, cell.band_to,
    )  # fmt: skip
    moved = "" if cell.change is None else cell.change.verdict or cell.change.bands or ""
    words = marked.isalpha() == (cell.marked is True) and change == moved
    if numbers != ["" if one is None else str(one) for one in told] or not words:
        raise Untold("table", 1, units)
