"""A behaviour is written on a page, with what the linter said; and comments are reviewed."""

ID = "2026-11-22T06:00:00:behaviours_and_comments"

TEXTS = ("once", "verdict", "reason", "self_checks", "follows")
REVIEW = """CREATE TABLE comment_review (
    {id},
    wave INTEGER NOT NULL REFERENCES wave (id) ON DELETE RESTRICT,
    place BIGINT NOT NULL,
    state TEXT NOT NULL DEFAULT '',
    text TEXT,
    version BIGINT NOT NULL DEFAULT 1
)"""
IDS = {
    "sqlite": "id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL",
    "postgres": "id SERIAL PRIMARY KEY NOT NULL",
}


def statements(engine_type: str) -> list[str]:
    return [
        "ALTER TABLE behaviour ADD COLUMN version BIGINT NOT NULL DEFAULT 1",
        *(f"ALTER TABLE behaviour ADD COLUMN {name} TEXT" for name in TEXTS),
        "CREATE UNIQUE INDEX one_behaviour_per_form ON behaviour (once)",
        REVIEW.format(id=IDS[engine_type]),
        "CREATE UNIQUE INDEX one_review_per_comment ON comment_review (wave, place)",
    ]
