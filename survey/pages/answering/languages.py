"""Languages that the organisation adds to the answering pages: one file each in `languages/`.

A file holds every text a respondent meets, under the names they have in survey/content, with the
Danish each was translated from. One that lacks a text is not offered: measured wording counts.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cache, lru_cache
from pathlib import Path
from string import Formatter
from typing import Annotated, Any, NamedTuple

import msgspec
import yaml
from babel import Locale, UnknownLocaleError
from jinja2.ext import extract_from_ast
from msgspec import Struct

from survey import texts
from survey.actions.languages import BEHAVIOURS, files
from survey.errors import N_, BadInput
from survey.pages.answering import states
from survey.pages.layout import LANGUAGE_NAMES
from survey.settings import TEMPLATES, Settings
from survey.texts import LANGUAGES, Direction, Language, Pack, PackVoice, Voice, plural_key

FILES = ("questionnaire", "barriers", "messages")  # of survey/content
# What of them an answering page shows; the mails and the cards stay in Danish and English.
MET = re.compile(
    r"questionnaire\.(?!.*\.name_check$).+"
    r"|barriers\.question|barriers\.barriers\.\w+\.survey_line"
    r"|messages\.(privacy|start|receipt|errors\.survey)\..+"
    r"|messages\.lost_code\.(?!new\.|used\.).+"
)
PRIVACY = re.compile(r"messages\.privacy\.(?!short$).+")  # may be left out, all or nothing
PRIVACY_PAGE = "privacy.html"
CODE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?")
NUMBERED = re.compile(r"\d+ – ")  # a step of a scale: the page shows its number alone
GETTEXT = ("_", "gettext", "ngettext")
OF_GETTEXT = re.compile(r"%\((\w+)\)[sd]")
SHORT = 80  # characters of a msgid that name it in the file
LONGEST_NAME = 40  # characters of a language in its own words
SPARE = 20  # characters: a text of a button may grow more than twice as long

QUICK: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
Translate = Callable[[str, str, str], str | None]


class LanguageUnknown(BadInput):
    sentence = N_(
        "{code} is no language that can be added. Nothing was changed. Write its code, such as "
        "pl, uk, ar, fa or so; Danish and English are there."
    )


class LanguageFileBad(BadInput):
    sentence = N_(
        "The language file {file} cannot be read ({problem}). Nothing was changed. Correct it, or "
        "begin with a new one."
    )


class LanguageNotWhole(BadInput):
    sentence = N_(
        "The language {code} is not whole, so it was not added. Nothing was changed. "
        "The check names every text that is missing or wrong."
    )


class Wanted(NamedTuple):
    """One text of a file."""

    da: str
    en: str
    needed: bool
    message: str = ""  # msgid, of a text that is not in survey/content


class Fault(NamedTuple):
    """What is wrong with a text; `blocks`: the language is not offered as long as it is."""

    key: str
    problem: str  # msgid
    blocks: bool = True


class LanguageFile(Struct, frozen=True, forbid_unknown_fields=True):
    """A file as it is written; each text stands under its language's code, its Danish under da."""

    language: str
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_NAME)]
    texts: dict[str, dict[str, str | None]]
    direction: Direction | None = None

    @property
    def locale(self) -> Locale:
        return locale_of(self.language)

    @property
    def reads(self) -> Direction:
        """As told, else as the language is written."""
        right = self.locale.character_order == "right-to-left"
        return self.direction or ("rtl" if right else "ltr")

    def said(self, key: str) -> str:
        return (self.texts.get(key, {}).get(self.language) or "").strip()


class Tongue(NamedTuple):
    """One entry of the list of languages on a page."""

    code: str
    name: str
    direction: Direction = "ltr"


OURS = tuple(Tongue(code, LANGUAGE_NAMES[code]) for code in LANGUAGES)
MISSING = N_("is missing")
CHANGED = N_("was translated from another Danish text than today's")
UNKNOWN = N_("is no text of these pages; it can be deleted")
PLACES_DIFFER = N_("has other placeholders than the Danish")
TOO_LONG = N_("is too long for the form")
NUMBER_DIFFERS = N_("must begin with the same number and a dash, as the Danish does")


