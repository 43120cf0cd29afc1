"""Changes redone from what both waves display: a change that says more would be a leak."""

from collections.abc import Mapping
from itertools import product
from operator import attrgetter
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from msgspec import UNSET

from analysis.audit import Leak
from analysis.change import Levels, Shares, newcombe_ends, welch
from analysis.disclosure import BANDS_BELOW, step_and_ends
from analysis.estimate import SPREAD_STEP, level_interval, outwards
from analysis.findings import Cell, Change, Release, since_first
from analysis.findings.columns import Coded, Columns, coded
from analysis.release.audit.told import LEVEL_PER, named, per_of

Ints = np.typing.NDArray[np.int64]
Flags = np.typing.NDArray[np.bool_]
Floats = np.typing.NDArray[np.float64]
Ends: TypeAlias = tuple[int, int]
Possible: TypeAlias = tuple[Ints, Floats, Floats]  # of which pair, and the ends of an interval
BAND_ORDER: Final = ("few", "some", "nearly_all")
LARGEST_SPREAD: Final = 55  # points: no told standard deviation of a level is larger


class _Shown(NamedTuple):
    """A displayed number now and then, and the change that is told of it."""

    now: Cell
    then: Cell
    change: Change


class _Changed:
    """The cells of a release that have a change of one kind, beside an earlier release.

    `at` are their places, `change` what is told of each, `unit` where each stands.
    """

    def __init__(self, told: Columns, then: Columns, at: Ints, change: Coded[Change]) -> None:
        self.told, self.then, self.at, self.change = told, then, at, change
        self.unit = coded(told.rows.values[row][0] for row in told.rows.of[at].tolist())
        self._column = np.array(
            [then.columns.place.get(one, -1) if one[3] is UNSET else -1
             for one in told.columns.values],
            dtype=np.int64,
        )  # fmt: skip
        self._number_now, self._number_then = _numbers(told), _numbers(then)

    def cell(self, i: int) -> Cell:
        [cell] = self.told.some(self.at[i : i + 1])
        return cell

    def fits(self, which: Ints, codes: Mapping[str | None, str | None]) -> Flags:
        """Whether each change is that of the two displays; `codes` is the code then of a unit.

        Equal changes of equal displays are redone once.
        """
        at, before = self.at[which], self._before(self.at[which], codes)
        found = np.flatnonzero(before >= 0)
        found = found[self.told.is_shown[at[found]] & self.then.is_shown[before[found]]]
        at, before, change = at[found], before[found], self.change.of[which[found]]
        pair = self._number_now[at] * len(self.then.sayings) + self._number_then[before]
        _, first, of = np.unique(
            pair * len(self.change.place) + change, return_index=True, return_inverse=True
        )
        told = self.change.values
        pairs = [
            _Shown(self.told.cells[now], self.then.cells[then], told[one])
            for now, then, one in zip(
                at[first].tolist(), before[first].tolist(), change[first].tolist(), strict=True
            )
        ]
        fits = np.zeros(len(which), dtype=bool)
        fits[found] = _fit(pairs)[of]
        return fits

    def _before(self, at: Ints, codes: Mapping[str | None, str | None]) -> Ints:
        """The place of the same cell then, -1 without one."""
        rows, of = np.unique(self.told.rows.of[at], return_inverse=True)
        named = [self.told.rows.values[u] for u in rows.tolist()]
        place = self.then.rows.place
        row = np.array(
            [place.get((codes[unit], *rest), -1) if unit in codes else -1 for unit, *rest in named],
            dtype=np.int64,
        )[of]
        column = self._column[self.told.columns.of[at]]
        known = (row >= 0) & (column >= 0)
        before = np.full(len(at), -1, dtype=np.int64)
        before[known] = self.then.at[row[known], column[known]]
        return before


def _numbers(told: Columns) -> Ints:
    """Per cell a code of what of its saying a change depends on."""
    says = attrgetter("display", "n", "n_band", "value", "value_to", "low", "high", "clip", "band",
                      "band_to")  # fmt: skip
    numbers = coded((per_of(cell), says(cell)) for cell in told.sayings)
    return numbers.of[told.said.of]


def changes_redone(release: Release, waves: Mapping[str, Release]) -> int:
    """How many changes were redone against the releases at hand; raises `Leak` for another result.

    A change is against the previous wave, one since the first against the first.
    """
    ends = (release.earlier[-1], release.earlier[0]) if release.earlier else (None, None)
    told = release.columns
    changes = ([cell.change for cell in told.cells], [since_first(cell) for cell in told.cells])
    redone = 0
    for kind, against in zip(changes, ends, strict=True):
        at = np.array([i for i, change in enumerate(kind) if change is not None], dtype=np.int64)
        change = coded(change for change in kind if change is not None)
        for code, one in enumerate(change.values):
            if one.against != against:
                raise Leak("A4", units=named(told.cells[at[change.of == code][0]]))
        if against is not None and against in waves:
            then = waves[against]
            _redo(release, then, _Changed(told, then.columns, at, change))
            redone += len(at)
    return redone


def _redo(release: Release, then: Release, changed: _Changed) -> None:
    """All at once by code; where that fails, unit by unit.

    A unit whose code did not exist then may have been any that no longer exists: its changes must
    all fit one of them.
    """
    units = changed.unit
    codes = {unit: unit for unit in units.values if unit is None or then.unit(unit)}
    fits = changed.fits(np.arange(len(changed.at)), codes)
    now = {unit.unit for unit in release.units}
    gone = [old.unit for old in then.units if old.unit not in now]
    for code in np.unique(units.of[~fits]).tolist():
        mine, unit = np.flatnonzero(units.of == code), units.values[code]
        if unit is None or not any(changed.fits(mine, {unit: old}).all() for old in gone):
            raise Leak("A4", units=named(changed.cell(int(mine[0]))))


