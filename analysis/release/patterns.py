"""Which units of a wave are shown on each base: from the number of people alone."""

import hashlib
from collections.abc import Sequence
from functools import partial

import msgspec
import numpy as np

from analysis.disclosure import shown_pattern
from analysis.findings import Base, Release, Settings
from analysis.release.counts import Counts, Wave

Ints = np.typing.NDArray[np.int64]
Flags = np.typing.NDArray[np.bool_]


def patterns_of(wave: Wave, settings: Settings, previous: Release | None) -> dict[Base, Flags]:
    before = _shown_before(wave, previous)
    pattern = partial(shown_pattern, minimum=settings.min_n)
    tree = wave.tree.parent
    shown: dict[Base, Flags] = {
        "A": pattern(tree, _own(wave.A), before=before["A"]),
        "S": pattern(tree, _own(wave.S), before=before["S"]),
    }
    unit = wave.Y.unit
    of_unit = unit >= 0
    level = pattern(
        wave.Y.parent,
        _own(wave.Y),
        # The level's pattern is a subset of the barriers'; the whole scopes come after the tree.
        candidate=of_unit & shown["S"][unit],
        before=of_unit & before["Y"][unit],
    )
    shown["Y"] = level | _whole_scopes(wave.Y, level, settings.min_n)
    return shown


def _own(counts: Counts) -> Ints:
    own = counts.n.copy()
    inner = counts.parent >= 0
    np.subtract.at(own, counts.parent[inner], counts.n[inner])
    return own


def _shown_before(wave: Wave, previous: Release | None) -> dict[Base, Flags]:
    """Per base the units that the previous wave showed."""
    bases: tuple[Base, ...] = ("A", "S", "Y")
    before = {base: np.zeros(len(wave.tree.codes), dtype=bool) for base in bases}
    for (is_scope, code), told in previous.told.items() if previous else ():
        u = None if is_scope or code is None else wave.tree.place.get(code)
        for base in before.keys() & {cell.base for cell in told.values()}:
            if u is not None:
                before[base][u] = True
    return before


def _whole_scopes(level: Counts, shown: Flags, minimum: int) -> Flags:
    """A scope is shown where those who are in no shown unit of it are nobody, or enough.

    Scopes cut across the organisation, but not across base Y: no unit with several behaviours has
    a level, so what is shown of a behaviour lies inside its scope and the rows of Y are a forest.
    There the atom under a scope is all that the cut loop of linked tables could find, scopes share
    nobody, so their order decides nothing, and the passes that join the classes are exact.
    """
    scope = np.zeros(len(shown), dtype=bool)
    top = np.flatnonzero(level.unit < 0)
    left = level.n.copy()
    covered = np.zeros(len(shown), dtype=bool)
    for u in range(len(shown)):
        p = level.parent[u]
        if p < 0:
            continue
        covered[u] = covered[p] or shown[p]
        if shown[u] and not covered[u]:
            left[_scope_of(level, u)] -= level.n[u]
    scope[top] = (level.n[top] >= minimum) & ((left[top] == 0) | (left[top] >= minimum))
    return scope


def _scope_of(level: Counts, u: int) -> int:
    while level.parent[u] >= 0:
        u = int(level.parent[u])
    return u


def pattern_hash(
    wave: Wave, patterns: dict[Base, Flags], crossed: Sequence[tuple[str, str]] = ()
) -> str:
    """The pattern is frozen with the wave (rule R11); `crossed` are its centres and professions."""
    named: dict[str, object] = {
        "A": [wave.tree.codes[u] for u in np.flatnonzero(patterns["A"])],
        "S": [wave.tree.codes[u] for u in np.flatnonzero(patterns["S"])],
        "Y": [
            wave.tree.codes[u] if u >= 0 else wave.scopes.behaviours[b]
            for u, b in zip(
                wave.Y.unit[patterns["Y"]].tolist(),
                wave.Y.behaviour[patterns["Y"]].tolist(),
                strict=True,
            )
        ],
    }
    if crossed:
        named["crossed"] = crossed
    return hashlib.sha256(msgspec.json.encode(named, order="sorted")).hexdigest()
