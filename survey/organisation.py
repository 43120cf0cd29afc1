"""The organisation as a wave saw it: a dated tree of units, and the rows the analysis reads.

It only reads; `survey.importing` and `survey.actions` write. Wave labels sort in time order as
text, and a unit is there when valid_from <= wave <= valid_to.
"""

from collections import defaultdict
from collections.abc import (
    Collection,
    Container,
    ItemsView,
    Iterable,
    Iterator,
    Mapping,
    ValuesView,
)
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from survey.errors import N_, Refused
from survey.tables import (
    Behaviour,
    BehaviourScope,
    Invited,
    TrialAction,
    TrialUnit,
    UnitVersion,
    Wave,
    WaveBehaviour,
)

Row = dict[str, Any]  # one row of a file of measurement.md 2.2: column -> value


class OrganisationEmpty(Refused):
    sentence = N_("There are no units yet. Nothing was changed. Start with: kernepuls import units")


@dataclass(frozen=True, slots=True)
class Version:
    """A unit for a span of waves, as a row of UNITS; `core_task` None = the nearest parent's."""

    code: str
    parent: str | None
    name: str
    core_task: str | None
    headcount: int
    valid_from: str
    valid_to: str | None = None
    change: str | None = None
    was: str | None = None
    id: int = 0  # of the unit; 0 = not stored yet

    def holds(self, wave: str | None) -> bool:
        """Valid in that wave; None = after every wave that has been named."""
        if wave is None:
            return self.valid_to is None
        return self.valid_from <= wave and (self.valid_to is None or wave <= self.valid_to)


@dataclass(frozen=True, slots=True)
class UnitRow:
    """A node of one wave's tree; `depth` of the root is 0, `core_task` its own or inherited."""

    id: int
    code: str
    parent: str | None
    name: str
    core_task: str | None
    headcount: int
    depth: int
    children: tuple[str, ...]


class Tree(Mapping[str, UnitRow]):
    """Unit code -> its node, parents before children, siblings as they stood in the file."""

    def __init__(self, nodes: Iterable[UnitRow]) -> None:
        self._nodes = {node.code: node for node in nodes}
        self._below: dict[str, tuple[str, ...]] = {}

    def __getitem__(self, code: str) -> UnitRow:
        return self._nodes[code]

    def __iter__(self) -> Iterator[str]:
        return iter(self._nodes)

    def __len__(self) -> int:
        return len(self._nodes)

    # A mapping's own views ask for one node after the other; a page goes through all of 2,500.
    def items(self) -> ItemsView[str, UnitRow]:
        return self._nodes.items()

    def values(self) -> ValuesView[UnitRow]:
        return self._nodes.values()

    @cached_property
    def root(self) -> UnitRow:
        """The organisation itself; raises `OrganisationEmpty` when nothing is imported."""
        if not self._nodes:
            raise OrganisationEmpty
        return next(iter(self._nodes.values()))

    @cached_property
    def leaves(self) -> tuple[str, ...]:
        """The codes of the units without children."""
        return tuple(node.code for node in self._nodes.values() if not node.children)

    @cached_property
    def by_id(self) -> Mapping[int, UnitRow]:
        return {node.id: node for node in self._nodes.values()}

    @cached_property
    def order(self) -> Mapping[str, int]:
        """The place of each unit in the tree, to sort by."""
        return {code: place for place, code in enumerate(self._nodes)}

    def below(self, code: str) -> tuple[str, ...]:
        """The unit and every unit under it, in the order of the tree."""
        if code not in self._below:
            inside = (one for child in self._nodes[code].children for one in self.below(child))
            self._below[code] = (code, *inside)
        return self._below[code]

    def ancestors(self, code: str) -> tuple[str, ...]:
        """The units above, nearest first; empty for the root."""
        above: list[str] = []
        parent = self._nodes[code].parent
        while parent is not None:
            above.append(parent)
            parent = self._nodes[parent].parent
        return tuple(above)

    def centre_of(self, code: str) -> str | None:
        """The unit straight below the root that holds this one; None for the root itself."""
        path = (code, *self.ancestors(code))
        return path[-2] if len(path) > 1 else None

    def parts(self, depth: int) -> tuple[str, ...]:
        """The parts of a stall question: units on level `depth`, and childless ones above it.

        The root is level 1, as in `Wave.part_depth`: 3 gives the units below the centres and
        the centres without children.
        """
        return tuple(
            node.code
            for node in self._nodes.values()
            if node.depth + 1 == depth or (0 < node.depth < depth - 1 and not node.children)
        )

    def part_of(self, code: str, depth: int) -> str | None:
        """The part that holds a unit; None for a unit above the parts."""
        parts = set(self.parts(depth))
        return next((one for one in (code, *self.ancestors(code)) if one in parts), None)


