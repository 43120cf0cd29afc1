"""What a table leaves possible: the people of each row and atom, and their counts, from the file.

People told as a band are a range here: nobody with the file alone knows more. The attack before
a release is made (`analysis.release.cells`) takes every number of people for known.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from analysis.audit import Leak, Passed, passes
from analysis.findings import Settings
from analysis.findings.columns import Row, coded
from analysis.release.audit.tables import Column, Part, Table
from analysis.release.audit.told import Range, people, told

Ints = np.typing.NDArray[np.int64]
# What is known of a count beside its cell, by the cell's row and column.
Known: TypeAlias = Mapping[tuple[Row, Column], Range]

EVERYBODY: Final = 1 << 40  # people: more than any atom holds


@dataclass(frozen=True)
class People:
    """The fewest and the most people of each row, by column; nothing known of: 0..EVERYBODY."""

    low: Ints
    high: Ints


@dataclass(frozen=True)
class Atoms:
    """Per division and row: the people of an atom, and per column its counts of yes and of no.

    `first` and `last` are the places of the displayed classes, by row and column.
    """

    n: tuple[Ints, Ints]
    yes: tuple[Ints, Ints]
    no: tuple[Ints, Ints]
    of_row: tuple[Ints, Ints]  # counts of yes of each row
    people: tuple[Ints, Ints]  # of each row
    first: Ints
    last: Ints


def told_people(table: Table, settings: Settings) -> People:
    """What each cell of a table says of its people."""
    sayings = table.cells.sayings
    ends = np.zeros((len(sayings), 2), dtype=np.int64)
    for code in np.unique(table.said[table.shown]).tolist():
        ends[code] = people(sayings[code], settings)
    fewest, most = ends[table.said].transpose(2, 0, 1)
    return People(np.where(table.shown, fewest, 0), np.where(table.shown, most, EVERYBODY))


def people_of(table: Table, told: People) -> People:
    """The people of each row by all its cells; raises `Leak` where they contradict each other."""
    low, high = told.low.max(axis=1, keepdims=True), told.high.min(axis=1, keepdims=True)
    _refuse(table, np.flatnonzero(low > high), "A7")
    return People(low, high)


def atoms_of(part: Part, people: People, known: Known) -> Atoms:
    """Two passes over the people, and two over the counts that are displayed of them.

    Counts of yes and of no are cut apart, for people told as a band are a range: where n is exact
    the one follows from the other and the intervals are exact, else they may be too wide. Raises
    `Leak` for numbers that contradict each other.
    """
    n = _passed(part, people.low, people.high, EVERYBODY)
    size = len(part.columns)
    first, last = np.full((2, len(part.shown), size), -1, dtype=np.int64)
    low, high = np.zeros((2, len(part.shown), 2 * size), dtype=np.int64)
    shown = part.shown
    told_of = _told(part, np.stack([n.low[shown, 0], n.high[shown, 0]], axis=1))
    first[shown], last[shown] = told_of[..., 0], told_of[..., 1]
    low[shown] = np.hstack([told_of[..., 2], told_of[..., 4]])
    high[shown] = np.hstack([told_of[..., 3], told_of[..., 5]])
    for (row, column), ends in known.items():
        if column in part.columns and row in part.table.rows:
            u, i = part.table.rows.index(row), part.columns.index(column)
            low[u, i], high[u, i] = max(low[u, i], ends[0]), min(high[u, i], ends[1])
    counts = _passed(part, low, high, part.per * n.most[:, :, 0])
    fewest, most = part.per * n.least, part.per * n.most
    yes_low, no_low = counts.least[:, :, :size], counts.least[:, :, size:]
    yes_high, no_high = counts.most[:, :, :size], counts.most[:, :, size:]
    return Atoms(
        (n.least[:, :, 0], n.most[:, :, 0]),
        (np.maximum(yes_low, fewest - no_high), np.minimum(yes_high, most - no_low)),
        (np.maximum(no_low, fewest - yes_high), np.minimum(no_high, most - yes_low)),
        (counts.low[:, :size], counts.high[:, :size]),
        (n.low[:, 0], n.high[:, 0]),
        first,
        last,
    )


def _told(part: Part, people: Ints) -> Ints:
    """Per shown row and column the places of the displayed classes, and the ends of yes and no.

    `people` are the fewest and the most of each shown row. What cells of as many people say alike
    is worked out once.
    """
    ends = coded(map(tuple, people.tolist()))
    said = part.table.said[part.shown][:, part.places]
    distinct, of = np.unique(said * len(ends.place) + ends.of[:, None], return_inverse=True)
    sayings, ranges = part.table.cells.sayings, ends.values
    found = []
    for code in distinct.tolist():
        at, of_people = divmod(code, len(ranges))
        one = told(sayings[at], ranges[of_people])
        found.append((one.first, one.last, *one.yes, *one.no))
    each: Ints = np.array(found, dtype=np.int64)[of.reshape(said.shape)]
    return each


def _passed(part: Part, low: Ints, high: Ints, own: Ints | int) -> Passed:
    room = np.broadcast_to(own, (2, len(part.shown))).astype(np.int64)
    found = passes(part.above, part.shown, low, high, room, part.table.division)
    clash = part.shown & (found.low > found.high).any(axis=1)
    _refuse(part.table, np.flatnonzero(clash), "A7")
    return found


def _refuse(table: Table, rows: Ints, rule: str) -> None:
    if len(rows):
        raise Leak(rule, units=(table.code(int(rows[0])),))
