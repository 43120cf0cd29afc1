"""The days a reminder may be sent: weekdays that are no Danish holiday, as from 2024.

Store bededag is a working day since 2024. 5 June, 24 and 31 December are counted as closed,
because most town halls are, though the law on holidays names only some of them.
"""

from datetime import date, timedelta

SATURDAY = 5  # date.weekday()
CLOSED = ((1, 1), (6, 5), (12, 24), (12, 25), (12, 26), (12, 31))  # month, day
# Days after Easter Sunday: Maundy Thursday, Good Friday, Easter Monday, Ascension, Whit Monday.
MOVING = (-3, -2, 1, 39, 50)


def is_workday(day: date) -> bool:
    if day.weekday() >= SATURDAY or (day.month, day.day) in CLOSED:
        return False
    return (day - easter(day.year)).days not in MOVING


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
