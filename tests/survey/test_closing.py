"""The close of a wave on both databases: what comes out, what is gone, how it can stop."""

import asyncio
import ctypes
import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import aiosqlite
import asyncpg
import msgspec
import polars as pl
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from survey import engine, insight, log
from survey.app import create_app
from survey.engine import opened, rewriting
from survey.engine.rewriting import StillRead
from survey.errors import DiskFull, WaveUnknown
from survey.intake import child, closing, disk, keys, opening, seal
from survey.intake.closing import close_wave, resume
from survey.intake.files import answers_file, comments_file, copy_of, receipts_file
from survey.intake.opening import Task, open_and_write, rolled_up, unnamed
from survey.intake.refusals import (
    ClosingNow,
    CopyDiffers,
    CountDiffers,
    KeysDiffer,
    KeysMissing,
    RowsUnopenable,
    WaveNotOpen,
)
from survey.intake.writer import running
from survey.tables import Ballot, Closing, Intake, Invitation, InvitationCode, Wave
from tests.survey import waves
from tests.survey.waves import ANSWER, EVERYBODY, INVITED, TREE, answered, stored

# What is about files and keys is the same on both databases: once is enough.
FILES_ONLY = pytest.mark.parametrize("store", ["sqlite"], indirect=True)


async def now():
    [row] = await Wave.select(Wave.state).where(Wave.name == "2026-1")
    return row["state"]


def read(settings):
    return (
        pl.read_parquet(answers_file(settings, "2026-1")),
        pl.read_parquet(comments_file(settings, "2026-1")),
    )


def task_of(settings, *, drop_unopenable=False):
    """What the child is given, for a test that does its work here."""
    return Task(
        settings=settings,
        wave="2026-1",
        wave_id=1,
        parents=TREE,
        behaviours=frozenset({"Ad1"}),
        contract=closing.CONTRACT,
        drop_unopenable=drop_unopenable,
    )


# --- what comes out ------------------------------------------------------------------------------


async def test_a_closed_wave_has_answers_comments_receipts_and_a_release(store):
    await answered(store)

    closed = await close_wave(store, "2026-1")

    answers, comments = read(store)
    assert (closed.state, await now()) == ("released", "released")
    assert (closed.answers, closed.comments, closed.dropped) == (EVERYBODY, EVERYBODY, {})
    assert answers.schema == insight.ANSWERS
    assert (answers.height, comments.height) == (EVERYBODY, EVERYBODY)
    assert len(receipts_file(store, "2026-1").read_text().split()) == EVERYBODY
    assert insight.stored_release(store, "2026-1").wave == "2026-1"


async def test_what_people_answered_is_what_stands_in_the_file(store):
    await answered(store)

    await close_wave(store, "2026-1")

    answers, _ = read(store)
    assert answers["clarity"].to_list() == [5] * EVERYBODY
    assert answers["priority"].to_list() == ["SILO"] * EVERYBODY
    assert answers["b_vid"].null_count() == EVERYBODY


async def test_fewer_than_five_answers_lose_their_unit(store):
    """N2 has three: they move to N, and with nobody there, on to K."""
    await answered(store)

    await close_wave(store, "2026-1")

    answers, _ = read(store)
    assert dict(answers["unit"].value_counts().iter_rows()) == {"N1": 12, "K": 3, "S1": 6}


async def test_comments_stand_at_the_nearest_unit_where_ten_came_together(store):
    """N1 has twelve; the nine others meet at K, one too few, and are kept unseen."""
    await answered(store)

    await close_wave(store, "2026-1")

    _, comments = read(store)
    assert dict(comments["unit"].value_counts().iter_rows()) == {"N1": 12, None: 9}
    assert set(comments["text"]) == {
        f"Kanarie {unit} {number}" for unit in INVITED for number in range(INVITED[unit])
    }


async def test_the_files_hold_no_order_of_their_own(store):
    """Twelve rows, two of each kind, have one chance in 12! / 2**6 to come out as they went in."""
    await waves.organisation()
    await waves.wave(store)
    for number in range(12):
        await stored(
            store, seal.Frame("N1", "Ad1", {**ANSWER, "successes": number % 6}, f"nr. {number:02}")
        )

    await close_wave(store, "2026-1")

    answers, comments = read(store)
    sent = [number % 6 for number in range(12)]
    assert answers["successes"].to_list() != sent
    assert comments["text"].to_list() != sorted(comments["text"])
    paired = [int(text[-2:]) % 6 for text in comments["text"]]
    assert answers["successes"].to_list() != paired


