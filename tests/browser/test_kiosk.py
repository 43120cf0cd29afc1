"""The shared tablet in a real browser: it keeps nothing, clears itself, and the next one begins."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browsing import seen_at, spaced_out
from tests.filling_in import PHONE, Site, focused, next_step, press, to_the_end

TABLET = {"width": 768, "height": 1024}
WIDTHS = (360, 768, 1280)
IDLE, WARNING, RECEIPT = 60_000, 20_000, 25_000  # ms
NEARLY = 5_000  # ms: the page's clock runs on while a test looks
ANSWER = "Et fast nummer at ringe til"


@pytest.fixture
def tablet(opened: Callable[..., Page], site: Site) -> Callable[..., Page]:
    """A function that opens the tablet's first page, with a clock that can be moved on."""

    def at_the_start(path: str = "/svar/kiosk", **options: object) -> Page:
        page = opened(**{"viewport": TABLET, **options})
        if options.get("script", True):
            page.clock.install()
        page.goto(site.url(path))
        return page

    return at_the_start


# One person after another


def test_two_people_after_each_other_leave_nothing_and_are_both_counted(
    tablet: Callable[..., Page], site: Site
) -> None:
    page, before = tablet(), site.count("intake")

    for _ in range(2):
        begin(page, site)
        answer(page)
        assert kept(page) == NOTHING
        send(page)
        assert kept(page) == NOTHING
        expect(page.get_by_text("Der ligger ingen svar tilbage på tabletten.")).to_be_visible()
        page.get_by_role("button", name="Færdig – næste person").click()
        expect_clean(page)

    assert site.count("intake") == before + 2


def test_no_page_of_history_was_posted_to_and_none_has_a_code_in_its_address(
    tablet: Callable[..., Page], site: Site
) -> None:
    page, posted = tablet(), []
    page.on(
        "request",
        lambda it: posted.append(it.url) if it.is_navigation_request() and it.post_data else None,
    )

    begin(page, site)
    answer(page, comment="Spørg Mette")  # a likely name comes back to be looked at
    page.get_by_role("button", name="Send svar").click()
    expect(page.get_by_role("alert").first).to_contain_text("Her står måske et navn.")
    page.get_by_role("button", name="English").click()
    expect(page).to_have_title(re.compile("11 of 11"))
    page.get_by_role("button", name="Send answer").click()
    page.get_by_role("heading", name="Your answer is received").wait_for()

    history = page.context.new_cdp_session(page).send("Page.getNavigationHistory")
    assert posted == []
    assert {entry["url"] for entry in history["entries"][1:]} == {site.url("/svar/kiosk")}


@pytest.mark.parametrize("left_by", ["the receipt", "the button", "the clock"])
def test_back_and_reload_show_the_next_person_nothing(
    tablet: Callable[..., Page], site: Site, left_by: str
) -> None:
    page = tablet()
    begin(page, site)
    answer(page)

    if left_by == "the receipt":
        send(page)
        page.clock.run_for(RECEIPT)
    elif left_by == "the button":
        page.get_by_role("button", name="Slet og start forfra").click()
    else:
        page.clock.run_for(IDLE)
        page.clock.run_for(WARNING)

    expect_clean(page)
    for move in (page.reload, *4 * [page.go_back], *2 * [page.go_forward], page.reload):
        move()
        expect_clean(page)
    assert kept(page) == NOTHING


def test_a_page_left_in_the_middle_is_empty_when_somebody_goes_back_to_it(
    tablet: Callable[..., Page], site: Site
) -> None:
    page = tablet()
    begin(page, site)
    answer(page)

    page.goto(site.url("/svar/privat"))
    page.go_back()

    expect_clean(page)


def test_back_within_the_questionnaire_is_the_question_before(
    tablet: Callable[..., Page], site: Site
) -> None:
    page = tablet()
    begin(page, site)
    page.get_by_role("radio", name="Enig", exact=True).check()
    next_step(page)

    page.go_back()
    expect(page).to_have_title(re.compile("2 af 11"))
    page.go_back()

    expect(page).to_have_title(re.compile("2 af 11"))
    expect(page.get_by_role("radio", name="Enig", exact=True)).to_be_checked()


