"""What is printed for a wave: cards and posters by unit, and the key sheets with their drill."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from litestar import Controller, Response, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from survey import audit
from survey.access import plans
from survey.actions import sheets
from survey.actions.approval import stored_wave
from survey.delivery import prints
from survey.delivery import sheets as printed
from survey.errors import KernepulsError, NotFoundHere
from survey.intake import split
from survey.organisation import Tree, tree
from survey.pages.forms import Fields, done, posted
from survey.pages.layout import language_for, page, settings_of
from survey.pages.waves.pages import Asking, typed_sheets
from survey.settings import Settings
from survey.tables import Wave
from survey.texts import Voice, sentence

PRINTS, SHEETS = "pages/staff/wave_prints.html", "pages/staff/wave_sheets.html"
TRUSTEES = len(split.TRUSTEES)


@dataclass(frozen=True, slots=True)
class Branch:
    """A unit whose prints there are, or one to open: `inside` counts units with prints below it."""

    code: str
    name: str
    inside: int
    has_poster: bool
    has_cards: bool


class WavePrints(Controller):
    """Cards and posters, one level of the organisation at a time. Nothing tells who draws one."""

    path = "/waves/{name:str}/prints"
    guards = (plans,)

    @get("/", name="wave-prints")
    async def show(self, request: Asking, name: FromPath[str]) -> Response[str]:
        wave = await stored_wave(name)
        units = await tree(name)
        at = request.query_params.get("unit", units.root.code)
        if at not in units:
            raise NotFoundHere
        own, *below = _branches(settings_of(request), name, units, at)
        return page(
            request,
            PRINTS,
            wave=wave,
            here=units[at],
            above=[units[code] for code in reversed(units.ancestors(at))],
            own=own,
            branches=[one for one in below if one.inside or one.has_poster],
        )

    @get("/{unit:str}/poster.pdf", name="wave-poster")
    async def poster(
        self, request: Asking, name: FromPath[str], unit: FromPath[str]
    ) -> Response[bytes]:
        """A unit's poster, as it was made at the approval."""
        return await _print(request, prints.poster_file, name, unit, "poster")

    @get("/{unit:str}/cards.pdf", name="wave-cards")
    async def cards(
        self, request: Asking, name: FromPath[str], unit: FromPath[str]
    ) -> Response[bytes]:
        """A unit's cards: their codes are on them and nowhere else."""
        return await _print(request, prints.cards_file, name, unit, "cards")


class KeySheets(Controller):
    """The three key sheets: printed, tried before the opening, destroyed after the close."""

    path = "/waves/{name:str}/sheets"
    guards = (plans,)

    @get("/", name="wave-sheets")
    async def show(self, request: Asking, name: FromPath[str]) -> Response[str]:
        return await _sheets_page(request, await _on_sheets(name), Fields())

    @post("/", name="wave-drill")
    async def drill(self, request: Asking, name: FromPath[str]) -> Response[Any]:
        """Every two of the three must open a test envelope. What was typed is kept nowhere."""
        wave = await _on_sheets(name)
        fields = await posted(request)
        found = typed_sheets(fields, TRUSTEES)
        if fields.problems:
            return await _sheets_page(request, wave, fields)
        try:
            await sheets.drill(
                settings_of(request), name=name, sheets=found, by=request.user.account
            )
        except KernepulsError as error:
            return await _sheets_page(request, wave, fields, error)
        return done(f"/waves/{name}", "tried")

    @post("/destroyed", name="wave-shredded")
    async def shredded(self, request: Asking, name: FromPath[str]) -> Response[Any]:
        wave = await _on_sheets(name)
        await posted(request)
        try:
            await sheets.shredded(settings_of(request), name=name, by=request.user.account)
        except KernepulsError as error:
            return await _sheets_page(request, wave, Fields(), error)
        return done(f"/waves/{name}", "shredded")

    @get("/{which:str}/print.pdf", name="wave-sheet")
    async def file(
        self, request: Asking, name: FromPath[str], which: FromPath[str]
    ) -> Response[bytes]:
        """A trustee's sheet until the drill removes it, or the list to sign after the close."""
        settings = settings_of(request)
        await _on_sheets(name)
        if which == "destroy":
            listed = await sheets.to_destroy(settings, name)
            if listed is None:
                raise NotFoundHere
            return _pdf(await _read(listed), f"{which}-{name}")
        if which not in split.TRUSTEES:
            raise NotFoundHere
        content = await _read(printed.sheet_file(settings, name, which))
        await audit.record(
            by=request.user.account, what="printed key sheet", on_what=f"{name}/{which}"
        )
        return _pdf(content, f"{which}-{name}")


ROUTES: list[ControllerRouterHandler] = [WavePrints, KeySheets]


async def _print(
    request: Asking, place: Callable[[Settings, str, str], Path], wave: str, unit: str, what: str
) -> Response[bytes]:
    await stored_wave(wave)
    content = await _read(place(settings_of(request), wave, unit))
    await audit.record(by=request.user.account, what=f"printed {what}", on_what=f"{wave}/{unit}")
    return _pdf(content, f"{what}-{wave}")


async def _on_sheets(name: str) -> Wave:
    wave = await stored_wave(name)
    if wave.key_sheets is None:
        raise NotFoundHere
    return wave


async def _sheets_page(
    request: Asking, wave: Wave, fields: Fields, error: KernepulsError | None = None
) -> Response[str]:
    language = language_for(request)
    there = printed.folder_of(settings_of(request), wave.name)
    return page(
        request,
        SHEETS,
        status=error.status if error else 422 if fields.problems else 200,
        wave=wave,
        fields=fields,
        trouble=sentence(error, language) if error else "",
        trustees=[
            (which, Voice(language).gettext(printed.WHO[which]))
            for which in split.TRUSTEES
            if (there / f"{which}.pdf").exists()
        ],
        numbers=range(1, TRUSTEES + 1),
    )


def _branches(settings: Settings, wave: str, units: Tree, at: str) -> list[Branch]:
    """The unit itself and those straight below it; the folders are read once, not file by file."""
    posters = _there(prints.poster_file(settings, wave, "x").parent)
    cards = _there(prints.cards_file(settings, wave, "x").parent)
    return [
        Branch(
            code=code,
            name=units[code].name,
            inside=sum(quote(one, safe="") in posters for one in units.below(code)[1:]),
            has_poster=quote(code, safe="") in posters,
            has_cards=quote(code, safe="") in cards,
        )
        for code in (at, *units[at].children)
    ]


def _there(folder: Path) -> frozenset[str]:
    return frozenset(file.stem for file in folder.glob("*.pdf"))


async def _read(file: Path) -> bytes:
    try:
        return await asyncio.to_thread(file.read_bytes)
    except FileNotFoundError:
        raise NotFoundHere from None


def _pdf(content: bytes, name: str) -> Response[bytes]:
    return Response(
        content,
        media_type="application/pdf",
        headers={"content-disposition": f'attachment; filename="kernepuls-{name}.pdf"'},
    )
