"""Mails, cards, posters and the share that has opened: what reaches people and what never does."""

import asyncio
import email
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import date
from email.message import EmailMessage
from email.policy import default
from types import SimpleNamespace
from typing import Any

import pypdfium2
import pytest

from survey import house
from survey.delivery import letters, opened, post, prints
from survey.delivery.queue import Mailing, Sent, enqueue, send_waiting
from survey.settings import Settings
from survey.tables import (
    Behaviour,
    Invitation,
    Invited,
    MailItem,
    OpenedShare,
    Person,
    Unit,
    UnitVersion,
    Wave,
)
from survey.texts import content

DAY = date(2026, 2, 3)
CODE = "K7QD-3M9V-0ABC-XYZ2"
ASKED: Any = SimpleNamespace(
    text="Hjælperen ringer samme dag.",
    text_en="The helper calls the same day.",
    short="ringe samme dag",
    short_en="call the same day",
)


@pytest.fixture
def around(settings: Settings) -> letters.Round:
    house.write_fjordlund(settings)
    fields = house.organisation(settings)
    return letters.round_of(settings, fields, closes=date(2026, 2, 16), fingerprint="3f9a 11c0")


def invitation(around: letters.Round, **changed: Any) -> letters.Letter:
    asked: dict[str, Any] = {"area": "Center for Pleje", "code": CODE, "since": None, **changed}
    return letters.invitation(around, asked.pop("behaviour", ASKED), **asked)


# --- letters ----------------------------------------------------------------------------------


def test_an_invitation_has_the_link_the_code_and_the_dates(around: letters.Round) -> None:
    letter = invitation(around)

    assert letter.subject == "Tre minutter om at ringe samme dag"
    assert f"http://127.0.0.1:8000/svar#{CODE}" in letter.text
    assert f"skrive koden {CODE} på http://127.0.0.1:8000/svar." in letter.text
    assert "http://127.0.0.1:8000/svar/privat" in letter.text
    # 16 February and 21 days is 9 March
    assert "Resultatet hænger på tavlen mandag den 9. marts." in letter.text
    assert "Svar senest mandag den 16. februar." in letter.text
    assert "Formanden og næstformanden for HovedMED" in letter.text
    assert letter.text.rstrip().endswith("Nøglens fingeraftryk: 3f9a 11c0")


def test_an_english_house_writes_english(around: letters.Round) -> None:
    letter = invitation(replace(around, house=replace_field(around.house, language="en")))

    assert letter.subject == "Three minutes about how to call the same day"
    assert "The helper calls the same day." in letter.text
    assert "The chair and the deputy chair of the works committee" in letter.text


def test_the_first_wave_says_nothing_of_last_time(around: letters.Round) -> None:
    assert "Sidst sagde mange" not in invitation(around).text


def test_a_later_wave_says_what_is_tried(around: letters.Round) -> None:
    since = letters.SinceLast(barrier="SILO", trial="fast telefontid", units="Byggesag og Havnen")

    letter = invitation(around, since=since)

    assert (
        "Sidst sagde mange, at opgaven er delt mellem enheder. "
        "Derfor prøver Byggesag og Havnen nu fast telefontid." in letter.text
    )


def test_a_behaviour_without_a_short_form_gets_the_title_of_the_form(
    around: letters.Round,
) -> None:
    letter = invitation(around, behaviour=SimpleNamespace(**{**vars(ASKED), "short": None}))

    assert letter.subject == content("messages")["start"]["title"]["da"]


@pytest.mark.parametrize("field", ["sender"])
def test_an_empty_field_refuses_the_text_and_is_named(around: letters.Round, field: str) -> None:
    without = replace(around, house=replace_field(around.house, **{field: ""}))

    with pytest.raises(letters.FieldEmpty) as refused:
        invitation(without)

    assert refused.value.facts["field"] == field


def test_a_value_the_wave_does_not_give_refuses_the_text(around: letters.Round) -> None:
    with pytest.raises(letters.PlaceholderUnfilled):
        invitation(around, area="")


def test_a_value_with_braces_is_text_and_not_a_placeholder(around: letters.Round) -> None:
    assert "I Center {code} vil" in invitation(around, area="Center {code}").text


@pytest.mark.parametrize("field", ["mail_from", "organisation"])
def test_a_mail_without_a_sender_is_refused(around: letters.Round, field: str) -> None:
    without = replace(around, house=replace_field(around.house, **{field: ""}))

    with pytest.raises(letters.FieldEmpty):
        post.mail(letters.Letter("x", "y"), without, to="a@lillehavn.example", day=DAY)


