"""Answers of one wave into counts per unit: the only place that reads an answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Final

import numpy as np
import polars as pl

from analysis.findings import Base, Measure
from analysis.frames import (
    BARRIERS,
    CITIZEN,
    RESOLVERS,
    CellRefused,
    ScopeRefused,
    Scopes,
    Tree,
    barrier_column,
)
from analysis.frames.contracts import IN_SITUATION

Ints = np.typing.NDArray[np.int64]
SITUATION_WIDTH = 10  # people: so that n(A) - n(S) isolates nobody
TREE_BASES: Final[tuple[Base, ...]] = ("A", "S")  # every unit has them
IN_S = pl.col("situation").is_in(IN_SITUATION)


@dataclass(frozen=True)
class Item:
    """A published measure of base S or A: who counts as k."""

    measure: Measure
    item: str | None
    base: Base
    counted: pl.Expr
    width: int = 5  # people: the steps in which n is told on base A


@dataclass(frozen=True)
class Counts:
    """One base: people and counts, one row per row of the base, one column per item.

    The rows of S and A are the units of the tree; `parent` is the row above.
    """

    base: Base
    unit: Ints
    parent: Ints
    n: Ints
    k: Ints


@dataclass(frozen=True)
class LevelCounts(Counts):
    """Base Y: the units with one behaviour and, above them, each behaviour's whole scope.

    `unit` is the place in the tree, -1 for a scope; `behaviour` the place of the behaviour; k the
    total of successes and `squares` that of their squares.
    """

    squares: Ints
    behaviour: Ints


@dataclass(frozen=True)
class Wave:
    """Everything that is counted of one wave."""

    tree: Tree
    scopes: Scopes
    invited: Ints  # N per unit, everything below counted; more may have answered
    own_invited: Ints
    items: dict[Base, tuple[Item, ...]]
    A: Counts
    S: Counts
    Y: LevelCounts
    first_option: int  # people who chose the first option throughout

    def behaviour_of(self, u: int) -> str | None:
        """The behaviour of a unit's whole part of the tree; None where there are several."""
        b = int(self.scopes.whole[u])
        return self.scopes.behaviours[b] if b >= 0 else None


def items_of(columns: Sequence[str]) -> dict[Base, tuple[Item, ...]]:
    """The measures that the questionnaire of the wave asks for, in the order of the release."""
    has = set(columns)
    s = [
        Item("barrier_share", code, "S", pl.col(barrier_column(code)) == 2)
        for code in BARRIERS
        if barrier_column(code) in has
    ]
    if "priority" in has:
        s += [Item("priority_share", code, "S", pl.col("priority") == code) for code in BARRIERS]
    if "resolver" in has:
        s += [Item("resolver_share", who, "S", pl.col("resolver") == who) for who in RESOLVERS]
    a = [Item("situation_share", None, "A", IN_S, SITUATION_WIDTH)]
    notices = [name for name in ("citizen_1", "citizen_2") if name in has]
    if notices:
        a += [
            Item("citizen_share", what, "A", reduce(or_, (_is(name, what) for name in notices)))
            for what in CITIZEN
        ]
    if "changed_by_citizen" in has:
        a.append(Item("changed_share", None, "A", pl.col("changed_by_citizen") == "yes"))
    if "clarity" in has:
        a.append(Item("clarity_share", None, "A", pl.col("clarity") >= 4))
    a += [
        Item("safe_share", name, "A", pl.col(name) >= 4)
        for name in ("safe_a", "safe_b", "safe_c")
        if name in has
    ]
    level = Item("behaviour_level", None, "Y", pl.col("successes").sum())
    return {"A": tuple(a), "S": tuple(s), "Y": (level,)}


def _is(column: str, value: str) -> pl.Expr:
    return (pl.col(column) == value).fill_null(value=False)


def counted(answers: pl.DataFrame, tree: Tree, scopes: Scopes, *, own_invited: Ints) -> Wave:
    """Count one wave's answers; raises `ScopeRefused` where nobody is asked about them."""
    items = items_of(answers.columns)
    sums = unit_sums(answers.lazy(), items).collect().sort("unit", "behaviour")
    place = np.array([tree.place[unit] for unit in sums["unit"].to_list()], dtype=np.int64)
    behaviour = {code: b for b, code in enumerate(scopes.behaviours)}
    about = np.array([behaviour[code] for code in sums["behaviour"].to_list()], dtype=np.int64)
    _refuse_outside(tree, scopes, place, about)

    def per_unit(names: Sequence[str]) -> Ints:
        own = np.zeros((len(tree.codes), len(names)), dtype=np.int64)
        sum_of = sums.select(names).to_numpy().astype(np.int64)
        np.add.at(own, place, sum_of.reshape(own[place].shape))
        return tree.totals(own)

    people = per_unit(["A", "S"])
    here = np.arange(len(tree.codes))
    bases = {
        base: Counts(
            base, here, tree.parent, people[:, at],
            per_unit([_name(base, i) for i in range(len(items[base]))]),
        )
        for at, base in enumerate(TREE_BASES)
    }  # fmt: skip
    level = sums.select("Y", "total", "squares").to_numpy().astype(np.int64)
    return Wave(
        tree=tree,
        scopes=scopes,
        invited=tree.totals(own_invited),
        own_invited=own_invited,
        items=items,
        A=bases["A"],
        S=bases["S"],
        Y=_levels(tree, scopes, place, about, level),
        first_option=int(sums["first_option"].sum()),
    )


