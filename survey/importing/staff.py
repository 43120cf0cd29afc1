"""A staff list as people in units: every row is used, merged or set aside with its reason.

Pure: a table, a tree and a day in, a `StaffList` out, which holds no cell that is not kept or to
be decided on. The order of resolution is that of fjordlund/payroll.md.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from survey.importing import cells
from survey.importing.jobs import (
    ACTIVE,
    ON_LEAVE,
    Job,
    Reason,
    dirt,
    jobs,
    locator,
    refusal,
    shown_unit,
)
from survey.importing.professions import Professions
from survey.importing.reading import Table
from survey.organisation import Tree


@dataclass(frozen=True, slots=True)
class Decided:
    """What HR has decided on the rows of one file; nothing is how every file begins.

    `units`: a unit as it stands in the file -> the code it means. `professions`: a job title ->
    its group. `jobs`: the lines of the jobs that count, of people with several.
    """

    units: dict[str, str] = field(default_factory=dict)
    professions: dict[str, str] = field(default_factory=dict)
    jobs: frozenset[int] = frozenset()
    with_hourly: bool = False


@dataclass(frozen=True, slots=True)
class SeveralJobs:
    """Somebody with more than one job: the line and unit of each, the one that counts first."""

    person: str = field(repr=False)
    jobs: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Noted:
    """A row somebody may have to decide on; `person` is for HR's own eyes, never for a log."""

    line: int
    reason: Reason
    unit: str
    person: str = field(repr=False)
    detail: str = ""  # a column; or the line of the largest job, of the first with the address


@dataclass(frozen=True, slots=True)
class Member:
    """An employee as she will be kept: nothing else of the file is."""

    unit: str
    first_name: str = field(repr=False)
    last_name: str = field(repr=False)
    profession: str
    email: str | None = field(repr=False)
    email_shared: bool
    mobile: str | None = field(repr=False)
    on_leave: bool
    line: int


@dataclass(frozen=True, slots=True)
class StaffList:
    """What a staff list says on a day: people, and everything that was decided on the way."""

    as_of: date
    rows: int
    members: tuple[Member, ...]
    noted: tuple[Noted, ...]
    dirt: Mapping[str, int]
    unit_names: Mapping[str, tuple[str, ...]]  # unit -> other names the file has for it
    parents: Mapping[str, tuple[str, ...]]  # unit -> other parents the file has for it
    unknown_titles: Mapping[str, int]  # job title -> employees put under the rest
    finds_two_jobs: bool  # the file has a column that tells one person from another
    several_jobs: tuple[SeveralJobs, ...] = ()

    def count(self, reason: Reason) -> int:
        return sum(note.reason is reason for note in self.noted)

    @property
    def kept_rows(self) -> int:
        return len(self.members) + self.count(Reason.TWO_JOBS)

    @property
    def unknown_units(self) -> Counter[str]:
        """Unit as it stands in the file -> rows set aside for it."""
        return Counter(note.unit for note in self.noted if note.reason is Reason.UNKNOWN_UNIT)

    @property
    def per_unit(self) -> Counter[str]:
        return Counter(member.unit for member in self.members)


def staff_list(
    table: Table,
    tree: Tree,
    *,
    as_of: date,
    professions: Professions,
    decided: Decided | None = None,
) -> StaffList:
    """Resolve a table of employments into people of the tree's units on that day."""
    decided = decided or Decided()
    professions = professions.with_more(decided.professions)
    rows = jobs(table)
    located = _located(table, tree, decided)
    noted = [Noted(number, Reason.RAGGED, "", "") for number in table.ragged]
    seen: set[tuple[object, ...]] = set()
    kept: list[Job] = []
    for job in rows:
        job.unit = located(job)
        why = refusal(job, seen, as_of, with_hourly=decided.with_hourly)
        if why is None:
            kept.append(job)
        else:
            noted.append(Noted(job.line, why[0], shown_unit(job), job.person, why[1]))
    largest = _largest_jobs(kept, noted, decided.jobs)
    members = _members(largest, noted, professions)
    cleaned = dirt(table, rows)
    cleaned["unit_name_differs_from_tree"] = _differing(kept, tree)
    return StaffList(
        as_of=as_of,
        rows=len(table.lines) + len(table.ragged),
        members=tuple(members),
        noted=tuple(sorted(noted, key=lambda note: (note.line, note.reason))),
        dirt=cleaned,
        unit_names=_other_names(rows, tree),
        parents=_other_parents(rows, tree),
        unknown_titles=_unknown_titles(largest, professions),
        finds_two_jobs=any(job.person_key is not None for job in rows),
        several_jobs=tuple(
            SeveralJobs(job.person, tuple((one.line, one.unit or "") for one in (job, *others)))
            for job, others in largest
            if others
        ),
    )


