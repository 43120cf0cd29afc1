"""Weights for who answered: raking to who was invited, and when weights are not to be used.

For a centre and everything above it. Nothing weighted is published: the release counts people, and
so does its audit.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import polars as pl

Floats = np.typing.NDArray[np.float64]

TRIM: Final = (0.3, 3.0)  # a weight of one person, where the mean is 1
SMALLEST_CHANGE: Final = 1e-8  # of a factor in one sweep
MOST_SWEEPS: Final = 1000
MOST_DESIGN_EFFECT: Final = 1.5  # above this the weights cost more than they mend
MOST_OF_A_CELL: Final = 0.15  # one person's part of the weights, R12


def raked(answered: pl.DataFrame, margins: Mapping[str, pl.DataFrame]) -> pl.DataFrame | None:
    """The rows of `answered` with `weight`, one person's: the sums of n · weight fit each margin.

    `answered`: one row per group of people, its n and a column per margin (unit, profession).
    `margins`: per column a frame of its values and N, those invited. One margin is fitted
    after the other until no weight moves by more than 1e-8 of itself. Then weights are trimmed to
    0.3-3, where the margins fit a little less well. N of values that nobody answered from are left
    out, and the weights have mean 1.

    None where a group that answered is not in a margin (a null is in none), or where the weights
    do not settle. Source: Deming and Stephan (1940), Ann. Math. Stat. 11: 427-444. Checked against
    svy.
    """
    groups = answered.with_columns(weight=pl.lit(1.0))
    for column, invited in margins.items():
        asked = invited.filter(pl.col("N") > 0, pl.col(column).is_in(answered[column].implode()))
        target = asked.select(column, (pl.col("N") * answered["n"].sum() / pl.col("N").sum()))
        groups = groups.join(
            target.rename({"N": f"N {column}"}), on=column, how="left", maintain_order="left"
        )
    if any(groups[f"N {column}"].null_count() for column in margins):
        return None
    for sweep in ([_fit(column) for column in margins], [_trim()]):
        settled = _settled(groups, sweep)
        if settled is None:
            return None
        groups = settled
    return groups.select(*answered.columns, "weight")


def _fit(column: str) -> pl.Expr:
    """The weights when each value of a margin has its N."""
    now = (pl.col("n") * pl.col("weight")).sum().over(column)
    return pl.col("weight") * pl.col(f"N {column}") / now


def _trim() -> pl.Expr:
    """The weights inside 0.3-3, when what that takes or gives is shared by all."""
    mean = (pl.col("n") * pl.col("weight")).sum() / pl.col("n").sum()
    return (pl.col("weight") / mean).clip(*TRIM)


def _settled(groups: pl.DataFrame, sweep: Sequence[pl.Expr]) -> pl.DataFrame | None:
    """The groups once a sweep moves no weight by more than 1e-8 of itself; None if none does."""
    for _ in range(MOST_SWEEPS):
        before = groups["weight"]
        for step in sweep:
            groups = groups.with_columns(weight=step)
        if ((groups["weight"] / before - 1).abs() <= SMALLEST_CHANGE).all():
            return groups
    return None


def usable(weighted: pl.DataFrame) -> bool:
    """Whether the design effect of the weights is at most 1.5."""
    effect = weighted.select(design_effect(pl.col("weight"), pl.col("n"))).item()
    return bool(effect <= MOST_DESIGN_EFFECT)


def design_effect(weight: pl.Expr, n: pl.Expr) -> pl.Expr:
    """How much wider an interval is squared for the weights: n·Σw²/(Σw)², from 1.

    Kish (1965), Survey Sampling: 11.7. n people have each weight.
    """
    return n.sum() / effective_people(weight, n)


def effective_people(weight: pl.Expr, n: pl.Expr) -> pl.Expr:
    """The n of an unweighted sample that knows as much: (Σw)²/Σw², for the Wilson interval."""
    return (n * weight).sum() ** 2 / (n * weight**2).sum()


def capped(weight: Floats, n: Floats) -> Floats | None:
    """The weights of a cell where nobody stands for more than 15 % of it.

    n people have each weight. The largest are lowered to the one cap c with c = 15 % of the
    weights that result. None for fewer than seven people, where somebody always does.
    """
    order = np.argsort(-weight, kind="stable")
    largest, above = weight[order], np.cumsum(n[order])
    rest = (weight * n).sum() - np.cumsum((weight * n)[order])
    if largest[0] <= MOST_OF_A_CELL * (weight * n).sum():
        return weight
    room = 1 - MOST_OF_A_CELL * above
    cap = MOST_OF_A_CELL * rest / np.where(room > 0, room, np.inf)
    holds = (room > 0) & (cap >= np.append(largest[1:], 0.0)) & (cap > 0)
    if not holds.any():
        return None
    capped_at: Floats = weight.clip(max=cap[np.argmax(holds)])
    return capped_at
