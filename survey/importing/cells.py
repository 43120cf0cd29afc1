"""What one cell means: days, rates, mail addresses, names, as payroll systems write them.

Every function takes the text of a cell and gives a plain value, or None for "cannot be read";
an empty cell is the caller's matter.
"""

import re
from datetime import date, timedelta
from typing import Final

EXCEL_EPOCH: Final = date(1899, 12, 30)
EXCEL_SERIALS: Final = range(20_000, 60_001)  # days; 1954 to 2064
FOR_EVER: Final = 9999  # the year payroll writes for "no end"
CENTURY: Final = 50  # dd.mm.yy: 50-99 is 19yy, 00-49 is 20yy
AS_PERCENT: Final = 1.5  # an employment rate above this is in per cent
NEVER: Final = date.max

ISO: Final = re.compile(r"(\d{4})-(\d\d?)-(\d\d?)(?:[T ].*)?")
DANISH: Final = re.compile(r"(\d\d?)[-./ ](\d\d?)[-./ ](\d{4}|\d\d)(?: .*)?")
COMPACT: Final = re.compile(r"(\d{4})(\d\d)(\d\d)")
MAIL: Final = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\"]+")
# A civil registration number: day, month, year, serial; with a hyphen whatever the digits.
CPR: Final = re.compile(
    r"(?<!\d)(?:\d{6}-\d{4}"
    r"|(?:0[1-9]|[12]\d|3[01]|[6-9]\d)(?:0[1-9]|1[0-2]|99)\d{2} ?\d{4})(?!\d)"
)


def day(cell: str) -> date | None:
    """A day; `NEVER` for 31-12-9999 and 00-00-0000, which payroll writes for "none"."""
    text = cell.strip()
    number = text.removesuffix(".0")
    if number.isascii() and number.isdigit() and int(number) in EXCEL_SERIALS:
        return EXCEL_EPOCH + timedelta(days=int(number))
    if found := ISO.fullmatch(text) or COMPACT.fullmatch(text):
        year, month, of_month = (int(part) for part in found.groups())
    elif found := DANISH.fullmatch(text):
        of_month, month, year = (int(part) for part in found.groups())
        if len(found[3]) == 2:
            year += 1900 if year >= CENTURY else 2000
    else:
        return None
    if year in (0, FOR_EVER):
        return NEVER
    try:
        return date(year, month, of_month)
    except ValueError:
        return None


def is_serial(cell: str) -> bool:
    """A day written as Excel counts it."""
    number = cell.strip().removesuffix(".0")
    return number.isascii() and number.isdigit() and int(number) in EXCEL_SERIALS


def is_short_dotted(cell: str) -> bool:
    """A day written dd.mm.yy."""
    return re.fullmatch(r"\d\d?\.\d\d?\.\d\d", cell.strip()) is not None


def number(cell: str) -> float | None:
    """0,8649 and 0.8649 and 86,49 and 86,49 %."""
    text = re.sub(r"[\s%]", "", cell)
    if "," in text:
        text = text.replace(".", "").replace(",", ".")
    return float(text) if re.fullmatch(r"\d+(\.\d+)?", text) else None


def rate(cell: str) -> float | None:
    """An employment rate, 1 = full time: above 1.5 it was written as per cent."""
    value = number(cell)
    return value / 100 if value is not None and value > AS_PERCENT else value


def mail(cell: str) -> str | None:
    """An address in lower case; None when it is no address."""
    text = cell.strip().lower()
    return text if MAIL.fullmatch(text) else None


def mobile(cell: str) -> str | None:
    """Eight Danish digits, or a number with its country code; None when it is neither."""
    text = re.sub(r"[\s.\-()]", "", cell)
    text = "+" + text[2:] if text.startswith("00") else text
    text = text.removeprefix("+45") if len(text) == 11 else text
    return text if re.fullmatch(r"\d{8}|\+\d{7,15}", text) else None


def names(cell: str) -> tuple[str, str]:
    """First and last name from one cell: "Holm, Anne Marie" or "Anne Marie Holm"."""
    text = " ".join(cell.split())
    if "," in text:
        last, _, first = text.partition(",")
        return first.strip(), last.strip()
    first, _, last = text.rpartition(" ")
    return first, last


def is_garbled(cell: str) -> bool:
    """UTF-8 once read as Windows-1252, such as "SÃ¸ndermarkskolen"."""
    return re.search("[ÃÂ][\x80-\xbfŠŒŽšœžŸƒˆ˜–—‘-„†-•…‰‹›€™]", cell) is not None


def masked(cell: str) -> str:
    """The text to show of a cell that should hold a code: never a CPR number, never long."""
    text = " ".join(cell.split())[:40]
    return CPR.sub("…", text)
