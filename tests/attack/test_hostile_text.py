"""Whatever text HR imports stays text: in pages, mails, file names, headers, tables and PDFs.

Every field a file or organisation.yaml can fill holds markup, a template, a formula, a header and
a link to a file of this machine.
"""

import csv
import re
from datetime import date
from email.message import EmailMessage
from html.parser import HTMLParser
from io import BytesIO, StringIO
from typing import Any

import msgspec
import pikepdf
import pypdfium2
import pytest
import yaml

from survey import insight, sessions
from survey.actions import waves
from survey.actions.accounts import add_account
from survey.app import create_app
from survey.delivery import prints
from survey.engine import opened
from survey.importing import behaviours, professions, roster, units
from survey.importing.mapping import BEHAVIOURS, STAFF, UNITS
from survey.importing.reading import read
from survey.importing.refusals import CprInFile, UnitCodeUnusable
from survey.importing.unitfile import unit_versions
from survey.intake import ballots
from survey.intake.acceptance import Submission, accept
from survey.intake.writer import running
from survey.settings import Settings
from survey.texts import Voice
from tests import cast
from tests.survey.test_answer_pages import Respondent
from tests.survey.waves import ANSWER

PAYLOAD = (
    "=cmd()<script>alert(1)</script><img src=x onerror=alert(1)>\"'"
    "{{7*7}}{code}{0.__class__}%s%(n)d"
    "<link rel=attachment href=file:///etc/hostname>&lt;b>"
)
WAVE, DAYS = "2026-1", (date(2026, 2, 3), date(2026, 2, 16))
NOTED = "organisation", "sender", "sender_en", "contact", "contact_en", "dpo", "place", "place_en"
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝")


def quoted(*cells: str) -> str:
    return ";".join('"' + cell.replace('"', '""') + '"' for cell in cells)


def files() -> dict[str, bytes]:
    people = [
        quoted("-1", PAYLOAD, f"{PAYLOAD} {number}", PAYLOAD, f"p{number}@x.example")
        for number in range(24)
    ]
    # The last has no mail address, so that there are cards to print.
    people.append(quoted("-1", PAYLOAD, "sidst", PAYLOAD, f"{PAYLOAD}@x"))
    return {
        "units": "\n".join(
            (
                "unit;parent;name;core_task",
                quoted("+K", "", f"{PAYLOAD} top", PAYLOAD),
                quoted("-1", "+K", PAYLOAD, PAYLOAD),
            )
        ).encode(),
        "staff": "\n".join(("Afdelingskode;Fornavn;Efternavn;Stilling;E-mail", *people)).encode(),
        "behaviours": "\n".join(
            ("behaviour;text;situation;units", quoted("=A", PAYLOAD, PAYLOAD, "-1"))
        ).encode(),
    }


class LetterBox:
    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []

    async def send(self, mail: EmailMessage) -> None:
        self.mails.append(mail)


