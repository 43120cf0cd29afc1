"""The headers of every reply, what may be kept, and what a refusal never says."""

import logging
import re
from dataclasses import replace

import pytest
from litestar import get
from litestar.params import FromPath

from survey import assets, log
from survey.app import create_app, hosts
from survey.errors import NotInitialised
from survey.settings import Settings
from tests import cast

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
EVERYWHERE = {
    "strict-transport-security": f"max-age={2 * 365 * 24 * 3600}; includeSubDomains",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
    "cross-origin-resource-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}
PAGES = ("/", "/sign-in", "/account", "/health", "/nowhere", "/waves/2026-4/units/C21")


@pytest.mark.parametrize("address", PAGES)
async def test_every_page_carries_the_same_headers_and_is_never_kept(
    site: cast.Site, address: str
) -> None:
    reply = await site.browser().get(address)

    assert {name: reply.headers[name] for name in EVERYWHERE} == EVERYWHERE
    assert reply.headers["content-security-policy"] == POLICY
    assert reply.headers["cache-control"] == "no-store"
    assert "camera=()" in reply.headers["permissions-policy"]
    assert "server" not in reply.headers


@pytest.mark.parametrize("address", ["/svar", "/svar/privat", "/svar/nowhere"])
async def test_answering_pages_also_ask_for_trusted_types(site: cast.Site, address: str) -> None:
    reply = await site.browser().get(address)

    assert reply.headers["content-security-policy"] == (
        f"{POLICY}; require-trusted-types-for 'script'"
    )
    assert "set-cookie" not in reply.headers


async def test_refusals_carry_the_headers_too(site: cast.Site) -> None:
    browser = site.browser()

    replies = [
        await browser.post("/"),
        await browser.post("/sign-in"),
        await browser.get("/assets/../settings.py"),
        await browser.get("/account", headers={"host": "elsewhere.example"}),
    ]

    assert [reply.status_code for reply in replies] == [405, 403, 404, 400]
    for reply in replies:
        assert reply.headers["content-security-policy"] == POLICY
        assert reply.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(("likes", "packed"), [("gzip, br", "br"), ("gzip", "gzip"), ("", None)])
async def test_a_file_named_by_its_hash_is_kept_for_ever_and_sent_packed(
    site: cast.Site, likes: str, packed: str | None
) -> None:
    reply = await site.browser().get(assets.url("staff.css"), headers={"accept-encoding": likes})

    assert reply.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert reply.headers["content-type"] == "text/css; charset=utf-8"
    assert reply.headers["vary"] == "accept-encoding"
    assert reply.headers.get("content-encoding") == packed
    assert ".kp-heat" in reply.text


@pytest.mark.parametrize(
    "name", ["manifest.json", "staff.css", "__init__.py", "stamp", "..%2fsettings.py", "%2e%2e"]
)
async def test_nothing_but_the_files_of_the_build_is_served(site: cast.Site, name: str) -> None:
    assert (await site.browser().get(f"/assets/{name}")).status_code == 404


def test_the_host_is_that_of_the_address_and_on_this_machine_its_twins(settings: Settings) -> None:
    public = replace(settings, url="https://puls.kommune.example")

    assert hosts(public) == ["puls.kommune.example"]
    assert hosts(settings) == ["127.0.0.1:8000", "localhost:8000", "[::1]:8000"]


def test_without_an_installation_there_is_no_application(settings: Settings) -> None:
    with pytest.raises(NotInitialised):
        create_app(replace(settings, data=settings.data / "none"))


async def test_health_tells_that_it_lives_and_no_more(site: cast.Site) -> None:
    reply = await site.browser().get("/health")

    assert reply.status_code == 200
    assert reply.text in ("ok sqlite\ndisk ok", "ok sqlite\ndisk alarm")


async def test_a_bug_is_told_without_a_word_of_the_error(
    site: cast.Site, capsys: pytest.CaptureFixture[str]
) -> None:
    @get("/broken/{code:str}")
    async def broken(code: FromPath[str]) -> None:
        raise ValueError(f"the code {code} of somebody")

    site.app.register(broken)

    reply = await site.browser().get("/broken/K7QD3M9V")
    written = "".join(capsys.readouterr())

    assert reply.status_code == 500
    assert "Noget gik i stykker hos os" in reply.text
    for told in (reply.text, written):
        assert "K7QD3M9V" not in told
        assert "somebody" not in told
    assert re.search(r'"error": ?"ValueError"', written)
    assert "/broken/{code:str}" in written


def test_the_log_drops_what_is_not_on_its_list() -> None:
    said = log.only_allowed(None, "info", {"event": "sent", "code": "K7QD", "wave": "2026-4"})

    assert said == {"event": "sent", "wave": "2026-4"}


def test_httpx_does_not_print_addresses(settings: Settings) -> None:
    create_app(settings)

    assert not logging.getLogger("httpx").isEnabledFor(logging.INFO)
