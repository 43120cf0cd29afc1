"""Where the marks of a chart stand: scales, rows, steps and arrows as plain numbers.

Geometry only, in points of a figure 487 wide: no text is composed and no colour is chosen here. A
hidden number has a row and no mark, the same for every reason.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, assert_never

from analysis.findings import Band, Banded, Clipped, Hidden, Joined, Measured, Number, Open

WIDTH: Final = 487.0  # points: A4 less its margins
CHAR: Final = 4.25  # points: the mean width of a letter of Source Sans 3 at 8.8
STRONG_CHAR: Final = 4.6  # of a semibold one
WIDEST_LABELS: Final = 178.0  # points
TYPE, SMALLEST_TYPE = 8.8, 7.0  # points: of labels and values, and where rows are lower
LINE: Final = 10.4  # points between two lines of a label
DOT, THIN_DOT, EDGE = 3.6, 1.8, 2.0  # points: the radius of a dot, and what is seen round it
SPANS: Final[dict[Band, tuple[float, float]]] = {
    "few": (0.0, 0.25),
    "some": (0.25, 0.75),
    "nearly_all": (0.75, 1.0),
    "half_or_less": (0.0, 0.5),
    "over_half": (0.5, 1.0),
}  # the widest each band can be at 8-19 and 5-7 people (measurement 4.4)
CLASS_ENDS: Final = (0.095, 0.195, 0.295, 0.395, 0.545)  # the six shades, as displayed
BAND_CLASS: Final[dict[Band, int]] = {
    "few": 1,
    "half_or_less": 2,
    "some": 3,
    "over_half": 5,
    "nearly_all": 6,
}


@dataclass(frozen=True, slots=True)
class Scale:
    """0-1 on a stretch of the figure."""

    left: float
    right: float

    def x(self, share: float) -> float:
        return round(self.left + (self.right - self.left) * min(max(share, 0.0), 1.0), 1)


@dataclass(frozen=True, slots=True)
class Dot:
    """A measured share: a dot inside its interval."""

    x: float
    left: float
    right: float

    @property
    def radius(self) -> float:
        """A narrow interval has a thin dot, so that both are seen."""
        half = (self.right - self.left) / 2
        return round(min(DOT, max(THIN_DOT, half - EDGE)), 1)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A share known only to lie from one end to the other, inside an interval or on its own."""

    first: float
    last: float
    left: float
    right: float


@dataclass(frozen=True, slots=True)
class Empty:
    """Nothing that can be drawn; the row says so in words."""


Mark: TypeAlias = Dot | Stretch | Empty


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a chart: its label, its mark, and its value in words at the far right."""

    y: float
    label: tuple[str, ...]
    label_y: float
    mark: Mark
    value: str
    is_strong: bool
    note: str
    hidden: str


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands between rows: the part of the organisation or the question they belong to."""

    y: float  # of its first line
    text: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """A line through all rows, with its own interval as a pale field."""

    x: float
    left: float
    right: float
    label: str


@dataclass(frozen=True, slots=True)
class Track:
    """Rows of one scale from 0 to 100; `half` is half the height of an interval."""

    kind: Literal["dots", "bars"]
    type: float
    line: float  # between two lines of a label
    half: float
    height: float
    top: float
    bottom: float
    scale: Scale
    ticks: tuple[tuple[float, str], ...]
    rows: tuple[Row, ...]
    headings: tuple[Heading, ...]
    reference: Reference | None
    alt: str


@dataclass(frozen=True, slots=True)
class Line:
    """What a row of a track is asked to show; a heading stands above it where it has one."""

    label: str
    number: Number
    value: str
    is_strong: bool = False
    note: str = ""
    heading: str = ""
    hidden: str = ""  # why there is no mark, written where it would be


def track(  # noqa: PLR0913 - one keyword per choice of form
    lines: tuple[Line, ...],
    *,
    kind: Literal["dots", "bars"],
    alt: str,
    label_width: float | None = None,
    row_height: float = 16,
    reference: tuple[Number, str] | None = None,
) -> Track:
    """Rows from the top down, in the order given. Labels are broken to fit, never cut."""
    dense = min(1.0, max(SMALLEST_TYPE / TYPE, row_height / LINE))
    char, strong, between = CHAR * dense, STRONG_CHAR * dense, LINE * dense
    longest = max(
        (max(len(line.label) * char, len(line.heading) * strong) for line in lines), default=0
    )
    labels = label_width if label_width is not None else min(max(longest, 40.0), WIDEST_LABELS)
    values = max((len(line.value) for line in lines), default=0) * char
    scale = Scale(labels + 10, WIDTH - max(values, 56.0) - 24)
    room = int(labels / char)
    line_through = _reference(reference, scale)
    y = top = 10.0 if line_through is None else 24.0
    rows: list[Row] = []
    headings: list[Heading] = []
    for line in lines:
        if line.heading:
            text = wrapped(line.heading, int(labels / strong))
            headings.append(Heading(round(y + 11 * dense, 1), text))
            y += 17 * dense + between * (len(text) - 1)
        label = wrapped(line.label, room)
        height = max(row_height, between * len(label) + min(5.0, row_height - between))
        middle = round(y + height / 2, 1)
        rows.append(
            Row(
                y=middle,
                label=label,
                label_y=round(middle + 3.1 * dense - between * (len(label) - 1) / 2, 1),
                mark=mark(line.number, scale),
                value=line.value,
                is_strong=line.is_strong,
                note=line.note,
                hidden=line.hidden,
            )
        )
        y += height
    bottom = round(y + 2, 1)
    return Track(
        kind=kind,
        type=round(TYPE * dense, 1),
        line=round(between, 1),
        half=round(min(4.0, (row_height - 1) / 2), 1),
        height=bottom + 14,
        top=top - 4,
        bottom=bottom,
        scale=scale,
        ticks=tuple((scale.x(at / 100), str(at)) for at in (0, 25, 50, 75, 100)),
        rows=tuple(rows),
        headings=tuple(headings),
        reference=line_through,
        alt=alt,
    )


