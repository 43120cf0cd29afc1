"""Who has noticed a trial action: one small table of its own, of all who were asked about it.

**Why a simple rule is enough.** The item `noticed` is published on base "trial" and nowhere else,
so a reader can subtract nothing but the groups of this table from each other. Every unit belongs
to one trial of the wave, the first by code, which is also the one its people were asked about. So
the groups share nobody: no sum or difference of them is a new group, and what is left of a unit,
a centre or the organisation is in no number of this item. A group is shown from ten people and
told in classes that survive the insider test; small units inside it are attacked like any other
(A1, A2, A3). Fails closed: where a node is listed, only the people attached to it count, since
those below were not asked.
"""

from collections.abc import Collection, Sequence
from typing import Final

import numpy as np
import polars as pl
from msgspec.structs import replace

from analysis.audit import Published, audited
from analysis.disclosure import Classes, classes_of
from analysis.findings import Cell, Settings
from analysis.frames import NOTICED
from analysis.release.counts import Item, Wave
from analysis.release.sayings import Sayings, hidden
from analysis.release.trials import Trial

Ints = np.typing.NDArray[np.int64]

ITEMS: Final = tuple(
    Item("noticed_share", answer, "trial", (pl.col("noticed") == answer).fill_null(value=False))
    for answer in NOTICED
)


def noticed_of(
    people: pl.DataFrame,
    wave: Wave,
    trials: Sequence[Trial],
    settings: Settings,
    *,
    told: Collection[str],
) -> list[Cell]:
    """One cell per trial and answer, hidden below ten people.

    `people` hold one row per response, `trials` are all that end in the wave: those whose wave
    before is not among `told` have no finding that names their units, and so no cells either.
    Without the column `noticed` nobody was asked: no cells. Raises `Leak` when the attacker finds
    an answer.
    """
    if "noticed" not in people.columns or not trials:
        return []
    group = _asked_about(wave, trials)
    n, k = _counted(people, wave)
    total = np.zeros((len(trials), 1 + len(ITEMS)), dtype=np.int64)
    asked = np.flatnonzero(group >= 0)
    np.add.at(total, group[asked], np.column_stack([n, k])[asked])
    invited = np.bincount(
        group[asked], weights=wave.own_invited[asked], minlength=len(trials)
    ).astype(np.int64)
    shown = total[:, 0] >= max(settings.min_cross, settings.min_n)
    _attacked(group, n, total, shown, settings.min_n)
    sayings = Sayings(ITEMS, total[shown, 0], _tables)
    found = []
    for t, trial in enumerate(trials):
        if trial.start not in told:
            continue
        for i, item in enumerate(ITEMS):
            cell = _said(sayings, total[t], i) if shown[t] else hidden(item)
            found.append(replace(cell, N=int(invited[t]), trial=trial.code))
    return found


def _asked_about(wave: Wave, trials: Sequence[Trial]) -> Ints:
    """Per unit the place of the trial its own people are asked about, -1 for none."""
    group = np.full(len(wave.tree.codes), -1, dtype=np.int64)
    for t in reversed(range(len(trials))):
        group[list(trials[t].tried)] = t
    return group


def _counted(people: pl.DataFrame, wave: Wave) -> tuple[Ints, Ints]:
    """People attached to each unit itself, and how many of them gave each answer."""
    sums = people.group_by("unit").agg(
        pl.len().alias("n"), *(item.counted.sum().alias(str(item.item)) for item in ITEMS)
    )
    place = np.array([wave.tree.place[unit] for unit in sums["unit"].to_list()], dtype=np.int64)
    own = np.zeros((len(wave.tree.codes), 1 + len(ITEMS)), dtype=np.int64)
    own[place] = sums.drop("unit").to_numpy()
    return own[:, 0], own[:, 1:]


def _said(sayings: Sayings, total: Ints, i: int) -> Cell:
    n, k = int(total[0]), total[1 + i]
    at = int(classes_of(n).holding(k))
    return sayings.cell(n, i, at, at)


def _tables(n: int) -> list[tuple[Classes, Ints]]:
    return [(classes_of(n), np.arange(len(ITEMS)))]


def _attacked(
    group: Ints, n: Ints, total: Ints, shown: np.typing.NDArray[np.bool_], least: int
) -> None:
    """The groups as roots, each with its units below it, hidden."""
    rows: list[tuple[int, int, bool]] = []
    bounds: list[tuple[Ints, Ints]] = []
    for t in np.flatnonzero(shown).tolist():
        top, classes = len(rows), classes_of(int(total[t, 0]))
        at = classes.holding(total[t, 1:])
        rows.append((-1, classes.n, True))
        bounds.append((classes.low[at], classes.high[at]))
        for u in np.flatnonzero(group == t).tolist():
            rows.append((top, int(n[u]), False))
            bounds.append((np.zeros_like(at), np.zeros_like(at)))
    if rows:
        parent, people, told = (np.array(column) for column in zip(*rows, strict=True))
        low, high = (np.array(column) for column in zip(*bounds, strict=True))
        audited(Published(parent, people, told, low, high), least)
