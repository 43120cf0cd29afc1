"""The finished documents of a wave in a language: their files, what is known of them, and the zip.

A file is handed out only as long as everything it was made of stands as it did; nothing here tells
when within a day a file was made.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import IO, Final, TypeAlias, cast
from urllib.parse import quote
from zipfile import ZIP_STORED, ZipFile, ZipInfo

import msgspec
from msgspec import Struct

from survey import texts
from survey.delivery import prints
from survey.errors import KernepulsError
from survey.insight import DOCUMENTS
from survey.insight.documents import Key
from survey.settings import TEMPLATES, Settings
from survey.texts import LANGUAGES, Language, Voice

INDEX: Final = "index.jsonl"
STYLE: Final = "index.css"  # of the index in the zip
ZIP_MODE: Final = 0o644 << 16


class Begun(Struct, frozen=True, tag="begun"):
    """What everything was made of when the last run began."""

    mark: str


class Finished(Struct, frozen=True, tag="finished"):
    """A document that was made: its file, and the mark of what it was made of."""

    kind: str
    unit: str
    mark: str
    pages: int
    size: int
    sha256: str
    made: date

    @property
    def key(self) -> Key:
        return self.kind, self.unit


class Failed(Struct, frozen=True, tag="failed"):
    """One that could not be made, and why, by language."""

    kind: str
    unit: str
    problem: dict[str, str]

    @property
    def key(self) -> Key:
        return self.kind, self.unit


Line: TypeAlias = Begun | Finished | Failed


@dataclass(frozen=True, slots=True)
class Stock:
    """What lies on the shelf; `mark` of the last run, "" before the first."""

    mark: str = ""
    finished: Mapping[Key, Finished] = field(default_factory=dict)
    failed: Mapping[Key, Failed] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Shelf:
    """The folder of a wave and a language; only its owner reads it."""

    settings: Settings
    wave: str
    language: Language

    @property
    def folder(self) -> Path:
        return folder_of(self.settings, self.wave) / self.language

    def file(self, kind: str, unit: str) -> Path:
        return self.folder / f"{kind}-{quote(unit, safe='')}.pdf"

    def stock(self) -> Stock:
        """What was made, by the index."""
        index = self.folder / INDEX
        try:
            found = index.stat()
            return _stock(index, found.st_mtime_ns, found.st_size)
        except FileNotFoundError:
            return Stock()

    def up_to_date(self, key: Key, mark: str) -> bytes | None:
        """A finished document, when everything it was made of stands as it did."""
        one = self.stock().finished.get(key)
        if one is None or one.mark != mark or self._size(key) != one.size:
            return None
        return self.file(*key).read_bytes()

    def begin(self, mark: str, marks: Mapping[Key, str]) -> Stock:
        """Begin a run: what is up to date stays, everything else goes. `marks` as of now."""
        kept = {
            key: one
            for key, one in self.stock().finished.items()
            if one.mark == marks.get(key) and self._size(key) == one.size
        }
        files = {self.file(*key) for key in kept}
        for file in self.folder.glob("*.pdf"):
            if file not in files:
                file.unlink()
        lines: tuple[Line, ...] = (Begun(mark), *kept.values())
        prints.keep(self.folder / INDEX, b"".join(map(_written, lines)))
        return Stock(mark, kept)

    def put(self, key: Key, content: bytes, *, mark: str, pages: int, today: date) -> None:
        """Keep a finished document; the file first, so that the index never tells of none."""
        prints.keep(self.file(*key), content)
        digest = hashlib.sha256(content).hexdigest()
        self._add(Finished(*key, mark, pages, len(content), digest, today))

    def refuse(self, key: Key, error: KernepulsError) -> None:
        """Write down why there is no document."""
        said = {str(language): texts.sentence(error, language) for language in LANGUAGES}
        self._add(Failed(*key, said))

    def _add(self, line: Line) -> None:
        with (self.folder / INDEX).open("ab") as index:
            index.write(_written(line))

    def _size(self, key: Key) -> int:
        file = self.file(*key)
        return file.stat().st_size if file.is_file() else -1


def folder_of(settings: Settings, wave: str) -> Path:
    return settings.data / "reports" / wave


def files_of(settings: Settings, wave: str) -> list[Path]:
    """Everything that was made of a wave, in every language."""
    return [file for file in sorted(folder_of(settings, wave).glob("*/*")) if file.is_file()]


@lru_cache(maxsize=8)
def _stock(index: Path, _changed: int, _size: int) -> Stock:
    """Read again when the index is another: it only grows, or is written anew."""
    mark = ""
    finished: dict[Key, Finished] = {}
    failed: dict[Key, Failed] = {}
    for line in _lines(index):
        match line:
            case Begun():
                mark = line.mark
            case Finished():
                finished[line.key] = line
                failed.pop(line.key, None)
            case Failed():
                failed[line.key] = line
    return Stock(mark, finished, failed)


def _lines(index: Path) -> Iterator[Line]:
    """A line that was cut short by a kill is nothing."""
    for line in index.read_bytes().splitlines():
        try:
            yield msgspec.json.decode(line, type=Line)
        except msgspec.DecodeError:
            continue


def _written(line: Line) -> bytes:
    return msgspec.json.encode(line) + b"\n"


# --- the zip -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the index in the zip: the name of the unit and where its file lies."""

    unit: str
    name: str
    file: str
    pages: int
    made: date
    sha256: str


