"""The trial actions of an installation in its stored releases: told when they end, or left out."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from survey import insight
from survey.settings import Settings
from survey.tables import Behaviour, TrialAction, TrialUnit, Unit, Wave, WaveBehaviour
from tests.survey import waves

WAVES = ("2026-1", "2026-2")


async def two_waves(settings: Settings) -> None:
    """N1 fell from 20 of 40 to 10, the others stayed at 10 of 40; three in ten say it helps."""
    await waves.organisation()
    asked = await Behaviour.objects().get(Behaviour.code == "Ad1")
    for name, month in zip(WAVES, (3, 6), strict=True):
        wave = Wave(name=name, opens=date(2026, month, 2), closes=date(2026, month, 15))
        await wave.save()
        await WaveBehaviour(wave=wave.id, behaviour=asked.id).save()
        high = {"N1": 20 if name == "2026-1" else 10, "N2": 10, "S1": 10}
        rows = [
            (name, unit, "Ad1", "once", 2 if i < k else 0, "helps" if i % 10 < 3 else "no")
            for unit, k in high.items()
            for i in range(40)
        ]
        columns = ["wave", "unit", "behaviour", "situation", "b_silo", "noticed"]
        folder = Path(settings.answers)
        folder.mkdir(parents=True, exist_ok=True)
        frame = pl.DataFrame(rows, schema=columns, orient="row")
        frame.write_parquet(folder / f"{name}.parquet")


async def trial(code: str, *units: str, **more: object) -> None:
    asked = await Behaviour.objects().get(Behaviour.code == "Ad1")
    row = {"behaviour": asked.id, "barrier": "SILO", "start_wave": "2026-1", "end_wave": "2026-2"}
    made = TrialAction(code=code, name="fast telefontid", **{**row, **more})
    await made.save()
    for unit in units:
        found = await Unit.objects().get(Unit.code == unit.strip("+"))
        role = "added" if unit.endswith("+") else "tried"
        await TrialUnit(trial_action=made.id, unit=found.id, role=role).save()


async def second_release(settings: Settings) -> insight.Release:
    for name in WAVES:
        made = await insight.release_wave(settings, name)
        assert made.leak is None
    return insight.stored_release(settings, "2026-2")


async def test_a_trial_is_told_in_the_release_of_the_wave_that_ends_it(store: Settings) -> None:
    await two_waves(store)
    await trial("T1", "N1", "S1+")

    made = await second_release(store)

    [found] = made.trials
    assert (found.units, found.pre, found.post) == (("N1",), "2026-1", "2026-2")
    assert (found.tried_diff, found.others_diff) == (25 - 50, 0)
    assert (found.p, found.p_smallest) == (34, 34)  # against N2 and S1: 1 of 3, rounded up
    assert found.noticed is not None
    assert (found.noticed.value, found.noticed.n_band) == (30, "40-44")
    assert insight.stored_release(store, "2026-1").trials == ()


@pytest.mark.parametrize(
    "more",
    [
        {"end_wave": None},
        {"end_wave": "2026-3"},
        {"start_wave": "2026-2"},
        {"behaviour": None, "barrier": None},
    ],
)
async def test_a_trial_that_cannot_be_measured_holds_no_release_back(
    store: Settings, more: dict[str, str | None]
) -> None:
    await two_waves(store)
    await trial("T1", "N1", **more)

    made = await second_release(store)

    assert made.trials == ()


async def test_a_trial_of_another_behaviour_holds_no_release_back(store: Settings) -> None:
    await two_waves(store)
    other = Behaviour(code="Ad2", text="Vi skriver.", situation="En borger skrev.")
    await other.save()
    await trial("T1", "N1", behaviour=other.id)

    made = await second_release(store)

    assert made.trials == ()


def test_a_page_can_tell_what_is_attainable_before_the_start() -> None:
    assert insight.attainable(1, 3) == 1 / 4
