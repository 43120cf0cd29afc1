"""What the pages of trial actions show: each trial in words, never a person."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from survey import organisation
from survey.actions import trials
from survey.actions.trials_card import card_of
from survey.actions.trials_states import (
    asks,
    following,
    gate_questions,
    is_learned,
    state_name,
    waits_too_long,
)
from survey.actor import Actor
from survey.errors import N_, NotFoundHere
from survey.insight import listed
from survey.insight.trials import Evaluation, certainty_told, evaluations
from survey.organisation import Tree, state_of
from survey.pages.trials.forms import barrier_name
from survey.settings import Settings
from survey.tables import TrialAction, TrialGate, TrialOwner, TrialStep, TrialUnit, Wave
from survey.texts import Voice, content

# The deed of each step, as its button says it.
DEEDS: Final = {
    "agreed": N_("Agree on it"),
    "running": N_("Begin"),
    "learned": N_("Write what you learned"),
    "stopped": N_("Stop it"),
    "adjusted": N_("Adjust it"),
    "scaled": N_("Scale it"),
    "practice_shift": N_("Make it a practice shift"),
    "embedded": N_("Call it embedded"),
}


@dataclass(frozen=True, slots=True)
class Known:
    """Every trial action as stored, with the units it belongs to by role."""

    rows: tuple[Mapping[str, Any], ...]
    units: Mapping[int, Mapping[str, tuple[str, ...]]]  # trial -> role -> codes

    def owners(self, trial: int) -> tuple[str, ...]:
        ours = self.units.get(trial, {})
        return ours.get("owner") or ours.get("tried", ())

    def of(self, trial: int, *roles: str) -> tuple[str, ...]:
        ours = self.units.get(trial, {})
        return tuple(dict.fromkeys(code for role in roles for code in ours.get(role, ())))

    def all_of(self, trial: int) -> frozenset[str]:
        """The units whose people may look: those that own, try or have joined."""
        return frozenset(self.of(trial, "owner", "tried", "added"))


@dataclass(frozen=True, slots=True)
class Line:
    """A trial in a list."""

    code: str
    name: str
    where: str
    barrier: str
    when: str
    mark: str
    asks: str  # that it waits for a decision, or to be begun; "" where it does not


@dataclass(frozen=True, slots=True)
class Group:
    state: str
    name: str
    lines: tuple[Line, ...]
    many: int


@dataclass(frozen=True, slots=True)
class Labelled:
    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Step:
    """A state it may go to; `at_once` where the button is the whole step."""

    to: str
    deed: str
    at_once: bool


@dataclass(frozen=True, slots=True)
class Happened:
    day: str
    what: str
    said: str


@dataclass(frozen=True, slots=True)
class TrialView:
    """One trial action as its page shows it."""

    code: str
    name: str
    state: str
    state_text: str
    mark: str
    version: int
    fields: tuple[Labelled, ...]
    asks: str
    learned: str
    steps: tuple[Step, ...]
    certainty: str
    may_draw: bool
    drawn: str
    evaluations: tuple[Evaluation, ...]
    measured: str
    gate: tuple[Labelled, ...]
    held: tuple[Labelled, ...]
    history: tuple[Happened, ...]
    may_change: bool


async def known() -> Known:
    """All trials, newest first."""
    units: dict[int, dict[str, tuple[str, ...]]] = defaultdict(dict)
    owners = await TrialOwner.select(
        TrialOwner.trial_action, TrialOwner.unit.code.as_alias("code")
    ).order_by(TrialOwner.id)
    members = await TrialUnit.select(
        TrialUnit.trial_action, TrialUnit.role, TrialUnit.unit.code.as_alias("code")
    ).order_by(TrialUnit.id)
    for row in [*({**one, "role": "owner"} for one in owners), *members]:
        ours = units[row["trial_action"]]
        ours[row["role"]] = (*ours.get(row["role"], ()), row["code"])
    rows = await TrialAction.select().order_by(TrialAction.id, ascending=False)
    return Known(tuple(rows), units)


def may_open(actor: Actor, units: Collection[str]) -> bool:
    """A coordinator, and those to whose own part of the tree one of the units belongs."""
    return actor.may_try and (not actor.role.has_units or not actor.own.isdisjoint(units))


async def opened_on() -> dict[str, date]:
    return {row["name"]: row["opens"] for row in await Wave.select(Wave.name, Wave.opens)}


def named_in(tree: Tree) -> dict[str, str]:
    return {code: node.name for code, node in tree.items()}


def names(voice: Voice, codes: Iterable[str], named: Mapping[str, str]) -> str:
    """Units as people say them: "Hjemmepleje Nord og Visitation"; one that is gone by its code."""
    return listed(voice, [named.get(code, code) for code in codes])


# --- the list ------------------------------------------------------------------------------------


class Lister:
    """Trials as lines of a list, in one language on one day."""

    def __init__(
        self,
        voice: Voice,
        found: Known,
        named: Mapping[str, str],
        today: date,
        opens: Mapping[str, date],
    ) -> None:
        self._voice, self._known, self._named = voice, found, named
        self._today, self._opens = today, opens

    def groups(self, rows: Sequence[Mapping[str, Any]], most: int, skip: int) -> tuple[Group, ...]:
        """The trials by state, in the order of a trial's life; empty states are left out."""
        by_state: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
        for row in rows:
            by_state[state_of(row)].append(row)
        return tuple(
            Group(
                state,
                state_name(self._voice, state),
                tuple(self.line(row) for row in by_state[state][skip : skip + most]),
                len(by_state[state]),
            )
            for state in following()
            if by_state[state]
        )

    def waits(self, row: Mapping[str, Any]) -> bool:
        """Whether it has become a habit without a decision."""
        return waits_too_long(row, self._today, self._opens)

    def line(self, row: Mapping[str, Any]) -> Line:
        return Line(
            code=row["code"],
            name=row["name"][:1].upper() + row["name"][1:],
            where=names(self._voice, self._known.owners(row["id"]), self._named),
            barrier=barrier_name(self._voice, row["barrier"]),
            when=self._when(row),
            mark=mark(self._voice, row),
            asks=asked(self._voice, row, self._today, self._opens),
        )

    def _when(self, row: Mapping[str, Any]) -> str:
        if state_of(row) not in ("idea", "agreed", "running") or not row["stop_date"]:
            return ""
        day = {"day": self._voice.full_date(row["stop_date"])}
        if row["stop_date"] < self._today:
            return self._voice.gettext("Was to stop on %(day)s") % day
        return self._voice.gettext("Stops on %(day)s") % day


