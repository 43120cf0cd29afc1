"""PostgreSQL for more than one machine or process: a pool that gets every connection back."""

import asyncio
import contextvars
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from types import TracebackType
from typing import Any, Literal

import asyncpg  # type: ignore[import-untyped]  # it ships no types
from piccolo.engine.exceptions import TransactionError
from piccolo.engine.postgres import PostgresEngine, PostgresTransaction
from piccolo.querystring import QueryString

from survey.engine.refusals import DatabaseBusy, DatabaseUnreachable, require
from survey.errors import DiskFull, KernepulsError

POOL = 10
TURN = 7_391_846_204  # any number, the same in every process: PostgreSQL's advisory lock
LOG = logging.getLogger(__name__)
CHECKSUMS = "SHOW data_checksums"
# SQLSTATE classes: connection, transaction, resources, prerequisites, intervention, system, bug.
STORE_CLASSES = {"08", "25", "40", "53", "55", "57", "58", "XX"}
# Locked for longer than we wait, starting again, gone: what was begun is undone, or never began.
AWAY = (
    *(OSError, asyncpg.PostgresConnectionError, asyncpg.LockNotAvailableError),
    *(asyncpg.CannotConnectNowError, asyncpg.AdminShutdownError, asyncpg.CrashShutdownError),
)
# What must hold for "received" to mean kept, and for no row to carry a time.
WANTED = (
    ("fsync", "on"),
    ("full_page_writes", "on"),
    ("synchronous_commit", "on"),
    ("track_commit_timestamp", "off"),
)
PATIENCE = {"lock_timeout": "10s"}  # of whoever stores answers, as SQLite's busy_timeout


class PoolTransaction(PostgresTransaction):
    """Stock leaks the pool's connection when COMMIT fails; this one gives it back always."""

    engine: "Postgres"
    connection: Any

    def __init__(self, engine: "Postgres") -> None:
        if engine.inside() is not None:
            raise TransactionError("A transaction is already active; nested ones are refused.")
        super().__init__(engine)
        self._parent = None
        self.over = False

    async def __aenter__(self) -> "PoolTransaction":
        self.connection = await self.engine.taken()
        try:
            self.transaction = self.connection.transaction()
            await self.transaction.start()
        except BaseException:
            await self.engine.give_back(self.connection)
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
            if exception and not (self._committed or self._rolled_back):
                # A server that is gone has undone it, and the first error tells more.
                with suppress(asyncpg.InterfaceError, *AWAY):
                    await self.transaction.rollback()
            elif not (self._committed or self._rolled_back):
                await self.transaction.commit()
        finally:
            self.over = True
            self.engine.current_transaction.reset(self.entered)
            await self.engine.give_back(self.connection)
        return False


async def _unchanged(_connection: Any) -> None:  # noqa: ANN401 - asyncpg's pool proxy
    """Nothing of ours outlives its transaction, so no connection is asked to forget anything."""


