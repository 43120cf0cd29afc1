"""The states of a trial action, where each leads, and what a step asks for; the content decides."""

from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from typing import Any, Final

from survey.organisation import state_of
from survey.texts import Voice, content

DAYS_TO_DECIDE: Final = 90  # after the stop date, decision in measurement 5
CARD_OPEN: Final = ("idea", "agreed", "adjusted")  # what is tried, where and when may be rewritten
UNDECIDED: Final = ("agreed", "running", "learned")
LEARNED: Final = ("learned", "adjusted", "scaled", "practice_shift", "embedded")
PERIOD: Final = ("starts", "ends", "stop_date")


@cache
def following() -> Mapping[str, tuple[str, ...]]:
    """Every state, in the order of a trial's life -> the states it may go to."""
    return {one["key"]: tuple(one["next"]) for one in content("report_language")["trial_states"]}


@cache
def gate_questions() -> tuple[str, ...]:
    return tuple(
        one["id"] for one in content("report_language")["practice_shift_gate"]["questions"]
    )


def state_name(voice: Voice, state: str) -> str:
    entries = {one["key"]: one for one in content("report_language")["trial_states"]}
    return voice.pick(entries[state])


def is_learned(trial: Mapping[str, Any]) -> bool:
    """Whether it taught something: a stopped one too, with the same mark as a scaled one."""
    state = state_of(trial)
    if state != "stopped":
        return state in LEARNED
    return trial["ended_on"] is not None or (trial["once"] is None and trial["end_wave"])


def asks(came_from: str, to: str) -> tuple[str, ...]:
    """The fields a step cannot do without, by name."""
    match to:
        case "running" if came_from != "agreed":
            return PERIOD
        case "learned" | "stopped":
            return ("learned",)
        case "adjusted" | "scaled":
            return ("said",)
        case "practice_shift":
            return gate_questions()
        case _:
            return ()


def waits_too_long(trial: Mapping[str, Any], today: date, opened: Mapping[str, date]) -> bool:
    """Whether its decision has been waited for in more than 90 days after its stop date.

    A trial from a file has none: there the wave after it counts, `opened` by wave.
    """
    stopped = trial["stop_date"] or opened.get(trial["end_wave"] or "")
    if state_of(trial) not in UNDECIDED or stopped is None:
        return False
    return today - stopped > timedelta(days=DAYS_TO_DECIDE)
