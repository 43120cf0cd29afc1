"""Who is hidden, said in examples that anybody can read: names are units, numbers are people."""

import pytest

from analysis.disclosure import Node, shown_units


def centre(**teams: int) -> Node:
    """A centre without people of its own, and its teams."""
    return Node("centre", 0, tuple(Node(name, people) for name, people in teams.items()))


EXAMPLES = {
    "everyone is big enough": (centre(nord=9, syd=8, øst=5), {"centre", "nord", "syd", "øst"}),
    "a lone small team takes the next one with it": (
        centre(nord=9, syd=8, øst=4),
        {"centre", "nord"},
    ),
    "two small teams with five people cover each other": (
        centre(nord=9, vest=8, syd=4, øst=1),
        {"centre", "nord", "vest"},
    ),
    "with four they do not": (centre(nord=9, vest=8, syd=3, øst=1), {"centre", "nord"}),
    "a team where nobody was in the situation": (centre(nord=9, øst=0), {"centre", "nord"}),
    "fewer than five in all": (centre(nord=3, øst=1), set()),
}


@pytest.mark.parametrize(("tree", "readers_see"), EXAMPLES.values(), ids=EXAMPLES)
def test_small_teams_are_hidden(tree: Node, readers_see: set[str]) -> None:
    assert shown_units(tree) == readers_see


def test_a_small_team_deep_down_is_covered_by_its_own_department() -> None:
    small = Node("team", 3)
    department = Node("department", 0, (small, Node("sister", 6)))
    tree = Node("centre", 0, (department, Node("other", 20)))

    assert shown_units(tree) == {"centre", "department", "other"}


def test_people_attached_to_the_centre_itself_cover_a_small_team() -> None:
    tree = Node("centre", 2, (Node("nord", 9), Node("øst", 3)))

    assert shown_units(tree) == {"centre", "nord"}
