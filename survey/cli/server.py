"""`kernepuls init`, `serve` and `doctor`: an installation is made, runs, and is looked over."""

import asyncio
import json
import os
import resource
from dataclasses import asdict, replace

import click

from survey import engine, house, limits, settings
from survey.cli import checks, spoken
from survey.engine.refusals import DatabaseOlder
from survey.errors import N_, NotInitialised, Refused
from survey.settings import Settings
from survey.texts import Voice

# Each has a pool of ten connections and one more, of the hundred a PostgreSQL has by default.
MOST_WORKERS = 8


class WorkersNeedPostgres(Refused):
    sentence = N_(
        "Several server processes need PostgreSQL, and this installation has SQLite. "
        "Nothing was started. Leave --workers out, or set KERNEPULS_DATABASE to a PostgreSQL "
        "address."
    )


class InstallationThere(Refused):
    sentence = N_(
        "There is an installation in {folder} already. Nothing was changed. "
        "Set KERNEPULS_DATA to another folder to make a new one."
    )


@click.command()
def init() -> None:
    """Make the data folder, organisation.yaml and the database; update an older database."""
    where = settings.from_environment()
    voice = Voice(spoken())
    if where.organisation.exists() and asyncio.run(_is_current(where)):
        raise InstallationThere(folder=where.data)
    asyncio.run(_migrate(where))
    house.write_blank(where)
    click.echo(
        voice.gettext(
            "Made in %(folder)s. Fill in %(file)s, make an account with kernepuls account add, "
            "and start with kernepuls serve."
        )
        % {"folder": where.data, "file": where.organisation}
    )


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option(
    "--workers",
    default=1,
    show_default=True,
    type=click.IntRange(1, MOST_WORKERS),
    help="Server processes behind the port; more than one needs PostgreSQL.",
)
def serve(host: str, port: int, workers: int) -> None:
    """Serve the pages until interrupted."""
    serve_at(settings.from_environment(), host=host, port=port, workers=workers)


def serve_at(where: Settings, *, host: str, port: int, workers: int = 1) -> None:
    """Run the server here and now; without KERNEPULS_URL its address is where it listens."""
    if workers > 1 and where.on_sqlite:
        raise WorkersNeedPostgres
    from survey.cli import workers as team  # noqa: PLC0415 - half a second no other command needs

    if "KERNEPULS_URL" not in os.environ:
        where = replace(where, url=f"http://{host}:{port}")
    asyncio.run(_begins(where))
    # What a process that dies leaves in a core dump may be a key.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    click.echo(Voice(spoken()).gettext("Serving on %(url)s") % {"url": where.url})
    if workers > 1:
        team.serve(where, host=host, port=port, workers=workers)
    else:
        team.serve_alone(where, host=host, port=port)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON list.")
def doctor(*, as_json: bool) -> None:
    """Look over the installation: libraries, fonts, database, folders, room and keys."""
    voice = Voice(spoken())
    found = checks.all_checks(settings.from_environment(), voice)
    if as_json:
        click.echo(json.dumps([asdict(one) for one in found], ensure_ascii=False, indent=1))
    else:
        words = {
            "fine": voice.gettext("fine"),
            "care": voice.gettext("care"),
            "wrong": voice.gettext("wrong"),
        }
        for one in found:
            click.echo(f"{words[one.state]:<8}{one.what}")
            if one.advice:
                click.echo(f"{'':<8}{one.advice}")
    if any(one.state == "wrong" for one in found):
        raise SystemExit(1)


async def _migrate(where: Settings) -> None:
    async with engine.opened(where, migrate=True):
        pass


async def _opens(where: Settings) -> None:
    """Refuse here, in one sentence, what would otherwise break inside the server."""
    async with engine.opened(where, server=True):
        pass


async def _begins(where: Settings) -> None:
    async with engine.opened(where, server=True):
        await limits.forget_all()


async def _is_current(where: Settings) -> bool:
    """Whether there is a database that needs nothing; an older one is brought up to date."""
    try:
        await _opens(where)
    except (NotInitialised, DatabaseOlder):
        return False
    return True
