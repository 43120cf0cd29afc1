"""What of a posted form becomes an answer, and what is wrong with one; knows no page."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Literal, TypeAlias

import msgspec
from msgspec import Struct

from survey.errors import N_, BadInput
from survey.questionnaire import BARRIERS, BLOCKS, COLUMNS, CONDITIONS, form
from survey.texts import Voice, content

SHARED_BARRIERS = frozenset({"SILO", "OKO", "VID", "FAG", "REGL"})  # those that can stall elsewhere
AT_MOST = 2  # choices in a question with "Vælg op til to"
CPR_LIKE = re.compile(
    r"(?<!\d)(?:0[1-9]|[12]\d|3[01]|6[1-9]|[78]\d|9[01])[ ./-]?(?:0[1-9]|1[0-2])[ ./-]?\d{2}"
    r"[ ./–-]{0,3}\d{4}(?!\d)"
)  # 61-91: the numbers given to people without a CPR number

Agree: TypeAlias = Literal["1", "2", "3", "4", "5", "unknown"]
Hinders: TypeAlias = Literal["0", "1", "2", "unknown"]
Barrier: TypeAlias = Literal[
    "SILO", "OKO", "TID", "KOMP", "VID", "FAG", "KULT", "REGL", "MAAL", "FEJL"
]
Benefit: TypeAlias = Literal[
    "faster", "fewer_people", "not_repeat", "knows_next", "more_say", "nothing"
]


class Posted(Struct, frozen=True, dict=True):  # dict: for the cached property
    """A posted form with its keys checked one by one; null = nothing chosen."""

    clarity: Agree | None = None
    situation: Literal["several", "once", "no", "not_my_work"] | None = None
    successes: Literal["0", "1", "2", "3", "4", "5", "unknown"] | None = None
    b_silo: Hinders | None = None
    b_oko: Hinders | None = None
    b_tid: Hinders | None = None
    b_komp: Hinders | None = None
    b_vid: Hinders | None = None
    b_fag: Hinders | None = None
    b_kult: Hinders | None = None
    b_regl: Hinders | None = None
    b_maal: Hinders | None = None
    b_fejl: Hinders | None = None
    priority: Barrier | Literal["unknown"] | None = None
    stall: tuple[str, ...] = ()
    stall_how: (
        Literal["wait", "different_answers", "passed_on", "may_not_share", "citizen_ties", "other"]
        | None
    ) = None
    resolver: Literal["unit", "two_units", "managers", "board", "council_law", "unknown"] | None = (
        None
    )
    citizen: tuple[Benefit, ...] = ()
    changed_by_citizen: Literal["yes", "no", "dont_know"] | None = None
    safe_a: Agree | None = None
    safe_b: Agree | None = None
    safe_c: Agree | None = None
    noticed: Literal["helps", "no_difference", "harder", "no"] | None = None
    comment: str = ""

    @property
    def in_situation(self) -> bool:
        return self.situation in {"several", "once"}

    @cached_property
    def own_barriers(self) -> tuple[str, ...]:
        """The barriers this person said stand in the way, "I høj grad" first."""
        given = {code: getattr(self, name) for code, name in COLUMNS.items()}
        return tuple(code for degree in "21" for code in BARRIERS if given[code] == degree)


MANY = ("stall", "citizen")
FIELDS = tuple(field.name for field in msgspec.structs.fields(Posted))


# When an item applies, by the name of its condition in the questionnaire.
HOLDS: Mapping[str, Callable[[Posted], bool]] = {
    "in_situation": lambda given: given.in_situation,
    "a_barrier": lambda given: len(given.own_barriers) >= 1,
    "two_barriers": lambda given: len(given.own_barriers) >= 2,
    "shared_barrier": lambda given: not SHARED_BARRIERS.isdisjoint(given.own_barriers),
    "stalls_elsewhere": lambda given: bool(set(given.stall) - {"own", "prefer_not"}),
    # The trial is no answer: whoever renders and validates knows whether the unit has had one.
    "trial": lambda _: True,
}


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one item: a key of `messages.yaml` errors.survey and its number."""

    item: str
    message: str
    n: int = 0

    def said(self, voice: Voice) -> str:
        texts = voice.content("messages")["errors"]["survey"]
        return voice.pick(texts[self.message]).format(n=self.n)


