"""The matrix of barriers and units, in the order of the organisation and never by value."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from analysis import charts
from analysis.findings import Hidden, ReleasedUnit
from analysis.report.view import BARRIERS, View
from analysis.wording import numbers

FEW_UNITS: Final = 24  # that stand in tables of their parts, with larger type
MOST_UNITS: Final = 61  # on one page: sixty and the whole (report 5)
MOST_ROWS: Final = 4 * MOST_UNITS  # of all: of more, those furthest down are in their area's own


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the matrix: its words and its shade."""

    text: str
    shade: int
    is_marked: bool


@dataclass(frozen=True, slots=True)
class MatrixRow:
    name: str
    depth: int  # below the table's own first line
    fields: tuple[Field, ...]  # empty: hidden
    is_head: bool


@dataclass(frozen=True, slots=True)
class Matrix:
    """A table per part of the organisation, in its order; the part's own line comes first."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[MatrixRow, ...]


def matrices(view: View) -> tuple[Matrix, ...]:
    """Barrier by unit in one table; for the whole organisation one per part, or all on one page.

    What one page can hold with a line to each unit is one table with the parts as its headings.
    """
    if view.is_across:
        return _by_area(view)
    head = _row(view, view.unit, 0, name=view.name, is_head=True)
    units = in_matrix(view)
    if not view.is_root:
        rows = (_row(view, one, one.depth - view.unit.depth) for one in units)
        return _numbered(view, (head, *rows))
    parts = [_part(view, part, units) for part in view.release.below(view.code)]
    if FEW_UNITS < len(units) + 1 <= MOST_UNITS:
        return _numbered(view, (head, *(row for rows in parts for row in rows)))
    return _numbered(view, (head,), *parts)


def in_matrix(view: View) -> tuple[ReleasedUnit, ...]:
    """Those below that have a line: all, or as many levels as stand on a few pages.

    Those straight below always have one, however many they are.
    """
    if view.is_across:
        return view.below
    nearest = view.unit.depth + 1
    levels = range(max(one.depth for one in view.below), nearest, -1)
    rows = {level: sum(one.depth <= level for one in view.below) for level in levels}
    shown = next((level for level in levels if rows[level] < MOST_ROWS), nearest)
    return tuple(one for one in view.below if one.depth <= shown)


def _by_area(view: View) -> tuple[Matrix, ...]:
    """The units told together and those below them, in a table for each area they belong to."""
    areas: dict[str, list[MatrixRow]] = {}
    for one in view.views:
        rows = areas.setdefault(view.name_of(one.area), [])
        rows.append(_row(view, one.unit, 0, is_head=bool(one.below)))
        rows += (_row(view, below, below.depth - one.unit.depth) for below in one.below)
    return _numbered(view, *map(tuple, areas.values()), names=tuple(areas))


def _part(view: View, part: ReleasedUnit, units: Sequence[ReleasedUnit]) -> tuple[MatrixRow, ...]:
    """A part's own line, then those of the units below it that are in the matrix."""
    below = {one.unit for one in View(view.release, part.unit, view.voice, view.facts).below}
    rows = (_row(view, one, one.depth - part.depth) for one in units if one.unit in below)
    return (_row(view, part, 0, is_head=True), *rows)


def _numbered(
    view: View, *families: tuple[MatrixRow, ...], names: tuple[str, ...] = ()
) -> tuple[Matrix, ...]:
    """Tables that each fit a page, with a caption and which it is of how many.

    A family is called by its name, where it has one, else by its own first line.
    """
    voice = view.voice
    columns = tuple(voice.gettext(COLUMNS[code]) for code in BARRIERS)
    called = names or tuple(rows[0].name for rows in families)
    cut = [
        (name, rows[start : start + MOST_UNITS])
        for name, rows in zip(called, families, strict=True)
        for start in range(0, len(rows), MOST_UNITS)
    ]
    tables = []
    for index, (name, rows) in enumerate(cut, start=1):
        caption = voice.gettext("%(unit)s: barriers, per cent") % {"unit": name}
        if len(cut) > 1:
            place = voice.gettext("table %(num)d of %(all)d") % {"num": index, "all": len(cut)}
            caption = f"{caption} ({place})"
        tables.append(Matrix(caption, columns, rows))
    return tuple(tables)


def N_(msgid: str) -> str:  # noqa: N802 - gettext's own name for "extract, translate later"
    return msgid


COLUMNS = {
    "SILO": N_("Silos"),
    "OKO": N_("Money"),
    "TID": N_("Time"),
    "KOMP": N_("Skills"),
    "VID": N_("Know\u00adledge"),
    "FAG": N_("Profes\u00adsions"),
    "KULT": N_("Habits"),
    "REGL": N_("Rules"),
    "MAAL": N_("Targets"),
    "FEJL": N_("Fear of mistakes"),
}


def _row(
    view: View, one: ReleasedUnit, depth: int, *, name: str = "", is_head: bool = False
) -> MatrixRow:
    found = [
        (
            view.release.number(one.unit, "barrier_share", code),
            view.release.cell(one.unit, "barrier_share", code),
        )
        for code in BARRIERS
    ]
    if all(isinstance(number, Hidden) for number, _ in found):
        return MatrixRow(name or one.name, depth, (), is_head)
    fields = tuple(
        Field(
            numbers.figure(view.voice, number),
            charts.shade(number),
            cell is not None and cell.marked is True,
        )
        for number, cell in found
    )
    return MatrixRow(name or one.name, depth, fields, is_head)
