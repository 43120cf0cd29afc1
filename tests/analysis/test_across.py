"""A report of several units that lie apart: their released cells, and what they share."""

from dataclasses import replace
from io import BytesIO

import page as checker
import pikepdf
import pytest
from msgspec.structs import replace as replaced

from analysis.findings import Hidden, Release
from analysis.release.audit.documents import Line, Untold, lines_checked
from analysis.report import NotApart, UnitNotInRelease, composed, pathway_report, unit_html
from analysis.report.plan import Section
from analysis.report.sections.barriers import Barriers
from analysis.report.sections.opening import InShort
from analysis.report.view import View, across
from survey.insight.reports import assets
from survey.texts import Language, Voice, render
from tests.analysis import page_pictures
from tests.analysis.release_factory import UNITS, facts, release

RELEASE = release()
PATHWAY = ("C21", "C3")  # of one centre, with a seam between what they are part of


def view(*codes: str, of: Release = RELEASE, language: Language = "da") -> View:
    return across(of, codes, Voice(language), facts())


def with_mark(unit: str, barrier: str) -> Release:
    """The same release where a barrier stands out in one more unit."""
    return replaced(
        RELEASE,
        cells=tuple(
            replaced(cell, marked=True)
            if (cell.unit, cell.measure, cell.item) == (unit, "barrier_share", barrier)
            else cell
            for cell in RELEASE.cells
        ),
    )


def sections(of: View) -> dict[str, Section]:
    return {one.id: one for one in composed(of)[0]}


def html(of: View) -> str:
    """The page, whatever words may be parted in."""
    made = unit_html(of, lambda name, context: render(name, of.voice.language, context))  # type: ignore[arg-type]
    return made.replace("\u00ad", "")


# --- the set -------------------------------------------------------------------------------------


def test_units_are_told_in_the_order_of_the_organisation_without_those_below_another() -> None:
    told = view("F1", "C21", "C2", "B1")

    assert [one.code for one in told.views] == ["B1", "C2", "F1"]
    assert {"C21", "C22", "C23"} < told.here


def test_a_unit_there_is_not_is_refused() -> None:
    with pytest.raises(UnitNotInRelease):
        view("C21", "XX")


def test_one_unit_alone_is_no_pathway() -> None:
    with pytest.raises(NotApart):
        pathway_report(
            RELEASE, ("C2", "C21"), voice=Voice("da"), render=str, assets={}, facts=facts()  # type: ignore[arg-type]
        )  # fmt: skip


def test_units_have_no_number_together() -> None:
    told = view(*PATHWAY)

    measures = {(cell.measure, cell.item) for cell in RELEASE.cells}
    assert {told.number(*one) for one in measures} == {Hidden()}
    assert {told.cell(*one) for one in measures} == {None}
    assert not told.is_hidden


def test_of_many_units_the_name_is_how_many() -> None:
    assert view(*PATHWAY).name == "Hjemmepleje Nord og Hjemmesygepleje og Akutteam"
    assert view("B1", "B2", "B3", "C1").name == "Fire enheder på tværs"


# --- what it says --------------------------------------------------------------------------------


def test_it_begins_with_what_stands_out_in_two_of_the_units() -> None:
    told = sections(view("C21", "B1", of=with_mark("B1", "TID")))

    assert told["in_short"].headline == "Det tyder på, at tid skiller sig ud i to af enhederne"
    body = told["in_short"].body
    assert isinstance(body, InShort)
    assert body.points[0].label == "Tid"
    assert body.points[0].text.startswith(
        "Så mange siger i høj grad, at dagen er lagt sådan, at der mangler tid. Havneskolen: "
    )
    assert "Hjemmepleje Nord: omkring 60\u00a0% (mellem " in body.points[0].text
    assert told["barriers"].headline == "Det samme står i vejen flere steder: tid"


def test_what_stands_out_in_one_alone_is_not_said_of_both() -> None:
    told = sections(view("C21", "B1"))

    assert told["in_short"].headline == "Ingen fælles barriere skiller sig ud"
    assert told["barriers"].headline == "Ingen barriere skiller sig ud i mere end én af enhederne"


def test_the_units_stand_under_their_areas() -> None:
    body = sections(view("C21", "B1", "C3"))["barriers"].body

    assert isinstance(body, Barriers)
    assert [(one.caption.partition(":")[0], [row.name for row in one.rows])
            for one in body.matrices] == [
        ("Center for Børn og Skole", ["Havneskolen"]),
        ("Center for Sundhed og Ældre", ["Hjemmepleje Nord", "Hjemmesygepleje og Akutteam"]),
    ]  # fmt: skip


