"""Codes, ballots, names, addresses, CPR numbers and answers go in; only what must stay is found.

Everything a person or a payroll file can bring is sent along every way and into every error, then
each byte that was printed, logged or written is searched for it.
"""

import asyncio
import email
import email.policy
import logging
import re
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from litestar.testing import AsyncTestClient

from survey import house
from survey.actions import waves
from survey.app import create_app
from survey.cli import main
from survey.engine import opened
from survey.errors import DiskFull
from survey.intake import ballots, codes, tickets
from survey.pages import answer
from survey.settings import Settings
from tests.survey.test_answer_pages import FORM, Fields, Respondent

UNITS = "unit;parent;name;core_task\nK;;Kommunen;Borgeren får svar.\nK1;K;Havnen;\n"
BEHAVIOURS = "behaviour;text;situation;units\nA1;Vagten ringer.;Et skib kom.;K1\n"
WAVE, DAYS = "2026-1", (date(2026, 2, 3), date(2026, 2, 16))
COMMENT = "Kanariefuglen sang i havnen"
CPR = tuple(f"{number:02}0170-4{number:03}" for number in range(1, 13))
NAMES = tuple(f"Kanarine{number}" for number in range(1, 13))
MAILS = tuple(f"kanarine{number}@havnen.example" for number in range(1, 13))


def payroll() -> str:
    """Twelve people; three more rows that cannot be used for three reasons."""
    rows = ["Afdelingskode;CPR-nr.;Fornavn;Efternavn;Stilling;E-mail;Ansat fra;Status"]
    people = zip(CPR, NAMES, MAILS, strict=True)
    rows += [f"K1;{cpr};Ib;{name};Vagt;{mail};01-02-2020;1" for cpr, name, mail in people]
    rows += [
        f"K1;010170-9999;{CPR[0]};{NAMES[0]};Vagt;;01-02-2020;1",
        f"K9;010170-9998;Ib;{NAMES[1]};Vagt;x{MAILS[1]};01-02-2020;1",
        f"K1;010170-9997;Ib;{NAMES[2]};Vagt;x{MAILS[2]};32-02-2020;1",
    ]
    return "\n".join(rows) + "\n"