def mark(voice: Voice, row: Mapping[str, Any]) -> str:
    """The same mark for every trial that went on from its learning, stopped ones too."""
    is_new = state_of(row) == "learned"  # which says so itself
    return state_name(voice, "learned") if is_learned(row) and not is_new else ""


def asked(voice: Voice, row: Mapping[str, Any], today: date, opens: Mapping[str, date]) -> str:
    """What a trial asks of its team now; "" where it asks nothing."""
    state = state_of(row)
    if waits_too_long(row, today, opens):
        return voice.pick(content("report_language")["overdue_text"])
    if state == "agreed" and row["starts"] and row["starts"] <= today:
        return voice.gettext("Have you begun? Then press Begin.")
    if state == "running" and row["stop_date"] and row["stop_date"] <= today:
        return voice.gettext("It stops now. What did you learn?")
    return ""


# --- one trial -----------------------------------------------------------------------------------


async def trial_view(  # noqa: PLR0913 - the trial, its reader and the day
    settings: Settings,
    row: Mapping[str, Any],
    found: Known,
    *,
    voice: Voice,
    tree: Tree,
    today: date,
) -> TrialView:
    state, trial, named = state_of(row), row["id"], named_in(tree)
    before = state in ("idea", "agreed", "adjusted")
    certainty = ""
    if before:
        sizes = await organisation.compared_with(found.of(trial, "tried"), tree)
        tried, others = len(found.of(trial, "tried")), sizes
        if listed := found.of(trial, "comparison"):
            others = len(listed)
        certainty = certainty_told(voice, tried=tried, others=others)
    return TrialView(
        code=row["code"],
        name=row["name"][:1].upper() + row["name"][1:],
        state=state,
        state_text=state_name(voice, state),
        mark=mark(voice, row),
        version=row["version"],
        fields=tuple(_card(voice, row, found, named)),
        asks=asked(voice, row, today, await opened_on()),
        learned=row["what_we_learned"] or "",
        steps=tuple(_steps(voice, state)),
        certainty=certainty,
        may_draw=before and len(candidates(found.owners(trial), tree)) > 1,
        drawn=_drawn(voice, row, found, named),
        evaluations=evaluations(settings, row["code"], voice=voice),
        measured=_measured(voice, row),
        gate=await _gate(voice, trial),
        held=await _held(voice, settings, row) if state == "practice_shift" else (),
        history=await _history(voice, trial),
        may_change=bool(following()[state]),
    )