SEAMS = {
    "between what they are part of": (("C21", "C3"), True),
    "between themselves": (("C2", "C3"), True),
    "to somebody else": (("C21", "B1"), False),
    "of what they both are part of": (("C21", "C22"), False),
}


@pytest.mark.parametrize(("codes", "is_told"), SEAMS.values(), ids=SEAMS)
def test_a_seam_is_told_where_it_lies_between_two_of_them(
    codes: tuple[str, ...], is_told: bool
) -> None:
    assert ("seams" in sections(view(*codes))) == is_told


def test_what_only_a_unit_can_say_is_left_out_and_told() -> None:
    left_out = {one.kicker: one.reason for one in composed(view(*PATHWAY))[1]}

    reason = "hver enhed har sine egne tal i sin egen rapport"
    assert left_out == {"Set fra borgerens side": reason, "Trygt at prøve?": reason}
    assert html(view(*PATHWAY)).count(reason) == 2


def test_a_step_of_the_stairs_says_how_many_units_point_to_it() -> None:
    page = html(view("C21", "B1", "C3"))

    assert "1 enhed" in page
    assert "3 enheder" in page
    assert "Hjemmepleje Nord: Enheden selv eller chefgruppen i centret." in page


def test_where_a_barrier_sits_in_one_of_them_is_not_said_of_both() -> None:
    [whole] = [one for one in RELEASE.levels if one.barrier == "FAG"]
    inside = replaced(RELEASE, levels=(replaced(whole, scope="C21"),))

    assert view(*PATHWAY).level("FAG") == whole
    assert view(*PATHWAY, of=inside).level("FAG") is None


def test_no_other_unit_is_named_but_those_they_are_part_of() -> None:
    page = html(view("C21", "B1"))

    others = {name for code, _, name, _, _ in UNITS if code in ("B2", "B3", "C22", "C23", "F1")}
    assert not any(name in page for name in others)


def test_a_trial_of_two_of_the_units_stands_before_that_of_one() -> None:
    given = facts()
    both = replace(given.trials["T3"], units=("C21", "B1"), ended="2026-4")
    told = across(RELEASE, ("C21", "B1"), Voice("da"), replace(given, trials={
        **given.trials, "T9": both}))  # fmt: skip

    assert [*told.trials] == ["T9", "T5"]


# --- the audit and the file ----------------------------------------------------------------------


def test_the_number_of_a_unit_that_is_not_one_of_them_is_not_told() -> None:
    number = next(cell for cell in RELEASE.cells_of("C3") if cell.item == "TID")
    line = Line(1, (f"{number.value} % (mellem {number.low} og {number.high} %)",))

    assert lines_checked(RELEASE, [line], about=PATHWAY) > 0
    with pytest.raises(Untold):
        lines_checked(RELEASE, [line], about=("F3", "B1"))


def test_a_report_that_tells_the_number_of_another_unit_is_not_made() -> None:
    foreign = "<p>30 % (mellem 10 og 50 %)</p></main>"  # of C3

    with pytest.raises(Untold):
        pathway_report(
            RELEASE,
            ("F3", "B1"),
            voice=Voice("da"),
            render=lambda name, more: render(name, "da", more).replace("</main>", foreign),
            assets=assets("report.css"),
            facts=facts(),
        )


@pytest.fixture(scope="module")
def file() -> bytes:
    return pathway_report(
        RELEASE,
        PATHWAY,
        voice=Voice("da"),
        render=lambda name, context: render(name, "da", context),
        assets=assets("report.css"),
        facts=facts(core_task=""),
    )


def test_it_is_accessible_and_can_be_archived(file: bytes) -> None:
    found = [one for profile in ("ua1", "3a")
             for one in checker.validate_pdf_bytes(file, profile=profile).failures]  # fmt: skip

    assert [(one.rule_id, one.message) for one in found] == []


def test_it_has_eight_pages_filled_to_a_third_or_more(file: bytes) -> None:
    filled = [page_pictures.filled(one) for one in page_pictures.pages(file)]

    assert len(filled) == 8
    assert min(filled) >= 1 / 3


def test_the_numbers_of_its_units_alone_are_attached(file: bytes) -> None:
    with pikepdf.open(BytesIO(file)) as opened:
        [name] = opened.attachments
        table = opened.attachments[name].get_file().read_bytes().decode("utf-8-sig")

    assert name == "C21-C3-2026-4.csv"
    assert {line.split(";")[1] for line in table.splitlines()[1:]} == {*PATHWAY}
