"""`kernepuls analyse` and `kernepuls audit` on files alone: a sentence for everything unusable."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result
from msgspec.structs import replace

from analysis.findings import decode, encode
from analysis.wording.guard import guard
from survey import insight
from survey.cli import main
from survey.texts import Voice

UNITS = "unit,parent,name,headcount,valid_from\n"
ANSWERS = "wave,unit,behaviour,situation"
SEED = Path(__file__).parents[2] / "survey" / "seeds" / "fjordlund"


@pytest.fixture(autouse=True)
def _in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")


@pytest.fixture
def folder(tmp_path: Path, planted) -> Path:
    return filled(tmp_path, planted)


def filled(folder: Path, planted) -> Path:
    """The folder with two waves of Fjordlund in it."""
    planted(1, seed=3).write_csv(folder / "one.csv", separator=";")
    planted(2, seed=3).write_parquet(folder / "two.parquet")
    for name in ("units.csv", "behaviours_import.csv", "trials.csv"):
        (folder / name).write_bytes((SEED / name).read_bytes())
    return folder


def run(folder: Path, *answers: str, **options: str) -> Result:
    named = {"units": "units.csv", "behaviours": "behaviours_import.csv", "to": "r.json", **options}
    arguments = [str(folder / name) for name in answers]
    for option, value in named.items():
        path = value if option in ("wave", "language") else str(folder / value)
        arguments += [f"--{option}", path]
    return CliRunner().invoke(main, ["analyse", *arguments])


def test_files_become_a_release_of_the_last_wave(folder: Path) -> None:
    done = run(folder, "one.csv", "two.parquet")

    made = decode((folder / "r.json").read_bytes())
    assert done.exit_code == 0, done.output
    assert (made.wave, made.earlier) == ("2026-2", ("2026-1",))
    assert made.cell("FK", "barrier_share", "SILO").change.against == "2026-1"
    assert "63" in done.output
    assert "F4" in done.output


def test_an_earlier_release_stands_for_its_wave(folder: Path) -> None:
    run(folder, "one.csv", "two.parquet", to="both.json")
    run(folder, "one.csv", to="first.json")

    run(folder, "two.parquet", to="second.json", earlier="first.json")

    assert (folder / "second.json").read_bytes() == (folder / "both.json").read_bytes()


def test_many_answers_are_drawn_from_by_a_process_beside_to_the_same_bytes(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(folder, "one.csv", "two.parquet", to="alone.json")
    monkeypatch.setattr("survey.insight.files.MANY_ANSWERS", 0)

    done = run(folder, "one.csv", "two.parquet", to="beside.json")

    assert done.exit_code == 0, done.output
    assert (folder / "beside.json").read_bytes() == (folder / "alone.json").read_bytes()


def test_a_wave_can_be_chosen_and_told_as_json(folder: Path) -> None:
    arguments = [str(folder / "one.csv"), str(folder / "two.parquet"), "--units",
                 str(folder / "units.csv"), "--behaviours", str(folder / "behaviours_import.csv"),
                 "--to", str(folder / "r.json"), "--wave", "2026-1", "--json"]  # fmt: skip

    done = CliRunner().invoke(main, ["analyse", *arguments])

    facts = json.loads(done.output)
    assert (facts["wave"], facts["units"], facts["audit"]["A1"]) == ("2026-1", 63, "pass")


def test_people_invited_stand_for_headcount(folder: Path) -> None:
    (folder / "invited.csv").write_text("wave,unit,n\n" + "".join(
        f"2026-1,{unit},200\n" for unit in pl.read_csv(folder / "units.csv")["unit"].unique()
    ))  # fmt: skip

    run(folder, "one.csv", invited="invited.csv")

    made = decode((folder / "r.json").read_bytes())
    assert made.cell("F4", "clarity_share").N == 200


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("units.csv", "", "units.csv is empty"),
        ("units.csv", "unit,parent,farve\nK,,blå\n", "farve"),
        ("units.csv", "unit,parent\nK,\n", "lacks columns: name, headcount, valid_from"),
        ("units.csv", "unit,unit\nK,K\n", "columns twice: unit"),
        ("units.csv", UNITS, "units.csv is empty"),
        ("units.csv", UNITS + "K,,K,x,2026-1\n", "Allowed: 0-2147483647. The cell may"),
        ("units.csv", UNITS + "K,,,1,2026-1\n", "never may be"),
        ("units.csv", UNITS + "K,,K,1\n", "Row 2"),
        ("units.csv", UNITS + "K,,K,1,2026-1\nK,,K,1,2026-1\n", "twice"),
        ("units.csv", UNITS + "K,,K,1,2026-1\nL,,L,1,2026-1\n", "more than one"),
        ("units.csv", UNITS + "K,X,K,1,2026-1\n", "does not exist"),
        ("units.csv", UNITS + "K,L,K,1,2026-1\nL,K,L,1,2026-1\n", "own parent"),
        ("units.csv", UNITS + "K,,K,1,2027-1\n", "no top unit"),
        ("one.csv", ANSWERS + "\n2026-1,XX,Ad1,no\n", "names something"),
        ("one.csv", ANSWERS + ",clarity\n2026-1,F11,Ad1,no,6\n", "It may be 1-5; leave"),
        ("one.csv", ANSWERS + ",successes\n2026-1,F11,Ad1,no,4\n", "not in the situation"),
        ("one.csv", ANSWERS + ",citizen_2\n2026-1,F11,Ad1,no,faster\n", "repeats the first"),
        ("one.csv", ANSWERS + "\n", "one.csv is empty"),
        ("one.csv", ANSWERS + "\n2026-1,F11,Ad2,no\n", "one behaviour per wave"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_said_and_nothing_is_written(
    folder: Path, name: str, text: str, said: str
) -> None:
    (folder / name).write_text(text, encoding="utf-8")
    if name == "units.csv" and "valid_from\nK" in text:
        (folder / "one.csv").write_text(ANSWERS + "\n2026-1,K,Ad1,no\n")

    done = run(folder, "one.csv")

    assert done.exit_code == 1
    assert said in done.output
    assert "Nothing was analysed." in done.output
    assert not (folder / "r.json").exists()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\x89PNG\x00\x00", "neither CSV nor Parquet"),
        (b"PAR1 cut short", "damaged Parquet"),
        ("wave,unit\n2026-1,Ø".encode("cp1252"), "Row 2 of one.csv is not UTF-8"),
    ],
)
def test_bytes_that_are_no_table_are_said(folder: Path, data: bytes, said: str) -> None:
    (folder / "one.csv").write_bytes(data)

    done = run(folder, "one.csv")

    assert (done.exit_code, said in done.output) == (1, True)


def test_many_unknown_columns_are_counted_after_the_first(folder: Path) -> None:
    (folder / "one.csv").write_text(",".join(f"x{i}" for i in range(10_000)) + "\n")

    done = run(folder, "one.csv")

    assert "x4 (+9995)" in done.output


def test_a_file_or_a_wave_that_is_not_there_is_said(folder: Path) -> None:
    assert "no file gone.csv" in run(folder, "gone.csv").output
    assert "2026-1" in run(folder, "one.csv", wave="2026-9").output
    assert "not a release" in run(folder, "one.csv", earlier="units.csv").output
    assert "cannot be written" in run(folder, "one.csv", to="units.csv/r.json").output


def test_more_answers_than_people_are_released(folder: Path) -> None:
    # F11 has 14 people.
    (folder / "one.csv").write_text(ANSWERS + "\n" + "2026-1,F11,Ad1,no\n" * 15)

    done = run(folder, "one.csv")

    made = decode((folder / "r.json").read_bytes())
    assert done.exit_code == 0, done.output
    assert [note.flags for note in made.quality_of("F11")] == [("read_with_care",)]


def test_the_page_counts_no_more_people_than_there_are(folder: Path) -> None:
    (folder / "units.csv").write_text(UNITS + "K,,Kommunen,20,2026-1\n")
    (folder / "behaviours_import.csv").write_text("behaviour,text,units\nAd1,Vi ringer.,K\n")

    pages = []
    for people in (18, 20, 40):
        rows = "2026-1,K,Ad1,once,0\n" * people
        (folder / "one.csv").write_text(f"{ANSWERS},b_tid\n{rows}")
        assert run(folder, "one.csv").exit_code == 0
        pages.append((folder / "r.txt").read_text())

    assert "Kommunen, wave 2026-1: 1 unit\n" in pages[0]
    assert "8–19 of 20 answered." in pages[0]
    assert "20 of 20 answered." in pages[1]
    assert "More people answered than the 20 who were invited." in pages[2]


def test_trials_are_read_by_their_contract(folder: Path) -> None:
    head = "trial,units,barrier,start_wave,end_wave,randomised\n"
    for row, said in (
        ("T1,A,TID,x,y,ja", "Row 2 of trials.csv: the value in column randomised"),
        ("T1,A,TID,2026-2,2026-1,true", "end_wave must be a later wave than start_wave"),
    ):
        (folder / "trials.csv").write_text(f"{head}{row}\n")

        assert said in run(folder, "one.csv", trials="trials.csv").output.replace("\n", " ")


def test_the_attacker_passes_a_release_and_stops_at_a_changed_one(folder: Path) -> None:
    run(folder, "one.csv")
    file = folder / "r.json"

    fine = CliRunner().invoke(main, ["audit", str(file)])
    file.write_bytes(file.read_bytes().replace(b'"value":20', b'"value":25'))
    changed = CliRunner().invoke(main, ["audit", str(file)])

    assert fine.exit_code == 0
    assert changed.exit_code == 1


def test_a_release_that_leaks_is_named_by_its_rule(folder: Path) -> None:
    run(folder, "one.csv")
    made = decode((folder / "r.json").read_bytes())
    leaky = replace(
        made, cells=tuple(replace(c, value=43) if c.value == 40 else c for c in made.cells)
    )
    (folder / "r.json").write_bytes(encode(leaky))

    done = CliRunner().invoke(main, ["audit", str(folder / "r.json")])

    assert done.exit_code == 1
    assert "A7" in done.output


# --- the page of text beside it ------------------------------------------------------------------


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, planted) -> tuple[str, bytes]:
    """The page of two waves in Danish, and the release it was made from."""
    folder = filled(tmp_path_factory.mktemp("told"), planted)
    done = run(folder, "one.csv", "two.parquet", language="da")
    assert done.exit_code == 0, done.output
    return (folder / "r.txt").read_text("utf-8"), (folder / "r.json").read_bytes()


def test_a_page_of_text_lies_beside_the_release(told) -> None:
    page, release = told

    wave, earlier = decode(release).wave, decode(release).earlier
    assert page.startswith("Fjordlund Kommune")
    assert wave in page.splitlines()[0]
    assert earlier[-1] in page.splitlines()[1]
    order = ["Svar", "Så ofte lykkes det", "Det står i vejen", "Det skiller sig ud",
             "Det har ændret sig", "Det vises ikke", "Kontrollen"]  # fmt: skip
    lines = page.splitlines()
    assert [line for line in lines if line in order] == order
    assert len(lines) <= 100
    assert max(map(len, lines)) <= 100


def test_the_page_holds_no_number_that_the_release_does_not_display(told) -> None:
    page, release = told
    known = {int(one) for one in re.findall(r"\d+", release.decode())}
    # Tenths of a value, the scales of ten and a hundred, and a chance of one in so many.
    known |= {one // 10 for one in known} | {10, 100} | {round(100 / p) for p in known if p}

    plain = re.sub(r"(?<=\d)[.](?=\d{3})", "", page)  # 2.339 is one number
    strange = {int(one) for one in re.findall(r"\d+", plain)} - known

    units = len(decode(release).units)
    assert strange <= {units}


def test_the_page_speaks_as_the_report_may(told) -> None:
    page, release = told
    quoted = [unit.name for unit in decode(release).units]
    paragraphs = [" ".join(part.split()) for part in page.split("\n\n")]

    guard(Voice("da"), [Prose(text) for text in paragraphs], quoted=quoted)


@dataclass(frozen=True)
class Prose:
    text: str
    page: int = 1
    is_prose: bool = False


def test_hidden_units_are_named_once_and_nothing_is_said_of_them(told) -> None:
    page, _ = told

    [line] = [part for part in page.split("\n\n") if "F4" in part]
    assert line.startswith("Det vises ikke")
    assert "Vises ikke, så ingen kan genkendes." in line


def test_a_cut_that_was_left_out_for_the_check_is_told(told) -> None:
    page, release = told
    made = decode(release)
    dropped = replace(made, audit=replace(made.audit, dropped=("profession",)))
    said = "Tallene efter faggruppe er udeladt"

    assert said not in page
    assert said in insight.summary(dropped, earlier=(), voice=Voice("da"))


def test_the_page_has_its_own_name_and_language_where_asked(folder: Path) -> None:
    run(folder, "one.csv", summary="page.md", language="en")

    page = (folder / "page.md").read_text("utf-8")
    assert "What stands out" in page
    assert "Compared with" not in page
    assert not (folder / "r.txt").exists()


def test_the_page_is_never_written_over_the_release(folder: Path) -> None:
    done = run(folder, "one.csv", to="r.txt")

    assert done.exit_code == 1
    assert "--summary" in done.output
    assert not (folder / "r.txt").exists()


def test_the_same_files_give_the_same_bytes_in_any_order(folder: Path) -> None:
    names = ("one.csv", "two.parquet")
    run(folder, *names)
    first = [(folder / name).read_bytes() for name in ("r.json", "r.txt")]

    for name in names:
        read = pl.read_csv if name.endswith(".csv") else pl.read_parquet
        frame = read(folder / name, **({"separator": ";"} if name == "one.csv" else {}))
        mixed = frame.sample(fraction=1, shuffle=True, seed=5)
        mixed.write_parquet(folder / name)
    run(folder, *reversed(names))

    assert [(folder / name).read_bytes() for name in ("r.json", "r.txt")] == first


def test_progress_is_shown_where_it_is_asked_for_and_never_in_a_file(folder: Path) -> None:
    quiet = run(folder, "one.csv")
    shown = CliRunner().invoke(
        main,
        ["analyse", str(folder / "one.csv"), "--units", str(folder / "units.csv"), "--behaviours",
         str(folder / "behaviours_import.csv"), "--to", str(folder / "r.json"), "--progress"],
    )  # fmt: skip

    assert quiet.stderr == ""
    assert "2026-1" in shown.stderr
    assert shown.stdout == quiet.stdout


def test_danish_is_spoken_by_default(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "da_DK.UTF-8")

    assert "findes ikke" in run(folder, "gone.csv").output
