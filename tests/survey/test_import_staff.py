"""The dirty payroll export of Fjordlund, as fjordlund/payroll.md and its manifest expect."""

import csv
import json
from collections import Counter
from dataclasses import replace
from datetime import date
from functools import cache
from io import BytesIO, StringIO
from typing import Any

import pytest
import xlsxwriter

from survey import organisation
from survey.importing import professions
from survey.importing.behaviours import import_behaviours
from survey.importing.jobs import Reason
from survey.importing.mapping import BEHAVIOURS, STAFF, UNITS
from survey.importing.reading import read
from survey.importing.roster import StaffImport, import_staff
from survey.importing.staff import StaffList, staff_list
from survey.importing.unitfile import unit_versions
from survey.importing.units import import_units
from survey.settings import SEEDS, Settings
from survey.tables import Person, Wave

FOLDER = SEEDS / "fjordlund"
PAYROLL = (FOLDER / "payroll_cp1252.csv").read_bytes()
MANIFEST = json.loads((FOLDER / "payroll_manifest.json").read_text(encoding="utf-8"))
EXTRACT = date.fromisoformat(MANIFEST["extract_date"])
OWN_LIST = professions.load(FOLDER / "professions.csv")
ROWS = list(csv.reader(StringIO(PAYROLL.decode("cp1252"), newline=""), delimiter=";"))


@pytest.fixture
async def fjordlund(store: Settings) -> Settings:
    await import_units(read((FOLDER / "units.csv").read_bytes(), UNITS), by=None)
    return store


async def imported(data: bytes = PAYROLL, **options: Any) -> StaffImport:
    table = read(data, STAFF)
    day = options.pop("as_of", table.extract_date or EXTRACT)
    return await import_staff(table, by=None, as_of=day, professions=OWN_LIST, **options)


async def kept() -> Counter[tuple[Any, ...]]:
    """Everything the database knows of active people, but their ids."""
    rows = await Person.select(
        Person.unit.code.as_alias("unit"),
        *(Person.first_name, Person.last_name, Person.profession, Person.email),
        *(Person.email_shared, Person.mobile, Person.on_leave),
    ).where(Person.active.eq(True))
    return Counter(tuple(row.values()) for row in rows)


def as_csv(rows: list[list[str]], delimiter: str = ";", encoding: str = "cp1252") -> bytes:
    text = StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode(encoding)


def as_workbook(rows: list[list[str]]) -> bytes:
    file = BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet("Udtræk")
        for at, row in enumerate(rows):
            for place, cell in enumerate(row):
                sheet.write_string(at, place, cell)
    return file.getvalue()


def people(staff: StaffList) -> list[Any]:
    """The members as they will be kept, without their lines."""
    return [replace(member, line=0) for member in staff.members]


def first_tree() -> organisation.Tree:
    versions = unit_versions(read((FOLDER / "units.csv").read_bytes(), UNITS))
    return organisation.grow(one for one in versions if one.holds("2026-1"))


def resolved(data: bytes) -> StaffList:
    return staff_list(read(data, STAFF), first_tree(), as_of=EXTRACT, professions=OWN_LIST)


@cache
def fjordlunds() -> StaffList:
    """The list as it is resolved, before any database."""
    return resolved(PAYROLL)


# --- the counts --------------------------------------------------------------------------------


def test_the_file_is_read_as_the_manifest_describes_it() -> None:
    table = read(PAYROLL, STAFF)

    assert table.encoding == "Windows-1252"
    assert table.delimiter == MANIFEST["delimiter"]
    assert table.header_line == MANIFEST["lines_before_header"] + 1
    assert len(table.mapping.headings) == MANIFEST["columns"]
    assert len(table.lines) == MANIFEST["data_rows"]
    assert table.extract_date == EXTRACT
    assert table.total_line == 2 + 1 + 2510 + 1


