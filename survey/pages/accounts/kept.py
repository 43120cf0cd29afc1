"""The accounts of staff, for the administrator: invite, change, stop, and lead back in."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from survey import organisation, texts
from survey.access import keeps_accounts
from survey.actions import account_keeping, account_mail
from survey.actions.account_keeping import VALID, Invited, LastAdministrator, OwnAccount
from survey.actions.accounts import AddressUnusable, LoginTaken, LoginUnusable, checked_login
from survey.actions.opening import LOCAL
from survey.actor import Actor, Role
from survey.delivery.letters import FieldEmpty as SenderMissing
from survey.delivery.post import MailServerUnreachable, NotDelivered, SenderUnusable
from survey.errors import N_, ChangedMeanwhile, KernepulsError, NotFoundHere
from survey.organisation import Tree, grow
from survey.pages import unit_picker
from survey.pages.forms import ChoiceMissing, Fields, done, notice, posted
from survey.pages.layout import LANGUAGE_NAMES, language_for, page, role_name, settings_of
from survey.sessions import Clock
from survey.tables import Account, AccountInvitation, AccountUnit, OneTimeCode
from survey.texts import LANGUAGES, Voice, language_of

A_PAGE = 50
LIST, FORM = "pages/staff/accounts.html", "pages/staff/accounts_form.html"
LINK, NEW = "pages/staff/accounts_link.html", "pages/staff/accounts_new.html"
SAID = {
    "changed": N_("Saved. The account has to sign in again."),
    "stopped": N_("The account is stopped, and every browser is signed out."),
    "restarted": N_("The account is open again, with the password it had."),
    "removed": N_("One-time codes are removed. The password alone opens the account."),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """An account as the administrator sees it: never a result, never a password."""

    id: int
    login: str
    role: str
    units: tuple[str, ...]
    is_active: bool
    has_password: bool
    has_codes: bool
    invited_until: datetime | None

    @property
    def state(self) -> str:
        """A msgid."""
        if not self.is_active:
            return N_("Stopped")
        if self.has_password:
            return N_("In use")
        return N_("Invited") if self.invited_until else N_("The invitation has run out")


class AccountsPages(Controller):
    """The list, and the form of a new account."""

    path = "/accounts"
    guards = (keeps_accounts,)

    @get("/", name="accounts")
    async def show(self, request: Request[Any, Any, Any]) -> Response[str]:
        """A page of accounts by login; a search looks at logins, roles and units."""
        voice = Voice(language_for(request))
        find = request.query_params.get("find", "").strip()[:80]
        told = request.query_params.get("page", "1")
        number = max(int(told), 1) if told.isascii() and told.isdigit() and len(told) < 6 else 1
        found = [one for one in await _accounts(voice, _now(request)) if _matches(one, find)]
        first = (number - 1) * A_PAGE
        return page(
            request,
            LIST,
            accounts=found[first : first + A_PAGE],
            found=len(found),
            find=find,
            number=number,
            pages=max(-(-len(found) // A_PAGE), 1),
        )

    @get("/new", name="new_account")
    async def blank(self, request: Request[Any, Any, Any]) -> Response[str]:
        return await _new(request, Fields.of(language="da"))

    @post("/new")
    async def invite(self, request: Request[Any, Any, Any]) -> Response[Any]:
        """Make the account; the reply is the only page that ever shows its link."""
        fields = await posted(request)
        if unit_picker.is_asking(fields):
            return await _new(request, fields)
        actor: Actor = request.user
        login, email = fields.text("login", most=64), fields.text("email", required=False)
        role, units, language = await _placed(fields)
        if login:
            try:
                checked_login(login)
            except LoginUnusable as error:
                fields.problems["login"] = error
        if not fields.problems:
            try:
                invited = await account_keeping.invite(
                    login=login,
                    role=role,
                    units=units,
                    language=language_of(language),
                    once=fields.once,
                    now=_now(request),
                    by=actor.account,
                    email=email if fields.tick("told") else "",
                )
            except LoginTaken as error:
                fields.problems["login"] = error
            except AddressUnusable as error:
                fields.problems["email"] = error
            else:
                return await _handed_over(request, invited, email=email)
        return await _new(request, fields, status=422)


class AccountPages(Controller):
    """One account, and what is done to it."""

    path = "/accounts/{account:int}"
    guards = (keeps_accounts,)

    @get("/", name="one_account")
    async def show(self, request: Request[Any, Any, Any], account: FromPath[int]) -> Response[str]:
        return await _one(request, account, await _stored(account))

    @post("/")
    async def change(
        self, request: Request[Any, Any, Any], account: FromPath[int]
    ) -> Response[Any]:
        """Another role, other units, another language."""
        stored = await _stored(account)
        fields, actor = await posted(request), request.user
        if unit_picker.is_asking(fields):
            return await _one(request, account, fields)
        role, units, language = await _placed(fields)
        problem: KernepulsError | None = None
        if not fields.problems:
            try:
                await account_keeping.change(
                    account,
                    role=role,
                    units=units,
                    language=language_of(language),
                    version=fields.version,
                    by=actor.account,
                )
            except ChangedMeanwhile as error:
                fields.keep(stored)
                problem = error
            except (OwnAccount, LastAdministrator) as error:
                fields.problems["role"] = error
            else:
                return done(f"/accounts/{account}", "changed")
        status = problem.status if problem else 422
        return await _one(request, account, fields, status=status, problem=problem)

    @post("/stop")
    async def stop(self, request: Request[Any, Any, Any], account: FromPath[int]) -> Response[Any]:
        try:
            await account_keeping.stop(account, by=request.user.account)
        except (OwnAccount, LastAdministrator) as error:
            stored = await _stored(account)
            return await _one(request, account, stored, status=error.status, problem=error)
        return done(f"/accounts/{account}", "stopped")

    @post("/restart")
    async def restart(
        self, request: Request[Any, Any, Any], account: FromPath[int]
    ) -> Response[Any]:
        await account_keeping.restart(account, by=request.user.account)
        return done(f"/accounts/{account}", "restarted")

    @post("/link")
    async def link(self, request: Request[Any, Any, Any], account: FromPath[int]) -> Response[Any]:
        """A new link for a forgotten password; the reply is the only page that shows it."""
        fields = await posted(request)
        email = fields.text("email", required=False)
        invited = await account_keeping.invite_again(
            account, now=_now(request), by=request.user.account
        )
        return await _handed_over(request, invited, email=email)

    @post("/codes/remove")
    async def remove_codes(
        self, request: Request[Any, Any, Any], account: FromPath[int]
    ) -> Response[Any]:
        await account_keeping.remove_codes(account, by=request.user.account)
        return done(f"/accounts/{account}", "removed")


ROUTES: list[ControllerRouterHandler] = [AccountsPages, AccountPages]


async def _placed(fields: Fields) -> tuple[str, tuple[str, ...], str]:
    """Role, units and language of the form; units only where the role has them."""
    role = fields.choice("role", [one.value for one in Role])
    language = fields.choice("language", LANGUAGES)
    if not role or not Role(role).has_units:
        return role, (), language
    units = unit_picker.chosen(await _tree(), fields)
    if not units:
        fields.problems["units"] = ChoiceMissing()
    return role, units, language


async def _new(
    request: Request[Any, Any, Any], fields: Fields, *, status: int = 200
) -> Response[str]:
    voice = Voice(language_for(request))
    return page(request, NEW, status=status, fields=fields, **await _choices(voice, fields))


async def _one(
    request: Request[Any, Any, Any],
    account: int,
    fields: Fields,
    *,
    status: int = 200,
    problem: KernepulsError | None = None,
) -> Response[str]:
    voice = Voice(language_for(request))
    found = await _accounts(voice, _now(request), only=account)
    if not found:
        raise NotFoundHere
    [shown] = found
    return page(
        request,
        FORM,
        status=status,
        account=shown,
        is_own=account == request.user.account,
        fields=fields,
        problem=texts.sentence(problem, voice.language) if problem else "",
        said=notice(request, voice, SAID),
        **await _choices(voice, fields),
    )


async def _choices(voice: Voice, fields: Fields) -> Mapping[str, object]:
    tree = await _tree()
    return {
        "roles": [(role.value, role_name(voice, role)) for role in Role],
        "languages": [(code, LANGUAGE_NAMES[code]) for code in LANGUAGES],
        "picker": unit_picker.picker(tree, fields) if tree else None,
    }


async def _tree() -> Tree:
    """The tree of today; empty before the first import."""
    return grow(one for one in await organisation.versions() if one.holds(None))


async def _stored(account: int) -> Fields:
    """An account as its form; NotFoundHere where there is none."""
    row = await Account.select().where(Account.id == account).first()
    if row is None:
        raise NotFoundHere
    units = await AccountUnit.select(AccountUnit.unit.code.as_alias("code")).where(
        AccountUnit.account == account
    )
    return Fields.of(
        row["version"],
        role=row["role"],
        language=row["language"],
        units=tuple(unit["code"] for unit in units),
    )


async def _accounts(voice: Voice, now: datetime, *, only: int | None = None) -> list[Shown]:
    """Every account by login, or one, with its units' names in the order they were given."""
    accounts = Account.select().order_by(Account.login)
    placed = AccountUnit.select(
        AccountUnit.account, AccountUnit.unit.code.as_alias("code")
    ).order_by(AccountUnit.id)
    if only is not None:
        accounts = accounts.where(Account.id == only)
        placed = placed.where(AccountUnit.account == only)
    links = await AccountInvitation.select(AccountInvitation.account, AccountInvitation.ends_at)
    coded = await OneTimeCode.select(OneTimeCode.account)
    given = [(row["account"], row["code"]) for row in await placed]
    names = await organisation.unit_names({code for _, code in given})
    until = {row["account"]: row["ends_at"] for row in links if row["ends_at"] > now}
    units: dict[int, list[str]] = {}
    for account, code in given:
        units.setdefault(account, []).append(names.get(code, code))
    has_codes = {row["account"] for row in coded}
    return [
        Shown(
            id=row["id"],
            login=row["login"],
            role=role_name(voice, Role(row["role"])),
            units=tuple(units.get(row["id"], ())),
            is_active=row["active"],
            has_password=bool(row["password_hash"]),
            has_codes=row["id"] in has_codes,
            invited_until=until.get(row["id"]),
        )
        for row in await accounts
    ]


