"""Changes between waves, cell by cell, from the displayed values of both."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from typing import Final, Literal, NamedTuple

import numpy as np
from msgspec.structs import replace

from analysis.change import Difference, Levels, Shares, newcombe, welch
from analysis.disclosure import step_and_ends
from analysis.estimate import SPREAD_STEP, benjamini_hochberg, level_interval, outwards
from analysis.findings import Band, Cell, Change
from analysis.findings.columns import coded, first_of_each
from analysis.frames import Tree
from analysis.release.cells import Rows
from analysis.release.past import Past

Floats = np.typing.NDArray[np.float64]
Flags = np.typing.NDArray[np.bool_]

BAND_ORDER: Final[tuple[Band, ...]] = ("few", "some", "nearly_all")
BANDS_OF_FEW: Final = "8-19"
BELOW_20: Final = (None, "5-7", BANDS_OF_FEW)
RISE_OF_SHOCK: Final = 5  # points
# What a change of 20 people and more depends on.
DISPLAY: Final = attrgetter("n", "n_band", "value", "value_to", "low", "high", "clip")
COLUMN: Final = attrgetter("measure", "item")
LARGEST_SPREAD: Final = 55  # points: no told standard deviation of a level is larger


@dataclass(frozen=True)
class Against:
    """What a wave is compared with, if anything, and the units that are read with care."""

    past: Past | None
    careful: frozenset[int]


class _Compared(NamedTuple):
    """A pair of displayed numbers of at least 20 people each."""

    cell: Cell
    earlier: Cell
    at: tuple[int | None, int]  # row and place in it
    is_root: bool
    careful: bool


def with_changes(rows: Rows, against: Against, q: float) -> Rows:
    """The cells with `change`, and the flags composition, read_with_care and common_shock.

    Without an earlier wave nothing is compared, and only the response says read with care.
    """
    changes = _changes(rows, against, q, _of_the_wave)
    flags = _flags(against)
    changed = {
        u: [
            cell if change is None else replace(cell, change=change)
            for cell, change in zip(row, changes[u], strict=True)
        ]
        for u, row in rows.items()
    }
    flagged: Rows = {u: [_flagged(cell, flags[u]) for cell in changed[u]] for u in flags}
    return _with_common_shock(changed | flagged)


def _flagged(cell: Cell, flags: tuple[str, ...]) -> Cell:
    return cell if cell.flags is None else replace(cell, flags=(*cell.flags, *flags))


def _flags(against: Against) -> dict[int, tuple[str, ...]]:
    """What every shown cell of a unit is flagged with; a unit without is left out."""
    composition = against.past.recomposed if against.past else frozenset()
    return {
        u: (
            *(("composition",) if u in composition else ()),
            *(("read_with_care",) if u in against.careful else ()),
        )
        for u in composition | against.careful
    }


def with_since_first(rows: Rows, tree: Tree, against: Against, q: float) -> Rows:
    """Root and centres get `since_first`, one family of its own; null in the first wave."""
    top = top_of(rows, tree)
    found = _changes(top, against, q, _since_first)
    return rows | {
        u: [replace(cell, since_first=since) for cell, since in zip(row, found[u], strict=True)]
        for u, row in top.items()
    }


def top_of(rows: Rows, tree: Tree) -> Rows:
    """The root and the centres."""
    return {u: rows[u] for u in np.flatnonzero(tree.depth <= 1).tolist()}


def _changes(
    rows: Rows, against: Against, q: float, family_of: "Family"
) -> dict[int | None, list[Change | None]]:
    changes: dict[int | None, list[Change | None]] = {
        u: [None] * len(row) for u, row in rows.items()
    }
    past = against.past
    if past is None:
        return changes
    then = past.release.wave
    broken = Change(against=then, verdict="not_comparable")
    tested: list[_Compared] = []
    for u, row in rows.items():
        is_same, is_careful = past.is_same(u), u in against.careful
        for i, (cell, earlier) in enumerate(zip(row, _earlier(past, u, row), strict=True)):
            if earlier is None or cell.status != "shown":
                continue
            if cell.n_band == earlier.n_band == BANDS_OF_FEW:
                bands = cell.band, cell.band_to, earlier.band, earlier.band_to
                changes[u][i] = _bands(*bands, then)
            elif _from_20(cell) and _from_20(earlier):
                changes[u][i] = broken
                if is_same and _comparable(cell, earlier):
                    tested.append(_Compared(cell, earlier, (u, i), u == 0, is_careful))
    for compared, change in zip(tested, _judged(tested, then, q, family_of), strict=True):
        u, i = compared.at
        changes[u][i] = change
    return changes


def _earlier(past: Past, u: int | None, row: Sequence[Cell]) -> Iterable[Cell | None]:
    """The same cells then, as far as they were shown."""
    if u is None:
        return (past.cell(u, cell) for cell in row)
    return map(past.shown(u, None).get, map(COLUMN, row))


def _from_20(cell: Cell) -> bool:
    """Whether at least 20 people are told: exactly, or as a step of base A."""
    return cell.n is not None or cell.n_band not in BELOW_20


def _comparable(cell: Cell, earlier: Cell) -> bool:
    """Asked about the same, and both with something to tell."""
    is_open = cell.display == "open" or earlier.display == "open"
    return cell.behaviour == earlier.behaviour and not is_open


def _range(cell: Cell) -> tuple[int, int]:
    """The displayed per cents from the first to the last of the joined; a clip is its end."""
    if cell.clipped_at is not None:
        return cell.clipped_at, cell.clipped_at
    first = cell.value or 0
    return first, first if cell.value_to is None else cell.value_to


def _nearest(cell: Cell, earlier: Cell) -> tuple[int, int]:
    """Of two displayed ranges the per cents nearest to each other, now and then."""
    (now, now_to), (then, then_to) = _range(cell), _range(earlier)
    if now > then_to:
        return now, then_to
    if now_to < then:
        return now_to, then
    shared = max(now, then)
    return shared, shared


# --- more than chance --------------------------------------------------------------------------


def _judged(tested: list[_Compared], then: str, q: float, family_of: "Family") -> list[Change]:
    """The change of each; what two pairs display alike is worked out once."""
    if not tested:
        return []
    pair = coded((DISPLAY(c.cell), DISPLAY(c.earlier), _is_level(c)) for c in tested).of
    difference, step = _differences([tested[i] for i in first_of_each(pair).tolist()])
    low, high = outwards(difference.low, difference.high, step)
    excludes_0 = (difference.low > 0) | (difference.high < 0)
    kept = _kept(tested, difference.p[pair], q, family_of) & excludes_0[pair]

    @cache
    def change(of: int, *, kept: bool) -> Change:
        d, least, most = difference.d[of], int(low[of]), int(high[of])
        return Change(
            against=then, diff=round(d), low=least, high=most, verdict=_verdict(d, kept=kept)
        )

    return [
        change(of, kept=is_kept and not compared.careful)
        for compared, of, is_kept in zip(tested, pair.tolist(), kept.tolist(), strict=True)
    ]


def _verdict(d: float, *, kept: bool) -> Literal["up", "down", "unclear"]:
    if not kept:
        return "unclear"
    return "up" if d > 0 else "down"


def _differences(tested: list[_Compared]) -> tuple[Difference, Floats]:
    """All differences in per cent, and the coarser step of the two waves."""
    per_cent = np.array([_nearest(c.cell, c.earlier) for c in tested], dtype=float)
    n = np.array([(c.cell.least_people, c.earlier.least_people) for c in tested], dtype=float)
    step = np.array([step_and_ends(int(least))[0] for least in n.min(axis=1)], dtype=float)
    spread = np.array(
        [(_spread(c.cell), _spread(c.earlier)) if _is_level(c) else (1, 1) for c in tested], float
    )
    shares = newcombe(
        Shares(per_cent[:, 1] / 100, n[:, 1]),
        Shares(per_cent[:, 0] / 100, n[:, 0]),
    )
    levels = welch(
        Levels(per_cent[:, 1], spread[:, 1], n[:, 1]),
        Levels(per_cent[:, 0], spread[:, 0], n[:, 0]),
    )
    is_level = np.array([_is_level(c) for c in tested])
    return (
        Difference(
            np.where(is_level, levels.d, 100 * shares.d),
            np.where(is_level, levels.low, 100 * shares.low),
            np.where(is_level, levels.high, 100 * shares.high),
            np.where(is_level, levels.p, shares.p),
        ),
        step,
    )


def _is_level(compared: _Compared) -> bool:
    return compared.cell.measure == "behaviour_level"


def _spread(cell: Cell) -> float:
    """The largest told standard deviation that gives the displayed interval of a level.

    A clipped level has no interval: its spread is taken as the largest there is.
    """
    if cell.value is None or cell.n is None:
        return LARGEST_SPREAD
    first, last = _range(cell)
    step = step_and_ends(cell.n)[0]
    for spread in range(LARGEST_SPREAD, SPREAD_STEP, -SPREAD_STEP):
        ends = level_interval(first, last, cell.n, spread=spread, step=step)
        if ends == (cell.low, cell.high):
            return spread
    return SPREAD_STEP


def _kept(tested: list[_Compared], p: Floats, q: float, family_of: "Family") -> Flags:
    """Which of the compared are more than chance within their family; None: on its own."""
    families = coded(family_of(compared) for compared in tested)
    kept = np.zeros(len(tested), dtype=bool)
    for family, at in families.place.items():
        mine = families.of == at
        kept |= mine & (family is None or p <= benjamini_hochberg(p[mine], q))
    return kept


# The family of tests that a change belongs to, None where its interval alone decides.
Family = Callable[[_Compared], str | None]


def _of_the_wave(compared: _Compared) -> str | None:
    """Barriers, levels and the rest apart; the root's own change needs its interval alone."""
    if compared.is_root:
        return None
    measure = compared.cell.measure
    return measure if measure in ("barrier_share", "behaviour_level") else "others"


