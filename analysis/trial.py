"""Trial actions against units that went on as before: a randomisation test, and its verdict.

It knows moves, which units tried, and nothing of cells or people; what moved is never said to be
caused by the trial.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, combinations, islice
from math import comb, floor
from typing import Final, Literal, TypeAlias

import numpy as np

from analysis.estimate import ROUNDING

Floats = np.typing.NDArray[np.float64]
Flags = np.typing.NDArray[np.bool_]
Ints = np.typing.NDArray[np.int64]

Verdict: TypeAlias = Literal["moved_here", "suggests", "not_seen", "worse", "too_few"]

EXACT_UP_TO: Final = 200_000  # assignments; more are drawn
DRAWS: Final = 9_999
MOVED_P: Final = 0.10  # one-sided p up to which a difference is told
OWN_MOVE: Final = 10  # points: what a team moves by itself between two waves, decision
AT_ONCE: Final = 20_000  # assignments held at a time


@dataclass(frozen=True)
class Randomisation:
    """A trial's units against the compared ones, in the unit of the moves.

    `est` is the mean move of the tried, `moved`, less that of the compared, `p` the share of
    assignments with an estimate at least as large, `p_bad` with one at most as large, `p_smallest`
    the least that so many units could give. `low`..`high` hold the differences that neither test
    rejects at `MOVED_P`; infinite where none could be rejected.
    """

    est: float
    p: float
    p_bad: float
    p_smallest: float
    low: float
    high: float
    moved: float


def attainable(tried: int, compared: int) -> float:
    """The smallest one-sided p, 0-1, that so many units can give: 1/C(J, T).

    1 where one side is empty: nothing can be told from it, however large the difference.
    """
    return 1 / comb(tried + compared, tried)


def randomised(d: Floats, tried: Flags, *, seed: int = 0) -> Randomisation:
    """The exact one-sided randomisation test of the units that tried against the others.

        est = mean(d | tried) - mean(d | compared),   p = #{est of an assignment >= est} / C(J, T)

    `d` holds one move per unit, signed so that good is positive. Exact up to 200,000 assignments;
    above, 9,999 draws from `seed` and p = (1 + #)/(1 + draws). Units without a move are left out
    before. Raises ValueError unless both sides have a unit.

    **Interval by test inversion.** An assignment that shares m of the T tried has an estimate as
    large as the observed one, once an effect δ is taken from the tried, exactly when
    δ >= (S - S_A)/(T - m) for the sums S and S_A of the observed and the assigned. So the ends are
    order statistics of these ratios, and 0 lies below `low` exactly when p <= `MOVED_P`.
    Source: Fisher (1935), The Design of Experiments; Ernst (2004), Stat. Sci. 19: 676-685. Checked
    against its seven units, the mice of Efron and Tibshirani (1993) and
    scipy.stats.permutation_test.
    """
    J, T = len(d), int(tried.sum())
    if not 0 < T < J:
        raise ValueError("a trial needs a unit that tried and one that did not")
    observed = float(d[tried].sum())
    near = ROUNDING * max(1.0, float(np.abs(d).sum()))
    at_least, at_most = 0, 0
    ratios: list[Floats] = []
    for assigned in _assignments(J, T, seed):
        sums, others = d[assigned].sum(axis=1), T - tried[assigned].sum(axis=1)
        at_least += int((sums >= observed - near).sum())
        at_most += int((sums <= observed + near).sum())
        ratios.append((observed - sums[others > 0]) / others[others > 0])
    own, total = _of_all(J, T)
    ordered = np.sort(np.concatenate(ratios))
    spare = floor(MOVED_P * total + ROUNDING) - (total - len(ordered))
    return Randomisation(
        est=float(d[tried].mean() - d[~tried].mean()),
        p=(own + at_least) / total,
        p_bad=(own + at_most) / total,
        p_smallest=attainable(T, J - T),
        low=float(ordered[spare]) if spare >= 0 else -np.inf,
        high=float(ordered[-1 - spare]) if spare >= 0 else np.inf,
        moved=float(d[tried].mean()),
    )


def _of_all(J: int, T: int) -> tuple[int, int]:
    """How many assignments count, and how many of them the loop does not see: the observed one."""
    exact = comb(J, T) <= EXACT_UP_TO
    return (0, comb(J, T)) if exact else (1, 1 + DRAWS)


def _assignments(J: int, T: int, seed: int) -> Iterator[Ints]:
    """All sets of T of J places, or as many as are drawn: rows of places, a part at a time."""
    if comb(J, T) <= EXACT_UP_TO:
        sets = combinations(range(J), T)
        while part := list(islice(sets, AT_ONCE)):
            places = np.fromiter(chain.from_iterable(part), dtype=np.int64, count=len(part) * T)
            yield places.reshape(-1, T)
        return
    random = np.random.default_rng(seed)
    at_once = max(1, AT_ONCE * 50 // J)
    for first in range(0, DRAWS, at_once):
        order = random.random((min(at_once, DRAWS - first), J))
        yield np.argpartition(order, T - 1, axis=1)[:, :T]


def verdict_of(test: Randomisation | None, *, explained: float, step: float) -> Verdict:
    """What may be said of a trial; None: nobody who tried, or nobody to compare with, is shown.

    `explained` is the good move that the tried were expected to make by themselves, `step` the
    step that their side is told in, both in the unit of the moves. The first that holds.

    **Where so few units cannot show anything**, the one that tried is furthest of five in a fifth
    of all cases with nothing done, and half of the difference is what the others did. So the tried
    must have moved too: by more than ten points, and more than their step. With nothing done 1
    against 4 units of 20-60 then `suggests` .09 (without this .14), of 40-149 .08 (.14), of 300-600
    .08 (.18), 1 against 3 of 36-60 .11 (.18). A fall from 40 to 14 per cent at one school of four
    is pointed to in .87 (.90), a fall of one logit against four units of 20-60 in .35 (.41), of
    40-149 in .42 (.53) (4,000 and 2,000 draws, units .3 logit off in each wave).
    """
    if test is None:
        return "too_few"
    if test.est > 0 and test.p <= MOVED_P:
        return "moved_here"
    if test.est < 0 and test.p_bad <= MOVED_P:
        return "worse"
    is_furthest = test.p_smallest > MOVED_P and test.p <= test.p_smallest + ROUNDING
    is_beyond = test.est >= max(0.0, explained) + step - ROUNDING
    if is_furthest and is_beyond and test.moved > max(OWN_MOVE, step) + ROUNDING:
        return "suggests"
    return "not_seen"
