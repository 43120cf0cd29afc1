"""The two pages a works committee reads about a wave, as a file: words about no number at all.

There is no release before a wave, and these pages tell none of it: audit A7 has nothing to ask.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final

from analysis.report.fitting import fitted
from analysis.report.press import Passage
from analysis.wording.guard import guard
from survey.insight.reports import assets, stopped
from survey.texts import Voice

PAGES: Final = 2


def paper_file(
    htmls: Iterable[str], *, voice: Voice, created: date, quoted: Iterable[str]
) -> bytes:
    """The first of the same two pages, largest type first, that fits on two.

    `quoted` are texts the organisation answers for. Raises `ReportStopped` for a forbidden word.
    """
    theirs = tuple(quoted)

    def check(texts: Sequence[Passage]) -> None:
        guard(voice, texts, quoted=theirs)

    with stopped(wave="", unit=""):
        return fitted(htmls, assets("wall.css"), created=created, pages=PAGES, check=check)
