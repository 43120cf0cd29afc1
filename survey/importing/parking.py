"""A file between the steps of its import: encrypted, for one browser, for half an hour.

What is never read is gone before anything is kept: leader, pay and hours are blank, a CPR number
is a hash under a key that is forgotten at once. The key of the file is made of the session's own
cookie, so neither the disk nor the database can open it.
"""

import hashlib
import os
import re
import secrets
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from survey.importing import cells
from survey.importing.jobs import person_keys
from survey.importing.mapping import STAFF, ColumnMapping, Kind, never_read, plain
from survey.importing.reading import Line, Table
from survey.importing.staff import Decided

FOLDER: Final = "parked"
KEPT: Final = timedelta(minutes=30)
NAME: Final = re.compile("[0-9a-f]{32}")
NONCE: Final = 12  # bytes
MARKER: Final = "000000-0000"  # stands where a CPR number stood, so that the row is still set aside
PERSON: Final = ("cpr", "person")  # columns that only tell one person from another
CIVIL: Final = re.compile("cpr|personnummer|civilregistration|ssn")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an import did, in counts: what is left of it when it is over."""

    saved: bool
    rows: int = 0
    people: int = 0
    units: int = 0
    set_aside: int = 0
    new: int = 0
    moved: int = 0
    changed: int = 0
    gone: int = 0
    titles: int = 0  # job titles that were put in a group
    people_in_closed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Parked:
    """An import on its way: its table, and what has been said of it so far."""

    kind: str
    file: str
    table: Table | None  # None: it is over
    as_of: date | None = None
    mapped: bool = False  # somebody has looked the columns through
    decided: Decided = field(default_factory=Decided)
    outcome: Outcome | None = None


def scrubbed(table: Table, kind: Kind, *, codes: Collection[str]) -> Table:
    """The table without what is never kept; `codes` are units, which may look like CPR numbers."""
    width = len(table.mapping.headings)
    columns = [[line.cells[at] for line in table.lines] for at in range(width)]
    places = dict(table.mapping.places)
    spared = {places.get("unit"), places.get("parent")} if kind is not STAFF else set()
    for at, heading in enumerate(table.mapping.headings):
        if never_read(heading, kind):
            columns[at] = [""] * len(columns[at])
        elif at in {places.get(name) for name in PERSON} or _tells_people(
            heading, columns[at], codes
        ):
            columns[at] = [
                key.hex() if key else "" for key in person_keys(columns[at], len(columns[at]))
            ]
            if kind is STAFF and at not in {places.get(name) for name in PERSON}:
                places = {name: place for name, place in places.items() if place != at}
                places.setdefault("cpr", at)
        elif at not in spared:
            columns[at] = [_without_number(cell, codes) for cell in columns[at]]
    return _rebuilt(table, columns, places)


def reduced(table: Table) -> Table:
    """The table with only the columns that are mapped; the others are blank from here on."""
    used = set(table.mapping.places.values())
    columns = [
        [line.cells[at] if at in used else "" for line in table.lines]
        for at in range(len(table.mapping.headings))
    ]
    return _rebuilt(table, columns, table.mapping.places)


def is_hashed(mapping: ColumnMapping, at: int) -> bool:
    """A column that holds hashes: it tells one person from another and nothing else."""
    return at in {mapping.places.get(name) for name in PERSON} or bool(
        CIVIL.search(plain(mapping.headings[at]))
    )


# --- the file on the disk ----------------------------------------------------------------------


def new_name() -> str:
    return secrets.token_hex(16)


def keep(data: Path, name: str, secret: str, parked: Parked, *, now: datetime) -> None:
    """Write the file under a name, readable with the secret of the session that made it."""
    folder = data / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    nonce = secrets.token_bytes(NONCE)
    sealed = AESGCM(_key(name, secret)).encrypt(
        nonce, msgspec.msgpack.encode(parked), name.encode()
    )
    fresh = folder / f"{name}.{secrets.token_hex(4)}.part"
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(nonce + sealed)
    os.utime(fresh, (now.timestamp(), now.timestamp()))
    fresh.replace(folder / name)


def fetch(data: Path, name: str, secret: str, *, now: datetime) -> Parked | None:
    """The file, or None: unknown, another session's, or too old."""
    sweep(data, now=now)
    if not NAME.fullmatch(name):
        return None
    try:
        kept = (data / FOLDER / name).read_bytes()
        opened = AESGCM(_key(name, secret)).decrypt(kept[:NONCE], kept[NONCE:], name.encode())
    except (FileNotFoundError, InvalidTag):
        return None
    return msgspec.msgpack.decode(opened, type=Parked)


def forget(data: Path, name: str) -> None:
    if NAME.fullmatch(name):
        (data / FOLDER / name).unlink(missing_ok=True)


def sweep(data: Path, *, now: datetime) -> None:
    """Remove every file that has lain for half an hour."""
    oldest = (now - KEPT).timestamp()
    for file in (data / FOLDER).glob("*"):
        try:
            if file.stat().st_mtime < oldest:
                file.unlink(missing_ok=True)
        except FileNotFoundError:  # another process was first
            continue


def sweep_now(data: Path) -> None:
    """`sweep`, for a timer: by the clock of this machine."""
    sweep(data, now=datetime.now(UTC))


def _key(name: str, secret: str) -> bytes:
    salt = bytes.fromhex(name)
    return hashlib.blake2b(secret.encode(), digest_size=32, salt=salt, person=b"kp-import").digest()


# --- cells -------------------------------------------------------------------------------------


def _tells_people(heading: str, column: Iterable[str], codes: Collection[str]) -> bool:
    """A column of CPR numbers, by its heading or by what stands in it."""
    if CIVIL.search(plain(heading)):
        return True
    filled = [cell.strip() for cell in column if cell.strip()]
    alike = sum(bool(cells.CPR.fullmatch(cell)) and cell not in codes for cell in filled)
    return bool(filled) and 2 * alike >= len(filled)


def _without_number(cell: str, codes: Collection[str]) -> str:
    if cell.strip() in codes or cells.mobile(cell):
        return cell
    return cells.CPR.sub(MARKER, cell)


def _rebuilt(table: Table, columns: list[list[str]], places: Mapping[str, int]) -> Table:
    lines = tuple(
        Line(line.number, row)
        for line, row in zip(table.lines, zip(*columns, strict=True), strict=True)
    )
    headings = tuple(cells.CPR.sub("…", heading) for heading in table.mapping.headings)
    mapping = replace(table.mapping, places=dict(places), headings=headings)
    return replace(table, lines=lines, mapping=mapping)
