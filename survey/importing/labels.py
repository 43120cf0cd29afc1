"""What the columns of a file and the reasons of a row are called, by the command and the pages."""

from typing import Final

from survey.errors import N_
from survey.importing.jobs import Reason

DELIMITERS: Final = {
    ";": N_("semicolon"),
    ",": N_("comma"),
    "\t": N_("tab"),
    "|": N_("vertical bar"),
}
COLUMNS: Final = {
    "unit": N_("unit code"),
    "unit_name": N_("unit name"),
    "parent": N_("parent unit"),
    "service_number": N_("service number"),
    "cpr": N_("CPR number (never kept)"),
    "person": N_("person number (never kept)"),
    "first_name": N_("first name"),
    "last_name": N_("last name"),
    "name": N_("name"),
    "job_title": N_("job title"),
    "rate": N_("employment rate"),
    "starts": N_("employed from"),
    "stops": N_("employed to"),
    "status": N_("status"),
    "pay_form": N_("monthly or hourly"),
    "email": N_("e-mail"),
    "mobile": N_("mobile number"),
    "core_task": N_("core task"),
    "headcount": N_("number of employees"),
    "valid_from": N_("valid from wave"),
    "valid_to": N_("valid to wave"),
    "change": N_("change"),
    "was": N_("earlier code"),
    "behaviour": N_("behaviour code"),
    "text": N_("behaviour"),
    "situation": N_("situation"),
    "units": N_("units"),
}
# The steps of the count, in the order of payroll.md: what is taken away, and why.
STEPS: Final = {
    Reason.RAGGED: N_("more cells than headings"),
    Reason.DUPLICATE: N_("identical to another row"),
    Reason.LOOKS_LIKE_CPR: N_("a CPR number in another column"),
    Reason.BAD_DATE: N_("a date that cannot be read"),
    Reason.LEFT: N_("have left"),
    Reason.UNKNOWN_UNIT: N_("unknown unit"),
    Reason.HOURLY: N_("hourly paid without fixed hours"),
    Reason.NOT_STARTED: N_("start after the day"),
    Reason.NO_NAME: N_("neither name nor e-mail"),
    Reason.TWO_JOBS: N_("second jobs, asked once in the largest"),
}
USED: Final = {
    Reason.ON_LEAVE: N_("on leave; they count and are invited"),
    Reason.SHARED_MAIL: N_("share a mail address and get a card, not a mail"),
    Reason.NO_MAIL: N_("have no mail address and get a card"),
    Reason.BAD_MAIL: N_("have a mail address that cannot be read and get a card"),
    Reason.BAD_RATE: N_("have an employment rate that cannot be read"),
    Reason.UNKNOWN_STATUS: N_("have a status we do not know; they count as active"),
}
NAMED: Final = frozenset(
    {
        *(Reason.UNKNOWN_UNIT, Reason.HOURLY, Reason.NOT_STARTED, Reason.ON_LEAVE),
        *(Reason.TWO_JOBS, Reason.BAD_DATE, Reason.BAD_MAIL, Reason.UNKNOWN_STATUS),
    }
)  # shown by name in a dry run: HR must decide on them one by one
