"""Counting the staff list by unit without reading it: the tree of 40,000 people on one page."""

ID = "2026-11-22T07:00:00:people_by_unit"

INDEX = "CREATE INDEX IF NOT EXISTS people_by_unit ON person (active, unit)"


def statements(_engine_type: str) -> list[str]:
    return [INDEX]
