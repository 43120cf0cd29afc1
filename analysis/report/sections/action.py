"""What to try, and what to decide."""

from dataclasses import dataclass
from typing import Any, Final

from analysis.report.leading import weight
from analysis.report.plan import Labelled, Section
from analysis.report.view import MAX_PATTERNS, View
from analysis.wording import headlines, sentences
from analysis.wording.voice import Voice

TRIAL_ROWS: Final = (
    ("barrier", "owner"),
    ("scope",),
    ("period", "stop_date"),
    ("target_group", "citizen_gain"),
    ("learning_question",),
    ("stop_doing", "backing"),
)  # every required field of a trial card, and what makes it possible
PASS_ON_ROWS: Final = (("experience", "citizen"), ("tried", "ask"), ("by",))


@dataclass(frozen=True, slots=True)
class Card:
    """One proposed trial action, from the catalogue: `kind` of the trials of barrier `code`."""

    code: str
    kind: str
    barrier: str
    address: str
    scope: str
    fields: tuple[Labelled, ...]
    risk: str


@dataclass(frozen=True, slots=True)
class Form:
    """A part of the empty form: rows of one or two fields to write in."""

    title: str
    rows: tuple[tuple[str, ...], ...]


# --- proposals ---------------------------------------------------------------------------------


def proposals(view: View) -> Section:
    voice, chosen = view.voice, cards(view)
    kicker = voice.gettext("Proposed trial actions")
    return Section(
        "proposals",
        kicker,
        count_of_cards(voice, len(chosen)),
        voice.gettext("Choose one. It is small, it can be undone, and it stops on a date.")
        if view.patterns
        else voice.gettext(
            "No barrier stands out. These fit what most of you point to. Choose one."
        )
        if _most_alike(view)
        else voice.gettext("These fit the three questions. Choose others if your talk says so."),
        chosen,
    )


def count_of_cards(voice: Voice, many: int) -> str:
    return (
        voice.gettext("A trial action you can begin with"),
        voice.gettext("Two trial actions to choose between"),
        voice.gettext("Three trial actions to choose between"),
    )[many - 1]


def cards(view: View) -> tuple[Card, ...]:
    """At most three: one per pattern, and where patterns are few, more of the first one's own."""
    wanted = [(one.barrier, one.address, one.kind) for one in view.patterns] or _most_named(view)
    ordered = [
        (code, address, _trials(view, code, address, kind)) for code, address, kind in wanted
    ]
    chosen = [
        (code, address, trial)
        for depth in range(MAX_PATTERNS)
        for code, address, trials in ordered
        for trial in trials[depth : depth + 1]
    ]
    return tuple(_card(view, *one) for one in chosen[:MAX_PATTERNS])


def cards_of(view: View, code: str) -> tuple[Card, ...]:
    """At most three of the very barrier, whatever stands out: a team has chosen it."""
    address = sentences.barrier(view.voice, code)["removed_by"][0]["level"]
    trials = _trials(view, code, address, None)[:MAX_PATTERNS]
    return tuple(_card(view, code, address, trial) for trial in trials)


def _most_named(view: View) -> list[tuple[str, str, str | None]]:
    """Without a pattern: the barriers most point to, with their default address."""
    named = _most_alike(view) or [view.talk_barrier]
    return [
        (code, sentences.barrier(view.voice, code)["removed_by"][0]["level"], None)
        for code in named
    ]


def _most_alike(view: View) -> list[str]:
    """The barriers most point to, at most three; none where more than that are alike.

    A barrier stands with those that as many point to or not at all: where four are alike, the
    order of the catalogue must not choose between them.
    """
    shares = dict(view.barriers)
    levels = sorted({at for one in shares.values() if (at := weight(one)) > 0}, reverse=True)
    named: list[str] = []
    for level in levels:
        alike = [code for code, one in shares.items() if weight(one) == level]
        if len(named) + len(alike) > MAX_PATTERNS:
            break
        named += alike
    return named


def _trials(view: View, code: str, address: str, kind: str | None) -> list[dict[str, Any]]:
    """The barrier's trials: the proposed kind first, then those that fit the address, shortest.

    What was tried here comes last, and backing comes before a learning of mistakes.
    """
    entry = sentences.barrier(view.voice, code)
    trials: list[dict[str, Any]] = list(entry["trials"])
    backing = headlines.is_low(view.number("safe_share", "safe_c"))

    def order(one: dict[str, Any]) -> tuple[bool, bool, bool, bool, int]:
        return (
            _is_tried(view, one),
            backing and "start_with" in one,
            one["id"] != kind,
            one["level"] != address,
            one["weeks"],
        )

    return sorted(trials, key=order)


def _is_tried(view: View, kind: dict[str, Any]) -> bool:
    """Whether a trial here had the name of this kind, or begins as its scope says it."""
    known = (kind["name"]["da"], kind["scope"]["da"])
    names = [one.name.lower() for one in view.trials.values()]
    return any(
        name in text.lower() or text.partition(":")[0].lower() in name
        for name in names
        for text in known
    )


def _card(view: View, code: str, address: str, trial: dict[str, Any]) -> Card:
    voice = view.voice
    form = {
        one["id"]: voice.pick(one)
        for one in voice.content("report_language")["trial_card"]["fields"]
    }
    weeks = voice.ngettext("%(num)d week", "%(num)d weeks", trial["weeks"]) % {
        "num": trial["weeks"]
    }
    return Card(
        code=code,
        kind=trial["id"],
        barrier=sentences.name(voice, code),
        address=sentences.address_name(voice, address),
        scope=voice.pick(trial["scope"]),
        fields=(
            Labelled(_short(form["period"]), weeks),
            Labelled(_short(form["target_group"]), voice.pick(trial["target_group"])),
            Labelled(_short(form["learning_question"]), voice.pick(trial["learning_question"])),
            Labelled(
                voice.gettext("Stop date"),
                voice.gettext("within %(weeks)s of the start") % {"weeks": weeks},
            ),
        ),
        risk=voice.pick(voice.content("report_language")["risk_line"]),
    )


def _short(label: str) -> str:
    return label.partition(":")[0]


# --- decision ----------------------------------------------------------------------------------


def decision(view: View) -> Section:
    """One trial, one matter to send on, three lines for the board: roles, never names."""
    voice = view.voice
    language = voice.content("report_language")
    board = voice.content("messages")["board_sheet"]
    trial = {one["id"]: voice.pick(one) for one in language["trial_card"]["fields"]}
    pass_on = {one["id"]: voice.pick(one) for one in language["escalation_card"]["fields"]}
    return Section(
        "decision",
        voice.gettext("Decision sheet"),
        voice.gettext("What we decide today"),
        voice.gettext("Write roles, never names. One trial action is enough."),
        (
            Form(voice.gettext("We try"), _filled(trial, TRIAL_ROWS)),
            Form(voice.pick(language["escalation_card"]["title"]), _filled(pass_on, PASS_ON_ROWS)),
            Form(
                voice.gettext("On the board tomorrow"),
                tuple(
                    (voice.pick(board[key]).partition(",")[0],) for key in ("said", "try", "sent")
                ),
            ),
        ),
    )


def _filled(
    fields: dict[str, str], rows: tuple[tuple[str, ...], ...]
) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(fields[key] for key in row) for row in rows)
