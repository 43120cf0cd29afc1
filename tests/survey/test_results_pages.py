"""What a released wave looks like to each reader, and what an empty installation says."""

import re
from collections.abc import AsyncIterator
from html import unescape

import msgspec
import pytest

from analysis.findings import Release, encode
from analysis.release.audit.documents import Untold, lines_checked
from analysis.report.reading import html_lines, workbook_tables
from survey import engine, insight
from survey.pages.results.views import shared
from survey.seeds.found import drawn_series
from survey.settings import Settings
from survey.tables import AuditEvent, Behaviour, Closing, Wave
from survey.texts import Voice
from tests import cast
from tests.analysis.release_factory import TEXTS, release

ROOT, NORTH, LEAF_8_TO_19, HIDDEN = "FK", "C21", "F1", "F4"
SEED = 8101


@pytest.fixture
async def site(store: Settings) -> AsyncIterator[cast.Site]:
    await cast.enter(store)
    await cast.plan_waves("released", "released", "released", "released", "open", "draft")
    cast.store_releases(store, *cast.WAVES)
    async with cast.site(store) as site:
        yield site


@pytest.fixture
async def empty(store: Settings) -> AsyncIterator[cast.Site]:
    await cast.enter(store)
    async with cast.site(store) as site:
        yield site


async def read(site: cast.Site, login: str, address: str) -> str:
    """The page as text: no tags, entities read, spaces made plain."""
    browser = await site.signed_in(login)
    reply = await browser.get(address)
    assert reply.status_code == 200
    bare = re.sub(r"<[^>]+>", " ", reply.text)
    return " ".join(unescape(bare).split())


# --- one unit ----------------------------------------------------------------------------------


async def test_a_leadership_team_reads_its_own_result(site: cast.Site) -> None:
    page = await read(site, "anna", f"/waves/2026-4/units/{NORTH}")

    assert "Hjemmepleje Nord" in page
    assert "Det lykkes omkring" in page
    assert "Tallet er steget, og det er næppe tilfældigt." in page
    assert "Omkring 60 % mellem 45 og 75 %" in page
    assert "Enheden selv" in page


async def test_a_proposal_leads_to_its_card_for_those_who_may_try(site: cast.Site) -> None:
    page = f"/waves/2026-4/units/{NORTH}"
    anna, eva = await site.signed_in("anna"), await site.signed_in("eva")

    offered = re.findall(r'href="(/trials/new[^"]+)"', (await anna.get(page)).text)
    form = await anna.get(unescape(offered[0]))

    assert len(offered) == 3
    assert f'<option value="{NORTH}" selected>' in form.text
    assert '<option value="TID" selected>' in form.text
    assert "/trials/new" not in (await eva.get(page)).text


async def test_a_parent_says_first_what_stands_out_below_it_as_its_report_does(
    site: cast.Site,
) -> None:
    page = await read(site, "carla", f"/waves/2026-4/units/{ROOT}")

    assert re.search(r"Det (tyder på|viser), at \S.* skiller sig ud i \S", page)
    assert "Ingen barriere skiller sig ud" not in page


async def test_every_number_of_twenty_or_more_has_its_interval(site: cast.Site) -> None:
    carla = await site.signed_in("carla")

    page = await carla.get(f"/waves/2026-4/units/{NORTH}")

    rows = re.findall(r'<p class="kp-said">(.*?)</p>', page.text, re.DOTALL)
    assert len(rows) == 10 + 3 + 6  # barriers, safe to try, the citizen
    for row in rows:
        assert 'class="interval"' in row or "Højst" in row or "Mindst" in row


async def test_under_twenty_the_band_is_said_in_words(site: cast.Site) -> None:
    page = await read(site, "carla", f"/waves/2026-4/units/{LEAF_8_TO_19}")

    assert "Det lykkes nogle af gangene" in page
    assert "Få eller ingen" in page
    assert "8–19 stod i situationen" in page
    assert "%" not in page.partition("Sådan læser I tallene")[0].replace("5 %", "")


async def test_a_hidden_unit_says_so_in_one_sentence_and_no_number(site: cast.Site) -> None:
    page = await read(site, "carla", f"/waves/2026-4/units/{HIDDEN}")

    assert (
        "Vises ikke, så ingen kan genkendes. "
        "Jeres svar tæller med i Center for Teknik, Miljø og Havn." in page
    )
    assert "Tag en snak ud fra de tre spørgsmål herunder i stedet." in page
    own = page.partition("Hvornår lykkedes det sidst for os")[2]  # above it that of the centre
    assert "Omkring" not in own.partition("Sådan er tallene lavet")[0]
    assert " 0 %" not in page
    assert "< 5" not in page


