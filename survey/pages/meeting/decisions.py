"""What a unit has decided and not yet closed: words, dates and no numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from survey.actions.trials_states import state_name, waits_too_long
from survey.insight import opened
from survey.organisation import state_of
from survey.pages.trials.views import known, opened_on
from survey.texts import Voice

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
