"""What is marked in a comment for the reviewer, and where."""

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from survey.linter import Kind, review_marks

FOUND = {
    "a given name": ("Spørg Mette, hun ved det.", "Mette", Kind.NAME),
    "in the genitive": ("Det er Fatimas idé.", "Fatimas", Kind.NAME),
    "one that is a word too": ("Spørg Bo om det.", "Bo", Kind.NAME),
    "a title": ("Kun visitatoren ved det.", "visitatoren", Kind.TITLE),
    "a title nobody listed": ("Kun fritidspædagogen ved det.", "fritidspædagogen", Kind.TITLE),
    "a title's genitive": ("På pedellens kontor.", "pedellens", Kind.TITLE),
    "a leader": ("Lederen svarer ikke.", "Lederen", Kind.LEADER),
    "a leader's title": ("Vores centerchefs ord.", "centerchefs", Kind.LEADER),
    "health": ("Hun er sygemeldt igen.", "sygemeldt", Kind.HEALTH),
    "health in a longer word": ("Efter hans angstanfald.", "angstanfald", Kind.HEALTH),
    "health inflected": ("Det er depressionen.", "depressionen", Kind.HEALTH),
    "a number like a CPR number": ("Sag 010190-1234 ligger der.", "010190-1234", Kind.CPR),
    "without its dash": ("Sag 0101901234 ligger der.", "0101901234", Kind.CPR),
    "a phone number": ("Ring på 12 34 56 78.", "12 34 56 78", Kind.PHONE),
    "from abroad": ("Ring på +45 12345678.", "+45 12345678", Kind.PHONE),
    "an address": ("Skriv til a.b@post.example.dk.", "a.b@post.example.dk", Kind.EMAIL),
}


@pytest.mark.parametrize(("text", "found", "kind"), FOUND.values(), ids=FOUND)
def test_what_is_marked(text: str, found: str, kind: Kind) -> None:
    marks = review_marks(text)

    assert [(text[mark.start : mark.end], mark.kind) for mark in marks] == [(found, kind)]


@pytest.mark.parametrize(
    "text",
    [
        "Giv os en fast telefontid på tværs.",
        "Lærerne og pædagogerne mangler tid.",
        "Vi er 12 om 3.500 sager i uge 45.",
        "En pædagog og en vejleder ville hjælpe.",
        "",
    ],
)
def test_what_is_not(text: str) -> None:
    assert review_marks(text) == ()


def test_a_number_inside_an_address_is_one_mark() -> None:
    text = "Skriv til vagt12345678@post.example.dk."

    assert [mark.kind for mark in review_marks(text)] == [Kind.EMAIL]


def test_a_title_that_one_person_has_is_marked_without_the_definite_form() -> None:
    text = "En talepædagog ville hjælpe."

    assert review_marks(text) == ()
    (mark,) = review_marks(text, single_titles={"Talepædagog"})
    assert text[mark.start : mark.end] == "talepædagog"


def test_marks_stand_where_the_word_stands_however_it_is_written() -> None:
    text = unicodedata.normalize("NFD", "På sundhedsplejerskens bord: Åses note om de\u00admens.")

    marked = [unicodedata.normalize("NFC", text[one.start : one.end]) for one in review_marks(text)]

    assert marked == ["sundhedsplejerskens", "Åses", "de\u00admens"]


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300))
def test_marks_are_in_order_inside_the_text_and_never_overlap(text: str) -> None:
    marks = review_marks(text)

    assert list(marks) == sorted(marks, key=lambda mark: mark.start)
    assert all(0 <= mark.start < mark.end <= len(text) for mark in marks)
    assert all(one.end <= two.start for one, two in pairwise(marks))
