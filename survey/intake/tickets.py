"""The context of an answer, from the roster, and its ticket: one for all who share the context."""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error

import msgspec

from survey.intake.keys import IntakeKeys
from survey.intake.refusals import AnswerMalformed, BallotRefused
from survey.tables import Invitation

FEWEST = 5  # invited with one context before it names the profession group (trust.md 3)


class Context(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What an answer is about: a person cannot answer for another unit."""

    wave: str
    unit: str
    behaviour: str
    profession: str | None = None

    @property
    def text(self) -> str:
        """Canonical JSON: sorted keys, no spaces."""
        return msgspec.json.encode(self, order="sorted").decode()


async def named_profession(invitation: Invitation) -> str | None:
    """The profession group, or none when fewer than five invited share the whole context."""
    if invitation.profession is None:
        return None
    sharing = await Invitation.count().where(
        Invitation.wave == invitation.wave,
        Invitation.unit == invitation.unit,
        Invitation.behaviour == invitation.behaviour,
        Invitation.profession == invitation.profession,
    )
    return invitation.profession if sharing >= FEWEST else None


def ticket(keys: IntakeKeys, context: str) -> str:
    return as_text(keys.stamp(context.encode()))


def checked(keys: IntakeKeys, *, wave: str, context: str, shown: str) -> Context:
    """The context of a ticket that this server made for this wave, else BallotRefused."""
    if not hmac.compare_digest(ticket(keys, context).encode(), shown.encode()):
        raise BallotRefused
    found = msgspec.json.decode(context, type=Context)
    if found.wave != wave:
        raise BallotRefused
    return found


def as_text(raw: bytes) -> str:
    """Bytes as a form field or JSON carries them: base64 for addresses, without padding."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def as_bytes(text: str, *, length: int) -> bytes:
    """The bytes again, exactly `length` of them, else AnswerMalformed."""
    try:
        raw = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except (Error, ValueError):
        raise AnswerMalformed from None
    if len(raw) != length:
        raise AnswerMalformed
    return raw
