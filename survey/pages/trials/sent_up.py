"""What is sent up: the cards of one's own part, a new one, and the answer of those who got it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath
from litestar.status_codes import HTTP_303_SEE_OTHER
from litestar.types import ControllerRouterHandler

from survey import house, organisation, texts
from survey.access import tries
from survey.actions import sent_up
from survey.actions.sent_up import LEVELS, Letter, may_answer
from survey.actor import Actor
from survey.errors import N_, BadInput, ChangedMeanwhile, KernepulsError, NotFoundHere, Refused
from survey.insight.passed_on import card_told, codes_of, told, units_of_cards
from survey.organisation import Tree
from survey.pages.forms import FieldEmpty, Fields, done, notice, posted
from survey.pages.layout import language_for, page, settings_of
from survey.pages.trials.forms import (
    TEXT,
    NotYours,
    barrier_codes,
    barrier_name,
    only_unit,
    unit_in,
    units_for,
)
from survey.pages.trials.meetings import meetings
from survey.pages.trials.pages import today_of
from survey.pages.trials.views import Labelled, known, may_open, names, short_label
from survey.tables import Escalation
from survey.texts import Voice, content

FORM, CARD = "pages/staff/sent_up_form.html", "pages/staff/sent_up_card.html"
FIELDS: Final = ("experience", "citizen", "tried", "ask")
SHOWN: Final = 50
SAID: Final = {
    "sent": N_("It is sent. The answer comes here, and in the next report."),
    "answered": N_("Your answer is saved. It is printed in the next report."),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A card in a list, and where it stands; `late` where no answer came in time."""

    code: str
    ask: str
    where: str
    barrier: str
    stands: str
    late: bool


@dataclass(frozen=True, slots=True)
class CardView:
    code: str
    ask: str
    stands: str
    late: bool
    version: int
    fields: tuple[Labelled, ...]
    may_answer: bool


class SentUpPages(Controller):
    """For those who try, and for those who can remove what stands in the way."""

    path = "/sent-up"
    guards = (tries,)

    @get("/", name="sent_up")
    async def index(self, request: Request[Any, Any, Any]) -> Response[str]:
        """What waits for an answer of one's own first; then what one's own part has sent."""
        actor: Actor = request.user
        voice, units = Voice(language_for(request)), await units_of_cards()
        named = await organisation.unit_names(codes_of(units))
        rows = await Escalation.select().order_by(Escalation.id, ascending=False)
        mine = [row for row in rows if _may_see(actor, units[row["id"]])]
        waiting = [
            row
            for row in mine
            if not row["answer"] and may_answer(actor, row["level"], _to(units[row["id"]]))
        ]
        today = today_of(request)

        def lines(some: Iterable[Mapping[str, Any]]) -> list[Line]:
            return [_line(voice, row, units[row["id"]], named, today) for row in some]

        others = [row for row in mine if row not in waiting]
        return page(
            request,
            "pages/staff/sent_up.html",
            waiting=lines(waiting[:SHOWN]),
            open=lines([row for row in others if not row["answer"]][:SHOWN]),
            answered=lines([row for row in others if row["answer"]][:SHOWN]),
        )

    @get("/new", name="sent_up_new")
    async def new(self, request: Request[Any, Any, Any]) -> Response[str]:
        """An empty card; from a trial its barrier and what was tried are there already."""
        tree = await _tree()
        weeks = house.organisation(settings_of(request)).escalation_answer_weeks
        values: dict[str, Any] = {"answer_by": today_of(request) + timedelta(weeks=weeks)}
        query = request.query_params
        trial = await _trial(request.user, query.get("trial", ""))
        if trial is not None:
            row, owners = trial
            tried = row["what_we_learned"] or row["scope"] or row["name"]
            values |= {"trial": row["code"], "barrier": row["barrier"], "tried": tried}
            values |= {"unit": next(iter(owners), "")}
        else:
            unit = query.get("unit", "")
            values |= {"unit": unit if unit in tree else only_unit(request.user)}
            values |= {"barrier": query.get("barrier", ""), "level": query.get("level", "")}
        return await _form(request, tree, Fields.of(**values))

    @post("/new", status_code=HTTP_303_SEE_OTHER)
    async def send(self, request: Request[Any, Any, Any]) -> Response[Any]:
        actor: Actor = request.user
        fields, tree = await posted(request), await _tree()
        letter = await _letter(fields, actor, tree, today_of(request))
        if fields.problems:
            return await _form(request, tree, fields, status=422)
        code = await sent_up.send_up(
            letter, tree, by=actor.account, once=fields.once, today=today_of(request)
        )
        return done(f"/sent-up/{code}", "sent")

    @get("/{card:str}", name="sent_up_card")
    async def show(self, request: Request[Any, Any, Any], card: FromPath[str]) -> Response[str]:
        row, units = await _one(request.user, card)
        return await _card(request, row, units, Fields(version=row["version"]))

    @post("/{card:str}", status_code=HTTP_303_SEE_OTHER)
    async def answer(self, request: Request[Any, Any, Any], card: FromPath[str]) -> Response[Any]:
        actor: Actor = request.user
        row, units = await _one(actor, card)
        if not may_answer(actor, row["level"], _to(units)):
            raise NotFoundHere
        fields = await posted(request)
        chosen = fields.choice("answer", sent_up.answers())
        text = fields.text("text", most=TEXT, required=chosen in sent_up.WITH_TEXT)
        if isinstance(fields.problems.get("text"), FieldEmpty):
            fields.problems["text"] = sent_up.AnswerUnfinished()
        if fields.problems:
            return await _card(request, row, units, fields, status=422)
        try:
            await sent_up.answer(
                card,
                chosen,
                text,
                by=actor.account,
                version=fields.version,
                today=today_of(request),
            )
        except BadInput as error:
            fields.problems["text"] = error
            return await _card(request, row, units, fields, status=422)
        except (ChangedMeanwhile, Refused) as error:
            return await _card(request, row, units, fields, error=error)
        return done(f"/sent-up/{card}", "answered")


