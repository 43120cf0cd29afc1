"""The year around a wave: the other waves, the days off, and what one would rather know before."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from babel.dates import format_date

from survey.delivery.workdays import SATURDAY, holiday
from survey.texts import Voice

MOST_IN_A_YEAR = 4  # waves; three are often enough
# ISO weeks in which many are away: winter, summer and autumn holiday of most schools.
AWAY = (7, 8, 28, 29, 30, 31, 42)
FEW_DAYS = 3  # days off in a wave that are worth another week


@dataclass(frozen=True, slots=True)
class Span:
    """A wave's name and days; `here` for the one the page is about."""

    name: str
    opens: date
    closes: date
    here: bool = False


@dataclass(frozen=True, slots=True)
class Bar:
    """A wave in the strip of its year: where it begins and how long it is, of 366 days."""

    name: str
    x: int
    width: int
    here: bool
    text: str


@dataclass(frozen=True, slots=True)
class Month:
    name: str
    x: int


@dataclass(frozen=True, slots=True)
class Year:
    """One calendar year: its months, its waves and what to think of."""

    year: int
    months: tuple[Month, ...]
    bars: tuple[Bar, ...]
    warnings: tuple[str, ...]


def year_of(voice: Voice, own: Span | None, others: Sequence[Span], year: int) -> Year:
    """The year a wave opens in; without a wave of one's own it warns of nothing."""
    spans = sorted([*others, *([own] if own else [])], key=lambda span: (span.opens, span.name))
    there = [span for span in spans if year in (span.opens.year, span.closes.year)]
    return Year(
        year=year,
        months=tuple(
            Month(_month(voice, month), _place(date(year, month, 1), year))
            for month in range(1, 13)
        ),
        bars=tuple(_bar(voice, span, year) for span in there),
        warnings=tuple(_warnings(voice, own, others)) if own else (),
    )


def is_free(opens: date, closes: date) -> bool:
    """Whether no day off and no school holiday lies between these days."""
    days = [opens + timedelta(days=n) for n in range((closes - opens).days + 1)]
    return not any(
        day.isocalendar().week in AWAY or (day.weekday() < SATURDAY and holiday(day))
        for day in days
    )


def _bar(voice: Voice, span: Span, year: int) -> Bar:
    first, last = max(span.opens, date(year, 1, 1)), min(span.closes, date(year, 12, 31))
    return Bar(
        name=span.name,
        x=_place(first, year),
        width=(last - first).days + 1,
        here=span.here,
        text=f"{voice.full_date(span.opens)} – {voice.full_date(span.closes)}",
    )


def _month(voice: Voice, month: int) -> str:
    return str(format_date(date(2000, month, 1), "LLL", locale=voice.language)).rstrip(".")


def _place(day: date, year: int) -> int:
    return (day - date(year, 1, 1)).days


def _warnings(voice: Voice, own: Span, others: Sequence[Span]) -> Iterator[str]:
    for other in others:
        if other.opens <= own.closes and own.opens <= other.closes:
            said = voice.gettext(
                "It shares days with %(wave)s. People who are asked twice at once answer neither "
                "well: choose another week."
            )
            yield said % {"wave": other.name}
    yield from _days_off(voice, own)
    within = 1 + sum(other.opens.year == own.opens.year for other in others)
    if within > MOST_IN_A_YEAR:
        said = voice.gettext(
            "It is wave number %(n)s in %(year)s. More than four a year tire people, and nobody "
            "has time to try anything between them."
        )
        yield said % {"n": within, "year": own.opens.year}


def _days_off(voice: Voice, own: Span) -> Iterator[str]:
    days = [own.opens + timedelta(days=n) for n in range((own.closes - own.opens).days + 1)]
    off = [day for day in days if day.weekday() < SATURDAY and holiday(day)]
    if off:
        named = ", ".join(f"{voice.gettext(holiday(day) or '')} ({voice.day(day)})" for day in off)
        yield voice.gettext("Days off in the period: %(days)s.") % {"days": named}
    if len(off) >= FEW_DAYS:
        yield voice.gettext("With so many days off, think of another week.")
    weeks = sorted({voice.week(day) for day in days} & {*AWAY})
    if weeks:
        said = voice.ngettext(
            "Many are on holiday in week %(weeks)s.", "Many are on holiday in weeks %(weeks)s.",
            len(weeks),
        )  # fmt: skip
        yield said % {"weeks": ", ".join(map(str, weeks))}
