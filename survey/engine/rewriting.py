"""Making what was deleted or changed unreadable in the database's own files, not only unused."""

from survey.engine import current
from survey.engine.sqlite import SQLite
from survey.errors import N_, Broken


class WalHeld(Broken):
    status = 503
    sentence = N_(
        "Another program reads the database, so its log could not be emptied. What was begun is "
        "kept. Stop the other program, and give the same command again."
    )


async def rewrite(*tables: str) -> None:
    """Write the tables anew without the space of old rows; on SQLite the whole file and its log.

    PostgreSQL keeps its own log until it is recycled. Raises WalHeld.
    """
    store = current()
    if isinstance(store, SQLite):
        await store.run_ddl("VACUUM")
        await truncate_log(store)
        return
    for table in tables:
        await store.run_ddl(f"VACUUM FULL {table}")


async def truncate_log(store: SQLite) -> None:
    """The log beside the file keeps every page that was ever written, until this."""
    [answer] = await store.run_ddl("PRAGMA wal_checkpoint(TRUNCATE)")
    if answer["busy"]:
        raise WalHeld
