"""The mail queue: invitation ids that wait, never codes. A code is made as its mail is made.

Order for each mail: the code's hash is kept, the attempt's day is kept, the mail goes, the mail is
marked as sent. Whoever kills the process between two of these loses no mail and sends nobody two
on one day: the one attempt whose end is unknown is made again the day after, the rest at once.

A reminder waits for everyone, and whom it is not for is marked as sent like the others: what is
kept of a mail never tells who had opened the form.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from email.message import EmailMessage
from typing import Any

from survey.delivery.post import MailServerUnreachable, NotDelivered, Post
from survey.delivery.sms import Texting, TextMessage, own_numbers
from survey.engine import transaction
from survey.tables import Invitation, MailItem, Person

LOT = 50  # mails whose codes are kept in one transaction
CHUNK = 5_000  # rows in one statement: PostgreSQL stops at 32,767 arguments

Row = dict[str, Any]  # a row of a table: column -> value
# Invitation id -> clear code, "" for a mail that carries none; whom it leaves out gets no mail.
NewCodes = Callable[[Sequence[str]], Awaitable[Mapping[str, str]]]
Compose = Callable[["Addressee", str], EmailMessage | TextMessage]
Progress = Callable[[int, int], None]  # done, of how many

UNSENT = ("waiting", "failed")
# What a person asked for comes on the day, however much we wrote; once a day is enough for that.
ASKED_FOR = "lost_code"
WITHDRAWN = "withdrawn"  # overtaken by a later mail, but it may have arrived


@dataclass(frozen=True, slots=True)
class Addressee:
    """Who a mail is for: the address and what the text says, no name.

    Whoever has no address of their own has a number of their own, and gets a text message.
    """

    invitation: str
    email: str | None
    unit: int
    behaviour: int
    mobile: str | None = None


@dataclass(frozen=True, slots=True)
class Mailing:
    """One run: where mails go, how codes and mails are made, and the day it is."""

    post: Post
    new_codes: NewCodes
    compose: Compose
    today: date
    texting: Texting | None = None  # None: nobody gets a text message
    left: Callable[[str], None] | None = None  # told the code of each mail that left the house


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of the mails of a wave in one run; `sent` counts those that left the house."""

    sent: int = 0
    failed: int = 0
    put_off: int = 0  # had a mail today already: they wait until tomorrow


async def enqueue(wave: int, invitations: Iterable[str], *, kind: str) -> None:
    """Let mails wait for these invitations; part of the caller's transaction."""
    items = [MailItem(wave=wave, invitation=one, kind=kind) for one in invitations]
    for start in range(0, len(items), CHUNK):
        await MailItem.insert(*items[start : start + CHUNK])


async def no_codes(invitations: Sequence[str]) -> dict[str, str]:
    """For mails that are the same for all and carry none."""
    return dict.fromkeys(invitations, "")


async def withdraw(wave: int, *, kind: str) -> None:
    """Send no more of a kind; part of the caller's transaction."""
    await MailItem.update({MailItem.state: WITHDRAWN}).where(
        (MailItem.wave == wave) & (MailItem.kind == kind) & MailItem.state.is_in(list(UNSENT))
    )


async def send_waiting(
    wave: int,
    mailing: Mailing,
    *,
    kind: str = "invitation",
    failed_today: bool = True,
    progress: Progress | None = None,
) -> Sent:
    """Send what waits or failed of a kind in a wave, at most one mail per person and day.

    May be run again at any time; without `failed_today` what failed today is left for tomorrow.
    Raises MailServerUnreachable when the server is gone; what was not sent then waits.
    """
    items = await _unsent(wave, kind)
    due = await _due(items, mailing.today, kind, failed_today=failed_today)
    ended: Counter[str] = Counter()
    for start in range(0, len(due), LOT):
        lot = due[start : start + LOT]
        ended += await _send_lot(lot, mailing)
        if progress is not None:
            progress(start + len(lot), len(due))
    return Sent(sent=ended["sent"], failed=ended["failed"], put_off=len(items) - len(due))


async def is_due(wave: int, *, kind: str, today: date) -> bool:
    """Whether a mail of the kind may go now; what failed today may not."""
    return bool(await _due(await _unsent(wave, kind), today, kind, failed_today=False))


async def _unsent(wave: int, kind: str) -> list[Row]:
    items: list[Row] = (
        await MailItem.select()
        .where(
            (MailItem.wave == wave) & (MailItem.kind == kind) & MailItem.state.is_in(list(UNSENT))
        )
        .order_by(MailItem.id)
    )
    return items


async def _due(items: Sequence[Row], today: date, kind: str, *, failed_today: bool) -> list[Row]:
    """Those of the mails whose person has had none today."""
    if not items:
        return []
    reached = await _had_mail(today, kind)
    return [
        item
        for item in items
        if item["invitation"] not in reached
        and (failed_today or (item["state"], item["day"]) != ("failed", today))
    ]


