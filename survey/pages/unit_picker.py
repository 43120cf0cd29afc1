"""Choosing units in a form: one level of the tree at a time, or by a search; never all at once.

It works as a plain form: its buttons send the whole form back, and what was typed stays.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from survey.organisation import Tree, UnitRow
from survey.pages.forms import Fields

UNITS, FIND, FOUND, AT, OPEN = "units", "find", "found", "at", "open"
MOST = 20  # hits of a search


@dataclass(frozen=True, slots=True)
class Choice:
    """A unit to tick; `where` names the units above it, `below` counts those straight under it."""

    code: str
    name: str
    where: str
    below: int


@dataclass(frozen=True, slots=True)
class Picker:
    """What the form shows: the chosen units, then the hits of a search or the units of a place."""

    chosen: tuple[Choice, ...]
    choices: tuple[Choice, ...]
    trail: tuple[Choice, ...]  # from the root to the place that is open; empty in a search
    find: str
    more: int  # hits beyond those shown

    @property
    def at(self) -> str:
        return self.trail[-1].code if self.trail else ""


def is_asking(fields: Fields) -> bool:
    """Whether the form came back for its picker: another place, or a search that is not done."""
    searched = fields.value(FIND) != fields.value(FOUND)
    return bool(fields.value(OPEN)) or fields.value("deed") == FIND or searched


def picker(tree: Tree, fields: Fields) -> Picker:
    """The picker of a form as it was typed; units that left the tree are gone from it."""
    chosen = [tree[code] for code in dict.fromkeys(fields.values(UNITS)) if code in tree]
    opened, find = fields.value(OPEN), fields.value(FIND).strip()
    if find and not opened:
        hits = _hits(tree, find)
        return Picker(_all(tree, chosen), _all(tree, hits[:MOST]), (), find, len(hits[MOST:]))
    at = next((code for code in (opened, fields.value(AT)) if code in tree), tree.root.code)
    trail = [tree[code] for code in (*reversed(tree.ancestors(at)), at)]
    below = [tree[code] for code in tree[at].children]
    shown = [tree[at], *below] if at == tree.root.code else below
    return Picker(_all(tree, chosen), _all(tree, shown), _all(tree, trail), "", 0)


def chosen(tree: Tree, fields: Fields) -> tuple[str, ...]:
    """The codes that are ticked and in the tree."""
    return tuple(code for code in dict.fromkeys(fields.values(UNITS)) if code in tree)


def _hits(tree: Tree, find: str) -> list[UnitRow]:
    """Units whose name or code holds every word of the search, in the order of the tree."""
    words = find.casefold().split()
    return [
        node
        for node in tree.values()
        if all(word in f"{node.name} {node.code}".casefold() for word in words)
    ]


def _all(tree: Tree, nodes: Iterable[UnitRow]) -> tuple[Choice, ...]:
    return tuple(
        Choice(
            node.code,
            node.name,
            " › ".join(tree[code].name for code in reversed(tree.ancestors(node.code))),
            len(node.children),
        )
        for node in nodes
    )
