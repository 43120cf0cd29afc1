"""From a typed code to a receipt, on both databases: what is taken, refused and kept."""

import asyncio
import json
import os
import sqlite3
import subprocess
import sys
from datetime import date

import pytest

from survey import engine
from survey.engine import opened
from survey.engine.refusals import DatabaseBusy
from survey.errors import DiskFull, WaveUnknown
from survey.intake import ballots, codes, keys, seal, shown, tickets
from survey.intake.acceptance import Submission, accept
from survey.intake.files import receipts_file
from survey.intake.refusals import (
    AnswerMalformed,
    AnswerNotStored,
    AnswerTooLarge,
    BallotRefused,
    CodeUnknown,
    CodeUsed,
    NotOpenYet,
    PageOld,
    ServerBusy,
    WaveClosed,
)
from survey.intake.writer import (
    TOGETHER,
    WAITING,
    Item,
    Writer,
    end_process,
    running,
    running_writer,
)
from survey.tables import (
    Ballot,
    Intake,
    Invitation,
    Invited,
    TrialAction,
    TrialUnit,
    Unit,
    Wave,
)
from tests.survey import waves
from tests.survey.waves import ANSWER, a_code, submission, submission_of


@pytest.fixture
async def people(store):
    """Everybody invited to an open wave; the writer runs."""
    await waves.organisation()
    invited = await waves.wave(store)
    async with running():
        yield invited


async def state(name):
    await Wave.update({Wave.state: name}).where(Wave.name == "2026-1")


# --- looking up a code ---------------------------------------------------------------------------


async def test_a_code_opens_what_its_invitation_asks(store, people):
    found = await ballots.look_up(store, people[0].code)

    assert (found.wave, found.behaviour, found.form_version) == ("2026-1", "Ad1", 1)
    assert found.shown == shown.Shown(
        unit="N1",
        unit_name="Enhed N1",
        core_task="Borgeren får svar.",
        core_task_en=None,
        behaviour="Vi ringer tilbage samme dag.",
        behaviour_en=None,
        situation_asked="En borger ringede.",
        situation_asked_en=None,
        trial=None,
        closes="2026-03-15",
        parts="/svar/dele/2026-1",
    )


async def test_looking_up_spends_nothing(store, people):
    first = await ballots.look_up(store, people[0].code)
    again = await ballots.look_up(store, people[0].code.lower().replace("-", ""))

    assert first == again
    assert await Invitation.count().where(Invitation.issued.is_not_null()) == 0


async def test_nobody_is_marked_after_the_close_by_a_request_that_began_before_it(
    store, people, monkeypatch
):
    """The mark would outlive the close, and say for ever who opened the form."""
    real = ballots._invited

    async def then_closed(code):
        found = await real(code)
        await state("closing")
        return found

    monkeypatch.setattr(ballots, "_invited", then_closed)

    with pytest.raises(WaveClosed):
        await ballots.issue(store, people[0].code, b"\1" * 384)

    assert await Invitation.count().where(Invitation.issued.is_not_null()) == 0


async def test_all_with_one_context_get_one_ticket(store, people):
    found = [await ballots.look_up(store, person.code) for person in people if person.unit == "N1"]

    assert len(found) == 12
    assert len({each.ticket for each in found}) == 1
    assert json.loads(found[0].context) == {
        "behaviour": "Ad1",
        "profession": "sosu",
        "unit": "N1",
        "wave": "2026-1",
    }


async def test_the_profession_is_left_out_when_fewer_than_five_share_the_context(store, people):
    small = next(person for person in people if person.unit == "N2")

    found = await ballots.look_up(store, small.code)

    assert "profession" not in json.loads(found.context)


async def test_a_card_names_no_profession(store, people):
    await Invitation.update({Invitation.profession: None}).where(Invitation.wave == 1)

    found = await ballots.look_up(store, people[0].code)

    assert "profession" not in json.loads(found.context)


async def test_an_unknown_code_is_unknown_while_a_wave_is_open(store, people):
    with pytest.raises(CodeUnknown):
        await ballots.look_up(store, codes.new_code().text)


