"""Fjordlund built the way an organisation would: imported, planned, answered, released.

Every answer goes the long way: a real code, a blind ballot, a sealed answer, a close. Nothing is
written past the code that a real wave runs through, and no mail leaves the machine.
"""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple, Protocol

from survey import house, insight
from survey.actions import invitations, waves
from survey.actions.accounts import add_account
from survey.actions.approval import Printer
from survey.actor import Role
from survey.delivery import letters, prints
from survey.delivery.post import Post
from survey.engine import opened
from survey.errors import N_
from survey.importing import professions
from survey.importing.behaviours import import_behaviours
from survey.importing.mapping import BEHAVIOURS, STAFF, TRIALS, UNITS, Kind
from survey.importing.reading import Table, read
from survey.importing.roster import import_staff
from survey.importing.trials import import_trials
from survey.importing.units import import_units
from survey.intake import codes, keys
from survey.intake.writer import running
from survey.organisation import UnitRow
from survey.seeds import note, tried
from survey.seeds.answering import Codes, answer_wave
from survey.seeds.note import OPEN_WAVE, Login, Note, UnitCode
from survey.seeds.planted import FOLDER, table
from survey.settings import Settings
from survey.tables import Behaviour, Invitation, InvitationCode, Unit, Wave

SEED = 20260203  # the day the first wave opens
OPEN_DAYS = timedelta(days=13)  # after the first: 14 days, the first and the last counted
# Units whose people may be played: a code of each is kept, and the unused ones are printed.
PLAYED = ("C21", "B12", "E12", "D22", "F11", "B23", "A2", "C3", "D1", "B14", "E2", "C43")
PRINTED = ("C21", "B23")
REPORTED = ("C21", "FK")
LETTERS = "abcdefghjkmnpqrstvwxyz23456789"  # none that is taken for another
ACCOUNTS = (
    ("koordinator", Role.COORDINATOR, ()),
    ("c21", Role.LEADERSHIP_TEAM, ("C21",)),
    ("direktion", Role.LEADERSHIP_TEAM, ("FK",)),
    ("brobygger", Role.BRIDGE_BUILDER, ("C2", "C3")),  # who wait for each other over professions
    ("med", Role.WORKS_COMMITTEE, ()),
    ("admin", Role.ADMINISTRATOR, ()),
)


class Watcher(Protocol):
    """Shows how far it is: `done` of `total` in a step; `step` is a msgid, `wave` may be empty."""

    def __call__(self, step: str, wave: str, done: int, total: int) -> None: ...


class Days(NamedTuple):
    """The days of one wave."""

    wave: str
    med: date
    opens: date
    closes: date


