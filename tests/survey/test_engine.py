"""The engines: what they promise at start, and what they do when a statement fails."""

import asyncio
import ctypes
import errno
import os
import re
import resource
import subprocess
import sys
from dataclasses import replace
from datetime import date

import aiosqlite
import asyncpg
import pytest
from piccolo.apps.migrations.tables import Migration
from piccolo.engine.exceptions import TransactionError

from survey import engine
from survey.engine import all_tables, opened, schema, transaction
from survey.engine.postgres import POOL
from survey.engine.refusals import (
    DatabaseOlder,
    DatabaseUnreachable,
    DatabaseUnreadable,
    DatabaseUnsafe,
    ServerRunning,
)
from survey.errors import DatabaseNewer, DataFolderReadOnly, DiskFull, NotInitialised
from survey.tables import Ballot, Intake, Invitation, Unit, UnitVersion, Wave

pytestmark = pytest.mark.usefixtures("fresh_tables")


async def test_rows_written_together_are_kept_together(store):
    async with transaction():
        await Unit(code="A").save()
        await Unit(code="B").save()

    assert [row["code"] for row in await Unit.select().order_by(Unit.code)] == ["A", "B"]


async def test_nothing_is_kept_of_a_transaction_that_failed(store):
    async def half_done():
        async with transaction():
            await Unit(code="A").save()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await half_done()

    assert await Unit.count() == 0


async def test_a_transaction_inside_another_is_an_error(store):
    async with transaction():
        with pytest.raises(TransactionError):
            transaction()
        await Unit(code="A").save()

    assert await Unit.count() == 1


async def test_a_task_that_outlives_a_transaction_is_not_inside_it(store):
    ended = asyncio.Event()

    async def later():
        await ended.wait()
        await Unit(code="later").save()

    async with transaction():
        task = asyncio.create_task(later())
        await Unit(code="now").save()
    ended.set()
    await task

    assert await Unit.count() == 2


async def test_a_rollback_by_hand_is_not_undone_by_the_end_of_the_block(store):
    async with transaction() as current:
        await Unit(code="A").save()
        await current.rollback()

    assert await Unit.count() == 0


async def test_writers_wait_for_their_turn(store):
    async def one(number):
        async with transaction():
            before = await Unit.count()
            await asyncio.sleep(0)
            await Unit(code=f"{number}-{before}").save()

    await asyncio.gather(*(one(number) for number in range(20)))

    assert await Unit.count() == 20


async def test_a_commit_that_fails_leaves_the_store_working(store):
    """A foreign key checked at COMMIT fails there, more often than there are connections."""
    await engine.current().run_ddl(
        "CREATE TABLE later (id INTEGER PRIMARY KEY, "
        "unit INTEGER REFERENCES unit (id) DEFERRABLE INITIALLY DEFERRED)"
    )
    for _ in range(POOL + 2):
        with pytest.raises(Exception, match=r"(?i)foreign key"):
            async with transaction():
                await Unit.raw("INSERT INTO later (id, unit) VALUES (1, 999)")

    async with transaction():
        await Unit(code="A").save()

    assert await Unit.count() == 1


async def test_a_cancelled_transaction_keeps_nothing_and_gives_its_turn_back(store):
    entered = asyncio.Event()

    async def slow():
        async with transaction():
            await Unit(code="A").save()
            entered.set()
            await asyncio.sleep(60)

    for _ in range(POOL + 2):
        entered.clear()
        task = asyncio.create_task(slow())
        await entered.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async with transaction():
        await Unit(code="B").save()
    assert [row["code"] for row in await Unit.select()] == ["B"]


async def test_a_begin_that_is_cancelled_gives_its_turn_back(store):
    async def begin():
        async with transaction():
            pass

    for _ in range(POOL + 2):
        task = asyncio.create_task(begin())
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async with transaction():
        await Unit(code="A").save()
    assert await Unit.count() == 1


UNIQUE = {
    "a version of a unit": lambda a: UnitVersion(unit=a, name="A", valid_from="2026-1"),
    "a unit": lambda _: Unit(code="A"),
}


@pytest.mark.parametrize("row", UNIQUE.values(), ids=UNIQUE)
async def test_the_second_of_two_equal_rows_is_refused(store, row):
    unit = Unit(code="Z")
    await unit.save()
    await row(unit.id).save()

    with pytest.raises(Exception, match=r"(?i)unique"):
        await row(unit.id).save()


async def test_a_unit_in_use_cannot_be_deleted(store):
    unit = Unit(code="A")
    await unit.save()
    await UnitVersion(unit=unit.id, name="A", valid_from="2026-1").save()

    with pytest.raises(Exception, match=r"(?i)foreign key"):
        await Unit.delete().where(Unit.id == unit.id)


