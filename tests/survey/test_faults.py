"""Real faults under the running server: nothing acknowledged is lost, and the page says what is so.

Each fault is made by the system itself: a file limit, a lock of another connection, a database
that is stopped, a connection that is cut, an fsync that fails.
"""

import asyncio
import os
import random
import resource
import signal
import sqlite3
import subprocess
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import replace
from datetime import date, timedelta
from html import unescape
from urllib.parse import urlencode

import asyncpg
import pytest

from survey import engine, house, jobs
from survey.intake import ballots, codes, tickets
from survey.intake.acceptance import Submission, accept
from survey.intake.writer import running
from survey.tables import Ballot, Intake, InvitationCode, Wave
from tests import conftest
from tests.crash.serving import PATIENCE, Client, Line, served, submissions
from tests.survey import waves

AT_A_TIME = 5_000  # codes in one question
COMMENT = "Vi mangler et fast nummer at ringe til."
LIMIT = 20 * 2**20  # bytes: a file of PostgreSQL's log has 16 MB, so no fewer


async def open_town(settings):
    house.write_fjordlund(settings)
    await waves.organisation()
    await waves.wave(settings)


@pytest.fixture
async def town(store):
    """An open wave on either database; no server runs yet."""
    await open_town(store)
    return store


def answers(settings, count):
    return [{**one, "comment": COMMENT} for one in submissions(settings, "2026-1", "N1", count)]


async def sent(server, forms, *, accept="application/json"):
    """The reply to each form, one after another on one line."""
    line = Line(server.port)
    await up(line)
    replies = [
        await line.post("/svar/send", urlencode(form).encode(), accept=accept) for form in forms
    ]
    line.close()
    return replies


async def up(line):
    """When the server answers."""
    async with asyncio.timeout(PATIENCE):
        while True:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await line.post("/svar/opslag", b"")
                return
            await asyncio.sleep(0.02)


def tells_to_try_again(reply):
    """A page in Danish with a sentence, the form with what was filled in, and when to try."""
    page = unescape(reply.body.decode())
    return (
        reply.status == 503
        and int(reply.headers["retry-after"]) > 0
        and COMMENT in page
        and ("Prøv igen om lidt" in page or "Prøv igen om et øjeblik" in page)
    )


async def stored():
    """The receipts of what is in the database; as many sealed answers as ballots, or it fails."""
    hashes = [row["hash"] for row in await Ballot.select(Ballot.hash)]
    assert await Intake.count() == len(hashes)
    if isinstance(engine.current(), engine.SQLite):
        assert await Ballot.raw("PRAGMA integrity_check") == [{"integrity_check": "ok"}]
    return {ballots.receipt(hash_) for hash_ in hashes}


def receipts(replies):
    return {reply.body.decode().split('"')[3] for reply in replies if reply.status == 200}


# --- the disk ------------------------------------------------------------------------------------


async def test_a_full_disk_takes_nothing_it_cannot_keep_and_goes_on_when_there_is_room(settings):
    async with engine.opened(settings, migrate=True):
        await open_town(settings)
        with served(settings) as server:
            [first] = await sent(server, answers(settings, 1))
            log = settings.sqlite_file.with_name("kernepuls.sqlite-wal").stat().st_size

            def no_room():
                limits = resource.prlimit(server.pid, resource.RLIMIT_FSIZE)
                resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (log + 300_000, limits[1]))

            def room():
                limits = resource.prlimit(server.pid, resource.RLIMIT_FSIZE)
                resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (limits[1], limits[1]))

            await check_full(settings, server, first, no_room, room)


@pytest.mark.soak
async def test_a_postgres_without_room_takes_nothing_it_cannot_keep(own_cluster):
    """Its files may not grow beyond 20 MB: one of its log has 16, and the answers are as many."""
    here, folder = own_cluster
    await pg_ctl(folder, "restart", limit=LIMIT)

    async with engine.opened(here):
        with served(here) as server:
            [first] = await sent(server, answers(here, 1))
            await check_full(here, server, first, fill_up, empty)


async def check_full(settings, server, first, no_room, room):
    forms = answers(settings, 200)
    await done(no_room())
    tried = await sent(server, forms)
    [page] = await sent(server, forms[-1:], accept="text/html")
    await done(room())
    refused = [form for form, reply in zip(forms, tried, strict=True) if reply.status != 200]
    late = await sent(server, refused)
    assert server.kill() == -signal.SIGKILL  # it was the same process all the time

    assert {reply.status for reply in tried} == {200, 503}
    assert tells_to_try_again(page)
    assert {reply.status for reply in (first, *late)} == {200}
    assert await stored() == receipts([first, *tried, *late])
    assert len(await stored()) == 1 + 200


async def done(doing):
    if doing is not None:
        await doing


