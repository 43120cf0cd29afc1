"""An installation moves from SQLite to PostgreSQL whole, compared to the byte, or not at all."""

import asyncio
import fcntl
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from click.testing import CliRunner, Result

from survey import engine, house, sessions
from survey.actions.alone import AnotherRun, alone
from survey.cli import checks, main
from survey.engine import all_tables
from survey.engine.refusals import DatabaseUnreachable, ServerRunning
from survey.intake.acceptance import accept
from survey.intake.closing import close_wave
from survey.intake.writer import running
from survey.operations import move as moving
from survey.operations.refusals import (
    CloseRunning,
    CopyDiffers,
    DatabaseTaken,
    MovedAlready,
    NoAddress,
    SourceBusy,
    ValueUnfit,
)
from survey.settings import Settings
from survey.tables import (
    Account,
    AuditEvent,
    Ballot,
    Intake,
    InvitationCode,
    Job,
    MailItem,
    Person,
    Unit,
    Wave,
)
from survey.texts import Voice
from tests import cast
from tests.commanding import environment
from tests.conftest import settings_in
from tests.survey import waves

NOT_MOVED = {"migration", "wrong_try"}  # each database has its own; tries are not kept
RELEASED, OPEN, DRAFT = "2026-1", "2026-2", "2026-3"
ANSWERED = 9  # of those invited to the open wave
TRICKY = 'Åse \\N \\. "Ø"\n\t,;\u2028🙂'


def silent(*_: object) -> None:
    pass


async def live(settings: Settings) -> None:
    """A wave in every state, and a value of every kind."""
    house.write_fjordlund(settings)
    async with engine.opened(settings, migrate=True):
        await waves.answered(settings)
        await close_wave(settings, RELEASED)
        people = await waves.wave(settings, OPEN)
        async with running():
            for person in people[:ANSWERED]:
                await accept(settings, await waves.submission(settings, person))
        await Wave(name=DRAFT, opens=date(2026, 9, 1), closes=date(2026, 9, 14)).save()
        unit = await Unit.objects().get(Unit.code == "N1")
        await Person(unit=unit.id, first_name=TRICKY, last_name="", profession="sosu").save()
        carla = Account(
            login="carla",
            password_hash="-",
            role="coordinator",
            wait_until=datetime(2026, 10, 25, 0, 59, 59, 123456, tzinfo=UTC),
        )
        await carla.save()
        await Job(kind="release", lease_until=datetime(2026, 3, 29, 1, 0, tzinfo=UTC)).save()
        await MailItem(wave=2, invitation="a" * 32, kind="invitation", day=date(2026, 6, 1)).save()
        await AuditEvent(what="x", on_what="y", day=date(2026, 6, 1), previous="", hash="h").save()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built")
    asyncio.run(live(settings_in(folder)))
    return folder


@pytest.fixture
def here(built: Path, settings: Settings) -> Settings:
    """A copy of the installation on SQLite; nothing is opened."""
    shutil.copytree(built / "data", settings.data, dirs_exist_ok=True)
    shutil.copytree(built / "copies", settings.key_copy.parent)
    return settings


@pytest.fixture
async def target(new_database: Callable[[], Any]) -> str:
    """The address of an empty database."""
    made: str = await new_database()
    return made


async def rows_of(settings: Settings) -> dict[str, list[str]]:
    """Every value of every table as Piccolo gives it, by table."""
    async with engine.opened(settings):
        return {
            table._meta.tablename: sorted(repr(sorted(row.items())) for row in await table.select())
            for table in all_tables()
            if table._meta.tablename not in NOT_MOVED
        }


@asynccontextmanager
async def connected(address: str) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(address)
    try:
        yield connection
    finally:
        await connection.close()


async def is_empty(address: str) -> bool:
    async with connected(address) as connection:
        return not await moving.databases.any_rows(connection)


