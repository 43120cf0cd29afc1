"""Crossed rows of a wave: the barriers by profession in a centre, one filter at a time.

From ten people, never below a centre, and only where every profession listed has ten invited.
Which rows are shown follows from the number of people alone; what they show must not undo the tree.

Resolver by barrier is withheld. Its n is the count of a `priority_share`, so showing it tells more
than the displayed class of that share, and leaving it out tells that the count is below ten. Its
rows are a third margin of priority by resolver in a centre, where whole counts need not exist
between the bounds of three tables, so the proof by flows does not reach them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import polars as pl
from msgspec.structs import replace

from analysis.attack import smallest_group
from analysis.disclosure import MIN_GROUP, classes_of
from analysis.disclosure.crossed import Group, joined_row, wanted_of
from analysis.disclosure.flows import SINK, SOURCE, Edge, Flow, Node, Open
from analysis.disclosure.joining import Displayed
from analysis.disclosure.linked import shown_together
from analysis.findings import Cell
from analysis.frames import Tree
from analysis.release.counts import IN_S, Item, Wave
from analysis.release.sayings import Sayings

Ints = np.typing.NDArray[np.int64]
Flags = np.typing.NDArray[np.bool_]


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


def crossed_pattern(crossed: Crossed, wave: Wave, shown: Flags, minimum: int) -> Flags:
    """Which rows are shown beside the tree, largest first; from the number of people alone.

    A row of fewer than `minimum` is never worked out from the others. Where the audit fails, no
    row of the wave is shown: a reaction row by row would itself tell a count.
    """
    tree, n = wave.tree, crossed.people
    at_unit = wave.S.n - _below(wave.S.n, tree.parent)
    np.subtract.at(at_unit, crossed.unit, crossed.n)
    # The cells: the people of a row at a unit, then those of each unit who are in no row.
    unit = np.concatenate([crossed.unit, np.arange(len(at_unit))])
    people = np.concatenate([crossed.n, at_unit])
    place = np.arange(len(at_unit))[:, None]
    of_tree = (place <= unit) & (unit < tree.end[:, None])
    of_row = np.concatenate([crossed.row, np.full(len(at_unit), -1)]) == np.arange(len(n))[:, None]
    rows, first = np.concatenate([of_tree, of_row]), len(of_tree)
    named = np.array([who is not None for who in crossed.professions])
    centre_shown = shown[list(crossed.centres)]
    may = np.flatnonzero(named & centre_shown & (n >= minimum))
    few = np.flatnonzero((n > 0) & (n < minimum))
    chosen = shown_together(
        rows, people, [first + r for r in sorted(may.tolist(), key=lambda r: (-n[r], r))],
        given=np.flatnonzero(shown).tolist(), primary=(first + few).tolist(),
        smallest=partial(smallest_group, most=4),
    )  # fmt: skip
    pattern = np.zeros(len(n), dtype=bool)
    pattern[[r - first for r in chosen or ()]] = True
    return pattern


def _below(n: Ints, parent: Ints) -> Ints:
    """The people of all units straight below each unit."""
    total = np.zeros_like(n)
    inner = parent >= 0
    np.add.at(total, parent[inner], n[inner])
    return total


# --- what they show ----------------------------------------------------------------------------


class CrossedFlow:
    """The tree and the crossed rows of base S as one flow, with the groups that are protected."""

    def __init__(self, crossed: Crossed, wave: Wave, shown: Flags, pattern: Flags) -> None:
        self._edges: list[Edge] = []
        self._counts: list[Ints] = []
        self.groups: list[Group] = []
        self.units: dict[int, int] = {}  # the edge of each shown unit
        self.rows: dict[int, int] = {}  # the edge of each shown row
        barriers = [i for i, item in enumerate(wave.items["S"]) if item.measure == "barrier_share"]
        # People and counts side by side: column 0 is n.
        total = np.column_stack([wave.S.n, wave.S.k[:, barriers]])
        self._tree(wave.tree.parent, total, shown)
        self._cells(crossed, total - _below(total, wave.tree.parent), shown)
        self._rows(crossed, pattern)
        self.flow = Flow(self._edges)

    def _add(self, tail: Node, head: Node, people: Ints, *, known: bool | None = None) -> int:
        edge = len(self._edges)
        self._edges.append(Edge(tail, head, int(people[0])))
        self._counts.append(people[1:])
        if known is not None and people[0]:
            self.groups.append(Group(edge, int(people[0]), known))
        return edge

    def _tree(self, parent: Ints, total: Ints, shown: Flags) -> None:
        """From the top to every shown unit, its atom, and the hidden units in the atom."""
        rest = total.copy()  # less those who are in a shown unit below
        above = np.full(len(parent), -1)  # the nearest shown unit
        for u in range(len(parent)):
            p = int(parent[u])
            above[u] = p if p < 0 or shown[p] else above[p]
            while shown[u] and p >= 0:
                rest[p] -= total[u]
                p = -1 if shown[p] else int(parent[p])
        for u in np.flatnonzero(shown).tolist():
            over = int(above[u])
            self.units[u] = self._add(
                ("unit", over) if over >= 0 else SOURCE, ("unit", u), total[u]
            )
            self._add(("unit", u), ("atom", u), rest[u], known=True)
        for u in np.flatnonzero(~shown & (rest[:, 0] > 0)).tolist():
            p = int(parent[u])
            self._add(_holder(shown, p), ("hidden", u), rest[u], known=False)

    def _cells(self, crossed: Crossed, own: Ints, shown: Flags) -> None:
        """The people at a unit itself: those of each row, and those who are in none."""
        left = own.copy()
        groups = np.column_stack([crossed.n, crossed.k])
        for u, r, people in zip(crossed.unit.tolist(), crossed.row.tolist(), groups, strict=True):
            left[u] -= people
            few = False if people[0] < MIN_GROUP else None
            self._add(_holder(shown, u), ("row", r), people, known=few)
        for u in np.flatnonzero(left[:, 0]).tolist():
            self._add(_holder(shown, u), SINK, left[u])

    def _rows(self, crossed: Crossed, pattern: Flags) -> None:
        """From the rows to the end: those that are hidden together, a centre at a time."""
        total = np.zeros((len(pattern), 1 + crossed.k.shape[1]), dtype=np.int64)
        np.add.at(total, crossed.row, np.column_stack([crossed.n, crossed.k]))
        rest: dict[int, Ints] = {}
        for r in np.flatnonzero(total[:, 0]).tolist():
            centre = crossed.centres[r]
            if pattern[r]:
                self.rows[r] = self._add(("row", r), SINK, total[r], known=True)
            else:
                self._add(("row", r), ("rest", centre), total[r], known=False)
                rest[centre] = rest.get(centre, 0) + total[r]
        for centre, people in rest.items():
            self._add(("rest", centre), SINK, people, known=True)

    def displayed(self, told: Displayed) -> Displayed:
        """The classes of each shown row and item, beside the displayed classes of the tree."""
        top = [e for e, edge in enumerate(self._edges) if edge.tail == SOURCE]
        table = np.array(self._counts)
        counts = np.vstack([table, table[top].sum(axis=0)])
        size = (1 + max(self.rows, default=-1), counts.shape[1])
        result = Displayed(*(np.full(size, -1, dtype=np.int64) for _ in range(4)))
        for i in range(size[1]):
            low, high = np.zeros_like(self.flow.people), self.flow.people.copy()
            for u, edge in self.units.items():
                low[edge], high[edge] = told.low[u, i], told.high[u, i]
            self._item(result, i, Open(self.flow, counts[:, i]), (low, high), counts[:, i])
        return result

    def _item(
        self, result: Displayed, i: int, open_: Open, bounds: tuple[Ints, Ints], counts: Ints
    ) -> None:
        low, high = bounds
        people = self.flow.people
        wanted = wanted_of(open_, low, high, self.groups)
        for r, edge in sorted(self.rows.items(), key=lambda row: (-people[row[1]], row[0])):
            classes = classes_of(int(people[edge]))
            first, last = 0, len(classes.names) - 1
            if wanted is not None:
                first, last = joined_row(
                    open_, low, high, edge=edge, classes=classes, k=int(counts[edge]), wanted=wanted
                )
            low[edge], high[edge] = classes.low[first], classes.high[last]
            result.first[r, i], result.last[r, i] = first, last
            result.low[r, i], result.high[r, i] = low[edge], high[edge]


def _holder(shown: Flags, u: int) -> Node:
    """Where the people of a unit stand who are in no shown unit below it."""
    if u < 0:
        return SOURCE
    return ("atom", u) if shown[u] else ("hidden", u)


# --- the cells ---------------------------------------------------------------------------------


class CrossedTable:
    """The crossed rows of a wave: which are shown, and their cells."""

    def __init__(self, crossed: Crossed, wave: Wave, shown: Flags, minimum: int) -> None:
        self._crossed, self._wave, self._shown = crossed, wave, shown
        self.pattern = crossed_pattern(crossed, wave, shown, minimum)

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
                said = Cell(None, None, item.measure, item.item, item.base, "hidden", None)
                if self.pattern[r]:
                    said = sayings.cell(int(n[r]), i, int(rows.first[r, i]), int(rows.last[r, i]))
                yield replace(
                    said,
                    unit=wave.tree.codes[centre],
                    behaviour=wave.behaviour_of(centre),
                    N=crossed.invited[r],
                    cross={"profession": who or ""},
                )
