"""Approving a wave: its keys, who is invited, the frozen N, and the cards and posters to print.

The state changes last. A run that is killed before leaves a draft, and the next run makes all of
it anew, so no half-printed card ever works.
"""

import asyncio
import random
import shutil
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from survey import audit, house
from survey.actions.alone import alone
from survey.actions.invitations import (
    Counts,
    Row,
    counts_of,
    frozen_counts,
    keep,
    made_for,
    new_codes,
    people_in,
    texted,
)
from survey.actions.key_making import make_keys
from survey.actions.readiness import NobodyInScope, NotDiscussed, Scope, WaveNotReady, scope_of
from survey.delivery import letters, post, prints, sms
from survey.engine import transaction
from survey.errors import N_, BadInput, Refused, WaveUnknown
from survey.house import Organisation
from survey.intake import keys
from survey.organisation import UnitRow
from survey.settings import Settings
from survey.tables import Behaviour, Invitation, Wave

# Takes a unit, its behaviour and the clear codes of its cards, in the order to print them.
Printer: TypeAlias = Callable[[UnitRow, Behaviour, Sequence[str]], None]
Progress: TypeAlias = Callable[[int, int], None]  # units printed, of how many
LOT = 50  # units whose cards' codes are kept in one transaction


class DiscussedAfterOpening(BadInput):
    sentence = N_(
        "The works committee is said to have discussed the wave {med_date}, after it opens "
        "{opens}. Nothing was changed. Correct the date."
    )


class WaveApprovedAlready(Refused):
    sentence = N_(
        "Wave {wave} is already approved, with the date {med_date}. Nothing was changed. To make "
        "invitations and cards anew use --again; cards printed before then no longer work."
    )


class WaveOpenAlready(Refused):
    sentence = N_("Wave {wave} has opened, so what was approved stands. Nothing was changed.")


class StartDatesNotKept(Refused):
    sentence = N_(
        "invite_from_months in the organisation's file {file} is {months}, but the staff list "
        "keeps no start dates. Nothing was changed. Set it to 0, and leave out new staff in the "
        "list you import."
    )


class KeysMadeAlready(Refused):
    sentence = N_(
        "Wave {wave} is approved, and its keys are made the other way. Nothing was changed. To "
        "make them anew use --again; cards and posters printed before then no longer fit."
    )


class WaveChanged(Refused):
    sentence = N_(
        "Wave {wave} was changed by somebody else meanwhile. Look at it with: "
        "kernepuls wave status {wave}"
    )


@dataclass(frozen=True, slots=True)
class Approved:
    """What an approval made: N and how people are reached, and the key's fingerprint."""

    name: str
    counts: Counts
    units: int
    fingerprint: str
    made: bool  # False: it was approved before, and nothing was made
    on_sheets: bool  # the key that opens the answers is on three sheets, not on the server


async def approve_wave(  # noqa: PLR0913 - one for each option of the command
    settings: Settings,
    *,
    name: str,
    med_date: date | None,
    by: int | None,
    again: bool = False,
    on_sheets: bool | None = None,
    printer: Printer | None = None,
    progress: Progress | None = None,
) -> Approved:
    """Approve a wave: make keys, invitations, codes, cards and posters, then change its state.

    `med_date` is the day the works committee discussed it. Run twice with one date it changes
    nothing; `again` makes invitations and cards anew while the wave has not opened. `on_sheets`
    makes new keys, with the one that opens the answers on three sheets (True) or here (False); None
    keeps those there are, the first time here. `printer` takes the cards in place of PDF files in
    the data folder. Raises WaveNotReady with all that is missing.
    """
    with alone(settings):
        wave = await stored_wave(name)
        if wave.state not in ("draft", "approved"):
            raise WaveOpenAlready(wave=name)
        if wave.state == "approved" and not again:
            if med_date not in (None, wave.med_date):
                raise WaveApprovedAlready(wave=name, med_date=wave.med_date)
            if on_sheets not in (None, keys.on_sheets(settings, name)):
                raise KeysMadeAlready(wave=name)
            return await _told(settings, wave, made=False)
        discussed = med_date or wave.med_date
        fields = house.organisation(settings)
        _check_fields(settings, fields)
        scope = await scope_of(wave)
        people = await people_in(scope, fields)
        check_ready(wave, scope, people, med_date=discussed)
        if wave.state == "approved":
            await change_state(wave, "approved", "draft")
        key_sheets = await make_keys(settings, fields, wave, on_sheets=on_sheets)
        invitations = made_for(wave, scope, people, await texted(settings, people))
        await keep(wave, invitations, frozen_counts(wave, scope, people))
        around = letters.round_of(
            settings, fields, closes=wave.closes, fingerprint=keys.fingerprint(settings, name)
        )
        clear_prints(settings, name)
        await _print(name, scope, invitations, printer or _files(settings, name, around), progress)
        async with transaction():
            await change_state(wave, "draft", "approved")
            await Wave.update({Wave.med_date: discussed, Wave.key_sheets: key_sheets}).where(
                Wave.id == wave.id
            )
            await audit.record(by=by, what="approved wave", on_what=name)
        return await _told(settings, wave, made=True)


