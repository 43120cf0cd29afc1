"""The demo: the whole way from a payroll file to four released waves and one that is open."""

import asyncio
import shutil
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import polars as pl
import pytest
from click.testing import CliRunner

from survey import insight, organisation
from survey.actions import waves
from survey.cli import main
from survey.cli.demo import ready
from survey.engine import opened
from survey.engine.refusals import ServerRunning
from survey.intake import ballots, blind, keys, shown
from survey.intake.writer import running
from survey.seeds import demo, note
from survey.seeds.drawn import Invitee, drawn_wave
from survey.seeds.files import roster, write
from survey.seeds.note import OPEN_WAVE, NotADemo, Note
from survey.tables import (
    Ballot,
    Behaviour,
    Escalation,
    Intake,
    Invitation,
    InvitationCode,
    Person,
    TrialAction,
    Unit,
    Wave,
)
from tests.conftest import settings_in

WAVES = ["2026-1", "2026-2", "2026-3", "2026-4"]
IMPORT_ALL = demo.import_all
# Whose codes are kept, where what is planted stalls, and who write the planted comments.
ASKED = {*demo.PLAYED, "B31", "B11", "F4"}


def unwatched(step: str, wave: str, done: int, total: int) -> None: ...


@pytest.fixture(scope="module")
def fjordlund(tmp_path_factory):
    """The demo as `kernepuls demo` builds it, on SQLite, with some of its people.

    Nothing is opened; `make soak` builds it whole.
    """

    async def import_all(watch):
        await IMPORT_ALL(watch)
        await ask_some()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo, "import_all", import_all)
        return built_in(tmp_path_factory.mktemp("fjordlund"))


def built_in(folder):
    built = settings_in(folder)
    asyncio.run(demo.build(built, today=date(2026, 11, 22), watch=unwatched))
    return built


def released(settings, wave):
    return pl.read_parquet(settings.data / "answers" / f"{wave}.parquet")


# --- what stands there when it is built --------------------------------------------------------


def test_four_waves_are_released_and_a_fifth_is_open(fjordlund):
    async def states():
        async with opened(fjordlund):
            return [
                (await waves.wave_status(fjordlund, name)).state for name in await waves.waves()
            ]

    assert asyncio.run(states()) == ["released"] * 4 + ["open"]


@pytest.mark.parametrize("wave", WAVES)
def test_as_many_answers_are_released_as_receipts_were_given(fjordlund, wave):
    receipts = (fjordlund.data / "receipts" / f"{wave}.txt").read_text().split()

    assert len(set(receipts)) == len(receipts) == released(fjordlund, wave).height
    assert sorted(receipts) == receipts


@pytest.mark.parametrize("wave", WAVES)
def test_what_was_released_is_what_people_said(fjordlund, wave):
    async def drawn():
        async with opened(fjordlund):
            return await answers_drawn(wave, seed=demo.SEED)

    said = asyncio.run(drawn())
    columns = [name for name in insight.ANSWERS if name not in ("profession", "noticed")]

    found = Counter(released(fjordlund, wave).select(columns).iter_rows())

    assert found == Counter(tuple(answer[name] for name in columns) for answer in said)


@pytest.mark.parametrize("wave", WAVES)
def test_the_released_file_holds_no_id_no_time_and_no_order(fjordlund, wave):
    frame = released(fjordlund, wave)

    units = frame["unit"].to_list()
    neighbours = sum(a == b for a, b in pairwise(units))
    # Two rows drawn at random share a unit in about 1 of 30 cases; in order it were 29 of 30.
    expected = sum(n * (n - 1) for n in Counter(units).values()) / len(units)

    assert dict(frame.schema) == dict(insight.ANSWERS)
    assert neighbours < 2 * expected


def test_the_professions_are_those_of_the_payroll(fjordlund):
    known = {person.profession for person in roster()}

    found = set(released(fjordlund, "2026-1")["profession"].drop_nulls())

    assert found <= known
    assert "pædagoger" in found


