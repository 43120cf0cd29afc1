"""A new tree over the stored one: what past waves saw stays, the rest is as the file says.

Pure. A wave that is approved has its keys, its invited and its tree; from the label after the
newest such wave the file decides.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from survey.importing.unitfile import successor
from survey.organisation import Tree, Version, grow

BREAKS: Final = ("merged", "split")  # another unit from here on, though nothing else is said of it


@dataclass(frozen=True, slots=True)
class UnitsDiff:
    """What is another in the newest tree: unit codes, each with what it was and what it is."""

    new: tuple[str, ...]
    closed: tuple[str, ...]
    moved: tuple[tuple[str, str, str], ...]
    renamed: tuple[tuple[str, str, str], ...]
    core_task: tuple[str, ...]
    headcount: tuple[tuple[str, int, int], ...]

    @property
    def empty(self) -> bool:
        return not any(
            (self.new, self.closed, self.moved, self.renamed, self.core_task, self.headcount)
        )


def dated(
    file: Sequence[Version], stored: Sequence[Version], last_frozen: str | None
) -> list[Version]:
    """Every version after the import; `last_frozen` is the newest wave that is approved.

    Without such a wave nobody has seen a tree, and the file is the whole truth.
    """
    if last_frozen is None:
        return list(file)
    coming, past = _by_code(file), _by_code(stored)
    order = dict.fromkeys([*past, *coming])
    return [
        version
        for code in order
        for version in _dated_unit(coming.get(code, []), past.get(code, []), last_frozen)
    ]


def _dated_unit(
    file: Sequence[Version], stored: Sequence[Version], last_frozen: str
) -> list[Version]:
    start = successor(last_frozen)
    seen = [version for version in stored if version.valid_from <= last_frozen]
    goes_on = bool(seen) and (seen[-1].valid_to is None or seen[-1].valid_to >= last_frozen)
    past = [*seen[:-1], replace(seen[-1], valid_to=last_frozen)] if goes_on else list(seen)
    coming = [version for version in file if version.valid_to is None or version.valid_to >= start]
    if not coming:
        return past
    first, *later = coming
    breaks = first.valid_from == start and first.change in BREAKS
    if goes_on and first.valid_from <= start and _same(seen[-1], first) and not breaks:
        return [*past[:-1], replace(past[-1], valid_to=first.valid_to), *later]
    if first.valid_from < start:
        first = _changed(first, past[-1] if past else None, start)
    return [*past, first, *later]


def _same(one: Version, other: Version) -> bool:
    return _state(one) == _state(other)


def _state(version: Version) -> tuple[object, ...]:
    return version.parent, version.name, version.core_task, version.headcount


def _changed(version: Version, before: Version | None, start: str) -> Version:
    """The version from `start`, with what happened to the unit there."""
    if before is None:
        return replace(version, valid_from=start, change="new", was=None)
    moved, renamed = version.parent != before.parent, version.name != before.name
    change = "moved" if moved else "renamed" if renamed else None
    return replace(version, valid_from=start, change=change, was=version.code if change else None)


def difference(before: Iterable[Version], after: Iterable[Version]) -> UnitsDiff:
    """The newest trees side by side; own core tasks are compared, not inherited ones."""
    old = {version.code: version for version in before if version.holds(None)}
    new = {version.code: version for version in after if version.holds(None)}
    both = [(old[code], new[code]) for code in new if code in old]
    return UnitsDiff(
        new=tuple(code for code in new if code not in old),
        closed=tuple(code for code in old if code not in new),
        moved=tuple(
            (a.code, a.parent or "", b.parent or "") for a, b in both if a.parent != b.parent
        ),
        renamed=tuple((a.code, a.name, b.name) for a, b in both if a.name != b.name),
        core_task=tuple(a.code for a, b in both if a.core_task != b.core_task),
        headcount=tuple(
            (a.code, a.headcount, b.headcount) for a, b in both if a.headcount != b.headcount
        ),
    )


def fingerprint(diff: object) -> str:
    """A difference in a few characters: the same where nothing has happened in between."""
    return hashlib.sha256(repr(diff).encode()).hexdigest()[:16]


def newest(versions: Iterable[Version]) -> Tree:
    return grow(version for version in versions if version.holds(None))


def _by_code(versions: Iterable[Version]) -> dict[str, list[Version]]:
    found: dict[str, list[Version]] = defaultdict(list)
    for version in versions:
        found[version.code].append(version)
    for same in found.values():
        same.sort(key=lambda version: version.valid_from)
    return found
