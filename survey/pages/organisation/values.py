"""What the pages of the organisation show: a level of the tree, what is small, what is planned."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from survey.actions.organising import Coming, following
from survey.errors import N_
from survey.intake.opening import FEWEST_ANSWERS, rolled_up
from survey.organisation import Tree, UnitRow, Version
from survey.texts import Voice

USUAL_TENTHS: Final = 6  # of ten people answer: what "likely" on these pages is counted with
MOST_HITS: Final = 50
MOST_ROWS: Final = 300  # units straight below one: more than that are found by searching

BREAKS: Final = ("new", "merged", "split")  # analysis: a trend begins anew here
DEEDS: Final = {
    "renamed": N_("has a new name; the trend goes on"),
    "moved": N_("has moved; the trend goes on"),
    "new": N_("is new; a trend begins here"),
    "merged": N_("is merged of several; the trend begins anew"),
    "split": N_("is split; the trend begins anew"),
    "closed": N_("is closed"),
    "": N_("goes on with another core task or number of employees"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """A unit on a line: `staff` its own and below, `under` units below it, `joined` its tag."""

    code: str
    name: str
    staff: str
    under: str
    joined: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class Period:
    """A unit for a span of waves."""

    when: str
    name: str
    parent: str
    what: str
    is_break: bool


@dataclass(frozen=True)
class Shown:
    """A tree with its people, asked for one level at a time."""

    tree: Tree
    people: Mapping[str, int]  # straight in a unit

    @cached_property
    def staff(self) -> Mapping[str, int]:
        """People in a unit and all below it."""
        return _summed(self.tree, self.people)

    @cached_property
    def under(self) -> Mapping[str, int]:
        """Units below a unit."""
        ones = dict.fromkeys(self.tree, 1)
        return {code: n - 1 for code, n in _summed(self.tree, ones).items()}

    @cached_property
    def joined(self) -> Mapping[str, str]:
        """Unit -> where its answers will likely count, for units that are likely too small.

        By the rule of the close: piles of fewer than five answers move up, joined, until a pile
        has five. Counted with six answers of ten people; told as likely, since nobody knows yet.
        """
        expected = {code: self.people.get(code, 0) * USUAL_TENTHS // 10 for code in self.tree}
        total = _summed(self.tree, expected)
        answers = [code for code, n in expected.items() for _ in range(min(n, FEWEST_ANSWERS))]
        ends = rolled_up(
            answers, {one.code: one.parent for one in self.tree.values()}, FEWEST_ANSWERS
        )
        return {
            code: self._where(code, ends.get(code, code), total)
            for code, node in self.tree.items()
            if node.parent is not None and self.staff[code] and total[code] < FEWEST_ANSWERS
        }

    def _where(self, code: str, end: str, total: Mapping[str, int]) -> str:
        if end != code:
            return end
        above = self.tree.ancestors(code)
        return next((one for one in above if total[one] >= FEWEST_ANSWERS), above[-1])

    def row(self, voice: Voice, code: str, *, with_path: bool = False) -> Row:
        node, staff, under = self.tree[code], self.staff[code], self.under[code]
        path = reversed(self.tree.ancestors(code)) if with_path else ()
        return Row(
            code=code,
            name=node.name,
            staff=voice.ngettext("%(num)s employee", "%(num)s employees", staff)
            % {"num": voice.number(staff)},
            under=voice.ngettext("%(num)s unit below", "%(num)s units below", under)
            % {"num": voice.number(under)}
            if under
            else "",
            joined=self.tag(voice, code),
            path=" › ".join(self.tree[one].name for one in path),
        )

    def tag(self, voice: Voice, code: str) -> str:
        """What a small unit's tag says; "" for one that is likely shown by itself."""
        where = self.joined.get(code)
        if where is None:
            return ""
        said = {"unit": self.tree[where].name}
        if self.staff[code] < FEWEST_ANSWERS:
            return voice.gettext("Shown together with %(unit)s") % said
        return voice.gettext("Likely shown together with %(unit)s") % said

    def children(self, voice: Voice, code: str) -> tuple[Row, ...]:
        return tuple(self.row(voice, one) for one in self.tree[code].children[:MOST_ROWS])

    def hits(self, voice: Voice, asked: str) -> tuple[Row, ...]:
        """Units whose name or code holds the words, in the order of the tree."""
        words = asked.casefold().split()
        found = (
            code
            for code, node in self.tree.items()
            if all(word in f"{code} {node.name}".casefold() for word in words)
        )
        return tuple(
            self.row(voice, code, with_path=True)
            for code, _ in zip(found, range(MOST_HITS), strict=False)
        )


def history(voice: Voice, versions: Sequence[Version], names: Mapping[str, str]) -> list[Period]:
    """The versions of one unit, newest first; `names` are those of all units."""
    ordered = sorted(versions, key=lambda one: one.valid_from)
    first = ordered[0].valid_from if ordered else ""
    return [
        Period(
            when=_when(voice, one, is_first=one.valid_from == first),
            name=one.name,
            parent=names.get(one.parent or "", ""),
            what=_what(voice, one, names, is_first=one.valid_from == first),
            is_break=one.change in BREAKS and one.valid_from != first,
        )
        for one in reversed(ordered)
    ]


