"""Crossed rows of a wave: the barriers by profession in a centre, one filter at a time.

From ten people, never below a centre, and only where every profession listed has ten invited.
Which rows are shown follows from the number of people alone, and is decided here; what they show
is in `crossed_cells`.

Resolver by barrier is withheld. Its n is the count of a `priority_share`, so showing it tells more
than the displayed class of that share, and leaving it out tells that the count is below ten. Its
rows are a third margin of priority by resolver in a centre, where whole counts need not exist
between the bounds of three tables, so the proof by flows does not reach them.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from analysis.attack import smallest_of_two
from analysis.disclosure.linked import shown_together
from analysis.frames import Tree
from analysis.release.counts import IN_S, Wave

Ints = np.typing.NDArray[np.int64]
Flags = np.typing.NDArray[np.bool_]
NONE: Final = -1  # the place of no unit and of no row


@dataclass(frozen=True)
class Crossed:
    """Base S by unit and profession, in the centres that may be crossed.

    Row r is profession `professions[r]` of the centre at place `centres[r]`, with `invited[r]`
    people; None is everybody there whose profession is not known, which is never shown. Group g is
    the people of row `row[g]` at the unit `unit[g]` itself: `n[g]` of them, counts `k[g]` per item.
    """

    centres: tuple[int, ...]
    professions: tuple[str | None, ...]
    invited: tuple[int, ...]
    unit: Ints
    row: Ints
    n: Ints
    k: Ints

    @property
    def people(self) -> Ints:
        """People in S per row."""
        return np.bincount(self.row, self.n, len(self.centres)).astype(np.int64)


def crossed_of(
    people: pl.DataFrame, invited: pl.DataFrame | None, wave: Wave, *, name: str, minimum: int
) -> Crossed | None:
    """The people of a wave by profession; None where no centre may be crossed.

    A centre may be crossed where INVITED lists two professions or more in it, each with `minimum`
    people. A profession that is not listed there counts as unknown.
    """
    if "profession" not in people.columns or invited is None:
        return None
    if "profession" not in invited.columns:
        return None
    tree = wave.tree
    listed = _listed(invited.filter(pl.col("wave") == name), tree)
    listed = {c: of for c, of in listed.items() if len(of) > 1 and min(of.values()) >= minimum}
    rows = [(c, who) for c in sorted(listed) for who in (*sorted(listed[c]), None)]
    if not rows:
        return None
    place = {row: r for r, row in enumerate(rows)}
    items = [item for item in wave.items["S"] if item.measure == "barrier_share"]
    sums = (
        people.filter(IN_S)
        .group_by("unit", "profession")
        .agg(pl.len(), **{str(i): item.counted.sum() for i, item in enumerate(items)})
        .sort("unit", "profession", nulls_last=True)
    )
    unit, row, counts = [], [], []
    for code, who, *numbers in sums.iter_rows():
        u = tree.place[code]
        centre = centre_of(tree, u)
        if centre in listed:
            unit.append(u)
            row.append(place[centre, who if who in listed[centre] else None])
            counts.append(numbers)
    table = np.array(counts, dtype=np.int64).reshape(len(unit), len(items) + 1)
    return Crossed(
        tuple(c for c, _ in rows),
        tuple(who for _, who in rows),
        tuple(listed[c][who] if who else 0 for c, who in rows),
        np.array(unit, dtype=np.int64),
        np.array(row, dtype=np.int64),
        table[:, 0],
        table[:, 1:],
    )


def _listed(invited: pl.DataFrame, tree: Tree) -> dict[int, dict[str, int]]:
    """Per centre the professions that are invited there, with the people of each."""
    listed: dict[int, dict[str, int]] = {}
    for code, who, n in invited.select("unit", "profession", "n").iter_rows():
        centre = centre_of(tree, tree.place[code])
        if centre is not None and who and n:
            of = listed.setdefault(centre, {})
            of[who] = of.get(who, 0) + n
    return listed


def centre_of(tree: Tree, u: int) -> int | None:
    path = [u, *tree.above(u)]
    return path[-2] if len(path) > 1 else None


# --- which rows are shown ----------------------------------------------------------------------


def crossed_pattern(crossed: Crossed, wave: Wave, shown: Flags, minimum: int) -> Flags | None:
    """Which rows are shown beside the tree, largest first; from the number of people alone.

    A row of fewer than `minimum` is never worked out from the others. None where the audit fails:
    then no row of the wave may be shown, for a reaction row by row would itself tell a count.
    """
    n = crossed.people
    atom, row, people = _minimal_cells(crossed, wave, shown)
    # Atoms tell what the shown units tell, and nobody is in two of them.
    given = np.flatnonzero(shown)
    rows = np.concatenate([atom == given[:, None], row == np.arange(len(n))[:, None]])
    first = len(given)

    def smallest(published: Flags, people: Ints) -> tuple[int, ...] | None:
        told = np.full(len(people), NONE)
        in_row, cell = np.nonzero(published[first:])  # nobody is in two rows
        told[cell] = in_row
        return smallest_of_two(atom, told, people)

    named = np.array([who is not None for who in crossed.professions])
    centre_shown = shown[list(crossed.centres)]
    may = np.flatnonzero(named & centre_shown & (n >= minimum))
    few = np.flatnonzero((n > 0) & (n < minimum))
    chosen = shown_together(
        rows, people, [first + r for r in sorted(may.tolist(), key=lambda r: (-n[r], r))],
        given=range(first), primary=(first + few).tolist(), smallest=smallest,
    )  # fmt: skip
    if chosen is None:
        return None
    pattern = np.zeros(len(n), dtype=bool)
    pattern[[r - first for r in chosen]] = True
    return pattern


def _minimal_cells(crossed: Crossed, wave: Wave, shown: Flags) -> tuple[Ints, Ints, Ints]:
    """The people whom neither table divides: the shown unit they stand under, row, and how many.

    -1 where there is no such unit, and for people who are in no row.
    """
    tree = wave.tree
    at_unit = wave.S.n - below(wave.S.n, tree.parent)
    np.subtract.at(at_unit, crossed.unit, crossed.n)
    atom = atom_of(tree.parent, shown)[np.concatenate([crossed.unit, np.arange(len(shown))])]
    row = np.concatenate([crossed.row, np.full(len(shown), -1)])
    cells, cell = np.unique(np.stack([row, atom]), axis=1, return_inverse=True)
    people = np.bincount(cell.reshape(-1), np.concatenate([crossed.n, at_unit])).astype(np.int64)
    return cells[1], cells[0], people


def atom_of(parent: Ints, shown: Flags) -> Ints:
    """The shown unit in whose atom each unit is: itself, or the nearest above; -1 for none."""
    atom = np.arange(len(shown))
    for u in np.flatnonzero(~shown).tolist():
        atom[u] = atom[parent[u]] if u else NONE
    return atom


def below(n: Ints, parent: Ints) -> Ints:
    """The people of all units straight below each unit."""
    total = np.zeros_like(n)
    inner = parent >= 0
    np.add.at(total, parent[inner], n[inner])
    return total