@pytest.fixture
def told(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> list[str]:
    """What the commands say; temporary files and the environment are this test's own."""
    for name in ("KERNEPULS_SMTP", "KERNEPULS_DATABASE", "KERNEPULS_URL", "KERNEPULS_ANSWERS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("KERNEPULS_DATA", str(settings.data))
    monkeypatch.setenv("KERNEPULS_ORGANISATION", str(settings.organisation))
    monkeypatch.setenv("KERNEPULS_KEY_COPY", str(settings.key_copy))
    monkeypatch.setenv("KERNEPULS_BACKUP", str(settings.backup))
    temporary = settings.data.parent / "tmp"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    caplog.set_level(logging.INFO)
    return []


def test_nothing_a_person_brings_is_found_where_it_need_not_be(
    settings: Settings,
    told: list[str],
    tmp_path_factory: pytest.TempPathFactory,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    _import(settings, tmp_path_factory.mktemp("in"), told)

    given, secret = asyncio.run(_answered(settings, told))
    while_open = _written(settings, but=("mail",))
    in_mails = _written(settings)
    closed = CliRunner().invoke(main, ["wave", "close", WAVE, "--yes"])
    told.append(closed.output)

    assert closed.exit_code == 0, closed.output
    said = "".join((*told, caplog.text, *capfd.readouterr())).encode()
    personal = [*(text.encode() for text in (*CPR, *NAMES, *MAILS)), COMMENT.encode()]
    assert '"error": "ZeroDivisionError"' in said.decode()
    assert len(_hits(in_mails, secret)) >= len(MAILS)  # the search finds what is there
    assert _hits(said, personal + secret + given) == []
    assert _hits(while_open, [*(cpr.encode() for cpr in CPR), COMMENT.encode(), *secret]) == []
    after = _written(settings)
    assert _hits(after, [*(cpr.encode() for cpr in CPR), *secret, *given]) == []
    roster = [mail.encode() for mail in MAILS]
    assert _hits(_written(settings, but=("kernepuls.sqlite",)), roster) == []
    assert not (settings.data / "mail" / WAVE).exists()


def _import(settings: Settings, folder: Path, told: list[str]) -> None:
    """By the real commands, dry runs left out: there HR sees names on purpose."""
    house.write_fjordlund(settings)
    told.append(CliRunner().invoke(main, ["init"]).output)
    asyncio.run(_migrated(settings))
    for kind, text in {"units": UNITS, "staff": payroll(), "behaviours": BEHAVIOURS}.items():
        file = folder / f"{kind}.csv"
        for content, works in ((text, True), (text.partition("\n")[2], False)):
            file.write_text(content, encoding="utf-8")
            for options in ((), ("--json",)):
                done = CliRunner().invoke(main, ["import", kind, str(file), *options])
                assert (done.exit_code == 0) is works, done.output
                told.append(done.output)


async def _migrated(settings: Settings) -> None:
    async with opened(settings, migrate=True):
        pass


async def _answered(settings: Settings, told: list[str]) -> tuple[list[bytes], list[bytes]]:
    """Open the wave, answer and err in every way; gives ballots, and codes in every form."""
    async with opened(settings):
        await waves.plan_wave(
            settings, name=WAVE, opens=DAYS[0], closes=DAYS[1], behaviours="all", by=None
        )
        await waves.approve_wave(settings, name=WAVE, med_date=DAYS[0], by=None)
        await waves.open_wave(settings, name=WAVE, by=None, today=DAYS[0])
    typed = [
        re.search(r"([0-9A-Z]{4}-){3}[0-9A-Z]{4}", _text(file))[0]  # type: ignore[index] # it is there
        for file in sorted((settings.data / "mail" / WAVE).iterdir())
    ]
    unknown = codes.new_code().text
    given: list[bytes] = []
    async with AsyncTestClient(create_app(settings), base_url="http://127.0.0.1:8000") as client:
        phone = Respondent(client)
        for code in typed[:8]:
            form = await phone.form(code)
            answered = {**form, "situation": "several", "comment": COMMENT}
            assert (await phone.post("/svar/send", answered)).status_code == 200
            message = form["message"][0]
            given += [message.encode(), tickets.as_bytes(message, length=ballots.MESSAGE)]
        told.extend(await _refused(phone, typed, unknown, answered))
    forms = [
        form
        for code in (*typed, unknown)
        for form in (code, code.lower(), code.replace("-", ""), codes.read_code(code).hex())
    ]
    return given, [form.encode() for form in forms] + [codes.read_code(code) for code in typed]


async def _refused(
    phone: Respondent, typed: list[str], unknown: str, answered: dict[str, Any]
) -> list[str]:
    """Every status an answer route has; gives the addresses that were asked for."""
    form = await phone.form(typed[8])
    comment = {**form, "situation": "several", "comment": f"{COMMENT} {CPR[0]}"}
    replies = {
        404: await phone.look_up(unknown),
        409: await phone.begin(typed[0]),
        422: await phone.post("/svar/send", comment),
        413: await phone.post("/svar/send", {**comment, "comment": COMMENT * 5000}),
        403: await phone.post("/svar/send", {**answered, "ticket": "x"}),
        400: await phone.client.post(
            "/svar/send", content=COMMENT.encode() + b"=\xff", headers=FORM
        ),
    }
    with pytest.MonkeyPatch.context() as patch:

        async def breaks(*arguments: object, **named: object) -> None:
            raise ZeroDivisionError(*map(str, arguments), *map(str, named.values()))

        async def full(*_: object, **__: object) -> None:
            raise DiskFull

        patch.setattr(ballots, "look_up", breaks)
        replies[500] = await phone.post("/svar/opslag", {"code": typed[9]})
        patch.setattr(answer, "accept", full)
        sent = {**form, "situation": "several", "comment": COMMENT}
        replies[503] = await phone.post("/svar/send", sent)
    assert {status: reply.status_code for status, reply in replies.items()} == {
        status: status for status in replies
    }
    for reply in replies.values():
        assert "set-cookie" not in reply.headers
        assert reply.headers["cache-control"] == "no-store"
    assert "ZeroDivision" not in replies[500].text
    assert typed[9] not in replies[500].text
    assert Fields(replies[422].text).values["comment"] == [f"{COMMENT} {CPR[0]}"]
    return [str(reply.url) for reply in replies.values()]


def _text(file: Path) -> str:
    read = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    return str(read.get_content())


def _written(settings: Settings, *, but: tuple[str, ...] = ()) -> bytes:
    """Every byte of the data folder, the second places and the temporary folder, and the names."""
    root = settings.data.parent
    return b"".join(
        str(file).encode() + file.read_bytes()
        for file in sorted(root.rglob("*"))
        if file.is_file() and not any(part.startswith(but) for part in file.parts if but)
    )


def _hits(content: bytes, canaries: list[bytes]) -> list[bytes]:
    return [canary for canary in canaries if canary in content]
