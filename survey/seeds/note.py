"""The demo's own note in the data folder: whether Fjordlund is built there, and how to get in.

The note says which installation is a demo. Only such a one is ever emptied.
"""

import fcntl
import hashlib
import os
import shutil
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from survey.engine import LOCK_FILE, all_tables, opened
from survey.engine.refusals import ServerRunning
from survey.errors import N_, NotInitialised, Refused
from survey.seeds.planted import fjordlund
from survey.settings import Settings
from survey.tables import Account, AuditEvent, Unit, Wave

NOTE = "demo.json"
OPEN_WAVE = "2026-5"
OWNER_ONLY = 0o600


class NotADemo(Refused):
    sentence = N_(
        "The folder {folder} holds an installation that is not the demo, so it is not rebuilt. "
        "Nothing was changed. Set KERNEPULS_DATA to another folder."
    )


class Login(Struct, frozen=True):
    """One account of the demo; `sees` is the codes of its units, with commas between, or empty."""

    login: str
    password: str
    role: str
    sees: str = ""


class UnitCode(Struct, frozen=True):
    """A clear code and the unit it answers for."""

    code: str
    unit: str


class Note(Struct, frozen=True):
    """How far the demo is, and what a newcomer needs; everybody in it is made up."""

    state: Literal["building", "built"]
    place: str  # the fingerprint of the installation it was written for
    logins: tuple[Login, ...] = ()
    codes: tuple[UnitCode, ...] = ()  # of the open wave


def place(settings: Settings) -> str:
    """Which database and folders: a note that lies beside another installation is not its own."""
    parts = (settings.database, settings.answers, settings.key_copy, settings.backup)
    return hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()


def read(settings: Settings) -> Note | None:
    """The note, or None where there is none; one that cannot be read says half built."""
    try:
        return msgspec.json.decode((settings.data / NOTE).read_bytes(), type=Note)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError:
        return Note("building", place(settings))


def write(settings: Settings, note: Note) -> None:
    """Put the note there, whole or not at all."""
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = settings.data / f"{NOTE}.part"
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_ONLY)
    with os.fdopen(handle, "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(note)))
    new.replace(settings.data / NOTE)


def holds_installation(settings: Settings) -> bool:
    """Something has been put up here, by whomever."""
    return settings.sqlite_file.exists() or settings.organisation.exists()


async def empty(settings: Settings) -> None:
    """Take a demo away, files and tables. Raises NotADemo for anything else, ServerRunning."""
    note = read(settings)
    if note is None and not holds_installation(settings):
        await _check_untouched(settings)
        return
    if note is None or note.place != place(settings):
        raise NotADemo(folder=settings.data)
    _check_no_server(settings)
    if not settings.on_sqlite:
        await _drop_tables(settings)
    for folder in (settings.key_copy, settings.backup, Path(settings.answers)):
        for entry in _of_our_waves(folder):
            _remove(entry)
    # The note goes last: what is killed here is still known as a demo.
    for entry in sorted(settings.data.iterdir()):
        if entry.name != NOTE:
            _remove(entry)
    (settings.data / NOTE).unlink(missing_ok=True)


async def _check_untouched(settings: Settings) -> None:
    """The data folder is new, but its database or second places may be somebody's: NotADemo.

    A demo built into such a database would take the staff of a real organisation off its list.
    """
    for folder in (settings.key_copy, settings.backup, Path(settings.answers)):
        if _of_our_waves(folder):
            raise NotADemo(folder=folder)
    if not settings.on_sqlite and await _has_rows(settings):
        raise NotADemo(folder=settings.data)


async def _has_rows(settings: Settings) -> bool:
    """Whether a database that lies elsewhere holds anything of ours; one without tables is new."""
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        async with opened(settings):
            return any([await table.exists() for table in (Unit, Account, Wave, AuditEvent)])
    except NotInitialised:
        return False


def _check_no_server(settings: Settings) -> None:
    """A server would go on with files that are gone."""
    with (settings.data / LOCK_FILE).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ServerRunning(folder=settings.data) from error


def _of_our_waves(folder: Path) -> list[Path]:
    """What is named after a wave of the demo; a second place may hold other things."""
    names = (*fjordlund().waves, OPEN_WAVE)
    return [entry for name in names for entry in sorted(folder.rglob(f"{name}*"))]


def _remove(entry: Path) -> None:
    if not entry.exists():
        return
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry)
    else:
        entry.unlink()


async def _drop_tables(settings: Settings) -> None:
    async with opened(settings, migrate=True) as engine:
        for table in all_tables():
            await engine.run_ddl(f'DROP TABLE IF EXISTS "{table._meta.tablename}" CASCADE')