async def test_a_sealed_row_of_another_size_is_refused(store):
    with pytest.raises(Exception, match=r"(?i)check"):
        await Intake(key=b"k" * 16, wave=1, sealed=b"short").save()


async def test_values_come_back_as_they_were_saved(store):
    await Wave(name="2026-1", opens=date(2026, 3, 2), closes=date(2026, 3, 15)).save()
    await Invitation(id="a" * 32, wave=1, kind="card", unit=1, behaviour=1).save()

    wave = await Wave.objects().first()
    invitation = await Invitation.objects().first()

    assert (wave.opens, wave.state, wave.min_n) == (date(2026, 3, 2), "draft", 5)
    assert (invitation.issued, invitation.person) == (None, None)


COLUMNS = {
    "account": "id login password_hash role language active failures wait_until version email",
    "account_invitation": "account hash once ends_at",
    "account_unit": "id account unit",
    "audit_event": "id account what on_what day previous hash",
    "ballot": "hash wave",
    "behaviour": "id code text text_en situation situation_en short short_en core_task "
    "core_task_en active version once verdict reason self_checks follows",
    "behaviour_scope": "id behaviour unit",
    "closing": "id wave step expected answers_sha256 comments_sha256 answers comments dropped "
    "release_sha256 refusal",
    "comment_review": "id wave place state text version",
    "escalation": "id code level barrier experience citizen tried ask answer_by sent_on answer "
    "answer_text answered_on version once",
    "escalation_unit": "id escalation unit role",
    "intake": "key wave sealed",
    "invitation": "id wave kind person unit behaviour profession issued",
    "invitation_code": "hash invitation",
    "invited": "id wave unit behaviour profession n",
    "job": "id kind arguments state step attempts lease_until error",
    "mail_item": "id wave invitation kind state day",
    "migration": "id name app_name ran_on",
    "one_time_code": "account seed last_step",
    "opened_share": "id wave unit per_cent day",
    "person": "id unit first_name last_name profession email email_shared mobile on_leave active",
    "recovery_code": "hash account",
    "report_mail": "id wave account state day",
    "staff_session": "hash account body expires_at",
    "trial_action": "id code name behaviour barrier start_wave end_wave randomised weeks "
    "target_group learning_question what_we_learned decision practice_state scope starts ends "
    "stop_date citizen_gain stop_doing owner_role backing state ended_on decided_on version once",
    "trial_gate": "id trial_action citizen_notices works_twice stop_doing where_written "
    "owner_role visible_next_wave",
    "trial_owner": "id trial_action unit",
    "trial_step": "id trial_action account day came_from went_to said",
    "trial_unit": "id trial_action unit role",
    "unit": "id code",
    "unit_version": "id unit parent name core_task headcount valid_from valid_to change was",
    "wave": "id name opens closes state med_date form_version min_n part_depth key_sheets on_hold "
    "asked_too_late version left_out sent_back",
    "wave_behaviour": "id wave behaviour",
    "wrong_try": "key times wait_until forget",
}


async def test_every_column_is_one_that_somebody_decided_to_keep(store):
    """A new column must be written here, where the next reader asks whether it links anybody."""
    known = {name: columns.split() for name, columns in COLUMNS.items()}

    in_code = {
        table._meta.tablename: [column._meta.db_column_name for column in table._meta.columns]
        for table in all_tables()
    }

    assert in_code == known
    for name, columns in known.items():
        assert sorted(await stored_columns(name)) == sorted(columns)


async def stored_columns(table):
    if isinstance(engine.current(), engine.SQLite):
        rows = await Unit.raw(f"SELECT name FROM pragma_table_info('{table}')")
    else:
        rows = await Unit.raw(
            "SELECT column_name AS name FROM information_schema.columns WHERE table_name = {}",
            table,
        )
    return [row["name"] for row in rows]


async def test_migrating_twice_changes_nothing(store):
    await Unit(code="A").save()

    async with opened(store, migrate=True):
        assert await Unit.count() == 1
        assert await Migration.count() == len(schema.known())


async def test_a_database_of_a_newer_version_is_refused_and_unchanged(store):
    await Migration(name="2099-01-01T00:00:00:later", app_name=schema.APP).save()

    for migrate in (False, True):
        with pytest.raises(DatabaseNewer) as refused:
            async with opened(store, migrate=migrate):
                pass
        assert refused.value.facts["found"] == "2099-01-01T00:00:00:later"
    assert await Unit.count() == 0


