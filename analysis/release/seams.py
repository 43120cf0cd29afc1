"""Pairs of parts between which work stalls, as they are told."""

from collections.abc import Callable
from typing import TypeVar

import numpy as np
import polars as pl

from analysis.disclosure import BANDS_BELOW, classes_of, group_band
from analysis.estimate import benjamini_hochberg
from analysis.findings import Directed, Pair, Part
from analysis.frames import Tree
from analysis.network import Seam, fisher, seams

Flags = np.typing.NDArray[np.bool_]
HALF = 50  # per cent
T = TypeVar("T")


def pairs_of(people: pl.DataFrame, tree: Tree, shown: Flags, q: float) -> tuple[Pair, ...]:
    """The pairs that may be told of, from the answers of one wave in the situation.

    Undirected for all. Who names whom only where the two sides differ by more than chance
    (Fisher's exact test, Benjamini-Hochberg at `q`), and only for the managers above both.
    """
    found = seams(people, tree, shown)
    p = fisher(
        np.array([seam.named for seam in found], dtype=np.int64).reshape(-1, 2),
        np.array([seam.n for seam in found], dtype=np.int64).reshape(-1, 2),
    )
    uneven = p <= benjamini_hochberg(p, q)
    return tuple(
        _pair(seam, tree, directed=bool(differs))
        for seam, differs in zip(found, uneven, strict=True)
    )


def _pair(seam: Seam, tree: Tree, *, directed: bool) -> Pair:
    a, b = (_part(k, n) for k, n in zip(seam.named, seam.n, strict=True))
    clear = [part for part, is_clear in zip((a, b), seam.clear, strict=True) if is_clear]
    both = all(seam.clear)
    return Pair(
        tree.codes[seam.a],
        tree.codes[seam.b],
        "shown",
        both_sides=both,
        n=_each(seam.n, lambda n: n if n >= BANDS_BELOW else None),
        n_band=_each(seam.n, lambda n: None if n >= BANDS_BELOW else group_band(n)),
        strength="half_or_more" if any(_at_least_half(part) for part in clear) else "some",
        how=seam.how,
        directed=Directed("common_superior", a, b) if both and directed else None,
    )


def _part(k: int, n: int) -> Part:
    classes = classes_of(n)
    at = int(classes.holding(np.array(k)))
    return Part(band=classes.bands[at]) if classes.is_band else Part(value=classes.per_cents[at])


def _at_least_half(part: Part) -> bool:
    return part.band == "nearly_all" or (isinstance(part.value, int) and part.value >= HALF)


def _each(n: tuple[int, int], told: Callable[[int], T]) -> tuple[T, T]:
    return told(n[0]), told(n[1])
