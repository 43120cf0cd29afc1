"""What holds for every organisation, whatever its tree, its people and their answers."""

import csv
import json
from io import StringIO

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.findings import Release, encode
from analysis.release import release
from analysis.report.csv import release_csv
from survey.texts import Voice

SCOPE = {"behaviour": ["Ad1"], "text": ["Vi ringer."]}
SEEDS = st.integers(0, 10**6)
COLUMNS = ("svar", "værdi", "værdi til", "fra", "til", "grænse", "ord", "ord til", "skiller sig ud")
NUMBERS = ("display", "n", "n_band", "value", "value_to", "low", "high", "clip", "band", "band_to")


def town(seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Answers and a tree of up to five levels, some of its people attached above the leaves."""
    rng = np.random.default_rng(seed)
    size = int(rng.integers(2, 16))
    parents = [None, *(int(rng.integers(max(0, u - 6), u)) for u in range(1, size))]
    codes = [f"u{u:02d}" for u in range(size)]
    units = pl.DataFrame(
        {
            "unit": codes,
            "parent": [None if p is None else codes[p] for p in parents],
            "name": codes,
            "headcount": [40] * size,
            "valid_from": ["2026-1"] * size,
        }
    )
    rows = []
    for code in codes:
        share = rng.choice([0, 0.1, 0.4, 0.9, 1])
        for _ in range(int(rng.choice([0, 2, 4, 7, 12, 30])) or 6 * (code == "u00")):
            inside = rng.random() < 0.8
            rows.append(
                {
                    "wave": "2026-1",
                    "unit": code,
                    "behaviour": "Ad1",
                    "situation": "once" if inside else "not_my_work",
                    "safe_a": int(rng.integers(1, 6)),
                    "successes": int(rng.binomial(5, share)) if inside else None,
                    "b_tid": 2 * int(rng.random() < share) if inside else None,
                    "b_fag": int(rng.integers(0, 3)) if inside else None,
                }
            )
    types = dict.fromkeys(("safe_a", "successes", "b_tid", "b_fag"), pl.Int8)
    return pl.DataFrame(rows, schema_overrides=types), units


def released(answers: pl.DataFrame, units: pl.DataFrame) -> Release:
    scope = pl.DataFrame({**SCOPE, "units": [units["unit"][0]]})
    return release(answers, units, scope, wave="2026-1")


@given(SEEDS)
@settings(max_examples=15, deadline=None)
def test_the_order_of_the_rows_changes_no_byte(seed: int) -> None:
    answers, units = town(seed)

    shuffled = answers.sample(fraction=1, shuffle=True, seed=seed)

    assert encode(released(shuffled, units)) == encode(released(answers, units))


@given(SEEDS)
@settings(max_examples=15, deadline=None)
def test_other_codes_and_names_of_the_units_change_no_number(seed: int) -> None:
    answers, units = town(seed)
    renamed = units.with_columns(
        pl.col("unit", "parent").str.replace("u", "Østre 7"), name=pl.lit("Enhed")
    )

    one = released(answers, units)
    two = released(answers.with_columns(pl.col("unit").str.replace("u", "Østre 7")), renamed)

    assert [unsaid(cell) for cell in two.cells] == [unsaid(cell) for cell in one.cells]
    assert [level.verdict for level in two.levels] == [level.verdict for level in one.levels]
    assert two.audit == one.audit


def unsaid(cell: object) -> list[object]:
    """A cell without where it stands."""
    fields = ("measure", "item", "status", "N", "marked", "flags", *NUMBERS)
    return [getattr(cell, field) for field in fields]


@given(SEEDS)
@settings(max_examples=15, deadline=None)
def test_what_is_hidden_says_nothing_in_any_format(seed: int) -> None:
    made = released(*town(seed))
    hidden = [cell for cell in made.cells if cell.status == "hidden"]
    file = json.loads(encode(made))
    table = csv.DictReader(
        StringIO(release_csv(made, "u00", voice=Voice("da")).decode("utf-8-sig")), delimiter=";"
    )

    in_file = [cell for cell in file["cells"] if cell["status"] == "hidden"]
    in_table = [row for row in table if row["status"] == "hidden"]

    assert len(in_file) == len(hidden)
    assert not [key for cell in in_file for key in NUMBERS if cell[key] is not None]
    assert len(in_table) == len([cell for cell in hidden if cell.unit is not None])
    assert not [key for row in in_table for key in COLUMNS if row[key]]
