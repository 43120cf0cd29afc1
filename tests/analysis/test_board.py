"""The board sheet on paper: one page whatever stands on it, in words, for a wall."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import page as checker
import pypdfium2
import pytest
from msgspec.structs import replace as replaced

from analysis.report import ForbiddenWording, Untold
from analysis.report.board import OnBoard, Trying, board, board_sheet
from analysis.report.view import Facts, PassedOn, View
from survey.insight.reports import assets
from survey.texts import Language, Voice, render
from tests.analysis import page_pictures
from tests.analysis.release_factory import facts, release

RELEASE = release()
STOPS, ANSWER_BY = date(2026, 12, 18), date(2026, 12, 21)
OVERLAP = Trying("overlap ved vagtskifte", STOPS)
ASK = "Vi beder om en vagt mere tirsdag og torsdag."
NAME, TEXT = 80, 280  # characters a form takes


def passed_on(level: str = "direktionen", ask: str = ASK) -> PassedOn:
    return PassedOn(("C21",), level, date(2026, 11, 20), ask, ANSWER_BY)


def view(unit: str = "C21", language: Language = "da", given: Facts | None = None) -> View:
    return View(RELEASE, unit, Voice(language), given or facts())


def printed(of: View, now: OnBoard) -> bytes:
    return board_sheet(
        of,
        now,
        render=lambda name, context: render(name, of.voice.language, context),  # type: ignore[arg-type]
        assets=assets("wall.css"),
    )


def pages(file: bytes) -> list[str]:
    with pypdfium2.PdfDocument(file) as read:
        return [" ".join(one.get_textpage().get_text_bounded().split()) for one in read]


def sizes(file: bytes) -> set[float]:
    with pypdfium2.PdfDocument(file) as read:
        items: Iterator[Any] = read[0].get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_TEXT])
        return {round(one.get_bounds()[3] - one.get_bounds()[1]) for one in items}


FULL = OnBoard((OVERLAP,), (passed_on(),))
MANY = OnBoard(
    tuple(Trying(f"{number} {'prøv det ' * 9}"[:NAME], STOPS) for number in range(5)),
    tuple(
        passed_on(level, ("Vi har brug for tid til det. " * 10)[:TEXT])
        for level in (
            "Hjemmepleje",
            "chefgruppen",
            "direktionen",
            "Jobcenter",
            "kommunalbestyrelsen",
        )
    ),
)
WIDEST = OnBoard(
    tuple(Trying("W" * NAME, STOPS) for _ in range(4)),
    tuple(passed_on(f"{'W' * 100}{number}", "W" * TEXT) for number in range(4)),
)


def test_it_tells_the_three_lines_of_the_unit() -> None:
    told = board(view(), FULL)

    assert told.title == "Hjemmepleje Nord: det sagde I, og det gør vi"
    assert [(one.heading, one.said) for one in told.lines] == [
        ("Det sagde I", ("Dagen er lagt sådan, at der mangler tid.",)),
        (
            "Det prøver vi",
            (
                "Overlap ved vagtskifte. Vi stopper prøvehandlingen den "
                "18.\u00a0december\u00a02026 og siger, hvad vi lærte.",
            ),
        ),
        (
            "Det kan vi ikke løse her, så vi har sendt det videre til direktionen",
            (f"{ASK} Vi får svar senest 21.\u00a0december\u00a02026.",),
        ),
    ]


def test_what_stands_out_in_a_unit_below_is_not_what_this_one_said() -> None:
    below, centre = (board(view(unit), OnBoard()).lines[0].said for unit in ("F1", "F"))

    assert below == ("Det føles usikkert at prøve.",)
    assert centre == ("Det er uklart, hvilken faggruppe der må gøre det.",)


@pytest.mark.parametrize("unit", ["F4", "B1"])
def test_what_nobody_knows_is_left_for_a_pen(unit: str) -> None:
    [text] = pages(printed(view(unit), OnBoard()))

    assert "Skriv, hvad I prøver, og hvilken dag I stopper." in text
    assert ("Skriv, hvad I selv nævnte på mødet." in text) == (unit == "F4")


LINES: dict[str, tuple[Language, OnBoard]] = {
    "nothing": ("da", OnBoard()),
    "one of each": ("en", FULL),
    "many": ("da", MANY),
    "as much as a form takes": ("en", WIDEST),
}


@pytest.mark.parametrize(("language", "now"), LINES.values(), ids=LINES)
def test_it_is_one_page_whatever_stands_on_it(language: Language, now: OnBoard) -> None:
    of = view(language=language)
    longest = replaced(of.unit, name="Wwwwwwwww " * 12)
    units = tuple(longest if one.unit == "C21" else one for one in RELEASE.units)

    [text] = pages(printed(replace(of, release=replaced(RELEASE, units=units)), now))

    assert text.endswith(("Tak til jer, der svarede.", "Thank you to those who answered."))


def test_what_there_is_no_room_for_is_counted() -> None:
    [text] = pages(printed(view(), MANY))

    assert "Og 2 mere." in text
    assert "Jobcenter" not in text


def test_little_text_is_read_from_further_away() -> None:
    short, long = (max(sizes(printed(view(), now))) for now in (FULL, MANY))

    assert short > long


def test_it_is_accessible_and_can_be_archived() -> None:
    file = printed(view(), FULL)

    found = [
        one for profile in ("ua1", "3a")
        for one in checker.validate_pdf_bytes(file, profile=profile).failures
    ]  # fmt: skip

    assert [(one.rule_id, one.message) for one in found] == []


def test_it_looks_as_it_was_agreed() -> None:
    both = page_pictures.differing("board", printed(view(), FULL))

    assert both is None, f"another sheet than agreed, side by side in {both}"


def test_a_forbidden_word_stops_it() -> None:
    with pytest.raises(ForbiddenWording):
        printed(view(), OnBoard((Trying("bund 5", STOPS),)))


def test_a_number_the_release_does_not_tell_stops_it() -> None:
    with pytest.raises(Untold):
        printed(view(given=facts(title="Det lykkes 37 % af gangene")), FULL)
