"""Whoever was told "received" is counted, once, however often the server is killed meanwhile."""

import asyncio
import os
import random
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest

from survey import engine
from survey.intake import blind, codes, keys, tickets
from survey.intake.ballots import MESSAGE
from survey.intake.files import answers_file
from survey.tables import Ballot, Intake
from tests.survey import waves

SERVER = Path(__file__).with_name("answering_server.py")
CLIENTS = 16
DOUBLED = 0.02  # of the sends are double clicks


def submissions(settings, count):
    """Answers with ballots of their own; the codes were spent long before."""
    wave_keys = keys.intake(settings, "2026-1")
    public = wave_keys.verifying
    context = tickets.Context(wave="2026-1", unit="N1", behaviour="Ad1").text
    for _ in range(count):
        message = os.urandom(MESSAGE)
        factor = 1 + int.from_bytes(os.urandom(384), "big") % (public.public_numbers().n - 1)
        blinded, inverse = blind.blind(public, message, salt=os.urandom(48), factor=factor)
        signature = blind.finalise(public, blind.sign(wave_keys.signing, blinded), inverse)
        yield {
            "wave": "2026-1",
            "message": tickets.as_text(message),
            "signature": tickets.as_text(signature),
            "context": context,
            "ticket": tickets.ticket(wave_keys, context),
            "form_version": 1,
            "answers": waves.ANSWER,
        }


class Server:
    """The process and its socket; killed without a word, and started again."""

    def __init__(self, settings, socket):
        self.socket = socket
        self.environment = {
            **os.environ,
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "KERNEPULS_DATA": str(settings.data),
            "KERNEPULS_DATABASE": settings.database,
            "KERNEPULS_KEY_COPY": str(settings.key_copy),
        }
        self.start()

    def start(self):
        self.process = subprocess.Popen([sys.executable, SERVER, self.socket], env=self.environment)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


async def send(socket, body):
    """The receipt, after as many tries as it takes."""
    while True:
        with suppress(OSError, asyncio.IncompleteReadError):
            reader, writer = await asyncio.open_unix_connection(socket)
            try:
                writer.write(body)
                line = await reader.readuntil(b"\n")
            finally:
                writer.close()
            if len(said := line.decode().strip()) == 8:
                return said
        await asyncio.sleep(0.02)


async def killed_while_sending(store, *, answers, kills, seed):
    """Receipt -> the message it was given for, and how often the server died."""
    print(f"seed {seed}")  # noqa: T201 - pytest shows it when the run fails
    dice = random.Random(seed)
    waiting = [*submissions(store, answers)]
    given = {}
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:  # a socket's path must be short
        server = Server(store, Path(folder) / "s")

        async def client():
            while waiting:
                sent = waiting.pop()
                body = msgspec.json.encode(sent) + b"\n"
                copies = 2 if dice.random() < DOUBLED else 1
                receipts = await asyncio.gather(*(send(server.socket, body) for _ in range(copies)))
                assert len(set(receipts)) == 1
                given[sent["message"]] = receipts[0]

        clients = asyncio.gather(*(client() for _ in range(CLIENTS)))
        deaths = 0
        for left in range(kills, 0, -1):
            mark = len(waiting) * left // (left + 1)
            while len(waiting) > mark:
                await asyncio.sleep(0.001)
            await asyncio.sleep(dice.random() / 50)
            server.kill()
            deaths += 1
            server.start()
        await clients
        server.kill()
    return given, deaths


async def test_an_answer_that_was_acknowledged_is_stored_once_after_every_kill(store):
    await waves.organisation()
    await waves.wave(store)

    given, deaths = await killed_while_sending(
        store, answers=400, kills=5, seed=random.getrandbits(32)
    )

    hashes = [row["hash"] for row in await Ballot.select(Ballot.hash)]
    assert deaths == 5
    assert len(given) == 400
    assert (len(hashes), await Intake.count()) == (400, 400)
    assert {codes.crockford(hash_, 8) for hash_ in hashes} == set(given.values())
    assert not answers_file(store, "2026-1").exists()
    if isinstance(engine.current(), engine.SQLite):
        assert await Ballot.raw("PRAGMA integrity_check") == [{"integrity_check": "ok"}]


@pytest.mark.soak
async def test_ten_thousand_answers_and_fifty_kills_lose_none(store):
    await waves.organisation()
    await waves.wave(store)

    given, _ = await killed_while_sending(
        store, answers=10_000, kills=50, seed=random.getrandbits(32)
    )

    assert len(given) == await Ballot.count() == await Intake.count() == 10_000
