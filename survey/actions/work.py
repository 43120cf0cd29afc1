"""Work on a wave that outlives a request: asked for on a page, done beside it, told by a reload.

Each kind may be repeated, so a run that is killed is made again: what is done is not done twice.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from typing import Any, Final, Literal, TypeAlias

import msgspec
import structlog

from survey import texts
from survey.actions.alone import AnotherRun
from survey.actions.approval import approve_wave
from survey.actions.opening import open_wave
from survey.actions.reminding import remind_wave
from survey.actions.report_mails import send_reports
from survey.actions.reports import make_reports
from survey.actions.waves import close_wave
from survey.engine import transaction
from survey.errors import KernepulsError
from survey.intake.refusals import ClosingNow
from survey.intake.split import Sheet
from survey.settings import Settings
from survey.tables import Job
from survey.texts import LANGUAGES

Kind: TypeAlias = Literal[
    "approve_wave", "open_wave", "remind_wave", "close_wave", "make_reports", "send_reports"
]
Asked: TypeAlias = Mapping[str, Any]  # the arguments of an action but its wave
UNDER_WAY: Final = ("ready", "running", "stopping")
TOLD_EVERY = 1  # seconds between two writings of how far it is
LOG = structlog.get_logger(__name__)
_ASIDE: set[asyncio.Task[None]] = set()  # closes with sheets: an unheld task may be collected


class Order(msgspec.Struct, frozen=True):
    """What a job is to do: kept as the arguments of its row. Never a code, a key or a person."""

    wave: str
    by: int | None
    asked: dict[str, Any] = msgspec.field(default_factory=dict)


class Told(msgspec.Struct):
    """How far a job is, and at its end what an action gave back: kept as the step of its row."""

    done: int = 0
    of: int = 0
    result: dict[str, Any] | None = None


class Moved:
    """Told by a deed how far it is; tells a deed whether somebody wants it to stop."""

    def __init__(self, told: Told) -> None:
        self._told = told
        self.stop = threading.Event()  # a deed may run in a thread of its own

    def __call__(self, done: int, of: int) -> None:
        """So many are done, of how many."""
        self._told.done, self._told.of = done, of


class Work(msgspec.Struct, frozen=True):
    """The newest job of a wave; `problem` by language, "" for an error that is our own fault."""

    kind: str
    state: str
    told: Told
    problem: dict[str, str] | None = None

    @property
    def is_under_way(self) -> bool:
        return self.state in UNDER_WAY


async def ask_for(kind: Kind, *, wave: str, by: int | None, **asked: object) -> None:
    """Let a job wait; while one of the wave is under way a second asks for nothing."""
    async with transaction():
        rows = await _of(wave)
        if any(row["state"] in UNDER_WAY for row in rows):
            return
        if rows:
            await Job.delete().where(Job.id.is_in([row["id"] for row in rows]))
        order = Order(wave=wave, by=by, asked=dict(asked))
        await Job.insert(Job(kind=kind, arguments=msgspec.json.encode(order).decode()))


async def work_of(wave: str) -> Work | None:
    """The newest job of a wave, ended or not."""
    rows = await _of(wave)
    if not rows:
        return None
    row = rows[-1]
    return Work(
        kind=row["kind"],
        state=row["state"],
        told=_told(row["step"]),
        problem=msgspec.json.decode(row["error"], type=dict[str, str]) if row["error"] else None,
    )


async def stop(wave: str) -> None:
    """Let the work of a wave that may be stopped end; what is finished by then is kept."""
    rows = [row["id"] for row in await _of(wave) if row["kind"] in STOPPABLE]
    for before, after in (("ready", "stopped"), ("running", "stopping")):
        if rows:
            await Job.update({Job.state: after}).where((Job.state == before) & Job.id.is_in(rows))


async def take_up(kinds: Collection[str] = ()) -> None:
    """Whatever runs when a process begins its turn was cut short: it is made again."""
    for before, after in (("running", "ready"), ("stopping", "stopped")):
        cut_short = (Job.state == before) & Job.kind.is_in(list(kinds or DEEDS))
        if await Job.exists().where(cut_short):
            await Job.update({Job.state: after}).where(cut_short)


async def do_waiting(settings: Settings, kinds: Collection[str] = ()) -> None:
    """Do the jobs that wait, the oldest first; one that another run is in the way of waits on.

    `kinds`: those only; without any, all.
    """
    rows = (
        await Job.select(Job.id, Job.kind, Job.arguments)
        .where((Job.state == "ready") & Job.kind.is_in(list(kinds or DEEDS)))
        .order_by(Job.id)
    )
    for row in rows:
        await _do(settings, row["id"], row["kind"], row["arguments"])


def close_with_sheets(
    settings: Settings, *, wave: str, by: int | None, sheets: tuple[Sheet, Sheet]
) -> None:
    """Close beside the request with two sheets, which are kept in memory and nowhere else.

    How far it is, and where it stopped, is told by `Closing`, as for every close.
    """

    async def close() -> None:
        with suppress(KernepulsError):
            await close_wave(settings, name=wave, by=by, sheets=sheets)

    task = asyncio.create_task(close())
    _ASIDE.add(task)
    task.add_done_callback(_ASIDE.discard)


async def _do(settings: Settings, job: int, kind: str, arguments: str) -> None:
    order = msgspec.json.decode(arguments, type=Order)
    told = Told()
    moved = Moved(told)
    begun = await Job.update({Job.state: "running", Job.attempts: Job.attempts + 1}).where(
        (Job.id == job) & (Job.state == "ready")
    ).returning(Job.id)  # fmt: skip
    if not begun:  # stopped before it began
        return
    telling = asyncio.create_task(_tell(job, told, moved.stop))
    try:
        told.result = await DEEDS[kind](settings, order, moved)
    except (AnotherRun, ClosingNow):
        await _end(job, "ready", told)
    except KernepulsError as error:
        said = {str(language): texts.sentence(error, language) for language in LANGUAGES}
        await _end(job, "failed", told, said)
    except Exception as error:  # noqa: BLE001 - whatever it is, the page says so and others go on
        LOG.warning("job failed", error=type(error).__name__, kind=kind, wave=order.wave)
        await _end(job, "failed", told, {})
    else:
        is_cut = moved.stop.is_set() and told.done < told.of
        await _end(job, "stopped" if is_cut else "done", told)
    finally:
        moved.stop.set()  # also where this process loses its turn
        telling.cancel()


async def _tell(job: int, told: Told, stop: threading.Event) -> None:
    while True:
        await asyncio.sleep(TOLD_EVERY)
        await Job.update({Job.step: _written(told)}).where(Job.id == job)
        if await Job.exists().where((Job.id == job) & (Job.state == "stopping")):
            stop.set()


async def _end(job: int, state: str, told: Told, problem: dict[str, str] | None = None) -> None:
    error = None if problem is None else msgspec.json.encode(problem).decode()
    await Job.update({Job.state: state, Job.step: _written(told), Job.error: error}).where(
        Job.id == job
    )


async def _approve(settings: Settings, order: Order, moved: Moved) -> None:
    await approve_wave(
        settings,
        name=order.wave,
        med_date=None,
        by=order.by,
        on_sheets=order.asked["on_sheets"],
        again=order.asked["again"],
        progress=moved,
    )


async def _open(settings: Settings, order: Order, moved: Moved) -> dict[str, Any]:
    opened = await open_wave(settings, name=order.wave, by=order.by, progress=moved)
    return {"failed": opened.mails.failed, "put_off": opened.mails.put_off}


async def _remind(settings: Settings, order: Order, _: Moved) -> dict[str, Any]:
    reminded = await remind_wave(settings, name=order.wave, to=order.asked["to"], by=order.by)
    return {
        "to": reminded.to,
        "day": reminded.day.isoformat(),
        "about": reminded.about,
        "is_sent": reminded.is_sent,
        "before": reminded.before,
    }


async def _close(settings: Settings, order: Order, moved: Moved) -> None:
    await close_wave(
        settings,
        name=order.wave,
        by=order.by,
        confirmed_by=order.asked["confirmed_by"],
        progress=moved,
    )


async def _make_reports(settings: Settings, order: Order, moved: Moved) -> None:
    await make_reports(
        settings,
        wave=order.wave,
        language=order.asked["language"],
        by=order.by,
        progress=moved,
        stop=moved.stop,
    )


async def _send_reports(settings: Settings, order: Order, moved: Moved) -> None:
    await send_reports(settings, wave=order.wave, by=order.by, progress=moved)


Deed: TypeAlias = Callable[[Settings, Order, Moved], Awaitable[dict[str, Any] | None]]
DEEDS: Final[Mapping[str, Deed]] = {
    "approve_wave": _approve,
    "open_wave": _open,
    "remind_wave": _remind,
    "close_wave": _close,
    "make_reports": _make_reports,
    "send_reports": _send_reports,
}
STOPPABLE: Final = frozenset(("make_reports",))
# Done beside the others: a few hundred reports take minutes, and nobody's reminder waits for them.
SLOW: Final = frozenset(("make_reports",))
QUICK: Final = frozenset(DEEDS) - SLOW


async def _of(wave: str) -> list[dict[str, Any]]:
    rows = await Job.select().where(Job.kind.is_in(list(DEEDS))).order_by(Job.id)
    return [row for row in rows if msgspec.json.decode(row["arguments"])["wave"] == wave]


def _told(step: str) -> Told:
    return msgspec.json.decode(step, type=Told) if step else Told()


def _written(told: Told) -> str:
    return msgspec.json.encode(told).decode()
