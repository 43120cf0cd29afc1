"""A wave is planned on a page: which version of the plan, what it leaves out, why it came back."""

ID = "2026-11-22T03:00:00:waves_on_the_web"

COLUMNS = (
    "ALTER TABLE wave ADD COLUMN version BIGINT NOT NULL DEFAULT 1",
    "ALTER TABLE wave ADD COLUMN left_out TEXT",
    "ALTER TABLE wave ADD COLUMN sent_back TEXT",
)


def statements(_engine_type: str) -> list[str]:
    return [*COLUMNS]
