"""The ballot made in a real browser: what it sends, what it keeps, and what it will not take."""

import asyncio
import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Request, Route, expect

from survey.intake import tickets
from tests import answering
from tests.filling_in import Site, at_the_end, begin, next_step, to_the_end

VECTORS = json.loads(
    (Path(__file__).parents[1] / "survey" / "rfc9474.json").read_text(encoding="utf-8")
)
VARIANTS = {
    "RSABSSA-SHA384-PSS-Randomized": "PSS.Randomized",
    "RSABSSA-SHA384-PSSZERO-Randomized": "PSSZero.Randomized",
    "RSABSSA-SHA384-PSS-Deterministic": "PSS.Deterministic",
    "RSABSSA-SHA384-PSSZERO-Deterministic": "PSSZero.Deterministic",
}
# Blinds and opens as the RFC did: its prefix, salt and factor come where a browser draws its own.
PLAYED = """async ({variant, n, msg, drawn, blindSignature}) => {
    const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
    const hex = (raw) => [...raw].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    const suite = variant.split(".").reduce((part, name) => part[name], ballots.RSABSSA.SHA384)();
    const key = await crypto.subtle.importKey("jwk", {kty: "RSA", n, e: "AQAB"},
        {name: "RSA-PSS", hash: "SHA-384"}, true, ["verify"]);
    crypto.getRandomValues = (room) => { room.set(bytes(drawn.shift())); return room; };
    const prepared = suite.prepare(bytes(msg));
    const {blindedMsg, inv} = await suite.blind(key, prepared);
    const signature = await suite.finalize(key, prepared, bytes(blindSignature), inv);
    const [blinded_msg, sig] = [blindedMsg, signature].map(hex);
    return {prepared: hex(prepared), blinded_msg, inv: hex(inv), sig};
}"""


def number(text: str) -> int:
    return int(text.removeprefix("0x"), 16)


def plain(text: str) -> str:
    return text.removeprefix("0x")


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: str(vector["name"]))
def test_the_browser_blinds_and_opens_the_vectors_of_the_rfc(
    opened: Callable[..., Page], site: Site, vector: dict[str, str]
) -> None:
    n = number(vector["p"]) * number(vector["q"])
    size = (n.bit_length() + 7) // 8
    factor = pow(number(vector["inv"]), -1, n)
    page = opened()
    page.goto(site.url("/svar"))

    played = page.evaluate(
        PLAYED,
        {
            "variant": VARIANTS[vector["name"]],
            "n": tickets.as_text(n.to_bytes(size, "big")),
            "msg": plain(vector["msg"]),
            "drawn": [
                plain(vector["msg_prefix"]),
                plain(vector["salt"]),
                factor.to_bytes(size, "big").hex(),
            ],
            "blindSignature": plain(vector["blind_sig"]),
        },
    )

    assert played == {
        "prepared": plain(vector["msg_prefix"]) + plain(vector["msg"]),
        **{name: plain(vector[name]) for name in ("blinded_msg", "inv", "sig")},
    }


# What is sent


def calls(page: Page) -> list[Request]:
    seen: list[Request] = []
    page.on("request", lambda request: seen.append(request) if "/svar" in request.url else None)
    return seen


def test_the_code_and_the_ballot_are_never_in_one_request(
    opened: Callable[..., Page], site: Site
) -> None:
    page, code = opened(), site.code()
    seen, before = calls(page), site.count("intake")

    begin(page, site, code)
    message = page.locator("[name=message]").input_value()
    next_step(page)
    page.get_by_label("Nej", exact=True).first.check()
    to_the_end(page)
    page.get_by_role("button", name="Send svar").click()
    page.get_by_role("heading", name="Dit svar er modtaget").wait_for()

    def with_(secret: str) -> set[str]:
        return {
            request.url.removeprefix(site.settings.url).partition("?")[0].partition("#")[0]
            for request in seen
            if secret in (request.post_data or "") or secret in request.url.partition("#")[0]
        }

    assert with_(code) == {"/svar/opslag", "/svar/stemmeseddel"}
    assert with_(message) == {"/svar/send"}
    assert not [request for request in seen if code in request.url.partition("#")[0]]
    assert site.count("intake") == before + 1


def test_a_lost_reply_is_asked_for_again_with_the_same_bytes(
    opened: Callable[..., Page], site: Site
) -> None:
    page = opened()
    posts: list[str] = []

    def lose_the_first(route: Route) -> None:
        posts.append(route.request.post_data or "")
        reply = route.fetch()
        route.abort() if len(posts) == 1 else route.fulfill(response=reply)

    page.route("**/svar/stemmeseddel*", lose_the_first)
    begin(page, site)

    assert len(posts) == 2
    assert posts[0] == posts[1]


