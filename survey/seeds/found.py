"""What one draw of Fjordlund shows of what is planted: each row of `planted_rows`, kept or not.

The draw goes the way of anybody's files: written, read back, and analysed through the door.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
import polars as pl
from msgspec import UNSET

from survey import file_errors, insight
from survey.insight import Cell, Release, Shares, newcombe
from survey.seeds import files
from survey.seeds.planted import BARRIERS, fjordlund
from survey.seeds.planted_rows import ADDRESSES, BANDS_ONLY, ROWS, Row
from survey.seeds.truth import Pooled, planted_cells

NOTHING_PLANTED: Final = ("B13", "B22", "E2", "A1", "F12")
CERTAIN_FROM: Final = 40  # people, from which two waves running are told as "det viser"
BASES: Final = {"A": "situation_share", "S": "barrier_share", "Y": "behaviour_level"}


@dataclass
class Found:
    """Per row how often it held, one value per time it was looked for; false marks per wave."""

    seed: int
    held: dict[Row, list[bool]] = field(default_factory=lambda: defaultdict(list))
    false_marks: list[int] = field(default_factory=list)
    common: list[str] = field(default_factory=list)
    levels: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))


@dataclass(frozen=True)
class Series:
    """The four releases of one draw, what is true of its people, and whether a comment came in."""

    releases: Mapping[str, Release]
    truth: Mapping[str, Pooled]
    refuses_comments: bool

    @property
    def first(self) -> Release:
        return next(iter(self.releases.values()))

    def cells(self, unit: str, measure: str, item: str | None = None) -> list[Cell]:
        """The cell of a unit in every wave."""
        found = (made.cell(unit, measure, item) for made in self.releases.values())
        return [cell for cell in found if cell is not None]

    def share(self, wave: str, where: str) -> Cell | None:
        unit, barrier = where.split()
        return self.releases[wave].cell(unit, "barrier_share", barrier)

    @cached_property
    def marks(self) -> Mapping[str, frozenset[tuple[str, str]]]:
        """Per wave the units and barriers that stand out."""
        return {
            wave: frozenset((c.unit, c.item) for c in made.cells if c.marked and c.unit and c.item)
            for wave, made in self.releases.items()
        }

    @cached_property
    def common(self) -> tuple[tuple[str, str], ...]:
        """Wave and barrier of each rise that is told as common."""
        return tuple(
            (wave, cell.item)
            for wave, made in self.releases.items()
            for cell in made.cells
            if "common_shock" in (cell.flags or ()) and cell.item
        )


def found_with(seed: int) -> Found:
    """Draw the four waves of a seed, analyse them, and look for everything that is planted."""
    with TemporaryDirectory() as folder:
        series = drawn_series(seed, Path(folder))
    found = Found(seed)
    for row in ROWS:
        found.held[row].extend(LOOKS[row.kind](series, row))
    for wave, marks in series.marks.items():
        found.false_marks.append(len(marks - planted_cells(wave)))
    found.common.extend(f"{wave} {barrier}" for wave, barrier in series.common)
    for level in series.first.levels:
        if level.behaviour is None:
            found.levels[level.barrier].append(level.verdict)
    return found


def drawn_series(seed: int, folder: Path) -> Series:
    files.write(folder, seed)
    waves = fjordlund().waves
    answers = {wave: folder / f"answers-{wave}.parquet" for wave in waves}
    frames = {wave: pl.read_parquet(file) for wave, file in answers.items()}
    analysed = partial(
        insight.analyse_files,
        units=folder / "units.csv",
        behaviours=folder / "behaviours.csv",
        invited=folder / "invited.csv",
        trials=folder / "trials.csv",
    )
    made = analysed([*answers.values()])
    commented = folder / "commented.parquet"
    frames[waves[0]].with_columns(comment=pl.lit("x")).write_parquet(commented)
    try:
        analysed([commented])
    except file_errors.ColumnsNotKnown:
        is_refused = True
    else:
        is_refused = False
    return Series(
        {one.wave: one for one in made},
        {wave: Pooled(frame, wave) for wave, frame in frames.items()},
        is_refused,
    )


# --- what is looked for, one function per kind of row: a value per time it was looked for --------


def _marked(series: Series, row: Row) -> Iterator[bool]:
    unit, barrier = row.where.split()
    yield (unit, barrier) in series.marks[row.wave]


def _moved(series: Series, row: Row) -> Iterator[bool]:
    """Certain = the interval of the difference excludes 0, before the family is looked at."""
    waves = [*series.releases]
    now = series.share(row.wave, row.where)
    then = series.share(waves[waves.index(row.wave) - 1], row.where)
    ends = [_ends(then, now), _ends(now, then)]
    if now is None or then is None or None in ends:
        yield False
        return
    (p_then, n_then), (p_now, n_now) = (np.array(end, dtype=float) for end in ends if end)
    change = newcombe(
        Shares(p_then[None] / 100, n_then[None]), Shares(p_now[None] / 100, n_now[None])
    )
    yield bool(change.high[0] < 0 if row.kind == "fall" else change.low[0] > 0)


def _ends(cell: Cell | None, other: Cell | None) -> tuple[int, int] | None:
    """The displayed per cent nearest to the other wave's, and the people; None below twenty."""
    if cell is None or other is None or not cell.n or not other.n:
        return None
    spans = [_span(cell), _span(other)]
    if None in spans:
        return None
    (first, last), (other_first, other_last) = (span for span in spans if span)
    nearest = min(max(first, other_first), last) if first <= other_first else first
    if last < other_first:
        nearest = last
    elif other_last < first:
        nearest = first
    return nearest, cell.n


