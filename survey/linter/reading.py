"""A sentence made ready for the rules: plain signs, words, clauses. Judges nothing."""

import html
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from survey.linter.lists import Lists

# Soft hyphen, zero-width signs and the marks that turn the direction of writing: nobody sees them.
UNSEEN: Final = dict.fromkeys(
    [0xAD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A), 0xFEFF]
)
QUOTES: Final = str.maketrans("’‘ʼ´`“”„«»", "'''''\"\"\"\"\"")
TAG: Final = re.compile(r"</?[a-zA-Z!][^<>]{0,200}>")
# No Danish word is as long: a pattern that looks inside words then takes no longer for one.
ENDLESS: Final = re.compile(r"(\w{60})\w+")
# A quotation, not a whole sentence in quotes: the rules do not read what is said to a citizen.
QUOTED: Final = re.compile(r'"[^"]{1,400}"')
TOKEN: Final = re.compile(r"[^\W_]+(?:['\-][^\W_]+)*|[.,;:!?()–—]")
MARK: Final = frozenset(".,;:!?()–—")
NUMBER_WITH_POINT: Final = re.compile(
    r"(?<!\w)(\d{1,2}|kl|pr|fx|ca|bl|nr|tlf|evt|inkl|mv|osv|st)\.(?=[\s\d])", re.IGNORECASE
)
DIGIT_POINT: Final = "\u2024"  # stands for a point that ends no sentence


class Part(Enum):
    """What a clause does in the sentence."""

    MAIN = "main"
    SITUATION = "situation"  # when, if, before, who, what: also said of others than the actor
    PURPOSE = "purpose"  # so that the citizen ..., in order to ...


@dataclass(frozen=True, slots=True)
class Word:
    """A word in small letters, and as it was written."""

    text: str
    written: str
    first: bool  # of its sentence, where a capital letter says nothing


@dataclass(frozen=True, slots=True)
class Clause:
    """Words between two marks, and what they do."""

    words: tuple[Word, ...]
    part: Part


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence as the rules read it."""

    plain: str  # in small letters, quotations taken out
    clauses: tuple[Clause, ...]

    @property
    def words(self) -> Iterator[Word]:
        return (word for clause in self.clauses for word in clause.words)

    def said(self, *parts: Part) -> str:
        """The words of these parts with single spaces, a mark between clauses."""
        return " , ".join(
            " ".join(word.text for word in clause.words)
            for clause in self.clauses
            if clause.part in parts
        )


def read(text: str, lists: Lists) -> Sentence:
    """The sentence in `text`. Any text can be read; one without words has no clauses."""
    shown = plain(text)
    plain_text = shown.replace(DIGIT_POINT, ".").lower()
    return Sentence(plain_text, _clauses(shown, lists))


def plain(text: str) -> str:
    """Composed letters, plain quotes, single spaces; no markup, no unseen signs, no quotations."""
    composed = unicodedata.normalize("NFC", html.unescape(TAG.sub(" ", text)))
    short = ENDLESS.sub(r"\1", composed.translate(UNSEEN).translate(QUOTES))
    straight = " ".join(short.split())
    unquoted = " ".join(QUOTED.sub(' "" ', straight).split())
    if not any(sign.isalpha() for sign in unquoted):
        unquoted = straight.replace('"', " ").strip()
    return NUMBER_WITH_POINT.sub(rf"\1{DIGIT_POINT}", unquoted)


def _clauses(shown: str, lists: Lists) -> tuple[Clause, ...]:
    """Each clause; the first one is the main one if no other is."""
    clauses = tuple(_pieces(shown, lists))
    is_opened = not any(one.part is Part.MAIN for one in clauses) or _is_fronted(clauses, lists)
    if clauses and is_opened:
        clauses = (Clause(clauses[0].words, Part.MAIN), *clauses[1:])
    return clauses


def _is_fronted(clauses: Sequence[Clause], lists: Lists) -> bool:
    """Whether the sentence opens with its main clause all the same.

    "Inden to dage ringer hun, og ..." does; after a situation the verb comes first: "Når hun er
    der, ringer ...".
    """
    opens = clauses[0].words[0].text
    if opens in lists.inner_subordinators:
        return False
    follows = next(one.words[0].text for one in clauses if one.part is Part.MAIN)
    return opens == "der" or not (follows in lists.verbs or follows.endswith("er"))


def _pieces(shown: str, lists: Lists) -> Iterator[Clause]:
    before: Part | None = None
    acts = False
    for words in _between_marks(shown):
        part = _part(words, lists)
        said = words[0].text == "at" and acts  # "siger, at ...": what is said, not what is done
        listed = before is Part.SITUATION and part is Part.MAIN and _goes_on(words, lists)
        if said or listed:
            part = Part.SITUATION
        acts = acts or (part is Part.MAIN and any(one.text in lists.observable for one in words))
        at = _cut(words, lists) if part is Part.MAIN else len(words)
        yield Clause(words[:at], part)
        before = part
        if at < len(words):
            before = _part(words[at:], lists)
            yield Clause(words[at:], before)


def _between_marks(shown: str) -> Iterator[tuple[Word, ...]]:
    words: list[Word] = []
    first = True
    for found in TOKEN.finditer(shown):
        written = found.group()
        if written in MARK:
            if words:
                yield tuple(words)
                words = []
            first = first or written in ".!?:"
            continue
        words.append(Word(written.lower(), written, first))
        first = False
    if words:
        yield tuple(words)


def _part(words: tuple[Word, ...], lists: Lists) -> Part:
    said = [word.text for word in words if word.text not in lists.conjunctions][:4]
    opening = " ".join(said)
    if lists.purpose.match(opening):
        return Part.PURPOSE
    if said and said[0] == "at":
        return Part.MAIN  # "sørger for, at ..." is read with its verb
    return Part.SITUATION if lists.situation.match(opening) else Part.MAIN


def _goes_on(words: tuple[Word, ...], lists: Lists) -> bool:
    """Whether a list inside the situation goes on: "når en borger spiser, sover eller går"."""
    if words[0].text not in lists.verbs and not words[0].text.endswith("r"):
        return False
    return len(words) == 1 or words[1].text in lists.conjunctions


def _cut(words: tuple[Word, ...], lists: Lists) -> int:
    """Where a clause of situation or purpose begins without a comma; else the end."""
    for at in range(2, len(words) - 1):
        text = words[at].text
        if text in lists.inner_subordinators or lists.purpose.match(
            " ".join(word.text for word in words[at : at + 4])
        ):
            return at
    return len(words)
