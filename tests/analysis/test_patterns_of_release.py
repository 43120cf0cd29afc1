"""The frozen pattern of a wave: which units and scopes each base shows, and its hash."""

import hashlib
import json
from collections.abc import Mapping

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from msgspec.structs import replace

from analysis.findings import Base, Cell, Release, Settings
from analysis.release.counts import Wave
from analysis.release.patterns import pattern_hash, patterns_of
from tests.analysis.release_factory import release
from tests.analysis.wave_factory import Tree, counted_wave

WAVE = "2026-2"
People = tuple[int, int, int]  # answered, of them in the situation, of them said how often
BASES: tuple[Base, ...] = ("A", "S", "Y")


def wave_of(
    tree: Tree, people: Mapping[str, People], scopes: Mapping[str, str], **moved: int
) -> Wave:
    """A wave with so many people attached to each unit itself.

    `scopes` is behaviour -> units; `moved` are how many answers about it stand at the root.
    """
    about = {unit: code for code, found in scopes.items() for unit in found.split(";")}

    def asked(unit: str) -> str:
        at: str | None = unit
        while at is not None and at not in about:
            at = tree[at]
        return about[at or ""]

    rows = [
        (unit, asked(unit), "once" if i < s else "no", 3 if i < y else None)
        for unit, (a, s, y) in people.items()
        for i in range(a)
    ]
    rows += [(next(iter(tree)), code, "once", 3) for code, n in moved.items() for _ in range(n)]
    answers = pl.DataFrame(
        [(WAVE, *row) for row in rows],
        schema=["wave", "unit", "behaviour", "situation", "successes"],
        schema_overrides={"successes": pl.Int8},
        orient="row",
    )
    return counted_wave(tree, scopes, answers, wave=WAVE)


def named(wave: Wave, patterns: Mapping[Base, np.ndarray]) -> dict[Base, list[str]]:
    """The shown units of each base by code, a whole scope by its behaviour."""
    places = wave.Y.unit[patterns["Y"]].tolist()
    about = wave.Y.behaviour[patterns["Y"]].tolist()
    return {
        **{
            base: [wave.tree.codes[u] for u in np.flatnonzero(patterns[base])]
            for base in BASES[:2]
        },
        "Y": [
            wave.tree.codes[u] if u >= 0 else wave.scopes.behaviours[b]
            for u, b in zip(places, about, strict=True)
        ],
    }  # fmt: skip


def shown(wave: Wave, previous: Release | None = None, **more: int) -> dict[Base, list[str]]:
    return named(wave, patterns_of(wave, Settings(**more), previous))


MEASURED = {
    "A": "situation_share", "S": "barrier_share", "Y": "behaviour_level", "trial": "noticed_share",
}  # fmt: skip


def told(base: str, *units: str | None, status: str = "shown") -> tuple[Cell, ...]:
    """Cells of a release that said so."""
    return tuple(
        Cell(unit=unit, behaviour=None, measure=MEASURED[base], item=None, base=base,  # type: ignore[arg-type]
             status=status, N=40)  # type: ignore[arg-type]
        for unit in units
    )  # fmt: skip


def before(*cells: Cell) -> Release:
    return replace(release("2026-1", first=True), cells=cells)


FLAT = {"K": None, "A": "K", "B": "K", "C": "K"}
DEEP = {"K": None, "A": "K", "A1": "A", "A11": "A1", "B": "K"}
ALL = {"Ad1": "K"}
HALVES = {"Ad1": "A", "Ad2": "B"}


# --- which units each base shows -----------------------------------------------------------------


def test_each_base_shows_the_units_with_enough_people_on_it() -> None:
    wave = wave_of(
        FLAT, {"K": (10, 10, 10), "A": (9, 9, 9), "B": (9, 9, 4), "C": (9, 4, 4)}, ALL
    )  # fmt: skip

    assert shown(wave) == {
        "A": ["K", "A", "B", "C"],
        "S": ["K", "A", "B"],
        "Y": ["Ad1", "K", "A"],
    }


def test_a_higher_minimum_holds_for_every_base_and_for_whole_scopes() -> None:
    tree = {"K": None, "A": "K", "B": "K"}
    wave = wave_of(tree, {"A": (10, 10, 10), "B": (9, 9, 9)}, HALVES, Ad1=9)

    assert shown(wave, min_n=9) == {
        "A": ["K", "A", "B"],
        "S": ["K", "A", "B"],
        "Y": ["Ad1", "A", "Ad2", "B"],
    }
    # Ten: B is not enough, and neither is the 9 that A leaves of the 19 in its scope.
    assert shown(wave, min_n=10) == {"A": ["K", "A"], "S": ["K", "A"], "Y": ["A"]}


