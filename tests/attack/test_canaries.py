"""Codes, ballots, names, addresses, numbers and answers go in; only what must stay is found.

Everything a person or a payroll file can bring is sent along every way and into every error, then
each byte that was printed, logged, replied or written is searched for it: over 500 canaries.
"""

import asyncio
import email
import email.policy
import logging
import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from survey import house
from survey.actions import waves
from survey.actions.mailing import send_due
from survey.actions.reminding import remind_wave
from survey.app import create_app
from survey.cli import main
from survey.engine import opened
from survey.errors import DiskFull
from survey.intake import ballots, codes, tickets
from survey.pages.answering import answer, lost
from survey.settings import Settings
from tests import cast
from tests.survey.test_answer_pages import FORM, Fields, Respondent

UNITS = "unit;parent;name;core_task\nK;;Kommunen;Borgeren får svar.\nK1;K;Havnen;\n"
BEHAVIOURS = "behaviour;text;situation;units\nA1;Vagten ringer.;Et skib kom.;K1\n"
WAVE, DAYS = "2026-1", (date(2026, 2, 3), date(2026, 2, 16))
PEOPLE, BY_MAIL, ANSWERED = 100, 80, 10  # the last twenty have a mobile number only
CPR = tuple(f"{1 + n % 28:02}{1 + n // 28:02}70-4{100 + n}" for n in range(PEOPLE))
NAMES = tuple(f"Kanarine{100 + n}" for n in range(PEOPLE))
MAILS = tuple(f"kanarine{100 + n}@havnen.example" for n in range(BY_MAIL))
MOBILES = tuple(f"2917{5000 + n}" for n in range(PEOPLE))
COMMENTS = tuple(f"Kanariefugl {100 + n} sang i havnen" for n in range(ANSWERED))
REFUSED = "Kanariefuglen tav i havnen"  # a comment that is never taken
UNKNOWN = ("ukendt.kanarie@havnen.example", "29179999", "kanarie-uden-snabel-a")  # on the lost page
TOKEN = "a token that is none of ours"
PLACES = ("mail", "sms", "kernepuls.sqlite", "comments")  # each holds something that belongs there


def payroll() -> str:
    """A hundred people; three more rows that cannot be used for three reasons."""
    rows = ["Afdelingskode;CPR-nr.;Fornavn;Efternavn;Stilling;E-mail;Mobil;Ansat fra;Status"]
    mails = (*MAILS, *[""] * (PEOPLE - BY_MAIL))
    people = zip(CPR, NAMES, mails, MOBILES, strict=True)
    rows += [
        f"K1;{cpr};Ib;{name};Vagt;{mail};{mobile};01-02-2020;1"
        for cpr, name, mail, mobile in people
    ]
    rows += [
        f"K1;010170-9999;{CPR[0]};{NAMES[0]};Vagt;;;01-02-2020;1",
        f"K9;010170-9998;Ib;{NAMES[1]};Vagt;x{MAILS[1]};;01-02-2020;1",
        f"K1;010170-9997;Ib;{NAMES[2]};Vagt;x{MAILS[2]};;32-02-2020;1",
    ]
    return "\n".join(rows) + "\n"


