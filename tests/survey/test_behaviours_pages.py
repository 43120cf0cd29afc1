"""Behaviours on the web: the linter answers and never scolds; what was asked is never changed."""

import re
from collections.abc import AsyncIterator
from html import unescape
from typing import Any

import pytest
import pytest_asyncio
from httpx import AsyncClient, Response

from survey import engine, organisation
from survey.tables import AuditEvent, Behaviour, BehaviourScope, Unit, UnitVersion, Wave
from survey.tables import WaveBehaviour as Asked
from survey.texts import content
from tests import cast
from tests.conftest import settings_in

GOOD = "Visitator ringer til borgeren inden to hverdage, når en klage er kommet."
NEARLY = "Visitator ringer til borgeren og siger, hvad der mangler."  # no time
VAGUE = "Vi sikrer en smidig og serviceorienteret byggesagsbehandling."
FORM = {
    "core_task": "Borgeren klarer mest muligt selv.",
    "text": GOOD,
    "situation": "Der kom en klage.",
    "short": "ringe inden to hverdage",
    "units": ["C21"],
    "self_checks": ["film_test", "monday_test"],
    "deed": "save",
}
PARTS = {
    "text": "",
    "actor": "visitator",
    "action": "ringer til borgeren",
    "occasion": "når en klage er kommet",
    "when": "inden to hverdage",
    "purpose": "så borgeren ved, hvad der sker.",
}


