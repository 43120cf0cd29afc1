"""Weights for who answered: the worked example, svy, and when they are not to be used."""

import numpy as np
import polars as pl
import pytest
import svy

from analysis.estimate import Z95, wilson_end
from analysis.weights import capped, design_effect, effective_people, raked, usable


def answered(*rows: tuple[str | None, str, int]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=["unit", "profession", "n"], orient="row")


def margin(column: str, **people: int) -> pl.DataFrame:
    return pl.DataFrame({column: list(people), "N": list(people.values())})


TABLE = answered(("A", "sosu", 30), ("A", "nurse", 10), ("B", "sosu", 20), ("B", "nurse", 40))
MARGINS = {
    "unit": margin("unit", A=60, B=40),
    "profession": margin("profession", sosu=45, nurse=55),
}


def test_two_units_and_two_professions() -> None:  # 3.11
    found = raked(TABLE, MARGINS)

    raked_n = (found["n"] * found["weight"]).to_list()
    assert raked_n == pytest.approx([36.688181, 23.311819, 8.311819, 31.688181], abs=1e-6)
    effect = found.select(design_effect(pl.col("weight"), pl.col("n"))).item()
    assert effect == pytest.approx(1.277693, abs=1e-6)
    assert usable(found)


def test_only_the_proportions_of_those_invited_count() -> None:
    tenfold = {
        "unit": margin("unit", A=600, B=400, C=900),  # nobody answered from C
        "profession": margin("profession", sosu=90, nurse=110),
    }

    assert raked(TABLE, tenfold)["weight"].to_list() == pytest.approx(
        raked(TABLE, MARGINS)["weight"].to_list()
    )


def test_weights_do_not_depend_on_the_order_of_rows() -> None:
    found = raked(TABLE.reverse(), MARGINS)

    assert found.reverse().equals(raked(TABLE, MARGINS))