@FILES_ONLY
async def test_the_file_says_wave_and_schema_and_neither_time_nor_statistics(store):
    await answered(store)

    await close_wave(store, "2026-1")

    file = answers_file(store, "2026-1")
    metadata = pl.read_parquet_metadata(file)
    assert {name: metadata[name] for name in ("wave", "schema")} == {
        "wave": "2026-1",
        "schema": "1",
    }
    assert set(metadata) <= {"wave", "schema", "ARROW:schema"}
    assert file.read_bytes()[-4:] == b"PAR1"


async def test_a_wave_nobody_answered_can_be_closed(store):
    await waves.organisation()
    await waves.wave(store)

    closed = await close_wave(store, "2026-1")

    assert (closed.answers, closed.comments) == (0, 0)
    assert closed.state in ("released", "held")


@FILES_ONLY
async def test_closing_tells_how_far_it_is(store):
    await answered(store)
    told = []

    await close_wave(store, "2026-1", lambda done, total: told.append((done, total)))

    assert told == [(number, len(closing.STEPS)) for number in range(1, len(closing.STEPS) + 1)]


# --- what is gone --------------------------------------------------------------------------------


async def test_after_the_close_nothing_is_left_of_intake_keys_and_codes(store):
    await answered(store)

    await close_wave(store, "2026-1")

    assert (await Intake.count(), await Ballot.count(), await InvitationCode.count()) == (0, 0, 0)
    assert await Invitation.count().where(Invitation.issued.is_not_null()) == 0
    assert not any(folder.exists() for folder in keys.places(store, "2026-1"))


async def test_no_sealed_byte_is_left_in_the_database_file(settings):
    async with opened(settings, migrate=True):
        await answered(settings)
        rows = [row["sealed"] for row in await Intake.select(Intake.sealed)]
        hashes = [row["hash"] for row in await Ballot.select(Ballot.hash)]

        await close_wave(settings, "2026-1")

        left = b"".join(
            path.read_bytes() for path in settings.data.glob("kernepuls.sqlite*") if path.is_file()
        )
    assert not any(row[:64] in left or row[-64:] in left for row in rows)
    assert not any(hash_ in left for hash_ in hashes)


async def test_other_waves_are_left_alone(store):
    await answered(store)
    await waves.wave(store, "2026-2")
    await Ballot(hash=b"o" * 32, wave=2).save()

    await close_wave(store, "2026-1")

    assert await Ballot.count() == 1
    assert await InvitationCode.count() == EVERYBODY
    assert keys.fingerprint(store, "2026-2")


@FILES_ONLY
async def test_the_answers_have_a_second_copy(store):
    await answered(store)

    await close_wave(store, "2026-1")

    for file in (answers_file(store, "2026-1"), comments_file(store, "2026-1")):
        assert copy_of(store, file).read_bytes() == file.read_bytes()


# --- what is refused -----------------------------------------------------------------------------


async def test_a_wave_that_does_not_exist_cannot_be_closed(store):
    with pytest.raises(WaveUnknown):
        await close_wave(store, "2026-1")


@pytest.mark.parametrize("state", ["draft", "approved"])
async def test_a_wave_that_is_not_open_cannot_be_closed(store, state):
    await waves.organisation()
    await waves.wave(store, state=state)

    with pytest.raises(WaveNotOpen):
        await close_wave(store, "2026-1")

    assert await now() == state


async def test_closing_a_released_wave_again_changes_nothing(store):
    await answered(store)
    first = await close_wave(store, "2026-1")
    before = answers_file(store, "2026-1").read_bytes()

    again = await close_wave(store, "2026-1")

    assert again == first
    assert answers_file(store, "2026-1").read_bytes() == before


async def test_two_cannot_close_a_wave_at_once(store):
    await answered(store)
    inside, go_on = asyncio.Event(), asyncio.Event()

    async def first():
        with closing._alone(store, "2026-1"):
            inside.set()
            await go_on.wait()

    task = asyncio.create_task(first())
    await inside.wait()
    with pytest.raises(ClosingNow):
        await close_wave(store, "2026-1")
    go_on.set()
    await task

    assert await now() == "open"


