"""How findings are said: every form of a number, and every claim by its rule."""

import pytest

from analysis.findings import (
    Banded,
    Change,
    Clipped,
    Hidden,
    Joined,
    Measured,
    Number,
    Open,
    TrialFinding,
)
from analysis.wording import headlines, numbers, sentences
from analysis.wording.voice import between, counted, listed
from survey.texts import Voice

DA, EN = Voice("da"), Voice("en")
S = "\u00a0"  # the space that no line is broken at

TENTHS = Measured(25, None, 40, 0.40, 0.20, 0.60)
FIVES = Measured(44, None, 96, 0.40, 0.25, 0.55)
WHOLE = Measured(412, None, 600, 0.41, 0.37, 0.45)
STEPPED = Measured(None, "80-84", 96, 0.35, 0.25, 0.45)  # base A: the count is a step
LOW = Measured(44, None, 96, 0.10, 0.01, 0.20)
HIGH = Measured(44, None, 96, 0.90, 0.80, 0.99)
LOW_TENTHS = Measured(25, None, 40, 0.20, 0.01, 0.40)
HIGH_TENTHS = Measured(25, None, 40, 0.80, 0.60, 0.99)
JOINED = Joined(60, None, 96, 0.20, 0.30, 0.10, 0.45)
JOINED_TENTHS = Joined(25, None, 40, 0.20, 0.30, 0.01, 0.50)
AT_MOST = Clipped(44, None, 96, 0.05, "at_most")
AT_LEAST = Clipped(44, None, 96, 0.95, "at_least")
AT_MOST_TENTHS = Clipped(25, None, 40, 0.10, "at_most")
FEW = Banded("8-19", 14, "few", None)
SOME = Banded("8-19", 14, "some", None)
NEARLY = Banded("8-19", 14, "nearly_all", None)
HALF = Banded("5-7", 9, "half_or_less", None)
OVER = Banded("5-7", 9, "over_half", None)
BOTH = Banded("8-19", 14, "some", "nearly_all")
OPEN = Open(44, None, 96)

SHARES: dict[str, tuple[Number, str]] = {
    "20-39 in tenths": (TENTHS, "omkring 4 ud af 10 (mellem 2 og 6 ud af 10)"),
    "40-299 about": (FIVES, f"omkring 40{S}% (mellem 25 og 55{S}%)"),
    "300 and more without about": (WHOLE, f"41{S}% (mellem 37 og 45{S}%)"),
    "a count told as a step": (STEPPED, f"omkring 35{S}% (mellem 25 og 45{S}%)"),
    "a low end of 1 says nothing": (LOW, f"omkring 10{S}% (højst 20{S}%)"),
    "a high end of 99 says nothing": (HIGH, f"omkring 90{S}% (mindst 80{S}%)"),
    "the same in tenths": (LOW_TENTHS, "omkring 2 ud af 10 (højst 4 ud af 10)"),
    "and at the other end": (HIGH_TENTHS, "omkring 8 ud af 10 (mindst 6 ud af 10)"),
    "joined": (JOINED, f"mellem 20 og 30{S}% (mellem 10 og 45{S}%)"),
    "joined tenths": (JOINED_TENTHS, "2–3 ud af 10 (højst 5 ud af 10)"),
    "clipped": (AT_MOST, f"højst 5{S}%"),
    "clipped at the other end": (AT_LEAST, f"mindst 95{S}%"),
    "clipped tenths": (AT_MOST_TENTHS, "højst 1 ud af 10"),
    "a band": (SOME, "nogle"),
    "joined bands": (BOTH, "nogle eller næsten alle"),
    "open": (OPEN, "Kan ikke siges her, uden at andres svar kunne regnes ud."),
    "hidden": (Hidden(), "Vises ikke"),
}

SHORT: dict[str, tuple[Number, str, str]] = {
    "tenths": (TENTHS, "4 ud af 10", "40"),
    "per cent": (FIVES, f"40{S}%", "40"),
    "joined": (JOINED, f"20–30{S}%", "20–30"),
    "joined tenths": (JOINED_TENTHS, "2–3 ud af 10", "20–30"),
    "clipped": (AT_MOST, f"højst 5{S}%", f"≤{S}5"),
    "clipped above": (AT_LEAST, f"mindst 95{S}%", f"≥{S}95"),
    "few": (FEW, "få eller ingen", "få"),
    "joined bands": (BOTH, "nogle eller næsten alle", "nogle–næsten alle"),
    "at most half": (HALF, "højst halvdelen", "højst ½"),
    "open": (OPEN, "kan ikke siges", "·"),
    "hidden": (Hidden(), "vises ikke", ""),
}

