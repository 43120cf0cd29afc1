"""Behaviours written on a page. What a wave has asked is never changed: it gets a successor.

Printed cards say what they said, and a trend across two wordings would be none.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from survey import audit, organisation
from survey.engine import transaction
from survey.errors import N_, BadInput, ChangedMeanwhile, KernepulsError, NotFoundHere, Refused
from survey.importing.cells import CPR
from survey.insight.printed import wrong_text
from survey.linter import Verdict, lint
from survey.tables import Behaviour, BehaviourScope, Unit, Wave, WaveBehaviour
from survey.texts import content

Row: TypeAlias = dict[Any, Any]  # column -> value, as Piccolo takes it
# What staff read: on cards, in mails, in the form, and in the report.
WORDS: Final = (
    *("core_task", "text", "situation", "short"),
    *("core_task_en", "text_en", "situation_en", "short_en"),
)
PRINTED: Final = ("core_task", "text", "core_task_en", "text_en")  # in the report
OVER: Final = ("draft", "released")  # a wave in another state rests on its scopes as they are


class HoldsCpr(BadInput):
    sentence = N_("This holds something like a CPR number, which is never stored. Take it out.")


class NearlyConcrete(BadInput):
    sentence = N_("Change the sentence, or use it anyway: one press is enough.")


class ReasonWanted(BadInput):
    sentence = N_("Change the sentence, or write why you think it is concrete.")


class WaveUnderWay(Refused):
    sentence = N_(
        "Wave {wave} is under way and asks about this behaviour, so its units stay as they are "
        "until the result is there. Nothing was changed."
    )


class InAPlan(Refused):
    sentence = N_(
        "The plan of wave {wave} asks about this behaviour. Nothing was changed. Take it out of "
        "the plan first."
    )


@dataclass(frozen=True, slots=True)
class Written:
    """A behaviour as it was typed; `anyway` where a nearly concrete sentence is used as it is."""

    text: str
    situation: str
    core_task: str = ""
    short: str = ""
    core_task_en: str = ""
    text_en: str = ""
    situation_en: str = ""
    short_en: str = ""
    units: tuple[str, ...] = ()
    self_checks: tuple[str, ...] = ()
    reason: str = ""
    anyway: bool = False

    @property
    def verdict(self) -> Verdict:
        return lint(self.text, has_core_task=bool(self.core_task))

    def words(self) -> Row:
        """What staff read of it, as it is stored: an empty text is none."""
        told: Row = {name: getattr(self, name) or None for name in WORDS}
        return told | {"text": self.text, "situation": self.situation}

    def judged(self) -> Row:
        """What was said of it; a reason belongs to a stop alone."""
        verdict = self.verdict.verdict
        return {
            "verdict": verdict,
            "reason": self.reason or None if verdict == "stop" else None,
            "self_checks": ";".join(self.self_checks) or None,
        }

    def problems(self) -> dict[str, KernepulsError]:
        """What keeps it from being saved, by field; `verdict` is what the linter asks."""
        found: dict[str, KernepulsError] = {}
        for name in (*WORDS, "reason"):
            if CPR.search(getattr(self, name)):
                found[name] = HoldsCpr()
        for name in (*WORDS, "reason"):
            problem = wrong_text(getattr(self, name), "task" if name in PRINTED else "inside")
            if problem is not None:
                found.setdefault(name, problem)
        if self.text and self.verdict.verdict == "stop" and not self.reason:
            found["reason"] = ReasonWanted()
        elif self.text and self.verdict.verdict == "fix" and not self.anyway:
            found["verdict"] = NearlyConcrete()
        return found


@dataclass(frozen=True, slots=True)
class Stored:
    """A behaviour and what rests on it: its scope, and the waves that ask it with their states."""

    row: Row
    units: tuple[str, ...]
    waves: Mapping[str, str]

    @property
    def id(self) -> int:
        return int(self.row["id"])

    @property
    def asked(self) -> tuple[str, ...]:
        """The waves that have frozen its words."""
        return tuple(name for name, state in self.waves.items() if state != "draft")

    @property
    def planned(self) -> tuple[str, ...]:
        return tuple(name for name, state in self.waves.items() if state == "draft")

    @property
    def under_way(self) -> tuple[str, ...]:
        return tuple(name for name, state in self.waves.items() if state not in OVER)


def self_checks() -> tuple[str, ...]:
    return tuple(one["id"] for one in content("behaviours")["self_checks"])


async def every() -> list[Stored]:
    """Every behaviour, those in use first, then as they were written."""
    scopes, waves = await organisation.scopes(), await _waves()
    rows = await Behaviour.select().order_by(Behaviour.id)
    rows.sort(key=lambda row: not row["active"])
    return [
        Stored(dict(row), scopes.get(row["code"], ()), waves.get(row["code"], {})) for row in rows
    ]


async def stored(code: str) -> Stored:
    """One behaviour; raises NotFoundHere for an unknown code."""
    found = next((one for one in await every() if one.row["code"] == code), None)
    if found is None:
        raise NotFoundHere
    return found


async def write(written: Written, *, by: int | None, once: str) -> str:
    """Save a new behaviour and return its code. A form sent twice is one behaviour."""
    _check(written)
    async with transaction():
        if (earlier := await _made(once)) is not None:
            return earlier
        return await _insert(written, by=by, once=once)


async def rewrite(code: str, written: Written, *, by: int | None, version: int, once: str) -> str:
    """Save what was changed and return the code: a new one where a wave has asked the old words.

    The old one is then taken out of use, and plans ask the new one. A plan that changes what the
    works committee has read asks for its word again. Raises ChangedMeanwhile, WaveUnderWay.
    """
    _check(written)
    async with transaction():
        if (earlier := await _made(once)) is not None:
            return earlier
        before = await stored(code)
        if _is_same(before, written):
            return code
        if before.asked and any(before.row[name] != text for name, text in written.words().items()):
            await _set(before, {"active": False}, version)
            new = await _insert(written, by=by, once=once, follows=before)
            await _plan_instead(before, new)
            return new
        if before.under_way and set(before.units) != set(written.units):
            raise WaveUnderWay(wave=before.under_way[0])
        await _set(before, written.words() | written.judged(), version)
        await _reach(before.id, written.units)
        await _ask_again(before)
        await audit.record(by=by, what="changed behaviour", on_what=code)
        return code


async def retire(code: str, *, by: int | None, version: int) -> None:
    """Take a behaviour out of use; its results stay. Raises InAPlan, ChangedMeanwhile."""
    async with transaction():
        before = await stored(code)
        if before.planned:
            raise InAPlan(wave=before.planned[0])
        if before.row["active"]:
            await _set(before, {"active": False}, version)
            await audit.record(by=by, what="retired behaviour", on_what=code)


async def bring_back(code: str, *, by: int | None, version: int) -> None:
    """Take a behaviour into use again, with the words and units it had."""
    async with transaction():
        before = await stored(code)
        if not before.row["active"]:
            await _set(before, {"active": True}, version)
            await audit.record(by=by, what="brought behaviour back", on_what=code)


def _check(written: Written) -> None:
    for problem in written.problems().values():
        raise problem


def _is_same(before: Stored, written: Written) -> bool:
    values = written.words() | written.judged()
    same_units = set(before.units) == set(written.units)
    return same_units and all(before.row[name] == value for name, value in values.items())


async def _made(once: str) -> str | None:
    row = await Behaviour.select(Behaviour.code).where(Behaviour.once == once).first()
    return str(row["code"]) if row else None


async def _insert(
    written: Written, *, by: int | None, once: str, follows: Stored | None = None
) -> str:
    row = Behaviour(code=once, once=once, **written.words(), **written.judged())
    [made] = await Behaviour.insert(row)
    if follows is None:
        code, what = await _free(f"A{made['id']}"), "wrote behaviour"
    else:
        old = follows.row["code"]
        base = old.rpartition("-")[0] if follows.row["follows"] else old
        code, what = await _free(base), "rewrote behaviour"
        await Behaviour.update({Behaviour.follows: old}).where(Behaviour.id == made["id"])
    await Behaviour.update({Behaviour.code: code}).where(Behaviour.id == made["id"])
    await _reach(made["id"], written.units)
    await audit.record(by=by, what=what, on_what=code)
    return code


async def _free(base: str) -> str:
    """The code itself, else the first of base-2, base-3 ... that nobody has."""
    taken = {row["code"] for row in await Behaviour.select(Behaviour.code)}
    number, code = 2, base
    while code in taken:
        code, number = f"{base}-{number}", number + 1
    return code


async def _set(before: Stored, values: Row, version: int) -> None:
    """Compare and set: somebody else may have saved since the form was made."""
    now: Row = {**values, "version": version + 1}
    changed = (
        await Behaviour.update(now)
        .where(Behaviour.id == before.id, Behaviour.version == version)
        .returning(Behaviour.id)
    )
    if not changed:
        raise ChangedMeanwhile


async def _reach(behaviour: int, units: tuple[str, ...]) -> None:
    rows = await Unit.select(Unit.id, Unit.code).where(Unit.code.is_in([*units, ""]))
    ids = {row["code"]: row["id"] for row in rows}
    await BehaviourScope.delete().where(BehaviourScope.behaviour == behaviour)
    if ids:
        await BehaviourScope.insert(
            *(BehaviourScope(behaviour=behaviour, unit=ids[unit]) for unit in units if unit in ids)
        )


async def _plan_instead(before: Stored, code: str) -> None:
    """Plans that asked the old behaviour ask the new one."""
    await _ask_again(before)
    drafts = await Wave.select(Wave.id).where(Wave.name.is_in([*before.planned, ""]))
    new = await Behaviour.select(Behaviour.id).where(Behaviour.code == code).first()
    if drafts and new:
        await WaveBehaviour.update({WaveBehaviour.behaviour: new["id"]}).where(
            WaveBehaviour.behaviour == before.id,
            WaveBehaviour.wave.is_in([row["id"] for row in drafts]),
        )


async def _ask_again(before: Stored) -> None:
    """The committee has read another text: its word is asked for again, as for a changed plan."""
    if before.planned:
        await Wave.update({Wave.version: Wave.version + 1, Wave.med_date: None}).where(
            Wave.name.is_in([*before.planned])
        )


async def _waves() -> dict[str, dict[str, str]]:
    """Behaviour -> the waves that ask it, in time order, with their states."""
    found: dict[str, dict[str, str]] = {}
    rows = await WaveBehaviour.select(
        WaveBehaviour.behaviour.code.as_alias("behaviour"),
        WaveBehaviour.wave.name.as_alias("wave"),
        WaveBehaviour.wave.state.as_alias("state"),
    )
    for row in sorted(rows, key=lambda row: row["wave"]):
        found.setdefault(row["behaviour"], {})[row["wave"]] = row["state"]
    return found
