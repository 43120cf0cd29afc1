"""`kernepuls export release`: what is published, as a file for a spreadsheet."""

import asyncio
import csv
import json
from io import StringIO
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from analysis.report.reading import workbook_tables
from survey import engine
from survey.cli import main
from survey.settings import Settings
from tests import cast
from tests.analysis.release_factory import release


@pytest.fixture
def installed(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    monkeypatch.setenv("KERNEPULS_DATA", str(settings.data))
    monkeypatch.setenv("LANG", "da_DK.UTF-8")
    monkeypatch.delenv("LC_ALL", raising=False)
    monkeypatch.chdir(tmp_path)

    async def work() -> None:
        async with engine.opened(settings, migrate=True):
            await cast.enter(settings)
            await cast.plan_waves("draft", "draft", "draft", "released", "open")

    asyncio.run(work())
    cast.store_releases(settings, "2026-4")
    return settings


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["export", "release", *arguments])


def rows(file: Path) -> list[list[str]]:
    return list(csv.reader(StringIO(file.read_text("utf-8-sig")), delimiter=";"))


def test_every_cell_of_the_release_is_a_row(installed: Settings) -> None:
    done = run("2026-4")

    assert done.exit_code == 0, done.output
    assert len(rows(Path("2026-4.csv"))) == 1 + len(release().cells)
    assert done.output.startswith("2026-4.csv: ")


def test_a_workbook_of_a_unit_holds_it_and_those_below(installed: Settings) -> None:
    done = run("2026-4", "--unit", "C2", "--format", "xlsx", "--to", "ud.xlsx", "--json")

    numbers, _ = workbook_tables(Path("ud.xlsx").read_bytes())
    assert {row[1] for row in numbers[1:]} == {"C2", "C21", "C22", "C23"}
    assert json.loads(done.stdout) == {
        "wave": "2026-4",
        "unit": "C2",
        "file": "ud.xlsx",
        "bytes": Path("ud.xlsx").stat().st_size,
    }


def test_an_unknown_unit_an_unknown_wave_and_one_that_is_not_released_are_sentences(
    installed: Settings,
) -> None:
    results = [run("2026-4", "--unit", "XX"), run("2027-1"), run("2026-5")]

    assert [done.exit_code for done in results] == [1, 1, 1]
    assert "ikke frigivet endnu" in results[2].output
    assert list(Path().glob("*.csv")) == []


def test_a_file_that_cannot_be_written_is_told(installed: Settings) -> None:
    Path("fil").write_text("")

    done = run("2026-4", "--to", "fil/under.csv")

    assert done.exit_code == 1
    assert "kan ikke skrives" in done.output


def test_english_headings_for_those_who_ask(installed: Settings) -> None:
    run("2026-4", "--language", "en")

    assert rows(Path("2026-4.csv"))[0][:3] == ["wave", "unit", "name"]
