"""The organisation on the web: a level at a time, changes for the next wave, a person moved."""

import re
from collections.abc import AsyncIterator

import pytest
from httpx import AsyncClient, Response

from survey import engine, house, organisation
from survey.actions import organising
from survey.actions.invitations import people_in
from survey.actions.organising import coming
from survey.actions.people import find_people, move_person
from survey.actions.readiness import scope_of
from survey.errors import ChangedMeanwhile
from survey.organisation import Version, grow
from survey.pages.organisation.values import Shown
from survey.settings import Settings
from survey.tables import (
    AuditEvent,
    Behaviour,
    BehaviourScope,
    Invitation,
    Person,
    Wave,
    WaveBehaviour,
)
from survey.texts import Voice
from tests import cast

HERE = "/organisation"


@pytest.fixture
async def units(settings: Settings) -> AsyncIterator[Settings]:
    """The organisation without the pages."""
    async with engine.opened(settings, migrate=True):
        await cast.enter(settings)
        yield settings


async def carried_out(deed: organising.Deed) -> None:
    now = await coming()
    await organising.carry_out(deed, by=1, version=now.version(deed.of[0]))


async def employ(unit: str, *names: str) -> None:
    where = await cast.unit_id(unit)
    await Person.insert(
        *(
            Person(
                unit=where,
                first_name=name,
                last_name="Holm",
                profession="-",
                email=f"{name}@x.example",
            )
            for name in names
        )
    )


async def change(
    browser: AsyncClient, unit: str, kind: str, deed: str = "save", **typed: str
) -> Response:
    there = f"{HERE}/units/{unit}/change/{kind}"
    form = await browser.get(there)
    version = re.search(r'name="version" value="(\d+)"', form.text)
    assert version is not None
    return await browser.post(
        there, data={**cast.token(form), "version": version[1], "deed": deed, **typed}
    )


async def tree_of(wave: str | None) -> dict[str, tuple[str | None, str]]:
    tree = await organisation.tree(wave)
    return {code: (node.parent, node.name) for code, node in tree.items()}


async def history_of(unit: str) -> list[tuple[str, str | None, str | None, str | None]]:
    return [
        (one.valid_from, one.valid_to, one.change, one.was)
        for one in await organisation.versions()
        if one.code == unit
    ]


# --- reading -----------------------------------------------------------------------------------


async def test_without_units_the_page_names_the_first_step(settings: Settings) -> None:
    async with engine.opened(settings, migrate=True):
        house.write_fjordlund(settings)
        async with cast.site(settings) as site:
            await cast.Account.insert(
                cast.Account(login="carla", password_hash="-", role="coordinator")
            )
            page = await (await site.signed_in("carla")).get(HERE)

    assert "Her er ingen enheder endnu" in page.text
    assert 'href="/organisation/import"' in page.text


async def test_the_tree_is_folded_to_one_level_with_staff_and_units_below(
    carla: AsyncClient,
) -> None:
    top = await carla.get(HERE)
    centre = await carla.get(f"{HERE}/units/C")

    assert "/organisation/units/C" in top.text
    assert "/organisation/units/C21" not in top.text
    assert "/organisation/units/C2" in centre.text


async def test_a_search_finds_a_unit_by_part_of_its_name_and_says_where_it_lies(
    carla: AsyncClient,
) -> None:
    found = await carla.get(HERE, params={"q": "PLEJE nord"})
    nothing = await carla.get(HERE, params={"q": "<b>🙂\u202e=1"})

    assert "/organisation/units/C21" in found.text
    assert "/organisation/units/C22" not in found.text
    assert "Ingen enhed har det navn" in nothing.text
    assert "<b>" not in nothing.text


async def test_an_unknown_unit_a_closed_one_and_an_unknown_change_are_not_found(
    carla: AsyncClient,
) -> None:
    for address in (
        "units/XX",
        "units/XX/change/move",
        "units/C21/change/sell",
        "units/FK/change/close",
    ):
        assert (await carla.get(f"{HERE}/{address}")).status_code == 404


async def test_an_earlier_wave_is_shown_as_it_saw_the_organisation(carla: AsyncClient) -> None:
    await cast.plan_waves("released")
    await change(carla, "C21", "rename", name="Nordholdet")

    then = await carla.get(f"{HERE}/units/C21", params={"wave": "2026-1"})
    now = await carla.get(f"{HERE}/units/C21")

    assert "<h1>Hjemmepleje Nord</h1>" in then.text
    assert "change/rename" not in then.text
    assert "<h1>Nordholdet</h1>" in now.text
    assert "Fra puls 2026-2: Enheden hedder Nordholdet." in now.text


# --- small units -------------------------------------------------------------------------------


