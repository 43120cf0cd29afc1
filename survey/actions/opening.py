"""Opening a wave: the drill of its keys, the change of state, and the mails with their codes.

The state changes first, then the mails go: whoever gets a mail can answer. Run again it sends
what waits or failed, with new codes.
"""

from collections import defaultdict
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from datetime import date, datetime
from email.message import EmailMessage
from functools import partial
from zoneinfo import ZoneInfo

from survey import audit, house
from survey.actions import trials_waves
from survey.actions.alone import alone
from survey.actions.approval import change_state, check_ready, stored_wave
from survey.actions.invitations import new_codes, people_in
from survey.actions.readiness import scope_of
from survey.actions.sheets import check_tried
from survey.delivery import letters, post, queue, sms
from survey.delivery.queue import Addressee, Progress, Sent
from survey.engine import transaction
from survey.errors import N_, Refused
from survey.intake import keys
from survey.organisation import Tree, has_run, tree
from survey.settings import Settings
from survey.tables import Behaviour, Invitation, TrialAction, TrialUnit, Wave
from survey.texts import Language, Voice

LOCAL = ZoneInfo("Europe/Copenhagen")  # the organisation's days, as its texts name them


class WaveNotApproved(Refused):
    sentence = N_(
        "Wave {wave} is not approved, so it has no keys and no invitations. Nothing was changed. "
        "Approve it with: kernepuls wave approve {wave} --med-date DATE"
    )


class WaveHasClosed(Refused):
    sentence = N_("Wave {wave} has closed and cannot open again. Nothing was changed.")


@dataclass(frozen=True, slots=True)
class Opened:
    """What opening did; `opened` is False when the wave was open already."""

    name: str
    opened: bool
    mails: Sent
    folder: str | None  # where .eml files went; None = to a mail server


def today_here() -> date:
    """The day it is in Denmark."""
    return datetime.now(LOCAL).date()


async def open_wave(  # noqa: PLR0913 - the two last stand in for the mail server and the terminal
    settings: Settings,
    *,
    name: str,
    by: int | None,
    today: date | None = None,
    to: post.Post | None = None,
    progress: Progress | None = None,
) -> Opened:
    """Open an approved wave and send its mails; an open one sends what is still waiting.

    Raises WaveNotReady with all that is missing, WaveNotApproved, WaveHasClosed, KeysMissing or
    KeysDiffer (the drill of each key copy), SheetsNotTried, FieldEmpty, MailServerUnreachable.
    """
    day = today or today_here()
    with alone(settings):
        wave = await stored_wave(name)
        if wave.state not in ("draft", "approved", "open"):
            raise WaveHasClosed(wave=name)
        compose = None
        if wave.state != "open":
            await _check(settings, wave)
            async with transaction():
                await trials_waves.settle()
            compose = await _composer(settings, wave, day)
        async with letter_box(settings, name, to) as box, sms.opened(settings, name) as texting:
            begun = wave.state != "open"
            if begun:
                await _open(wave, by)
            mails = await queue.send_waiting(
                wave.id,
                queue.Mailing(
                    post=box,
                    new_codes=partial(new_codes, name),
                    compose=compose or await _composer(settings, wave, day),
                    today=day,
                    texting=texting,
                ),
                progress=progress,
            )
    folder = str(post.folder_of(settings, name)) if settings.smtp is None else None
    return Opened(name=name, opened=begun, mails=mails, folder=folder)


def letter_box(
    settings: Settings, wave: str, to: post.Post | None
) -> AbstractAsyncContextManager[post.Post]:
    """Where the mails of a wave go; `to` stands in for the mail server."""
    return post.opened(settings, wave) if to is None else nullcontext(to)


async def _check(settings: Settings, wave: Wave) -> None:
    """All that may have changed since approval, and each copy of the keys."""
    scope = await scope_of(wave)
    people = await people_in(scope, house.organisation(settings))
    check_ready(wave, scope, people, med_date=wave.med_date)
    if wave.state != "approved":
        raise WaveNotApproved(wave=wave.name)
    check_tried(settings, wave)
    keys.check_copies(settings, wave.name)


