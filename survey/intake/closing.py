"""The close of a wave: twelve steps, each of which may be killed and repeated (trust.md 4).

Afterwards there is one shuffled file of answers, one of comments, a list of receipts and one
Release; no sealed row, no ballot, no code and no key. It can be resumed and never undone.
"""

import fcntl
import shutil
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import msgspec
import polars as pl
import structlog

from survey import engine, insight, organisation
from survey.engine import file_refusals, transaction
from survey.engine.rewriting import rewrite, truncate_log
from survey.engine.sqlite import SQLite
from survey.errors import WaveUnknown
from survey.intake import ballots, disk, keys
from survey.intake.child import in_child
from survey.intake.files import answers_file, comments_file, copy_of, receipts_file
from survey.intake.opening import (
    COMMENTS,
    At,
    Contract,
    Task,
    Written,
    nowhere,
    open_and_write,
)
from survey.intake.refusals import (
    ClosingNow,
    CopyDiffers,
    CountDiffers,
    RowsUnopenable,
    WaveNotOpen,
)
from survey.intake.split import Sheet
from survey.intake.writer import running_writer
from survey.settings import Settings
from survey.tables import Ballot, Closing, Intake, Invitation, Wave, WaveBehaviour

CONTRACT = Contract(
    schema=insight.ANSWERS,
    conformed=insight.conformed,
    checked=insight.checked_answers,
    refused=insight.CellRefused,
)
NOTHING = Written(answers=0, comments=0, dropped={})
LOG = structlog.get_logger(__name__)
Progress: TypeAlias = Callable[[int, int], None]  # steps done, steps in all


@dataclass(slots=True)
class Work:
    """One run of the job.

    `written` is in memory only: a restart opens the answers again. So are `sheets`, up to the step
    that destroys the keys: a restart asks for them again.
    """

    settings: Settings
    wave: Wave
    job: Closing
    at: At
    drop_unopenable: bool
    sheets: tuple[Sheet, ...] = ()
    written: Written = NOTHING

    @property
    def files(self) -> tuple[Path, Path]:
        return (
            answers_file(self.settings, self.wave.name),
            comments_file(self.settings, self.wave.name),
        )


@dataclass(frozen=True, slots=True)
class Closed:
    """How a close ended: how many answers and comments, what was dropped, released or held."""

    wave: str
    state: str
    answers: int
    comments: int
    dropped: dict[str, int]


async def close_wave(  # noqa: PLR0913 - the four last are for tests, two people and sheets
    settings: Settings,
    wave: str,
    progress: Progress | None = None,
    *,
    at: At = nowhere,
    confirmed_by: Collection[int] = (),
    sheets: Sequence[Sheet] = (),
) -> Closed:
    """Close an open wave, or go on with a close that was interrupted, up to released or held.

    `confirmed_by`: two accounts that agree to leave out rows that cannot be opened. `sheets`: two,
    where the opening key is on sheets; an open wave stays open when they do not fit. `at` is called
    at each fail point, before its step is recorded; it must be picklable. Raises WaveNotOpen,
    ClosingNow, KeysMissing, KeysDiffer, RowsUnopenable, CountDiffers, CopyDiffers, ChildEnded,
    DiskFull, and what `keys.opening` raises of sheets; everything is kept, and the same call goes
    on.
    """
    with _alone(settings, wave):
        await _check_sheets(settings, wave, sheets)
        work = await _begun(settings, wave, at, drop_unopenable=len({*confirmed_by}) >= 2)
        work.sheets = tuple(sheets)
        try:
            await _steps(work, progress)
        except Exception as error:
            await _stopped(work, error)
            raise
    return Closed(
        wave=wave,
        state=work.wave.state,
        answers=work.job.answers,
        comments=work.job.comments,
        dropped=msgspec.json.decode(work.job.dropped),
    )


async def needs_sheets(settings: Settings, wave: str) -> bool:
    """Whether closing the wave, or going on with it, takes two sheets.

    Once the files are verified no answer is opened again.
    """
    if not keys.on_sheets(settings, wave):
        return False
    job = await Closing.objects().get(Closing.wave.name == wave)
    return job is None or _done_before(job.step) < VERIFIED


async def _check_sheets(settings: Settings, wave: str, sheets: Sequence[Sheet]) -> None:
    """Before an open wave is marked; one that closes already says on its page what it waits for."""
    if keys.on_sheets(settings, wave) and await Wave.exists().where(
        Wave.name == wave, Wave.state == "open"
    ):
        keys.opening(settings, wave, sheets)


