"""`kernepuls init`, `serve`, `doctor` and `account`, as a person runs them."""

import asyncio
import json
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta, tzinfo
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from survey import audit, engine
from survey.actions import accounts
from survey.actions.accounts import (
    AddressUnusable,
    LoginTaken,
    LoginUnusable,
    PasswordLength,
    RoleUnknown,
    UnitNotInTree,
    UnitsUnwanted,
    UnitsWanted,
    add_account,
)
from survey.cli import WHERE, checks, main
from survey.errors import KernepulsError
from survey.operations import backup
from survey.settings import Settings, from_environment
from survey.tables import Account, AccountUnit, AuditEvent
from survey.texts import Voice
from tests import cast
from tests.survey.test_delivery import sink

GOOD = "a sentence of some words"


@pytest.fixture
def kernepuls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """The command on an installation of its own, in English."""
    monkeypatch.setenv("KERNEPULS_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")

    def run(*arguments: str, typed: str = "") -> Result:
        return CliRunner().invoke(main, list(arguments), input=typed)

    return run


@pytest.mark.parametrize("name", WHERE)
def test_the_list_of_commands_says_of_each_what_its_own_help_says_first(name: str) -> None:
    command = main.get_command(click.Context(main), name)

    assert command is not None
    assert WHERE[name].about == " ".join(str(command.help).partition("\n\n")[0].split())


def test_the_list_of_commands_names_them_all_and_loads_none_of_them() -> None:
    script = "import sys; from survey.cli import main; main(['--help'], standalone_mode=False); "
    loaded = "print([name for name in sys.modules if name.startswith('survey.cli.')])"

    said = subprocess.run(
        [sys.executable, "-c", script + loaded], check=True, capture_output=True, text=True
    ).stdout

    assert all(f"\n  {name} " in said for name in WHERE)
    assert said.endswith("[]\n")


# --- init, serve, doctor -----------------------------------------------------------------------


def test_init_makes_the_folder_the_file_and_the_database(kernepuls: Callable[..., Result]) -> None:
    done = kernepuls("init")

    where = from_environment()
    assert done.exit_code == 0
    assert 'organisation: ""' in where.organisation.read_text(encoding="utf-8")
    assert where.sqlite_file.exists()
    assert where.data.stat().st_mode & 0o777 == 0o700


def test_init_refuses_to_go_over_an_installation(kernepuls: Callable[..., Result]) -> None:
    kernepuls("init")
    where = from_environment()
    where.organisation.write_text("version: 1\norganisation: Lillehavn\n", encoding="utf-8")

    again = kernepuls("init")

    assert again.exit_code == 1
    assert "There is an installation in" in again.output
    assert "Lillehavn" in where.organisation.read_text(encoding="utf-8")


def test_serve_without_an_installation_says_how_to_start(kernepuls: Callable[..., Result]) -> None:
    refused = kernepuls("serve", "--port", "18999")

    assert refused.exit_code == 1
    assert "Start with: kernepuls init" in refused.output


def test_doctor_finds_nothing_wrong_after_init(kernepuls: Callable[..., Result]) -> None:
    kernepuls("init")

    done = kernepuls("doctor", "--json")

    found = json.loads(done.output)
    assert done.exit_code == 0
    assert {one["state"] for one in found} <= {"fine", "care"}
    assert any("organisation, sender" in one["advice"] for one in found)


def test_doctor_says_what_is_wrong_and_what_to_do(kernepuls: Callable[..., Result]) -> None:
    done = kernepuls("doctor")

    assert done.exit_code == 1
    assert "wrong   The data folder" in done.output
    assert "Make it: kernepuls init" in done.output


def test_doctor_names_the_command_for_a_missing_library(
    kernepuls: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(checks.LIBRARIES, "libnothing-of-this-name.so.0", "libnothing0")
    kernepuls("init")

    done = kernepuls("doctor")

    assert done.exit_code == 1
    assert "Run: apt-get install -y --no-install-recommends libnothing0" in done.output


def test_doctor_warns_when_others_can_look_in(kernepuls: Callable[..., Result]) -> None:
    kernepuls("init")
    from_environment().data.chmod(0o755)

    done = kernepuls("doctor")

    assert done.exit_code == 0
    assert "chmod 700" in done.output


def seen(done: Result, what: str) -> tuple[str, str]:
    """State and advice of the check whose name begins so."""
    [found] = [one for one in json.loads(done.output) if one["what"].startswith(what)]
    return found["state"], found["advice"]


@pytest.mark.parametrize(
    ("used", "free", "state"),
    [(80, 20, "fine"), (81, 2**40, "care"), (81, 19, "wrong")],
    ids=["at the alarm", "past it with room left", "past it and nearly full"],
)
def test_doctor_raises_the_alarm_of_the_disk(kernepuls, monkeypatch, used, free, state) -> None:
    kernepuls("init")
    usage = SimpleNamespace(total=100, used=used, free=free)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)

    done = kernepuls("doctor", "--json")

    [found] = [one for one in json.loads(done.output) if one["what"].endswith("GB of room")]
    assert found["state"] == state


def test_doctor_tells_how_old_the_last_backup_is(
    kernepuls: Callable[..., Result], tmp_path: Path
) -> None:
    kernepuls("init")
    none = seen(kernepuls("doctor", "--json"), "No backup")
    key = tmp_path / "key"
    kernepuls("backup", "--new-key", str(key))
    done = kernepuls("backup", "--to", str(tmp_path / "b"), "--key-file", str(key))
    assert done.exit_code == 0, done.output
    fresh = seen(kernepuls("doctor", "--json"), "The last backup is from")
    (from_environment().data / backup.DONE).write_text("2026-01-02T03:04+00:00", encoding="ascii")
    old = seen(kernepuls("doctor", "--json"), "The last backup is from 2 January 2026")

    assert none == old == ("care", "Make one each night: kernepuls backup")
    assert fresh == ("fine", "")


