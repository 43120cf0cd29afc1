"""The board sheet (tavleark): one A4 of words for everybody in a unit, for a wall.

What the unit said, what it tries until when, and what it has passed on to whom. It shows no number
of an answer and no person. The page of the web tells the same lines.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from analysis.release.audit.documents import Line as Told
from analysis.release.audit.documents import lines_checked
from analysis.report.fitting import fitted
from analysis.report.leading import leading
from analysis.report.press import Passage
from analysis.report.view import PassedOn, Render, View
from analysis.wording import sentences
from analysis.wording.guard import guard
from analysis.wording.voice import NO_BREAK, Voice, listed, opened

TEMPLATE: Final = "report/board.html"
# Sizes of type by how much there is to say, the largest first; each with the most of a line's
# texts that are told. The last one holds the longest texts that a form takes.
SIZES: Final = (("xl", 3), ("l", 3), ("m", 3), ("s", 3), ("xs", 3), ("xs", 2), ("xs", 1))


@dataclass(frozen=True, slots=True)
class Trying:
    """A trial action that is agreed or running, and the day it stops."""

    name: str
    stops: date


@dataclass(frozen=True, slots=True)
class OnBoard:
    """What stands on a board beside what was said: the trials, and what waits for an answer."""

    tried: tuple[Trying, ...] = ()
    sent: tuple[PassedOn, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the board: its heading and what stands there; without any it is left to write."""

    heading: str
    said: tuple[str, ...]
    hint: str  # what to write, where there is nothing


@dataclass(frozen=True, slots=True)
class Board:
    title: str
    lines: tuple[Line, ...]
    thanks: str


def said(view: View) -> tuple[str, ...]:
    """What the people of the unit said, a sentence without a number for each barrier.

    What stands out here, else what more point to than to any other; none where that is not known:
    nobody is told to have said what another unit did.
    """
    own = [one.barrier for one in view.patterns if one.unit == view.code]
    codes = () if view.is_hidden else own[:1] or leading(view.barriers).items
    return tuple(f"{opened(sentences.clause(view.voice, code))}." for code in codes)


def board(view: View, now: OnBoard, most: int | None = None) -> Board:
    """The three lines of a unit; what there is no room for, more than `most`, is counted."""
    voice = view.voice
    texts = voice.content("messages")["board_sheet"]
    tried = tuple(
        f"{opened(one.name)}. {voice.pick(texts['stop']).format(date=_day(voice, one.stops))}"
        for one in now.tried[:most]
    )
    places = tuple(dict.fromkeys(one.level for one in now.sent[:most]))
    by = voice.pick(texts["answer_by"])
    sent = tuple(
        f"{f'{opened(one.level)}: ' if len(places) > 1 else ''}{one.ask} "
        f"{by.format(date=_day(voice, one.answer_by))}"
        for one in now.sent[:most]
    )
    return Board(
        voice.pick(texts["title"]).format(unit=view.name),
        (
            Line(
                voice.pick(texts["said"]),
                said(view),
                voice.gettext("Write what you named yourselves at the meeting."),
            ),
            Line(
                voice.pick(texts["try"]),
                (*tried, *_more(view, len(now.tried) - len(tried))),
                voice.gettext("Write what you try, and the day you stop."),
            ),
            Line(
                voice.pick(texts["sent"]).format(parent=listed(voice, list(places)) or "…"),
                (*sent, *_more(view, len(now.sent) - len(sent))),
                voice.gettext("Write what, to whom, and when you get an answer."),
            ),
        ),
        voice.pick(texts["thanks"]),
    )


def board_sheet(view: View, now: OnBoard, *, render: Render, assets: Mapping[str, bytes]) -> bytes:
    """The board of a unit as a PDF of one page, in the largest type that its texts leave room for.

    Raises `UnitNotInRelease`, and as a report does `ForbiddenWording` and `Untold`.
    """
    written = (*(one.name for one in now.tried), *(one.ask for one in now.sent))
    quoted = (view.facts.organisation, *(one.name for one in view.release.units))

    def check(texts: Sequence[Passage]) -> None:
        guard(view.voice, texts, quoted=quoted)
        lines = [Told(one.page, (one.text,)) for one in texts]
        lines_checked(view.release, lines, about=view.code, quoted=(*quoted, *written))

    htmls = (board_html(view, board(view, now, most), size, render) for size, most in SIZES)
    return fitted(htmls, assets, created=view.facts.released, pages=1, check=check)


def board_html(view: View, told: Board, size: str, render: Render) -> str:
    """The sheet as a page of HTML, in a size of type."""
    return render(
        TEMPLATE,
        {
            "board": told,
            "house": view.facts.organisation,
            "wave": view.facts.title,
            "size": size,
        },
    )


def _day(voice: Voice, day: date) -> str:
    """A date that no line is broken in."""
    return voice.full_date(day).replace(" ", NO_BREAK)


def _more(view: View, rest: int) -> tuple[str, ...]:
    if rest <= 0:
        return ()
    return (view.voice.ngettext("And %(num)d more.", "And %(num)d more.", rest) % {"num": rest},)
