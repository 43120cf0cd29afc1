"""What an import says in the terminal: lines in Danish or English, or plain facts for JSON.

A person's name stands only in the list of a dry run that HR decides on, never in the JSON.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

from survey.errors import N_
from survey.importing.behaviours import BehavioursImport
from survey.importing.jobs import Reason
from survey.importing.labels import COLUMNS, DELIMITERS, NAMED, STEPS, USED
from survey.importing.reading import Table
from survey.importing.roster import StaffImport
from survey.importing.staff import Noted, StaffList
from survey.importing.units import UnitsImport
from survey.texts import Voice, content

SOURCES: Final = {
    "option": N_("from --as-of"),
    "file": N_("from the line above the headings"),
    "today": N_("today; the file has no date"),
}


def as_of_lines(voice: Voice, day: date, source: str) -> Iterator[str]:
    yield voice.gettext("True for the day: %(day)s (%(source)s)") % {
        "day": voice.full_date(day),
        "source": voice.gettext(SOURCES[source]),
    }


def file_lines(voice: Voice, file: Path, table: Table) -> Iterator[str]:
    """How the file was read, and which heading became which column."""
    _ = voice.gettext
    yield _("File: %(name)s") % {"name": file.name}
    if table.encoding is None:
        yield _("Workbook, sheet: %(sheet)s") % {"sheet": table.sheet}
    else:
        delimiter = DELIMITERS[table.delimiter or ""]
        yield _("Encoding: %(encoding)s. Delimiter: %(delimiter)s") % {
            "encoding": table.encoding,
            "delimiter": _(delimiter),
        }
    if table.encoding == "Windows-1252":
        yield _("Check that æ, ø and å are right: %(sample)s") % {"sample": ", ".join(table.sample)}
    yield _("Headings: line %(line)d") % {"line": table.header_line}
    yield ""
    yield _("Columns (%(source)s):") % {
        "source": _("guessed") if table.mapping.source == "guessed" else table.mapping.source
    }
    for column in table.mapping.places:
        label = _(COLUMNS[column])
        yield f"  {label:<28} {table.mapping.heading(column)}"
    unused = table.mapping.unused()
    if unused:
        yield f"  {_('not read'):<28} {', '.join(unused)}"
    yield ""


# --- units -------------------------------------------------------------------------------------


def units_lines(voice: Voice, done: UnitsImport) -> Iterator[str]:
    _ = voice.gettext
    yield _("%(units)d units on %(levels)d levels in the newest tree.") % {
        "units": done.units,
        "levels": done.levels,
    }
    diff = done.diff
    if diff.empty:
        yield (
            _("Only dates differ, in %(n)d units.") % {"n": done.dates_only}
            if done.dates_only
            else _("No changes.")
        )
        return
    if done.valid_from is not None:
        yield _("Earlier waves keep the tree they saw. Valid from wave %(wave)s.") % {
            "wave": done.valid_from
        }
    yield from _listed(voice, N_("New"), diff.new)
    yield from _listed(voice, N_("Moved"), [f"{c}: {a} → {b}" for c, a, b in diff.moved])
    yield from _listed(voice, N_("Renamed"), [f"{c}: {a} → {b}" for c, a, b in diff.renamed])
    yield from _listed(voice, N_("Closed"), diff.closed)
    yield from _listed(voice, N_("New core task"), diff.core_task)
    counts = [f"{c}: {a} → {b}" for c, a, b in diff.headcount]
    yield from _listed(voice, N_("New number of employees"), counts)
    if done.people_in_closed:
        yield _("%(n)d employees are in units that close. Import a new staff list.") % {
            "n": done.people_in_closed
        }


def _listed(voice: Voice, label: str, entries: Sequence[str]) -> Iterator[str]:
    if entries:
        yield f"{voice.gettext(label)} ({len(entries)}): {'; '.join(entries)}"


def units_facts(done: UnitsImport) -> dict[str, Any]:
    diff = done.diff
    return {
        "units": done.units,
        "levels": done.levels,
        "new": list(diff.new),
        "closed": list(diff.closed),
        "moved": [{"unit": c, "from": a, "to": b} for c, a, b in diff.moved],
        "renamed": [{"unit": c, "from": a, "to": b} for c, a, b in diff.renamed],
        "core_task": list(diff.core_task),
        "headcount": [{"unit": c, "from": a, "to": b} for c, a, b in diff.headcount],
        "valid_from": done.valid_from,
        "saved": done.saved,
    }


# --- staff -------------------------------------------------------------------------------------


def staff_lines(voice: Voice, done: StaffImport) -> Iterator[str]:
    """The tree and list used, then the count step by step."""
    _ = voice.gettext
    yield _("Compared with the tree of wave %(wave)s (%(units)d units).") % {
        "wave": done.compared_with,
        "units": done.units,
    }
    own = _("the list that comes with Kernepuls; put your own professions.csv in the data folder")
    source = own if done.professions.shipped else str(done.professions.source)
    yield _("Professions: %(source)s") % {"source": source}
    yield ""
    left = done.staff.rows
    yield f"  {_('rows read'):<44} {'':>7} {voice.number(left):>9}"
    for reason, text in STEPS.items():
        count = done.staff.count(reason)
        if count:
            left -= count
            yield f"  {_(text):<44} {'-' + voice.number(count):>7} {voice.number(left):>9}"
    yield ""
    yield _("%(people)s employees in %(units)d units.") % {
        "people": voice.number(len(done.staff.members)),
        "units": len(done.staff.per_unit),
    }
    if not done.staff.finds_two_jobs:
        yield _("The file has no CPR or person number, so two jobs of one person cannot be found.")
    elif "cpr" in done.table.mapping.places:
        yield voice.pick(content("messages")["errors"]["import"]["cpr_dropped"])


def decisions(voice: Voice, staff: StaffList, *, names: bool) -> list[str]:
    """What HR may decide on, by reason; `names` only in a dry run."""
    _ = voice.gettext
    lines: list[str] = []
    by_reason: dict[Reason, list[Noted]] = defaultdict(list)
    for note in staff.noted:
        by_reason[note.reason].append(note)
    for reason, text in {**STEPS, **USED}.items():
        notes = by_reason[reason]
        if not notes:
            continue
        lines += ["", f"{voice.number(len(notes))} {_(text)}:"]
        if reason is Reason.SHARED_MAIL:
            lines += _by_address(voice, notes)
        elif reason in NAMED and (names or reason is Reason.TWO_JOBS):
            lines += [_one(voice, note, names=names) for note in notes]
        else:
            lines += _by_unit(voice, notes)
    for text, found in {
        N_("Other unit names in the file (the code decides):"): staff.unit_names,
        N_("Other parents in the file (the tree decides):"): staff.parents,
    }.items():
        if found:
            lines += ["", _(text)]
            lines += [f"  {unit}: {', '.join(others)}" for unit, others in found.items()]
    if staff.unknown_titles:
        lines += ["", _("Job titles not on the list of professions (they become øvrige):")]
        lines += [f"  {title}: {n}" for title, n in sorted(staff.unknown_titles.items())]
    return lines


def _one(voice: Voice, note: Noted, *, names: bool) -> str:
    row = voice.gettext("row %(row)d") % {"row": note.line}
    parts = [row, note.unit, note.person if names else ""]
    if note.reason is Reason.TWO_JOBS:
        parts.append(voice.gettext("largest job in row %(row)s") % {"row": note.detail})
    elif note.detail:
        parts.append(voice.gettext(COLUMNS[note.detail]))
    return "  " + " · ".join(part for part in parts if part)


def _by_unit(voice: Voice, notes: Sequence[Noted]) -> list[str]:
    """Rows by unit, so that 461 of them fit on a screen."""
    rows: dict[str, list[str]] = defaultdict(list)
    for note in notes:
        rows[note.unit].append(str(note.line))
    label = voice.gettext("rows")
    return [f"  {unit or '-'}: {label} {', '.join(lines)}" for unit, lines in rows.items()]


def _by_address(voice: Voice, notes: Sequence[Noted]) -> list[str]:
    """Rows that share one address, on one line; the address itself is somebody's name."""
    rows: dict[str, list[str]] = defaultdict(list)
    for note in notes:
        rows[note.detail].append(f"{note.line} ({note.unit})")
    label = voice.gettext("rows")
    return [f"  {label} {', '.join(lines)}" for lines in rows.values()]


