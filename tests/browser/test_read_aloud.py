"""Reading aloud in a real browser whose voices are made up: Chromium without a screen has none."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browsing import seen_at, spaced_out
from tests.filling_in import (
    PHONE,
    Site,
    begin,
    focused,
    next_step,
    press,
    to_lines,
    to_the_end,
)

DANISH = {"name": "Sara", "lang": "da-DK", "localService": True}
ENGLISH = {"name": "Kate", "lang": "en-GB", "localService": True}
ANDROID = {"name": "Android", "lang": "da_DK", "localService": True}
NETWORK = {"name": "Network", "lang": "da-DK", "localService": False}
SWEDISH = {"name": "Alva", "lang": "sv-SE", "localService": True}
# The platform's part: what was said by which voice, and what has not been cut off yet.
PLATFORM = """
    class Speech extends EventTarget {
      voices = %s; said = []; queue = [];
      getVoices() { return this.voices; }
      speak(one) { this.said.push([one.text, one.voice.name, one.lang]); this.queue.push(one); }
      cancel() { window.cutOff?.(this.queue.length); this.queue = []; }
      finish() { for (const one of this.queue.splice(0)) one.onend?.(); }
      find(voices) { this.voices = voices; this.dispatchEvent(new Event("voiceschanged")); }
    }
    Object.defineProperty(window, "speechSynthesis", { value: new Speech() });
    window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
