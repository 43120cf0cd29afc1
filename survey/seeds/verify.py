"""Planted against found, over many draws of Fjordlund: the rates, and which of them miss.

The municipality is a test and not tuning material: every run may take seeds nobody has seen.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from typing import Final

from msgspec import Struct
from scipy.stats import binom, poisson

from survey.seeds.found import Found, found_with
from survey.seeds.planted_rows import ROWS, Row

PROCESSES: Final = 2
RARE: Final = 0.001  # a rate misses when chance alone gives one so far off less often than this
FALSE_MARKS: Final = (0.4, 0.9)  # a wave on average, .5-.8 by measurement.md 6.1 and .1 around it
WORST_WAVE: Final = 4  # false marks, the most in any of 410 waves
# None of 410 waves above it: the true rate is at most 3 in 410, with 95 per cent certainty.
ABOVE_WORST: Final = 3 / 410


class Line(Struct, frozen=True):
    """One row with what was found. `rate` is null where it was never looked for."""

    id: str
    kind: str
    where: str
    what: str
    wave: str
    low: float | None
    high: float | None
    times: int
    rate: float | None
    is_kept: bool


class FalseMarks(Struct, frozen=True):
    """Marks where nothing is planted, over all waves of all draws."""

    waves: int
    mean: float
    worst: int
    above: int  # waves with more than WORST_WAVE
    is_kept: bool


class Verified(Struct, frozen=True):
    """Everything planted beside what was found; `is_kept` when no line misses."""

    seeds: tuple[int, ...]
    lines: tuple[Line, ...]
    false_marks: FalseMarks
    common: dict[str, int]  # wave and barrier: how often a rise was told as common
    levels: dict[str, dict[str, int]]  # barrier: how often each verdict on where it sits
    is_kept: bool


def verified(seeds: Sequence[int], watch: Callable[[int], None] = lambda _: None) -> Verified:
    """Draw and analyse every seed in two processes; `watch` hears how many are done.

    The answer depends on the seeds alone, whichever process is done first.
    """
    found = []
    # Spawned: a fork after Polars has started its threads hangs.
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        for done, one in enumerate(as_completed([pool.submit(found_with, s) for s in seeds]), 1):
            found.append(one.result())
            watch(done)
    return summed(found)


def summed(found: Iterable[Found]) -> Verified:
    """The rates over all draws, each held against what is planted."""
    draws = sorted(found, key=lambda one: one.seed)
    lines = tuple(_line(row, [held for one in draws for held in one.held[row]]) for row in ROWS)
    false = _false_marks([n for one in draws for n in one.false_marks])
    levels: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for one in draws:
        for barrier, verdicts in one.levels.items():
            levels[barrier].update(verdicts)
    return Verified(
        seeds=tuple(one.seed for one in draws),
        lines=lines,
        false_marks=false,
        common=dict(sorted(Counter(told for one in draws for told in one.common).items())),
        levels={barrier: dict(sorted(n.items())) for barrier, n in sorted(levels.items())},
        is_kept=false.is_kept and all(line.is_kept for line in lines),
    )


def _line(row: Row, held: Sequence[bool]) -> Line:
    times, hits = len(held), sum(held)
    return Line(
        id=row.id,
        kind=row.kind,
        where=row.where,
        what=row.what,
        wave=row.wave,
        low=row.low,
        high=row.high,
        times=times,
        rate=hits / times if times else None,
        is_kept=not times or is_likely(hits, times, row.low, row.high),
    )


def is_likely(hits: int, times: int, low: float | None, high: float | None) -> bool:
    """Whether a true rate from `low` to `high` gives so many hits more often than `RARE`.

    P(Bin(times, high) >= hits) and P(Bin(times, low) <= hits), exact; a rate of 1 allows no miss.
    """
    too_many = high is not None and binom.sf(hits - 1, times, high) < RARE
    too_few = low is not None and binom.cdf(hits, times, low) < RARE
    return not too_many and not too_few


def _false_marks(per_wave: Sequence[int]) -> FalseMarks:
    waves, total = len(per_wave), sum(per_wave)
    low, high = (waves * mean for mean in FALSE_MARKS)
    is_likely_ = poisson.sf(total - 1, high) >= RARE and poisson.cdf(total, low) >= RARE
    above = sum(n > WORST_WAVE for n in per_wave)
    return FalseMarks(
        waves=waves,
        mean=total / waves if waves else 0.0,
        worst=max(per_wave, default=0),
        above=above,
        is_kept=bool(is_likely_) and is_likely(above, waves, 0, ABOVE_WORST),
    )


def misses(one: Verified) -> Iterator[Line]:
    """The lines that are outside what chance allows."""
    yield from (line for line in one.lines if not line.is_kept)
