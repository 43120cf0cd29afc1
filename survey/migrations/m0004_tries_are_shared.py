"""Tries of strangers, counted by all processes together; see survey.limits.

On PostgreSQL the table is not in the write-ahead log, so no archive of it holds a try.
"""

ID = "2026-11-22T01:00:00:tries_are_shared"

TABLE = """
    CREATE {kind} wrong_try (
        key {bytes} PRIMARY KEY NOT NULL,
        times BIGINT NOT NULL,
        wait_until TIMESTAMPTZ,
        forget TIMESTAMPTZ
    )
"""


def statements(engine_type: str) -> list[str]:
    if engine_type == "postgres":
        return [TABLE.format(kind="UNLOGGED TABLE", bytes="BYTEA")]
    return [TABLE.format(kind="TABLE", bytes="BLOB")]
