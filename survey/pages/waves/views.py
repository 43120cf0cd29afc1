"""What the pages of a wave show: its plan, its year, its people, and how far it has come."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from survey import insight, texts
from survey.actions.approval import stored_wave
from survey.actions.extending import latest_day
from survey.actions.invitations import Counts, counts_of
from survey.actions.lost_link import told_too_late
from survey.actions.opening import today_here
from survey.actions.own_fields import DetailsMissing, lacking
from survey.actions.planning import reminder_days
from survey.actions.preview import Place, expected, not_asked, places
from survey.actions.readiness import NobodyInScope, Scope, scope_of, units_in
from survey.actions.reminding import KINDS
from survey.actions.waves import CLOSE_STEPS
from survey.actions.work import Work, work_of
from survey.errors import KernepulsError
from survey.intake import closing, keys
from survey.intake.shown import frozen
from survey.organisation import Tree, scopes, tree
from survey.pages.answering.languages import Tongue, tongues
from survey.pages.answering.sheet import told
from survey.pages.waves.year import Span, Year, year_of
from survey.questionnaire import BLOCKS, blocks_of
from survey.settings import Settings
from survey.tables import Behaviour, Closing, MailItem, OpenedShare, Person, Wave
from survey.texts import Voice

LISTED = 6  # places named before the rest is counted
BEFORE = ("draft", "approved")


@dataclass(frozen=True, slots=True)
class Asked:
    """A behaviour and where a wave asks about it."""

    code: str
    text: str
    places: tuple[Place, ...]  # the first few
    more: int  # places that are not listed
    units: int


@dataclass(frozen=True, slots=True)
class Opened:
    """A part or a centre and the share that has opened the form there, in steps of 5 %."""

    name: str
    indent: int
    per_cent: int
    text: str


@dataclass(frozen=True, slots=True)
class ClosingStep:
    text: str
    is_done: bool


@dataclass(frozen=True, slots=True)
class Close:
    """How far a close is: `refusal` where it stopped, the rule or the kind of the error."""

    steps: tuple[ClosingStep, ...]
    refusal: str | None
    needs_sheets: bool
    needs_two: bool  # people who agree to leave out what cannot be opened


@dataclass(frozen=True, slots=True)
class Result:
    """What a released wave says of its check."""

    root: str
    dropped: bool  # a table across units and professions did not stand the check


@dataclass(frozen=True, slots=True)
class WavePage:
    """A wave on its own page."""

    name: str
    state: str
    state_text: str
    version: int
    opens: date
    closes: date
    days: int
    latest: date
    med_date: date | None
    sent_back: str | None
    asked: tuple[Asked, ...]
    without: tuple[Place, ...]  # places with people that no behaviour asks
    missing: tuple[str, ...]
    lacks_details: bool  # a mail or a card could not say who asks
    left_out: tuple[str, ...]
    counts: Counts
    year: Year
    tongues: tuple[Tongue, ...]
    reminders: tuple[date, ...]
    reminded: frozenset[str]  # "not-opened", "all"
    key_sheets: str | None
    fingerprint: str
    mails: Counter[str]
    work: Work | None
    opened: tuple[Opened, ...]
    opened_on: date | None
    close: Close | None
    result: Result | None
    asked_too_late: str | None

    @property
    def is_under_way(self) -> bool:
        """Whether the page should look again by itself."""
        return bool(self.work and self.work.is_under_way) or (
            self.state == "closing" and self.close is not None and not self.close.refusal
        )

    def reminder_due(self, today: date) -> str:
        """The reminder whose day has come and that has not begun; "" for none."""
        if not self.reminders or "all" in self.reminded:
            return ""
        if today >= self.reminders[-1] and "not-opened" in self.reminded:
            return "all"
        is_first_due = "not-opened" not in self.reminded and today >= self.reminders[0]
        return "not-opened" if is_first_due else ""

    @property
    def unsent(self) -> int:
        return self.mails["waiting"] + self.mails["failed"]


async def wave_page(settings: Settings, voice: Voice, name: str, *, with_opened: bool) -> WavePage:
    """Everything its page shows; `with_opened` for those who may see the share. WaveUnknown."""
    # Before the wave: work that ends meanwhile has left its mark on what is read after it.
    work = await work_of(name)
    wave = await stored_wave(name)
    # The tree of an open wave never changes: it is read once.
    units = (await frozen(wave)).tree if wave.state == "open" else await tree(name)
    scope = await scope_of(wave, units)
    own = told(settings)
    counts = await (expected(settings, scope, own) if wave.state == "draft" else counts_of(wave))
    is_open = wave.state == "open"
    shares = await _opened(voice, wave, scope) if with_opened and is_open else ((), None)
    too_late = told_too_late(wave)
    lacks_details = wave.state in BEFORE and bool(lacking(own))
    return WavePage(
        name=wave.name,
        state=wave.state,
        state_text=state_text(voice, wave.state),
        version=wave.version,
        opens=wave.opens,
        closes=wave.closes,
        days=(wave.closes - wave.opens).days + 1,
        latest=latest_day(wave.opens),
        med_date=wave.med_date,
        sent_back=wave.sent_back,
        asked=_asked(voice, scope),
        without=tuple(await _without(scope)) if wave.state == "draft" else (),
        missing=_missing(voice, wave, scope, counts, lacks_details=lacks_details),
        lacks_details=lacks_details,
        left_out=tuple(block_name(voice, one) for one in BLOCKS if one in blocks_of(wave.left_out)),
        counts=counts,
        year=await year_around(voice, Span(name, wave.opens, wave.closes, here=True)),
        tongues=tongues(settings),
        reminders=reminder_days(wave.opens, wave.closes),
        reminded=await _reminded(wave),
        key_sheets=wave.key_sheets,
        fingerprint=_fingerprint(settings, wave),
        mails=await _mails(wave),
        work=work,
        opened=shares[0],
        opened_on=shares[1],
        close=await _close(settings, voice, wave) if wave.state in ("closing", "held") else None,
        result=_result(settings, wave, scope) if wave.state == "released" else None,
        asked_too_late=voice.number(too_late) if too_late and with_opened else None,
    )


def state_text(voice: Voice, state: str) -> str:
    """A wave's state as people say it; an unknown one as it is stored."""
    return {
        "draft": voice.gettext("Planned"),
        "approved": voice.gettext("Approved"),
        "open": voice.gettext("Open"),
        "closing": voice.gettext("Closing"),
        "released": voice.gettext("Released"),
        "held": voice.gettext("Held back"),
    }.get(state, state)


