"""The coordinator's home: the running wave's steps in order, the one next thing, and what waits."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from litestar import Controller, Request, Response, get
from litestar.types import ControllerRouterHandler

from survey.access import plans
from survey.actions.opening import today_here
from survey.actions.own_fields import lacking
from survey.pages.answering.sheet import told
from survey.pages.layout import language_for, page, settings_of
from survey.pages.waves.views import WavePage, wave_page
from survey.settings import Settings
from survey.tables import (
    Behaviour,
    BehaviourScope,
    Escalation,
    Person,
    ReportMail,
    UnitVersion,
    Wave,
)
from survey.texts import Voice

TEMPLATE = "pages/staff/overview.html"
ENDED = ("released", "held")
UNDER_WAY = ("closing", "open", "approved", "draft")


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the year's round: what it says of itself, and where its page is."""

    name: str
    text: str
    address: str
    is_done: bool
    is_next: bool = False


@dataclass(frozen=True, slots=True)
class Deed:
    """The one thing to do next: a sentence, and the button that leads to it."""

    text: str
    button: str
    address: str


@dataclass(frozen=True, slots=True)
class Known:
    """What the steps ask: how much there is, and the wave that is under way, if any."""

    units: int
    people: int
    has_details: bool
    behaviours: int
    wave: WavePage | None
    is_told: bool  # the leadership teams, of the reports of that wave
    today: date


class Overview(Controller):
    """For who prepares waves."""

    path = "/overview"
    guards = (plans,)

    @get("/", name="overview")
    async def show(self, request: Request[Any, Any, Any]) -> Response[str]:
        voice = Voice(language_for(request))
        known = await _known(settings_of(request), voice)
        return page(
            request,
            TEMPLATE,
            wave=known.wave,
            steps=steps(voice, known),
            next=next_deed(voice, known),
            waits=[one async for one in _waits(voice, known)],
        )


ROUTES: list[ControllerRouterHandler] = [Overview]


async def _known(settings: Settings, voice: Voice) -> Known:
    rows = await Wave.select(Wave.id, Wave.name, Wave.state).order_by(Wave.name)
    scoped = {row["behaviour"] for row in await BehaviourScope.select(BehaviourScope.behaviour)}
    active = await Behaviour.select(Behaviour.id).where(Behaviour.active == True)  # noqa: E712 - a column
    return Known(
        units=await UnitVersion.count().where(UnitVersion.valid_to.is_null()),
        people=await Person.count().where(Person.active == True),  # noqa: E712 - a column
        has_details=not lacking(told(settings)),
        behaviours=sum(row["id"] in scoped for row in active),
        wave=await wave_page(settings, voice, running(rows), with_opened=False) if rows else None,
        is_told=await _is_told(rows),
        today=today_here(),
    )


async def _is_told(waves: Sequence[Mapping[str, Any]]) -> bool:
    """Whether anybody has been told of the reports of the wave that the overview is about."""
    about = running(waves) if waves else ""
    ids = [wave["id"] for wave in waves if wave["name"] == about]
    return bool(await ReportMail.exists().where(ReportMail.wave.is_in(ids))) if ids else False


def running(waves: Sequence[Mapping[str, str]]) -> str:
    """The wave that the overview is about: the one furthest under way, else the newest result."""
    for state in UNDER_WAY:
        names = [wave["name"] for wave in waves if wave["state"] == state]
        if names:
            return min(names)
    return max(wave["name"] for wave in waves)


def steps(voice: Voice, known: Known) -> tuple[Step, ...]:
    """In the order they are done; the first that is not done is the one for now."""
    marked: list[Step] = []
    is_next = True
    for name, text, address, is_done in _steps(voice, known):
        here = is_next and not is_done
        marked.append(Step(name, text, address if is_done or here else "", is_done, here))
        is_next = is_next and is_done
    return tuple(marked)


def _steps(voice: Voice, known: Known) -> Iterator[tuple[str, str, str, bool]]:
    wave = known.wave
    state = wave.state if wave else ""
    there = f"/waves/{wave.name}" if wave else "/waves/new"
    number = voice.number
    yield (
        voice.gettext("Organisation and staff"),
        voice.gettext("%(units)s units, %(people)s people")
        % {"units": number(known.units), "people": number(known.people)},
        "/organisation",
        bool(known.units and known.people),
    )
    yield (
        voice.gettext("Behaviours"),
        voice.gettext("%(n)s to ask about") % {"n": number(known.behaviours)},
        "/behaviours",
        known.behaviours > 0,
    )
    yield (
        voice.gettext("Questions and dates"),
        f"{voice.full_date(wave.opens)} – {voice.full_date(wave.closes)}" if wave else "",
        there,
        wave is not None and not wave.missing,
    )
    discussed = wave.med_date if wave else None
    yield (
        voice.gettext("Works committee"),
        voice.full_date(discussed) if discussed else "",
        f"{there}/paper" if wave else "/waves",
        discussed is not None,
    )
    yield (
        voice.gettext("Sending out"),
        voice.gettext("%(n)s invited") % {"n": number(wave.counts.invited)} if wave else "",
        there,
        state in ("open", "closing", *ENDED),
    )
    yield voice.gettext("Answers"), "", there, state in ("closing", *ENDED)
    yield voice.gettext("Close and check"), "", there, state == "released"
    later = "" if state == "released" else voice.gettext("are there when the wave is released")
    # Both are there from the release on, and neither is ever over.
    yield voice.gettext("Comments"), later, f"{there}/comments", state == "released"
    yield voice.gettext("Reports"), later, f"{there}/reports", state == "released"


