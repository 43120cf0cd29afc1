"""A wave may have its key on three sheets, and may be kept from being erased."""

ID = "2026-11-22T00:00:00:sheets_and_holds"

COLUMNS = (
    "ALTER TABLE wave ADD COLUMN key_sheets TEXT",
    "ALTER TABLE wave ADD COLUMN on_hold BOOLEAN",
)


def statements(_engine_type: str) -> list[str]:
    return [*COLUMNS]
