"""Who asked for a lost link after opening the form: one number for a wave, in fives, afterwards."""

from datetime import date
from email.message import EmailMessage

import pytest

from survey import house
from survey.actions.lost_link import ask_for_code, told_too_late
from survey.actions.mailing import send_due
from survey.actions.waves import wave_status
from survey.cli import wave_report
from survey.delivery.post import MailServerUnreachable
from survey.intake.closing import close_wave
from survey.settings import Settings
from survey.tables import MailItem, Wave
from tests import cast
from tests.survey.test_lost_link import at, begin, due, opened_wave
from tests.survey.test_waves import OPENS, LetterBox
from tests.survey.waves import answered

DAY_AFTER = date(2026, 2, 4)
EARLY, UNKNOWN = "4@lillehavn.example", "ingen@lillehavn.example"
LATE = tuple(f"{n}@lillehavn.example" for n in (5, 6, 7, 8, 15, 16))


async def opened_by(settings: Settings, *late: str) -> None:
    """These open the form, then ask for their link; so do one who has not, and a stranger."""
    mails = await opened_wave(settings)
    for address in late:
        await begin(settings, mails[address])
    for address in (*late, EARLY, UNKNOWN):
        await ask_for_code(address)


async def counted() -> int | None:
    [row] = await Wave.select(Wave.asked_too_late)
    found: int | None = row["asked_too_late"]
    return found


async def test_only_those_are_counted_whose_form_was_opened(store: Settings) -> None:
    await opened_by(store, *LATE)
    before = await counted()

    await due(store)

    assert (before, await counted()) == (None, 6)


async def test_the_same_is_written_when_nobody_came_too_late(store: Settings) -> None:
    await opened_by(store)

    await due(store)

    assert await counted() == 0


async def test_a_mail_that_fails_is_counted_once_when_it_arrives(store: Settings) -> None:
    await opened_by(store, *LATE)

    await send_due(store, at(OPENS), LetterBox(refuses=LATE[:2]))
    first = await counted()
    await due(store, DAY_AFTER)

    assert (first, await counted()) == (4, 6)


async def test_what_left_before_the_mail_server_went_away_is_counted_once(store: Settings) -> None:
    class GoesAway(LetterBox):
        async def send(self, mail: EmailMessage) -> None:
            if len(self.mails) == 3:
                raise MailServerUnreachable(host="x", problem="x")
            await super().send(mail)

    await opened_by(store, *LATE)

    with pytest.raises(MailServerUnreachable):
        await send_due(store, at(OPENS), GoesAway())
    first = await counted()
    await due(store)

    assert (first, await counted()) == (3, 6)


async def test_while_people_answer_nothing_is_told(store: Settings) -> None:
    await opened_by(store, *LATE)
    await due(store)

    assert (await wave_status(store, "2026-1")).asked_too_late is None


@pytest.mark.parametrize(
    ("state", "asked", "told"),
    [
        ("released", None, None),
        ("released", 0, None),
        ("released", 4, None),
        ("released", 5, 5),
        ("released", 9, 5),
        ("held", 14, 10),
        ("open", 14, None),
        ("closing", 14, None),
    ],
)
async def test_it_is_told_in_whole_fives_from_five_after_the_close(
    store: Settings, state: str, asked: int | None, told: int | None
) -> None:
    wave = Wave(name="2026-1", opens=OPENS, closes=OPENS, state=state, asked_too_late=asked)

    assert told_too_late(wave) == told


@pytest.mark.parametrize(("asked", "kept"), [(None, None), (4, 0), (9, 5)])
async def test_the_close_forgets_the_exact_number(
    store: Settings, asked: int | None, kept: int | None
) -> None:
    """One who asked, and a number of one, would tell of that one for as long as the mail log is."""
    await answered(store)
    await Wave.update({Wave.asked_too_late: asked}, force=True)

    await close_wave(store, "2026-1")

    assert await counted() == kept


async def test_nothing_of_a_mail_tells_whether_it_was_too_late(store: Settings) -> None:
    await opened_by(store, LATE[0])

    await due(store)

    rows = await MailItem.select(MailItem.state, MailItem.day).where(MailItem.kind == "lost_code")
    assert rows == [{"state": "sent", "day": OPENS}] * 2


# --- where it is told ------------------------------------------------------------------------

SAID = {
    "da": "Omkring 10 bad om et nyt link, efter at deres skema var åbnet.",
    "en": "About 10 asked for a new link after their form was opened.",
}


@pytest.mark.parametrize("language", ["da", "en"])
async def test_the_coordinator_reads_it_on_the_page_of_the_wave(
    store: Settings, language: str
) -> None:
    await cast.enter(store)
    await cast.plan_waves("released", "open")
    await Wave.update({Wave.asked_too_late: 12}, force=True)

    async with cast.site(store) as site:
        pages = [
            (await (await site.signed_in(name)).get(f"/waves/2026-1?lang={language}")).text
            for name in ("carla", "eva")
        ]

    assert [page.count(SAID[language]) for page in pages] == [1, 0]


@pytest.mark.parametrize(("language", "locale"), [("da", "da_DK.UTF-8"), ("en", "en_GB.UTF-8")])
async def test_the_command_says_it(
    store: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    language: str,
    locale: str,
) -> None:
    monkeypatch.setenv("LC_ALL", locale)
    house.write_fjordlund(store)
    await cast.enter(store)
    await cast.plan_waves("released", "open")
    await Wave.update({Wave.asked_too_late: 12}, force=True)

    for name in ("2026-1", "2026-2"):
        wave_report.detail(await wave_status(store, name))

    assert capsys.readouterr().out.count(SAID[language]) == 1
