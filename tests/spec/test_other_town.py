"""A municipality that looks like no other: deep, of small teams, with other things planted.

Made by this file alone, written as files, and analysed by `kernepuls analyse` as anybody's.
"""

from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

from analysis.findings import Release, decode
from analysis.frames import BARRIERS
from survey.cli import main

CENTRES, DEPARTMENTS, TEAMS = 6, 6, 8
EVERYWHERE = 0.10
PLANTED = "VID"  # in every third department of every centre
HIGH = 0.55
WIDE = "TID"  # in all units alike
COMMON = 0.40


class Town(NamedTuple):
    """The release, and the people in the situation by team."""

    release: Release
    people: Counter[str]
    page: str
    file: Path


def departments() -> list[str]:
    return [f"c{c}d{d}" for c in range(CENTRES) for d in range(DEPARTMENTS)]


def planted() -> set[str]:
    return {code for code in departments() if int(code[-1]) % 3 == 0}


def drawn(seed: int) -> tuple[list[dict], list[dict], list[dict]]:
    """Units, behaviours and answers: teams of 3 to 17, seven in ten answer, not all in it."""
    rng = np.random.default_rng(seed)
    units = [{"unit": "top", "parent": None, "name": "Byen", "headcount": 0}]
    units += [
        {"unit": f"c{c}", "parent": "top", "name": f"Center {c}", "headcount": 0}
        for c in range(CENTRES)
    ]
    units += [
        {"unit": code, "parent": code[:2], "name": f"Afdeling {code}", "headcount": 0}
        for code in departments()
    ]
    answers = []
    for code in departments():
        for team in range(TEAMS):
            n = int(rng.integers(3, 18))
            unit = f"{code}t{team}"
            units.append({"unit": unit, "parent": code, "name": f"Hold {unit}", "headcount": n})
            answers += [answer(rng, unit) for _ in range(rng.binomial(n, 0.7))]
    behaviours = [
        {"behaviour": f"Ad{c}", "text": f"Vi ringer, nummer {c}.", "units": f"c{c}"}
        for c in range(CENTRES)
    ]
    return [{**unit, "valid_from": "2030-1"} for unit in units], behaviours, answers


def answer(rng: np.random.Generator, unit: str) -> dict:
    row = {"wave": "2030-1", "unit": unit, "behaviour": f"Ad{unit[1]}", "clarity": 4}
    if rng.random() < 0.1:
        return {**row, "situation": "no"}
    shares = dict.fromkeys(BARRIERS, EVERYWHERE) | {WIDE: COMMON}
    if unit[:4] in planted():
        shares[PLANTED] = HIGH
    lines = {f"b_{code.lower()}": 2 if rng.random() < p else 0 for code, p in shares.items()}
    return {**row, "situation": "once", "successes": int(rng.binomial(5, 0.6)), **lines}


def town(folder: Path, seed: int) -> Town:
    names = ("units.csv", "behaviours.csv", "answers.csv")
    for name, rows in zip(names, drawn(seed), strict=True):
        pl.DataFrame(rows, infer_schema_length=None).write_csv(folder / name)
    done = CliRunner().invoke(
        main,
        ["analyse", str(folder / "answers.csv"), "--units", str(folder / "units.csv"),
         "--behaviours", str(folder / "behaviours.csv"), "--to", str(folder / "r.json"),
         "--language", "da"],
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    people = Counter(row["unit"] for row in drawn(seed)[2] if row["situation"] == "once")
    file = folder / "r.json"
    return Town(decode(file.read_bytes()), people, file.with_suffix(".txt").read_text(), file)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Town:
    return town(tmp_path_factory.mktemp("town"), seed=41)


def marks(release: Release) -> set[tuple[str | None, str | None]]:
    return {(cell.unit, cell.item) for cell in release.cells if cell.marked}


def test_departments_with_something_planted_stand_out_and_the_others_do_not(made: Town) -> None:
    found = {unit for unit, item in marks(made.release) if item == PLANTED and len(str(unit)) == 4}

    assert found <= planted()
    # Where a third of all units are high, the reference is high too: one of twelve may fall short.
    assert len(found) >= len(planted()) - 1


def test_hardly_anything_else_stands_out(made: Town) -> None:
    false = {
        (unit, item)
        for unit, item in marks(made.release)
        if item != PLANTED or (len(str(unit)) > 2 and str(unit)[:4] not in planted())
    }

    # Some 190 shown units times nine barriers.
    assert len(false) <= 4


def test_what_sits_in_the_departments_is_placed_there(made: Town) -> None:
    verdicts = {one.barrier: one.verdict for one in made.release.levels if one.behaviour is None}

    assert verdicts[PLANTED] == "department"
    assert verdicts[WIDE] == "organisation"
    assert {verdicts[code] for code in BARRIERS if code not in (PLANTED, WIDE)} == {"small"}


def test_nothing_that_is_shown_leaves_a_remainder_of_one_to_four(made: Town) -> None:
    parents = {unit.unit: unit.parent for unit in made.release.units}
    cells = [cell for cell in made.release.cells if cell.measure == "barrier_share"]
    shown = {cell.unit for cell in cells if cell.status == "shown"}
    rest = Counter[str]()
    for team, n in made.people.items():
        at: str | None = team
        while at is not None and at not in shown:
            at = parents[at]
        rest[str(at)] += n

    assert all(n >= 5 for n in rest.values())
    assert {team for team, n in made.people.items() if n < 5}.isdisjoint(shown)


def test_displayed_intervals_hold_the_planted_shares(made: Town) -> None:
    cells = [
        cell
        for cell in made.release.cells
        if cell.measure == "barrier_share" and cell.low is not None and len(str(cell.unit)) == 4
    ]
    held = [
        cell.low / 100 <= share(str(cell.unit), str(cell.item)) <= cell.high / 100
        for cell in cells
        if cell.low is not None and cell.high is not None
    ]

    assert len(held) >= 100
    assert sum(held) >= 0.93 * len(held)


def share(department: str, barrier: str) -> float:
    if barrier == PLANTED and department in planted():
        return HIGH
    return COMMON if barrier == WIDE else EVERYWHERE


def test_the_attacker_finds_nothing_in_the_file(made: Town) -> None:
    done = CliRunner().invoke(main, ["audit", str(made.file)])

    assert done.exit_code == 0, done.output


def test_the_page_names_a_department_and_no_team_that_is_hidden(made: Town) -> None:
    shown = {
        cell.unit
        for cell in made.release.cells
        if cell.measure == "barrier_share" and cell.status == "shown"
    }
    before, heading, _ = made.page.partition("Det vises ikke")
    hidden = {unit.unit for unit in made.release.units} - shown

    assert heading
    assert any(f"({code})" in before for code in planted())
    assert not any(f"({code})" in before for code in hidden)
