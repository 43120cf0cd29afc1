"""The answering pages: every state, every bad input, and what is stored after each."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from functools import partial
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest
from httpx import AsyncClient
from hypothesis import given
from hypothesis import strategies as st

from survey.app import create_app
from survey.intake import keys, seal
from survey.intake.writer import running_writer
from survey.pages.answering import answer as answering_page
from survey.pages.answering import posting, sheet
from survey.questionnaire import BARRIERS
from survey.settings import Settings
from survey.tables import Ballot, Intake, Invitation, Wave
from tests import answering, cast

FORM = {"content-type": "application/x-www-form-urlencoded"}


class Fields(HTMLParser):
    """What a browser would post of a page: inputs, selects and text areas as they stand."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.values: dict[str, list[str]] = {}
        self._select = self._area = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "input" and given["type"] not in {"radio", "checkbox", "search"}:
            self.values.setdefault(given["name"], []).append(given.get("value", ""))
        elif tag == "input" and "checked" in given:
            self.values.setdefault(given["name"], []).append(given["value"])
        elif tag == "select":
            self._select = given["name"]
        elif tag == "option" and "selected" in given:
            self.values[self._select] = [given["value"]]
        elif tag == "textarea":
            self._area = given["name"]
            self.values[self._area] = [""]

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self.values[self._area][0] += data.removeprefix("\n")


class Respondent:
    """Somebody with a phone: types a code, begins, sends."""

    def __init__(self, client: AsyncClient) -> None:
        self.client = client

    async def post(self, path: str, fields: dict[str, Any], **headers: str) -> Any:
        body = urlencode(fields, doseq=True)
        return await self.client.post(path, content=body, headers={**FORM, **headers})

    async def look_up(self, code: str, **more: Any) -> Any:
        start = Fields((await self.client.get("/svar/uden-script")).text).values
        return await self.post("/svar/opslag", {**start, "code": code, **more})

    async def begin(self, code: str, **more: Any) -> Any:
        found = await self.look_up(code)
        return await self.post("/svar/uden-script", {**Fields(found.text).values, **more})

    async def form(self, code: str, **more: Any) -> dict[str, Any]:
        page = await self.begin(code, **more)
        assert page.status_code == 200
        return Fields(page.text).values

    async def answered(self, code: str, **answers: Any) -> dict[str, Any]:
        return {**await self.form(code), "situation": "several", **answers}


@pytest.fixture
async def codes(settings: Settings) -> dict[str, list[str]]:
    return await answering.build(settings)


@pytest.fixture
async def phone(settings: Settings, codes: dict[str, list[str]]) -> AsyncIterator[Respondent]:
    with cast.application(settings) as app:
        async with cast.visited(app) as client:
            yield Respondent(client)


async def stored(settings: Settings) -> list[seal.Frame]:
    """Every answer, opened with the wave's key."""
    rows = await Intake.select(Intake.sealed)
    key = keys.opening(settings, answering.WAVE)
    return [seal.unseal(key, answering.WAVE, row["sealed"]) for row in rows]


def says(page: Any, text: str) -> bool:
    return text in re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page.text)).replace("&#39;", "'")


# The way through


async def test_a_typed_code_leads_to_a_receipt_and_one_sealed_answer(
    phone: Respondent, codes: dict[str, list[str]], settings: Settings
) -> None:
    answered = await phone.answered(
        codes["C11"][0],
        clarity="4",
        successes="2",
        b_silo="2",
        stall_1="D1",
        stall_how="wait",
        noticed="helps",
        comment="Et fast nummer at ringe til.",
    )

    page = await phone.post("/svar/send", answered)

    assert page.status_code == 200
    assert says(page, "Dit svar er modtaget")
    [frame] = await stored(settings)
    kept = {name: value for name, value in frame.answers.items() if value is not None}
    assert (frame.unit, frame.behaviour) == ("C11", "Ad8")
    assert frame.comment == "Et fast nummer at ringe til."
    assert kept == {
        "situation": "several",
        "clarity": 4,
        "successes": 2,
        "b_silo": 2,
        "priority": "SILO",
        "stall_1": "D1",
        "stall_how": "wait",
        "noticed": "helps",
    } | ({"profession": kept["profession"]} if "profession" in kept else {})


