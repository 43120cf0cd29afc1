"""The attacks of measurement.md 4.7 on a release that is nothing but its file.

An attack returns what it tried, as counts, or raises `Leak`.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Final

import numpy as np

from analysis.attack import FEW
from analysis.audit import Leak
from analysis.disclosure import BANDS_BELOW, Classes, classes_of, displayed
from analysis.findings import Release
from analysis.release.audit.displayed import embedded_checked, shown_checked
from analysis.release.audit.frozen import pattern_hash
from analysis.release.audit.reading import (
    EVERYBODY,
    Atoms,
    Known,
    People,
    atoms_of,
    people_of,
    told_people,
)
from analysis.release.audit.tables import PROFESSIONS, UNITS, Part, Table, tables_of, within
from analysis.release.audit.trials import trials_table

Ints = np.typing.NDArray[np.int64]
Flags = np.typing.NDArray[np.bool_]
HALF_FROM: Final = 3  # people: from here a hidden group keeps two counts, below its full width


class Reading:
    """A release as its reader has it, worked out once for all the attacks."""

    def __init__(self, release: Release) -> None:
        self.release = release

    @cached_property
    def tables(self) -> tuple[Table, ...]:
        trials = trials_table(self.release)
        return (*tables_of(self.release), *((trials,) if trials else ()))

    @cached_property
    def told(self) -> tuple[People, ...]:
        """What each cell says of its people, table by table."""
        return tuple(told_people(table, self.release.settings) for table in self.tables)

    @cached_property
    def people(self) -> tuple[People, ...]:
        """The people of each table's rows; base S is within A, and Y within S."""
        found = [people_of(*each) for each in zip(self.tables, self.told, strict=True)]
        for table, mine in zip(self.tables, found, strict=True):
            wide = within(self.tables, table)
            if wide is not None:
                _cut_to(mine, found[self.tables.index(wide)], table, wide)
        return tuple(found)

    @cached_property
    def numbers(self) -> int:
        """How many cells are displayed by the rules; raises `Leak` for one that is not."""
        return shown_checked(self.release)

    @cached_property
    def atoms(self) -> tuple[tuple[Part, Atoms], ...]:
        """What is possible, once every number is known to be one that a rule displays."""
        if not self.numbers:
            return ()
        known = self._known
        return tuple(
            (part, atoms_of(part, people, known))
            for table, people in zip(self.tables, self.people, strict=True)
            for part in table.parts
        )

    @property
    def _known(self) -> Known:
        """The people of a barrier's own base are those who gave it priority: a count, told."""
        return {
            (table.rows[u], ("priority_share", table.barrier)): (
                int(people.low[u, 0]),
                int(people.high[u, 0]),
            )
            for table, people in zip(self.tables, self.people, strict=True)
            if table.barrier is not None
            for part in table.parts
            for u in np.flatnonzero(part.shown).tolist()
        }


def _cut_to(mine: People, wide: People, table: Table, wider: Table) -> None:
    """No row of a base has more people than the same row of the base it is part of."""
    place = {row: u for u, row in enumerate(wider.rows)}
    for u, row in enumerate(table.rows):
        at = place.get(row)
        if at is not None:
            mine.high[u] = min(mine.high[u], wide.high[at])
            wide.low[at] = max(wide.low[at], mine.low[u])


# --- A1 --------------------------------------------------------------------------------------


def smallest_group(reading: Reading) -> dict[str, int]:
    """A1: what is left of each published group when published groups are subtracted from it."""
    minimum = reading.release.settings.min_n
    # By every cell alone, and then by all that the cells of a row say together.
    _no_small_group(reading.tables, reading.told, minimum)
    groups = _no_small_group(reading.tables, reading.people, minimum)
    return {"tables": len(reading.tables), "groups": groups}


def _no_small_group(tables: Sequence[Table], of: Sequence[People], minimum: int) -> int:
    groups, leaks = 0, []
    for table, people in zip(tables, of, strict=True):
        for part in table.parts:
            for division in (UNITS, PROFESSIONS):
                rows, low, high = _left_over(part, people, division)
                groups += len(rows)
                # Who is in no told profession of a centre was never held to the threshold.
                least = minimum if division == UNITS else FEW + 1
                small = ((low > 0) & (high < least)).any(axis=1)
                sizes = np.where(low > 0, high, EVERYBODY).min(axis=1)
                leaks += [
                    (int(sizes[i]), part.sources(int(rows[i]))) for i in np.flatnonzero(small)
                ]
    if leaks:
        raise Leak("A1", *min(leaks))
    return groups


def _left_over(part: Part, people: People, division: int) -> tuple[Ints, Ints, Ints]:
    """The shown rows of a division, and the fewest and most people in none of those below."""
    below = part.shown & (part.above >= 0) & (part.table.division == division)
    low, high = people.low.copy(), people.high.copy()
    np.subtract.at(low, part.above[below], people.high[below])
    np.subtract.at(high, part.above[below], people.low[below])
    divided = np.zeros(len(low), dtype=bool)
    divided[part.above[below]] = True
    rows = np.flatnonzero(part.shown & (divided if division == PROFESSIONS else True))
    return rows, low[rows], high[rows]


# --- A2 and A3 -------------------------------------------------------------------------------


