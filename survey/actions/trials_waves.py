"""Between which waves a trial action lies: the last one closed before it, the first one after it.

The next wave is then asked whether anybody noticed, and its release tells what moved. Once that
wave has opened nothing of it changes, so what is measured is known before it is.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from survey.organisation import has_run
from survey.tables import TrialAction, Wave

AHEAD: Final = ("draft", "approved")  # a wave that nobody has answered


async def settle() -> None:
    """Place every trial written on a page, in the transaction that is open.

    Asked for when a trial is saved, and before a wave opens: its plan may be newer than the trial.
    """
    waves = await Wave.select(Wave.name, Wave.opens, Wave.closes, Wave.state).order_by(Wave.opens)
    state = {wave["name"]: wave["state"] for wave in waves}
    for trial in await TrialAction.select().where(TrialAction.once.is_not_null()):
        if state.get(trial["end_wave"] or "", AHEAD[0]) not in AHEAD:
            continue
        start, end = between(trial, waves)
        if (start, end) != (trial["start_wave"], trial["end_wave"]):
            await TrialAction.update(
                {TrialAction.start_wave: start, TrialAction.end_wave: end}
            ).where(TrialAction.id == trial["id"])


async def begin_again(trial: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that let a trial be measured anew, where its first measurement is released.

    While the wave that measures it is not, the first run keeps it.
    """
    if await _state_of_wave_after(trial) not in ("released", "held"):
        return {}
    return {"start_wave": "", "end_wave": None}


async def is_measured_now(trial: Mapping[str, Any]) -> bool:
    """Whether the wave after a trial is being answered: then nothing measured may change."""
    return await _state_of_wave_after(trial) in ("open", "closing")


async def _state_of_wave_after(trial: Mapping[str, Any]) -> str | None:
    row = await Wave.select(Wave.state).where(Wave.name == (trial["end_wave"] or "")).first()
    return row["state"] if row else None


def between(trial: Mapping[str, Any], waves: Sequence[Mapping[str, Any]]) -> tuple[str, str | None]:
    """The waves before and after a trial; "" and None where there is none, or it never ran.

    It ends with the later of its last day and its stop date, or on the day its learning was
    written. A wave that is open while it runs is neither: its answers tell of four weeks.
    """
    if not has_run(trial) or trial["starts"] is None:
        return "", None
    planned = [day for day in (trial["ends"], trial["stop_date"]) if day is not None]
    last = min([max(planned, default=trial["starts"]), *filter(None, [trial["ended_on"]])])
    before = [
        wave["name"]
        for wave in waves
        if wave["closes"] < trial["starts"] and wave["state"] not in ("held", *AHEAD)
    ]
    after = (wave["name"] for wave in waves if wave["opens"] > last and wave["state"] in AHEAD)
    return max(before, default=""), min(after, default=None)
