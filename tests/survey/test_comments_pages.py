"""Comments on the web: from ten at a unit, shuffled, beside nothing; decided by people, logged."""

import re
from collections.abc import AsyncIterator, Mapping
from html import unescape
from typing import Any

import polars as pl
import pytest
import pytest_asyncio
from httpx import AsyncClient, Response

from survey import engine
from survey.insight import report_facts
from survey.insight.comments import cleared
from survey.intake.files import comments_file
from survey.settings import Settings
from survey.tables import AuditEvent, Closing, CommentReview, Person, Wave
from tests import cast
from tests.conftest import settings_in

MARKED = "Spørg Mette på 22 33 44 55. Lederen er syg."
ADDRESS = "/waves/2026-1/comments"


pytestmark = pytest.mark.asyncio(loop_scope="module")  # one site for all: making it is the cost


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def made(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[cast.Site]:
    settings = settings_in(tmp_path_factory.mktemp("site"))
    async with engine.opened(settings, migrate=True):
        await cast.enter(settings)
        await cast.plan_waves("released", "closing")
        cast.store_releases(settings, "2026-1")
        async with cast.site(settings) as site:
            yield site


@pytest.fixture
def settings(made: cast.Site) -> Settings:
    found: Settings = made.app.state.settings
    return found


@pytest_asyncio.fixture(loop_scope="module")
async def site(made: cast.Site, settings: Settings) -> cast.Site:
    """A released wave: ten texts at C21, 25 at C, nine at C22, and some that stand nowhere."""
    for table in (CommentReview, Closing, Person):
        await table.delete(force=True)
    write(settings, {"C21": 10, "C": 25, "C22": 9, None: 4})
    return made


def write(settings: Settings, piles: Mapping[str | None, int]) -> None:
    rows = [
        ("2026-1", unit, "Ad8", MARKED if (unit, n) == ("C21", 1) else f"{unit} siger {n}.")
        for unit, many in piles.items()
        for n in range(1, many + 1)
    ]
    file = comments_file(settings, "2026-1")
    file.parent.mkdir(exist_ok=True)
    columns = ["wave", "unit", "behaviour", "text"]
    frame = pl.DataFrame(rows, schema=columns, orient="row")
    frame.sample(fraction=1, shuffle=True, seed=7).write_parquet(file)


def quotes(page: Response) -> list[str]:
    found = re.findall(r"<blockquote[^>]*>(.*?)</blockquote>", page.text, re.DOTALL)
    return [
        unescape(re.sub(r"<span class=\"kp-kind\">.*?</span>|<[^>]+>", "", one)) for one in found
    ]


async def decide(browser: AsyncClient, number: int, deed: str, **fields: Any) -> Response:
    """Decide from what the list says now."""
    page = await browser.get(f"{ADDRESS}/C21")
    pieces = page.text.split(f'id="text-{number}"')[1]
    form = dict(re.findall(r'name="(_csrf_token|version)" value="([0-9a-f]+)"', pieces)[:2])
    address = f"{ADDRESS}/C21/{number}"
    if deed == "rewrite":
        return await browser.post(f"{address}/rewrite", data={**form, **fields})
    return await browser.post(address, data={**form, "deed": deed, **fields})


async def where(text: str, browser: AsyncClient) -> int:
    return quotes(await browser.get(f"{ADDRESS}/C21")).index(text) + 1


async def test_units_with_ten_texts_stand_in_the_order_of_the_organisation(site: cast.Site) -> None:
    carla = await site.signed_in("carla")

    page = await carla.get(ADDRESS)

    assert re.findall(rf'href="{ADDRESS}/(\w+)"', page.text) == ["C", "C21"]
    assert "0 af 35 set" in page.text
    assert "0 af 10 set" in page.text


async def test_under_ten_texts_there_is_no_page_and_it_looks_like_no_unit(site: cast.Site) -> None:
    carla = await site.signed_in("carla")
    await carla.get("/account")

    replies = [await carla.get(f"{ADDRESS}/{unit}") for unit in ("C22", "F1", "XX", "None")]
    replies += [
        await carla.get(f"{ADDRESS}/C22/1/rewrite"),
        await carla.get(f"{ADDRESS}/C21/11/rewrite"),
    ]

    assert {reply.status_code for reply in replies} == {404}
    assert len({reply.content for reply in replies}) == 1


async def test_before_the_result_nobody_reads_and_afterwards_the_coordinator_alone(
    site: cast.Site, settings: Settings
) -> None:
    carla = await site.signed_in("carla")
    comments_file(settings, "2026-1").rename(comments_file(settings, "2026-2"))

    waiting = await carla.get("/waves/2026-2/comments")
    unit = await carla.get("/waves/2026-2/comments/C21")
    others = {
        login: (await (await site.signed_in(login)).get(f"{ADDRESS}/C21")).status_code
        for login in ("anna", "dan", "eva", "finn")
    }

    assert "når pulsen har et resultat" in waiting.text
    assert "siger" not in waiting.text
    assert unit.status_code == 404
    assert set(others.values()) == {404}


async def test_every_text_stands_once_in_one_order_for_all_and_beside_no_answer(
    site: cast.Site,
) -> None:
    carla = await site.signed_in("carla")

    first, second, again = [await carla.get(f"{ADDRESS}/C?page={page}") for page in ("1", "2", "1")]

    written = [f"C siger {n}." for n in range(1, 26)]
    assert sorted(quotes(first) + quotes(second)) == sorted(written)
    assert quotes(first) != written[:20]
    assert quotes(again) == quotes(first)
    assert "Ad8" not in first.text


async def test_what_to_look_at_is_marked_with_a_word_for_its_kind(site: cast.Site) -> None:
    carla = await site.signed_in("carla")
    unit = await cast.unit_id("C21")
    await Person(unit=unit, first_name="A", last_name="B", profession="siger").save()

    page = (await carla.get(f"{ADDRESS}/C21")).text

    marks = re.findall(r"<mark[^>]*>(.*?)<span class=\"kp-kind\"> \((.*?)\)</span></mark>", page)
    assert [one for one in marks if one[0] != "siger"] == [
        ("Mette", "navn"), ("22 33 44 55", "telefonnummer"),
        ("Lederen", "leder"), ("syg", "helbred"),
    ]  # fmt: skip
    assert marks.count(("siger", "titel")) == 9  # the title of one person only


async def test_a_text_is_shown_hidden_rewritten_and_taken_back_and_the_log_tells_which(
    site: cast.Site,
) -> None:
    carla = await site.signed_in("carla")
    number = await where(MARKED, carla)

    said = [await decide(carla, number, deed) for deed in ("show", "undo", "hide", "undo")]
    await decide(carla, number, "rewrite", text="Spørg os.")
    page = await carla.get(f"{ADDRESS}/C21")

    assert [reply.headers["location"] for reply in said] == [
        f"{ADDRESS}/C21?page=1#text-{number}"
    ] * 4
    assert "1 af 10 set" in page.text
    assert {"Spørg os.", MARKED} < set(quotes(page))
    rows = await AuditEvent.select(AuditEvent.what, AuditEvent.on_what).order_by(AuditEvent.id)
    told = rows[-5:]
    assert [row["what"] for row in told] == [
        "showed comment", "took back review of comment", "hid comment",
        "took back review of comment", "rewrote comment",
    ]  # fmt: skip
    assert {row["on_what"] for row in told} == {f"2026-1/C21/{number}"}


async def test_a_text_that_cannot_be_shown_so_is_told_and_kept(site: cast.Site) -> None:
    carla = await site.signed_in("carla")

    seen = {}
    for text in ("", "x" * 281, "Ring til 010203-1234."):
        reply = await decide(carla, 1, "rewrite", text=text)
        seen[text] = reply.status_code == 422 and text in reply.text
    odd = "<b>fed</b> \u202eab 😀 =A1"
    await decide(carla, 1, "rewrite", text=odd)
    page = await carla.get(f"{ADDRESS}/C21")

    assert set(seen.values()) == {True}
    assert "<b>fed" not in page.text
    assert quotes(page)[0] == odd.replace("\u202e", "")


async def test_the_second_of_two_reviewers_is_told(site: cast.Site) -> None:
    carla = await site.signed_in("carla")
    form = {**cast.token(await carla.get(f"{ADDRESS}/C21")), "version": "0"}

    async def both(number: int, *decisions: dict[str, str]) -> list[int]:
        at = {"rewrite": "/rewrite"}
        replies = [
            await carla.post(
                f"{ADDRESS}/C21/{number}{at.get(one['deed'], '')}", data={**form, **one}
            )
            for one in decisions
        ]
        return [reply.status_code for reply in replies]

    assert await both(1, {"deed": "show"}, {"deed": "hide"}) == [303, 409]
    assert await both(2, {"deed": "show"}, {"deed": "show"}) == [303, 303]  # sent twice
    assert await both(3, {"deed": "hide"}, {"deed": "rewrite", "text": "Kort."}) == [303, 409]
    form["version"] = "1"
    assert await both(1, {"deed": "undo"}, {"deed": "hide"}) == [303, 409]
    states = await CommentReview.select(CommentReview.state).order_by(CommentReview.id)
    assert [row["state"] for row in states] == ["", "shown", "hidden"]


async def test_a_report_quotes_three_to_five_that_were_cleared(
    site: cast.Site, settings: Settings
) -> None:
    carla = await site.signed_in("carla")
    wave = await Wave.objects().get(Wave.name == "2026-1")
    assert wave is not None
    quoted = []

    for number in range(1, 8):
        deed = {2: "hide", 3: "rewrite"}.get(number, "show")
        await decide(carla, number, deed, text="Omskrevet.")
        told = await cleared(settings, wave=wave.id, name="2026-1")
        quoted.append(told.get("C21", ()))

    shown = quotes(await carla.get(f"{ADDRESS}/C21"))
    facts = await report_facts(settings, wave="2026-1", unit="C21", language="da")
    above = await report_facts(settings, wave="2026-1", unit="C", language="da")
    assert [len(one) for one in quoted] == [0, 0, 0, 3, 4, 5, 5]
    assert facts.comments == quoted[-1]
    assert facts.comments[:2] == (shown[0], "Omskrevet.")
    assert above.comments == ()


async def test_the_cleared_comments_stand_on_a_page_of_their_own(site: cast.Site) -> None:
    carla, anna = await site.signed_in("carla"), await site.signed_in("anna")
    result = "/waves/2026-1/units/C21"
    before = await anna.get(result)
    for number in (2, 3, 4):
        await decide(carla, number, "show")

    after, page = await anna.get(result), await anna.get(f"{result}/comments")

    link = f'href="{result}/comments"'
    assert (link in before.text, link in after.text) == (False, True)
    shown = quotes(page)
    assert len(shown) == 3
    assert all(re.fullmatch(r"C21 siger \d+\.", one) for one in shown)
    assert not any(one in after.text for one in shown)
    assert "%" not in page.text.partition("<main")[2]


async def test_comments_of_a_unit_are_for_those_who_may_have_its_report(site: cast.Site) -> None:
    carla = await site.signed_in("carla")
    for number in (2, 3, 4):
        await decide(carla, number, "show")
    seen = {}

    for login in ("anna", "bo", "dan", "eva"):
        reply = await (await site.signed_in(login)).get("/waves/2026-1/units/C21/comments")
        seen[login] = reply.status_code

    assert seen == {"anna": 200, "bo": 404, "dan": 404, "eva": 200}
    few = await carla.get("/waves/2026-1/units/C22/comments")
    assert "Her bliver ikke vist kommentarer." in few.text
    assert quotes(few) == []


async def test_erased_comments_are_told_to_be_erased(site: cast.Site, settings: Settings) -> None:
    carla = await site.signed_in("carla")
    comments_file(settings, "2026-1").unlink()

    few = await carla.get(ADDRESS)
    wave = await Wave.objects().get(Wave.name == "2026-1")
    assert wave is not None
    await Closing(wave=wave.id, step="released", comments=48).save()
    erased = await carla.get(ADDRESS)

    assert "Færre end ti har skrevet noget." in few.text
    assert "Kommentarerne er slettet" in erased.text