def test_a_reply_lost_with_its_page_is_asked_for_again_with_the_same_bytes(
    opened: Callable[..., Page], site: Site
) -> None:
    """The tab is closed while the server signs; the link opened again finishes what was begun."""
    first, code = opened(), site.code()
    posts: list[str] = []

    def sign_and_say_nothing(route: Route) -> None:
        posts.append(route.request.post_data or "")
        route.fetch()

    first.route("**/svar/stemmeseddel*", sign_and_say_nothing)
    first.goto(site.url(f"/svar#{code}"))
    first.get_by_role("button", name="Begynd").click()
    while not posts:
        first.wait_for_timeout(50)
    second = first.context.new_page()
    second.on(
        "request",
        lambda request: posts.append(request.post_data or "") if "seddel" in request.url else None,
    )
    first.close()

    begin(second, site, code.replace("-", "").lower())

    assert len(posts) == 2
    assert json.loads(posts[0])["blinded"] == json.loads(posts[1])["blinded"]


def test_a_first_page_reloaded_after_a_lost_reply_finishes_what_was_begun(
    opened: Callable[..., Page], site: Site
) -> None:
    page = opened()
    posts: list[str] = []

    def sign_and_lose(route: Route) -> None:
        posts.append(route.request.post_data or "")
        route.fetch()
        route.fulfill(status=502)

    page.route("**/svar/stemmeseddel*", sign_and_lose)
    page.goto(site.url(f"/svar#{site.code()}"))
    page.get_by_role("button", name="Begynd").click()
    expect(page.get_by_role("status")).to_contain_text("Serveren har travlt.")
    page.unroute("**/svar/stemmeseddel*")

    page.reload()
    page.get_by_role("button", name="Begynd").click()

    expect(page.locator("section[data-step='2']")).to_be_visible()


# What is refused, and told before anything is answered


def test_a_code_opened_on_another_device_is_told_before_the_first_question(
    opened: Callable[..., Page], site: Site
) -> None:
    code = site.code()
    begin(opened(), site, code)
    other = opened()

    other.goto(site.url(f"/svar#{code}"))
    other.get_by_role("button", name="Begynd").click()

    expect(other.get_by_role("heading", name="Koden er brugt")).to_be_visible()
    expect(other.locator("[name=situation]")).to_have_count(0)


def test_a_signature_over_something_else_is_not_taken(
    opened: Callable[..., Page], site: Site
) -> None:
    """A server that signs another message could know the answer again by it."""
    page = opened()
    forged = json.dumps({"blind_signature": "A" * 512})
    page.route("**/svar/stemmeseddel*", lambda route: (route.fetch(), route.fulfill(body=forged)))

    page.goto(site.url(f"/svar#{site.code()}"))
    page.get_by_role("button", name="Begynd").click()

    expect(page.get_by_role("heading", name="Koden er brugt")).to_be_visible()


def test_without_a_connection_the_first_page_says_so_and_nothing_is_lost(
    opened: Callable[..., Page], site: Site
) -> None:
    page, code = opened(), site.code()
    page.goto(site.url(f"/svar#{code}"))
    page.get_by_role("button", name="Begynd").wait_for()
    page.context.set_offline(True)

    page.get_by_role("button", name="Begynd").click()
    expect(page.get_by_role("status")).to_contain_text("Der er ingen forbindelse.")
    page.context.set_offline(False)

    expect(page.locator("section[data-step='2']")).to_be_visible(timeout=20_000)


# What is kept


def stored(page: Page) -> dict[str, Any]:
    return dict(page.evaluate("({local: {...localStorage}, session: {...sessionStorage}})"))


def test_while_answering_the_browser_keeps_a_ballot_without_its_code_and_no_answer_beside_it(
    opened: Callable[..., Page], site: Site
) -> None:
    page, code = opened(), site.code()
    begin(page, site, code)
    page.get_by_role("radio", name="Enig", exact=True).check()

    kept = stored(page)

    letters = code.replace("-", "")
    assert code not in json.dumps(kept)
    assert letters not in json.dumps(kept)
    assert set(kept["session"]) == {"svar", "skema"}
    assert "clarity" not in json.dumps(kept["local"])
    [ballot] = [json.loads(it) for name, it in kept["local"].items() if name.startswith("seddel-")]
    assert set(ballot) == {"message", "signature"}


def test_what_can_be_repeated_is_kept_before_it_is_sent(
    opened: Callable[..., Page], site: Site
) -> None:
    page = opened()
    kept: list[dict[str, Any]] = []

    def look(route: Route) -> None:
        posted = json.loads(route.request.post_data or "")["blinded"]
        kept.append({**stored(page), "posted": posted})
        route.continue_()

    page.route("**/svar/stemmeseddel*", look)
    begin(page, site)

    [ballot] = [
        json.loads(it) for name, it in kept[0]["local"].items() if name.startswith("seddel-")
    ]
    assert set(ballot) == {"message", "inverse", "blinded"}
    assert ballot["blinded"] == kept[0]["posted"]


