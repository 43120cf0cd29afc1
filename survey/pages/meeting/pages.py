"""The meeting of a leadership team on a screen, and the board sheet that it ends with."""

from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.status_codes import HTTP_303_SEE_OTHER
from litestar.types import ControllerRouterHandler

from survey import audit, insight, organisation
from survey.access import reads_report, tries
from survey.actions.trials import write_trial
from survey.actor import Actor
from survey.errors import N_
from survey.insight import BARRIERS, Board, Told, sentences
from survey.pages.forms import Fields, notice, posted
from survey.pages.guarded import for_who_can_mend, of_unit
from survey.pages.layout import language_for, page, settings_of
from survey.pages.meeting.decisions import decisions
from survey.pages.meeting.slides import deck
from survey.pages.results.pages import packed, pdf_file, told_for
from survey.pages.trials.forms import kind_proposed, read_card
from survey.pages.trials.pages import today_of
from survey.texts import Voice

SAID = {"decided": N_("The decision is saved. Fill in the rest of the card before you begin.")}


class MeetingPages(Controller):
    """The same right as the report: both show the units below."""

    path = "/waves/{wave:str}/units/{unit:str}"
    guards = (reads_report,)

    @get("/meeting", name="meeting")
    async def meeting(
        self, request: Request[Any, Any, Any], wave: FromPath[str], unit: FromPath[str]
    ) -> Response[Any]:
        """The slides; a barrier or a kind of trial in the address is what was chosen on them."""
        voice = Voice(language_for(request))
        begun = kind_proposed(request.query_params, voice, today_of(request))
        return await _deck(request, wave, unit, Fields.of(**begun))

    @post("/meeting", guards=[tries], status_code=HTTP_303_SEE_OTHER)
    async def decide(
        self, request: Request[Any, Any, Any], wave: FromPath[str], unit: FromPath[str]
    ) -> Response[Any]:
        """Keep what was decided around the table as a trial action of the unit."""
        actor: Actor = request.user
        await told_for(request, wave, unit)  # a unit that is not there decides nothing
        fields = await posted(request)
        fields.typed |= {"unit": [unit], "unit2": [""]}
        fields.text("owner_role", most=80)
        fields.day("stop_date")
        card = read_card(fields, actor, await organisation.tree(None), state="idea")
        if fields.problems:
            return await _deck(request, wave, unit, fields)
        await write_trial(card, by=actor.account, once=fields.once, today=today_of(request))
        there = f"/waves/{wave}/units/{unit}/meeting?done=decided#write"
        return Redirect(there, status_code=HTTP_303_SEE_OTHER)

    @get("/board", name="board")
    async def board_sheet(
        self, request: Request[Any, Any, Any], wave: FromPath[str], unit: FromPath[str]
    ) -> Response[str]:
        """One A4 to hang up, within three weeks."""
        told = await told_for(request, wave, unit)
        made = page(
            request,
            "pages/staff/board.html",
            board=await _board(request, told),
            here=f"/waves/{wave}/units/{unit}",
        )
        return of_unit(request, made, told)

    @get("/board.pdf", name="board-file")
    async def board_file(
        self, request: Request[Any, Any, Any], wave: FromPath[str], unit: FromPath[str]
    ) -> Response[bytes]:
        """The same as a sheet for the wall, in the largest type its texts leave room for."""
        with for_who_can_mend(request):
            pdf = await insight.board_pdf(
                settings_of(request),
                wave=wave,
                unit=unit,
                language=language_for(request),
                today=today_of(request),
            )
        await audit.record(
            by=request.user.account, what="opened board sheet", on_what=f"{wave}/{unit}"
        )
        return pdf_file(pdf, f"{wave}-{unit}-board.pdf")


ROUTES: list[ControllerRouterHandler] = [MeetingPages]


async def _deck(
    request: Request[Any, Any, Any], wave: str, unit: str, fields: Fields
) -> Response[Any]:
    actor: Actor = request.user
    voice, today = Voice(language_for(request)), today_of(request)
    told = await told_for(request, wave, unit)
    open_ = await decisions(unit, voice, today)
    chosen = fields.value("barrier")
    made = page(
        request,
        "pages/staff/meeting.html",
        status=422 if fields.problems else 200,
        deck=deck(
            told,
            voice,
            has_due=any(one.is_due for one in open_),
            chosen=chosen if chosen in BARRIERS else "",
        ),
        chosen=chosen,
        board=await _board(request, told),
        decisions=open_,
        barriers=[(code, sentences.name(voice, code)) for code in BARRIERS],
        fields=fields,
        notice=notice(request, voice, SAID),
        may_try=actor.may_try,
        name=told.view.name,
        behaviours=told.view.behaviours,
        here=f"/waves/{wave}/units/{unit}",
        unit=unit,
        wave=wave,
    )
    return packed(request, of_unit(request, made, told))


async def _board(request: Request[Any, Any, Any], told: Told) -> Board:
    """The three lines of the unit's board as they stand today."""
    now = await insight.on_board(
        told.view.code, language=language_for(request), today=today_of(request)
    )
    return insight.board(told.view, now)
