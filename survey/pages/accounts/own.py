"""One's own account: password, language, one-time codes, and the browsers that are signed in."""

from datetime import datetime
from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.types import ControllerRouterHandler

from survey import organisation, sessions
from survey.access import owns_account
from survey.actions import accounts, one_time_codes
from survey.actions.accounts import (
    AddressUnusable,
    OldPasswordWrong,
    PasswordGuessed,
    PasswordLength,
    SignInWaits,
)
from survey.actions.lost_link import LONGEST
from survey.actions.one_time_codes import CodesRequired, CodeWrong, SetUp, SetUpTooOld
from survey.actions.opening import LOCAL
from survey.actor import Actor, Role
from survey.delivery import prints
from survey.errors import N_, BadInput
from survey.pages.forms import Fields, done, notice, posted
from survey.pages.layout import language_for, organisation_name, page, settings_of
from survey.sessions import COOKIE, Clock
from survey.tables import Account
from survey.texts import Voice

ACCOUNT, CODES = "pages/staff/account.html", "pages/staff/account_codes.html"
SAID = {
    "email": N_("Saved. Word of new reports goes there."),
    "ended": N_("The other browsers are signed out."),
    "off": N_("One-time codes are off. You sign in with the password alone."),
    "welcome": N_("The password is chosen, and you are signed in."),
}


class PasswordsDiffer(BadInput):
    sentence = N_("The two are not the same. Type the new password twice.")


class OwnPages(Controller):
    """For whoever is signed in, also before one-time codes are set up."""

    path = "/account"
    guards = (owns_account,)

    @get("/", name="account")
    async def show(self, request: Request[Any, Any, Any]) -> Response[str]:
        return await _account(request, Fields())

    @post("/password")
    async def password(self, request: Request[Any, Any, Any]) -> Response[Any]:
        """Another password; everybody signed in to the account, this browser too, starts anew."""
        actor: Actor = request.user
        fields = await posted(request)
        old, new = fields.value("old"), fields.value("password")
        if fields.value("again") != new:
            fields.problems["again"] = PasswordsDiffer()
        else:
            try:
                await accounts.change_password(actor, old=old, new=new, now=_now(request))
            except (OldPasswordWrong, SignInWaits) as error:
                fields.problems["old"] = error
            except (PasswordLength, PasswordGuessed) as error:
                fields.problems["password"] = error
        if fields.problems:
            return await _account(request, fields, status=422)
        answer = done("/sign-in", "changed")
        answer.set_cookie(sessions.no_cookie())
        return answer

    @post("/email")
    async def email(self, request: Request[Any, Any, Any]) -> Response[Any]:
        """Where the owner hears of new reports; an empty field is nowhere."""
        fields = await posted(request)
        email = fields.text("email", most=LONGEST, required=False)
        if not fields.problems:
            try:
                await accounts.choose_email(request.user, email)
            except AddressUnusable as error:
                fields.problems["email"] = error
        if fields.problems:
            return await _account(request, fields, status=422)
        return done("/account", "email")

    @post("/sessions/end-others")
    async def end_others(self, request: Request[Any, Any, Any]) -> Response[Any]:
        actor: Actor = request.user
        await sessions.end_others(actor.account, but=request.cookies[COOKIE])
        return done("/account", "ended")


class CodesPages(Controller):
    """Setting up one-time codes: scan, type one of them, keep the spare ones."""

    path = "/account/one-time-codes"
    guards = (owns_account,)

    @get("/", name="one_time_codes")
    async def show(self, request: Request[Any, Any, Any]) -> Response[str]:
        return await _codes(request, Fields())

    @post("/")
    async def turn_on(self, request: Request[Any, Any, Any]) -> Response[Any]:
        """On from now: the reply is the only page that ever shows the spare codes."""
        actor: Actor = request.user
        fields, now, key = await posted(request), _now(request), _key(request)
        if await one_time_codes.is_on(actor.account) and not await _knows_password(request, fields):
            return await _codes(request, fields, status=422)
        try:
            spare = await one_time_codes.turn_on(
                actor,
                sealed=fields.value("sealed"),
                code=fields.value("code"),
                key=key,
                now=now,
            )
        except (CodeWrong, SetUpTooOld) as error:
            fields.problems["code"] = error
            return await _codes(request, fields, status=422)
        return await _spare(request, spare, in_a_new_session=actor.set_up_first)

    @post("/spare")
    async def draw_spare(self, request: Request[Any, Any, Any]) -> Response[Any]:
        actor: Actor = request.user
        fields = await posted(request)
        if not await _knows_password(request, fields):
            return await _codes(request, fields, status=422)
        return await _spare(request, await one_time_codes.draw_spare(actor))

    @post("/off")
    async def turn_off(self, request: Request[Any, Any, Any]) -> Response[Any]:
        """Off, for those who may do without; the session goes on under a new id."""
        actor: Actor = request.user
        fields = await posted(request)
        if one_time_codes.is_required(settings_of(request), actor.role):
            raise CodesRequired
        if not await _knows_password(request, fields):
            return await _codes(request, fields, status=422)
        await one_time_codes.turn_off(actor.account, by=actor.account)
        answer = done("/account", "off")
        await _again(request, answer)
        return answer


