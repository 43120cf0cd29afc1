"""Crossed rows of a wave: the barriers by profession in a centre, one filter at a time.

From ten people, never below a centre, and only where every profession listed has ten invited.
Which rows are shown follows from the number of people alone; what they show must not undo the tree.

Resolver by barrier is withheld. Its n is the count of a `priority_share`, so showing it tells more
than the displayed class of that share, and leaving it out tells that the count is below ten. Its
rows are a third margin of priority by resolver in a centre, where whole counts need not exist
between the bounds of three tables, so the proof by flows does not reach them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import polars as pl
from msgspec.structs import replace

from analysis.attack import smallest_of_two
from analysis.audit import Published, atom_intervals, atoms
from analysis.disclosure import MIN_GROUP, classes_of
from analysis.disclosure.crossed import Row
from analysis.disclosure.flows import SINK, SOURCE, Edge, Flow, Node
from analysis.disclosure.joining import Displayed
from analysis.disclosure.linked import shown_together
from analysis.disclosure.parts import Part, Parts
from analysis.disclosure.wanted import Group, Needs, needs_of
from analysis.findings import Cell
from analysis.frames import Tree
from analysis.release.counts import IN_S, Item, Wave
from analysis.release.sayings import Sayings, hidden

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
        centre = _centre_of(tree, u)
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
        centre = _centre_of(tree, tree.place[code])
        if centre is not None and who and n:
            of = listed.setdefault(centre, {})
            of[who] = of.get(who, 0) + n
    return listed


def _centre_of(tree: Tree, u: int) -> int | None:
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
    at_unit = wave.S.n - _below(wave.S.n, tree.parent)
    np.subtract.at(at_unit, crossed.unit, crossed.n)
    atom = _atom_of(tree.parent, shown)[np.concatenate([crossed.unit, np.arange(len(shown))])]
    row = np.concatenate([crossed.row, np.full(len(shown), -1)])
    cells, cell = np.unique(np.stack([row, atom]), axis=1, return_inverse=True)
    people = np.bincount(cell.reshape(-1), np.concatenate([crossed.n, at_unit])).astype(np.int64)
    return cells[1], cells[0], people


def _atom_of(parent: Ints, shown: Flags) -> Ints:
    """The shown unit in whose atom each unit is: itself, or the nearest above; -1 for none."""
    atom = np.arange(len(shown))
    for u in np.flatnonzero(~shown).tolist():
        atom[u] = atom[parent[u]] if u else NONE
    return atom


def _below(n: Ints, parent: Ints) -> Ints:
    """The people of all units straight below each unit."""
    total = np.zeros_like(n)
    inner = parent >= 0
    np.add.at(total, parent[inner], n[inner])
    return total


# --- what they show ----------------------------------------------------------------------------


@dataclass(frozen=True)
class _Atoms:
    """People and possible counts (unit by item) of the atom of each shown unit."""

    n: Ints
    low: Ints
    high: Ints

    def inside(self, atom: Ints, n: Ints) -> tuple[Ints, Ints]:
        """The possible counts of n people in an atom: what the others there leave of its count.

        1 to 0 for those who are in none.
        """
        others, none = (self.n[atom] - n)[:, None], (atom == NONE)[:, None]
        low = np.where(none, 1, np.maximum(self.low[atom] - others, 0))
        return low, np.where(none, 0, np.minimum(self.high[atom], n[:, None]))


@dataclass(frozen=True)
class _Table:
    """The edges of one part: their counts per item, and the groups that are protected."""

    edges: list[Edge] = field(default_factory=list)
    counts: list[Ints] = field(default_factory=list)
    atoms: list[int] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    units: dict[int, int] = field(default_factory=dict)  # unit: its edge, where it is shown

    def add(
        self, tail: Node, head: Node, people: Ints, *, known: bool | None = None, atom: int = NONE
    ) -> int:
        """A new edge: `people` are n, then the counts. Known or not: its group is protected.

        `atom` is the unit in whose atom the people are, and nothing else divides.
        """
        edge = len(self.edges)
        self.edges.append(Edge(tail, head, int(people[0])))
        self.counts.append(people[1:])
        self.atoms.append(atom)
        if known is not None and people[0]:
            self.groups.append(Group(edge, int(people[0]), known))
        return edge

    def parts(self, told: Displayed, atoms: _Atoms) -> list[Part]:
        """The flow of each item within the displayed classes of the units."""
        flow, needs = Flow(self.edges), needs_of(self.groups)
        top = [e for e, edge in enumerate(self.edges) if edge.tail == SOURCE]
        table = np.array(self.counts)
        x = np.vstack([table, table[top].sum(axis=0)])
        low, high = np.zeros_like(x), np.tile(flow.people[:, None], x.shape[1])
        units, edges = list(self.units), list(self.units.values())
        low[edges], high[edges] = told.low[units], told.high[units]
        least, most = atoms.inside(np.array([*self.atoms, NONE]), flow.people)
        return [
            Part(flow, x[:, i], low[:, i], high[:, i], Needs(*needs, least[:, i], most[:, i]))
            for i in range(x.shape[1])
        ]


class CrossedFlow:
    """The tree and the crossed rows of base S as flows: one per shown centre, and the top."""

    def __init__(self, crossed: Crossed, wave: Wave, shown: Flags, pattern: Flags) -> None:
        self._base = wave.S
        self._shown, self._atom = shown, _atom_of(wave.tree.parent, shown)
        self._centre = [_centre_of(wave.tree, u) for u in range(len(shown))]
        self._top = _Table()
        self._tables = {c: _Table() for c in self._centre if c is not None and shown[c]}
        self._doors: dict[int, int] = {}  # of each table in the top
        self._shown_rows: list[tuple[int, int, int]] = []  # row, centre and edge, largest first
        barriers = [i for i, item in enumerate(wave.items["S"]) if item.measure == "barrier_share"]
        # People and counts side by side: column 0 is n.
        total = np.column_stack([wave.S.n, wave.S.k[:, barriers]])
        self._tree(wave.tree.parent, total)
        self._cells(crossed, total - _below(total, wave.tree.parent))
        self._rows(crossed, pattern)

    def _table(self, u: int) -> _Table:
        """Where a unit belongs: to its centre, or to the top where that is not shown."""
        centre = self._centre[u]
        return self._top if centre is None else self._tables.get(centre, self._top)

    def _tree(self, parent: Ints, total: Ints) -> None:
        """From the top to every shown unit, its atom, and the hidden units in the atom."""
        shown = self._shown
        rest = total.copy()  # less those who are in a shown unit below
        for u in np.flatnonzero(shown).tolist():
            p = int(parent[u])
            while p >= 0:
                rest[p] -= total[u]
                p = NONE if shown[p] else int(parent[p])
        for u in np.flatnonzero(shown).tolist():
            table, over = self._table(u), int(self._atom[parent[u]]) if u else NONE
            tail = SOURCE if over == NONE else ("unit", over)
            if u in self._tables:
                door = self._doors[u] = self._top.add(tail, SINK, total[u])
                self._top.units[u] = door
                tail = SOURCE
            table.units[u] = table.add(tail, ("unit", u), total[u])
            table.add(("unit", u), ("atom", u), rest[u], known=True, atom=u)
        for u in np.flatnonzero(~shown & (rest[:, 0] > 0)).tolist():
            holder, atom = self._holder(int(parent[u])), int(self._atom[u])
            self._table(u).add(holder, ("hidden", u), rest[u], known=False, atom=atom)

    def _holder(self, u: int) -> Node:
        """Where the people of a unit stand who are in no shown unit below it."""
        if u < 0:
            return SOURCE
        return ("atom", u) if self._shown[u] else ("hidden", u)

    def _cells(self, crossed: Crossed, own: Ints) -> None:
        """The people at a unit itself: those of each row, and those who are in none."""
        left = own.copy()
        groups = np.column_stack([crossed.n, crossed.k])
        for u, r, people in zip(crossed.unit.tolist(), crossed.row.tolist(), groups, strict=True):
            left[u] -= people
            few = False if people[0] < MIN_GROUP else None
            self._table(u).add(
                self._holder(u), ("row", r), people, known=few, atom=int(self._atom[u])
            )
        for u in np.flatnonzero(left[:, 0]).tolist():
            self._table(u).add(self._holder(u), SINK, left[u])

    def _rows(self, crossed: Crossed, pattern: Flags) -> None:
        """From the rows to the end: those that are hidden together, a centre at a time."""
        total = np.zeros((len(pattern), 1 + crossed.k.shape[1]), dtype=np.int64)
        np.add.at(total, crossed.row, np.column_stack([crossed.n, crossed.k]))
        rest: dict[int, Ints] = {}
        for r in np.flatnonzero(total[:, 0]).tolist():
            centre = crossed.centres[r]
            table = self._table(centre)
            if pattern[r]:
                edge = table.add(("row", r), SINK, total[r], known=True)
                self._shown_rows.append((r, centre, edge))
            else:
                table.add(("row", r), ("rest", centre), total[r], known=False)
                rest[centre] = rest.get(centre, 0) + total[r]
        for centre, people in rest.items():
            self._table(centre).add(("rest", centre), SINK, people, known=True)
        self._shown_rows.sort(key=lambda row: (-total[row[0], 0], row[0]))
        self._total = total

    def displayed(self, told: Displayed) -> Displayed:
        """The classes of each shown row and item, beside the displayed classes of the tree."""
        size = (1 + max((r for r, _, _ in self._shown_rows), default=-1), self._total.shape[1] - 1)
        result = Displayed(*(np.full(size, -1, dtype=np.int64) for _ in range(4)))
        if not self._shown_rows:
            return result
        base = Published(self._base.parent, self._base.n, self._shown, told.low, told.high)
        above, n = atoms(base)
        inside = _Atoms(n, *atom_intervals(base, above, n))
        top = self._top.parts(told, inside)
        tables = {centre: table.parts(told, inside) for centre, table in self._tables.items()}
        for i in range(size[1]):
            parts = {centre: of_items[i] for centre, of_items in tables.items()}
            self._item(result, i, Parts(top[i], parts, self._doors))
        return result

    def _item(self, result: Displayed, i: int, parts: Parts) -> None:
        may_tell = parts.settle()
        for r, centre, edge in self._shown_rows:
            n, k = self._total[r, [0, 1 + i]].tolist()
            classes = classes_of(n)
            first, last = 0, len(classes.names) - 1
            if may_tell:
                first, last = Row(parts, centre, edge, classes).joined(k)
                parts.place(centre, edge, (int(classes.low[first]), int(classes.high[last])))
            result.first[r, i], result.last[r, i] = first, last
            result.low[r, i], result.high[r, i] = classes.low[first], classes.high[last]


# --- the cells ---------------------------------------------------------------------------------


class CrossedTable:
    """The crossed rows of a wave: which are shown, and their cells; none where it is dropped."""

    def __init__(self, crossed: Crossed, wave: Wave, shown: Flags, minimum: int) -> None:
        self._crossed, self._wave, self._shown = crossed, wave, shown
        found = crossed_pattern(crossed, wave, shown, minimum)
        self.is_dropped = found is None
        self.pattern = np.zeros(len(crossed.centres), dtype=bool) if found is None else found

    @property
    def named(self) -> list[tuple[str, str]]:
        """Centre and profession of each row that is shown."""
        codes = self._wave.tree.codes
        return [
            (codes[centre], who or "")
            for centre, who, is_shown in zip(
                self._crossed.centres, self._crossed.professions, self.pattern, strict=True
            )
            if is_shown
        ]

    def cells(self, items: Sequence[Item], told: Displayed) -> Iterator[Cell]:
        """One cell per row and barrier, the hidden ones included; unknown professions have none.

        `told` is what the tree shows of the same items.
        """
        crossed, wave, n = self._crossed, self._wave, self._crossed.people
        flow = CrossedFlow(crossed, wave, self._shown, self.pattern)
        rows = flow.displayed(told)
        places = np.arange(len(items))
        sayings = Sayings(items, n[self.pattern], lambda n: [(classes_of(n), places)])
        for r, (centre, who) in enumerate(zip(crossed.centres, crossed.professions, strict=True)):
            for i, item in enumerate(items if who is not None else ()):
                said = hidden(item)
                if self.pattern[r]:
                    said = sayings.cell(int(n[r]), i, int(rows.first[r, i]), int(rows.last[r, i]))
                yield replace(
                    said,
                    unit=wave.tree.codes[centre],
                    behaviour=wave.behaviour_of(centre),
                    N=crossed.invited[r],
                    cross={"profession": who or ""},
                )
