"""How often it succeeds."""

from dataclasses import dataclass

from analysis import charts
from analysis.findings import Clipped, Hidden, Joined, Measured, Number, Open, Release, ReleasedUnit
from analysis.report.plan import Labelled, LeftOut, Section
from analysis.report.view import View
from analysis.wording import headlines, numbers, sentences
from analysis.wording.voice import Voice, counted, listed, opened

MAX_WAVES = 4  # on one track
MAX_LINES = 28  # that stand on one page with their headings
ROW, HIGHEST_ROW, LOWEST_ROW, ROWS_IN_ALL = 16.0, 18.0, 7.3, 400.0  # points
MOST_NAMES = 4  # of units in one sentence; the others are counted
HALF = 0.5  # every second time


@dataclass(frozen=True, slots=True)
class Level:
    question: str
    scale: str
    track: charts.Track
    notes: tuple[str, ...]
    text: tuple[Labelled, ...]


def level(view: View) -> Section | LeftOut:
    """The level now and in earlier waves; for an area without one of its own, the parts below."""
    voice = view.voice
    number, cell = view.number("behaviour_level"), view.cell("behaviour_level")
    kicker = voice.gettext("How often it succeeds")
    own = not isinstance(number, Hidden)
    if not own and not view.is_area:
        return LeftOut(kicker, voice.gettext("not shown, so that nobody can be recognised"))
    waves = _waves(view, view.unit) if own else ()
    parts = _parts(view, with_heading=own) if view.is_area else ()
    lines = (*waves, *_with_earlier(view, parts, MAX_LINES - len(waves)))
    if not any(not isinstance(line.number, Hidden) for line in lines):
        return LeftOut(kicker, voice.gettext("not shown, so that nobody can be recognised"))
    change = None if cell is None else cell.change
    return Section(
        "level",
        kicker,
        headlines.level_headline(voice, number, change) if own else _parts_headline(view, parts),
        _level_lead(view, number, parts),
        Level(
            voice.gettext(
                "Think of the last five times you were in the situation. "
                "How many times did you manage to do it?"
            ),
            voice.gettext(
                "%(unit)s. Successes out of 100, from the last five times each person "
                "was in the situation."
            )
            % {"unit": view.name},
            charts.track(
                lines,
                kind="dots",
                alt=_level_alt(view, lines),
                row_height=_row_height(lines) if view.is_area else ROW,
                reference=(number, view.name) if view.is_area else None,
            ),
            _level_notes(view),
            _level_text(view),
        ),
    )


def _row_height(lines: tuple[charts.Line, ...]) -> float:
    """Few parts stand apart, many close together, so that all stand on one page."""
    many = len(lines) + sum(bool(line.heading) for line in lines)
    return max(LOWEST_ROW, min(HIGHEST_ROW, ROWS_IN_ALL / many))


def _waves(view: View, unit: ReleasedUnit, *, heading: str = "") -> tuple[charts.Line, ...]:
    """A unit now and in the waves before.

    Only those that asked about the same behaviour in a unit that can be held up against this one.
    """
    releases: list[Release] = [*view.facts.earlier, view.release][-MAX_WAVES:]
    now = view.release.cell(unit.unit, "behaviour_level")
    is_another = (
        now is not None and now.change is not None and now.change.verdict == "not_comparable"
    )
    lines: list[charts.Line] = []
    for one in releases:
        cell = one.cell(unit.unit, "behaviour_level")
        number = one.number(unit.unit, "behaviour_level")
        is_now = one is view.release
        is_same = cell is not None and now is not None and cell.behaviour == now.behaviour
        if is_now or (is_same and not is_another and not isinstance(number, Hidden)):
            lines.append(
                _line(
                    view.voice,
                    one.wave,
                    number,
                    is_strong=is_now,
                    heading="" if lines else heading,
                )
            )
    return tuple(lines)


def _parts(view: View, *, with_heading: bool) -> tuple[charts.Line, ...]:
    """The units below with a number of their own, under the part they belong to."""
    lines: list[charts.Line] = []
    heading = view.voice.gettext("The units below")
    first = with_heading
    for part in view.parts:
        family = [part, *view.release.below(part.unit)] if view.is_root else [part]
        rows = [one for one in family if _has_level(view.release, one)]
        for index, one in enumerate(rows):
            number = view.release.number(one.unit, "behaviour_level")
            opens = view.is_root and index == 0 and one is not part
            lines.append(
                _line(
                    view.voice,
                    one.name,
                    number,
                    is_strong=view.is_root and one is part,
                    heading=heading if first else part.name if opens else "",
                )
            )
            first = False
    return tuple(lines)


def _line(
    voice: Voice, label: str, number: Number, *, is_strong: bool, heading: str
) -> charts.Line:
    """A row with its number at the far right; of a hidden one the reason where it would be."""
    is_hidden = isinstance(number, Hidden)
    return charts.Line(
        label,
        number,
        "" if is_hidden else numbers.level_short(voice, number),
        is_strong=is_strong,
        heading=heading,
        hidden=sentences.hidden(voice, "") if is_hidden else "",
    )


def _with_earlier(view: View, parts: tuple[charts.Line, ...], room: int) -> tuple[charts.Line, ...]:
    """The same with their earlier waves, each under its name; as they are where room lacks."""
    below = [one for one in view.parts if _has_level(view.release, one)]
    told = [line for one in below for line in _waves(view, one, heading=one.name)]
    return tuple(told) if not view.is_root and len(parts) < len(told) <= room else parts


def _has_level(release: Release, one: ReleasedUnit) -> bool:
    return release.cell(one.unit, "behaviour_level") is not None