def test_nothing_of_a_closed_wave_can_be_opened_or_counted_again(fjordlund):
    async def left():
        async with opened(fjordlund):
            open_id = await demo.open_wave_id()
            return (
                await Intake.count(),
                await Ballot.count(),
                await Invitation.count().where(
                    (Invitation.wave != open_id) & Invitation.issued.is_not_null()
                ),
                await InvitationCode.count(),
                await Invitation.count().where(Invitation.wave == open_id),
            )

    answers, used, issued, codes, places = asyncio.run(left())

    assert (answers, used, issued) == (0, 0, 0)
    assert codes == places + len(demo.PLAYED)  # one each, and a second one for those to play
    assert [folder.name for folder in (fjordlund.data / "keys").iterdir()] == [OPEN_WAVE]
    assert [folder.name for folder in fjordlund.key_copy.iterdir()] == [OPEN_WAVE]


def test_all_eleven_trials_are_there(fjordlund):
    async def trials():
        async with opened(fjordlund):
            return await TrialAction.count().where(TrialAction.once.is_null())

    assert asyncio.run(trials()) == 11


def test_the_pages_of_trials_and_of_what_is_sent_up_are_not_empty(fjordlund):
    async def written():
        async with opened(fjordlund):
            trials = await TrialAction.select().where(TrialAction.once.is_not_null())
            cards = await Escalation.select(Escalation.answer).order_by(Escalation.id)
            return trials, [card["answer"] for card in cards]

    trials, answers = asyncio.run(written())

    states = {trial["state"] for trial in trials}
    assert states == {"idea", "agreed", "running", "learned"}
    assert [trial["end_wave"] for trial in trials if trial["end_wave"]] == []
    assert answers == ["no_because", None]


def test_a_unit_with_two_trials_at_once_is_asked_about_the_first_by_code(fjordlund):
    async def asked():
        async with opened(fjordlund):
            wave = await Wave.objects().get(Wave.name == "2026-4")
            unit = (await organisation.tree("2026-4"))["C21"].id
            behaviour = await Behaviour.objects().get(Behaviour.code == "Ad8")
            return await shown.shown(wave, unit=unit, behaviour=behaviour.id)

    # T5 is "ti faste minutter på kørelisten", T6 "liste over, hvem der må hvad, ...".
    assert asyncio.run(asked()).trial == "ti faste minutter på kørelisten"


def test_the_six_comments_stand_in_the_comments_of_wave_four(fjordlund):
    texts = pl.read_parquet(fjordlund.data / "comments" / "2026-4.parquet")

    assert texts["text"].str.contains("Vores nye havnefoged", literal=True).sum() == 1
    assert texts["text"].str.contains("En borger med skizofreni", literal=True).sum() == 1


# --- the way in --------------------------------------------------------------------------------


def test_a_second_start_tells_the_ways_in_and_builds_nothing(fjordlund, monkeypatch):
    monkeypatch.setenv("KERNEPULS_DATA", str(fjordlund.data))
    monkeypatch.setenv("KERNEPULS_KEY_COPY", str(fjordlund.key_copy))
    monkeypatch.setenv("KERNEPULS_BACKUP", str(fjordlund.backup))
    before = (fjordlund.data / "demo.json").read_bytes()

    said = CliRunner().invoke(main, ["demo", "--no-serve"], catch_exceptions=False)

    assert said.exit_code == 0
    assert "koordinator" in said.output
    assert sum(line.count("-") == 3 for line in said.output.split()) >= 3
    assert (fjordlund.data / "demo.json").read_bytes() == before