def shown(**people: int) -> Shown:
    """A centre with teams of so many people, under a root."""
    teams = [Version(code, "centre", code, None, 0, "0") for code in people if code != "centre"]
    top = [
        Version("all", None, "all", None, 0, "0"),
        Version("centre", "all", "centre", None, 0, "0"),
    ]
    return Shown(grow([*top, *teams]), people)


SMALL = {
    "nine of whom six of ten answer are enough": ({"a": 9, "b": 9}, {}),
    "eight are likely too few": ({"a": 8, "b": 20}, {"a": "all"}),
    "two small ones fill a pile together": (
        {"a": 5, "b": 5, "c": 20},
        {"a": "centre", "b": "centre"},
    ),
    "nobody in it: nothing is hidden": ({"a": 0, "b": 20}, {}),
    "one person answers or not": ({"a": 1, "b": 20}, {"a": "centre"}),
}


@pytest.mark.parametrize(("people", "joined"), SMALL.values(), ids=SMALL)
def test_a_small_unit_says_where_its_answers_likely_count(
    people: dict[str, int], joined: dict[str, str]
) -> None:
    assert shown(**people).joined == joined


def test_below_five_people_it_is_no_guess() -> None:
    few, likely = shown(a=4, b=20), shown(a=8, b=20)

    assert few.tag(Voice("da"), "a") == "Vises sammen med all"
    assert likely.tag(Voice("da"), "a") == "Vises nok sammen med all"
    assert few.tag(Voice("da"), "b") == ""


# --- changes -----------------------------------------------------------------------------------


async def test_a_name_holds_from_the_next_wave_and_the_trend_goes_on(carla: AsyncClient) -> None:
    await cast.plan_waves("released", "draft")

    looked = await change(carla, "C21", "rename", "look", name="Nordholdet")
    before = await tree_of(None)
    saved = await change(carla, "C21", "rename", name="Nordholdet")

    assert (
        "Fra puls 2026-2: Enheden hedder Nordholdet. Indtil da hedder den Hjemmepleje Nord."
        in looked.text
    )
    assert before["C21"] == ("C2", "Hjemmepleje Nord")
    assert saved.headers["location"] == f"{HERE}/units/C21?done=changed"
    assert (await tree_of("2026-1"))["C21"] == ("C2", "Hjemmepleje Nord")
    assert (await tree_of("2026-2"))["C21"] == ("C2", "Nordholdet")
    assert (await history_of("C21"))[1] == ("2026-2", None, "renamed", "C21")


async def test_a_unit_moves_with_all_below_but_never_under_itself(carla: AsyncClient) -> None:
    await cast.plan_waves("released")

    await change(carla, "C2", "move", parent="B")
    under_itself = await change(carla, "C2", "move", parent="C21")

    after = await tree_of("2026-2")
    assert after["C2"][0] == "B"
    assert after["C21"][0] == "C2"
    assert under_itself.status_code == 409
    assert "Vælg en anden overenhed" in under_itself.text
    assert (await tree_of("2026-1"))["C2"][0] == "C"


async def test_merged_units_are_one_with_the_people_of_both_and_a_broken_trend(
    store: Settings,
) -> None:
    await cast.enter(store)
    await cast.plan_waves("released", "draft")
    await employ("C21", "Ann")
    await employ("C22", "Bo", "Pia")
    now = await coming()

    await organising.carry_out(organising.merging("C21", "C22"), by=1, version=now.version("C21"))

    after = await coming()
    assert "C22" not in await tree_of("2026-2")
    assert "C22" in await tree_of("2026-1")
    assert (await history_of("C21"))[-1] == ("2026-2", None, "merged", "C21;C22")
    assert (await organising.people_per_unit(after.tree, after.stored))["C21"] == 1 + 2
    assert len(await asked_in("2026-2", "C")) == 1 + 2


async def asked_in(wave: str, unit: str) -> list[int]:
    """The units of the people a wave would invite, with one behaviour for all below a unit."""
    await Behaviour.insert(Behaviour(code="Z1", text="-", situation="-", core_task="-"))
    behaviour = await Behaviour.objects().get(Behaviour.code == "Z1")
    row = await Wave.objects().get(Wave.name == wave)
    assert behaviour is not None
    assert row is not None
    await BehaviourScope.insert(
        BehaviourScope(behaviour=behaviour.id, unit=await cast.unit_id(unit))
    )
    await WaveBehaviour.insert(WaveBehaviour(wave=row.id, behaviour=behaviour.id))
    people = await people_in(await scope_of(row), house.Organisation(version=1))
    return [person["unit"] for person in people]


@pytest.mark.usefixtures("units")
async def test_a_split_makes_a_unit_beside_it_and_breaks_both_trends() -> None:
    await cast.plan_waves("released")

    await carried_out(organising.splitting("C21", "C25", "Hjemmepleje Øst"))

    assert (await tree_of("2026-2"))["C25"] == ("C2", "Hjemmepleje Øst")
    assert await history_of("C25") == [("2026-2", None, "split", "C21")]
    assert (await history_of("C21"))[-1] == ("2026-2", None, "split", "C21")


