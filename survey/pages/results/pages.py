"""Released results: which there are, one unit in one wave, its report and its numbers as a file."""

import asyncio
import gzip
import re
from collections.abc import Iterator
from typing import Any, Protocol

from litestar import Controller, Request, Response, get
from litestar.enums import MediaType
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from survey import audit, insight, texts
from survey.access import reads_across, reads_report, reads_results, reads_unit
from survey.actions.reports import report_of
from survey.actor import Actor, Role
from survey.errors import NotFoundHere, UnitUnknown
from survey.insight import Release, Told
from survey.insight.comments import quoted
from survey.pages.guarded import for_who_can_mend, guarded, names_of, of_unit
from survey.pages.layout import language_for, organisation_name, page, settings_of
from survey.pages.results.matrix import matrix
from survey.pages.results.values import Branch, Place, Shared, UnitView
from survey.pages.results.views import branches, paths, place, shared, unit_view
from survey.settings import Settings
from survey.texts import Voice

FEWEST = 2  # units of a report across units
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class Made(Protocol):
    """Makes a file of the numbers of a unit and those below it."""

    def __call__(self, release: Release, unit: str, /, *, voice: Voice) -> bytes: ...


class ResultsIndex(Controller):
    """Which results there are."""

    path = "/results"
    guards = (reads_results,)

    @get("/", name="results_index")
    async def show(self, request: Request[Any, Any, Any]) -> Response[str]:
        """The units within reach, in the newest wave that is released or the one asked for."""
        actor: Actor = request.user
        settings = settings_of(request)
        waves = list(reversed(insight.waves_with_release(settings)))
        wave = request.query_params.get("wave", waves[0] if waves else None)
        units: tuple[Branch, ...] = ()
        names: tuple[str, ...] = ()
        in_common: tuple[Shared, ...] | None = None
        across: tuple[Place, ...] = ()
        if wave is not None:
            release, names = insight.stored_release(settings, wave), names_of(request, wave)
            units = branches(release, actor.may_read, organisation_name(settings))
            if actor.may_read_across:
                sets = [actor.own] if actor.role.has_units else await insight.pathways()
                across = paths(release, sets, Voice(language_for(request)))
            if actor.role is Role.BRIDGE_BUILDER:
                in_common = shared(release, actor.may_read, Voice(language_for(request)))
        made = page(
            request,
            "pages/staff/results_index.html",
            waves=waves,
            wave=wave,
            units=units,
            in_common=in_common,
            across=across,
        )
        return guarded(request, made, names=names)


class ResultsPages(Controller):
    """One unit in one wave."""

    path = "/waves/{wave:str}/units/{unit:str}"
    guards = (reads_unit,)

    @get("/", name="results")
    async def show(
        self, request: Request[Any, Any, Any], wave: FromPath[str], unit: FromPath[str]
    ) -> Response[Any]:
        """The page, or for htmx the table alone: the same piece of the same template."""
        voice, told = Voice(language_for(request)), await told_for(request, wave, unit)
        table = matrix(told, request.query_params, voice)
        here = f"/waves/{wave}/units/{unit}"
        if is_part(request) and table is not None:
            context = {"matrix": table, "here": here}
            html = texts.render("pages/staff/results_matrix.html", voice.language, context)
            reply: Response[str] = Response(html, media_type=MediaType.HTML)
        else:
            view = _view(request, told, voice)
            reply = page(
                request,
                "pages/staff/results.html",
                view=view,
                matrix=table,
                here=here,
                may_try=may_try(request, unit),
                has_comments=view.has_report
                and bool(await quoted(settings_of(request), wave=wave, unit=unit)),
            )
        reply.headers["vary"] = "HX-Request"
        return packed(request, of_unit(request, reply, told))


def packed(request: Request[Any, Any, Any], made: Response[str]) -> Response[Any]:
    """A page compressed where the browser takes it: 40 kB of results are 8 kB on a bad line.

    Nothing that a stranger can choose is repeated in it, so its length tells nothing of the token
    beside it. One that repeats what was typed, after a problem, is left as it is.
    """
    if made.status_code not in (None, 200) or "gzip" not in request.headers.get(
        "accept-encoding", ""
    ):
        return made
    vary = ", ".join(filter(None, (made.headers.get("vary"), "Accept-Encoding")))
    return Response(
        gzip.compress(made.content.encode(), compresslevel=6, mtime=0),
        media_type=MediaType.HTML,
        headers={"content-encoding": "gzip", "vary": vary},
    )


def is_part(request: Request[Any, Any, Any]) -> bool:
    """Whether htmx asks for a piece; a page that it brings back from its history is whole."""
    headers = request.headers
    return "hx-request" in headers and "hx-history-restore-request" not in headers


class ResultsComments(Controller):
    """What people wrote, on a page of its own: never beside a number of a part or a profession."""

    path = "/waves/{wave:str}/units/{unit:str}"
    guards = (reads_report,)

    @get("/comments", name="unit_comments")
    async def show(
        self, request: Request[Any, Any, Any], wave: FromPath[str], unit: FromPath[str]
    ) -> Response[str]:
        """The comments that the report of the unit quotes."""
        told = await told_for(request, wave, unit)
        return page(
            request,
            "pages/staff/results_comments.html",
            quotes=await quoted(settings_of(request), wave=wave, unit=unit),
            unit=place(told, told.view.unit),
            wave=wave,
        )


