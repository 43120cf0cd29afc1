"""Choosing the password of an account one is invited to; whoever holds the link is let through.

The link's secret stands after #, so it comes in a post: by a script, or typed without one.
"""

from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.types import ControllerRouterHandler

from survey.actions import account_keeping, one_time_codes
from survey.actions.account_keeping import LinkUnknown
from survey.actions.accounts import PasswordGuessed, PasswordLength
from survey.pages.accounts.own import PasswordsDiffer
from survey.pages.accounts.sign_in import SET_UP, begin
from survey.pages.forms import Fields, done, posted
from survey.pages.layout import page
from survey.sessions import Clock

PAGE = "pages/staff/invited.html"


class InvitedPages(Controller):
    """Open to everybody: who has no password yet cannot sign in."""

    path = "/invited"

    @get("/", name="invited")
    async def show(self, request: Request[Any, Any, Any]) -> Response[str]:
        """The field of the code, which the script fills from the link and sends."""
        return page(request, PAGE, fields=Fields(), welcome=None)

    @post("/")
    async def choose(self, request: Request[Any, Any, Any]) -> Response[Any]:
        """First the code alone, which spends nothing; then with a password, which spends it."""
        fields = await posted(request)
        clock: Clock = request.app.state.now
        token = fields.value("token").rpartition("#")[2].strip()
        try:
            welcome = await account_keeping.welcome(token, now=clock())
        except LinkUnknown as error:
            fields.problems["token"] = error
            return page(request, PAGE, status=error.status, fields=fields, welcome=None)
        password = fields.value("password")
        if "password" not in fields.typed:
            return page(request, PAGE, fields=fields, welcome=welcome)
        if fields.value("again") != password:
            fields.problems["again"] = PasswordsDiffer()
        else:
            try:
                account = await account_keeping.accept(token, password, now=clock())
            except (PasswordLength, PasswordGuessed) as error:
                fields.problems["password"] = error
            else:
                # The link is no second step: with codes set up, both are asked for.
                if await one_time_codes.is_on(account):
                    return done("/sign-in", "chosen")
                return await begin(request, account, wanted=SET_UP)
        return page(request, PAGE, status=422, fields=fields, welcome=welcome)


ROUTES: list[ControllerRouterHandler] = [InvitedPages]