@pytest.mark.parametrize(
    "lacking",
    [
        "delete Crypto.prototype.subtle",
        "for (const name of ['localStorage', 'sessionStorage']) "
        "Object.defineProperty(window, name, {get() { throw new Error('refused') }})",
    ],
    ids=["without WebCrypto", "without storage"],
)
def test_a_browser_that_cannot_has_the_server_make_the_ballot(
    opened: Callable[..., Page], site: Site, lacking: str
) -> None:
    page, before = opened(), site.count("intake")
    page.add_init_script(lacking)
    seen = calls(page)

    at_the_end(page, site)
    page.get_by_role("button", name="Send svar").click()

    expect(page.get_by_role("heading", name="Dit svar er modtaget")).to_be_visible()
    assert [request for request in seen if request.url.endswith("/svar/uden-script")]
    assert site.count("intake") == before + 1


@pytest.mark.parametrize(
    ("lacking", "said"),
    [
        ("", "Din egen mobil eller computer bytter koden"),
        ("delete Crypto.prototype.subtle", "Derfor gør serveren det"),
    ],
)
def test_the_privacy_page_tells_who_makes_the_ballot_here(
    opened: Callable[..., Page], site: Site, lacking: str, said: str
) -> None:
    page = opened()
    page.add_init_script(lacking)

    page.goto(site.url("/svar/privat"))

    expect(page.locator("[data-mode]:visible")).to_have_count(1)
    expect(page.locator("[data-mode]:visible")).to_contain_text(said)


# Sending


def test_a_page_reopened_while_it_sends_goes_on_and_sends_once(
    opened: Callable[..., Page], site: Site
) -> None:
    page = opened()
    at_the_end(page, site)
    page.get_by_label("Hvad bør kommunen lave om").fill("Et fast nummer")
    before = site.count("intake")
    page.route("**/svar/send", lambda route: route.abort())
    page.get_by_role("button", name="Send svar").click()
    expect(page.get_by_role("status")).to_contain_text("Dit svar er ikke sendt endnu.")
    page.unroute("**/svar/send")

    page.reload()

    expect(page.get_by_role("heading", name="Dit svar er modtaget")).to_be_visible(timeout=20_000)
    assert site.count("intake") == before + 1
    assert page.evaluate("sessionStorage.length + localStorage.length") == 0


def test_pressing_send_while_it_waits_tries_at_once(
    opened: Callable[..., Page], site: Site
) -> None:
    page = opened()
    at_the_end(page, site)
    tries: list[int] = []

    def dead_twice(route: Route) -> None:
        tries.append(1)
        route.abort() if len(tries) < 5 else route.continue_()

    page.route("**/svar/send", dead_twice)
    for _ in range(5):
        page.get_by_role("button", name=re.compile("Send (svar|nu)")).click()
        page.wait_for_timeout(200)

    expect(page.get_by_role("heading", name="Dit svar er modtaget")).to_be_visible()


def test_an_answer_of_the_form_before_is_shown_again_in_the_new_one(
    opened: Callable[..., Page], site: Site
) -> None:
    """A tab from the version before: a clear page, and every answer is still there."""
    page = opened()
    at_the_end(page, site)
    page.get_by_label("Hvad bør kommunen lave om").fill("Et fast nummer")

    with ThreadPoolExecutor(1) as other:
        other.submit(asyncio.run, answering.set_wave(site.settings, form_version=2)).result()
        page.get_by_role("button", name="Send svar").click()
        expect(page.get_by_role("alert")).to_contain_text("Siden er ændret")
        page.get_by_role("button", name="Send svar").click()
        expect(page.get_by_role("heading", name="Dit svar er modtaget")).to_be_visible()
        other.submit(asyncio.run, answering.set_wave(site.settings, form_version=1)).result()


def test_a_wave_that_closes_before_the_code_is_used_is_told(
    opened: Callable[..., Page], site: Site
) -> None:
    page = opened()
    page.goto(site.url(f"/svar#{site.code()}"))
    page.get_by_role("button", name="Begynd").wait_for()

    with ThreadPoolExecutor(1) as other:
        other.submit(asyncio.run, answering.set_wave(site.settings, state="closing")).result()
        page.get_by_role("button", name="Begynd").click()
        expect(page.get_by_role("heading", name="Pulsen er slut")).to_be_visible()
        other.submit(asyncio.run, answering.set_wave(site.settings, state="open")).result()