@dataclass(frozen=True, slots=True)
class Group:
    """The documents of one kind, in the order of the organisation."""

    title: str
    rows: tuple[Row, ...]


class _Pipe:
    """Takes what a zip writes and gives it away at once: nobody can go back in it."""

    def __init__(self) -> None:
        self._written: list[bytes] = []

    def write(self, body: bytes) -> int:
        self._written.append(bytes(body))
        return len(body)

    def flush(self) -> None:
        """Nothing is held back."""

    def taken(self) -> bytes:
        body = b"".join(self._written)
        self._written.clear()
        return body


def zipped(
    shelf: Shelf,
    keys: Iterable[Key],
    *,
    names: Mapping[str, str],
    organisation: str,
    closes: date,
) -> Iterator[bytes]:
    """All finished documents of `keys` as a zip, piece by piece, with an index to begin with.

    The same files give the same bytes: every entry is dated the last day of the wave. `names` are
    those of the units.
    """
    stock, voice = shelf.stock(), Voice(shelf.language)
    wanted = tuple(keys)
    rows = [stock.finished[key] for key in wanted if key in stock.finished]
    missing = [
        f"{names.get(unit, unit)} ({voice.gettext(DOCUMENTS[kind].title)})"
        for kind, unit in wanted
        if (kind, unit) not in stock.finished
    ]
    groups = tuple(_groups(rows, shelf.wave, names, voice))
    index = texts.render(
        "report/index.html",
        shelf.language,
        {"wave": shelf.wave, "organisation": organisation, "groups": groups, "missing": missing},
    )
    pipe = _Pipe()
    with ZipFile(cast("IO[bytes]", pipe), "w", ZIP_STORED) as archive:
        _put(archive, "index.html", index.encode(), closes)
        _put(archive, STYLE, (TEMPLATES / "report" / STYLE).read_bytes(), closes)
        yield pipe.taken()
        for one, row in zip(rows, [row for group in groups for row in group.rows], strict=True):
            _put(archive, row.file, shelf.file(*one.key).read_bytes(), closes)
            yield pipe.taken()
    yield pipe.taken()


def _groups(
    rows: Sequence[Finished], wave: str, names: Mapping[str, str], voice: Voice
) -> Iterator[Group]:
    for kind, document in DOCUMENTS.items():
        title = voice.gettext(document.title)
        ours = tuple(
            Row(
                one.unit,
                names.get(one.unit, one.unit),
                f"{title}/{'-'.join(filter(None, (quote(one.unit, safe='æøåÆØÅ'), wave)))}.pdf",
                one.pages,
                one.made,
                one.sha256,
            )
            for one in rows
            if one.kind == kind
        )
        if ours:
            yield Group(title, ours)


def _put(archive: ZipFile, name: str, body: bytes, day: date) -> None:
    entry = ZipInfo(name, (max(day.year, 1980), day.month, day.day, 12, 0, 0))
    entry.external_attr = ZIP_MODE
    entry.create_system = 3  # as on Unix, wherever it is made
    archive.writestr(entry, body)
