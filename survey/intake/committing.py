"""The one transaction that stores a batch of answers, in the fewest steps each database needs.

It reads the state of the waves itself: an answer is stored only in a wave that is open while it is
stored, and the close waits until the batch is through.
"""

from collections.abc import Sequence
from typing import NamedTuple

from survey.engine import Engine
from survey.engine.postgres import Postgres
from survey.tables import Ballot, Wave

# One statement is a transaction of its own: what four processes share are the turns of one server.
# Ballots go in by their hash, so two processes with the same ones never wait for each other in a
# ring; answers go in by their random key, so not even a page of the table keeps the order.
STORE = """
WITH taking AS (
    SELECT id FROM wave WHERE id = ANY($1::bigint[]) AND state = 'open' ORDER BY id FOR SHARE
), fresh AS (
    INSERT INTO ballot (hash, wave)
    SELECT hash, wave FROM unnest($2::bytea[], $3::bigint[]) AS sent (hash, wave)
    WHERE wave IN (SELECT id FROM taking) ORDER BY hash
    ON CONFLICT DO NOTHING RETURNING hash
), stored AS (
    INSERT INTO intake (key, wave, sealed)
    SELECT key, wave, sealed
    FROM unnest($2::bytea[], $3::bigint[], $4::bytea[], $5::bytea[])
        AS sent (hash, wave, key, sealed)
    WHERE hash IN (SELECT hash FROM fresh) ORDER BY key
)
SELECT id FROM taking
"""
INSERT_INTAKE = "INSERT INTO intake (key, wave, sealed) VALUES (?, ?, ?)"


class Row(NamedTuple):
    """What is stored of an answer if its ballot is new."""

    ballot: bytes
    wave: int
    key: bytes
    sealed: bytes


async def commit(store: Engine, rows: Sequence[Row], waves: set[int]) -> set[int]:
    """Store what is new in open waves, no ballot twice in `rows`; gives those of `waves` open."""
    rows = sorted(rows)  # by their hashes: not even a statement keeps the order
    if isinstance(store, Postgres):
        columns = zip(*rows, strict=True)
        found = await store.store_answers(STORE, sorted(waves), *(list(one) for one in columns))
        return {row["id"] for row in found}
    async with store.transaction() as current:
        is_open = await _open(waves)
        wanted = {row.ballot: row for row in rows if row.wave in is_open}
        new = [wanted[ballot] for ballot in await _new_ballots([*wanted.values()])]
        if new:
            answers = sorted((row.key, row.wave, row.sealed) for row in new)
            await current.connection.executemany(INSERT_INTAKE, answers)
    return is_open


async def _open(waves: set[int]) -> set[int]:
    holes = ", ".join("{}" for _ in waves)
    rows = await Wave.raw(f"SELECT id, state FROM wave WHERE id IN ({holes})", *sorted(waves))  # noqa: S608 - holes only
    return {row["id"] for row in rows if row["state"] == "open"}


async def _new_ballots(rows: Sequence[Row]) -> list[bytes]:
    if not rows:
        return []
    holes = ", ".join("({}, {})" for _ in rows)
    found = await Ballot.raw(
        f"INSERT INTO ballot (hash, wave) VALUES {holes} ON CONFLICT DO NOTHING RETURNING hash",  # noqa: S608 - holes only
        *(value for row in rows for value in (row.ballot, row.wave)),
    )
    return [row["hash"] for row in found]
