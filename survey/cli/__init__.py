"""The `kernepuls` command: one group whose commands are loaded when they are asked for."""

import os
from importlib import import_module
from keyword import iskeyword
from typing import Any, NamedTuple

import click

from survey import texts
from survey.errors import KernepulsError
from survey.texts import Language


class Place(NamedTuple):
    """Where a command is, and what it says of itself: the list of commands loads none of them."""

    module: str
    about: str


# Command -> its place; the module holds a click command of that name, `import_` for import.
WHERE = {
    "init": Place(
        "survey.cli.server",
        "Make the data folder, organisation.yaml and the database; update an older database.",
    ),
    "serve": Place("survey.cli.server", "Serve the pages until interrupted."),
    "doctor": Place(
        "survey.cli.server",
        "Look over the installation: libraries, fonts, database, folders, room and keys.",
    ),
    "demo": Place(
        "survey.cli.demo", "Build the made-up Fjordlund with four waves and one open, and serve it."
    ),
    "import": Place(
        "survey.cli.importing", "Import units, staff and behaviours from CSV or XLSX files."
    ),
    "languages": Place(
        "survey.cli.languages",
        "Add a language of your own for those who answer: a file to fill in, checked and added.",
    ),
    "lint": Place(
        "survey.cli.linting", "Say whether SENTENCE is a concrete behaviour: who does what, when."
    ),
    "wave": Place(
        "survey.cli.wave", "Plan, approve, open and close a wave, and see where it stands."
    ),
    "analyse": Place(
        "survey.cli.analysis", "Make the release of a wave from ANSWERS and the files beside them."
    ),
    "audit": Place(
        "survey.cli.audit",
        "Attack RELEASE from what it publishes: what was tried, and what could be derived.",
    ),
    "report": Place(
        "survey.cli.report",
        "Write the action report for UNIT, exactly as its leadership team sees it.",
    ),
    "reports": Place(
        "survey.cli.report",
        "Write the reports of all units to a folder; finished ones are kept, so it can be resumed.",
    ),
    "export": Place(
        "survey.cli.exporting", "Write what is published of a wave to a file for a spreadsheet."
    ),
    "erase": Place(
        "survey.cli.erase",
        "List what is past the periods of organisation.yaml, and with --yes erase it for good.",
    ),
    "account": Place("survey.cli.accounts", "Accounts of staff."),
    "backup": Place(
        "survey.cli.backup",
        "Write the installation to one encrypted file while answers arrive; without its keys.",
    ),
    "restore": Place(
        "survey.cli.backup", "Put the backup FILE into an empty installation, whole or not at all."
    ),
    "move": Place(
        "survey.cli.move",
        "Copy the SQLite database to PostgreSQL, whole and compared, or not at all.",
    ),
}


class Commands(click.Group):
    """A deliberate error is one sentence and exit status 1. A bug keeps its traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return sorted(WHERE)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in WHERE:
            return None
        found: click.Command = getattr(
            import_module(WHERE[cmd_name].module),
            f"{cmd_name}_" if iskeyword(cmd_name) else cmd_name,
        )
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, WHERE[name].about) for name in self.list_commands(ctx)])

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's own signature
        try:
            return super().invoke(ctx)
        except KernepulsError as error:
            raise click.ClickException(texts.sentence(error, spoken())) from error


def spoken() -> Language:
    """The language of the command line: Danish unless the locale says English."""
    locale = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG", "")
    return "en" if locale.startswith("en") else "da"


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="kernepuls")
def main() -> None:
    """Kernepuls: how often a desired behaviour succeeds, and what stands in its way."""
