"""`kernepuls wave`: plan, approve, open, close and look at a wave; each says what to do next."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from survey import organisation, texts
from survey.actions import sheets, waves
from survey.actions.mailing import send_due
from survey.actions.opening import LOCAL, today_here
from survey.actions.readiness import NotDiscussed
from survey.cli import spoken
from survey.cli.wave_mails import remind, resend
from survey.cli.wave_options import DAY, as_json, day, run
from survey.cli.wave_report import STEPS, detail, facts, line, lines, print_json, say
from survey.cli.wave_sheets import (
    LOST,
    drill,
    read_sheets,
    say_made,
    say_to_destroy,
    sheet_files,
    shredded,
)
from survey.errors import N_
from survey.intake import split
from survey.settings import Settings, from_environment
from survey.tables import Account
from survey.texts import Voice


class Behaviours(click.ParamType):  # type: ignore[type-arg] # generic in new versions of click only
    """all, or codes with commas or spaces between."""

    name = "codes"

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:  # noqa: ANN401, ARG002 - click's
        codes = value.replace(",", " ").replace(";", " ").split()
        return "all" if [code.lower() for code in codes] == ["all"] else codes


@click.group()
def wave() -> None:
    """Plan, approve, open and close a wave, and see where it stands."""


wave.add_command(remind)
wave.add_command(resend)
wave.add_command(drill)
wave.add_command(shredded)


@wave.command()
@click.argument("name")
@click.option("--opens", type=DAY, callback=day, required=True, help="The first day.")
@click.option("--closes", type=DAY, callback=day, required=True, help="The last day counted.")
@click.option("--behaviours", type=Behaviours(), required=True, help="all, or codes as Ad1,Ad2.")
@as_json
def plan(name: str, opens: date, closes: date, behaviours: Any, *, as_json: bool) -> None:  # noqa: ANN401
    """Plan the wave NAME, or plan a draft anew. A name sorts in time order, as 2026-1."""

    async def work(settings: Settings) -> tuple[waves.Planned, waves.WaveStatus]:
        planned = await waves.plan_wave(
            settings, name=name, opens=opens, closes=closes, behaviours=behaviours, by=None
        )
        return planned, await waves.wave_status(settings, name)

    planned, status = run(work)
    if as_json:
        print_json({**facts(status), "overlaps": list(planned.overlaps)})
        return
    voice = Voice(spoken())
    say(
        N_(
            "Wave %(wave)s is planned: %(opens)s to %(closes)s, %(days)s days, "
            "behaviours %(codes)s."
        ),
        wave=name,
        opens=voice.full_date(opens),
        closes=voice.full_date(closes),
        days=(closes - opens).days + 1,
        codes=", ".join(planned.behaviours),
    )
    if planned.overlaps:
        say(N_("Note: it shares days with %(waves)s."), waves=", ".join(planned.overlaps))
    lacking = [one for one in status.missing if not isinstance(one, NotDiscussed)]
    if lacking:
        say(N_("Before it can be approved this is missing:"))
        lines(texts.sentence(one, spoken()) for one in lacking)
    say(N_("Next: kernepuls wave approve %(wave)s --med-date DATE"), wave=name)


@wave.command()
@click.argument("name")
@click.option("--med-date", type=DAY, callback=day, help="When the works committee discussed it.")
@click.option("--again", is_flag=True, help="Make invitations and cards anew before it opens.")
@click.option(
    "--key-sheets/--no-key-sheets",
    "on_sheets",
    default=None,
    help="Make new keys, with the one that opens the answers on three sheets of which two are "
    "needed, or on the server, which is usual.",
)
@as_json
def approve(
    name: str, med_date: date | None, *, again: bool, on_sheets: bool | None, as_json: bool
) -> None:
    """Approve the wave NAME: make its keys, invitations, codes, cards and posters."""

    async def work(settings: Settings) -> waves.Approved:
        with _bar(N_("Cards and posters"), hidden=as_json) as progress:
            return await waves.approve_wave(
                settings,
                name=name,
                med_date=med_date,
                by=None,
                again=again,
                on_sheets=on_sheets,
                progress=progress,
            )

    approved = run(work)
    counts, data = approved.counts, from_environment().data
    if as_json:
        print_json(
            {
                "wave": name,
                "made": approved.made,
                "invited": counts.invited,
                "by_mail": counts.by_mail,
                "by_sms": counts.by_sms,
                "by_card": counts.by_card,
                "spare_cards": counts.spare_cards,
                "units": approved.units,
                "fingerprint": approved.fingerprint,
                "cards": str(data / "cards" / name),
                "posters": str(data / "posters" / name),
                "key_sheets": str(data / "sheets" / name) if approved.on_sheets else None,
            }
        )
        return
    if approved.made:
        say(N_("Wave %(wave)s is approved."), wave=name)
    else:
        say(N_("Wave %(wave)s was approved before. Nothing was changed."), wave=name)
    say(
        N_(
            "%(invited)s people are invited, %(mail)s by mail and %(card)s by card. "
            "Units: %(units)s."
        ),
        invited=counts.invited,
        units=approved.units,
        mail=counts.by_mail,
        card=counts.by_card,
    )
    if counts.by_sms:
        say(N_("%(n)s people get a text message instead of a card."), n=counts.by_sms)
    if counts.by_card:
        say(
            N_("%(n)s cards to print, %(spare)s of them spare: %(folder)s"),
            n=counts.by_card + counts.spare_cards,
            spare=counts.spare_cards,
            folder=data / "cards" / name,
        )
    say(N_("Posters to print: %(folder)s"), folder=data / "posters" / name)
    say(N_("Fingerprint of the key: %(fingerprint)s"), fingerprint=approved.fingerprint)
    if approved.on_sheets:
        say_made(name, data / "sheets" / name)
        return
    say(
        N_(
            "The keys are in %(first)s and in %(second)s. "
            "If both are lost before the wave closes, so are the answers."
        ),
        first=data / "keys" / name,
        second=from_environment().key_copy / name,
    )
    say(N_("Next: print the cards and the posters, then kernepuls wave open %(wave)s"), wave=name)


@wave.command("open")
@click.argument("name")
@as_json
def open_(name: str, *, as_json: bool) -> None:
    """Open the wave NAME: send its mails and take answers. Run again it sends what is waiting."""

    async def work(settings: Settings) -> tuple[waves.Opened, waves.WaveStatus]:
        with _bar(N_("Mails"), hidden=as_json) as progress:
            opened = await waves.open_wave(settings, name=name, by=None, progress=progress)
        await send_due(settings, datetime.now(LOCAL))
        return opened, await waves.wave_status(settings, name)

    opened, status = run(work)
    mails = opened.mails
    if as_json:
        print_json({**facts(status), "opened": opened.opened, "run": msgspec.to_builtins(mails)})
        return
    voice = Voice(spoken())
    last = texts.Voice(spoken()).day(status.closes)
    if opened.opened:
        say(N_("Wave %(wave)s is open. Its last day is %(last)s."), wave=name, last=last)
        if today_here() < status.opens:
            say(N_("Note: it was planned to open %(opens)s."), opens=voice.full_date(status.opens))
    else:
        say(N_("Wave %(wave)s was open already. Its last day is %(last)s."), wave=name, last=last)
    if status.key_sheets:
        say(LOST)
    if opened.folder:
        say(N_("Mails written to %(folder)s: %(n)s"), n=mails.sent, folder=opened.folder)
    else:
        say(N_("Mails sent: %(n)s"), n=mails.sent)
    if status.counts.by_sms:
        say(N_("Text messages are counted with them; KERNEPULS_SMS says who sends them."))
    if mails.failed:
        failed = voice.pick(texts.content("messages")["errors"]["staff"]["mail_failed"])
        click.echo(failed.format(n=voice.number(mails.failed)))
    if mails.put_off:
        say(N_("%(n)s wait until tomorrow: nobody gets two mails on one day."), n=mails.put_off)
    if mails.failed or mails.put_off:
        say(N_("To try them again: kernepuls wave open %(wave)s"), wave=name)
    say(N_("Next: hand out the cards and put up the posters."))
    say(N_("After the last day: kernepuls wave close %(wave)s"), wave=name)


@wave.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask when the last day has not passed.")
@click.option(
    "--confirmed-by",
    "logins",
    multiple=True,
    help="Two accounts that agree to leave out answers that cannot be opened; give it twice. "
    "Each types their password.",
)
@sheet_files
@as_json
def close(
    name: str, logins: tuple[str, ...], files: tuple[Path, ...], *, yes: bool, as_json: bool
) -> None:
    """Close the wave NAME and release its numbers. It can be resumed and never undone."""

    async def before(settings: Settings) -> tuple[waves.WaveStatus, str, bool]:
        units = await organisation.tree(name)
        status = await waves.wave_status(settings, name)
        return status, units.root.code, await sheets.asked_for(settings, name)

    async def work(settings: Settings) -> tuple[waves.WaveStatus, str | None]:
        accounts = [await _signed_in(login, password) for login, password in agreeing]
        with _steps(hidden=as_json) as progress:
            closed = await waves.close_wave(
                settings,
                name=name,
                by=None,
                confirmed_by=accounts,
                sheets=given,
                progress=progress,
            )
        return closed, _dropped(settings, name) if closed.state == "released" else None

    status, root, with_sheets = run(before)
    agreeing = [(login, _password(login)) for login in logins]
    if status.state == "open" and today_here() <= status.closes and not yes:
        _ask_early(status.closes)
    given = read_sheets(files, split.NEEDED) if with_sheets else ()
    done, dropped = run(work)
    if as_json:
        print_json(facts(done))
    if done.state == "held":
        blocked = Voice(spoken()).pick(
            texts.content("messages")["errors"]["staff"]["release_blocked"]
        )
        raise click.ClickException(blocked.format(value=done.refusal))
    if as_json:
        return
    say(N_("The check is passed. No number can be worked back to a few people."))
    if dropped:
        say(dropped)
    say(N_("Wave %(wave)s is released."), wave=name)
    say_to_destroy(name, run(lambda settings: sheets.to_destroy(settings, name)))
    say(
        N_("Next: kernepuls report %(unit)s --wave %(wave)s --to %(unit)s.pdf"),
        unit=root,
        wave=name,
    )


@wave.command()
@click.argument("name", required=False)
@as_json
def status(name: str | None, *, as_json: bool) -> None:
    """Where the wave NAME stands; without a name all waves. It never tells who has opened."""

    async def work(settings: Settings) -> list[waves.WaveStatus]:
        names = [name] if name else await waves.waves()
        return [await waves.wave_status(settings, one) for one in names]

    found = run(work)
    if as_json:
        print_json(facts(found[0]) if name else [facts(one) for one in found])
    elif not found:
        say(N_("There are no waves yet."))
        say(N_("Next: kernepuls wave plan NAME --opens DATE --closes DATE --behaviours all"))
    elif name:
        detail(found[0])
    else:
        for one in found:
            line(one)


def _password(login: str) -> str:
    """Typed by the person who agrees: a name alone could be anybody's word."""
    asked = Voice(spoken()).gettext("Password of %(login)s") % {"login": login}
    typed: str = click.prompt(asked, hide_input=True, err=True)
    return typed


