"""A release on one page of plain text, for whoever runs the analysis on files.

Every number on it is displayed in the release, and every finding is said as the report says it.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import islice
from textwrap import fill, shorten
from typing import Final

from analysis.findings import Cell, Hidden, Release, number
from analysis.report import Facts
from analysis.report.sections.opening import answered
from analysis.report.sections.voices import near_pairs
from analysis.report.sections.who import address_said, spread_said
from analysis.report.view import View
from analysis.wording import headlines, numbers, sentences
from analysis.wording.voice import between, inside, listed
from survey.errors import N_
from survey.texts import Voice

WIDTH: Final = 96
SHORT: Final = 60  # letters of a desired behaviour, beside its code
MANY: Final = 5  # names told of a kind before the rest is left to the file
FEW: Final = 3
DROPPED: Final = N_(
    "The numbers by profession were left out: together with the others they would tell of a few."
)
NO_DATE: Final = date.min  # the files of the analysis know waves, and no dates


def summary(made: Release, *, earlier: Sequence[Release], voice: Voice) -> str:
    """The page: who answered, what is common, what stands out and where, and what is not shown.

    `earlier` are the releases before it, in time order; without them nothing is told as certain.
    """
    root = made.units[0]
    facts = Facts(root.name, made.wave, NO_DATE, NO_DATE, NO_DATE, "", earlier=tuple(earlier))
    view = View(made, root.unit, voice, facts)
    _ = voice.gettext
    parts = [
        (_(N_("Answers")), _answers(view)),
        (_(N_("A common change")), _shocks(view)),
        (_(N_("How often it succeeds")), _levels(view)),
        (_(N_("What stands in the way")), _barriers(view)),
        (_(N_("What stands out")), _findings(view)),
        (_(N_("Where it sits")), _places(view)),
        (_(N_("Where it stalls")), _seams(view)),
        (_(N_("What has changed")), _changes(view)),
        (_(N_("Trial actions")), _trials(view)),
        (_(N_("What is not shown")), _hidden(view)),
        (_(N_("The check")), _check(view)),
    ]
    page = [_title(view)]
    for heading, lines in parts:
        if told := [*lines]:
            page += ["", heading, *(_wrapped(line) for line in told)]
    return "\n".join(page) + "\n"


def _title(view: View) -> str:
    made, voice = view.release, view.voice
    form = voice.ngettext(
        "%(name)s, wave %(wave)s: %(num)s unit",
        "%(name)s, wave %(wave)s: %(num)s units",
        len(made.units),
    )
    title = form % {"name": view.name, "wave": made.wave, "num": voice.number(len(made.units))}
    if not made.earlier:
        return title
    compared = voice.gettext(N_("Compared with wave %(wave)s.")) % {"wave": made.earlier[-1]}
    return f"{title}\n{compared}"


def _wrapped(line: str) -> str:
    indent = " " * (len(line) - len(line.lstrip()))
    return fill(line.strip(), WIDTH, initial_indent=f"  {indent}", subsequent_indent=f"  {indent}",
                break_long_words=False, break_on_hyphens=False)  # fmt: skip


def _answers(view: View) -> Iterator[str]:
    voice, made = view.voice, view.release
    yield answered(view)
    low = [n.unit for n in made.quality if n.step == "under_40"]
    fell = [n.unit for n in made.quality if n.unit not in low and "read_with_care" in n.flags]
    for units, said in (
        (low, N_("Under four in ten have answered in %(units)s.")),
        (fell, N_("Read with reservations, by who has answered: %(units)s.")),
    ):
        if units:
            yield voice.gettext(said) % {"units": _units(view, units)}
    if any(note.kind == "first_option" for note in made.quality):
        yield voice.gettext(
            N_("Some have chosen the first answer throughout. They are counted like all others.")
        )


def _shocks(view: View) -> Iterator[str]:
    for code in view.common_shocks:
        name = sentences.name_inside(view.voice, code)
        yield sentences.certainty(view.voice, "common_shock", barrier_name=name)


def _levels(view: View) -> Iterator[str]:
    """One line per desired behaviour, over its whole scope; only what surely moved is said to."""
    for one in view.release.behaviours:
        cell = view.release.cell(None, "behaviour_level", behaviour=one.behaviour)
        told = number(cell)
        if not isinstance(told, Hidden):
            said = [numbers.level(view.voice, told).whole + "."]
            if cell is not None and _moved(cell):
                said.append(sentences.change(view.voice, cell.change, of_level=True))
            text = shorten(one.text, SHORT, placeholder=" …")
            yield f"{one.behaviour} ({text}): {' '.join(said)}"


def _barriers(view: View) -> Iterator[str]:
    names = {code: sentences.name(view.voice, code) for code, _ in view.barriers}
    width = max(map(len, names.values())) + 2
    if view.is_hidden:
        yield sentences.hidden(view.voice, "")
        return
    for code, share in view.ranked:
        yield f"{names[code]:<{width}}{numbers.share(view.voice, share).whole}"


def _findings(view: View) -> Iterator[str]:
    """Three as sentences with who can remove them; the others by name."""
    voice = view.voice
    if not view.patterns:
        yield voice.gettext(N_("Nothing stands out from the rest of the organisation."))
        return
    for one in view.patterns:
        share = view.release.number(one.unit, "barrier_share", one.barrier)
        key = "shows" if view.is_certain(one) else "suggests"
        stands = headlines.stands_out_in(voice, one.barrier, _place(view, one.unit))
        yield " ".join(
            (
                sentences.certainty(voice, key, pattern=stands),
                sentences.stands_in_the_way(voice, share, one.barrier),
                address_said(view, one),
            )
        )
    told = {(one.unit, one.barrier) for one in view.patterns}
    heads = dict.fromkeys((p.unit, p.barrier) for p in view.release.proposals)
    rest = [
        f"{sentences.name_inside(voice, barrier)} ({unit})"
        for unit, barrier in heads
        if (unit, barrier) not in told
    ]
    if rest:
        yield voice.gettext(N_("It also suggests that these stand out: %(findings)s.")) % {
            "findings": "; ".join(rest)
        }


def _places(view: View) -> Iterator[str]:
    """What the differences between units say of each barrier, over all behaviours together."""
    voice = view.voice
    verdicts = {one.barrier: one.verdict for one in view.release.levels if one.behaviour is None}
    for barrier, verdict in verdicts.items():
        if verdict not in ("small", "undecided"):
            yield f"{sentences.name(voice, barrier)}: {spread_said(view, barrier)}"
    for verdict, said in (
        ("small", N_("Small barriers here: %(barriers)s.")),
        ("undecided", N_("The numbers cannot decide where it sits for %(barriers)s.")),
    ):
        names = [
            sentences.name_inside(voice, one) for one, found in verdicts.items() if found == verdict
        ]
        if names:
            yield voice.gettext(said) % {"barriers": "; ".join(names)}


def _seams(view: View) -> Iterator[str]:
    voice = view.voice
    for one in islice((pair for pair in near_pairs(view) if pair.both_sides), FEW):
        pair = between(voice, _place(view, one.a), _place(view, one.b))
        yield voice.gettext("It stalls between %(pair)s, both ways.") % {"pair": pair}


def _changes(view: View) -> Iterator[str]:
    """What has surely moved; the rest may be chance, which is said once."""
    voice, made = view.voice, view.release
    if not made.earlier:
        return
    moved = [
        cell
        for cell in made.cells
        if cell.measure in ("barrier_share", "behaviour_level")
        and cell.unit is not None
        and _moved(cell)
    ]
    for cell in moved[:MANY]:
        yield f"{_named(view, cell)}: {sentences.change(voice, cell.change)}"
    if len(moved) > MANY:
        yield voice.gettext(N_("More of them stand in the file."))
    yield (
        voice.gettext(N_("The other differences may be chance."))
        if moved
        else voice.gettext(N_("No difference is larger than chance may give."))
    )
    if any(note.kind == "composition" for note in made.quality):
        units = [note.unit for note in made.quality if note.kind == "composition"]
        said = sentences.certainty(voice, "not_comparable")
        yield f"{_units(view, units)}: {said}"


def _moved(cell: Cell) -> bool:
    return cell.change is not None and cell.change.verdict in ("up", "down")


def _named(view: View, cell: Cell) -> str:
    what = (
        sentences.name(view.voice, cell.item)
        if cell.item
        else view.voice.gettext("How often it succeeds")
    )
    return f"{what}, {_place(view, cell.unit or '')}"


def _trials(view: View) -> Iterator[str]:
    """What may be said of each trial that ended; that high numbers tend to fall is said once."""
    voice, general = view.voice, ""
    for one in view.release.trials:
        if one.post != view.release.wave:
            continue
        verdict, drift = sentences.trial(voice, one)
        general, expected = sentences.parted(drift)
        what = (
            sentences.name(voice, one.item) if one.item else voice.gettext("How often it succeeds")
        )
        said = " ".join(filter(None, (verdict, expected)))
        yield f"{one.trial}, {_units(view, one.units)} ({inside(what)}): {said}"
    if general:
        yield general


def _hidden(view: View) -> Iterator[str]:
    """Which units, and why: in the same words whatever made them too few."""
    made, voice = view.release, view.voice
    shown = {c.unit for c in made.cells if c.base == "S" and c.status == "shown"}
    units = [unit.unit for unit in made.units if unit.unit not in shown]
    if units:
        yield voice.gettext(
            N_(
                "%(units)s: not shown, so that nobody can be recognised. The answers count in the "
                "unit above."
            )
        ) % {"units": _units(view, units)}
    levels = [
        cell.unit
        for cell in made.cells
        if cell.measure == "behaviour_level" and cell.status == "hidden" and cell.unit in shown
    ]
    if levels:
        yield voice.gettext(N_("How often it succeeds is not shown in %(units)s either.")) % {
            "units": _units(view, [unit for unit in levels if unit])
        }


def _check(view: View) -> Iterator[str]:
    cells = view.voice.number(view.release.audit.A2_small_cells)
    yield view.voice.gettext(N_("Attacked: %(cells)s small cells, no leak.")) % {"cells": cells}
    if view.release.audit.dropped:
        yield view.voice.gettext(DROPPED)


def _place(view: View, code: str) -> str:
    return f"{view.name_of(code)} ({code})"


def _units(view: View, codes: Sequence[str]) -> str:
    """A few by name and code, many by code alone."""
    names = [_place(view, code) if len(codes) <= FEW else code for code in codes]
    return listed(view.voice, names)
