"""The only wiring: which pages there are, what stands before them, what runs beside them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from litestar import Litestar, Router
from litestar.datastructures import State
from litestar.exceptions import HTTPException

from survey import engine, headers, jobs, log, metrics, sessions
from survey.errors import KernepulsError, NotInitialised
from survey.importing import parking
from survey.intake import writer
from survey.pages import (
    accounts,
    answering,
    behaviours,
    front,
    meeting,
    organisation,
    refusals,
    results,
    trials,
    waves,
)
from survey.pages.uploads import MemoryRequest
from survey.sessions import Clock, utc_now
from survey.settings import Settings

ANSWER_BODY = 32 * 1024  # bytes: an answer with its comment is under 8 kB
STAFF_BODY = 64 * 1024
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


def create_app(
    settings: Settings, *, now: Clock = utc_now, counted: metrics.Metrics | None = None
) -> Litestar:
    """The application of one installation; `now` is the clock of sessions and sign-ins.

    `counted`: the counts of a process that has others beside it.
    """
    if not settings.data.is_dir():
        raise NotInitialised(folder=settings.data)
    log.configure()
    respondents = Router(
        "/",
        route_handlers=answering.ROUTES,
        request_max_body_size=ANSWER_BODY,
    )
    staff = Router(
        "/",
        route_handlers=[
            *accounts.ROUTES,
            *behaviours.ROUTES,
            *organisation.ROUTES,
            *results.ROUTES,
            *meeting.ROUTES,
            *trials.ROUTES,
            *waves.ROUTES,
        ],
        middleware=sessions.staff_middleware(settings),
        request_max_body_size=STAFF_BODY,
    )
    return Litestar(
        route_handlers=[*front.ROUTES, respondents, staff],
        lifespan=[running],
        before_send=[headers.add, metrics.count],
        exception_handlers={
            KernepulsError: refusals.refused,
            HTTPException: refusals.http,
            500: refusals.broke,
        },
        request_class=MemoryRequest,
        allowed_hosts=hosts(settings),
        state=told(settings, now=now, counted=counted),
        openapi_config=None,
        logging_config=None,
    )


def told(
    settings: Settings, *, now: Clock = utc_now, counted: metrics.Metrics | None = None
) -> State:
    """All that pages and hooks know of the installation they work for."""
    return State({"settings": settings, "now": now, "metrics": counted or metrics.Metrics()})


@asynccontextmanager
async def running(app: Litestar) -> AsyncIterator[None]:
    """Open the database, write answers until the end, and do the work that nobody asks for."""
    settings, counted = app.state.settings, app.state.metrics
    parking.sweep_now(settings.data)  # what an import left when the server was stopped
    async with (
        engine.opened(settings, server=True),
        writer.running() as intake,
        jobs.nightly(settings),
    ):
        telling = asyncio.create_task(_tell(counted, intake))
        try:
            yield
        finally:
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)


async def _tell(counted: metrics.Metrics, intake: writer.Writer) -> None:
    while True:
        counted.tell(waiting=intake.items.qsize(), batches=intake.sizes)
        await asyncio.sleep(1)


def hosts(settings: Settings) -> list[str]:
    """The exact names a request may ask for: that of the address, and its twins on this machine."""
    told = urlsplit(settings.url)
    if told.hostname not in ("127.0.0.1", "localhost", "::1"):
        return [told.netloc]
    port = f":{told.port}" if told.port else ""
    return [f"{name}{port}" for name in LOOPBACK]
