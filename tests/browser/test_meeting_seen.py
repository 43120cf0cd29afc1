"""The meeting on a projector, on a phone, on paper, by keyboard, and without a script."""

from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import pikepdf
import pytest
from playwright.sync_api import Browser, Page, expect

from survey import engine
from survey.settings import Settings
from tests import cast
from tests.browsing import axe, scrolls_sideways, served, watched

BASE = "/waves/2026-4/units"
PAGES = {
    "unit": f"{BASE}/C21/meeting",
    "words": f"{BASE}/F1/meeting",
    "hidden": f"{BASE}/F4/meeting",
    "organisation": f"{BASE}/FK/meeting?lang=en",
}
PROJECTORS = ((1920, 1080), (1280, 720))


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with served(build) as (settings, _):
        yield settings.url


async def build(settings: Settings) -> None:
    async with engine.opened(settings, migrate=True):
        await cast.enter(settings)
        await cast.plan_waves("released", "released", "released", "released")
        cast.store_releases(settings, *cast.WAVES)


@pytest.fixture(scope="module")
def signed_in(browser: Browser, address: str) -> Any:
    context = browser.new_context(base_url=address)
    page = context.new_page()
    page.goto("/sign-in")
    page.get_by_label("Brugernavn").fill("carla")
    page.get_by_label("Kodeord").fill(cast.PASSWORD)
    page.get_by_role("button", name="Log ind", exact=True).click()
    expect(page.get_by_role("button", name="Log ud")).to_be_visible()
    kept = context.storage_state()
    context.close()
    return kept


@pytest.fixture
def opened(browser: Browser, address: str, signed_in: Any) -> Iterator[Callable[..., Page]]:
    with watched(browser) as new:

        def at(path: str, size: tuple[int, int] = (1280, 720), **options: Any) -> Page:
            viewport = {"width": size[0], "height": size[1]}
            page = new(base_url=address, storage_state=signed_in, viewport=viewport, **options)
            page.goto(path)
            return page

        yield at


def names(page: Page) -> list[str]:
    return [str(one.get_attribute("id")) for one in page.locator(".slide").all()]


HEIGHTS = """() => { const main = document.querySelector("main"), found = {};
    for (const slide of document.querySelectorAll(".slide")) {
        location.hash = slide.id;
        if (getComputedStyle(slide).display === "none") found[slide.id] = "is not shown";
        else if (main.scrollHeight > main.clientHeight) found[slide.id] =
            `${main.scrollHeight - main.clientHeight} px too high`;
    }
    return found }"""


def test_every_slide_fits_a_projector(opened: Callable[..., Page]) -> None:
    wrong = {}
    for told, path in PAGES.items():
        page = opened(path)
        for size in PROJECTORS:
            page.set_viewport_size({"width": size[0], "height": size[1]})
            wrong |= {(told, size, name): what for name, what in page.evaluate(HEIGHTS).items()}
            if scrolls_sideways(page, size[0]):
                wrong[told, size, ""] = "scrolls sideways"

    assert wrong == {}


def test_axe_finds_nothing_on_a_slide_alone(opened: Callable[..., Page]) -> None:
    page = opened(f"{PAGES['unit']}#write")

    assert axe(page) == []


@pytest.mark.parametrize("size", [(320, 740), (1920, 500)])
def test_the_board_sheet_is_a_page_like_others(
    opened: Callable[..., Page], size: tuple[int, int]
) -> None:
    page = opened(f"{BASE}/C21/board", size)

    assert not scrolls_sideways(page, size[0])
    assert axe(page) == []


@pytest.mark.parametrize("name", ["unit", "hidden"])
def test_on_a_phone_it_is_a_page_like_others(opened: Callable[..., Page], name: str) -> None:
    page = opened(PAGES[name], (320, 740))

    assert not scrolls_sideways(page, 320)
    expect(page.locator(".slide:visible")).to_have_count(len(names(page)))
    expect(page.get_by_role("button", name="Videre")).to_have_count(0)
    assert axe(page) == []


def test_a_clicker_and_the_keyboard_turn_the_slides(opened: Callable[..., Page]) -> None:
    page = opened(PAGES["unit"])
    order = names(page)
    keys = ["PageDown", "ArrowRight", "Space", "PageUp", "ArrowLeft", "End", "Home"]
    reached = ["read", "often", order[3], "often", "read", "board", "start"]

    seen = []
    for key in keys:
        page.keyboard.press(key)
        seen.append(page.evaluate("location.hash.slice(1)"))
        expect(page.locator(f"#{seen[-1]}")).to_be_visible()

    assert seen == reached
    expect(page.locator("#start h2")).to_be_focused()
    expect(page.locator("#place")).to_have_text(f"1 af {len(order)}")


