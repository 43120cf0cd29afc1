"""What Fjordlund's simulator promises: the planted truth, the rules of ANSWERS, the traps."""

import json
from collections import Counter
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from survey.answers import validated
from survey.seeds.drawn import Answer, Invitee, drawn_wave, posted
from survey.seeds.files import answers_frame, roster
from survey.seeds.planted import BARRIERS, FOLDER, STALLING, comments, fjordlund, table

SEEDS = range(100, 112)
WAVES = ["2026-1", "2026-2", "2026-3", "2026-4"]
S_COLUMNS = ["successes", "priority", "stall_1", "stall_2", "stall_how", "resolver"] + [
    f"b_{code.lower()}" for code in BARRIERS
]


everybody = cache(roster)


@cache
def answered(seed: int, wave: str) -> list[Answer]:
    return [answer for answer in drawn_wave(seed, wave, everybody()) if answer is not None]


def in_situation(answers: list[Answer]) -> list[Answer]:
    return [a for a in answers if a["situation"] in ("several", "once")]


def of_unit(unit: str, wave: str) -> list[Answer]:
    """Those of a unit in the situation, over all seeds."""
    return [a for seed in SEEDS for a in in_situation(answered(seed, wave)) if a["unit"] == unit]


def close(k: int, n: int, share: float) -> bool:
    """Within four standard errors: one of some hundred checks fails by chance in 1 of 150 runs.

    The seeds are fixed, so it either fails always or never.
    """
    return abs(k - n * share) <= 4 * (n * max(share * (1 - share), 0.02)) ** 0.5


# --- who is invited ---------------------------------------------------------------------------


def test_everybody_in_a_behaviours_scope_is_invited_and_nobody_else():
    manifest = json.loads((FOLDER / "payroll_manifest.json").read_text("utf-8"))

    people = Counter(person.unit for person in everybody())

    assert people.total() == manifest["employees_in_a_behaviour"]
    assert all(manifest["employees_per_unit"][unit] == n for unit, n in people.items())


def test_professions_are_those_of_the_payroll():
    in_b14 = Counter(person.profession for person in everybody() if person.unit == "B14")

    assert in_b14["pædagoger"] == 23 + 14
    assert in_b14.total() == 101


# --- the planted truth ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "row", table("planted_barriers"), ids=lambda r: f"{r['plant']}-{r['unit']}"
)
@pytest.mark.parametrize("wave", [1, 2, 3, 4])
def test_planted_shares_come_out(row, wave):
    people = [
        a
        for a in of_unit(row["unit"], WAVES[wave - 1])
        if row["profession"] in ("", a["profession"])
        or (row["profession"] == "others" and a["profession"] != "pædagoger")
    ]

    high = sum(a[f"b_{row['barrier'].lower()}"] == 2 for a in people)

    assert close(high, len(people), float(row[f"high_{wave}"]) / 100)


@pytest.mark.parametrize("wave", WAVES)
def test_the_background_is_the_same_everywhere(wave):
    people = of_unit("B13", wave) + of_unit("B22", wave) + of_unit("E2", wave)
    regl = 0.14 if wave < "2026-3" else 0.24

    assert close(sum(a["b_regl"] == 2 for a in people), len(people), regl)
    assert close(sum(a["b_komp"] == 2 for a in people), len(people), 0.09)


@pytest.mark.parametrize("unit", ["C21", "B23", "D31", "F32", "E3"])
@pytest.mark.parametrize("wave", WAVES)
def test_the_level_of_those_in_the_situation_comes_out(unit, wave):
    truth = fjordlund().truth(unit, wave)
    numbers = [a["successes"] for a in of_unit(unit, wave) if a["successes"] is not None]

    mean = sum(numbers) / len(numbers) / 5

    assert abs(mean - truth.level) <= 4 * 0.26 / len(numbers) ** 0.5


def test_places_and_solvers_are_named_as_often_as_planted():
    rows = [row for row in table("stalls") if row["unit"] in ("E11", "C22", "D1", "B23")]
    for row in rows:
        people = of_unit(row["unit"], "2026-1")
        hindered = [a for a in people if a[f"b_{row['barrier'].lower()}"] in (1, 2)]
        first = [a for a in people if a["priority"] == row["barrier"]]

        named = sum(row["answer"] in (a["stall_1"], a["stall_2"]) for a in hindered)
        solver = sum(a["resolver"] == row["answer"] for a in first)

        if row["question"] == "stall":
            assert close(named, len(hindered), float(row["share"]) / 100), row
        elif row["question"] == "resolver":
            assert close(solver, len(first), float(row["share"]) / 100), row


