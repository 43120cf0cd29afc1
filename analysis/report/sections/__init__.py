"""The sections of the action report, one function each: a view in, a section or a reason out."""
