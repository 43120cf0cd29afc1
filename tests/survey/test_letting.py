"""Several servers at one door: visitors who come at once are spread over them."""

import asyncio
import errno
import socket
from contextlib import asynccontextmanager, closing

import pytest
import uvicorn

from survey.cli import letting


async def page(_scope, receive, send):
    await receive()
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})


@asynccontextmanager
async def serving(door):
    """A server at the door, which is its own as in a process of its own."""
    server, own = letting.Server(uvicorn.Config(page, lifespan="off", log_config=None)), door.dup()
    server.config.load()
    server.lifespan = server.config.lifespan_class(server.config)
    await server.startup([own])
    try:
        yield server
    finally:
        await server.shutdown([own])


@pytest.fixture
def door():
    with closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        yield found


@pytest.fixture
def came(door):
    """Somebody comes, is shown the page, and stays."""
    here = []

    async def come():
        reader, writer = await asyncio.open_connection(*door.getsockname())
        here.append(writer)
        writer.write(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n")

    return come


def visitors(server):
    return len(server.server_state.connections)


async def test_who_has_let_a_visitor_in_leaves_the_next_to_the_others(door, came, monkeypatch):
    monkeypatch.setattr(letting, "REST", 60)
    async with serving(door) as one:
        await came()
        second = asyncio.create_task(came())
        await asyncio.sleep(0.05)
        async with serving(door) as other:
            await second

            assert (visitors(one), visitors(other)) == (1, 1)


async def test_after_its_rest_it_lets_in_the_next(door, came):
    async with serving(door) as alone:
        for _ in range(3):
            await came()

        assert visitors(alone) == 3


async def test_who_can_open_no_more_files_looks_again_later(door, came, monkeypatch):
    monkeypatch.setattr(letting, "NO_ROOM", 0.01)
    refused = []

    class Full(socket.socket):
        """The door of a process that has as many files as it may, for a moment."""

        def accept(self):
            if not refused:
                refused.append("once")
                raise OSError(errno.EMFILE, "Too many open files")
            return super().accept()

    async with serving(Full(fileno=door.dup().detach())) as alone:
        await came()

        assert (refused, visitors(alone)) == (["once"], 1)