# What the pages ask for


def tongues(settings: Settings, asked_about: Collection[str] = ()) -> tuple[Tongue, ...]:
    """The languages a page is offered in; `asked_about` are Danish texts of the organisation's."""
    added = (
        Tongue(one.code, one.name, one.direction)
        for one in offered(settings)
        if all(text in one.own for text in asked_about)
    )
    return (*OURS, *added)


def voice(settings: Settings, asked: str | None, default: Language) -> Voice:
    """The language that was asked for; the default where there is no such one."""
    if asked is None or asked in LANGUAGES:
        return Voice(texts.language_of(asked, default))
    found = next((one for one in offered(settings) if one.code == asked), None)
    return PackVoice(default, found) if found else Voice(default)


def voices(settings: Settings) -> Iterator[Voice]:
    """Every added language that is whole."""
    return (PackVoice("da", one) for one in offered(settings))


def offered(settings: Settings) -> tuple[Pack, ...]:
    """The added languages that are whole; a file is read again when it has changed."""
    found = (_offered(file, file.stat().st_mtime_ns) for file in files(settings))
    return tuple(pack for pack in found if pack)


@lru_cache(maxsize=64)
def _offered(file: Path, changed: int) -> Pack | None:
    try:
        told, found = looked_over(file, changed)
    except BadInput:
        return None
    if told.language != file.stem or any(one.blocks for one in found):
        return None
    return pack_of(told)


@lru_cache(maxsize=64)
def looked_over(file: Path, _changed: int) -> tuple[LanguageFile, tuple[Fault, ...]]:
    """A file as it was last changed, and what is wrong with it; LanguageFileBad."""
    told = read(file)
    return told, tuple(faults(told))


def pack_of(told: LanguageFile) -> Pack:
    """A file as the pages use it."""
    wanted_here = wanted(told.language)

    def own(key: str, danish: str, _english: str) -> str | None:
        return told.said(key) or (None if key in wanted_here else danish)

    return Pack(
        code=told.language,
        name=told.name,
        direction=told.reads,
        locale=told.locale,
        content={name: _walked(texts.content(name), name, own, told.language) for name in FILES},
        messages={one.message: told.said(key) for key, one in wanted_here.items() if one.message},
        own={
            told.texts[key].get("da") or "": told.said(key)
            for key in told.texts
            if key.startswith(BEHAVIOURS) and told.said(key)
        },
        tells_privacy=all(told.said(key) for key in wanted_here),
    )


# What a file must hold, and what is wrong with one


def locale_of(code: str) -> Locale:
    """What is known of how a language is written; LanguageUnknown where nothing is."""
    try:
        if CODE.fullmatch(code) and code.partition("-")[0] not in LANGUAGES:
            return Locale.parse(code, sep="-")
    except (UnknownLocaleError, ValueError):
        pass
    raise LanguageUnknown(code=code)


@lru_cache(maxsize=64)
def wanted(code: str) -> Mapping[str, Wanted]:
    """Every text of a language of this code, by its name in the file."""
    found: dict[str, Wanted] = {}

    def note(key: str, danish: str, english: str) -> None:
        if MET.fullmatch(key) and not (danish == english and not re.search(r"[^\W\d]", danish)):
            found[key] = Wanted(danish, english, needed=not PRIVACY.fullmatch(key))

    for name in FILES:
        _walked(texts.content(name), name, note, code)
    categories = (*sorted(locale_of(code).plural_form.tags), "other")
    for message, needed in _messages().items():
        singular, plural = message if isinstance(message, tuple) else (message, "")
        for form in categories if plural else ("",):
            n = 1 if form == "one" else 2
            da, en = (_said(Voice(ours), singular, plural, n) for ours in LANGUAGES)
            msgid = plural_key(plural, form) if plural else singular
            short = msgid if len(msgid) <= SHORT else f"{msgid[:SHORT]}…"
            found[f"pages.{short}"] = Wanted(da, en, needed, msgid)
    return found


