"""Accounts, signing in and the log in a real browser: each state seen, and done by keyboard."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect

from survey import audit, engine, sessions
from survey.settings import Settings
from tests import cast
from tests.browsing import seen_at, served, watched

PAGES = {  # name: who looks, address
    "list": ("dan", "/accounts"),
    "found none": ("dan", "/accounts?find=zzz"),
    "invite": ("dan", "/accounts/new"),
    "one": ("dan", "/accounts/1"),
    "one in English": ("dan", "/accounts/1?lang=en"),
    "own": ("anna", "/account"),
    "codes": ("anna", "/account/one-time-codes"),
    "log": ("dan", "/log"),
    "invited": ("", "/invited"),
}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with served(build) as (settings, _):
        yield settings.url


async def build(settings: Settings) -> None:
    """The cast, and more deeds than a page of the log shows."""
    async with engine.opened(settings, migrate=True):
        await cast.enter(settings)
        for n in range(60):
            await audit.record(by=n % 6 + 1, what="opened report", on_what=f"2026-4/C{n}")


@pytest.fixture(scope="module")
def signed_in(browser: Browser, address: str) -> dict[str, Any]:
    """The cookies of each who looks, from one sign-in with the form."""
    kept: dict[str, Any] = {"": None}
    for login in ("anna", "dan"):
        context = browser.new_context(base_url=address)
        page = context.new_page()
        page.goto("/sign-in")
        sign_in(page, login)
        expect(page.get_by_role("button", name="Log ud")).to_be_visible()
        kept[login] = context.storage_state()
        context.close()
    return kept


def sign_in(page: Page, login: str) -> None:
    page.get_by_label("Brugernavn").fill(login)
    page.get_by_label("Kodeord").fill(cast.PASSWORD)
    page.get_by_role("button", name="Log ind", exact=True).click()


@pytest.fixture
def opened(
    browser: Browser, address: str, signed_in: dict[str, Any]
) -> Iterator[Callable[..., Page]]:
    """A function that opens a page of PAGES, or an address, as somebody of the cast."""
    with watched(browser) as new:

        def named(name: str, login: str = "", **options: Any) -> Page:
            login, path = PAGES.get(name, (login, name))
            wide = {"width": 1280, "height": 800}
            state = signed_in[login]
            page = new(base_url=address, viewport=wide, storage_state=state, **options)
            page.goto(path)
            return page

        yield named


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    looked_at: Callable[[str, Any], Page], address: str, signed_in: dict[str, Any], name: str
) -> None:
    login, path = PAGES[name]
    page = looked_at(f"{address}{path}", signed_in[login])
    for summary in page.locator("summary").all():
        summary.click()

    assert seen_at(page, 320, 360, 1280, 1920) == []


def test_forms_that_are_refused_are_whole_pages_too(opened: Callable[..., Page]) -> None:
    invite, own, stop = opened("invite"), opened("own"), opened("/accounts/1", login="dan")
    invite.get_by_role("button", name="Opret kontoen").last.click()
    own.get_by_role("button", name="Skift kodeord").click()
    stop.get_by_label("MED-udvalg").check()
    stop.get_by_label("Find en enhed").fill("nord")
    stop.get_by_role("button", name="Søg").click()

    for page in (invite, own, stop):
        assert seen_at(page, 320, 1280) == []
    expect(invite).to_have_title("Fejl: Invitér en person · Kernepuls")
    expect(stop.get_by_label("MED-udvalg")).to_be_checked()


def test_an_account_is_made_and_taken_over_by_keyboard_alone(
    opened: Callable[..., Page],
) -> None:
    """Without JavaScript, so the code of the link is pasted: the whole way of a new colleague."""
    dan = opened("invite", java_script_enabled=False)
    dan.get_by_label("Brugernavn").focus()
    dan.keyboard.type("grete")
    tab_to(dan, "Koordinator")
    dan.keyboard.press("ArrowDown")
    expect(dan.get_by_label("Ledelsesteam")).to_be_checked()
    tab_to(dan, "Find en enhed")
    dan.keyboard.type("nord")
    dan.keyboard.press("Enter")
    tab_to(dan, "Hjemmepleje Nord")
    dan.keyboard.press("Space")
    tab_to(dan, "Dansk")
    dan.keyboard.press("Space")
    dan.keyboard.press("Enter")
    link = dan.locator(".kp-link").inner_text()
    expect(dan.get_by_role("heading", level=1)).to_have_text("Linket til grete")
    assert seen_at_without_script(dan)

    grete = opened("/invited", java_script_enabled=False)
    grete.get_by_label("Link eller kode").focus()
    grete.keyboard.type(link)
    grete.keyboard.press("Enter")
    grete.get_by_label("Nyt kodeord", exact=True).focus()
    grete.keyboard.type("eight small words that only grete knows")
    grete.keyboard.press("Tab")
    grete.keyboard.type("eight small words that only grete knows")
    grete.keyboard.press("Enter")
    expect(grete.get_by_role("heading", level=1)).to_have_text("Sæt engangskoder op")
    key = grete.locator(".kp-to-do code").inner_text().replace(" ", "")
    grete.get_by_label("Kode", exact=True).focus()
    grete.keyboard.type(pyotp.TOTP(key).now())
    grete.keyboard.press("Enter")
    expect(grete.locator(".kp-spare li")).to_have_count(10)


def test_a_link_leaves_its_secret_in_no_address(opened: Callable[..., Page]) -> None:
    dan = opened("/accounts/1", login="dan")
    dan.get_by_role("button", name=re.compile("Lav et nyt link")).click()
    link = dan.locator(".kp-link").inner_text()
    assert seen_at(dan, 320, 1280) == []

    anna = opened("invited")
    asked: list[str] = []
    anna.on("request", lambda request: asked.append(request.url))
    anna.goto("about:blank")
    anna.goto(link)
    expect(anna.get_by_label("Nyt kodeord", exact=True)).to_be_visible()

    secret = link.partition("#")[2]
    assert secret not in anna.url
    assert not [url for url in asked if secret in url.partition("#")[0]]
    assert seen_at(anna, 320, 1280) == []


def test_what_was_typed_when_the_session_ended_comes_back_by_a_button(
    opened: Callable[..., Page],
) -> None:
    page = opened("invite")
    page.get_by_label("Brugernavn").fill("grete holm")
    page.get_by_label("Koordinator").check()
    page.get_by_label("Dansk").check()
    csrf = [one for one in page.context.cookies() if one["name"] != sessions.COOKIE]
    page.context.clear_cookies()
    page.context.add_cookies(csrf)  # type: ignore[arg-type]

    page.get_by_role("button", name="Opret kontoen").last.click()
    expect(page.get_by_role("status")).to_contain_text("står her stadig")
    assert seen_at(page, 320, 1280) == []
    sign_in(page, "dan")
    expect(page.get_by_role("heading", level=1)).to_have_text("Her er det, du skrev")
    assert seen_at(page, 320, 1280) == []
    page.get_by_role("button", name="Send det igen").click()

    expect(page.get_by_label("Brugernavn")).to_have_value("grete holm")
    expect(page.get_by_label("Koordinator")).to_be_checked()


def tab_to(page: Page, label: str) -> None:
    """Press Tab until the field with this label has the focus."""
    field = page.get_by_label(label, exact=True).first
    for _ in range(60):
        page.keyboard.press("Tab")
        if field.evaluate("field => field === document.activeElement"):
            return
    raise AssertionError(f"no way to {label} by keyboard")


def seen_at_without_script(page: Page) -> bool:
    """Nothing sideways at the narrowest; axe itself is a script."""
    page.set_viewport_size({"width": 320, "height": 800})
    return page.locator("html").evaluate("html => html.scrollWidth <= html.clientWidth") is True