async def resume(settings: Settings) -> None:
    """Go on with closes that were cut short, when the server starts.

    One that stops is logged by the kind of its error, never its words; the next goes on.
    """
    for row in await Wave.select(Wave.name).where(Wave.state == "closing").order_by(Wave.name):
        try:
            await close_wave(settings, row["name"])
        except Exception as error:  # noqa: BLE001 - whatever it is, the other waves and pages go on
            LOG.warning("close_stopped", error=type(error).__name__, wave=row["name"])


async def _begun(settings: Settings, name: str, at: At, *, drop_unopenable: bool) -> Work:
    """Mark the wave as closing, once; a close that was begun goes on."""
    async with transaction():
        wave = await Wave.objects().get(Wave.name == name)
        if wave is None:
            raise WaveUnknown(wave=name)
        if wave.state == "open":
            await Wave.update({Wave.state: "closing"}).where(
                Wave.id == wave.id, Wave.state == "open"
            )
            await Closing(wave=wave.id, step="").save()
            wave.state = "closing"
        job = await Closing.objects().get(Closing.wave == wave.id)
    if job is None:
        raise WaveNotOpen(wave=name)
    return Work(settings, wave, job, at, drop_unopenable)


async def _steps(work: Work, progress: Progress | None) -> None:
    for number, (name, step) in enumerate(STEPS, 1):
        if number > _done_before(work.job.step):
            with file_refusals(work.settings):
                await step(work)
            work.at(name)
            await _record(work, name)
        if progress:
            progress(number, len(STEPS))


async def _stopped(work: Work, error: Exception) -> None:
    """Say on the page of the waves that a close has stopped: the kind of the error, no words."""
    with suppress(Exception):  # the error itself is what counts, and it goes on
        await Closing.update({Closing.refusal: type(error).__name__}).where(
            Closing.id == work.job.id
        )


def _done_before(step: str) -> int:
    """How many steps need not be repeated: without a stored hash the answers are opened again."""
    names = [name for name, _ in STEPS]
    done = names.index(step) + 1 if step in names else 0
    return names.index("counted") + 1 if "counted" in names[:done] and done < VERIFIED else done


async def _record(work: Work, step: str) -> None:
    """A wave that is held has not done its last step: closing it again tries once more."""
    if work.wave.state != "held":
        work.job.step = step
        work.job.refusal = None
    await work.job.save()


async def _mark(_: Work) -> None:
    """The state is set already; wait for what this process has taken."""
    writer = running_writer()
    if writer is not None:
        await writer.drained()


async def _count(work: Work) -> None:
    """As many ballots as answers, or something is wrong and nothing is opened."""
    answers = await Intake.count().where(Intake.wave == work.wave.id)
    used = await Ballot.count().where(Ballot.wave == work.wave.id)
    if answers != used:
        raise CountDiffers(wave=work.wave.name, found=answers, expected=used)
    work.job.expected = answers


async def _open(work: Work) -> None:
    """Opened, checked, moved up, shuffled and written as .part, all in a child."""
    for path in work.files:
        path.unlink(missing_ok=True)
        disk.part_of(path).unlink(missing_ok=True)
    # A wrong key stops here, and keeps everything.
    keys.opening(work.settings, work.wave.name, work.sheets)
    tree = await organisation.tree(work.wave.name)
    asked = await WaveBehaviour.select(WaveBehaviour.behaviour.code.as_alias("code")).where(
        WaveBehaviour.wave == work.wave.id
    )
    task = Task(
        settings=work.settings,
        wave=work.wave.name,
        wave_id=work.wave.id,
        parents={code: node.parent for code, node in tree.items()},
        behaviours=frozenset(row["code"] for row in asked),
        contract=CONTRACT,
        drop_unopenable=work.drop_unopenable,
        sheets=work.sheets,
    )
    written = await in_child(open_and_write, task, work.at)
    if written.stopped:
        raise RowsUnopenable(wave=work.wave.name, n=written.dropped["unopenable"])
    work.written = written


async def _rename(work: Work) -> None:
    for path in work.files:
        disk.keep(path)