def mark(number: Number, scale: Scale) -> Mark:
    """A dot for a value, a stretch for what is only known to lie between two ends."""
    match number:
        case Measured():
            return Dot(scale.x(number.share), scale.x(number.low), scale.x(number.high))
        case Joined():
            ends = scale.x(number.first), scale.x(number.last)
            return Stretch(*ends, scale.x(number.low), scale.x(number.high))
        case Clipped():
            first, last = (0, number.end) if number.direction == "at_most" else (number.end, 1)
            return _plain(scale, first, last)
        case Banded():
            first = SPANS[number.band][0]
            last = SPANS[number.band_to or number.band][1]
            return _plain(scale, first, last)
        case Open() | Hidden():
            return Empty()
        case _:
            assert_never(number)


def _plain(scale: Scale, first: float, last: float) -> Stretch:
    ends = scale.x(first), scale.x(last)
    return Stretch(*ends, *ends)


def _reference(reference: tuple[Number, str] | None, scale: Scale) -> Reference | None:
    number, label = reference or (Hidden(), "")
    if not isinstance(number, Measured):
        return None
    return Reference(scale.x(number.share), scale.x(number.low), scale.x(number.high), label)


def shade(number: Number) -> int:
    """The class of a number on the six shades, 1-6; 0 where nothing is told."""
    match number:
        case Measured():
            return _class(number.share)
        case Joined():
            return _class((number.first + number.last) / 2)
        case Clipped():
            return 1 if number.direction == "at_most" else 6
        case Banded(band_to=None):
            return BAND_CLASS[number.band]
        case Banded():
            last = number.band_to or number.band
            return (BAND_CLASS[number.band] + BAND_CLASS[last]) // 2
        case Open() | Hidden():
            return 0
        case _:
            assert_never(number)


def _class(share: float) -> int:
    return 1 + sum(share >= end for end in CLASS_ENDS)


def wrapped(text: str, room: int) -> tuple[str, ...]:
    """The text in lines of at most `room` letters: broken between words, and where one is too long.

    A hyphen stands where a word is broken.
    """
    lines: list[str] = []
    for word in (part for whole in text.split() for part in _parts(whole, room)):
        if lines and len(lines[-1]) + 1 + len(word) <= room:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return tuple(lines)


def _parts(word: str, room: int) -> Iterator[str]:
    while len(word) > room:
        yield f"{word[: room - 1]}-"
        word = word[room - 1 :]
    yield word


# --- who can remove it -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the staircase: its tread, the name below it, and the two marks on it."""

    left: float
    right: float
    y: float
    name: tuple[str, ...]
    said: str
    is_staff: bool
    is_pattern: bool


@dataclass(frozen=True, slots=True)
class Staircase:
    height: float
    floor: float
    steps: tuple[Step, ...]
    alt: str


def staircase(
    steps: tuple[tuple[str, str, bool, bool], ...], *, alt: str, rise: float = 12
) -> Staircase:
    """Steps from the unit at the bottom left to the council at the top right.

    Each step is name, what the staff say, whether the staff point here, whether the pattern does.
    """
    width = WIDTH / len(steps)
    top = 34.0
    floor = top + rise * (len(steps) - 1) + 44
    placed = tuple(
        Step(
            left=round(index * width, 1),
            right=round((index + 1) * width, 1),
            y=round(top + rise * (len(steps) - 1 - index), 1),
            name=wrapped(name, int((width - 14) / CHAR)),
            said=said,
            is_staff=is_staff,
            is_pattern=is_pattern,
        )
        for index, (name, said, is_staff, is_pattern) in enumerate(steps)
    )
    return Staircase(floor + 2, floor, placed, alt)


# --- where it stalls ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Seam:
    """Two parts and the arrow between them: both heads alike, neither side before the other."""

    y: float
    left_name: tuple[str, ...]
    right_name: tuple[str, ...]
    label: str
    label_y: float
    is_strong: bool


@dataclass(frozen=True, slots=True)
class Seams:
    height: float
    left: float
    right: float
    rows: tuple[Seam, ...]
    alt: str


def seams(pairs: tuple[tuple[str, str, str, bool], ...], *, alt: str) -> Seams:
    """Each pair is its two names, the words under its arrow, and whether half or more say so."""
    room = int(148 / (STRONG_CHAR * 9.4 / 8.8))  # from the left margin to the arrow
    rows, top = [], 0.0
    for left, right, label, is_strong in pairs:
        names = wrapped(left, room), wrapped(right, room)
        more = max(2, *map(len, names)) - 2  # lines than the two a row has room for
        y = round(top + 18 + 5.5 * more, 1)
        rows.append(Seam(y, *names, label, round(y + 14 + 11 * more, 1), is_strong))
        top += 34 + 16.5 * more
    return Seams(round(top + 2, 1), 160, WIDTH - 160, tuple(rows), alt)
