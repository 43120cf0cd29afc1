"""The two pages a works committee reads about a wave, as a file: words about no number at all.

There is no release before a wave, and these pages tell none of it: audit A7 has nothing to ask.
"""

from collections.abc import Sequence
from datetime import date
from typing import Final

from analysis.report.fitting import fitted
from analysis.report.press import Passage
from analysis.wording.guard import guard
from survey.insight.reports import assets, stopped
from survey.settings import Settings
from survey.texts import Language, Voice

PAGES: Final = 2


def paper_file(  # noqa: PLR0913 - what the pages are made of
    _: Settings,
    *,
    wave: str,
    unit: str,
    language: Language,
    htmls: Sequence[str],
    created: date,
    quoted: Sequence[str],
) -> bytes:
    """The first of the same two pages, largest type first, that fits on two: in a worker.

    `quoted` are texts the organisation answers for. Raises `ReportStopped` for a forbidden word.
    """

    def check(texts: Sequence[Passage]) -> None:
        guard(Voice(language), texts, quoted=quoted)

    with stopped(wave=wave, unit=unit):
        return fitted(htmls, assets("wall.css"), created=created, pages=PAGES, check=check)
