"""`kernepuls wave remind` and `resend`: they tell of the whole wave and never of a person."""

from datetime import date

import click
import msgspec

from survey import texts
from survey.actions.lost_link import ask_for_code
from survey.actions.reminding import TOLD_FROM, Reminded, To, remind_wave
from survey.cli import spoken
from survey.cli.wave_options import DAY, as_json, day, run
from survey.cli.wave_report import print_json, say
from survey.errors import N_
from survey.settings import Settings
from survey.texts import Voice

SENT = {
    "not-opened": N_("The reminder to those who have not opened the form is sent (%(wave)s)."),
    "all": N_("The reminder to all is sent (%(wave)s)."),
}


@click.command()
@click.argument("name")
@click.option(
    "--to",
    type=click.Choice(["not-opened", "all"]),
    default="not-opened",
    show_default=True,
    help="not-opened: a new code to those who have not opened the form. all: without a code. "
    "Each goes out once, all is the last.",
)
@click.option("--today", type=DAY, callback=day, help="The day it is, where that is not today.")
@as_json
def remind(name: str, to: To, today: date | None, *, as_json: bool) -> None:
    """Send a reminder of the wave NAME, on a working day; nobody is told to whom it went."""

    async def work(settings: Settings) -> Reminded:
        return await remind_wave(settings, name=name, to=to, by=None, today=today)

    done = run(work)
    if as_json:
        print_json(msgspec.to_builtins(done))
        return
    if done.before:
        say(N_("It was sent before, and nothing is sent twice. There is no third reminder."))
        return
    if not done.is_sent:
        say(
            N_(
                "No reminder goes out today. It goes out on %(day)s, by the server or this command."
            ),
            day=Voice(spoken()).day(done.day),
        )
        return
    say(SENT[to], wave=name)
    if done.about is None:
        say(N_("Mails: fewer than %(n)s."), n=TOLD_FROM)
    else:
        say(N_("Mails: %(n)s, rounded down to fives."), n=done.about)
    say(
        N_(
            "Whoever had a mail today or could not be reached gets it on the next working day, "
            "by the server or this command."
        )
    )


@click.command()
@click.argument("name")
@click.option(
    "--email",
    required=True,
    help="The work mail of the person who lost the code; or the mobile number that got it.",
)
def resend(name: str, email: str) -> None:
    """Send a new code for the wave NAME to a work mail, if its code is not used.

    What is said is the same for every address: nobody is told who has opened the form.
    """

    async def work(settings: Settings) -> bool:
        texting = settings.sms is not None
        await ask_for_code(email, wave=name, by=None, texting=texting)
        return texting

    said = texts.content("messages")["lost_code"]
    said = said["or_mobile"] if run(work) else said
    click.echo(Voice(spoken()).pick(said["done"]))
    say(
        N_("The server sends it within a minute; without one: kernepuls wave open %(wave)s"),
        wave=name,
    )