def test_a_level_is_shown_only_where_the_barriers_are() -> None:
    # On base S one of the teams hides with the three of C; C said nothing of how often.
    wave = wave_of(FLAT, {"A": (8, 8, 8), "B": (9, 9, 9), "C": (3, 3, 0)}, ALL)

    patterns = shown(wave)

    assert patterns["S"] == ["K", "B"]
    assert patterns["Y"] == ["Ad1", "K", "B"]


@st.composite
def waves(draw: st.DrawFn) -> Wave:
    """Up to nine units under two behaviours, some people above and some moved up."""
    size = draw(st.integers(2, 9))
    parents = [0, 0, *(draw(st.integers(0, i - 1)) for i in range(3, size + 1))]
    tree: dict[str, str | None] = {"u0": None}
    tree |= {f"u{i + 1}": f"u{p}" for i, p in enumerate(parents)}
    people = {}
    for code in list(tree)[1:]:
        a = draw(st.integers(0, 12))
        s = draw(st.integers(max(0, a - 4), a))
        people[code] = (a, s, draw(st.integers(max(0, s - 4), s)))
    straight = [code for code, parent in tree.items() if parent == "u0"]
    scopes = {"Ad1": straight[0], "Ad2": ";".join(straight[1:])}
    return wave_of(tree, people, scopes, Ad1=draw(st.integers(0, 6)))


@given(waves())
@examples(max_examples=60, deadline=None)
def test_what_a_shown_unit_or_scope_leaves_is_nobody_or_enough_and_levels_are_where_barriers_are(
    wave: Wave,
) -> None:
    patterns = patterns_of(wave, Settings(), None)

    for base, counts in (("A", wave.A), ("S", wave.S), ("Y", wave.Y)):
        is_shown = patterns[base]  # type: ignore[index]
        left = counts.n.copy()
        for u in np.flatnonzero(is_shown):
            p = counts.parent[u]
            while p >= 0 and not is_shown[p]:
                p = counts.parent[p]
            if p >= 0:
                left[p] -= counts.n[u]
        assert all(people == 0 or people >= 5 for people in left[is_shown].tolist())
        assert (counts.n[is_shown] >= 5).all()
    names = named(wave, patterns)
    assert set(names["Y"]) - {"Ad1", "Ad2"} <= set(names["S"])


# --- whole scopes --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moved", "is_told"),
    [(0, True), (1, False), (4, False), (5, True)],
)
def test_a_whole_scope_is_shown_where_the_rest_is_nobody_or_enough(
    moved: int, is_told: bool
) -> None:
    # Those who moved up answered about the behaviour of A, and stand in no unit that has a level.
    wave = wave_of(
        {"K": None, "A": "K", "B": "K"},
        {"A": (9, 9, 9), "B": (9, 9, 9)},
        HALVES,
        Ad1=moved,
        Ad2=5,
    )

    assert shown(wave)["Y"] == [*(["Ad1"] if is_told else []), "A", "Ad2", "B"]


def test_a_unit_is_shown_before_the_whole_scope_of_its_behaviour() -> None:
    # A of 9 and C of 3: either the unit of 9 is told or the scope of 12, though it is dearer.
    wave = wave_of(
        FLAT, {"A": (9, 9, 9), "B": (9, 9, 9), "C": (5, 5, 3)}, {"Ad1": "A;C", "Ad2": "B"}
    )

    assert shown(wave)["Y"] == ["A", "Ad2", "B"]


def test_a_scope_of_few_is_hidden() -> None:
    tree = {"K": None, "A": "K", "B": "K"}
    wave = wave_of(tree, {"A": (4, 4, 4), "B": (9, 9, 9)}, HALVES, Ad2=5)

    assert shown(wave)["Y"] == ["Ad2", "B"]


def test_a_scope_of_just_enough_is_shown_though_none_of_its_units_is() -> None:
    wave = wave_of(
        FLAT, {"A": (3, 3, 3), "B": (9, 9, 9), "C": (2, 2, 2)}, {"Ad1": "A;C", "Ad2": "B"}
    )

    assert shown(wave)["Y"] == ["Ad1", "Ad2", "B"]