def test_a_printed_code_opens_the_form_until_it_is_used(fjordlund):
    kept = note.read(fjordlund)

    async def used():
        async with opened(fjordlund):
            found = await ballots.look_up(fjordlund, kept.codes[-1].code)
            public = keys.intake(fjordlund, OPEN_WAVE).verifying
            blinded, _ = blind.blind(public, bytes(64), salt=bytes(48), factor=12345)
            await ballots.issue(fjordlund, kept.codes[-1].code, blinded)
        return found.shown.unit, await demo.unused(fjordlund, kept)

    unit, free = asyncio.run(used())

    assert unit == kept.codes[-1].unit
    assert [one.unit for one in free] == [one.unit for one in kept.codes[:-1]]


def test_the_note_is_for_its_owner_only(fjordlund):
    assert (fjordlund.data / "demo.json").stat().st_mode & 0o077 == 0


# --- what is never taken away ------------------------------------------------------------------


async def test_an_installation_of_somebodys_own_is_served_and_left_alone(settings):
    settings.organisation.write_text("version: 1\n")

    assert await ready(settings, today=date(2026, 11, 22), rebuild=False) is None
    assert settings.organisation.read_text() == "version: 1\n"


async def test_an_installation_of_somebodys_own_is_never_rebuilt(settings):
    settings.organisation.write_text("version: 1\n")

    with pytest.raises(NotADemo):
        await ready(settings, today=date(2026, 11, 22), rebuild=True)

    assert settings.organisation.exists()


@pytest.mark.parametrize("place", ["key_copy", "backup"])
async def test_no_demo_is_built_where_another_has_its_second_places(settings, place):
    (getattr(settings, place) / "2026-3").mkdir(parents=True)

    with pytest.raises(NotADemo):
        await ready(settings, today=date(2026, 11, 22), rebuild=False)

    assert list(settings.data.iterdir()) == []


async def test_no_demo_is_built_over_answers_that_lie_elsewhere(settings, tmp_path):
    answers = tmp_path / "shared" / "answers"
    answers.mkdir(parents=True)
    (answers / "2026-1.parquet").write_bytes(b"somebody's")
    elsewhere = replace(settings, answers=str(answers))

    with pytest.raises(NotADemo):
        await ready(elsewhere, today=date(2026, 11, 22), rebuild=False)

    assert (answers / "2026-1.parquet").read_bytes() == b"somebody's"


async def test_no_demo_is_built_in_a_database_that_is_somebodys(settings, new_database):
    """The data folder is new, as after a typing error; the database is a real one."""
    here = replace(settings, database=await new_database())
    async with opened(here, migrate=True):
        await Unit(code="K").save()

    for rebuild in (False, True):
        with pytest.raises(NotADemo):
            await ready(here, today=date(2026, 11, 22), rebuild=rebuild)


async def test_an_empty_database_may_hold_a_demo(settings, new_database):
    await note.empty(replace(settings, database=await new_database()))

    assert not settings.organisation.exists()


async def test_a_note_beside_another_database_takes_nothing_away(settings):
    note.write(settings, Note("built", note.place(settings)))
    settings.organisation.write_text("version: 1\n")

    with pytest.raises(NotADemo):
        await note.empty(replace(settings, database="postgresql://elsewhere/real"))

    assert settings.organisation.exists()


async def test_a_demo_that_is_served_is_not_taken_away(settings):
    note.write(settings, Note("built", note.place(settings)))

    async with opened(settings, migrate=True, server=True):
        with pytest.raises(ServerRunning):
            await note.empty(settings)

    assert settings.sqlite_file.exists()


async def test_a_half_built_demo_goes_without_what_lies_beside_it(settings):
    note.write(settings, Note("building", note.place(settings)))
    settings.sqlite_file.write_bytes(b"cut short")
    for name in ("2026-2", "somebody-elses"):
        (settings.key_copy / name).mkdir(parents=True)

    await note.empty(settings)

    assert list(settings.data.iterdir()) == []
    assert [folder.name for folder in settings.key_copy.iterdir()] == ["somebody-elses"]


def test_a_note_that_cannot_be_read_says_half_built(settings):
    (settings.data / "demo.json").write_bytes(b'{"state"')

    assert note.read(settings).state == "building"


