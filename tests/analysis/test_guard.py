"""What no report may say: the rules of the language file, found in any text before release."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from analysis.wording.guard import (
    LEAST_WORDS,
    LIX_LIMIT,
    RULES,
    ForbiddenWording,
    forbidden,
    guard,
    lix,
    sentences,
)
from survey.texts import Language, Voice, content

DA = Voice("da")
PAIRS = content("report_language")["allowed_and_forbidden"]


@dataclass(frozen=True)
class Text:
    text: str
    page: int = 3
    is_prose: bool = False


def says(text: str, *, language: Language = "da", **theirs: tuple[str, ...]) -> str | None:
    """What the guard stops a text for; None when it may be said."""
    try:
        guard(Voice(language), [Text(text)], **theirs)
    except ForbiddenWording as stopped:
        return stopped.value
    return None


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair["never"][:30])
def test_the_examples_of_the_language_file(pair: dict[str, str]) -> None:
    assert says(pair["write"]) is None
    assert says(pair["never"]) is not None


FORBIDDEN = {
    "a person": "Lederen skal se på det.",
    "a given name": "Spørg Mette om det.",
    "a ranking": "Enheden ligger i top.",
    "a place in a row": "Det er nr. 3 af 22.",
    "blame": "De modarbejder det.",
    "a decimal": "Det siger 58,3\u00a0%.",
    "all of them": "Det siger 100 %.",
    "none of them": "Det siger 0\u202f%.",
    "a cause": "Det skyldes tiden.",
    "a test": "Forskellen er signifikant.",
    "a trait of a role": "Sagsbehandleren er umotiveret.",
    "a hidden hyphen": "Det er be\u00advist.",
    "capitals": "SVIGTER",
}


FORBIDDEN_IN_ENGLISH = {
    "a person in English": "The manager must look at it.",
    "a ranking in English": "The unit is the worst.",
    "blame in English": "They are to blame.",
    "a cause in English": "It is caused by the time.",
    "a test in English": "The difference is significant.",
    "a verdict on a trial in English": "The trial failed.",
    "nothing found, in English": "There is no difference.",
    "whom it is about in English": "Employees must do better.",
    "a trait of a leader in English": "The supervisor is lazy.",
}
FORBIDDEN |= FORBIDDEN_IN_ENGLISH  # a report in Danish may hold an English text of a team


@pytest.mark.parametrize("text", FORBIDDEN.values(), ids=FORBIDDEN)
def test_a_report_never_says(text: str) -> None:
    assert says(text) is not None


def test_every_word_of_the_lists_stops_a_sentence_that_has_it_in_the_middle() -> None:
    rules = content("report_language")["guard"]
    words = [word for rule in RULES for word in rules[rule]]
    words += content("linter")["lists"]["given_names"]

    said = {word: says(f"Det var (­{word}), som vi sagde.") for word in words}

    assert len(said) > 400
    assert [word for word, value in said.items() if value is None] == []


ALLOWED = {
    "a group": "Chefgruppen tager det op.",
    "the promise itself": "Den handler ikke om personer og ikke om din leder.",
    "an open door": "Døren er åben.",
    "a name inside a word": "Larsen og Hansens Vej.",
    "ten per cent": "Det siger 10 %.",
    "a group in English": "The managers' group takes it up.",
    "what people fear in English": "What is the worst that can happen, and to whom?",
}


@pytest.mark.parametrize("text", ALLOWED.values(), ids=ALLOWED)
def test_a_report_may_say(text: str) -> None:
    assert says(text) is None


def texts_in(told: Any, language: Language, *, inside: bool = False) -> Iterator[str]:
    """Every text in a language, under its key or under one that ends with it (`when_da`)."""
    if isinstance(told, str) and inside:
        yield told
    elif isinstance(told, list):
        for one in told:
            yield from texts_in(one, language, inside=inside)
    elif isinstance(told, dict):
        for key, one in told.items():
            yield from texts_in(one, language, inside=inside or key.split("_")[-1] == language)


@pytest.mark.parametrize("language", ["da", "en"])
def test_every_text_of_the_catalogue_of_barriers_may_stand_in_a_report(language: Language) -> None:
    catalogue = list(texts_in(content("barriers"), language))

    assert len(catalogue) > 20 * len(content("barriers")["barriers"])
    assert {text: stopped for text in catalogue if (stopped := says(text, language=language))} == {}


def test_the_name_of_a_unit_may_hold_a_given_name() -> None:
    assert says("Børnehuset Ida har svaret.") == "Ida"
    assert says("Børnehuset Ida har svaret.", quoted=("Børnehuset Ida", "")) is None


NEVER = "Lederen er svag.", "Spørg Mette."
FINDINGS = "Vi nægter.", "Vi er nr. 2 af 9.", "Det er 58,3 %."
CLAIMS = "Borgeren får den bedste hjælp.", "Vores hjælp har effekt."


def test_of_what_others_wrote_no_rule_is_about_a_name_and_all_protect_a_person() -> None:
    for text in (*NEVER, *FINDINGS, *CLAIMS):
        assert says(text, quoted=(text,)) is None
    for text in NEVER:
        assert says(text, heard=(text,)) is not None
        assert says(text, tasks=(text,)) is not None


def test_a_core_task_may_promise_the_best_and_tells_no_finding() -> None:
    assert [says(text, tasks=(text,)) for text in CLAIMS] == [None, None]
    assert [says(text, tasks=(text,)) for text in FINDINGS] == ["nægter", "nr. 2 af 9", "8,3 %"]
    assert forbidden(DA, CLAIMS[0], is_task=True) is None
    assert forbidden(DA, CLAIMS[0]) == "bedste"


def test_a_comment_is_cleared_by_a_person_and_may_say_how_it_felt() -> None:
    several = " ".join(FINDINGS)

    assert [says(text, heard=(text,)) for text in FINDINGS] == [None, None, None]
    assert says(f"De siger: {several}", heard=(several,)) is None
    assert says(f"{FINDINGS[0]} {several}", heard=(several,)) == "nægter"


def test_a_name_of_a_unit_in_what_others_wrote_is_no_person() -> None:
    task = "Vi ringer til Børnehuset Ida."

    assert says(task, tasks=(task,)) == "Ida"
    assert says(task, tasks=(task,), quoted=("Børnehuset Ida",)) is None


def test_what_others_wrote_is_named_by_the_page_it_stands_on() -> None:
    task = "Spørg Mette om det."

    with pytest.raises(ForbiddenWording) as stopped:
        guard(
            DA, [Text("Vi ser det.", 1), Text(f"Opgave: {task}", 6)], tasks=("Spørg Mette om det.",)
        )

    assert (stopped.value.page, stopped.value.value) == (6, "Mette")


def test_a_hit_names_the_page_and_the_sentence() -> None:
    with pytest.raises(ForbiddenWording) as stopped:
        guard(DA, [Text("Alt er godt.", 1), Text("Det er fint. Det er bevist.", 7)])

    assert (stopped.value.page, stopped.value.value) == (7, "bevist")
    assert stopped.value.sentence == "Det er bevist."


def test_heavy_language_stops_a_report_at_its_heaviest_text() -> None:
    heavy = "Kompetenceudviklingsforløb understøtter tværorganisatoriske udviklingsperspektiver."
    much = [Text(heavy, 4, is_prose=True)] * (LEAST_WORDS // 4)

    with pytest.raises(ForbiddenWording) as stopped:
        guard(DA, [Text("Vi ser det.", 1, is_prose=True), *much])

    assert stopped.value.page == 4
    assert lix([heavy]) == 4 / 1 + 100 * 4 / 4 > LIX_LIMIT


def test_a_few_sentences_are_too_few_to_weigh() -> None:
    heavy = "Kompetenceudviklingsforløb understøtter tværorganisatoriske udviklingsperspektiver."

    guard(DA, [Text(heavy, is_prose=True)] * (LEAST_WORDS // 4 - 1))


def test_labels_and_figures_are_not_weighed_as_prose() -> None:
    labels = [Text("Kompetenceudviklingsforløb")] * LEAST_WORDS

    guard(DA, [*labels, *[Text("Vi ser det.", is_prose=True)] * LEAST_WORDS])


def test_lix_of_nothing_is_nothing() -> None:
    assert lix(["", "42 %"]) == 0


def test_sentences_end_at_their_marks() -> None:
    assert list(sentences("Det er\u00a0her. Er det?\nJa")) == ["Det er her.", "Er det?", "Ja"]
