"""The randomisation test of a trial: exact, one-sided, and never surer than its units allow."""

from itertools import combinations
from math import inf

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from analysis import trial
from analysis.trial import DRAWS, Randomisation, attainable, randomised, verdict_of

# Ernst (2004): seven units, the first and the seventh tried.
SEVEN = np.array([15, 15, 20, 20, 10, 15, 30], dtype=float)
FIRST_AND_LAST = np.array([True, False, False, False, False, False, True])
# Efron and Tibshirani (1993): survival of mice in days, seven treated and nine not.
MICE = np.array([94, 197, 16, 38, 99, 141, 23, 52, 104, 146, 10, 51, 30, 40, 27, 46], dtype=float)
TREATED = np.arange(16) < 7


@st.composite
def moves(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Moves in steps of five with many ties, and which of the units tried."""
    size = draw(st.integers(2, 9))
    d = draw(st.lists(st.integers(-8, 8), min_size=size, max_size=size))
    tried = draw(st.sets(st.integers(0, size - 1), min_size=1, max_size=size - 1))
    return 5.0 * np.array(d), np.isin(np.arange(size), sorted(tried))


def difference(x: np.ndarray, y: np.ndarray, axis: int = -1) -> np.ndarray:
    return np.mean(x, axis=axis) - np.mean(y, axis=axis)


def oracle(d: np.ndarray, tried: np.ndarray, side: str) -> float:
    result = stats.permutation_test(
        (d[tried], d[~tried]), difference, vectorized=True, n_resamples=np.inf, alternative=side
    )
    return float(result.pvalue)


# --- the test ------------------------------------------------------------------------------------


def test_the_seven_units_of_ernst() -> None:
    found = randomised(SEVEN, FIRST_AND_LAST)

    assert (found.est, found.moved) == (6.5, (15 + 30) / 2)
    assert found.p == pytest.approx(5 / 21)
    assert found.p_smallest == pytest.approx(1 / 21)


def test_the_seven_units_of_ernst_two_sided() -> None:
    size = abs(randomised(SEVEN, FIRST_AND_LAST).est)

    every = [np.isin(np.arange(7), pair) for pair in combinations(range(7), 2)]
    as_far = sum(abs(randomised(SEVEN, one).est) >= size - 1e-9 for one in every)

    assert (as_far, len(every)) == (8, 21)


def test_the_mice_of_efron_and_tibshirani() -> None:
    found = randomised(MICE, TREATED)

    assert found.est == pytest.approx(30.635, abs=5e-4)
    assert found.p == pytest.approx(0.140997, abs=5e-7)


@given(moves())
def test_both_tails_are_those_of_scipy(given_moves: tuple[np.ndarray, np.ndarray]) -> None:
    d, tried = given_moves
    assume(2 <= tried.sum() <= len(d) - 2)  # scipy wants two units on each side

    found = randomised(d, tried)

    assert found.p == pytest.approx(oracle(d, tried, "greater"))
    assert found.p_bad == pytest.approx(oracle(d, tried, "less"))


@given(moves())
def test_worse_is_the_mirror_of_better(given_moves: tuple[np.ndarray, np.ndarray]) -> None:
    d, tried = given_moves

    found, mirrored = randomised(d, tried), randomised(-d, tried)

    assert (found.est, found.p, found.p_bad) == pytest.approx(
        (-mirrored.est, mirrored.p_bad, mirrored.p)
    )
    assert (found.low, found.high) == pytest.approx((-mirrored.high, -mirrored.low))


@given(moves(), st.randoms())
def test_the_order_of_the_units_changes_nothing(
    given_moves: tuple[np.ndarray, np.ndarray], random
) -> None:
    d, tried = given_moves
    order = random.sample(range(len(d)), len(d))

    found, shuffled = randomised(d, tried), randomised(d[order], tried[order])

    assert (found.p, found.p_bad) == (shuffled.p, shuffled.p_bad)
    assert (found.est, found.low, found.high) == pytest.approx(
        (shuffled.est, shuffled.low, shuffled.high)
    )


@given(moves())
def test_the_interval_leaves_out_what_the_test_rejects(
    given_moves: tuple[np.ndarray, np.ndarray],
) -> None:
    d, tried = given_moves
    found = randomised(d, tried)

    for effect in (-40.5, -12.25, 0.5, 7.75, 33.25):
        less = randomised(d - effect * tried, tried)
        assert (effect < found.low) == (less.p <= 0.10)
        assert (effect > found.high) == (less.p_bad <= 0.10)


def test_too_few_units_reject_no_difference_at_all() -> None:
    found = randomised(np.array([500.0, 0, 0, 0]), np.array([True, False, False, False]))

    assert (found.low, found.high) == (-inf, inf)


def test_ties_count_against_the_trial() -> None:
    found = randomised(np.array([5.0, 5, 0, 0]), np.array([True, False, False, False]))

    assert found.p == 2 / 4


def test_rounding_breaks_no_tie() -> None:
    d = np.array([0.1, 0.2, 0.3, 0.0])

    found = randomised(d, np.array([True, True, False, False]))

    # .1 + .2 is as much as .3 + 0, whatever floating point says.
    assert found.p == 4 / 6


def test_above_200_000_assignments_p_is_drawn_and_never_0() -> None:
    d = np.concatenate([np.full(10, 100.0), np.zeros(12)])

    found = randomised(d, np.arange(22) < 10, seed=3)

    assert found.p == 1 / (1 + DRAWS)
    assert found.p_bad == 1
    assert found.low == pytest.approx(100.0)


def test_a_drawn_p_is_close_to_the_exact_one(monkeypatch: pytest.MonkeyPatch) -> None:
    exact = randomised(MICE, TREATED)
    monkeypatch.setattr(trial, "EXACT_UP_TO", 100)

    drawn = randomised(MICE, TREATED, seed=5)

    # Four standard errors of a share among 9,999 draws.
    assert abs(drawn.p - exact.p) < 4 * (exact.p * (1 - exact.p) / DRAWS) ** 0.5
    assert abs(drawn.low - exact.low) < 2
    assert drawn == randomised(MICE, TREATED, seed=5)
    assert drawn.p != randomised(MICE, TREATED, seed=6).p


@pytest.mark.parametrize("tried", [[False, False], [True, True]])
def test_one_side_alone_is_no_comparison(tried: list[bool]) -> None:
    with pytest.raises(ValueError, match="one that did not"):
        randomised(np.zeros(2), np.array(tried))


# --- what can be reached -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tried", "compared", "smallest"),
    [(1, 3, 0.25), (1, 4, 0.20), (1, 9, 0.10), (1, 19, 0.05), (2, 4, 0.0667), (2, 8, 0.0222),
     (3, 6, 0.0119), (4, 4, 0.0143), (8, 0, 1), (0, 5, 1)],
)  # fmt: skip
def test_the_smallest_p_is_known_before_the_start(
    tried: int, compared: int, smallest: float
) -> None:
    assert attainable(tried, compared) == pytest.approx(smallest, abs=5e-5)


# --- the verdict ---------------------------------------------------------------------------------


def seen(est: float, p: float, p_bad: float, p_smallest: float, moved: float = 30) -> Randomisation:
    return Randomisation(est, p, p_bad, p_smallest, -inf, inf, moved)


VERDICTS = {
    "nobody is shown": (None, "too_few"),
    "better, and hardly by chance": (seen(5, 0.10, 1, 0.01), "moved_here"),
    "better, but chance gives as much": (seen(30, 0.11, 1, 0.01), "not_seen"),
    "worse, and hardly by chance": (seen(-5, 1, 0.10, 0.01), "worse"),
    "worse, but chance gives as much": (seen(-30, 1, 0.11, 0.01), "not_seen"),
    "the most that four units can show": (seen(15, 0.25, 1, 0.25), "suggests"),
    "not the most of the four": (seen(30, 0.50, 0.75, 0.25), "not_seen"),
    "no more than by itself and a step": (seen(14, 0.25, 1, 0.25), "not_seen"),
    "the tried moved more than ten points": (seen(30, 0.25, 1, 0.25, 11), "suggests"),
    "the difference is what the others did": (seen(30, 0.25, 1, 0.25, 10), "not_seen"),
    "no difference at all": (seen(0, 0.05, 0.05, 0.05), "not_seen"),
}


@pytest.mark.parametrize(("test", "verdict"), VERDICTS.values(), ids=VERDICTS)
def test_the_first_that_holds_is_the_verdict(test: Randomisation | None, verdict: str) -> None:
    assert verdict_of(test, explained=10, step=5) == verdict


def test_an_expected_worsening_explains_nothing() -> None:
    found = seen(5, 0.25, 1, 0.25, moved=11)

    assert verdict_of(found, explained=-20, step=5) == "suggests"


@pytest.mark.parametrize(("moved", "verdict"), [(20, "not_seen"), (21, "suggests")])
def test_in_bands_the_tried_must_move_more_than_their_step(moved: float, verdict: str) -> None:
    found = seen(40, 0.25, 1, 0.25, moved=moved)

    assert verdict_of(found, explained=0, step=20) == verdict
