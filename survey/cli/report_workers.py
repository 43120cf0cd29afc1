"""Reports made side by side: one that fails, takes too long or dies stops only itself.

Workers are fresh processes, since one that is forked after Polars has started may hang.
"""

import gc
import multiprocessing
import time
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import TypeAlias

from survey import insight
from survey.errors import N_, Broken, KernepulsError
from survey.settings import Settings
from survey.texts import Language

TIME_LIMIT = 60.0  # seconds for a report and a worker's start: it takes 1-2 on an idle machine
STEP = 0.2  # seconds between two looks at the clock

Answer: TypeAlias = bytes | KernepulsError


class ReportTooSlow(Broken):
    sentence = N_("It took more than {seconds} seconds and was stopped. Nothing was written.")


class ReportBroke(Broken):
    sentence = N_("The report could not be made ({problem}). Nothing was written.")


@dataclass(frozen=True, slots=True)
class Job:
    """What every report of a run has in common."""

    settings: Settings
    wave: str
    language: Language

    def made(self, unit: str, facts: insight.Facts) -> Answer:
        """The PDF of a unit, or why there is none."""
        try:
            return insight.report_file(
                self.settings, wave=self.wave, unit=unit, language=self.language, facts=facts
            )
        except KernepulsError as error:
            return error
        except Exception as error:  # noqa: BLE001 - a bug in one report must not stop the others
            return ReportBroke(problem=type(error).__name__)


def made(
    job: Job, facts: Mapping[str, insight.Facts], *, workers: int, time_limit: float = TIME_LIMIT
) -> Iterator[tuple[str, Answer]]:
    """Each unit with its PDF or its refusal, as they are finished."""
    waiting = deque(facts.items())
    fresh = partial(_Worker, job, time_limit)
    busy: list[_Worker] = []
    try:
        while waiting or busy:
            while waiting and len(busy) < workers:
                busy.append(fresh().given(*waiting.popleft()))
            ready = wait([one.pipe for one in busy], timeout=STEP)
            for one in tuple(busy):
                answer = one.answer() if one.pipe in ready else one.late()
                if answer is None:
                    continue
                yield one.unit, answer
                if one.is_alive and waiting:
                    one.given(*waiting.popleft())
                else:
                    one.stop()
                    busy.remove(one)
    finally:
        for one in busy:
            one.stop()


class _Worker:
    """A process that makes one report at a time, and the time it was given the last one."""

    def __init__(self, job: Job, time_limit: float) -> None:
        fresh = multiprocessing.get_context("spawn")
        self.pipe, theirs = fresh.Pipe()
        self.unit, self.begun, self.time_limit = "", 0.0, time_limit
        self.process: SpawnProcess = fresh.Process(target=_work, args=(theirs, job), daemon=True)
        self.process.start()
        theirs.close()  # so that its end is seen here when the process dies
        self.is_alive = True

    def given(self, unit: str, facts: insight.Facts) -> "_Worker":
        self.unit, self.begun = unit, time.monotonic()
        self.pipe.send((unit, facts))
        return self

    def answer(self) -> Answer:
        try:
            return self.pipe.recv()  # type: ignore[no-any-return] # a pipe has no type
        except EOFError:
            self.is_alive = False
            self.process.join()
            return ReportBroke(problem=f"exit {self.process.exitcode}")

    def late(self) -> Answer | None:
        if time.monotonic() - self.begun < self.time_limit:
            return None
        self.is_alive = False
        return ReportTooSlow(seconds=int(self.time_limit))

    def stop(self) -> None:
        self.pipe.close()
        self.process.kill()
        self.process.join()


def _work(pipe: Connection, job: Job) -> None:
    """Make what is asked for until nobody asks; what stays is kept from the collector."""
    first = True
    while True:
        try:
            unit, facts = pipe.recv()
        except EOFError:
            return
        pipe.send(job.made(unit, facts))
        gc.collect()
        if first:
            gc.freeze()
            gc.disable()
            first = False
