"""Moving an installation from SQLite to PostgreSQL: every row, read back and compared, or nothing.

The target is filled in one transaction, each table by one COPY in the order of its primary key. So
neither `xmin` nor the place of a row tells of an order that the key does not tell: sealed answers
and ballots lie in the order of their random keys. SQLite is only read, and held so that nobody
writes to it meanwhile. What is compared are hashes of the rows as SQLite keeps them: what was
read from PostgreSQL is turned back into that form, so a value that changed on its way shows.
"""

import hashlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, Final, NamedTuple

import asyncpg  # type: ignore[import-untyped]  # it ships no types
import msgspec

from survey import engine
from survey.actions.alone import alone
from survey.engine.refusals import DatabaseUnreachable
from survey.errors import N_, DiskFull
from survey.operations import databases
from survey.operations.archive import Rows
from survey.operations.backup import no_close
from survey.operations.refusals import (
    CopyDiffers,
    DatabaseTaken,
    MovedAlready,
    NoAddress,
    SourceBusy,
    ValueUnfit,
)
from survey.settings import Settings

SCHEMES = ("postgresql://", "postgres://")
AT_A_TIME = 500  # rows read back
PATIENCE = 10.0  # seconds that another writer is waited for
STEPS: Final = (N_("Looking at both databases"), N_("Copying every table"), N_("Comparing them"))
# What is raised for a value that a column does not take: by INTO, by asyncpg, by the server.
UNFIT = (
    *(KeyError, TypeError, ValueError, OverflowError),
    *(asyncpg.DataError, asyncpg.IntegrityConstraintViolationError),
)
Watch = Callable[[int, str], None]


class Shape(NamedTuple):
    """The columns of a table, how each is turned for PostgreSQL, and those of its key."""

    columns: tuple[str, ...]
    into: tuple[Callable[[Any], Any], ...]
    key: tuple[str, ...]


async def move(settings: Settings, to: str, *, watch: Watch) -> tuple[str, ...]:
    """Copy the SQLite database to the empty PostgreSQL database `to`; gives the tables.

    Raises MovedAlready, NoAddress, DatabaseTaken, SourceBusy, CloseRunning, AnotherRun,
    ValueUnfit, CopyDiffers and what engine.opened raises for either; then `to` has no row.
    """
    if not settings.on_sqlite:
        raise MovedAlready
    if not to.startswith(SCHEMES):
        raise NoAddress
    watch(1, STEPS[0])
    async with engine.opened(settings, server=True):
        with alone(settings), no_close(settings), _held(settings) as source:
            if await databases.has_rows(to):
                raise DatabaseTaken
            with _refusals():
                return await _moved(source, replace(settings, database=to), watch)


async def _moved(source: sqlite3.Connection, target: Settings, watch: Watch) -> tuple[str, ...]:
    async with engine.opened(target, migrate=True), engine.transaction() as current:
        connection: Any = current.connection
        await databases.take_turn(connection)
        if await databases.any_rows(connection):  # somebody was faster
            raise DatabaseTaken
        shapes = await _shapes(connection)
        watch(2, STEPS[1])
        read: dict[str, list[bytes]] = {table: [] for table in shapes}

        async def fill(table: str) -> None:
            rows = _rows(source, table, shapes[table], read[table])
            with _unfit(table):
                await connection.copy_records_to_table(
                    table, records=rows, columns=shapes[table].columns
                )

        await databases.fill_postgres(connection, _counted(source, shapes), fill)
        watch(3, STEPS[2])
        for table, shape in shapes.items():
            if sorted(read[table]) != sorted(await _read_back(connection, table, shape)):
                raise CopyDiffers(table=table)
        return tuple(shapes)


# --- SQLite ------------------------------------------------------------------------------------


@contextmanager
def _held(settings: Settings) -> Iterator[sqlite3.Connection]:
    """The database, whole, at one moment that lasts: whoever wants to write has to wait."""
    file = settings.sqlite_file
    with (
        databases.readable(),
        closing(sqlite3.connect(file, timeout=PATIENCE, isolation_level=None)) as source,
    ):
        try:
            source.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            raise SourceBusy from error
        databases.check_whole(source)
        try:
            yield source
        finally:
            source.execute("ROLLBACK")


def _rows(
    source: sqlite3.Connection, table: str, shape: Shape, read: list[bytes]
) -> Iterator[tuple[Any, ...]]:
    """The rows as PostgreSQL takes them, in the order of the key; their hashes go to `read`."""
    query = f"SELECT {databases.listed(shape.columns)} FROM {databases.listed([table])}"  # noqa: S608 - names of the schema
    for row in source.execute(f"{query} ORDER BY {databases.listed(shape.key)}"):
        read.append(_hash(row))
        yield tuple(
            None if value is None else into(value)
            for into, value in zip(shape.into, row, strict=True)
        )


def _counted(source: sqlite3.Connection, shapes: Mapping[str, Shape]) -> dict[str, Rows]:
    return {
        table: Rows(
            source.execute(f"SELECT count(*) FROM {databases.listed([table])}").fetchone()[0],  # noqa: S608 - as above
            shape.columns,
        )
        for table, shape in shapes.items()
    }


# --- values ------------------------------------------------------------------------------------


def _moment(text: str) -> datetime:
    """Without an offset it is UTC, as everywhere on SQLite."""
    told = datetime.fromisoformat(text)
    return told if told.tzinfo else told.replace(tzinfo=UTC)


def _as_is(value: Any) -> Any:  # noqa: ANN401 - asyncpg refuses what a column does not take
    return value


# PostgreSQL's type -> what SQLite keeps, turned into what the type takes.
INTO: Final[Mapping[str, Callable[[Any], Any]]] = {
    "integer": _as_is,
    "bigint": _as_is,
    "text": _as_is,
    "bytea": _as_is,
    "boolean": {0: False, 1: True}.__getitem__,
    "date": date.fromisoformat,
    "timestamp with time zone": _moment,
}


def _as_kept(value: Any) -> Any:  # noqa: ANN401 - any value of a column
    """A value of PostgreSQL as SQLite keeps it."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, datetime):
        return str(value.astimezone(UTC))
    return value.isoformat() if isinstance(value, date) else value


def _hash(row: Iterable[Any]) -> bytes:
    return hashlib.sha256(msgspec.msgpack.encode(tuple(row))).digest()


# --- PostgreSQL --------------------------------------------------------------------------------


async def _shapes(connection: Any) -> dict[str, Shape]:  # noqa: ANN401 - asyncpg's
    found = {}
    for table in await databases.tables_of(connection):
        types = await databases.types_of(connection, table)
        found[table] = Shape(
            tuple(types),
            tuple(INTO[kind] for kind in types.values()),
            tuple(await databases.key_of(connection, table)),
        )
    return found


async def _read_back(connection: Any, table: str, shape: Shape) -> list[bytes]:  # noqa: ANN401 - as above
    query = f"SELECT {databases.listed(shape.columns)} FROM {databases.listed([table])}"  # noqa: S608 - names of the schema
    return [_hash(map(_as_kept, row)) async for row in connection.cursor(query, prefetch=AT_A_TIME)]


@contextmanager
def _unfit(table: str) -> Iterator[None]:
    """A value of another kind than its column's: SQLite keeps it, PostgreSQL does not."""
    try:
        yield
    except UNFIT as error:
        raise ValueUnfit(table=table) from error


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except asyncpg.DiskFullError as error:
        raise DiskFull from error
    except (OSError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError) as error:
        raise DatabaseUnreachable from error