async def test_rows_of_the_heat_map_stand_in_the_order_of_the_organisation(
    site: cast.Site,
) -> None:
    carla = await site.signed_in("carla")

    page = await carla.get(f"/waves/2026-4/units/{ROOT}")

    names = re.findall(r'<th scope="row"[^>]*>(?:<a[^>]*>)?([^<]+)', page.text)
    assert names[:5] == [
        "Fjordlund Kommune",
        "Center for Børn og Skole",
        "Havneskolen",
        "Lundeskolen",
        "Nordskolen",
    ]
    columns = re.findall(r'<th scope="col">([^<]+)', page.text)
    assert columns[1:4] == ["Kassetænkning og siloer", "Økonomi", "Tid"]
    assert "sort" not in page.text.lower()


async def test_hidden_rows_look_alike_but_for_where_the_answers_count(site: cast.Site) -> None:
    carla = await site.signed_in("carla")

    page = await carla.get("/waves/2026-4/units/F")

    hidden = re.findall(r'<td class="kp-hidden" colspan="10">([^<]+)</td>', page.text)
    assert hidden == [
        "Vises ikke, så ingen kan genkendes. "
        "Jeres svar tæller med i Center for Teknik, Miljø og Havn."
    ]


async def test_a_cell_has_its_shade_as_a_class_and_its_value_in_words(site: cast.Site) -> None:
    carla = await site.signed_in("carla")

    page = await carla.get("/waves/2026-4/units/C2")

    assert re.search(r'<td class="kp-s6 kp-marked">60\xa0%<small>45–75</small>', page.text)
    assert "style=" not in page.text
    assert re.findall(r"<script(?! src=)", page.text) == []


async def test_a_parent_of_several_behaviours_has_no_level_of_its_own(site: cast.Site) -> None:
    page = await read(site, "carla", f"/waves/2026-4/units/{ROOT}")

    assert "Delene arbejder med hver sin adfærd. Derfor er der ikke ét tal for det hele." in page
    assert "Her er spurgt til 3 adfærd" in page


async def test_the_page_leads_to_the_other_waves_of_the_unit(site: cast.Site) -> None:
    anna = await site.signed_in("anna")

    page = await anna.get(f"/waves/2026-4/units/{NORTH}")
    first = await anna.get(f"/waves/2026-1/units/{NORTH}")

    for wave in cast.WAVES:
        assert f'href="/waves/{wave}/units/{NORTH}"' in page.text
    assert "Der er ikke en tidligere puls at holde tallene op imod." in first.text


@pytest.mark.parametrize(
    ("language", "said"), [("da", TEXTS["Ad1"]), ("en", "We ring the day before.")]
)
async def test_a_behaviour_is_said_in_the_language_of_the_page(
    site: cast.Site, language: str, said: str
) -> None:
    await Behaviour(code="Ad1", text="-", situation="-", text_en="We ring the day before.").save()

    page = await read(site, "carla", f"/waves/2026-4/units/{ROOT}?lang={language}")

    assert said in page


async def test_the_page_is_english_for_those_who_chose_it(site: cast.Site) -> None:
    anna = await site.signed_in("anna")

    page = await anna.get(f"/waves/2026-4/units/{NORTH}?lang=en")

    assert '<html lang="en">' in page.text
    assert "How often it succeeds" in page.text


async def test_a_release_that_was_changed_on_disk_is_not_shown(site: cast.Site) -> None:
    settings: Settings = site.app.state.settings
    file = settings.data / "releases" / "2026-4.json"
    file.write_bytes(file.read_bytes().replace(b'"value":60', b'"value":10'))
    anna = await site.signed_in("anna")

    page = await anna.get(f"/waves/2026-4/units/{NORTH}")

    assert page.status_code == 500
    assert "er ikke det, der blev skrevet" in unescape(page.text)


# --- no number but those of the release --------------------------------------------------------


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> tuple[Release, ...]:
    """The four releases of Fjordlund, from drawn answers."""
    series = drawn_series(SEED, tmp_path_factory.mktemp("drawn"))
    return tuple(series.releases.values())


