"""All reports of a wave on the web: what each holds, made, stopped, gone on with, taken away."""

import hashlib
import io
import zipfile
from collections.abc import AsyncIterator
from email import message_from_bytes
from email.policy import SMTP

import msgspec
import pytest

from analysis.findings import encode
from survey import engine
from survey.actions import work
from survey.actions.report_mails import address_of
from survey.delivery.shelf import INDEX, Shelf
from survey.errors import Broken
from survey.insight import Release
from survey.insight.documents import given
from survey.insight.workers import DESK, QUEUE
from survey.settings import Settings
from survey.tables import Account, AuditEvent, Job, ReportMail, TrialAction
from tests import cast
from tests.analysis.release_factory import release

WAVE, PAGE = "2026-4", "/waves/2026-4/reports"
KEYS = (("report", "FK"), ("report", "B1"), ("board", "FK"), ("board", "B1"))
DAY = cast.BEGIN.date()


@pytest.fixture
async def site(settings: Settings) -> AsyncIterator[cast.Site]:
    """The cast, four waves, and a result of two units; jobs are done when a test does them."""
    async with engine.opened(settings, migrate=True):
        await cast.enter(settings)
        await cast.plan_waves("released", "released", "draft", "released")
        (settings.data / "releases").mkdir()
        (settings.data / "releases" / f"{WAVE}.json").write_bytes(encode(two_units()))
        with cast.application(settings, cast.Clock()) as app:
            yield cast.Site(app, cast.Clock())


def two_units() -> Release:
    whole = release()
    kept = {"FK", "B1"}
    return msgspec.structs.replace(
        whole,
        units=tuple(
            msgspec.structs.replace(one, parent="FK" if one.parent else None)
            for one in whole.units
            if one.unit in kept
        ),
        behaviours=tuple(
            msgspec.structs.replace(one, units=tuple(kept & set(one.units)))
            for one in whole.behaviours
        ),
        cells=tuple(one for one in whole.cells if one.unit in kept),
        levels=(),
        pairs=(),
        trials=(),
        proposals=tuple(one for one in whole.proposals if kept >= {one.unit, *one.with_}),
        quality=(),
    )


async def lay_out(settings: Settings, *keys: tuple[str, str], body: bytes = b"%PDF") -> Shelf:
    """A shelf as a run leaves it that has made these documents."""
    told = await given(settings, wave=WAVE, language="da", today=DAY)
    shelf = Shelf(settings, WAVE, "da")
    shelf.begin(told.mark, {})
    for key in keys:
        shelf.put(key, body, mark=told.mark_of(*key), pages=8, today=DAY)
    return shelf


async def leave_job(state: str, *, done: int = 0) -> None:
    order = msgspec.json.encode(work.Order(wave=WAVE, by=1, asked={"language": "da"}))
    step = msgspec.json.encode(work.Told(done=done, of=len(KEYS)))
    await Job.insert(
        Job(kind="make_reports", arguments=order.decode(), state=state, step=step.decode())
    )


async def test_a_run_goes_on_where_the_last_was_killed_and_is_taken_away_with_an_index(
    site: cast.Site, settings: Settings
) -> None:
    carla = await site.signed_in("carla")
    shelf = await lay_out(settings, ("report", "FK"))
    with (shelf.folder / INDEX).open("ab") as index_file:
        index_file.write(b'{"type":"finis')  # what a kill leaves
    before = await carla.get(PAGE)
    asked = await carla.post(f"{PAGE}/make", data=cast.token(before) | {"language": "da"})
    waiting = await carla.get(PAGE)

    await work.do_waiting(settings)

    after, taken = await carla.get(PAGE), await carla.get(f"{PAGE}/da/all.zip")
    assert "Lav de sidste 3" in before.text
    assert asked.headers["location"] == f"{PAGE}?in=da"
    assert "Rapporterne bliver lavet." in waiting.text
    assert "Alle er lavet: 2 handlingsrapporter og 2 tavleark." in after.text
    with zipfile.ZipFile(io.BytesIO(taken.content)) as archive:
        index, _, *files = archive.namelist()
        shown = archive.read(index).decode()
        bodies = [archive.read(one) for one in files]
    assert files == [
        f"{folder}/{unit}-2026-4.pdf"
        for folder in ("Handlingsrapporter", "Tavleark")
        for unit in ("FK", "B1")
    ] + ["Til MED-udvalget/2026-4.pdf"]
    assert [body == b"%PDF" for body in bodies] == [True, *[False] * 4]  # kept, and made
    assert all(body.startswith(b"%PDF") for body in bodies)
    assert all(hashlib.sha256(body).hexdigest() in shown for body in bodies)
    assert 'href="Handlingsrapporter/B1-2026-4.pdf"' in shown
    assert shelf.stock().finished["board", "B1"].pages == 1
    assert (await carla.get(f"{PAGE}/da/all.zip")).content == taken.content
    written = {row["what"] for row in await AuditEvent.select(AuditEvent.what)}
    assert written == {"made reports", "opened all reports"}


