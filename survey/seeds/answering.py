"""The people of Fjordlund answer a wave, each with the code of their own mail or drawn card.

Nobody's answer is stored with anything but what the intake stores. Who answers what is in memory.
"""

import asyncio
import random
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import NamedTuple, TypeVar

from survey.actions.invitations import has_own_address
from survey.answers import validated
from survey.intake import ballots, blind, keys, shown, tickets
from survey.intake.acceptance import Submission, accept
from survey.intake.ballots import LookUp
from survey.organisation import UnitRow
from survey.seeds.drawn import Answer, Invitee, drawn_wave, posted
from survey.settings import Settings
from survey.tables import Behaviour, Person, Wave

AT_ONCE = 16  # people sending at the same time
IN_LINK = re.compile(r"#([0-9A-Z-]{16,})")

T = TypeVar("T")
Progress = Callable[[int, int], None]  # done, of how many


@dataclass(slots=True)
class Codes:
    """The codes of a wave as people have them: in their mail, or on a card in their unit's bowl."""

    mailed: dict[str, str] = field(default_factory=dict)  # address -> code
    bowls: dict[str, list[str]] = field(default_factory=dict)  # unit code -> codes

    async def send(self, mail: EmailMessage) -> None:
        """Stand in for the mail server: keep the code after # in the link."""
        found = IN_LINK.search(mail.get_content())
        if found is None:
            raise LookupError("a mail without a code")
        self.mailed[str(mail["To"])] = found[1]

    def print(self, unit: UnitRow, behaviour: Behaviour, cards: Sequence[str]) -> None:  # noqa: ARG002 - a printer's signature
        """Stand in for the printer: put the cards into the bowl."""
        self.bowls[unit.code] = list(cards)


class Sender(NamedTuple):
    """Somebody who answers: the code in their hand, and what they say."""

    code: str
    has_card: bool
    invitee: Invitee
    answer: Answer


async def answer_wave(
    settings: Settings, wave: str, codes: Codes, *, seed: int, progress: Progress
) -> int:
    """Let everybody who answers send; how many did. The wave is open and the writer runs."""
    stored = await Wave.objects().get(Wave.name == wave)
    if stored is None:
        raise LookupError(wave)
    parts = frozenset(part.code for part in await shown.parts(stored))
    senders = await _senders(wave, codes, seed=seed)
    waiting = iter(senders)
    seen: dict[tuple[Invitee, bool], LookUp] = {}
    done = 0

    async def send_on() -> None:
        nonlocal done
        for sender in waiting:
            # Everybody in one unit with one profession gets the same page: it is read once.
            alike = (sender.invitee, sender.has_card)
            if alike not in seen:
                seen[alike] = await ballots.look_up(settings, sender.code)
            await _send(settings, seen[alike], sender, parts)
            done += 1
            progress(done, len(senders))

    async with asyncio.TaskGroup() as people:
        for _ in range(AT_ONCE):
            people.create_task(send_on())
    return done


async def _senders(wave: str, codes: Codes, *, seed: int) -> list[Sender]:
    """Everybody in scope who answers, as drawn from the seed, with the code they were given."""
    people = (
        await Person.select(
            Person.profession, Person.email, Person.email_shared, Person.unit.code.as_alias("code")
        )
        .where(Person.active == True)  # noqa: E712 - a column, not a value
        .order_by(Person.id)
    )
    asked = [person for person in people if person["code"] in codes.bowls]
    roster = [Invitee(person["code"], person["profession"]) for person in asked]
    bowls = {unit: iter(shuffled(cards, seed)) for unit, cards in codes.bowls.items()}
    senders = []
    for person, invitee, answer in zip(asked, roster, drawn_wave(seed, wave, roster), strict=True):
        has_card = not has_own_address(person)
        if answer is not None:
            code = next(bowls[invitee.unit]) if has_card else codes.mailed[person["email"]]
            senders.append(Sender(code, has_card, invitee, answer))
    # Not unit by unit: the table keeps no order, and the progress bar tells none.
    return shuffled(senders, seed)


def shuffled(items: Sequence[T], seed: int) -> list[T]:
    drawn = list(items)
    random.Random(seed).shuffle(drawn)  # noqa: S311 - a made-up order, the same each time
    return drawn


async def _send(settings: Settings, found: LookUp, sender: Sender, parts: frozenset[str]) -> None:
    """From a code to the receipt, with the browser's part of the ballot played here."""
    public = keys.intake(settings, found.wave).verifying
    message, salt = secrets.token_bytes(ballots.MESSAGE), secrets.token_bytes(blind.SALT)
    factor = 1 + secrets.randbelow(public.public_numbers().n - 1)
    blinded, inverse = blind.blind(public, message, salt=salt, factor=factor)
    blind_signature = await ballots.issue(settings, sender.code, blinded)
    taken = validated(
        posted(sender.answer), parts=parts, trial=found.shown.trial is not None, name_seen=True
    )
    await accept(
        settings,
        Submission(
            wave=found.wave,
            message=tickets.as_text(message),
            signature=tickets.as_text(blind.finalise(public, blind_signature, inverse)),
            context=found.context,
            ticket=found.ticket,
            form_version=found.form_version,
            answers=taken.columns(),
            comment=taken.comment,
        ),
    )
