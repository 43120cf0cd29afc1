"""The `kernepuls` command: one group whose commands are loaded when they are asked for."""

import os
from importlib import import_module
from keyword import iskeyword
from typing import Any

import click

from survey import texts
from survey.errors import KernepulsError
from survey.texts import Language

# Command -> the module that holds a click command of that name. A command loads only what it needs.
WHERE = {
    "init": "survey.cli.server",
    "serve": "survey.cli.server",
    "doctor": "survey.cli.server",
    "demo": "survey.cli.demo",
    "import": "survey.cli.importing",
    "wave": "survey.cli.wave",
    "analyse": "survey.cli.analysis",
    "audit": "survey.cli.audit",
    "report": "survey.cli.report",
    "reports": "survey.cli.report",
    "account": "survey.cli.accounts",
}


class Commands(click.Group):
    """A deliberate error is one sentence and exit status 1. A bug keeps its traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return sorted(WHERE)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in WHERE:
            return None
        found: click.Command = getattr(
            import_module(WHERE[cmd_name]), f"{cmd_name}_" if iskeyword(cmd_name) else cmd_name
        )
        return found

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
