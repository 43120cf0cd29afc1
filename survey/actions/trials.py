"""Trial actions: written, rewritten, taken from state to state; each deed a row of its history."""

import random
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final

from survey import audit, insight, organisation
from survey.actions import trials_waves
from survey.actions.rows import the_row
from survey.actions.trials_card import Card, card_of, wrong_period
from survey.actions.trials_states import (
    CARD_OPEN,
    PERIOD,
    asks,
    following,
    gate_questions,
)
from survey.engine import transaction
from survey.errors import (
    N_,
    BadInput,
    ChangedMeanwhile,
    FieldEmpty,
    KernepulsError,
    NotFoundHere,
    Refused,
)
from survey.insight.printed import wrong_text
from survey.insight.trials import Held, held
from survey.organisation import state_of
from survey.settings import Settings
from survey.tables import TrialAction, TrialGate, TrialOwner, TrialStep, TrialUnit, Unit, Wave

WAVES_TO_HOLD: Final = 2  # before a practice shift is embedded


class StepUnknown(Refused):
    sentence = N_(
        "The trial action cannot take this step from where it is. Nothing was changed. Open it "
        "again to see where it can go."
    )


class CardNotWhole(Refused):
    sentence = N_(
        "The card lacks something before you can agree on it. Nothing was changed. Fill in the "
        "card, and try again."
    )


class TrialIsOver(Refused):
    sentence = N_("The trial action is over. Nothing was changed. Write a new one instead.")


class TrialIsMeasured(Refused):
    sentence = N_(
        "The wave that measures this trial action is open. Nothing was changed. What is tried, "
        "where and why can be changed once it is released."
    )


class NothingStopped(BadInput):
    """The words are `practice_shift_gate.blocked` of the content."""

    sentence = N_(
        "If you do not stop doing something, it is not a practice shift. Write what you stop doing."
    )


class PracticeNotHeld(Refused):
    sentence = N_(
        "It is too early to call this embedded. Two later waves must show that the behaviour holds "
        "where you tried. Nothing was changed."
    )


class TooFewForLots(BadInput):
    sentence = N_("Choose at least two units, and let fewer of them begin than you choose.")


@dataclass(frozen=True, slots=True)
class Said:
    """What a step is told: what was learned, what changes, a new period, the six answers."""

    learned: str = ""
    said: str = ""
    starts: date | None = None
    ends: date | None = None
    stop_date: date | None = None
    gate: Mapping[str, str] = field(default_factory=dict)
    units: tuple[str, ...] = ()  # that join when it is scaled

    def value(self, name: str) -> str | date | None:
        return self.gate.get(name, "") if name in gate_questions() else getattr(self, name)

    def problems(self, came_from: str, to: str) -> dict[str, KernepulsError]:
        """What a step lacks or must not say, by field."""
        found: dict[str, KernepulsError] = {
            name: FieldEmpty() for name in asks(came_from, to) if not self.value(name)
        }
        if "stop_doing" in found:
            found["stop_doing"] = NothingStopped()
        if "starts" in asks(came_from, to):
            found |= wrong_period(self.starts, self.ends, self.stop_date)
        for name in ("learned", "said", *self.gate):
            problem = wrong_text(str(self.value(name)), "report" if name == "learned" else "inside")
            if problem is not None:
                found.setdefault(name, problem)
        return found


# --- the card ------------------------------------------------------------------------------------


async def write_trial(card: Card, *, by: int | None, once: str, today: date) -> str:
    """Keep a new trial action as an idea; its code. A form sent twice is one trial."""
    _refuse(card.problems(units=await _names(card.owners)))
    async with transaction():
        made = await TrialAction.insert(
            TrialAction(code=once, once=once, state="idea", start_wave="", **card.columns)
        ).on_conflict(target=TrialAction.once, action="DO NOTHING")
        if not made:
            return str((await the_row(TrialAction, TrialAction.once == once))["code"])
        trial, code = made[0]["id"], f"P{made[0]['id']}"
        await TrialAction.update({TrialAction.code: code}).where(TrialAction.id == trial)
        await _own(trial, card.owners)
        await _step(trial, by=by, day=today, went_to="idea")
        await audit.record(by=by, what="wrote trial", on_what=code, day=today)
    return code


