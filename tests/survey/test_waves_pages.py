"""The pages of a wave: planned, agreed to, approved, opened, followed, extended and closed."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any

import pytest
from httpx import AsyncClient, Response

from survey.actions.opening import today_here
from survey.settings import Settings
from survey.tables import Behaviour, BehaviourScope, Person, UnitVersion, Wave
from tests import cast

OPENS = date(2027, 3, 1)  # a Monday
CLOSES = date(2027, 3, 14)


@pytest.fixture
async def site(settings: Settings) -> AsyncIterator[cast.Site]:
    """The cast, two behaviours and a few people; no wave yet."""
    from survey import engine  # noqa: PLC0415

    async with engine.opened(settings, migrate=True):
        await cast.enter(settings)
        await UnitVersion.update({UnitVersion.core_task: "Borgeren klarer sig."}).where(
            UnitVersion.parent.is_null()
        )
        for code, unit in (("L1", "C"), ("L2", "F")):
            [row] = await Behaviour.insert(
                Behaviour(code=code, text=f"Vi ringer ({code}).", situation="En borger ringede.")
            )
            await BehaviourScope.insert(
                BehaviourScope(behaviour=row["id"], unit=await cast.unit_id(unit))
            )
        for number, unit in enumerate(("C21", "C21", "C22", "F1")):
            await Person.insert(
                Person(
                    unit=await cast.unit_id(unit),
                    first_name="A",
                    last_name="B",
                    profession="sosu",
                    email=f"p{number}@example.dk" if number else None,
                )
            )
        async with cast.site(settings) as site:
            yield site


def days(name: str, day: date) -> dict[str, str]:
    return {
        f"{name}.day": str(day.day),
        f"{name}.month": str(day.month),
        f"{name}.year": str(day.year),
    }


def the_plan(**changed: Any) -> dict[str, Any]:
    asked = ["clarity", "comment", "resolver", "safe", "stall"]
    return {
        "name": "2027-1",
        **days("opens", OPENS),
        **days("closes", CLOSES),
        "behaviours": ["L1", "L2"],
        "asked": asked,
        "version": "1",
        **changed,
    }


async def post(browser: AsyncClient, address: str, **fields: Any) -> Response:
    page = await browser.get("/account")
    return await browser.post(address, data={**cast.token(page), **fields})


async def settled(browser: AsyncClient, name: str = "2027-1") -> str:
    """The page of the wave once no work is under way."""
    for _ in range(400):
        page = await browser.get(f"/waves/{name}")
        if 'hx-trigger="every 2s"' not in page.text:
            return page.text
        await asyncio.sleep(0.05)
    raise AssertionError("the work did not end")


async def test_a_coordinator_takes_a_wave_from_plan_to_result(site: cast.Site) -> None:
    carla = await site.signed_in("carla")

    planned = await post(carla, "/waves/new", **the_plan())
    discussed = await post(
        carla, "/waves/2027-1/discussed", version="1", **days("med_date", today_here())
    )
    await post(carla, "/waves/2027-1/approve", keys="server")
    approved = await settled(carla)
    await post(carla, "/waves/2027-1/open")
    opened = await settled(carla)
    extended = await post(
        carla, "/waves/2027-1/extend", version="1", **days("closes", CLOSES + timedelta(days=7))
    )
    await post(carla, "/waves/2027-1/close", early="1")
    closed = await settled(carla)

    assert planned.headers["location"] == "/waves/2027-1?done=planned"
    assert discussed.headers["location"] == "/waves/2027-1?done=discussed"
    assert "Åbn, og send 3 invitationer" in approved
    assert "Folk svarer nu." in opened
    assert extended.headers["location"] == "/waves/2027-1?done=extended"
    assert "Kontrollen er bestået. Ingen tal kan regnes tilbage til få personer." in closed
    row = await Wave.objects().get(Wave.name == "2027-1")
    assert (row.state, row.closes) == ("released", CLOSES + timedelta(days=7))
