"""Signing in by the provider of the organisation: there and back, into an account that exists."""

from typing import Any

from litestar import Controller, Request, Response, get
from litestar.types import ControllerRouterHandler

from survey import oidc, sessions, texts
from survey.actions import accounts
from survey.errors import NotFoundHere
from survey.oidc import NotLetIn, ProviderDown
from survey.pages.accounts.sign_in import begin, to
from survey.pages.accounts.typed import own_address, sign_in_page
from survey.pages.layout import language_for, settings_of
from survey.sessions import Clock
from survey.settings import Provider

COOKIE = "__Host-provider"
PURPOSE = "kernepuls sign-in by a provider 1"


class ProviderPages(Controller):
    """Open to everybody, and not there at all where no provider is set up.

    The way out is a link and no form: a browser holds the redirects of a form to `form-action`.
    """

    path = "/sign-in/provider"

    @get("/", name="to_provider")
    async def go(self, request: Request[Any, Any, Any]) -> Response[Any]:
        provider, settings = _provider(request), settings_of(request)
        try:
            address, cookie = await oidc.begin(
                provider,
                url=settings.url,
                key=_key(request),
                now=_clock(request)(),
                wanted=own_address(request.query_params.get("next")),
            )
        except (NotLetIn, ProviderDown) as error:
            return _refused(request, error)
        answer = to(address)
        answer.set_cookie(sessions.cookie(cookie, COOKIE))
        return answer

    @get("/back", name="from_provider")
    async def back(self, request: Request[Any, Any, Any]) -> Response[Any]:
        """Let in who has an account here; the cookie and what was sent back work once."""
        try:
            account, wanted = await _told(request)
        except (NotLetIn, ProviderDown) as error:
            answer = _refused(request, error)
        else:
            answer = await begin(request, account, wanted=wanted, by_provider=True)
        answer.set_cookie(sessions.no_cookie(COOKIE))
        return answer


ROUTES: list[ControllerRouterHandler] = [ProviderPages]


async def _told(request: Request[Any, Any, Any]) -> tuple[int, str]:
    """The account the provider's reply stands for, and where to go; NotLetIn, ProviderDown."""
    now = _clock(request)()
    known = await oidc.finish(
        _provider(request),
        url=settings_of(request).url,
        key=_key(request),
        now=now,
        cookie=request.cookies.get(COOKIE, ""),
        told=dict(request.query_params.items()),
    )
    if not await sessions.spend(known.state, now=now, kept=oidc.WITHIN):
        raise NotLetIn
    account = await accounts.known_by_provider(known.login, now=now)
    if account is None:
        raise NotLetIn
    return account, known.wanted


def _refused(request: Request[Any, Any, Any], error: NotLetIn | ProviderDown) -> Response[Any]:
    sentence = texts.sentence(error, language_for(request))
    return sign_in_page(request, status=error.status, problem=sentence)


def _provider(request: Request[Any, Any, Any]) -> Provider:
    provider = settings_of(request).provider
    if provider is None:
        raise NotFoundHere
    return provider


def _key(request: Request[Any, Any, Any]) -> bytes:
    return sessions.key_for(settings_of(request), PURPOSE)


def _clock(request: Request[Any, Any, Any]) -> Clock:
    clock: Clock = request.app.state.now
    return clock
