"""The two reminders: who gets which, on which day, and that nobody can see who they are."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from datetime import date, datetime, time
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from survey import engine, house
from survey.actions.mailing import is_quiet, send_due
from survey.actions.reminding import (
    LastWordSaid,
    NoWorkdayLeft,
    Reminded,
    WaveNotOpenNow,
    in_fives,
    remind_wave,
)
from survey.cli import main
from survey.delivery import letters
from survey.delivery.letters import FieldEmpty
from survey.delivery.post import MailServerUnreachable
from survey.delivery.workdays import easter, is_workday, next_workday
from survey.intake import ballots
from survey.intake.refusals import CodeUsed
from survey.settings import Settings
from survey.tables import Invitation, MailItem, Wave
from tests.commanding import enter, environment
from tests.survey.test_waves import LetterBox, approve, build, code_in, open_, plan

BY_MAIL = 5 + 8 + 3  # people in scope with an address of their own
MONDAY, SATURDAY, SUNDAY = date(2026, 2, 9), date(2026, 2, 7), date(2026, 2, 8)
LAST = date(2026, 2, 16)  # a Monday
SENDER = "Formanden og næstformanden for HovedMED"


# --- working days -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sunday",
    [
        date(2024, 3, 31), date(2025, 4, 20), date(2026, 4, 5), date(2027, 3, 28),
        date(2038, 4, 25), date(2285, 3, 22),  # the latest and the earliest there can be
    ],
)  # fmt: skip
def test_easter_is_where_the_almanac_has_it(sunday: date) -> None:
    assert easter(sunday.year) == sunday


@pytest.mark.parametrize(
    "closed",
    [
        date(2027, 3, 25), date(2027, 3, 26), date(2027, 3, 29),  # Easter 2027 is 28 March
        date(2027, 5, 6), date(2027, 5, 17),  # 39 and 50 days later
        date(2027, 1, 1), date(2026, 6, 5), date(2026, 12, 24), date(2026, 12, 25),
        date(2026, 12, 31), SATURDAY, SUNDAY,
    ],
)  # fmt: skip
def test_weekends_and_holidays_are_no_working_days(closed: date) -> None:
    assert not is_workday(closed)


@pytest.mark.parametrize("day", [date(2027, 3, 24), date(2027, 4, 23), date(2026, 12, 23)])
def test_other_weekdays_are_store_bededag_among_them(day: date) -> None:
    assert is_workday(day)


@pytest.mark.parametrize(
    ("day", "next_"),
    [
        (MONDAY, MONDAY),
        (SATURDAY, MONDAY),
        (date(2026, 12, 24), date(2026, 12, 28)),  # a Thursday, Christmas, a weekend
        (date(2026, 12, 31), date(2027, 1, 4)),
        (date(2027, 3, 25), date(2027, 3, 30)),  # Maundy Thursday to the Tuesday after
    ],
)
def test_the_next_working_day_is_the_day_itself_or_the_first_after_it(
    day: date, next_: date
) -> None:
    assert next_workday(day) == next_


@pytest.mark.parametrize(
    ("at", "hours", "quiet"),
    [
        ("16:59", ("17:00", "07:00"), False),
        ("17:00", ("17:00", "07:00"), True),
        ("06:59", ("17:00", "07:00"), True),
        ("07:00", ("17:00", "07:00"), False),
        ("12:30", ("12:00", "13:00"), True),
        ("13:00", ("12:00", "13:00"), False),
    ],
)
def test_quiet_hours_may_go_over_midnight(at: str, hours: tuple[str, str], quiet: bool) -> None:
    assert is_quiet(time.fromisoformat(at), hours) is quiet


# --- who gets which ---------------------------------------------------------------------------


async def test_the_first_goes_to_those_who_have_not_opened_with_a_code_that_works(
    store: Settings,
) -> None:
    sent = await opened_wave(store)
    await begin(store, sent[:4])
    box = LetterBox()

    await remind(store, box)

    assert recipients(box.mails) == recipients(sent[4:])
    assert len({code_in(mail) for mail in (*sent, *box.mails)}) == BY_MAIL + BY_MAIL - 4
    for mail in box.mails:
        assert (await ballots.look_up(store, code_in(mail))).wave == "2026-1"
    # Of 16 people 3 are not in the centre, so one of the 12 left is.
    in_centre = "Vi mangler flere stemmer fra Center for Pleje"
    text = next(mail for mail in box.mails if mail["Subject"] == in_centre).get_content()
    assert "Det gamle virker også, indtil et af dem er brugt." in text
    assert "Svar senest mandag den 16. februar." in text
    assert text.rstrip().endswith(f"Venlig hilsen {SENDER}")


async def test_the_old_and_the_new_code_work_until_one_of_them_is_used(store: Settings) -> None:
    old = {str(mail["To"]): mail for mail in await opened_wave(store)}
    box = LetterBox()
    await remind(store, box)
    new = {str(mail["To"]): mail for mail in box.mails}
    one, other = sorted(old)[:2]
    for mail in (old[one], new[one], old[other], new[other]):
        assert (await ballots.look_up(store, code_in(mail))).wave == "2026-1"

    await begin(store, [old[one], new[other]])

    for mail in (new[one], old[other]):
        with pytest.raises(CodeUsed):
            await begin(store, [mail])


async def test_the_general_one_goes_to_all_and_carries_no_code(store: Settings) -> None:
    sent = await opened_wave(store)
    await begin(store, sent[:4])
    codes = await count_codes()
    box = LetterBox()

    await remind(store, box, to="all", today=LAST)

    assert recipients(box.mails) == recipients(sent)
    assert {str(mail["Subject"]) for mail in box.mails} == {"Pulsen slutter i dag kl. 16:00"}
    assert not any("#" in mail.get_content() for mail in box.mails)
    assert len({mail.get_content() for mail in box.mails}) == 1
    assert await count_codes() == codes


async def test_before_the_last_day_the_general_one_does_not_say_today(store: Settings) -> None:
    await opened_wave(store)
    await Wave.update({Wave.closes: date(2026, 2, 15)}).where(Wave.name == "2026-1")  # a Sunday
    box = LetterBox()

    await remind(store, box, to="all", today=date(2026, 2, 13))

    assert str(box.mails[0]["Subject"]) == "Pulsen slutter søndag den 15. februar kl. 16:00"
    assert "i dag" not in box.mails[0].get_content()


async def test_each_goes_out_once_and_there_is_no_third(store: Settings) -> None:
    await opened_wave(store)
    box = LetterBox()

    first = [await remind(store, box, today=day) for day in (MONDAY, date(2026, 2, 10))]
    last = [await remind(store, box, to="all", today=LAST) for _ in range(2)]
    await send_due(store, at(LAST), box)

    assert len(box.mails) == BY_MAIL + BY_MAIL
    assert [one.before for one in (*first, *last)] == [False, True, False, True]


async def test_after_the_general_one_nobody_hears_from_us_again(store: Settings) -> None:
    await opened_wave(store)
    await remind(store, LetterBox(), to="all", today=MONDAY)

    with pytest.raises(LastWordSaid):
        await remind(store, LetterBox(), today=date(2026, 2, 10))


async def test_what_waits_of_the_first_is_withdrawn_by_the_general_one(store: Settings) -> None:
    await opened_wave(store)
    await remind(store, LetterBox(), today=SATURDAY)
    box = LetterBox()

    await remind(store, box, to="all", today=MONDAY)
    await send_due(store, at(date(2026, 2, 10)), box)

    assert len(box.mails) == BY_MAIL
    assert not any("#" in mail.get_content() for mail in box.mails)


async def test_only_an_open_wave_is_reminded_of(store: Settings) -> None:
    await opened_wave(store)

    for state in ("draft", "approved", "closing", "released", "held"):
        await Wave.update({Wave.state: state}).where(Wave.name == "2026-1")
        with pytest.raises(WaveNotOpenNow):
            await remind(store, LetterBox())


async def test_an_empty_field_is_named_before_anything_is_sent(store: Settings) -> None:
    await opened_wave(store)
    text = store.organisation.read_text(encoding="utf-8")
    store.organisation.write_text(text.replace(f'sender: "{SENDER}"', 'sender: ""'))
    box = LetterBox()

    with pytest.raises(FieldEmpty):
        await remind(store, box)

    assert box.mails == []
    assert not await MailItem.exists().where(MailItem.kind == "reminder_1")


def test_an_english_house_reminds_in_english(settings: Settings) -> None:
    house.write_fjordlund(settings)
    text = settings.organisation.read_text(encoding="utf-8")
    settings.organisation.write_text(text.replace("language: da", "language: en"))
    around = letters.round_of(
        settings, house.organisation(settings), closes=LAST, fingerprint="3f9a 11c0"
    )

    first = letters.reminder(around, area="Pleje", code="K7QD-3M9V-0ABC-XYZ2")
    last = letters.general_reminder(around, today=LAST)
    before = letters.general_reminder(around, today=date(2026, 2, 13))

    assert first.subject == "We need more voices from Pleje"
    assert "http://127.0.0.1:8000/svar#K7QD-3M9V-0ABC-XYZ2" in first.text
    assert last.subject == "The pulse ends today at 16:00"
    assert before.subject == "The pulse ends on Monday 16 February at 16:00"


# --- nobody can see whom ----------------------------------------------------------------------


async def test_what_is_kept_of_a_reminder_is_the_same_for_those_who_had_opened(
    store: Settings,
) -> None:
    sent = await opened_wave(store)
    await begin(store, sent[:9])

    await remind(store, LetterBox())

    rows = await MailItem.select().where(MailItem.kind == "reminder_1")
    assert len(rows) == BY_MAIL
    assert {(row["state"], row["day"]) for row in rows} == {("sent", MONDAY)}
    invitations = await Invitation.select(Invitation.id).where(Invitation.kind == "person")
    assert {row["invitation"] for row in rows} == {row["id"] for row in invitations}


@pytest.mark.parametrize(
    ("mails", "told"), [(0, None), (19, None), (20, 20), (24, 20), (25, 25), (1003, 1000)]
)
def test_the_number_of_mails_is_told_in_fives_from_twenty(mails: int, told: int | None) -> None:
    assert in_fives(mails) == told


@pytest.mark.parametrize("opened", [0, BY_MAIL])
def test_the_command_tells_of_the_whole_wave_and_of_nobody(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, opened: int
) -> None:
    asyncio.run(_with_opened(settings, opened))
    enter(monkeypatch, settings)
    wave = ("wave", "remind", "2026-1", "--today")

    waits, sent, again = [
        CliRunner().invoke(main, [*wave, day]).output
        for day in ("2026-02-07", "2026-02-09", "2026-02-09")
    ]
    refused = CliRunner().invoke(main, [*wave, "2026-02-17", "--to", "all"])

    assert waits == (
        "No reminder goes out today. It goes out on Monday 9 February, "
        "by the server or this command.\n"
    )
    assert sent == (
        "The reminder to those who have not opened the form is sent (2026-1).\n"
        "Mails: fewer than 20.\n"
        "Whoever had a mail today or could not be reached gets it on the next working day, "
        "by the server or this command.\n"
    )
    assert again == "It was sent before, and nothing is sent twice. There is no third reminder.\n"
    assert (refused.exit_code, "none is left before" in refused.output) == (1, True)


# --- on which day -----------------------------------------------------------------------------


async def test_on_a_saturday_it_waits_for_monday_and_the_server_sends_it(store: Settings) -> None:
    await opened_wave(store)
    box = LetterBox()

    told = await remind(store, box, today=SATURDAY)
    await send_due(store, at(SUNDAY), box)
    await send_due(store, at(MONDAY, "06:59"), box)
    before = len(box.mails)
    await send_due(store, at(MONDAY, "07:00"), box)
    await send_due(store, at(MONDAY, "07:01"), box)

    assert (told.is_sent, told.day) == (False, MONDAY)
    assert (before, len(box.mails)) == (0, BY_MAIL)


async def test_who_opens_over_the_weekend_is_left_out_on_monday(store: Settings) -> None:
    sent = await opened_wave(store)
    await remind(store, LetterBox(), today=SATURDAY)
    await begin(store, sent[:5])
    box = LetterBox()

    await send_due(store, at(MONDAY), box)

    assert recipients(box.mails) == recipients(sent[5:])


async def test_without_a_working_day_before_the_end_it_is_refused(store: Settings) -> None:
    await opened_wave(store)
    await Wave.update({Wave.closes: SUNDAY}).where(Wave.name == "2026-1")

    with pytest.raises(NoWorkdayLeft):
        await remind(store, LetterBox(), today=SATURDAY)

    assert not await MailItem.exists().where(MailItem.kind == "reminder_1")


async def test_a_reminder_that_waits_does_not_go_out_after_the_last_day(store: Settings) -> None:
    await opened_wave(store)
    await remind(store, LetterBox(), today=SATURDAY)
    box = LetterBox()

    await send_due(store, at(date(2026, 2, 17)), box)

    assert box.mails == []


async def test_nobody_gets_the_invitation_and_a_reminder_on_one_day(store: Settings) -> None:
    opens, day_after = date(2026, 2, 3), date(2026, 2, 4)
    await opened_wave(store)
    box = LetterBox()

    told = await remind(store, box, today=opens)
    same_day = len(box.mails)
    await send_due(store, at(day_after), box)

    assert (told.is_sent, same_day, len(box.mails)) == (True, 0, BY_MAIL)


# --- interrupted ------------------------------------------------------------------------------

REMINDER = """
import asyncio, os, signal, sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from survey import engine
from survey.actions.reminding import remind_wave
from survey.settings import from_environment

