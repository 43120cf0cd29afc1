"""Fjordlund's files, and answers drawn from what is planted there, with seeds of our own."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import survey
from analysis.frames import ANSWERS, BARRIERS, RESOLVERS, Tree, read_table, tree_of
from analysis.release import release

SEED = Path(survey.__file__).parent / "seeds" / "fjordlund"
Planted = Callable[..., pl.DataFrame]


@pytest.fixture(scope="session")
def fjordlund_units() -> pl.DataFrame:
    return read_table((SEED / "units.csv").read_bytes(), "UNITS")


@pytest.fixture(scope="session")
def fjordlund_behaviours() -> pl.DataFrame:
    return read_table((SEED / "behaviours_import.csv").read_bytes(), "BEHAVIOURS")


@pytest.fixture(scope="session")
def planted(fjordlund_units: pl.DataFrame) -> Planted:
    """Answers of one wave: planted(2, seed=7) draws the second wave."""
    plan = pl.read_csv(SEED / "behaviours.csv").to_dicts()
    background = pl.read_csv(SEED / "background.csv", infer_schema=False).to_dicts()
    special = pl.read_csv(SEED / "planted_barriers.csv").to_dicts()

    @lru_cache(maxsize=16)
    def drawn(wave: int, *, seed: int) -> pl.DataFrame:
        rng = np.random.default_rng([seed, wave])
        tree = tree_of(fjordlund_units, f"2026-{wave}")
        parts = [
            _unit_answers(row, wave, tree, _shares(row["unit"], wave, background, special), rng)
            for row in plan
        ]
        return pl.concat(parts)

    return drawn


def _shares(unit: str, wave: int, background: list[dict], special: list[dict]) -> dict[str, float]:
    """P("I høj grad") per barrier: the unit's planted row, its own background, or everybody's."""
    shares = {}
    for everybody in (True, False):
        for row in background:
            here = row["units"] == "*" if everybody else unit in row["units"].split(";")
            if row["measure"] == "barrier_high" and here:
                shares[row["key"]] = float(row[f"wave_{wave}"]) / 100
    for row in special:
        if row["unit"] == unit and row["profession"] is None:
            shares[row["barrier"]] = row[f"high_{wave}"] / 100
    return shares


def _unit_answers(
    row: dict, wave: int, tree: Tree, shares: dict[str, float], rng: np.random.Generator
) -> pl.DataFrame:
    unit = row["unit"]
    people = int(tree.headcount[tree.place[unit]])
    n = 5 if unit == "F4" else rng.binomial(people, row[f"response_{wave}"])
    inside = np.arange(n) < 3 if unit == "F4" else rng.random(n) < row["p_situation"]
    columns = {
        "wave": [f"2026-{wave}"] * n,
        "unit": [unit] * n,
        "behaviour": [row["behaviour"]] * n,
        "situation": np.where(inside, "several", "no"),
        "successes": rng.binomial(5, row[f"level_{wave}"] / 100, n),
        **{
            f"b_{code.lower()}": np.where(rng.random(n) < shares[code], 2, rng.integers(0, 2, n))
            for code in BARRIERS
        },
        "priority": rng.choice(BARRIERS, n),
        "stall_1": rng.choice(["D1" if unit.startswith("E1") else "E1", "own"], n, p=[0.45, 0.55]),
        "stall_how": ["wait"] * n,
        "resolver": rng.choice(RESOLVERS, n),
        "clarity": rng.integers(1, 6, n),
        "citizen_1": rng.choice(["faster", "nothing"], n),
        "changed_by_citizen": rng.choice(["yes", "no"], n),
        **{f"safe_{x}": rng.integers(1, 6, n) for x in "abc"},
    }
    asked = [name for name in columns if name.startswith(("b_", "stall"))]
    asked += ["successes", "priority", "resolver"]
    # A2: most do not know how often it succeeded (trap X7).
    known = rng.random(n) < (0.3 if unit == "A2" else 1)
    frame = pl.DataFrame(columns).with_columns(
        pl.when(pl.Series(inside)).then(pl.col(asked)),
    )
    return frame.with_columns(pl.when(pl.Series(known)).then("successes").alias("successes")).cast(
        {name: ANSWERS[name] for name in columns}
    )


@pytest.fixture(scope="session")
def four_waves(planted, fjordlund_units, fjordlund_behaviours) -> list:
    """Fjordlund's four releases, each made with those before it."""
    made: list = []
    for wave in (1, 2, 3, 4):
        made.append(
            release(
                planted(wave, seed=11),
                fjordlund_units,
                fjordlund_behaviours,
                wave=f"2026-{wave}",
                earlier=made,
            )
        )
    return made