async def fill_up():
    """With rows of another wave, until a hundred answers are left before the limit."""
    bytes_of = "(SELECT string_agg(md5((i * 1000 + j)::text), '') FROM generate_series(1, 259) j)"
    first, more, size = 1, 3_500, 0
    while size < LIMIT - 500_000:
        await Intake.raw(
            "INSERT INTO intake (key, wave, sealed) "
            f"SELECT decode(md5(i::text), 'hex'), 99, decode({bytes_of}, 'hex') "
            f"FROM generate_series({first}, {first + more - 1}) i"
        )
        first, more = first + more, 50
        [row] = await Intake.raw(
            "SELECT pg_relation_size(reltoastrelid) AS size FROM pg_class WHERE relname = 'intake'"
        )
        size = row["size"]


async def empty():
    await Intake.delete().where(Intake.wave == 99)
    await Intake.raw("VACUUM FULL intake")


async def test_an_fsync_that_fails_ends_the_process_and_acknowledges_nothing(settings):
    """On SQLite; PostgreSQL looks after its own disk."""
    async with engine.opened(settings, migrate=True):
        await open_town(settings)
        forms = answers(settings, 30)
        with served(settings) as server:
            early = await sent(server, forms[:20])
            os.kill(server.pid, signal.SIGUSR1)
            with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                await sent_until_it_ends(server, forms[20:])
            assert server.ended() == os.EX_IOERR
            server.start()
            late = await sent(server, forms[20:])

        assert await stored() == receipts([*early, *late])
        assert len(await stored()) == 30


async def sent_until_it_ends(server, forms):
    line = Line(server.port)
    for form in forms:
        await line.post("/svar/send", urlencode(form).encode())


# --- the database --------------------------------------------------------------------------------


@pytest.mark.parametrize("seconds", [2, pytest.param(30, marks=pytest.mark.soak)])
async def test_a_lock_that_another_holds_delays_answers_and_loses_none(town, seconds):
    forms = answers(town, 300)
    with served(town) as server:
        await sent(server, forms[-1:])
        client = Client(server.port, random.Random(seconds))
        sending = asyncio.create_task(client.send_all(forms))
        async with writes_locked(town):
            await asyncio.sleep(seconds)
        await sending
        server.kill()

    assert await stored() == {*client.given.values()}
    assert len(client.given) == 300


