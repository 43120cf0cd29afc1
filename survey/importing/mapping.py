"""Which column is what: guessed from the headings, shown, saved as a template, or given by HR.

The headings of the kinds of file stand here as synonyms: Danish, English, and the names that
payroll systems use. Columns about leaders, pay and hours cannot be mapped at all.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from survey.importing.refusals import (
    ColumnMissing,
    MappedHeadingMissing,
    MappingUnreadable,
    NeverRead,
)

LEAST_KNOWN = 5  # heading names that make a line the header (payroll.md, dirt)
FOLDER = "mappings"
LETTERS = str.maketrans({"æ": "ae", "ø": "oe", "å": "aa", "ö": "oe", "ä": "ae", "é": "e"})
# What a heading is about when we will not read it, whatever a mapping says.
NEVER = re.compile(r"leder|leader|manager|chef|loen|salary|wage|timer|hours|skalatrin")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file: its columns with their headings, and which of them it cannot do without.

    `required` holds alternatives: of each tuple at least one column must be there.
    """

    name: str
    columns: Mapping[str, tuple[str, ...]]
    required: tuple[tuple[str, ...], ...]
    example: str


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """Column -> its place in the row, for one file; `headings` are those of the file."""

    kind: str
    places: Mapping[str, int]
    headings: tuple[str, ...]
    source: str = "guessed"  # guessed, chosen, or the name of the template

    def heading(self, column: str) -> str:
        """The heading a column was taken from; the column's own name when there is none."""
        return self.headings[self.places[column]] if column in self.places else column

    def unused(self) -> tuple[str, ...]:
        """The headings nothing is taken from."""
        used = set(self.places.values())
        return tuple(one for at, one in enumerate(self.headings) if at not in used and one)


def plain(heading: str) -> str:
    """A heading without case, space, punctuation and Danish letters: "Ansat fra" = "ansat_fra"."""
    return re.sub(r"[^a-z0-9]", "", heading.casefold().translate(LETTERS))


