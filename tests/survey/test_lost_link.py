"""A lost link: one reply for every address, one code that works, and no second ballot."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from datetime import date, datetime, time
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from click.testing import CliRunner, Result

from survey import engine, jobs
from survey.actions.mailing import send_due
from survey.actions.reminding import remind_wave
from survey.cli import main
from survey.delivery.post import MailServerUnreachable
from survey.intake import ballots
from survey.intake.refusals import CodeUnknown, CodeUsed
from survey.pages.answering.posting import TRIES
from survey.settings import Settings
from survey.tables import InvitationCode, MailItem, Person, Wave
from tests import cast
from tests.commanding import enter
from tests.survey.test_answer_pages import Fields, Respondent
from tests.survey.test_sms import phones
from tests.survey.test_waves import OPENS, LetterBox, approve, build, code_in, open_, plan

MINE, OTHER = "4@lillehavn.example", "5@lillehavn.example"  # two people in P1
NOT_INVITED_BY_MAIL = ("ingen@lillehavn.example", "fælles@lillehavn.example")
DAY_AFTER = date(2026, 2, 4)


@pytest.fixture
async def mails(store: Settings) -> dict[str, EmailMessage]:
    """Lillehavn with an open wave: address -> the invitation it got."""
    return await opened_wave(store)


@pytest.fixture
async def phone(store: Settings, mails: Any) -> AsyncIterator[Respondent]:
    async with cast.site(store) as site:
        yield respondent(site)


# --- the reply --------------------------------------------------------------------------------


async def test_every_address_gets_the_same_reply_byte_for_byte(
    store: Settings, mails: dict[str, EmailMessage], phone: Respondent
) -> None:
    await begin(store, mails[OTHER])

    replies = [
        await ask(phone, address)
        for address in (MINE, OTHER, f"  {MINE.upper()} ", *NOT_INVITED_BY_MAIL, f"{'x' * 400}@y")
    ]

    assert len({(r.status_code, r.content, tuple(sorted(r.headers.items()))) for r in replies}) == 1
    assert replies[0].status_code == 200
    assert "Hvis koden ikke er brugt, er en ny sendt til din mail." in replies[0].text
    assert not any(part in replies[0].text for part in ("lillehavn.example", "4@"))


async def test_every_address_leaves_the_same_behind_until_mails_are_sent(
    store: Settings, mails: dict[str, EmailMessage], phone: Respondent
) -> None:
    await begin(store, mails[OTHER])
    codes = await InvitationCode.select().order_by(InvitationCode.hash)
    left = []

    for address in (MINE, OTHER, *NOT_INVITED_BY_MAIL):
        await ask(phone, address)
        rows = await MailItem.select().where(MailItem.kind == "lost_code").order_by(MailItem.id)
        left.append([(len(row["invitation"]), row["state"], row["day"]) for row in rows])

    assert left == [[(32, "waiting", None)] * number for number in (1, 2, 3, 4)]
    assert await InvitationCode.select().order_by(InvitationCode.hash) == codes


async def test_nothing_of_an_address_is_logged(
    phone: Respondent, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.INFO, logger="survey")

    for address in (MINE, "ingen@lillehavn.example", "ingen"):
        await ask(phone, address)

    assert "lillehavn.example" not in "".join((caplog.text, *capfd.readouterr()))


async def test_half_an_address_is_asked_for_again_with_what_was_typed(phone: Respondent) -> None:
    for typed in ("", "kim", "kim@", "<kim>"):
        page = await ask(phone, typed)

        assert page.status_code == 422
        assert "Skriv en hel mailadresse. Der er ikke sendt noget." in page.text
        assert Fields(page.text).values["email"] == [typed]
    assert not await MailItem.exists().where(MailItem.kind == "lost_code")


async def test_many_requests_from_one_place_are_told_to_wait(phone: Respondent) -> None:
    replies = [await ask(phone, f"{n}@x.example") for n in range(TRIES)]
    late = [await ask(phone, address) for address in (MINE, NOT_INVITED_BY_MAIL[0])]

    assert {reply.status_code for reply in replies} == {200}
    assert [reply.status_code for reply in late] == [429, 429]
    assert late[0].content == late[1].content
    assert (await phone.look_up("K7QD")).status_code == 404  # typing a code is counted apart


async def test_with_no_wave_open_everybody_hears_that_it_is_over(phone: Respondent) -> None:
    await Wave.update({Wave.state: "closing"}).where(Wave.name == "2026-1")

    pages = [await ask(phone, address) for address in (MINE, NOT_INVITED_BY_MAIL[0])]

    assert {page.status_code for page in pages} == {410}
    assert pages[0].content == pages[1].content
    assert not await MailItem.exists().where(MailItem.kind == "lost_code")


async def test_the_code_page_leads_to_it_in_both_languages(phone: Respondent) -> None:
    danish, english = [
        (await phone.client.get(f"/svar{query}")).text for query in ("", "?sprog=en")
    ]
    page = (await phone.client.get("/svar/mistet?sprog=en")).text
    reply = await ask(phone, MINE, sprog="en")

    assert '<a href="/svar/mistet?sprog=da">Har du mistet koden?</a>' in danish
    assert '<a href="/svar/mistet?sprog=en">Have you lost the code?</a>' in english
    assert "Type your work mail" in page
    assert "If the code was not used, a new one is sent to your mail." in reply.text


def test_the_command_says_the_same_for_every_address(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(_build_with_one_opened(settings))
    resend = command(settings, monkeypatch)

    said = [
        resend("resend", "2026-1", "--email", address)
        for address in (MINE, OTHER, *NOT_INVITED_BY_MAIL)
    ]

    assert {(one.exit_code, one.output) for one in said} == {
        (
            0,
            "If the code was not used, a new one is sent to your mail. "
            "The old one no longer works.\n"
            "The server sends it within a minute; without one: kernepuls wave open 2026-1\n",
        )
    }


def test_without_a_server_the_next_command_sends_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(_build_with_one_opened(settings))
    wave = command(settings, monkeypatch)

    wave("resend", "2026-1", "--email", MINE)
    wave("open", "2026-1")

    [file] = (settings.data / "mail" / "2026-1").iterdir()
    assert message_from_bytes(file.read_bytes(), policy=policy.default)["To"] == MINE


# --- the mail ---------------------------------------------------------------------------------


async def test_a_new_code_takes_the_place_of_all_sent_before(
    store: Settings, mails: dict[str, EmailMessage], phone: Respondent
) -> None:
    reminded = LetterBox()
    await remind_wave(store, name="2026-1", to="not-opened", by=None, today=DAY_AFTER, box=reminded)
    reminder = next(mail for mail in reminded.mails if mail["To"] == MINE)

    await ask(phone, MINE.upper())
    [mail] = await due(store, DAY_AFTER)

    assert (mail["To"], mail["Subject"]) == (MINE, "Din kode til pulsen")
    assert f"Du kan også skrive koden {code_in(mail)} på" in mail.get_content()
    for before in (mails[MINE], reminder):
        with pytest.raises(CodeUnknown):
            await ballots.look_up(store, code_in(before))
    assert (await ballots.look_up(store, code_in(mail))).wave == "2026-1"
    assert (await ballots.look_up(store, code_in(mails[OTHER]))).wave == "2026-1"


async def test_a_used_code_gives_no_second_ballot_but_the_way_to_a_card(
    store: Settings, mails: dict[str, EmailMessage], phone: Respondent
) -> None:
    await begin(store, mails[OTHER])
    codes = await InvitationCode.count()

    await ask(phone, OTHER)
    [mail] = await due(store)

    assert (mail["To"], mail["Subject"]) == (OTHER, "Din kode til pulsen")
    assert "så træk et kort, og brug koden på det" in mail.get_content()
    assert "#" not in mail.get_content()
    assert await InvitationCode.count() == codes
    with pytest.raises(CodeUsed):
        await begin(store, mails[OTHER])


async def test_an_address_that_has_no_invitation_gets_no_mail_and_is_forgotten(
    store: Settings, phone: Respondent
) -> None:
    for address in NOT_INVITED_BY_MAIL:
        await ask(phone, address)

    sent = await due(store)

    assert sent == []
    assert not await MailItem.exists().where(MailItem.kind == "lost_code")


async def test_who_asks_five_times_gets_one_mail_and_another_the_day_after(
    store: Settings, phone: Respondent
) -> None:
    for _ in range(5):
        await ask(phone, MINE)
    first = await due(store)
    await ask(phone, MINE)

    same_day, day_after = await due(store), await due(store, DAY_AFTER)

    assert [len(first), len(same_day), len(day_after)] == [1, 0, 1]
    with pytest.raises(CodeUnknown):
        await ballots.look_up(store, code_in(first[0]))


async def test_who_asked_is_not_reminded_on_the_same_day(
    store: Settings, phone: Respondent
) -> None:
    await ask(phone, MINE)
    await due(store, DAY_AFTER)
    box = LetterBox()

    await remind_wave(store, name="2026-1", to="not-opened", by=None, today=DAY_AFTER, box=box)

    assert MINE not in {str(mail["To"]) for mail in box.mails}
    assert len(box.mails) == 16 - 1


async def test_a_code_that_was_replaced_but_never_left_is_replaced_again(
    store: Settings, phone: Respondent
) -> None:
    class Away(LetterBox):
        async def send(self, _: EmailMessage) -> None:
            raise MailServerUnreachable(host="x", problem="x")

    await ask(phone, MINE)
    with pytest.raises(MailServerUnreachable):
        await send_due(store, at(OPENS), Away())

    [mail] = await due(store)

    assert (await ballots.look_up(store, code_in(mail))).wave == "2026-1"


async def test_the_server_sends_it_by_itself(
    store: Settings, mails: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "BETWEEN_MAILS", 0.01)
    folder = store.data / "mail" / "2026-1"
    async with cast.site(store) as site:
        await ask(respondent(site), MINE)

        while not (folder.is_dir() and any(folder.iterdir())):
            await asyncio.sleep(0.01)

    [file] = folder.iterdir()
    assert message_from_bytes(file.read_bytes(), policy=policy.default)["To"] == MINE


# --- by text message ----------------------------------------------------------------------------

NUMBER, TWO_HAVE = "20304050", "60708090"


@pytest.fixture
async def texting(store: Settings) -> AsyncIterator[tuple[Settings, Respondent]]:
    """An open wave in which one person got a code on a number of their own."""
    settings, _ = await phones(store)
    await approve(settings)
    await open_(settings)
    async with cast.site(settings) as site:
        yield settings, respondent(site)


async def test_who_got_a_text_message_gets_the_new_code_so(
    texting: tuple[Settings, Respondent],
) -> None:
    settings, phone = texting
    [before] = texts(settings)

    reply = await ask(phone, "+45 20 30 40 50")
    assert await due(settings) == []
    [text] = texts(settings) - {before}

    assert "Hvis koden ikke er brugt, er en ny sendt til dig." in reply.text
    assert text.startswith(f"{NUMBER}\nFjordlund Kommune: Du har bedt om en ny kode: http")
    with pytest.raises(CodeUnknown):
        await ballots.look_up(settings, code_of(before))
    assert (await ballots.look_up(settings, code_of(text))).wave == "2026-1"


async def test_a_text_message_says_that_a_code_is_used_and_leads_to_a_card(
    texting: tuple[Settings, Respondent],
) -> None:
    settings, phone = texting
    [before] = texts(settings)
    await ballots.without_script(settings, code_of(before), ballots.new_nonce())

    await ask(phone, NUMBER)
    await due(settings)
    [text] = texts(settings) - {before}

    assert "Nåede du ikke at svare, så træk et kort." in text
    assert "#" not in text


async def test_every_number_gets_the_same_reply_and_one_that_two_have_gets_no_code(
    texting: tuple[Settings, Respondent],
) -> None:
    settings, phone = texting
    before = texts(settings)
    await Person.update({Person.mobile: TWO_HAVE}).where(Person.email == OTHER)

    replies = [await ask(phone, typed) for typed in (NUMBER, TWO_HAVE, "11223344", MINE)]
    waiting = await MailItem.count().where(MailItem.kind == "lost_code")
    mails = await due(settings)

    assert len({(reply.status_code, reply.content) for reply in replies}) == 1
    assert waiting == 4
    assert [mail["To"] for mail in mails] == [MINE]
    assert len(texts(settings) - before) == 1


async def test_half_a_number_is_asked_for_again(texting: tuple[Settings, Respondent]) -> None:
    _, phone = texting

    page = await ask(phone, "2030405")

    assert page.status_code == 422
    assert "Skriv en hel mailadresse eller et helt mobilnummer." in page.text


async def test_where_no_text_messages_are_sent_a_number_is_no_address(phone: Respondent) -> None:
    page = await ask(phone, NUMBER)

    assert page.status_code == 422
    assert "Skriv en hel mailadresse. Der er ikke sendt noget." in page.text


# --- helpers ----------------------------------------------------------------------------------


async def opened_wave(settings: Settings) -> dict[str, EmailMessage]:
    await build(settings)
    await plan(settings)
    await approve(settings)
    box = LetterBox()
    await open_(settings, to=box)
    return {str(mail["To"]): mail for mail in box.mails}


def texts(settings: Settings) -> set[str]:
    """The text messages that were sent."""
    folder = settings.data / "sms" / "2026-1"
    return {file.read_text(encoding="utf-8") for file in folder.iterdir()}


def code_of(text: str) -> str:
    return text.split("/svar#")[1][:19]


def respondent(site: cast.Site) -> Respondent:
    browser: Any = site.browser()
    return Respondent(browser)


async def begin(settings: Settings, mail: EmailMessage) -> None:
    """Open the form with the code of a mail."""
    await ballots.without_script(settings, code_in(mail), ballots.new_nonce())


async def ask(phone: Respondent, address: str, **more: str) -> Any:
    return await phone.post("/svar/mistet", {"email": address, **more})


async def due(settings: Settings, day: date = OPENS) -> list[EmailMessage]:
    """The mails that go out by themselves, at night when reminders rest."""
    box = LetterBox()
    await send_due(settings, at(day), box)
    return box.mails


def at(day: date) -> datetime:
    return datetime.combine(day, time(22))


async def _build_with_one_opened(settings: Settings) -> None:
    async with engine.opened(settings, migrate=True):
        await begin(settings, (await opened_wave(settings))[OTHER])


def command(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs `kernepuls wave ...` in English on this installation."""
    enter(monkeypatch, settings)
    return lambda *arguments: CliRunner().invoke(main, ["wave", *arguments], catch_exceptions=False)
