"""Units and staff in from the browser: four steps, nothing kept that must not be, nothing lost."""

import json
import re
from pathlib import Path

import pytest
from httpx import AsyncClient, Response

from survey import organisation
from survey.importing import parking
from survey.importing.mapping import STAFF
from survey.importing.reading import read
from survey.settings import SEEDS, Settings
from survey.tables import AuditEvent, Person
from tests import cast

HERE = "/organisation/import"
FOLDER = SEEDS / "fjordlund"
MANIFEST = json.loads((FOLDER / "payroll_manifest.json").read_text(encoding="utf-8"))
HEAD = "Afdelingskode;CPR-nr.;Fornavn;Efternavn;Stillingsbetegnelse;E-mail;Leder\r\n"
NORTH = "C21;9999990001;Ann;Holm;Sygeplejerske;ann@here.example;Ja\r\n"


async def upload(browser: AsyncClient, data: bytes | str, kind: str = "staff") -> str:
    """The address of step 2."""
    reply = await sent(browser, data, kind)
    assert reply.status_code == 303, reply.text
    return reply.headers["location"]


async def sent(
    browser: AsyncClient, data: bytes | str, kind: str = "staff", **more: str
) -> Response:
    form = await browser.get(HERE)
    content = data.encode() if isinstance(data, str) else data
    return await browser.post(
        HERE,
        data={**cast.token(form), "kind": kind, **more},
        files={"file": ("extract.csv", content, "text/csv")},
    )


async def columns(browser: AsyncClient, there: str, **other: str) -> Response:
    """Step 2 as it was guessed, but for `other`."""
    form = await browser.get(there)
    chosen = {
        name: value
        for name, options in re.findall(
            r'<select[^>]* name="(column-\d+)"[^>]*>(.*?)</select>', form.text, re.DOTALL
        )
        for value in re.findall(r'value="(\w*)" selected', options)
    }
    renamed = {f"column-{name.removeprefix('c')}": value for name, value in other.items()}
    return await browser.post(there, data={**cast.token(form), **chosen, **renamed})


async def look(browser: AsyncClient, there: str) -> Response:
    """Step 3, its columns taken as they were guessed."""
    reply = await columns(browser, there)
    assert reply.headers["location"] == f"{there}/preview"
    return await browser.get(f"{there}/preview")


async def decide(browser: AsyncClient, there: str, deed: str = "import", **fields: str) -> Response:
    form = await browser.get(f"{there}/preview")
    hidden = dict(re.findall(r'name="((?:unit|title)-\d+-is|seen)" value="([^"]*)"', form.text))
    return await browser.post(
        f"{there}/preview", data={**cast.token(form), **hidden, "deed": deed, **fields}
    )


async def people() -> list[tuple[str, str]]:
    rows = await Person.select(Person.last_name, Person.unit.code.as_alias("code")).where(
        Person.active.eq(True)
    )
    return sorted((row["last_name"], row["code"]) for row in rows)


def everything_in(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())


# --- the whole way -----------------------------------------------------------------------------


async def test_fjordlunds_dirty_export_becomes_its_employees_in_four_pages(
    store: Settings,
) -> None:
    await cast.enter(store)
    async with cast.site(store) as site:
        carla = await site.signed_in("carla")
        units = await upload(carla, (FOLDER / "units.csv").read_bytes(), "units")
        await look(carla, units)
        await decide(carla, units)
        staff = await upload(carla, (FOLDER / "payroll_cp1252.csv").read_bytes())
        seen = await look(carla, staff)
        reply = await decide(carla, staff)
        after = await carla.get(reply.headers["location"])

    assert "2.510 rækker læst" in seen.text
    assert MANIFEST["employees"] == 2400
    assert len(await people()) == 2400
    assert "2.400 ansatte" in after.text
    assert "999999-" not in seen.text + after.text
    assert b"999999-" not in everything_in(store.data)


async def test_between_the_steps_nothing_readable_lies_on_the_disk(
    carla: AsyncClient, settings: Settings
) -> None:
    await upload(carla, HEAD + NORTH)

    [file] = (settings.data / parking.FOLDER).iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    for readable in (b"Holm", b"9999990001", b"here.example"):
        assert readable not in everything_in(settings.data)


