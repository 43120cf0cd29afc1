"""The meeting of a leadership team and its board sheet: what they say, and to whom."""

import re
from collections.abc import AsyncIterator
from html import unescape

import pypdfium2
import pytest
from httpx import Response

from analysis.release.audit.documents import lines_checked
from analysis.report.reading import html_lines
from survey import engine, insight
from survey.settings import Settings
from survey.tables import AuditEvent, TrialAction
from survey.texts import Language
from tests import cast

UNIT, BANDS, SMALLEST, HIDDEN, ROOT = "C21", "F1", "F2", "F4", "FK"


@pytest.fixture
async def site(settings: Settings) -> AsyncIterator[cast.Site]:
    async with engine.opened(settings, migrate=True):
        await cast.enter(settings)
        await cast.plan_waves("released", "released", "released", "released")
        cast.store_releases(settings, *cast.WAVES)
        async with cast.site(settings) as site:
            yield site


async def shown(site: cast.Site, login: str, unit: str, what: str = "meeting") -> str:
    browser = await site.signed_in(login)
    reply = await browser.get(f"/waves/2026-4/units/{unit}/{what}")
    assert reply.status_code == 200
    return str(reply.text)


def slides(page: str) -> dict[str, str]:
    """The text of each slide by its name in the address."""
    found = re.findall(r'<section class="slide" id="(\w+)".*?</section>', page, re.DOTALL)
    return {
        name: " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())
        for name, body in zip(
            found,
            re.findall(r'<section class="slide".*?>(.*?)</section>', page, re.DOTALL),
            strict=True,
        )
    }


# --- the 45 minutes ------------------------------------------------------------------------------


async def test_the_slides_follow_the_45_minutes(site: cast.Site) -> None:
    page = await shown(site, "anna", UNIT)

    order = ["start", "read", "often", "last", "choose", "talk", "who", "try", "write", "stop",
             "board"]  # fmt: skip
    assert list(slides(page)) == order
    assert re.findall(r'<th scope="row">([^<]+)', page) == [
        "0–5", "5–10", "10–20", "20–25", "25–38", "38–43", "43–45",
    ]  # fmt: skip
    for name in re.findall(r'<td><a href="#(\w+)">', page):
        assert name in order


async def test_a_page_of_the_agenda_is_a_slide(site: cast.Site) -> None:
    told = slides(await shown(site, "anna", UNIT))

    names = list(told)
    assert f"Læs side {names.index('read') + 1} i stilhed" in told["start"]
    assert f"Brug de tre spørgsmål på side {names.index('talk') + 1}." in told["start"]


async def test_the_first_slide_to_read_says_what_the_report_says_in_short(
    site: cast.Site,
) -> None:
    told = slides(await shown(site, "anna", UNIT))

    assert "Det viser, at tid skiller sig ud i Hjemmepleje Nord" in told["read"]
    assert "Omkring 60 % siger, at det i høj grad står i vejen" in told["read"]
    assert "Hvad kan vi genkende?" in told["read"]


async def test_no_two_slides_are_called_the_same(site: cast.Site) -> None:
    for unit in ("B2", "F", HIDDEN, ROOT):  # B2 and F say in short what a later slide tells
        page = await shown(site, "carla", unit)
        titles = re.findall(r'<h2 id="\w+-title"[^>]*>([^<]+)', page)
        assert len(titles) == len(set(titles)) > 5, unit


async def test_two_and_two_come_first_and_the_clock_is_set_to_two_minutes(
    site: cast.Site,
) -> None:
    page = await shown(site, "anna", UNIT)

    assert "To og to i to minutter." in slides(page)["talk"]
    assert 'id="talk" aria-labelledby="talk-title" data-timer="2"' in page


async def test_without_a_trial_that_has_ended_the_slide_and_its_line_are_left_out(
    site: cast.Site,
) -> None:
    told = slides(await shown(site, "carla", "B1"))

    assert "last" not in told
    assert "Fra sidst" not in told["start"]


