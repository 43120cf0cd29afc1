"""`kernepuls erase`: what is past its time is listed, and erased when somebody says so."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

from survey import house, texts
from survey.actions.opening import today_here
from survey.cli import spoken
from survey.cli.wave_options import as_json, run
from survey.cli.wave_report import print_json
from survey.errors import N_
from survey.house import Organisation
from survey.operations import erase as erasing
from survey.operations.erase_plan import Item, Plan, plan
from survey.operations.refusals import ArchiveUndecided
from survey.settings import Settings, from_environment
from survey.texts import Language, Voice

WHAT: Final = {
    "roster": N_("Wave %(wave)s: what is left of codes, cards, mails and who opened"),
    "mail_log": N_("Wave %(wave)s: the log of mails, and who was invited (rows: %(rows)s)"),
    "reports": N_("Wave %(wave)s: the finished reports, and who was told (files: %(files)s)"),
    "comments": N_("Wave %(wave)s: the comments (files: %(files)s)"),
    "release": N_("Wave %(wave)s: numbers, receipts and answers (files: %(files)s)"),
    "left": N_("People who are no longer on the staff list: %(rows)s"),
}
BACKUPS: Final = N_(
    "Sealed answers in old backups were erased when their wave closed and its key was destroyed. "
    "The rest is still in backups made before today: delete them. What was printed, mailed or "
    "downloaded is not reached."
)


@click.command()
@click.option("--dry-run", is_flag=True, help="Only list what is due, as without any option.")
@click.option("--yes", is_flag=True, help="Erase it, and keep a report.")
@click.option("--hold", metavar="WAVE", help="Keep the wave WAVE: nothing of it is erased.")
@click.option("--lift", metavar="WAVE", help="Let the wave WAVE be erased again when it is due.")
@click.option("--person", is_flag=True, help="Erase one person from the staff list; asks for whom.")
@click.option(
    "--check",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Look whether a report is as it was written.",
)
@as_json
def erase(  # noqa: PLR0913 - one for each option
    hold: str | None,
    lift: str | None,
    check: Path | None,
    *,
    dry_run: bool,
    yes: bool,
    person: bool,
    as_json: bool,
) -> None:
    """List what is past the periods of organisation.yaml, and with --yes erase it for good."""
    if sum((dry_run, yes, person, bool(hold), bool(lift), bool(check))) > 1:
        raise click.UsageError("Give one of --dry-run, --yes, --hold, --lift, --person, --check.")
    if check:
        _check(check)
    elif hold or lift:
        _hold(str(hold or lift), on=bool(hold))
    elif person:
        _person()
    elif yes:
        _erase(as_json=as_json)
    else:
        _list(as_json=as_json)


def _list(*, as_json: bool) -> None:
    async def work(settings: Settings) -> tuple[Plan, Organisation]:
        fields = house.organisation(settings)
        return await plan(settings, fields.retention, today_here()), fields

    due, fields = run(work)
    if as_json:
        print_json(_facts(due, report=None))
        return
    voice = Voice(spoken())
    click.echo(voice.gettext(N_("This is due:") if due.items else N_("Nothing is due.")))
    for line in _lines(due, voice):
        click.echo(line)
    if not erasing.is_decided(fields, today_here()):
        undecided = ArchiveUndecided(file=from_environment().organisation)
        click.echo(texts.sentence(undecided, spoken()))
    elif due.items:
        click.echo(voice.gettext("Nothing was erased. To erase it: kernepuls erase --yes"))


def _erase(*, as_json: bool) -> None:
    done = run(lambda settings: erasing.erase(settings, today_here(), report))
    if as_json:
        print_json(_facts(done.plan, report=done.report))
        return
    voice = Voice(spoken())
    if done.report is None:
        click.echo(voice.gettext("Nothing is due."))
        return
    for line in _lines(done.plan, voice):
        click.echo(line)
    said = voice.gettext("Erased for good. The report: %(file)s. Its hash is in the audit log.")
    click.echo(said % {"file": done.report})
    click.echo(voice.gettext(BACKUPS))


def report(due: Plan, fields: Organisation) -> str:
    """The text of a report, in the organisation's language; the day and no time."""
    language: Language = fields.language
    voice = Voice(language)
    decision = fields.archive_decision
    lines = [
        voice.gettext("Erased %(day)s, %(organisation)s")
        % {
            "day": voice.full_date(today_here()),
            "organisation": fields.said("organisation", language),
        },
        voice.gettext("Decision of the archive: %(day)s")
        % {"day": voice.full_date(decision) if decision else "–"},
        "",
        *_lines(due, voice),
        "",
        voice.gettext(BACKUPS),
    ]
    return "\n".join(lines) + "\n"


def _lines(due: Plan, voice: Voice) -> Iterator[str]:
    for item in due.items:
        yield f"  - {_said(item, voice)}"
    if due.on_hold:
        yield voice.gettext("On hold, nothing of it goes: %(waves)s") % {
            "waves": ", ".join(due.on_hold)
        }


def _said(item: Item, voice: Voice) -> str:
    return voice.gettext(WHAT[item.what]) % {
        "wave": item.wave,
        "rows": voice.number(item.rows),
        "files": voice.number(len(item.files)),
    }


def _facts(due: Plan, *, report: Path | None) -> dict[str, object]:
    return {
        "due": [
            {"what": one.what, "wave": one.wave, "rows": one.rows, "files": len(one.files)}
            for one in due.items
        ],
        "on_hold": list(due.on_hold),
        "report": str(report) if report else None,
    }


def _hold(wave: str, *, on: bool) -> None:
    run(lambda _: erasing.set_hold(wave, on=on))
    said = (
        N_("Wave %(wave)s is on hold: nothing of it is erased.")
        if on
        else N_("Wave %(wave)s is no longer on hold.")
    )
    click.echo(Voice(spoken()).gettext(said) % {"wave": wave})


def _person() -> None:
    """Who it is is asked for, so that no name stays in the history of a shell."""
    voice = Voice(spoken())
    who: str = click.prompt(voice.gettext("Work mail, or first and last name"), err=True)
    click.confirm(voice.gettext("Erase this person from the staff list?"), abort=True, err=True)
    run(lambda settings: erasing.erase_person(settings, today_here(), who))
    click.echo(
        voice.gettext(
            "Erased from the staff list. An answer cannot be found, and so not erased. The next "
            "list brings the person back unless payroll leaves them out. Backups made before today "
            "still have the row."
        )
    )


def _check(file: Path) -> None:
    voice = Voice(spoken())
    if not run(lambda _: erasing.is_ours(file)):
        said = voice.gettext("%(file)s is not as it was written, or the audit log was changed.")
        raise click.ClickException(said % {"file": file})
    said = voice.gettext("%(file)s is as it was written: its hash is in the audit log.")
    click.echo(said % {"file": file})
