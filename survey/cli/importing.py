"""`kernepuls import`: files of units, staff and behaviours in, told step by step."""

import asyncio
import json
import sys
import time
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from survey import engine, settings
from survey.cli import import_report as told
from survey.cli import spoken
from survey.importing import behaviours as behaviour_import
from survey.importing import mapping as columns
from survey.importing import professions, roster
from survey.importing import units as unit_import
from survey.importing.files import contents, table_of
from survey.importing.reading import Table
from survey.texts import Voice

PATIENCE: Final = 2.0  # seconds before a progress bar is worth its line
T = TypeVar("T")


@click.group("import")
def import_() -> None:
    """Import units, staff and behaviours from CSV or XLSX files."""


def common(command: Callable[..., None]) -> Callable[..., None]:
    """The file and the options that every import has."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Print the result as JSON."),
        click.option("--dry-run", is_flag=True, help="Show what would happen; save nothing."),
        click.option(
            "--mapping",
            type=click.Path(path_type=Path),
            help="A YAML file that says which heading is which column.",
        ),
        click.argument("file", type=click.Path(path_type=Path)),
    ):
        command = option(command)
    return command


@import_.command()
@common
def units(file: Path, mapping: Path | None, *, dry_run: bool, as_json: bool) -> None:
    """Import the tree of units, or show what a new version changes."""
    here = settings.from_environment()

    async def work() -> tuple[unit_import.UnitsImport, Path | None]:
        async with engine.opened(here):
            table = table_of(contents(file), columns.UNITS, folder=here.data, mapping=mapping)
            done = await unit_import.import_units(table, by=None, dry_run=dry_run)
            return done, _kept(table, here.data, dry_run=dry_run)

    done, template = asyncio.run(work())
    if as_json:
        _print_json(told.units_facts(done), done.table, file, template)
    else:
        voice = Voice(spoken())
        _print([*told.file_lines(voice, file, done.table), *told.units_lines(voice, done)])
        _print(told.ending(voice, template, saved=done.saved, dry_run=dry_run))


@import_.command()
@common
@click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The day the list is true for; default the day above the headings, else today.",
)
def staff(
    file: Path, mapping: Path | None, as_of: datetime | None, *, dry_run: bool, as_json: bool
) -> None:
    """Import the staff list; rows that cannot be used are set aside and listed."""
    here = settings.from_environment()
    voice = Voice(spoken())

    async def work() -> tuple[roster.StaffImport, Path | None]:
        async with engine.opened(here):
            table = table_of(contents(file), columns.STAFF, folder=here.data, mapping=mapping)
            with Bar(voice.gettext("Saving")) as bar:
                done = await roster.import_staff(
                    table,
                    by=None,
                    as_of=_day(as_of, table),
                    professions=professions.find(here.data, beside=file),
                    dry_run=dry_run,
                    progress=bar.at,
                )
            return done, _kept(table, here.data, dry_run=dry_run)

    done, template = asyncio.run(work())
    source = "option" if as_of else "file" if done.table.extract_date else "today"
    if as_json:
        _print_json(told.staff_facts(done, source), done.table, file, template)
    else:
        _print([*told.as_of_lines(voice, done.staff.as_of, source)])
        _print([*told.file_lines(voice, file, done.table), *told.staff_lines(voice, done)])
        _print(told.decisions(voice, done.staff, names=dry_run))
        _print([*told.staff_diff(voice, done)])
        _print(told.ending(voice, template, saved=done.saved, dry_run=dry_run))


@import_.command()
@common
def behaviours(file: Path, mapping: Path | None, *, dry_run: bool, as_json: bool) -> None:
    """Import the behaviours that waves ask about, with the units each is for."""
    here = settings.from_environment()

    async def work() -> tuple[behaviour_import.BehavioursImport, Path | None]:
        async with engine.opened(here):
            table = table_of(contents(file), columns.BEHAVIOURS, folder=here.data, mapping=mapping)
            done = await behaviour_import.import_behaviours(table, by=None, dry_run=dry_run)
            return done, _kept(table, here.data, dry_run=dry_run)

    done, template = asyncio.run(work())
    if as_json:
        _print_json(told.behaviours_facts(done), done.table, file, template)
    else:
        voice = Voice(spoken())
        _print([*told.file_lines(voice, file, done.table), *told.behaviours_lines(voice, done)])
        _print(told.ending(voice, template, saved=done.saved, dry_run=dry_run))


def _day(as_of: datetime | None, table: Table) -> date:
    """What was asked for, else what the file says, else today: the clock of this machine."""
    return as_of.date() if as_of else table.extract_date or date.today()  # noqa: DTZ011


def _kept(table: Table, folder: Path, *, dry_run: bool) -> Path | None:
    """The template of the mapping, saved beside the data; a dry run leaves no trace."""
    return None if dry_run else columns.save(table.mapping, folder)


def _print(lines: list[str]) -> None:
    for line in lines:
        click.echo(line)


def _print_json(facts: dict[str, Any], table: Table, file: Path, template: Path | None) -> None:
    facts |= {"file": file.name, **told.table_facts(table)}
    facts["template"] = str(template) if template else None
    click.echo(json.dumps(facts, ensure_ascii=False, indent=2))


class Bar:
    """A progress bar that shows itself only when the work has taken two seconds."""

    def __init__(self, label: str) -> None:
        self.label = label
        self.started = time.monotonic()
        self.bar: Any = None

    def __enter__(self) -> "Bar":
        return self

    def __exit__(self, *_: object) -> None:
        if self.bar is not None:
            self.bar.render_finish()

    def at(self, done: int, of: int) -> None:
        if self.bar is None:
            if time.monotonic() - self.started < PATIENCE or done >= of:
                return
            self.bar = click.progressbar(length=of, label=self.label, file=sys.stderr)
        self.bar.update(done - self.bar.pos)
