"""What the answering pages show: the card of an invitation, the places nearest first, the dates."""

import asyncio
import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache

import msgspec

from survey import house
from survey.answers import FIELDS, Problem
from survey.errors import Busy, KernepulsError
from survey.house import Organisation
from survey.intake import keys, tickets
from survey.intake.ballots import HAS_ENDED, BallotForm, LookUp, next_opening
from survey.intake.refusals import AnswerMalformed, BallotRefused, WaveClosed
from survey.intake.shown import Part, Shown, frozen, named_wave, shown
from survey.pages.answering.posting import Posted, one
from survey.questionnaire import BARRIERS, blocks_of
from survey.settings import Settings
from survey.tables import Behaviour, Invited, Wave
from survey.texts import Language, Pack, Voice

_READING: dict[str, asyncio.Future[Wave | None]] = {}  # wave -> while it is being read
MIN_COMMENTS = 10  # texts before any is shown (measurement.md 4.5)
VERSION = re.compile(r"[0-9]{1,9}")
HIDDEN = ("wave", "message", "signature", "context", "ticket", "form_version")
IN_CONTEXT = ("wave", "context", "ticket", "form_version")  # what a ballot is about
ITEMS = frozenset(FIELDS)


@dataclass(frozen=True, slots=True)
class Said:
    """A text of the organisation's own; `lang` where it is not in the language of the page."""

    text: str
    lang: Language | None = None  # ours, and so from left to right


@dataclass(frozen=True, slots=True)
class Card:
    """What the questionnaire prints about this person's unit and behaviour."""

    unit: str
    core_task: Said | None
    behaviour: Said
    situation: Said
    trial: Said | None
    asked_about: tuple[str, ...]  # behaviour and situation in Danish: asked in no other half


@dataclass(frozen=True, slots=True)
class Ballot:
    """The hidden fields of the form: the ballot, and what it is about. Never the code."""

    wave: str
    message: str
    signature: str
    context: str
    ticket: str
    form_version: str

    @property
    def fields(self) -> Iterator[tuple[str, str]]:
        return ((name, getattr(self, name)) for name in HIDDEN)


NOBODYS = Ballot(*("",) * len(HIDDEN))


class SentCode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A code as a program sends it."""

    code: str

    def __repr__(self) -> str:
        return "SentCode(...)"


class Sent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An answer as a program sends it: the hidden fields of the form, and each item's answer."""

    wave: str
    message: str
    signature: str
    context: str
    ticket: str
    form_version: int
    answers: dict[str, str | int | list[str]]
    name_seen: bool = False

    def __repr__(self) -> str:
        return "Sent(...)"

    @property
    def fields(self) -> Posted:
        """The same as the fields of the posted form; AnswerMalformed for an item there is not."""
        if not self.answers.keys() <= ITEMS:
            raise AnswerMalformed
        given = {
            name: value if isinstance(value, list) else [str(value)]
            for name, value in self.answers.items()
        }
        hidden = {name: [str(getattr(self, name))] for name in HIDDEN}
        return {**given, **hidden, "name_seen": ["1" if self.name_seen else ""]}


@dataclass(frozen=True, slots=True)
class Sheet:
    """One questionnaire: whose, about what, and which places it may name."""

    ballot: Ballot
    card: Card
    places: tuple[Part, ...]  # nearest first
    closes: date
    left_out: frozenset[str]  # blocks that the wave does not ask
    voice: Voice


# Ticket and language -> the questionnaire of all who share the ticket; never anybody's ballot.
_LAST: dict[tuple[str, str], Sheet] = {}


@dataclass(frozen=True, slots=True)
class Kept:
    """What stands in the form when it is shown again, and why it is."""

    given: Mapping[str, list[str]]
    order: tuple[str, ...]
    problems: tuple[Problem, ...] = ()
    trouble: str = ""  # a sentence above the form
    name_seen: bool = False
    retry: bool = False  # the script sends again by itself


@dataclass(frozen=True, slots=True)
class WaveFacts:
    """The numbers of a wave that the privacy page tells."""

    opens: str
    closes: str
    invited: int
    min_n: int
    min_comments: int
    med_date: str | None
    fingerprint: str | None
    on_sheets: bool  # two of three sheets open the answers; else the server has the key


