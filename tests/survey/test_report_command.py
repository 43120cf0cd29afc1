"""`kernepuls report` and `reports`: from a stored release to files on the table."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import page as checker
import pytest
from click.testing import CliRunner, Result

from analysis.findings import encode
from survey import engine, insight
from survey.cli import main
from survey.settings import Settings
from tests import cast
from tests.analysis.release_factory import release


@pytest.fixture
def installed(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Units, waves and one stored release, and the environment that points to them."""
    monkeypatch.setenv("KERNEPULS_DATA", str(settings.data))
    monkeypatch.setenv("LANG", "da_DK.UTF-8")
    monkeypatch.delenv("LC_ALL", raising=False)

    async def work() -> None:
        async with engine.opened(settings, migrate=True):
            await cast.enter(settings)
            await cast.plan_waves(*["released"] * 4)

    asyncio.run(work())
    folder = settings.data / "releases"
    folder.mkdir(exist_ok=True)
    (folder / "2026-4.json").write_bytes(encode(release()))
    return settings


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def test_a_unit_has_its_report_in_danish(installed: Settings, tmp_path: Path) -> None:
    target = tmp_path / "ud" / "c21.pdf"

    done = run("report", "C21", "--wave", "2026-4", "--to", str(target))

    assert done.exit_code == 0, done.output
    assert checker.is_pdf_compliant(target, profile="ua1")
    assert done.output == f"{target}: {target.stat().st_size // 1024} kB\n"


def test_it_tells_a_program_what_it_wrote(installed: Settings, tmp_path: Path) -> None:
    target = tmp_path / "c21.pdf"

    done = run("report", "C21", "--wave", "2026-4", "--to", str(target), "--json",
               "--language", "en")  # fmt: skip

    assert json.loads(done.output)["bytes"] == target.stat().st_size


def test_an_unknown_unit_or_wave_is_one_sentence(installed: Settings, tmp_path: Path) -> None:
    target = str(tmp_path / "x.pdf")

    unit = run("report", "X9", "--wave", "2026-4", "--to", target)
    wave = run("report", "C21", "--wave", "2031-1", "--to", target)

    assert (unit.exit_code, wave.exit_code) == (1, 1)
    assert "X9" in unit.output
    assert "2031-1" in wave.output
    assert not Path(target).exists()


def test_a_place_that_cannot_be_written_to_is_named(installed: Settings, tmp_path: Path) -> None:
    (tmp_path / "fil").write_text("")

    done = run("report", "C21", "--wave", "2026-4", "--to", str(tmp_path / "fil" / "c21.pdf"))

    assert done.exit_code == 1
    assert "--to" in done.output


def test_a_word_that_must_not_be_said_stops_the_report(installed: Settings, tmp_path: Path) -> None:
    given = asyncio.run(_facts(installed))

    with pytest.raises(insight.ReportStopped) as stopped:
        insight.report_file(installed, wave="2026-4", unit="C21", language="da", facts=given)

    assert stopped.value.facts["page"] == 1


async def _facts(settings: Settings) -> insight.Facts:
    async with engine.opened(settings):
        found = await insight.report_facts(settings, wave="2026-4", unit="C21", language="da")
    return replace(found, title="Bund 5")


def test_all_reports_are_made_once_and_kept(installed: Settings, tmp_path: Path) -> None:
    arguments = ("reports", "--wave", "2026-4", "--to", str(tmp_path / "alle"), "--json")

    first = json.loads(run(*arguments).output)
    (tmp_path / "alle" / "F4-2026-4.pdf").write_bytes(b"half a file")
    second = json.loads(run(*arguments).output)

    units = len(release().units)
    assert (first["made"], first["kept"]) == (units, 0)
    assert (second["made"], second["kept"]) == (1, units - 1)
