"""Every address, method, role and unit: walked from the application, not from a list.

A new address is found by itself. Who adds a path parameter says in FILLED how to fill it.
"""

import re
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass

import pytest
from httpx import AsyncClient, Response
from litestar import Controller, Litestar, Router, get
from litestar.params import FromPath

from survey import access, engine, sessions
from survey.access import Connection
from survey.actor import Role
from survey.errors import KernepulsError
from survey.settings import Settings
from tests import cast

# Open to everybody, or to whoever holds a code or the token of a monitor.
PUBLIC = {
    *("/", "/assets/{name:str}", "/health", "/metrics"),
    *("/invited", "/sign-in", "/sign-in/provider", "/sign-in/provider/back"),
}
ANSWERING = "/svar"
EVERYBODY = frozenset(Role)
PLAN = frozenset({Role.COORDINATOR})
TRY = frozenset({Role.COORDINATOR, Role.LEADERSHIP_TEAM, Role.BRIDGE_BUILDER})
# Each guard, and the roles it may let through; written apart from the guards themselves.
MAY: dict[Callable[..., object], frozenset[Role]] = {
    access.signed_in: EVERYBODY,
    access.owns_account: EVERYBODY,
    access.reads_log: frozenset({Role.ADMINISTRATOR, Role.COORDINATOR}),
    access.reads_results: EVERYBODY - {Role.ADMINISTRATOR},
    access.reads_waves: frozenset({Role.COORDINATOR, Role.WORKS_COMMITTEE}),
    access.plans: PLAN,
    access.agrees: frozenset({Role.WORKS_COMMITTEE}),
    access.tries: TRY,
    access.keeps_accounts: frozenset({Role.ADMINISTRATOR}),
    access.reads_unit: EVERYBODY - {Role.ADMINISTRATOR},
    access.reads_report: EVERYBODY - {Role.ADMINISTRATOR},
    access.reads_across: frozenset({Role.COORDINATOR, Role.BRIDGE_BUILDER}),
}


@dataclass(frozen=True)
class Filled:
    """What stands for a path parameter: something known, something nobody has.

    `own` and `foreign` by login where a thing belongs to somebody; "" is whoever is not named, and
    to whom nothing is foreign.
    """

    unknown: str
    own: Mapping[str, str]
    foreign: Mapping[str, str]


def the_same(known: str, unknown: str) -> Filled:
    """A parameter that belongs to nobody, so that nobody's is foreign."""
    return Filled(unknown, {"": known}, {})


FILLED = {
    "account": the_same("1", "999999"),
    "code": the_same("C21", "XX"),
    "kind": the_same("rename", "nothing"),
    "unit": Filled("XX", {"": "C21", "bo": "C22"}, {"anna": "C22", "bo": "C21", "finn": "C22"}),
    "wave": the_same("2026-4", "2027-1"),
    "name": the_same("2026-4", "2027-1"),
    "language": the_same("pl", "xx"),
    "which": the_same("hr", "nobody"),
    "trial": Filled("P999", {"": "P1", "bo": "P2"}, {"anna": "P2", "bo": "P1", "finn": "P2"}),
    "to": the_same("agreed", "nowhere"),
    "behaviour": the_same("Ad8", "Ad9"),
    "number": the_same("1", "999"),
    "card": Filled("S999", {"": "S1", "bo": "S2"}, {"anna": "S2", "bo": "S1", "finn": "S2"}),
}


@dataclass(frozen=True)
class Address:
    """A path of the application, a method of it, and the roles its guards may let through."""

    path: str
    method: str
    may: frozenset[Role]

    @property
    def parameters(self) -> list[str]:
        return re.findall(r"{(\w+):\w+}", self.path)

    @property
    def is_safe(self) -> bool:
        return self.method in sessions.SAFE

    def of(self, login: str, kind: str) -> str:
        """The path filled for somebody: "own", "foreign" and "unknown" things."""

        def fill(found: re.Match[str]) -> str:
            filled = FILLED[found[1]]
            if kind == "unknown":
                return filled.unknown
            own = filled.own.get(login, filled.own[""])
            return filled.foreign.get(login, own) if kind == "foreign" else own

        return re.sub(r"{(\w+):\w+}", fill, self.path)


