"""The organisation's own details on a page: written into its file, whose comments stay."""

from collections.abc import AsyncIterator

import pytest
from httpx import AsyncClient

from survey import engine, house
from survey.actions.own_fields import version_of, write_own_fields
from survey.errors import ChangedMeanwhile
from survey.settings import Settings
from survey.tables import AuditEvent
from tests import cast
from tests.survey.test_answer_pages import Fields

HERE = "/organisation/details"
TYPED = {
    "organisation": "Lillehavn",
    "sender": "Formanden for MED: #1",
    "mail_from": "puls@lillehavn.example",
    "contact": 'HR på "puls@lillehavn.example"',
    "dpo": "dpo@lillehavn.example",
    "place": "kantinen",
    "rhythm_weeks": "17",
    "closing_time": "12:30",
}


@pytest.fixture
async def carla(settings: Settings) -> AsyncIterator[AsyncClient]:
    async with engine.opened(settings, migrate=True):
        await cast.enter(settings)
        async with cast.site(settings) as site:
            yield await site.signed_in("carla")


async def form(browser: AsyncClient) -> dict[str, object]:
    return dict(Fields((await browser.get(HERE)).text).values)


async def test_the_details_are_written_and_the_comments_of_the_file_stay(
    carla: AsyncClient, settings: Settings
) -> None:
    before = settings.organisation.read_text(encoding="utf-8")

    reply = await carla.post(HERE, data={**await form(carla), **TYPED})

    told, text = house.organisation(settings), settings.organisation.read_text(encoding="utf-8")
    assert reply.headers["location"] == f"{HERE}?done=saved"
    assert {name: str(getattr(told, name)) for name in TYPED} == TYPED
    assert told.part_depth == 3  # as it was
    assert text.count("#") == before.count("#") + 1  # the sender's own
    event = await AuditEvent.objects().order_by(AuditEvent.id, ascending=False).first()
    assert event is not None
    assert (event.what, event.on_what) == ("changed details", "organisation")


@pytest.mark.parametrize(
    "text",
    [
        "version: 1\n",
        "version: 1\nsender:\n  Formanden,\n  næstformanden\nplace: >\n  her\n",
        "{version: 1, sender: x}",
    ],
)
async def test_a_file_of_another_layout_holds_what_was_written(
    carla: AsyncClient, settings: Settings, text: str
) -> None:
    settings.organisation.write_text(text, encoding="utf-8")

    reply = await carla.post(HERE, data={**await form(carla), **TYPED})

    told = house.organisation(settings)
    assert reply.status_code == 303, reply.text
    assert {name: str(getattr(told, name)) for name in TYPED} == TYPED


async def test_what_cannot_be_is_told_beside_its_field_and_nothing_is_written(
    carla: AsyncClient, settings: Settings
) -> None:
    before = settings.organisation.read_bytes()
    bad = {
        "organisation": "",
        "sender": "<b>" + "x" * 200,
        "mail_from": "puls\u202e@lillehavn",
        "contact": "",
        "open_days": "6",
        "rhythm_weeks": "=1+1",
        "closing_time": "25:00",
    }

    page = await carla.post(HERE, data={**await form(carla), **bad, "mail_from": "to@a@b"})

    assert page.status_code == 422
    assert all(f'id="{name}-problem"' in page.text for name in bad)
    assert "<b>x" not in page.text
    assert settings.organisation.read_bytes() == before


async def test_the_second_of_two_people_is_told_and_loses_nothing(
    carla: AsyncClient, settings: Settings
) -> None:
    mine = {**await form(carla), **TYPED}
    await write_own_fields(
        settings, changed={"organisation": "Storehavn"}, version=version_of(settings), by=None
    )

    page = await carla.post(HERE, data=mine)

    assert page.status_code == ChangedMeanwhile.status
    assert "Storehavn" in page.text
    assert 'value="Lillehavn"' in page.text
    assert house.organisation(settings).organisation == "Storehavn"


async def test_a_house_without_details_is_asked_for_them_before_a_wave(
    carla: AsyncClient, settings: Settings
) -> None:
    settings.organisation.write_text("version: 1\n", encoding="utf-8")
    await cast.plan_waves("draft")

    page = await carla.get("/waves/2026-1")

    assert f'class="kp-deed" href="{HERE}"' in page.text
    assert "/waves/2026-1/approve" not in page.text
