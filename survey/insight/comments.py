"""The comments of a released wave, where ten or more stand together, and those that were cleared.

They lie in one shuffled file. The order of its lines is drawn once, so it is the same for every
reviewer, and tells neither who nor when. What else stands beside a text is never read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from survey.settings import Settings
from survey.tables import CommentReview, Wave

FEWEST: Final = 10  # texts at a unit; with fewer it has none (measurement.md 4.5)
QUOTED: Final = range(3, 6)  # texts in a report; fewer would be somebody's own page
CLEARED: Final = ("shown", "rewritten")


@dataclass(frozen=True, slots=True)
class Comment:
    """A text: its line in the file, and its number among the texts of its unit, from 1."""

    place: int
    number: int
    text: str


def file_of(settings: Settings, wave: str) -> Path:
    return settings.data / "comments" / f"{wave}.parquet"


def comments(settings: Settings, wave: str) -> Mapping[str, tuple[Comment, ...]]:
    """Unit -> its texts, for units with ten or more; empty where the file is gone."""
    file = file_of(settings, wave)
    if not file.exists():
        return {}
    piles: dict[str, list[Comment]] = {}
    rows = pl.read_parquet(file, columns=["unit", "text"])
    for place, (unit, text) in enumerate(rows.iter_rows()):
        if unit is not None:
            pile = piles.setdefault(unit, [])
            pile.append(Comment(place, len(pile) + 1, text))
    return {unit: tuple(pile) for unit, pile in piles.items() if len(pile) >= FEWEST}


async def cleared(settings: Settings, *, wave: int, name: str) -> Mapping[str, tuple[str, ...]]:
    """Unit -> the texts that its report quotes: three to five that were cleared, else none."""
    there = comments(settings, name)
    if not there:
        return {}
    rows = await CommentReview.select().where(CommentReview.wave == wave)
    reviews = {row["place"]: row for row in rows if row["state"] in CLEARED}
    found = {
        unit: [reviews[one.place]["text"] or one.text for one in pile if one.place in reviews]
        for unit, pile in there.items()
    }
    return {
        unit: tuple(texts[: QUOTED[-1]]) for unit, texts in found.items() if len(texts) >= QUOTED[0]
    }


async def quoted(settings: Settings, *, wave: str, unit: str) -> tuple[str, ...]:
    """Those of one unit of a wave by its name; none for a wave that is not known."""
    found = await Wave.select(Wave.id).where(Wave.name == wave).first()
    if found is None:
        return ()
    return (await cleared(settings, wave=found["id"], name=wave)).get(unit, ())
