"""Documents made in processes of their own: one that fails, hangs or swells stops only itself.

Workers are fresh processes, since one that is forked after Polars has started may hang. Each makes
one document after the other; its time and its memory are limited.
"""

import asyncio
import errno
import gc
import multiprocessing
import os
import resource
import signal
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any, Final, TypeAlias

from analysis.report.reading import pages_of
from survey.errors import N_, Broken, Busy, KernepulsError
from survey.insight.boards import on_board
from survey.insight.documents import DOCUMENTS
from survey.insight.pathways import BETWEEN
from survey.insight.releases import stored_release, waves_with_release
from survey.insight.reports import report_facts, wave_facts
from survey.settings import Settings
from survey.texts import Language

# Seconds of a processor for a document (report.md 7), which takes one or two: a clock on the wall
# would count what others do on a busy machine. The second ends one that hangs without working.
TIME_LIMIT: Final = 20.0
PATIENCE: Final = 120.0
PER_UNIT: Final = 0.05  # seconds more for each unit below, which all stand in the report: of 2,500
MEMORY: Final = 1024  # MB that a worker may write to (report.md 7); it takes 350
FULL: Final = 0.95  # of it, from which a document that fails has failed for want of more
DATA: Final = 5  # the field of /proc/self/statm with the pages that the limit counts
STEP: Final = 0.2  # seconds between two looks at the clock
POLITE: Final = 5  # how far batches stand back for those who answer or wait for a page
QUEUE: Final = 2  # who may wait for the one document that is made for a page (trust.md, attack 11)
IDLE: Final = 120.0  # seconds a worker is kept for the next page


class ReportTooSlow(Broken):
    sentence = N_("It took more than {seconds} seconds and was stopped. Nothing was written.")


class ReportTooLarge(Broken):
    sentence = N_(
        "It was stopped: it needed more than {megabytes} MB of memory, or a library under it "
        "failed. Nothing was written."
    )


class ReportBroke(Broken):
    sentence = N_("The report could not be made ({problem}). Nothing was written.")


class ReportsBusy(Busy):
    sentence = N_(
        "Other reports are being made just now. Nothing is lost: try again in half a minute."
    )


@dataclass(frozen=True, slots=True)
class Task:
    """A document to make: its kind, for which unit, and what it says beside its numbers.

    `given` are the arguments of `Document.make` that are its own.
    """

    settings: Settings
    kind: str
    wave: str
    unit: str
    language: Language
    given: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Made:
    """A finished document."""

    content: bytes
    pages: int


Answer: TypeAlias = Made | KernepulsError


@dataclass(frozen=True, slots=True)
class Limits:
    """What a worker may take; `polite` where it stands back for those who wait for a page."""

    seconds: float = TIME_LIMIT
    patience: float = PATIENCE
    megabytes: int = MEMORY
    polite: bool = False


BATCH: Final = Limits(patience=300, polite=True)  # nobody waits for it, and others go first


def made(
    tasks: Iterable[Task],
    *,
    workers: int,
    limits: Limits = BATCH,
    stop: threading.Event | None = None,
) -> Iterator[tuple[Task, Answer]]:
    """Each task with its document or its refusal, as they are finished; fewer once `stop` is set.

    A task is asked for when a worker is free for it, so that few are in memory at a time.
    """
    waiting = iter(tasks)
    busy: list[_Worker] = []
    try:
        while stop is None or not stop.is_set():
            while len(busy) < workers and (task := next(waiting, None)) is not None:
                busy.append(_Worker(limits).given(task))
            if not busy:
                return
            for one in _heard(busy):
                yield one.task, one.answer()
                following = next(waiting, None) if one.is_alive else None
                if following is not None:
                    one.given(following)
                else:
                    one.stop()
                    busy.remove(one)
    finally:
        for one in busy:
            one.stop()


def _heard(busy: list["_Worker"]) -> list["_Worker"]:
    """The workers to look at now: those who said something, and those whose time is up."""
    ready = wait([one.pipe for one in busy], timeout=STEP)
    return [one for one in busy if one.pipe in ready or one.is_late]


class _Worker:
    """A process that makes one document at a time, and until when it may be at it."""

    def __init__(self, limits: Limits) -> None:
        fresh = multiprocessing.get_context("spawn")
        self.limits, self.is_alive, self.until = limits, True, 0.0
        self.task: Task
        self.pipe, theirs = fresh.Pipe()
        self.process: SpawnProcess = fresh.Process(target=_work, args=(theirs, limits), daemon=True)
        self.process.start()
        theirs.close()  # so that its end is seen here when the process dies

    def given(self, task: Task) -> "_Worker":
        self.task = task
        with suppress(BrokenPipeError):  # it is dead, and its answer says so
            self.pipe.send(task)
        self.until = time.monotonic() + self.limits.patience
        return self

    @property
    def is_late(self) -> bool:
        return time.monotonic() >= self.until

    def answer(self) -> Answer:
        """What it says, or what became of it."""
        try:
            if self.pipe.poll():
                said: Answer = self.pipe.recv()
                self.is_alive = not isinstance(said, ReportTooLarge)
                return said
        except (EOFError, OSError):
            self.is_alive = False
            self.process.join()
            return self._death()
        self.is_alive = False
        return ReportTooSlow(seconds=int(self.limits.seconds))

    def _death(self) -> Answer:
        ended = self.process.exitcode
        if ended == -signal.SIGPROF:
            return ReportTooSlow(seconds=int(self.limits.seconds))
        if ended is not None and ended < 0:  # out of memory, a library seldom says so: it dies
            return ReportTooLarge(megabytes=self.limits.megabytes)
        return ReportBroke(problem=f"exit {ended}")

    def waited_for(self) -> Answer:
        """Its answer, however long it takes within its limits."""
        while not _heard([self]):
            pass
        return self.answer()

    def stop(self) -> None:
        self.pipe.close()
        self.process.kill()
        self.process.join()


