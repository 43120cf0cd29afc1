"""Sessions of staff, kept in the database: made at sign-in and nowhere else.

A browser that is not signed in has no session and no cookie of one, so there is no id that an
attacker could choose beforehand. The table holds the hash of the id only.
"""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from litestar import Request
from litestar.config.csrf import CSRFConfig
from litestar.datastructures import Cookie, Headers
from litestar.enums import ScopeType
from litestar.middleware import DefineMiddleware
from litestar.middleware.authentication import (
    AbstractAuthenticationMiddleware,
    AuthenticationResult,
)
from litestar.middleware.csrf import CSRFMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send
from msgspec import Struct

from survey.access import Connection
from survey.actor import Actor, Role, reach
from survey.engine import transaction
from survey.errors import N_, KernepulsError
from survey.settings import Settings
from survey.tables import Account, AccountUnit, StaffSession
from survey.texts import language_of

COOKIE = "__Host-sid"
CSRF_COOKIE = "__Host-csrf"
CSRF_FIELD = "_csrf_token"
IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=8)
SPARED = timedelta(minutes=1)  # a page view moves the idle limit, but writes at most once a minute
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

Clock = Callable[[], datetime]


class FromElsewhere(KernepulsError):
    status = 403
    sentence = N_(
        "The request came from another page or from one that was too old. Nothing was changed. "
        "Load the page again, and try once more."
    )


class Body(Struct, frozen=True):
    """What a session remembers beside its account: when it ends, whatever happens.

    `set_up_first`: the account has to have one-time codes and has none yet, so that the session
    opens the pages of one's own account only. What browser it is, nobody writes down.
    """

    ends_at: datetime
    set_up_first: bool = False


@dataclass(frozen=True, slots=True)
class Signed:
    """A session as its owner sees it in a list: since when, and whether it is the one at hand."""

    since: datetime
    is_here: bool


def utc_now() -> datetime:
    return datetime.now(UTC)


async def begin(
    account: int, *, now: datetime, instead_of: str | None = None, set_up_first: bool = False
) -> str:
    """Start a session under a new id and end the one before; returns the id for the cookie."""
    name = secrets.token_urlsafe(32)
    row = StaffSession(
        hash=hashed(name),
        account=account,
        body=msgspec.json.encode(Body(now + ABSOLUTE, set_up_first)),
        expires_at=now + IDLE,
    )
    async with transaction():
        await StaffSession.delete().where(StaffSession.expires_at < now)
        if instead_of:
            await StaffSession.delete().where(StaffSession.hash == hashed(instead_of))
        await StaffSession.insert(row)
    return name


async def spend(name: str, *, now: datetime, kept: timedelta) -> bool:
    """Whether a name is spent for the first time; it stands among the sessions until then, a hash.

    For what a provider sends back by way of the browser: the same reply lets in once.
    """
    rows = await StaffSession.raw(
        "INSERT INTO staff_session (hash, account, body, expires_at) VALUES ({}, NULL, {}, {}) "
        "ON CONFLICT (hash) DO NOTHING RETURNING hash",
        hashed(f"spent {name}"),
        b"",
        now + kept,
    )
    return bool(rows)


async def end(name: str) -> None:
    await StaffSession.delete().where(StaffSession.hash == hashed(name))


async def end_all(account: int) -> None:
    """For a changed role or password: every browser of the account has to sign in again."""
    await StaffSession.delete().where(StaffSession.account == account)


async def end_others(account: int, *, but: str) -> None:
    """Every browser of the account but the one at hand has to sign in again."""
    await StaffSession.delete().where(
        StaffSession.account == account, StaffSession.hash != hashed(but)
    )


async def of(account: int, *, here: str, now: datetime) -> list[Signed]:
    """The sessions of an account that are still good, the newest first."""
    rows = await StaffSession.select().where(
        StaffSession.account == account, StaffSession.expires_at > now
    )
    told = [(msgspec.json.decode(row["body"], type=Body).ends_at, row["hash"]) for row in rows]
    return [
        Signed(since=ends_at - ABSOLUTE, is_here=hash_ == hashed(here))
        for ends_at, hash_ in sorted(told, reverse=True)
        if ends_at > now
    ]


