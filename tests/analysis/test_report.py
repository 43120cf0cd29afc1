"""What a report holds, read as HTML: a section for each claim, nothing hidden, nothing run."""

import re
from dataclasses import replace
from datetime import date
from itertools import combinations, pairwise
from typing import Any

import msgspec
import pytest

from analysis.findings import (
    Banded,
    Cell,
    Change,
    Clipped,
    Hidden,
    Joined,
    Measured,
    Number,
    Pair,
    Proposal,
    Quality,
    Release,
    ReleasedUnit,
)
from analysis.report import (
    Facts,
    TrialText,
    UnitNotInRelease,
    composed,
    unit_html,
)
from analysis.report.leading import Leading, leading, weight
from analysis.report.plan import Section, joined
from analysis.report.sections import action, opening
from analysis.report.view import View
from survey.texts import Voice, render
from tests.analysis.release_factory import SIZE, cell, facts, release

RELEASE = release()
FACTS = facts()
DAY = date(2026, 11, 18)


def view(unit: str, *, of: Release = RELEASE, language: str = "da", given: Facts = FACTS) -> View:
    return View(of, unit, Voice(language), given)  # type: ignore[arg-type]


def html(of: View) -> str:
    """The page as a reader finds its words: no sign of where a line may or may not be broken."""
    made = unit_html(of, lambda name, context: render(name, of.voice.language, context))  # type: ignore[arg-type]
    return made.replace("\u00a0", " ").replace("\u00ad", "")


def ids(of: View) -> list[str]:
    return [section.id for section in composed(of)[0]]


def section(of: View, id_: str) -> Section:
    return next(one for one in composed(of)[0] if one.id == id_)


def body(of: View, id_: str) -> Any:
    return section(of, id_).body


def voice_of(finding: Any, label: str) -> str:
    return str(next(one.text for one in finding.voices if one.label == label))


def changed(**parts: Any) -> Release:
    return msgspec.structs.replace(RELEASE, **parts)


def without(*gone: tuple[str, str]) -> Release:
    """The release without the cells of these units and measures."""
    kept = tuple(one for one in RELEASE.cells if (one.unit, one.measure) not in gone)
    return changed(cells=kept)


# --- the order of the pages ---------------------------------------------------------------------


def test_a_unit_report_has_the_pages_of_the_storyboard() -> None:
    assert ids(view("C21")) == [
        "in_short", "level", "barriers", "seams", "citizen", "who", "proposals", "since_last",
        "decision", "method",
    ]  # fmt: skip


def test_a_larger_report_asks_whether_it_is_safe_to_try() -> None:
    assert "safe" in ids(view("C"))
    assert "safe" in ids(view("FK"))


def test_a_page_with_nothing_to_show_is_left_out_and_named_with_its_reason() -> None:
    of = view("F1")

    assert "seams" not in ids(of)
    assert "Her går det i stå: intet tydeligt par af enheder." in html(of)


def test_a_left_out_page_takes_its_line_of_the_agenda_with_it() -> None:
    of = view("B2", of=changed(trials=()))

    assert "Fra sidst: Hvad lærte vi?" in html(view("C21"))
    assert "Fra sidst: Hvad lærte vi?" not in html(of)


def test_short_pages_join_and_what_is_read_alone_never_does() -> None:
    joined = {one.id for one in composed(view("C21"))[0] if one.joined}

    assert joined == {"barriers", "citizen", "since_last"}


def test_without_seams_the_citizen_shares_a_sheet_with_who_can_solve_it() -> None:
    joined = {one.id for one in composed(view("F1"))[0] if one.joined}

    assert {"barriers", "who"} <= joined
    assert "citizen" not in joined


def test_a_unit_outside_the_tree_has_no_report() -> None:
    with pytest.raises(UnitNotInRelease):
        html(view("X9"))


@pytest.mark.parametrize("unit", ["C21", "F1", "F2", "F4", "B3", "C", "FK"])
@pytest.mark.parametrize("language", ["da", "en"])
def test_the_same_release_gives_the_same_words(unit: str, language: str) -> None:
    assert html(view(unit, language=language)) == html(view(unit, language=language))


# --- what is hidden stays hidden ----------------------------------------------------------------


def test_a_hidden_unit_gets_the_talk_and_no_number() -> None:
    of = view("F4")

    text = html(of)

    assert ids(of) == ["in_short", "barriers", "proposals", "decision", "method"]
    assert "Jeres svar tæller med i Center for Teknik, Miljø og Havn." in text
    assert text.count('class="question"') == 3
    assert text.count('class="tick"') == 10
    assert "<svg" not in text
    assert body(of, "method").columns_of_tables == ()


def test_a_hidden_unit_says_what_most_point_to_in_the_unit_above() -> None:
    points = body(view("F4"), "in_short").points

    assert [one.label for one in points] == [
        "Vises ikke her",
        "Center for Teknik, Miljø og Havn",
        "I stedet",
    ]


def test_where_nothing_is_shown_anywhere_there_is_still_a_talk() -> None:
    of = view("F4", of=changed(cells=(), proposals=()))

    assert of.talk_barrier == "SILO"
    assert of.reported_in == "Fjordlund Kommune"
    assert "Vises ikke" in html(of)


def test_a_hidden_root_counts_nowhere_else() -> None:
    of = view("FK", of=changed(cells=(), proposals=(), pairs=()))

    assert of.reported_in == ""
    assert body(of, "in_short").points[0].text == "Vises ikke, så ingen kan genkendes."


def test_why_a_number_is_hidden_is_never_told() -> None:
    text = html(view("F4"))

    assert "for få" not in text
    assert "færre end" not in text


# --- sentences and charts -----------------------------------------------------------------------


def test_at_most_three_patterns_own_findings_first() -> None:
    patterns = view("C21").patterns

    assert [(one.unit, one.barrier) for one in patterns] == [
        ("C21", "TID"), ("C", "FAG"), ("C2", "SILO"),
    ]  # fmt: skip