async def test_a_unit_with_people_or_units_below_is_not_closed(carla: AsyncClient) -> None:
    await cast.plan_waves("released")
    await employ("C21", "Ann")

    with_people = await change(carla, "C21", "close")
    with_units = await change(carla, "C2", "close")
    empty = await change(carla, "C22", "close")

    assert "Der er stadig ansatte i Hjemmepleje Nord (1)" in with_people.text
    assert "Der ligger enheder under" in with_units.text
    assert empty.headers["location"] == f"{HERE}?done=closed"
    assert "C22" not in await tree_of("2026-2")


@pytest.mark.usefixtures("units")
async def test_a_core_task_is_set_and_left_to_the_unit_above_again() -> None:
    await cast.plan_waves("released")

    await carried_out(organising.tasking("C", "Borgeren har en god dag."))
    inherited = await organisation.tree(None)
    await carried_out(organising.tasking("C", None))

    assert inherited["C21"].core_task == "Borgeren har en god dag."
    assert (await organisation.tree(None))["C21"].core_task is None


async def test_what_is_planned_can_be_taken_back_until_a_wave_has_frozen_it(
    carla: AsyncClient,
) -> None:
    await cast.plan_waves("released")
    before = await history_of("C21"), await history_of("C22"), await tree_of(None)
    await change(carla, "C21", "rename", name="Nordholdet")
    await change(carla, "C21", "merge", other="C22")
    await change(carla, "C2", "add", code="C29", name="Nat")
    form = await carla.get(HERE)

    for code in ("C21", "C29"):
        reply = await carla.post(f"{HERE}/units/{code}/undo", data=cast.token(form))
        assert reply.headers["location"] == f"{HERE}?done=undone"
    again = await carla.post(f"{HERE}/units/C21/undo", data=cast.token(form))

    assert (await history_of("C21"), await history_of("C22"), await tree_of(None)) == before
    assert again.status_code == 404


@pytest.mark.usefixtures("units")
async def test_people_of_a_unit_that_is_not_split_after_all_go_home() -> None:
    await cast.plan_waves("released")
    await employ("C21", "Ann")
    await carried_out(organising.splitting("C21", "C25", "Øst"))
    [ann] = await find_people("ann")
    await move_person(ann.id, "C25", by=1)

    await organising.undo("C25", by=1)

    [after] = await find_people("ann")
    assert (ann.unit, after.unit) == ("C21", "C21")
    assert "C25" not in await tree_of(None)


@pytest.mark.usefixtures("units")
async def test_before_any_wave_a_change_simply_replaces() -> None:
    await employ("C22", "Bo")

    await carried_out(organising.renaming("C21", "Nordholdet"))
    await carried_out(organising.merging("C21", "C22"))

    assert await history_of("C21") == [("2026-1", None, None, None)]
    assert (await tree_of("2026-1"))["C21"] == ("C2", "Nordholdet")
    assert [one.unit for one in await find_people("bo")] == ["C21"]


async def test_the_second_of_two_editors_is_told_and_loses_nothing(carla: AsyncClient) -> None:
    await cast.plan_waves("released")
    there = f"{HERE}/units/C21/change/rename"
    form = await carla.get(there)
    version = re.search(r'name="version" value="(\d+)"', form.text)
    assert version is not None
    await change(carla, "C21", "rename", name="Hendes navn")

    mine = {**cast.token(form), "version": version[1], "deed": "save", "name": "Mit navn"}
    reply = await carla.post(there, data=mine)

    assert reply.status_code == 409
    assert 'value="Mit navn"' in reply.text
    assert "Hendes navn" in reply.text
    assert (await tree_of(None))["C21"][1] == "Hendes navn"


async def test_a_form_sent_twice_is_one_change(carla: AsyncClient) -> None:
    await cast.plan_waves("released")
    form = await carla.get(f"{HERE}/units/C2/change/add")
    version = re.search(r'name="version" value="(\d+)"', form.text)
    assert version is not None
    sent = {**cast.token(form), "version": version[1], "deed": "save", "code": "C29", "name": "Nat"}

    replies = [await carla.post(f"{HERE}/units/C2/change/add", data=sent) for _ in range(2)]

    assert {reply.headers["location"] for reply in replies} == {f"{HERE}/units/C29?done=changed"}
    assert await AuditEvent.count().where(AuditEvent.what == "added unit") == 1