def test_what_others_left_in_the_browser_is_gone_at_the_clean_start(
    tablet: Callable[..., Page], site: Site
) -> None:
    page = tablet("/svar/privat")
    page.evaluate("localStorage.setItem('nonce', 'x'); sessionStorage.setItem('svar', 'x')")

    page.goto(site.url("/svar/kiosk"))

    expect_clean(page)
    assert kept(page) == NOTHING


# The clock


def test_after_a_minute_the_page_asks_and_twenty_seconds_later_it_is_cleared(
    tablet: Callable[..., Page], site: Site
) -> None:
    page = tablet()
    begin(page, site)
    answer(page)
    page.clock.run_for(IDLE - NEARLY)
    expect(warning(page)).to_be_hidden()

    page.clock.run_for(NEARLY)
    expect(warning(page)).to_be_visible()
    expect(warning(page)).to_have_accessible_name(
        "Er du her endnu? Om 20 sekunder bliver siden ryddet."
    )
    assert focused(page) == "Jeg er her endnu"  # moved there, so a screen reader says it all
    page.clock.run_for(WARNING - NEARLY)
    expect(warning(page)).to_be_visible()
    page.clock.run_for(NEARLY)

    expect_clean(page)


@pytest.mark.parametrize("sign", ["a touch beside it", "its button", "a key", "Escape"])
def test_a_sign_of_life_takes_the_question_away_and_does_nothing_else(
    tablet: Callable[..., Page], site: Site, sign: str
) -> None:
    page = tablet()
    begin(page, site)
    page.get_by_role("radio", name="Enig", exact=True).check()
    page.clock.run_for(IDLE)
    expect(warning(page)).to_be_visible()

    if sign == "a touch beside it":
        box = page.locator("[name=clarity]").first.bounding_box()
        assert box is not None
        page.touchscreen.tap(box["x"] + 5, box["y"] + 5)
    elif sign == "its button":
        page.get_by_role("button", name="Jeg er her endnu").tap()
    else:
        press(page, "Enter" if sign == "a key" else sign)

    expect(warning(page)).to_be_hidden()
    expect(page).to_have_title(re.compile("2 af 11"))
    expect(page.get_by_role("radio", name="Enig", exact=True)).to_be_checked()
    page.clock.run_for(IDLE - NEARLY)
    expect(warning(page)).to_be_hidden()  # a whole minute again
    page.clock.run_for(NEARLY)
    expect(warning(page)).to_be_visible()


def test_a_receipt_goes_by_itself_and_stays_for_who_touches_it(
    tablet: Callable[..., Page], site: Site
) -> None:
    page = tablet()
    begin(page, site)
    answer(page)
    send(page)

    page.clock.run_for(RECEIPT - NEARLY)
    page.touchscreen.tap(20, 600)
    page.clock.run_for(RECEIPT - NEARLY)
    expect(page.get_by_role("heading", name="Dit svar er modtaget")).to_be_visible()
    page.clock.run_for(NEARLY)

    expect_clean(page)


def test_who_wakes_a_tablet_that_slept_sees_nothing(
    tablet: Callable[..., Page], site: Site
) -> None:
    page = tablet()
    begin(page, site)
    answer(page)

    page.clock.set_system_time(page.evaluate("Date.now()") + 10 * IDLE)  # no timer has run
    page.touchscreen.tap(20, 600)

    expect_clean(page)


def test_a_clean_start_waits_for_ever_and_half_a_code_does_not(
    tablet: Callable[..., Page],
) -> None:
    page = tablet()
    page.clock.run_for(10 * IDLE)
    expect(warning(page)).to_be_hidden()

    page.locator("#code").press_sequentially("K7QD")
    page.clock.run_for(IDLE)
    expect(warning(page)).to_be_visible()
    page.clock.run_for(WARNING)

    expect_clean(page)


# Codes, waves and lines that do not work


def test_a_wrong_code_is_told_and_is_gone_for_the_next_person(
    tablet: Callable[..., Page], site: Site
) -> None:
    page = tablet()
    page.locator("#code").fill("K7QD-3M9V-K7QD-3M9V")
    page.get_by_role("button", name="Videre").click()

    expect(page.get_by_role("alert").first).to_contain_text("Vi kender ikke koden.")
    expect(page.get_by_role("alert").first).to_be_focused()
    expect(page.locator("#code")).to_have_value("K7QD-3M9V-K7QD-3M9V")
    page.clock.run_for(IDLE)
    page.clock.run_for(WARNING)

    expect_clean(page)
    begin(page, site)


