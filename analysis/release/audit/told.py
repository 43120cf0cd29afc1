"""What one displayed cell leaves possible, people and counts, to somebody with the file."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final, TypeAlias

from msgspec import UNSET

from analysis.audit import Leak
from analysis.disclosure import Classes, classes_of
from analysis.findings import Cell, Settings

LEVEL_PER: Final = 5  # successes one person can add
BAND_OF_PEOPLE: Final = re.compile(r"\d+-\d+", re.ASCII)
Range: TypeAlias = tuple[int, int]


@dataclass(frozen=True)
class Told:
    """The places of the displayed classes, and what they leave: counts of yes and of not yes."""

    first: int
    last: int
    yes: Range
    no: Range


def per_of(cell: Cell) -> int:
    """What one person can add to the count of a cell."""
    return LEVEL_PER if cell.measure == "behaviour_level" else 1


def crossed(cell: Cell) -> str | None:
    """The profession of a crossed cell; None for all others."""
    return None if cell.cross is UNSET else cell.cross["profession"]


def people(cell: Cell, settings: Settings) -> Range:
    """The fewest and the most people of a shown cell; raises `Leak` where that is not told.

    Nobody may be shown with fewer than the threshold, so a band never reaches below it.
    """
    if cell.n is not None:
        return cell.n, cell.n
    threshold = settings.min_n if crossed(cell) is None else settings.min_cross
    try:
        return _band_of_people(cell.n_band, threshold)
    except ValueError as error:
        raise Leak("A7", units=named(cell)) from error


@cache
def _band_of_people(band: str | None, threshold: int) -> Range:
    if band is None or not BAND_OF_PEOPLE.fullmatch(band):
        raise ValueError(band)
    first, _, last = band.partition("-")
    return max(int(first), threshold), int(last)


def told(cell: Cell, n: Range) -> Told:
    """What a shown cell says of `n` people; raises `Leak` for a number that no rule displays."""
    try:
        return _told(
            (cell.display, cell.value, cell.value_to, cell.clip, cell.band, cell.band_to),
            n,
            per_of(cell),
        )
    except ValueError as error:
        raise Leak("A7", units=named(cell)) from error


def named(cell: Cell) -> tuple[str, ...]:
    """The published code of a cell's place."""
    return tuple(code for code in (cell.unit or cell.behaviour,) if code)


Saying: TypeAlias = tuple[str | None, int | None, int | None, str | None, str | None, str | None]


@cache
def _told(saying: Saying, n: Range, per: int) -> Told:
    places = [_places(saying, classes) for classes in _each(n, per)]
    if not places:
        raise ValueError(n)
    ranges = [
        (int(classes.low[first]), int(classes.high[last]))
        for classes, (first, last) in zip(_each(n, per), places, strict=True)
    ]
    totals = [per * classes.n for classes in _each(n, per)]
    return Told(
        *places[0],
        yes=(min(low for low, _ in ranges), max(high for _, high in ranges)),
        no=(
            min(total - high for total, (_, high) in zip(totals, ranges, strict=True)),
            max(total - low for total, (low, _) in zip(totals, ranges, strict=True)),
        ),
    )


def _each(n: Range, per: int) -> Iterator[Classes]:
    return (classes_of(people, per) for people in range(n[0], n[1] + 1))


def _places(saying: Saying, classes: Classes) -> Range:
    """The first and last of the classes that are displayed; ValueError unless they exist."""
    display, value, value_to, clip, band, band_to = saying
    end = len(classes.names) - 1
    match display:
        case "open":
            return 0, end
        case "band":
            first = classes.bands.index(band)
            return first, first if band_to is None else classes.bands.index(band_to)
        case "percent" if clip is not None:
            side, _, at = clip.rpartition("_")
            place = classes.per_cents.index(int(at))
            return (0, place) if side == "at_most" else (place, end)
        case "percent":
            first = classes.per_cents.index(value)
            return first, first if value_to is None else classes.per_cents.index(value_to)
        case _:
            raise ValueError(display)
