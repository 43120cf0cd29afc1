"""Text messages: who gets one in place of a card, what it says, and who sends it."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from survey.cli import checks
from survey.delivery import sms
from survey.delivery.queue import Sent
from survey.delivery.sms import SmsSenderUnknown
from survey.intake import ballots
from survey.settings import Settings
from survey.tables import MailItem, Person
from survey.texts import Voice
from tests.survey.test_reminders import BY_MAIL, LAST, remind
from tests.survey.test_waves import LetterBox, approve, build, open_, plan


async def test_a_number_of_their_own_takes_the_place_of_a_card(store: Settings) -> None:
    texting, cards = await phones(store)

    approved = await approve(texting)

    # P1: 2 share an address and 4 have none; of these one has a number, and two share another.
    assert (approved.counts.by_mail, approved.counts.by_sms) == (BY_MAIL, 1)
    assert approved.counts.by_card == cards - 1


async def test_without_a_sender_everybody_without_a_mail_draws_a_card(store: Settings) -> None:
    _, cards = await phones(store)

    approved = await approve(store)

    assert (approved.counts.by_sms, approved.counts.by_card) == (0, cards)


async def test_a_text_message_carries_a_code_that_works_and_is_a_file_for_the_owner(
    store: Settings,
) -> None:
    texting, _ = await phones(store)
    await approve(texting)

    await open_(texting)

    [file] = (store.data / "sms" / "2026-1").iterdir()
    number, text = file.read_text(encoding="utf-8").splitlines()
    code = text.split("/svar#")[1][:19]
    assert number == "20304050"
    assert text == (
        "Fjordlund Kommune: 3 min. om at ringe samme dag. Hvad står i vejen? "
        f"http://127.0.0.1:8000/svar#{code} Svaret er fortroligt. "
        "Slutter mandag den 16. februar."
    )
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.stat().st_mtime % 86_400 == 12 * 3_600
    assert (await ballots.look_up(store, code)).wave == "2026-1"


async def test_who_got_a_text_message_is_reminded_by_one(store: Settings) -> None:
    texting, _ = await phones(store)
    await approve(texting)
    await open_(texting)
    folder = store.data / "sms" / "2026-1"
    [invitation] = folder.iterdir()

    await remind(texting, LetterBox())
    [reminder] = {*folder.iterdir()} - {invitation}
    await remind(texting, LetterBox(), to="all", today=LAST)
    [last] = {*folder.iterdir()} - {invitation, reminder}

    assert "Det gamle virker også, indtil et af dem er brugt." in reminder.read_text()
    assert "Pulsen slutter mandag den 16. februar kl. 16:00." in last.read_text()
    assert "#" not in last.read_text()


async def test_a_number_two_have_by_then_is_sent_nothing(store: Settings) -> None:
    texting, _ = await phones(store)
    await approve(texting)
    await Person.update({Person.mobile: "20304050"}).where(Person.mobile == "60708090")

    opened = await open_(texting)

    assert opened.mails == Sent(sent=BY_MAIL, failed=1)
    assert list((store.data / "sms" / "2026-1").iterdir()) == []


async def test_a_sender_that_is_not_installed_is_named_before_the_wave_opens(
    store: Settings,
) -> None:
    texting, _ = await phones(store)
    await approve(texting)

    with pytest.raises(SmsSenderUnknown) as refused:
        await open_(replace(texting, sms="due"))

    assert (refused.value.facts["name"], refused.value.facts["known"]) == ("due", "files")
    assert not await MailItem.exists()


def test_an_installed_package_may_bring_a_sender(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    about = tmp_path / "gateway-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: gateway\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[kernepuls.sms]\ngateway = gateway:begin\n")
    (tmp_path / "gateway.py").write_text("def begin(settings, wave):\n    return 'a ' + wave\n")
    monkeypatch.syspath_prepend(tmp_path)

    opened: object = sms.opened(replace(settings, sms="gateway"), "2026-1")

    assert opened == "a 2026-1"


async def phones(settings: Settings) -> tuple[Settings, int]:
    """Lillehavn with a planned wave where one has a number of their own and two share one."""
    await build(settings)
    await plan(settings)
    without = await Person.select(Person.id).where(Person.email.is_null()).order_by(Person.id)
    numbers = ("20304050", "60708090", "60708090")
    for person, number in zip(without, numbers, strict=False):
        await Person.update({Person.mobile: number}).where(Person.id == person["id"])
    return replace(settings, sms="files"), 2 + 4 + 1


# --- doctor -----------------------------------------------------------------------------------


def checked(settings: Settings) -> tuple[str, str]:
    check = asyncio.run(checks._texting(settings, Voice("en")))
    return check.state, check.advice


def test_doctor_finds_nothing_wrong_with_files_or_nothing(settings: Settings) -> None:
    assert checked(settings) == ("fine", "")
    assert checked(replace(settings, sms="files")) == ("fine", "")
    assert list(settings.data.iterdir()) == []


def test_doctor_names_a_sender_that_is_not_installed(settings: Settings) -> None:
    state, advice = checked(replace(settings, sms="due"))

    assert state == "wrong"
    assert "KERNEPULS_SMS is due, but the senders that are installed are: files." in advice


def test_doctor_finds_a_folder_that_cannot_be_written_to(settings: Settings) -> None:
    (settings.data / "sms").write_text("a file where the folder belongs")

    assert checked(replace(settings, sms="files")) == (
        "wrong",
        "It cannot be used (NotADirectoryError). Put it right before a wave opens.",
    )


def test_doctor_finds_a_sender_that_does_not_open(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_settings: Settings, _wave: str) -> None:
        raise ConnectionRefusedError("a secret")

    monkeypatch.setattr(sms, "senders", lambda: {"gateway": broken})

    state, advice = checked(replace(settings, sms="gateway"))

    assert (state, "secret" in advice) == ("wrong", False)
    assert "ConnectionRefusedError" in advice
