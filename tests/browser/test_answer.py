"""Answering in a real browser: by keyboard, by finger, without JavaScript, in both languages."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.filling_in import (
    DESK,
    Site,
    answer_lines,
    begin,
    focused,
    next_step,
    press,
    tap_lines,
    to_lines,
)

# Without JavaScript


def test_by_keyboard_alone_without_javascript_from_typed_code_to_receipt(
    opened: Callable[..., Page], site: Site
) -> None:
    page = opened(script=False)
    before = site.count("intake")
    page.goto(site.url("/svar"))

    press(page, "Tab", "Tab")  # English, the field
    page.keyboard.type(site.code().lower())
    press(page, "Enter")
    expect(page.get_by_text("Du svarer for Hjemmepleje Nord.")).to_be_visible()
    press(page, "Tab", "Tab", "Tab", "Enter")  # English, Er det forkert?, Begynd
    expect(page.get_by_role("heading", name="Tre minutter om det, vi gør")).to_be_visible()
    press(page, "Tab", "Tab", "ArrowDown", "ArrowDown")  # English, the first question
    press(page, "Tab", "Space")  # the situation
    expect(page.get_by_label("Ja, flere gange")).to_be_checked()
    for _ in range(40):
        press(page, "Tab")
        if page.get_by_role("button", name="Send svar").evaluate(
            "it => it === document.activeElement"
        ):
            break
    press(page, "Enter")

    expect(page.get_by_role("heading", name="Dit svar er modtaget")).to_be_visible()
    assert site.count("intake") == before + 1


def test_without_javascript_everything_is_on_one_page_with_ten_fieldsets(
    opened: Callable[..., Page], site: Site
) -> None:
    page = opened(script=False)
    page.goto(site.url("/svar"))
    page.get_by_label("Skriv koden").fill(site.code())
    page.get_by_role("button", name="Videre").click()
    page.get_by_role("button", name="Begynd").click()

    expect(page.locator("fieldset.line:visible")).to_have_count(10 + 3)
    for line in page.locator("[data-step='5'] fieldset").all():
        expect(line.get_by_role("radio")).to_have_count(4)
        expect(line.locator("legend")).to_contain_text("Står det i vejen hos jer?")
    expect(page.get_by_text("Det hele står på denne side: 11 trin")).to_be_visible()
    expect(page.get_by_role("button", name="Send svar")).to_have_count(1)
    expect(page.get_by_text("Når du trykker på et svar")).to_be_hidden()

    page.get_by_role("link", name="Svarede du nej? Gå til sidste del.").click()
    assert page.locator("#step-9").evaluate("it => Math.round(it.getBoundingClientRect().top)") < 40


def test_without_javascript_a_missing_answer_comes_back_with_a_summary_that_leads_to_it(
    opened: Callable[..., Page], site: Site
) -> None:
    page = opened(script=False)
    page.goto(site.url("/svar"))
    page.get_by_label("Skriv koden").fill(site.code())
    page.get_by_role("button", name="Videre").click()
    page.get_by_role("button", name="Begynd").click()
    page.get_by_label("Hvad bør kommunen lave om").fill("Ét nummer at ringe til")

    page.get_by_role("button", name="Send svar").click()

    expect(page).to_have_title(re.compile("^Fejl: "))
    expect(page.get_by_label("Hvad bør kommunen lave om")).to_have_value("Ét nummer at ringe til")
    page.get_by_role("alert").get_by_role("link").click()
    expect(page.locator("#situation")).to_be_focused()


# With JavaScript


def test_the_link_of_a_mail_shows_the_unit_and_leaves_no_code_in_any_address(
    opened: Callable[..., Page], site: Site
) -> None:
    page, code, seen = opened(), site.code(), []
    page.on("request", lambda request: seen.append(request.url))

    begin(page, site, code)

    assert code not in page.url
    assert not [url for url in seen if code in url or code.replace("-", "") in url]


def test_by_keyboard_alone_with_javascript_from_link_to_receipt(
    opened: Callable[..., Page], site: Site
) -> None:
    page = opened(viewport=DESK, has_touch=False)
    before = site.count("intake")
    begin(page, site)

    press(page, "Tab", "ArrowDown")
    expect(page).to_have_title(re.compile("Trin 2 af 11"))  # arrows never go on by themselves
    press(page, "Enter")
    press(page, "Tab", "Space", "Enter")
    press(page, "Tab", "ArrowRight", "ArrowRight", "Enter")
    for number in range(1, 11):
        expect(page).to_have_title(re.compile(f"· {number} af 10"))
        press(page, "Tab", "ArrowDown", "ArrowDown")  # I høj grad
        if number == 1:
            page.wait_for_timeout(300)  # longer than a tap waits before it goes on
            expect(page).to_have_title(re.compile("· 1 af 10"))
        press(page, "Enter")
    expect(page).to_have_title(re.compile("Trin 6 af 11"))
    for step in (
        "6",
        "7",
        "8",
        "9",
        r"10 af 11 · 1 af 3",
        r"10 af 11 · 2 af 3",
        r"10 af 11 · 3 af 3",
    ):
        expect(page).to_have_title(re.compile(f"Trin {step}"))
        press(page, "Tab", "Space", "Enter")
    expect(page).to_have_title(re.compile("Trin 11 af 11"))
    page.get_by_role("button", name="Send svar").focus()
    press(page, "Enter")

    expect(page.get_by_role("heading", name="Dit svar er modtaget")).to_be_visible()
    assert site.count("intake") == before + 1


def test_each_step_takes_the_focus_to_its_question_and_names_itself(
    opened: Callable[..., Page], site: Site
) -> None:
    page = opened()
    begin(page, site)

    assert focused(page) == "Jeg kan se, hvordan det her hjælper borgeren."
    next_step(page)
    assert focused(page).startswith("Har du været i den her situation")
    expect(page.locator("section:visible")).to_have_count(1)
    page.get_by_label("Ja, én gang").check()
    next_step(page)
    next_step(page)
    assert re.match(r"Trin 5 af 11 · 1 af 10\s", focused(page))
    assert focused(page).endswith("Står det i vejen hos jer?")


def test_a_tap_on_a_line_goes_on_and_that_was_said_before_the_first(
    opened: Callable[..., Page], site: Site
) -> None:
    page = opened()
    begin(page, site)
    to_lines(page)
    expect(
        page.get_by_text("Når du trykker på et svar, kommer den næste linje af sig selv.")
    ).to_be_visible()

    page.locator("fieldset.line:visible .row").first.tap()

    expect(page).to_have_title(re.compile("Trin 5 af 11 · 2 af 10"))


def test_back_of_the_browser_and_of_the_page_go_one_step_back(
    opened: Callable[..., Page], site: Site
) -> None:
    page = opened()
    begin(page, site)
    page.get_by_role("radio", name="Enig", exact=True).check()
    next_step(page)
    page.get_by_label("Ja, én gang").check()
    next_step(page)

    page.go_back()
    expect(page).to_have_title(re.compile("Trin 3 af 11"))
    page.get_by_role("button", name="Tilbage").click()

    expect(page).to_have_title(re.compile("Trin 2 af 11"))
    expect(page.get_by_role("radio", name="Enig", exact=True)).to_be_checked()


def test_only_the_situation_stops_the_way_on(opened: Callable[..., Page], site: Site) -> None:
    page = opened()
    begin(page, site)
    next_step(page)

    next_step(page)

    expect(page.get_by_role("alert")).to_have_text(
        "Vælg et svar om situationen. Resten må du springe over."
    )
    expect(page).to_have_title(re.compile("Trin 3 af 11"))
    expect(page.get_by_role("button", name="Spring over")).to_be_hidden()


def test_who_was_not_in_the_situation_goes_to_the_citizen(
    opened: Callable[..., Page], site: Site
) -> None:
    page = opened()
    begin(page, site)
    next_step(page)
    page.get_by_label("Nej", exact=True).first.check()

    next_step(page)

    expect(page).to_have_title(re.compile("Trin 9 af 11"))
    expect(page.locator("#card")).to_be_hidden()


def test_the_persons_own_lines_come_first_by_degree(
    opened: Callable[..., Page], site: Site
) -> None:
    page = opened()
    begin(page, site)
    to_lines(page)
    tap_lines(page, {"TID": "1", "KULT": "2"})

    expect(page).to_have_title(re.compile("Trin 6 af 11"))
    offered = page.locator("[data-item=priority] .row:visible").all_inner_texts()
    assert offered == [
        "Vi plejer at gøre det på en anden måde.",
        "Dagen er lagt sådan, at der mangler tid til det.",
        "Ved ikke",
    ]


def test_with_one_barrier_neither_the_biggest_nor_where_it_stalls_is_asked(
    opened: Callable[..., Page], site: Site
) -> None:
    page = opened()
    begin(page, site)
    to_lines(page)

    answer_lines(page, {"TID": "2"})

    expect(page).to_have_title(re.compile("Trin 8 af 11"))


def test_a_third_choice_is_allowed_said_and_stops_the_way_on(
    opened: Callable[..., Page], site: Site
) -> None:
    page = opened()
    begin(page, site)
    next_step(page)
    page.get_by_label("Nej", exact=True).first.check()
    next_step(page)

    for name in ("Får hurtigere svar", "Skal tale med færre", "Får mere at skulle have sagt"):
        page.get_by_label(name).check()
    expect(page.get_by_role("alert")).to_have_text("Du har valgt 3. Fjern 1.")
    next_step(page)
    expect(page).to_have_title(re.compile("Trin 9 af 11"))

    page.get_by_label("Ingenting").check()
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.get_by_label("Får hurtigere svar")).not_to_be_checked()
    next_step(page)
    expect(page).to_have_title(re.compile("Trin 10 af 11"))


def test_skipping_takes_an_answer_back(opened: Callable[..., Page], site: Site) -> None:
    page = opened()
    begin(page, site)
    page.get_by_role("radio", name="Enig", exact=True).check()

    page.get_by_role("button", name="Spring over").click()
    page.get_by_role("button", name="Tilbage").click()

    expect(page.get_by_role("radio", name="Enig", exact=True)).not_to_be_checked()


def test_where_it_stalls_is_a_list_and_what_happens_is_asked_only_outside_the_own_unit(
    opened: Callable[..., Page], site: Site
) -> None:
    page = opened()
    begin(page, site)
    to_lines(page)
    answer_lines(page, {"SILO": "2"})
    expect(page).to_have_title(re.compile("Trin 7 af 11"))

    page.get_by_label("I vores egen enhed").check()
    expect(page.get_by_text("Hvad sker der, når det går i stå?")).to_be_hidden()
    page.get_by_label("Jobcenter").check()
    expect(page.get_by_text("Hvad sker der, når det går i stå?")).to_be_visible()
    page.get_by_label("Det vil jeg ikke svare på").check()

    expect(page.get_by_label("Jobcenter")).not_to_be_checked()
    expect(page.get_by_text("Hvad sker der, når det går i stå?")).to_be_hidden()


def test_two_people_do_not_get_the_same_order(opened: Callable[..., Page], site: Site) -> None:
    """The same by chance once in 10! = 3.6 million runs."""
    orders = set()
    for _ in range(2):
        page = opened()
        begin(page, site)
        orders.add(page.locator("[name=order]").input_value())

    assert len(orders) == 2


def test_the_other_language_keeps_the_answers_the_order_and_the_place(
    opened: Callable[..., Page], site: Site
) -> None:
    page = opened()
    begin(page, site)
    page.get_by_role("radio", name="Enig", exact=True).check()
    to_lines(page)
    order = page.locator("[name=order]").input_value()

    page.get_by_role("button", name="English").click()

    expect(page).to_have_title(re.compile("Step 5 of 11 · 1 of 10"))
    assert page.locator("[name=order]").input_value() == order
    expect(page.locator("[name=clarity][value='4']")).to_be_checked()
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_the_language_link_carries_a_code_that_was_typed(
    opened: Callable[..., Page], site: Site
) -> None:
    page = opened()
    page.goto(site.url("/svar"))
    page.get_by_label("Skriv koden").fill(site.code())

    page.get_by_role("link", name="English").click()

    expect(page.get_by_text("You answer for Hjemmepleje Nord.")).to_be_visible()
