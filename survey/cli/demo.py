"""`kernepuls demo`: Fjordlund built once, then served; a second start only serves."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from typing import Final

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from survey import texts
from survey.actions.opening import today_here
from survey.cli import spoken
from survey.cli.server import serve_at
from survey.cli.wave_report import say
from survey.errors import N_, KernepulsError
from survey.seeds import demo as fjordlund
from survey.seeds import note
from survey.seeds.note import OPEN_WAVE, Note
from survey.settings import Settings, from_environment
from survey.texts import Voice

PORT: Final = 8000
LAST_RELEASED: Final = "2026-4"
SHOWN_CODES: Final = 3
SEEDS: Final = 20  # draws to verify, about a minute
ROLES: Final = {
    "coordinator": N_("coordinator (HR): all results, the waves"),
    "leadership_team": N_("leadership team: its part of the tree, the levels above, the PDF"),
    "bridge_builder": N_("bridge-builder: its units, and one report of them all"),
    "works_committee": N_("works committee: the released results"),
    "administrator": N_("administrator: accounts, no results"),
}


@click.command()
@click.option("--rebuild", is_flag=True, help="Take the demo away and build it anew.")
@click.option("--no-serve", is_flag=True, help="Build only; do not start the server.")
@click.option("--port", type=click.IntRange(1, 65535), default=PORT, show_default=True)
@click.option("--verify", is_flag=True, help="Print planted against found over many draws.")
@click.option("--seeds", type=click.IntRange(1), default=SEEDS, show_default=True)
@click.option("--seed", type=click.IntRange(0), help="The first of them; default: drawn.")
@click.option("--json", "as_json", is_flag=True, help="Print what --verify found as JSON.")
def demo(  # noqa: PLR0913 - one argument per option
    *,
    rebuild: bool,
    no_serve: bool,
    port: int,
    verify: bool,
    seeds: int,
    seed: int | None,
    as_json: bool,
) -> None:
    """Build the made-up Fjordlund with four waves and one open, and serve it."""
    if verify:
        from survey.cli import verifying  # noqa: PLC0415 - scipy, only where it is asked for

        sys.exit(not verifying.verify(seeds=seeds, first=seed, as_json=as_json))
    settings = from_environment()
    if port != PORT:
        settings = replace(settings, url=f"http://127.0.0.1:{port}")
    found = asyncio.run(ready(settings, today=today_here(), rebuild=rebuild))
    if found is not None:
        show(settings, found)
    if not no_serve:
        serve_at(settings, host="127.0.0.1", port=port)


async def ready(settings: Settings, *, today: date, rebuild: bool) -> Note | None:
    """The demo's note; None where the folder holds an installation of somebody's own."""
    found = note.read(settings)
    if found is None and note.holds_installation(settings) and not rebuild:
        say(
            N_("There is an installation in %(folder)s already; it is left as it is."),
            folder=settings.data,
        )
        return None
    if found is not None and found.state == "built" and not rebuild:
        say(
            N_("Fjordlund is built in %(folder)s. Build it anew with: kernepuls demo --rebuild"),
            folder=settings.data,
        )
        return found
    if found is not None and found.state == "building":
        say(N_("A demo in %(folder)s was cut short; it is built anew."), folder=settings.data)
    await note.empty(settings)
    say(
        N_(
            "Building Fjordlund in %(folder)s: every answer goes through the real intake, so it "
            "takes about a minute."
        ),
        folder=settings.data,
    )
    with bars() as watch:
        built = await fjordlund.build(settings, today=today, watch=watch)
    try:
        await fjordlund.write_reports(settings, wave=LAST_RELEASED)
    except KernepulsError as error:  # the demo works without them, and says what is missing
        click.echo(texts.sentence(error, spoken()), err=True)
    return built


@contextmanager
def bars() -> Iterator[fjordlund.Watcher]:
    """One progress bar for each step, on the error stream."""
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    with Progress(*columns, console=Console(stderr=True)) as progress:
        tasks: dict[tuple[str, str], TaskID] = {}

        def watch(step: str, wave: str, done: int, total: int) -> None:
            if (step, wave) not in tasks:
                label = Voice(spoken()).gettext(step) % {"wave": wave}
                tasks[step, wave] = progress.add_task(label, total=total)
            progress.update(tasks[step, wave], completed=done, total=total)

        yield watch


def show(settings: Settings, found: Note) -> None:
    """The ways in and what to look at; everybody in Fjordlund is made up."""
    voice = Voice(spoken())
    click.echo()
    say(N_("Log in at %(address)s"), address=f"{settings.url}/sign-in")
    for login in found.logins:
        who = voice.gettext(ROLES[login.role])
        place = f" ({login.sees})" if login.sees else ""
        click.echo(f"  {login.login:<12} {login.password}   {who}{place}")
    codes = asyncio.run(fjordlund.unused(settings, found))[:SHOWN_CODES]
    if codes:
        click.echo()
        say(
            N_("Answer wave %(wave)s at %(address)s with one of these codes"),
            wave=OPEN_WAVE,
            address=f"{settings.url}/svar",
        )
        for kept in codes:
            click.echo(f"  {kept.code}   {kept.unit}")
    click.echo()
    say(N_("Look at"))
    for address, what in (
        (f"{settings.url}/results", N_("the results of the four waves")),
        (f"{settings.url}/waves", N_("the waves, and how many have opened the form")),
        (str(settings.data / "reports"), N_("two action reports as PDF")),
        (str(settings.data / "mail"), N_("the invitations of the open wave")),
        (str(settings.data / "cards"), N_("cards to print for two of its units")),
    ):
        click.echo(f"  {address:<44} {voice.gettext(what)}")
    click.echo()
