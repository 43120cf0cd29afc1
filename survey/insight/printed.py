"""What is wrong with a text that reports print, or that stays inside, asked as it is written."""

from collections.abc import Iterable
from typing import Literal, TypeAlias

from analysis.wording.guard import forbidden
from survey.answers import likely_name
from survey.errors import N_, BadInput, KernepulsError
from survey.texts import Voice

# A text of a report; one of its core tasks and behaviours, which may promise the best; or neither.
Kind: TypeAlias = Literal["report", "task", "inside"]


class NameOfAPerson(BadInput):
    sentence = N_("There seems to be a name here. Write a role or a unit in its place.")


class WordOfNoReport(BadInput):
    sentence = N_(
        "This is printed in the report, and the report does not say “{word}”. Write what the "
        "organisation does or lacks."
    )


def wrong_text(
    text: str, kind: Kind = "inside", *, units: Iterable[str] = ()
) -> KernepulsError | None:
    """A likely name; and in what reports print, a word that would stop them.

    `units` are the names of units, which may be a person's.
    """
    without = text
    for unit in units:
        without = without.replace(unit, " ")
    if likely_name(without):
        return NameOfAPerson()
    if kind == "inside":
        return None
    word = forbidden(Voice("da"), without, is_task=kind == "task")
    return None if word is None else WordOfNoReport(word=word)