def told(settings: Settings) -> Organisation:
    """The organisation's own fields; a file that cannot be read leaves them empty."""
    try:
        return _told(settings, settings.organisation.stat().st_mtime_ns)
    except (OSError, KernepulsError):
        return Organisation(version=1)


def ballot_of(form: BallotForm) -> Ballot:
    found = form.found
    return Ballot(
        wave=found.wave,
        message=form.message,
        signature=form.signature,
        context=found.context,
        ticket=found.ticket,
        form_version=str(found.form_version),
    )


def hidden(found: LookUp) -> tuple[tuple[str, str], ...]:
    """What a page needs of a look-up to ask for the form without its code."""
    return tuple((name, str(getattr(found, name))) for name in IN_CONTEXT)


def posted_ballot(posted: Posted, *, made: bool = True) -> Ballot:
    """The hidden fields as they came back; AnswerMalformed where one is missing or no number.

    `made` False: the page may not have its message and signature yet.
    """
    fields = {name: one(posted, name) for name in HIDDEN}
    needed = HIDDEN if made else IN_CONTEXT
    if not all(fields[name] for name in needed) or not VERSION.fullmatch(fields["form_version"]):
        raise AnswerMalformed
    return Ballot(**fields)


def context_of(settings: Settings, ballot: Ballot) -> tickets.Context:
    """The unit and behaviour of a form that came back; BallotRefused for a foreign ticket."""
    return tickets.checked(
        keys.intake(settings, ballot.wave),
        wave=ballot.wave,
        context=ballot.context,
        shown=ballot.ticket,
    )


async def open_wave(name: str) -> Wave:
    """The wave a form names; one that does not exist was not named by us.

    Those who ask while it is being read share the reading: the writer looks at its state again.
    """
    reading = _READING.get(name)
    if reading is None:
        reading = _READING[name] = asyncio.ensure_future(named_wave(name))
        reading.add_done_callback(lambda _: _READING.pop(name))
    wave = await asyncio.shield(reading)
    if wave is None:
        raise BallotRefused
    return wave


async def fresh(form: BallotForm, voice: Voice) -> Sheet:
    """The questionnaire of a ballot that was just made."""
    wave = await open_wave(form.found.wave)
    made = sheet_of(
        ballot_of(form), form.found.shown, await near(wave, form.found.shown.unit), wave, voice
    )
    return _remembered(made, voice)


async def again(settings: Settings, ballot: Ballot, voice: Voice) -> Sheet:
    """The questionnaire of a form that came back, in the version of today.

    While the database is away it is the last one shown to somebody of the same unit. BallotRefused
    for a foreign ticket, WaveClosed once the keys that would tell are gone.
    """
    try:
        return _remembered(await _read_again(settings, ballot, voice), voice)
    except Busy:
        if (ballot.ticket, voice.code) not in _LAST:
            raise
        return replace(_LAST[ballot.ticket, voice.code], ballot=ballot)


def _remembered(shown_now: Sheet, asked: Voice) -> Sheet:
    _LAST[shown_now.ballot.ticket, asked.code] = replace(shown_now, ballot=NOBODYS)
    return shown_now


async def _read_again(settings: Settings, ballot: Ballot, voice: Voice) -> Sheet:
    wave = await open_wave(ballot.wave)
    if wave.state in HAS_ENDED:
        raise WaveClosed(date=wave.closes, next=await next_opening(wave.closes))
    context = context_of(settings, ballot)
    unit = (await frozen(wave)).tree[context.unit].id
    behaviour = await Behaviour.objects().get(Behaviour.code == context.behaviour)
    if behaviour is None:
        raise BallotRefused
    entry = await shown(wave, unit=unit, behaviour=behaviour.id)
    ballot = replace(ballot, form_version=str(wave.form_version))
    return sheet_of(ballot, entry, await near(wave, entry.unit), wave, voice)


def sheet_of(
    ballot: Ballot, entry: Shown, places: tuple[Part, ...], wave: Wave, asked: Voice
) -> Sheet:
    """A questionnaire in the language that was asked for, where that has the behaviour."""
    voice = voice_for(entry, asked)
    return Sheet(ballot, card(entry, voice), places, wave.closes, blocks_of(wave.left_out), voice)