@asynccontextmanager
async def writes_locked(settings):
    if settings.on_sqlite:
        with closing(sqlite3.connect(settings.sqlite_file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
            other.execute("ROLLBACK")
        return
    connection = await asyncpg.connect(settings.database)
    try:
        async with connection.transaction():
            await connection.execute("LOCK TABLE intake IN EXCLUSIVE MODE")
            yield
    finally:
        await connection.close()


@pytest.fixture
async def own_cluster(settings):
    """A PostgreSQL of this test's own, which it may stop; with an open wave."""
    folder = await asyncio.to_thread(conftest.start_cluster)
    here = replace(settings, database=conftest.address(folder, "kernepuls_template"))
    try:
        async with engine.opened(here):
            await open_town(here)
        yield here, folder
    finally:
        await asyncio.to_thread(conftest.stop_cluster, folder)


async def test_a_database_that_restarts_loses_nothing_and_the_page_keeps_the_answers(own_cluster):
    here, folder = own_cluster
    forms = answers(here, 600)
    with served(here) as server:
        await sent(server, forms[-1:])
        client = Client(server.port, random.Random(1))
        sending = asyncio.create_task(client.send_all(forms))
        for left in (400, 200):
            while len(forms) > left:
                assert not sending.done()
                await asyncio.sleep(0.001)
            await pg_ctl(folder, "restart")
        await sending
        await pg_ctl(folder, "stop")
        [form] = answers(here, 1)
        [page] = await sent(server, [form], accept="text/html")
        await pg_ctl(folder, "start")
        [late] = await sent(server, [form])
        server.kill()

    assert client.refusals
    assert tells_to_try_again(page)
    assert late.status == 200
    async with engine.opened(here):
        assert await stored() == {*client.given.values(), *receipts([late])}
        assert len(client.given) == 600


async def pg_ctl(folder, order, *, limit=resource.RLIM_INFINITY):
    """Start or stop a cluster, at once; no file of it may be larger than `limit`."""
    user = conftest.unprivileged()
    process = await asyncio.create_subprocess_exec(
        *(conftest.binary("pg_ctl"), "-w", "-D", f"{folder}/data", "-l", f"{folder}/log"),
        *("-o", f"-c listen_addresses='' -c unix_socket_directories={folder}", order),
        *(("-m", "immediate") if order != "start" else ()),
        cwd="/",
        stdout=subprocess.DEVNULL,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
        **({"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}),
    )
    assert await process.wait() == 0


async def test_a_reply_that_is_lost_after_the_commit_is_given_again(town):
    [form] = answers(town, 1)
    with served(town) as server:
        await sent(server, [])
        async with cutting(server.port) as port:
            with pytest.raises(asyncio.IncompleteReadError):
                await Line(server.port, by_way_of=port).post("/svar/send", urlencode(form).encode())
        kept = await stored()
        [again] = await sent(server, [form])
        server.kill()

    assert len(kept) == 1
    assert receipts([again]) == kept == await stored()


@asynccontextmanager
async def cutting(port):
    """A way to the server that passes a request on, waits for the reply, and throws it away."""

    async def pass_on(reader, writer):
        there, back = await asyncio.open_connection("127.0.0.1", port)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].split()[0])
        back.write(head + await reader.readexactly(length))
        await there.readuntil(b"\r\n\r\n")
        back.close()
        writer.close()

    proxy = await asyncio.start_server(pass_on, "127.0.0.1", 0)
    try:
        yield proxy.sockets[0].getsockname()[1]
    finally:
        proxy.close()


# --- bad input, much of it -----------------------------------------------------------------------


@pytest.mark.parametrize("posts", [300, pytest.param(5_000, marks=pytest.mark.soak)])
async def test_thousands_of_bad_posts_store_nothing_and_everybody_else_is_answered(settings, posts):
    async with engine.opened(settings, migrate=True):
        await open_town(settings)
        real = answers(settings, waves.INVITED["N1"])
        dice = random.Random(posts)
        used = real.pop()
        with served(settings) as server:
            [first] = await sent(server, [used])
            bad = [altered(used, dice) for _ in range(posts)]
            client = Client(server.port, dice)
            lines = [bad[number::4] for number in range(4)]
            replies, _ = await asyncio.gather(
                asyncio.gather(*(sent(server, line) for line in lines)), client.send_all([*real])
            )
            server.kill()

        assert {reply.status for line in replies for reply in line} <= {200, 403, 422}
        assert {*client.given} == {form["message"] for form in real}
        # A ballot that was used may come again: it has its receipt, and the first answer stands.
        again = {receipt for line in replies for receipt in receipts(line)}
        assert again == receipts([first])
        assert await stored() == {*client.given.values(), *again}
        assert await Intake.count() == waves.INVITED["N1"]


def altered(form, dice):
    """As somebody sends it who wants to be counted more than once."""
    another = tickets.as_text(dice.randbytes(ballots.MESSAGE))
    changes = [
        {},
        {"message": another},
        {"message": another, "signature": tickets.as_text(dice.randbytes(384))},
        {"message": form["message"][:-4]},
        {"signature": form["signature"][:-4]},
        {"context": form["context"].replace("N1", "S1")},
        {"ticket": tickets.as_text(dice.randbytes(32))},
        {"successes": "99"},
    ]
    return {**form, **dice.choice(changes)}


@pytest.mark.parametrize("tries", [20_000, pytest.param(1_000_000, marks=pytest.mark.soak)])
async def test_no_random_code_is_one_of_those_that_were_given_out(town, tries):
    given = await waves.a_code("2026-1", "a" * 32)
    hit = []
    for _ in range(tries // AT_A_TIME):
        tried = [codes.new_code().text for _ in range(AT_A_TIME)]
        hashes = [codes.hash_code("2026-1", codes.read_code(text)) for text in tried]
        hit += await InvitationCode.select().where(InvitationCode.hash.is_in(hashes))

    known = [codes.hash_code("2026-1", codes.read_code(given))]
    assert hit == []
    assert await InvitationCode.count().where(InvitationCode.hash.is_in(known)) == 1
    assert await InvitationCode.count() == waves.EVERYBODY + 1


# --- the clock -----------------------------------------------------------------------------------

SUMMER, WINTER = date(2026, 3, 29), date(2026, 10, 25)  # the clocks go forward, and back
DAY = timedelta(days=1)
OPENS, CLOSES = date(2026, 3, 2), date(2026, 3, 15)  # as tests.survey.waves says
CLOCKS = (OPENS - DAY, OPENS, CLOSES, CLOSES + DAY, SUMMER, WINTER, CLOSES + 365 * DAY, OPENS - DAY)


async def test_no_clock_opens_or_closes_a_wave(town):
    """The night's work, a restart and the answers of the day, however the clock jumps."""
    await Wave(name="2026-2", opens=OPENS, closes=CLOSES, state="approved").save()
    given = []
    for form, today in zip(answers(town, len(CLOCKS)), CLOCKS, strict=True):
        await jobs.night(town, today)
        async with running():
            given.append(await accept(town, as_submission(form)))

    states = {row["name"]: row["state"] for row in await Wave.select(Wave.name, Wave.state)}
    assert states == {"2026-1": "open", "2026-2": "approved"}
    assert await stored() == {*given}


def as_submission(form):
    asked = ("wave", "message", "signature", "context", "ticket")
    return Submission(**{name: form[name] for name in asked}, form_version=1, answers=waves.ANSWER)
