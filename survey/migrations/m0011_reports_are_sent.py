"""Accounts have an address where new reports are announced, and it is known who was told."""

ID = "2026-11-22T08:00:00:reports_are_sent"

TOLD = """CREATE TABLE report_mail (
    {id},
    wave BIGINT NOT NULL,
    account BIGINT NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting',
    day DATE
)"""
IDS = {
    "sqlite": "id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL",
    "postgres": "id SERIAL PRIMARY KEY NOT NULL",
}


def statements(engine_type: str) -> list[str]:
    return [
        "ALTER TABLE account ADD COLUMN email TEXT",
        TOLD.format(id=IDS[engine_type]),
        "CREATE UNIQUE INDEX told_once_of_a_wave ON report_mail (wave, account)",
    ]
