"""Attack a release from its file alone: what every reader has, and nothing that made it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from analysis.audit import Leak
from analysis.findings import Release
from analysis.release.audit.one_file import (
    Reading,
    insiders,
    intervals,
    numbers,
    patterns,
    smallest_group,
)
from analysis.release.audit.waves import linked

__all__ = ["Tried", "attacks", "audit_release"]


@dataclass(frozen=True)
class Tried:
    """One audit: how much of each kind was tried, and what leaked, if anything did."""

    rule: str
    counts: dict[str, int]
    leak: Leak | None


RULES: Final = ("A1", "A2", "A3", "A4", "A6", "A7")
# A4 needs the other files. A5 draws trees and is a test of the program: nothing of it is in a file.
FROM_ONE_FILE: Final[dict[str, Callable[[Reading], dict[str, int]]]] = {
    "A1": smallest_group,
    "A2": intervals,
    "A3": insiders,
    "A6": patterns,
    "A7": numbers,
}


def attacks(release: Release, earlier: Sequence[Release] = ()) -> Iterator[Tried]:
    """A1-A4, A6 and A7 one after the other; `earlier` are other waves, attacked together with it.

    An attack that cannot be carried out, since the numbers are none that a rule displays, leaks
    A7 and says so.
    """
    reading = Reading(release)
    for rule in RULES:
        try:
            counts = FROM_ONE_FILE[rule](reading) if rule != "A4" else linked(release, earlier)
        except Leak as leak:
            yield Tried(rule, {}, leak)
        else:
            yield Tried(rule, counts, None)


def audit_release(release: Release, earlier: Sequence[Release] = ()) -> None:
    """Raises `Leak` for the first attack that finds anything."""
    for tried in attacks(release, earlier):
        if tried.leak is not None:
            raise tried.leak
