"""Trial actions: the list of one's own part, the card, each step with what it asks for."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath
from litestar.status_codes import HTTP_303_SEE_OTHER
from litestar.types import ControllerRouterHandler

from survey import organisation, texts
from survey.access import tries
from survey.actions import trials
from survey.actions.opening import LOCAL
from survey.actions.trials_card import AT_MOST, card_of
from survey.actions.trials_states import asks, following, gate_questions
from survey.actor import Actor
from survey.errors import N_, BadInput, ChangedMeanwhile, KernepulsError, NotFoundHere, Refused
from survey.organisation import Tree, state_of
from survey.pages.forms import Fields, done, notice, posted
from survey.pages.layout import language_for, page, settings_of
from survey.pages.trials.forms import (
    barrier_codes,
    barrier_name,
    card_fields,
    only_unit,
    period_from,
    problem_of,
    proposed,
    read_card,
    read_step,
    units_for,
)
from survey.pages.trials.meetings import meetings
from survey.pages.trials.views import (
    DEEDS,
    Known,
    Lister,
    candidates,
    card_labels,
    gate_labels,
    known,
    may_open,
    named_in,
    one,
    opened_on,
    trial_view,
)
from survey.texts import Voice, content

SHOWN: Final = 20  # trials of a state on the list; a state's own list has pages of them
SAID: Final = {
    "written": N_("The idea is saved. Fill in the card when you agree on it."),
    "changed": N_("Saved."),
    "moved": N_("Saved. This is where it stands now."),
    "drawn": N_("The lots are drawn."),
}
# The button of a step's form, where the deed of the step is not yet what it keeps.
KEEPS: Final = {
    "learned": N_("Save what you learned"),
    "running": N_("Begin again"),
}
FORM = "pages/staff/trial_form.html"
STEP = "pages/staff/trial_step.html"
LOTS = "pages/staff/trial_lots.html"


class TrialPages(Controller):
    """For those who try: a leadership team, a bridge-builder, a coordinator."""

    path = "/trials"
    guards = (tries,)

    @get("/", name="trials")
    async def index(self, request: Request[Any, Any, Any]) -> Response[str]:
        """The trials of one's own part, by state; or all of one state, a page at a time."""
        actor: Actor = request.user
        found = await known()
        mine = [row for row in found.rows if may_open(actor, found.all_of(row["id"]))]
        state = request.query_params.get("state", "")
        state = state if state in following() else ""
        if state:
            mine = [row for row in mine if state_of(row) == state]
        number = _page_number(request) if state else 0
        lister = await _lister(request, found, mine)
        waiting = [] if state else [row for row in mine if lister.waits(row)]
        return page(
            request,
            "pages/staff/trials.html",
            groups=lister.groups(
                [row for row in mine if row not in waiting], SHOWN, number * SHOWN
            ),
            waiting=[lister.line(row) for row in waiting],
            state=state,
            number=number,
            most=SHOWN,
        )

    @get("/new", name="trial_new")
    async def new(self, request: Request[Any, Any, Any]) -> Response[str]:
        """An empty card, or one begun from a proposal of a release."""
        tree, voice = await organisation.tree(None), Voice(language_for(request))
        query = {"unit": only_unit(request.user), **request.query_params}
        fields = proposed(query, tree, voice, today_of(request))
        return _form(request, tree, fields, state="idea")

    @post("/new", status_code=HTTP_303_SEE_OTHER)
    async def write(self, request: Request[Any, Any, Any]) -> Response[Any]:
        actor: Actor = request.user
        fields, tree = await posted(request), await organisation.tree(None)
        card = read_card(fields, actor, tree, state="idea")
        if fields.problems:
            return _form(request, tree, fields, state="idea", status=422)
        code = await trials.write_trial(
            card, by=actor.account, once=fields.once, today=today_of(request)
        )
        return done(f"/trials/{code}", "written")

    @get("/{trial:str}", name="trial")
    async def show(self, request: Request[Any, Any, Any], trial: FromPath[str]) -> Response[str]:
        return await _shown(request, trial)

    @get("/{trial:str}/edit", name="trial_edit")
    async def edit(self, request: Request[Any, Any, Any], trial: FromPath[str]) -> Response[str]:
        row, found = await one(request.user, trial)
        fields = card_fields(card_of(row, found.owners(row["id"])), row["version"])
        return _form(
            request, await organisation.tree(None), fields, state=state_of(row), code=trial
        )

    @post("/{trial:str}/edit", status_code=HTTP_303_SEE_OTHER)
    async def change(self, request: Request[Any, Any, Any], trial: FromPath[str]) -> Response[Any]:
        actor: Actor = request.user
        row, found = await one(actor, trial)
        fields, tree = await posted(request), await organisation.tree(None)
        state, before = state_of(row), card_of(row, found.owners(row["id"]))
        card = read_card(fields, actor, tree, state=state, before=before)
        if fields.problems:
            return _form(request, tree, fields, state=state, code=trial, status=422)
        try:
            await trials.change_trial(
                trial, card, by=actor.account, version=fields.version, today=today_of(request)
            )
        except ChangedMeanwhile as error:
            fields.keep(card_fields(before, row["version"]))
            return _form(request, tree, fields, state=state, code=trial, error=error)
        except Refused as error:
            return await _shown(request, trial, error=error)
        return done(f"/trials/{trial}", "changed")

    @get("/{trial:str}/to/{to:str}", name="trial_step")
    async def ask(
        self, request: Request[Any, Any, Any], trial: FromPath[str], to: FromPath[str]
    ) -> Response[str]:
        """The form of a step; a step that is not open from here leads back to the trial."""
        row, _ = await one(request.user, trial)
        came_from = state_of(row)
        if to not in following()[came_from]:
            raise NotFoundHere
        fields = Fields.of(row["version"], learned=row["what_we_learned"])
        if "starts" in asks(came_from, to):
            period = period_from(today_of(request), row["weeks"] or 4)
            fields = Fields.of(row["version"], **period)
        return _step(request, row, fields, to)

    @post("/{trial:str}/to/{to:str}", status_code=HTTP_303_SEE_OTHER)
    async def move(
        self, request: Request[Any, Any, Any], trial: FromPath[str], to: FromPath[str]
    ) -> Response[Any]:
        actor: Actor = request.user
        row, found = await one(actor, trial)
        fields, tree = await posted(request), await organisation.tree(None)
        if to not in following():
            raise NotFoundHere
        came_from = state_of(row)
        said = read_step(fields, tree, came_from, to)
        if fields.problems:
            return _step(request, row, fields, to, status=422)
        try:
            await trials.move_trial(
                settings_of(request),
                trial,
                to,
                said=said,
                by=actor.account,
                version=fields.version,
                today=today_of(request),
            )
        except trials.CardNotWhole:
            card = card_of(row, found.owners(row["id"]))
            form = card_fields(card, row["version"])
            form.problems |= {_in_form(name): problem_of(name) for name in card.missing()}
            return _form(request, tree, form, state="agreed", code=trial, status=422)
        except ChangedMeanwhile as error:
            fields.version = row["version"]
            if asks(came_from, to) and to in following()[came_from]:
                return _step(request, row, fields, to, error=error)
            return await _shown(request, trial, error=trials.StepUnknown())
        except (Refused, BadInput) as error:
            return await _shown(request, trial, error=error)
        return done(f"/trials/{trial}", "moved")

    @get("/{trial:str}/lots", name="trial_lots")
    async def lots(self, request: Request[Any, Any, Any], trial: FromPath[str]) -> Response[str]:
        """Which units may begin: chosen here, drawn by the server."""
        row, found = await one(request.user, trial)
        tree = await organisation.tree(None)
        options = candidates(found.owners(row["id"]), tree)
        fields = Fields.of(row["version"], units=options, begin=max(1, len(options) // 2))
        return _lots(request, row, options, tree, fields)

    @post("/{trial:str}/lots", status_code=HTTP_303_SEE_OTHER)
    async def draw(self, request: Request[Any, Any, Any], trial: FromPath[str]) -> Response[Any]:
        actor: Actor = request.user
        row, found = await one(actor, trial)
        tree, fields = await organisation.tree(None), await posted(request)
        options = candidates(found.owners(row["id"]), tree)
        units = fields.choices("units", options)
        begin = fields.whole("begin", least=1, most=max(1, len(options) - 1))
        if not fields.problems:
            try:
                await trials.draw_lots(
                    trial,
                    units,
                    begin=begin or 0,
                    by=actor.account,
                    version=fields.version,
                    today=today_of(request),
                )
            except trials.TooFewForLots as error:
                fields.problems["units"] = error
            except Refused as error:
                return await _shown(request, trial, error=error)
        if fields.problems:
            return _lots(request, row, options, tree, fields, status=422)
        return done(f"/trials/{trial}", "drawn")


ROUTES: list[ControllerRouterHandler] = [TrialPages]


def today_of(request: Request[Any, Any, Any]) -> date:
    """The day it is in Denmark, by the clock of the application."""
    today: date = request.app.state.now().astimezone(LOCAL).date()
    return today


def _page_number(request: Request[Any, Any, Any]) -> int:
    number = request.query_params.get("page", "0")
    return int(number) if number.isascii() and number.isdigit() and len(number) < 5 else 0


async def _lister(
    request: Request[Any, Any, Any], found: Known, rows: Sequence[Mapping[str, Any]]
) -> Lister:
    codes = {code for row in rows for code in found.owners(row["id"])}
    return Lister(
        Voice(language_for(request)),
        found,
        await organisation.unit_names(codes),
        today_of(request),
        await opened_on(),
    )


def _in_form(name: str) -> str:
    return "unit" if name == "owners" else name


async def _shown(
    request: Request[Any, Any, Any], code: str, *, error: KernepulsError | None = None
) -> Response[str]:
    row, found = await one(request.user, code)
    voice = Voice(language_for(request))
    tree = await organisation.tree(None)
    view = await trial_view(
        settings_of(request), row, found, voice=voice, tree=tree, today=today_of(request)
    )
    return page(
        request,
        "pages/staff/trial.html",
        status=error.status if error else 200,
        trial=view,
        fields=Fields(version=row["version"]),
        meetings=meetings(
            settings_of(request),
            request.user,
            found.owners(row["id"])[:AT_MOST],
            named_in(tree),
        ),
        notice=notice(request, voice, SAID),
        error=texts.sentence(error, voice.language) if error else "",
        risk=voice.pick(content("report_language")["risk_line"]),
        gate_title=voice.pick(content("report_language")["practice_shift_gate"]["title"]),
    )


def _form(  # noqa: PLR0913 - the form, its trial, and why it is shown again
    request: Request[Any, Any, Any],
    tree: Tree,
    fields: Fields,
    *,
    state: str,
    code: str = "",
    status: int = 200,
    error: KernepulsError | None = None,
) -> Response[str]:
    voice = Voice(language_for(request))
    return page(
        request,
        FORM,
        status=error.status if error else status,
        fields=fields,
        code=code,
        state=state,
        error=texts.sentence(error, voice.language) if error else "",
        labels=card_labels(voice),
        barriers=[(one, barrier_name(voice, one)) for one in barrier_codes()],
        units=units_for(request.user, tree),
        risk=voice.pick(content("report_language")["risk_line"]),
    )


def _step(  # noqa: PLR0913 - the form of a step, and why it is shown again
    request: Request[Any, Any, Any],
    row: Any,  # noqa: ANN401 - a row of the table
    fields: Fields,
    to: str,
    *,
    status: int = 200,
    error: KernepulsError | None = None,
) -> Response[str]:
    voice = Voice(language_for(request))
    return page(
        request,
        STEP,
        status=error.status if error else status,
        fields=fields,
        code=row["code"],
        name=row["name"][:1].upper() + row["name"][1:],
        to=to,
        deed=voice.gettext(KEEPS.get(to, DEEDS[to])),
        asks=asks(state_of(row), to),
        was=state_of(row),
        gate={name: gate_labels(voice)[name] for name in gate_questions()},
        gate_title=voice.pick(content("report_language")["practice_shift_gate"]["title"]),
        labels=card_labels(voice),
        error=texts.sentence(error, voice.language) if error else "",
    )


def _lots(  # noqa: PLR0913 - the form of a draw, and why it is shown again
    request: Request[Any, Any, Any],
    row: Any,  # noqa: ANN401 - a row of the table
    options: tuple[str, ...],
    tree: Tree,
    fields: Fields,
    *,
    status: int = 200,
) -> Response[str]:
    return page(
        request,
        LOTS,
        status=status,
        fields=fields,
        code=row["code"],
        name=row["name"][:1].upper() + row["name"][1:],
        options=[(code, tree[code].name) for code in options],
    )
