"""The frame of every page a respondent meets: its language, its refusals, and how it is sent."""

import gzip
from collections.abc import Mapping
from typing import Any, TypeAlias

from litestar import Request, Response
from litestar.enums import MediaType

from survey import questionnaire, texts
from survey.errors import KernepulsError
from survey.house import Organisation
from survey.intake import ballots
from survey.intake.refusals import CodeUnknown, CodeUsed, WaveClosed
from survey.pages.answering import languages, sheet, states
from survey.pages.answering.posting import FormTooLarge, Posted, one, posted_form
from survey.pages.answering.sheet import Card, Kept, Sheet
from survey.settings import Settings
from survey.texts import Voice

Asked: TypeAlias = Request[Any, Any, Any]
Page: TypeAlias = Response[Any]

KIOSK = "/svar/kiosk"  # the same pages on a shared tablet, which keeps nothing of them


def refused(request: Asked, error: KernepulsError) -> Page:
    """A state with a page of its own: what happened, what became of the work, what to do."""
    voice = asked_voice(request)
    if wants_json(request):
        return as_json(
            {
                "error": getattr(error, "text", ""),
                "heading": states.heading(error, voice),
                "sentence": sentence(request, error, voice),
            },
            error.status,
        )
    return answer_page(
        request,
        "state",
        voice,
        status=error.status,
        heading=states.heading(error, voice),
        sentence=sentence(request, error, voice),
        wipe=isinstance(error, WaveClosed),
        again=not isinstance(error, CodeUsed | WaveClosed | FormTooLarge),
    )


def code_page(
    request: Asked,
    voice: Voice,
    *,
    error: CodeUnknown | None = None,
    posted: Posted | None = None,
) -> Page:
    """The page that asks for the code, with what was typed where it was not known."""
    return answer_page(
        request,
        "start",
        voice,
        status=error.status if error else 200,
        problem=sentence(request, error, voice) if error else "",
        typed=one(posted, "code") if posted else "",
        nonce=ballots.new_nonce(),
    )


def form_page(
    request: Asked,
    shown: Sheet,
    kept: Kept | None = None,
    status: int = 200,
    **more: object,
) -> Page:
    """The questionnaire; `more` are values of a page that is tried, and stand before its own."""
    own = kept or Kept(given={}, order=sheet.drawn_order())
    voice, house = shown.voice, sheet.told(settings_of(request))
    return answer_page(
        request,
        "form",
        voice,
        status=status,
        form=questionnaire.form_without(
            shown.left_out, trial=shown.card.trial is not None, pack=voice.pack
        ),
        shown=shown,
        card=shown.card,
        kept=own,
        is_fresh=kept is None,
        given=own.given,
        problems=sheet.messages(own.problems, voice),
        stall=sheet.stall_chosen(own.given),
        lines=questionnaire.barrier_lines(voice.pack),
        receipt="",
        dates=sheet.after(house, shown.closes, voice),
        **{"hidden": tuple(shown.ballot.fields), **more},
    )


def answer_page(
    request: Asked,
    template: str,
    voice: Voice,
    *,
    status: int = 200,
    dates: Mapping[str, str] | None = None,
    **own: object,
) -> Page:
    """A page of a respondent, with what every one of them needs beside its own fields."""
    where, card = settings_of(request), own.get("card")
    tongues = languages.tongues(where, card.asked_about if isinstance(card, Card) else ())
    given = {"tongues": tongues, **(dates or {}), **own}
    html = rendered(template, voice, sheet.told(where), base_of(request), given)
    return _packed(request, html, status)


def base_of(request: Asked) -> str:
    return KIOSK if request.scope["path"].startswith(KIOSK) else "/svar"


def rendered(
    template: str, voice: Voice, house: Organisation, base: str, own: Mapping[str, object]
) -> str:
    context = {
        "form": questionnaire.form(voice.pack),
        "house": house,
        "contact": states.contact(house, voice),
        "chosen": voice.code,
        "page": template,
        "kiosk": base == KIOSK,
        "tried": "",  # where a page that is only tried leads back to
        "base": base,
        "address": base,
        **own,
    }
    return texts.rendered(f"pages/answer/{template}.html", voice, context)


def _packed(request: Asked, html: str, status: int) -> Page:
    """A page, compressed where the browser takes it: 27 kB of form are 5 kB on a bad line."""
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(html, media_type=MediaType.HTML, status_code=status)
    return Response(
        gzip.compress(html.encode(), compresslevel=6, mtime=0),
        media_type=MediaType.HTML,
        status_code=status,
        headers={"content-encoding": "gzip", "vary": "accept-encoding"},
    )


def as_json(body: object, status: int) -> Page:
    return Response(body, media_type=MediaType.JSON, status_code=status)


def wants_json(request: Asked) -> bool:
    return is_json(request, "accept") or is_json(request, "content-type")


def is_json(request: Asked, header: str) -> bool:
    return request.headers.get(header, "").startswith("application/json")


def sentence(request: Asked, error: KernepulsError, voice: Voice) -> str:
    own = sheet.told(settings_of(request))
    return states.sentence(error, own, voice, had_answers=request.url.path.endswith("/send"))


async def read_form(request: Asked) -> Posted:
    """The posted form; its language is that of every page that follows from it."""
    posted = await posted_form(request)
    request.state.language = one(posted, "vis") or one(posted, "sprog")
    return posted


def asked_voice(request: Asked) -> Voice:
    """The language of the posted form or of the address; else the organisation's."""
    asked = request.state.get("language") or request.query_params.get("sprog")
    return languages.voice(settings_of(request), asked, sheet.told(settings_of(request)).language)


def settings_of(request: Asked) -> Settings:
    """The installation the request came to."""
    found: Settings = request.app.state.settings
    return found


def address_of(request: Asked) -> str:
    """Where the request came from, for counting tries only."""
    return request.client.host if request.client else ""