async def test_a_code_of_an_approved_wave_is_not_open_yet(store, people):
    await state("approved")

    with pytest.raises(NotOpenYet) as refused:
        await ballots.look_up(store, people[0].code)

    assert refused.value.facts["date"] == date(2026, 3, 2)


async def test_a_code_of_a_wave_that_closes_is_expired(store, people):
    await state("closing")
    await Wave(
        name="2026-2", opens=date(2026, 6, 1), closes=date(2026, 6, 14), state="draft"
    ).save()

    with pytest.raises(WaveClosed) as refused:
        await ballots.look_up(store, people[0].code)

    assert refused.value.facts == {"date": date(2026, 3, 15), "next": date(2026, 6, 1)}


AFTER = {"released": WaveClosed, "held": WaveClosed, "draft": NotOpenYet, "approved": NotOpenYet}


@pytest.mark.parametrize(("now", "refusal"), AFTER.items(), ids=AFTER)
async def test_with_no_wave_open_an_unknown_code_says_what_is_true_of_all(
    store, people, now, refusal
):
    await state(now)

    with pytest.raises(refusal):
        await ballots.look_up(store, codes.new_code().text)


async def test_before_the_first_wave_every_code_is_not_open_yet(store):
    with pytest.raises(NotOpenYet) as refused:
        await ballots.look_up(store, codes.new_code().text)

    assert refused.value.facts["date"] is None


async def test_a_code_whose_invitation_was_replaced_is_unknown(store, people):
    await Invitation.delete().where(Invitation.wave == 1)

    with pytest.raises(CodeUnknown):
        await ballots.look_up(store, people[0].code)


async def test_the_trial_is_shown_in_its_first_wave_after_and_where_it_was_widened(store, people):
    units = {row["code"]: row["id"] for row in await Unit.select()}
    await Wave(name="2025-4", opens=date(2025, 11, 3), closes=date(2025, 11, 16)).save()
    for name, end, unit, role in (
        ("fast telefontid", "2026-1", "N1", "tried"),
        ("tavlemøde", "2025-4", "S1", "added"),
        ("for tidligt", "2025-4", "N2", "tried"),
        ("uden slut", None, "N2", "tried"),
        ("sammenlignet", "2026-1", "N2", "comparison"),
    ):
        trial = TrialAction(code=name, name=name, start_wave="2025-3", end_wave=end)
        await trial.save()
        await TrialUnit(trial_action=trial.id, unit=units[unit], role=role).save()

    found = {
        person.unit: (await ballots.look_up(store, person.code)).shown.trial for person in people
    }

    assert found == {"N1": "fast telefontid", "S1": "tavlemøde", "N2": None}


async def test_a_unit_without_a_core_task_shows_that_of_the_behaviour(store, people):
    await Unit.raw("UPDATE unit_version SET core_task = NULL")
    await Unit.raw("UPDATE behaviour SET core_task = 'Opgaven.', core_task_en = 'The task.'")

    found = (await ballots.look_up(store, people[0].code)).shown

    assert (found.core_task, found.core_task_en) == ("Opgaven.", "The task.")


async def test_a_behaviour_that_is_gone_is_an_error(store, people):
    await Invitation.update({Invitation.behaviour: 99}).where(Invitation.wave == 1)
    wave = await Wave.objects().first()

    with pytest.raises(LookupError):
        await shown.shown(wave, unit=1, behaviour=99)


@pytest.mark.parametrize(("depth", "named"), [(3, ["N1"]), (2, ["N"])])
async def test_parts_with_fewer_than_ten_invited_are_never_named(store, people, depth, named):
    """N has 12 + 3 invited, S has 6; on level 3 only the team N1 has ten."""
    wave = await Wave.objects().first()
    wave.part_depth = depth

    found = await shown.parts(wave)

    assert [part.code for part in found] == named


async def test_invited_of_all_professions_count_towards_a_part(store, people):
    unit = await Unit.objects().get(Unit.code == "S1")
    await Invited(wave=1, unit=unit.id, behaviour=1, profession="andre", n=4).save()

    found = await shown.parts(await Wave.objects().first())

    assert [part.code for part in found] == ["N1", "S1"]


# --- the ballot ----------------------------------------------------------------------------------


