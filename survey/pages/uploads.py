"""Requests with a file in them, read in memory: what is uploaded never lies on a disk unread.

The framework puts a file of more than a megabyte into the machine's temporary folder, and a staff
list holds CPR numbers. Its size is limited by the route before anything is read.
"""

from dataclasses import dataclass
from typing import Any

from litestar import Request
from litestar.datastructures import FormMultiDict
from litestar.enums import RequestEncodingType
from litestar.exceptions import ClientException
from multipart import (  # type: ignore[import-untyped]  # it ships no types
    MultipartSegment,
    ParserError,
    PushMultipartParser,
)

MOST_PARTS = 100


@dataclass(frozen=True, slots=True, repr=False)
class Uploaded:
    """A file as it came: its name on the sender's machine and its bytes."""

    name: str
    data: bytes


class MemoryRequest(Request[Any, Any, Any]):
    """A request whose form holds `Uploaded` where a file was sent."""

    async def form(self) -> FormMultiDict:
        """The fields and files of a form; raises `ClientException` where it is malformed."""
        kind, options = self.content_type
        if kind != RequestEncodingType.MULTI_PART:
            return await super().form()
        return FormMultiDict(_parts(await self.body(), options.get("boundary", "").encode()))


def uploaded(form: FormMultiDict, name: str) -> Uploaded | None:
    """The file of a field; None where none was chosen."""
    found = form.get(name)
    return found if isinstance(found, Uploaded) and found.name else None


def _parts(body: bytes, boundary: bytes) -> list[tuple[str, Any]]:
    parts: list[tuple[str, Any]] = []
    segment, data = None, bytearray()
    try:
        with PushMultipartParser(boundary, max_segment_count=MOST_PARTS) as parser:
            for event in (*parser.parse(body), *parser.parse(b"")):
                if isinstance(event, MultipartSegment):
                    segment, data = event, bytearray()
                elif event:
                    data.extend(event)
                elif segment is not None:
                    parts.append((segment.name, _part(segment, bytes(data))))
    except (ParserError, ValueError) as error:  # no boundary, or text in no known encoding
        raise ClientException("Invalid multipart/form-data") from error
    return parts


def _part(segment: MultipartSegment, data: bytes) -> Uploaded | str:
    if segment.filename is not None:
        return Uploaded(segment.filename, data)
    return data.decode(segment.charset or "utf-8")