async def _signed_in(login: str, password: str) -> int:
    # The web framework comes with these.
    from survey.actions import one_time_codes  # noqa: PLC0415
    from survey.actions.accounts import sign_in  # noqa: PLC0415

    row = await Account.select(Account.id).where(Account.login == login.strip().casefold()).first()
    code = ""
    if row and await one_time_codes.is_on(row["id"]):
        asked = Voice(spoken()).gettext("One-time code of %(login)s") % {"login": login}
        code = click.prompt(asked, err=True)
    second = one_time_codes.SecondStep(code, one_time_codes.key(from_environment()))
    return await sign_in(login, password, now=datetime.now(UTC), second=second)


def _ask_early(closes: date) -> None:
    voice = Voice(spoken())
    asked = voice.gettext("The last day is %(day)s. Close now? It cannot be undone.")
    if sys.stdin.isatty():
        click.confirm(asked % {"day": voice.full_date(closes)}, abort=True)
    else:
        say(N_("Note: the last day was %(day)s."), day=voice.full_date(closes))


@contextmanager
def _bar(label: str, *, hidden: bool) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on the error stream, so that output can be piped; none for no work."""
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    bar = Progress(*columns, console=Console(stderr=True), disable=hidden)
    task = bar.add_task(Voice(spoken()).gettext(label), total=None)

    def moved(done: int, of: int) -> None:
        bar.start()
        bar.update(task, completed=done, total=of)

    try:
        yield moved
    finally:
        if bar.live.is_started:
            bar.stop()


def _dropped(settings: Settings, name: str) -> str | None:
    """What is said of a cut that the check made the release leave out."""
    from survey import insight  # noqa: PLC0415 - the whole analysis comes with it

    return insight.DROPPED if insight.stored_release(settings, name).audit.dropped else None


@contextmanager
def _steps(*, hidden: bool) -> Iterator[Callable[[int, int], None]]:
    """The steps of a close, each told when it is done."""

    def done(number: int, of: int) -> None:
        if not hidden:
            from survey.intake import closing  # noqa: PLC0415 - the whole analysis comes with it

            name, _ = closing.STEPS[number - 1]
            click.echo(f"{number:2}/{of} {Voice(spoken()).gettext(STEPS[name])}")

    yield done
