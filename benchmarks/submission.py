"""Sealed, durable submissions a second: SQLite with one server process, PostgreSQL with four.

The real HTTP application. 64 clients keep their connections, each sends one whole form after
another and waits for its receipt. Ballots are made before the clock starts: their blind signatures
are asked for minutes before an answer is sent. The clients are a process of their own, of bare
sockets and requests that are ready to send: what is measured is the server.

    .venv/bin/python -m benchmarks.submission [answers]
"""

import asyncio
import multiprocessing
import os
import re
import secrets
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from itertools import count as counting
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import asyncpg  # type: ignore[import-untyped]  # it ships no types
import msgspec
import uvloop
from cryptography.hazmat.primitives import hashes, serialization

from benchmarks._table import Figure, show
from survey import engine
from survey.cli import workers as team
from survey.intake import blind, keys, tickets
from survey.intake.ballots import MESSAGE
from survey.settings import Settings
from survey.tables import (
    Behaviour,
    BehaviourScope,
    Intake,
    Invited,
    Unit,
    UnitVersion,
    Wave,
    WaveBehaviour,
)
from tests.conftest import address, run, stop_cluster, unprivileged

CLIENTS = 64
WARM = 4  # answers of each client before the clock starts
TEAM = 4  # server processes on PostgreSQL
NEEDED = 1000  # a second
NEEDED_P99 = 150  # ms
WAVE = "2026-1"
numbers = counting()
ANSWERS = {
    "clarity": "4",
    "situation": "several",
    "successes": "3",
    **{f"b_{code}": "1" for code in ("oko", "tid", "komp", "vid", "fag", "kult", "regl", "maal")},
    "b_silo": "2",
    "b_fejl": "unknown",
    "priority": "SILO",
    "resolver": "two_units",
    "citizen": "faster",
    "changed_by_citizen": "no",
    "safe_a": "3",
    "safe_b": "4",
    "safe_c": "2",
    "comment": "Vi venter på svar fra den anden afdeling, og borgeren venter med.",
}
# How a page sends its form, and whether by its script; both show the receipt.
PAGES = {"with JavaScript": True, "without": False}


@dataclass(frozen=True, slots=True)
class Database:
    """Where answers are kept, and how many server processes write there."""

    name: str
    address: str = "sqlite"
    workers: int = 1
    process: int = 0  # of PostgreSQL


@dataclass(frozen=True, slots=True)
class Load:
    """What the clients saw: seconds of each request, how many failed, the seconds of all."""

    took: list[float]
    failed: int
    seconds: float
    cpu: float  # seconds