def test_a_pattern_elsewhere_is_not_this_units() -> None:
    assert [one.unit for one in view("B2").patterns] == []


def test_a_mark_in_two_waves_shows_and_in_one_suggests() -> None:
    once = view("C21", given=replace(FACTS, earlier=()))

    assert section(view("C21"), "in_short").headline.startswith("Det viser, at tid")
    assert section(once, "in_short").headline.startswith("Det tyder på, at tid")


def test_few_people_only_suggest() -> None:
    assert section(view("F1"), "in_short").headline.startswith("Det tyder på")


def test_without_a_pattern_the_level_is_the_headline() -> None:
    assert section(view("B2"), "in_short").headline.startswith("Det lykkes")


def test_a_common_change_is_told_before_anything_else() -> None:
    cells = tuple(
        msgspec.structs.replace(one, flags=("common_shock",))
        if (one.unit, one.measure, one.item) == ("FK", "barrier_share", "REGL")
        else one
        for one in RELEASE.cells
    )
    of = view("B2", of=changed(cells=cells))

    assert body(of, "in_short").points[0].label == "En fælles ændring"
    assert "Det er en fælles ændring." in section(of, "barriers").lead


def test_low_and_falling_response_warn_the_reader() -> None:
    low = body(view("F3"), "in_short").cautions
    fell = body(view("B3"), "in_short").cautions

    assert low == (
        "Under fire ud af ti har svaret. Spørg hinanden, om billedet passer, før I beslutter "
        "noget.",
    )
    assert fell == ("Færre har svaret end sidst. Tag tallet med forbehold.",)


def test_more_answers_than_invited_warn_the_reader() -> None:
    over = (Quality("B3", "response", "80_up", None, ("read_with_care",)),)
    said = body(view("B3", of=changed(quality=over)), "in_short").cautions

    assert said == ("Flere har svaret, end der blev inviteret. Tag tallet med forbehold.",)


def test_barriers_of_a_unit_are_sorted_by_share_and_its_own_finding_is_strong() -> None:
    track = body(view("C21"), "barriers").track

    assert track.rows[0].label == ("Tid",)
    assert [row.is_strong for row in track.rows] == [True, *[False] * 9]
    assert track.rows[0].note == "priority"


def test_under_twenty_answers_barriers_stand_by_word_in_the_order_of_the_catalogue() -> None:
    bands = body(view("F1"), "barriers").bands

    assert [(one.band, one.shade) for one in bands] == [("Nogle", 3), ("Få eller ingen", 1)]
    assert bands[0].barriers == ("Faggrænser", "Frygt for fejl (nulfejlskultur)")


def test_a_word_and_what_cannot_be_said_stand_on_lines_of_their_own() -> None:
    opened = tuple(
        msgspec.structs.replace(one, display="open", band=None, n=None)
        if (one.unit, one.measure, one.item) == ("F1", "barrier_share", "TID")
        else one
        for one in RELEASE.cells
    )

    bands = body(view("F1", of=changed(cells=opened)), "barriers").bands

    assert [one.band for one in bands] == ["Nogle", "Få eller ingen", "Kan ikke siges"]
    assert bands[-1].shade == 0


def test_the_matrix_keeps_the_order_of_the_organisation() -> None:
    [table] = body(view("C"), "barriers").matrices

    assert [(row.name, row.depth) for row in table.rows] == [
        ("Center for Sundhed og Ældre", 0),
        ("Visitation og Hjælpemidler", 1),
        ("Hjemmepleje", 1),
        ("Hjemmepleje Nord", 2),
        ("Hjemmepleje Syd", 2),
        ("Aften- og nathold", 2),
        ("Hjemmesygepleje og Akutteam", 1),
    ]


def test_the_whole_organisation_has_a_table_for_each_part() -> None:
    tables = body(view("FK"), "barriers").matrices

    assert [table.caption for table in tables] == [
        "Fjordlund Kommune: barrierer, procent (tabel 1 af 4)",
        "Center for Børn og Skole: barrierer, procent (tabel 2 af 4)",
        "Center for Sundhed og Ældre: barrierer, procent (tabel 3 af 4)",
        "Center for Teknik, Miljø og Havn: barrierer, procent (tabel 4 af 4)",
    ]
    assert tables[-1].rows[-1].fields == ()  # Havnekontoret


@pytest.mark.parametrize(
    ("added", "rows", "sizes"),
    [
        (0, [1, 4, 7, 5], ""),  # the whole, and a table per part
        (24 - 17, [1, 4 + 7, 7, 5], ""),
        (25 - 17, [25], "many"),  # on one page, the parts as headings
        (61 - 17, [61], "many"),
        (62 - 17, [1, 4 + 45, 7, 5], "many"),
        (4 * 17, [1, 61, 4 + 68 - 61, 7, 5], "many"),  # a part that no page holds is cut
    ],
)  # fmt: skip
def test_the_matrix_stands_as_close_as_its_units_are_many(
    added: int, rows: list[int], sizes: str
) -> None:
    more = tuple(ReleasedUnit(f"B{n:03}", "B", f"Skole {n}", 2, "same") for n in range(added))
    found = body(view("FK", of=changed(units=(*RELEASE.units, *more))), "barriers")

    assert [len(one.rows) for one in found.matrices] == rows
    assert found.size == sizes
    assert all(one.caption for one in found.matrices)


def test_of_hundreds_of_units_those_furthest_down_are_left_to_the_report_of_their_area() -> None:
    deep = tuple(ReleasedUnit(f"B1{n:03}", "B1", f"Klasse {n}", 3, "same") for n in range(250))
    whole = view("FK", of=changed(units=(*RELEASE.units, *deep)))

    found = body(whole, "barriers")

    named = {row.name for table in found.matrices for row in table.rows}
    assert "Havneskolen" in named  # two levels down
    assert not {"Hjemmepleje Nord", "Klasse 0"} & named  # three
    assert found.notes[-1] == "Enhederne længere nede står i deres områdes egen rapport."
    assert found.notes[-1] not in body(view("FK"), "barriers").notes