@pytest.fixture
async def fjordlund(settings: Settings, real: tuple[Release, ...]) -> AsyncIterator[cast.Site]:
    async with engine.opened(settings, migrate=True):
        await cast.enter(settings)
        await cast.plan_waves(*["released"] * len(real))
        store_made(settings, *real)
        async with cast.site(settings) as site:
            yield site


def store_made(settings: Settings, *made: Release) -> None:
    folder = settings.data / "releases"
    folder.mkdir(exist_ok=True)
    for one in made:
        (folder / f"{one.wave}.json").write_bytes(encode(one))


@pytest.mark.parametrize("language", ["da", "en"])
async def test_every_number_on_every_page_of_results_is_told_by_the_release(
    fjordlund: cast.Site, real: tuple[Release, ...], language: str
) -> None:
    carla = await fjordlund.signed_in("carla")
    *earlier, last = real

    told = {}
    for one in last.units:
        page = await carla.get(f"/waves/{last.wave}/units/{one.unit}?lang={language}")
        lines = html_lines(page.text)
        told[one.unit] = lines_checked(last, lines, about=one.unit, earlier=earlier)

    assert told[ROOT] > 5 * len(last.units)  # ten barriers for each unit of twenty or more
    assert told[HIDDEN] == 1 + 2  # the version of the method; of the centre a share, its interval


PLANTED = {
    "a share": "Omkring 57 % siger, at det står i vejen.",
    "a decimal": "Andelen er 0.57 her.",
    "people": "17 var i situationen.",
}


@pytest.mark.parametrize("planted", PLANTED.values(), ids=PLANTED)
async def test_one_number_more_on_a_page_is_found(
    fjordlund: cast.Site, real: tuple[Release, ...], planted: str
) -> None:
    carla = await fjordlund.signed_in("carla")
    *earlier, last = real
    page = await carla.get(f"/waves/{last.wave}/units/{NORTH}")
    more = page.text.replace("</main>", f"<p>{planted}</p></main>")

    lines_checked(last, html_lines(page.text), about=NORTH, earlier=earlier)

    with pytest.raises(Untold):
        lines_checked(last, html_lines(more), about=NORTH, earlier=earlier)


@pytest.fixture
def doubled(site: cast.Site) -> Settings:
    """A release in which one place has two numbers: a row of its table is not what it tells."""
    made = release()
    once = next(one for one in made.cells if (one.unit, one.item) == (NORTH, "TID"))
    twice = msgspec.structs.replace(once, value=45)
    settings: Settings = site.app.state.settings
    store_made(settings, msgspec.structs.replace(made, cells=(*made.cells, twice)))
    return settings


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
async def test_a_table_with_a_row_that_the_release_does_not_tell_is_not_made(
    site: cast.Site, doubled: Settings, kind: str
) -> None:
    carla = await site.signed_in("carla")

    reply = await carla.get(f"/waves/2026-4/units/{NORTH}/numbers.{kind}")

    assert reply.status_code == 500
    assert "Reglen A7 standsede filen: Side 1" in unescape(reply.text)
    assert await AuditEvent.select(AuditEvent.what, AuditEvent.on_what) == []


async def test_a_report_with_a_row_that_the_release_does_not_tell_is_not_made(
    site: cast.Site, doubled: Settings
) -> None:
    with pytest.raises(insight.NumberNotReleased) as stopped:
        await insight.unit_report(doubled, wave="2026-4", unit=NORTH, language="da")

    assert stopped.value.facts == {"rule": "A7", "page": 1}
    carla = await site.signed_in("carla")
    reply = await carla.get(f"/waves/2026-4/units/{NORTH}/report.pdf")
    assert "Reglen A7 standsede filen: Side 1" in unescape(reply.text)
    assert await AuditEvent.select(AuditEvent.what, AuditEvent.on_what) == []


# --- to take away ------------------------------------------------------------------------------


async def test_the_report_is_a_pdf_and_taking_it_is_written_down(site: cast.Site) -> None:
    anna = await site.signed_in("anna")

    reply = await anna.get(f"/waves/2026-4/units/{NORTH}/report.pdf")
    events = await AuditEvent.select(AuditEvent.what, AuditEvent.on_what)

    assert reply.headers["content-type"] == "application/pdf"
    assert reply.headers["content-disposition"] == (
        'attachment; filename="kernepuls-2026-4-C21.pdf"'
    )
    assert reply.content.startswith(b"%PDF-")
    assert {"last-modified", "etag"}.isdisjoint(reply.headers)
    assert events == [{"what": "opened report", "on_what": "2026-4/C21"}]


