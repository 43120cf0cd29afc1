"""The library: what was tried and learned anywhere in the organisation, without a number in it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from litestar import Controller, Request, Response, get
from litestar.types import ControllerRouterHandler

from survey import insight, organisation
from survey.access import tries
from survey.actions.trials_states import state_name
from survey.organisation import has_run, state_of
from survey.pages.forms import Fields, plain
from survey.pages.guarded import guarded
from survey.pages.layout import language_for, page
from survey.pages.trials.forms import NAME, barrier_codes, barrier_name
from survey.pages.trials.views import Known, known, mark, may_open, names
from survey.tables import Behaviour
from survey.texts import Voice

SHOWN: Final = 20
SEARCHED: Final = (
    *("name", "scope", "target_group", "learning_question", "citizen_gain", "what_we_learned"),
    "stop_doing",
)


@dataclass(frozen=True, slots=True)
class Lesson:
    """A trial that taught something; `address` is empty where the reader may not open it."""

    name: str
    address: str
    state: str
    mark: str
    where: str
    barrier: str
    tried: str
    question: str
    learned: str


class LearnedPages(Controller):
    """For everybody who tries: learning is shared, whatever part of the tree it comes from."""

    path = "/learned"
    guards = (tries,)

    @get("/", name="learned")
    async def index(self, request: Request[Any, Any, Any]) -> Response[str]:
        """What was learned, newest first; barrier, behaviour and words stand in the address."""
        language = language_for(request)
        voice, found = Voice(language), await known()
        query: dict[str, Any] = {
            name: plain(request.query_params.get(name, ""))[:NAME]
            for name in ("barrier", "behaviour", "words")
        }
        asked: Mapping[str, str] = {}
        if query["behaviour"]:  # only then the whole tree is needed
            asked = await organisation.behaviours_of(await organisation.tree(None))
        codes = {
            row["id"]: row["code"] for row in await Behaviour.select(Behaviour.id, Behaviour.code)
        }

        def fits(row: Mapping[str, Any]) -> bool:
            about = (
                {codes.get(row["behaviour"], "")}
                if row["behaviour"]
                else {
                    asked.get(unit, "") for unit in found.of(row["id"], "owner", "tried", "added")
                }
            )
            return (
                bool(row["what_we_learned"])
                and has_run(row)
                and query["barrier"] in ("", row["barrier"])
                and (not query["behaviour"] or query["behaviour"] in about)
                and _holds(row, query["words"].casefold().split())
            )

        lessons = [row for row in found.rows if fits(row)]
        number = request.query_params.get("page", "0")
        at = int(number) if number.isascii() and number.isdigit() and len(number) < 5 else 0
        shown = lessons[at * SHOWN : (at + 1) * SHOWN]
        texts = await insight.behaviour_texts(language)
        owners = {code for row in shown for code in found.owners(row["id"])}
        named = await organisation.unit_names(owners)
        made = page(
            request,
            "pages/staff/learned.html",
            fields=Fields.of(**query),
            lessons=[_lesson(request, voice, row, found, named) for row in shown],
            many=len(lessons),
            is_filtered=any(query.values()),
            newer=_address(query, at - 1) if at else "",
            older=_address(query, at + 1) if len(lessons) > (at + 1) * SHOWN else "",
            barriers=[(code, barrier_name(voice, code)) for code in barrier_codes()],
            behaviours=sorted(texts.items()),
        )
        return guarded(request, made, names=named.values(), is_ours=False)


ROUTES: list[ControllerRouterHandler] = [LearnedPages]


def _address(query: Mapping[str, str], number: int) -> str:
    given = {name: value for name, value in query.items() if value}
    return f"/learned?{urlencode({**given, 'page': number})}"


def _holds(row: Mapping[str, Any], words: Iterable[str]) -> bool:
    """Whether every word stands somewhere on the card."""
    text = " ".join(str(row[name] or "") for name in SEARCHED).casefold()
    return all(word in text for word in words)


def _lesson(
    request: Request[Any, Any, Any],
    voice: Voice,
    row: Mapping[str, Any],
    found: Known,
    named: Mapping[str, str],
) -> Lesson:
    may = may_open(request.user, found.all_of(row["id"]))
    return Lesson(
        name=row["name"][:1].upper() + row["name"][1:],
        address=f"/trials/{row['code']}" if may else "",
        state=state_name(voice, state_of(row)),
        mark=mark(voice, row),
        where=names(voice, found.owners(row["id"]), named),
        barrier=barrier_name(voice, row["barrier"]),
        tried=row["scope"] or "",
        question=row["learning_question"] or "",
        learned=row["what_we_learned"],
    )
