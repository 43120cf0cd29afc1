"""The organisation changed by hand: dated changes for the next wave.

A change is a new version of a unit from the label after the newest frozen wave, written the way a
file of units is; what a frozen wave saw never changes. Until a wave has frozen a change, it can be
undone.
"""

import zlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Final

from piccolo.query.functions import Count

from survey import audit, organisation
from survey.engine import current, transaction
from survey.errors import ChangedMeanwhile, NotFoundHere
from survey.importing import changing
from survey.importing.changing import PeopleInUnit, PlannedLater
from survey.importing.dating import dated
from survey.importing.unitfile import is_a_tree, successor
from survey.importing.units import changed_codes, save_versions
from survey.organisation import Tree, Version, grow, merged_into
from survey.tables import Person, Unit, Wave

ONE_AT_A_TIME: Final = 1_480_226_917  # any number, the same in every process: PostgreSQL's lock

Change = Callable[[Sequence[Version], "Coming"], Sequence[Version]]


@dataclass(frozen=True)
class Coming:
    """The organisation as the next wave will see it, and as the newest frozen one did.

    `label` is the next planned wave; `start` is where changes begin, None while nothing is frozen
    and every change simply replaces.
    """

    stored: tuple[Version, ...]
    label: str | None
    start: str | None
    last_frozen: str | None

    @property
    def at(self) -> str | None:
        return self.label or self.start

    @cached_property
    def after(self) -> Mapping[str, Version]:
        return {one.code: one for one in self.stored if one.holds(self.at)}

    @cached_property
    def before(self) -> Mapping[str, Version]:
        """Empty while nothing is frozen."""
        frozen = self.last_frozen
        return {one.code: one for one in self.stored if frozen and one.holds(frozen)}

    @cached_property
    def tree(self) -> Tree:
        return grow(self.after.values())

    @cached_property
    def changed(self) -> tuple[str, ...]:
        """Units that are another way than the newest frozen wave saw them, new and closed too."""
        if self.last_frozen is None:
            return ()
        codes = dict.fromkeys([*self.after, *self.before])
        return tuple(code for code in codes if self._differs(code))

    def version(self, code: str) -> int:
        """A number for what is stored of a unit; another one as soon as any of it changes."""
        told = [
            (one.code, one.parent, one.name, one.core_task, one.valid_from, one.valid_to)
            for one in self.stored
            if one.code == code
        ]
        return zlib.crc32(repr(sorted(told, key=repr)).encode())

    def _differs(self, code: str) -> bool:
        was, now = self.before.get(code), self.after.get(code)
        if was is None or now is None:
            return was is not now
        mine = (now.name, now.parent, now.core_task)
        broken = now.change in ("merged", "split") and now.valid_from == self.start
        return broken or mine != (was.name, was.parent, was.core_task)


async def coming() -> Coming:
    """What the next wave will see: of the planned ones the first, else the label after the last."""
    frozen = await organisation.frozen_waves()
    last = frozen[-1] if frozen else None
    drafts = await Wave.select(Wave.name).where(Wave.state == "draft")
    later = sorted(row["name"] for row in drafts if last is None or row["name"] > last)
    return Coming(
        stored=tuple(await organisation.versions()),
        label=later[0] if later else None,
        start=successor(last) if last else None,
        last_frozen=last,
    )


def following(versions: Iterable[Version]) -> dict[str, str]:
    """Unit that is no more -> the unit it was merged into, of versions of one time."""
    there = list(versions)
    return merged_into(there, {one.code for one in there})


async def people_per_unit(tree: Tree, stored: Iterable[Version]) -> Counter[str]:
    """The newest staff list by unit of a tree; people of merged units with those they joined."""
    codes = {version.id: version.code for version in stored}
    joined = merged_into(stored, tree)
    rows = (
        await Person.select(Person.unit, Count())
        .where(Person.active == True)  # noqa: E712 - a column
        .group_by(Person.unit)
    )
    found: Counter[str] = Counter()
    for row in rows:
        code = codes.get(row["unit"], "")
        found[code if code in tree else joined.get(code, code)] += row["count"]
    return found


# --- changes of the tree -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Deed:
    """A change of the tree that somebody has put together; `of` are the units it is made from."""

    what: str  # for the audit log, in the past
    of: tuple[str, ...]
    change: Change
    is_done: Callable[[Coming], bool]  # already, as when a form is sent twice
    about: str = ""  # the unit it is about, where that is a new one
    closes: str | None = None  # nobody may be in it
    joins: str | None = None  # its people go with it

    @property
    def code(self) -> str:
        return self.about or self.of[0]


def renaming(code: str, name: str) -> Deed:
    """Another name."""
    return Deed(
        "renamed unit",
        (code,),
        lambda open_, now: changing.renamed(open_, code, name, now.at),
        lambda now: now.after[code].name == name,
    )


def tasking(code: str, core_task: str | None) -> Deed:
    """Another core task; None: the nearest parent's."""
    return Deed(
        "set core task of unit",
        (code,),
        lambda open_, now: changing.with_core_task(open_, code, core_task, now.at),
        lambda now: now.after[code].core_task == core_task,
    )


def moving(code: str, parent: str) -> Deed:
    """Another parent; all below goes with it."""
    return Deed(
        "moved unit",
        (code, parent),
        lambda open_, now: changing.moved(open_, code, parent, now.at),
        lambda now: now.after[code].parent == parent,
    )


