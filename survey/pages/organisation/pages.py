"""The organisation for those who prepare waves: its tree a level at a time, and its people.

Changes hold from the next wave and can be undone until a wave has frozen them. Who is looked for
stands in no address and no log.
"""

from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from survey import organisation
from survey.access import plans
from survey.actions import organising
from survey.actions import people as people_by_hand
from survey.actions.organising import Coming
from survey.actor import Actor
from survey.errors import N_, NotFoundHere
from survey.organisation import grow
from survey.pages.forms import Fields, done, notice, posted
from survey.pages.layout import language_for, page
from survey.pages.organisation.import_values import MOST_LISTED, SEPARATOR, UnitNotFound, unit_named
from survey.pages.organisation.values import MOST_ROWS, Shown, history, own_core_task, planned
from survey.tables import Person
from survey.texts import Voice

AnyRequest: TypeAlias = Request[Any, Any, Any]
HERE: Final = "/organisation"
MOST_PLANNED: Final = 30  # a reorganisation by file is looked at unit by unit
SAID: Final = {
    "changed": N_("The change is planned. It can be undone until the wave is approved."),
    "changed-now": N_("The change is made."),
    "closed": N_("The unit is closed from the next wave."),
    "undone": N_("The change is taken back."),
    "moved": N_("The employee has another unit now. The same code works."),
}


@dataclass(frozen=True, slots=True)
class Seen:
    """A version of the tree that somebody has chosen to see; `wave` "" is the coming one."""

    wave: str
    shown: Shown
    coming: Coming


class OrganisationPages(Controller):
    """The tree, one level at a time; a search; the people of it."""

    path = HERE
    guards = (plans,)

    @get("/", name="organisation")
    async def tree(self, request: AnyRequest) -> Response[Any]:
        """The top, with the units below it, what is planned, and what a search found."""
        voice = Voice(language_for(request))
        seen = await _seen(request)
        asked = request.query_params.get("q", "").strip()[:80]
        to_come = [] if seen.wave else planned(voice, seen.coming)
        return page(
            request,
            "pages/staff/organisation.html",
            **await _common(request, voice, seen),
            root=seen.shown.row(voice, seen.shown.tree.root.code) if seen.shown.tree else None,
            levels=max((node.depth for node in seen.shown.tree.values()), default=-1) + 1,
            small=len(seen.shown.joined),
            asked=asked,
            hits=seen.shown.hits(voice, asked) if asked else (),
            planned=to_come[:MOST_PLANNED],
            planned_more=max(0, len(to_come) - MOST_PLANNED),
        )

    @get("/units/{code:str}", name="organisation_unit")
    async def unit(self, request: AnyRequest, code: FromPath[str]) -> Response[Any]:
        """One unit: what it is, what is below it, what it has been."""
        voice = Voice(language_for(request))
        seen = await _seen(request)
        tree = seen.shown.tree
        if code not in tree:
            raise NotFoundHere
        versions = seen.coming.stored
        task, source = own_core_task(
            tree, (one for one in versions if one.holds(seen.wave or seen.coming.at)), code
        )
        names = {one.code: one.name for one in versions} | {
            one.code: one.name for one in tree.values()
        }
        return page(
            request,
            "pages/staff/organisation_unit.html",
            **await _common(request, voice, seen, code),
            unit=seen.shown.row(voice, code),
            own_staff=voice.number(seen.shown.people.get(code, 0)),
            path=[tree[one] for one in reversed(tree.ancestors(code))],
            core_task=task,
            core_task_from=source,
            is_top=tree[code].parent is None,
            history=history(voice, [one for one in versions if one.code == code], names),
            planned=[(c, s) for c, s in planned(voice, seen.coming) if c == code],
            waves_in=[
                label
                for label in await organisation.frozen_waves()
                if any(one.code == code and one.holds(label) for one in versions)
            ],
        )

    @post("/units/{code:str}/undo")
    async def undo(self, request: AnyRequest, code: FromPath[str]) -> Response[Any]:
        """Take back what is planned for a unit."""
        actor: Actor = request.user
        await organising.undo(code, by=actor.account)
        return done(HERE, "undone")

    @get("/people", name="organisation_people")
    async def people(self, request: AnyRequest) -> Response[Any]:
        """Find somebody; nothing is shown before."""
        return await _people(request, Fields())

    @post("/people")
    async def find(self, request: AnyRequest) -> Response[Any]:
        """Show who was found: by POST, since a name belongs in no address."""
        fields = await posted(request)
        fields.text("q", most=80)
        return await _people(request, fields, status=422 if fields.problems else 200)

    @post("/people/move")
    async def move(self, request: AnyRequest) -> Response[Any]:
        """Give the one who was chosen another unit."""
        fields, now = await posted(request), await organising.coming()
        person = fields.whole("person", least=1, most=10**11)
        typed = fields.text("unit", most=160)
        unit = unit_named(typed, now.tree)
        if typed and unit is None and "unit" not in fields.problems:
            fields.problems["unit"] = UnitNotFound()
        if fields.problems or person is None or unit is None:
            return await _people(request, fields, status=422)
        actor: Actor = request.user
        await people_by_hand.move_person(person, unit, by=actor.account)
        return done(f"{HERE}/people", "moved")


