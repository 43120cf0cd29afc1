"""Several units that lie apart, told together: what they share, and what lies between them.

The release has no number for them together and none is made here: each number is one unit's own.
"""

from dataclasses import replace
from typing import Final

from analysis import charts
from analysis.findings import Hidden, Open, ReleasedUnit
from analysis.report.leading import leading
from analysis.report.plan import Labelled, LeftOut, Section
from analysis.report.sections import action, method, opening, tried, voices
from analysis.report.sections import barriers as barriers_
from analysis.report.sections import level as level_
from analysis.report.sections.action import Card
from analysis.report.sections.barriers import Barriers
from analysis.report.sections.level import Level
from analysis.report.sections.opening import Agenda, Cover, InShort
from analysis.report.sections.who import LEVELS, Voices, Who, address_said, removal, spread_said
from analysis.report.view import MAX_PATTERNS, View
from analysis.wording import headlines, numbers, sentences
from analysis.wording.voice import between, counted, inside, listed, opened

MOST_LISTED: Final = 6  # of the units on the cover; the others are counted
MOST_POINTS: Final = 4
MOST_SAYING: Final = 4  # units that each have a sentence on who can solve it
FLOWING: Final = frozenset(("seams", "barriers", "who", "proposals", "since_last"))


def parts(view: View, card: Card | None) -> list[Section | LeftOut]:
    """The sections in the order of the storyboard, and those that only one unit can have."""
    return [
        in_short(view, card),
        level(view),
        voices.seams(view),
        barriers(view),
        elsewhere(view, view.voice.gettext("Seen from the citizen's side")),
        who(view),
        elsewhere(view, view.voice.gettext("Safe to try?")),
        action.proposals(view),
        tried.since_last(view),
        action.decision(view),
        method.method(view),
    ]


def flowing(sections: list[Section]) -> list[Section]:
    """Each behind the one before it where there is room: what two units have may be little."""
    return [replace(one, joined=one.id in FLOWING) for one in sections]


def cover(view: View) -> Cover:
    """The front: which units, in place of how many answered."""
    voice, told = view.voice, opening.cover(view)
    names = [
        one.name
        if one.area == one.code
        else voice.gettext("%(unit)s (%(area)s)")
        % {"unit": one.name, "area": view.name_of(one.area)}
        for one in view.views
    ]
    if (rest := len(names) - MOST_LISTED) > 0:
        form = voice.ngettext("%(num)d other unit", "%(num)d other units", rest)
        names = [*names[:MOST_LISTED], form % {"num": rest}]
    answers = voice.gettext(
        "Each unit has its own answers and its own numbers. There is no number for them together."
    )
    *others, _ = told.facts
    return replace(
        told,
        facts=(
            Labelled(voice.gettext("Units"), listed(voice, names)),
            *others,
            Labelled(voice.gettext("Answers"), answers),
        ),
    )


def agenda(told: Agenda) -> Agenda:
    """The 45 minutes, on the front page: there is no room for how to read the numbers."""
    return replace(told, reading=())


def elsewhere(view: View, kicker: str) -> LeftOut:
    """A page that only one unit's own report can have."""
    reason = view.voice.gettext("each unit has its own numbers, in its own report")
    return LeftOut(kicker, reason)


# --- in short -----------------------------------------------------------------------------------


def in_short(view: View, card: Card | None) -> Section:
    """At most four sentences: what they share, where it stalls, and what one of them has alone."""
    voice = view.voice
    alone = [
        Labelled(f"{sentences.name(voice, one.barrier)} · {view.name_of(one.unit)}", text)
        for one in view.patterns
        if one.barrier not in view.shared
        and (text := sentences.stands_in_the_way(
            voice, view.release.number(one.unit, "barrier_share", one.barrier), one.barrier
        ))
    ]  # fmt: skip
    points = [*_shared(view), *_between(view), *alone][:MOST_POINTS]
    if not view.shared:
        none = voice.gettext("No barrier stands out in more than one of the units.")
        points = [Labelled(voice.gettext("What they share"), none), *points][:MOST_POINTS]
    return Section(
        "in_short",
        voice.gettext("In short"),
        _headline(view),
        "",
        InShort(tuple(points), card, "" if card is None else card.address, _cautions(view)),
    )


def _headline(view: View) -> str:
    """What they share, as sure as the least sure of them; else how it lies between them."""
    voice = view.voice
    if view.shared:
        code, there = next(iter(view.shared.items()))
        text = voice.gettext("%(barrier)s stands out in %(many)s of the units") % {
            "barrier": sentences.name_inside(voice, code),
            "many": counted(voice, len(there)),
        }
        certain = all(view.is_certain_at(one.unit, code) for one in there)
        told = sentences.certainty(voice, "shows" if certain else "suggests", pattern=text)
        return told.rstrip(".")
    if voices.near_pairs(view):
        return voice.gettext("It stalls between the units")
    return voice.gettext("No shared barrier stands out")


def _shared(view: View) -> list[Labelled]:
    """A barrier that stands out in several of them, with each unit's own number."""
    voice = view.voice
    found = []
    for code, there in view.shared.items():
        said = voice.gettext("So many say that %(barrier)s.") % {
            "barrier": sentences.clause(voice, code)
        }
        found.append(Labelled(sentences.name(voice, code), f"{said} {_each(view, code, there)}"))
    return found


def _each(view: View, code: str, there: tuple[ReleasedUnit, ...]) -> str:
    """Unit by unit, how many say that a barrier stands in the way."""
    told = []
    for one in there:
        number = view.release.number(one.unit, "barrier_share", code)
        if not isinstance(number, Hidden | Open):
            told.append(f"{one.name}: {inside(numbers.share(view.voice, number).whole)}.")
    return " ".join(told)