async def test_a_hidden_unit_meets_over_questions_in_place_of_numbers(site: cast.Site) -> None:
    page = await shown(site, "carla", HIDDEN)
    told = slides(page)

    assert list(told) == ["start", "read", "choose", "talk", "try", "write", "stop", "board"]
    assert "Vises ikke, så ingen kan genkendes." in told["read"]
    assert "Hvornår lykkedes det sidst for os" in told["talk"]
    assert "%" not in told["choose"] + told["talk"] + told["board"]
    assert 'class="s' not in re.findall(r'id="choose".*?</section>', page, re.DOTALL)[0][40:]


async def test_the_barrier_that_is_chosen_brings_its_own_questions_and_trials(
    site: cast.Site,
) -> None:
    page = await shown(site, "anna", UNIT, "meeting?barrier=REGL")
    told = slides(page)

    assert "Regler og styring ◆ valgt" in told["choose"]
    assert "Tre spørgsmål at tale ud fra: regler og styring" in told["talk"]
    assert "Hvilket skema læser ingen?" in told["talk"]
    assert "Regeltjek: juristen ser på tre regler" in told["try"]
    assert '<option value="REGL" selected>' in page


async def test_a_hidden_unit_talks_of_the_barrier_it_has_chosen(site: cast.Site) -> None:
    told = slides(await shown(site, "carla", HIDDEN, "meeting?barrier=REGL"))

    assert "Hvilket skema læser ingen?" in told["talk"]


async def test_a_barrier_there_is_not_changes_nothing(site: cast.Site) -> None:
    assert slides(await shown(site, "anna", UNIT, "meeting?barrier=XX")) == slides(
        await shown(site, "anna", UNIT)
    )


# --- the same release, and no one's name ---------------------------------------------------------


@pytest.mark.parametrize("language", ["da", "en"])
async def test_every_number_of_a_meeting_is_told_by_the_release(
    site: cast.Site, language: Language
) -> None:
    settings: Settings = site.app.state.settings
    *earlier, last = (insight.stored_release(settings, wave) for wave in cast.WAVES)

    for unit in (UNIT, BANDS, SMALLEST, HIDDEN, ROOT):
        lines = html_lines(await shown(site, "carla", unit, f"meeting?lang={language}"))

        lines_checked(last, lines, about=unit, earlier=earlier)


@pytest.mark.parametrize("unit", [UNIT, BANDS, SMALLEST, HIDDEN, ROOT])
async def test_the_board_sheet_is_words_without_a_number(site: cast.Site, unit: str) -> None:
    page = await shown(site, "carla", unit, "board")

    body = re.sub(r"<[^>]+>", " ", page.partition("<main")[2].partition("</main>")[0])
    assert not any(map(str.isdigit, body))
    assert re.findall(r"<h2>([^<…]+)", page) == [
        "Det sagde I",
        "Det prøver vi",
        "Det kan vi ikke løse her, så vi har sendt det videre til ",
    ]


async def test_the_board_says_to_whom_each_thing_went(site: cast.Site) -> None:
    anna = await site.signed_in("anna")
    card = {
        "unit": "C21", "experience": "Vi venter.", "citizen": "Borgeren venter.", "ask": "En vagt.",
        "answer_by.day": "18", "answer_by.month": "12", "answer_by.year": "2026",
    }  # fmt: skip
    said = {}

    for level in ("parent", "board"):
        form = await anna.get("/sent-up/new")
        once = re.search(r'name="once" value="(\w+)"', form.text)
        kept = {**cast.token(form), "once": once[1] if once else "", "version": "0"}
        reply = await anna.post("/sent-up/new", data={**kept, **card, "tried": "x", "level": level})
        assert reply.status_code == 303
        said[level] = slides(await shown(site, "anna", UNIT))["board"]

    assert "sendt det videre til Hjemmepleje En vagt. Vi får svar" in said["parent"]
    assert "sendt det videre til Hjemmepleje og direktionen" in said["board"]
    assert "Direktionen: En vagt." in said["board"]