class ResultsFiles(Controller):
    """The same numbers to take away; who took which is written to the audit log."""

    path = "/waves/{wave:str}/units/{unit:str}"
    guards = (reads_report,)

    @get("/report.pdf", name="report")
    async def report(
        self, request: Request[Any, Any, Any], wave: FromPath[str], unit: FromPath[str]
    ) -> Response[bytes]:
        """The action report, as its leadership team gets it on paper."""
        with for_who_can_mend(request):
            pdf = await report_of(
                settings_of(request), wave=wave, unit=unit, language=language_for(request)
            )
        await audit.record(by=request.user.account, what="opened report", on_what=f"{wave}/{unit}")
        return pdf_file(pdf, f"{wave}-{unit}.pdf")

    @get("/numbers.csv", name="numbers")
    async def numbers(
        self, request: Request[Any, Any, Any], wave: FromPath[str], unit: FromPath[str]
    ) -> Response[bytes]:
        """The published cells of the unit and of those below it, one row each."""
        return await _numbers(request, wave, unit, insight.unit_csv, "text/csv")

    @get("/numbers.xlsx", name="workbook")
    async def workbook(
        self, request: Request[Any, Any, Any], wave: FromPath[str], unit: FromPath[str]
    ) -> Response[bytes]:
        """The same as a workbook, with a sheet on the method."""
        return await _numbers(request, wave, unit, insight.unit_xlsx, XLSX)


class ResultsAcross(Controller):
    """Several units that lie apart, told together."""

    path = "/waves/{wave:str}/pathway"
    guards = (reads_across,)

    @get("/report.pdf", name="pathway")
    async def report(self, request: Request[Any, Any, Any], wave: FromPath[str]) -> Response[bytes]:
        """The report of the reader's own units, or for a coordinator of those in the address."""
        settings = settings_of(request)
        units = _across(request, insight.stored_release(settings, wave))
        with for_who_can_mend(request):
            pdf = await insight.pathway_report(
                settings, wave=wave, units=units, language=language_for(request)
            )
        by = request.user.account
        await audit.record(by=by, what="opened report", on_what=f"{wave}/{','.join(units)}")
        return pdf_file(pdf, f"{wave}-{'-'.join(units)}.pdf")


ROUTES: list[ControllerRouterHandler] = [
    ResultsIndex,
    ResultsAcross,
    ResultsPages,
    ResultsComments,
    ResultsFiles,
]


async def told_for(request: Request[Any, Any, Any], wave: str, unit: str) -> Told:
    """A unit in a wave for whoever asks; raises UnitUnknown or WaveUnknown."""
    settings = settings_of(request)
    return await insight.told(
        settings,
        wave=wave,
        unit=unit,
        language=language_for(request),
        actor=request.user,
        organisation=organisation_name(settings),
    )


def _across(request: Request[Any, Any, Any], release: Release) -> tuple[str, ...]:
    """The units a report across units is about: those that lie apart, two or more.

    A unit out of the reader's reach is answered as one there is not.
    """
    actor: Actor = request.user
    asked = [one for one in request.query_params.get("units", "").split(",") if one] or actor.own
    held = actor.own if actor.role.has_units else frozenset(asked)
    there = [one for one in insight.in_order(release) if one.unit in asked and one.unit in held]
    units = tuple(one.unit for one in insight.apart(release, there))
    if len(units) < FEWEST or not held.issuperset(asked):
        raise NotFoundHere
    return units


def may_try(request: Request[Any, Any, Any], unit: str) -> bool:
    """Whether the reader may write a trial action for the unit."""
    actor: Actor = request.user
    return actor.may_try and actor.may_read_below(unit)


def _view(request: Request[Any, Any, Any], told: Told, voice: Voice) -> UnitView:
    actor: Actor = request.user
    return unit_view(
        told,
        voice=voice,
        may_read=actor.may_read,
        waves=tuple(_with_unit(settings_of(request), told.view.code)),
        has_report=actor.may_read_below(told.view.code),
    )


async def _numbers(
    request: Request[Any, Any, Any], wave: str, unit: str, make: Made, kind: str
) -> Response[bytes]:
    release = insight.stored_release(settings_of(request), wave)
    if release.unit(unit) is None:
        raise UnitUnknown(unit=unit, wave=wave)
    # Beside the others' pages: of a large organisation it is a matter of seconds.
    table = await asyncio.to_thread(make, release, unit, voice=Voice(language_for(request)))
    await audit.record(by=request.user.account, what="opened numbers", on_what=f"{wave}/{unit}")
    return _file(table, kind, f"{wave}-{unit}.{'xlsx' if kind == XLSX else 'csv'}")


def _with_unit(settings: Settings, unit: str) -> Iterator[str]:
    for wave in insight.waves_with_release(settings):
        if insight.stored_release(settings, wave).unit(unit) is not None:
            yield wave


def pdf_file(content: bytes, name: str) -> Response[bytes]:
    """A PDF to keep."""
    return _file(content, "application/pdf", name)


def _file(content: bytes, kind: str, name: str) -> Response[bytes]:
    """A file to keep. Its name holds codes only, and no reply says when it was made."""
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", name)  # a header takes no æ and no quotation mark
    return Response(
        content,
        media_type=kind,
        headers={"content-disposition": f'attachment; filename="kernepuls-{plain}"'},
    )
