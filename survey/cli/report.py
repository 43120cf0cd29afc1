"""`kernepuls report` and `kernepuls reports`: the action reports of a wave as PDF files."""

import asyncio
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import click
import msgspec

from survey import engine, insight, texts
from survey.actions.opening import today_here
from survey.cli import spoken
from survey.errors import N_, BadInput
from survey.insight import workers
from survey.settings import Settings, from_environment
from survey.texts import Language, Voice

LANGUAGE = click.Choice(("da", "en"))


class TargetUnwritable(BadInput):
    sentence = N_("{file} cannot be written ({problem}). Choose another place with --to.")


class ReportsMissing(BadInput):
    sentence = N_(
        "{num} reports were not made: {units}. The others are finished. Run the command again to "
        "make only those that are missing."
    )


@click.command()
@click.argument("unit")
@click.option("--wave", required=True, help="The wave, as 2026-4.")
@click.option("--to", "target", required=True, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--language", type=LANGUAGE, help="da or en; default the language of the shell.")
@click.option("--board", "is_board", is_flag=True, help="The board sheet, one page for the wall.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def report(  # noqa: PLR0913 - one argument for each option
    unit: str, wave: str, target: Path, language: Language | None, *, is_board: bool, as_json: bool
) -> None:
    """Write the action report for UNIT, exactly as its leadership team sees it.

    Of several units that lie apart, as C21,B1, what they share and what lies between them.
    """
    settings, chosen = from_environment(), language or spoken()

    async def made() -> bytes:
        async with engine.opened(settings):
            if is_board:
                return await insight.board_pdf(
                    settings, wave=wave, unit=unit, language=chosen, today=today_here()
                )
            units = [one.strip() for one in unit.split(",")]
            if len(units) > 1:
                return await insight.pathway_report(
                    settings, wave=wave, units=units, language=chosen
                )
            return await insight.unit_report(settings, wave=wave, unit=unit, language=chosen)

    size = write_whole(target, asyncio.run(made()))
    if as_json:
        _print_json({"unit": unit, "wave": wave, "file": str(target), "bytes": size})
    else:
        click.echo(f"{target}: {max(size // 1024, 1)} kB")


@click.command()
@click.option("--wave", required=True, help="The wave, as 2026-4.")
@click.option("--to", "folder", required=True, type=click.Path(path_type=Path, file_okay=False))
@click.option("--language", type=LANGUAGE, help="da or en; default the language of the shell.")
@click.option("--workers", "many", type=click.IntRange(1), help="Default: one for each processor.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def reports(
    wave: str, folder: Path, language: Language | None, many: int | None, *, as_json: bool
) -> None:
    """Write the reports of all units to a folder; finished ones are kept, so it can be resumed."""
    settings, chosen = from_environment(), language or spoken()
    facts = asyncio.run(_facts(settings, wave, chosen))
    units = insight.stored_release(settings, wave).units
    files = {one.unit: folder / f"{one.unit}-{wave}.pdf" for one in units}
    seal = facts.seal.encode()
    missing = [unit for unit, file in files.items() if not _is_finished(file, seal)]
    tasks = (
        workers.Task(settings, "report", wave, unit, chosen, {"facts": facts.of(unit)})
        for unit in missing
    )
    failed: dict[str, str] = {}
    with _bar(missing, hidden=as_json) as progress:
        limits = workers.Limits()
        for task, answer in workers.made(tasks, workers=many or os.cpu_count() or 1, limits=limits):
            if isinstance(answer, workers.Made):
                write_whole(files[task.unit], answer.content)
            else:
                failed[task.unit] = texts.sentence(answer, spoken())
            progress.update(1)
    made = len(missing) - len(failed)
    if as_json:
        _print_json(
            {
                "wave": wave,
                "folder": str(folder),
                "made": made,
                "kept": len(files) - len(missing),
                "failed": failed,
            }
        )
    else:
        for unit, problem in failed.items():
            click.echo(f"{unit}: {problem}", err=True)
        voice = Voice(spoken())
        said = voice.gettext("%(made)s reports made, %(kept)s kept, in %(folder)s.")
        click.echo(said % {"made": made, "kept": len(files) - len(missing), "folder": folder})
    if failed:
        raise ReportsMissing(num=len(failed), units=", ".join(failed))


async def _facts(settings: Settings, wave: str, language: Language) -> insight.WaveFacts:
    async with engine.opened(settings):
        return await insight.wave_facts(settings, wave=wave, language=language)


def _is_finished(file: Path, seal: bytes) -> bool:
    """Whether the file is there and made from this very release, in this language."""
    return file.is_file() and seal in file.read_bytes()


def write_whole(target: Path, content: bytes) -> int:
    """The whole file or none of it; raises TargetUnwritable."""
    part = target.with_suffix(f"{target.suffix}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(content)
        part.replace(target)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise TargetUnwritable(file=str(target), problem=error.strerror or "") from error
    return len(content)


def _bar(missing: list[str], *, hidden: bool) -> Any:  # noqa: ANN401 - click's own bar
    label = Voice(spoken()).gettext("Reports")
    return click.progressbar(
        length=len(missing), label=label, file=sys.stderr, hidden=hidden or not missing
    )


def _print_json(told: dict[str, object]) -> None:
    click.echo(msgspec.json.encode(told).decode())