LEVELS: dict[str, tuple[Number, str, str]] = {
    "20-39": (TENTHS, "Det lykkes omkring 4 ud af 10 gange (mellem 2 og 6)", "4 af 10"),
    "40-299": (FIVES, "Det lykkes omkring 40 ud af 100 gange (mellem 25 og 55)", "40 af 100"),
    "300": (WHOLE, "Det lykkes 41 ud af 100 gange (mellem 37 og 45)", "41 af 100"),
    "low end": (LOW, "Det lykkes omkring 10 ud af 100 gange (højst 20)", "10 af 100"),
    "high end": (HIGH, "Det lykkes omkring 90 ud af 100 gange (mindst 80)", "90 af 100"),
    "joined": (
        JOINED, "Det lykkes mellem 20 og 30 ud af 100 gange (mellem 10 og 45)", "20–30 af 100"),
    "joined tenths": (
        JOINED_TENTHS, "Det lykkes mellem 2 og 3 ud af 10 gange (højst 5)", "2–3 af 10"),
    "clipped": (AT_MOST, "Det lykkes højst 5 ud af 100 gange", "højst 5 af 100"),
    "clipped above": (AT_LEAST, "Det lykkes mindst 95 ud af 100 gange", "mindst 95 af 100"),
    "band": (SOME, "Det lykkes nogle af gangene", "nogle af gangene"),
    "joined bands": (
        BOTH, "Det lykkes nogle af gangene eller næsten hver gang",
        "nogle af gangene eller næsten hver gang"),
    "open": (OPEN, "Kan ikke siges her, uden at andres svar kunne regnes ud.", "kan ikke siges"),
    "hidden": (Hidden(), "Vises ikke", "vises ikke"),
}  # fmt: skip


@pytest.mark.parametrize(("number", "said"), SHARES.values(), ids=SHARES)
def test_a_share_is_said_as_its_count_allows(number: Number, said: str) -> None:
    assert numbers.share(DA, number).whole == said


@pytest.mark.parametrize(("number", "column", "field"), SHORT.values(), ids=SHORT)
def test_a_share_in_a_column_and_in_a_narrow_field(number: Number, column: str, field: str) -> None:
    assert (numbers.short(DA, number), numbers.figure(DA, number)) == (column, field)


@pytest.mark.parametrize(("number", "said", "column"), LEVELS.values(), ids=LEVELS)
def test_the_level_is_said_in_times(number: Number, said: str, column: str) -> None:
    assert (numbers.level(DA, number).whole, numbers.level_short(DA, number)) == (said, column)


def test_english_says_per_cent_without_a_space() -> None:
    assert numbers.share(EN, FIVES).whole == "about 40% (between 25 and 55%)"
    assert numbers.share(EN, AT_MOST).whole == "at most 5%"


def test_what_the_share_would_be_had_all_answered() -> None:  # 3.11
    told = Measured(None, "40-44", 56, 0.35, 0.20, 0.55)

    assert numbers.bounds(DA, told) == (
        "40–44 af 56 svarede, og omkring 35\N{NO-BREAK SPACE}% svarede sådan. "
        "Havde alle svaret, ville tallet ligge mellem 25 og 55\N{NO-BREAK SPACE}%."
    )


@pytest.mark.parametrize(
    "number",
    [
        Measured(44, None, 56, 0.35, 0.20, 0.55),  # in the situation: nobody is missing
        Measured(None, "25-29", 56, 0.40, 0.20, 0.60),  # in tenths
        Measured(None, "40-44", 40, 0.35, 0.20, 0.55),  # all answered
        Joined(None, "40-44", 56, 0.30, 0.40, 0.20, 0.55),
        Hidden(),
    ],
)
def test_where_nobody_is_missing_or_no_per_cent_is_told_there_are_no_bounds(number: Number) -> None:
    assert numbers.bounds(DA, number) == ""


def test_an_interval_in_a_column_has_no_end_that_says_nothing() -> None:
    found = [numbers.interval_figures(DA, one) for one in (FIVES, LOW, HIGH, SOME)]

    assert found == ["25–55", "højst 20", "mindst 80", ""]


