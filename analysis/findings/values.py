"""The objects of `release.json` as frozen values: their keys, and what each may hold."""

from typing import Literal, TypeAlias

import msgspec
from msgspec import UNSET, Struct, UnsetType

Base: TypeAlias = Literal["A", "S", "Y", "trial"]
Cut: TypeAlias = Literal["profession"]  # of the tree, that may be left out whole
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


class Change(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """A displayed value against an earlier displayed value, in percentage points or bands."""

    against: str
    bands: Literal["same", "rise", "fall"] | None = None
    diff: int | None = None
    from_: Band | None = msgspec.field(default=None, name="from")
    high: int | None = None
    low: int | None = None
    to: Band | None = None
    verdict: Literal["up", "down", "unclear", "not_comparable"] | None = None


class Cell(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """One published number, or the fact that it is hidden.

    `value`, `low` and `high` are whole per cent. A cell of a behaviour's whole scope or of a
    trial has no unit. `barrier`, `trial`, `cross` and `since_first` are keys that only the
    cells named in the schema have; elsewhere they are not written at all. There may be a hundred
    thousand, none of them part of a cycle: the collector need not look at them, and the fields
    stand in the order of the file, so that nothing is sorted when they are written.
    """

    N: int | None
    band: Band | None = None
    band_to: Band | None = None
    barrier: str | UnsetType = UNSET
    base: Base
    behaviour: str | None
    change: Change | None = None
    clip: str | None = None
    cross: dict[str, str] | UnsetType = UNSET
    display: Display | None = None
    flags: tuple[str, ...] | None = None
    high: int | None = None
    item: str | None
    low: int | None = None
    marked: bool | None = None
    measure: Measure
    n: int | None = None
    n_band: str | None = None
    since_first: Change | UnsetType | None = UNSET
    status: Literal["shown", "hidden"]
    trial: str | UnsetType = UNSET
    unit: str | None
    value: int | None = None
    value_to: int | None = None

    @property
    def least_people(self) -> int:
        """The people a reader knows of: n, or the first of its band; 0 where hidden."""
        if self.n is not None:
            return self.n
        return int(self.n_band.partition("-")[0]) if self.n_band else 0

    @property
    def clipped_at(self) -> int | None:
        """The per cent at or beyond which the value lies; None without a clip."""
        return None if self.clip is None else int(self.clip.rpartition("_")[2])


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
    """What the attacker tried before the release left the process, and the cuts left out for it."""

    A1: Literal["pass"]
    A2_small_cells: int
    A2_narrow: int
    A3: Literal["pass"]
    pairs_2_metric: int
    dropped: tuple[Cut, ...] | UnsetType = UNSET
