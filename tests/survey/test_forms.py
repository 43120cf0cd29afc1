"""Forms of staff: each field read, each problem noted, nothing typed lost."""

from datetime import date

import pytest

from survey import texts
from survey.pages.forms import (
    ChangedMeanwhile,
    ChoiceMissing,
    ChoiceUnknown,
    DayUnreadable,
    FieldEmpty,
    Fields,
    NumberUnreadable,
    TextTooLong,
    plain,
)


def typed(**values: str | list[str]) -> Fields:
    named = {name.replace("__", "."): value for name, value in values.items()}
    return Fields({k: v if isinstance(v, list) else [v] for k, v in named.items()})


def problem(fields: Fields, name: str) -> type[Exception] | None:
    found = fields.problems.get(name)
    return type(found) if found else None


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("  Fast telefontid \r\n i seks uger ", "Fast telefontid \n i seks uger"),
        ("A\u030aben", "Åben"),
        ("\u202egnirps\u202c", "gnirps"),
        ("tegn\x00 og \x07 lyd", "tegn og  lyd"),
        ("=SUM(A1) <b>🙂</b>", "=SUM(A1) <b>🙂</b>"),
    ],
)
def test_a_text_is_kept_as_it_was_meant(text, kept):
    assert plain(text) == kept


def test_an_empty_line_and_one_of_spaces_ask_to_be_filled_in():
    fields = typed(name=" \u200e ", other="")

    assert fields.text("name") == fields.text("other") == ""
    assert problem(fields, "name") is problem(fields, "other") is FieldEmpty


def test_a_line_may_be_left_empty_where_the_form_says_so():
    fields = typed()

    fields.text("name", required=False)

    assert not fields.problems


def test_a_text_that_is_too_long_is_refused_and_kept_whole():
    fields = typed(name="x" * 201)

    fields.text("name")

    assert problem(fields, "name") is TextTooLong
    assert fields.problem("name", "en") == "This is 201 characters long. There is room for 200."
    assert fields.value("name") == "x" * 201


@pytest.mark.parametrize(
    ("day", "month", "year", "read"),
    [
        ("22", "5", "2026", date(2026, 5, 22)),
        ("1", "12", "26", date(2026, 12, 1)),
        ("31", "2", "2026", None),
        ("22", "maj", "2026", None),
        ("1", "1", "99999999", None),
    ],
)
def test_a_day_is_read_from_its_three_fields(day, month, year, read):
    fields = typed(opens__day=day, opens__month=month, opens__year=year)

    assert fields.day("opens") == read
    assert problem(fields, "opens") is (None if read else DayUnreadable)


def test_a_day_without_any_field_is_missing_only_where_it_is_asked_for():
    asked, free = typed(), typed()

    asked.day("opens")
    free.day("opens", required=False)

    assert (problem(asked, "opens"), problem(free, "opens")) == (FieldEmpty, None)


@pytest.mark.parametrize("number", ["0", "29", "-7", "1e1", "٧", "7,5", "9" * 5_000])
def test_a_number_outside_its_limits_is_refused(number):
    fields = typed(weeks=number)

    assert fields.whole("weeks", least=1, most=28) is None
    assert problem(fields, "weeks") is NumberUnreadable


def test_a_choice_that_is_not_offered_is_refused():
    fields = typed(role="king", units=["C21", "XX"], other=[])

    assert fields.choice("role", ("unit", "board")) == ""
    assert fields.choices("units", ("C21", "C22")) == ()
    assert fields.choices("other", ("C21",)) == ()
    assert [problem(fields, name) for name in ("role", "units", "other")] == [
        ChoiceUnknown, ChoiceUnknown, ChoiceMissing,
    ]  # fmt: skip


def test_choices_are_read_once_each_in_their_order():
    assert typed(units=["C22", "C21", "C22"]).choices("units", ("C21", "C22")) == ("C22", "C21")


def test_what_is_stored_fills_the_form():
    fields = Fields.of(3, name="Fast telefontid", stop=date(2026, 6, 5), units=("C21",), why=None)

    assert fields.version == 3
    assert fields.value("name") == "Fast telefontid"
    assert fields.day("stop") == date(2026, 6, 5)
    assert fields.values("units") == ["C21"]
    assert fields.value("why") == ""


def test_what_somebody_else_saved_stands_beside_what_was_typed():
    mine = typed(name="Mit navn", weeks="6", version="1")
    stored = Fields.of(2, name="Deres navn", weeks=6)

    mine.keep(stored)

    assert mine.version == 2
    assert mine.value("name") == "Mit navn"
    assert mine.stored == {"name": "Deres navn"}
    assert ChangedMeanwhile.status == 409


class Frame:
    csrf_field, csrf_token = "_csrf_token", "token"


NAMES = "hidden, summary, text, day, select, options, tick"
DRAWN = (
    'summary(fields, {"name": "Navn", "opens": "Første dag"})',
    "hidden(fields)",
    'text(fields, "name", "Navn", hint="Kort")',
    'text(fields, "why", "Hvorfor", rows=3, required=false)',
    'day(fields, "opens", "Første dag")',
    'select(fields, "role", "Rolle", [("unit", "Enhed")])',
    'options(fields, "units", "Enheder", [("C21", "Nord", "62 ansatte")], many=true)',
    'tick(fields, "sure", "Ja")',
)
MACROS = f'{{% from "parts/fields.html" import {NAMES} with context %}}' + "".join(
    f"{{{{ {one} }}}}" for one in DRAWN
)


def drawn(fields: Fields) -> str:
    template = texts.environment().from_string(MACROS)
    names = {"_": texts.Voice("en").gettext, "ngettext": texts.Voice("en").ngettext}
    return template.render(fields=fields, frame=Frame, language="en", **names)


def test_a_problem_stands_at_the_top_and_beside_its_field():
    fields = typed(name="", opens__day="32", opens__month="1", opens__year="2026")
    fields.text("name")
    fields.day("opens")

    html = drawn(fields)

    assert "2 fields are to be put right. Nothing is saved yet." in html
    assert '<a href="#name">Navn: Fill this in.</a>' in html
    assert 'aria-describedby="name-hint name-problem" aria-invalid="true"' in html
    assert 'value="32"' in html


def test_what_was_typed_is_shown_as_text_and_never_as_a_page():
    html = drawn(typed(name='"><script>', why="</textarea><b>"))

    assert "<script>" not in html
    assert "&lt;/textarea&gt;&lt;b&gt;" in html
