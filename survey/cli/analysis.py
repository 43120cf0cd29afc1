"""`kernepuls analyse`: the analysis on files alone, without a database."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from survey import file_errors, insight
from survey.cli import spoken
from survey.errors import N_
from survey.insight import Release
from survey.texts import LANGUAGES, Language, Voice

FILE = click.Path(path_type=Path)
LANGUAGE = click.Choice(LANGUAGES)


def _print_schema(ctx: click.Context, _: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's own signature
    """Print the schema and stop, whatever else was written."""
    if value and not ctx.resilient_parsing:
        click.echo(insight.schema())
        ctx.exit()


@click.command()
@click.argument("answers", nargs=-1, required=True, type=FILE)
@click.option("--units", required=True, type=FILE, help="The tree, in the UNITS columns.")
@click.option("--behaviours", required=True, type=FILE, help="In the BEHAVIOURS columns.")
@click.option("--invited", type=FILE, help="How many were invited; else headcount.")
@click.option("--trials", type=FILE, help="Trial actions, in the TRIALS columns.")
@click.option("--wave", help="The wave to release; default: the last one answered.")
@click.option("--earlier", multiple=True, type=FILE, help="The release of an earlier wave.")
@click.option("--to", "target", required=True, type=FILE, help="Where release.json is written.")
@click.option("--summary", type=FILE, help="The page of text; default: beside it, as .txt.")
@click.option("--language", type=LANGUAGE, help="da or en; default the language of the shell.")
@click.option("--progress/--no-progress", default=None, help="Default: only on a terminal.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@click.option("--schema", is_flag=True, is_eager=True, expose_value=False, callback=_print_schema,
              help="Print the JSON Schema of release.json, and stop.")  # fmt: skip
def analyse(  # noqa: PLR0913, PLR0917 - one argument per option
    answers: tuple[Path, ...],
    units: Path,
    behaviours: Path,
    invited: Path | None,
    trials: Path | None,
    wave: str | None,
    earlier: tuple[Path, ...],
    target: Path,
    summary: Path | None,
    language: Language | None,
    *,
    progress: bool | None,
    as_json: bool,
) -> None:
    """Make the release of a wave from ANSWERS and the files beside them."""
    voice = Voice(language or spoken())
    beside = summary or target.with_suffix(".txt")
    if beside == target:
        raise file_errors.TargetTwice(file=target.name)
    with _watched(voice, progress=progress) as watch:
        *before, release = insight.analyse_files(
            answers,
            units=units,
            behaviours=behaviours,
            invited=invited,
            trials=trials,
            wave=wave,
            earlier=earlier,
            watch=watch,
        )
    page = insight.summary(release, earlier=before, voice=voice)
    insight.write_text(page, beside)
    size = insight.write_release(release, target)
    if as_json:
        click.echo(msgspec.json.encode(_facts(release)))
        return
    click.echo(page)
    click.echo(f"{target}: {size // 1024} kB")
    click.echo(str(beside))


def _facts(release: Release) -> dict[str, object]:
    cells = [cell for cell in release.cells if cell.unit is not None]
    return {
        "wave": release.wave,
        "earlier": release.earlier,
        "units": len(release.units),
        "cells": len(release.cells),
        "shown": sum(cell.status == "shown" for cell in cells),
        "hidden": sum(cell.status == "hidden" for cell in cells),
        "marked": sum(cell.marked is True for cell in cells),
        "findings": list(dict.fromkeys((p.unit, p.barrier, p.address) for p in release.proposals)),
        "audit": release.audit,
        "sha256": release.sha256,
    }


@contextmanager
def _watched(voice: Voice, *, progress: bool | None) -> Iterator[Callable[[int, int, str], None]]:
    """One bar over the waves, on the error stream; without a choice only where somebody looks."""
    console = Console(stderr=True, force_terminal=progress or None)
    shown = console.is_terminal if progress is None else progress
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    with Progress(*columns, console=console, disable=not shown) as bar:
        task = bar.add_task(voice.gettext(N_("Reading the files")), total=None)

        def watch(done: int, many: int, wave: str) -> None:
            label = voice.gettext(N_("Wave %(wave)s")) % {"wave": wave}
            bar.update(task, description=label, completed=done, total=many)

        yield watch
        bar.update(task, completed=bar.tasks[task].total or 0)
