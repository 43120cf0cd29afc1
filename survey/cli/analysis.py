"""`kernepuls analyse` and `kernepuls audit`: the analysis on files alone, without a database."""

from collections.abc import Iterator
from pathlib import Path

import click
import msgspec

from survey import insight
from survey.cli import spoken
from survey.errors import N_
from survey.insight import Cell, Release
from survey.texts import Voice

FILE = click.Path(path_type=Path)
SHOWN_FINDINGS = 3


@click.command()
@click.argument("answers", nargs=-1, required=True, type=FILE)
@click.option("--units", required=True, type=FILE, help="The tree, in the UNITS columns.")
@click.option("--behaviours", required=True, type=FILE, help="In the BEHAVIOURS columns.")
@click.option("--invited", type=FILE, help="How many were invited; else headcount.")
@click.option("--trials", type=FILE, help="Trial actions, in the TRIALS columns.")
@click.option("--wave", help="The wave to release; default: the last one answered.")
@click.option("--earlier", multiple=True, type=FILE, help="The release of an earlier wave.")
@click.option("--to", "target", required=True, type=FILE, help="Where release.json is written.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def analyse(  # noqa: PLR0913, PLR0917 - one argument per option
    answers: tuple[Path, ...],
    units: Path,
    behaviours: Path,
    invited: Path | None,
    trials: Path | None,
    wave: str | None,
    earlier: tuple[Path, ...],
    target: Path,
    *,
    as_json: bool,
) -> None:
    """Make the release of a wave from ANSWERS and the files beside them."""
    release = insight.analyse_files(
        answers,
        units=units,
        behaviours=behaviours,
        invited=invited,
        trials=trials,
        wave=wave,
        earlier=earlier,
    )[-1]
    size = insight.write_release(release, target)
    if as_json:
        click.echo(msgspec.json.encode(_facts(release)))
        return
    for line in _summary(release, Voice(spoken())):
        click.echo(line)
    click.echo(f"{target}: {size // 1024} kB")


@click.command()
@click.argument("release", type=FILE)
@click.option("--earlier", multiple=True, type=FILE, help="The release of an earlier wave.")
def audit(release: Path, earlier: tuple[Path, ...]) -> None:
    """Attack RELEASE from what it publishes; exit status 1 and the rule if it leaks."""
    found = insight.audit_files(release, earlier)
    voice = Voice(spoken())
    click.echo(voice.gettext(N_("Wave %(wave)s: no leak found.")) % {"wave": found.wave})


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


def _summary(release: Release, voice: Voice) -> Iterator[str]:
    """One page: how far it goes, the barriers of the whole organisation, what stands out."""
    _ = voice.gettext
    root = release.units[0]
    told = {"wave": release.wave, "name": root.name, "units": len(release.units)}
    yield _(N_("%(name)s, wave %(wave)s: %(units)s units")) % told
    shown = {unit.unit for unit in release.units if _is_shown(release, unit.unit)}
    hidden = ", ".join(unit.unit for unit in release.units if unit.unit not in shown)
    if hidden:
        yield _(N_("Not shown, so that nobody can be recognised: %(units)s")) % {"units": hidden}
    yield ""
    yield _(N_("What stands in the way, in the whole organisation:"))
    names = {b["code"]: voice.pick(b["name"]) for b in voice.content("barriers")["barriers"]}
    for cell in release.cells_of(root.unit):
        if cell.measure == "barrier_share" and cell.item is not None:
            yield f"  {names[cell.item]:<36}{_said(cell, voice)}"
    findings = dict.fromkeys((p.unit, p.barrier, p.address) for p in release.proposals)
    levels = {key: voice.pick(name) for key, name in voice.content("barriers")["levels"].items()}
    yield ""
    yield (
        _(N_("What stands out, most people covered first:"))
        if findings
        else _(N_("Nothing stands out from the rest of the organisation."))
    )
    for code, barrier, address in list(findings)[:SHOWN_FINDINGS]:
        unit = release.unit(code)
        name = unit.name if unit else code
        yield f"  {names[barrier]}: {name} ({code}), {levels[address]}"
    yield ""
    checked = {"cells": release.audit.A2_small_cells}
    yield _(N_("Attacked: %(cells)s small cells, no leak.")) % checked


def _is_shown(release: Release, unit: str) -> bool:
    return any(cell.status == "shown" for cell in release.cells_of(unit) if cell.base == "S")


def _said(cell: Cell, voice: Voice) -> str:
    """A cell in a line of a table, as the report says it."""
    return insight.numbers.share(voice, insight.number(cell)).whole
