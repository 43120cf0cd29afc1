"""The contracts of the files: what a table must hold before anything is computed from it."""

from analysis.frames.contracts import (
    ANSWERS,
    BARRIERS,
    BEHAVIOURS,
    CITIZEN,
    INVITED,
    RESOLVERS,
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
    TooManyAnswers,
    TreeRefused,
    WaveUnknown,
)
from analysis.frames.tree import Scopes, Tree, scopes_of, tree_of, waves_with_a_tree

__all__ = [
    "ANSWERS",
    "BARRIERS",
    "BEHAVIOURS",
    "CITIZEN",
    "INVITED",
    "RESOLVERS",
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
    "TooManyAnswers",
    "Tree",
    "TreeRefused",
    "WaveUnknown",
    "barrier_column",
    "checked_answers",
    "conformed",
    "read_table",
    "scopes_of",
    "tree_of",
    "waves_with_a_tree",
]
