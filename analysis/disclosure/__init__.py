"""What may be shown: decided for the whole tree at once, from counts alone, and fails closed."""

from analysis.disclosure.classes import (
    BANDS_BELOW,
    FEW_BELOW,
    Classes,
    classes_of,
    cut_at,
    group_band,
    insider_safe,
    safe_cut,
    step_and_ends,
)
from analysis.disclosure.joining import Displayed, displayed
from analysis.disclosure.marks import MARK_FROM, Marks, marks_of
from analysis.disclosure.pattern import MIN_GROUP, Node, shown_pattern, shown_units

__all__ = [
    "BANDS_BELOW",
    "FEW_BELOW",
    "MARK_FROM",
    "MIN_GROUP",
    "Classes",
    "Displayed",
    "Marks",
    "Node",
    "classes_of",
    "cut_at",
    "displayed",
    "group_band",
    "insider_safe",
    "marks_of",
    "safe_cut",
    "shown_pattern",
    "shown_units",
    "step_and_ends",
]
