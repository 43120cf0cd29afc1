"""`kernepuls audit`: a release file in, what was tried and what could be derived out."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from msgspec.structs import replace

from analysis.findings import Release, encode, sealed
from survey.cli import main


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
