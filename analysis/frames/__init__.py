"""The contracts of the files: what a table must hold before anything is computed from it."""

from analysis.frames.contracts import (
    ANSWERS,
    BARRIERS,
    BEHAVIOURS,
    CITIZEN,
    INVITED,
    RESOLVERS,
    SCHEMAS,
    TRIALS,
    UNITS,
    barrier_column,
    checked_answers,
    conformed,
)
from analysis.frames.files import read_table
from analysis.frames.refusals import (
    CellRefused,
    ColumnsMissing,
    ColumnsRepeated,
    ColumnsUnknown,
    FileUnreadable,
    InputRefused,
    ScopeRefused,
    TreeRefused,
    WaveUnknown,
)
from analysis.frames.tree import Scopes, Tree, scopes_of, tree_of

__all__ = [
    "ANSWERS",
    "BARRIERS",
    "BEHAVIOURS",
    "CITIZEN",
    "INVITED",
    "RESOLVERS",
    "SCHEMAS",
    "TRIALS",
    "UNITS",
    "CellRefused",
    "ColumnsMissing",
    "ColumnsRepeated",
    "ColumnsUnknown",
    "FileUnreadable",
    "InputRefused",
    "ScopeRefused",
    "Scopes",
    "Tree",
    "TreeRefused",
    "WaveUnknown",
    "barrier_column",
    "checked_answers",
    "conformed",
    "read_table",
    "scopes_of",
    "tree_of",
]
