"""A tree of units in: checked whole, dated, and never changed under a wave that saw it."""

from datetime import date
from typing import Any

import pytest

from survey import organisation, texts
from survey.errors import KernepulsError
from survey.importing import refusals
from survey.importing.behaviours import import_behaviours
from survey.importing.mapping import BEHAVIOURS, TRIALS, UNITS
from survey.importing.reading import read
from survey.importing.trials import import_trials
from survey.importing.unitfile import successor, unit_versions
from survey.importing.units import UnitsImport, import_units
from survey.settings import SEEDS, Settings
from survey.tables import Behaviour, Unit, UnitVersion, Wave, WaveBehaviour

FOLDER = SEEDS / "fjordlund"
UNITS_CSV = (FOLDER / "units.csv").read_text(encoding="utf-8")


async def imported(text: str, **options: Any) -> UnitsImport:
    return await import_units(read(text.encode(), UNITS), by=None, **options)


async def approved(*names: str) -> None:
    for name in names:
        day = date(2026, 1, 1)
        await Wave.insert(Wave(name=name, opens=day, closes=day, state="approved"))


# --- the dated tree ----------------------------------------------------------------------------


async def test_fjordlund_has_63_units_on_four_levels(store: Settings) -> None:
    done = await imported(UNITS_CSV)

    tree = await organisation.tree()
    assert (done.units, done.levels, done.versions) == (1 + 6 + 25 + 31, 4, 63 + 2)
    assert len(done.diff.new) == await Unit.count() == 63
    assert tree.root.code == "FK"
    assert [len([n for n in tree.values() if n.depth == d]) for d in range(4)] == [1, 6, 25, 31]
    assert len(tree.parts(3)) == 25


async def test_a_unit_that_moves_or_changes_name_is_where_each_wave_saw_it(store: Settings) -> None:
    await imported(UNITS_CSV)

    trees = {wave: await organisation.tree(wave) for wave in ("2026-2", "2026-3", "2026-4")}

    assert [tree["B32"].parent for tree in trees.values()] == ["B3", "D2", "D2"]
    assert [tree.centre_of("B32") for tree in trees.values()] == ["B", "D", "D"]
    assert [tree["D21"].name for tree in trees.values()] == [
        *("Bostøtten", "Bostøtten", "Bostøtte og Mestring")
    ]
    assert "B32" in trees["2026-2"].below("B3")
    assert "B32" in trees["2026-3"].below("D2")


async def test_a_core_task_is_inherited_from_the_nearest_unit_above(store: Settings) -> None:
    await imported("unit;parent;name;core_task\nX;;X;\nA;X;A;Livet\nA1;A;A1;\nA11;A1;A11;Egen\n")

    tree = await organisation.tree()

    tasks = [node.core_task for node in tree.values()]
    assert tasks == [None, "Livet", "Livet", "Egen"]
    assert tree.ancestors("A11") == ("A1", "A", "X")


async def test_the_same_file_twice_changes_nothing(store: Settings) -> None:
    await imported(UNITS_CSV)
    await approved("2026-1", "2026-2")
    before = await organisation.units_rows()

    again = await imported(UNITS_CSV)

    assert again.diff.empty
    assert not again.saved
    assert await organisation.units_rows() == before


async def test_a_new_version_shows_a_diff_and_past_waves_keep_their_tree(store: Settings) -> None:
    await imported(UNITS_CSV)
    await approved("2026-1", "2026-2", "2026-3", "2026-4")
    before = {wave: dict(await organisation.tree(wave)) for wave in ("2026-1", "2026-4")}
    text = (
        UNITS_CSV.replace("F4,F,Havnekontoret,,7,2026-1,,,\n", "")
        .replace("C5,C,", "C5,C2,")
        .replace("Borgerservice,,24", "Borgerservice og Kontaktcenter,,26")
        + "F6,F,Klima,,5,2026-1,,,\n"
    )

    done = await imported(text)

    now = await organisation.tree("2026-5")
    assert done.diff.new == ("F6",)
    assert done.diff.closed == ("F4",)
    assert done.diff.moved == (("C5", "C", "C2"),)
    assert done.diff.renamed == (("E2", "Borgerservice", "Borgerservice og Kontaktcenter"),)
    assert done.diff.headcount == (("E2", 24, 26),)
    assert done.valid_from == "2026-5"
    assert {wave: dict(await organisation.tree(wave)) for wave in before} == before
    assert (now["C5"].parent, "F4" in now, "F6" in now) == ("C2", False, True)
    rows = {(row["unit"], row["valid_from"]): row for row in await organisation.units_rows()}
    assert (rows["C5", "2026-5"]["change"], rows["C5", "2026-5"]["was"]) == ("moved", "C5")
    assert rows["F6", "2026-5"]["change"] == "new"
    assert rows["F4", "2026-1"]["valid_to"] == "2026-4"
    assert (await imported(text)).diff.empty


