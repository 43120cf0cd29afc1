"""`kernepuls audit`: a release file in, what was tried and what could be derived out."""

import json
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from msgspec.structs import replace

from analysis.findings import Release, encode, sealed
from analysis.report import Attached, pdf, release_csv, release_xlsx
from survey.cli import main
from survey.insight.auditing import units_named
from survey.texts import Voice


@pytest.fixture(autouse=True)
def _in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")


def audit(folder: Path, *releases: Release, options: tuple[str, ...] = ()) -> Result:
    """Audit the first release with the others as earlier ones."""
    arguments = ["audit", *options]
    for i, made in enumerate(releases):
        (folder / f"{i}.json").write_bytes(encode(made))
        arguments += (
            [str(folder / f"{i}.json")] if i == 0 else ["--earlier", str(folder / f"{i}.json")]
        )
    return CliRunner().invoke(main, arguments)


def leaking(made: Release) -> Release:
    """Two units more people in a part than its centre leaves for it."""
    [unit] = [
        c for c in made.cells if (c.unit, c.item, c.measure) == ("C2", "FAG", "barrier_share")
    ]
    return sealed(
        replace(
            made,
            cells=tuple(
                replace(c, value=c.value + 1) if c == unit and c.value else c for c in made.cells
            ),
        )
    )


def test_it_prints_a_line_for_each_rule_and_that_nothing_follows(four_waves, tmp_path) -> None:
    done = audit(tmp_path, four_waves[1], four_waves[0])

    lines = done.output.splitlines()
    assert done.exit_code == 0, done.output
    assert [line[:2] for line in lines[:-1]] == ["A1", "A2", "A3", "A4", "A5", "A6", "A7"]
    assert "2 releases" in lines[3]
    assert lines[-1] == "Nothing can be derived."


