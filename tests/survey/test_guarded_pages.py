"""No page with results says what no report may say; who can mend it reads where it stands."""

import re
from collections.abc import AsyncIterator
from datetime import date

import pytest
from httpx import AsyncClient, Response
from litestar.testing import RequestFactory

from survey import engine
from survey.actor import Actor, Role
from survey.errors import Refused
from survey.insight import ReportStopped, guarding
from survey.insight.guarding import PageStopped
from survey.pages.guarded import TextToMend, for_who_can_mend
from survey.settings import Settings
from survey.tables import Behaviour, TrialAction, TrialOwner, TrialUnit
from survey.texts import content, sentence
from tests import cast

UNIT = "/waves/2026-4/units/C21"
# A page with results, and a word of ours that stands on it.
PAGES = {
    "the result of a unit": (UNIT + "/", "tallet"),
    "the table alone": ("/waves/2026-4/units/FK/", "enhed"),
    "the slides of a meeting": (UNIT + "/meeting", "minutter"),
    "the board sheet": (UNIT + "/board", "tak"),
    "the library": ("/learned/", "lært"),
    "the barriers that units share": ("/results/", "resultater"),
}
TOLD = "Bed koordinatoren om at åbne det samme."


@pytest.fixture
async def site(settings: Settings) -> AsyncIterator[cast.Site]:
    async with engine.opened(settings, migrate=True):
        await cast.enter(settings)
        await cast.plan_waves("released", "released", "released", "released")
        cast.store_releases(settings, *cast.WAVES)
        async with cast.site(settings) as site:
            guarding._checked.cache_clear()
            yield site


async def opened(browser: AsyncClient, what: str) -> Response:
    part = {"hx-request": "true"} if what == "the table alone" else {}
    return await browser.get(PAGES[what][0], headers=part)


async def test_a_page_that_says_what_no_report_may_is_shown_to_nobody(
    site: cast.Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    carla, finn = await site.signed_in("carla"), await site.signed_in("finn")
    rules = content("report_language")["guard"]

    for what, (_, word) in PAGES.items():
        assert (await opened(carla, what)).status_code == 200
        guarding._checked.cache_clear()
        monkeypatch.setitem(rules, "blame_words", [word])  # from now on nobody may say it
        to_mend, seen = await opened(carla, what), await opened(finn, what)
        monkeypatch.undo()

        assert (what, to_mend.status_code) == (what, 409)
        assert f"»{word}»" in to_mend.text.casefold().replace("«", "»")
        if seen.status_code != 404:  # a bridge-builder reads no unit in another part
            assert (what, seen.status_code) == (what, 409)
            assert TOLD in seen.text
            assert f"»{word}»" not in seen.text.casefold().replace("«", "»")


async def test_the_coordinator_reads_the_page_and_the_sentence(site: cast.Site) -> None:
    await tried("vi blev nummer ét")
    carla, anna = await site.signed_in("carla"), await site.signed_in("anna")

    to_mend = await carla.get(f"{UNIT}/board")
    seen = [await anna.get(f"{UNIT}/{one}") for one in ("meeting", "board")]

    assert (
        "Siden »Hjemmepleje Nord: det sagde I, og det gør vi« er ikke vist. Den har noget, et "
        "resultat ikke må sige, »nummer ét«, i: »Vi blev nummer ét." in to_mend.text
    )
    assert [one.status_code for one in seen] == [409, 409]
    assert all(TOLD in one.text and "nummer ét" not in one.text for one in seen)


@pytest.mark.parametrize("stopped", [PageStopped, ReportStopped])
@pytest.mark.parametrize(
    ("role", "told"), [(Role.COORDINATOR, None), (Role.LEADERSHIP_TEAM, TextToMend)]
)
def test_only_who_can_mend_it_reads_what_stopped_a_page_or_a_report(
    stopped: type[Refused], role: Role, told: type[Refused] | None
) -> None:
    request = RequestFactory().get(UNIT, user=Actor(1, "x", role, "da"))

    with pytest.raises(told or stopped) as seen, for_who_can_mend(request):
        raise stopped(n=3, page="Tavlen", value="Mette", said="Spørg Mette.")

    assert ("Mette" in sentence(seen.value, "da")) == (told is None)


async def test_what_others_wrote_is_read_too(site: cast.Site) -> None:
    await Behaviour.update({Behaviour.code: "Ad8", Behaviour.text_en: "We ask Mette."}).where(
        Behaviour.code == "Ad8"
    )
    carla = await site.signed_in("carla")

    reply = await carla.get(f"{UNIT}/?lang=en")

    assert reply.status_code == 409
    assert "holds something a result must not say, “Mette”, in: “We ask Mette.”" in reply.text


async def test_the_library_is_not_weighed_for_what_teams_wrote(site: cast.Site) -> None:
    heavy = "Tværorganisatoriske rehabiliteringsforløb forudsætter kompetenceudvikling. " * 40
    await tried("telefontid", what_we_learned=heavy, state="learned")
    anna = await site.signed_in("anna")

    reply = await anna.get("/learned/")

    assert reply.status_code == 200
    assert heavy[:70] in reply.text


async def test_a_form_that_is_shown_again_holds_what_was_typed(site: cast.Site) -> None:
    anna = await site.signed_in("anna")
    form = await anna.get(f"{UNIT}/meeting")

    hidden = dict(re.findall(r'name="(version|once)" value="([0-9a-f]+)"', form.text))
    typed = {**cast.token(form), **hidden, "name": "vi ligger i bund"}
    reply = await anna.post(f"{UNIT}/meeting", data=typed)

    assert reply.status_code == 422
    assert "vi ligger i bund" in reply.text


async def tried(name: str, **more: str) -> None:
    """A trial action of Anna's unit, as no form would take it."""
    row = {"state": "running", "start_wave": "2026-3", **more}
    [made] = await TrialAction.insert(
        TrialAction(code="P1", name=name, stop_date=date(2026, 12, 24), once="1", **row)
    )
    unit = await cast.unit_id("C21")
    await TrialOwner.insert(TrialOwner(trial_action=made["id"], unit=unit))
    await TrialUnit.insert(TrialUnit(trial_action=made["id"], unit=unit, role="tried"))