async def test_the_whole_way_holds_on_both_databases(store: Settings) -> None:
    """Typed code, form, receipt; the same again and at once; used; closed."""
    codes = await answering.build(store)
    async with cast.visited(create_app(store)) as client:
        phone = Respondent(client)
        answered = await phone.answered(codes["C11"][0], clarity="4", comment="Et fast nummer.")
        together = await asyncio.gather(*(phone.post("/svar/send", answered) for _ in range(8)))
        once_more = await phone.post("/svar/send", answered)
        used = await phone.begin(codes["C11"][0])
        begun = await phone.answered(codes["E"][0])
        await answering.set_wave(store, state="closing")
        late = await phone.post("/svar/send", begun)
        lost_reply = await phone.post("/svar/send", answered)
        expired = await phone.look_up(codes["E"][1])

    [frame] = await stored(store)
    assert says(once_more, "Dit svar er modtaget")
    assert {page.text for page in (*together, lost_reply)} == {once_more.text}
    assert (used.status_code, late.status_code, expired.status_code) == (409, 410, 410)
    assert (frame.unit, frame.answers["clarity"], frame.comment) == ("C11", 4, "Et fast nummer.")
    assert (await Ballot.count(), await Intake.count()) == (1, 1)


async def test_the_receipt_tells_two_dates_and_that_nothing_is_left_behind(
    phone: Respondent, codes: dict[str, list[str]]
) -> None:
    page = await phone.post("/svar/send", await phone.answered(codes["C11"][0]))

    assert says(page, "Mandag den 30. november: Jeres gruppe ser på resultatet.")  # close + 14
    assert says(page, "Mandag den 7. december: Resultatet hænger på tavlen.")  # close + 21
    assert says(page, "Der ligger ingen svar tilbage på din mobil eller computer.")
    assert re.search(r"Din kvittering: <b[^>]*>[0-9A-Z]{8}</b>", page.text)


async def test_looking_up_a_code_spends_nothing_and_names_the_unit(
    phone: Respondent, codes: dict[str, list[str]]
) -> None:
    page = await phone.look_up(codes["C12"][0])

    assert says(page, "Du svarer for Hjemmepleje Syd.")
    assert says(page, "Skriv til HR på pulsen@fjordlund.example")
    assert await Invitation.count().where(Invitation.issued.is_not_null()) == 0


@pytest.mark.parametrize(
    "typed",
    [str.lower, lambda code: code.replace("-", ""), lambda code: f" {code} ".replace("0", "o")],
)
async def test_a_code_is_read_with_forgiveness(
    phone: Respondent, codes: dict[str, list[str]], typed: Any
) -> None:
    assert (await phone.look_up(typed(codes["E"][0]))).status_code == 200


async def test_the_same_page_sent_for_again_has_the_same_ballot(
    phone: Respondent, codes: dict[str, list[str]]
) -> None:
    begun = Fields((await phone.look_up(codes["E"][0])).text).values

    first = Fields((await phone.post("/svar/uden-script", begun)).text).values
    second = Fields((await phone.post("/svar/uden-script", begun)).text).values

    assert first["message"] == second["message"]
    assert first["signature"] == second["signature"]


async def test_the_form_holds_no_code_and_the_code_page_no_answer(
    phone: Respondent, codes: dict[str, list[str]]
) -> None:
    page = await phone.begin(codes["E"][0])

    assert codes["E"][0] not in page.text
    assert "code" not in Fields(page.text).values


# What the questionnaire shows


async def test_nothing_is_preselected(phone: Respondent, codes: dict[str, list[str]]) -> None:
    page = await phone.begin(codes["C11"][0])

    assert "checked" not in page.text
    assert " selected" not in page.text


async def test_places_come_nearest_first_without_the_own_unit_and_the_small(
    phone: Respondent, codes: dict[str, list[str]]
) -> None:
    page = (await phone.begin(codes["E"][0])).text
    from_home_care = (await phone.begin(codes["C11"][0])).text

    def places(text: str) -> list[str]:
        first = text.split("<select")[1]
        return [
            code
            for code in re.findall(r'<option value="(\w+)"', first)
            if code.isupper() or code[-1].isdigit()
        ]

    assert places(page) == ["C1", "D1"]
    assert places(from_home_care) == ["C1", "D1", "E"]


