"""A wave that is counted from answers written in a test."""

from collections.abc import Mapping

import polars as pl

from analysis.frames import conformed, scopes_of, tree_of
from analysis.release.counts import Wave, counted, invited_of

Tree = Mapping[str, str | None]  # code -> parent, parents first


def counted_wave(
    tree: Tree, scopes: Mapping[str, str], answers: pl.DataFrame, *, wave: str, headcount: int = 40
) -> Wave:
    """The counts of `answers`; `scopes` is behaviour -> units, each unit has `headcount` people."""
    units = pl.DataFrame(
        {
            "unit": list(tree),
            "parent": list(tree.values()),
            "name": list(tree),
            "headcount": [headcount] * len(tree),
            "valid_from": ["2026-1"] * len(tree),
        }
    )
    behaviours = pl.DataFrame(
        {"behaviour": list(scopes), "text": list(scopes), "units": list(scopes.values())}
    )
    made = tree_of(conformed(units, "UNITS"), wave)
    asked = scopes_of(conformed(behaviours, "BEHAVIOURS"), made, list(scopes), wave)
    return counted(
        conformed(answers, "ANSWERS"),
        made,
        asked,
        own_invited=invited_of(None, made, asked, wave),
    )
