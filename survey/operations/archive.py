"""What a backup holds: which files, under which names, and the manifest that is its last entry.

Names are those of waves, tables and folders; nothing in it is named after a person. A time would
order what has no order: the manifest has the day, the entries have none.
"""

import hashlib
import io
import re
import tarfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import IO, Any, Literal, cast

import msgspec
from msgspec import Struct

from survey.operations.envelope import Opener, Sealer
from survey.operations.refusals import BackupDamaged, BackupForeign
from survey.settings import Settings

FOLDERS = ("answers", "comments", "receipts", "releases", "mappings", "erasures", "languages")
ORGANISATION = "organisation.yaml"
SQLITE = "database/kernepuls.sqlite"
MANIFEST = "manifest.json"
TABLE_PIECE = re.compile(r"database/([a-z][a-z0-9_]*)\.(\d{4})\.copy")
NAME = re.compile(
    rf"({'|'.join(FOLDERS)})/[^./\x00-\x1f][^/\x00-\x1f]*|{re.escape(ORGANISATION)}"
    rf"|{re.escape(SQLITE)}|{re.escape(MANIFEST)}|{TABLE_PIECE.pattern}"
)
READ = 1024 * 1024  # bytes at a time
Kind = Literal["sqlite", "postgres"]


class Entry(Struct, frozen=True, forbid_unknown_fields=True):
    sha256: str
    size: int


class Rows(Struct, frozen=True, forbid_unknown_fields=True):
    """How many rows a table had, and on PostgreSQL the columns they were copied by."""

    rows: int
    columns: tuple[str, ...] = ()


class Manifest(Struct, frozen=True, forbid_unknown_fields=True):
    """What the rest of the file must be, to the byte and to the row."""

    format: Literal[1]
    engine: Kind
    made: date
    migrations: tuple[str, ...]
    tables: Mapping[str, Rows]
    files: Mapping[str, Entry]


def folders(settings: Settings) -> dict[str, Path]:
    """Name in the archive -> the folder of the installation; keys, mails and cards are not here."""
    return {name: settings.data / name for name in FOLDERS} | {"answers": Path(settings.answers)}


def place(settings: Settings, name: str) -> Path:
    """Where an entry belongs in an installation; those of PostgreSQL's tables have no place."""
    if name == ORGANISATION:
        return settings.organisation
    if name == SQLITE:
        return settings.sqlite_file
    folder, _, file = name.partition("/")
    return folders(settings)[folder] / file


def files_of(settings: Settings) -> Iterator[tuple[str, Path]]:
    """The released files and the organisation's own, in the order of their names."""
    for name, folder in folders(settings).items():
        for file in sorted(folder.glob("*")) if folder.is_dir() else ():
            if file.is_file() and file.suffix != ".part" and not file.name.startswith("."):
                yield f"{name}/{file.name}", file
    if settings.organisation.is_file():
        yield ORGANISATION, settings.organisation


class Writing:
    """An archive in the making: `put` entries, then `end` with the manifest of what was put."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer
        self._tar = tarfile.TarFile(fileobj=cast("IO[bytes]", sealer), mode="w")
        self.entries: dict[str, Entry] = {}

    def put(self, name: str, body: bytes) -> None:
        if not NAME.fullmatch(name):
            raise BackupForeign(file=name)
        info = tarfile.TarInfo(name)
        info.size, info.mode = len(body), 0o600
        self._tar.addfile(info, io.BytesIO(body))
        self.entries[name] = Entry(hashlib.sha256(body).hexdigest(), len(body))

    def end(self, manifest: Manifest) -> None:
        self.put(MANIFEST, msgspec.json.encode(manifest))
        self._tar.close()
        self._sealer.end()


def verified(file: Path, key: bytes, *, into: Callable[[str], IO[bytes]] | None = None) -> Manifest:
    """The manifest of a backup all of which was read and is as it says.

    `into` opens a file to write an entry to; without it nothing is written. Raises NotABackup,
    KeyDoesNotFit, BackupDamaged, BackupForeign.
    """
    found: dict[str, Entry] = {}
    manifest = b""
    with file.open("rb") as source, _as_damage(file):
        opener = Opener(source, key, name=file)
        for name, body in _entries(opener, file):
            if name in found or manifest:
                raise BackupForeign(file=file)
            if name == MANIFEST:
                manifest = body.read()
            else:
                found[name] = _taken(body, into(name) if into else None)
        opener.end()
    told = _manifest(manifest, file)
    if dict(told.files) != found:
        raise BackupDamaged(file=file)
    return told


def _entries(opener: Opener, file: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Plain files under names we give; a path, a link or a device is refused before it is read."""
    with tarfile.open(fileobj=cast("IO[bytes]", opener), mode="r|") as tar:
        for info in tar:
            body = tar.extractfile(info) if info.isreg() else None
            if body is None or not NAME.fullmatch(info.name):
                raise BackupForeign(file=file)
            yield info.name, body


@contextmanager
def _as_damage(file: Path) -> Iterator[None]:
    try:
        yield
    except tarfile.TarError as error:
        raise BackupDamaged(file=file) from error


def _taken(body: IO[bytes], target: IO[bytes] | None) -> Entry:
    digest, size = hashlib.sha256(), 0
    while part := body.read(READ):
        digest.update(part)
        size += len(part)
        if target:
            target.write(part)
    if target:
        target.close()
    return Entry(digest.hexdigest(), size)


def _manifest(body: bytes, file: Path) -> Manifest:
    try:
        return msgspec.json.decode(body, type=Manifest)
    except msgspec.DecodeError as error:
        raise BackupDamaged(file=file) from error


def table_pieces(names: Any) -> dict[str, list[str]]:  # noqa: ANN401 - any iterable of names
    """Table -> the names of its pieces, in order."""
    pieces: dict[str, list[str]] = {}
    for name in sorted(names):
        if match := TABLE_PIECE.fullmatch(name):
            pieces.setdefault(match[1], []).append(name)
    return pieces