def faults(told: LanguageFile) -> list[Fault]:
    """What is wrong with a file, in the order of the pages; the behaviours are not looked at."""
    known = wanted(told.language)
    found = [fault for key, one in known.items() for fault in _faults(told, key, one)]
    strange = [key for key in told.texts if key not in known and not key.startswith(BEHAVIOURS)]
    return [*found, *(Fault(key, UNKNOWN, blocks=False) for key in strange)]


def behaviour_faults(told: LanguageFile, stored: Mapping[str, str]) -> list[Fault]:
    """The same of the texts of the stored behaviours: name in the file -> Danish.

    A form about a behaviour that is not translated comes in Danish or English: it blocks no more.
    """
    found = [
        fault
        for key, da in stored.items()
        for fault in _faults(told, key, Wanted(da, da, needed=True))
    ]
    return [fault._replace(blocks=False) for fault in found]


def _faults(told: LanguageFile, key: str, one: Wanted) -> Iterator[Fault]:
    said = told.said(key)
    if not said:
        yield Fault(key, MISSING, blocks=one.needed)
        return
    if told.texts[key].get("da") != one.da:
        yield Fault(key, CHANGED)
    if not _same_places(said, one.da, is_plural=key.endswith("]")):
        yield Fault(key, PLACES_DIFFER)
    if len(said) > 2 * max(len(one.da), len(one.en)) + SPARE:
        yield Fault(key, TOO_LONG)
    number = NUMBERED.match(one.da)
    if number and not said.startswith(number[0]):
        yield Fault(key, NUMBER_DIFFERS)


def _same_places(said: str, danish: str, *, is_plural: bool) -> bool:
    """Whether both have the same placeholders, and nothing that would break their filling."""
    try:
        same = _places(said) == _places(danish)
    except ValueError:  # a brace that stands alone
        return False
    ours, theirs = (set(OF_GETTEXT.findall(text)) for text in (danish, said))
    if ours and "%" in OF_GETTEXT.sub("", said):
        return False
    # "One person" and "two people" need no number in many languages.
    return same and (theirs <= ours if is_plural else theirs == ours)


def _places(text: str) -> set[tuple[str, str | None, str | None]]:
    """The {placeholders}, with the form and the conversion that none of ours has."""
    return {
        (name, spec, conversion)
        for _, name, spec, conversion in Formatter().parse(text)
        if name is not None
    }


def _walked(tree: Any, path: str, own: Translate | Callable[..., None], code: str) -> Any:  # noqa: ANN401 - YAML
    """A copy of a content file with one more language beside Danish and English wherever they are.

    `own` is given the name and both halves of each text. It stands under `code`, and under `own`.
    """
    if isinstance(tree, list):
        return [
            _walked(one, f"{path}.{_named(one, place)}", own, code)
            for place, one in enumerate(tree, 1)
        ]
    if not isinstance(tree, dict):
        return tree
    grown = {
        key: value if key in LANGUAGES else _walked(value, f"{path}.{key}", own, code)
        for key, value in tree.items()
    }
    if grown.keys() >= set(LANGUAGES):
        grown[code] = grown["own"] = _translated(tree["da"], tree["en"], path, own)
    return grown


def _translated(danish: Any, english: Any, path: str, own: Callable[..., Any]) -> Any:  # noqa: ANN401
    if isinstance(danish, list):
        pairs = enumerate(zip(danish, english, strict=True), 1)
        return [_translated(*pair, f"{path}.{place}", own) for place, pair in pairs]
    if isinstance(danish, dict):
        return {key: _translated(danish[key], english[key], f"{path}.{key}", own) for key in danish}
    return own(path, danish, english)


def _named(one: object, place: int) -> str:
    """An item of a list by its own name, else by its place."""
    if isinstance(one, dict):
        return next((str(one[name]) for name in ("id", "key", "code") if name in one), str(place))
    return str(place)