def _sides(lines: tuple[charts.Line, ...]) -> tuple[int, int, int]:
    """Parts that surely succeed more than every second time, surely less, and all with a number."""
    shown = [line.number for line in lines if not isinstance(line.number, Hidden | Open)]
    return (
        sum(_certainly(one, above=HALF) for one in shown),
        sum(_certainly(one, below=HALF) for one in shown),
        len(shown),
    )


def _certainly(number: Number, *, above: float = 1.0, below: float = 0.0) -> bool:
    """Whether a number surely lies above one bound or below another, with its whole interval.

    A band is a word about those who answered and has no interval: it is never certain.
    """
    match number:
        case Measured() | Joined():
            return number.low > above or number.high < below
        case Clipped(direction="at_least"):
            return number.end > above
        case Clipped():
            return number.end < below
        case _:
            return False


def _parts_headline(view: View, lines: tuple[charts.Line, ...]) -> str:
    """Of parts with different behaviours: how many surely succeed more than every second time."""
    voice = view.voice
    above, below, shown = _sides(lines)
    told = {"of": voice.number(shown)}
    if above:
        return voice.gettext(
            "In %(num)d of %(of)s units it succeeds more than every second time"
        ) % {"num": above, **told}
    if below:
        return voice.gettext(
            "In %(num)d of %(of)s units it succeeds less than every second time"
        ) % {"num": below, **told}
    return voice.gettext("It succeeds some of the times, and no unit surely differs from half")


def _level_lead(view: View, number: Number, lines: tuple[charts.Line, ...]) -> str:
    voice, cell = view.voice, view.cell("behaviour_level")
    if isinstance(number, Hidden):
        above, below, shown = _sides(lines)
        said = []
        if above and below:
            less = voice.gettext("In %(num)s it succeeds less than every second time.")
            said.append(less % {"num": counted(voice, below)})
        if (above or below) and above + below < shown:
            said.append(voice.gettext("Of the others we cannot say it for certain."))
        said.append(
            voice.gettext(
                "The parts work with different behaviours, so there is no number for the whole."
            )
        )
        return " ".join(said)
    told = None if cell is None else cell.change
    is_changed = told is not None and told.verdict in ("up", "down")
    return level_story(view, with_number=is_changed)


def level_story(view: View, *, with_number: bool) -> str:
    """How often it succeeds, what it was last time, and whether that may be chance.

    Under a headline that is the number, only what the headline leaves out.
    """
    voice, number, cell = view.voice, view.number("behaviour_level"), view.cell("behaviour_level")
    whole = sentences.how_often(voice, number)
    said = [whole if with_number else sentences.how_often_rest(voice, number)]
    if view.facts.earlier:
        before = view.facts.earlier[-1].number(view.code, "behaviour_level")
        said.append(sentences.last_time(voice, before))
    said.append(sentences.change(voice, None if cell is None else cell.change, of_level=True))
    return " ".join(one for one in said if one)


def _level_alt(view: View, lines: tuple[charts.Line, ...]) -> str:
    shown = [
        f"{f'{line.heading}, ' if line.heading else ''}{line.label}: {line.value}"
        for line in lines
        if not isinstance(line.number, Hidden)
    ]
    return view.voice.gettext(
        "Dots on a scale from 0 to 100 show how often it succeeds. %(values)s. "
        "The numbers stand in the table at the end of the report."
    ) % {"values": "; ".join(shown)}


def _level_notes(view: View) -> tuple[str, ...]:
    voice = view.voice
    return (
        voice.gettext(
            "The dot is what was answered. The bar is where the number lies with great certainty."
        ),
        voice.gettext("Under 20 answers only the span of the answer is drawn."),
    )


def _level_text(view: View) -> tuple[Labelled, ...]:
    voice, cell = view.voice, view.cell("behaviour_level")
    said = []
    if cell is not None and "polarised" in (cell.flags or ()):
        said.append(
            Labelled(
                voice.gettext("Divided answers"),
                voice.gettext(
                    "Some succeed nearly every time, others nearly never. Ask each other why."
                ),
            )
        )
    if not view.is_area:
        return tuple(said)
    said += _moved(view)
    situation = view.number("situation_share")
    text = numbers.share(voice, situation)
    if text.kind in ("measured", "joined", "clipped", "banded"):
        said.append(
            Labelled(
                voice.gettext("In the situation"),
                voice.gettext(
                    "%(share)s have been in the situation in the last four weeks. "
                    "Only they count here."
                )
                % {"share": opened(text.main)},
            )
        )
    return tuple(said)


def _moved(view: View) -> list[Labelled]:
    """Which parts have surely changed since last time; where none has, that nobody can see it."""
    voice, changes = view.voice, []
    for part in view.below:
        cell = view.release.cell(part.unit, "behaviour_level")
        if cell is not None and cell.change is not None and cell.change.verdict is not None:
            changes.append((part.name, cell.change.verdict))
    if not changes:
        return []
    said = []
    for verdict, form in (
        ("up", voice.gettext("It has risen in %(units)s, and hardly by chance.")),
        ("down", voice.gettext("It has fallen in %(units)s, and hardly by chance.")),
    ):
        names = [name for name, found in changes if found == verdict]
        if names:
            others = len(names) - MOST_NAMES
            shown = names[:MOST_NAMES]
            if others > 0:
                more = voice.ngettext("%(num)d other unit", "%(num)d other units", others)
                shown.append(more % {"num": others})
            said.append(form % {"units": listed(voice, shown)})
    text = " ".join(said) or voice.gettext(
        "No unit has a change that we can tell from chance. That does not mean that nothing moved."
    )
    return [Labelled(voice.gettext("Since last time"), text)]
