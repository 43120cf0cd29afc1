"""What staff did, by day, newest first; never what a respondent did.

It shows too whether the chain of the log holds, and the hash to keep somewhere else: a chain alone
does not show that its newest events are gone.
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from litestar import Controller, Request, Response, get
from litestar.types import ControllerRouterHandler

from survey import audit
from survey.access import reads_log
from survey.errors import N_
from survey.pages.layout import language_for, page
from survey.tables import Account, AuditEvent
from survey.texts import Voice

A_PAGE = 50
AT_ONCE = 2_000  # events whose chain is read for every page; all of them where it is asked for
# What a table program would calculate, also where it is full-width.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
NAMED_ACCOUNT = re.compile(r"account (\d+)")
# Every deed that is written down; stored as it stands, read in the language of the reader.
DEEDS = (
    N_("added account as administrator"),
    N_("added account as bridge_builder"),
    N_("added account as coordinator"),
    N_("added account as leadership_team"),
    N_("added account as works_committee"),
    N_("added language"),
    N_("added unit"),
    N_("agreed to leave answers out"),
    N_("agreed to wave"),
    N_("answered no to"),
    N_("answered try to"),
    N_("answered yes to"),
    N_("approved wave"),
    N_("asked for a new code"),
    N_("brought behaviour back"),
    N_("changed account to administrator"),
    N_("changed account to bridge_builder"),
    N_("changed account to coordinator"),
    N_("changed account to leadership_team"),
    N_("changed account to works_committee"),
    N_("changed behaviour"),
    N_("changed details"),
    N_("changed password"),
    N_("changed trial"),
    N_("chose a password"),
    N_("closed unit"),
    N_("closed wave"),
    N_("destroyed key sheets"),
    N_("drew lots for trial"),
    N_("erased"),
    N_("erased a person"),
    N_("extended wave"),
    N_("hid comment"),
    N_("imported behaviours"),
    N_("imported staff"),
    N_("imported trials"),
    N_("imported units"),
    N_("lifted hold"),
    N_("made a new invitation"),
    N_("made new spare codes"),
    N_("made reports"),
    N_("merged units"),
    N_("moved an employee to unit"),
    N_("moved unit"),
    N_("opened all reports"),
    N_("opened board sheet"),
    N_("opened numbers"),
    N_("opened report"),
    N_("opened wave"),
    N_("planned wave"),
    N_("printed cards"),
    N_("printed key sheet"),
    N_("printed poster"),
    N_("put on hold"),
    N_("removed language"),
    N_("removed one-time codes"),
    N_("renamed unit"),
    N_("restarted account"),
    N_("retired behaviour"),
    N_("rewrote behaviour"),
    N_("rewrote comment"),
    N_("sent back wave"),
    N_("sent reminder_1"),
    N_("sent reminder_2"),
    N_("sent reports"),
    N_("sent up"),
    N_("set core task of unit"),
    N_("set up one-time codes"),
    N_("showed comment"),
    N_("signed in"),
    N_("split unit"),
    N_("stopped account"),
    N_("took back a change of unit"),
    N_("took back review of comment"),
    N_("took trial to adjusted"),
    N_("took trial to agreed"),
    N_("took trial to embedded"),
    N_("took trial to learned"),
    N_("took trial to practice_shift"),
    N_("took trial to running"),
    N_("took trial to scaled"),
    N_("took trial to stopped"),
    N_("tried key sheets"),
    N_("wrote behaviour"),
    N_("wrote trial"),
)


@dataclass(frozen=True, slots=True)
class Event:
    """A deed as it is read: the day, the account's login, what, and on what."""

    day: date
    login: str  # "" = on the server's command line
    what: str
    on_what: str


class LogPages(Controller):
    """For those who look after the log."""

    path = "/log"
    guards = (reads_log,)

    @get("/", name="log")
    async def show(self, request: Request[Any, Any, Any]) -> Response[str]:
        """A page of the log, of one deed where one is chosen, with the verdict on the chain."""
        voice = Voice(language_for(request))
        what = request.query_params.get("what", "")
        before = request.query_params.get("before", "")
        rows = await _rows(what, before=int(before) if _is_id(before) else None)
        events = _read(rows[:A_PAGE], await _logins(), voice)
        number = await AuditEvent.count()
        checks_all = "check" in request.query_params or number <= AT_ONCE
        head = await AuditEvent.select().order_by(AuditEvent.id, ascending=False).first()
        return page(
            request,
            "pages/staff/log.html",
            events=events,
            older=rows[A_PAGE - 1]["id"] if len(rows) > A_PAGE else None,
            is_first=not _is_id(before),
            what=what,
            deeds=sorted((voice.gettext(deed), deed) for deed in await _deeds()),
            head=head["hash"] if head else "",
            head_day=head["day"] if head else None,
            broken_at=await _broken_at(None if checks_all else AT_ONCE),
            checked=number if checks_all else AT_ONCE,
            number=number,
        )

    @get("/events.csv", name="log_as_a_table")
    async def table(self) -> Response[bytes]:
        """Every event, oldest first, with the hashes: whoever keeps it can check it later."""
        rows = await AuditEvent.select().order_by(AuditEvent.id)
        logins = await _logins()
        out = io.StringIO()
        table = csv.writer(out, delimiter=";", lineterminator="\r\n")
        table.writerow(("id", "day", "login", "what", "on_what", "previous", "hash"))
        for row in rows:
            login = logins.get(row["account"], "")
            told = (login, row["what"], row["on_what"])
            table.writerow((row["id"], row["day"], *map(_safe, told), row["previous"], row["hash"]))
        return Response(
            out.getvalue().encode("utf-8-sig"),
            media_type="text/csv",
            headers={"content-disposition": 'attachment; filename="kernepuls-log.csv"'},
        )


ROUTES: list[ControllerRouterHandler] = [LogPages]


async def _rows(what: str, *, before: int | None) -> list[dict[str, Any]]:
    """One more than a page, the newest first."""
    query = AuditEvent.select().order_by(AuditEvent.id, ascending=False).limit(A_PAGE + 1)
    if what:
        query = query.where(AuditEvent.what == what)
    if before is not None:
        query = query.where(AuditEvent.id < before)
    return [dict(row) for row in await query]


async def _deeds() -> list[str]:
    """The deeds that are in the log at all."""
    return [row["what"] for row in await AuditEvent.select(AuditEvent.what).distinct()]


async def _logins() -> dict[int | None, str]:
    rows = await Account.select(Account.id, Account.login)
    return {row["id"]: row["login"] for row in rows}


async def _broken_at(newest: int | None) -> date | None:
    """The day of the first event that does not follow from the one before; None = all do."""
    first = await audit.first_break(newest=newest)
    if first is None:
        return None
    row = await AuditEvent.select(AuditEvent.day).where(AuditEvent.id == first).first()
    day: date | None = row["day"] if row else None
    return day


def _read(
    rows: Iterable[Mapping[str, Any]], logins: Mapping[int | None, str], voice: Voice
) -> list[Event]:
    def named(found: re.Match[str]) -> str:
        return logins.get(int(found[1]), found[0])

    return [
        Event(
            row["day"],
            logins.get(row["account"], ""),
            voice.gettext(row["what"]),
            NAMED_ACCOUNT.sub(named, row["on_what"]),
        )
        for row in rows
    ]


def _is_id(told: str) -> bool:
    return told.isascii() and told.isdigit() and len(told) < 16


def _safe(text: str) -> str:
    return f"'{text}" if text.lstrip().startswith(FORMULA) else text
