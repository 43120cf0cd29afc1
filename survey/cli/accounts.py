"""`kernepuls account`: making an account for a member of staff; never one for a respondent."""

import asyncio

import click

from survey import engine, settings
from survey.actions.accounts import LONGEST, SHORTEST, add_account
from survey.actor import Role
from survey.cli import spoken
from survey.settings import Settings
from survey.texts import LANGUAGES, Language, Voice


@click.group()
def account() -> None:
    """Accounts of staff."""


@account.command()
@click.argument("login")
@click.option("--role", required=True, type=click.Choice([role.value for role in Role]))
@click.option("--unit", "units", multiple=True, metavar="CODE", help="Once for each unit.")
@click.option("--language", type=click.Choice(LANGUAGES), default="da", show_default=True)
@click.option("--email", default="", help="Where its owner hears of new reports.")
def add(login: str, role: str, units: tuple[str, ...], language: Language, email: str) -> None:
    """Make an account called LOGIN; asks for its password twice."""
    voice = Voice(spoken())
    password = click.prompt(
        voice.gettext("Password (%(shortest)d-%(longest)d characters)")
        % {"shortest": SHORTEST, "longest": LONGEST},
        hide_input=True,
        confirmation_prompt=voice.gettext("The same password again"),
    )
    asyncio.run(_add(settings.from_environment(), login, password, role, units, language, email))
    click.echo(
        voice.gettext("The account %(login)s is made.") % {"login": login.strip().casefold()}
    )


async def _add(  # noqa: PLR0913, PLR0917 - the options of the command
    where: Settings,
    login: str,
    password: str,
    role: str,
    units: tuple[str, ...],
    language: Language,
    email: str,
) -> None:
    async with engine.opened(where):
        await add_account(
            login=login, password=password, role=role, units=units, language=language, email=email
        )