ROUTES: list[ControllerRouterHandler] = [OrganisationPages]


async def _seen(request: AnyRequest) -> Seen:
    """The version that was asked for: a wave that has frozen its tree, else the coming one."""
    coming = await organising.coming()
    wave = request.query_params.get("wave", "")
    if wave and wave in await organisation.frozen_waves():
        tree = grow(one for one in coming.stored if one.holds(wave))
        counts = {code: node.headcount for code, node in tree.items()}
        return Seen(wave, Shown(tree, counts), coming)
    return Seen("", await coming_shown(coming), coming)


async def coming_shown(coming: Coming) -> Shown:
    """The coming tree with the newest staff list; before there is one, with the file's numbers."""
    tree = coming.tree
    counts = await organising.people_per_unit(tree, coming.stored)
    if not counts:
        return Shown(tree, {code: node.headcount for code, node in tree.items()})
    return Shown(tree, counts)


async def _common(request: AnyRequest, voice: Voice, seen: Seen, code: str = "") -> dict[str, Any]:
    tree = seen.shown.tree
    top = code or (tree.root.code if tree else "")
    return {
        "notice": notice(request, voice, SAID),
        "has_units": bool(tree),
        "total": len(tree),
        "has_people": await Person.exists().where(Person.active == True),  # noqa: E712 - a column
        "children": seen.shown.children(voice, top) if top else (),
        "more": max(0, len(tree[top].children) - MOST_ROWS) if top else 0,
        "wave": seen.wave,
        "waves": list(reversed(await organisation.frozen_waves())),
        "coming_label": seen.coming.label,
        "may_change": not seen.wave,
        "can_undo": seen.coming.last_frozen is not None,
        "choices": choices(seen.coming),
    }


def choices(coming: Coming) -> tuple[str, ...]:
    """Units to choose from as they are typed; none where a list of them would be too long."""
    tree = coming.tree
    if len(tree) > MOST_LISTED:
        return ()
    return tuple(f"{code}{SEPARATOR}{node.name}" for code, node in tree.items())


async def _people(request: AnyRequest, fields: Fields, *, status: int = 200) -> Response[Any]:
    voice = Voice(language_for(request))
    coming = await organising.coming()
    asked = fields.value("q").strip()[:80]
    found = await people_by_hand.find_people(asked) if asked else ()
    joined = organising.following(coming.after.values())
    return page(
        request,
        "pages/staff/organisation_people.html",
        status=status,
        fields=fields,
        asked=asked,
        found=[
            (one, coming.tree[code].name if code in coming.tree else "–")
            for one in found
            for code in (joined.get(one.unit, one.unit),)
        ],
        many=len(found) == people_by_hand.MOST_FOUND,
        choices=choices(coming),
        notice=notice(request, voice, SAID),
    )