async def actor(name: str | None, *, now: datetime) -> Actor | None:
    """Who a cookie's id stands for; None when it is unknown, too old, or the account is stopped."""
    if not name:
        return None
    row = await StaffSession.select().where(StaffSession.hash == hashed(name)).first()
    if row is None or row["account"] is None:
        return None
    body = msgspec.json.decode(row["body"], type=Body)
    if now >= min(row["expires_at"], body.ends_at):
        await end(name)
        return None
    if now + IDLE - row["expires_at"] >= SPARED:
        await StaffSession.update({StaffSession.expires_at: now + IDLE}).where(
            StaffSession.hash == hashed(name)
        )
    return await known(row["account"], set_up_first=body.set_up_first)


async def known(account: int, *, set_up_first: bool = False) -> Actor | None:
    """The actor of an account that is active, with its reach in the tree as it is now."""
    row = await Account.select().where(Account.id == account, Account.active == True).first()  # noqa: E712 - a column, not a value
    if row is None:
        return None
    units = await AccountUnit.select(AccountUnit.unit.code.as_alias("code")).where(
        AccountUnit.account == account
    )
    role = Role(row["role"])
    own, within = await reach(role, frozenset(unit["code"] for unit in units))
    return Actor(
        account=account,
        login=row["login"],
        role=role,
        language=language_of(row["language"]),
        own=own,
        units=within,
        set_up_first=set_up_first,
    )


def hashed(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def cookie(value: str, key: str = COOKIE) -> Cookie:
    """The session cookie; `__Host-` binds it to this very host, TLS and path."""
    return Cookie(key, value=value, path="/", secure=True, httponly=True, samesite="lax")


def no_cookie(key: str = COOKIE) -> Cookie:
    return Cookie(key, value="", path="/", secure=True, httponly=True, samesite="lax", max_age=0)


class Recognise(AbstractAuthenticationMiddleware):
    """Who is asking: an Actor, or nobody. It refuses nothing; the guards do."""

    async def authenticate_request(self, connection: Connection) -> AuthenticationResult:
        now: Clock = connection.app.state.now
        found = await actor(connection.cookies.get(COOKIE), now=now())
        return AuthenticationResult(user=found, auth=None)


class SameSite:
    """Refuses a post that a browser says comes from another site.

    The token of the form is not tied to the session, so this is the second lock. Our own
    `Referrer-Policy: no-referrer` makes browsers send `Origin: null` with our own forms, so where
    Sec-Fetch-Site is missing only an origin that names somebody else is refused.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP and scope["method"] not in SAFE:
            headers = Headers.from_scope(scope)
            site = headers.get("sec-fetch-site", "")
            origin = headers.get("origin", "null")
            host = headers.get("host", "")
            if site and site not in ("same-origin", "none"):
                raise FromElsewhere
            if not site and origin != "null" and origin.partition("://")[2] != host:
                raise FromElsewhere
        await self.app(scope, receive, send)


class KeepTyped:
    """Notes the fields of a post that nobody is signed in for, so that they can be shown again."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (
            scope["type"] == ScopeType.HTTP
            and scope["method"] not in SAFE
            and scope.get("user") is None
        ):
            request: Request[Any, Any, Any] = Request(scope, receive=receive, send=send)
            form = await request.form()  # read by the check of the token already
            scope["state"]["typed"] = [
                (name, value) for name, value in form.multi_items() if isinstance(value, str)
            ]
        await self.app(scope, receive, send)


def secret(settings: Settings) -> str:
    """The key that signs form tokens: made once, kept beside the wave keys, never in a backup."""
    file = settings.data / "keys" / "forms.secret"
    if not file.exists():
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = file.with_suffix(f".{secrets.token_hex(4)}")
        fresh.touch(mode=0o400)
        fresh.chmod(0o600)
        fresh.write_text(secrets.token_hex(32), encoding="ascii")
        fresh.chmod(0o400)
        fresh.replace(file)
    return file.read_text(encoding="ascii")


def key_for(settings: Settings, purpose: str) -> bytes:
    """32 bytes for one purpose, from the same secret: a key of one opens nothing of another."""
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode())
    return derived.derive(secret(settings).encode())


def staff_middleware(settings: Settings) -> list[DefineMiddleware]:
    """What stands before every page for staff, and before no page for respondents."""
    csrf = CSRFConfig(
        secret=secret(settings),
        cookie_name=CSRF_COOKIE,
        cookie_secure=True,
        cookie_httponly=True,
        cookie_samesite="lax",
    )
    return [
        DefineMiddleware(Recognise),
        DefineMiddleware(SameSite),
        DefineMiddleware(CSRFMiddleware, config=csrf),
        DefineMiddleware(KeepTyped),
    ]