@pytest.mark.parametrize("seed", range(5))
def test_raking_as_svy_has_it(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = [(u, p, int(rng.integers(20, 60))) for u in "ABCD" for p in ("sosu", "nurse", "other")]
    table = answered(*rows)
    invited = answered(*((u, p, n + int(rng.integers(0, 40))) for u, p, n in rows))
    margins = {
        column: invited.group_by(column, maintain_order=True).agg(N=pl.col("n").sum())
        for column in ("unit", "profession")
    }
    people = table.with_columns(base=pl.lit(1.0)).select(
        pl.col("unit", "profession", "base").repeat_by("n").explode()
    )
    total = table["n"].sum() / invited["n"].sum()
    controls = {
        column: {value: N * total for value, N in frame.iter_rows()}
        for column, frame in margins.items()
    }
    sample = svy.Sample(people, svy.Design(wgt="base"))
    theirs = sample.weighting.rake(controls=controls, tol=1e-12, max_iter=1000)
    expected = theirs.data.group_by("unit", "profession", maintain_order=True).agg(
        pl.col("rk_wgt").first()
    )

    found = raked(table, margins)

    assert found["weight"].to_list() == pytest.approx(expected["rk_wgt"].to_list(), rel=1e-6)


def test_nobody_counts_for_more_than_three() -> None:
    table = answered(("A", "sosu", 96), ("B", "sosu", 4))
    margins = {"unit": margin("unit", A=50, B=50), "profession": margin("profession", sosu=100)}

    found = raked(table, margins)

    # B would need 12.5. At 3 the others carry the rest.
    assert found["weight"].to_list() == pytest.approx([(100 - 4 * 3) / 96, 3])


@pytest.mark.parametrize(
    "table",
    [
        answered(("A", "sosu", 30), ("C", "sosu", 5)),  # nobody was invited there
        answered(("A", "sosu", 30), ("Z", "sosu", 5)),  # not in the margin
        answered(("A", "sosu", 30), (None, "sosu", 5)),  # not known where
    ],
)
def test_whoever_is_in_no_margin_leaves_no_weights(table: pl.DataFrame) -> None:
    margins = {"unit": margin("unit", A=60, C=0), "profession": margin("profession", sosu=60)}

    assert raked(table, margins) is None


def test_nobody_counts_for_less_than_three_tenths() -> None:
    table = answered(("A", "sosu", 50), ("B", "sosu", 50))
    margins = {"unit": margin("unit", A=10, B=90), "profession": margin("profession", sosu=100)}

    assert raked(table, margins)["weight"].to_list() == pytest.approx([0.3, 1.7])


def test_margins_that_contradict_each_other_leave_no_weights() -> None:
    # Everybody of A is a sosu and everybody of B a nurse: no weights give both margins.
    table = answered(("A", "sosu", 50), ("A", "nurse", 1), ("B", "nurse", 50))
    margins = {
        "unit": margin("unit", A=10, B=90),
        "profession": margin("profession", sosu=90, nurse=10),
    }

    assert raked(table, margins) is None


@pytest.mark.parametrize(("d", "is_usable"), [(0.7071, True), (0.7072, False)])
def test_weights_that_cost_more_than_half_are_dropped(d: float, is_usable: bool) -> None:
    # Half weigh 1 - d, half 1 + d: the design effect is 1 + d².
    table = pl.DataFrame({"n": [50, 50], "weight": [1 - d, 1 + d]})

    assert usable(table) == is_usable


def test_equal_weights_know_as_much_as_all_their_people() -> None:
    table = pl.DataFrame({"n": [30, 20], "weight": [2.0, 2.0]})
    people = effective_people(pl.col("weight"), pl.col("n"))

    assert table.select(people).item() == pytest.approx(50)
    assert table.select(design_effect(pl.col("weight"), pl.col("n"))).item() == pytest.approx(1)


def test_weights_widen_the_interval() -> None:
    found = raked(TABLE, MARGINS)

    people = found.select(effective_people(pl.col("weight"), pl.col("n"))).item()

    assert people == pytest.approx(100 / 1.277693, abs=1e-3)
    p = np.array([0.4])
    assert wilson_end(p, np.array([people]), Z95) < wilson_end(p, np.array([100.0]), Z95)


# --- nobody above 15 % of a cell -----------------------------------------------------------------


def part_of_largest(weight: np.ndarray, n: np.ndarray) -> float:
    return weight.max() / (weight * n).sum()


def test_a_cell_where_nobody_weighs_much_stays() -> None:
    weight, n = np.array([0.5, 1.5]), np.array([10.0, 10.0])

    assert capped(weight, n) is weight


def test_one_heavy_person_is_lowered_to_fifteen_per_cent() -> None:
    weight, n = np.array([0.3, 3.0]), np.array([19.0, 1.0])

    found = capped(weight, n)

    # 3 of 8.7 is 34 %. c = .15·(19·.3 + c)
    assert found == pytest.approx([0.3, 0.15 * 19 * 0.3 / 0.85])


def test_several_are_lowered_together() -> None:
    weight, n = np.array([3.0, 0.3, 2.0]), np.array([2.0, 8.0, 1.0])

    found = capped(weight, n)

    # Lowering the two alone would leave the third above: c = .15·(8·.3 + 3c)
    cap = 0.15 * 8 * 0.3 / (1 - 0.15 * 3)
    assert found == pytest.approx([cap, 0.3, cap])


@pytest.mark.parametrize("seed", range(20))
def test_the_cap_is_the_highest_that_holds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    weight, n = rng.uniform(0.3, 3, 5), rng.integers(1, 4, 5).astype(float)
    n[0] += 3

    found = capped(weight, n)

    if found is not weight:
        assert part_of_largest(found, n) == pytest.approx(0.15)
        assert found == pytest.approx(weight.clip(max=found.max()))


def test_of_six_people_somebody_is_always_above() -> None:
    assert capped(np.array([1.0]), np.array([6.0])) is None
    assert capped(np.array([1.0]), np.array([7.0])) == pytest.approx([1])
