"""Fixtures for everybody: an installation of its own, on both databases.

settings    a Settings with a data folder of its own and SQLite; nothing is opened
store       the same installation, its tables made and bound; each test runs on sqlite and postgres
postgres    the private cluster of this run (storage.md 11), started by the first test that asks
fresh_keys  RSA keys as they are made outside tests, for a test about the making of keys
fresh_tables  an empty SQLite file is migrated, for a test about migrations
as_in_production  passwords hashed as heavily as outside tests
"""

import asyncio
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import replace
from fcntl import LOCK_EX, flock
from functools import cache
from itertools import count, cycle
from pathlib import Path
from threading import current_thread, main_thread
from typing import Any

import asyncpg
import hypothesis
import pytest
from argon2 import PasswordHasher
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from piccolo.apps.migrations.tables import Migration

from survey import engine
from survey.actions import accounts
from survey.errors import KernepulsError
from survey.intake import child
from survey.settings import Settings

# A busy machine is no fault: how long something takes is for benchmarks/ to say.
hypothesis.settings.register_profile("suite", deadline=None)
hypothesis.settings.load_profile("suite")

numbers = count()
generate_private_key = rsa.generate_private_key
HASHER = accounts.HASHER
# What a test has made or dropped: its database is not used again when this has changed.
MADE = """
    SELECT (SELECT count(*) FROM pg_class) AS relations, (SELECT count(*) FROM pg_attribute) AS
    columns, (SELECT count(*) FROM pg_trigger) AS triggers, (SELECT count(*) FROM pg_constraint)
    AS rules, (SELECT array_agg(name ORDER BY name) FROM migration) AS migrations
"""
MAKE_FOLDER = engine._make_folder
DEALT = 6  # more than the waves of any one test
FOLDER = Path(__file__).parent
# The files that take seven seconds of processor or more, the longest first. Begun in this order two
# workers end together; xdist alone begins with those of most tests, and one ends two minutes later.
LONGEST = (
    "survey/test_demo.py",
    "browser/test_answer_seen.py",
    "browser/test_kiosk.py",
    "browser/test_staff.py",
    "survey/test_workers.py",
    "survey/test_closing.py",
    "crash/test_crash.py",
    "survey/test_faults.py",
    "survey/test_report_command.py",
    "browser/test_answer.py",
    "browser/test_behaviours_seen.py",
    "browser/test_accounts_seen.py",
    "browser/test_read_aloud.py",
    "survey/test_results_pages.py",
    "browser/test_answer_ballot.py",
    "browser/test_answer_sending.py",
    "browser/test_meeting_seen.py",
    "browser/test_organisation_seen.py",
    "browser/test_waves_seen.py",
    "browser/test_trials_seen.py",
    "analysis/test_audit_documents.py",
    "survey/test_closing_killed.py",
    "attack/test_linkage.py",
    "survey/test_key_sheets.py",
    "survey/test_wave_command.py",
    "test_project.py",
    "browser/test_answer_shell.py",
    "browser/test_languages_seen.py",
    "spec/test_verify.py",
    "survey/test_access_matrix.py",
    "spec/test_fjordlund.py",
    "survey/test_import_staff.py",
    "survey/test_waves.py",
    "survey/test_waves_pages.py",
    "analysis/test_analyse_command.py",
    "analysis/test_report_pdf.py",
    "attack/test_canaries.py",
    "survey/test_seeds.py",
    "survey/test_intake.py",
    "survey/test_move.py",
    "survey/test_sessions.py",
    "survey/test_answer_pages.py",
    "survey/test_ballot_protocol.py",
    "analysis/test_trials.py",
    "analysis/test_audit.py",
    "survey/test_meeting_pages.py",
)


@pytest.hookimpl(tryfirst=True)  # before pytest chooses the folder of tmp_path
def pytest_configure(config: pytest.Config) -> None:
    if config.pluginmanager.hasplugin("xdist"):
        config.option.loadscopereorder = False
    if config.option.basetemp is None:  # a worker's lies in that of the run
        folder = tempfile.mkdtemp(prefix="kp-tests-", dir=quick_folder())
        config.option.basetemp = f"{folder}/tests"
        config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Long runs are for `make soak`, which asks for them by name; long files go first."""
    if "soak" not in config.getoption("markexpr"):
        items[:] = [item for item in items if item.get_closest_marker("soak") is None]
    place = {FOLDER / name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path, len(place)))


@pytest.fixture(scope="session", autouse=True)
def rsa_keys_are_searched_and_proved_once() -> Iterator[None]:
    """A handful of real RSA keys is dealt out in turn, and each is proved prime when first read.

    The library's search for two primes takes .3 s and its proof of them .2 s each time a key is
    read from its file: half of what the tests of the intake cost. All of ours stays real: the
    pair is of full size, is written, copied, read, signed with and destroyed as any other.
    """
    dealt = cache(lambda _, **how: generate_private_key(**how))
    turns = cycle(range(DEALT))

    def next_key(**how: int) -> rsa.RSAPrivateKey:
        return dealt(next(turns), **how)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rsa, "generate_private_key", next_key)
        read = cache(serialization.load_der_private_key)
        patch.setattr(serialization, "load_der_private_key", read)
        yield


@pytest.fixture(scope="session", autouse=True)
def passwords_are_hashed_lightly() -> Iterator[None]:
    """argon2id in 8 MiB instead of 64: a sign-in costs a quarter of a second otherwise."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(accounts, "HASHER", PasswordHasher(time_cost=1, memory_cost=8 * 1024))
        yield