class Dies:
    gone = 0

    async def send(self, mail):
        if self.gone == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        self.gone += 1
        with open(sys.argv[1], "a") as file:
            print(mail["To"], file=file, flush=True)

async def main():
    settings = from_environment()
    async with engine.opened(settings):
        await remind_wave(settings, name="2026-1", to="not-opened", by=None,
                          today=date(2026, 2, 9), box=Dies())

asyncio.run(main())
"""


async def test_killed_between_two_mails_nobody_gets_two_and_nobody_is_forgotten(
    store: Settings, tmp_path: Path
) -> None:
    sent = await opened_wave(store)
    gone = tmp_path / "gone"
    ended = await asyncio.to_thread(killed, store, str(gone))
    again, day_after = LetterBox(), LetterBox()

    await remind(store, again)
    await send_due(store, at(date(2026, 2, 10)), day_after)

    assert ended == -signal.SIGKILL
    before = gone.read_text().split()
    # The one that was on its way may have arrived: it waits a day.
    assert [len(before), len(again.mails), len(day_after.mails)] == [3, BY_MAIL - 3 - 1, 1]
    assert sorted([*before, *recipients(again.mails), *recipients(day_after.mails)]) == sorted(
        recipients(sent)
    )


async def test_a_mail_server_that_goes_away_is_no_reason_to_wait_a_day(store: Settings) -> None:
    await opened_wave(store)

    class Lost(LetterBox):
        async def send(self, mail: EmailMessage) -> None:
            if len(self.mails) == 3:
                raise MailServerUnreachable(host="x", problem="x")
            await super().send(mail)

    first, second = Lost(), LetterBox()

    with pytest.raises(MailServerUnreachable):
        await remind(store, first)
    await remind(store, second)

    assert len(recipients([*first.mails, *second.mails])) == BY_MAIL
    assert len(second.mails) == BY_MAIL - 3


async def test_a_mail_that_is_refused_is_tried_again_by_the_server_the_day_after(
    store: Settings,
) -> None:
    await opened_wave(store)
    refuses, same_day, day_after = (
        LetterBox(refuses=["4@lillehavn.example"]),
        LetterBox(),
        LetterBox(),
    )

    await remind(store, refuses)
    await send_due(store, at(MONDAY), same_day)
    await send_due(store, at(date(2026, 2, 10)), day_after)

    assert len(refuses.mails) == BY_MAIL - 1
    assert recipients(same_day.mails) == []
    assert recipients(day_after.mails) == ["4@lillehavn.example"]


# --- helpers ----------------------------------------------------------------------------------


async def opened_wave(settings: Settings) -> list[EmailMessage]:
    """Lillehavn with an open wave; gives the mails that went out."""
    await build(settings)
    await plan(settings)
    await approve(settings)
    box = LetterBox()
    await open_(settings, to=box)
    assert len(box.mails) == BY_MAIL
    return box.mails


async def remind(settings: Settings, box: LetterBox, **changed: Any) -> Reminded:
    asked: dict[str, Any] = {"to": "not-opened", "by": None, "today": MONDAY, **changed}
    return await remind_wave(settings, name="2026-1", box=box, **asked)


async def begin(settings: Settings, mails: Sequence[EmailMessage]) -> None:
    """Open the form, as somebody does who got the mail."""
    for mail in mails:
        await ballots.without_script(settings, code_in(mail), ballots.new_nonce())


def recipients(mails: Sequence[EmailMessage]) -> list[str]:
    return sorted(str(mail["To"]) for mail in mails)


def at(day: date, hour: str = "09:00") -> datetime:
    return datetime.combine(day, time.fromisoformat(hour))


async def count_codes() -> int:
    rows = await MailItem.raw("SELECT count(*) AS n FROM invitation_code")
    return int(rows[0]["n"])


async def _with_opened(settings: Settings, opened: int) -> None:
    async with engine.opened(settings, migrate=True):
        await begin(settings, (await opened_wave(settings))[:opened])


def killed(settings: Settings, *arguments: str) -> int:
    """How a process ended that was killed on its way."""
    return subprocess.run(
        [sys.executable, "-c", REMINDER, *arguments],
        env={**os.environ, **environment(settings)},
        cwd=Path(__file__).parents[2],
        check=False,
    ).returncode