def staff_diff(voice: Voice, done: StaffImport) -> Iterator[str]:
    _ = voice.gettext
    yield ""
    diff = done.diff
    if diff.empty:
        yield _("No changes since the last list.")
    else:
        yield _(
            "Since the last list: %(new)s new, %(moved)s moved, %(changed)s changed, %(left)s left."
        ) % {
            "new": voice.number(diff.new),
            "moved": voice.number(diff.moved),
            "changed": voice.number(diff.changed),
            "left": voice.number(diff.left),
        }
    differs = [f"{unit}: {tree} → {found}" for unit, tree, found in done.headcount_differs]
    yield from _listed(voice, N_("Number of employees, in the tree and on the list"), differs)


def staff_facts(done: StaffImport, source: str) -> dict[str, Any]:
    staff = done.staff
    return {
        "as_of": staff.as_of.isoformat(),
        "as_of_from": source,
        "compared_with": done.compared_with,
        "rows": staff.rows,
        "employees": len(staff.members),
        "units_in_tree": done.units,
        "units_with_staff": len(staff.per_unit),
        "employees_per_unit": dict(sorted(staff.per_unit.items())),
        "counts": {str(reason): staff.count(reason) for reason in Reason},
        "dirt": dict(staff.dirt),
        "listed": [
            {"row": note.line, "reason": str(note.reason), "unit": note.unit}
            for note in staff.noted
        ],
        "unit_names": {unit: list(names) for unit, names in staff.unit_names.items()},
        "unknown_units": dict(staff.unknown_units),
        "unknown_titles": dict(staff.unknown_titles),
        "diff": {
            "new": done.diff.new,
            "moved": done.diff.moved,
            "changed": done.diff.changed,
            "left": done.diff.left,
        },
        "saved": done.saved,
    }


