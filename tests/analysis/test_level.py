"""Where a barrier sits: variance components, the verdict and its errors (3.4)."""

import csv
from pathlib import Path

import numpy as np
import pytest
import statsmodels
from scipy import stats

from analysis.level import Seat, binomial, icc1, nested, one_way, support_of

PASTES = Path(statsmodels.__file__).parent / "regression/tests/results/pastes.csv"


def levels(centres: int, departments: int, teams: int) -> list[np.ndarray]:
    """Per level the unit of each team, in a tree where every unit has as many below it."""
    team = np.arange(centres * departments * teams)
    return [team // (departments * teams), team // teams, team]


def test_the_pastes_of_lme4_come_apart_as_published() -> None:  # V9
    with PASTES.open() as file:
        rows = list(csv.DictReader(file))
    casks = sorted({(row["batch"], row["cask"]) for row in rows})
    strength = [[float(r["strength"]) for r in rows if (r["batch"], r["cask"]) == c] for c in casks]
    batch = np.array([ord(batch) for batch, _ in casks])
    n = np.array([len(values) for values in strength])

    found = nested(n, [batch, np.arange(30)]).components(
        np.array([sum(values) for values in strength]),
        np.array([sum(value**2 for value in values) for values in strength]),
    )

    assert len(rows) == 60
    assert found == pytest.approx([1.657309, 8.433667, 0.678], abs=1e-6)


def test_the_components_are_what_is_expected_of_unbalanced_data() -> None:
    """E[T] by hand: Σ_u E[y_u²]/n_u, where two teams share what their units above share."""
    n = np.array([2, 3, 5, 7])
    centre, department, team = np.array([0, 0, 0, 1]), np.array([0, 0, 1, 2]), np.arange(4)
    mean, true = 0.4, [0.03, 0.02, 0.01, 0.2]  # of centre, department, team, person

    alike = sum(
        variance * (unit[:, None] == unit)
        for variance, unit in zip(true, (centre, department, team), strict=False)
    )
    product = np.outer(n, n) * (mean**2 + alike) + np.diag(n * true[3])
    per_level = [
        sum(product[np.ix_(unit == u, unit == u)].sum() / n[unit == u].sum() for u in set(unit))
        for unit in (np.zeros(4), centre, department, team)
    ]
    per_person = n.sum() * (mean**2 + sum(true))
    found = np.linalg.solve(
        nested(n, [centre, department, team]).differences, np.diff([*per_level, per_person])
    )

    assert found == pytest.approx(true)


def test_binary_teams_give_the_planted_components_on_average() -> None:  # V9
    random = np.random.default_rng(20)
    units = levels(6, 6, 5)
    truth = np.array([0.0047, 0.0041, 0.0113])
    found = []

    for _ in range(60):
        n = random.integers(3, 31, 180)
        share = 0.4 + sum(
            np.sqrt(variance) * random.standard_normal(unit.max() + 1)[unit]
            for variance, unit in zip(truth, units, strict=True)
        )
        y = random.binomial(n, share.clip(0, 1))
        found.append(nested(n, units).components(y)[:-1])

    assert np.mean(found, axis=0) == pytest.approx(truth, abs=0.0012)


def test_a_shorter_branch_repeats_its_team() -> None:
    """Centre 1 has no departments: its two teams stand at the level of departments, too."""
    n = np.array([8, 9, 10, 11, 12, 13])
    centre = np.array([0, 0, 0, 0, 1, 1])
    department = np.array([0, 0, 1, 1, 2, 3])

    teams = nested(n, [centre, department, np.arange(6)])

    assert [starts.tolist() for starts in teams.starts] == [[0, 4], [0, 2, 4, 5], [*range(6)]]
    assert teams.place == (0, 1, 2)


def test_every_level_between_counts_as_department() -> None:
    team = np.arange(16)
    n = np.full(16, 9)

    teams = nested(n, [team // 8, team // 4, team // 2, team])

    assert teams.place == (0, 1, 1, 2)
    assert teams.by_place(np.array([1, 2, 3, 4, 99])) == pytest.approx([1, 2 + 3, 4])


def test_levels_that_no_team_tells_apart_are_left_out() -> None:
    team = np.arange(6)
    n = np.full(6, 9)

    as_centres = nested(n, [team // 2, team // 2, team])
    as_teams = nested(n, [team // 2, team, team])
    all_centres = nested(n, [team, team, team])

    assert (as_centres.place, as_teams.place, all_centres.place) == ((0, 2), (0, 2), (0,))


def test_a_drawn_share_is_cut_to_none_and_all() -> None:
    teams = nested(np.full(12, 400), levels(3, 2, 2))
    variances = np.array([[-0.1], [0], [4]])

    drawn = teams.drawn(np.array([0.5]), variances, np.random.default_rng(1))

    assert drawn.shape == (12, 1, 300)
    assert (drawn == 0).mean() > 0.3
    assert (drawn == 400).mean() > 0.3


def test_a_draw_has_the_effects_of_each_level_and_the_binomial_on_top() -> None:
    """Two items side by side: all the spread between centres, and all of it between teams."""
    n, mean = 20, 0.5
    teams = nested(np.full(400, n), levels(20, 5, 4))
    variances = np.array([[0.01, 0], [0, 0], [0, 0.01]])

    drawn = teams.drawn(np.array([mean, mean]), variances, np.random.default_rng(6)) / n

    of_persons = (mean * (1 - mean) - 0.01) / n
    assert drawn.mean(axis=(0, 2)) == pytest.approx([mean, mean], abs=0.003)
    assert drawn.var(axis=(0, 2)) == pytest.approx([0.01 + of_persons] * 2, rel=0.03)
    in_one_centre = drawn[:20].mean(axis=0).var(axis=1)
    assert in_one_centre == pytest.approx(
        [0.01 + of_persons / 20, (0.01 + of_persons) / 20], rel=0.25
    )


@pytest.mark.parametrize("n", [1, 5, 12, 40, 255, 256, 900])
@pytest.mark.parametrize("share", [0.003, 0.14, 0.5, 0.97])
def test_the_drawn_counts_are_binomial(n: int, share: float) -> None:
    teams, draws = 40, 500
    shares = np.full((teams, 1, draws), share, dtype=np.float32)

    told = binomial(np.full(teams, n), shares, np.random.default_rng([n, int(1000 * share)]))

    variance = n * share * (1 - share)
    kurtosis = 1 / variance - 6 / n
    assert told.mean() == pytest.approx(n * share, abs=4 * np.sqrt(variance / told.size))
    assert told.var() == pytest.approx(variance, rel=4 * np.sqrt((kurtosis + 2.1) / told.size))
    found = np.bincount(told.ravel(), minlength=n + 1)
    expected = told.size * stats.binom.pmf(np.arange(n + 1), n, share)
    often = expected >= 20
    chi_square = stats.chisquare(
        [*found[often], found[~often].sum()],
        [*expected[often], expected[~often].sum() + 1e-9],  # none at all where all are often
        sum_check=False,
    )
    assert chi_square.pvalue > 0.001


def test_people_of_teams_that_differ_are_drawn_for_their_own_team() -> None:
    n = np.array([5, 300, 5, 9])
    share = np.array([0.0, 0.5, 1.0, 1.5], dtype=np.float32)[:, None, None]

    told = binomial(n, np.tile(share, (1, 2, 300)), np.random.default_rng(8))

    assert (told[0] == 0).all()
    assert told[1].mean() == pytest.approx(150, abs=2)
    assert (told[2] == 5).all()
    assert (told[3] == 9).all()


def test_two_barriers_with_the_same_counts_sit_in_the_same_place() -> None:
    y = np.array([100, 160, 140, 200, 120, 180, 130, 150, 160, 210, 90, 170])
    teams = nested(np.full(12, 255), levels(3, 2, 2))
    other = np.full(12, 30)

    support = support_of(teams, np.column_stack([y, other, y]), np.random.default_rng(2))
    first, _, again = support.seats([0.6, 0.1, 0.6])

    assert first == again


def told(y: list[int], n: int, *, prevalence: float) -> Seat:
    teams = nested(np.full(len(y), n), levels(3, 2, 2))
    random = np.random.default_rng(5)
    [found] = support_of(teams, np.array(y)[:, None], random).seats([prevalence])
    return found


def test_the_same_everywhere_is_the_organisation_or_small() -> None:
    high = told([160] * 12, 400, prevalence=0.25)
    low = told([60] * 12, 400, prevalence=0.2499)

    assert (high.verdict, low.verdict) == ("organisation", "small")
    assert high.spread_pp == {"centre": 0, "department": 0, "team": 0}
    assert high.support == {"organisation": 100, "centre": 0, "department": 0, "team": 0}


def test_teams_that_differ_are_told_as_teams() -> None:
    found = told([40, 280, 60, 300] * 3, 400, prevalence=0.4)

    assert found.verdict == "team"
    assert found.spread_pp["team"] > 30
    assert found.support["team"] == 100


def test_too_few_people_cannot_decide() -> None:
    found = told([1, 3, 2, 4, 1, 2, 3, 1, 2, 3, 4, 2], 6, prevalence=0.4)

    assert found.verdict == "undecided"
    assert max(found.support.values()) < 80


def test_support_is_told_in_tens_and_never_above_what_was_drawn() -> None:
    found = told([100, 160, 140, 200, 120, 180, 130, 150, 160, 210, 90, 170], 400, prevalence=0.4)

    assert {value % 10 for value in found.support.values()} == {0}
    assert 70 <= sum(found.support.values()) <= 100


def test_the_same_draw_gives_the_same_verdict() -> None:
    first = told([1, 3, 2, 4, 1, 2, 3, 1, 2, 3, 4, 2], 6, prevalence=0.4)

    assert first == told([1, 3, 2, 4, 1, 2, 3, 1, 2, 3, 4, 2], 6, prevalence=0.4)


def test_icc_from_the_published_mean_squares() -> None:  # V7; from its data in tests/spec
    msb, msw = 3.4590041, 0.7896461

    assert icc1(msb, msw, 7382 / 99) == pytest.approx(0.04336905, abs=5e-8)


def test_icc_of_unbalanced_answers_by_hand() -> None:
    answers = [[1, 0], [1, 1, 1, 0], [0, 0, 0]]
    n = np.array([2, 4, 3])
    y = np.array([1, 3, 0])

    msb, msw, k = one_way(n, y, y)

    grand = 4 / 9
    between = sum(len(unit) * (np.mean(unit) - grand) ** 2 for unit in answers)
    within = sum(sum((x - np.mean(unit)) ** 2 for x in unit) for unit in answers)
    assert (msb, msw) == pytest.approx((between / 2, within / 6))
    assert k == pytest.approx((9 - (4 + 16 + 9) / 9) / 2)


# --- how often the verdict is wrong ---------------------------------------------------------------

SD = 0.17  # the true spread, at one level
TREES = {400: (6, 3, 2), 1100: (6, 5, 3), 2200: (6, 6, 5), 9300: (8, 8, 12)}  # teams of 6-18
AT = ("organisation", "centre", "department", "team")


def verdicts(people: int, where: str, *, draws: int) -> tuple[float, float]:
    """The shares of verdicts that are right and wrong; the rest are undecided."""
    random = np.random.default_rng([people, AT.index(where)])
    units = levels(*TREES[people])
    found = []
    for _ in range(draws):
        n = random.integers(6, 19, len(units[0]))
        share = np.full(len(n), 0.4)
        if where != "organisation":
            unit = units[AT.index(where) - 1]
            share += SD * random.standard_normal(unit.max() + 1)[unit]
        y = random.binomial(n, share.clip(0, 1))
        teams = nested(n, units)
        [seat] = support_of(teams, y[:, None], random).seats([y.sum() / n.sum()])
        found.append(seat.verdict)
    right = np.mean([verdict == where for verdict in found])
    undecided = np.mean([verdict == "undecided" for verdict in found])
    return float(right), float(1 - right - undecided)


@pytest.mark.parametrize("where", AT)
def test_the_verdict_is_rarely_wrong(where: str) -> None:
    right, wrong = verdicts(1100, where, draws=120)

    assert wrong <= 0.07
    assert right >= 0.65


@pytest.mark.soak
@pytest.mark.parametrize("people", TREES)
@pytest.mark.parametrize("where", AT)
def test_the_verdict_is_rarely_wrong_in_the_long_run(people: int, where: str) -> None:
    right, wrong = verdicts(people, where, draws=300 if people < 9000 else 100)

    assert wrong <= (0.12 if people < 1100 else 0.07)
    assert right >= (0 if people < 1100 else 0.65)
