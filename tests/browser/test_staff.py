"""The pages for staff in a real browser: without JavaScript of ours, on a phone, by keyboard."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from survey import engine
from survey.settings import Settings
from tests import cast
from tests.browsing import axe, seen_at, served, spaced_out, watched

UNIT = "/waves/2026-4/units"
PAGES = {  # name: who looks, address
    "front": ("", "/"),
    "front in English": ("", "/?lang=en"),
    "sign in": ("", "/sign-in"),
    "missing": ("", "/nowhere"),
    "account": ("anna", "/account"),
    "results": ("carla", "/results"),
    "organisation": ("carla", f"{UNIT}/FK"),
    "centre": ("carla", f"{UNIT}/C"),
    "unit": ("anna", f"{UNIT}/C21"),
    "unit in English": ("anna", f"{UNIT}/C21?lang=en"),
    "bands": ("carla", f"{UNIT}/F1"),
    "hidden": ("carla", f"{UNIT}/F4"),
    "not for her": ("anna", f"{UNIT}/C22"),
    "waves": ("carla", "/waves"),
}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with served(build) as (settings, _):
        yield settings.url


async def build(settings: Settings) -> None:
    async with engine.opened(settings, migrate=True):
        await cast.enter(settings)
        await cast.plan_waves("released", "released", "released", "released", "open", "draft")
        await cast.count_opened("2026-5", {"B": 45, "B1": 50, "C": 35, "C2": 35, "F": 60})
        cast.store_releases(settings, *cast.WAVES)


@pytest.fixture(scope="module")
def signed_in(browser: Browser, address: str) -> dict[str, Any]:
    """The cookies of each reader, from one sign-in with the form."""
    kept: dict[str, Any] = {"": None}
    for login in ("anna", "carla"):
        context = browser.new_context(base_url=address)
        page = context.new_page()
        page.goto("/sign-in")
        page.get_by_label("Brugernavn").fill(login)
        page.get_by_label("Kodeord").fill(cast.PASSWORD)
        page.get_by_role("button", name="Log ind", exact=True).click()
        expect(page.get_by_role("button", name="Log ud")).to_be_visible()
        kept[login] = context.storage_state()
        context.close()
    return kept


@pytest.fixture
def opened(
    browser: Browser, address: str, signed_in: dict[str, Any]
) -> Iterator[Callable[..., Page]]:
    """A function that opens a page by its name in PAGES, as the one who looks at it."""
    with watched(browser) as new:

        def named(name: str, width: int = 1280, **options: Any) -> Page:
            login, path = PAGES[name]
            page = new(
                base_url=address,
                storage_state=signed_in[login],
                viewport={"width": width, "height": 800},
                **options,
            )
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


@pytest.mark.parametrize("name", ["organisation", "unit", "waves", "sign in"])
def test_wide_text_spacing_and_a_narrow_screen_lose_nothing(
    opened: Callable[..., Page], name: str
) -> None:
    page = opened(name, width=320)

    assert spaced_out(page) == []


def test_signing_in_needs_a_keyboard_only(browser: Browser, address: str) -> None:
    context = browser.new_context(base_url=address, java_script_enabled=False)
    page = context.new_page()
    page.goto("/waves/2026-4/units/C21")

    page.get_by_label("Brugernavn").focus()
    page.keyboard.type("anna")
    page.keyboard.press("Tab")
    page.keyboard.type(cast.PASSWORD)
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("Hjemmepleje Nord")
    context.close()


def test_a_wrong_password_is_said_at_the_top_and_with_the_fields(
    opened: Callable[..., Page],
) -> None:
    page = opened("sign in")

    page.get_by_label("Brugernavn").fill("nobody-here")
    page.get_by_label("Kodeord").fill("not the right sentence")
    page.keyboard.press("Enter")

    expect(page.get_by_role("alert")).to_contain_text("passer ikke")
    expect(page).to_have_title("Fejl: Log ind · Kernepuls")
    expect(page.get_by_label("Brugernavn")).to_have_value("nobody-here")
    expect(page.get_by_label("Kodeord")).to_have_value("")
    assert axe(page) == []


def test_the_first_stop_of_the_keyboard_leads_to_the_content(opened: Callable[..., Page]) -> None:
    page = opened("organisation")

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Gå til indholdet")).to_be_focused()
    page.keyboard.press("Enter")

    assert page.evaluate("document.activeElement.id") == "main"


def test_every_stop_of_the_keyboard_is_seen(opened: Callable[..., Page]) -> None:
    page = opened("centre")
    stops = page.locator("main a, main summary, main [tabindex='0']").count()

    for _ in range(stops):
        page.keyboard.press("Tab")
        rectangle = page.evaluate(
            """() => { const box = document.activeElement.getBoundingClientRect();
                const style = getComputedStyle(document.activeElement);
                return [box.width, box.height, parseFloat(style.outlineWidth)] }"""
        )
        assert min(rectangle) > 0


def test_on_a_phone_there_is_one_unit_at_a_time(opened: Callable[..., Page]) -> None:
    page = opened("organisation", width=360)

    expect(page.locator(".kp-heat td:visible")).to_have_count(0)
    page.locator(".kp-heat").get_by_role("link", name="Havneskolen").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Havneskolen")
    expect(page.locator("section[aria-labelledby~=barriers] li:visible")).to_have_count(10)


def test_on_a_desk_the_heat_map_is_a_table_with_headings(opened: Callable[..., Page]) -> None:
    page = opened("centre")
    table = page.locator(".kp-heat")

    expect(table.get_by_role("columnheader")).to_have_count(1 + 10)
    expect(table.get_by_role("rowheader")).to_have_count(1 + 6)
    expect(table.get_by_role("cell")).to_have_count(7 * 10)


def test_cells_keep_their_borders_in_a_contrast_theme(opened: Callable[..., Page]) -> None:
    page = opened("centre", forced_colors="active")

    width = page.locator(".kp-heat td").first.evaluate("e => getComputedStyle(e).borderTopWidth")

    assert width == "1px"


def test_dkfds_is_a_layer_below_and_its_font_is_never_fetched(
    browser: Browser, address: str
) -> None:
    context = browser.new_context(base_url=address)
    page = context.new_page()
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))

    page.goto("/sign-in")
    family = page.evaluate("getComputedStyle(document.body).fontFamily")

    assert family.startswith('"Source Sans 3"')
    assert any("dkfds." in url for url in fetched)
    assert not any("plex" in url.lower() for url in fetched)
    context.close()


def test_the_results_page_weighs_at_most_sixty_kilobytes(
    opened: Callable[..., Page], address: str
) -> None:
    page = opened("sign in")
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    weights: dict[str, float] = {}
    kinds: dict[str, str] = {}
    session.on("Network.responseReceived", lambda e: kinds.update({e["requestId"]: e["type"]}))
    session.on(
        "Network.loadingFinished",
        lambda e: weights.update({e["requestId"]: e["encodedDataLength"]}),
    )
    page.get_by_label("Brugernavn").fill("carla")
    page.get_by_label("Kodeord").fill(cast.PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Log ud")).to_be_visible()
    page.wait_for_load_state("networkidle")
    weights.clear()

    page.goto(f"{UNIT}/C")
    page.wait_for_load_state("networkidle")

    assert sum(weight for key, weight in weights.items() if kinds.get(key) != "Font") <= 60_000


def test_print_shows_the_whole_table_and_no_menu(opened: Callable[..., Page]) -> None:
    page = opened("centre")

    page.emulate_media(media="print")

    expect(page.locator(".kp-nav")).to_be_hidden()
    expect(page.locator(".kp-heat td:visible")).to_have_count(7 * 10)
    assert len(page.pdf()) > 10_000


def test_the_language_changes_and_stays(opened: Callable[..., Page]) -> None:
    page = opened("account")

    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your account")
    page.goto("/results")
    expect(page.get_by_role("heading", level=1)).to_have_text("Results")
    page.get_by_role("button", name="Dansk").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Resultater")


def test_signing_out_leads_to_the_front_page(browser: Browser, address: str) -> None:
    context = browser.new_context(base_url=address)
    page = context.new_page()
    page.goto("/sign-in")
    page.get_by_label("Brugernavn").fill("anna")
    page.get_by_label("Kodeord").fill(cast.PASSWORD)
    page.keyboard.press("Enter")

    page.get_by_role("button", name="Log ud").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Hvad står i vejen for opgaven?")
    page.goto("/account")

    expect(page.get_by_role("heading", level=1)).to_have_text("Log ind")
    context.close()


def test_a_filter_changes_the_table_and_the_address_and_back_undoes_it(
    opened: Callable[..., Page],
) -> None:
    page = opened("centre")
    heads = page.locator(".kp-heat thead th")

    page.get_by_label("Barriere", exact=True).select_option("TID")
    expect(heads).to_have_count(2)
    assert "barrier=TID" in page.url
    page.go_back()

    expect(heads).to_have_count(1 + 10)


def test_a_filter_works_without_a_script(opened: Callable[..., Page]) -> None:
    page = opened("centre", java_script_enabled=False)

    page.get_by_label("Barriere", exact=True).select_option("TID")
    page.get_by_role("button", name="Vis tabellen").click()

    expect(page.locator(".kp-heat thead th")).to_have_count(2)
