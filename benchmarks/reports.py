"""The reports of a whole wave: how long 300 take, and the most memory a worker is ever in.

A made-up municipality of 300 units with a wave before, made by the workers of `kernepuls reports`,
two of them.

    .venv/bin/python -m benchmarks.reports [units]
"""

import multiprocessing
import re
import resource
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from analysis.findings import encode
from benchmarks._table import Figure, show
from survey.insight import workers
from survey.settings import Settings
from tests.analysis.release_factory import UNITS as CAST
from tests.analysis.release_factory import Unit, facts, release

UNITS = 300
WORKERS = 2
TEAMS = 24  # in a centre
WAVE, BEFORE = "2026-4", "2026-3"
MINUTES = 3.0  # at most, for UNITS
MEGABYTES = 200  # at most, of a worker
RESIDENT = re.compile(r"VmHWM:\s+(\d+) kB")


@dataclass
class Run:
    """What a batch took: seconds on the wall and of processors, the most megabytes of a worker.

    `units` while it has made reports of units alone, `all` with those of centres and of the whole.
    """

    made: int = 0
    size: int = 0
    wall: float = 0.0
    cpu: float = 0.0
    units: float = 0.0
    all: float = 0.0


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else UNITS
    with tempfile.TemporaryDirectory() as folder:
        run = batch(Path(folder), municipality(count))
    minutes = run.wall / 60 * UNITS / run.made
    figures = [
        Figure(f"{UNITS} reports, {WORKERS} workers", minutes, "min", MINUTES, digits=1),
        Figure(
            "  were the processors theirs alone",
            run.cpu * UNITS / run.made / WORKERS / 60,
            "min",
            digits=1,
        ),
        Figure("  reports", run.made / run.wall, "/s", digits=2),
        Figure("  CPU of a report, start included", run.cpu / run.made, "s", digits=2),
        Figure("the most a worker holds", run.units, "MB", MEGABYTES),
        Figure(f"  and with the report on all {count} units", run.all, "MB"),
        Figure("mean size of a report", run.size / run.made / 1024, "kB"),
    ]
    show(f"All reports of a wave of {count} units", figures)


def municipality(count: int) -> tuple[Unit, ...]:
    """The tests' own cast, and centres of 24 teams of eight people and more."""
    found: list[Unit] = list(CAST)
    for number in range(count - len(CAST)):
        centre, team = divmod(number, TEAMS + 1)
        code, place = f"P{centre:02}", f"{centre + 1}.{team}"
        if team:
            people = 8 + number * 7 % 60
            found.append((f"{code}{team:02}", code, f"Plejecenter {place}", people, "Ad8"))
        else:
            found.append((code, "FK", f"Center for Pleje {centre + 1}", 300, "Ad8"))
    return tuple(found)


def batch(folder: Path, units: tuple[Unit, ...]) -> Run:
    """Every report of the wave; raises what stopped one, for then the figures mean nothing."""
    (folder / "releases").mkdir()
    for wave, is_first in ((BEFORE, True), (WAVE, False)):
        made = release(wave, first=is_first, units=units)
        (folder / "releases" / f"{wave}.json").write_bytes(encode(made))
    settings = Settings(
        folder, "sqlite", "", folder, folder, None, "http://localhost", folder / "organisation.yaml"
    )
    given = {"facts": facts()}
    above = {parent for _, parent, _, _, _ in units if parent is not None}
    codes = sorted((code for code, _, _, _, _ in units), key=lambda code: code in above)
    tasks = (workers.Task(settings, "report", WAVE, code, "da", given) for code in codes)
    run, begun, before = Run(), time.monotonic(), _cpu()
    for task, answer in workers.made(tasks, workers=WORKERS, limits=workers.Limits()):
        if not isinstance(answer, workers.Made):
            raise SystemExit(f"{task.unit}: {answer}")
        run.made, run.size = run.made + 1, run.size + len(answer.content)
        run.all = max(run.all, *(_resident(one.pid) for one in multiprocessing.active_children()))
        if run.made <= len(units) - len(above) - WORKERS:
            run.units = run.all
    run.wall, run.cpu = time.monotonic() - begun, _cpu() - before
    return run


def _resident(process: int | None) -> float:
    """The most megabytes of it that were ever in memory at once."""
    found = RESIDENT.search(Path(f"/proc/{process}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


def _cpu() -> float:
    """Of the processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
