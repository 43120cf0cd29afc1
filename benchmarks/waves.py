"""Eight waves of a large organisation, on two cores: a module of its own, since what it imports
counts in the start and the memory of the process beside it.

.venv/bin/python -m benchmarks.waves
"""

import json
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage

import polars as pl

from analysis.findings import encode
from analysis.release import releases
from benchmarks.analyse import bare_scan, made_up, seconds

WAVES = tuple(f"20{20 + number // 4}-{1 + number % 4}" for number in range(8))
LARGE = (40_000, 20, 12, 10)  # people, centres, departments per centre, teams per department


def main() -> None:
    """Write how long a user waits, with the start of the process beside, and what both need."""
    drawn = [made_up(LARGE, wave=wave, seed=1) for wave in WAVES]
    answers = pl.concat([one[0] for one in drawn])
    _, units, behaviours = drawn[0]
    units = units.with_columns(valid_from=pl.lit(WAVES[0]))
    del drawn
    wall, cpu = time.perf_counter(), time.process_time()
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as beside:
        made = [encode(one) for one in releases(answers, units, behaviours, beside=beside)]
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    ours, beside_us = getrusage(RUSAGE_SELF), getrusage(RUSAGE_CHILDREN)
    facts = {
        "wall": wall,
        "cpu": cpu + beside_us.ru_utime + beside_us.ru_stime,
        "peak": (ours.ru_maxrss + beside_us.ru_maxrss) / 1024,
        "bytes": sum(map(len, made)),
        "scan": seconds(lambda: bare_scan(answers)),
    }
    sys.stdout.write(json.dumps(facts))


if __name__ == "__main__":
    main()
