"""A4: what several releases give away together that each of them keeps.

Each wave asks anew, so that one wave's counts never subtract from another's. What links two files
is the same answers in both: a wave released twice, recomputed on a later tree (R8), or pooled
with others (R7). And a change must be the difference of what both waves display, or it would tell
more than they do.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final, TypeAlias

import numpy as np
from msgspec import UNSET

from analysis.attack import FEW
from analysis.audit import Leak
from analysis.findings import Release
from analysis.release.audit.changed import changes_redone

# Exact people of a base at a unit, or of a behaviour's whole scope.
Exact: TypeAlias = Mapping[tuple[str, str], int]
# By unit and barrier its people and what is displayed of them.
Said: TypeAlias = Mapping[tuple[str | None, str | None], tuple[object, ...]]
ALIKE_FROM: Final = 10  # cells: so many equal values are the same answers, not chance
POOLED_OF: Final = 2  # waves: one alone is the same answers, not a pool
POOLED_FROM: Final = 3  # rows: so many equal sums are a pooled period, not chance


def linked(release: Release, others: Sequence[Release]) -> dict[str, int]:
    """Attack a release together with those of other waves; how much was tried.

    `others` may hold the release itself. Raises `Leak` for the same answers in two files, for a
    list of earlier waves out of order, and for a change that is not that of the displayed values.
    """
    _in_time_order(release)
    waves = {release.wave: release}
    for other in sorted(others, key=lambda old: old.wave):
        _in_time_order(other)
        known = waves.setdefault(other.wave, other)
        if known.sha256 != other.sha256:
            raise Leak("A4", *_between(known, other))
    series = [waves[wave] for wave in sorted(waves)]
    tree = _tree(release)
    for other in series:
        if _tree(other) != tree and _same_answers(_leaves_say(release), _leaves_say(other)):
            raise Leak("A4", *_between(other, release))
    _pooled(series)
    changes = changes_redone(release, waves)
    missing = sum(wave not in waves for wave in release.earlier)
    return {"releases": len(series), "changes": changes, "missing": missing}


def _in_time_order(release: Release) -> None:
    """The earlier waves come before the wave, each once, and changes are against them."""
    chain = (*release.earlier, release.wave)
    if any(one >= next_one for one, next_one in pairwise(chain)):
        raise Leak("A4")


# --- the same answers twice ------------------------------------------------------------------


def _between(one: Release, other: Release) -> tuple[int | None, tuple[str, ...]]:
    """The smallest group of 1-4 by which a unit differs between two tellings of its answers."""
    a, b = _exact(one), _exact(other)
    differ = sorted(
        (abs(a[row] - b[row]), row[1])
        for row in a.keys() & b.keys()
        if 0 < abs(a[row] - b[row]) <= FEW
    )
    return (differ[0][0], (differ[0][1],)) if differ else (None, ())


def _exact(release: Release) -> Exact:
    return {
        (cell.base, cell.unit or cell.behaviour or ""): cell.n
        for cell in release.cells
        if cell.n is not None and cell.cross is UNSET and cell.barrier is UNSET
    }


def _tree(release: Release) -> dict[str, str | None]:
    return {unit.unit: unit.parent for unit in release.units}


def _same_answers(one: Said, other: Said) -> bool:
    """Whether all units with nothing below say exactly the same in both, and enough of it."""
    both = one.keys() & other.keys()
    return len(both) >= ALIKE_FROM and all(one[key] == other[key] for key in both)


def _leaves_say(release: Release) -> Said:
    """What the units with nothing below tell of the barriers, where their people are exact."""
    above = {unit.parent for unit in release.units}
    return {
        (cell.unit, cell.item): (cell.n, cell.value, cell.value_to, cell.clip)
        for cell in release.cells
        if cell.n is not None
        and cell.measure == "barrier_share"
        and cell.unit not in above
        and cell.unit is not None
        and cell.cross is UNSET
    }


def _pooled(series: Sequence[Release]) -> None:
    """Refuse a release of the answers of several others: the rest of it isolates each of them."""
    if len(series) < POOLED_OF + 1:
        return
    people = [_exact(release) for release in series]
    rows = sorted({row for of in people for row in of})
    n = np.array([[of.get(row, 0) for row in rows] for of in people], dtype=np.int64)
    for p, pool in enumerate(people):
        others = [i for i in range(len(people)) if i != p]
        # Up to each wave the sum of people, and of how many waves they are told.
        sums, told = (np.cumsum(np.insert(of[others], 0, 0, axis=0), axis=0) for of in (n, n > 0))
        for first in range(len(others)):
            for last in range(first + POOLED_OF, len(others) + 1):
                all_told = (n[p] > 0) & (told[last] - told[first] == last - first)
                alike = (n[p] == sums[last] - sums[first])[all_told]
                if len(alike) >= POOLED_FROM and alike.all():
                    raise Leak("A4", *_isolated(pool, [people[i] for i in others[first:last]]))


def _isolated(pool: Exact, window: Sequence[Exact]) -> tuple[int | None, tuple[str, ...]]:
    """The smallest group of 1-4 left of a pooled unit when all but one of its waves are known."""
    left = sorted(
        (rest, row[1])
        for row, n in pool.items()
        if sum(row in of for of in window) == len(window) - 1
        and 0 < (rest := n - sum(of.get(row, 0) for of in window)) <= FEW
    )
    return (left[0][0], (left[0][1],)) if left else (None, ())
