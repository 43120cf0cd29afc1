"""A second reading of the specification: every published number again, slowly, from raw answers.

Written apart from `analysis/`, in plain Python over lists of dictionaries. It shares no rule with
the program, only the files that go in and the release that comes out.
"""

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from itertools import combinations
from math import ceil, floor, log1p, sqrt
from random import Random
from statistics import NormalDist, stdev

import polars as pl
import pytest
from scipy.optimize import brentq
from scipy.stats import binom
from scipy.stats import t as student

from analysis.findings import Cell, Release
from analysis.release import release

Answer = dict[str, object]
ORDER = {"5-7": ["half_or_less", "over_half"], "8-19": ["few", "some", "nearly_all"]}
IN_S = ("several", "once")


class Wave:
    """The raw answers of one wave by unit, everything below counted, and its release."""

    def __init__(self, frame: pl.DataFrame, units: pl.DataFrame, made: Release) -> None:
        self.made = made
        self.parent = {
            row["unit"]: row["parent"]
            for row in units.iter_rows(named=True)
            if row["valid_from"] <= made.wave <= (row["valid_to"] or made.wave)
        }
        self.answers: dict[str | None, list[Answer]] = {unit: [] for unit in self.parent}
        self.scopes: dict[str, list[Answer]] = {b.behaviour: [] for b in made.behaviours}
        for answer in frame.iter_rows(named=True):
            self.scopes[answer["behaviour"]].append(answer)
            at = answer["unit"]
            while at is not None:
                self.answers[at].append(answer)
                at = self.parent[at]

    def base(self, cell: Cell) -> list[Answer]:
        rows = self.answers[cell.unit] if cell.unit else self.scopes[str(cell.behaviour)]
        if cell.base == "A":
            return rows
        return [
            row for row in rows
            if row["situation"] in IN_S and (cell.base == "S" or row["successes"] is not None)
        ]  # fmt: skip

    def is_leaf(self, unit: str | None) -> bool:
        return unit is not None and unit not in self.parent.values()


@pytest.fixture(scope="module")
def waves(four_waves, planted, fjordlund_units) -> list[Wave]:
    return [
        Wave(planted(w + 1, seed=11), fjordlund_units, made) for w, made in enumerate(four_waves)
    ]


def shown(wave: Wave, *measures: str) -> Iterator[Cell]:
    found = [
        c for c in wave.made.cells
        if c.status == "shown" and (not measures or c.measure in measures)
    ]  # fmt: skip
    assert found
    yield from found


def counted(cell: Cell) -> Callable[[Answer], bool]:
    """Who counts as k, by section 3.1."""
    item = cell.item or ""
    return {
        "barrier_share": lambda row: row[f"b_{item.lower()}"] == 2,
        "priority_share": lambda row: row["priority"] == item,
        "resolver_share": lambda row: row["resolver"] == item,
        "situation_share": lambda row: row["situation"] in IN_S,
        "citizen_share": lambda row: item in (row.get("citizen_1"), row.get("citizen_2")),
        "changed_share": lambda row: row["changed_by_citizen"] == "yes",
        "clarity_share": lambda row: row["clarity"] in (4, 5),
        "safe_share": lambda row: row[item] in (4, 5),
    }[cell.measure]


def total(cell: Cell, rows: Iterable[Answer]) -> int:
    if cell.measure == "behaviour_level":
        return sum(int(str(row["successes"])) for row in rows)
    return sum(map(counted(cell), rows))


# --- how a share is displayed (R4, 4.4) ----------------------------------------------------------


def steps(n: int) -> tuple[int, int]:
    """Step and lowest end; the highest is 100 less the lowest."""
    for most, step, end in ((39, 10, 10), (149, 5, 5), (299, 2, 4)):
        if n <= most:
            return step, end
    return 1, 4


def per_cent(share: Fraction, n: int) -> int:
    step, end = steps(n)
    return min(max(step * floor(100 * share / step + Fraction(1, 2)), end), 100 - end)


