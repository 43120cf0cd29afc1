"""How the numbers were made, and all of them as tables: the last pages of a report."""

from dataclasses import dataclass
from typing import Final

from analysis.findings import Cell, Hidden, Number, Settings, number
from analysis.report.plan import Labelled, Section
from analysis.report.view import BARRIERS, View
from analysis.wording import numbers, sentences
from analysis.wording.voice import Voice

MOST_UNITS: Final = 6  # told together, whose barriers have room as tables beside each other


@dataclass(frozen=True, slots=True)
class NumberRow:
    label: str
    value: str
    interval: str


@dataclass(frozen=True, slots=True)
class NumberTable:
    caption: str
    rows: tuple[NumberRow, ...]

    @property
    def has_intervals(self) -> bool:
        """Whether any number has one; words and limits have none."""
        return any(row.interval for row in self.rows)


@dataclass(frozen=True, slots=True)
class Method:
    points: tuple[Labelled, ...]
    columns: tuple[str, str, str]
    columns_of_tables: tuple[tuple[NumberTable, ...], ...]
    made_from: str  # by which method, and from which file


def method(view: View) -> Section:
    voice = view.voice
    points = [
        *method_points(voice, view.release.settings),
        (
            voice.gettext("Questions"),
            voice.gettext("Write to %(contact)s. The numbers are attached to this file as a table.")
            % {"contact": view.facts.contact},
        ),
    ]
    return Section(
        "method",
        voice.gettext("Method and anonymity"),
        voice.gettext("How the numbers are made"),
        "",
        Method(
            tuple(Labelled(label, text) for label, text in points),
            (
                voice.gettext("Question"),
                voice.gettext("Answer"),
                voice.gettext("Lies between"),
            ),
            _side_by_side(tables(view)),
            voice.gettext("Method %(method)s, release %(sha)s")
            % {"method": view.release.method, "sha": view.release.sha256 or "–"},
        ),
    )


def method_points(voice: Voice, settings: Settings) -> tuple[tuple[str, str], ...]:
    """How the numbers are made and what they cannot tell, each under its heading."""
    return (
        (
            voice.gettext("Who was asked"),
            voice.gettext(
                "Everyone in the units that share the behaviour was invited. Only those who have "
                "been in the situation count in the numbers on barriers."
            ),
        ),
        (
            voice.gettext("When a number is shown"),
            voice.gettext(
                "At least %(min)d must stand behind a number, and %(cross)d behind comments. Under "
                "%(band)d we say it in words. From there the steps fit the number of answers, so "
                "that nobody can be worked out."
            )
            % {
                "min": settings.min_n,
                "cross": settings.min_cross,
                "band": settings.band_below,
            },
        ),
        (
            voice.gettext("Not shown"),
            voice.gettext(
                "Some numbers are left out, so that nobody can be recognised. It looks the same "
                "whether a unit is small or protects another. The answers count in the unit above."
            ),
        ),
        (
            voice.gettext("How sure it is"),
            voice.gettext(
                "“Between” is where the number lies with great certainty. We say that something "
                "stands out only when the difference is larger than chance, also after many "
                "comparisons."
            ),
        ),
        (
            voice.gettext("What it cannot tell"),
            voice.gettext(
                "The pulse shows what people experience. It does not show who does well, or why. "
                "It does not replace the statutory workplace assessment or the survey of "
                "well-being."
            ),
        ),
    )


def tables(view: View) -> tuple[NumberTable, ...]:
    """Every number the charts show for this unit; nothing at all where all are hidden."""
    voice = view.voice
    own = [
        (
            voice.gettext("Barriers, per cent “to a great extent”"),
            "barrier_share",
            {code: sentences.name(voice, code) for code in BARRIERS},
        ),
        (
            voice.gettext("Would make the biggest difference, per cent"),
            "priority_share",
            {code: sentences.name(voice, code) for code in BARRIERS},
        ),
        (
            voice.gettext("Who needs to solve it, per cent"),
            "resolver_share",
            {
                key: sentences.address_name(voice, key)
                for key in ("unit", "two_units", "managers", "board", "council_law")
            },
        ),
        (
            voice.gettext("What the citizen would notice, per cent"),
            "citizen_share",
            _labels(view, "citizen"),
        ),
        (
            voice.gettext("Safe to try, per cent who agree"),
            "safe_share",
            {key: _item_text(view, key) for key in ("safe_a", "safe_b", "safe_c")},
        ),
    ]
    found = [_levels(view)]
    if view.is_across and len(view.views) <= MOST_UNITS:
        found += (_barriers_of(one) for one in view.views)
    for caption, measure, labels in own:
        rows = [
            _number_row(view, label, view.number(measure, item)) for item, label in labels.items()
        ]
        found.append(NumberTable(caption, tuple(row for row in rows if row is not None)))
    return tuple(table for table in found if table.rows)


def _barriers_of(view: View) -> NumberTable:
    """The barriers of one of the units that are told together."""
    rows = [_number_row(view, sentences.name(view.voice, code), one) for code, one in view.barriers]
    caption = view.voice.gettext("%(unit)s: barriers, per cent") % {"unit": view.name}
    return NumberTable(caption, tuple(row for row in rows if row is not None))


def _side_by_side(found: tuple[NumberTable, ...]) -> tuple[tuple[NumberTable, ...], ...]:
    """Two columns of tables, each table whole, as even as they get in the order given."""
    columns: tuple[list[NumberTable], list[NumberTable]] = ([], [])
    heights = [0, 0]
    for table in found:
        shorter = 0 if heights[0] <= heights[1] else 1
        columns[shorter].append(table)
        heights[shorter] += len(table.rows) + 3
    return tuple(tuple(column) for column in columns if column)


def _levels(view: View) -> NumberTable:
    voice = view.voice
    rows = []
    for one in (*(() if view.is_across else (view.unit,)), *view.parts):
        cell: Cell | None = view.release.cell(one.unit, "behaviour_level")
        shown = number(cell)
        if isinstance(shown, Hidden):
            continue
        rows.append(
            NumberRow(
                view.name_of(one.unit),
                numbers.level_short(voice, shown),
                numbers.interval_figures(voice, shown),
            )
        )
    return NumberTable(voice.gettext("How often it succeeds, out of 100"), tuple(rows))


def _number_row(view: View, label: str, shown: Number) -> NumberRow | None:
    if isinstance(shown, Hidden):
        return None
    return NumberRow(
        label, numbers.short(view.voice, shown), numbers.interval_figures(view.voice, shown)
    )


def _labels(view: View, id_: str) -> dict[str, str]:
    items = {one["id"]: one for one in view.voice.content("questionnaire")["items"]}
    return {str(one["key"]): view.voice.pick(one) for one in items[id_]["options"]}


def _item_text(view: View, id_: str) -> str:
    items = {one["id"]: one for one in view.voice.content("questionnaire")["items"]}
    return view.voice.pick(items[id_])