def test_doctor_finds_a_clock_that_went_back(kernepuls: Callable[..., Result]) -> None:
    kernepuls("init")
    before = seen(kernepuls("doctor", "--json"), "The clock")

    async def event_of_a_later_day() -> None:
        async with engine.opened(from_environment()):
            await audit.record(by=None, what="opened", on_what="2126-1", day=date(2126, 1, 2))

    asyncio.run(event_of_a_later_day())
    state, advice = seen(kernepuls("doctor", "--json"), "The clock")

    assert before == ("fine", "")
    assert state == "wrong"
    assert "events of 2 January 2126" in advice


async def test_doctor_compares_its_clock_with_that_of_the_database(
    settings: Settings, new_database: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Slow(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:
            return datetime.now(tz) - timedelta(seconds=90)

    async with engine.opened(replace(settings, database=await new_database())):
        right = await checks._clock(Voice("en"))
        monkeypatch.setattr(checks, "datetime", Slow)
        wrong = await checks._clock(Voice("en"))

    assert right.state == "fine"
    assert wrong.state == "wrong"
    assert re.search(r"differ by (89|9\d) seconds", wrong.advice)


def test_doctor_greets_the_mail_server(
    kernepuls: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    kernepuls("init")
    without = seen(kernepuls("doctor", "--json"), "No mail server")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]  # nobody listens there once it is given back
    monkeypatch.setenv("KERNEPULS_SMTP", f"smtp://127.0.0.1:{port}")

    state, advice = seen(kernepuls("doctor", "--json"), "The mail server answers")

    assert without == ("fine", "")
    assert state == "wrong"
    assert "The mail server 127.0.0.1 cannot be reached" in advice


async def test_doctor_leaves_a_mail_server_that_answers_without_a_mail(settings: Settings) -> None:
    async with sink() as server:
        found = await checks._mail(replace(settings, smtp=server.address), Voice("en"))

    assert found.state == "fine"
    assert server.mails == []


# --- account -----------------------------------------------------------------------------------


def test_account_add_asks_for_the_password_twice(kernepuls: Callable[..., Result]) -> None:
    kernepuls("init")

    options = ("--role", "coordinator", "--email", "carla@fjordlund.example")
    done = kernepuls("account", "add", "Carla", *options, typed=f"{GOOD}\n{GOOD}\n")

    assert done.exit_code == 0
    assert "The account carla is made." in done.output
    assert GOOD not in done.output
    assert asyncio.run(logins()) == [("carla", "carla@fjordlund.example")]


def test_account_add_refuses_a_short_password_in_one_sentence(
    kernepuls: Callable[..., Result],
) -> None:
    kernepuls("init")

    refused = kernepuls("account", "add", "carla", "--role", "coordinator", typed="short\nshort\n")

    assert refused.exit_code == 1
    assert "must have 12 to 128 characters" in refused.output
    assert "Traceback" not in refused.output
    assert asyncio.run(logins()) == []


async def logins() -> list[tuple[str, str]]:
    async with engine.opened(from_environment()):
        rows = await Account.select(Account.login, Account.email)
    return [(row["login"], row["email"]) for row in rows]


async def test_an_account_is_made_with_its_units_and_written_down(
    store: Settings, as_in_production: None
) -> None:
    await cast.enter(store)

    account = await add_account(
        login=" Gro ", password=GOOD, role="leadership_team", units=["C21", "C22"], by=None
    )

    row = await Account.select().where(Account.id == account).first()
    units = await AccountUnit.select(AccountUnit.unit.code.as_alias("code")).where(
        AccountUnit.account == account
    )
    events = await AuditEvent.select(AuditEvent.what, AuditEvent.on_what)
    assert row is not None
    assert row["login"] == "gro"
    assert row["password_hash"].startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert {unit["code"] for unit in units} == {"C21", "C22"}
    assert events == [{"what": "added account as leadership_team", "on_what": f"account {account}"}]


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"login": "anna"}, LoginTaken),
        ({"login": "ANNA "}, LoginTaken),
        ({"login": "a"}, LoginUnusable),
        ({"login": "two words"}, LoginUnusable),
        ({"login": "a" * 65}, LoginUnusable),
        ({"email": "not an address"}, AddressUnusable),
        ({"password": "eleven char"}, PasswordLength),
        ({"password": "a" * 129}, PasswordLength),
        ({"role": "director"}, RoleUnknown),
        ({"role": "leadership_team"}, UnitsWanted),
        ({"units": ["C21"]}, UnitsUnwanted),
        ({"role": "leadership_team", "units": ["C21", "XX"]}, UnitNotInTree),
    ],
)
async def test_an_account_that_cannot_be_made_leaves_nothing(
    settings: Settings, given: dict[str, object], refusal: type[KernepulsError]
) -> None:
    async with engine.opened(settings, migrate=True):
        await cast.enter(settings)
        before = await Account.count()
        fields: dict[str, object] = {"login": "gro", "password": GOOD, "role": "coordinator"}

        with pytest.raises(refusal):
            await add_account(**{**fields, **given})  # type: ignore[arg-type]

        assert await Account.count() == before
        assert await AuditEvent.count() == 0


def test_two_passwords_are_hashed_at_once_and_no_more() -> None:
    assert accounts.HASHING._max_workers == 2
