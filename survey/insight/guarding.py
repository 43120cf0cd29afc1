"""The language guard over a page of the web: what no report may say, no page with results says."""

import re
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from html import unescape
from textwrap import shorten
from typing import Final

from analysis.findings import Release
from analysis.report.press import Passage
from analysis.report.reading import html_passages
from analysis.wording.guard import ForbiddenWording, guard
from survey.errors import Refused
from survey.texts import Language, Voice

MOST_SAID: Final = 160  # letters of the sentence that stopped a report or a page
# What stands in a field is what somebody typed or may choose, and is read when it is saved.
FIELDS: Final = re.compile(
    r"<input\b[^>]*>|<(textarea|select|script)\b.*?</\1>|<!--.*?-->", re.DOTALL
)
MAIN: Final = re.compile(r"<main\b.*</main>", re.DOTALL)
HEADING: Final = re.compile(r"<h1\b[^>]*>(.*?)</h1>", re.DOTALL)
TAG: Final = re.compile(r"<[^>]*>")
SPOKEN: Final = ("alt", "aria-label", "title")


class PageStopped(Refused):
    said_in = "page_stopped"


def page_checked(
    html: str,
    language: Language,
    *,
    names: Iterable[str] = (),
    tasks: Iterable[str] = (),
    is_ours: bool = True,
) -> None:
    """Raise `PageStopped` for a page that says what no report may say.

    `names` are those of units and of the organisation, `tasks` core tasks and behaviours, as the
    guard has them. A page where most is what teams wrote (not `is_ours`) is not weighed: its lix
    is not ours to mend.
    """
    main = MAIN.search(html)
    text = FIELDS.sub("", main.group() if main else html)
    try:
        _checked(text, language, tuple(names), tuple(tasks), is_ours=is_ours)
    except ForbiddenWording as error:
        heading = HEADING.search(html)
        raise PageStopped(
            page=unescape(" ".join(TAG.sub(" ", heading[1]).split())) if heading else "",
            value=error.value,
            said=shorten(error.sentence, MOST_SAID, placeholder=" …"),
        ) from error


@lru_cache(maxsize=64)
def _checked(
    text: str, language: Language, names: tuple[str, ...], tasks: tuple[str, ...], *, is_ours: bool
) -> None:
    """Once for each page as it stands: without its fields it is the same for all who read it."""
    texts = html_passages(text, spoken=SPOKEN)
    weighed = [replace(one, is_prose=is_ours and _is_prose(one)) for one in texts]
    guard(Voice(language), weighed, quoted=names, tasks=tasks)


def _is_prose(one: Passage) -> bool:
    """A line of a list without a full stop is a name or a link."""
    return one.is_prose and any(mark in one.text for mark in ".!?")


def names_in(release: Release, organisation: str) -> tuple[str, ...]:
    """The names that a page of a wave may say: of every unit, and of the organisation."""
    return (organisation, *(one.name for one in release.units))