@pytest.fixture
def told(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, caplog: pytest.LogCaptureFixture
) -> list[str]:
    """What the commands say; temporary files and the environment are this test's own."""
    for name in ("KERNEPULS_SMTP", "KERNEPULS_DATABASE", "KERNEPULS_URL", "KERNEPULS_ANSWERS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("KERNEPULS_DATA", str(settings.data))
    monkeypatch.setenv("KERNEPULS_ORGANISATION", str(settings.organisation))
    monkeypatch.setenv("KERNEPULS_KEY_COPY", str(settings.key_copy))
    monkeypatch.setenv("KERNEPULS_BACKUP", str(settings.backup))
    monkeypatch.setenv("KERNEPULS_SMS", "files")
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
    settings = replace(settings, sms="files")
    _import(settings, tmp_path_factory.mktemp("in"), told)
    given, codes_sent = asyncio.run(_answered(settings, told))
    secret = _forms(codes_sent)
    kept = _encoded(*NAMES, *MAILS, *MOBILES)
    never = [*_encoded(*CPR, *UNKNOWN, REFUSED), *given]
    comments = _encoded(*COMMENTS)
    assert len({*kept, *never, *comments, *codes_sent}) > 500

    _backup(settings, told)
    while_open = _written(settings)
    apart = _written(settings, but=PLACES)
    rest = _written(settings, but=("mail", "sms"))
    closed = _run(told, "wave", "close", WAVE, "--yes")

    assert closed.exit_code == 0, closed.output
    said = "".join((*told, caplog.text, *capfd.readouterr())).encode()
    assert said.count(b'"error": "ZeroDivisionError"') == 3
    assert len(_hits(while_open, _encoded(*codes_sent))) > PEOPLE  # the search finds what is there
    assert _hits(said, [*kept, *never, *comments, *secret]) == []
    assert _hits(while_open, [*never, *comments]) == []
    assert _hits(rest, secret) == []
    assert _hits(apart, kept) == []
    after = _written(settings)
    assert _hits(after, [*never, *secret]) == []
    assert _hits(_written(settings, but=PLACES), [*kept, *comments]) == []
    assert _hits(_written(settings, but=("comments",)), comments) == []
    assert not (settings.data / "mail" / WAVE).exists()
    assert not (settings.data / "sms" / WAVE).exists()


def _run(told: list[str], *command: str) -> Result:
    done = CliRunner().invoke(main, [*command])
    told.append(done.output)
    return done


def _backup(settings: Settings, told: list[str]) -> None:
    """A night's backup, put back beside; and doctor looks at it all."""
    place = settings.data.parent
    key, made = str(place / "backup.key"), str(place / "made.backup")
    assert _run(told, "backup", "--new-key", key).exit_code == 0
    assert _run(told, "backup", "--to", made, "--key-file", key).exit_code == 0
    _run(told, "doctor")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERNEPULS_DATA", str(place / "restored"))
        patch.setenv("KERNEPULS_ORGANISATION", str(place / "restored" / "organisation.yaml"))
        assert _run(told, "restore", made, "--key-file", key).exit_code == 0


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


async def _answered(settings: Settings, told: list[str]) -> tuple[list[bytes], list[str]]:
    """Open the wave, answer, remind and err in every way; gives ballots, and every code sent."""
    async with opened(settings):
        await waves.plan_wave(
            settings, name=WAVE, opens=DAYS[0], closes=DAYS[1], behaviours="all", by=None
        )
        await waves.approve_wave(settings, name=WAVE, med_date=DAYS[0], by=None)
        await waves.open_wave(settings, name=WAVE, by=None, today=DAYS[0])
    typed = _codes(settings)
    unknown = codes.new_code().text
    given: list[bytes] = []
    app = create_app(replace(settings, metrics_token=TOKEN))
    async with cast.visited(app) as client:
        phone = Respondent(client)
        for code, comment in zip(typed, COMMENTS, strict=False):
            form = await phone.form(code)
            answered = {**form, "situation": "several", "comment": comment}
            assert (await phone.post("/svar/send", answered)).status_code == 200
            message = form["message"][0]
            given += [message.encode(), tickets.as_bytes(message, length=ballots.MESSAGE)]
        told.extend(await _refused(phone, typed, unknown, answered))
        told.extend(await _lost(phone))
        for path in ("/metrics", "/health"):
            page = await client.get(path, headers={"authorization": f"Bearer {TOKEN}"})
            assert page.status_code == 200
            told.append(page.text)
    async with opened(settings):
        await send_due(settings, datetime.combine(DAYS[0], time(12)))
        for to in ("not-opened", "all"):
            await remind_wave(settings, name=WAVE, to=to, by=None, today=date(2026, 2, 4))
    return given, [*typed, *_codes(settings), unknown]


def _codes(settings: Settings) -> list[str]:
    """Every code in the mails and text messages that lie there."""
    files = [
        *sorted((settings.data / "mail" / WAVE).iterdir()),
        *sorted((settings.data / "sms" / WAVE).iterdir()),
    ]
    found = (re.search(r"([0-9A-Z]{4}-){3}[0-9A-Z]{4}", _text(file)) for file in files)
    return [code[0] for code in found if code]


def _forms(typed: Iterable[str]) -> list[bytes]:
    """Each code in every form it might be kept in."""
    return [
        form if isinstance(form, bytes) else form.encode()
        for code in typed
        for form in (
            *(code, code.lower(), code.replace("-", ""), codes.read_code(code).hex()),
            codes.read_code(code),
        )
    ]


async def _lost(phone: Respondent) -> list[str]:
    """Lost links of people we know, of nobody, and of half an address; gives the replies."""
    known = [
        await phone.post("/svar/mistet", {"email": typed})
        for typed in (MAILS[-1], MOBILES[-1], *UNKNOWN[:2])
    ]
    half = await phone.post("/svar/mistet", {"email": UNKNOWN[2]})
    with _breaking(lost, "ask_for_code"):
        broken = await phone.post("/svar/mistet", {"email": MAILS[0]})
    assert [reply.status_code for reply in (*known, half, broken)] == [200] * 4 + [422, 500]
    return [reply.text for reply in (*known, broken)]


@contextmanager
def _breaking(module: object, name: str) -> Iterator[None]:
    """A bug whose message has all it was given."""

    async def breaks(*arguments: object, **named: object) -> None:
        raise ZeroDivisionError(*map(str, arguments), *map(str, named.values()))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, name, breaks)
        yield


