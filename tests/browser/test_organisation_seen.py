"""The organisation in a real browser: imported by keyboard without JavaScript, each state seen."""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from survey import engine, house
from survey.importing.mapping import UNITS as UNITS_KIND
from survey.importing.reading import read
from survey.importing.units import import_units
from survey.settings import Settings
from survey.tables import Account, Person, Wave
from tests import cast
from tests.browsing import seen_at, served, spaced_out, watched

UNITS = "unit;parent;name;core_task\nK;;Kommune;Borgeren er tryg.\nN;K;Nord;\nS;K;Syd;\nT;N;Team;\n"
HEAD = "Afdelingskode;CPR-nr.;Fornavn;Efternavn;Stillingsbetegnelse;Status;E-mail;Lønform;Leder\n"
STAFF = HEAD + "".join(
    f"{unit};99999900{at:02};Ann{at};Holm;{title};{status};{mail};Månedsløn;J\n"
    for at, (unit, title, status, mail) in enumerate(
        [
            *[("N", "Sygeplejerske", "1", f"a{at}@x.example") for at in range(9)],
            *[("S", "Sygeplejerske", "1", "") for _ in range(9)],
            *[("T", "Troldmand", "3", "same@x.example"), ("T", "Pædagog", "1", "same@x.example")],
            *[("99", "Pædagog", "1", ""), ("S", "Pædagog", "8", "")],
        ]
    )
)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with served(build) as (settings, _):
        yield settings.url


async def build(settings: Settings) -> None:
    async with engine.opened(settings, migrate=True):
        house.write_fjordlund(settings)
        await Account.insert(
            Account(login="carla", password_hash=cast.password_hash(), role="coordinator")
        )
        await import_units(read(UNITS.encode(), UNITS_KIND), by=None)
        await Person.insert(
            Person(
                unit=await cast.unit_id("N"), first_name="Ann1", last_name="Holm", profession="-"
            )
        )
        await Wave.insert(
            Wave(
                name="2026-1",
                opens=date(2026, 2, 3),
                closes=date(2026, 2, 16),
                state="released",
            )
        )


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("files")
    made = {"units": folder / "units.csv", "staff": folder / "staff.csv"}
    made["units"].write_text(f"{UNITS}O;S;Øst;\n", encoding="utf-8")
    made["staff"].write_text(STAFF, encoding="utf-8")
    return made


def signed_in(page: Page) -> Page:
    page.goto("/sign-in")
    page.get_by_label("Brugernavn").fill("carla")
    page.get_by_label("Kodeord").fill(cast.PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Log ud")).to_be_visible()
    return page


def pressed(page: Page, name: str) -> None:
    """A button, reached and pressed by keyboard."""
    page.get_by_role("button", name=name, exact=True).focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")


def test_from_two_files_to_a_tree_by_keyboard_and_without_javascript(
    browser: Browser, address: str, files: dict[str, Path]
) -> None:
    context = browser.new_context(base_url=address, java_script_enabled=False)
    page = signed_in(context.new_page())
    for kind, label, deed in (
        ("units", "Enheder", "Indlæs 5 enheder"),
        ("staff", "Ansatte", "Indlæs listen"),
    ):
        page.goto("/organisation/import")
        page.get_by_label(label, exact=True).focus()
        page.keyboard.press("Space")
        page.set_input_files("#file", files[kind])
        pressed(page, "Læs filen")
        pressed(page, "Se, hvad det ændrer")
        pressed(page, deed)
        expect(page.get_by_role("heading", level=1)).to_have_text("Indlæsningen er færdig")
    page.get_by_role("link", name="Se organisationen").focus()
    page.keyboard.press("Enter")

    expect(page.locator("main")).to_contain_text("5 enheder, 3 niveauer, 20 ansatte")
    context.close()


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    with watched(browser) as new:
        yield signed_in(new(base_url=address, viewport={"width": 1280, "height": 800}))


def seen(page: Page) -> list[str]:
    for summary in page.locator("summary").all():
        summary.click()
    return seen_at(page, 320, 1280)


def test_every_step_of_an_import_is_whole_for_everybody(page: Page, files: dict[str, Path]) -> None:
    page.goto("/organisation/import")
    pressed(page, "Læs filen")
    expect(page.get_by_role("alert")).to_contain_text("Vælg en fil først")
    wrong = {"no file": seen(page)}
    page.get_by_label("Ansatte", exact=True).check()
    page.set_input_files("#file", files["staff"])
    pressed(page, "Læs filen")
    wrong["columns"] = seen(page)
    pressed(page, "Se, hvad det ændrer")
    wrong["look"] = seen(page)
    page.get_by_label("99").fill("nowhere")
    pressed(page, "Tæl mine valg med")
    wrong["a choice nobody knows"] = seen(page)
    wrong["spaced"] = spaced_out(page)

    assert {state: found for state, found in wrong.items() if found} == {}


def test_the_tree_its_changes_and_its_people_are_whole_for_everybody(page: Page) -> None:
    states: dict[str, Callable[[], Any]] = {
        "tree": lambda: page.goto("/organisation"),
        "search": lambda: page.goto("/organisation?q=nord"),
        "unit": lambda: page.goto("/organisation/units/T"),
        "change": lambda: page.goto("/organisation/units/T/change/merge"),
        "refused": lambda: pressed(page, "Se, hvad der sker"),
        "foreseen": lambda: _filled(page, "Den anden enhed", "Syd", "Se, hvad der sker"),
        "planned": lambda: pressed(page, "Læg enhederne sammen"),
        "nobody yet": lambda: page.goto("/organisation/people"),
        "people": lambda: _filled(page, "Navn eller e-mail", "ann1", "Find"),
        "nobody chosen": lambda: pressed(page, "Giv den ansatte denne enhed"),
    }

    wrong = {}
    for state, reach in states.items():
        reach()
        wrong[state] = seen(page)

    assert {state: found for state, found in wrong.items() if found} == {}


def _filled(page: Page, label: str, text: str, button: str) -> None:
    page.get_by_label(label).fill(text)
    pressed(page, button)
