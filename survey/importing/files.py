"""A file of a kind as a table: by HR's mapping, by the template kept last time, or by a guess."""

from pathlib import Path

from survey.errors import N_, BadInput
from survey.importing.mapping import FOLDER, Kind, load, template_name
from survey.importing.reading import MAX_BYTES, Table, read, read_unmapped
from survey.importing.refusals import ColumnMissing, MappedHeadingMissing, NoHeader


class FileUnreadable(BadInput):
    sentence = N_("The file {file} is not there or cannot be opened. Nothing was changed.")


def contents(file: Path) -> bytes:
    """The bytes of a file, no more than are needed to see that it is too large."""
    try:
        with file.open("rb") as opened:
            return opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise FileUnreadable(file=file.name) from error


def table_of(data: bytes, kind: Kind, *, folder: Path, mapping: Path | None = None) -> Table:
    """The table in a file's bytes; `folder` is the data folder with its templates.

    A mapping that is given decides; else the template of a file with the same headings; else a
    guess; else any template that fits.
    """
    if mapping is not None:
        return read(data, kind, wanted=load(mapping, kind), source=mapping.name)
    try:
        guessed = read(data, kind)
    except (NoHeader, ColumnMissing):
        found = _by_any_template(data, kind, folder)
        if found is None:
            raise
        return found
    template = folder / FOLDER / template_name(guessed.mapping.headings, kind.name)
    if not template.is_file():
        return guessed
    return read(data, kind, wanted=load(template, kind), source=template.name)


def table_to_map(data: bytes, kind: Kind, *, folder: Path) -> Table:
    """As `table_of`, for somebody who will look the columns through: none of them is missed."""
    try:
        return table_of(data, kind, folder=folder)
    except (NoHeader, ColumnMissing, MappedHeadingMissing):
        return read_unmapped(data, kind)


def _by_any_template(data: bytes, kind: Kind, folder: Path) -> Table | None:
    for template in sorted((folder / FOLDER).glob(f"{kind.name}-*.yaml")):
        try:
            return read(data, kind, wanted=load(template, kind), source=template.name)
        except (NoHeader, ColumnMissing, MappedHeadingMissing):
            continue
    return None
