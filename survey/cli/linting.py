"""`kernepuls lint`: whether a sentence is a concrete behaviour. It reads no database."""

import sys

import click
import msgspec

from survey.cli import spoken
from survey.errors import N_
from survey.linter import Verdict
from survey.linter import lint as judged
from survey.texts import Language, Voice

FROM_INPUT = "-"
HINT = N_("a question, no obstacle")


@click.command()
@click.argument("sentence")
@click.option("--json", "as_json", is_flag=True, help="Print the verdict and its rules as JSON.")
def lint(sentence: str, *, as_json: bool) -> None:
    """Say whether SENTENCE is a concrete behaviour: who does what, when.

    "-" reads standard input.

    Exit status 0 at any verdict.
    """
    language = spoken()
    text = sys.stdin.read() if sentence == FROM_INPUT else sentence
    verdict = judged(text)
    click.echo(_json(verdict, language) if as_json else _lines(verdict, language))


def _json(verdict: Verdict, language: Language) -> str:
    facts = {
        "verdict": verdict.verdict,
        "rules": verdict.rules,
        "messages": verdict.messages(language),
    }
    return msgspec.json.encode(facts).decode()


def _lines(verdict: Verdict, language: Language) -> str:
    hint = Voice(language).gettext(HINT)
    said = [
        f"{one.id:>4}  {message}" + (f" ({hint})" if one.severity == "hint" else "")
        for one, message in zip(verdict.rules, verdict.messages(language), strict=True)
    ]
    return "\n".join([verdict.text(language), *said])
