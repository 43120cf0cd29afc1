"""Erasing what is past its time (trust.md 13): listed first, decided by the archive, reported."""

import asyncio
import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import get_args

import pytest
from click.testing import CliRunner, Result

from survey import audit, engine, house
from survey.actions import waves as actions
from survey.cli import main
from survey.cli.erase import WHAT, report
from survey.engine.sqlite import SQLite
from survey.operations import archive, erase_plan
from survey.operations import erase as erasing
from survey.operations.erase import erase, erase_person, set_hold
from survey.operations.erase_plan import months_later, plan
from survey.operations.refusals import (
    ArchiveUndecided,
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
    InvitationCode,
    MailItem,
    Person,
    ReportMail,
    Unit,
    Wave,
)
from tests.commanding import enter
from tests.survey import waves

CLOSES = date(2026, 3, 15)  # of every wave here
KEPT = house.Retention(comments_months=24, releases_months=60, mail_log_days=14)
FIRST_DAY = {
    "roster": CLOSES,
    "mail_log": CLOSES + timedelta(days=14 + 1),
    "reports": date(2028, 3, 15 + 1),
    "comments": date(2028, 3, 15 + 1),
    "release": date(2031, 3, 15 + 1),
}
LATE = FIRST_DAY["release"]
CANARY = "Kanariefugl"


def decided(settings: Settings, day: str = "2026-01-05") -> None:
    house.write_fjordlund(settings)
    text = settings.organisation.read_text()
    settings.organisation.write_text(
        text.replace("archive_decision: null", f"archive_decision: {day}")
    )


async def past(settings: Settings, name: str = "2026-1", *, state: str = "released") -> Wave:
    """A wave that ended, with a person, a mail and every file it may leave; each has the canary."""
    if not await Unit.exists():
        await waves.organisation()
    await waves.wave(settings, name, state=state)
    wave = await Wave.objects().get(Wave.name == name)
    unit = await Unit.objects().first()
    person = Person(
        unit=unit.id, first_name=CANARY, last_name=name, profession="sosu",
        email=f"{CANARY}@{name}.example".lower(),
    )  # fmt: skip
    await person.save()
    first = await Invitation.objects().where(Invitation.wave == wave.id).first()
    await Invitation.update({Invitation.person: person.id}).where(Invitation.id == first.id)
    await MailItem(
        wave=wave.id, invitation=first.id, kind="invitation", state="sent", day=CLOSES
    ).save()
    await Closing(
        wave=wave.id, step="released", answers_sha256="a", comments_sha256="c", release_sha256="r"
    ).save()
    await ReportMail(wave=wave.id, account=1, state="sent", day=CLOSES).save()
    await CommentReview(wave=wave.id, place=1, state="rewritten", text=CANARY).save()
    for file in files_of(settings, name):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{CANARY} {name}")
    return wave


def files_of(settings: Settings, wave: str) -> dict:
    """Every file of a wave -> the kind it is erased with."""
    data, copies = settings.data, settings.backup
    return {
        data / "cards" / wave / "N1.pdf": "roster",
        data / "posters" / wave / "N1.pdf": "roster",
        data / "mail" / wave / "one.eml": "roster",
        data / "sms" / wave / "one.txt": "roster",
        data / "reports" / wave / "da" / "report-N1.pdf": "reports",
        data / "mail" / f"reports-{wave}" / "one.eml": "reports",
        data / "comments" / f"{wave}.parquet": "comments",
        copies / "comments" / f"{wave}.parquet": "comments",
        data / "answers" / f"{wave}.parquet": "release",
        copies / "answers" / f"{wave}.parquet": "release",
        data / "receipts" / f"{wave}.txt": "release",
        data / "releases" / f"{wave}.json": "release",
    }


async def due(settings: Settings, day: date) -> list[str]:
    return [one.what for one in (await plan(settings, KEPT, day)).items]


# --- what is due ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2026, 3, 15), 24, date(2028, 3, 15)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2026, 12, 1), 1, date(2027, 1, 1)),
    ],
)
def test_a_month_later_is_the_same_day_or_the_last_of_the_month(day, months, later):
    assert months_later(day, months) == later


async def test_each_kind_is_due_the_day_after_its_period_and_not_before(store):
    await past(store)

    for what, first in FIRST_DAY.items():
        assert what in await due(store, first)
        assert what == "roster" or what not in await due(store, first - timedelta(days=1))


