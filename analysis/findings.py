"""The published set of one wave: what any reader may see, as frozen values, and nothing else.

Holds the shapes of `release.json`, its canonical bytes and its look-ups. It computes no number
and reads no answer. What is missing, unknown or malformed is hidden or refused.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Struct, UnsetType

SCHEMA: Final = "kernepuls.release/1"
METHOD: Final = "1.0"

Base: TypeAlias = Literal["A", "S", "Y", "trial"]
Display: TypeAlias = Literal["percent", "band", "open"]
Band: TypeAlias = Literal["half_or_less", "over_half", "few", "some", "nearly_all"]
Measure: TypeAlias = Literal[
    "behaviour_level",
    "barrier_share",
    "priority_share",
    "resolver_share",
    "citizen_share",
    "changed_share",
    "clarity_share",
    "safe_share",
    "noticed_share",
    "situation_share",
]
Address: TypeAlias = Literal["council_law", "two_units", "board", "managers", "unit"]


class ReleaseRefused(Exception):
    """Not a release this program wrote: malformed, of another schema, or changed since."""

    def __init__(self, fact: str) -> None:
        self.fact = fact
        super().__init__(fact)


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """The thresholds of a release; decided before the wave, frozen with it."""

    min_n: int = 5  # people on the item's base, decision 1
    min_cross: int = 10  # people in a crossed table, a part or a set of comments
    band_below: int = 20  # below this, bands in place of per cent
    q_mark: float = 0.03  # Benjamini-Hochberg, which cells stand out
    q_change: float = 0.10  # Benjamini-Hochberg, changes between waves


class ReleasedUnit(Struct, frozen=True, forbid_unknown_fields=True):
    """A node of the wave's tree; parents come before their children."""

    unit: str
    parent: str | None
    name: str
    depth: int  # the root is 0
    lineage: Literal["same", "new", "merged", "split"]  # merged and split break the trend


class ReleasedBehaviour(Struct, frozen=True, forbid_unknown_fields=True):
    """A desired behaviour and the leaves that were asked about it."""

    behaviour: str
    text: str
    units: tuple[str, ...]


class Change(Struct, frozen=True, forbid_unknown_fields=True):
    """A displayed value against an earlier displayed value, in percentage points or bands."""

    against: str
    diff: int | None = None
    low: int | None = None
    high: int | None = None
    verdict: Literal["up", "down", "unclear", "not_comparable"] | None = None
    bands: Literal["same", "rise", "fall"] | None = None
    from_: Band | None = msgspec.field(default=None, name="from")
    to: Band | None = None


class Cell(Struct, frozen=True, forbid_unknown_fields=True):
    """One published number, or the fact that it is hidden.

    `value`, `low` and `high` are whole per cent. A cell of a behaviour's whole scope or of a
    trial has no unit. `barrier`, `trial`, `cross` and `since_first` are keys that only the
    cells named in the schema have; elsewhere they are not written at all.
    """

    unit: str | None
    behaviour: str | None
    measure: Measure
    item: str | None
    base: Base
    status: Literal["shown", "hidden"]
    N: int | None
    display: Display | None = None
    n: int | None = None
    n_band: str | None = None
    value: int | None = None
    value_to: int | None = None
    low: int | None = None
    high: int | None = None
    clip: str | None = None
    band: Band | None = None
    band_to: Band | None = None
    marked: bool | None = None
    change: Change | None = None
    flags: tuple[str, ...] | None = None
    since_first: Change | UnsetType | None = UNSET
    barrier: str | UnsetType = UNSET
    trial: str | UnsetType = UNSET
    cross: dict[str, str] | UnsetType = UNSET


class OwnAnswer(Struct, frozen=True, forbid_unknown_fields=True):
    """Who the staff themselves point to, most named first."""

    top: str | None
    share: Cell | None