def voice_for(entry: Shown, asked: Voice) -> Voice:
    """What was asked for; one of ours where an added language has not what is asked about.

    A question half in one language and half in another measures something else.
    """
    return asked if tells(asked.pack, _asked_about(entry)) else Voice(asked.language)


def tells(pack: Pack | None, asked_about: tuple[str, ...]) -> bool:
    return pack is None or all(text in pack.own for text in asked_about)


def _asked_about(entry: Shown) -> tuple[str, ...]:
    return entry.behaviour, entry.situation_asked


def card(entry: Shown, voice: Voice) -> Card:
    return Card(
        unit=entry.unit_name,
        core_task=_said(entry.core_task, entry.core_task_en, voice),
        behaviour=_said(entry.behaviour, entry.behaviour_en, voice) or Said(""),
        situation=_said(entry.situation_asked, entry.situation_asked_en, voice) or Said(""),
        trial=_said(entry.trial, None, voice),
        asked_about=_asked_about(entry),
    )


async def near(wave: Wave, unit: str) -> tuple[Part, ...]:
    """The parts of the wave, those with the nearest common parent first; never the own unit."""
    known = await frozen(wave)
    tree = known.tree
    above = {code: steps for steps, code in enumerate((unit, *tree.ancestors(unit)))}

    def steps_up(part: Part) -> int:
        return next(
            above[code] for code in (part.code, *tree.ancestors(part.code)) if code in above
        )

    return tuple(sorted((one for one in known.parts if one.code != unit), key=steps_up))


def drawn_order() -> tuple[str, ...]:
    """The barriers in an order drawn for this page; the script draws its own."""
    return tuple(secrets.SystemRandom().sample(BARRIERS, len(BARRIERS)))


def kept_order(posted: Posted) -> tuple[str, ...]:
    """The order the person has seen; a new one where it is not one of ours."""
    order = tuple(one(posted, "order").split("."))
    return order if sorted(order) == sorted(BARRIERS) else drawn_order()


def stall_chosen(given: Mapping[str, list[str]]) -> tuple[str, str]:
    """What the two lists of places show; a third choice made with the script has no list."""
    chosen = [
        value for name in ("stall", "stall_1", "stall_2") for value in given.get(name, []) if value
    ]
    first, second, *_ = (*chosen, "", "")
    return first, second


def messages(problems: tuple[Problem, ...], voice: Voice) -> dict[str, str]:
    """Item -> what is wrong with it, in the order of the items."""
    return {problem.item: problem.said(voice) for problem in problems}


def after(own: Organisation, closes: date, voice: Voice) -> dict[str, str]:
    """The two dates of the receipt, as a line begins with them."""
    days = {"meeting": own.meeting_within_days, "board": own.board_sheet_within_days}
    said = {name: voice.day(closes + timedelta(days=count)) for name, count in days.items()}
    return {name: text[:1].upper() + text[1:] for name, text in said.items()}


async def facts(settings: Settings, voice: Voice) -> WaveFacts | None:
    """The wave that is open or the last one approved; none before that."""
    waves = await Wave.objects().where(Wave.state != "draft").order_by(Wave.name)
    if not waves:
        return None
    wave = next((one for one in waves if one.state == "open"), waves[-1])
    rows = await Invited.select(Invited.n).where(Invited.wave == wave.id)
    try:
        fingerprint = keys.fingerprint(settings, wave.name)
    except KernepulsError:  # destroyed at the close, as promised
        fingerprint = None
    return WaveFacts(
        opens=voice.day(wave.opens),
        closes=voice.day(wave.closes),
        invited=sum(row["n"] for row in rows),
        min_n=wave.min_n,
        min_comments=MIN_COMMENTS,
        med_date=voice.full_date(wave.med_date) if wave.med_date else None,
        fingerprint=fingerprint,
        on_sheets=wave.key_sheets is not None,
    )


def _said(danish: str | None, english: str | None, voice: Voice) -> Said | None:
    """A text in the page's language, or the Danish one marked as such."""
    if not danish:
        return None
    if voice.pack:
        translated = voice.pack.own.get(danish)
    else:
        translated = english if voice.language == "en" else danish
    return Said(translated) if translated else Said(danish, "da")


@lru_cache(maxsize=8)
def _told(settings: Settings, _changed: int) -> Organisation:
    return house.organisation(settings)
