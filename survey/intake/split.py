"""The key that opens a wave's answers on three sheets of paper, of which any two give it back.

For each pair of trustees the key is split by XOR with fresh random bytes (trust.md 5): both halves
together are the key, one alone is noise. A sheet has the trustee's two halves, the tag of the wave
and a checksum, in 30 numbered groups: four letters and one that checks them.
"""

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal, TypeAlias, get_args

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from survey.intake.codes import ALPHABET, READ_AS, crockford
from survey.intake.refusals import (
    SheetChanged,
    SheetForeign,
    SheetGroupsMissing,
    SheetGroupsWrong,
    SheetsAlike,
    SheetsNeeded,
)

Trustee: TypeAlias = Literal["hr", "safety", "operator"]  # safety: arbejdsmiljørepræsentant
TRUSTEES: tuple[Trustee, ...] = get_args(Trustee)
PAIRS = tuple(combinations(TRUSTEES, 2))
NEEDED = 2  # sheets that open
KEY, TAG, SUM = 32, 5, 5  # bytes
GROUPS, GROUP = 30, 5  # groups of a sheet, letters of a group
BYTES = 1 + TAG + 2 * KEY + SUM  # 75 bytes are 120 letters: exactly 30 fours
BETWEEN = re.compile(r"[\s\-\u2010\u2011\u2013]+")


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is on one trustee's sheet: a half of the key for each of the two others, in order."""

    trustee: Trustee
    tag: bytes
    halves: tuple[bytes, bytes]

    def __repr__(self) -> str:
        """Nothing: a half must not reach a log by way of an error."""
        return "Sheet(...)"

    @property
    def groups(self) -> tuple[str, ...]:
        """The 30 groups as they are printed."""
        body = bytes([TRUSTEES.index(self.trustee)]) + self.tag + b"".join(self.halves)
        letters = crockford(body + _sum(body), BYTES * 8 // 5)
        fours = [letters[start : start + 4] for start in range(0, len(letters), 4)]
        return tuple(four + _check(four, number) for number, four in enumerate(fours, 1))

    def half_with(self, other: Trustee) -> bytes:
        return self.halves[_others(self.trustee).index(other)]


def sheets_of(private: X25519PrivateKey, wave: str) -> tuple[Sheet, ...]:
    """The three sheets of a key, with fresh random halves."""
    key = private.private_bytes_raw()
    halves: dict[tuple[Trustee, Trustee], bytes] = {}
    for one, other in PAIRS:
        noise = secrets.token_bytes(KEY)
        halves[one, other], halves[other, one] = noise, _xor(noise, key)
    tag = tag_of(wave, private.public_key().public_bytes_raw())
    made = []
    for trustee in TRUSTEES:
        first, second = _others(trustee)
        made.append(Sheet(trustee, tag, (halves[trustee, first], halves[trustee, second])))
    return tuple(made)


def joined(sheets: Sequence[Sheet], wave: str, public: bytes) -> X25519PrivateKey:
    """The key of a wave from two of its sheets, checked against its public half.

    Raises SheetsNeeded, SheetForeign, SheetsAlike or SheetChanged.
    """
    if len(sheets) < NEEDED:
        raise SheetsNeeded(wave=wave)
    one, other = sheets[:NEEDED]
    if any(sheet.tag != tag_of(wave, public) for sheet in (one, other)):
        raise SheetForeign(wave=wave)
    if one.trustee == other.trustee:
        raise SheetsAlike(wave=wave)
    key = _xor(one.half_with(other.trustee), other.half_with(one.trustee))
    private = X25519PrivateKey.from_private_bytes(key)
    if private.public_key().public_bytes_raw() != public:
        raise SheetChanged
    return private


def tag_of(wave: str, public: bytes) -> bytes:
    """What ties a sheet to one key of one wave, and tells nothing of the key."""
    return hashlib.sha256(b"kernepuls sheet 1" + wave.encode() + public).digest()[:TAG]


def read_sheet(text: str) -> Sheet:
    """A sheet as it was typed or scanned.

    Raises SheetGroupsMissing, SheetGroupsWrong with the numbers of the groups, or SheetChanged;
    none of them repeats a letter.
    """
    value = 0
    for group in read_groups(text):
        for letter in group[:-1]:
            value = value * 32 + ALPHABET.index(letter)
    raw = value.to_bytes(BYTES, "big")
    body, told = raw[:-SUM], raw[-SUM:]
    if _sum(body) != told or body[0] >= len(TRUSTEES):
        raise SheetChanged
    halves = body[1 + TAG :]
    return Sheet(TRUSTEES[body[0]], body[1 : 1 + TAG], (halves[:KEY], halves[KEY:]))


def read_groups(text: str, first: int = 1, many: int = GROUPS) -> tuple[str, ...]:
    """`many` groups of a sheet from number `first` on, each checked by its last letter.

    With nothing between them they are cut by their length.
    """
    groups = [_plain(group) for group in BETWEEN.split(text.strip()) if group]
    if len(groups) != many:
        run = "".join(groups)
        groups = [run[start : start + GROUP] for start in range(0, len(run), GROUP)]
    if len(groups) != many:
        raise SheetGroupsMissing(found=len(groups), expected=many)
    wrong = [number for number, group in enumerate(groups, first) if not _is_group(group, number)]
    if wrong:
        raise SheetGroupsWrong(groups=", ".join(map(str, wrong)))
    return tuple(groups)


def _plain(group: str) -> str:
    return group.upper().translate(READ_AS)


def _is_group(group: str, number: int) -> bool:
    return (
        len(group) == GROUP
        and set(group) <= set(ALPHABET)
        and group[-1] == _check(group[:-1], number)
    )


def _check(letters: str, number: int) -> str:
    """The last letter of a group: it tells any one wrong letter, any two exchanged, and the place.

    Horner's rule in the field of 32 elements, begun with the number of the group.
    """
    value = number
    for letter in letters:
        value = _times_x(value) ^ ALPHABET.index(letter)
    return ALPHABET[_times_x(value)]


def _times_x(value: int) -> int:
    """Times x modulo x^5 + x^2 + 1."""
    return value << 1 ^ (0b100101 if value & 16 else 0)


def _others(trustee: Trustee) -> tuple[Trustee, Trustee]:
    first, second = (one for one in TRUSTEES if one != trustee)
    return first, second


def _sum(body: bytes) -> bytes:
    return hashlib.sha256(b"kernepuls sheet sum 1" + body).digest()[:SUM]


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))
