"""What a person reads: gettext, shipped content, number and date forms, one Jinja environment."""

import gettext
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from typing import Any, Literal

import yaml
from babel import Locale
from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from survey import assets
from survey.errors import KernepulsError
from survey.settings import CONTENT, LOCALES, TEMPLATES
from survey.typesetting import typeset

Language = Literal["da", "en"]
LANGUAGES: tuple[Language, ...] = ("da", "en")
Direction = Literal["ltr", "rtl"]
# The same safe loader as yaml.safe_load, ten times as quick where libyaml is there.
SAFE_YAML: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
NO_BREAK = "\u00a0"
WRITTEN = re.compile(r"'[^']*'|E+|c+|M{3,}|L{3,}")  # of a date pattern: what has a full form
FULL = {"E": "EEEE", "c": "cccc", "M": "MMMM", "L": "LLLL"}


@cache
def catalogue(language: Language) -> gettext.NullTranslations:
    """The gettext catalogue of a language; English falls back on the msgids."""
    return gettext.translation(
        "kernepuls", localedir=LOCALES, languages=[language], fallback=language == "en"
    )


@cache
def content(name: str) -> Mapping[str, Any]:
    """One file of survey/content, as shipped."""
    with (CONTENT / f"{name}.yaml").open(encoding="utf-8") as file:
        loaded: Mapping[str, Any] = yaml.load(file, SAFE_YAML)  # noqa: S506 - a safe loader
    return loaded


def language_of(value: str | None, default: Language = "da") -> Language:
    """A language we ship, or the default: whatever a visitor sends, the page is readable."""
    return "en" if value == "en" else "da" if value == "da" else default


@dataclass(frozen=True, slots=True, eq=False)
class Pack:
    """A language the organisation has added, whole; a file that is read again is another one."""

    code: str  # BCP 47
    name: str  # its own name for itself
    direction: Direction
    locale: Locale
    content: Mapping[str, Mapping[str, Any]]  # files of survey/content, this language beside ours
    messages: Mapping[str, str]  # msgid, or `plural_key` of one -> text
    own: Mapping[str, str]  # a Danish text of a behaviour -> the same in this language
    tells_privacy: bool  # the privacy page too, which may be left out


@dataclass(frozen=True, slots=True)
class Voice:
    """One language: texts, numbers and dates. `analysis.wording` takes it as an argument."""

    language: Language

    @property
    def code(self) -> str:
        """What a page is marked with."""
        return self.language

    @property
    def direction(self) -> Direction:
        return "ltr"

    @property
    def pack(self) -> Pack | None:
        return None

    def apart(self, text: str) -> str:
        """A Danish name as it stands inside a sentence."""
        return text

    def gettext(self, msgid: str) -> str:
        return catalogue(self.language).gettext(msgid)

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        return catalogue(self.language).ngettext(singular, plural, n)

    def content(self, name: str) -> Mapping[str, Any]:
        return content(name)

    def pick(self, entry: Mapping[str, str]) -> str:
        """The half of a content entry in this language."""
        return entry[self.language]

    def number(self, value: float) -> str:
        """2400 -> 2.400 in Danish, 2,400 in English."""
        return str(format_decimal(value, locale=self.language))

    def percent(self, value: int) -> str:
        """25 -> "25 %" with a space that never breaks; English has none."""
        return f"{value}{NO_BREAK}%" if self.language == "da" else f"{value}%"

    def day(self, value: date) -> str:
        """A day in a sentence: "fredag den 22. maj", "Friday 22 May"."""
        return _day(self.language, value)

    def full_date(self, value: date) -> str:
        """A date with its year: "22. maj 2026", "22 May 2026"."""
        form = "d. MMMM y" if self.language == "da" else "d MMMM y"
        return str(format_date(value, form, locale="da" if self.language == "da" else "en_GB"))

    def week(self, value: date) -> int:
        """The ISO week, as Danish calendars print it."""
        return value.isocalendar().week