ROUTES: list[ControllerRouterHandler] = [SentUpPages]


async def _tree() -> Tree:
    return await organisation.tree(None)


def _to(units: Mapping[str, Sequence[str]]) -> Sequence[str]:
    return units.get("receiver", ())


def _may_see(actor: Actor, units: Mapping[str, Sequence[str]]) -> bool:
    return may_open(actor, [code for some in units.values() for code in some])


async def _one(actor: Actor, code: str) -> tuple[Mapping[str, Any], Mapping[str, Sequence[str]]]:
    """A card its reader may see; raises NotFoundHere for any other."""
    row = await sent_up.stored(code)
    units = (await units_of_cards())[row["id"]]
    if not _may_see(actor, units):
        raise NotFoundHere
    return row, units


async def _trial(actor: Actor, code: str) -> tuple[Mapping[str, Any], tuple[str, ...]] | None:
    """A trial the actor may open, and its owners: the units that send a card up together."""
    found = await known() if code else None
    for row in found.rows if found else ():
        if row["code"] == code and found and may_open(actor, found.all_of(row["id"])):
            return row, found.owners(row["id"])[:2]
    return None


async def _letter(fields: Fields, actor: Actor, tree: Tree, today: date) -> Letter:
    """The card that was typed, with a problem noted for each field that cannot be sent."""
    unit = unit_in(fields, "unit", tree)
    if unit and actor.role.has_units and unit not in actor.own:
        fields.problems["unit"] = NotYours()
    trial = await _trial(actor, fields.value("trial"))
    together = trial[1] if trial is not None and unit in trial[1] else ()
    level = fields.choice("level", LEVELS)
    letter = Letter(
        senders=tuple(dict.fromkeys(code for code in (unit, *together) if code in tree)),
        level=level,
        other=unit_in(fields, "other", tree, required=False) if level == "two_units" else "",
        barrier=fields.choice("barrier", barrier_codes(), required=False),
        experience=fields.text("experience", most=TEXT),
        citizen=fields.text("citizen", most=TEXT),
        tried=fields.text("tried", most=TEXT),
        ask=fields.text("ask", most=TEXT),
        answer_by=fields.day("answer_by"),
    )
    for name, problem in letter.problems(tree, today).items():
        fields.problems.setdefault(name, problem)
    return letter


# --- what is shown -------------------------------------------------------------------------------


def _line(
    voice: Voice,
    row: Mapping[str, Any],
    units: Mapping[str, Sequence[str]],
    named: Mapping[str, str],
    today: date,
) -> Line:
    return Line(
        code=row["code"],
        ask=row["ask"],
        where=names(voice, units.get("sender", ()), named),
        barrier=barrier_name(voice, row["barrier"]),
        stands=told(voice, card_told(voice, row, units, named, on=today)),
        late=not row["answer"] and row["answer_by"] < today,
    )


async def _card(  # noqa: PLR0913 - a card, its reader's form, and why it is shown again
    request: Request[Any, Any, Any],
    row: Mapping[str, Any],
    units: Mapping[str, Sequence[str]],
    fields: Fields,
    *,
    status: int = 200,
    error: KernepulsError | None = None,
) -> Response[str]:
    voice, today = Voice(language_for(request)), today_of(request)
    named = await organisation.unit_names([code for some in units.values() for code in some])
    card = content("report_language")["escalation_card"]
    labels = {one["id"]: short_label(voice.pick(one)) for one in card["fields"]}
    shown = [Labelled(voice.gettext("From"), names(voice, units.get("sender", ()), named))]
    if row["barrier"]:
        shown.append(Labelled(voice.gettext("Barrier"), barrier_name(voice, row["barrier"])))
    shown += [Labelled(labels[name], row[name]) for name in FIELDS]
    shown.append(Labelled(labels["by"], voice.full_date(row["answer_by"])))
    may = not row["answer"] and may_answer(request.user, row["level"], _to(units))
    return page(
        request,
        CARD,
        status=error.status if error else status,
        card=CardView(
            row["code"],
            row["ask"],
            told(voice, card_told(voice, row, units, named, on=today)),
            not row["answer"] and row["answer_by"] < today,
            row["version"],
            tuple(shown),
            may,
        ),
        meetings=meetings(settings_of(request), request.user, units.get("sender", ()), named),
        fields=fields,
        options=[(one["key"], voice.pick(one)) for one in card["answer_options"]],
        notice=notice(request, voice, SAID),
        error=texts.sentence(error, voice.language) if error else "",
    )


async def _form(
    request: Request[Any, Any, Any], tree: Tree, fields: Fields, *, status: int = 200
) -> Response[str]:
    voice = Voice(language_for(request))
    card = content("report_language")["escalation_card"]
    levels = content("barriers")["levels"]
    own = {
        "parent": voice.gettext("The unit above us"),
        "two_units": voice.gettext("Another unit that we share the task with"),
    }
    return page(
        request,
        FORM,
        status=status,
        fields=fields,
        title=voice.pick(card["title"]),
        labels={one["id"]: voice.pick(one) for one in card["fields"]},
        levels=[(one, own.get(one) or voice.pick(levels[one])) for one in LEVELS],
        barriers=[(one, barrier_name(voice, one)) for one in barrier_codes()],
        units=units_for(request.user, tree),
    )
