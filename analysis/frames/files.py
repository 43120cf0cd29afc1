"""Bytes of a file into a table of its contract: CSV with comma or semicolon, or Parquet."""

import csv
import io
from collections import Counter

import polars as pl

from analysis.frames.contracts import SCHEMAS, conformed
from analysis.frames.refusals import ColumnsRepeated, ColumnsUnknown, FileUnreadable

PARQUET_MAGIC = b"PAR1"
BOM = "\ufeff"
NEVER_EMPTY = ("UNITS", "BEHAVIOURS")  # of the others there may be no row


def read_table(data: bytes, table: str) -> pl.DataFrame:
    """Read a file of the contract `table` (ANSWERS, UNITS, BEHAVIOURS, TRIALS or INVITED).

    Raises an `InputRefused` that names the row as the line in the file. An empty cell is null.
    """
    if not data.strip():
        raise FileUnreadable(table, why="empty")
    read = _parquet(data, table) if is_parquet(data) else _csv(_text(data, table), table)
    typed = conformed(read, table, first_row=first_row(data))
    if typed.is_empty() and table in NEVER_EMPTY:
        raise FileUnreadable(table, why="empty")
    return typed


def is_parquet(data: bytes) -> bool:
    return data.startswith(PARQUET_MAGIC)


def first_row(data: bytes) -> int:
    """The line of the first row of data: a CSV file has its header above."""
    return 1 if is_parquet(data) else 2


def _parquet(data: bytes, table: str) -> pl.DataFrame:
    try:
        frame = pl.read_parquet(io.BytesIO(data))
    except (pl.exceptions.PolarsError, OSError) as error:
        raise FileUnreadable(table, why="not_parquet") from error
    return _emptied(frame)


def _emptied(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with null for each empty text: nobody was asked or nobody answered."""
    text = pl.selectors.string()
    return frame.with_columns(pl.when(text != "").then(text).name.keep())


def _text(data: bytes, table: str) -> str:
    if b"\x00" in data:
        raise FileUnreadable(table, why="binary")
    try:
        return data.decode("utf-8").removeprefix(BOM)
    except UnicodeDecodeError as error:
        row = data[: error.start].count(b"\n") + 1
        raise FileUnreadable(table, why="not_utf8", row=row) from error


def _csv(text: str, table: str) -> pl.DataFrame:
    first_line = text.partition("\n")[0]
    mark = ";" if first_line.count(";") > first_line.count(",") else ","
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
    try:
        header = [name.strip() for name in next(lines)]
        _refuse_header(header, table)
        rows: list[list[str]] = []
        for cells in lines:
            if not cells:
                continue
            if len(cells) != len(header):
                raise FileUnreadable(table, why="torn", row=lines.line_num)
            rows.append(cells)
    except csv.Error as error:
        raise FileUnreadable(table, why="torn", row=lines.line_num) from error
    columns = list(zip(*rows, strict=True)) or [()] * len(header)
    frame = pl.DataFrame(
        {
            name: pl.Series(name, cells, dtype=pl.String)
            for name, cells in zip(header, columns, strict=True)
        }
    )
    return _emptied(frame)


def _refuse_header(header: list[str], table: str) -> None:
    unknown = [name for name in header if name not in SCHEMAS[table]]
    if unknown:
        raise ColumnsUnknown(table, columns=tuple(unknown))
    repeated = [name for name, times in Counter(header).items() if times > 1]
    if repeated:
        raise ColumnsRepeated(table, columns=tuple(repeated))
