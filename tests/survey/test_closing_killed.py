"""The close of a wave killed without a word at each of its points, and begun again."""

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pytest

from survey.intake import closing, keys
from survey.intake.files import answers_file, comments_file, copy_of, receipts_file
from survey.tables import Ballot, Closing, Intake, InvitationCode, Wave
from tests.commanding import environment
from tests.survey.waves import EVERYBODY, answered

POINTS = [*(name for name, _ in closing.STEPS)]
POINTS.insert(POINTS.index("written"), "opened")
# 200 at every point; the suite has one, and with sheets, which no database knows of, on SQLite.
RUNS = [0, *(pytest.param(run, marks=pytest.mark.soak) for run in range(1, 200))]
LONG = pytest.mark.soak
KEYS = [
    pytest.param("sqlite", False, id="sqlite-key_here"),
    pytest.param("postgres", False, id="postgres-key_here"),
    pytest.param("sqlite", True, id="sqlite-key_on_sheets"),
    pytest.param("postgres", True, id="postgres-key_on_sheets", marks=LONG),
]
SHEETS_MATTER = ("counted", "opened", "verified", "key_destroyed")  # with a key that is not here
CLOSER = """
import os, signal


class KillAt:
    def __init__(self, step):
        self.step = step

    def __call__(self, step):
        if step == self.step:
            os.killpg(0, signal.SIGKILL)


async def main(point):
    here = settings.from_environment()
    with open(os.environ["SHEETS"]) as lines:
        sheets = [read_sheet(line) for line in lines]
    async with engine.opened(here):
        await close_wave(here, "2026-1", at=KillAt(point), sheets=sheets)


if __name__ == "__main__":  # the child that opens the answers reads this file again: a second each
    import asyncio, sys
    from survey import engine, settings
    from survey.intake.closing import close_wave
    from survey.intake.split import read_sheet

    for line in sys.stdin:
        child = os.fork()
        if not child:
            os.setsid()
            asyncio.run(main(line.strip()))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)
"""


@contextmanager
def closer(settings, sheets):
    """A function that closes the wave in a process of its own, which is killed at a point with its
    child, and gives how it ended.

    The modules are loaded once and each process is forked from there: loading them takes longer
    than the close.
    """
    script = settings.data.parent / "close.py"
    script.write_text(CLOSER)
    typed = settings.data.parent / "sheets.txt"
    typed.write_text("".join(f"{' '.join(sheet.groups)}\n" for sheet in sheets))
    told = {
        **os.environ,
        **environment(settings),
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "SHEETS": str(typed),
    }
    with subprocess.Popen(
        [sys.executable, script],
        env=told,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:

        def killed_at(point):
            process.stdin.write(f"{point}\n")
            process.stdin.flush()
            return int(process.stdout.readline())

        yield killed_at


async def whole(settings):
    """All sealed, or all released; the key is there until a second copy was compared."""
    sealed = await Intake.count()
    [job] = await Closing.select()
    key = keys.places(settings, "2026-1")[0].exists()
    file = answers_file(settings, "2026-1")
    copied = copy_of(settings, file).exists() and (
        copy_of(settings, file).read_bytes() == file.read_bytes()
    )
    assert sealed in (0, EVERYBODY)
    assert (await Ballot.count()) == sealed
    if sealed == 0 or not key:
        assert copied
        assert pl.read_parquet(file).height == EVERYBODY
        assert job["answers_sha256"] is not None
    if sealed == EVERYBODY:
        assert key


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize(("store", "on_sheets"), KEYS, indirect=["store"])
async def test_a_close_killed_at_every_step_goes_on_where_it_was(store, on_sheets, run):
    sheets = []
    if on_sheets:
        keys.make_on_sheets(store, "2026-1", sheets.extend)
    await answered(store)

    with closer(store, sheets[1:]) as killed_at:
        for point in SHEETS_MATTER if on_sheets else POINTS:
            assert await asyncio.to_thread(killed_at, point) == -signal.SIGKILL, point
            await whole(store)
        ended = await asyncio.to_thread(killed_at, "never")

    answers = pl.read_parquet(answers_file(store, "2026-1"))
    comments = pl.read_parquet(comments_file(store, "2026-1"))
    [wave] = await Wave.select(Wave.state).where(Wave.name == "2026-1")
    assert ended == 0
    assert wave["state"] == "released"
    assert (answers.height, comments.height) == (EVERYBODY, EVERYBODY)
    assert len(receipts_file(store, "2026-1").read_text().split()) == EVERYBODY
    assert not list(store.data.rglob("*.part"))
    assert (await Intake.count(), await InvitationCode.count()) == (0, 0)
