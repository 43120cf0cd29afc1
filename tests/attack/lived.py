"""A whole wave in a town of 200 invented people, lived through the product's own functions.

Beside it the same answers are written the way one would without thinking: an ordinary table with
one row for each answer as it comes, unsealed, and a line in a log. It is copied and attacked like
the other.
"""

import random
import re
import secrets
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

import asyncpg
import msgspec
import polars as pl

from survey import house, jobs
from survey.actions.lost_link import ask_for_code
from survey.actions.mailing import send_due
from survey.actions.opening import open_wave
from survey.actions.reminding import remind_wave
from survey.intake import ballots, seal
from survey.intake.acceptance import accept
from survey.intake.closing import close_wave
from survey.intake.files import answers_file, comments_file
from survey.intake.writer import running
from survey.questionnaire import BARRIERS
from survey.settings import Settings
from survey.tables import Invitation, Unit, UnitVersion
from survey.tables import Person as Member
from tests.attack import attacker, copies
from tests.attack.attacker import Copy, Guess, Known, Played, Released
from tests.survey.test_waves import OPENS, Printed, approve, behaviour, plan
from tests.survey.waves import submission_of

UNITS = {
    "N1": ("N", 24), "N2": ("N", 18), "N3": ("N", 4),
    "S1": ("S", 30), "S2": ("S", 12), "S3": ("S", 3),
    "V1": ("V", 40), "V2": ("V", 36), "V3": ("V", 20), "V4": ("V", 13),
}  # fmt: skip
PEOPLE = 200
PROFESSIONS = ("sosu", "sosu", "sosu", "sygeplejerske")  # beside one manager in each unit
WITHOUT_MAIL = ("N1", "V1")  # in these a third draw cards
WAVE = "2026-1"
DAYS = (0, 1, 2, 6, 9, 13)  # of the wave on which people answer; copies are taken each night
REMINDED = 6
SILENT, GIVES_UP, LOSES_IT = 40, 8, 3  # people who never open, open and never send, ask again
TELLS_APART = [f"b_{code.lower()}" for code in BARRIERS[:5]]  # 3 degrees each: 243 people


class Sent(NamedTuple):
    """One answer as it was sent: who, the ballot's form, and the values that tell it apart."""

    who: int
    made: ballots.BallotForm
    answers: dict[str, Any]
    comment: str


class Game(NamedTuple):
    """The attack on the answers and on the comments of the product, and on the planted layout."""

    answers: Played
    comments: Played
    planted: Played


async def played(
    settings: Settings,
    store: copies.SqliteStore | copies.PostgresStore,
    planted: copies.SqliteStore | copies.PostgresStore,
    *,
    seed: int,
    log: Callable[[], str],
) -> Game:
    """Live one wave, and let the attacker try."""
    town = Town(settings, random.Random(seed))
    await town.build()
    nights, bad_nights = [], []
    async with running():
        await store.pass_over()
        for day in DAYS:
            await planted.pass_over()
            sent = await town.day(OPENS + timedelta(days=day))
            nights.append(await town.night(store, day, log))
            bad_nights.append(await _planted(planted, sent, town))
            await store.pass_over()
        closed = await close_wave(settings, WAVE)
        assert (closed.state, closed.dropped) == ("released", {})
        nights.append(await town.night(store, DAYS[-1] + 1, log))
        await planted.pass_over()
        bad_nights.append(await _planted(planted, None, town))
    answers = town.released(answers_file(settings, WAVE), town.of_answer)
    comments = town.released(comments_file(settings, WAVE), town.of_comment)
    [planted_answers] = town.attacked(bad_nights, answers)
    return Game(*town.attacked(nights, answers, comments), planted_answers)


