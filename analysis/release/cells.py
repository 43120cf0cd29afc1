"""Counts into cells: displayed classes, marks and intervals, and the attack on all of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import numpy as np
from msgspec import UNSET
from msgspec.structs import replace

from analysis.audit import Leak, Published, Verdict, audited
from analysis.disclosure import (
    FEW_BELOW,
    Classes,
    Displayed,
    Marks,
    classes_of,
    displayed,
    marks_of,
    step_and_ends,
)
from analysis.disclosure.joining import Tables
from analysis.estimate import POLARISED_FROM, level_interval, told_spread
from analysis.findings import AuditRecord, Base, Cell, Cut, Release, Settings
from analysis.release.counts import Counts, Item, Wave
from analysis.release.crossed_cells import CrossedTable
from analysis.release.crossings import Crossed
from analysis.release.patterns import pattern_hash, patterns_of
from analysis.release.sayings import Sayings, hidden, said

Ints = np.typing.NDArray[np.int64]
Flags = np.typing.NDArray[np.bool_]

# What an attacker is given of a part: the counts it leaves, its classes and how they are told.
Target: TypeAlias = tuple[Published, Displayed, Tables]
# The cells of each unit by its place in the tree and, last and without a place, of whole scopes.
Rows: TypeAlias = dict[int | None, list[Cell]]

LEVEL_PER = 5  # successes one person can add
LEVEL_POINTS = 20  # points of behaviour level per success


@dataclass(frozen=True)
class Part:
    """Items of one base that are displayed in the same way."""

    counts: Counts
    items: Sequence[Item]
    shown: Flags
    tables: Tables
    told: Displayed
    per: int = 1

    @property
    def target(self) -> Target:
        counts, told = self.counts, self.told
        base = Published(counts.parent, counts.n, self.shown, told.low, told.high, self.per)
        return base, told, self.tables


@dataclass(frozen=True)
class Shown:
    """What is decided of a wave before a change or a proposal is looked for.

    Nothing of it may leave before the `targets` are attacked.
    """

    rows: Rows
    crossed: tuple[Cell, ...]
    patterns: dict[Base, Flags]
    pattern_sha256: str
    targets: list[Target]
    dropped: tuple[Cut, ...]


def in_order(rows: Rows) -> list[Cell]:
    """The cells in the order of the release."""
    return [cell for row in rows.values() for cell in row]


def shown_of(
    wave: Wave, settings: Settings, previous: Release | None, crossed: Crossed | None = None
) -> Shown:
    """Decide what is shown of a wave and how."""
    patterns = patterns_of(wave, settings, previous)
    barriers = [i for i, item in enumerate(wave.items["S"]) if item.measure == "barrier_share"]
    marks = _marks(wave, barriers, patterns["S"], settings)
    parts = _parts(wave, patterns, barriers, marks)
    rows: Rows = {u: [] for u in (*range(len(wave.tree.codes)), None)}
    for part in parts:
        is_level = part.counts.base == "Y"
        cells = _level_cells(wave, part) if is_level else _share_cells(wave, part, marks)
        for u, more in cells:
            rows[u] += more
    table = crossed and CrossedTable(crossed, wave, patterns["S"], settings.min_cross)
    return Shown(
        rows=rows,
        crossed=tuple(table.cells(parts[0].items, parts[0].told)) if table else (),
        patterns=patterns,
        pattern_sha256=pattern_hash(wave, patterns, table.named if table else ()),
        targets=[part.target for part in parts if part.told.first.size],
        dropped=("profession",) if table and table.is_dropped else (),
    )


def _marks(wave: Wave, barriers: list[int], shown: Flags, settings: Settings) -> Marks:
    return marks_of(
        wave.S.n,
        wave.S.k[:, barriers],
        shown=shown,
        is_leaf=wave.tree.is_leaf,
        barriers=[wave.items["S"][i].item or "" for i in barriers],
        q=settings.q_mark,
    )


def _parts(
    wave: Wave, patterns: dict[Base, Flags], barriers: list[int], marks: Marks
) -> list[Part]:
    """The barriers, the other items of S, the level and base A: the order of a unit's cells."""
    others = [i for i in range(len(wave.items["S"])) if i not in barriers]
    plans: list[tuple[Counts, list[int], Tables | None, int]] = [
        (wave.S, barriers, marks.tables, 1),
        (wave.S, others, None, 1),
        (wave.Y, [0], None, LEVEL_PER),
        (wave.A, list(range(len(wave.items["A"]))), None, 1),
    ]
    parts = []
    for counts, columns, tables, per in plans:
        told_in = tables or partial(_one_table, items=np.arange(len(columns)), per=per)
        shown = patterns[counts.base]
        items = [wave.items[counts.base][i] for i in columns]
        told = displayed(
            counts.parent, counts.n, counts.k[:, columns], shown=shown, tables=told_in, per=per
        )
        parts.append(Part(counts, items, shown, told_in, told, per))
    return parts


def _one_table(n: int, *, items: Ints, per: int) -> list[tuple[Classes, Ints]]:
    return [(classes_of(n, per), items)]


