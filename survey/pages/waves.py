"""The waves: where each stands, what to do next, and the share that has opened the form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from litestar import Controller, Request, Response, get
from litestar.types import ControllerRouterHandler

from survey import insight, organisation
from survey.access import Actor, reads_waves
from survey.actions.lost_link import told_too_late
from survey.organisation import Tree
from survey.pages.answer import KIOSK
from survey.pages.layout import language_for, page, settings_of
from survey.tables import Closing, Invited, OpenedShare, WaveBehaviour
from survey.tables import Wave as WaveRow
from survey.texts import Voice, content


@dataclass(frozen=True, slots=True)
class Opened:
    """A part or a centre and the share that has opened the form there, in steps of 5 %."""

    name: str
    indent: int
    per_cent: int
    text: str


@dataclass(frozen=True, slots=True)
class Step:
    """What to do next: a sentence, and the command or the page that does it."""

    text: str
    command: str = ""
    address: str = ""
    deed: str = ""


@dataclass(frozen=True, slots=True)
class WaveView:
    """One wave as its coordinator sees it; `opened_on` is the day the shares were counted."""

    name: str
    state: str
    state_text: str
    opens: date
    closes: date
    med_date: date | None
    invited: int
    behaviours: int
    next: Step
    opened: tuple[Opened, ...]
    opened_on: date | None
    is_open: bool
    asked_too_late: str | None  # for a lost link: about how many, after the close


class WavesPages(Controller):
    """The waves, for those who plan them or approve how they are set up."""

    path = "/waves"
    guards = (reads_waves,)

    @get("/", name="waves")
    async def show(self, request: Request[Any, Any, Any]) -> Response[str]:
        """Every wave, newest first."""
        actor: Actor = request.user
        voice = Voice(language_for(request))
        released = insight.waves_with_release(settings_of(request))
        rows = await WaveRow.select().order_by(WaveRow.name, ascending=False)
        may_plan = actor.may_read_opened_share
        views = [await _view(voice, row, released, with_opened=may_plan) for row in rows]
        return page(
            request,
            "pages/staff/waves.html",
            waves=views,
            may_plan=may_plan,
            tablet=f"{settings_of(request).url}{KIOSK}",
            has_units=bool(await organisation.tree(None)),
        )


ROUTES: list[ControllerRouterHandler] = [WavesPages]


async def _view(
    voice: Voice, row: Mapping[str, Any], released: Sequence[str], *, with_opened: bool
) -> WaveView:
    wave: int = row["id"]
    closing = await Closing.select(Closing.refusal).where(Closing.wave == wave).first()
    tree = await organisation.tree(row["name"])
    too_late = told_too_late(WaveRow(**row))
    opened = await _opened(wave) if with_opened and row["state"] == "open" else []
    return WaveView(
        name=row["name"],
        state=row["state"],
        state_text=state_text(voice, row["state"]),
        opens=row["opens"],
        closes=row["closes"],
        med_date=row["med_date"],
        invited=sum(
            one["n"] for one in await Invited.select(Invited.n).where(Invited.wave == wave)
        ),
        behaviours=await WaveBehaviour.count().where(WaveBehaviour.wave == wave),
        next=_next(
            voice,
            row,
            refusal=closing["refusal"] if closing else None,
            is_released=row["name"] in released,
            root=tree.root.code if tree else "",
        ),
        opened=_rows(voice, tree, opened),
        opened_on=max((one["day"] for one in opened), default=None),
        is_open=row["state"] == "open",
        asked_too_late=voice.number(too_late) if too_late and with_opened else None,
    )


async def _opened(wave: int) -> list[dict[str, Any]]:
    return await OpenedShare.select(OpenedShare.unit, OpenedShare.per_cent, OpenedShare.day).where(
        OpenedShare.wave == wave
    )


def _rows(voice: Voice, tree: Tree, opened: Sequence[Mapping[str, Any]]) -> tuple[Opened, ...]:
    """The shares in the order of the organisation: never by size."""
    shares = {one["unit"]: one["per_cent"] for one in opened}
    return tuple(
        Opened(node.name, max(node.depth - 1, 0), shares[node.id], voice.percent(shares[node.id]))
        for node in tree.values()
        if node.id in shares
    )


def state_text(voice: Voice, state: str) -> str:
    """A wave's state as people say it; an unknown one as it is stored."""
    return {
        "draft": voice.gettext("Planned"),
        "approved": voice.gettext("Approved"),
        "open": voice.gettext("Open"),
        "closing": voice.gettext("Closing"),
        "released": voice.gettext("Released"),
        "held": voice.gettext("Held back"),
    }.get(state, state)


def _next(
    voice: Voice, row: Mapping[str, Any], *, refusal: str | None, is_released: bool, root: str
) -> Step:
    name = row["name"]
    match row["state"]:
        case "draft":
            return Step(
                voice.gettext(
                    "The works committee discusses the wave. Then write the date; that makes the "
                    "keys, the codes and the cards."
                ),
                command=f"kernepuls wave approve {name} --med-date {voice.gettext('YYYY-MM-DD')}",
            )
        case "approved":
            return _approved(voice, name, sheets_tried=row["key_sheets"] != "made")
        case "open":
            return Step(
                voice.gettext(
                    "People answer now. Nobody can see an answer before the wave is closed."
                ),
                command=f"kernepuls wave close {name}",
            )
        case "closing":
            return _closing(voice, name, refusal)
        case "released" if is_released:
            return Step(
                voice.gettext("The result is released. It never changes."),
                address=f"/waves/{name}/units/{root}",
                deed=voice.gettext("See the result"),
            )
        case _:
            staff = content("messages")["errors"]["staff"]
            return Step(voice.pick(staff["release_blocked"]).format(value=refusal or "–"))


def _approved(voice: Voice, wave: str, *, sheets_tried: bool) -> Step:
    if not sheets_tried:
        return Step(
            voice.gettext(
                "Print the three key sheets, and try them before the wave opens. That also "
                "removes them from the server."
            ),
            command=f"kernepuls wave drill {wave}",
        )
    return Step(
        voice.gettext("Print the cards. Open the wave on its first day: that sends the mail."),
        command=f"kernepuls wave open {wave}",
    )


def _closing(voice: Voice, wave: str, stopped_at: str | None) -> Step:
    """`stopped_at`: the kind of the error a close stopped at; None while it goes on."""
    if stopped_at is None:
        return Step(
            voice.gettext(
                "The answers are being opened together. It goes on by itself, also after a restart."
            )
        )
    return Step(
        voice.gettext(
            "The close has stopped (%(error)s). Nothing is lost, and no number is shown. "
            "The command says why, and goes on once that is put right."
        )
        % {"error": stopped_at},
        command=f"kernepuls wave close {wave}",
    )