async def test_a_parked_table_holds_hashes_for_numbers_and_nothing_of_a_leader() -> None:
    table = read((HEAD + NORTH + NORTH.replace("Holm", "Bech")).encode(), STAFF)

    kept = parking.scrubbed(table, STAFF, codes={"C21"})

    first, second = (line.cells for line in kept.lines)
    assert "9999990001" not in str(first)
    assert first[1] == second[1] != ""
    assert first[6] == ""


@pytest.mark.parametrize("heading", ["Id", "Personnummer", "Nr"])
def test_numbers_under_any_heading_are_hashed(heading: str) -> None:
    head = HEAD.replace("CPR-nr.", heading)
    table = read((head + NORTH.replace("9999990001", "010199-0001")).encode(), STAFF)

    kept = parking.scrubbed(table, STAFF, codes={"C21"})

    assert "010199-0001" not in str(kept.lines)
    assert kept.mapping.places["cpr"] == 1


def test_a_number_in_a_name_is_still_a_reason_to_set_the_row_aside() -> None:
    table = read((HEAD + NORTH.replace("Holm", "Holm 010199-0001")).encode(), STAFF)

    kept = parking.scrubbed(table, STAFF, codes={"C21"})

    assert kept.lines[0].cells[3] == f"Holm {parking.MARKER}"


async def test_columns_that_are_not_read_are_gone_after_the_second_step(
    carla: AsyncClient, settings: Settings
) -> None:
    there = await upload(
        carla, HEAD.replace("Leder", "Fravær") + NORTH.replace(";Ja", ";syg i marts")
    )
    await columns(carla, there)

    parked = parking.fetch(
        settings.data,
        there.rpartition("/")[2],
        carla.cookies["__Host-sid"],
        now=cast.BEGIN,
    )

    assert parked is not None
    assert parked.table is not None
    assert [line.cells[6] for line in parked.table.lines] == [""]


# --- whose it is, and for how long -------------------------------------------------------------


async def test_another_browser_of_the_same_role_cannot_go_on_with_it(
    site: cast.Site, carla: AsyncClient
) -> None:
    there = await upload(carla, HEAD + NORTH)
    carla.cookies.clear()
    again = await site.signed_in("carla")

    reply = await again.get(there)

    assert reply.headers["location"] == f"{HERE}?done=gone"


async def test_after_half_an_hour_the_file_is_gone(
    site: cast.Site, carla: AsyncClient, settings: Settings
) -> None:
    there = await upload(carla, HEAD + NORTH)
    site.clock.pass_by(minutes=20)
    kept = await carla.get(there)
    site.clock.pass_by(minutes=11)

    reply = await carla.get(there)

    assert kept.status_code == 200
    assert reply.headers["location"] == f"{HERE}?done=gone"
    assert list((settings.data / parking.FOLDER).iterdir()) == []


async def test_who_cancels_leaves_nothing(carla: AsyncClient, settings: Settings) -> None:
    there = await upload(carla, HEAD + NORTH)

    reply = await carla.post(f"{there}/cancel", data=cast.token(await carla.get(HERE)))

    assert reply.headers["location"] == f"{HERE}?done=cancelled"
    assert list((settings.data / parking.FOLDER).iterdir()) == []


async def test_an_import_sent_twice_is_one(carla: AsyncClient) -> None:
    there = await upload(carla, HEAD + NORTH)
    await look(carla, there)
    form = await carla.get(f"{there}/preview")
    seen = re.search(r'name="seen" value="(\w+)"', form.text)
    assert seen is not None
    sent = {**cast.token(form), "seen": seen[1], "deed": "import"}

    first = await carla.post(f"{there}/preview", data=sent)
    second = await carla.post(f"{there}/preview", data=sent)

    assert first.headers["location"] == second.headers["location"] == f"{there}/done"
    assert await people() == [("Holm", "C21")]
    assert await AuditEvent.count().where(AuditEvent.what == "imported staff") == 1


