"""A language from right to left in a browser, from the code to the receipt."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from survey.texts import content
from tests.browsing import scrolls_sideways, seen_at
from tests.filling_in import DESK, PHONE, Site
from tests.translated import filled, put, said

WIDTHS = (320, 360, 1280)


def arabic(danish: str) -> str:
    return said(danish, "ar")


def test_the_whole_way_from_right_to_left_with_a_draft_that_is_kept_over_a_switch(
    opened: Callable[..., Page], site: Site
) -> None:
    put(site.settings, filled("ar"))
    page, before = opened(), site.count("intake")
    wrong = []

    page.goto(site.url(f"/svar#{site.code()}"))
    page.get_by_role("button", name="العربية").click()
    expect(page.get_by_role("button", name=arabic("Begynd"))).to_be_visible()
    wrong += [f"the first page at {width}" for width in WIDTHS if sideways(page, width)]
    page.get_by_role("button", name=arabic("Begynd")).click()
    page.get_by_label(arabic("Enig"), exact=True).first.check()
    wrong += seen_at(page, *WIDTHS)
    page.get_by_role("button", name="Dansk").click()
    expect(page.get_by_label("Enig", exact=True).first).to_be_checked()
    page.get_by_role("button", name="العربية").click()
    expect(page.get_by_label(arabic("Enig"), exact=True).first).to_be_checked()
    next_step = page.get_by_role("button", name=arabic("Videre"), exact=True)
    next_step.click()
    page.get_by_label(arabic("Ja, flere gange")).check()
    next_step.click()
    wrong += [f"the times at {width}" for width in WIDTHS if sideways(page, width)]
    next_step.click()
    expect(page).to_have_title(re.compile(arabic("Trin 5 af 11 · 1 af 10")))
    wrong += seen_at(page, *WIDTHS)
    while page.get_by_role("button", name=arabic("Send svar")).is_hidden():
        next_step.click()
    wrong += [f"the last step at {width}" for width in WIDTHS if sideways(page, width)]
    page.get_by_role("button", name=arabic("Send svar")).click()

    receipt = content("messages")["receipt"]["title"]["da"]
    expect(page.get_by_role("heading", name=arabic(receipt))).to_be_visible()
    assert page.locator("html").get_attribute("dir") == "rtl"
    wrong += [f"the receipt at {width}" for width in WIDTHS if sideways(page, width)]
    assert wrong == []
    assert site.count("intake") == before + 1


def sideways(page: Page, width: int) -> bool:
    page.set_viewport_size({**(PHONE if width < 400 else DESK), "width": width})
    return scrolls_sideways(page, width)


def test_the_shared_tablet_turns_with_the_language_and_back_for_the_next_person(
    opened: Callable[..., Page], site: Site
) -> None:
    put(site.settings, filled("ar"))
    page = opened(viewport=DESK)
    page.goto(site.url("/svar/kiosk"))

    page.get_by_role("link", name="العربية").click()
    page.locator("#code").fill(site.code())
    page.get_by_role("button", name=arabic("Videre")).click()
    page.get_by_role("button", name="Dansk").click()
    expect(page.locator("html")).to_have_attribute("lang", "da")
    direction = page.locator("html").get_attribute("dir")
    page.get_by_role("button", name="العربية").click()
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    page.get_by_role("button", name=arabic("Slet og start forfra")).click()

    expect(page.get_by_label("Skriv koden")).to_be_visible()
    assert direction == ""