@pytest.mark.parametrize("state", ["draft", "approved", "open", "closing"])
async def test_nothing_of_a_wave_that_has_not_closed_is_ever_due(settings, state):
    async with engine.opened(settings, migrate=True):
        await past(settings, state=state)

        assert await due(settings, date(2099, 1, 1)) == []


async def test_the_plan_does_not_tell_how_many_opened(store):
    await past(store)
    before = await plan(store, KEPT, CLOSES)

    await Invitation.update({Invitation.issued: b"i" * 32}, force=True)
    after = await plan(store, KEPT, CLOSES)

    assert [one.rows for one in before.items] == [one.rows for one in after.items] == [1]


async def test_people_who_left_are_due_when_no_invitation_needs_them(store):
    await past(store, "2026-1")
    await past(store, "2026-2", state="open")
    await Person.update({Person.active: False}, force=True)
    gone = await Person.objects().get(Person.last_name == "2026-1")

    early = await plan(store, KEPT, CLOSES)
    later = await plan(store, KEPT, FIRST_DAY["mail_log"])

    assert [one.people for one in early.items if one.what == "left"] == []
    assert [one.people for one in later.items if one.what == "left"] == [(gone.id,)]


# --- erasing -------------------------------------------------------------------------------------


async def test_nothing_is_erased_before_the_archive_has_decided(store):
    house.write_fjordlund(store)
    await past(store)

    for day in (None, LATE + timedelta(days=1)):
        if day:
            decided(store, day.isoformat())
        with pytest.raises(ArchiveUndecided):
            await erase(store, LATE, report)
        with pytest.raises(ArchiveUndecided):
            await erase_person(store, LATE, f"{CANARY} 2026-1")

    assert all(file.exists() for file in files_of(store, "2026-1"))
    assert (await Person.count(), await MailItem.count()) == (1, 1)
    assert not erasing.folder_of(store).exists()


@pytest.mark.parametrize("upto", list(FIRST_DAY))
async def test_what_is_due_goes_and_the_rest_stays(store, upto):
    decided(store)
    wave = await past(store)
    gone = [what for what, first in FIRST_DAY.items() if first <= FIRST_DAY[upto]]

    await erase(store, FIRST_DAY[upto], report)

    job = await Closing.objects().get(Closing.wave == wave.id)
    named = await Invitation.count().where(Invitation.person.is_not_null())
    assert {file for file in files_of(store, "2026-1") if file.exists()} == {
        file for file, what in files_of(store, "2026-1").items() if what not in gone
    }
    assert await InvitationCode.count() == 0
    assert await Invitation.count() == waves.EVERYBODY
    assert (await MailItem.count(), named) == ((0, 0) if "mail_log" in gone else (1, 1))
    assert (job.comments_sha256 is None) == ("comments" in gone)
    assert await CommentReview.count() == (0 if "comments" in gone else 1)
    assert await ReportMail.count() == (0 if "reports" in gone else 1)
    assert (job.answers_sha256 is None) == ("release" in gone)
    assert await due(store, FIRST_DAY[upto]) == []


async def test_no_erased_word_is_left_in_a_file_the_database_or_its_log(store):
    decided(store)
    await past(store)
    await Person.update({Person.active: False}, force=True)

    await erase(store, LATE, report)

    found = [
        str(file)
        for folder in (store.data, store.backup)
        for file in folder.rglob("*")
        if file.is_file() and CANARY.lower() in file.read_bytes().decode("latin-1").lower()
    ]
    assert found == []
    assert await Person.count() == 0
    if isinstance(engine.current(), SQLite):
        log = store.sqlite_file.with_name(f"{store.sqlite_file.name}-wal")
        assert not log.exists() or log.stat().st_size == 0


async def test_the_canary_is_found_before_it_is_erased(settings):
    async with engine.opened(settings, migrate=True):
        await past(settings)

    assert CANARY.encode() in settings.sqlite_file.read_bytes()


async def test_other_waves_are_untouched(store):
    decided(store)
    await past(store, "2026-1")
    await past(store, "2026-2", state="open")

    await erase(store, LATE, report)

    assert all(file.exists() for file in files_of(store, "2026-2"))
    assert await InvitationCode.count() == waves.EVERYBODY
    assert (await Person.count(), await MailItem.count()) == (2, 1)