def _fit(pairs: list[_Shown]) -> Flags:
    """Whether each change is that of the two displays beside each other."""
    fits = np.array([_says_no_more(pair) for pair in pairs], dtype=bool)
    told = [i for i, pair in enumerate(pairs) if fits[i] and pair.change.diff is not None]
    fits[told] = _intervals_fit([pairs[i] for i in told])
    return fits


def _says_no_more(pair: _Shown) -> bool:
    """Whether bands, difference and verdict follow from the two displays."""
    change, now, then = pair.change, pair.now, pair.then
    if change.bands is not None:
        told = (change.diff, change.low, change.high, change.verdict)
        return told == (None,) * 4 and _bands(now, then) == (change.bands, change.from_, change.to)
    if (change.from_, change.to) != (None, None):
        return False
    if change.diff is None:
        return (change.low, change.high, change.verdict) == (None, None, "not_comparable")
    if "open" in (now.display, then.display) or change.low is None or change.high is None:
        return False
    value, old = _nearest(now, then)
    return change.diff == value - old and (
        change.verdict == "unclear"
        or (change.verdict == "up" and change.diff > 0 and change.low >= 0)
        or (change.verdict == "down" and change.diff < 0 and change.high <= 0)
    )


def _bands(now: Cell, then: Cell) -> tuple[str, str | None, str | None]:
    (first, last), (old, old_last) = (_band_ends(cell) for cell in (now, then))
    moved = "rise" if first > old_last else "fall" if last < old else "same"
    return moved, then.band, now.band


def _band_ends(cell: Cell) -> Ends:
    if cell.band is None:
        return 0, len(BAND_ORDER) - 1
    first = BAND_ORDER.index(cell.band)
    return first, first if cell.band_to is None else BAND_ORDER.index(cell.band_to)


def _value_ends(cell: Cell) -> Ends:
    """The displayed per cents from the first to the last of the joined; a clip is its end."""
    first = cell.clipped_at if cell.clipped_at is not None else cell.value or 0
    return first, first if cell.value_to is None else cell.value_to


def _nearest(now: Cell, then: Cell) -> Ends:
    """Of two displayed ranges the per cents nearest to each other, now and then."""
    (first, last), (old, old_last) = _value_ends(now), _value_ends(then)
    if first > old_last:
        return first, old_last
    if last < old:
        return last, old
    return max(first, old), max(first, old)


# --- the interval of a difference ------------------------------------------------------------


def _intervals_fit(pairs: list[_Shown]) -> Flags:
    """Whether there are people enough, and the interval is that of the displayed values."""
    fits = np.array([_least_people(pair) >= BANDS_BELOW for pair in pairs], dtype=bool)
    is_level = np.array([per_of(pair.now) == LEVEL_PER for pair in pairs], dtype=bool)
    for kind, ends in ((~is_level, _shares), (is_level, _levels)):
        some = np.flatnonzero(kind & fits)
        # A level has as many intervals as there are standard deviations that it may have.
        fits[some] = False
        of, low, high = ends([pairs[i] for i in some.tolist()])
        for i, *told in zip(some[of].tolist(), low.tolist(), high.tolist(), strict=True):
            fits[i] |= told == [pairs[i].change.low, pairs[i].change.high]
    return fits


def _shares(pairs: list[_Shown]) -> Possible:
    """Newcombe of the displayed values, outwards on the coarser step."""
    (value, old), (n, n_old), step = _sides(pairs)
    low, high = newcombe_ends(Shares(old / 100, n_old), Shares(value / 100, n))
    return np.arange(len(pairs)), *outwards(100 * low, 100 * high, step)


def _levels(pairs: list[_Shown]) -> Possible:
    """Welch of the displayed levels, for any standard deviations that their intervals allow."""
    spreads = [
        (i, s, s_old)
        for i, pair in enumerate(pairs)
        for s, s_old in product(_spreads(pair.now), _spreads(pair.then))
    ]
    of, s, s_old = np.array(spreads, dtype=np.int64).reshape(-1, 3).T
    (value, old), (n, n_old), step = _sides([pairs[i] for i in of.tolist()])
    found = welch(Levels(old, s_old.astype(float), n_old), Levels(value, s.astype(float), n))
    return of, *outwards(found.low, found.high, step)


def _sides(pairs: list[_Shown]) -> tuple[Floats, Floats, Floats]:
    """Now and then the per cents that are compared and their people, and the coarser step."""
    value = np.array([_nearest(pair.now, pair.then) for pair in pairs], dtype=float)
    n = np.array([(p.now.least_people, p.then.least_people) for p in pairs], dtype=float)
    step = np.array([step_and_ends(_least_people(pair))[0] for pair in pairs], dtype=float)
    return value.reshape(-1, 2).T, n.reshape(-1, 2).T, step


def _least_people(pair: _Shown) -> int:
    return min(pair.now.least_people, pair.then.least_people)


def _spreads(cell: Cell) -> list[int]:
    """The told standard deviations that give the displayed interval; without one the largest."""
    if cell.value is None or cell.n is None:
        return [LARGEST_SPREAD]
    step = step_and_ends(cell.n)[0]
    return [
        spread
        for spread in range(SPREAD_STEP, LARGEST_SPREAD + 1, SPREAD_STEP)
        if level_interval(*_value_ends(cell), cell.n, spread=spread, step=step)
        == (cell.low, cell.high)
    ]