async def test_the_trial_is_asked_about_only_where_there_was_one(
    phone: Respondent, codes: dict[str, list[str]]
) -> None:
    assert says(
        await phone.begin(codes["C11"][0]),
        "Siden sidst har vi prøvet ti faste minutter på kørelisten.",
    )
    assert 'name="noticed"' not in (await phone.begin(codes["C12"][0])).text


async def test_the_barriers_come_in_an_order_of_their_own_each_time(
    phone: Respondent, codes: dict[str, list[str]]
) -> None:
    orders = [(await phone.form(code))["order"][0].split(".") for code in codes["E"] + codes["D1"]]

    assert all(sorted(order) == sorted(BARRIERS) for order in orders)
    assert len({tuple(order) for order in orders}) > 1


async def test_the_whole_way_is_there_in_english(
    phone: Respondent, codes: dict[str, list[str]]
) -> None:
    page = await phone.begin(codes["C11"][0], sprog="en")

    assert '<html lang="en">' in page.text
    assert says(page, "You answer for Hjemmepleje Nord.")
    assert says(page, answering.BEHAVIOUR_EN)
    assert '<span lang="da">ti faste minutter på kørelisten</span>' in page.text


async def test_changing_the_language_keeps_every_answer_and_the_order(
    phone: Respondent, codes: dict[str, list[str]]
) -> None:
    answered = await phone.answered(
        codes["C11"][0], b_tid="1", citizen=["faster", "not_repeat"], comment='Få < mål & "færre"'
    )

    page = await phone.post("/svar/sprog", {**answered, "vis": "en"})

    kept = Fields(page.text).values
    assert '<html lang="en">' in page.text
    assert {**kept, "sprog": "da"} == {
        name: value if isinstance(value, list) else [value] for name, value in answered.items()
    } | {"sprog": "da"}


# What is sent back


async def test_without_the_situation_the_form_comes_back_with_a_linked_summary(
    phone: Respondent, codes: dict[str, list[str]], settings: Settings
) -> None:
    form = await phone.form(codes["C11"][0])

    page = await phone.post("/svar/send", {**form, "clarity": "2", "b_fag": "1"})

    assert page.status_code == 422
    assert "<title>Fejl: " in page.text
    assert re.search(r'role="alert".*href="#situation"', page.text, re.DOTALL)
    assert 'id="situation"' in page.text
    assert says(page, "Vælg et svar om situationen. Resten må du springe over.")
    kept = Fields(page.text).values
    assert (kept["clarity"], kept["b_fag"], kept["order"]) == (["2"], ["1"], form["order"])
    assert await stored(settings) == []


async def test_what_was_sent_back_can_be_put_right_and_sent(
    phone: Respondent, codes: dict[str, list[str]]
) -> None:
    page = await phone.post("/svar/send", await phone.form(codes["C11"][0]))

    again = await phone.post("/svar/send", {**Fields(page.text).values, "situation": "no"})

    assert again.status_code == 200


async def test_a_third_choice_is_sent_back_with_all_three_kept(
    phone: Respondent, codes: dict[str, list[str]]
) -> None:
    three = ["faster", "not_repeat", "more_say"]

    page = await phone.post("/svar/send", await phone.answered(codes["E"][0], citizen=three))

    assert page.status_code == 422
    assert says(page, "Du har valgt 3. Fjern 1.")
    assert Fields(page.text).values["citizen"] == three


async def test_a_likely_name_is_asked_about_once_and_then_sent(
    phone: Respondent, codes: dict[str, list[str]], settings: Settings
) -> None:
    answered = await phone.answered(codes["E"][0], comment="Spørg Mette på kontoret.")

    asked = await phone.post("/svar/send", answered)
    sent = await phone.post("/svar/send", Fields(asked.text).values)

    assert asked.status_code == 422
    assert says(asked, "Her står måske et navn. Vil du rette det, før du sender?")
    assert sent.status_code == 200
    assert [frame.comment for frame in await stored(settings)] == ["Spørg Mette på kontoret."]


