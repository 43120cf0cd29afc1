"""`kernepuls lint`: in words and as JSON, exit status 0 at any verdict."""

import json

import pytest
from click.testing import CliRunner

from survey.cli import main
from survey.texts import content

VAGUE = "Vi sikrer kvalitet hver dag."
CONCRETE = "Visitator ringer til borgeren inden to dage."


def lint(*arguments: str, language: str = "da_DK.UTF-8", **given: str) -> str:
    ran = CliRunner(env={"LC_ALL": language}).invoke(main, ["lint", *arguments], **given)
    assert ran.exit_code == 0, ran.output
    return ran.output


def test_json_is_the_verdict_the_rules_and_a_message_for_each() -> None:
    said = json.loads(lint(VAGUE, "--json"))

    assert list(said) == ["verdict", "rules", "messages"]
    assert said["verdict"] == "stop"
    assert said["rules"] == [
        {"id": "R1", "severity": "stop", "match": None},
        {"id": "R3", "severity": "stop", "match": "sikrer"},
    ]
    assert [message[:12] for message in said["messages"]] == ["Hvem gør det", "'sikrer' kan"]


def test_a_concrete_sentence_has_no_rules() -> None:
    assert json.loads(lint(CONCRETE, "--json")) == {"verdict": "pass", "rules": [], "messages": []}


@pytest.mark.parametrize(("language", "short"), [("da_DK.UTF-8", "da"), ("en_GB.UTF-8", "en")])
def test_it_speaks_the_language_of_the_locale(language: str, short: str) -> None:
    verdicts, rules = content("linter")["verdicts"], content("linter")["rules"]

    said = lint(VAGUE, language=language).splitlines()

    assert said[0] == verdicts["stop"][short]
    assert rules[0][short] in said[1]
    assert lint(CONCRETE, language=language).strip() == verdicts["pass"][short]


def test_a_dash_reads_the_sentence_from_standard_input() -> None:
    assert lint("-", "--json", input=f"{CONCRETE}\n") == lint(CONCRETE, "--json")


def test_an_empty_sentence_is_no_action() -> None:
    assert json.loads(lint("", "--json"))["verdict"] == "stop"
