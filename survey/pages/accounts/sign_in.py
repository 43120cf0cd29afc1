"""Signing in and out: the form, the session it begins, and what was typed before."""

from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.response import Redirect
from litestar.status_codes import HTTP_303_SEE_OTHER
from litestar.types import ControllerRouterHandler

from survey import sessions
from survey.access import actor_of, owns_account
from survey.actions import accounts, one_time_codes
from survey.actions.accounts import SignInWaits, SignInWrong
from survey.actions.one_time_codes import SecondStep
from survey.actor import Actor
from survey.errors import N_
from survey.pages.accounts.typed import Kept, of_form, own_address, sign_in_page
from survey.pages.forms import notice
from survey.pages.layout import home, language_for, page, settings_of
from survey.sessions import COOKIE, Clock
from survey.texts import Voice, content, language_of

SET_UP = "/account/one-time-codes"
SAID = {
    "chosen": N_("The password is chosen. Sign in with it."),
    "changed": N_("The password is changed, and every browser is signed out. Sign in with it."),
}


class SignInPages(Controller):
    """Open to everybody: who is not signed in has nothing to show yet."""

    path = "/sign-in"

    @get("/", name="sign_in")
    async def form(self, request: Request[Any, Any, Any]) -> Response[Any]:
        """The form, or straight on for those who are signed in."""
        actor = actor_of(request)
        wanted = own_address(request.query_params.get("next"))
        if actor is not None:
            return to(wanted or home(actor))
        voice = Voice(language_for(request))
        said = notice(request, voice, SAID)
        if not said and COOKIE in request.cookies:
            said = voice.gettext("You were signed out after a pause. Sign in to go on.")
        return sign_in_page(request, wanted=wanted, notice=said)

    @post("/", status_code=HTTP_303_SEE_OTHER)
    async def sign_in(self, request: Request[Any, Any, Any]) -> Response[Any]:
        """Check the password and the code; a session under a new id replaces any there was."""
        form = await request.form()
        typed = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
        login, password = str(form.get("login", "")), str(form.get("password", ""))
        wanted, kept = own_address(str(form.get("next", ""))), of_form(typed)
        second = SecondStep(
            str(form.get("code", ""))[:64], one_time_codes.key(settings_of(request))
        )
        clock: Clock = request.app.state.now
        try:
            account = await accounts.sign_in(login, password, now=clock(), second=second)
        except (SignInWrong, SignInWaits) as error:
            staff = content("messages")["errors"]["staff"]
            key = "login_wrong" if isinstance(error, SignInWrong) else "login_locked"
            return sign_in_page(
                request,
                status=error.status,
                login=login[:64],
                wanted=wanted,
                problem=Voice(language_for(request)).pick(staff[key]),
                kept=kept,
            )
        return await begin(request, account, wanted=wanted, kept=kept)


class SessionPages(Controller):
    """For whoever is signed in."""

    guards = (owns_account,)

    @post("/language", status_code=HTTP_303_SEE_OTHER)
    async def language(self, request: Request[Any, Any, Any]) -> Response[Any]:
        form = await request.form()
        actor: Actor = request.user
        await accounts.choose_language(
            actor, language_of(str(form.get("language")), actor.language)
        )
        return to(own_address(str(form.get("back", ""))) or home(actor))

    @post("/sign-out", status_code=HTTP_303_SEE_OTHER)
    async def sign_out(self, request: Request[Any, Any, Any]) -> Response[Any]:
        """End the session here and in the database; the way back starts at the front page."""
        await sessions.end(request.cookies[COOKIE])
        answer = to("/")
        answer.set_cookie(sessions.no_cookie())
        return answer


ROUTES: list[ControllerRouterHandler] = [SignInPages, SessionPages]


async def begin(
    request: Request[Any, Any, Any],
    account: int,
    *,
    wanted: str = "",
    kept: Kept | None = None,
    by_provider: bool = False,
) -> Response[Any]:
    """Let somebody in who has shown who it is: a new session, and on to what was wanted.

    `by_provider`: the second step is the provider's affair.
    """
    clock: Clock = request.app.state.now
    actor = await sessions.known(account)
    role = actor.role if actor else None
    set_up_first = (
        role is not None
        and not by_provider
        and one_time_codes.is_required(settings_of(request), role)
        and not await one_time_codes.is_on(account)
    )
    name = await sessions.begin(
        account,
        now=clock(),
        instead_of=request.cookies.get(COOKIE),
        set_up_first=set_up_first,
    )
    if kept is not None and kept.pairs and actor is not None and not set_up_first:
        request.scope["user"] = actor
        answer: Response[Any] = page(request, "pages/staff/typed.html", kept=kept)
    elif set_up_first:
        answer = to(SET_UP)
    else:
        answer = to(wanted or (home(actor) if actor else "/"))
    answer.set_cookie(sessions.cookie(name))
    return answer


def to(address: str) -> Response[Any]:
    return Redirect(address, status_code=HTTP_303_SEE_OTHER)