NOWHERE = Address("/waves/2027-1/units/XX", "GET", EVERYBODY)  # unknown to everybody


class UnitTold(KernepulsError):
    status = 403
    sentence = "This unit is somebody else's."


def addresses(app: Litestar) -> tuple[list[Address], list[str]]:
    """Every guarded address of staff, and what is wrong with the others."""
    found, wrong = [], []
    for route in app.routes:
        for handler in getattr(route, "route_handlers", []):
            path = route.path
            if path in PUBLIC or path.startswith(ANSWERING):
                continue
            guards = [getattr(guard, "func", guard) for guard in handler.resolve_guards()]
            if not guards:
                wrong.append(f"{path} has no guard")
                continue
            if unlisted := [guard.__name__ for guard in guards if guard not in MAY]:
                wrong.append(f"{path}: say in MAY which roles {unlisted[0]} lets through")
                continue
            may = frozenset.intersection(*(MAY[guard] for guard in guards))
            made = [Address(path, str(method), may) for method in handler.http_methods]
            for name in made[0].parameters:
                if name not in FILLED:
                    wrong.append(f"{path}: say in FILLED how to fill {name}")
                    made = []
            found += made
    return found, wrong


async def faults(site: cast.Site, *, only: str = "") -> list[str]:
    """What is wrong with the addresses that begin so, each as a sentence."""
    found, wrong = addresses(site.app)
    walked = [address for address in found if address.path.startswith(only)]
    # What an unsafe method changes must not stand in the way of what is read.
    walked.sort(key=lambda address: (not address.is_safe, address.path))
    wrong = [one for one in wrong if one.startswith(only)]
    for login in ["nobody", *cast.CAST]:
        walk = Walk(site, login)
        for address in walked:
            wrong += await walk.faults(address)
    return wrong


class Walk:
    """One visitor who tries every address."""

    def __init__(self, site: cast.Site, login: str) -> None:
        self.site, self.login = site, login
        self.role = Role(cast.CAST[login][0]) if login in cast.CAST else None
        self.token: dict[str, str] = {}
        self.missing: tuple[int, str, str] | None = None  # the reply to what is not there

    async def faults(self, address: Address) -> list[str]:
        told = f"{address.method} {address.path} to {self.login}"
        replies = {kind: await self.ask(address, kind) for kind in self.kinds(address)}
        # The framework looks for no session before OPTIONS, so everybody is nobody there.
        if self.role is None or address.method == "OPTIONS":
            return [
                f"{told} asks nobody to sign in"
                for reply in replies.values()
                if not self.asks_to_sign_in(address, reply)
            ]
        if self.role not in address.may:
            self.missing = self.missing or plain(await self.ask(NOWHERE, "own"))
            return [
                f"{told} is not answered as what nobody has"
                for reply in replies.values()
                if plain(reply) != self.missing
            ]
        if "foreign" in replies and plain(replies["foreign"]) != plain(replies["unknown"]):
            return [f"{told} tells foreign from unknown"]
        return []

    def kinds(self, address: Address) -> Iterable[str]:
        """Which things to ask for: what would change something of one's own is left alone."""
        if not address.parameters:
            return () if self.role in address.may and not address.is_safe else ("own",)
        if self.role is None or self.role not in address.may:
            return ("own", "unknown")
        owned = any(self.login in FILLED[name].foreign for name in address.parameters)
        return ("foreign", "unknown") if owned else ("unknown",)

    async def ask(self, address: Address, kind: str) -> Response:
        browser = await self.browser()
        path = address.of(self.login, kind)
        data = None if address.is_safe else self.token
        return await browser.request(address.method, path, data=data)

    async def browser(self) -> AsyncClient:
        if self.role is None:
            browser = self.site.browser()
            self.token = self.token or cast.token(await browser.get("/sign-in"))
            return browser
        browser = await self.site.signed_in(self.login)
        self.token = self.token or cast.token(await browser.get("/account"))
        return browser

    def asks_to_sign_in(self, address: Address, reply: Response) -> bool:
        if address.is_safe:
            there = reply.headers.get("location", "")
            return reply.status_code == 303 and there.startswith("/sign-in?next=")
        return reply.status_code == 401


