"""Where a barrier sits: the spread of its share over centres, departments and teams.

From counts per team alone. Where the numbers cannot tell, the verdict says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Final, Literal, TypeAlias

import numpy as np

Floats = np.typing.NDArray[np.float64]
Floats32 = np.typing.NDArray[np.float32]
Ints = np.typing.NDArray[np.int64]
Counts = np.typing.NDArray[np.int32]
Numbers: TypeAlias = Floats | Ints | Counts

Place: TypeAlias = Literal["centre", "department", "team"]
Verdict: TypeAlias = Literal["organisation", "small", "undecided", "centre", "department", "team"]

PLACES: Final[tuple[Place, ...]] = ("centre", "department", "team")
WHERE: Final = ("organisation", *PLACES)  # what a draw can speak for
DRAWS: Final = 300
SPREAD_FROM: Final = 0.10  # share: less between units is told as the same everywhere (proposal)
COMMON_FROM: Final = 0.25  # share of all: a barrier of the organisation, below it a small one
SURE: Final = 0.8  # of the draws (proposal)
SUPPORT_STEP: Final = 10  # per cent
ONE_BY_ONE: Final = 255  # people of a team who are drawn one at a time; more do not fit a byte
EVERYBODY: Final[Ints] = np.array([0])  # the start of the one unit above all levels


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

    def components(self, y: Numbers, squares: Numbers | None = None) -> Floats:
        """The variance components of totals `y` (teams first, any shape): per level, then persons.

            T_l = Σ_u y_u²/n_u,   E[T_l] = N μ² + Σ_m c_lm σ²_m,   diff(T) = diff(C) σ²

        c_lm = N where units of l lie within those of m, else Σ_{u at l} Σ_{v in u at m} n_v²/n_u;
        of persons the number of units at l. Level 0 is everybody, the last the persons, where T is
        the sum of squares: `squares` per team, which for 0/1 answers are the totals themselves.
        May be negative. Safe for unbalanced data.
        Source: Searle, Casella and McCulloch, Variance Components (1992), ch. 5, Henderson's
        method 1. Checked against lme4's Pastes, which is balanced.
        """
        of_persons = (y if squares is None else squares).sum(axis=0)
        people = (np.array([self.n.sum()]), *self.people)
        T = [
            np.einsum("u...,u...,u->...", totals, totals, 1 / n)
            for totals, n in zip(self._totals(y), people, strict=True)
        ]
        steps = np.diff(np.array([*T, of_persons], dtype=np.float64), axis=0)
        solved = np.linalg.solve(self.differences, steps.reshape(len(steps), -1))
        return np.asarray(solved, dtype=np.float64).reshape(steps.shape)

    def _totals(self, y: Numbers) -> list[Numbers]:
        """The totals of the units of each level, from everybody down to the teams."""
        totals = [y]
        for above, below in reversed([*pairwise((EVERYBODY, *self.starts))]):
            parts = np.split(totals[-1], np.searchsorted(below, above[1:]))
            totals.append(np.stack([part.sum(axis=0) for part in parts]))
        return totals[::-1]

    def by_place(self, components: Floats) -> Floats:
        """The components of centre, department (all between, added) and team; persons left out."""
        summed = np.zeros((len(PLACES), *components.shape[1:]))
        np.add.at(summed, np.array(self.place, dtype=np.int64), components[:-1])
        return summed

    def drawn(self, mean: Floats, variances: Floats, random: np.random.Generator) -> Counts:
        """Totals as they might have been: team by item by draw.

        A normal effect per unit of each level added to `mean`, cut to 0-1, then binomial on the
        same n. `mean` is per item, `variances` level by item, those below 0 taken as 0. The items
        share the random numbers of effects and people: what is told of each follows from its own
        draws alone, never from two items of the same draw.
        """
        share = mean.astype(np.float32)[None, :, None]
        spread = np.sqrt(variances.clip(0)).astype(np.float32)
        levels = pairwise((EVERYBODY, *self.starts))
        for (above, starts), sigma in zip(levels, spread, strict=True):
            inside = np.diff(np.searchsorted(starts, above), append=len(starts))
            effects = random.standard_normal((len(starts), 1, DRAWS), dtype=np.float32)
            share = np.repeat(share, inside, axis=0) + sigma[:, None] * effects
        return binomial(self.n, share, random)


def binomial(n: Ints, share: Floats32, random: np.random.Generator) -> Counts:
    """How many of the n people of each team say so: team by item by draw, as `share`.

    Binomial by its definition, which for small teams is quicker than a general generator: a
    person says so where a number of the person's own, uniform on 0-1 and the same for every item,
    lies below the share. A share below 0 or above 1 is nobody or all. Of teams above `ONE_BY_ONE`
    the general generator draws each item by itself. Checked against scipy.stats.binom.
    """
    said = np.empty(share.shape, dtype=np.int32)
    for people in np.unique(n).tolist():
        teams = np.flatnonzero(n == people)
        here = share[teams]
        if people > ONE_BY_ONE:
            said[teams] = random.binomial(people, here.clip(0, 1))
            continue
        count = np.zeros(here.shape, dtype=np.uint8)
        for _ in range(people):
            person = random.random((len(teams), 1, here.shape[2]), dtype=np.float32)
            count += (person < here).view(np.uint8)
        said[teams] = count
    return said


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


@dataclass(frozen=True)
class Support:
    """What the draws say of several barriers.

    `sure` is how many of them speak for each place of `WHERE`, `spread` the standard deviation
    between the units of each of `PLACES`, 0-1; both place by barrier.
    """

    sure: Ints
    spread: Floats

    def seats(self, prevalence: Sequence[float]) -> list[Seat]:
        """The verdict on each barrier; `prevalence` is the share of all, 0-1, per barrier.

        1. P(τ < 10 pp) >= .8: organisation if prevalence >= 25 %, else small.
        2. Else if P(τ >= 10 pp) < .8: undecided.
        3. Else the place that is the largest component with P >= .8, else undecided.
        """
        return [
            _seat(self.sure[:, i].tolist(), self.spread[:, i].tolist(), share)
            for i, share in enumerate(prevalence)
        ]


def support_of(teams: Nested, y: Ints, random: np.random.Generator) -> Support:
    """The draws on several barriers: y of n people (team by barrier) said "I høj grad".

    Parametric bootstrap: a plausible truth is max(2σ² - σ²_boot, 0), its spread τ = sqrt(Σ σ²)
    over the places. The barriers share the random numbers of a draw, which is of no matter to a
    verdict on one of them.
    """
    components = teams.components(y)
    estimate = teams.by_place(components)
    drawn = teams.drawn(y.sum(axis=0) / teams.n.sum(), components[:-1], random)
    boot = teams.by_place(teams.components(drawn))
    truth = (2 * estimate[:, :, None] - boot).clip(0)
    is_wide = np.sqrt(truth.sum(axis=0)) >= SPREAD_FROM
    told = np.where(is_wide, 1 + truth.argmax(axis=0), 0)  # item by draw, as a place of WHERE
    sure = np.array([(told == at).sum(axis=1) for at in range(len(WHERE))])
    return Support(sure, np.sqrt(estimate.clip(0)))


def _seat(draws: list[int], spread: list[float], prevalence: float) -> Seat:
    sure = dict(zip(WHERE, draws, strict=True))
    return Seat(
        _verdict(sure, prevalence),
        {place: round(100 * s) for place, s in zip(PLACES, spread, strict=True)},
        {where: count * 10 // DRAWS * SUPPORT_STEP for where, count in sure.items()},
    )


def _verdict(draws: dict[str, int], prevalence: float) -> Verdict:
    if draws["organisation"] >= SURE * DRAWS:
        return "organisation" if prevalence >= COMMON_FROM else "small"
    for place in PLACES:  # a place with this many draws is wide with this many, too
        if draws[place] >= SURE * DRAWS:
            return place
    return "undecided"


def one_way(n: Ints, y: Numbers, squares: Numbers) -> tuple[float, float, float]:
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
