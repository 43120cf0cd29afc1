"""The columns of the five tables, and the exact checks that stand before every computation.

Nothing is cast in silence: text from a file is read as its contract says, or refused with the
column and the row.
"""

from collections.abc import Mapping
from typing import Final

import polars as pl

from analysis.frames.refusals import (
    CellRefused,
    ColumnMistyped,
    ColumnsMissing,
    ColumnsUnknown,
)

BARRIERS: Final = ("SILO", "OKO", "TID", "KOMP", "VID", "FAG", "KULT", "REGL", "MAAL", "FEJL")
RESOLVERS: Final = ("unit", "two_units", "managers", "board", "council_law")
CITIZEN: Final = ("faster", "fewer_people", "not_repeat", "knows_next", "more_say", "nothing")
NOTICED: Final = ("helps", "no_difference", "harder", "no")
CHANGES: Final = ("new", "renamed", "moved", "merged", "split", "closed")
IN_SITUATION: Final = ("several", "once")
ELSEWHERE: Final = ("own", "outside")  # stall answers that name no part


def barrier_column(code: str) -> str:
    """The column of a barrier: SILO is answered in b_silo."""
    return f"b_{code.lower()}"


BARRIER_COLUMNS: Final = tuple(barrier_column(code) for code in BARRIERS)

ANSWERS: Final = pl.Schema(
    {
        "wave": pl.String(),
        "unit": pl.String(),
        "behaviour": pl.String(),
        "clarity": pl.Int8(),
        "situation": pl.Enum(["several", "once", "no", "not_my_work"]),
        "successes": pl.Int8(),
        **dict.fromkeys(BARRIER_COLUMNS, pl.Int8()),
        "priority": pl.Enum(BARRIERS),
        "stall_1": pl.String(),
        "stall_2": pl.String(),
        "stall_how": pl.Enum(
            ["wait", "different_answers", "passed_on", "may_not_share", "citizen_ties", "other"]
        ),
        "resolver": pl.Enum(RESOLVERS),
        "citizen_1": pl.Enum(CITIZEN),
        "citizen_2": pl.Enum(CITIZEN),
        "changed_by_citizen": pl.Enum(["yes", "no", "dont_know"]),
        "safe_a": pl.Int8(),
        "safe_b": pl.Int8(),
        "safe_c": pl.Int8(),
        "noticed": pl.Enum(NOTICED),
        "profession": pl.String(),
    }
)
UNITS: Final = pl.Schema(
    {
        "unit": pl.String(),
        "parent": pl.String(),
        "name": pl.String(),
        "core_task": pl.String(),
        "headcount": pl.Int32(),
        "valid_from": pl.String(),
        "valid_to": pl.String(),
        "change": pl.Enum(CHANGES),
        "was": pl.String(),
    }
)
BEHAVIOURS: Final = pl.Schema(
    {"behaviour": pl.String(), "text": pl.String(), "situation": pl.String(), "units": pl.String()}
)
TRIALS: Final = pl.Schema(
    {
        "trial": pl.String(),
        "behaviour": pl.String(),
        "barrier": pl.Enum(BARRIERS),
        "units": pl.String(),
        "comparison": pl.String(),
        "start_wave": pl.String(),
        "end_wave": pl.String(),
        "randomised": pl.Boolean(),
    }
)
INVITED: Final = pl.Schema(
    {"wave": pl.String(), "unit": pl.String(), "profession": pl.String(), "n": pl.Int32()}
)

# Never null. A block of the questionnaire may be switched off: its columns may be missing.
DEMANDED: Final[Mapping[str, tuple[str, ...]]] = {
    "ANSWERS": ("wave", "unit", "behaviour", "situation"),
    "UNITS": ("unit", "name", "headcount", "valid_from"),
    "BEHAVIOURS": ("behaviour", "text", "units"),
    "TRIALS": ("trial", "units", "start_wave", "end_wave", "randomised"),
    "INVITED": ("wave", "unit", "n"),
}
SCHEMAS: Final[Mapping[str, pl.Schema]] = {
    "ANSWERS": ANSWERS,
    "UNITS": UNITS,
    "BEHAVIOURS": BEHAVIOURS,
    "TRIALS": TRIALS,
    "INVITED": INVITED,
}
MAY_LACK: Final[Mapping[str, tuple[str, ...]]] = {
    "ANSWERS": tuple(name for name in ANSWERS if name not in DEMANDED["ANSWERS"]),
    "UNITS": ("core_task", "valid_to", "change", "was"),
    "BEHAVIOURS": ("situation",),
    "TRIALS": ("behaviour", "barrier", "comparison"),
    "INVITED": ("profession",),
}
RANGES: Final[Mapping[str, tuple[int, int]]] = {
    "clarity": (1, 5),
    "successes": (0, 5),
    **dict.fromkeys(BARRIER_COLUMNS, (0, 2)),
    "safe_a": (1, 5),
    "safe_b": (1, 5),
    "safe_c": (1, 5),
    "headcount": (0, 2**31 - 1),
    "n": (0, 2**31 - 1),
}
# Rows that no two rows may share. Answers have no such key: two people may say the same.
ONE_ROW_PER: Final[Mapping[str, tuple[str, ...]]] = {"INVITED": ("wave", "unit", "profession")}
ASKED_OF_S: Final = (
    "successes",
    *BARRIER_COLUMNS,
    "priority",
    "stall_1",
    "stall_2",
    "stall_how",
    "resolver",
)


