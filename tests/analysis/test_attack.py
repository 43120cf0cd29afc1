"""The attacker of tables that are no tree, against worked examples and against plain counting."""

import numpy as np
import pytest

from analysis.attack import Contradiction, cell_intervals, smallest_group


def rows(*lines: str) -> np.ndarray:
    return np.array([[sign == "1" for sign in line] for line in lines])


def test_v15_four_people_between_fourteen_and_ten() -> None:
    found = smallest_group(rows("11", "10"), np.array([10, 14 - 10]))

    assert found == (1,)


def test_v15_three_sums_of_two_give_the_third() -> None:
    # A 6, B 3, C 7, D 9: (A+B) + (B+C) - (A+C) is twice B.
    found = smallest_group(rows("1100", "0110", "1010", "1111"), np.array([6, 3, 7, 9]))

    assert found == (1,)


def test_nobody_is_singled_out_by_two_sums() -> None:
    assert smallest_group(rows("1100", "0110", "1111"), np.array([6, 3, 7, 9])) is None


def test_the_smallest_of_several_groups_is_named() -> None:
    found = smallest_group(rows("1111", "1000", "0100", "0010"), np.array([4, 2, 3, 9]))

    assert found == (1,)


def test_a_group_of_cells_that_no_row_divides_is_one() -> None:
    # Two cells of one and two people that are always published together.
    found = smallest_group(rows("111", "100"), np.array([9, 1, 2]))

    assert found == (1, 2)


def test_cells_without_people_protect_nobody() -> None:
    assert smallest_group(rows("11", "01"), np.array([3, 0])) == (0,)


@pytest.mark.parametrize("n", [[0, 0], [5, 5]])
def test_where_nobody_is_few_there_is_nothing_to_find(n: list[int]) -> None:
    assert smallest_group(rows("11", "01"), np.array(n)) is None


def test_people_whom_no_row_counts_are_not_derived() -> None:
    assert smallest_group(rows("10"), np.array([9, 2])) is None


def test_v14_the_interval_of_a_hidden_cell() -> None:
    table = np.array([[20, 50, 10], [8, 19, 22], [17, 32, 12]])
    cells = np.arange(9).reshape(3, 3)
    hidden = {cells[1, 0], cells[1, 2], cells[2, 0], cells[2, 2]}
    groups = [*cells, *cells.T, *([c] for c in range(9) if c not in hidden)]
    shown = np.array([np.isin(np.arange(9), group) for group in groups])
    total = shown @ table.ravel()

    low, high = cell_intervals(shown, total, total, np.full(9, table.sum()))

    assert (low[5], high[5]) == (5, 30)
    assert low[0] == high[0] == 20


def test_the_interval_of_a_union_of_cells() -> None:
    low, high = cell_intervals(
        rows("110", "011"), np.array([4, 5]), np.array([4, 6]), np.array([3, 3, 3]),
        of=rows("101", "111"),
    )  # fmt: skip

    # x = 4 - y and z = 5 - y or 6 - y, with y 2 or 3: x + z is 9 - 2y or 10 - 2y, all is 4 + z.
    assert low.tolist() == [9 - 2 * 3, 4 + 5 - 3]
    assert high.tolist() == [9 - 2 * 2, 4 + 5 - 2]


def test_values_that_no_answers_give_are_no_release() -> None:
    with pytest.raises(Contradiction):
        cell_intervals(rows("11"), np.array([9]), np.array([9]), np.array([4, 4]))
