"""The whole card of a trial action, its history and its gate; and what is sent up."""

ID = "2026-11-22T04:00:00:trials_on_the_web"

COLUMNS = (
    *("scope TEXT", "starts DATE", "ends DATE", "stop_date DATE", "citizen_gain TEXT"),
    *("stop_doing TEXT", "owner_role TEXT", "backing TEXT", "state TEXT"),
    *("ended_on DATE", "decided_on DATE", "once TEXT"),
)

TABLES = (
    """trial_owner (
        {id},
        trial_action INTEGER NOT NULL REFERENCES trial_action (id) ON DELETE RESTRICT,
        unit INTEGER NOT NULL REFERENCES unit (id) ON DELETE RESTRICT
    )""",
    """trial_step (
        {id},
        trial_action INTEGER NOT NULL REFERENCES trial_action (id) ON DELETE RESTRICT,
        account {int},
        day DATE NOT NULL,
        came_from TEXT,
        went_to TEXT NOT NULL,
        said TEXT NOT NULL DEFAULT ''
    )""",
    """trial_gate (
        {id},
        trial_action INTEGER NOT NULL UNIQUE REFERENCES trial_action (id) ON DELETE RESTRICT,
        citizen_notices TEXT NOT NULL,
        works_twice TEXT NOT NULL,
        stop_doing TEXT NOT NULL,
        where_written TEXT NOT NULL,
        owner_role TEXT NOT NULL,
        visible_next_wave TEXT NOT NULL
    )""",
    """escalation (
        {id},
        code TEXT NOT NULL UNIQUE,
        level TEXT NOT NULL,
        barrier TEXT,
        experience TEXT NOT NULL,
        citizen TEXT NOT NULL,
        tried TEXT NOT NULL,
        ask TEXT NOT NULL,
        answer_by DATE NOT NULL,
        sent_on DATE NOT NULL,
        answer TEXT,
        answer_text TEXT NOT NULL DEFAULT '',
        answered_on DATE,
        version {int} NOT NULL DEFAULT 1,
        once TEXT NOT NULL UNIQUE
    )""",
    """escalation_unit (
        {id},
        escalation INTEGER NOT NULL REFERENCES escalation (id) ON DELETE RESTRICT,
        unit INTEGER NOT NULL REFERENCES unit (id) ON DELETE RESTRICT,
        role TEXT NOT NULL
    )""",
)

UNIQUE = (
    "one_trial_per_form ON trial_action (once)",
    "one_row_per_trial_owner ON trial_owner (trial_action, unit)",
    "one_row_per_escalation_unit ON escalation_unit (escalation, unit, role)",
)
WORDS = {
    "sqlite": {"id": "id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL", "int": "INTEGER"},
    "postgres": {"id": "id SERIAL PRIMARY KEY NOT NULL", "int": "BIGINT"},
}


def statements(engine_type: str) -> list[str]:
    words = WORDS[engine_type]
    return [
        *(f"ALTER TABLE trial_action ADD COLUMN {column}" for column in COLUMNS),
        f"ALTER TABLE trial_action ADD COLUMN version {words['int']} NOT NULL DEFAULT 1",
        *(f"CREATE TABLE {table.format(**words)}" for table in TABLES),
        *(f"CREATE UNIQUE INDEX {index}" for index in UNIQUE),
        "CREATE INDEX steps_of_a_trial ON trial_step (trial_action)",
    ]
