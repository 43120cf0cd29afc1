"""A wave's keys: one folder in the data folder, one copy elsewhere, and their end.

They never enter the database, a backup or a log. Losing every copy before the close loses the
answers; keeping one after the close breaks the promise. A wave whose opening key is on three
sheets (`split`) has everything here but that key.
"""

import hashlib
import hmac
import os
import re
import secrets
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from survey.intake import blind, disk, seal, split
from survey.intake.refusals import KeysDiffer, KeysMissing, SheetsNeeded, WaveNameBad
from survey.settings import Settings

BITS = 3072
WAVE_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,63}")
DRILL = seal.Frame(unit="drill", behaviour="drill", answers={})
OPENING, OPENING_PUBLIC = "opening.key", "opening.pub"
SIGNING, SIGNING_PUBLIC, TICKET = "signing.der", "signing.pub", "ticket.key"
ON_SHEETS = "on_sheets"  # a file that says that there is no opening key here, and should be none


@dataclass(frozen=True, slots=True)
class IntakeKeys:
    """What the server needs while a wave is open; the opening key is not among it."""

    sealing: X25519PublicKey
    signing: blind.SigningKey
    verifying: rsa.RSAPublicKey
    verifying_bytes: bytes  # SPKI, the same for everybody: a key of one's own would be a tag
    ticket: bytes

    def __repr__(self) -> str:
        return "IntakeKeys(...)"

    def stamp(self, context: bytes) -> bytes:
        """The ticket of a context: the same for all who share it."""
        return hmac.digest(self.ticket, context, "sha256")


@lru_cache(maxsize=64)
def places(settings: Settings, wave: str) -> tuple[Path, Path]:
    """The folder of a wave's keys and that of their copy."""
    if not WAVE_NAME.fullmatch(wave):
        raise WaveNameBad(wave=wave)
    return settings.data / "keys" / wave, settings.key_copy / wave


@lru_cache(maxsize=64)
def _signing(settings: Settings, wave: str) -> tuple[str, str]:
    """Where `intake` looks for every answer: as text, which is stat'ed in half the time."""
    first, copy = places(settings, wave)
    return str(first / SIGNING), str(copy / SIGNING)


def make(settings: Settings, wave: str) -> None:
    """Make a wave's keys and their copy; keys that are there stay, so approval can be repeated."""
    first, copy = places(settings, wave)
    if not first.exists():
        _write_whole(first, _fresh())
    if not copy.exists():
        _write_whole(copy, {path.name: path.read_bytes() for path in first.iterdir()})
    check_copies(settings, wave)


def make_on_sheets(
    settings: Settings, wave: str, hand_out: Callable[[Sequence[split.Sheet]], None]
) -> None:
    """Make a wave's keys anew with the opening key on three sheets, which `hand_out` takes first.

    The opening key is in memory only. Killed before the end, it is all made anew.
    """
    destroy(settings, wave)
    fresh = _fresh()
    hand_out(split.sheets_of(X25519PrivateKey.from_private_bytes(fresh.pop(OPENING)), wave))
    for folder in places(settings, wave):
        _write_whole(folder, {**fresh, ON_SHEETS: b"2 of 3\n"})
    check_copies(settings, wave)


def on_sheets(settings: Settings, wave: str) -> bool:
    """Whether two sheets of paper open the wave's answers, and nothing that lies here."""
    return any((folder / ON_SHEETS).exists() for folder in places(settings, wave))


def check_copies(settings: Settings, wave: str) -> None:
    """The drill before a wave opens: an envelope sealed now is opened from each copy.

    With the opening key on sheets, which `drill` tries, both copies must be without it and alike.
    Raises KeysMissing or KeysDiffer with the folder that failed.
    """
    known = intake(settings, wave)
    sealed = seal.seal(known.sealing, wave, DRILL)
    expected = fingerprint(settings, wave)
    split_up = on_sheets(settings, wave)
    for folder in places(settings, wave):
        try:
            if split_up:
                same = _without_opening(folder, wave) == known.sealing.public_bytes_raw()
            else:
                same = bool(seal.unseal(_opening(folder, wave), wave, sealed))
        except (seal.Unopenable, ValueError) as error:
            raise KeysDiffer(wave=wave, folder=folder) from error
        if not same or _fingerprint((folder / SIGNING_PUBLIC).read_bytes()) != expected:
            raise KeysDiffer(wave=wave, folder=folder)


def drill(settings: Settings, wave: str, sheets: Sequence[split.Sheet]) -> None:
    """Open an envelope sealed now with every pair of three sheets.

    Raises SheetsNeeded, SheetForeign, SheetsAlike, SheetChanged or KeysMissing.
    """
    if len(sheets) != len(split.TRUSTEES):
        raise SheetsNeeded(wave=wave)
    public = intake(settings, wave).sealing
    sealed = seal.seal(public, wave, DRILL)
    for pair in combinations(sheets, split.NEEDED):
        seal.unseal(split.joined(pair, wave, public.public_bytes_raw()), wave, sealed)