def _located(table: Table, tree: Tree, decided: Decided) -> Callable[[Job], str | None]:
    """The unit of a job as the file says, else as it was decided for rows like it."""
    by_file = locator(table, tree)

    def located(job: Job) -> str | None:
        code = by_file(job) or decided.units.get(shown_unit(job))
        return code if code in tree else None

    return located


def _largest_jobs(
    kept: Sequence[Job], noted: list[Noted], counts: Collection[int]
) -> list[tuple[Job, Sequence[Job]]]:
    """Each person's largest job with her others; a tie goes to the one she started first.

    `counts`: lines of jobs that somebody chose; they come before size.
    """
    by_person: dict[object, list[Job]] = defaultdict(list)
    for job in kept:
        by_person[job.person_key or job.line].append(job)
    found: list[tuple[Job, Sequence[Job]]] = []
    for same in by_person.values():
        same.sort(
            key=lambda job: (
                job.line not in counts,
                *(-(job.rate or 0), job.starts or date.max, job.line),
            )
        )
        first, *others = same
        noted.extend(
            Noted(job.line, Reason.TWO_JOBS, first.unit or "", first.person, str(first.line))
            for job in others
        )
        found.append((first, others))
    return found


def _members(
    largest: Sequence[tuple[Job, Sequence[Job]]], noted: list[Noted], professions: Professions
) -> list[Member]:
    """The people, and a note for each of whom HR may want to decide something."""
    mails = [_first_of(cells.mail, "email", [job, *others]) for job, others in largest]
    times = Counter(mail for mail in mails if mail)
    first_with = {
        mail: job.line for (job, _), mail in reversed([*zip(largest, mails, strict=True)])
    }
    members: list[Member] = []
    for (job, others), email in zip(largest, mails, strict=True):
        status = job.cell["status"].casefold()
        member = Member(
            unit=job.unit or "",
            first_name=job.cell["first_name"],
            last_name=job.cell["last_name"],
            profession=professions.group(job.cell["job_title"]),
            email=email,
            email_shared=times[email] > 1 if email else False,
            mobile=_first_of(cells.mobile, "mobile", [job, *others]),
            on_leave=status in ON_LEAVE,
            line=job.line,
        )
        members.append(member)
        bad_mail = email is None and bool(job.cell["email"])
        for reason, holds in {
            Reason.ON_LEAVE: member.on_leave,
            Reason.BAD_MAIL: bad_mail,
            Reason.NO_MAIL: email is None and not bad_mail,
            Reason.SHARED_MAIL: member.email_shared,
            Reason.BAD_RATE: bool(job.cell["rate"]) and job.rate is None,
            Reason.UNKNOWN_STATUS: status not in ACTIVE | ON_LEAVE,
        }.items():
            if holds:
                detail = str(first_with[email]) if reason is Reason.SHARED_MAIL else ""
                noted.append(Noted(job.line, reason, member.unit, job.person, detail))
    return members


def _first_of(
    read: Callable[[str], str | None], column: str, same_person: Sequence[Job]
) -> str | None:
    """What the largest job that has one says: one person may have mail in her other job only."""
    return next((value for job in same_person if (value := read(job.cell[column]))), None)


def _other_names(rows: Sequence[Job], tree: Tree) -> dict[str, tuple[str, ...]]:
    """Unit -> spellings the file has for its name that the tree has not.

    A garbled name is no other name: it is never repaired and never shown.
    """
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for job in rows:
        name = job.cell["unit_name"]
        if job.unit and name and name != tree[job.unit].name and not cells.is_garbled(name):
            found[job.unit][cells.masked(name)] += 1
    return {unit: tuple(counted) for unit, counted in sorted(found.items())}


def _differing(kept: Sequence[Job], tree: Tree) -> int:
    """How many used rows name their unit otherwise; case and spacing are no difference."""
    plain = {code: " ".join(node.name.split()).casefold() for code, node in tree.items()}
    return sum(
        bool(name)
        and not cells.is_garbled(name)
        and " ".join(name.split()).casefold() != plain[job.unit or ""]
        for job in kept
        for name in [job.cell["unit_name"]]
    )


def _other_parents(rows: Sequence[Job], tree: Tree) -> dict[str, tuple[str, ...]]:
    """Unit -> parents the file has for it, by code or name, that the tree has not."""
    found: dict[str, set[str]] = defaultdict(set)
    for job in rows:
        above = tree[job.unit].parent if job.unit else None
        said = job.cell["parent"]
        if above is not None and said and said not in (above, tree[above].name):
            found[job.unit or ""].add(cells.masked(said))
    return {unit: tuple(sorted(said)) for unit, said in sorted(found.items())}


def _unknown_titles(
    largest: Sequence[tuple[Job, Sequence[Job]]], professions: Professions
) -> Counter[str]:
    """Job title -> how many employees have it, of the titles the organisation's list lacks."""
    return Counter(
        cells.masked(job.cell["job_title"])
        for job, _ in largest
        if not professions.knows(job.cell["job_title"])
    )
