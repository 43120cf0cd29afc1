"""The matrix of results and its filters: they choose among what is published, for each reader."""

import re
from collections.abc import AsyncIterator
from html import unescape

import msgspec
import pytest

from analysis.findings import Impact, Release, ReleasedUnit, encode
from survey import engine
from survey.pages.results.matrix import MOST_ROWS
from survey.settings import Settings
from tests import cast
from tests.analysis.release_factory import cell, release

BASE = "/waves/2026-4/units"


@pytest.fixture
async def site(settings: Settings) -> AsyncIterator[cast.Site]:
    async with engine.opened(settings, migrate=True):
        await cast.enter(settings)
        await cast.plan_waves("released", "released", "released", "released")
        cast.store_releases(settings, *cast.WAVES)
        async with cast.site(settings) as site:
            yield site


def store(site: cast.Site, made: Release) -> None:
    settings: Settings = site.app.state.settings
    (settings.data / "releases" / f"{made.wave}.json").write_bytes(encode(made))


async def table(site: cast.Site, login: str, address: str) -> str:
    browser = await site.signed_in(login)
    reply = await browser.get(f"{BASE}/{address}", headers={"hx-request": "true"})
    assert reply.status_code == 200
    return str(reply.text)


def names(page: str) -> list[str]:
    return [unescape(one) for one in re.findall(r'<th scope="row"[^>]*>(?:<a[^>]*>)?([^<]+)', page)]


def columns(page: str) -> list[str]:
    return re.findall(r'<th scope="col">([^<]+)', page)[1:]


# --- filters -------------------------------------------------------------------------------------


async def test_one_barrier_is_one_column_over_all_units(site: cast.Site) -> None:
    page = await table(site, "carla", "C?barrier=TID")

    assert columns(page) == ["Tid"]
    assert len(names(page)) == 1 + 6


async def test_a_part_stands_alone_with_what_lies_below_it(site: cast.Site) -> None:
    page = await table(site, "carla", "FK?part=C2")

    assert names(page) == [
        "Hjemmepleje",
        "Hjemmepleje Nord",
        "Hjemmepleje Syd",
        "Aften- og nathold",
    ]
    assert f'<a href="{BASE}/FK?part=C#units">Op til Center for Sundhed og Ældre</a>' in page


async def test_a_behaviour_shows_the_units_that_were_asked_about_it(site: cast.Site) -> None:
    page = await table(site, "carla", "FK?behaviour=Ad1")

    assert names(page)[1:3] == ["Byggesag", "Plan og Natur"]
    assert "Havneskolen" not in names(page)


UNKNOWN = ("barrier=XX", "part=XX", "behaviour=' OR 1=1", "by=nobody", "page=-1", "page=9", "x=y")


async def test_a_filter_that_names_nothing_is_left_out_of_account(site: cast.Site) -> None:
    whole = await table(site, "carla", "FK")

    for asked in UNKNOWN:
        assert await table(site, "carla", f"FK?{asked}") == whole, asked


async def test_a_reader_filters_within_reach_only(site: cast.Site) -> None:
    page = await table(site, "anna", "FK?part=C22")
    whole = await (await site.signed_in("anna")).get(f"{BASE}/FK")

    assert "Hjemmepleje Syd" not in page + whole.text
    assert names(page) == [
        "Fjordlund Kommune",
        "Center for Sundhed og Ældre",
        "Hjemmepleje",
        "Hjemmepleje Nord",
    ]


async def test_htmx_gets_the_very_piece_that_stands_in_the_whole_page(site: cast.Site) -> None:
    carla = await site.signed_in("carla")

    piece = await carla.get(f"{BASE}/C?barrier=TID", headers={"hx-request": "true"})
    whole = await carla.get(f"{BASE}/C?barrier=TID")
    back = await carla.get(
        f"{BASE}/C?barrier=TID",
        headers={"hx-request": "true", "hx-history-restore-request": "true"},
    )

    assert piece.text.startswith('<div id="matrix">')
    assert piece.text.strip() in whole.text
    assert back.text.startswith("<!doctype html>")
    assert all(one.headers["vary"].startswith("HX-Request") for one in (piece, whole))


