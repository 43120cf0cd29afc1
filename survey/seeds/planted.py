"""The planted truth of Fjordlund: what holds in each unit and wave before anybody answers.

It reads the tables of `survey/seeds/fjordlund/` as their README says, and draws nothing.
"""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from survey.settings import SEEDS
from survey.texts import content

FOLDER = SEEDS / "fjordlund"
BARRIERS: tuple[str, ...] = tuple(entry["code"] for entry in content("barriers")["barriers"])
STALLING = frozenset({"SILO", "OKO", "VID", "FAG", "REGL"})  # show_if of the item `stall`
ROOT = "FK"
MIN_PART = 10  # invited people in a part that the stall question names, measurement.md 1


def table(name: str) -> list[dict[str, str]]:
    """The rows of one table of Fjordlund, as text."""
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@dataclass(frozen=True, slots=True)
class Line:
    """One barrier line among those in the situation; shares 0-1."""

    high: float
    some: float
    unknown: float


@dataclass(frozen=True, slots=True)
class Truth:
    """What is true in one unit in one wave. Shares are 0-1, `level` is the mean share of five."""

    unit: str
    behaviour: str
    response: float
    p_situation: float
    level: float
    successes_unknown: float
    safe: tuple[float, float, float]  # means of safe_a, safe_b, safe_c on 1-5
    noticed: Mapping[str, float] | None  # None: no trial here since the last wave


