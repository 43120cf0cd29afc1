"""Where a text that no report may hold is stopped: as it is written, or at the report itself."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from analysis.report import Facts, TrialText, not_ours, unit_html
from analysis.report.reading import html_passages
from analysis.report.view import PassedOn, View
from analysis.wording.guard import ForbiddenWording, guard
from survey.actions import sent_up
from survey.actions.behaviours import Written
from survey.actions.sent_up import Letter
from survey.actions.trials import Said
from survey.actions.trials_card import Card
from survey.errors import KernepulsError
from survey.importing.behaviours import behaviour_rows
from survey.importing.mapping import BEHAVIOURS, TRIALS, UNITS
from survey.importing.reading import read
from survey.importing.refusals import PrintedCellBad
from survey.importing.trials import _cells
from survey.importing.unitfile import _row
from survey.organisation import Tree
from survey.pages.forms import Fields
from survey.pages.organisation.changes import _task
from survey.pages.organisation.details import typed
from survey.texts import Voice, render
from tests.analysis.release_factory import facts, release

PLANTED = {
    "a given name": "Spørg Mette.",
    "a leader and a trait": "Lederen er svag.",
    "a rank": "Vi er nr. 3 af 9.",
    "blame": "De nægter.",
    "a decimal": "Det er 58,3 %.",
}
PERSONS = ("a given name", "a leader and a trait")
NAMES, NOTHING = PERSONS[:1], ()
ALL = tuple(PLANTED)
NOBODY: Tree = Tree({})
DAY = date(2026, 11, 18)


def refused(act: Callable[[], object]) -> bool:
    with suppress(PrintedCellBad):
        act()
        return False
    return True


# --- as it is written ----------------------------------------------------------------------------


def card(name: str) -> Callable[[str], bool]:
    return lambda text: name in Card(**{"name": "telefontid", "owners": (), name: text}).problems()


def letter(name: str) -> Callable[[str], bool]:
    texts = dict.fromkeys(("experience", "citizen", "tried", "ask"), "")
    made = Letter((), "", answer_by=None, **texts)
    return lambda text: name in replace(made, **{name: text}).problems(NOBODY, DAY)


def behaviour(name: str) -> Callable[[str], bool]:
    made = Written(text="Vi ringer til borgeren hver fredag.", situation="Det blev fredag.")
    return lambda text: name in replace(made, **{name: text}).problems()


def learned(text: str) -> bool:
    return "learned" in Said(learned=text).problems("running", "learned")


def core_task(text: str) -> bool:
    fields = Fields.of(core_task=text)
    _task(fields, "C21", NOBODY)
    return "core_task" in fields.problems


def contact(text: str) -> bool:
    fields = Fields.of(contact=text)
    typed(fields)
    return "contact" in fields.problems


def row(table: Any, columns: dict[str, str], act: Callable[[Any], object]) -> Callable[[str], bool]:
    """A file of one row, with the text in the column whose cell is empty here."""

    def is_refused(text: str) -> bool:
        cells = ";".join(f'"{cell or text}"' for cell in columns.values())
        made = read(f"{';'.join(columns)}\n{cells}\n".encode(), table)
        return refused(lambda: act(made))

    return is_refused


UNIT_ROW = {"unit": "C21", "parent": "C", "name": "Nord"}
TRIAL_ROW = {"trial": "T1", "units": "C21", "start_wave": "2026-3", "scope": "telefontid"}
BEHAVIOUR_ROW = {"behaviour": "Ad1", "situation": "Det blev fredag.", "units": "C21"}


def trial_row(**planted: str) -> Callable[[str], bool]:
    units = {"C21": 1}
    return row(
        TRIALS, {**TRIAL_ROW, **planted}, lambda made: _cells(made, made.lines[0], units, {})
    )


unit_row = row(UNITS, {**UNIT_ROW, "core_task": ""}, lambda made: _row(made.lines[0], made.mapping))
behaviour_row = row(
    BEHAVIOURS, {**BEHAVIOUR_ROW, "text": ""}, lambda made: behaviour_rows(made, ["C21"])
)
WRITTEN: dict[str, tuple[Callable[[str], bool], tuple[str, ...]]] = {
    "the name of a trial": (card("name"), ALL),
    "what is tried": (card("scope"), ALL),
    "what a team wants to learn": (card("learning_question"), ALL),
    "what was learned": (learned, ALL),
    "what is asked of those above": (letter("ask"), ALL),
    "a behaviour": (behaviour("text"), ALL),
    "a behaviour in English": (behaviour("text_en"), ALL),
    "the core task of a behaviour": (behaviour("core_task"), ALL),
    "the same in English": (behaviour("core_task_en"), ALL),
    "the core task of a unit": (core_task, ALL),
    "a file of units": (unit_row, ALL),
    "a file of behaviours": (behaviour_row, ALL),
    "a file of trials: its name": (trial_row(scope=""), ALL),
    "a file of trials: its question": (trial_row(learning_question=""), ALL),
    "a file of trials: what was learned": (trial_row(what_we_learned=""), ALL),
    # A person who answers is no place to write to; a role is.
    "where to write": (contact, NAMES),
    # What no report prints: a name only.
    "for whom": (card("target_group"), NAMES),
    "what the citizen gets": (card("citizen_gain"), NAMES),
    "what is stopped": (card("stop_doing"), NAMES),
    "who holds it": (card("owner_role"), NAMES),
    "what is in order": (card("backing"), NAMES),
    "what was seen": (letter("experience"), NAMES),
    "what it means for the citizen": (letter("citizen"), NAMES),
    "what was tried": (letter("tried"), NAMES),
    "the situation of a behaviour": (behaviour("situation"), NAMES),
    "a behaviour on a card": (behaviour("short"), NAMES),
}  # fmt: skip


@pytest.mark.parametrize("field", WRITTEN)
def test_a_text_is_stopped_as_it_is_written(field: str) -> None:
    is_stopped, planted = WRITTEN[field]

    assert not is_stopped("Vi ringer til borgeren hver fredag.")
    assert tuple(what for what, text in PLANTED.items() if is_stopped(text)) == planted


async def test_an_answer_from_above_is_stopped_as_it_is_written() -> None:
    for text in PLANTED.values():
        with pytest.raises(KernepulsError, match=r"NameOfAPerson|WordOfNoReport"):
            await sent_up.answer("S1", "we_try", text, by=None, version=0, today=DAY)


def test_a_core_task_may_promise_the_best() -> None:
    for is_stopped in (core_task, behaviour("core_task"), unit_row):
        assert not is_stopped("Borgeren får den bedste hjælp, og den har effekt.")


# --- at the report -------------------------------------------------------------------------------

MARK = "Plantet."
TRIAL = TrialText(
    "overlap", ("C21",), "2026-4", weeks=4, learned="Tiden lå forkert.", decision="stopped"
)
CARD = PassedOn(("C21",), "chefgruppen", DAY, "Giv tid.", date(2026, 12, 1), "no_because", "Nej.")


def trials(**planted: str) -> dict[str, Any]:
    return {"trials": {"T5": replace(TRIAL, **planted)}}


REPORTED: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "the name of the wave": ({"title": MARK}, ALL),
    "the name of a trial": (trials(name=MARK), ALL),
    "what a team wanted to learn": (trials(question=MARK), ALL),
    "what was learned": (trials(learned=MARK), ALL),
    "what is asked of those above": ({"passed_on": (replace(CARD, ask=MARK),)}, ALL),
    "an answer from above": ({"passed_on": (replace(CARD, answer_text=MARK),)}, ALL),
    "a core task": ({"core_task": MARK}, ALL),
    "a behaviour": ({"behaviours": dict.fromkeys(("Ad8", "Ad1", "Ad2"), MARK)}, ALL),
    "where to write": ({"contact": MARK}, PERSONS),
    "a comment that was cleared": ({"comments": (MARK, "Ja.", "Nej.")}, PERSONS),
    "the name of the organisation": ({"organisation": MARK}, NOTHING),
}  # fmt: skip


@pytest.mark.parametrize("field", REPORTED)
def test_a_text_stops_the_report(field: str) -> None:
    planted, expected = REPORTED[field]
    given = facts(**planted)
    html = unit_html(view(given), lambda name, context: render(name, "da", context))
    read = html_passages(html)
    assert any(MARK in one.text for one in read)

    stopped = [
        what
        for what, text in PLANTED.items()
        if is_stopped(
            [replace(one, text=one.text.replace(MARK, text)) for one in read], given, text
        )
    ]

    assert tuple(stopped) == expected


def view(given: Facts) -> View:
    return View(release(), "C21", Voice("da"), given)


def is_stopped(texts: Any, given: Facts, text: str) -> bool:
    theirs = {kind: tuple(one.replace(MARK, text) for one in some)
              for kind, some in not_ours(view(given)).items()}  # fmt: skip
    try:
        guard(Voice("da"), texts, **theirs)
    except ForbiddenWording as stopped:
        return stopped.value in text
    return False


def test_the_name_of_a_unit_may_be_that_of_a_person() -> None:
    named = ("Anna Ancher Centret", "Lederstøtte", "Børnehuset Ida", "Effekt og Analyse")
    texts = [one for name in named for one in html_passages(f"<p>Det lykkes i {name}.</p>")]

    guard(Voice("da"), texts, quoted=named)


def test_heavy_words_stop_a_report_on_the_page_where_they_stand() -> None:
    heavy = "Tværorganisatoriske rehabiliteringsforløb forudsætter kompetenceudvikling. " * 90
    given = facts(**trials(learned=heavy))
    texts = html_passages(unit_html(view(given), lambda name, context: render(name, "da", context)))

    with pytest.raises(ForbiddenWording, match="lix"):
        guard(Voice("da"), texts, **not_ours(view(given)))