async def one(actor: Actor, code: str) -> tuple[Mapping[str, Any], Known]:
    """The row of a trial its reader may open; raises NotFoundHere for any other."""
    found = await known()
    row = next((row for row in found.rows if row["code"] == code), None)
    if row is None or not may_open(actor, found.all_of(row["id"])):
        raise NotFoundHere
    return row, found


def candidates(owners: Iterable[str], tree: Tree) -> tuple[str, ...]:
    """The units lots may be drawn among: those straight below the owners."""
    below = (child for code in owners if code in tree for child in tree[code].children)
    return tuple(dict.fromkeys(below))


def card_labels(voice: Voice) -> dict[str, str]:
    """The fields of the card as the content names them, by their name in the form."""
    named = {"owner": "owner_role"}
    fields = content("report_language")["trial_card"]["fields"]
    return {named.get(one["id"], one["id"]): voice.pick(one) for one in fields}


def _card(
    voice: Voice, row: Mapping[str, Any], found: Known, named: Mapping[str, str]
) -> Iterable[Labelled]:
    labels, card = card_labels(voice), card_of(row, found.owners(row["id"]))
    values = {
        **{name: getattr(card, name) for name in labels if hasattr(card, name)},
        "barrier": barrier_name(voice, card.barrier),
        "period": _period(voice, row),
        "stop_date": voice.full_date(card.stop_date) if card.stop_date else "",
    }
    yield Labelled(voice.gettext("Where"), names(voice, card.owners, named))
    if added := found.of(row["id"], "added"):
        yield Labelled(voice.gettext("Joined later"), names(voice, added, named))
    for name, label in labels.items():
        if values.get(name):
            yield Labelled(short_label(label), str(values[name]))


def short_label(label: str) -> str:
    """The label of a field beside what was written in it: without what asks to be filled in."""
    return label.partition(":")[0].removesuffix(" …")


def _period(voice: Voice, row: Mapping[str, Any]) -> str:
    if row["starts"] and row["ends"]:
        return f"{voice.full_date(row['starts'])} – {voice.full_date(row['ends'])}"
    if row["weeks"]:
        form = voice.ngettext("%(num)d week", "%(num)d weeks", row["weeks"])
        return form % {"num": row["weeks"]}
    return ""


def _steps(voice: Voice, state: str) -> Iterable[Step]:
    for to in following()[state]:
        again = to == "running" and state != "agreed"
        deed = voice.gettext("Begin again") if again else voice.gettext(DEEDS[to])
        yield Step(to, deed, at_once=not asks(state, to))


def _drawn(voice: Voice, row: Mapping[str, Any], found: Known, named: Mapping[str, str]) -> str:
    if not row["randomised"]:
        return ""
    return voice.gettext("Lots were drawn: %(tried)s begin, %(others)s go on as before.") % {
        "tried": names(voice, found.of(row["id"], "tried"), named),
        "others": names(voice, found.of(row["id"], "comparison"), named),
    }


def _measured(voice: Voice, row: Mapping[str, Any]) -> str:
    """Which wave will tell; "" while nobody knows, or where it has told."""
    if not organisation.has_run(row) or not row["starts"]:
        return ""
    if row["end_wave"]:
        return voice.gettext("Wave %(wave)s will ask whether anybody has noticed.") % {
            "wave": row["end_wave"]
        }
    return voice.gettext("The first wave after it will ask whether anybody has noticed.")


async def _gate(voice: Voice, trial: int) -> tuple[Labelled, ...]:
    row = await TrialGate.select().where(TrialGate.trial_action == trial).first()
    if row is None:
        return ()
    return tuple(Labelled(gate_labels(voice)[name], row[name]) for name in gate_questions())


def gate_labels(voice: Voice) -> dict[str, str]:
    questions = content("report_language")["practice_shift_gate"]["questions"]
    return {one["id"]: voice.pick(one) for one in questions}


async def _held(voice: Voice, settings: Settings, row: Mapping[str, Any]) -> tuple[Labelled, ...]:
    """What the waves since say of a practice shift; a number nobody may see has not held."""
    said = {
        "held": voice.gettext("It holds."),
        "down": voice.gettext("It has fallen."),
        "unknown": voice.gettext("It cannot be seen here, so it does not count."),
    }
    later = await trials.waves_since(settings, row)
    return tuple(Labelled(one.name, said[one.held]) for one in later)


async def _history(voice: Voice, trial: int) -> tuple[Happened, ...]:
    """What happened, oldest first: days and states, and nobody's name."""
    rows = await TrialStep.select().where(TrialStep.trial_action == trial).order_by(TrialStep.id)
    return tuple(
        Happened(voice.full_date(row["day"]), state_name(voice, row["went_to"]), row["said"])
        for row in rows
    )