def changed(settings: Settings, *statements: str) -> None:
    with closing(sqlite3.connect(settings.sqlite_file)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def kernepuls(settings: Settings, *arguments: str) -> Result:
    return CliRunner().invoke(main, arguments, env=environment(settings))


# --- what arrives ------------------------------------------------------------------------------


async def test_every_row_of_every_table_arrives_and_the_source_is_untouched(
    here: Settings, target: str
) -> None:
    before = await rows_of(here)
    file = here.sqlite_file.read_bytes()

    tables = await moving.move(here, target, watch=silent)

    assert {*tables} == {*before}
    assert await rows_of(replace(here, database=target)) == before
    assert {name for name, rows in before.items() if rows} >= {
        *("account", "audit_event", "ballot", "behaviour", "closing", "intake", "invitation"),
        *("invitation_code", "invited", "job", "mail_item", "person", "unit", "wave"),
    }
    assert here.sqlite_file.read_bytes() == file


async def test_neither_place_nor_number_of_a_row_tells_more_than_its_key(
    here: Settings, target: str
) -> None:
    await moving.move(here, target, watch=silent)

    async with connected(target) as connection:
        for table, key in (("intake", "key"), ("ballot", "hash"), ("invitation_code", "hash")):
            rows = await connection.fetch(f"SELECT xmin::text, {key} FROM {table} ORDER BY ctid")
            assert len(rows) >= ANSWERED
            assert len({row["xmin"] for row in rows}) == 1
            assert [row[key] for row in rows] == sorted(row[key] for row in rows)


async def test_the_server_goes_on_where_it_was_with_the_same_results_to_the_byte(
    here: Settings, target: str
) -> None:
    there = replace(here, database=target)
    pages = [f"/waves/{RELEASED}/units/{code}" for code in ("K", "N", "N1")]
    async with engine.opened(here), cast.site(here) as site:
        carla = await site.signed_in("carla")
        cookies = dict(carla.cookies)
        before = [plain(await carla.get(page)) for page in pages]

    await moving.move(here, target, watch=silent)

    async with engine.opened(there), cast.site(there) as site:
        carla = site.browser("carla")
        carla.cookies.set(sessions.COOKIE, cookies[sessions.COOKIE], domain="127.0.0.1")
        after = [plain(await carla.get(page)) for page in pages]
        await Unit(code="new").save()  # a number of its own, not one that is taken
        person = await a_person_with_a_new_code(there)
        await accept(there, await waves.submission(there, person))
    async with engine.opened(there):
        closed = await close_wave(there, OPEN)
        left = await Intake.count(), await Ballot.count(), await InvitationCode.count()

    assert after == before
    assert closed.state == "released"
    assert len((here.data / "receipts" / f"{OPEN}.txt").read_text().split()) == ANSWERED + 1
    assert left == (0, 0, 0)


def plain(page: Any) -> str:
    """A page without the one value that is drawn anew for each browser."""
    assert page.status_code == 200
    return re.sub(r'name="_csrf_token" value="[0-9a-f]+"', "", page.text)


async def a_person_with_a_new_code(settings: Settings) -> waves.Person:
    row = await Wave.raw(
        "SELECT id FROM invitation WHERE wave = 2 AND issued IS NULL ORDER BY id LIMIT 1"
    )
    return waves.Person("N1", await waves.a_code(OPEN, row[0]["id"]))


def test_the_command_says_what_to_do_next_and_not_how_many_have_answered(
    here: Settings, new_database: Callable[[], Any]
) -> None:
    target = asyncio.run(new_database())

    done = kernepuls(here, "move", "--to", target)
    again = kernepuls(here, "move", "--to", target)
    told = kernepuls(here, "move", "--to", asyncio.run(new_database()), "--json")

    count = len(all_tables()) - len(NOT_MOVED)
    assert done.exit_code == 0, done.output
    assert done.stdout == (
        f"Moved (tables: {count}): every row was counted and compared. {here.sqlite_file} was "
        "only read. The other files of the data folder stay where they are.\n"
        "Now set KERNEPULS_DATABASE to that address, for the server and for every command. "
        "Start the server, look at the waves, and make a backup.\n"
        f"Then delete {here.sqlite_file}: no close clears it any more, and it says who has "
        "opened the form.\n"
    )
    assert done.stderr.splitlines() == [
        "1/3 Looking at both databases ...",
        "2/3 Copying every table ...",
        "3/3 Comparing them ...",
    ]
    assert again.exit_code == 1
    assert "There is something in that database already. Nothing was changed." in again.output
    assert f'"tables": {count}' in told.stdout


async def test_doctor_tells_of_the_database_that_was_left_until_it_is_deleted(
    here: Settings, target: str
) -> None:
    await moving.move(here, target, watch=silent)
    there = replace(here, database=target)

    before = await checks._database(there, Voice("en"))
    here.sqlite_file.unlink()
    after = await checks._database(there, Voice("en"))

    [told] = [check for check in before if check.state == "care"]
    assert told.what == "The database from before the move to PostgreSQL"
    assert f"Delete {here.sqlite_file} once there is a backup" in told.advice
    assert [check for check in before if check is not told] == after


# --- refusals: nothing moved, nothing changed ----------------------------------------------------


async def test_a_server_that_runs_is_not_moved_under_its_feet(here: Settings, target: str) -> None:
    async with engine.opened(here, server=True):
        with pytest.raises(ServerRunning):
            await moving.move(here, target, watch=silent)

    assert await is_empty(target)


async def test_another_command_that_writes_is_waited_for_and_then_refused(
    here: Settings, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moving, "PATIENCE", 0.1)
    with closing(sqlite3.connect(here.sqlite_file)) as other:
        other.execute("BEGIN IMMEDIATE")

        with pytest.raises(SourceBusy):
            await moving.move(here, target, watch=silent)

    assert await is_empty(target)


async def test_nobody_writes_to_the_source_while_it_is_moved(here: Settings, target: str) -> None:
    refused = []

    def write(number: int, _: str) -> None:
        if number > 1:
            with closing(sqlite3.connect(here.sqlite_file, timeout=0)) as other:
                with pytest.raises(sqlite3.OperationalError, match="locked"):
                    other.execute("DELETE FROM intake")
                refused.append(number)

    await moving.move(here, target, watch=write)

    assert refused == [2, 3]


async def test_a_close_or_an_opening_that_runs_is_not_cut_in_two(
    here: Settings, target: str
) -> None:
    with (here.data / "closing.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(CloseRunning):
            await moving.move(here, target, watch=silent)
    with alone(here), pytest.raises(AnotherRun):
        await moving.move(here, target, watch=silent)

    assert await is_empty(target)


async def test_a_database_with_a_row_in_it_is_refused_and_keeps_it(
    here: Settings, target: str
) -> None:
    async with connected(target) as connection:
        await connection.execute("CREATE TABLE mine (a INTEGER); INSERT INTO mine VALUES (1)")
        with pytest.raises(DatabaseTaken):
            await moving.move(here, target, watch=silent)
        await connection.execute("DROP TABLE mine")

    await moving.move(here, target, watch=silent)

    with pytest.raises(DatabaseTaken):
        await moving.move(here, target, watch=silent)


async def test_of_two_moves_into_one_database_one_is_refused(
    here: Settings, target: str, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    other = settings_in(tmp_path / "other")
    shutil.copytree(here.data, other.data, dirs_exist_ok=True)

    ended = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", "from survey.cli import main; main()", "move", "--to", target),
            env={**os.environ, **environment(one)},
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
        )
        for one in (here, other)
    ]
    said = [(await process.communicate())[1].decode() for process in ended]

    assert sorted(process.returncode or 0 for process in ended) == [0, 1], said
    assert sum("There is something in that database already" in one for one in said) == 1
    assert await rows_of(replace(here, database=target)) == await rows_of(here)


@pytest.mark.parametrize("address", ["sqlite", "mysql://there", ""])
async def test_an_address_of_something_else_is_refused(here: Settings, address: str) -> None:
    with pytest.raises(NoAddress):
        await moving.move(here, address, watch=silent)


async def test_an_installation_on_postgres_is_there_already(here: Settings, target: str) -> None:
    with pytest.raises(MovedAlready):
        await moving.move(replace(here, database=target), target, watch=silent)


async def test_an_address_nobody_answers_at_is_refused_without_its_password(
    here: Settings,
) -> None:
    with pytest.raises(DatabaseUnreachable) as refused:
        await moving.move(here, "postgresql://kp:secret@127.0.0.1:1/none", watch=silent)

    assert refused.value.facts == {}


async def test_a_source_with_a_broken_page_is_refused(here: Settings, target: str) -> None:
    page = 4096
    with here.sqlite_file.open("r+b") as file:
        file.seek(here.sqlite_file.stat().st_size - page)
        file.write(b"\xff" * page)

    with pytest.raises(CopyDiffers):
        await moving.move(here, target, watch=silent)

    assert await is_empty(target)


# --- values that change on their way -------------------------------------------------------------

UNFIT = {
    "a word in a column of numbers": "UPDATE invited SET n = 'x' WHERE id = 1",
    "more than four bytes hold": "UPDATE unit SET id = 99999999999 WHERE code = 'S1'",
    "no day": "UPDATE wave SET opens = 'soon' WHERE id = 3",
    "no moment": "UPDATE job SET lease_until = 'soon'",
    "neither yes nor no": "UPDATE person SET active = 2",
    "a zero byte": "UPDATE person SET first_name = 'a' || char(0) || 'b'",
}


@pytest.mark.parametrize("statement", UNFIT.values(), ids=UNFIT)
async def test_a_value_that_postgres_does_not_take_moves_nothing_and_names_its_table_only(
    here: Settings, target: str, statement: str
) -> None:
    changed(here, statement)

    with pytest.raises(ValueUnfit) as refused:
        await moving.move(here, target, watch=silent)

    assert refused.value.facts == {"table": statement.split()[1]}
    assert await is_empty(target)


ON_THE_WAY = {
    "another value": "NEW.name = NEW.name || ' '; RETURN NEW;",
    "no value": "NEW.core_task = NULL; RETURN NEW;",
    "no row": "RETURN NULL;",
}


@pytest.mark.parametrize("what", ON_THE_WAY.values(), ids=ON_THE_WAY)
async def test_what_arrives_otherwise_than_it_left_is_noticed_and_moves_nothing(
    here: Settings, target: str, what: str
) -> None:
    async with connected(target) as connection:
        await connection.execute(
            "CREATE FUNCTION changed() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN IF NEW.core_task IS NOT NULL THEN {what} END IF; RETURN NEW; END $$;"
            "CREATE TRIGGER changed BEFORE INSERT ON unit_version "
            "FOR EACH ROW EXECUTE FUNCTION changed()"
        )
        with pytest.raises(CopyDiffers) as refused:
            await moving.move(here, target, watch=silent)
        assert refused.value.facts == {"table": "unit_version"}
        assert await is_empty(target)
        await connection.execute("DROP TRIGGER changed ON unit_version")

    await moving.move(here, target, watch=silent)


async def test_a_move_that_is_killed_leaves_nothing_and_can_be_run_again(
    here: Settings, target: str
) -> None:
    before = await rows_of(here)
    async with connected(target) as connection, connection.transaction():
        await connection.execute("LOCK TABLE wave_behaviour IN SHARE MODE")  # it may be read
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", "from survey.cli import main; main()", "move", "--to", target),
            env={**os.environ, **environment(here)},
        )
        while not await connection.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
            assert process.returncode is None
            await asyncio.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        await process.wait()

    assert await is_empty(target)
    await moving.move(here, target, watch=silent)
    assert await rows_of(replace(here, database=target)) == before