def test_a_used_code_is_told_with_the_way_on(tablet: Callable[..., Page], site: Site) -> None:
    page, code = tablet(), site.code()
    begin(page, site, code)
    page.get_by_role("button", name="Slet og start forfra").click()
    expect_clean(page)

    page.locator("#code").fill(code)
    page.get_by_role("button", name="Videre").click()
    page.get_by_role("button", name="Begynd").click()

    expect(page.get_by_role("heading", name="Koden er brugt")).to_be_focused()
    page.get_by_role("button", name="Slet og start forfra").click()
    expect_clean(page)


def test_a_wave_that_closes_while_somebody_answers_is_told(
    tablet: Callable[..., Page], site: Site
) -> None:
    page = tablet()
    begin(page, site)
    answer(page)

    with site.closed():
        page.get_by_role("button", name="Send svar").click()

        expect(page.get_by_role("heading", name="Pulsen er slut")).to_be_visible()
        expect(page.get_by_text("Dit svar kom ikke med")).to_be_visible()
        page.clock.run_for(IDLE)
        page.clock.run_for(WARNING)
        expect_clean(page)


def test_a_code_of_a_closed_wave_is_told(tablet: Callable[..., Page], site: Site) -> None:
    page = tablet()

    with site.closed():
        page.locator("#code").fill(site.code())
        page.get_by_role("button", name="Videre").click()

        expect(page.get_by_role("heading", name="Pulsen er slut")).to_be_visible()


def test_without_a_connection_the_code_is_still_there_and_is_sent_when_it_is_back(
    tablet: Callable[..., Page], site: Site
) -> None:
    page = tablet()
    page.locator("#code").fill(site.code())
    page.context.set_offline(True)
    page.get_by_role("button", name="Videre").click()
    expect(page.get_by_role("alert")).to_contain_text("Der er ingen forbindelse.")

    page.context.set_offline(False)
    page.get_by_role("button", name="Videre").click()

    expect(page.get_by_text("Du svarer for Hjemmepleje Nord.")).to_be_visible()


def test_an_answer_that_waits_for_the_line_says_stay_and_its_receipt_stays_its_time(
    tablet: Callable[..., Page], site: Site
) -> None:
    page = tablet()
    begin(page, site)
    answer(page)
    page.context.set_offline(True)
    page.get_by_role("button", name="Send svar").click()
    expect(page.get_by_role("status")).to_contain_text("Bliv her")

    page.clock.run_for(RECEIPT + NEARLY)
    page.context.set_offline(False)
    page.get_by_role("heading", name="Dit svar er modtaget").wait_for()
    page.clock.run_for(RECEIPT - NEARLY)

    expect(page.get_by_role("heading", name="Dit svar er modtaget")).to_be_visible()


# Hands, eyes and browsers


def test_by_keyboard_alone_from_the_code_to_the_next_person(
    tablet: Callable[..., Page], site: Site
) -> None:
    page = tablet(has_touch=False)
    press(page, "Tab", "Tab")  # English, the field
    page.keyboard.type(site.code())
    press(page, "Enter")
    expect(page.get_by_role("heading", name="Tre minutter om jeres arbejde")).to_be_focused()
    press(page, "Tab", "Tab", "Enter")  # Er det forkert?, Begynd
    expect(page).to_have_title(re.compile("2 af 11"))
    press(page, "Tab", "Space", "Enter")
    press(page, "Tab", "ArrowDown", "ArrowDown", "Enter")  # Nej
    expect(page).to_have_title(re.compile("9 af 11"))
    for step in ("9", *(rf"10 af 11 · {n} af 3" for n in (1, 2, 3)), "11"):
        expect(page).to_have_title(re.compile(f"Trin {step}"))
        if step != "11":
            press(page, "Tab", "Space", "Enter")
    page.get_by_role("button", name="Send svar").focus()
    press(page, "Enter")
    page.get_by_role("heading", name="Dit svar er modtaget").wait_for()

    press(page, "Tab", "Enter")

    expect_clean(page)


