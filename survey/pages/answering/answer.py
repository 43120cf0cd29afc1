"""Answering: a code, the questionnaire, a receipt; the same pages with and without JavaScript.

No cookie, no session, no log line and no code in an address. A form that holds a code never holds
an answer, and the other way round.
"""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import msgspec
from litestar import Controller, get, post
from litestar.params import FromPath
from litestar.types import ASGIApp, Receive, Scope, Send

from survey import questionnaire
from survey.answers import FormInvalid, Problem, validated
from survey.errors import Broken, Busy, KernepulsError
from survey.house import Organisation
from survey.intake import ballots
from survey.intake.acceptance import Submission, accept
from survey.intake.refusals import (
    CodeUnknown,
    PageOld,
)
from survey.intake.shown import parts
from survey.pages.answering import sheet
from survey.pages.answering.frame import (
    Asked,
    Page,
    address_of,
    answer_page,
    as_json,
    asked_voice,
    base_of,
    code_page,
    form_page,
    is_json,
    read_form,
    refused,
    rendered,
    sentence,
    settings_of,
    wants_json,
)
from survey.pages.answering.posting import (
    Posted,
    one,
    posted_json,
    tries,
)
from survey.pages.answering.sheet import Ballot, Kept
from survey.tables import Wave
from survey.texts import Voice

CODE_HERE = "\N{OBJECT REPLACEMENT CHARACTER}"  # in no text of ours


