"""Extending an open wave: a later last day, at most 28 days in all. Nothing is sent."""

from datetime import date

from survey import audit
from survey.actions.approval import stored_wave
from survey.actions.opening import today_here
from survey.actions.planning import DAYS
from survey.actions.reminding import WaveNotOpenNow
from survey.engine import transaction
from survey.errors import N_, BadInput, ChangedMeanwhile
from survey.tables import Wave


class NotLater(BadInput):
    sentence = N_(
        "Wave {wave} ends {closes} already. Nothing was changed. Choose a later day; to end it "
        "sooner, close it."
    )


class ExtendedIntoThePast(BadInput):
    sentence = N_("{closes} has passed. Nothing was changed. Choose today or a later day.")


class ExtendedTooFar(BadInput):
    sentence = N_(
        "A wave is open {most} days at most, the first and the last counted, so the latest day is "
        "{latest}. Nothing was changed."
    )


async def extend_wave(
    *, name: str, closes: date, version: int, by: int | None, today: date | None = None
) -> None:
    """Give an open wave a later last day; the same day again changes nothing.

    `version` is that of the wave which was looked at. Raises WaveUnknown, WaveNotOpenNow, NotLater,
    ExtendedIntoThePast, ExtendedTooFar and ChangedMeanwhile.
    """
    wave = await stored_wave(name)
    if wave.state != "open":
        raise WaveNotOpenNow(wave=name)
    if closes == wave.closes and version != wave.version:
        return  # the form was sent twice
    if closes <= wave.closes:
        raise NotLater(wave=name, closes=wave.closes)
    if closes < (today or today_here()):
        raise ExtendedIntoThePast(closes=closes)
    latest = latest_day(wave.opens)
    if closes > latest:
        raise ExtendedTooFar(most=DAYS[-1], latest=latest)
    async with transaction():
        changed = (
            await Wave.update({Wave.closes: closes, Wave.version: version + 1})
            .where((Wave.id == wave.id) & (Wave.version == version) & (Wave.state == "open"))
            .returning(Wave.id)
        )
        if not changed:
            raise ChangedMeanwhile
        await audit.record(by=by, what="extended wave", on_what=name)


def latest_day(opens: date) -> date:
    """The last day that a wave may have."""
    return date.fromordinal(opens.toordinal() + DAYS[-1] - 1)
