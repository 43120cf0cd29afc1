"""The comments of a released wave: read unit by unit, and shown, rewritten or not shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias
from urllib.parse import quote

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.status_codes import HTTP_303_SEE_OTHER
from litestar.types import ControllerRouterHandler

from survey import organisation, texts
from survey.access import plans
from survey.actions import comments
from survey.actions.comments import MOST, NotReleasedYet, Reviewed
from survey.actor import Actor
from survey.errors import N_, BadInput, ChangedMeanwhile, KernepulsError, NotFoundHere
from survey.insight.comments import QUOTED
from survey.linter import Kind, review_marks
from survey.organisation import Tree
from survey.pages.forms import Fields, posted
from survey.pages.layout import language_for, page, settings_of
from survey.tables import Closing, Person
from survey.texts import Voice

AnyRequest: TypeAlias = Request[Any, Any, Any]
INDEX, LIST = "pages/staff/comments.html", "pages/staff/comments_unit.html"
REWRITE: Final = "pages/staff/comments_rewrite.html"
A_PAGE: Final = 20
DEEDS: Final = {"show": "shown", "hide": "hidden", "undo": ""}
STATES: Final = {
    "shown": N_("May be shown"),
    "rewritten": N_("May be shown as it was rewritten"),
    "hidden": N_("Is not shown"),
}
KINDS: Final = {
    Kind.NAME: N_("name"),
    Kind.TITLE: N_("title"),
    Kind.LEADER: N_("leader"),
    Kind.HEALTH: N_("health"),
    Kind.CPR: N_("CPR number"),
    Kind.PHONE: N_("phone number"),
    Kind.EMAIL: N_("e-mail"),
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a text stands: its number among those of a unit of a wave; 0 means them all."""

    wave: str
    unit: str
    number: int = 0


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a text; `kind` says why it is marked, "" where it is not."""

    text: str
    kind: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A comment as a reviewer reads it."""

    number: int
    pieces: tuple[Piece, ...]
    rewritten: tuple[Piece, ...]
    state: str
    state_text: str
    version: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the texts of a unit, or of the wave, have been read."""

    code: str
    name: str
    indent: int
    seen: int
    total: int
    text: str


class CommentsPages(Controller):
    """For those who prepare waves; the texts stand beside no answer and no number."""

    path = "/waves/{wave:str}/comments"
    guards = (plans,)

    @get("/", name="comments")
    async def index(self, request: AnyRequest, wave: FromPath[str]) -> Response[str]:
        """The units with comments, in the order of the organisation, and how far one is."""
        voice = Voice(language_for(request))
        try:
            found = await comments.reviewed(settings_of(request), wave)
        except NotReleasedYet as error:
            told = texts.sentence(error, voice.language)
            return page(request, INDEX, wave=wave, units=[], told=told, whole=None)
        tree = await organisation.tree(wave)
        every = [one for there in found.values() for one in there]
        return page(
            request,
            INDEX,
            wave=wave,
            units=[
                _progress(voice, node.code, node.name, node.depth, found[node.code])
                for node in tree.values()
                if node.code in found
            ],
            told="" if every else await _none(voice, wave),
            whole=_progress(voice, "", "", 0, every) if every else None,
        )

    @get("/{unit:str}", name="comments-unit")
    async def unit(
        self, request: AnyRequest, wave: FromPath[str], unit: FromPath[str]
    ) -> Response[str]:
        """The texts of a unit with ten or more; any other has no page."""
        return await _list(request, Place(wave, unit))

    @post("/{unit:str}/{number:int}", name="comments-decide")
    async def decide(
        self, request: AnyRequest, wave: FromPath[str], unit: FromPath[str], number: FromPath[int]
    ) -> Response[Any]:
        """Show it, do not show it, or take the decision back."""
        place = Place(wave, unit, number)
        await _one(request, place)
        fields = await posted(request)
        deed = fields.value("deed")
        if deed not in DEEDS:
            raise NotFoundHere
        try:
            await _decided(request, place, DEEDS[deed], fields)
        except ChangedMeanwhile as error:
            return await _list(request, place, error=error)
        return _back(place)

    @get("/{unit:str}/{number:int}/rewrite", name="comments-rewrite")
    async def form(
        self, request: AnyRequest, wave: FromPath[str], unit: FromPath[str], number: FromPath[int]
    ) -> Response[str]:
        place = Place(wave, unit, number)
        one = await _one(request, place)
        return await _form(request, place, one, _stored(one))

    @post("/{unit:str}/{number:int}/rewrite")
    async def rewrite(
        self, request: AnyRequest, wave: FromPath[str], unit: FromPath[str], number: FromPath[int]
    ) -> Response[Any]:
        place = Place(wave, unit, number)
        one, fields = await _one(request, place), await posted(request)
        text = fields.text("text", most=MOST)
        if fields.problems:
            return await _form(request, place, one, fields)
        try:
            await _decided(request, place, "rewritten", fields, text)
        except ChangedMeanwhile as error:
            fields.keep(_stored(one))
            return await _form(request, place, one, fields, error)
        except BadInput as error:
            fields.problems["text"] = error
            return await _form(request, place, one, fields)
        return _back(place)


ROUTES: list[ControllerRouterHandler] = [CommentsPages]


async def _decided(
    request: AnyRequest, place: Place, state: str, fields: Fields, text: str = ""
) -> None:
    actor: Actor = request.user
    await comments.decide(
        settings_of(request),
        wave=place.wave,
        unit=place.unit,
        number=place.number,
        state=state,
        text=text,
        by=actor.account,
        version=fields.version,
    )


async def _there(request: AnyRequest, place: Place) -> Sequence[Reviewed]:
    """The texts of a unit; NotFoundHere where there are none, whatever the reason."""
    try:
        found = (await comments.reviewed(settings_of(request), place.wave)).get(place.unit, ())
    except NotReleasedYet:
        raise NotFoundHere from None
    if not found:
        raise NotFoundHere
    return found


async def _one(request: AnyRequest, place: Place) -> Reviewed:
    found = await _there(request, place)
    if not 1 <= place.number <= len(found):
        raise NotFoundHere
    return found[place.number - 1]


def _stored(one: Reviewed) -> Fields:
    return Fields.of(one.version, text=one.text or one.comment.text)


def _page_of(number: int) -> int:
    return (number - 1) // A_PAGE + 1


def _back(place: Place) -> Response[Any]:
    """The list again, at the text that was decided."""
    there = f"/waves/{quote(place.wave)}/comments/{quote(place.unit, safe='')}"
    there += f"?page={_page_of(place.number)}#text-{place.number}"
    return Redirect(there, status_code=HTTP_303_SEE_OTHER)


# --- what is shown -------------------------------------------------------------------------------


async def _list(
    request: AnyRequest, place: Place, *, error: KernepulsError | None = None
) -> Response[str]:
    voice, found = Voice(language_for(request)), await _there(request, place)
    tree, unit = await organisation.tree(place.wave), place.unit
    asked, pages = request.query_params.get("page", ""), _page_of(len(found))
    at = min(max(int(asked), 1), pages) if asked.isascii() and asked.isdigit() else 1
    at = _page_of(place.number) if place.number else at
    titles = await _single_titles(tree, unit)
    waiting = next((one.comment.number for one in found if not one.state), 0)
    return page(
        request,
        LIST,
        status=error.status if error else 200,
        wave=place.wave,
        unit=tree[unit],
        progress=_progress(voice, unit, tree[unit].name, 0, found),
        shown=[_shown(voice, one, titles) for one in found[(at - 1) * A_PAGE : at * A_PAGE]],
        at=at,
        pages=pages,
        waiting=waiting,
        waiting_page=_page_of(waiting) if waiting else 0,
        cleared=sum(one.is_cleared for one in found),
        fewest=QUOTED[0],
        error=texts.sentence(error, voice.language) if error else "",
    )


async def _form(
    request: AnyRequest,
    place: Place,
    one: Reviewed,
    fields: Fields,
    error: KernepulsError | None = None,
) -> Response[str]:
    voice, tree = Voice(language_for(request)), await organisation.tree(place.wave)
    return page(
        request,
        REWRITE,
        status=error.status if error else 422 if fields.problems else 200,
        wave=place.wave,
        unit=tree[place.unit],
        one=_shown(voice, one, await _single_titles(tree, place.unit)),
        fields=fields,
        most=MOST,
        error=texts.sentence(error, voice.language) if error else "",
    )


def _shown(voice: Voice, one: Reviewed, titles: frozenset[str]) -> Shown:
    return Shown(
        one.comment.number,
        pieces(voice, one.comment.text, titles),
        pieces(voice, one.text, titles),
        one.state,
        voice.gettext(STATES[one.state]) if one.state else "",
        one.version,
    )


def pieces(voice: Voice, text: str, titles: frozenset[str] = frozenset()) -> tuple[Piece, ...]:
    """A text cut where something is marked; joined, the pieces are the text."""
    found, at = [], 0
    for mark in review_marks(text, single_titles=titles):
        found.append(Piece(text[at : mark.start], ""))
        found.append(Piece(text[mark.start : mark.end], voice.gettext(KINDS[mark.kind])))
        at = mark.end
    return tuple(piece for piece in (*found, Piece(text[at:], "")) if piece.text)


def _progress(
    voice: Voice, code: str, name: str, indent: int, found: Sequence[Reviewed]
) -> Progress:
    seen, total = sum(bool(one.state) for one in found), len(found)
    said = voice.gettext("%(seen)s of %(total)s seen")
    return Progress(
        code, name, indent, seen, total,
        said % {"seen": voice.number(seen), "total": voice.number(total)},
    )  # fmt: skip


async def _none(voice: Voice, wave: str) -> str:
    """Why a released wave has no comments to read."""
    row = await Closing.select(Closing.comments, Closing.comments_sha256).where(
        Closing.wave.name == wave
    ).first()  # fmt: skip
    if row and row["comments"] and not row["comments_sha256"]:
        return voice.gettext("The comments are erased, as it was promised.")
    return voice.gettext("Fewer than ten have written something, so nothing is shown here.")


async def _single_titles(tree: Tree, unit: str) -> frozenset[str]:
    """Titles that only one person has where the texts come from: such a title is a name."""
    below = [tree[code].id for code in tree.below(unit)]
    rows: Sequence[Mapping[str, Any]] = await Person.select(Person.profession).where(
        Person.unit.is_in(below),
        Person.active == True,  # noqa: E712 - a column, not a value
    )
    held = [row["profession"] for row in rows]
    return frozenset(title for title in held if held.count(title) == 1)
