"""Where a wave's released files lie: answers, comments and receipts, and their second copies."""

from pathlib import Path

from survey.settings import Settings


def answers_file(settings: Settings, wave: str) -> Path:
    return Path(settings.answers) / f"{wave}.parquet"


def comments_file(settings: Settings, wave: str) -> Path:
    return settings.data / "comments" / f"{wave}.parquet"


def receipts_file(settings: Settings, wave: str) -> Path:
    """The sorted list of receipts that is published at the close."""
    return settings.data / "receipts" / f"{wave}.txt"


def copy_of(settings: Settings, path: Path) -> Path:
    """The same file at the backup place."""
    return settings.backup / path.parent.name / path.name
