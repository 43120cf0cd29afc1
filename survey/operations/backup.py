"""One encrypted file of an installation, made while answers arrive, and read back before it counts.

Without keys, mails, cards and posters: whoever takes it opens no answer and finds no code.
"""

import errno
import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final, NamedTuple

from survey import engine
from survey.engine import schema
from survey.engine.postgres import Postgres
from survey.errors import N_
from survey.intake import disk
from survey.operations import archive, databases
from survey.operations.archive import Manifest, Rows, Writing
from survey.operations.envelope import OWNER_ONLY, Sealer, is_sealed
from survey.operations.refusals import (
    BackupDamaged,
    BackupRunning,
    CloseRunning,
    TargetFull,
    TargetTaken,
    TargetUnusable,
)
from survey.settings import Settings
from survey.tables import Closing

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
DONE = "last_backup.txt"
STEPS: Final = (N_("Copying the database"), N_("Copying the files"), N_("Reading it back"))
Watch = Callable[[int, str], None]


class Made(NamedTuple):
    """What is in the backup, and the waves whose released files are not those that were stored.

    A copy of a damaged installation is still worth having; whoever made it must know.
    """

    manifest: Manifest
    damaged: list[str]


async def make(settings: Settings, target: Path, *, key: bytes, today: date, watch: Watch) -> Made:
    """Write the backup under its name, whole and verified, or leave nothing.

    A backup of that name is replaced, once the new one is verified. `watch` is told the number
    and the name of each step. Raises TargetTaken, TargetUnusable, TargetFull, BackupRunning,
    CloseRunning, CopyDiffers and what engine.opened raises.
    """
    _check_target(target)
    async with engine.opened(settings):
        part = disk.part_of(target)
        with _refusals(target), one_at_a_time(settings), _left_nothing(part):
            with no_close(settings):
                manifest = await _write(settings, part, key=key, today=today, watch=watch)
                damaged = await _damaged(manifest)
            disk.sync(part)
            watch(3, STEPS[2])
            if archive.verified(part, key) != manifest:
                raise BackupDamaged(file=part)
            disk.keep(target)
    with engine.file_refusals(settings):
        disk.write(settings.data / DONE, datetime.now(UTC).isoformat(timespec="minutes").encode())
    return Made(manifest, damaged)


def last_made(settings: Settings) -> datetime | None:
    """When the newest verified backup was made; None when there is none."""
    try:
        return datetime.fromisoformat((settings.data / DONE).read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        return None


async def _write(
    settings: Settings, part: Path, *, key: bytes, today: date, watch: Watch
) -> Manifest:
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY), "wb") as file:
        writing = Writing(Sealer(file, key))
        watch(1, STEPS[0])
        tables = await _write_database(settings, writing)
        watch(2, STEPS[1])
        for name, path in archive.files_of(settings):
            writing.put(name, path.read_bytes())
        manifest = Manifest(
            format=1,
            engine="sqlite" if settings.on_sqlite else "postgres",
            made=today,
            migrations=tuple(sorted(await schema.ran())),
            tables=tables,
            files=dict(writing.entries),
        )
        writing.end(manifest)
    return manifest


async def _write_database(settings: Settings, writing: Writing) -> dict[str, Rows]:
    store = engine.current()
    if isinstance(store, Postgres):
        return await databases.postgres_copy(store, writing.put)
    body, tables = databases.sqlite_copy(settings.sqlite_file)
    writing.put(archive.SQLITE, body)
    return tables


async def _damaged(manifest: Manifest) -> list[str]:
    """Waves whose answers or comments are not what their close stored the hash of."""
    rows = await Closing.select(
        Closing.wave.name.as_alias("name"), Closing.answers_sha256, Closing.comments_sha256
    ).order_by(Closing.id)
    found = {name: entry.sha256 for name, entry in manifest.files.items()}
    return [
        row["name"]
        for row in rows
        for folder in ("answers", "comments")
        if row[f"{folder}_sha256"]
        and row[f"{folder}_sha256"] != found.get(f"{folder}/{row['name']}.parquet")
    ]


def _check_target(target: Path) -> None:
    if not target.parent.is_dir():
        raise TargetUnusable(file=target, problem=os.strerror(errno.ENOENT))
    if target.exists() and not (target.is_file() and is_sealed(target)):
        raise TargetTaken(file=target)


@contextmanager
def no_close(settings: Settings) -> Iterator[None]:
    """A close moves answers from the database to files: a copy of the two must not fall between."""
    with (settings.data / "closing.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CloseRunning from error
        yield


@contextmanager
def one_at_a_time(settings: Settings) -> Iterator[None]:
    """Two at once could write to one name."""
    with (settings.data / "backup.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BackupRunning from error
        yield


@contextmanager
def _left_nothing(part: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:
        part.unlink(missing_ok=True)
        raise


@contextmanager
def _refusals(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in NO_ROOM:
            raise TargetFull(file=target) from error
        raise TargetUnusable(file=target, problem=error.strerror) from error
