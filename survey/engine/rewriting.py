"""Making what was deleted or changed unreadable in the database's own files, not only unused."""

import asyncio
from typing import Final

from survey.engine import current
from survey.engine.postgres import Postgres
from survey.engine.sqlite import SQLite
from survey.errors import N_, Broken

PATIENCE: Final = 30.0  # seconds that others may go on reading on PostgreSQL
LOOK_AGAIN: Final = 0.1  # seconds
# Those of this database, and of replication, who may still see a row that is gone since {since}.
READERS = """
    SELECT count(*) AS readers FROM pg_stat_activity
    WHERE pid <> pg_backend_pid() AND (datname = current_database() OR datname IS NULL)
    AND greatest(age(backend_xmin), age(backend_xid)) >= age('{since}'::xid)
"""


class StillRead(Broken):
    status = 503
    sentence = N_(
        "Another program reads the database, so what was deleted could not be made unreadable. "
        "What was begun is kept. Stop the other program, and give the same command again."
    )


async def rewrite(*tables: str) -> None:
    """Write the tables anew without the space of old rows; on SQLite the whole file and its log.

    PostgreSQL keeps its own log until it is recycled. Raises StillRead.
    """
    store = current()
    if isinstance(store, SQLite):
        await store.run_ddl("VACUUM")
        await truncate_log(store)
        return
    await _nobody_reads(store)
    for table in tables:
        await store.run_ddl(f"VACUUM FULL {table}")


async def truncate_log(store: SQLite) -> None:
    """The log beside the file keeps every page that was ever written, until this."""
    [answer] = await store.run_ddl("PRAGMA wal_checkpoint(TRUNCATE)")
    if answer["busy"]:
        raise StillRead


async def _nobody_reads(store: Postgres) -> None:
    """Wait for those that began before: a rewritten table keeps the rows they may still see."""
    [now] = await store.run_ddl("SELECT pg_current_xact_id()::xid::text AS xid")
    loop = asyncio.get_running_loop()
    until = loop.time() + PATIENCE
    while (await store.run_ddl(READERS.format(since=now["xid"])))[0]["readers"]:
        if loop.time() > until:
            raise StillRead
        await asyncio.sleep(LOOK_AGAIN)
