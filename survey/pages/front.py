"""What anybody may open: the front page, the files pages are made of, and a sign of life."""

from functools import lru_cache
from typing import Any

from litestar import Request, Response, get
from litestar.enums import MediaType
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from survey import assets
from survey.engine import current
from survey.errors import NotFoundHere
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
async def health() -> str:
    """Whether the server answers and reaches its database; nothing about either."""
    await Wave.count()
    return f"ok {current().engine_type}"


ROUTES: list[ControllerRouterHandler] = [front, asset, health]


@lru_cache(maxsize=256)
def _content(name: str) -> bytes | None:
    """The bytes of a file; named by its hash, so it never changes under that name."""
    try:
        return (assets.FOLDER / name).read_bytes()
    except FileNotFoundError:
        return None
