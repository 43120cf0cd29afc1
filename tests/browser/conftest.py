"""One Chromium and one server for each file: while they are there, a test may run no loop."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests import answering
from tests.browsing import CHROMIUM, FLAGS, served, watched
from tests.filling_in import DESK, PHONE, Site


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def looked_at(browser: Browser) -> Iterator[Callable[[str, Any], Page]]:
    """A function that shows an address to a visitor with these cookies: one page, for axe.

    A page of its own for each look costs more than the look: axe is loaded into a new process.
    """
    with watched(browser) as new:
        page = new(viewport=DESK)

        def shown(address: str, visitor: Any) -> Page:
            page.context.clear_cookies()
            page.context.add_cookies(visitor["cookies"] if visitor else [])
            page.set_viewport_size(DESK)
            page.goto(address)
            assert "/sign-in" not in page.url or "/sign-in" in address  # it knows the visitor
            return page

        yield shown


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """The small town of the answering pages, where a wave is open."""
    with served(lambda settings: answering.build(settings, per_unit=60)) as (settings, codes):
        yield Site(settings, codes)


@pytest.fixture
def opened(browser: Browser) -> Iterator[Callable[..., Page]]:
    """A function that opens a page on a phone, which may have no fault and call nobody else."""
    with watched(browser) as new:

        def on_a_phone(*, script: bool = True, **options: Any) -> Page:
            return new(
                java_script_enabled=script,
                **{"viewport": PHONE, "has_touch": True, "service_workers": "block", **options},
            )

        yield on_a_phone
