"""Every table that breaks its contract is refused, by column and row, and says nothing more."""

import io

import polars as pl
import pytest

from analysis.frames import (
    CellRefused,
    ColumnMistyped,
    ColumnsMissing,
    ColumnsRepeated,
    ColumnsUnknown,
    FileUnreadable,
    InputRefused,
    ScopeRefused,
    TreeRefused,
    checked_answers,
    conformed,
    read_table,
    scopes_of,
    tree_of,
)

UNITS = """unit,parent,name,core_task,headcount,valid_from,valid_to,change,was
K,,Kommunen,,0,2026-1,,,
A,K,Center A,,2,2026-1,,,
A10,A,Ti,,8,2026-1,,,
A2,A,To,,9,2026-1,2026-2,,
A2,K,To,,9,2026-3,,moved,A2
"""
ANSWERS = (
    "wave,unit,behaviour,situation,successes,b_silo,priority,stall_1,stall_2,citizen_1,citizen_2\n"
)


def units(text: str = UNITS) -> pl.DataFrame:
    return read_table(text.encode(), "UNITS")


def answers(*rows: str) -> pl.DataFrame:
    return read_table((ANSWERS + "\n".join(rows) + "\n").encode(), "ANSWERS")


@pytest.mark.parametrize("mark", [",", ";"])
@pytest.mark.parametrize("before", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_csv_is_read_with_comma_or_semicolon_with_or_without_a_byte_order_mark(
    mark: str, before: str, end: str
) -> None:
    text = before + UNITS.replace(",", mark).replace("\n", end)

    assert units(text).equals(units())


def test_parquet_is_read_as_it_is() -> None:
    file = io.BytesIO()
    units().write_parquet(file)

    assert read_table(file.getvalue(), "UNITS").equals(units())


def test_empty_lines_are_no_rows() -> None:
    assert units(UNITS + "\n\n").equals(units())


def test_an_unknown_column_of_parquet_is_named() -> None:
    with pytest.raises(ColumnsUnknown) as refused:
        conformed(units().with_columns(cpr=pl.lit("")), "UNITS")

    assert refused.value.facts["columns"] == ("cpr",)


def test_a_cell_may_hold_line_breaks_and_the_row_is_still_the_line() -> None:
    text = UNITS.replace("Ti,,8", '"Ti\nto",,8') + "A3,A,Tre\n"

    with pytest.raises(FileUnreadable) as refused:
        units(text)

    assert refused.value.facts == {"why": "torn", "row": 8}


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "empty"),
        (b" \n ", "empty"),
        (b"unit,\x00", "binary"),
        (b"PAR1 and then nothing", "not_parquet"),
        ("unit,parent\nK,Børn".encode("cp1252"), "not_utf8"),
        (UNITS[:-20].encode(), "torn"),
        (b'unit,parent,name,headcount,valid_from\nK,,"never closed,5,2026-1\n', "torn"),
    ],
)
def test_what_is_no_table_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(FileUnreadable) as refused:
        read_table(data, "UNITS")

    assert refused.value.facts["why"] == why


def test_the_row_that_is_not_utf8_is_named() -> None:
    with pytest.raises(FileUnreadable) as refused:
        read_table("unit,parent\nK,\nA,Børn".encode("cp1252"), "UNITS")

    assert refused.value.facts["row"] == 3


def test_unknown_columns_are_named_all_of_them() -> None:
    header = ",".join(f"x{i}" for i in range(10_000))

    with pytest.raises(ColumnsUnknown) as refused:
        read_table(f"{header}\n".encode(), "UNITS")

    assert len(refused.value.facts["columns"]) == 10_000


def test_missing_and_repeated_columns_are_named() -> None:
    with pytest.raises(ColumnsMissing) as missing:
        read_table(b"unit,parent\nK,\n", "UNITS")
    with pytest.raises(ColumnsRepeated) as repeated:
        read_table(b"unit,unit,parent\nK,K,\n", "UNITS")

    assert missing.value.facts["columns"] == ("name", "headcount", "valid_from")
    assert repeated.value.facts["columns"] == ("unit",)


