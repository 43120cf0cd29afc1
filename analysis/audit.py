"""The attacker: what follows from the published set, worked out without the rules that made it.

Knows the tree, every number of people and every displayed class, marks included. A release that
fails does not leave the process; the refusal names the rule and never the content.
"""

from dataclasses import dataclass

import numpy as np

Ints = np.typing.NDArray[np.int64]
Flags = np.typing.NDArray[np.bool_]


class Leak(Exception):
    """A published set that gives an answer away; `rule` is A1-A4, A6 or A7.

    `size` is that of the smallest group that was derived, None where the rule knows none; `units`
    are the published codes it was derived from. Never what anybody answered.
    """

    def __init__(self, rule: str, size: int | None = None, units: tuple[str, ...] = ()) -> None:
        self.rule = rule
        self.size = size
        self.units = units
        super().__init__(rule, size, units)

    def __str__(self) -> str:
        return f"the release breaks {self.rule}"


@dataclass(frozen=True)
class Published:
    """One base as its readers know it: the tree in preorder, people, and the possible counts.

    `low`..`high` (unit by item) are the counts the displayed class leaves; not read where a unit
    is not shown. `per` is what one person adds at most.
    """

    parent: Ints
    n: Ints
    shown: Flags
    low: Ints
    high: Ints
    per: int = 1


@dataclass(frozen=True)
class Verdict:
    """What the attacker tried: small cells examined, narrow ones, and atoms two insiders open."""

    small_cells: int
    narrow: int
    pairs: int


def audited(base: Published, minimum: int) -> Verdict:
    """Attack one base; raises `Leak` unless every group and every small cell holds.

    A1: every atom is nobody, or `minimum` or more. A2: every atom keeps two counts (totals of
    successes: a width of five), every hidden group of 1-2 its full width and of 3-4 half of it.
    A3: one who knows the own answer never learns that all others answered alike, so one count
    of an atom is >= 2 and one <= n - 2.
    """
    above, atom = atoms(base)
    if ((atom < 0) | ((atom > 0) & (atom < minimum) & base.shown)).any():
        raise Leak("A1", int(atom[(atom > 0) & base.shown].min(initial=minimum)))
    low, high = atom_intervals(base, above, atom)
    whole = np.flatnonzero(base.shown & (atom > 0))
    n, lo, hi = atom[whole, None], low[whole], high[whole]
    per = base.per
    if (hi - lo < per).any():
        raise Leak("A2")
    # An insider answered `own`: the others' total must not be forced to an end.
    for own in range(per + 1):
        if ((hi - own <= 0) | (lo - own >= per * (n - 1))).any():
            raise Leak("A3")
    small, narrow = _small_cells(base, above, atom, low, high)
    if narrow:
        raise Leak("A2")
    pairs = int(((hi <= 2 * per) | (lo >= per * (n - 2))).sum())
    return Verdict(small, narrow, pairs)


def atoms(base: Published) -> tuple[Ints, Ints]:
    """Per unit the nearest shown unit above (-1: none), and the people under it alone.

    Recomputed from the published totals: a shown unit less the shown units straight below it.
    """
    above = np.full(len(base.parent), -1, dtype=np.int64)
    for u in range(len(base.parent)):
        p = int(base.parent[u])
        if p >= 0:
            above[u] = p if base.shown[p] else above[p]
    atom = np.where(base.shown, base.n, 0)
    inner = base.shown & (above >= 0)
    np.subtract.at(atom, above[inner], base.n[inner])
    return above, atom


def atom_intervals(base: Published, above: Ints, atom: Ints) -> tuple[Ints, Ints]:
    """The counts possible in each atom, exactly: one pass up the tree and one down."""
    own = base.per * np.stack([atom, np.zeros_like(atom)])
    found = passes(above, base.shown, base.low, base.high, own)
    return found.least[0], found.most[0]


@dataclass(frozen=True)
class Passed:
    """What two passes leave: of each row, and of the atom under it in each of its two divisions."""

    low: Ints
    high: Ints
    least: Ints  # division by row by column
    most: Ints


def passes(  # noqa: PLR0913, PLR0917 - one table: where its rows hang, and what each may hold
    above: Ints, shown: Flags, low: Ints, high: Ints, own: Ints, division: Ints | None = None
) -> Passed:
    """Cut what rows may hold (row by column) to their sums, up the tree and down it: exact.

    Up: a row holds what the rows under it hold and at most `own` more. Down: a row holds what the
    row above holds less the others there. A row may be divided twice, into units (0) and into
    professions (1): `own` is division by row, `division` that of the row above a row belongs to.
    Both divisions sum to the same row and share nothing else, so the passes stay exact.
    """
    side = np.zeros(len(above), dtype=np.int64) if division is None else division
    below_low, below_high = np.zeros((2, 2, *low.shape), dtype=np.int64)
    low, high = low.copy(), high.copy()
    crossed = np.zeros(len(above), dtype=bool)
    crossed[above[shown & (above >= 0) & (side == 1)]] = True
    levels = _levels(above, shown)
    for rows in reversed(levels):
        for d, divided in ((0, rows), (1, rows[crossed[rows]])):
            low[divided] = np.maximum(low[divided], below_low[d, divided])
            most = below_high[d, divided] + own[d, divided, None]
            high[divided] = np.minimum(high[divided], most)
        under = rows[above[rows] >= 0]
        np.add.at(below_low, (side[under], above[under]), low[under])
        np.add.at(below_high, (side[under], above[under]), high[under])
    up_low, up_high = low.copy(), high.copy()
    for rows in levels[1:]:
        p, part = above[rows], side[rows]
        others_low = below_low[part, p] - up_low[rows]
        others_high = below_high[part, p] - up_high[rows]
        low[rows] = np.maximum(low[rows], low[p] - others_high - own[part, p][:, None])
        high[rows] = np.minimum(high[rows], high[p] - others_low)
    return Passed(
        low,
        high,
        least=np.maximum(0, low - below_high),
        most=np.minimum(own[:, :, None], high - below_low),
    )


def _levels(above: Ints, shown: Flags) -> list[Ints]:
    """The shown rows by the number of rows above them, those with none first."""
    depth = np.full(len(above), -1)
    for u in np.flatnonzero(shown).tolist():
        depth[u] = depth[above[u]] + 1 if above[u] >= 0 else 0
    return [np.flatnonzero(depth == level) for level in range(int(depth.max(initial=-1)) + 1)]


def _small_cells(
    base: Published, above: Ints, atom: Ints, low: Ints, high: Ints
) -> tuple[int, int]:
    """Hidden groups of 1-4 people under a shown unit, times items; and how many are narrow."""
    small = np.flatnonzero(~base.shown & (above >= 0) & (base.n > 0) & (base.n < 5))
    at, n = above[small], base.n[small, None]
    rest = base.per * (atom[at, None] - n)
    least = np.maximum(0, low[at] - rest)
    most = np.minimum(base.per * n, high[at])
    # A total of successes is attacked in fives: one person's whole range must stay open.
    wanted = np.where(n <= 2, n, 2) if base.per == 1 else np.full_like(n, base.per)
    return least.size, int((most - least < wanted).sum())