async def test_a_count_that_does_not_add_up_opens_nothing(store):
    await answered(store)
    await Ballot(hash=b"x" * 32, wave=1).save()

    with pytest.raises(CountDiffers) as refused:
        await close_wave(store, "2026-1")

    assert refused.value.facts == {"wave": "2026-1", "found": EVERYBODY, "expected": EVERYBODY + 1}
    assert await now() == "closing"
    assert await Intake.count() == EVERYBODY
    assert not answers_file(store, "2026-1").exists()


async def test_keys_that_are_gone_stop_the_close_and_keep_everything(store):
    await answered(store)
    keys.destroy(store, "2026-1")

    with pytest.raises(KeysMissing):
        await close_wave(store, "2026-1")

    assert await Intake.count() == EVERYBODY


@FILES_ONLY
async def test_a_key_that_does_not_fit_stops_the_close_and_keeps_everything(store):
    await answered(store)
    file = keys.places(store, "2026-1")[0] / "opening.key"
    file.chmod(0o600)
    file.write_bytes(X25519PrivateKey.generate().private_bytes_raw())

    with pytest.raises(KeysDiffer):
        await close_wave(store, "2026-1")

    assert (await Intake.count(), await now()) == (EVERYBODY, "closing")


async def test_a_row_that_cannot_be_opened_stops_until_two_agree(store):
    await answered(store)
    await stored(store, None, sealed=secrets.token_bytes(seal.SEALED))

    for confirmed in ((), (1,), (1, 1)):
        with pytest.raises(RowsUnopenable) as refused:
            await close_wave(store, "2026-1", confirmed_by=confirmed)
        assert refused.value.facts["n"] == 1
        assert await Intake.count() == EVERYBODY + 1
    closed = await close_wave(store, "2026-1", confirmed_by=(1, 2))

    assert (closed.answers, closed.dropped) == (EVERYBODY, {"unopenable": 1})
    job = await Closing.objects().first()
    assert job.refusal is None


INVALID = {
    "another unit": (seal.Frame("X9", "Ad1", ANSWER), "unit:unknown"),
    "another behaviour": (seal.Frame("N1", "Ad9", ANSWER), "behaviour:unknown"),
    "no situation": (seal.Frame("N1", "Ad1", {"clarity": 3}), "situation:empty"),
    "out of range": (seal.Frame("N1", "Ad1", {**ANSWER, "clarity": 6}), "clarity:value"),
    "text for a number": (seal.Frame("N1", "Ad1", {**ANSWER, "clarity": "4"}), "columns"),
    "a number for a text": (seal.Frame("N1", "Ad1", {**ANSWER, "resolver": 1}), "columns"),
    "an unknown column": (seal.Frame("N1", "Ad1", {**ANSWER, "mood": 1}), "columns"),
    "not in the situation": (
        seal.Frame("N1", "Ad1", {"situation": "no", "successes": 2}),
        "successes:not_in_situation",
    ),
}


@pytest.mark.parametrize(("frame", "reason"), INVALID.values(), ids=INVALID)
async def test_an_invalid_answer_is_left_out_and_counted_by_reason(settings, frame, reason):
    """Its own comment goes with it, and no other."""
    async with opened(settings, migrate=True):
        await answered(settings)
        await stored(settings, msgspec.structs.replace(frame, comment="Ugyldig"))

        written = await asyncio.to_thread(open_and_write, task_of(settings), opening.nowhere)

    comments = pl.read_parquet(disk.part_of(comments_file(settings, "2026-1")))
    assert (written.answers, written.dropped) == (EVERYBODY, {reason: 1})
    assert "Ugyldig" not in comments["text"].to_list()
    assert comments.height == EVERYBODY


async def test_an_envelope_with_something_else_in_it_is_counted_as_unreadable(settings):
    async with opened(settings, migrate=True):
        await answered(settings)
        public = keys.intake(settings, "2026-1").sealing
        other = seal.SUITE.encrypt(bytes(seal.FRAME), public, info=b"kernepuls answer 12026-1")
        await stored(settings, None, sealed=other)

        closed = await close_wave(settings, "2026-1")

    assert closed.dropped == {"unreadable": 1}


