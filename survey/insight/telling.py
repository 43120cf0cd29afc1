"""A release as a page tells it: in the words of the action report, section by section.

Each section is made when it is asked for. What its reader may not see is not in it.
"""

from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Final

import msgspec
from msgspec import UNSET

from analysis.findings import Number, Release
from analysis.report import Facts
from analysis.report.plan import LeftOut, Section
from analysis.report.sections import action, barriers, level, method, opening, tried, voices, who
from analysis.report.view import View
from analysis.wording import sentences
from survey.actor import Actor
from survey.errors import UnitUnknown
from survey.insight.passed_on import passed_on
from survey.insight.releases import stored_release, waves_with_release
from survey.insight.reports import behaviour_texts, trial_texts
from survey.settings import Settings
from survey.tables import Wave
from survey.texts import Language, Voice

NO_DATE: Final = date.min  # a page names no period: its wave says it
MOST_ASSOCIATIONS: Final = 3


@dataclass(frozen=True)
class Told:
    """A unit in a wave, as its report tells it; a section with nothing to show is None."""

    view: View

    seal: str  # of the release as it is stored

    @property
    def is_hidden(self) -> bool:
        return self.view.is_hidden

    @property
    def has_level(self) -> bool:
        """Whether one number tells how often it succeeds here; several behaviours have none."""
        return self.view.cell("behaviour_level") is not None

    def view_of(self, code: str) -> View:
        """The same release seen from another unit in it."""
        return replace(self.view, code=code)

    @cached_property
    def cards(self) -> tuple[action.Card, ...]:
        """At most three trial actions to choose between."""
        return action.cards(self.view)

    @cached_property
    def proposals(self) -> Section:
        """The same, under their headline."""
        return action.proposals(self.view)

    @cached_property
    def in_short(self) -> Section:
        return opening.in_short(self.view, next(iter(self.cards), None))

    @cached_property
    def level(self) -> Section | None:
        return _shown(level.level(self.view))

    @cached_property
    def standing_out(self) -> str:
        """What stands out, as a headline."""
        return barriers.headline(self.view)

    @cached_property
    def shares(self) -> tuple[tuple[str, Number], ...]:
        """The ten barriers in the order of the catalogue."""
        return self.view.barriers

    def talk(self, chosen: str = "") -> barriers.Questions:
        """Three questions to talk from, of a chosen barrier, else what stands out or most name."""
        return barriers.talk(self.view, chosen)

    def cards_of(self, barrier: str) -> tuple[action.Card, ...]:
        """At most three trial actions for a barrier that was chosen."""
        return action.cards_of(self.view, barrier)

    @cached_property
    def cautions(self) -> tuple[str, ...]:
        """How far the answers carry."""
        return opening.cautions(self.view)

    @cached_property
    def pairs(self) -> tuple[tuple[str, str, str, bool], ...]:
        """The seams here: two ends, what is said of them, and whether half or more say so."""
        view = self.view
        return tuple(voices.drawn(view, one) for one in voices.near_pairs(view))

    @cached_property
    def associations(self) -> tuple[str, ...]:
        """What goes with success less often: here, else in the nearest unit above that knows.

        Only what surely lies on one side, those first that may matter most; never a cause.
        """
        for code in (self.view.code, *self.view.ancestors):
            found = [one for one in self.view.release.impact if one.scope == code]
            if found:
                sure = sorted((one for one in found if one.high < 0), key=lambda one: one.rank)
                return tuple(
                    sentences.certainty(
                        self.view.voice,
                        "association",
                        barrier=sentences.clause(self.view.voice, one.barrier),
                    )
                    for one in sure[:MOST_ASSOCIATIONS]
                )
        return ()

    @property
    def citizen_answers(self) -> tuple[tuple[str, Number], ...]:
        """What the citizen would notice, in the order it was offered."""
        labels = voices.options(self.view, "citizen")
        return tuple(
            (label, self.view.number("citizen_share", key)) for key, label in labels.items()
        )

    @property
    def safe_answers(self) -> tuple[tuple[str, Number], ...]:
        """The three sentences on whether it is safe to try."""
        return tuple(
            (
                self.view.voice.pick(voices.item(self.view, key)),
                self.view.number("safe_share", key),
            )
            for key in voices.SAFE
        )

    @property
    def method(self) -> tuple[tuple[str, str], ...]:
        return method.method_points(self.view.voice, self.view.release.settings)

    @cached_property
    def seams(self) -> Section | None:
        return _shown(voices.seams(self.view))

    @cached_property
    def citizen(self) -> Section | None:
        return _shown(voices.citizen(self.view))

    @cached_property
    def who(self) -> Section | None:
        return _shown(who.who(self.view))

    @cached_property
    def safe(self) -> Section | None:
        return _shown(voices.safe(self.view))

    @cached_property
    def since_last(self) -> Section | None:
        return _shown(tried.since_last(self.view))


async def told(  # noqa: PLR0913 - one keyword per thing a reader brings
    settings: Settings,
    *,
    wave: str,
    unit: str,
    language: Language,
    actor: Actor,
    organisation: str,
) -> Told:
    """A unit in a wave, with no more than the actor may see.

    Raises WaveUnknown for a wave without a release, and UnitUnknown.
    """
    release = stored_release(settings, wave)
    if release.unit(unit) is None or not actor.may_read(unit):
        raise UnitUnknown(unit=unit, wave=wave)
    if not actor.may_read_below(unit):
        release = within_reach(release, actor)
    facts = await page_facts(wave=wave, language=language, organisation=organisation)
    earlier = tuple(
        stored_release(settings, one) for one in waves_with_release(settings) if one < wave
    )
    view = View(release, unit, Voice(language), replace(facts, earlier=earlier))
    return Told(view, str(stored_release(settings, wave).sha256))


async def page_facts(*, wave: str, language: Language, organisation: str) -> Facts:
    """What a page says beside the numbers: whose it is, its behaviours and its trial actions."""
    found = await Wave.objects().get(Wave.name == wave)
    return Facts(
        organisation=organisation,
        title=wave,
        starts=NO_DATE,
        closed=NO_DATE,
        released=NO_DATE,
        contact="",
        trials={} if found is None else await trial_texts(found),
        passed_on=() if found is None else await passed_on(found, voice=Voice(language)),
        # The release holds the Danish texts, as they were asked.
        behaviours=await behaviour_texts("en") if language == "en" else {},
    )


def within_reach(release: Release, actor: Actor) -> Release:
    """The release as one reads it who may not see all below a unit: of no unit out of reach."""
    units = tuple(one for one in release.units if actor.may_read(one.unit))
    near = frozenset(one.unit for one in units)
    return msgspec.structs.replace(
        release,
        units=units,
        cells=tuple(cell for one in units for cell in release.cells_of(one.unit)),
        levels=tuple(one for one in release.levels if one.scope in near),
        pairs=tuple(one for one in release.pairs if {one.a, one.b} <= near),
        trials=tuple(one for one in release.trials if near.issuperset(one.units)),
        impact=tuple(one for one in release.impact if one.scope in near),
        proposals=tuple(
            msgspec.structs.replace(one, with_=tuple(unit for unit in one.with_ if unit in near))
            for one in release.proposals
            if one.unit in near
        ),
        quality=tuple(one for one in release.quality if one.unit in near),
        sha256=UNSET,
    )


def _shown(section: Section | LeftOut) -> Section | None:
    return section if isinstance(section, Section) else None
