"""What the pages of behaviours show, and how their form becomes a behaviour."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from survey.actions.behaviours import Stored, Written, self_checks
from survey.linter import lint
from survey.organisation import Tree
from survey.pages import unit_picker
from survey.pages.forms import FieldEmpty, Fields, plain
from survey.texts import Voice, content

PARTS: Final = ("actor", "action", "occasion", "when", "purpose")  # of the mould, in its order
SENTENCE, LINE, SHORT, REASON = 300, 200, 80, 280  # characters
PART: Final = 120
NO_FIELD: Final = ("verdict",)  # problems that belong to what the linter says
LISTED: Final = 4  # units named before the rest is counted


@dataclass(frozen=True, slots=True)
class Said:
    """One thing the linter asks, and whether it is a hint that changes nothing."""

    text: str
    is_hint: bool


@dataclass(frozen=True, slots=True)
class Check:
    """What is said of a sentence; without one there is no verdict."""

    sentence: str
    is_put_together: bool  # of the five parts, not written as a whole
    verdict: str
    text: str
    said: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A behaviour in the list."""

    code: str
    version: int
    text: str
    core_task: str
    verdict: str
    reason: str
    not_ticked: tuple[str, ...]
    places: str
    waves: tuple[str, ...]
    follows: str
    is_active: bool
    is_asked: bool  # its words are frozen


@dataclass(frozen=True, slots=True)
class Example:
    id: str
    area: str
    text: str
    twin: str


@dataclass(frozen=True, slots=True)
class Collision:
    """Another behaviour that reaches some of the same units."""

    code: str
    text: str
    places: str


def put_together(parts: Mapping[str, str]) -> str:
    """The sentence of the mould: actor and action first, then what else there is."""
    actor, action = parts["actor"], parts["action"]
    if not (actor and action):
        return ""
    said = [f"{actor[0].upper()}{actor[1:]} {action}"]
    for word, name in (("når ", "occasion"), ("", "when"), ("så borgeren ", "purpose")):
        if parts[name]:
            said.append(word + _without(parts[name], word))
    return ", ".join(said) + "."


def sentence_of(fields: Fields) -> tuple[str, bool]:
    """The sentence as it is written, else of its parts; and whether it was put together."""
    written = plain(fields.value("text"))
    if written:
        return written, False
    parts = {name: plain(fields.value(name)).rstrip(" .,;") for name in PARTS}
    return put_together(parts), True


def judged(voice: Voice, fields: Fields) -> Check:
    """What the linter says of the sentence in a form."""
    sentence, is_put_together = sentence_of(fields)
    if not sentence:
        return Check("", is_put_together, "", "", ())
    verdict = lint(sentence, has_core_task=bool(plain(fields.value("core_task"))))
    messages = zip(verdict.rules, verdict.messages(voice.language), strict=True)
    return Check(
        sentence,
        is_put_together,
        verdict.verdict,
        verdict.text(voice.language),
        tuple(Said(text, rule.severity == "hint") for rule, text in messages),
    )


def read(fields: Fields, tree: Tree) -> Written:
    """The behaviour that was typed, with a problem noted for each field that cannot be kept."""
    for name in PARTS:
        fields.text(name, most=PART, required=False)
    sentence, is_put_together = sentence_of(fields)
    if not is_put_together:
        fields.text("text", most=SENTENCE)
    elif not sentence:
        fields.problems["text"] = FieldEmpty()
    written = Written(
        text=" ".join(sentence.split()),
        situation=fields.text("situation"),
        core_task=fields.text("core_task", required=False),
        short=fields.text("short", most=SHORT, required=False),
        core_task_en=fields.text("core_task_en", required=False),
        text_en=fields.text("text_en", most=SENTENCE, required=False),
        situation_en=fields.text("situation_en", required=False),
        short_en=fields.text("short_en", most=SHORT, required=False),
        units=unit_picker.chosen(tree, fields),
        self_checks=fields.choices("self_checks", self_checks(), required=False),
        reason=fields.text("reason", most=REASON, required=False),
        anyway=fields.value("deed") == "anyway",
    )
    for name, problem in written.problems().items():
        fields.problems.setdefault(name, problem)
    return written


