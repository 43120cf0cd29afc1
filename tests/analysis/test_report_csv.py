"""The release as a table: what is attached to a report and exported for a spreadsheet."""

import csv
from io import StringIO

import msgspec

from analysis.report.csv import release_csv
from survey.texts import Voice
from tests.analysis.release_factory import cell, release

RELEASE = release()
DA = Voice("da")


def rows(table: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(table.decode("utf-8-sig")), delimiter=";"))


def test_it_opens_in_a_danish_spreadsheet() -> None:
    table = release_csv(RELEASE, "C21", voice=DA)

    assert table.startswith(b"\xef\xbb\xbfpuls;enhed;navn;")
    assert table.count(b"\r\n") == len(rows(table)) + 1


def test_a_unit_has_its_own_cells_and_those_of_the_units_below() -> None:
    assert {row["enhed"] for row in rows(release_csv(RELEASE, "C21", voice=DA))} == {"C21"}
    assert {row["enhed"] for row in rows(release_csv(RELEASE, "C2", voice=DA))} == {
        "C2", "C21", "C22", "C23",
    }  # fmt: skip


def test_without_a_unit_every_published_cell_is_a_row() -> None:
    assert len(rows(release_csv(RELEASE, voice=DA))) == len(RELEASE.cells)


def test_a_hidden_cell_has_its_status_and_nothing_else() -> None:
    found = rows(release_csv(RELEASE, "F4", voice=DA))

    assert {row["status"] for row in found} == {"hidden"}
    empty = ("svar", "inviteret", "værdi", "fra", "til", "ord", "ændring")
    assert {row[key] for row in found for key in empty} == {""}


def test_a_number_is_as_it_is_shown() -> None:
    tid = next(
        row
        for row in rows(release_csv(RELEASE, "C21", voice=DA))
        if (row["mål"], row["punkt"]) == ("barrier_share", "TID")
    )

    assert (tid["værdi"], tid["fra"], tid["til"], tid["svar"]) == ("60", "45", "75", "42")
    assert (tid["tekst"], tid["skiller sig ud"], tid["ændring"]) == ("Tid", "ja", "unclear")


def test_a_step_is_not_read_as_a_date() -> None:
    steps = {row["svar"] for row in rows(release_csv(RELEASE, "F1", voice=DA))}

    assert steps == {"8–19"}


def test_no_name_is_a_live_formula() -> None:
    units = tuple(
        msgspec.structs.replace(one, name='=HYPERLINK("http://evil.example")')
        if one.unit == "C21"
        else one
        for one in RELEASE.units
    )

    found = rows(release_csv(msgspec.structs.replace(RELEASE, units=units), "C21", voice=DA))

    assert {row["navn"] for row in found} == {'\'=HYPERLINK("http://evil.example")'}


def test_what_a_cell_is_crossed_with_stands_beside_its_item() -> None:
    crossed = (
        cell("C", "barrier_share", "FAG", 30, 60, cross={"profession": "sosu"}),
        cell("C", "resolver_share", "unit", 30, 60, barrier="SILO"),
        cell("C", "noticed_share", "helps", 30, 60, trial="T8", base="trial"),
        cell("C", "clarity_share", None, 80, 60, base="A"),
    )

    found = rows(release_csv(msgspec.structs.replace(RELEASE, cells=crossed), "C", voice=DA))

    assert [row["punkt"] for row in found] == ["FAG · sosu", "unit · SILO", "helps · T8", ""]
    assert [row["tekst"] for row in found] == ["Faggrænser", "Enheden selv", "", ""]


def test_a_behaviours_whole_scope_has_no_unit() -> None:
    whole = (cell(None, "behaviour_level", None, 50, 60, behaviour="Ad8"),)

    [row] = rows(release_csv(msgspec.structs.replace(RELEASE, cells=whole), voice=DA))

    assert (row["enhed"], row["navn"], row["adfærd"]) == ("", "", "Ad8")