async def test_a_file_without_dates_is_true_from_the_next_wave(store: Settings) -> None:
    await imported("unit,parent,name\nX,,X\nA,X,Nord\n")
    await approved("2026-1")

    done = await imported("unit,parent,name\nX,,X\nA,X,Syd\n")

    names = [(await organisation.tree(wave))["A"].name for wave in ("2026-1", "2026-2", "2027-1")]
    assert names == ["Nord", "Syd", "Syd"]
    assert done.valid_from == "2026-2"


async def test_before_any_wave_is_approved_the_file_is_the_whole_truth(store: Settings) -> None:
    await imported(UNITS_CSV)

    done = await imported("unit,parent,name\nX,,X\nY,X,Nord\n")

    assert len(done.diff.closed) == 63
    assert list(await organisation.tree("2026-1")) == ["X", "Y"]


async def test_a_dry_run_keeps_nothing(store: Settings) -> None:
    done = await imported(UNITS_CSV, dry_run=True)

    assert len(done.diff.new) == 63
    assert await UnitVersion.count() == await Unit.count() == 0


@pytest.mark.parametrize(
    ("wave", "following"),
    {"2026-4": "2026-5", "2026-9": "2026-9-1", "uge 08": "uge 09", "forår": "forår-1"}.items(),
)
def test_the_next_label_sorts_after_a_wave(wave: str, following: str) -> None:
    assert successor(wave) == following
    assert following > wave


def test_twelve_levels_are_no_trouble() -> None:
    rows = "".join(f"u{level},u{level - 1},Niveau {level}\n" for level in range(1, 12))

    versions = unit_versions(read(f"unit,parent,name\nu0,,Top\n{rows}".encode(), UNITS))

    assert max(node.depth for node in organisation.grow(versions).values()) + 1 == 12


# --- what refuses the whole file ---------------------------------------------------------------