@pytest.mark.parametrize(
    ("text", "column", "row"),
    [
        (UNITS.replace(",8,", ",otte,"), "headcount", 4),
        (UNITS.replace(",8,", ",-8,"), "headcount", 4),
        (UNITS.replace(",8,", ",8.0,"), "headcount", 4),
        (UNITS.replace(",8,", ",99999999999,"), "headcount", 4),
        (UNITS.replace("moved", "flyttet"), "change", 6),
        (UNITS.replace("Center A", ""), "name", 3),
    ],
)
def test_a_value_outside_the_contract_is_refused_with_its_row(
    text: str, column: str, row: int
) -> None:
    with pytest.raises(CellRefused) as refused:
        units(text)

    assert (refused.value.facts["column"], refused.value.facts["row"]) == (column, row)
    assert "otte" not in str(refused.value)


def test_true_and_false_are_spelled_out() -> None:
    text = "trial,units,start_wave,end_wave,randomised\nT1,A,2026-1,2026-2,true\n"

    assert read_table(text.encode(), "TRIALS")["randomised"].to_list() == [True]
    with pytest.raises(CellRefused):
        read_table(text.replace("true", "ja").encode(), "TRIALS")


def test_dtypes_of_parquet_are_checked_too() -> None:
    frame = units()

    wide = conformed(frame.with_columns(pl.col("headcount").cast(pl.Int64)), "UNITS")
    plain = conformed(frame.with_columns(pl.col("change").cast(pl.Categorical)), "UNITS")

    assert wide.equals(frame)
    assert plain.equals(frame)
    with pytest.raises(ColumnMistyped) as refused:
        conformed(frame.with_columns(pl.col("headcount").cast(pl.Float64)), "UNITS")
    assert refused.value.facts == {"column": "headcount", "found": "Float64", "wanted": "Int32"}
    with pytest.raises(ColumnMistyped):
        conformed(frame.with_columns(pl.lit(1).alias("name")), "UNITS")


def test_a_column_without_a_value_has_any_type() -> None:
    empty = pl.lit(None, dtype=pl.Float64)

    typed = conformed(units().with_columns(was=empty), "UNITS")

    assert (typed["was"].dtype, typed["was"].null_count()) == (pl.String, len(typed))


# --- answers -----------------------------------------------------------------------------------

KNOWN = {"units": frozenset({"K", "A", "A10"}), "behaviours": frozenset({"Ad1"})}


@pytest.mark.parametrize(
    ("row", "column", "rule"),
    [
        ("2026-1,X,Ad1,several,3,2,SILO,,,,", "unit", "unknown"),
        ("2026-1,A,Ad9,several,3,2,SILO,,,,", "behaviour", "unknown"),
        ("2026-1,A,Ad1,no,3,,,,,,", "successes", "not_in_situation"),
        ("2026-1,A,Ad1,not_my_work,,0,,,,,", "b_silo", "not_in_situation"),
        ("2026-1,A,Ad1,no,,,,own,,,", "stall_1", "not_in_situation"),
        ("2026-1,A,Ad1,once,,,,Mette,,,", "stall_1", "unknown"),
        ("2026-1,A,Ad1,once,,,,,A10,,", "stall_2", "second_alone"),
        ("2026-1,A,Ad1,once,,,,A10,A10,,", "stall_2", "same_twice"),
        ("2026-1,A,Ad1,once,,,,,,,faster", "citizen_2", "second_alone"),
        ("2026-1,A,Ad1,once,,,,,,faster,faster", "citizen_2", "same_twice"),
    ],
)
def test_an_answer_that_contradicts_the_questionnaire_is_refused(
    row: str, column: str, rule: str
) -> None:
    table = answers("2026-1,A,Ad1,several,3,2,SILO,own,outside,faster,nothing", row)

    with pytest.raises(CellRefused) as refused:
        checked_answers(table, **KNOWN)

    assert refused.value.facts == {"column": column, "row": 3, "rule": rule}
    assert "Mette" not in str(refused.value)


@pytest.mark.parametrize(
    ("row", "column", "rule"),
    [
        ("2026-1,A,Ad1,several,6,,,,,,", "successes", "value"),
        ("2026-1,A,Ad1,several,,3,,,,,", "b_silo", "value"),
        ("2026-1,A,Ad1,sometimes,,,,,,,", "situation", "demanded"),
        ("2026-1,A,Ad1,several,,,SILOER,,,,", "priority", "value"),
    ],
)
def test_a_value_nobody_could_choose_is_refused(row: str, column: str, rule: str) -> None:
    with pytest.raises(CellRefused) as refused:
        answers(row)

    assert refused.value.facts == {"column": column, "row": 2, "rule": rule}


