"""Trial actions, what was learned and what is sent up, in a real browser: each state, keyboard."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from survey import engine
from survey.actions import sent_up, trials
from survey.actions.sent_up import Letter
from survey.actions.trials import Said
from survey.actions.trials_card import Card
from survey.organisation import tree
from survey.settings import Settings
from survey.tables import Behaviour, BehaviourScope
from tests import cast
from tests.browsing import seen_at, served, watched

SEEN = {  # name: who looks, address
    "nothing tried": ("bo", "/trials"),
    "list": ("anna", "/trials"),
    "new": ("anna", "/trials/new?unit=C21&barrier=SILO&kind=silo_phone_hour"),
    "agreed": ("anna", "/trials/P1"),
    "gate": ("anna", "/trials/P3/to/practice_shift"),
    "lots": ("carla", "/trials/P5/lots"),
    "learned": ("carla", "/learned?lang=en"),
    "sent up": ("carla", "/sent-up"),
    "new card": ("anna", "/sent-up/new?trial=P3"),
    "answer": ("carla", "/sent-up/S1"),
}
# A select has the arrow of dkfds as its background picture, which axe cannot see through; its text
# is --ink on white. Two letters are too short a text for axe to measure.
EXPLAINED = ('incomplete color-contrast <select class="form-select"', ">Ja</label>")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with served(build) as (settings, _):
        yield settings.url


async def build(settings: Settings) -> None:
    """Five trials in five states, and three cards: waiting, on its way and answered."""
    async with engine.opened(settings, migrate=True):
        await cast.enter(settings)
        await cast.plan_waves("released", "released", "released", "released")
        cast.store_releases(settings, *cast.WAVES)
        asked = await Behaviour.objects().get(Behaviour.code == "Ad8")
        await BehaviourScope(behaviour=asked.id, unit=await cast.unit_id("C")).save()
        today = datetime.now(UTC).date()
        card = Card(
            name="fast telefontid", owners=("C21", "B1"), barrier="SILO", scope="Tirsdag kl. 9-10.",
            starts=today - timedelta(days=140), ends=today - timedelta(days=100),
            stop_date=today - timedelta(days=100), target_group="12 borgere",
            learning_question="Bliver næste skridt aftalt?", citizen_gain="Et svar.",
            owner_role="teamkoordinator",
        )  # fmt: skip
        gate = dict.fromkeys(trials.gate_questions(), "Ja, det gør det.")
        said = Said(learned="Opkaldene blev færre.", said="Flere kommer med.", gate=gate)
        lives = ("agreed", "running", "learned", "scaled", "practice_shift")
        for number, steps in enumerate((1, 2, 4, 5, 0)):
            owners = ("C2",) if steps == 0 else card.owners
            code = await trials.write_trial(
                replace(card, owners=owners), by=None, once=f"{number:016x}", today=card.starts
            )
            for version, to in enumerate(lives[:steps], start=1):
                await trials.move_trial(
                    settings, code, to, said=said, by=None, version=version, today=today
                )
        letter = Letter(
            senders=("C21",), level="board", experience="Vi mangler tid.", citizen="De venter.",
            tried="Et halvt møde.", ask="Giv os én fælles kalender.", answer_by=today,
        )  # fmt: skip
        units, sent = await tree(None), today - timedelta(days=30)
        for number, by in enumerate((today - timedelta(days=2), today + timedelta(days=9), today)):
            level = "managers" if number == 1 else "board"
            await sent_up.send_up(
                replace(letter, level=level, answer_by=by), units, by=None,
                once=f"{number:016x}", today=sent,
            )  # fmt: skip
        await sent_up.answer("S3", "we_try", "en kalender.", by=None, version=1, today=today)


@pytest.fixture(scope="module")
def signed_in(browser: Browser, address: str) -> dict[str, Any]:
    """The cookies of each reader, from one sign-in with the form."""
    kept: dict[str, Any] = {}
    for login in ("anna", "bo", "carla"):
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
    """A function that opens a page of SEEN as the one who looks at it."""
    with watched(browser) as new:

        def named(name: str, **options: Any) -> Page:
            login, path = SEEN[name]
            page = new(base_url=address, storage_state=signed_in[login], **options)
            page.goto(path)
            return page

        yield named


@pytest.mark.parametrize("name", SEEN)
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    looked_at: Callable[[str, Any], Page], address: str, signed_in: dict[str, Any], name: str
) -> None:
    login, path = SEEN[name]
    page = looked_at(f"{address}{path}", signed_in[login])
    expect(page.get_by_role("heading", level=1)).to_be_visible()

    wrong = seen_at(page, 320, 1280)

    assert [one for one in wrong if not any(known in one for known in EXPLAINED)] == []


def test_a_form_that_is_refused_says_so_at_the_top_and_beside_each_field(
    opened: Callable[..., Page],
) -> None:
    page = opened("new")
    page.get_by_label("Kort navn").fill("")
    page.get_by_label("Tovholder").fill("Mette")

    page.get_by_role("button", name="Gem som idé").click()

    expect(page).to_have_title("Fejl: Skriv en prøvehandling · Kernepuls")
    expect(page.get_by_role("alert").get_by_role("link")).to_have_count(2)
    expect(page.get_by_label("Tovholder")).to_have_value("Mette")
    wrong = seen_at(page, 320, 1280)
    assert [one for one in wrong if not any(known in one for known in EXPLAINED)] == []


def test_a_trial_is_written_agreed_and_begun_by_keyboard_without_script(
    opened: Callable[..., Page],
) -> None:
    page = opened("new", java_script_enabled=False)
    for label, text in (
        ("Borgeren får ud af det", "Et svar med det samme."),
        ("Tovholder", "teamkoordinator"),
    ):
        page.get_by_label(label).focus()
        page.keyboard.type(text)
    press(page, "Gem som idé")
    expect(page.get_by_role("status")).to_be_visible()

    press(page, "Aftal den")
    press(page, "Begynd")

    expect(page.locator(".kp-kicker")).to_contain_text("I gang")


def test_a_card_is_answered_by_keyboard_without_script(opened: Callable[..., Page]) -> None:
    page = opened("answer", java_script_enabled=False)
    page.get_by_label("Ja", exact=True).focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.type("målet er aftalt for hele året.")

    press(page, "Gem svaret")

    expect(page.locator(".kp-lead")).to_contain_text("Svar: Nej, fordi målet er aftalt")


def press(page: Page, button: str) -> None:
    page.get_by_role("button", name=button, exact=True).focus()
    page.keyboard.press("Enter")