def grow(versions: Iterable[Version]) -> Tree:
    """The tree of versions that hold at one time: at most one each, one root, no cycle."""
    below: dict[str | None, list[Version]] = defaultdict(list)
    for version in versions:
        below[version.parent].append(version)
    nodes: list[UnitRow] = []
    waiting: list[tuple[Version, int, str | None]] = [
        (version, 0, None) for version in reversed(below[None])
    ]
    while waiting:
        version, depth, inherited = waiting.pop()
        core_task = version.core_task or inherited
        children = below[version.code]
        nodes.append(
            UnitRow(
                id=version.id,
                code=version.code,
                parent=version.parent,
                name=version.name,
                core_task=core_task,
                headcount=version.headcount,
                depth=depth,
                children=tuple(child.code for child in children),
            )
        )
        waiting.extend((child, depth + 1, core_task) for child in reversed(children))
    return Tree(nodes)


def merged_into(versions: Iterable[Version], there: Container[str]) -> dict[str, str]:
    """Unit that is no more -> the unit of `there` that it was merged into, over several merges.

    People follow a merge: the staff list of the day may still name the unit they came from.
    """
    step = {
        earlier: version.code
        for version in versions
        if version.change == "merged"
        for earlier in (version.was or "").split(";")
        if earlier not in ("", version.code)
    }
    found: dict[str, str] = {}
    for code in step:
        end, tried = code, {code}
        while end not in there and step.get(end, end) not in tried:
            end = step[end]
            tried.add(end)
        if end in there and code not in there:
            found[code] = end
    return found


class _Read:
    """What was made of the rows last read: the same rows give the same versions and trees."""

    def __init__(self, rows: list[Row]) -> None:
        self.rows = rows
        found = [Version(**row) for row in rows]
        self.versions = sorted(found, key=lambda version: (version.id, version.valid_from))
        self.trees: dict[str | None, Tree] = {}

    def tree(self, wave: str | None) -> Tree:
        if wave not in self.trees:
            self.trees[wave] = grow(one for one in self.versions if one.holds(wave))
        return self.trees[wave]


_last = _Read([])


async def _read() -> _Read:
    """Every version, read anew; making 2,500 of them and a tree costs more than comparing them."""
    global _last  # noqa: PLW0603 - one place, and what it holds follows from the rows alone
    rows = await UnitVersion.select(
        UnitVersion.unit.as_alias("id"),
        UnitVersion.unit.code.as_alias("code"),
        UnitVersion.parent.code.as_alias("parent"),
        *(UnitVersion.name, UnitVersion.core_task, UnitVersion.headcount),
        *(UnitVersion.valid_from, UnitVersion.valid_to, UnitVersion.change, UnitVersion.was),
    )
    if rows != _last.rows:
        _last = _Read(rows)
    return _last


async def versions() -> list[Version]:
    """Every version of every unit: units as they stood in the first file, then by time."""
    return [*(await _read()).versions]


async def ids_merged_into(there: Tree) -> dict[int, int]:
    """Id of a unit that is no more -> the id of the unit of a tree that it was merged into."""
    stored = await versions()
    ids = {version.code: version.id for version in stored}
    return {ids[old]: there[new].id for old, new in merged_into(stored, there).items()}


async def tree(wave: str | None = None) -> Tree:
    """The tree as the wave sees it; None = the newest version."""
    return (await _read()).tree(wave)


async def unit_names(codes: Collection[str]) -> dict[str, str]:
    """Unit -> its name as it is today, without reading the whole tree."""
    rows = await UnitVersion.select(UnitVersion.unit.code.as_alias("code"), UnitVersion.name).where(
        UnitVersion.valid_to.is_null(), UnitVersion.unit.code.is_in([*codes, ""])
    )
    return {row["code"]: row["name"] for row in rows}


async def units_rows() -> list[Row]:
    """UNITS of measurement.md 2.2: one row per version of a unit."""
    return [
        {
            "unit": version.code,
            "parent": version.parent,
            "name": version.name,
            "core_task": version.core_task,
            "headcount": version.headcount,
            "valid_from": version.valid_from,
            "valid_to": version.valid_to,
            "change": version.change,
            "was": version.was,
        }
        for version in await versions()
    ]


async def scopes() -> dict[str, tuple[str, ...]]:
    """Behaviour code -> the codes of the units in its scope, in the order of the tree."""
    rows = await BehaviourScope.select(
        BehaviourScope.behaviour.code.as_alias("behaviour"),
        BehaviourScope.unit.code.as_alias("unit"),
    ).order_by(BehaviourScope.unit)
    found: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        found[row["behaviour"]].append(row["unit"])
    return {behaviour: tuple(units) for behaviour, units in found.items()}


