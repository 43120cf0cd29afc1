"""One encrypted file: chunks under an AEAD whose order and end are authenticated.

The STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015), as age uses it: each chunk is
sealed with ChaCha20-Poly1305 under a nonce of its number and whether it is the last, so chunks
cannot be moved, left out, repeated or cut off. The key of a file comes by HKDF from the key of the
installation and a salt of its own; a nonce is never used twice. The header is bound to each chunk.
"""

import base64
import binascii
import os
import secrets
from pathlib import Path
from typing import BinaryIO, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from survey.intake import disk
from survey.operations.refusals import (
    BackupDamaged,
    KeyDoesNotFit,
    KeyFileOpen,
    KeyFileThere,
    KeyFileUnreadable,
    KeyFileUnwritable,
    NotABackup,
)

MAGIC = b"kernepuls backup 1\n"
KEY_LINE = "kernepuls backup key 1: "
OWNER_ONLY = 0o600
KEY, SALT, CHECK, TAG = 32, 32, 16, 16  # bytes
HEADER = len(MAGIC) + SALT + CHECK
CHUNK = 64 * 1024  # bytes of plain text in all but the last chunk


class FileKey(NamedTuple):
    """What a salt makes of the installation's key: the cipher, and a mark to know the key by."""

    cipher: ChaCha20Poly1305
    check: bytes


def new_key(file: Path) -> None:
    """Write a fresh key for its owner only; one that is there is never written over."""
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    except FileExistsError as error:
        raise KeyFileThere(file=file) from error
    except OSError as error:
        raise KeyFileUnwritable(file=file, problem=error.strerror) from error
    with os.fdopen(handle, "w", encoding="ascii") as target:
        target.write(f"{KEY_LINE}{base64.b64encode(secrets.token_bytes(KEY)).decode()}\n")
        target.flush()
        os.fsync(target.fileno())
    disk.sync(file.parent)


def key_of(file: Path) -> bytes:
    """The key a file holds. Raises KeyFileUnreadable, KeyFileOpen."""
    try:
        mode = file.stat().st_mode
        line = file.read_text(encoding="ascii").strip()
        key = base64.b64decode(line.removeprefix(KEY_LINE), validate=True)
    except (OSError, UnicodeDecodeError, binascii.Error) as error:
        raise KeyFileUnreadable(file=file) from error
    if not line.startswith(KEY_LINE) or len(key) != KEY:
        raise KeyFileUnreadable(file=file)
    if mode & 0o077:
        raise KeyFileOpen(file=file)
    return key


class Sealer:
    """A file to write to; what was written is whole only after `end`."""

    def __init__(self, file: BinaryIO, key: bytes) -> None:
        salt = secrets.token_bytes(SALT)
        self._file = file
        self._key = _file_key(key, salt)
        self._header = MAGIC + salt + self._key.check
        self._waiting = bytearray()
        self._written = self._number = 0
        file.write(self._header)

    def write(self, body: bytes) -> int:
        self._waiting += body
        while len(self._waiting) > CHUNK:  # the last chunk is never known before the end
            self._put(bytes(self._waiting[:CHUNK]), last=False)
            del self._waiting[:CHUNK]
        self._written += len(body)
        return len(body)

    def tell(self) -> int:
        """How much was written: tarfile asks once, and never goes back."""
        return self._written

    def end(self) -> None:
        self._put(bytes(self._waiting), last=True)

    def _put(self, plain: bytes, *, last: bool) -> None:
        nonce = _nonce(self._number, last=last)
        self._file.write(self._key.cipher.encrypt(nonce, plain, self._header))
        self._number += 1


class Opener:
    """A sealed file to read from; every byte it gives has been authenticated.

    Raises NotABackup, KeyDoesNotFit, BackupDamaged.
    """

    def __init__(self, file: BinaryIO, key: bytes, *, name: Path) -> None:
        self._file, self._name = file, name
        self._header = file.read(HEADER)
        if not self._header.startswith(MAGIC):
            raise NotABackup(file=name)
        self._key = _file_key(key, self._header[len(MAGIC) : len(MAGIC) + SALT])
        if len(self._header) < HEADER:
            raise BackupDamaged(file=name)
        if not secrets.compare_digest(self._header[-CHECK:], self._key.check):
            raise KeyDoesNotFit(file=name)
        self._ready = bytearray()
        self._next = file.read(CHUNK + TAG)
        self._number = 0
        self._is_over = False

    def read(self, size: int) -> bytes:
        while len(self._ready) < size and not self._is_over:
            self._ready += self._chunk()
        taken = bytes(self._ready[:size])
        del self._ready[:size]
        return taken

    def end(self) -> None:
        """Read what is left: a file that was cut shorter than its last chunk is found here."""
        while not self._is_over:
            self._chunk()

    def _chunk(self) -> bytes:
        sealed, self._next = self._next, self._file.read(CHUNK + TAG)
        self._is_over = not self._next
        nonce = _nonce(self._number, last=self._is_over)
        self._number += 1
        try:
            return self._key.cipher.decrypt(nonce, sealed, self._header)
        except InvalidTag as error:
            raise BackupDamaged(file=self._name) from error


def is_sealed(file: Path) -> bool:
    """Whether a file begins as a backup does."""
    with file.open("rb") as source:
        return source.read(len(MAGIC)) == MAGIC


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\x01" if last else b"\x00")


def _file_key(key: bytes, salt: bytes) -> FileKey:
    made = HKDF(SHA256(), length=KEY + CHECK, salt=salt, info=MAGIC).derive(key)
    return FileKey(ChaCha20Poly1305(made[:KEY]), made[KEY:])