def test_those_straight_below_are_in_the_matrix_however_many_they_are() -> None:
    many = tuple(ReleasedUnit(f"B{n:03}", "B", f"Skole {n}", 2, "same") for n in range(300))

    found = body(view("B", of=changed(units=(*RELEASE.units, *many))), "barriers")

    assert sum(len(one.rows) for one in found.matrices) == 1 + 3 + 300


def test_what_stands_under_a_matrix_that_fills_its_page_shares_the_next_one() -> None:
    more = tuple(ReleasedUnit(f"B{n:03}", "B", f"Skole {n}", 2, "same") for n in range(40))
    full = composed(view("FK", of=changed(units=(*RELEASE.units, *more))))[0]
    roomy = composed(view("FK"))[0]

    assert {one.id: one.joined for one in full}["seams"]
    assert not {one.id: one.joined for one in roomy}["seams"]


def test_a_level_of_its_own_is_held_up_against_earlier_waves_and_the_units_below() -> None:
    track = body(view("C"), "level").track

    assert [row.label[0] for row in track.rows][:2] == ["2026-3", "2026-4"]
    assert track.reference is not None


def test_each_of_a_few_parts_stands_with_its_earlier_waves() -> None:
    track = body(view("C"), "level").track

    assert [heading.text for heading in track.headings] == [
        ("Visitation og Hjælpemidler",), ("Hjemmepleje",), ("Hjemmesygepleje og Akutteam",),
    ]  # fmt: skip
    assert [row.label[0] for row in track.rows] == ["2026-3", "2026-4"] * (1 + 3)
    assert "Hjemmepleje, 2026-3: 36 af 100; 2026-4: 52 af 100" in track.alt


@pytest.mark.parametrize("why", ["another behaviour", "another unit"])
def test_an_earlier_wave_that_cannot_be_held_up_against_this_one_is_not_drawn(why: str) -> None:
    def other(one: Cell) -> Cell:
        if (one.unit, one.measure) != ("C2", "behaviour_level"):
            return one
        if why == "another behaviour":
            return msgspec.structs.replace(one, behaviour="Ad1")
        return msgspec.structs.replace(
            one, change=Change(against="2026-3", verdict="not_comparable")
        )

    track = body(view("C", of=changed(cells=tuple(map(other, RELEASE.cells)))), "level").track

    assert [row.label[0] for row in track.rows] == [
        "2026-3", "2026-4", "2026-3", "2026-4", "2026-4", "2026-3", "2026-4",
    ]  # fmt: skip


def test_a_hidden_level_says_its_whole_sentence_where_its_mark_would_be() -> None:
    rows = body(view("F"), "level").track.rows

    assert [(row.value, row.hidden) for row in rows if row.hidden] == [
        ("", "Vises ikke, så ingen kan genkendes.")
    ]


def test_an_area_says_where_its_barriers_stand_out() -> None:
    only = changed(proposals=tuple(one for one in RELEASE.proposals if one.unit == "C21"))
    below = changed(proposals=tuple(one for one in RELEASE.proposals if one.unit in ("C21", "B1")))
    weak = replace(FACTS, earlier=())
    found = [
        section(view(unit, of=of, given=given), "barriers").headline
        for unit, of, given in (
            ("C", only, FACTS), ("C", only, weak), ("C21", only, FACTS), ("C", RELEASE, FACTS),
            ("FK", below, FACTS), ("FK", below, weak),
        )
    ]  # fmt: skip

    both = "i Havneskolen og tid i Hjemmepleje Nord"
    assert found == [
        "Tid skiller sig ud i Hjemmepleje Nord",
        "Tid fylder i Hjemmepleje Nord. Det tyder på et mønster",
        "Tid skiller sig ud",
        "Faggrænser skiller sig ud",
        f"Kultur og traditioner skiller sig ud {both}",
        f"Kultur og traditioner fylder {both}. Det tyder på et mønster hvert sted",
    ]


def test_a_barrier_that_stands_out_in_several_units_is_told_with_their_number() -> None:
    def both(release: Release) -> Release:
        cells = tuple(
            msgspec.structs.replace(one, marked=True)
            if (one.unit, one.measure, one.item) == ("C22", "barrier_share", "TID")
            else one
            for one in release.cells
        )
        only = tuple(one for one in RELEASE.proposals if one.unit == "C21")
        return msgspec.structs.replace(release, cells=cells, proposals=only)

    before = replace(FACTS, earlier=tuple(map(both, FACTS.earlier)))
    found = [
        section(view("C", of=both(RELEASE), given=given), "barriers").headline
        for given in (before, FACTS)
    ]

    assert found == [
        "Tid skiller sig ud i to enheder",
        "Tid fylder i to enheder. Det tyder på et mønster",  # in the second one once only
    ]


def test_what_is_told_in_short_is_not_the_headline_of_the_barriers() -> None:
    only = changed(proposals=tuple(one for one in RELEASE.proposals if one.unit == "C21"))
    for unit in ("C", "FK", "C21"):
        of = view(unit, of=only, given=replace(FACTS, earlier=()))

        assert section(of, "in_short").headline != section(of, "barriers").headline


def test_parts_with_different_behaviours_have_no_number_for_the_whole() -> None:
    of = view("FK")

    found = section(of, "level")

    assert (
        found.lead == "Delene arbejder med hver sin adfærd. Derfor er der ikke ét tal for det hele."
    )
    assert "Center for Teknik, Miljø og Havn" in {
        " ".join(heading.text) for heading in body(of, "level").track.headings
    }


