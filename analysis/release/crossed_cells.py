"""What the crossed rows of a wave show: classes that do not undo the tree, and their cells.

The tree and the rows of a centre are one flow of people. A row is joined as the tree is: until
nobody's answer follows from both together.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from msgspec.structs import replace

from analysis.audit import Published, atom_intervals, atoms
from analysis.disclosure import MIN_GROUP, classes_of
from analysis.disclosure.crossed import Row
from analysis.disclosure.flows import SINK, SOURCE, Edge, Flow, Node
from analysis.disclosure.joining import Displayed
from analysis.disclosure.parts import Part, Parts
from analysis.disclosure.wanted import Group, Needs, needs_of
from analysis.findings import Cell
from analysis.release.counts import Item, Wave
from analysis.release.crossings import (
    NONE,
    Crossed,
    atom_of,
    below,
    centre_of,
    crossed_pattern,
)
from analysis.release.sayings import Sayings, hidden

Ints = np.typing.NDArray[np.int64]
Flags = np.typing.NDArray[np.bool_]


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
        self._shown, self._atom = shown, atom_of(wave.tree.parent, shown)
        self._centre = [centre_of(wave.tree, u) for u in range(len(shown))]
        self._top = _Table()
        self._tables = {c: _Table() for c in self._centre if c is not None and shown[c]}
        self._doors: dict[int, int] = {}  # of each table in the top
        self._shown_rows: list[tuple[int, int, int]] = []  # row, centre and edge, largest first
        barriers = [i for i, item in enumerate(wave.items["S"]) if item.measure == "barrier_share"]
        # People and counts side by side: column 0 is n.
        total = np.column_stack([wave.S.n, wave.S.k[:, barriers]])
        self._tree(wave.tree.parent, total)
        self._cells(crossed, total - below(total, wave.tree.parent))
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