async def change_trial(code: str, card: Card, *, by: int | None, version: int, today: date) -> None:
    """Write the card anew. Once it runs, what is tried, where and since when stays as it was.

    Raises TrialIsOver, ChangedMeanwhile, or the first problem of the card.
    """
    async with transaction():
        row = await stored(code)
        state, before = state_of(row), card_of(row, await owners_of(row))
        if not following()[state]:
            raise TrialIsOver
        if state not in CARD_OPEN:
            card = replace(card, barrier=before.barrier, owners=before.owners, starts=before.starts)
        if state not in (*CARD_OPEN, "running"):
            card = replace(card, ends=before.ends, stop_date=before.stop_date)
        _refuse(card.problems(units=await _names(card.owners)))
        if state != "idea" and (state in CARD_OPEN or row["once"]) and card.missing():
            raise CardNotWhole
        measured = [(one.barrier, set(one.owners), one.starts) for one in (card, before)]
        if measured[0] != measured[1] and await trials_waves.is_measured_now(row):
            raise TrialIsMeasured
        await _changed(row, version, card.columns)
        if set(card.owners) != set(before.owners):
            await _own(row["id"], card.owners)
        await trials_waves.settle()
        await audit.record(by=by, what="changed trial", on_what=code, day=today)


async def draw_lots(  # noqa: PLR0913 - one keyword per fact of the draw
    code: str,
    units: Sequence[str],
    *,
    begin: int,
    by: int | None,
    version: int,
    today: date,
    draw: random.Random | None = None,
) -> tuple[str, ...]:
    """Draw by lot which of the units begin; the others are what they are compared with."""
    listed = sorted(set(units))
    if len(listed) < 2 or not 0 < begin < len(listed):
        raise TooFewForLots
    async with transaction():
        row = await stored(code)
        if state_of(row) not in CARD_OPEN:
            raise StepUnknown
        if await trials_waves.is_measured_now(row):
            raise TrialIsMeasured
        first = tuple(sorted((draw or secrets.SystemRandom()).sample(listed, begin)))
        await _changed(row, version, {"randomised": True})
        await TrialUnit.delete().where(TrialUnit.trial_action == row["id"])
        others = [one for one in listed if one not in first]
        await _members(row["id"], {"tried": first, "comparison": others})
        await audit.record(by=by, what="drew lots for trial", on_what=code, day=today)
    return first


# --- from state to state -------------------------------------------------------------------------


async def move_trial(  # noqa: PLR0913 - a step, who takes it, and from which version
    settings: Settings,
    code: str,
    to: str,
    *,
    said: Said,
    by: int | None,
    version: int,
    today: date,
) -> None:
    """Take a trial to its next state.

    Raises StepUnknown, CardNotWhole, PracticeNotHeld, ChangedMeanwhile, or the first problem of
    what was said.
    """
    async with transaction():
        row = await stored(code)
        came_from = state_of(row)
        if row["version"] != version:
            raise ChangedMeanwhile
        if to not in following()[came_from]:
            raise StepUnknown
        if to == "agreed" and card_of(row, await owners_of(row)).missing():
            raise CardNotWhole
        _refuse(said.problems(came_from, to))
        if to == "embedded" and not is_held(await waves_since(settings, row)):
            raise PracticeNotHeld
        values = _consequences(row, came_from, to, said, today)
        if "starts" in asks(came_from, to):
            values |= await trials_waves.begin_again(row)
        await _changed(row, version, values)
        if to == "practice_shift":
            answers: dict[str, Any] = {**said.gate}
            await TrialGate.insert(TrialGate(trial_action=row["id"], **answers))
        if to == "scaled":
            await _join(row["id"], said.units)
        told = (said.value(name) for name in asks(came_from, to) if name in ("said", "learned"))
        await _step(row["id"], by=by, day=today, came_from=came_from, went_to=to,
                    text=str(next(told, "")))  # fmt: skip
        await trials_waves.settle()
        await audit.record(by=by, what=f"took trial to {to}", on_what=code, day=today)


def _consequences(
    row: Mapping[str, Any], came_from: str, to: str, said: Said, today: date
) -> dict[Any, Any]:
    """The columns a step changes beside the state."""
    match to:
        case "running" if came_from != "agreed":
            period = {name: getattr(said, name) for name in PERIOD}
            weeks = Card("", (), starts=said.starts, ends=said.ends).columns["weeks"]
            again = {"ended_on": None, "decided_on": None, "decision": None}
            return {"state": to, "weeks": weeks, "once": row["once"] or row["code"],
                    **period, **again}  # fmt: skip
        case "learned":
            return {"state": to, "what_we_learned": said.learned, "ended_on": today}
        case "stopped":
            return {"state": to, "what_we_learned": said.learned, "decision": to,
                    "practice_state": None, "decided_on": today}  # fmt: skip
        case "adjusted" | "scaled":
            return {"state": to, "decision": to, "decided_on": today}
        case "practice_shift" | "embedded":
            return {"state": to, "practice_state": to}
        case _:
            return {"state": to}


@dataclass(frozen=True, slots=True)
class LaterWave:
    """A wave released after the practice shift, and whether the behaviour held in it."""

    name: str
    held: Held


