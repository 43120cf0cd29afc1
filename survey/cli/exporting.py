"""`kernepuls export`: what is published of a wave, as a file for a spreadsheet."""

import asyncio
from pathlib import Path
from typing import Literal

import click
import msgspec

from survey import engine, insight
from survey.cli import spoken
from survey.cli.report import LANGUAGE, write_whole
from survey.errors import UnitUnknown
from survey.settings import Settings, from_environment
from survey.texts import Language, Voice

Format = Literal["csv", "xlsx"]
MAKERS = {"csv": insight.unit_csv, "xlsx": insight.unit_xlsx}


@click.group(name="export")
def export() -> None:
    """Write what is published of a wave to a file for a spreadsheet."""


@export.command()
@click.argument("wave")
@click.option("--format", "kind", type=click.Choice(tuple(MAKERS)), default="csv", help="csv, xlsx")
@click.option("--unit", help="The unit, with those below it; default all.")
@click.option("--to", "target", type=click.Path(path_type=Path, dir_okay=False), help="The file.")
@click.option("--language", type=LANGUAGE, help="da or en; default the language of the shell.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def release(  # noqa: PLR0913 - one per option
    wave: str,
    kind: Format,
    unit: str | None,
    target: Path | None,
    language: Language | None,
    *,
    as_json: bool,
) -> None:
    """Write the release of WAVE: each cell that may be seen, and nothing else."""
    settings = from_environment()
    made = asyncio.run(_release(settings, wave))
    if unit is not None and made.unit(unit) is None:
        raise UnitUnknown(unit=unit, wave=wave)
    file = target or Path(f"{wave}-{unit}.{kind}" if unit else f"{wave}.{kind}")
    size = write_whole(file, MAKERS[kind](made, unit, voice=Voice(language or spoken())))
    if as_json:
        told = {"wave": wave, "unit": unit, "file": str(file), "bytes": size}
        click.echo(msgspec.json.encode(told).decode())
    else:
        click.echo(f"{file}: {max(size // 1024, 1)} kB")


async def _release(settings: Settings, wave: str) -> insight.Release:
    async with engine.opened(settings):
        return await insight.released(settings, wave)
