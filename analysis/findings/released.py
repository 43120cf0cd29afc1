"""The release of a wave: its look-ups, and its canonical bytes."""

import hashlib
from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import groupby
from operator import attrgetter
from typing import Final, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Struct, UnsetType

from analysis.findings.columns import Columns
from analysis.findings.numbers import Number, number
from analysis.findings.values import (
    AuditRecord,
    Cell,
    Change,
    Impact,
    Level,
    Pair,
    Proposal,
    Quality,
    ReleasedBehaviour,
    ReleasedUnit,
    Settings,
    TrialFinding,
)

SCHEMA: Final = "kernepuls.release/1"
METHOD: Final = "1.0"

CellKey: TypeAlias = tuple[
    str | None, str | None, str, str | None, str | None, str | None, str | None
]
Whole: TypeAlias = tuple[bool, str | None]  # True and a behaviour, or False and a unit
Told: TypeAlias = Mapping[tuple[str, str | None], Cell]  # by measure and item


class ReleaseRefused(Exception):
    """Not a release this program wrote: malformed, of another schema, or changed since."""

    def __init__(self, fact: str) -> None:
        self.fact = fact
        super().__init__(fact)


class Release(Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """Everything that is published for a wave, once."""

    wave: str
    earlier: tuple[str, ...]
    settings: Settings
    units: tuple[ReleasedUnit, ...]
    behaviours: tuple[ReleasedBehaviour, ...]
    cells: tuple[Cell, ...]
    levels: tuple[Level, ...]
    pairs: tuple[Pair, ...]
    trials: tuple[TrialFinding, ...]
    impact: tuple[Impact, ...]
    proposals: tuple[Proposal, ...]
    quality: tuple[Quality, ...]
    pattern_sha256: str
    audit: AuditRecord
    schema: Literal["kernepuls.release/1"] = SCHEMA
    method: str = METHOD
    sha256: str | UnsetType = UNSET

    def cell(  # noqa: PLR0913 - one keyword per key of the schema
        self,
        unit: str | None,
        measure: str,
        item: str | None = None,
        *,
        behaviour: str | None = None,
        barrier: str | None = None,
        trial: str | None = None,
        profession: str | None = None,
    ) -> Cell | None:
        """The cell of a unit; without a unit, that of a behaviour's whole scope or a trial.

        A unit has one cell per measure and item, so its behaviour need not be named.
        """
        row = (unit, behaviour if unit is None else None, profession)
        return self.columns.cell(row, (measure, item, barrier or UNSET, trial or UNSET))

    def number(self, unit: str | None, measure: str, item: str | None = None) -> "Number":
        """What may be said of a unit's measure: hidden when there is no such cell."""
        return number(self.cell(unit, measure, item))

    def cells_of(self, unit: str) -> tuple[Cell, ...]:
        """All cells of a unit, in the order of the release; none for an unknown unit."""
        return self._cells_of.get(unit, ())

    def unit(self, code: str) -> ReleasedUnit | None:
        return self._units.get(code)

    def below(self, code: str) -> tuple[ReleasedUnit, ...]:
        """The units straight below, in the order of the organisation."""
        return self._below.get(code, ())

    def professions_of(self, code: str) -> tuple[str, ...]:
        """The professions whose cells of a unit are published, by the alphabet."""
        return self._professions.get(code, ())

    def quality_of(self, code: str) -> tuple[Quality, ...]:
        return tuple(note for note in self.quality if note.unit == code)

    @cached_property
    def canonical(self) -> bytes:
        """The bytes of the file, written once: a release never changes."""
        return _file(self)[1]

    @cached_property
    def columns(self) -> Columns:
        """The cells as a table, read once."""
        return Columns(self.cells)

    @cached_property
    def invited(self) -> Mapping[str, int]:
        """How many were invited in each unit and all below it."""
        found: dict[str, int] = {}
        for unit, cells in groupby(self.cells, attrgetter("unit")):
            # The first of a unit's cells: the crossed ones at the end are of some of its people.
            N = next(cells).N
            if unit is not None and N is not None:
                found.setdefault(unit, N)
        return found

    @cached_property
    def told(self) -> Mapping[Whole, Told]:
        """What is shown of units and of behaviours' whole scopes; nothing of trials and cuts."""
        shown: dict[Whole, dict[tuple[str, str | None], Cell]] = {}
        for cell in self.cells:
            if (
                cell.status == "shown"
                and cell.barrier is UNSET
                and cell.trial is UNSET
                and cell.cross is UNSET
            ):
                where = cell.unit is None, cell.unit or cell.behaviour
                shown.setdefault(where, {})[cell.measure, cell.item] = cell
        return shown

    @cached_property
    def _cells_of(self) -> Mapping[str, tuple[Cell, ...]]:
        found: dict[str, list[Cell]] = {}
        for cell in self.cells:
            if cell.unit is not None:
                found.setdefault(cell.unit, []).append(cell)
        return {unit: tuple(cells) for unit, cells in found.items()}

    @cached_property
    def _professions(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, set[str]] = {}
        for cell in self.cells:
            if cell.cross is not UNSET and cell.unit is not None:
                found.setdefault(cell.unit, set()).add(cell.cross["profession"])
        return {code: tuple(sorted(who)) for code, who in found.items()}

    @cached_property
    def _below(self) -> Mapping[str, tuple[ReleasedUnit, ...]]:
        found: dict[str, list[ReleasedUnit]] = {}
        for unit in self.units:
            if unit.parent is not None:
                found.setdefault(unit.parent, []).append(unit)
        return {code: tuple(units) for code, units in found.items()}

    @cached_property
    def _units(self) -> Mapping[str, ReleasedUnit]:
        return {unit.unit: unit for unit in self.units}


def cell_key(cell: Cell) -> CellKey:
    """What tells one cell from another: no two cells of a release share it."""
    return (
        cell.unit,
        cell.behaviour if cell.unit is None else None,
        cell.measure,
        cell.item,
        _or_none(cell.barrier),
        _or_none(cell.trial),
        None if cell.cross is UNSET else cell.cross["profession"],
    )


def since_first(cell: Cell) -> Change | None:
    """The change since the first wave: only the root and the centres have one."""
    return None if cell.since_first is UNSET else cell.since_first


def _or_none(value: str | UnsetType) -> str | None:
    return None if value is UNSET else value


def sealed(release: Release) -> Release:
    """The release with its `sha256`, taken over the rest of the file; `encode` has its bytes."""
    digest, data = _file(release)
    made = msgspec.structs.replace(release, sha256=digest)
    vars(made)["canonical"] = data
    return made


def encode(release: Release) -> bytes:
    """The canonical bytes: sorted keys, no spaces, sealed."""
    return release.canonical


def _file(release: Release) -> tuple[str, bytes]:
    """The seal and the sealed file; each key is written once for both."""
    written = {
        # The fields of a cell stand in order already: there are too many to sort them again.
        name: msgspec.json.encode(
            getattr(release, name), order=None if name == "cells" else "sorted"
        )
        for name in release.__struct_fields__
        if name != "sha256"
    }
    seal = hashlib.sha256()
    for piece in _pieces(written):
        seal.update(piece)
    digest = seal.hexdigest()
    return digest, b"".join(_pieces({**written, "sha256": msgspec.json.encode(digest)}))


def _pieces(written: Mapping[str, bytes]) -> Iterator[bytes]:
    """An object with its keys in order, piece by piece: the cells are too many to copy twice."""
    for place, name in enumerate(sorted(written)):
        yield b"%s%s:" % (b"," if place else b"{", msgspec.json.encode(name))
        yield written[name]
    yield b"}"


def decode(data: bytes) -> Release:
    """Read a release; raises `ReleaseRefused` unless it is byte for byte what was written."""
    try:
        release = msgspec.json.decode(data, type=Release)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ReleaseRefused("malformed") from error
    if release.sha256 is UNSET:
        raise ReleaseRefused("unsealed")
    if _file(release)[1] != data:
        raise ReleaseRefused("changed")
    return release
