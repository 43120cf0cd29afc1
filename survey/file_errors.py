"""What is wrong with a file given to the analysis, as a sentence: where, what, what to do.

The analysis raises facts; here they get their words. A sentence names a file, a row and a column,
never what an answer said.
"""

from collections.abc import Mapping
from typing import Final

from survey.errors import N_, BadInput, KernepulsError, Refused

MANY: Final = 5  # names told before the rest is only counted


class FileMissing(BadInput):
    sentence = N_("There is no file {file}. Nothing was analysed. Check the name and the folder.")


class FileEmpty(BadInput):
    sentence = N_("{file} is empty. Nothing was analysed. Save the table again and use that file.")


class FileBinary(BadInput):
    sentence = N_(
        "{file} is neither CSV nor Parquet. Nothing was analysed. "
        "Save it as CSV in UTF-8 and use that file."
    )


class FileNotUtf8(BadInput):
    sentence = N_(
        "Row {row} of {file} is not UTF-8. Nothing was analysed. "
        "Save the file as CSV in UTF-8 and use that file."
    )


class FileTorn(BadInput):
    sentence = N_(
        "Row {row} of {file} does not have as many cells as the header, or a quotation mark is "
        "missing. Nothing was analysed. Correct the row; the file may also have been cut short."
    )


class FileDamaged(BadInput):
    sentence = N_(
        "{file} is a damaged Parquet file. Nothing was analysed. Fetch the file again from where "
        "it was made."
    )


class ColumnsNotKnown(BadInput):
    sentence = N_(
        "{file} has columns that do not belong there: {columns}. Nothing was analysed. "
        "Rename or remove them. {table} may have: {known}."
    )


class ColumnsLacking(BadInput):
    sentence = N_(
        "{file} lacks columns: {columns}. Nothing was analysed. Add them; {table} must have them."
    )


class ColumnsTwice(BadInput):
    sentence = N_(
        "{file} has columns twice: {columns}. Nothing was analysed. Remove one of each two."
    )


class ColumnOfOtherType(BadInput):
    sentence = N_(
        "{file}: column {column} is of type {found}. Nothing was analysed. {table} must have "
        "{wanted} there: save the column so, and use that file."
    )


class CellNotAllowed(BadInput):
    sentence = N_(
        "Row {row} of {file}: the value in column {column} is not allowed. Nothing was analysed. "
        "It may be {allowed}; leave the cell empty where nothing was answered."
    )


class DemandedNotAllowed(BadInput):
    sentence = N_(
        "Row {row} of {file}: the value in column {column} is not allowed. Nothing was analysed. "
        "Allowed: {allowed}. The cell may not be empty."
    )


class TrialNotInOrder(BadInput):
    sentence = N_(
        "Row {row} of {file}: {column} must be a later wave than start_wave. Nothing was "
        "analysed. Write the last wave before the trial and the first one after it."
    )


class CellEmpty(BadInput):
    sentence = N_(
        "Row {row} of {file}: column {column} is empty, and it never may be. "
        "Nothing was analysed. Fill it in or remove the row."
    )


class CodeNotKnown(BadInput):
    sentence = N_(
        "Row {row} of {file}: column {column} names something that is not in the files of units "
        "and behaviours for that wave. Nothing was analysed. Correct the code or add it there."
    )


class AnsweredOutside(BadInput):
    sentence = N_(
        "Row {row} of {file}: column {column} is filled in, but the person was not in the "
        "situation. Nothing was analysed. Empty the cell or correct the situation."
    )


class SecondAnswerOdd(BadInput):
    sentence = N_(
        "Row {row} of {file}: column {column} repeats the first answer or stands without one. "
        "Nothing was analysed. Move it to the first column or empty it."
    )


class CodeTwice(BadInput):
    sentence = N_(
        "Row {row} of {file}: column {column} has a code that an earlier row has. Nothing was "
        "analysed. Let each code stand in one row."
    )


class RowTwice(BadInput):
    sentence = N_(
        "Row {row} of {file} is about the same wave, unit and group as an earlier row. Nothing was "
        "analysed. Let each stand in one row: the people would count twice."
    )


class EarlierOfAnotherTree(BadInput):
    sentence = N_(
        "{file} is the release of another organisation: none of its units is in {units}. Nothing "
        "was analysed. Give the releases of the same organisation."
    )


class TreeHasNoRoot(BadInput):
    sentence = N_(
        "{file} has no top unit in wave {wave}. Nothing was analysed. "
        "One unit, and only one, must have an empty parent."
    )


