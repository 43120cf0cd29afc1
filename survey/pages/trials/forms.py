"""The forms of a trial action: what was typed becomes a card or a step, units by code or name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from survey.actions.trials import Said
from survey.actions.trials_card import Card
from survey.actions.trials_states import CARD_OPEN, PERIOD, asks, gate_questions
from survey.actor import Actor
from survey.errors import N_, BadInput, KernepulsError
from survey.organisation import Tree
from survey.pages.forms import ChoiceMissing, FieldEmpty, Fields
from survey.texts import Voice, content

MOST_TO_CHOOSE: Final = 100  # units in a list; with more, the name is typed
NAME, LINE, TEXT, LEARNED = 80, 120, 280, 600  # characters
FRIDAY: Final = 4


class UnitNotFound(BadInput):
    sentence = N_("There is no unit called “{name}”. Write its name as it stands in the tree.")


class UnitAmbiguous(BadInput):
    sentence = N_("More than one unit fits “{name}”. Write the code: {codes}.")


class NotYours(BadInput):
    sentence = N_("Choose a unit of your own here. The other one may be anywhere.")


@dataclass(frozen=True, slots=True)
class Units:
    """The units of a form: (code, name) to choose among, or none where there are too many."""

    own: tuple[tuple[str, str], ...]
    every: tuple[tuple[str, str], ...]


def problem_of(missing: str) -> KernepulsError:
    """What is said at a field of the card that is empty: some of them are chosen."""
    return ChoiceMissing() if missing in ("owners", "barrier") else FieldEmpty()


def units_for(actor: Actor, tree: Tree) -> Units:
    """A coordinator writes for every unit; the second unit may always be anywhere."""
    every = [(code, node.name) for code, node in tree.items()]
    own = every if not actor.role.has_units else [one for one in every if one[0] in actor.own]
    return Units(_few(own), _few(every))


def only_unit(actor: Actor) -> str:
    """The unit of somebody who has no other; "" where there is a choice."""
    return next(iter(actor.own)) if len(actor.own) == 1 else ""


def _few(units: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple(units) if len(units) <= MOST_TO_CHOOSE else ()


def unit_in(fields: Fields, name: str, tree: Tree, *, required: bool = True) -> str:
    """The code of the unit a field names, by its code or its name; "" where it names none."""
    typed = fields.text(name, most=LINE, required=required)
    if isinstance(fields.problems.get(name), FieldEmpty):
        fields.problems[name] = ChoiceMissing()
    if not typed or name in fields.problems:
        return ""
    found = found_units(typed, tree)
    if len(found) == 1:
        return found[0]
    some = {"name": typed[:LINE], "codes": ", ".join(found[:5])}
    fields.problems[name] = UnitAmbiguous(**some) if found else UnitNotFound(name=typed[:LINE])
    return ""


def found_units(typed: str, tree: Tree) -> list[str]:
    """The units with that code, else that name, else whose name begins so."""
    if typed in tree:
        return [typed]
    wanted = typed.casefold()
    named = [code for code, node in tree.items() if node.name.casefold() == wanted]
    return named or [code for code, node in tree.items() if node.name.casefold().startswith(wanted)]


def read_card(
    fields: Fields, actor: Actor, tree: Tree, *, state: str, before: Card | None = None
) -> Card:
    """The card that was typed, with a problem noted for each field that cannot be kept.

    An idea may have gaps. What a running trial is measured on is not in the form: `before` has it.
    """
    whole = state != "idea"
    texts: dict[str, Any] = {
        name: fields.text(name, most=most, required=needed)
        for name, most, needed in (
            ("name", NAME, True),
            ("scope", TEXT, whole),
            ("target_group", LINE, whole),
            ("learning_question", TEXT, whole),
            ("citizen_gain", TEXT, whole),
            ("owner_role", NAME, whole),
            ("stop_doing", TEXT, False),
            ("backing", TEXT, False),
        )
    }
    kept: dict[str, Any] = {}
    if before is not None:
        kept = {name: getattr(before, name) for name in ("owners", "barrier", *PERIOD)}
    if before is None or state in CARD_OPEN:
        kept |= {
            "owners": _owners(fields, actor, tree, before),
            "barrier": fields.choice("barrier", barrier_codes(), required=whole),
            "starts": fields.day("starts", required=whole),
        }
    if before is None or state in (*CARD_OPEN, "running"):
        kept |= {name: fields.day(name, required=whole) for name in ("ends", "stop_date")}
    card = Card(**texts, **kept)
    named = [tree[code].name for code in card.owners if code in tree]
    for name, problem in card.problems(units=named).items():
        fields.problems.setdefault(name, problem)
    return card


def _owners(fields: Fields, actor: Actor, tree: Tree, before: Card | None) -> tuple[str, ...]:
    """One or two units, of which one is the writer's own; it stays theirs when they change it."""
    first = unit_in(fields, "unit", tree)
    second = unit_in(fields, "unit2", tree, required=False)
    owners = tuple(dict.fromkeys(one for one in (first, second) if one))
    theirs = actor.own.union(before.owners if before else ())
    if first and actor.role.has_units and not theirs.intersection(owners):
        fields.problems["unit"] = NotYours()
    return owners


