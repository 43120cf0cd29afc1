"""What a posted form becomes: branching, what is dropped, what is refused."""

from collections.abc import Sequence
from typing import Any, get_args

import msgspec
import pytest

from survey import questionnaire
from survey.answers import Answers, FormInvalid, Posted, Problem, read, validated
from survey.questionnaire import BARRIERS, COLUMNS
from survey.texts import Voice, content

IN_SITUATION = {"situation": "several"}
PARTS = ("D1", "E1", "E2")


def columns(**posted: str | Sequence[str]) -> dict[str, Any]:
    return answers(**posted).columns()


def answers(**posted: str | Sequence[str]) -> Answers:
    return validated({**IN_SITUATION, **posted}, parts=PARTS)


def problems(**posted: str | Sequence[str]) -> list[tuple[str, str]]:
    with pytest.raises(FormInvalid) as refused:
        answers(**posted)
    return [(problem.item, problem.message) for problem in refused.value.problems]


def test_only_the_situation_is_required() -> None:
    given = validated({"situation": "no"}).columns()

    assert given.pop("situation") == "no"
    assert set(given.values()) == {None}


def test_without_the_situation_the_form_is_refused_and_says_so() -> None:
    with pytest.raises(FormInvalid) as refused:
        validated({"clarity": "4"})

    [problem] = refused.value.problems
    assert problem == Problem("situation", "situation_missing")
    assert problem.said(Voice("da")) == "Vælg et svar om situationen. Resten må du springe over."


def test_the_columns_are_those_of_the_contract_in_its_order() -> None:
    assert list(columns()) == [
        "clarity",
        "situation",
        "successes",
        *("b_silo", "b_oko", "b_tid", "b_komp", "b_vid"),
        *("b_fag", "b_kult", "b_regl", "b_maal", "b_fejl"),
        "priority",
        *("stall_1", "stall_2", "stall_how"),
        "resolver",
        *("citizen_1", "citizen_2", "changed_by_citizen"),
        *("safe_a", "safe_b", "safe_c"),
        "noticed",
    ]


def test_numbers_are_stored_as_numbers() -> None:
    given = columns(clarity="5", successes="0", b_silo="2", safe_c="1")

    assert (given["clarity"], given["successes"], given["b_silo"], given["safe_c"]) == (5, 0, 2, 1)


@pytest.mark.parametrize("item", ["clarity", "successes", "b_fejl", "resolver", "safe_a"])
def test_ved_ikke_and_a_skipped_question_are_both_null(item: str) -> None:
    assert columns(b_silo="1", **{item: "unknown"})[item] is None
    assert columns(b_silo="1")[item] is None


def test_ved_ikke_about_the_citizen_is_an_answer_of_its_own() -> None:
    assert columns(changed_by_citizen="dont_know")["changed_by_citizen"] == "dont_know"


@pytest.mark.parametrize("situation", ["no", "not_my_work"])
def test_outside_the_situation_everything_asked_only_there_is_dropped(situation: str) -> None:
    everything = {
        "successes": "3",
        **{COLUMNS[code]: "2" for code in BARRIERS},
        "priority": "SILO",
        "stall_1": "D1",
        "stall_how": "wait",
        "resolver": "board",
    }

    kept = columns(situation=situation, **everything)

    assert {kept[name] for name in everything} == {None}


def test_outside_the_situation_the_questions_to_all_are_kept() -> None:
    kept = columns(situation="no", clarity="4", citizen=["faster"], safe_b="2")

    assert (kept["clarity"], kept["citizen_1"], kept["safe_b"]) == (4, "faster", 2)


def test_the_only_barrier_is_the_one_to_remove_without_asking() -> None:
    assert columns(b_tid="1")["priority"] == "TID"
    assert columns(b_tid="1", priority="SILO")["priority"] == "TID"


def test_of_several_barriers_the_chosen_one_is_kept() -> None:
    assert columns(b_tid="1", b_fag="2", priority="TID")["priority"] == "TID"
    assert columns(b_tid="1", b_fag="2")["priority"] is None
    assert columns(b_tid="1", b_fag="2", priority="unknown")["priority"] is None


def test_a_barrier_that_does_not_stand_in_the_way_cannot_be_the_one_to_remove() -> None:
    assert columns(b_tid="1", b_fag="2", b_silo="0", priority="SILO")["priority"] is None


def test_without_a_barrier_nobody_is_asked_who_should_solve_it() -> None:
    assert columns(b_tid="0", resolver="board")["resolver"] is None
    assert columns(b_tid="1", resolver="board")["resolver"] == "board"


