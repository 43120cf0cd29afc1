"""The base of trial actions: one row per trial, under the smallest trial that holds its units."""

from itertools import chain

import numpy as np
from msgspec import UNSET

from analysis.audit import Leak
from analysis.findings import Cell, Release
from analysis.release.audit.tables import UNITS, Column, Row, Table


def trials_table(release: Release) -> Table | None:
    """The cells of base trial, embedded ones too; None without any.

    Each unit is asked about one trial, so that trials share units only where one lies within
    another. Raises `Leak` for a trial whose units are not told, and for two that only overlap.
    """
    embedded = [trial.noticed for trial in release.trials if trial.noticed is not None]
    told: dict[tuple[str, Column], Cell] = {}
    for cell in chain(release.cells, embedded):
        if cell.base == "trial" and cell.trial is not UNSET:
            told[cell.trial, (cell.measure, cell.item)] = cell
    if not told:
        return None
    leaves = {trial.trial: _leaves(release, trial.units) for trial in release.trials}
    names = sorted({name for name, _ in told}, key=lambda name: (-len(leaves.get(name, ())), name))
    if any(not leaves.get(name) for name in names):
        raise Leak("A7")
    parent = [_smallest_around(leaves, names[:i], name) for i, name in enumerate(names)]
    rows: list[Row] = [(None, name, None) for name in names]
    cells: dict[Column, dict[Row, Cell]] = {}
    for (name, column), cell in told.items():
        cells.setdefault(column, {})[None, name, None] = cell
    return Table("trial", None, tuple(rows), np.array(parent), np.full(len(rows), UNITS), cells)


def _leaves(release: Release, units: tuple[str, ...]) -> frozenset[str]:
    """The units themselves and all below them."""
    inside: set[str] = set()
    for unit in release.units:
        if unit.unit in units or unit.parent in inside:
            inside.add(unit.unit)
    return frozenset(inside)


def _smallest_around(leaves: dict[str, frozenset[str]], wider: list[str], name: str) -> int:
    """The place of the smallest trial that holds all units of this one; -1 without one."""
    mine = leaves[name]
    if any(mine & leaves[other] and not mine <= leaves[other] for other in wider):
        raise Leak("A1")
    return max((i for i, other in enumerate(wider) if mine <= leaves[other]), default=-1)
