"""A lost link: whoever asks is told the same, at the same time, whatever we know of the address.

The page and the command let a mail wait and look no further; the job that sends it finds out
whether the code is used. No answer and no log line tells it.
"""

import secrets
from collections import Counter
from datetime import date
from email.message import EmailMessage
from functools import partial

from survey import audit, house
from survey.actions.approval import stored_wave
from survey.actions.invitations import replaced_codes
from survey.actions.opening import letter_box
from survey.actions.reminding import STEP, WaveNotOpenNow
from survey.delivery import letters, post, queue, sms
from survey.delivery.queue import ASKED_FOR, Addressee
from survey.delivery.sms import own_numbers
from survey.engine import transaction
from survey.importing import cells
from survey.intake import ballots, keys
from survey.settings import Settings
from survey.tables import Invitation, MailItem, Person, Wave

NOBODY = -1  # an id no row has
ENDED = ("released", "held")
LONGEST = 254  # characters of a mail address (RFC 5321)


async def ask_for_code(
    address: str, *, wave: str | None = None, by: int | None = None, texting: bool = False
) -> None:
    """Let a mail wait for the person with this work mail, in each open wave or in the one named.

    With `texting` the address may be a mobile number that one person has: whoever got the code as
    a text message gets the new one so, too.

    The same statements run and the same rows are written whether the address is known or not: one
    for nobody goes when mails are sent. Raises WaveUnknown and WaveNotOpenNow for a named wave,
    WaveClosed or NotOpenYet where none is open.
    """
    if wave is None:
        await ballots.refuse_when_none_is_open()
        waves = [row["id"] for row in await Wave.select(Wave.id).where(Wave.state == "open")]
    else:
        named = await stored_wave(wave)
        if named.state != "open":
            raise WaveNotOpenNow(wave=wave)
        waves = [named.id]
    asked = address.strip().lower()[: LONGEST + 1]
    number = cells.mobile(address) if texting else None
    own = await own_numbers([number] if number else [])
    people = await Person.select(Person.id).where(
        (Person.email == asked) & (Person.email_shared == False)  # noqa: E712 - a column
        | Person.mobile.is_in([*own] or [""]) & (Person.active == True)  # noqa: E712 - a column
    )
    found = await Invitation.select(Invitation.id, Invitation.wave).where(
        Invitation.person.is_in([row["id"] for row in people] or [NOBODY])
    )
    known = {row["wave"]: row["id"] for row in found}
    async with transaction():
        for one in waves:
            await queue.enqueue(one, [known.get(one, secrets.token_hex(16))], kind=ASKED_FOR)
        if wave is not None:
            await audit.record(by=by, what="asked for a new code", on_what=wave)


async def send_asked_for(
    settings: Settings, wave: Wave, today: date, box: post.Post | None = None
) -> None:
    """Send each who asked a new code in place of all earlier ones, or word that theirs is used.

    One mail a day to each, however often they asked; what failed today is left for tomorrow. How
    many of the wave came too late is counted, and not who.
    """
    if not await queue.is_due(wave.id, kind=ASKED_FOR, today=today):
        return
    await _clear(wave)
    around = letters.round_of(
        settings,
        house.organisation(settings),
        closes=wave.closes,
        fingerprint=keys.fingerprint(settings, wave.name),
    )

    def compose(to: Addressee, code: str) -> EmailMessage | sms.TextMessage:
        if to.email is None:
            used, new = letters.code_was_used_text, letters.new_code_text
            said = new(around, code=code) if code else used(around)
            return sms.TextMessage(to=to.mobile or "", text=said, day=today)
        letter = letters.new_code(around, code=code) if code else letters.code_was_used(around)
        return post.mail(letter, around, to=to.email, day=today)

    with_code: Counter[bool] = Counter()  # the mails that left the house
    async with (
        letter_box(settings, wave.name, box) as opened,
        sms.opened(settings, wave.name) as texting,
    ):
        mailing = queue.Mailing(
            post=opened,
            new_codes=partial(replaced_codes, wave.name),
            compose=compose,
            today=today,
            texting=texting,
            left=lambda code: with_code.update([bool(code)]),
        )
        try:
            await queue.send_waiting(wave.id, mailing, kind=ASKED_FOR, failed_today=False)
        finally:
            await _count(wave, with_code[False])


def told_too_late(wave: Wave) -> int | None:
    """How many asked after their form was opened: whole fives, after the close; None below five.

    The close rounds what is stored, too (`survey.intake.closing`).
    """
    asked = wave.asked_too_late or 0
    return asked - asked % STEP or None if wave.state in ENDED else None


async def _count(wave: Wave, too_late: int) -> None:
    """One number for the wave; written for none as well, so that writing it tells nothing."""
    await Wave.raw(
        "UPDATE wave SET asked_too_late = coalesce(asked_too_late, 0) + {} "
        "WHERE id = {} AND state = 'open'",
        too_late,
        wave.id,
    )


async def _clear(wave: Wave) -> None:
    """Forget the requests that are for nobody, and all but the first of each who asked."""
    await MailItem.raw(
        "DELETE FROM mail_item WHERE wave = {} AND kind = {} AND state IN ('waiting', 'failed') "
        "AND (NOT EXISTS (SELECT 1 FROM invitation WHERE invitation.id = mail_item.invitation) "
        "OR day IS NULL AND EXISTS (SELECT 1 FROM mail_item earlier "
        "WHERE earlier.wave = mail_item.wave AND earlier.kind = mail_item.kind "
        "AND earlier.invitation = mail_item.invitation AND earlier.id < mail_item.id "
        "AND earlier.state IN ('waiting', 'failed')))",
        wave.id,
        ASKED_FOR,
    )
