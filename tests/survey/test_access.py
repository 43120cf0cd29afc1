"""Who may open what of the results, by name; test_access_matrix walks every address there is."""

from collections.abc import AsyncIterator

import pytest

from survey.actor import Actor, Role
from survey.settings import Settings
from survey.tables import Account
from tests import cast

UNITS = ("FK", "C", "C2", "C21", "C22", "B1", "XX")
EVERYWHERE = {"FK", "C", "C2", "C21", "C22", "B1"}
# login: pages without a unit, units whose numbers are shown, units whose report may be taken away
MAY = {
    "nobody": (set(), set(), set()),
    "anna": ({"/account", "/results"}, {"FK", "C", "C2", "C21"}, {"C21"}),
    "bo": ({"/account", "/results"}, {"FK", "C", "C2", "C22"}, {"C22"}),
    "carla": (
        {"/account", "/organisation", "/overview", "/results", "/waves"},
        EVERYWHERE,
        EVERYWHERE,
    ),
    "dan": ({"/account"}, set(), set()),
    "eva": ({"/account", "/results", "/waves"}, EVERYWHERE, EVERYWHERE),
    "finn": ({"/account", "/results"}, {"C21", "B1"}, {"C21", "B1"}),
}


@pytest.fixture
async def site(store: Settings) -> AsyncIterator[cast.Site]:
    await cast.enter(store)
    cast.store_releases(store, *cast.WAVES)
    async with cast.site(store) as site:
        yield site


async def test_each_role_opens_what_it_may_and_nothing_else(site: cast.Site) -> None:
    opened = {}
    for login in MAY:
        browser = site.browser() if login == "nobody" else await site.signed_in(login)
        pages, units, files = set(), set(), set()
        for address in ("/account", "/organisation", "/overview", "/results", "/waves"):
            if (await browser.get(address)).status_code == 200:
                pages.add(address)
        for unit in UNITS:
            if (await browser.get(f"/waves/2026-4/units/{unit}")).status_code == 200:
                units.add(unit)
            if (await browser.get(f"/waves/2026-4/units/{unit}/numbers.csv")).status_code == 200:
                files.add(unit)
        opened[login] = (pages, units, files)

    assert opened == MAY


async def test_the_report_asks_for_the_same_right_as_the_numbers(site: cast.Site) -> None:
    refused = {}
    for login in ("anna", "bo", "dan", "finn"):
        browser = await site.signed_in(login)
        refused[login] = {
            unit
            for unit in UNITS
            if unit not in MAY[login][2]
            and (await browser.get(f"/waves/2026-4/units/{unit}/report.pdf")).status_code == 404
        }

    assert refused == {login: set(UNITS) - MAY[login][2] for login in refused}


async def test_who_is_not_signed_in_is_asked_to_whatever_the_address(site: cast.Site) -> None:
    browser = site.browser()

    there = await browser.get("/waves/2026-4/units/C21")
    nowhere = await browser.get("/waves/2026-4/units/XX")

    assert there.status_code == nowhere.status_code == 303
    assert there.headers["location"] == "/sign-in?next=/waves/2026-4/units/C21"
    assert nowhere.headers["location"] == "/sign-in?next=/waves/2026-4/units/XX"


async def test_an_unknown_unit_a_foreign_one_and_an_unknown_wave_look_alike(
    site: cast.Site,
) -> None:
    anna = await site.signed_in("anna")
    await anna.get("/account")  # the first page of a browser gives it the cookie of its forms

    replies = [
        await anna.get(address)
        for address in (
            "/waves/2026-4/units/C22",
            "/waves/2026-4/units/XX",
            "/waves/2027-1/units/C21",
            "/waves/2026-4/units/C2/numbers.csv",
            "/waves/2026-4/units/C22/report.pdf",
        )
    ]

    assert {reply.status_code for reply in replies} == {404}
    assert len({reply.content for reply in replies}) == 1
    assert len({str(sorted(reply.headers.items())) for reply in replies}) == 1


async def test_a_coordinator_cannot_tell_an_unknown_unit_from_an_unknown_wave(
    site: cast.Site,
) -> None:
    carla = await site.signed_in("carla")

    unit = await carla.get("/waves/2026-4/units/XX")
    wave = await carla.get("/waves/2027-1/units/C21")

    assert unit.status_code == wave.status_code == 404
    assert unit.content == wave.content


async def test_a_parent_shows_no_sibling_to_a_leadership_team(site: cast.Site) -> None:
    anna = await site.signed_in("anna")

    page = await anna.get("/waves/2026-4/units/C2")

    assert "Hjemmepleje Nord" in page.text
    assert "Hjemmepleje Syd" not in page.text
    assert "report.pdf" not in page.text


async def test_an_account_that_is_stopped_is_out_at_once(site: cast.Site) -> None:
    anna = await site.signed_in("anna")
    before = await anna.get("/account")

    await Account.update({Account.active: False}).where(Account.login == "anna")
    after = await anna.get("/account")

    assert (before.status_code, after.status_code) == (200, 303)


@pytest.mark.parametrize("role", list(Role))
def test_without_units_only_the_coordinator_and_the_works_committee_read(role: Role) -> None:
    actor = Actor(account=1, login="somebody", role=role, language="da")

    may = actor.may_read("C21"), actor.may_read_below("C21")

    everything = role in (Role.COORDINATOR, Role.WORKS_COMMITTEE)
    assert may == (everything, everything)


def test_the_administrator_reads_no_result_even_with_units() -> None:
    actor = Actor(1, "dan", Role.ADMINISTRATOR, "da", frozenset({"C21"}), frozenset({"C21"}))

    assert not actor.may_read("C21")
    assert not actor.may_read_below("C21")
    assert not actor.may_read_results
