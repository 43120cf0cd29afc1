"""What is true of the people behind a number of Fjordlund, and where nothing was planted.

The shares are those of the people who are drawn, not of all: how many of a unit answer and how
many of them are in the situation is the same in every draw.
"""

from collections import Counter
from collections.abc import Callable, Container
from functools import cache
from typing import Final

import numpy as np
import polars as pl

from survey.seeds.files import roster
from survey.seeds.planted import BARRIERS, fjordlund

Floats = np.typing.NDArray[np.float64]

PLACES: Final = ("centre", "department", "team")
SPREAD: Final = 0.10  # between units, from which a place is named, measurement.md 3.4
COMMON: Final = 0.25  # prevalence, from which a barrier without a place is the organisation's
NEAR: Final = 0.2  # how near a cut or another component counts as the same


class Pooled:
    """True shares of every unit of one wave, pooled over the people below it."""

    def __init__(self, answers: pl.DataFrame, wave: str) -> None:
        """`answers` are the drawn ones of the wave, in the columns of ANSWERS."""
        self._wave = wave
        self._parents = fjordlund().parents(wave)
        inside = answers.filter(pl.col("situation").is_in(["several", "once"]))
        self.people = {
            "A": Counter(answers["unit"]),
            "S": Counter(inside["unit"]),
            "Y": Counter(inside.filter(pl.col("successes").is_not_null())["unit"]),
        }

    def barrier_share(self, unit: str, barrier: str) -> float:
        """P("I høj grad") among those in the situation, 0-1."""
        return self._mean(unit, "S", lambda leaf: planted_share(leaf, barrier, self._wave))

    def behaviour_level(self, unit: str) -> float:
        """The mean level of those who could say how often it succeeds, 0-1."""
        return self._mean(unit, "Y", lambda leaf: fjordlund().truth(leaf, self._wave).level)

    def remainders(self, base: str, shown: Container[str | None]) -> list[int]:
        """People of each shown unit who are in none of the units shown below it."""
        rest = Counter[str]()
        for leaf, n in self.people[base].items():
            at: str | None = leaf
            while at is not None and at not in shown:
                at = self._parents.get(at)
            if at is not None:
                rest[at] += n
        return list(rest.values())

    def places(self, barrier: str) -> frozenset[str]:
        """The verdicts that the planted shares allow: where the barrier sits, or that it does not.

        The components of 3.4 solved on the true shares of the leaves. Where the spread is within
        a fifth of its cut, or two components are that near each other, both answers are allowed.
        """
        people = self.people["S"]
        shares = np.array([planted_share(leaf, barrier, self._wave) for leaf in people])
        n = np.array([*people.values()], dtype=float)
        paths = [self._path(leaf) for leaf in people]
        parts = components(shares, n, [[path[depth] for path in paths] for depth in range(3)])
        spread = float(np.sqrt(parts.sum()))
        found: set[str] = set()
        if spread < SPREAD * (1 + NEAR):
            prevalence = float((n * shares).sum() / n.sum())
            found |= {"organisation"} if prevalence >= COMMON * (1 - NEAR) else set()
            found |= {"small"} if prevalence < COMMON * (1 + NEAR) else set()
        if spread >= SPREAD * (1 - NEAR):
            large = parts >= (1 - NEAR) * parts.max()
            found |= {name for name, is_one in zip(PLACES, large, strict=True) if is_one}
        return frozenset(found)

    def _path(self, leaf: str) -> tuple[str, str, str]:
        """Centre, department and team; a shorter branch repeats its leaf."""
        path = [leaf]
        while (above := self._parents.get(path[0])) in self._parents:
            path.insert(0, str(above))
        return path[0], path[min(1, len(path) - 1)], leaf

    def _mean(self, unit: str, base: str, of: Callable[[str], float]) -> float:
        below = {leaf: n for leaf, n in self.people[base].items() if self._is_under(leaf, unit)}
        return sum(n * of(leaf) for leaf, n in below.items()) / sum(below.values())

    def _is_under(self, leaf: str, unit: str) -> bool:
        at: str | None = leaf
        while at is not None and at != unit:
            at = self._parents.get(at)
        return at == unit


def components(shares: Floats, n: Floats, groups: list[list[str]]) -> Floats:
    """Variance of centres, departments and teams, 0-1 squared, from true shares of the teams.

    T_l = sum over the units of level l of (sum n p)² / sum n; diff(T) = diff(C) v.
    """
    levels = [["all"] * len(n), *groups]
    sums = [_sums(keys, n * shares) ** 2 / _sums(keys, n) for keys in levels]
    totals = np.array([one.sum() for one in sums])
    weights = np.array([[_overlap(at, of, n) for of in groups] for at in levels])
    found: Floats = np.linalg.solve(np.diff(weights, axis=0), np.diff(totals))
    return found.clip(0)


def _sums(keys: list[str], values: Floats) -> Floats:
    _, place = np.unique(keys, return_inverse=True)
    found: Floats = np.bincount(place, weights=values).astype(float)
    return found


def _overlap(at: list[str], of: list[str], n: Floats) -> float:
    """How much of the variance of level `of` stands in the total of level `at`."""
    inner = [f"{a} {o}" for a, o in zip(at, of, strict=True)]
    outer = dict(zip(sorted(set(at)), _sums(at, n), strict=True))
    squares = zip(sorted(set(inner)), _sums(inner, n) ** 2, strict=True)
    return float(sum(square / outer[key.split()[0]] for key, square in squares))


@cache
def planted_share(leaf: str, barrier: str, wave: str) -> float:
    """P("I høj grad") in a unit with people of its own, over its professions."""
    people = Counter(one.profession for one in roster() if one.unit == leaf)
    line = fjordlund().line
    shares = (n * line(leaf, group, barrier, wave).high for group, n in people.items())
    return sum(shares) / people.total()


@cache
def planted_cells(wave: str) -> frozenset[tuple[str, str]]:
    """Units, and all units above them, whose share of a barrier is not everybody's."""
    truth, found = fjordlund(), set()
    parents = truth.parents(wave)
    for leaf in truth.units:
        for barrier in BARRIERS:
            everybody = truth.background("barrier_high", barrier, "*", truth.waves.index(wave))
            groups = {one.profession for one in roster() if one.unit == leaf}
            if {truth.line(leaf, group, barrier, wave).high for group in groups} == {
                (everybody or 0) / 100
            }:
                continue
            at: str | None = leaf
            while at is not None:
                found.add((at, barrier))
                at = parents.get(at)
    return frozenset(found)
