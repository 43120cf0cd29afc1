"""A file of units as dated versions of a tree, checked at every point in time it speaks of.

Pure. Any fault refuses the whole file, since half a tree is no tree.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Final

from survey.errors import BadInput
from survey.importing.cells import CPR, masked
from survey.importing.mapping import ColumnMapping
from survey.importing.reading import Line, Table
from survey.importing.refusals import (
    CellMissing,
    ChangeUnknown,
    CprInFile,
    HeadcountBad,
    LoopInTree,
    NoRoot,
    ParentLater,
    ParentMissing,
    PeriodBackward,
    PrintedCellBad,
    RowTooLong,
    TwoRoots,
    UnitCodeUnusable,
    UnitTwice,
)
from survey.insight.printed import wrong_text
from survey.organisation import Version

BEGINNING: Final = "0"  # sorts before every wave: what a file without dates is valid from
CODE: Final = re.compile(r"[\w .:+&()-]{1,40}")
CHANGES: Final = ("new", "renamed", "moved", "merged", "split", "closed")


@dataclass(frozen=True, slots=True)
class FileRow:
    """A version and the line it stands on."""

    line: int
    version: Version


def unit_versions(table: Table) -> list[Version]:
    """The versions in a table of units, in the file's order; raises at the first fault."""
    if table.ragged:
        raise RowTooLong(row=table.ragged[0])
    rows = [_row(line, table.mapping) for line in table.lines]
    rows = _with_parent_codes(rows, table.mapping)
    _check_periods(rows, table.mapping)
    for wave in _points_in_time(row.version for row in rows):
        _check_tree([row for row in rows if row.version.holds(wave)], rows, table.mapping, wave)
    return [row.version for row in rows]


def is_a_tree(versions: Iterable[Version], since: str | None) -> bool:
    """Whether the versions are one tree at every point in time from a wave on."""
    rows = [FileRow(line, version) for line, version in enumerate(versions, start=1)]
    plain = ColumnMapping("units", {}, ())
    try:
        _check_periods(rows, plain)
        for wave in _points_in_time(row.version for row in rows):
            if wave is None or since is None or wave >= since:
                _check_tree([row for row in rows if row.version.holds(wave)], rows, plain, wave)
    except BadInput:
        return False
    return True


def successor(wave: str) -> str:
    """A label that sorts after a wave and not after the next one: 2026-4 -> 2026-5."""
    stem = wave.rstrip("0123456789")
    digits = wave[len(stem) :]
    if digits:
        following = stem + str(int(digits) + 1).zfill(len(digits))
        if following > wave:
            return following
    return f"{wave}-1"


def nearest(wanted: str, known: Iterable[str]) -> str:
    """The known text that looks most like the wanted one; there is always one."""
    choices = {one.casefold(): one for one in known}
    close = get_close_matches(wanted.casefold(), list(choices), n=1, cutoff=0)
    return choices[close[0]] if close else ""


def _row(line: Line, mapping: ColumnMapping) -> FileRow:
    def cell(column: str) -> str:
        return line.cells[mapping.places[column]].strip() if column in mapping.places else ""

    for column in ("unit", "name"):
        if not cell(column):
            raise CellMissing(row=line.number, column=mapping.heading(column))
    # A code stands in addresses and names of files, so what means something there is no code.
    if not CODE.fullmatch(cell("unit")):
        raise UnitCodeUnusable(
            row=line.number, column=mapping.heading("unit"), unit=masked(cell("unit"))
        )
    for column in ("name", "core_task"):
        if CPR.search(cell(column)):
            raise CprInFile(row=line.number, column=mapping.heading(column))
    if problem := wrong_text(cell("core_task"), "task", units=[cell("name")]):
        heading = mapping.heading("core_task")
        raise PrintedCellBad(row=line.number, column=heading, problem=problem)
    count = cell("headcount").removesuffix(".0")
    if count and not (count.isascii() and count.isdigit() and int(count) < 1_000_000):
        raise HeadcountBad(
            row=line.number, column=mapping.heading("headcount"), value=masked(count)
        )
    change = cell("change").casefold()
    if change and change not in CHANGES:
        raise ChangeUnknown(
            row=line.number,
            column=mapping.heading("change"),
            value=masked(change),
            allowed=", ".join(CHANGES),
        )
    version = Version(
        code=cell("unit"),
        parent=cell("parent") or None,
        name=" ".join(cell("name").split()),
        core_task=cell("core_task") or None,
        headcount=int(count or 0),
        valid_from=cell("valid_from") or BEGINNING,
        valid_to=cell("valid_to") or None,
        change=change or None,
        was=cell("was") or None,
    )
    return FileRow(line.number, version)