@pytest.mark.parametrize("code", BARRIERS)
def test_where_it_stalls_is_asked_only_after_barriers_between_units(code: str) -> None:
    kept = columns(**{COLUMNS[code]: "1"}, stall_1="D1")["stall_1"]

    assert kept == ("D1" if code in {"SILO", "OKO", "VID", "FAG", "REGL"} else None)


def test_two_places_are_kept_in_their_order_and_the_same_one_twice_counts_once() -> None:
    two = columns(b_silo="2", stall_1="E1", stall_2="outside")
    same = columns(b_silo="2", stall_1="E1", stall_2="E1")

    assert (two["stall_1"], two["stall_2"]) == ("E1", "outside")
    assert (same["stall_1"], same["stall_2"]) == ("E1", None)


def test_a_second_place_alone_moves_up() -> None:
    kept = columns(b_silo="2", stall_1="", stall_2="E1")

    assert (kept["stall_1"], kept["stall_2"]) == ("E1", None)


def test_not_wanting_to_say_where_leaves_nothing() -> None:
    kept = columns(b_silo="2", stall=["E1", "prefer_not"], stall_how="wait")

    assert (kept["stall_1"], kept["stall_2"], kept["stall_how"]) == (None, None, None)


def test_what_happens_is_asked_when_it_stalls_outside_the_own_unit() -> None:
    assert columns(b_silo="2", stall_1="own", stall_how="wait")["stall_how"] is None
    assert columns(b_silo="2", stall_1="outside", stall_how="wait")["stall_how"] == "wait"
    assert columns(b_silo="2", stall_1="own", stall_2="D1", stall_how="wait")["stall_how"] == "wait"
    assert columns(b_silo="2", stall_how="wait")["stall_how"] is None


def test_a_third_place_is_sent_back_with_its_number() -> None:
    with pytest.raises(FormInvalid) as refused:
        answers(b_silo="2", stall=["D1", "E1", "E2"])

    [problem] = refused.value.problems
    assert problem.said(Voice("da")) == "Du har valgt 3. Fjern 1."
    assert problem.said(Voice("en")) == "You have chosen 3. Remove 1."


def test_a_place_that_is_no_part_of_the_wave_is_sent_back() -> None:
    assert problems(b_silo="2", stall_1="C21") == [("stall", "page_old")]


def test_a_third_benefit_for_the_citizen_is_sent_back() -> None:
    assert problems(citizen=["faster", "not_repeat", "more_say"]) == [
        ("citizen", "too_many_chosen")
    ]


def test_ingenting_clears_the_others() -> None:
    kept = columns(citizen=["faster", "not_repeat", "nothing"])

    assert (kept["citizen_1"], kept["citizen_2"]) == ("nothing", None)


def test_a_trial_is_asked_about_only_where_there_was_one() -> None:
    posted = {**IN_SITUATION, "noticed": "helps"}

    assert validated(posted).columns()["noticed"] is None
    assert validated(posted, trial=True).columns()["noticed"] == "helps"


def test_a_comment_is_never_among_the_columns() -> None:
    given = answers(comment="  Ring først.\r\nSkriv bagefter. ")

    assert given.comment == "Ring først.\nSkriv bagefter."
    assert "Ring" not in str(given.columns())


def test_an_empty_comment_is_no_comment() -> None:
    assert answers(comment=" \r\n ").comment is None


def test_280_characters_fit_and_a_line_break_counts_once() -> None:
    fits = "x" * 100 + "\r\n" + "å" * (280 - 100 - 1)

    assert answers(comment=fits).comment == fits.replace("\r\n", "\n")
    with pytest.raises(FormInvalid) as refused:
        answers(comment=fits + "yz")
    assert refused.value.problems == (Problem("comment", "comment_long", 282 - 280),)


@pytest.mark.parametrize(
    "comment", ["0102031234", "Se 010203-1234", "01 02 03 1234", "311299 - 4321", "610203-1234."]
)
def test_a_number_like_a_cpr_number_is_refused(comment: str) -> None:
    assert problems(comment=comment) == [("comment", "comment_cpr")]


@pytest.mark.parametrize(
    "comment",
    ["Ring 12 34 56 78", "+45 12 34 56 78", "Den 01-02-2026", "Sag 4512345678", "9102031234567"],
)
def test_other_numbers_are_welcome(comment: str) -> None:
    assert answers(comment=comment).comment == comment


@pytest.mark.parametrize("comment", ["Spørg Mette", "Mettes bord", "Det er Hans' opgave"])
def test_a_likely_name_is_asked_about_once(comment: str) -> None:
    assert problems(comment=comment) == [("comment", "comment_name")]

    again = validated({**IN_SITUATION, "comment": comment}, name_seen=True)
    assert again.comment == comment


@pytest.mark.parametrize("comment", ["hans opgave", "Idé til mødet", "Olesen"])
def test_an_ordinary_word_is_no_name(comment: str) -> None:
    assert answers(comment=comment).comment == comment


