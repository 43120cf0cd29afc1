"""From a code to an anonymous ballot: look up, sign blindly once, or play the browser's part.

The roster side only: nothing here reads or writes an answer. Nothing is stored between two
requests of a page without JavaScript; the same nonce and code give the same ballot again.
"""

import asyncio
import hashlib
import secrets
from datetime import date
from typing import Any

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from survey.intake import blind, codes, keys, tickets
from survey.intake.refusals import (
    BallotRefused,
    CodeUnknown,
    CodeUsed,
    NotOpenYet,
    WaveClosed,
)
from survey.intake.shown import Shown, frozen, shown
from survey.settings import Settings
from survey.tables import Invitation, Wave

HAS_CODES = ("approved", "open", "closing")
HAS_ENDED = ("closing", "released", "held")
NONCE = 32  # bytes
# One statement: two blindings of one code cannot both get through. The state is read in it, since a
# mark made after the close would say for ever who opened the form.
MARK = (
    "UPDATE invitation SET issued = {} WHERE id = {} AND (issued IS NULL OR issued = {}) "
    "AND wave IN (SELECT id FROM wave WHERE id = {} AND state = 'open') RETURNING id"
)
MESSAGE = blind.PREFIX + 32  # the random prefix of RFC 9474, and a random message


class LookUp(msgspec.Struct, frozen=True):
    """What a code opens. `context` and `ticket` go back with the answer as they are."""

    wave: str
    behaviour: str
    context: str
    ticket: str
    form_version: int
    shown: Shown


class BallotForm(msgspec.Struct, frozen=True):
    """A look-up with the ballot the server made: hidden fields of a page without JavaScript."""

    found: LookUp
    message: str
    signature: str


async def look_up(settings: Settings, code_text: str) -> LookUp:
    """What a typed code opens; spends nothing. CodeUnknown, NotOpenYet or WaveClosed."""
    invitation, wave = await _invited(code_text)
    wave_keys, known = keys.intake(settings, wave.name), await frozen(wave)
    context = tickets.Context(
        wave=wave.name,
        unit=known.tree.by_id[invitation.unit].code,
        behaviour=known.behaviours[invitation.behaviour],
        profession=await tickets.named_profession(invitation),
    )
    return LookUp(
        wave=wave.name,
        behaviour=context.behaviour,
        context=context.text,
        ticket=tickets.ticket(wave_keys, context.text),
        form_version=wave.form_version,
        shown=await shown(wave, unit=invitation.unit, behaviour=invitation.behaviour),
    )


async def issue(settings: Settings, code_text: str, blinded: bytes) -> bytes:
    """The blind signature for a code's one ballot; the same bytes again get the same one.

    Raises CodeUsed when the code was issued to another blinding, BallotRefused for bytes out of
    range, and what `look_up` raises.
    """
    invitation, wave = await _invited(code_text)
    signing = keys.intake(settings, wave.name).signing
    try:
        signature = await asyncio.to_thread(blind.sign, signing, blinded)
    except blind.BlindingFailed:
        raise BallotRefused from None
    mark = hashlib.sha256(blinded).digest()
    if await Invitation.raw(MARK, mark, invitation.id, mark, wave.id):
        return signature
    if await Wave.exists().where(Wave.id == wave.id, Wave.state == "open"):
        raise CodeUsed
    raise WaveClosed(date=wave.closes, next=await next_opening(wave.closes))


async def without_script(settings: Settings, code_text: str, nonce: str) -> BallotForm:
    """The browser's part of the ballot, in memory, for a page without JavaScript.

    The ballot follows from nonce, code and wave, so a reload gives the same one; the nonce is
    stored nowhere, so mails alone do not reproduce it.
    """
    found = await look_up(settings, code_text)
    public = keys.intake(settings, found.wave).verifying
    secret = tickets.as_bytes(nonce, length=NONCE) + codes.read_code(code_text)
    message, salt, factor = _derived(secret, found.wave, n=public.public_numbers().n)
    blinded, inverse = blind.blind(public, message, salt=salt, factor=factor)
    signature = blind.finalise(public, await issue(settings, code_text, blinded), inverse)
    return BallotForm(
        found=found, message=tickets.as_text(message), signature=tickets.as_text(signature)
    )


def new_nonce() -> str:
    """The hidden field of the page that asks for a code without JavaScript."""
    return tickets.as_text(secrets.token_bytes(NONCE))


def ballot_hash(message: bytes) -> bytes:
    """What is stored of a ballot that was used."""
    return hashlib.sha256(message).digest()


def receipt(hash_: bytes) -> str:
    """The first 40 bits of the ballot's hash: it shows that an answer was counted, not which."""
    return codes.crockford(hash_, 8)


async def next_opening(after: date) -> date | None:
    """The day the next planned wave opens, if one is planned."""
    rows = await Wave.select(Wave.opens).where(Wave.opens > after)
    return min((row["opens"] for row in rows), default=None)


async def _invited(code_text: str) -> tuple[Invitation, Wave]:
    """The invitation of a code whose wave is open; every other state has its refusal.

    Plain SQL, as for `named_wave`: everybody comes through here twice, many at once.
    """
    code = codes.read_code(code_text)
    holes = ", ".join("{}" for _ in HAS_CODES)
    rows = await Wave.raw(f"SELECT * FROM wave WHERE state IN ({holes})", *HAS_CODES)  # noqa: S608 - holes only
    waves = {codes.hash_code(row["name"], code): row for row in rows}
    for row in await _with_codes(list(waves)):
        wave = Wave(**waves[row.pop("hash")], _exists_in_db=True)
        if wave.state == "approved":
            raise NotOpenYet(date=wave.opens)
        if wave.state == "closing":
            raise WaveClosed(date=wave.closes, next=await next_opening(wave.closes))
        return Invitation(**row, _exists_in_db=True), wave
    await refuse_when_none_is_open()
    raise CodeUnknown


async def _with_codes(hashed: list[bytes]) -> list[dict[str, Any]]:
    """The invitations of these codes, each with its code's hash."""
    if not hashed:
        return []
    holes = ", ".join("{}" for _ in hashed)
    rows: list[dict[str, Any]] = await Invitation.raw(
        "SELECT invitation.*, invitation_code.hash FROM invitation_code JOIN invitation "  # noqa: S608 - holes only
        f"ON invitation.id = invitation_code.invitation WHERE hash IN ({holes})",
        *hashed,
    )
    return rows


async def refuse_when_none_is_open() -> None:
    """With no wave open an unknown code hears what is true of all: it is over, or not begun."""
    waves = await Wave.select(Wave.state, Wave.opens, Wave.closes).order_by(Wave.name)
    if any(wave["state"] == "open" for wave in waves):
        return
    ended = [wave["closes"] for wave in waves if wave["state"] in HAS_ENDED]
    if ended:
        raise WaveClosed(date=ended[-1], next=await next_opening(ended[-1]))
    raise NotOpenYet(date=min((wave["opens"] for wave in waves), default=None))


def _derived(secret: bytes, wave: str, *, n: int) -> tuple[bytes, bytes, int]:
    """Message, salt and blinding factor; 16 bytes more than n, so the remainder is even enough."""
    lengths = (MESSAGE, blind.SALT, n.bit_length() // 8 + 16)
    hkdf = HKDF(hashes.SHA256(), sum(lengths), salt=None, info=b"kernepuls ballot 1")
    stream = hkdf.derive(secret + wave.encode())
    message, rest = stream[:MESSAGE], stream[MESSAGE:]
    return message, rest[: blind.SALT], 1 + int.from_bytes(rest[blind.SALT :], "big") % (n - 1)
