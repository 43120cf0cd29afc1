"""The works committee (MED): it agrees to the plan of a wave, or sends it back with a reason."""

from datetime import date

from piccolo.columns import Column

from survey import audit
from survey.actions.approval import DiscussedAfterOpening, stored_wave
from survey.engine import transaction
from survey.errors import N_, ChangedMeanwhile, Refused
from survey.tables import Wave


class PlanDecided(Refused):
    sentence = N_("Wave {wave} is already approved, so its plan stands. Nothing was changed.")


async def agree(*, name: str, version: int, day: date, by: int | None) -> None:
    """Write down the day the committee discussed the version that was read.

    By a member of it, or by the coordinator, who was told. Raises DiscussedAfterOpening.
    """
    wave = await _draft(name)
    if day > wave.opens:
        raise DiscussedAfterOpening(med_date=day, opens=wave.opens)
    await _decide(wave, version, {"med_date": day, "sent_back": None}, by)


async def send_back(*, name: str, version: int, reason: str, by: int | None) -> None:
    """Give the plan back to the coordinator, who reads the reason beside it."""
    wave = await _draft(name)
    await _decide(wave, version, {"med_date": None, "sent_back": reason}, by)


async def _draft(name: str) -> Wave:
    wave = await stored_wave(name)
    if wave.state != "draft":
        raise PlanDecided(wave=name)
    return wave


async def _decide(
    wave: Wave, version: int, decided: dict[Column | str, date | str | None], by: int | None
) -> None:
    """The version stays: the plan is the same, and its form may still be open somewhere."""
    what = "agreed to wave" if decided["med_date"] else "sent back wave"
    async with transaction():
        changed = (
            await Wave.update(decided)
            .where((Wave.id == wave.id) & (Wave.version == version) & (Wave.state == "draft"))
            .returning(Wave.id)
        )
        if not changed:
            raise ChangedMeanwhile
        await audit.record(by=by, what=what, on_what=wave.name)
