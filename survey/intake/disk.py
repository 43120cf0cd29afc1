"""Files that are whole or not there: written beside, on the disk, then renamed."""

import hashlib
import os
import secrets
from pathlib import Path


def sync(path: Path) -> None:
    """Until a file's bytes, or a folder's names, are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def part_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.part")


def keep(path: Path) -> None:
    """Give a finished .part file its name."""
    sync(part_of(path))
    part_of(path).replace(path)
    sync(path.parent)


def write(path: Path, body: bytes) -> None:
    make_folder(path.parent)
    part_of(path).write_bytes(body)
    keep(path)


def make_folder(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def overwrite(path: Path) -> None:
    """Put noise where a secret lay, before its file is removed; an SSD may keep the old cells."""
    path.chmod(0o600)
    with path.open("r+b") as file:
        file.write(secrets.token_bytes(path.stat().st_size))
        file.flush()
        os.fsync(file.fileno())