@pytest.fixture(scope="session", autouse=True)
def the_process_of_a_close_is_started_once() -> Iterator[None]:
    """The process that opens the answers of a wave opens those of the next close too.

    It is started as anywhere else, and reads, writes and ends with ours as there; to start one is
    more than half of what a small close costs. One that has died is not used again, nor is one kept
    that another thread than ours has started: it would end with that thread.
    """
    kept: list[ProcessPoolExecutor] = []

    @contextmanager
    def process(*how: Any) -> Iterator[ProcessPoolExecutor]:
        ours = current_thread() is main_thread()
        used = kept.pop() if ours and kept else ProcessPoolExecutor(*how)
        try:
            yield used
        finally:
            if ours and is_alive(used):
                kept.append(used)
            else:
                used.shutdown()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(child, "ProcessPoolExecutor", process)
        yield
    for one in kept:
        one.shutdown()


def is_alive(process: ProcessPoolExecutor) -> bool:
    """Whether it has done what it was given, and takes more."""
    try:
        process.submit(int).result()
    except BrokenProcessPool:
        return False
    return True


@pytest.fixture
def as_in_production(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords hashed as heavily as anywhere else."""
    monkeypatch.setattr(accounts, "HASHER", HASHER)


@pytest.fixture(scope="session", autouse=True)
def tables_are_made_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A new SQLite file is a copy of one where every migration ran: running them costs .04 s."""
    first = settings_in(tmp_path_factory.mktemp("tables"))
    asyncio.run(migrated(first))

    def make_folder(settings: Settings) -> None:
        MAKE_FOLDER(settings)
        if settings.on_sqlite and not settings.sqlite_file.exists():
            shutil.copyfile(first.sqlite_file, settings.sqlite_file)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "_make_folder", make_folder)
        yield


async def migrated(settings: Settings) -> None:
    async with engine.opened(settings, migrate=True):
        pass


@pytest.fixture
def fresh_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_make_folder", MAKE_FOLDER)


@pytest.fixture
def fresh_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rsa, "generate_private_key", generate_private_key)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path)


def settings_in(folder: Path, database: str = "sqlite") -> Settings:
    """An installation in a folder of its own; the data folder exists and is empty."""
    data = folder / "data"
    data.mkdir()
    return Settings(
        data=data,
        database=database,
        answers=str(data / "answers"),
        key_copy=folder / "copies" / "keys",
        backup=folder / "copies" / "backup",
        smtp=None,
        url="http://127.0.0.1:8000",
        organisation=data / "organisation.yaml",
    )


@pytest.fixture(params=["sqlite", "postgres"])
async def store(request: pytest.FixtureRequest, settings: Settings) -> AsyncIterator[Settings]:
    """The settings of an empty installation that is open; runs once on each engine."""
    if request.param == "sqlite":
        async with engine.opened(settings, migrate=True):
            yield settings
        return
    new_database: Callable[[], Any] = request.getfixturevalue("new_database")
    left: list[str] = request.getfixturevalue("left_empty")
    database = left.pop() if left else await new_database()
    settings = replace(settings, database=database)
    async with engine.opened(settings) as opened:
        made = await opened.run_ddl(MADE)
        yield settings
        with suppress(asyncpg.PostgresError, KernepulsError):  # then the next test has a new one
            if await opened.run_ddl(MADE) == made:
                await emptied(opened)
                left.append(database)


@pytest.fixture(scope="session")
def left_empty() -> list[str]:
    """The database that the last test of this worker left: to make one costs three times that."""
    return []


async def emptied(opened: engine.Engine) -> None:
    """All rows go, also those that nobody may delete, and numbers begin at 1 again."""
    tables = [table._meta.tablename for table in engine.all_tables() if table is not Migration]
    deletes = "; ".join(f'DELETE FROM "{table}"' for table in tables)
    async with opened.transaction():
        await opened.run_ddl("SET LOCAL session_replication_role = replica")
        await opened.run_ddl("SET LOCAL lock_timeout = '1s'")
        await opened.run_ddl(f"DO $$ BEGIN {deletes}; END $$")
        await opened.run_ddl(
            "SELECT setval(sequencename::text, 1, false) FROM pg_sequences"
            " WHERE sequencename <> 'migration_id_seq'"
        )