@cache
def _messages() -> Mapping[str | tuple[str, str], bool]:
    """Every msgid of the answering pages, or singular and plural -> whether it is needed."""
    found: dict[str | tuple[str, str], bool] = {}
    for file in sorted((TEMPLATES / "pages" / "answer").glob("*.html")):
        source = file.read_text(encoding="utf-8")
        parsed = texts.environment().parse(source)
        for _, function, message in extract_from_ast(parsed, GETTEXT, babel_style=False):
            parts = [one for one in message or () if one]
            msgid = (parts[0], parts[1]) if function == "ngettext" else parts[0]
            found[msgid] = found.get(msgid, False) or file.name != PRIVACY_PAGE
    return {**found, **dict.fromkeys(states.SAID, True)}


def _said(voice_: Voice, singular: str, plural: str, n: int) -> str:
    return voice_.ngettext(singular, plural, n) if plural else voice_.gettext(singular)


# Files


def read(file: Path) -> LanguageFile:
    """A language file; LanguageFileBad or LanguageUnknown."""
    try:
        return parsed(file.read_bytes(), str(file))
    except OSError as error:
        raise LanguageFileBad(file=file, problem=_first_line(error)) from error


def parsed(data: bytes, name: str) -> LanguageFile:
    """The same of a file that was read; `name` is what it is called in a refusal."""
    try:
        text = data.decode("utf-8-sig")
        _refuse_aliases(text)
        told = msgspec.convert(yaml.load(text, texts.SAFE_YAML), LanguageFile)  # noqa: S506
    except (UnicodeDecodeError, yaml.YAMLError, msgspec.ValidationError) as error:
        raise LanguageFileBad(file=name, problem=_first_line(error)) from error
    locale_of(told.language)
    return told


def require_whole(told: LanguageFile) -> None:
    """LanguageNotWhole where something in a file blocks."""
    if any(one.blocks for one in faults(told)):
        raise LanguageNotWhole(code=told.language)


def _refuse_aliases(text: str) -> None:
    """An alias may stand for a thousand texts, each of them for a thousand more."""
    for one in yaml.parse(text, texts.SAFE_YAML):
        if isinstance(one, yaml.AliasEvent):
            raise yaml.YAMLError("an alias")


def _first_line(error: Exception) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        return f"line {error.problem_mark.line + 1}"
    return str(error).partition("\n")[0]


def blank(code: str, behaviours: Mapping[str, str], before: LanguageFile | None) -> str:
    """The file to fill in; what is translated already is kept where its Danish is as it was."""
    locale = locale_of(code)
    needed = {key: {"da": one.da, "en": one.en} for key, one in wanted(code).items()}
    needed |= {key: {"da": danish} for key, danish in behaviours.items()}
    for key, entry in needed.items():
        is_same = before is not None and before.texts.get(key, {}).get("da") == entry["da"]
        entry[code] = before.said(key) if before and is_same else ""
    head = {
        "language": code,
        "name": before.name if before else locale.get_display_name(locale) or code,
        "direction": "rtl" if locale.character_order == "right-to-left" else "ltr",
    }
    body = yaml.dump(
        {**head, "texts": needed}, Dumper=QUICK, allow_unicode=True, sort_keys=False, width=1000
    )
    return f"{HEAD.format(code=code)}{body}"


HEAD = """\
# Skriv teksten på det nye sprog efter {code}: ud for hver tekst. Ret ikke da og en.
# Behold det, der står i {{}} eller %()s, som det er; det må gerne flyttes i sætningen.
# Sproget bliver kun tilbudt, når alle tekster er der. Kun siden om, hvordan vi passer på svaret
# (messages.privacy, undtagen short), må mangle: så står den på dansk eller engelsk.
# Write the text in the new language after {code}: beside each text. Do not change da and en.
# Keep what stands in {{}} or %()s as it is; it may be moved in the sentence.
# The language is offered only when every text is there. Only the page on how answers are looked
# after (messages.privacy, except short) may be missing: it then stands in Danish or English.
"""
