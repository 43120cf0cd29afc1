"""The three key sheets of a wave: made at approval, tried before it opens, destroyed after it."""

from collections.abc import Sequence
from pathlib import Path

from survey import audit, house
from survey.actions.alone import alone
from survey.actions.approval import WaveOpenAlready, stored_wave
from survey.actions.key_making import DESTROYED, DRILLED, clear_sheets
from survey.delivery import sheets as printed
from survey.engine import transaction
from survey.errors import N_, Refused
from survey.intake import keys
from survey.intake.refusals import SheetsNotTried
from survey.intake.split import Sheet
from survey.settings import Settings
from survey.tables import Wave


class KeyNotOnSheets(Refused):
    sentence = N_("The key of wave {wave} is not on sheets. Nothing was changed.")


class SheetsInUse(Refused):
    sentence = N_(
        "Wave {wave} has not closed, so its key sheets are still needed. Nothing was changed."
    )


async def drill(settings: Settings, *, name: str, sheets: Sequence[Sheet], by: int | None) -> None:
    """Open a test envelope with every pair of the three sheets, write it down, remove the files.

    Raises KeyNotOnSheets, WaveOpenAlready, and what `keys.drill` raises.
    """
    with alone(settings):
        wave = await to_try(name)
        keys.drill(settings, name, sheets)
        clear_sheets(settings, name)
        async with transaction():
            await Wave.update({Wave.key_sheets: DRILLED}).where(Wave.id == wave.id)
            await audit.record(by=by, what="tried key sheets", on_what=name)


async def to_try(name: str) -> Wave:
    """A wave whose sheets may be tried. Raises KeyNotOnSheets or WaveOpenAlready."""
    wave = await _on_sheets(name)
    if wave.state not in ("draft", "approved"):
        raise WaveOpenAlready(wave=name)
    return wave


def check_tried(settings: Settings, wave: Wave) -> None:
    """Raise SheetsNotTried for a wave whose key is on sheets that were not tried."""
    if keys.on_sheets(settings, wave.name) and wave.key_sheets != DRILLED:
        raise SheetsNotTried(wave=wave.name)


async def asked_for(settings: Settings, name: str) -> bool:
    """Whether to close the wave, or to go on with it, takes two sheets now."""
    if not keys.on_sheets(settings, name):
        return False
    from survey.intake import closing  # noqa: PLC0415 - the whole analysis comes with it

    return await closing.needs_sheets(settings, name)


async def to_destroy(settings: Settings, name: str) -> Path | None:
    """The printed list of the sheets to destroy, once the wave is closed; None when it is done."""
    wave = await stored_wave(name)
    if wave.key_sheets in (None, DESTROYED):
        return None
    if wave.state not in ("released", "held"):
        raise SheetsInUse(wave=name)
    there = printed.list_file(settings, name)
    if there.exists():
        return there
    return printed.keep_list(settings, house.organisation(settings), name, wave.closes)


async def shredded(settings: Settings, *, name: str, by: int | None) -> bool:
    """Write down that all three are destroyed; False when it was written before."""
    wave = await _on_sheets(name)
    if wave.key_sheets == DESTROYED:
        return False
    if wave.state not in ("released", "held"):
        raise SheetsInUse(wave=name)
    async with transaction():
        await Wave.update({Wave.key_sheets: DESTROYED}).where(Wave.id == wave.id)
        await audit.record(by=by, what="destroyed key sheets", on_what=name)
    clear_sheets(settings, name)
    return True


async def _on_sheets(name: str) -> Wave:
    wave = await stored_wave(name)
    if wave.key_sheets is None:
        raise KeyNotOnSheets(wave=name)
    return wave
