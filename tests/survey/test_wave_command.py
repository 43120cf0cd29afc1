"""`kernepuls wave` as somebody at a terminal meets it: words, exit status, what to do next."""

import asyncio
import json
import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from click.testing import CliRunner, Result

from survey import engine, house, jobs
from survey.actions import waves
from survey.actions.accounts import add_account
from survey.cli import main
from survey.settings import Settings
from survey.tables import (
    Account,
    AuditEvent,
    Ballot,
    Behaviour,
    BehaviourScope,
    Closing,
    Intake,
    Invitation,
    OpenedShare,
    Person,
    Unit,
    UnitVersion,
    Wave,
)
from tests.commanding import enter

Command = Callable[..., Result]
PLAN = (
    "plan", "2026-1", "--opens", "2026-02-03", "--closes", "2026-02-16", "--behaviours", "all",
)  # fmt: skip
APPROVE = ("approve", "2026-1", "--med-date", "2026-01-14")


@pytest.fixture
def command(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs `kernepuls wave ...` in English on an installation with one unit of 25 people."""
    enter(monkeypatch, settings)
    asyncio.run(build(settings))
    runner = CliRunner()

    def run(*arguments: str, typed: str = "") -> Result:
        return runner.invoke(main, ["wave", *arguments], input=typed, catch_exceptions=False)

    return run


async def build(settings: Settings) -> None:
    house.write_fjordlund(settings)
    async with engine.opened(settings, migrate=True):
        root, port = Unit(code="O"), Unit(code="Q")
        await root.save()
        await port.save()
        await UnitVersion(
            unit=root.id, name="Lillehavn", core_task="Alle kommer i havn.",
            headcount=0, valid_from="2026-1",
        ).save()  # fmt: skip
        await UnitVersion(
            unit=port.id, parent=root.id, name="Havnekontoret", headcount=25, valid_from="2026-1"
        ).save()
        asked = Behaviour(code="L1", text="Vagten ringer.", situation="Et skib kom.", short="ringe")
        await asked.save()
        await BehaviourScope(behaviour=asked.id, unit=port.id).save()
        for number in range(25):
            await Person(
                unit=port.id, first_name="Kim", last_name="Prøve", profession="vagt",
                email=f"k{number}@lillehavn.example" if number else None,
            ).save()  # fmt: skip


def test_a_wave_goes_from_plan_to_release(command: Command, settings: Settings) -> None:
    planned = command(*PLAN)
    approved = command(*APPROVE)
    opened = command("open", "2026-1")
    closed = command("close", "2026-1")

    assert "Next: kernepuls wave approve 2026-1" in planned.output
    assert "25 people are invited, 24 by mail and 1 by card. Units: 1." in approved.output
    assert "2 cards to print, 1 of them spare" in approved.output
    assert "Next: print the cards" in approved.output
    assert f"Mails written to {settings.data / 'mail' / '2026-1'}: 24" in opened.output
    assert "11/11 the numbers are made" in closed.output
    assert "No number can be worked back to a few people." in closed.output
    assert not (settings.data / "cards" / "2026-1").exists()
    assert not (settings.data / "mail" / "2026-1").exists()
    assert [one.exit_code for one in (planned, approved, opened, closed)] == [0] * 4


def test_every_step_may_be_run_twice(command: Command) -> None:
    for step in (PLAN, APPROVE, ("open", "2026-1"), ("close", "2026-1")):
        first = command(*step)
        second = command(*step)

        assert (first.exit_code, second.exit_code) == (0, 0)


def test_no_code_is_printed_on_the_terminal(command: Command) -> None:
    command(*PLAN)

    said = command(*APPROVE).output + command("open", "2026-1").output

    assert not re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", said)


def test_a_refusal_is_one_message_and_exit_status_1(command: Command) -> None:
    command(*PLAN)

    refused = command("open", "2026-1")

    assert refused.exit_code == 1
    assert "- The date when the works committee discussed the wave." in refused.output
    assert "Traceback" not in refused.output


def test_danish_is_spoken_unless_the_locale_is_english(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "da_DK.UTF-8")

    planned = command(*PLAN)
    refused = command("open", "2026-1")

    assert "Pulsen 2026-1 er planlagt: 3. februar 2026 til 16. februar 2026" in planned.output
    assert "Datoen for drøftelsen i MED" in refused.output


@pytest.mark.parametrize("options", [("--behaviours", "L1"), ("--behaviours", "L1, L1")])
def test_behaviours_are_codes_with_commas(command: Command, options: tuple[str, str]) -> None:
    planned = command(*PLAN[:-2], *options)

    assert "behaviours L1." in planned.output


def test_a_date_that_is_none_is_refused(command: Command) -> None:
    refused = command(*PLAN[:2], "--opens", "3. februar", *PLAN[4:])

    assert refused.exit_code == 2
    assert "--opens" in refused.output


def test_a_wave_before_it_opens_cannot_close(command: Command) -> None:
    command(*PLAN)

    refused = command("close", "2026-1")

    assert refused.exit_code == 1
    assert "has not opened" in refused.output


TYPED = "a sentence of some words"


def stop_at_a_row_that_cannot_be_opened(command: Command, settings: Settings) -> None:
    """An open wave with one broken answer, two accounts, and a third that is stopped."""
    for step in (PLAN, APPROVE, ("open", "2026-1")):
        command(*step)

    async def broken() -> None:
        async with engine.opened(settings):
            await Intake(key=b"k" * 16, wave=1, sealed=b"x" * 4144).save()
            await Ballot(hash=b"b" * 32, wave=1).save()
            for login in ("anna", "carla", "dan"):
                await add_account(login=login, password=TYPED, role="coordinator")
            await Account.update({Account.active: False}).where(Account.login == "dan")

    asyncio.run(broken())
    assert "1 answers of wave 2026-1 cannot be opened" in command("close", "2026-1").output


def agreed(settings: Settings) -> list[int]:
    """Who agreed to leave answers out, by the audit log."""

    async def read() -> list[int]:
        async with engine.opened(settings):
            rows = await AuditEvent.select().where(AuditEvent.what.like("agreed%"))
            return sorted(row["account"] for row in rows)

    return asyncio.run(read())


def test_two_people_leave_out_what_cannot_be_opened(command: Command, settings: Settings) -> None:
    stop_at_a_row_that_cannot_be_opened(command, settings)
    both = ("--confirmed-by", "anna", "--confirmed-by", "carla")

    closed = command("close", "2026-1", *both, typed=f"{TYPED}\n{TYPED}\n")

    assert closed.exit_code == 0
    assert "Wave 2026-1 is released." in closed.output
    assert TYPED not in closed.output
    assert agreed(settings) == [1, 2]


NOT_TWO = {
    "one": (("anna",), (TYPED,), "two people must agree"),
    "one twice": (("anna", "anna"), (TYPED, TYPED), "two people must agree"),
    "one in two spellings": (("anna", "Anna "), (TYPED, TYPED), "two people must agree"),
    "a wrong password": (
        ("anna", "carla"), (TYPED, "not the right sentence"), "Name or password",
    ),
    "an account that was stopped": (("anna", "dan"), (TYPED, TYPED), "Name or password"),
    "an unknown name": (("anna", "nobody"), (TYPED, TYPED), "Name or password"),
}  # fmt: skip


def test_one_person_under_two_names_is_not_enough(command: Command, settings: Settings) -> None:
    """On one close that has stopped: a refusal leaves it as it was."""
    stop_at_a_row_that_cannot_be_opened(command, settings)

    for case, (logins, typed, said) in NOT_TWO.items():
        options = [part for login in logins for part in ("--confirmed-by", login)]
        refused = command("close", "2026-1", *options, typed="".join(f"{one}\n" for one in typed))

        assert refused.exit_code == 1, case
        assert said in refused.output, case
        assert agreed(settings) == [], case
        assert '"state": "closing"' in command("status", "2026-1", "--json").output, case
        assert "The close stopped: RowsUnopenable" in command("status", "2026-1").output, case


async def test_an_account_that_was_stopped_meanwhile_is_not_counted(store: Settings) -> None:
    [wave] = await Wave.insert(
        Wave(name="2026-1", opens=date(2026, 2, 3), closes=date(2026, 2, 16), state="closing")
    )
    await Closing(wave=wave["id"], step="counted", refusal="RowsUnopenable").save()
    for login in ("anna", "carla"):
        await Account(
            login=login, password_hash="-", role="coordinator", active=login == "anna"
        ).save()

    with pytest.raises(waves.TwoMustAgree):
        await waves.close_wave(store, name="2026-1", by=None, confirmed_by=(1, 2))


def test_nobody_agrees_before_the_number_is_known(command: Command, settings: Settings) -> None:
    stop_at_a_row_that_cannot_be_opened(command, settings)
    both = ("--confirmed-by", "anna", "--confirmed-by", "carla")

    async def opened_again() -> None:
        async with engine.opened(settings):
            await Closing.delete(force=True)
            await Wave.update({Wave.state: "open"}).where(Wave.name == "2026-1")

    asyncio.run(opened_again())
    refused = command("close", "2026-1", *both, typed=f"{TYPED}\n{TYPED}\n")

    assert refused.exit_code == 1
    assert "nothing to agree to" in refused.output
    assert agreed(settings) == []


def test_status_without_a_wave_tells_how_to_begin(command: Command) -> None:
    assert "kernepuls wave plan" in command("status").output


def test_status_of_all_waves_and_of_one(command: Command) -> None:
    command(*PLAN)
    command(*APPROVE)

    every, one = command("status"), command("status", "2026-1")

    assert "2026-1  approved  3 February 2026 to 16 February 2026  N = 25" in every.output
    assert "By mail: 24. By card: 1. Spare cards: 1." in one.output
    assert "Next: kernepuls wave open 2026-1" in one.output


def test_status_of_a_draft_lists_what_is_missing(command: Command) -> None:
    command(*PLAN)

    assert "- The date when the works committee" in command("status", "2026-1").output


def test_an_unknown_wave_is_exit_status_1(command: Command) -> None:
    assert command("status", "2031-1").exit_code == 1


def test_every_command_speaks_json(command: Command) -> None:
    planned = json.loads(command(*PLAN, "--json").output)
    approved = json.loads(command(*APPROVE, "--json").output)
    opened = json.loads(command("open", "2026-1", "--json").output)
    status = json.loads(command("status", "2026-1", "--json").output)
    closed = json.loads(command("close", "2026-1", "--json").output)

    assert planned["missing"][0]["what"] == "NotDiscussed"
    assert (approved["invited"], approved["by_mail"], approved["by_card"]) == (25, 24, 1)
    assert opened["run"] == {"sent": 24, "failed": 0, "put_off": 0}
    assert status["mails"] == {"waiting": 0, "sent": 24, "failed": 0}
    assert closed["state"] == "released"


def test_the_share_that_has_opened_is_told_in_fives(command: Command, settings: Settings) -> None:
    command(*PLAN)
    command(*APPROVE)
    command("open", "2026-1")

    async def answered() -> None:
        async with engine.opened(settings):
            ids = [row["id"] for row in await Invitation.select(Invitation.id)]
            await Invitation.update({Invitation.issued: b"x"}).where(Invitation.id.is_in(ids[:9]))
            await jobs.night(settings, date(2026, 2, 4))

    asyncio.run(answered())

    assert "Q Havnekontoret: 35%" in command("status", "2026-1").output  # 9 of 25 is 36


async def test_no_share_is_counted_on_the_first_day(store: Settings) -> None:
    await Wave(name="2026-1", opens=date(2026, 2, 3), closes=date(2026, 2, 16), state="open").save()

    await jobs.night(store, date(2026, 2, 3))

    assert await OpenedShare.count() == 0


async def test_what_a_resumed_close_left_printed_is_cleared(store: Settings) -> None:
    await Wave(
        name="2026-1", opens=date(2026, 2, 3), closes=date(2026, 2, 16), state="released"
    ).save()
    folder = store.data / "cards" / "2026-1"
    folder.mkdir(parents=True)
    (folder / "Q.pdf").write_bytes(b"x")

    await jobs.night(store, date(2026, 2, 17))

    assert not folder.exists()


async def test_the_night_goes_on_after_a_look_that_failed(
    store: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "BETWEEN", 0)
    looks: list[Any] = []

    async def fails(*_: object) -> None:
        looks.append(1)
        await asyncio.sleep(0)
        raise OSError

    monkeypatch.setattr(jobs, "night", fails)

    async with jobs.nightly(store):
        while len(looks) < 3:
            await asyncio.sleep(0.001)

    assert len(looks) >= 3