async def test_a_cpr_number_and_a_long_comment_are_sent_back_and_kept(
    phone: Respondent, codes: dict[str, list[str]], settings: Settings
) -> None:
    answered = await phone.answered(codes["E"][0])

    number = await phone.post("/svar/send", {**answered, "comment": "010203-1234"})
    long = await phone.post("/svar/send", {**answered, "comment": "å" * 281})

    assert says(number, "Her står måske et CPR-nummer. Fjern det, før du sender.")
    assert says(long, "Teksten er 1 tegn for lang. Den er ikke slettet. Gør den kortere.")
    assert Fields(long.text).values["comment"] == ["å" * 281]
    assert await stored(settings) == []


async def test_a_form_of_an_older_version_comes_back_with_its_answers(
    phone: Respondent, codes: dict[str, list[str]], settings: Settings
) -> None:
    answered = await phone.answered(codes["E"][0], clarity="5")
    await Wave.update({Wave.form_version: 2}).where(Wave.name == answering.WAVE)

    page = await phone.post("/svar/send", answered)
    again = await phone.post("/svar/send", Fields(page.text).values)

    assert page.status_code == 409
    assert says(page, "Siden er ændret, siden du åbnede den. Dine svar er her stadig.")
    assert Fields(page.text).values["clarity"] == ["5"]
    assert again.status_code == 200


async def test_what_an_older_form_offered_is_no_fault_of_the_person(
    phone: Respondent, codes: dict[str, list[str]]
) -> None:
    answered = await phone.answered(codes["E"][0], clarity="a choice of last year")
    await Wave.update({Wave.form_version: 2}).where(Wave.name == answering.WAVE)

    page = await phone.post("/svar/send", answered)

    assert page.status_code == 409


async def test_a_busy_server_keeps_every_value_and_the_script_tries_again(
    phone: Respondent, codes: dict[str, list[str]]
) -> None:
    answered = await phone.answered(codes["E"][0], clarity="3")
    writer = running_writer()
    assert writer is not None
    writer.stopping = True

    page = await phone.post("/svar/send", answered)

    assert page.status_code == 503
    assert says(page, "Serveren har travlt. Intet er gemt. Prøv igen om lidt.")
    assert Fields(page.text).values["clarity"] == ["3"]
    assert "data-retry" in page.text


@pytest.mark.parametrize("path", ["/svar/opslag", "/svar/uden-script", "/svar/sprog", "/svar/send"])
async def test_a_posted_page_that_is_reloaded_asks_for_the_code(
    phone: Respondent, path: str
) -> None:
    page = await phone.client.get(path)

    assert page.status_code == 200
    assert says(page, "Skriv koden fra mailen eller kortet")


async def test_a_comment_of_five_megabytes_is_refused_with_a_page_that_says_so(
    phone: Respondent, codes: dict[str, list[str]], settings: Settings
) -> None:
    answered = await phone.answered(codes["E"][0], comment="x" * 5 * 1024 * 1024)

    page = await phone.post("/svar/send", answered)

    assert page.status_code == 413
    assert says(page, "Det, du sendte, er for langt, så intet er gemt. Gå tilbage")
    assert await stored(settings) == []


# Codes


@pytest.mark.parametrize(
    "typed", ["", "K7QD", "U" * 16, "K7QD-3M9V-K7QD-3M9V", "K7QD-3M9V-K7QD-3M9V-X", "' OR 1=1 --"]
)
async def test_a_wrong_or_malformed_code_asks_again_and_keeps_what_was_typed(
    phone: Respondent, typed: str
) -> None:
    page = await phone.look_up(typed)

    assert page.status_code == 404
    assert says(page, "Vi kender ikke koden. Der er ikke sendt noget.")
    assert re.search(r'role="alert".*href="#code"', page.text, re.DOTALL)
    assert Fields(page.text).values["code"] == [typed]


async def test_a_code_begun_on_another_phone_is_used(
    phone: Respondent, codes: dict[str, list[str]]
) -> None:
    await phone.begin(codes["E"][0])

    page = await phone.begin(codes["E"][0])

    assert page.status_code == 409
    assert says(page, "Koden er brugt på en anden mobil eller computer.")