def intake(settings: Settings, wave: str) -> IntakeKeys:
    """The keys an open wave works with; KeysMissing once they are gone from the disk."""
    for file in _signing(settings, wave):
        try:
            found = os.stat(file)  # noqa: PTH116 - a quarter of the whole look-up, see `_signing`
        except FileNotFoundError:
            continue
        return _intake(file, found.st_ino, found.st_mtime_ns)
    raise KeysMissing(wave=wave, folder=places(settings, wave)[0])


def opening(settings: Settings, wave: str, sheets: Sequence[split.Sheet] = ()) -> X25519PrivateKey:
    """The key that opens the answers, from whichever copy is left, checked against its public half.

    One that is on sheets comes from two of them. Raises KeysMissing, KeysDiffer, and for sheets
    what `split.joined` raises.
    """
    if on_sheets(settings, wave):
        return split.joined(sheets, wave, intake(settings, wave).sealing.public_bytes_raw())
    first, copy = places(settings, wave)
    folder = first if (first / OPENING).exists() else copy
    private = _opening(folder, wave)
    if private.public_key().public_bytes_raw() != (folder / OPENING_PUBLIC).read_bytes():
        raise KeysDiffer(wave=wave, folder=folder)
    return private


def fingerprint(settings: Settings, wave: str) -> str:
    """The wave's public signing key, eight groups of four as the mail and the poster print it."""
    return _fingerprint(intake(settings, wave).verifying_bytes)


def destroy(settings: Settings, wave: str) -> None:
    """Overwrite and remove every copy this server knows; may be repeated."""
    for folder in places(settings, wave):
        if folder.exists():
            for path in folder.iterdir():
                disk.overwrite(path)
            shutil.rmtree(folder)
            disk.sync(folder.parent)
    _intake.cache_clear()


def _fresh() -> dict[str, bytes]:
    opening_key = X25519PrivateKey.generate()
    signing = rsa.generate_private_key(public_exponent=65537, key_size=BITS)
    return {
        OPENING: opening_key.private_bytes_raw(),
        OPENING_PUBLIC: opening_key.public_key().public_bytes_raw(),
        SIGNING: signing.private_bytes(
            serialization.Encoding.DER,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
        SIGNING_PUBLIC: _spki(signing.public_key()),
        TICKET: secrets.token_bytes(32),
    }


def _write_whole(folder: Path, files: dict[str, bytes]) -> None:
    """All the files or none: written beside, then renamed, each step on the disk."""
    part = folder.with_name(f"{folder.name}.part")
    if part.exists():
        shutil.rmtree(part)
    part.mkdir(mode=0o700, parents=True)
    for name, body in files.items():
        with os.fdopen(os.open(part / name, os.O_WRONLY | os.O_CREAT, 0o400), "wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
    disk.sync(part)
    part.rename(folder)
    disk.sync(folder.parent)


@lru_cache(maxsize=8)
def _intake(file: str, _inode: int, _made: int) -> IntakeKeys:
    folder = Path(file).parent
    private = serialization.load_der_private_key((folder / SIGNING).read_bytes(), password=None)
    if not isinstance(private, rsa.RSAPrivateKey):
        raise KeysDiffer(wave=folder.name, folder=folder)
    return IntakeKeys(
        sealing=X25519PublicKey.from_public_bytes((folder / OPENING_PUBLIC).read_bytes()),
        signing=blind.signing_key(private),
        verifying=private.public_key(),
        verifying_bytes=_spki(private.public_key()),
        ticket=(folder / TICKET).read_bytes(),
    )


def _opening(folder: Path, wave: str) -> X25519PrivateKey:
    path = folder / OPENING
    if not path.exists():
        raise KeysMissing(wave=wave, folder=folder)
    return X25519PrivateKey.from_private_bytes(path.read_bytes())


def _without_opening(folder: Path, wave: str) -> bytes:
    """The public half that a copy without the opening key has."""
    if not (folder / OPENING_PUBLIC).exists():
        raise KeysMissing(wave=wave, folder=folder)
    if (folder / OPENING).exists() or not (folder / ON_SHEETS).exists():
        raise KeysDiffer(wave=wave, folder=folder)
    return (folder / OPENING_PUBLIC).read_bytes()


def _spki(public: rsa.RSAPublicKey) -> bytes:
    return public.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _fingerprint(public: bytes) -> str:
    digest = hashlib.sha256(public).hexdigest()[:32]
    return " ".join(digest[start : start + 4] for start in range(0, 32, 4))