@pytest.mark.parametrize("column", ["wave", "unit", "behaviour", "situation"])
def test_four_columns_are_never_empty(column: str) -> None:
    row = {"wave": "2026-1", "unit": "A", "behaviour": "Ad1", "situation": "no", column: ""}

    with pytest.raises(CellRefused) as refused:
        answers(",".join(row.values()) + "," * 7)

    assert refused.value.facts["rule"] == "empty"


def test_answers_with_a_block_switched_off_are_fine() -> None:
    table = read_table(b"wave,unit,behaviour,situation\n2026-1,A,Ad1,no\n", "ANSWERS")

    assert checked_answers(table, **KNOWN).height == 1


# --- the tree ----------------------------------------------------------------------------------


def test_the_tree_of_a_wave_stands_in_the_order_of_the_organisation() -> None:
    tree = tree_of(units(), "2026-1")

    assert tree.codes == ("K", "A", "A2", "A10")
    assert tree.depth.tolist() == [0, 1, 2, 2]
    assert tree.children(0) == [1]
    assert tree.children(1) == [2, 3]
    assert tree.above(3) == [1, 0]
    assert list(tree.below(1)) == [2, 3]


def test_a_move_gives_the_later_wave_another_tree() -> None:
    tree = tree_of(units(), "2026-3")

    assert tree.codes == ("K", "A", "A10", "A2")
    assert tree.change[3] == "moved"
    assert tree.was[3] == ("A2",)


def test_totals_count_everything_below() -> None:
    tree = tree_of(units(), "2026-1")

    assert tree.totals(tree.headcount).tolist() == [0 + 2 + 8 + 9, 2 + 8 + 9, 9, 8]


@pytest.mark.parametrize(
    ("text", "rule", "unit"),
    [
        (UNITS + "L,,Endnu en,,0,2026-1,,,\n", "two_roots", "L"),
        (UNITS.replace("K,,", "K,A,", 1), "cycle", "A"),
        (UNITS + "B,C,B,,1,2026-1,,,\nC,B,C,,1,2026-1,,,\n", "cycle", "B"),
        (UNITS + "B,X,B,,1,2026-1,,,\n", "parent_missing", "B"),
        (UNITS + "A10,A,Igen,,1,2026-1,,,\n", "repeated", "A10"),
        (UNITS.replace("2026-1", "2026-9"), "no_root", None),
    ],
)
def test_what_is_no_tree_is_refused(text: str, rule: str, unit: str | None) -> None:
    with pytest.raises(TreeRefused) as refused:
        tree_of(units(text), "2026-1")

    assert (refused.value.facts["rule"], refused.value.facts["unit"]) == (rule, unit)


def test_units_without_versions_are_valid_for_ever() -> None:
    table = read_table(b"unit,parent,name,headcount,valid_from\nK,,K,5,2026-1\n", "UNITS")

    tree = tree_of(table, "2030-4")

    assert tree.codes == ("K",)
    assert tree.was == ((),)


# --- scopes ------------------------------------------------------------------------------------


def behaviours(**scopes: str) -> pl.DataFrame:
    rows = [{"behaviour": code, "text": code, "units": units} for code, units in scopes.items()]
    return conformed(pl.DataFrame(rows), "BEHAVIOURS")


def test_a_unit_in_a_scope_means_all_below() -> None:
    tree = tree_of(units(), "2026-1")

    scopes = scopes_of(behaviours(Ad1="A2", Ad2="A10"), tree, ["Ad1", "Ad2"], "2026-1")
    wide = scopes_of(behaviours(Ad1="A;GONE"), tree, ["Ad1"], "2026-1")

    assert scopes.own.tolist() == [-1, -1, 0, 1]
    assert scopes.whole.tolist() == [-2, -2, 0, 1]
    assert wide.whole.tolist() == [0, 0, 0, 0]


def test_two_behaviours_never_meet_in_a_unit() -> None:
    tree = tree_of(units(), "2026-1")

    with pytest.raises(ScopeRefused) as refused:
        scopes_of(behaviours(Ad1="A", Ad2="A10"), tree, ["Ad1", "Ad2"], "2026-1")

    assert refused.value.facts["unit"] == "A10"
    assert isinstance(refused.value, InputRefused)


def test_a_behaviour_of_another_wave_yields() -> None:
    tree = tree_of(units(), "2026-1")

    scopes = scopes_of(behaviours(Ad1="A", Ad2="A10"), tree, ["Ad2"], "2026-1")

    assert [scopes.behaviours[b] for b in scopes.own[1:]] == ["Ad1", "Ad1", "Ad2"]
