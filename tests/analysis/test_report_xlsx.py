"""The release as a workbook: the cells of the table, and nothing that calculates or links."""

import csv
from functools import cache
from io import BytesIO, StringIO
from zipfile import ZipFile

import fastexcel
import msgspec
import pytest

from analysis.findings import Release
from analysis.release.audit.documents import Untold
from analysis.report import release_csv, release_xlsx, unit_workbook, workbook_checked
from analysis.report.press import Passage
from analysis.report.reading import NotADocument, workbook_tables
from analysis.wording.guard import guard
from survey.texts import Language, Voice
from tests.analysis.release_factory import release

RELEASE = release()
DA = Voice("da")
FORMULAS = ("=1+1", "+45 99", "-2", "@sum", '=HYPERLINK("http://evil.example")', "https://x.dk")


@cache
def book(unit: str | None = "C2", *, of: Release = RELEASE) -> bytes:
    return release_xlsx(of, unit, voice=DA)


def named(name: str) -> Release:
    units = (
        msgspec.structs.replace(one, name=name) if one.unit == "C21" else one
        for one in RELEASE.units
    )
    return msgspec.structs.replace(RELEASE, units=tuple(units))


def parts(data: bytes) -> dict[str, str]:
    with ZipFile(BytesIO(data)) as file:
        return {name: file.read(name).decode() for name in file.namelist()}


def replaced(data: bytes, part: str, was: str, becomes: str) -> bytes:
    """The workbook with one thing changed in one of its parts."""
    out = BytesIO()
    with ZipFile(out, "w") as file:
        for name, content in parts(data).items():
            file.writestr(name, content.replace(was, becomes, 1) if name == part else content)
    return out.getvalue()


@pytest.mark.parametrize("language", ["da", "en"])
def test_its_words_are_such_as_a_report_may_say(language: Language) -> None:
    numbers, method = workbook_tables(release_xlsx(RELEASE, "C2", voice=Voice(language)))
    words = {cell for row in (numbers[0], *method) for cell in row}
    words |= {cell for row in numbers for cell in row if not cell.replace(".", "").isdigit()}

    guard(
        Voice(language),
        [Passage(1, word, is_prose=False) for word in sorted(words)],
        quoted=[one.name for one in RELEASE.units],
        tasks=[one.text for one in RELEASE.behaviours],
    )

    assert len(words) > 100


def test_it_holds_the_rows_of_the_table_in_the_same_order() -> None:
    table = csv.reader(
        StringIO(release_csv(RELEASE, "C2", voice=DA).decode("utf-8-sig")), delimiter=";"
    )

    numbers, _ = workbook_tables(book())

    assert [list(row) for row in numbers] == list(table)


def test_a_table_program_reads_numbers_as_numbers_and_texts_as_texts() -> None:
    sheet = fastexcel.read_excel(book()).load_sheet("Tal").to_polars()
    tid = sheet.filter(
        (sheet["enhed"] == "C21") & (sheet["mål"] == "barrier_share") & (sheet["punkt"] == "TID")
    )

    assert tid["værdi"].to_list() == [60]
    assert tid["navn"].to_list() == ["Hjemmepleje Nord"]


@pytest.mark.parametrize("name", FORMULAS)
def test_a_name_that_looks_like_a_formula_or_a_link_stays_the_name(name: str) -> None:
    made = release_xlsx(named(name), "C21", voice=DA)

    rows, _ = workbook_tables(made)

    assert {row[2] for row in rows[1:]} == {name}
    assert not any("<f>" in part or "hyperlink" in part for part in parts(made).values())


def test_a_hidden_cell_is_a_row_with_its_status_and_nothing_else() -> None:
    numbers, _ = workbook_tables(book("F4"))

    assert {row[8] for row in numbers[1:]} == {"hidden"}
    assert {field for row in numbers[1:] for field in row[9:]} == {""}


def test_the_second_sheet_tells_the_method_and_which_release_it_is() -> None:
    names = fastexcel.read_excel(book()).sheet_names
    _, method = workbook_tables(book())

    assert names == ["Tal", "Metode"]
    assert "Mindst 5 skal stå bag et tal" in " ".join(map(" ".join, method))
    assert "Puls 2026-4, metode 1.0" in method[-1][1]


def test_the_headings_stay_when_one_scrolls_and_columns_are_as_wide_as_their_texts() -> None:
    sheet = parts(book())["xl/worksheets/sheet1.xml"]

    assert 'xSplit="3" ySplit="1"' in sheet
    assert 'state="frozen"' in sheet
    assert sheet.count("<col ") > 10


def test_the_same_release_gives_the_same_bytes() -> None:
    assert release_xlsx(RELEASE, "C21", voice=DA) == release_xlsx(RELEASE, "C21", voice=DA)


# --- read again before it leaves -----------------------------------------------------------------


def test_every_row_of_a_workbook_is_found_to_be_a_cell() -> None:
    cells = sum(len(RELEASE.cells_of(unit)) for unit in ("C2", "C21", "C22", "C23"))

    assert workbook_checked(RELEASE, book()) >= cells
    assert unit_workbook(RELEASE, "C2", voice=DA) == book()


PLANTED = {
    "a number that no cell tells": ("<v>60</v>", "<v>57</v>"),
    "a number beside a hidden cell": ("<v>42</v>", "<v>43</v>"),
}


@pytest.mark.parametrize(("was", "becomes"), PLANTED.values(), ids=PLANTED)
def test_a_number_that_was_changed_is_found(was: str, becomes: str) -> None:
    changed = replaced(book("C21"), "xl/worksheets/sheet1.xml", was, becomes)

    with pytest.raises(Untold):
        workbook_checked(RELEASE, changed)


def test_a_number_planted_among_the_words_of_the_method_is_found() -> None:
    changed = replaced(book(), "xl/sharedStrings.xml", "Mindst 5", "57,3 % og mindst 5")

    with pytest.raises(Untold):
        workbook_checked(RELEASE, changed)


@pytest.mark.parametrize(
    "planted", ["<f>1+1</f><v>60</v>", '<v>60</v></c><hyperlink ref="A1"/><c r="Z9"><v>1</v>']
)
def test_a_workbook_that_calculates_or_leads_elsewhere_is_refused(planted: str) -> None:
    changed = replaced(book("C21"), "xl/worksheets/sheet1.xml", "<v>60</v>", planted)

    with pytest.raises(NotADocument):
        workbook_checked(RELEASE, changed)


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"%PDF-1.7"])
def test_what_is_no_workbook_is_refused(data: bytes) -> None:
    with pytest.raises(NotADocument):
        workbook_tables(data)
