"""One-time codes: 80 bits, written as 16 Crockford characters in fours; read with forgiveness."""

import hashlib
import secrets
from dataclasses import dataclass

from survey.intake.refusals import CodeUnknown

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford: no I, L, O and U
LENGTH = 16
BYTES = 10
READ_AS = str.maketrans("OIL", "011", " -\u00a0\u2010\u2011\u2013\t\r\n")


@dataclass(frozen=True, slots=True)
class Code:
    """A clear code: it lives in memory while one mail or card is made, and nowhere else."""

    raw: bytes

    @property
    def text(self) -> str:
        """K7QD-3M9V-..."""
        letters = crockford(self.raw, LENGTH)
        return "-".join(letters[start : start + 4] for start in range(0, LENGTH, 4))

    def __repr__(self) -> str:
        """Nothing: a code must not reach a log by way of an error."""
        return "Code(...)"


def new_code() -> Code:
    return Code(secrets.token_bytes(BYTES))


def read_code(text: str) -> bytes:
    """The bytes of a typed code; CodeUnknown when it cannot be one."""
    typed = text.upper().translate(READ_AS)
    if len(typed) != LENGTH or not set(typed) <= set(ALPHABET):
        raise CodeUnknown
    value = 0
    for letter in typed:
        value = value * 32 + ALPHABET.index(letter)
    return value.to_bytes(BYTES, "big")


def hash_code(wave: str, code: bytes) -> bytes:
    """What is stored of a code; the wave is part of it, so a code of another wave is unknown."""
    return hashlib.sha256(b"kernepuls code 1" + wave.encode() + code).digest()


def crockford(raw: bytes, letters: int) -> str:
    """The first bits of some bytes as Crockford characters, five bits each."""
    value = int.from_bytes(raw, "big") >> (8 * len(raw) - 5 * letters)
    return "".join(ALPHABET[value >> 5 * place & 31] for place in reversed(range(letters)))