STAFF = Kind(
    name="staff",
    columns={
        "unit": (
            *(
                "Afdelingskode",
                "Afd.kode",
                "Afdelingsnr",
                "Afdelingsnummer",
                "Afd.nr",
                "Afdelings-id",
            ),
            *(
                "Enhedskode",
                "Enhedsnr",
                "Enhedsnummer",
                "Enheds-id",
                "Organisationskode",
                "Org.kode",
            ),
            *(
                "Organisationsenhed",
                "Organisationsenhed nr",
                "Org.enhed",
                "Org.enhed nr",
                "OrgUnit",
            ),
            *("OrgUnitId", "Unit code", "Unit id", "Unit", "Department code", "Department id"),
            *(
                "DepartmentIdentifier",
                "Department no",
                "Team code",
                "Enhed",
                "Afdeling",
                "Department",
            ),
        ),
        "unit_name": (
            *("Afdelingsnavn", "Afd.navn", "Enhedsnavn", "Organisationsnavn", "Org.enhed navn"),
            *("Organisationsenhed navn", "Organisationsenhed tekst", "OrgUnitName", "Unit name"),
            *(
                "Department name",
                "DepartmentName",
                "Arbejdssted",
                "Afdeling",
                "Enhed",
                "Department",
                "Unit",
            ),
        ),
        "parent": (
            *("Overordnet afd.", "Overordnet afdeling", "Overordnet enhed", "Overenhed", "Parent"),
            *("Parent unit", "Parent code", "ParentOrgUnit", "Parent department"),
        ),
        "service_number": (
            *("Tjenestenr.", "Tjenestenummer", "Ansættelsesnr", "Ansættelsesnummer", "Lønnr"),
            *("Medarbejdernr", "Medarbejdernummer", "Medarbejder-id", "MA-nr", "Employee id"),
            *("Employee number", "Employee no", "EmploymentIdentifier", "Personnel number"),
        ),
        "cpr": (
            *("CPR-nr.", "CPR", "CPR-nummer", "Personnummer", "PersonCivilRegistrationIdentifier"),
            *("Civil registration number", "National id", "SSN"),
        ),
        "person": ("Person-id", "PersonUUID", "Bruger-id", "Brugernavn", "User id", "Initialer"),
        "first_name": ("Fornavn", "Fornavne", "First name", "Given name", "PersonGivenName"),
        "last_name": (
            *("Efternavn", "Efternavne", "Last name", "Surname", "Family name"),
            "PersonSurnameName",
        ),
        "name": (
            *("Navn", "Medarbejdernavn", "Medarbejder", "Fulde navn", "Ansat navn", "Name"),
            *("Full name", "Employee name", "Employee"),
        ),
        "job_title": (
            *(
                "Stillingsbetegnelse",
                "Stilling",
                "Stillingsnavn",
                "Stillingstekst",
                "Stillingstitel",
            ),
            *("Jobtitel", "Titel", "Job title", "Title", "Position", "Position title", "Role"),
            *("ProfessionName", "Faggruppe", "Profession", "Overenskomstgruppe"),
        ),
        "rate": (
            *("Beskæftigelsesgrad", "Besk.grad", "Beskæftigelsesbrøk", "Ansættelsesgrad"),
            *("Ansættelsesbrøk", "Arbejdstidsgrad", "Årsværk", "Employment rate", "OccupationRate"),
            *("FTE", "Full-time equivalent", "Part-time rate", "Work percentage"),
        ),
        "starts": (
            *("Ansat fra", "Ansættelsesdato", "Ansat dato", "Ansat den", "Startdato", "Tiltrådt"),
            *("Tiltrædelsesdato", "Tiltrædelse", "Start date", "Starts", "Hire date", "Hired"),
            *("Employed from", "EmploymentDate", "ActivationDate", "EntryDate", "Gyldig fra"),
        ),
        "stops": (
            *("Fratrådt", "Fratrædelsesdato", "Fratrædelse", "Ansat til", "Slutdato", "Ophørsdato"),
            *("End date", "Stops", "Left", "Leave date", "LeaveDate", "Employed to"),
            *("DeactivationDate", "Termination date", "Gyldig til"),
        ),
        "status": (
            *("Status", "Ansættelsesstatus", "Statuskode", "Employment status"),
            *("EmploymentStatusCode", "Orlovsstatus"),
        ),
        "pay_form": (
            *("Lønform", "Aflønningsform", "Aflønning", "Løntype", "Ansættelsesform"),
            *("Ansættelsestype", "Pay form", "Pay type", "Contract type", "Employment type"),
        ),
        "email": (
            *("E-mail", "Email", "Mail", "E-mailadresse", "Mailadresse", "Arbejdsmail", "E-post"),
            *("Email address", "Work email", "EmailAddressIdentifier"),
        ),
        "mobile": (
            *("Mobil", "Mobilnr", "Mobilnummer", "Mobiltelefon", "Mobile", "Mobile phone"),
            "Cell phone",
        ),
    },
    required=(("unit", "unit_name"), ("last_name", "name", "email")),
    example="Afdelingskode; Fornavn; Efternavn; Stillingsbetegnelse; E-mail",
)

