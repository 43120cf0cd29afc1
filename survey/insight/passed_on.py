"""What was sent up and what was answered, as a report tells it: by level and week, no person."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from analysis.report import PassedOn
from analysis.report.sections.tried import sent_and_answered
from analysis.wording import sentences
from analysis.wording.voice import inside, listed
from survey import organisation
from survey.tables import Escalation, EscalationUnit, Wave
from survey.texts import Voice


async def passed_on(wave: Wave, *, voice: Voice) -> tuple[PassedOn, ...]:
    """The cards a report of a wave tells, oldest first.

    As they stood when the wave closed: those without an answer, and those answered since the wave
    before it closed. What is answered later stands in the next report.
    """
    before = await Wave.select(Wave.closes).where(Wave.closes < wave.closes)
    since = max((row["closes"] for row in before), default=date.min)
    units = await units_of_cards()
    named = await organisation.unit_names(codes_of(units))
    rows = await Escalation.select().where(Escalation.sent_on <= wave.closes)
    found = []
    for row in sorted(rows, key=lambda row: (row["sent_on"], row["id"])):
        one = card_told(voice, row, units[row["id"]], named, on=wave.closes)
        if not (one.answer and row["answered_on"] <= since):
            found.append(one)
    return tuple(found)


def card_told(
    voice: Voice,
    row: Mapping[str, Any],
    units: Mapping[str, Sequence[str]],
    named: Mapping[str, str],
    *,
    on: date,
) -> PassedOn:
    """A card as it stood on a day: an answer that came later is not known yet."""
    is_known = row["answered_on"] is not None and row["answered_on"] <= on
    return PassedOn(
        units=tuple(units.get("sender", ())),
        level=level_inside(voice, row["level"], units.get("receiver", ()), named),
        sent_on=row["sent_on"],
        ask=row["ask"],
        answer=row["answer"] if is_known else "",
        answer_text=row["answer_text"] if is_known else "",
        answer_by=row["answer_by"],
        overdue=not is_known and row["answer_by"] < on,
    )


def told(voice: Voice, card: PassedOn) -> str:
    """Where a card stands, as the report says it: the group's, never a person's."""
    return sent_and_answered(voice, card)


async def units_of_cards() -> Mapping[int, Mapping[str, tuple[str, ...]]]:
    """Card -> "sender" or "receiver" -> the codes of its units."""
    found: dict[int, dict[str, tuple[str, ...]]] = defaultdict(dict)
    rows = await EscalationUnit.select(
        EscalationUnit.escalation, EscalationUnit.role, EscalationUnit.unit.code.as_alias("code")
    ).order_by(EscalationUnit.id)
    for row in rows:
        ours = found[row["escalation"]]
        ours[row["role"]] = (*ours.get(row["role"], ()), row["code"])
    return found


def codes_of(units: Mapping[int, Mapping[str, tuple[str, ...]]]) -> set[str]:
    """Every unit of the cards."""
    return {code for ours in units.values() for some in ours.values() for code in some}


def level_inside(voice: Voice, level: str, to: Sequence[str], named: Mapping[str, str]) -> str:
    """Who it went to, inside a sentence: a group or a unit, never somebody."""
    if level in ("parent", "two_units"):
        return listed(voice, [named.get(code, code) for code in to])
    return inside(sentences.address_name(voice, level))
