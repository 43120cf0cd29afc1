"""Behaviours in: HR's list, with what the shipped catalogue knows of the same sentence."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

from survey import audit, organisation, texts
from survey.engine import transaction
from survey.importing.cells import CPR, masked
from survey.importing.mapping import BEHAVIOURS
from survey.importing.reading import Table
from survey.importing.refusals import (
    BehaviourAsked,
    BehaviourTwice,
    CellMissing,
    CprInFile,
    PrintedCellBad,
    RowTooLong,
    UnitNotInTree,
)
from survey.importing.unitfile import nearest
from survey.insight.printed import wrong_text
from survey.organisation import Tree
from survey.tables import Behaviour, BehaviourScope, Unit, WaveBehaviour

Row: TypeAlias = dict[Any, Any]  # column -> value, as Piccolo takes it


@dataclass(frozen=True, slots=True)
class BehaviourRow:
    """One row of the file, its units split and known."""

    line: int
    code: str
    text: str
    situation: str
    units: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BehavioursImport:
    """What an import of behaviours did or, in a dry run, would do."""

    table: Table
    behaviours: int
    in_catalogue: int  # with the catalogue's short form, English text and core task
    new: tuple[str, ...]
    changed: tuple[str, ...]  # text or situation
    rescoped: tuple[str, ...]
    kept: tuple[str, ...]  # stored before, not in the file: left as they are
    twice: tuple[tuple[str, tuple[str, ...]], ...]  # leaf -> its behaviours; a wave takes one
    outside: tuple[str, ...]  # units with staff that no behaviour is about
    saved: bool


async def import_behaviours(
    table: Table, *, by: int | None, dry_run: bool = False
) -> BehavioursImport:
    """Compare a table of behaviours with the stored ones, and save it unless it is a dry run."""
    if table.mapping.kind != BEHAVIOURS.name:
        raise ValueError("the table was read as another kind of file")
    tree = await organisation.tree()
    known = {row["code"] for row in await Unit.select(Unit.code)}
    rows = behaviour_rows(table, sorted(known) or [tree.root.code])
    if dry_run:
        return await _imported(table, rows, tree, save=False, by=by)
    async with transaction():
        return await _imported(table, rows, tree, save=True, by=by)


def behaviour_rows(table: Table, units: Sequence[str]) -> list[BehaviourRow]:
    """The rows of the file; raises at an empty cell, a code twice or an unknown unit."""
    if table.ragged:
        raise RowTooLong(row=table.ragged[0])
    found: dict[str, BehaviourRow] = {}
    for line in table.lines:
        cell = {name: line.cells[at].strip() for name, at in table.mapping.places.items()}
        for column, value in cell.items():
            if not value:
                raise CellMissing(row=line.number, column=table.mapping.heading(column))
            if column in ("text", "situation") and CPR.search(value):
                raise CprInFile(row=line.number, column=table.mapping.heading(column))
        if problem := wrong_text(cell["text"], "task"):
            heading = table.mapping.heading("text")
            raise PrintedCellBad(row=line.number, column=heading, problem=problem)
        code = cell["behaviour"]
        if code in found:
            raise BehaviourTwice(
                row=line.number,
                column=table.mapping.heading("behaviour"),
                behaviour=masked(code),
                first=found[code].line,
            )
        scope = tuple(one.strip() for one in cell["units"].split(";") if one.strip())
        for unit in scope:
            if unit not in units:
                raise UnitNotInTree(
                    row=line.number,
                    column=table.mapping.heading("units"),
                    unit=masked(unit),
                    nearest=nearest(unit, units),
                )
        found[code] = BehaviourRow(line.number, code, cell["text"], cell["situation"], scope)
    return list(found.values())


async def _imported(
    table: Table, rows: Sequence[BehaviourRow], tree: Tree, *, save: bool, by: int | None
) -> BehavioursImport:
    stored = {row["code"]: row for row in await Behaviour.select(*Behaviour.all_columns())}
    scopes = await organisation.scopes()
    asked = await _asked()
    filled = {row.code: _filled(row) for row in rows}
    changed: list[str] = []
    for row in rows:
        if row.code in stored and any(
            stored[row.code][k] != v for k, v in filled[row.code].items()
        ):
            changed.append(row.code)
            if row.code in asked and _texts(stored[row.code]) != (row.text, row.situation):
                raise BehaviourAsked(
                    row=row.line,
                    column=table.mapping.heading("text"),
                    behaviour=row.code,
                    wave=asked[row.code],
                )
    new = [row.code for row in rows if row.code not in stored]
    rescoped = [
        row.code
        for row in rows
        if row.code in stored and set(scopes.get(row.code, ())) != set(row.units)
    ]
    if save and (new or changed or rescoped):
        await _save(rows, filled, {*new, *changed}, {*new, *rescoped})
        await audit.record(by=by, what="imported behaviours", on_what=";".join(filled))
    leaves = _leaves(rows, tree)
    return BehavioursImport(
        table=table,
        behaviours=len(rows),
        in_catalogue=sum(entry(row.text) is not None for row in rows),
        new=tuple(new),
        changed=tuple(changed),
        rescoped=tuple(rescoped),
        kept=tuple(sorted(set(stored) - set(filled))),
        twice=tuple((unit, codes) for unit, codes in leaves.items() if len(codes) > 1),
        outside=tuple(
            node.code for node in tree.values() if node.headcount and node.code not in leaves
        ),
        saved=save and bool(new or changed or rescoped),
    )


async def _asked() -> dict[str, str]:
    """Behaviour -> a wave that is approved and asks about it."""
    rows = await WaveBehaviour.select(
        WaveBehaviour.behaviour.code.as_alias("behaviour"), WaveBehaviour.wave.name.as_alias("wave")
    ).where(WaveBehaviour.wave.state != "draft")
    return {row["behaviour"]: row["wave"] for row in rows}


async def _save(
    rows: Sequence[BehaviourRow],
    filled: Mapping[str, Row],
    written: set[str],
    scoped: set[str],
) -> None:
    units = {row["code"]: row["id"] for row in await Unit.select(Unit.id, Unit.code)}
    for row in rows:
        if row.code in written:
            values = filled[row.code]
            if not await Behaviour.exists().where(Behaviour.code == row.code):
                await Behaviour.insert(Behaviour(code=row.code, **values))
            else:
                await Behaviour.update(values).where(Behaviour.code == row.code)
    ids = {row["code"]: row["id"] for row in await Behaviour.select(Behaviour.id, Behaviour.code)}
    for row in rows:
        if row.code in scoped:
            at = ids[row.code]
            await BehaviourScope.delete().where(BehaviourScope.behaviour == at)
            members = dict.fromkeys(row.units)
            await BehaviourScope.insert(
                *[BehaviourScope(behaviour=at, unit=units[unit]) for unit in members]
            )


def entry(text: str) -> Mapping[str, Any] | None:
    """The shipped catalogue's behaviour with the same Danish sentence; None when it is HR's own."""
    return _catalogue().get(" ".join(text.split()))


@cache
def _catalogue() -> Mapping[str, Mapping[str, Any]]:
    entries: Sequence[Mapping[str, Any]] = texts.content("behaviours")["behaviours"]
    return {" ".join(one["sentence"]["da"].split()): one for one in entries}


def _filled(row: BehaviourRow) -> Row:
    """The columns of a behaviour: the file's own, and the catalogue's for the same sentence."""
    found = entry(row.text)
    values: Row = {"text": row.text, "situation": row.situation, "active": True}
    if found is not None:
        values |= {
            "text_en": found["sentence"]["en"],
            "situation_en": found["situation_asked"]["en"],
            "short": found["short"]["da"],
            "short_en": found["short"]["en"],
            "core_task": found["core_task"]["da"],
            "core_task_en": found["core_task"]["en"],
        }
    return values


def _texts(stored: Row) -> tuple[str, str]:
    return stored["text"], stored["situation"]


def _leaves(rows: Sequence[BehaviourRow], tree: Tree) -> dict[str, tuple[str, ...]]:
    """Unit -> the behaviours whose scope holds it; a node in a scope means all below."""
    found: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        for code in row.units:
            for unit in tree.below(code) if code in tree else ():
                if row.code not in found[unit]:
                    found[unit].append(row.code)
    return {unit: tuple(codes) for unit, codes in found.items()}
