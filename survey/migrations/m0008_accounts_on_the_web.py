"""Invitations of accounts, one-time codes and the codes that stand in for a lost phone."""

ID = "2026-11-22T05:00:00:accounts_on_the_web"

VERSION = "ALTER TABLE account ADD COLUMN version BIGINT NOT NULL DEFAULT 1"
TABLES = (
    """account_invitation (
        account BIGINT PRIMARY KEY NOT NULL,
        hash TEXT NOT NULL UNIQUE,
        once TEXT NOT NULL,
        ends_at TIMESTAMPTZ NOT NULL
    )""",
    """one_time_code (
        account BIGINT PRIMARY KEY NOT NULL,
        seed {bytes} NOT NULL,
        last_step BIGINT NOT NULL
    )""",
    """recovery_code (hash TEXT PRIMARY KEY NOT NULL, account BIGINT NOT NULL)""",
)
FOR_SPEED = "recovery_codes_of_an_account ON recovery_code (account)"


def statements(engine_type: str) -> list[str]:
    kind = "BYTEA" if engine_type == "postgres" else "BLOB"
    return [
        VERSION,
        *(f"CREATE TABLE IF NOT EXISTS {table.format(bytes=kind)}" for table in TABLES),
        f"CREATE INDEX IF NOT EXISTS {FOR_SPEED}",
    ]
