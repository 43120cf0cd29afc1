"""Signing in by the organisation's own provider: who has an account comes in, nothing else does."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from urllib.parse import urlsplit

import httpx
import pytest
from httpx import AsyncClient, Response

from survey import engine, oidc, sessions, texts
from survey import settings as installation
from survey.pages.accounts.provider import COOKIE, PURPOSE
from survey.sessions import COOKIE as SESSION
from survey.settings import Settings
from survey.tables import Account, StaffSession
from tests import cast, provider
from tests.provider import Claims, Provider

REFUSED = "førte ikke til en konto her"


@pytest.fixture
async def there(settings: Settings) -> AsyncIterator[tuple[cast.Site, Provider]]:
    """A site with a provider, and the provider."""
    clock = cast.Clock()
    with provider.running(clock) as one:
        known = settings_for(settings, one)
        async with engine.opened(known, migrate=True):
            await cast.enter(known)
            async with cast.site(known) as site:
                one.now = site.clock
                yield site, one


def settings_for(settings: Settings, one: Provider) -> Settings:
    known = settings_of_provider(one)
    return replace(settings, provider=known)


def settings_of_provider(one: Provider) -> installation.Provider:
    return installation.Provider(issuer=one.issuer, client=provider.CLIENT, secret=provider.SECRET)


async def out(browser: AsyncClient, wanted: str = "") -> str:
    """To the provider, where somebody signs in: the address it sends the browser back to."""
    go = await browser.get("/sign-in/provider", params={"next": wanted} if wanted else {})
    async with httpx.AsyncClient() as outside:
        reply = await outside.get(go.headers["location"])
    parts = urlsplit(reply.headers["location"])
    return f"{parts.path}?{parts.query}"


async def there_and_back(browser: AsyncClient, wanted: str = "") -> Response:
    return await browser.get(await out(browser, wanted))


async def test_who_has_an_account_comes_in_and_goes_on(
    there: tuple[cast.Site, Provider],
) -> None:
    site, _ = there
    browser = site.browser()

    form = await browser.get("/sign-in")
    reply = await there_and_back(browser, "/account")

    assert 'href="/sign-in/provider"' in form.text
    assert (reply.status_code, reply.headers["location"]) == (303, "/account")
    assert (await browser.get("/account")).status_code == 200
    assert COOKIE not in browser.cookies


async def test_nobody_gets_an_account_by_it_and_a_stopped_one_stays_shut(
    there: tuple[cast.Site, Provider],
) -> None:
    site, one = there
    await Account.update({Account.active: False}).where(Account.login == "bo")
    before = await Account.count()

    replies = []
    for login in ("grete", "bo", "", "anna@elsewhere.example"):
        one.login = login
        replies.append(await there_and_back(site.browser(login)))

    assert {reply.status_code for reply in replies} == {403}
    assert all(REFUSED in reply.text for reply in replies)
    assert await Account.count() == before


def with_claim(**changed: object) -> Callable[[Claims], Claims]:
    return lambda claims: {**claims, **changed}


def without(claim: str) -> Callable[[Claims], Claims]:
    return lambda claims: {name: value for name, value in claims.items() if name != claim}


LONG_AGO = int(cast.BEGIN.timestamp()) - 3600
LIES: dict[str, dict[str, Callable[[Claims], object]]] = {
    "another nonce": {"bend": with_claim(nonce="another")},
    "no nonce": {"bend": without("nonce")},
    "another issuer": {"bend": with_claim(iss="https://elsewhere.example")},
    "for somebody else": {"bend": with_claim(aud="another client")},
    "for two, and not asked by us": {"bend": with_claim(aud=["kernepuls", "b"], azp="b")},
    "no audience": {"bend": without("aud")},
    "expired": {"bend": with_claim(exp=LONG_AGO)},
    "never expires": {"bend": without("exp")},
    "of tomorrow": {"bend": with_claim(iat=LONG_AGO + 86_400)},
    "no subject": {"bend": without("sub")},
    "no login": {"bend": without("preferred_username")},
    "a login that is no text": {"bend": with_claim(preferred_username=["anna"])},
    "signed by another": {"sign": provider.signed_by_another},
    "signed with the secret": {"sign": provider.signed_with_the_secret},
    "not signed": {"sign": provider.not_signed},
    "no token at all": {"sign": lambda _: "no token"},
}


async def test_a_token_that_lies_lets_nobody_in(there: tuple[cast.Site, Provider]) -> None:
    site, one = there
    honest = (one.bend, one.sign)

    let_in = {}
    for name, lie in LIES.items():
        one.bend, one.sign = lie.get("bend", honest[0]), lie.get("sign", honest[1])
        reply = await there_and_back(site.browser(name))
        let_in[name] = reply.status_code, REFUSED in reply.text, SESSION in reply.cookies

    assert let_in == dict.fromkeys(LIES, (403, True, False))
    assert one.asked.count("/token") == len(LIES)


async def test_a_token_for_two_that_we_asked_for_lets_in(
    there: tuple[cast.Site, Provider],
) -> None:
    site, one = there
    one.bend = with_claim(aud=["kernepuls", "b"], azp="kernepuls")

    assert (await there_and_back(site.browser())).status_code == 303


async def test_what_comes_back_works_once_and_in_the_browser_that_began(
    there: tuple[cast.Site, Provider],
) -> None:
    site, one = there
    mine, thief = site.browser("mine"), site.browser("thief")
    back = await out(mine)
    kept = mine.cookies[COOKIE]
    await out(thief)

    stolen = await thief.get(back)
    first = await mine.get(back)
    mine.cookies.set(COOKIE, kept, domain="127.0.0.1")
    one.codes |= {back.partition("code=")[2].partition("&")[0]: one_asked(one, kept, site)}
    again = await mine.get(back)

    assert [reply.status_code for reply in (stolen, first, again)] == [403, 303, 403]
    assert one.asked.count("/token") == 2  # a foreign browser is refused before anything is asked


def one_asked(one: Provider, cookie: str, site: cast.Site) -> dict[str, str]:
    """What a provider that gives the same code twice would remember of the sign-in."""
    key = sessions.key_for(site.app.state.settings, PURPOSE)
    pending = oidc._opened(cookie, key)
    assert pending is not None
    return {
        "nonce": pending.nonce,
        "code_challenge": oidc._challenge(pending.verifier),
        "redirect_uri": site.app.state.settings.url + oidc.BACK,
    }


async def test_a_reply_that_does_not_belong_to_the_question_is_refused_unasked(
    there: tuple[cast.Site, Provider],
) -> None:
    site, one = there

    replies = {}
    for change in ("another state", "no code", "denied", "no cookie", "too late"):
        browser = site.browser(change)
        back = await out(browser)
        match change:
            case "another state":
                back = back.replace("state=", "state=x")
            case "no code":
                back = back.replace("code=", "kode=")
            case "denied":
                back += "&error=access_denied"
            case "no cookie":
                browser.cookies.delete(COOKIE)
            case _:
                site.clock.pass_by(minutes=10)
        replies[change] = (await browser.get(back)).status_code

    assert replies == dict.fromkeys(replies, 403)
    assert "/token" not in one.asked
    assert await StaffSession.count() == 0


async def test_a_provider_that_is_down_is_said_and_the_password_still_works(
    there: tuple[cast.Site, Provider],
) -> None:
    site, one = there
    browser = site.browser()

    replies = []
    for down in ("/token", "/keys", "/.well-known"):
        one.down = ""
        address = "/sign-in/provider" if down == "/.well-known" else await out(browser)
        one.down = down
        replies.append(await browser.get(address))

    assert [reply.status_code for reply in replies] == [503] * 3
    assert all("svarer ikke lige nu" in reply.text for reply in replies)
    assert (await cast.sign_in(browser, "anna")).status_code == 303


async def test_a_provider_that_is_gone_or_calls_itself_otherwise_is_down(
    settings: Settings,
) -> None:
    gone = settings_of_provider(Provider("http://127.0.0.1:9", cast.Clock()))
    with provider.running(cast.Clock()) as one:
        other = replace(settings_of_provider(one), issuer=f"{one.issuer}/")
        for known in (gone, other):
            with pytest.raises(oidc.ProviderDown):
                await oidc.begin(known, url=settings.url, key=b"k" * 32, now=cast.BEGIN, wanted="")


async def test_without_a_provider_there_is_no_button_and_no_such_page(
    settings: Settings,
) -> None:
    async with engine.opened(settings, migrate=True):
        await cast.enter(settings)
        async with cast.site(settings) as site:
            browser = site.browser()
            form = await browser.get("/sign-in")
            replies = [
                await browser.get(address)
                for address in ("/sign-in/provider", "/sign-in/provider/back?code=a&state=b")
            ]

    assert "/sign-in/provider" not in form.text
    assert [reply.status_code for reply in replies] == [404, 404]


def test_the_provider_comes_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    secret = tmp_path_factory.mktemp("secret") / "secret"
    secret.write_text("in a file\n")
    monkeypatch.setenv("KERNEPULS_OIDC_ISSUER", "https://login.kommune.example")
    alone = installation.from_environment().provider
    monkeypatch.setenv("KERNEPULS_OIDC_CLIENT", "kernepuls")
    monkeypatch.setenv("KERNEPULS_OIDC_SECRET_FILE", str(secret))
    monkeypatch.setenv("KERNEPULS_OIDC_CLAIM", "email")

    found = installation.from_environment().provider

    assert alone is None
    assert found == installation.Provider(
        "https://login.kommune.example", "kernepuls", "in a file", "email"
    )
    assert "in a file" not in repr(found)
    assert texts.sentence(oidc.NotLetIn(), "en").startswith("Your work login did not lead")