@dataclass(frozen=True, slots=True)
class Ready:
    """A reply of 200 that is bytes already, for the one request that everybody sends at once."""

    kind: bytes
    body: bytes

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        length = str(len(self.body)).encode()
        headers = [(b"content-type", self.kind), (b"content-length", length)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": False})


@dataclass(frozen=True, slots=True)
class Known:
    """What checking an answer needs to know of its wave and unit; frozen when the wave opened."""

    parts: frozenset[str]
    trial: bool


class AnswerPages(Controller):
    """The pages of a respondent; everybody may open them, a code opens the questionnaire."""

    path = "/svar"
    request_max_body_size = None  # posting.posted_form has the limit, and a page that says so
    exception_handlers = {KernepulsError: refused}  # noqa: RUF012 - Litestar's own shape

    @get(["/", "/uden-script", "/opslag", "/skema", "/sprog", "/send"], name="answer")
    async def enter_code(self, request: Asked) -> Page:
        """Also where a browser reloads one of the posted pages: the script goes on from there."""
        return code_page(request, asked_voice(request))

    @post(["/opslag", "/kiosk/opslag"], status_code=200, name="answer-look-up")
    async def look_up(self, request: Asked) -> Page:
        """Step 1: the unit a code answers for. Spends nothing, so it may still be corrected."""
        posted = await _read_code(request)
        voice, typed = asked_voice(request), one(posted, "code")
        counted = tries(request.app, "code")
        await counted.check(address_of(request))
        try:
            found = await ballots.look_up(settings_of(request), typed)
        except CodeUnknown as error:
            await counted.wrong(address_of(request))
            if wants_json(request):
                raise
            return code_page(request, voice, error=error, posted=posted)
        if wants_json(request):
            return as_json(found, 200)
        voice = sheet.voice_for(found.shown, voice)
        return answer_page(
            request,
            "begin",
            voice,
            card=sheet.card(found.shown, voice),
            context=sheet.hidden(found),
            typed=typed,
            nonce=one(posted, "nonce") or ballots.new_nonce(),
        )

    @post(["/uden-script", "/kiosk/uden-script"], status_code=200, name="answer-begin")
    async def begin(self, request: Asked) -> Page:
        """The ballot and the whole questionnaire; the same code and nonce give the same again."""
        posted = await read_form(request)
        voice = asked_voice(request)
        counted = tries(request.app, "code")
        await counted.check(address_of(request))
        try:
            made = await ballots.without_script(
                settings_of(request), one(posted, "code"), one(posted, "nonce")
            )
        except CodeUnknown as error:
            await counted.wrong(address_of(request))
            return code_page(request, voice, error=error, posted=posted)
        return form_page(request, await sheet.fresh(made, voice))

    @post(["/sprog", "/kiosk/sprog"], status_code=200, name="answer-language")
    async def change_language(self, request: Asked) -> Page:
        """The same form in another language, with everything that was given."""
        posted = await read_form(request)
        ballot = sheet.posted_ballot(posted, made=False)
        shown = await sheet.again(settings_of(request), ballot, asked_voice(request))
        return form_page(request, shown, _kept(posted))

    @post(["/send", "/kiosk/send"], status_code=200, name="answer-send")
    async def send(self, request: Asked) -> ASGIApp:
        """Take the answer; the receipt is shown only after it is stored."""
        posted = await _read_answer(request)
        ballot = sheet.posted_ballot(posted)
        try:
            receipt, closes = await _taken(request, posted, ballot)
        except (FormInvalid, PageOld, Busy, Broken) as error:
            if wants_json(request):
                raise
            again = await _form_again(request, posted, ballot, error)
            return again.to_asgi_response(None, request)
        if wants_json(request):
            return Ready(b"application/json", msgspec.json.encode({"receipt": receipt}))
        house, voice = sheet.told(settings_of(request)), asked_voice(request)
        before, after = _around_receipt(house, base_of(request), voice, closes)
        return Ready(b"text/html; charset=utf-8", f"{before}{receipt}{after}".encode())

    @get(["/privat", "/kiosk/privat"], name="answer-privacy")
    async def privacy(self, request: Asked) -> Page:
        """In one of our languages where an added one leaves this page out."""
        asked = asked_voice(request)
        voice = Voice(asked.language) if asked.pack and not asked.pack.tells_privacy else asked
        wave = await sheet.facts(settings_of(request), voice)
        return answer_page(
            request, "privacy", voice, wave=wave, address=request.url.path, chosen=asked.code
        )

    @get("/dele/{wave:str}", name="answer-parts")
    async def places(self, wave: FromPath[str]) -> Page:
        """The parts the stall question may name, for a page that loads them on demand."""
        found = await Wave.objects().get(Wave.name == wave)
        is_open = found is not None and found.state == "open"
        return as_json(await parts(found) if found and is_open else (), 200)


ROUTES = [AnswerPages]


async def _taken(request: Asked, posted: Posted, ballot: Ballot) -> tuple[str, date]:
    """The receipt of a checked answer, and the last day of its wave.

    A wave that is not open is `accept`'s to speak about.
    """
    settings = settings_of(request)
    wave = await sheet.open_wave(ballot.wave)
    columns: dict[str, int | str | None] = {}
    comment = context = None
    if wave.state == "open":
        context = sheet.context_of(settings, ballot)
        if int(ballot.form_version) != wave.form_version:
            raise PageOld
        known = await _known(request, wave, ballot, context.unit)
        answers = validated(
            posted,
            parts=known.parts,
            trial=known.trial,
            name_seen=bool(one(posted, "name_seen")),
            left_out=questionnaire.blocks_of(wave.left_out),
        )
        columns, comment = answers.columns(), answers.comment
    submission = Submission(
        wave=ballot.wave,
        message=ballot.message,
        signature=ballot.signature,
        context=ballot.context,
        ticket=ballot.ticket,
        form_version=int(ballot.form_version),
        answers=columns,
        comment=comment,
    )
    return await accept(settings, submission, wave=wave, context=context), wave.closes


async def _known(request: Asked, wave: Wave, ballot: Ballot, unit: str) -> Known:
    """Read once for each unit of a wave: a thousand answers at nine o'clock need it."""
    kept: dict[tuple[int, str], Known] = request.app.state.setdefault("answer_known", {})
    if (wave.id, unit) not in kept:
        shown = await sheet.again(settings_of(request), ballot, Voice("da"))
        codes = frozenset(part.code for part in shown.places)
        kept[wave.id, unit] = Known(parts=codes, trial=shown.card.trial is not None)
    return kept[wave.id, unit]


async def _form_again(
    request: Asked, posted: Posted, ballot: Ballot, error: KernepulsError
) -> Page:
    """The same form with every value kept, what is wrong above it and beside it."""
    shown = await sheet.again(settings_of(request), ballot, asked_voice(request))
    problems = error.problems if isinstance(error, FormInvalid) else ()
    kept = _kept(
        posted,
        problems=problems,
        trouble="" if problems else sentence(request, error, shown.voice),
        retry=isinstance(error, Busy),
    )
    return form_page(request, shown, kept, status=error.status)


def _kept(
    posted: Posted,
    *,
    problems: tuple[Problem, ...] = (),
    trouble: str = "",
    retry: bool = False,
) -> Kept:
    asked_about_name = any(problem.message == "comment_name" for problem in problems)
    return Kept(
        given=posted,
        order=sheet.kept_order(posted),
        problems=problems,
        trouble=trouble,
        name_seen=asked_about_name or bool(one(posted, "name_seen")),
        retry=retry,
    )


async def _read_code(request: Asked) -> Posted:
    """A code as the field of a form, or as JSON."""
    if not is_json(request, "content-type"):
        return await read_form(request)
    return {"code": [(await posted_json(request, sheet.SentCode)).code]}


async def _read_answer(request: Asked) -> Posted:
    """An answer as the fields of its form, or as JSON; unknown fields of JSON are refused."""
    if not is_json(request, "content-type"):
        return await read_form(request)
    return (await posted_json(request, sheet.Sent)).fields


@lru_cache(maxsize=16)
def _around_receipt(house: Organisation, base: str, voice: Voice, closes: date) -> tuple[str, str]:
    """The page of the receipt before and after its code: the same for all who answer a wave.

    Not compressed: with its headers it is two packets either way.
    """
    dates = sheet.after(house, closes, voice)
    html = rendered("receipt", voice, house, base, {**dates, "receipt": CODE_HERE})
    before, _, after = html.partition(CODE_HERE)
    return before, after
