"""Seams, the citizen, who can solve it, and what makes it safe to try."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from analysis import charts
from analysis.findings import Hidden, Measured, Number, Pair, Proposal
from analysis.report.plan import Labelled, LeftOut, Section
from analysis.report.view import View, top
from analysis.wording import numbers, sentences
from analysis.wording.voice import inside, listed, opened

MAX_PAIRS: Final = 5
LEVELS: Final = ("unit", "two_units", "managers", "board", "council_law")
SAFE: Final = ("safe_a", "safe_b", "safe_c")


@dataclass(frozen=True, slots=True)
class Seams:
    question: str
    scale: str
    chart: charts.Seams
    text: str


@dataclass(frozen=True, slots=True)
class Shares:
    """A question and its answers as dots."""

    question: str
    scale: str
    track: charts.Track
    text: tuple[Labelled, ...]
    comments: tuple[str, ...]
    comments_title: str


@dataclass(frozen=True, slots=True)
class Voices:
    """What the pattern, the spread and the staff say of one finding: side by side, never merged.

    `removal` is where the catalogue says it can be removed, and when.
    """

    finding: str
    pattern: str
    spread: str
    staff: str
    removal: tuple[Labelled, ...]


@dataclass(frozen=True, slots=True)
class Who:
    question: str
    scale: str
    chart: charts.Staircase
    voices: tuple["Voices", ...]
    legend: tuple[str, str]


def near_pairs(view: View) -> tuple[Pair, ...]:
    """The seams that have this unit, one above it or one below it at an end."""
    near = {view.code, *view.ancestors, *(one.unit for one in view.below)}
    return tuple(
        one
        for one in view.release.pairs
        if one.status == "shown" and near.intersection((one.a, one.b))
    )[:MAX_PAIRS]


def seams(view: View) -> Section | LeftOut:
    voice = view.voice
    kicker = voice.gettext("Where it stalls")
    pairs = near_pairs(view)
    if not pairs:
        return LeftOut(kicker, voice.gettext("no clear pair of units"))
    first = pairs[0]
    return Section(
        "seams",
        kicker,
        voice.gettext("It stalls above all between %(a)s and %(b)s")
        % {"a": view.name_of(first.a), "b": view.name_of(first.b)}
        if len(pairs) == 1
        else voice.gettext("It stalls in the seams between units"),
        voice.gettext(
            "Both units wait for the other. That pattern is seldom solved by one of them alone."
        ),
        Seams(
            voice.pick(_item(view, "stall")).partition(".")[0].partition("?")[0] + "?",
            voice.gettext("Pairs of units. The two ends of a line weigh the same."),
            charts.seams(
                tuple(_drawn(view, one) for one in pairs),
                alt=voice.gettext("Lines between pairs of units where work stalls: %(pairs)s.")
                % {"pairs": "; ".join(_between(view, one) for one in pairs)},
            ),
            voice.gettext(
                "Invite the other unit. Ask each other: What does the citizen lose between us?"
            ),
        ),
    )


def _item(view: View, id_: str) -> Mapping[str, Any]:
    items: Mapping[str, Mapping[str, Any]] = {
        one["id"]: one for one in view.voice.content("questionnaire")["items"]
    }
    return items[id_]


def _options(view: View, id_: str) -> dict[str, str]:
    return {str(one["key"]): view.voice.pick(one) for one in _item(view, id_)["options"]}


def _between(view: View, one: Pair) -> str:
    return listed(view.voice, [view.name_of(one.a), view.name_of(one.b)])


def _drawn(view: View, one: Pair) -> tuple[str, str, str, bool]:
    voice = view.voice
    how = [inside(_options(view, "stall_how")[key]) for key in one.how]
    strength = {
        "half_or_more": voice.gettext("half or more on one side"),
        "some": voice.gettext("some"),
        None: voice.gettext("no clear pattern"),
    }[one.strength]
    label = f"{strength}: {listed(voice, how)}" if how else strength
    return view.name_of(one.a), view.name_of(one.b), label, one.strength == "half_or_more"


# --- the citizen -------------------------------------------------------------------------------


def citizen(view: View) -> Section | LeftOut:
    voice = view.voice
    kicker = voice.gettext("Seen from the citizen's side")
    options = _options(view, "citizen")
    shares = tuple((key, view.number("citizen_share", key)) for key in options)
    if all(isinstance(one, Hidden) for _, one in shares):
        return LeftOut(kicker, voice.gettext("not shown, so that nobody can be recognised"))
    best = top([pair for pair in shares if pair[0] != "nothing"])
    lines = tuple(
        charts.Line(options[key], one, numbers.short(voice, one), is_strong=key == best)
        for key, one in shares
    )
    return Section(
        "citizen",
        kicker,
        sentences.citizen_headline(voice, None if best is None else options[best]),
        _citizen_lead(view, shares, best),
        Shares(
            voice.pick(_item(view, "citizen")).partition("?")[0] + "?",
            _base(view, view.number("citizen_share", "faster")),
            charts.track(lines, kind="dots", alt=_alt(view, lines), row_height=19),
            _changed(view),
            view.facts.comments[:5],
            voice.gettext("In the words of those who answered"),
        ),
    )


def _citizen_lead(view: View, shares: tuple[tuple[str, Number], ...], best: str | None) -> str:
    voice = view.voice
    number = dict(shares).get(best or "")
    if not isinstance(number, Measured):
        return voice.gettext("Each could choose up to two. Several answers lie side by side.")
    said = numbers.share(voice, number)
    return voice.gettext("%(share)s answered so (%(interval)s). Each could choose up to two.") % {
        "share": opened(said.main),
        "interval": said.interval,
    }


def _changed(view: View) -> tuple[Labelled, ...]:
    voice, number = view.voice, view.number("changed_share")
    said = numbers.share(voice, number)
    if said.kind in ("hidden", "open"):
        return ()
    return (
        Labelled(
            voice.gettext("Changed because of a citizen"),
            voice.gettext(
                "%(share)s say that they changed something in the last three months because a "
                "citizen said something or complained."
            )
            % {"share": opened(said.whole)},
        ),
    )


def _base(view: View, number: Number) -> str:
    voice, count = view.voice, numbers.people(number)
    if count is None:
        return voice.gettext("%(unit)s. Everyone who answered, in words.") % {"unit": view.name}
    return voice.gettext("%(unit)s. Per cent of everyone who answered.") % {"unit": view.name}


def _alt(view: View, lines: tuple[charts.Line, ...]) -> str:
    return view.voice.gettext(
        "Dots from 0 to 100 per cent. %(values)s. "
        "The numbers stand in the table at the end of the report."
    ) % {"values": "; ".join(f"{line.label}: {line.value}" for line in lines)}


# --- who can solve it --------------------------------------------------------------------------


def who(view: View) -> Section | LeftOut:
    """What people say beside what the pattern says, as wide as "cannot be decided"."""
    voice = view.voice
    kicker = voice.gettext("Who can solve it?")
    shares = tuple((key, view.number("resolver_share", key)) for key in LEVELS)
    first = next(iter(view.patterns), None)
    if first is None and all(isinstance(one, Hidden) for _, one in shares):
        return LeftOut(kicker, voice.gettext("not shown, so that nobody can be recognised"))
    staff, pattern = top(shares), None if first is None else first.address
    steps = tuple(
        (sentences.address_name(voice, key), _step(view, one), key == staff, key == pattern)
        for key, one in shares
    )
    return Section(
        "who",
        kicker,
        sentences.resolver_headline(voice, staff, pattern),
        voice.gettext(
            "The decision belongs where the frame is set. Not everything can be solved "
            "by the unit itself."
        ),
        Who(
            voice.pick(_item(view, "resolver")),
            voice.gettext(
                "%(unit)s. What you say stands on the step, beside what the pattern shows."
            )
            % {"unit": view.name},
            charts.staircase(steps, alt=_stairs_alt(view, steps)),
            tuple(_voices(view, one, staff) for one in view.patterns),
            (voice.gettext("most of you point here"), voice.gettext("the pattern points here")),
        ),
    )


def _step(view: View, number: Number) -> str:
    return "–" if isinstance(number, Hidden) else numbers.short(view.voice, number)


def _stairs_alt(view: View, steps: tuple[tuple[str, str, bool, bool], ...]) -> str:
    voice = view.voice
    said = "; ".join(f"{name}: {share}" for name, share, _, _ in steps)
    pattern = next((name for name, _, _, found in steps if found), voice.gettext("no step"))
    return voice.gettext(
        "A staircase of five steps. What people say: %(said)s. The pattern points to: %(pattern)s."
    ) % {"said": said, "pattern": inside(pattern)}


def _voices(view: View, one: Proposal, staff: str | None) -> Voices:
    voice = view.voice
    pattern = [_address(view, one)]
    if one.also:
        names = [inside(sentences.address_name(voice, key)) for key in one.also]
        pattern.append(sentences.level_text(voice, "also", level=listed(voice, names)))
    place = "" if one.unit == view.code else f" · {view.name_of(one.unit)}"
    return Voices(
        f"{sentences.name(voice, one.barrier)}{place}",
        " ".join(pattern),
        _spread(view, one.barrier),
        _staff(view, one, staff),
        tuple(
            Labelled(sentences.address_name(voice, entry["level"]), entry[f"when_{voice.language}"])
            for entry in sentences.barrier(voice, one.barrier)["removed_by"]
        ),
    )


def _staff(view: View, one: Proposal, staff: str | None) -> str:
    """Who the staff point to, and what to do where that differs from the pattern."""
    voice = view.voice
    if staff is None:
        return voice.gettext("Your answers point in several directions.")
    named = inside(sentences.address_name(voice, staff))
    if staff != one.address and one.address == "unit":
        return sentences.level_text(voice, "disagree", resolver=named)
    return voice.gettext("Most of you point to %(level)s.") % {"level": named}


def _address(view: View, one: Proposal) -> str:
    a, b = view.marked_below(one.unit, one.barrier)
    key = one.address if one.address != "managers" or a else "managers_default"
    if key == "managers_default":
        return view.voice.gettext("It is for the managers' group to set the frame.")
    text = sentences.level_text(view.voice, key, a=a, b=b)
    if key == "two_units" and one.with_:
        names = [view.name_of(one.unit), *map(view.name_of, one.with_)]
        return f"{listed(view.voice, names)}: {text}"
    return text


def _spread(view: View, barrier: str) -> str:
    """What the variance says of the same barrier: where it sits, or that it cannot be told."""
    voice, found = view.voice, view.level(barrier)
    if found is None:
        return sentences.level_text(voice, "undecided")
    said = {
        "undecided": sentences.level_text(voice, "undecided"),
        "small": sentences.level_text(voice, "small"),
        "organisation": voice.gettext("It lies evenly across the whole organisation."),
        "centre": voice.gettext("The difference lies mostly between the centres."),
        "department": voice.gettext("The difference lies mostly between departments."),
        "team": voice.gettext("The difference lies mostly between the single units."),
    }[found.verdict]
    if found.floor is None:
        return said
    floor = sentences.level_text(voice, "floor", floor=found.floor)
    return f"{said} {floor.replace(f'{found.floor} %', voice.percent(found.floor))}"


# --- safe to try -------------------------------------------------------------------------------


def safe(view: View) -> Section | LeftOut:
    voice = view.voice
    kicker = voice.gettext("Safe to try?")
    items = {key: view.number("safe_share", key) for key in SAFE}
    if all(isinstance(one, Hidden) for one in items.values()):
        return LeftOut(kicker, voice.gettext("not shown, so that nobody can be recognised"))
    lines = tuple(
        charts.Line(voice.pick(_item(view, key)), one, numbers.short(voice, one))
        for key, one in items.items()
    )
    low = sentences.is_low(items["safe_c"])
    return Section(
        "safe",
        kicker,
        sentences.safe_headline(voice, items),
        voice.gettext("Start by agreeing on who can say yes.")
        if low
        else voice.gettext("The three answers are for a talk. They compare nobody."),
        Shares(
            voice.gettext("How far do you agree?"),
            voice.gettext("%(unit)s. Per cent of everyone who answered “%(agree)s” or “%(fully)s”.")
            % {
                "unit": view.name,
                "agree": voice.pick(voice.content("questionnaire")["scales"]["agree"][3]),
                "fully": voice.pick(voice.content("questionnaire")["scales"]["agree"][4]),
            },
            charts.track(lines, kind="dots", alt=_alt(view, lines), label_width=210),
            _backing(view),
            (),
            "",
        ),
    )


def _backing(view: View) -> tuple[Labelled, ...]:
    voice = view.voice
    entry = sentences.barrier(voice, "FEJL")
    trial = next(one for one in entry["trials"] if one["id"] == "fejl_written_backing")
    return (
        Labelled(voice.gettext("Before you try something new"), voice.pick(trial["scope"])),
        Labelled(
            voice.gettext("Talk about it"),
            " ".join(entry["meeting_questions"][voice.language][1:]),
        ),
    )
