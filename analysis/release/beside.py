"""Work that what comes next does not wait for: done beside it where there is a process to do it."""

from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial
from typing import ParamSpec, TypeVar

Given = ParamSpec("Given")
Made = TypeVar("Made")


def begun(
    beside: Executor | None, work: Callable[Given, Made], *given: Given.args, **named: Given.kwargs
) -> Callable[[], Made]:
    """What to call for the result of `work`, or for what it raised.

    Without an executor the work is done then, by whoever calls.
    """
    if beside is None:
        return partial(work, *given, **named)
    return beside.submit(work, *given, **named).result