def _with_parent_codes(rows: Sequence[FileRow], mapping: ColumnMapping) -> list[FileRow]:
    """Parents by code, also where the file gives a unit's name; raises where it is neither."""
    codes = {row.version.code for row in rows}
    by_name: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        by_name[row.version.name.casefold()].add(row.version.code)
    found: list[FileRow] = []
    for row in rows:
        parent = row.version.parent
        if parent is not None and parent not in codes:
            named = by_name.get(" ".join(parent.split()).casefold(), set())
            if len(named) != 1:
                raise ParentMissing(
                    row=row.line,
                    column=mapping.heading("parent"),
                    parent=masked(parent),
                    nearest=nearest(parent, codes - {row.version.code}),
                )
            parent = next(iter(named))
        found.append(FileRow(row.line, replace(row.version, parent=parent)))
    return found


def _check_periods(rows: Sequence[FileRow], mapping: ColumnMapping) -> None:
    """No period runs backward, and a code has one row at a time."""
    by_code: dict[str, list[FileRow]] = defaultdict(list)
    for row in rows:
        version = row.version
        if version.valid_to is not None and version.valid_to < version.valid_from:
            raise PeriodBackward(
                row=row.line,
                column=mapping.heading("valid_to"),
                unit=version.code,
                starts=version.valid_from,
                stops=version.valid_to,
            )
        for other in by_code[version.code]:
            if version.holds(other.version.valid_from) or other.version.holds(version.valid_from):
                raise UnitTwice(
                    row=row.line,
                    column=mapping.heading("unit"),
                    unit=version.code,
                    first=other.line,
                )
        by_code[version.code].append(row)


def _points_in_time(versions: Iterable[Version]) -> list[str | None]:
    """The labels at which the tree can be another one, the first of them first."""
    found: set[str] = set()
    for version in versions:
        found.add(version.valid_from)
        if version.valid_to is not None:
            found.add(successor(version.valid_to))
    return [*sorted(found), None]


def _check_tree(
    rows: Sequence[FileRow],
    everywhere: Sequence[FileRow],
    mapping: ColumnMapping,
    wave: str | None,
) -> None:
    """One root, every parent there, nobody under itself, at one point in time."""
    column = mapping.heading("parent")
    here = {row.version.code: row for row in rows}
    roots = [row for row in rows if row.version.parent is None]
    if len(roots) > 1:
        raise TwoRoots(
            row=roots[1].line,
            column=column,
            unit=roots[1].version.code,
            first=roots[0].version.code,
            first_row=roots[0].line,
        )
    for row in rows:
        parent = row.version.parent
        if parent is not None and parent not in here:
            last = max(one.line for one in everywhere if one.version.code == parent)
            raise ParentLater(
                row=row.line,
                column=column,
                unit=row.version.code,
                parent=parent,
                parent_row=last,
                wave=wave or max(one.version.valid_from for one in everywhere),
            )
    for row in rows:
        _check_path(row, here, column)
    if not roots:
        raise NoRoot(column=column)


def _check_path(row: FileRow, here: dict[str, FileRow], column: str) -> None:
    path = [row.version.code]
    parent = row.version.parent
    while parent is not None:
        path.append(parent)
        if parent in path[:-1]:
            start = path.index(parent)
            raise LoopInTree(
                row=here[parent].line,
                column=column,
                unit=parent,
                path=" → ".join(path[start:]),
            )
        parent = here[parent].version.parent
