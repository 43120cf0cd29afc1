"""Staff in: the resolved list against the people we know, as a diff, saved in one transaction.

The list is the truth: who is not on it any more becomes inactive. People are recognised without
any number: by the same mail address of their own, or the same name in the same place.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any, Final, TypeAlias

from survey import audit, organisation
from survey.engine import transaction
from survey.errors import ChangedMeanwhile
from survey.importing.dating import fingerprint
from survey.importing.mapping import STAFF
from survey.importing.professions import Professions
from survey.importing.reading import Table
from survey.importing.staff import Decided, Member, StaffList, staff_list
from survey.organisation import OrganisationEmpty, Tree
from survey.tables import Person, Wave

CHUNK: Final = 2_000  # rows: PostgreSQL stops at 32,767 arguments
Row: TypeAlias = dict[str, Any]
Progress: TypeAlias = Callable[[int, int], None]  # people written, of how many
FIELDS: Final = (
    *("unit", "first_name", "last_name", "profession"),
    *("email", "email_shared", "mobile", "on_leave"),
)
# What makes two rows the same person, the surest first; a key that two people share tells nothing.
SAME_PERSON: Final[tuple[tuple[str, ...], ...]] = (
    ("email", "first_name", "last_name"),
    ("email",),
    ("unit", "profession", "first_name", "last_name"),
    ("unit", "first_name", "last_name"),
    ("profession", "first_name", "last_name"),
)


@dataclass(frozen=True, slots=True)
class StaffDiff:
    """Counts against the list before; `changed` is anything but the unit."""

    new: int
    moved: int
    changed: int
    left: int

    @property
    def empty(self) -> bool:
        return not (self.new or self.moved or self.changed or self.left)


@dataclass(frozen=True, slots=True)
class StaffImport:
    """What an import of staff did or, in a dry run, would do."""

    table: Table
    staff: StaffList
    professions: Professions
    compared_with: str  # the wave label whose tree the list was compared with
    units: int  # of that tree
    headcount_differs: tuple[tuple[str, int, int], ...]  # unit, in the tree, on the list
    diff: StaffDiff
    saved: bool


async def import_staff(  # noqa: PLR0913 - each is named by keyword
    table: Table,
    *,
    by: int | None,
    as_of: date,
    professions: Professions,
    decided: Decided | None = None,
    expected: str | None = None,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> StaffImport:
    """Resolve a table of employments, compare it with the people we know, and save the difference.

    `expected`: the fingerprint of the difference somebody has seen and said yes to. Raises
    `OrganisationEmpty` before any units are imported, and `ChangedMeanwhile` where the difference
    is another one by now.
    """
    if table.mapping.kind != STAFF.name:
        raise ValueError("the table was read as another kind of file")
    label, tree = await tree_on(as_of)
    resolve = partial(staff_list, as_of=as_of, professions=professions, decided=decided)
    # In a thread: a list of 40,000 takes a second, and people are answering meanwhile.
    staff = await asyncio.to_thread(resolve, table, tree)
    wanted = [_row(member, tree) for member in staff.members]
    if dry_run:
        diff = (await asyncio.to_thread(_Comparison, await _known(), wanted)).diff
    else:
        async with transaction():
            comparison = await asyncio.to_thread(_Comparison, await _known(), wanted)
            if expected is not None and fingerprint(comparison.diff) != expected:
                raise ChangedMeanwhile
            await _save(comparison, progress or (lambda _done, _of: None))
            diff = comparison.diff
            if not diff.empty:
                await audit.record(by=by, what="imported staff", on_what=str(len(wanted)))
    counted = staff.per_unit
    return StaffImport(
        table=table,
        staff=staff,
        professions=professions,
        compared_with=label,
        units=len(tree),
        headcount_differs=tuple(
            (code, node.headcount, counted[code])
            for code, node in tree.items()
            if node.headcount != counted[code]
        ),
        diff=diff,
        saved=not dry_run and not diff.empty,
    )


async def tree_on(day: date) -> tuple[str, Tree]:
    """The tree of the last planned wave that opens on or before the day, else the earliest tree."""
    versions = await organisation.versions()
    if not versions:
        raise OrganisationEmpty
    waves = await Wave.select(Wave.name).where(Wave.opens <= day)
    earliest = min(version.valid_from for version in versions)
    label = max((row["name"] for row in waves), default=earliest)
    return label, organisation.grow(version for version in versions if version.holds(label))


def _row(member: Member, tree: Tree) -> Row:
    return {
        "unit": tree[member.unit].id,
        "first_name": member.first_name,
        "last_name": member.last_name,
        "profession": member.profession,
        "email": member.email,
        "email_shared": member.email_shared,
        "mobile": member.mobile,
        "on_leave": member.on_leave,
    }


async def _known() -> list[Row]:
    known: list[Row] = await (
        Person.select(*Person.all_columns())
        .where(Person.active == True)  # noqa: E712 - a column
        .order_by(Person.id)
    )
    return known


class _Comparison:
    """Who on the new list is who on the old one; the rest is new, or has left."""

    def __init__(self, known: Sequence[Row], wanted: Sequence[Row]) -> None:
        self.pairs: list[tuple[Row, Row]] = []
        self.left, self.new = list(known), list(wanted)
        self._pair(FIELDS, one_each=False)
        for columns in SAME_PERSON:
            self._pair(columns, one_each=True)

    def _pair(self, columns: tuple[str, ...], *, one_each: bool) -> None:
        """Pair those alike in these columns; `one_each`: only where there is no doubt."""
        old, new = _grouped(self.left, columns), _grouped(self.new, columns)
        paired: list[tuple[Row, Row]] = []
        for key, known in old.items():
            wanted = new.get(key, [])
            if not one_each or len(known) == len(wanted) == 1:
                paired.extend(zip(known, wanted, strict=False))
        before, after = {id(row) for row, _ in paired}, {id(row) for _, row in paired}
        self.pairs.extend(paired)
        self.left = [row for row in self.left if id(row) not in before]
        self.new = [row for row in self.new if id(row) not in after]

    @property
    def differing(self) -> list[tuple[Row, Row]]:
        return [(old, new) for old, new in self.pairs if _values(old) != _values(new)]

    @property
    def diff(self) -> StaffDiff:
        moved = sum(old["unit"] != new["unit"] for old, new in self.differing)
        return StaffDiff(
            new=len(self.new),
            moved=moved,
            changed=len(self.differing) - moved,
            left=len(self.left),
        )


def _grouped(rows: Iterable[Row], columns: tuple[str, ...]) -> dict[tuple[Any, ...], list[Row]]:
    """Rows by their values; without a mail address of one's own, a mail column tells nothing."""
    found: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    by_mail: Callable[[Row], bool] = lambda row: bool(row["email"])  # noqa: E731
    for row in rows:
        if columns == FIELDS or "email" not in columns or by_mail(row):
            found[tuple(row[name] for name in columns)].append(row)
    return found


def _values(row: Row) -> tuple[Any, ...]:
    return tuple(row[name] for name in FIELDS)


async def _save(comparison: _Comparison, progress: Progress) -> None:
    gone = [row["id"] for row in comparison.left]
    differing, new = comparison.differing, comparison.new
    for start in range(0, len(gone), CHUNK):
        await Person.update({Person.active: False}).where(
            Person.id.is_in(gone[start : start + CHUNK])
        )
    for done, (old, now) in enumerate(differing, start=1):
        values: dict[Any, Any] = {name: now[name] for name in FIELDS}
        await Person.update(values).where(Person.id == old["id"])
        progress(done, len(differing) + len(new))
    for start in range(0, len(new), CHUNK):
        people = [Person(**row) for row in new[start : start + CHUNK]]
        await Person.insert(*people)
        progress(len(differing) + start + len(people), len(differing) + len(new))
