"""Concrete behaviour or fine words, by `content/linter.yaml`. It never rewrites a sentence."""

from dataclasses import dataclass
from typing import Final

from survey.linter import rules
from survey.linter.facts import Facts
from survey.linter.lists import shipped
from survey.linter.marks import Kind, Mark, review_marks
from survey.linter.reading import read
from survey.texts import Language, Voice, content

__all__ = ["Fired", "Kind", "Mark", "Verdict", "lint", "review_marks"]
NO_CORE_TASK: Final = "R13"
ORDER: Final = ("pass", "hint", "fix", "stop")


@dataclass(frozen=True, slots=True)
class Fired:
    """A rule that fired: stop, fix or hint, and the words it fired on, if any."""

    id: str
    severity: str
    match: str | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """pass, fix or stop, and the rules behind it in the order of the file."""

    verdict: str
    rules: tuple[Fired, ...]
    is_read: bool = True  # False for English, which the rules cannot read

    def text(self, language: Language) -> str:
        """The verdict in one sentence."""
        texts = content("linter")
        entry = texts["verdicts"][self.verdict] if self.is_read else texts["not_read"]
        return Voice(language).pick(entry)

    def messages(self, language: Language) -> tuple[str, ...]:
        """One question for each rule, in the same order."""
        voice = Voice(language)
        return tuple(
            voice.pick(rules.described(one.id)).replace("{match}", one.match or "")
            for one in self.rules
        )


def lint(sentence: str, *, has_core_task: bool | None = None) -> Verdict:
    """The verdict on one Danish sentence about a behaviour; never raises, whatever the text.

    `has_core_task` is known in the form only: False lets R13 fire, None leaves it out.
    Texts in English are not judged: nothing but a person's name or the length can fire.
    """
    facts = Facts(read(sentence, shipped()), shipped())
    found = [Fired(*one) for one in rules.fired(facts)]
    if facts.is_english and all(one.id != "R2" for one in found):
        found.insert(0, Fired("R2", rules.described("R2")["unknown_verb_severity"], None))
    if has_core_task is False:
        found.append(Fired(NO_CORE_TASK, rules.described(NO_CORE_TASK)["severity"], None))
    worst = max((one.severity for one in found), key=ORDER.index, default="pass")
    return Verdict("pass" if worst == "hint" else worst, tuple(found), is_read=not facts.is_english)
