"""The pages of a wave in a real browser: every state, narrow and wide, keyboard, no script."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from survey import engine
from survey.delivery.shelf import Shelf
from survey.insight import ReportTooSlow
from survey.insight.documents import given
from survey.settings import Settings
from survey.tables import (
    Account,
    Behaviour,
    BehaviourScope,
    Closing,
    Person,
    UnitVersion,
    Wave,
    WaveBehaviour,
)
from tests import cast
from tests.browsing import seen_at, served, watched
from tests.translated import filled, put

SEEN = {  # name: who looks, address
    "overview": ("carla", "/overview"),
    "list": ("carla", "/waves"),
    "plan": ("carla", "/waves/new"),
    "draft": ("carla", "/waves/2027-2"),
    "sent back": ("carla", "/waves/2027-3"),
    "agree": ("eva", "/waves/2027-2"),
    "paper": ("eva", "/waves/2027-2/paper"),
    "open": ("carla", "/waves/2026-2"),
    "open in English": ("carla", "/waves/2026-2?lang=en"),
    "released": ("carla", "/waves/2026-1"),
    "reports": ("carla", "/waves/2026-1/reports?unit=C21"),
    "reports made": ("carla", "/waves/2026-1/reports?in=en&unit=C2"),
    "held": ("carla", "/waves/2026-3"),
    "prints": ("carla", "/waves/2026-2/prints"),
    "sheets": ("carla", "/waves/2026-4/sheets"),
    "languages": ("carla", "/languages"),
    "details": ("carla", "/organisation/details"),
    "try": ("carla", "/waves/2027-2/try"),
}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with served(build) as (settings, _):
        yield settings.url


async def make_some_reports(settings: Settings) -> None:
    """In English: two are made, one failed, and a team can be told."""
    told = await given(settings, wave="2026-1", language="en", today=date(2026, 11, 22))
    shelf = Shelf(settings, "2026-1", "en")
    shelf.begin(told.mark, {})
    for key in (("report", "FK"), ("report", "C2")):
        shelf.put(key, b"%PDF", mark=told.mark_of(*key), pages=9, today=date(2026, 11, 22))
    shelf.refuse(("board", "C2"), ReportTooSlow(seconds=20))
    await Account.update({Account.email: "anna@fjordlund.example"}).where(Account.login == "anna")


async def build(settings: Settings) -> None:
    """Waves in every state; three that are planned, of which one came back from the committee."""
    async with engine.opened(settings, migrate=True):
        await cast.enter(settings)
        put(settings, filled("ar"))
        put(settings, filled("pl", **{"questionnaire.items.clarity": ""}))
        await UnitVersion.update({UnitVersion.core_task: "Borgeren klarer sig."}).where(
            UnitVersion.parent.is_null()
        )
        await cast.plan_waves("released", "open", "held", "approved")
        await cast.count_opened("2026-2", {"B": 45, "B1": 50, "C": 35, "C2": 35, "F": 60})
        cast.store_releases(settings, "2026-1")
        await make_some_reports(settings)
        held = await Wave.objects().get(Wave.name == "2026-3")
        await Closing.insert(Closing(wave=held.id, step="roster_cleared", refusal="A2"))
        await Wave.update({Wave.key_sheets: "made"}).where(Wave.name == "2026-4")
        asked = Behaviour(
            code="L1",
            text="Når en borger ringer, aftaler vi det næste skridt i samme samtale.",
            situation="En borger ringede.",
        )
        await asked.save()
        await BehaviourScope(behaviour=asked.id, unit=await cast.unit_id("C")).save()
        for unit in ("C21", "C21", "C22", "F1"):
            await Person.insert(
                Person(
                    unit=await cast.unit_id(unit),
                    first_name="A",
                    last_name="B",
                    profession="sosu",
                )
            )
        for name, month, why in (("2027-2", 3, None), ("2027-3", 6, "Vent til efter ferien.")):
            wave = Wave(
                name=name, opens=date(2127, month, 3), closes=date(2127, month, 16), sent_back=why
            )
            await wave.save()
            await WaveBehaviour(wave=wave.id, behaviour=asked.id).save()


@pytest.fixture(scope="module")
def signed_in(browser: Browser, address: str) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for login in ("carla", "eva"):
        context = browser.new_context(base_url=address)
        page = context.new_page()
        page.goto("/sign-in")
        page.get_by_label("Brugernavn").fill(login)
        page.get_by_label("Kodeord", exact=True).fill(cast.PASSWORD)
        page.get_by_role("button", name="Log ind", exact=True).click()
        expect(page.get_by_role("button", name="Log ud")).to_be_visible()
        kept[login] = context.storage_state()
        context.close()
    return kept


@pytest.fixture
def opened(
    browser: Browser, address: str, signed_in: dict[str, Any]
) -> Iterator[Callable[..., Page]]:
    with watched(browser) as new:

        def named(name: str, width: int = 1280, **options: Any) -> Page:
            login, path = SEEN[name]
            page = new(
                base_url=address,
                storage_state=signed_in[login],
                viewport={"width": width, "height": 800},
                **options,
            )
            page.goto(path)
            return page

        yield named


@pytest.mark.parametrize("name", SEEN)
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    looked_at: Callable[[str, Any], Page], address: str, signed_in: dict[str, Any], name: str
) -> None:
    login, path = SEEN[name]
    page = looked_at(f"{address}{path}", signed_in[login])
    for summary in page.locator("summary").all():
        summary.click()

    assert seen_at(page, 320, 1280) == []


def test_a_wave_is_planned_by_keyboard_without_javascript(opened: Callable[..., Page]) -> None:
    page = opened("plan", java_script_enabled=False)

    page.get_by_label("Navn").focus()
    for _ in range(40):
        if page.get_by_role("button", name="Gem planen").evaluate("it => it.matches(':focus')"):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("Planen er gemt.")
    page.get_by_label("Dag", exact=True).focus()
    for part in ("1", "2", "2027"):
        page.keyboard.type(part)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.get_by_role("button", name="Godkend: 3 bliver inviteret")).to_be_visible()


def test_the_form_is_tried_step_by_step_and_the_browser_keeps_nothing(
    opened: Callable[..., Page],
) -> None:
    page = opened("try", width=360)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.post_data else None)

    page.locator("[name=clarity][value='4']").check()
    page.get_by_role("button", name="Videre").click()
    page.locator("[name=situation][value=no]").check()
    for _ in range(8):
        if page.get_by_role("button", name="Send svar").is_visible():
            break
        page.get_by_role("button", name="Videre").click()
    page.get_by_role("button", name="Send svar").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Dit svar er modtaget")
    expect(page.get_by_text("Prøve: intet bliver gemt")).to_be_visible()
    assert [url.rpartition("/waves/")[2] for url in sent] == ["2027-2/try/send"]
    assert page.evaluate("() => [localStorage.length, sessionStorage.length]") == [0, 0]