@FILES_ONLY
async def test_a_copy_that_differs_keeps_the_key(store, monkeypatch):
    """The backup place gives other bytes than it was given."""
    await answered(store)
    real = shutil.copyfile
    monkeypatch.setattr(shutil, "copyfile", lambda _, to: Path(to).write_bytes(b"other"))

    with pytest.raises(CopyDiffers):
        await close_wave(store, "2026-1")

    assert await Intake.count() == EVERYBODY
    assert keys.opening(store, "2026-1")
    monkeypatch.setattr(shutil, "copyfile", real)
    assert (await close_wave(store, "2026-1")).state == "released"


@FILES_ONLY
async def test_a_backup_place_without_room_says_so_and_keeps_the_key(store, monkeypatch):
    await answered(store)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", full)

    with pytest.raises(DiskFull):
        await close_wave(store, "2026-1")

    assert keys.opening(store, "2026-1")


@pytest.mark.parametrize(
    ("store", "harm"),
    [("sqlite", "fewer rows"), ("postgres", "other columns")],
    indirect=["store"],
)
async def test_a_file_that_does_not_read_back_is_not_released(store, harm):
    await answered(store)
    file = answers_file(store, "2026-1")

    def spoil(step):
        if step == "renamed":
            frame = pl.read_parquet(file)
            (frame.head(3) if harm == "fewer rows" else frame.drop("clarity")).write_parquet(file)

    with pytest.raises(CountDiffers):
        await Stepwise(spoil).close(store)

    assert await Intake.count() == EVERYBODY
    assert (await close_wave(store, "2026-1")).answers == EVERYBODY


class Stepwise:
    """A hook for the steps of the server; the child is given one that does nothing."""

    def __init__(self, hook):
        self.hook = hook

    def __call__(self, step):
        self.hook(step)

    def __reduce__(self):
        return (opening_hook, ())

    async def close(self, settings):
        return await close_wave(settings, "2026-1", at=self)


def opening_hook():
    return opening.nowhere


async def test_a_log_that_somebody_reads_stops_the_close_until_they_are_done(settings):
    async with opened(settings, migrate=True):
        await answered(settings)
        async with aiosqlite.connect(settings.sqlite_file) as other:
            await other.execute("PRAGMA journal_mode=WAL")
            await other.execute("BEGIN")
            await (await other.execute("SELECT count(*) FROM unit")).fetchall()
            await engine.current().run_ddl("PRAGMA busy_timeout=50")
            with pytest.raises(StillRead):
                await close_wave(settings, "2026-1")
            await other.execute("ROLLBACK")

        assert (await close_wave(settings, "2026-1")).state == "released"


@pytest.mark.parametrize("store", ["postgres"], indirect=True)
async def test_rows_that_an_older_transaction_may_see_stop_the_close_until_it_is_over(
    store, monkeypatch
):
    monkeypatch.setattr(rewriting, "PATIENCE", 0.2)
    await answered(store)
    other = await asyncpg.connect(store.database)
    async with other.transaction(isolation="repeatable_read"):
        await other.fetch("SELECT count(*) FROM intake")
        with pytest.raises(StillRead):
            await close_wave(store, "2026-1")
        assert await other.fetchval("SELECT count(*) FROM intake") > 0
    await other.close()

    assert (await close_wave(store, "2026-1")).state == "released"


async def test_a_release_that_leaks_is_held_and_tried_again(store, monkeypatch):
    await answered(store)
    real = insight.release_wave

    async def leaks(*_):
        return insight.Released(None, "A1")

    monkeypatch.setattr(insight, "release_wave", leaks)
    held = await close_wave(store, "2026-1")
    job = await Closing.objects().first()
    monkeypatch.setattr(insight, "release_wave", real)
    released = await close_wave(store, "2026-1")

    assert (held.state, job.refusal) == ("held", "A1")
    assert (released.state, await now()) == ("released", "released")


async def test_a_child_that_dies_ends_as_a_sentence(settings):
    with pytest.raises(child.ChildEnded):
        await child.in_child(os._exit, 9)


async def test_a_child_whose_parent_is_gone_ends_itself(settings):
    ended = subprocess.run(
        [sys.executable, "-c", "from survey.intake.child import _end_with_parent as e; e(1 << 30)"],
        check=False,
    )

    assert ended.returncode == -signal.SIGKILL


