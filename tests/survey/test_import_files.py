"""Files that cannot be used are refused whole, in words; and the command tells what it did."""

import asyncio
import json
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
import xlsxwriter
import yaml
from click.testing import CliRunner, Result

from survey import engine, texts
from survey.cli import main
from survey.cli.import_report import COLUMNS
from survey.importing import cells, refusals, workbook
from survey.importing.files import table_of
from survey.importing.mapping import BEHAVIOURS, FOLDER, STAFF, UNITS, places, save
from survey.importing.reading import MAX_BYTES, read
from survey.settings import SEEDS, Settings

FJORDLUND = SEEDS / "fjordlund"
PAYROLL = (FJORDLUND / "payroll_cp1252.csv").read_bytes()
HEADINGS = ["Afdelingskode", "Fornavn", "Efternavn", "Stilling", "E-mail"]


def as_workbook(rows: list[list[str]]) -> bytes:
    file = BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        for at, row in enumerate(rows):
            sheet.write_row(at, 0, row)
    return file.getvalue()


def zip_of(parts: dict[str, bytes]) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


WIDE = [f"k{number}" for number in range(10_000)]
BOOK = as_workbook([HEADINGS, ["A", "Ib", "Holm", "Lærer", ""]])
REFUSED = {
    "nothing at all": (b"", refusals.FileEmpty),
    "only empty lines": (b"\xef\xbb\xbf;;;\r\n;;;\r\n", refusals.FileEmpty),
    "headings without rows": (";".join(HEADINGS).encode() + b"\n", refusals.NoRows),
    "no headings": (b"1;2;3;4;5\n6;7;8;9;10\n", refusals.NoHeader),
    "a text": ("Kære alle, hermed listen.\n".encode(), refusals.NoHeader),
    "cut off inside a row": (PAYROLL[:100_000], refusals.FileTruncated),
    "cut off inside a quotation": (
        b'Afdelingskode;Fornavn;Efternavn;Stilling;E-mail\nA;Ib;"Holm',
        refusals.FileTruncated,
    ),
    "a quotation mark astray": (
        b'Afdelingskode;Fornavn;Efternavn;Stilling;E-mail\nA;"Ib" x;Holm;a;b\nA;Bo;Riis;a;b\n',
        refusals.QuoteBroken,
    ),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40, refusals.NotATable),
    "bytes of no alphabet": (b"\x81\x8d\x8f\x90;a;b\n" * 9, refusals.NotATable),
    "Excel of before 2007": (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
        refusals.OldWorkbook,
    ),
    "10,000 columns": (";".join(WIDE).encode() + b"\n", refusals.TooManyColumns),
    "10,000 columns in a workbook": (as_workbook([WIDE]), refusals.TooManyColumns),
    "10,000 columns behind known ones": (
        ",".join(HEADINGS + WIDE).encode() + b"\n",
        refusals.TooManyColumns,
    ),
    "half a workbook": (BOOK[: len(BOOK) // 2], refusals.WorkbookBroken),
    "a workbook of nonsense": (
        zip_of({"xl/workbook.xml": b"<nonsense", "[Content_Types].xml": b""}),
        refusals.WorkbookBroken,
    ),
    "a zip file of something else": (zip_of({"brev.docx": b"hej"}), refusals.NotATable),
    "a zip bomb": (
        zip_of({"xl/worksheets/sheet1.xml": bytes(60 * 1024**2)}),
        refusals.WorkbookTooBig,
    ),
    "a smaller zip bomb": (
        zip_of({"xl/worksheets/sheet1.xml": bytes(5 * 1024**2)}),
        refusals.WorkbookTooBig,
    ),
    "a workbook of 300 parts": (
        zip_of({f"xl/{number}.xml": b"x" for number in range(300)}),
        refusals.WorkbookTooBig,
    ),
    "more than 10 MB": (b"a;b\n" * (MAX_BYTES // 4 + 1), refusals.FileTooLarge),
    "no column for the unit": (
        b"Fornavn;Efternavn;Stilling;E-mail;Mobil\nIb;Holm;a;b;\n",
        refusals.ColumnMissing,
    ),
}


@pytest.mark.parametrize(("data", "refusal"), REFUSED.values(), ids=REFUSED)
def test_a_file_that_cannot_be_used_is_refused_in_both_languages(
    data: bytes, refusal: type[refusals.BadInput]
) -> None:
    with pytest.raises(refusal) as refused:
        read(data, STAFF)

    danish, english = (texts.sentence(refused.value, language) for language in ("da", "en"))
    assert danish != english
    assert any(said in danish for said in ("Intet er ændret.", "Intet er læst."))
    assert any(said in english for said in ("Nothing is changed.", "Nothing was read."))


def test_the_row_where_a_file_was_cut_off_is_named() -> None:
    with pytest.raises(refusals.FileTruncated) as refused:
        read(PAYROLL[:100_000], STAFF)

    row = PAYROLL[:100_000].count(b"\n") + 1
    assert texts.sentence(refused.value).startswith(f"Filen stopper midt i række {row}.")


def test_a_row_keeps_its_line_in_the_file_when_a_cell_has_two_lines() -> None:
    data = b'Enhed;Fornavn;Efternavn;Stilling;E-mail\n\nA;"Ib\nBo";Holm;a;b\nA;Lis;Riis;a;b\n'

    table = read(data, STAFF)

    assert [line.number for line in table.lines] == [3, 5]


def test_short_rows_have_lost_their_empty_cells_and_long_ones_are_set_aside() -> None:
    data = b"Enhed;Fornavn;Efternavn;Stilling;E-mail\nA;Ib;Holm\nA;Bo;Riis;a;b;c\nA;Lis;Bak;a;b"

    table = read(data, STAFF)

    assert [line.cells for line in table.lines] == [
        ("A", "Ib", "Holm", "", ""),
        ("A", "Lis", "Bak", "a", "b"),
    ]
    assert table.ragged == (3,)


def test_a_delimiter_too_many_at_the_end_of_every_row_does_no_harm() -> None:
    data = (
        b"Enhed;Fornavn;Efternavn;Stilling;E-mail\nA;Ib;Holm;a;;\nA;Bo;Riis;a;;\nA;x;Lis;B;a;b;\n"
    )

    table = read(data, STAFF)

    assert [line.number for line in table.lines] == [2, 3]
    assert table.ragged == (4,)


def test_the_header_may_stand_on_line_20_and_not_later() -> None:
    rows = ";".join(HEADINGS).encode() + b"\nA;Ib;Holm;a;b\n"

    assert read(b"Liste\n" * 19 + rows, STAFF).header_line == 20
    with pytest.raises(refusals.NoHeader):
        read(b"Liste\n" * 20 + rows, STAFF)


def test_the_second_sheet_is_read_when_the_first_is_a_cover() -> None:
    file = BytesIO()
    with xlsxwriter.Workbook(file) as book:
        book.add_worksheet("Forside").write_string(0, 0, "Til HR")
        sheet = book.add_worksheet("Liste")
        sheet.write_row(0, 0, HEADINGS)
        sheet.write_row(1, 0, ["A", "Ib", "Holm", "Lærer", ""])

    table = read(file.getvalue(), STAFF)

    assert (table.sheet, len(table.lines), table.encoding) == ("Liste", 1, None)


def test_a_workbook_that_takes_too_much_memory_takes_only_its_child() -> None:
    rows = b"".join(
        b'<row r="%d"><c r="A%d" t="inlineStr"><is><t>x</t></is></c></row>' % (at, at)
        for at in (1, 1_048_576)
    )
    book = BytesIO(BOOK)
    parts = {name: zipfile.ZipFile(book).read(name) for name in zipfile.ZipFile(book).namelist()}
    sheet = parts["xl/worksheets/sheet1.xml"]
    start, end = sheet.index(b"<sheetData>") + 11, sheet.index(b"</sheetData>")
    far = rows.replace(b'r="A1048576"', b'r="XFD1048576"')
    parts["xl/worksheets/sheet1.xml"] = sheet[:start] + far + sheet[end:]

    with pytest.raises(refusals.WorkbookBroken):
        workbook.sheets(zip_of(parts))


# --- cells -------------------------------------------------------------------------------------

DAYS = {
    "18-08-2004": "2004-08-18",
    "12.05.24": "2024-05-12",
    "12.05.50": "1950-05-12",
    "3/3/2026": "2026-03-03",
    "2026-03-03": "2026-03-03",
    "2026-03-03 00:00:00": "2026-03-03",
    "20260303": "2026-03-03",
    "45000": "2023-03-15",
    "31-12-9999": "9999-12-31",
    "31-02-2026": None,
    "19999": None,
    "i går": None,
}


@pytest.mark.parametrize(("cell", "day"), DAYS.items())
def test_a_day_as_payroll_writes_it(cell: str, day: str | None) -> None:
    found = cells.day(cell)

    assert (found.isoformat() if found else None) == day


@pytest.mark.parametrize(
    ("cell", "rate"),
    {"0,8649": 0.8649, "86,49": 0.8649, "1.0": 1, "100 %": 1, "1,5": 1.5, "fuld": None}.items(),
)
def test_a_rate_above_one_and_a_half_was_written_as_per_cent(cell: str, rate: float | None) -> None:
    assert cells.rate(cell) == (pytest.approx(rate) if rate is not None else None)


@pytest.mark.parametrize(
    "cell", ["010190-1234", "0101901234", "010190 1234", "x 999999-0001.", "610190-1234"]
)
def test_a_cpr_number_is_never_shown(cell: str) -> None:
    assert cells.CPR.search(cell)
    assert not any(digit in cells.masked(cell) for digit in "1234")


@pytest.mark.parametrize("cell", ["12345678", "+45 12 34 56 78", "0045 12345678", "12.34.56.78"])
def test_a_danish_mobile_number_has_eight_digits(cell: str) -> None:
    assert cells.mobile(cell) == "12345678"
    assert not cells.CPR.search(cell)


# --- mappings ----------------------------------------------------------------------------------


def test_no_heading_about_leaders_pay_or_hours_is_ever_guessed() -> None:
    headings = ["Leder", "Nærmeste leder", "Manager", "Løn", "Timer pr. uge", "Hours", "Løntrin"]

    assert places(headings, STAFF) == {}


def test_a_mapping_is_remembered_for_files_with_the_same_headings(tmp_path: Path) -> None:
    data = b"K1;K2;K3\nA;Ib;Holm\n"
    mine = tmp_path / "min.yaml"
    mine.write_text("kind: staff\ncolumns: {unit: K1, first_name: K2, last_name: K3}\n")
    given = table_of(data, STAFF, folder=tmp_path, mapping=mine)

    kept = save(given.mapping, tmp_path)
    again = table_of(data, STAFF, folder=tmp_path)

    assert kept.parent.name == FOLDER
    assert (
        again.mapping.places == given.mapping.places == {"unit": 0, "first_name": 1, "last_name": 2}
    )
    assert again.mapping.source == kept.name
    assert yaml.safe_load(kept.read_text())["columns"]["unit"] == "K1"


BAD_MAPPINGS = {
    "no columns": ("kind: staff\n", refusals.MappingUnreadable),
    "of another kind": ("kind: units\ncolumns: {unit: a}\n", refusals.MappingUnreadable),
    "an unknown column": ("columns: {leader: Leder}\n", refusals.MappingUnreadable),
    "no yaml": ("columns: [\n", refusals.MappingUnreadable),
    "a heading of leaders": ("columns: {first_name: Leder}\n", refusals.NeverRead),
    "a heading of pay": ("columns: {rate: Månedsløn}\n", refusals.NeverRead),
    "a heading not in the file": ("columns: {unit: Q}\n", refusals.NoHeader),
}


@pytest.mark.parametrize(("text", "refusal"), BAD_MAPPINGS.values(), ids=BAD_MAPPINGS)
def test_a_mapping_that_cannot_be_used_is_refused(
    tmp_path: Path, text: str, refusal: type[refusals.BadInput]
) -> None:
    mine = tmp_path / "min.yaml"
    mine.write_text(text)

    with pytest.raises(refusal):
        table_of(PAYROLL, STAFF, folder=tmp_path, mapping=mine)


# --- the command -------------------------------------------------------------------------------


@pytest.fixture
def installation(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    async def made() -> None:
        async with engine.opened(settings, migrate=True):
            pass

    asyncio.run(made())
    monkeypatch.setenv("KERNEPULS_DATA", str(settings.data))
    monkeypatch.setenv("LC_ALL", "da_DK.UTF-8")
    return settings


def kernepuls(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["import", *arguments])


def test_the_command_tells_every_step_in_danish(installation: Settings) -> None:
    kernepuls("units", str(FJORDLUND / "units.csv"))

    told = kernepuls("staff", str(FJORDLUND / "payroll_cp1252.csv"))

    assert told.exit_code == 0
    for line in (
        "Gælder for dagen: 3. marts 2026 (fra linjen over overskrifterne)",
        "Tegnsæt: Windows-1252. Skilletegn: semikolon",
        "Overskrifter: linje 3",
        "Sammenlignet med træet i puls 2026-1 (63 enheder).",
        "2.400 ansatte i 53 enheder.",
        "Siden den sidste liste: 2.400 nye, 0 flyttet, 0 ændret, 0 holdt op.",
        "Gemt.",
    ):
        assert line in told.output
    assert "999999-" not in told.output
    assert "Vikarkorps" in told.output
    files = b"".join(file.read_bytes() for file in installation.data.rglob("*") if file.is_file())
    assert b"999999-" not in files


def test_names_are_told_in_a_dry_run_only_and_never_in_json(
    installation: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    payroll = str(FJORDLUND / "payroll_cp1252.csv")
    kernepuls("units", str(FJORDLUND / "units.csv"))

    dry = kernepuls("staff", payroll, "--dry-run")
    facts = kernepuls("staff", payroll, "--dry-run", "--json", "--as-of", "2026-03-04")
    real = kernepuls("staff", payroll)

    assert "row 8 · B14 · Bjørn Bæk" in dry.output
    assert "This was a dry run: nothing was saved." in dry.output
    assert "Bæk" not in facts.output + real.output
    assert "2,400 employees in 53 units." in real.output
    told = json.loads(facts.output)
    assert (told["as_of"], told["as_of_from"], told["employees"]) == ("2026-03-04", "option", 2400)
    assert told["counts"]["two_jobs"] == 18
    assert told["mapping"]["unit"] == "Afdelingskode"
    assert (told["saved"], told["template"]) == (False, None)


def test_a_refusal_is_one_sentence_and_exit_status_1(
    installation: Settings, tmp_path: Path
) -> None:
    broken = tmp_path / "enheder.csv"
    broken.write_text("unit,parent,name\nX,,X\nA,Y,A\n")

    refused = kernepuls("units", str(broken))
    missing = kernepuls("units", str(tmp_path / "findes-ikke.csv"))

    assert refused.exit_code == missing.exit_code == 1
    assert refused.output.startswith("Error: Række 3, kolonne parent: Overenheden “Y” findes ikke")
    assert "Traceback" not in refused.output
    assert "Filen findes-ikke.csv findes ikke" in missing.output


def test_behaviours_and_units_tell_what_is_new(installation: Settings) -> None:
    units = kernepuls("units", str(FJORDLUND / "units.csv"))
    behaviours = kernepuls("behaviours", str(FJORDLUND / "behaviours_import.csv"))
    again = kernepuls("behaviours", str(FJORDLUND / "behaviours_import.csv"), "--json")

    assert "63 enheder på 4 niveauer i det nyeste træ." in units.output
    assert "Nye (8): Ad1; Ad2" in behaviours.output
    assert json.loads(again.output)["new"] == []


def test_every_column_of_a_file_has_a_name_to_show() -> None:
    for kind in (STAFF, UNITS, BEHAVIOURS):
        assert set(kind.columns) <= set(COLUMNS)
