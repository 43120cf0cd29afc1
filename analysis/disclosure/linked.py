"""Which rows of tables that overlap may be shown together: from the number of people alone.

Rows are 0/1 over minimal cells: groups of people that no row divides. Gauss elimination refuses a
row that would give a forbidden one back (Langsrud's idea, SDC of linked tables); it guards rows and
not their unions, so an attacker looks for a small group afterwards, and what he finds is forbidden.
"""

from collections.abc import Callable, Iterable, Sequence
from heapq import heapify, heappop, heappush
from math import gcd
from typing import TypeAlias

import numpy as np

Ints = np.typing.NDArray[np.int64]
Bools = np.typing.NDArray[np.bool_]
# The cells of the smallest group that the shown rows single out; None where there is none.
Smallest = Callable[[Bools, Ints], tuple[int, ...] | None]
Row: TypeAlias = dict[int, int]  # cell: coefficient, none of them 0


def shown_together(  # noqa: PLR0913 - one table: its rows, people, and what is shown or secret
    rows: Bools,
    n: Ints,
    candidates: Sequence[int],
    *,
    given: Sequence[int],
    primary: Iterable[int],
    smallest: Smallest,
) -> tuple[int, ...] | None:
    """The candidates, in their order, that are safe beside the `given` rows and each other.

    `rows` is row by cell, `n` the people of each cell; `given` rows are shown already, `primary`
    ones may never be worked out. None where the given rows alone single out a small group, or
    where what is found is forbidden already: then no candidate may be shown. Each round forbids
    one more group, so the loop ends.
    """
    people = n > 0
    forbidden = [np.flatnonzero(rows[r] & people).tolist() for r in primary]
    while True:
        shown = eliminated(rows & people, candidates, given=given, forbidden=forbidden)
        group = smallest(rows[[*given, *shown]], n)
        if group is None:
            return shown
        found = [cell for cell in group if people[cell]]
        if found in forbidden or not shown:
            return None
        forbidden.append(found)


def eliminated(
    rows: Bools,
    candidates: Sequence[int],
    *,
    given: Sequence[int],
    forbidden: Iterable[Sequence[int]],
) -> tuple[int, ...]:
    """The candidates that Gauss elimination lets through, one after the other.

    What is left of a candidate after the rows shown before it must not be parallel to what is left
    of a forbidden row. Nothing left: the row is implied, and free. In whole numbers, so exact.
    """
    basis = Basis()
    for r in given:
        basis.add(np.flatnonzero(rows[r]).tolist())
    secret = [basis.residue(dict.fromkeys(cells, 1)) for cells in forbidden if len(cells)]
    shown = []
    for r in candidates:
        residue = basis.residue(dict.fromkeys(np.flatnonzero(rows[r]).tolist(), 1))
        if residue and any(row == residue for row in secret):
            continue
        shown.append(r)
        if residue:
            basis.join(residue)
            pivot = min(residue)
            secret = [basis.residue(row) if pivot in row else row for row in secret]
    return tuple(shown)


class Basis:
    """The rows shown so far in echelon form: per leading cell one row, in lowest terms."""

    def __init__(self) -> None:
        self._pivots: dict[int, Row] = {}

    def add(self, cells: Sequence[int]) -> None:
        self.join(self.residue(dict.fromkeys(cells, 1)))

    def join(self, residue: Row) -> None:
        """Take in what was left of a row; nothing left adds nothing."""
        if residue:
            self._pivots[min(residue)] = residue

    def residue(self, row: Row) -> Row:
        """What is left of a row: in lowest terms, its leading coefficient positive.

        Two rows are parallel exactly when what is left of them is equal.
        """
        left = dict(row)
        waiting = [cell for cell in left if cell in self._pivots]
        heapify(waiting)
        while waiting:
            cell = heappop(waiting)
            if cell in left:
                pivot = self._pivots[cell]
                left = _less(left, pivot, cell)
                for other in pivot:
                    if other in self._pivots:
                        heappush(waiting, other)
        return _lowest(left)


def _less(row: Row, pivot: Row, cell: int) -> Row:
    """The row with `cell` taken away by the pivot row, in whole numbers."""
    times, less = pivot[cell], row[cell]
    result = {c: times * x for c, x in row.items()}
    for c, x in pivot.items():
        left = result.pop(c, 0) - less * x
        if left:
            result[c] = left
    return _lowest(result)


def _lowest(row: Row) -> Row:
    if not row:
        return row
    by = gcd(*row.values())
    if row[min(row)] < 0:
        by = -by
    return row if by == 1 else {c: x // by for c, x in row.items()}
