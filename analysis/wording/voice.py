"""What wording asks of a language: texts, number forms and dates. `survey.texts` implements it."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Protocol

NO_BREAK = "\u00a0"


class Voice(Protocol):
    """One language. `content` gives a file of shipped texts, `pick` its half in this language."""

    @property
    def language(self) -> str: ...

    def gettext(self, msgid: str, /) -> str: ...

    def ngettext(self, singular: str, plural: str, n: int, /) -> str: ...

    def content(self, name: str, /) -> Mapping[str, Any]: ...

    def pick(self, entry: Mapping[str, str], /) -> str: ...

    def number(self, value: int, /) -> str: ...

    def percent(self, value: int, /) -> str: ...

    def full_date(self, value: date, /) -> str: ...


def opened(sentence: str) -> str:
    """The sentence with a capital first letter; the rest is left as it is."""
    return sentence[:1].upper() + sentence[1:]


def inside(name: str) -> str:
    """A name of the catalogue as it stands inside a sentence: with a small first letter."""
    return name[:1].lower() + name[1:]


def between(voice: Voice, a: str, b: str) -> str:
    """Two ends of a seam: "A og B"; a name that holds an "og" of its own is quoted."""
    and_ = voice.gettext("%(some)s and %(last)s") % {"some": "", "last": ""}
    quoted = [
        voice.gettext("“%(name)s”") % {"name": name} if and_ in name else name for name in (a, b)
    ]
    return listed(voice, quoted)


def listed(voice: Voice, parts: list[str]) -> str:
    """Names in a row: "a, b og c"."""
    if len(parts) < 2:
        return "".join(parts)
    return voice.gettext("%(some)s and %(last)s") % {
        "some": ", ".join(parts[:-1]),
        "last": parts[-1],
    }


def counted(voice: Voice, many: int) -> str:
    """How many, up to nine in words as running text has it: "fire", "12"."""
    words = (
        voice.gettext("one"),
        voice.gettext("two"),
        voice.gettext("three"),
        voice.gettext("four"),
        voice.gettext("five"),
        voice.gettext("six"),
        voice.gettext("seven"),
        voice.gettext("eight"),
        voice.gettext("nine"),
    )
    return words[many - 1] if 0 < many <= len(words) else voice.number(many)
