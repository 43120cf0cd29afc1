"""What a visitor reads when a page is refused or breaks: never the words of an exception."""

from typing import Any

from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.response import Redirect
from litestar.status_codes import HTTP_303_SEE_OTHER

from survey import log, texts
from survey.access import NotSignedIn, SetUpFirst
from survey.errors import N_, KernepulsError, NotFoundHere
from survey.pages.accounts import typed
from survey.pages.layout import language_for, page
from survey.sessions import SAFE, FromElsewhere
from survey.texts import Voice

MISSING = N_("The page does not exist")
REFUSED = N_("It could not be done")
BROKEN = N_("Something broke on our side")
SENTENCES = {
    400: N_("The request could not be read. Nothing was changed. Load the page again."),
    403: FromElsewhere.sentence,
    405: N_("This address does not take that kind of request. Nothing was changed."),
    413: N_("What was sent is too large. Nothing was stored. Make it shorter, and send again."),
    415: N_("The request could not be read. Nothing was changed. Load the page again."),
    429: N_("There were many requests at once. Nothing was changed. Try again in a moment."),
}
BROKE = N_(
    "It is our fault, not yours, and it is written down. What was stored before is untouched. "
    "Try again in a moment."
)


def refused(request: Request[Any, Any, Any], error: KernepulsError) -> Response[Any]:
    """A deliberate refusal: its sentence under its status.

    "Unknown" and "not yours" are one page, to the byte: that something exists is news too.
    """
    if isinstance(error, NotSignedIn):
        # The same for every address, so it tells nothing about what exists.
        if request.method not in SAFE:
            return typed.signed_out(request)
        address = f"/sign-in?next={request.url.path}"
        return Redirect(address, status_code=HTTP_303_SEE_OTHER)
    if isinstance(error, SetUpFirst) and request.method in SAFE:
        return Redirect("/account/one-time-codes", status_code=HTTP_303_SEE_OTHER)
    if isinstance(error, NotFoundHere):
        return missing(request)
    sentence = texts.sentence(error, language_for(request))
    return _page(request, error.status, BROKEN if error.status == 500 else REFUSED, sentence)


def http(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """What the framework refuses: unknown addresses, wrong methods, missing tokens, long bodies."""
    if error.status_code == 404:
        return missing(request)
    voice = Voice(language_for(request))
    if error.status_code >= 500:
        return broke(request, error)
    sentence = SENTENCES.get(error.status_code, SENTENCES[400])
    return _page(request, error.status_code, REFUSED, voice.gettext(sentence))


def broke(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """A bug: written to the log without a word of the request, told without a word of the error."""
    handler = request.scope.get("route_handler")
    route = " ".join(sorted(handler.paths)) if handler is not None else "none"
    log.broke(error, method=str(request.method), route=route)
    return _page(request, 500, BROKEN, Voice(language_for(request)).gettext(BROKE))


def missing(request: Request[Any, Any, Any]) -> Response[Any]:
    language = language_for(request)
    sentence = texts.content("messages")["errors"]["staff"]["no_access"][language]
    return _page(request, 404, MISSING, sentence)


def _page(
    request: Request[Any, Any, Any], status: int, heading: str, sentence: str
) -> Response[Any]:
    voice = Voice(language_for(request))
    return page(
        request,
        "pages/staff/refused.html",
        status=status,
        heading=voice.gettext(heading),
        sentence=sentence,
    )
