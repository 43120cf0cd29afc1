"""The worker beside an answer under way: what it keeps, what it shows without a net, its end."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from tests.browsing import seen_at, spaced_out
from tests.filling_in import Site, at_the_end, begin, to_lines

ALLOWED = {"service_workers": "allow"}
KEPT = """async () => {
    const found = {};
    for (const name of await caches.keys()) {
        const cache = await caches.open(name);
        for (const request of await cache.keys()) {
            found[new URL(request.url).pathname] = await (await cache.match(request)).text();
        }
    }
    return found;
}"""
ACTIVE = """async () => {
    const wait = () => new Promise((done) => setTimeout(done, 50));
    while (!(await navigator.serviceWorker.getRegistration("/svar"))?.active) await wait();
    while (!navigator.serviceWorker.controller) await wait();
}"""


def kept(page: Page) -> dict[str, str]:
    return dict(page.evaluate(KEPT))


def active(page: Page) -> Page:
    page.evaluate(ACTIVE)
    return page


def test_the_worker_keeps_style_script_and_a_waiting_page_and_nothing_of_anybody(
    opened: Callable[..., Page], site: Site
) -> None:
    page, code = opened(**ALLOWED), site.code()
    begin(page, site, code)
    page.get_by_role("radio", name="Enig", exact=True).check()
    message = page.locator("[name=message]").input_value()
    context = page.locator("[name=ticket]").input_value()

    found = kept(active(page))

    assert {path.rpartition(".")[2] for path in found} == {"css", "js", "svg", "/svar/uden-net"}
    for secret in (code, code.replace("-", ""), message, context, "Hjemmepleje Nord"):
        assert not [path for path, text in found.items() if secret in text]


def test_a_reload_without_a_connection_waits_and_then_shows_the_answers_again(
    opened: Callable[..., Page], site: Site
) -> None:
    page = opened(**ALLOWED)
    begin(page, site)
    page.get_by_role("radio", name="Enig", exact=True).check()
    to_lines(page)
    active(page)
    page.context.set_offline(True)

    page.reload()
    expect(page.get_by_role("heading", name="Ingen forbindelse")).to_be_visible()
    expect(page.get_by_text("No connection")).to_be_visible()
    page.context.set_offline(False)

    expect(page.locator("[data-step='5'] fieldset:visible")).to_be_visible(timeout=20_000)
    expect(page.locator("[name=clarity][value='4']")).to_be_checked()


def test_an_answer_sent_without_a_connection_and_reloaded_is_sent_once_when_it_is_back(
    opened: Callable[..., Page], site: Site
) -> None:
    page = opened(**ALLOWED)
    at_the_end(page, site)
    active(page)
    before = site.count("intake")
    page.context.set_offline(True)
    page.get_by_role("button", name="Send svar").click()
    expect(page.get_by_role("status")).to_contain_text("Dit svar er ikke sendt endnu.")

    page.reload()
    expect(page.get_by_role("heading", name="Ingen forbindelse")).to_be_visible()
    page.context.set_offline(False)

    expect(page.get_by_role("heading", name="Dit svar er modtaget")).to_be_visible(timeout=30_000)
    assert site.count("intake") == before + 1


def test_after_the_receipt_there_is_no_worker_and_nothing_kept(
    opened: Callable[..., Page], site: Site
) -> None:
    page = opened(**ALLOWED)
    at_the_end(page, site)
    active(page)

    page.get_by_role("button", name="Send svar").click()
    page.get_by_role("heading", name="Dit svar er modtaget").wait_for()

    page.wait_for_timeout(500)
    workers = page.evaluate(
        "navigator.serviceWorker.getRegistrations().then((found) => found.length)"
    )
    assert (workers, kept(page)) == (0, {})


def test_the_shell_of_the_version_before_is_forgotten(
    opened: Callable[..., Page], site: Site
) -> None:
    page = opened(**ALLOWED)
    page.goto(site.url("/svar"))
    page.evaluate(
        """async () => (await caches.open("svar-before")).put("/assets/answer.old.js",
            new Response("old"))"""
    )

    begin(page, site)
    active(page)

    assert len(page.evaluate("caches.keys()")) == 1
    assert "/assets/answer.old.js" not in kept(page)


def test_a_shared_tablet_has_no_worker(opened: Callable[..., Page], site: Site) -> None:
    page = opened(**ALLOWED)
    page.goto(site.url("/svar/kiosk"))
    page.get_by_label("Skriv koden").fill(site.code())
    page.get_by_role("button", name="Videre").click()
    page.get_by_role("button", name="Begynd").click()
    expect(page.locator("section[data-step='2']")).to_be_visible()

    workers = page.evaluate(
        "navigator.serviceWorker.getRegistrations().then((found) => found.length)"
    )

    assert (workers, kept(page)) == (0, {})


def test_the_worker_is_never_kept_by_the_browser_and_reaches_the_answering_pages_alone(
    opened: Callable[..., Page], site: Site
) -> None:
    reply: Any = opened().request.get(site.url("/svar/sw.js"))

    assert reply.headers["cache-control"] == "no-store"
    assert reply.headers["service-worker-allowed"] == "/svar"
    assert reply.headers["content-type"].startswith("text/javascript")


def test_axe_finds_nothing_on_the_waiting_page(opened: Callable[..., Page], site: Site) -> None:
    page = opened()
    page.route(  # it stays as it is
        "**/svar/uden-net",
        lambda route: route.continue_() if route.request.is_navigation_request() else route.abort(),
    )
    page.goto(site.url("/svar/uden-net"))

    assert seen_at(page, 360, 1280, 320) + spaced_out(page) == []