def _work(pipe: Connection, limits: Limits) -> None:
    """Make what is asked for until nobody asks; what stays is kept from the collector."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started it decides when it ends
    most = limits.megabytes * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if limits.polite:
        os.nice(POLITE)
    first = True
    try:
        while True:
            pipe.send(_answered(pipe.recv(), limits))
            gc.collect()
            if first:
                gc.freeze()
                gc.disable()
                first = False
    except (EOFError, BrokenPipeError):
        return


def _below(task: Task) -> int:
    """How many units a document tells beside its own; 0 where no release is told."""
    if task.wave not in waves_with_release(task.settings):
        return 0
    release, found = stored_release(task.settings, task.wave), 0
    waiting = [task.unit]
    while waiting:
        below = [one.unit for one in release.below(waiting.pop())]
        found += len(below)
        waiting += below
    return found


def _answered(task: Task, limits: Limits) -> Answer:
    """The document, or why there is none."""
    try:
        seconds = limits.seconds + PER_UNIT * _below(task)
        signal.setitimer(signal.ITIMER_PROF, seconds)  # at its end the process dies
        content = DOCUMENTS[task.kind].make(
            task.settings,
            wave=task.wave,
            unit=task.unit,
            language=task.language,
            **task.given,
        )
        return Made(content, pages_of(content))
    except KernepulsError as error:
        return error
    except Exception as error:  # noqa: BLE001 - a bug in one report must not stop the others
        if isinstance(error, MemoryError) or _is_full(limits):
            return ReportTooLarge(megabytes=limits.megabytes)
        return ReportBroke(problem=type(error).__name__)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _is_full(limits: Limits) -> bool:
    """Whether memory was the reason: a library that gets none says so in words of its own."""
    try:
        told = Path("/proc/self/statm").read_text(encoding="ascii").split()
    except (MemoryError, OSError) as error:
        return isinstance(error, MemoryError) or error.errno == errno.ENOMEM
    return int(told[DATA]) * resource.getpagesize() > FULL * limits.megabytes * 1024 * 1024


# --- one at a time, for somebody who waits --------------------------------------------------------


class _Desk:
    """One worker for those who wait for a page; it is kept a while for whoever comes next."""

    def __init__(self) -> None:
        self.thread = ThreadPoolExecutor(1, thread_name_prefix="desk")
        self.asked = 0
        self.worker: _Worker | None = None
        self.closing: threading.Timer | None = None

    async def made(self, task: Task) -> Made:
        """Raises ReportsBusy where enough people wait already, and the refusal of the document."""
        if self.asked > QUEUE:
            raise ReportsBusy
        self.asked += 1
        work = asyncio.get_running_loop().run_in_executor(self.thread, self._made, task)
        work.add_done_callback(self._is_done)
        answer = await asyncio.shield(work)  # who goes away leaves a worker that is well
        if isinstance(answer, KernepulsError):
            raise answer
        return answer

    def _is_done(self, _: object) -> None:
        self.asked -= 1

    def _made(self, task: Task) -> Answer:
        if self.closing is not None:
            self.closing.cancel()
        if self.worker is not None and not self.worker.process.is_alive():
            self._close()  # it died while nobody asked
        worker = self.worker = self.worker or _Worker(Limits())
        answer = worker.given(task).waited_for()
        if not worker.is_alive:
            self._close()
        self.closing = threading.Timer(IDLE, lambda: self.thread.submit(self._close))
        self.closing.daemon = True
        self.closing.start()
        return answer

    def _close(self) -> None:
        if self.worker is not None:
            self.worker.stop()
            self.worker = None


DESK: Final = _Desk()


async def unit_report(settings: Settings, *, wave: str, unit: str, language: Language) -> bytes:
    """The action report of a unit as a PDF, exactly as its leadership team sees it.

    Raises ReportsBusy, ReportTooSlow, ReportTooLarge, and what `report_file` raises.
    """
    facts = await report_facts(settings, wave=wave, unit=unit, language=language)
    task = Task(settings, "report", wave, unit, language, {"facts": facts})
    return (await DESK.made(task)).content


async def board_pdf(
    settings: Settings, *, wave: str, unit: str, language: Language, today: date
) -> bytes:
    """The board sheet of a unit, as of a day; raises as `unit_report` does."""
    facts = await report_facts(settings, wave=wave, unit=unit, language=language)
    given = {"facts": facts, "now": await on_board(unit, language=language, today=today)}
    return (await DESK.made(Task(settings, "board", wave, unit, language, given))).content


async def pathway_report(
    settings: Settings, *, wave: str, units: Iterable[str], language: Language
) -> bytes:
    """The report of several units that lie apart; raises as `unit_report` does."""
    facts = await wave_facts(settings, wave=wave, language=language)
    given = {"facts": facts.shared}
    task = Task(settings, "pathway", wave, BETWEEN.join(units), language, given)
    return (await DESK.made(task)).content


async def paper_pdf(  # noqa: PLR0913 - what the pages are made of
    settings: Settings,
    *,
    wave: str,
    language: Language,
    htmls: Iterable[str],
    created: date,
    quoted: Iterable[str],
) -> Made:
    """The two pages about a wave, from the same pages in falling sizes; raises as `unit_report`."""
    given = {"htmls": tuple(htmls), "created": created, "quoted": tuple(quoted)}
    return await DESK.made(Task(settings, "paper", wave, "", language, given))
