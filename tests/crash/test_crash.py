"""Whoever was told "received" is counted, once, however often the server is killed meanwhile."""

import asyncio
import random

import polars as pl
import pytest

from survey import engine
from survey.intake import closing, codes
from survey.intake.files import answers_file, receipts_file
from survey.tables import Ballot, Closing, Intake
from tests.crash.serving import Client, served, submissions
from tests.survey import waves

# Answers and kills. 5,000 and 25 cost 45 s of processor on each database, so they are for soak.
RUNS = [
    (500, 6),
    pytest.param(5_000, 25, marks=pytest.mark.soak),
    pytest.param(100_000, 500, marks=pytest.mark.soak),
]


async def killed_while_sending(settings, *, answers, kills, seed):
    """What two clients were given, and how often the server died under them."""
    dice = random.Random(seed)
    waiting = submissions(settings, "2026-1", "N1", answers)
    deaths = 0
    with served(settings) as server:
        clients = [Client(server.port, dice) for _ in range(2)]
        sending = asyncio.gather(*(client.send_all(waiting) for client in clients))
        for left in range(kills, 0, -1):
            mark = len(waiting) * left // (left + 1)
            while len(waiting) > mark:
                assert not sending.done()
                await asyncio.sleep(0.001)
            await asyncio.sleep(dice.random() / 50)
            server.kill()
            deaths += 1
            server.start()
        await sending
        server.kill()
    return [client.given for client in clients], deaths


async def check_none_is_lost_and_none_counted_twice(settings, lists, answers):
    """Of the lists of the clients against the database, then against the release."""
    first, second = lists
    given = first | second
    assert not first.keys() & second.keys()
    assert len(first) > 0 < len(second)
    assert len(given) == answers

    hashes = [row["hash"] for row in await Ballot.select(Ballot.hash)]
    assert (len(hashes), await Intake.count()) == (answers, answers)
    assert {codes.crockford(hash_, 8) for hash_ in hashes} == {*given.values()}
    if isinstance(engine.current(), engine.SQLite):
        assert await Ballot.raw("PRAGMA integrity_check") == [{"integrity_check": "ok"}]

    closed = await closing.close_wave(settings, "2026-1")
    [counted] = await Closing.select(Closing.answers)
    assert closed.state == "released"
    assert counted["answers"] == answers
    assert len(pl.read_parquet(answers_file(settings, "2026-1"))) == answers
    assert sorted(receipts_file(settings, "2026-1").read_text().split()) == sorted(given.values())


@pytest.mark.parametrize(("answers", "kills"), RUNS)
async def test_each_answer_that_was_acknowledged_is_released_once(store, answers, kills, capsys):
    await waves.organisation()
    await waves.wave(store)
    seed = random.getrandbits(32)
    with capsys.disabled():
        print(f"\n{answers} answers, {kills} kills, seed {seed}")  # noqa: T201 - to run it again

    lists, deaths = await killed_while_sending(store, answers=answers, kills=kills, seed=seed)

    assert deaths == kills
    await check_none_is_lost_and_none_counted_twice(store, lists, answers)