def stored_fields(found: Stored) -> Fields:
    """A form filled with a stored behaviour."""
    row = found.row
    names = ("text", "situation", "core_task", "short", "reason")
    english = ("core_task_en", "text_en", "situation_en", "short_en")
    values: dict[str, Any] = {name: row[name] for name in (*names, *english)}
    checks = tuple((row["self_checks"] or "").split(";")) if row["self_checks"] else ()
    return Fields.of(row["version"], **values, units=found.units, self_checks=checks)


def example(name: str) -> Fields:
    """A form begun from one of the twelve; an empty one where there is none of that name."""
    found = next((one for one in content("behaviours")["behaviours"] if one["id"] == name), None)
    if found is None:
        return Fields()
    values = {
        "core_task": found["core_task"],
        "text": found["sentence"],
        "situation": found["situation_asked"],
        "short": found["short"],
    }
    danish = {name: text["da"] for name, text in values.items()}
    return Fields.of(**danish, **{f"{name}_en": text["en"] for name, text in values.items()})


def examples(voice: Voice) -> list[Example]:
    return [
        Example(one["id"], one["area"], voice.pick(one["sentence"]), one["twin"])
        for one in content("behaviours")["behaviours"]
    ]


def lines(voice: Voice, found: Iterable[Stored], tree: Tree) -> list[Line]:
    return [_line(voice, one, tree) for one in found]


def collisions(
    voice: Voice, chosen: Sequence[str], others: Iterable[Stored], tree: Tree
) -> list[Collision]:
    """The behaviours in use that reach some of the chosen units, and where."""
    found = []
    ours = {code: {code, *tree.ancestors(code)} for code in chosen}
    for other in others:
        theirs = [code for code in other.units if code in tree]
        shared = [
            mine if their in above else their  # the lower of the two
            for mine, above in ours.items()
            for their in theirs
            if their in above or mine in tree.ancestors(their)
        ]
        if shared and other.row["active"]:
            text = _said(voice, other, "text")
            found.append(Collision(other.row["code"], text, _named(voice, shared, tree)))
    return found


def _line(voice: Voice, one: Stored, tree: Tree) -> Line:
    row = one.row
    ticked = (row["self_checks"] or "").split(";")
    verdict = lint(row["text"], has_core_task=bool(row["core_task"]))
    asked = () if verdict.verdict == "pass" else verdict.messages(voice.language)
    return Line(
        code=row["code"],
        version=row["version"],
        text=_said(voice, one, "text"),
        core_task=_said(voice, one, "core_task"),
        verdict=" ".join((verdict.text(voice.language), *asked)),
        reason=row["reason"] or "",
        not_ticked=tuple(
            voice.pick(check).partition(":")[0]
            for check in content("behaviours")["self_checks"]
            if row["verdict"] and check["id"] not in ticked
        ),
        places=_named(voice, one.units, tree),
        waves=tuple(one.waves),
        follows=row["follows"] or "",
        is_active=bool(row["active"]),
        is_asked=bool(one.asked),
    )


def _said(voice: Voice, one: Stored, name: str) -> str:
    return (voice.language == "en" and one.row[f"{name}_en"]) or one.row[name] or ""


def _named(voice: Voice, codes: Iterable[str], tree: Tree) -> str:
    """Units by their highest node: one below another of them goes without saying."""
    there = [code for code in dict.fromkeys(codes) if code in tree]
    highest = [code for code in there if not set(tree.ancestors(code)).intersection(there)]
    said = ", ".join(tree[code].name for code in highest[:LISTED])
    if len(highest) > LISTED:
        more = voice.gettext("and %(n)s more") % {"n": voice.number(len(highest) - LISTED)}
        said = f"{said} {more}"
    return said


def _without(text: str, word: str) -> str:
    """A part without the word that the mould itself puts before it."""
    return text[len(word) :] if text.lower().startswith(word) else text
