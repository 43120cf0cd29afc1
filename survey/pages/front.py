"""What anybody may open: the front page, the files pages are made of, and a sign of life."""

import hmac
import shutil
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from litestar import Controller, Request, Response, get
from litestar.enums import MediaType
from litestar.handlers import BaseRouteHandler
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from survey import assets, metrics
from survey.access import Connection
from survey.engine import current
from survey.errors import NotFoundHere
from survey.intake.writer import running_writer
from survey.pages.layout import page
from survey.tables import Wave

FOR_EVER = "public, max-age=31536000, immutable"
TYPES = {
    "css": "text/css",
    "js": "text/javascript",
    "svg": "image/svg+xml",
    "woff2": "font/woff2",
}
PACKED = (("br", "br"), ("gzip", "gz"))  # name of the encoding, end of the file's name

NOT_READY = "the database does not answer"
LOOPBACK = ("127.0.0.1", "::1", "localhost")
PASSED_ON = ("forwarded", "x-forwarded-for", "x-real-ip", "via")


@get("/", name="front")
async def front(request: Request[Any, Any, Any]) -> Response[str]:
    """What Kernepuls is, and the two doors: for those with a code, for those with an account."""
    return page(request, "pages/staff/landing.html")


@get("/assets/{name:str}", name="asset")
async def asset(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[bytes]:
    """A file of the build, packed as the browser likes it best.

    Only names of the manifest are looked for: no path is made of what a visitor sends.
    """
    kind = TYPES.get(name.rpartition(".")[2])
    if kind is None or name not in assets.manifest().values():
        raise NotFoundHere
    likes = request.headers.get("accept-encoding", "")
    headers = {"cache-control": FOR_EVER, "vary": "accept-encoding"}
    for encoding, suffix in PACKED:
        if encoding in likes and (packed := _content(f"{name}.{suffix}")) is not None:
            headers["content-encoding"] = encoding
            return Response(packed, media_type=kind, headers=headers)
    content = _content(name)
    if content is None:
        raise NotFoundHere
    return Response(content, media_type=kind, headers=headers)


@get("/health", media_type=MediaType.TEXT, name="health")
async def health(request: Request[Any, Any, Any]) -> Response[str]:
    """Whether the server is ready: its database answers; and whether its disk is getting full.

    Anybody may ask, so it says nothing about either. A disk past its alarm still takes answers.
    """
    store = current()
    try:
        await Wave.count()
    except Exception as error:
        if not store.concerns_store(error):
            raise
        return Response(NOT_READY, status_code=503, media_type=MediaType.TEXT)
    usage = shutil.disk_usage(request.app.state.settings.data)
    disk = "alarm" if usage.used / usage.total > metrics.DISK_ALARM else "ok"
    return Response(f"ok {store.engine_type}\ndisk {disk}", media_type=MediaType.TEXT)


def may_scrape(connection: Connection, _: BaseRouteHandler) -> None:
    """Let a monitor through that has the token of the settings, or that runs on this machine.

    On this machine: from a loopback address, to a loopback name, and passed on by nobody; a proxy
    that forgets to say for whom it asks has asked for the public name. All others read what an
    unknown address reads.
    """
    wanted = connection.app.state.settings.metrics_token
    shown = connection.headers.get("authorization", "").removeprefix("Bearer ")
    if wanted and hmac.compare_digest(shown.encode(), wanted.encode()):
        return
    peer = connection.client.host if connection.client else ""
    name = urlsplit(f"//{connection.headers.get('host', '')}").hostname
    passed_on = any(header in connection.headers for header in PASSED_ON)
    if peer not in LOOPBACK or name not in LOOPBACK or passed_on:
        raise NotFoundHere


class Monitoring(Controller):
    """Counts for a monitor, none of which tells who or when; see `survey.metrics`."""

    path = "/metrics"
    guards = (may_scrape,)

    @get("/", name="metrics")
    async def scraped(self, request: Request[Any, Any, Any]) -> Response[str]:
        writer = running_writer()
        counted: metrics.Metrics = request.app.state.metrics
        text = counted.text(
            waiting=writer.items.qsize() if writer else 0,
            batches=writer.sizes if writer else {},
            data=request.app.state.settings.data,
        )
        return Response(text, media_type=metrics.FORMAT)


ROUTES: list[ControllerRouterHandler] = [front, asset, health, Monitoring]


@lru_cache(maxsize=256)
def _content(name: str) -> bytes | None:
    """The bytes of a file; named by its hash, so it never changes under that name."""
    try:
        return (assets.FOLDER / name).read_bytes()
    except FileNotFoundError:
        return None