@pytest.mark.parametrize(
    "sender",
    ["hr", "hr@x.example\nBcc: a@b.example", "hr@x.example>, <a@b.example", "hr@æ.example"],
)
def test_a_sender_that_is_no_address_is_refused(around: letters.Round, sender: str) -> None:
    other = replace(around, house=replace_field(around.house, mail_from=sender))

    with pytest.raises(post.SenderUnusable):
        post.mail(letters.Letter("x", "y"), other, to="a@lillehavn.example", day=DAY)


def test_a_field_of_two_lines_is_no_header_of_its_own(around: letters.Round) -> None:
    name = 'Lillehavn"\r\nBcc: a@b.example\r\n'
    other = replace(around, house=replace_field(around.house, organisation=name))

    made = post.mail(
        letters.Letter("Puls\r\nBcc: c@d.example", "y"), other, to="a@lillehavn.example", day=DAY
    )

    read = email.message_from_bytes(bytes(made), policy=default)
    assert read["Bcc"] is None
    assert read["Subject"] == "Puls Bcc: c@d.example"
    assert len(read["From"].addresses) == len(read["To"].addresses) == 1


def test_a_mail_tells_the_day_and_not_the_time(around: letters.Round) -> None:
    made = mail(around)

    assert str(made["Date"]) == "Tue, 03 Feb 2026 12:00:00 +0000"
    assert made["Content-Language"] == "da"
    assert made.get_content_type() == "text/plain"


@pytest.mark.parametrize("address", ["", "ingen", "a@b\r\nBcc: c@d.example", "a b@c.example"])
def test_an_address_that_is_none_is_not_delivered(around: letters.Round, address: str) -> None:
    with pytest.raises(post.NotDelivered):
        post.mail(invitation(around), around, to=address, day=DAY)


# --- the folder and the mail server -----------------------------------------------------------


async def test_without_a_mail_server_mails_are_files_with_random_names(
    settings: Settings, around: letters.Round
) -> None:
    async with post.opened(settings, "2026-1") as box:
        await box.send(mail(around))

    [file] = (settings.data / "mail" / "2026-1").iterdir()
    assert re.fullmatch(r"[0-9a-f]{32}\.eml", file.name)
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.stat().st_mtime % 86_400 == 12 * 3_600
    read = email.message_from_bytes(file.read_bytes(), policy=default)
    assert CODE in read.get_content()


async def test_a_mail_reaches_a_mail_server(settings: Settings, around: letters.Round) -> None:
    async with (
        sink() as server,
        post.opened(replace(settings, smtp=server.address), "2026-1") as box,
    ):
        await box.send(mail(around, to="a@lillehavn.example"))
        await box.send(mail(around, to="b@lillehavn.example"))

    assert server.recipients == ["a@lillehavn.example", "b@lillehavn.example"]
    read = email.message_from_bytes(server.mails[0], policy=default)
    assert f"svar#{CODE}" in read.get_content()
    assert read["Subject"] == "Tre minutter om at ringe samme dag"


async def test_an_address_the_server_refuses_is_not_delivered_and_the_next_is(
    settings: Settings, around: letters.Round
) -> None:
    async with (
        sink(refuses="a@lillehavn.example") as server,
        post.opened(replace(settings, smtp=server.address), "2026-1") as box,
    ):
        with pytest.raises(post.NotDelivered):
            await box.send(mail(around, to="a@lillehavn.example"))
        await box.send(mail(around, to="b@lillehavn.example"))

    assert server.recipients == ["b@lillehavn.example"]


async def test_a_server_that_hangs_up_is_called_again(
    settings: Settings, around: letters.Round
) -> None:
    async with (
        sink(hangs_up_after=1) as server,
        post.opened(replace(settings, smtp=server.address), "2026-1") as box,
    ):
        await box.send(mail(around, to="a@lillehavn.example"))
        with pytest.raises(post.NotDelivered):
            await box.send(mail(around, to="b@lillehavn.example"))
        await box.send(mail(around, to="c@lillehavn.example"))

    assert server.recipients == ["a@lillehavn.example", "c@lillehavn.example"]


async def test_a_server_that_is_not_there_is_told_with_its_name(settings: Settings) -> None:
    with pytest.raises(post.MailServerUnreachable) as refused:
        async with post.opened(replace(settings, smtp="smtp://127.0.0.1:1"), "2026-1"):
            pass

    assert refused.value.facts["host"] == "127.0.0.1"


