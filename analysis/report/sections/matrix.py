"""The matrix of barriers and units, in the order of the organisation and never by value."""

from dataclasses import dataclass

from analysis import charts
from analysis.findings import Hidden, ReleasedUnit
from analysis.report.view import BARRIERS, View
from analysis.wording import numbers


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
    """Barrier by unit: one table, or for the whole organisation one per part."""
    voice = view.voice
    columns = tuple(voice.gettext(COLUMNS[code]) for code in BARRIERS)
    head = _row(view, view.unit, 0, name=view.name, is_head=True)
    if not view.is_root:
        rows = tuple(_row(view, one, one.depth - view.unit.depth) for one in view.below)
        return (Matrix(view.name, columns, (head, *rows)),)
    tables = [Matrix(view.name, columns, (head,))]
    for part in view.release.below(view.code):
        inside_ = View(view.release, part.unit, voice, view.facts).below
        own = _row(view, part, 0, is_head=True)
        rows = tuple(_row(view, one, one.depth - part.depth) for one in inside_)
        tables.append(Matrix(part.name, columns, (own, *rows)))
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
