"""What the server may write about itself: an allow-list of fields, no text of a request.

No address, code, login, cookie or exception message: any of them can hold what nobody may keep.
"""

import logging
import sys
import traceback
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import structlog

ALLOWED = frozenset({"event", "level", "timestamp", "error", "where", "method", "route", "wave"})


def configure() -> None:
    """Lines of JSON on standard error; libraries may warn, and httpx may not print addresses."""
    logging.getLogger("httpx").setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            only_allowed,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=lambda *_: structlog.WriteLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )


def only_allowed(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Drop every field that is not on the list."""
    return {name: value for name, value in event.items() if name in ALLOWED}


def broke(error: BaseException, *, method: str, route: str) -> None:
    """A bug: its kind and the lines it came through, never its words.

    `route` is the pattern of the address ("/waves/{wave}"), not the address itself.
    """
    frames = traceback.extract_tb(error.__traceback__)[-8:]
    where = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
    structlog.get_logger().error(
        "page broke", error=type(error).__name__, where=where, method=method, route=route
    )
