"""The behaviours: what there is, and a form in which the linter answers; it never scolds."""

from typing import Any, Final, TypeAlias

from litestar import Controller, Request, Response, get, post
from litestar.enums import MediaType
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from survey import organisation, texts
from survey.access import plans
from survey.actions import behaviours
from survey.actions.behaviours import WaveUnderWay
from survey.actor import Actor
from survey.errors import N_, ChangedMeanwhile, KernepulsError, Refused
from survey.organisation import Tree, grow
from survey.pages import unit_picker
from survey.pages.behaviours.values import (
    NO_FIELD,
    collisions,
    example,
    examples,
    judged,
    lines,
    read,
    stored_fields,
)
from survey.pages.forms import Fields, done, notice, posted
from survey.pages.layout import language_for, page
from survey.texts import Voice

AnyRequest: TypeAlias = Request[Any, Any, Any]
LIST, FORM = "pages/staff/behaviours.html", "pages/staff/behaviour_form.html"
CHECK: Final = "pages/staff/behaviour_check.html"
A_PAGE: Final = 20
SAID: Final = {
    "saved": N_("The behaviour is saved. The next wave can ask about it."),
    "successor": N_(
        "The new words are saved as a behaviour of their own. The old one is out of use, and its "
        "results stay."
    ),
    "retired": N_("The behaviour is out of use. Its results stay, and you can bring it back."),
    "back": N_("The behaviour is in use again."),
}


class BehavioursPages(Controller):
    """For those who prepare waves."""

    path = "/behaviours"
    guards = (plans,)

    @get("/", name="behaviours")
    async def index(self, request: AnyRequest) -> Response[str]:
        """Every behaviour, and the twelve examples; where there is none, the examples first."""
        return await _list(request)

    @get("/new", name="behaviour_new")
    async def new(self, request: AnyRequest) -> Response[str]:
        """An empty form, or one begun from an example."""
        return await _form(request, example(request.query_params.get("example", "")))

    @post("/new")
    async def write(self, request: AnyRequest) -> Response[Any]:
        fields, tree = await posted(request), await _tree()
        if _only_looks(fields):
            return await _form(request, fields)
        written = read(fields, tree)
        if fields.problems:
            return await _form(request, fields)
        actor: Actor = request.user
        await behaviours.write(written, by=actor.account, once=fields.once)
        return done("/behaviours", "saved")

    @post("/check", status_code=200)
    async def check(self, request: AnyRequest) -> Response[str]:
        """What the linter says while somebody types: a piece of the form's page."""
        language = language_for(request)
        context = {"check": judged(Voice(language), await posted(request))}
        html = texts.render(CHECK, language, context)
        return Response(html, media_type=MediaType.HTML)

    @get("/{behaviour:str}", name="behaviour")
    async def show(self, request: AnyRequest, behaviour: FromPath[str]) -> Response[str]:
        found = await behaviours.stored(behaviour)
        return await _form(request, stored_fields(found), found)

    @post("/{behaviour:str}")
    async def rewrite(self, request: AnyRequest, behaviour: FromPath[str]) -> Response[Any]:
        found = await behaviours.stored(behaviour)
        fields, tree = await posted(request), await _tree()
        if _only_looks(fields):
            return await _form(request, fields, found)
        written = read(fields, tree)
        if fields.problems:
            return await _form(request, fields, found)
        actor: Actor = request.user
        try:
            code = await behaviours.rewrite(
                behaviour, written, by=actor.account, version=fields.version, once=fields.once
            )
        except ChangedMeanwhile as error:
            fields.keep(stored_fields(found))
            return await _form(request, fields, found, error)
        except WaveUnderWay as error:
            fields.problems["units"] = error
            return await _form(request, fields, found)
        return done("/behaviours", "saved" if code == behaviour else "successor")

    @post("/{behaviour:str}/retire")
    async def retire(self, request: AnyRequest, behaviour: FromPath[str]) -> Response[Any]:
        return await _used(request, behaviour, is_back=False)

    @post("/{behaviour:str}/bring-back")
    async def bring_back(self, request: AnyRequest, behaviour: FromPath[str]) -> Response[Any]:
        return await _used(request, behaviour, is_back=True)


ROUTES: list[ControllerRouterHandler] = [BehavioursPages]


async def _used(request: AnyRequest, code: str, *, is_back: bool) -> Response[Any]:
    fields, actor = await posted(request), request.user
    act = behaviours.bring_back if is_back else behaviours.retire
    try:
        await act(code, by=actor.account, version=fields.version)
    except (ChangedMeanwhile, Refused) as error:
        return await _list(request, error)
    return done("/behaviours", "back" if is_back else "retired")


def _only_looks(fields: Fields) -> bool:
    """Whether the form came back to be looked at: for its units, or for what the linter says."""
    return unit_picker.is_asking(fields) or fields.value("deed") == "check"


async def _tree() -> Tree:
    """The tree of today; empty before the first import."""
    return grow(one for one in await organisation.versions() if one.holds(None))


async def _list(request: AnyRequest, error: KernepulsError | None = None) -> Response[str]:
    voice, tree, found = Voice(language_for(request)), await _tree(), await behaviours.every()
    asked = request.query_params.get("page", "1")
    pages = max(1, -(-len(found) // A_PAGE))
    at = min(int(asked), pages) if asked.isdecimal() and int(asked) else 1
    return page(
        request,
        LIST,
        status=error.status if error else 200,
        behaviours=lines(voice, found[(at - 1) * A_PAGE : at * A_PAGE], tree),
        at=at,
        pages=pages,
        examples=examples(voice),
        notice=notice(request, voice, SAID),
        error=texts.sentence(error, voice.language) if error else "",
    )


async def _form(
    request: AnyRequest,
    fields: Fields,
    found: behaviours.Stored | None = None,
    error: KernepulsError | None = None,
) -> Response[str]:
    voice, tree = Voice(language_for(request)), await _tree()
    content = texts.content("behaviours")
    others = [one for one in await behaviours.every() if found is None or one.id != found.id]
    return page(
        request,
        FORM,
        status=error.status if error else 422 if fields.problems else 200,
        fields=fields,
        found=found,
        check=judged(voice, fields),
        picker=unit_picker.picker(tree, fields) if tree else None,
        collisions=collisions(voice, unit_picker.chosen(tree, fields), others, tree),
        self_checks=[(one["id"], voice.pick(one)) for one in content["self_checks"]],
        mould=content["mould"],
        no_field=NO_FIELD,
        error=texts.sentence(error, voice.language) if error else "",
    )
