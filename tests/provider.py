"""A provider of OpenID Connect on this machine: one person signs in, and it lies where told to.

It speaks real HTTP on loopback, checks PKCE, the client's secret and that a code is used once.
"""

import base64
import hashlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlencode

import uvicorn
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

CLIENT, SECRET = "kernepuls", "s3cret/with+signs"
KEY = ECKey.generate_key("P-256", {"kid": "one", "use": "sig", "alg": "ES256"})
FOREIGN = ECKey.generate_key("P-256", {"kid": "one"})

Claims = dict[str, Any]
Reply = tuple[int, dict[str, str], bytes]


def signed(claims: Claims) -> str:
    return jwt.encode({"alg": "ES256", "kid": "one"}, claims, KEY)


def signed_by_another(claims: Claims) -> str:
    return jwt.encode({"alg": "ES256", "kid": "one"}, claims, FOREIGN)


def signed_with_the_secret(claims: Claims) -> str:
    return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(SECRET * 2))


def not_signed(claims: Claims) -> str:
    parts = ({"alg": "none"}, claims)
    told = (base64.urlsafe_b64encode(json.dumps(one).encode()).rstrip(b"=") for one in parts)
    return b".".join((*told, b"")).decode()


@dataclass
class Provider:
    """The one person, and how to lie: `bend` changes the claims, `sign` makes the token."""

    issuer: str
    now: Callable[[], datetime]
    login: str = "anna"
    bend: Callable[[Claims], Claims] = lambda claims: claims
    sign: Callable[[Claims], str] = signed
    down: str = ""  # a path that answers 500
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def answer(self, method: str, path: str, query: str, headers: Any, body: bytes) -> Reply:
        self.asked.append(path)
        if self.down and path.startswith(self.down):
            return 500, {}, b""
        match method, path:
            case "GET", "/.well-known/openid-configuration":
                return _json(
                    {
                        "issuer": self.issuer,
                        "authorization_endpoint": f"{self.issuer}/authorize",
                        "token_endpoint": f"{self.issuer}/token",
                        "jwks_uri": f"{self.issuer}/keys",
                    }
                )
            case "GET", "/keys":
                return _json({"keys": [KEY.as_dict(private=False)]})
            case "GET", "/authorize":
                return self._authorise(_single(query))
            case "POST", "/token":
                return self._token(headers, _single(body.decode()))
        return 404, {}, b""

    def _authorise(self, asked: dict[str, str]) -> Reply:
        code = hashlib.sha256(asked["state"].encode()).hexdigest()
        self.codes[code] = asked
        back = urlencode({"code": code, "state": asked["state"], "iss": self.issuer})
        return 302, {"location": f"{asked['redirect_uri']}?{back}"}, b""

    def _token(self, headers: Any, sent: dict[str, str]) -> Reply:
        asked = self.codes.pop(sent.get("code", ""), None)
        digest = hashlib.sha256(sent.get("code_verifier", "").encode()).digest()
        proof = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        who = base64.b64encode(b"kernepuls:s3cret%2Fwith%2Bsigns").decode()
        if (
            asked is None
            or asked["code_challenge"] != proof
            or asked["redirect_uri"] != sent.get("redirect_uri")
            or headers.get("authorization") != f"Basic {who}"
        ):
            return 400, {}, b'{"error": "invalid_grant"}'
        now = int(self.now().timestamp())
        claims: Claims = {
            "iss": self.issuer,
            "sub": "1234",
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
            "preferred_username": self.login,
        }
        return _json({"access_token": "-", "id_token": self.sign(self.bend(claims))})


@contextmanager
def running(now: Callable[[], datetime]) -> Iterator[Provider]:
    """The provider on a free port of this machine, until the block ends."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        provider = Provider(f"http://127.0.0.1:{listening.getsockname()[1]}", now)
        config = uvicorn.Config(_app(provider), log_level="critical", lifespan="off")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        try:
            yield provider
        finally:
            server.should_exit = True
            thread.join(10)


def _app(provider: Provider) -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        query = scope["query_string"].decode()
        status, told, content = provider.answer(
            scope["method"], scope["path"], query, headers, body
        )
        sent = [(name.encode(), value.encode()) for name, value in told.items()]
        await send({"type": "http.response.start", "status": status, "headers": sent})
        await send({"type": "http.response.body", "body": content})

    return app


def _json(told: object) -> Reply:
    return 200, {"content-type": "application/json"}, json.dumps(told).encode()


def _single(query: str) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(query).items()}
