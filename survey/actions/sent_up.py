"""Barriers sent up to those who can remove them, each with a date, and what they answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from survey import audit
from survey.actions.rows import the_row
from survey.actor import Actor, Role
from survey.engine import transaction
from survey.errors import N_, BadInput, ChangedMeanwhile, KernepulsError, Refused
from survey.insight.printed import Kind, wrong_text
from survey.organisation import Tree
from survey.tables import Escalation, EscalationUnit, Unit
from survey.texts import content

LEVELS: Final = ("parent", "two_units", "managers", "board", "council_law")
OF_HR: Final = ("board", "council_law")  # a coordinator writes down what these have answered
TEXTS: Final = ("experience", "citizen", "tried", "ask")
LONGEST: Final = timedelta(weeks=26)
WITH_TEXT: Final = ("no_because", "we_try")


class NobodyAbove(BadInput):
    sentence = N_("There is nobody there above the unit itself. Choose another level.")


class OtherUnitWanted(BadInput):
    sentence = N_("Write which other unit it goes to.")


class DayOutOfReach(BadInput):
    sentence = N_("Choose a day after today, and within half a year.")


class AnswerUnfinished(BadInput):
    sentence = N_("Write the reason, or what you will try.")


class AnsweredAlready(Refused):
    sentence = N_("There is an answer already. It stands here and is not written over.")


@dataclass(frozen=True, slots=True)
class Letter:
    """A card as it is sent: from one or two units, to a level, with a date for the answer."""

    senders: tuple[str, ...]
    level: str
    experience: str
    citizen: str
    tried: str
    ask: str
    answer_by: date | None
    barrier: str = ""
    other: str = ""  # the unit it goes to, where that is neither above nor the same

    def problems(self, tree: Tree, today: date) -> dict[str, KernepulsError]:
        """What is wrong, by field."""
        found: dict[str, KernepulsError] = {}
        if self.level and self.senders:
            if self.level == "two_units" and self.other in ("", *self.senders):
                found["other"] = OtherUnitWanted()
            elif not receivers(self, tree):
                found["level"] = NobodyAbove()
        if self.answer_by and not today < self.answer_by <= today + LONGEST:
            found["answer_by"] = DayOutOfReach()
        units = [tree[code].name for code in (*self.senders, self.other) if code in tree]
        for name in TEXTS:
            kind: Kind = "report" if name == "ask" else "inside"
            problem = wrong_text(getattr(self, name), kind, units=units)
            if problem is not None:
                found[name] = problem
        return found


def answers() -> tuple[str, ...]:
    return tuple(
        one["key"] for one in content("report_language")["escalation_card"]["answer_options"]
    )


def receivers(letter: Letter, tree: Tree) -> tuple[str, ...]:
    """The units whose leadership teams answer; none where there is nobody above.

    Above two units is the nearest they share; what the council or the law decides goes by way of
    the executive board.
    """
    root = tree.root.code
    match letter.level:
        case "two_units":
            return (letter.other,) if letter.other in tree else ()
        case "parent":
            shared = [set(tree.ancestors(code)) for code in letter.senders]
            above = tree.ancestors(letter.senders[0])
            return tuple(one for one in above if all(one in some for some in shared))[:1]
        case "managers":
            centres = [tree.centre_of(code) for code in letter.senders]
            found = dict.fromkeys(one for one in centres if one and one not in letter.senders)
            return tuple(found)
        case "board":
            return () if root in letter.senders else (root,)
        case _:
            return (root,)


def may_answer(actor: Actor, level: str, to: Sequence[str]) -> bool:
    """The leadership team of a receiver; for the board and the council a coordinator too."""
    if actor.role is Role.COORDINATOR:
        return level in OF_HR
    return actor.role is Role.LEADERSHIP_TEAM and not actor.own.isdisjoint(to)


async def send_up(letter: Letter, tree: Tree, *, by: int | None, once: str, today: date) -> str:
    """Send a card and return its code. A form sent twice is one card."""
    for problem in letter.problems(tree, today).values():
        raise problem
    texts: dict[str, Any] = {name: getattr(letter, name) for name in TEXTS}
    texts |= {"level": letter.level, "barrier": letter.barrier or None}
    async with transaction():
        made = await Escalation.insert(
            Escalation(code=once, once=once, answer_by=letter.answer_by, sent_on=today, **texts)
        ).on_conflict(target=Escalation.once, action="DO NOTHING")
        if not made:
            return str((await the_row(Escalation, Escalation.once == once))["code"])
        card, code = made[0]["id"], f"S{made[0]['id']}"
        await Escalation.update({Escalation.code: code}).where(Escalation.id == card)
        await _units(card, {"sender": letter.senders, "receiver": receivers(letter, tree)})
        await audit.record(by=by, what="sent up", on_what=code, day=today)
    return code


async def answer(  # noqa: PLR0913 - what is answered, by whom, from which version
    code: str, chosen: str, text: str, *, by: int | None, version: int, today: date
) -> None:
    """Answer a card, once. Raises AnsweredAlready, AnswerUnfinished or ChangedMeanwhile."""
    if chosen not in answers() or (chosen in WITH_TEXT and not text):
        raise AnswerUnfinished
    problem = wrong_text(text, "report")
    if problem is not None:
        raise problem
    async with transaction():
        row = await stored(code)
        if row["answer"]:
            raise AnsweredAlready
        changed = (
            await Escalation.update(
                {"answer": chosen, "answer_text": text, "answered_on": today,
                 "version": version + 1}
            )
            .where(Escalation.id == row["id"], Escalation.version == version)
            .returning(Escalation.id)
        )  # fmt: skip
        if not changed:
            raise ChangedMeanwhile
        await audit.record(by=by, what=f"answered {chosen} to", on_what=code, day=today)


async def stored(code: str) -> dict[str, Any]:
    """The row of a card; raises NotFoundHere for an unknown code."""
    return await the_row(Escalation, Escalation.code == code)


async def _units(card: int, units: Mapping[str, Sequence[str]]) -> None:
    codes = [code for some in units.values() for code in some]
    rows = await Unit.select(Unit.id, Unit.code).where(Unit.code.is_in([*codes, ""]))
    ids = {row["code"]: row["id"] for row in rows}
    await EscalationUnit.insert(
        *(
            EscalationUnit(escalation=card, unit=ids[code], role=role)
            for role, some in units.items()
            for code in some
        )
    )
