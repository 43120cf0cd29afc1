"""Changes of a tree by hand, as a file of units would say them: versions in, versions out.

Pure. Each change holds from a wave on and is carried into later versions of the unit until one
says otherwise. What past waves saw is for `dating` to keep, and whether it is a tree for
`unitfile` to say.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final

from survey.errors import N_, Refused
from survey.importing.unitfile import BEGINNING, CODE
from survey.organisation import Version, grow

NAME_AT_MOST: Final = 80
TASK_AT_MOST: Final = 280


class UnderItself(Refused):
    sentence = N_(
        "{unit} cannot lie under {parent}, since {parent} lies under {unit}. Nothing was changed. "
        "Choose another parent."
    )


class UnitsBelow(Refused):
    sentence = N_(
        "{unit} has units below it. Nothing was changed. Move or close them first, or merge "
        "{unit} with another unit."
    )


class TopStays(Refused):
    sentence = N_("{unit} is the whole organisation and cannot be moved, merged or closed.")


class CodeTaken(Refused):
    sentence = N_("The code {code} is used already. Nothing was changed. Choose another.")


class CodeUnusable(Refused):
    sentence = N_(
        "The code {code} cannot be used. Nothing was changed. Use at most 40 letters, digits, "
        "spaces, full stops, colons, hyphens and underscores."
    )


class PeopleInUnit(Refused):
    sentence = N_(
        "There are still employees in {unit} ({n}). Nothing was changed. Move them first, merge "
        "the unit with another, or import a staff list where they are somewhere else."
    )


class PlannedLater(Refused):
    sentence = N_(
        "A later wave needs {unit} as it is, since the file of units says so. Nothing was changed. "
        "Import a new file of units instead."
    )


def renamed(versions: Sequence[Version], code: str, name: str, at: str | None) -> list[Version]:
    return _carried(versions, code, at, lambda one: one.name, lambda one: replace(one, name=name))


def with_core_task(
    versions: Sequence[Version], code: str, core_task: str | None, at: str | None
) -> list[Version]:
    """`core_task` None: the nearest parent's."""
    return _carried(
        versions, code, at, lambda one: one.core_task, lambda one: replace(one, core_task=core_task)
    )


def moved(versions: Sequence[Version], code: str, parent: str, at: str | None) -> list[Version]:
    """The unit, and all below it, under another parent. Raises `TopStays` and `UnderItself`."""
    tree = grow(one for one in versions if one.holds(at))
    _not_the_top(versions, code, at)
    if parent in tree.below(code):
        raise UnderItself(unit=tree[code].name, parent=tree[parent].name)
    return _under(versions, code, parent, at)


def added(
    versions: Sequence[Version], *, code: str, name: str, parent: str, start: str | None
) -> list[Version]:
    """A new unit without anybody in it."""
    new = Version(
        code=code,
        parent=parent,
        name=name,
        core_task=None,
        headcount=0,
        valid_from=start or min(one.valid_from for one in versions),
        change="new" if start else None,
    )
    return [*versions, new]


def split(  # noqa: PLR0913 - each is named by keyword
    versions: Sequence[Version],
    code: str,
    *,
    new: str,
    name: str,
    at: str | None,
    start: str | None,
) -> list[Version]:
    """A new unit beside this one, made of a part of it: neither is what the one was."""
    _not_the_top(versions, code, at)
    old = _now(versions, code, at)
    after = added(versions, code=new, name=name, parent=old.parent or "", start=start)
    if start is None:
        return after
    made = replace(after[-1], change="split", was=code, core_task=old.core_task)
    return [*_marked(after[:-1], code, "split", code, at, start), made]


