"""The bytes of a file as a table: its encoding, delimiter, header line, date and rows.

Works in memory only and keeps nothing. A file that is empty, cut off, binary, too large or
without a header is refused whole; what a cell means is for the modules that use the table.
"""

import csv
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from io import StringIO
from itertools import islice
from typing import Final

from survey.importing import workbook
from survey.importing.cells import CPR, MAIL
from survey.importing.mapping import ColumnMapping, Kind, guessed, is_header, mapped
from survey.importing.refusals import (
    FileEmpty,
    FileTooLarge,
    FileTruncated,
    NoHeader,
    NoRows,
    NotATable,
    QuoteBroken,
    TooManyColumns,
    TooManyRows,
)

MAX_BYTES: Final = 10 * 1024**2  # trust.md 10
MAX_COLUMNS: Final = 200
MAX_ROWS: Final = 200_000
HEADER_WITHIN: Final = 20  # lines
DELIMITERS: Final = (";", ",", "\t", "|")
TOTALS: Final = frozenset({"i alt", "ialt", "total", "totalt", "sum", "samlet", "grand total"})
DAY: Final = re.compile(r"\b(?:(\d{4})-(\d\d)-(\d\d)|(\d\d?)[-./](\d\d?)[-./](\d{4}))\b")
DANISH: Final = re.compile(r"[æøåÆØÅ]")
CONTROL: Final = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


@dataclass(frozen=True, slots=True)
class Line:
    """A row under the header: `number` is its line in the file, from 1, header lines counted."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Table:
    """A file as read. Its cells may hold what must never be shown, so it has no repr."""

    encoding: str | None  # None: a workbook
    delimiter: str | None
    sheet: str | None
    header_line: int
    mapping: ColumnMapping
    lines: tuple[Line, ...]
    extract_date: date | None  # in a line before the header
    total_line: int | None
    ragged: tuple[int, ...]  # numbers of rows with more cells than headings; not among `lines`
    sample: tuple[str, ...]  # headings with æ, ø or å: what to approve when it was a guess

    def column(self, name: str) -> tuple[str, ...] | None:
        """The cells of a mapped column, from the top; None when it is not mapped."""
        place = self.mapping.places.get(name)
        return None if place is None else tuple(line.cells[place] for line in self.lines)


@dataclass(frozen=True, slots=True)
class _Grid:
    """Rows before anybody knows which of them is the header."""

    rows: list[Line]
    delimiter: str | None = None
    encoding: str | None = None
    sheet: str | None = None
    may_be_cut: bool = False  # the file does not end with a line end


def read(
    data: bytes, kind: Kind, *, wanted: Mapping[str, str] | None = None, source: str = "guessed"
) -> Table:
    """The table in a CSV or XLSX file; `wanted` is a mapping by heading, else it is guessed."""
    grid, at = _with_header(_grids(data, kind, wanted), kind, wanted)
    header = grid.rows[at]
    return _table(
        grid, at, mapped(header.cells, kind, row=header.number, wanted=wanted, source=source)
    )


def read_unmapped(data: bytes, kind: Kind) -> Table:
    """As `read`, for somebody who will say which column is which: none is missed.

    Where no line of headings is known, the first that looks like one is taken; raises `NoHeader`
    where none does.
    """
    grids = _grids(data, kind, None)
    try:
        grid, at = _with_header(grids, kind, None)
    except NoHeader:
        grid, at = _with_likely_header(grids or _by_usual_delimiter(data), kind)
    return _table(grid, at, guessed(grid.rows[at].cells, kind))


def _grids(data: bytes, kind: Kind, wanted: Mapping[str, str] | None) -> list[_Grid]:
    if len(data) > MAX_BYTES:
        raise FileTooLarge(limit=MAX_BYTES // 1024**2)
    if not data.strip(b"\x00 \r\n\t;,\xef\xbb\xbf"):
        raise FileEmpty
    zipped = workbook.looks_like_one(data)
    return _workbook(data) if zipped else _delimited(data, kind, wanted)


def _table(grid: _Grid, at: int, mapping: ColumnMapping) -> Table:
    header = grid.rows[at]
    lines, ragged, total_line = _body(grid, at)
    if not lines:
        raise NoRows(row=header.number)
    return Table(
        encoding=grid.encoding,
        delimiter=grid.delimiter,
        sheet=grid.sheet,
        header_line=header.number,
        mapping=mapping,
        lines=lines,
        extract_date=day_in(" ".join(cell for line in grid.rows[:at] for cell in line.cells)),
        total_line=total_line,
        ragged=ragged,
        sample=tuple(cell for cell in mapping.headings if DANISH.search(cell)),
    )


# --- from bytes to rows ------------------------------------------------------------------------


def _workbook(data: bytes) -> list[_Grid]:
    return [
        _Grid([Line(number, tuple(row)) for number, row in enumerate(cells, start=1)], sheet=name)
        for name, cells in workbook.sheets(data)
    ]


def _delimited(data: bytes, kind: Kind, wanted: Mapping[str, str] | None) -> list[_Grid]:
    """The file read with the delimiter that shows a header in its first lines; none: no grid."""
    text, encoding = _decoded(data)
    start = list(islice(StringIO(text, newline=""), HEADER_WITHIN))
    for mark in sorted(DELIMITERS, key="".join(start).count, reverse=True):
        first = list(csv.reader(start, delimiter=mark))
        if any(len(cells) > MAX_COLUMNS or is_header(cells, kind, wanted) for cells in first):
            cut = not text.endswith(("\n", "\r"))
            return [_Grid(_rows(text, mark), mark, encoding, may_be_cut=cut)]
    return []


def _by_usual_delimiter(data: bytes) -> list[_Grid]:
    """The file read with the delimiter that its first lines have most of."""
    text, encoding = _decoded(data)
    start = "".join(islice(StringIO(text, newline=""), HEADER_WITHIN))
    mark = max(DELIMITERS, key=start.count)
    return [_Grid(_rows(text, mark), mark, encoding, may_be_cut=not text.endswith(("\n", "\r")))]


def _decoded(data: bytes) -> tuple[str, str]:
    """UTF-8 strictly, then Windows-1252; Excel's "Unicode text" by its mark."""
    try:
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            return data.decode("utf-16"), "UTF-16"
        if data.startswith(b"\xef\xbb\xbf"):
            text, encoding = data.decode("utf-8-sig"), "UTF-8 (BOM)"
        else:
            text, encoding = data.decode("utf-8"), "UTF-8"
    except UnicodeDecodeError:
        try:
            text, encoding = data.decode("cp1252"), "Windows-1252"
        except UnicodeDecodeError as error:
            raise NotATable from error
    if CONTROL.search(text):
        raise NotATable
    return text, encoding


