"""Work in a process of its own, which ends when ours does."""

import asyncio
import ctypes
import multiprocessing
import os
import signal
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from survey.errors import N_, Broken

PR_SET_PDEATHSIG = 1  # linux/prctl.h
T = TypeVar("T")


class ChildEnded(Broken):
    sentence = N_(
        "The work ended before it was done, most likely for want of memory. Nothing is lost. "
        "Free some memory, and give the same command again."
    )


async def in_child(work: Callable[..., T], *arguments: object) -> T:
    """The result of a module-level function on picklable arguments.

    Spawned, since Polars does not survive a fork. A refusal comes back as itself; ChildEnded when
    the process died.
    """
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, context, _end_with_parent, (os.getpid(),)) as pool:
        try:
            return await asyncio.get_running_loop().run_in_executor(pool, work, *arguments)
        except BrokenProcessPool as error:
            raise ChildEnded from error


def _end_with_parent(parent: int) -> None:
    """A child that outlived a killed server would write into the files of the next try."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)