@pytest.mark.parametrize(
    ("host", "passwords"),
    [("127.0.0.1", 1), ("127.0.0.2", 0)],  # this machine itself, and what counts as elsewhere
)
async def test_a_password_is_not_sent_in_the_clear_over_a_network(
    settings: Settings, host: str, passwords: int
) -> None:
    async with sink(host=host) as server:
        with_password = server.address.replace("//", "//kim:hemmelig@")
        with suppress(post.MailServerUnreachable):
            async with post.opened(replace(settings, smtp=with_password), "2026-1"):
                pass

    assert server.commands.count("AUTH") == passwords


@pytest.mark.parametrize(
    "address", ["mail.example", "http://mail.example", "smtp://", "smtp://m:x"]
)
async def test_what_is_no_address_of_a_mail_server_is_refused(
    settings: Settings, address: str
) -> None:
    with pytest.raises(post.MailServerAddressBad):
        async with post.opened(replace(settings, smtp=address), "2026-1"):
            pass


# --- the queue --------------------------------------------------------------------------------


async def test_the_queue_holds_invitations_and_no_code(store: Settings) -> None:
    wave = await seed(people=3)

    sent = await send_waiting(wave.id, mailing([]))

    assert sent == Sent(sent=3)
    rows = await MailItem.select()
    assert {row["state"] for row in rows} == {"sent"}
    assert set(rows[0]) == {"id", "wave", "invitation", "kind", "state", "day"}


async def test_nobody_gets_two_mails_on_one_day_in_two_waves(store: Settings) -> None:
    first, second = await seed(people=2), await seed(people=0, name="2026-2")
    people = await Invitation.select()
    await Invitation.insert(
        *(Invitation(**{**row, "id": f"x{row['id']}", "wave": second.id}) for row in people)
    )
    await enqueue(second.id, [f"x{row['id']}" for row in people], kind="invitation")

    await send_waiting(first.id, mailing([]))
    same_day = await send_waiting(second.id, mailing([]))
    day_after = await send_waiting(second.id, mailing([], today=date(2026, 2, 4)))

    assert same_day == Sent(put_off=2)
    assert day_after == Sent(sent=2)


async def test_somebody_whose_address_is_gone_counts_as_failed(store: Settings) -> None:
    wave = await seed(people=2)
    await Person.update({Person.email: None}).where(Person.email == "p0@lillehavn.example")

    sent = await send_waiting(wave.id, mailing([]))

    assert sent == Sent(sent=1, failed=1)


async def test_a_server_lost_halfway_leaves_the_rest_waiting_for_the_same_day(
    store: Settings,
) -> None:
    wave = await seed(people=5)

    class Lost(list[str]):
        def append(self, to: str) -> None:
            if len(self) == 2:
                raise post.MailServerUnreachable(host="x", problem="x")
            super().append(to)

    with pytest.raises(post.MailServerUnreachable):
        await send_waiting(wave.id, mailing(Lost()))
    again = await send_waiting(wave.id, mailing([]))

    assert again == Sent(sent=3)


# --- cards and posters ------------------------------------------------------------------------


def test_every_code_stands_once_and_no_two_cards_are_alike(around: letters.Round) -> None:
    codes = [f"K7QD-3M9V-0ABC-{number:04}" for number in range(13)]

    made = prints.cards_pdf(around, "Hjemmepleje Nord", codes)

    pages = pages_of(made)
    text = "".join(pages)
    assert len(pages) == 2  # eight on a sheet
    assert [text.count(code) for code in codes] == [1] * len(codes)
    assert text.count("127.0.0.1:8000/svar") == len(codes)
    assert text.count("Slutter 16. februar 2026") == len(codes)
    assert text.count("Fjordlund Kommune") == len(codes)


def test_cards_differ_in_nothing_but_the_code_and_its_picture(around: letters.Round) -> None:
    [one] = pages_of(prints.cards_pdf(around, "Nord", ["K7QD-3M9V-0ABC-0001"]))
    [other] = pages_of(prints.cards_pdf(around, "Nord", ["0000-0000-0000-0000"]))

    assert one.replace("K7QD-3M9V-0ABC-0001", "") == other.replace("0000-0000-0000-0000", "")


def test_a_card_is_drawn_with_a_picture_of_its_own_code(around: letters.Round) -> None:
    one, other = (
        prints.cards_pdf(around, "Nord", [code]) for code in ("K7QD-0000-0000-0001", CODE)
    )

    assert picture(one) != picture(other)