class Postgres(PostgresEngine):
    """Piccolo's engine with a pool of its own, checked at start; answers have their connection."""

    current_transaction: contextvars.ContextVar[Any]  # of PoolTransaction or None
    pool: Any  # asyncpg's
    answers: Any = None  # the same, of one connection, opened by the first answer
    for_share = " FOR SHARE"  # the close, which updates the row, waits for open batches

    def __init__(self, address: str) -> None:
        super().__init__(config={"dsn": address})

    async def check_version(self) -> None:
        """Nothing: stock connects here, in a thread, and only warns. `start` checks."""

    async def start(self) -> None:
        """Open the pool; refuses a server that may lose or date an answer."""
        try:
            self.pool = await asyncpg.create_pool(
                **self.config, min_size=1, max_size=POOL, reset=_unchanged
            )
            self.answers = await asyncpg.create_pool(
                **self.config, min_size=0, max_size=1, reset=_unchanged, server_settings=PATIENCE
            )
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
            raise DatabaseUnreachable from error
        try:
            for setting, wanted in WANTED:
                require(setting, found=await self.pool.fetchval(f"SHOW {setting}"), wanted=wanted)
            if await self.pool.fetchval(CHECKSUMS) != "on":
                LOG.warning("data checksums are off: a bad disk would go unnoticed")
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        for pool in (self.answers, self.pool):
            if pool is not None:
                await pool.close()
        self.answers = self.pool = None

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[asyncio.Event | None]:
        """The turn at what one process does for all; None while another process has it.

        A lock of a connection of its own, so it ends with the process, however that ends: no
        lease to wait out and no clock to trust. It is asked for and never waited for, since a
        statement that waits keeps old rows from VACUUM. The event is set when the lock is lost.
        """
        # Whoever looks at the database's connections sees which process has the turn.
        called = {"application_name": f"kernepuls {os.getpid()}"}
        connection = await asyncpg.connect(**self.config, server_settings=called)
        lost = asyncio.Event()
        connection.add_termination_listener(lambda _: lost.set())
        try:
            has_it = await connection.fetchval("SELECT pg_try_advisory_lock($1)", TURN)
            yield lost if has_it else None
        finally:
            await connection.close()

    async def taken(self) -> Any:  # noqa: ANN401 - asyncpg's pool proxy
        """A connection of the pool; whoever takes it gives it back."""
        try:
            return await self.pool.acquire()
        except AWAY as error:
            raise DatabaseBusy from error

    async def give_back(self, connection: Any) -> None:  # noqa: ANN401 - asyncpg's pool proxy
        with suppress(*AWAY):  # one that is gone is dropped; what was committed on it stays so
            await self.pool.release(connection)

    async def store_answers(self, statement: str, *args: object) -> Any:  # noqa: ANN401 - asyncpg's rows
        """The rows of one statement that is a transaction of its own.

        It waits for a lock as long as PATIENCE says. Raises DatabaseBusy, DiskFull.
        """
        try:
            return await self.answers.fetch(statement, *args)
        except (asyncpg.DiskFullError, *AWAY) as error:
            raise self.refusal(error) or error from error

    def inside(self) -> PoolTransaction | None:
        """The transaction of this task; one that is over lives on in tasks it started."""
        current: PoolTransaction | None = self.current_transaction.get()
        return None if current is None or current.over else current

    def transaction(self, *_: object, **__: object) -> PoolTransaction:
        return PoolTransaction(self)

    async def run_querystring(self, querystring: QueryString, in_pool: bool = True) -> Any:  # noqa: ANN401, ARG002, FBT001, FBT002 - Piccolo's signature
        query, args = querystring.compile_string(engine_type=self.engine_type)
        return await self._run(query, args)

    async def run_ddl(self, ddl: str, in_pool: bool = True) -> Any:  # noqa: ANN401, ARG002, FBT001, FBT002 - Piccolo's signature
        return await self._run(ddl, [])

    def refusal(self, error: BaseException) -> KernepulsError | None:
        """The refusal a database error stands for, or none."""
        if isinstance(error, KernepulsError):
            return error
        if isinstance(error, AWAY):
            return DatabaseBusy()
        return DiskFull() if isinstance(error, asyncpg.DiskFullError) else None

    def concerns_store(self, error: BaseException) -> bool:
        """The server failed (full, locked, going down, gone), not one row."""
        state = getattr(error, "sqlstate", None) or ""
        own = (KernepulsError, asyncpg.InterfaceError, OSError)
        return isinstance(error, own) or state[:2] in STORE_CLASSES

    def io_failed(self, error: BaseException) -> bool:  # noqa: ARG002 - as SQLite's
        """Never: the server looks after its own disk, and panics when an fsync fails."""
        return False

    async def _run(self, query: str, args: list[Any]) -> Any:  # noqa: ANN401 - rows as Piccolo wants them
        current = self.inside()
        try:
            if current is not None:
                return await current.connection.fetch(query, *args)
            return await self._run_in_pool(query, args)
        except (asyncpg.DiskFullError, *AWAY) as error:
            raise self.refusal(error) or error from error