async def test_a_wave_on_hold_is_left_whole_until_the_hold_is_lifted(store):
    decided(store)
    await past(store)
    await set_hold("2026-1", on=True)
    await set_hold("2026-1", on=True)

    held = await erase(store, LATE, report)
    kept = all(file.exists() for file in files_of(store, "2026-1"))
    await set_hold("2026-1", on=False)
    lifted = await erase(store, LATE, report)

    told = [row["what"] for row in await AuditEvent.select().order_by(AuditEvent.id)]
    assert (held.report, held.plan.on_hold, kept) == (None, ("2026-1",), True)
    assert [one.what for one in lifted.plan.items] == list(FIRST_DAY)
    assert told == ["put on hold", "lifted hold", "erased"]


async def test_after_erasing_the_wave_still_has_its_status_and_no_backup_misses_a_file(store):
    decided(store)
    await past(store)

    await erase(store, LATE, report)

    status = await actions.wave_status(store, "2026-1")
    assert (status.state, status.counts.invited) == ("released", waves.EVERYBODY)
    assert "erasures" in archive.FOLDERS
    assert [name for name, _ in archive.files_of(store)] == [
        f"erasures/{LATE}.txt", "organisation.yaml",
    ]  # fmt: skip


# --- the report ----------------------------------------------------------------------------------


async def test_the_report_says_what_went_and_its_hash_is_in_the_audit_log(store):
    decided(store)
    await past(store)

    done = await erase(store, LATE, report)

    said = done.report.read_text()
    assert "5. januar 2026" in said
    assert said.count("2026-1") == len(FIRST_DAY)
    assert CANARY not in said
    assert await erasing.is_ours(done.report)
    assert await audit.first_break() is None
    done.report.write_text(said.replace("2026-1", "2026-2"))
    assert not await erasing.is_ours(done.report)


async def test_a_second_run_finds_nothing_and_a_second_report_of_a_day_has_a_number(store):
    decided(store)
    await past(store)
    first = await erase(store, LATE, report)
    nothing = await erase(store, LATE, report)
    await past(store, "2026-2")
    second = await erase(store, LATE, report)

    assert nothing.report is None
    assert [first.report.name, second.report.name] == [f"{LATE}.txt", f"{LATE}-2.txt"]


class Killed(BaseException):
    pass


def killed(*_: object, **__: object) -> None:
    raise Killed


@pytest.mark.parametrize("at", ["_rows", "_files", "rewrite"])
async def test_a_run_that_was_killed_is_gone_on_with(store, monkeypatch, at):
    decided(store)
    await past(store)
    await Person.update({Person.active: False}, force=True)
    with monkeypatch.context() as patch:
        patch.setattr(erasing, at, killed)
        with pytest.raises(Killed):
            await erase(store, LATE, report)
    mails = await MailItem.count()

    await erase(store, LATE, report)

    reports = sorted(erasing.folder_of(store).iterdir())
    events = await AuditEvent.count().where(AuditEvent.what == "erased")
    assert mails == (1 if at == "_rows" else 0)
    assert not any(file.exists() for file in files_of(store, "2026-1"))
    assert len(reports) == events == {"_rows": 1, "_files": 2, "rewrite": 1}[at]
    assert all([await erasing.is_ours(one) for one in reports])
    for file in store.data.glob("kernepuls.sqlite*"):
        assert CANARY.lower().encode() not in file.read_bytes()


# --- one person ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "asked", [f"{CANARY}@2026-1.example", f" {CANARY.lower()}  2026-1 ", f"{CANARY} 2026-1, K"]
)
async def test_a_person_is_erased_by_mail_or_name_and_nobody_else_is(store, asked):
    decided(store)
    await past(store, "2026-1")
    await past(store, "2026-2")

    await erase_person(store, CLOSES, asked)

    named = await Invitation.select(Invitation.wave).where(Invitation.person.is_not_null())
    [event] = await AuditEvent.select()
    assert [row["last_name"] for row in await Person.select(Person.last_name)] == ["2026-2"]
    assert len(named) == 1
    assert await Invitation.count() == 2 * waves.EVERYBODY
    assert (event["what"], event["on_what"]) == ("erased a person", "staff list")
    if store.on_sqlite:
        for file in store.data.glob("kernepuls.sqlite*"):
            assert b"@2026-1.example" not in file.read_bytes()