async def waves_since(settings: Settings, row: Mapping[str, Any]) -> tuple[LaterWave, ...]:
    """The last two waves released that opened after a practice shift, in the order of time.

    Without a day, as from a file, those after the first wave after the trial.
    """
    step = (
        await TrialStep.select(TrialStep.day)
        .where(TrialStep.trial_action == row["id"], TrialStep.went_to == "practice_shift")
        .first()
    )
    released = insight.waves_with_release(settings)
    waves = await Wave.select(Wave.name, Wave.opens).where(Wave.name.is_in([*released, ""]))
    since = (row["end_wave"] or "~") if step is None else ""
    later = sorted(
        wave["name"]
        for wave in waves
        if (wave["name"] > since if step is None else wave["opens"] > step["day"])
    )
    units = await units_of(row["id"], "tried")
    return tuple(LaterWave(name, held(settings, name, units)) for name in later[-WAVES_TO_HOLD:])


def is_held(later: Sequence[LaterWave]) -> bool:
    """Whether two later waves held: fewer waves, or one that tells nothing, is no."""
    return len(later) == WAVES_TO_HOLD and all(one.held == "held" for one in later)


# --- rows ----------------------------------------------------------------------------------------


async def stored(code: str) -> dict[str, Any]:
    """The row of a trial action; raises NotFoundHere for an unknown code."""
    return await the_row(TrialAction, TrialAction.code == code)


async def owners_of(row: Mapping[str, Any]) -> tuple[str, ...]:
    """The codes of the units that own a trial; of one from a file, those that tried."""
    rows = (
        await TrialOwner.select(TrialOwner.unit.code.as_alias("code"))
        .where(TrialOwner.trial_action == row["id"])
        .order_by(TrialOwner.id)
    )
    return tuple(one["code"] for one in rows) or await units_of(row["id"], "tried")


async def units_of(trial: int, role: str) -> tuple[str, ...]:
    rows = (
        await TrialUnit.select(TrialUnit.unit.code.as_alias("code"))
        .where(TrialUnit.trial_action == trial, TrialUnit.role == role)
        .order_by(TrialUnit.id)
    )
    return tuple(one["code"] for one in rows)


async def _changed(row: Mapping[str, Any], version: int, values: Mapping[Any, Any]) -> None:
    """Update by compare-and-set: nobody writes over what they have not seen."""
    changed = (
        await TrialAction.update({**values, "version": version + 1})
        .where(TrialAction.id == row["id"], TrialAction.version == version)
        .returning(TrialAction.id)
    )
    if not changed:
        raise ChangedMeanwhile


async def _own(trial: int, owners: Sequence[str]) -> None:
    """The owners, who are also those that try until lots are drawn."""
    ids = await _ids(owners)
    await TrialOwner.delete().where(TrialOwner.trial_action == trial)
    await TrialOwner.insert(*(TrialOwner(trial_action=trial, unit=ids[one]) for one in owners))
    await TrialUnit.delete().where(TrialUnit.trial_action == trial)
    await _members(trial, {"tried": owners})
    await TrialAction.update({TrialAction.randomised: False}).where(TrialAction.id == trial)


async def _join(trial: int, units: Sequence[str]) -> None:
    rows = await TrialUnit.select(TrialUnit.unit.code.as_alias("code")).where(
        TrialUnit.trial_action == trial
    )
    there = {row["code"] for row in rows}
    await _members(trial, {"added": [one for one in units if one not in there]})


async def _members(trial: int, units: Mapping[str, Sequence[str]]) -> None:
    ids = await _ids([one for some in units.values() for one in some])
    rows = [
        TrialUnit(trial_action=trial, unit=ids[one], role=role)
        for role, some in units.items()
        for one in some
    ]
    if rows:
        await TrialUnit.insert(*rows)


async def _ids(codes: Sequence[str]) -> dict[str, int]:
    rows = await Unit.select(Unit.id, Unit.code).where(Unit.code.is_in([*codes, ""]))
    found = {row["code"]: row["id"] for row in rows}
    if set(codes) - set(found):
        raise NotFoundHere
    return found


async def _names(codes: Sequence[str]) -> list[str]:
    tree = await organisation.tree(None)
    return [tree[code].name for code in codes if code in tree]


async def _step(  # noqa: PLR0913 - the columns of a step
    trial: int,
    *,
    by: int | None,
    day: date,
    went_to: str,
    came_from: str | None = None,
    text: str = "",
) -> None:
    about: dict[str, Any] = {"trial_action": trial, "account": by, "day": day}
    await TrialStep.insert(TrialStep(came_from=came_from, went_to=went_to, said=text, **about))


def _refuse(problems: Mapping[str, KernepulsError]) -> None:
    for problem in problems.values():
        raise problem
