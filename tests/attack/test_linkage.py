"""Who holds the files does not learn who answered what: not by the order of rows, not after.

The attacker knows in which order people answered, and has a copy of the database and its log. A
layout that would give them away is attacked the same way, so that the attack is seen to work.
"""

import sqlite3

import msgspec
import polars as pl
import pytest

from survey import engine
from survey.engine import opened
from survey.intake import keys, seal
from survey.intake.acceptance import Submission, accept
from survey.intake.closing import close_wave
from survey.intake.files import answers_file, comments_file
from survey.intake.writer import running
from survey.tables import Ballot, Intake, Invitation, InvitationCode
from tests.crash.test_crash import submissions
from tests.survey import waves

PEOPLE = 60
BY_CHANCE = 8  # of 60: one is expected, and nine have a chance of one in a million
ORDINARY = """
    CREATE TABLE intake (key BLOB PRIMARY KEY NOT NULL, wave INTEGER NOT NULL, sealed BLOB NOT NULL)
"""


async def linked(settings, folder):
    """How many of 60 people are found: the row at a person's place in the copy is the answer."""
    await waves.organisation()
    await waves.wave(settings)
    async with running():
        for number, sent in enumerate(submissions(settings, PEOPLE)):
            answer = {**sent, "comment": str(number)}
            await accept(settings, msgspec.convert(answer, Submission))
    copy = folder / "copy.sqlite"
    for end in ("", "-wal"):
        source = settings.sqlite_file.with_name(f"{settings.sqlite_file.name}{end}")
        copy.with_name(f"{copy.name}{end}").write_bytes(source.read_bytes())
    with sqlite3.connect(copy) as database:
        rows = database.execute("SELECT sealed FROM intake NOT INDEXED").fetchall()
    private = keys.opening(settings, "2026-1")
    found = [seal.unseal(private, "2026-1", sealed).comment for (sealed,) in rows]
    assert len(found) == PEOPLE
    return sum(place == int(who) for place, who in enumerate(found))


async def test_the_order_of_rows_finds_nobody(settings, tmp_path):
    async with opened(settings, migrate=True):
        assert await linked(settings, tmp_path) <= BY_CHANCE


async def test_the_attack_finds_everybody_in_an_ordinary_table(settings, tmp_path):
    async with opened(settings, migrate=True):
        await engine.current().run_ddl("DROP TABLE intake")
        await engine.current().run_ddl(ORDINARY)

        assert await linked(settings, tmp_path) == PEOPLE


@pytest.fixture
async def answered(settings):
    """An open wave to which everybody has answered in turn, with every secret it then held."""
    async with opened(settings, migrate=True):
        await waves.organisation()
        people = await waves.wave(settings)
        async with running():
            await waves.everybody_answers(settings, people)
        marks = await Invitation.select(Invitation.issued)
        yield [
            *(row["sealed"][:64] for row in await Intake.select(Intake.sealed)),
            *(row["hash"] for row in await Ballot.select(Ballot.hash)),
            *(row["hash"] for row in await InvitationCode.select(InvitationCode.hash)),
            *(row["issued"] for row in marks if row["issued"]),
        ]


async def test_after_the_close_no_byte_of_a_code_a_ballot_or_a_sealed_answer_is_left(
    settings, answered
):
    assert len(answered) == 4 * sum(waves.INVITED.values())

    await close_wave(settings, "2026-1")

    files = [file for file in settings.data.parent.rglob("*") if file.is_file()]
    assert {"kernepuls.sqlite", "kernepuls.sqlite-wal"} <= {file.name for file in files}
    for file in files:
        content = file.read_bytes()
        assert not any(secret in content for secret in answered), file.name


async def test_the_order_of_the_released_files_finds_nobody(settings, answered):
    await close_wave(settings, "2026-1")

    texts = pl.read_parquet(comments_file(settings, "2026-1"))["text"].to_list()
    units = pl.read_parquet(answers_file(settings, "2026-1"))["unit"].to_list()
    assert sum(text == f"Kanarie nummer {place}" for place, text in enumerate(texts)) <= BY_CHANCE
    assert units != sorted(units, key=["N1", "K", "S1"].index)
