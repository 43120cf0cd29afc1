"""A7: every number of the file is one that a rule displays, and what is hidden says nothing.

The types of `analysis.findings` hold no decimals outside the settings and no other keys, and
`decode` accepts no other bytes. Here the numbers themselves are tried, each by how few people it
is told of.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final

import numpy as np
from msgspec import UNSET

from analysis.audit import Leak
from analysis.disclosure import BANDS_BELOW, step_and_ends
from analysis.estimate import SPREAD_STEP, level_interval, share_ends
from analysis.findings import Cell, Pair, Release, Settings
from analysis.findings.columns import first_of_each
from analysis.release.audit.told import Range, crossed, named, people, told

BANDS: Final = {"5-7": ("half_or_less", "over_half"), "8-19": ("few", "some", "nearly_all")}
CLIP: Final = re.compile(r"at_(most|least)_\d{1,2}", re.ASCII)
NOTHING: Final = (
    "display", "n", "n_band", "value", "value_to", "low", "high", "clip", "band", "band_to",
    "marked", "change", "flags",
)  # fmt: skip
SAID: Final = (
    "status", "base", "display", "n", "n_band", "value", "value_to", "low", "high", "clip",
    "band", "band_to",
)  # fmt: skip
FLAGS: Final = {"few", "composition", "read_with_care", "common_shock", "polarised"}
WIDTH: Final = 5  # people: the steps that base A and trials are told in
SITUATION_WIDTH: Final = 10
LARGEST_SPREAD: Final = 55  # points: no told standard deviation of a level is larger


def shown_checked(release: Release) -> int:
    """How many cells were tried; raises `Leak` for the first that says what no rule displays."""
    if not _frozen_thresholds(release.settings):
        raise Leak("A7")
    told = release.columns
    for cell in told.sayings:
        _cell(cell, release.settings)
    # A change is not part of what a cell says.
    for cell in told.some(np.flatnonzero(~told.is_shown)):
        _refuse(cell, unless=cell.change is None and not cell.since_first)
    _marks(release)
    _intervals([cell for cell in told.sayings if cell.value is not None])
    return len(release.cells)


def embedded_checked(release: Release) -> int:
    """How many cells stand once more in a finding: each says what the cell itself says.

    A finding names a unit with a number only where the unit is shown on the base of that number.
    """
    copies = list(_embedded(release))
    for copy in copies:
        _copy(release, copy)
    on_S, on_A = (_shown_on(base, release) for base in ("S", "A"))
    for pair in release.pairs:
        if pair.status == "shown":
            _pair(pair, on_S)
    for note in release.quality:
        if note.kind == "response" and note.unit not in on_A:
            raise Leak("A7", units=(note.unit,))
    return len(copies)


def _shown_on(base: str, release: Release) -> dict[str | None, Cell]:
    """The units that are shown on a base, each with the first of its cells there."""
    told = release.columns
    whole = np.array([row[2] is None for row in told.rows.values], dtype=bool)
    of_base = np.array([cell.base == base for cell in told.sayings], dtype=bool)
    here = np.flatnonzero(told.is_shown & of_base[told.said.of] & whole[told.rows.of])
    first = here[first_of_each(told.rows.of[here])]
    return {cell.unit: cell for cell in told.some(first)}


def _frozen_thresholds(settings: Settings) -> bool:
    """No setting may lie below the thresholds of the method; a works committee may raise them."""
    least = Settings()
    return (
        settings.min_n >= least.min_n
        and settings.min_cross >= least.min_cross
        and settings.band_below == least.band_below
    )


# --- one cell --------------------------------------------------------------------------------


def _cell(cell: Cell, settings: Settings) -> None:
    """Refuse a hidden cell that says something, and a shown one that says more than its class."""
    if cell.status == "hidden":
        if any(getattr(cell, name) is not None for name in NOTHING) or cell.since_first:
            raise Leak("A7", units=named(cell))
        return
    _refuse(cell, unless=cell.clip is None or CLIP.fullmatch(cell.clip) is not None)
    fewest, most = people(cell, settings)
    _refuse(cell, unless=_people_told(cell, fewest, most) and set(cell.flags or ()) <= FLAGS)
    told(cell, (fewest, most))
    match cell.display:
        case "band":
            only = cell.value is None and cell.clip is None
        case "percent":
            only = cell.band is None and cell.band_to is None
            only = only and (cell.value is None or (cell.clip is None and _inside(cell, fewest)))
        case _:
            only = cell.value is None and cell.clip is None and cell.band is None
    if cell.value is None:
        only = only and cell.value_to is None and cell.low is None and cell.high is None
    _refuse(cell, unless=only)


def _refuse(cell: Cell, *, unless: bool) -> None:
    if not unless:
        raise Leak("A7", units=named(cell))


def _people_told(cell: Cell, fewest: int, most: int) -> bool:
    """Below 20 people one of two bands; from there exact, or in steps where the base is A."""
    if fewest > most:
        return False
    if cell.n is not None:
        return cell.n_band is None and cell.n >= BANDS_BELOW and cell.base in ("S", "Y")
    if cell.n_band in BANDS:
        return cell.display != "percent"
    width = SITUATION_WIDTH if cell.measure == "situation_share" else WIDTH
    return (
        cell.base in ("A", "trial")
        and fewest >= BANDS_BELOW
        and fewest % width == 0
        and most - fewest == width - 1
    )


def _inside(cell: Cell, n: int) -> bool:
    """A value lies between the clips, for those at or beyond them are told as one class."""
    _, least, most = step_and_ends(n)
    last = cell.value if cell.value_to is None else cell.value_to
    return cell.value is not None and last is not None and least < cell.value <= last < most


# --- what goes with a value ------------------------------------------------------------------


def _marks(release: Release) -> None:
    """From 20 people a mark is one of the class: the same display has the same mark."""
    root = release.units[0].unit if release.units else None
    told = release.columns
    testable = np.array(
        [unit not in (None, root) and who is None for unit, _, who in told.rows.values], dtype=bool
    )
    # One cell of all that say the same of the same item, at the root and in a scope apart.
    same = 2 * (told.said.of * told.at.shape[1] + told.columns.of) + testable[told.rows.of]
    known: dict[tuple[object, ...], bool | None] = {}
    for cell in told.some(first_of_each(same)):
        tested = (
            cell.measure == "barrier_share"
            and cell.unit not in (None, root)
            and cell.cross is UNSET
            and cell.n_band != "5-7"
        )
        _refuse(cell, unless=cell.marked is None or tested)
        if tested and cell.n is not None:
            lowest = (cell.item, cell.n, cell.value, cell.clip, cell.display)
            _refuse(cell, unless=known.setdefault(lowest, cell.marked) == cell.marked)


def _intervals(cells: list[Cell]) -> None:
    """An interval is that of the displayed value, and so tells nothing more."""
    shares = [cell for cell in cells if cell.measure != "behaviour_level"]
    n = np.array([cell.least_people for cell in shares], dtype=float)
    step = np.array([step_and_ends(cell.least_people)[0] for cell in shares], dtype=float)
    if shares:
        first = np.array([cell.value for cell in shares], dtype=float)
        last = np.array([_last(cell) for cell in shares], dtype=float)
        low, _ = share_ends(first, n, step)
        _, high = share_ends(last, n, step)
        for cell, ends in zip(shares, zip(low.tolist(), high.tolist(), strict=True), strict=True):
            _refuse(cell, unless=(cell.low, cell.high) == ends)
    for cell in cells:
        if cell.measure == "behaviour_level":
            possible = _level_ends(cell.value or 0, _last(cell), cell.least_people)
            _refuse(cell, unless=(cell.low, cell.high) in possible)


def _last(cell: Cell) -> int:
    """The last of the displayed per cents."""
    return (cell.value if cell.value_to is None else cell.value_to) or 0


@cache
def _level_ends(first: int, last: int, n: int) -> frozenset[Range]:
    """The intervals of a level, one per told standard deviation."""
    step = step_and_ends(n)[0]
    spreads = range(0, LARGEST_SPREAD + 1, SPREAD_STEP)
    return frozenset(level_interval(first, last, n, spread=s, step=step) for s in spreads)


# --- findings --------------------------------------------------------------------------------


def _embedded(release: Release) -> Iterator[Cell]:
    for level in release.levels:
        yield from (c for c in (level.prevalence, level.own_answer.share) if c is not None)
    yield from (trial.noticed for trial in release.trials if trial.noticed is not None)


def _copy(release: Release, copy: Cell) -> None:
    original = release.cell(
        copy.unit,
        copy.measure,
        copy.item,
        behaviour=copy.behaviour,
        barrier=None if copy.barrier is UNSET else copy.barrier,
        trial=None if copy.trial is UNSET else copy.trial,
        profession=crossed(copy),
    )
    if original is None:
        _cell(copy, release.settings)
        _intervals([copy] if copy.value is not None else [])
    elif any(getattr(copy, name) != getattr(original, name) for name in SAID):
        raise Leak("A7", units=named(copy))


def _pair(pair: Pair, shown: Mapping[str | None, Cell]) -> None:
    """Both parts are shown, and with the people that their own cells tell."""
    bands, exact = pair.n_band or (None, None), pair.n or (None, None)
    for unit, n, band in zip((pair.a, pair.b), exact, bands, strict=True):
        own = shown.get(unit)
        if own is None or (own.n, own.n_band) != (n, band):
            raise Leak("A7", units=(unit,))
