"""Sealing an answer to the wave's public key, in envelopes that all have one size.

HPKE (RFC 9180) binds the wave through `info`: an envelope of one wave cannot be opened as another.
"""

from typing import Any

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from survey.intake.refusals import AnswerTooLarge

SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
FRAME = 4096  # bytes before sealing
SEALED = FRAME + 48  # the ephemeral public key and the tag
COMMENT = 600  # characters at most; the page asks for 280


class Frame(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one person sent: who it is about, never who it is from."""

    unit: str
    behaviour: str
    answers: dict[str, int | str | None]  # the columns of ANSWERS but wave, unit, behaviour
    comment: str | None = None


class Unopenable(ValueError):
    """The key, the wave or the bytes do not belong together."""


class Unreadable(ValueError):
    """It was sealed for this wave, but it is no frame of ours."""


def seal(public: X25519PublicKey, wave: str, frame: Frame) -> bytes:
    """4,144 bytes, whatever was answered; AnswerTooLarge when it does not fit."""
    body = msgspec.json.encode(frame)
    if len(body) > FRAME - 2 or len(frame.comment or "") > COMMENT:
        raise AnswerTooLarge
    padded = (len(body).to_bytes(2, "big") + body).ljust(FRAME, b"\0")
    return SUITE.encrypt(padded, public, info=_info(wave))


def unseal(private: X25519PrivateKey, wave: str, sealed: bytes) -> Frame:
    try:
        padded: Any = SUITE.decrypt(sealed, private, info=_info(wave))
    except InvalidTag:
        raise Unopenable from None
    length = int.from_bytes(padded[:2], "big")
    try:
        return msgspec.json.decode(padded[2 : 2 + length], type=Frame)
    except msgspec.MsgspecError:
        raise Unreadable from None


def _info(wave: str) -> bytes:
    return b"kernepuls answer 1" + wave.encode()
