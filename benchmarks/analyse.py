"""How long one wave takes from answers to a sealed release, beside a bare scan of the answers.

.venv/bin/python -m benchmarks.analyse
"""

import resource
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np
import polars as pl
from polars import selectors

from analysis.findings import encode
from analysis.frames import ANSWERS, BARRIERS, BEHAVIOURS, CITIZEN, RESOLVERS, UNITS
from analysis.release import release
from benchmarks._table import Figure, show

SIZES = {
    # people, centres, departments per centre, teams per department
    "Fjordlund-size": (2_400, 6, 4, 2),
    "40,000 people": (40_000, 20, 12, 10),
}
NEEDED = {"Fjordlund-size": 1.0, "40,000 people": 3.0}  # seconds of CPU
NEEDED_PEAK = 500  # MB
RESPONSE = 0.62
IN_SITUATION = 0.75


def made_up(
    size: tuple[int, int, int, int], *, wave: str, seed: int
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Answers of a municipality without any difference between its units, its tree and scopes."""
    people, centres, departments, teams = size
    rng = np.random.default_rng(seed)
    nodes: list[tuple[str, str | None]] = [("K", None)]
    for c in range(centres):
        nodes.append((f"C{c}", "K"))
        for d in range(departments):
            nodes.append((f"C{c}D{d}", f"C{c}"))
            nodes += [(f"C{c}D{d}T{t}", f"C{c}D{d}") for t in range(teams)]
    leaves = [code for code, _ in nodes if "T" in code]
    staff = rng.multinomial(people, rng.dirichlet(np.full(len(leaves), 3.0)))
    headcount = dict(zip(leaves, staff.tolist(), strict=True))
    units = pl.DataFrame(
        [
            {"unit": code, "parent": parent, "name": code, "headcount": headcount.get(code, 0),
             "valid_from": "2026-1"}
            for code, parent in nodes
        ],
        schema={n: UNITS[n] for n in ("unit", "parent", "name", "headcount", "valid_from")},
    )  # fmt: skip
    behaviours = pl.DataFrame(
        [
            {"behaviour": f"A{b}", "text": f"Behaviour {b}", "situation": "It happened.",
             "units": ";".join(f"C{c}" for c in range(centres) if c % 8 == b)}
            for b in range(min(8, centres))
        ],
        schema=BEHAVIOURS,
    )  # fmt: skip
    unit = np.repeat(leaves, rng.binomial(staff, RESPONSE))
    return _answers(unit, wave, rng), units, behaviours


def _answers(unit: np.ndarray, wave: str, rng: np.random.Generator) -> pl.DataFrame:
    n = len(unit)
    inside = rng.random(n) < IN_SITUATION
    behaviour = [f"A{int(code[1 : code.index('D')]) % 8}" for code in unit.tolist()]
    columns: dict[str, object] = {
        "wave": np.repeat(wave, n),
        "unit": unit,
        "behaviour": behaviour,
        "clarity": rng.integers(1, 6, n),
        "situation": np.where(inside, "several", "no"),
        "successes": rng.binomial(5, 0.5, n),
        **{f"b_{code.lower()}": rng.choice([0, 1, 2], n, p=[0.7, 0.16, 0.14]) for code in BARRIERS},
        "priority": rng.choice(BARRIERS, n),
        "stall_1": np.char.partition(unit, "T")[:, 0],
        "resolver": rng.choice(RESOLVERS, n),
        "citizen_1": rng.choice(CITIZEN, n),
        "changed_by_citizen": rng.choice(["yes", "no"], n),
        **{f"safe_{x}": rng.integers(1, 6, n) for x in "abc"},
    }
    asked_in_s = [
        "successes",
        *(f"b_{c.lower()}" for c in BARRIERS),
        "priority",
        "stall_1",
        "resolver",
    ]
    return (
        pl.DataFrame(columns)
        .with_columns(pl.when(pl.Series(inside)).then(pl.col(asked_in_s)))
        .cast({name: ANSWERS[name] for name in columns})
    )


def seconds(work: Callable[[], object], times: int = 3) -> float:
    """The least CPU time of a few runs, all threads counted: what the work costs anywhere."""
    best = float("inf")
    for _ in range(times):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


def bare_scan(answers: pl.DataFrame) -> pl.DataFrame:
    """The least any analysis must do: sum every column by unit."""
    return (
        answers.lazy()
        .group_by("unit")
        .agg(pl.len(), selectors.integer().cast(pl.Int64).sum())
        .collect()
    )


def measured(name: str) -> None:
    """Write one size's numbers; in a process of its own, so that the peak memory is its own."""
    answers, units, behaviours = made_up(SIZES[name], wave="2026-1", seed=1)
    later, _, _ = made_up(SIZES[name], wave="2026-2", seed=1)
    scan = seconds(lambda: bare_scan(answers))
    first = release(answers, units, behaviours, wave="2026-1")
    alone = seconds(lambda: encode(release(answers, units, behaviours, wave="2026-1")))
    second = seconds(
        lambda: encode(release(later, units, behaviours, wave="2026-2", earlier=[first]))
    )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(f"{units.height} {answers.height} {scan} {alone} {second} {peak}")


def figures(name: str) -> list[Figure]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.analyse", name],
        capture_output=True,
        text=True,
        check=True,
    )
    units, answers, scan, alone, second, peak = map(float, done.stdout.split())
    return [
        Figure(
            f"{name}: {units:,.0f} units, {answers:,.0f} answers",
            alone,
            "s",
            NEEDED[name],
            digits=2,
        ),
        Figure("  with the changes since a wave before", second, "s", NEEDED[name], digits=2),
        Figure("  times a bare scan of the answers", second / scan, ""),
        Figure("  peak memory", peak, "MB", NEEDED_PEAK),
    ]


def main() -> None:
    if len(sys.argv) > 1:
        measured(sys.argv[1])
        return
    rows = [row for name in SIZES for row in figures(name)]
    show("One wave from answers to its sealed release, seconds of CPU", rows)


if __name__ == "__main__":
    main()