def barrier_codes() -> tuple[str, ...]:
    return tuple(one["code"] for one in content("barriers")["barriers"])


def barrier_name(voice: Voice, code: str | None) -> str:
    """The name of a barrier; "" where none is chosen."""
    found = (one for one in content("barriers")["barriers"] if one["code"] == code)
    return next((voice.pick(one["name"]) for one in found), "")


def card_fields(card: Card, version: int) -> Fields:
    """A form filled with a stored card."""
    values = {name: getattr(card, name) for name in card.__slots__ if name != "owners"}
    first, second = (*card.owners, "", "")[:2]
    return Fields.of(version, unit=first, unit2=second, **values)


def proposed(query: Mapping[str, str], tree: Tree, voice: Voice, today: date) -> Fields:
    """A form begun from a proposal of a release: its unit, its barrier, its kind of trial.

    Whatever the address says, only what is known is taken over.
    """
    values = kind_proposed(query, voice, today)
    for name in ("unit", "unit2"):
        values[name] = code if (code := query.get(name, "")) in tree else ""
    return Fields.of(**values)


def kind_proposed(query: Mapping[str, str], voice: Voice, today: date) -> dict[str, Any]:
    """What a card begins with: the barrier and the kind of trial that an address names."""
    barrier: Mapping[str, Any] = next(
        (one for one in content("barriers")["barriers"] if one["code"] == query.get("barrier")), {}
    )
    kind = next((one for one in barrier.get("trials", ()) if one["id"] == query.get("kind")), None)
    values: dict[str, Any] = {"barrier": barrier.get("code", "")}
    if kind is not None:
        texts = ("name", "scope", "target_group", "learning_question")
        values |= {name: voice.pick(kind[name]) for name in texts}
        values |= period_from(today, kind["weeks"])
    return values


def period_from(today: date, weeks: int) -> dict[str, date]:
    """From next Monday, so many weeks, to be decided on the last Friday."""
    monday = today + timedelta(days=7 - today.weekday())
    friday = monday + timedelta(days=7 * (weeks - 1) + FRIDAY)
    return {"starts": monday, "ends": friday, "stop_date": friday}


# --- steps ---------------------------------------------------------------------------------------


def read_step(fields: Fields, tree: Tree, came_from: str, to: str) -> Said:
    """What a step was told, with a problem noted for each field that is missing or unusable."""
    wanted = asks(came_from, to)
    values: dict[str, Any] = {}
    for name in wanted:
        if name in PERIOD:
            values[name] = fields.day(name)
        elif name in gate_questions():
            values.setdefault("gate", {})[name] = fields.text(name, most=LEARNED)
        else:
            values[name] = fields.text(name, most=LEARNED)
    if to == "scaled":
        values["units"] = _joining(fields, tree)
    said = Said(**values)
    for name, problem in said.problems(came_from, to).items():
        if name not in fields.problems or isinstance(fields.problems[name], FieldEmpty):
            fields.problems[name] = problem
    return said


def _joining(fields: Fields, tree: Tree) -> tuple[str, ...]:
    """The units that join, one on each line; none is fine."""
    found: list[str] = []
    for line in fields.text("units", most=LEARNED, required=False).split("\n"):
        typed = line.strip()
        units = found_units(typed, tree) if typed else [""]
        if len(units) != 1:
            some = {"name": typed[:LINE], "codes": ", ".join(units[:5])}
            problem = UnitAmbiguous(**some) if units else UnitNotFound(name=typed[:LINE])
            fields.problems["units"] = problem
        else:
            found += [one for one in units if one]
    return tuple(dict.fromkeys(found))
