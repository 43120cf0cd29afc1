"""Behaviours and comments in a real browser: each state, by keyboard, with and without script."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest
from playwright.sync_api import Browser, Page, expect

from survey import engine
from survey.actions import behaviours, comments
from survey.actions.behaviours import Written
from survey.intake.files import comments_file
from survey.settings import Settings
from survey.tables import Behaviour, BehaviourScope, Wave
from survey.texts import content
from tests import cast
from tests.browsing import seen_at, served, watched

GOOD = "Visitator ringer til borgeren inden to hverdage, når en klage er kommet."
VAGUE = "Vi sikrer en smidig og serviceorienteret sagsbehandling."
MARKED = "Spørg Mette på 22 33 44 55. Lederen er syg."
SEEN = {  # name: address
    "list": "/behaviours",
    "list in English": "/behaviours?lang=en",
    "new": "/behaviours/new",
    "example": "/behaviours/new?example=building_call",
    "asked before": "/behaviours/Ad8",
    "fine words": "/behaviours/A2",
    "comments": "/waves/2026-1/comments",
    "no comments yet": "/waves/2026-2/comments",
    "comments of a unit": "/waves/2026-1/comments/C21",
    "comments in English": "/waves/2026-1/comments/C21?lang=en",
    "rewrite": "/waves/2026-1/comments/C21/1/rewrite",
}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with served(build) as (settings, _):
        yield settings.url


async def build(settings: Settings) -> None:
    """One behaviour that was asked, two that were written; 25 comments, three of them decided."""
    async with engine.opened(settings, migrate=True):
        await cast.enter(settings)
        await cast.plan_waves("released", "open")
        cast.store_releases(settings, "2026-1")
        await Wave.update({Wave.opens: datetime.now(UTC).date()}).where(Wave.name == "2026-2")
        await Behaviour.update({Behaviour.text: GOOD, Behaviour.situation: "Der kom en klage."},
                               force=True)  # fmt: skip
        asked = await Behaviour.objects().get(Behaviour.code == "Ad8")
        assert asked is not None
        await BehaviourScope(behaviour=asked.id, unit=await cast.unit_id("C")).save()
        await behaviours.write(
            Written(VAGUE, "Der kom en sag.", "Borgeren får svar.", reason="Alle ved, hvad det er.",
                    units=("C21", "B1")),
            by=None, once="a" * 16,
        )  # fmt: skip
        file = comments_file(settings, "2026-1")
        file.parent.mkdir(exist_ok=True)
        texts = [MARKED, *(f"Vi mangler tid til punkt {n} på listen." for n in range(24))]
        pl.DataFrame(
            {"wave": "2026-1", "unit": "C21", "behaviour": "Ad8", "text": texts}
        ).write_parquet(file)
        for number, (state, text) in enumerate(
            (("rewritten", "Spørg os. Vi hjælper."), ("shown", ""), ("hidden", "")), start=2
        ):
            await comments.decide(
                settings, wave="2026-1", unit="C21", number=number, state=state, text=text,
                by=None, version=0,
            )  # fmt: skip


@pytest.fixture(scope="module")
def signed_in(browser: Browser, address: str) -> Any:
    """The cookies of the coordinator, from a sign-in with the form."""
    context = browser.new_context(base_url=address)
    page = context.new_page()
    page.goto("/sign-in")
    page.get_by_label("Brugernavn").fill("carla")
    page.get_by_label("Kodeord", exact=True).fill(cast.PASSWORD)
    page.get_by_role("button", name="Log ind", exact=True).click()
    expect(page.get_by_role("button", name="Log ud")).to_be_visible()
    kept = context.storage_state()
    context.close()
    return kept


@pytest.fixture
def opened(browser: Browser, address: str, signed_in: Any) -> Iterator[Callable[..., Page]]:
    """A function that opens a page as the coordinator."""
    with watched(browser) as new:

        def at(path: str, **options: Any) -> Page:
            page = new(base_url=address, storage_state=signed_in, **options)
            page.goto(path)
            return page

        yield at


def test_axe_finds_nothing_and_nothing_scrolls_sideways(opened: Callable[..., Page]) -> None:
    page, wrong = opened("/behaviours"), {}

    for name, path in SEEN.items():
        page.goto(path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
        wrong[name] = seen_at(page, 320, 1280)

    assert {name: found for name, found in wrong.items() if found} == {}


def test_a_behaviour_is_written_by_keyboard_without_script(opened: Callable[..., Page]) -> None:
    page = opened("/behaviours/new", java_script_enabled=False)
    typed(page, "Hele sætningen", VAGUE)
    typed(page, "Situationen, som den var", "Der kom en ny ansøgning.")
    press(page, "Tjek")
    said = page.locator("#verdict")
    expect(said).to_contain_text(content("linter")["verdicts"]["stop"]["da"])

    page.get_by_label("Hele sætningen").fill("")
    page.get_by_text("Sæt den sammen af fem dele").focus()
    page.keyboard.press("Enter")
    typed(page, "Kerneopgave (må være tomt)", "Borgere bygger trygt.")
    for label, text in (
        ("Hvem?", "Byggesagsbehandleren"),
        ("Gør hvad?", "ringer og siger, hvad der mangler"),
        ("Når der sker hvad?", "en ny ansøgning er kommet"),
        ("Hvor hurtigt eller hvor ofte?", "senest fem hverdage efter"),
    ):
        typed(page, label, text)
    press(page, "Gem adfærden")

    expect(page.get_by_role("status")).to_contain_text("Adfærden er gemt.")
    expect(page.get_by_role("link", name="Byggesagsbehandleren ringer")).to_be_visible()


def test_the_linter_answers_while_one_types_and_once_is_enough_to_use_it_anyway(
    opened: Callable[..., Page],
) -> None:
    page = opened("/behaviours/new")
    verdicts = content("linter")["verdicts"]
    typed(page, "Situationen, som den var", "Der kom en ny ansøgning.")

    typed(page, "Hele sætningen", "Visitator ringer til borgeren")
    expect(page.locator("#verdict")).to_contain_text(verdicts["fix"]["da"])
    page.keyboard.type(" inden to hverdage")
    typed(page, "Kerneopgave (må være tomt)", "Borgeren får svar.")
    expect(page.locator("#verdict")).to_contain_text(verdicts["pass"]["da"])
    page.get_by_label("Kerneopgave (må være tomt)").fill("")
    page.keyboard.type(" ")
    expect(page.locator("#verdict")).to_contain_text("Hvad får borgeren ud af det?")
    press(page, "Brug den alligevel")

    expect(page.get_by_role("status")).to_contain_text("Adfærden er gemt.")


def test_comments_are_decided_by_keyboard_without_script(opened: Callable[..., Page]) -> None:
    page = opened("/waves/2026-1/comments/C21", java_script_enabled=False)
    expect(page.locator("#progress")).to_contain_text("3 af 25 set")

    press(page, "Vis ikke 5")
    page.get_by_role("link", name="Skriv om 1", exact=True).focus()
    page.keyboard.press("Enter")
    page.get_by_label("Som den må vises").fill("Spørg på vagten.")
    press(page, "Gem, og vis den sådan")

    expect(page.locator("#progress")).to_contain_text("5 af 25 set")
    expect(page.locator("#text-1")).to_contain_text("Må vises, som den er skrevet om")
    press(page, "Fortryd 1")
    expect(page.locator("#progress")).to_contain_text("4 af 25 set")


def typed(page: Page, label: str, text: str) -> None:
    page.get_by_label(label, exact=True).focus()
    page.keyboard.type(text)


def press(page: Page, button: str) -> None:
    page.get_by_role("button", name=button, exact=True).last.focus()
    page.keyboard.press("Enter")
