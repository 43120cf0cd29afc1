"""One unit's place in a release: its numbers, its relatives and the patterns that concern it.

Or several units that lie apart, told together: a pathway has no number of its own, and none is
made here. What is told of it are the published cells of its units.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Final, TypeAlias

from analysis.findings import (
    Banded,
    Cell,
    Hidden,
    Level,
    Number,
    Proposal,
    Release,
    ReleasedUnit,
)
from analysis.report.leading import weight
from analysis.report.places import apart, in_order, under
from analysis.wording import numbers
from analysis.wording.voice import Voice, counted, listed, opened

BARRIERS: Final = ("SILO", "OKO", "TID", "KOMP", "VID", "FAG", "KULT", "REGL", "MAAL", "FEJL")
MOST_NAMED, LONGEST_NAME = 3, 64  # of several units: how many are named, and in how many letters
MAX_PATTERNS: Final = 3  # patterns and trial cards in a report, decision in measurement 5

Render: TypeAlias = Callable[[str, Mapping[str, object]], str]


@dataclass(frozen=True, slots=True)
class TrialText:
    """What is known of a trial action beside its numbers: where, how long, what was learned.

    `ended` is the first wave after it, empty while it runs. `decision` and `practice` are keys of
    trial_states, empty where nothing is decided; `overdue` says that a decision has been waited
    for in more than 90 days.
    """

    name: str
    units: tuple[str, ...] = ()
    ended: str = ""
    weeks: int | None = None
    question: str = ""
    learned: str = ""
    decision: str = ""
    practice: str = ""
    overdue: bool = False


@dataclass(frozen=True, slots=True)
class PassedOn:
    """A card that was sent up: by which units, to whom inside a sentence, and what came back.

    `answer` is a key of answer_options, empty while there is none; `overdue` says that the day of
    the answer has passed.
    """

    units: tuple[str, ...]
    level: str
    sent_on: date
    ask: str
    answer_by: date
    answer: str = ""
    answer_text: str = ""
    overdue: bool = False


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
    passed_on: tuple[PassedOn, ...] = ()
    behaviours: Mapping[str, str] = field(default_factory=dict)  # code to text in its language
    comments: tuple[str, ...] = ()  # cleared, and only where ten or more have written
    earlier: tuple[Release, ...] = ()  # in the order of time, without this one


class UnitNotInRelease(LookupError):
    """The unit is not in the tree of this wave."""


class NotApart(ValueError):
    """Fewer than two of the units lie apart: they are one unit's report."""


