"""What no report may say: the rules of the language file, found in any text before release."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from analysis.wording.guard import LIX_LIMIT, ForbiddenWording, guard, lix, sentences
from survey.texts import Language, Voice, content

DA = Voice("da")
PAIRS = content("report_language")["allowed_and_forbidden"]


@dataclass(frozen=True)
class Text:
    text: str
    page: int = 3
    is_prose: bool = False


def says(text: str, *, quoted: tuple[str, ...] = (), language: Language = "da") -> str | None:
    """What the guard stops a text for; None when it may be said."""
    try:
        guard(Voice(language), [Text(text)], quoted=quoted)
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


@pytest.mark.parametrize("text", FORBIDDEN.values(), ids=FORBIDDEN)
def test_a_report_never_says(text: str) -> None:
    assert says(text) is not None


ALLOWED = {
    "a group": "Chefgruppen tager det op.",
    "the promise itself": "Den handler ikke om personer og ikke om din leder.",
    "an open door": "Døren er åben.",
    "a name inside a word": "Larsen og Hansens Vej.",
    "ten per cent": "Det siger 10 %.",
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


def test_a_hit_names_the_page_and_the_sentence() -> None:
    with pytest.raises(ForbiddenWording) as stopped:
        guard(DA, [Text("Alt er godt.", 1), Text("Det er fint. Det er bevist.", 7)])

    assert (stopped.value.page, stopped.value.value) == (7, "bevist")
    assert stopped.value.sentence == "Det er bevist."


def test_heavy_language_stops_a_report_at_its_heaviest_text() -> None:
    heavy = "Kompetenceudviklingsforløb understøtter tværorganisatoriske udviklingsperspektiver."

    with pytest.raises(ForbiddenWording) as stopped:
        guard(DA, [Text("Vi ser det.", 1, is_prose=True), Text(heavy, 4, is_prose=True)])

    assert stopped.value.page == 4
    assert lix([heavy]) == 4 / 1 + 100 * 4 / 4 > LIX_LIMIT


def test_labels_and_figures_are_not_weighed_as_prose() -> None:
    guard(DA, [Text("Kompetenceudviklingsforløb"), Text("Vi ser det.", is_prose=True)])


def test_lix_of_nothing_is_nothing() -> None:
    assert lix(["", "42 %"]) == 0


def test_sentences_end_at_their_marks() -> None:
    assert list(sentences("Det er\u00a0her. Er det?\nJa")) == ["Det er her.", "Er det?", "Ja"]
