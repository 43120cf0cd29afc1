"""Filling in the answering page as a person does: by link or code, step by step."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

from survey.settings import Settings

PHONE, DESK = {"width": 360, "height": 740}, {"width": 1280, "height": 800}


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

    @contextmanager
    def closed(self) -> Iterator[None]:
        """The wave is closing meanwhile."""
        self._set_state("closing")
        try:
            yield
        finally:
            self._set_state("open")

    def _set_state(self, state: str) -> None:
        with sqlite3.connect(self.settings.sqlite_file) as database:
            database.execute("UPDATE wave SET state = ?", [state])


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
    """Every line by keyboard: the degree given for its code, else Nej."""
    for number in range(1, 11):
        at_line(page, number).locator(f"input[value='{degree(page, degrees)}']").focus()
        press(page, "Space", "Enter")


def tap_lines(page: Page, degrees: dict[str, str]) -> None:
    """Every line by finger, as answer_lines: a tap waits a little before it goes on."""
    for number in range(1, 11):
        line = at_line(page, number)
        line.locator(f"input[value='{degree(page, degrees)}']").locator("xpath=..").tap()


def at_line(page: Page, number: int) -> Locator:
    expect(page).to_have_title(re.compile(f"Trin 5 af 11 · {number} af 10"))
    return page.locator("fieldset.line:visible")


def degree(page: Page, degrees: dict[str, str]) -> str:
    code = page.locator("fieldset.line:visible").get_attribute("data-code") or ""
    return degrees.get(code, "0")


def to_the_end(page: Page) -> None:
    while page.get_by_role("button", name="Send svar").is_hidden():
        next_step(page)


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.innerText"))


def at_the_end(page: Page, site: Site) -> None:
    begin(page, site)
    next_step(page)
    page.get_by_label("Nej", exact=True).first.check()
    to_the_end(page)


def whole_form(page: Page, site: Site, path: str = "/svar") -> None:
    """The form on one page, as it comes where the script does not."""
    without_script(page)
    begin_by_hand(page, site, site.code(), path)
    page.locator("[data-send]").wait_for()


def without_script(page: Page) -> None:
    page.route("**/answer.*.js", lambda route: route.abort())


def begin_by_hand(page: Page, site: Site, code: str, path: str = "/svar") -> None:
    """The code typed, its unit confirmed."""
    page.goto(site.url(path))
    page.locator("#code").fill(code)
    page.locator("button.main").click()
    page.locator("button.main").click()
