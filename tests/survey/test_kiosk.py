"""The shared tablet's pages as the server gives them: nothing kept, no way out, the same answer."""

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from survey import engine
from survey.settings import Settings
from survey.tables import Ballot, Intake, Wave
from tests import answering, cast
from tests.survey.test_answer_pages import Fields, Respondent, says

KIOSK = "/svar/kiosk"


class Tablet(Respondent):
    """Somebody at the tablet: from the clean start by the forms of the pages alone."""

    async def start(self) -> Any:
        return await self.client.get(KIOSK)

    async def unit(self, code: str) -> Any:
        fields = Fields((await self.start()).text).values
        return await self.post(f"{KIOSK}/opslag", {**fields, "code": code})

    async def questionnaire(self, code: str) -> Any:
        return await self.post(f"{KIOSK}/uden-script", Fields((await self.unit(code)).text).values)

    async def send_answer(self, code: str, **answers: str) -> Any:
        fields = Fields((await self.questionnaire(code)).text).values
        return await self.post(f"{KIOSK}/send", {**fields, "situation": "no", **answers})


@pytest.fixture
async def codes(store: Settings) -> list[str]:
    return (await answering.build(store))["C11"]


@pytest.fixture
async def tablet(store: Settings, codes: list[str]) -> AsyncIterator[Tablet]:
    async with cast.site(store) as site:
        browser: Any = site.browser()
        yield Tablet(browser)


async def pages(tablet: Tablet, codes: list[str]) -> dict[str, Any]:
    """Every page of the tablet, by its name."""
    return {
        "start": await tablet.start(),
        "wrong code": await tablet.post(f"{KIOSK}/opslag", {"code": "K7QD"}),
        "unit": await tablet.unit(codes[0]),
        "questionnaire": await tablet.questionnaire(codes[0]),
        "used": await tablet.questionnaire(codes[0]),
        "sent back": await tablet.send_answer(codes[1], situation=""),
        "receipt": await tablet.send_answer(codes[2]),
        "privacy": await tablet.client.get(f"{KIOSK}/privat"),
    }


async def test_two_people_leave_two_ballots_and_two_answers(
    tablet: Tablet, codes: list[str]
) -> None:
    for code in codes[:2]:
        page = await tablet.send_answer(code)
        assert says(page, "Dit svar er modtaget")

    assert await Ballot.count() == 2
    assert await Intake.count() == 2


async def test_the_clean_start_has_the_browser_forget_and_keeps_who_is_signed_in(
    tablet: Tablet,
) -> None:
    for path in ("", "/opslag", "/uden-script", "/sprog", "/send"):
        page = await tablet.client.get(f"{KIOSK}{path}")

        assert page.status_code == 200
        assert page.headers["clear-site-data"] == '"cache", "storage"'


async def test_no_other_page_has_a_browser_forget_a_ballot_it_may_still_need(
    tablet: Tablet, codes: list[str]
) -> None:
    for path in ("/svar", "/svar/privat", "/svar/mistet"):
        assert "clear-site-data" not in (await tablet.client.get(path)).headers


async def test_no_page_is_kept_sets_a_cookie_or_lets_a_field_be_filled_in_from_before(
    tablet: Tablet, codes: list[str]
) -> None:
    for name, page in (await pages(tablet, codes)).items():
        assert page.headers["cache-control"] == "no-store", name
        assert "set-cookie" not in page.headers, name
        for form in re.findall(r"<form [^>]*>", page.text):
            filled_in = 'method="post"' in form and "data-begin" not in form  # that one is hidden
            assert not filled_in or 'autocomplete="off"' in form, name


async def test_no_form_and_no_link_leads_away_from_the_tablet(
    tablet: Tablet, codes: list[str]
) -> None:
    for name, page in (await pages(tablet, codes)).items():
        addresses = re.findall(r'(?:<a href|action|formaction)="([^"]*)"', page.text)
        assert [a for a in addresses if not a.startswith((KIOSK, "#"))] == [], name
        assert "data-kiosk" in page.text, name


async def test_every_page_after_the_start_has_a_button_that_leads_back_to_it(
    tablet: Tablet, codes: list[str]
) -> None:
    buttons = {
        name: re.findall(
            rf'<form method="get" action="{KIOSK}"[^>]*><button[^>]*>([^<]*)', page.text
        )
        for name, page in (await pages(tablet, codes)).items()
    }

    assert buttons == {
        "start": [],
        "wrong code": ["Slet og start forfra"],
        "unit": ["Slet og start forfra"],
        "questionnaire": [
            "Færdig – næste person",
            "Slet og start forfra",
        ],  # the first: its receipt
        "used": ["Slet og start forfra"],
        "sent back": ["Færdig – næste person", "Slet og start forfra"],
        "receipt": ["Færdig – næste person"],
        "privacy": [],
    }


async def test_who_gives_up_is_told_that_the_code_is_used(tablet: Tablet, codes: list[str]) -> None:
    found = await tablet.unit(codes[0])
    begun = await tablet.questionnaire(codes[0])

    assert not says(found, "Så er koden brugt.")
    assert says(begun, "Så er koden brugt. Du kan ikke svare med den igen.")


async def test_a_closed_wave_is_told_and_nothing_is_stored(
    tablet: Tablet, codes: list[str], store: Settings
) -> None:
    form = Fields((await tablet.questionnaire(codes[0])).text).values
    await Wave.update({Wave.state: "closing"}).where(Wave.name == answering.WAVE)

    sent = await tablet.post(f"{KIOSK}/send", {**form, "situation": "no"})
    found = await tablet.unit(codes[1])

    assert [sent.status_code, found.status_code] == [410, 410]
    assert says(sent, "Dit svar kom ikke med")
    assert await Intake.count() == 0


async def test_the_ordinary_pages_say_nothing_of_a_tablet(tablet: Tablet, codes: list[str]) -> None:
    page = await tablet.client.get("/svar")

    assert "kiosk" not in page.text
    assert says(page, "Har du mistet koden?")


async def test_in_english_too(tablet: Tablet, codes: list[str]) -> None:
    page = await tablet.send_answer(codes[0], sprog="en")

    assert says(page, "Done – next person")
    assert says(page, "Press the button before you go.")


@pytest.mark.parametrize(("who", "is_told"), [("carla", True), ("eva", False)])
async def test_the_coordinator_is_told_how_to_set_a_tablet_up(
    settings: Settings, who: str, *, is_told: bool
) -> None:
    async with engine.opened(settings, migrate=True):
        await cast.enter(settings)
        await Wave.insert(
            Wave(name="2026-4", opens=answering.OPENS, closes=answering.CLOSES, state="open")
        )
        async with cast.site(settings) as site:
            browser = await site.signed_in(who)

            page = await browser.get("/waves")

    assert says(page, "Sæt en fælles tablet op") == is_told
    assert says(page, f"{settings.url}{KIOSK}") == is_told
