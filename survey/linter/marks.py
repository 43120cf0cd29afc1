"""What a reviewer of comments should look at twice: marked, never decided and never hidden here."""

import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from survey.linter.lists import Lists, shipped

# A word of the text as it stands: decomposed letters and soft hyphens belong to it.
WORD: Final = re.compile(
    "[^\\W_][\\w\u0300-\u036f\u00ad]*(?:['’\\-][^\\W_][\\w\u0300-\u036f\u00ad]*)*"
)
CPR: Final = re.compile(r"(?<!\d)\d{6}[ \-–]?\d{4}(?!\d)")
PHONE: Final = re.compile(r"(?<![\d+])(?:(?:\+|00)45[ \-]?)?\d{2}(?:[ .\-]?\d{2}){3}(?!\d)")
EMAIL: Final = re.compile(r"(?<![\w.+\-])[\w.+\-]{1,64}@[\w\-]{1,63}(?:\.[\w\-]{1,63}){1,5}")
ENDINGS: Final = (
    "en",
    "et",
    "n",
    "t",
    "e",
    "er",
    "r",
    "ne",
    "erne",
    "rne",
    "ede",
    "s",
    "ens",
    "ets",
)


class Kind(StrEnum):
    """Why something is marked."""

    NAME = "name"
    TITLE = "title"
    LEADER = "leader"
    HEALTH = "health"
    CPR = "cpr"
    PHONE = "phone"
    EMAIL = "email"


@dataclass(frozen=True, slots=True)
class Mark:
    """A stretch of the text, text[start:end], and why."""

    start: int
    end: int
    kind: Kind


def review_marks(text: str, *, single_titles: Collection[str] = ()) -> tuple[Mark, ...]:
    """The stretches of a comment to look at, in order; none overlaps another.

    `single_titles` are the titles that only one person of the unit has: they are marked without
    the definite form too. Marks are many rather than few: a person decides.
    """
    lists = shipped()
    alone = frozenset(_folded(title) for title in single_titles)
    marks = [*_numbers(text), *_words(text, lists, alone)]
    kept: list[Mark] = []
    for mark in sorted(marks, key=lambda one: (one.start, -one.end)):
        if not kept or mark.start >= kept[-1].end:
            kept.append(mark)
    return tuple(kept)


def _numbers(text: str) -> Iterator[Mark]:
    for pattern, kind in ((EMAIL, Kind.EMAIL), (CPR, Kind.CPR), (PHONE, Kind.PHONE)):
        for found in pattern.finditer(text):
            yield Mark(found.start(), found.end(), kind)


def _words(text: str, lists: Lists, alone: frozenset[str]) -> Iterator[Mark]:
    for found in WORD.finditer(text):
        kind = _kind(found.group(), lists, alone)
        if kind is not None:
            yield Mark(found.start(), found.end(), kind)


def _kind(written: str, lists: Lists, alone: frozenset[str]) -> Kind | None:
    shown = _composed(written)
    word = shown.lower()
    # With and without the genitive: "Mettes", "visitatorens".
    for form in (word, word.removesuffix("s").removesuffix("'")):
        name = shown[: len(form)]
        if name in lists.names or name in lists.doubtful_names:
            return Kind.NAME
        if form in lists.leader_words or (
            form.endswith(lists.leader_endings) and not form.endswith(lists.not_leader_endings)
        ):
            return Kind.LEADER
        if form in lists.titles or form in alone or lists.definite_role.fullmatch(form):
            return Kind.TITLE
        if _is_health(form, lists):
            return Kind.HEALTH
    return None


def _is_health(word: str, lists: Lists) -> bool:
    if word in lists.health or any(
        word.removesuffix(ending) in lists.health for ending in ENDINGS if word.endswith(ending)
    ):
        return True
    return word.endswith(lists.long_health) or word.startswith(lists.long_health)


def _folded(word: str) -> str:
    return _composed(word).lower()


def _composed(word: str) -> str:
    return unicodedata.normalize("NFC", word).replace("\u00ad", "").replace("’", "'")