async def test_before_the_wave_opens_the_day_is_told_and_the_code_is_not_used(
    phone: Respondent, codes: dict[str, list[str]]
) -> None:
    await Wave.update({Wave.state: "approved"}).where(Wave.name == answering.WAVE)

    page = await phone.look_up(codes["E"][0])

    assert page.status_code == 409
    assert says(page, "Den åbner tirsdag den 3. november. Din kode er ikke brugt.")


@pytest.mark.parametrize("state", ["closing", "released", "held"])
async def test_after_the_close_a_code_has_expired(
    phone: Respondent, codes: dict[str, list[str]], state: str
) -> None:
    await Wave.update({Wave.state: state}).where(Wave.name == answering.WAVE)

    page = await phone.look_up(codes["E"][0])

    assert page.status_code == 410
    assert says(page, "Pulsen sluttede mandag den 16. november. Der er ikke sendt noget.")
    assert says(page, "Den næste puls kommer i uge 5.")  # 13 weeks after week 45 of 53


async def test_an_answer_that_comes_after_the_close_is_not_taken(
    phone: Respondent, codes: dict[str, list[str]]
) -> None:
    answered = await phone.answered(codes["E"][0])
    await Wave.update({Wave.state: "closing"}).where(Wave.name == answering.WAVE)

    page = await phone.post("/svar/send", answered)

    assert page.status_code == 410
    assert says(page, "Dit svar kom ikke med")
    assert await Ballot.count() == 0


@pytest.mark.parametrize("path", ["/svar/sprog", "/svar/send"])
async def test_a_form_that_comes_back_when_the_keys_are_gone_is_told_that_it_is_over(
    phone: Respondent, codes: dict[str, list[str]], settings: Settings, path: str
) -> None:
    answered = await phone.answered(codes["E"][0])
    await Wave.update({Wave.state: "released"}).where(Wave.name == answering.WAVE)
    keys.destroy(settings, answering.WAVE)

    page = await phone.post(path, {**answered, "vis": "en"})

    assert page.status_code == 410
    assert says(page, "The pulse")


async def test_many_wrong_codes_are_asked_to_wait_and_a_right_one_costs_nothing(
    phone: Respondent, codes: dict[str, list[str]]
) -> None:
    for _ in range(posting.TRIES - 1):
        assert (await phone.post("/svar/opslag", {"code": "K7QD"})).status_code == 404
    assert (await phone.look_up(codes["E"][0])).status_code == 200
    assert (await phone.post("/svar/opslag", {"code": "K7QD"})).status_code == 404

    page = await phone.look_up(codes["E"][0])

    assert page.status_code == 429
    assert says(page, "Vent ti minutter, og prøv igen. Din kode er ikke brugt.")


async def test_wrong_codes_are_forgotten_with_the_minute() -> None:
    minute = [0.0]
    tries = posting.Tries(clock=lambda: minute[0])
    for _ in range(posting.TRIES):
        await tries.wrong("192.0.2.1")

    with pytest.raises(posting.TooManyTries):
        await tries.check("192.0.2.1")
    await tries.check("192.0.2.2")
    minute[0] = posting.MINUTE
    await tries.check("192.0.2.1")


def test_a_household_counts_as_one_network() -> None:
    assert posting.network("2001:db8::1") == posting.network("2001:db8::2")
    assert posting.network("2001:db8::1") != posting.network("2001:db8:0:1::1")
    assert posting.network("192.0.2.1") != posting.network("192.0.2.2")
    assert posting.network("testclient") == ""


PIECES = st.lists(st.sampled_from(["stall", "a", "=", "&", "+", "%", "%C3%A6", "%FF", "æ", " "]))


@given(body=PIECES.map("".join))
def test_a_form_is_read_as_the_standard_library_reads_it(body: str) -> None:
    def read(reader: Callable[[str], object]) -> object:
        try:
            return reader(body)
        except ValueError:
            return "refused"

    expected = read(partial(parse_qs, keep_blank_values=True, errors="strict"))

    assert read(posting.fields_of) == expected


