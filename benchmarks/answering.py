"""What answering costs a phone: bytes and GETs up to the first question, and the ballot's time.

    .venv/bin/python -m benchmarks.answering

Target: at most 25 kB of documents and assets up to the first question, compressed and with their
headers, in at most 4 GETs. The calls of the protocol are counted apart.
"""

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import Browser, CDPSession, Page, expect, sync_playwright

from benchmarks._table import Figure, show
from survey.intake import blind, keys, tickets
from survey.settings import Settings
from tests import answering
from tests.browsing import CHROMIUM, FLAGS
from tests.conftest import settings_in, until

ROOT = Path(__file__).parents[1]
MOST_BYTES, MOST_GETS = 25_000, 4
SLOWER, MOST_MS = 6, 400
BLIND = """async (spki) => {
    globalThis.key = new Uint8Array(spki).buffer;
    const start = performance.now();
    globalThis.ballot = await ballots.made(key);
    return [performance.now() - start, ballot.blinded];
}"""
OPEN = """async (signature) => {
    const start = performance.now();
    await ballots.opened(key, ballot, signature);
    return performance.now() - start;
}"""
PROTOCOL = ("/svar/noegle/", "/svar/stemmeseddel", "/svar/send", "/svar/dele/")
SERVER = """
import uvicorn
from survey.app import create_app
from survey.settings import from_environment
from urllib.parse import urlsplit
settings = from_environment()
uvicorn.run(create_app(settings), port=urlsplit(settings.url).port, log_level="warning",
            access_log=False)
"""


class Traffic:
    """Every request of a page with the bytes that came over the line, headers included."""

    def __init__(self, session: CDPSession) -> None:
        self.asked: dict[str, tuple[str, str]] = {}
        self.bytes: dict[str, int] = {}
        session.on("Network.requestWillBeSent", self._asks)
        session.on("Network.loadingFinished", self._has)
        session.send("Network.enable")

    def _asks(self, event: dict[str, Any]) -> None:
        request = event["request"]
        self.asked[event["requestId"]] = (request["method"], request["url"])

    def _has(self, event: dict[str, Any]) -> None:
        self.bytes[event["requestId"]] = int(event["encodedDataLength"])

    def rows(self) -> list[tuple[str, str, int]]:
        return [(*asked, self.bytes.get(id_, 0)) for id_, asked in self.asked.items()]

    def up_to_the_form(self) -> list[tuple[str, str, int]]:
        """Documents and assets until the form has come: what is asked for later is not waited for.

        Nothing of a row that the browser had already, and no call of the protocol.
        """
        rows = self.rows()
        last = max(n for n, (method, _, _) in enumerate(rows) if method == "POST")
        return [
            row
            for row in rows[: last + 1]
            if row[2] and not any(part in row[1] for part in PROTOCOL)
        ]


def main() -> None:
    with served() as (settings, code), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 360, "height": 740})
        traffic = Traffic(page.context.new_cdp_session(page))
        begin(page, f"{settings.url}/svar#{code}")
        first, called = traffic.up_to_the_form(), traffic.rows()
        finish(page)
        every = traffic.rows()
        ballots = [ballot_of(browser, settings.url, key) for key in 3 * [signing_key()]]
        browser.close()
    table(first, called, every)
    ballot_table(ballots)


def signing_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=keys.BITS)


def ballot_of(browser: Browser, url: str, key: rsa.RSAPrivateKey) -> tuple[float, float]:
    """One ballot on a fresh page whose CPU is slowed: ms on the clock, ms of the page's thread.

    Beside other work the clock says what the machine was doing, the thread what the page did.
    """
    page = browser.new_context().new_page()
    page.goto(f"{url}/svar")
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    spki = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    before = thread_time(session)
    blinding, blinded = page.evaluate(BLIND, list(spki))
    signed = blind.sign(blind.signing_key(key), tickets.as_bytes(blinded, length=keys.BITS // 8))
    opening = page.evaluate(OPEN, tickets.as_text(signed))
    used = thread_time(session) - before
    page.context.close()
    return blinding + opening, used


def thread_time(session: CDPSession) -> float:
    metrics = session.send("Performance.getMetrics")["metrics"]
    return 1000 * next(float(it["value"]) for it in metrics if it["name"] == "TaskDuration")


def ballot_table(ballots: list[tuple[float, float]]) -> None:
    clock, thread = (min(times) for times in zip(*ballots, strict=True))
    show(
        f"A ballot made, CPU slowed {SLOWER} times, best of 3",
        [
            Figure(f"{keys.BITS} bits blinded and opened, on the clock", clock, "ms", MOST_MS),
            Figure("  of it the page's own thread", thread, "ms"),
        ],
    )


def begin(page: Page, link: str) -> None:
    page.goto(link)
    page.get_by_role("button", name="Begynd").click()
    expect(page.locator("section[data-step='2']")).to_be_visible()
    page.wait_for_timeout(500)


def finish(page: Page) -> None:
    page.get_by_role("button", name="Videre", exact=True).click()
    page.get_by_label("Nej", exact=True).first.check()
    while page.get_by_role("button", name="Send svar").is_hidden():
        page.get_by_role("button", name="Videre", exact=True).click()
    page.get_by_role("button", name="Send svar").click()
    expect(page.get_by_role("heading", name="Dit svar er modtaget")).to_be_visible()


Rows: TypeAlias = list[tuple[str, str, int]]


def table(first: Rows, called: Rows, every: Rows) -> None:
    """What was measured beside its target, and every request that came over the line."""
    protocol = [row for row in called if any(part in row[1] for part in PROTOCOL)]
    requests = [
        Figure(f"  {method} /{url.split('/', 3)[-1].partition('#')[0]}", size, "bytes")
        for method, url, size in every
        if size
    ]
    figures = [
        Figure(
            "GETs up to the first question", sum(row[0] == "GET" for row in first), "", MOST_GETS
        ),
        Figure("documents and assets up to it", size_of(first), "bytes", MOST_BYTES),
        Figure("calls of the protocol up to it", size_of(protocol), "bytes"),
        Figure("everything up to the receipt", size_of(every), "bytes"),
        *requests,
    ]
    show("What answering costs a phone", figures)


def size_of(rows: Rows) -> int:
    return sum(size for _, _, size in rows)


@contextmanager
def served() -> Iterator[tuple[Settings, str]]:
    """A server over an installation of its own, and a code."""
    with tempfile.TemporaryDirectory() as folder:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{free.getsockname()[1]}"
        base = settings_in(Path(folder))
        settings = Settings(
            base.data, base.database, base.answers, base.key_copy, base.backup, None, url,
            base.organisation,
        )  # fmt: skip
        with ThreadPoolExecutor(1) as other:
            codes = other.submit(asyncio.run, answering.build(settings, per_unit=1)).result()
        environment = {
            **os.environ,
            "KERNEPULS_DATA": str(settings.data),
            "KERNEPULS_KEY_COPY": str(settings.key_copy),
            "KERNEPULS_URL": url,
        }
        server = subprocess.Popen([sys.executable, "-c", SERVER], cwd=ROOT, env=environment)
        try:
            until(lambda: answers(url))
            yield settings, codes["C11"][0]
        finally:
            server.terminate()
            server.wait()


def answers(url: str) -> bool:
    host, port = url.removeprefix("http://").split(":")
    with socket.socket() as line:
        return line.connect_ex((host, int(port))) == 0


if __name__ == "__main__":
    main()
