"""Several server processes behind one port: to a visitor they are one. Real processes, PostgreSQL.

Whoever a request must reach is the only one that is let run: the others are stopped meanwhile.
"""

import asyncio
import json
import os
import re
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # it ships no types
import httpx
import pytest

from survey import engine
from survey.cli.server import WorkersNeedPostgres, serve_at
from survey.engine.postgres import Postgres
from survey.intake import ballots, writer
from survey.intake.closing import close_wave
from survey.intake.files import receipts_file
from survey.operations import databases
from survey.pages.answering import posting
from survey.settings import Settings
from survey.tables import Account, Ballot, Closing, Intake, Wave, WrongTry
from tests import cast, commanding
from tests.conftest import address, settings_in, until
from tests.crash.serving import free_port, submissions
from tests.survey import waves

ROOT = Path(__file__).parents[2]
COMMAND = "from survey.cli import main; main()"
TEAM = 2
ANSWERS, CLIENTS = 200, 16
STARTS = 120  # seconds: a process takes two of CPU to start, and a busy machine has none
# A new connection for each request, so that whoever is let run has it.
VISITORS = httpx.Client(limits=httpx.Limits(max_keepalive_connections=0), timeout=60)
HOLDER = """
    SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE locktype = 'advisory' AND granted AND database = (
        SELECT oid FROM pg_database WHERE datname = current_database())
"""


class Server:
    """`kernepuls serve --workers 2` and what it says; ended with everything it started."""

    def __init__(self, settings: Settings, *, log: Path) -> None:
        self.settings, self.log = settings, log
        with log.open("w") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-c", COMMAND, "serve", "--workers", str(TEAM),
                 "--port", settings.url.rpartition(":")[2]],
                cwd=ROOT, env=environment(settings), stderr=said, stdout=said,
            )  # fmt: skip
        until(
            lambda: answers_in_time(f"{settings.url}/health") and len(self.workers()) == TEAM,
            STARTS,
        )

    def workers(self) -> list[int]:
        """The processes that answer visitors."""
        task = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(child) for child in task.read_text().split() if is_worker(int(child))]

    def ready(self) -> list[int]:
        """All of them, once each answers."""

        def everybody() -> bool:
            team = self.workers()
            return len(team) == TEAM and all(self._answers(one) for one in team)

        until(everybody, STARTS)
        return self.workers()

    def _answers(self, worker: int) -> bool:
        with self.only(worker):
            return answers_in_time(f"{self.settings.url}/health")

    @contextmanager
    def only(self, worker: int) -> Iterator[None]:
        """Every request comes to this one."""
        others = [one for one in self.workers() if one != worker]
        for one in others:
            os.kill(one, signal.SIGSTOP)
        try:
            yield
        finally:
            for one in others:
                os.kill(one, signal.SIGCONT)

    def said(self, event: str) -> list[dict[str, str]]:
        lines = [line for line in self.log.read_text().splitlines() if line.startswith("{")]
        return [one for one in map(json.loads, lines) if one["event"] == event]


def environment(settings: Settings) -> dict[str, str]:
    return {
        **os.environ,
        **commanding.environment(settings),
        "KERNEPULS_URL": settings.url,
    }


def is_worker(process: int) -> bool:
    try:
        return b"spawn_main" in Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return False


def is_gone(process: int) -> bool:
    return not Path(f"/proc/{process}").exists()


def answers_in_time(url: str) -> bool:
    try:
        return VISITORS.get(url, timeout=1).status_code == 200
    except httpx.TransportError:
        return False


async def installed(settings: Settings, cluster: str, name: str) -> None:
    """A database of its own with accounts and a wave whose close stops at once: it has no key."""
    connection = await asyncpg.connect(address(cluster, "postgres"))
    try:
        await connection.execute(f"CREATE DATABASE {name} TEMPLATE kernepuls_template")
    finally:
        await connection.close()
    async with engine.opened(settings):
        await waves.organisation()
        await Account.insert(
            *(
                Account(login=login, password_hash=cast.password_hash(), role="coordinator")
                for login in ("bo", "carla")
            )
        )
        stopped = Wave(
            name="2025-1", opens=date(2025, 3, 2), closes=date(2025, 3, 9), state="closing"
        )
        await stopped.save()
        await Closing(wave=stopped.id, step="").save()