def test_a_form_of_too_many_fields_is_not_read() -> None:
    most = "&".join(["a=1"] * posting.MOST_FIELDS)

    assert posting.fields_of(most) == {"a": ["1"] * posting.MOST_FIELDS}
    with pytest.raises(ValueError, match=r"^$"):
        posting.fields_of(f"{most}&a=1")


# The same answer again, and answers that are not ours


async def test_the_same_submission_twice_gives_the_same_receipt_and_one_row(
    phone: Respondent, codes: dict[str, list[str]], settings: Settings
) -> None:
    answered = await phone.answered(codes["E"][0], clarity="1")

    first = await phone.post("/svar/send", answered)
    second = await phone.post("/svar/send", {**answered, "clarity": "5"})

    assert first.text == second.text
    assert [frame.answers["clarity"] for frame in await stored(settings)] == [1]


async def test_the_same_submission_at_once_is_one_row(
    phone: Respondent, codes: dict[str, list[str]]
) -> None:
    answered = await phone.answered(codes["E"][0])

    pages = await asyncio.gather(*(phone.post("/svar/send", answered) for _ in range(8)))

    assert {page.status_code for page in pages} == {200}
    assert len({page.text for page in pages}) == 1
    assert (await Ballot.count(), await Intake.count()) == (1, 1)


async def test_everybody_s_page_has_their_own_receipt_in_their_own_language(
    phone: Respondent, codes: dict[str, list[str]]
) -> None:
    answered = [await phone.answered(codes[unit][0]) for unit in ("E", "D1", "C11")]

    pages = [
        await phone.post("/svar/send", answered[0]),
        await phone.post("/svar/send", {**answered[1], "sprog": "en"}),
        await phone.post("/svar/kiosk/send", answered[2]),
    ]

    receipts = [re.findall(r"data-receipt>([0-9A-Z]{8})<", page.text) for page in pages]
    assert [len(found) for found in receipts] == [1, 1, 1]
    assert len({found[0] for found in receipts}) == 3
    assert ["data-kiosk" in page.text for page in pages] == [False, False, True]
    assert says(pages[0], "Dit svar er modtaget")
    assert 'lang="en"' in pages[1].text
    assert not any(answering_page.CODE_HERE in page.text for page in pages)


async def test_a_page_of_an_earlier_version_sends_its_form_from_its_script(
    phone: Respondent, codes: dict[str, list[str]]
) -> None:
    """A tab that was open while we were brought up to date: its script sends no JSON."""
    form = await phone.answered(codes["E"][0])

    taken = await phone.post("/svar/send", form, accept="application/json")

    assert re.fullmatch(r"[0-9A-Z]{8}", taken.json()["receipt"])


async def test_a_script_gets_the_receipt_or_the_refusal_as_json(
    phone: Respondent, codes: dict[str, list[str]]
) -> None:
    form = await phone.form(codes["E"][0])

    refused = await phone.post("/svar/send", form, accept="application/json")
    taken = await phone.post("/svar/send", {**form, "situation": "no"}, accept="application/json")

    assert refused.status_code == 422
    assert re.fullmatch(r"[0-9A-Z]{8}", taken.json()["receipt"])


@pytest.mark.parametrize("field", ["ticket", "context", "signature", "message"])
async def test_a_part_of_another_unit_s_form_is_refused(
    phone: Respondent, codes: dict[str, list[str]], settings: Settings, field: str
) -> None:
    mine = await phone.answered(codes["E"][0])
    theirs = await phone.form(codes["D1"][0])

    page = await phone.post("/svar/send", {**mine, field: theirs[field]})

    assert page.status_code == 403
    assert says(page, "Siden er ikke lavet her. Intet er gemt.")
    assert await stored(settings) == []


@pytest.mark.parametrize("field", sheet.HIDDEN)
@pytest.mark.parametrize("value", ["", "0'x", "2026-9", "9" * 5000])
async def test_a_hidden_field_that_is_not_ours_is_refused(
    phone: Respondent, codes: dict[str, list[str]], settings: Settings, field: str, value: str
) -> None:
    answered = await phone.answered(codes["E"][0])

    page = await phone.post("/svar/send", {**answered, field: value})

    assert 400 <= page.status_code < 500
    assert "<h1>Siden kan ikke bruges</h1>" in page.text
    assert await stored(settings) == []


