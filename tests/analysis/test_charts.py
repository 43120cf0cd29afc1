"""Where marks stand: the scale, what each kind of number is drawn as, what gets no mark."""

import pytest

from analysis import charts
from analysis.findings import Banded, Clipped, Hidden, Joined, Measured, Number, Open

SCALE = charts.Scale(100, 300)
MEASURED = Measured(42, None, 60, 0.40, 0.25, 0.55)
JOINED = Joined(25, None, 40, 0.20, 0.30, 0.01, 0.50)

MARKS: dict[str, tuple[Number, charts.Mark]] = {
    "a share is a dot in its interval": (MEASURED, charts.Dot(180, 150, 210)),
    "joined classes are a stretch in their interval": (JOINED, charts.Stretch(140, 160, 102, 200)),
    "at most 5 per cent reaches from nothing": (
        Clipped(44, None, 60, 0.05, "at_most"), charts.Stretch(100, 110, 100, 110)),
    "at least 95 per cent reaches to all": (
        Clipped(44, None, 60, 0.95, "at_least"), charts.Stretch(290, 300, 290, 300)),
    "a band is its whole span": (
        Banded("8-19", 14, "some", None), charts.Stretch(150, 250, 150, 250)),
    "joined bands are both spans": (
        Banded("8-19", 14, "some", "nearly_all"), charts.Stretch(150, 300, 150, 300)),
    "what cannot be said has no mark": (Open(44, None, 60), charts.Empty()),
    "what is hidden has no mark": (Hidden(), charts.Empty()),
}  # fmt: skip

