"""A backup holds every acknowledged answer, opens for its key only, and goes back whole."""

import asyncio
import fcntl
import hashlib
import io
import os
import resource
import secrets
import shutil
import signal
import sqlite3
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result

from survey import engine, house, sessions
from survey.cli import main
from survey.engine import schema
from survey.engine.postgres import Postgres
from survey.intake import disk
from survey.intake.closing import close_wave
from survey.intake.writer import Item, running
from survey.operations import archive, databases, envelope
from survey.operations import backup as making
from survey.operations import restore as restoring
from survey.operations.archive import Entry, Manifest, Rows
from survey.operations.refusals import BackupDamaged, CloseRunning, CopyDiffers, NotEmpty
from survey.settings import Settings
from survey.tables import AuditEvent, Ballot, Intake, Invitation, Unit
from tests.commanding import environment
from tests.conftest import settings_in
from tests.survey import waves

TODAY = date(2026, 3, 9)
SEALED = 4144  # bytes of an answer


def kernepuls(settings: Settings, *arguments: object) -> Result:
    return CliRunner().invoke(main, [*map(str, arguments)], env=environment(settings))


def empty_place(folder: Path, database: str = "sqlite") -> Settings:
    """Where nothing has been put up yet: even the data folder is not made."""
    folder.mkdir()
    settings = settings_in(folder, database)
    settings.data.rmdir()
    return settings


def everything(folder: Path) -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


async def town(settings: Settings, **wave: str) -> list[waves.Person]:
    house.write_fjordlund(settings)
    await waves.organisation()
    return await waves.wave(settings, **wave)