async def test_a_report_across_units_is_for_who_holds_them_and_the_coordinator(
    site: cast.Site,
) -> None:
    address = "/waves/2026-4/pathway/report.pdf"
    asked = {
        "finn": ("", "?units=C21,C22", "?units=C21", "?units=C21,XX"),
        "carla": ("", "?units=C2,C21", "?units=XX,C21"),
        "anna": ("", "?units=C21,C22"),
        "eva": ("?units=B1,C21",),
    }

    status = {}
    for login, queries in asked.items():
        browser = await site.signed_in(login)
        status[login] = [(await browser.get(address + query)).status_code for query in queries]

    assert status == {
        "finn": [200, 404, 404, 404],
        "carla": [404, 404, 404],
        "anna": [404, 404],
        "eva": [404],
    }
    events = await AuditEvent.select(AuditEvent.what, AuditEvent.on_what)
    assert events == [{"what": "opened report", "on_what": "2026-4/B1,C21"}]


async def test_the_reports_across_units_stand_with_the_results(site: cast.Site) -> None:
    pages = {
        login: (await (await site.signed_in(login)).get("/results")).text
        for login in ("finn", "carla", "anna", "eva")
    }

    link = 'href="/waves/2026-4/pathway/report.pdf?units=B1,C21"'
    assert {login: link in page for login, page in pages.items()} == {
        "finn": True, "carla": True, "anna": False, "eva": False,
    }  # fmt: skip
    assert "Havneskolen og Hjemmepleje Nord" in pages["carla"]


async def test_the_numbers_hold_the_unit_and_those_below_it_only(site: cast.Site) -> None:
    carla = await site.signed_in("carla")

    reply = await carla.get("/waves/2026-4/units/C2/numbers.csv")

    rows = [line.split(";") for line in reply.text.lstrip("\ufeff").splitlines()[1:]]
    assert {row[1] for row in rows} == {"C2", "C21", "C22", "C23"}
    assert reply.headers["content-type"] == "text/csv; charset=utf-8"


async def test_the_workbook_holds_the_same_rows_and_taking_it_is_written_down(
    site: cast.Site,
) -> None:
    carla = await site.signed_in("carla")

    reply = await carla.get("/waves/2026-4/units/C2/numbers.xlsx")
    table = await carla.get("/waves/2026-4/units/C2/numbers.csv")
    events = await AuditEvent.select(AuditEvent.what, AuditEvent.on_what)

    numbers, _ = workbook_tables(reply.content)
    assert len(numbers) == len(table.text.splitlines())
    assert {row[1] for row in numbers[1:]} == {"C2", "C21", "C22", "C23"}
    assert reply.headers["content-disposition"].endswith('"kernepuls-2026-4-C2.xlsx"')
    assert events == 2 * [{"what": "opened numbers", "on_what": "2026-4/C2"}]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
@pytest.mark.parametrize("address", ["/results", "/waves", f"/waves/2026-4/units/{NORTH}"])
async def test_results_are_read_only(settings: Settings, method: str, address: str) -> None:
    async with engine.opened(settings, migrate=True):
        await cast.enter(settings)
        async with cast.site(settings) as site:
            carla = await site.signed_in("carla")

            reply = await carla.request(method, address)

    assert reply.status_code == 405


# --- which there are ---------------------------------------------------------------------------


async def test_the_list_holds_the_units_within_reach(site: cast.Site) -> None:
    anna = await site.signed_in("anna")

    page = await anna.get("/results")

    assert re.findall(r'href="/waves/2026-4/units/(\w+)"', page.text) == ["FK", "C", "C2", "C21"]


async def test_a_bridge_builder_sees_which_barriers_their_units_share(site: cast.Site) -> None:
    finn = await site.signed_in("finn")

    page = await read(site, "finn", "/results")

    assert "Ingen barriere skiller sig ud i mere end én af jeres enheder" in page
    assert 'class="kp-in-0"><a href="/waves/2026-4/units/B1"' in (await finn.get("/results")).text
    assert "Samme barriere" not in await read(site, "anna", "/results")


