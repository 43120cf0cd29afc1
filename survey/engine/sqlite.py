"""SQLite for one server process: one writer that stays open, four readers, no silent setting."""

import asyncio
import contextvars
import sqlite3
from types import TracebackType
from typing import Any, Literal

import aiosqlite
from piccolo.engine.exceptions import TransactionError
from piccolo.engine.sqlite import (
    SQLiteEngine,
    SQLiteTransaction,
    TransactionType,
    dict_factory,
)
from piccolo.querystring import QueryString

from survey.engine.refusals import DatabaseBusy, DatabaseUnreadable, require
from survey.errors import DataFolderReadOnly, DiskFull, KernepulsError

READERS = 4
# Name, what to set, what SQLite answers when asked. All but the journal mode are per connection.
PRAGMAS = (
    ("busy_timeout", "10000", 10000),
    ("journal_mode", "WAL", "wal"),
    ("synchronous", "FULL", 2),
    ("foreign_keys", "ON", 1),
    ("secure_delete", "ON", 1),
    ("temp_store", "MEMORY", 2),
)
# A write that did not fit (file limit, full disk). Never an fsync: that error ends the process.
NO_ROOM = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE}
READ_ONLY = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}
LOCKED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
NOT_OURS = {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}
CODE = 0xFF  # the kind of an SQLite error without its detail


class WriteTransaction(SQLiteTransaction):
    """The only way to write several rows: it holds the writer and begins IMMEDIATE."""

    engine: "SQLite"
    connection: aiosqlite.Connection

    def __init__(self, engine: "SQLite") -> None:
        if engine.inside() is not None:
            raise TransactionError("A transaction is already active; nested ones are refused.")
        super().__init__(engine, transaction_type=TransactionType.immediate)
        self._parent = None
        self.over = False

    async def __aenter__(self) -> "WriteTransaction":
        await self.engine.turn.acquire()
        try:
            self.connection = await self.engine.writer()
            await self.connection.execute_fetchall("BEGIN IMMEDIATE")
        except BaseException as error:
            self.engine.drop_writer()
            self.engine.turn.release()
            self.engine.refuse(error)
            raise
        self.entered = self.engine.current_transaction.set(self)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> Literal[False]:
        try:
            if not (self._committed or self._rolled_back):
                await self.connection.execute_fetchall("ROLLBACK" if exception else "COMMIT")
        except BaseException as error:
            self.engine.drop_writer()
            self.engine.refuse(error)
            raise
        finally:
            self.over = True
            self.engine.current_transaction.reset(self.entered)
            self.engine.turn.release()
        return False


