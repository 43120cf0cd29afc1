"""The language guard: what no report may say, looked for in every text before it is released.

The rules are data (`report_language.yaml`, `linter.yaml`). A hit raises; nothing is repaired here.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Protocol

from analysis.wording.voice import Voice

LIX_LIMIT: Final = 40
LONG_WORD: Final = 7  # letters, from which lix counts a word as long
SPACES: Final = str.maketrans({"\u00ad": None, "\u00a0": " ", "\u202f": " "})
WORD: Final = re.compile(r"[^\W\d_]+(?:[-'][^\W\d_]+)*")
SENTENCE_END: Final = re.compile(r"(?<=[.!?:])\s+(?=[^\W\d_a-zæøå]|[»“\"'])")  # not after "nr."
RULES: Final = (
    "person_words",
    "ranking_words",
    "blame_words",
    "certainty_words",
    "cause_words",
    "failure_words",
    "jargon_words",
    "address_words",
)
PATTERNS: Final = ("ranking_patterns", "absence_patterns", "number_patterns")


class Text(Protocol):
    """A piece of the finished report: where it stands, and whether it is sentences."""

    @property
    def page(self) -> int: ...

    @property
    def text(self) -> str: ...

    @property
    def is_prose(self) -> bool: ...


class ForbiddenWording(Exception):
    """A report that says what a report must not say. It is not made."""

    def __init__(self, *, page: int, sentence: str, value: str) -> None:
        self.page, self.sentence, self.value = page, sentence, value
        super().__init__(f"page {page}: {value!r} in {sentence!r}")


@dataclass(frozen=True, slots=True)
class Guard:
    """The rules of one language file, ready to use."""

    phrases: re.Pattern[str]
    patterns: tuple[re.Pattern[str], ...]
    traits: re.Pattern[str]
    people: re.Pattern[str]
    names: frozenset[str]
    exempt: re.Pattern[str]


def guard(voice: Voice, texts: Sequence[Text], *, quoted: Iterable[str] = ()) -> None:
    """Raise `ForbiddenWording` on the first text that breaks a rule, else on a heavy language.

    `quoted` are texts somebody else answers for and that were checked when they were written:
    names of units, the organisation, core tasks and desired behaviours.
    """
    rules = _rules(voice)
    theirs = _any_of(sorted({one.translate(SPACES) for one in quoted if one}, key=len)[::-1])
    for text in texts:
        for sentence in sentences(text.text):
            ours = theirs.sub(" ", sentence)
            if (value := _hit(rules, ours)) is not None:
                raise ForbiddenWording(page=text.page, sentence=sentence, value=value)
    prose = [text for text in texts if text.is_prose]
    if (heavy := lix(text.text for text in prose)) >= LIX_LIMIT:
        worst = max(prose, key=lambda text: lix([text.text]))
        raise ForbiddenWording(page=worst.page, sentence=worst.text, value=f"lix {heavy:.0f}")


def forbidden(voice: Voice, text: str, *, quoted: Iterable[str] = ()) -> str | None:
    """The first word of a text that no report may say, or None: asked while it is being written."""
    rules = _rules(voice)
    theirs = _any_of(sorted({one for one in quoted if one}, key=len)[::-1])
    found = (_hit(rules, theirs.sub(" ", sentence)) for sentence in sentences(text))
    return next((value for value in found if value is not None), None)


def sentences(text: str) -> Iterator[str]:
    """The sentences of a text, soft hyphens removed and hard spaces made plain."""
    plain = " ".join(text.translate(SPACES).split())
    yield from (one for one in SENTENCE_END.split(plain) if one)


def lix(texts: Iterable[str]) -> float:
    """Words per sentence + per cent of words with seven letters or more (Björnsson 1968)."""
    words = long_words = count = 0
    for text in texts:
        for sentence in sentences(text):
            found = WORD.findall(sentence)
            words += len(found)
            long_words += sum(len(word) >= LONG_WORD for word in found)
            count += bool(found)
    return words / count + 100 * long_words / words if words else 0.0


def _hit(rules: Guard, sentence: str) -> str | None:
    rest = rules.exempt.sub(" ", sentence)
    if found := rules.phrases.search(rest):
        return found.group()
    for pattern in rules.patterns:
        if found := pattern.search(rest):
            return found.group()
    if rules.people.search(rest) and (found := rules.traits.search(rest)):
        return found.group()
    return next((word for word in WORD.findall(rest) if word in rules.names), None)


def _rules(voice: Voice) -> Guard:
    language = voice.content("report_language")["guard"]
    lists = voice.content("linter")["lists"]
    return _compiled(_frozen(language), _frozen(lists))


def _frozen(lists: Any) -> tuple[tuple[str, tuple[str, ...]], ...]:  # noqa: ANN401 - YAML
    return tuple((key, tuple(map(str, one))) for key, one in lists.items() if isinstance(one, list))


@lru_cache(maxsize=2)
def _compiled(
    language: tuple[tuple[str, tuple[str, ...]], ...],
    lists: tuple[tuple[str, tuple[str, ...]], ...],
) -> Guard:
    rules, words = dict(language), dict(lists)
    heads = "|".join(map(re.escape, words["role_suffixes"]))
    endings = "|".join(map(re.escape, words["role_endings"]))
    roles = rf"\b\w+(?:{heads})(?:{endings})?\b"
    people = _any_of([*rules["person_words"], *words["roles"]])
    return Guard(
        phrases=_any_of([word for rule in RULES for word in rules[rule]]),
        patterns=tuple(re.compile(one, re.IGNORECASE) for rule in PATTERNS for one in rules[rule]),
        traits=_any_of(rules["trait_words_about_people"]),
        people=re.compile(f"{people.pattern}|{roles}", re.IGNORECASE),
        names=frozenset(words["given_names"]),
        exempt=_any_of(rules["exempt"]),
    )


def _any_of(phrases: Sequence[str]) -> re.Pattern[str]:
    """Any of the phrases as whole words, whatever the case; nothing when there are none."""
    if not phrases:
        return re.compile(r"(?!)")
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, phrases))})(?!\w)", re.IGNORECASE)