def test_a_poster_leads_to_the_code_page_and_carries_no_code(around: letters.Round) -> None:
    [text] = pages_of(prints.poster_pdf(around, "Hjemmepleje Nord", ASKED))

    flat = " ".join(text.split())
    assert "Hvad står i vejen?" in flat
    assert "Hjælperen ringer samme dag." in flat
    assert "127.0.0.1:8000/svar" in flat
    assert "Brug tabletten i personalerummet" in flat
    assert "3f9a 11c0" in flat
    assert "#" not in flat


def test_a_card_without_the_name_of_the_house_is_not_made(around: letters.Round) -> None:
    without = replace(around, house=replace_field(around.house, organisation=""))

    with pytest.raises(letters.FieldEmpty):
        prints.cards_pdf(without, "Nord", [CODE])


def test_hostile_names_are_text_on_a_card(around: letters.Round) -> None:
    [text] = pages_of(prints.cards_pdf(around, "<b>{{ 7*7 }}</b> {code}", [CODE]))

    assert "<b>{{ 7*7 }}</b> {code}" in text


def test_a_unit_code_cannot_leave_the_folder(settings: Settings) -> None:
    file = prints.cards_file(settings, "2026-1", "../../x")

    assert file.parent == settings.data / "cards" / "2026-1"


# --- the share that has opened ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("opened_by", "invited", "shown"),
    [
        (0, 20, 0), (1, 20, 5), (1, 40, 5), (1, 41, 0), (13, 40, 35),
        (60, 80, 75), (39, 40, 95), (40, 40, 95), (44, 40, 95),
    ],
)  # fmt: skip
def test_shares_are_whole_fives_and_never_everyone(
    opened_by: int, invited: int, shown: int
) -> None:
    assert opened.stepped(opened_by, invited) == shown


async def test_shares_are_shown_for_parts_and_centres_with_20_invited(store: Settings) -> None:
    wave = await seed(people=0)
    # O - P - (P1 20 invited, P2 19), O - Q 20: P has 39, P2 is too small, O is neither.
    await invite(wave, P1=(20, 4), P2=(19, 19), Q=(20, 0))

    written = await opened.recompute_opened("2026-1", DAY)

    assert written
    assert await shares() == {"P": 60, "P1": 20, "Q": 0}  # P: 23 of 39 is 59 %


async def test_shares_are_counted_once_a_day(store: Settings) -> None:
    wave = await seed(people=0)
    await invite(wave, Q=(20, 0))
    await opened.recompute_opened("2026-1", DAY)
    await Invitation.update({Invitation.issued: b"x"}).where(Invitation.wave == wave.id)

    same_day = await opened.recompute_opened("2026-1", DAY)
    before = await shares()
    day_after = await opened.recompute_opened("2026-1", date(2026, 2, 4))

    assert (same_day, before) == (False, {"Q": 0})
    assert (day_after, await shares()) == (True, {"Q": 95})


@pytest.mark.parametrize("state", ["draft", "approved", "closing", "released"])
async def test_a_wave_that_is_not_open_keeps_the_shares_it_had(store: Settings, state: str) -> None:
    wave = await seed(people=0)
    await invite(wave, Q=(20, 20))
    await opened.recompute_opened("2026-1", DAY)
    await Invitation.update({Invitation.issued: None}).where(Invitation.wave == wave.id)
    await Wave.update({Wave.state: state}).where(Wave.id == wave.id)

    written = await opened.recompute_opened("2026-1", date(2026, 2, 4))

    assert not written
    assert await shares() == {"Q": 95}


# --- helpers ----------------------------------------------------------------------------------


def replace_field(fields: house.Organisation, **changed: Any) -> house.Organisation:
    return house.Organisation(
        **{name: changed.get(name, getattr(fields, name)) for name in fields.__struct_fields__}
    )


def mail(around: letters.Round, to: str = "a@lillehavn.example") -> EmailMessage:
    return post.mail(invitation(around), around, to=to, day=DAY)