def _rows(text: str, delimiter: str) -> list[Line]:
    """The rows with the line each begins on; raises when the file stops inside a row."""
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[Line] = []
    number = 1
    try:
        for cells in reader:
            rows.append(Line(number, tuple(cells)))
            number = reader.line_num + 1
    except csv.Error as error:
        if "unexpected end" in str(error):
            raise FileTruncated(row=number) from error
        raise QuoteBroken(row=number) from error
    return rows


# --- from rows to a table ----------------------------------------------------------------------


def _with_header(
    grids: list[_Grid], kind: Kind, wanted: Mapping[str, str] | None
) -> tuple[_Grid, int]:
    """The first grid with a header within its first lines, and where; raises `NoHeader`."""
    for grid in grids:
        for at, line in enumerate(grid.rows[:HEADER_WITHIN]):
            if len(line.cells) > MAX_COLUMNS and any(line.cells[MAX_COLUMNS:]):
                raise TooManyColumns(found=len(line.cells), limit=MAX_COLUMNS)
            if is_header(line.cells, kind, wanted):
                return grid, at
    raise NoHeader(lines=HEADER_WITHIN, examples=kind.example)


def _with_likely_header(grids: list[_Grid], kind: Kind) -> tuple[_Grid, int]:
    """The first line of words as wide as most lines are: a row of somebody's data is no header."""
    for grid in grids:
        usual = Counter(len(line.cells) for line in grid.rows).most_common(1)
        for at, line in enumerate(grid.rows[:HEADER_WITHIN]):
            filled = [cell.strip() for cell in line.cells if cell.strip()]
            words = all(_is_word(cell) for cell in filled)
            if (
                usual
                and words
                and 2 <= len(filled) <= MAX_COLUMNS
                and 2 * len(filled) > usual[0][0]
            ):
                return grid, at
    raise NoHeader(lines=HEADER_WITHIN, examples=kind.example)


def _is_word(cell: str) -> bool:
    """What may stand as a heading: no number, day, mail address or CPR number."""
    plain_number = re.fullmatch(r"[\d.,:%/ -]+", cell)
    return not (plain_number or CPR.search(cell) or MAIL.search(cell) or DAY.search(cell))


def _body(grid: _Grid, at: int) -> tuple[tuple[Line, ...], tuple[int, ...], int | None]:
    """The rows under the header, those too long to trust, and the line of a total.

    Reading stops at a total. A short row has lost empty cells at its end, as Excel does; the
    very last one without a line end has been cut off.
    """
    width = len(grid.rows[at].cells)
    usual = Counter(len(line.cells) for line in grid.rows[at + 1 :]).most_common(1)
    widest = max([width, *(length for length, _ in usual)])  # delimiters at the end of every row
    lines: list[Line] = []
    ragged: list[int] = []
    for line in grid.rows[at + 1 :]:
        filled = [cell.strip() for cell in line.cells if cell.strip()]
        if not filled:
            continue
        if filled[0].casefold().rstrip(":") in TOTALS and len(filled) <= 3:
            return tuple(lines), tuple(ragged), line.number
        if len(line.cells) > widest or any(line.cells[width:]):
            ragged.append(line.number)
            continue
        if len(line.cells) < width and grid.may_be_cut and line is grid.rows[-1]:
            raise FileTruncated(row=line.number)
        padded = line.cells[:width] + ("",) * (width - len(line.cells))
        lines.append(Line(line.number, padded))
        if len(lines) > MAX_ROWS:
            raise TooManyRows(limit=MAX_ROWS)
    return tuple(lines), tuple(ragged), None


def day_in(text: str) -> date | None:
    """The first day written in a line of text: 03-03-2026, 3.3.2026 or 2026-03-03."""
    for found in DAY.finditer(text):
        year, month, day = found.group(1, 2, 3) if found[1] else found.group(6, 5, 4)
        try:
            return date(int(year), int(month), int(day))
        except ValueError:
            continue
    return None
