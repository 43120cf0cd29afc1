"""`kernepuls analyse` on files nobody here has seen: the right result, or one clear sentence."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from analysis.findings import Release, decode
from survey.cli import main

UNITS = """unit,parent,name,headcount,valid_from,valid_to
K,,"Kommunen, alt",0,2026-1,
A,K,Afdeling A,30,2026-1,
B,K,Afdeling B,30,2026-1,
C,K,Afdeling C,9,2026-1,2026-1
"""
BEHAVIOURS = "behaviour,text,units\nAd1,Vi ringer.,K\n"
HEAD = "wave,unit,behaviour,situation,b_tid,successes\n"
INVITED = "wave,unit,n\n"


def rows(unit: str, n: int, wave: str = "2026-1", *, situation: str = "once", b: str = "2") -> str:
    successes = "3" if b else ""
    return f"{wave},{unit},Ad1,{situation},{b},{successes}\n" * n


TOWN = HEAD + rows("A", 20) + rows("B", 20, b="0")


@dataclass(frozen=True)
class Told:
    """What the command said, and the release it wrote, if it did."""

    output: str
    release: Release | None


@pytest.fixture(autouse=True)
def _in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")


@pytest.fixture
def analysed(tmp_path: Path):
    """A function that writes the files, runs the command and reads what it wrote."""
    (tmp_path / "units.csv").write_text(UNITS)
    (tmp_path / "behaviours.csv").write_text(BEHAVIOURS)

    def run(answers: Sequence[str | bytes], wave: str | None = None, **files: object) -> Told:
        arguments = [str(_written(tmp_path, f"a{i}", one)) for i, one in enumerate(answers)]
        options: dict[str, object] = {"units": UNITS, "behaviours": BEHAVIOURS, **files}
        for option, text in options.items():
            for i, one in enumerate(text if isinstance(text, list) else [text]):
                path = one if isinstance(one, Path) else _written(tmp_path, f"{option}{i}", one)
                arguments += [f"--{option}", str(path)]
        if wave:
            arguments += ["--wave", wave]
        target = tmp_path / "release.json"
        target.unlink(missing_ok=True)
        done = CliRunner().invoke(main, ["analyse", *arguments, "--to", str(target)])
        assert done.exception is None or isinstance(done.exception, SystemExit)
        assert target.exists() == (done.exit_code == 0)
        return Told(done.output, decode(target.read_bytes()) if target.exists() else None)

    return run


def _written(folder: Path, name: str, content: object) -> Path:
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else str(content).encode())
    return file


def parquet(folder: Path, **columns: object) -> bytes:
    frame = pl.DataFrame(
        {"wave": "2026-1", "unit": ["A"] * 20, "behaviour": "Ad1", "situation": "once", **columns}
    )
    frame.write_parquet(folder / "made.parquet")
    return (folder / "made.parquet").read_bytes()


def told(made: Told) -> Release:
    assert made.release is not None, made.output
    return made.release


# --- forms of the same files ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "form",
    [
        lambda text: text.replace(",", ";"),
        lambda text: "\ufeff" + text.replace(",", ";"),
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text + "\n\n",
        lambda text: text.rstrip("\n"),
    ],
    ids=["semicolons", "semicolons and BOM", "Windows lines", "empty lines", "no last line end"],
)
def test_the_form_of_a_csv_file_changes_nothing(analysed, form) -> None:
    plain = told(analysed([TOWN]))
    scope = form('behaviour,text,units\nAd1,"Vi ringer.",K\n')

    made = told(analysed([form(TOWN)], behaviours=scope))

    assert made.sha256 == plain.sha256


def test_a_list_of_units_stands_in_quotation_marks_where_cells_end_at_semicolons(analysed) -> None:
    made = told(analysed([TOWN], behaviours='behaviour;text;units\nAd1;Vi ringer, straks.;"A;B"\n'))

    assert made.behaviours[0].units == ("A", "B")


def test_parquet_with_wider_numbers_and_categories_is_read(analysed, tmp_path: Path) -> None:
    data = parquet(tmp_path, b_tid=[2] * 20)
    frame = pl.read_parquet(tmp_path / "made.parquet").with_columns(
        pl.col("unit").cast(pl.Categorical)
    )
    frame.write_parquet(tmp_path / "made.parquet")

    for one in (data, (tmp_path / "made.parquet").read_bytes()):
        assert told(analysed([one])).cell("A", "barrier_share", "TID").clip == "at_least_90"


def test_several_files_are_one_wave_each_with_the_columns_it_has(analysed) -> None:
    other = "wave,unit,behaviour,situation,clarity\n" + "2026-1,B,Ad1,once,4\n" * 20

    made = told(analysed([HEAD + rows("A", 20), other]))

    assert made.cell("K", "barrier_share", "TID").n == 20 + 20
    assert made.cell("B", "clarity_share").clip == "at_least_90"


def test_the_last_wave_is_released_whatever_the_order_of_the_files(analysed) -> None:
    first, second = HEAD + rows("A", 20), HEAD + rows("A", 20, "2026-2")

    for order in ([first, second], [second, first]):
        made = told(analysed(order))
        assert (made.wave, made.earlier) == ("2026-2", ("2026-1",))
    assert told(analysed([second, first], wave="2026-1")).earlier == ()


def test_earlier_releases_stand_for_their_waves(analysed, tmp_path: Path) -> None:
    analysed([HEAD + rows("A", 20)])
    earlier = tmp_path / "earlier.json"
    earlier.write_bytes((tmp_path / "release.json").read_bytes())

    made = told(analysed([HEAD + rows("A", 20, "2026-2", b="0")], earlier=earlier))

    assert made.earlier == ("2026-1",)
    assert made.cell("A", "barrier_share", "TID").change.verdict == "down"


# --- few and odd answers -------------------------------------------------------------------------


def test_one_answer_hides_everything(analysed) -> None:
    made = told(analysed([HEAD + rows("A", 1)]))

    assert {cell.status for cell in made.cells} == {"hidden"}
    assert made.quality == ()


def test_nobody_in_the_situation_leaves_only_the_share_that_was(analysed) -> None:
    made = told(analysed([HEAD + rows("A", 20, situation="no", b="")]))

    shown = {cell.measure for cell in made.cells if cell.status == "shown"}
    assert shown == {"situation_share"}


def test_answers_that_are_all_empty_keep_their_base_and_have_no_level(analysed) -> None:
    made = told(analysed([HEAD + rows("A", 20, b="")]))

    assert made.cell("A", "barrier_share", "TID").clip == "at_most_10"
    assert made.cell("A", "behaviour_level").status == "hidden"


def test_four_columns_are_enough(analysed) -> None:
    made = told(analysed(["wave,unit,behaviour,situation\n" + "2026-1,A,Ad1,once\n" * 20]))

    assert made.cell("A", "situation_share").status == "shown"
    assert made.proposals == ()


def test_one_unit_is_a_tree(analysed) -> None:
    units = "unit,parent,name,headcount,valid_from\nK,,Kommunen,30,2026-1\n"

    made = told(analysed([HEAD + rows("K", 20)], units=units))

    assert made.cell("K", "barrier_share", "TID").status == "shown"
    assert made.proposals == ()


def test_ten_levels_and_more_are_released(analysed) -> None:
    units = "unit,parent,name,headcount,valid_from\n" + "".join(
        f"L{i},{f'L{i - 1}' if i else ''},Niveau {i},12,2026-1\n" for i in range(12)
    )
    scope = "behaviour,text,units\nAd1,Vi ringer.,L0\n"

    answers = HEAD + "".join(rows(f"L{i}", 9) for i in range(12))
    made = told(analysed([answers], units=units, behaviours=scope))

    assert [unit.depth for unit in made.units] == [*range(12)]
    assert made.cell("L0", "barrier_share", "TID").n == 12 * 9
    assert made.cell("L11", "barrier_share", "TID").n_band == "8-19"


# --- one clear sentence --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "a0 is empty"),
        (HEAD, "a0 is empty"),
        (HEAD.replace("b_tid", "farve") + rows("A", 1), "do not belong there: farve"),
        (HEAD.replace("b_tid", "comment") + rows("A", 1), "do not belong there: comment"),
        (TOWN + "2026-1,A\n", "Row 42 of a0 does not have as many cells"),
        (TOWN + rows("A", 1, b="to"), "Row 42 of a0: the value in column b_tid"),
        (TOWN + rows("A", 1, b="2.0"), "Row 42 of a0: the value in column b_tid"),
        (TOWN + rows("A", 1, b="3"), "Row 42 of a0: the value in column b_tid"),
        (TOWN + rows("A", 1, situation="ja"), "Row 42 of a0: the value in column situation"),
        (TOWN + rows("A", 1, situation=""), "Row 42 of a0: column situation is empty"),
        (TOWN + rows("A", 1, situation="no"), "Row 42 of a0: column successes is filled in"),
        (TOWN + "2026-1,A,Ad1,no,2,\n", "Row 42 of a0: column b_tid is filled in"),
        (TOWN + rows("Q", 1), "Row 42 of a0: column unit names something"),
        (TOWN + "2026-1,A,Ad9,once,2,3\n", "Row 42 of a0: column behaviour names something"),
        # C is closed after the first wave; the row is counted in the file, not in the wave.
        (TOWN + rows("A", 9, "2026-2") + rows("C", 1, "2026-2"), "Row 51 of a0: column unit"),
        (TOWN + rows("A", 1, "2025-4"), "no top unit in wave 2025-4"),
    ],
)
def test_answers_that_cannot_be_used_are_named_by_their_row(analysed, text: str, said: str) -> None:
    done = analysed([text])

    assert said in done.output
    assert "Nothing was analysed." in done.output


@pytest.mark.parametrize(
    ("stalls", "rule"),
    [(",B", "stands without one"), ("B,B", "repeats"), ("Q,", "names something")],
)
def test_where_it_stalls_is_said_first_and_second(analysed, stalls: str, rule: str) -> None:
    head = HEAD.replace("\n", ",stall_1,stall_2\n")

    done = analysed([head + f"2026-1,A,Ad1,once,2,3,{stalls}\n"])

    assert "Row 2 of a0: column stall_" in done.output
    assert rule in done.output


def test_a_row_of_the_second_file_is_named_in_that_file(analysed) -> None:
    done = analysed([TOWN, HEAD + rows("A", 20, "2026-2") + rows("C", 1, "2026-2")])

    assert "Row 22 of a1" in done.output


def test_a_parquet_file_has_no_header_line(analysed, tmp_path: Path) -> None:
    outside = parquet(tmp_path, b_tid=[3] + [2] * 19)
    unknown = parquet(tmp_path, stall_1=["Q", *["B"] * 19])

    assert "Row 1 of a0" in analysed([outside]).output
    assert "Row 1 of a0" in analysed([unknown]).output


@pytest.mark.parametrize(
    ("column", "values"),
    [("b_tid", [2.0] * 20), ("unit", [7] * 20), ("situation", [True] * 20)],
)
def test_a_parquet_column_of_another_type_is_named_with_both_types(
    analysed, tmp_path: Path, column: str, values: list[object]
) -> None:
    done = analysed([parquet(tmp_path, **{column: values})])

    wanted = "Int8" if column == "b_tid" else "String"
    assert f"column {column} is of type" in done.output
    assert wanted in done.output


def test_the_same_answers_twice_are_not_counted_twice(analysed) -> None:
    assert "a1 holds the same as another of the files" in analysed([TOWN, TOWN]).output


def test_two_releases_of_one_wave_are_one_too_many(analysed, tmp_path: Path) -> None:
    analysed([TOWN])
    earlier = tmp_path / "earlier.json"
    earlier.write_bytes((tmp_path / "release.json").read_bytes())

    done = analysed([HEAD + rows("A", 20, "2026-2")], earlier=[earlier, earlier])

    assert "one of two releases of wave 2026-1" in done.output


@pytest.mark.parametrize(
    ("scopes", "said"),
    [
        ("Ad1,x,A\nAd1,y,B\n", "Row 3 of behaviours0: column behaviour has a code"),
        ("Ad1,x,K;Q\n", "Row 2 of behaviours0: column units names something"),
        ("Ad1,x,\n", "Row 2 of behaviours0: column units is empty"),
        ("Ad1,x,B\n", "Unit A is asked about Ad1"),
    ],
)
def test_scopes_that_cannot_be_used_are_named(analysed, scopes: str, said: str) -> None:
    done = analysed([TOWN], behaviours="behaviour,text,units\n" + scopes)

    assert said in done.output
    assert "Nothing was analysed." in done.output


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (INVITED + "2026-1,Q,4\n", "Row 2 of invited0: column unit"),
        (INVITED + "2026-1,A,-4\n", "Row 2 of invited0: the value in column n"),
        (INVITED + "2026-1,A,\n", "Row 2 of invited0: column n is empty"),
    ],
)
def test_invited_that_cannot_be_used_are_named(analysed, text: str, said: str) -> None:
    assert said in analysed([TOWN], invited=text).output


# --- unknown is hidden, never zero ---------------------------------------------------------------


@pytest.mark.parametrize("value", ["NaN", "nan", "inf", "1e0", " 2", "två"])
def test_what_only_looks_like_a_number_is_refused_with_what_may_stand_there(
    analysed, value: str
) -> None:
    done = analysed([TOWN + rows("A", 1, b=value)])

    assert "Row 42 of a0: the value in column b_tid" in done.output
    assert "It may be 0-2" in done.output


def test_a_value_of_a_list_is_refused_with_the_list(analysed) -> None:
    done = analysed([TOWN + rows("A", 1, situation="ja")])

    assert "several, once, no, not_my_work" in done.output


def test_not_a_number_in_parquet_is_named_with_the_type_that_was_expected(
    analysed, tmp_path: Path
) -> None:
    done = analysed([parquet(tmp_path, b_tid=[float("nan")] * 20)])

    assert "column b_tid is of type Float64" in done.output
    assert "Int8" in done.output


def test_empty_texts_in_parquet_are_as_empty_as_empty_cells(analysed, tmp_path: Path) -> None:
    texts = {"priority": [""] * 20, "stall_1": [""] * 20, "profession": [""] * 20}
    nulls = dict.fromkeys(texts, pl.Series([None] * 20, dtype=pl.String))

    made = told(analysed([parquet(tmp_path, b_tid=[2] * 20, **texts)]))

    assert made.sha256 == told(analysed([parquet(tmp_path, b_tid=[2] * 20, **nulls)])).sha256


def test_an_empty_text_is_no_unit(analysed, tmp_path: Path) -> None:
    done = analysed([parquet(tmp_path, unit=["A"] * 19 + [""])])

    assert "Row 20 of a0: column unit is empty" in done.output


def test_two_people_may_say_the_same(analysed) -> None:
    made = told(analysed([HEAD + rows("A", 25)]))

    assert made.cell("A", "barrier_share", "TID").n == 25


@pytest.mark.parametrize(
    ("text", "row"),
    [
        (INVITED + "2026-1,A,30\n2026-1,B,30\n2026-1,A,30\n", 4),
        ("wave,unit,profession,n\n2026-1,A,x,9\n2026-1,A,,30\n2026-1,A,,30\n", 4),
    ],
)
def test_people_invited_twice_are_not_counted_twice(analysed, text: str, row: int) -> None:
    done = analysed([TOWN], invited=text)

    assert f"Row {row} of invited0 is about the same wave, unit and group" in done.output


def test_one_group_in_two_waves_is_two_rows(analysed) -> None:
    told(analysed([TOWN], invited=INVITED + "2026-1,A,30\n2026-2,A,30\n"))


@pytest.mark.parametrize("b", ["0", "1", "2", ""])
def test_a_wave_in_which_everybody_answers_alike_is_released_and_pins_nobody(
    analysed, b: str
) -> None:
    small = UNITS + "D,A,Hold D,4,2026-1,\nE,A,Hold E,6,2026-1,\nF,B,Hold F,12,2026-1,\n"
    people = "".join(rows(unit, n, b=b) for unit, n in (("A", 20), ("B", 15), ("D", 3), ("E", 6),
                                                        ("F", 12)))  # fmt: skip

    made = told(analysed([HEAD + people], units=small))

    cells = [cell for cell in made.cells if cell.item == "TID" and cell.measure == "barrier_share"]
    shown = {cell.unit for cell in cells if cell.status == "shown"}
    assert "K" in shown
    assert "D" not in shown
    # Nothing says that all or none answered so: a per cent is clipped, a band holds others.
    assert {cell.value for cell in cells} <= {None, *range(5, 96)}
    assert all(cell.value not in (0, 100) for cell in cells)
    assert made.proposals == ()


def test_where_every_unit_is_under_five_only_the_whole_is_shown(analysed) -> None:
    units = UNITS + "".join(f"T{i},A,Hold {i},4,2026-1,\n" for i in range(10))

    made = told(analysed([HEAD + "".join(rows(f"T{i}", 4) for i in range(10))], units=units))

    shown = {c.unit for c in made.cells if c.status == "shown" and c.measure == "barrier_share"}
    assert shown <= {"K", "A"}
    assert shown
    assert all(c.value is None for c in made.cells if c.status == "hidden")


def test_a_wave_nobody_answered_is_no_wave_of_zeros(analysed) -> None:
    done = analysed([HEAD + rows("A", 20)], wave="2026-2")

    assert "No answer belongs to wave 2026-2" in done.output
    assert done.release is None


def test_units_nobody_answered_from_are_hidden_and_never_zero(analysed) -> None:
    made = told(analysed([HEAD + rows("A", 20)]))

    of_b = made.cells_of("B")
    assert {cell.status for cell in of_b} == {"hidden"}
    assert {(cell.n, cell.value, cell.band, cell.marked) for cell in of_b} == {(None,) * 4}


# --- a release from elsewhere --------------------------------------------------------------------


def kept(folder: Path) -> Path:
    """The release of the last run, under a name of its own."""
    earlier = folder / "earlier.json"
    earlier.write_bytes((folder / "release.json").read_bytes())
    return earlier


def test_a_release_of_another_organisation_is_refused(analysed, tmp_path: Path) -> None:
    units = (
        UNITS.replace("K,", "X,").replace("A,X", "Y,X").replace("B,X", "Z,X").replace("C,X", "W,X")
    )
    analysed([HEAD + rows("Y", 20)], units=units, behaviours=BEHAVIOURS.replace(",K", ",X"))

    done = analysed([HEAD + rows("A", 20, "2026-2")], earlier=kept(tmp_path))

    assert "earlier.json is the release of another organisation" in done.output
    assert done.release is None


def test_a_release_of_another_tree_is_compared_only_where_the_unit_is_the_same(
    analysed, tmp_path: Path
) -> None:
    head = "unit,parent,name,headcount,valid_from\n"
    before = head + "K,,Kommunen,0,2026-1\nA,K,A,30,2026-1\nQ,K,Q,30,2026-1\n"
    analysed([HEAD + rows("A", 20) + rows("Q", 20)], units=before)

    people = rows("A", 20, "2026-2") + rows("B", 20, "2026-2")
    made = told(analysed([HEAD + people], earlier=kept(tmp_path)))

    assert made.unit("B").lineage == "new"
    assert {cell.change for cell in made.cells_of("B")} == {None}
    assert made.cell("A", "barrier_share", "TID").change.verdict == "unclear"
    # Half of the people under the top are others than before.
    assert made.cell("K", "barrier_share", "TID").change.verdict == "not_comparable"