# --- sentences -----------------------------------------------------------------------------------


def test_how_many_a_barrier_stands_in_the_way_of() -> None:
    assert sentences.stands_in_the_way(DA, FIVES, "TID") == (
        f"Omkring 40{S}% siger, at det i høj grad står i vejen, at dagen er lagt sådan, at der "
        f"mangler tid (mellem 25 og 55{S}%)."
    )
    assert sentences.stands_in_the_way(DA, AT_MOST, "TID").endswith("at der mangler tid.")


def test_few_people_are_invited_to_talk_about_it() -> None:
    assert sentences.stands_in_the_way(DA, SOME, "FEJL") == (
        "Nogle siger, at det i høj grad står i vejen, at det føles usikkert at prøve. "
        "Det tyder på et mønster. Tal om, om det passer."
    )
    assert "Passer billedet?" in sentences.stands_in_the_way(DA, OVER, "FEJL")


@pytest.mark.parametrize("number", [OPEN, Hidden()])
def test_nothing_is_claimed_of_what_is_not_told(number: Number) -> None:
    assert sentences.stands_in_the_way(DA, number, "TID") == ""
    assert sentences.how_often(DA, number) == ""


def test_the_report_speaks_of_people_and_not_as_we() -> None:
    assert sentences.clause(DA, "KULT") == "man plejer at gøre noget andet"


def test_how_often_it_succeeds_is_a_sentence() -> None:
    assert sentences.how_often(DA, FIVES).endswith("gange (mellem 25 og 55).")
    assert sentences.how_often(DA, SOME) == "Det lykkes nogle af gangene. Tal om, om det passer."
    assert sentences.how_often(DA, HALF).startswith("Det lykkes højst halvdelen af gangene. Passer")


CHANGES: dict[str, tuple[Change | None, str]] = {
    "up": (
        Change(against="2026-3", diff=15, low=5, high=25, verdict="up"),
        "Tallet er steget, og det er næppe tilfældigt.",
    ),
    "down": (
        Change(against="2026-3", diff=-15, low=-25, high=-5, verdict="down"),
        "Tallet er faldet, og det er næppe tilfældigt.",
    ),
    "unclear": (
        Change(against="2026-3", diff=5, low=-5, high=15, verdict="unclear"),
        "Det kan være tilfældigt. Vi kan ikke se det med så få svar.",
    ),
    "another unit": (
        Change(against="2026-3", verdict="not_comparable"),
        "Enheden er lavet om siden sidst. Tallene kan ikke holdes op mod hinanden.",
    ),
    "band fell": (
        Change(against="2026-3", bands="fall", from_="some", to="few"),
        "Gik fra 'nogle' til 'få eller ingen'. Det tyder på et fald.",
    ),
    "same band": (
        Change(against="2026-3", bands="same", from_="some", to="some"),
        "Samme svar som sidst: 'nogle'.",
    ),
    "first wave": (None, ""),
}


@pytest.mark.parametrize(("change", "said"), CHANGES.values(), ids=CHANGES)
def test_a_change_is_said_only_as_sure_as_it_is(change: Change | None, said: str) -> None:
    assert sentences.change(DA, change) == said


def test_bands_of_the_level_change_in_times() -> None:
    change = Change(against="2026-3", bands="rise", from_="few", to="some")

    said = sentences.change(DA, change, of_level=True)

    assert said.startswith("Gik fra 'få gange eller aldrig' til 'nogle af gangene'.")


def test_last_time_is_said_on_the_scale_of_now() -> None:
    assert sentences.last_time(DA, FIVES) == "Sidst var det 40."
    assert sentences.last_time(DA, TENTHS) == "Sidst var det 4."
    assert sentences.last_time(DA, SOME) == ""


def test_a_hidden_unit_is_told_where_its_answers_count() -> None:
    assert sentences.hidden(DA, "Teknik").endswith("Jeres svar tæller med i Teknik.")
    assert sentences.hidden(DA, "") == "Vises ikke, så ingen kan genkendes."


# --- headlines -----------------------------------------------------------------------------------


