"""What the template of a result reads: frozen values, all of them already said in words."""

from dataclasses import dataclass

from survey.insight import numbers


@dataclass(frozen=True, slots=True)
class Place:
    """A unit the reader may open."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Figure:
    """Where a number stands on a line from 0 to 100; all None when there is nothing to draw.

    The span it lies in, the stretch inside it that is known, and a dot where it is one value.
    """

    left: float | None = None
    width: float | None = None
    known_left: float | None = None
    known_width: float | None = None
    dot: float | None = None


@dataclass(frozen=True, slots=True)
class Barrier:
    """One of the ten at this unit; `shade` is 1-6, 0 where nothing is told."""

    name: str
    clause: str
    said: numbers.Said
    shade: int
    marked: bool
    figure: Figure


@dataclass(frozen=True, slots=True)
class HeatCell:
    """A number for a narrow field: its words, its interval, its shade 1-6 (0 = none)."""

    text: str
    interval: str
    shade: int
    marked: bool


@dataclass(frozen=True, slots=True)
class HeatRow:
    """A unit across the ten barriers; where all are hidden, one sentence instead of cells."""

    place: Place
    indent: int
    is_own: bool
    cells: tuple[HeatCell, ...]
    hidden: str


@dataclass(frozen=True, slots=True)
class Heat:
    columns: tuple[str, ...]
    rows: tuple[HeatRow, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """A barrier and those who can remove it; `unit` is named when the finding is another's."""

    barrier: str
    unit: str
    finding: str
    address: str
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Then:
    """How often it succeeded in one wave; `is_this` for the wave of the page."""

    wave: str
    said: numbers.Said
    figure: Figure
    is_this: bool


@dataclass(frozen=True, slots=True)
class UnitView:
    """One unit in one wave."""

    wave: str
    place: Place
    above: tuple[Place, ...]
    below: tuple[Place, ...]
    other_waves: tuple[str, ...]
    behaviours: tuple[str, ...]
    in_short: tuple[str, ...]
    level: numbers.Said | None
    level_figure: Figure
    is_hidden: bool
    basis: str
    barriers: tuple[Barrier, ...]
    heat: Heat | None
    cards: tuple[Card, ...]
    then: tuple[Then, ...]
    is_first: bool
    changes: tuple[str, ...]
    cautions: tuple[str, ...]
    has_report: bool
    method: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Branch:
    """A unit in a list; `indent` says how deep below the first one it lies."""

    place: Place
    indent: int