"""


@pytest.fixture
def speaking(opened: Callable[..., Page]) -> Callable[..., Page]:
    """A function that opens a page in a browser with these voices."""

    def with_voices(*voices: object, **options: object) -> Page:
        page = opened(**options)
        page.add_init_script(PLATFORM % json.dumps(voices))
        return page

    return with_voices


def test_the_question_and_its_rows_are_read_by_the_danish_voice(
    speaking: Callable[..., Page], site: Site
) -> None:
    page = speaking(NETWORK, ENGLISH, DANISH)
    begin(page, site)
    next_step(page)

    page.get_by_role("button", name="Læs højt").click()

    assert said(page) == [
        "Har du været i den her situation de seneste fire uger? "
        "En borger spiste, sov eller gik anderledes.",
        "Ja, flere gange",
        "Ja, én gang",
        "Nej",
        "Det er ikke en del af mit arbejde",
    ]
    assert {tuple(each[1:]) for each in heard(page)} == {("Sara", "da-DK")}


def test_before_the_first_question_it_says_what_all_are_about(
    speaking: Callable[..., Page], site: Site
) -> None:
    page = speaking(ANDROID)
    begin(page, site)

    page.get_by_role("button", name="Læs højt").click()

    assert said(page)[:3] == [
        "Det gør vi for borgeren Borgeren klarer mest muligt selv.",
        "Det her spørger vi til Hjælperen ringer til sygeplejersken samme dag, når en borger "
        "spiser, sover eller går anderledes.",
        "Jeg kan se, hvordan det her hjælper borgeren.",
    ]


def test_each_barrier_is_read_alone_with_its_question(
    speaking: Callable[..., Page], site: Site
) -> None:
    page = speaking(DANISH)
    begin(page, site)
    to_lines(page)
    page.locator("fieldset.line:visible input").first.focus()
    press(page, "Space", "Enter")

    page.get_by_role("button", name="Læs højt").click()

    line = page.locator("fieldset.line:visible h3").inner_text()
    assert said(page) == [
        line,
        "Står det i vejen hos jer?",
        "Nej",
        "I nogen grad",
        "I høj grad",
        "Ved ikke",
    ]


def test_the_english_page_has_an_english_voice(speaking: Callable[..., Page], site: Site) -> None:
    page = speaking(DANISH, ENGLISH)
    begin(page, site, path="/svar?sprog=en")

    page.get_by_role("button", name="Read aloud").click()

    assert {tuple(each[1:]) for each in heard(page)} == {("Kate", "en-GB")}


@pytest.mark.parametrize(
    "voices", [(), (ENGLISH, SWEDISH), (NETWORK,)], ids=["none", "other tongues", "network only"]
)
def test_without_a_danish_voice_in_the_device_there_is_no_button(
    speaking: Callable[..., Page], site: Site, voices: tuple[object, ...]
) -> None:
    page = speaking(*voices)
    begin(page, site)

    page.wait_for_load_state("networkidle")

    expect(page.get_by_text("Læs højt")).to_be_hidden()


def test_without_any_voice_nothing_more_is_fetched(
    speaking: Callable[..., Page], site: Site
) -> None:
    page, fetched = speaking(), []
    page.on("request", lambda request: fetched.append(request.url))

    begin(page, site)
    page.evaluate("speechSynthesis.find([])")  # Chromium tells of none, too
    page.wait_for_load_state("networkidle")

    assert not [url for url in fetched if "/read." in url]


def test_a_voice_that_is_found_late_brings_the_button_and_moves_nothing(
    speaking: Callable[..., Page], site: Site
) -> None:
    page = speaking()
    begin(page, site)
    before = page.locator("[data-item=clarity]").bounding_box()

    page.evaluate("voices => speechSynthesis.find(voices)", [DANISH])
    expect(page.get_by_role("button", name="Læs højt")).to_be_visible()

    assert page.locator("[data-item=clarity]").bounding_box() == before


def test_a_voice_that_goes_takes_the_button_with_it(
    speaking: Callable[..., Page], site: Site
) -> None:
    page = speaking(DANISH)
    begin(page, site)
    expect(page.get_by_role("button", name="Læs højt")).to_be_visible()

    page.evaluate("speechSynthesis.find([])")

    expect(page.get_by_text("Læs højt")).to_be_hidden()


def test_a_second_press_stops_and_a_third_reads_from_the_start(
    speaking: Callable[..., Page], site: Site
) -> None:
    page = speaking(DANISH)
    begin(page, site)
    page.get_by_role("button", name="Læs højt").click()
    first = said(page)

    page.get_by_role("button", name="Stop").click()
    assert waiting(page) == 0
    page.get_by_role("button", name="Læs højt").click()

    assert said(page) == 2 * first


def test_when_all_is_read_the_button_offers_it_again(
    speaking: Callable[..., Page], site: Site
) -> None:
    page = speaking(DANISH)
    begin(page, site)
    page.get_by_role("button", name="Læs højt").click()

    page.evaluate("speechSynthesis.finish()")

    expect(page.get_by_role("button", name="Læs højt")).to_be_visible()


def test_the_next_question_stops_it(speaking: Callable[..., Page], site: Site) -> None:
    page = speaking(DANISH)
    begin(page, site)
    page.get_by_role("button", name="Læs højt").click()

    next_step(page)

    expect(page.get_by_role("button", name="Læs højt")).to_be_visible()
    assert waiting(page) == 0


def test_leaving_the_page_stops_it(speaking: Callable[..., Page], site: Site) -> None:
    page = speaking(DANISH)
    begin(page, site)
    page.get_by_role("button", name="Læs højt").click()
    assert waiting(page) > 0

    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide'))")

    assert waiting(page) == 0


def test_the_clean_start_of_a_shared_tablet_stops_it(
    speaking: Callable[..., Page], site: Site
) -> None:
    page = speaking(DANISH)
    cut_off: list[int] = []
    page.expose_function("cutOff", lambda queued: cut_off.extend([queued]))
    page.goto(site.url("/svar/kiosk"))
    page.locator("#code").fill(site.code())
    page.get_by_role("button", name="Videre").click()
    page.get_by_role("button", name="Begynd").click()
    page.get_by_role("button", name="Læs højt").click()
    expect(page.get_by_role("button", name="Stop")).to_be_visible()

    page.get_by_role("button", name="Slet og start forfra").click()

    expect(page.locator("#code")).to_have_value("")
    assert cut_off[0] == 0  # before it began
    assert cut_off[1] > 0


def test_what_somebody_has_answered_is_never_read(
    speaking: Callable[..., Page], site: Site
) -> None:
    page = speaking(DANISH)
    begin(page, site)
    next_step(page)
    page.get_by_label("Nej", exact=True).first.check()
    to_the_end(page)
    page.locator("#comment").fill("Et fast nummer at ringe til")

    page.get_by_role("button", name="Læs højt").click()

    assert said(page)[-2:] == [
        "Hvad bør kommunen lave om, så det bliver lettere?",
        "Skriv ikke navne på borgere eller kolleger. HR læser kommentarerne først og fjerner "
        "navne. Højst 280 tegn.",
    ]
    assert "fast nummer" not in json.dumps(said(page))


def test_it_never_takes_the_focus_and_is_one_step_before_the_question(
    speaking: Callable[..., Page], site: Site
) -> None:
    page = speaking(DANISH)
    begin(page, site)
    expect(page.get_by_role("button", name="Læs højt")).to_be_visible()
    assert focused(page) == "Jeg kan se, hvordan det her hjælper borgeren."

    press(page, "Shift+Tab")
    assert focused(page) == "Læs højt"
    press(page, "Enter")

    assert len(said(page)) > 0
    expect(page).to_have_title("Trin 2 af 11 – Tre minutter om det, vi gør")


@pytest.mark.parametrize("step", ["2", "5", "11"])
def test_axe_finds_nothing_and_the_button_covers_no_word(
    speaking: Callable[..., Page], site: Site, step: str
) -> None:
    page = speaking(DANISH, viewport=PHONE)
    begin(page, site)
    if step == "5":
        to_lines(page)
    if step == "11":
        next_step(page)
        page.get_by_label("Nej", exact=True).first.check()
        to_the_end(page)

    wrong = seen_at(page, 360, 1280) + spaced_out(page)

    assert wrong == []
    assert page.evaluate(COVERED) == []


# Helpers

# What stands where the button is, at 320 pixels.
COVERED = """() => {
  const box = document.querySelector(".read button").getBoundingClientRect();
  const walker = document.createTreeWalker(document.querySelector("#answer"), NodeFilter.SHOW_TEXT);
  const range = document.createRange(), found = [];
  while (walker.nextNode()) {
    if (walker.currentNode.parentElement.closest(".read, .unseen, .name")) continue;
    range.selectNodeContents(walker.currentNode);
    for (const rect of range.getClientRects()) {
      if (rect.width && rect.right > box.left && rect.left < box.right
          && rect.bottom > box.top && rect.top < box.bottom) {
        found.push(walker.currentNode.data.trim());
      }
    }
  }
  return found;
}"""


def heard(page: Page) -> list[list[str]]:
    """What was said so far: text, voice, language."""
    found: list[list[str]] = page.evaluate("speechSynthesis.said")
    return found


def said(page: Page) -> list[str]:
    return [text for text, _, _ in heard(page)]


def waiting(page: Page) -> int:
    """How much is being said or is going to be."""
    return int(page.evaluate("speechSynthesis.queue.length"))