def test_the_headline_of_the_level_is_a_certain_change_else_the_number() -> None:
    up, down = (
        Change(against="2026-3", diff=15, low=5, high=25, verdict="up"),
        Change(against="2026-3", diff=-15, low=-25, high=-5, verdict="down"),
    )

    found = [
        headlines.level_headline(DA, FIVES, up),
        headlines.level_headline(DA, FIVES, down),
        headlines.level_headline(DA, FIVES, None),
        headlines.level_headline(DA, SOME, None),
        headlines.level_headline(DA, Hidden(), None),
    ]

    assert found == [
        "Det lykkes oftere end sidst",
        "Det lykkes sjældnere end sidst",
        "Det lykkes omkring 40 ud af 100 gange",
        "Det lykkes nogle af gangene",
        "Her vises ikke, hvor ofte det lykkes",
    ]


def test_barriers_stand_out_as_surely_as_they_do() -> None:
    assert headlines.barriers_headline(DA, ["TID", "FAG"], (), certain=True) == (
        "Tid og faggrænser skiller sig ud"
    )
    assert headlines.barriers_headline(DA, ["TID"], (), certain=False) == (
        "Det tyder på, at tid skiller sig ud"
    )


def test_the_first_barrier_leads_only_where_its_interval_lies_above_the_next() -> None:
    apart = (("TID", HIGH), ("FAG", LOW))
    side_by_side = (("TID", FIVES), ("FAG", STEPPED))

    assert headlines.barriers_headline(DA, [], apart, certain=False) == (
        "Flere peger på tid end på noget andet"
    )
    assert headlines.barriers_headline(DA, [], side_by_side, certain=False) == (
        "Ingen barriere skiller sig ud fra de andre"
    )
    assert headlines.told_apart((("TID", HIGH), ("FAG", Hidden()))) is None


def test_nothing_is_said_of_barriers_that_are_hidden() -> None:
    ranked = (("TID", Hidden()), ("FAG", OPEN))

    assert headlines.barriers_headline(DA, [], ranked, certain=False) == (
        "Her vises ikke tal for barrierer"
    )


def test_staff_and_pattern_stand_side_by_side() -> None:
    found = [
        headlines.resolver_headline(DA, staff, pattern)
        for staff, pattern in ((None, None), (None, "unit"), ("board", None), ("unit", "unit"),
                               ("board", "unit"))
    ]  # fmt: skip

    assert found == [
        "Svarene peger i flere retninger",
        "Mønsteret peger på enheden selv",
        "Flest af jer peger på direktionen",
        "Flest af jer peger på enheden selv, og det gør mønsteret også",
        "Flest af jer peger på direktionen, mønsteret på enheden selv",
    ]


@pytest.mark.parametrize(
    ("codes", "where", "certain", "danish", "english"),
    [
        (["FAG"], ["Plejecentre"], True, "Faggrænser skiller sig ud i Plejecentre",
         "Professional boundaries stand out in Plejecentre"),
        (["FEJL"], ["Byggesag"], False, "Frygt for fejl fylder i Byggesag. Det tyder på et mønster",
         "Fear of mistakes can be felt in Byggesag. It suggests a pattern"),
        (["TID", "MAAL"], ["Ydelse", "Jobcenter"], True,
         "Tid skiller sig ud i Ydelse og mål i Jobcenter",
         "Time stands out in Ydelse and targets in Jobcenter"),
        (["TID", "MAAL"], ["Ydelse", "Jobcenter"], False,
         "Tid fylder i Ydelse og mål i Jobcenter. Det tyder på et mønster hvert sted",
         "Time can be felt in Ydelse and targets in Jobcenter. "
         "It suggests a pattern in each place"),
        (["TID", "MAAL"], ["Børne- og Ungerådgivningen", "Center for " + "x" * 60],
         True, "To barrierer skiller sig ud, hver sit sted",
         "Two barriers stand out, each in its own place"),
    ],
)  # fmt: skip
def test_barriers_that_stand_out_below_are_told_with_their_places(
    codes: list[str], where: list[str], *, certain: bool, danish: str, english: str
) -> None:
    found = [
        headlines.barriers_headline(voice, codes, (), certain=certain, where=where)
        for voice in (DA, EN)
    ]

    assert found == [danish, english]


def test_without_a_pattern_the_headline_tells_the_level_and_what_most_point_to() -> None:
    alike = (("TID", FIVES), ("MAAL", FIVES))
    apart = (("TID", HIGH), ("MAAL", FIVES))
    found = [
        headlines.without_pattern(voice, level, ranked)
        for voice in (DA, EN)
        for level, ranked in ((FIVES, alike), (SOME, apart), (FIVES, (("TID", OPEN),)))
    ]

    assert found == [
        "Det lykkes omkring 40 ud af 100 gange, og ingen barriere skiller sig ud",
        "Det lykkes nogle af gangene, og flest peger på tid",
        "Det lykkes omkring 40 ud af 100 gange",
        "It succeeds about 40 times in 100, and no barrier stands out",
        "It succeeds some of the times, and more people point to time than to any other",
        "It succeeds about 40 times in 100",
    ]


