"""Where a line may be broken on paper, and what stays together."""

import re

import pytest

from survey.texts import content, environment
from survey.typesetting import NO_BREAK as S
from survey.typesetting import SOFT, typeset

WORDS = content("hyphenation")["da"]["words"]


@pytest.mark.parametrize(
    "together",
    ["25 %", "5 ud af 10", "4 af 10", "45 ud af 100", "20–30 ud af 100", "5 gange ud af 10",
     "kl. 9", "uge 23", "side 4", "Puls 2026", "16. november", "4 uger", "12 procentpoint",
     "4 in 10", "45 out of 100", "week 23", "page 4", "16 November", "6 weeks"],
)  # fmt: skip
def test_no_line_is_broken_inside_what_is_one_thing(together: str) -> None:
    found = typeset(f"<p>Det er {together} hos os.</p>", WORDS)

    assert found == f"<p>Det er {together.replace(' ', S)} hos os.</p>"


@pytest.mark.parametrize("apart", ["i uge", "25 og 55", "3 enheder", "en af 10", "9 borgere"])
def test_other_spaces_are_where_lines_are_broken(apart: str) -> None:
    assert typeset(f"<p>{apart}</p>", WORDS) == f"<p>{apart}</p>"


@pytest.mark.parametrize(
    ("word", "set_"),
    [
        ("prøvehandlingerne", "prøve|handlingerne"),
        ("Kommunalbestyrelsen", "Kommunal|bestyrelsen"),
        ("LÆRINGSSPØRGSMÅL", "LÆRINGS|SPØRGSMÅL"),
        ("sundhedsplejersken", "sundheds|plejersken"),
        ("medarbejder", "medarbejder"),
        ("genprøvehandling", "genprøvehandling"),  # an entry is how a word begins
    ],
)
def test_a_long_word_breaks_where_the_list_says_and_nowhere_else(word: str, set_: str) -> None:
    assert typeset(f"<p>Se {word} her</p>", WORDS) == f"<p>Se {set_.replace('|', SOFT)} her</p>"


@pytest.mark.parametrize(
    "kept",
    [
        "<h2>Prøvehandlinger i vente</h2>",
        '<th scope="row">Sundhedsplejen i byen</th>',
        '<p class="foot">Sundhedsplejen i byen</p>',
        '<p class="kicker" id="proposals">Forslag til prøvehandlinger</p>',
        '<svg><title>Prøvehandlinger 5 af 10</title><text x="1">prøvehandlinger</text></svg>',
        '<p><a href="/prøvehandlinger" title="kl. 9 om prøvehandlinger">her</a></p>',
    ],
)
def test_headings_names_drawings_and_tags_are_as_they_were(kept: str) -> None:
    assert typeset(kept, WORDS) == kept


def test_after_a_drawing_and_a_heading_prose_is_set_again() -> None:
    page = (
        "<h2>Prøvehandlinger</h2><p>Om <b>prøvehandlinger</b></p><svg></svg><td>prøvehandling</td>"
    )

    assert typeset(page, WORDS).count(SOFT) == 2


def test_what_is_escaped_stays_escaped_and_a_word_is_found_when_the_signs_are_taken_away() -> None:
    page = "<p>&lt;b&gt; 5 af 10 prøvehandlinger &amp; kl. 9</p>"

    found = typeset(page, WORDS)

    assert found.replace(SOFT, "").replace(S, " ") == page


def test_what_is_quoted_has_the_signs_of_its_language() -> None:
    rest = "The citizen&#39;s, the unit&#39;s.</p>"
    page = f"<p>Fra &#39;nogle&#39; til &#34;få eller ingen.&#34; {rest}"

    found = [
        environment().from_string("{% filter typeset(language) %}" + page + "{% endfilter %}")
        .render(language=language)
        for language in ("da", "en", "so")
    ]  # fmt: skip

    assert found == [
        f"<p>Fra »nogle« til »få eller ingen.« {rest}",
        f"<p>Fra ‘nogle’ til “få eller ingen.” {rest}",
        f"<p>Fra ‘nogle’ til “få eller ingen.” {rest}",
    ]


def test_a_language_without_a_list_is_never_broken() -> None:
    assert typeset("<p>organisations everywhere</p>", content("hyphenation")["en"]["words"]) == (
        "<p>organisations everywhere</p>"
    )


def test_the_list_is_long_words_in_order_broken_into_parts_that_can_stand_alone() -> None:
    whole = [one.replace("-", "") for one in WORDS]

    assert whole == sorted(set(whole))
    assert all(re.fullmatch(r"[a-zæøå]{4,}(?:-[a-zæøå]{3,})+", one) for one in WORDS)
    assert all(len(one) >= 12 for one in whole)
