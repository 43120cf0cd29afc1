"""Work on a wave beside a request: asked for once, told as it goes, made again when it was cut."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from survey.actions import work
from survey.actions.alone import AnotherRun
from survey.actions.extending import (
    ExtendedIntoThePast,
    ExtendedTooFar,
    NotLater,
    extend_wave,
    latest_day,
)
from survey.actions.planning import reminder_days
from survey.actions.reminding import WaveNotOpenNow
from survey.errors import ChangedMeanwhile, WaveUnknown
from survey.pages.waves.year import Span, year_of
from survey.settings import Settings
from survey.tables import AuditEvent, Job, Wave
from survey.texts import Voice

OPENS, CLOSES = date(2027, 3, 1), date(2027, 3, 14)


@pytest.fixture
def deeds(monkeypatch: pytest.MonkeyPatch) -> dict[str, work.Deed]:
    """The deeds of jobs, for a test to put its own in their place."""
    changed: dict[str, work.Deed] = dict(work.DEEDS)
    monkeypatch.setattr(work, "DEEDS", changed)
    return changed


def deed(*ends: BaseException | None) -> work.Deed:
    """A deed that ends so, one end for each time it is done."""
    left = list(ends)

    async def done(_: Settings, order: work.Order, moved: work.Moved) -> dict[str, Any]:
        moved(3, 7)
        end = left.pop(0)
        if end is not None:
            raise end
        return {"wave": order.wave}

    return done


async def told(wave: str = "2027-1") -> tuple[str, work.Told, Mapping[str, str] | None]:
    found = await work.work_of(wave)
    assert found is not None
    return found.state, found.told, found.problem


async def test_work_is_asked_for_once_while_it_is_under_way(
    store: Settings, deeds: dict[str, work.Deed]
) -> None:
    deeds["open_wave"] = deed(None)

    await work.ask_for("open_wave", wave="2027-1", by=None)
    await work.ask_for("open_wave", wave="2027-1", by=None)
    await work.ask_for("open_wave", wave="2027-2", by=None)

    assert await Job.count() == 2
    assert (await told())[0] == "ready"


async def test_what_was_done_says_so_with_its_result(
    store: Settings, deeds: dict[str, work.Deed]
) -> None:
    deeds["open_wave"] = deed(None)
    await work.ask_for("open_wave", wave="2027-1", by=None)

    await work.do_waiting(store)

    assert await told() == ("done", work.Told(3, 7, {"wave": "2027-1"}), None)


async def test_a_refusal_is_told_in_both_languages_and_may_be_asked_for_again(
    store: Settings, deeds: dict[str, work.Deed]
) -> None:
    deeds["open_wave"] = deed(WaveUnknown(wave="2027-1"), None)
    await work.ask_for("open_wave", wave="2027-1", by=None)
    await work.do_waiting(store)
    _, _, problem = await told()

    await work.ask_for("open_wave", wave="2027-1", by=None)
    await work.do_waiting(store)

    assert problem is not None
    assert problem["en"].startswith("There is no wave called 2027-1.")
    assert set(problem) == {"da", "en"}
    assert (await told())[0] == "done"


async def test_a_bug_is_told_without_its_words(
    store: Settings, deeds: dict[str, work.Deed], capfd: pytest.CaptureFixture[str]
) -> None:
    deeds["open_wave"] = deed(ValueError("anna@example.dk"))
    await work.ask_for("open_wave", wave="2027-1", by=None)

    await work.do_waiting(store)

    row = await Job.select().first()
    assert row is not None
    assert "anna" not in f"{row} {capfd.readouterr()}"
    assert (await told())[::2] == ("failed", {})


async def test_work_that_another_run_is_in_the_way_of_waits(
    store: Settings, deeds: dict[str, work.Deed]
) -> None:
    deeds["open_wave"] = deed(AnotherRun(), None)
    await work.ask_for("open_wave", wave="2027-1", by=None)

    await work.do_waiting(store)
    waiting = (await told())[0]
    await work.do_waiting(store)

    assert (waiting, (await told())[0]) == ("ready", "done")


async def test_work_that_was_cut_short_is_made_again(
    store: Settings, deeds: dict[str, work.Deed]
) -> None:
    deeds["open_wave"] = deed(KeyboardInterrupt(), None)
    await work.ask_for("open_wave", wave="2027-1", by=None)
    with pytest.raises(KeyboardInterrupt):
        await work.do_waiting(store)
    cut = (await told())[0]

    await work.take_up()
    await work.do_waiting(store)

    assert (cut, (await told())[0]) == ("running", "done")


# --- more time -----------------------------------------------------------------------------------


async def an_open_wave(state: str = "open") -> None:
    await Wave(name="2027-1", opens=OPENS, closes=CLOSES, state=state).save()


async def test_an_open_wave_gets_a_later_day_and_the_log_says_who(store: Settings) -> None:
    await an_open_wave()

    for _ in range(2):  # the form is sent twice
        await extend_wave(name="2027-1", closes=date(2027, 3, 28), version=1, by=None, today=CLOSES)

    wave = await Wave.objects().get(Wave.name == "2027-1")
    assert (wave.closes, wave.version) == (date(2027, 3, 28), 2)
    assert [row["what"] for row in await AuditEvent.select()] == ["extended wave"]


@pytest.mark.parametrize(
    ("state", "closes", "version", "refusal"),
    [
        ("open", CLOSES, 1, NotLater),
        ("open", date(2027, 3, 10), 1, NotLater),
        ("open", date(2027, 3, 17), 1, ExtendedIntoThePast),
        ("open", date(2027, 3, 29), 1, ExtendedTooFar),
        ("open", date(2027, 3, 25), 7, ChangedMeanwhile),
        ("approved", date(2027, 3, 25), 1, WaveNotOpenNow),
        ("released", date(2027, 3, 25), 1, WaveNotOpenNow),
    ],
)
async def test_what_cannot_be_extended_stays_as_it_is(
    store: Settings, state: str, closes: date, version: int, refusal: type[Exception]
) -> None:
    await an_open_wave(state)

    with pytest.raises(refusal):
        await extend_wave(
            name="2027-1", closes=closes, version=version, by=None, today=date(2027, 3, 18)
        )

    wave = await Wave.objects().get(Wave.name == "2027-1")
    assert (wave.closes, wave.version) == (CLOSES, 1)


def test_the_latest_day_is_the_twenty_eighth() -> None:
    assert (latest_day(OPENS) - OPENS).days == 28 - 1


# --- the year ------------------------------------------------------------------------------------


def warnings(own: Span, *others: Span) -> tuple[str, ...]:
    return year_of(Voice("en"), own, others, own.opens.year).warnings


def test_a_quiet_period_warns_of_nothing() -> None:
    assert warnings(Span("2027-1", date(2027, 9, 6), date(2027, 9, 19))) == ()


def test_a_wave_that_shares_days_with_another_is_told() -> None:
    [told] = warnings(
        Span("2027-2", date(2027, 9, 6), date(2027, 9, 19)),
        Span("2027-1", date(2027, 8, 25), date(2027, 9, 6)),
        Span("2027-3", date(2027, 9, 20), date(2027, 10, 3)),
    )

    assert told.startswith("It shares days with 2027-1.")


def test_easter_is_named_and_asks_for_another_week() -> None:
    found = warnings(Span("2027-1", date(2027, 3, 22), date(2027, 4, 4)))

    assert found == (
        "Days off in the period: Maundy Thursday (Thursday 25 March), "
        "Good Friday (Friday 26 March), Easter Monday (Monday 29 March).",
        "With so many days off, think of another week.",
    )


def test_the_fifth_wave_of_a_year_is_one_too_many() -> None:
    others = [Span(f"2027-{n}", date(2027, 2 * n, 25), date(2027, 2 * n, 26)) for n in (1, 2, 3, 4)]

    [told] = warnings(Span("2027-9", date(2027, 11, 8), date(2027, 11, 21)), *others)
    fourth = warnings(Span("2027-9", date(2027, 11, 8), date(2027, 11, 21)), *others[1:])

    assert told.startswith("It is wave number 5 in 2027.")
    assert fourth == ()


def test_the_autumn_holiday_is_told() -> None:
    assert warnings(Span("2027-1", date(2027, 10, 11), date(2027, 10, 24))) == (
        "Many are on holiday in week 42.",
    )


@pytest.mark.parametrize(
    ("opens", "closes", "days"),
    [
        (OPENS, CLOSES, (date(2027, 3, 8), date(2027, 3, 12))),
        # A week in is the second day of Easter, and the last day a Sunday.
        (date(2027, 3, 22), date(2027, 4, 4), (date(2027, 3, 30), date(2027, 4, 2))),
        (date(2027, 9, 6), date(2027, 9, 12), (date(2027, 9, 10),)),
    ],
)
def test_reminders_suit_a_week_in_and_the_last_working_day(
    opens: date, closes: date, days: tuple[date, ...]
) -> None:
    assert reminder_days(opens, closes) == days