async def _refused(
    phone: Respondent, typed: list[str], unknown: str, answered: dict[str, Any]
) -> list[str]:
    """Every status an answer route has; gives addresses, headers, and pages but a person's own."""
    form = await phone.form(typed[ANSWERED])
    sent = {**form, "situation": "several", "comment": REFUSED}
    comment = {**sent, "comment": f"{REFUSED} {CPR[0]}"}
    replies = {
        404: await phone.look_up(unknown),
        409: await phone.begin(typed[0]),
        422: await phone.post("/svar/send", comment),
        413: await phone.post("/svar/send", {**comment, "comment": REFUSED * 5000}),
        403: await phone.post("/svar/send", {**answered, "ticket": "x"}),
        400: await phone.client.post(
            "/svar/send", content=REFUSED.encode() + b"=\xff", headers=FORM
        ),
    }
    with _breaking(ballots, "look_up"):
        replies[500] = await phone.post("/svar/opslag", {"code": typed[ANSWERED + 1]})
    with _breaking(answer, "accept"):
        told = [(await phone.post("/svar/send", sent)).text]
    with pytest.MonkeyPatch.context() as patch:

        async def full(*_: object, **__: object) -> None:
            raise DiskFull

        patch.setattr(answer, "accept", full)
        replies[503] = await phone.post("/svar/send", sent)
    assert {status: reply.status_code for status, reply in replies.items()} == {
        status: status for status in replies
    }
    for reply in replies.values():
        assert "set-cookie" not in reply.headers
        assert reply.headers["cache-control"] == "no-store"
        told += [str(reply.url), str(reply.headers)]
    assert Fields(replies[422].text).values["comment"] == [f"{REFUSED} {CPR[0]}"]
    own = {422, 503, 404}  # what was typed stands there again
    return told + [reply.text for status, reply in replies.items() if status not in own]


def _text(file: Path) -> str:
    if file.suffix == ".txt":
        return file.read_text(encoding="utf-8")
    read = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    return str(read.get_content())


def _encoded(*texts: str) -> list[bytes]:
    return [text.encode() for text in texts]


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
