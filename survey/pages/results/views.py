"""A release as one reader may see it from one unit: frozen values, ready for the template.

No number is computed and no sentence about answers composed here: both are those of the report.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from survey.insight import (
    Answered,
    Dot,
    Empty,
    Hidden,
    Number,
    Release,
    ReleasedUnit,
    Scale,
    Section,
    Stretch,
    Told,
    across_name,
    drawn,
    in_common,
    in_order,
    inside,
    numbers,
    opened,
    sentences,
    told_across,
)
from survey.pages.results.values import (
    Answer,
    Branch,
    Figure,
    Place,
    Questioned,
    Shared,
    Then,
    UnitView,
)
from survey.texts import Voice

FIGURE = Scale(6, 394)  # where 0 and 100 lie on a figure 400 wide

Readable = Callable[[str], bool]


def unit_view(
    told: Told,
    *,
    voice: Voice,
    may_read: Readable,
    waves: Sequence[str],
    has_report: bool,
) -> UnitView:
    """What a reader may see of a unit; `waves` are those in which the unit has a result."""
    view = told.view
    release, earlier = view.release, view.facts.earlier
    above = [one for code in reversed(view.ancestors) if (one := release.unit(code)) is not None]
    return UnitView(
        wave=release.wave,
        place=place(told, view.unit),
        above=tuple(place(told, one) for one in above if may_read(one.unit)),
        other_waves=tuple(waves),
        behaviours=view.behaviours,
        in_short=told.in_short,
        cautions=told.cautions,
        is_hidden=told.is_hidden,
        level=told.level,
        has_level=told.has_level,
        then=tuple(_waves(told, voice)),
        basis=_basis(told, voice),
        standing_out=told.standing_out,
        barriers=() if told.is_hidden else tuple(_barriers(told, voice)),
        seams=told.seams,
        pairs=told.pairs,
        who=told.who,
        proposals=told.proposals,
        safe=_questioned(told.safe, told.safe_answers, voice),
        citizen=_questioned(told.citizen, told.citizen_answers, voice),
        since=told.since_last,
        changes=tuple(_changes(told, voice)),
        is_first=not earlier,
        associations=told.associations,
        method=told.method,
        version=release.method,
        sha256=told.seal,
        has_report=has_report,
    )


def place(told: Told, unit: ReleasedUnit) -> Place:
    """A unit by its code and name: the top of the tree is the whole organisation."""
    return Place(unit.unit, told.view.name_of(unit.unit))


def answer(voice: Voice, name: str, number: Number) -> Answer:
    """A line of a question: the number in words and where it lies."""
    said = numbers.share(voice, number)
    return Answer(
        opened(name), "", numbers.Said(said.kind, opened(said.main), said.interval), figure(number)
    )


# --- the parts ------------------------------------------------------------------------------------


def _barriers(told: Told, voice: Voice) -> Iterator[Answer]:
    for code, share in told.shares:
        cell = told.view.cell("barrier_share", code)
        line = answer(voice, sentences.name(voice, code), share)
        yield Answer(
            line.name,
            sentences.clause(voice, code),
            line.said,
            line.figure,
            marked=cell is not None and cell.marked is True,
        )


def _questioned(
    section: Section | None, answers: Iterable[tuple[str, Number]], voice: Voice
) -> Questioned | None:
    if section is None or not isinstance(section.body, Answered):
        return None
    body = section.body
    lines = tuple(answer(voice, label, number) for label, number in answers)
    return Questioned(section.headline, section.lead, body.question, body.scale, lines, body.text)


def _basis(told: Told, voice: Voice) -> str:
    """How many the numbers stand on, told as the release tells it."""
    cell = told.view.cell("barrier_share", told.shares[0][0])
    if cell is None or told.is_hidden:
        return ""
    return voice.gettext("%(n)s people were in the situation, of %(N)s who were asked.") % {
        "n": cell.n or (cell.n_band or "").replace("-", "–"),
        "N": cell.N,
    }


def _changes(told: Told, voice: Voice) -> Iterator[str]:
    """The barriers that have moved, in the order of the catalogue."""
    for code, _ in told.shares:
        cell = told.view.cell("barrier_share", code)
        change = cell.change if cell is not None else None
        if change is None or (
            change.verdict not in ("up", "down") and change.bands not in ("rise", "fall")
        ):
            continue
        name = sentences.name(voice, code)
        yield f"{name}: {inside(sentences.change(voice, change))}"


def _waves(told: Told, voice: Voice) -> Iterator[Then]:
    """How often it succeeded, wave by wave; nothing where no wave tells it."""
    view = told.view
    releases = [one for one in (*view.facts.earlier, view.release) if one.unit(view.code)]
    if any(one.number(view.code, "behaviour_level") != Hidden() for one in releases):
        yield from (then(voice, one, view.code, this=view.release) for one in releases)


def then(voice: Voice, release: Release, unit: str, *, this: Release) -> Then:
    """How often it succeeded in a unit in one wave, for a line of waves."""
    value = release.number(unit, "behaviour_level")
    said = numbers.level(voice, value)
    text = (
        sentences.hidden(voice, "")
        if isinstance(value, Hidden)
        else opened(numbers.level_short(voice, value))
    )
    short = numbers.Said(said.kind, text, said.interval)
    return Then(release.wave, short, figure(value), is_this=release is this)


def figure(value: Number) -> Figure:
    """Where a number stands on a line from 0 to 100."""
    match drawn(value, FIGURE):
        case Dot(x=x, left=left, right=right):
            return Figure(left, round(right - left, 1), dot=x)
        case Stretch(first=first, last=last, left=left, right=right) if (first, last) == (
            left,
            right,
        ):  # a band or a clipped end: nothing is known inside the span
            return Figure(left, round(right - left, 1))
        case Stretch(first=first, last=last, left=left, right=right):
            return Figure(left, round(right - left, 1), first, round(last - first, 1))
        case Empty():
            return Figure()


# --- which units there are ------------------------------------------------------------------------


def branches(release: Release, may_read: Readable, organisation: str) -> tuple[Branch, ...]:
    """The units of a wave within reach, in the order of the organisation."""
    units = [unit for unit in in_order(release) if may_read(unit.unit)]
    top = min((unit.depth for unit in units), default=0)
    return tuple(
        Branch(
            Place(unit.unit, organisation if unit.parent is None and organisation else unit.name),
            min(unit.depth - top, 4),
        )
        for unit in units
    )


def paths(release: Release, sets: Iterable[Collection[str]], voice: Voice) -> tuple[Place, ...]:
    """The reports across units there are to take: of two or more of this wave that lie apart."""
    return tuple(
        Place(",".join(one.unit for one in units), across_name(voice, [one.name for one in units]))
        for units in told_across(release, sets)
    )


def shared(release: Release, may_read: Readable, voice: Voice) -> tuple[Shared, ...]:
    """The barriers that stand out in two units or more, neither of them below the other.

    In the order of the catalogue, the units in that of the organisation.
    """
    units = [unit for unit in in_order(release) if may_read(unit.unit)]
    return tuple(
        Shared(
            sentences.name(voice, code),
            " · ".join(unit.name for unit in there),
            f"/trials/new?unit={there[0].unit}&unit2={there[1].unit}&barrier={code}",
        )
        for code, there in in_common(release, units).items()
    )