def _span(cell: Cell) -> tuple[int, int] | None:
    if cell.clipped_at is not None:
        return cell.clipped_at, cell.clipped_at
    if cell.value is None:
        return None
    return cell.value, cell.value if cell.value_to is None else cell.value_to


def _addressed(series: Series, row: Row) -> Iterator[bool]:
    """The findings of the row, each sent to where the pattern of marks puts it."""
    sent = ADDRESSES[row.id]
    if {(unit, sent.barrier) for unit in sent.needs} <= series.marks[row.wave]:
        proposals = series.releases[row.wave].proposals
        heads = {p.unit: p.address for p in proposals if p.barrier == sent.barrier}
        yield from (heads[unit] in sent.levels for unit in sent.heads if unit in heads)


def _seamed(series: Series, row: Row) -> Iterator[bool]:
    pairs = {(pair.a, pair.b) for pair in series.first.pairs if pair.both_sides}
    yield tuple(row.where.split()) in pairs


def _in_bands(series: Series, row: Row) -> Iterator[bool]:
    """Words alone, and never a difference or a certain change."""
    barrier, units = BANDS_ONLY[row.id]
    for cell in (one for unit in units for one in series.cells(unit, "barrier_share", barrier)):
        change = cell.change
        is_quiet = change is None or (change.diff is None and change.verdict is None)
        yield cell.display in ("band", "open") and is_quiet


def _never_shown(series: Series, row: Row) -> Iterator[bool]:
    """Hidden on every base that counts the situation, and nothing is built on it."""
    for made in series.releases.values():
        cells = [c for c in made.cells_of(row.where) if c.base != "A"]
        said = {c.status for c in cells} == {"hidden"} and all(
            c.change is None and c.marked is None and c.value is None and c.band is None
            for c in cells
        )
        yield said and all(one.unit != row.where for one in made.proposals)


def _not_derivable(series: Series, _: Row) -> Iterator[bool]:
    """No shown unit leaves one to four people when those shown below it are taken away."""
    for wave, made in series.releases.items():
        for base, measure in BASES.items():
            shown = {
                c.unit for c in made.cells if (c.measure, c.status) == (measure, "shown") and c.unit
            }
            rest = series.truth[wave].remainders(base, shown)
            yield all(n == 0 or n >= made.settings.min_n for n in rest)


def _verdict(series: Series, row: Row) -> Iterator[bool]:
    for made in series.releases.values():
        for one in made.trials:
            if one.trial == row.where:
                yield one.verdict == row.what


def _covered(series: Series, row: Row) -> Iterator[bool]:
    """Whether the interval of a displayed value holds the planted share of the same people."""
    for wave, made in series.releases.items():
        truth = series.truth[wave]
        for cell in made.cells:
            if cell.measure != row.where or cell.unit is None or cell.cross is not UNSET:
                continue
            if cell.low is None or cell.high is None:
                continue
            true = (
                truth.barrier_share(cell.unit, cell.item)
                if cell.item
                else truth.behaviour_level(cell.unit)
            )
            yield cell.low <= 100 * true <= cell.high


def _placed(series: Series, _: Row) -> Iterator[bool]:
    """Whether the place a verdict names is another than the planted shares have."""
    truth = series.truth[series.first.wave]
    for level in series.first.levels:
        if level.behaviour is None:
            allowed = truth.places(level.barrier) | {"undecided"}
            yield level.verdict not in allowed


