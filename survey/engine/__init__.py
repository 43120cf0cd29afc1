"""Opening the database of an installation and binding the tables to it; no query of its own.

    async with opened(settings):
        async with transaction():
            await Wave.update({Wave.state: "open"}).where(...)

Outside a transaction every statement stands alone. A transaction inside another is an error.
"""

import errno
import fcntl
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from inspect import getmembers, isclass
from typing import TypeAlias

from piccolo.apps.migrations.tables import Migration
from piccolo.table import Table

from survey import tables
from survey.engine import schema
from survey.engine.postgres import PoolTransaction, Postgres
from survey.engine.refusals import ServerRunning
from survey.engine.sqlite import SQLite, WriteTransaction
from survey.errors import DataFolderReadOnly, DiskFull, NotInitialised
from survey.settings import Settings

Engine: TypeAlias = SQLite | Postgres
LOCK_FILE = "kernepuls.lock"


def all_tables() -> list[type[Table]]:
    """Every table of ours, and Piccolo's record of migrations."""
    found = (member for _, member in getmembers(tables, isclass))
    ours = [table for table in found if issubclass(table, Table) and table is not Table]
    return [*ours, Migration]


def current() -> Engine:
    """The engine the tables are bound to."""
    bound = tables.Wave._meta._db  # not `db`, which would look for a configuration module
    if not isinstance(bound, SQLite | Postgres):
        raise TypeError("no database is open: use survey.engine.opened")
    return bound


def transaction() -> WriteTransaction | PoolTransaction:
    """A writing transaction: all of it is kept or none; on SQLite one at a time."""
    return current().transaction()


@asynccontextmanager
async def opened(
    settings: Settings, *, migrate: bool = False, server: bool = False
) -> AsyncIterator[Engine]:
    """The installation's database, checked and bound, until the block ends.

    `migrate` makes the folder and the tables, or brings them up to date. `server` refuses when
    another server has the same SQLite file. Raises NotInitialised, DatabaseNewer, DatabaseOlder,
    DatabaseUnsafe, DatabaseUnreachable, DataFolderReadOnly, DiskFull.
    """
    if migrate:
        _make_folder(settings)
    if not settings.data.is_dir() or (
        settings.on_sqlite and not migrate and not settings.sqlite_file.exists()
    ):
        raise NotInitialised(folder=settings.data)
    _probe(settings)
    with _server_lock(settings, wanted=server and settings.on_sqlite):
        engine: Engine = (
            SQLite(str(settings.sqlite_file)) if settings.on_sqlite else Postgres(settings.database)
        )
        await engine.start()
        try:
            with _bound(engine):
                if migrate:
                    await schema.migrate(engine)
                else:
                    await schema.checked(str(settings.data))
                yield engine
        finally:
            await engine.close()


def _make_folder(settings: Settings) -> None:
    with file_refusals(settings):
        settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)


def _probe(settings: Settings) -> None:
    """A byte written and gone again: permission bits say nothing about a read-only disk."""
    with file_refusals(settings), tempfile.TemporaryFile(dir=settings.data) as file:
        file.write(b"0")
        file.flush()


@contextmanager
def file_refusals(settings: Settings) -> Iterator[None]:
    """A read-only or full data folder, as a sentence."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise DataFolderReadOnly(folder=settings.data) from error
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise DiskFull from error
        raise


@contextmanager
def _server_lock(settings: Settings, *, wanted: bool) -> Iterator[None]:
    if not wanted:
        yield
        return
    with (settings.data / LOCK_FILE).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ServerRunning(folder=settings.data) from error
        yield


@contextmanager
def _bound(engine: Engine) -> Iterator[None]:
    """Bind every table for the time of the block; what was bound before is bound again after."""
    before = {table: table._meta._db for table in all_tables()}
    for table in before:
        table._meta.db = engine
    try:
        yield
    finally:
        for table, earlier in before.items():
            table._meta._db = earlier
