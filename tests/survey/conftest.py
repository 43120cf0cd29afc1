"""What most tests of the pages stand on: the cast, the application, and the coordinator in it."""

from collections.abc import AsyncIterator

import pytest
from httpx import AsyncClient

from survey import engine
from survey.settings import Settings
from tests import cast


@pytest.fixture
async def site(settings: Settings) -> AsyncIterator[cast.Site]:
    async with engine.opened(settings, migrate=True):
        await cast.enter(settings)
        async with cast.site(settings) as site:
            yield site


@pytest.fixture
async def carla(site: cast.Site) -> AsyncClient:
    return await site.signed_in("carla")
