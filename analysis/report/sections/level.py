"""How often it succeeds."""

from dataclasses import dataclass

from analysis import charts
from analysis.findings import Hidden, Number, Release, ReleasedUnit
from analysis.report.plan import Labelled, LeftOut, Section
from analysis.report.view import View
from analysis.wording import numbers, sentences
from analysis.wording.voice import opened

MAX_WAVES = 4  # on one track


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
    lines = _waves(view) if own else ()
    if view.is_area:
        lines += _parts(view, with_heading=own)
    if not any(not isinstance(line.number, Hidden) for line in lines):
        return LeftOut(kicker, voice.gettext("not shown, so that nobody can be recognised"))
    change = None if cell is None else cell.change
    return Section(
        "level",
        kicker,
        sentences.level_headline(voice, number, change)
        if own
        else voice.gettext("How often it succeeds depends on the behaviour"),
        _level_lead(view, number),
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
                reference=(number, view.name) if view.is_area else None,
            ),
            _level_notes(view),
            _level_text(view),
        ),
    )


def _waves(view: View) -> tuple[charts.Line, ...]:
    releases: list[Release] = [*view.facts.earlier, view.release][-MAX_WAVES:]
    lines = []
    for one in releases:
        number = one.number(view.code, "behaviour_level")
        if one is view.release or not isinstance(number, Hidden):
            lines.append(
                charts.Line(
                    one.wave,
                    number,
                    numbers.level_short(view.voice, number),
                    is_strong=one is view.release,
                )
            )
    return tuple(lines)


def _parts(view: View, *, with_heading: bool) -> tuple[charts.Line, ...]:
    """The units below with a number of their own, under the part they belong to."""
    lines: list[charts.Line] = []
    heading = view.voice.gettext("The units below")
    first = with_heading
    for part in view.release.below(view.code):
        family = [part, *view.release.below(part.unit)] if view.is_root else [part]
        rows = [one for one in family if _has_level(view.release, one)]
        for index, one in enumerate(rows):
            number = view.release.number(one.unit, "behaviour_level")
            opens = view.is_root and index == 0 and one is not part
            lines.append(
                charts.Line(
                    one.name,
                    number,
                    numbers.level_short(view.voice, number),
                    is_strong=view.is_root and one is part,
                    heading=heading if first else part.name if opens else "",
                )
            )
            first = False
    return tuple(lines)


def _has_level(release: Release, one: ReleasedUnit) -> bool:
    return release.cell(one.unit, "behaviour_level") is not None


def _level_lead(view: View, number: Number) -> str:
    cell = view.cell("behaviour_level")
    if isinstance(number, Hidden):
        return view.voice.gettext(
            "The parts work with different behaviours, so there is no number for the whole."
        )
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
    shown = [f"{line.label}: {line.value}" for line in lines if not isinstance(line.number, Hidden)]
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
