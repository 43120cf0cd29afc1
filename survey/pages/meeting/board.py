"""What a unit has decided and not yet closed, and its board sheet: words, dates and no numbers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from survey import organisation
from survey.actions.trials_states import state_name, state_of, waits_too_long
from survey.insight import Told, listed, opened
from survey.insight.passed_on import card_told, units_of_cards
from survey.pages.trials.views import known, opened_on
from survey.tables import Escalation
from survey.texts import Voice, content

GOING_ON: Final = ("idea", "agreed", "running", "learned")


@dataclass(frozen=True, slots=True)
class Decision:
    """A trial action that the unit owns and that is not closed; `is_due` where it waits for it."""

    code: str
    name: str
    state: str
    stops: date | None
    is_over: bool  # past the day it was to stop
    is_due: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the board: its heading and what stands there; without any it is left to write."""

    heading: str
    said: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Board:
    title: str
    lines: tuple[Line, ...]
    thanks: str


async def decisions(unit: str, voice: Voice, today: date) -> tuple[Decision, ...]:
    """The trial actions of the very unit that are not closed, oldest first."""
    found, waves = await known(), await opened_on()
    ours = [
        row
        for row in reversed(found.rows)
        if unit in found.owners(row["id"]) and state_of(row) in GOING_ON
    ]

    def decision(row: Mapping[str, Any]) -> Decision:
        is_over = row["stop_date"] is not None and row["stop_date"] < today
        return Decision(
            row["code"],
            opened(row["name"]),
            state_name(voice, state_of(row)),
            row["stop_date"],
            is_over=is_over,
            is_due=is_over or state_of(row) == "learned" or waits_too_long(row, today, waves),
        )

    return tuple(map(decision, ours))


async def board(told: Told, open_: Sequence[Decision], voice: Voice, today: date) -> Board:
    """What the unit said, what it tries until when, and what it has passed on to whom."""
    texts, view = content("messages")["board_sheet"], told.view
    tried = [
        f"{one.name}. {voice.pick(texts['stop']).format(date=voice.full_date(one.stops))}"
        for one in open_
        if one.stops is not None and not one.is_due
    ]
    sent, places = await _sent(view.code, voice, today)
    return Board(
        voice.pick(texts["title"]).format(unit=view.name),
        (
            Line(voice.pick(texts["said"]), told.said),
            Line(voice.pick(texts["try"]), tuple(tried)),
            Line(voice.pick(texts["sent"]).format(parent=listed(voice, list(places)) or "…"), sent),
        ),
        voice.pick(texts["thanks"]),
    )


async def _sent(unit: str, voice: Voice, today: date) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What waits for an answer from above, and to whom; each says so where they are several."""
    rows = await Escalation.select().where(Escalation.answer.is_null()).order_by(Escalation.id)
    if not rows:
        return (), ()
    units = await units_of_cards()
    near = [row for row in rows if unit in units[row["id"]].get("sender", ())]
    named = await organisation.unit_names({code for row in near for code in _all(units[row["id"]])})
    ours = [card_told(voice, row, units[row["id"]], named, on=today) for row in near]
    by = voice.pick(content("messages")["board_sheet"]["answer_by"])
    places = tuple(dict.fromkeys(card.level for card in ours))
    said = tuple(
        f"{_to(card.level) if len(places) > 1 else ''}{card.ask} "
        f"{by.format(date=voice.full_date(card.answer_by))}"
        for card in ours
    )
    return said, places


def _to(place: str) -> str:
    return f"{opened(place)}: "


def _all(units: Mapping[str, Sequence[str]]) -> Iterator[str]:
    for some in units.values():
        yield from some