def block_name(voice: Voice, block: str) -> str:
    """A block of questions that may be left out, as people call it."""
    return {
        "clarity": voice.gettext("Whether one can see how it helps the citizen"),
        "stall": voice.gettext("Where in the organisation it stalls, and how"),
        "resolver": voice.gettext("Who needs to solve it"),
        "safe": voice.gettext("Whether it is safe to try something new"),
        "comment": voice.gettext("The comment at the end"),
    }[block]


async def year_around(voice: Voice, own: Span | None) -> Year:
    """The year a wave opens in, with the other waves there are; this year where there is none."""
    rows = await Wave.select(Wave.name, Wave.opens, Wave.closes)
    others = [
        Span(row["name"], row["opens"], row["closes"])
        for row in rows
        if own is None or row["name"] != own.name
    ]
    return year_of(voice, own, others, own.opens.year if own else today_here().year)


async def offered(voice: Voice, wave: str | None) -> tuple[Asked, ...]:
    """Every active behaviour and where it is asked, in the tree that the wave sees."""
    units, reach = await tree(wave), await scopes()
    behaviours = (
        await Behaviour.objects().where(Behaviour.active == True).order_by(Behaviour.id)  # noqa: E712
    )
    return tuple(
        _shown(voice, units, one, units_in(units, reach.get(one.code, ()))) for one in behaviours
    )


async def with_units(wave: str) -> list[str]:
    """The codes of the active behaviours that are asked somewhere in the tree of a wave."""
    units, reach = await tree(wave), await scopes()
    active = await Behaviour.select(Behaviour.code).where(Behaviour.active == True)  # noqa: E712
    return [
        row["code"] for row in active if any(unit in units for unit in reach.get(row["code"], ()))
    ]


