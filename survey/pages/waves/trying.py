"""Trying the questionnaire of a wave: the pages of an employee, without a code, storing nothing.

There is no ballot, no ticket and no key here, so nothing that is sent could be taken as an answer.
"""

from dataclasses import dataclass
from typing import Any

from litestar import Controller, Response, get, post
from litestar.params import FromPath
from litestar.template.base import csrf_token
from litestar.types import ControllerRouterHandler

from survey.access import reads_waves
from survey.actions.approval import stored_wave
from survey.actions.readiness import scope_of
from survey.answers import FormInvalid, validated
from survey.errors import NotFoundHere
from survey.intake.shown import Part, shown
from survey.organisation import Tree
from survey.pages.answering import sheet
from survey.pages.answering.frame import Asked, answer_page, asked_voice, form_page, read_form
from survey.pages.answering.posting import one
from survey.pages.answering.sheet import Kept, Sheet
from survey.sessions import CSRF_FIELD
from survey.tables import Wave

RECEIPT = "PRØVE"  # no receipt that is given has an Ø
FORM_UNIT = "unit"


@dataclass(frozen=True, slots=True)
class Tried:
    """The questionnaire of a wave in one unit."""

    wave: str
    unit: str
    sheet: Sheet


class Trying(Controller):
    """For the coordinator and the works committee."""

    path = "/waves/{name:str}/try"
    guards = (reads_waves,)

    @get(["/", "/send", "/sprog"], name="wave-try")
    async def form(self, request: Asked, name: FromPath[str]) -> Response[Any]:
        tried = await _tried(request, name, request.query_params.get(FORM_UNIT))
        return _page(request, tried)

    @post("/sprog", status_code=200, name="wave-try-language")
    async def change_language(self, request: Asked, name: FromPath[str]) -> Response[Any]:
        given = await read_form(request)
        tried = await _tried(request, name, one(given, FORM_UNIT))
        return _page(request, tried, Kept(given=given, order=sheet.kept_order(given)))

    @post("/send", status_code=200, name="wave-try-send")
    async def send(self, request: Asked, name: FromPath[str]) -> Response[Any]:
        """What an answer would be told; it is checked as an answer is, and forgotten."""
        given = await read_form(request)
        tried = await _tried(request, name, one(given, FORM_UNIT))
        try:
            validated(
                given,
                parts=frozenset(part.code for part in tried.sheet.places),
                trial=tried.sheet.card.trial is not None,
                name_seen=bool(one(given, "name_seen")),
                left_out=tried.sheet.left_out,
            )
        except FormInvalid as error:
            asked_about_name = any(one.message == "comment_name" for one in error.problems)
            kept = Kept(
                given=given,
                order=sheet.kept_order(given),
                problems=error.problems,
                name_seen=asked_about_name or bool(one(given, "name_seen")),
            )
            return _page(request, tried, kept, status=error.status)
        voice, own = tried.sheet.voice, sheet.told(request.app.state.settings)
        return answer_page(
            request,
            "receipt",
            voice,
            receipt=RECEIPT,
            dates=sheet.after(own, tried.sheet.closes, voice),
            tried=f"/waves/{name}",
        )


ROUTES: list[ControllerRouterHandler] = [Trying]


def _page(
    request: Asked, tried: Tried, kept: Kept | None = None, status: int = 200
) -> Response[Any]:
    """The form; where a ballot would stand is the token of a form for staff, and the unit."""
    address = f"/waves/{tried.wave}/try"
    hidden = (
        # The script goes on only with a message and a signature; these are nobody's.
        ("message", "-"),
        ("signature", "-"),
        (CSRF_FIELD, csrf_token({"request": request})),
        (FORM_UNIT, tried.unit),
    )
    return form_page(
        request,
        tried.sheet,
        kept,
        status,
        base=address,
        address=address,
        hidden=hidden,
        tried=f"/waves/{tried.wave}",
    )


async def _tried(request: Asked, name: str, unit: str | None) -> Tried:
    """The questionnaire of the wave in a unit it asks, the first one where none is named."""
    wave = await stored_wave(name)
    scope = await scope_of(wave)
    code = unit or next(iter(scope.asked), None)
    if code is None or code not in scope.asked:
        raise NotFoundHere
    node = scope.tree[code]
    entry = await shown(wave, unit=node.id, behaviour=scope.asked[code].id)
    places = await _places(wave, code, scope.tree)
    made = sheet.sheet_of(sheet.NOBODYS, entry, places, wave, asked_voice(request))
    return Tried(name, code, made)


async def _places(wave: Wave, unit: str, units: Tree) -> tuple[Part, ...]:
    """As in the form; before the approval nobody is invited, and every part is named."""
    if wave.state != "draft":
        return await sheet.near(wave, unit)
    return tuple(
        Part(code=code, name=units[code].name)
        for code in units.parts(wave.part_depth)
        if code != unit
    )
