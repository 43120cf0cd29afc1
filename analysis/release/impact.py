"""How barriers go with success at the root and the centres, in whole percentage points.

Never below a centre, and never where the release hides the people it rests on.
"""

from collections.abc import Sequence
from math import ceil, floor
from typing import Final

import numpy as np
import polars as pl

from analysis.association import associations
from analysis.findings import Cell, Impact
from analysis.frames import BARRIERS, Tree, barrier_column

SUCCESS_FROM: Final = 4  # of the last five times
CENTRES: Final = 1  # depth: the root and what is straight below it
HIGH: Final = 2  # "I høj grad"


def impact_of(
    people: pl.DataFrame, tree: Tree, cells: Sequence[Cell], wave: str
) -> tuple[Impact, ...]:
    """The associations that pass the gate, units in the order of the tree, barriers as listed.

    `people` are the answers of the wave and `cells` its displayed cells. A leaf is the unit that an
    answer belongs to, so that answers moved up to a unit stand together there. "Ved ikke" and
    skipped are not "I høj grad", as in the share; without a success number nobody is counted.
    """
    rows = _rows(people, tree)
    units = {tree.codes[u]: u for u in np.flatnonzero(tree.depth <= CENTRES).tolist()}
    high = [cell for cell in cells if cell.unit in units]
    shares = (c for c in high if c.measure == "barrier_share" and c.status == "shown")
    told = {(c.unit, c.item): c for c in shares}
    hidden = {c.unit for c in high if c.measure == "behaviour_level" and c.status == "hidden"}
    found = []
    for unit, u in units.items():
        barriers = [code for code in BARRIERS if (unit, code) in told]
        asked = [code for code in barriers if code in rows.columns]
        if not asked or unit in hidden:
            continue
        here = rows.filter(pl.col("leaf").is_between(u, int(tree.end[u]), closed="left"))
        found += [
            Impact(
                one.barrier,
                unit,
                n=here.height,
                prevalence=told[unit, one.barrier].value,
                association_pp=round(100 * one.association),
                low=floor(100 * one.low),
                high=ceil(100 * one.high),
                rank=one.rank,
            )
            for one in associations(here, asked, seed=f"impact {wave}")
        ]
    return tuple(found)


def _rows(people: pl.DataFrame, tree: Tree) -> pl.DataFrame:
    """One row per person who gave a success number: place of the leaf, success, barriers."""
    if "successes" not in people.columns:
        people = people.with_columns(successes=pl.lit(None, dtype=pl.Int8))
    asked = [code for code in BARRIERS if barrier_column(code) in people.columns]
    return people.filter(pl.col("successes").is_not_null()).select(
        pl.col("unit").replace_strict(tree.place, return_dtype=pl.Int64).alias("leaf"),
        (pl.col("successes") >= SUCCESS_FROM).alias("success"),
        *((pl.col(barrier_column(c)) == HIGH).fill_null(value=False).alias(c) for c in asked),
    )
