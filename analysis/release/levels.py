"""Where each barrier sits: the variance, the pattern of marks and the staff, side by side."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np

from analysis.disclosure import step_and_ends
from analysis.findings import Address, Cell, Level, OwnAnswer
from analysis.level import Nested, nested, seat
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


def levels_of(of_wave: Wave, patterns: Patterns, *, wave: str, minimum: int) -> tuple[Level, ...]:
    """One level per barrier over all behaviours, and one per behaviour that is asked widely.

    A scope takes part with its leaves of `minimum` people in the situation or more, where these
    are six and lie in two centres. Where the root is asked about one behaviour alone, that
    behaviour is the whole. A scope without a cell of its own (some of the behaviours of a mixed
    root) has no prevalence and no own answer.
    """
    barriers = [
        (at, item.item)
        for at, item in enumerate(of_wave.items["S"])
        if item.measure == "barrier_share" and item.item
    ]
    columns = [at for at, _ in barriers]
    scopes = list(_scopes(of_wave, patterns, columns, minimum))
    return tuple(
        level
        for i, (_, barrier) in enumerate(barriers)
        for scope in scopes
        if (level := scope.level(i, barrier, wave)) is not None
    )


def said_everywhere(patterns: Patterns, levels: tuple[Level, ...]) -> Patterns:
    """The patterns with what the variance says is the same in the whole organisation."""
    common = frozenset(
        (level.behaviour, level.barrier) for level in levels if level.verdict == "organisation"
    )
    return replace(patterns, everywhere=common)


def _scopes(
    of_wave: Wave, patterns: Patterns, columns: list[int], minimum: int
) -> Iterator["_Scope"]:
    """All behaviours together first, then those of two centres and six units by code.

    Each reads the marks of the units that are asked about it alone.
    """
    about: dict[str | None, dict[tuple[str, str, str | None], Cell]] = {}
    for at, cell in patterns.cells.items():
        about.setdefault(cell.behaviour, {})[at] = cell
    of_root = int(of_wave.scopes.whole[0])
    behaviours = [] if of_root >= 0 else [-1]
    for b in [*behaviours, *range(len(of_wave.scopes.behaviours))]:
        is_asked = of_wave.scopes.own == b if b >= 0 else of_wave.scopes.own >= 0
        leaves = np.flatnonzero(of_wave.tree.is_leaf & is_asked)
        teams = leaves[of_wave.S.n[leaves] >= minimum]
        centre = _path(of_wave, teams)[0] if len(teams) else teams
        if len(teams) >= LEAST_UNITS and len(set(centre.tolist())) >= LEAST_CENTRES:
            behaviour = of_wave.scopes.behaviours[b] if b >= 0 else None
            yield _Scope(
                of_wave,
                replace(patterns, cells=about.get(behaviour, {})) if behaviour else patterns,
                behaviour,
                leaves=leaves,
                teams=teams,
                y=of_wave.S.k[np.ix_(teams, np.array(columns))],
            )


def _path(of_wave: Wave, teams: Ints) -> list[Ints]:
    """Per level from the centres down the unit above each team; a shorter branch repeats it."""
    tree = of_wave.tree
    paths = [[*reversed(tree.above(u)[:-1]), u] for u in teams.tolist()]
    depth = max(len(path) for path in paths)
    return [
        np.array([path[min(level, len(path) - 1)] for path in paths], dtype=np.int64)
        for level in range(depth)
    ]


@dataclass(frozen=True)
class _Scope:
    """A part of the wave in which barriers are placed: its leaves and, of them, the teams.

    `y` is the count of "I høj grad", team by barrier.
    """

    of_wave: Wave
    patterns: Patterns
    behaviour: str | None
    leaves: Ints
    teams: Ints
    y: Ints

    @cached_property
    def _n(self) -> Ints:
        """People in the situation, per team."""
        n: Ints = self.of_wave.S.n[self.teams]
        return n

    @cached_property
    def _path(self) -> list[Ints]:
        return _path(self.of_wave, self.teams)

    @cached_property
    def _nested(self) -> Nested:
        return nested(self._n, self._path)

    @cached_property
    def _shrunken(self) -> Floats:
        """The shrunken shares, team by barrier: within a centre of eight teams, else in all."""
        everybody = np.arange(len(self.teams))
        _, at, size = np.unique(self._path[0], return_inverse=True, return_counts=True)
        own = everybody[(size >= POOL_UNITS)[at]]
        rows = np.concatenate([everybody, own])
        pool = np.concatenate([np.zeros_like(everybody), _numbered(at[own])])
        means = pooled_means(self.y[rows], self._n[rows], pool)
        shrunken = means[: len(everybody)]
        shrunken[own] = means[len(everybody) :]
        return shrunken

    def level(self, i: int, barrier: str, wave: str) -> Level | None:
        """None where the scope has a cell of its own and that cell tells nothing."""
        tree, patterns = self.of_wave.tree, self.patterns
        prevalence = patterns.cells.get((tree.codes[0], "barrier_share", barrier))
        told = told_per_cent(prevalence) if prevalence is not None else None
        if prevalence is not None and told is None:
            return None
        share = float(self.y[:, i].sum() / self._n.sum()) if told is None else told / 100
        seed = [*f"{wave} {self.behaviour or ''} {barrier}".encode()]
        found = seat(
            self._nested, self.y[:, i], prevalence=share, random=np.random.default_rng(seed)
        )
        told_at = patterns.told.get(barrier, {})
        marks = [told_at[u] for u in self.leaves.tolist() if u in told_at]
        is_everywhere = found.verdict == "organisation"
        address, *also = self._addresses(barrier, is_everywhere=is_everywhere) or self._default(
            barrier, is_decided=found.verdict != "undecided"
        )
        top = patterns.top_resolver(0)
        return Level(
            barrier=barrier,
            behaviour=self.behaviour,
            scope=tree.codes[0],
            verdict=found.verdict,
            prevalence=prevalence,
            spread_pp=dict(found.spread_pp),
            support=found.support,
            floor=self._floor(i),
            marked_units=sum(marks),
            of_units=len(marks),
            centres_marked=sum(told_at.get(centre, False) for centre in tree.children(0)),
            address=address,
            also=tuple(also),
            own_answer=OwnAnswer(top, top and patterns.cell(0, "resolver_share", top)),
            agree="unknown" if top is None else "same" if top == address else "differs",
            flags=() if self.behaviour else ("mixed_behaviours",),
        )

    def _marked(self, barrier: str) -> list[int]:
        return [
            u for u, is_marked in self.patterns.told.get(barrier, {}).items() if u and is_marked
        ]

    def _addresses(self, barrier: str, *, is_everywhere: bool) -> list[Address]:
        """Every row of the pattern that holds around some marked unit, in order."""
        rows = {row for u in self._marked(barrier) for row in self.patterns.rows(u, barrier)}
        return [row for row in ORDER if row in rows or (row == "board" and is_everywhere)]

    def _default(self, barrier: str, *, is_decided: bool) -> list[Address]:
        """A mark that stands alone belongs to its unit; else whoever can usually remove it."""
        return ["unit" if is_decided and self._marked(barrier) else DEFAULT_ADDRESS[barrier]]

    def _floor(self, i: int) -> int | None:
        """The 10 % quantile of the shrunken shares on the steps of the scope's n.

        None where it would be told as "at most" or "at least".
        """
        n = int(self.of_wave.S.n[self.leaves if self.behaviour else 0].sum())
        step, least, most = step_and_ends(n)
        quantile = float(np.quantile(self._shrunken[:, i], FLOOR_QUANTILE))
        floor = step * int(100 * quantile / step + 0.5)
        return floor if least < floor < most else None


def _numbered(centres: Ints) -> Ints:
    """The centres as pools 1, 2, 3 ...; pool 0 is everybody."""
    return np.unique(centres, return_inverse=True)[1] + 1
