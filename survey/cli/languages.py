"""`kernepuls languages`: a language of the organisation's own for those who answer."""

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from survey import engine, settings
from survey.actions.languages import (
    BEHAVIOURS,
    LanguageNotThere,
    behaviour_texts,
    file_of,
    keep_language,
    remove_language,
)
from survey.cli import spoken
from survey.pages.answering.languages import (
    Fault,
    LanguageFile,
    behaviour_faults,
    blank,
    faults,
    locale_of,
    parsed,
    read,
    require_whole,
)
from survey.settings import Settings
from survey.texts import Voice


@click.group()
def languages() -> None:
    """Add a language of your own for those who answer: a file to fill in, checked and added."""


@languages.command()
@click.argument("code")
@click.option("--to", "target", required=True, type=click.Path(path_type=Path, dir_okay=False))
def template(code: str, target: Path) -> None:
    """Write the file to fill in for the language CODE, such as pl, uk or ar.

    What is translated already is kept where the Danish is as it was.
    """
    where = settings.from_environment()
    locale_of(code)
    installed = file_of(where, code)
    before = read(installed) if installed.is_file() else None
    target.write_text(blank(code, asyncio.run(_behaviours(where)), before), encoding="utf-8")
    voice = Voice(spoken())
    click.echo(
        voice.gettext("Fill in %(file)s, and look it over with: kernepuls languages check %(file)s")
        % {"file": target}
    )


@languages.command()
@click.argument("name", metavar="FILE|CODE")
def check(name: str) -> None:
    """Say what is missing or wrong in a language file. Exit status 1 where it is not whole."""
    where = settings.from_environment()
    told = read(_named(where, name))
    blocking = faults(told)
    click.echo("\n".join(_lines(told, [*blocking, *_of_behaviours(where, told)])))
    if any(one.blocks for one in blocking):
        sys.exit(1)


@languages.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def add(file: Path) -> None:
    """Offer the language of FILE to those who answer; one that is there already is replaced."""
    where, data = settings.from_environment(), file.read_bytes()
    told = parsed(data, str(file))
    require_whole(told)

    async def at_work() -> None:
        async with engine.opened(where):
            await keep_language(where, code=told.language, data=data, by=None)

    asyncio.run(at_work())
    click.echo("\n".join(_lines(told, _of_behaviours(where, told))))


@languages.command()
@click.argument("code")
def remove(code: str) -> None:
    """Take the added language CODE off the form, and delete its file."""
    where = settings.from_environment()

    async def at_work() -> None:
        async with engine.opened(where):
            await remove_language(where, code=code, by=None)

    asyncio.run(at_work())
    click.echo(Voice(spoken()).gettext("%(code)s is no longer offered.") % {"code": code})


def _named(where: Settings, name: str) -> Path:
    """A file that is given, or that of a language that is added."""
    found = next((one for one in (Path(name), file_of(where, name)) if one.is_file()), None)
    if found is None:
        raise LanguageNotThere(name=name)
    return found


def _of_behaviours(where: Settings, told: LanguageFile) -> list[Fault]:
    return behaviour_faults(told, asyncio.run(_behaviours(where)))


async def _behaviours(where: Settings) -> dict[str, str]:
    async with engine.opened(where):
        return await behaviour_texts()


def _lines(told: LanguageFile, found: list[Fault]) -> Iterator[str]:
    voice = Voice(spoken())
    named = {"name": told.name, "code": told.language}
    if any(one.blocks for one in found):
        yield voice.gettext("%(name)s (%(code)s) is not whole, so it is not offered.") % named
    else:
        yield voice.gettext("%(name)s (%(code)s) is whole.") % named
    yield from (f"  {one.key}: {voice.gettext(one.problem)}" for one in found)
    if any(one.key.startswith(BEHAVIOURS) for one in found):
        yield voice.gettext(
            "A form about a behaviour that is not translated comes in Danish or English."
        )
