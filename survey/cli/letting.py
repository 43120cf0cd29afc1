"""Letting visitors in, one at a time, where several processes wait at one door.

The first of them to be free would take all who come at once, and keep them: a proxy opens its
connections together, and at nine o'clock so do people. Of four processes one had 48 of 64 visitors.
So each rests after every visitor, the longer the more it has, and leaves the next to the others.
"""

import asyncio
import socket
from collections.abc import Callable
from functools import partial
from typing import Any

import structlog
import uvicorn

REST = 0.0002  # seconds for each visitor who is there
COUNTED = 20  # visitors: who has more rests no longer, since somebody must let the next one in
NO_ROOM = 1.0  # seconds until a process that can open no more files looks again
NOBODY = (BlockingIOError, InterruptedError, ConnectionAbortedError)  # or another was first
LOG = structlog.get_logger()


class Server(uvicorn.Server):
    """Uvicorn's, on a socket that other processes listen to as well."""

    loop: asyncio.AbstractEventLoop
    resting: asyncio.TimerHandle | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup([])
        self.loop = asyncio.get_running_loop()
        self.entering: set[asyncio.Task[Any]] = set()
        for door in sockets or []:
            door.settimeout(0)
            door.listen(self.config.backlog)
            self._open(door)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self.resting:
            self.resting.cancel()
        for door in sockets or []:
            self.loop.remove_reader(door)
        await super().shutdown(sockets)

    def _open(self, door: socket.socket) -> None:
        self.loop.add_reader(door, self._let_in, door)

    def _rest(self, door: socket.socket, seconds: float) -> None:
        self.loop.remove_reader(door)
        self.resting = self.loop.call_later(seconds, self._open, door)

    def _let_in(self, door: socket.socket) -> None:
        try:
            visitor, _ = door.accept()
        except NOBODY:
            return
        except OSError as error:  # no more files can be opened
            LOG.warning("visitors_wait", error=type(error).__name__)
            self._rest(door, NO_ROOM)
            return
        visitor.settimeout(0)
        speaking: Callable[[], asyncio.Protocol] = partial(
            self.config.http_protocol_class,  # type: ignore[call-arg]  # uvicorn's own two take it
            config=self.config,
            server_state=self.server_state,
            app_state=self.lifespan.state,
        )
        task = self.loop.create_task(self.loop.connect_accepted_socket(speaking, visitor))
        self.entering.add(task)
        task.add_done_callback(self.entering.discard)
        here = len(self.server_state.connections) + len(self.entering)
        self._rest(door, REST * min(here, COUNTED))