def test_every_row_is_used_merged_or_set_aside_with_its_reason() -> None:
    staff = fjordlunds()

    aside = MANIFEST["rows_set_aside"]
    assert staff.rows == 2510
    assert staff.count(Reason.DUPLICATE) == aside["exact_duplicate"] == 6
    assert staff.count(Reason.LEFT) == aside["left"] == 12
    assert staff.count(Reason.UNKNOWN_UNIT) == aside["unknown_unit"] == 5
    assert staff.count(Reason.HOURLY) == aside["hourly_paid"] == 60
    assert staff.count(Reason.NOT_STARTED) == aside["starts_after_extract"] == 9
    assert staff.kept_rows == MANIFEST["rows_kept"] == 2510 - 6 - 12 - 5 - 60 - 9
    assert staff.count(Reason.TWO_JOBS) == MANIFEST["second_jobs_merged"] == 18
    assert len(staff.members) == MANIFEST["employees"] == 2418 - 18


def test_the_lists_to_decide_on_are_complete() -> None:
    staff = fjordlunds()

    mails = Counter(member.email for member in staff.members if member.email_shared)
    assert staff.count(Reason.ON_LEAVE) == MANIFEST["employees_on_leave"] == 36
    assert staff.count(Reason.NO_MAIL) == MANIFEST["employees_without_any_mail"] == 461
    assert len(mails) == MANIFEST["shared_mail_addresses"] == 62
    assert mails.total() == MANIFEST["employees_with_a_shared_mail_address"] == 125
    assert staff.count(Reason.SHARED_MAIL) == 125
    assert staff.unknown_units == {"9999 Vikarkorps": 5}
    assert staff.unknown_titles == {}
    assert staff.parents == {}
    assert staff.unit_names["C21"] == ("Hj.pleje Nord", "HJEMMEPLEJE NORD", "Hjemmepleje nord")


def test_a_person_without_mail_in_the_largest_job_is_reached_by_the_other() -> None:
    table = read(PAYROLL, STAFF)
    mails = dict(
        zip((line.number for line in table.lines), table.column("email") or (), strict=True)
    )

    staff = fjordlunds()

    in_largest_job = sum(not mails[member.line].strip() for member in staff.members)
    assert in_largest_job == MANIFEST["employees_without_mail_in_largest_job"] == 461 + 1


async def test_each_unit_has_as_many_people_as_its_headcount(fjordlund: Settings) -> None:
    done = await imported()

    tree = await organisation.tree("2026-1")
    assert dict(done.staff.per_unit) == MANIFEST["employees_per_unit"]
    assert len(done.staff.per_unit) == MANIFEST["units_with_staff"] == 53
    assert done.units == len(tree) == MANIFEST["units_in_tree"] == 63
    assert {code: n.headcount for code, n in tree.items() if n.headcount} == done.staff.per_unit
    assert done.headcount_differs == ()


def test_the_dirt_is_counted_as_the_manifest_counts_it() -> None:
    staff = fjordlunds()

    expected = dict(MANIFEST["dirt_by_data_row"])
    del expected["leader_flag"]  # never read, so it cannot be counted
    assert {name: staff.dirt[name] for name in expected} == expected


async def test_those_in_a_behaviour_are_invited_by_mail_or_card(fjordlund: Settings) -> None:
    table = read((FOLDER / "behaviours_import.csv").read_bytes(), BEHAVIOURS)
    await import_behaviours(table, by=None)

    done = await imported()

    tree = await organisation.tree("2026-1")
    scopes = (await organisation.scopes()).values()
    scope = {unit for units in scopes for code in units for unit in tree.below(code)}
    inside = [member for member in done.staff.members if member.unit in scope]
    by_mail = [member for member in inside if member.email and not member.email_shared]
    assert len(inside) == MANIFEST["employees_in_a_behaviour"] == 2339
    assert 2400 - len(inside) == MANIFEST["employees_outside_any_behaviour"] == 61
    assert len(by_mail) == 1757
    assert len(inside) - len(by_mail) == 582 == 460 + 122
    assert sum(member.on_leave for member in inside) == 35


# --- twice, and what never comes in ------------------------------------------------------------