async def test_the_sheet_of_paper_says_what_the_page_says_and_taking_it_is_written_down(
    site: cast.Site,
) -> None:
    await decided(site)
    page = await shown(site, "anna", UNIT, "board")
    anna = await site.signed_in("anna")

    reply = await anna.get(f"/waves/2026-4/units/{UNIT}/board.pdf")

    with pypdfium2.PdfDocument(reply.content) as read:
        [paper] = [one.get_textpage().get_text_bounded() for one in read]
    told = [unescape(one) for one in re.findall(r"<(?:h2|p)>([^<]+)", page)]
    assert len(told) == 5
    assert all(" ".join(one.split()) in " ".join(paper.split()) for one in told)
    assert reply.headers["content-disposition"].endswith('"kernepuls-2026-4-C21-board.pdf"')
    events = await AuditEvent.select(AuditEvent.what, AuditEvent.on_what)
    assert {"what": "opened board sheet", "on_what": "2026-4/C21"} in events


async def test_nobody_is_told_to_have_said_what_another_unit_did(site: cast.Site) -> None:
    hidden = await shown(site, "carla", HIDDEN, "board")
    own = await shown(site, "carla", UNIT, "board")

    assert "<p>Dagen er lagt sådan, at der mangler tid.</p>" in own
    assert "<p>" not in hidden.partition('class="lines"')[2].partition('class="thanks"')[0]


# --- who may see it ------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["meeting", "board", "board.pdf"])
async def test_a_meeting_is_for_those_who_may_have_the_report(site: cast.Site, what: str) -> None:
    anna, dan = await site.signed_in("anna"), await site.signed_in("dan")

    replies = {
        unit: (await anna.get(f"/waves/2026-4/units/{unit}/{what}")).status_code
        for unit in ("C21", "C2", "C22", "XX")
    }

    assert replies == {"C21": 200, "C2": 404, "C22": 404, "XX": 404}
    assert (await dan.get(f"/waves/2026-4/units/C21/{what}")).status_code == 404


async def test_the_deck_has_no_style_or_script_of_its_own(site: cast.Site) -> None:
    page = await shown(site, "anna", UNIT)

    assert "style=" not in page
    [script] = re.findall(r"<script[^>]*>", page)
    assert re.fullmatch(r'<script src="/assets/meeting\.\w+\.js" defer>', script)


# --- decided on the spot -------------------------------------------------------------------------

MEETING = "/waves/2026-4/units/C21/meeting"
DECISION = {
    "barrier": "TID",
    "name": "overlap ved vagtskifte",
    "scope": "15 minutter tirsdag og torsdag.",
    "owner_role": "planlæggeren",
    "stop_date.day": "18",
    "stop_date.month": "12",
    "stop_date.year": "2026",
}


async def decided(site: cast.Site, login: str = "anna", **changed: str) -> Response:
    browser = await site.signed_in(login)
    form = await browser.get(MEETING)
    once = re.search(r'name="once" value="(\w+)"', form.text)
    hidden = {**cast.token(form), "once": once[1] if once else "", "version": "0"}
    return await browser.post(MEETING, data={**hidden, **DECISION, **changed})


async def test_a_decision_is_kept_as_a_trial_of_the_unit_and_stands_on_the_board(
    site: cast.Site,
) -> None:
    reply = await decided(site)

    assert reply.headers["location"] == f"{MEETING}?done=decided#write"
    [row] = await TrialAction.select()
    assert (row["name"], row["barrier"], row["owner_role"], row["state"]) == (
        "overlap ved vagtskifte", "TID", "planlæggeren", "idea",
    )  # fmt: skip
    anna = await site.signed_in("anna")
    after = slides((await anna.get(f"{MEETING}?done=decided")).text)
    assert "Beslutningen er gemt." in after["write"]
    sheet = await shown(site, "anna", UNIT, "board")
    line = "Overlap ved vagtskifte. Vi stopper prøvehandlingen den 18.\u00a0december\u00a02026"
    assert line in sheet


