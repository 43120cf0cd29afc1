"""A real browser before a real server: what the tests of all pages share."""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from playwright.sync_api import Browser, Page

from survey.settings import Settings
from tests.conftest import settings_in, until

ROOT = Path(__file__).parents[1]
AXE = (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
# The same engine without a desktop around it, where it is installed: a visitor of its own costs a
# quarter of the time there, and each test has one or two.
CHROMIUM = shutil.which("chromium-headless-shell") or "/usr/bin/chromium"
SERVER = """
import uvicorn
from survey.app import create_app
from survey.settings import from_environment
from urllib.parse import urlsplit
settings = from_environment()
uvicorn.run(create_app(settings), port=urlsplit(settings.url).port, log_level="warning",
            access_log=False)
"""
STARTS = 120  # seconds: it takes two of CPU to start, and a busy machine has none
T = TypeVar("T")


@contextmanager
def served(build: Callable[[Settings], Coroutine[Any, Any, T]]) -> Iterator[tuple[Settings, T]]:
    """A running server over an installation of its own, and what building that gave."""
    with tempfile.TemporaryDirectory() as folder:
        settings = replace(settings_in(Path(folder)), url=f"http://127.0.0.1:{free_port()}")
        with ThreadPoolExecutor(1) as other:  # in this thread Playwright has its own loop
            built = other.submit(asyncio.run, build(settings)).result()
        server = subprocess.Popen(
            [sys.executable, "-c", SERVER], cwd=ROOT, env=environment(settings)
        )
        try:
            until(lambda: answers(settings.url) or server.poll() is not None, STARTS)
            assert server.poll() is None, "the server did not start"
            yield settings, built
        finally:
            server.terminate()
            server.wait()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def environment(settings: Settings) -> dict[str, str]:
    return {
        **os.environ,
        "KERNEPULS_DATA": str(settings.data),
        "KERNEPULS_KEY_COPY": str(settings.key_copy),
        "KERNEPULS_URL": settings.url,
    }


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health"):
            return True
    except OSError:
        return False


@contextmanager
def watched(browser: Browser) -> Iterator[Callable[..., Page]]:
    """A function that opens a page as a visitor of its own; it takes a context's options.

    Afterwards no page may have had a fault or called elsewhere.
    """
    faults: list[str] = []
    contexts = []

    def new(**options: Any) -> Page:
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(8000)
        page.on("pageerror", lambda error: faults.append(f"error: {error}"))
        page.on(
            "console",
            lambda message: (
                faults.append(message.text)
                if "Content Security Policy" in message.text or "Trusted" in message.text
                else None
            ),
        )
        page.on(
            "request",
            lambda request: None if "127.0.0.1" in request.url else faults.append(request.url),
        )
        return page

    yield new
    for context in contexts:
        context.close()
    assert faults == []


# What a page looks like to those who cannot see it as most do


def seen_at(page: Page, *widths: int) -> list[str]:
    """What is wrong: all that axe finds at the narrowest and the widest, and at each width a page
    that scrolls sideways. What lies between shows the same parts, and axe is half of the cost."""
    wrong = []
    for width in widths:
        page.set_viewport_size({"width": width, "height": 800})
        if width in (min(widths), max(widths)):
            wrong += [f"at {width}: {found}" for found in axe(page)]
        if scrolls_sideways(page, width):
            wrong.append(f"at {width}: scrolls sideways")
    return wrong


def axe(page: Page) -> list[str]:
    """What axe finds against WCAG 2.2 AA, and what it leaves to be looked at.

    It says nothing of what passes, nor where in the tree a node is: that took half its time.
    """
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(AXE)
    found = page.evaluate(
        """() => axe.run(document, {preload: false, selectors: false,
            resultTypes: ["violations", "incomplete"],
            runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
            rules: {"target-size": {enabled: true}}})
            .then(({violations, incomplete}) => ({violations, incomplete}))"""
    )
    return [
        f"{kind} {rule['id']} {node['html'][:160]}"
        for kind, rules in found.items()
        for rule in rules
        for node in rule["nodes"]
    ]


def spaced_out(page: Page) -> list[str]:
    """What is lost at 320 pixels with a reader's own spacing of text (WCAG 1.4.12)."""
    page.set_viewport_size({"width": 320, "height": 800})
    page.evaluate(
        """() => { const sheet = new CSSStyleSheet();
            sheet.replaceSync(`* { line-height: 1.5 !important; letter-spacing: .12em !important;
                word-spacing: .16em !important } p { margin-bottom: 2em !important }`);
            document.adoptedStyleSheets = [sheet]; }"""
    )
    wrong = ["spaced out: scrolls sideways"] if scrolls_sideways(page, 320) else []
    page.evaluate("document.adoptedStyleSheets = []")
    return wrong


def scrolls_sideways(page: Page, width: int) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth") > width)