async def test_reading_twice_changes_nothing(fjordlund: Settings) -> None:
    first = await imported()
    ids = {row["id"] for row in await Person.select(Person.id)}

    again = await imported()

    assert (first.diff.new, first.saved) == (2400, True)
    assert again.diff.empty
    assert not again.saved
    assert {row["id"] for row in await Person.select(Person.id)} == ids


async def test_a_dry_run_keeps_nothing(fjordlund: Settings) -> None:
    done = await imported(dry_run=True)

    assert done.diff.new == 2400
    assert not done.saved
    assert await Person.count() == 0


@pytest.mark.parametrize("column", ["CPR-nr.", "Leder"])
@pytest.mark.parametrize("place", [0, 9, 18])
def test_moving_a_column_that_is_not_kept_changes_nothing(column: str, place: int) -> None:
    at = ROWS[2].index(column)
    moved = [[*(row[:at] + row[at + 1 :])] for row in ROWS if len(row) == 19]
    for short, row in zip(moved, ROWS, strict=True):
        short.insert(place, row[at])
    lists = [fjordlunds(), resolved(as_csv(moved))]

    assert people(lists[0]) == people(lists[1])
    assert [note.reason for note in lists[0].noted] == [note.reason for note in lists[1].noted]


def test_leader_pay_and_hours_are_no_columns_at_all() -> None:
    table = read(PAYROLL, STAFF)

    assert set(table.mapping.unused()) == {
        *("Inst.kode", "Stillingskode", "Timer pr. uge", "Leder"),
    }


async def test_no_cpr_number_is_in_any_table_or_file_after_an_import(fjordlund: Settings) -> None:
    done = await imported()

    stored = repr(await Person.select(*Person.all_columns()))
    files = b"".join(file.read_bytes() for file in fjordlund.data.rglob("*") if file.is_file())
    assert "999999-" not in stored + repr(done)
    assert b"999999-" not in files


async def test_a_cpr_number_in_another_column_sets_the_row_aside(fjordlund: Settings) -> None:
    rows = [ROWS[2], [*ROWS[3]], [*ROWS[4]], [*ROWS[5]]]
    rows[1][ROWS[2].index("Fornavn")] = "Gitte 999999-2690"
    rows[2][ROWS[2].index("E-mail")] = "0101901234@fjordlund.example"
    rows[3][ROWS[2].index("Efternavn")] = "00 0101901234"  # a number from abroad, but in a name

    done = await imported(as_csv(rows))

    assert done.staff.count(Reason.LOOKS_LIKE_CPR) == 3
    assert done.staff.members == ()


# --- the day, and the tree of the day ----------------------------------------------------------


async def test_the_day_decides_who_has_left_and_who_has_started(fjordlund: Settings) -> None:
    in_may = await imported(as_of=date(2026, 5, 2), dry_run=True)
    in_january = await imported(as_of=date(2026, 1, 15), dry_run=True)

    assert in_may.staff.count(Reason.NOT_STARTED) == 0
    assert len(in_may.staff.members) == 2400 + 9
    assert in_january.staff.count(Reason.LEFT) == 12  # status 8 says so, whatever the day


async def test_the_list_is_compared_with_the_tree_of_the_last_wave_that_has_opened(
    fjordlund: Settings,
) -> None:
    for name, opens in {"2026-1": date(2026, 2, 3), "2026-4": date(2026, 11, 3)}.items():
        await Wave.insert(Wave(name=name, opens=opens, closes=opens))

    in_march = await imported(dry_run=True)
    in_december = await imported(as_of=date(2026, 12, 1), dry_run=True)

    assert in_march.compared_with == "2026-1"
    assert "D21" not in in_march.staff.unit_names
    assert in_december.compared_with == "2026-4"
    assert in_december.staff.unit_names["D21"] == ("Bostøtten",)
    assert in_december.staff.parents["B32"] == ("B3",)