class Town:
    """The people, what each of them does on which day, and what the attacker knows of it."""

    def __init__(self, settings: Settings, dice: random.Random) -> None:
        self.settings, self.dice = settings, dice
        self.tag = secrets.token_hex(4)  # so that another run's bytes are never taken for ours
        self.log: list[str] = []  # of the planted layout
        self.begun: dict[int, ballots.BallotForm] = {}  # opened and not sent
        self.opened: list[int] = []
        self.sent: list[int] = []
        self.nights: dict[int, int] = {}
        people = [(unit, number) for unit, (_, n) in UNITS.items() for number in range(n)]
        self.units = {who: unit for who, (unit, _) in enumerate(people)}
        self.numbers = {who: number for who, (_, number) in enumerate(people)}  # in the unit
        self.draws = {
            who
            for who, unit in self.units.items()
            if unit in WITHOUT_MAIL and self.numbers[who] % 3 == 1
        }

    async def build(self) -> None:
        """Units, people, the approved and opened wave."""
        house.write_fjordlund(self.settings)
        ids = await self._units()
        assert len(self.units) == PEOPLE
        await Member.insert(
            *(
                Member(
                    unit=ids[unit],
                    first_name="Kim",
                    last_name=f"Prøve {who}",
                    profession=PROFESSIONS[self.numbers[who] % 4] if self.numbers[who] else "leder",
                    email=None if who in self.draws else self.address(who),
                )
                for who, unit in self.units.items()
            )
        )
        await behaviour("L1", ids["N"], ids["S"])
        await behaviour("L2", ids["V"])
        await plan(self.settings)
        printed = Printed()
        await approve(self.settings, printer=printed)
        self.cards = {unit: [*codes] for unit, codes in printed.codes.items()}
        rows = await Invitation.select(Invitation.person).where(Invitation.kind == "person")
        self.invitations = [row["person"] - 1 for row in rows]
        await open_wave(self.settings, name=WAVE, by=None, today=OPENS)
        self._decide()

    async def _units(self) -> dict[str, int]:
        parents = {"K": None, **dict.fromkeys("NSV", "K")}
        parents |= {unit: parent for unit, (parent, _) in UNITS.items()}
        rows = await Unit.insert(*(Unit(code=code) for code in parents))
        ids = {code: row["id"] for code, row in zip(parents, rows, strict=True)}
        await UnitVersion.insert(
            *(
                UnitVersion(
                    unit=ids[code],
                    parent=ids[parent] if parent else None,
                    name=f"Enhed {code}",
                    core_task="Borgeren får svar." if parent is None else None,
                    headcount=UNITS.get(code, ("", 0))[1],
                    valid_from=WAVE,
                )
                for code, parent in parents.items()
            )
        )
        return ids

    def _decide(self) -> None:
        """Who opens on which day; who sends a day later, never, or has lost the mail."""
        who = self.dice.sample(range(PEOPLE), PEOPLE - SILENT)
        self.opens = {one: self.dice.choice(DAYS[:-1]) for one in who}
        self.gives_up = {*who[:GIVES_UP]}
        self.late = {*who[GIVES_UP : GIVES_UP + 12]}
        by_mail = [one for one in who if one not in self.draws]
        self.loses = by_mail[-LOSES_IT:]
        for one in self.loses:
            self.opens[one] = REMINDED

    async def day(self, today: date) -> list[Sent]:
        """Mails go out, people open the form and send it, each in an order of its own."""
        day = (today - OPENS).days
        if day == 2:
            for one in self.loses:
                await ask_for_code(self.address(one))
            await send_due(self.settings, datetime.combine(today, time(22)))
        if day == REMINDED:
            await remind_wave(self.settings, name=WAVE, to="not-opened", by=None, today=today)
        waiting = [*self.begun]
        codes = self._mailed()
        opening = [one for one, its in self.opens.items() if its == day]
        self.dice.shuffle(opening)
        for one in opening:
            code = self.cards[self.units[one]].pop() if one in self.draws else codes[one]
            self.begun[one] = await ballots.without_script(self.settings, code, ballots.new_nonce())
            self.opened.append(one)
        sending = [*waiting, *(one for one in opening if one not in self.late)]
        sending = [one for one in sending if one not in self.gives_up]
        self.dice.shuffle(sending)
        return [await self._send(one, DAYS.index(day)) for one in sending]

    async def _send(self, who: int, night: int) -> Sent:
        made = self.begun.pop(who)
        answers = {"situation": "several", "successes": 3, **self.degrees(who)}
        comment = f"Bemærkning {who:03} fra {self.tag}"
        await accept(self.settings, submission_of(made, answers=answers, comment=comment))
        self.sent.append(who)
        self.nights[who] = night
        return Sent(who, made, answers, comment)

    async def night(
        self, store: copies.SqliteStore | copies.PostgresStore, day: int, log: Callable[[], str]
    ) -> Copy:
        """What the server does at night, and then the copy of everything."""
        today = OPENS + timedelta(days=day + 1)
        await jobs.night(self.settings, today)
        return await copies.everything(self.settings, store, today=today, log=log())

    def _mailed(self) -> dict[int, str]:
        """The newest code in everybody's mails."""
        found = {}
        files = [*(self.settings.data / "mail" / WAVE).iterdir()]
        for file in sorted(files, key=lambda file: file.stat().st_mtime):
            text = file.read_text(encoding="utf-8")
            mail = re.search(r"^To: p(\d+).*/svar#([0-9A-Z-]+)", text, re.MULTILINE | re.DOTALL)
            if mail:
                found[int(mail[1])] = mail[2]
        return found

    # --- what the attacker gets, and what only the referee knows --------------------------------

    def address(self, who: int) -> str:
        return f"p{who:03}@lillehavn.example"

    def degrees(self, who: int) -> dict[str, int]:
        return {name: who // 3**place % 3 for place, name in enumerate(TELLS_APART)}

    def of_answer(self, row: dict[str, Any]) -> tuple[attacker.Block, int]:
        who = sum(row[name] * 3**place for place, name in enumerate(TELLS_APART))
        return (row["unit"], row["behaviour"], row["profession"]), who

    def of_comment(self, row: dict[str, Any]) -> tuple[attacker.Block, int]:
        return (row["unit"], row["behaviour"]), int(row["text"].split()[1])

    def released(self, file: Any, read: Callable[..., Any]) -> tuple[list[Released], Guess]:
        """The rows as the file has them, and whose each is."""
        rows, truth = [], {}
        for place, row in enumerate(pl.read_parquet(file).iter_rows(named=True)):
            block, who = read(row)
            text = row.get("text")
            mark = msgspec.json.encode(self.degrees(who))[1:-1] if text is None else text.encode()
            rows.append(Released(block, mark))
            truth[who] = place
        assert sorted(truth) == sorted(self.sent)
        return rows, truth

    def attacked(
        self, nights: Sequence[Copy], *files: tuple[list[Released], Guess]
    ) -> Iterator[Played]:
        """The attack on each of these released files, with one set of copies."""
        seen = attacker.evidence(nights, (row.mark for rows, _ in files for row in rows))
        known = Known(
            sent=self.sent,
            orders={
                "opened": self._of_those(self.opened),
                "staff list": self._of_those(range(PEOPLE)),
                "invitations": self._of_those(self.invitations),
            },
            nights=self.nights,
            addresses={who: self.address(who).encode() for who in self.sent},
        )
        for rows, truth in files:
            yield attacker.play(seen, rows, known, truth)

    def _of_those(self, order: Iterable[int]) -> list[int]:
        """Those who answered, in some order of people."""
        return [who for who in order if who in self.nights]


async def _planted(
    store: copies.SqliteStore | copies.PostgresStore, sent: Sequence[Sent] | None, town: Town
) -> Copy:
    """Write a day's answers as they came, or delete all of them; and copy that."""
    rows = []
    for who, made, answers, comment in sent or ():
        key = secrets.token_bytes(16)
        frame = seal.Frame(town.units[who], made.found.behaviour, answers, comment)
        rows.append((key, msgspec.json.encode(frame)))
        town.log.append(f"POST /svar/send 200 {key.hex()}")
    statements: list[tuple[str, Sequence[bytes]]] = [
        ("INSERT INTO planted (key, payload) VALUES ($1, $2)", row) for row in rows
    ]
    if sent is None:
        statements = [("DELETE FROM planted", ())]
    if isinstance(store, copies.SqliteStore):
        copy = await _in_sqlite(store, statements)
    else:
        copy = await _in_postgres(store, statements)
    return Copy({**copy.files, "log": "\n".join(town.log).encode()}, copy.tables)


async def _in_sqlite(store: copies.SqliteStore, statements: Any) -> Copy:
    with closing(sqlite3.connect(store.file, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE IF NOT EXISTS planted (key BLOB PRIMARY KEY, payload BLOB)")
        for statement, values in statements:
            database.execute(statement, values)
        return await store.copied()


async def _in_postgres(store: copies.PostgresStore, statements: Any) -> Copy:
    connection = await asyncpg.connect(store.address)
    try:
        await connection.execute(
            "CREATE TABLE IF NOT EXISTS planted (key bytea PRIMARY KEY, payload bytea)"
            " WITH (autovacuum_enabled = false)"
        )
        for statement, values in statements:
            await connection.execute(statement, *values)
    finally:
        await connection.close()
    return await store.copied()
