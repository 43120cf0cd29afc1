"""The page of languages: a file is fetched, looked over, offered and taken away."""

import json
import re
from typing import Any

import pytest
from httpx import AsyncClient, Response

from survey.pages.answering import languages
from survey.settings import Settings
from survey.tables import AuditEvent, Behaviour
from tests import cast
from tests.translated import filled, loaded, put

HERE = "/languages"
CLARITY = "questionnaire.items.clarity"


async def sent(browser: AsyncClient, file: str | bytes | dict[str, Any] | None) -> Response:
    page = await browser.get(HERE)
    data = json.dumps(file).encode() if isinstance(file, dict) else file
    files = {} if data is None else {"file": ("pl.yaml", data, "application/yaml")}
    return await browser.post(HERE, data=cast.token(page), files=files)


async def deeds() -> list[tuple[str, str]]:
    rows = (
        await AuditEvent.select().where(AuditEvent.what.like("%language")).order_by(AuditEvent.id)
    )
    return [(row["what"], row["on_what"]) for row in rows]


async def test_a_file_is_fetched_filled_in_uploaded_and_taken_away(
    carla: AsyncClient, settings: Settings
) -> None:
    fetched = await carla.get(f"{HERE}/file?code=pl")
    empty = await sent(carla, fetched.content)
    added = await sent(carla, filled("pl"))
    page = await carla.get(added.headers["location"])
    again = await carla.get(f"{HERE}/pl/file")
    offered = [pack.code for pack in languages.offered(settings)]
    removed = await carla.post(f"{HERE}/pl/remove", data=cast.token(page))

    assert fetched.headers["content-disposition"] == 'attachment; filename="kernepuls-pl.yaml"'
    assert (empty.status_code, added.status_code, removed.status_code) == (422, 303, 303)
    assert '<strong lang="pl" dir="ltr">polski</strong> (polsk)' in page.text
    assert loaded(again.text)["texts"][CLARITY] == filled("pl")["texts"][CLARITY]
    assert offered == ["pl"]
    assert languages.offered(settings) == ()
    assert await deeds() == [("added language", "pl"), ("removed language", "pl")]


async def test_a_file_that_is_not_whole_changes_nothing_and_names_each_text(
    carla: AsyncClient, settings: Settings
) -> None:
    put(settings, filled("pl"))

    reply = await sent(carla, filled("pl", **{CLARITY: "", "questionnaire.progress": "<b>"}))

    danish = languages.wanted("pl")[CLARITY].da
    assert reply.status_code == 422
    assert "<title>Fejl:" in reply.text
    assert f"{danish}<br><code>{CLARITY}</code></th><td>mangler" in reply.text
    assert "2 tekster på polsk skal rettes" in reply.text
    assert "<td><b>" not in reply.text
    assert [pack.code for pack in languages.offered(settings)] == ["pl"]
    assert await deeds() == []


async def test_a_file_that_is_none_is_refused_with_a_sentence(
    carla: AsyncClient, settings: Settings
) -> None:
    bad = [
        *(None, b"", b"\xff\xfe", b"["),
        b"language: da\nname: x\ntexts: {}",
        b"language: ../pl\nname: x\ntexts: {}",
        b"language: pl\nname: %s\ntexts: {}" % (b"x" * (languages.LONGEST_NAME + 1)),
        b"language: pl\nname: x\ntexts: {a: &a {da: x}, b: *a}",
        b"language: pl\nname: =1+1\ntexts: {}",
        "language: pl\nname: \u200f🙂\ntexts: {}".encode(),
    ]

    replies = [await sent(carla, file) for file in bad]

    assert [reply.status_code for reply in replies] == [422] * len(bad)
    assert all('id="file-problem"' in reply.text for reply in replies)
    assert not list(settings.data.glob("languages/*"))


async def test_the_page_says_what_a_stored_language_lacks(
    carla: AsyncClient, settings: Settings
) -> None:
    await Behaviour(code="Ad9", text="Vi ringer.", situation="En ventede.").save()
    put(settings, filled("ar"))
    put(settings, filled("pl", **{CLARITY: ""}))
    (settings.data / "languages" / "so.yaml").write_text("[", encoding="utf-8")

    page = await carla.get(HERE)

    arabic, polish, somali = re.findall(r'<li><strong lang="(?s:.*?)</form>', page.text)
    assert 'dir="rtl">العربية</strong> (arabisk)' in arabic
    assert "Én adfærd er ikke oversat" in arabic
    assert "1 tekst mangler" in polish
    assert f"<code>{CLARITY}</code>" in polish
    assert "Filen kan ikke læses" in somali


async def test_a_language_that_cannot_be_added_is_told_beside_the_choice(
    carla: AsyncClient,
) -> None:
    asked = ["", "xx", "da", "../pl", "PL"]

    replies = [await carla.get(f"{HERE}/file", params={"code": code}) for code in asked]

    assert [reply.status_code for reply in replies] == [422] * len(asked)
    assert all('id="code-problem"' in reply.text for reply in replies)


async def test_an_unknown_language_and_a_person_without_rights_are_answered_alike(
    site: cast.Site, carla: AsyncClient
) -> None:
    eva = await site.signed_in("eva")

    replies = [await eva.get(HERE), await carla.get(f"{HERE}/pl/file")]

    assert [reply.status_code for reply in replies] == [404, 404]


@pytest.mark.parametrize(
    ("path", "named"), [("/languages", "/waves"), ("/learned", "/trials"), ("/log", "/log")]
)
async def test_the_menu_marks_the_place_that_a_page_belongs_to(
    carla: AsyncClient, path: str, named: str
) -> None:
    page = await carla.get(path)

    marked = re.findall(r'<a href="([^"]+)"[^>]* aria-current="page"', page.text)
    assert marked == [named]
