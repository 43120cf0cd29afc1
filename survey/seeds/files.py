"""Fjordlund as the files that `kernepuls analyse` reads, without a database.

    python -m survey.seeds.files FOLDER [SEED]

writes answers-2026-1.parquet ... answers-2026-4.parquet, units.csv, behaviours.csv, invited.csv
and trials.csv into FOLDER. Then:

    kernepuls analyse FOLDER/answers-*.parquet --units FOLDER/units.csv
        --behaviours FOLDER/behaviours.csv --invited FOLDER/invited.csv
        --trials FOLDER/trials.csv --to release.json
"""

import shutil
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path

import polars as pl

from survey.importing import professions
from survey.importing.mapping import STAFF
from survey.importing.reading import read
from survey.importing.staff import staff_list
from survey.organisation import Version, grow
from survey.seeds.drawn import Answer, Invitee, drawn_wave
from survey.seeds.planted import BARRIERS, FOLDER, fjordlund, table

SEED = 20260203
MIN_CONTEXT = 5  # invited people who share a context with a profession in it, trust.md 3
TRIALS = (
    "trial",
    "behaviour",
    "barrier",
    "units",
    "comparison",
    "start_wave",
    "end_wave",
    "randomised",
)

_NUMBERS = (
    "clarity",
    "successes",
    *(f"b_{code.lower()}" for code in BARRIERS),
    "safe_a",
    "safe_b",
    "safe_c",
)
_VALUES = {
    "situation": ("several", "once", "no", "not_my_work"),
    "priority": BARRIERS,
    "stall_how": (
        "wait",
        "different_answers",
        "passed_on",
        "may_not_share",
        "citizen_ties",
        "other",
    ),
    "resolver": ("unit", "two_units", "managers", "board", "council_law"),
    "citizen_1": ("faster", "fewer_people", "not_repeat", "knows_next", "more_say", "nothing"),
    "citizen_2": ("faster", "fewer_people", "not_repeat", "knows_next", "more_say", "nothing"),
    "changed_by_citizen": ("yes", "no", "dont_know"),
    "noticed": ("helps", "no_difference", "harder", "no"),
}


@cache
def roster() -> tuple[Invitee, ...]:
    """Who is invited in every wave: the people of the payroll file in a behaviour's scope."""
    first = fjordlund().waves[0]
    tree = grow(
        Version(
            code=row["unit"],
            parent=row["parent"] or None,
            name=row["name"],
            core_task=row["core_task"] or None,
            headcount=int(row["headcount"]),
            valid_from=row["valid_from"],
        )
        for row in table("units")
        if row["valid_from"] == first
    )
    payroll = read((FOLDER / "payroll_cp1252.csv").read_bytes(), STAFF)
    staff = staff_list(
        payroll,
        tree,
        as_of=payroll.extract_date or date.min,
        professions=professions.load(professions.SHIPPED),
    )
    scope = set(fjordlund().units)
    return tuple(
        sorted(Invitee(one.unit, one.profession) for one in staff.members if one.unit in scope)
    )


def answers_frame(
    drawn: Sequence[Answer | None], people: Sequence[Invitee], seed: int
) -> pl.DataFrame:
    """ANSWERS of measurement.md 2.1, shuffled: one row per person who answered."""
    alike = Counter(people)
    rows = [
        {**answer, "profession": person.profession if alike[person] >= MIN_CONTEXT else None}
        for answer, person in zip(drawn, people, strict=True)
        if answer is not None
    ]
    columns = [name for name in rows[0] if name != "comment"]
    types = {
        name: pl.Int8()
        if name in _NUMBERS
        else pl.Enum(_VALUES[name])
        if name in _VALUES
        else pl.String()
        for name in columns
    }
    frame = pl.DataFrame([{name: row[name] for name in columns} for row in rows], schema=types)
    return frame.sample(fraction=1, shuffle=True, seed=seed)


def invited_rows(people: Sequence[Invitee], waves: Sequence[str]) -> Iterable[Mapping[str, object]]:
    """INVITED of measurement.md 2.2: one row per wave, unit and profession."""
    for wave in waves:
        for person, n in sorted(Counter(people).items()):
            yield {"wave": wave, "unit": person.unit, "profession": person.profession, "n": n}


def write(folder: Path, seed: int = SEED) -> None:
    """Write everything `kernepuls analyse` needs; the same seed gives the same answers."""
    folder.mkdir(parents=True, exist_ok=True)
    people, waves = roster(), fjordlund().waves
    for wave in waves:
        frame = answers_frame(drawn_wave(seed, wave, people), people, seed)
        frame.write_parquet(folder / f"answers-{wave}.parquet")
    shutil.copyfile(FOLDER / "units.csv", folder / "units.csv")
    shutil.copyfile(FOLDER / "behaviours_import.csv", folder / "behaviours.csv")
    pl.DataFrame(list(invited_rows(people, waves))).write_csv(folder / "invited.csv")
    pl.DataFrame(
        [{name: row[name] or None for name in TRIALS} for row in table("trials")]
    ).write_csv(folder / "trials.csv")


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else SEED)
