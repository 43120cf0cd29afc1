"""Units in: the file against the stored tree, shown as a diff and saved in one transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from survey import audit, organisation
from survey.engine import transaction
from survey.errors import ChangedMeanwhile
from survey.importing.dating import UnitsDiff, dated, difference, fingerprint, newest
from survey.importing.mapping import UNITS
from survey.importing.reading import Table
from survey.importing.unitfile import successor, unit_versions
from survey.organisation import Version
from survey.tables import Person, Unit, UnitVersion

CHUNK = 2_000  # rows: PostgreSQL stops at 32,767 arguments


@dataclass(frozen=True, slots=True)
class UnitsImport:
    """What an import of units did or, in a dry run, would do."""

    table: Table
    units: int  # in the newest tree
    levels: int
    versions: int
    diff: UnitsDiff
    dates_only: int  # versions whose dates or history change without showing in the diff
    valid_from: str | None  # where changes begin, when earlier waves are approved
    people_in_closed: int
    saved: bool


async def import_units(
    table: Table, *, by: int | None, expected: str | None = None, dry_run: bool = False
) -> UnitsImport:
    """Compare a table of units with the stored tree, and save it unless it is a dry run.

    `expected`: the fingerprint of the difference somebody has seen and said yes to. Raises the
    refusals of `unitfile`, and `ChangedMeanwhile` where the difference is another one by now; then
    nothing is changed.
    """
    if table.mapping.kind != UNITS.name:
        raise ValueError("the table was read as another kind of file")
    file = unit_versions(table)
    if dry_run:
        return await _imported(table, file, save=False, by=by)
    async with transaction():
        done = await _imported(table, file, save=True, by=by)
        if expected is not None and fingerprint(done.diff) != expected:
            raise ChangedMeanwhile
        return done


async def _imported(
    table: Table, file: Sequence[Version], *, save: bool, by: int | None
) -> UnitsImport:
    stored = await organisation.versions()
    frozen = await organisation.frozen_waves()
    after = dated(file, stored, frozen[-1] if frozen else None)
    diff = difference(stored, after)
    changed = changed_codes(stored, after)
    tree = newest(after)
    if save and changed:
        await save_versions(changed, after)
        await audit.record(by=by, what="imported units", on_what=str(len(tree)))
    return UnitsImport(
        table=table,
        units=len(tree),
        levels=max((node.depth for node in tree.values()), default=-1) + 1,
        versions=len(after),
        diff=diff,
        dates_only=len(changed) if diff.empty else 0,
        valid_from=successor(frozen[-1]) if frozen and not diff.empty else None,
        people_in_closed=await _people_in(diff.closed),
        saved=save and bool(changed),
    )


def changed_codes(stored: Iterable[Version], after: Iterable[Version]) -> tuple[str, ...]:
    """The units of which any version differs, in the order of the file."""
    before, now = _bare(stored), _bare(after)
    return tuple(
        code for code in dict.fromkeys([*now, *before]) if before.get(code) != now.get(code)
    )


def _bare(versions: Iterable[Version]) -> dict[str, set[tuple[object, ...]]]:
    found: dict[str, set[tuple[object, ...]]] = {}
    for one in versions:
        found.setdefault(one.code, set()).add(
            (
                *(one.parent, one.name, one.core_task, one.headcount),
                *(one.valid_from, one.valid_to, one.change, one.was),
            )
        )
    return found


async def save_versions(changed: Sequence[str], after: Sequence[Version]) -> None:
    """Make the units that are new, and replace the versions of those that changed."""
    ids = {row["code"]: row["id"] for row in await Unit.select(Unit.id, Unit.code)}
    made = [code for code in changed if code not in ids]
    for start in range(0, len(made), CHUNK):
        rows = await Unit.insert(*[Unit(code=code) for code in made[start : start + CHUNK]])
        ids |= dict(zip(made[start : start + CHUNK], (row["id"] for row in rows), strict=True))
    which = set(changed)
    await UnitVersion.delete().where(UnitVersion.unit.is_in([ids[code] for code in changed]))
    rows_ = [
        UnitVersion(
            unit=ids[one.code],
            parent=ids[one.parent] if one.parent is not None else None,
            name=one.name,
            core_task=one.core_task,
            headcount=one.headcount,
            valid_from=one.valid_from,
            valid_to=one.valid_to,
            change=one.change,
            was=one.was,
        )
        for one in after
        if one.code in which
    ]
    for start in range(0, len(rows_), CHUNK):
        await UnitVersion.insert(*rows_[start : start + CHUNK])


async def _people_in(closed: Sequence[str]) -> int:
    if not closed:
        return 0
    people = await Person.select(Person.id).where(
        (Person.active == True) & Person.unit.code.is_in(list(closed))  # noqa: E712 - a column
    )
    return len(people)
