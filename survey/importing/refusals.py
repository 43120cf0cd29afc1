"""Why a whole file is refused. Nothing was changed; each sentence says where and what to do.

A single staff row that cannot be used is no refusal: it is set aside and listed. Values stand in
a sentence only where they are codes or names of units, never where they could be a person's.
"""

from survey.errors import N_, BadInput


class FileTooLarge(BadInput):
    sentence = N_(
        "The file is larger than {limit} MB. Nothing was read. "
        "Remove sheets and columns you do not use."
    )


class FileEmpty(BadInput):
    sentence = N_(
        "The file is empty. Nothing is changed. Make the extract again, and import the new file."
    )


class NoRows(BadInput):
    sentence = N_(
        "There are headings in row {row}, but no rows under them. Nothing is changed. "
        "Make the extract again, and import the new file."
    )


class NotATable(BadInput):
    sentence = N_(
        "The file cannot be read as a table. Nothing is changed. "
        "Save it as CSV or XLSX, and try again."
    )


class OldWorkbook(BadInput):
    sentence = N_(
        "The file is an old Excel file (.xls) or has a password. Nothing is changed. "
        "Save it as .xlsx without a password, and try again."
    )


class FileTruncated(BadInput):
    sentence = N_(
        "The file stops in the middle of row {row}. Nothing is changed. "
        "Fetch or save the file again, and import the whole file."
    )


class QuoteBroken(BadInput):
    sentence = N_(
        "Row {row}: a quotation mark is not closed, so the columns cannot be told apart. "
        "Nothing is changed. Correct the row, or save the file as CSV or XLSX again."
    )


class WorkbookBroken(BadInput):
    sentence = N_(
        "The Excel file is broken or only half there. Nothing is changed. "
        "Open it in Excel, save it as .xlsx again, and try once more."
    )


class WorkbookTooBig(BadInput):
    sentence = N_(
        "The Excel file unpacks to far more than a staff list needs. Nothing was read. "
        "Copy the rows and columns you use into a new workbook, and try again."
    )


class TooManyColumns(BadInput):
    sentence = N_(
        "The file has {found} columns; at most {limit} can be read. Nothing is changed. "
        "Remove the columns you do not use."
    )


class TooManyRows(BadInput):
    sentence = N_(
        "The file has more than {limit} rows. Nothing is changed. "
        "Check that it is the right file, or divide it."
    )


class NoHeader(BadInput):
    sentence = N_(
        "We found no line of headings in the first {lines} lines. Nothing is changed. "
        "Use headings such as: {examples}. Or say which column is which with --mapping."
    )


class ColumnMissing(BadInput):
    sentence = N_(
        "Row {row}: the column for {column} is missing. Nothing is changed. "
        "The headings are: {headings}. Choose a column with --mapping, or add it to the file."
    )


class MappingUnreadable(BadInput):
    sentence = N_(
        "The mapping {file} cannot be used: {place} is not understood. Nothing is changed. "
        "A mapping has the line “kind: {kind}” and under “columns:” lines such as “{example}”. "
        "The names that can be used are: {names}."
    )


class MappedHeadingMissing(BadInput):
    sentence = N_(
        "The mapping takes {column} from the heading “{heading}”, which is not in the file. "
        "Nothing is changed. The headings are: {headings}. Correct the mapping."
    )


class NeverRead(BadInput):
    sentence = N_(
        "The mapping uses the heading “{heading}”. Leaders, pay and hours are never read. "
        "Nothing is changed. Take the line out of the mapping."
    )


class CellMissing(BadInput):
    sentence = N_(
        "Row {row}, column {column}: the cell is empty. Nothing is changed. "
        "Fill it in, and import the file again."
    )


class HeadcountBad(BadInput):
    sentence = N_(
        "Row {row}, column {column}: “{value}” is not a number of employees. Nothing is changed. "
        "Write a whole number such as 24, or leave the cell empty."
    )


class PeriodBackward(BadInput):
    sentence = N_(
        "Row {row}, column {column}: the unit {unit} stops ({stops}) before it starts ({starts}). "
        "Nothing is changed. Correct the row, and import the file again."
    )


class ChangeUnknown(BadInput):
    sentence = N_(
        "Row {row}, column {column}: “{value}” is not a change we know. Nothing is changed. "
        "Use one of {allowed}, or leave the cell empty."
    )


class UnitTwice(BadInput):
    sentence = N_(
        "Row {row}, column {column}: the code {unit} already stands in row {first} for the same "
        "period. Nothing is changed. Correct one of the rows, and import the file again."
    )


class UnitCodeUnusable(BadInput):
    sentence = N_(
        "Row {row}, column {column}: the code “{unit}” cannot be used. Nothing is changed. "
        "Use at most 40 letters, digits, spaces, full stops, colons, hyphens and underscores."
    )


class CprInFile(BadInput):
    sentence = N_(
        "Row {row}, column {column}: the cell holds something like a CPR number, which is never "
        "stored. Nothing is changed. Take it out, and import the file again."
    )


class PrintedCellBad(BadInput):
    sentence = N_(
        "Row {row}, column {column}: {problem} Nothing is changed. Correct the cell, and import "
        "the file again."
    )


class ParentMissing(BadInput):
    sentence = N_(
        "Row {row}, column {column}: the parent “{parent}” is not in the file. "
        "Did you mean “{nearest}”? Nothing is changed. Correct the row, and import the file again."
    )


class ParentLater(BadInput):
    sentence = N_(
        "Row {row}, column {column}: the parent {parent} (row {parent_row}) is not there when "
        "{unit} is, in wave {wave}. Nothing is changed. Correct the dates of one of the rows."
    )


class RowTooLong(BadInput):
    sentence = N_(
        "Row {row} has more cells than there are headings. Nothing is changed. "
        "Put quotation marks round a text that holds the delimiter, and import the file again."
    )


class LoopInTree(BadInput):
    sentence = N_(
        "Row {row}, column {column}: the unit {unit} lies under itself ({path}). "
        "Nothing is changed. Correct the parent, and import the file again."
    )


class NoRoot(BadInput):
    sentence = N_(
        "No unit is the top of the organisation: every row names a parent. Nothing is "
        "changed. Leave the column {column} empty for the whole organisation."
    )


class TwoRoots(BadInput):
    sentence = N_(
        "Row {row}, column {column}: {unit} has no parent, but {first} in row {first_row} is "
        "already the top of the organisation. Nothing is changed. Fill in the parent, and "
        "import the file again."
    )


class UnitNotInTree(BadInput):
    sentence = N_(
        "Row {row}, column {column}: there is no unit {unit}. Did you mean “{nearest}”? "
        "Nothing is changed. Correct the row, or import the units first."
    )


class BehaviourTwice(BadInput):
    sentence = N_(
        "Row {row}, column {column}: the code {behaviour} already stands in row {first}. "
        "Nothing is changed. Correct one of the rows, and import the file again."
    )


class BehaviourAsked(BadInput):
    sentence = N_(
        "Row {row}, column {column}: {behaviour} has been asked about in wave {wave}, so its text "
        "cannot change. Nothing is changed. Give the new text a new code."
    )


class ValueUnknown(BadInput):
    sentence = N_(
        "Row {row}, column {column}: “{value}” is not known. Nothing is changed. "
        "Use one of: {allowed}."
    )
