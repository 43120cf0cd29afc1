"""What the retention periods say may go now: found by looking, changed by nobody.

A wave that has not closed, or that is on hold, is left whole. Counts tell how much, never who: how
many have opened a form is in none of them.
"""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final, Literal, TypeAlias

from survey.actions import report_mails
from survey.delivery import post, prints, shelf, sms
from survey.house import Retention
from survey.intake.files import answers_file, comments_file, copy_of, receipts_file
from survey.settings import Settings
from survey.tables import Invitation, InvitationCode, MailItem, Person, ReportMail, Wave

What: TypeAlias = Literal["roster", "mail_log", "reports", "comments", "release", "left"]
CLOSED: Final = ("released", "held")


@dataclass(frozen=True, slots=True)
class Item:
    """One kind of thing of one wave that is due: its files, and how many rows are concerned.

    `rows` of a roster is 1 for any: the number would be how many opened.
    """

    what: What
    wave: str = ""
    wave_id: int = 0
    files: tuple[Path, ...] = ()
    rows: int = 0
    people: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What is due, and the waves on hold, of which nothing goes."""

    items: tuple[Item, ...]
    on_hold: tuple[str, ...]


async def plan(settings: Settings, retention: Retention, today: date) -> Plan:
    """Everything that is due on a day, in the order of the waves."""
    waves = await Wave.objects().order_by(Wave.name)
    items: list[Item] = []
    for wave in waves:
        if wave.state in CLOSED and not wave.on_hold:
            items += await _of_wave(settings, retention, wave, today)
    left = await _left_the_staff([one.wave_id for one in items if one.what == "mail_log"])
    if left:
        items.append(Item("left", rows=len(left), people=left))
    return Plan(tuple(items), tuple(wave.name for wave in waves if wave.on_hold))


def months_later(day: date, months: int) -> date:
    """The same day of a later month, or that month's last."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


async def _of_wave(settings: Settings, retention: Retention, wave: Wave, today: date) -> list[Item]:
    name, number = wave.name, wave.id
    found = [Item("roster", name, number, _with_codes(settings, name), await _codes_left(number))]
    if today > wave.closes + timedelta(days=retention.mail_log_days):
        found.append(Item("mail_log", name, number, rows=await _mail_log(number)))
    if today > months_later(
        wave.closes, min(retention.comments_months, retention.releases_months)
    ):  # they quote comments
        told = await ReportMail.count().where(ReportMail.wave == number)
        found.append(Item("reports", name, number, _reports(settings, name), told))
    if today > months_later(wave.closes, retention.comments_months):
        found.append(Item("comments", name, number, _comments(settings, name)))
    if today > months_later(wave.closes, retention.releases_months):
        found.append(Item("release", name, number, _released(settings, name)))
    return [one for one in found if one.files or one.rows]


def _with_codes(settings: Settings, wave: str) -> tuple[Path, ...]:
    """Cards, posters, mails and text messages: the close removes them, unless it was cut short."""
    folders = (
        prints.cards_file(settings, wave, "x").parent,
        prints.poster_file(settings, wave, "x").parent,
        post.folder_of(settings, wave),
        sms.folder_of(settings, wave),
    )
    return tuple(file for folder in folders for file in sorted(folder.glob("*")))


def _reports(settings: Settings, wave: str) -> tuple[Path, ...]:
    """The finished documents, and word of them where no mail server is set."""
    mails = post.folder_of(settings, report_mails.folder_of(wave))
    return (*shelf.files_of(settings, wave), *sorted(mails.glob("*.eml")))


def _comments(settings: Settings, wave: str) -> tuple[Path, ...]:
    return _there(settings, comments_file(settings, wave))


def _released(settings: Settings, wave: str) -> tuple[Path, ...]:
    """The Release, the receipts, and the answers that it was made of."""
    release = settings.data / "releases" / f"{wave}.json"
    return _there(settings, release, receipts_file(settings, wave), answers_file(settings, wave))


def _there(settings: Settings, *files: Path) -> tuple[Path, ...]:
    """Those of the files and of their second copies that exist."""
    both = (place for file in files for place in (file, copy_of(settings, file)))
    return tuple(place for place in both if place.exists())


async def _codes_left(wave: int) -> int:
    """Rows of the roster that still tell who opened, or open something: 0 after a whole close."""
    opened = await Invitation.count().where(
        Invitation.wave == wave, Invitation.issued.is_not_null()
    )
    [row] = await InvitationCode.raw(
        "SELECT count(*) AS n FROM invitation_code JOIN invitation "
        "ON invitation.id = invitation_code.invitation WHERE invitation.wave = {}",
        wave,
    )
    return int(bool(opened or row["n"]))


async def _mail_log(wave: int) -> int:
    """Which mails went on which day, and who of the staff was invited."""
    mails = await MailItem.count().where(MailItem.wave == wave)
    named = await Invitation.count().where(Invitation.wave == wave, Invitation.person.is_not_null())
    return int(mails + named)


async def _left_the_staff(forgotten: Sequence[int]) -> tuple[int, ...]:
    """People not on the newest staff list whom no invitation names, but those about to be cleared.

    Kept until then: a mail that waits needs their address.
    """
    away = await Person.select(Person.id).where(Person.active == False)  # noqa: E712 - a column
    rows = await Invitation.raw(
        "SELECT DISTINCT person, wave FROM invitation WHERE person IS NOT NULL"
    )
    needed = {row["person"] for row in rows if row["wave"] not in forgotten}
    return tuple(sorted(row["id"] for row in away if row["id"] not in needed))