# --- professions, where they are released --------------------------------------------------------


@pytest.fixture
def crossed(site: cast.Site) -> None:
    made = release()
    shown = cell("C", "barrier_share", "TID", 30, 60, cross={"profession": "sygeplejersker"})
    hidden = msgspec.structs.replace(
        cell("C", "barrier_share", "TID", 0, 0), cross={"profession": "sosu-hjælpere"}
    )
    more = (shown, hidden)
    store(site, msgspec.structs.replace(made, cells=(*made.cells, *more)))


@pytest.mark.usefixtures("crossed")
async def test_professions_are_rows_where_they_are_released(site: cast.Site) -> None:
    page = await table(site, "carla", "C?by=professions&barrier=TID")

    assert names(page) == ["Center for Sundhed og Ældre", "Sosu-hjælpere", "Sygeplejersker"]
    assert "30\xa0%" in page.partition("Sygeplejersker")[2]
    assert "Vises ikke" in page.partition("Sosu-hjælpere")[2].partition("Sygeplejersker")[0]


@pytest.mark.usefixtures("crossed")
async def test_elsewhere_there_is_no_such_choice(site: cast.Site) -> None:
    assert 'name="by"' in await table(site, "carla", "C")
    assert 'name="by"' not in await table(site, "carla", "FK")
    assert await table(site, "carla", "FK?by=professions") == await table(site, "carla", "FK")


# --- a large tree --------------------------------------------------------------------------------


def wide(parts: int, teams: int) -> Release:
    """A root with parts of teams, each with one cell."""
    made = release()
    units = [made.units[0]]
    for p in range(parts):
        units.append(ReleasedUnit(f"P{p}", "FK", f"Del {p}", 1, "same"))
        units += [
            ReleasedUnit(f"P{p}T{t}", f"P{p}", f"Hold {p}.{t}", 2, "same") for t in range(teams)
        ]
    cells = [cell(one.unit, "barrier_share", "TID", 30, 60) for one in units]
    empty = {"behaviours": (), "levels": (), "pairs": (), "trials": (), "proposals": ()}
    return msgspec.structs.replace(
        made, units=tuple(units), cells=tuple(cells), quality=(), **empty
    )


async def test_a_large_tree_is_folded_one_level_at_a_time(site: cast.Site) -> None:
    store(site, wide(10, 20))

    page = await table(site, "carla", "FK")
    opened = await table(site, "carla", "FK?part=P3")

    assert names(page) == ["Fjordlund Kommune", *(f"Del {p}" for p in range(10))]
    assert page.count("Vis 20 enheder herunder") == 10
    assert names(opened) == ["Del 3", *(f"Hold 3.{t}" for t in range(20))]


async def test_a_level_that_is_too_wide_is_paged(site: cast.Site) -> None:
    store(site, wide(2 * MOST_ROWS, 1))

    first, last = [await table(site, "carla", f"FK?barrier=TID&page={n}") for n in (1, 3)]

    assert len(names(first)) == MOST_ROWS
    assert names(last) == [f"Del {2 * MOST_ROWS - 1}"]
    assert f'href="{BASE}/FK?barrier=TID&amp;page=2#units"' in first


# --- what goes with success ----------------------------------------------------------------------


async def test_what_goes_with_success_is_told_as_no_cause(site: cast.Site) -> None:
    known = {"scope": "C", "n": 150, "prevalence": 24, "rank": (1, 2)}
    impact = (
        Impact("TID", association_pp=-18, low=-25, high=-10, **known),
        Impact("FAG", association_pp=-2, low=-9, high=4, **known),
    )
    store(site, msgspec.structs.replace(release(), impact=impact))
    carla = await site.signed_in("carla")

    page = unescape((await carla.get(f"{BASE}/C21")).text)

    said = "De, der oplever, at dagen er lagt sådan, at der mangler tid, fortæller oftere"
    assert f"{said}, at det ikke lykkes. Det viser ikke, hvad der er årsag." in page
    assert page.count("De, der oplever") == 1
    assert "18" not in page.partition("Det hænger sammen med")[2].partition("</section>")[0]
