"""Trial actions on the web: written, agreed, run, learned from; never about a person."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
from httpx import AsyncClient, Response
from markupsafe import escape

from survey import insight, organisation
from survey.actions.trials import Said, StepUnknown, move_trial, write_trial
from survey.actions.trials_card import Card
from survey.actions.trials_states import waits_too_long
from survey.settings import Settings
from survey.tables import (
    AuditEvent,
    Behaviour,
    BehaviourScope,
    TrialAction,
    TrialGate,
    TrialOwner,
    TrialStep,
    TrialUnit,
    Wave,
)
from survey.texts import Voice, content
from tests import cast

CARD = {
    "name": "fast telefontid",
    "unit": "C21",
    "unit2": "",
    "barrier": "SILO",
    "scope": "Tirsdag kl. 9-10 tager vi altid telefonen.",
    "target_group": "12 borgere",
    "learning_question": "Bliver næste skridt aftalt i samme opkald?",
    "citizen_gain": "Et svar med det samme.",
    "stop_doing": "Mandagens statusmail.",
    "owner_role": "teamkoordinator",
    "backing": "",
}
PERIOD = {"starts": date(2026, 11, 23), "ends": date(2026, 12, 18), "stop_date": date(2026, 12, 18)}
GATE = {
    "citizen_notices": "Ja, de ringer sjældnere.",
    "works_twice": "Ja, to gange.",
    "stop_doing": "Mandagens statusmail.",
    "where_written": "I arbejdsgangen.",
    "owner_role": "teamkoordinator",
    "visible_next_wave": "Adfærden falder ikke.",
}


def days(**named: date) -> dict[str, str]:
    parts = ("day", "month", "year")
    return {
        f"{name}.{part}": str(getattr(day, part)) for name, day in named.items() for part in parts
    }


def whole(**changes: str) -> dict[str, str]:
    return {**CARD, **days(**PERIOD), **changes}


def hidden(page: Response) -> dict[str, str]:
    found = dict(re.findall(r'name="(_csrf_token|version|once)" value="([0-9a-f]+)"', page.text))
    assert set(found) == {"_csrf_token", "version", "once"}
    return found


async def send(browser: AsyncClient, address: str, form: str = "", **fields: Any) -> Response:
    page = await browser.get(form or address)
    return await browser.post(address, data={**hidden(page), **fields})


async def written(browser: AsyncClient, **changes: str) -> str:
    reply = await send(browser, "/trials/new", **whole(**changes))
    assert reply.status_code == 303, reply.text
    return reply.headers["location"].partition("?")[0]


async def go(browser: AsyncClient, trial: str, to: str, **fields: Any) -> Response:
    """Take a step from what the trial is now, whether its page offers the step or not."""
    if not hasattr(browser, "form_token"):
        browser.form_token = cast.token(await browser.get("/trials"))  # type: ignore[attr-defined]
    form = {**browser.form_token, "version": (await row(trial))["version"]}
    return await browser.post(f"{trial}/to/{to}", data={**form, **fields})


async def taken(browser: AsyncClient, trial: str, *steps: str) -> None:
    said = {
        "learned": "Næste skridt blev aftalt i 9 af 12 sager.",
        "said": "Vi tager to enheder med.",
    }
    for to in steps:
        fields = {**said, **(GATE if to == "practice_shift" else {})}
        reply = await go(browser, trial, to, **fields)
        assert reply.status_code == 303, (to, reply.text)


async def row(trial: str) -> dict[str, Any]:
    found = await TrialAction.select().where(TrialAction.code == trial.rpartition("/")[2]).first()
    assert found is not None
    return dict(found)


# --- the list ------------------------------------------------------------------------------------


async def test_a_list_without_a_trial_names_the_first_step(site: cast.Site) -> None:
    page = await (await site.signed_in("anna")).get("/trials")

    assert "Her bliver ikke prøvet noget endnu." in page.text
    assert 'href="/trials/new"' in page.text


async def test_each_reader_finds_the_trials_of_their_own_part(site: cast.Site) -> None:
    anna, bo = await site.signed_in("anna"), await site.signed_in("bo")
    trial = await written(anna)
    seen = {}

    for login in ("anna", "bo", "carla", "finn"):
        browser = await site.signed_in(login)
        listed = trial in (await browser.get("/trials")).text
        seen[login] = (listed, (await browser.get(trial)).status_code)

    assert seen == {
        "anna": (True, 200), "bo": (False, 404), "carla": (True, 200), "finn": (True, 200),
    }  # fmt: skip
    unknown = await bo.get("/trials/P999")
    assert unknown.content == (await bo.get(trial)).content


async def test_one_trial_of_two_units_stands_in_both_places(site: cast.Site) -> None:
    anna, bo = await site.signed_in("anna"), await site.signed_in("bo")

    trial = await written(anna, unit2="C22")

    assert trial in (await anna.get("/trials")).text
    assert trial in (await bo.get("/trials")).text
    assert await TrialAction.count() == 1
    assert "Hjemmepleje Nord og Hjemmepleje Syd" in (await bo.get(trial)).text


async def test_who_does_not_try_finds_no_page(site: cast.Site) -> None:
    trial = await written(await site.signed_in("anna"))

    for login in ("dan", "eva"):
        browser = await site.signed_in(login)
        pages = [await browser.get(one) for one in ("/trials", "/trials/new", "/learned", trial)]
        assert {page.status_code for page in pages} == {404}


# --- the card ------------------------------------------------------------------------------------


async def test_an_idea_needs_a_name_and_a_unit_only(site: cast.Site) -> None:
    anna = await site.signed_in("anna")

    trial = await written(anna, **{name: "" for name in whole() if name not in ("name", "unit")})

    assert (await row(trial))["state"] == "idea"
    assert await TrialOwner.count() == await TrialUnit.count() == 1
    steps = await TrialStep.select(TrialStep.came_from, TrialStep.went_to)
    assert steps == [{"came_from": None, "went_to": "idea"}]


REQUIRED = content("report_language")["trial_card"]["required"]
FIELD = {"period": ("starts", "ends"), "owner": ("owner_role",)}


async def test_nothing_is_agreed_while_the_card_lacks_a_field(site: cast.Site) -> None:
    anna = await site.signed_in("anna")

    for field in REQUIRED:
        names = FIELD.get(field, (field,))
        gone = {name: "" for name in whole() if name.partition(".")[0] in names}
        trial = await written(anna, **gone)
        reply = await go(anna, trial, "agreed")
        assert reply.status_code == 422, field
        assert all(f'href="#{name}"' in reply.text for name in names), field
        assert (await row(trial))["state"] == "idea", field


async def test_a_choice_that_is_missing_is_asked_for_as_a_choice(site: cast.Site) -> None:
    anna = await site.signed_in("anna")

    reply = await send(anna, "/trials/new", **whole(unit="", name=""))

    said = dict(re.findall(r'id="(\w+)-problem">.*?</span>([^<]+)', reply.text))
    assert said == {"unit": "Vælg en.", "name": "Skriv noget her."}


async def test_who_has_one_unit_need_not_choose_it(site: cast.Site) -> None:
    anna, carla = await site.signed_in("anna"), await site.signed_in("carla")

    for form in ("/trials/new", "/sent-up/new"):
        assert '<option value="C21" selected>' in (await anna.get(form)).text
        assert '<option value="C21" selected>' not in (await carla.get(form)).text


async def test_the_holder_is_a_role_and_never_a_name(site: cast.Site) -> None:
    anna = await site.signed_in("anna")

    reply = await send(anna, "/trials/new", **whole(owner_role="Mette fra Nord"))

    assert reply.status_code == 422
    assert "Skriv en rolle her" in reply.text
    assert "Mette fra Nord" in reply.text  # what was typed is kept
    assert await TrialAction.count() == 0


async def test_no_field_of_the_card_names_somebody(site: cast.Site) -> None:
    anna = await site.signed_in("anna")

    for field in ("scope", "citizen_gain", "backing", "name", "target_group", "stop_doing"):
        reply = await send(anna, "/trials/new", **whole(**{field: "Spørg Lars"}))
        assert reply.status_code == 422, field
        assert "Her står vist et navn." in reply.text, field
    assert await TrialAction.count() == 0


async def test_a_printed_text_says_nothing_that_would_stop_the_report(site: cast.Site) -> None:
    anna = await site.signed_in("anna")

    reply = await send(anna, "/trials/new", **whole(learning_question="Bliver vi nummer ét?"))

    assert reply.status_code == 422
    assert "rapporten siger ikke »nummer ét«" in reply.text


async def test_a_team_writes_for_a_unit_of_its_own_only(site: cast.Site) -> None:
    bo = await site.signed_in("bo")
    typed = ("C22", "Hjemmepleje Syd", "C21", "XX", "<b>", "=1+1", "\u202eC21", "🙂", "Hjem")

    replies = [(await send(bo, "/trials/new", **whole(unit=one))).status_code for one in typed]

    assert replies == [303, 303, *([422] * 7)]
    assert await TrialAction.count() == 2


BAD = ("", " ", "<script>alert(1)</script>", "=HYPERLINK(1)", "\u202eabc", "🙂🙂")


async def test_whatever_is_typed_is_kept_as_text(site: cast.Site) -> None:
    anna = await site.signed_in("anna")

    for typed in BAD:
        reply = await send(anna, "/trials/new", **whole(scope=typed, owner_role=typed))
        shown = (await anna.get(reply.headers["location"])).text
        assert "<script>alert" not in shown
        assert "\u202e" not in shown
    long = await send(anna, "/trials/new", **whole(scope="x" * 281, owner_role="y" * 81))
    assert long.status_code == 422
    assert "x" * 281 in long.text
    assert "Der er plads til 280." in long.text


async def test_the_last_day_and_the_stop_come_after_the_first(site: cast.Site) -> None:
    early = days(ends=date(2026, 11, 1), stop_date=date(2026, 11, 1))

    reply = await send(await site.signed_in("anna"), "/trials/new", **whole(**early))

    assert reply.status_code == 422
    assert "Den sidste dag skal ligge efter den første." in reply.text
    assert "Stopdatoen skal ligge efter den første dag." in reply.text


async def test_a_form_sent_twice_is_one_trial(site: cast.Site) -> None:
    anna = await site.signed_in("anna")
    form = {**hidden(await anna.get("/trials/new")), **whole()}

    first = await anna.post("/trials/new", data=form)
    second = await anna.post("/trials/new", data=form)

    assert first.headers["location"] == second.headers["location"]
    assert await TrialAction.count() == await TrialOwner.count() == 1


async def test_who_saves_second_sees_both_and_loses_nothing(site: cast.Site) -> None:
    anna = await site.signed_in("anna")
    trial = await written(anna)
    form = hidden(await anna.get(f"{trial}/edit"))
    await send(anna, f"{trial}/edit", **whole(scope="Den andens tekst."))

    reply = await anna.post(f"{trial}/edit", data={**form, **whole(scope="Min tekst.")})

    assert reply.status_code == 409
    assert "Min tekst." in reply.text
    assert "Den andens tekst." in reply.text
    assert (await row(trial))["scope"] == "Den andens tekst."
    again = await anna.post(f"{trial}/edit", data={**hidden(reply), **whole(scope="Min tekst.")})
    assert again.status_code == 303
    assert (await row(trial))["scope"] == "Min tekst."


async def test_a_proposal_of_a_release_begins_the_card(site: cast.Site) -> None:
    anna = await site.signed_in("anna")

    page = await anna.get("/trials/new?unit=C21&barrier=SILO&kind=silo_phone_hour&wave=2026-4")

    assert 'value="fast telefontid"' in page.text
    assert '<option value="SILO" selected>' in page.text
    assert '<option value="C21" selected>' in page.text
    assert "12 fælles borgere" in page.text
    assert "Rør ikke ved frister i loven" in page.text


async def test_what_a_running_trial_is_measured_on_is_not_rewritten(site: cast.Site) -> None:
    anna = await site.signed_in("anna")
    trial = await written(anna)
    await taken(anna, trial, "agreed", "running")

    reply = await send(anna, f"{trial}/edit", **whole(barrier="TID", unit="C21", backing="I må."))

    assert reply.status_code == 303
    stored = await row(trial)
    assert (stored["barrier"], stored["backing"]) == ("SILO", "I må.")


# --- from state to state -------------------------------------------------------------------------


async def test_every_state_leads_where_the_content_says_and_nowhere_else(
    site: cast.Site, settings: Settings
) -> None:
    anna = await site.signed_in("anna")
    trial = await written(anna)
    states = {one["key"]: set(one["next"]) for one in content("report_language")["trial_states"]}
    said = Said(learned="a", said="b", gate=GATE, **PERIOD)

    for state, following in states.items():
        await TrialAction.update({TrialAction.state: state}).where(TrialAction.code != "")
        page = await anna.get(trial)
        assert {to for to in states if f"{trial}/to/{to}" in page.text} == following, state
        for to in set(states) - following:
            with pytest.raises(StepUnknown):
                await move_trial(settings, trial[8:], to, said=said, by=None, version=1,
                                 today=cast.BEGIN.date())  # fmt: skip


async def test_a_stopped_trial_with_learning_has_the_mark_of_a_scaled_one(site: cast.Site) -> None:
    anna = await site.signed_in("anna")
    stopped, scaled, dropped = [await written(anna, name=one) for one in ("a", "b", "c")]
    await taken(anna, stopped, "agreed", "running", "learned", "stopped")
    await taken(anna, scaled, "agreed", "running", "learned", "scaled")
    await taken(anna, dropped, "stopped")

    marks = ['<span class="kp-learned">Lært</span>' in (await anna.get(one)).text
             for one in (stopped, scaled, dropped)]  # fmt: skip

    assert marks == [True, True, False]
    assert "mislyk" not in (await anna.get(stopped)).text


async def test_learning_cannot_be_left_out(site: cast.Site) -> None:
    anna = await site.signed_in("anna")
    trial = await written(anna)
    await taken(anna, trial, "agreed", "running")

    reply = await go(anna, trial, "learned", learned=" ")

    assert reply.status_code == 422
    assert "<title>Fejl: " in reply.text
    assert (await row(trial))["state"] == "running"


async def test_history_tells_days_and_states_and_nobody(site: cast.Site) -> None:
    anna = await site.signed_in("anna")
    trial = await written(anna)
    await taken(anna, trial, "agreed", "running", "learned")

    page = (await anna.get(trial)).text

    assert "20. november 2026" in page
    assert "anna" not in page
    assert [
        one["what"] for one in await AuditEvent.select(AuditEvent.what).order_by(AuditEvent.id)
    ][-4:] == [
        "wrote trial",
        "took trial to agreed",
        "took trial to running",
        "took trial to learned",
    ]


async def test_two_who_decide_at_once_decide_once(site: cast.Site) -> None:
    anna = await site.signed_in("anna")
    trial = await written(anna)
    await taken(anna, trial, "agreed", "running", "learned")
    form = hidden(await anna.get(f"{trial}/to/stopped"))
    await taken(anna, trial, "scaled")

    reply = await anna.post(f"{trial}/to/stopped", data={**form, "learned": "Nu stopper vi."})

    assert reply.status_code == 409
    assert "Nu stopper vi." in reply.text
    assert (await row(trial))["state"] == "scaled"


async def test_a_trial_without_a_decision_is_asked_for_one_after_90_days(site: cast.Site) -> None:
    trial = await written(await site.signed_in("anna"))
    await taken(await site.signed_in("anna"), trial, "agreed", "running")
    stored, overdue = await row(trial), {}

    for later in (89, 90, 91):
        day = PERIOD["stop_date"] + timedelta(days=later)
        overdue[later] = waits_too_long(stored, day, {})
    site.clock.pass_by(days=(PERIOD["stop_date"] - cast.BEGIN.date()).days + 91)
    site.browsers.pop("anna")
    page = await (await site.signed_in("anna")).get("/trials")

    assert overdue == {89: False, 90: False, 91: True}
    assert content("report_language")["overdue_text"]["da"] in page.text


# --- the gate ------------------------------------------------------------------------------------


async def test_the_gate_asks_six_questions_and_needs_all(site: cast.Site) -> None:
    anna = await site.signed_in("anna")
    trial = await written(anna)
    await taken(anna, trial, "agreed", "running", "learned", "scaled")
    blocked = content("report_language")["practice_shift_gate"]["blocked"]["da"]

    for field in GATE:
        reply = await go(anna, trial, "practice_shift", **{**GATE, field: " "})
        assert reply.status_code == 422, field
        assert (blocked in reply.text) == (field == "stop_doing")
    assert (await row(trial))["state"] == "scaled"
    assert await TrialGate.count() == 0


async def test_the_answers_of_the_gate_are_shown(site: cast.Site) -> None:
    anna = await site.signed_in("anna")
    trial = await written(anna)

    await taken(anna, trial, "agreed", "running", "learned", "scaled", "practice_shift")

    page = (await anna.get(trial)).text
    assert "Mærker borgeren det?" in page
    assert GATE["where_written"] in page


async def test_embedded_needs_two_later_waves_that_hold(
    site: cast.Site, settings: Settings
) -> None:
    await cast.plan_waves("released", "released", "released", "released")
    cast.store_releases(settings, *cast.WAVES)
    carla, moved = await site.signed_in("carla"), {}
    shifts = (
        ("C21", date(2026, 1, 1)),  # in both waves neither up nor down
        ("C21", date(2026, 7, 1)),  # one wave only
        ("F1", date(2026, 1, 1)),  # its band fell
        ("F4", date(2026, 1, 1)),  # hidden: nobody can see that it holds
    )

    for unit, day in shifts:
        trial = await written(carla, unit=unit)
        await taken(carla, trial, "agreed", "running", "learned", "scaled", "practice_shift")
        here = TrialStep.trial_action == (await row(trial))["id"]
        await TrialStep.update({TrialStep.day: day}).where(
            here, TrialStep.went_to == "practice_shift"
        )
        moved[unit, day] = (await go(carla, trial, "embedded")).status_code

    assert list(moved.values()) == [303, 409, 409, 409]
    assert "Det kan ikke ses her, så det tæller ikke med." in (await carla.get(trial)).text


# --- waves and numbers ---------------------------------------------------------------------------


async def test_a_trial_flows_into_the_wave_after_it_and_not_before_it_has_begun(
    site: cast.Site,
) -> None:
    await cast.plan_waves("released", "released")
    await Wave(name="2027-1", opens=date(2027, 1, 11), closes=date(2027, 1, 24)).save()
    anna = await site.signed_in("anna")
    trial = await written(anna)
    await taken(anna, trial, "agreed")
    agreed = (await row(trial))["start_wave"], (await row(trial))["end_wave"]
    await taken(anna, trial, "running")

    [measured] = await organisation.trials_rows()

    assert agreed == ("", None)
    assert measured == {
        "trial": trial.rpartition("/")[2], "behaviour": None, "barrier": "SILO", "units": "C21",
        "comparison": None, "start_wave": "2026-2", "end_wave": "2027-1", "randomised": False,
    }  # fmt: skip


@pytest.mark.parametrize(("state", "end"), [("approved", "2027-2"), ("open", "2027-1")])
async def test_once_the_wave_after_is_open_nothing_measured_moves(
    site: cast.Site, state: str, end: str
) -> None:
    for name, month in (("2027-1", 1), ("2027-2", 4)):
        await Wave(name=name, opens=date(2027, month, 11), closes=date(2027, month, 24)).save()
    anna = await site.signed_in("anna")
    trial = await written(anna)
    await taken(anna, trial, "agreed", "running")
    await Wave.update({Wave.state: state}).where(Wave.name == "2027-1")

    later = days(ends=date(2027, 2, 1), stop_date=date(2027, 2, 1))
    await send(anna, f"{trial}/edit", **whole(**later))

    assert (await row(trial))["end_wave"] == end


async def test_a_second_run_is_measured_anew_once_the_first_is_released(site: cast.Site) -> None:
    for name, month in (("2027-1", 1), ("2027-2", 4)):
        await Wave(name=name, opens=date(2027, month, 11), closes=date(2027, month, 24)).save()
    anna = await site.signed_in("anna")
    trial = await written(anna)
    await taken(anna, trial, "agreed", "running", "learned", "adjusted")
    await Wave.update({Wave.state: "open"}).where(Wave.name == "2027-1")
    while_open = await send(anna, f"{trial}/edit", **whole(barrier="TID"))
    await Wave.update({Wave.state: "released"}).where(Wave.name == "2027-1")

    again = days(starts=date(2027, 2, 1), ends=date(2027, 3, 1), stop_date=date(2027, 3, 1))
    reply = await go(anna, trial, "running", **again)

    assert while_open.status_code == 409
    assert reply.status_code == 303
    stored = await row(trial)
    assert (stored["barrier"], stored["start_wave"], stored["end_wave"]) == (
        "SILO", "2027-1", "2027-2",
    )  # fmt: skip


async def test_the_page_says_before_the_start_how_sure_the_answer_can_be(site: cast.Site) -> None:
    unit = await cast.unit_id("C")
    [asked] = await Behaviour.insert(Behaviour(code="Ad8", text="-", situation="-"))
    await BehaviourScope(behaviour=asked["id"], unit=unit).save()

    page = await (await site.signed_in("anna")).get(await written(await site.signed_in("anna")))

    others = len({"C1", "C22", "C23", "C3"})  # leaves of C beside C21
    assert f"Med 1 mod {others} enheder" in page.text
    assert f"1 ud af {1 + others} tilfælde" in page.text


async def test_lots_decide_who_begins_and_the_others_are_compared(site: cast.Site) -> None:
    carla = await site.signed_in("carla")
    trial = await written(carla, unit="C2")

    reply = await send(carla, f"{trial}/lots", units=["C21", "C22", "C23"], begin="1")

    assert reply.status_code == 303
    roles = [one["role"] for one in await TrialUnit.select(TrialUnit.role)]
    assert sorted(roles) == ["comparison", "comparison", "tried"]
    assert (await row(trial))["randomised"]
    assert "Der er trukket lod" in (await carla.get(trial)).text


async def test_a_trial_of_a_file_is_shown_with_what_was_decided(site: cast.Site) -> None:
    unit = await cast.unit_id("C21")
    [made] = await TrialAction.insert(
        TrialAction(code="T4", name="overlap ved vagtskifte", start_wave="2026-1", weeks=4,
                    end_wave="2026-2", decision="stopped", what_we_learned="Tiden lå forkert.")
    )  # fmt: skip
    await TrialUnit(trial_action=made["id"], unit=unit, role="tried").save()

    page = await (await site.signed_in("anna")).get("/trials/T4")

    assert "Stoppet" in page.text
    assert '<span class="kp-learned">Lært</span>' in page.text
    assert "Tiden lå forkert." in page.text
    assert "4 uger" in page.text


async def test_after_a_later_wave_the_numbers_stand_beside_what_falls_by_itself(
    site: cast.Site, settings: Settings
) -> None:
    cast.store_releases(settings, *cast.WAVES)
    finding = insight.stored_release(settings, "2026-4").trials[0]
    [made] = await TrialAction.insert(
        TrialAction(code=finding.trial, name="overlap", start_wave=finding.pre, end_wave="2026-4")
    )
    unit = await cast.unit_id(finding.units[0])
    await TrialUnit(trial_action=made["id"], unit=unit, role="tried").save()

    page = (await (await site.signed_in("carla")).get(f"/trials/{finding.trial}")).text

    said = insight.sentences.trial(Voice("da"), finding)
    assert len(said) == 2
    assert all(str(escape(sentence)) in page for sentence in said)
    assert "Meget høje tal falder næsten altid lidt næste gang" in page


# --- the library ---------------------------------------------------------------------------------


async def learned_by_two(site: cast.Site) -> None:
    """Anna's trial was stopped, Bo's is going well; a third was never begun."""
    anna, bo = await site.signed_in("anna"), await site.signed_in("bo")
    stopped = await written(anna, name="overlap ved vagtskifte", barrier="TID")
    await taken(anna, stopped, "agreed", "running", "learned", "stopped")
    scaled = await written(bo, unit="C22", name="fast telefontid")
    await taken(bo, scaled, "agreed", "running", "learned", "scaled")
    await taken(anna, await written(anna, name="halvt møde"), "stopped")


async def test_learning_is_shared_across_the_organisation(site: cast.Site) -> None:
    await learned_by_two(site)

    pages = {login: (await (await site.signed_in(login)).get("/learned")).text
             for login in ("anna", "bo", "carla", "finn")}  # fmt: skip

    for login, page in pages.items():
        assert "Overlap ved vagtskifte" in page, login
        assert "Fast telefontid" in page, login
        assert "Halvt møde" not in page, login
        assert page.count('<span class="kp-learned">Lært</span>') == 2
    opened = {
        login: len(re.findall(r'<h3><a href="/trials/P', page)) for login, page in pages.items()
    }
    assert opened == {"anna": 1, "bo": 1, "carla": 2, "finn": 1}


async def test_the_library_is_searched_by_barrier_behaviour_and_words(site: cast.Site) -> None:
    await learned_by_two(site)
    asked = await Behaviour.insert(
        *(Behaviour(code=one, text=one, situation="-") for one in ("Ad8", "Ad9"))
    )
    for behaviour, unit in zip(asked, ("C21", "C22"), strict=True):
        await BehaviourScope(behaviour=behaviour["id"], unit=await cast.unit_id(unit)).save()
    anna = await site.signed_in("anna")
    queries = (
        "barrier=TID",
        "behaviour=Ad9",
        "words=VAGTSKIFTE+overlap",
        "words=%3Cb%3E",
        "barrier=XX",
    )

    found = {}
    for query in queries:
        page = (await anna.get(f"/learned?{query}")).text
        found[query] = ["Overlap ved vagtskifte" in page, "Fast telefontid" in page]
        assert "<b>" not in page

    assert found == dict(
        zip(
            queries,
            [[True, False], [False, True], [True, False], [False] * 2, [False] * 2],
            strict=True,
        )
    )
    assert "Der er ikke noget, der passer." in (await anna.get("/learned?words=zz")).text


# --- both databases ------------------------------------------------------------------------------


async def test_a_trial_lives_its_whole_life_on_both_databases(store: Settings) -> None:
    await cast.enter(store)
    card = Card(**{name: CARD[name] for name in CARD if not name.startswith("unit")},
                owners=("C21", "B1"), **PERIOD)  # fmt: skip
    today = cast.BEGIN.date()
    codes = {await write_trial(card, by=None, once="a" * 16, today=today) for _ in range(2)}
    [code] = codes
    said = Said(learned="Det hjalp.", said="Flere med.", gate=GATE, units=("C22",), **PERIOD)
    life = ("agreed", "running", "learned", "adjusted", "running", "learned", "scaled",
            "practice_shift", "stopped")  # fmt: skip

    for version, to in enumerate(life, start=1):
        await move_trial(store, code, to, said=said, by=None, version=version, today=today)

    stored = await row(code)
    assert (stored["state"], stored["decision"], stored["practice_state"]) == (
        "stopped", "stopped", None,
    )  # fmt: skip
    assert await TrialStep.count() == 1 + len(life)
    assert sorted(one["role"] for one in await TrialUnit.select(TrialUnit.role)) == [
        "added", "tried", "tried",
    ]  # fmt: skip
