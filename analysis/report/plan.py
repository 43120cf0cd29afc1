"""The parts of a report: a section with one claim, or the reason why it is left out."""

from dataclasses import dataclass, replace
from typing import Final

UNIT_PAIRS: Final = {
    "barriers": "level",
    "citizen": "seams",
    "who": "citizen",
    "since_last": "proposals",
}
AREA_PAIRS: Final = {"barriers": "level", "citizen": "seams", "proposals": "safe"}


@dataclass(frozen=True, slots=True)
class Section:
    """One claim and what shows it.

    `id` names the template and the anchor; one that is `joined` follows on the sheet of the
    section before it where there is room.
    """

    id: str
    kicker: str
    headline: str
    lead: str
    body: object
    joined: bool = False


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
    """The second half of each pair, marked to follow its first on one sheet if there is room.

    In a unit report the pairs are level and barriers, seams and citizen, proposals and since last;
    where the seams are left out, the citizen has room for who can solve it. In a larger report a
    pair is two short pages. What is read alone and what is a form are never joined.
    """
    before = UNIT_PAIRS if is_unit else AREA_PAIRS
    placed: list[Section] = []
    for section in sections:
        first = placed[-1] if placed else None
        follows = first is not None and first.id == before.get(section.id) and not first.joined
        placed.append(replace(section, joined=follows))
    return placed