async def test_the_same_nonce_and_code_give_the_same_ballot(store, people):
    nonce = ballots.new_nonce()

    first = await ballots.without_script(store, people[0].code, nonce)
    again = await ballots.without_script(store, people[0].code, nonce)

    assert first == again


async def test_a_code_whose_ballot_is_issued_gives_no_second_one(store, people):
    await ballots.without_script(store, people[0].code, ballots.new_nonce())

    with pytest.raises(CodeUsed):
        await ballots.without_script(store, people[0].code, ballots.new_nonce())


async def test_the_old_code_and_the_reminders_share_one_ballot(store, people):
    invitation = await Invitation.objects().get(Invitation.unit == 5)
    first = await a_code("2026-1", invitation.id)
    reminder = await a_code("2026-1", invitation.id)
    await ballots.without_script(store, reminder, ballots.new_nonce())

    with pytest.raises(CodeUsed):
        await ballots.without_script(store, first, ballots.new_nonce())


async def test_of_two_ballots_asked_for_at_once_one_is_issued(store, people):
    asked = await asyncio.gather(
        *(ballots.without_script(store, people[0].code, ballots.new_nonce()) for _ in range(8)),
        return_exceptions=True,
    )

    assert sum(isinstance(each, ballots.BallotForm) for each in asked) == 1
    assert sum(isinstance(each, CodeUsed) for each in asked) == 7


async def test_only_a_hash_of_what_was_signed_is_kept(store, people):
    await ballots.without_script(store, people[0].code, ballots.new_nonce())

    [row] = await Invitation.select().where(Invitation.issued.is_not_null())
    assert len(row["issued"]) == 32


@pytest.mark.parametrize("blinded", [b"", bytes(384), b"\xff" * 384, b"\x01" * 383])
async def test_bytes_that_are_no_blinded_message_are_refused_and_spend_nothing(
    store, people, blinded
):
    with pytest.raises(BallotRefused):
        await ballots.issue(store, people[0].code, blinded)

    assert await Invitation.count().where(Invitation.issued.is_not_null()) == 0


@pytest.mark.parametrize("nonce", ["", "short", "æ" * 43])
async def test_a_malformed_nonce_is_refused_and_spends_nothing(store, people, nonce):
    with pytest.raises(AnswerMalformed):
        await ballots.without_script(store, people[0].code, nonce)

    assert await Invitation.count().where(Invitation.issued.is_not_null()) == 0


# --- sending -------------------------------------------------------------------------------------


async def test_an_answer_is_stored_sealed_and_opens_as_it_was_sent(store, people):
    receipt = await accept(store, await submission(store, people[0], comment="Vi mangler tid."))

    [row] = await Intake.select()
    frame = seal.unseal(keys.opening(store, "2026-1"), "2026-1", row["sealed"])
    assert len(receipt) == 8
    assert frame == seal.Frame(
        unit="N1",
        behaviour="Ad1",
        answers={**ANSWER, "profession": "sosu"},
        comment="Vi mangler tid.",
    )


async def test_the_receipt_is_the_beginning_of_the_ballots_hash(store, people):
    receipt = await accept(store, await submission(store, people[0]))

    [row] = await Ballot.select()
    assert receipt == codes.crockford(row["hash"], 8)


async def test_the_same_ballot_again_gets_the_same_receipt_and_one_row(store, people):
    sent = await submission(store, people[0], comment="først")
    other = Submission(
        **{**{f: getattr(sent, f) for f in sent.__struct_fields__}, "comment": "siden"}
    )

    first = await accept(store, sent)
    again = await accept(store, other)

    [row] = await Intake.select()
    frame = seal.unseal(keys.opening(store, "2026-1"), "2026-1", row["sealed"])
    assert first == again
    assert frame.comment == "først"


async def test_the_same_ballot_at_once_gets_one_receipt_and_one_row(store, people):
    sent = await submission(store, people[0])

    receipts = await asyncio.gather(*(accept(store, sent) for _ in range(50)))

    assert len(set(receipts)) == 1
    assert (await Intake.count(), await Ballot.count()) == (1, 1)


