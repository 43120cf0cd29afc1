"""One row of a staff list at a time: its cells, its unit, and why it cannot be used.

Values in, values out. Here a CPR number becomes a hash under a key that lives as long as one
reading; nothing else in the program ever sees one.
"""

import hashlib
import re
import secrets
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from survey.importing import cells
from survey.importing.reading import Table
from survey.organisation import Tree

SERVICE_DIGITS: Final = 5
COLUMNS: Final = (
    *("unit", "unit_name", "parent", "service_number", "first_name", "last_name", "name"),
    *("job_title", "rate", "starts", "stops", "status", "pay_form", "email", "mobile"),
)  # what is read beside the key of a person; leader, pay and hours are not columns at all
PERSONAL: Final = ("first_name", "last_name", "name", "email", "mobile", "job_title")
LEFT: Final = frozenset({"8", "fratrådt", "ophørt", "left", "terminated", "inactive", "inaktiv"})
ON_LEAVE: Final = frozenset(
    {"0", "3", "orlov", "barsel", "på orlov", "leave", "on leave", "barselsorlov", "ulønnet orlov"}
)
ACTIVE: Final = frozenset({"1", "", "aktiv", "active", "ansat", "i arbejde", "employed"})


class Reason(StrEnum):
    """What became of a row, or what is worth knowing of one that is used."""

    # set aside, in the order they are looked for
    RAGGED = "ragged"
    DUPLICATE = "exact_duplicate"
    LOOKS_LIKE_CPR = "looks_like_cpr"
    BAD_DATE = "bad_date"
    LEFT = "left"
    UNKNOWN_UNIT = "unknown_unit"
    HOURLY = "hourly_paid"
    NOT_STARTED = "starts_after"
    NO_NAME = "no_name"
    # used
    TWO_JOBS = "two_jobs"
    ON_LEAVE = "on_leave"
    NO_MAIL = "no_mail"
    SHARED_MAIL = "shared_mail"
    BAD_MAIL = "bad_mail"
    BAD_RATE = "bad_rate"
    UNKNOWN_STATUS = "unknown_status"


SET_ASIDE: Final = tuple(Reason)[: list(Reason).index(Reason.TWO_JOBS)]


@dataclass(slots=True, repr=False)
class Job:
    """A row on its way through; dropped when the list is made."""

    line: int
    cell: Mapping[str, str]
    person_key: bytes | None  # None: the file does not tell one person from another
    unit: str | None = None
    starts: date | None = None
    stops: date | None = None
    rate: float | None = None

    @property
    def person(self) -> str:
        return f"{self.cell['first_name']} {self.cell['last_name']}".strip()


def jobs(table: Table) -> list[Job]:
    """One job per row, cells stripped of every kind of space; unread columns are empty."""
    read = {name: table.column(name) for name in COLUMNS}
    keys = person_keys(table.column("cpr") or table.column("person"), len(table.lines))
    found: list[Job] = []
    for at, line in enumerate(table.lines):
        cell = {name: column[at].strip() if column else "" for name, column in read.items()}
        if cell["service_number"].isdigit():
            cell["service_number"] = cell["service_number"].zfill(SERVICE_DIGITS)
        if not cell["last_name"] and cell["name"]:
            cell["first_name"], cell["last_name"] = cells.names(cell["name"])
        found.append(Job(line.number, cell, keys[at]))
    return found


def person_keys(column: Sequence[str] | None, rows: int) -> list[bytes | None]:
    """A hash per person under a key that is forgotten when this function returns."""
    if column is None:
        return [None] * rows
    secret = secrets.token_bytes(32)
    plain = (re.sub(r"[\s-]", "", cell).casefold() for cell in column)
    return [
        hashlib.blake2b(text.encode(), key=secret, digest_size=16).digest() if text else None
        for text in plain
    ]


def locator(table: Table, tree: Tree) -> Callable[[Job], str | None]:
    """Finds the unit of a job: the code wins; the name only where the file has no other column."""
    by_code = {code: code for code in tree}
    by_code |= {code.casefold().lstrip("0"): code for code in tree}
    names = Counter(node.name.casefold() for node in tree.values())
    by_name = {
        node.name.casefold(): code
        for code, node in tree.items()
        if names[node.name.casefold()] == 1
    }
    places = table.mapping.places
    name_column = (
        None
        if {"unit", "unit_name"} <= set(places)
        else next(one for one in ("unit", "unit_name") if one in places)
    )

    def located(job: Job) -> str | None:
        code = job.cell["unit"]
        found = by_code.get(code) or by_code.get(code.casefold().lstrip("0") or code)
        if found is None and name_column is not None:
            found = by_name.get(" ".join(job.cell[name_column].split()).casefold())
        return found

    return located