def conformed(frame: pl.DataFrame, table: str, *, first_row: int = 2) -> pl.DataFrame:
    """The frame with the dtypes of its contract, columns in the contract's order.

    A column that may be missing stays missing: the block was switched off, which is not the
    same as nobody answering. `first_row` is the line of the first data row in its file.
    Raises `ColumnsUnknown`, `ColumnsMissing`, `ColumnMistyped` or `CellRefused`.
    """
    schema = SCHEMAS[table]
    unknown = [name for name in frame.columns if name not in schema]
    if unknown:
        raise ColumnsUnknown(table, columns=tuple(unknown))
    missing = [n for n in schema if n not in frame.columns and n not in MAY_LACK[table]]
    if missing:
        raise ColumnsMissing(table, columns=tuple(missing))
    names = [name for name in schema if name in frame.columns]
    wrong = {name: "demanded" if name in DEMANDED[table] else "value" for name in names}
    typed = frame.select(_as_contracted(frame.schema[name], name, schema[name]) for name in names)
    for name in names:
        _refuse_type(frame[name], table, schema[name])
        # A value that no longer is one was not of the contract's type.
        _refuse_first(
            typed[name].is_null() & frame[name].is_not_null(), table, name, wrong[name], first_row
        )
    for name in DEMANDED[table]:
        _refuse_first(typed[name].is_null(), table, name, "empty", first_row)
    for name, (least, most) in RANGES.items():
        if name in typed.columns:
            _refuse_first(
                (~typed[name].is_between(least, most)).fill_null(value=False),
                table,
                name,
                wrong[name],
                first_row,
            )
    key = [name for name in ONE_ROW_PER.get(table, ()) if name in typed.columns]
    if key:
        repeated = ~typed.select(pl.struct(key).is_first_distinct()).to_series()
        _refuse_first(repeated, table, key[1], "repeated_row", first_row)
    return typed


def allowed(table: str, column: str) -> str:
    """What a column may hold, as it is written in a file: a range of whole numbers, or the values.

    Empty where any text is allowed.
    """
    wanted = SCHEMAS[table][column]
    if isinstance(wanted, pl.Enum):
        return ", ".join(wanted.categories)
    if wanted == pl.Boolean():
        return "true, false"
    least, most = RANGES.get(column, (None, None))
    return "" if least is None else f"{least}-{most}"


def _refuse_type(column: pl.Series, table: str, wanted: pl.DataType) -> None:
    """Text is read and whole numbers are narrowed; nothing else stands for the contract's type."""
    found = column.dtype
    is_read = found in (wanted, pl.String(), pl.Null()) or column.null_count() == len(column)
    is_narrowed = found.is_integer() and wanted.is_integer()
    is_text = isinstance(found, pl.Enum | pl.Categorical) and not wanted.is_numeric()
    if not (is_read or is_narrowed or is_text):
        told = "String" if isinstance(wanted, pl.Enum) else str(wanted)
        raise ColumnMistyped(table, column=column.name, found=str(found), wanted=told)


def _as_contracted(found: pl.DataType, name: str, wanted: pl.DataType) -> pl.Expr:
    """The column in the contract's dtype, null where a value does not fit."""
    column = pl.col(name)
    if found in (wanted, pl.Null()) or (found.is_integer() and wanted.is_integer()):
        return column.cast(wanted, strict=False)
    if isinstance(found, pl.Enum | pl.Categorical):
        return column.cast(pl.String).cast(wanted, strict=False)
    if found != pl.String():
        return pl.lit(None, dtype=wanted).alias(name)
    if wanted == pl.Boolean():
        truth = {"true": True, "false": False}
        return column.replace_strict(truth, default=None, return_dtype=pl.Boolean)
    if wanted.is_integer():
        whole = pl.when(column.str.contains(r"^-?\d+$")).then(column)
        return whole.cast(wanted, strict=False).alias(name)
    return column.cast(wanted, strict=False)


