"""Erasing what is past its time: rows, files, their second copies, and the space they lay in.

Order: the report is written beside, then one transaction takes the rows and puts the report's hash
into the audit log, then the files go, the database is written anew, and the report gets its name.
Killed in between, the next run goes on: what is left is still due.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from survey import audit, house
from survey.actions.alone import alone
from survey.actions.approval import stored_wave
from survey.engine import file_refusals, transaction
from survey.engine.rewriting import rewrite
from survey.house import Organisation
from survey.intake import disk
from survey.operations.backup import no_close, one_at_a_time
from survey.operations.erase_plan import Item, Plan, plan
from survey.operations.refusals import (
    ArchiveUndecided,
    NotAReport,
    PersonInWave,
    PersonUnknown,
    SeveralPeople,
)
from survey.settings import Settings
from survey.tables import (
    AuditEvent,
    Closing,
    CommentReview,
    Invitation,
    MailItem,
    Person,
    ReportMail,
    Unit,
    Wave,
)

REWRITTEN = (
    *("person", "invitation", "invitation_code", "mail_item", "closing"),
    "comment_review",  # what was rewritten is in their words
)
ERASED = "erased"  # what the audit log says; beside it the report's name and hash
ENDED = ("released", "held")
Told = Callable[[Plan, Organisation], str]  # the text of a report


@dataclass(frozen=True, slots=True)
class Erased:
    """What went, and where the report of it lies; no report when nothing was due."""

    plan: Plan
    report: Path | None


def folder_of(settings: Settings) -> Path:
    return settings.data / "erasures"


async def erase(settings: Settings, today: date, told: Told) -> Erased:
    """Erase all that is due, and keep a report whose hash is in the audit log.

    `told` writes the report. Raises ArchiveUndecided, AnotherRun, BackupRunning, CloseRunning,
    StillRead; what was begun is gone on with by the next run.
    """
    fields = _decided(settings, today)
    with alone(settings), one_at_a_time(settings), no_close(settings), file_refusals(settings):
        await _finish(settings)
        due = await plan(settings, fields.retention, today)
        if not due.items:
            return Erased(due, None)
        report = _free_name(settings, today)
        body = told(due, fields).encode()
        disk.make_folder(report.parent)
        disk.part_of(report).write_bytes(body)
        disk.sync(disk.part_of(report))
        async with transaction():
            for item in due.items:
                await _rows(item)
            seal = f"{report.name} {hashlib.sha256(body).hexdigest()}"
            await audit.record(by=None, what=ERASED, on_what=seal, day=today)
        for item in due.items:
            _files(item)
        await rewrite(*REWRITTEN)
        disk.keep(report)
    return Erased(due, report)


async def erase_person(settings: Settings, today: date, who: str) -> None:
    """Erase one person from the staff list, by work mail or by name; nobody else's row changes.

    Refused alike for everyone invited to a wave that has not closed, whether they opened or not.
    Raises ArchiveUndecided, PersonUnknown, SeveralPeople, PersonInWave.
    """
    _decided(settings, today)
    with alone(settings):
        person = await _found(who)
        rows = await Invitation.raw(
            "SELECT wave.name AS name, wave.state AS state, wave.on_hold AS on_hold "
            "FROM invitation JOIN wave ON wave.id = invitation.wave "
            "WHERE invitation.person = {} ORDER BY wave.name",
            person,
        )
        kept = [row["name"] for row in rows if row["state"] not in ENDED or row["on_hold"]]
        if kept:
            raise PersonInWave(wave=", ".join(kept))
        async with transaction():
            await Invitation.update({Invitation.person: None}).where(Invitation.person == person)
            await Person.delete().where(Person.id == person)
            await audit.record(by=None, what="erased a person", on_what="staff list", day=today)
        await rewrite("person", "invitation")


async def set_hold(wave: str, *, on: bool) -> None:
    """Keep a wave from being erased, or let it go again; written down in the audit log."""
    found = await stored_wave(wave)
    if bool(found.on_hold) == on:
        return
    async with transaction():
        await Wave.update({Wave.on_hold: on}).where(Wave.id == found.id)
        await audit.record(by=None, what="put on hold" if on else "lifted hold", on_what=wave)


async def is_ours(file: Path) -> bool:
    """Whether a report is the one whose hash is in the audit log, and the log's chain holds."""
    try:
        sha256 = disk.sha256(file)
    except OSError as error:
        raise NotAReport(file=file) from error
    return await _recorded(file.name, sha256) and await audit.first_break() is None


