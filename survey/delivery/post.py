"""Where mails go: a folder of .eml files, or a mail server. It keeps no list of what it sent."""

import os
import re
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, time
from email.errors import MessageError
from email.headerregistry import Address, BaseHeader, HeaderRegistry
from email.message import EmailMessage
from email.policy import SMTP as SMTP_LINES
from email.utils import format_datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import SplitResult, unquote, urlsplit

import aiosmtplib

from survey.delivery.letters import FieldEmpty, Letter, Round
from survey.errors import N_, BadInput, Broken, Refused
from survey.settings import Settings

OWNER_ONLY = 0o600
PORTS = {"smtp": 25, "smtps": 465}
LOCAL = ("localhost", "127.0.0.1", "::1")
SENDER = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+")
TIMEOUT = 30  # seconds a mail server may take for one step


class MailServerAddressBad(BadInput):
    sentence = N_(
        "KERNEPULS_SMTP is not the address of a mail server. Nothing was sent. "
        "Write it as smtp://user:password@host:port or smtps://user:password@host:port."
    )


class SenderUnusable(Refused):
    sentence = N_(
        "The field mail_from in the organisation's file {file} is not a mail address. "
        "Nothing was sent. Correct the field and try again."
    )


class MailServerUnreachable(Broken):
    sentence = N_(
        "The mail server {host} cannot be reached ({problem}). Mails that were not sent wait. "
        "Put the address right, and run the command again."
    )


class NotDelivered(Exception):
    """The mail server would not take this one mail."""


class Post(Protocol):
    """Takes one mail at a time; raises NotDelivered for one it cannot take."""

    async def send(self, mail: EmailMessage) -> None: ...


class Headers(HeaderRegistry):
    """Parses a header that many mails share once, and makes its type once.

    That is most of the work of a mail. Whose mail it is, is not kept.
    """

    def __call__(self, name: str, value: Any) -> BaseHeader:  # noqa: ANN401 - text or an address
        if name in ("To", "Message-ID"):
            return super().__call__(name, value)
        return self._shared(name, value)

    @lru_cache(maxsize=256)  # noqa: B019 - there is one for the process
    def _shared(self, name: str, value: str) -> BaseHeader:
        return super().__call__(name, value)

    @cache  # noqa: B019 - as above
    def __getitem__(self, name: str) -> type[BaseHeader]:
        return super().__getitem__(name)


LINES = SMTP_LINES.clone(header_factory=Headers())


def mail(letter: Letter, around: Round, *, to: str, day: date) -> EmailMessage:
    """A letter as a mail of plain text: nothing to fetch, nothing to track, nothing to spoof.

    Its date is the day at noon: the minute would order people, and no text needs it. Raises
    NotDelivered for an address that is none, FieldEmpty or SenderUnusable for a field the letter
    head needs.
    """
    sender = around.house.mail_from
    if not sender:
        raise FieldEmpty(field="mail_from", file=around.file)
    if not SENDER.fullmatch(sender):
        raise SenderUnusable(file=around.file)
    if not around.house.organisation:
        raise FieldEmpty(field="organisation", file=around.file)
    made = EmailMessage(policy=LINES)
    made["From"] = f'"{_quotable(around.house.organisation)}" <{sender}>'
    try:
        made["To"] = Address(addr_spec=to)
    except (ValueError, IndexError, MessageError) as error:  # IndexError: what "" gives there
        raise NotDelivered from error
    # A field over two lines would be a header of its own.
    made["Subject"] = " ".join(letter.subject.split())
    noon = datetime.combine(day, time(12), tzinfo=UTC)
    made["Date"] = format_datetime(noon)
    made["Message-ID"] = f"<{secrets.token_hex(16)}@{sender.rpartition('@')[2]}>"
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(letter.text, cte="8bit")
    made["Content-Language"] = around.language  # set_content drops what it finds of these
    return made


def _quotable(name: str) -> str:
    return "".join(letter for letter in name if letter.isprintable() and letter not in '"\\')


def folder_of(settings: Settings, wave: str) -> Path:
    """Where a wave's mails lie without a mail server; they go when it closes, as its codes do."""
    return settings.data / "mail" / wave


@asynccontextmanager
async def opened(settings: Settings, wave: str) -> AsyncIterator[Post]:
    """The mail server of KERNEPULS_SMTP, or a folder in the data folder without one."""
    if settings.smtp is None:
        yield Folder(folder_of(settings, wave))
        return
    address = _address(settings.smtp)
    server = Server(address)
    await server.connect()
    try:
        yield server
    finally:
        await server.close()


class Folder:
    """Mails as .eml files with random names, readable for the owner only."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder

    async def send(self, mail: EmailMessage) -> None:
        file = self._folder / f"{secrets.token_hex(16)}.eml"
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
        with os.fdopen(handle, "wb") as target:
            target.write(bytes(mail))
        # The file's own time says the day only, as the mail's does.
        noon = mail["Date"].datetime.timestamp()
        os.utime(file, (noon, noon))


class Server:
    """A mail server over one connection, opened again once when it hangs up."""

    def __init__(self, address: SplitResult) -> None:
        self._address = address
        self._client: aiosmtplib.SMTP | None = None

    async def connect(self) -> None:
        host, user = self._address.hostname or "", self._address.username
        encrypted = self._address.scheme == "smtps"
        self._client = aiosmtplib.SMTP(
            hostname=host,
            port=self._address.port or PORTS[self._address.scheme],
            username=unquote(user) if user else None,
            password=unquote(self._address.password or "") if user else None,
            use_tls=encrypted,
            # A password never crosses a network in the clear; None = encrypt where offered.
            start_tls=True if user and not encrypted and host not in LOCAL else None,
            timeout=TIMEOUT,
        )
        try:
            await self._client.connect()
        except (aiosmtplib.SMTPException, OSError) as error:
            raise MailServerUnreachable(host=host, problem=type(error).__name__) from error

    async def send(self, mail: EmailMessage) -> None:
        if self._client is None or not self._client.is_connected:
            await self.connect()
        try:
            await self._client.send_message(mail)  # type: ignore[union-attr] # connected above
        except (aiosmtplib.SMTPException, OSError) as error:
            raise NotDelivered from error

    async def close(self) -> None:
        if self._client is not None and self._client.is_connected:
            try:
                await self._client.quit()
            except (aiosmtplib.SMTPException, OSError):
                self._client.close()


def _address(text: str) -> SplitResult:
    try:
        address = urlsplit(text)
        known = address.scheme in PORTS and address.hostname and (address.port or True)
    except ValueError:
        known = False
    if not known:
        raise MailServerAddressBad
    return address