HEAD = "unit,parent,name,headcount,valid_from,valid_to,change\n"
REFUSED = {
    "a parent that is not there": (
        "X,,X,,,,\nA1,X,A1,,,,\nB,Al,B,,,,\n",
        refusals.ParentMissing,
        "Række 4, kolonne parent: Overenheden “Al” findes ikke i filen. Mente du “A1”? "
        "Intet er ændret. Ret rækken, og hent filen ind igen.",
    ),
    "a unit under itself": (
        "X,,X,,,,\nA,B,A,,,,\nB,C,B,,,,\nC,A,C,,,,\n",
        refusals.LoopInTree,
        "Række 3, kolonne parent: Enheden A ligger under sig selv (A → B → C → A). "
        "Intet er ændret. Ret overenheden, og hent filen ind igen.",
    ),
    "nothing but a loop": (
        "A,B,A,,,,\nB,A,B,,,,\n",
        refusals.LoopInTree,
        "Række 2, kolonne parent: Enheden A ligger under sig selv (A → B → A). "
        "Intet er ændret. Ret overenheden, og hent filen ind igen.",
    ),
    "two units of one code": (
        "X,,X,,,,\nA,X,A,,,,\nA,X,Anden A,,2026-3,,\n",
        refusals.UnitTwice,
        "Række 4, kolonne unit: Koden A står allerede i række 3 i samme periode. "
        "Intet er ændret. Ret en af rækkerne, og hent filen ind igen.",
    ),
    "two tops": (
        "X,,X,,,,\nA,X,A,,,,\nY,,Y,,,,\n",
        refusals.TwoRoots,
        "Række 4, kolonne parent: Y har ingen overenhed, men X i række 2 er allerede toppen af "
        "organisationen. Intet er ændret. Udfyld overenheden, og hent filen ind igen.",
    ),
    "a parent that comes later": (
        "X,,X,,2026-1,,\nA,X,A,,2026-3,,\nA1,A,A1,,2026-1,,\n",
        refusals.ParentLater,
        "Række 4, kolonne parent: Overenheden A (række 3) findes ikke, når A1 gør, i puls 2026-1. "
        "Intet er ændret. Ret gyldigheden i en af rækkerne.",
    ),
    "a parent that closes first": (
        "X,,X,,2026-1,,\nA,X,A,,2026-1,2026-2,\nA1,A,A1,,2026-1,,\n",
        refusals.ParentLater,
        "Række 4, kolonne parent: Overenheden A (række 3) findes ikke, når A1 gør, i puls 2026-3. "
        "Intet er ændret. Ret gyldigheden i en af rækkerne.",
    ),
    "a headcount that is no number": (
        "X,,X,mange,,,\n",
        refusals.HeadcountBad,
        "Række 2, kolonne headcount: “mange” er ikke et antal ansatte. Intet er ændret. "
        "Skriv et helt tal som 24, eller lad feltet være tomt.",
    ),
    "a headcount below nothing": (
        "X,,X,-4,,,\n",
        refusals.HeadcountBad,
        "Række 2, kolonne headcount: “-4” er ikke et antal ansatte. Intet er ændret. "
        "Skriv et helt tal som 24, eller lad feltet være tomt.",
    ),
    "a unit without a code": (
        "X,,X,,,,\n,X,A,,,,\n",
        refusals.CellMissing,
        "Række 3, kolonne unit: Feltet er tomt. Intet er ændret. "
        "Udfyld det, og hent filen ind igen.",
    ),
    "an end before the start": (
        "X,,X,,2026-3,2026-2,\n",
        refusals.PeriodBackward,
        "Række 2, kolonne valid_to: Enheden X stopper (2026-2), før den begynder (2026-3). "
        "Intet er ændret. Ret rækken, og hent filen ind igen.",
    ),
    "a change nobody knows": (
        "X,,X,,,,ommøbleret\n",
        refusals.ChangeUnknown,
        "Række 2, kolonne change: “ommøbleret” er ikke en ændring, vi kender. Intet er ændret. "
        "Brug en af new, renamed, moved, merged, split, closed, eller lad feltet være tomt.",
    ),
    "a text with the delimiter in it": (
        "X,,X,,,,\nA,X,Kultur, Fritid,4,,,\n",
        refusals.RowTooLong,
        "Række 3 har flere felter, end der er overskrifter. Intet er ændret. "
        "Sæt anførselstegn om en tekst med skilletegn i, og hent filen ind igen.",
    ),
}


@pytest.mark.parametrize(("rows", "refusal", "danish"), REFUSED.values(), ids=REFUSED)
async def test_a_fault_in_the_tree_refuses_the_whole_file(
    store: Settings, rows: str, refusal: type[KernepulsError], danish: str
) -> None:
    await imported("unit,parent,name\nX,,Som før\n")

    with pytest.raises(refusal) as refused:
        await imported(HEAD + rows)

    english = texts.sentence(refused.value, "en")
    assert texts.sentence(refused.value, "da") == danish
    assert english.startswith("Row")
    assert "Nothing is changed." in english
    assert [row["name"] for row in await organisation.units_rows()] == ["Som før"]


def test_a_parent_may_be_given_by_its_name() -> None:
    versions = unit_versions(read("unit,parent,name\nX,,Øby\nA,øby,Nord\n".encode(), UNITS))

    assert [version.parent for version in versions] == [None, "X"]


# --- behaviours and trials ---------------------------------------------------------------------


@pytest.fixture
async def fjordlund(store: Settings) -> Settings:
    await imported(UNITS_CSV)
    await import_behaviours(fjordlunds_behaviours(), by=None)
    return store


