"""The forms that change the tree: each shows first what it would bring, and then does it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias
from urllib.parse import quote

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from survey import organisation
from survey.access import plans
from survey.actions import organising
from survey.actions.organising import Coming, Deed
from survey.actor import Actor
from survey.errors import N_, BadInput, ChangedMeanwhile, KernepulsError, NotFoundHere
from survey.importing.cells import CPR
from survey.importing.changing import NAME_AT_MOST, TASK_AT_MOST, CodeTaken, CodeUnusable
from survey.insight.printed import wrong_text
from survey.organisation import Tree
from survey.pages.forms import Fields, done, posted
from survey.pages.layout import language_for, page
from survey.pages.organisation.import_values import SEPARATOR, UnitNotFound, unit_named
from survey.pages.organisation.pages import HERE, choices, coming_shown
from survey.pages.organisation.values import Shown, foretold
from survey.texts import Voice, sentence

AnyRequest: TypeAlias = Request[Any, Any, Any]
CODE_AT_MOST: Final = 40


class LooksLikeCpr(BadInput):
    sentence = N_("This holds something like a CPR number, which is never stored. Take it out.")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of change: its heading, its button, and how its form becomes a deed."""

    title: str
    button: str
    deed: Callable[[Fields, str, Tree], Deed | None]
    stored: Callable[[str, Coming], dict[str, str | None]]
    also_top: bool = True


def _nothing(_code: str, _now: Coming) -> dict[str, str | None]:
    return {}


def _text(fields: Fields, name: str, most: int, *, required: bool = True) -> str:
    text = " ".join(fields.text(name, most=most, required=required).split())
    if CPR.search(text):
        fields.problems[name] = LooksLikeCpr()
    return text


def _unit(fields: Fields, name: str, tree: Tree) -> str:
    typed = fields.text(name, most=160)
    found = unit_named(typed, tree)
    if typed and found is None and name not in fields.problems:
        fields.problems[name] = UnitNotFound()
    return found or ""


def _rename(fields: Fields, code: str, _: Tree) -> Deed | None:
    name = _text(fields, "name", NAME_AT_MOST)
    return None if fields.problems else organising.renaming(code, name)


def _task(fields: Fields, code: str, tree: Tree) -> Deed | None:
    task = _text(fields, "core_task", TASK_AT_MOST, required=False)
    problem = wrong_text(task, "task", units=[one.name for one in tree.values()])
    if problem is not None:
        fields.problems.setdefault("core_task", problem)
    return None if fields.problems else organising.tasking(code, task or None)


def _move(fields: Fields, code: str, tree: Tree) -> Deed | None:
    parent = _unit(fields, "parent", tree)
    return None if fields.problems else organising.moving(code, parent)


def _merge(fields: Fields, code: str, tree: Tree) -> Deed | None:
    other = _unit(fields, "other", tree)
    if other == code:
        fields.problems["other"] = UnitNotFound()
    return None if fields.problems else organising.merging(code, other)


def _split(fields: Fields, code: str, _: Tree) -> Deed | None:
    new, name = _text(fields, "code", CODE_AT_MOST), _text(fields, "name", NAME_AT_MOST)
    return None if fields.problems else organising.splitting(code, new, name)


def _add(fields: Fields, code: str, _: Tree) -> Deed | None:
    new, name = _text(fields, "code", CODE_AT_MOST), _text(fields, "name", NAME_AT_MOST)
    return None if fields.problems else organising.adding(new, name, code)


def _close(_: Fields, code: str, _tree: Tree) -> Deed | None:
    return organising.closing(code)


def _parent(code: str, now: Coming) -> dict[str, str | None]:
    above = now.after[code].parent
    return {"parent": f"{above}{SEPARATOR}{now.after[above].name}" if above else ""}


KINDS: Final = {
    "rename": Kind(
        N_("A new name"),
        N_("Save the name"),
        _rename,
        lambda code, now: {"name": now.after[code].name},
    ),
    "core-task": Kind(
        N_("The core task"),
        N_("Save the core task"),
        _task,
        lambda code, now: {"core_task": now.after[code].core_task},
    ),
    "move": Kind(N_("Move the unit"), N_("Move the unit"), _move, _parent, also_top=False),
    "merge": Kind(
        N_("Merge with another unit"), N_("Merge the units"), _merge, _nothing, also_top=False
    ),
    "split": Kind(N_("Split the unit"), N_("Split the unit"), _split, _nothing, also_top=False),
    "close": Kind(N_("Close the unit"), N_("Close the unit"), _close, _nothing, also_top=False),
    "add": Kind(N_("A new unit below"), N_("Add the unit"), _add, _nothing),
}


