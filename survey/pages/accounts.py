"""Signing in and out, one's own account, and the language of one's pages."""

import re
from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.response import Redirect
from litestar.status_codes import HTTP_303_SEE_OTHER
from litestar.types import ControllerRouterHandler

from survey import organisation, sessions
from survey.access import Actor, Role, actor_of, signed_in
from survey.actions import accounts
from survey.actions.accounts import SignInWaits, SignInWrong
from survey.pages.layout import home, language_for, page
from survey.sessions import COOKIE, Clock
from survey.texts import Voice, content, language_of

# A path on this host: one slash, then nothing a browser could read as another host.
OWN_ADDRESS = re.compile(r"/(?![/\\])[A-Za-z0-9_./-]*")


class SignInPages(Controller):
    """Open to everybody: who is not signed in has nothing to show yet."""

    path = "/sign-in"

    @get("/", name="sign_in")
    async def form(self, request: Request[Any, Any, Any]) -> Response[Any]:
        """The form, or straight on for those who are signed in."""
        actor = actor_of(request)
        wanted = own_address(request.query_params.get("next"))
        if actor is not None:
            return _to(wanted or home(actor))
        was_in = COOKIE in request.cookies
        voice = Voice(language_for(request))
        notice = voice.gettext("You were signed out after a pause. Sign in to go on.")
        return page(
            request,
            "pages/staff/sign_in.html",
            next=wanted,
            login="",
            problem="",
            notice=notice if was_in else "",
        )

    @post("/", status_code=HTTP_303_SEE_OTHER)
    async def sign_in(self, request: Request[Any, Any, Any]) -> Response[Any]:
        """Check the password; a session under a new id replaces any the browser had."""
        form = await request.form()
        login, password = str(form.get("login", "")), str(form.get("password", ""))
        wanted = own_address(str(form.get("next", "")))
        clock: Clock = request.app.state.now
        try:
            account = await accounts.sign_in(login, password, now=clock())
        except (SignInWrong, SignInWaits) as error:
            return self._refused(request, error, login=login[:64], wanted=wanted)
        name = await sessions.begin(account, now=clock(), instead_of=request.cookies.get(COOKIE))
        actor = await sessions.known(account)
        answer = _to(wanted or (home(actor) if actor else "/"))
        answer.set_cookie(sessions.cookie(name))
        return answer

    def _refused(
        self,
        request: Request[Any, Any, Any],
        error: SignInWrong | SignInWaits,
        *,
        login: str,
        wanted: str,
    ) -> Response[str]:
        staff = content("messages")["errors"]["staff"]
        key = "login_wrong" if isinstance(error, SignInWrong) else "login_locked"
        return page(
            request,
            "pages/staff/sign_in.html",
            status=error.status,
            next=wanted,
            login=login,
            problem=Voice(language_for(request)).pick(staff[key]),
            notice="",
        )


class AccountPages(Controller):
    """For whoever is signed in."""

    guards = (signed_in,)

    @get("/account", name="account")
    async def show(self, request: Request[Any, Any, Any]) -> Response[str]:
        actor: Actor = request.user
        return page(
            request,
            "pages/staff/account.html",
            units=await _units(actor),
            sees=_sees(Voice(language_for(request)), actor.role),
        )

    @post("/language", status_code=HTTP_303_SEE_OTHER)
    async def language(self, request: Request[Any, Any, Any]) -> Response[Any]:
        form = await request.form()
        actor: Actor = request.user
        await accounts.choose_language(
            actor, language_of(str(form.get("language")), actor.language)
        )
        return _to(own_address(str(form.get("back", ""))) or home(actor))

    @post("/sign-out", status_code=HTTP_303_SEE_OTHER)
    async def sign_out(self, request: Request[Any, Any, Any]) -> Response[Any]:
        """End the session here and in the database; the way back starts at the front page."""
        await sessions.end(request.cookies[COOKIE])
        answer = _to("/")
        answer.set_cookie(sessions.no_cookie())
        return answer


ROUTES: list[ControllerRouterHandler] = [SignInPages, AccountPages]


def own_address(wanted: str | None) -> str:
    """The address when it is a plain path of ours, else "": no door for a link to elsewhere."""
    return wanted if wanted and OWN_ADDRESS.fullmatch(wanted) else ""


def _to(address: str) -> Response[Any]:
    return Redirect(address, status_code=HTTP_303_SEE_OTHER)


async def _units(actor: Actor) -> list[str]:
    """The names of the units an account was given, in the order of the organisation."""
    if not actor.own:
        return []
    tree = await organisation.tree(None)
    return [
        node.name
        for node in tree.values()
        if node.code in actor.own and node.parent not in actor.own
    ]


def _sees(voice: Voice, role: Role) -> str:
    match role:
        case Role.COORDINATOR:
            return voice.gettext(
                "You plan waves and see the released results. Nobody can see a single answer, "
                "and nobody can lower a threshold."
            )
        case Role.WORKS_COMMITTEE:
            return voice.gettext(
                "You approve how a wave is set up and see the results once they are released."
            )
        case Role.LEADERSHIP_TEAM:
            return voice.gettext(
                "You see the released results of your part of the organisation and of the units "
                "above it."
            )
        case Role.BRIDGE_BUILDER:
            return voice.gettext("You see the released results of the units on your pathway.")
        case Role.ADMINISTRATOR:
            return voice.gettext(
                "You look after accounts and the server, and you see no results. Accounts are "
                "made on the server with: kernepuls account add"
            )
