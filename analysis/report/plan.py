"""The parts of a report: a section with one claim, or the reason why it is left out."""

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

UNIT_SHEETS: Final = (
    ("level", "barriers"),
    ("seams", "citizen"),
    ("who",),
    ("proposals", "since_last"),
)
AREA_SHEETS: Final = (
    ("level", "barriers"),
    ("seams", "citizen"),
    ("who", "safe", "proposals", "since_last"),  # each where there is room, seldom on one sheet
)
FULL: Final = frozenset(("level", "barriers"))  # of these either fills most of a sheet


@dataclass(frozen=True, slots=True)
class Section:
    """One claim and what shows it.

    `id` names the template and the anchor; one that is `joined` follows on the sheet of the
    section before it where there is room. What `spills` ends on a sheet of its own with a few
    lines, and there is room after them.
    """

    id: str
    kicker: str
    headline: str
    lead: str
    body: object
    joined: bool = False
    spills: bool = False


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A page with nothing to show; page 2 names it and says why."""

    kicker: str
    reason: str


@dataclass(frozen=True, slots=True)
class Labelled:
    """A small heading and the text under it."""

    label: str
    text: str


def joined(sections: list[Section], *, is_unit: bool) -> list[Section]:
    """What stands behind the first of its sheet, marked to follow where there is room.

    A section whose partner is left out is joined with the next that is alone too, so that no two
    half pages follow each other. What is read alone and what is a form are never joined.
    """
    sheets = UNIT_SHEETS if is_unit else AREA_SHEETS
    shown = {section.id for section in sections}
    follows = {after.id for section, after in pairwise(sections) if section.spills}
    alone = ""
    for sheet in sheets:
        here = [one for one in sheet if one in shown]
        follows.update(here[1:])
        if len(here) == 1 and alone:
            follows.add(here[0])
            alone = ""
        elif here:
            alone = here[0] if len(here) == 1 and here[0] not in FULL else ""
    return [replace(section, joined=section.id in follows) for section in sections]
