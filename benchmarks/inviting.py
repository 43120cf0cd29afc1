"""How long it takes to invite a whole organisation: approve a wave, open it, send its mails.

Made-up staff in 2,500 units, four of five with a work mail of their own, the others with a card.
The product's own functions do the rest on SQLite and PostgreSQL: the keys, the invitations and the
frozen N, the cards' codes; then the queue, and mails with a code of their own in the mail folder.
Prints are the same on both and are measured apart. Each run is a process of its own, so that the
peak memory is its own.

    .venv/bin/python -m benchmarks.inviting [people ...]
"""

import asyncio
import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeVar

from benchmarks._table import Figure, show
from benchmarks.submission import Database, postgres, settings_in
from survey import engine, house
from survey.actions.approval import approve_wave
from survey.actions.invitations import CHUNK
from survey.actions.opening import open_wave
from survey.actions.planning import plan_wave
from survey.delivery import letters, prints
from survey.intake.codes import new_code
from survey.settings import Settings
from survey.tables import (
    Behaviour,
    BehaviourScope,
    InvitationCode,
    MailItem,
    Person,
    Unit,
    UnitVersion,
)

NEEDED = {40_000: 60.0, 100_000: 150.0}  # seconds; as long for each person is no cliff
Result = TypeVar("Result")
WAVE = "2026-1"
OPENS, CLOSES, DISCUSSED = date(2026, 3, 2), date(2026, 3, 15), date(2026, 2, 10)
CENTRES, DEPARTMENTS, TEAMS = 20, 12, 10  # 2,661 units, of which 2,400 have staff
WITHOUT_MAIL = 5  # one of so many
MAILS = 2_000  # are sent, of all that wait
PRINTED = 24  # units whose poster and cards are printed, to tell what one costs
CARDS = 4  # of a unit of 16: three without a mail, and a spare one


class Enough(Exception):
    """So many mails were sent as tell how many go in a second."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds by the clock and of CPU, MB at the most, and what was not made."""

    approved: float  # keys, invitations, N, and the codes of cards
    queued: float  # open, until the first lot of mails has gone
    cpu: float  # of both
    mails: float  # a second, after the first lot
    missing: int  # mails that neither went nor wait, or codes of those that went and of cards
    peak: float


class Watch:
    """Stands for the bar of the command, which is told of mails lot by lot; ends at MAILS."""

    def __init__(self) -> None:
        self.first = self.cpu = self.last = 0.0
        self.before = self.done = 0

    def __call__(self, done: int, of: int) -> None:
        self.last = time.perf_counter()
        if not self.first:
            self.first, self.cpu, self.before = self.last, time.process_time(), done
        self.done = done
        if done >= min(MAILS, of):
            raise Enough


