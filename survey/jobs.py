"""What the server does by itself: mails that wait, each night's count, clearing up; repeatable."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime

import structlog

from survey.actions.alone import AnotherRun
from survey.actions.approval import clear_prints
from survey.actions.mailing import send_due
from survey.actions.opening import LOCAL, today_here
from survey.delivery.opened import recompute_opened
from survey.settings import Settings
from survey.tables import Wave

BETWEEN = 900  # seconds: the first look after midnight is the night's
# Seconds: whoever asked for a new code waits this long at most, and their page never does.
BETWEEN_MAILS = 20
LOG = structlog.get_logger()


@asynccontextmanager
async def nightly(settings: Settings) -> AsyncIterator[None]:
    """Run the night's work and send mails beside the block; what fails is logged and done again."""
    tasks = [asyncio.create_task(work(settings)) for work in (_for_ever, _mails_for_ever)]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def night(settings: Settings, today: date) -> None:
    """Count who has opened, for each wave that opened before today; clear what a close left.

    A wave's first count is the night after it opens: on its first day a count would be of hours.
    """
    for wave in await Wave.select(Wave.name, Wave.state, Wave.opens).order_by(Wave.name):
        if wave["state"] == "open" and wave["opens"] < today:
            await recompute_opened(wave["name"], today)
        elif wave["state"] in ("released", "held"):
            clear_prints(settings, wave["name"])


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