@pytest.mark.parametrize(
    ("levels", "headline", "lead"),
    [
        ({"B": 80, "C": 85, "F3": 10},
         "I 2 af {} enheder lykkes det mere end hver anden gang",
         "I én lykkes det mindre end hver anden gang. For de andre kan vi ikke sige det sikkert."),
        ({"F3": 10},
         "I 1 af {} enheder lykkes det mindre end hver anden gang",
         "For de andre kan vi ikke sige det sikkert."),
        ({}, "Det lykkes nogle gange, men vi kan ikke se, om det er over halvdelen", "Delene"),
    ],
)  # fmt: skip
def test_of_parts_with_different_behaviours_the_headline_counts_only_the_certain(
    levels: dict[str, int], headline: str, lead: str
) -> None:
    of = view("FK", of=with_levels(levels))

    found = section(of, "level")

    assert found.headline == headline.format(len(shown_levels(of)))
    assert found.lead.startswith(lead)


def with_levels(levels: dict[str, int]) -> Release:
    """The release with these levels in place of those of the same units."""
    return changed(
        cells=tuple(
            cell(one.unit, "behaviour_level", None, levels[one.unit], SIZE[one.unit], base="Y",
                 behaviour=one.behaviour)
            if one.measure == "behaviour_level" and one.unit in levels
            else one
            for one in RELEASE.cells
        )
    )  # fmt: skip


def shown_levels(of: View) -> list[str]:
    """What stands at the right of the rows of the level, without those that are hidden."""
    return [row.value for row in body(of, "level").track.rows if not row.hidden]


def test_many_parts_stand_closer_so_that_all_are_on_one_page() -> None:
    few, many = (body(view(unit), "level").track.rows for unit in ("F", "FK"))

    assert few[1].y - few[0].y == pytest.approx(18, abs=0.2)
    assert all(later.y - row.y >= 12 for row, later in pairwise(many))


def test_an_area_says_which_parts_have_surely_changed() -> None:
    moved = next(one for one in body(view("C"), "level").text if one.label == "Siden sidst")
    still = next(one for one in body(view("B"), "level").text if one.label == "Siden sidst")

    assert moved.text == "Tallet er steget i Hjemmepleje Nord, og det er næppe tilfældigt."
    assert still.text.startswith("Vi kan ikke se en ændring, der er større end tilfældigheder.")


def test_without_any_level_the_page_is_left_out() -> None:
    gone = tuple(one for one in RELEASE.cells if one.measure != "behaviour_level")

    assert "level" not in ids(view("FK", of=changed(cells=gone)))
    assert "level" not in ids(view("C21", of=changed(cells=gone)))


def test_divided_answers_are_told_as_a_question() -> None:
    cells = tuple(
        msgspec.structs.replace(one, flags=("polarised",))
        if (one.unit, one.measure) == ("C21", "behaviour_level")
        else one
        for one in RELEASE.cells
    )

    text = body(view("C21", of=changed(cells=cells)), "level").text

    assert [one.label for one in text] == ["Delte svar"]


def test_only_a_certain_change_is_told_of_an_area() -> None:
    [fag, *_] = body(view("C"), "barriers").text

    assert "tilfældigt" not in fag.text


def test_a_single_seam_is_named_in_the_headline() -> None:
    one = changed(pairs=RELEASE.pairs[:1])

    assert section(view("C21", of=one), "seams").headline == (
        "Det går især i stå mellem Hjemmepleje og »Hjemmesygepleje og Akutteam«"
    )


def test_several_seams_are_counted_or_told_by_what_they_share_with_us() -> None:
    ours = changed(pairs=tuple(msgspec.structs.replace(one, both_sides=True, how=("wait",))
                               for one in RELEASE.pairs))  # fmt: skip
    around = changed(pairs=(*ours.pairs, msgspec.structs.replace(ours.pairs[0], a="C1", b="C3")))
    loose = changed(pairs=tuple(msgspec.structs.replace(one, both_sides=False)
                                for one in RELEASE.pairs))  # fmt: skip

    found = [section(view("C", of=of), "seams") for of in (ours, around, loose)]

    assert section(view("C21", of=ours), "seams").headline == (
        "Det går i stå mellem Hjemmepleje og to andre"
    )
    assert [one.headline for one in found] == [
        "To steder siger begge enheder, at det går i stå",
        "Tre steder siger begge enheder, at det går i stå",
        "Det går i stå i skiftet mellem enheder",
    ]
    assert found[0].lead.startswith("De venter på hinanden alle steder.")
    assert found[2].lead == "Det mønster løses sjældent af den ene alene."


def test_more_seams_than_are_drawn_are_counted_and_the_drawn_ones_said() -> None:
    many = changed(pairs=tuple(msgspec.structs.replace(RELEASE.pairs[0], a=a, b=b)
                               for a, b in combinations(("B1", "B2", "B3", "C1"), 2)))  # fmt: skip

    found = section(view("FK", of=many), "seams")

    assert found.headline == "Seks steder siger begge enheder, at det går i stå"
    assert "Her er fem af seks" in found.body.scale
    assert len(found.body.chart.rows) == 5


def test_a_seam_named_from_one_side_says_so_under_its_arrow() -> None:
    labels = [row.label for row in body(view("C21"), "seams").chart.rows]

    assert labels[1].startswith("nogle på den ene side: ")


def test_a_hidden_seam_is_not_there() -> None:
    assert "seams" not in ids(view("C21", of=changed(pairs=(Pair("C2", "C3", "hidden"),))))


def test_a_seam_without_a_clear_pattern_says_so() -> None:
    vague = changed(pairs=(Pair("C2", "C3", "shown", both_sides=False),))

    [row] = body(view("C21", of=vague), "seams").chart.rows

    assert row.label == "ingen tydelig"


def test_a_barrier_that_stands_out_is_not_called_small_where_it_does() -> None:
    small = tuple(msgspec.structs.replace(one, verdict="small") for one in RELEASE.levels)

    [first, *_] = body(view("C", of=changed(levels=small)), "who").voices

    assert voice_of(first, "Forskellene siger").startswith(
        "Samlet er det en lille barriere i Fjordlund Kommune. Begynd der, hvor den skiller sig ud."
    )