def planned(voice: Voice, coming: Coming) -> list[tuple[str, str]]:
    """Unit code -> what will be another way from the next wave; a merge is told once."""
    joined = following(coming.after.values())
    told: dict[str, list[str]] = {}
    for code in coming.changed:
        told.setdefault(joined.get(code, code), []).extend(said(voice, coming, coming.before, code))
    return [(code, " ".join(sentences)) for code, sentences in told.items()]


def foretold(voice: Voice, now: Coming, then: Coming, about: Iterable[str]) -> list[str]:
    """What a change would bring, a sentence each; `about` are the units it is made from."""
    before = now.before or now.after
    codes = dict.fromkeys([*about, *then.after, *now.after])
    return [
        sentence
        for code in codes
        if now.after.get(code) != then.after.get(code)
        for sentence in said(voice, then, before, code)
    ]


def said(voice: Voice, coming: Coming, before: Mapping[str, Version], code: str) -> list[str]:
    """What changes for one unit, as a sentence each: from which wave, and what until then."""
    was, now = before.get(code), coming.after.get(code)
    names = {one.code: one.name for one in (*before.values(), *coming.after.values())}
    about = {
        "from": since(voice, coming),
        "unit": now.name if now else "",
        "was": was.name if was else "",
    }
    if now is None:
        into = following(coming.after.values()).get(code)
        gone = (
            N_("%(from)s: %(was)s is part of %(into)s.")
            if into
            else N_("%(from)s: %(was)s is closed.")
        )
        return [voice.gettext(gone) % {**about, "into": names.get(into or "", "")}] if was else []
    if was is None:
        text = voice.gettext("%(from)s: %(unit)s is a new unit under %(parent)s.")
        return [text % {**about, "parent": names.get(now.parent or "", "–")}]
    found = []
    if now.name != was.name:
        text = voice.gettext(
            "%(from)s: the unit is called %(unit)s. Until then it is called %(was)s."
        )
        found.append(text % about)
    if now.parent != was.parent:
        text = voice.gettext(
            "%(from)s: %(unit)s is under %(parent)s. Until then it is under %(above)s."
        )
        parents = {
            "parent": names.get(now.parent or "", "–"),
            "above": names.get(was.parent or "", "–"),
        }
        found.append(text % {**about, **parents})
    if now.core_task != was.core_task:
        text = voice.gettext("%(from)s: %(unit)s has the core task “%(task)s”.")
        inherited = voice.gettext("the same as the unit above")
        found.append(text % {**about, "task": now.core_task or inherited})
    if now.change in ("merged", "split") and now.valid_from == coming.start:
        text = voice.gettext(
            "%(from)s: %(unit)s is another unit than before. Its trend begins anew."
        )
        found.append(text % about)
    return found


def since(voice: Voice, coming: Coming) -> str:
    """From which wave a change holds."""
    if coming.at:
        return voice.gettext("From wave %(wave)s") % {"wave": coming.at}
    return voice.gettext("From the first wave")


def own_core_task(tree: Tree, versions: Iterable[Version], code: str) -> tuple[str, UnitRow | None]:
    """A unit's core task and, where it is inherited, the unit it comes from."""
    own = {one.code for one in versions if one.core_task}
    if code in own or not tree[code].core_task:
        return tree[code].core_task or "", None
    source = next((one for one in tree.ancestors(code) if one in own), None)
    return tree[code].core_task or "", tree[source] if source else None


def _summed(tree: Tree, own: Mapping[str, int]) -> dict[str, int]:
    """Each unit's own count and those of all below; children stand after parents in a tree."""
    total = Counter({code: own.get(code, 0) for code in tree})
    for node in reversed(list(tree.values())):
        if node.parent is not None:
            total[node.parent] += total[node.code]
    return dict(total)


def _when(voice: Voice, version: Version, *, is_first: bool) -> str:
    since = {"first": version.valid_from, "last": version.valid_to or ""}
    if is_first and version.valid_to:
        return voice.gettext("Until wave %(last)s") % since
    if is_first:
        return voice.gettext("From the beginning")
    if version.valid_to == version.valid_from:
        return voice.gettext("Pulse %(first)s") % since
    if version.valid_to:
        return voice.gettext("Pulse %(first)s to %(last)s") % since
    return voice.gettext("From wave %(first)s") % since


def _what(voice: Voice, version: Version, names: Mapping[str, str], *, is_first: bool) -> str:
    if is_first and version.change is None:
        return ""
    text = voice.gettext(DEEDS.get(version.change or "", DEEDS[""]))
    earlier = [names.get(one, one) for one in (version.was or "").split(";") if one]
    if version.change in ("merged", "split") and earlier:
        text += voice.gettext(" (of %(units)s)") % {"units": ", ".join(earlier)}
    return text