def _refuse_first(broken: pl.Series, table: str, column: str, rule: str, first_row: int) -> None:
    row = broken.arg_max() if broken.any() else None
    if row is not None:
        raise CellRefused(table, column=column, row=row + first_row, rule=rule)


def checked_answers(
    answers: pl.DataFrame,
    *,
    units: frozenset[str],
    behaviours: frozenset[str],
    wave: str | None = None,
    first_row: int = 2,
) -> pl.DataFrame:
    """The answers, or `CellRefused` with the first row that contradicts the questionnaire.

    With a `wave` only its rows are judged; they are counted among all.
    """
    judged = pl.lit(value=True) if wave is None else pl.col("wave") == wave
    for column, rule, broken in _contradictions(answers, units, behaviours):
        _refuse_first(
            answers.select((judged & broken).fill_null(value=False)).to_series(),
            "ANSWERS",
            column,
            rule,
            first_row,
        )
    return answers


def checked_behaviours(
    behaviours: pl.DataFrame, *, units: frozenset[str], first_row: int = 2
) -> pl.DataFrame:
    """The behaviours, or `CellRefused`: each code once, its scope of units that some wave has."""
    in_scope = pl.element().str.strip_chars()
    known = pl.col("units").str.split(";").list.eval(in_scope.is_in(sorted({*units, ""})))
    for column, rule, broken in (
        ("behaviour", "twice", ~pl.col("behaviour").is_first_distinct()),
        ("units", "unknown", ~known.list.all()),
    ):
        found = behaviours.select(broken).to_series()
        _refuse_first(found, "BEHAVIOURS", column, rule, first_row)
    return behaviours


def checked_trials(
    trials: pl.DataFrame, *, units: frozenset[str], behaviours: frozenset[str], first_row: int = 2
) -> pl.DataFrame:
    """The trials, or `CellRefused`: each code once, over waves in order, all they name known.

    Without a behaviour each unit is measured by its own, and then a barrier is required.
    """
    none = pl.lit(None, dtype=pl.String)
    named = {
        name: pl.col(name) if name in trials.columns else none
        for name in ("units", "comparison", "behaviour", "barrier")
    }
    in_list = pl.element().str.strip_chars().is_in(sorted({*units, ""}))
    for column, rule, broken in (
        ("trial", "twice", ~pl.col("trial").is_first_distinct()),
        ("units", "unknown", ~named["units"].str.split(";").list.eval(in_list).list.all()),
        (
            "comparison",
            "unknown",
            ~named["comparison"].str.split(";").list.eval(in_list).list.all(),
        ),
        ("behaviour", "unknown", ~named["behaviour"].is_in(sorted(behaviours))),
        ("barrier", "empty", named["behaviour"].is_null() & named["barrier"].is_null()),
        ("end_wave", "order", pl.col("end_wave") <= pl.col("start_wave")),
    ):
        found = trials.select(broken.fill_null(value=False).alias(column)).to_series()
        _refuse_first(found, "TRIALS", column, rule, first_row)
    return trials


def _contradictions(
    answers: pl.DataFrame, units: frozenset[str], behaviours: frozenset[str]
) -> list[tuple[str, str, pl.Expr]]:
    has = set(answers.columns)
    outside = ~pl.col("situation").is_in(IN_SITUATION)
    rules = [
        ("unit", "unknown", ~pl.col("unit").is_in(sorted(units))),
        ("behaviour", "unknown", ~pl.col("behaviour").is_in(sorted(behaviours))),
    ]
    rules += [
        (name, "not_in_situation", outside & pl.col(name).is_not_null())
        for name in ASKED_OF_S
        if name in has
    ]
    places = sorted(units | set(ELSEWHERE))
    rules += [
        (name, "unknown", ~pl.col(name).is_in(places))
        for name in ("stall_1", "stall_2")
        if name in has
    ]
    for one, two in (("stall_1", "stall_2"), ("citizen_1", "citizen_2")):
        if two in has:
            first = pl.col(one).cast(pl.String) if one in has else pl.lit(None, pl.String)
            rules += [
                (two, "second_alone", pl.col(two).is_not_null() & first.is_null()),
                (two, "same_twice", first == pl.col(two).cast(pl.String)),
            ]
    return rules
