"""The one task that writes answers: it takes what is waiting and commits it together.

"Received" is said after the commit and not before. The roster is written elsewhere; no
transaction touches both sides.
"""

import asyncio
import os
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import structlog

from survey import engine
from survey.engine import Engine
from survey.errors import KernepulsError
from survey.intake.committing import Row, commit
from survey.intake.refusals import AnswerNotStored, ServerBusy
from survey.tables import Ballot

WAITING = 2000  # items; beyond it a page is asked to try again
TOGETHER = 200  # items in one commit
LOG = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Item:
    """A sealed answer on its way. `taken` is True when stored or seen before, False when closed."""

    wave: int
    ballot: bytes
    sealed: bytes
    taken: "asyncio.Future[bool]" = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


def end_process() -> None:
    """After an I/O error at a commit nobody knows what is on the disk: start again from it."""
    os._exit(os.EX_IOERR)


class Writer:
    """Group commit with a retry for each item, so one bad row refuses one person."""

    def __init__(self, store: Engine, *, on_io_error: Callable[[], None] = end_process) -> None:
        self.store = store
        self.on_io_error = on_io_error
        self.items: asyncio.Queue[Item] = asyncio.Queue(WAITING)
        self.sizes: Counter[int] = Counter()  # of the commits so far: never when, never whose
        self.stopping = False

    async def put(self, item: Item) -> bool:
        """Whether the wave took the item; ServerBusy when it was not even tried."""
        if self.stopping:
            raise ServerBusy
        try:
            self.items.put_nowait(item)
        except asyncio.QueueFull:
            raise ServerBusy from None
        return await item.taken

    async def run(self) -> None:
        while True:
            batch = [await self.items.get()]
            while len(batch) < TOGETHER and not self.items.empty():
                batch.append(self.items.get_nowait())
            self.sizes[len(batch)] += 1
            try:
                await self._write(batch)
            finally:
                for _ in batch:
                    self.items.task_done()

    async def drained(self) -> None:
        """When everything that was put before this is committed or refused."""
        await self.items.join()

    async def _write(self, batch: list[Item]) -> None:
        try:
            taken = await self._commit(batch)
        except Exception as error:  # noqa: BLE001 - whatever it was, every item gets its answer
            await self._failed(batch, error)
            return
        for item in batch:
            if not item.taken.done():
                item.taken.set_result(item.ballot in taken)

    async def _failed(self, batch: list[Item], error: Exception) -> None:
        if self.store.io_failed(error):
            self.on_io_error()
        if self.store.concerns_store(error):
            LOG.warning("intake_refused", error=type(error).__name__)
            for item in batch:
                _refuse(item, self.store.refusal(error) or ServerBusy())
        elif len(batch) > 1:
            for item in batch:
                await self._write([item])
        else:
            LOG.warning("intake_item_refused", error=type(error).__name__)
            _refuse(batch[0], AnswerNotStored())

    async def _commit(self, batch: list[Item]) -> set[bytes]:
        """Store what is new in open waves; gives the ballots that are stored now or were before."""
        # The last of equal ballots in a batch is dropped: the first answer stands.
        first = {item.ballot: item for item in reversed(batch)}
        rows = [
            Row(item.ballot, item.wave, secrets.token_bytes(16), item.sealed)
            for item in first.values()
        ]
        is_open = await commit(self.store, rows, {item.wave for item in batch})
        taken = {row.ballot for row in rows if row.wave in is_open}
        return taken | await _stored([row.ballot for row in rows if row.ballot not in taken])


async def _stored(ballots: list[bytes]) -> set[bytes]:
    if not ballots:
        return set()
    rows = await Ballot.select(Ballot.hash).where(Ballot.hash.is_in(ballots))
    return {row["hash"] for row in rows}


def _refuse(item: Item, error: KernepulsError) -> None:
    if not item.taken.done():
        item.taken.set_exception(error)


_running: list[Writer] = []


def running_writer() -> Writer | None:
    """The writer of this process, while `running` holds."""
    return _running[-1] if _running else None


@asynccontextmanager
async def running(*, on_io_error: Callable[[], None] = end_process) -> AsyncIterator[Writer]:
    """Take answers until the block ends; then refuse new ones, and commit what is waiting."""
    writer = Writer(engine.current(), on_io_error=on_io_error)
    task = asyncio.create_task(writer.run())
    _running.append(writer)
    try:
        yield writer
    finally:
        writer.stopping = True
        await writer.drained()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        _running.remove(writer)
