"""Languages that HR adds for those who answer: whole or not offered, chosen and kept."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from survey import house, questionnaire
from survey.app import create_app
from survey.cli import checks, main
from survey.pages.answering import languages
from survey.settings import Settings
from survey.tables import Intake
from survey.texts import Voice, content
from tests import answering, cast, commanding, translated
from tests.survey.test_answer_pages import Fields, Respondent, says
from tests.translated import filled, loaded, put, said

CLARITY = "questionnaire.items.clarity"


@pytest.fixture
async def codes(settings: Settings) -> list[str]:
    return (await answering.build(settings))["C11"]


@pytest.fixture
async def phone(settings: Settings, codes: list[str]) -> AsyncIterator[Respondent]:
    async with cast.visited(create_app(settings)) as client:
        yield Respondent(client)


def read(tmp_path: Path, made: dict[str, Any]) -> languages.LanguageFile:
    file = tmp_path / "made.yaml"
    file.write_text(json.dumps(made), encoding="utf-8")  # which is YAML too
    return languages.read(file)


def words(html: str) -> set[str]:
    """What a person reads in Latin letters, in texts, labels and what the script will say."""
    body = re.sub(
        r"(?s)<head>.*?</head>|<\w+[^>]* dir=.ltr. ?[\w-]*>\w+<|<dd class=.print.*", "<", html
    )
    attributes = re.findall(r'(?:aria-label|data-(?!item|code|when|reader)[\w-]+)="([^"]*)"', body)
    shown = re.sub(r"<[^>]+>", " ", body)
    return set(re.findall(r"[A-Za-zÆØÅæøå]{2,}", " ".join([shown, *attributes])))


def named(settings: Settings) -> set[str]:
    """What stays as it is: names and texts of the organisation's own, and of two languages."""
    told = house.organisation(settings)
    own = [*(name for _, name, _ in answering.TOWN.values()), told.organisation, told.contact]
    own += [told.dpo, "Borgeren klarer mest muligt selv.", "ti faste minutter på kørelisten"]
    return {*re.findall(r"\w+", " ".join(own)), "Dansk", "English", "CPR"}


# What a file must hold


def test_a_whole_file_has_no_fault(tmp_path: Path) -> None:
    told = read(tmp_path, filled("ar"))

    assert languages.faults(told) == []
    assert languages.behaviour_faults(told, translated.STORED) == []


@pytest.mark.parametrize(
    ("key", "text", "problem"),
    [
        (CLARITY, "", languages.MISSING),
        (CLARITY, "ą" * 200, languages.TOO_LONG),  # Danish 44, English 34
        (CLARITY, "ą {unit}", languages.PLACES_DIFFER),
        (CLARITY, "ą }", languages.PLACES_DIFFER),
        ("questionnaire.progress", "ą {step}", languages.PLACES_DIFFER),
        ("questionnaire.progress", "ą {step} {steps!r}", languages.PLACES_DIFFER),
        ("questionnaire.progress", "ą {step} {steps:>99}", languages.PLACES_DIFFER),
        ("pages.%(n)d of %(of)d", "%(n)d / %(of)s %", languages.PLACES_DIFFER),
        ("pages.%(n)d of %(of)d", "%(n)d", languages.PLACES_DIFFER),
        ("questionnaire.items.successes.options.5", "ą 5", languages.NUMBER_DIFFERS),
        ("questionnaire.items.successes.options.5", "5 – ą", None),
        ("questionnaire.progress", "{steps} ą {step}", None),  # in another order
    ],
)
def test_each_text_is_looked_over(tmp_path: Path, key: str, text: str, problem: str | None) -> None:
    told = read(tmp_path, filled("pl", **{key: text}))

    expected = [languages.Fault(key, problem)] if problem else []
    assert languages.faults(told) == expected


def test_a_plural_form_may_leave_its_number_out(tmp_path: Path) -> None:
    told = read(tmp_path, filled("ar", **{"pages.%(num)d people [two]": "ا"}))

    assert languages.faults(told) == []


def test_a_text_translated_from_other_words_than_todays_is_a_fault(tmp_path: Path) -> None:
    made = filled("pl")
    made["texts"][CLARITY]["da"] = "Jeg kunne se, hvordan det hjalp."

    told = read(tmp_path, made)

    assert languages.faults(told) == [languages.Fault(CLARITY, languages.CHANGED)]


def test_a_text_nobody_asks_for_blocks_nothing(tmp_path: Path) -> None:
    made = filled("pl")
    made["texts"]["questionnaire.items.gone"] = {"da": "Væk", "pl": "ą"}

    [fault] = languages.faults(read(tmp_path, made))

    assert (fault.key, fault.blocks) == ("questionnaire.items.gone", False)


