"""What the server does by itself: each night's count, and clearing up; it can be repeated."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date

import structlog

from survey.actions.approval import clear_prints
from survey.actions.opening import today_here
from survey.delivery.opened import recompute_opened
from survey.settings import Settings
from survey.tables import Wave

BETWEEN = 900  # seconds: the first look after midnight is the night's
LOG = structlog.get_logger()


@asynccontextmanager
async def nightly(settings: Settings) -> AsyncIterator[None]:
    """Run the night's work beside the block; a look that fails is logged and made again."""
    task = asyncio.create_task(_for_ever(settings))
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


async def _for_ever(settings: Settings) -> None:
    while True:
        try:
            await night(settings, today_here())
        except Exception as error:  # noqa: BLE001 - a lost connection must not end the nights
            LOG.warning("night's work failed", error=type(error).__name__)
        await asyncio.sleep(BETWEEN)