@dataclass(frozen=True, slots=True)
class Measured:
    """One run; `cpu` is ms of the server for one answer, what is left on a busy machine."""

    load: Load
    cpu: float
    client_cpu: float  # the clients have the same processors
    database_cpu: float  # of PostgreSQL; SQLite is part of the server
    missing: int  # answers the server said it had, and the database has not

    @property
    def per_second(self) -> float:
        return len(self.load.took) / self.load.seconds

    def percentile(self, part: int) -> float:
        ordered = sorted(self.load.took)
        return 1000 * ordered[len(ordered) * part // 100]


def settings_in(folder: Path, database: str) -> Settings:
    data = folder / "data"
    data.mkdir()
    return Settings(
        data=data,
        database=database,
        answers=str(data / "answers"),
        key_copy=folder / "keys",
        backup=folder / "backup",
        smtp=None,
        url="http://127.0.0.1:8000",
        organisation=data / "organisation.yaml",
    )


async def prepared(settings: Settings) -> None:
    """An open wave with one unit."""
    async with engine.opened(settings, migrate=True):
        unit = Unit(code="K")
        await unit.save()
        await UnitVersion(unit=unit.id, name="K", core_task="Svar.", valid_from=WAVE).save()
        asked = Behaviour(code="Ad1", text="Vi ringer.", situation="En borger ringede.")
        await asked.save()
        await BehaviourScope(behaviour=asked.id, unit=unit.id).save()
        keys.make(settings, WAVE)
        wave = Wave(name=WAVE, opens=date(2026, 3, 2), closes=date(2026, 3, 15), state="open")
        await wave.save()
        await WaveBehaviour(wave=wave.id, behaviour=asked.id).save()
        await Invited(
            wave=wave.id, unit=unit.id, behaviour=asked.id, profession="sosu", n=40_000
        ).save()


def requests(settings: Settings, count: int, *, scripted: bool) -> list[bytes]:
    """Whole HTTP requests, each with a ballot of its own."""
    wave_keys = keys.intake(settings, WAVE)
    # A blind signature with the blinding taken off is a plain one, and four times dearer to make.
    private = serialization.load_der_private_key(
        (keys.places(settings, WAVE)[0] / keys.SIGNING).read_bytes(), password=None
    )
    context = tickets.Context(wave=WAVE, unit="K", behaviour="Ad1").text
    about = {
        "wave": WAVE,
        "context": context,
        "ticket": tickets.ticket(wave_keys, context),
        "form_version": 1,
    }
    made = []
    for _ in range(count):
        message = secrets.token_bytes(MESSAGE)
        signature = private.sign(message, blind.SCHEME, hashes.SHA384())
        ballot = {"message": tickets.as_text(message), "signature": tickets.as_text(signature)}
        made.append(_as_json({**about, **ballot}) if scripted else _as_form({**about, **ballot}))
    return made


def _as_json(hidden: Mapping[str, object]) -> bytes:
    """As the page's script sends it."""
    body = msgspec.json.encode({**hidden, "answers": {key: [ANSWERS[key]] for key in ANSWERS}})
    return _request(body, kind="application/json", accept="application/json")


def _as_form(hidden: Mapping[str, object]) -> bytes:
    """As a browser posts it by itself."""
    body = urlencode({**ANSWERS, **hidden}).encode()
    accept = "text/html\r\nAccept-Encoding: gzip"
    return _request(body, kind="application/x-www-form-urlencoded", accept=accept)


def _request(body: bytes, *, kind: str, accept: str) -> bytes:
    head = (
        f"POST /svar/send HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nAccept: {accept}\r\n"
        f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def serve(settings: Settings, port: int, workers: int) -> None:
    if workers > 1:
        team.serve(settings, host="127.0.0.1", port=port, workers=workers)
    else:
        team.serve_alone(settings, host="127.0.0.1", port=port)


def free_port() -> int:
    with closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


class Client(asyncio.Protocol):
    """One connection: sends a request, reads its reply to the end, sends the next."""

    def __init__(self, waiting: list[bytes], took: list[float]) -> None:
        self.waiting, self.took = waiting, took
        self.failed = 0
        self.reply = b""
        self.over = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.send()

    def send(self) -> None:
        if not self.waiting:
            self.transport.close()
            return
        self.reply, self.started = b"", time.perf_counter()
        self.transport.write(self.waiting.pop())

    def data_received(self, data: bytes) -> None:
        self.reply += data
        head, ended, body = self.reply.partition(b"\r\n\r\n")
        length = head.lower().partition(b"\r\ncontent-length: ")[2].split(b"\r\n")[0]
        if not ended or len(body) < int(length):
            return
        self.took.append(time.perf_counter() - self.started)
        self.failed += not head.startswith(b"HTTP/1.1 200 ")
        self.send()

    def connection_lost(self, error: Exception | None) -> None:
        self.failed += bool(error)
        self.over.set_result(None)


def load(port: int, waiting: list[bytes]) -> Load:
    """Send everything that waits, over CLIENTS connections."""
    return uvloop.run(_load(port, waiting))


async def _load(port: int, waiting: list[bytes]) -> Load:
    took: list[float] = []
    asked, loop = len(waiting), asyncio.get_running_loop()
    started, cpu = time.perf_counter(), time.process_time()
    opened = await asyncio.gather(
        *(
            loop.create_connection(lambda: Client(waiting, took), "127.0.0.1", port)
            for _ in range(CLIENTS)
        )
    )
    clients = [client for _, client in opened]
    await asyncio.gather(*(client.over for client in clients))
    failed = sum(client.failed for client in clients) + asked - len(took)
    return Load(took, failed, time.perf_counter() - started, time.process_time() - cpu)


def until_up(port: int, workers: int) -> None:
    """When every process has told the others that it is there."""
    asked = Request(f"http://127.0.0.1:{port}/metrics", headers={"host": "127.0.0.1:8000"})
    while True:
        with suppress(OSError), urlopen(asked) as page:
            if re.search(rf"^kernepuls_processes.* {workers}$", page.read().decode(), re.MULTILINE):
                return
        time.sleep(0.1)


def cpu_of(first: int) -> float:
    """Seconds of CPU a process and those it keeps have used, the kernel's part counted."""
    with suppress(FileNotFoundError):
        fields = Path(f"/proc/{first}/stat").read_text().rpartition(")")[2].split()
        kept = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        own = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        return own + sum(cpu_of(int(child)) for child in kept)
    return 0.0


def measured(count: int, database: Database, *, scripted: bool) -> Measured:
    spawn = multiprocessing.get_context("spawn")
    with (
        tempfile.TemporaryDirectory() as folder,
        ProcessPoolExecutor(1, mp_context=spawn) as clients,
    ):
        settings = settings_in(Path(folder), database.address)
        asyncio.run(prepared(settings))
        waiting = requests(settings, count + CLIENTS * WARM, scripted=scripted)
        port = free_port()
        server = spawn.Process(target=serve, args=(settings, port, database.workers))
        server.start()
        try:
            until_up(port, database.workers)
            # Caches and the first compile, in each process.
            clients.submit(load, port, waiting[: CLIENTS * WARM]).result()
            before = cpu_of(server.pid or 0), cpu_of(database.process)
            found = clients.submit(load, port, waiting[CLIENTS * WARM :]).result()
            after = cpu_of(server.pid or 0), cpu_of(database.process)
        finally:
            server.terminate()
            server.join()
        missing = len(waiting) - asyncio.run(in_database(settings))
    own, its = (1000 * (late - early) / count for early, late in zip(before, after, strict=True))
    return Measured(found, own, 1000 * found.cpu / count, its, missing)


async def in_database(settings: Settings) -> int:
    async with engine.opened(settings):
        return await Intake.count()


def figures(page: str, database: Database, found: Measured) -> list[Figure]:
    errors = found.load.failed + found.missing
    rows = [
        Figure(f"{database.name}, {page}", found.per_second, "a second", NEEDED, "at least"),
        Figure("  99th percentile", found.percentile(99), "ms", NEEDED_P99),
        Figure("  50th percentile", found.percentile(50), "ms"),
        Figure("  failed or lost", errors, "", 0),
        Figure("  CPU of the server for each", found.cpu, "ms", digits=2),
        Figure("  CPU of the clients for each", found.client_cpu, "ms", digits=2),
    ]
    if database.process:
        rows.append(Figure("  CPU of PostgreSQL for each", found.database_cpu, "ms", digits=2))
    return rows


@contextmanager
def postgres() -> Iterator[Callable[[], Database]]:
    """A cluster of our own on the disk SQLite has, and a fresh database of it at each call."""
    folder = tempfile.mkdtemp(prefix="kp-pg-")
    user = unprivileged()
    if user:
        shutil.chown(folder, user.pw_uid, user.pw_gid)
    run(user, "initdb", "-N", "-U", "kp", "-A", "trust", "-E", "UTF8", "--locale=C",
        "--data-checksums", "-D", f"{folder}/data")  # fmt: skip
    options = f"-c listen_addresses='' -c unix_socket_directories={folder}"
    run(user, "pg_ctl", "-w", "-D", f"{folder}/data", "-l", f"{folder}/log", "-o", options, "start")

    async def made(name: str) -> None:
        connection = await asyncpg.connect(address(folder, "postgres"))
        await connection.execute(f"CREATE DATABASE {name}")
        await connection.close()

    def fresh() -> Database:
        name = f"kp_{next(numbers)}"
        asyncio.run(made(name))
        process = int(Path(f"{folder}/data/postmaster.pid").read_text().split()[0])
        called = f"PostgreSQL, {TEAM} processes"
        return Database(called, address(folder, name), workers=TEAM, process=process)

    try:
        yield fresh
    finally:
        stop_cluster(folder)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000
    with postgres() as fresh:
        rows = [
            row
            for page, scripted in PAGES.items()
            for database in (Database("SQLite, one process"), fresh())
            for row in figures(page, database, measured(count, database, scripted=scripted))
        ]
    show(f"{count:,} answers from {CLIENTS} clients, sealed and durable", rows)


if __name__ == "__main__":
    main()