def test_the_address_opens_its_slide_and_back_leads_to_the_one_before(
    opened: Callable[..., Page],
) -> None:
    page = opened(f"{PAGES['unit']}#who")

    expect(page.locator(".slide:visible")).to_have_attribute("id", "who")
    page.get_by_role("button", name="Videre").click()
    expect(page.locator("#try")).to_be_visible()
    page.go_back()

    expect(page.locator(".slide:visible")).to_have_attribute("id", "who")


def test_the_clock_is_started_paused_and_given_a_minute_and_says_when_it_is_over(
    opened: Callable[..., Page],
) -> None:
    page = opened(f"{PAGES['unit']}#talk")
    page.clock.install()
    page.reload()
    clock, said = page.locator("#clock"), page.locator("#said")

    expect(clock).to_have_text("2:00")
    page.get_by_role("button", name="Start uret").click()
    page.clock.run_for(61_000)
    expect(said).to_have_text("Der er et minut tilbage.")
    page.get_by_role("button", name="Pause").click()
    page.clock.run_for(30_000)
    expect(clock).to_have_text("0:59")
    page.get_by_role("button", name="+1 minut").click()
    expect(clock).to_have_text("1:59")
    page.get_by_role("button", name="Start uret").click()
    page.clock.run_for(120_000)

    expect(said).to_have_text("Tiden er gået.")
    expect(clock).to_have_text("0:00")


def test_a_decision_is_typed_on_its_slide_and_stands_there_afterwards(
    opened: Callable[..., Page],
) -> None:
    page = opened(f"{PAGES['words']}#write")

    page.get_by_label("Hvad kalder I den?").fill("ring først")
    page.keyboard.press("Space")  # a blank is a letter here, and turns nothing
    page.get_by_role("button", name="Gem beslutningen").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("Hvad kalder I den?")).to_have_value("ring først ")
    assert axe(page) == []
    page.get_by_label("Tovholder").fill("sagsbehandleren")
    for label, value in (("Dag", "18"), ("Måned", "12"), ("År", "2026")):
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_role("button", name="Gem beslutningen").click()

    expect(page.get_by_role("status").first).to_contain_text("Beslutningen er gemt.")
    expect(page.locator("#write")).to_be_visible()
    expect(page.get_by_role("link", name="Ring først")).to_be_visible()


def test_without_a_script_all_slides_stand_below_each_other(opened: Callable[..., Page]) -> None:
    page = opened(PAGES["unit"], java_script_enabled=False)

    expect(page.locator(".slide:visible")).to_have_count(page.locator(".slide").count())
    expect(page.get_by_role("button", name="Start uret")).to_have_count(0)
    expect(page.get_by_role("button", name="Gem beslutningen")).to_be_visible()


def test_on_paper_a_slide_is_a_sheet_and_the_board_is_one(opened: Callable[..., Page]) -> None:
    page = opened(PAGES["unit"])
    slides = len(names(page))

    deck = pikepdf.open(BytesIO(page.pdf(prefer_css_page_size=True)))
    page.goto(f"{BASE}/C21/board")
    board = pikepdf.open(BytesIO(page.pdf(prefer_css_page_size=True)))

    assert (len(deck.pages), len(board.pages)) == (slides, 1)
    width, height = (float(board.pages[0].MediaBox[n]) for n in (2, 3))
    assert width < height
    for size in (320, 1280):
        page.set_viewport_size({"width": size, "height": 800})
        assert axe(page) == []
        assert not scrolls_sideways(page, size)


def test_it_weighs_fifteen_kilobytes_and_nothing_moves(
    opened: Callable[..., Page],
) -> None:
    page = opened(f"{BASE}/C21/board")
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
    page.add_init_script(
        "window.moved = 0; new PerformanceObserver(list => list.getEntries().forEach("
        "entry => { window.moved += entry.value })).observe({type: 'layout-shift', buffered: true})"
    )

    page.goto(f"{PAGES['unit']}#choose")
    page.wait_for_load_state("networkidle")
    page.keyboard.press("PageDown")
    expect(page.locator("#talk")).to_be_visible()

    assert sum(weight for key, weight in weights.items() if kinds.get(key) != "Font") <= 15_000
    assert page.evaluate("window.moved") <= 0.02


def test_marks_can_be_told_apart_in_a_contrast_theme(opened: Callable[..., Page]) -> None:
    page = opened(f"{PAGES['unit']}#who", forced_colors="active")

    outlined = page.locator(".steps .hit").first.evaluate("e => getComputedStyle(e).outlineWidth")

    assert outlined == "3px"