async def test_an_answer_that_no_form_offers_comes_back(
    phone: Respondent, codes: dict[str, list[str]]
) -> None:
    page = await phone.post("/svar/send", await phone.answered(codes["E"][0], clarity="9"))

    assert page.status_code == 422
    assert says(page, "Siden er ændret, siden du åbnede den.")


async def test_bytes_that_are_no_text_are_refused(phone: Respondent) -> None:
    page = await phone.client.post("/svar/send", content=b"wave=\xff\xfe", headers=FORM)
    many = await phone.client.post("/svar/opslag", content="a=1&" * 500, headers=FORM)

    assert (page.status_code, many.status_code) == (400, 400)


# The frame


async def test_no_page_sets_a_cookie_or_may_be_kept(
    phone: Respondent, codes: dict[str, list[str]]
) -> None:
    begun = await phone.begin(codes["E"][0])
    pages = [
        *[await phone.client.get(path) for path in ("/svar", "/svar/uden-script", "/svar/privat")],
        *(await phone.look_up(codes["E"][1]), begun, await phone.look_up("K7QD")),
        await phone.post("/svar/send", {**Fields(begun.text).values, "situation": "no"}),
    ]

    for page in pages:
        assert page.headers["cache-control"] == "no-store"
        assert "set-cookie" not in page.headers
        assert "require-trusted-types-for 'script'" in page.headers["content-security-policy"]


async def test_no_page_has_anything_inline(phone: Respondent, codes: dict[str, list[str]]) -> None:
    pages = [await phone.client.get("/svar"), await phone.begin(codes["C11"][0])]

    for page in pages:
        assert not re.search(r"<style|style=| on\w+=|<script>|javascript:", page.text)


async def test_what_a_visitor_writes_is_shown_as_text(
    phone: Respondent, codes: dict[str, list[str]]
) -> None:
    payload = '"><script>alert(1)</script>{{7*7}}'
    answered = await phone.form(codes["E"][0])

    pages = [
        await phone.look_up(payload),
        await phone.post("/svar/send", {**answered, "comment": payload}),
    ]

    for page in pages:
        assert "<script>alert" not in page.text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;{{7*7}}" in page.text


async def test_the_privacy_page_tells_the_numbers_of_this_wave(phone: Respondent) -> None:
    page = await phone.client.get("/svar/privat")

    assert says(page, "Du må svare eller lade være.")
    assert says(page, "fra tirsdag den 3. november til mandag den 16. november")
    assert says(page, f"{4 * 12 + 3} personer")
    assert says(page, "Derfor gør serveren det og glemmer det straks.")
    assert re.search(r'class="print" dir="ltr">(\w{4} ){7}\w{4}<', page.text)


async def test_the_privacy_page_is_there_before_any_wave(settings: Settings) -> None:
    await answering.build(settings, state="draft")

    async with cast.visited(create_app(settings)) as client:
        page = await client.get("/svar/privat?sprog=en")

    assert page.status_code == 200
    assert says(page, "You may answer or not.")
    assert "<dl" not in page.text


async def test_the_part_list_of_an_open_wave_is_there_for_the_script(phone: Respondent) -> None:
    assert (await phone.client.get(f"/svar/dele/{answering.WAVE}")).json() == [
        {"code": "C1", "name": "Hjemmepleje"},
        {"code": "D1", "name": "Jobcenter"},
        {"code": "E", "name": "Havnekontoret"},
    ]
    assert (await phone.client.get("/svar/dele/2026-9")).json() == []


async def test_lost_keys_are_told_without_a_folder(
    phone: Respondent, codes: dict[str, list[str]], settings: Settings
) -> None:
    keys.destroy(settings, answering.WAVE)

    page = await phone.look_up(codes["E"][0])

    assert page.status_code == 500
    assert says(page, "Pulsen virker ikke lige nu. Det er vores fejl, ikke din.")
    assert str(settings.data) not in page.text