async def test_who_is_second_is_shown_the_new_numbers_first(
    site: cast.Site, carla: AsyncClient
) -> None:
    there = await upload(carla, HEAD + NORTH)
    await look(carla, there)
    form = await carla.get(f"{there}/preview")
    seen = re.search(r'name="seen" value="(\w+)"', form.text)
    assert seen is not None
    await Person.insert(
        Person(unit=await cast.unit_id("C22"), first_name="Bo", last_name="Elm", profession="-")
    )

    reply = await carla.post(
        f"{there}/preview", data={**cast.token(form), "seen": seen[1], "deed": "import"}
    )

    assert reply.headers["location"] == f"{there}/preview?done=changed"
    assert await people() == [("Elm", "C22")]


# --- columns -----------------------------------------------------------------------------------


async def test_a_file_with_headings_nobody_knows_is_mapped_by_hand_and_remembered(
    carla: AsyncClient,
) -> None:
    strange = "Sted;Kaldenavn;Slægtsnavn\r\nC21;Ann;Holm\r\n"
    there = await upload(carla, strange)
    lacking = await columns(carla, there)

    await columns(carla, there, c0="unit", c1="first_name", c2="last_name")
    await decide(carla, there)
    again = await carla.get(await upload(carla, strange))

    assert lacking.status_code == 422
    assert "Vælg, hvilken overskrift der er enhedskode eller enhedsnavn" in lacking.text
    assert await people() == [("Holm", "C21")]
    assert again.text.count(" selected") == 3


async def test_one_column_is_not_read_from_two_headings(carla: AsyncClient) -> None:
    there = await upload(carla, HEAD + NORTH)

    reply = await columns(carla, there, c3="first_name")

    assert reply.status_code == 422
    assert "To overskrifter læses som det samme" in reply.text


async def test_a_leader_column_cannot_be_chosen_even_by_a_forged_form(
    carla: AsyncClient,
) -> None:
    there = await upload(carla, HEAD + NORTH)
    form = await carla.get(there)

    await columns(carla, there, c6="mobile")
    await decide(carla, there)

    assert 'name="column-6"' not in form.text
    assert 'name="column-1"' not in form.text
    assert await Person.select(Person.mobile) == [{"mobile": None}]


UNUSABLE: dict[str, bytes | str] = {
    "kan ikke læses som en tabel": b"\x00\x01\x02 no table \x07",
    "ingen linje med overskrifter": "1;2\r\n3;4\r\n",
    "ingen rækker": HEAD,
    "midt i række 2": HEAD + 'C21;1;"Ann',
}


async def test_a_file_that_cannot_be_used_says_why_and_leaves_nothing(
    carla: AsyncClient, settings: Settings
) -> None:
    replies = {said: await sent(carla, data) for said, data in UNUSABLE.items()}

    for said, reply in replies.items():
        assert reply.status_code == 422
        assert said in reply.text
        assert "<title>Fejl: " in reply.text
    assert not list((settings.data / parking.FOLDER).glob("*"))


async def test_a_form_without_a_file_keeps_what_was_typed(carla: AsyncClient) -> None:
    form = await carla.get(HERE)

    reply = await carla.post(
        HERE,
        data={**cast.token(form), "kind": "staff", "as_of.day": "3"},
        files={"file": ("", b"", "application/octet-stream")},
    )

    assert reply.status_code == 422
    assert "Vælg en fil først" in reply.text
    assert 'value="3"' in reply.text


async def test_the_first_form_tells_what_it_cannot_use(carla: AsyncClient) -> None:
    for field, typed in [
        ("kind", "leaders"),
        ("kind", ""),
        ("as_of.day", "<b>"),
        ("as_of.year", "=1"),
    ]:
        reply = await sent(carla, HEAD + NORTH, **{field: typed})

        assert reply.status_code == 422
        assert "<b>" not in reply.text