class FormInvalid(BadInput):
    """The form cannot be taken as it is; every problem stands beside its item."""

    sentence = N_("The form could not be sent. Nothing was stored. See what is missing.")

    def __init__(self, *problems: Problem) -> None:
        super().__init__()
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Answers:
    """One person's answer without what does not apply; null = Ved ikke, skipped or not asked."""

    clarity: int | None
    situation: str
    successes: int | None
    barriers: Mapping[str, int | None]  # barrier code -> 0, 1, 2 or null
    priority: str | None
    stall: tuple[str, ...]
    stall_how: str | None
    resolver: str | None
    citizen: tuple[str, ...]
    changed_by_citizen: str | None
    safe: tuple[int | None, int | None, int | None]
    noticed: str | None
    comment: str | None

    def columns(self) -> dict[str, int | str | None]:
        """The columns of ANSWERS that a person answers (measurement.md 2.1); never the comment."""
        stall_1, stall_2, *_ = (*self.stall, None, None)
        citizen_1, citizen_2, *_ = (*self.citizen, None, None)
        safe_a, safe_b, safe_c = self.safe
        return {
            "clarity": self.clarity,
            "situation": self.situation,
            "successes": self.successes,
            **{name: self.barriers[code] for code, name in COLUMNS.items()},
            "priority": self.priority,
            "stall_1": stall_1,
            "stall_2": stall_2,
            "stall_how": self.stall_how,
            "resolver": self.resolver,
            "citizen_1": citizen_1,
            "citizen_2": citizen_2,
            "changed_by_citizen": self.changed_by_citizen,
            "safe_a": safe_a,
            "safe_b": safe_b,
            "safe_c": safe_c,
            "noticed": self.noticed,
        }


def validated(
    posted: Mapping[str, str | Sequence[str]],
    *,
    parts: Collection[str] = frozenset(),
    trial: bool = False,
    name_seen: bool = False,
    left_out: Collection[str] = (),
) -> Answers:
    """The answer in a posted form; other fields than the items' are not looked at.

    `parts` are the codes the stall question may name, `trial` says that the unit has had one,
    `name_seen` that the question about a likely name has been asked before, and `left_out` the
    blocks that the wave does not ask.
    Raises FormInvalid with every problem at once, in the order of the items.
    """
    given = _without(read(posted), left_out) if left_out else read(posted)
    asked = _asked(given, trial=trial)
    problems = [
        *_problems(given, asked, parts),
        *_comment_problems(given.comment, name_seen=name_seen),
    ]
    if problems:
        raise FormInvalid(*problems)
    return _answers(given, asked)


def read(posted: Mapping[str, str | Sequence[str]]) -> Posted:
    """The posted form with every key known, else FormInvalid: another form than ours was sent."""
    fields: dict[str, object] = {}
    for name in FIELDS:
        if name in MANY:
            fields[name] = _values(posted, name)
        elif (sent := posted.get(name)) and (value := _last(sent)):
            fields[name] = value
    try:
        return msgspec.convert(fields, Posted)
    except msgspec.ValidationError as error:
        found = re.search(r"\$\.(\w+)", str(error))
        item = found.group(1) if found else "situation"
        raise FormInvalid(Problem(_item_of(item), "page_old")) from None


def _without(given: Posted, left_out: Collection[str]) -> Posted:
    """What was given without the blocks that the wave leaves out."""
    empty = Posted()
    gone = {item: getattr(empty, item) for block in left_out for item in BLOCKS[block]}
    return msgspec.structs.replace(given, **gone)


@cache
def _rules() -> tuple[tuple[str, bool, Callable[[Posted], bool] | None], ...]:
    """Each item, whether it is asked in the situation only, and what else must hold."""
    return tuple(
        (item.id, item.in_situation_only, HOLDS[CONDITIONS[item.show_if]] if item.show_if else None)
        for item in form().items
    )


