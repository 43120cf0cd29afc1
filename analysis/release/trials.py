"""What can be said of a trial action, from the displayed cells of two waves and nothing else.

Whoever holds the two releases can work all of it out again, so it tells nothing beyond them.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Final

import numpy as np
import polars as pl

from analysis.disclosure import BANDS_BELOW, classes_of, step_and_ends
from analysis.estimate import ROUNDING, Z95
from analysis.findings import Cell, Measure, TrialFinding, cell_key
from analysis.findings.released import CellKey
from analysis.frames import Tree
from analysis.release.counts import Wave
from analysis.release.past import Past, lineage
from analysis.release.proposals import PEOPLE_MIDDLE
from analysis.shrinkage import shrunken
from analysis.trial import Randomisation, randomised, verdict_of

Floats = np.typing.NDArray[np.float64]

FEW_STEP: Final = 20  # points: the step of a side with fewer than 20 people
LEVEL_PER: Final = 5  # successes one person can add


@dataclass(frozen=True)
class Trial:
    """A trial that ends in a wave, its units as places in the wave's tree.

    `compared` is None where the other leaves of the same behaviours stand for it.
    """

    code: str
    behaviour: str | None
    barrier: str | None
    tried: tuple[int, ...]
    compared: tuple[int, ...] | None
    start: str
    is_randomised: bool

    @property
    def measure(self) -> Measure:
        return "behaviour_level" if self.barrier is None else "barrier_share"

    @property
    def good(self) -> int:
        """The sign of a move for the better: a level rises, a barrier falls."""
        return 1 if self.barrier is None else -1


@dataclass(frozen=True)
class _Side:
    """Units on one side: displayed values before and after, in per cent, and people as displayed.

    `people` are those before that a value stands for, `known` the least there are in all, of the
    wave with fewer.
    """

    places: tuple[int, ...]
    before: Floats
    after: Floats
    people: Floats
    effective: Floats
    known: int

    @property
    def step(self) -> int:
        return FEW_STEP if self.known < BANDS_BELOW else step_and_ends(self.known)[0]

    @property
    def moves(self) -> Floats:
        return self.after - self.before

    def told(self, points: float) -> int:
        """Points on the step of this side, a half towards 0: never more than there is."""
        whole = ceil(abs(points) / self.step - 0.5 - ROUNDING)
        return self.step * whole if points > 0 else -self.step * whole


def trials_in(trials: pl.DataFrame, of_wave: Wave, wave: str) -> list[Trial]:
    """The trials whose first wave after is `wave`, by code; units it does not have are left out.

    A unit that was renamed or moved whole since the trial began is found by its code then.
    """
    found = []
    rows = trials.filter(pl.col("end_wave") == wave).sort("trial")
    for row in rows.iter_rows(named=True):
        known = _known_as(of_wave, row["start_wave"])
        listed = row.get("comparison")
        found.append(
            Trial(
                row["trial"],
                row.get("behaviour"),
                row.get("barrier"),
                _places(row["units"], known),
                None if listed is None else _places(listed, known),
                row["start_wave"],
                row["randomised"],
            )
        )
    return found


def _known_as(wave: Wave, since: str) -> dict[str, int]:
    """The place of every unit by its code in wave `since`, and by its code now."""
    then = {}
    for u in range(len(wave.tree.codes)):
        kind, code = lineage(wave, u, since)
        if kind == "same":
            then[code] = u
    return {**then, **wave.tree.place}


def _places(listed: str, known: Mapping[str, int]) -> tuple[int, ...]:
    codes = (code.strip() for code in listed.split(";"))
    return tuple(sorted({known[code] for code in codes if code in known}))


def trials_of(
    trials: Sequence[Trial],
    cells: Iterable[Cell],
    of_wave: Wave,
    pasts: Sequence[Past],
    *,
    wave: str,
) -> tuple[TrialFinding, ...]:
    """One finding per trial whose last wave before is among the earlier releases.

        d_u = after - before,   est = mean(d | tried) - mean(d | compared)

    A displayed value is v, the middle of joined ones, a clip its end, a band the middle count of
    the middle number of people of its step (13 of 8-19, 6 of 5-7): the exact number below 20 is
    in no release. Left out is a unit hidden or open in either wave, one asked about something
    else than before, and one whose trend is broken (lineage, composition). Points are told where
    every side is known to have 20 people, weighted by people and on that side's step; all
    probabilities in whole per cent, rounded up.
    """
    now = {cell_key(cell): cell for cell in cells} if trials else {}
    before = {past.release.wave: past for past in pasts}
    return tuple(
        _finding(trial, _Waves(now, before[trial.start], of_wave), wave)
        for trial in trials
        if trial.start in before
    )


def _finding(trial: Trial, waves: "_Waves", wave: str) -> TrialFinding:
    tried = waves.side(trial, _outermost(waves.tree, trial.tried))
    compared = waves.side(trial, _compared(trial, waves.of_wave))
    test = _tested(trial, tried, compared, wave)
    drift = _drift(tried, compared)
    sides = [tried, compared] if compared.places else [tried]
    is_few = any(side.known < BANDS_BELOW for side in sides)
    told = test is not None and not is_few
    return TrialFinding(
        trial=trial.code,
        measure=trial.measure,
        item=trial.barrier,
        units=tuple(waves.tree.codes[u] for u in trial.tried),
        pre=trial.start,
        post=wave,
        tried_diff=tried.told(_weighted(tried)) if told else None,
        others_diff=compared.told(_weighted(compared)) if told else None,
        p=None if test is None else _per_cent_up(test.p),
        p_smallest=None if test is None else _per_cent_up(test.p_smallest),
        randomised=trial.is_randomised,
        expected_drift=None if drift is None or is_few else tried.told(drift),
        noticed=waves.now.get((None, None, "noticed_share", "helps", None, trial.code, None)),
        verdict=verdict_of(test, explained=trial.good * (drift or 0.0), step=tried.step),
        flags=(
            *(() if trial.is_randomised else ("not_randomised",)),
            *(() if compared.places else ("no_comparison",)),
            *(("few",) if is_few else ()),
        ),
    )


def _tested(trial: Trial, tried: _Side, compared: _Side, wave: str) -> Randomisation | None:
    """The test in the good direction; None where a side has nobody shown in both waves."""
    if not tried.places or not compared.places:
        return None
    name = f"{wave}/{trial.code}/{trial.barrier or ''}"
    seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
    places = np.array([*tried.places, *compared.places])
    moves = trial.good * np.concatenate([tried.moves, compared.moves])
    order = np.argsort(places)
    return randomised(moves[order], np.isin(places[order], tried.places), seed=seed)


def _drift(tried: _Side, compared: _Side) -> float | None:
    """The points that the tried are expected to move by themselves: back towards the others.

        mean over the tried of (1 - λ)(μ - v) = posterior mean - v

    μ and M from the displayed values before of the units they are compared with, so that no unit
    speaks for its own height. None without a unit on both sides.
    """
    if not tried.places or not compared.places:
        return None
    others = shrunken(compared.before / 100 * compared.effective, compared.effective)
    people, values = tried.effective, tried.before / 100
    expected = replace(others, y=values * people, n=people).mean
    return float(100 * (expected - values).mean())


def _weighted(side: _Side) -> float:
    return float(np.average(side.moves, weights=side.people))


def _per_cent_up(p: float) -> int:
    return ceil(100 * p - ROUNDING)


# --- who is compared -------------------------------------------------------------------------


def _compared(trial: Trial, wave: Wave) -> tuple[int, ...]:
    """The listed units, or the other leaves of the same behaviours; nobody of the tried."""
    tree, own = wave.tree, wave.scopes.own
    tried = {u for top in trial.tried for u in (*tree.above(top), top, *tree.below(top))}
    if trial.compared is not None:
        return _outermost(tree, tuple(u for u in trial.compared if u not in tried))
    ours = {int(own[v]) for top in trial.tried for v in (top, *tree.below(top))} - {-1}
    if trial.behaviour is not None:
        ours = {b for b, code in enumerate(wave.scopes.behaviours) if code == trial.behaviour}
    leaves = np.flatnonzero(tree.is_leaf & np.isin(own, sorted(ours))).tolist()
    return tuple(u for u in leaves if u not in tried)


def _outermost(tree: Tree, units: tuple[int, ...]) -> tuple[int, ...]:
    """The units without those that lie below another of them: nobody counts twice."""
    listed = set(units)
    return tuple(u for u in units if not listed.intersection(tree.above(u)))


# --- what is displayed -----------------------------------------------------------------------


@dataclass(frozen=True)
class _Waves:
    """The displayed cells of a wave and of the one a trial began after."""

    now: Mapping[CellKey, Cell]
    past: Past
    of_wave: Wave

    @property
    def tree(self) -> Tree:
        return self.of_wave.tree

    def side(self, trial: Trial, places: Iterable[int]) -> _Side:
        """The units of a side that have a displayed value in both waves."""
        shown: list[tuple[int, Cell, Cell]] = []
        for u in places:
            pair = self._pair(trial, u)
            if pair is not None and None not in (_middle(pair[0]), _middle(pair[1])):
                shown.append((u, *pair))
        before = np.array([_middle(then) for _, then, _ in shown], dtype=float)
        known = [
            sum(cell.least_people for cell in column)
            for column in zip(*((then, cell) for _, then, cell in shown), strict=True)
        ]
        return _Side(
            places=tuple(u for u, _, _ in shown),
            before=before,
            after=np.array([_middle(cell) for _, _, cell in shown], dtype=float),
            people=np.array([_people(then) for _, then, _ in shown], dtype=float),
            effective=np.array([_effective(then) for _, then, _ in shown], dtype=float),
            known=min(known, default=0),
        )

    def _pair(self, trial: Trial, u: int) -> tuple[Cell, Cell] | None:
        """The cells of a unit then and now, if they are of the same people and question."""
        key = (self.tree.codes[u], None, trial.measure, trial.barrier, None, None, None)
        cell = self.now.get(key)
        then = self.past.cell(u, cell) if cell is not None else None
        if cell is None or then is None or cell.behaviour != then.behaviour:
            return None
        if trial.behaviour not in (None, cell.behaviour):
            return None
        unbroken = self.past.origin[u][0] == "same" and u not in self.past.recomposed
        return (then, cell) if unbroken else None


def _middle(cell: Cell) -> float | None:
    """The middle of what is displayed, in per cent; None where nothing is."""
    if cell.clipped_at is not None:
        return cell.clipped_at
    if cell.value is not None:
        return (cell.value + (cell.value if cell.value_to is None else cell.value_to)) / 2
    if cell.band is None:
        return None
    classes = classes_of(_people(cell), LEVEL_PER if cell.base == "Y" else 1)
    first, last = classes.bands.index(cell.band), classes.bands.index(cell.band_to or cell.band)
    middle = (int(classes.low[first]) + int(classes.high[last])) / 2
    return 100 * middle / (classes.per * classes.n)


def _people(cell: Cell) -> int:
    """The people a displayed value stands for: n, or the middle of its step."""
    return cell.n if cell.n is not None else PEOPLE_MIDDLE[cell.n_band or ""]


def _effective(cell: Cell) -> float:
    """The people behind a share in the shrinkage; for a level p(1 - p)/(s²/n), at least n.

    The error of a level is read from its displayed interval; a clip or a band has none and counts
    as n people with the largest spread there is.
    """
    people = _people(cell)
    if cell.base != "Y" or cell.value is None or cell.low is None or cell.high is None:
        return people
    last = cell.value if cell.value_to is None else cell.value_to
    error = max(cell.value - cell.low, cell.high - last) / 100 / Z95
    p = (cell.value + last) / 200
    return max(people, p * (1 - p) / error**2)