async def test_an_open_wave_refuses_those_who_opened_and_those_who_did_not_alike(store):
    decided(store)
    await past(store, state="open")

    said = []
    for issued in (None, b"i" * 32):
        await Invitation.update({Invitation.issued: issued}, force=True)
        with pytest.raises(PersonInWave) as refused:
            await erase_person(store, CLOSES, f"{CANARY} 2026-1")
        said.append(refused.value.facts)

    assert said[0] == said[1] == {"wave": "2026-1"}
    assert await Person.count() == 1


async def test_a_person_of_a_wave_on_hold_stays(store):
    decided(store)
    await past(store)
    await set_hold("2026-1", on=True)

    with pytest.raises(PersonInWave):
        await erase_person(store, CLOSES, f"{CANARY} 2026-1")


async def test_a_name_of_two_people_or_of_nobody_erases_nobody(settings):
    decided(settings)
    async with engine.opened(settings, migrate=True):
        await past(settings, "2026-1")
        await past(settings, "2026-2")
        await Person.update({Person.last_name: "Ens"}, force=True)

        with pytest.raises(SeveralPeople):
            await erase_person(settings, CLOSES, f"{CANARY} Ens")
        for nobody in ("Kim Ukendt", "", " , ", f"{CANARY} Ens, S1"):
            with pytest.raises(PersonUnknown):
                await erase_person(settings, CLOSES, nobody)

        assert await Person.count() == 2


# --- the command ---------------------------------------------------------------------------------


@pytest.fixture
def command(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs `kernepuls erase ...` in English, on a day when everything is due."""
    enter(monkeypatch, settings)
    monkeypatch.setattr("survey.cli.erase.today_here", lambda: LATE)
    house.write_fjordlund(settings)

    async def build() -> None:
        async with engine.opened(settings, migrate=True):
            await past(settings)

    asyncio.run(build())

    def run(*arguments: str, typed: str = "") -> Result:
        return CliRunner().invoke(main, ["erase", *arguments], input=typed, catch_exceptions=False)

    return run


def test_without_an_option_it_lists_and_changes_nothing(command, settings):
    before = {file: file.read_bytes() for file in files_of(settings, "2026-1")}

    listed = command()
    dry = command("--dry-run")
    as_json = json.loads(command("--json").output)

    assert listed.output == dry.output
    assert "Wave 2026-1: the comments (files: 2)" in listed.output
    assert "write the day of the decision in archive_decision" in listed.output
    assert [one["what"] for one in as_json["due"]] == list(FIRST_DAY)
    assert {file: file.read_bytes() for file in before} == before


def test_erasing_is_refused_listed_done_and_checked(command, settings):
    refused = command("--yes")
    settings.organisation.unlink()
    decided(settings)
    done = command("--yes")
    kept = erasing.folder_of(settings) / f"{LATE}.txt"
    checked = command("--check", str(kept))
    kept.write_text("something else")
    changed = command("--check", str(kept))

    assert (refused.exit_code, "Nothing was erased." in refused.output) == (1, True)
    assert (done.exit_code, f"The report: {kept}" in done.output) == (0, True)
    assert "Sealed answers in old backups were erased when their wave closed" in done.output
    assert (checked.exit_code, changed.exit_code) == (0, 1)
    assert "Nothing is due." in command().output


def test_a_hold_is_set_and_lifted_and_an_unknown_wave_refused(command):
    held = command("--hold", "2026-1")
    listed = command()
    lifted = command("--lift", "2026-1")
    unknown = command("--hold", "1999-1")

    assert (held.exit_code, lifted.exit_code, unknown.exit_code) == (0, 0, 1)
    assert "On hold, nothing of it goes: 2026-1" in listed.output
    assert "Nothing is due." in listed.output


def test_a_person_is_asked_for_and_never_stands_in_the_command(command, settings):
    settings.organisation.unlink()
    decided(settings)

    taken_back = command("--person", typed=f"{CANARY} 2026-1\nn\n")
    erased = command("--person", typed=f"{CANARY} 2026-1\ny\n")

    assert taken_back.exit_code == 1
    assert "Erased from the staff list." in erased.output
    assert CANARY not in erased.stdout


def test_two_wishes_at_once_are_refused(command):
    assert command("--yes", "--person").exit_code == 2
    assert command("--hold", "2026-1", "--lift", "2026-1").exit_code == 2


def test_every_kind_that_is_planned_can_be_said() -> None:
    assert set(get_args(erase_plan.What)) == set(WHAT)