async def test_a_database_of_an_older_version_is_refused_until_it_is_migrated(store, monkeypatch):
    class Later:
        ID = "2099-01-01T00:00:00:later"

        @staticmethod
        def statements(_):
            return ["CREATE TABLE later (id INTEGER PRIMARY KEY)"]

    known = schema.known()
    monkeypatch.setattr(schema, "known", lambda: {**known, Later.ID: Later})

    with pytest.raises(DatabaseOlder):
        async with opened(store):
            pass
    async with opened(store, migrate=True):
        assert await Migration.count() == len(known) + 1


async def test_a_migration_that_fails_leaves_nothing_behind(store, monkeypatch):
    class Broken:
        ID = "2099-01-01T00:00:00:broken"

        @staticmethod
        def statements(_):
            return ["CREATE TABLE half (id INTEGER PRIMARY KEY)", "CREATE TABLE half (id INTEGER)"]

    known = schema.known()
    monkeypatch.setattr(schema, "known", lambda: {**known, Broken.ID: Broken})

    with pytest.raises(Exception, match=r"(?i)exists"):
        async with opened(store, migrate=True):
            pass

    assert await stored_columns("half") == []
    assert Broken.ID not in await schema.ran()


async def test_two_servers_may_migrate_at_once(settings, new_database):
    there = await new_database()
    connection = await asyncpg.connect(there)
    await connection.execute("CREATE DATABASE fresh_for_two")
    await connection.close()
    settings = replace(settings, database=re.sub(r"/kp_\w+", "/fresh_for_two", there))
    script = (
        "import asyncio, sys; from survey import engine, settings\n"
        "async def main():\n"
        "    async with engine.opened(settings.from_environment(), migrate=True): pass\n"
        "asyncio.run(main())"
    )

    ended = await asyncio.gather(*(asyncio.to_thread(in_a_process, settings, script) for _ in "12"))

    assert [process.returncode for process in ended] == [0, 0], ended
    async with opened(settings):
        assert await Migration.count() == len(schema.known())


# --- opening -------------------------------------------------------------------------------------


async def test_tables_are_unbound_when_the_installation_is_closed(settings):
    async with opened(settings, migrate=True):
        await Unit(code="A").save()

    with pytest.raises(TypeError, match="no database is open"):
        engine.current()


async def test_an_installation_that_was_never_made_is_refused(settings):
    with pytest.raises(NotInitialised):
        async with opened(settings):
            pass

    assert not settings.sqlite_file.exists()


async def test_a_folder_that_does_not_exist_is_refused(settings):
    settings.data.rmdir()

    with pytest.raises(NotInitialised):
        async with opened(settings):
            pass


async def test_a_database_without_our_tables_is_refused(settings):
    async with aiosqlite.connect(settings.sqlite_file) as connection:
        await connection.execute("CREATE TABLE other (id INTEGER)")

    with pytest.raises(NotInitialised):
        async with opened(settings):
            pass


async def test_a_file_that_is_no_database_is_refused_and_unchanged(settings):
    settings.sqlite_file.write_bytes(b"not a database, but long enough to look like one" * 40)

    with pytest.raises(DatabaseUnreadable):
        async with opened(settings):
            pass

    assert settings.sqlite_file.read_bytes().startswith(b"not a database")


async def test_a_second_server_on_the_same_folder_is_refused(settings):
    async with opened(settings, migrate=True, server=True):
        with pytest.raises(ServerRunning):
            async with opened(settings, server=True):
                pass

        async with opened(settings):  # a command beside the server may
            assert await Unit.count() == 0


async def test_a_server_may_start_again_after_the_first_has_ended(settings):
    async with opened(settings, migrate=True, server=True):
        pass

    async with opened(settings, server=True):
        assert await Unit.count() == 0


async def test_every_promise_of_sqlite_is_read_back(settings, monkeypatch):
    wanted = tuple(
        (name, value, 0 if name == "secure_delete" else found)
        for name, value, found in engine.sqlite.PRAGMAS
    )
    monkeypatch.setattr(engine.sqlite, "PRAGMAS", wanted)

    with pytest.raises(DatabaseUnsafe) as refused:
        async with opened(settings, migrate=True):
            pass

    assert refused.value.facts["setting"] == "secure_delete"


async def test_each_connection_of_sqlite_has_every_pragma(settings):
    async with opened(settings, migrate=True) as store:
        connections = [await store.writer(), *store._opened]
        for connection in connections:
            for name, _, wanted in engine.sqlite.PRAGMAS:
                [row] = await connection.execute_fetchall(f"PRAGMA {name}")
                assert list(row.values()) == [wanted]

        assert len(connections) == 1 + engine.sqlite.READERS


async def test_a_select_outside_a_transaction_cannot_write(settings):
    async with opened(settings, migrate=True) as store:
        with pytest.raises(Exception, match="readonly"):
            await store._read("INSERT INTO unit (code) VALUES ('A')", [])

        assert await Unit.count() == 0