def test_the_last_page_says_by_which_method_and_from_which_file() -> None:
    sealed = changed(sha256="ab12" * 16)

    assert body(view("C21", of=sealed), "method").made_from == (
        f"Metode 1.0, frigivelse {'ab12' * 16}"
    )


def test_a_small_matrix_has_room_for_larger_type() -> None:
    assert body(view("C"), "barriers").size == "fewest"
    twelve = tuple(ReleasedUnit(f"B{n}", "B", f"Skole {n}", 2, "same") for n in range(4, 8))
    assert body(view("B", of=changed(units=(*RELEASE.units, *twelve))), "barriers").size == "few"
    assert body(view("FK"), "barriers").size == ""


def test_pattern_spread_and_staff_stand_side_by_side() -> None:
    fag = next(one for one in body(view("C"), "who").voices if one.finding.startswith("Faggrænser"))

    assert [one.label for one in fag.voices] == ["Mønsteret siger", "Forskellene siger", "I siger"]
    pattern, spread, staff = (one.text for one in fag.voices)
    assert pattern == "Det er chefgruppen, der sætter rammen."
    assert spread.startswith("Forskellen ligger mest mellem centrene. Selv der,")
    assert staff == "Flest af jer peger på chefgruppen i centret."


def test_without_a_verdict_in_the_release_the_differences_say_nothing() -> None:
    other = msgspec.structs.replace(RELEASE.levels[0], behaviour="Ad1")

    for levels in ((), (other,)):
        [fag, *_] = body(view("C", of=changed(levels=levels)), "who").voices
        assert [one.label for one in fag.voices] == ["Mønsteret siger", "I siger"]
    assert "Tallene kan ikke afgøre" not in html(view("C", of=changed(levels=())))


def test_staff_who_point_elsewhere_are_told_to_start_here_and_pass_it_on() -> None:
    kult = body(view("B1"), "who").voices[0]

    said = voice_of(kult, "I siger")

    assert said.startswith("I peger på chefgruppen i centret. Mønsteret ses kun her.")


def test_a_pattern_that_goes_again_counts_the_units_it_goes_again_in() -> None:
    marked = tuple(
        msgspec.structs.replace(one, marked=True)
        if one.unit in ("C2", "C3") and (one.measure, one.item) == ("barrier_share", "FAG")
        else one
        for one in RELEASE.cells
    )

    fag = body(view("C", of=changed(cells=marked)), "who").voices[0]

    assert voice_of(fag, "Mønsteret siger") == (
        "Det går igen i 2 af 3 enheder. Den enkelte enhed kan ikke løse det alene."
    )


@pytest.mark.parametrize("unit", ["B2", "C21"])
def test_who_can_solve_it_is_drawn_with_and_without_a_pattern(unit: str) -> None:
    steps = body(view(unit), "who").chart.steps

    assert len(steps) == 5
    assert any(one.is_pattern for one in steps) == bool(view(unit).patterns)


def test_without_answers_and_pattern_nobody_is_pointed_to() -> None:
    assert "who" not in ids(view("B2", of=without(("B2", "resolver_share"))))


def test_a_pattern_alone_is_still_drawn() -> None:
    of = view("C21", of=without(("C21", "resolver_share")))

    assert section(of, "who").headline == "Mønsteret peger på enheden selv"
    assert {step.said for step in body(of, "who").chart.steps} == {"–"}


def test_answers_alike_name_no_favourite() -> None:
    assert section(view("F1"), "citizen").lead.startswith("Man kunne vælge op til to. Flere")


def test_what_was_not_answered_by_enough_is_left_out_of_the_citizens_page() -> None:
    silent = without(("C21", "changed_share"))
    gone = without(("C21", "citizen_share"))

    [told] = body(view("C21"), "citizen").text
    assert told.text.startswith("Omkring 35")
    assert body(view("C21", of=silent), "citizen").text == ()
    assert "citizen" not in ids(view("C21", of=gone))


@pytest.mark.parametrize(
    ("step", "is_told"), [("under_40", True), ("40_59", True), ("60_79", False), ("80_up", False)]
)
def test_where_many_did_not_answer_it_says_what_they_could_make_of_a_share(
    step: Any, is_told: bool
) -> None:
    note = Quality("C21", "response", step)

    [told] = body(view("C21", of=changed(quality=(note,))), "citizen").text

    assert ("Havde alle svaret, ville tallet ligge mellem" in told.text) == is_told


def test_cleared_comments_stand_on_the_citizens_page() -> None:
    given = replace(FACTS, comments=("Kortet hjælper. Læg det i bilen også.",))

    assert "Læg det i bilen også." in html(view("C21", given=given))


def test_backing_is_first_where_few_know_who_can_say_yes() -> None:
    low = tuple(
        cell("C", "safe_share", "safe_c", 20, 260, base="A")
        if (one.unit, one.measure, one.item) == ("C", "safe_share", "safe_c")
        else one
        for one in RELEASE.cells
    )
    of = view("C", of=changed(cells=low))

    assert section(of, "safe").lead == "Start med at aftale, hvem der kan sige ja."
    assert "safe" not in ids(view("C", of=without(("C", "safe_share"))))


# --- what to try --------------------------------------------------------------------------------


def test_three_trials_one_for_each_pattern_the_proposed_kind_first() -> None:
    scopes = [card.scope for card in body(view("C21"), "proposals")]

    assert [scope.partition(":")[0] for scope in scopes] == [
        "Læg det i planen", "Fælles morgenrunde", "Fast telefontid",
    ]  # fmt: skip


def test_a_single_pattern_gets_its_own_three() -> None:
    cards = body(view("F1", given=replace(FACTS, trials={})), "proposals")

    assert len(cards) == 3
    assert {card.barrier for card in cards} == {"Frygt for fejl (nulfejlskultur)"}
    assert cards[0].scope.startswith("Rygdækning på skrift")
    assert cards[-1].scope.startswith("Ugens erfaring")