def merging(code: str, other: str) -> Deed:
    """Both as one under the first one's code; its people are those of both."""
    return Deed(
        "merged units",
        (code, other),
        lambda open_, now: changing.merged(open_, code, other, at=now.at, start=now.start),
        lambda now: following(now.after.values()).get(other) == code,
        joins=other,
    )


def closing(code: str) -> Deed:
    """Not there any more."""
    return Deed(
        "closed unit",
        (code,),
        lambda open_, now: changing.closed(open_, code, now.at),
        lambda now: code not in now.after,
        closes=code,
    )


def adding(code: str, name: str, parent: str) -> Deed:
    """A new unit without people. The code is its natural key: sent twice it is taken."""

    def change(open_: Sequence[Version], now: Coming) -> Sequence[Version]:
        changing.checked_code(code, (one.code for one in now.stored))
        return changing.added(open_, code=code, name=name, parent=parent, start=now.start)

    return Deed("added unit", (parent,), change, partial(_is_there, code, name), about=code)


def splitting(code: str, new: str, name: str) -> Deed:
    """A part of a unit as one of its own, beside it; people are moved afterwards."""

    def change(open_: Sequence[Version], now: Coming) -> Sequence[Version]:
        changing.checked_code(new, (one.code for one in now.stored))
        return changing.split(open_, code, new=new, name=name, at=now.at, start=now.start)

    return Deed("split unit", (code,), change, partial(_is_there, new, name))


def _is_there(code: str, name: str, now: Coming) -> bool:
    return code in now.after and now.after[code].name == name


async def foreseen(deed: Deed) -> tuple[Coming, Coming]:
    """The organisation as it is and as it would be; nothing is written. Raises as `carry_out`."""
    now = await coming()
    return now, replace(now, stored=tuple(await _after(deed, now)))


async def carry_out(deed: Deed, *, by: int, version: int) -> None:
    """Write a change that holds from the next wave on.

    Raises ChangedMeanwhile, NotFoundHere for a unit that is not there, and the refusals of
    `importing.changing`.
    """
    async with transaction():
        await _alone()
        now = await coming()
        if deed.of[0] in now.after or deed.closes:
            if deed.is_done(now):
                return
            if version != now.version(deed.of[0]):
                raise ChangedMeanwhile
        await _save(now, await _after(deed, now))
        if deed.joins and now.start is None:  # else people follow by the mark of the merge
            ids = now.after[deed.joins].id, now.after[deed.code].id
            await Person.update({Person.unit: ids[1]}).where(Person.unit == ids[0])
        await audit.record(by=by, what=deed.what, on_what=deed.code)


async def undo(code: str, *, by: int) -> None:
    """Take back what is planned for a unit, and for those that were merged or split with it."""
    async with transaction():
        await _alone()
        now = await coming()
        if code not in now.changed or now.last_frozen is None:
            raise NotFoundHere
        codes = _together(now, code)
        back = changing.undone(_open(now), codes, list(now.before.values()))
        await _save(now, _dated(now, back, code))
        await _back_home(now, codes)
        await audit.record(by=by, what="took back a change of unit", on_what=code)


async def _after(deed: Deed, now: Coming) -> list[Version]:
    if any(code not in now.after for code in deed.of):
        raise NotFoundHere
    after = _dated(now, deed.change(_open(now), now), deed.of[0])
    if deed.closes:
        await _nobody_in(now, deed.closes)
    return after


def _dated(now: Coming, file: Sequence[Version], code: str) -> list[Version]:
    after = dated(file, now.stored, now.last_frozen)
    if not is_a_tree(after, now.start):
        raise PlannedLater(unit=now.after[code].name if code in now.after else code)
    return after


async def _save(now: Coming, after: Sequence[Version]) -> None:
    changed = changed_codes(now.stored, after)
    if changed:
        await save_versions(changed, after)


def _open(now: Coming) -> list[Version]:
    """What a file of units of today would hold: the versions from the next wave on."""
    if now.start is None:
        return list(now.stored)
    start = now.start
    from_here = [one for one in now.stored if one.valid_to is None or one.valid_to >= start]
    return changing.plain_again(from_here, start, now.before)


def _together(now: Coming, code: str) -> set[str]:
    """The units whose change is one with this one's."""
    joined = following(now.after.values())
    root = joined.get(code, code)
    mine = {root, *(one for one, into in joined.items() if into == root and one in now.before)}
    mine |= {
        one.code
        for one in now.after.values()
        if one.code in now.before
        and one.parent == root
        and now.before[one.code].parent in mine - {root}
    }
    for one in now.after.values():
        if one.change == "split" and one.valid_from == now.start and one.was in mine | {code}:
            mine |= {one.code, one.was or code}
        if one.code in mine and one.change == "split" and one.was:
            mine.add(one.was)
    return mine


async def _back_home(now: Coming, codes: Collection[str]) -> None:
    """People of a unit that is not to be after all go back to the one it was split from."""
    for code in codes:
        made = now.after.get(code)
        if made is None or code in now.before:
            continue
        if made.change != "split" or not made.was:
            await _nobody_in(now, code)
            continue
        await Person.update({Person.unit: now.after[made.was].id}).where(Person.unit == made.id)


async def _nobody_in(now: Coming, code: str) -> None:
    unit = now.after[code]
    people = (await people_per_unit(now.tree, now.stored))[code]
    if people:
        raise PeopleInUnit(n=people, unit=unit.name)


async def _alone() -> None:
    """One change at a time: SQLite has one writer, PostgreSQL must be told."""
    if current().engine_type == "postgres":
        await Unit.raw("SELECT pg_advisory_xact_lock({})", ONE_AT_A_TIME)
