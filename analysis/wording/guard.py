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
LEAST_WORDS: Final = 100  # of prose, from which its lix says something
LONG_WORD: Final = 7  # letters, from which lix counts a word as long
SPACES: Final = str.maketrans({"\u00ad": None, "\u00a0": " ", "\u202f": " "})
WORD: Final = re.compile(r"[^\W\d_]+(?:[-'][^\W\d_]+)*")
LETTERS: Final = re.compile(r"\w+")
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
# A core task may promise the best and have an effect; it is no finding.
RULES_FOR_TASKS: Final = (
    *("person_words", "blame_words", "certainty_words", "failure_words", "address_words"),
)


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
    """The rules of one language file, ready to use.

    A text with none of the words in `signs`, and none of the patterns, breaks no rule.
    """

    phrases: re.Pattern[str]
    patterns: tuple[re.Pattern[str], ...]
    traits: re.Pattern[str]
    people: re.Pattern[str]
    names: frozenset[str]
    exempt: re.Pattern[str]
    signs: frozenset[str]


def guard(
    voice: Voice,
    texts: Sequence[Text],
    *,
    quoted: Iterable[str] = (),
    tasks: Iterable[str] = (),
    heard: Iterable[str] = (),
) -> None:
    """Raise `ForbiddenWording` on the first text that breaks a rule, else on a heavy language.

    Three kinds of texts are not ours to word. `quoted` are names, of units and the organisation:
    no rule is about them. `tasks` are core tasks and desired behaviours, which may promise the
    best but name and blame nobody. `heard` are comments that a person has cleared, and the place
    to write to: of those, the rules that protect a person hold.
    """
    names = tuple(filter(None, quoted))
    theirs = {
        "tasks": tuple(dict.fromkeys(filter(None, tasks))),
        "heard": tuple(dict.fromkeys(filter(None, heard))),
    }
    _words_checked(_rules(voice), texts, names, (*theirs["tasks"], *theirs["heard"]))
    for kind, given in theirs.items():
        _words_checked(_rules(voice, kind), [_At(texts, one) for one in given], names)
    prose = [text for text in texts if text.is_prose]
    heavy = lix(text.text for text in prose)
    if heavy >= LIX_LIMIT and _words(prose) >= LEAST_WORDS:
        worst = max(prose, key=lambda text: lix([text.text]))
        raise ForbiddenWording(page=worst.page, sentence=worst.text, value=f"lix {heavy:.0f}")


def forbidden(
    voice: Voice, text: str, *, quoted: Iterable[str] = (), is_task: bool = False
) -> str | None:
    """The first word of a text that no report may say, or None: asked while it is being written."""
    rules, theirs = _rules(voice, "tasks" if is_task else ""), _names(quoted, text)
    found = (_hit(rules, theirs.sub(" ", sentence)) for sentence in sentences(text))
    return next((value for value in found if value is not None), None)


@dataclass(frozen=True, slots=True)
class _At:
    """What somebody else wrote, on the first page that says it."""

    texts: Sequence[Text]
    text: str
    is_prose: bool = False

    @property
    def page(self) -> int:
        said = _plain(self.text)
        return next((one.page for one in self.texts if said in _plain(one.text)), 1)


def _words_checked(
    rules: Guard, texts: Sequence[Text], names: Sequence[str], theirs: Sequence[str] = ()
) -> None:
    """Raise `ForbiddenWording` on the first sentence with a hit outside of names and of `theirs`.

    A report has hundreds of texts and most say nothing near a rule: those are told by their words
    alone, in a tenth of the time.
    """
    suspects = [text for text in texts if _is_suspect(rules, text.text)]
    said = " ".join(one.text for one in suspects)
    called, quotes = _names(names, said), _names(theirs, said)
    for text in suspects:
        for sentence in sentences(quotes.sub(" ", _plain(text.text))):  # a quote is several
            if (value := _hit(rules, called.sub(" ", sentence))) is not None:
                raise ForbiddenWording(page=text.page, sentence=sentence, value=value)


def _is_suspect(rules: Guard, text: str) -> bool:
    plain = text.translate(SPACES)
    return not rules.signs.isdisjoint(LETTERS.findall(plain.casefold())) or any(
        pattern.search(plain) for pattern in rules.patterns
    )


def _names(given: Iterable[str], text: str) -> re.Pattern[str]:
    """Those of the names that stand in a text, the longest first: an organisation has hundreds."""
    said = _plain(text).casefold()
    found = {name for one in given if (name := _plain(one)) and name.casefold() in said}
    return _any_of(sorted(found, key=lambda one: (-len(one), one)))


def _plain(text: str) -> str:
    """Without soft hyphens, and with one plain space for each of any kind."""
    return " ".join(text.translate(SPACES).split())


def _words(texts: Iterable[Text]) -> int:
    return sum(len(WORD.findall(text.text)) for text in texts)


def sentences(text: str) -> Iterator[str]:
    """The sentences of a text, soft hyphens removed and hard spaces made plain."""
    yield from (one for one in SENTENCE_END.split(_plain(text)) if one)


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
    if (found := rules.traits.search(rest)) and rules.people.search(rest):
        return found.group()
    return next((word for word in WORD.findall(rest) if word in rules.names), None)


def _rules(voice: Voice, kind: str = "") -> Guard:
    language = voice.content("report_language")["guard"]
    lists = voice.content("linter")["lists"]
    return _compiled(_frozen(language), _frozen(lists), kind)


def _frozen(lists: Any) -> tuple[tuple[str, tuple[str, ...]], ...]:  # noqa: ANN401 - YAML
    return tuple((key, tuple(map(str, one))) for key, one in lists.items() if isinstance(one, list))


@lru_cache(maxsize=6)
def _compiled(
    language: tuple[tuple[str, tuple[str, ...]], ...],
    lists: tuple[tuple[str, tuple[str, ...]], ...],
    kind: str,
) -> Guard:
    """All rules, or those that hold for `tasks` or for what was `heard`."""
    rules, words = dict(language), dict(lists)
    heads = "|".join(map(re.escape, words["role_suffixes"]))
    endings = "|".join(map(re.escape, words["role_endings"]))
    roles = rf"\b\w+(?:{heads})(?:{endings})?\b"
    people = _any_of([*rules["person_words"], *words["roles"]])
    named = {"": RULES, "tasks": RULES_FOR_TASKS, "heard": ()}[kind]
    phrases = [word for rule in named for word in rules[rule]]
    patterns = () if kind == "heard" else PATTERNS
    traits, names = rules["trait_words_about_people"], words["given_names"]
    return Guard(
        phrases=_any_of(phrases),
        patterns=tuple(re.compile(one, re.IGNORECASE) for rule in patterns for one in rules[rule]),
        traits=_any_of(traits),
        people=re.compile(f"{people.pattern}|{roles}", re.IGNORECASE),
        names=frozenset(names),
        exempt=_any_of(rules["exempt"]),
        signs=frozenset(map(_sign, (*phrases, *traits, *names))),
    )


def _sign(phrase: str) -> str:
    """The longest word of a phrase: who does not say it does not say the phrase."""
    words: list[str] = LETTERS.findall(phrase.casefold())
    return max(words, key=len)


def _any_of(phrases: Sequence[str]) -> re.Pattern[str]:
    """Any of the phrases as whole words, whatever the case; nothing when there are none."""
    if not phrases:
        return re.compile(r"(?!)")
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, phrases))})(?!\w)", re.IGNORECASE)
