"""Signing in where the organisation signs in already: OpenID Connect, by a code and PKCE.

It finds out who somebody is, and makes no account and no session. What one sign-in has to remember
between its two steps is sealed in a cookie of the browser; the server keeps nothing of it.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import httpx
import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from msgspec import Struct

from survey.errors import N_, Busy, Refused
from survey.settings import Provider

ALGORITHMS = ("RS256", "PS256", "ES256")  # signatures; never "none", never a shared secret
WITHIN = timedelta(minutes=10)  # from the first step to the second
LEEWAY = 60  # seconds that the provider's clock may be off
TIMEOUT = httpx.Timeout(5)
MOST = 200_000  # characters of a reply
NONCE = 12
BACK = "/sign-in/provider/back"
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class ProviderDown(Busy):
    sentence = N_(
        "Your work login does not answer right now. Nothing was changed. Try again in a moment."
    )


class NotLetIn(Refused):
    """No account, a stopped one, a forged or an old reply: all read the same."""

    status = 403
    sentence = N_(
        "Your work login did not lead to an account here. Try again; if it happens again, ask the "
        "administrator for an account."
    )


class Pending(Struct, frozen=True):
    """What the second step has to match, and where to go then."""

    state: str
    nonce: str
    verifier: str
    wanted: str
    ends_at: datetime


class Endpoints(Struct, frozen=True):
    """What the provider tells of itself."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str


@dataclass(frozen=True, slots=True)
class Known:
    """Who the provider says it is, where to go, and a name that may be spent once."""

    login: str
    wanted: str
    state: str


async def begin(
    provider: Provider, *, url: str, key: bytes, now: datetime, wanted: str
) -> tuple[str, str]:
    """The provider's address to go to, and the sealed cookie to come back with.

    Raises ProviderDown.
    """
    async with _client() as client:
        endpoints = await _endpoints(client, provider)
    pending = Pending(
        state=secrets.token_urlsafe(32),
        nonce=secrets.token_urlsafe(32),
        verifier=secrets.token_urlsafe(48),
        wanted=wanted,
        ends_at=now + WITHIN,
    )
    asked = {
        "response_type": "code",
        "client_id": provider.client,
        "redirect_uri": url + BACK,
        "scope": "openid profile email",
        "state": pending.state,
        "nonce": pending.nonce,
        "code_challenge": _challenge(pending.verifier),
        "code_challenge_method": "S256",
    }
    mark = "&" if "?" in endpoints.authorization_endpoint else "?"
    return f"{endpoints.authorization_endpoint}{mark}{urlencode(asked)}", _sealed(pending, key)


async def finish(  # noqa: PLR0913 - one keyword per part of the reply
    provider: Provider,
    *,
    url: str,
    key: bytes,
    now: datetime,
    cookie: str,
    told: Mapping[str, str],
) -> Known:
    """Who signed in, from what the provider sent back by way of the browser.

    The browser must be the one that began, within ten minutes. Raises NotLetIn, ProviderDown.
    """
    pending = _opened(cookie, key)
    if pending is None or now >= pending.ends_at:
        raise NotLetIn
    if not hmac.compare_digest(pending.state.encode(), told.get("state", "").encode()):
        raise NotLetIn
    if (
        told.get("error")
        or not told.get("code")
        or told.get("iss", provider.issuer) != (provider.issuer)
    ):
        raise NotLetIn
    async with _client() as client:
        endpoints = await _endpoints(client, provider)
        token = await _token(
            client, provider, endpoints, code=told["code"], verifier=pending.verifier, url=url
        )
        keys = await _asked(client.get(endpoints.jwks_uri))
    claims = read_token(token, keys, provider=provider, nonce=pending.nonce, now=now)
    login = claims.get(provider.claim)
    if not isinstance(login, str) or not login.strip():
        raise NotLetIn
    if provider.claim == "email" and claims.get("email_verified") is not True:
        raise NotLetIn
    return Known(login, pending.wanted, pending.state)


def read_token(
    token: str, keys: Mapping[str, Any], *, provider: Provider, nonce: str, now: datetime
) -> Mapping[str, Any]:
    """The claims of an ID token: signed, for us, of now, of this sign-in; else NotLetIn."""
    try:
        read = jwt.decode(token, KeySet.import_key_set(dict(keys)), algorithms=ALGORITHMS)  # type: ignore[arg-type] # JSON of the provider
        jwt.JWTClaimsRegistry(
            now=int(now.timestamp()),
            leeway=LEEWAY,
            iss={"essential": True, "value": provider.issuer},
            sub={"essential": True},
            aud={"essential": True, "value": provider.client},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
        ).validate(read.claims)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise NotLetIn from error
    audience = read.claims["aud"]
    for_others = isinstance(audience, list) and len(audience) > 1
    if for_others and read.claims.get("azp") != provider.client:
        raise NotLetIn
    return read.claims


def _client() -> httpx.AsyncClient:
    return httpx.AsyncClient(timeout=TIMEOUT, follow_redirects=False)


async def _endpoints(client: httpx.AsyncClient, provider: Provider) -> Endpoints:
    told = await _asked(
        client.get(f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration")
    )
    try:
        endpoints = msgspec.convert(told, Endpoints)
    except msgspec.ValidationError as error:
        raise ProviderDown from error
    addresses = (
        endpoints.authorization_endpoint,
        endpoints.token_endpoint,
        endpoints.jwks_uri,
    )
    if endpoints.issuer != provider.issuer or not all(map(_is_safe, addresses)):
        raise ProviderDown
    return endpoints


async def _token(  # noqa: PLR0913 - one keyword per part of the exchange
    client: httpx.AsyncClient,
    provider: Provider,
    endpoints: Endpoints,
    *,
    code: str,
    verifier: str,
    url: str,
) -> str:
    """The ID token for a code; a provider that refuses the code lets nobody in."""
    sent = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": url + BACK,
        "client_id": provider.client,
        "code_verifier": verifier,
    }
    # RFC 6749, 2.3.1: name and secret are form-encoded before they are joined.
    who = (quote(provider.client, safe=""), quote(provider.secret, safe=""))
    request = (
        client.post(endpoints.token_endpoint, data=sent, auth=who)
        if provider.secret
        else client.post(endpoints.token_endpoint, data=sent)
    )
    token = (await _asked(request)).get("id_token")
    if not isinstance(token, str):
        raise NotLetIn
    return token


async def _asked(request: Any) -> Mapping[str, Any]:  # noqa: ANN401 - an awaitable of httpx
    """A reply as JSON; ProviderDown where none comes, NotLetIn where the provider says no."""
    try:
        reply: httpx.Response = await request
        if 400 <= reply.status_code < 500:
            raise NotLetIn
        if reply.status_code != 200 or len(reply.text) > MOST:
            raise ProviderDown
        told = reply.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise ProviderDown from error
    if not isinstance(told, dict):
        raise ProviderDown
    return told


def _is_safe(address: str) -> bool:
    """Encrypted, or on this very machine."""
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _sealed(pending: Pending, key: bytes) -> str:
    nonce = secrets.token_bytes(NONCE)
    sealed = ChaCha20Poly1305(key).encrypt(nonce, msgspec.json.encode(pending), None)
    return base64.urlsafe_b64encode(nonce + sealed).decode()


def _opened(cookie: str, key: bytes) -> Pending | None:
    try:
        raw = base64.urlsafe_b64decode(cookie.encode())
        told = ChaCha20Poly1305(key).decrypt(raw[:NONCE], raw[NONCE:], None)
        return msgspec.json.decode(told, type=Pending)
    except (ValueError, InvalidTag):
        return None
