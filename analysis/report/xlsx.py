"""A release as a workbook: the same rows as the table of text, and a sheet on how they were made.

Texts stay texts and numbers numbers: nothing in it is calculated, and nothing in it is a link.
"""

from collections.abc import Iterable
from datetime import datetime
from io import BytesIO
from typing import Any, Final

from msgspec import UNSET
from xlsxwriter import Workbook

from analysis.findings import Release
from analysis.report.csv import headings, rows
from analysis.report.sections.method import method_points
from analysis.wording.voice import Voice

OPTIONS: Final = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
# The same release gives the same bytes: a workbook says when it was made, so this says nothing.
MADE: Final = datetime(1980, 1, 1)  # noqa: DTZ001 - the format knows no time zone
WIDTHS: Final = (9, 10, 34, 11, 17, 22, 30, 7, 9, 9, 9, 8, 9, 7, 7, 13, 14, 14, 12, 15)
METHOD_WIDTHS: Final = (28, 96)


def release_xlsx(release: Release, unit: str | None = None, *, voice: Voice) -> bytes:
    """The cells of a unit and of the units below it; without a unit, of the whole release.

    A hidden cell is a row with its status and nothing else, whatever the reason. The sheets are
    the numbers and the method, in the language of the voice.
    """
    out = BytesIO()
    with Workbook(out, OPTIONS) as book:
        book.set_properties({"created": MADE})
        bold = book.add_format({"bold": True, "valign": "top"})
        wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        numbers = book.add_worksheet(voice.gettext("Numbers"))
        _filled(numbers, (headings(voice), *rows(release, voice, unit)), WIDTHS)
        numbers.set_row(0, None, bold)
        numbers.freeze_panes(1, 3)
        numbers.autofilter(0, 0, numbers.dim_rowmax, len(WIDTHS) - 1)
        method = book.add_worksheet(voice.gettext("Method"))
        _filled(method, _method(release, voice), METHOD_WIDTHS, wrapped)
        method.set_column(0, 0, METHOD_WIDTHS[0], bold)
    return out.getvalue()


def _filled(
    sheet: Any,  # noqa: ANN401 - xlsxwriter has no type for the cells it writes
    table: Iterable[tuple[object, ...]],
    widths: tuple[int, ...],
    form: object = None,
) -> None:
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width, form)
    for row, values in enumerate(table):
        for column, value in enumerate(values):
            if isinstance(value, int):
                sheet.write_number(row, column, value)
            elif value is not None:
                sheet.write_string(row, column, str(value))


def _method(release: Release, voice: Voice) -> tuple[tuple[str, str], ...]:
    """What the numbers are, how they were made, and which release they are of."""
    seal = "" if release.sha256 is UNSET else release.sha256[:12]
    return (
        *method_points(voice, release.settings),
        (
            voice.gettext("The columns"),
            voice.gettext(
                "Value, low and high are whole per cent. From value to “value to” is a stretch, "
                "and a limit says that the number is at most or at least so much. Answers are told "
                "in steps where an exact count would tell of a few."
            ),
        ),
        (
            voice.gettext("The release"),
            voice.gettext("Wave %(wave)s, method %(method)s, release %(sha)s")
            % {"wave": release.wave, "method": release.method, "sha": seal},
        ),
    )
