"""Attack a release from its file alone: what every reader has, and nothing that made it."""

import re
from collections.abc import Iterator
from itertools import groupby
from typing import Final

import numpy as np

from analysis.audit import Leak, Published, audited
from analysis.disclosure import BANDS_BELOW, classes_of, step_and_ends
from analysis.findings import Cell, Release

BANDS: Final = {"5-7": ("half_or_less", "over_half"), "8-19": ("few", "some", "nearly_all")}
STEP: Final = re.compile(r"\d+-\d+")
CLIP: Final = re.compile(r"at_(most|least)_\d{1,2}")
NOTHING: Final = (
    "display", "n", "n_band", "value", "value_to", "low", "high", "clip", "band", "band_to",
    "marked", "change", "flags",
)  # fmt: skip


def audit_release(release: Release) -> None:
    """Raises `Leak`: A7 for a number that no rule displays, A1 and A2 for what follows from them.

    Groups told as a band are attacked as part of the unit above them: their n is not in the file.
    """
    for cell in release.cells:
        _displayed(cell)
    exact = [c for c in release.cells if c.unit is not None and c.base in ("S", "Y")]
    exact.sort(key=lambda c: (c.measure, c.item or ""))
    for (measure, _), cells in groupby(exact, key=lambda c: (c.measure, c.item)):
        _attack(release, {c.unit: c for c in cells if c.n is not None}, measure)


def _displayed(cell: Cell) -> None:
    """Refuse a hidden cell that says something, and a shown one off its steps."""
    if cell.status == "hidden":
        if any(getattr(cell, name) is not None for name in NOTHING):
            raise Leak("A7")
        return
    n = _known_people(cell)
    if cell.display == "band":
        allowed = BANDS.get(cell.n_band or "", ())
        if not {cell.band, cell.band_to or cell.band} <= set(allowed) or cell.value is not None:
            raise Leak("A7")
    elif cell.display == "percent":
        if n < BANDS_BELOW or any(not _on_step(v, n, inside=i) for v, i in _per_cents(cell)):
            raise Leak("A7")
    elif cell.value is not None or cell.band is not None:
        raise Leak("A7")


def _known_people(cell: Cell) -> int:
    """The people of a cell, once its words are known to be those of the schema."""
    if not STEP.fullmatch(cell.n_band or "0-0") or not CLIP.fullmatch(cell.clip or "at_most_1"):
        raise Leak("A7")
    return cell.least_people


def _per_cents(cell: Cell) -> Iterator[tuple[int, bool]]:
    """Every per cent of a cell, with whether it must lie inside the clips."""
    for value in (cell.value, cell.value_to):
        if value is not None:
            yield value, True
    if cell.clipped_at is not None:
        yield cell.clipped_at, False
    if cell.value is None and cell.clip is None:
        raise Leak("A7")


def _on_step(value: int, n: int, *, inside: bool) -> bool:
    step, least, most = step_and_ends(n)
    ends = least < value < most if inside else least <= value <= most
    return ends and (value % step == 0 or value in (least, most))


def _attack(release: Release, cells: dict[str | None, Cell], measure: str) -> None:
    per = 5 if measure == "behaviour_level" else 1
    place = {unit.unit: u for u, unit in enumerate(release.units)}
    parent = np.array([place.get(unit.parent or "", -1) for unit in release.units])
    shown = np.array([unit.unit in cells for unit in release.units])
    n = np.zeros(len(place), dtype=np.int64)
    low, high = np.zeros((2, len(place), 1), dtype=np.int64)
    for unit, cell in cells.items():
        u = place[unit or ""]
        n[u] = cell.n or 0
        low[u, 0], high[u, 0] = _possible(cell, per)
    audited(Published(parent, n, shown, low, high, per), release.settings.min_n)


def _possible(cell: Cell, per: int) -> tuple[int, int]:
    """The counts a displayed value leaves."""
    people = cell.n or 0
    classes = classes_of(people, per)
    if cell.display == "open":
        return 0, per * people
    names = classes.per_cents
    first, last = 0, len(names) - 1
    if cell.clip is not None:
        end = names.index(cell.clipped_at or 0)
        first, last = (first, end) if cell.clip.startswith("at_most") else (end, last)
    else:
        first = names.index(cell.value or 0)
        last = first if cell.value_to is None else names.index(cell.value_to)
    return int(classes.low[first]), int(classes.high[last])