async def test_a_file_of_a_megabyte_is_never_rolled_to_a_disk(
    carla: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.TemporaryFile", None)  # what the framework would roll it into
    large = HEAD + "".join(NORTH.replace("0001", f"{at:04}") for at in range(1, 9000))

    reply = await sent(carla, large + ";" * 600_000)

    assert len(large) + 600_000 > 1024**2
    assert reply.status_code in (303, 422)


# --- decisions ---------------------------------------------------------------------------------

DOUBTFUL = (
    HEAD
    + NORTH
    + (
        "9999;9999990002;Bo;Elm;Trylleri;;\r\n"
        "C22;9999990003;Pia;Skov;Sygeplejerske;;\r\n"
        "C21;9999990003;Pia;Skov;Sygeplejerske;;\r\n"
    )
)


async def test_an_unknown_unit_is_set_aside_until_somebody_says_which_it_is(
    carla: AsyncClient,
) -> None:
    there = await upload(carla, DOUBTFUL)
    seen = await look(carla, there)

    counted = await decide(carla, there, "decide", **{"unit-0": "Hjemmepleje Nord"})
    await decide(carla, there, **{"unit-0": "C21 · Hjemmepleje Nord"})

    assert "9999 · række 3" in seen.text
    assert counted.headers["location"].endswith("?done=decided")
    assert ("Elm", "C21") in await people()


async def test_a_choice_is_looked_at_before_it_is_imported(carla: AsyncClient) -> None:
    there = await upload(carla, DOUBTFUL)
    await look(carla, there)

    reply = await decide(carla, there, "import", **{"unit-0": "C21"})

    assert reply.headers["location"] == f"{there}/preview?done=look"
    assert await people() == []


async def test_a_unit_nobody_knows_is_told_and_what_was_typed_is_harmless(
    carla: AsyncClient,
) -> None:
    there = await upload(carla, DOUBTFUL)
    await look(carla, there)

    for typed in ("C99", "<script>", "=C21", "\u202eC21x", "🙂" * 90):
        reply = await decide(carla, there, "decide", **{"unit-0": typed})

        assert reply.status_code == 422
        assert "Vi kender ingen enhed med det navn" in reply.text
        assert "<script>" not in reply.text


async def test_the_group_of_a_job_title_is_remembered_as_the_organisations_own(
    carla: AsyncClient, settings: Settings
) -> None:
    there = await upload(carla, DOUBTFUL.replace("9999;9999990002", "C21;9999990002"))
    await look(carla, there)

    await decide(carla, there, "decide", **{"title-0": "sygeplejersker"})
    await decide(carla, there, **{"title-0": "sygeplejersker"})
    rows = await Person.select(Person.profession).where(Person.last_name == "Elm")

    assert rows == [{"profession": "sygeplejersker"}]
    assert "trylleri,sygeplejersker" in (settings.data / "professions.csv").read_text("utf-8")


async def test_which_of_two_jobs_counts_may_be_chosen(carla: AsyncClient) -> None:
    there = await upload(carla, DOUBTFUL)
    seen = await look(carla, there)

    await decide(carla, there, "decide", **{"job-0": "5"})
    await decide(carla, there, **{"job-0": "5"})

    assert "Pia Skov" in seen.text
    assert ("Skov", "C21") in await people()
    assert ("Skov", "C22") not in await people()


# --- units -------------------------------------------------------------------------------------


async def test_a_loop_in_the_tree_refuses_the_whole_file_with_its_row(
    carla: AsyncClient,
) -> None:
    before = await organisation.versions()
    there = await upload(carla, "unit;parent;name\r\nR;;Root\r\nA;B;One\r\nB;A;Two\r\n", "units")
    reply = await look(carla, there)

    await decide(carla, there)

    assert reply.status_code == 422
    assert "Række 3" in reply.text
    assert "A → B → A" in reply.text
    assert await organisation.versions() == before


async def test_a_new_file_of_units_shows_what_moves_what_is_renamed_and_what_closes(
    carla: AsyncClient,
) -> None:
    file = "unit;parent;name\r\nFK;;Kommune\r\nA;FK;Et\r\nB;FK;To\r\nC;A;Tre\r\n"
    there = await upload(carla, file, "units")
    await look(carla, there)
    await decide(carla, there)

    there = await upload(
        carla, file.replace("C;A;Tre", "C;B;Tre").replace("A;FK;Et", "A;FK;Nyt"), "units"
    )
    seen = await look(carla, there)

    assert "C: A → B" in seen.text
    assert "A: Et → Nyt" in seen.text