@contextmanager
def no_file_beyond(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, ignored)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one installation: a wave that is open with answers, a key, a backup."""
    folder = tmp_path_factory.mktemp("built")
    settings = settings_in(folder)

    async def build() -> str:
        house.write_fjordlund(settings)
        sessions.secret(settings)
        async with engine.opened(settings, migrate=True):
            return "\n".join(person.code for person in await waves.answered(settings))

    codes = asyncio.run(build())
    for name in ("mail/2026-1/one.eml", "cards/2026-1/N1.pdf", "demo.json"):
        (settings.data / name).parent.mkdir(parents=True, exist_ok=True)
        (settings.data / name).write_text(codes, encoding="ascii")
    envelope.new_key(folder / "backup.key")
    command = ("backup", "--to", folder / "made.backup", "--key-file", folder / "backup.key")
    done = kernepuls(settings, *command)
    assert done.exit_code == 0, done.output
    return folder


@pytest.fixture
def installation(built: Path, settings: Settings) -> Settings:
    """A copy of it that a test may change; nothing is opened."""
    shutil.copytree(built / "data", settings.data, dirs_exist_ok=True)
    shutil.copytree(built / "copies", settings.key_copy.parent)
    return settings


@pytest.fixture
def key(built: Path) -> Path:
    return built / "backup.key"


@pytest.fixture
def made(built: Path, tmp_path: Path) -> Path:
    """The backup of it."""
    return Path(shutil.copy(built / "made.backup", tmp_path))


# --- nothing acknowledged is missing -----------------------------------------------------------


async def test_a_backup_made_while_answers_arrive_holds_all_that_were_acknowledged_before(
    store: Settings, tmp_path: Path, key: Path, request: pytest.FixtureRequest
) -> None:
    await town(store)
    target = tmp_path / "backup.kernepuls"
    script = "from survey.cli import main; main()"
    command = (sys.executable, "-c", script, "backup", "--to", target, "--key-file", key)
    acknowledged: list[bytes] = []
    backup: Any = None
    before = 0
    async with running() as writer:
        while len(acknowledged) < 300 or backup.returncode is None:
            ballot = secrets.token_bytes(32)
            await writer.put(Item(wave=1, ballot=ballot, sealed=secrets.token_bytes(SEALED)))
            acknowledged.append(ballot)
            if len(acknowledged) == 100:
                before = len(acknowledged)
                backup = await asyncio.create_subprocess_exec(
                    *map(str, command),
                    env={**os.environ, **environment(store)},
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                )
            await asyncio.sleep(0.003)
    said = (await backup.stdout.read()).decode()
    assert backup.returncode == 0, said

    database = "sqlite"
    if not store.on_sqlite:
        database = await request.getfixturevalue("new_database")()
    here = empty_place(tmp_path / "new", database)
    await restoring.restore(here, target, key=envelope.key_of(key), watch=lambda *_: None)

    async with engine.opened(here):
        kept = {row["hash"] for row in await Ballot.select(Ballot.hash)}
        assert set(acknowledged[:before]) <= kept <= set(acknowledged)
        assert await Intake.count() == len(kept)
        assert await Invitation.count() == waves.EVERYBODY


async def test_what_is_put_back_goes_on_to_its_release(
    store: Settings, tmp_path: Path, key: Path, request: pytest.FixtureRequest
) -> None:
    house.write_fjordlund(store)
    await waves.answered(store)
    await AuditEvent(what="x", on_what="y", day=TODAY, previous="", hash="h").save()
    target = tmp_path / "backup.kernepuls"
    opened_by = envelope.key_of(key)
    made = await making.make(store, target, key=opened_by, today=TODAY, watch=lambda *_: None)
    database = "sqlite"
    if not store.on_sqlite:
        database = await request.getfixturevalue("new_database")()
    here = replace(empty_place(tmp_path / "new", database), key_copy=store.key_copy)

    done = await restoring.restore(here, target, key=opened_by, watch=lambda *_: None)

    assert done.manifest == made.manifest
    assert made.damaged == []
    assert done.without_keys == ["2026-1"]
    assert here.organisation.read_bytes() == store.organisation.read_bytes()
    assert {one.name for one in here.data.iterdir()} >= {"organisation.yaml"}
    assert not (here.data / restoring.STAGE).exists()
    async with engine.opened(here):
        await Unit(code="new").save()  # a number of its own, not one that is taken
        closed = await close_wave(here, "2026-1")
        assert closed.state == "released"
    assert len((here.data / "receipts" / "2026-1.txt").read_text().split()) == waves.EVERYBODY


async def test_files_come_back_byte_for_byte_and_half_ones_do_not(
    store: Settings, tmp_path: Path, key: Path, request: pytest.FixtureRequest
) -> None:
    house.write_fjordlund(store)
    for name in archive.FOLDERS:
        (store.data / name).mkdir()
        (store.data / name / "2026-1.x").write_bytes(secrets.token_bytes(envelope.CHUNK + 1))
        (store.data / name / "2026-2.x.part").write_bytes(b"half")
    target = tmp_path / "backup.kernepuls"
    opened_by = envelope.key_of(key)
    await making.make(store, target, key=opened_by, today=TODAY, watch=lambda *_: None)
    database = "sqlite"
    if not store.on_sqlite:
        database = await request.getfixturevalue("new_database")()
    here = empty_place(tmp_path / "new", database)

    done = await restoring.restore(here, target, key=opened_by, watch=lambda *_: None)

    assert done.without_keys == []
    for name in archive.FOLDERS:
        assert [file.name for file in (here.data / name).iterdir()] == ["2026-1.x"]
        kept = (store.data / name / "2026-1.x").read_bytes()
        assert (here.data / name / "2026-1.x").read_bytes() == kept
    assert all(file.stat().st_mode & 0o077 == 0 for file in here.data.rglob("*"))


# --- what is inside ----------------------------------------------------------------------------


def test_no_key_code_or_mail_is_in_the_file_nor_anything_readable(
    installation: Settings, made: Path, key: Path
) -> None:
    hidden = [*everything(installation.data / "keys").values()]
    codes = (installation.data / "demo.json").read_bytes().split()
    opened_by = envelope.key_of(key)
    with made.open("rb") as source:
        opener = envelope.Opener(source, opened_by, name=made)
        inside = opener.read(10**9)

    names = tarfile.open(fileobj=io.BytesIO(inside)).getnames()  # noqa: SIM115

    assert len(hidden) == 5 + 1  # those of a wave, and that of the forms
    assert not [one for one in hidden if one in inside]
    assert len(codes) == waves.EVERYBODY
    assert not [one for one in codes if one in inside or one.replace(b"-", b"") in inside]
    assert names == [archive.SQLITE, archive.ORGANISATION, archive.MANIFEST]
    plain = made.read_bytes()
    assert b"Fjordlund" in inside
    assert b"Fjordlund" not in plain
    assert b"SQLite format" not in plain
    assert made.stat().st_mode & 0o077 == 0


def test_neither_command_says_how_many_have_answered(
    installation: Settings, tmp_path: Path, key: Path
) -> None:
    target, here = tmp_path / "b", empty_place(tmp_path / "new")
    command = ("backup", "--to", target, "--key-file", key)

    said = [
        kernepuls(installation, *command).output,
        kernepuls(installation, *command, "--json").output,
        kernepuls(here, "restore", target, "--key-file", key).output,
    ]

    assert all(str(waves.EVERYBODY) not in one.replace(str(tmp_path), "") for one in said)
    assert "1/3 Copying the database" in said[0]
    assert "Wave 2026-1 needs its keys" in said[2]


def test_the_order_of_writing_inside_a_page_is_not_in_the_copy(tmp_path: Path) -> None:
    rows = [secrets.token_bytes(16) for _ in range(100)]

    def copied(keys: list[bytes]) -> bytes:
        file = tmp_path / secrets.token_hex(4)
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("CREATE TABLE t (k BLOB PRIMARY KEY NOT NULL) STRICT, WITHOUT ROWID")
            for one in keys:
                connection.execute("INSERT INTO t VALUES (?)", [one])
            connection.commit()
        return databases.sqlite_copy(file)[0]

    assert copied(rows) == copied(rows[::-1])


def test_no_copy_of_the_database_is_written_to_a_disk(tmp_path: Path) -> None:
    file = tmp_path / "large.sqlite"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE t (k BLOB PRIMARY KEY NOT NULL) STRICT, WITHOUT ROWID")
        rows = ((secrets.token_bytes(SEALED),) for _ in range(2000))
        connection.executemany("INSERT INTO t VALUES (?)", rows)
        connection.commit()

    with no_file_beyond(100_000):
        _, tables = databases.sqlite_copy(file)

    assert tables == {"t": Rows(2000)}


async def test_the_order_of_writing_is_not_in_the_copy_of_postgres(settings, new_database) -> None:
    rows = [secrets.token_bytes(32) for _ in range(100)]
    copies: list[dict[str, bytes]] = []
    for order in (rows, rows[::-1]):
        copies.append({})
        here = replace(settings, database=await new_database())
        async with engine.opened(here) as store:
            assert isinstance(store, Postgres)
            for one in order:
                await Ballot(hash=one, wave=1).save()
            await databases.postgres_copy(store, copies[-1].__setitem__)

    assert copies[0]["database/ballot.0001.copy"] == copies[1]["database/ballot.0001.copy"]
    assert all(one in copies[0]["database/ballot.0001.copy"] for one in rows)


async def test_a_large_table_goes_in_pieces_and_comes_back_whole(
    settings, new_database, tmp_path, key, monkeypatch
) -> None:
    monkeypatch.setattr(databases, "PIECE", 1000)
    rows = {secrets.token_bytes(32) for _ in range(100)}  # 3,200 bytes and more
    here, opened_by = replace(settings, database=await new_database()), envelope.key_of(key)
    house.write_fjordlund(here)
    async with engine.opened(here):
        await Ballot.insert(*(Ballot(hash=one, wave=1) for one in rows))
    target, watch = tmp_path / "b", lambda *_: None
    made = await making.make(here, target, key=opened_by, today=TODAY, watch=watch)
    there = empty_place(tmp_path / "new", await new_database())

    await restoring.restore(there, target, key=opened_by, watch=watch)

    assert len(archive.table_pieces(made.manifest.files)["ballot"]) > 1
    async with engine.opened(there):
        assert {row["hash"] for row in await Ballot.select(Ballot.hash)} == rows


# --- the file as it is made --------------------------------------------------------------------


def test_a_backup_takes_the_place_of_an_older_one_but_of_nothing_else(
    installation: Settings, made: Path, key: Path
) -> None:
    before, other = made.read_bytes(), made.with_name("letter.txt")
    other.write_text("my letter", encoding="ascii")

    again = kernepuls(installation, "backup", "--to", made, "--key-file", key)
    refused = kernepuls(installation, "backup", "--to", other, "--key-file", key)

    assert again.exit_code == 0
    assert made.read_bytes() != before
    assert refused.exit_code == 1
    assert "is no backup" in refused.output
    assert other.read_text(encoding="ascii") == "my letter"


def test_a_key_is_for_its_owner_and_is_never_written_over(settings: Settings, tmp_path) -> None:
    file = tmp_path / "a.key"

    first = kernepuls(settings, "backup", "--new-key", file)
    kept = file.read_bytes()
    second = kernepuls(settings, "backup", "--new-key", file)

    assert (first.exit_code, second.exit_code) == (0, 1)
    assert file.read_bytes() == kept
    assert file.stat().st_mode & 0o777 == 0o600
    assert kept.split()[-1].decode() not in first.output + second.output


def test_a_target_without_room_keeps_the_older_backup_and_no_half_one(
    installation: Settings, made: Path, key: Path
) -> None:
    before = made.read_bytes()

    with no_file_beyond(len(before) // 2):
        refused = kernepuls(installation, "backup", "--to", made, "--key-file", key)

    assert refused.exit_code == 1
    assert "no room for the backup" in refused.output
    assert made.read_bytes() == before
    assert not disk.part_of(made).exists()


def test_no_room_where_it_is_put_back_leaves_nothing(made: Path, tmp_path: Path, key: Path) -> None:
    here = empty_place(tmp_path / "new")

    with no_file_beyond(made.stat().st_size // 2):
        refused = kernepuls(here, "restore", made, "--key-file", key)

    assert refused.exit_code == 1
    assert "no room" in refused.output
    assert not here.data.exists()


def test_no_backup_falls_into_the_middle_of_a_close(
    installation: Settings, tmp_path: Path, key: Path
) -> None:
    target = tmp_path / "b"
    with (installation.data / "closing.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)

        refused = kernepuls(installation, "backup", "--to", target, "--key-file", key)

    assert refused.exit_code == 1
    assert "being closed just now" in refused.output
    assert CloseRunning.status == 503
    assert not target.exists()
    assert not disk.part_of(target).exists()


def test_one_backup_is_made_at_a_time(installation: Settings, tmp_path: Path, key: Path) -> None:
    target = tmp_path / "b"
    with (installation.data / "backup.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)

        refused = kernepuls(installation, "backup", "--to", target, "--key-file", key)

    assert refused.exit_code == 1
    assert "Another backup is being made" in refused.output
    assert not target.exists()


def test_a_released_file_that_was_changed_is_told_and_still_copied(
    installation: Settings, tmp_path: Path, key: Path
) -> None:
    async def close() -> None:
        async with engine.opened(installation):
            await close_wave(installation, "2026-1")

    asyncio.run(close())
    command = ("backup", "--to", tmp_path / "b", "--key-file", key)
    whole = kernepuls(installation, *command)
    with (installation.data / "answers" / "2026-1.parquet").open("ab") as file:
        file.write(b"x")
    changed = kernepuls(installation, *command)

    assert (whole.exit_code, changed.exit_code) == (0, 0)
    assert "The released files of wave 2026-1" not in whole.output
    assert "The released files of wave 2026-1 are missing or changed" in changed.output


def test_a_database_with_a_broken_page_is_not_taken_for_a_backup(
    installation: Settings, tmp_path: Path, key: Path
) -> None:
    target, page = tmp_path / "b", 4096
    with closing(sqlite3.connect(installation.sqlite_file)) as connection:
        root = "SELECT rootpage FROM sqlite_master WHERE name = 'unit_version'"
        [number] = connection.execute(root).fetchone()
    with installation.sqlite_file.open("r+b") as file:
        file.seek((number - 1) * page)
        file.write(b"\xff" * page)

    refused = kernepuls(installation, "backup", "--to", target, "--key-file", key)

    assert refused.exit_code == 1
    assert "copy of the database is not whole" in refused.output
    assert not target.exists()
    assert not disk.part_of(target).exists()


@pytest.mark.parametrize("name", ["nowhere/b", ""], ids=["no such folder", "a folder"])
def test_a_place_that_cannot_be_written_is_a_sentence(installation, tmp_path, key, name) -> None:
    place = tmp_path / name

    written = kernepuls(installation, "backup", "--to", place, "--key-file", key)
    made_key = kernepuls(installation, "backup", "--new-key", place)

    assert written.exit_code != 0
    assert made_key.exit_code != 0
    assert isinstance(written.exception, SystemExit)
    assert isinstance(made_key.exception, SystemExit)


# --- what is refused, with nothing changed -----------------------------------------------------


def changed_byte(body: bytes) -> bytes:
    middle = len(body) // 2
    return body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1 :]


CHUNK = envelope.CHUNK + envelope.TAG
HEADER = envelope.HEADER
SPOILT: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "one byte changed": (changed_byte, "cut short or changed"),
    "cut in the middle of a chunk": (lambda body: body[:-1], "cut short or changed"),
    "cut between two chunks": (lambda body: body[: HEADER + CHUNK], "cut short or changed"),
    "cut inside the header": (lambda body: body[: HEADER - 1], "cut short or changed"),
    "two chunks exchanged": (
        lambda body: (
            body[:HEADER]
            + body[HEADER + CHUNK : HEADER + 2 * CHUNK]
            + body[HEADER : HEADER + CHUNK]
            + body[HEADER + 2 * CHUNK :]
        ),
        "cut short or changed",
    ),
    "something hung on": (lambda body: body + b"x", "cut short or changed"),
    "another salt": (
        lambda body: body[: len(envelope.MAGIC)] + bytes(32) + body[len(envelope.MAGIC) + 32 :],
        "The key does not open",
    ),
    "no backup at all": (lambda _: b"PK\x03\x04 something else", "not a backup that Kernepuls"),
    "an empty file": (lambda _: b"", "not a backup that Kernepuls"),
}


@pytest.mark.parametrize(("spoil", "sentence"), SPOILT.values(), ids=SPOILT)
def test_a_spoilt_file_is_refused_in_a_sentence(spoil, sentence, made, tmp_path, key) -> None:
    made.write_bytes(spoil(made.read_bytes()))
    here = empty_place(tmp_path / "new")

    refused = kernepuls(here, "restore", made, "--key-file", key)

    assert refused.exit_code == 1
    assert sentence in refused.output
    assert not here.data.exists()


@pytest.mark.parametrize("size", [0, 1, envelope.CHUNK - 1, envelope.CHUNK, 3 * envelope.CHUNK])
def test_a_sealed_file_opens_whole_and_not_one_chunk_shorter(size: int, tmp_path: Path) -> None:
    body, sealed, key = secrets.token_bytes(size), io.BytesIO(), secrets.token_bytes(envelope.KEY)
    sealer = envelope.Sealer(sealed, key)
    sealer.write(body)
    sealer.end()
    last = len(sealed.getvalue()) - (size % envelope.CHUNK or min(size, envelope.CHUNK))

    def opened(content: bytes) -> bytes:
        opener = envelope.Opener(io.BytesIO(content), key, name=tmp_path)
        read = opener.read(10**9)
        opener.end()
        return read

    assert opened(sealed.getvalue()) == body
    with pytest.raises(BackupDamaged):
        opened(sealed.getvalue()[: last - envelope.TAG])


def test_a_file_cut_after_its_last_entry_is_refused(tmp_path: Path, key: Path) -> None:
    file = forged(tmp_path / "b", key, {"receipts/1.txt": b"x"}, padding=3 * envelope.CHUNK)
    assert archive.verified(file, envelope.key_of(key)).files
    with file.open("r+b") as cut:
        cut.truncate(envelope.HEADER + 2 * (envelope.CHUNK + envelope.TAG))

    with pytest.raises(BackupDamaged):
        archive.verified(file, envelope.key_of(key))


def test_another_key_is_refused(made: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.key"
    envelope.new_key(other)
    here = empty_place(tmp_path / "new")

    refused = kernepuls(here, "restore", made, "--key-file", other)

    assert refused.exit_code == 1
    assert "The key does not open" in refused.output
    assert not here.data.exists()


@pytest.mark.parametrize(
    ("content", "mode", "sentence"),
    [
        ("a sentence of some words\n", 0o600, "is not a key for backups"),
        (f"{envelope.KEY_LINE}QUJD\n", 0o600, "is not a key for backups"),
        (f"{envelope.KEY_LINE}{'A' * 43}=\n", 0o644, "chmod 600"),
    ],
    ids=["a passphrase", "too short", "readable for others"],
)
def test_a_key_file_that_is_none_is_refused(content, mode, sentence, made, tmp_path) -> None:
    file, here = tmp_path / "bad.key", empty_place(tmp_path / "new")
    file.write_text(content, encoding="ascii")
    file.chmod(mode)

    refused = kernepuls(here, "restore", made, "--key-file", file)

    assert refused.exit_code == 1
    assert sentence in refused.output


def forged(
    file: Path, key: Path, entries: dict[str, bytes], *, padding: int = 0, **about: Any
) -> Path:
    """An archive made with the right key, of whatever entries and manifest."""
    with file.open("wb") as target:
        sealer = envelope.Sealer(target, envelope.key_of(key))
        tar = tarfile.open(fileobj=sealer, mode="w|")  # type: ignore[call-overload]  # noqa: SIM115
        manifest = Manifest(
            **{
                "format": 1,
                "engine": "sqlite",
                "made": TODAY,
                "migrations": (),
                "tables": {},
                "files": {
                    name: Entry(hashlib.sha256(body).hexdigest(), len(body))
                    for name, body in entries.items()
                },
                **about,
            }
        )
        for name, body in (*entries.items(), (archive.MANIFEST, msgspec.json.encode(manifest))):
            info = tarfile.TarInfo(name)
            info.size = len(body)
            if body == b"link":
                info.type, info.linkname, info.size = tarfile.SYMTYPE, "/etc/passwd", 0
            tar.addfile(info, io.BytesIO(body))
        tar.close()
        sealer.write(bytes(padding))
        sealer.end()
    return file


FOREIGN = {
    "a name that climbs": {"answers/../../outside": b"x"},
    "a name that climbs at once": {"../outside": b"x"},
    "a name from the root": {"/outside": b"x"},
    "a folder in a folder": {"answers/keys/opening.key": b"x"},
    "a key": {"keys/opening.key": b"x"},
    "a hidden file": {"answers/.profile": b"x"},
    "a link": {"answers/2026-1.parquet": b"link"},
}


@pytest.mark.parametrize("entries", FOREIGN.values(), ids=FOREIGN)
def test_a_name_that_no_backup_has_is_refused(entries, tmp_path, key) -> None:
    file, here = forged(tmp_path / "b", key, entries), empty_place(tmp_path / "new")

    refused = kernepuls(here, "restore", file, "--key-file", key)

    assert refused.exit_code == 1
    assert "holds something that no backup of ours holds" in refused.output
    assert list((tmp_path / "new").iterdir()) == []
    assert not (tmp_path / "outside").exists()


X = hashlib.sha256(b"x").hexdigest()
UNFIT: dict[str, tuple[dict[str, Any], str]] = {
    "a newer version": ({"migrations": ("2999-01-01T00:00:00:x",)}, "newer version of Kernepuls"),
    "another engine": ({"engine": "postgres"}, "was made on PostgreSQL"),
    "tables of the other engine": (
        {"files": {"database/unit.0001.copy": Entry(X, 1)}, "only": "database/unit.0001.copy"},
        "holds something that no backup",
    ),
    "an entry too few": ({"files": {"answers/1.parquet": Entry("0" * 64, 1)}}, "cut short or"),
    "another hash": (
        {"files": {"receipts/1.txt": Entry("0" * 64, 1)}},
        "cut short or changed",
    ),
}


@pytest.mark.parametrize(("about", "sentence"), UNFIT.values(), ids=UNFIT)
def test_a_backup_that_does_not_fit_is_refused(about, sentence, tmp_path, key) -> None:
    about = dict(about)
    only = about.pop("only", "receipts/1.txt")
    file = forged(tmp_path / "b", key, {only: b"x"}, **about)
    here = empty_place(tmp_path / "new")

    refused = kernepuls(here, "restore", file, "--key-file", key)

    assert refused.exit_code == 1
    assert sentence in refused.output
    assert not here.data.exists()


def test_a_table_with_a_row_too_few_is_refused(installation, tmp_path, key) -> None:
    body, tables = databases.sqlite_copy(installation.sqlite_file)
    told = {**tables, "intake": Rows(tables["intake"].rows + 1)}
    file = forged(tmp_path / "b", key, {archive.SQLITE: body}, tables=told)
    here = empty_place(tmp_path / "new")

    refused = kernepuls(here, "restore", file, "--key-file", key)

    assert refused.exit_code == 1
    assert "(intake)" in refused.output
    assert not here.data.exists()


async def test_a_row_too_few_on_postgres_leaves_the_database_empty(
    settings, new_database, tmp_path, key, monkeypatch
) -> None:
    here = replace(settings, database=await new_database())
    target = tmp_path / "b"
    opened_by = envelope.key_of(key)
    async with engine.opened(here):
        await town(here)
        await making.make(here, target, key=opened_by, today=TODAY, watch=lambda *_: None)
    fresh = empty_place(tmp_path / "new", await new_database())

    async def one_less(*_: object) -> int:
        return -1

    monkeypatch.setattr(databases, "_count", one_less)
    with pytest.raises(CopyDiffers):
        await restoring.restore(fresh, target, key=opened_by, watch=lambda *_: None)

    assert not await databases.has_rows(fresh.database)
    assert not fresh.data.exists()


def test_nothing_is_put_back_over_an_installation(installation, made, key) -> None:
    before = everything(installation.data)

    refused = kernepuls(installation, "restore", made, "--key-file", key)

    assert refused.exit_code == 1
    assert "into an empty installation" in refused.output
    assert everything(installation.data) == before


@pytest.mark.parametrize("name", ["answers/2026-1.parquet", "organisation.yaml", "notes.txt"])
def test_nothing_is_put_back_into_a_folder_that_holds_something(name, made, tmp_path, key) -> None:
    here = empty_place(tmp_path / "new")
    (here.data / name).parent.mkdir(parents=True)
    (here.data / name).write_bytes(b"somebody's")
    before = everything(here.data)

    refused = kernepuls(here, "restore", made, "--key-file", key)

    assert refused.exit_code == 1
    assert "There is something in" in refused.output
    assert everything(here.data) == before


async def test_nothing_is_put_back_into_a_database_with_rows(settings, new_database, key, tmp_path):
    here = replace(settings, database=await new_database())
    async with engine.opened(here):
        await Unit(code="K").save()
    file = forged(tmp_path / "b", key, {}, engine="postgres")

    with pytest.raises(NotEmpty):
        await restoring.restore(here, file, key=envelope.key_of(key), watch=lambda *_: None)

    async with engine.opened(here):
        assert await Unit.count() == 1


def test_a_restore_that_was_killed_is_cleared_away_by_the_next(made, tmp_path, key) -> None:
    here = empty_place(tmp_path / "new")
    script = (
        "import os; from survey.operations import restore; from survey.cli import main\n"
        "restore.shutil.rmtree = restore._move = lambda *_: os._exit(9)\n"
        "main()"
    )
    command = ("restore", made, "--key-file", key)
    killed = subprocess.run(
        [sys.executable, "-c", script, *map(str, command)],
        env={**os.environ, **environment(here)},
        check=False,
        stderr=subprocess.DEVNULL,
    )
    half = everything(here.data)

    again = kernepuls(here, *command)

    assert killed.returncode == 9
    assert half
    assert again.exit_code == 0, again.output
    assert {one.name for one in here.data.iterdir()} == {"kernepuls.sqlite", "organisation.yaml"}


# --- a backup from before an update ------------------------------------------------------------


def test_a_backup_of_an_older_version_is_brought_up_to_date(
    tmp_path: Path, key: Path, fresh_tables: None
) -> None:
    newest = max(schema.known())
    known = schema.known()
    older = {name: module for name, module in known.items() if name != newest}
    fresh = tmp_path / "older"
    fresh.mkdir()
    there = settings_in(fresh)
    target = tmp_path / "b"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schema, "known", lambda: older)

        async def build() -> None:
            house.write_fjordlund(there)
            async with engine.opened(there, migrate=True):
                await Unit(code="K").save()

        asyncio.run(build())
        assert kernepuls(there, "backup", "--to", target, "--key-file", key).exit_code == 0
    here = empty_place(tmp_path / "new")

    done = kernepuls(here, "restore", target, "--key-file", key)

    async def told() -> tuple[int, set[str]]:
        async with engine.opened(here):
            return await Unit.count(), await schema.ran()

    assert done.exit_code == 0, done.output
    assert asyncio.run(told()) == (1, set(known))
