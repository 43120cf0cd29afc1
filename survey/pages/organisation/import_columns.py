"""The second step of an import: what each heading of a file is read as, and what may be chosen."""

from dataclasses import dataclass

from survey.errors import N_, BadInput, KernepulsError
from survey.importing import parking
from survey.importing.labels import COLUMNS
from survey.importing.mapping import STAFF, Kind, never_read
from survey.importing.parking import Parked
from survey.importing.reading import Table
from survey.importing.refusals import ColumnMissing
from survey.pages.forms import Fields
from survey.texts import Voice


class HeadingTwice(BadInput):
    sentence = N_("Two headings are read as the same. Choose one of them.")


class ColumnLacks(BadInput):
    sentence = N_("Choose which heading is {column}.")


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of the file and what it is read as; `never` says why it is not to be chosen."""

    place: int
    text: str
    column: str
    never: str = ""


def filled(parked: Parked) -> Fields:
    table = parked.table
    places = {} if table is None else table.mapping.places
    return Fields(typed={f"column-{place}": [column] for column, place in places.items()})


def wanted_places(fields: Fields, table: Table, kind: Kind) -> dict[str, int]:
    """Column -> place, as chosen; hashed columns stay what they are."""
    wanted = {
        column: place
        for column, place in table.mapping.places.items()
        if column in parking.PERSON and kind is STAFF
    }
    for heading in headings_of(Voice("da"), table, kind):
        if heading.never:
            continue
        field = f"column-{heading.place}"
        column = fields.choice(field, tuple(kind.columns), required=False)
        if column in wanted:
            fields.problems[field] = HeadingTwice()
        elif column:
            wanted[column] = heading.place
    return wanted


def headings_of(voice: Voice, table: Table, kind: Kind) -> list[Heading]:
    read_as = {place: column for column, place in table.mapping.places.items()}
    found = []
    for place, text in enumerate(table.mapping.headings):
        if not text:
            continue
        never = ""
        if never_read(text, kind):
            never = voice.gettext("Never read, and deleted already")
        elif kind is STAFF and parking.is_hashed(table.mapping, place):
            never = voice.gettext(
                "Only finds people with two jobs; the numbers are deleted already"
            )
        found.append(Heading(place, text, read_as.get(place, ""), never))
    return found


def lacking(voice: Voice, error: ColumnMissing) -> KernepulsError:
    """The columns that lack, in words; the headings stand on the page."""
    names = str(error.facts["column"]).split(" / ")
    said = voice.gettext(" or ").join(voice.gettext(COLUMNS[one]) for one in names)
    return ColumnLacks(column=said)
