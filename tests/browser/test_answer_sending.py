"""Sending an answer from a real browser: reloads, two tabs, a bad connection, what it costs."""

import re
import time
from collections.abc import Callable

from playwright.sync_api import Page, Route, expect

from benchmarks.answering import MOST_BYTES, MOST_GETS, Traffic, size_of
from tests.filling_in import Site, at_the_end, begin, next_step, to_lines, to_the_end, whole_form


def test_a_draft_survives_a_reload_with_its_place_and_its_order(
    opened: Callable[..., Page], site: Site
) -> None:
    page = opened()
    begin(page, site)
    page.get_by_role("radio", name="Uenig", exact=True).check()
    to_lines(page)
    order = page.locator("[name=order]").input_value()

    page.reload()

    expect(page).to_have_title(re.compile("Trin 5 af 11 · 1 af 10"))
    assert page.locator("[name=order]").input_value() == order
    assert page.locator("fieldset.line").first.get_attribute("data-code") == order.split(".")[0]
    expect(page.locator("[name=clarity][value='2']")).to_be_checked()


def test_the_link_again_in_another_tab_gives_the_same_ballot_and_one_answer(
    opened: Callable[..., Page], site: Site
) -> None:
    first, code, before = opened(), site.code(), site.count("intake")
    begin(first, site, code)
    ballot = first.locator("[name=message]").input_value()
    second = first.context.new_page()
    first.close()

    begin(second, site, code)

    assert second.locator("[name=message]").input_value() == ballot
    next_step(second)
    second.get_by_label("Nej", exact=True).first.check()
    to_the_end(second)
    second.get_by_role("button", name="Send svar").click()
    expect(second.get_by_role("heading", name="Dit svar er modtaget")).to_be_visible()
    assert site.count("intake") == before + 1


def test_the_next_person_at_the_same_computer_is_asked_for_a_code(
    opened: Callable[..., Page], site: Site
) -> None:
    page = opened()
    begin(page, site)

    page.goto(site.url("/svar"))
    expect(page.get_by_label("Skriv koden")).to_have_value("")
    page.reload()

    expect(page.get_by_label("Skriv koden")).to_have_value("")


def test_nothing_is_left_in_the_browser_after_the_receipt(
    opened: Callable[..., Page], site: Site
) -> None:
    page = opened()
    begin(page, site)
    next_step(page)
    page.get_by_label("Nej", exact=True).first.check()
    next_step(page)
    to_the_end(page)
    page.get_by_label("Hvad bør kommunen lave om").fill("Et fast nummer")
    assert "Et fast nummer" in page.evaluate("JSON.stringify(sessionStorage)")

    page.get_by_role("button", name="Send svar").click()

    expect(page.get_by_role("heading", name="Dit svar er modtaget")).to_be_visible()
    assert page.evaluate("sessionStorage.length + localStorage.length") == 0
    assert page.context.cookies() == []


def test_a_likely_name_is_asked_about_at_the_step_of_the_comment(
    opened: Callable[..., Page], site: Site
) -> None:
    page = opened()
    begin(page, site)
    next_step(page)
    page.get_by_label("Nej", exact=True).first.check()
    to_the_end(page)
    page.get_by_label("Hvad bør kommunen lave om").fill("Spørg Mette")
    page.get_by_role("button", name="Send svar").click()

    expect(page.get_by_role("alert")).to_contain_text("Her står måske et navn.")
    expect(page.get_by_label("Hvad bør kommunen lave om")).to_have_value("Spørg Mette")
    page.get_by_role("button", name="Send svar").click()

    expect(page.get_by_role("heading", name="Dit svar er modtaget")).to_be_visible()


def test_a_dead_connection_is_told_and_the_answer_is_sent_when_it_is_back(
    opened: Callable[..., Page], site: Site
) -> None:
    page = opened()
    at_the_end(page, site)
    before = site.count("intake")
    page.context.set_offline(True)

    page.get_by_role("button", name="Send svar").click()
    expect(page.get_by_role("status")).to_contain_text("Dit svar er ikke sendt endnu.")
    page.context.set_offline(False)

    expect(page.get_by_role("heading", name="Dit svar er modtaget")).to_be_visible(timeout=30000)
    assert site.count("intake") == before + 1