@pytest.fixture(scope="module")
def new_server(
    postgres: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[], Server]]:
    started: list[Server] = []

    def new() -> Server:
        folder = tmp_path_factory.mktemp("workers")
        name = f"kp_workers_{os.getpid()}_{len(started)}"
        settings = replace(
            settings_in(folder, address(postgres, name)), url=f"http://127.0.0.1:{free_port()}"
        )
        asyncio.run(installed(settings, postgres, name))
        started.append(Server(settings, log=folder / "log"))
        return started[-1]

    yield new
    for server in started:
        server.process.kill()
        server.process.wait()


@pytest.fixture(scope="module")
def server(new_server: Callable[[], Server]) -> Server:
    return new_server()


async def read(server: Server, query: Any) -> Any:
    async with engine.opened(server.settings):
        return await query


def the_try(server: Server, *, by_network: bool) -> dict[str, Any]:
    """The one row there is; a network is forgotten within the minute, a login is not."""
    soon = datetime.now(UTC) + timedelta(minutes=1)
    rows = asyncio.run(read(server, WrongTry.select()))
    [row] = [row for row in rows if (row["forget"] < soon) == by_network]
    return dict(row)


async def early_in_a_minute() -> None:
    """Tries are forgotten with the minute: the few of a test are in one."""
    if time.time() % posting.MINUTE > posting.MINUTE - 15:
        await asyncio.sleep(posting.MINUTE - time.time() % posting.MINUTE)


def people(server: Server) -> httpx.AsyncClient:
    """Their scripts, each with a connection of its own that it keeps."""
    says = {"accept": "application/json"}
    return httpx.AsyncClient(base_url=server.settings.url, headers=says, timeout=60)


async def sent(connections: httpx.AsyncClient, form: dict[str, str]) -> httpx.Response:
    """As the page does: what got no reply is sent again with the same ballot."""
    while True:
        with suppress(httpx.TransportError):
            return await connections.post("/svar/send", data=form)


class Browser:
    """Cookies of its own, sent although the address is not TLS."""

    def __init__(self, server: Server) -> None:
        self.url = server.settings.url
        self.cookies: dict[str, str] = {}

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        told = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {"cookie": told} if told else {}
        VISITORS.cookies.clear()
        reply = VISITORS.request(method, f"{self.url}{path}", headers=headers, **more)
        for line in reply.headers.get_list("set-cookie"):
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        return reply

    def sign_in(self, login: str, password: str = cast.PASSWORD) -> httpx.Response:
        form = self.ask("GET", "/sign-in")
        fields = {"login": login, "password": password, **cast.token(form)}
        return self.ask("POST", "/sign-in", data=fields)


# --- what they share ---------------------------------------------------------------------------


def test_who_signed_in_to_one_is_known_to_the_other_and_so_is_the_form(server: Server) -> None:
    one, other = server.ready()
    carla = Browser(server)

    with server.only(one):
        entered = carla.sign_in("carla")
        form = carla.ask("GET", "/account")
    with server.only(other):
        known = carla.ask("GET", "/account")
        left = carla.ask("POST", "/sign-out", data=cast.token(form))
    with server.only(one):
        forgotten = carla.ask("GET", "/account")

    assert (entered.status_code, form.status_code, known.status_code) == (303, 200, 200)
    assert left.status_code == 303
    assert forgotten.status_code == 303


def test_wrong_codes_are_counted_together_and_name_no_network(server: Server) -> None:
    one, other = server.ready()
    somebody = Browser(server)

    def tried(worker: int) -> int:
        with server.only(worker):
            return somebody.ask("POST", "/svar/opslag", data={"code": "K7QD"}).status_code

    asyncio.run(early_in_a_minute())
    first = tried(one)
    kept = the_try(server, by_network=True)
    more = WrongTry.update({WrongTry.times: posting.TRIES - 1}).where(WrongTry.key == kept["key"])
    asyncio.run(read(server, more))
    later = [tried(other), tried(other), tried(one)]

    assert first == 404
    assert later == [404, 429, 429]
    assert (len(kept["key"]), kept["times"], kept["wait_until"]) == (32, 1, None)
    assert b"127.0.0.1" not in kept["key"]