def band(k: int, n: int, per: int) -> str:
    if n < 8:
        return "half_or_less" if k <= per * n // 2 else "over_half"
    few = per * max(2, n // 4)
    if k <= few:
        return "few"
    return "nearly_all" if k >= per * n - few else "some"


def told_n(cell: Cell, n: int) -> bool:
    """Whether the people of a cell are told as 2.3 says."""
    if n < 20:
        return cell.n is None and cell.n_band == ("5-7" if n < 8 else "8-19")
    if cell.base != "A":
        return (cell.n, cell.n_band) == (n, None)
    width = 10 if cell.measure == "situation_share" else 5
    return (cell.n, cell.n_band) == (None, f"{n // width * width}-{n // width * width + width - 1}")


@pytest.mark.parametrize("at", range(4))
def test_every_share_and_level_is_the_formula_of_the_raw_answers(
    waves: list[Wave], at: int
) -> None:
    wave = waves[at]
    for cell in shown(wave):
        rows = wave.base(cell)
        n, k = len(rows), total(cell, rows)
        per = 5 if cell.measure == "behaviour_level" else 1

        assert n >= 5
        assert told_n(cell, n), cell
        if cell.display == "open":
            assert not wave.is_leaf(cell.unit)
        elif n < 20:
            names = ORDER[str(cell.n_band)]
            first = names.index(str(cell.band))
            last = first if cell.band_to is None else names.index(cell.band_to)
            assert first <= names.index(band(k, n, per)) <= last, cell
        else:
            v = per_cent(Fraction(k, per * n), n)
            low, high = ends_of(cell)
            assert low <= v <= high, cell


def ends_of(cell: Cell) -> tuple[int, int]:
    """The displayed per cents that a cell may stand for."""
    if cell.clip is not None:
        way, end = cell.clip.rsplit("_", 1)
        return (0, int(end)) if way == "at_most" else (int(end), 100)
    assert cell.value is not None
    return cell.value, cell.value if cell.value_to is None else cell.value_to


@pytest.mark.parametrize("at", range(4))
def test_a_unit_with_nothing_shown_below_is_never_joined(waves: list[Wave], at: int) -> None:
    for cell in shown(waves[at]):
        if waves[at].is_leaf(cell.unit):
            end = 0 if cell.clip is None else int(cell.clip.rsplit("_", 1)[1])

            assert (cell.value_to, cell.band_to) == (None, None)
            assert cell.clip is None or end in (x := steps(people(cell))[1], 100 - x)


def people(cell: Cell) -> int:
    """The people a reader knows of: n, or the first of its band."""
    return cell.n if cell.n is not None else int(str(cell.n_band).split("-", maxsplit=1)[0])


def test_most_numbers_are_told_without_joining(waves: list[Wave]) -> None:
    cells = list(shown(waves[0]))

    joined = [c for c in cells if c.value_to or c.band_to or c.display == "open"]

    assert 0 < len(joined) < 0.1 * len(cells)


# --- intervals (3.1, 3.2) ------------------------------------------------------------------------


def wilson(p: float, n: float, z: float = 1.959964) -> tuple[float, float]:
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)


def outwards(low: float, high: float, step: int) -> tuple[int, int]:
    return step * floor(low / step + 1e-9), step * ceil(high / step - 1e-9)


def kept_within(low: int, high: int) -> tuple[int, int]:
    return max(1, low), min(99, high)


@pytest.mark.parametrize("at", [0, 3])
def test_every_interval_is_that_of_the_displayed_value(waves: list[Wave], at: int) -> None:
    for cell in shown(waves[at]):
        if cell.value is None or cell.measure == "behaviour_level":
            assert cell.measure == "behaviour_level" or (cell.low, cell.high) == (None, None)
            continue
        n, (first, last) = people(cell), ends_of(cell)
        step = steps(len(waves[at].base(cell)))[0]

        low, high = 100 * wilson(first / 100, n)[0], 100 * wilson(last / 100, n)[1]

        assert (cell.low, cell.high) == kept_within(*outwards(low, high, step)), cell