def test_every_text_of_the_pages_has_a_name_of_its_own() -> None:
    messages = [one.message for one in languages.wanted("pl").values() if one.message]

    singular = [text for text in languages._messages() if isinstance(text, str)]
    assert (
        len(messages) == len(set(messages)) == len(singular) + len(("one", "few", "many", "other"))
    )


@pytest.mark.parametrize("code", ["da", "en-GB", "xx", "ar\n", "../ar", "AR", ""])
def test_a_code_of_no_language_that_can_be_added_is_refused(code: str) -> None:
    with pytest.raises(languages.LanguageUnknown):
        languages.locale_of(code)


@pytest.mark.parametrize(
    ("code", "direction"), [("ar", "rtl"), ("fa", "rtl"), ("pl", "ltr"), ("so", "ltr")]
)
def test_the_direction_follows_the_language(code: str, direction: str) -> None:
    made = loaded(languages.blank(code, {}, None))

    assert made["direction"] == direction


# What is offered


async def test_the_form_and_the_receipt_hold_no_danish_word_but_names(
    phone: Respondent, codes: list[str], settings: Settings
) -> None:
    put(settings, filled("ar"))

    start = await phone.client.get("/svar?sprog=ar")
    begun = await phone.look_up(codes[0], sprog="ar")
    form = await phone.begin(codes[1], sprog="ar")
    given = {**Fields(form.text).values, "comment": "Mette", "citizen": ["faster"] * 3}
    again = await phone.post("/svar/send", given)
    receipt = await phone.post("/svar/send", {**Fields(again.text).values, "situation": "no"})

    pages = [start, begun, form, again, receipt]

    assert [page.status_code for page in pages] == [200, 200, 200, 422, 200]
    assert all('<html lang="ar" dir="rtl">' in page.text for page in pages)
    assert set().union(*(words(page.text) for page in pages)) - named(settings) == {"Mette"}
    assert await Intake.count() == 1


async def test_a_text_in_html_is_shown_as_it_is_written(
    phone: Respondent, codes: list[str], settings: Settings
) -> None:
    put(settings, filled("pl", **{CLARITY: "<b>ą</b> <script>"}))

    page = await phone.begin(codes[0], sprog="pl")

    assert "&lt;b&gt;ą&lt;/b&gt; &lt;script&gt;" in page.text
    assert "<b>ą" not in page.text


async def test_a_switch_of_language_keeps_what_was_answered(
    phone: Respondent, codes: list[str], settings: Settings
) -> None:
    put(settings, filled("ar"))
    given = {**await phone.form(codes[0]), "clarity": "4", "b_tid": "2", "comment": "Et nummer."}

    switched = await phone.post("/svar/sprog", {**given, "vis": "ar"})
    back = await phone.post("/svar/sprog", {**Fields(switched.text).values, "vis": "en"})

    kept = Fields(back.text).values
    assert '<html lang="ar" dir="rtl">' in switched.text
    assert '<html lang="en">' in back.text
    assert {kept[name][0] for name in ("clarity", "b_tid", "comment")} == {"4", "2", "Et nummer."}
    assert kept["message"] == given["message"]


async def test_a_language_that_lacks_a_text_is_not_offered_and_the_doctor_says_so(
    phone: Respondent, settings: Settings
) -> None:
    put(settings, filled("ar"))
    put(settings, filled("pl", **{CLARITY: None}))

    page = await phone.client.get("/svar?sprog=pl")

    assert re.findall(r'hreflang="(\w+)"', page.text) == ["en", "ar"]
    assert '<html lang="da">' in page.text
    found = list(checks._languages(settings, Voice("en")))
    assert [(check.what[-2:], check.state) for check in found] == [("ar", "fine"), ("pl", "care")]
    assert found[1].advice.endswith("kernepuls languages check pl")


async def test_a_form_about_a_behaviour_that_is_not_translated_is_whole_in_danish(
    phone: Respondent, codes: list[str], settings: Settings
) -> None:
    put(settings, filled("ar", **{"behaviours.Ad8.situation": ""}))

    start = await phone.client.get("/svar?sprog=ar")
    page = await phone.begin(codes[0], sprog="ar")

    assert '<html lang="ar"' in start.text
    assert '<html lang="da">' in page.text
    assert 'value="ar"' not in page.text.split("</header>")[0]
    assert not re.search(r"[\u0600-\u06ff]", page.text)