def test_what_the_citizen_would_notice_is_named_as_often_as_planted():
    people = [a for a in answered(SEEDS[0], "2026-1") if a["unit"][0] in "BC"]
    planted = {"faster": 30, "fewer_people": 24, "not_repeat": 38, "knows_next": 34, "more_say": 20}

    for key, share in {**planted, "nothing": 8}.items():
        named = sum(key in (a["citizen_1"], a["citizen_2"]) for a in people)
        assert close(named, len(people), share / 100), key


@pytest.mark.parametrize(
    ("unit", "wave", "mean_c"), [("F11", "2026-1", 2.2), ("E2", "2026-1", 4.2)]
)
def test_it_is_as_safe_to_try_as_planted(unit, wave, mean_c):
    answers = [a["safe_c"] for seed in SEEDS for a in answered(seed, wave) if a["unit"] == unit]

    assert abs(sum(answers) / len(answers) - mean_c) <= 4 * 1.1 / len(answers) ** 0.5


def test_only_units_with_a_trial_are_asked_whether_they_noticed_it():
    asked = {
        wave: {a["unit"] for a in answered(1, wave) if a["noticed"] is not None} for wave in WAVES
    }

    assert asked["2026-1"] == set()
    assert asked["2026-2"] == {"E12", "C21", "D22"}
    assert asked["2026-3"] == {"D1", "E12", "F11", "B23", "B33", "D31", "D32"}
    assert asked["2026-4"] >= {"E11", "E13", "D21", "B11", "C1", "D1", "C21", "C43"}


def test_two_in_three_noticed_a_trial_that_worked():
    people = [a for seed in SEEDS for a in answered(seed, "2026-4") if a["unit"] == "B11"]

    noticed = sum(a["noticed"] != "no" for a in people)

    assert close(noticed, len(people), (50 + 13 + 2) / 100)


# --- the traps --------------------------------------------------------------------------------


@pytest.mark.parametrize("wave", WAVES)
@pytest.mark.parametrize("seed", [1, 2])
def test_five_answer_in_f4_but_only_three_are_in_the_situation(seed, wave):
    answers = [a for a in answered(seed, wave) if a["unit"] == "F4"]

    assert len(answers) == 5
    assert len(in_situation(answers)) == 3


@pytest.mark.parametrize("wave", WAVES)
def test_f5_has_eight_in_the_situation_and_no_other_unit_than_f4_fewer_than_five(wave):
    people = Counter(a["unit"] for a in in_situation(answered(3, wave)))

    assert people["F5"] == 8
    assert [unit for unit, n in people.items() if n < 5] == ["F4"]


def test_pedagogues_in_b14_say_another_thing_than_their_colleagues():
    people = of_unit("B14", "2026-1")
    pedagogues = [a["b_fag"] == 2 for a in people if a["profession"] == "pædagoger"]
    others = [a["b_fag"] == 2 for a in people if a["profession"] != "pædagoger"]

    assert close(sum(pedagogues), len(pedagogues), 0.50)
    assert close(sum(others), len(others), 0.10)


def test_fewer_answer_in_f32_in_wave_4_and_those_who_do_are_more_content():
    invited = sum(person.unit == "F32" for person in everybody())
    third = sum(a["unit"] == "F32" for a in answered(1, "2026-3")) / invited
    fourth = sum(a["unit"] == "F32" for a in answered(1, "2026-4")) / invited

    assert third - fourth == pytest.approx(0.42 - 0.20, abs=0.01)
    assert fjordlund().truth("F32", "2026-4").level == (49 + 12) / 100


def test_seven_in_ten_of_a2_cannot_give_a_number():
    people = of_unit("A2", "2026-1")

    unknown = sum(a["successes"] is None for a in people)

    assert close(unknown, len(people), 0.70)


def test_the_six_comments_come_in_one_wave_each_among_ten_of_its_centre():
    answers = answered(7, "2026-4")
    six = {(unit, text) for wave, unit, text in comments() if wave == "2026-4"}

    given = [(str(a["unit"]), a["comment"]) for a in answers if a["comment"]]

    assert len(six) == 6
    assert six <= set(given)
    for unit, _ in six:
        assert sum(other[0] == unit[0] for other, _ in given) >= 10


