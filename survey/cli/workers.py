"""Several server processes behind one port: each is watched, started again, ended with the others.

They are spawned, never forked: Polars has threads that do not survive a fork. The socket is opened
once and handed to all of them, so a visitor comes to whichever process is free.
"""

import gc
import multiprocessing
import os
import secrets
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any

import structlog
import uvicorn

from survey import limits, log, sessions
from survey.cli import letting
from survey.settings import Settings
from survey.slots import Slots

SPAWN = multiprocessing.get_context("spawn")
DRAIN = 20  # seconds for replies under way; then what is in the queue is committed
GRACE = 40.0  # seconds until a process that does not end is ended
SHORT_LIFE = 5.0  # seconds: who dies sooner would die again at once
LOG = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Shared:
    """What every process gets of the first one: nothing of it is ever on a disk."""

    settings: Settings
    listening: socket.socket
    counts: Slots
    key: bytes  # of what strangers try, see survey.limits
    first: Connection  # it ends with the first process


class Worker:
    """One place in the team, and the process that has it just now."""

    def __init__(self, shared: Shared, number: int) -> None:
        self.shared, self.number = shared, number
        self.start()

    def start(self) -> None:
        self.began = time.monotonic()
        self.process: SpawnProcess = SPAWN.Process(
            target=work, args=(self.shared, self.number), name=f"kernepuls-{self.number}"
        )
        self.process.start()

    @property
    def lived(self) -> float:
        return time.monotonic() - self.began


def serve_alone(settings: Settings, *, host: str, port: int) -> None:
    """Run one process until SIGTERM or SIGINT."""
    from survey.app import create_app  # noqa: PLC0415 - the first process of a team has no page

    app = create_app(settings)
    gc.freeze()  # what was made at the start stays: no collection walks it while somebody waits
    uvicorn.run(app, host=host, port=port, **speaking())


def serve(settings: Settings, *, host: str, port: int, workers: int) -> None:
    """Run so many processes until SIGTERM or SIGINT; returns when all of them have ended."""
    log.configure()
    sessions.secret(settings)  # one for all: made before the first of them asks
    listening = uvicorn.Config("", host=host, port=port, **speaking()).bind_socket()
    first, held = SPAWN.Pipe(duplex=False)
    shared = Shared(
        settings=settings,
        listening=listening,
        counts=Slots(workers),
        key=secrets.token_bytes(32),
        first=first,
    )
    with held, told_to_stop() as stop:
        team = [Worker(shared, number) for number in range(workers)]
        try:
            while not stop.poll():
                _look_after(team, stop)
        finally:
            _end(team)


def _look_after(team: list[Worker], stop: Connection) -> None:
    """Wait until somebody is told to stop or has died; start the dead again."""
    wait([stop, *(worker.process.sentinel for worker in team)])
    for worker in team:
        if worker.process.is_alive():
            continue
        LOG.warning("worker_started_again", error=f"exit code {worker.process.exitcode}")
        # A database that is away comes back; until then nobody is asked a thousand times.
        if worker.lived < SHORT_LIFE and wait([stop], 1):
            return
        worker.start()


def _end(team: list[Worker]) -> None:
    """Let every process answer what it has begun and commit what waits; none is left behind."""
    for worker in team:
        worker.process.terminate()
    end = time.monotonic() + GRACE
    for worker in team:
        worker.process.join(max(0.0, end - time.monotonic()))
        if worker.process.is_alive():
            LOG.warning("worker_ended_hard")
            worker.process.kill()
            worker.process.join()


@contextmanager
def told_to_stop() -> Iterator[Connection]:
    """A connection that can be read from the first SIGTERM or SIGINT on."""
    stop, ring = SPAWN.Pipe(duplex=False)

    def stopping(_number: int, _frame: object) -> None:
        ring.send_bytes(b".")

    numbers = (signal.SIGTERM, signal.SIGINT)
    before: dict[signal.Signals, Any] = {
        number: signal.signal(number, stopping) for number in numbers
    }
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        stop.close()
        ring.close()


def work(shared: Shared, number: int) -> None:
    """One process of the team, from its start to its end."""
    from survey import metrics  # noqa: PLC0415 - as in serve_alone
    from survey.app import create_app  # noqa: PLC0415 - as above

    threading.Thread(target=_end_with, args=(shared.first,), daemon=True).start()
    limits.share_key(shared.key)
    app = create_app(shared.settings, counted=metrics.Metrics(shared.counts, slot=number))
    gc.freeze()  # as serve_alone
    how = uvicorn.Config(app, timeout_graceful_shutdown=DRAIN, **speaking())
    with suppress(KeyboardInterrupt):
        letting.Server(how).run(sockets=[shared.listening])


def _end_with(first: Connection) -> None:
    """Nothing is ever sent: the read ends when the first process has, however it ended."""
    with suppress(EOFError, OSError):
        first.recv_bytes()
    os.kill(os.getpid(), signal.SIGTERM)


def speaking() -> dict[str, Any]:
    """How every server of ours speaks HTTP: uvicorn's options."""
    return {
        # No access log: it would hold addresses and times of those who answer.
        "access_log": False,
        "server_header": False,
        "log_level": "warning",
        "forwarded_allow_ips": os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1"),
    }