def intervals(reading: Reading) -> dict[str, int]:
    """A2: every atom keeps two counts, every hidden group of 1-4 its width, nothing unanimous.

    A hidden unit is tried at every size from 1 to 4, since its people are not in the file. The
    joined classes are redone from the displayed ones below where every n is told.
    """
    cells, small, redone = 0, 0, 0
    for part, atoms in reading.atoms:
        for rows, n, yes, no in _groups(part, atoms):
            _hold(part, rows, n, (yes[1] - yes[0] < part.per) | (yes[1] <= 0) | (no[1] <= 0), "A2")
            cells += yes[0].size
        small += _small_groups(part, atoms)
        redone += _joined_again(part, atoms)
    return {"cells": cells, "small": small, "joined": redone}


def _groups(
    part: Part, atoms: Atoms
) -> Iterator[tuple[Ints, Ints, Sequence[Ints], Sequence[Ints]]]:
    """Per division the rows whose atom surely has people, its most people, and its counts."""
    crossed = np.zeros(len(part.shown), dtype=bool)
    crossed[part.above[part.shown & (part.table.division == PROFESSIONS)]] = True
    for division, here in ((UNITS, part.shown), (PROFESSIONS, part.shown & crossed)):
        rows = np.flatnonzero(here & (atoms.n[0][division] > 0))
        yes = [end[division][rows] for end in atoms.yes]
        no = [end[division][rows] for end in atoms.no]
        yield rows, atoms.n[1][division][rows], yes, no


def _hold(part: Part, rows: Ints, n: Ints, broken: Flags, rule: str) -> None:
    """Raise `Leak` with the smallest of the groups in which any column is broken."""
    found = [(int(n[i]), part.sources(int(rows[i]))) for i in np.flatnonzero(broken.any(axis=1))]
    if found:
        raise Leak(rule, *min(found))


def _small_groups(part: Part, atoms: Atoms) -> int:
    """How many hidden rows could be a group of 1-4, times columns; raises when one is narrow."""
    tried = 0
    for division in (UNITS, PROFESSIONS):
        hidden = ~part.shown & (part.above >= 0) & (part.table.division == division)
        at = np.unique(part.above[hidden])
        at = at[atoms.n[0][division][at] > FEW]
        yes_high, no_high = atoms.yes[1][division][at], atoms.no[1][division][at]
        for size in range(1, FEW + 1):
            total = part.per * size
            width = np.minimum(total, yes_high) - np.maximum(0, total - no_high)
            wanted = part.per if part.per > 1 else min(size, HALF_FROM - 1)
            _hold(part, at, np.full(len(at), size), width < wanted, "A2")
        tried += int(hidden.sum()) * len(part.columns)
    return tried


def _joined_again(part: Part, atoms: Atoms) -> int:
    """Redo the joining where all n below are exact; how many cells. The rules must give the same.

    From either end of what a display leaves, since a count must not decide the joining above it.
    """
    low, high = atoms.people
    tree = part.shown & (part.table.division == UNITS)
    exact = tree & (low == high) & (low >= BANDS_BELOW)
    for u in np.flatnonzero(tree)[::-1].tolist():
        if not exact[u] and part.above[u] >= 0:
            exact[part.above[u]] = False
    if not exact.any():
        return 0

    def told_in(n: int) -> list[tuple[Classes, Ints]]:
        return [(classes_of(n, part.per), np.arange(len(part.columns)))]

    n = np.where(exact, low, 0)
    for counts in atoms.of_row:
        again = displayed(part.table.parent, n, counts, shown=exact, tables=told_in, per=part.per)
        other = exact & ((again.first != atoms.first) | (again.last != atoms.last)).any(axis=1)
        if other.any():
            raise Leak("A2", units=part.sources(int(np.flatnonzero(other)[0])))
    return int(exact.sum()) * len(part.columns)


def insiders(reading: Reading) -> dict[str, int]:
    """A3: nobody who subtracts the own answer learns that all others answered alike.

    `pairs` is how many groups two who compare their answers would know that of.
    """
    cells, pairs = 0, 0
    for part, atoms in reading.atoms:
        for rows, n, yes, no in _groups(part, atoms):
            _hold(part, rows, n, (yes[1] <= part.per) | (no[1] <= part.per), "A3")
            cells += yes[0].size
            pairs += int(((yes[1] <= 2 * part.per) | (no[1] <= 2 * part.per)).sum())
    return {"cells": cells, "pairs": pairs}


# --- A6 and A7 -------------------------------------------------------------------------------


def patterns(reading: Reading) -> dict[str, int]:
    """A6: on base S and A every item is shown in the same rows; the level only where barriers are.

    A pattern that differed between items would have followed the answers. It is frozen with the
    wave (rule R11): its hash is that of what is shown.
    """
    tried = 0
    for table in reading.tables:
        if table.base not in ("S", "A") or table.barrier is not None:
            continue
        mixed = table.shown.any(axis=1) & ((table.at >= 0) & ~table.shown).any(axis=1)
        if mixed.any():
            raise Leak("A6", units=(table.code(int(np.flatnonzero(mixed)[0])),))
        tried += 1
    if pattern_hash(reading.tables) not in (None, reading.release.pattern_sha256):
        raise Leak("A6")
    return {"patterns": tried}


def numbers(reading: Reading) -> dict[str, int]:
    """A7: no count, no decimal, no per cent off the steps, nothing in or about a hidden cell."""
    return {"cells": reading.numbers + embedded_checked(reading.release)}
