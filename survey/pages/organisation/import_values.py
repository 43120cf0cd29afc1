"""What the look at an import shows: counts, what there is to decide, and what is only told."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from survey.errors import N_, BadInput
from survey.importing.dating import fingerprint
from survey.importing.jobs import SET_ASIDE, Reason
from survey.importing.labels import COLUMNS, NAMED, STEPS, USED
from survey.importing.roster import StaffImport
from survey.importing.staff import Decided, Noted, StaffList
from survey.importing.units import UnitsImport
from survey.organisation import Tree
from survey.pages.forms import Fields
from survey.texts import Voice, content

MOST_LISTED: Final = 500  # units to choose from in a list; beyond that a name or code is typed
SEPARATOR: Final = " · "  # between a unit's code and name


class UnitNotFound(BadInput):
    sentence = N_("We know no unit by that name or code. Choose one from the list, or leave it.")


@dataclass(frozen=True, slots=True)
class Question:
    """Something to decide: the field, what it is about, and where there are options, those."""

    field: str
    key: str
    about: str
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """Rows of one reason: how many, why, and line by line."""

    n: str
    why: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StaffView:
    """The look at a staff list."""

    summary: str
    counted: tuple[tuple[str, str, str], ...]  # why, how many, how many are left
    units: tuple[Question, ...]
    titles: tuple[Question, ...]
    jobs: tuple[Question, ...]
    hourly: str
    set_aside: tuple[Told, ...]
    used: tuple[Told, ...]
    differing: tuple[Told, ...]
    choices: tuple[str, ...]  # units, as they are typed
    diff: tuple[str, ...]
    cpr: str
    own_list: bool  # of professions
    seen: str
    fields: Fields

    @property
    def labels(self) -> dict[str, str]:
        """Field -> what it is about, in the order of the page."""
        return {one.field: one.about for one in (*self.units, *self.titles, *self.jobs)}


@dataclass(frozen=True, slots=True)
class UnitsView:
    """The look at a file of units."""

    units: int
    levels: int
    from_wave: str | None
    changes: tuple[Told, ...]
    people_in_closed: int
    empty: bool
    seen: str


def staff_view(voice: Voice, done: StaffImport, decided: Decided, tree: Tree) -> StaffView:
    """Everything the page says of a staff list, in the reader's language."""
    staff = done.staff
    units = _unit_questions(voice, staff, decided)
    titles = _title_questions(voice, done, decided)
    jobs = _job_questions(voice, staff, tree)
    hourly = staff.count(Reason.HOURLY)
    return StaffView(
        summary=voice.pick(content("messages")["errors"]["import"]["summary"]).format(
            n=voice.number(staff.rows),
            value=voice.number(len(staff.members)),
            units=voice.number(len(staff.per_unit)),
        ),
        counted=_counted(voice, staff),
        units=units,
        titles=titles,
        jobs=jobs,
        hourly=voice.number(hourly) if hourly or decided.with_hourly else "",
        set_aside=_told(voice, staff, tuple(reason for reason in STEPS if reason in SET_ASIDE)),
        used=_told(voice, staff, tuple(USED)),
        differing=_differing(voice, done),
        choices=tuple(f"{code}{SEPARATOR}{node.name}" for code, node in tree.items())
        if len(tree) <= MOST_LISTED
        else (),
        diff=_diff(voice, done),
        cpr=_cpr(voice, done),
        own_list=not done.professions.shipped,
        seen=fingerprint(done.diff),
        fields=_filled(units, titles, jobs, decided, tree),
    )


def units_view(voice: Voice, done: UnitsImport) -> UnitsView:
    """Everything the page says of a file of units."""
    _, diff = voice.gettext, done.diff
    changes = [
        (_("New units"), diff.new),
        (_("Moved"), [f"{code}: {a or '–'} → {b or '–'}" for code, a, b in diff.moved]),
        (_("New names"), [f"{code}: {a} → {b}" for code, a, b in diff.renamed]),
        (_("Closed"), diff.closed),
        (_("New core tasks"), diff.core_task),
        (_("New number of employees"), [f"{code}: {a} → {b}" for code, a, b in diff.headcount]),
    ]
    return UnitsView(
        units=done.units,
        levels=done.levels,
        from_wave=done.valid_from,
        changes=tuple(
            Told(voice.number(len(lines)), label, tuple(lines)) for label, lines in changes if lines
        ),
        people_in_closed=done.people_in_closed,
        empty=diff.empty and not done.dates_only,
        seen=fingerprint(diff),
    )


