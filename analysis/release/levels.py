"""Where each barrier sits: the variance, the pattern of marks and the staff, side by side."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np

from analysis.disclosure import step_and_ends
from analysis.findings import Address, Cell, Level, OwnAnswer
from analysis.level import Nested, Seat, Support, nested, support_of
from analysis.release.counts import Wave
from analysis.release.proposals import ORDER, Patterns, told_per_cent
from analysis.shrinkage import pooled_means

Floats = np.typing.NDArray[np.float64]
Ints = np.typing.NDArray[np.int64]

LEAST_CENTRES: Final = 2
LEAST_UNITS: Final = 6
POOL_UNITS: Final = 8  # units from which a centre is its own pool of shrinkage
FLOOR_QUANTILE: Final = 0.10
# Who can usually remove a barrier, where neither numbers nor marks say so; section 1.
DEFAULT_ADDRESS: Final[dict[str, Address]] = {
    "SILO": "two_units",
    "OKO": "managers",
    "TID": "unit",
    "KOMP": "unit",
    "VID": "unit",
    "FAG": "managers",
    "KULT": "unit",
    "REGL": "board",
    "MAAL": "board",
    "FEJL": "managers",
}


@dataclass(frozen=True)
class Teams:
    """The leaves of a scope with people enough, and what they said: all that the draws are from.

    A scope is a part of the wave in which barriers are placed: everybody (`behaviour` None), or
    those who are asked about one behaviour. `at` are the places of the teams in the tree; `y` is
    the count of "I høj grad", team by barrier.
    """

    behaviour: str | None
    at: Ints
    y: Ints
    nested: Nested

    def pools(self) -> list[tuple[Ints, Ints]]:
        """The pools of shrinkage: the places of their teams, and of those that they speak for.

        A centre of eight teams is a pool of its own; all teams are one for those in the others.
        """
        everybody = np.arange(len(self.at))
        centres = np.split(everybody, self.nested.starts[0][1:])
        own = [(centre, centre) for centre in centres if len(centre) >= POOL_UNITS]
        small = [centre for centre in centres if len(centre) < POOL_UNITS]
        return [*own, (everybody, np.concatenate(small))] if small else own


def teams_of(of_wave: Wave, minimum: int) -> tuple[Teams, ...]:
    """The scopes of a wave: all behaviours together first, then each that is asked widely by code.

    A scope takes part with its leaves of `minimum` people in the situation or more, where these
    are six and lie in two centres. Where the root is asked about one behaviour alone, that
    behaviour is the whole.
    """
    of_root = int(of_wave.scopes.whole[0])
    behaviours = [] if of_root >= 0 else [-1]
    columns = np.array([*_columns(of_wave).values()], dtype=np.int64)
    found = []
    for b in [*behaviours, *range(len(of_wave.scopes.behaviours))]:
        leaves = _leaves(of_wave, b)
        teams = leaves[of_wave.S.n[leaves] >= minimum]
        path = _path(of_wave, teams)
        if len(teams) >= LEAST_UNITS and len(set(path[0].tolist())) >= LEAST_CENTRES:
            behaviour = of_wave.scopes.behaviours[b] if b >= 0 else None
            y = of_wave.S.k[np.ix_(teams, columns)]
            found.append(Teams(behaviour, teams, y, nested(of_wave.S.n[teams], path)))
    return tuple(found)


def _columns(of_wave: Wave) -> dict[str, int]:
    """Where each barrier stands among the items of base S."""
    return {
        item.item: at
        for at, item in enumerate(of_wave.items["S"])
        if item.measure == "barrier_share" and item.item
    }


def _leaves(of_wave: Wave, b: int) -> Ints:
    """The leaves that are asked about a behaviour; of -1 those that are asked at all."""
    own = of_wave.scopes.own
    return np.flatnonzero(of_wave.tree.is_leaf & (own == b if b >= 0 else own >= 0))


def _path(of_wave: Wave, teams: Ints) -> list[Ints]:
    """Per level from the centres down the unit above each team; a shorter branch repeats it."""
    tree = of_wave.tree
    paths = [[*reversed(tree.above(u)[:-1]), u] for u in teams.tolist()]
    depth = max((len(path) for path in paths), default=1)
    return [
        np.array([path[min(level, len(path) - 1)] for path in paths], dtype=np.int64)
        for level in range(depth)
    ]


# --- the draws ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Drawn:
    """What the draws say of the barriers of a scope, and the low end of the shrunken shares."""

    support: Support
    low: Floats  # per barrier the 10 % quantile of the teams


def drawn_from(teams: Sequence[Teams], wave: str) -> list[Drawn]:
    """Per scope; the random numbers follow from the wave and the behaviour."""
    found = []
    for one, shares in zip(teams, _shrunken(teams), strict=True):
        random = np.random.default_rng([*f"{wave} {one.behaviour or ''}".encode()])
        support = support_of(one.nested, one.y, random)
        found.append(Drawn(support, np.quantile(shares, FLOOR_QUANTILE, axis=0)))
    return found


def _shrunken(scopes: Sequence[Teams]) -> list[Floats]:
    """Per scope the shrunken shares, team by barrier; a pool of several scopes is made once."""
    if not scopes:
        return []
    pools = {
        scope.at[pool].tobytes(): (scope.y[pool], scope.nested.n[pool])
        for scope in scopes
        for pool, _ in scope.pools()
    }
    y, n = (np.concatenate(parts) for parts in zip(*pools.values(), strict=True))
    sizes = [len(n) for _, n in pools.values()]
    made = pooled_means(y, n, np.repeat(np.arange(len(pools)), sizes))
    means = dict(zip(pools, np.split(made, np.cumsum(sizes)[:-1]), strict=True))
    told = []
    for scope in scopes:
        shrunken = np.zeros(scope.y.shape)
        for pool, spoken_for in scope.pools():
            at = np.searchsorted(pool, spoken_for)
            shrunken[spoken_for] = means[scope.at[pool].tobytes()][at]
        told.append(shrunken)
    return told


# --- the levels --------------------------------------------------------------------------------


def levels_of(
    of_wave: Wave, patterns: Patterns, teams: Sequence[Teams], drawn: Sequence[Drawn]
) -> tuple[Level, ...]:
    """One level per barrier over all behaviours, and one per behaviour that is asked widely.

    Each reads the marks of the units that are asked about it alone. A scope without a cell of its
    own (some of the behaviours of a mixed root) has no prevalence and no own answer.
    """
    barriers = tuple(_columns(of_wave))
    scopes = [
        _Scope(of_wave, patterns.about(one.behaviour) if one.behaviour else patterns, one, found)
        for one, found in zip(teams, drawn, strict=True)
    ]
    told = [(scope, scope.seats(barriers), scope.floors()) for scope in scopes]
    return tuple(
        level
        for i, barrier in enumerate(barriers)
        for scope, seats, floors in told
        if (level := scope.level(barrier, seats[i], floors[i])) is not None
    )


@dataclass(frozen=True)
class _Scope:
    """A scope with the marks of its units and what the draws say of its teams."""

    of_wave: Wave
    patterns: Patterns
    teams: Teams
    drawn: Drawn

    @cached_property
    def leaves(self) -> Ints:
        behaviour = self.teams.behaviour
        b = -1 if behaviour is None else self.of_wave.scopes.behaviours.index(behaviour)
        return _leaves(self.of_wave, b)

    def seats(self, barriers: Sequence[str]) -> list[Seat]:
        """Where each barrier sits, by the variance."""
        shares = self.teams.y.sum(axis=0) / self.teams.nested.n.sum()
        told = [self._told_share(barrier) for barrier in barriers]
        return self.drawn.support.seats(
            [
                share if known is None else known
                for share, known in zip(shares.tolist(), told, strict=True)
            ]
        )

    def floors(self) -> list[int | None]:
        """Per barrier the low end of the shrunken shares on the steps of the scope's n.

        None where it would be told as "at most" or "at least".
        """
        n = int(self.of_wave.S.n[self.leaves if self.teams.behaviour else 0].sum())
        step, least, most = step_and_ends(n)
        floors = [step * int(100 * low / step + 0.5) for low in self.drawn.low.tolist()]
        return [floor if least < floor < most else None for floor in floors]

    def _prevalence(self, barrier: str) -> Cell | None:
        return self.patterns.read(0, "barrier_share", barrier)

    def _told_share(self, barrier: str) -> float | None:
        cell = self._prevalence(barrier)
        per_cent = told_per_cent(cell) if cell is not None else None
        return None if per_cent is None else per_cent / 100

    def level(self, barrier: str, found: Seat, floor: int | None) -> Level | None:
        """None where the scope has a cell of its own and that cell tells nothing."""
        tree, patterns = self.of_wave.tree, self.patterns
        prevalence = self._prevalence(barrier)
        if prevalence is not None and told_per_cent(prevalence) is None:
            return None
        told_at = patterns.told.get(barrier, {})
        marks = [told_at[u] for u in self.leaves.tolist() if u in told_at]
        is_everywhere = found.verdict == "organisation"
        address, *also = self._addresses(barrier, is_everywhere=is_everywhere) or self._default(
            barrier, is_decided=found.verdict != "undecided"
        )
        top = patterns.top_resolver(0)
        return Level(
            barrier=barrier,
            behaviour=self.teams.behaviour,
            scope=tree.codes[0],
            verdict=found.verdict,
            prevalence=prevalence,
            spread_pp=dict(found.spread_pp),
            support=found.support,
            floor=floor,
            marked_units=sum(marks),
            of_units=len(marks),
            centres_marked=sum(told_at.get(centre, False) for centre in tree.children(0)),
            address=address,
            also=tuple(also),
            own_answer=OwnAnswer(top, top and patterns.cell(0, "resolver_share", top)),
            agree="unknown" if top is None else "same" if top == address else "differs",
            flags=() if self.teams.behaviour else ("mixed_behaviours",),
        )

    def _addresses(self, barrier: str, *, is_everywhere: bool) -> list[Address]:
        """Every row of the pattern that holds around some marked unit, in order."""
        marked = self.patterns.marked(barrier)
        rows = {row for u in marked for row in self.patterns.rows(u, barrier)}
        return [row for row in ORDER if row in rows or (row == "board" and is_everywhere)]

    def _default(self, barrier: str, *, is_decided: bool) -> list[Address]:
        """A mark that stands alone belongs to its unit; else whoever can usually remove it."""
        stands_alone = is_decided and self.patterns.marked(barrier)
        return ["unit" if stands_alone else DEFAULT_ADDRESS[barrier]]


def said_everywhere(patterns: Patterns, levels: tuple[Level, ...]) -> Patterns:
    """The patterns with what the variance says is the same in the whole organisation."""
    common = frozenset(
        (level.behaviour, level.barrier) for level in levels if level.verdict == "organisation"
    )
    return replace(patterns, everywhere=common)
