"""The base of trial actions: one row per trial, of the units that were asked about it."""

from collections.abc import Iterator

import numpy as np
from msgspec import UNSET

from analysis.audit import Leak
from analysis.findings import Cell, Release
from analysis.findings.columns import Columns
from analysis.release.audit.tables import UNITS, Column, Table


def trials_table(release: Release) -> Table | None:
    """The cells of base trial, embedded ones too; None without any.

    Each unit is asked about one trial, the first by code, so that trials share nobody and each
    stands alone. Raises `Leak` for a trial that is shown and whose units are not told, or are all
    asked about another.
    """
    told: dict[tuple[str, Column], Cell] = {}
    for cell in _of_trials(release):
        if cell.trial is not UNSET:
            told[cell.trial, (cell.measure, cell.item)] = cell
    if not told:
        return None
    names = sorted({name for name, _ in told})
    columns = list(dict.fromkeys(column for _, column in told))
    asked = _asked(release)
    if any(cell.status == "shown" and name not in asked for (name, _), cell in told.items()):
        raise Leak("A7")
    at = np.full((len(names), len(columns)), -1, dtype=np.int64)
    for i, (name, column) in enumerate(told):
        at[names.index(name), columns.index(column)] = i
    return Table(
        "trial",
        None,
        tuple((None, name, None) for name in names),
        np.full(len(names), -1, dtype=np.int64),
        np.full(len(names), UNITS),
        tuple(columns),
        Columns(tuple(told.values())),
        at,
    )


def _of_trials(release: Release) -> Iterator[Cell]:
    """The cells of trials in the order of the file, and those that stand in a finding."""
    told = release.columns
    trials = [i for i, column in enumerate(told.columns.values) if column[3] is not UNSET]
    at = told.at[:, trials]
    yield from told.some(np.sort(at[at >= 0]))
    yield from (trial.noticed for trial in release.trials if trial.noticed is not None)


def _asked(release: Release) -> frozenset[str]:
    """The trials that somebody was asked about: first by code for one of their units."""
    first: dict[str, str] = {}
    for trial in sorted(release.trials, key=lambda one: one.trial):
        for unit in trial.units:
            first.setdefault(unit, trial.trial)
    return frozenset(first.values())