class TreeHasTwoRoots(BadInput):
    sentence = N_(
        "{file} has more than one top unit in wave {wave}, among them {unit}. Nothing was "
        "analysed. Give all but one of them a parent."
    )


class TreeHasCycle(BadInput):
    sentence = N_(
        "{file}: in wave {wave} unit {unit} is its own parent further up. Nothing was analysed. "
        "Correct the parents around it."
    )


class ParentMissing(BadInput):
    sentence = N_(
        "{file}: unit {unit} has the parent {parent}, which does not exist in wave {wave}. "
        "Nothing was analysed. Correct the parent or add the unit."
    )


class UnitTwice(BadInput):
    sentence = N_(
        "{file} has unit {unit} twice in wave {wave}. Nothing was analysed. "
        "Let one version end (valid_to) before the next begins."
    )


class TwoBehaviours(BadInput):
    sentence = N_(
        "Unit {unit} is asked about {behaviours}, which its scope does not allow. Nothing was "
        "analysed. A unit has one behaviour per wave: correct the scopes or the answers."
    )


class WaveNotInFile(BadInput):
    sentence = N_(
        "No answer belongs to wave {wave}. Nothing was analysed. The files hold: {waves}."
    )


class TargetRefused(BadInput):
    sentence = N_(
        "{file} cannot be written there. The analysis is not saved. "
        "Choose a folder that you may write to, with --to."
    )


class TargetTwice(BadInput):
    sentence = N_(
        "The release and its page of text would both be {file}. Nothing was written. "
        "Choose another name with --summary."
    )


class FileGivenTwice(BadInput):
    sentence = N_(
        "{file} holds the same as another of the files. Nothing was analysed. "
        "Give each file once: its answers would count twice."
    )


class WaveReleasedTwice(BadInput):
    sentence = N_(
        "{file} is one of two releases of wave {wave}. Nothing was analysed. "
        "Give one release of each earlier wave."
    )


class EarlierReleaseDamaged(BadInput):
    sentence = N_(
        "{file} is not a release that Kernepuls wrote, or it has been changed since. Nothing was "
        "analysed. Fetch the file again from where it was made."
    )


class ReleaseWouldLeak(Refused):
    sentence = N_(
        "The release would give an answer away (rule {rule}), so it was not written. "
        "Nothing is lost. Report it to those who maintain Kernepuls; send no answers along."
    )


BY_RULE: Final[Mapping[str, type[KernepulsError]]] = {
    "empty": FileEmpty,
    "binary": FileBinary,
    "not_utf8": FileNotUtf8,
    "torn": FileTorn,
    "not_parquet": FileDamaged,
    "value": CellNotAllowed,
    "demanded": DemandedNotAllowed,
    "order": TrialNotInOrder,
    "unknown": CodeNotKnown,
    "twice": CodeTwice,
    "repeated_row": RowTwice,
    "not_in_situation": AnsweredOutside,
    "second_alone": SecondAnswerOdd,
    "same_twice": SecondAnswerOdd,
    "no_root": TreeHasNoRoot,
    "two_roots": TreeHasTwoRoots,
    "cycle": TreeHasCycle,
    "parent_missing": ParentMissing,
    "repeated": UnitTwice,
}
BY_KIND: Final[Mapping[str, type[KernepulsError]]] = {
    "ColumnsUnknown": ColumnsNotKnown,
    "ColumnsMissing": ColumnsLacking,
    "ColumnsRepeated": ColumnsTwice,
    "ColumnMistyped": ColumnOfOtherType,
    "ScopeRefused": TwoBehaviours,
    "WaveUnknown": WaveNotInFile,
}


def said(kind: str, facts: Mapping[str, object]) -> KernepulsError:
    """The sentence for a refusal of the analysis: its name, and its facts with the file's name."""
    rule = str(facts.get("why") or facts.get("rule"))
    known = CellEmpty if (kind, rule) == ("CellRefused", "empty") else None
    error = known or BY_KIND.get(kind) or BY_RULE[rule]
    return error(**{name: _listed(value) for name, value in facts.items()})


def _listed(value: object) -> object:
    """Names with commas between; of many the first few, and how many more there are."""
    if not isinstance(value, tuple):
        return value
    rest = len(value) - MANY
    return ", ".join(map(str, value[:MANY])) + (f" (+{rest})" if rest > 0 else "")