pytestmark = pytest.mark.asyncio(loop_scope="module")  # one site for all: making it is the cost


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def made(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[cast.Site]:
    settings = settings_in(tmp_path_factory.mktemp("site"))
    async with engine.opened(settings, migrate=True):
        await cast.enter(settings)
        async with cast.site(settings) as site:
            yield site


@pytest_asyncio.fixture(loop_scope="module")
async def site(made: cast.Site) -> cast.Site:
    """The site without a behaviour or a wave."""
    for table in (Asked, BehaviourScope, Wave, Behaviour):
        await table.delete(force=True)
    return made


def hidden(page: Response) -> dict[str, str]:
    return dict(re.findall(r'name="(_csrf_token|version|once)" value="([0-9a-f]+)"', page.text))


async def send(browser: AsyncClient, address: str, **changes: Any) -> Response:
    page = await browser.get(address)
    return await browser.post(address, data={**hidden(page), **FORM, **changes})


async def saved(browser: AsyncClient, **changes: Any) -> Behaviour:
    reply = await send(browser, "/behaviours/new", **changes)
    assert reply.status_code == 303, reply.text
    found = await Behaviour.objects().order_by(Behaviour.id, ascending=False).first()
    assert found is not None
    return found


async def asked_in(behaviour: Behaviour, state: str) -> None:
    [wave] = await Wave.insert(
        Wave(
            name="2026-1",
            opens=cast.BEGIN.date(),
            closes=cast.BEGIN.date(),
            state=state,
            med_date=cast.BEGIN.date(),
        )
    )
    await Asked(wave=wave["id"], behaviour=behaviour.id).save()


def words(page: Response) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


# --- the list ------------------------------------------------------------------------------------


async def test_without_a_behaviour_the_twelve_examples_are_offered(site: cast.Site) -> None:
    carla = await site.signed_in("carla")

    page = await carla.get("/behaviours")

    assert len(re.findall(r"/behaviours/new\?example=\w+", page.text)) == 12
    assert "Der er ingen endnu." in page.text


async def test_an_example_fills_the_form_in_both_languages(site: cast.Site) -> None:
    carla = await site.signed_in("carla")

    for one in content("behaviours")["behaviours"]:
        page = unescape((await carla.get(f"/behaviours/new?example={one['id']}")).text)
        for language in ("da", "en"):
            for name in ("core_task", "sentence", "situation_asked", "short"):
                assert one[name][language] in page
        assert content("linter")["verdicts"]["pass"]["da"] in page


async def test_a_behaviour_stands_with_its_words_its_verdict_its_units_and_its_waves(
    site: cast.Site,
) -> None:
    carla = await site.signed_in("carla")
    behaviour = await saved(carla, units=["C", "C21"], self_checks=["film_test"])
    await asked_in(behaviour, "released")

    page = words(await carla.get("/behaviours"))

    for text in (GOOD, FORM["core_task"], content("linter")["verdicts"]["pass"]["da"], "2026-1"):
        assert text in page
    assert "Enheder Center for Sundhed og Ældre Spurgt i" in page  # C21 is below it
    assert "Mandagstesten er ikke krydset af." in page


# --- the sentence --------------------------------------------------------------------------------


async def test_five_parts_become_a_sentence(site: cast.Site) -> None:
    carla = await site.signed_in("carla")

    behaviour = await saved(carla, **PARTS)

    assert behaviour.text == (
        "Visitator ringer til borgeren, når en klage er kommet, inden to hverdage, "
        "så borgeren ved, hvad der sker."
    )


async def test_checking_says_the_verdict_and_saves_nothing(site: cast.Site) -> None:
    carla = await site.signed_in("carla")

    page = await send(carla, "/behaviours/new", text=VAGUE, deed="check")

    assert page.status_code == 200
    assert content("linter")["verdicts"]["stop"]["da"] in words(page)
    assert "Hvad gør man med hænderne, eller hvad siger man?" in words(page)
    assert VAGUE in page.text
    assert not await Behaviour.exists()


async def test_the_linter_answers_while_one_types_with_the_same_piece(site: cast.Site) -> None:
    carla = await site.signed_in("carla")
    whole = await send(carla, "/behaviours/new", **{**PARTS, "core_task": "", "deed": "check"})

    piece = await carla.post(
        "/behaviours/check", data={**hidden(whole), **FORM, **PARTS, "core_task": ""}
    )

    assert "<html" not in piece.text
    assert piece.text.strip() in whole.text
    assert "Hvad får borgeren ud af det?" in piece.text  # a core task is missing


async def test_a_nearly_concrete_sentence_is_used_after_one_press(site: cast.Site) -> None:
    carla = await site.signed_in("carla")

    asked = await send(carla, "/behaviours/new", text=NEARLY)
    behaviour = await saved(carla, text=NEARLY, deed="anyway")

    assert asked.status_code == 422
    assert "Brug den alligevel" in asked.text
    assert (behaviour.text, behaviour.verdict, behaviour.reason) == (NEARLY, "fix", None)


async def test_fine_words_are_used_with_a_reason_only(site: cast.Site) -> None:
    carla = await site.signed_in("carla")

    pressed = await send(carla, "/behaviours/new", text=VAGUE, deed="anyway")
    behaviour = await saved(carla, text=VAGUE, reason="Alle her ved, hvad det er.")

    assert pressed.status_code == 422
    assert (behaviour.verdict, behaviour.reason) == ("stop", "Alle her ved, hvad det er.")
    assert "Alle her ved, hvad det er." in (await carla.get("/behaviours")).text


BAD = {
    "html": "<b>fed</b> & \"'",
    "formula": '=HYPERLINK("http://x")',
    "right to left": "\u202eabc\u2066",
    "emoji": "ringer 😀",
}


async def test_odd_text_is_kept_as_it_was_typed_and_shown_as_text(site: cast.Site) -> None:
    carla = await site.signed_in("carla")

    for odd in BAD.values():
        behaviour = await saved(
            carla, situation=f"Der kom {odd}.", short=odd, text=f"{GOOD} {odd}", reason="Ja."
        )
        page = await carla.get(f"/behaviours/{behaviour.code}")

        plain = re.sub("[\u202e\u2066]", "", odd)
        assert behaviour.short == plain
        assert "<b>fed" not in page.text
        assert f"Der kom {plain}." in unescape(page.text)


LONG = {"core_task": 200, "text": 300, "situation": 200, "short": 80, "reason": 280, "actor": 120}


async def test_what_is_missing_or_too_long_is_told_and_what_was_typed_is_kept(
    site: cast.Site,
) -> None:
    carla = await site.signed_in("carla")
    form = hidden(await carla.get("/behaviours/new"))
    seen = {}

    for name in ("text", "situation"):
        page = await carla.post("/behaviours/new", data={**form, **FORM, name: " "})
        seen[name, 0] = f'href="#{name}"' in page.text and "<title>Fejl: " in page.text
    for name, most in LONG.items():
        long = "ordet " * (most // 6 + 1) + "x"
        page = await carla.post("/behaviours/new", data={**form, **FORM, name: long})
        seen[name, most] = long in page.text and f"Der er plads til {most}." in page.text

    assert {page for page, is_told in seen.items() if not is_told} == set()
    assert not await Behaviour.exists()


async def test_no_person_is_named(site: cast.Site) -> None:
    carla = await site.signed_in("carla")
    form = hidden(await carla.get("/behaviours/new"))

    told = [
        (await carla.post("/behaviours/new", data={**form, **FORM, name: typed})).status_code
        for name, typed in (
            ("situation", "Der kom en klage fra 010203-1234."),
            ("text_en", "The assessor calls 010203-1234."),
            ("situation", "Mette fik en klage."),
        )
    ]

    assert told == [422, 422, 422]


# --- its units -----------------------------------------------------------------------------------


async def test_units_are_found_without_losing_what_was_typed(site: cast.Site) -> None:
    carla = await site.signed_in("carla")

    page = await send(carla, "/behaviours/new", find="syd", deed="find", text=NEARLY)

    assert page.status_code == 200
    assert "Hjemmepleje Syd" in page.text
    assert NEARLY in page.text


async def test_units_that_have_a_behaviour_already_are_told(site: cast.Site) -> None:
    carla = await site.signed_in("carla")
    await saved(carla, units=["C21"])

    above = await send(carla, "/behaviours/new", units=["C"], deed="check")
    beside = await send(carla, "/behaviours/new", units=["C22"], deed="check")

    assert f"Hjemmepleje Nord: {GOOD}" in words(above)
    assert "har en adfærd i forvejen" not in beside.text


# --- changing ------------------------------------------------------------------------------------


async def test_words_that_no_wave_has_asked_are_changed_in_place(site: cast.Site) -> None:
    carla = await site.signed_in("carla")
    behaviour = await saved(carla)
    await asked_in(behaviour, "draft")

    reply = await send(carla, f"/behaviours/{behaviour.code}", short="ringe", units=["C22"])

    [now] = await Behaviour.objects()
    wave = await Wave.objects().first()
    assert reply.status_code == 303
    assert (now.short, now.version) == ("ringe", 2)
    assert (await organisation.scopes())[now.code] == ("C22",)
    assert wave is not None
    assert (wave.med_date, wave.version) == (None, 2)  # the committee has read other words


async def test_words_that_a_wave_has_asked_get_a_successor(site: cast.Site) -> None:
    carla = await site.signed_in("carla")
    behaviour = await saved(carla)
    await asked_in(behaviour, "approved")
    form = await carla.get(f"/behaviours/{behaviour.code}")
    data = {**hidden(form), **FORM, "text": GOOD.replace(" to ", " tre ")}

    replies = [await carla.post(f"/behaviours/{behaviour.code}", data=data) for _ in range(2)]

    old, new = await Behaviour.objects().order_by(Behaviour.id)
    assert [reply.status_code for reply in replies] == [303, 303]
    assert (old.text, old.active) == (GOOD, False)
    assert (new.code, new.text, new.follows) == (f"{old.code}-2", data["text"], old.code)
    assert await Asked.count().where(Asked.behaviour == old.id) == 1
    reach = await organisation.scopes()
    assert reach[old.code] == reach[new.code] == ("C21",)  # the wave under way still asks there
    assert (await organisation.behaviours_of(await organisation.tree(None)))["C21"] == new.code
    assert "Pulsen 2026-1 har spurgt til den" in form.text


async def test_a_plan_asks_the_successor(site: cast.Site) -> None:
    carla = await site.signed_in("carla")
    behaviour = await saved(carla)
    await asked_in(behaviour, "released")
    [plan] = await Wave.insert(
        Wave(name="2026-2", opens=cast.BEGIN.date(), closes=cast.BEGIN.date())
    )
    await Asked(wave=plan["id"], behaviour=behaviour.id).save()

    await send(carla, f"/behaviours/{behaviour.code}", text=GOOD.replace(" to ", " tre "))

    rows = await Asked.select(
        Asked.wave.name.as_alias("wave"), Asked.behaviour.code.as_alias("behaviour")
    ).order_by(Asked.id)
    assert rows == [
        {"wave": "2026-1", "behaviour": behaviour.code},
        {"wave": "2026-2", "behaviour": f"{behaviour.code}-2"},
    ]


async def test_units_change_in_place_but_not_while_a_wave_rests_on_them(site: cast.Site) -> None:
    carla = await site.signed_in("carla")
    behaviour = await saved(carla)
    await asked_in(behaviour, "open")

    refused = await send(carla, f"/behaviours/{behaviour.code}", units=["C22"])
    await Wave.update({Wave.state: "released"}, force=True)
    later = await send(carla, f"/behaviours/{behaviour.code}", units=["C22"])

    assert (refused.status_code, later.status_code) == (422, 303)
    assert (await organisation.scopes())[behaviour.code] == ("C22",)
    assert await Behaviour.count() == 1


async def test_the_second_of_two_who_change_it_is_told_and_loses_nothing(site: cast.Site) -> None:
    carla = await site.signed_in("carla")
    behaviour = await saved(carla)
    address = f"/behaviours/{behaviour.code}"
    both = [hidden(await carla.get(address)) for _ in range(2)]

    first = await carla.post(address, data={**both[0], **FORM, "short": "ringe i dag"})
    second = await carla.post(address, data={**both[1], **FORM, "short": "ringe i morgen"})
    again = await carla.post(address, data={**hidden(second), **FORM, "short": "ringe i morgen"})

    assert (first.status_code, second.status_code, again.status_code) == (303, 409, 303)
    assert "ringe i dag" in second.text
    assert "ringe i morgen" in second.text


async def test_a_form_sent_twice_is_one_behaviour(site: cast.Site) -> None:
    carla = await site.signed_in("carla")
    data = {**hidden(await carla.get("/behaviours/new")), **FORM}

    replies = [await carla.post("/behaviours/new", data=data) for _ in range(2)]

    assert [reply.status_code for reply in replies] == [303, 303]
    assert await Behaviour.count() == 1


async def test_a_behaviour_goes_out_of_use_and_comes_back(site: cast.Site) -> None:
    carla = await site.signed_in("carla")
    behaviour = await saved(carla)
    seen = []

    for deed in ("retire", "bring-back"):
        form = hidden(await carla.get("/behaviours"))
        reply = await carla.post(f"/behaviours/{behaviour.code}/{deed}", data=form)
        seen.append((reply.status_code, "Ude af brug" in (await carla.get("/behaviours")).text))
    stale = await carla.post(f"/behaviours/{behaviour.code}/retire", data={**form, "version": "1"})

    assert seen == [(303, True), (303, False)]
    assert stale.status_code == 409
    told = await AuditEvent.select(AuditEvent.what).order_by(AuditEvent.id, ascending=False)
    assert [row["what"] for row in told[:3]] == [
        "brought behaviour back", "retired behaviour", "wrote behaviour",
    ]  # fmt: skip


async def test_a_behaviour_of_a_plan_stays_in_use(site: cast.Site) -> None:
    carla = await site.signed_in("carla")
    behaviour = await saved(carla)
    await asked_in(behaviour, "draft")

    form = hidden(await carla.get("/behaviours"))
    reply = await carla.post(f"/behaviours/{behaviour.code}/retire", data=form)

    assert reply.status_code == 409
    assert "Tag den først ud af planen." in reply.text


# --- a large organisation ------------------------------------------------------------------------


async def test_the_form_of_a_large_organisation_stays_small(site: cast.Site) -> None:
    root = await cast.unit_id("FK")
    rows = await Unit.insert(*(Unit(code=f"U{n}") for n in range(300)))
    await UnitVersion.insert(
        *(
            UnitVersion(unit=row["id"], parent=root, name=f"Enhed {n}", valid_from="2026-1")
            for n, row in enumerate(rows)
        )
    )
    carla = await site.signed_in("carla")

    page = await send(carla, "/behaviours/new", find="Enhed", deed="find")

    assert page.text.count('name="units"') <= 20 + 1


async def test_what_an_import_wrote_can_be_changed_here(site: cast.Site) -> None:
    [row] = await Behaviour.insert(Behaviour(code="Ad 8", text=GOOD, situation="Der kom en klage."))
    await BehaviourScope(behaviour=row["id"], unit=await cast.unit_id("C21")).save()
    carla = await site.signed_in("carla")

    reply = await send(carla, "/behaviours/Ad%208", short="ringe")

    assert reply.status_code == 303
    found = await Behaviour.objects().first()
    assert found is not None
    assert (found.code, found.short) == ("Ad 8", "ringe")