async def _open(wave: Wave, by: int | None) -> None:
    """Open, and let a mail wait for everyone with an address: all of it or none."""
    async with transaction():
        await change_state(wave, "approved", "open")
        people = await Invitation.select(Invitation.id).where(
            (Invitation.wave == wave.id) & (Invitation.kind == "person")
        )
        await queue.enqueue(wave.id, (row["id"] for row in people), kind="invitation")
        await audit.record(by=by, what="opened wave", on_what=wave.name)


class _Composer:
    """Makes the mail of one addressee; every text was tried before the wave opened."""

    def __init__(
        self,
        around: letters.Round,
        units: Tree,
        behaviours: dict[int, Behaviour],
        since: dict[int, letters.SinceLast],
        day: date,
    ) -> None:
        self._around, self._units, self._behaviours = around, units, behaviours
        self._since, self._day = since, day

    def __call__(self, to: Addressee, code: str) -> EmailMessage | sms.TextMessage:
        if to.email is None:
            said = self.text(to.behaviour, code)
            return sms.TextMessage(to=to.mobile or "", text=said, day=self._day)
        letter = self.letter(to.unit, to.behaviour, code)
        return post.mail(letter, self._around, to=to.email, day=self._day)

    def text(self, behaviour: int, code: str) -> str:
        return letters.text_message(self._around, self._behaviours[behaviour], code=code)

    def letter(self, unit: int, behaviour: int, code: str) -> letters.Letter:
        code_of_unit = self._units.by_id[unit].code
        centre = self._units.centre_of(code_of_unit) or code_of_unit
        return letters.invitation(
            self._around,
            self._behaviours[behaviour],
            area=self._units[centre].name,
            code=code,
            since=self._since.get(unit),
        )


async def _composer(settings: Settings, wave: Wave, day: date) -> _Composer:
    """Read once what the texts of a wave need, and try the text of every unit.

    Raises FieldEmpty or PlaceholderUnfilled before anything is sent.
    """
    fields = house.organisation(settings)
    units = await tree(wave.name)
    around = letters.round_of(
        settings, fields, closes=wave.closes, fingerprint=keys.fingerprint(settings, wave.name)
    )
    behaviours = {one.id: one for one in await Behaviour.objects()}
    since = await _since_last(wave, units, around.language)
    composer = _Composer(around, units, behaviours, since, day)
    groups = (
        await Invitation.select(Invitation.unit, Invitation.behaviour)
        .where(Invitation.wave == wave.id)
        .group_by(Invitation.unit, Invitation.behaviour)
    )
    for group in groups:
        letter = composer.letter(group["unit"], group["behaviour"], "0000-0000-0000-0000")
        post.mail(letter, around, to=fields.mail_from, day=day)
        composer.text(group["behaviour"], "0000-0000-0000-0000")
    return composer


async def _since_last(wave: Wave, units: Tree, language: Language) -> dict[int, letters.SinceLast]:
    """Unit id -> the trial it runs now and the barrier that led to it; the first by code.

    A trial runs from after its `start_wave` up to its `end_wave`.
    """
    trials = await TrialAction.objects().order_by(TrialAction.code)
    members: dict[int, list[int]] = defaultdict(list)
    for row in await TrialUnit.select().where(TrialUnit.role.is_in(["tried", "added"])):
        members[row["trial_action"]].append(row["unit"])
    found: dict[int, letters.SinceLast] = {}
    for trial in trials:
        runs = (
            has_run(trial.to_dict())
            and trial.start_wave < wave.name
            and (trial.end_wave is None or wave.name <= trial.end_wave)
        )
        tried = [unit for unit in members[trial.id] if unit in units.by_id]
        if not (runs and trial.barrier and tried):
            continue
        names = _listed([units.by_id[unit].name for unit in tried], language)
        since = letters.SinceLast(barrier=trial.barrier, trial=trial.name, units=names)
        for unit in tried:
            found.setdefault(unit, since)
    return found


def _listed(names: list[str], language: Language) -> str:
    """A list in a sentence: "Byggesag, Havneskolen og Jobcenter"."""
    if len(names) == 1:
        return names[0]
    joined = Voice(language).gettext("%(names)s and %(last)s")
    return joined % {"names": ", ".join(names[:-1]), "last": names[-1]}
