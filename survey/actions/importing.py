"""An import from the browser: the dry run that is shown, and the transaction that follows it."""

from datetime import date
from typing import TypeAlias

from survey.importing import professions
from survey.importing.mapping import STAFF, UNITS, Kind, save
from survey.importing.parking import Outcome, Parked
from survey.importing.reading import Table
from survey.importing.roster import StaffImport, import_staff
from survey.importing.units import UnitsImport, import_units
from survey.settings import Settings

KINDS: dict[str, Kind] = {kind.name: kind for kind in (UNITS, STAFF)}
Done: TypeAlias = StaffImport | UnitsImport


async def looked_at(settings: Settings, parked: Parked, table: Table, *, today: date) -> Done:
    """What an import would do; nothing is written. Raises what the import raises."""
    if parked.kind == UNITS.name:
        return await import_units(table, by=None, dry_run=True)
    return await import_staff(
        table,
        by=None,
        as_of=day_of(parked, today),
        professions=professions.find(settings.data, beside=None),
        decided=parked.decided,
        dry_run=True,
    )


async def import_parked(  # noqa: PLR0913 - each is named by keyword
    settings: Settings, parked: Parked, table: Table, *, by: int, today: date, expected: str
) -> Outcome:
    """Import as it was shown, in one transaction; then remember the columns and the titles.

    Raises `ChangedMeanwhile` where the stored organisation is another one than `expected` by now,
    and what the import raises.
    """
    if parked.kind == UNITS.name:
        units = await import_units(table, by=by, expected=expected)
        save(table.mapping, settings.data)
        return Outcome(
            saved=units.saved,
            rows=len(table.lines),
            units=units.units,
            new=len(units.diff.new),
            moved=len(units.diff.moved),
            changed=len(units.diff.renamed),
            gone=len(units.diff.closed),
            people_in_closed=units.people_in_closed,
        )
    groups = professions.find(settings.data, beside=None)
    staff = await import_staff(
        table,
        by=by,
        as_of=day_of(parked, today),
        professions=groups,
        decided=parked.decided,
        expected=expected,
    )
    save(table.mapping, settings.data)
    titles = parked.decided.professions
    if titles:
        professions.save(groups.with_more(titles), settings.data)
    return Outcome(
        saved=staff.saved,
        rows=staff.staff.rows,
        people=len(staff.staff.members),
        units=len(staff.staff.per_unit),
        set_aside=staff.staff.rows - staff.staff.kept_rows,
        new=staff.diff.new,
        moved=staff.diff.moved,
        changed=staff.diff.changed,
        gone=staff.diff.left,
        titles=len(titles),
    )


def day_of(parked: Parked, today: date) -> date:
    """The day a list is true for: what was said, else what the file says, else today."""
    in_file = parked.table.extract_date if parked.table else None
    return parked.as_of or in_file or today