def _check_fields(settings: Settings, fields: Organisation) -> None:
    if fields.invite_from_months:
        raise StartDatesNotKept(file=settings.organisation, months=fields.invite_from_months)


def check_ready(wave: Wave, scope: Scope, people: Sequence[Row], *, med_date: date | None) -> None:
    """Raise WaveNotReady with everything that is missing, or DiscussedAfterOpening."""
    missing = list(scope.missing)
    if scope.asked and not people:
        missing.append(NobodyInScope())
    if med_date is None:
        missing.append(NotDiscussed(wave=wave.name))
    if missing:
        raise WaveNotReady(wave=wave.name, missing=tuple(missing))
    if med_date is not None and med_date > wave.opens:
        raise DiscussedAfterOpening(med_date=med_date, opens=wave.opens)


async def stored_wave(name: str) -> Wave:
    """The wave, or WaveUnknown."""
    wave: Wave | None = await Wave.objects().where(Wave.name == name).first()
    if wave is None:
        raise WaveUnknown(wave=name)
    return wave


async def change_state(wave: Wave, before: str, after: str) -> None:
    """Compare and set: one of two commands wins, the other raises WaveChanged."""
    changed = (
        await Wave.update({Wave.state: after})
        .where((Wave.id == wave.id) & (Wave.state == before))
        .returning(Wave.id)
    )
    if not changed:
        raise WaveChanged(wave=wave.name)


def clear_prints(settings: Settings, wave: str) -> None:
    """Remove a wave's cards, posters and mail files: codes that are gone only mislead."""
    for file in (prints.cards_file(settings, wave, "x"), prints.poster_file(settings, wave, "x")):
        shutil.rmtree(file.parent, ignore_errors=True)
    for module in (post, sms):
        shutil.rmtree(module.folder_of(settings, wave), ignore_errors=True)


async def _print(
    wave: str,
    scope: Scope,
    invitations: Sequence[Invitation],
    printer: Printer,
    progress: Progress | None,
) -> None:
    """Some units at a time: make the cards' codes, keep their hashes, print, forget."""
    cards: dict[int, list[str]] = defaultdict(list)
    for invitation in invitations:
        if invitation.kind == "card":
            cards[invitation.unit].append(str(invitation.id))
    printed, asked = 0, list(scope.asked.items())
    for start in range(0, len(asked), LOT):
        units = [(scope.tree[code], behaviour) for code, behaviour in asked[start : start + LOT]]
        # By random id, so that codes do not stand unit by unit.
        codes = await new_codes(wave, sorted(one for unit, _ in units for one in cards[unit.id]))
        for unit, behaviour in units:
            clear = [codes.pop(one) for one in cards[unit.id]]
            random.SystemRandom().shuffle(clear)
            await asyncio.to_thread(printer, unit, behaviour, clear)
            printed += 1
            if progress is not None:
                progress(printed, len(asked))


def _files(settings: Settings, wave: str, around: letters.Round) -> Printer:
    """A printer that writes PDF files: a poster for every unit, cards where somebody needs one."""

    def to_files(unit: UnitRow, behaviour: Behaviour, codes: Sequence[str]) -> None:
        poster = prints.poster_pdf(around, unit.name, behaviour)
        prints.keep(prints.poster_file(settings, wave, unit.code), poster)
        if codes:
            made = prints.cards_pdf(around, unit.name, codes)
            prints.keep(prints.cards_file(settings, wave, unit.code), made)

    return to_files


async def _told(settings: Settings, wave: Wave, *, made: bool) -> Approved:
    counts = await counts_of(wave)
    units = len((await scope_of(wave)).asked)
    return Approved(
        name=wave.name,
        counts=counts,
        units=units,
        fingerprint=keys.fingerprint(settings, wave.name),
        made=made,
        on_sheets=keys.on_sheets(settings, wave.name),
    )