async def test_the_privacy_page_alone_may_be_left_out_and_the_other_pages_follow(
    phone: Respondent, settings: Settings
) -> None:
    put(settings, filled("pl", **{"messages.privacy.about_work": ""}))
    put(settings, filled("ar"))
    unknown = {"code": "K7QD3M9VK7QD3M9V"}
    as_json = {"accept": "application/json"}

    left_out = await phone.client.get("/svar/privat?sprog=pl")
    whole = await phone.client.get("/svar/privat?sprog=ar")
    tablet = await phone.client.get("/svar/kiosk?sprog=ar")
    next_person = await phone.client.get("/svar/kiosk")
    refusal = await phone.client.post("/svar/opslag?sprog=ar", json=unknown, headers=as_json)
    waiting = await phone.client.get("/svar/uden-net")

    assert '<html lang="da">' in left_out.text
    assert 'href="/svar?sprog=pl"' in left_out.text
    assert '<span lang="pl" dir="ltr" aria-current="true">polski</span>' in left_out.text
    assert '<html lang="ar" dir="rtl">' in whole.text
    assert words(whole.text) - named(settings) == {"polski"}
    assert '<html lang="ar" dir="rtl" data-kiosk>' in tablet.text
    assert '<html lang="da" data-kiosk>' in next_person.text
    told = content("messages")["errors"]["survey"]["code_unknown"]["da"]
    assert refusal.json()["sentence"] == said(told, "ar")
    assert '<div lang="ar" dir="rtl">' in waiting.text
    assert says(waiting, said("Ingen forbindelse", "ar"))


def test_a_file_that_is_corrected_is_read_again(settings: Settings) -> None:
    put(settings, filled("pl", **{CLARITY: ""}))
    assert languages.offered(settings) == ()

    put(settings, filled("pl"))

    assert [pack.name for pack in languages.offered(settings)] == ["polski"]


def test_numbers_and_days_are_written_as_the_language_writes_them(settings: Settings) -> None:
    put(settings, filled("pl"))
    [polish] = languages.voices(settings)

    assert polish.day(answering.CLOSES) == "poniedziałek, 16 listopada"
    assert polish.full_date(answering.CLOSES) == "16 listopada 2026"
    assert polish.number(12345) == "12\u00a0345"
    assert polish.ngettext("%(num)d person", "%(num)d people", 3) == said("%(num)d personer", "pl")


def test_an_added_language_changes_no_word_of_ours(settings: Settings) -> None:
    put(settings, filled("pl"))
    [pack] = languages.offered(settings)

    theirs, ours = questionnaire.form(pack), questionnaire.form()

    assert [item.da for item in theirs.items] == [item.da for item in ours.items]
    assert {item.own for item in ours.items} == {None}
    assert theirs.item("clarity").said("pl") == said(ours.item("clarity").da, "pl")


# The command


@pytest.fixture
def run(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Any:
    commanding.enter(monkeypatch, settings)
    runner = CliRunner()
    return lambda *words: runner.invoke(main, ["languages", *map(str, words)])


async def test_a_template_is_filled_in_checked_and_added(
    settings: Settings,
    codes: list[str],
    tmp_path: Path,
    run: Any,
) -> None:
    def at_work() -> list[Result]:
        file = tmp_path / "ar.yaml"
        done = [run("template", "ar", "--to", file), run("check", file), run("add", file)]
        made = loaded(file.read_text(encoding="utf-8"))
        for entry in made["texts"].values():
            entry["ar"] = said(entry["da"], "ar")
        file.write_text(json.dumps(made), encoding="utf-8")
        return [*done, run("check", file), run("add", file), run("check", "ar")]

    template, empty, refused, whole, added, again = await asyncio.to_thread(at_work)
    offered = [pack.code for pack in languages.offered(settings)]
    removed, gone = await asyncio.to_thread(lambda: [run("remove", "ar") for _ in range(2)])

    assert template.exit_code == 0, template.output
    assert empty.exit_code == 1
    assert f"{CLARITY}: is missing" in empty.output
    assert "behaviours.Ad8.core_task: is missing" in empty.output
    assert refused.exit_code == 1
    assert "is not whole" in refused.output
    assert [whole.exit_code, added.exit_code, again.exit_code] == [0, 0, 0]
    assert whole.output == again.output == "العربية (ar) is whole.\n"
    assert offered == ["ar"]
    assert (removed.exit_code, gone.exit_code) == (0, 1)
    assert languages.offered(settings) == ()


def test_a_new_template_keeps_what_is_translated_where_the_danish_is_the_same() -> None:
    before = filled("pl")
    before["texts"][CLARITY]["da"] = "Jeg kunne se, hvordan det hjalp."
    told = languages.LanguageFile(**before)

    made = loaded(languages.blank("pl", translated.STORED, told))["texts"]

    assert made[CLARITY]["pl"] == ""
    assert made["barriers.question"] == before["texts"]["barriers.question"]


@pytest.mark.parametrize(
    "text",
    ["language: ar", "[", "language: xx\nname: x\ntexts: {}", "language: ar\nname: 1\ntexts: 3"],
)
def test_a_file_that_is_none_is_refused_by_its_name(tmp_path: Path, run: Any, text: str) -> None:
    file = tmp_path / "ar.yaml"
    file.write_text(text, encoding="utf-8")

    done = run("check", file)

    assert done.exit_code == 1
    assert "Nothing was changed." in done.output