async def _send_lot(lot: Sequence[Row], mailing: Mailing) -> Counter[str]:
    """State -> how many mails of the lot came to it; those that are for nobody do not count.

    One commit for each mail: it keeps how the one before ended and that this one is begun.
    """
    to = await _addressees(lot, texting=mailing.texting is not None)
    codes = await mailing.new_codes([item["invitation"] for item in lot])
    async with transaction():
        left_out = [item for item in lot if item["invitation"] not in codes]
        await _mark(left_out, state="sent", day=mailing.today)
    ended: tuple[Row, str] | None = None
    counted: Counter[str] = Counter()
    try:
        for item in (item for item in lot if item["invitation"] in codes):
            await _go_on(ended, item, mailing.today)
            ended = None
            state = await _send_one(mailing, to.get(item["invitation"]), codes)
            ended = (item, state)
            counted[state] += 1
    except MailServerUnreachable:
        # It never left, so it keeps no day and may go today.
        await _mark([item], state="waiting", day=None)
        raise
    finally:
        if ended is not None:
            await _mark([ended[0]], state=ended[1], day=mailing.today)
    return counted


async def _go_on(ended: tuple[Row, str] | None, begun: Row, today: date) -> None:
    """One statement, so one commit, and plain: forty thousand people may be written to."""
    before, state = ended or (begun, "waiting")
    await MailItem.raw(
        "UPDATE mail_item SET day = {}, state = CASE WHEN id = {} THEN 'waiting' ELSE {} END "
        "WHERE id IN ({}, {})",
        today,
        begun["id"],
        state,
        before["id"],
        begun["id"],
    )


async def _send_one(mailing: Mailing, to: Addressee | None, codes: Mapping[str, str]) -> str:
    """The state of the mail now; somebody without an address on the newest list gets none."""
    if to is None:
        return "failed"
    try:
        message = mailing.compose(to, codes[to.invitation])
        if isinstance(message, EmailMessage):
            await mailing.post.send(message)
        elif mailing.texting is not None:
            await mailing.texting.send(message)
    except NotDelivered:
        return "failed"
    if mailing.left is not None:
        mailing.left(codes[to.invitation])
    return "sent"


async def _had_mail(today: date, kind: str) -> frozenset[str]:
    """Invitations whose person may have had a mail today, in any wave.

    A mail that failed never arrived, so it may be tried again; one whose end is unknown may have.
    What was asked for is held back by its own kind only, in each wave.
    """
    may_have = (MailItem.day == today) & (MailItem.state != "failed")
    if kind == ASKED_FOR:
        may_have = may_have & (MailItem.kind == ASKED_FOR)
    rows = await MailItem.select(MailItem.invitation).where(may_have)
    ids = [row["invitation"] for row in rows]
    if kind == ASKED_FOR:
        return frozenset(ids)
    people = {row["person"] for row in await _invitations(ids)}
    if not people:
        return frozenset(ids)
    others = await Invitation.select(Invitation.id, Invitation.person).where(
        Invitation.kind == "person"
    )
    return frozenset(row["id"] for row in others if row["person"] in people)


async def _addressees(lot: Sequence[Row], *, texting: bool) -> dict[str, Addressee]:
    """Invitation -> who it is for, for those that can be reached by something of their own."""
    invitations = await _invitations([item["invitation"] for item in lot])
    if not invitations:
        return {}
    people = await Person.select(Person.id, Person.email, Person.email_shared, Person.mobile).where(
        Person.id.is_in([row["person"] for row in invitations])
    )
    addresses = {row["id"]: row["email"] for row in people if not row["email_shared"]}
    own = await own_numbers(row["mobile"] or "" for row in people) if texting else frozenset()
    numbers = {row["id"]: row["mobile"] for row in people if row["mobile"] in own}
    return {
        row["id"]: Addressee(
            invitation=row["id"],
            email=addresses.get(row["person"]),
            unit=row["unit"],
            behaviour=row["behaviour"],
            mobile=numbers.get(row["person"]),
        )
        for row in invitations
        if addresses.get(row["person"]) or numbers.get(row["person"])
    }


async def _invitations(ids: Sequence[str]) -> list[Row]:
    found: list[Row] = []
    for start in range(0, len(ids), CHUNK):
        found += await Invitation.select(
            Invitation.id, Invitation.person, Invitation.unit, Invitation.behaviour
        ).where(Invitation.id.is_in(list(ids[start : start + CHUNK])))
    return found


async def _mark(items: Sequence[Row], *, state: str, day: date | None) -> None:
    if items:
        await MailItem.update({MailItem.state: state, MailItem.day: day}).where(
            MailItem.id.is_in([item["id"] for item in items])
        )
