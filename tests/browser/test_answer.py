"""Answering in a real browser: by keyboard, by finger, without JavaScript, on a bad connection."""

import asyncio
import os
import re
import socket
import sqlite3
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

from benchmarks.answering import MOST_BYTES, MOST_GETS, Traffic
from survey.settings import Settings
from tests import answering
from tests.conftest import settings_in, until

ROOT = Path(__file__).parents[2]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
PHONE, DESK = {"width": 360, "height": 740}, {"width": 1280, "height": 800}
SERVER = """
import uvicorn
from survey.app import create_app
from survey.settings import from_environment
from urllib.parse import urlsplit
settings = from_environment()
uvicorn.run(create_app(settings), port=urlsplit(settings.url).port, log_level="warning",
            access_log=False)
"""
# Rules of axe that say "look yourself": what was looked at, and why it is right.
LOOKED_AT: set[str] = set()


@dataclass
class Site:
    """A running server over an installation of its own, and the codes nobody has used yet."""

    settings: Settings
    codes: dict[str, list[str]]

    def code(self, unit: str = "C11") -> str:
        return self.codes[unit].pop()

    def url(self, path: str) -> str:
        return f"{self.settings.url}{path}"

    def count(self, table: str) -> int:
        with sqlite3.connect(self.settings.sqlite_file) as database:
            return int(database.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with tempfile.TemporaryDirectory() as folder, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
        settings = replace(settings_in(Path(folder)), url=address)
        with ThreadPoolExecutor(1) as other:  # in this thread Playwright has its own loop
            codes = other.submit(asyncio.run, answering.build(settings, per_unit=60)).result()
        free.close()
        server = subprocess.Popen(
            [sys.executable, "-c", SERVER], cwd=ROOT, env=environment(settings)
        )
        try:
            until(lambda: answers(settings.url) or server.poll() is not None)
            yield Site(settings, codes)
        finally:
            server.terminate()
            server.wait()


def environment(settings: Settings) -> dict[str, str]:
    return {
        **os.environ,
        "KERNEPULS_DATA": str(settings.data),
        "KERNEPULS_KEY_COPY": str(settings.key_copy),
        "KERNEPULS_URL": settings.url,
    }


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/svar"):
            return True
    except OSError:
        return False


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def opened(browser: Browser) -> Iterator[Callable[..., Page]]:
    """A function that opens a page; afterwards no page may have had a fault or called elsewhere."""
    faults: list[str] = []
    contexts = []

    def new(*, script: bool = True, **options: Any) -> Page:
        context = browser.new_context(
            java_script_enabled=script, **{"viewport": PHONE, "has_touch": True, **options}
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(8000)
        page.on("pageerror", lambda error: faults.append(f"error: {error}"))
        page.on(
            "console",
            lambda message: (
                faults.append(message.text)
                if "Content Security Policy" in message.text or "Trusted" in message.text
                else None
            ),
        )
        page.on(
            "request",
            lambda request: None if "127.0.0.1" in request.url else faults.append(request.url),
        )
        return page

    yield new
    for context in contexts:
        context.close()
    assert faults == []


# Small verbs


def begin(page: Page, site: Site, code: str | None = None, path: str = "/svar") -> None:
    """By the link of a mail: the script looks the code up, the person presses Begynd."""
    page.goto(site.url(f"{path}#{code or site.code()}"))
    page.get_by_role("button", name=re.compile("^(Begynd|Begin)$")).click()
    expect(page).to_have_title(re.compile("2 (af|of) 11"))


def next_step(page: Page) -> None:
    page.get_by_role("button", name="Videre", exact=True).click()


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def to_lines(page: Page) -> None:
    """From step 2 to the first barrier line."""
    next_step(page)
    page.get_by_label("Ja, flere gange").check()
    next_step(page)
    next_step(page)
    expect(page).to_have_title(re.compile("Trin 5 af 11 · 1 af 10"))


def answer_lines(page: Page, degrees: dict[str, str]) -> None:
    """Every line by finger: the degree given for its code, else Nej."""
    for number in range(1, 11):
        expect(page).to_have_title(re.compile(f"Trin 5 af 11 · {number} af 10"))
        line = page.locator("fieldset.line:visible")
        code = line.get_attribute("data-code") or ""
        line.locator(f"input[value='{degrees.get(code, '0')}']").locator("xpath=..").tap()


def to_the_end(page: Page) -> None:
    while page.get_by_role("button", name="Send svar").is_hidden():
        next_step(page)


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.innerText"))


# Without JavaScript


def test_by_keyboard_alone_without_javascript_from_typed_code_to_receipt(
    opened: Callable[..., Page], site: Site
) -> None:
    page = opened(script=False)
    before = site.count("intake")
    page.goto(site.url("/svar"))

    press(page, "Tab", "Tab")  # English, the field
    page.keyboard.type(site.code().lower())
    press(page, "Enter")
    expect(page.get_by_text("Du svarer for Hjemmepleje Nord.")).to_be_visible()
    press(page, "Tab", "Tab", "Tab", "Enter")  # English, Er det forkert?, Begynd
    expect(page.get_by_role("heading", name="Tre minutter om det, vi gør")).to_be_visible()
    press(page, "Tab", "Tab", "ArrowDown", "ArrowDown")  # English, the first question
    press(page, "Tab", "Space")  # the situation
    expect(page.get_by_label("Ja, flere gange")).to_be_checked()
    for _ in range(40):
        press(page, "Tab")
        if page.get_by_role("button", name="Send svar").evaluate(
            "it => it === document.activeElement"
        ):
            break
    press(page, "Enter")

    expect(page.get_by_role("heading", name="Dit svar er modtaget")).to_be_visible()
    assert site.count("intake") == before + 1


def test_without_javascript_everything_is_on_one_page_with_ten_fieldsets(
    opened: Callable[..., Page], site: Site
) -> None:
    page = opened(script=False)
    page.goto(site.url("/svar"))
    page.get_by_label("Skriv koden").fill(site.code())
    page.get_by_role("button", name="Videre").click()
    page.get_by_role("button", name="Begynd").click()

    expect(page.locator("fieldset.line:visible")).to_have_count(10 + 3)
    for line in page.locator("[data-step='5'] fieldset").all():
        expect(line.get_by_role("radio")).to_have_count(4)
        expect(line.locator("legend")).to_contain_text("Står det i vejen hos jer?")
    expect(page.get_by_text("Det hele står på denne side: 11 trin")).to_be_visible()
    expect(page.get_by_role("button", name="Send svar")).to_have_count(1)
    expect(page.get_by_text("Når du trykker på et svar")).to_be_hidden()

    page.get_by_role("link", name="Svarede du nej? Gå til sidste del.").click()
    assert page.locator("#step-9").evaluate("it => Math.round(it.getBoundingClientRect().top)") < 40


def test_without_javascript_a_missing_answer_comes_back_with_a_summary_that_leads_to_it(
    opened: Callable[..., Page], site: Site
) -> None:
    page = opened(script=False)
    page.goto(site.url("/svar"))
    page.get_by_label("Skriv koden").fill(site.code())
    page.get_by_role("button", name="Videre").click()
    page.get_by_role("button", name="Begynd").click()
    page.get_by_label("Hvad bør kommunen lave om").fill("Ét nummer at ringe til")

    page.get_by_role("button", name="Send svar").click()

    expect(page).to_have_title(re.compile("^Fejl: "))
    expect(page.get_by_label("Hvad bør kommunen lave om")).to_have_value("Ét nummer at ringe til")
    page.get_by_role("alert").get_by_role("link").click()
    expect(page.locator("#situation")).to_be_focused()


# With JavaScript


def test_the_link_of_a_mail_shows_the_unit_and_leaves_no_code_in_any_address(
    opened: Callable[..., Page], site: Site
) -> None:
    page, code, seen = opened(), site.code(), []
    page.on("request", lambda request: seen.append(request.url))

    begin(page, site, code)

    assert code not in page.url
    assert not [url for url in seen if code in url or code.replace("-", "") in url]


def test_by_keyboard_alone_with_javascript_from_link_to_receipt(
    opened: Callable[..., Page], site: Site
) -> None:
    page = opened(viewport=DESK, has_touch=False)
    before = site.count("intake")
    begin(page, site)

    press(page, "Tab", "ArrowDown")
    expect(page).to_have_title(re.compile("Trin 2 af 11"))  # arrows never go on by themselves
    press(page, "Enter")
    press(page, "Tab", "Space", "Enter")
    press(page, "Tab", "ArrowRight", "ArrowRight", "Enter")
    for number in range(1, 11):
        expect(page).to_have_title(re.compile(f"· {number} af 10"))
        press(page, "Tab", "ArrowDown", "ArrowDown")  # I høj grad
        page.wait_for_timeout(300)  # longer than a tap waits before it goes on
        expect(page).to_have_title(re.compile(f"· {number} af 10"))
        press(page, "Enter")
    expect(page).to_have_title(re.compile("Trin 6 af 11"))
    for step in (
        "6",
        "7",
        "8",
        "9",
        r"10 af 11 · 1 af 3",
        r"10 af 11 · 2 af 3",
        r"10 af 11 · 3 af 3",
    ):
        expect(page).to_have_title(re.compile(f"Trin {step}"))
        press(page, "Tab", "Space", "Enter")
    expect(page).to_have_title(re.compile("Trin 11 af 11"))
    page.get_by_role("button", name="Send svar").focus()
    press(page, "Enter")

    expect(page.get_by_role("heading", name="Dit svar er modtaget")).to_be_visible()
    assert site.count("intake") == before + 1


def test_each_step_takes_the_focus_to_its_question_and_names_itself(
    opened: Callable[..., Page], site: Site
) -> None:
    page = opened()
    begin(page, site)

    assert focused(page) == "Jeg kan se, hvordan det her hjælper borgeren."
    next_step(page)
    assert focused(page).startswith("Har du været i den her situation")
    expect(page.locator("section:visible")).to_have_count(1)
    page.get_by_label("Ja, én gang").check()
    next_step(page)
    next_step(page)
    assert re.match(r"Trin 5 af 11 · 1 af 10\s", focused(page))
    assert focused(page).endswith("Står det i vejen hos jer?")


def test_a_tap_on_a_line_goes_on_and_that_was_said_before_the_first(
    opened: Callable[..., Page], site: Site
) -> None:
    page = opened()
    begin(page, site)
    to_lines(page)
    expect(
        page.get_by_text("Når du trykker på et svar, kommer den næste linje af sig selv.")
    ).to_be_visible()

    page.locator("fieldset.line:visible .row").first.tap()

    expect(page).to_have_title(re.compile("Trin 5 af 11 · 2 af 10"))


def test_back_of_the_browser_and_of_the_page_go_one_step_back(
    opened: Callable[..., Page], site: Site
) -> None:
    page = opened()
    begin(page, site)
    page.get_by_role("radio", name="Enig", exact=True).check()
    next_step(page)
    page.get_by_label("Ja, én gang").check()
    next_step(page)

    page.go_back()
    expect(page).to_have_title(re.compile("Trin 3 af 11"))
    page.get_by_role("button", name="Tilbage").click()

    expect(page).to_have_title(re.compile("Trin 2 af 11"))
    expect(page.get_by_role("radio", name="Enig", exact=True)).to_be_checked()


def test_only_the_situation_stops_the_way_on(opened: Callable[..., Page], site: Site) -> None:
    page = opened()
    begin(page, site)
    next_step(page)

    next_step(page)

    expect(page.get_by_role("alert")).to_have_text(
        "Vælg et svar om situationen. Resten må du springe over."
    )
    expect(page).to_have_title(re.compile("Trin 3 af 11"))
    expect(page.get_by_role("button", name="Spring over")).to_be_hidden()


def test_who_was_not_in_the_situation_goes_to_the_citizen(
    opened: Callable[..., Page], site: Site
) -> None:
    page = opened()
    begin(page, site)
    next_step(page)
    page.get_by_label("Nej", exact=True).first.check()

    next_step(page)

    expect(page).to_have_title(re.compile("Trin 9 af 11"))
    expect(page.locator("#card")).to_be_hidden()


def test_the_persons_own_lines_come_first_by_degree(
    opened: Callable[..., Page], site: Site
) -> None:
    page = opened()
    begin(page, site)
    to_lines(page)
    answer_lines(page, {"TID": "1", "KULT": "2"})

    expect(page).to_have_title(re.compile("Trin 6 af 11"))
    offered = page.locator("[data-item=priority] .row:visible").all_inner_texts()
    assert offered == [
        "Vi plejer at gøre det på en anden måde.",
        "Dagen er lagt sådan, at der mangler tid til det.",
        "Ved ikke",
    ]


def test_with_one_barrier_neither_the_biggest_nor_where_it_stalls_is_asked(
    opened: Callable[..., Page], site: Site
) -> None:
    page = opened()
    begin(page, site)
    to_lines(page)

    answer_lines(page, {"TID": "2"})

    expect(page).to_have_title(re.compile("Trin 8 af 11"))


def test_a_third_choice_is_allowed_said_and_stops_the_way_on(
    opened: Callable[..., Page], site: Site
) -> None:
    page = opened()
    begin(page, site)
    next_step(page)
    page.get_by_label("Nej", exact=True).first.check()
    next_step(page)

    for name in ("Får hurtigere svar", "Skal tale med færre", "Får mere at skulle have sagt"):
        page.get_by_label(name).check()
    expect(page.get_by_role("alert")).to_have_text("Du har valgt 3. Fjern 1.")
    next_step(page)
    expect(page).to_have_title(re.compile("Trin 9 af 11"))

    page.get_by_label("Ingenting").check()
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.get_by_label("Får hurtigere svar")).not_to_be_checked()
    next_step(page)
    expect(page).to_have_title(re.compile("Trin 10 af 11"))


def test_skipping_takes_an_answer_back(opened: Callable[..., Page], site: Site) -> None:
    page = opened()
    begin(page, site)
    page.get_by_role("radio", name="Enig", exact=True).check()

    page.get_by_role("button", name="Spring over").click()
    page.get_by_role("button", name="Tilbage").click()

    expect(page.get_by_role("radio", name="Enig", exact=True)).not_to_be_checked()


def test_where_it_stalls_is_a_list_and_what_happens_is_asked_only_outside_the_own_unit(
    opened: Callable[..., Page], site: Site
) -> None:
    page = opened()
    begin(page, site)
    to_lines(page)
    answer_lines(page, {"SILO": "2"})
    expect(page).to_have_title(re.compile("Trin 7 af 11"))

    page.get_by_label("I vores egen enhed").check()
    expect(page.get_by_text("Hvad sker der, når det går i stå?")).to_be_hidden()
    page.get_by_label("Jobcenter").check()
    expect(page.get_by_text("Hvad sker der, når det går i stå?")).to_be_visible()
    page.get_by_label("Det vil jeg ikke svare på").check()

    expect(page.get_by_label("Jobcenter")).not_to_be_checked()
    expect(page.get_by_text("Hvad sker der, når det går i stå?")).to_be_hidden()


def test_a_draft_survives_a_reload_with_its_place_and_its_order(
    opened: Callable[..., Page], site: Site
) -> None:
    page = opened()
    begin(page, site)
    page.get_by_role("radio", name="Uenig", exact=True).check()
    to_lines(page)
    order = page.locator("[name=order]").input_value()

    page.reload()

    expect(page).to_have_title(re.compile("Trin 5 af 11 · 1 af 10"))
    assert page.locator("[name=order]").input_value() == order
    assert page.locator("fieldset.line").first.get_attribute("data-code") == order.split(".")[0]
    expect(page.locator("[name=clarity][value='2']")).to_be_checked()


def test_the_link_again_in_another_tab_gives_the_same_ballot_and_one_answer(
    opened: Callable[..., Page], site: Site
) -> None:
    first, code, before = opened(), site.code(), site.count("intake")
    begin(first, site, code)
    ballot = first.locator("[name=message]").input_value()
    second = first.context.new_page()
    first.close()

    begin(second, site, code)

    assert second.locator("[name=message]").input_value() == ballot
    next_step(second)
    second.get_by_label("Nej", exact=True).first.check()
    to_the_end(second)
    second.get_by_role("button", name="Send svar").click()
    expect(second.get_by_role("heading", name="Dit svar er modtaget")).to_be_visible()
    assert site.count("intake") == before + 1


def test_the_next_person_at_the_same_computer_is_asked_for_a_code(
    opened: Callable[..., Page], site: Site
) -> None:
    page = opened()
    begin(page, site)

    page.goto(site.url("/svar"))

    expect(page.get_by_label("Skriv koden")).to_have_value("")


def test_two_people_do_not_get_the_same_order(opened: Callable[..., Page], site: Site) -> None:
    orders = set()
    for _ in range(4):
        page = opened()
        begin(page, site)
        orders.add(page.locator("[name=order]").input_value())

    assert len(orders) > 1


def test_the_other_language_keeps_the_answers_the_order_and_the_place(
    opened: Callable[..., Page], site: Site
) -> None:
    page = opened()
    begin(page, site)
    page.get_by_role("radio", name="Enig", exact=True).check()
    to_lines(page)
    order = page.locator("[name=order]").input_value()

    page.get_by_role("button", name="English").click()

    expect(page).to_have_title(re.compile("Step 5 of 11 · 1 of 10"))
    assert page.locator("[name=order]").input_value() == order
    expect(page.locator("[name=clarity][value='4']")).to_be_checked()
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_the_language_link_carries_a_code_that_was_typed(
    opened: Callable[..., Page], site: Site
) -> None:
    page = opened()
    page.goto(site.url("/svar"))
    page.get_by_label("Skriv koden").fill(site.code())

    page.get_by_role("link", name="English").click()

    expect(page.get_by_text("You answer for Hjemmepleje Nord.")).to_be_visible()


def test_nothing_is_left_in_the_browser_after_the_receipt(
    opened: Callable[..., Page], site: Site
) -> None:
    page = opened()
    begin(page, site)
    next_step(page)
    page.get_by_label("Nej", exact=True).first.check()
    next_step(page)
    to_the_end(page)
    page.get_by_label("Hvad bør kommunen lave om").fill("Et fast nummer")
    assert "Et fast nummer" in page.evaluate("JSON.stringify(sessionStorage)")

    page.get_by_role("button", name="Send svar").click()

    expect(page.get_by_role("heading", name="Dit svar er modtaget")).to_be_visible()
    assert page.evaluate("sessionStorage.length + localStorage.length") == 0
    assert page.context.cookies() == []


def test_a_likely_name_is_asked_about_at_the_step_of_the_comment(
    opened: Callable[..., Page], site: Site
) -> None:
    page = opened()
    begin(page, site)
    next_step(page)
    page.get_by_label("Nej", exact=True).first.check()
    to_the_end(page)
    page.get_by_label("Hvad bør kommunen lave om").fill("Spørg Mette")
    page.get_by_role("button", name="Send svar").click()

    expect(page.get_by_role("alert")).to_contain_text("Her står måske et navn.")
    expect(page.get_by_label("Hvad bør kommunen lave om")).to_have_value("Spørg Mette")
    page.get_by_role("button", name="Send svar").click()

    expect(page.get_by_role("heading", name="Dit svar er modtaget")).to_be_visible()


def at_the_end(page: Page, site: Site) -> None:
    begin(page, site)
    next_step(page)
    page.get_by_label("Nej", exact=True).first.check()
    to_the_end(page)


def test_a_dead_connection_is_told_and_the_answer_is_sent_when_it_is_back(
    opened: Callable[..., Page], site: Site
) -> None:
    page = opened()
    at_the_end(page, site)
    before = site.count("intake")
    page.context.set_offline(True)

    page.get_by_role("button", name="Send svar").click()
    expect(page.get_by_role("status")).to_contain_text("Dit svar er ikke sendt endnu.")
    page.context.set_offline(False)

    expect(page.get_by_role("heading", name="Dit svar er modtaget")).to_be_visible(timeout=30000)
    assert site.count("intake") == before + 1


def test_a_lost_reply_is_two_posts_one_row_and_one_receipt(
    opened: Callable[..., Page], site: Site
) -> None:
    page = opened()
    at_the_end(page, site)
    before, posts = site.count("intake"), []

    def lose_the_first(route: Route) -> None:
        posts.append(route.fetch())
        route.abort() if len(posts) == 1 else route.fulfill(response=posts[-1])

    page.route("**/svar/send", lose_the_first)
    page.get_by_role("button", name="Send svar").click()

    expect(page.get_by_role("heading", name="Dit svar er modtaget")).to_be_visible(timeout=30000)
    assert [post.json() for post in posts] == 2 * [posts[0].json()]
    assert site.count("intake") == before + 1


def test_a_busy_server_is_tried_again(opened: Callable[..., Page], site: Site) -> None:
    page = opened()
    at_the_end(page, site)
    posts: list[int] = []

    def busy_once(route: Route) -> None:
        posts.append(1)
        route.fulfill(status=503) if len(posts) == 1 else route.continue_()

    page.route("**/svar/send", busy_once)
    page.get_by_role("button", name="Send svar").click()

    expect(page.get_by_role("status")).to_contain_text("Serveren har travlt.")
    expect(page.get_by_role("heading", name="Dit svar er modtaget")).to_be_visible(timeout=30000)


def test_pressing_send_twice_is_one_answer(opened: Callable[..., Page], site: Site) -> None:
    page = opened()
    at_the_end(page, site)
    before = site.count("intake")

    page.get_by_role("button", name="Send svar").dblclick()

    expect(page.get_by_role("heading", name="Dit svar er modtaget")).to_be_visible()
    assert site.count("intake") == before + 1


def test_a_comment_of_five_megabytes_gets_a_page_that_says_so(
    opened: Callable[..., Page], site: Site
) -> None:
    page = opened()
    shown(page, site, "whole form", "/svar")
    page.get_by_label("Ja, én gang").check()
    # Hidden while it is filled: Chromium takes a minute to lay out so much text.
    page.locator("#comment").evaluate(
        "it => { it.hidden = true; it.value = 'x'.repeat(5 * 1024 * 1024) }"
    )

    page.get_by_role("button", name="Send svar").click()

    expect(page.get_by_role("heading", name="Det er for langt")).to_be_visible(timeout=20_000)


def test_a_reload_after_something_was_sent_back_loses_nothing(
    opened: Callable[..., Page], site: Site
) -> None:
    page = opened()
    at_the_end(page, site)
    page.get_by_label("Hvad bør kommunen lave om").fill("Spørg Mette")
    page.get_by_role("button", name="Send svar").click()
    page.get_by_role("alert").wait_for()
    page.get_by_role("button", name="Tilbage").click()
    next_step(page)

    page.reload()

    expect(page.get_by_label("Hvad bør kommunen lave om")).to_have_value("Spørg Mette")


# What it costs


def test_everything_up_to_the_receipt_fits_the_budget(
    opened: Callable[..., Page], site: Site
) -> None:
    page = opened()
    traffic = Traffic(page.context.new_cdp_session(page))

    begin(page, site)
    page.wait_for_load_state("networkidle")
    gets = [size for method, _, size in traffic.rows() if method == "GET" and size > 0]
    moved = page.evaluate(
        """() => new Promise((done) => { setTimeout(() => done(0), 300);
        new PerformanceObserver((list) => done(list.getEntries().reduce((sum, it) =>
        sum + it.value, 0))).observe({type: "layout-shift", buffered: true}) })"""
    )
    next_step(page)
    page.get_by_label("Nej", exact=True).first.check()
    to_the_end(page)
    page.get_by_role("button", name="Send svar").click()
    page.get_by_role("heading", name="Dit svar er modtaget").wait_for()

    assert len(gets) <= MOST_GETS
    assert sum(size for _, _, size in traffic.rows()) <= MOST_BYTES
    assert moved <= 0.02


# What it looks like to those who cannot see it as most do


def shown(page: Page, site: Site, state: str, path: str) -> None:
    """Bring a page into a state by the shortest way."""
    if state == "start":
        page.goto(site.url(path))
    elif state == "unknown":
        page.goto(site.url(path + "#K7QD3M9VK7QD3M9V"))
        expect(page.get_by_role("alert")).to_be_visible()
    elif state == "privacy":
        page.goto(site.url(path.replace("/svar", "/svar/privat")))
    elif state == "begin":
        page.goto(site.url(f"{path}#{site.code()}"))
        page.locator("[data-begin]").wait_for()
        page.locator("summary").click()
    elif state == "whole form":
        page.route("**/answer.*.js", lambda route: route.abort())
        page.goto(site.url(path))
        page.locator("#code").fill(site.code())
        page.locator("button.main").click()
        page.locator("button.main").click()
        page.locator("[data-send]").wait_for()
    elif state == "errors":
        shown(page, site, "whole form", path)
        for box in page.locator("[name=citizen]").all()[:3]:
            box.check()
        page.locator("#comment").fill("Mette")
        page.locator("[data-send]").click()
        page.get_by_role("alert").wait_for()
    elif state == "used":
        shown(page, site, "whole form", path)
        site.codes["E"].append(code := site.code("E"))
        for _ in range(2):
            page.goto(site.url(path))
            page.locator("#code").fill(code)
            page.locator("button.main").click()
            page.locator("button.main").click()
        site.codes["E"].remove(code)
        expect(page.locator("h1")).to_be_visible()
    else:
        step(page, site, state, path)


def step(page: Page, site: Site, state: str, path: str) -> None:
    """With the script: go on until a step, answering so that every step is asked."""
    begin(page, site, path=path)
    for _ in range(30):
        if page.locator(f"section[data-step='{state}']").is_visible():
            return
        if page.locator("[name=situation]").first.is_visible():
            page.locator("[name=situation]").first.check()
        elif page.locator("fieldset.line[data-code]:visible").count():
            page.locator("fieldset.line:visible input[value='2']").check()
        elif page.locator("[data-item=stall]").is_visible():
            page.locator("[name=stall]").nth(1).check()
        page.locator("[data-next]").click()
    pytest.fail(f"step {state} was never asked")


STATES = ["start", "unknown", "privacy", "begin", "whole form", "errors", "used"]
STEPS = ["2", "4", "5", "6", "7", "9", "10", "11"]


def axe(page: Page) -> list[str]:
    """What axe finds against WCAG 2.2 AA, and what it leaves to be looked at."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(
        """() => axe.run(document, {preload: false, runOnly: ["wcag2a", "wcag2aa", "wcag21a",
            "wcag21aa", "wcag22aa", "best-practice"], rules: {"target-size": {enabled: true}}})"""
    )
    return [
        f"{kind} {rule['id']} {node['html'][:120]}"
        for kind in ("violations", "incomplete")
        for rule in found[kind]
        for node in rule["nodes"]
        if rule["id"] not in LOOKED_AT
    ]


@pytest.mark.parametrize(
    ("path", "widths"), [("/svar", (360, 1280, 320)), ("/svar?sprog=en", (320,))]
)
@pytest.mark.parametrize("state", [*STATES, *STEPS])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    opened: Callable[..., Page], site: Site, state: str, path: str, widths: tuple[int, ...]
) -> None:
    page = opened()
    shown(page, site, state, path)

    for width in widths:
        page.set_viewport_size({"width": width, "height": 740})
        assert axe(page) == [], f"at {width}"
        assert page.evaluate("document.documentElement.scrollWidth") <= width

    page.evaluate(
        """() => { const sheet = new CSSStyleSheet();
           sheet.replaceSync(`p { margin-bottom: 2em !important } * { line-height: 1.5 !important;
           letter-spacing: .12em !important; word-spacing: .16em !important }`);
           document.adoptedStyleSheets = [sheet]; }"""
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


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
    shown(page, site, "whole form", "/svar")

    page.emulate_media(media="print")

    expect(page.get_by_role("button", name="Send svar")).to_be_hidden()
    expect(page.locator("#situation")).to_be_visible()
