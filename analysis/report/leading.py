"""Which of several numbers lies highest, as displayed, and whether that may be by chance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from analysis.findings import Banded, Clipped, Joined, Measured, Number

MIDDLE: Final = {
    "few": 0.12,
    "some": 0.5,
    "nearly_all": 0.88,
    "half_or_less": 0.25,
    "over_half": 0.75,
}


def weight(number: Number) -> float:
    """Where a number lies, 0-1, for ordering: the middle of what is shown; nothing shown is 0."""
    match number:
        case Measured():
            return number.share
        case Joined():
            return (number.first + number.last) / 2
        case Clipped():
            return number.end
        case Banded():
            return MIDDLE[number.band]
        case _:
            return 0.0


@dataclass(frozen=True, slots=True)
class Leading:
    """The item most people chose, or two that cannot be told apart; none where it is not known.

    The first is alone when no other may be as high as displayed, and certain when its interval
    lies above all the others. Bands have no interval: they are words about all who were asked, and
    claim nothing beyond them.
    """

    items: tuple[str, ...] = ()
    is_alone: bool = False
    is_certain: bool = False

    @property
    def first(self) -> str | None:
        """The item that is highest as displayed, whether by chance or not."""
        return self.items[0] if self.is_alone else None


def leading(shares: Sequence[tuple[str, Number]]) -> Leading:
    """Which item leads as displayed. `shares` are answers of the same people."""
    spans = {key: _span(one) for key, one in shares}
    if None in spans.values() or len({isinstance(one, Banded) for _, one in shares}) != 1:
        return Leading()
    known = {key: span for key, span in spans.items() if span is not None}
    first, *ties = _highest(known)
    if ties:
        return Leading((first, ties[0])) if len(ties) == 1 else Leading()
    given = dict(shares)
    near = {
        key: span
        for key, span in known.items()
        if key != first and _reach(given[key]) >= _reach(given[first], lowest=True)
    }
    if not near:
        return Leading((first,), is_alone=True, is_certain=True)
    second, *others = _highest(near)
    return Leading((first,) if others else (first, second), is_alone=True)


def _highest(spans: Mapping[str, tuple[float, float]]) -> list[str]:
    """The item that lies highest, and those that may be as high as displayed."""
    best = max(spans, key=lambda key: spans[key])
    return [best, *(key for key in spans if key != best and spans[key][1] >= spans[best][0])]


def _span(number: Number) -> tuple[float, float] | None:
    """From where to where a displayed value reaches; bands by their rank."""
    match number:
        case Measured():
            return number.share, number.share
        case Joined():
            return number.first, number.last
        case Clipped():
            return (0, number.end) if number.direction == "at_most" else (number.end, 1)
        case Banded():
            return MIDDLE[number.band], MIDDLE[number.band_to or number.band]
        case _:
            return None


def _reach(number: Number, *, lowest: bool = False) -> float:
    """An end of what the number may be: of its interval, else of what is displayed."""
    if isinstance(number, Measured | Joined):
        return number.low if lowest else number.high
    span = _span(number) or (0.0, 0.0)
    return span[0] if lowest else span[1]
