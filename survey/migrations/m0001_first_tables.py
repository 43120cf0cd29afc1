"""The first tables, as they were on the day; both engines from one text.

Roster (`invitation`, `invitation_code`) and intake (`ballot`, `intake`) are WITHOUT ROWID on
SQLite: the hidden row number of an ordinary table keeps the writing order, which links an answer
to a person.
"""

ID = "2026-03-01T00:00:00:first_tables"

WORDS = {
    "sqlite": {
        "id": "id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL",
        "int": "INTEGER",
        "bytes": "BLOB",
        "unordered": "STRICT, WITHOUT ROWID",
        "yes": "1",
        "no": "0",
    },
    "postgres": {
        "id": "id SERIAL PRIMARY KEY NOT NULL",
        "int": "BIGINT",
        "bytes": "BYTEA",
        "unordered": "",
        "yes": "true",
        "no": "false",
    },
}

TABLES = (
    """unit ({id}, code TEXT NOT NULL UNIQUE)""",
    """unit_version (
        {id},
        unit INTEGER NOT NULL REFERENCES unit (id) ON DELETE RESTRICT,
        parent INTEGER REFERENCES unit (id) ON DELETE RESTRICT,
        name TEXT NOT NULL,
        core_task TEXT,
        headcount {int} NOT NULL DEFAULT 0,
        valid_from TEXT NOT NULL,
        valid_to TEXT,
        change TEXT,
        was TEXT
    )""",
    """person (
        {id},
        unit INTEGER NOT NULL REFERENCES unit (id) ON DELETE RESTRICT,
        first_name TEXT NOT NULL,
        last_name TEXT NOT NULL,
        profession TEXT NOT NULL,
        email TEXT,
        email_shared BOOLEAN NOT NULL DEFAULT {no},
        mobile TEXT,
        on_leave BOOLEAN NOT NULL DEFAULT {no},
        active BOOLEAN NOT NULL DEFAULT {yes}
    )""",
    """behaviour (
        {id},
        code TEXT NOT NULL UNIQUE,
        text TEXT NOT NULL,
        text_en TEXT,
        situation TEXT NOT NULL,
        situation_en TEXT,
        short TEXT,
        short_en TEXT,
        core_task TEXT,
        core_task_en TEXT,
        active BOOLEAN NOT NULL DEFAULT {yes}
    )""",
    """behaviour_scope (
        {id},
        behaviour INTEGER NOT NULL REFERENCES behaviour (id) ON DELETE RESTRICT,
        unit INTEGER NOT NULL REFERENCES unit (id) ON DELETE RESTRICT
    )""",
    """trial_action (
        {id},
        code TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        behaviour INTEGER REFERENCES behaviour (id) ON DELETE RESTRICT,
        barrier TEXT,
        start_wave TEXT NOT NULL,
        end_wave TEXT,
        randomised BOOLEAN NOT NULL DEFAULT {no},
        weeks {int},
        target_group TEXT,
        learning_question TEXT,
        what_we_learned TEXT,
        decision TEXT,
        practice_state TEXT
    )""",
    """trial_unit (
        {id},
        trial_action INTEGER NOT NULL REFERENCES trial_action (id) ON DELETE RESTRICT,
        unit INTEGER NOT NULL REFERENCES unit (id) ON DELETE RESTRICT,
        role TEXT NOT NULL DEFAULT 'tried'
    )""",
    """wave (
        {id},
        name TEXT NOT NULL UNIQUE,
        opens DATE NOT NULL,
        closes DATE NOT NULL,
        state TEXT NOT NULL DEFAULT 'draft',
        med_date DATE,
        form_version {int} NOT NULL DEFAULT 1,
        min_n {int} NOT NULL DEFAULT 5,
        part_depth {int} NOT NULL DEFAULT 3
    )""",
    """wave_behaviour (
        {id},
        wave INTEGER NOT NULL REFERENCES wave (id) ON DELETE RESTRICT,
        behaviour INTEGER NOT NULL REFERENCES behaviour (id) ON DELETE RESTRICT
    )""",
    """invited (
        {id},
        wave INTEGER NOT NULL REFERENCES wave (id) ON DELETE RESTRICT,
        unit INTEGER NOT NULL REFERENCES unit (id) ON DELETE RESTRICT,
        behaviour INTEGER NOT NULL REFERENCES behaviour (id) ON DELETE RESTRICT,
        profession TEXT NOT NULL,
        n {int} NOT NULL
    )""",
    """opened_share (
        {id},
        wave INTEGER NOT NULL REFERENCES wave (id) ON DELETE RESTRICT,
        unit INTEGER NOT NULL REFERENCES unit (id) ON DELETE RESTRICT,
        per_cent {int} NOT NULL,
        day DATE NOT NULL
    )""",
    """closing (
        {id},
        wave INTEGER NOT NULL UNIQUE REFERENCES wave (id) ON DELETE RESTRICT,
        step TEXT NOT NULL DEFAULT 'marked',
        expected {int},
        answers_sha256 TEXT,
        comments_sha256 TEXT,
        answers {int},
        comments {int},
        dropped TEXT NOT NULL DEFAULT '{{}}',
        release_sha256 TEXT,
        refusal TEXT
    )""",
    """invitation (
        id TEXT PRIMARY KEY NOT NULL,
        wave {int} NOT NULL,
        kind TEXT NOT NULL,
        person {int},
        unit {int} NOT NULL,
        behaviour {int} NOT NULL,
        profession TEXT,
        issued {bytes}
    ) {unordered}""",
    """invitation_code (
        hash {bytes} PRIMARY KEY NOT NULL,
        invitation TEXT NOT NULL
    ) {unordered}""",
    """mail_item (
        {id},
        wave {int} NOT NULL,
        invitation TEXT NOT NULL,
        kind TEXT NOT NULL,
        state TEXT NOT NULL DEFAULT 'waiting',
        day DATE
    )""",
    """ballot (hash {bytes} PRIMARY KEY NOT NULL, wave {int} NOT NULL) {unordered}""",
    """intake (
        key {bytes} PRIMARY KEY NOT NULL,
        wave {int} NOT NULL,
        sealed {bytes} NOT NULL CHECK (length(sealed) = 4144)
    ) {unordered}""",
    """account (
        {id},
        login TEXT NOT NULL UNIQUE,
        password_hash TEXT NOT NULL,
        role TEXT NOT NULL,
        language TEXT NOT NULL DEFAULT 'da',
        active BOOLEAN NOT NULL DEFAULT {yes},
        failures {int} NOT NULL DEFAULT 0,
        wait_until TIMESTAMPTZ
    )""",
    """account_unit (
        {id},
        account INTEGER NOT NULL REFERENCES account (id) ON DELETE RESTRICT,
        unit INTEGER NOT NULL REFERENCES unit (id) ON DELETE RESTRICT
    )""",
    """staff_session (
        hash TEXT PRIMARY KEY NOT NULL,
        account {int},
        body {bytes} NOT NULL,
        expires_at TIMESTAMPTZ
    )""",
    """audit_event (
        {id},
        account {int},
        what TEXT NOT NULL,
        on_what TEXT NOT NULL,
        day DATE NOT NULL,
        previous TEXT NOT NULL,
        hash TEXT NOT NULL
    )""",
    """job (
        {id},
        kind TEXT NOT NULL,
        arguments TEXT NOT NULL DEFAULT '{{}}',
        state TEXT NOT NULL DEFAULT 'ready',
        step TEXT NOT NULL DEFAULT '',
        attempts {int} NOT NULL DEFAULT 0,
        lease_until TIMESTAMPTZ,
        error TEXT
    )""",
)

# Piccolo's Unique is not available on SQLite.
UNIQUE = (
    "one_version_per_start ON unit_version (unit, valid_from)",
    "one_row_per_scope ON behaviour_scope (behaviour, unit)",
    "one_row_per_trial_unit ON trial_unit (trial_action, unit)",
    "one_row_per_wave_behaviour ON wave_behaviour (wave, behaviour)",
    "one_row_per_invited ON invited (wave, unit, behaviour, profession)",
    "one_row_per_opened_share ON opened_share (wave, unit)",
    "one_row_per_account_unit ON account_unit (account, unit)",
)
FOR_SPEED = (
    "invitations_of_a_wave ON invitation (wave)",
    "codes_of_an_invitation ON invitation_code (invitation)",
    "mail_items_waiting ON mail_item (wave, state)",
)


def statements(engine_type: str) -> list[str]:
    words = WORDS[engine_type]
    return [
        *(f"CREATE TABLE IF NOT EXISTS {table.format(**words)}" for table in TABLES),
        *(f"CREATE UNIQUE INDEX IF NOT EXISTS {index}" for index in UNIQUE),
        *(f"CREATE INDEX IF NOT EXISTS {index}" for index in FOR_SPEED),
    ]