BAD = {
    ("rename", "name"): ("", "x" * 81, "010199-0001"),
    ("add", "code"): ("", "x" * 41, "a/b", "<b>", "🙂", "C21", "c21"),
    ("move", "parent"): ("", "XX", "=1+1", "🙂"),
    ("merge", "other"): ("", "C21", "XX"),
    ("core-task", "core_task"): ("x" * 281, "Ring 010199-0001"),
}


async def test_what_a_form_cannot_use_is_told_beside_the_field(carla: AsyncClient) -> None:
    await cast.plan_waves("released")
    before = await organisation.versions()

    for (kind, field), typed in BAD.items():
        for one in typed:
            reply = await change(carla, "C21", kind, **{"name": "Nyt", field: one})

            assert reply.status_code == 422, (kind, one)
            assert f'id="{field}-problem"' in reply.text
            assert "<b>" not in reply.text
    assert await organisation.versions() == before


async def test_a_version_somebody_else_changed_is_no_version(store: Settings) -> None:
    await cast.enter(store)
    await cast.plan_waves("released")

    with pytest.raises(ChangedMeanwhile):
        await organising.carry_out(organising.renaming("C21", "Nyt"), by=1, version=1)


# --- one person --------------------------------------------------------------------------------


async def test_an_employee_gets_another_unit_and_keeps_the_code(carla: AsyncClient) -> None:
    await cast.plan_waves("draft")
    await employ("C21", "Ann", "Bo")
    await asked_in("2026-1", "C")
    await Wave.update({Wave.state: "open"}).where(Wave.name == "2026-1")
    wave = await Wave.objects().get(Wave.name == "2026-1")
    assert wave is not None
    behaviour = 0
    ids = {one.name: one.id for one in await find_people("holm")}
    for name, issued in (("Ann Holm", None), ("Bo Holm", b"x")):
        await Invitation.insert(
            Invitation(
                id=name, wave=wave.id, kind="person", person=ids[name], behaviour=behaviour,
                unit=await cast.unit_id("C21"), issued=issued,
            )
        )  # fmt: skip

    form = await carla.get(f"{HERE}/people")
    found = await carla.post(f"{HERE}/people", data={**cast.token(form), "q": "ann ho"})
    replies = [
        await carla.post(
            f"{HERE}/people/move",
            data={**cast.token(form), "person": str(one), "unit": "Hjemmepleje Syd"},
        )
        for one in ids.values()
    ]

    rows = await Invitation.select(Invitation.id, Invitation.unit).order_by(Invitation.id)
    assert "Ann Holm" in found.text
    assert "Bo Holm" not in found.text
    assert {reply.headers["location"] for reply in replies} == {f"{HERE}/people?done=moved"}
    assert rows == [
        {"id": "Ann Holm", "unit": await cast.unit_id("C22")},
        {"id": "Bo Holm", "unit": await cast.unit_id("C21")},
    ]
    assert {one.unit for one in await find_people("holm")} == {"C22"}
    told = await AuditEvent.select(AuditEvent.what, AuditEvent.on_what)
    assert {tuple(row.values()) for row in told} == {("moved an employee to unit", "C22")}


@pytest.mark.usefixtures("units")
async def test_at_most_twenty_are_found_and_never_by_one_letter() -> None:
    await employ("C21", *(f"Ann{at}" for at in range(30)))

    assert len(await find_people("ann")) == 20
    assert await find_people("a") == ()
    assert await find_people("") == ()


async def test_moving_needs_somebody_and_a_unit(carla: AsyncClient) -> None:
    await employ("C21", "Ann")
    form = await carla.get(f"{HERE}/people")

    for person, unit in (("", "C22"), ("1", ""), ("1", "XX"), ("x", "C22"), ("9" * 30, "C22")):
        reply = await carla.post(
            f"{HERE}/people/move",
            data={**cast.token(form), "q": "ann", "person": person, "unit": unit},
        )

        assert reply.status_code == 422
    assert [one.unit for one in await find_people("ann")] == ["C21"]


ADDRESSES = (
    *("", "/import", "/import/x", "/import/x/preview", "/import/x/done", "/people"),
    *("/units/C21", "/units/C21/change/rename"),
)
POSTS = (
    *("/import", "/import/x", "/import/x/preview", "/import/x/cancel", "/people", "/people/move"),
    *("/units/C21/change/rename", "/units/C21/undo"),
)


async def test_everything_here_is_for_the_coordinator_alone(site: cast.Site) -> None:
    for login in ("anna", "bo", "dan", "eva", "finn"):
        browser = await site.signed_in(login)
        token = cast.token(await browser.get("/account"))
        replies = [await browser.get(f"{HERE}{address}") for address in ADDRESSES]
        replies += [await browser.post(f"{HERE}{address}", data=token) for address in POSTS]

        assert {reply.status_code for reply in replies} == {404}, login
    assert len({reply.content for reply in replies[: len(ADDRESSES)]}) == 1