def test_a_cpr_number_is_refused_also_after_the_question_about_a_name() -> None:
    with pytest.raises(FormInvalid):
        validated({**IN_SITUATION, "comment": "Mette 010203-1234"}, name_seen=True)


def test_every_problem_is_told_at_once() -> None:
    with pytest.raises(FormInvalid) as refused:
        validated({"citizen": ["faster", "not_repeat", "more_say"], "comment": "x" * 281})

    assert [problem.item for problem in refused.value.problems] == [
        "situation",
        "citizen",
        "comment",
    ]


@pytest.mark.parametrize(
    ("field", "value", "item"),
    [
        ("clarity", "6", "clarity"),
        ("situation", "maybe", "situation"),
        ("b_silo", "3", "barriers"),
        ("citizen", "cake", "citizen"),
        ("priority", "b_silo", "priority"),
    ],
)
def test_an_answer_that_no_form_of_ours_offers_is_sent_back(
    field: str, value: str, item: str
) -> None:
    assert problems(**{field: value}) == [(item, "page_old")]


def test_fields_of_the_page_itself_are_not_answers() -> None:
    assert columns(wave="2026-1", message="AA", order="SILO.OKO") == columns()


def literals(type_: Any) -> set[str]:
    """The strings a field of Posted allows."""
    if isinstance(type_, str):
        return {type_}
    return {value for part in get_args(type_) for value in literals(part)}


@pytest.mark.parametrize(
    "item",
    [
        item
        for item in questionnaire.form().items
        if item.id not in {"unit_notice", "stall", "comment"}
    ],
)
def test_the_form_takes_exactly_the_options_of_the_content(item: questionnaire.Item) -> None:
    shown = {option.key for option in item.options} | (
        set(BARRIERS) if item.id == "priority" else set()
    )
    fields = [COLUMNS[code] for code in BARRIERS] if item.id == "barriers" else [item.id]
    types = {field.name: field.type for field in msgspec.structs.fields(Posted)}

    for field in fields:
        assert literals(types[field]) == shown


def test_the_barriers_are_those_of_the_catalogue() -> None:
    assert list(BARRIERS) == [line["code"] for line in content("barriers")["barriers"]]
    assert (
        questionnaire.barrier_lines()["TID"].da
        == "Dagen er lagt sådan, at der mangler tid til det."
    )


def test_the_most_barriers_come_first_among_the_persons_own() -> None:
    given = read({**IN_SITUATION, "b_silo": "1", "b_fag": "2", "b_tid": "0"})

    assert given.own_barriers == ("FAG", "SILO")


# --- blocks that a wave leaves out ---------------------------------------------------------------


def test_what_a_wave_does_not_ask_is_null_whatever_was_posted() -> None:
    posted = {
        **IN_SITUATION,
        "b_silo": "2",
        "clarity": "4",
        "stall": ["own", "E1"],
        "stall_how": "wait",
        "resolver": "board",
        "safe_a": "5",
        "safe_b": "5",
        "comment": "Færre skemaer.",
    }

    whole = validated(posted, parts=PARTS)
    without = validated(posted, parts=PARTS, left_out=questionnaire.BLOCKS)

    changed = {name for name, value in without.columns().items() if value != whole.columns()[name]}
    assert changed == {"clarity", "stall_1", "stall_2", "stall_how", "resolver", "safe_a", "safe_b"}
    assert all(without.columns()[name] is None for name in changed)
    assert without.comment is None


def test_the_steps_of_a_shorter_form_are_counted_anew() -> None:
    form = questionnaire.form_without(frozenset({"clarity", "stall"}), trial=True)

    assert form.steps == questionnaire.form().steps - 2
    assert [form.item(one).step for one in ("situation", "priority", "resolver", "comment")] == [
        2,
        5,
        6,
        9,
    ]


def test_the_last_step_goes_where_neither_a_trial_nor_a_comment_is_asked_about() -> None:
    form = questionnaire.form_without(frozenset({"comment"}), trial=False)

    assert form.steps == questionnaire.form().steps - 1
    assert not form.asks("noticed")
    assert questionnaire.form_without(frozenset({"comment"}), trial=True).asks("noticed")


def test_what_the_numbers_rest_on_is_in_no_block() -> None:
    left_out = {item for block in questionnaire.BLOCKS.values() for item in block}

    assert left_out.isdisjoint({"situation", "successes", "barriers", "priority", "citizen"})


@pytest.mark.parametrize("stored", [None, "", "nonsense", "barriers;situation"])
def test_nothing_but_a_block_can_be_left_out(stored: str | None) -> None:
    assert questionnaire.blocks_of(stored) == frozenset()
