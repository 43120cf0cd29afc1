"""The log of what staff did: read by those who look after it, with the verdict on its chain."""

import re
from collections.abc import AsyncIterator

import pytest

from survey import audit, engine, settings
from survey.pages.accounts import audit_log
from survey.pages.accounts.audit_log import DEEDS
from survey.settings import Settings
from survey.tables import Account, AuditEvent
from tests import cast

DROP_TRIGGER = {
    "sqlite": "DROP TRIGGER audit_event_unchanged",
    "postgres": "DROP TRIGGER audit_event_kept ON audit_event",
}


@pytest.fixture
async def on_both(store: Settings) -> AsyncIterator[cast.Site]:
    """As `site`, on SQLite and on PostgreSQL: for what the databases do in their own ways."""
    await cast.enter(store)
    async with cast.site(store) as site:
        yield site


async def write(number: int, what: str = "opened report") -> None:
    row = await Account.select(Account.id).where(Account.login == "carla").first()
    assert row is not None
    for n in range(number):
        await audit.record(by=row["id"], what=what, on_what=f"2026-4/C{n}")


async def test_an_event_is_told_with_its_day_its_account_and_the_verdict(
    site: cast.Site,
) -> None:
    await write(2)
    await audit.record(by=None, what="opened wave", on_what="2026-4")
    await audit.record(by=None, what="stopped account", on_what="account 1")

    page = await (await site.signed_in("dan")).get("/log")

    assert "<td>carla</td><td>åbnede rapport</td><td>2026-4/C1</td>" in page.text
    assert "<td>på serveren</td><td>åbnede puls</td><td>2026-4</td>" in page.text
    assert "<td>anna</td></tr>" in page.text
    assert "Kæden holder: Alle 4 hændelser" in page.text
    head = await AuditEvent.select().order_by(AuditEvent.id, ascending=False).first()
    assert head is not None
    assert head["hash"] in page.text


async def test_an_event_changed_behind_the_log_is_told_at_the_top(on_both: cast.Site) -> None:
    await write(3)
    await AuditEvent.raw(DROP_TRIGGER[engine.current().engine_type])
    await AuditEvent.update({AuditEvent.on_what: "2026-4/B1"}).where(
        AuditEvent.on_what == "2026-4/C1"
    )

    page = await (await on_both.signed_in("dan")).get("/log")

    assert "Kæden holder ikke" in page.text


async def test_of_a_long_log_the_newest_events_are_checked_and_all_where_asked(
    site: cast.Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_log, "AT_ONCE", 3)
    await write(5)
    dan = await site.signed_in("dan")
    sound = [await dan.get(address) for address in ("/log", "/log?check=all")]
    await AuditEvent.raw(DROP_TRIGGER[engine.current().engine_type])
    await AuditEvent.update({AuditEvent.on_what: "2026-4/B1"}).where(
        AuditEvent.on_what == "2026-4/C0"
    )

    old = [await dan.get(address) for address in ("/log", "/log?check=all")]

    assert "Kæden for de nyeste 3" in sound[0].text
    assert "Alle 5 hændelser" in sound[1].text
    assert ["Kæden holder ikke" in page.text for page in old] == [False, True]


async def test_the_log_is_paged_and_shows_one_kind_where_asked(site: cast.Site) -> None:
    await write(52)
    await write(1, what="opened wave")
    dan = await site.signed_in("dan")

    first = await dan.get("/log")
    [older] = re.findall(r'href="(/log\?what=&amp;before=\d+)"', first.text)
    second = await dan.get(older.replace("&amp;", "&"))
    waves = await dan.get("/log", params={"what": "opened wave"})
    odd = await dan.get("/log", params={"before": "⅔", "what": "<b>"})

    assert [page.text.count("<tr><td>") for page in (first, second, waves, odd)] == [50, 3, 1, 0]
    assert "Ingen hændelse" in odd.text
    assert "<b>" not in odd.text


async def test_an_empty_log_says_what_comes_first(site: cast.Site) -> None:
    page = await (await site.signed_in("carla")).get("/log")

    assert "når nogen logger ind" in page.text


async def test_the_table_holds_the_chain_and_no_formula(site: cast.Site) -> None:
    await Account.update({Account.login: "=1+1"}).where(Account.login == "carla")
    await Account.update({Account.login: "carla"}).where(Account.login == "nobody")
    [row] = await Account.select(Account.id).where(Account.login == "=1+1")
    await audit.record(by=row["id"], what="opened report", on_what="@C21")
    dan = await site.signed_in("dan")

    reply = await dan.get("/log/events.csv")

    [line] = reply.content.decode("utf-8-sig").splitlines()[1:]
    [event] = await AuditEvent.select()
    told = ["'=1+1", "opened report", "'@C21", audit.FIRST, event["hash"]]
    assert line.split(";")[2:] == told


def test_every_deed_that_is_written_down_has_its_words() -> None:
    """A new one is added to DEEDS, with its Danish."""
    written = set()
    for module in settings.PACKAGE.rglob("*.py"):
        source = module.read_text(encoding="utf-8")
        for call in re.findall(r"audit\.record\(([^()]*(?:\([^()]*\)[^()]*)*)\)", source):
            written |= set(re.findall(r'\bwhat=f?"([^"]+)"', call))

    unsaid = [
        what
        for what in sorted(written)
        if not any(re.fullmatch(re.sub(r"{\w+}", r"\\w+", what), deed) for deed in DEEDS)
    ]

    assert len(written) > 20
    assert unsaid == []