def _asked(voice: Voice, scope: Scope) -> tuple[Asked, ...]:
    """What a wave asks where, by the code of the behaviour."""
    by_code: dict[str, list[str]] = {}
    for unit, behaviour in scope.asked.items():
        by_code.setdefault(behaviour.code, []).append(unit)
    of = {behaviour.code: behaviour for behaviour in scope.asked.values()}
    return tuple(_shown(voice, scope.tree, of[code], by_code[code]) for code in sorted(of))


def _shown(voice: Voice, units: Tree, behaviour: Behaviour, inside: Sequence[str]) -> Asked:
    there = list(places(units, inside))
    english = behaviour.text_en if voice.language == "en" else None
    return Asked(
        code=behaviour.code,
        text=english or behaviour.text,
        places=tuple(there[:LISTED]),
        more=max(0, len(there) - LISTED),
        units=len(inside),
    )


async def _without(scope: Scope) -> list[Place]:
    """Places with staff that the wave does not ask: told, for it may be meant."""
    rows = await Person.raw("SELECT DISTINCT unit FROM person WHERE active")
    staffed = [
        scope.tree.by_id[row["unit"]].code for row in rows if row["unit"] in scope.tree.by_id
    ]
    return list(places(scope.tree, not_asked(scope, staffed)))


def _missing(
    voice: Voice, wave: Wave, scope: Scope, counts: Counts, *, lacks_details: bool
) -> tuple[str, ...]:
    """What stands in the way of an approval, the committee's date apart."""
    if wave.state not in BEFORE:
        return ()
    found: list[KernepulsError] = [*([DetailsMissing()] if lacks_details else []), *scope.missing]
    if scope.asked and not counts.invited:
        found.append(NobodyInScope())
    return tuple(texts.sentence(one, voice.language) for one in found)


async def _reminded(wave: Wave) -> frozenset[str]:
    """Which reminders have begun: news of the wave, not of anybody in it."""
    rows = await MailItem.raw("SELECT DISTINCT kind FROM mail_item WHERE wave = {}", wave.id)
    begun = {row["kind"] for row in rows}
    return frozenset(to for to, kind in KINDS.items() if kind in begun)


def _fingerprint(settings: Settings, wave: Wave) -> str:
    """Of the key the answers are sealed to; "" before the approval and after the close."""
    try:
        return keys.fingerprint(settings, wave.name)
    except KernepulsError:
        return ""


async def _mails(wave: Wave) -> Counter[str]:
    """Invitations by state; of later mails nothing is told."""
    rows = await MailItem.raw(
        "SELECT state, count(*) AS n FROM mail_item WHERE wave = {} AND kind = 'invitation' "
        "GROUP BY state",
        wave.id,
    )
    return Counter({row["state"]: int(row["n"]) for row in rows})


async def _opened(voice: Voice, wave: Wave, scope: Scope) -> tuple[tuple[Opened, ...], date | None]:
    """The shares in the order of the organisation: never by size."""
    rows = await OpenedShare.select(OpenedShare.unit, OpenedShare.per_cent, OpenedShare.day).where(
        OpenedShare.wave == wave.id
    )
    shares = {row["unit"]: row["per_cent"] for row in rows}
    shown = tuple(
        Opened(node.name, max(node.depth - 1, 0), shares[node.id], voice.percent(shares[node.id]))
        for node in scope.tree.values()
        if node.id in shares
    )
    return shown, max((row["day"] for row in rows), default=None)


async def _close(settings: Settings, voice: Voice, wave: Wave) -> Close:
    job = await Closing.objects().where(Closing.wave == wave.id).first()
    names = [name for name, _ in closing.STEPS]
    done = names.index(job.step) + 1 if job and job.step in names else 0
    refusal = job.refusal if job else None
    return Close(
        steps=tuple(
            ClosingStep(voice.gettext(CLOSE_STEPS[name]), number < done)
            for number, name in enumerate(names)
        ),
        refusal=refusal,
        needs_sheets=wave.state == "closing" and await closing.needs_sheets(settings, wave.name),
        needs_two=refusal == "RowsUnopenable",
    )


def _result(settings: Settings, wave: Wave, scope: Scope) -> Result | None:
    if wave.name not in insight.waves_with_release(settings):
        return None
    release = insight.stored_release(settings, wave.name)
    return Result(root=scope.tree.root.code, dropped=bool(release.audit.dropped))