class Tags(HTMLParser):
    """The tags of a page that could run or fetch something, and attributes that could."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        ours = dict(attrs).get("src", dict(attrs).get("href")) or ""
        if tag in {"img", "script", "link"} and not ours.startswith("/assets/"):
            self.found.append(tag)
        self.found += [name for name, _ in attrs if name.startswith("on") or name == "style"]


async def opened_wave(settings: Settings) -> list[EmailMessage]:
    """Everything imported, approved and opened; the mails that went."""
    fields = dict.fromkeys(NOTED, f"{PAYLOAD}\nBcc: a@b.example")
    settings.organisation.write_text(
        yaml.safe_dump({"version": 1, "mail_from": "hr@x.example", **fields}), encoding="utf-8"
    )
    given = files()
    await units.import_units(read(given["units"], UNITS), by=None)
    await roster.import_staff(
        read(given["staff"], STAFF),
        by=None,
        as_of=DAYS[0],
        professions=professions.load(professions.SHIPPED),
    )
    await behaviours.import_behaviours(read(given["behaviours"], BEHAVIOURS), by=None)
    await waves.plan_wave(
        settings, name=WAVE, opens=DAYS[0], closes=DAYS[1], behaviours="all", by=None
    )
    await waves.approve_wave(settings, name=WAVE, med_date=DAYS[0], by=None)
    box = LetterBox()
    await waves.open_wave(settings, name=WAVE, by=None, today=DAYS[0], to=box)
    return box.mails


async def answered(settings: Settings, mails: list[EmailMessage]) -> None:
    async with running():
        for mail in mails:
            made = await ballots.without_script(settings, code_in(mail), ballots.new_nonce())
            answer = {
                "wave": WAVE,
                "message": made.message,
                "signature": made.signature,
                "context": made.found.context,
                "ticket": made.found.ticket,
                "form_version": 1,
                "answers": {**ANSWER, "stall_1": None, "stall_how": None},
                "comment": PAYLOAD,
            }
            await accept(settings, msgspec.convert(answer, Submission))


def code_in(mail: EmailMessage) -> str:
    found = re.search(r"(?:[0-9A-Z]{4}-){3}[0-9A-Z]{4}", mail.get_content())
    assert found is not None
    return found[0]


async def test_what_is_imported_stays_text_wherever_it_is_shown(settings: Settings) -> None:
    async with opened(settings, migrate=True):
        mails = await opened_wave(settings)
        printed = {
            file.relative_to(settings.data): file.read_bytes()
            for file in settings.data.rglob("*.pdf")
        }
        pages = await answer_pages(settings, code_in(mails[0]))
        await answered(settings, mails[1:])
        await waves.close_wave(settings, name=WAVE, by=None)
        table = insight.unit_csv(insight.stored_release(settings, WAVE), "+K", voice=Voice("da"))
        account = await add_account(login="carla", password=cast.PASSWORD, role="coordinator")
        cookie = await sessions.begin(account, now=sessions.utc_now())
    staff, report = await staff_pages(settings, cookie)

    assert printed.keys() == {
        made.relative_to(settings.data)
        for made in (
            prints.cards_file(settings, WAVE, "-1"), prints.poster_file(settings, WAVE, "-1"),
        )
    }  # fmt: skip
    for mail in mails:
        assert mail["Bcc"] is None
        assert len(mail["From"].addresses) == len(mail["To"].addresses) == 1
        assert PAYLOAD in " ".join(mail.get_content().split())
    assert len(pages + staff) == 5 + 4
    for page in pages + staff:
        assert Tags(page).found == []
        assert "&lt;script&gt;alert(1)" in page
    for row in csv.reader(StringIO(table.decode("utf-8-sig")), delimiter=";"):
        assert not any(cell.lstrip(" ").startswith(FORMULA) for cell in row)
    for made in (*printed.values(), report):
        assert "<script>alert(1)</script>" in text_of(made)
    assert attached(report) == 1  # the table of numbers
    assert [attached(made) for made in printed.values()] == [0, 0]


async def answer_pages(settings: Settings, code: str) -> list[str]:
    async with cast.visited(create_app(settings)) as client:
        phone = Respondent(client)
        form = await phone.form(code)
        replies = [
            await phone.client.get("/svar"),
            await phone.client.get("/svar/privat?sprog=en"),
            await phone.look_up(code),
            await phone.post("/svar/sprog", {**form, "vis": "en"}),
            await phone.post("/svar/send", {**form, "situation": "", "comment": PAYLOAD}),
        ]
    assert [reply.status_code for reply in replies] == [200] * 4 + [422]
    return [reply.text for reply in replies]


async def staff_pages(settings: Settings, cookie: str) -> tuple[list[str], bytes]:
    where = f"/waves/{WAVE}/units"
    async with cast.visited(create_app(settings), "https://127.0.0.1:8000") as client:
        client.cookies.set(sessions.COOKIE, cookie, domain="127.0.0.1")
        replies: list[Any] = [
            await client.get(address)
            for address in (
                "/results",
                f"{where}/+K",
                f"{where}/-1",
                "/waves",
                f"{where}/-1/report.pdf",
            )
        ]
    assert [reply.status_code for reply in replies] == [200] * 5
    assert re.fullmatch(
        r'attachment; filename="[A-Za-z0-9._-]+"', replies[-1].headers["content-disposition"]
    )
    return [reply.text for reply in replies[:-1]], replies[-1].content


def text_of(pdf: bytes) -> str:
    """The text of a PDF without its line breaks: a long word is broken anywhere."""
    with pypdfium2.PdfDocument(pdf) as document:
        return re.sub(r"\s", "", "".join(page.get_textpage().get_text_range() for page in document))


def attached(pdf: bytes) -> int:
    with pikepdf.open(BytesIO(pdf)) as document:
        return len(document.attachments)


@pytest.mark.parametrize(
    "code", ["../../etc", "a/b", "a\\b", 'a"b', "a\nb", "<b>", "=1", "a?b", "a#b", "a%2f", "x" * 41]
)
def test_a_code_that_means_something_in_an_address_is_refused(code: str) -> None:
    file = "\n".join(("unit;parent;name", quoted(code, "", "Kommunen"))).encode()

    with pytest.raises(UnitCodeUnusable) as refused:
        unit_versions(read(file, UNITS))

    assert refused.value.facts["row"] == 2


@pytest.mark.parametrize("column", ["name", "core_task"])
@pytest.mark.parametrize("number", ["010170-1234", "0101701234", "010170 1234"])
def test_a_cpr_number_in_a_text_of_a_unit_is_refused_and_not_repeated(
    column: str, number: str
) -> None:
    cells = {"name": "Kommunen", "core_task": "Svar"} | {column: f"Ring {number}"}
    file = "\n".join(("unit;parent;name;core_task", quoted("K", "", *cells.values()))).encode()

    with pytest.raises(CprInFile) as refused:
        unit_versions(read(file, UNITS))

    assert number not in str(refused.value.facts)


def test_a_cpr_number_in_a_behaviour_is_refused() -> None:
    rows = ("behaviour;text;situation;units", quoted("A", "Ring 010170-1234", "Et skib kom.", "K"))

    with pytest.raises(CprInFile):
        behaviours.behaviour_rows(read("\n".join(rows).encode(), BEHAVIOURS), ["K"])
