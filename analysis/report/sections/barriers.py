"""What stands in the way."""

from dataclasses import dataclass
from typing import Final

import msgspec

from analysis import charts
from analysis.findings import Banded, Cell, Change
from analysis.report.leading import leading
from analysis.report.plan import Labelled, Section
from analysis.report.sections.matrix import Matrix, in_matrix, matrices
from analysis.report.view import BARRIERS, View
from analysis.wording import headlines, numbers, sentences
from analysis.wording.voice import counted, inside, opened

FEWEST_ROWS, FEW_ROWS = 10, 20  # of a matrix, its head counted too: its type is larger
HEAD_ROWS: Final = 3  # what the head of a table takes
MANY_ROWS: Final = 24  # of one table, from which they stand as close as they can be read
CLOSE_ROWS: Final = 33  # from which no text has room under them


@dataclass(frozen=True, slots=True)
class BandLine:
    """A band and the barriers in it, in the order of the catalogue."""

    band: str
    shade: int
    barriers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Questions:
    about: str
    questions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Barriers:
    question: str
    scale: str
    track: charts.Track | None
    bands: tuple[BandLine, ...]
    matrices: tuple[Matrix, ...]
    hidden: str
    notes: tuple[str, ...]
    text: tuple[Labelled, ...]
    talk: Questions
    guide: tuple[Labelled, ...]

    @property
    def size(self) -> str:
        """How large the type of the matrix is: as its page has room for."""
        rows = [len(one.rows) for one in self.matrices]
        in_all = sum(rows) + HEAD_ROWS * len(rows)
        if in_all <= FEW_ROWS:
            return "fewest" if in_all <= FEWEST_ROWS else "few"
        return "many" if max(rows) > MANY_ROWS else ""


def barriers(view: View) -> Section:
    """The ten barriers of one unit, or the matrix of the units below; then what to talk about."""
    voice, tables = view.voice, matrices(view) if view.is_area else ()
    return Section(
        "barriers",
        voice.gettext("What stands in the way"),
        headline(view),
        _barriers_lead(view, _standing_out(view)),
        Barriers(
            question=voice.pick(voice.content("barriers")["question"]),
            scale=_scale(view),
            track=_bars(view),
            bands=_bands(view),
            matrices=tables,
            hidden=sentences.hidden(voice, view.reported_in) if view.is_hidden else "",
            notes=_barrier_notes(view),
            text=_pattern_text(view)[0 if view.is_area else 1 :],
            talk=talk(view),
            guide=guide(view) if view.is_hidden else (),
        ),
        spills=any(len(one.rows) > CLOSE_ROWS for one in tables),
    )


def headline(view: View) -> str:
    """Which barriers stand out, as sure as the release is of them, and where in an area."""
    codes = _standing_out(view)
    told = {one.barrier: one for one in view.patterns if one.barrier in codes}
    places = [told[code].unit for code in codes]
    where = [] if {*places} <= {view.code} else [view.name_of(one) for one in places]
    claimed = list(told.values())
    if len(where) == 1 and len(marked := _marked_below(view, codes[0])) > 1:
        where = [view.voice.gettext("%(num)s units") % {"num": counted(view.voice, len(marked))}]
        claimed = [msgspec.structs.replace(told[codes[0]], unit=one) for one in marked]
    certain = all(map(view.is_certain, claimed))
    return headlines.barriers_headline(view.voice, codes, view.ranked, certain=certain, where=where)


def _marked_below(view: View, barrier: str) -> list[str]:
    """The units of the matrix where a barrier stands out."""
    cells = (view.release.cell(one.unit, "barrier_share", barrier) for one in view.below)
    return [one.unit for one in cells if one is not None and one.unit and one.marked is True]


def _standing_out(view: View) -> list[str]:
    """Those that stand out at this unit; in an area without any, those around it."""
    own = [one.barrier for one in view.patterns if one.unit == view.code]
    around = [one.barrier for one in view.patterns]
    return (own or around) if view.is_area else own


def _scale(view: View) -> str:
    voice = view.voice
    base = (
        voice.gettext("%(num)s in the situation") % {"num": voice.number(view.people)}
        if view.people is not None
        else voice.gettext("fewer than 20 in the situation")
    )
    if view.is_hidden:
        return view.name
    return voice.gettext("%(unit)s, %(base)s. Per cent who answered “%(answer)s”.") % {
        "unit": view.name,
        "base": base,
        "answer": voice.pick(voice.content("barriers")["options"][2]),
    }


def _barriers_lead(view: View, codes: list[str]) -> str:
    voice = view.voice
    if view.is_hidden:
        return sentences.few(voice, "talk_instead")
    if view.common_shocks:
        return sentences.certainty(
            voice,
            "common_shock",
            barrier_name=sentences.name_inside(voice, view.common_shocks[0]),
        )
    told = _pattern_text(view)
    if told and not view.is_area:
        return told[0].text
    if view.is_area:
        return voice.gettext(
            "The units stand in the order of the organisation. Small differences may be chance."
        )
    if codes:
        return sentences.certainty(voice, "larger_than_chance")
    return f"{most_named(view)} {voice.gettext('Choose what you know best.')}".strip()