def test_a_login_that_does_not_exist_waits_at_both_as_one_that_does(server: Server) -> None:
    one, other = server.ready()

    def tried(worker: int) -> list[int]:
        with server.only(worker):
            tries = [Browser(server).sign_in(login, "a wrong one") for login in ("bo", "nobody")]
        return [reply.status_code for reply in tries]

    first = tried(one)
    kept = the_try(server, by_network=False)
    for three_more in (
        Account.update({Account.failures: 1 + 3}).where(Account.login == "bo"),
        WrongTry.update({WrongTry.times: 1 + 3}).where(WrongTry.key == kept["key"]),
    ):
        asyncio.run(read(server, three_more))
    later = [tried(other), tried(other), tried(one)]

    assert (first, kept["times"]) == ([422, 422], 1)
    assert later == [[422, 422], [429, 429], [429, 429]]
    assert b"nobody" not in kept["key"]


def test_a_monitor_reads_the_sum_of_both_from_either(server: Server) -> None:
    one, other = server.ready()

    def counted(worker: int) -> dict[str, float]:
        with server.only(worker):
            lines = Browser(server).ask("GET", "/metrics").text.splitlines()
        found = (re.fullmatch(r"kernepuls_(\S+) (\S+)", line) for line in lines)
        return {match[1]: float(match[2]) for match in found if match}

    def asked(worker: int, times: int) -> None:
        with server.only(worker):
            for _ in range(times):
                Browser(server).ask("GET", "/account")

    name = 'requests_total{method="GET",route="/account",status="3xx",process="%d"}'
    name %= server.process.pid
    before = counted(one).get(name, 0)
    asked(one, 2)
    asked(other, 3)
    counted(other)  # it tells what it has; each does so every second by itself

    assert counted(one)[name] == before + 2 + 3
    assert counted(other)[name] == before + 2 + 3
    assert counted(one)[f'processes{{process="{server.process.pid}"}}'] == TEAM


async def test_no_backup_and_no_log_of_the_database_holds_what_strangers_tried(
    settings: Settings, new_database: Callable[[], Any]
) -> None:
    here = replace(settings, database=await new_database())
    async with engine.opened(here, migrate=True) as store:
        assert isinstance(store, Postgres)
        await WrongTry(key=secrets.token_bytes(32), times=1).save()
        [logged] = await WrongTry.raw(
            "SELECT relpersistence FROM pg_class WHERE relname = 'wrong_try'"
        )
        copied: dict[str, bytes] = {}

        tables = await databases.postgres_copy(store, copied.__setitem__)

    assert logged["relpersistence"] == b"u"
    assert "wave" in tables
    assert "wrong_try" not in tables
    assert not [name for name in copied if "wrong_try" in name]


# --- what one of them does for all -------------------------------------------------------------


def test_one_has_the_turn_at_the_work_and_another_takes_it_when_that_one_is_killed(
    server: Server,
) -> None:
    server.ready()
    [holder] = asyncio.run(holders(server))
    until(lambda: len(server.said("close_stopped")) == 1)  # the close without a key, at the start

    os.kill(holder, signal.SIGKILL)
    until(lambda: asyncio.run(holders(server)) not in ([], [holder]))
    [heir] = asyncio.run(holders(server))
    team = server.ready()

    assert heir in team
    assert holder not in team
    assert [one["error"] for one in server.said("worker_started_again")] == ["exit code -9"]
    until(lambda: len(server.said("close_stopped")) == 2)  # once more, and by the heir alone


async def holders(server: Server) -> list[int]:
    """The processes whose turn it is; each has a name that tells its number."""
    connection = await asyncpg.connect(server.settings.database)
    try:
        return [int(row[0].rpartition(" ")[2]) for row in await connection.fetch(HOLDER)]
    finally:
        await connection.close()


# --- answers -----------------------------------------------------------------------------------