async def _verify(work: Work) -> None:
    """Read back what was written; from here on the files are what counts."""
    answers, comments = work.files
    found = pl.read_parquet(answers)
    texts = pl.read_parquet(comments)
    if found.schema != insight.ANSWERS or texts.schema != COMMENTS:
        raise CountDiffers(wave=work.wave.name, found=0, expected=work.job.expected)
    whole = found.height + sum(work.written.dropped.values())
    if whole != work.job.expected or texts.height != work.written.comments:
        raise CountDiffers(wave=work.wave.name, found=whole, expected=work.job.expected)
    work.job.answers, work.job.comments = found.height, texts.height
    work.job.dropped = msgspec.json.encode(work.written.dropped, order="sorted").decode()
    work.job.answers_sha256, work.job.comments_sha256 = disk.sha256(answers), disk.sha256(comments)


async def _copy(work: Work) -> None:
    """A second copy at the backup place, compared with the stored hash."""
    stored = (work.job.answers_sha256, work.job.comments_sha256)
    for path, sha256 in zip(work.files, stored, strict=True):
        copy = copy_of(work.settings, path)
        disk.make_folder(copy.parent)
        shutil.copyfile(path, disk.part_of(copy))
        disk.keep(copy)
        if disk.sha256(copy) != sha256:
            raise CopyDiffers(wave=work.wave.name, file=copy)


async def _empty(work: Work) -> None:
    """The receipts first; they are written once, since after this there are no ballots."""
    listed = receipts_file(work.settings, work.wave.name)
    if not listed.exists():
        rows = await Ballot.select(Ballot.hash).where(Ballot.wave == work.wave.id)
        lines = sorted(ballots.receipt(row["hash"]) for row in rows)
        disk.write(listed, "".join(f"{line}\n" for line in lines).encode("ascii"))
    async with transaction():
        await Intake.delete().where(Intake.wave == work.wave.id)
        await Ballot.delete().where(Ballot.wave == work.wave.id)


async def _destroy_key(work: Work) -> None:
    """What the server knows; the sheets are destroyed by hand (actions.sheets)."""
    work.sheets = ()
    keys.destroy(work.settings, work.wave.name)


async def _rewrite(_: Work) -> None:
    """Pages that held sealed rows are gone from the file, not only unused."""
    await rewrite("intake", "ballot")


async def _clear_roster(work: Work) -> None:
    """Who has opened the form is forgotten, and every code with it.

    How many asked for a lost link too late stays in whole fives: beside the mails of those who
    asked, the exact number could tell of each.
    """
    async with transaction():
        await Invitation.update({Invitation.issued: None}).where(Invitation.wave == work.wave.id)
        await Invitation.raw(
            "DELETE FROM invitation_code WHERE invitation IN "
            "(SELECT id FROM invitation WHERE wave = {})",
            work.wave.id,
        )
        await Wave.raw(
            "UPDATE wave SET asked_too_late = asked_too_late - asked_too_late % 5 WHERE id = {}",
            work.wave.id,
        )
    store = engine.current()
    if isinstance(store, SQLite):
        await truncate_log(store)
    else:  # rows that were changed lie in the file as they were, in the order people opened
        await rewrite("invitation", "invitation_code", "wave")


async def _release(work: Work) -> None:
    """Everything that may ever be seen, or nothing: a leak holds the wave back."""
    outcome = await insight.release_wave(work.settings, work.wave.name)
    state = "held" if outcome.leak else "released"
    work.job.release_sha256, work.job.refusal = outcome.sha256, outcome.leak
    async with transaction():
        await Wave.update({Wave.state: state}).where(
            Wave.id == work.wave.id, Wave.state.is_in(["closing", "held"])
        )
        await work.job.save()
    work.wave.state = state


@contextmanager
def _alone(settings: Settings, wave: str) -> Iterator[None]:
    """One close at a time, whoever began it."""
    keys.places(settings, wave)
    with (settings.data / "closing.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ClosingNow(wave=wave) from error
        yield


STEPS: tuple[tuple[str, Callable[[Work], Awaitable[None]]], ...] = (
    ("marked", _mark),
    ("counted", _count),
    ("written", _open),  # `opened` is a fail point inside it, in the child
    ("renamed", _rename),
    ("verified", _verify),
    ("copied", _copy),
    ("emptied", _empty),
    ("key_destroyed", _destroy_key),
    ("rewritten", _rewrite),
    ("roster_cleared", _clear_roster),
    ("released", _release),
)
VERIFIED = [name for name, _ in STEPS].index("verified") + 1
