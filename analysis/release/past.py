"""What an earlier release says of the units of today: who a unit was, and of whom it consisted."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Final, Literal, TypeAlias

import numpy as np
import polars as pl

from analysis.findings import Cell, Release, Told
from analysis.release.counts import Wave

Lineage: TypeAlias = Literal["same", "new", "merged", "split"]

# Share of a parent's people who are in another unit, or of another profession, than before.
COMPOSITION_MOVED: Final = Fraction(1, 20)


def lineage(wave: Wave, u: int, since: str) -> tuple[Lineage, str]:
    """Whether a unit is the one it was in wave `since`, and its code then.

    Renamed or moved whole is the same unit; merged or split is a break.
    """
    tree = wave.tree
    change = tree.change[u] if tree.changed_in[u] > since else None
    match change:
        case "new" | "merged" | "split":
            return change, tree.codes[u]
        case "renamed" | "moved":
            return "same", tree.was[u][0] if tree.was[u] else tree.codes[u]
        case _:
            return "same", tree.codes[u]


@dataclass(frozen=True)
class Past:
    """An earlier release, read for the units of a wave.

    A release holds no professions: `invited` is INVITED, which may tell those of both waves, and
    `name` the wave of today in it.
    """

    wave: Wave
    release: Release
    invited: pl.DataFrame | None = None
    name: str = ""

    @cached_property
    def origin(self) -> tuple[tuple[Lineage, str], ...]:
        """Per unit of today its lineage and its code then; unknown then is new."""
        found = []
        for u in range(len(self.wave.tree.codes)):
            kind, code = lineage(self.wave, u, self.release.wave)
            known = self.release.unit(code) is not None
            found.append((kind, code) if known else ("new", self.wave.tree.codes[u]))
        return tuple(found)

    def cell(self, u: int | None, cell: Cell) -> Cell | None:
        """The same cell then, as far as it was shown."""
        return self.shown(u, cell.behaviour).get((cell.measure, cell.item))

    def shown(self, u: int | None, behaviour: str | None) -> Told:
        """What was shown then of a unit; without one of a behaviour's whole scope."""
        where = (True, behaviour) if u is None else (False, self.origin[u][1])
        return self.release.told.get(where, {})

    def is_same(self, u: int | None) -> bool:
        """Whether a unit was the same then, and of the same people; a scope always is."""
        return u is None or (self.origin[u][0] == "same" and u not in self.recomposed)

    @cached_property
    def recomposed(self) -> frozenset[int]:
        """Parents whose people are in other units or of other professions, by more than 5 per cent.

        Half the sum of the moves of the shares: by headcount, never by who answered. Professions
        are compared where INVITED tells those of everybody in both waves; else by unit alone.
        """
        tree, invited = self.wave.tree, self.wave.own_invited.tolist()
        then = self._people()
        moved = set()
        for u in np.flatnonzero(~tree.is_leaf).tolist():
            now: dict[str, int] = {}
            for v in (u, *tree.below(u)):
                code = self.origin[v][1]
                now[code] = now.get(code, 0) + invited[v]
            before = then.get(self.origin[u][1], {})
            if _distance(now, before) > COMPOSITION_MOVED:
                moved.add(u)
        return frozenset(moved | self._other_professions())

    def _other_professions(self) -> set[int]:
        tree = self.wave.tree
        above = [int(parent) for parent in tree.parent]
        parents = {
            u: tree.codes[p] if p >= 0 else None for u, p in zip(tree.codes, above, strict=True)
        }
        now = professions_of(self.invited, parents, self.name)
        parents = {unit.unit: unit.parent for unit in self.release.units}
        then = professions_of(self.invited, parents, self.release.wave)
        return {
            u
            for u in np.flatnonzero(~tree.is_leaf).tolist()
            if _distance(now.get(tree.codes[u], {}), then.get(self.origin[u][1], {}))
            > COMPOSITION_MOVED
        }

    def _people(self) -> dict[str, dict[str, int]]:
        """Per unit then, the people attached to each unit of its part, itself included."""
        own = dict(self.release.invited)
        parents = {unit.unit: unit.parent for unit in self.release.units}
        totals = dict(own)
        for code, parent in parents.items():
            if parent is not None and parent in own:
                own[parent] -= totals.get(code, 0)
        parts: dict[str, dict[str, int]] = {code: {} for code in parents}
        for code, people in own.items():
            at: str | None = code
            while at is not None:
                parts[at][code] = people
                at = parents[at]
        return parts


def professions_of(
    invited: pl.DataFrame | None, parents: Mapping[str, str | None], wave: str
) -> dict[str, dict[str, int]]:
    """Per unit the people invited of each profession, everything below counted.

    Only units where it is told of everybody: a row without profession hides it of its unit and of
    all above.
    """
    if invited is None or "profession" not in invited.columns:
        return {}
    mixes: dict[str, dict[str, int]] = {}
    untold: set[str] = set()
    rows = invited.filter(pl.col("wave") == wave).select("unit", "profession", "n")
    for unit, profession, n in rows.iter_rows():
        at: str | None = unit
        while at is not None:
            mix = mixes.setdefault(at, {})
            mix[profession] = mix.get(profession, 0) + n
            if profession is None:
                untold.add(at)
            at = parents.get(at)
    return {unit: mix for unit, mix in mixes.items() if unit not in untold}


def _distance(now: Mapping[str, int], then: Mapping[str, int]) -> Fraction:
    """Half the sum of the moves of the shares, exact: five per cent is not above five per cent."""
    if now == then:
        return Fraction(0)
    all_now, all_then = sum(now.values()), sum(then.values())
    if not all_now or not all_then:
        return Fraction(0)
    moves = sum(
        abs(now.get(c, 0) * all_then - then.get(c, 0) * all_now) for c in now.keys() | then.keys()
    )
    return Fraction(moves, 2 * all_now * all_then)
