"""A server to be killed, people who send to it, and their answers made beforehand.

The server is the whole application in a process group of its own. The lists of what was
acknowledged live with the senders, outside it.
"""

import asyncio
import atexit
import json
import os
import random
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import msgspec
from cryptography.hazmat.primitives import hashes, serialization

from survey.intake import blind, keys, tickets
from survey.intake.ballots import MESSAGE
from survey.settings import Settings
from tests.commanding import environment

ROOT = Path(__file__).parents[2]
BELOW_EPHEMERAL = range(20_000, 32_000)  # else a sender may connect to itself while no server is up
FORM = {"situation": "several", "successes": "3", "clarity": "4", "b_silo": "2"}
LANES = 8  # at once, of each client
DOUBLED = 0.02  # of the sends are double clicks
PAUSE = 0.02  # seconds before another try
PATIENCE = 60  # seconds after which a server that gives nobody a receipt is broken


class Reply(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes


@cache
def nursery() -> "subprocess.Popen[str]":
    """Of this run, started by the first who asks; it ends when the run does."""
    started = subprocess.Popen(
        [sys.executable, "-m", "tests.crash.nursery"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    atexit.register(started.communicate)
    return started


class Server:
    """`kernepuls serve` over an installation; killed without a word, and started again."""

    def __init__(self, settings: Settings) -> None:
        self.port = free_port()
        self.environment = environment(settings)
        self.pid = 0
        self.start()

    def start(self) -> None:
        self.pid = _told({"port": self.port, "environment": self.environment})

    def kill(self) -> int:
        """kill -9 of the whole process group; it has ended when this returns its status."""
        return self._ended("kill")

    def ended(self) -> int:
        """The status of a server that ends by itself."""
        return self._ended("wait")

    def _ended(self, order: str) -> int:
        self.pid = 0
        return _told(order)


def _told(order: object) -> int:
    there = nursery()
    assert there.stdin is not None
    assert there.stdout is not None
    there.stdin.write(f"{json.dumps(order)}\n")
    there.stdin.flush()
    return int(there.stdout.readline())


@contextmanager
def served(settings: Settings) -> Iterator[Server]:
    server = Server(settings)
    try:
        yield server
    finally:
        if server.pid:
            server.kill()


def free_port() -> int:
    while True:
        port = random.choice(BELOW_EPHEMERAL)
        with socket.socket() as free, suppress(OSError):
            free.bind(("127.0.0.1", port))
            return port


class Line:
    """One connection that is kept; opened again for the next request after it broke."""

    def __init__(self, port: int, *, by_way_of: int | None = None) -> None:
        self.port, self.entrance = port, by_way_of or port
        self.streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, path: str, body: bytes, *, accept: str = "application/json") -> Reply:
        """Raises OSError or IncompleteReadError when no whole reply came."""
        try:
            if self.streams is None:
                self.streams = await asyncio.open_connection("127.0.0.1", self.entrance)
            return await self._exchanged(path, body, accept)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        if self.streams is not None:
            self.streams[1].close()
            self.streams = None

    async def _exchanged(self, path: str, body: bytes, accept: str) -> Reply:
        assert self.streams is not None
        reader, writer = self.streams
        head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nAccept: {accept}\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        writer.write(head.encode() + body)
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines)
        got = await reader.readexactly(int(headers["content-length"]))
        return Reply(int(first.split()[1]), headers, got)


def submissions(settings: Settings, wave: str, unit: str, count: int) -> list[dict[str, str]]:
    """Forms with a ballot of their own; the codes were spent long before."""
    wave_keys = keys.intake(settings, wave)
    private: Any = serialization.load_der_private_key(
        (keys.places(settings, wave)[0] / keys.SIGNING).read_bytes(), password=None
    )
    context = tickets.Context(wave=wave, unit=unit, behaviour="Ad1").text
    same = {
        "wave": wave,
        "context": context,
        "ticket": tickets.ticket(wave_keys, context),
        "form_version": "1",
        **FORM,
    }
    messages = [os.urandom(MESSAGE) for _ in range(count)]
    return [
        {
            **same,
            "message": tickets.as_text(message),
            # Finalised, a blind signature is an ordinary one.
            "signature": tickets.as_text(private.sign(message, blind.SCHEME, hashes.SHA384())),
        }
        for message in messages
    ]


class Client:
    """Somebody who sends, and keeps a list of what was acknowledged: message -> receipt."""

    def __init__(self, port: int, dice: random.Random) -> None:
        self.port, self.dice = port, dice
        self.given: dict[str, str] = {}
        self.refusals: list[Reply] = []  # asked to try again

    async def send_all(self, waiting: list[dict[str, str]]) -> None:
        await asyncio.gather(*(self._lane(waiting) for _ in range(LANES)))

    async def _lane(self, waiting: list[dict[str, str]]) -> None:
        lines = Line(self.port), Line(self.port)
        while waiting:
            sent = waiting.pop()
            copies = 2 if self.dice.random() < DOUBLED else 1
            receipts = {
                *await asyncio.gather(*(self.receipt(line, sent) for line in lines[:copies]))
            }
            assert len(receipts) == 1
            [self.given[sent["message"]]] = receipts
        for line in lines:
            line.close()

    async def receipt(self, line: Line, sent: dict[str, str]) -> str:
        """After as many tries as it takes: no reply, and "try again", are no receipt."""
        body = urlencode(sent).encode()
        async with asyncio.timeout(PATIENCE):
            while True:
                with suppress(ConnectionError, asyncio.IncompleteReadError):
                    reply = await line.post("/svar/send", body)
                    if reply.status == 200:
                        return str(msgspec.json.decode(reply.body)["receipt"])
                    assert reply.status == 503, reply
                    self.refusals.append(reply)
                await asyncio.sleep(PAUSE)