class Level(Struct, frozen=True, forbid_unknown_fields=True):
    """Where one barrier sits, in three voices side by side: variance, pattern, staff."""

    barrier: str
    behaviour: str | None
    scope: str
    verdict: Literal["organisation", "small", "undecided", "centre", "department", "team"]
    prevalence: Cell | None
    spread_pp: dict[str, int]
    support: dict[str, int]
    floor: int | None
    marked_units: int
    of_units: int
    centres_marked: int
    address: Address
    also: tuple[Address, ...]
    own_answer: OwnAnswer
    agree: Literal["same", "differs", "unknown"]
    flags: tuple[str, ...] = ()


class Part(Struct, frozen=True, forbid_unknown_fields=True):
    """One side of a pair: a displayed per cent or a band."""

    value: int | UnsetType | None = UNSET
    band: Band | UnsetType | None = UNSET


class Directed(Struct, frozen=True, forbid_unknown_fields=True):
    """Who names whom; only for the managers above both."""

    audience: Literal["common_superior"]
    a_names_b: Part
    b_names_a: Part


class Pair(Struct, frozen=True, forbid_unknown_fields=True):
    """Two parts of the organisation between which work stalls."""

    a: str
    b: str
    status: Literal["shown", "hidden"]
    both_sides: bool | None = None
    n: tuple[int | None, int | None] | None = None
    n_band: tuple[str | None, str | None] | None = None
    strength: Literal["half_or_more", "some"] | None = None
    how: tuple[str, ...] = ()
    directed: Directed | None = None


class TrialFinding(Struct, frozen=True, forbid_unknown_fields=True):
    """What can be said of a trial action; never that it caused anything."""

    trial: str
    measure: Measure
    item: str | None
    units: tuple[str, ...]
    pre: str
    post: str
    tried_diff: int | None
    others_diff: int | None
    p: int | None  # whole per cent, rounded up
    p_smallest: int | None
    randomised: bool
    expected_drift: int | None
    noticed: Cell | None
    verdict: Literal["moved_here", "suggests", "not_seen", "worse", "too_few"]
    flags: tuple[str, ...] = ()


class Impact(Struct, frozen=True, forbid_unknown_fields=True):
    """How one barrier goes with success, beside how common it is."""

    barrier: str
    scope: str
    n: int
    prevalence: int | None
    association_pp: int
    low: int
    high: int
    rank: tuple[int, int]


class Proposal(Struct, frozen=True, forbid_unknown_fields=True):
    """A finding that asks for something: who can remove it and the first kind of trial."""

    unit: str
    barrier: str
    address: Address
    also: tuple[Address, ...]
    with_: tuple[str, ...] = msgspec.field(name="with")
    kind: str | None = None
    why: tuple[str, ...] = ()
    risk: Literal["law_consent_medicine"] | None = None


class Quality(Struct, frozen=True, forbid_unknown_fields=True):
    """How far the answers carry: response in steps, never exact."""

    unit: str
    kind: Literal["response", "first_option", "composition"]
    step: Literal["under_40", "40_59", "60_79", "80_up"] | None = None
    fell_pp: int | None = None
    flags: tuple[str, ...] = ()


class AuditRecord(Struct, frozen=True, forbid_unknown_fields=True):
    """What the attacker tried before the release left the process."""

    A1: Literal["pass"]
    A2_small_cells: int
    A2_narrow: int
    A3: Literal["pass"]
    pairs_2_metric: int


CellKey: TypeAlias = tuple[
    str | None, str | None, str, str | None, str | None, str | None, str | None
]


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
        scope = behaviour if unit is None else None
        return self._cells.get((unit, scope, measure, item, barrier, trial, profession))

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
        return tuple(unit for unit in self.units if unit.parent == code)

    def quality_of(self, code: str) -> tuple[Quality, ...]:
        return tuple(note for note in self.quality if note.unit == code)

    @cached_property
    def _cells(self) -> Mapping[CellKey, Cell]:
        return {cell_key(cell): cell for cell in self.cells}

    @cached_property
    def _cells_of(self) -> Mapping[str, tuple[Cell, ...]]:
        found: dict[str, list[Cell]] = {}
        for cell in self.cells:
            if cell.unit is not None:
                found.setdefault(cell.unit, []).append(cell)
        return {unit: tuple(cells) for unit, cells in found.items()}

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
        _written(cell.barrier),
        _written(cell.trial),
        None if cell.cross is UNSET else cell.cross["profession"],
    )


