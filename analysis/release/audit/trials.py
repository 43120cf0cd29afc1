"""The base of trial actions: one row per trial, of the units that were asked about it."""

from itertools import chain

import numpy as np
from msgspec import UNSET

from analysis.audit import Leak
from analysis.findings import Cell, Release
from analysis.release.audit.tables import UNITS, Column, Row, Table


def trials_table(release: Release) -> Table | None:
    """The cells of base trial, embedded ones too; None without any.

    Each unit is asked about one trial, the first by code, so that trials share nobody and each
    stands alone. Raises `Leak` for a trial that is shown and whose units are not told, or are all
    asked about another.
    """
    embedded = [trial.noticed for trial in release.trials if trial.noticed is not None]
    told: dict[tuple[str, Column], Cell] = {}
    for cell in chain(release.cells, embedded):
        if cell.base == "trial" and cell.trial is not UNSET:
            told[cell.trial, (cell.measure, cell.item)] = cell
    if not told:
        return None
    names = sorted({name for name, _ in told})
    asked = _asked(release)
    if any(cell.status == "shown" and name not in asked for (name, _), cell in told.items()):
        raise Leak("A7")
    rows: list[Row] = [(None, name, None) for name in names]
    cells: dict[Column, dict[Row, Cell]] = {}
    for (name, column), cell in told.items():
        cells.setdefault(column, {})[None, name, None] = cell
    parent = np.full(len(rows), -1, dtype=np.int64)
    return Table("trial", None, tuple(rows), parent, np.full(len(rows), UNITS), cells)


def _asked(release: Release) -> frozenset[str]:
    """The trials that somebody was asked about: first by code for one of their units."""
    first: dict[str, str] = {}
    for trial in sorted(release.trials, key=lambda one: one.trial):
        for unit in trial.units:
            first.setdefault(unit, trial.trial)
    return frozenset(first.values())