def _between(view: View) -> list[Labelled]:
    voice = view.voice
    return [
        Labelled(
            voice.gettext("Where it stalls"),
            voice.gettext("It stalls between %(pair)s.")
            % {"pair": between(voice, view.name_of(one.a), view.name_of(one.b))},
        )
        for one in voices.near_pairs(view)[:1]
    ]


def _cautions(view: View) -> tuple[str, ...]:
    """What the reader must know about the answers of each unit."""
    told = [
        f"{one.name}: {said}"
        for one in view.views
        if (said := sentences.response(view.voice, view.release.quality_of(one.code)))
    ]
    return tuple(told[:MAX_PATTERNS])


# --- the numbers ----------------------------------------------------------------------------------


def level(view: View) -> Section | LeftOut:
    """How often it succeeds in each of them."""
    found = level_.level(view)
    if isinstance(found, LeftOut) or not isinstance(found.body, Level):
        return found
    lead = view.voice.gettext("Each unit has its own number. There is none for them together.")
    scale = view.voice.gettext(
        "Successes out of 100, from the last five times each person was in the situation."
    )
    return replace(found, lead=lead, body=replace(found.body, scale=scale))


def barriers(view: View) -> Section:
    """The matrix of the units under their areas, and what they share."""
    voice, found = view.voice, barriers_.barriers(view)
    if not isinstance(found.body, Barriers):
        return found
    names = [inside(sentences.name(voice, code)) for code in view.shared]
    scale = voice.gettext("Per cent who answered “%(answer)s”.") % {
        "answer": voice.pick(voice.content("barriers")["options"][2])
    }
    return replace(
        found,
        headline=voice.gettext("The same stands in the way in several places: %(barriers)s")
        % {"barriers": listed(voice, names)}
        if names
        else voice.gettext("No barrier stands out in more than one of the units"),
        body=replace(found.body, scale=scale, text=tuple(_shared(view)[:MAX_PATTERNS])),
    )


# --- who can solve it -----------------------------------------------------------------------------


def who(view: View) -> Section | LeftOut:
    """Where the pattern points, beside how many of the units point to each step."""
    voice = view.voice
    kicker = voice.gettext("Who can solve it?")
    points = {one.code: _points_to(one) for one in view.views}
    if not view.patterns and not any(points.values()):
        return elsewhere(view, kicker)
    first = next(iter(view.patterns), None)
    at = None if first is None else first.address
    steps = tuple(
        (
            sentences.address_name(voice, key),
            _units(view, many) if (many := sum(key in keys for keys in points.values())) else "–",
            bool(many),
            key == at,
        )
        for key in LEVELS
    )
    marks = (
        ("●", voice.gettext("the answers of a unit point here"), any(points.values())),
        ("◆", voice.gettext("the pattern points here"), at is not None),
    )
    return Section(
        "who",
        kicker,
        _who_headline(view, at),
        voice.gettext(
            "The decision belongs where the frame is set. What lies between two units, neither of "
            "them can solve alone."
        ),
        Who(
            voice.pick(voices.item(view, "resolver")),
            voice.gettext("On a step stands how many of the units point to it."),
            charts.staircase(steps, alt=_stairs(view, steps)),
            tuple(_voices(view, one.barrier, one.unit) for one in view.patterns),
            tuple((mark, text) for mark, text, is_drawn in marks if is_drawn),
            has_pattern=first is not None,
        ),
    )


def _points_to(view: View) -> tuple[str, ...]:
    """Who more people of a unit point to than to any other."""
    return leading([(key, view.number("resolver_share", key)) for key in LEVELS]).items


def _units(view: View, many: int) -> str:
    return view.voice.ngettext("%(num)d unit", "%(num)d units", many) % {"num": many}


def _who_headline(view: View, at: str | None) -> str:
    voice = view.voice
    if at is None:
        return voice.gettext("Ask who can solve it, unit by unit")
    return voice.gettext("The pattern points to %(level)s") % {
        "level": inside(sentences.address_name(voice, at))
    }


def _stairs(view: View, steps: tuple[tuple[str, str, bool, bool], ...]) -> str:
    said = "; ".join(f"{name}: {units}" for name, units, _, _ in steps)
    return view.voice.gettext(
        "A staircase of five steps. How many units point to each: %(said)s."
    ) % {"said": said}


def _voices(view: View, barrier: str, unit: str) -> Voices:
    """What the pattern, the spread and each unit say of a barrier: side by side, never merged."""
    voice = view.voice
    pattern = next(one for one in view.patterns if (one.barrier, one.unit) == (barrier, unit))
    told = (
        (voice.gettext("The pattern says"), address_said(view, pattern)),
        (voice.gettext("The differences say"), spread_said(view, barrier)),
        (voice.gettext("The units say"), _units_say(view)),
    )
    place = "" if barrier in view.shared else f" · {view.name_of(unit)}"
    return Voices(
        f"{sentences.name(voice, barrier)}{place}",
        tuple(Labelled(who_, text) for who_, text in told if text),
        removal(view, barrier),
    )


def _units_say(view: View) -> str:
    """Unit by unit, who it points to; of many the stairs alone tell."""
    if len(view.views) > MOST_SAYING:
        return ""
    voice, told = view.voice, []
    for one in view.views:
        names = [inside(sentences.address_name(voice, key)) for key in _points_to(one)]
        if names:
            told.append(f"{one.name}: {opened(headlines.either(voice, names))}.")
    return " ".join(told)
