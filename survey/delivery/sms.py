"""Where text messages go: a sender chosen by name. A folder of files is the one that is built in.

Without KERNEPULS_SMS nobody is sent one, and whoever has no mail of their own draws a card: a
private number is used where the organisation has asked for it, and never by default.
"""

import os
import re
import secrets
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from importlib.metadata import entry_points
from pathlib import Path
from typing import Final, Protocol, TypeAlias

from survey.delivery.post import OWNER_ONLY
from survey.errors import N_, BadInput
from survey.settings import Settings
from survey.tables import Person

PLUGINS: Final = "kernepuls.sms"  # the group of entry points in which a package names its sender
CHUNK = 5_000  # values in one statement: PostgreSQL stops at 32,767 arguments
NUMBER = re.compile(r"\d{8}|\+\d{7,15}")  # as survey.importing keeps them


class SmsSenderUnknown(BadInput):
    sentence = N_(
        "KERNEPULS_SMS is {name}, but the senders that are installed are: {known}. "
        "Nothing was sent. Choose one of them, or install the package that has it."
    )


@dataclass(frozen=True, slots=True)
class TextMessage:
    """A message for one phone; neither shows in an error."""

    to: str = field(repr=False)
    text: str = field(repr=False)
    day: date


class Texting(Protocol):
    """Takes one message at a time; raises post.NotDelivered for one it cannot take.

    post.MailServerUnreachable says that the service is gone; what was not sent then waits.
    """

    async def send(self, message: TextMessage) -> None: ...


Opener: TypeAlias = Callable[[Settings, str], AbstractAsyncContextManager[Texting]]


def folder_of(settings: Settings, wave: str) -> Path:
    """Where a wave's messages lie; they go when it closes, as its codes do."""
    return settings.data / "sms" / wave


def opened(settings: Settings, wave: str) -> AbstractAsyncContextManager[Texting | None]:
    """The sender of KERNEPULS_SMS, or None without one. Raises SmsSenderUnknown."""
    if settings.sms is None:
        return nullcontext(None)
    known = senders()
    if settings.sms not in known:
        raise SmsSenderUnknown(name=settings.sms, known=", ".join(sorted(known)))
    return known[settings.sms](settings, wave)


def senders() -> dict[str, Opener]:
    """Name -> what opens the sender: our folder, and those that installed packages bring."""
    found: dict[str, Opener] = {
        plugin.name: plugin.load() for plugin in entry_points(group=PLUGINS)
    }
    return {**found, "files": lambda settings, wave: nullcontext(Folder(folder_of(settings, wave)))}


async def own_numbers(numbers: Iterable[str]) -> frozenset[str]:
    """Those that one person of the staff list has: two codes on a phone tell who answered."""
    asked = sorted({number for number in numbers if NUMBER.fullmatch(number)})
    found: Counter[str] = Counter()
    for start in range(0, len(asked), CHUNK):
        rows = await Person.select(Person.mobile).where(
            Person.mobile.is_in(asked[start : start + CHUNK]) & (Person.active == True)  # noqa: E712 - a column, not a value
        )
        found.update(row["mobile"] for row in rows)
    return frozenset(number for number, people in found.items() if people == 1)


class Folder:
    """Messages as .txt files with random names, readable for the owner only."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder

    async def send(self, message: TextMessage) -> None:
        file = self._folder / f"{secrets.token_hex(16)}.txt"
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
        with os.fdopen(handle, "w", encoding="utf-8") as target:
            target.write(f"{message.to}\n{message.text}\n")
        # The file's own time says the day only, as a mail's does.
        noon = datetime.combine(message.day, time(12), tzinfo=UTC).timestamp()
        os.utime(file, (noon, noon))
