"""Making every document of a released wave, in one run that can be stopped and gone on with."""

import asyncio
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from survey import audit
from survey.actions.opening import today_here
from survey.delivery.shelf import Shelf
from survey.engine import file_refusals
from survey.insight import unit_report, wave_facts
from survey.insight.documents import Given, given, mark_of
from survey.insight.workers import BATCH, Limits, Made, Task, made
from survey.settings import Settings
from survey.texts import Language


@dataclass(frozen=True, slots=True)
class Run:
    """How a run ended: what it made, what was there already, and what could not be made."""

    made: int
    kept: int
    failed: int


async def make_reports(  # noqa: PLR0913 - what a run is told
    settings: Settings,
    *,
    wave: str,
    language: Language,
    by: int | None,
    progress: Callable[[int, int], None],
    stop: threading.Event,
    limits: Limits = BATCH,
) -> Run:
    """Make the documents that are missing or no longer up to date, each in a process of its own.

    One that fails stops no other; `stop` ends the run, and what is finished is kept. Raises
    WaveUnknown, WaveNotReleased, ReleaseDamaged, DiskFull.
    """
    today = today_here()
    told = await given(settings, wave=wave, language=language, today=today)
    shelf = Shelf(settings, wave, language)
    ended = await asyncio.to_thread(_made, shelf, told, today, progress, stop, limits)
    await audit.record(by=by, what="made reports", on_what=wave)
    return ended


async def report_of(settings: Settings, *, wave: str, unit: str, language: Language) -> bytes:
    """The action report of a unit: the finished one where it is up to date, else made now.

    Raises as `insight.unit_report`.
    """
    facts = await wave_facts(settings, wave=wave, language=language)
    told = {"facts": facts.of(unit)}
    mark = mark_of(facts, "report", unit, told)
    kept = await asyncio.to_thread(
        Shelf(settings, wave, language).up_to_date, ("report", unit), mark
    )
    return kept or await unit_report(settings, wave=wave, unit=unit, language=language)


def _made(  # noqa: PLR0913, PLR0917 - positional for the thread
    shelf: Shelf,
    told: Given,
    today: date,
    progress: Callable[[int, int], None],
    stop: threading.Event,
    limits: Limits,
) -> Run:
    marks = {key: told.mark_of(*key) for key in told.wanted()}
    with file_refusals(shelf.settings):
        kept = shelf.begin(told.mark, marks).finished
        tasks = (
            Task(shelf.settings, kind, shelf.wave, unit, shelf.language, told.of(kind, unit))
            for kind, unit in marks
            if (kind, unit) not in kept
        )
        done, failed = len(kept), 0
        progress(done, len(marks))
        for task, answer in made(tasks, workers=beside_a_server(), limits=limits, stop=stop):
            key = task.kind, task.unit
            if isinstance(answer, Made):
                shelf.put(key, answer.content, mark=marks[key], pages=answer.pages, today=today)
            else:
                shelf.refuse(key, answer)
                failed += 1
            done += 1
            progress(done, len(marks))
    return Run(done - len(kept) - failed, len(kept), failed)


def beside_a_server() -> int:
    """Workers of a run that leaves a processor to those who answer or read."""
    return max(1, (os.cpu_count() or 1) - 1)