def fjordlunds_behaviours(old: str = "", new: str = "") -> Any:
    text = (FOLDER / "behaviours_import.csv").read_text(encoding="utf-8")
    return read(text.replace(old, new).encode() if old else text.encode(), BEHAVIOURS)


async def test_a_behaviour_of_the_catalogue_brings_its_english_and_short_form(
    fjordlund: Settings,
) -> None:
    rows = await Behaviour.select(*Behaviour.all_columns()).order_by(Behaviour.id)

    scopes = await organisation.scopes()
    assert [row["code"] for row in rows] == [f"Ad{number}" for number in range(1, 9)]
    assert rows[0]["short"] == "ringe om ansøgningen inden fem hverdage"
    assert rows[0]["core_task_en"].startswith("Citizens and firms build safely")
    assert all(row["text_en"] and row["situation_en"] for row in rows)
    assert sum(map(len, scopes.values())) == 46
    assert len(await organisation.behaviours_rows()) == 8


async def test_behaviours_twice_change_nothing_and_a_new_scope_is_shown(
    fjordlund: Settings,
) -> None:
    again = await import_behaviours(fjordlunds_behaviours(), by=None)
    wider = await import_behaviours(fjordlunds_behaviours("F11;F12", "F1"), by=None)

    assert (again.saved, again.new, again.changed, again.rescoped) == (False, (), (), ())
    assert wider.rescoped == ("Ad1",)
    assert (await organisation.scopes())["Ad1"] == ("F1",)


async def test_a_behaviour_that_was_asked_about_keeps_its_words(fjordlund: Settings) -> None:
    await approved("2026-1")
    wave = await Wave.select(Wave.id).first()
    behaviour = await Behaviour.select(Behaviour.id).where(Behaviour.code == "Ad1").first()
    assert wave is not None
    assert behaviour is not None
    await WaveBehaviour.insert(WaveBehaviour(wave=wave["id"], behaviour=behaviour["id"]))

    with pytest.raises(refusals.BehaviourAsked) as refused:
        await import_behaviours(fjordlunds_behaviours("fem hverdage", "ti hverdage"), by=None)

    assert texts.sentence(refused.value).startswith(
        "Række 2, kolonne text: Der er spurgt til Ad1 i puls 2026-1"
    )
    assert [row["behaviour"] for row in await organisation.behaviours_rows("2026-1")] == ["Ad1"]
    assert await organisation.behaviours_rows("2026-2") == []


async def test_an_unknown_unit_in_a_scope_is_refused_with_the_nearest(fjordlund: Settings) -> None:
    with pytest.raises(refusals.UnitNotInTree) as refused:
        await import_behaviours(fjordlunds_behaviours("F11;F12", "F11;F122"), by=None)

    assert texts.sentence(refused.value).startswith(
        "Række 2, kolonne units: Der er ingen enhed F122. Mente du “F12”?"
    )


async def test_trials_come_in_whole_and_twice_is_once(fjordlund: Settings) -> None:
    table = read((FOLDER / "trials.csv").read_bytes(), TRIALS)

    counts = [await import_trials(table, by=None) for _ in range(2)]

    rows = {row["trial"]: row for row in await organisation.trials_rows()}
    assert counts == [11, 11]
    assert len(rows) == 11
    assert rows["T1"] == {
        "trial": "T1",
        "behaviour": "Ad3",
        "barrier": "SILO",
        "units": "D1;E12",
        "comparison": None,
        "start_wave": "2026-2",
        "end_wave": "2026-3",
        "randomised": False,
    }
    assert (rows["T10"]["behaviour"], rows["T10"]["barrier"]) == (None, "OKO")


async def test_a_trial_of_an_unknown_behaviour_keeps_nothing(fjordlund: Settings) -> None:
    text = (FOLDER / "trials.csv").read_text(encoding="utf-8").replace("T5,Ad8", "T5,Ad99")

    with pytest.raises(refusals.ValueUnknown):
        await import_trials(read(text.encode(), TRIALS), by=None)

    assert await organisation.trials_rows() == []
