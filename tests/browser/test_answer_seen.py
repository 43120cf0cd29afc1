"""The answering page for those who cannot see or touch it as most do, at every state of it."""

from collections.abc import Callable, Iterator
from io import BytesIO

import pytest
from PIL import Image, ImageChops
from playwright.sync_api import Browser, Page, expect

from tests.browsing import seen_at, spaced_out, watched
from tests.filling_in import (
    PHONE,
    Site,
    begin,
    begin_by_hand,
    press,
    to_lines,
    whole_form,
    without_script,
)

WIDTHS = {"/svar": (360, 1280, 320), "/svar?sprog=en": (320,)}
STEPS = ["2", "4", "5", "6", "7", "9", "10", "11"]


def start(page: Page, site: Site, path: str) -> None:
    page.goto(site.url(path))


def unknown(page: Page, site: Site, path: str) -> None:
    page.goto(site.url(f"{path}#K7QD3M9VK7QD3M9V"))
    expect(page.get_by_role("alert")).to_be_visible()


def privacy(page: Page, site: Site, path: str) -> None:
    page.goto(site.url(path.replace("/svar", "/svar/privat")))


def beginning(page: Page, site: Site, path: str) -> None:
    page.goto(site.url(f"{path}#{site.code()}"))
    page.locator("[data-begin]").wait_for()
    page.locator("summary").click()


def errors(page: Page, site: Site, path: str) -> None:
    whole_form(page, site, path)
    for box in page.locator("[name=citizen]").all()[:3]:
        box.check()
    page.locator("#comment").fill("Mette")
    page.locator("[data-send]").click()
    page.get_by_role("alert").wait_for()


def used(page: Page, site: Site, path: str) -> None:
    without_script(page)
    code = site.code("E")
    for _ in range(2):
        begin_by_hand(page, site, code, path)
    expect(page.locator("h1")).to_be_visible()


def late(page: Page, site: Site, path: str) -> None:
    with site.closed():
        page.goto(site.url(f"{path}#{site.codes['C11'][0]}"))
        page.locator("[data-state]").wait_for()


def lost(page: Page, site: Site, path: str) -> None:
    page.goto(site.url(path.replace("/svar", "/svar/mistet")))
    page.locator("#email").fill("kim")
    page.locator("button.main").click()
    expect(page.get_by_role("alert")).to_be_visible()


def asked(page: Page, site: Site, path: str) -> None:
    lost(page, site, path)
    page.locator("#email").fill("kim@lillehavn.example")
    page.locator("button.main").click()
    expect(page.locator("#email")).to_have_count(0)


STATES = [start, unknown, privacy, beginning, whole_form, errors, used, late, lost, asked]


@pytest.mark.parametrize("path", WIDTHS)
@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    opened: Callable[..., Page], site: Site, state: Callable[..., None], path: str
) -> None:
    page = opened()

    state(page, site, path)

    assert seen_at(page, *WIDTHS[path]) + spaced_out(page) == []


@pytest.fixture(scope="module", params=WIDTHS)
def wrong(request: pytest.FixtureRequest, browser: Browser, site: Site) -> dict[str, list[str]]:
    """What is wrong at each step, from one walk that answers so that every step is asked."""
    found: dict[str, list[str]] = {}
    with watched(browser) as new:
        page = new(viewport=PHONE, has_touch=True)
        begin(page, site, path=request.param)
        for step in each_step(page):
            if step not in found:
                found[step] = seen_at(page, *WIDTHS[request.param]) + spaced_out(page)
                page.set_viewport_size(PHONE)
    return found


def each_step(page: Page) -> Iterator[str]:
    """With the script, to the last step: the number of each screen's step, before it is left."""
    while True:
        yield page.locator("section[data-step]:visible").get_attribute("data-step") or ""
        if page.locator("[name=situation]").first.is_visible():
            page.locator("[name=situation]").first.check()
        elif page.locator("fieldset.line[data-code]:visible").count():
            page.locator("fieldset.line:visible input[value='2']").focus()
            press(page, "Space")  # a tap would go on by itself
        elif page.locator("[data-item=stall]").is_visible():
            page.locator("[name=stall]").nth(1).check()
        if page.locator("[data-next]").is_hidden():
            return
        page.locator("[data-next]").click()


@pytest.mark.parametrize("step", STEPS)
def test_axe_finds_nothing_at_a_step_and_nothing_scrolls_sideways(
    wrong: dict[str, list[str]], step: str
) -> None:
    assert wrong.get(step, "it was never asked") == []


def test_a_chosen_row_differs_from_the_others_in_forced_colours(
    opened: Callable[..., Page], site: Site
) -> None:
    page = opened(forced_colors="active")
    begin(page, site)
    row = page.locator("section:visible .row").nth(2)
    before = Image.open(BytesIO(row.screenshot())).convert("RGB")

    row.locator("input").check()

    after = Image.open(BytesIO(row.screenshot())).convert("RGB")
    changed = ImageChops.difference(before, after).convert("L").point(lambda v: 255 * (v > 60))
    assert changed.histogram()[255] > 400  # pixels


def test_every_row_is_a_target_of_52_pixels(opened: Callable[..., Page], site: Site) -> None:
    page = opened()
    begin(page, site)

    for row in page.locator("section:visible .row").all():
        box = row.bounding_box()
        assert box is not None
        assert box["height"] >= 52


def test_what_has_the_focus_is_not_covered(opened: Callable[..., Page], site: Site) -> None:
    page = opened()
    begin(page, site)
    to_lines(page)

    for _ in range(8):
        press(page, "Tab")
        assert page.evaluate(
            """() => { const it = document.activeElement, box = it.getBoundingClientRect();
               const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
               return top === null || it.contains(top) || top.contains(it); }"""
        )


def test_printed_the_form_has_its_questions_and_no_buttons(
    opened: Callable[..., Page], site: Site
) -> None:
    page = opened()
    whole_form(page, site)

    page.emulate_media(media="print")

    expect(page.get_by_role("button", name="Send svar")).to_be_hidden()
    expect(page.locator("#situation")).to_be_visible()
