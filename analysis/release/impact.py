"""How barriers go with success at the root and the centres, in whole percentage points.

Never below a centre, and never where the release hides the people it rests on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor
from typing import Final

import numpy as np
import polars as pl

from analysis.association import Association, associations
from analysis.findings import Cell, Impact
from analysis.frames import BARRIERS, Tree, barrier_column

SUCCESS_FROM: Final = 4  # of the last five times
CENTRES: Final = 1  # depth: the root and what is straight below it
HIGH: Final = 2  # "I høj grad"


@dataclass(frozen=True)
class Parts:
    """The people of a wave and where the root and each centre begin and end among the leaves.

    One row per person who gave a success number: place of the leaf, success, "I høj grad" or not
    per barrier that was asked about. A leaf is the unit that an answer belongs to, so that answers
    moved up to a unit stand together there.
    """

    people: pl.DataFrame
    ends: Mapping[str, tuple[int, int]]


def parts_of(people: pl.DataFrame, tree: Tree) -> Parts:
    """`people` are the answers of a wave.

    "Ved ikke" and skipped are not "I høj grad", as in the share; without a success number nobody
    is counted.
    """
    if "successes" not in people.columns:
        people = people.with_columns(successes=pl.lit(None, dtype=pl.Int8))
    asked = [code for code in BARRIERS if barrier_column(code) in people.columns]
    rows = people.filter(pl.col("successes").is_not_null()).select(
        pl.col("unit").replace_strict(tree.place, return_dtype=pl.Int64).alias("leaf"),
        (pl.col("successes") >= SUCCESS_FROM).alias("success"),
        *((pl.col(barrier_column(c)) == HIGH).fill_null(value=False).alias(c) for c in asked),
    )
    places = np.flatnonzero(tree.depth <= CENTRES).tolist()
    return Parts(rows, {tree.codes[u]: (u, int(tree.end[u])) for u in places})


@dataclass(frozen=True)
class Associated:
    """How the barriers go with success among the n people of a unit; none below the gate."""

    n: int
    found: tuple[Association, ...]


def associated(parts: Parts, wave: str) -> dict[str, Associated]:
    """The associations of the root and of each centre, in the order of the tree."""
    asked = [code for code in BARRIERS if code in parts.people.columns]
    made = {}
    for unit, (first, end) in parts.ends.items() if asked else ():
        here = parts.people.filter(pl.col("leaf").is_between(first, end, closed="left"))
        found = associations(here, asked, seed=f"impact {wave}")
        made[unit] = Associated(here.height, found)
    return made


def impact_of(made: Mapping[str, Associated], cells: Sequence[Cell]) -> tuple[Impact, ...]:
    """The associations that pass the gate, units in the order of the tree, barriers as listed.

    `cells` are those that the wave displays: where they hide the share of a barrier, or the level
    of a unit, nothing is told.
    """
    high = [cell for cell in cells if cell.unit in made]
    shares = (c for c in high if c.measure == "barrier_share" and c.status == "shown")
    told = {(c.unit, c.item): c for c in shares}
    hidden = {c.unit for c in high if c.measure == "behaviour_level" and c.status == "hidden"}
    return tuple(
        Impact(
            one.barrier,
            unit,
            n=here.n,
            prevalence=told[unit, one.barrier].value,
            association_pp=round(100 * one.association),
            low=floor(100 * one.low),
            high=ceil(100 * one.high),
            rank=one.rank,
        )
        for unit, here in made.items()
        if unit not in hidden
        for one in here.found
        if (unit, one.barrier) in told
    )