def test_a_child_is_told_to_end_with_its_parent(monkeypatch):
    ended = []
    monkeypatch.setattr(os, "kill", lambda *sent: ended.append(sent))

    try:
        child._end_with_parent(os.getppid())
        alive = [*ended]
        child._end_with_parent(1 << 30)
    finally:  # else the run itself is killed with whoever began it
        ctypes.CDLL(None).prctl(child.PR_SET_PDEATHSIG, 0)

    assert alive == []
    assert ended == [(os.getpid(), signal.SIGKILL)]


@FILES_ONLY
async def test_the_receipts_survive_a_close_that_was_cut_after_the_ballots_were_gone(store):
    await answered(store)
    with pytest.raises(Cut):
        await Stepwise(cut_at("emptied")).close(store)
    before = receipts_file(store, "2026-1").read_text()

    await close_wave(store, "2026-1")

    assert receipts_file(store, "2026-1").read_text() == before
    assert len(before.split()) == EVERYBODY


async def test_the_server_goes_on_with_a_close_that_was_cut_short(store):
    await answered(store)
    async with running():
        with pytest.raises(Cut):
            await Stepwise(cut_at("counted")).close(store)

        await resume(store)

    assert await now() == "released"


async def test_a_close_that_stops_again_does_not_stop_the_server(store):
    await answered(store)
    await Ballot(hash=b"x" * 32, wave=1).save()
    with pytest.raises(CountDiffers):
        await close_wave(store, "2026-1")

    await resume(store)

    assert await now() == "closing"
    assert await refusal() == "CountDiffers"


async def test_whatever_a_close_breaks_at_the_next_wave_and_the_pages_go_on(
    store, monkeypatch, capfd
):
    """The analysis may break at anything; its words can quote an answer, so they are not kept."""
    log.configure()
    await answered(store)
    await waves.wave(store, "2026-2")
    for name in ("2026-1", "2026-2"):
        with pytest.raises(Cut):
            await close_wave(store, name, at=cut_at("marked"))
    real = insight.release_wave

    async def breaks(settings, wave):
        if wave == "2026-1":
            raise ZeroDivisionError("Kanarie N1 4")
        return await real(settings, wave)

    monkeypatch.setattr(insight, "release_wave", breaks)
    async with create_app(store).lifespan():
        await until_resumed("2026-2")

    states = {row["name"]: row["state"] for row in await Wave.select(Wave.name, Wave.state)}
    said = "".join(capfd.readouterr())
    assert states == {"2026-1": "closing", "2026-2": "released"}
    assert await refusal() == "ZeroDivisionError"
    assert "ZeroDivisionError" in said
    assert "Kanarie" not in said


@FILES_ONLY
async def test_a_close_that_goes_on_no_longer_says_that_it_stopped(store):
    await answered(store)
    with pytest.raises(Cut):
        await close_wave(store, "2026-1", at=cut_at("counted"))
    stopped = await refusal()

    await close_wave(store, "2026-1")

    assert stopped == "Cut"
    assert await refusal() is None


async def test_an_error_stays_itself_where_it_cannot_be_written_down(store, monkeypatch):
    await answered(store)

    def lost(*_):
        raise OSError

    monkeypatch.setattr(Closing, "update", lost)

    with pytest.raises(Cut):
        await close_wave(store, "2026-1", at=cut_at("marked"))


async def refusal():
    [row] = await Closing.select(Closing.refusal).where(Closing.wave == 1)
    return row["refusal"]


async def until_resumed(name):
    while await Wave.exists().where(Wave.name == name, Wave.state == "closing"):
        await asyncio.sleep(0.02)


class Cut(Exception):
    """Stands for a kill where the process goes on to look."""


def cut_at(step):
    def hook(name):
        if name == step:
            raise Cut

    return hook


# --- moving up -----------------------------------------------------------------------------------

MOVES = {
    "enough stay where they are": (["N1"] * 5, {"N1": "N1"}),
    "four move to their parent's pile": (["N1"] * 4 + ["N"] * 5, {"N1": "N", "N": "N"}),
    "two small teams together are enough": (["N1"] * 3 + ["N2"] * 2, {"N1": "N", "N2": "N"}),
    "too few on the way go on": (["N1"] * 4 + ["S1"] * 5, {"N1": "K", "S1": "S1"}),
    "fewer than five in all stay at the root": (["N1", "S1"], {"N1": "K", "S1": "K"}),
    "nobody": ([], {}),
}