# --- its days ----------------------------------------------------------------------------------


def test_the_waves_keep_their_days_when_they_are_over():
    assert demo.days(date(2026, 11, 17))[3].closes == date(2026, 11, 16)


@pytest.mark.parametrize("today", [date(2026, 11, 16), date(2026, 3, 3), date(2025, 7, 1)])
def test_before_that_they_move_back_by_whole_weeks(today):
    moved = demo.days(today)

    assert today - timedelta(days=7) <= moved[3].closes < today
    assert (date(2026, 11, 3) - moved[3].opens).days % 7 == 0
    assert moved[0].med < moved[0].opens < moved[0].closes < moved[1].opens


# --- on PostgreSQL, and without a database -----------------------------------------------------


async def test_a_wave_is_answered_and_released_on_postgresql(settings, new_database):
    here = replace(settings, database=await new_database())
    note.write(here, Note("building", note.place(here)))
    demo.house.write_fjordlund(here)

    async with opened(here, migrate=True):
        await demo.import_all(unwatched)
        await ask_some()
        said = len(await answers_drawn("2026-1", seed=5))
        async with running():
            sent = await demo.past_wave(here, demo.days(date(2026, 11, 22))[0], unwatched, seed=5)
        state = (await waves.wave_status(here, "2026-1")).state
    released_there = released(here, "2026-1")
    await note.empty(here)

    assert state == "released"
    assert released_there.height == sent == said > 100
    assert not here.organisation.exists()


async def ask_some():
    """Eighteen people of a few units, of whom five answer everywhere; the others are no longer on
    the newest list."""
    people = await Person.select(Person.id, Person.unit.code.as_alias("unit")).order_by(Person.id)
    seen = Counter()
    left = []
    for person in people:
        seen[person["unit"]] += 1
        if seen[person["unit"]] > 18 or person["unit"] not in ASKED:
            left.append(person["id"])
    await Person.update({Person.active: False}).where(Person.id.is_in(left))


async def answers_drawn(wave, *, seed):
    """What those who are asked and answer say, as the seed draws them."""
    people = (
        await Person.select(Person.profession, Person.unit.code.as_alias("code"))
        .where(Person.active.eq(True))
        .order_by(Person.id)
    )
    scope = {person.unit for person in roster()}
    asked = [Invitee(row["code"], row["profession"]) for row in people if row["code"] in scope]
    return [answer for answer in drawn_wave(seed, wave, asked) if answer is not None]


@pytest.mark.soak
@pytest.mark.parametrize("wave", WAVES)
def test_everybody_goes_through_every_wave(whole, wave):
    assert released(whole, wave).height > 1400


@pytest.mark.soak
def test_base_s_hides_f4_and_f5_and_no_other_team(whole):
    release = insight.stored_release(whole, "2026-1")

    hidden = {
        cell.unit
        for cell in release.cells
        if cell.measure == "barrier_share" and cell.item == "TID" and cell.status == "hidden"
    }
    leaves = {one.unit for one in release.units} - {one.parent for one in release.units}

    assert hidden & leaves & {person.unit for person in roster()} == {"F4", "F5"}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return built_in(tmp_path_factory.mktemp("whole"))


def test_the_files_pass_the_analysis_without_a_database(tmp_path):
    write(tmp_path, seed=11)
    target = tmp_path / "release.json"

    said = CliRunner().invoke(
        main,
        ["analyse", *(str(tmp_path / f"answers-{wave}.parquet") for wave in WAVES[:2])]
        + [
            f"--{name}={tmp_path / name}.csv"
            for name in ("units", "behaviours", "invited", "trials")
        ]
        + ["--wave", "2026-2", "--to", str(target)],
        catch_exceptions=False,
    )

    assert said.exit_code == 0
    assert b'"schema":"kernepuls.release/1"' in target.read_bytes()
    shutil.rmtree(tmp_path)
