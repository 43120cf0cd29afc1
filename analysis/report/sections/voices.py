"""Where it stalls, the citizen, and what makes it safe to try."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from analysis import charts
from analysis.findings import Hidden, Joined, Measured, Number, Pair
from analysis.report.leading import Leading, leading
from analysis.report.plan import Labelled, LeftOut, Section
from analysis.report.view import View
from analysis.wording import headlines, numbers, sentences
from analysis.wording.voice import between, counted, inside, listed, opened

MAX_PAIRS: Final = 5
SAFE: Final = ("safe_a", "safe_b", "safe_c")
# Response below six in ten: what those who did not answer could make of a share is said.
MANY_SILENT: Final = ("under_40", "40_59")


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


def near_pairs(view: View) -> tuple[Pair, ...]:
    """At most five seams that have this unit, one above it or one below it at an end."""
    return _near(view)[:MAX_PAIRS]


def _near(view: View) -> tuple[Pair, ...]:
    """Every one of them: those named from both ends and by most first, then as in the release."""
    found = [
        one for one in view.release.pairs if one.status == "shown" and view.is_seam(one.a, one.b)
    ]
    found.sort(key=lambda one: (not one.both_sides, one.strength != "half_or_more"))
    return tuple(found)


def seams(view: View) -> Section | LeftOut:
    voice = view.voice
    kicker = voice.gettext("Where it stalls")
    every, pairs = _near(view), near_pairs(view)
    if not pairs:
        return LeftOut(kicker, voice.gettext("no clear pair of units"))
    return Section(
        "seams",
        kicker,
        _seams_headline(view, every),
        _seams_lead(view, every),
        Seams(
            voice.pick(item(view, "stall")).partition(".")[0].partition("?")[0] + "?",
            _seams_scale(view, len(pairs), len(every)),
            charts.seams(
                tuple(drawn(view, one) for one in pairs),
                alt=voice.gettext("Lines between pairs of units where work stalls: %(pairs)s.")
                % {"pairs": "; ".join(_between(view, one) for one in pairs)},
            ),
            voice.gettext(
                "Invite the other unit. Ask each other: What does the citizen lose between us?"
            ),
        ),
    )


def _seams_scale(view: View, drawn_: int, of: int) -> str:
    voice = view.voice
    said = voice.gettext("Pairs of units. The two ends of a line weigh the same.")
    if drawn_ == of:
        return said
    some = voice.gettext("These are %(some)s of %(all)s, those named from both ends first.")
    return f"{said} {some % {'some': counted(voice, drawn_), 'all': counted(voice, of)}}"


def _seams_headline(view: View, pairs: tuple[Pair, ...]) -> str:
    """The seam that is named from both ends; of several how many, or what they share with us."""
    voice, both = view.voice, [one for one in pairs if one.both_sides]
    if len(both) == 1 or len(pairs) == 1:
        return voice.gettext("It stalls above all between %(pair)s") % {
            "pair": _between(view, pairs[0])
        }
    if not both:
        return voice.gettext("It stalls in the seams between units")
    shared = {both[0].a, both[0].b}.intersection(*({one.a, one.b} for one in pairs))
    ours = [code for code in (view.code, *view.ancestors) if code in shared]
    if ours:
        return voice.gettext("It stalls between %(unit)s and %(many)s others") % {
            "unit": view.name_of(ours[0]),
            "many": counted(voice, len(pairs)),
        }
    form = voice.gettext("In %(many)s places both units say that it stalls")
    return opened(form % {"many": counted(voice, len(both))})


def _seams_lead(view: View, pairs: tuple[Pair, ...]) -> str:
    voice, both = view.voice, [one for one in pairs if one.both_sides]
    alone = voice.gettext("That pattern is seldom solved by one of them alone.")
    if not both:
        return alone
    if len(both) > 1 and all("wait" in one.how for one in both):
        return f"{voice.gettext('Both ends wait for each other, in every one of them.')} {alone}"
    if len(both) == 1 and "wait" in both[0].how:
        return f"{voice.gettext('Both units wait for the other.')} {alone}"
    return f"{voice.gettext('It is said from both ends.')} {alone}"


def item(view: View, id_: str) -> Mapping[str, Any]:
    """A question of the form."""
    items: Mapping[str, Mapping[str, Any]] = {
        one["id"]: one for one in view.voice.content("questionnaire")["items"]
    }
    return items[id_]


def options(view: View, id_: str) -> dict[str, str]:
    """What can be answered to a question, by key."""
    return {str(one["key"]): view.voice.pick(one) for one in item(view, id_)["options"]}


def _between(view: View, one: Pair) -> str:
    return between(view.voice, view.name_of(one.a), view.name_of(one.b))


def drawn(view: View, one: Pair) -> tuple[str, str, str, bool]:
    """A pair: its two ends, what is said of it, and whether half or more say so."""
    voice = view.voice
    how = [inside(options(view, "stall_how")[key]) for key in one.how]
    strength = {
        "half_or_more": voice.gettext("half or more on one side"),
        "some": voice.gettext("some") if one.both_sides else voice.gettext("some on one side"),
        None: voice.gettext("no clear pattern"),
    }[one.strength]
    label = f"{strength}: {listed(voice, how)}" if how else strength
    return view.name_of(one.a), view.name_of(one.b), label, one.strength == "half_or_more"


# --- the citizen -------------------------------------------------------------------------------


def citizen(view: View) -> Section | LeftOut:
    voice = view.voice
    kicker = voice.gettext("Seen from the citizen's side")
    labels = options(view, "citizen")
    shares = tuple((key, view.number("citizen_share", key)) for key in labels)
    if all(isinstance(one, Hidden) for _, one in shares):
        return LeftOut(kicker, voice.gettext("not shown, so that nobody can be recognised"))
    found = leading(shares)
    if "nothing" in found.items:
        found = Leading()
    lines = tuple(
        charts.Line(labels[key], one, numbers.short(voice, one), is_strong=key in found.items)
        for key, one in shares
    )
    return Section(
        "citizen",
        kicker,
        headlines.citizen_headline(voice, [labels[key] for key in found.items]),
        _citizen_lead(view, dict(shares), found),
        Shares(
            voice.pick(item(view, "citizen")).partition("?")[0] + "?",
            _base(view, view.number("citizen_share", "faster")),
            charts.track(lines, kind="dots", alt=_alt(view, lines), row_height=16),
            _changed(view),
            view.facts.comments[:5],
            voice.gettext("In the words of those who answered"),
        ),
    )


def _citizen_lead(view: View, shares: Mapping[str, Number], found: Leading) -> str:
    voice = view.voice
    two = voice.gettext("Each could choose up to two.")
    if not found.items:
        return f"{two} {voice.gettext('Several answers lie side by side.')}"
    number, said = shares[found.items[0]], []
    if len(found.items) == 1 and isinstance(number, Measured | Joined):
        share = numbers.share(voice, number)
        said.append(
            voice.gettext("%(share)s answered so (%(interval)s).")
            % {"share": opened(share.main), "interval": share.interval}
        )
    if len(found.items) > 1:
        said.append(voice.gettext("The difference between the two may be chance."))
    elif not found.is_certain:
        said.append(voice.gettext("The difference to the next ones may be chance."))
    return " ".join((*said, two))


def _changed(view: View) -> tuple[Labelled, ...]:
    voice, number = view.voice, view.number("changed_share")
    said = numbers.share(voice, number)
    if said.kind in ("hidden", "open"):
        return ()
    changed = voice.gettext(
        "%(share)s say that they changed something in the last three months because a "
        "citizen said something or complained."
    ) % {"share": opened(said.whole)}
    if any(note.step in MANY_SILENT for note in view.release.quality_of(view.code)):
        changed = f"{changed} {numbers.bounds(voice, number)}".rstrip()
    return (Labelled(voice.gettext("Changed because of a citizen"), changed),)


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


# --- safe to try -------------------------------------------------------------------------------


def safe(view: View) -> Section | LeftOut:
    voice = view.voice
    kicker = voice.gettext("Safe to try?")
    items = {key: view.number("safe_share", key) for key in SAFE}
    if all(isinstance(one, Hidden) for one in items.values()):
        return LeftOut(kicker, voice.gettext("not shown, so that nobody can be recognised"))
    lines = tuple(
        charts.Line(voice.pick(item(view, key)), one, numbers.short(voice, one))
        for key, one in items.items()
    )
    low = headlines.is_low(items["safe_c"])
    return Section(
        "safe",
        kicker,
        headlines.safe_headline(voice, items),
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