async def test_before_any_wave_has_opened_the_earliest_tree_is_used(fjordlund: Settings) -> None:
    await Wave.insert(Wave(name="2026-4", opens=date(2026, 11, 3), closes=date(2026, 11, 16)))

    done = await imported(dry_run=True)

    assert done.compared_with == "2026-1"


async def test_staff_before_units_is_refused(store: Settings) -> None:
    with pytest.raises(organisation.OrganisationEmpty):
        await imported()


# --- the next list -----------------------------------------------------------------------------


async def test_the_next_list_shows_who_is_new_has_moved_or_has_left(fjordlund: Settings) -> None:
    await imported()
    rows = [[*row] for row in ROWS]
    header = rows[2]
    lines = [3, 4, 5]  # active people with an address of their own, but the third without
    rows[3][header.index("Afdelingskode")] = "C3"
    rows[4][header.index("Efternavn")] = "Laursen"
    del rows[5]
    rows.insert(9, [*rows[3]])
    rows[9][header.index("CPR-nr.")] = "999999-9998"
    rows[9][header.index("Fornavn")] = "Ny"
    rows[9][header.index("E-mail")] = "ny@fjordlund.example"

    done = await imported(as_csv(rows))

    assert len(lines) == 3
    assert (done.diff.new, done.diff.moved, done.diff.changed, done.diff.left) == (1, 1, 1, 1)
    assert (await kept()).total() == 2400
    assert await Person.count().where(Person.active.eq(False)) == 1


async def test_whoever_moves_stays_the_same_person(fjordlund: Settings) -> None:
    await imported()
    rows = [[*row] for row in ROWS]
    rows[3][rows[2].index("Afdelingskode")] = "C3"
    mail = rows[3][rows[2].index("E-mail")]
    before = await Person.select(Person.id).where(Person.email == mail).first()

    await imported(as_csv(rows))

    after = await Person.select(Person.id, Person.unit.code).where(Person.email == mail).first()
    assert before is not None
    assert after == {"id": before["id"], "unit.code": "C3"}


# --- the same list in other shapes -------------------------------------------------------------

SHAPES = {
    "commas, UTF-8": as_csv(ROWS, ",", "utf-8"),
    "tabs, UTF-8 with a mark": as_csv(ROWS, "\t", "utf-8-sig"),
    "semicolons, UTF-8": as_csv(ROWS, ";", "utf-8"),
    "Excel's Unicode text": as_csv(ROWS, "\t", "utf-16"),
    "a workbook": as_workbook(ROWS),
}


@pytest.mark.parametrize("data", SHAPES.values(), ids=SHAPES)
def test_the_same_list_in_another_shape_gives_the_same_people(data: bytes) -> None:
    lists = [fjordlunds(), resolved(data)]

    assert read(data, STAFF).extract_date == EXTRACT
    assert lists[0].members == lists[1].members
    assert lists[0].noted == lists[1].noted


async def test_a_workbook_with_real_dates_and_numbers_is_understood(store: Settings) -> None:
    await import_units(read(b"unit;parent;name\n1;;Kommune\n7;1;Skolen\n", UNITS), by=None)
    file = BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        day = book.add_format({"num_format": "dd-mm-yyyy"})
        sheet.write_row(3, 1, ["Enhedsnr", "Fornavn", "Efternavn", "Ansættelsesdato", "FTE"])
        for at, (starts, rate) in enumerate([(date(2020, 1, 2), 0.8), (date(2027, 1, 2), 1)]):
            sheet.write_row(4 + at, 1, [7, "Anne", "Holm"])
            sheet.write_datetime(4 + at, 4, starts, day)
            sheet.write_number(4 + at, 5, rate)

    done = await imported(file.getvalue())

    assert done.table.header_line == 4
    assert [(member.unit, member.line) for member in done.staff.members] == [("7", 5)]
    assert [(note.line, note.reason) for note in done.staff.noted] == [
        (5, Reason.NO_MAIL),
        (6, Reason.NOT_STARTED),
    ]


