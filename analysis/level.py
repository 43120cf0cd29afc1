"""Where a barrier sits: the spread of its share over centres, departments and teams.

From counts per team alone. Where the numbers cannot tell, the verdict says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal, TypeAlias

import numpy as np

Floats = np.typing.NDArray[np.float64]
Ints = np.typing.NDArray[np.int64]

Place: TypeAlias = Literal["centre", "department", "team"]
Verdict: TypeAlias = Literal["organisation", "small", "undecided", "centre", "department", "team"]

PLACES: Final[tuple[Place, ...]] = ("centre", "department", "team")
DRAWS: Final = 300
SPREAD_FROM: Final = 0.10  # share: less between units is told as the same everywhere (proposal)
COMMON_FROM: Final = 0.25  # share of all: a barrier of the organisation, below it a small one
SURE: Final = 0.8  # of the draws (proposal)
SUPPORT_STEP: Final = 10  # per cent


@dataclass(frozen=True)
class Nested:
    """Teams in the levels above them, from the top; the teams of a unit stand side by side.

    `n` is the people of each team. `starts` holds per level the place of the first team of each
    of its units, `place` which of `PLACES` the level is. Levels that no team tells apart are gone.
    """

    n: Ints
    starts: tuple[Ints, ...]
    place: tuple[int, ...]

    @cached_property
    def people(self) -> tuple[Floats, ...]:
        """People per unit, level by level."""
        return tuple(np.add.reduceat(self.n, starts).astype(float) for starts in self.starts)

    @cached_property
    def differences(self) -> Floats:
        """The rows of C less the row above: what each component adds from level to level."""
        total, depth = float(self.n.sum()), len(self.starts)
        above = (np.array([0]), *self.starts)
        people = (np.array([total]), *self.people)
        C = np.full((depth + 2, depth + 1), total)
        for row in range(depth + 1):
            for m in range(row, depth):  # the components of the levels below this one
                unit = np.searchsorted(above[row], self.starts[m], side="right") - 1
                C[row, m] = (self.people[m] ** 2 / people[row][unit]).sum()
            C[row, depth] = len(above[row])
        return np.diff(C, axis=0)

    def components(self, y: Floats | Ints, squares: Floats | Ints | None = None) -> Floats:
        """The variance components of totals `y` (any shape, teams last): per level, then persons.

            T_l = Σ_u y_u²/n_u,   E[T_l] = N μ² + Σ_m c_lm σ²_m,   diff(T) = diff(C) σ²

        c_lm = N where units of l lie within those of m, else Σ_{u at l} Σ_{v in u at m} n_v²/n_u;
        of persons the number of units at l. Level 0 is everybody, the last the persons, where T is
        the sum of squares: `squares` per team, which for 0/1 answers are the totals themselves.
        May be negative. Safe for unbalanced data.
        Source: Searle, Casella and McCulloch, Variance Components (1992), ch. 5, Henderson's
        method 1. Checked against lme4's Pastes, which is balanced.
        """
        of_persons = (y if squares is None else squares).sum(axis=-1)
        levels = [
            (np.array([0]), np.array([self.n.sum()])),
            *zip(self.starts, self.people, strict=True),
        ]
        T = [
            (np.add.reduceat(y, starts, axis=-1) ** 2 / people).sum(axis=-1)
            for starts, people in levels
        ]
        steps = np.diff(np.array([*T, of_persons], dtype=np.float64), axis=0)
        solved = np.linalg.solve(self.differences, steps.reshape(len(steps), -1))
        return np.asarray(solved, dtype=np.float64).reshape(steps.shape)

    def by_place(self, components: Floats) -> Floats:
        """The components of centre, department (all between, added) and team; persons left out."""
        summed = np.zeros((len(PLACES), *components.shape[1:]))
        np.add.at(summed, np.array(self.place, dtype=np.int64), components[:-1])
        return summed

    def drawn(self, mean: float, variances: Floats, random: np.random.Generator) -> Ints:
        """Totals as they might have been: draw by team.

        A normal effect per unit of each level added to `mean`, cut to 0-1, then binomial on the
        same n. `variances` are per level, those below 0 taken as 0.
        """
        share = np.full((DRAWS, len(self.n)), mean)
        for starts, variance in zip(self.starts, variances.tolist(), strict=True):
            if variance > 0:
                effects = np.sqrt(variance) * random.standard_normal((DRAWS, len(starts)))
                share += np.repeat(effects, np.diff(starts, append=len(self.n)), axis=1)
        return random.binomial(self.n, share.clip(0, 1))


def nested(n: Ints, units: Sequence[Ints]) -> Nested:
    """Teams of n people in nested levels: per level, from the centres down, the unit of each team.

    The teams of a unit stand side by side; the last level are the teams themselves, and a shorter
    branch repeats its team. A level that parts the teams as the centres do cannot be told from
    them and is left out, and so is one between that parts them as the teams do.
    """
    starts = [np.flatnonzero(np.diff(unit, prepend=-1)) for unit in units]
    last = len(starts) - 1
    kept = [0]
    for level in range(1, last + 1):
        is_between = level < last
        same_as_teams = is_between and len(starts[level]) == len(starts[last])
        if len(starts[level]) > len(starts[kept[-1]]) and not same_as_teams:
            kept.append(level)
    place = tuple(0 if at == 0 else 2 if at == last else 1 for at in kept)
    return Nested(n, tuple(starts[at] for at in kept), place)


@dataclass(frozen=True)
class Seat:
    """Where a barrier sits, and how sure the numbers are of it.

    `spread_pp` is the standard deviation between the units of each place, in whole percentage
    points; `support` the share of draws for "the same everywhere" and for each place as the
    largest, in whole tens of per cent, rounded down.
    """

    verdict: Verdict
    spread_pp: dict[str, int]
    support: dict[str, int]


def seat(teams: Nested, y: Ints, *, prevalence: float, random: np.random.Generator) -> Seat:
    """The verdict on one barrier: y of n people in each team said "I høj grad".

    Parametric bootstrap: a plausible truth is max(2σ² - σ²_boot, 0), its spread τ = sqrt(Σ σ²)
    over the places. `prevalence` is the share of all, 0-1.

    1. P(τ < 10 pp) >= .8: organisation if prevalence >= 25 %, else small.
    2. Else if P(τ >= 10 pp) < .8: undecided.
    3. Else the place that is the largest component with P >= .8, else undecided.
    """
    components = teams.components(y)
    estimate = teams.by_place(components)
    drawn = teams.drawn(float(y.sum() / teams.n.sum()), components[:-1], random)
    boot = teams.by_place(teams.components(drawn))
    truth = (2 * estimate[:, None] - boot).clip(0)
    spread = np.sqrt(truth.sum(axis=0))
    wide = spread >= SPREAD_FROM
    largest = truth.argmax(axis=0)
    sure = {"organisation": int((~wide).sum())}
    sure |= {place: int((wide & (largest == at)).sum()) for at, place in enumerate(PLACES)}
    return Seat(
        _verdict(sure, prevalence),
        {place: round(100 * s) for place, s in zip(PLACES, np.sqrt(estimate.clip(0)), strict=True)},
        {where: count * 10 // DRAWS * SUPPORT_STEP for where, count in sure.items()},
    )


def _verdict(draws: dict[str, int], prevalence: float) -> Verdict:
    if draws["organisation"] >= SURE * DRAWS:
        return "organisation" if prevalence >= COMMON_FROM else "small"
    for place in PLACES:  # a place with this many draws is wide with this many, too
        if draws[place] >= SURE * DRAWS:
            return place
    return "undecided"


def one_way(n: Ints, y: Floats | Ints, squares: Floats | Ints) -> tuple[float, float, float]:
    """Mean squares between and within units of n people, and k: what `icc1` takes.

    `y` and `squares` are the sums of the answers and of their squares per unit.
    k = (N - Σn²/N)/(J - 1), the people of a unit in unbalanced data.
    """
    people, units = float(n.sum()), len(n)
    between = float((y**2 / n).sum() - y.sum() ** 2 / people)
    within = float(squares.sum() - (y**2 / n).sum())
    k = (people - float((n.astype(float) ** 2).sum()) / people) / (units - 1)
    return between / (units - 1), within / (people - units), k


def icc1(msb: float, msw: float, k: float) -> float:
    """ICC(1), the share of the variance that lies between units: (MSB-MSW)/(MSB+(k-1)MSW).

    Checked against bh1996 of the R package multilevel: .04336905 with k = N/J. rwg is left out: of
    0/1 answers it is a function of the share.
    """
    return (msb - msw) / (msb + (k - 1) * msw)
