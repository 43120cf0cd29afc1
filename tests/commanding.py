"""The environment in which a command works on an installation of a test, and says so in English."""

import pytest

from survey.settings import Settings

OURS = ("KERNEPULS_SMTP", "KERNEPULS_URL")  # of whoever runs the tests


def environment(settings: Settings) -> dict[str, str]:
    return {
        "KERNEPULS_DATA": str(settings.data),
        "KERNEPULS_DATABASE": settings.database,
        "KERNEPULS_ANSWERS": settings.answers,
        "KERNEPULS_KEY_COPY": str(settings.key_copy),
        "KERNEPULS_BACKUP": str(settings.backup),
        "KERNEPULS_ORGANISATION": str(settings.organisation),
        "LC_ALL": "en_GB.UTF-8",
    }


def enter(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    """The same for a command that runs in the process of the test."""
    for name in OURS:
        monkeypatch.delenv(name, raising=False)
    for name, value in environment(settings).items():
        monkeypatch.setenv(name, value)