def _refuse_outside(tree: Tree, scopes: Scopes, place: Ints, about: Ints) -> None:
    """Answers moved up stand at a unit above the scope; anywhere else they are an error."""
    for u, b in zip(place.tolist(), about.tolist(), strict=True):
        if not (scopes.own[u : int(tree.end[u])] == b).any():
            raise ScopeRefused(
                "ANSWERS", unit=tree.codes[u], wave=None, behaviours=(scopes.behaviours[b],)
            )


def _name(base: Base, i: int) -> str:
    return f"{base}{i}"


def unit_sums(answers: pl.LazyFrame, items: dict[Base, tuple[Item, ...]]) -> pl.LazyFrame:
    """One row per unit and behaviour: people per base, and a sum per item, named base and place.

    Reads only the columns that the items need. `total` and `squares` are those of the successes,
    `first_option` the people who chose it throughout.
    """
    columns = answers.collect_schema().names()
    numbers = "successes" in columns
    successes = pl.col("successes").cast(pl.Int64) if numbers else pl.lit(None, dtype=pl.Int64)
    return answers.group_by("unit", "behaviour").agg(
        A=pl.len(),
        S=IN_S.sum(),
        Y=successes.is_not_null().sum(),
        total=successes.sum(),
        squares=(successes**2).sum(),
        first_option=_first_option(columns).sum(),
        **{
            _name(base, i): item.counted.sum()
            for base, wanted in items.items()
            if base in TREE_BASES
            for i, item in enumerate(wanted)
        },
    )


def _first_option(columns: Sequence[str]) -> pl.Expr:
    """Whoever chose the first option in every line of a scale that was answered, all of them."""
    scales = [
        *((barrier_column(code), 0) for code in BARRIERS),
        *((name, 1) for name in ("clarity", "safe_a", "safe_b", "safe_c")),
    ]
    asked = [pl.col(name) == first for name, first in scales if name in columns]
    return pl.all_horizontal(IN_S, *asked).fill_null(value=False)


def _levels(tree: Tree, scopes: Scopes, place: Ints, about: Ints, level: Ints) -> LevelCounts:
    """Base Y: under each behaviour's whole scope, the units that have only this behaviour.

    Answers of the behaviour at a unit with several belong to the scope alone.
    """
    unit: list[int] = []
    parent: list[int] = []
    behaviour: list[int] = []
    rows: list[Ints] = []
    for b in range(len(scopes.behaviours)):
        top = len(unit)
        row = {-1: top}
        members = np.flatnonzero(scopes.whole == b).tolist()
        for u in (-1, *members):
            row[u] = len(unit)
            above = int(tree.parent[u]) if u >= 0 else -1
            unit.append(u)
            parent.append(-1 if u < 0 else row.get(above, top))
            behaviour.append(b)
        mine = np.flatnonzero(about == b)
        own = np.zeros((len(unit) - top, 3), dtype=np.int64)
        at = np.array([row.get(int(u), top) - top for u in place[mine]], dtype=np.int64)
        np.add.at(own, at, level[mine])
        rows.append(_summed(own, np.array(parent[top:]) - top))
    total = np.concatenate(rows) if rows else np.zeros((0, 3), dtype=np.int64)
    return LevelCounts(
        "Y",
        np.array(unit, dtype=np.int64),
        np.array(parent, dtype=np.int64),
        total[:, 0],
        total[:, 1:2],
        squares=total[:, 2],
        behaviour=np.array(behaviour, dtype=np.int64),
    )


def _summed(own: Ints, parent: Ints) -> Ints:
    total = own.copy()
    for u in range(len(total) - 1, 0, -1):
        total[parent[u]] += total[u]
    return total


def invited_of(invited: pl.DataFrame | None, tree: Tree, scopes: Scopes, wave: str) -> Ints:
    """N attached to each unit itself: from INVITED, else the headcount of the units asked.

    Headcount stands in for a whole wave that INVITED has no row of, never for one unit. A row
    without profession stands for all of its unit, whatever rows stand beside it. Raises
    `CellRefused` for a unit that the tree of the wave does not have.
    """
    if invited is None or wave not in invited["wave"]:
        asked: Ints = np.where(scopes.own >= 0, tree.headcount, 0)
        return asked
    own = np.zeros(len(tree.codes), dtype=np.int64)
    mine = invited.with_row_index("row", offset=2).filter(pl.col("wave") == wave)
    has_profession = "profession" in mine.columns
    everyone = pl.col("profession").is_null() if has_profession else pl.lit(value=True)
    for unit, row, whole, parts in (
        mine.group_by("unit", maintain_order=True)
        .agg(
            pl.col("row").first(),
            pl.col("n").filter(everyone).sum().alias("whole"),
            pl.col("n").sum().alias("parts"),
            everyone.any().alias("has_whole"),
        )
        .select("unit", "row", pl.when("has_whole").then("whole").alias("whole"), "parts")
        .iter_rows()
    ):
        if unit not in tree.place:
            raise CellRefused("INVITED", column="unit", row=row, rule="unknown")
        own[tree.place[unit]] = parts if whole is None else whole
    return own