def decided_from(fields: Fields, tree: Tree, groups: Collection[str]) -> Decided:
    """The choices of a form; one that cannot be used is noted there. `groups`: professions."""
    units, professions, jobs = {}, {}, set()
    for field, values in list(fields.typed.items()):
        kind, _, rest = field.partition("-")
        typed = values[-1].strip()
        if not typed or rest.endswith("-is"):
            continue
        key = fields.value(f"{field}-is")
        if kind == "unit" and key:
            code = unit_named(typed, tree)
            if code is None:
                fields.problems[field] = UnitNotFound()
            else:
                units[key] = code
        elif kind == "title" and key and fields.choice(field, groups):
            professions[key] = typed
        elif kind == "job" and typed.isdecimal():
            jobs.add(int(typed))
    return Decided(
        units=units,
        professions=professions,
        jobs=frozenset(jobs),
        with_hourly=fields.tick("hourly"),
    )


def unit_named(typed: str, tree: Tree) -> str | None:
    """The unit somebody means: by code, by "code · name", or by a name that only one has."""
    code = typed.partition(SEPARATOR)[0].strip()
    if code in tree:
        return code
    wanted = " ".join(typed.split()).casefold()
    found = [one for one, node in tree.items() if wanted in (one.casefold(), node.name.casefold())]
    return found[0] if len(found) == 1 else None


# --- what there is to decide -------------------------------------------------------------------


def _unit_questions(voice: Voice, staff: StaffList, decided: Decided) -> tuple[Question, ...]:
    rows: dict[str, list[str]] = defaultdict(list)
    for note in staff.noted:
        if note.reason is Reason.UNKNOWN_UNIT:
            rows[note.unit].append(str(note.line))
    found = []
    for at, unit in enumerate(sorted({*rows, *decided.units})):
        lines = rows.get(unit)
        counted = voice.gettext("rows %(lines)s") % {"lines": ", ".join(lines)} if lines else ""
        found.append(Question(f"unit-{at}", unit, " · ".join(filter(None, (unit, counted)))))
    return tuple(found)


def _title_questions(voice: Voice, done: StaffImport, decided: Decided) -> tuple[Question, ...]:
    counts = done.staff.unknown_titles
    groups = tuple((name, name) for name in done.professions.names)
    found = []
    for at, title in enumerate(sorted({*counts, *decided.professions})):
        n = counts.get(title, 0)
        said = voice.ngettext("%(num)d employee", "%(num)d employees", n) % {"num": n} if n else ""
        about = " · ".join(filter(None, (title, said)))
        found.append(Question(f"title-{at}", title, about, groups))
    return tuple(found)


def _job_questions(voice: Voice, staff: StaffList, tree: Tree) -> tuple[Question, ...]:
    found = []
    for at, several in enumerate(sorted(staff.several_jobs, key=lambda one: min(one.jobs))):
        options = tuple(
            (
                str(line),
                voice.gettext("%(unit)s (row %(row)d)") % {"unit": tree[unit].name, "row": line},
            )
            for line, unit in several.jobs
        )
        found.append(Question(f"job-{at}", options[0][0], several.person, options))
    return tuple(found)


def _filled(
    units: Sequence[Question],
    titles: Sequence[Question],
    jobs: Sequence[Question],
    decided: Decided,
    tree: Tree,
) -> Fields:
    """The form as it was decided last; the job that counts is the first of its options."""
    chosen = {
        one.field: f"{code}{SEPARATOR}{tree[code].name}"
        if (code := decided.units.get(one.key)) and code in tree
        else ""
        for one in units
    }
    chosen |= {one.field: decided.professions.get(one.key, "") for one in titles}
    for one in jobs:
        lines = {int(value) for value, _ in one.options}
        chosen[one.field] = one.key if lines & decided.jobs else ""
    if decided.with_hourly:
        chosen["hourly"] = "1"
    return Fields(typed={name: [value] for name, value in chosen.items()})