UNITS = Kind(
    name="units",
    columns={
        "unit": (
            *(
                "unit",
                "Enhedskode",
                "Enheds-id",
                "Enhedsnr",
                "Afdelingskode",
                "Afdelingsnr",
                "Kode",
            ),
            *("Org.kode", "Organisationskode", "OrgUnit", "OrgUnitId", "Unit code", "Unit id"),
            *("DepartmentIdentifier", "Department code", "Department id", "Code", "Id", "Enhed"),
        ),
        "parent": (
            *("parent", "Overenhed", "Overordnet enhed", "Overordnet afd.", "Overordnet afdeling"),
            *("Overordnet", "Overordnet kode", "Parent unit", "Parent code", "ParentOrgUnit"),
            *("Parent id", "Parent department", "Moderenhed", "Hører under", "Reports to"),
        ),
        "name": (
            *("name", "Navn", "Enhedsnavn", "Afdelingsnavn", "Unit name", "Department name"),
            *("OrgUnitName", "Org.enhed navn", "DepartmentName", "Betegnelse"),
        ),
        "core_task": ("core_task", "Kerneopgave", "Core task"),
        "headcount": (
            *("headcount", "Antal ansatte", "Ansatte", "Antal medarbejdere", "Medarbejdere"),
            *("Antal", "Employees", "Staff"),
        ),
        "valid_from": ("valid_from", "Gyldig fra", "Gælder fra", "Fra puls", "From wave"),
        "valid_to": ("valid_to", "Gyldig til", "Gælder til", "Til puls", "To wave"),
        "change": ("change", "Ændring", "Forandring"),
        "was": ("was", "Tidligere kode", "Tidligere", "Var", "Earlier code"),
    },
    required=(("unit",), ("parent",), ("name",)),
    example="unit; parent; name; core_task; headcount",
)

BEHAVIOURS = Kind(
    name="behaviours",
    columns={
        "behaviour": ("behaviour", "Adfærdskode", "Kode", "Nr", "Nummer", "Code"),
        "text": ("text", "Adfærd", "Ønsket adfærd", "Tekst", "Sætning", "Sentence"),
        "situation": ("situation", "Situationen", "Hvornår"),
        "units": ("units", "Enheder", "Enhed", "Omfang", "Gælder for", "Scope"),
    },
    required=(("behaviour",), ("text",), ("situation",), ("units",)),
    example="behaviour; text; situation; units",
)

TRIALS = Kind(
    name="trials",
    columns={
        name: (name,)
        for name in (
            *("trial", "behaviour", "barrier", "units", "comparison", "start_wave", "end_wave"),
            *("randomised", "units_added_later", "scope", "weeks", "target_group"),
            *("learning_question", "what_we_learned", "decision", "practice_state"),
        )
    },
    required=(("trial",), ("units",), ("start_wave",), ("scope",)),
    example="trial; behaviour; barrier; units; start_wave; scope",
)

PROFESSIONS = Kind(
    name="professions",
    columns={
        "job_title": ("job_title", "Stillingsbetegnelse", "Stilling", "Titel", "Job title"),
        "profession": ("profession", "Faggruppe", "Gruppe", "Group"),
    },
    required=(("job_title",), ("profession",)),
    example="job_title; profession",
)


def places(headings: Sequence[str], kind: Kind) -> dict[str, int]:
    """Column -> place, as the synonyms say: the first synonym that is there wins, a place once."""
    at: dict[str, int] = {}
    for place, heading in enumerate(headings):
        at.setdefault(plain(heading), place)
    found: dict[str, int] = {}
    for column, synonyms in kind.columns.items():
        for synonym in synonyms:
            place_ = at.get(plain(synonym))
            if place_ is not None and place_ not in found.values():
                found[column] = place_
                break
    return found


def is_header(cells: Sequence[str], kind: Kind, wanted: Mapping[str, str] | None) -> bool:
    """A line with five known heading names, or with all a small file needs.

    With a mapping: the line that has all of its headings.
    """
    if wanted is not None:
        return set(wanted.values()) <= {cell.strip() for cell in cells}
    known = places(cells, kind)
    small = min(3, len(kind.columns))
    return len(known) >= LEAST_KNOWN or (len(known) >= small and not missing(known, kind))


def missing(found: Iterable[str], kind: Kind) -> tuple[str, ...] | None:
    """The first alternatives of which the file has none; None when all is there."""
    here = set(found)
    return next((any_of for any_of in kind.required if not here & set(any_of)), None)