def next_deed(voice: Voice, known: Known) -> Deed:
    """The one thing to do next."""
    wave = known.wave
    if not known.units:
        return Deed(
            voice.gettext(
                "Begin with the organisation: upload the list of units, then the staff list."
            ),
            voice.gettext("Upload the organisation"),
            "/organisation",
        )
    if not known.people:
        return Deed(
            voice.gettext("The units are there. Now the people: upload the staff list."),
            voice.gettext("Upload the staff list"),
            "/organisation",
        )
    if wave is None and not known.has_details:
        return Deed(
            voice.gettext("Tell who asks and whom to write to. It stands in every mail."),
            voice.gettext("Fill in the details"),
            "/organisation/details",
        )
    if not known.behaviours:
        return Deed(
            voice.gettext(
                "Write down one thing that you want to see more of, and where it matters."
            ),
            voice.gettext("Write a behaviour"),
            "/behaviours",
        )
    if wave is None:
        return Deed(
            voice.gettext(
                "Everything is there for the first pulse. Choose its days and its behaviours."
            ),
            voice.gettext("Plan a wave"),
            "/waves/new",
        )
    return _next_of(voice, known, wave)


def _next_of(voice: Voice, known: Known, wave: WavePage) -> Deed:
    there, due = f"/waves/{wave.name}", wave.reminder_due(known.today)
    match wave.state:
        case "draft" if wave.missing or wave.sent_back:
            text = voice.gettext("The plan of %(wave)s is to be put right before it is approved.")
            button = voice.gettext("See what is missing")
        case "draft" if not wave.med_date:
            text, button, there = (
                voice.gettext("%(wave)s is planned. Print the two pages for the works committee."),
                voice.gettext("Open the two pages"),
                f"{there}/paper",
            )
        case "draft":
            text = voice.gettext("The works committee has discussed %(wave)s. It can be approved.")
            button = voice.gettext("Approve the wave")
        case "approved":
            text = voice.gettext(
                "%(wave)s is approved. Print cards and posters, and open it on its first day."
            )
            button = voice.gettext("Print and open")
        case "open" if known.today > wave.closes:
            text = voice.gettext("The last day of %(wave)s has passed. It can be closed.")
            button = voice.gettext("Close the wave")
        case "open" if due:
            text = {
                "not-opened": voice.gettext("It is time for the first reminder of %(wave)s."),
                "all": voice.gettext("It is time for the last reminder of %(wave)s."),
            }[due]
            button = voice.gettext("Send the reminder")
        case "open":
            text = voice.gettext("People answer %(wave)s now. The last day is %(day)s.")
            button = voice.gettext("See how it goes")
        case "held" if not (wave.work and wave.work.is_under_way):
            text = voice.gettext("The check has held %(wave)s back. No number is shown.")
            button = voice.gettext("See what can be done")
        case "closing" | "held":
            text = voice.gettext("%(wave)s is being closed.")
            button = voice.gettext("See how far it is")
        case "released" if not known.is_told:
            text, button, there = (
                voice.gettext(
                    "%(wave)s is released. Make the reports, and tell all leadership teams at once."
                ),
                voice.gettext("Make the reports"),
                f"{there}/reports",
            )
        case _:
            text, button, there = (
                voice.gettext("%(wave)s is released. The results are there for everyone."),
                voice.gettext("See the results"),
                "/results",
            )
    return Deed(text % {"wave": wave.name, "day": voice.day(wave.closes)}, button, there)


async def _waits(voice: Voice, known: Known) -> AsyncIterator[tuple[str, str]]:
    """What others are to do: a sentence and its address. Never who has not done it."""
    wave = known.wave
    if wave and wave.state == "draft" and not (wave.med_date or wave.missing or wave.sent_back):
        said = voice.gettext("%(wave)s waits for the works committee.")
        yield said % {"wave": wave.name}, f"/waves/{wave.name}"
    unanswered = await Escalation.count().where(Escalation.answer.is_null())
    if unanswered:
        said = voice.ngettext(
            "%(n)s card that was sent up waits for an answer.",
            "%(n)s cards that were sent up wait for an answer.",
            unanswered,
        )
        yield said % {"n": voice.number(unanswered)}, "/sent-up"
