"""A block that a wave leaves out: nobody is asked, nothing is kept, the release says nothing."""

import pytest

from survey import house, insight
from survey.intake.closing import close_wave
from survey.questionnaire import BLOCKS
from survey.settings import Settings
from survey.tables import Wave
from tests.survey import waves

MEASURES = {
    "clarity": "clarity_share",
    "resolver": "resolver_share",
    "safe": "safe_share",
}


@pytest.mark.parametrize("left_out", ["", "clarity;comment;resolver;safe;stall"])
async def test_the_release_has_no_cell_of_what_was_not_asked(
    store: Settings, left_out: str
) -> None:
    await waves.answered(store)
    await Wave.update({Wave.left_out: left_out}).where(Wave.name == "2026-1")

    await close_wave(store, "2026-1")

    release = insight.stored_release(store, "2026-1")
    told = {cell.measure for cell in release.cells}
    asked = {block: measure in told for block, measure in MEASURES.items()}
    assert asked == {block: block not in left_out.split(";") for block in MEASURES}
    assert {"barrier_share", "behaviour_level", "citizen_share"} <= told


async def test_a_report_is_made_of_a_wave_that_left_out_all_it_may(store: Settings) -> None:
    house.write_fjordlund(store)
    await waves.answered(store)
    await Wave.update({Wave.left_out: ";".join(BLOCKS)}).where(Wave.name == "2026-1")
    await close_wave(store, "2026-1")

    pdf = await insight.unit_report(store, wave="2026-1", unit="K", language="da")

    assert pdf.startswith(b"%PDF")
