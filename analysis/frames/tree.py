"""The tree of one wave, in the order of the organisation, and the scope of its behaviours."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from analysis.frames.refusals import ScopeRefused, TreeRefused

Ints = np.typing.NDArray[np.int64]
Flags = np.typing.NDArray[np.bool_]


@dataclass(frozen=True)
class Tree:
    """All units of a wave, parents before children and siblings by code.

    Arrays have one place per unit. `parent` is the place of the parent, -1 at the root; `end` is
    the place after the last unit below, so that the units below u are u + 1 .. end[u] - 1.
    """

    codes: tuple[str, ...]
    names: tuple[str, ...]
    parent: Ints
    depth: Ints
    end: Ints
    headcount: Ints
    change: tuple[str | None, ...]
    was: tuple[tuple[str, ...], ...]
    changed_in: tuple[str, ...]

    @cached_property
    def place(self) -> dict[str, int]:
        return {code: i for i, code in enumerate(self.codes)}

    @cached_property
    def is_leaf(self) -> Flags:
        leaf: Flags = self.end == np.arange(len(self.codes)) + 1
        return leaf

    def totals(self, own: Ints) -> Ints:
        """Own counts (one row per unit) summed over each unit and everything below it."""
        sums = np.concatenate([np.zeros_like(own[:1]), np.cumsum(own, axis=0)])
        total: Ints = sums[self.end] - sums[:-1]
        return total

    def below(self, u: int) -> range:
        """The places of everything below `u`."""
        return range(u + 1, int(self.end[u]))

    def children(self, u: int) -> list[int]:
        found, at = [], u + 1
        while at < self.end[u]:
            found.append(at)
            at = int(self.end[at])
        return found

    def above(self, u: int) -> list[int]:
        """The places from the parent of `u` up to the root."""
        path = []
        while (u := int(self.parent[u])) >= 0:
            path.append(u)
        return path


def organisation_order(code: str) -> tuple[tuple[int, str], ...]:
    """Codes as people count: B2 before B10."""
    parts = re.findall(r"\d+|\D+", code)
    return tuple((int(p), "") if p.isdecimal() else (-1, p) for p in parts)


def versions_of(units: pl.DataFrame, wave: str) -> pl.DataFrame:
    """The rows of UNITS that `wave` sees.

    A version holds from `valid_from` to `valid_to`, both counted, or for ever when null.
    """
    begun = pl.col("valid_from") <= wave
    if "valid_to" not in units.columns:
        return units.filter(begun)
    return units.filter(begun, pl.col("valid_to").is_null() | (pl.col("valid_to") >= wave))


def tree_of(units: pl.DataFrame, wave: str) -> Tree:
    """The tree that `wave` sees. Raises `TreeRefused` unless it is one tree."""
    rows = {}
    for row in versions_of(units, wave).iter_rows(named=True):
        if row["unit"] in rows:
            raise TreeRefused("UNITS", rule="repeated", unit=row["unit"], wave=wave)
        rows[row["unit"]] = row
    below: dict[str, list[str]] = {code: [] for code in rows}
    roots = [code for code, row in rows.items() if row["parent"] is None]
    for code, row in rows.items():
        parent = row["parent"]
        if parent is not None and parent not in rows:
            raise TreeRefused("UNITS", rule="parent_missing", unit=code, parent=parent, wave=wave)
        if parent is not None:
            below[parent].append(code)
    if len(roots) > 1:
        raise TreeRefused(
            "UNITS", rule="two_roots", unit=max(roots, key=organisation_order), wave=wave
        )
    if not roots and not rows:
        raise TreeRefused("UNITS", rule="no_root", unit=None, wave=wave)
    order, end = _walked(roots, below)
    if len(order) < len(rows):
        unit = min(rows.keys() - {code for code, _, _ in order}, key=organisation_order)
        raise TreeRefused("UNITS", rule="cycle", unit=unit, wave=wave)
    kept = [rows[code] for code, _, _ in order]
    return Tree(
        codes=tuple(code for code, _, _ in order),
        names=tuple(row["name"] for row in kept),
        parent=np.array([parent for _, parent, _ in order], dtype=np.int64),
        depth=np.array([depth for _, _, depth in order], dtype=np.int64),
        end=np.array(end, dtype=np.int64),
        headcount=np.array([row["headcount"] for row in kept], dtype=np.int64),
        change=tuple(row.get("change") for row in kept),
        was=tuple(tuple(filter(None, (row.get("was") or "").split(";"))) for row in kept),
        changed_in=tuple(row["valid_from"] for row in kept),
    )


def _walked(
    roots: list[str], below: dict[str, list[str]]
) -> tuple[list[tuple[str, int, int]], list[int]]:
    """Code, place of parent and depth in preorder; and the end of each unit's part."""
    order: list[tuple[str, int, int]] = []
    stack = [(root, -1, 0) for root in roots]
    while stack:
        code, parent, depth = stack.pop()
        place = len(order)
        order.append((code, parent, depth))
        siblings = sorted(below[code], key=organisation_order, reverse=True)
        stack.extend((child, place, depth + 1) for child in siblings)
    end = list(range(1, len(order) + 1))
    for place in range(len(order) - 1, 0, -1):
        parent = order[place][1]
        end[parent] = max(end[parent], end[place])
    return order, end


@dataclass(frozen=True)
class Scopes:
    """Who is asked about what: per unit of a tree the place of its behaviour.

    `own` is the behaviour of the people attached to the unit itself, -1 for none; `whole` that of
    everybody in the unit's part of the tree, -1 where there is none, -2 where there are several.
    """

    behaviours: tuple[str, ...]
    texts: tuple[str, ...]
    own: Ints
    whole: Ints


def scopes_of(behaviours: pl.DataFrame, tree: Tree, answered: Iterable[str], wave: str) -> Scopes:
    """The scopes of the behaviours in a wave.

    A unit in a scope means all below it. Raises `ScopeRefused` where two behaviours that are
    answered in the wave meet; one that nobody answered yields, since it may belong to another
    wave. A unit of the file that the wave's tree does not have is no longer asked.
    """
    rows = behaviours.sort("behaviour")
    codes = tuple(rows["behaviour"].to_list())
    own = np.full(len(tree.codes), -1, dtype=np.int64)
    used = set(answered)
    for b in sorted(range(len(codes)), key=lambda b: (codes[b] not in used, b)):
        for code in rows["units"][b].split(";"):
            unit = tree.place.get(code.strip(), -1)
            if unit < 0:
                continue
            part = own[unit : int(tree.end[unit])]
            taken = (part >= 0) & (part != b)
            if codes[b] in used and taken.any():
                other = codes[int(part[taken][0])]
                raise ScopeRefused(
                    "BEHAVIOURS", unit=tree.codes[unit], wave=wave, behaviours=(other, codes[b])
                )
            part[~taken] = b
    return Scopes(codes, tuple(rows["text"].to_list()), own, _whole(own, tree))


def _whole(own: Ints, tree: Tree) -> Ints:
    whole = own.copy()
    for u in range(len(own) - 1, 0, -1):
        parent = int(tree.parent[u])
        if whole[u] == -1 or whole[parent] == whole[u]:
            continue
        whole[parent] = whole[u] if whole[parent] == -1 else -2
    return whole
