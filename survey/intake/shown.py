"""What the questionnaire prints for an invitation: the same struct with and without JavaScript."""

from collections.abc import Mapping
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import msgspec

from survey import engine, organisation
from survey.engine import Engine
from survey.organisation import Tree
from survey.tables import Behaviour, Invited, TrialUnit, Wave

# The trials of a unit that the wave is the first to look back on, by code.
TRIALS_ENDED = (
    "SELECT trial_action.name FROM trial_unit "
    "JOIN trial_action ON trial_action.id = trial_unit.trial_action "
    "WHERE trial_unit.unit = {} AND ((trial_unit.role = 'tried' AND trial_action.end_wave = {}) "
    "OR (trial_unit.role = 'added' AND trial_action.end_wave = "
    "(SELECT max(name) FROM wave WHERE name < {}))) ORDER BY trial_action.code"
)
SMALLEST_PART = 10  # invited people in a part that the stall question names (measurement.md 1)


class Part(msgspec.Struct, frozen=True):
    """A part of the organisation that the stall question may name."""

    code: str
    name: str


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """Danish texts, and English ones where the organisation has written them."""

    unit: str
    unit_name: str
    core_task: str | None
    core_task_en: str | None
    behaviour: str
    behaviour_en: str | None
    situation_asked: str
    situation_asked_en: str | None
    trial: str | None  # its short name; null = none ended here since the last wave
    closes: str  # ISO day, the last one counted
    parts: str  # the address of the wave's part list


@dataclass(frozen=True, slots=True)
class Frozen:
    """What never changes again once a wave is open: its tree, the parts it may name, and codes."""

    tree: Tree
    parts: tuple[Part, ...]
    behaviours: Mapping[int, str]  # id -> code; the texts are read when they are shown


_KEPT: WeakKeyDictionary[Engine, dict[int, Frozen]] = WeakKeyDictionary()  # by database and wave


async def named_wave(name: str) -> Wave | None:
    """A wave by its name. Plain SQL: it is read for every answer, and Piccolo writes SQL slowly."""
    rows = await Wave.raw("SELECT * FROM wave WHERE name = {}", name)
    return Wave(**rows[0], _exists_in_db=True) if rows else None


async def frozen(wave: Wave) -> Frozen:
    """The tree, parts and codes of a wave, read once while it is open: then none may change."""
    if wave.state != "open":
        return await _read(wave)
    kept = _KEPT.setdefault(engine.current(), {})
    if wave.id not in kept:
        kept[wave.id] = await _read(wave)
    return kept[wave.id]


async def shown(wave: Wave, *, unit: int, behaviour: int) -> Shown:
    """Plain SQL for the behaviour too."""
    node = (await frozen(wave)).tree.by_id[unit]
    rows = await Behaviour.raw("SELECT * FROM behaviour WHERE id = {}", behaviour)
    if not rows:
        raise LookupError(behaviour)
    asked = Behaviour(**rows[0], _exists_in_db=True)
    return Shown(
        unit=node.code,
        unit_name=node.name,
        core_task=node.core_task or asked.core_task,
        core_task_en=None if node.core_task else asked.core_task_en,
        behaviour=asked.text,
        behaviour_en=asked.text_en,
        situation_asked=asked.situation,
        situation_asked_en=asked.situation_en,
        trial=await _trial(wave.name, unit),
        closes=wave.closes.isoformat(),
        parts=f"/svar/dele/{wave.name}",
    )


async def parts(wave: Wave) -> tuple[Part, ...]:
    """The parts the stall question may name: never one with fewer than ten invited."""
    return (await frozen(wave)).parts


async def _read(wave: Wave) -> Frozen:
    tree = await organisation.tree(wave.name)
    rows = await Invited.select(Invited.unit, Invited.n).where(Invited.wave == wave.id)
    invited: dict[str, int] = {}
    for row in rows:
        code = tree.by_id[row["unit"]].code
        invited[code] = invited.get(code, 0) + row["n"]
    named = tuple(
        Part(code=code, name=tree[code].name)
        for code in tree.parts(wave.part_depth)
        if sum(invited.get(below, 0) for below in tree.below(code)) >= SMALLEST_PART
    )
    behaviours = await Behaviour.select(Behaviour.id, Behaviour.code)
    return Frozen(tree, named, {row["id"]: row["code"] for row in behaviours})


async def _trial(wave: str, unit: int) -> str | None:
    """The trial whose first wave after this is, here; one wave later where it was widened to.

    The first by code where two ended at once, as in the invitation. Plain SQL, as for `named_wave`.
    """
    rows = await TrialUnit.raw(TRIALS_ENDED, unit, wave, wave)
    return next((row["name"] for row in rows), None)
