"""What strangers have tried lately: how often, and never who.

One process keeps these counts in memory. Several share them in PostgreSQL, in a table outside the
write-ahead log and every backup, under an HMAC whose key is in the memory of the servers only:
whoever holds the database can try every address there is, and learns nothing.
"""

import hmac
import secrets
from datetime import datetime, timedelta

from survey.engine import current
from survey.engine.postgres import Postgres
from survey.tables import WrongTry

KEPT = timedelta(days=30)  # what was tried at a login that does not exist; networks: their minute
REMEMBERED = 100_000  # such logins
_key = secrets.token_bytes(32)


def share_key(key: bytes) -> None:
    """Count together with the processes that have the same key."""
    global _key  # noqa: PLW0603 - one for the process, told once as it starts
    _key = key


def is_shared() -> bool:
    """Whether other processes may serve the same installation."""
    return isinstance(current(), Postgres)


def named(kind: str, who: str) -> bytes:
    """The key of a count; it leads back to nobody without the key of the server."""
    return hmac.digest(_key, f"{kind}\n{who}".encode(), "sha256")


async def times(key: bytes) -> int:
    """How often it was tried."""
    row = await WrongTry.select(WrongTry.times).where(WrongTry.key == key).first()
    return row["times"] if row else 0


async def count(key: bytes, *, now: datetime, forget: datetime) -> int | None:
    """One more try, kept until `forget`; None while the one before makes it wait, uncounted."""
    rows = await WrongTry.raw(
        "INSERT INTO wrong_try (key, times, forget) VALUES ({}, 1, {}) "
        "ON CONFLICT (key) DO UPDATE SET times = wrong_try.times + 1, forget = excluded.forget "
        "WHERE wrong_try.wait_until IS NULL OR wrong_try.wait_until <= {} RETURNING times",
        key,
        forget,
        now,
    )
    return rows[0]["times"] if rows else None


async def make_wait(key: bytes, *, until: datetime) -> None:
    """Count no more tries before then."""
    await WrongTry.update({WrongTry.wait_until: until}).where(WrongTry.key == key)


async def forget_old(now: datetime) -> None:
    """Drop what is over, and the oldest where too many logins were tried."""
    if not is_shared():
        return
    await WrongTry.delete().where(WrongTry.forget <= now)
    await WrongTry.raw(
        "DELETE FROM wrong_try WHERE key IN "
        "(SELECT key FROM wrong_try ORDER BY forget DESC, key OFFSET {})",
        REMEMBERED,
    )


async def forget_all() -> None:
    """Drop what a server before this one counted: its key is gone, and nobody can find it again."""
    await WrongTry.delete(force=True)