async def test_answers_sent_to_both_while_the_wave_closes_are_released_if_acknowledged_and_once(
    server: Server,
) -> None:
    server.ready()
    async with engine.opened(server.settings):
        await waves.wave(server.settings)
        waiting = submissions(server.settings, "2026-1", "N1", ANSWERS)
        received: dict[str, set[str]] = {}
        refused: set[int] = set()

        async def client(connections: httpx.AsyncClient) -> None:
            while waiting:
                form = waiting.pop()
                twice = (sent(connections, form) for _ in range(2))
                for reply in await asyncio.gather(*twice):
                    if reply.status_code == 200:
                        received.setdefault(form["message"], set()).add(reply.json()["receipt"])
                    else:
                        refused.add(reply.status_code)

        async with people(server) as connections:
            sending = [asyncio.create_task(client(connections)) for _ in range(CLIENTS)]
            while len(waiting) > ANSWERS // 2:
                await asyncio.sleep(0.001)
            closed = await close_wave(server.settings, "2026-1")
            await asyncio.gather(*sending)

    receipts = receipts_file(server.settings, "2026-1").read_text().split()
    assert all(len(given) == 1 for given in received.values())
    assert sorted(receipt for given in received.values() for receipt in given) == receipts
    assert closed.answers + sum(closed.dropped.values()) == len(receipts)
    assert 0 < len(receipts) < ANSWERS
    assert refused == {410}


async def test_a_ballot_another_process_is_storing_counts_once_and_the_close_waits_for_both(
    settings: Settings, new_database: Callable[[], Any]
) -> None:
    here = replace(settings, database=await new_database())
    ballot = secrets.token_bytes(32)
    async with engine.opened(here, migrate=True), writer.running() as intake:
        wave = Wave(name="2026-1", opens=date(2026, 3, 2), closes=date(2026, 3, 15), state="open")
        await wave.save()
        item = writer.Item(wave=wave.id, ballot=ballot, sealed=secrets.token_bytes(4144))
        async with another_process(here) as other:
            begun = other.transaction()
            await begun.start()
            await other.execute("INSERT INTO ballot (hash, wave) VALUES ($1, $2)", ballot, wave.id)

            put = asyncio.create_task(intake.put(item))
            await waiting(1)
            close = Wave.update({Wave.state: "closing"}).where(Wave.id == wave.id)
            closing = asyncio.create_task(close.run())
            await waiting(1 + 1)
            was_done = put.done() or closing.done()
            await begun.commit()
            taken = await put
            await closing
        late = writer.Item(wave=wave.id, ballot=secrets.token_bytes(32), sealed=item.sealed)

        assert not was_done
        assert taken
        assert not await intake.put(late)
        assert (await Ballot.count(), await Intake.count()) == (1, 0)


@asynccontextmanager
async def another_process(settings: Settings) -> AsyncIterator[Any]:
    """Its connection; what it began and did not commit is undone at the end."""
    connection = await asyncpg.connect(settings.database)
    try:
        yield connection
    finally:
        await connection.close()


async def waiting(number: int) -> None:
    """Until so many of the database's connections wait for a lock."""
    query = (
        "SELECT count(*) AS n FROM pg_stat_activity "
        "WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    async with asyncio.timeout(30):
        while (await Wave.raw(query))[0]["n"] < number:
            await asyncio.sleep(0.01)


async def test_when_the_first_process_is_killed_the_others_end_and_keep_what_they_acknowledged(
    new_server: Callable[[], Server],
) -> None:
    server = await asyncio.to_thread(new_server)
    team = server.workers()
    async with engine.opened(server.settings):
        await waves.wave(server.settings)
        waiting = submissions(server.settings, "2026-1", "N1", ANSWERS)
        received: list[str] = []

        async def client(connections: httpx.AsyncClient) -> None:
            with suppress(httpx.TransportError):
                while waiting:
                    reply = await connections.post("/svar/send", data=waiting.pop())
                    received.append(reply.json()["receipt"])

        async with people(server) as connections:
            sending = [asyncio.create_task(client(connections)) for _ in range(CLIENTS)]
            while len(received) < ANSWERS // 4:
                await asyncio.sleep(0.001)
            server.process.kill()
            await asyncio.gather(*sending)
        server.process.wait()
        await asyncio.to_thread(until, lambda: all(is_gone(one) for one in team))

        kept = {ballots.receipt(row["hash"]) for row in await Ballot.select(Ballot.hash)}
        assert len(received) < ANSWERS
        assert {*received} <= kept
        assert await Intake.count() == len(kept)


def test_told_to_end_all_of_them_do(server: Server) -> None:
    team = server.ready()

    server.process.terminate()

    assert server.process.wait(60) == 0
    assert all(is_gone(one) for one in team)
    assert not server.said("worker_ended_hard")


def test_several_processes_on_sqlite_are_refused(settings: Settings) -> None:
    with pytest.raises(WorkersNeedPostgres):
        serve_at(settings, host="127.0.0.1", port=free_port(), workers=2)
