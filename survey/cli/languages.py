"""`kernepuls languages`: a language of the organisation's own for those who answer."""

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from survey import engine, settings
from survey.cli import spoken
from survey.errors import N_, BadInput
from survey.pages.answering.languages import (
    BEHAVIOURS,
    FOLDER,
    Fault,
    LanguageFile,
    behaviour_faults,
    blank,
    faults,
    locale_of,
    read,
)
from survey.settings import Settings
from survey.tables import Behaviour
from survey.texts import Voice

TEXTS = {"text": "sentence", "situation": "situation", "core_task": "core_task"}


class LanguageNotWhole(BadInput):
    sentence = N_(
        "The language {code} is not whole, so it was not added. Nothing was changed. "
        "See: kernepuls languages check {file}"
    )


class LanguageNotThere(BadInput):
    sentence = N_("There is no file and no added language called {name}.")


@click.group()
def languages() -> None:
    """Languages of your own for those who answer, each in one file."""


@languages.command()
@click.argument("code")
@click.option("--to", "target", required=True, type=click.Path(path_type=Path, dir_okay=False))
def template(code: str, target: Path) -> None:
    """Write the file to fill in for the language CODE, such as pl, uk or ar.

    What is translated already is kept where the Danish is as it was.
    """
    where = settings.from_environment()
    locale_of(code)
    installed = _installed(where, code)
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
    where = settings.from_environment()
    told = read(file)
    if any(one.blocks for one in faults(told)):
        raise LanguageNotWhole(code=told.language, file=file)
    target = _installed(where, told.language)
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = target.with_suffix(".part")
    part.write_bytes(file.read_bytes())
    part.replace(target)
    click.echo("\n".join(_lines(told, _of_behaviours(where, told))))


def _installed(where: Settings, code: str) -> Path:
    return where.data / FOLDER / f"{code}.yaml"


def _named(where: Settings, name: str) -> Path:
    """A file that is given, or that of a language that is added."""
    found = next((one for one in (Path(name), _installed(where, name)) if one.is_file()), None)
    if found is None:
        raise LanguageNotThere(name=name)
    return found


def _of_behaviours(where: Settings, told: LanguageFile) -> list[Fault]:
    return behaviour_faults(told, asyncio.run(_behaviours(where)))


async def _behaviours(where: Settings) -> dict[str, str]:
    """Name in the file -> Danish, of every behaviour that may be asked about."""
    async with engine.opened(where):
        rows = await Behaviour.select().order_by(Behaviour.code)
    return {
        f"{BEHAVIOURS}{row['code']}.{name}": row[column]
        for row in rows
        for column, name in TEXTS.items()
        if row["active"] and row[column]
    }


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