def test_what_was_tried_here_is_proposed_last() -> None:
    here = replace(FACTS, trials={"T9": TrialText("ti faste minutter på kørelisten", ("C21",))})
    elsewhere = replace(FACTS, trials={"T9": TrialText("ti faste minutter i planen", ("B1",))})

    first = [body(view("C21", given=one), "proposals")[0].scope for one in (here, elsewhere)]

    assert not first[0].startswith("Læg det i planen")
    assert first[1].startswith("Læg det i planen")


def test_without_a_pattern_the_trials_fit_what_most_point_to_and_claim_nothing() -> None:
    of = view("B2")

    assert section(of, "proposals").lead.startswith("Ingen barriere skiller sig ud.")
    assert len(body(of, "proposals")) == 3


def test_one_or_two_proposals_are_counted_in_words() -> None:
    names = [action.count_of_cards(Voice("da"), number) for number in (1, 2, 3)]

    assert names == [
        "En prøvehandling, I kan begynde med",
        "To prøvehandlinger, I kan vælge imellem",
        "Tre prøvehandlinger, I kan vælge imellem",
    ]


def test_a_trial_says_what_was_tried_learned_and_noticed() -> None:
    noticed = cell(None, "noticed_share", "helps", 50, 42, base="trial")
    seen = changed(trials=(msgspec.structs.replace(RELEASE.trials[0], noticed=noticed),))

    [tried] = body(view("C21", of=seen), "since_last")

    assert (tried.name, tried.state) == ("15 minutters overlap", "Lært · Stoppet")
    assert tried.said[0].startswith("Omkring 50")
    assert tried.said[0].endswith("siger, at den hjælper.")
    assert [(field.label, field.text) for field in tried.fields] == [
        ("Hvor", "Hjemmepleje Nord"),
        ("Hvor længe", "4 uger"),
        ("Vi så på", "Tid, fra 2026-3 til 2026-4"),
        ("Det ville vi vide", "Når vi at sige ændringerne videre?"),
        ("Det lærte vi", "Tiden lå forkert i kørelisten."),
    ]


def test_a_trial_nobody_has_written_about_is_named_by_what_it_was_looked_at_by() -> None:
    hidden = Cell(
        unit=None,
        behaviour=None,
        measure="noticed_share",
        item=None,
        base="trial",
        status="hidden",
        N=5,
    )
    quiet = changed(trials=(msgspec.structs.replace(RELEASE.trials[2], noticed=hidden),))

    [tried] = body(view("C22", of=quiet), "since_last")

    assert (tried.name, tried.state) == ("Så ofte lykkes det", "Lært")
    assert tried.said[0] == "Her er for få til at sige noget med tal. Brug det, I lærte."


def test_a_trial_without_numbers_is_told_by_its_facts_and_claims_nothing() -> None:
    given = replace(
        FACTS,
        trials={
            "T6": TrialText(
                "fælles morgenrunde",
                ("C1", "C21", "C22", "C23", "C3"),
                "2026-4",
                weeks=6,
                learned="Morgenrunden blev ofte aflyst.",
                decision="adjusted",
            ),
            "T5": TrialText("halvt møde", ("C21",), "2026-4", decision="scaled"),
            "T1": TrialText("for længst", ("C21",), "2026-3", decision="scaled"),
            "T8": TrialText("et andet sted", ("B1",), "2026-4", decision="scaled"),
        },
    )
    quiet = changed(trials=())

    of = view("C21", of=quiet, given=given)
    first, second = body(of, "since_last")

    assert section(of, "since_last").headline == (
        "To prøvehandlinger er slut: én justeret og én udvidet"
    )
    assert [(one.name, one.state, one.said) for one in (first, second)] == [
        ("Fælles morgenrunde", "Lært · Justeret", ()),
        ("Halvt møde", "Lært · Udvidet", ()),
    ]
    assert first.fields[0].text == "Hjemmepleje Nord og 4 enheder mere"
    where = body(view("C", of=quiet, given=given), "since_last")[0].fields[0].text
    names = "Visitation og Hjælpemidler, Hjemmepleje Nord, Hjemmepleje Syd"
    assert where == f"{names} og 2 enheder mere"
    assert "tilfældigheder alene" not in html(of)


def test_that_high_numbers_fall_by_themselves_is_said_once_over_several_trials() -> None:
    general = "Meget høje tal falder næsten altid lidt næste gang, også uden en indsats."
    several, alone = section(view("FK"), "since_last"), section(view("C21"), "since_last")
    said = [" ".join(card.said) for card in several.body]

    assert several.lead.endswith(f"De er alle en god slutning. {general}")
    assert general not in " ".join(said)
    assert said[0].endswith("Vi regner med et fald på 10 procentpoint af sig selv.")
    assert general not in alone.lead
    assert general in " ".join(alone.body[0].said)


def test_one_trial_is_its_own_headline_and_one_without_a_decision_says_so() -> None:
    ended = TrialText("halvt møde", ("C21",), "2026-4", decision="stopped")
    waiting = TrialText("halvt møde", ("C21",), "2026-3", overdue=True)
    found = [
        view("C21", of=changed(trials=()), given=replace(FACTS, trials=dict(enumerate(trials))))
        for trials in ([ended], [waiting], [ended, waiting], [waiting, waiting])
    ]

    assert [section(one, "since_last").headline for one in found] == [
        "Halvt møde: stoppet",
        "Én prøvehandling har lært os noget",
        "To prøvehandlinger er slut: én stoppet og én uden beslutning",
        "To prøvehandlinger har lært os noget",
    ]
    [card] = body(found[1], "since_last")
    assert card.state == "Lært · Ikke besluttet endnu"
    assert card.said == ("Prøvehandlingen er blevet til vane uden at blive besluttet. Beslut nu.",)