# --- the traps -----------------------------------------------------------------------------------


def _trap(series: Series, row: Row) -> Iterator[bool]:
    yield TRAPS[row.id](series)


def _x1(series: Series) -> bool:
    """Where nothing is planted nothing is told as certain: no mark twice running from 40 people."""
    for before, now in pairwise(series.releases):
        for unit, barrier in series.marks[before] & series.marks[now]:
            cell = series.releases[now].cell(unit, "barrier_share", barrier)
            if unit in NOTHING_PLANTED and cell and (cell.n or 0) >= CERTAIN_FROM:
                return False
    return True


def _x2(series: Series) -> bool:
    """What rises everywhere is told as common."""
    return ("2026-3", "REGL") in series.common


def _x3(series: Series) -> bool:
    """Few in the situation are hidden though enough answered, and nobody else is."""
    for made in series.releases.values():
        cells = [c for c in made.cells if c.measure == "barrier_share" and c.cross is UNSET]
        hidden = {(c.unit, c.item) for c in cells if c.status == "hidden"}
        if hidden != {(unit, code) for unit in ("F4", "F5") for code in BARRIERS}:
            return False
    return True


def _x4(series: Series) -> bool:
    """No number of a profession below the centres."""
    return all(
        cell.unit in {unit.unit for unit in made.units if unit.depth <= 1}
        for made in series.releases.values()
        for cell in made.cells
        if cell.cross is not UNSET
    )


def _x5(series: Series) -> bool:
    """A better level of fewer answers is read with care, and never called a rise."""
    made = series.releases["2026-4"]
    notes = [note for note in made.quality_of("F32") if note.kind == "response"]
    changes = [c.change for c in made.cells_of("F32") if c.change is not None]
    return [(note.step, note.flags) for note in notes] == [
        ("under_40", ("read_with_care",))
    ] and not any(change.verdict in ("up", "down") for change in changes)


def _x6(series: Series) -> bool:
    """Moved and renamed units keep their trend; parents of other people get no verdict."""
    for wave, unit in (("2026-3", "B32"), ("2026-4", "D21")):
        changes = [
            cell.change
            for cell in series.releases[wave].cells_of(unit)
            if cell.measure == "barrier_share" and cell.change is not None
        ]
        if not any(one.bands or one.verdict in ("up", "down", "unclear") for one in changes):
            return False
    made = series.releases["2026-3"]
    for parent in ("B3", "D2"):
        cells = [c for c in made.cells_of(parent) if c.status == "shown"]
        verdicts = {c.change.verdict for c in cells if c.change is not None}
        if verdicts - {"not_comparable"} or not all(
            "composition" in (c.flags or ()) for c in cells
        ):
            return False
    return True


def _x7(series: Series) -> bool:
    """A level few can tell is hidden, and the barriers of the same unit are shown."""
    levels = {cell.status for cell in series.cells("A2", "behaviour_level")}
    barriers = {c.status for code in BARRIERS for c in series.cells("A2", "barrier_share", code)}
    return (levels, barriers) == ({"hidden"}, {"shown"})


def _x8(series: Series) -> bool:
    """A file with comments is refused."""
    return series.refuses_comments


def _x9(series: Series) -> bool:
    """The first option throughout gives one note at the root, and drops nobody."""
    for wave, made in series.releases.items():
        root = made.units[0].unit
        cell = made.cell(root, "barrier_share", BARRIERS[0])
        notes = [note.unit for note in made.quality if note.kind == "first_option"]
        if notes != [root] or cell is None or cell.n != series.truth[wave].people["S"].total():
            return False
    return True


TRAPS: Final[Mapping[str, Callable[[Series], bool]]] = {
    "X1": _x1, "X2": _x2, "X3": _x3, "X4": _x4, "X5": _x5, "X6": _x6, "X7": _x7, "X8": _x8,
    "X9": _x9,
}  # fmt: skip
LOOKS: Final[Mapping[str, Callable[[Series, Row], Iterable[bool]]]] = {
    "marked": _marked, "fall": _moved, "rise": _moved, "address": _addressed, "seam": _seamed,
    "bands": _in_bands, "hidden": _never_shown, "safe": _not_derivable, "trap": _trap,
    "verdict": _verdict, "covered": _covered, "level": _placed,
}  # fmt: skip
