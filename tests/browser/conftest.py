"""One Chromium and one server for each file: while they are there, a test may run no loop."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests import answering
from tests.browsing import CHROMIUM, FLAGS, served, watched
from tests.filling_in import PHONE, Site


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


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
