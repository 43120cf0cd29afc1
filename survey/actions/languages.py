"""Languages that the organisation adds for those who answer: one file each in the data folder.

Whether a file is whole is for the pages to say, whose texts it holds.
"""

from pathlib import Path

from survey import audit
from survey.engine import transaction
from survey.errors import N_, BadInput
from survey.settings import Settings
from survey.tables import Behaviour

FOLDER = "languages"
BEHAVIOURS = "behaviours."  # what the name of a behaviour's text begins with in a file
TEXTS = {"text": "sentence", "situation": "situation", "core_task": "core_task"}


class LanguageNotThere(BadInput):
    sentence = N_("There is no file and no added language called {name}.")


def files(settings: Settings) -> list[Path]:
    """The file of each added language, in the order of their codes."""
    return sorted((settings.data / FOLDER).glob("*.yaml"))


def file_of(settings: Settings, code: str) -> Path:
    """Where the file of a language lies, or would lie."""
    return settings.data / FOLDER / f"{code}.yaml"


async def behaviour_texts() -> dict[str, str]:
    """Name in a file -> Danish, of every behaviour that may be asked about."""
    rows = await Behaviour.select().order_by(Behaviour.code)
    return {
        f"{BEHAVIOURS}{row['code']}.{name}": row[column]
        for row in rows
        for column, name in TEXTS.items()
        if row["active"] and row[column]
    }


async def keep_language(settings: Settings, *, code: str, data: bytes, by: int | None) -> None:
    """Put a file that is whole in its place, or in that of the one before."""
    target = file_of(settings, code)
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = target.with_suffix(".part")
    async with transaction():
        await audit.record(by=by, what="added language", on_what=code)
        part.write_bytes(data)
        part.replace(target)


async def remove_language(settings: Settings, *, code: str, by: int | None) -> None:
    """Take a language off every page, with its file; LanguageNotThere."""
    target = next((file for file in files(settings) if file.stem == code), None)
    if target is None:
        raise LanguageNotThere(name=code)
    async with transaction():
        await audit.record(by=by, what="removed language", on_what=code)
        target.unlink()
