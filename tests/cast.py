"""The cast and the stage of the pages for staff: accounts, a small tree, waves with a result.

Anna    leadership team of C21          Dan     administrator, sees no results
Bo      leadership team of C22          Eva     works committee
Carla   coordinator                     Finn    bridge-builder on the pathway C21, B1
"""

import asyncio
import fcntl
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache

import msgspec
from httpx import ASGITransport, AsyncClient, Response
from litestar import Litestar

from analysis.findings import encode
from survey import house, sessions
from survey.actions import accounts
from survey.app import create_app, told
from survey.settings import Settings
from survey.tables import (
    Account,
    AccountUnit,
    Behaviour,
    Escalation,
    EscalationUnit,
    Invited,
    OpenedShare,
    TrialAction,
    TrialUnit,
    Unit,
    UnitVersion,
    Wave,
    WaveBehaviour,
)
from tests.analysis.release_factory import UNITS, release

PASSWORD = "a sentence of some words"
CAST = {
    "anna": ("leadership_team", ("C21",)),
    "bo": ("leadership_team", ("C22",)),
    "carla": ("coordinator", ()),
    "dan": ("administrator", ()),
    "eva": ("works_committee", ()),
    "finn": ("bridge_builder", ("C21", "B1")),
}
WAVES = ("2026-1", "2026-2", "2026-3", "2026-4")
BEGIN = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


@cache
def password_hash() -> str:
    return accounts.HASHER.hash(PASSWORD)


async def enter(settings: Settings) -> None:
    """Units and accounts, in a database that is open; no wave and no result yet."""
    house.write_fjordlund(settings)
    rows = await Unit.insert(*(Unit(code=code) for code, *_ in UNITS))
    ids = {code: row["id"] for (code, *_), row in zip(UNITS, rows, strict=True)}
    await UnitVersion.insert(
        *(
            UnitVersion(
                unit=ids[code],
                parent=ids[parent] if parent else None,
                name=name,
                headcount=10,
                valid_from="2026-1",
            )
            for code, parent, name, _, _ in UNITS
        )
    )
    made = await Account.insert(
        *(
            Account(login=login, password_hash=password_hash(), role=role)
            for login, (role, _) in CAST.items()
        )
    )
    await AccountUnit.insert(
        *(
            AccountUnit(account=account["id"], unit=ids[unit])
            for account, (_, units) in zip(made, CAST.values(), strict=True)
            for unit in units
        )
    )


async def plan_waves(*states: str) -> None:
    """A wave for each state, in the order of time.

    An open wave opens in the far future: the server's own nightly count leaves it alone.
    """
    [behaviour] = await Behaviour.insert(Behaviour(code="Ad8", text="-", situation="-"))
    unit = await unit_id("C21")
    for number, state in enumerate(states, start=1):
        year = 2126 if state == "open" else 2026
        [wave] = await Wave.insert(
            Wave(
                name=f"2026-{number}",
                opens=date(year, 2 * number, 3),
                closes=date(year, 2 * number, 16),
                state=state,
                med_date=None if state == "draft" else date(2026, 2 * number - 1, 14),
            )
        )
        await WaveBehaviour.insert(WaveBehaviour(wave=wave["id"], behaviour=behaviour["id"]))
        if state != "draft":
            await Invited.insert(
                Invited(
                    wave=wave["id"],
                    unit=unit,
                    behaviour=behaviour["id"],
                    profession="sosu-assistenter",
                    n=2339,
                )
            )


async def write_trials_and_cards() -> None:
    """A trial action and a card sent up of Anna's unit, P1 and S1, and of Bo's, P2 and S2."""
    words = dict.fromkeys(("experience", "citizen", "tried", "ask"), "Kort sagt.")
    days = {"sent_on": BEGIN.date(), "answer_by": BEGIN.date()}
    for number, code in enumerate(("C21", "C22"), start=1):
        once, unit = str(number), await unit_id(code)
        [trial] = await TrialAction.insert(
            TrialAction(code=f"P{once}", name="telefontid", start_wave="", state="idea", once=once)
        )
        await TrialUnit(trial_action=trial["id"], unit=unit, role="tried").save()
        [card] = await Escalation.insert(
            Escalation(code=f"S{once}", level="two_units", once=once, **words, **days)
        )
        await EscalationUnit(escalation=card["id"], unit=unit, role="sender").save()


async def count_opened(wave: str, shares: dict[str, int]) -> None:
    """What the nightly count leaves: unit code -> per cent."""
    row = await Wave.select(Wave.id).where(Wave.name == wave).first()
    assert row is not None
    for code, per_cent in shares.items():
        await OpenedShare.insert(
            OpenedShare(
                wave=row["id"],
                unit=await unit_id(code),
                per_cent=per_cent,
                day=date(2026, 11, 6),
            )
        )


