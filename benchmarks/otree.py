"""Our submissions a second beside those of a plain oTree 6 page, on one machine and in one run.

oTree is installed in a folder that goes afterwards; nothing of it is a dependency of ours. One app
with one page of eleven fields, served by `otree prodserver` in production mode on its SQLite file.
Participants and their page are made before the clock starts. The same 64 clients then post one
whole form each time; that oTree's browser also fetches the page after is left out, in its favour.

    .venv/bin/python -m benchmarks.otree [answers]
"""

import asyncio
import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen

from benchmarks._table import Figure, show
from benchmarks.submission import (
    CLIENTS,
    PAGES,
    WARM,
    Client,
    Database,
    Load,
    Measured,
    cpu_of,
    free_port,
    measured,
)

VERSION = "6.0.15"
NEEDED = 5  # times as many
FIELDS = {
    "clarity": "4",
    "situation": "several",
    "successes": "3",
    **{f"b_{number}": str(number % 3) for number in range(1, 6)},
    "priority": "SILO",
    "safe": "3",
    "comment": "Vi venter på svar fra den anden afdeling, og borgeren venter med.",
}
PAGE = "Form"
SETTINGS = """
SESSION_CONFIGS = [dict(name="form", app_sequence=["form"], num_demo_participants=1)]
SESSION_CONFIG_DEFAULTS = dict(real_world_currency_per_point=1.0, participation_fee=0.0, doc="")
PARTICIPANT_FIELDS = []
SESSION_FIELDS = []
LANGUAGE_CODE = "en"
REAL_WORLD_CURRENCY_CODE = "EUR"
USE_POINTS = True
ADMIN_USERNAME = "admin"
ADMIN_PASSWORD = None
DEMO_PAGE_INTRO_HTML = ""
SECRET_KEY = "made-up"
"""
APP = f"""
from otree.api import *

class C(BaseConstants):
    NAME_IN_URL = "form"
    PLAYERS_PER_GROUP = None
    NUM_ROUNDS = 1

class Subsession(BaseSubsession):
    pass

class Group(BaseGroup):
    pass

class Player(BasePlayer):
    clarity = models.IntegerField(min=1, max=5)
    situation = models.StringField(choices=["no", "once", "several"])
    successes = models.IntegerField(min=0, max=5)
    b_1 = models.IntegerField(min=0, max=2)
    b_2 = models.IntegerField(min=0, max=2)
    b_3 = models.IntegerField(min=0, max=2)
    b_4 = models.IntegerField(min=0, max=2)
    b_5 = models.IntegerField(min=0, max=2)
    priority = models.StringField()
    safe = models.IntegerField(min=1, max=5)
    comment = models.LongStringField()

class {PAGE}(Page):
    form_model = "player"
    form_fields = {list(FIELDS)!r}

page_sequence = [{PAGE}]
"""
TEMPLATE = """{{ block title }}Form{{ endblock }}
{{ block content }}{{ formfields }}{{ next_button }}{{ endblock }}
"""


class NotHere(Exception):
    """oTree could not be installed on this machine, and why."""


class Visitor(Client):
    """A client that is sent on to the next page by each reply; oTree ends those with a chunk."""

    def data_received(self, data: bytes) -> None:
        self.reply += data
        if not self.reply.endswith((b"\r\n0\r\n\r\n", b"</html>", b"</html>\n")):
            return
        self.took.append(time.perf_counter() - self.started)
        self.failed += not self.reply.startswith((b"HTTP/1.1 302 ", b"HTTP/1.1 307 "))
        self.send()


def load(port: int, waiting: list[bytes]) -> Load:
    """Send everything that waits, over CLIENTS connections."""
    return asyncio.run(_load(port, waiting))


async def _load(port: int, waiting: list[bytes]) -> Load:
    took: list[float] = []
    loop = asyncio.get_running_loop()
    started, cpu = time.perf_counter(), time.process_time()
    opened = await asyncio.gather(
        *(
            loop.create_connection(lambda: Visitor(waiting, took), "127.0.0.1", port)
            for _ in range(CLIENTS)
        )
    )
    visitors = [visitor for _, visitor in opened]
    await asyncio.gather(*(visitor.over for visitor in visitors))
    failed = sum(one.failed for one in visitors)
    return Load(took, failed, time.perf_counter() - started, time.process_time() - cpu)


