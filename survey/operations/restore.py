"""Putting a backup back: into an empty installation only, and whole or not at all.

The backup is read to its end before anything is written; then it is unpacked beside where it
belongs, checked again by counting, and moved in place, the database last: until it is there, there
is no installation. A restore that was killed is cleared away by the next one.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import IO, Final, NamedTuple

from survey import engine
from survey.engine import schema
from survey.errors import N_, DatabaseNewer
from survey.intake import disk, keys
from survey.operations import archive, databases
from survey.operations.archive import Manifest
from survey.operations.refusals import (
    BackupDamaged,
    BackupForeign,
    BackupOfOtherEngine,
    NotEmpty,
)
from survey.settings import Settings
from survey.tables import Wave

STAGE = "restore.part"
NO_MATTER = {"lost+found"}  # every fresh disk has one
NEED_KEYS = ("approved", "open", "closing")
NAMES: Final = {"sqlite": "SQLite", "postgres": "PostgreSQL"}
STEPS: Final = (
    N_("Reading the whole backup"),
    N_("Unpacking and counting"),
    N_("Moving it in place"),
)
Watch = Callable[[int, str], None]


class Restored(NamedTuple):
    """What stands there now, and the waves whose keys have to be put back to `folder` / wave."""

    manifest: Manifest
    waves: int
    without_keys: list[str]
    folder: Path


async def restore(settings: Settings, file: Path, *, key: bytes, watch: Watch) -> Restored:
    """Put a backup into an empty installation, or leave it as it was.

    Raises NotEmpty, BackupOfOtherEngine, DatabaseNewer, CopyDiffers, what `archive.verified` and
    engine.opened raise.
    """
    await _check_empty(settings)
    watch(1, STEPS[0])
    manifest = archive.verified(file, key)
    _check_fits(settings, manifest, file)
    watch(2, STEPS[1])
    with engine.file_refusals(settings), _whole_or_nothing(settings, manifest):
        stage = settings.data / STAGE
        disk.make_folder(settings.data)
        disk.make_folder(stage)
        if archive.verified(file, key, into=lambda name: _staged(stage, name)) != manifest:
            raise BackupDamaged(file=file)  # another file than the one that was read before
        await (_into_sqlite if settings.on_sqlite else _into_postgres)(settings, manifest, watch)
        shutil.rmtree(stage)
    return await _told(settings, manifest)


def _check_fits(settings: Settings, manifest: Manifest, file: Path) -> None:
    if newer := set(manifest.migrations) - set(schema.known()):
        raise DatabaseNewer(found=max(newer))
    if (manifest.engine == "sqlite") != settings.on_sqlite:
        raise BackupOfOtherEngine(made_on=NAMES[manifest.engine])
    pieces = set(archive.table_pieces(manifest.files))
    if pieces != (set() if settings.on_sqlite else set(manifest.tables)):
        raise BackupForeign(file=file)


async def _check_empty(settings: Settings) -> None:
    """Nothing may be there but what a restore that was killed had left, which goes."""
    is_made = (
        settings.sqlite_file.exists()
        if settings.on_sqlite
        else await databases.has_rows(settings.database)
    )
    if is_made:
        raise NotEmpty(place=settings.sqlite_file if settings.on_sqlite else "KERNEPULS_DATABASE")
    if (settings.data / STAGE).exists():
        _clear(settings, {*archive.FOLDERS, archive.ORGANISATION, STAGE})
    for folder in (settings.data, *archive.folders(settings).values()):
        if folder.exists() and {one.name for one in folder.iterdir()} - NO_MATTER:
            raise NotEmpty(place=folder)
    if settings.organisation.exists():
        raise NotEmpty(place=settings.organisation)


@contextmanager
def _whole_or_nothing(settings: Settings, manifest: Manifest) -> Iterator[None]:
    was_there = settings.data.exists()
    try:
        yield
    except BaseException:
        for name in manifest.files:
            if not archive.TABLE_PIECE.fullmatch(name):
                archive.place(settings, name).unlink(missing_ok=True)
        _clear(settings, {*archive.FOLDERS, STAGE})
        if not was_there:
            with suppress(OSError):
                settings.data.rmdir()
        raise


def _clear(settings: Settings, names: set[str]) -> None:
    for name in names:
        entry = settings.data / name
        if entry.is_dir():
            shutil.rmtree(entry)
        else:
            entry.unlink(missing_ok=True)


def _staged(stage: Path, name: str) -> IO[bytes]:
    file = stage / name
    disk.make_folder(file.parent)
    return file.open("xb")


async def _into_sqlite(settings: Settings, manifest: Manifest, watch: Watch) -> None:
    staged = settings.data / STAGE / archive.SQLITE
    databases.check_sqlite(staged, manifest.tables)
    # An older database is brought up to date here, where it can still be thrown away.
    async with engine.opened(replace(settings, data=staged.parent), migrate=True):
        pass
    watch(3, STEPS[2])
    _move_files(settings, manifest)
    _move(staged, settings.sqlite_file)


async def _into_postgres(settings: Settings, manifest: Manifest, watch: Watch) -> None:
    stage = settings.data / STAGE
    pieces = archive.table_pieces(manifest.files)
    async with engine.opened(settings, migrate=True), engine.transaction() as current:
        await databases.load_postgres(
            current.connection,
            manifest.tables,
            lambda table: [stage / name for name in pieces[table]],
        )
        watch(3, STEPS[2])
        _move_files(settings, manifest)


def _move_files(settings: Settings, manifest: Manifest) -> None:
    for name in manifest.files:
        if name != archive.SQLITE and not archive.TABLE_PIECE.fullmatch(name):
            _move(settings.data / STAGE / name, archive.place(settings, name))


def _move(staged: Path, final: Path) -> None:
    """Onto the disk under its name; by way of a copy, since it may be another disk."""
    disk.make_folder(final.parent)
    shutil.move(staged, disk.part_of(final))
    disk.part_of(final).chmod(0o600)
    disk.keep(final)


async def _told(settings: Settings, manifest: Manifest) -> Restored:
    async with engine.opened(settings):
        waves = await Wave.select(Wave.name, Wave.state).order_by(Wave.name)
    missing = [
        row["name"]
        for row in waves
        if row["state"] in NEED_KEYS and not keys.places(settings, row["name"])[0].exists()
    ]
    return Restored(manifest, len(waves), missing, settings.data / "keys")