async def unit_id(code: str) -> int:
    unit = await Unit.select(Unit.id).where(Unit.code == code).first()
    assert unit is not None
    return int(unit["id"])


def store_releases(settings: Settings, *waves: str) -> None:
    """The stored release of each wave, as a close leaves it."""
    folder = settings.data / "releases"
    folder.mkdir(exist_ok=True)
    for wave in waves:
        earlier = tuple(one for one in waves if one < wave)
        made = msgspec.structs.replace(release(wave, first=not earlier), earlier=earlier)
        (folder / f"{wave}.json").write_bytes(encode(made))


@dataclass
class Clock:
    """A clock that a test sets forward."""

    now: datetime = BEGIN

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **time: int) -> None:
        self.now += timedelta(**time)


@dataclass
class Site:
    """The application over an installation that is open, and a browser for each of the cast."""

    app: Litestar
    clock: Clock
    browsers: dict[str, AsyncClient] = field(default_factory=dict)

    def browser(self, name: str = "nobody") -> AsyncClient:
        """Cookies of its own; `__Host-` cookies are sent back over TLS only."""
        if name not in self.browsers:
            self.browsers[name] = AsyncClient(
                transport=ASGITransport(app=self.app), base_url="https://127.0.0.1:8000"
            )
        return self.browsers[name]

    async def signed_in(self, login: str) -> AsyncClient:
        """A browser with a session, made behind the sign-in form: hashing is slow."""
        browser = self.browser(login)
        if sessions.COOKIE not in browser.cookies:
            row = await Account.select(Account.id).where(Account.login == login).first()
            assert row is not None
            name = await sessions.begin(row["id"], now=self.clock())
            browser.cookies.set(sessions.COOKIE, name, domain="127.0.0.1")
        return browser


# Applications that no test works with any more, by address, with the key of their form tokens.
KEPT: dict[str, list[tuple[Litestar, str]]] = defaultdict(list)


@contextmanager
def application(
    settings: Settings, now: Callable[[], datetime] = sessions.utc_now
) -> Iterator[Litestar]:
    """The application of an installation; a new one gets that of a test before: .2 s is its price.

    They differ by their address and the key of their form tokens, which the new one gets with it.
    All else it knows is in its state. One that a test has added a page to is not given away.
    """
    file, kept = settings.data / "keys" / "forms.secret", KEPT[settings.url]
    if kept and not file.exists():
        app, key = kept.pop()
        app.state = told(settings, now=now)
        file.parent.mkdir(mode=0o700, exist_ok=True)
        file.write_text(key, encoding="ascii")
        file.chmod(0o400)
    else:
        app = create_app(settings, now=now)
        key = file.read_text(encoding="ascii")
    pages = len(app.routes)
    yield app
    if len(app.routes) == pages:
        kept.append((app, key))


@asynccontextmanager
async def site(settings: Settings) -> AsyncIterator[Site]:
    """The application, and a clock that a test moves."""
    clock = Clock()
    with application(settings, clock) as app:
        made = Site(app, clock)
        async with lived(app):
            try:
                yield made
            finally:
                for browser in made.browsers.values():
                    await browser.aclose()


@contextmanager
def closed_elsewhere(settings: Settings) -> Iterator[None]:
    """As while another process closes a wave: this server does not go on with it by itself."""
    with (settings.data / "closing.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@asynccontextmanager
async def lived(app: Litestar) -> AsyncIterator[None]:
    """Started and at the end stopped in one task of its own, as it must be."""
    started, over = asyncio.Event(), asyncio.Event()

    async def live() -> None:
        async with app.lifespan():
            started.set()
            await over.wait()

    life = asyncio.create_task(live())
    await asyncio.wait([life, asyncio.create_task(started.wait())], return_when="FIRST_COMPLETED")
    try:
        if not life.done():
            yield
    finally:
        over.set()
        await life


@asynccontextmanager
async def visited(app: Litestar, url: str = "http://127.0.0.1:8000") -> AsyncIterator[AsyncClient]:
    """A visitor of the application, on the loop of the test: the store's lock knows one loop."""
    async with (
        lived(app),
        AsyncClient(
            transport=ASGITransport(app=app), base_url=url, follow_redirects=True
        ) as visitor,
    ):
        yield visitor


async def sign_in(
    browser: AsyncClient, login: str, password: str = PASSWORD, **more: str
) -> Response:
    """Fill in the form as a person does."""
    form = await browser.get("/sign-in")
    return await browser.post(
        "/sign-in", data={"login": login, "password": password, **token(form), **more}
    )


def token(page: Response) -> dict[str, str]:
    """The hidden field of a form."""
    found = re.search(r'name="_csrf_token" value="([0-9a-f]+)"', page.text)
    assert found is not None
    return {"_csrf_token": found[1]}