async def test_a_postgresql_that_dates_its_commits_is_refused(settings, new_database, monkeypatch):
    settings = replace(settings, database=await new_database())
    monkeypatch.setattr(engine.postgres, "WANTED", (("track_commit_timestamp", "on"),))

    with pytest.raises(DatabaseUnsafe):
        async with opened(settings):
            pass


async def test_missing_checksums_are_only_warned_about(settings, new_database, monkeypatch, caplog):
    settings = replace(settings, database=await new_database())
    monkeypatch.setattr(engine.postgres, "CHECKSUMS", "SHOW track_commit_timestamp")

    async with opened(settings):
        pass

    assert "checksums" in caplog.text


@pytest.mark.parametrize(
    "address",
    ["postgresql://kp@127.0.0.1:1/none", "postgresql://kp@/none?host=/nowhere", "postgresql://[x"],
)
async def test_a_postgresql_that_cannot_be_reached_is_refused(settings, address):
    with pytest.raises(DatabaseUnreachable) as refused:
        async with opened(replace(settings, database=address), migrate=True):
            pass

    assert "kp@" not in str(refused.value.facts)


async def test_a_postgresql_database_that_does_not_exist_is_refused(settings, new_database):
    address = re.sub(r"/kp_\w+", "/nobody_made_this", await new_database())

    with pytest.raises(DatabaseUnreachable):
        async with opened(replace(settings, database=address), migrate=True):
            pass


async def test_a_full_postgresql_says_so(store):
    class Full(Exception):
        sqlstate = "53100"

    assert isinstance(engine.current().refusal(DiskFull()), DiskFull)
    assert engine.current().refusal(ValueError()) is None
    assert engine.current().concerns_store(OSError())
    assert not engine.current().concerns_store(ValueError())
    assert not engine.current().io_failed(ValueError())
    if isinstance(engine.current(), engine.Postgres):
        assert isinstance(engine.current().refusal(asyncpg.DiskFullError()), DiskFull)
        assert engine.current().concerns_store(Full())


# --- what needs a process of its own -------------------------------------------------------------

PR_CAPBSET_DROP, CAP_DAC_OVERRIDE = 24, 1  # linux/prctl.h, linux/capability.h

OPEN = """
import asyncio, sys
from dataclasses import replace
from survey import engine, settings, texts
from survey.errors import KernepulsError
from survey.tables import Unit

async def main():
    async with engine.opened(settings.from_environment(), migrate=True):
        for number in range(100_000):
            await Unit(code=f"{number:0200}").save()

try:
    asyncio.run(main())
except KernepulsError as error:
    print(type(error).__name__)
"""


def in_a_process(settings, script, *, limit=None, ordinary=False):
    """`ordinary`: root, too, meets the modes of files there, as any other user does."""

    def before():
        if limit:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        if ordinary:
            ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE)

    environment = {
        **os.environ,
        "KERNEPULS_DATA": str(settings.data),
        "KERNEPULS_DATABASE": settings.database,
    }
    return subprocess.run(
        [sys.executable, "-c", script],
        env=environment,
        preexec_fn=before,
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_a_full_disk_is_said_and_what_was_written_is_whole(settings):
    ended = in_a_process(settings, OPEN, limit=800_000)

    assert ended.stdout.strip() == "DiskFull", ended.stderr

    async def reread():
        async with opened(settings):
            [row] = await Unit.raw("PRAGMA integrity_check")
            return row, await Unit.count()

    row, kept = asyncio.run(reread())
    assert row == {"integrity_check": "ok"}
    assert kept > 0


def test_a_read_only_data_folder_is_said(settings):
    settings.data.chmod(0o555)

    ended = in_a_process(settings, OPEN, ordinary=True)

    assert ended.stdout.strip() == "DataFolderReadOnly", ended.stderr


@pytest.mark.parametrize(
    ("number", "refusal"), [(errno.ENOSPC, DiskFull), (errno.EROFS, DataFolderReadOnly)]
)
def test_an_error_of_the_data_folder_is_said(settings, number, refusal):
    with pytest.raises(refusal), engine.file_refusals(settings):
        raise OSError(number, "as the system said")


def test_another_error_of_a_file_is_a_bug_and_keeps_its_name(settings):
    with pytest.raises(IsADirectoryError), engine.file_refusals(settings):
        raise IsADirectoryError


async def test_ballots_and_answers_have_no_row_numbers(settings):
    """An ordinary table keeps the order of writing in its hidden row number."""
    async with opened(settings, migrate=True):
        for table in (Invitation, Ballot, Intake):
            with pytest.raises(Exception, match="rowid"):
                await table.raw(f"SELECT rowid FROM {table._meta.tablename}")