@dataclass(frozen=True)
class View:
    """A release seen from one unit, or across it and those `beside` it."""

    release: Release
    code: str
    voice: Voice
    facts: Facts
    beside: tuple[str, ...] = ()

    @property
    def is_across(self) -> bool:
        return bool(self.beside)

    @cached_property
    def views(self) -> tuple["View", ...]:
        """One from each of its units, in the order of the organisation."""
        return tuple(replace(self, code=code, beside=()) for code in (self.code, *self.beside))

    @cached_property
    def unit(self) -> ReleasedUnit:
        found = self.release.unit(self.code)
        if found is None:
            raise UnitNotInRelease(self.code)
        return found

    @property
    def is_root(self) -> bool:
        return not self.is_across and self.unit.parent is None

    @property
    def is_area(self) -> bool:
        """Whether others lie below: then a matrix, else one unit's own ten barriers."""
        return self.is_across or bool(self.release.below(self.code))

    @property
    def name(self) -> str:
        if self.is_across:
            return across_name(self.voice, [one.name for one in self.views])
        return self.facts.organisation if self.is_root else self.unit.name

    def name_of(self, code: str) -> str:
        found = self.release.unit(code)
        if found is None or found.parent is None:
            return self.facts.organisation
        return found.name

    @cached_property
    def ancestors(self) -> tuple[str, ...]:
        """The units above, nearest first; of several those above them all."""
        if self.is_across:
            first, *others = (one.ancestors for one in self.views)
            return tuple(code for code in first if all(code in other for other in others))
        found: list[str] = []
        above = self.unit.parent
        while above is not None:
            found.append(above)
            above = self._parents[above]
        return tuple(found)

    @cached_property
    def _parents(self) -> Mapping[str, str | None]:
        return {one.unit: one.parent for one in self.release.units}

    @property
    def area(self) -> str:
        """The part of the organisation it belongs to, itself where it is one."""
        path = (self.code, *self.ancestors)
        return path[-2] if len(path) > 1 else self.code

    @cached_property
    def parts(self) -> tuple[ReleasedUnit, ...]:
        """The units straight below; of several, those that are told together."""
        if self.is_across:
            return tuple(one.unit for one in self.views)
        return self.release.below(self.code)

    @cached_property
    def below(self) -> tuple[ReleasedUnit, ...]:
        """Every unit under this one, in the order of the organisation (each under its parent).

        Of several, each of them and those under it.
        """
        if self.is_across:
            return tuple(unit for one in self.views for unit in (one.unit, *one.below))
        return under(self.release, self.code)

    @cached_property
    def reported_in(self) -> str:
        """The nearest unit above with a number of its own: where hidden answers count."""
        for code in self.ancestors:
            if not isinstance(self.release.number(code, "barrier_share", "TID"), Hidden):
                return self.name_of(code)
        return self.facts.organisation if self.ancestors else ""

    def number(self, measure: str, item: str | None = None) -> Number:
        """What may be said of the unit; several have no number together."""
        return Hidden() if self.is_across else self.release.number(self.code, measure, item)

    def cell(self, measure: str, item: str | None = None) -> Cell | None:
        return None if self.is_across else self.release.cell(self.code, measure, item)

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
        """Whether no barrier of it has a number; of several, of any of them."""
        if self.is_across:
            return all(one.is_hidden for one in self.views)
        return all(isinstance(one, Hidden) for _, one in self.barriers)

    @cached_property
    def people(self) -> int | None:
        """Those in the situation: exact from 20, else None."""
        told = (one.n for _, one in self.barriers if not isinstance(one, Hidden | Banded))
        return next((count for count in told if count is not None), None)

    @cached_property
    def behaviours(self) -> tuple[str, ...]:
        """The texts of the behaviours that were asked about here, in the report's language."""
        told = self.facts.behaviours
        return tuple(
            told.get(one.behaviour, one.text)
            for one in self.release.behaviours
            if self.here.intersection(one.units)
        )

    @cached_property
    def here(self) -> frozenset[str]:
        """What it is about and all below."""
        return frozenset((self.code, *(one.unit for one in self.below)))

    @cached_property
    def near(self) -> frozenset[str]:
        """The same and what one unit is part of: that several share does not make it theirs."""
        return self.here if self.is_across else self.here.union(self.ancestors)

    def is_seam(self, a: str, b: str) -> bool:
        """Whether what lies between two units concerns this one.

        Of several, only where each end is one of them, lies below it or is above it alone.
        """
        if not self.is_across:
            return not self.near.isdisjoint((a, b))
        at = [[one.code for one in self.views if end in one.near] for end in (a, b)]
        return all(len(found) == 1 for found in at) and at[0] != at[1]

    @cached_property
    def trials(self) -> Mapping[str, TrialText]:
        """The trial actions of this unit, of one below it or of one above it that it is part of.

        Of several, those of most of them first.
        """
        found = {
            code: one
            for code, one in self.facts.trials.items()
            if self.near.intersection(one.units)
        }
        if not self.is_across:
            return found
        return dict(sorted(found.items(), key=lambda item: -self._many(item[1])))

    def _many(self, trial: TrialText) -> int:
        """In how many of several units a trial action is."""
        return sum(not one.here.isdisjoint(trial.units) for one in self.views)

    @cached_property
    def passed_on(self) -> tuple[PassedOn, ...]:
        """What was sent up by this unit, one below it or one above it."""
        return tuple(one for one in self.facts.passed_on if self.near.intersection(one.units))

    # --- patterns ------------------------------------------------------------------------------

    @cached_property
    def patterns(self) -> tuple[Proposal, ...]:
        """At most three findings that concern this unit, most people covered first."""
        found: dict[str, Proposal] = {}
        for one in sorted(self.release.proposals, key=self._reach):
            if one.unit in self.near:
                found.setdefault(one.barrier, one)
        return tuple(found.values())[:MAX_PATTERNS]

    def _reach(self, one: Proposal) -> tuple[bool, float, str, str]:
        """Own findings first, or shared ones, then those that cover most people; ties by code."""
        at = self.release.number(one.unit, "barrier_share", one.barrier)
        covered = (numbers.people(at) or 12) * weight(at)
        is_ours = self._is_shared(one) if self.is_across else one.unit == self.code
        return (not is_ours, -covered, one.barrier, one.unit)

    def _is_shared(self, one: Proposal) -> bool:
        """Whether it concerns two of several units: it stands out in both, or takes them both."""
        return one.barrier in self.shared or not self.here.isdisjoint(one.with_)

    @cached_property
    def shared(self) -> Mapping[str, tuple[ReleasedUnit, ...]]:
        """The barriers that stand out in two or more of several units, and where."""
        return in_common(self.release, self.below) if self.is_across else {}

    def level(self, barrier: str) -> Level | None:
        """The verdict on where a barrier sits, in the nearest scope that has one.

        Of several units, only in what they are all part of.
        """
        scopes = self.ancestors if self.is_across else (self.code, *self.ancestors)
        asked = {one.behaviour for one in self.release.behaviours if self.here & {*one.units}}
        found = [
            one
            for one in self.release.levels
            if one.barrier == barrier and (one.behaviour is None or one.behaviour in asked)
        ]
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
        return self.is_certain_at(one.unit, one.barrier)

    def is_certain_at(self, unit: str, barrier: str) -> bool:
        """The same of a barrier that stands out in a unit."""
        count = numbers.people(self.release.number(unit, "barrier_share", barrier))
        if count is None or count < numbers.PERCENT_FROM or not self.facts.earlier:
            return False
        before = self.facts.earlier[-1].cell(unit, "barrier_share", barrier)
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


