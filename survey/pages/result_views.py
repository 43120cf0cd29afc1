"""A release as one reader may see it from one unit: frozen values, ready for the template.

What the reader may not see is not in the values. No number is computed here: each is said in the
words of the analysis, and a number that is hidden is a sentence.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from survey.errors import UnitUnknown
from survey.insight import (
    Cell,
    Dot,
    Empty,
    Hidden,
    Level,
    Measured,
    Number,
    Proposal,
    Release,
    ReleasedUnit,
    Scale,
    Stretch,
    drawn,
    inside,
    number,
    numbers,
    opened,
    sentences,
    shade,
)
from survey.pages.result_values import (
    Barrier,
    Branch,
    Card,
    Figure,
    Heat,
    HeatCell,
    HeatRow,
    Place,
    Then,
    UnitView,
)
from survey.texts import Voice, content

BARRIERS: tuple[str, ...] = tuple(one["code"] for one in content("barriers")["barriers"])
MOST_CARDS = 3  # patterns a page proposes to act on, as in the report
FIGURE = Scale(6, 394)  # where 0 and 100 lie on a figure 400 wide

Readable = Callable[[str], bool]


def unit_view(  # noqa: PLR0913 - one keyword per thing the reader brings
    release: Release,
    unit: str,
    *,
    voice: Voice,
    behaviours: Mapping[str, str],
    may_read: Readable,
    others: Sequence[Release],
    organisation: str,
    has_report: bool,
) -> UnitView:
    """What a reader may see of a unit; `others` are the organisation's other releases, by time.

    `behaviours` are the texts in the reader's language, by code; one that is missing is told as
    it was released.
    Raises UnitUnknown when the unit is not in the wave's tree or not the reader's to see.
    """
    found = release.unit(unit)
    if found is None or not may_read(unit):
        raise UnitUnknown(unit=unit, wave=release.wave)
    seen = _Seen(release, found, voice, may_read, organisation)
    earlier = [one for one in others if one.wave in release.earlier]
    return UnitView(
        wave=release.wave,
        place=seen.place(found),
        above=tuple(seen.place(one) for one in reversed(seen.above)),
        below=tuple(seen.place(one) for one in release.below(unit) if may_read(one.unit)),
        other_waves=tuple(one.wave for one in others if one.unit(unit) is not None),
        behaviours=seen.behaviours(behaviours),
        in_short=tuple(sentence for sentence in seen.in_short() if sentence),
        level=None if isinstance(seen.level, Hidden) else numbers.level(voice, seen.level),
        level_figure=_figure(seen.level),
        is_hidden=seen.is_hidden,
        basis=seen.basis(),
        barriers=() if seen.is_hidden else tuple(seen.barrier(code) for code in BARRIERS),
        heat=seen.heat(),
        cards=tuple(seen.cards()),
        then=tuple(then(voice, one, unit, this=release) for one in (*earlier, release))
        if any(one.number(unit, "behaviour_level") != Hidden() for one in (*earlier, release))
        else (),
        is_first=not earlier,
        changes=tuple(seen.changes()),
        cautions=tuple(seen.cautions()),
        has_report=has_report,
        method=release.method,
        sha256=release.sha256 if isinstance(release.sha256, str) else "",
    )


class _Seen:
    """A release from one unit, through the eyes of one reader."""

    def __init__(
        self,
        release: Release,
        unit: ReleasedUnit,
        voice: Voice,
        may_read: Readable,
        organisation: str,
    ) -> None:
        self.release, self.unit, self.voice, self.may_read = release, unit, voice, may_read
        self.organisation = organisation
        self.above = tuple(self._above())
        self.inside = tuple(self._inside(unit.unit, 0))
        self.level_cell = release.cell(unit.unit, "behaviour_level")
        self.level = number(self.level_cell)
        self.has_level = self.level_cell is not None
        self.is_hidden = all(isinstance(self._share(code), Hidden) for code in BARRIERS)

    def place(self, unit: ReleasedUnit) -> Place:
        return _place(unit, self.organisation)

    def _above(self) -> Iterator[ReleasedUnit]:
        """The units above, nearest first."""
        parent = self.unit.parent
        while parent is not None:
            found = self.release.unit(parent)
            if found is None:
                return
            yield found
            parent = found.parent

    def _inside(self, code: str, depth: int) -> Iterator[tuple[int, ReleasedUnit]]:
        """The units below that the reader may see, each with its depth, in the tree's order."""
        for one in self.release.below(code):
            if self.may_read(one.unit):
                yield depth, one
            yield from self._inside(one.unit, depth + 1)

    def _cell(self, code: str, unit: str | None = None) -> Cell | None:
        return self.release.cell(unit or self.unit.unit, "barrier_share", code)

    def _share(self, code: str, unit: str | None = None) -> Number:
        return number(self._cell(code, unit))

    def behaviours(self, texts: Mapping[str, str]) -> tuple[str, ...]:
        """What was asked about here; texts everybody in the organisation has read."""
        here = {self.unit.unit, *(one.unit for _, one in self.inside)}
        return tuple(
            texts.get(one.behaviour, one.text)
            for one in self.release.behaviours
            if here.intersection(one.units)
        )

    # --- sentences -----------------------------------------------------------------------------

    def in_short(self) -> Iterator[str]:
        """At most four sentences: how often, since last time, what stands out, who can act."""
        if self.is_hidden:
            yield self.hidden(self.unit)
            return
        if self.has_level:
            yield self._how_often()
            yield self._since_last()
        else:
            yield self.voice.gettext(
                "Several behaviours were asked about here, so there is not one number for how "
                "often it succeeds."
            )
        yield f"{self._headline()}."
        first = next(iter(self.proposals()), None)
        if first is not None and first.unit == self.unit.unit:
            yield self.voice.gettext("Those who can remove it: %(level)s.") % {
                "level": inside(sentences.address_name(self.voice, first.address))
            }

    def _how_often(self) -> str:
        if isinstance(self.level, Hidden):
            return self.hidden(self.unit)
        return sentences.how_often(self.voice, self.level) or sentences.few(self.voice, "open")

    def _since_last(self) -> str:
        change = self.level_cell.change if self.level_cell is not None else None
        said = sentences.change(self.voice, change, of_level=True)
        if not said:
            return ""
        return self.voice.gettext("Since last time: %(change)s") % {"change": inside(said)}

    def _headline(self) -> str:
        """What stands out here; without that, the first finding around, as the report says it."""
        marked = [code for code in BARRIERS if (c := self._cell(code)) is not None and c.marked]
        first = next(iter(self.proposals()), None)
        whose = None if first is None else self.release.unit(first.unit)
        if not marked and first is not None and whose is not None:
            found = self.voice.gettext("%(barrier)s stands out in %(unit)s") % {
                "barrier": sentences.name_inside(self.voice, first.barrier),
                "unit": self.place(whose).name,
            }
            return sentences.certainty(self.voice, "suggests", pattern=found).rstrip(".")
        ranked = [(code, self._share(code)) for code in BARRIERS]
        if all(isinstance(share, Measured) for _, share in ranked):
            ranked.sort(key=lambda pair: -getattr(pair[1], "share", 0.0))
        return sentences.barriers_headline(self.voice, marked[:MOST_CARDS], ranked, certain=False)

    def hidden(self, unit: ReleasedUnit) -> str:
        """Why there is no number, and where the answers count."""
        parent = unit.parent
        while parent is not None:
            above = self.release.unit(parent)
            if above is None:
                break
            if not isinstance(self._share(BARRIERS[0], parent), Hidden):
                return sentences.hidden(self.voice, self.place(above).name)
            parent = above.parent
        return sentences.hidden(self.voice, "")

    def basis(self) -> str:
        """How many the numbers stand on, told as the release tells it."""
        cell = next((c for code in BARRIERS if (c := self._cell(code)) is not None), None)
        if cell is None or isinstance(number(cell), Hidden):
            return ""
        return self.voice.gettext(
            "%(n)s people were in the situation, of %(N)s who were asked."
        ) % {"n": cell.n or (cell.n_band or "").replace("-", "–"), "N": cell.N}

    def cautions(self) -> Iterator[str]:
        """How far the answers carry."""
        response = sentences.response(self.voice, self.release.quality_of(self.unit.unit))
        if response:
            yield response
        for code in BARRIERS:
            cell = self._cell(code)
            if cell is not None and "common_shock" in (cell.flags or ()):
                name = sentences.name_inside(self.voice, code)
                yield sentences.certainty(self.voice, "common_shock", barrier_name=name)

    # --- barriers ------------------------------------------------------------------------------

    def barrier(self, code: str) -> Barrier:
        share, cell = self._share(code), self._cell(code)
        said = numbers.share(self.voice, share)
        return Barrier(
            name=sentences.name(self.voice, code),
            clause=sentences.clause(self.voice, code),
            said=numbers.Said(said.kind, opened(said.main), said.interval),
            shade=shade(share),
            marked=cell is not None and cell.marked is True,
            figure=_figure(share),
        )

    def heat(self) -> Heat | None:
        """The unit and those below it, ten barriers across; None where nothing lies below."""
        if not self.inside:
            return None
        own = self._heat_row(self.unit, indent=0, is_own=True)
        rows = (self._heat_row(one, indent=depth, is_own=False) for depth, one in self.inside)
        columns = tuple(sentences.name(self.voice, code) for code in BARRIERS)
        return Heat(columns, (own, *rows))

    def _heat_row(self, unit: ReleasedUnit, *, indent: int, is_own: bool) -> HeatRow:
        hidden = all(isinstance(self._share(code, unit.unit), Hidden) for code in BARRIERS)
        return HeatRow(
            place=self.place(unit),
            indent=indent,
            is_own=is_own,
            cells=() if hidden else tuple(self._heat_cell(code, unit.unit) for code in BARRIERS),
            hidden=self.hidden(unit) if hidden else "",
        )

    def _heat_cell(self, code: str, unit: str) -> HeatCell:
        share, cell = self._share(code, unit), self._cell(code, unit)
        if isinstance(share, Hidden):
            return HeatCell(sentences.hidden(self.voice, ""), "", 0, marked=False)
        return HeatCell(
            opened(numbers.short(self.voice, share)),
            numbers.interval_figures(self.voice, share),
            shade(share),
            marked=cell is not None and cell.marked is True,
        )

    def changes(self) -> Iterator[str]:
        """The barriers that have moved, in the order of the catalogue."""
        for code in BARRIERS:
            cell = self._cell(code)
            change = cell.change if cell is not None else None
            if change is None or (
                change.verdict not in ("up", "down") and change.bands not in ("rise", "fall")
            ):
                continue
            name = sentences.name(self.voice, code)
            yield f"{name}: {inside(sentences.change(self.voice, change))}"

    # --- who can remove it ---------------------------------------------------------------------

    def proposals(self) -> list[Proposal]:
        """What asks for something: here first, then around, most people covered first."""
        around = (*self.above, *(one for _, one in self.inside))
        near = {self.unit.unit, *(one.unit for one in around if self.may_read(one.unit))}
        found: dict[str, Proposal] = {}
        for one in sorted(self.release.proposals, key=lambda one: one.unit != self.unit.unit):
            if one.unit in near:
                found.setdefault(one.barrier, one)
        return list(found.values())[:MOST_CARDS]

    def cards(self) -> Iterator[Card]:
        if self.is_hidden:
            return
        for one in self.proposals():
            whose = self.release.unit(one.unit)
            share = self._share(one.barrier, one.unit)
            yield Card(
                barrier=sentences.name(self.voice, one.barrier),
                unit=self.place(whose).name if whose and whose != self.unit else "",
                finding=sentences.stands_in_the_way(self.voice, share, one.barrier),
                address=sentences.address_name(self.voice, one.address),
                sentences=tuple(self._reasons(one)),
            )

    def _reasons(self, one: Proposal) -> Iterator[str]:
        if why := self._why(one):
            yield why
        for address in one.also:
            also = inside(sentences.address_name(self.voice, address))
            yield sentences.level_text(self.voice, "also", level=also)
        level = self._level(one.barrier)
        if level is None:
            return
        if level.verdict in ("undecided", "small"):
            yield sentences.level_text(self.voice, level.verdict)
        if level.floor is not None:
            yield sentences.level_text(self.voice, "floor", floor=level.floor)
        if level.agree == "differs" and level.own_answer.top is not None:
            yield f"{sentences.resolver_headline(self.voice, level.own_answer.top, one.address)}."

    def _why(self, one: Proposal) -> str:
        if one.address != "managers":
            return sentences.level_text(self.voice, one.address)
        below = [self._cell(one.barrier, unit.unit) for unit in self.release.below(one.unit)]
        shown = [cell for cell in below if cell is not None and cell.status == "shown"]
        marked = sum(cell.marked is True for cell in shown)
        if marked < 2:  # said of several units or not at all
            return ""
        return sentences.level_text(self.voice, "managers", a=marked, b=len(shown))

    def _level(self, barrier: str) -> Level | None:
        """Where the barrier sits, in the nearest scope that has a verdict."""
        for scope in (self.unit.unit, *(one.unit for one in self.above)):
            for one in self.release.levels:
                if one.scope == scope and one.barrier == barrier:
                    return one
        return None


def _place(unit: ReleasedUnit, organisation: str) -> Place:
    """The top of the tree is the whole organisation, whatever its own staff unit is called."""
    return Place(unit.unit, organisation if unit.parent is None and organisation else unit.name)


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
    return Then(release.wave, short, _figure(value), is_this=release is this)


def _figure(value: Number) -> Figure:
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


# --- which units there are ---------------------------------------------------------------------


def branches(release: Release, may_read: Readable, organisation: str) -> tuple[Branch, ...]:
    """The units of a wave within reach, in the order of the organisation."""
    seen = [unit for unit in _in_order(release) if may_read(unit.unit)]
    return tuple(Branch(_place(unit, organisation), min(unit.depth, 4)) for unit in seen)


def _in_order(release: Release, parent: str | None = None) -> Iterator[ReleasedUnit]:
    for unit in release.units:
        if unit.parent == parent:
            yield unit
            yield from _in_order(release, unit.unit)
