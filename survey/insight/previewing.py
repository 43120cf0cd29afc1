"""What the report of a unit will hold, before anybody makes it: no page is laid out for it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

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


def preview(
    settings: Settings, *, wave: str, unit: str, language: Language, facts: Facts
) -> Preview:
    """Raises UnitUnknown. `facts` are those of the report."""
    release = stored_release(settings, wave)
    if release.unit(unit) is None:
        raise UnitUnknown(unit=unit, wave=wave)
    earlier = tuple(
        stored_release(settings, one) for one in waves_with_release(settings) if one < wave
    )
    view = View(release, unit, Voice(language), replace(facts, earlier=earlier))
    sections, left_out = composed(view)
    return Preview(tuple(one.kicker for one in sections), left_out)
