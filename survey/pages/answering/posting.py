"""What a respondent posts, read with a limit; and how many wrong codes come from one place."""

import ipaddress
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, TypeAlias, TypeVar
from urllib.parse import unquote_plus

import msgspec
from litestar import Litestar, Request

from survey import limits
from survey.errors import N_, BadInput

Posted: TypeAlias = dict[str, list[str]]
Shape = TypeVar("Shape")

LIMIT = 32 * 1024  # bytes of a form: an answer with the longest comment is under 8 kB
READ_AND_FORGET = 16 * 1024 * 1024  # bytes taken in so that a browser gets round to reading why
MOST_FIELDS = 120
TRIES = 30  # wrong codes a minute from one network; protects load only (trust.md 3)
MINUTE = 60.0  # seconds


class FormTooLarge(BadInput):
    status = 413
    sentence = N_(
        "What you sent is too long, so nothing was stored. Go back: your answers are still there. "
        "Make the text shorter, and send again."
    )


class FormUnreadable(BadInput):
    status = 400
    sentence = N_("The page could not be read. Nothing was stored. Type your code again.")


class TooManyTries(BadInput):
    status = 429
    text: ClassVar[str] = "too_many_tries"  # in content/messages.yaml, as the refusals of intake


async def posted_form(request: Request[Any, Any, Any]) -> Posted:
    """The fields of a posted form, each with its values in order."""
    try:
        return fields_of((await _body(request)).decode())
    except ValueError:
        raise FormUnreadable from None


def fields_of(body: str) -> Posted:
    """As `urllib.parse.parse_qs` that keeps blank values, in half its time.

    Hardly anything of an answer is encoded, and that decodes every name and value. ValueError for
    too many fields, or bytes that are no UTF-8.
    """
    pairs = body.split("&")
    if len(pairs) > MOST_FIELDS:
        raise ValueError
    posted: Posted = {}
    for pair in filter(None, pairs):
        name, _, value = pair.partition("=")
        if "%" in pair or "+" in pair:
            name, value = (unquote_plus(text, errors="strict") for text in (name, value))
        posted.setdefault(name, []).append(value)
    return posted


async def posted_json(request: Request[Any, Any, Any], shape: type[Shape]) -> Shape:
    """A posted JSON object of this shape and no other; its values are in no error."""
    try:
        return msgspec.json.decode(await _body(request), type=shape)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise FormUnreadable from None


async def _body(request: Request[Any, Any, Any]) -> bytes:
    """What was posted, up to the limit.

    A body over the limit is read to its end and dropped: a browser that is cut off while it
    sends shows an error of its own and not the reason.
    """
    body = b""
    seen = 0
    async for chunk in request.stream():
        seen += len(chunk)
        if seen <= LIMIT:
            body += chunk
        if seen > READ_AND_FORGET:
            break
    if seen > LIMIT:
        raise FormTooLarge
    return body


def one(posted: Posted, name: str) -> str:
    """The last value of a field; "" where it was not sent."""
    return posted.get(name, [""])[-1]


class Tries:
    """Wrong codes in the running minute, by network; in memory and forgotten with the minute."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._minute = 0
        self._wrong: Counter[str] = Counter()

    async def check(self, address: str) -> None:
        """Raises TooManyTries once a network has used up its tries."""
        if self._counted()[network(address)] >= TRIES:
            raise TooManyTries

    async def wrong(self, address: str) -> None:
        """One more code that was not known. A known one is free: a town hall is one address."""
        self._counted()[network(address)] += 1

    def _counted(self) -> Counter[str]:
        minute = int(self._clock() // MINUTE)
        if minute != self._minute:
            self._minute = minute
            self._wrong.clear()
        return self._wrong


class SharedTries(Tries):
    """The same over all processes of the installation."""

    def __init__(self, kind: str, clock: Callable[[], float] = time.time) -> None:
        super().__init__(clock)
        self._kind = kind

    async def check(self, address: str) -> None:
        if await limits.times(self._key(address)) >= TRIES:
            raise TooManyTries

    async def wrong(self, address: str) -> None:
        now = datetime.fromtimestamp(self._clock(), UTC)
        forget = now + timedelta(seconds=MINUTE - self._clock() % MINUTE)
        await limits.count(self._key(address), now=now, forget=forget)

    def _key(self, address: str) -> bytes:
        return limits.named(f"{self._kind} {self._clock() // MINUTE}", network(address))


def tries(app: Litestar, kind: str) -> Tries:
    """The counts of one kind of try, such as codes."""
    kept: dict[str, Tries] = app.state.setdefault("tries", {})
    if kind not in kept:
        kept[kind] = SharedTries(kind) if limits.is_shared() else Tries()
    return kept[kind]


def network(address: str) -> str:
    """An IPv4 address, or the /64 an IPv6 household has; anything else counts as one place."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if parsed.version == 4:
        return str(parsed)
    return str(ipaddress.ip_network((parsed, 64), strict=False))
