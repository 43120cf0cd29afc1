"""How the analysis grows: eight waves of a large organisation, ten million answers, four sizes.

Run by `make bench`; beside each figure stands what pandas, statsmodels or a bare scan need for the
same, in one run. Every measurement is a process of its own, so that the peak memory is its own.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
from statsmodels.stats.proportion import proportion_confint

from analysis.estimate import share_ends
from analysis.frames import ANSWERS, BARRIERS, barrier_column
from analysis.release import releases
from analysis.release.counts import items_of, unit_sums
from benchmarks._table import Figure, show
from benchmarks.analyse import made_up

WAVES = ("2026-1", "2026-2")
# Teams of some twelve people in the situation and more, so that nearly all are shown, and centres
# of too few to pass the gate of the associations: what is done is the same at every size.
PEOPLE = tuple((people, 20, 1, 10) for people in (5_000, 10_000, 20_000, 40_000))
UNITS = tuple((40_000, 20, departments, 10) for departments in (1, 2, 4, 8))
MANY = 10_000_000  # answers in one file
CELLS = 100_000  # intervals

Facts = dict[str, float]


def main() -> None:
    if len(sys.argv) > 1:
        print(json.dumps(MEASURED[sys.argv[1]]()))
        return
    eight = _measured("benchmarks.waves")
    many, cells, sizes = (_measured("benchmarks.series", name) for name in MEASURED)
    show(
        "How the analysis grows",
        [
            Figure("8 waves of 40,000 people in 2,661 units, with the attack", eight["wall"], "s",
                   10.0, digits=1),
            Figure("  CPU of both processes", eight["cpu"], "s", digits=1),
            Figure("  times a bare scan of the same answers", eight["cpu"] / eight["scan"], ""),
            Figure("  peak memory of both", eight["peak"], "MB", 1000),
            Figure("10 million answers in Parquet to counts by unit", many["ours"], "s", 2.0,
                   digits=2),
            Figure("  times reading the same columns and no more", many["ours"] / many["scan"],
                   "", digits=1),
            Figure("  pandas on the same counts, times ours", many["pandas"] / many["ours"],
                   "", digits=1),
            Figure("  peak memory", many["peak"], "MB"),
            Figure("statsmodels on 100,000 Wilson intervals, times ours",
                   cells["statsmodels"] / cells["ours"], "", digits=1),
            Figure("cost over answers, power (1 = linear)", sizes["answers"], "", 1.0, digits=2),
            Figure("cost over units, power (1 = linear)", sizes["units"], "", 1.1, digits=2),
        ],
    )  # fmt: skip


def _measured(*command: str) -> Facts:
    done = subprocess.run(
        [sys.executable, "-m", *command],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    facts: Facts = json.loads(done.stdout)
    return facts


# --- what is measured, each in its own process ---------------------------------------------------


def ten_million() -> Facts:
    """Counts by unit and behaviour of one large file: wall clock, since Polars uses both cores."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "answers.parquet"
        columns = _many().columns
        _many().write_parquet(file)
        names = ["unit", "behaviour", "situation", *map(barrier_column, BARRIERS)]
        wanted = [one for one in items_of(columns)["S"] if one.measure == "barrier_share"]

        def ours() -> object:
            return unit_sums(pl.scan_parquet(file).select(names), {"S": tuple(wanted)}).collect()

        def scan() -> object:
            return pl.scan_parquet(file).select(pl.col(names).null_count()).collect()

        facts = {"ours": _wall(ours), "scan": _wall(scan), "peak": _peak()}
        return {**facts, "pandas": _wall(lambda: _with_pandas(file, names))}


def _many() -> pl.DataFrame:
    rng = np.random.default_rng(1)
    unit = pl.Series(rng.integers(0, 2_500, MANY, dtype=np.int16))
    barriers = {
        barrier_column(code): pl.Series(rng.integers(0, 3, MANY, dtype=np.int8))
        for code in BARRIERS
    }
    return pl.DataFrame(
        {
            "unit": "T" + unit.cast(pl.String),
            "behaviour": "A" + (unit % 8).cast(pl.String),
            "situation": pl.Series(["several"]).new_from_index(0, MANY),
            **barriers,
        }
    ).cast({"situation": ANSWERS["situation"]})


def _with_pandas(file: Path, names: list[str]) -> pd.DataFrame:
    answers = pd.read_parquet(file, columns=names)
    inside = answers[answers["situation"].isin(["several", "once"])]
    high = inside[names[3:]] == 2
    return high.groupby([inside["unit"], inside["behaviour"]], observed=True).agg(["sum", "size"])


def intervals() -> Facts:
    """Wilson intervals of shares, from what is displayed."""
    n = np.random.default_rng(1).integers(20, 400, CELLS)
    value = np.full(CELLS, 35.0)
    step = np.full(CELLS, 5.0)
    k = np.round(value * n / 100)
    return {
        "ours": _wall(lambda: share_ends(value, n.astype(float), step)),
        "statsmodels": _wall(lambda: proportion_confint(k, n, method="wilson")),
    }


def four_sizes() -> Facts:
    """The power by which the cost of a wave grows with its answers, and with its units.

    The slope of log cost over log size, the other of the two held still.
    """
    answers = [_one_wave(size) for size in PEOPLE]
    units = [_one_wave(size) for size in UNITS]
    return {
        "answers": _power([size[0] for size in PEOPLE], answers),
        "units": _power([1 + 20 * (1 + size[2] * 11) for size in UNITS], units),
    }


def _one_wave(size: tuple[int, int, int, int]) -> float:
    """CPU of a later wave: the least of three, the wave before it having warmed up."""
    before, units, behaviours = made_up(size, wave=WAVES[0], seed=1)
    answers, _, _ = made_up(size, wave=WAVES[1], seed=1)
    units = units.with_columns(valid_from=pl.lit(WAVES[0]))
    earlier = releases(before, units, behaviours)
    return min(
        _seconds(lambda: releases(answers, units, behaviours, earlier=earlier)) for _ in range(3)
    )


def _power(sizes: list[int], costs: list[float]) -> float:
    return float(np.polyfit(np.log(sizes), np.log(costs), 1)[0])


def _seconds(work: Callable[[], object]) -> float:
    """CPU of all threads."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def _wall(work: Callable[[], object], times: int = 3) -> float:
    best = float("inf")
    for _ in range(times):
        begun = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - begun)
    return best


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


MEASURED: dict[str, Callable[[], Facts]] = {
    "answers": ten_million,
    "intervals": intervals,
    "sizes": four_sizes,
}


if __name__ == "__main__":
    main()
