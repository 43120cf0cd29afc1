"""How many asked for a lost link after they had opened the form: one number for a wave."""

ID = "2026-11-22T02:00:00:asked_too_late"

COLUMN = "ALTER TABLE wave ADD COLUMN asked_too_late BIGINT"


def statements(_engine_type: str) -> list[str]:
    return [COLUMN]
