"""The attacker of tables that are no tree: whole-number programs over what the rows leave open.

Rows are 0/1 over minimal cells: groups of people that no row divides. `analysis.audit` walks the
two passes of a tree instead, and must agree wherever the rows are one.
"""

from typing import Final

import numpy as np
import scipy  # its parts load when they are used: the solver alone takes half a second
from scipy import sparse
from scipy.sparse.csgraph import connected_components

Ints = np.typing.NDArray[np.int64]
Bools = np.typing.NDArray[np.bool_]
Numbers = np.typing.NDArray[np.float64]

FEW: Final = 4  # people: the largest group that nobody may derive, rule R3
COEFFICIENT: Final = 50.0  # how often a row is added or taken away at most
INFEASIBLE: Final = 2  # HiGHS: proven that nothing meets the conditions


class Unsolved(Exception):
    """The solver gave no proof either way: nothing may be released on it."""


class Contradiction(Exception):
    """No answers give the displayed values: what is to be attacked is not a release."""


def smallest_group(rows: Bools, n: Ints, *, most: int = FEW) -> tuple[int, ...] | None:
    """The cells of the smallest group of 1..`most` people that sums of rows single out.

        z = P'λ,  z in {0, 1}, λ in [-50, 50],  1 <= n'z <= most;  least n'z first

    `rows` (row by cell) are the published rows P, `n` the people of each cell. None is the proof
    that there is no such group: the program is infeasible (audit A1). Cells without people tell
    nothing and are left out; cells that lie in the same rows count as one. Raises `Unsolved`.
    """
    merged, of_cell = _merged(rows, n)
    if merged is None:
        return None
    distinct, people = merged
    chosen = _least_group(distinct.astype(float), people, most)
    if chosen is None:
        return None
    return tuple(np.flatnonzero((of_cell >= 0) & chosen[of_cell]).tolist())


def smallest_of_two(one: Ints, other: Ints, n: Ints, *, most: int = FEW) -> tuple[int, ...] | None:
    """`smallest_group` where the rows are two divisions of the same people, of any number.

    Each cell is in a row of the `one` division and in a row of the `other`, -1 for none, so z of a
    cell is the sum of their two λ. Where a cell has more than `most` people z is 0: the λ are
    opposite, and the two rows are tied. No row has λ 0. The cells between the same tied rows have
    the same z, so they count as one, and may tie more. Where all is tied there is no group: the
    proof for a table of any size. What is left is a small program.
    """
    seen = np.flatnonzero(n > 0)
    a, b = one[seen] + 1, np.where(other[seen] < 0, 0, other[seen] + 1 + one.max(initial=-1) + 1)
    size = int(max(a.max(initial=0), b.max(initial=0))) + 1
    tied: Ints = np.arange(size)
    while True:
        # z is λ of the tied rows on the left less that of those on the right.
        pairs, cell = np.unique(tied[a] * size + tied[b], return_inverse=True)
        left, right = pairs // size, pairs % size
        people = np.bincount(cell, n[seen]).astype(np.int64)
        ties = (left != right) & (people > most)
        if not ties.any():
            break
        graph = sparse.coo_array((ties[ties], (left[ties], right[ties])), shape=(size, size))
        tied = connected_components(graph, directed=False)[1].astype(np.int64)[tied]
    open_ = np.flatnonzero(left != right)
    P = np.zeros((size, len(open_)))
    P[left[open_], np.arange(len(open_))] = 1
    P[right[open_], np.arange(len(open_))] = -1
    # z is the same whatever all λ have in common, so that of no row need not be set to 0.
    chosen = _least_group(P[P.any(axis=1)], people[open_], most)
    if chosen is None:
        return None
    return tuple(seen[np.isin(cell, open_[chosen])].tolist())


def _least_group(P: Numbers, people: Ints, most: int) -> Bools | None:
    small = people <= most
    if not small.any():
        return None
    r, c = P.shape
    balance = np.hstack([np.eye(c), -P.T])
    size = np.concatenate([people, np.zeros(r)]).astype(float)
    result = scipy.optimize.milp(
        size,
        constraints=[
            scipy.optimize.LinearConstraint(sparse.csr_array(balance), 0, 0),
            scipy.optimize.LinearConstraint(size, 1, most),
        ],
        integrality=np.concatenate([small, np.zeros(r)]).astype(int),
        bounds=scipy.optimize.Bounds(
            np.concatenate([np.zeros(c), np.full(r, -COEFFICIENT)]),
            np.concatenate([small.astype(float), np.full(r, COEFFICIENT)]),
        ),
    )
    if result.status == INFEASIBLE:
        return None
    if not result.success:
        raise Unsolved
    chosen: Bools = np.round(result.x[:c]).astype(bool)
    return chosen


def _merged(rows: Bools, n: Ints) -> tuple[tuple[Bools, Ints] | None, Ints]:
    """Cells with people, those in the same rows as one; and where each cell went, -1 for none."""
    of_cell = np.full(len(n), -1, dtype=np.int64)
    seen = np.flatnonzero((n > 0) & rows.any(axis=0))
    if not len(seen):
        return None, of_cell
    distinct, place = np.unique(rows[:, seen], axis=1, return_inverse=True)
    of_cell[seen] = place.reshape(-1)
    people = np.zeros(distinct.shape[1], dtype=np.int64)
    np.add.at(people, of_cell[seen], n[seen])
    return (distinct, people), of_cell


def cell_intervals(  # noqa: PLR0913 - one table: its rows, what they show, people, and what is asked
    rows: Bools, low: Ints, high: Ints, n: Ints, per: int = 1, *, of: Bools | None = None
) -> tuple[Ints, Ints]:
    """The least and the largest count of each cell that the displayed rows leave, exactly.

    Row r shows that the counts of its cells sum to `low[r]`..`high[r]`; a cell holds 0..per*n.
    `of` (group by cell) asks about unions of cells instead. Whole-number programming: audit A2 of
    tables that are no tree. Raises `Contradiction` where no counts fit and `Unsolved`.
    """
    asked = (np.eye(len(n), dtype=bool) if of is None else of).astype(np.float64)
    shown = scipy.optimize.LinearConstraint(sparse.csr_array(rows.astype(float)), low, high)
    bounds = scipy.optimize.Bounds(np.zeros(len(n)), (per * n).astype(float))
    ends = np.array(
        [[_least(way * group, shown, bounds) for way in (1, -1)] for group in asked],
        dtype=np.int64,
    ).reshape(-1, 2)
    return ends[:, 0], -ends[:, 1]


def _least(
    weights: Numbers, shown: "scipy.optimize.LinearConstraint", bounds: "scipy.optimize.Bounds"
) -> int:
    result = scipy.optimize.milp(
        weights, constraints=shown, integrality=np.ones(len(weights), dtype=np.int64), bounds=bounds
    )
    if result.status == INFEASIBLE:
        raise Contradiction
    if not result.success:
        raise Unsolved
    return round(result.fun)