def _asked(given: Posted, *, trial: bool) -> set[str]:
    """The items that are asked of somebody who has answered so."""
    in_situation = given.in_situation
    asked = {
        item
        for item, only_there, holds in _rules()
        if (in_situation or not only_there) and (holds is None or holds(given))
    }
    return asked if trial else asked - {"noticed"}


def likely_name(comment: str) -> bool:
    """A given name with a capital letter: worth asking about, never a reason to refuse."""
    words = set(re.findall(r"\w+", comment))
    owners = {word.removesuffix("s") for word in words}  # Mettes bord
    return bool((words | owners) & _given_names())


def _values(posted: Mapping[str, str | Sequence[str]], name: str) -> tuple[str, ...]:
    """What was posted for an item, without the empty and the repeated."""
    names = ("stall", "stall_1", "stall_2") if name == "stall" else (name,)
    found: list[str] = []
    for each in names:
        value = posted.get(each, ())
        found.extend([value] if isinstance(value, str) else value)
    return tuple(dict.fromkeys(value.strip() for value in found if value.strip()))


def _last(values: str | Sequence[str]) -> str:
    """The last value that says something; "" where none does."""
    for value in (values,) if isinstance(values, str) else reversed(values):
        if said := value.strip():
            return said
    return ""


def _item_of(field: str) -> str:
    return "barriers" if field.startswith("b_") else field


def _problems(given: Posted, asked: set[str], parts: Collection[str]) -> list[Problem]:
    problems = []
    if given.situation is None:
        problems.append(Problem("situation", "situation_missing"))
    if "stall" in asked and "prefer_not" not in given.stall:
        if len(given.stall) > AT_MOST:
            problems.append(Problem("stall", "too_many_chosen", len(given.stall)))
        elif not set(given.stall) <= {*parts, "own", "outside"}:
            problems.append(Problem("stall", "page_old"))
    if len(given.citizen) > AT_MOST and "nothing" not in given.citizen:
        problems.append(Problem("citizen", "too_many_chosen", len(given.citizen)))
    return problems


def _comment_problems(comment: str, *, name_seen: bool) -> list[Problem]:
    too_long = length(comment) - (form().item("comment").max_length or 0)
    if too_long > 0:
        return [Problem("comment", "comment_long", too_long)]
    if CPR_LIKE.search(comment):
        return [Problem("comment", "comment_cpr")]
    if likely_name(comment) and not name_seen:
        return [Problem("comment", "comment_name")]
    return []


def length(comment: str) -> int:
    """Characters as the page counts them: a browser posts a line break as two."""
    return len(comment.replace("\r\n", "\n"))


def _answers(given: Posted, asked: set[str]) -> Answers:
    """What was asked, with the words of the form turned into the values of ANSWERS."""

    def kept(item: str, value: str | None) -> str | None:
        return value if item in asked and value != "unknown" else None

    def number(item: str, value: str | None) -> int | None:
        said = kept(item, value)
        return None if said is None else int(said)

    stall = () if "stall" not in asked or "prefer_not" in given.stall else given.stall
    return Answers(
        clarity=number("clarity", given.clarity),
        situation=given.situation or "",
        successes=number("successes", given.successes),
        barriers={code: number("barriers", getattr(given, name)) for code, name in COLUMNS.items()},
        priority=_priority(given),
        stall=stall,
        stall_how=kept("stall_how", given.stall_how) if stall else None,
        resolver=kept("resolver", given.resolver),
        citizen=("nothing",) if "nothing" in given.citizen else given.citizen,
        changed_by_citizen=given.changed_by_citizen,
        safe=(
            number("safe_a", given.safe_a),
            number("safe_b", given.safe_b),
            number("safe_c", given.safe_c),
        ),
        noticed=kept("noticed", given.noticed),
        comment=given.comment.replace("\r\n", "\n").strip() or None,
    )


def _priority(given: Posted) -> str | None:
    """The one to remove: the only one there is, or the chosen one among the person's own."""
    own = given.own_barriers if given.in_situation else ()
    if len(own) == 1:
        return own[0]
    return given.priority if given.priority in own else None


@cache
def _given_names() -> frozenset[str]:
    return frozenset(content("linter")["lists"]["given_names"])