def _since_first(_: _Compared) -> str:
    return "since_first"


# --- bands, and what moves everywhere ----------------------------------------------------------


@cache
def _bands(
    band: Band | None, band_to: Band | None, old: Band | None, old_to: Band | None, then: str
) -> Change:
    """Same or other band; open or joined bands count as the same where they overlap."""
    now_first, now_last = _band_range(band, band_to)
    then_first, then_last = _band_range(old, old_to)
    moved: Literal["same", "rise", "fall"] = "same"
    if now_first > then_last:
        moved = "rise"
    elif now_last < then_first:
        moved = "fall"
    return Change(against=then, bands=moved, from_=old, to=band)


def _band_range(band: Band | None, band_to: Band | None) -> tuple[int, int]:
    if band is None:
        return 0, len(BAND_ORDER) - 1
    first = BAND_ORDER.index(band)
    return first, first if band_to is None else BAND_ORDER.index(band_to)


def _with_common_shock(rows: Rows) -> Rows:
    """A barrier that rises in more than half of the units at any level, and surely at the root."""
    rising = [cell.item for cell in rows[0] if cell.measure == "barrier_share" and _rises(cell)]
    moves: dict[str | None, list[bool]] = {item: [] for item in rising}
    for u, row in rows.items() if rising else ():
        for cell in row if u else ():
            is_counted = cell.measure == "barrier_share" and cell.item in moves
            if is_counted and cell.change and cell.change.diff is not None:
                moves[cell.item].append(cell.change.diff >= RISE_OF_SHOCK)
    shocks = {item for item, up in moves.items() if 2 * sum(up) > len(up)}
    if not shocks:
        return rows
    root = [
        replace(cell, flags=(*(cell.flags or ()), "common_shock"))
        if cell.measure == "barrier_share" and cell.item in shocks
        else cell
        for cell in rows[0]
    ]
    return rows | {0: root}


def _rises(cell: Cell) -> bool:
    return cell.change is not None and cell.change.verdict == "up"
