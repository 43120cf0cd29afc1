"""The reports of a released wave: what they hold, making all of them, and taking them away."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from litestar import Controller, Response, get, post
from litestar.params import FromPath
from litestar.response import Stream
from litestar.types import ControllerRouterHandler

from survey import audit
from survey.access import plans
from survey.actions import work
from survey.actions.approval import stored_wave
from survey.actions.opening import today_here
from survey.actions.report_mails import reach_of
from survey.actions.reports import beside_a_server
from survey.delivery.shelf import Shelf, Stock, zipped
from survey.errors import N_, NotFoundHere, Refused
from survey.insight import ReportStopped, across_name, inside, listed, paper_pdf
from survey.insight.documents import DOCUMENTS, Given, Key, given, mark_of
from survey.insight.pathways import BETWEEN
from survey.insight.previewing import Asked, Preview, preview
from survey.insight.releases import waves_with_release
from survey.pages.forms import done, notice, posted
from survey.pages.layout import LANGUAGE_NAMES, language_for, organisation_name, page, settings_of
from survey.pages.waves.pages import Asking
from survey.pages.waves.paper import given_to_print
from survey.settings import Settings
from survey.tables import Wave
from survey.texts import LANGUAGES, Language, Voice, language_of

TEMPLATE = "pages/staff/wave_reports.html"
PAPER: Final[Key] = ("paper", "")  # of the wave and of no unit
KINDS = ("make_reports", "send_reports")
LISTED = 20  # reports that failed, or units nobody is told of, before the rest is counted
DONE = {
    "stopping": N_("The run is being stopped. What is finished is kept."),
}


class ReportsOutdated(Refused):
    sentence = N_(
        "The reports are not all made, or something that they say has changed since. Nothing was "
        "downloaded. Make them first."
    )


@dataclass(frozen=True, slots=True)
class Branch:
    """A unit to look at: its name, how many lie below it, and its report where one is made."""

    code: str
    name: str
    inside: int
    pages: int | None


@dataclass(frozen=True, slots=True)
class Trouble:
    """A report that could not be made, and why."""

    unit: str
    name: str
    title: str
    problem: str


@dataclass(frozen=True, slots=True)
class Shown:
    """How far the documents of a wave are."""

    all: int
    kinds: str  # how many of which, in words
    is_across: bool  # whether there are reports of several units too
    finished: int
    is_stale: bool
    megabytes: float
    minutes: int
    failed: tuple[Trouble, ...]
    more_failed: int

    @property
    def missing(self) -> int:
        return self.all - self.finished


class WaveReports(Controller):
    """Made beside the request, for everybody at the same time; told on one page."""

    path = "/waves/{name:str}/reports"
    guards = (plans,)

    @get("/", name="wave-reports")
    async def show(self, request: Asking, name: FromPath[str]) -> Response[str]:
        return await _page(request, await stored_wave(name))

    @post("/make", name="wave-reports-make")
    async def make(self, request: Asking, name: FromPath[str]) -> Response[Any]:
        """Let all of them be made that are missing or out of date."""
        wave, fields = await stored_wave(name), await posted(request)
        language = language_of(fields.value("language"))
        if name in waves_with_release(settings_of(request)):
            by = request.user.account
            await work.ask_for("make_reports", wave=wave.name, by=by, language=language)
        return done(_address(name, language))

    @post("/stop", name="wave-reports-stop")
    async def stop(self, request: Asking, name: FromPath[str]) -> Response[Any]:
        """Stop a run; what is finished is kept, and the next run goes on from there."""
        await stored_wave(name)
        fields = await posted(request)
        await work.stop(name)
        return done(_address(name, language_of(fields.value("language"))), "stopping")

    @post("/send", name="wave-reports-send")
    async def send(self, request: Asking, name: FromPath[str]) -> Response[Any]:
        """Tell every team that was not told: a link behind the sign-in, and nothing else."""
        await stored_wave(name)
        fields = await posted(request)
        if name in waves_with_release(settings_of(request)):
            await work.ask_for("send_reports", wave=name, by=request.user.account)
        return done(_address(name, language_of(fields.value("language"))))

    @get("/{language:str}/all.zip", name="wave-reports-zip")
    async def zip(self, request: Asking, name: FromPath[str], language: FromPath[str]) -> Stream:
        """Every document of the wave, with an index; none of them when one may be out of date."""
        wave = await stored_wave(name)
        if language not in LANGUAGES:
            raise NotFoundHere
        settings = settings_of(request)
        told = await given(settings, wave=name, language=language_of(language), today=today_here())
        shelf = Shelf(settings, name, told.language)
        stock = shelf.stock()
        if stock.mark != told.mark or not stock.finished:
            raise ReportsOutdated
        await _keep_paper(shelf, told)
        units = (*(one.unit for one in told.release.units), *told.across)
        names = {unit: _name(told, unit) for unit in units}
        pieces = zipped(
            shelf,
            (*told.wanted(), PAPER),
            names=names | {"": told.facts.shared.title},
            organisation=organisation_name(settings),
            closes=wave.closes,
        )
        await audit.record(by=request.user.account, what="opened all reports", on_what=name)
        headers = {"content-disposition": f'attachment; filename="kernepuls-{name}.zip"'}
        return Stream(pieces, media_type="application/zip", headers=headers)


ROUTES: list[ControllerRouterHandler] = [WaveReports]


async def _page(request: Asking, wave: Wave) -> Response[str]:
    settings, voice = settings_of(request), Voice(language_for(request))
    language = language_of(request.query_params.get("in"), voice.language)
    context: dict[str, Any] = {
        "wave": wave,
        "chosen": language,
        "others": [(one, LANGUAGE_NAMES[one]) for one in LANGUAGES],
        "here": _address(wave.name, language),
        "notice": notice(request, voice, DONE),
    }
    # Before the shelf is read: work that ends meanwhile has put its documents there.
    job = await work.work_of(wave.name)
    job = job if job and job.kind in KINDS else None
    if wave.name not in waves_with_release(settings):
        return page(request, TEMPLATE, is_early=True, job=job, is_under_way=False, **context)
    told = await given(settings, wave=wave.name, language=language, today=today_here())
    stock = Shelf(settings, wave.name, language).stock()
    at = request.query_params.get("unit", told.release.units[0].unit)
    if told.release.unit(at) is None:
        raise NotFoundHere
    is_asked = "unit" in request.query_params
    looked = (
        await asyncio.to_thread(_preview, settings, told, at, voice.language) if is_asked else None
    )
    return page(
        request,
        TEMPLATE,
        is_early=False,
        is_under_way=bool(job and job.is_under_way),
        job=job,
        shown=_shown(told, stock, voice),
        reach=await reach_of(settings, wave.name),
        listed=LISTED,
        preview=looked,
        unit=told.release.unit(at),
        here_name=_name(told, at),
        above=_above(told, at),
        branches=_branches(told, stock, at),
        **context,
    )


async def _keep_paper(shelf: Shelf, told: Given) -> None:
    """Put the two pages of the works committee beside the others, made anew where they changed."""
    given_ = await given_to_print(shelf.settings, shelf.wave, shelf.language)
    mark = mark_of(told.facts, *PAPER, given_)
    if await asyncio.to_thread(shelf.up_to_date, PAPER, mark) is None:
        with suppress(ReportStopped):  # then the index says that they are missing
            made = await paper_pdf(
                shelf.settings, wave=shelf.wave, language=shelf.language, **given_
            )
            shelf.put(PAPER, made.content, mark=mark, pages=made.pages, today=today_here())


def _address(wave: str, language: Language) -> str:
    return f"/waves/{wave}/reports?in={language}"


def _shown(told: Given, stock: Stock, voice: Voice) -> Shown:
    wanted = list(told.wanted())
    there = [stock.finished[key] for key in wanted if key in stock.finished]
    is_stale = bool(stock.mark) and stock.mark != told.mark
    failed = [key for key in wanted if key in stock.failed]
    left = sum(
        DOCUMENTS[kind].seconds for kind, unit in wanted if (kind, unit) not in stock.finished
    )
    return Shown(
        all=len(wanted),
        kinds=_kinds(wanted, voice),
        is_across=bool(told.across),
        finished=len(there),
        is_stale=is_stale,
        megabytes=round(sum(one.size for one in there) / 1_000_000, 1),
        minutes=max(1, round(left / beside_a_server() / 60)),
        failed=tuple(_trouble(told, stock, key, voice) for key in failed[:LISTED]),
        more_failed=max(0, len(failed) - LISTED),
    )


def _kinds(wanted: Sequence[Key], voice: Voice) -> str:
    """63 action reports and 63 board sheets."""
    counts = Counter(kind for kind, _ in wanted)
    return listed(
        voice,
        [
            f"{voice.number(n)} {inside(voice.gettext(_title(kind, n)))}"
            for kind, n in counts.items()
        ],
    )


def _title(kind: str, n: int) -> str:
    return DOCUMENTS[kind].one if n == 1 else DOCUMENTS[kind].title


def _trouble(told: Given, stock: Stock, key: Key, voice: Voice) -> Trouble:
    kind, unit = key
    return Trouble(
        unit.partition(BETWEEN)[0],
        _name(told, unit),
        voice.gettext(DOCUMENTS[kind].title),
        stock.failed[key].problem[voice.language],
    )


def _name(told: Given, unit: str) -> str:
    """What a unit is called in its report: the topmost is the organisation itself.

    Several units that are told together have a name of their own.
    """
    if BETWEEN in unit:
        names = [_name(told, one) for one in unit.split(BETWEEN)]
        return across_name(Voice(told.language), names)
    found = told.release.unit(unit)
    if found is None:
        return unit
    return found.name if found.parent else told.facts.shared.organisation or found.name


def _preview(settings: Settings, told: Given, unit: str, language: Language) -> Preview:
    """In the language of the reader of this page, whatever that of the reports is."""
    mark, facts = told.mark_of("report", unit), told.facts.of(unit)
    return preview(Asked(settings, told.release.wave, unit, language, mark, facts))


def _above(told: Given, unit: str) -> list[Branch]:
    """From the organisation down to the unit, without it."""
    found: list[Branch] = []
    one = told.release.unit(unit)
    while one is not None and one.parent is not None:
        one = told.release.unit(one.parent)
        if one is not None:
            found.append(Branch(one.unit, _name(told, one.unit), 0, None))
    return found[::-1]


def _branches(told: Given, stock: Stock, at: str) -> list[Branch]:
    """The unit itself and those straight below it: one level at a time, however large the tree."""
    inside = _inside(told)
    found = []
    for one in (told.release.unit(at), *told.release.below(at)):
        if one is not None:
            made = stock.finished.get(("report", one.unit))
            pages = made.pages if made else None
            found.append(Branch(one.unit, _name(told, one.unit), inside.get(one.unit, 0), pages))
    return found


def _inside(told: Given) -> dict[str, int]:
    """How many units lie below each; parents stand before their children."""
    found: dict[str, int] = {}
    for one in reversed(told.release.units):
        if one.parent is not None:
            found[one.parent] = found.get(one.parent, 0) + found.get(one.unit, 0) + 1
    return found