def pages_of(made: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(made)
    return [page.get_textpage().get_text_bounded() for page in document]


def picture(made: bytes) -> bytes:
    page = pypdfium2.PdfDocument(made)[0]
    # The QR code of the first card: 28 mm wide, 10 mm from its right edge.
    return bytes(page.render(scale=1).to_numpy()[70:170, 180:275].tobytes())


class Box:
    def __init__(self, sent: list[str]) -> None:
        self.sent = sent

    async def send(self, mail: EmailMessage) -> None:
        self.sent.append(str(mail["To"]))


def mailing(sent: list[str], *, today: date = DAY) -> Mailing:
    async def codes(invitations: Any) -> dict[str, str]:
        return dict.fromkeys(invitations, CODE)

    def compose(to: Any, _: str) -> EmailMessage:
        made = EmailMessage()
        made["To"] = to.email
        return made

    return Mailing(post=Box(sent), new_codes=codes, compose=compose, today=today)


async def seed(*, people: int, name: str = "2026-1") -> Wave:
    """A town of O - P - (P1, P2) and O - Q, an open wave, and mails that wait for people in P1."""
    if not await Unit.exists():
        for code, parent in {"O": None, "P": "O", "P1": "P", "P2": "P", "Q": "O"}.items():
            await Unit(code=code).save()
            above = await Unit.objects().where(Unit.code == parent).first() if parent else None
            unit = await Unit.objects().where(Unit.code == code).first()
            await UnitVersion(
                unit=unit.id, parent=above, name=code, headcount=0, valid_from="2026-1"
            ).save()
        await Behaviour(code="L1", text="x", situation="y").save()
    wave = Wave(name=name, opens=DAY, closes=date(2026, 2, 16), state="open")
    await wave.save()
    unit = await Unit.objects().where(Unit.code == "P1").first()
    for number in range(people):
        person = Person(
            unit=unit.id, first_name="Kim", last_name="Prøve", profession="sosu",
            email=f"p{number}@lillehavn.example",
        )  # fmt: skip
        await person.save()
        made = Invitation(
            id=f"{wave.id:016x}{number:016x}", wave=wave.id, kind="person",
            person=person.id, unit=unit.id, behaviour=1,
        )  # fmt: skip
        await Invitation.insert(made)
    rows = await Invitation.select(Invitation.id).where(Invitation.wave == wave.id)
    await enqueue(wave.id, [row["id"] for row in rows], kind="invitation")
    return wave


async def invite(wave: Wave, **units: tuple[int, int]) -> None:
    """Unit -> how many are invited and how many of them have opened."""
    behaviour = await Behaviour.objects().first()
    for code, (invited, opened_by) in units.items():
        unit = await Unit.objects().where(Unit.code == code).first()
        await Invited(
            wave=wave.id, unit=unit.id, behaviour=behaviour.id, profession="sosu", n=invited
        ).save()
        for number in range(invited):
            made = Invitation(
                id=f"{code}-{number}", wave=wave.id, kind="card", unit=unit.id,
                behaviour=behaviour.id, issued=b"x" if number < opened_by else None,
            )  # fmt: skip
            await Invitation.insert(made)


async def shares() -> dict[str, int]:
    rows = await OpenedShare.select(OpenedShare.unit.code.as_alias("code"), OpenedShare.per_cent)
    return {row["code"]: row["per_cent"] for row in rows}


class Sink:
    """A mail server of its own on 127.0.0.1 that keeps what it is sent."""

    def __init__(self, refuses: str | None, hangs_up_after: int | None) -> None:
        self.refuses, self.hangs_up_after = refuses, hangs_up_after
        self.address = ""
        self.mails: list[bytes] = []
        self.recipients: list[str] = []
        self.commands: list[str] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 sink\r\n")
        to = ""
        while line := (await reader.readline()).decode().strip():
            self.commands.append(line.partition(" ")[0].upper())
            match self.commands[-1]:
                case "EHLO" | "HELO":
                    writer.write(b"250-sink\r\n250-8BITMIME\r\n250 AUTH PLAIN\r\n")
                case "MAIL" if len(self.mails) == self.hangs_up_after:
                    self.hangs_up_after = None
                    break
                case "RCPT" if self.refuses and self.refuses in line:
                    writer.write(b"550 no such person\r\n")
                case "RCPT":
                    to = line.partition("<")[2].partition(">")[0]
                    writer.write(b"250 ok\r\n")
                case "DATA":
                    writer.write(b"354 go on\r\n")
                    body = await reader.readuntil(b"\r\n.\r\n")
                    self.mails.append(body.removesuffix(b".\r\n"))
                    self.recipients.append(to)
                    writer.write(b"250 ok\r\n")
                case "AUTH":
                    writer.write(b"235 welcome\r\n")
                case "QUIT":
                    writer.write(b"221 bye\r\n")
                    break
                case _:
                    writer.write(b"250 ok\r\n")
        writer.close()


@asynccontextmanager
async def sink(
    *, refuses: str | None = None, hangs_up_after: int | None = None, host: str = "127.0.0.1"
) -> AsyncIterator[Sink]:
    kept = Sink(refuses, hangs_up_after)
    server = await asyncio.start_server(kept.serve, host, 0)
    kept.address = f"smtp://{host}:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield kept