async def roster(people: int) -> None:
    """Units, one behaviour and the staff list."""
    nodes: list[tuple[str, str | None]] = [("K", None)]
    for c in range(CENTRES):
        nodes.append((f"C{c}", "K"))
        for d in range(DEPARTMENTS):
            nodes.append((f"C{c}D{d}", f"C{c}"))
            nodes += [(f"C{c}D{d}T{t}", f"C{c}D{d}") for t in range(TEAMS)]
    rows = await Unit.insert(*(Unit(code=code) for code, _ in nodes))
    ids = {code: row["id"] for (code, _), row in zip(nodes, rows, strict=True)}
    versions = [
        UnitVersion(
            unit=ids[code],
            parent=ids[parent] if parent else None,
            name=f"Enhed {code}",
            core_task="Borgeren får svar." if code == "K" else None,
            valid_from=WAVE,
        )
        for code, parent in nodes
    ]
    await UnitVersion.insert(*versions)
    asked = Behaviour(code="Ad1", text="Vi ringer.", situation="En borger ringede.", short="ringe")
    await asked.save()
    await BehaviourScope(behaviour=asked.id, unit=ids["K"]).save()
    teams = [ids[code] for code, _ in nodes if "T" in code]
    for start in range(0, people, CHUNK // 2):
        await Person.insert(
            *(
                Person(
                    unit=teams[n % len(teams)],
                    first_name="Kim",
                    last_name=f"Opdigtet{n}",
                    profession="sosu",
                    email=f"kim{n}@example.org" if (n // len(teams)) % WITHOUT_MAIL else None,
                )
                for n in range(start, min(start + CHUNK // 2, people))
            )
        )


def no_print(*_: object) -> None:
    """In place of a PDF: the codes of its cards were made and are forgotten."""


async def invited(settings: Settings, people: int) -> Measured:
    house.write_fjordlund(settings)
    async with engine.opened(settings, migrate=True):
        await roster(people)
        await plan_wave(settings, name=WAVE, opens=OPENS, closes=CLOSES, behaviours="all", by=None)
        watch = Watch()
        cpu, begun = time.process_time(), time.perf_counter()
        approved = await approve_wave(
            settings, name=WAVE, med_date=DISCUSSED, by=None, printer=no_print
        )
        between = time.perf_counter()
        with suppress(Enough):
            await open_wave(settings, name=WAVE, by=None, today=OPENS, progress=watch)
        counts = approved.counts
        cards = counts.by_card + counts.spare_cards
        wait = await MailItem.count().where(MailItem.state == "waiting")
        made = watch.done + wait + await InvitationCode.count()
    return Measured(
        approved=between - begun,
        queued=watch.first - between,
        cpu=watch.cpu - cpu,
        mails=(watch.done - watch.before) / (watch.last - watch.first),
        missing=people - counts.invited + counts.by_mail + watch.done + cards - made,
        peak=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    )


def measured(people: int, database: Database) -> Measured:
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(invited(settings_in(Path(folder), database.address), people))


def alone(work: Callable[..., Result], *given: object) -> Result:
    """What a process of its own finds."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as one:
        return one.submit(work, *given).result()


def printed() -> float:
    """Seconds of CPU for the poster and the cards of one unit."""
    return asyncio.run(_printed())


async def _printed() -> float:
    with tempfile.TemporaryDirectory() as folder:
        settings = settings_in(Path(folder), "sqlite")
        house.write_fjordlund(settings)
        fields = house.organisation(settings)
        async with engine.opened(settings, migrate=True):
            around = letters.round_of(settings, fields, closes=CLOSES, fingerprint="0" * 16)
            asked = Behaviour(code="Ad1", text="Vi ringer.", situation="En borger ringede.")
            begun = 0.0
            for number in range(PRINTED + 1):
                if number == 1:  # fonts and style sheets are read once
                    begun = time.process_time()
                prints.poster_pdf(around, "Enhed", asked)
                prints.cards_pdf(around, "Enhed", [new_code().text for _ in range(CARDS)])
    return (time.process_time() - begun) / PRINTED


def figures(name: str, people: int, found: Measured) -> list[Figure]:
    both = found.approved + found.queued
    return [
        Figure(f"{name}, {people:,} people: made and queued", both, "s", NEEDED.get(people)),
        Figure("  approved: keys, invitations, cards' codes", found.approved, "s", digits=1),
        Figure("  opened: in the queue, and the first lot sent", found.queued, "s", digits=1),
        Figure("  CPU of both", found.cpu, "s", digits=1),
        Figure("  missing", found.missing, "", 0),
        Figure("  peak memory", found.peak, "MB"),
        Figure("  then mails, each kept before the next", found.mails, "a second"),
    ]


def main() -> None:
    sizes = [int(one) for one in sys.argv[1:]] or list(NEEDED)
    rows = []
    with postgres() as fresh:
        for people in sizes:
            for name, database in (("SQLite", Database("SQLite")), ("PostgreSQL", fresh())):
                rows += figures(name, people, alone(measured, people, database))
    one = alone(printed)
    rows.append(Figure(f"Prints of a unit, poster and {CARDS} cards: CPU", one, "s", digits=2))
    show("Inviting a whole organisation", rows)


if __name__ == "__main__":
    main()