async def test_a_proposal_that_is_chosen_fills_in_the_decision(site: cast.Site) -> None:
    page = await shown(site, "anna", UNIT)
    [first, *_] = re.findall(r'class="take" href="([^"]+)"', page)
    browser = await site.signed_in("anna")

    chosen = (await browser.get(unescape(first))).text

    typed = {
        **dict(re.findall(r'<input[^>]* name="([\w.]+)"[^>]* value="([^"]*)"', chosen)),
        **dict(re.findall(r'<textarea[^>]* name="(\w+)"[^>]*>\n(.*?)</textarea>', chosen)),
    }
    typed = {name: unescape(text) for name, text in typed.items()}
    reply = await browser.post(MEETING, data={**typed, "barrier": "TID", "owner_role": "teamet"})
    assert reply.status_code == 303
    [row] = await TrialAction.select()
    assert (row["name"], row["target_group"], row["starts"].weekday()) == (
        typed["name"], typed["target_group"], 0,
    )  # fmt: skip
    assert row["learning_question"]
    assert row["stop_date"] == row["ends"]


async def test_from_a_trial_the_way_leads_back_to_the_meeting(site: cast.Site) -> None:
    reply = await decided(site)
    [row] = await TrialAction.select()

    for login in ("anna", "carla"):
        page = await (await site.signed_in(login)).get(f"/trials/{row['code']}")
        assert f'<a href="{MEETING}#write">Til mødet: Hjemmepleje Nord</a>' in page.text
    assert reply.headers["location"].startswith(MEETING)


async def test_what_is_stopped_meanwhile_is_written_on_the_card(site: cast.Site) -> None:
    await decided(site)

    told = slides(await shown(site, "anna", UNIT))

    assert "Skriv det på kortet: Overlap ved vagtskifte" in told["stop"]


async def test_a_decision_that_is_sent_twice_is_one(site: cast.Site) -> None:
    first = await decided(site, once="0123456789abcdef")
    again = await decided(site, once="0123456789abcdef")

    assert first.headers["location"] == again.headers["location"]
    assert await TrialAction.count() == 1


WRONG = {
    "no name": ({"name": ""}, "Skriv noget her."),
    "a name that is too long": ({"name": "x" * 81}, "81"),
    "nobody in charge": ({"owner_role": ""}, "Skriv noget her."),
    "a person in charge": ({"owner_role": "Mette Hansen"}, "Skriv en rolle her"),
    "no stop date": ({"stop_date.day": ""}, ""),
    "a day there is not": ({"stop_date.day": "31", "stop_date.month": "2"}, "ikke en dato"),
    "a barrier there is not": ({"barrier": "XX"}, ""),
}


async def test_what_is_missing_or_wrong_is_told_and_what_was_typed_is_kept(
    site: cast.Site,
) -> None:
    for case, (changed, said) in WRONG.items():
        reply = await decided(site, **{"scope": "<b>=1+1</b> \u202e 🙂", **changed})

        assert reply.status_code == 422, case
        assert "<title>Fejl:" in reply.text, case
        assert said in unescape(reply.text), case
        assert "&lt;b&gt;=1+1&lt;/b&gt;" in reply.text, case
        assert "content-encoding" not in reply.headers
    assert await TrialAction.count() == 0


async def test_who_may_read_and_not_try_sees_no_form_and_decides_nothing(site: cast.Site) -> None:
    eva = await site.signed_in("eva")
    page = await eva.get(MEETING)
    hidden = cast.token(await eva.get("/account"))

    reply = await eva.post(MEETING, data={**hidden, **DECISION})

    assert "<form" not in page.text
    assert reply.status_code == 404
    assert await TrialAction.count() == 0


async def test_a_decision_of_last_time_is_closed_before_a_new_one(site: cast.Site) -> None:
    year = {"stop_date.day": "2", "stop_date.month": "11", "stop_date.year": "2026"}
    await decided(site, **year)  # the clock of the site stands at 20 November

    told = slides(await shown(site, "anna", UNIT))

    assert told["last"].startswith("Minut 5–10")
    assert "Afslut den sidste beslutning først" in told["last"]
    assert "Overlap ved vagtskifte" in told["last"]
    assert "venter på at blive afsluttet" in told["write"]
    assert "Overlap" not in await shown(site, "anna", UNIT, "board")
