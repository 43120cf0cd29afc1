"""What staff did, by day, as a chain of hashes; never what a respondent did."""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime

from survey.engine import current, transaction
from survey.tables import AuditEvent

FIRST = "0" * 64  # what the first event of an installation follows
ONE_AT_A_TIME = 2_806_194_557  # any number, the same in every process: PostgreSQL's advisory lock


async def record(*, by: int | None, what: str, on_what: str, day: date | None = None) -> None:
    """Add an event to the chain, in the transaction that is open or in one of its own.

    `by` is the account, None for the command line. `what` is a verb in the past ("opened report"),
    `on_what` the object's own code ("2026-4/C21"); neither names a person.
    """
    if current().inside() is not None:
        await _append(by=by, what=what, on_what=on_what, day=day or datetime.now(UTC).date())
        return
    async with transaction():
        await _append(by=by, what=what, on_what=on_what, day=day or datetime.now(UTC).date())


async def first_break(*, newest: int | None = None) -> int | None:
    """The id of the first event that does not follow from the one before; None = the chain holds.

    It shows a changed, removed or inserted event, but not that the newest ones are gone: for that
    keep the head hash somewhere else. `newest`: so many events only, the first of them as it is
    linked; reading ten thousand takes a tenth of a second.
    """
    query = AuditEvent.select(*AuditEvent.all_columns()).order_by(AuditEvent.id, ascending=False)
    rows = (await (query.limit(newest) if newest else query))[::-1]
    previous = rows[0]["previous"] if newest and len(rows) == newest else FIRST
    for row in rows:
        told = digest(previous, row["account"], row["what"], row["on_what"], row["day"])
        if row["previous"] != previous or row["hash"] != told:
            return int(row["id"])
        previous = told
    return None


def digest(previous: str, account: int | None, what: str, on_what: str, day: date) -> str:
    """SHA-256 over the hash before and the event's own fields."""
    told: Sequence[object] = (previous, account, what, on_what, day.isoformat())
    return hashlib.sha256(json.dumps(told, ensure_ascii=False).encode()).hexdigest()


async def _append(*, by: int | None, what: str, on_what: str, day: date) -> None:
    # SQLite has one writer; PostgreSQL must be told that two may not follow the same event.
    if current().engine_type == "postgres":
        await AuditEvent.raw("SELECT pg_advisory_xact_lock({})", ONE_AT_A_TIME)
    last = await AuditEvent.select(AuditEvent.hash).order_by(AuditEvent.id, ascending=False).first()
    previous = last["hash"] if last else FIRST
    await AuditEvent.insert(
        AuditEvent(
            account=by,
            what=what,
            on_what=on_what,
            day=day,
            previous=previous,
            hash=digest(previous, by, what, on_what, day),
        )
    )