def installed(folder: Path) -> Path:
    """The folder of programs of an environment with oTree in it."""
    venv.create(folder, with_pip=True)
    done = subprocess.run(
        [folder / "bin" / "pip", "install", "--quiet", f"otree=={VERSION}"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise NotHere((done.stderr.strip() or "pip failed").splitlines()[-1])
    return folder / "bin"


def project(folder: Path) -> None:
    """One app with one page of eleven fields."""
    app = folder / "form"
    app.mkdir(parents=True)
    (folder / "_static").mkdir()
    (folder / "settings.py").write_text(SETTINGS)
    (app / "__init__.py").write_text(APP)
    (app / f"{PAGE}.html").write_text(TEMPLATE)


@contextmanager
def server(program: Path, folder: Path, port: int) -> Iterator[int]:
    """`otree prodserver` as its documentation has it; the id of its process."""
    with (folder / "log").open("w") as log:
        started = subprocess.Popen(
            [program / "otree", "prodserver", str(port)],
            cwd=folder,
            env=environment(program),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            until_up(started, port)
            yield started.pid
        finally:
            # It starts a helper of its own, which ends with the group.
            os.killpg(started.pid, signal.SIGTERM)
            started.wait()


def environment(program: Path) -> dict[str, str]:
    return {**os.environ, "PATH": f"{program}:{os.environ['PATH']}", "OTREE_PRODUCTION": "1"}


def until_up(started: subprocess.Popen[bytes], port: int) -> None:
    while started.poll() is None:
        with suppress(HTTPError, OSError), urlopen(f"http://127.0.0.1:{port}/demo"):
            return
        time.sleep(0.2)
    raise NotHere("otree prodserver ended at once")


def requests(folder: Path) -> tuple[list[bytes], list[bytes]]:
    """For each participant: what brings them to the page, and the whole form of it."""
    with closing(sqlite3.connect(folder / "db.sqlite3")) as database:
        people = [row[0] for row in database.execute("SELECT code FROM otree_participant")]
    body = urlencode(FIELDS)
    to = "HTTP/1.1\r\nHost: 127.0.0.1:8000\r\n"
    to_page = [f"GET /InitializeParticipant/{one} {to}\r\n".encode() for one in people]
    forms = [
        f"POST /p/{one}/form/{PAGE}/1 {to}Accept: text/html\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
        for one in people
    ]
    return to_page, forms


def stored(folder: Path) -> int:
    """Whole answers in oTree's database."""
    filled = " AND ".join(f"{name} IS NOT NULL" for name in FIELDS)
    with closing(sqlite3.connect(folder / "db.sqlite3")) as database:
        asked = f"SELECT count(*) FROM form_player WHERE {filled}"
        [(number,)] = database.execute(asked)
    return int(number)


def theirs(count: int) -> Measured:
    """The same load on oTree; what is missing counts as failed. Raises NotHere."""
    spawn = multiprocessing.get_context("spawn")
    everybody = count + CLIENTS * WARM
    with (
        tempfile.TemporaryDirectory() as place,
        ProcessPoolExecutor(1, mp_context=spawn) as clients,
    ):
        program, folder = installed(Path(place) / "environment"), Path(place) / "project"
        project(folder)
        subprocess.run(
            [program / "otree", "create_session", "form", str(everybody)],
            cwd=folder,
            env=environment(program),
            check=True,
            capture_output=True,
        )
        port = free_port()
        with server(program, folder, port) as process:
            to_page, forms = requests(folder)
            clients.submit(load, port, to_page).result()
            clients.submit(load, port, forms[: CLIENTS * WARM]).result()
            before = cpu_of(process)
            found = clients.submit(load, port, forms[CLIENTS * WARM :]).result()
            used = cpu_of(process) - before
            missing = everybody - stored(folder)
    return Measured(found, 1000 * used / count, 1000 * found.cpu / count, 0, missing)


def rows(name: str, found: Measured) -> list[Figure]:
    return [
        Figure(name, found.per_second, "a second"),
        Figure("  99th percentile", found.percentile(99), "ms"),
        Figure("  failed or lost", found.load.failed + found.missing, "", 0),
        Figure("  CPU of the server for each", found.cpu, "ms", digits=2),
    ]


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    try:
        other = theirs(count)
    except NotHere as error:
        sys.stdout.write(f"oTree {VERSION} cannot be tried here: {error}\n")
        return
    figures = rows(f"oTree {VERSION}, SQLite", other)
    for page, scripted in PAGES.items():
        ours = measured(count, Database("SQLite, one process"), scripted=scripted)
        times = ours.per_second / other.per_second
        figures += rows(f"Kernepuls, SQLite, {page}", ours)
        figures.append(Figure("  times as many", times, "", NEEDED, "at least", digits=1))
    show(f"{count:,} answers from {CLIENTS} clients in one run", figures)


if __name__ == "__main__":
    main()