def test_units_inside_a_shown_unit_are_no_rest_of_their_scope() -> None:
    # A shows all of the scope. Below it A1 is small on its own and A11 is shown again.
    wave = wave_of(
        DEEP, {"A": (6, 6, 6), "A1": (2, 2, 2), "A11": (8, 8, 8), "B": (9, 9, 9)}, HALVES
    )  # fmt: skip

    patterns = shown(wave, before(*told("S", "A11"), *told("Y", "A11")))

    assert patterns["Y"] == ["Ad1", "A", "A11", "Ad2", "B"]


def test_a_shown_unit_below_a_hidden_one_is_taken_from_the_scope_alone() -> None:
    # A1 was shown, so A with 2 people of its own is hidden; of its scope 3 moved up: 13 - 8 = 5.
    tree = {"K": None, "A": "K", "A1": "A", "B": "K"}
    people = {"A": (2, 2, 2), "A1": (8, 8, 8), "B": (9, 9, 9)}
    kept = before(*told("S", "A1"), *told("Y", "A1"))

    assert shown(wave_of(tree, people, HALVES, Ad1=3, Ad2=5), kept)["Y"] == [
        "Ad1", "A1", "Ad2", "B"
    ]  # fmt: skip
    assert shown(wave_of(tree, people, HALVES, Ad1=2, Ad2=5), kept)["Y"] == ["A1", "Ad2", "B"]


def test_the_root_is_hidden_like_any_unit() -> None:
    # One behaviour for all: 11 said how often, and A, shown before, would leave the root 3 of them.
    wave = wave_of({"K": None, "A": "K"}, {"K": (5, 5, 3), "A": (8, 8, 8)}, ALL)

    patterns = shown(wave, before(*told("S", "A"), *told("Y", "A")))

    assert patterns == {"A": ["K", "A"], "S": ["K", "A"], "Y": ["A"]}


# --- what was shown before -----------------------------------------------------------------------


@pytest.mark.parametrize("base", ["A", "S", "Y"])
def test_what_a_base_showed_before_it_shows_again(base: Base) -> None:
    # Of two equal teams one hides with the small C: the last by code is shown, or that of before.
    few = {"A": (3, 3, 3), "S": (9, 3, 3), "Y": (9, 9, 3)}[base]
    wave = wave_of(FLAT, {"A": (8, 8, 8), "B": (8, 8, 8), "C": few}, ALL)

    assert {"A", "B"} & set(shown(wave)[base]) == {"B"}
    assert {"A", "B"} & set(shown(wave, before(*told(base, "A")))[base]) == {"A"}


def test_each_base_keeps_its_own() -> None:
    wave = wave_of(FLAT, {"A": (8, 8, 8), "B": (8, 8, 8), "C": (3, 3, 3)}, ALL)

    patterns = shown(wave, before(*told("A", "A")))

    assert (patterns["A"], patterns["S"]) == (["K", "A"], ["K", "B"])


def test_only_shown_units_of_this_tree_were_shown_before() -> None:
    wave = wave_of(FLAT, {"A": (8, 8, 8), "B": (8, 8, 8), "C": (3, 3, 3)}, ALL)
    other = before(
        *told("S", "A", status="hidden"),
        *told("S", "gone", None),
        *told("trial", "A"),
    )

    assert shown(wave, other) == shown(wave)


# --- the hash ------------------------------------------------------------------------------------


def sha256(names: Mapping[str, object]) -> str:
    """Over the names alone, so that whoever has the file can redo it."""
    text = json.dumps(names, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def test_the_hash_is_over_the_shown_units_of_each_base_and_the_scopes() -> None:
    wave = wave_of(
        FLAT, {"A": (9, 9, 9), "B": (9, 9, 9), "C": (9, 4, 4)}, {"Ad1": "A;C", "Ad2": "B"}
    )

    patterns = patterns_of(wave, Settings(), None)

    assert pattern_hash(wave, patterns) == sha256(
        {"A": ["K", "A", "B", "C"], "S": ["K", "B"], "Y": ["Ad1", "Ad2", "B"]}
    )


def test_the_hash_names_the_centres_and_professions_of_the_crossed_table() -> None:
    wave = wave_of(FLAT, {"A": (9, 9, 9), "B": (9, 9, 9), "C": (9, 9, 9)}, ALL)
    patterns = patterns_of(wave, Settings(), None)
    names: dict[str, object] = {str(base): units for base, units in named(wave, patterns).items()}

    crossed = (("A", "sosu-hjælpere"), ("B", "lærere"))

    assert pattern_hash(wave, patterns, crossed) == sha256({**names, "crossed": crossed})
    assert pattern_hash(wave, patterns, ()) == sha256(names)
