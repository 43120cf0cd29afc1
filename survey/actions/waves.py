"""The waves of an installation: plan, approve, open, close, and where each one stands.

A wave goes draft -> approved -> open -> closing -> released or held, each step by compare-and-set
and none by the clock. Every command may be run again: what is done is not done twice, what was
interrupted goes on.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from survey import audit, house
from survey.actions.approval import Approved, Progress, approve_wave, clear_prints, stored_wave
from survey.actions.invitations import Counts, counts_of, people_in
from survey.actions.lost_link import told_too_late
from survey.actions.opening import Opened, open_wave
from survey.actions.planning import Planned, plan_wave
from survey.actions.readiness import NobodyInScope, NotDiscussed, scope_of
from survey.engine import transaction
from survey.errors import N_, KernepulsError, Refused
from survey.intake.refusals import RowsUnopenable
from survey.intake.split import Sheet
from survey.organisation import tree
from survey.settings import Settings
from survey.tables import Account, Closing, MailItem, OpenedShare, Wave, WaveBehaviour

__all__ = [
    "Approved",
    "Opened",
    "Planned",
    "WaveStatus",
    "approve_wave",
    "close_wave",
    "open_wave",
    "plan_wave",
    "wave_status",
    "waves",
]

# What the steps of the close have done, by the name `survey.intake.closing` gives them.
CLOSE_STEPS: Final = {
    "marked": N_("no more answers are taken"),
    "counted": N_("answers and ballots are counted"),
    "written": N_("the answers are opened together, shuffled and written"),
    "renamed": N_("the file has its name"),
    "verified": N_("the file is read back and compared"),
    "copied": N_("a second copy is kept"),
    "emptied": N_("the sealed answers are deleted"),
    "key_destroyed": N_("the keys are destroyed"),
    "rewritten": N_("the deleted space is overwritten"),
    "roster_cleared": N_("the codes are deleted"),
    "released": N_("the numbers are made, and the check has attacked them"),
}
AGREEING = 2  # people, to leave out answers that cannot be opened (trust.md 4)


class WaveNotOpened(Refused):
    sentence = N_("Wave {wave} has not opened, so there is nothing to close. Nothing was changed.")


class TwoMustAgree(Refused):
    sentence = N_(
        "To leave answers out two people must agree, each with an active account of their own. "
        "Nothing was changed. Name two accounts."
    )


class NothingToLeaveOut(Refused):
    sentence = N_(
        "The close of wave {wave} has not stopped at answers that cannot be opened, so there is "
        "nothing to agree to. Nothing was changed. Close it without --confirmed-by."
    )


@dataclass(frozen=True, slots=True)
class Share:
    """A part or a centre and how many per cent have opened the form, in steps of five."""

    unit: str
    name: str
    per_cent: int


@dataclass(frozen=True, slots=True)
class WaveStatus:
    """Where a wave stands; nothing in it tells who opened or what anybody answered."""

    name: str
    state: str
    opens: date
    closes: date
    med_date: date | None
    behaviours: tuple[str, ...]
    counts: Counts
    mails: Mapping[str, int]  # invitations waiting, sent, failed; of later mails nothing is told
    opened: tuple[Share, ...]
    opened_day: date | None  # the night the shares were counted
    step: str | None  # the last step of the close that is done
    refusal: str | None  # the rule that held the release back, or the error a close stopped at
    missing: tuple[KernepulsError, ...]  # before it may open
    key_sheets: str | None  # made, drilled or destroyed; None = the server has the key
    asked_too_late: int | None  # for a lost link; whole fives, after the close, None below five


async def close_wave(  # noqa: PLR0913 - one for each option of the command
    settings: Settings,
    *,
    name: str,
    by: int | None,
    confirmed_by: Collection[int] = (),
    sheets: Sequence[Sheet] = (),
    progress: Progress | None = None,
) -> WaveStatus:
    """Close an open wave and release it; an interrupted close goes on, a released one stays.

    `confirmed_by` are two accounts that agree to leave out rows that cannot be opened; they agree
    to a number, so only after a close has stopped and told it. `sheets`: two key sheets, where the
    key is on sheets. What was printed and mailed for the
    wave is removed: its codes are gone. Raises WaveNotOpened, TwoMustAgree, NothingToLeaveOut, and
    what `intake.closing.close_wave` raises.
    """
    wave = await stored_wave(name)
    if wave.state in ("draft", "approved"):
        raise WaveNotOpened(wave=name)
    if wave.state != "released":
        if confirmed_by:
            await _agreed(wave, {*confirmed_by})
        if wave.state == "open":
            await audit.record(by=by, what="closed wave", on_what=name)
        from survey.intake import closing  # noqa: PLC0415 - the whole analysis comes with it

        await closing.close_wave(settings, name, progress, confirmed_by=confirmed_by, sheets=sheets)
        clear_prints(settings, name)
    return await wave_status(settings, name)


async def _agreed(wave: Wave, accounts: Collection[int]) -> None:
    """Write down who agreed to go on without the rows that a close told of."""
    if not await Closing.exists().where(
        Closing.wave == wave.id, Closing.refusal == RowsUnopenable.__name__
    ):
        raise NothingToLeaveOut(wave=wave.name)
    active = await Account.count().where(
        Account.id.is_in(list(accounts)),
        Account.active == True,  # noqa: E712 - a column, not a value
    )
    if not active == len(accounts) >= AGREEING:
        raise TwoMustAgree
    async with transaction():
        for account in sorted(accounts):
            await audit.record(by=account, what="agreed to leave answers out", on_what=wave.name)


async def waves() -> list[str]:
    """The names of all waves, in time order."""
    return sorted(row["name"] for row in await Wave.select(Wave.name))


async def wave_status(settings: Settings, name: str) -> WaveStatus:
    """Where a wave stands. Raises WaveUnknown."""
    wave = await stored_wave(name)
    asked = await WaveBehaviour.select(WaveBehaviour.behaviour.code.as_alias("code")).where(
        WaveBehaviour.wave == wave.id
    )
    mails = Counter(
        row["state"]
        for row in await MailItem.select(MailItem.state).where(
            (MailItem.wave == wave.id) & (MailItem.kind == "invitation")
        )
    )
    job = await Closing.objects().where(Closing.wave == wave.id).first()
    shares, day = await _shares(wave)
    return WaveStatus(
        name=wave.name,
        state=wave.state,
        opens=wave.opens,
        closes=wave.closes,
        med_date=wave.med_date,
        behaviours=tuple(sorted(row["code"] for row in asked)),
        counts=await counts_of(wave),
        mails={state: mails[state] for state in ("waiting", "sent", "failed")},
        opened=shares,
        opened_day=day,
        step=job.step if job else None,
        refusal=job.refusal if job else None,
        missing=await _missing(settings, wave),
        key_sheets=wave.key_sheets,
        asked_too_late=told_too_late(wave),
    )


async def _shares(wave: Wave) -> tuple[tuple[Share, ...], date | None]:
    rows = await OpenedShare.select().where(OpenedShare.wave == wave.id)
    units = await tree(wave.name)
    per_cent = {row["unit"]: row["per_cent"] for row in rows}
    shares = tuple(
        Share(unit=node.code, name=node.name, per_cent=per_cent[node.id])
        for node in units.values()
        if node.id in per_cent
    )
    return shares, rows[0]["day"] if rows else None


async def _missing(settings: Settings, wave: Wave) -> tuple[KernepulsError, ...]:
    if wave.state not in ("draft", "approved"):
        return ()
    scope = await scope_of(wave)
    missing = list(scope.missing)
    if scope.asked and not await people_in(scope, house.organisation(settings)):
        missing.append(NobodyInScope())
    if wave.med_date is None:
        missing.append(NotDiscussed(wave=wave.name))
    return tuple(missing)