def since_first(cell: Cell) -> Change | None:
    """The change since the first wave: only the root and the centres have one."""
    return None if cell.since_first is UNSET else cell.since_first


def _written(value: str | UnsetType) -> str | None:
    return None if value is UNSET else value


# --- the bytes ---------------------------------------------------------------------------------


def sealed(release: Release) -> Release:
    """The release with its `sha256`, taken over the rest of the file."""
    bare = msgspec.structs.replace(release, sha256=UNSET)
    digest = hashlib.sha256(msgspec.json.encode(bare, order="sorted")).hexdigest()
    return msgspec.structs.replace(release, sha256=digest)


def encode(release: Release) -> bytes:
    """The canonical bytes: sorted keys, no spaces, sealed."""
    return msgspec.json.encode(sealed(release), order="sorted")


def decode(data: bytes) -> Release:
    """Read a release; raises `ReleaseRefused` unless it is byte for byte what was written."""
    try:
        release = msgspec.json.decode(data, type=Release)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ReleaseRefused("malformed") from error
    if release.sha256 is UNSET:
        raise ReleaseRefused("unsealed")
    if encode(release) != data:
        raise ReleaseRefused("changed")
    return release


# --- what may be said --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Measured:
    """A share with its interval, all 0-1; `n` is exact or, on base A, told as `n_band`."""

    n: int | None
    n_band: str | None
    N: int
    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Joined:
    """A share known to lie from `first` to `last`, with an interval around both, all 0-1."""

    n: int | None
    n_band: str | None
    N: int
    first: float
    last: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Clipped:
    """A share at or beyond `end`, 0-1; no interval."""

    n: int | None
    n_band: str | None
    N: int
    end: float
    direction: Literal["at_most", "at_least"]


@dataclass(frozen=True, slots=True)
class Banded:
    """A share told as a band, or as the bands from `band` to `band_to`."""

    n_band: str
    N: int
    band: Band
    band_to: Band | None


@dataclass(frozen=True, slots=True)
class Open:
    """Enough people, and nothing that can be told without giving others' answers away."""

    n: int | None
    n_band: str | None
    N: int


@dataclass(frozen=True, slots=True)
class Hidden:
    """Not shown. No count and no reason: either would inform."""


Counts: TypeAlias = tuple[int | None, str | None, int]
Number: TypeAlias = Measured | Joined | Clipped | Banded | Open | Hidden


def number(cell: Cell | None) -> Number:
    """What may be said of a cell; a missing, unknown or half-filled cell is hidden."""
    if cell is None or cell.status != "shown" or cell.N is None:
        return Hidden()
    counts = (cell.n, cell.n_band, cell.N)
    match cell:
        case Cell(display="open"):
            return Open(*counts)
        case Cell(display="band", band=str(band), n_band=str(n_band)):
            return Banded(n_band, cell.N, band, cell.band_to)
        case Cell(display="percent", clip=str(clip)):
            return _clipped(clip, counts)
        case Cell(display="percent", value=int(value), low=int(low), high=int(high)):
            return _measured(value / 100, cell.value_to, low / 100, high / 100, counts)
        case _:
            return Hidden()


def _measured(
    share: float, value_to: int | None, low: float, high: float, counts: Counts
) -> Measured | Joined:
    if value_to is None:
        return Measured(*counts, share, low, high)
    return Joined(*counts, share, value_to / 100, low, high)


def _clipped(clip: str, counts: Counts) -> Clipped | Hidden:
    direction, _, end = clip.rpartition("_")
    if direction not in ("at_most", "at_least") or not end.isascii() or not end.isdigit():
        return Hidden()
    return Clipped(*counts, int(end) / 100, "at_most" if direction == "at_most" else "at_least")
