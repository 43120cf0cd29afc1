"""What the releases say of a trial action: before it starts, after it, and once it is practice."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Literal, TypeAlias

from analysis.findings import Cell
from analysis.report.sections.tried import looked_at, told
from analysis.trial import attainable
from analysis.wording import sentences
from survey.insight.releases import stored_release, waves_with_release
from survey.settings import Settings
from survey.texts import Voice

Held: TypeAlias = Literal["held", "down", "unknown"]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What one release says of a trial, in sentences; `on` is what was looked at."""

    wave: str
    before: str
    on: str
    said: tuple[str, ...]


def evaluations(settings: Settings, trial: str, *, voice: Voice) -> tuple[Evaluation, ...]:
    """What each release says of a trial, oldest first; high numbers falling is always told."""
    return tuple(
        Evaluation(wave, one.pre, looked_at(voice, one), tuple(told(voice, one)))
        for wave in waves_with_release(settings)
        for one in stored_release(settings, wave).trials
        if one.trial == trial
    )


def certainty_told(voice: Voice, *, tried: int, others: int) -> str:
    """How sure an answer so many units can ever give: to be read before the start."""
    if not tried or not others:
        return sentences.certainty(voice, "trial_too_few")
    chance = sentences.chance_in(voice, ceil(100 * attainable(tried, others)))
    return sentences.certainty(voice, "trial_smallest", tried=tried, others=others, chance=chance)


def held(settings: Settings, wave: str, units: Sequence[str]) -> Held:
    """Whether the behaviour level of every unit is not down in a released wave.

    Fails closed: a level that is hidden, open or not comparable with the wave before has not held.
    """
    shown = stored_release(settings, wave)
    found = [_held(shown.cell(unit, "behaviour_level")) for unit in units]
    if "down" in found:
        return "down"
    return "held" if found and set(found) == {"held"} else "unknown"


def _held(cell: Cell | None) -> Held:
    change = cell.change if cell is not None and cell.status == "shown" else None
    if change is None:
        return "unknown"
    if change.verdict == "down" or change.bands == "fall":
        return "down"
    if change.verdict in ("up", "unclear") or change.bands in ("same", "rise"):
        return "held"
    return "unknown"
