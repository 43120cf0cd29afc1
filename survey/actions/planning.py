"""Planning a wave: its name, its days and what it asks about. Nothing is made or sent."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal, TypeAlias

from survey import audit, house
from survey.actions.readiness import assigned
from survey.delivery.workdays import is_workday, next_workday
from survey.engine import transaction
from survey.errors import N_, BadInput, ChangedMeanwhile, Refused
from survey.organisation import scopes, tree
from survey.questionnaire import BLOCKS
from survey.settings import Settings
from survey.tables import Behaviour, Wave, WaveBehaviour

NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z.-]{0,29}")
DAYS = range(7, 29)  # a wave is open 7-28 days, the first and the last counted
Plan: TypeAlias = dict[str, Any]  # column of Wave -> its value
TAKEN = "new"  # the address of the page that plans a wave


class WaveNameBad(BadInput):
    sentence = N_(
        "“{wave}” cannot be the name of a wave. Nothing was changed. "
        "Use letters without accents, digits, hyphens and full stops, as in 2026-1."
    )


class WaveNameOutOfOrder(BadInput):
    sentence = N_(
        "The name {wave} does not sort in time order: it opens {opens}, and {other} opens "
        "{other_opens}. Nothing was changed. Names are compared letter by letter, so use "
        "2026-09 and 2026-10 when there are more than nine in a year."
    )


class WaveDatesBackward(BadInput):
    sentence = N_(
        "The wave closes {closes}, before it opens {opens}. Nothing was changed. "
        "Swap the dates, or correct one of them."
    )


class WaveTooLongOrShort(BadInput):
    sentence = N_(
        "A wave is open {least} to {most} days, the first and the last counted; this one would be "
        "open {days}. Nothing was changed. Choose another date to close."
    )


class BehaviourUnknown(BadInput):
    sentence = N_(
        "There is no behaviour called {codes}. Nothing was changed. There are: {known}. "
        "Import more with: kernepuls import behaviours FILE"
    )


class NoBehaviours(BadInput):
    sentence = N_(
        "There are no behaviours to ask about. Nothing was changed. "
        "Start with: kernepuls import behaviours FILE"
    )


class ScopesCollide(Refused):
    sentence = N_(
        "Two behaviours ask the same unit, and a unit has one in each wave. Nothing was changed:"
        "{missing}"
    )


class WaveBegun(Refused):
    sentence = N_(
        "Wave {wave} is already approved, so its plan stands. Nothing was changed. "
        "Printed cards and sent mails say what it said."
    )


class WaveNameTaken(Refused):
    sentence = N_(
        "There is a wave called {wave} already. Nothing was changed. Choose another name."
    )


class BlockUnknown(BadInput):
    sentence = N_(
        "{blocks} cannot be left out. Nothing was changed. These questions can: {known}. "
        "What the numbers rest on is always asked."
    )


@dataclass(frozen=True, slots=True)
class Planned:
    """A wave as it is planned, and the waves whose days it shares: a warning, no refusal."""

    name: str
    opens: date
    closes: date
    behaviours: tuple[str, ...]
    overlaps: tuple[str, ...]


async def plan_wave(  # noqa: PLR0913 - one for each option of the command
    settings: Settings,
    *,
    name: str,
    opens: date,
    closes: date,
    behaviours: Sequence[str] | Literal["all"],
    by: int | None,
    left_out: Collection[str] | None = None,
    version: int | None = None,
    is_new: bool = False,
) -> Planned:
    """Plan a wave, or plan one anew that is not approved yet.

    `behaviours` are codes, or "all" for every active one. `closes` is the last day counted.
    `left_out` are blocks of questions; None leaves them as they are. `version` is that of the plan
    which was looked at: ChangedMeanwhile where there is a newer one. With `is_new` a name that is
    taken is refused, except by the very same plan: a form that was sent twice.

    A plan that changes what the works committee has read asks for its word again.
    """
    _check_dates(name, opens, closes)
    unknown = sorted({*(left_out or ())} - BLOCKS.keys())
    if unknown:
        raise BlockUnknown(blocks=", ".join(unknown), known=", ".join(BLOCKS))
    part_depth = house.organisation(settings).part_depth
    async with transaction():
        others = await Wave.objects().where(Wave.name != name)
        _check_order(name, opens, others)
        chosen = await _chosen(behaviours)
        await _check_scopes(name, chosen)
        stored = await _stored_draft(name)
        if left_out is None:
            kept = stored.left_out if stored else None
        else:
            kept = ";".join(sorted(left_out)) or None
        plan: Plan = {
            "opens": opens,
            "closes": closes,
            "part_depth": part_depth,
            "left_out": kept,
        }
        if stored is None or not await _says(stored, plan, chosen):
            if stored is not None and is_new:
                raise WaveNameTaken(wave=name)
            await _store(name, stored, plan, version)
            await _ask(name, chosen)
            await audit.record(by=by, what="planned wave", on_what=name)
    return Planned(
        name=name,
        opens=opens,
        closes=closes,
        behaviours=tuple(one.code for one in chosen),
        overlaps=tuple(sorted(o.name for o in others if o.opens <= closes and opens <= o.closes)),
    )


def _check_dates(name: str, opens: date, closes: date) -> None:
    if not NAME.fullmatch(name) or name == TAKEN:
        raise WaveNameBad(wave=name)
    if closes < opens:
        raise WaveDatesBackward(opens=opens, closes=closes)
    days = (closes - opens).days + 1
    if days not in DAYS:
        raise WaveTooLongOrShort(least=DAYS[0], most=DAYS[-1], days=days)


def _check_order(name: str, opens: date, others: Iterable[Wave]) -> None:
    for other in others:
        if (name < other.name) != (opens < other.opens):
            raise WaveNameOutOfOrder(
                wave=name, opens=opens, other=other.name, other_opens=other.opens
            )


async def _chosen(behaviours: Sequence[str] | Literal["all"]) -> list[Behaviour]:
    stored = await Behaviour.objects().order_by(Behaviour.id)
    if behaviours == "all":
        chosen = [one for one in stored if one.active]
    else:
        known = {one.code: one for one in stored}
        unknown = [code for code in behaviours if code not in known]
        if unknown:
            raise BehaviourUnknown(codes=", ".join(unknown), known=", ".join(known) or "–")
        chosen = [known[code] for code in dict.fromkeys(behaviours)]
    if not chosen:
        raise NoBehaviours
    return chosen


async def _check_scopes(name: str, chosen: Sequence[Behaviour]) -> None:
    collisions = assigned(name, await tree(name), chosen, await scopes()).collisions()
    if collisions:
        raise ScopesCollide(missing=collisions)


def reminder_days(opens: date, closes: date) -> tuple[date, ...]:
    """When the two reminders suit best: a week in, and the last working day; none is repeated."""
    first = next_workday(opens + timedelta(days=7))
    last = closes
    while not is_workday(last):
        last -= timedelta(days=1)
    return tuple(day for day in sorted({first, last}) if opens < day <= closes)


async def _stored_draft(name: str) -> Wave | None:
    wave: Wave | None = await Wave.objects().where(Wave.name == name).first()
    if wave is not None and wave.state != "draft":
        raise WaveBegun(wave=name)
    return wave


async def _says(stored: Wave, plan: Plan, chosen: Iterable[Behaviour]) -> bool:
    """Whether the stored plan is this one: then there is nothing to change."""
    rows = await WaveBehaviour.select(WaveBehaviour.behaviour).where(
        WaveBehaviour.wave == stored.id
    )
    asked = {row["behaviour"] for row in rows} == {one.id for one in chosen}
    return asked and all(getattr(stored, column) == value for column, value in plan.items())


async def _store(name: str, stored: Wave | None, plan: Plan, version: int | None) -> None:
    """Write it over the version that was looked at; the committee has read another plan."""
    if stored is None:
        await Wave.insert(Wave(name=name, **plan))
        return
    seen = stored.version if version is None else version
    changed = (
        await Wave.update(**plan, version=seen + 1, med_date=None, sent_back=None)
        .where((Wave.id == stored.id) & (Wave.version == seen) & (Wave.state == "draft"))
        .returning(Wave.id)
    )
    if not changed:
        raise ChangedMeanwhile


async def _ask(name: str, chosen: Sequence[Behaviour]) -> None:
    row = await Wave.select(Wave.id).where(Wave.name == name).first()
    wave = row["id"] if row else None
    await WaveBehaviour.delete().where(WaveBehaviour.wave == wave)
    await WaveBehaviour.insert(*(WaveBehaviour(wave=wave, behaviour=one.id) for one in chosen))
