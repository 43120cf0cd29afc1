"""The matrix of barriers and units, and its filters: each chooses among what is published.

A filter is a value in the address. One that names nothing there is left out of account: nothing is
ever computed for a reader.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from survey.insight import (
    BARRIERS,
    Cell,
    Hidden,
    Release,
    ReleasedUnit,
    Told,
    number,
    numbers,
    opened,
    sentences,
    shade,
)
from survey.pages.results.values import Place
from survey.pages.results.views import place
from survey.texts import Voice

MOST_ROWS: Final = 80  # more units than these are folded, and paged where one level is too many
PROFESSIONS: Final = "professions"


@dataclass(frozen=True, slots=True)
class Field:
    """A number for a narrow field: its words, its interval, its shade 1-6 (0 = none)."""

    text: str
    interval: str
    shade: int
    marked: bool


@dataclass(frozen=True, slots=True)
class Row:
    """A unit, or a profession without a `code`; where all is hidden, a sentence and no fields.

    `folded` is how many units lie below it and are not in the table.
    """

    name: str
    code: str
    indent: int
    is_own: bool
    fields: tuple[Field, ...]
    hidden: str
    folded: int = 0


@dataclass(frozen=True, slots=True)
class Choice:
    """A filter: its name in the address, what it is called, and what may be chosen."""

    name: str
    label: str
    options: tuple[tuple[str, str], ...]
    chosen: str
    every: str  # what stands for no choice


@dataclass(frozen=True, slots=True)
class Matrix:
    wave: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    choices: tuple[Choice, ...]
    caption: str
    by_profession: bool
    above: Place | None  # where a part is open: what it lies in
    page: int
    pages: int
    chosen: str  # the choices as they stand in an address, without the page


def matrix(told: Told, asked: Mapping[str, str], voice: Voice) -> Matrix | None:
    """The table of a unit and those below it; None for one without units below or professions."""
    found = _Matrix(told, asked, voice)
    if not told.view.is_area and not found.professions:
        return None
    return found.made()


class _Matrix:
    def __init__(self, told: Told, asked: Mapping[str, str], voice: Voice) -> None:
        self.told, self.asked, self.voice = told, asked, voice
        self.release: Release = told.view.release
        self.top = told.view.unit
        self.order = {one.unit: one for one in told.view.below}
        self.professions = self.release.professions_of(self.top.unit)
        self.parts = tuple(one for one in self.order.values() if self.release.below(one.unit))
        self.part = self.order.get(asked.get("part", ""))
        self.behaviours = tuple(
            one for one in self.release.behaviours if self.order.keys() & set(one.units)
        )
        self.behaviour = next(
            (one for one in self.behaviours if one.behaviour == asked.get("behaviour")), None
        )
        self.barrier = asked.get("barrier") if asked.get("barrier") in BARRIERS else None
        self.by_profession = bool(self.professions) and asked.get("by") == PROFESSIONS

    @property
    def codes(self) -> tuple[str, ...]:
        return (self.barrier,) if self.barrier else BARRIERS

    def made(self) -> Matrix:
        voice, top = self.voice, self.part or self.top
        lines = list(self._professions() if self.by_profession else self._units())
        pages = -(-len(lines) // MOST_ROWS) or 1
        page = min(_whole(self.asked.get("page", "")), pages)
        choices = tuple(self._choices())
        return Matrix(
            wave=self.release.wave,
            columns=tuple(sentences.name(voice, code) for code in self.codes),
            rows=tuple(line() for line in lines[(page - 1) * MOST_ROWS : page * MOST_ROWS]),
            choices=choices,
            caption=self.told.view.name_of(top.unit),
            by_profession=self.by_profession,
            above=self._above(),
            page=page,
            pages=pages,
            chosen="&".join(f"{one.name}={one.chosen}" for one in choices if one.chosen),
        )

    def _above(self) -> Place | None:
        if self.part is None or self.part.parent is None:
            return None
        found = self.release.unit(self.part.parent)
        return None if found is None else place(self.told, found)

    # --- rows, each made when its page is ---

    def _units(self) -> Iterator[Callable[[], Row]]:
        top = self.part or self.top
        below = self._shown(top)
        shown = {one.unit for one in below}
        yield partial(self._row, top, 0, is_own=True)
        for one in below:
            is_open = any(child.unit in shown for child in self.release.below(one.unit))
            indent = 0 if self.behaviour else min(one.depth - top.depth - 1, 3)
            yield partial(self._row, one, indent, is_folded=not (is_open or self.behaviour))

    def _shown(self, top: ReleasedUnit) -> Sequence[ReleasedUnit]:
        """All units below where they are few, else those straight below: each opens as a part."""
        below = self.told.view_of(top.unit).below
        if self.behaviour is not None:
            return [one for one in below if one.unit in self.behaviour.units]
        return below if len(below) < MOST_ROWS else self.release.below(top.unit)

    def _row(
        self, unit: ReleasedUnit, indent: int, *, is_own: bool = False, is_folded: bool = False
    ) -> Row:
        cells = [self.release.cell(unit.unit, "barrier_share", code) for code in self.codes]
        seen = self.told.view_of(unit.unit)
        folded = len(seen.below) if is_folded else 0
        name = self.told.view.name_of(unit.unit)
        if any(not isinstance(number(cell), Hidden) for cell in cells):
            fields = tuple(map(self._field, cells))
            return Row(name, unit.unit, indent, is_own, fields, "", folded)
        hidden = sentences.hidden(self.voice, seen.reported_in)
        return Row(name, unit.unit, indent, is_own, (), hidden, folded)

    def _professions(self) -> Iterator[Callable[[], Row]]:
        """The centre itself first, then each profession in it, by the alphabet."""
        yield partial(self._row, self.top, 0, is_own=True)
        for who in self.professions:
            yield partial(self._profession, who)

    def _profession(self, who: str) -> Row:
        cells = [
            self.release.cell(self.top.unit, "barrier_share", code, profession=who)
            for code in self.codes
        ]
        if any(not isinstance(number(cell), Hidden) for cell in cells):
            fields = tuple(map(self._field, cells))
            return Row(opened(who), "", 0, is_own=False, fields=fields, hidden="")
        hidden = sentences.hidden(self.voice, self.told.view.name)
        return Row(opened(who), "", 0, is_own=False, fields=(), hidden=hidden)

    def _field(self, cell: Cell | None) -> Field:
        share = number(cell)
        if isinstance(share, Hidden):
            return Field(sentences.hidden(self.voice, ""), "", 0, marked=False)
        return Field(
            opened(numbers.short(self.voice, share)),
            numbers.interval_figures(self.voice, share),
            shade(share),
            marked=cell is not None and cell.marked is True,
        )

    # --- what may be chosen ---

    def _choices(self) -> Iterator[Choice]:
        """Only what is published here, and only where there is more than one thing to choose."""
        voice, view = self.voice, self.told.view
        if self.parts:
            parts = tuple((one.unit, view.name_of(one.unit)) for one in self._open_parts())
            chosen = self.part.unit if self.part else ""
            label, every = voice.gettext("Part of the organisation"), voice.gettext("The whole")
            yield Choice("part", label, parts, chosen, every)
        if len(self.behaviours) > 1:
            texts = view.facts.behaviours
            asked = tuple(
                (one.behaviour, _short(texts.get(one.behaviour) or one.text))
                for one in self.behaviours
            )
            chosen = self.behaviour.behaviour if self.behaviour else ""
            label, every = voice.gettext("Behaviour"), voice.gettext("All behaviours")
            yield Choice("behaviour", label, asked, chosen, every)
        named = tuple((code, sentences.name(voice, code)) for code in BARRIERS)
        label, every = voice.gettext("Barrier"), voice.gettext("All ten")
        yield Choice("barrier", label, named, self.barrier or "", every)
        if self.professions and view.is_area:
            options = ((PROFESSIONS, voice.gettext("Professions")),)
            chosen = PROFESSIONS if self.by_profession else ""
            yield Choice("by", voice.gettext("Rows"), options, chosen, voice.gettext("Units"))

    def _open_parts(self) -> Sequence[ReleasedUnit]:
        """The parts one may go to from here: all where they are few, else those a step away."""
        if len(self.parts) < MOST_ROWS:
            return self.parts
        top = self.part or self.top
        near = [one for one in self.release.below(top.unit) if self.release.below(one.unit)]
        return [*([self.part] if self.part else []), *near][:MOST_ROWS]


def _whole(typed: str) -> int:
    return max(1, int(typed)) if typed.isascii() and typed.isdigit() and len(typed) < 6 else 1


def _short(text: str) -> str:
    """The beginning of a behaviour, for a list to choose from."""
    return text if len(text) <= 70 else f"{text[:70].rpartition(' ')[0]} …"
