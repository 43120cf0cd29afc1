"""The meeting of a leadership team on a screen, and the board sheet that it ends with."""

import gzip
from dataclasses import dataclass
from typing import Any

from litestar import Controller, Request, Response, get
from litestar.enums import MediaType
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from survey import insight
from survey.access import reads_report
from survey.insight import Told
from survey.pages.layout import language_for, page
from survey.pages.meeting_slides import deck
from survey.pages.results import told_for
from survey.texts import Voice, content


class MeetingPages(Controller):
    """The same right as the report: both show the units below."""

    path = "/waves/{wave:str}/units/{unit:str}"
    guards = (reads_report,)

    @get("/meeting", name="meeting")
    async def meeting(
        self, request: Request[Any, Any, Any], wave: FromPath[str], unit: FromPath[str]
    ) -> Response[Any]:
        told = await told_for(request, wave, unit)
        voice = Voice(language_for(request))
        deck_ = page(
            request,
            "pages/staff/meeting.html",
            deck=deck(told, voice),
            board=board(told, voice),
            name=told.view.name,
            behaviours=told.view.behaviours,
            is_hidden=told.is_hidden,
            here=f"/waves/{wave}/units/{unit}",
            wave=wave,
        )
        return _packed(request, deck_)

    @get("/board", name="board")
    async def board_sheet(
        self, request: Request[Any, Any, Any], wave: FromPath[str], unit: FromPath[str]
    ) -> Response[str]:
        """One A4 to hang up, within three weeks."""
        told = await told_for(request, wave, unit)
        return page(
            request,
            "pages/staff/board.html",
            board=board(told, Voice(language_for(request))),
            here=f"/waves/{wave}/units/{unit}",
            wave=wave,
        )


ROUTES: list[ControllerRouterHandler] = [MeetingPages]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the board: its heading and what stands there; without any it is left to write."""

    heading: str
    said: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Board:
    title: str
    lines: tuple[Line, ...]
    thanks: str


def board(told: Told, voice: Voice) -> Board:
    """What the unit said, what it tries and what was passed on: words without a number."""
    texts, view = content("messages")["board_sheet"], told.view
    sent = voice.pick(texts["sent"]).format(parent="…")
    return Board(
        voice.pick(texts["title"]).format(unit=view.name),
        (
            Line(voice.pick(texts["said"]), told.said),
            Line(voice.pick(texts["try"]), tuple(_running(told, voice))),
            Line(sent, ()),
        ),
        voice.pick(texts["thanks"]),
    )


def _running(told: Told, voice: Voice) -> list[str]:
    """The trial actions of this very unit that run, and how long."""
    here = [one for one in told.view.trials.values() if told.view.code in one.units]
    said = []
    for one in here:
        if one.ended or one.decision:
            continue
        name = insight.opened(one.name)
        if one.weeks is not None:
            weeks = voice.ngettext("%(num)d week", "%(num)d weeks", one.weeks)
            name = f"{name}, {weeks % {'num': one.weeks}}"
        said.append(f"{name}.")
    return said


def _packed(request: Request[Any, Any, Any], made: Response[str]) -> Response[Any]:
    """Compressed where the browser takes it, for a meeting room's bad line.

    Nothing that a stranger can choose is repeated in it, so its length tells nothing.
    """
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return made
    return Response(
        gzip.compress(made.content.encode(), compresslevel=6, mtime=0),
        media_type=MediaType.HTML,
        status_code=made.status_code,
        headers={"content-encoding": "gzip", "vary": "accept-encoding"},
    )
