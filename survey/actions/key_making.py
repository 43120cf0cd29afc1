"""Making a wave's keys at its approval, on the server or with the opening one on three sheets."""

import asyncio
import shutil
from collections.abc import Sequence
from typing import Final

from survey.delivery import sheets as printed
from survey.house import Organisation
from survey.intake import disk, keys
from survey.intake.split import Sheet
from survey.settings import Settings
from survey.tables import Wave

# What Wave.key_sheets says; null where the server has the key.
MADE: Final = "made"
DRILLED: Final = "drilled"
DESTROYED: Final = "destroyed"


async def make_keys(
    settings: Settings, fields: Organisation, wave: Wave, *, on_sheets: bool | None
) -> str | None:
    """Make what is missing, and give what Wave.key_sheets shall say.

    Keys that are there stay, unless `on_sheets` says where the opening one shall be. From here on
    no older drill counts for new sheets.
    """
    name = wave.name
    if on_sheets:
        await Wave.update({Wave.key_sheets: MADE}).where(Wave.id == wave.id)
        clear_sheets(settings, name)
        await asyncio.to_thread(
            keys.make_on_sheets,
            settings,
            name,
            lambda made: _print(settings, fields, wave, made),
        )
        return MADE
    if on_sheets is False and keys.on_sheets(settings, name):
        keys.destroy(settings, name)
    await asyncio.to_thread(keys.make, settings, name)
    if keys.on_sheets(settings, name):
        return wave.key_sheets or MADE
    clear_sheets(settings, name)
    return None


def clear_sheets(settings: Settings, wave: str) -> None:
    """Remove what was printed of a wave's sheets, with noise where the halves lay."""
    folder = printed.folder_of(settings, wave)
    for file in folder.glob("*") if folder.is_dir() else ():
        disk.overwrite(file)
    shutil.rmtree(folder, ignore_errors=True)


def _print(settings: Settings, fields: Organisation, wave: Wave, made: Sequence[Sheet]) -> None:
    for sheet in made:
        printed.keep_sheet(
            settings, fields, wave.name, wave.closes, trustee=sheet.trustee, groups=sheet.groups
        )
