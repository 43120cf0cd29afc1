"""What the template of a result reads: frozen values, all of them already said in words."""

from dataclasses import dataclass

from survey.insight import Labelled, Section, numbers


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
class Answer:
    """What was asked or could be chosen, and how many say so; `marked` where it stands out."""

    name: str
    clause: str
    said: numbers.Said
    figure: Figure
    marked: bool = False


@dataclass(frozen=True, slots=True)
class Then:
    """How often it succeeded in one wave; `is_this` for the wave of the page."""

    wave: str
    said: numbers.Said
    figure: Figure
    is_this: bool


@dataclass(frozen=True, slots=True)
class Questioned:
    """A question with its answers, under what may be said of them."""

    headline: str
    lead: str
    question: str
    scale: str
    answers: tuple[Answer, ...]
    texts: tuple[Labelled, ...]


@dataclass(frozen=True, slots=True)
class UnitView:
    """One unit in one wave; a part with nothing to show is None or empty."""

    wave: str
    place: Place
    above: tuple[Place, ...]
    other_waves: tuple[str, ...]
    behaviours: tuple[str, ...]
    in_short: Section
    cautions: tuple[str, ...]
    is_hidden: bool
    level: Section | None
    has_level: bool
    then: tuple[Then, ...]
    basis: str
    standing_out: str
    barriers: tuple[Answer, ...]
    seams: Section | None
    pairs: tuple[tuple[str, str, str, bool], ...]
    who: Section | None
    proposals: Section
    safe: Questioned | None
    citizen: Questioned | None
    since: Section | None
    changes: tuple[str, ...]
    is_first: bool
    associations: tuple[str, ...]
    method: tuple[tuple[str, str], ...]
    version: str
    sha256: str
    has_report: bool


@dataclass(frozen=True, slots=True)
class Shared:
    """A barrier that stands out in several units: their names, and a trial of the first two."""

    barrier: str
    units: str
    address: str


@dataclass(frozen=True, slots=True)
class Branch:
    """A unit in a list; `indent` says how deep below the first one it lies."""

    place: Place
    indent: int
