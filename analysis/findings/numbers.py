"""What may be said of a cell: six kinds of number, of which the last says nothing.

The type is the status, so that a reader of numbers must say what it does with each kind.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from analysis.findings.values import Band, Cell


@dataclass(frozen=True, slots=True)
class Measured:
    """A share with its interval, all 0-1; `n` is exact or, on base A, told as `n_band`."""

    n: int | None
    n_band: str | None
    N: int
    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Joined:
    """A share known to lie from `first` to `last`, with an interval around both, all 0-1."""

    n: int | None
    n_band: str | None
    N: int
    first: float
    last: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Clipped:
    """A share at or beyond `end`, 0-1; no interval."""

    n: int | None
    n_band: str | None
    N: int
    end: float
    direction: Literal["at_most", "at_least"]


@dataclass(frozen=True, slots=True)
class Banded:
    """A share told as a band, or as the bands from `band` to `band_to`."""

    n_band: str
    N: int
    band: Band
    band_to: Band | None


@dataclass(frozen=True, slots=True)
class Open:
    """Enough people, and nothing that can be told without giving others' answers away."""

    n: int | None
    n_band: str | None
    N: int


@dataclass(frozen=True, slots=True)
class Hidden:
    """Not shown. No count and no reason: either would inform."""


Counts: TypeAlias = tuple[int | None, str | None, int]
Number: TypeAlias = Measured | Joined | Clipped | Banded | Open | Hidden


def number(cell: Cell | None) -> Number:
    """What may be said of a cell; a missing, unknown or half-filled cell is hidden."""
    if cell is None or cell.status != "shown" or cell.N is None:
        return Hidden()
    counts = (cell.n, cell.n_band, cell.N)
    match cell:
        case Cell(display="open"):
            return Open(*counts)
        case Cell(display="band", band=str(band), n_band=str(n_band)):
            return Banded(n_band, cell.N, band, cell.band_to)
        case Cell(display="percent", clip=str(clip)):
            return _clipped(clip, counts)
        case Cell(display="percent", value=int(value), low=int(low), high=int(high)):
            return _measured(value / 100, cell.value_to, low / 100, high / 100, counts)
        case _:
            return Hidden()


def _measured(
    share: float, value_to: int | None, low: float, high: float, counts: Counts
) -> Measured | Joined:
    if value_to is None:
        return Measured(*counts, share, low, high)
    return Joined(*counts, share, value_to / 100, low, high)


def _clipped(clip: str, counts: Counts) -> Clipped | Hidden:
    direction, _, end = clip.rpartition("_")
    if direction not in ("at_most", "at_least") or not end.isascii() or not end.isdigit():
        return Hidden()
    return Clipped(*counts, int(end) / 100, "at_most" if direction == "at_most" else "at_least")
