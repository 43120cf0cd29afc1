"""A document that must fill so many pages and no more, in the largest type it has room for."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date

from analysis.report.press import Check, Passage, pdf


class TooMuch(Exception):
    """The texts take more pages than there are, even in the smallest type."""


def fitted(
    htmls: Iterable[str], assets: Mapping[str, bytes], *, created: date, pages: int, check: Check
) -> bytes:
    """The first of the same document, largest type first, that takes no more than `pages`.

    A document tells where it ends by an id on what stands last. `check` is that of a PDF. Raises
    `TooMuch` where none of them fits.
    """

    def checked(texts: Sequence[Passage]) -> None:
        if max(one.page for one in texts) > pages:
            raise TooMuch
        check(texts)

    for html in htmls:
        with suppress(TooMuch):
            return pdf(html, assets, created=created, check=checked)
    raise TooMuch