async def test_a_finished_report_is_handed_out_as_long_as_it_is_up_to_date(
    site: cast.Site, settings: Settings
) -> None:
    carla = await site.signed_in("carla")
    shelf = await lay_out(settings, *KEYS, body=b"%PDF of the run")

    there = await carla.get("/waves/2026-4/units/B1/report.pdf")

    assert there.content == b"%PDF of the run"
    assert shelf.up_to_date(("report", "B1"), "another mark") is None


async def test_who_comes_when_the_queue_is_full_is_asked_to_come_again(
    site: cast.Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    carla = await site.signed_in("carla")
    monkeypatch.setattr(DESK, "asked", QUEUE + 1)

    reply = await carla.get("/waves/2026-4/units/B1/report.pdf")

    assert reply.status_code == 503
    assert "Det kunne ikke lade sig gøre" in reply.text
    assert "Prøv igen om et halvt minut." in reply.text


async def test_who_stops_a_run_keeps_what_is_finished(site: cast.Site, settings: Settings) -> None:
    carla = await site.signed_in("carla")
    shelf = await lay_out(settings, ("report", "FK"))
    await leave_job("running", done=1)
    running = await carla.get(PAGE)

    stopped = await carla.post(f"{PAGE}/stop", data=cast.token(running))
    stopping = await carla.get(PAGE)
    await work.take_up()
    after = await carla.get(PAGE)

    assert 'max="4" value="1"' in running.text
    assert stopped.status_code == 303
    assert "Kørslen bliver stoppet." in stopping.text
    assert "1 af 4 er færdige og gemt. Du stoppede kørslen." in after.text
    assert "Lav de sidste 3" in after.text
    assert set(shelf.stock().finished) == {("report", "FK")}


async def test_a_run_that_waits_is_stopped_before_it_begins(
    site: cast.Site, settings: Settings
) -> None:
    await work.ask_for("make_reports", wave=WAVE, by=None, language="da")

    await work.stop(WAVE)
    await work.do_waiting(settings)

    found = await work.work_of(WAVE)
    assert found is not None
    assert found.state == "stopped"
    assert not Shelf(settings, WAVE, "da").folder.exists()


async def test_what_is_out_of_date_is_not_handed_out(site: cast.Site, settings: Settings) -> None:
    carla = await site.signed_in("carla")
    await lay_out(settings, *KEYS)
    before = await carla.get(PAGE)

    await TrialAction.insert(
        TrialAction(code="T9", name="telefontid", start_wave="2026-1", end_wave="2026-4")
    )

    after, page = await carla.get(f"{PAGE}/da/all.zip"), await carla.get(PAGE)
    assert "all.zip" in before.text
    assert after.status_code == 409
    assert "Før rapporterne à jour" in page.text
    assert "all.zip" not in page.text


async def test_what_could_not_be_made_is_named_with_its_reason(
    site: cast.Site, settings: Settings
) -> None:
    carla = await site.signed_in("carla")
    shelf = await lay_out(settings, ("report", "FK"))
    shelf.refuse(("report", "B1"), NameFound(page=3))
    await leave_job("done", done=2)

    page = await carla.get(PAGE)

    assert "Side 3 nævner nogen." in page.text
    assert f'href="{PAGE}?in=da&amp;unit=B1"' in page.text
    assert "1 af 4 er færdige og gemt." in page.text
    assert "Lav de sidste 3" in page.text


class NameFound(Broken):
    sentence = "Side {page} nævner nogen."


async def test_the_preview_names_the_pages_that_are_left_out_and_why(site: cast.Site) -> None:
    carla = await site.signed_in("carla")

    page = await carla.get(f"{PAGE}?unit=B1")

    left_out = page.text.partition("Udeladt, og hvorfor:")[2]
    assert "Lav 2 handlingsrapporter og 2 tavleark" in page.text
    assert "<dt>Fra sidst</dt>" in left_out
    assert "Kort fortalt" in page.text


async def test_before_the_release_the_page_says_what_comes_first(site: cast.Site) -> None:
    carla = await site.signed_in("carla")

    page = await carla.get("/waves/2026-3/reports")
    asked = await carla.post("/waves/2026-3/reports/make", data=cast.token(page))

    assert "Der er ingen rapporter endnu." in page.text
    assert asked.status_code == 303
    assert not await Job.exists()


async def test_what_a_bridge_builder_holds_is_made_with_the_others_and_named_by_its_units(
    site: cast.Site, settings: Settings
) -> None:
    (settings.data / "releases" / f"{WAVE}.json").write_bytes(encode(release()))
    told = await given(settings, wave=WAVE, language="da", today=DAY)
    carla = await site.signed_in("carla")
    before = await carla.get(PAGE)
    await lay_out(settings, *told.wanted())

    taken, page = await carla.get(f"{PAGE}/da/all.zip"), await carla.get(PAGE)
    await Account.update({Account.active: False}).where(Account.login == "finn")
    without = await given(settings, wave=WAVE, language="da", today=DAY)

    key = ("pathway", "B1,C21")  # Finn's, in the order of the organisation
    with zipfile.ZipFile(io.BytesIO(taken.content)) as archive:
        index = archive.read("index.html").decode()
        assert "Rapporter på tværs/B1%2CC21-2026-4.pdf" in archive.namelist()
    assert "Havneskolen og Hjemmepleje Nord</a> (B1,C21)" in index
    assert "og på tværs, hvor der er en brobygger." in before.text
    assert "og 1 rapport på tværs." in page.text
    assert key in set(told.wanted())
    assert key not in set(without.wanted())
    assert told.mark != without.mark  # so that what is there is out of date


@pytest.mark.parametrize("address", ["?unit=XX", "/xx/all.zip"])
async def test_what_is_not_there_is_not_found(site: cast.Site, address: str) -> None:
    carla = await site.signed_in("carla")

    assert (await carla.get(f"{PAGE}{address}")).status_code == 404


async def test_the_shelf_is_its_owners_alone_and_forgets_what_is_out_of_date(
    site: cast.Site, settings: Settings
) -> None:
    shelf = await lay_out(settings, *KEYS)
    told = await given(settings, wave=WAVE, language="da", today=DAY)

    stock = shelf.begin(told.mark, {("report", "FK"): told.mark_of("report", "FK")})

    assert set(stock.finished) == {("report", "FK")}
    assert [one.name for one in sorted(shelf.folder.iterdir())] == [INDEX, "report-FK.pdf"]
    assert {one.stat().st_mode & 0o777 for one in shelf.folder.iterdir()} == {0o600}
    assert shelf.folder.stat().st_mode & 0o777 == 0o700


async def test_a_file_that_was_cut_short_is_made_again(site: cast.Site, settings: Settings) -> None:
    shelf = await lay_out(settings, *KEYS)
    told = await given(settings, wave=WAVE, language="da", today=DAY)
    shelf.file("report", "B1").write_bytes(b"%P")

    stock = shelf.begin(told.mark, {key: told.mark_of(*key) for key in KEYS})

    assert set(stock.finished) == {*KEYS} - {("report", "B1")}


# --- word of them --------------------------------------------------------------------------------


async def write_addresses(**addresses: str) -> None:
    for login, address in addresses.items():
        await Account.update({Account.email: address}).where(Account.login == login)


def mails(settings: Settings) -> dict[str, str]:
    """Who was written to, and what the mail says."""
    letters = [
        message_from_bytes(file.read_bytes(), policy=SMTP)
        for file in (settings.data / "mail" / f"reports-{WAVE}").glob("*.eml")
    ]
    return {str(one["To"]): one.get_content().replace("\r\n", "\n") for one in letters}


async def test_every_team_gets_a_link_once_and_never_the_report(
    site: cast.Site, settings: Settings
) -> None:
    carla = await site.signed_in("carla")
    await lay_out(settings, *KEYS)
    await write_addresses(finn="finn@fjordlund.example", anna="anna@fjordlund.example")
    before = await carla.get(PAGE)

    for _ in range(2):
        await carla.post(f"{PAGE}/send", data=cast.token(before))
        await work.do_waiting(settings)

    after = await carla.get(PAGE)
    [text] = mails(settings).values()
    assert "Send til én ledergruppe" in before.text  # Anna's unit is not in this result
    assert "Én enhed har ingen at sende til" in before.text
    assert list(mails(settings)) == ["finn@fjordlund.example"]
    assert "http://127.0.0.1:8000/waves/2026-4/units/B1\n" in text
    assert "C21" not in text
    assert "Den handler ikke om personer." in text
    assert "Én har fået besked" in after.text
    assert "Send til" not in after.text
    sent = await AuditEvent.select(AuditEvent.on_what).where(AuditEvent.what == "sent reports")
    assert [row["on_what"] for row in sent] == [WAVE]


async def test_a_mail_that_could_not_be_delivered_is_told_and_tried_again(
    site: cast.Site, settings: Settings
) -> None:
    carla = await site.signed_in("carla")
    await lay_out(settings, *KEYS)
    await write_addresses(finn="no address")
    await work.ask_for("send_reports", wave=WAVE, by=None)
    await work.do_waiting(settings)
    failed = await carla.get(PAGE)

    await write_addresses(finn="finn@fjordlund.example")
    await work.ask_for("send_reports", wave=WAVE, by=None)
    await work.do_waiting(settings)

    after = await carla.get(PAGE)
    assert not await ReportMail.exists().where(ReportMail.state == "failed")
    assert "Mailen til én kunne ikke afleveres." in failed.text
    assert "Send til én ledergruppe" in failed.text
    assert "Én har fået besked" in after.text


async def test_a_mail_is_in_the_language_of_its_reader(site: cast.Site, settings: Settings) -> None:
    await write_addresses(finn="finn@fjordlund.example")
    await Account.update({Account.language: "en"}).where(Account.login == "finn")

    await work.ask_for("send_reports", wave=WAVE, by=None)
    await work.do_waiting(settings)

    assert "It is not about persons." in mails(settings)["finn@fjordlund.example"]


async def test_the_owner_of_an_account_says_where_to_write(site: cast.Site) -> None:
    finn = await site.signed_in("finn")
    form = cast.token(await finn.get("/account"))

    refused = await finn.post("/account/email", data=form | {"email": "ingen adresse"})
    saved = await finn.post("/account/email", data=form | {"email": "finn@fjordlund.example"})

    page = await finn.get("/account")
    assert (refused.status_code, saved.status_code) == (422, 303)
    assert 'value="ingen adresse"' in refused.text
    assert 'value="finn@fjordlund.example"' in page.text
    await finn.post("/account/email", data=form | {"email": ""})
    assert "finn@" not in (await finn.get("/account")).text


@pytest.mark.parametrize(
    ("login", "email", "there"),
    [
        ("c21@fjordlund.example", None, "c21@fjordlund.example"),
        ("c21@fjordlund.example", "team@fjordlund.example", "team@fjordlund.example"),
        ("c21", None, ""),
    ],
)
def test_a_login_that_is_an_address_is_written_to(
    login: str, email: str | None, there: str
) -> None:
    assert address_of({"login": login, "email": email}) == there
