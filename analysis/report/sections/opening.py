"""Cover, agenda and the page that can be read alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from analysis import charts
from analysis.findings import Banded, Hidden, Joined, Measured, Number, Open
from analysis.report.plan import Labelled, LeftOut, Section
from analysis.report.sections.action import Card
from analysis.report.sections.barriers import most_named
from analysis.report.sections.level import level_story
from analysis.report.sections.voices import near_pairs
from analysis.report.view import View
from analysis.wording import headlines, numbers, sentences
from analysis.wording.voice import Voice, between, counted, opened

QUESTIONS: Final = {"barriers": "questions"}  # where a line of the agenda sends its reader


@dataclass(frozen=True, slots=True)
class Cover:
    """What the front says: whose report it is, about what, from when and from how many."""

    kicker: str
    title: str
    subtitle: str
    facts: tuple[Labelled, ...]
    purpose: str


@dataclass(frozen=True, slots=True)
class AgendaLine:
    minutes: str
    section: str
    text: str
    after: str  # the text behind the page number
    to: str  # what stands on that page: the section, or the questions under a long matrix


@dataclass(frozen=True, slots=True)
class Agenda:
    lines: tuple[AgendaLine, ...]
    reading: tuple[Labelled, ...]  # how to read the numbers, where the page has room for it
    marks: charts.Track | None  # and how they are drawn
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True, slots=True)
class InShort:
    """At most four sentences, and one decision with its address."""

    points: tuple[Labelled, ...]
    decision: Card | None
    decision_to: str
    cautions: tuple[str, ...]


def cover(view: View) -> Cover:
    voice, facts = view.voice, view.facts
    behaviours = view.behaviours
    told = [
        (voice.gettext("Core task"), facts.core_task),
        (
            voice.gettext("What we asked about"),
            behaviours[0]
            if len(behaviours) == 1
            else opened(
                voice.gettext("%(num)s desired behaviours, one for each part of the organisation")
                % {"num": counted(voice, len(behaviours))}
            ),
        ),
        (
            voice.gettext("Period"),
            voice.gettext("%(starts)s to %(closed)s")
            % {"starts": voice.full_date(facts.starts), "closed": voice.full_date(facts.closed)},
        ),
        (voice.gettext("Answers"), answered(view)),
    ]
    return Cover(
        kicker=voice.gettext("Action report"),
        title=view.name,
        subtitle=f"{facts.organisation} · {facts.title}" if not view.is_root else facts.title,
        facts=tuple(Labelled(label, text) for label, text in told if text),
        purpose=voice.gettext(
            "The report is about how the work is arranged. It is not about persons."
        ),
    )


def answered(view: View) -> str:
    """How many answered, in steps, and how many of them were in the situation."""
    voice, cell = view.voice, view.cell("situation_share")
    if view.is_hidden or cell is None:
        return sentences.hidden(voice, view.reported_in)
    said = []
    if isinstance(cell.n_band, str) and cell.N is not None:
        step = _in_fives(view) or cell.n_band
        if _least(step) > cell.N:
            form = voice.gettext("More people answered than the %(invited)s who were invited.")
        else:
            form = voice.gettext("%(n)s of %(invited)s answered.")
        told = {"n": _dash(voice, step, most=cell.N), "invited": voice.number(cell.N)}
        said.append(form % told)
    if view.people is None and _band_of(view) == (cell.n_band or ""):
        return " ".join(said)
    if view.people is not None:
        count = voice.number(view.people)
    else:
        count = _dash(voice, _band_of(view), most=cell.N)
    said.append(voice.gettext("%(num)s of them were in the situation.") % {"num": count})
    return " ".join(said)


def _in_fives(view: View) -> str | None:
    """The step of those who answered, where another item on the same base has the finer one."""
    cell = view.cell("clarity_share")
    return None if cell is None else cell.n_band


def _band_of(view: View) -> str:
    cells = (view.cell("barrier_share", code) for code, _ in view.barriers)
    return next((one.n_band for one in cells if one is not None and one.n_band), "")


def _least(step: str) -> int:
    return int(step.partition("-")[0])


def _dash(voice: Voice, step: str, *, most: int | None) -> str:
    """A step with a dash that no line is broken at; it ends where there are no more people."""
    ends = [int(end) for end in step.split("-") if end]
    told = [voice.number(end if most is None else min(end, most)) for end in ends]
    return "–".join(dict.fromkeys(told))


def agenda(view: View, sections: Sequence[Section], left_out: Sequence[LeftOut]) -> Agenda:
    """The 45 minutes: a section that is left out takes its line with it."""
    voice = view.voice
    shown = {one.id for one in sections}
    lines = []
    for one in voice.content("report_language")["meeting"]["agenda"]:
        if one["section"] in shown:
            before, found, after = voice.pick(one).partition("{page}")
            text, tail = (before, after) if found else (f"{before} ", "")
            to = QUESTIONS.get(one["section"], one["section"])
            lines.append(AgendaLine(f"{one['from']}–{one['to']}", one["section"], text, tail, to))
    if not view.is_area:
        return Agenda(tuple(lines), (), None, tuple(left_out))
    return Agenda(tuple(lines), _reading(voice), _marks(voice), tuple(left_out))


def _marks(voice: Voice) -> charts.Track:
    """A mark of each kind, made up: what it looks like in the charts."""
    shown: tuple[tuple[str, Number], ...] = (
        (voice.gettext("A number, and where it lies"), Measured(60, None, 90, 0.4, 0.25, 0.55)),
        (voice.gettext("Between two numbers"), Joined(60, None, 90, 0.5, 0.6, 0.35, 0.75)),
        (voice.gettext("A word in place of a number"), Banded("8-19", 20, "some", None)),
        (voice.gettext("Not shown"), Hidden()),
    )
    lines = tuple(
        charts.Line(
            label,
            number,
            "",
            hidden=sentences.hidden(voice, "") if isinstance(number, Hidden) else "",
        )
        for label, number in shown
    )
    alt = voice.gettext(
        "Four rows with made-up numbers: a dot in a wide bar is a number and where it lies, a dark "
        "piece is between two numbers, a pale bar is a word, and an empty frame is not shown."
    )
    return charts.track(lines, kind="dots", alt=alt, row_height=18)


def _reading(voice: Voice) -> tuple[Labelled, ...]:
    return (
        Labelled(
            voice.gettext("About and between"),
            voice.gettext(
                "A number is about right. Between is where it lies with great certainty. The "
                "fewer answers, the wider it is."
            ),
        ),
        Labelled(
            voice.gettext("Words in place of numbers"),
            voice.gettext(
                "Under 20 answers we say few, some or nearly all. Then nobody can be worked out."
            ),
        ),
        Labelled(
            voice.gettext("Not shown"),
            voice.gettext(
                "Not shown means that somebody could be recognised. The answers still count in "
                "the unit above."
            ),
        ),
    )


def in_short(view: View, card: Card | None) -> Section:
    """The page that is read in silence: at most four sentences and one proposed decision."""
    voice = view.voice
    told = _patterns(view) or _named(view)
    points = [*_shocks(view), *_level(view), *told, *_seams(view)][:4]
    if not points:
        points = [
            Labelled(voice.gettext("Not shown here"), sentences.hidden(voice, view.reported_in)),
            *_above(view),
            Labelled(
                voice.gettext("Instead"),
                voice.gettext(
                    "Have a talk from the three questions on the page about what stands in the way."
                ),
            ),
        ]
    return Section(
        "in_short",
        voice.gettext("In short"),
        headline(view),
        "",
        InShort(
            tuple(points),
            card,
            "" if card is None else card.address,
            cautions(view),
        ),
    )


def headline(view: View) -> str:
    """The first pattern, else how often it succeeds and that none is seen, else a talk."""
    voice = view.voice
    if view.patterns:
        first = view.patterns[0]
        text = headlines.stands_out_in(voice, first.barrier, view.name_of(first.unit))
        key = "shows" if view.is_certain(first) else "suggests"
        return sentences.certainty(voice, key, pattern=text).rstrip(".")
    level = view.number("behaviour_level")
    if not isinstance(level, Hidden | Open):
        return headlines.without_pattern(voice, level, view.ranked)
    return voice.gettext("A talk about what stands in the way")


def cautions(view: View) -> tuple[str, ...]:
    """What the reader must know about the answers before using them."""
    said = sentences.response(view.voice, view.release.quality_of(view.code))
    return (said,) if said else ()


def _shocks(view: View) -> list[Labelled]:
    voice = view.voice
    return [
        Labelled(
            voice.gettext("A common change"),
            sentences.certainty(
                voice, "common_shock", barrier_name=sentences.name_inside(voice, code)
            ),
        )
        for code in view.common_shocks[:1]
    ]


def _level(view: View) -> list[Labelled]:
    """The number and its change; where the headline is the number, what it leaves out."""
    voice, number = view.voice, view.number("behaviour_level")
    if not sentences.how_often(voice, number):
        return []
    is_headline = headline(view).startswith(numbers.level(voice, number).main)
    text = level_story(view, with_number=not is_headline)
    return [Labelled(voice.gettext("How often it succeeds"), text)] if text else []


def _named(view: View) -> list[Labelled]:
    """Without a pattern: what more people point to than to any other."""
    text = most_named(view)
    return [Labelled(view.voice.gettext("What stands in the way"), text)] if text else []


def _patterns(view: View) -> list[Labelled]:
    """One sentence per pattern: how many say so, and who can remove it."""
    voice, found = view.voice, []
    for one in view.patterns:
        number = view.release.number(one.unit, "barrier_share", one.barrier)
        text = sentences.stands_in_the_way(voice, number, one.barrier)
        if text:
            found.append(Labelled(_place(view, one.unit, one.barrier), text))
    return found


def _place(view: View, unit: str, barrier: str) -> str:
    name = sentences.name(view.voice, barrier)
    return name if unit == view.code else f"{name} · {view.name_of(unit)}"


def _above(view: View) -> list[Labelled]:
    """Where nothing is shown: what most point to in the unit above that the answers count in."""
    code, barrier = view.most_named
    number = view.release.number(code, "barrier_share", barrier)
    text = sentences.stands_in_the_way(view.voice, number, barrier)
    return [Labelled(view.name_of(code), text)] if text else []


def _seams(view: View) -> list[Labelled]:
    voice = view.voice
    return [
        Labelled(
            voice.gettext("Where it stalls"),
            voice.gettext("It stalls between %(pair)s, both ways.")
            % {"pair": between(voice, view.name_of(one.a), view.name_of(one.b))},
        )
        for one in near_pairs(view)[:1]
        if one.both_sides
    ]
