"""The action report: a release seen from one unit, as HTML and as a finished PDF.

It shows what the release holds and nothing else: no number is computed here, no answer is read, and
every text passes the language guard and audit A7 before a file exists.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from itertools import chain

from analysis.findings import Release
from analysis.release.audit.documents import Line, Untold, lines_checked
from analysis.release.audit.spreadsheet import rows_checked, table_checked
from analysis.report.csv import release_csv
from analysis.report.plan import LeftOut, Section, joined
from analysis.report.press import AssetMissing, Attached, Passage, pdf
from analysis.report.reading import lines_of, workbook_tables
from analysis.report.sections import across as several
from analysis.report.sections import action, barriers, level, method, opening, tried, voices, who
from analysis.report.view import (
    Facts,
    NotApart,
    PassedOn,
    Render,
    TrialText,
    UnitNotInRelease,
    View,
    across,
)
from analysis.report.xlsx import release_xlsx
from analysis.wording.guard import ForbiddenWording, guard
from analysis.wording.voice import Voice

__all__ = (
    "AssetMissing",
    "Attached",
    "Facts",
    "ForbiddenWording",
    "NotApart",
    "PassedOn",
    "TrialText",
    "UnitNotInRelease",
    "Untold",
    "not_ours",
    "pathway_report",
    "pdf",
    "release_csv",
    "release_xlsx",
    "seal",
    "unit_html",
    "unit_report",
    "unit_table",
    "unit_workbook",
    "workbook_checked",
)

TEMPLATE = "report/report.html"
BETWEEN_LINES = re.compile(r">\s*\n\s*<")


def unit_report(  # noqa: PLR0913 - what a report is made of
    release: Release,
    unit: str,
    *,
    voice: Voice,
    render: Render,
    assets: Mapping[str, bytes],
    facts: Facts,
) -> bytes:
    """The PDF of a unit, an area or the whole organisation, with its numbers attached as CSV.

    Raises `UnitNotInRelease` for a unit that is not in the wave's tree, `ForbiddenWording` when a
    text says what a report must not say, and `Untold` for a number that no cell of the release
    tells; then there is no file.
    """
    return _made(View(release, unit, voice, facts), unit, render, assets)


def pathway_report(  # noqa: PLR0913 - what a report is made of
    release: Release,
    units: Collection[str],
    *,
    voice: Voice,
    render: Render,
    assets: Mapping[str, bytes],
    facts: Facts,
) -> bytes:
    """The PDF of several units that lie apart, for those who build a bridge between them.

    Of their released cells alone: they have no number together. Raises as `unit_report` does, and
    `NotApart` where fewer than two of them do.
    """
    view = across(release, units, voice, facts)
    if not view.is_across:
        raise NotApart(view.code)
    return _made(view, "-".join((view.code, *view.beside)), render, assets)


def _made(view: View, name: str, render: Render, assets: Mapping[str, bytes]) -> bytes:
    """The finished file; `name` is what its table of numbers is called."""
    release, voice, facts = view.release, view.voice, view.facts
    units = (view.code, *view.beside)
    theirs = not_ours(view)
    written = (
        text for one in facts.trials.values() for text in (one.name, one.question, one.learned)
    )
    sent = (text for one in facts.passed_on for text in (one.ask, one.answer_text))
    quoted = (*chain(*theirs.values()), facts.title, *written, *sent)
    table = unit_table(release, *units, voice=voice)
    headings = Passage(1, table.decode("utf-8-sig").partition("\r\n")[0], is_prose=False)

    def check(texts: Sequence[Passage]) -> None:
        guard(voice, (*texts, headings), **theirs)
        lines = tuple(lines_of(texts))
        lines_checked(release, lines, about=units, earlier=facts.earlier, quoted=quoted)

    return pdf(
        unit_html(view, render),
        assets,
        created=facts.released,
        attachments=(
            Attached(f"{name}-{release.wave}.csv", table, voice.gettext("The numbers as a table")),
        ),
        check=check,
    )


def not_ours(view: View) -> dict[str, tuple[str, ...]]:
    """What a report says in the words of others, by how much of the guard holds for it."""
    facts = view.facts
    return {
        "quoted": (facts.organisation, *(one.name for one in view.release.units)),
        "tasks": (facts.core_task, *view.behaviours),
        "heard": (facts.contact, *facts.comments),
    }


def unit_table(release: Release, *units: str | None, voice: Voice) -> bytes:
    """The numbers of units and of those below them for a spreadsheet, read again before they leave.

    Without a unit, of the whole release. Raises `Untold` for a row that is no cell of the release.
    """
    table = release_csv(release, *units, voice=voice)
    table_checked(release, table.decode())
    return table


def unit_workbook(release: Release, unit: str | None, *, voice: Voice) -> bytes:
    """The same as a workbook, with a sheet on the method; read again in the same way."""
    book = release_xlsx(release, unit, voice=voice)
    workbook_checked(release, book)
    return book


def workbook_checked(release: Release, book: bytes) -> int:
    """How many rows of a workbook were found to be cells of the release.

    Raises `Untold` for another, and `NotADocument` for what is no workbook of texts and numbers.
    """
    numbers, *others = workbook_tables(book)
    lines_checked(release, [Line(1, (" ".join(row),)) for sheet in others for row in sheet])
    return rows_checked(release, numbers)


def seal(release: Release, language: str) -> str:
    """What stands in a finished file so that it is made anew only when its release is another."""
    return f"release {release.sha256 or 'unsealed'} {language}"


def unit_html(view: View, render: Render) -> str:
    """The report as one page of HTML: what is laid out on paper, and what tests read."""
    sections, left_out = composed(view)
    front, agenda = opening.cover(view), opening.agenda(view, sections, left_out)
    if view.is_across:
        front, agenda = several.cover(view), several.agenda(agenda)
    text = render(
        TEMPLATE,
        {
            "cover": front,
            "agenda": agenda,
            "sections": sections,
            "running": view.facts.organisation,
            "footing": f"{view.name} · {view.facts.title}",
            "is_unit": view.is_across or not view.is_area,
            "seal": seal(view.release, view.voice.language),
        },
    )
    return BETWEEN_LINES.sub("><", text)  # a fourteenth of the time goes to laying out nothing


def composed(view: View) -> tuple[list[Section], list[LeftOut]]:
    """The sections in the order of the storyboard, and those with nothing to show."""
    chosen = action.cards(view)
    first = chosen[0] if chosen else None
    parts = (
        several.parts(view, first)
        if view.is_across
        else [
            opening.in_short(view, first),
            level.level(view),
            barriers.barriers(view),
            voices.seams(view),
            voices.citizen(view),
            who.who(view),
            *([voices.safe(view)] if view.is_area else []),
            action.proposals(view),
            tried.since_last(view),
            action.decision(view),
            method.method(view),
        ]
    )
    sections = [one for one in parts if isinstance(one, Section)]
    left_out = [one for one in parts if isinstance(one, LeftOut)]
    if view.is_across:
        return several.flowing(sections), left_out
    return joined(sections, is_unit=not view.is_area), left_out