def told_spread(rows: list[Answer]) -> int:
    """The standard deviation of a level, up to the next five points."""
    spread = stdev(20 * int(str(row["successes"])) for row in rows)
    return max(5, 5 * ceil(spread / 5 - 1e-9))


@pytest.mark.parametrize("at", [0, 3])
def test_every_interval_of_a_level_is_the_t_interval(waves: list[Wave], at: int) -> None:
    for cell in shown(waves[at], "behaviour_level"):
        if cell.value is None:
            continue
        rows, (first, last) = waves[at].base(cell), ends_of(cell)
        spread = told_spread(rows)
        half = student.ppf(0.975, len(rows) - 1) * spread / sqrt(len(rows))

        ends = outwards(first - half, last + half, steps(len(rows))[0])

        assert (cell.low, cell.high) == kept_within(*ends)
        assert ("polarised" in (cell.flags or ())) == (spread >= 45)


# --- marks (3.5) ---------------------------------------------------------------------------------


def quantile(values: list[float], q: float) -> float:
    ordered = sorted(values)
    at = q * (len(ordered) - 1)
    below = floor(at)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (at - below) * (ordered[above] - ordered[below])


def rejected_up_to(p: list[float], q: float) -> float:
    """Benjamini-Hochberg: the largest p that is rejected, -1 without one."""
    ordered = sorted(p)
    kept = [x for i, x in enumerate(ordered, start=1) if x <= q * i / len(ordered)]
    return kept[-1] if kept else -1.0