def test_what_became_practice_is_told_behind_the_decision() -> None:
    [tried] = body(view("F1"), "since_last")

    assert tried.state == "Lært · Udvidet · Praksisbrud"


def test_a_free_text_runs_nothing_and_fetches_nothing() -> None:
    hostile = '<script>x</script><img src="https://evil.example/x.png">{{ 7*7 }}'
    given = replace(FACTS, organisation=hostile, core_task=hostile, comments=(hostile,))

    text = html(view("C21", given=given))

    assert "<script" not in text
    assert "<img" not in text
    assert "{{ 7*7 }}" in text


def test_the_pages_carry_no_style_or_script_of_their_own() -> None:
    text = html(view("C"))

    assert not re.search(r"\sstyle=|<style|<script|\son\w+=", text)


# --- small rules --------------------------------------------------------------------------------


def measured(share: float, low: float, high: float) -> Measured:
    return Measured(44, None, 60, share, low, high)


HIGH, NEAR, LOW = measured(0.6, 0.5, 0.7), measured(0.4, 0.3, 0.5), measured(0.3, 0.2, 0.4)
FEW, SOME = Banded("8-19", 24, "few", None), Banded("8-19", 24, "some", None)
SOME_OR_MORE = Banded("8-19", 24, "some", "nearly_all")
JOINED = Joined(44, None, 60, 0.55, 0.6, 0.5, 0.7)
AT_MOST, AT_LEAST = Clipped(44, None, 60, 0.05, "at_most"), Clipped(44, None, 60, 0.95, "at_least")
LEADS: dict[str, tuple[tuple[Number, ...], Leading]] = {
    "far above the others": ((HIGH, LOW), Leading(("a",), is_alone=True, is_certain=True)),
    "so near the next that it may be chance": ((HIGH, NEAR), Leading(("a", "b"), is_alone=True)),
    "so near to several": ((HIGH, NEAR, NEAR), Leading(("a",), is_alone=True)),
    "two alike": ((HIGH, HIGH, LOW), Leading(("a", "b"))),
    "three alike": ((HIGH, HIGH, HIGH), Leading()),
    "as high as one that is only known to lie between": ((HIGH, JOINED), Leading(("a", "b"))),
    "above what is at most a few": (
        (LOW, AT_MOST), Leading(("a",), is_alone=True, is_certain=True)),
    "at least nearly all": ((AT_LEAST, LOW), Leading(("a",), is_alone=True, is_certain=True)),
    "the only one with the highest word": (
        (SOME, FEW, FEW), Leading(("a",), is_alone=True, is_certain=True)),
    "a word that may be as high": ((SOME, SOME_OR_MORE), Leading(("b", "a"))),
    "one that is hidden": ((HIGH, Hidden()), Leading()),
}  # fmt: skip


@pytest.mark.parametrize(("shares", "found"), LEADS.values(), ids=LEADS)
def test_what_most_point_to_is_named_as_surely_as_it_is_known(
    shares: tuple[Number, ...], found: Leading
) -> None:
    assert leading(tuple(zip("abc", shares, strict=False))) == found


def test_thousands_have_the_mark_of_their_language() -> None:
    many = tuple(
        msgspec.structs.replace(one, n=1069 if one.n else None, n_band="1410-1414", N=2339)
        if one.unit == "FK" and one.measure in ("barrier_share", "situation_share", "clarity_share")
        else one
        for one in RELEASE.cells
    )
    danish, english = (view("FK", of=changed(cells=many), language=one) for one in ("da", "en"))

    assert "1.410–1.414 af 2.339 har svaret. 1.069 af dem" in html(danish)
    assert "1.069 i situationen" in html(danish)
    assert "1,410–1,414 of 2,339" in html(english)
    assert "1,069 in the situation" in html(english)


def test_a_step_never_reaches_beyond_those_who_were_asked() -> None:
    few = tuple(
        msgspec.structs.replace(one, n=None, n_band="8-19", N=14)
        if (one.unit, one.measure) in (("F1", "situation_share"), ("F1", "clarity_share"))
        else one
        for one in RELEASE.cells
    )

    assert "8–14 af 14 har svaret." in html(view("F1", of=changed(cells=few)))


def test_behaviours_stand_in_the_language_of_the_report_where_it_is_known() -> None:
    given = replace(FACTS, behaviours={"Ad8": "The helper writes it down."})

    assert view("C21", given=given).behaviours == ("The helper writes it down.",)
    assert view("B1", given=given).behaviours[0].startswith("Klasselæreren ringer")


def test_a_first_page_says_a_number_once() -> None:
    of = view("B2")

    first = body(of, "in_short").points[0].text
    assert section(of, "in_short").headline not in first
    assert first.startswith("Med stor sikkerhed er det mellem")


def test_proposals_follow_what_most_point_to_and_not_the_catalogue() -> None:
    shares = {"REGL": SOME}
    cells = tuple(
        msgspec.structs.replace(one, band="some" if one.item in shares else "few")
        if (one.unit, one.measure) == ("F1", "barrier_share")
        else one
        for one in RELEASE.cells
    )
    alike = tuple(
        msgspec.structs.replace(one, band="few")
        if (one.unit, one.measure) == ("F1", "barrier_share")
        else one
        for one in RELEASE.cells
    )
    one, none = (view("F1", of=changed(cells=c, proposals=())) for c in (cells, alike))

    assert {card.barrier for card in body(one, "proposals")} == {"Regler og styring"}
    assert section(one, "barriers").lead.startswith("Flest af jer peger på regler og styring.")
    assert section(none, "proposals").lead.startswith("De her passer til de tre spørgsmål.")


def test_the_seams_named_from_both_ends_come_first() -> None:
    pairs = [(one.a, one.b) for one in (*RELEASE.pairs[1:], *RELEASE.pairs[:1])]
    turned = changed(pairs=(*RELEASE.pairs[1:], *RELEASE.pairs[:1]))

    rows = body(view("C21", of=turned), "seams").chart.rows

    assert pairs[0] == ("C1", "C2")
    assert [row.left_name for row in rows] == [("Hjemmepleje",), ("Visitation og Hjælpemidler",)]