def test_a_lost_reply_is_two_posts_one_row_and_one_receipt(
    opened: Callable[..., Page], site: Site
) -> None:
    page = opened()
    at_the_end(page, site)
    before, posts = site.count("intake"), []

    def lose_the_first(route: Route) -> None:
        assert route.request.post_data_json["answers"]["situation"]  # JSON, as the server likes it
        posts.append(route.fetch())
        route.abort() if len(posts) == 1 else route.fulfill(response=posts[-1])

    page.route("**/svar/send", lose_the_first)
    page.get_by_role("button", name="Send svar").click()

    expect(page.get_by_role("heading", name="Dit svar er modtaget")).to_be_visible(timeout=30000)
    assert [post.json() for post in posts] == 2 * [posts[0].json()]
    assert site.count("intake") == before + 1


def test_who_does_not_want_to_wait_for_a_busy_server_sends_again_now(
    opened: Callable[..., Page], site: Site
) -> None:
    page = opened()
    at_the_end(page, site)
    posts: list[int] = []

    def busy_once(route: Route) -> None:
        posts.append(1)
        route.fulfill(status=503) if len(posts) == 1 else route.continue_()

    page.clock.install()
    page.clock.pause_at(time.time() + 60)  # no pause ends by itself
    page.route("**/svar/send", busy_once)
    page.get_by_role("button", name="Send svar").click()

    expect(page.get_by_role("status")).to_contain_text("Serveren har travlt.")
    page.get_by_role("button", name="Send nu").click()
    expect(page.get_by_role("heading", name="Dit svar er modtaget")).to_be_visible(timeout=30000)


def test_pressing_send_twice_is_one_answer(opened: Callable[..., Page], site: Site) -> None:
    page = opened()
    at_the_end(page, site)
    before = site.count("intake")

    page.get_by_role("button", name="Send svar").dblclick()

    expect(page.get_by_role("heading", name="Dit svar er modtaget")).to_be_visible()
    assert site.count("intake") == before + 1


def test_a_comment_of_five_megabytes_gets_a_page_that_says_so(
    opened: Callable[..., Page], site: Site
) -> None:
    page = opened()
    whole_form(page, site)
    page.get_by_label("Ja, én gang").check()
    # Hidden while it is filled: Chromium takes a minute to lay out so much text.
    page.locator("#comment").evaluate(
        "it => { it.hidden = true; it.value = 'x'.repeat(5 * 1024 * 1024) }"
    )

    page.get_by_role("button", name="Send svar").click()

    expect(page.get_by_role("heading", name="Det er for langt")).to_be_visible(timeout=20_000)


def test_a_reload_after_something_was_sent_back_loses_nothing(
    opened: Callable[..., Page], site: Site
) -> None:
    page = opened()
    at_the_end(page, site)
    page.get_by_label("Hvad bør kommunen lave om").fill("Spørg Mette")
    page.get_by_role("button", name="Send svar").click()
    page.get_by_role("alert").wait_for()
    page.get_by_role("button", name="Tilbage").click()
    next_step(page)

    page.reload()

    expect(page.get_by_label("Hvad bør kommunen lave om")).to_have_value("Spørg Mette")


def test_everything_up_to_the_receipt_fits_the_budget(
    opened: Callable[..., Page], site: Site
) -> None:
    page = opened()
    traffic = Traffic(page.context.new_cdp_session(page))

    begin(page, site)
    page.wait_for_load_state("networkidle")
    first = traffic.up_to_the_form()
    moved = page.evaluate(
        """() => new Promise((done) => { setTimeout(() => done(0), 300);
        new PerformanceObserver((list) => done(list.getEntries().reduce((sum, it) =>
        sum + it.value, 0))).observe({type: "layout-shift", buffered: true}) })"""
    )
    next_step(page)
    page.get_by_label("Nej", exact=True).first.check()
    to_the_end(page)
    page.get_by_role("button", name="Send svar").click()
    page.get_by_role("heading", name="Dit svar er modtaget").wait_for()

    assert [row[0] for row in first].count("GET") <= MOST_GETS
    assert size_of(first) <= MOST_BYTES
    assert moved <= 0.02