def test_a_shared_barrier_names_units_beside_each_other_and_none_below_another() -> None:
    made = release("2026-4")
    marked = {("B1", "TID"), ("C2", "TID"), ("C21", "TID"), ("C2", "FEJL"), ("C21", "FEJL")}
    cells = tuple(
        msgspec.structs.replace(one, marked=(one.unit, one.item) in marked) for one in made.cells
    )

    found = shared(
        msgspec.structs.replace(made, cells=cells), lambda unit: unit != "C", Voice("da")
    )

    assert [(one.barrier, one.units, one.address) for one in found] == [
        ("Tid", "Havneskolen · Hjemmepleje", "/trials/new?unit=B1&unit2=C2&barrier=TID")
    ]


async def test_without_a_released_wave_the_list_says_when_results_come(empty: cast.Site) -> None:
    page = await read(empty, "anna", "/results")

    assert "Der er ikke frigivet en puls endnu." in page


async def test_a_wave_that_is_not_released_is_not_in_the_list(site: cast.Site) -> None:
    anna = await site.signed_in("anna")

    unknown = await anna.get("/results?wave=2026-5")

    assert unknown.status_code == 404


# --- the waves ---------------------------------------------------------------------------------


async def test_each_wave_says_where_it_stands_and_what_is_next(site: cast.Site) -> None:
    waves = await read(site, "carla", "/waves")
    planned = await read(site, "carla", "/waves/2026-6")
    open_now = await read(site, "carla", "/waves/2026-5")
    released = await read(site, "carla", "/waves/2026-4")

    assert "2026-6 Planlagt" in waves
    assert "2026-5 Åben" in waves
    assert "2026-4 Frigivet" in waves
    assert "Før pulsen kan godkendes:" in planned
    assert "Folk svarer nu." in open_now
    assert "2.339" in open_now
    assert "Ingen tal kan regnes tilbage til få personer." in released


async def test_the_share_that_has_opened_stands_in_the_order_of_the_organisation(
    site: cast.Site,
) -> None:
    await cast.count_opened("2026-5", {"F": 60, "C": 35, "B1": 50, "B": 45})

    page = await read(site, "carla", "/waves/2026-5")

    table = page.partition("Del eller center")[2]
    found = [table.index(name) for name in ("Børn", "Havneskolen", "Sundhed", "Teknik")]
    assert found == sorted(found)
    assert "45 %" in table
    assert "Talt op den 6. november 2026" in page


async def test_before_the_first_night_there_is_no_share(site: cast.Site) -> None:
    page = await read(site, "carla", "/waves/2026-5")

    assert "Der er ikke talt op endnu." in page


async def test_the_works_committee_sees_a_wave_without_deeds_and_shares(site: cast.Site) -> None:
    await cast.count_opened("2026-5", {"C": 35})

    waves = await read(site, "eva", "/waves")
    page = await read(site, "eva", "/waves/2026-5")

    assert "2026-5 Åben" in waves
    assert "Planlæg en puls" not in waves
    assert "35 %" not in page
    assert "påmindelse" not in page.partition("Sådan når vi folk")[0]


async def test_a_wave_that_is_held_back_names_the_rule_and_no_number(site: cast.Site) -> None:
    row = await Wave.select(Wave.id).where(Wave.name == "2026-5").first()
    assert row is not None
    await Wave.update({Wave.state: "held"}).where(Wave.id == row["id"])
    await Closing.insert(Closing(wave=row["id"], step="roster_cleared", refusal="A2"))

    page = await read(site, "carla", "/waves/2026-5")

    assert "Resultatet er ikke frigivet." in page
    assert "Reglen hedder A2." in page


async def test_a_close_that_stopped_says_so_and_what_goes_on_with_it(
    site: cast.Site, settings: Settings
) -> None:
    row = await Wave.select(Wave.id).where(Wave.name == "2026-5").first()
    assert row is not None
    with cast.closed_elsewhere(settings):
        await Wave.update({Wave.state: "closing"}).where(Wave.id == row["id"])
        going_on = await read(site, "carla", "/waves/2026-5")
        await Closing.insert(Closing(wave=row["id"], step="counted", refusal="RowsUnopenable"))

        stopped = await read(site, "carla", "/waves/2026-5")

    assert "Det går videre af sig selv" in going_on
    assert "Lukningen er stoppet (RowsUnopenable). Intet er tabt" in stopped
    assert "To personer skal være enige om at udelade dem" in stopped


async def test_an_empty_installation_names_the_first_step(empty: cast.Site) -> None:
    page = await read(empty, "carla", "/waves")

    assert "Der er ikke planlagt en puls endnu." in page
    assert "Planlæg en puls" in page
