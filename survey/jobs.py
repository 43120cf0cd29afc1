"""What the server does by itself: a close that was cut short, mails that wait, each night's count.

Of several processes on one database one does it, the one whose turn it is; when that one dies,
another goes on within seconds. All of it can be repeated.
"""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from functools import partial

import structlog

from survey import limits
from survey.actions import work
from survey.actions.alone import AnotherRun
from survey.actions.approval import clear_prints
from survey.actions.mailing import send_due
from survey.actions.opening import LOCAL, today_here
from survey.delivery.opened import recompute_opened
from survey.engine import current
from survey.engine.postgres import Postgres
from survey.intake import closing
from survey.settings import Settings
from survey.tables import Wave

BETWEEN = 900  # seconds: the first look after midnight is the night's
# Seconds: whoever asked for a new code waits this long at most, and their page never does.
BETWEEN_MAILS = 20
BETWEEN_JOBS = 1  # seconds: somebody looks at a page and waits for it to begin
BETWEEN_TURNS = 2  # seconds until a process asks again whether the work has become its own
LOG = structlog.get_logger()


@asynccontextmanager
async def nightly(settings: Settings) -> AsyncIterator[None]:
    """Do the work beside the block, in turn; what fails is logged and done again."""
    task = asyncio.create_task(_in_turn(settings))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def night(settings: Settings, today: date) -> None:
    """Count who has opened, for each wave that opened before today; clear what a close left.

    A wave's first count is the night after it opens: on its first day a count would be of hours.
    """
    for wave in await Wave.select(Wave.name, Wave.state, Wave.opens).order_by(Wave.name):
        if wave["state"] == "open" and wave["opens"] < today:
            await recompute_opened(wave["name"], today)
        elif wave["state"] in ("released", "held"):
            clear_prints(settings, wave["name"])


async def _in_turn(settings: Settings) -> None:
    while True:
        try:
            async with _turn() as lost:
                if lost is not None:
                    await _work_until(lost, settings)
        except Exception as error:  # noqa: BLE001 - a database that is away comes back
            LOG.warning("jobs wait", error=type(error).__name__)
        await asyncio.sleep(BETWEEN_TURNS)


@asynccontextmanager
async def _turn() -> AsyncIterator[asyncio.Event | None]:
    """As `Postgres.turn`; SQLite has one server process, whose turn it always is."""
    store = current()
    if isinstance(store, Postgres):
        async with store.turn() as lost:
            yield lost
    else:
        yield asyncio.Event()


async def _work_until(lost: asyncio.Event, settings: Settings) -> None:
    """Everything at once, beside the pages: a close takes a while, and killing it loses nothing."""
    quick, slow = (partial(_jobs_for_ever, kinds) for kinds in (work.QUICK, work.SLOW))
    all_of_it = (closing.resume, _for_ever, _mails_for_ever, quick, slow, _forgetting)
    tasks = [asyncio.create_task(one(settings)) for one in all_of_it]
    try:
        await lost.wait()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _for_ever(settings: Settings) -> None:
    while True:
        try:
            await night(settings, today_here())
        except Exception as error:  # noqa: BLE001 - a lost connection must not end the nights
            LOG.warning("night's work failed", error=type(error).__name__)
        await asyncio.sleep(BETWEEN)


async def _mails_for_ever(settings: Settings) -> None:
    pause = BETWEEN_MAILS
    while True:
        await asyncio.sleep(pause)
        pause = BETWEEN_MAILS
        try:
            await send_due(settings, datetime.now(LOCAL))
        except AnotherRun:
            continue
        except Exception as error:  # noqa: BLE001 - a mail server that is away comes back
            LOG.warning("mails wait", error=type(error).__name__)
            pause = BETWEEN


async def _jobs_for_ever(kinds: Collection[str], settings: Settings) -> None:
    """What somebody asked for on a page; a job that fails says so there."""
    begun = False
    while True:
        try:
            if not begun:
                await work.take_up(kinds)
                begun = True
            await work.do_waiting(settings, kinds)
        except Exception as error:  # noqa: BLE001 - as above
            LOG.warning("jobs wait", error=type(error).__name__)
        await asyncio.sleep(BETWEEN_JOBS)


async def _forgetting(_: Settings) -> None:
    while True:
        try:
            await limits.forget_old(datetime.now(UTC))
        except Exception as error:  # noqa: BLE001 - as above
            LOG.warning("tries stay", error=type(error).__name__)
        await asyncio.sleep(BETWEEN_MAILS)