async def behaviours_rows(wave: str | None = None) -> list[Row]:
    """BEHAVIOURS of measurement.md 2.2: those a wave asks about; None = every active one."""
    if wave is None:
        asked = Behaviour.select().where(Behaviour.active == True)  # noqa: E712 - a column, not a value
    else:
        chosen = await WaveBehaviour.select(WaveBehaviour.behaviour).where(
            WaveBehaviour.wave.name == wave
        )
        if not chosen:
            return []
        asked = Behaviour.select().where(Behaviour.id.is_in([row["behaviour"] for row in chosen]))
    scope = await scopes()
    return [
        {
            "behaviour": row["code"],
            "text": row["text"],
            "situation": row["situation"],
            "units": ";".join(scope.get(row["code"], ())),
        }
        for row in await asked.order_by(Behaviour.id)
    ]


def has_run(trial: Mapping[str, Any]) -> bool:
    """Whether a trial action, a row of its table, was ever begun; one from a file always was."""
    return trial["state"] not in ("idea", "agreed") and (
        trial["state"] != "stopped" or trial["once"] is None or trial["ended_on"] is not None
    )


def state_of(trial: Mapping[str, Any]) -> str:
    """The state of a row of trial actions; one from a file tells it by what was decided."""
    told = trial["state"] or trial["practice_state"] or trial["decision"]
    return told or ("learned" if trial["what_we_learned"] else "running")


async def trials_rows() -> list[Row]:
    """TRIALS of measurement.md 2.2: trial actions with a last wave before and a first after."""
    members: dict[tuple[int, str], list[str]] = defaultdict(list)
    for row in await TrialUnit.select(
        TrialUnit.trial_action, TrialUnit.role, TrialUnit.unit.code.as_alias("code")
    ).order_by(TrialUnit.id):
        members[row["trial_action"], row["role"]].append(row["code"])
    trials = await TrialAction.select(
        *TrialAction.all_columns(), TrialAction.behaviour.code.as_alias("behaviour_code")
    ).order_by(TrialAction.id)
    return [
        {
            "trial": row["code"],
            "behaviour": row["behaviour_code"],
            "barrier": row["barrier"],
            "units": ";".join(members[row["id"], "tried"]),
            "comparison": ";".join(members[row["id"], "comparison"]) or None,
            "start_wave": row["start_wave"],
            "end_wave": row["end_wave"],
            "randomised": row["randomised"],
        }
        for row in trials
        if row["start_wave"] and row["end_wave"]
    ]


async def compared_with(tried: Collection[str], tree: Tree) -> int:
    """How many leaves a trial without a list of its own is compared with.

    They are asked about the same behaviours as those that try, and are not part of them.
    """
    asked = await behaviours_of(tree)
    there = [code for code in tried if code in tree]
    theirs = {one for code in there for one in (*tree.below(code), *tree.ancestors(code))}
    leaves = set(tree.leaves)
    below = {code for top in there for code in tree.below(top)}
    ours = {asked[code] for code in below & leaves if code in asked}
    return sum(code not in theirs and asked.get(code) in ours for code in tree.leaves)


async def behaviours_of(tree: Tree) -> Mapping[str, str]:
    """Unit -> the behaviour it is asked about: that of the nearest unit in a scope, if any."""
    rows = await Behaviour.select(Behaviour.code).where(Behaviour.active == True)  # noqa: E712
    used = {row["code"] for row in rows}
    reach = sorted((await scopes()).items(), key=lambda one: one[0] in used)  # a successor wins
    scope = {unit: behaviour for behaviour, units in reach for unit in units}
    found: dict[str, str] = {}
    for code, node in tree.items():  # parents first
        own = scope.get(code) or found.get(node.parent or "")
        if own:
            found[code] = own
    return found


async def invited_rows() -> list[Row]:
    """INVITED of measurement.md 2.2: N per wave, unit and profession, frozen at approval."""
    counted: dict[tuple[str, str, str], int] = defaultdict(int)
    for row in await Invited.select(
        Invited.wave.name.as_alias("wave"),
        Invited.unit.code.as_alias("unit"),
        Invited.profession,
        Invited.n,
    ).order_by(Invited.id):
        counted[row["wave"], row["unit"], row["profession"]] += row["n"]
    return [
        {"wave": wave, "unit": unit, "profession": profession, "n": n}
        for (wave, unit, profession), n in sorted(counted.items())
    ]


async def frozen_waves() -> tuple[str, ...]:
    """The labels of waves that are approved or beyond, in time order: their tree never changes."""
    rows = await Wave.select(Wave.name).where(Wave.state != "draft")
    return tuple(sorted(row["name"] for row in rows))
