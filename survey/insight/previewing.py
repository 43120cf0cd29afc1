"""What the report of a unit will hold, before anybody makes it: no page is laid out for it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from analysis.report import Facts, composed
from analysis.report.plan import LeftOut
from analysis.report.view import View
from survey.errors import UnitUnknown
from survey.insight.releases import stored_release, waves_with_release
from survey.settings import Settings
from survey.texts import Language, Voice


@dataclass(frozen=True, slots=True)
class Preview:
    """The pages of a report by the words above their headlines, and those left out, with why."""

    pages: tuple[str, ...]
    left_out: Sequence[LeftOut]


@dataclass(frozen=True)
class Asked:
    """Whose report is asked about; `mark` tells whether anything in it is another by now."""

    settings: Settings
    wave: str
    unit: str
    language: Language
    mark: str
    facts: Facts = field(compare=False)


@lru_cache(maxsize=256)
def preview(asked: Asked) -> Preview:
    """Raises UnitUnknown. Kept: of the topmost of 2,500 units it takes a third of a second."""
    settings, wave = asked.settings, asked.wave
    release = stored_release(settings, wave)
    if release.unit(asked.unit) is None:
        raise UnitUnknown(unit=asked.unit, wave=wave)
    earlier = tuple(
        stored_release(settings, one) for one in waves_with_release(settings) if one < wave
    )
    facts = replace(asked.facts, earlier=earlier)
    sections, left_out = composed(View(release, asked.unit, Voice(asked.language), facts))
    return Preview(tuple(one.kicker for one in sections), left_out)