def across(release: Release, codes: Collection[str], voice: Voice, facts: Facts) -> View:
    """A view of several units told together, without those that lie below another of them.

    Raises `UnitNotInRelease` for one that is not in the tree of the wave.
    """
    if (unknown := next((code for code in codes if release.unit(code) is None), None)) is not None:
        raise UnitNotInRelease(unknown)
    found = [one for one in in_order(release) if one.unit in codes]
    first, *others = (one.unit for one in apart(release, found))
    return View(release, first, voice, facts, tuple(others))


def across_name(voice: Voice, names: list[str]) -> str:
    """A name for several units: their own where they are few and short, else how many."""
    told = listed(voice, names)
    if len(names) <= MOST_NAMED and len(told) <= LONGEST_NAME:
        return told
    return voice.gettext("%(num)s units across the organisation") % {
        "num": opened(counted(voice, len(names)))
    }


def in_common(
    release: Release, units: Sequence[ReleasedUnit]
) -> Mapping[str, tuple[ReleasedUnit, ...]]:
    """The barriers that stand out in two units or more, neither of them below the other.

    In the order of the catalogue; `units` are in that of the organisation.
    """
    found = {
        code: tuple(apart(release, [one for one in units if _is_marked(release, one, code)]))
        for code in BARRIERS
    }
    return {code: there for code, there in found.items() if len(there) > 1}


def _is_marked(release: Release, unit: ReleasedUnit, barrier: str) -> bool:
    cell = release.cell(unit.unit, "barrier_share", barrier)
    return cell is not None and cell.marked is True
