"""`kernepuls move`: from SQLite to PostgreSQL, every row compared, or nothing."""

import asyncio

import click
import msgspec

from survey.cli import spoken
from survey.operations import move as moving
from survey.settings import from_environment
from survey.texts import Voice


@click.command()
@click.option(
    "--to",
    "address",
    required=True,
    metavar="ADDRESS",
    help="An empty database: postgresql://user@host/name. Others on this machine see what is typed "
    "here, so keep its password in ~/.pgpass.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def move(address: str, *, as_json: bool) -> None:
    """Copy the SQLite database to PostgreSQL, whole and compared, or not at all."""
    settings = from_environment()
    voice = Voice(spoken())

    def watch(number: int, step: str) -> None:
        click.echo(f"{number}/{len(moving.STEPS)} {voice.gettext(step)} ...", err=True)

    tables = asyncio.run(moving.move(settings, address, watch=watch))
    file = settings.sqlite_file
    if as_json:
        facts = {"tables": len(tables), "left": str(file)}
        click.echo(msgspec.json.format(msgspec.json.encode(facts)).decode())
        return
    # Never how many rows: of an open wave that would be how many have answered.
    said = voice.gettext(
        "Moved (tables: %(tables)s): every row was counted and compared. %(file)s was only read. "
        "The other files of the data folder stay where they are."
    )
    click.echo(said % {"tables": len(tables), "file": file})
    click.echo(
        voice.gettext(
            "Now set KERNEPULS_DATABASE to that address, for the server and for every command. "
            "Start the server, look at the waves, and make a backup."
        )
    )
    asked = voice.gettext(
        "Then delete %(file)s: no close clears it any more, and it says who has opened the form."
    )
    click.echo(asked % {"file": file})
