"""Taking one answer: checked, sealed at once, stored; then, and only then, its receipt."""

import msgspec

from survey.errors import WaveUnknown
from survey.intake import ballots, blind, keys, seal, tickets
from survey.intake.ballots import MESSAGE, ballot_hash, next_opening
from survey.intake.files import receipts_file
from survey.intake.refusals import BallotRefused, NotOpenYet, PageOld, WaveClosed
from survey.intake.shown import named_wave
from survey.intake.writer import Item, running_writer
from survey.settings import Settings
from survey.tables import Ballot, Wave

SIGNATURE = keys.BITS // 8


class Submission(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a page sends: the ballot, the context as it was given out, and validated answers.

    `answers` are the columns of ANSWERS a person answers (`answers.Answers.columns`).
    """

    wave: str
    message: str
    signature: str
    context: str
    ticket: str
    form_version: int
    answers: dict[str, int | str | None]
    comment: str | None = None


async def accept(
    settings: Settings,
    submission: Submission,
    *,
    wave: Wave | None = None,
    context: tickets.Context | None = None,
) -> str:
    """The receipt of an answer that is stored, now or by an earlier try with the same ballot.

    `wave` and `context`: the submission's own, if the caller has just read the one and had the
    other from `tickets.checked`; the writer reads the state of the wave again.
    Raises PageOld, BallotRefused, AnswerMalformed, AnswerTooLarge, NotOpenYet, WaveClosed,
    ServerBusy, DiskFull or AnswerNotStored; then nothing of this answer is stored.
    """
    message = tickets.as_bytes(submission.message, length=MESSAGE)
    ballot = ballot_hash(message)
    wave = wave or await named_wave(submission.wave)
    if wave is None:
        raise WaveUnknown(wave=submission.wave)
    if wave.state in ("draft", "approved"):
        raise NotOpenYet(date=wave.opens)
    if wave.state != "open":
        return await _late(settings, wave, ballot)
    sealed = _sealed(settings, wave, submission, message, context)
    writer = running_writer()
    if writer is None:
        raise RuntimeError("no writer is running: use survey.intake.writer.running")
    if not await writer.put(Item(wave=wave.id, ballot=ballot, sealed=sealed)):
        raise WaveClosed(date=wave.closes, next=await next_opening(wave.closes))
    return ballots.receipt(ballot)


def _sealed(
    settings: Settings,
    wave: Wave,
    submission: Submission,
    message: bytes,
    context: tickets.Context | None,
) -> bytes:
    wave_keys = keys.intake(settings, wave.name)
    signature = tickets.as_bytes(submission.signature, length=SIGNATURE)
    if not blind.verified(wave_keys.verifying, message, signature):
        raise BallotRefused
    context = context or tickets.checked(
        wave_keys, wave=wave.name, context=submission.context, shown=submission.ticket
    )
    if submission.form_version != wave.form_version:
        raise PageOld
    frame = seal.Frame(
        unit=context.unit,
        behaviour=context.behaviour,
        answers={**submission.answers, "profession": context.profession},
        comment=submission.comment or None,
    )
    return seal.seal(wave_keys.sealing, wave.name, frame)


async def _late(settings: Settings, wave: Wave, ballot: bytes) -> str:
    """Somebody whose answer was stored but whose reply was lost still gets the receipt."""
    receipt = ballots.receipt(ballot)
    listed = receipts_file(settings, wave.name)
    if await Ballot.exists().where(Ballot.hash == ballot):
        return receipt
    if listed.exists() and receipt in listed.read_text(encoding="ascii").split():
        return receipt
    raise WaveClosed(date=wave.closes, next=await next_opening(wave.closes))