def test_one_in_seven_writes_a_comment():
    answers = [a for seed in SEEDS for a in answered(seed, "2026-1")]

    assert close(sum(a["comment"] is not None for a in answers), len(answers), 0.14)


def test_no_comment_is_longer_than_the_form_allows():
    assert max(len(text) for _, _, text in comments()) <= 280


def test_about_two_per_cent_take_the_first_option_throughout():
    answers = [a for seed in SEEDS for a in answered(seed, "2026-2")]
    first = [
        a
        for a in in_situation(answers)
        if a["clarity"] == a["safe_a"] == a["safe_b"] == a["safe_c"] == 1
        and a["successes"] == 0
        and all(a[f"b_{code.lower()}"] == 0 for code in BARRIERS)
        and a["citizen_1"] == "faster"
    ]

    assert close(len(first), len(answers), 0.02)


# --- the rules of ANSWERS ---------------------------------------------------------------------


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**31), st.sampled_from(WAVES))
def test_an_answer_keeps_the_rules_of_the_form(seed, wave):
    for answer in answered(seed, wave):
        lines = {code: answer[f"b_{code.lower()}"] for code in BARRIERS}
        hindered = {code for code, value in lines.items() if value in (1, 2)}

        if answer["situation"] not in ("several", "once"):
            assert all(answer[name] is None for name in S_COLUMNS)
        assert answer["priority"] is None or answer["priority"] in hindered
        assert (answer["resolver"] is None) or hindered
        assert (answer["stall_1"] is None) or STALLING & hindered
        assert answer["stall_2"] is None or answer["stall_1"] not in (None, answer["stall_2"])
        assert (answer["stall_how"] is not None) == (answer["stall_1"] not in (None, "own"))
        assert answer["citizen_2"] is None or answer["citizen_1"] not in (None, answer["citizen_2"])
        assert (
            "nothing" not in (answer["citizen_1"], answer["citizen_2"]) or not answer["citizen_2"]
        )


def test_stalls_name_parts_of_ten_or_more_and_never_the_unit_itself():
    named = {
        (a["unit"], a[column])
        for a in answered(5, "2026-3")
        for column in ("stall_1", "stall_2")
        if a[column] not in (None, "own", "outside")
    }

    assert all(unit != part and not str(unit).startswith(str(part)) for unit, part in named)
    assert "F4" not in {part for _, part in named}
    assert ("E12", "D1") in named


def test_the_same_seed_gives_the_same_answers_and_another_seed_others():
    people = everybody()

    assert drawn_wave(1, "2026-1", people) == drawn_wave(1, "2026-1", people)
    assert drawn_wave(1, "2026-1", people) != drawn_wave(2, "2026-1", people)


def test_a_units_answers_do_not_depend_on_the_other_units():
    people = everybody()
    alone = [person for person in people if person.unit == "B23"]

    beside = [a for a in drawn_wave(1, "2026-1", people) if a is not None and a["unit"] == "B23"]
    by_itself = [a for a in drawn_wave(1, "2026-1", alone) if a is not None]

    assert [a["b_vid"] for a in beside] == [a["b_vid"] for a in by_itself]


def test_a_profession_that_fewer_than_five_share_in_a_unit_is_left_out():
    people = [Invitee("B13", "lærere")] * 40 + [Invitee("B13", "øvrige")] * 4

    frame = answers_frame(drawn_wave(1, "2026-1", people), people, 1)

    assert set(frame["profession"].unique()) <= {"lærere", None}
    assert "comment" not in frame.columns


@pytest.mark.parametrize("wave", WAVES)
def test_a_posted_answer_passes_the_form_unchanged(wave):
    parts = frozenset(a["stall_1"] for a in answered(9, wave)) | frozenset(
        a["stall_2"] for a in answered(9, wave)
    )
    asked = {a["unit"] for a in answered(9, wave) if a["noticed"] is not None}

    for answer in answered(9, wave):
        taken = validated(
            posted(answer), parts=parts, trial=answer["unit"] in asked, name_seen=True
        )

        assert taken.columns() == {name: answer[name] for name in taken.columns()}
        assert taken.comment == answer["comment"]