# --- behaviours --------------------------------------------------------------------------------


def behaviours_lines(voice: Voice, done: BehavioursImport) -> Iterator[str]:
    _ = voice.gettext
    yield _(
        "%(n)d behaviours; %(known)d stand in the catalogue with English text and short form."
    ) % {
        "n": done.behaviours,
        "known": done.in_catalogue,
    }
    if not (done.new or done.changed or done.rescoped):
        yield _("No changes.")
    yield from _listed(voice, N_("New"), done.new)
    yield from _listed(voice, N_("New text"), done.changed)
    yield from _listed(voice, N_("Other units"), done.rescoped)
    yield from _listed(voice, N_("Not in the file, left as they are"), done.kept)
    double = [f"{unit}: {', '.join(codes)}" for unit, codes in done.twice]
    yield from _listed(voice, N_("Units with two behaviours; a wave can ask about one"), double)
    yield from _listed(voice, N_("Units with employees and no behaviour"), done.outside)


def behaviours_facts(done: BehavioursImport) -> dict[str, Any]:
    return {
        "behaviours": done.behaviours,
        "in_catalogue": done.in_catalogue,
        "new": list(done.new),
        "changed": list(done.changed),
        "rescoped": list(done.rescoped),
        "kept": list(done.kept),
        "units_with_two": {unit: list(codes) for unit, codes in done.twice},
        "outside": list(done.outside),
        "saved": done.saved,
    }


# --- the end -----------------------------------------------------------------------------------


def table_facts(table: Table) -> dict[str, Any]:
    return {
        "encoding": table.encoding,
        "delimiter": table.delimiter,
        "sheet": table.sheet,
        "header_line": table.header_line,
        "mapping": {column: table.mapping.heading(column) for column in table.mapping.places},
        "mapping_from": table.mapping.source,
        "not_read": list(table.mapping.unused()),
    }


def ending(voice: Voice, template: Path | None, *, saved: bool, dry_run: bool) -> list[str]:
    """Whether anything was saved, and where the mapping lies."""
    _ = voice.gettext
    if dry_run:
        return ["", _("This was a dry run: nothing was saved.")]
    lines = ["", _("Saved.") if saved else _("Nothing to save: everything is as before.")]
    if template is not None:
        lines.append(_("The columns are remembered in %(file)s.") % {"file": template})
    return lines