def plain(reply: Response) -> tuple[int, str, str]:
    """A reply without what is drawn anew for each, and without where the menu says one is."""
    drawn = r'name="(_csrf_token|once)" value="[0-9a-f]*"| aria-current="page"'
    text = re.sub(drawn, "", reply.text)
    drawn_too = ("set-cookie", "content-length")
    kept = {name: value for name, value in reply.headers.items() if name not in drawn_too}
    return reply.status_code, str(sorted(kept.items())), text


@pytest.fixture
async def site(settings: Settings) -> AsyncIterator[cast.Site]:
    async with engine.opened(settings, migrate=True):
        await cast.enter(settings)
        await cast.write_trials_and_cards()
        cast.store_releases(settings, *cast.WAVES)
        async with cast.site(settings) as site:
            yield site


async def test_every_address_answers_each_role_as_its_guard_says(site: cast.Site) -> None:
    assert await faults(site) == []


def plant(site: cast.Site, *handlers: object) -> None:
    """Add addresses behind the middleware of staff, as a new page would be."""
    before = sessions.staff_middleware(site.app.state.settings)
    site.app.register(Router("/", route_handlers=handlers, middleware=before))


async def test_an_address_without_a_guard_is_found(site: cast.Site) -> None:
    @get("/planted/open")
    async def unguarded() -> None:
        return None

    plant(site, unguarded)

    assert set(await faults(site, only="/planted")) == {"/planted/open has no guard"}


async def test_an_address_that_tells_foreign_from_unknown_is_found(site: cast.Site) -> None:
    @get("/planted/{unit:str}", guards=[access.reads_results])
    async def leaky(unit: FromPath[str]) -> None:
        if unit == "C22":
            raise UnitTold
        raise access.NotFoundHere

    plant(site, leaky)

    found = await faults(site, only="/planted")

    assert "GET /planted/{unit:str} to anna tells foreign from unknown" in found


async def test_a_guard_that_lets_the_wrong_role_through_is_found(
    site: cast.Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def open_to_all(_connection: Connection, _handler: object) -> None:
        return None

    @get("/planted/accounts", guards=[open_to_all])
    async def accounts() -> None:
        return None

    plant(site, accounts)
    monkeypatch.setitem(MAY, open_to_all, frozenset({Role.ADMINISTRATOR}))

    found = await faults(site, only="/planted")

    assert "GET /planted/accounts to carla is not answered as what nobody has" in found
    assert "GET /planted/accounts to nobody asks nobody to sign in" in found
    assert not [fault for fault in found if " to dan " in fault]


async def test_a_parameter_or_a_guard_that_is_not_explained_is_named(site: cast.Site) -> None:
    def a_new_guard(_connection: Connection, _handler: object) -> None:
        return None

    class Pathway(Controller):
        path = "/planted/{pathway:str}"
        guards = (access.plans,)

        @get()
        async def show(self, pathway: FromPath[str]) -> None:
            return None

    class Guarded(Controller):
        path = "/planted"
        guards = (a_new_guard,)

        @get()
        async def show(self) -> None:
            return None

    plant(site, Pathway, Guarded)

    assert set(await faults(site, only="/planted")) == {
        "/planted/{pathway:str}: say in FILLED how to fill pathway",
        "/planted: say in MAY which roles a_new_guard lets through",
    }


def test_somebody_of_the_cast_has_each_role() -> None:
    assert {Role(role) for role, _ in cast.CAST.values()} == EVERYBODY