async def test_another_municipality_needs_no_mapping(store: Settings) -> None:
    """Other headings, other order, names in one cell, units by name, ISO dates, words as status."""
    await import_units(
        read(
            "Kode,Navn,Overordnet enhed,Antal ansatte\n"
            "ØK,Øby Kommune,,0\n100,Plejecenter Åsen,ØK,2\n200,Jobcenter,Øby Kommune,1\n".encode(),
            UNITS,
        ),
        by=None,
    )
    list_ = (
        "Medarbejder\tArbejdsmail\tStillingsnavn\tOrganisationsenhed\tStatus\tTiltrædelsesdato\t"
        "Nærmeste leder\tMånedsløn\n"
        "Holm, Anne Marie\tamh@oby.example\tPædagog\tPlejecenter  åsen\tAktiv\t2019-08-01\tX\t1\n"
        "Bo Riis\t\tKosmonaut\t0200\tBarsel\t01/02/2020\tX\t1\n"
        "Ib Bæk\tib@oby.example\tLærer\t300\tAktiv\t01/02/2020\tX\t1\n"
        "Lis Bæk\tlis@oby.example\tLærer\t200\tFratrådt\t01/02/2020\tX\t1\n"
        "Per Bæk\tper@oby.example\tLærer\t200\tAktiv\t32/02/2020\tX\t1\n"
    ).encode("utf-8-sig")

    done = await imported(list_)

    assert [(m.unit, m.first_name, m.last_name, m.profession) for m in done.staff.members] == [
        ("100", "Anne Marie", "Holm", "pædagoger"),
        ("200", "Bo", "Riis", "øvrige"),
    ]
    assert {note.reason: note.line for note in done.staff.noted if note.line > 3} == {
        Reason.UNKNOWN_UNIT: 4,
        Reason.LEFT: 5,
        Reason.BAD_DATE: 6,
    }
    assert done.staff.count(Reason.ON_LEAVE) == 1
    assert done.staff.unknown_titles == {"Kosmonaut": 1}
    assert not done.staff.finds_two_jobs
    assert set(done.table.mapping.unused()) == {"Nærmeste leder", "Månedsløn"}
    assert done.headcount_differs == (("100", 2, 1),)


async def test_names_as_payroll_systems_call_them_in_english(store: Settings) -> None:
    await import_units(read(b"unit,parent,name\nX,,X\nY,X,Y\n", UNITS), by=None)
    list_ = (
        b"DepartmentIdentifier,EmploymentIdentifier,PersonCivilRegistrationIdentifier,"
        b"PersonGivenName,PersonSurnameName,OccupationRate,EmploymentStatusCode,"
        b"EmailAddressIdentifier\n"
        b"Y,1,999999-0001,Ib,Holm,0.25,1,\n"
        b"X,2,9999990001,Ib,Holm,0.75,1,ib@x.example\n"
    )

    done = await imported(list_)

    assert [(m.unit, m.email) for m in done.staff.members] == [("X", "ib@x.example")]
    assert done.staff.count(Reason.TWO_JOBS) == 1


async def test_the_first_and_the_last_day_of_a_job_and_of_a_wave_count(store: Settings) -> None:
    await import_units(
        read(
            b"unit,parent,name,valid_from,valid_to\nX,,Gammel,2026-1,2026-1\nX,,Ny,2026-2,\n", UNITS
        ),
        by=None,
    )
    await Wave.insert(Wave(name="2026-2", opens=EXTRACT, closes=EXTRACT))
    list_ = (
        b"Enhed;Fornavn;Efternavn;Ansat fra;Fratr\xe5dt\n"
        b"X;Ib;Holm;03-03-2026;\nX;Bo;Riis;;03-03-2026\n"
        b"X;Lis;Bak;04-03-2026;\nX;Per;Lund;;02-03-2026\n"
    )

    done = await imported(list_, as_of=EXTRACT, dry_run=True)

    assert done.compared_with == "2026-2"
    assert [member.line for member in done.staff.members] == [2, 3]
    assert done.staff.count(Reason.NOT_STARTED) == 1  # line 4
    assert done.staff.count(Reason.LEFT) == 1  # line 5
