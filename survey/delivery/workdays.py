"""The days a reminder may be sent: weekdays that are no Danish holiday, as from 2024.

Store bededag is a working day since 2024. 5 June, 24 and 31 December are counted as closed,
because most town halls are, though the law on holidays names only some of them.
"""

from datetime import date, timedelta

from survey.errors import N_

SATURDAY = 5  # date.weekday()
CLOSED = {  # month, day
    (1, 1): N_("New Year's Day"),
    (6, 5): N_("Constitution Day"),
    (12, 24): N_("Christmas Eve"),
    (12, 25): N_("Christmas Day"),
    (12, 26): N_("Boxing Day"),
    (12, 31): N_("New Year's Eve"),
}
MOVING = {  # days after Easter Sunday
    -3: N_("Maundy Thursday"),
    -2: N_("Good Friday"),
    1: N_("Easter Monday"),
    39: N_("Ascension Day"),
    50: N_("Whit Monday"),
}


def is_workday(day: date) -> bool:
    return day.weekday() < SATURDAY and holiday(day) is None


def holiday(day: date) -> str | None:
    """The name of a day off, as a msgid; None for other days, weekends among them."""
    return CLOSED.get((day.month, day.day)) or MOVING.get((day - easter(day.year)).days)


def next_workday(day: date) -> date:
    """The day itself, or the first working day after it."""
    while not is_workday(day):
        day += timedelta(days=1)
    return day


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar.

    Source: the anonymous algorithm of Nature (1876) as in Meeus, Astronomical Algorithms, ch. 8;
    checked against dateutil.easter for 1900-2199.
    """
    century, in_century = divmod(year, 100)
    golden = year % 19
    leap_centuries, rest = divmod(century, 4)
    moon_drift = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - leap_centuries - moon_drift + 15) % 30
    leap_years, beyond = divmod(in_century, 4)
    to_sunday = (32 + 2 * rest + 2 * leap_years - epact - beyond) % 7
    late = (golden + 11 * epact + 22 * to_sunday) // 451
    month, day = divmod(epact + to_sunday - 7 * late + 114, 31)
    return date(year, month, day + 1)