def most_named(view: View) -> str:
    """Which barrier more people point to than to any other, and how sure that is."""
    found = leading(view.barriers)
    names = [sentences.name_inside(view.voice, code) for code in found.items]
    return headlines.pointed(view.voice, names, is_certain=found.is_certain)


def _bars(view: View) -> charts.Track | None:
    if view.is_area or view.is_hidden or any(isinstance(one, Banded) for _, one in view.barriers):
        return None
    marked = {one.barrier for one in view.patterns if one.unit == view.code}
    biggest = _biggest(view)
    lines = tuple(
        charts.Line(
            sentences.name(view.voice, code),
            number,
            numbers.short(view.voice, number),
            is_strong=code in marked,
            note="priority" if code == biggest else "",
        )
        for code, number in view.ranked
    )
    values = "; ".join(f"{line.label}: {line.value}" for line in lines)
    alt = view.voice.gettext(
        "Bars from 0 to 100 per cent show how many say that each barrier stands in the way to a "
        "great extent. %(values)s. The numbers stand in the table at the end of the report."
    ) % {"values": values}
    return charts.track(lines, kind="bars", alt=alt)


def _biggest(view: View) -> str | None:
    """The barrier that more people than for any other would remove first."""
    return leading(tuple((code, view.number("priority_share", code)) for code in BARRIERS)).first


def _bands(view: View) -> tuple[BandLine, ...]:
    if view.is_area or view.is_hidden:
        return ()
    found: dict[tuple[int, str], list[str]] = {}
    for code, number in view.barriers:
        if isinstance(number, Banded):
            key = (-charts.shade(number), numbers.band(view.voice, number))
        else:
            key = (1, opened(numbers.short(view.voice, number)))
        found.setdefault(key, []).append(sentences.name(view.voice, code))
    if not any(shade < 0 for shade, _ in found):
        return ()
    return tuple(
        BandLine(band, max(-shade, 0), tuple(names))
        for (shade, band), names in sorted(found.items())
    )


def _barrier_notes(view: View) -> tuple[str, ...]:
    voice = view.voice
    if view.is_hidden:
        return ()
    if view.is_area:
        told = (
            voice.gettext("Under 20 answers: a word. “≤ 5”: at most 5. “·”: cannot be said."),
            voice.gettext(
                "Bold and underlined: the difference is larger than we would expect by chance."
            ),
        )
        if len(in_matrix(view)) == len(view.below):
            return told
        return (*told, voice.gettext("The units further down stand in the report of their area."))
    notes = []
    if view.people is not None:
        notes.append(voice.gettext("The pale field is where the number lies with great certainty."))
        if _biggest(view) is not None:
            notes.append(
                voice.gettext(
                    "◆ more of you than for any other say that it matters most to remove."
                )
            )
    else:
        notes.append(
            voice.gettext(
                "Under 20 answers we say it in words. Inside a line the barriers stand "
                "in the order of the questionnaire."
            )
        )
    return tuple(notes)


def _pattern_text(view: View) -> tuple[Labelled, ...]:
    """A few lines per pattern: how many, and how sure."""
    voice, found = view.voice, []
    for one in view.patterns:
        if one.unit != view.code and not view.is_area:
            continue  # what concerns a single unit from above stands in short and on who
        number = view.release.number(one.unit, "barrier_share", one.barrier)
        cell = view.release.cell(one.unit, "barrier_share", one.barrier)
        text = sentences.stands_in_the_way(voice, number, one.barrier)
        if not text:
            continue
        change = sentences.change(voice, _told(view, cell))
        place = "" if one.unit == view.code else f" · {view.name_of(one.unit)}"
        found.append(
            Labelled(f"{sentences.name(voice, one.barrier)}{place}", f"{text} {change}".strip())
        )
    return tuple(found)


def _told(view: View, cell: Cell | None) -> Change | None:
    """The change worth a line: for an area only one that can be seen."""
    change = None if cell is None else cell.change
    if view.is_area and change is not None and change.verdict not in ("up", "down"):
        return None
    return change


def guide(view: View) -> tuple[Labelled, ...]:
    """Ten things to recognise or not, for a talk without numbers."""
    voice = view.voice
    return tuple(
        Labelled(
            sentences.name(voice, code), voice.pick(sentences.barrier(voice, code)["shows_as"])
        )
        for code in BARRIERS
    )


def talk(view: View, chosen: str = "") -> Questions:
    """The three meeting questions of what is chosen, else of the first pattern or most named."""
    voice = view.voice
    code = chosen or view.talk_barrier
    entry = sentences.barrier(voice, code)
    questions = entry["meeting_questions"][voice.language]
    about = voice.gettext("Three questions to talk from: %(barrier)s") % {
        "barrier": inside(sentences.name(voice, code))
    }
    return Questions(about, tuple(questions))