def days(today: date) -> list[Days]:
    """The four waves of the tables; all of them whole weeks earlier when they are not over yet."""
    rows = [
        Days(
            row["wave"],
            date.fromisoformat(row["med_date"]),
            date.fromisoformat(row["opens"]),
            date.fromisoformat(row["closes"]),
        )
        for row in table("waves")
    ]
    ahead = (rows[-1].closes - today).days + 1
    back = timedelta(weeks=max(0, -(-ahead // 7)))
    return [Days(row.wave, row.med - back, row.opens - back, row.closes - back) for row in rows]


async def build(settings: Settings, *, today: date, watch: Watcher) -> Note:
    """Build Fjordlund in an empty installation and give the way in. May take a minute.

    Until the last line the note says half built, so a run that was killed is made anew.
    """
    settings = replace(settings, smtp=None)
    note.write(settings, Note("building", note.place(settings)))
    house.write_fjordlund(settings)
    async with opened(settings, migrate=True, server=True):
        await import_all(watch)
        logins = [await _account(*account) for account in ACCOUNTS]
        async with running():
            for wave in days(today):
                await past_wave(settings, wave, watch)
        last = Days(OPEN_WAVE, today, today, today + OPEN_DAYS)
        await _approve_and_open(settings, last, watch, printer=_some_prints(settings, last))
        kept = await _codes_to_play()
        await tried.write(settings, today=today, closed=days(today)[-1].closes)
    built = Note("built", note.place(settings), tuple(logins), tuple(kept))
    note.write(settings, built)
    return built


async def import_all(watch: Watcher) -> None:
    """Units, staff, behaviours and trials, by the same functions as `kernepuls import`."""
    step = N_("Importing units, staff, behaviours and trials")
    watch(step, "", 0, 4)
    await import_units(_file("units", UNITS), by=None)
    watch(step, "", 1, 4)
    payroll = _file("payroll_cp1252", STAFF)
    await import_staff(
        payroll,
        by=None,
        as_of=payroll.extract_date or date.min,
        professions=professions.load(professions.SHIPPED),
    )
    watch(step, "", 2, 4)
    await import_behaviours(_file("behaviours_import", BEHAVIOURS), by=None)
    watch(step, "", 3, 4)
    await import_trials(_file("trials", TRIALS), by=None)
    watch(step, "", 4, 4)


def _file(name: str, kind: Kind) -> Table:
    return read((FOLDER / f"{name}.csv").read_bytes(), kind)


async def _account(login: str, role: Role, units: Sequence[str]) -> Login:
    password = "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(3))
    email = f"{login}@fjordlund.example" if units else ""
    await add_account(login=login, password=password, role=role, units=units, email=email)
    return Login(login, password, role, ", ".join(units))


async def past_wave(settings: Settings, wave: Days, watch: Watcher, *, seed: int = SEED) -> int:
    """Plan, approve and open a wave, let it be answered, close it; how many answered."""
    kept = Codes()
    await _approve_and_open(settings, wave, watch, printer=kept.print, letter_box=kept)
    step = N_("Answers to wave %(wave)s")
    sent = await answer_wave(
        settings,
        wave.wave,
        kept,
        seed=seed,
        progress=lambda done, total: watch(step, wave.wave, done, total),
    )
    step_ = N_("Closing and releasing wave %(wave)s")
    await waves.close_wave(
        settings,
        name=wave.wave,
        by=None,
        progress=lambda done, total: watch(step_, wave.wave, done, total),
    )
    return sent


async def _approve_and_open(
    settings: Settings,
    wave: Days,
    watch: Watcher,
    *,
    printer: Printer,
    letter_box: Post | None = None,
) -> None:
    """From plan to open; without a letter box the mails go to the folder `mail`."""
    name = wave.wave
    await waves.plan_wave(
        settings, name=name, opens=wave.opens, closes=wave.closes, behaviours="all", by=None
    )
    printing, mailing = N_("Cards and posters of wave %(wave)s"), N_("Invitations to wave %(wave)s")
    await waves.approve_wave(
        settings,
        name=name,
        med_date=wave.med,
        by=None,
        printer=printer,
        progress=lambda done, total: watch(printing, name, done, total),
    )
    await waves.open_wave(
        settings,
        name=name,
        by=None,
        today=wave.opens,
        to=letter_box,
        progress=lambda done, total: watch(mailing, name, done, total),
    )


def _some_prints(settings: Settings, wave: Days) -> Printer:
    """Cards and posters of two units: those of all 46 would take longer than the rest."""
    ours = house.organisation(settings)

    def some(unit: UnitRow, behaviour: Behaviour, cards: Sequence[str]) -> None:
        if unit.code not in PRINTED:
            return
        around = letters.round_of(
            settings,
            ours,
            closes=wave.closes,
            fingerprint=keys.fingerprint(settings, wave.wave),
        )
        poster = prints.poster_pdf(around, unit.name, behaviour)
        prints.keep(prints.poster_file(settings, wave.wave, unit.code), poster)
        bowl = prints.cards_pdf(around, unit.name, cards)
        prints.keep(prints.cards_file(settings, wave.wave, unit.code), bowl)

    return some


async def write_reports(settings: Settings, *, wave: str) -> list[Path]:
    """The reports of a team and of the whole organisation, as PDF in the folder `reports`."""
    folder = settings.data / "reports"
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    async with opened(settings):
        for unit in REPORTED:
            made = await insight.unit_report(settings, wave=wave, unit=unit, language="da")
            written.append(folder / f"{unit}-{wave}.pdf")
            written[-1].write_bytes(made)
    return written


async def _codes_to_play() -> list[UnitCode]:
    """A code for one invitation of each of some units, as a reminder would give."""
    rows = await Invitation.select(Invitation.id, Invitation.unit).where(
        (Invitation.wave == await open_wave_id()) & (Invitation.kind == "person")
    )
    units = {
        row["id"]: row["code"]
        for row in await Unit.select(Unit.id, Unit.code).where(Unit.code.is_in(list(PLAYED)))
    }
    first: dict[str, str] = {}
    for row in rows:
        if row["unit"] in units:
            first.setdefault(units[row["unit"]], row["id"])
    clear = await invitations.new_codes(OPEN_WAVE, list(first.values()))
    return [UnitCode(clear[first[unit]], unit) for unit in PLAYED if unit in first]


async def open_wave_id() -> int | None:
    rows = await Wave.select(Wave.id).where((Wave.name == OPEN_WAVE) & (Wave.state == "open"))
    return rows[0]["id"] if rows else None


async def unused(settings: Settings, found: Note) -> list[UnitCode]:
    """The kept codes that nobody has begun to use, while their wave is open."""
    async with opened(settings):
        if await open_wave_id() is None:
            return []
        hashes = {
            codes.hash_code(OPEN_WAVE, codes.read_code(kept.code)): kept for kept in found.codes
        }
        rows = await InvitationCode.select().where(InvitationCode.hash.is_in(list(hashes)))
        invitation = {hashes[row["hash"]]: row["invitation"] for row in rows}
        free = await Invitation.select(Invitation.id).where(
            Invitation.id.is_in([*invitation.values(), ""]), Invitation.issued.is_null()
        )
        ids = {row["id"] for row in free}
        return [kept for kept in found.codes if invitation.get(kept) in ids]