@dataclass(frozen=True, slots=True)
class PackVoice(Voice):
    """A language the organisation has added; `language` is ours for what it does not hold."""

    added: Pack

    @property
    def code(self) -> str:
        return self.added.code

    @property
    def direction(self) -> Direction:
        return self.added.direction

    @property
    def pack(self) -> Pack:
        return self.added

    def apart(self, text: str) -> str:
        """Isolated: a full stop or a number after it keeps its place also from right to left."""
        return f"\N{FIRST STRONG ISOLATE}{text}\N{POP DIRECTIONAL ISOLATE}"

    def gettext(self, msgid: str) -> str:
        return self.added.messages.get(msgid) or Voice.gettext(self, msgid)

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        form = plural_key(plural, self.added.locale.plural_form(n))
        return self.added.messages.get(form) or Voice.ngettext(self, singular, plural, n)

    def content(self, name: str) -> Mapping[str, Any]:
        return self.added.content.get(name) or content(name)

    def pick(self, entry: Mapping[str, str]) -> str:
        return entry[self.added.code]

    def number(self, value: float) -> str:
        return str(format_decimal(value, locale=self.added.locale))

    def percent(self, value: int) -> str:
        return str(format_percent(value / 100, locale=self.added.locale))

    def day(self, value: date) -> str:
        return _written_out(self.added.locale, value)

    def full_date(self, value: date) -> str:
        return str(format_date(value, "long", locale=self.added.locale))


@lru_cache(maxsize=256)
def _written_out(locale: Locale, value: date) -> str:
    """Weekday and month in full, in the order of the language; CLDR has few orders in full."""
    order = locale.datetime_skeletons["MMMEd"].pattern
    full = WRITTEN.sub(lambda found: FULL.get(found[0][0], found[0]), order)
    return str(format_date(value, full, locale=locale))


def plural_key(plural: str, form: str) -> str:
    """The name of one plural form of a text; `form` is a category of CLDR."""
    return f"{plural} [{form}]"


@cache
def environment() -> Environment:
    """The one Jinja environment: it always escapes, and a missing value is an error."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,  # else each page asks the disk whether each of its templates changed
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.filters["typeset"] = _typeset
    made.globals["asset"] = assets.url
    made.globals["integrity"] = assets.integrity
    return made


def _typeset(page: str, language: str) -> Markup:
    """A piece of a page as it is set on paper; what is in it is escaped already."""
    shipped = content("hyphenation").get(language, content("hyphenation")["en"])
    made = typeset(page, shipped["words"], shipped["quotes"])
    return Markup(made)  # noqa: S704 - no tag is changed


def render(template: str, language: Language, context: Mapping[str, object]) -> str:
    """A template in a language of ours."""
    return rendered(template, Voice(language), context)


def rendered(template: str, voice: Voice, context: Mapping[str, object]) -> str:
    """A template, with `voice`, `_` and `ngettext` beside its own context."""
    texts: dict[str, Callable[..., object] | object] = {
        "voice": voice,
        "_": _translated(voice.gettext),
        "gettext": _translated(voice.gettext),
        "ngettext": voice.ngettext,
        "content": voice.content,
        "language": voice.code,
    }
    return environment().get_template(template).render({**texts, **context})


@lru_cache(maxsize=256)  # the days of a wave, said on every receipt and in every mail
def _day(language: Language, value: date) -> str:
    if language == "da":
        return str(format_date(value, "EEEE 'den' d. MMMM", locale="da"))
    return str(format_date(value, "EEEE d MMMM", locale="en_GB"))


def _translated(gettext_: Callable[[str], str]) -> Callable[..., str]:
    def translated(msgid: str, **fields: object) -> str:
        text = gettext_(msgid)
        return text % fields if fields else text

    return translated


def sentence(error: KernepulsError, language: Language = "da") -> str:
    """A refusal as one or two sentences in the reader's language."""
    return told(error, Voice(language))


def told(error: KernepulsError, voice: Voice) -> str:
    """The same in any language."""
    facts = {name: _said(voice, value) for name, value in error.facts.items()}
    if error.said_in:
        shipped = voice.content("messages")["errors"]["staff"][error.said_in]
        return voice.pick(shipped).format(**facts)
    return voice.gettext(error.sentence).format(**facts)


def _said(voice: Voice, value: object) -> str:
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int):
        return voice.number(value) if value > 9999 else str(value)
    if isinstance(value, date):
        return voice.full_date(value)
    if isinstance(value, KernepulsError):
        return told(value, voice)
    if isinstance(value, tuple):  # a list of what is missing: one line each
        return "".join(f"\n  - {_said(voice, one)}" for one in value)
    return str(value)


def compile_catalogues() -> None:
    """Write the .mo files beside their .po files; the build hook and `make` call it."""
    for po in LOCALES.glob("*/LC_MESSAGES/*.po"):
        with po.open("rb") as source, po.with_suffix(".mo").open("wb") as target:
            write_mo(target, read_po(source))