@pytest.fixture
def new_database(postgres: str) -> Callable[[], Any]:
    """A function that makes a fresh PostgreSQL database with all tables, and gives its address."""

    async def made() -> str:
        name = f"kp_{os.environ.get('PYTEST_XDIST_WORKER', 'one')}_{os.getpid()}_{next(numbers)}"
        connection = await asyncpg.connect(address(postgres, "postgres"))
        try:
            await connection.execute(f"CREATE DATABASE {name} TEMPLATE kernepuls_template")
        finally:
            await connection.close()
        return address(postgres, name)

    return made


def address(folder: str, database: str) -> str:
    return f"postgresql://kp@/{database}?host={folder}"


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The socket folder of the run's cluster; its workers share it, the last one stops it."""
    root = tmp_path_factory.getbasetemp()
    shared = root.parent if "PYTEST_XDIST_WORKER" in os.environ else root
    with turn(shared) as users:
        if not users.exists():
            started = start_cluster()
            users.write_text(f"{started}\n")
        folder, *others = users.read_text().splitlines()
        users.write_text("\n".join([folder, *others, str(os.getpid())]))
    try:
        yield folder
    finally:
        with turn(shared) as users:
            folder, *others = users.read_text().splitlines()
            others.remove(str(os.getpid()))
            users.write_text("\n".join([folder, *others]))
            if not others:
                users.unlink()
                stop_cluster(folder)


@contextmanager
def turn(folder: Path) -> Iterator[Path]:
    with (folder / "postgres.lock").open("w") as lock:
        flock(lock, LOCK_EX)
        yield folder / "postgres.users"


def start_cluster() -> str:
    folder = tempfile.mkdtemp(prefix="kp-pg-", dir=quick_folder())
    user = unprivileged()
    if user:
        shutil.chown(folder, user.pw_uid, user.pw_gid)
    try:
        run(user, "initdb", "-N", "-U", "kp", "-A", "trust", "-E", "UTF8", "--locale=C",
            "--data-checksums", "-D", f"{folder}/data")  # fmt: skip
        options = f"-c listen_addresses='' -c unix_socket_directories={folder}"
        run(user, "pg_ctl", "-w", "-D", f"{folder}/data", "-l", f"{folder}/log",
            "-o", options, "start")  # fmt: skip
        make_template(folder)
    except BaseException:
        stop_cluster(folder)
        raise
    return folder


def quick_folder() -> str:
    """Memory where there is room: fsync stays on, as the store demands, and costs nothing."""
    memory = Path("/dev/shm")
    room = memory.is_dir() and shutil.disk_usage(memory).free > 4 * 2**30
    return str(memory) if room else "/tmp"


def make_template(folder: str) -> None:
    """In a process of its own: a fixture may be asked for while a test's loop runs."""
    script = (
        "import asyncio, asyncpg, sys; from pathlib import Path\n"
        "from survey import engine; from survey.settings import Settings\n"
        "async def main(maintenance, template, data):\n"
        "    connection = await asyncpg.connect(maintenance)\n"
        "    await connection.execute('CREATE DATABASE kernepuls_template')\n"
        "    await connection.close()\n"
        "    where = Path(data)\n"
        "    settings = Settings(where, template, data, where, where, None, '', where)\n"
        "    async with engine.opened(settings, migrate=True): pass\n"
        "asyncio.run(main(*sys.argv[1:]))\n"
    )
    with tempfile.TemporaryDirectory() as data:
        subprocess.run(
            [sys.executable, "-c", script,
             address(folder, "postgres"), address(folder, "kernepuls_template"), data],
            check=True, cwd=FOLDER.parent,
        )  # fmt: skip


def stop_cluster(folder: str) -> None:
    with suppress(subprocess.CalledProcessError):
        run(unprivileged(), "pg_ctl", "-D", f"{folder}/data", "-m", "immediate", "stop")
    shutil.rmtree(folder, ignore_errors=True)


def run(user: pwd.struct_passwd | None, program: str, *arguments: str) -> None:
    who: dict[str, Any] = (
        {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
    )
    subprocess.run(
        [binary(program), *arguments], check=True, cwd="/", stdout=subprocess.DEVNULL, **who
    )


def binary(program: str) -> str:
    """A PostgreSQL program: on PATH, else in Debian's folder, else one line on what to do."""
    if found := shutil.which(program):
        return found
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / program).exists():
            return str(folder / program)
    pytest.exit(f"PostgreSQL's {program} is missing. Install it: apt-get install postgresql", 1)


def unprivileged() -> pwd.struct_passwd | None:
    """Who runs the cluster when the suite runs as root, which PostgreSQL refuses; else None."""
    if os.getuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            return pwd.getpwnam(name)
    pytest.exit("PostgreSQL does not run as root, and there is no user postgres or nobody.", 1)


def until(true: Callable[[], bool], seconds: float = 30) -> None:
    """Wait for something that another process does; fails when it never happens."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            pytest.fail("it did not happen")
        time.sleep(0.02)