ROUTES: list[ControllerRouterHandler] = [OwnPages, CodesPages]


async def _account(
    request: Request[Any, Any, Any], fields: Fields, *, status: int = 200
) -> Response[str]:
    actor: Actor = request.user
    voice = Voice(language_for(request))
    if "email" not in fields.typed:
        stored = await Account.select(Account.email).where(Account.id == actor.account).first()
        fields.typed["email"] = [(stored or {}).get("email") or ""]
    return page(
        request,
        ACCOUNT,
        status=status,
        fields=fields,
        said=notice(request, voice, SAID),
        units=await _units(actor),
        sees=_sees(voice, actor.role),
        is_told=actor.role.has_units,
        has_codes=await one_time_codes.is_on(actor.account),
        spare_left=await one_time_codes.spare_left(actor.account),
        sessions=[
            (_moment(voice, one.since), one.is_here)
            for one in await sessions.of(
                actor.account, here=request.cookies[COOKIE], now=_now(request)
            )
        ],
    )


async def _codes(
    request: Request[Any, Any, Any], fields: Fields, *, status: int = 200
) -> Response[str]:
    """The page to set up or change codes; after a wrong one with the same picture as before."""
    actor: Actor = request.user
    settings = settings_of(request)
    voice = Voice(language_for(request))
    issuer = f"Kernepuls {organisation_name(settings)}".strip()
    set_up = _drawn(actor, fields, issuer=issuer, key=_key(request))
    return page(
        request,
        CODES,
        status=status,
        fields=fields,
        said=notice(request, voice, SAID),
        set_up=set_up,
        picture=prints.qr(set_up.address, voice.gettext("A picture for the phone's camera")),
        is_on=await one_time_codes.is_on(actor.account),
        is_required=one_time_codes.is_required(settings, actor.role),
        spare_left=await one_time_codes.spare_left(actor.account),
    )


def _drawn(actor: Actor, fields: Fields, *, issuer: str, key: bytes) -> SetUp:
    if fields.value("sealed"):
        try:
            return one_time_codes.again(actor, fields.value("sealed"), issuer=issuer, key=key)
        except SetUpTooOld:
            pass  # said beside the field; the page gets a fresh picture
    return one_time_codes.draw(actor, issuer=issuer, key=key)


async def _spare(
    request: Request[Any, Any, Any], spare: tuple[str, ...], *, in_a_new_session: bool = False
) -> Response[Any]:
    answer = page(request, "pages/staff/account_spare.html", spare=spare)
    if in_a_new_session:
        await _again(request, answer)
    return answer


async def _again(request: Request[Any, Any, Any], answer: Response[Any]) -> None:
    """Go on under a new id, now that what the account may do has changed."""
    actor: Actor = request.user
    old = request.cookies.get(COOKIE)
    name = await sessions.begin(actor.account, now=_now(request), instead_of=old)
    answer.set_cookie(sessions.cookie(name))


async def _knows_password(request: Request[Any, Any, Any], fields: Fields) -> bool:
    """What a browser left open must not do asks for the password; a try counts as any other."""
    try:
        await accounts.check_password(request.user, fields.value("password"), now=_now(request))
    except (OldPasswordWrong, SignInWaits) as error:
        fields.problems["password"] = error
        return False
    return True


def _key(request: Request[Any, Any, Any]) -> bytes:
    return one_time_codes.key(settings_of(request))


def _now(request: Request[Any, Any, Any]) -> datetime:
    clock: Clock = request.app.state.now
    return clock()


def _moment(voice: Voice, moment: datetime) -> str:
    """Day and minute as people here write them."""
    local = moment.astimezone(LOCAL)
    time = local.strftime("%H.%M" if voice.language == "da" else "%H:%M")
    told = {"day": voice.full_date(local.date()), "time": time}
    return voice.gettext("%(day)s at %(time)s") % told


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
            return voice.gettext("You look after accounts and the server, and you see no results.")