@pytest.mark.parametrize(("units", "moved"), MOVES.values(), ids=MOVES)
def test_small_piles_move_up(units, moved):
    assert rolled_up(units, TREE, 5) == moved


@given(st.lists(st.sampled_from(sorted(TREE)), max_size=60))
def test_no_pile_but_the_roots_is_small(units):
    moved = rolled_up(units, TREE, 5)
    piles = [moved[unit] for unit in units]

    assert all(piles.count(unit) >= 5 for unit in piles if unit != "K")


@given(st.lists(st.sampled_from(sorted(TREE)), max_size=60), st.randoms())
def test_the_order_of_answers_changes_nothing(units, order):
    shuffled = [*units]
    order.shuffle(shuffled)

    assert rolled_up(units, TREE, 5) == rolled_up(shuffled, TREE, 5)


LEFT = {
    "enough of each": ("aaaaabbbbb", {"a": 5, "b": 5}),
    "four lack one, and four of five would be too few": ("aaaaabbbbccccc", {"a": 5, None: 9}),
    "one manager is hidden among four others": ("aaaaaaaaaal", {"a": 6, None: 5}),
    "who would be too few without them all go": ("aaaaaal", {None: 7}),
    "five that nobody named stay": ("aaaaa-----", {"a": 5, None: 5}),
    "fewer than five in all": ("aab", {None: 3}),
    "nobody": ("", {}),
}


@pytest.mark.parametrize(("told", "left"), LEFT.values(), ids=LEFT)
def test_a_profession_with_few_answers_in_a_unit_is_not_named(told, left):
    found = unnamed([None if group == "-" else group for group in told], 5)

    assert Counter(found) == left


@given(st.lists(st.sampled_from(["a", "b", "c", "d", None]), max_size=40))
def test_nobody_is_told_apart_in_a_unit_by_a_profession(groups):
    found = unnamed(groups, 5)

    assert all(now in (before, None) for before, now in zip(groups, found, strict=True))
    assert all(found.count(group) >= min(5, len(groups)) for group in found)


async def test_a_released_file_names_no_profession_of_fewer_than_five(store):
    await answered(store)
    for profession in ("sosu",) * 7 + ("leder",):
        await stored(store, seal.Frame("N1", "Ad1", {**ANSWER, "profession": profession}))

    await close_wave(store, "2026-1")

    told = Counter(read(store)[0].select("unit", "profession").iter_rows())
    assert told == {
        ("N1", "sosu"): 7,
        ("N1", None): 12 + 1,
        ("S1", None): 6,
        ("K", None): 3,  # all there are so far up
    }


async def test_the_childs_work_gives_counts_and_nothing_else(store):
    """Run here, so that what the child does is seen by the tests."""
    await answered(store)
    reached = []
    task = task_of(store)

    written = await asyncio.to_thread(open_and_write, task, reached.append)

    assert (written.answers, written.comments, written.dropped) == (EVERYBODY, EVERYBODY, {})
    assert reached == ["opened"]
    assert answers_file(store, "2026-1").with_name("2026-1.parquet.part").exists()
    assert not answers_file(store, "2026-1").exists()


async def test_the_childs_work_counts_what_it_left_out(store):
    await answered(store, comments=False)
    for frame, _ in INVALID.values():
        await stored(store, frame)
    public = keys.intake(store, "2026-1").sealing
    other = seal.SUITE.encrypt(bytes(seal.FRAME), public, info=b"kernepuls answer 12026-1")
    await stored(store, None, sealed=other)
    await stored(store, None, sealed=secrets.token_bytes(seal.SEALED))
    task = task_of(store, drop_unopenable=True)

    written = await asyncio.to_thread(open_and_write, task, opening.nowhere)
    stopped = await asyncio.to_thread(
        open_and_write, replace(task, drop_unopenable=False), opening.nowhere
    )

    assert (written.answers, written.comments) == (EVERYBODY, 0)
    assert sum(written.dropped.values()) == len(INVALID) + 2
    assert written.dropped["columns"] == 3
    assert stopped.stopped
