"""The documents of a wave: a line for each kind, and everything that makes or lists them reads it.

A new kind is a new line; it is then made in the batch, kept, listed in the index and in the zip.
"""

import hashlib
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, TypeAlias

from analysis.findings import Release
from survey.errors import N_
from survey.insight.boards import board_file, on_boards
from survey.insight.papers import paper_file
from survey.insight.pathways import BETWEEN, pathway_file, pathways, told_across
from survey.insight.releases import released
from survey.insight.reports import WaveFacts, report_file, wave_facts
from survey.settings import Settings
from survey.texts import Language

Key: TypeAlias = tuple[str, str]  # kind and unit
# Unit -> what its document of a kind is given beside the facts, by the name of the argument.
Extra: TypeAlias = Mapping[str, Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class Document:
    """A kind of document.

    `title` is what many of them are called and `one` a single one, msgids. `make` needs no
    database: it is called with settings, wave, unit, language, facts and what `extra` holds for the
    unit, in a process of its own. `seconds` of a processor is about what one takes.
    """

    title: str
    one: str
    units: Callable[[Release], Sequence[str]]
    make: Callable[..., bytes]
    extra: Callable[..., Awaitable[Extra]] | None = None  # called with language and today
    seconds: float = 1.2


def every_unit(release: Release) -> tuple[str, ...]:
    """In the order of the organisation."""
    return tuple(one.unit for one in release.units)


def no_unit(_: Release) -> tuple[str, ...]:
    return ()


async def _now_on_boards(*, language: Language, today: date) -> Extra:
    boards = await on_boards(language=language, today=today)
    return {unit: {"now": now} for unit, now in boards.items()}


DOCUMENTS: Final[Mapping[str, Document]] = {
    "report": Document(N_("Action reports"), N_("Action report"), every_unit, report_file),
    "board": Document(
        N_("Board sheets"), N_("Board sheet"), every_unit, board_file, _now_on_boards, 0.1
    ),
    # Of sets of units: those that bridge-builders hold (`Given.across`).
    "pathway": Document(
        N_("Reports across units"), N_("Report across units"), no_unit, pathway_file
    ),
    # Of a wave and of no unit: asked for from its page, also before there is a release.
    "paper": Document(
        N_("For the works committee"), N_("For the works committee"), no_unit, paper_file
    ),
}


@dataclass(frozen=True, slots=True)
class Given:
    """What the documents of a wave say in a language on a day, read once for all of them.

    `across` are the sets of units that lie apart and are told together, as their documents name
    them. `mark` is another one when anything in any of them is another, the release too.
    """

    release: Release
    language: Language
    facts: WaveFacts
    extra: Mapping[str, Extra]
    across: tuple[str, ...]
    mark: str

    def wanted(self) -> Iterator[Key]:
        """Every document there is to make: kind by kind, in the order of the organisation."""
        for kind, document in DOCUMENTS.items():
            yield from ((kind, unit) for unit in document.units(self.release))
            if kind == "pathway":
                yield from ((kind, units) for units in self.across)

    def of(self, kind: str, unit: str) -> dict[str, Any]:
        """What `make` is called with beside settings, wave, unit and language."""
        return {"facts": self.facts.of(unit), **self.extra[kind].get(unit, {})}

    def mark_of(self, kind: str, unit: str) -> str:
        """Of one document: as long as it stands, the file that was made is up to date."""
        return mark_of(self.facts, kind, unit, self.of(kind, unit))


async def given(settings: Settings, *, wave: str, language: Language, today: date) -> Given:
    """Raises WaveUnknown, WaveNotReleased, ReleaseDamaged."""
    facts = await wave_facts(settings, wave=wave, language=language)
    extra = {
        kind: await one.extra(language=language, today=today) if one.extra else {}
        for kind, one in DOCUMENTS.items()
    }
    release = await released(settings, wave)
    sets = told_across(release, await pathways())
    across = tuple(BETWEEN.join(one.unit for one in units) for units in sets)
    mark = _mark(facts, extra, across)
    return Given(release, language, facts, extra, across, mark)


def mark_of(facts: WaveFacts, kind: str, unit: str, told: Mapping[str, object]) -> str:
    """As `Given.mark_of`, where only one document is asked for; `told` is what it is given."""
    return _mark(facts.seal, kind, unit, told)


def _mark(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()