class Planted:
    """The tables of Fjordlund, ready to be asked. Waves are counted from 0 inside."""

    def __init__(self) -> None:
        self.waves = [row["wave"] for row in table("waves")]
        # measure, key, unit or "*" -> one number per wave, null where the table is empty
        self._background: dict[tuple[str, str, str], list[float | None]] = {
            (row["measure"], row["key"], unit): [
                float(row[f"wave_{w}"]) if row[f"wave_{w}"] else None
                for w in range(1, len(self.waves) + 1)
            ]
            for row in table("background")
            for unit in row["units"].split(";")
        }
        self._units = table("units")
        self._trials = table("trials")
        self._scope = {row["unit"]: row for row in table("behaviours")}
        self._sheets = {row["unit"]: row["on_time"] == "true" for row in table("board_sheets")}
        self._barriers = {
            (row["unit"], row["profession"], row["barrier"]): row
            for row in table("planted_barriers")
        }
        self._stalls: dict[tuple[str, str, str], dict[str, float]] = {}
        for row in table("stalls"):
            key = (row["question"], row["unit"], row["barrier"])
            self._stalls.setdefault(key, {})[row["answer"]] = float(row["share"]) / 100

    @property
    def units(self) -> list[str]:
        """The units in a behaviour's scope, in the order of the tables."""
        return list(self._scope)

    def truth(self, unit: str, wave: str) -> Truth:
        """Raises KeyError for a unit in no behaviour's scope or a wave that is not planted."""
        w = self.waves.index(wave)
        row = self._scope[unit]
        shift = self.background("level_shift_of_respondents", row["behaviour"], unit, w) or 0
        mean = self._needed("safe_mean", "a b c", unit, w)
        own = self.background("safe_item", "c", unit, w)
        return Truth(
            unit=unit,
            behaviour=row["behaviour"],
            response=self._response(row, w),
            p_situation=float(row["p_situation"]),
            level=(float(row[f"level_{w + 1}"]) + shift) / 100,
            successes_unknown=self._needed("successes_unknown", "*", unit, w) / 100,
            safe=(mean, mean, mean if own is None else own),
            noticed=self.noticed(unit, wave),
        )

    def _response(self, row: Mapping[str, str], w: int) -> float:
        """`response_w` moved by what the unit saw of the wave before on its board."""
        planted = float(row[f"response_{w + 1}"])
        key = "board_sheet_on_time" if self._sheets[row["unit"]] else "no_board_sheet"
        return planted + (self.background("response_shift", key, row["unit"], w) or 0) / 100

    def line(self, unit: str, profession: str, barrier: str, wave: str) -> Line:
        """The barrier among people of a profession in a unit: planted, else the background."""
        w = self.waves.index(wave)
        unknown = self._needed("barrier_unknown", "*", unit, w) / 100
        for group in ("", profession, "others"):
            row = self._barriers.get((unit, group, barrier))
            if row is not None:
                high, some = float(row[f"high_{w + 1}"]), float(row[f"some_{w + 1}"])
                break
        else:
            high = self._needed("barrier_high", barrier, unit, w)
            some = self._needed("barrier_some", barrier, unit, w)
        return Line(high / 100, some / 100, unknown)

    def shares(self, measure: str, unit: str, wave: str) -> dict[str, float]:
        """Every key of a background measure with its share 0-1 in a unit."""
        w = self.waves.index(wave)
        keys = dict.fromkeys(key for measured, key, _ in self._background if measured == measure)
        return {key: self._needed(measure, key, unit, w) / 100 for key in keys}

    def background(self, measure: str, key: str, unit: str, w: int) -> float | None:
        """A number as the table has it; the row with the unit's own code wins over `*`."""
        for where in (unit, "*"):
            if (measure, key, where) in self._background:
                return self._background[measure, key, where][w]
        return None

    def _needed(self, measure: str, key: str, unit: str, w: int) -> float:
        found = self.background(measure, key, unit, w)
        if found is None:
            raise KeyError(measure, key, unit, w)
        return found

    def planted(self, question: str, unit: str) -> dict[str, dict[str, float]]:
        """Barrier -> answer -> share 0-1 of a question (stall, stall_how, resolver) in a unit."""
        return {
            barrier: shares
            for (asked, where, barrier), shares in self._stalls.items()
            if (asked, where) == (question, unit)
        }

    def trial(self, unit: str, wave: str) -> dict[str, str] | None:
        """The trial the unit is asked about: its own of the wave where it ends, by code.

        Units that joined when it was widened are asked one wave later.
        """
        w = self.waves.index(wave)
        before = self.waves[w - 1] if w else None
        for row in self._trials:
            if row["end_wave"] == wave and unit in row["units"].split(";"):
                return row
            if row["end_wave"] == before and unit in row["units_added_later"].split(";"):
                return row
        return None

    def noticed(self, unit: str, wave: str) -> dict[str, float] | None:
        trial = self.trial(unit, wave)
        if trial is None:
            return None
        keys = ("helps", "no_difference", "harder", "no")
        return {key: float(trial[f"noticed_{key}"]) / 100 for key in keys}

    def parents(self, wave: str) -> dict[str, str]:
        """Unit -> parent in a wave; the root has none."""
        return {
            row["unit"]: row["parent"]
            for row in self._units
            if row["parent"]
            and row["valid_from"] <= wave
            and (not row["valid_to"] or wave <= row["valid_to"])
        }

    def parts(self, wave: str, invited: Mapping[str, int]) -> "Parts":
        """The parts the stall question may name, with those who have too few invited left out."""
        return Parts(self.parents(wave), invited)


@cache
def fjordlund() -> Planted:
    """The tables as shipped, read once."""
    return Planted()


class Parts:
    """Parts of the organisation: the level below the centres, and centres without children."""

    def __init__(self, parents: Mapping[str, str], invited: Mapping[str, int]) -> None:
        self._parents = parents
        people: dict[str, int] = {}
        for unit, n in invited.items():
            part = self.of(unit)
            people[part] = people.get(part, 0) + n
        self.all = [part for part in sorted(people) if people[part] >= MIN_PART]

    def path(self, unit: str) -> list[str]:
        """From below the root down to the unit: centre, part, team."""
        found = [unit]
        while (above := self._parents.get(found[0], ROOT)) != ROOT:
            found.insert(0, above)
        return found

    def of(self, unit: str) -> str:
        return self.path(unit)[:2][-1]

    def others(self, unit: str) -> list[str]:
        """The other parts of the same centre; where it has none, those of the other centres."""
        elsewhere = [part for part in self.all if part != self.of(unit)]
        near = [part for part in elsewhere if self.path(part)[0] == self.path(unit)[0]]
        return near or elsewhere


def comments() -> Iterator[tuple[str, str, str]]:
    """Wave, unit and text of each comment of the list; both empty = anywhere."""
    for row in table("comments"):
        yield row["wave"], row["unit"], row["comment"]
