"""The linter: labelled sentences, the promises of each rule, and any text at all."""

import csv
import unicodedata
from pathlib import Path
from time import process_time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from survey.linter import Verdict, lint
from survey.settings import CONTENT
from survey.texts import content

# Labelled before any rule had run on them. Word lists grew on those called train. holdout and late
# were never tuned on, nor their misses looked at: holdout was written before the first rule and was
# 89 of 90 on its first run, late when the lists were nearly done, 75 of 80. Floors, not aims.
FRESH = Path(__file__).parent / "linter_fresh.tsv"
SHIPPED = CONTENT / "linter_sentences.tsv"
ROLE, TIME = "Visitator", "inden to dage"
ALPHABET = st.text(st.characters(codec="utf-8"), max_size=200)
SAID = (
    "Visitator vi ringer sikrer når inden hver er åben der afholdes Mette ikke , . lederen "
    "så og til borgeren Hans 14 kl. skriver at skal styrke medarbejderne"
)
WORDS = st.lists(st.sampled_from(SAID.split()), max_size=30).map(" ".join)


def labelled(file: Path, kind: str | None = None) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as opened:
        rows = list(csv.DictReader(opened, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [row for row in rows if kind in (None, row["set"])]


def fired(verdict: Verdict) -> set[str]:
    return {one.id for one in verdict.rules}


def right(rows: list[dict[str, str]]) -> float:
    hits = [(lint(row["sentence"]).verdict == "pass") == (row["label"] == "good") for row in rows]
    return sum(hits) / len(hits)


@pytest.mark.parametrize("row", labelled(SHIPPED), ids=lambda row: row["sentence"][:40])
def test_a_labelled_sentence_has_its_verdict_and_its_rules(row: dict[str, str]) -> None:
    verdict = lint(row["sentence"])

    assert (verdict.verdict == "pass") == (row["label"] == "good")
    assert set(row["rules"].split()) - {"-"} <= fired(verdict)


@pytest.mark.parametrize(("kind", "at_least"), [("train", 0.99), ("holdout", 0.95), ("late", 0.9)])
def test_fresh_sentences_are_judged_as_a_reader_would(kind: str, at_least: float) -> None:
    rows = labelled(FRESH, kind)

    assert len(rows) >= 80
    assert right(rows) >= at_least


@pytest.mark.parametrize("entry", content("behaviours")["behaviours"], ids=lambda one: one["id"])
def test_the_twelve_behaviours_pass_and_their_twins_do_not(entry: dict[str, object]) -> None:
    sentence, twin = entry["sentence"]["da"], lint(str(entry["twin"]))  # type: ignore[index]

    assert lint(sentence).verdict == "pass"
    assert twin.verdict == "stop"
    assert set(entry["twin_rules"]) <= fired(twin)  # type: ignore[call-overload]


PROMISES = {
    "the actor may follow its verb": (f"{TIME.capitalize()} ringer visitator hjem.", set()),
    "who is only called does not act": ("Vi ringer til visitator inden to dage.", {"R1"}),
    "a verb is no helper": ("Vi hjælper borgeren op inden kl. 9.", {"R1"}),
    "a helper is": ("En hjælper følger borgeren op inden kl. 9.", set()),
    "whoever it falls to": ("Den, der tager telefonen, skriver sedlen inden frokost.", set()),
    "a citizen is no role": ("Brugeren skriver sit navn, inden hun går.", {"R1"}),
    "a thing is no role": ("Kalenderen ringer hver dag kl. 8.", {"R1"}),
    "a purpose is not read": ("Visitator ringer inden to dage, så borgeren er tryg.", set()),
    "nor a situation": ("Visitator ringer, når borgeren udvikler feber.", set()),
    "nor what is quoted": ("Visitator siger hver gang: »Vi sikrer, at du er tryg.«", set()),
    "vague without an action is": (
        "Visitator er der, så vi sikrer kvalitet hver dag.",
        {"R2", "R3"},
    ),
    "vague in the infinitive": ("Visitator skal styrke netværket hver uge.", {"R3"}),
    "as needed is no time": ("Visitator ringer ved behov.", {"R4"}),
    "each person is no time": ("Visitator ringer til hver enkelt borger.", {"R4"}),
    "a state is no action": ("Visitator er en rollemodel hver dag.", {"R2", "R3"}),
    "where one is can be seen": ("Visitator er i receptionen hver dag kl. 8.", set()),
    "what goes on inside cannot": ("Visitator husker borgeren ved hvert besøg.", {"R2"}),
    "but what one remembers to do can": ("Visitator husker at ringe hver fredag.", set()),
    "passive without an actor": ("Brevet sendes til visitator inden to dage.", {"R1", "R7"}),
    "passive with one": ("Brevet sendes af visitator inden to dage.", set()),
    "a ban": ("Visitator må ikke sende brevet før fredag.", {"R9"}),
    "no ban with something instead": (
        "Visitator ringer inden fredag og sender ikke bare et brev.",
        set(),
    ),
    "many actions": ("Visitator ringer, skriver, måler og henter hver dag.", {"R10"}),
    "a leader acts": ("Den nye teamleder ringer hver dag.", {"R11"}),
    "a leader is called": ("Visitator ringer til teamlederen hver dag.", set()),
    "one who leads a project": ("Projektlederen ringer hver fredag.", set()),
    "leder is a verb": ("Visitator leder efter nøglen hver dag.", set()),
    "a name": ("Mette ringer hver fredag.", {"R11"}),
    "a name as object": ("Visitator ringer til Fatima hver fredag.", {"R11"}),
    "a word that is a name": ("Dag for dag skriver visitator tallet ned.", set()),
    "a name that is a word": ("Bo ringer hver fredag.", {"R11"}),
    "a name before a place": ("Mette i køkkenet ringer hver fredag.", {"R11"}),
    "who is written to does not act": ("Robotten skriver til visitator hver dag.", {"R1"}),
    "who is told does not act": ("Vi giver visitator besked inden fredag.", {"R1"}),
    "nor after something else first": ("Hver fredag giver vi visitator besked.", {"R1"}),
    "whoever was named before": ("Når en visitator er på besøg, skriver hun et brev.", set()),
    "an actor of the passive": ("Borgeren ringes op af visitator inden to dage.", set()),
    "a helping thing": ("Robotten hjælper borgeren op hver dag.", {"R1"}),
    "a ban with something instead": (
        "Visitator må ikke sende brev før fredag, men skal ringe i stedet.",
        set(),
    ),
    "what is said is not what is done": (
        "Visitator siger hver dag, at borgeren er velkommen og tryg.",
        set(),
    ),
    "a list in the situation": (
        "Når borgeren ringer, skriver eller går, ringer visitator hjem og skriver det ned.",
        set(),
    ),
    "time first": ("Inden to dage ringer visitator, og kommunen skriver et brev.", set()),
    "a purpose without its comma": ("Visitator ringer hver dag så borgeren er tryg.", set()),
    "leading a meeting": ("Visitator leder mødet og skriver på tavlen hver dag.", set()),
    "his, not Hans": ("Hans sag læser visitator inden fredag.", set()),
}


@pytest.mark.parametrize(("sentence", "rules"), PROMISES.values(), ids=PROMISES)
def test_what_a_rule_promises(sentence: str, rules: set[str]) -> None:
    verdict = lint(sentence)
    blocking = {one.id for one in verdict.rules if one.severity != "hint"}

    assert blocking == rules


def test_a_verb_nobody_listed_is_only_asked_about() -> None:
    verdict = lint(f"{ROLE} grubler borgeren {TIME}.")

    assert verdict.verdict == "pass"
    assert [(one.id, one.severity) for one in verdict.rules] == [("R2", "hint")]


def test_the_core_task_is_asked_for_in_the_form_only() -> None:
    sentence = f"{ROLE} ringer {TIME}."

    assert "R13" not in fired(lint(sentence)) | fired(lint(sentence, has_core_task=True))
    assert lint(sentence, has_core_task=False).verdict == "fix"


def test_messages_are_one_for_each_rule_in_both_languages() -> None:
    verdict = lint("Vi sikrer kvalitet.")

    assert verdict.verdict == "stop"
    for language in ("da", "en"):
        messages = verdict.messages(language)
        assert len(messages) == len(verdict.rules)
        assert any("'sikrer'" in message for message in messages)
        assert not any("{" in message for message in messages)
    assert verdict.text("da") == content("linter")["verdicts"]["stop"]["da"]


def test_english_is_not_judged_and_says_so() -> None:
    verdict = lint("The assessor calls the citizen within two days of the visit.")

    assert verdict.verdict == "pass"
    assert {one.severity for one in verdict.rules} == {"hint"}
    assert verdict.text("en") == content("linter")["not_read"]["en"]


@pytest.mark.parametrize(
    "same",
    [
        "  Visitator   ringer\ntil borgeren inden to dage.  ",
        "VISITATOR RINGER TIL BORGEREN INDEN TO DAGE",
        "<p>Visitator <b>ringer</b> til borgeren&nbsp;inden to dage.</p>",
        "”Visitator ringer til borgeren inden to dage.”",
        "\u202bVisitator\u202c rin\u00adger til borgeren inden to dage \U0001f600",
    ],
)
def test_signs_nobody_reads_change_nothing(same: str) -> None:
    assert lint(same) == lint("Visitator ringer til borgeren inden to dage.")


def test_decomposed_letters_are_the_same_letters() -> None:
    sentence = "Sygeplejersken måler blodtrykket før frokost hver lørdag på Åse's stue."

    assert lint(unicodedata.normalize("NFD", sentence)) == lint(sentence)


@pytest.mark.parametrize("empty", ["", "   ", "\n", "!?", "\U0001f600", "<b></b>", '""'])
def test_a_text_without_words_has_no_actor_and_no_time(empty: str) -> None:
    assert {"R1", "R4"} <= fired(lint(empty))


@settings(max_examples=60, deadline=None)
@given(st.one_of(ALPHABET, WORDS))
@example('"' * 50 + "der" + "<" * 50)
def test_any_text_has_one_verdict(text: str) -> None:
    verdict = lint(text)
    severities = {one.severity for one in verdict.rules}

    assert verdict == lint(text)
    assert verdict.verdict == next((s for s in ("stop", "fix") if s in severities), "pass")
    assert len(verdict.messages("da")) == len(verdict.messages("en")) == len(verdict.rules)


@settings(max_examples=60, deadline=None)
@given(WORDS)
def test_spaces_and_all_but_the_capital_of_a_name_change_nothing(text: str) -> None:
    spaced = text.replace(" ", " \n ")

    assert lint(spaced) == lint(text)
    nameless = text.replace("Mette", "hun").replace("Hans", "han")
    assert lint(nameless.lower()).verdict == lint(nameless).verdict


ENDLESS = ["tænker ", "har en ", "møder borgeren ", '"', "<a", "der ", "a", "med ", "giver ", "&a"]


@pytest.mark.parametrize("unit", ENDLESS)
def test_ten_thousand_signs_have_a_verdict(unit: str) -> None:
    assert lint((unit * 10_000)[:10_000]).verdict in ("fix", "stop")


@pytest.mark.soak
@pytest.mark.parametrize("unit", ENDLESS)
def test_a_long_text_takes_time_by_its_length(unit: str) -> None:
    def seconds(length: int) -> float:
        text = (unit * length)[:length]
        return min(_cpu(text) for _ in range(3))

    lint(unit)
    short, long = seconds(20_000), seconds(80_000)

    assert long <= 8 * max(short, 0.01)  # 4 by length; 16 were it by the square


def _cpu(text: str) -> float:
    begun = process_time()
    lint(text)
    return process_time() - begun