def test_names_of_one_thing_and_of_many_take_their_own_verb_in_english() -> None:
    found = [
        headlines.barriers_headline(EN, codes, (), certain=certain)
        for codes, certain in ((["TID"], True), (["SILO"], True), (["SILO"], False),
                               (["TID", "OKO"], True))
    ]  # fmt: skip

    assert found == [
        "Time stands out", "Silos stand out", "It suggests that silos stand out",
        "Time and money stand out",
    ]  # fmt: skip


def test_a_few_are_counted_in_words_and_many_in_figures() -> None:
    assert [counted(DA, many) for many in (1, 2, 9, 10, 1200)] == ["én", "to", "ni", "10", "1.200"]


def test_two_answers_that_cannot_be_told_apart_are_named_together() -> None:
    found = [
        headlines.resolver_headline(DA, "unit", pattern, or_="board")
        for pattern in (None, "managers", "board", "unit")
    ]

    assert found == [
        "Flest af jer peger på enheden selv eller direktionen",
        "Flest af jer peger på enheden selv eller direktionen, mønsteret på chefgruppen i centret",
        "Mønsteret peger på direktionen. Flest af jer peger samme sted hen eller på enheden selv",
        "Mønsteret peger på enheden selv. Flest af jer peger samme sted hen eller på direktionen",
    ]


def test_what_most_point_to_is_never_said_to_be_what_most_people_think() -> None:
    said = [
        headlines.pointed(DA, names, is_certain=certain)
        for names, certain in (
            (["tid"], True),
            (["tid"], False),
            (["tid", "regler"], False),
            ([], True),
        )
    ]

    assert said == [
        "Flest af jer peger på tid.",
        "Flest af jer peger på tid. Forskellen til de næste kan være tilfældig.",
        "Flest af jer peger på tid eller regler. Forskellen på de to kan være tilfældig.",
        "",
    ]


def test_a_name_with_an_and_of_its_own_is_quoted_beside_another() -> None:
    assert between(DA, "Visitation og Hjælpemidler", "Hjemmepleje") == (
        "»Visitation og Hjælpemidler« og Hjemmepleje"
    )


def test_what_a_headline_leaves_out_of_the_level_is_told_under_it() -> None:
    assert sentences.how_often_rest(DA, FIVES).startswith("Med stor sikkerhed er det mellem")
    assert sentences.how_often_rest(DA, SOME) == "Tal om, om det passer."
    assert sentences.how_often_rest(DA, AT_MOST) == ""


def test_backing_comes_first_where_few_know_who_can_say_yes() -> None:
    safe = {"safe_a": HIGH, "safe_b": HIGH}

    assert headlines.safe_headline(DA, {**safe, "safe_c": FEW}).startswith("Få ved, hvem")
    assert headlines.safe_headline(DA, {**safe, "safe_c": HIGH}).startswith("De fleste synes")
    assert headlines.safe_headline(EN, {**safe, "safe_c": FEW}).startswith("Few know who")


@pytest.mark.parametrize(
    ("shares", "danish", "english"),
    [
        ((HIGH, HIGH, HIGH), "De fleste synes, at man kan prøve noget nyt her",
         "Most find that something new can be tried here"),
        ((WHOLE, WHOLE, WHOLE), "Under halvdelen synes, at man kan prøve noget nyt her",
         "Fewer than half find that something new can be tried here"),
        ((FIVES, HIGH, WHOLE),
         "De fleste taler om, hvad de kan lære, når noget går galt. "
         "Under halvdelen ved, hvem der kan sige ja til noget nyt",
         "Most talk about what can be learned when something goes wrong. "
         "Fewer than half know who can say yes to something new"),
        ((AT_LEAST, FIVES, FIVES), "De fleste kan prøve noget nyt i det små",
         "Most can try something new on a small scale"),
        ((FIVES, FIVES, FIVES), "I er delt om, hvor trygt det er at prøve noget nyt",
         "You are divided on how safe it is to try something new"),
        ((SOME, SOME, SOME), "Nogle ved, hvem der kan sige ja til noget nyt",
         "Some know who can say yes to something new"),
        ((OPEN, OPEN, Hidden()), "Tal om, hvad der gør det trygt at prøve",
         "Talk about what makes it safe to try"),
    ],
)  # fmt: skip
def test_how_safe_it_is_to_try_is_told_from_the_three_shares(
    shares: tuple[Number, ...], danish: str, english: str
) -> None:
    items = dict(zip(("safe_a", "safe_b", "safe_c"), shares, strict=True))

    assert headlines.safe_headline(DA, items) == danish
    assert headlines.safe_headline(EN, items) == english


