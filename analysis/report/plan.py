"""The parts of a report: a section with one claim, or the reason why it is left out."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Section:
    """One claim and what shows it. `id` names the template and the anchor; `joined` follows on
    the sheet of the section before it where there is room."""

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


def joined(sections: list[Section]) -> list[Section]:
    """The second half of each pair of a unit report, marked to follow its first on one sheet.

    The pairs are level and barriers, seams and citizen, proposals and since last. A pair whose
    first half is left out is one page.
    """
    before = {"barriers": "level", "citizen": "seams", "since_last": "proposals"}
    placed: list[Section] = []
    for section in sections:
        follows = bool(placed) and placed[-1].id == before.get(section.id)
        placed.append(replace(section, joined=follows))
    return placed
