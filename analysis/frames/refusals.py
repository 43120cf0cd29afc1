"""Why a table is refused, as facts: table, column, row. Never what an answer said."""


class InputRefused(Exception):
    """A table that breaks its contract; nothing was computed from it."""

    def __init__(self, table: str, **facts: object) -> None:
        self.table = table
        self.facts = facts
        named = ", ".join(f"{name}={value}" for name, value in facts.items())
        super().__init__(f"{type(self).__name__}: {table} ({named})")


class FileUnreadable(InputRefused):
    """`why`: empty, binary, not_utf8, torn, not_parquet; `row` where it is known."""


class ColumnsUnknown(InputRefused):
    """`columns`: names the contract does not have."""


class ColumnsMissing(InputRefused):
    """`columns`: names the contract demands."""


class ColumnsRepeated(InputRefused):
    """`columns`: names that stand twice in the header."""


class ColumnMistyped(InputRefused):
    """`column`: holds `found`, a type that the one `wanted` is not read from."""


class CellRefused(InputRefused):
    """`column` and `row` (the line in the file, header counted), `rule`: which rule it breaks."""


class TreeRefused(InputRefused):
    """`rule`: no_root, two_roots, cycle, parent_missing, repeated; `unit`, `parent`, `wave`."""


class ScopeRefused(InputRefused):
    """A unit that would have two behaviours in one wave: `unit`, `wave`, `behaviours`."""


class WaveUnknown(InputRefused):
    """No answer belongs to `wave`."""