# --- the attack --------------------------------------------------------------------------------


def attacked(
    targets: Sequence[Target], minimum: int, *, dropped: tuple[Cut, ...] = ()
) -> AuditRecord:
    """Raises `Leak` if the published set would give an answer away."""
    verdicts = [_attack(*target, minimum=minimum) for target in targets]
    return AuditRecord(
        A1="pass",
        A2_small_cells=sum(verdict.small_cells for verdict in verdicts),
        A2_narrow=sum(verdict.narrow for verdict in verdicts),
        A3="pass",
        pairs_2_metric=sum(verdict.pairs for verdict in verdicts),
        dropped=dropped or UNSET,
    )


def _attack(base: Published, told: Displayed, tables: Tables, *, minimum: int) -> Verdict:
    # Whoever redoes the joining from any count the display leaves must get the same classes.
    ends, items = np.hstack([told.low, told.high]), told.low.shape[1]

    def twice(n: int) -> list[tuple[Classes, Ints]]:
        return [(classes, np.hstack([at, at + items])) for classes, at in tables(n)]

    again = displayed(base.parent, base.n, ends, shown=base.shown, tables=twice, per=base.per)
    classes = np.hstack([again.first, again.last])
    if (classes != np.hstack([told.first, told.first, told.last, told.last])).any():
        raise Leak("A2")
    return audited(base, minimum)


# --- the cells ---------------------------------------------------------------------------------


def _share_cells(wave: Wave, part: Part, marks: Marks) -> Iterator[tuple[int, list[Cell]]]:
    """Every unit's place and its cells of base S or A, the hidden ones included."""
    n, shown = part.counts.n, np.flatnonzero(part.shown)
    sayings = Sayings(part.items, n[shown], part.tables)
    said = sayings.rows(n[shown], part.told.first[shown], part.told.last[shown])
    of_shown = dict(zip(shown.tolist(), zip(said, _marked(part, marks), strict=True), strict=True))
    nothing = [hidden(item) for item in part.items], [None] * len(part.items)
    for u, (unit, N) in enumerate(zip(wave.tree.codes, wave.invited.tolist(), strict=True)):
        behaviour = wave.behaviour_of(u)
        cells = [
            replace(cell, unit=unit, behaviour=behaviour, N=N, marked=marked)
            for cell, marked in zip(*of_shown.get(u, nothing), strict=True)
        ]
        yield u, cells


def _marked(part: Part, marks: Marks) -> list[list[bool | None]]:
    """Shown unit by item, from the lowest of the displayed classes.

    None for the root, for very few people, and for all items but barriers.
    """
    shown = np.flatnonzero(part.shown)
    untested: list[bool | None] = [None] * len(part.items)
    if not part.items or part.items[0].measure != "barrier_share":
        return [untested] * len(shown)
    marked = np.zeros(part.told.first.shape, dtype=bool)
    for n in np.unique(part.counts.n[shown]).tolist():
        units = np.flatnonzero(part.shown & (part.counts.n == n))
        for classes, items in part.tables(n):
            here = np.ix_(units, items)
            marked[here] = marks.marked(classes, items, part.told.first[here])
    tested = (shown > 0) & (part.counts.n[shown] >= FEW_BELOW)
    rows = zip(marked[shown].tolist(), tested.tolist(), strict=True)
    return [row if is_tested else untested for row, is_tested in rows]


def _level_cells(wave: Wave, part: Part) -> Iterator[tuple[int | None, list[Cell]]]:
    """The level of every unit with one behaviour, and of each behaviour's whole scope."""
    counts = wave.Y
    shown = np.flatnonzero(part.shown)
    spread = np.zeros(len(counts.n))
    n, total = counts.n[shown], counts.k[shown, 0]
    variance = (counts.squares[shown] - total**2 / n) / (n - 1)
    spread[shown] = told_spread(LEVEL_POINTS * np.sqrt(variance.clip(0)))
    for row, (u, b) in enumerate(zip(counts.unit.tolist(), counts.behaviour.tolist(), strict=True)):
        unit = wave.tree.codes[u] if u >= 0 else None
        behaviour = wave.scopes.behaviours[b]
        N = int(wave.invited[u] if u >= 0 else wave.own_invited[wave.scopes.own == b].sum())
        item = part.items[0]
        cell = _level_said(part, row, float(spread[row])) if part.shown[row] else hidden(item)
        yield u if u >= 0 else None, [replace(cell, unit=unit, behaviour=behaviour, N=N)]


def _level_said(part: Part, row: int, spread: float) -> Cell:
    classes = classes_of(int(part.counts.n[row]), LEVEL_PER)
    first, last = int(part.told.first[row, 0]), int(part.told.last[row, 0])
    cell = said(part.items[0], classes, first, last)
    if cell.value is None:
        return cell
    step = step_and_ends(classes.n)[0]
    last_value = cell.value if cell.value_to is None else cell.value_to
    low, high = level_interval(cell.value, last_value, classes.n, spread=spread, step=step)
    flags = ("polarised",) if spread >= POLARISED_FROM else ()
    return replace(cell, low=low, high=high, flags=flags)
