"""The pages of a wave: planned, agreed to, approved, opened, followed, extended and closed."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from html import unescape
from typing import Any

import msgspec
import page as checker
import pypdfium2
import pytest
from httpx import AsyncClient, Response

from survey.actions import work
from survey.actions.opening import today_here
from survey.delivery import sheets as printed
from survey.intake import closing
from survey.pages.waves.paper import by_size
from survey.pages.waves.views import wave_page
from survey.pages.waves.year import is_free
from survey.settings import Settings
from survey.tables import (
    Ballot,
    Behaviour,
    BehaviourScope,
    Closing,
    Intake,
    Job,
    Person,
    UnitVersion,
    Wave,
)
from survey.texts import Voice
from tests import cast

OPENS = date(2027, 3, 1)  # a Monday
CLOSES = date(2027, 3, 14)


@pytest.fixture
async def site(settings: Settings) -> AsyncIterator[cast.Site]:
    """The cast, two behaviours and a few people; no wave yet."""
    from survey import engine  # noqa: PLC0415

    async with engine.opened(settings, migrate=True):
        await cast.enter(settings)
        await UnitVersion.update({UnitVersion.core_task: "Borgeren klarer sig."}).where(
            UnitVersion.parent.is_null()
        )
        for code, unit in (("L1", "C"), ("L2", "F")):
            [row] = await Behaviour.insert(
                Behaviour(code=code, text=f"Vi ringer ({code}).", situation="En borger ringede.")
            )
            await BehaviourScope.insert(
                BehaviourScope(behaviour=row["id"], unit=await cast.unit_id(unit))
            )
        for number, unit in enumerate(("C21", "C21", "C22", "F1")):
            await Person.insert(
                Person(
                    unit=await cast.unit_id(unit),
                    first_name="A",
                    last_name="B",
                    profession="sosu",
                    email=f"p{number}@example.dk" if number else None,
                )
            )
        async with cast.site(settings) as site:
            yield site


def days(name: str, day: date) -> dict[str, str]:
    return {
        f"{name}.day": str(day.day),
        f"{name}.month": str(day.month),
        f"{name}.year": str(day.year),
    }


def the_plan(**changed: Any) -> dict[str, Any]:
    asked = ["clarity", "comment", "resolver", "safe", "stall"]
    return {
        "name": "2027-1",
        **days("opens", OPENS),
        **days("closes", CLOSES),
        "behaviours": ["L1", "L2"],
        "asked": asked,
        "version": "1",
        **changed,
    }


async def post(browser: AsyncClient, address: str, **fields: Any) -> Response:
    page = await browser.get("/account")
    return await browser.post(address, data={**cast.token(page), **fields})


async def settled(browser: AsyncClient, name: str = "2027-1") -> str:
    """The page of the wave once no work is under way."""
    for _ in range(400):
        page = await browser.get(f"/waves/{name}")
        if 'hx-trigger="every 2s"' not in page.text:
            return page.text
        await asyncio.sleep(0.05)
    raise AssertionError("the work did not end")


async def test_a_coordinator_takes_a_wave_from_plan_to_result(site: cast.Site) -> None:
    carla = await site.signed_in("carla")

    planned = await post(carla, "/waves/new", **the_plan())
    discussed = await post(
        carla, "/waves/2027-1/discussed", version="1", **days("med_date", today_here())
    )
    await post(carla, "/waves/2027-1/approve", keys="server")
    approved = await settled(carla)
    await post(carla, "/waves/2027-1/open")
    opened = await settled(carla)
    extended = await post(
        carla, "/waves/2027-1/extend", version="1", **days("closes", CLOSES + timedelta(days=7))
    )
    await post(carla, "/waves/2027-1/close", early="1")
    closed = await settled(carla)

    assert planned.headers["location"] == "/waves/2027-1?done=planned"
    assert discussed.headers["location"] == "/waves/2027-1?done=discussed"
    assert "Åbn, og send 3 invitationer" in approved
    assert "Folk svarer nu." in opened
    assert extended.headers["location"] == "/waves/2027-1?done=extended"
    assert "Kontrollen er bestået. Ingen tal kan regnes tilbage til få personer." in closed
    row = await Wave.objects().get(Wave.name == "2027-1")
    assert (row.state, row.closes) == ("released", CLOSES + timedelta(days=7))


async def test_a_wave_whose_key_is_on_three_sheets_never_needs_the_command(
    site: cast.Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    groups: list[str] = []  # as a reader scans them off the three papers
    drawn = printed.qr
    monkeypatch.setattr(printed, "qr", lambda text, alt: groups.append(text) or drawn(text, alt))
    carla = await site.signed_in("carla")
    await post(carla, "/waves/new", **the_plan())
    await post(carla, "/waves/2027-1/discussed", version="1", **days("med_date", today_here()))
    await post(carla, "/waves/2027-1/approve", keys="sheets")
    approved = await settled(carla)
    typed = {f"sheet_{number}": text for number, text in enumerate(groups, 1)}

    paper = await carla.get("/waves/2027-1/sheets/safety/print.pdf")
    wrong = await post(carla, "/waves/2027-1/sheets", **{**typed, "sheet_2": groups[1][:-1]})
    tried = await post(carla, "/waves/2027-1/sheets", **typed)
    gone = await carla.get("/waves/2027-1/sheets/safety/print.pdf")
    await post(carla, "/waves/2027-1/open")
    await settled(carla)
    without = await post(carla, "/waves/2027-1/close", early="1")
    await post(carla, "/waves/2027-1/close", early="1", sheet_1=groups[0], sheet_2=groups[2])
    for _ in range(400):
        closed = (await carla.get("/waves/2027-1")).text
        if "Destruér nøglearkene" in closed:
            break
        await asyncio.sleep(0.05)
    await post(carla, "/waves/2027-1/sheets/destroyed")

    assert 'href="/waves/2027-1/sheets">Print og prøv nøglearkene' in approved
    assert paper.content.startswith(b"%PDF")
    assert (wrong.status_code, without.status_code, gone.status_code) == (422, 422, 404)
    assert tried.headers["location"] == "/waves/2027-1?done=tried"
    wave = await Wave.objects().get(Wave.name == "2027-1")
    assert (wave.state, wave.key_sheets) == ("released", "destroyed")


async def test_cards_and_posters_are_printed_unit_by_unit(site: cast.Site) -> None:
    carla = await site.signed_in("carla")
    await post(carla, "/waves/new", **the_plan())
    before = await carla.get("/waves/2027-1/prints")
    await post(carla, "/waves/2027-1/discussed", version="1", **days("med_date", today_here()))
    await post(carla, "/waves/2027-1/approve", keys="server")
    await settled(carla)

    page = await carla.get("/waves/2027-1/prints?unit=C2")
    files = [
        await carla.get(f"/waves/2027-1/prints/{name}.pdf")
        for name in ("C21/poster", "C21/cards", "C22/cards", "XX/poster")
    ]

    assert "Der er ikke noget at printe nu." in before.text
    assert 'href="/waves/2027-1/prints/C21/cards.pdf"' in page.text
    assert 'href="/waves/2027-1/prints/C22/cards.pdf"' not in page.text
    assert [file.status_code for file in files] == [200, 200, 404, 404]
    assert files[0].content.startswith(b"%PDF")


async def test_a_new_link_is_answered_alike_whoever_it_is_for(site: cast.Site) -> None:
    carla = await site.signed_in("carla")
    await post(carla, "/waves/new", **the_plan())
    await Wave.update({Wave.state: "open"}).where(Wave.name == "2027-1")

    replies = [
        await post(carla, "/waves/2027-1/resend", email=address)
        for address in ("p1@example.dk", "nobody@example.dk")
    ]

    assert {reply.headers["location"] for reply in replies} == {"/waves/2027-1?done=resent"}
    assert {reply.content for reply in replies} == {replies[0].content}


# --- the works committee --------------------------------------------------------------------------


async def test_the_works_committee_agrees_to_what_it_has_read(site: cast.Site) -> None:
    carla, eva = await site.signed_in("carla"), await site.signed_in("eva")
    await post(carla, "/waves/new", **the_plan())

    paper = await eva.get("/waves/2027-1/paper")
    agreed = await post(eva, "/waves/2027-1/agree", version="1")
    seen = await carla.get("/waves/2027-1")

    for said in ("Derfor spørger vi", "Ingen tal for færre end 5 personer.", "14. marts 2029"):
        assert said in paper.text
    assert agreed.headers["location"] == "/waves/2027-1?done=agreed"
    assert "Godkend: 4 bliver inviteret" in seen.text


async def test_the_two_pages_are_two_pages_on_paper_too(site: cast.Site) -> None:
    carla, eva = await site.signed_in("carla"), await site.signed_in("eva")
    await post(carla, "/waves/new", **the_plan())
    page = await eva.get("/waves/2027-1/paper")

    file = (await eva.get("/waves/2027-1/paper/print.pdf")).content

    with pypdfium2.PdfDocument(file) as read:
        paper = [letters(one.get_textpage().get_text_bounded()) for one in read]
    told = [unescape(one) for one in re.findall(r"<(?:h2|th scope=.row.)>([^<]+)", page.text)]
    assert len(told) == 17
    assert [one for one in told if letters(one) not in "".join(paper)] == []
    assert len(paper) == 2
    assert checker.is_pdf_compliant_bytes(file, profile="ua1")
    assert checker.is_pdf_compliant_bytes(file, profile="3a")


def letters(text: str) -> str:
    """A text as it is read, wherever its lines are broken."""
    return re.sub(r"\W", "", text)


async def test_two_pages_are_enough_whatever_the_wave_asks(site: cast.Site) -> None:
    carla = await site.signed_in("carla")
    await post(carla, "/waves/new", **the_plan())
    await Behaviour.update({Behaviour.text: "Vi ringer til borgeren, " * 11}, force=True)
    settings, voice = site.app.state.settings, Voice("da")
    view = await wave_page(settings, voice, "2027-1", with_opened=False)
    many = replace(view, asked=view.asked * 15)

    sizes = list(by_size({"wave": many}, voice))

    assert [one["size"] for one in sizes] == ["l", "m", "s", "s", "s", "s", "s"]
    assert [len(one["wave"].asked) for one in sizes] == [30, 30, 30, 12, 6, 3, 1]
    assert sizes[-1]["more_asked"] == "29 andre ønskede adfærd"


async def test_a_plan_that_is_sent_back_tells_the_coordinator_why(site: cast.Site) -> None:
    carla, eva = await site.signed_in("carla"), await site.signed_in("eva")
    await post(carla, "/waves/new", **the_plan())

    empty = await post(eva, "/waves/2027-1/send-back", version="1", reason=" ")
    await post(eva, "/waves/2027-1/send-back", version="1", reason="Vent <b>til</b> uge 12.")
    told = await carla.get("/waves/2027-1")
    await post(carla, "/waves/2027-1/plan", **the_plan(behaviours=["L1"]))
    changed = await carla.get("/waves/2027-1")

    assert empty.status_code == 422
    assert "Vent &lt;b&gt;til&lt;/b&gt; uge 12." in told.text
    assert told.text.count('class="kp-deed"') == 1  # to the plan; the date is folded away
    assert "uge 12" not in changed.text


async def test_an_agreement_to_an_older_plan_is_no_agreement(site: cast.Site) -> None:
    carla, eva = await site.signed_in("carla"), await site.signed_in("eva")
    await post(carla, "/waves/new", **the_plan())
    await post(carla, "/waves/2027-1/plan", **the_plan(behaviours=["L1"]))

    late = await post(eva, "/waves/2027-1/agree", version="1")

    assert late.status_code == 409
    assert (await Wave.objects().get(Wave.name == "2027-1")).med_date is None


async def test_a_changed_plan_asks_for_the_committee_again(site: cast.Site) -> None:
    carla = await site.signed_in("carla")
    await post(carla, "/waves/new", **the_plan())
    await post(carla, "/waves/2027-1/discussed", version="1", **days("med_date", today_here()))

    await post(carla, "/waves/2027-1/plan", **the_plan(version="1"))
    the_same = (await Wave.objects().get(Wave.name == "2027-1")).med_date
    await post(carla, "/waves/2027-1/plan", **the_plan(version="1", asked=["stall"]))
    another = (await Wave.objects().get(Wave.name == "2027-1")).med_date

    assert (the_same, another) == (today_here(), None)


async def test_a_close_under_way_says_how_far_it_is_from_the_press_on(
    site: cast.Site, settings: Settings
) -> None:
    await cast.plan_waves("open")
    carla = await site.signed_in("carla")
    wave = await Wave.objects().get(Wave.name == "2026-1")
    order = work.Order(wave="2026-1", by=None)
    with cast.closed_elsewhere(settings):
        await Job.insert(
            Job(kind="close_wave", arguments=msgspec.json.encode(order).decode(), state="running")
        )
        pressed = (await carla.get("/waves/2026-1")).text
        await Wave.update({Wave.state: "closing"}).where(Wave.id == wave.id)
        await Closing.insert(Closing(wave=wave.id, step="roster_cleared", refusal="A2"))
        again = (await carla.get("/waves/2026-1")).text
        overview = (await carla.get("/overview")).text

    assert "Pulsen bliver lukket." in pressed
    assert "/waves/2026-1/close" not in pressed
    assert "Svarene bliver åbnet samlet" in again
    steps = [name for name, _ in closing.STEPS]
    assert again.count('class="kp-done"') == steps.index("roster_cleared") + 1
    assert "Prøv igen" not in again
    assert "Se, hvor langt det er" in overview


async def test_the_overview_asks_for_the_reminder_of_the_day(site: cast.Site) -> None:
    await cast.plan_waves("open")
    carla = await site.signed_in("carla")
    wave = await Wave.objects().get(Wave.name == "2026-1")
    today = today_here()

    said = []
    for opened in (0, 12):
        opens = today - timedelta(days=opened)
        await Wave.update({Wave.opens: opens, Wave.closes: opens + timedelta(days=20)}).where(
            Wave.id == wave.id
        )
        said.append((await carla.get("/overview")).text)

    assert "Folk svarer på 2026-1 nu. Sidste dag er" in said[0]
    assert "Det er tid til den første påmindelse om 2026-1." in said[1]


async def test_the_committee_has_no_deed_of_the_coordinator(site: cast.Site) -> None:
    carla, eva = await site.signed_in("carla"), await site.signed_in("eva")
    await post(carla, "/waves/new", **the_plan())

    replies = {
        deed: (await post(eva, f"/waves/2027-1/{deed}", version="1")).status_code
        for deed in ("approve", "open", "remind", "close", "extend", "resend", "discussed")
    }

    assert set(replies.values()) == {404}


# --- planning ------------------------------------------------------------------------------------


async def test_the_proposal_can_be_sent_as_it_is(site: cast.Site) -> None:
    carla = await site.signed_in("carla")

    form = (await carla.get("/waves/new")).text
    typed = dict(re.findall(r'name="((?:name|opens|closes)[.a-z]*)" [^>]*value="([^"]+)"', form))
    chosen = re.findall(r'name="behaviours" value="(\w+)" checked', form)
    planned = await post(
        carla, "/waves/new", **typed, behaviours=chosen, asked=["clarity"], version="0"
    )

    assert planned.headers["location"] == f"/waves/{typed['name']}?done=planned"
    wave = await Wave.objects().get(Wave.name == typed["name"])
    assert wave.opens.weekday() == 0
    assert is_free(wave.opens, wave.closes)
    assert wave.left_out == "comment;resolver;safe;stall"


async def test_a_plan_that_is_refused_shows_its_days_in_the_year_and_what_they_hold(
    site: cast.Site,
) -> None:
    carla = await site.signed_in("carla")
    easter = days("opens", date(2027, 3, 22)) | days("closes", date(2027, 4, 4))

    form = (await post(carla, "/waves/new", **the_plan(behaviours=[], **easter))).text
    never = (await post(carla, "/waves/new", **the_plan(**days("closes", date(9999, 3, 1))))).text

    assert "<strong>2027-1: 22. marts 2027 – 4. april 2027</strong>" in form
    assert "skærtorsdag (torsdag den 25. marts)" in form
    assert "kp-year-here" not in never


async def test_a_plan_that_is_sent_twice_is_one_and_another_of_its_name_is_refused(
    site: cast.Site,
) -> None:
    carla = await site.signed_in("carla")
    await post(carla, "/waves/new", **the_plan())

    again = await post(carla, "/waves/new", **the_plan())
    other = await post(carla, "/waves/new", **the_plan(behaviours=["L1"]))

    assert again.headers["location"] == "/waves/2027-1?done=planned"
    assert other.status_code == 422
    assert "Der er allerede en puls, der hedder 2027-1." in other.text
    assert await Wave.count() == 1


async def test_the_second_of_two_who_change_a_plan_is_told_and_loses_nothing(
    site: cast.Site,
) -> None:
    carla = await site.signed_in("carla")
    await post(carla, "/waves/new", **the_plan())
    await post(carla, "/waves/2027-1/plan", **the_plan(**days("closes", date(2027, 3, 21))))

    second = await post(
        carla, "/waves/2027-1/plan", **the_plan(**days("closes", date(2027, 3, 12)))
    )

    assert second.status_code == 409
    assert "Gemt imens:" in second.text or "Gemt i mellemtiden" in second.text
    assert 'value="12"' in second.text
    assert (await Wave.objects().get(Wave.name == "2027-1")).closes == date(2027, 3, 21)


BAD: dict[str, dict[str, Any]] = {
    "no name": {"name": ""},
    "a long name": {"name": "x" * 200},
    "HTML": {"name": "<script>alert(1)</script>"},
    "a formula": {"name": "=1+1"},
    "an emoji": {"name": "🙂"},
    "an address of its own": {"name": "new"},
    "no day": {"opens.day": ""},
    "no such day": {"opens.day": "31", "opens.month": "2"},
    "a year too long": {"closes.year": "2028"},
    "no behaviour": {"behaviours": []},
    "an unknown behaviour": {"behaviours": ["L1", "nobody"]},
    "a question that stays": {"asked": ["barriers"]},
}


async def test_what_cannot_be_planned_is_said_beside_its_field(site: cast.Site) -> None:
    carla = await site.signed_in("carla")

    replies = {
        what: await post(carla, "/waves/new", **{**the_plan(), **changed})
        for what, changed in BAD.items()
    }

    wrong = [what for what, reply in replies.items() if reply.status_code != 422]
    assert wrong == []
    assert all("<title>Fejl:" in reply.text for reply in replies.values())
    assert not any("<script>alert" in reply.text for reply in replies.values())
    assert await Wave.count() == 0


async def test_marks_that_turn_a_text_around_are_not_part_of_a_name(site: cast.Site) -> None:
    carla = await site.signed_in("carla")

    await post(carla, "/waves/new", **the_plan(name="\u202e2027-1", asked=[]))

    assert [row["name"] for row in await Wave.select(Wave.name)] == ["2027-1"]


# --- the questionnaire is tried ------------------------------------------------------------------


async def test_the_form_is_tried_without_a_code_and_nothing_of_it_is_stored(
    site: cast.Site,
) -> None:
    carla = await site.signed_in("carla")
    await post(carla, "/waves/new", **the_plan(asked=["clarity"]))

    form = await carla.get("/waves/2027-1/try")
    unanswered = await post(carla, "/waves/2027-1/try/send", unit="C21")
    sent = await post(carla, "/waves/2027-1/try/send", unit="C21", situation="no")

    assert "Prøve: intet bliver gemt" in form.text
    assert 'action="/waves/2027-1/try/send"' in form.text
    assert 'data-item="clarity"' in form.text
    assert 'data-item="stall"' not in form.text
    assert (unanswered.status_code, sent.status_code) == (422, 200)
    assert "Dit svar er modtaget" in sent.text
    assert "Prøve: intet bliver gemt" in sent.text
    assert await Ballot.count() == await Intake.count() == 0


async def test_a_unit_that_is_not_asked_cannot_be_tried(site: cast.Site) -> None:
    carla = await site.signed_in("carla")
    await post(carla, "/waves/new", **the_plan(behaviours=["L1"]))

    assert (await carla.get("/waves/2027-1/try?unit=F1")).status_code == 404


# --- the overview ---------------------------------------------------------------------------------


async def test_the_overview_leads_from_step_to_step(site: cast.Site) -> None:
    carla = await site.signed_in("carla")

    first = (await carla.get("/overview")).text
    await post(carla, "/waves/new", **the_plan())
    planned = (await carla.get("/overview")).text
    await post(carla, "/waves/2027-1/discussed", version="1", **days("med_date", today_here()))
    discussed = (await carla.get("/overview")).text

    assert 'href="/waves/new">Planlæg en puls' in first
    assert 'href="/waves/2027-1/paper">Åbn de to sider' in planned
    assert "2027-1 venter på MED-udvalget." in planned
    assert 'href="/waves/2027-1">Godkend pulsen' in discussed
    assert "venter på MED-udvalget" not in discussed