class SQLite(SQLiteEngine):
    """Piccolo's engine with kept-open connections: stock opens one, and a thread, per query."""

    current_transaction: contextvars.ContextVar[Any]  # of WriteTransaction or None
    for_share = ""  # the writer is alone

    def __init__(self, path: str) -> None:
        super().__init__(path=path, timeout=10)
        self.turn = asyncio.Lock()
        self._writer: aiosqlite.Connection | None = None
        self._readers: asyncio.Queue[aiosqlite.Connection] = asyncio.Queue()
        self._opened: list[aiosqlite.Connection] = []
        self._stopping: list[asyncio.Future[object]] = []

    async def start(self) -> None:
        """Open the writer and the readers; refuses when a setting does not hold."""
        try:
            await self.writer()
            for _ in range(READERS):
                reader = await self._connect()
                self._opened.append(reader)
                await reader.execute_fetchall("PRAGMA query_only=1")
                self._readers.put_nowait(reader)
        except BaseException as error:
            await self.close()
            self.refuse(error)
            raise

    async def close(self) -> None:
        """Close every connection: their threads are no daemons and would hang the exit."""
        async with self.turn:
            for connection in (*self._opened, self._writer):
                if connection is not None:
                    await connection.close()
            await asyncio.gather(*self._stopping)
            self._opened.clear()
            self._stopping.clear()
            self._writer = None

    async def writer(self) -> aiosqlite.Connection:
        """The writing connection; whoever asks holds `turn`, but for the start."""
        if self._writer is None:
            self._writer = await self._connect()
        return self._writer

    def drop_writer(self) -> None:
        """Forget a writer whose state is unknown; closing rolls back what it had begun."""
        if self._writer is not None:
            self._stop(self._writer)
            self._writer = None

    def inside(self) -> WriteTransaction | None:
        """The transaction of this task; one that is over lives on in tasks it started."""
        current: WriteTransaction | None = self.current_transaction.get()
        return None if current is None or current.over else current

    def transaction(self, *_: object, **__: object) -> WriteTransaction:
        return WriteTransaction(self)

    async def run_querystring(self, querystring: QueryString, in_pool: bool = False) -> Any:  # noqa: ANN401, ARG002, FBT001, FBT002 - Piccolo's signature
        query, args = querystring.compile_string(engine_type=self.engine_type)
        return await self._run(query, args)

    async def run_ddl(self, ddl: str, in_pool: bool = False) -> Any:  # noqa: ANN401, ARG002, FBT001, FBT002 - Piccolo's signature
        return await self._run(ddl, [])

    def refuse(self, error: BaseException) -> None:
        """Raise the refusal an SQLite error stands for; return when it stands for none."""
        refusal = self.refusal(error)
        if refusal is not None and refusal is not error:
            raise refusal from error

    def refusal(self, error: BaseException) -> KernepulsError | None:
        code = getattr(error, "sqlite_errorcode", None)
        if code is None:
            return error if isinstance(error, KernepulsError) else None
        primary = code & CODE
        if code in NO_ROOM or primary in NO_ROOM:
            return DiskFull()
        if primary in READ_ONLY:
            return DataFolderReadOnly(folder=str(self.path).rpartition("/")[0])
        if primary in LOCKED:
            return DatabaseBusy()
        if primary in NOT_OURS:
            return DatabaseUnreadable(file=self.path)
        return None

    def concerns_store(self, error: BaseException) -> bool:
        """The store failed (full, locked, gone), not one row."""
        return isinstance(error, KernepulsError | sqlite3.OperationalError | OSError)

    def io_failed(self, error: BaseException) -> bool:
        """The disk failed under us: an fsync that failed is never tried again."""
        code: int = getattr(error, "sqlite_errorcode", 0)
        return code not in NO_ROOM and code & CODE == sqlite3.SQLITE_IOERR

    async def _run(self, query: str, args: list[Any]) -> Any:  # noqa: ANN401 - rows as Piccolo wants them
        current = self.inside()
        try:
            if current is not None:
                return await current.connection.execute_fetchall(query, args)
            if query.lstrip()[:6].upper() == "SELECT":
                return await self._read(query, args)
            async with self.turn:
                return await (await self.writer()).execute_fetchall(query, args)
        except sqlite3.DatabaseError as error:
            self.refuse(error)
            raise

    async def _read(self, query: str, args: list[Any]) -> Any:  # noqa: ANN401 - as above
        reader = await self._readers.get()
        try:
            return await reader.execute_fetchall(query, args)
        finally:
            self._readers.put_nowait(reader)

    async def _connect(self) -> aiosqlite.Connection:
        connection = await aiosqlite.connect(**self.connection_kwargs)
        try:
            connection.row_factory = dict_factory  # type: ignore[assignment]  # rows as Piccolo wants them
            for name, value, wanted in PRAGMAS:
                await connection.execute_fetchall(f"PRAGMA {name}={value}")
                [answer] = await connection.execute_fetchall(f"PRAGMA {name}")
                require(name, found=next(iter(dict(answer).values())), wanted=wanted)
        except BaseException:
            self._stop(connection)
            raise
        return connection

    def _stop(self, connection: aiosqlite.Connection) -> None:
        """Close it in its own thread, after what it is doing; `close` waits for that."""
        stopped = connection.stop()
        if stopped is not None:
            self._stopping.append(stopped)