def _matches(account: Shown, find: str) -> bool:
    told = " ".join((account.login, account.role, *account.units)).casefold()
    return all(word in told for word in find.casefold().split())


async def _handed_over(
    request: Request[Any, Any, Any], invited: Invited, *, email: str
) -> Response[str]:
    """The link, to hand over or sent; it stands after #, which no browser sends to a server."""
    settings, now = settings_of(request), _now(request)
    row = await Account.select().where(Account.id == invited.account).first()
    if row is None:
        raise NotFoundHere
    until = (now + VALID).astimezone(LOCAL).date()
    link = f"{settings.url}/invited#{invited.token}"
    sent = False
    if email:
        try:
            await account_mail.send_invitation(
                settings,
                to=email,
                login=row["login"],
                link=link,
                until=until,
                language=language_of(row["language"]),
                today=now.astimezone(LOCAL).date(),
            )
            sent = True
        except (NotDelivered, SenderMissing, SenderUnusable, MailServerUnreachable):
            sent = False  # the page says so, and shows the link all the same
    return page(
        request,
        LINK,
        account=invited.account,
        login=row["login"],
        link=link,
        until=until,
        email=email,
        sent=sent,
    )


def _now(request: Request[Any, Any, Any]) -> datetime:
    clock: Clock = request.app.state.now
    return clock()
