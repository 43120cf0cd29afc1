"""The languages of the form: what each lacks, its file to fill in, and putting it back.

The same as `kernepuls languages`: one file holds every text that somebody who answers meets.
"""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from babel import Locale
from babel.localedata import locale_identifiers
from litestar import Controller, Response, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from survey.access import plans
from survey.actions import languages as kept
from survey.errors import N_, BadInput, KernepulsError, NotFoundHere
from survey.importing.cells import masked
from survey.pages.answering import languages
from survey.pages.answering.languages import Fault, LanguageFile
from survey.pages.forms import Fields, done, notice, posted
from survey.pages.layout import LANGUAGE_NAMES, language_for, page, settings_of
from survey.pages.uploads import uploaded
from survey.pages.waves.pages import Asking
from survey.settings import Settings
from survey.texts import LANGUAGES, Direction, Language, Voice

TEMPLATE: Final = "pages/staff/languages.html"
LARGEST: Final = 2 * 1024**2  # bytes; a file that is filled in has about 100,000
LISTED: Final = 60  # texts that are told one by one
CODE: Final = re.compile("[a-z]{2,3}")  # of a language without a script or a country
DONE: Final[Mapping[str, str]] = {
    "added": N_("The language is offered to everybody who answers from now on."),
    "removed": N_("The language is no longer offered. Its file is deleted."),
}


class FileMissing(BadInput):
    sentence = N_("Choose a file first.")


@dataclass(frozen=True, slots=True)
class Amiss:
    """A text of a file that is to be put right: its name there, the Danish, and what is wrong."""

    key: str
    danish: str
    problem: str


@dataclass(frozen=True, slots=True)
class Added:
    """An added language."""

    code: str
    name: str  # in its own words
    direction: Direction
    called: str  # in the reader's language
    is_readable: bool = True
    is_offered: bool = False
    amiss: tuple[Amiss, ...] = ()
    more: int = 0  # texts amiss that are not listed
    behaviours: tuple[str, ...] = ()  # codes of those whose form comes in Danish or English


class LanguagesPages(Controller):
    """For who prepares waves."""

    path = "/languages"
    guards = (plans,)

    @get("/", name="languages")
    async def show(self, request: Asking) -> Response[str]:
        return await _page(request, Fields())

    @post("/", request_max_body_size=LARGEST, name="language-add")
    async def add(self, request: Asking) -> Response[Any]:
        """Offer a file that is whole; of any other say what it lacks, and change nothing."""
        fields, file = await posted(request), uploaded(await request.form(), "file")
        if file is None:
            fields.problems["file"] = FileMissing()
            return await _page(request, fields)
        told = None
        try:
            told = languages.parsed(file.data, masked(file.name))
            languages.require_whole(told)
        except KernepulsError as error:
            fields.problems["file"] = error
            return await _page(request, fields, told)
        await kept.keep_language(
            settings_of(request), code=told.language, data=file.data, by=request.user.account
        )
        return done("/languages", "added")

    @get("/file", name="language-blank")
    async def blank(self, request: Asking) -> Response[Any]:
        """The file of the language that is chosen, to be filled in."""
        fields = Fields.of(code=request.query_params.get("code", ""))
        code = fields.choice("code", _names("en"))
        if fields.problems:
            return await _page(request, fields)
        return await _file(settings_of(request), code)

    @get("/{language:str}/file", name="language-file")
    async def file(self, request: Asking, language: FromPath[str]) -> Response[bytes]:
        """The file of an added language, with whatever is new since."""
        settings = settings_of(request)
        if kept.file_of(settings, language) not in kept.files(settings):
            raise NotFoundHere
        return await _file(settings, language)

    @post("/{language:str}/remove", name="language-remove")
    async def remove(self, request: Asking, language: FromPath[str]) -> Response[Any]:
        await posted(request)
        try:
            await kept.remove_language(settings_of(request), code=language, by=request.user.account)
        except kept.LanguageNotThere as error:
            raise NotFoundHere from error
        return done("/languages", "removed")


ROUTES: list[ControllerRouterHandler] = [LanguagesPages]


async def _page(
    request: Asking, fields: Fields, refused: LanguageFile | None = None
) -> Response[str]:
    language = language_for(request)
    voice, stored = Voice(language), await kept.behaviour_texts()
    return page(
        request,
        TEMPLATE,
        status=422 if fields.problems else 200,
        fields=fields,
        refused=refused and _told(voice, refused, languages.faults(refused), stored),
        ours=[LANGUAGE_NAMES[code] for code in LANGUAGES],
        added=[_stored(voice, file, stored) for file in kept.files(settings_of(request))],
        choices=sorted(_names(language).items(), key=lambda one: one[1].casefold()),
        notice=notice(request, voice, DONE),
    )


def _stored(voice: Voice, file: Path, stored: Mapping[str, str]) -> Added:
    try:
        told, found = languages.looked_over(file, file.stat().st_mtime_ns)
    except (KernepulsError, OSError):
        called = _names(voice.language).get(file.stem, file.stem)
        return Added(file.stem, file.stem, "ltr", called, is_readable=False)
    return _told(voice, told, found, stored)


def _told(
    voice: Voice, told: LanguageFile, found: Sequence[Fault], stored: Mapping[str, str]
) -> Added:
    """A language as the page tells of it; a text that nobody asks for any more is no news."""
    texts_of = languages.wanted(told.language)
    amiss = [
        Amiss(one.key, texts_of[one.key].da, voice.gettext(one.problem))
        for one in found
        if one.blocks
    ]
    asked_in_danish = {
        one.key.removeprefix(kept.BEHAVIOURS).partition(".")[0]
        for one in languages.behaviour_faults(told, stored)
    }
    return Added(
        code=told.language,
        name=told.name,
        direction=told.reads,
        called=_named(told.language, voice.language),
        is_offered=not amiss,
        amiss=tuple(amiss[:LISTED]),
        more=len(amiss[LISTED:]),
        behaviours=tuple(sorted(asked_in_danish)),
    )


def _named(code: str, language: Language) -> str:
    """What a language is called in another one."""
    return languages.locale_of(code).get_display_name(language) or code


@cache
def _names(language: Language) -> Mapping[str, str]:
    """Every language that can be added: its code and what it is called in the reader's."""
    told = Locale(language).languages
    codes = (one for one in locale_identifiers() if CODE.fullmatch(one) and one not in LANGUAGES)
    return {code: told[code] for code in codes if code in told}


async def _file(settings: Settings, code: str) -> Response[bytes]:
    """The file of a language: what is translated stands in it, and what is not is empty."""
    file, before = kept.file_of(settings, code), None
    if file in kept.files(settings):
        with suppress(KernepulsError):
            before = languages.read(file)
    made = languages.blank(code, await kept.behaviour_texts(), before)
    return Response(
        made.encode(),
        media_type="application/yaml",
        headers={"content-disposition": f'attachment; filename="kernepuls-{code}.yaml"'},
    )
