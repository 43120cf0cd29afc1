"""What was written to the audit log stays: the database itself refuses to change or delete it."""

ID = "2026-03-02T00:00:00:audit_is_kept"

SQLITE = (
    """CREATE TRIGGER IF NOT EXISTS audit_event_unchanged BEFORE UPDATE ON audit_event
    BEGIN SELECT RAISE(ABORT, 'audit_event is append-only'); END""",
    """CREATE TRIGGER IF NOT EXISTS audit_event_undeleted BEFORE DELETE ON audit_event
    BEGIN SELECT RAISE(ABORT, 'audit_event is append-only'); END""",
)
POSTGRES = (
    """CREATE OR REPLACE FUNCTION audit_event_is_kept() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'audit_event is append-only'; END $$""",
    "DROP TRIGGER IF EXISTS audit_event_kept ON audit_event",
    """CREATE TRIGGER audit_event_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_event
    FOR EACH STATEMENT EXECUTE FUNCTION audit_event_is_kept()""",
)
# Of two events that name the same one before, the second is refused: the chain cannot fork.
ONE_AFTER_ANOTHER = (
    "CREATE UNIQUE INDEX IF NOT EXISTS one_event_after_another ON audit_event (previous)"
)


def statements(engine_type: str) -> list[str]:
    return [*(POSTGRES if engine_type == "postgres" else SQLITE), ONE_AFTER_ANOTHER]