class ChangePages(Controller):
    """A form for each kind of change."""

    path = f"{HERE}/units/{{code:str}}/change/{{kind:str}}"
    guards = (plans,)

    @get("/", name="organisation_change")
    async def form(
        self, request: AnyRequest, code: FromPath[str], kind: FromPath[str]
    ) -> Response[Any]:
        """The form, filled with what is planned already."""
        now = await organising.coming()
        wanted = _kind(kind, code, now)
        fields = Fields.of(now.version(code), **wanted.stored(code, now))
        return await _page(request, now, code, kind, fields)

    @post("/")
    async def change(
        self, request: AnyRequest, code: FromPath[str], kind: FromPath[str]
    ) -> Response[Any]:
        """Show what it would bring, or do it."""
        fields, now = await posted(request), await organising.coming()
        if kind == "close" and code not in now.after:  # sent twice
            return done(HERE, "closed")
        deed = _kind(kind, code, now).deed(fields, code, now.tree)
        if deed is None:
            return await _page(request, now, code, kind, fields, status=422)
        try:
            if fields.value("deed") != "save":
                before, after = await organising.foreseen(deed)
                return await _page(request, before, code, kind, fields, then=after, deed=deed)
            actor: Actor = request.user
            await organising.carry_out(deed, by=actor.account, version=fields.version)
        except KernepulsError as error:
            return await _refused(request, code, kind, fields, error)
        if kind == "close":
            return done(HERE, "closed")
        there = deed.code if kind == "add" else code
        return done(f"{HERE}/units/{quote(there)}", "changed" if now.start else "changed-now")


ROUTES: list[ControllerRouterHandler] = [ChangePages]


def _kind(kind: str, code: str, now: Coming) -> Kind:
    """Raises NotFoundHere for an unknown change and for one that the top cannot have."""
    if kind not in KINDS or code not in now.after:
        raise NotFoundHere
    if now.after[code].parent is None and not KINDS[kind].also_top:
        raise NotFoundHere
    return KINDS[kind]


async def _refused(
    request: AnyRequest, code: str, kind: str, fields: Fields, error: KernepulsError
) -> Response[Any]:
    """The form again with what was typed, and what stood in the way."""
    if isinstance(error, NotFoundHere):
        raise error
    now = await organising.coming()
    if isinstance(error, ChangedMeanwhile):
        fields.keep(Fields.of(now.version(code), **_kind(kind, code, now).stored(code, now)))
    if isinstance(error, (CodeTaken, CodeUnusable)):
        fields.problems["code"] = error
        return await _page(request, now, code, kind, fields, status=422)
    return await _page(request, now, code, kind, fields, status=error.status, error=error)


async def _page(  # noqa: PLR0913 - what the page is made of
    request: AnyRequest,
    now: Coming,
    code: str,
    kind: str,
    fields: Fields,
    *,
    status: int = 200,
    then: Coming | None = None,
    deed: Deed | None = None,
    error: KernepulsError | None = None,
) -> Response[Any]:
    voice, tree = Voice(language_for(request)), now.tree
    wanted = KINDS[kind]
    return page(
        request,
        "pages/staff/organisation_change.html",
        status=status,
        kind=kind,
        title=voice.gettext(wanted.title),
        button=voice.gettext(wanted.button),
        unit=tree[code],
        path=[tree[one] for one in reversed(tree.ancestors(code))],
        fields=fields,
        coming_label=now.at or "",
        is_dated=now.start is not None,
        choices=choices(now) if kind in ("move", "merge") else (),
        problem=sentence(error, voice.language) if error else "",
        foretold=foretold(voice, now, then, deed.of) if then and deed else [],
        notes=await _notes(voice, await coming_shown(now), deed) if deed else [],
        looked=then is not None,
    )


async def _notes(voice: Voice, shown: Shown, deed: Deed) -> list[str]:
    """What else somebody should know before saying yes."""
    found = []
    if deed.joins and (people := shown.staff.get(deed.joins, 0)):
        told = voice.ngettext(
            "%(num)s employee goes with it.", "%(num)s employees go with it.", people
        )
        found.append(told % {"num": voice.number(people)})
    gone = deed.joins or deed.closes
    named = [code for code, units in (await organisation.scopes()).items() if gone in units]
    if named:
        told = voice.gettext(
            "The unit is named in the behaviours %(codes)s. Choose units for them again afterwards."
        )
        found.append(told % {"codes": ", ".join(sorted(named))})
    if deed.what == "split unit":
        found.append(
            voice.gettext("Afterwards, move the employees: with a new staff list, or one by one.")
        )
    return found
