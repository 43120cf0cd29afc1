"""What is sent up: a card with a date, an answer in words, and both in the next report."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import pytest
from httpx import AsyncClient, Response

from analysis.report import PassedOn, unit_html, unit_report
from analysis.report.view import View
from survey import engine
from survey.actions import sent_up
from survey.actions.sent_up import Letter
from survey.errors import ChangedMeanwhile
from survey.insight import reports
from survey.insight.passed_on import passed_on
from survey.organisation import tree
from survey.settings import Settings
from survey.tables import AuditEvent, Escalation, EscalationUnit, TrialAction, TrialUnit, Wave
from survey.texts import Voice, content, render
from tests import cast
from tests.analysis.release_factory import facts, release
from tests.survey.test_trials_pages import days, hidden, send

TODAY = cast.BEGIN.date()
CARD = {
    "unit": "C21",
    "level": "board",
    "barrier": "MAAL",
    "experience": "Vi bliver målt på antal samtaler.",
    "citizen": "Borgeren møder to planer.",
    "tried": "Vi har haft borgerens tal på tavlen i otte uger.",
    "ask": "Lad målet for antal samtaler hvile i tre måneder.",
    **days(answer_by=date(2026, 12, 18)),
}
LETTER = Letter(
    senders=("C21",), level="board", barrier="MAAL", answer_by=date(2026, 12, 18),
    **{name: CARD[name] for name in ("experience", "citizen", "tried", "ask")},
)  # fmt: skip


async def sent(browser: AsyncClient, **changes: str) -> str:
    reply = await send(browser, "/sent-up/new", **{**CARD, **changes})
    assert reply.status_code == 303, reply.text
    return reply.headers["location"].partition("?")[0]


async def told(browser: AsyncClient, card: str, answer: str, text: str = "") -> Response:
    return await send(browser, card, answer=answer, text=text)


# --- writing -------------------------------------------------------------------------------------


async def test_an_empty_list_names_the_first_step(site: cast.Site) -> None:
    page = await (await site.signed_in("anna")).get("/sent-up")

    assert "Der er ikke sendt noget videre endnu." in page.text
    assert 'href="/sent-up/new"' in page.text


async def test_the_form_asks_for_an_answer_within_four_weeks(site: cast.Site) -> None:
    page = await (await site.signed_in("anna")).get("/sent-up/new")

    within = content("report_language")["escalation_card"]["answer_within_weeks"]
    assert within == 4
    for part, value in (("day", 18), ("month", 12), ("year", 2026)):  # 20 November and 28 days
        assert f'name="answer_by.{part}" value="{value}"' in page.text


async def test_nothing_is_sent_while_a_field_is_wrong(site: cast.Site) -> None:
    anna = await site.signed_in("anna")
    wrong: list[tuple[dict[str, str], str]] = [
        *(({name: ""}, name) for name in ("unit", "level", *("experience", "citizen", "ask"))),
        ({"ask": "x" * 281}, "ask"),
        ({"ask": "Bed Mette om at beslutte det."}, "ask"),
        ({"ask": "Direktøren skal beslutte det."}, "ask"),
        ({"tried": "Vi spurgte Lars."}, "tried"),
        ({"unit": "C22"}, "unit"),
        ({"level": "two_units"}, "other"),
        ({"level": "two_units", "other": "C21"}, "other"),
        (days(answer_by=TODAY), "answer_by"),
        (days(answer_by=date(2027, 12, 1)), "answer_by"),
    ]

    for changes, field in wrong:
        reply = await send(anna, "/sent-up/new", **{**CARD, **changes})
        assert reply.status_code == 422, changes
        assert f'href="#{field}"' in reply.text, changes
    assert await Escalation.count() == 0


async def test_whatever_is_typed_is_kept_as_text(site: cast.Site) -> None:
    anna = await site.signed_in("anna")

    card = await sent(anna, experience="<script>alert(1)</script>", citizen="=1+1 🙂")

    page = (await anna.get(card)).text
    assert "<script>alert" not in page
    assert "=1+1 🙂" in page


async def test_a_form_sent_twice_is_one_card(site: cast.Site) -> None:
    anna = await site.signed_in("anna")
    form = {**hidden(await anna.get("/sent-up/new")), **CARD}

    first, second = [await anna.post("/sent-up/new", data=form) for _ in range(2)]

    assert first.headers["location"] == second.headers["location"]
    assert (await Escalation.count(), await EscalationUnit.count()) == (1, 2)


async def test_a_trial_of_two_units_is_sent_up_by_both(site: cast.Site) -> None:
    [made] = await TrialAction.insert(
        TrialAction(code="P7", name="fælles tal", start_wave="", state="running", once="P7",
                    barrier="MAAL", what_we_learned="Det flyttede ikke noget.")
    )  # fmt: skip
    for unit in ("C21", "C22"):
        await TrialUnit(trial_action=made["id"], unit=await cast.unit_id(unit)).save()
    anna = await site.signed_in("anna")

    page = await anna.get("/sent-up/new?trial=P7")
    card = await sent(anna, trial="P7")

    assert "Det flyttede ikke noget." in page.text
    assert '<option value="MAAL" selected>' in page.text
    assert "Hjemmepleje Nord og Hjemmepleje Syd" in (await anna.get(card)).text


LEVELS = {
    ("C21",): {"parent": {"C2"}, "managers": {"C"}, "board": {"FK"}, "council_law": {"FK"}},
    ("C21", "C3"): {"parent": {"C"}, "managers": {"C"}},
    ("C21", "B1"): {"parent": {"FK"}, "managers": {"C", "B"}},
    ("C",): {"parent": {"FK"}, "managers": set(), "board": {"FK"}},
    ("FK",): {"parent": set(), "managers": set(), "board": set(), "council_law": {"FK"}},
}


async def test_a_card_goes_to_the_level_that_can_remove_the_barrier(site: cast.Site) -> None:
    units = await tree(None)

    reached = {
        senders: {
            level: set(sent_up.receivers(replace(LETTER, senders=senders, level=level), units))
            for level in levels
        }
        for senders, levels in LEVELS.items()
    }

    assert reached == LEVELS


# --- answering -----------------------------------------------------------------------------------


async def test_who_sees_a_card_and_who_answers_it(site: cast.Site) -> None:
    anna = await site.signed_in("anna")
    to_bo = await sent(anna, level="two_units", other="Hjemmepleje Syd")
    to_board = await sent(anna)
    seen = {}

    for login in ("anna", "bo", "carla", "finn", "eva"):
        browser = await site.signed_in(login)
        pages = [await browser.get(card) for card in (to_bo, to_board)]
        seen[login] = [
            "no" if page.status_code == 404 else "answers" if "Gem svaret" in page.text else "sees"
            for page in pages
        ]

    assert seen == {
        "anna": ["sees", "sees"],
        "bo": ["answers", "no"],
        "carla": ["sees", "answers"],
        "finn": ["sees", "sees"],
        "eva": ["no", "no"],
    }
    refused = await anna.post(
        to_bo, data={**cast.token(await anna.get(to_bo)), "answer": "yes", "version": "1"}
    )
    assert refused.status_code == 404


async def test_an_answer_is_yes_no_because_or_we_try(site: cast.Site) -> None:
    anna, carla = await site.signed_in("anna"), await site.signed_in("carla")
    answers = {
        "yes": ("", "Svar: Ja."),
        "no_because": ("der mangler et år endnu.", "Svar: Nej, fordi der mangler et år endnu."),
        "we_try": ("en fælles pulje.", "Svar: Vi prøver: en fælles pulje."),
    }

    for answer, (text, said) in answers.items():
        card = await sent(anna)
        assert (await told(carla, card, answer, text)).status_code == 303
        page = await anna.get(card)
        assert f"Sendt videre til direktionen i uge 47. {said}" in page.text

    assert set(answers) == set(sent_up.answers())


async def test_a_no_has_a_reason(site: cast.Site) -> None:
    card = await sent(await site.signed_in("anna"))
    carla = await site.signed_in("carla")

    for answer in ("", "no_because", "we_try", "maybe"):
        assert (await told(carla, card, answer)).status_code == 422, answer
    assert (await Escalation.select(Escalation.answer))[0]["answer"] is None


async def test_an_answer_is_not_written_over(site: cast.Site) -> None:
    card = await sent(await site.signed_in("anna"))
    carla = await site.signed_in("carla")
    form = hidden(await carla.get(card))
    await told(carla, card, "yes")

    reply = await carla.post(card, data={**form, "answer": "no_because", "text": "det er for dyrt"})

    assert reply.status_code == 409
    assert "Svar: Ja." in reply.text
    with pytest.raises(sent_up.AnsweredAlready):
        await sent_up.answer(card[9:], "yes", "", by=None, version=1, today=TODAY)
    log = await AuditEvent.select(AuditEvent.what).order_by(AuditEvent.id)
    assert [one["what"] for one in log][-2:] == ["sent up", "answered yes to"]


async def test_an_unanswered_card_is_the_groups(site: cast.Site) -> None:
    card = await sent(await site.signed_in("anna"))

    before = (await (await site.signed_in("anna")).get("/sent-up")).text
    site.clock.pass_by(days=29)
    site.browsers.pop("anna")
    after = (await (await site.signed_in("anna")).get("/sent-up")).text

    assert card in before
    assert "Svaret skal komme senest 18. december 2026." in before
    assert "Sendt videre til direktionen i uge 47. Der er ikke kommet svar endnu." in after


# --- both databases, and the report --------------------------------------------------------------


async def test_two_answers_at_once_are_one(store: Settings) -> None:
    await cast.enter(store)
    code = await sent_up.send_up(LETTER, await tree(None), by=None, once="a" * 16, today=TODAY)
    again = await sent_up.send_up(LETTER, await tree(None), by=None, once="a" * 16, today=TODAY)

    replies = await asyncio.gather(
        *(sent_up.answer(code, "yes", "", by=None, version=1, today=TODAY) for _ in range(2)),
        return_exceptions=True,
    )

    assert code == again
    assert [isinstance(one, sent_up.AnsweredAlready | ChangedMeanwhile) for one in replies].count(
        True
    ) == 1


async def test_the_next_report_tells_a_card_as_it_stood_when_the_wave_closed(
    settings: Settings,
) -> None:
    async with engine.opened(settings, migrate=True):
        await cast.enter(settings)
        for number, month in ((1, 3), (2, 6), (3, 9), (4, 12)):
            opens = date(2026, month, 1)
            await Wave(name=f"2026-{number}", opens=opens, closes=date(2026, month, 15)).save()
        sent_on = date(2026, 5, 4)
        card = replace(LETTER, answer_by=date(2026, 6, 1))
        code = await sent_up.send_up(card, await tree(None), by=None, once="a" * 16, today=sent_on)
        await sent_up.answer(
            code, "we_try", "en fælles pulje.", by=None, version=1, today=date(2026, 7, 1)
        )

        waves = await Wave.objects().order_by(Wave.name)
        stood = [await passed_on(wave, voice=Voice("da")) for wave in waves]

    assert [len(cards) for cards in stood] == [0, 1, 1, 0]
    assert (stood[1][0].overdue, stood[1][0].answer) == (True, "")
    assert (stood[2][0].overdue, stood[2][0].answer) == (False, "we_try")


def test_a_report_prints_the_card_of_its_own_part_and_lets_its_own_numbers_stand() -> None:
    card = PassedOn(
        units=("C21",), level="direktionen", sent_on=date(2026, 6, 8), answer_by=date(2026, 7, 6),
        ask="Giv os 37 % mere tid.", answer="no_because", answer_text="der er 13 % færre penge.",
    )  # fmt: skip
    given, made = facts(passed_on=(card,)), release("2026-4")

    def drawn(name: str, context: Mapping[str, object]) -> str:
        return render(name, "da", context).replace("\N{NO-BREAK SPACE}", " ")

    told = {
        unit: card.ask in unit_html(View(made, unit, Voice("da"), given), drawn)
        for unit in ("C21", "C2", "C22", "B1")
    }
    pdf = unit_report(
        made,
        "C21",
        voice=Voice("da"),
        render=drawn,
        assets=reports.assets("report.css"),
        facts=given,
    )

    assert told == {"C21": True, "C2": True, "C22": False, "B1": False}
    assert pdf.startswith(b"%PDF")