def mapped(
    headings: Sequence[str], kind: Kind, *, row: int, wanted: Mapping[str, str] | None, source: str
) -> ColumnMapping:
    """The mapping of a header line; raises when a column it cannot do without is not there."""
    stripped = tuple(heading.strip() for heading in headings)
    listed = ", ".join(f"“{heading}”" for heading in stripped if heading)
    found = places(stripped, kind) if wanted is None else {}
    for column, heading in (wanted or {}).items():
        if heading not in stripped:
            raise MappedHeadingMissing(column=column, heading=heading, headings=listed)
        found[column] = stripped.index(heading)
    lacking = missing(found, kind)
    if lacking is not None:
        raise ColumnMissing(row=row, column=" / ".join(lacking), headings=listed)
    return ColumnMapping(kind.name, found, stripped, source)


def guessed(headings: Sequence[str], kind: Kind) -> ColumnMapping:
    """What the synonyms say of a header line, also where a column is missing."""
    stripped = tuple(heading.strip() for heading in headings)
    return ColumnMapping(kind.name, places(stripped, kind), stripped)


def chosen(
    mapping: ColumnMapping, kind: Kind, wanted: Mapping[str, int], *, row: int
) -> ColumnMapping:
    """The mapping with other places, as somebody chose them: column -> place.

    Raises `NeverRead` and `ColumnMissing`.
    """
    for place in wanted.values():
        if never_read(mapping.headings[place], kind):
            raise NeverRead(heading=mapping.headings[place])
    lacking = missing(wanted, kind)
    if lacking is not None:
        listed = ", ".join(f"“{heading}”" for heading in mapping.headings if heading)
        raise ColumnMissing(row=row, column=" / ".join(lacking), headings=listed)
    return ColumnMapping(kind.name, dict(wanted), mapping.headings, "chosen")


def never_read(heading: str, kind: Kind) -> bool:
    """About a leader, pay or hours: no mapping can make us read it."""
    return bool(NEVER.search(plain(heading))) and not _is_known(heading, kind)


# --- templates ---------------------------------------------------------------------------------


def template_name(headings: Sequence[str], kind: str) -> str:
    """The name of the template for files with these headings: the same for every such file."""
    digest = hashlib.sha256("\n".join(headings).encode()).hexdigest()
    return f"{kind}-{digest[:8]}.yaml"


def load(file: Path, kind: Kind) -> dict[str, str]:
    """Column -> heading, as a template says; raises `MappingUnreadable` or `NeverRead`."""
    example = next(iter(kind.columns))
    facts: dict[str, Any] = {
        "file": file.name,
        "kind": kind.name,
        "example": f"{example}: {kind.columns[example][0]}",
        "names": ", ".join(kind.columns),
    }
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise MappingUnreadable(place=file.name, **facts) from error
    if not isinstance(content, dict) or not isinstance(content.get("columns"), dict):
        raise MappingUnreadable(place="columns", **facts)
    if content.get("kind", kind.name) != kind.name:
        raise MappingUnreadable(place="kind", **facts)
    for column, heading in content["columns"].items():
        if column not in kind.columns or not isinstance(heading, str):
            raise MappingUnreadable(place=column, **facts)
        if never_read(heading, kind):
            raise NeverRead(heading=heading)
    return {column: heading.strip() for column, heading in content["columns"].items()}


def save(mapping: ColumnMapping, data: Path) -> Path:
    """Keep the mapping as a template in the data folder; the same headings find it again."""
    folder = data / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    file = folder / template_name(mapping.headings, mapping.kind)
    content = {
        "kind": mapping.kind,
        "columns": {column: mapping.headings[at] for column, at in mapping.places.items()},
    }
    file.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return file


def _is_known(heading: str, kind: Kind) -> bool:
    """One of our own synonyms: "Lønform" tells monthly from hourly pay and is allowed."""
    name = plain(heading)
    return any(name == plain(one) for synonyms in kind.columns.values() for one in synonyms)