SHADES: dict[str, tuple[Number, int]] = {
    "9 per cent": (Measured(300, None, 400, 0.09, 0.06, 0.12), 1),
    "10 per cent": (Measured(300, None, 400, 0.10, 0.07, 0.13), 2),
    "29 per cent": (Measured(300, None, 400, 0.29, 0.24, 0.34), 3),
    "39 per cent": (Measured(300, None, 400, 0.39, 0.34, 0.44), 4),
    "40 per cent": (MEASURED, 5),
    "54 per cent": (Measured(300, None, 400, 0.54, 0.48, 0.60), 5),
    "55 per cent": (Measured(300, None, 400, 0.55, 0.49, 0.61), 6),
    "20 to 30 per cent, by the middle": (JOINED, 3),
    "at most 5 per cent": (Clipped(44, None, 60, 0.05, "at_most"), 1),
    "at least 95 per cent": (Clipped(44, None, 60, 0.95, "at_least"), 6),
    "few or none": (Banded("8-19", 14, "few", None), 1),
    "at most half": (Banded("5-7", 9, "half_or_less", None), 2),
    "some": (Banded("8-19", 14, "some", None), 3),
    "more than half": (Banded("5-7", 9, "over_half", None), 5),
    "nearly all": (Banded("8-19", 14, "nearly_all", None), 6),
    "some or nearly all, by the middle": (Banded("8-19", 14, "some", "nearly_all"), (3 + 6) // 2),
    "cannot be said": (Open(44, None, 60), 0),
    "hidden": (Hidden(), 0),
}


@pytest.mark.parametrize(("number", "drawn"), MARKS.values(), ids=MARKS)
def test_each_kind_of_number_has_its_own_mark(number: Number, drawn: charts.Mark) -> None:
    assert charts.mark(number, SCALE) == drawn


@pytest.mark.parametrize(("number", "shade"), SHADES.values(), ids=SHADES)
def test_a_field_is_as_dark_as_its_number_is_high(number: Number, shade: int) -> None:
    assert charts.shade(number) == shade


def test_a_mark_never_leaves_its_scale() -> None:
    assert (SCALE.x(-0.2), SCALE.x(1.4)) == (100, 300)


def test_rows_stand_under_each_other_and_the_figure_is_as_high_as_they_need() -> None:
    lines = tuple(charts.Line(f"Enhed {index}", MEASURED, "40 %") for index in range(12))

    drawn = charts.track(lines, kind="bars", alt="Tolv søjler.", row_height=16)

    assert [row.y for row in drawn.rows] == [10 + 16 * index + 8 for index in range(12)]
    assert drawn.height == 10 + 16 * 12 + 2 + 14


def test_labels_and_values_get_the_room_they_need() -> None:
    short = charts.track((charts.Line("Tid", MEASURED, "40 %"),), kind="dots", alt="")
    long = charts.track(
        (charts.Line("Mål, der trækker i en anden retning", MEASURED, "højst halvdelen af dem"),),
        kind="dots",
        alt="",
    )

    assert short.scale.left == 40 + 10
    assert long.scale.left > short.scale.left
    assert long.scale.right < short.scale.right


def test_a_long_label_is_broken_between_words_and_never_cut() -> None:
    text = "Hos os kan vi prøve noget nyt i det små, også når vi er i tvivl"

    drawn = charts.track(
        (charts.Line(text, MEASURED, "60 %"),), kind="dots", alt="", label_width=120
    )

    assert " ".join(drawn.rows[0].label) == text
    assert max(map(len, drawn.rows[0].label)) <= 120 / charts.CHAR


def test_a_heading_stands_over_its_row_and_takes_a_line_of_its_own() -> None:
    lines = (
        charts.Line("A", MEASURED, "40 %", heading="Center A"),
        charts.Line("B", MEASURED, "40 %"),
    )

    drawn = charts.track(lines, kind="dots", alt="", row_height=16)

    assert drawn.headings == (charts.Heading(10 + 11, ("Center A",)),)
    assert [row.y for row in drawn.rows] == [10 + 17 + 8, 10 + 17 + 16 + 8]


def test_a_long_heading_is_broken_before_the_scale_and_takes_the_lines_it_needs() -> None:
    name = "Center for Arbejdsmarked, Borgerservice og Kultur"
    one, two = (charts.Line("A", MEASURED, "40 %", heading=text) for text in ("Center", name))

    short, long = (charts.track((line,), kind="dots", alt="") for line in (one, two))

    [heading] = long.headings
    assert " ".join(heading.text) == name
    assert max(map(len, heading.text)) * charts.STRONG_CHAR < long.scale.left
    assert long.rows[0].y == pytest.approx(short.rows[0].y + charts.LINE * (len(heading.text) - 1))


def test_low_rows_have_small_type_and_low_marks_and_nothing_under_seven_points() -> None:
    lines = tuple(charts.Line("Hjemmepleje Nord", MEASURED, "40 %") for _ in range(3))

    high, low, lowest = (
        charts.track(lines, kind="dots", alt="", row_height=height) for height in (16, 9, 7.3)
    )

    assert (high.type, low.type, lowest.type) == (8.8, round(8.8 * 9 / 10.4, 1), 7.0)
    assert [one.rows[1].y - one.rows[0].y for one in (high, low, lowest)] == pytest.approx(
        [16, 9, 7.3], abs=0.11
    )
    assert all(2 * one.half < one.rows[1].y - one.rows[0].y for one in (high, low, lowest))


def test_a_narrow_interval_is_seen_beside_its_dot() -> None:
    scale = charts.Scale(0, 200)
    wide, narrow, thin = (
        charts.mark(Measured(400, None, 500, 0.5, 0.5 - half, 0.5 + half), scale)
        for half in (0.1, 0.02, 0.01)
    )

    assert isinstance(wide, charts.Dot)
    assert isinstance(narrow, charts.Dot)
    assert isinstance(thin, charts.Dot)
    assert wide.radius == charts.DOT
    assert narrow.radius == (narrow.right - narrow.left) / 2 - charts.EDGE
    assert thin.radius == charts.THIN_DOT < (thin.right - thin.left) / 2


def test_the_whole_is_a_line_with_its_own_interval() -> None:
    drawn = charts.track((), kind="dots", alt="", reference=(MEASURED, "Centret"))

    assert drawn.reference is not None
    assert drawn.reference.left < drawn.reference.x < drawn.reference.right


@pytest.mark.parametrize("reference", [None, (Hidden(), "Centret"), (JOINED, "Centret")])
def test_without_a_value_of_its_own_the_whole_has_no_line(reference: object) -> None:
    drawn = charts.track((), kind="dots", alt="", reference=reference)  # type: ignore[arg-type]

    assert drawn.reference is None


def test_the_staircase_rises_and_both_voices_may_stand_on_one_step() -> None:
    steps = (("Enheden selv", "40 %", True, True), ("Direktionen", "20 %", False, False))

    drawn = charts.staircase(steps, alt="To trin.", rise=15)

    low, high = drawn.steps
    assert (low.y - high.y, low.right) == (15, high.left)
    assert (low.is_staff, low.is_pattern, high.is_pattern) == (True, True, False)
    assert drawn.floor < drawn.height


def test_the_two_ends_of_a_seam_weigh_the_same() -> None:
    drawn = charts.seams((("Jobcenter", "Myndighed Voksne", "nogle", False),), alt="Ét par.")

    assert drawn.left == charts.WIDTH - drawn.right
    assert drawn.rows[0].left_name == ("Jobcenter",)
    assert drawn.rows[0].right_name == ("Myndighed Voksne",)