def test_without_javascript_it_works_and_says_that_nothing_clears_itself(
    tablet: Callable[..., Page], site: Site
) -> None:
    page, before = tablet(script=False), site.count("intake")

    for _ in range(2):
        expect(page.get_by_text("JavaScript er slået fra i browseren")).to_be_visible()
        page.locator("#code").fill(site.code())
        page.get_by_role("button", name="Videre").click()
        page.get_by_role("button", name="Begynd").click()
        expect(page.get_by_text("JavaScript er slået fra i browseren")).to_be_visible()
        page.get_by_label("Nej", exact=True).first.check()
        page.get_by_role("button", name="Send svar").click()
        page.get_by_role("heading", name="Dit svar er modtaget").wait_for()
        expect(page.get_by_text("Siden rydder sig selv")).to_be_hidden()
        expect(page.get_by_text("Der ligger ingen svar tilbage")).to_be_hidden()
        page.get_by_role("button", name="Færdig – næste person").click()
        expect(page.locator("#code")).to_have_value("")

    assert site.count("intake") == before + 2


def test_the_next_person_has_the_language_of_the_house(
    tablet: Callable[..., Page], site: Site
) -> None:
    page = tablet()
    page.get_by_role("link", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    begin(page, site)

    page.get_by_role("button", name="Delete and start again").click()

    expect_clean(page)
    expect(page.locator("html")).to_have_attribute("lang", "da")


def test_how_we_look_after_the_answer_is_read_without_leaving_the_tablet(
    tablet: Callable[..., Page],
) -> None:
    page = tablet()
    page.get_by_text("Sådan passer vi på dit svar").click()
    expect(page.get_by_text("På en fælles tablet bytter serveren koden")).to_be_visible()

    page.get_by_role("link", name="Læs det hele").click()
    expect(page.get_by_role("heading", name="Sådan passer vi på dit svar")).to_be_visible()
    page.clock.run_for(IDLE)
    page.clock.run_for(WARNING)

    expect_clean(page)


def start(page: Page, site: Site) -> None:
    page.get_by_text("Sådan passer vi på dit svar").click()


def wrong_code(page: Page, site: Site) -> None:
    page.locator("#code").fill("K7QD")
    page.locator("button.main").first.click()
    page.get_by_role("alert").first.wait_for()


def question(page: Page, site: Site) -> None:
    begin(page, site)


def asked_if_here(page: Page, site: Site) -> None:
    begin(page, site)
    page.clock.run_for(IDLE)
    warning(page).wait_for()


def receipt(page: Page, site: Site) -> None:
    begin(page, site)
    answer(page)
    send(page)


STATES = [start, wrong_code, question, asked_if_here, receipt]


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    tablet: Callable[..., Page], site: Site, state: Callable[[Page, Site], None]
) -> None:
    page = tablet(viewport=PHONE)

    state(page, site)

    assert seen_at(page, *WIDTHS) + spaced_out(page) == []


# Helpers

NOTHING: dict[str, object] = {
    "local": {},
    "session": {},
    "databases": [],
    "caches": [],
    "workers": 0,
    "cookies": "",
}


def kept(page: Page) -> object:
    """All that a page can leave in a browser."""
    return page.evaluate(
        """async () => ({local: {...localStorage}, session: {...sessionStorage},
            databases: await indexedDB.databases(), caches: await caches.keys(),
            workers: (await navigator.serviceWorker.getRegistrations()).length,
            cookies: document.cookie})"""
    )


def begin(page: Page, site: Site, code: str | None = None) -> None:
    page.locator("#code").fill(code or site.code("D1"))
    page.locator("button.main").first.click()
    page.get_by_role("button", name=re.compile("^(Begynd|Begin)$")).click()
    expect(page).to_have_title(re.compile("2 (af|of) 11"))


def answer(page: Page, comment: str = ANSWER) -> None:
    """To the last step, with something to find there."""
    next_step(page)
    page.get_by_label("Nej", exact=True).first.check()
    to_the_end(page)
    page.locator("#comment").fill(comment)


def send(page: Page) -> None:
    page.get_by_role("button", name="Send svar").click()
    page.get_by_role("heading", name="Dit svar er modtaget").wait_for()


def warning(page: Page) -> Locator:
    return page.get_by_role("alertdialog")


def expect_clean(page: Page) -> None:
    """The first page with an empty field, and nothing of an answer anywhere in it."""
    expect(page.locator("#code")).to_have_value("")
    expect(page.locator("#answer")).to_have_count(0)
    assert ANSWER not in page.content()
    assert not page.evaluate("location.hash")
