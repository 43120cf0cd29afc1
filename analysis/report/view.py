"""One unit's place in a release: its numbers, its relatives and the patterns that concern it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Final, TypeAlias

from analysis.findings import (
    Banded,
    Cell,
    Clipped,
    Hidden,
    Joined,
    Level,
    Measured,
    Number,
    Proposal,
    Release,
    ReleasedUnit,
)
from analysis.wording import numbers
from analysis.wording.voice import Voice

BARRIERS: Final = ("SILO", "OKO", "TID", "KOMP", "VID", "FAG", "KULT", "REGL", "MAAL", "FEJL")
MAX_PATTERNS: Final = 3  # patterns and trial cards in a report, decision in measurement 5
MIDDLE: Final = {
    "few": 0.12,
    "some": 0.5,
    "nearly_all": 0.88,
    "half_or_less": 0.25,
    "over_half": 0.75,
}

Render: TypeAlias = Callable[[str, Mapping[str, object]], str]


@dataclass(frozen=True, slots=True)
class TrialText:
    """What people wrote about a trial action: reviewed text, never a number."""

    name: str
    scope: str = ""
    learned: str = ""
    state: str = ""  # a key of trial_states


@dataclass(frozen=True, slots=True)
class Facts:
    """What a report says that is not in the release: roles, places, dates and reviewed texts."""

    organisation: str
    title: str  # the wave as people know it
    starts: date
    closed: date
    released: date
    contact: str
    core_task: str = ""
    trials: Mapping[str, TrialText] = field(default_factory=dict)
    comments: tuple[str, ...] = ()  # cleared, and only where ten or more have written
    earlier: tuple[Release, ...] = ()  # in the order of time, without this one


class UnitNotInRelease(LookupError):
    """The unit is not in the tree of this wave."""


@dataclass(frozen=True)
class View:
    """A release seen from one unit."""

    release: Release
    code: str
    voice: Voice
    facts: Facts

    @cached_property
    def unit(self) -> ReleasedUnit:
        found = self.release.unit(self.code)
        if found is None:
            raise UnitNotInRelease(self.code)
        return found

    @property
    def is_root(self) -> bool:
        return self.unit.parent is None

    @property
    def is_area(self) -> bool:
        """Whether others lie below: then a matrix, else one unit's own ten barriers."""
        return bool(self.release.below(self.code))

    @property
    def name(self) -> str:
        return self.facts.organisation if self.is_root else self.unit.name

    def name_of(self, code: str) -> str:
        found = self.release.unit(code)
        if found is None or found.parent is None:
            return self.facts.organisation
        return found.name

    @cached_property
    def ancestors(self) -> tuple[str, ...]:
        """The units above, nearest first."""
        found: list[str] = []
        above = self.unit.parent
        while above is not None:
            found.append(above)
            above = self._parents[above]
        return tuple(found)

    @cached_property
    def _parents(self) -> Mapping[str, str | None]:
        return {one.unit: one.parent for one in self.release.units}

    @cached_property
    def below(self) -> tuple[ReleasedUnit, ...]:
        """Every unit under this one, in the order of the organisation (each under its parent)."""
        return _under(self.release, self.code)

    @cached_property
    def reported_in(self) -> str:
        """The nearest unit above with a number of its own: where hidden answers count."""
        for code in self.ancestors:
            if not isinstance(self.release.number(code, "barrier_share", "TID"), Hidden):
                return self.name_of(code)
        return self.facts.organisation if self.ancestors else ""

    def number(self, measure: str, item: str | None = None) -> Number:
        return self.release.number(self.code, measure, item)

    def cell(self, measure: str, item: str | None = None) -> Cell | None:
        return self.release.cell(self.code, measure, item)

    @cached_property
    def barriers(self) -> tuple[tuple[str, Number], ...]:
        """The ten barriers in the order of the catalogue."""
        return tuple((code, self.number("barrier_share", code)) for code in BARRIERS)

    @cached_property
    def ranked(self) -> tuple[tuple[str, Number], ...]:
        """The barriers by share where every one has a per cent, else in the catalogue's order."""
        if any(isinstance(one, Banded | Hidden) for _, one in self.barriers):
            return self.barriers
        return tuple(sorted(self.barriers, key=lambda pair: -weight(pair[1])))

    @property
    def is_hidden(self) -> bool:
        return all(isinstance(one, Hidden) for _, one in self.barriers)

    @cached_property
    def people(self) -> int | None:
        """Those in the situation: exact from 20, else None."""
        return next(
            (count for _, one in self.barriers if (count := numbers.people(one)) is not None), None
        )

    @cached_property
    def behaviours(self) -> tuple[str, ...]:
        """The texts of the behaviours that were asked about here."""
        here = {self.code, *(one.unit for one in self.below)}
        return tuple(one.text for one in self.release.behaviours if here.intersection(one.units))

    # --- patterns ------------------------------------------------------------------------------

    @cached_property
    def patterns(self) -> tuple[Proposal, ...]:
        """At most three findings that concern this unit, most people covered first."""
        near = {self.code, *self.ancestors, *(one.unit for one in self.below)}
        found: dict[str, Proposal] = {}
        for one in sorted(self.release.proposals, key=self._reach):
            if one.unit in near:
                found.setdefault(one.barrier, one)
        return tuple(found.values())[:MAX_PATTERNS]

    def _reach(self, one: Proposal) -> tuple[bool, float, str, str]:
        """Own findings first, then those that cover most people; ties by code."""
        at = self.release.number(one.unit, "barrier_share", one.barrier)
        covered = (numbers.people(at) or 12) * weight(at)
        return (one.unit != self.code, -covered, one.barrier, one.unit)

    def level(self, barrier: str) -> Level | None:
        """The verdict on where a barrier sits, in the nearest scope that has one."""
        scopes = (self.code, *self.ancestors)
        found = [one for one in self.release.levels if one.barrier == barrier]
        near = sorted(
            (one for one in found if one.scope in scopes),
            key=lambda one: (scopes.index(one.scope), one.behaviour or ""),
        )
        return next(iter(near), None)

    def marked_below(self, code: str, barrier: str) -> tuple[int, int]:
        """How many of the units straight below stand out, of those with a number."""
        cells = [
            self.release.cell(one.unit, "barrier_share", barrier)
            for one in self.release.below(code)
        ]
        shown = [one for one in cells if one is not None and one.status == "shown"]
        return sum(one.marked is True for one in shown), len(shown)

    def is_certain(self, one: Proposal) -> bool:
        """Marked now and in the wave before, by at least forty people: "det viser"."""
        count = numbers.people(self.release.number(one.unit, "barrier_share", one.barrier))
        if count is None or count < numbers.PERCENT_FROM or not self.facts.earlier:
            return False
        before = self.facts.earlier[-1].cell(one.unit, "barrier_share", one.barrier)
        return before is not None and before.marked is True

    @cached_property
    def common_shocks(self) -> tuple[str, ...]:
        """Barriers that rose nearly everywhere: told before anything else."""
        root = self.release.units[0].unit
        return tuple(
            code
            for code in BARRIERS
            if (cell := self.release.cell(root, "barrier_share", code)) is not None
            and "common_shock" in (cell.flags or ())
        )

    @cached_property
    def talk_barrier(self) -> str:
        """What to talk from: the first pattern, else what most point to, here or above."""
        if self.patterns:
            return self.patterns[0].barrier
        return self.most_named[1]

    @cached_property
    def most_named(self) -> tuple[str, str]:
        """The nearest unit with numbers, this one first, and the barrier most of it point to."""
        for code in (self.code, *self.ancestors):
            shares = [
                (weight(self.release.number(code, "barrier_share", one)), one) for one in BARRIERS
            ]
            share, barrier = max(shares, key=lambda pair: pair[0])
            if share > 0:
                return code, barrier
        return self.code, BARRIERS[0]


def weight(number: Number) -> float:
    """Where a number lies, 0-1, for ordering: the middle of what is shown; nothing shown is 0."""
    match number:
        case Measured():
            return number.share
        case Joined():
            return (number.first + number.last) / 2
        case Clipped():
            return number.end
        case Banded():
            return MIDDLE[number.band]
        case _:
            return 0.0


def _under(release: Release, code: str) -> tuple[ReleasedUnit, ...]:
    found: list[ReleasedUnit] = []
    for one in release.below(code):
        found.append(one)
        found.extend(_under(release, one.unit))
    return tuple(found)


def top(numbers_: Sequence[tuple[str, Number]]) -> str | None:
    """The one item that lies above the rest as displayed; None where that cannot be said."""
    if any(isinstance(one, Banded) for _, one in numbers_):
        high = [
            key
            for key, one in numbers_
            if isinstance(one, Banded) and one.band in ("nearly_all", "over_half")
        ]
        return high[0] if len(high) == 1 else None
    measured = sorted(
        ((weight(one), key) for key, one in numbers_ if isinstance(one, Measured | Joined)),
        reverse=True,
    )
    if not measured or (len(measured) > 1 and measured[0][0] == measured[1][0]):
        return None
    return measured[0][1]