async def test_everybody_at_once_is_stored_once_each(store, people):
    sent = [await submission(store, person) for person in people]

    receipts = await asyncio.gather(*(accept(store, each) for each in [*sent, *sent]))

    assert len(set(receipts)) == len(people)
    assert (await Intake.count(), await Ballot.count()) == (len(people), len(people))


async def test_nothing_of_the_roster_stands_in_the_intake(store, people):
    await accept(store, await submission(store, people[0]))

    [answer] = await Intake.select()
    [ballot] = await Ballot.select()
    [issued] = await Invitation.select().where(Invitation.issued.is_not_null())
    assert answer.keys() == {"key", "wave", "sealed"}
    assert ballot.keys() == {"hash", "wave"}
    roster = {str(value) for value in issued.values()} - {"1"}
    assert not roster & {str(value) for value in (*answer.values(), *ballot.values()) if value != 1}


WRONG = {
    "a message nobody signed": lambda _: {"message": waves.random_message()},
    "another signature": lambda _: {"signature": tickets.as_text(bytes(384))},
    "another unit": lambda c: {"context": c.replace("N1", "S1")},
    "another ticket": lambda _: {"ticket": "x"},
}


@pytest.mark.parametrize("changes", WRONG.values(), ids=WRONG)
async def test_a_forged_ballot_or_ticket_is_refused(store, people, changes):
    made = await ballots.without_script(store, people[0].code, ballots.new_nonce())

    with pytest.raises(BallotRefused):
        await accept(store, submission_of(made, **changes(made.found.context)))

    assert (await Intake.count(), await Ballot.count()) == (0, 0)


async def test_a_ticket_of_another_wave_is_refused(store, people):
    """Its context is genuine, but made with another wave's key."""
    await state("released")
    later = await waves.wave(store, "2026-2")
    old = await ballots.without_script(store, later[0].code, ballots.new_nonce())
    await state("open")
    mine = await ballots.without_script(store, people[0].code, ballots.new_nonce())

    with pytest.raises(BallotRefused):
        await accept(store, submission_of(mine, context=old.found.context, ticket=old.found.ticket))


MALFORMED = {
    "message too short": {"message": "AAAA"},
    "message not base64": {"message": "æøå"},
    "signature too long": {"signature": "A" * 600},
}


@pytest.mark.parametrize("changes", MALFORMED.values(), ids=MALFORMED)
async def test_a_malformed_submission_is_refused(store, people, changes):
    with pytest.raises(AnswerMalformed):
        await accept(store, await submission(store, people[0], **changes))


async def test_a_form_of_an_older_version_is_refused_and_can_be_sent_again(store, people):
    made = await ballots.without_script(store, people[0].code, ballots.new_nonce())
    await Wave.update({Wave.form_version: 2}).where(Wave.name == "2026-1")

    with pytest.raises(PageOld):
        await accept(store, submission_of(made))

    assert await accept(store, submission_of(made, form_version=2))


async def test_a_comment_of_five_megabytes_is_refused_and_the_ballot_is_not_spent(store, people):
    made = await ballots.without_script(store, people[0].code, ballots.new_nonce())

    with pytest.raises(AnswerTooLarge):
        await accept(store, submission_of(made, comment="x" * 5_000_000))

    assert await Ballot.count() == 0
    assert await accept(store, submission_of(made))


async def test_a_wave_that_does_not_exist_takes_nothing(store, people):
    with pytest.raises(WaveUnknown):
        await accept(store, await submission(store, people[0], wave="2030-1"))


@pytest.mark.parametrize("now", ["draft", "approved"])
async def test_a_wave_that_is_not_open_yet_takes_nothing(store, people, now):
    sent = await submission(store, people[0])
    await state(now)

    with pytest.raises(NotOpenYet):
        await accept(store, sent)

    assert await Intake.count() == 0


@pytest.mark.parametrize("now", ["closing", "released", "held"])
async def test_a_wave_that_has_closed_takes_nothing(store, people, now):
    sent = await submission(store, people[0])
    await state(now)

    with pytest.raises(WaveClosed):
        await accept(store, sent)

    assert await Intake.count() == 0


