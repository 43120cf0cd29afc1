"""Changes redone from what both waves display: a change that says more would be a leak."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Final, TypeAlias

import numpy as np

from analysis.audit import Leak
from analysis.change import Levels, Shares, newcombe, welch
from analysis.disclosure import BANDS_BELOW, step_and_ends
from analysis.estimate import SPREAD_STEP, level_interval, outwards
from analysis.findings import Cell, Change, Release, since_first
from analysis.release.audit.told import crossed, named

Floats = np.typing.NDArray[np.float64]
Ends: TypeAlias = tuple[int, int]
# Per unit, None for whole scopes, its cells that have a change.
Changed: TypeAlias = dict[str | None, list[tuple[Cell, Change]]]
BAND_ORDER: Final = ("few", "some", "nearly_all")
LARGEST_SPREAD: Final = 55  # points: no told standard deviation of a level is larger


@dataclass(frozen=True)
class _Shown:
    """A displayed number now and then, and the change that is told of it."""

    now: Cell
    then: Cell
    change: Change


def changes_redone(release: Release, waves: Mapping[str, Release]) -> int:
    """How many changes were redone against the releases at hand; raises `Leak` for another result.

    A change is against the previous wave, one since the first against the first.
    """
    ends = (release.earlier[-1], release.earlier[0]) if release.earlier else (None, None)
    told: dict[str, Changed] = {}
    for cell in release.cells:
        for change, against in zip((cell.change, since_first(cell)), ends, strict=True):
            if change is not None and change.against != against:
                raise Leak("A4", units=named(cell))
            if change is not None:
                told.setdefault(change.against, {}).setdefault(cell.unit, []).append((cell, change))
    at_hand = [(waves[wave], changed) for wave, changed in told.items() if wave in waves]
    for then, changed in at_hand:
        _redo(release, then, changed)
    return sum(len(one) for _, changed in at_hand for one in changed.values())


def _redo(release: Release, then: Release, changed: Changed) -> None:
    """All at once by code; where that fails, unit by unit.

    A unit whose code did not exist then may have been any that no longer exists: its changes must
    all fit one of them.
    """
    known = {u: of for u, of in changed.items() if u is None or then.unit(u) is not None}
    pairs = [_against(then, unit, of) for unit, of in known.items()]
    rest = {u: of for u, of in changed.items() if u not in known}
    if not _fit([pair for some in pairs for pair in some]):
        rest = changed
    now = {unit.unit for unit in release.units}
    gone = [old.unit for old in then.units if old.unit not in now]
    for unit, of in rest.items():
        same = [unit] if unit in known else []
        if not any(_fit(_against(then, code, of)) for code in (*same, *gone)):
            raise Leak("A4", units=named(of[0][0]))


def _against(
    then: Release, code: str | None, changed: list[tuple[Cell, Change]]
) -> list[_Shown | None]:
    """The changed cells of a unit beside those of the unit that had `code`; None if not shown."""
    pairs = []
    for cell, change in changed:
        old = then.cell(
            code, cell.measure, cell.item, behaviour=cell.behaviour, profession=crossed(cell),
            barrier=cell.barrier if isinstance(cell.barrier, str) else None,
        )  # fmt: skip
        is_shown = old is not None and {cell.status, old.status} == {"shown"}
        pairs.append(_Shown(cell, old, change) if old is not None and is_shown else None)
    return pairs


def _fit(pairs: list[_Shown | None]) -> bool:
    """Whether all changes are those of the two displays beside each other."""
    found = [pair for pair in pairs if pair is not None]
    return (
        len(found) == len(pairs)
        and all(_says_no_more(pair) for pair in found)
        and _intervals_fit([pair for pair in found if pair.change.diff is not None])
    )


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


def _intervals_fit(pairs: list[_Shown]) -> bool:
    if any(min(p.now.least_people, p.then.least_people) < BANDS_BELOW for p in pairs):
        return False
    shares = [pair for pair in pairs if pair.now.measure != "behaviour_level"]
    levels = [pair for pair in pairs if pair.now.measure == "behaviour_level"]
    return _shares_fit(shares) and all(_level_fits(pair) for pair in levels)


def _shares_fit(pairs: list[_Shown]) -> bool:
    """Newcombe of the displayed values, outwards on the coarser step."""
    if not pairs:
        return True
    value = np.array([_nearest(pair.now, pair.then) for pair in pairs], dtype=float) / 100
    n = np.array([(p.now.least_people, p.then.least_people) for p in pairs], dtype=float)
    found = newcombe(Shares(value[:, 1], n[:, 1]), Shares(value[:, 0], n[:, 0]))
    low, high = outwards(100 * found.low, 100 * found.high, _coarser(n))
    told = np.array([(pair.change.low, pair.change.high) for pair in pairs], dtype=float)
    return bool((told[:, 0] == low).all() and (told[:, 1] == high).all())


def _level_fits(pair: _Shown) -> bool:
    """Welch of the displayed levels, for any standard deviations that their intervals allow."""
    value, old = (np.array([float(v)]) for v in _nearest(pair.now, pair.then))
    n, n_old = (np.array([float(cell.least_people)]) for cell in (pair.now, pair.then))
    step = _coarser(np.stack([n, n_old], axis=1))
    for s, s_old in product(_spreads(pair.now), _spreads(pair.then)):
        found = welch(
            Levels(old, np.array([float(s_old)]), n_old), Levels(value, np.array([float(s)]), n)
        )
        low, high = outwards(found.low, found.high, step)
        if (int(low[0]), int(high[0])) == (pair.change.low, pair.change.high):
            return True
    return False


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


def _coarser(n: Floats) -> Floats:
    return np.array([step_and_ends(int(least))[0] for least in n.min(axis=1)], dtype=float)
