"""One at a time: two runs of a command that makes codes or sends mails would do it twice."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from survey.errors import N_, Busy
from survey.settings import Settings


class AnotherRun(Busy):
    sentence = N_(
        "Another command is approving or opening a wave just now. Nothing was changed. "
        "Try again when it has ended."
    )


@contextmanager
def alone(settings: Settings) -> Iterator[None]:
    """Hold the installation's lock for making codes; raises AnotherRun when it is taken."""
    with (settings.data / "wave.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AnotherRun from error
        yield