# --- what is told ------------------------------------------------------------------------------


def _counted(voice: Voice, staff: StaffList) -> tuple[tuple[str, str, str], ...]:
    """Step by step from the rows to the people, in the order of the resolution."""
    left = staff.rows
    rows = [(voice.gettext("rows read"), "", voice.number(left))]
    for reason, text in STEPS.items():
        count = staff.count(reason)
        if count:
            left -= count
            rows.append((voice.gettext(text), f"−{voice.number(count)}", voice.number(left)))
    return tuple(rows)


def _told(voice: Voice, staff: StaffList, reasons: Sequence[Reason]) -> tuple[Told, ...]:
    texts = {**STEPS, **USED}
    by_reason: dict[Reason, list[Noted]] = defaultdict(list)
    for note in staff.noted:
        by_reason[note.reason].append(note)
    found = []
    for reason in reasons:
        notes = by_reason[reason]
        if not notes:
            continue
        if reason is Reason.SHARED_MAIL:
            lines = _by_address(voice, notes)
        elif reason in NAMED:
            lines = [_one(voice, note) for note in notes]
        else:
            lines = _by_unit(voice, notes)
        found.append(Told(voice.number(len(notes)), voice.gettext(texts[reason]), tuple(lines)))
    return tuple(found)


def _one(voice: Voice, note: Noted) -> str:
    row = voice.gettext("row %(row)d") % {"row": note.line}
    about = voice.gettext(COLUMNS[note.detail]) if note.detail in COLUMNS else ""
    return " · ".join(part for part in (row, note.unit, note.person, about) if part)


def _by_unit(voice: Voice, notes: Sequence[Noted]) -> list[str]:
    rows: dict[str, list[str]] = defaultdict(list)
    for note in notes:
        rows[note.unit].append(str(note.line))
    return [
        f"{unit or '–'}: " + voice.gettext("rows %(lines)s") % {"lines": ", ".join(lines)}
        for unit, lines in rows.items()
    ]


def _by_address(voice: Voice, notes: Sequence[Noted]) -> list[str]:
    """Rows that share one address, on one line; the address itself is somebody's name."""
    rows: dict[str, list[str]] = defaultdict(list)
    for note in notes:
        rows[note.detail].append(f"{note.line} ({note.unit})")
    return [voice.gettext("rows %(lines)s") % {"lines": ", ".join(one)} for one in rows.values()]


def _differing(voice: Voice, done: StaffImport) -> tuple[Told, ...]:
    """Where the file and the tree do not say the same; the tree decides."""
    _, staff = voice.gettext, done.staff
    found = [
        (
            _("units have another name in the file; the code decides"),
            [f"{unit}: {', '.join(names)}" for unit, names in staff.unit_names.items()],
        ),
        (
            _("units have another parent in the file; the tree decides"),
            [f"{unit}: {', '.join(names)}" for unit, names in staff.parents.items()],
        ),
        (
            _("units have another number of employees than in the tree (tree → list)"),
            [f"{unit}: {tree} → {found}" for unit, tree, found in done.headcount_differs],
        ),
    ]
    return tuple(Told(voice.number(len(lines)), why, tuple(lines)) for why, lines in found if lines)


def _diff(voice: Voice, done: StaffImport) -> tuple[str, ...]:
    diff = done.diff
    if diff.empty:
        return ()
    counts = {
        N_("new"): diff.new,
        N_("moved to another unit"): diff.moved,
        N_("with something else changed"): diff.changed,
        N_("no longer on the list"): diff.left,
    }
    return tuple(f"{voice.number(n)} {voice.gettext(text)}" for text, n in counts.items() if n)


def _cpr(voice: Voice, done: StaffImport) -> str:
    if not done.staff.finds_two_jobs:
        return voice.gettext(
            "The file has no CPR or person number, so two jobs of one person cannot be found."
        )
    return voice.pick(content("messages")["errors"]["import"]["cpr_dropped"])
