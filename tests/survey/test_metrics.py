"""What a monitor may read: that the server is well, and nothing that tells who or when."""

import re
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from httpx import ASGITransport, AsyncClient

from survey import engine, metrics
from survey.app import create_app
from survey.intake.writer import running_writer
from survey.pages import front
from survey.settings import Settings
from tests import answering, cast
from tests.survey.test_answer_pages import Respondent

TOKEN = "a token of some length"
BEARER = {"authorization": f"Bearer {TOKEN}"}
LINE = re.compile(r'kernepuls_(\w+)\{(?:(.*),)?process="\d+"\} ([\d.e+]+)')


def read(text: str) -> dict[tuple[str, str], float]:
    """Name and labels -> value; every line is one of the format."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    found = [LINE.fullmatch(line) for line in lines]
    assert all(found), lines
    return {(one[1], one[2] or ""): float(one[3]) for one in found if one}


@pytest.fixture
async def site(settings: Settings) -> AsyncIterator[cast.Site]:
    async with (
        engine.opened(settings, migrate=True),
        cast.site(replace(settings, metrics_token=TOKEN)) as site,
    ):
        yield site


async def scraped(browser: AsyncClient) -> dict[tuple[str, str], float]:
    reply = await browser.get("/metrics", headers=BEARER)
    assert reply.status_code == 200
    assert reply.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return read(reply.text)


def from_(site: cast.Site, address: str) -> AsyncClient:
    transport = ASGITransport(app=site.app, client=(address, 4000))
    return AsyncClient(transport=transport, base_url="https://127.0.0.1:8000")


# --- who may read them -------------------------------------------------------------------------


async def test_on_this_machine_a_monitor_needs_no_token(site: cast.Site) -> None:
    for address in ("127.0.0.1", "::1"):
        async with from_(site, address) as monitor:
            assert (await monitor.get("/metrics")).status_code == 200


async def test_elsewhere_it_is_an_unknown_address_without_the_token(site: cast.Site) -> None:
    async with from_(site, "10.0.0.5") as monitor:
        unknown = await monitor.get("/nowhere")
        wrong = {"authorization": "Bearer a token of some lengths"}
        refused = [
            await monitor.get("/metrics"),
            await monitor.get("/metrics", headers=wrong),
            await monitor.get("/metrics", headers={"authorization": "Bearer "}),
        ]
        taken = await monitor.get("/metrics", headers=BEARER)

    assert {reply.status_code for reply in refused} == {404}
    assert {reply.text for reply in refused} == {unknown.text}
    assert taken.status_code == 200


@pytest.mark.parametrize("header", front.PASSED_ON)
async def test_what_a_proxy_passes_on_is_not_of_this_machine(site: cast.Site, header: str) -> None:
    async with from_(site, "127.0.0.1") as monitor:
        assert (await monitor.get("/metrics", headers={header: "10.0.0.5"})).status_code == 404


async def test_asked_by_the_public_name_it_is_not_of_this_machine(settings: Settings) -> None:
    async with engine.opened(settings, migrate=True):
        public = replace(settings, url="https://puls.kommune.example")
        async with cast.site(public) as site:
            transport = ASGITransport(app=site.app, client=("127.0.0.1", 4000))
            name = "https://puls.kommune.example"
            async with AsyncClient(transport=transport, base_url=name) as monitor:
                assert (await monitor.get("/health")).status_code == 200
                assert (await monitor.get("/metrics")).status_code == 404
                empty = {"authorization": "Bearer "}
                assert (await monitor.get("/metrics", headers=empty)).status_code == 404


# --- what they tell ----------------------------------------------------------------------------


async def test_pages_of_staff_are_counted_by_their_route_and_name_nothing(
    settings: Settings, site: cast.Site
) -> None:
    await cast.enter(settings)
    cast.store_releases(settings, "2026-4")
    anna = await site.signed_in("anna")
    for unit, times in (("C21", 2), ("C22", 1)):
        for _ in range(times):
            await anna.get(f"/waves/2026-4/units/{unit}")

    text = (await site.browser().get("/metrics")).text

    route = 'method="GET",route="/waves/{wave}/units/{unit}"'
    found = read(text)
    assert found["requests_total", f'{route},status="2xx"'] == 2
    assert found["requests_total", f'{route},status="4xx"'] == 1
    assert not re.search("C21|C22|2026|anna|127\\.0", text)


async def test_what_respondents_do_is_told_in_tens_and_once_a_quarter(site: cast.Site) -> None:
    browser, counted = site.browser(), site.app.state.metrics
    pages = ("open_requests_total", 'method="GET",route="/svar",status="2xx"')
    begin = counted.clock()
    counted.clock = lambda: begin
    for _ in range(9):
        await browser.get("/svar")
    first = await scraped(browser)
    for _ in range(18):
        await browser.get("/svar")
    second = await scraped(browser)
    counted.clock = lambda: begin + metrics.QUARTER
    third = await scraped(browser)

    assert pages not in first
    assert pages not in second
    assert third[pages] == 20  # 27, in whole tens


async def test_pictures_and_unknown_addresses_are_counted_as_respondents_are(
    site: cast.Site,
) -> None:
    browser = site.browser()
    for address in ("/", "/assets/nothing.css", "/svar/nothing", "/nowhere/K7QD-3M9V"):
        for _ in range(11):
            await browser.get(address)

    found = await scraped(browser)

    open_ = {labels: value for (name, labels), value in found.items() if name.startswith("open_")}
    assert all(value % metrics.STEP == 0 for value in open_.values())
    assert open_['method="GET",route="none",status="4xx"'] == 20
    assert {name for name, _ in found if "requests" in name} == {"open_requests_total"}


async def test_answers_are_counted_by_what_became_of_them(settings: Settings) -> None:
    codes = await answering.build(settings)
    app = create_app(replace(settings, metrics_token=TOKEN))
    async with cast.visited(app) as client:
        phone = Respondent(client)
        sent = await phone.answered(codes["C11"][0])
        for _ in range(13):
            assert (await phone.post("/svar/send", sent)).status_code == 200
        first = "B" if sent["signature"][0].startswith("A") else "A"
        unsigned = {**sent, "signature": first + sent["signature"][0][1:]}
        for _ in range(12):
            assert (await phone.post("/svar/send", unsigned)).status_code == 403
        for _ in range(9):
            unfilled = {**sent, "situation": ""}
            assert (await phone.post("/svar/send", unfilled)).status_code == 422
        text = (await client.get("/metrics", headers=BEARER)).text
        writer = running_writer()
        assert writer is not None
        assert writer.sizes == {1: 13}

    found = read(text)
    assert {labels: n for (name, labels), n in found.items() if name == "answers_total"} == {
        'outcome="accepted"': 10,
        'outcome="ballot_refused"': 10,
    }
    assert found["intake_batches_total", 'size="1"'] == 10
    assert not re.search("C11|2026-4|Hjemmepleje", text)
    assert all(code not in text for unit in codes.values() for code in unit)


def test_commits_the_queue_and_the_disk_come_in_steps(tmp_path: Path) -> None:
    sizes = Counter({1: 25, 3: 9, 11: 10, 50: 10, 200: 19})

    found = read(metrics.Metrics().text(waiting=19, batches=sizes, data=tmp_path))

    batches = {labels: n for (name, labels), n in found.items() if name == "intake_batches_total"}
    assert batches == {'size="1"': 20, 'size="11-50"': 20, 'size="51-200"': 10}
    assert found["intake_waiting", ""] == 10
    assert found["disk_free_bytes", ""] % (100 * 2**20) == 0
    assert found["memory_bytes", ""] % 2**20 == 0
    assert 0 < found["memory_bytes", ""] <= found["memory_peak_bytes", ""] + 2**20


# --- health ------------------------------------------------------------------------------------


async def test_health_is_503_when_the_database_does_not_answer(settings, new_database) -> None:
    here = replace(settings, database=await new_database())
    async with cast.site(here) as site:
        well = await site.browser().get("/health")
        engine.current().pool.terminate()
        ill = await site.browser().get("/health")

    assert (well.status_code, well.text.split("\n")[0]) == (200, "ok postgres")
    assert (ill.status_code, ill.text) == (503, "the database does not answer")


@pytest.mark.parametrize(("used", "said"), [(80, "disk ok"), (81, "disk alarm")])
async def test_health_tells_that_the_disk_is_past_its_alarm(site, monkeypatch, used, said) -> None:
    usage = SimpleNamespace(total=100, used=used, free=100 - used)
    monkeypatch.setattr(front.shutil, "disk_usage", lambda _: usage)

    reply = await site.browser().get("/health")

    assert (reply.status_code, reply.text.split("\n")[1]) == (200, said)