def test_what_is_low_is_read_from_what_is_shown() -> None:
    low = [LOW, JOINED, AT_MOST, FEW, HALF]
    not_low = [FIVES, AT_LEAST, SOME, OVER, BOTH, OPEN, Hidden()]

    assert all(map(headlines.is_low, low))
    assert not any(map(headlines.is_low, not_low))


def test_the_citizens_gain_is_quoted_as_it_was_asked() -> None:
    known = "Ved, hvad der nu skal ske"

    assert headlines.citizen_headline(DA, []) == "Det ville borgeren mærke"
    assert headlines.citizen_headline(EN, ["Need not tell the same thing again"]) == (
        "Most often you answer that the citizen need not tell the same thing again"
    )
    assert headlines.citizen_headline(DA, ["Får hurtigere svar"]) == (
        "Flest svarer, at borgeren får hurtigere svar"
    )
    assert headlines.citizen_headline(DA, [known, "Får hurtigere svar"]) == (
        "Flest svarer, at borgeren ved, hvad der nu skal ske, eller får hurtigere svar"
    )


# --- trials --------------------------------------------------------------------------------------


def trial(verdict: str, tried: int | None = None, others: int | None = None, **more: int | None
          ) -> TrialFinding:  # fmt: skip
    return TrialFinding(
        "T8", "barrier_share", "KULT", ("B11",), "2026-3", "2026-4", tried, others,
        more.get("p", 25), 25, randomised=False, expected_drift=more.get("drift"), noticed=None,
        verdict=verdict,  # type: ignore[arg-type]
    )  # fmt: skip


def test_a_trial_is_never_said_to_have_caused_anything() -> None:
    suggests, drift = sentences.trial(DA, trial("suggests", -25, 0, drift=-10))

    assert suggests == (
        "Tallet faldt 25 procentpoint, hvor vi prøvede, og stod stille de andre steder. Det tyder "
        "på en bedring, men så få enheder kan ikke vise det: Tilfældigheder alene giver en lige så "
        "stor forskel i 1 ud af 4 tilfælde."
    )
    assert drift.endswith("Vi regner med et fald på 10 procentpoint af sig selv.")


def test_a_move_upwards_is_told_with_its_chance() -> None:
    said = sentences.trial(DA, trial("moved_here", 12, 5, p=15, drift=4))

    assert said[0].startswith("Tallet steg 12 procentpoint, hvor vi prøvede, og steg 5")
    assert said[0].endswith("i 1 ud af 7 tilfælde.")
    assert said[1].endswith("en stigning på 4 procentpoint af sig selv.")


def test_without_points_only_the_chance_is_told() -> None:
    said = sentences.trial(DA, trial("suggests", drift=0))

    assert said[0] == ("Tilfældigheder alene giver en lige så stor forskel i 1 ud af 4 tilfælde.")
    assert said[1].endswith("Vi regner med det samme tal.")


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        ("not_seen", "Vi kan ikke se en forskel på dem, der prøvede, og de andre."),
        ("worse", "Prøvehandlingen kan have gjort det sværere. Tal med dem, der var med."),
        ("too_few", "Her er for få til at sige noget med tal. Brug det, I lærte."),
    ],
)
def test_every_other_verdict_has_its_sentence_and_the_drift(verdict: str, said: str) -> None:
    found = sentences.trial(DA, trial(verdict, p=None))

    assert found == [
        said,
        "Meget høje tal falder næsten altid lidt næste gang, også uden en indsats.",
    ]


def test_names_in_a_row() -> None:
    found = [listed(DA, names) for names in ([], ["a"], ["a", "b"], ["a", "b", "c"])]

    assert found == ["", "a", "a og b", "a, b og c"]