def merged(
    versions: Sequence[Version], code: str, other: str, *, at: str | None, start: str | None
) -> list[Version]:
    """Two units as one under the code of the first, with what was below the second."""
    _not_the_top(versions, code, at)
    _not_the_top(versions, other, at)
    tree = grow(one for one in versions if one.holds(at))
    if code in tree.below(other):
        raise UnderItself(unit=tree[other].name, parent=tree[code].name)
    after = list(versions)
    for child in tree[other].children:
        after = _under(after, child, code, at)
    headcount = _now(versions, code, at).headcount + _now(versions, other, at).headcount
    after = _carried(
        after, code, at, lambda one: one.headcount, lambda one: replace(one, headcount=headcount)
    )
    after = [one for one in after if one.code != other or not _holds_later(one, at)]
    if start is None:
        return after
    earlier = _now(after, code, at)
    was = (earlier.was or code) if earlier.change == "merged" else code
    return _marked(after, code, "merged", f"{was};{other}", at, start)


def closed(versions: Sequence[Version], code: str, at: str | None) -> list[Version]:
    """Without the unit. Raises `TopStays` and `UnitsBelow`."""
    _not_the_top(versions, code, at)
    tree = grow(one for one in versions if one.holds(at))
    if tree[code].children:
        raise UnitsBelow(unit=tree[code].name)
    return [one for one in versions if one.code != code or not _holds_later(one, at)]


def undone(
    versions: Sequence[Version], codes: Iterable[str], seen: Sequence[Version]
) -> list[Version]:
    """The units as the last frozen wave saw them; `seen` are its versions."""
    back = set(codes)
    as_seen = [
        replace(one, valid_from=BEGINNING, valid_to=None, change=None, was=None)
        for one in seen
        if one.code in back
    ]
    return [*(one for one in versions if one.code not in back), *as_seen]


def plain_again(versions: Iterable[Version], start: str, known: Iterable[str]) -> list[Version]:
    """Versions as a file says them: what only was renamed or moved is for `dating` to mark."""
    before = set(known)
    return [
        replace(one, valid_from=BEGINNING, change=None, was=None)
        if one.valid_from == start
        and one.code in before
        and one.change in (None, "renamed", "moved")
        else one
        for one in versions
    ]


def _under(versions: Sequence[Version], code: str, parent: str, at: str | None) -> list[Version]:
    return _carried(
        versions, code, at, lambda one: one.parent, lambda one: replace(one, parent=parent)
    )


def _carried(
    versions: Sequence[Version],
    code: str,
    at: str | None,
    said: Callable[[Version], object],
    changed: Callable[[Version], Version],
) -> list[Version]:
    """A unit changed from a wave on, until a later version says something else of it."""
    old = said(_now(versions, code, at))
    found: dict[int, Version] = {}
    for one in _later(versions, code, at):
        if said(one) != old:
            break
        found[id(one)] = changed(one)
    return [found.get(id(one), one) for one in versions]


def _marked(  # noqa: PLR0913, PLR0917 - what a version says of its own beginning
    versions: Sequence[Version], code: str, change: str, was: str, at: str | None, start: str
) -> list[Version]:
    now = _now(versions, code, at)
    mark = replace(now, valid_from=start, change=change, was=was)
    return [mark if one is now else one for one in versions]


def _now(versions: Iterable[Version], code: str, at: str | None) -> Version:
    return next(one for one in versions if one.code == code and one.holds(at))


def _later(versions: Iterable[Version], code: str, at: str | None) -> list[Version]:
    found = [one for one in versions if one.code == code and _holds_later(one, at)]
    return sorted(found, key=lambda one: one.valid_from)


def _holds_later(version: Version, at: str | None) -> bool:
    return version.valid_to is None or (at is not None and version.valid_to >= at)


def _not_the_top(versions: Iterable[Version], code: str, at: str | None) -> None:
    now = _now(versions, code, at)
    if now.parent is None:
        raise TopStays(unit=now.name)


def checked_code(code: str, taken: Iterable[str]) -> str:
    """A code for a new unit. Raises `CodeUnusable` and `CodeTaken`: a code is for ever."""
    if not CODE.fullmatch(code):
        raise CodeUnusable(code=code)
    if code.casefold() in {one.casefold() for one in taken}:
        raise CodeTaken(code=code)
    return code