def test_it_speaks_danish_by_default(four_waves, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("LC_ALL", "da_DK.UTF-8")

    done = audit(tmp_path, four_waves[0])

    assert done.output.splitlines()[-1] == "Ingen kan udledes."
    assert "grupper i" in done.output


def test_a_leak_is_named_by_its_rule_and_codes_and_never_by_content(four_waves, tmp_path) -> None:
    done = audit(tmp_path, leaking(four_waves[0]))

    last = done.output.splitlines()[-1]
    assert done.exit_code == 1
    assert "Rule A7 is broken" in last
    assert "C2" in last
    assert "FAG" not in last
    assert "Nothing can be derived" not in done.output


def test_json_tells_the_same(four_waves, tmp_path) -> None:
    fine = json.loads(audit(tmp_path, four_waves[0], options=("--json",)).stdout)
    bad = audit(tmp_path, leaking(four_waves[0]), options=("--json",))

    assert [one["rule"] for one in fine["audits"]] == ["A1", "A2", "A3", "A4", "A6", "A7"]
    assert fine["leak"] is None
    assert json.loads(bad.stdout)["leak"] == {"rule": "A7", "size": None, "units": ["C2"]}
    assert bad.exit_code == 1


def test_a_leak_in_an_earlier_release_is_found(four_waves, tmp_path) -> None:
    done = audit(tmp_path, four_waves[1], leaking(four_waves[0]))

    assert done.exit_code == 1


def test_a_file_that_is_no_release_is_refused(four_waves, tmp_path) -> None:
    (tmp_path / "0.json").write_bytes(
        encode(four_waves[0]).replace(b'"value":20', b'"value":25', 1)
    )

    changed = CliRunner().invoke(main, ["audit", str(tmp_path / "0.json")])
    gone = CliRunner().invoke(main, ["audit", str(tmp_path / "gone.json")])

    assert (changed.exit_code, gone.exit_code) == (1, 1)
    assert "not a release that Kernepuls wrote" in changed.output
    assert "no file gone.json" in gone.output


# --- what was made of a release ------------------------------------------------------------------


def made_of(folder: Path, made: Release, *documents: tuple[str, bytes]) -> Result:
    """Audit a release beside documents that lie in a folder below the one that is named."""
    (folder / "release.json").write_bytes(encode(made))
    below = folder / "made" / "reports"
    below.mkdir(parents=True)
    for name, content in documents:
        (below / name).write_bytes(content)
    return CliRunner().invoke(
        main, ["audit", str(folder / "release.json"), "--documents", str(folder / "made"), "--json"]
    )


def told_of(made: Release, unit: str) -> str:
    """A per cent that the release tells of a unit."""
    values = [cell.value for cell in made.cells_of(unit) if cell.base == "S" and cell.value]
    return f"{values[0]} %"


def documents(made: Release, unit: str, said: str) -> list[tuple[str, bytes]]:
    """The table of a unit, a page and a file with the table inside."""
    table = release_csv(made, unit, voice=Voice("en"))
    name = f"{unit}-{made.wave}.csv"
    page = f'<a href="/waves/{made.wave}/units/{unit}/numbers.csv">CSV</a><p>{said}</p>'
    file = pdf(
        f'<html lang="da"><title>Tid</title><h1>Tid</h1><p>{said}</p></html>',
        {},
        created=date(2026, 11, 18),
        attachments=(Attached(name, table, "Tal"),),
    )
    book = release_xlsx(made, unit, voice=Voice("en"))
    return [("1.csv", table), ("2.html", page.encode()), ("3.pdf", file), ("4.xlsx", book),
            ("5.txt", b"57 %")]  # fmt: skip


def test_documents_that_say_what_the_release_says_pass(four_waves, tmp_path) -> None:
    made = four_waves[0]
    given = documents(made, "C21", told_of(made, "C21"))
    rows = len(given[0][1].splitlines()) - 1

    done = made_of(tmp_path, made, *given)

    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["documents"] == [
        {"file": "1.csv", "passed": True, "numbers": rows, "page": None},
        {"file": "2.html", "passed": True, "numbers": 1, "page": None},
        {"file": "3.pdf", "passed": True, "numbers": 1 + rows, "page": None},
        {"file": "4.xlsx", "passed": True, "numbers": rows, "page": None},
    ]


def test_a_document_about_several_units_is_read_as_about_each_of_them(four_waves) -> None:
    made = four_waves[0]

    assert units_named(made, "C21") == ("C21",)
    assert units_named(made, "C21-B14") == ("C21", "B14")
    assert units_named(made, "C21-X9") is None
    assert units_named(made, "") is None


@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_document_that_says_more_is_named_with_its_page_and_never_its_content(
    four_waves, tmp_path, which: int
) -> None:
    made = four_waves[0]
    given = documents(made, "C21", "57.3 % said so")
    given[0] = (given[0][0], given[0][1].replace(b";shown;", b";shown;1", 1))

    done = made_of(tmp_path, made, given[which])

    last = done.output.splitlines()[-1]
    name = given[which][0]
    assert done.exit_code == 1
    assert f"Rule A7 is broken: page 1 of {name} holds a number" in last
    assert "57" not in last
    assert json.loads(done.stdout)["documents"][0]["passed"] is False


def test_a_line_tells_each_document(four_waves, tmp_path) -> None:
    made = four_waves[0]
    (tmp_path / "0.json").write_bytes(encode(made))
    (tmp_path / "ok.html").write_text("<p>No number</p>")
    (tmp_path / "bad.html").write_text("<p>57.3 % said so</p>")
    arguments = [f"--documents={tmp_path / name}" for name in ("ok.html", "bad.html")]

    done = CliRunner().invoke(main, ["audit", str(tmp_path / "0.json"), *arguments])

    assert "A7  ok.html: 0 numbers, all of them told by the release" in done.output
    assert "A7  bad.html: Something can be derived" in done.output
    assert "Nothing can be derived" not in done.output


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [("torn.pdf", b"%PDF-1.7", "cannot be read"), ("torn.xlsx", b"PK", "cannot be read"),
     ("latin.csv", b"\xe6", "cannot be read"),
     ("notes.txt", b"57 %", "cannot be read"), ("gone.pdf", None, "no file gone.pdf")],
)  # fmt: skip
def test_what_cannot_be_read_is_named(four_waves, tmp_path, name, content, said) -> None:
    (tmp_path / "0.json").write_bytes(encode(four_waves[0]))
    if content is not None:
        (tmp_path / name).write_bytes(content)

    done = CliRunner().invoke(
        main, ["audit", str(tmp_path / "0.json"), "--documents", str(tmp_path / name)]
    )

    assert done.exit_code == 1
    assert said in done.output.splitlines()[-1]