@pytest.mark.parametrize("at", [0, 2])
def test_every_mark_is_the_one_of_the_specification(waves: list[Wave], at: int) -> None:
    wave = waves[at]
    cells = list(shown(wave, "barrier_share"))
    count = {id(c): (total(c, rows), len(rows)) for c in cells for rows in [wave.base(c)]}
    reference = {item: _reference(wave, item) for item in {str(c.item) for c in cells}}
    family = [c for c in cells if c.unit != "FK" and count[id(c)][1] >= 8]
    tests = [
        binom.sf(_tested(*count[id(c)]) - 1, count[id(c)][1], reference[str(c.item)])
        for c in family
    ]
    cut = rejected_up_to(tests, 0.03)
    marked = 0

    for cell in cells:
        k, n = count[id(cell)]
        if cell.unit == "FK" or n < 8:
            assert cell.marked is None
            continue
        least = 35 if cell.item == "TID" else 25
        if n < 20:
            expected = k >= _k_star(n, reference[str(cell.item)], cut, least)
        else:
            lowest = ends_of(cell)[0] if cell.display != "open" else 0
            low, high = _counts_of(lowest, n)
            stands_out = binom.sf((low + high) // 2 - 1, n, reference[str(cell.item)]) <= cut
            expected = bool(stands_out) and max(lowest, steps(n)[1]) >= least
        assert cell.marked is expected, cell
        marked += expected
    assert marked


def _reference(wave: Wave, item: str) -> float:
    leaves = []
    for unit, rows in wave.answers.items():
        inside = [row for row in rows if row["situation"] in IN_S]
        if wave.is_leaf(unit) and len(inside) >= 5:
            leaves.append((sum(row[f"b_{item.lower()}"] == 2 for row in inside), len(inside)))
    limit = quantile([k / n for k, n in leaves], 0.85)
    ordinary = [(k, n) for k, n in leaves if k / n <= limit]
    return sum(k for k, _ in ordinary) / sum(n for _, n in ordinary)


def _counts_of(value: int, n: int) -> tuple[int, int]:
    """The counts told as a per cent; below the lowest end, those of the lowest class."""
    value = max(value, steps(n)[1])
    counts = [k for k in range(n + 1) if per_cent(Fraction(k, n), n) == value]
    return counts[0], counts[-1]


def _tested(k: int, n: int) -> int:
    """From twenty people the middle of the displayed class, before any joining."""
    if n < 20:
        return k
    low, high = _counts_of(per_cent(Fraction(k, n), n), n)
    return (low + high) // 2


def _k_star(n: int, reference: float, cut: float, least: int) -> int:
    """The first count that marks: each part of a band it splits holds two counts or more."""
    bands: dict[str, list[int]] = {}
    for k in range(n + 1):
        bands.setdefault(band(k, n, 1), []).append(k)
    middle = {name: (ks[0] + ks[-1]) // 2 for name, ks in bands.items()}
    for k in range(n + 1):
        stands_out = binom.sf(k - 1, n, reference) <= cut
        if stands_out and 100 * middle[band(k, n, 1)] >= least * n:
            for star in range(k, n + 1):
                parts = [[x for x in ks if (x >= star) is side]
                         for ks in bands.values() for side in (True, False)]  # fmt: skip
                if all(not p or (len(p) > 1 and p[-1] > 1 and p[0] < n - 1) for p in parts):
                    return star
            break
    return n + 1


# --- changes (3.6) -------------------------------------------------------------------------------


def nearest(now: Cell, then: Cell) -> tuple[float, float]:
    """The displayed per cents, of joined classes the ends nearest to each other."""
    (a, b), (c, d) = ((int(x.clip.rsplit("_", 1)[1]),) * 2 if x.clip else ends_of(x)
                      for x in (now, then))  # fmt: skip
    if a > d:
        return a / 100, d / 100
    if b < c:
        return b / 100, c / 100
    return max(a, c) / 100, max(a, c) / 100


def newcombe(p0: float, n0: int, p1: float, n1: int, z: float) -> tuple[float, float]:
    (l0, u0), (l1, u1) = wilson(p0, n0, z), wilson(p1, n1, z)
    d = p1 - p0
    return d - sqrt((p1 - l1) ** 2 + (u0 - p0) ** 2), d + sqrt((u1 - p1) ** 2 + (p0 - l0) ** 2)


def two_sided_p(p0: float, n0: int, p1: float, n1: int) -> float:
    if p0 == p1:
        return 1.0
    end = 0 if p1 > p0 else 1
    z = brentq(lambda z: newcombe(p0, n0, p1, n1, z)[end], 1e-9, 60)
    return 2 * (1 - NormalDist().cdf(z))


@pytest.mark.parametrize("at", [1, 2, 3])
def test_every_change_of_a_barrier_is_newcombes_of_the_displayed_values(
    waves: list[Wave], at: int
) -> None:
    wave, before = waves[at], waves[at - 1]
    tested: list[tuple[Cell, float]] = []
    for cell in shown(wave, "barrier_share"):
        change = cell.change
        if change is None or change.diff is None:
            continue
        then = before.made.cell(cell.unit, cell.measure, cell.item)
        assert then is not None
        p1, p0 = nearest(cell, then)
        n1, n0 = people(cell), people(then)
        low, high = newcombe(p0, n0, p1, n1, 1.959964)

        assert change.diff == round(100 * (p1 - p0))
        ends = outwards(100 * low, 100 * high, steps(min(n0, n1))[0])
        assert (change.low, change.high) == ends
        tested.append((cell, two_sided_p(p0, n0, p1, n1)))

    cut = rejected_up_to([p for cell, p in tested if cell.unit != "FK"], 0.10)
    for cell, p in tested:
        assert cell.change is not None
        kept = p < 0.05 and (cell.unit == "FK" or p <= cut)
        careful = "read_with_care" in (cell.flags or ())
        way = "up" if (cell.change.diff or 0) > 0 else "down"
        assert cell.change.verdict == (way if kept and not careful else "unclear"), (cell, p)


@pytest.mark.parametrize("at", [1, 2, 3])
def test_every_change_of_few_people_is_that_of_their_bands(waves: list[Wave], at: int) -> None:
    wave, before = waves[at], waves[at - 1]
    seen = 0
    for cell in shown(wave):
        then = before.made.cell(cell.unit, cell.measure, cell.item, behaviour=cell.behaviour)
        if then is None or {cell.n_band, then.n_band} != {"8-19"}:
            continue
        order = ORDER["8-19"]
        (now, now_to), (old, old_to) = (
            (order.index(x.band), order.index(x.band_to or x.band)) if x.band else (0, 2)
            for x in (cell, then)
        )

        expected = "rise" if now > old_to else "fall" if now_to < old else "same"

        assert cell.change is not None
        assert (cell.change.bands, cell.change.diff) == (expected, None)
        seen += 1
    assert seen


# --- what is hidden (4.3) ------------------------------------------------------------------------


def small_town(rng: Random) -> tuple[pl.DataFrame, pl.DataFrame, dict[str, str | None]]:
    """A tree of at most eight units and its answers, drawn."""
    units = ["K", *(f"U{i}" for i in range(rng.randint(2, 7)))]
    parent = {unit: None if i == 0 else units[rng.randrange(i)] for i, unit in enumerate(units)}
    rows = [
        {
            "wave": "2026-1",
            "unit": unit,
            "behaviour": "Ad1",
            "situation": rng.choice(["several", "several", "no"]),
            "successes": rng.choice([None, *range(6)]),
            "b_tid": rng.choice([0, 2]),
        }
        for unit in units
        for _ in range(rng.choice([0, 1, 3, 4, 6, 9] if unit != "K" else [1, 5]))
    ]
    for row in rows:
        if row["situation"] == "no":
            row["successes"] = row["b_tid"] = None
    schema = {"successes": pl.Int8, "b_tid": pl.Int8}
    answers = pl.DataFrame(rows, schema_overrides=schema)
    tree = pl.DataFrame(
        {"unit": units, "parent": [parent[u] for u in units], "name": units,
         "headcount": [9] * len(units), "valid_from": ["2026-1"] * len(units)}
    )  # fmt: skip
    return answers, tree, parent


def remainders(own: dict[str, int], parent: dict[str, str | None], chosen: set[str]) -> list[int]:
    left = dict.fromkeys(chosen, 0)
    for unit, n in own.items():
        at: str | None = unit
        while at is not None and at not in chosen:
            at = parent[at]
        if at is not None:
            left[at] += n
    return list(left.values())


def cheapest_sets(
    own: dict[str, int], parent: dict[str, str | None], may: set[str]
) -> set[frozenset[str]]:
    """By trying every set of units that may be shown: those that protect at the least price."""
    n = dict.fromkeys(own, 0)
    for unit, attached in own.items():
        at: str | None = unit
        while at is not None:
            n[at] += attached
            at = parent[at]
    best, sets = float("inf"), set[frozenset[str]]()
    wide = [unit for unit in own if n[unit] >= 5 and unit in may]
    for size in range(len(wide) + 1):
        for some in combinations(wide, size):
            if any(0 < rest < 5 for rest in remainders(own, parent, set(some))):
                continue
            price = sum(round(1000 * log1p(n[unit])) for unit in wide if unit not in some)
            if price <= best:
                sets = {frozenset(some)} if price < best else sets | {frozenset(some)}
                best = price
    return sets


@pytest.mark.parametrize("draws", [range(20), range(20, 40), range(40, 60)])
def test_what_is_hidden_on_a_small_tree_is_the_cheapest_that_protects(draws: range) -> None:
    scope = pl.DataFrame({"behaviour": ["Ad1"], "text": ["Vi ringer."], "units": ["K"]})
    for seed in draws:
        answers, tree, parent = small_town(Random(seed))

        made = release(answers, tree, scope, wave="2026-1")

        inside = answers.filter(pl.col("situation") != "no")
        bases = {
            "situation_share": answers,
            "barrier_share": inside,
            "behaviour_level": inside.drop_nulls("successes"),
        }
        may = set(parent)
        for measure, of_base in bases.items():
            own = {unit: sum(of_base["unit"] == unit) for unit in parent}
            chosen = {
                c.unit for c in made.cells if (c.measure, c.status) == (measure, "shown") and c.unit
            }
            assert chosen in cheapest_sets(own, parent, may), (seed, measure)
            if measure == "barrier_share":
                may = chosen  # the level is shown only where the barriers are
