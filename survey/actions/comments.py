"""What a reviewer decides about a comment: show it, rewrite it, or not show it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from survey import audit
from survey.actions.behaviours import HoldsCpr
from survey.engine import transaction
from survey.errors import N_, ChangedMeanwhile, NotFoundHere, Refused
from survey.importing.cells import CPR
from survey.insight.comments import CLEARED, Comment, comments
from survey.settings import Settings
from survey.tables import CommentReview, Wave

Row: TypeAlias = dict[Any, Any]
MOST: Final = 280  # characters, as in the form
SAID: Final = {
    "shown": "showed comment",
    "rewritten": "rewrote comment",
    "hidden": "hid comment",
    "": "took back review of comment",
}


class NotReleasedYet(Refused):
    sentence = N_("The comments can be read when the wave has a result. Until then nobody can.")


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A comment and what was decided; `state` "" and version 0 where nobody has."""

    comment: Comment
    state: str = ""
    text: str = ""  # as it was rewritten
    version: int = 0

    @property
    def is_cleared(self) -> bool:
        return self.state in CLEARED


async def reviewed(settings: Settings, wave: str) -> Mapping[str, Sequence[Reviewed]]:
    """Unit -> its comments in their order. Raises NotFoundHere, and NotReleasedYet before that."""
    row = await Wave.select(Wave.id, Wave.state).where(Wave.name == wave).first()
    if row is None:
        raise NotFoundHere
    if row["state"] != "released":
        raise NotReleasedYet
    rows = await CommentReview.select().where(CommentReview.wave == row["id"])
    known = {one["place"]: one for one in rows}
    return {
        unit: [_reviewed(one, known.get(one.place)) for one in there]
        for unit, there in comments(settings, wave).items()
    }


async def decide(  # noqa: PLR0913 - what is decided, of which text, by whom, from which version
    settings: Settings,
    *,
    wave: str,
    unit: str,
    number: int,
    state: str,
    text: str = "",
    by: int | None,
    version: int,
) -> None:
    """Write a decision down; the log says which text, never what it says.

    `state` "" takes a decision back. Raises NotFoundHere for a text that is not there, HoldsCpr,
    and ChangedMeanwhile where somebody else has decided. The same decision twice is one.
    """
    if state not in SAID:
        raise NotFoundHere
    kept = text if state == "rewritten" else ""
    if CPR.search(kept):
        raise HoldsCpr
    async with transaction():
        there = (await reviewed(settings, wave)).get(unit, ())
        found = next((one for one in there if one.comment.number == number), None)
        if found is None:
            raise NotFoundHere
        if (found.state, found.text) == (state, kept):
            return
        await _store(wave, found.comment.place, {"state": state, "text": kept or None}, version)
        await audit.record(by=by, what=SAID[state], on_what=f"{wave}/{unit}/{number}")


def _reviewed(comment: Comment, row: Mapping[str, Any] | None) -> Reviewed:
    if row is None:
        return Reviewed(comment)
    return Reviewed(comment, row["state"], row["text"] or "", row["version"])


async def _store(wave: str, place: int, values: Row, version: int) -> None:
    """Compare and set; the first decision is an insert that a second one does not repeat."""
    at = await Wave.select(Wave.id).where(Wave.name == wave).first()
    number = at["id"] if at else None
    if version:
        now: Row = {**values, "version": version + 1}
        done = (
            await CommentReview.update(now)
            .where(
                CommentReview.wave == number,
                CommentReview.place == place,
                CommentReview.version == version,
            )
            .returning(CommentReview.id)
        )
    else:
        done = await CommentReview.insert(
            CommentReview(wave=number, place=place, **values)
        ).on_conflict(target=(CommentReview.wave, CommentReview.place), action="DO NOTHING")
    if not done:
        raise ChangedMeanwhile
