"""The two reminders of a wave: one with a new code to those who have not opened, one to all.

Each goes out once and there is no third. Whom the first one is for is known to the job that makes
its mails and to nothing else: a mail waits for everybody, and what is told is about the whole wave.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from email.message import EmailMessage
from functools import partial
from typing import Final, Literal

from survey import audit, house
from survey.actions.alone import alone
from survey.actions.approval import stored_wave
from survey.actions.invitations import new_codes_for_unopened
from survey.actions.opening import letter_box, today_here
from survey.delivery import letters, post, queue, sms
from survey.delivery.queue import Addressee
from survey.delivery.workdays import next_workday
from survey.engine import transaction
from survey.errors import N_, Refused
from survey.intake import keys
from survey.organisation import tree
from survey.settings import Settings
from survey.tables import Invitation, MailItem, Wave

To = Literal["not-opened", "all"]
KINDS: Final[Mapping[To, str]] = {"not-opened": "reminder_1", "all": "reminder_2"}
TOLD_FROM = 20  # mails, for their number to be told
STEP = 5  # it is told in whole fives: one mail more or less tells of one person


class WaveNotOpenNow(Refused):
    sentence = N_("Wave {wave} is not open, so nobody can answer it. Nothing was sent.")


class NoWorkdayLeft(Refused):
    sentence = N_(
        "A reminder goes out on weekdays that are not holidays, and none is left before wave "
        "{wave} ends {closes}. Nothing was sent."
    )


class LastWordSaid(Refused):
    sentence = N_(
        "The reminder to all was sent for wave {wave}, and it says that we do not write again. "
        "Nothing was sent."
    )


@dataclass(frozen=True, slots=True)
class Reminded:
    """What a run did, about the wave as a whole.

    `day` is when the mails go or went; `about` how many left in this run, in fives, and None for
    fewer than twenty; `before` is True when an earlier run had sent them all.
    """

    name: str
    to: To
    day: date
    about: int | None
    is_sent: bool
    before: bool


async def remind_wave(  # noqa: PLR0913 - the two last stand in for the clock and the mail server
    settings: Settings,
    *,
    name: str,
    to: To,
    by: int | None,
    today: date | None = None,
    box: post.Post | None = None,
) -> Reminded:
    """Send a reminder of an open wave, or let it wait for the next working day.

    Run again it sends what is still waiting; what was sent is not sent twice. Raises
    WaveNotOpenNow, NoWorkdayLeft, LastWordSaid, FieldEmpty, MailServerUnreachable.
    """
    day, kind = today or today_here(), KINDS[to]
    with alone(settings):
        wave = await stored_wave(name)
        if wave.state != "open":
            raise WaveNotOpenNow(wave=name)
        goes = next_workday(day)
        begun = await _begun(wave, kind)
        if begun and not await _unsent(wave, kind):
            return Reminded(name, to, day, about=None, is_sent=True, before=True)
        if goes > wave.closes:
            raise NoWorkdayLeft(wave=name, closes=wave.closes)
        compose = await _composer(settings, wave, kind, goes)
        if not begun:
            await _begin(wave, kind, by)
        if goes > day:
            return Reminded(name, to, goes, about=None, is_sent=False, before=False)
        async with letter_box(settings, name, box) as opened, sms.opened(settings, name) as texting:
            sent = await queue.send_waiting(
                wave.id,
                _mailing(wave, kind, box=opened, texting=texting, compose=compose, today=day),
                kind=kind,
            )
    return Reminded(name, to, day, about=in_fives(sent.sent), is_sent=True, before=False)


async def send_reminders(
    settings: Settings, wave: Wave, today: date, box: post.Post | None = None
) -> None:
    """Send what waits of a wave's reminders on a working day; what failed today is left."""
    if next_workday(today) != today or today > wave.closes:
        return
    for kind in KINDS.values():
        if not await queue.is_due(wave.id, kind=kind, today=today):
            continue
        compose = await _composer(settings, wave, kind, today)
        async with (
            letter_box(settings, wave.name, box) as opened,
            sms.opened(settings, wave.name) as texting,
        ):
            mailing = _mailing(
                wave, kind, box=opened, texting=texting, compose=compose, today=today
            )
            await queue.send_waiting(wave.id, mailing, kind=kind, failed_today=False)


def in_fives(mails: int) -> int | None:
    """The number that may be told: whole fives, rounded down; None for fewer than twenty."""
    return mails - mails % STEP if mails >= TOLD_FROM else None


async def _begin(wave: Wave, kind: str, by: int | None) -> None:
    """Let a mail wait for everyone who was invited by name: all of it or none."""
    if kind == KINDS["not-opened"] and await _begun(wave, KINDS["all"]):
        raise LastWordSaid(wave=wave.name)
    people = await Invitation.select(Invitation.id).where(
        (Invitation.wave == wave.id) & (Invitation.kind == "person")
    )
    async with transaction():
        if kind == KINDS["all"]:
            await queue.withdraw(wave.id, kind=KINDS["not-opened"])
        await queue.enqueue(wave.id, (row["id"] for row in people), kind=kind)
        await audit.record(by=by, what=f"sent {kind}", on_what=wave.name)


async def _begun(wave: Wave, kind: str) -> bool:
    return bool(await MailItem.exists().where((MailItem.wave == wave.id) & (MailItem.kind == kind)))


async def _unsent(wave: Wave, kind: str) -> bool:
    return bool(
        await MailItem.exists().where(
            (MailItem.wave == wave.id)
            & (MailItem.kind == kind)
            & MailItem.state.is_in(list(queue.UNSENT))
        )
    )


def _mailing(  # noqa: PLR0913 - the parts of a mailing
    wave: Wave,
    kind: str,
    *,
    box: post.Post,
    texting: sms.Texting | None,
    compose: queue.Compose,
    today: date,
) -> queue.Mailing:
    codes = (
        partial(new_codes_for_unopened, wave.name)
        if kind == KINDS["not-opened"]
        else queue.no_codes
    )
    return queue.Mailing(post=box, new_codes=codes, compose=compose, today=today, texting=texting)


async def _composer(settings: Settings, wave: Wave, kind: str, day: date) -> queue.Compose:
    """Read once what the texts need and try one of them, so that a refusal comes before a mail."""
    units = await tree(wave.name)
    around = letters.round_of(
        settings,
        house.organisation(settings),
        closes=wave.closes,
        fingerprint=keys.fingerprint(settings, wave.name),
    )

    def letter(area: str, code: str) -> letters.Letter:
        if kind == KINDS["all"]:
            return letters.general_reminder(around, today=day)
        return letters.reminder(around, area=area, code=code)

    def text(code: str) -> str:
        if kind == KINDS["all"]:
            return letters.general_text_reminder(around)
        return letters.text_reminder(around, code=code)

    def compose(to: Addressee, code: str) -> EmailMessage | sms.TextMessage:
        if to.email is None:
            return sms.TextMessage(to=to.mobile or "", text=text(code), day=day)
        unit = units.by_id[to.unit].code
        area = units[units.centre_of(unit) or unit].name
        return post.mail(letter(area, code), around, to=to.email, day=day)

    tried = "0000-0000-0000-0000"
    post.mail(letter(units.root.name, tried), around, to=around.house.mail_from, day=day)
    text(tried)
    return compose