def is_decided(fields: Organisation, today: date) -> bool:
    """Whether the archive has decided what may go (arkivloven)."""
    return fields.archive_decision is not None and fields.archive_decision <= today


def _decided(settings: Settings, today: date) -> Organisation:
    fields = house.organisation(settings)
    if not is_decided(fields, today):
        raise ArchiveUndecided(file=settings.organisation)
    return fields


async def _finish(settings: Settings) -> None:
    """End a run that was killed: with its rows gone the report is kept, else it is dropped."""
    for part in sorted(folder_of(settings).glob("*.part")):
        report = part.with_suffix("")
        if await _recorded(report.name, disk.sha256(part)):
            await rewrite(*REWRITTEN)
            disk.keep(report)
        else:
            part.unlink()


async def _recorded(name: str, sha256: str) -> bool:
    return bool(
        await AuditEvent.exists().where(
            AuditEvent.what == ERASED, AuditEvent.on_what == f"{name} {sha256}"
        )
    )


def _free_name(settings: Settings, today: date) -> Path:
    """The day, and a number from the second report of a day on."""

    def names() -> Iterator[Path]:
        yield folder_of(settings) / f"{today}.txt"
        number = 2
        while True:
            yield folder_of(settings) / f"{today}-{number}.txt"
            number += 1

    return next(name for name in names() if not name.exists())


async def _rows(item: Item) -> None:
    if item.what == "roster":
        await Invitation.update({Invitation.issued: None}).where(Invitation.wave == item.wave_id)
        await Invitation.raw(
            "DELETE FROM invitation_code WHERE invitation IN "
            "(SELECT id FROM invitation WHERE wave = {})",
            item.wave_id,
        )
    elif item.what == "mail_log":
        await MailItem.delete().where(MailItem.wave == item.wave_id)
        await Invitation.update({Invitation.person: None}).where(Invitation.wave == item.wave_id)
    elif item.what == "reports":
        await ReportMail.delete().where(ReportMail.wave == item.wave_id)
    elif item.what == "comments":  # without a hash nobody misses the file
        await CommentReview.delete().where(CommentReview.wave == item.wave_id)
        await Closing.update({Closing.comments_sha256: None}).where(Closing.wave == item.wave_id)
    elif item.what == "release":
        await Closing.update({Closing.answers_sha256: None, Closing.release_sha256: None}).where(
            Closing.wave == item.wave_id
        )
    else:
        for person in item.people:
            await Person.delete().where(Person.id == person, Person.active == False)  # noqa: E712


def _files(item: Item) -> None:
    for file in item.files:
        disk.overwrite(file)
        file.unlink()
        disk.sync(file.parent)


async def _found(who: str) -> int:
    """The one person a work mail or "first last" or "first last, unit code" means."""
    asked, _, unit = (part.strip() for part in who.partition(","))
    people = await Person.select(
        Person.id, Person.first_name, Person.last_name, Person.email, Person.unit
    )
    units = {row["id"]: row["code"] for row in await Unit.select(Unit.id, Unit.code)}
    meant = [
        row["id"]
        for row in people
        if _words(asked)
        in (_words(row["email"] or ""), _words(f"{row['first_name']} {row['last_name']}"))
        and unit in ("", units[row["unit"]])
    ]
    if not _words(asked) or not meant:
        raise PersonUnknown
    if len(meant) > 1:
        raise SeveralPeople
    return int(meant[0])


def _words(text: str) -> Sequence[str]:
    return text.casefold().split()
