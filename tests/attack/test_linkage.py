"""Who holds a copy of everything, every night, does not learn who answered what.

The game: 200 people live a wave through the product, and an attacker who knows the order in which
they sent, and holds copies of everything but the keys, says which released row is whose. The same
attacker gets the same answers in a layout that would give them away, so that he is seen to work.
"""

import io
import logging
import secrets
import sys
from dataclasses import replace

import pytest

from survey import log as own_log
from survey.engine import opened
from survey.intake.closing import close_wave
from survey.intake.writer import running
from survey.tables import Ballot, Intake, Invitation, InvitationCode
from tests.attack import attacker, copies, lived
from tests.attack.attacker import Copy, Known, Released, Row
from tests.conftest import settings_in
from tests.survey import waves

SEED = 4
RUNS = 20  # of the long game (trust.md 7)
FILES = ("answers", "comments")


@pytest.fixture(params=["sqlite", "postgres"])
async def game(request, tmp_path, monkeypatch, caplog):
    """A function that plays one whole game with a seed, on a new installation."""
    errors = io.StringIO()
    monkeypatch.setattr(sys, "stderr", errors)
    own_log.configure()
    caplog.set_level(logging.INFO)

    async def played(seed):
        folder = tmp_path / str(seed)
        (folder / "planted").mkdir(parents=True)
        settings = settings_in(folder)
        rules = {"seed": seed, "log": lambda: caplog.text + errors.getvalue()}
        if request.param == "sqlite":
            planted = copies.SqliteStore(folder / "planted" / "planted.sqlite", copies.PLANTED)
            store = copies.SqliteStore(settings.sqlite_file, copies.PRODUCT)
            async with opened(settings, migrate=True):
                return await lived.played(settings, store, planted, **rules)
        new_database = request.getfixturevalue("new_database")
        settings = replace(settings, database=await new_database())
        planted = copies.PostgresStore(await new_database(), copies.PLANTED)
        store = copies.PostgresStore(settings.database, copies.PRODUCT)
        async with opened(settings), store.held(), planted.held():
            return await lived.played(settings, store, planted, **rules)

    return played


def beats_chance(*runs):
    best, most = attacker.limit(runs, seed=SEED)
    return best > most


async def test_copies_of_everything_link_nobody_and_an_ordinary_table_everybody(game):
    first = await game(SEED)

    suspects = [file for file in FILES if beats_chance(getattr(first, file))]
    if suspects:  # as chance does in one game of some hundred, and a leak in every one
        again = await game(SEED + 1)
        suspects = [file for file in suspects if beats_chance(getattr(again, file))]
    assert suspects == []
    assert first.answers.certain == first.comments.certain == {}
    planted, everybody = first.planted, len(first.planted.truth)
    assert everybody == lived.PEOPLE - lived.SILENT - lived.GIVES_UP
    assert beats_chance(planted)
    assert planted.hits["planted as it lies read by sent"] == everybody
    right = {who: row for who, row in planted.certain.items() if planted.truth[who] == row}
    assert len(right) == len(planted.certain) > planted.chance
    for way in ("before the close read by sent", "at the end read by sent", "as it lies read by"):
        assert max(n for name, n in planted.hits.items() if way in name) > 2 * planted.chance, way


@pytest.mark.soak
async def test_twenty_waves_link_nobody_beyond_chance(game):
    runs = [await game(100 + number) for number in range(RUNS)]

    for file in FILES:
        played = [getattr(run, file) for run in runs]
        best, most = attacker.limit(played, seed=SEED)
        by_chance = sum(one.chance for one in played)
        print(f"{file}: best {best}, at most {most:.0f}, by chance {by_chance}")  # noqa: T201
        assert best <= most
        assert [one.certain for one in played] == [{}] * RUNS
    assert beats_chance(*(run.planted for run in runs))


# --- the attacker, seen to work ------------------------------------------------------------------


def sealed_copies(people, *, shuffled):
    """Copies of a table whose rows nobody can read, and a release in the order of its keys or not.

    The database tells the order of writing; two blocks; everybody sends on one night.
    """
    keys = [secrets.token_bytes(16) for _ in range(people)]
    rows = [Row(key, secrets.token_bytes(64), xmin=n, place=(0, n)) for n, key in enumerate(keys)]
    lying = sorted(rows, key=lambda row: row.key)
    night, end = Copy({}, {"intake": lying}), Copy({}, {"intake": []})
    order = [*range(people)] if shuffled else [rows.index(row) for row in lying]
    released = [Released((f"N{who % 2}",), b"mark of %04d" % who) for who in order]
    truth = {who: place for place, who in enumerate(order)}
    known = Known(range(people), {}, dict.fromkeys(range(people), 0), {})
    seen = attacker.evidence([night, end], (row.mark for row in released))
    if shuffled:
        released, truth = released[::-1], {who: people - 1 - row for who, row in truth.items()}
    return attacker.play(seen, released, known, truth)


def test_a_close_that_keeps_the_order_of_the_keys_is_found_out():
    played = sealed_copies(100, shuffled=False)

    assert played.hits["intake by xmin, keys up"] == 100
    assert beats_chance(played)


def test_a_file_in_the_order_of_sending_is_found_out_backwards_too():
    assert sealed_copies(100, shuffled=True).hits["released file backwards by sent"] == 100


def test_whoever_is_alone_in_a_block_is_linked_with_certainty():
    released = [Released(("N1", None), b"alone"), *[Released(("N1", "sosu"), b"many")] * 5]
    known = Known(range(6), {}, dict.fromkeys(range(6), 0), {})
    truth = {who: who for who in range(6)}
    seen = attacker.evidence([Copy({}, {}), Copy({}, {})], [])

    assert attacker.play(seen, released, known, truth).certain == {0: 0}


def test_by_chance_each_block_gives_one_hit():
    blocks = {who: (f"N{who % 7}",) for who in range(100)} | {100: ("K",)}
    guess = {who: who for who in blocks}
    run = attacker.Played({"any": guess}, {}, guess, blocks)

    hits = [attacker.limit([run], seed=seed)[1] for seed in range(20)]

    assert (run.chance, run.deviation) == (8, 7**0.5)
    assert sum(hits) / len(hits) == pytest.approx(8 + 3 * 7**0.5, abs=0.5)


async def test_rows_that_are_gone_are_still_read_in_the_pages(settings, new_database):
    settings = replace(settings, database=await new_database())
    store = copies.PostgresStore(settings.database, copies.PRODUCT)
    async with opened(settings), store.held():
        await Ballot.insert(*(Ballot(hash=secrets.token_bytes(32), wave=1) for _ in range(20)))
        there = (await store.copied()).tables
        await Ballot.delete().where(Ballot.wave == 1)
        gone = (await store.copied()).tables

    hashes = {row.key for row in there["ballot"]}
    assert gone["ballot"] == []
    if store.inspects:
        assert hashes == {row.key for row in there["ballot pages"]}
        assert hashes == {row.key for row in gone["ballot pages"]}


# --- what is left after the close ----------------------------------------------------------------


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