def refusal(
    job: Job, seen: set[tuple[object, ...]], as_of: date, *, with_hourly: bool = False
) -> tuple[Reason, str] | None:
    """Why a row is set aside, and the column it is about; None when it is used.

    Reads the dates and the rate on the way. The order is that of payroll.md.
    """
    same = (job.person_key, *job.cell.values())
    if same in seen:
        return Reason.DUPLICATE, ""
    seen.add(same)
    unreadable = _unreadable(job)
    if unreadable is not None:
        return unreadable
    job.starts, job.stops = cells.day(job.cell["starts"]), cells.day(job.cell["stops"])
    job.rate = cells.rate(job.cell["rate"])
    has_left = job.cell["status"].casefold() in LEFT
    by_the_hour = job.cell["pay_form"].casefold().startswith(("time", "hour"))
    rules = {
        Reason.LEFT: has_left or (job.stops is not None and job.stops < as_of),
        Reason.UNKNOWN_UNIT: job.unit is None,
        Reason.HOURLY: by_the_hour and not job.rate and not with_hourly,
        Reason.NOT_STARTED: job.starts is not None and as_of < job.starts != cells.NEVER,
        Reason.NO_NAME: not job.person and not job.cell["email"],
    }
    return next(((reason, "") for reason, holds in rules.items() if holds), None)


def _unreadable(job: Job) -> tuple[Reason, str] | None:
    """A cell that may not be kept or cannot be understood, and its column."""
    for column in PERSONAL:
        # A number from abroad may look like one; in a name nothing excuses it.
        abroad = column == "mobile" and cells.mobile(job.cell[column])
        if cells.CPR.search(job.cell[column]) and not abroad:
            return Reason.LOOKS_LIKE_CPR, column
    for column in ("starts", "stops"):
        if job.cell[column] and cells.day(job.cell[column]) is None:
            return Reason.BAD_DATE, column
    return None


def shown_unit(job: Job) -> str:
    """The unit of a row as it may be shown: its code, else what stands in the file, masked."""
    return job.unit or cells.masked(f"{job.cell['unit']} {job.cell['unit_name']}")


def dirt(table: Table, found: Sequence[Job]) -> Counter[str]:
    """How many rows needed each kind of cleaning; names as in payroll_manifest.json."""
    counts: Counter[str] = Counter()
    raw = {name: table.column(name) or () for name in COLUMNS}
    counts["unit_name_with_trailing_or_hard_space"] = sum(
        cell != cell.strip() for cell in raw["unit_name"]
    )
    counts["garbled_unit_name"] = sum(map(cells.is_garbled, raw["unit_name"]))
    counts["quoted_semicolon"] = sum(
        any(";" in cell for cell in job.cell.values()) for job in found
    )
    rates = [cells.number(cell) for cell in raw["rate"]]
    counts["employment_rate_as_percent"] = sum(
        rate is not None and rate > cells.AS_PERCENT for rate in rates
    )
    counts["employment_rate_blank"] = sum(not cell.strip() for cell in raw["rate"])
    counts["start_date_dotted_two_digit_year"] = sum(map(cells.is_short_dotted, raw["starts"]))
    counts["start_date_excel_serial"] = sum(map(cells.is_serial, raw["starts"]))
    counts["end_date_31_12_9999"] = sum(cells.day(cell) == cells.NEVER for cell in raw["stops"])
    counts["service_number_lost_leading_zero"] = sum(
        cell.strip().isdigit() and len(cell.strip()) < SERVICE_DIGITS
        for cell in raw["service_number"]
    )
    counts["mail_uppercase_with_trailing_space"] = sum(
        bool(cell.strip()) and cell != cell.strip().lower() for cell in raw["email"]
    )
    counts["mail_blank"] = sum(not cell.strip() for cell in raw["email"])
    counts["mobile_blank"] = sum(not cell.strip() for cell in raw["mobile"])
    counts["surname_in_capitals"] = sum(
        len(cell.strip()) > 1 and cell.isupper() for cell in raw["last_name"]
    )
    return counts
