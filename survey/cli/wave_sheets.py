"""Key sheets on the command line: typed row by row and never shown, or scanned into files."""

from collections.abc import Sequence
from pathlib import Path

import click

from survey import texts
from survey.actions import sheets
from survey.cli import spoken
from survey.cli.wave_options import as_json, run
from survey.cli.wave_report import print_json, say
from survey.delivery.sheets import ACROSS
from survey.errors import N_, BadInput, KernepulsError
from survey.intake import split
from survey.intake.split import Sheet
from survey.settings import Settings
from survey.texts import Voice

sheet_files = click.option(
    "--sheet",
    "files",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="A file with the groups of a key sheet, as a scanner reads them; give it for each sheet. "
    "Without it you type them.",
)
LOST = N_(
    "Two of the three key sheets open the answers when the wave closes; this server cannot. If two "
    "are lost before that, so are the answers."
)


class SheetFileUnreadable(BadInput):
    sentence = N_("The file {file} cannot be read as a key sheet. Nothing was changed.")


@click.command()
@click.argument("name")
@sheet_files
@as_json
def drill(name: str, files: tuple[Path, ...], *, as_json: bool) -> None:
    """Try the three key sheets of the wave NAME: every two must open a test envelope."""
    run(lambda _: sheets.to_try(name))
    given = read_sheets(files, len(split.TRUSTEES))

    async def work(settings: Settings) -> None:
        await sheets.drill(settings, name=name, sheets=given, by=None)

    run(work)
    if as_json:
        print_json({"wave": name, "pairs": len(split.PAIRS)})
        return
    say(N_("Every two of the three sheets opened a test envelope. It is written down."))
    say(N_("The files of the sheets are removed from this server. Keep the paper apart."))
    say(N_("Next: kernepuls wave open %(wave)s"), wave=name)


@click.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask: all three are destroyed or lost.")
def shredded(name: str, *, yes: bool) -> None:
    """Write down that the key sheets of the closed wave NAME are destroyed and the list signed."""

    async def listed(settings: Settings) -> Path | None:
        return await sheets.to_destroy(settings, name)

    async def work(settings: Settings) -> bool:
        return await sheets.shredded(settings, name=name, by=None)

    paper = run(listed)
    if paper is not None and not yes:
        say(N_("The list to sign: %(file)s"), file=paper)
        asked = Voice(spoken()).gettext("Are all three sheets destroyed, and is the list signed?")
        click.confirm(asked, abort=True)
    if run(work):
        say(N_("It is written down that the key sheets of wave %(wave)s are destroyed."), wave=name)
    else:
        say(N_("It was written down before. Nothing was changed."))


def read_sheets(files: Sequence[Path], many: int) -> tuple[Sheet, ...]:
    """The sheets in the files, or `many` that somebody types."""
    if files:
        return tuple(_from_file(file) for file in files)
    return tuple(_typed(number, many) for number in range(1, many + 1))


def say_made(name: str, folder: Path) -> None:
    """What follows an approval with key sheets; no folder, they were tried before."""
    say(LOST)
    if not folder.exists():
        say(N_("Next: kernepuls wave open %(wave)s"), wave=name)
        return
    say(N_("Key sheets to print, one for each trustee: %(folder)s"), folder=folder)
    say(
        N_(
            "Next: print the key sheets, the cards and the posters, then "
            "kernepuls wave drill %(wave)s"
        ),
        wave=name,
    )


def say_to_destroy(name: str, paper: Path | None) -> None:
    """What follows a close with key sheets; no paper, nothing to say."""
    if paper is not None:
        say(
            N_(
                "The three key sheets must be destroyed, each one. The list to sign: %(file)s. "
                "Then write it down: kernepuls wave shredded %(wave)s"
            ),
            file=paper,
            wave=name,
        )


def _from_file(file: Path) -> Sheet:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SheetFileUnreadable(file=file) from error
    return split.read_sheet(text)


def _typed(number: int, many: int) -> Sheet:
    """Row by row; a row with a wrong letter is asked for again. A scanner gives all in one."""
    voice = Voice(spoken())
    told = voice.gettext("Sheet %(number)s of %(many)s: type a row and press Enter.")
    click.echo(told % {"number": number, "many": many}, err=True)
    groups: list[str] = []
    while len(groups) < split.GROUPS:
        first = len(groups) + 1
        asked = voice.gettext("Groups %(first)s-%(last)s") % {
            "first": first,
            "last": first + ACROSS - 1,
        }
        row: str = click.prompt(asked, hide_input=True, err=True)
        try:
            if first == 1 and len(row) > split.GROUPS * (split.GROUP - 1):
                return split.read_sheet(row)
            groups += split.read_groups(row, first, ACROSS)
        except KernepulsError as error:
            click.echo(texts.sentence(error, spoken()), err=True)
    return split.read_sheet(" ".join(groups))