async def test_a_wave_that_closes_between_check_and_commit_takes_nothing(store, people):
    """The writer reads the state in the transaction that stores."""
    sent = await submission(store, people[0])
    async with engine.transaction():
        await Wave.update({Wave.state: "closing"}).where(Wave.name == "2026-1")
        ballot = ballots.ballot_hash(tickets.as_bytes(sent.message, length=ballots.MESSAGE))
    writer = Writer(engine.current())
    item = Item(wave=1, ballot=ballot, sealed=bytes(4144))

    await writer._write([item])

    assert item.taken.result() is False
    assert await Intake.count() == 0


async def test_the_last_who_passed_the_check_is_told_that_it_closed(store, people, monkeypatch):
    sent = await submission(store, people[0])
    put = running_writer().put

    async def late(item):
        await state("closing")
        return await put(item)

    monkeypatch.setattr(running_writer(), "put", late)

    with pytest.raises(WaveClosed):
        await accept(store, sent)


async def test_a_lost_reply_gets_its_receipt_after_the_close_has_begun(store, people):
    sent = await submission(store, people[0])
    receipt = await accept(store, sent)
    await state("closing")

    assert await accept(store, sent) == receipt


async def test_a_lost_reply_gets_its_receipt_when_the_ballots_are_gone(store, people):
    sent = await submission(store, people[0])
    receipt = await accept(store, sent)
    await state("released")
    await Ballot.delete(force=True)
    listed = receipts_file(store, "2026-1")
    listed.parent.mkdir()
    listed.write_text(f"00000000\n{receipt}\n")

    assert await accept(store, sent) == receipt


async def test_an_answer_that_is_not_on_the_list_was_not_counted(store, people):
    sent = await submission(store, people[0])
    await state("released")
    listed = receipts_file(store, "2026-1")
    listed.parent.mkdir()
    listed.write_text("00000000\n")

    with pytest.raises(WaveClosed):
        await accept(store, sent)


async def test_without_a_writer_nothing_is_taken(store):
    await waves.organisation()
    [person, *_] = await waves.wave(store)

    with pytest.raises(RuntimeError, match="no writer"):
        await accept(store, await submission(store, person))


# --- the writer ----------------------------------------------------------------------------------


def items(count, *, wave=1):
    return [
        Item(wave=wave, ballot=number.to_bytes(32, "big"), sealed=bytes(4144))
        for number in range(1, count + 1)
    ]


async def test_one_bad_row_of_two_hundred_refuses_one(store, people):
    batch = items(TOGETHER)
    poisoned = Item(wave=1, ballot=b"p" * 32, sealed=b"of another size")
    batch[77] = poisoned

    await Writer(engine.current())._write(batch)

    taken = [item for item in batch if item.taken.exception() is None and item.taken.result()]
    assert len(taken) == TOGETHER - 1
    assert isinstance(poisoned.taken.exception(), AnswerNotStored)
    assert (await Intake.count(), await Ballot.count()) == (TOGETHER - 1, TOGETHER - 1)


async def test_of_two_equal_ballots_in_a_batch_the_first_stands(store, people):
    first = Item(wave=1, ballot=b"b" * 32, sealed=b"1" * 4144)
    second = Item(wave=1, ballot=b"b" * 32, sealed=b"2" * 4144)

    await Writer(engine.current())._write([first, second])

    [row] = await Intake.select()
    assert (first.taken.result(), second.taken.result()) == (True, True)
    assert row["sealed"] == b"1" * 4144


async def test_a_batch_may_hold_answers_to_an_open_and_a_closed_wave(store, people):
    await Wave(
        name="2026-0", opens=date(2025, 12, 1), closes=date(2025, 12, 14), state="closing"
    ).save()
    [late] = items(1, wave=2)
    seen = Item(wave=2, ballot=b"s" * 32, sealed=bytes(4144))
    await Ballot(hash=seen.ballot, wave=2).save()
    now = Item(wave=1, ballot=b"n" * 32, sealed=bytes(4144))

    await Writer(engine.current())._write([late, seen, now])

    assert [item.taken.result() for item in (late, seen, now)] == [False, True, True]
    assert await Intake.count() == 1


async def test_a_cancelled_request_does_not_take_its_answer_back(store, people):
    [item] = items(1)
    waiting = asyncio.create_task(running_writer().put(item))
    await asyncio.sleep(0)
    waiting.cancel()

    await running_writer().drained()

    assert await Intake.count() == 1