@pytest.mark.parametrize(
    ("shown", "following"),
    [
        (("level", "barriers", "seams", "citizen", "who", "proposals", "since_last"),
         {"barriers", "citizen", "since_last"}),
        (("level", "barriers", "seams", "citizen", "who", "proposals"),
         {"barriers", "citizen", "proposals"}),
        (("level", "barriers", "citizen", "who", "proposals"), {"barriers", "who"}),
        (("barriers", "citizen", "proposals"), {"proposals"}),
        (("barriers", "proposals"), set()),
    ],
)  # fmt: skip
def test_no_two_half_pages_follow_each_other(shown: tuple[str, ...], following: set[str]) -> None:
    sections = [Section(one, "", "", "", None) for one in ("in_short", *shown, "decision")]

    assert {one.id for one in joined(sections, is_unit=True) if one.joined} == following


def test_what_is_hidden_weighs_nothing() -> None:
    assert weight(Hidden()) == 0


def test_a_unit_that_is_counted_but_never_answered_for_has_only_its_period() -> None:
    bare = without(("C21", "situation_share"))

    assert "har svaret" not in html(view("C21", of=bare))


def test_a_quality_note_that_is_only_a_step_warns_nobody() -> None:
    fine = changed(quality=(Quality("C21", "response", "80_up"),))

    assert body(view("C21", of=fine), "in_short").cautions == ()


def test_a_proposal_for_two_units_names_both() -> None:
    silo = next(
        one for one in body(view("C2"), "who").voices if one.finding.startswith("Kassetænkning")
    )

    said = voice_of(silo, "Mønsteret siger")

    assert said.startswith("Hjemmepleje og »Hjemmesygepleje og Akutteam«: I ejer det sammen.")
    assert "Det peger også på: chefgruppen i centret." in said


def test_two_units_without_a_partner_own_it_all_the_same() -> None:
    alone = Proposal("C2", "SILO", "two_units", (), ())

    silo = body(view("C2", of=changed(proposals=(alone,))), "who").voices[0]

    assert (
        voice_of(silo, "Mønsteret siger")
        == "I ejer det sammen. Aftal én fælles prøvehandling, og send den videre samlet."
    )


def test_a_finding_that_cannot_be_said_here_leaves_no_empty_sentence() -> None:
    opened = tuple(
        msgspec.structs.replace(one, display="open", value=None, low=None, high=None)
        if (one.unit, one.measure, one.item) == ("C21", "barrier_share", "TID")
        else one
        for one in RELEASE.cells
    )
    of = view("C21", of=changed(cells=opened))

    assert (
        section(of, "barriers").lead
        == "Forskellen er større, end vi ville vente ved tilfældigheder."
    )
    assert "Tid" not in {one.label for one in body(of, "in_short").points}


def test_a_wave_without_a_level_here_is_no_row_of_the_chart() -> None:
    empty = msgspec.structs.replace(RELEASE, wave="2026-2", cells=())
    of = view("C21", given=replace(FACTS, earlier=(empty, *FACTS.earlier)))

    assert [row.label[0] for row in body(of, "level").track.rows] == ["2026-3", "2026-4"]


def test_without_a_step_of_those_who_answered_only_the_situation_is_told() -> None:
    cells = tuple(
        msgspec.structs.replace(one, n_band=None, status="hidden")
        if (one.unit, one.measure) == ("C21", "situation_share")
        else one
        for one in RELEASE.cells
    )

    text = html(view("C21", of=changed(cells=cells)))

    assert "har svaret" not in text
    assert "42 af dem har stået i situationen." in text


def test_an_area_whose_situation_is_hidden_says_nothing_of_it() -> None:
    text = body(view("C", of=without(("C", "situation_share"))), "level").text

    assert [one.label for one in text] == ["Siden sidst"]


def test_the_agenda_sends_its_reader_to_the_questions_and_else_to_the_section() -> None:
    lines = opening.agenda(view("FK"), *composed(view("FK"))).lines
    text = html(view("FK"))

    assert {one.section: one.to for one in lines if one.after} == {
        "in_short": "in_short", "barriers": "questions",
    }  # fmt: skip
    assert text.count('id="questions"') == 1
    assert 'data-to="#questions"' in text


def test_an_area_shows_on_its_second_page_how_the_charts_are_read() -> None:
    area, unit = (opening.agenda(view(code), *composed(view(code))) for code in ("C", "C21"))

    assert area.marks is not None
    assert [row.label for row in area.marks.rows] == [
        ("Et tal, og hvor det ligger",), ("Mellem to tal",), ("Et ord i stedet for et tal",),
        ("Vises ikke",),
    ]  # fmt: skip
    assert area.marks.rows[-1].hidden == "Vises ikke, så ingen kan genkendes."
    assert unit.marks is None


def test_an_area_without_a_finding_explains_its_matrix() -> None:
    of = view("C", of=changed(proposals=()))

    assert section(of, "barriers").lead.startswith("Enhederne står i organisationens rækkefølge.")


def test_a_unit_without_a_finding_warns_of_what_overlaps() -> None:
    lead = section(view("B2"), "barriers").lead

    assert lead.startswith("Flest af jer peger på faggrænser eller ")
    assert "Forskellen på de to kan være tilfældig. Vælg det, I ved mest om." in lead


def test_joined_and_clipped_numbers_have_their_place_in_the_order() -> None:
    joined, clipped = (
        Joined(60, None, 96, 0.2, 0.3, 0.1, 0.45),
        Clipped(60, None, 96, 0.05, "at_most"),
    )

    assert (weight(joined), weight(clipped)) == ((0.2 + 0.3) / 2, 0.05)


def test_a_unit_nobody_knows_is_called_by_the_organisation() -> None:
    assert view("C21").name_of("X9") == "Fjordlund Kommune"