async def test_a_refused_answer_whose_page_has_gone_disturbs_nobody(store, people):
    poisoned = Item(wave=1, ballot=b"p" * 32, sealed=b"of another size")
    poisoned.taken.cancel()
    [good] = items(1)

    await Writer(engine.current())._write([poisoned, good])

    assert good.taken.result() is True


async def test_more_waiting_than_can_wait_are_asked_to_try_again(store, people):
    writer = Writer(engine.current())
    for item in items(WAITING):
        writer.items.put_nowait(item)

    with pytest.raises(ServerBusy):
        await writer.put(Item(wave=1, ballot=b"x" * 32, sealed=bytes(4144)))


async def test_a_writer_that_stops_commits_what_waits_and_takes_nothing_more(store):
    await waves.organisation()
    await waves.wave(store)
    async with running() as writer:
        waiting = [asyncio.create_task(writer.put(item)) for item in items(300)]
        await asyncio.sleep(0)

    assert await asyncio.gather(*waiting) == [True] * 300
    with pytest.raises(ServerBusy):
        await writer.put(items(1)[0])
    assert await Intake.count() == 300


class Failing:
    """The real store, but its transactions fail as a disk or a server does."""

    def __init__(self, store, error):
        self.store, self.error = store, error

    def __getattr__(self, name):
        return getattr(self.store, name)

    def transaction(self):
        raise self.error


def sqlite_error(code):
    error = sqlite3.OperationalError("as SQLite says it")
    error.sqlite_errorcode = code
    return error


STORE = {
    "the disk is full": (sqlite_error(sqlite3.SQLITE_FULL), DiskFull),
    "a file limit": (sqlite_error(sqlite3.SQLITE_IOERR_WRITE), DiskFull),
    "locked": (sqlite_error(sqlite3.SQLITE_BUSY), DatabaseBusy),
    "the network is gone": (ConnectionResetError(), ServerBusy),
}


@pytest.mark.parametrize(("error", "refusal"), STORE.values(), ids=STORE)
async def test_a_store_that_fails_refuses_the_whole_batch_and_goes_on(settings, error, refusal):
    async with opened(settings, migrate=True) as store:
        batch = items(3)

        await Writer(Failing(store, error))._write(batch)

        assert [type(item.taken.exception()) for item in batch] == [refusal] * 3


async def test_an_io_error_at_the_commit_ends_the_process(settings):
    ended = []
    async with opened(settings, migrate=True) as store:
        failing = Failing(store, sqlite_error(sqlite3.SQLITE_IOERR_FSYNC))

        await Writer(failing, on_io_error=lambda: ended.append(1))._write(items(1))

    assert ended == [1]


def test_the_end_after_an_io_error_says_so_to_the_service(monkeypatch):
    ended = []
    monkeypatch.setattr(os, "_exit", ended.append)

    end_process()

    assert ended == [os.EX_IOERR]


def test_the_end_after_an_io_error_is_at_once():
    script = "from survey.intake.writer import end_process; end_process(); print('still here')"

    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)

    assert (ended.returncode, ended.stdout) == (74, b"")


# --- nothing can be read while the wave is open --------------------------------------------------


async def test_no_answer_can_be_read_in_any_file_while_the_wave_is_open(store, people):
    await waves.everybody_answers(store, people)

    assert await Intake.count() == len(people)
    for file in store.data.parent.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert b"Kanarie" not in content
            assert b"b_silo" not in content


async def test_the_order_of_answers_is_not_the_order_of_rows(store, people):
    """The n-th answer to be read is not the n-th to be sent: keys are random."""
    await waves.everybody_answers(store, people)
    private = keys.opening(store, "2026-1")

    rows = await Intake.raw("SELECT sealed FROM intake")
    read = [seal.unseal(private, "2026-1", row["sealed"]).comment for row in rows]

    if isinstance(engine.current(), engine.SQLite):  # PostgreSQL's heap is rewritten at the close
        assert read != [f"Kanarie nummer {number}" for number in range(len(people))]
    assert len(set(read)) == len(people)
