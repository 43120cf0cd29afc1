"""How far the answers carry: response in steps, composition, and answers without thought."""

from collections.abc import Mapping
from typing import Final, Literal

import numpy as np

from analysis.findings import Quality, Release
from analysis.release.counts import Wave
from analysis.release.past import Past

CARE_BELOW: Final = 0.40  # response, decision: under four of ten is read with care
CARE_FALL: Final = 0.15  # fall in response since the previous wave
FALL_STEP: Final = 5  # points
FIRST_OPTION_FROM: Final = 0.01  # of those who answered
Flags = np.typing.NDArray[np.bool_]
Step = Literal["under_40", "40_59", "60_79", "80_up"]


def quality_of(wave: Wave, shown: Flags, past: Past | None, minimum: int) -> tuple[Quality, ...]:
    """Response of every unit shown on base A; composition; one note at the root. Never a count.

    More may answer than were invited, since a drawn card can be a spare one. N stays what was
    invited and the response counts as full. How full it was nobody knows, so the note has the flag
    `read_with_care`: with step 80_up and no `fell_pp`, as no other note has it.
    """
    notes = []
    before = _responses(past.release) if past else {}
    for u in np.flatnonzero(shown).tolist():
        response, fall = _response(wave, u), _fall(wave, u, past, before)
        is_over = bool(wave.A.n[u] > wave.invited[u])
        careful = is_over or response < CARE_BELOW or fall > CARE_FALL
        fell = int(100 * fall) // FALL_STEP * FALL_STEP
        notes.append(
            Quality(
                wave.tree.codes[u],
                "response",
                step=_step(response),
                fell_pp=fell if fell > 0 else None,
                flags=("read_with_care",) if careful else (),
            )
        )
    recomposed = sorted(past.recomposed) if past else []
    notes += [Quality(wave.tree.codes[u], "composition") for u in recomposed]
    if wave.first_option >= max(minimum, FIRST_OPTION_FROM * int(wave.A.n[0])):
        notes.append(Quality(wave.tree.codes[0], "first_option"))
    return tuple(notes)


def careful_units(wave: Wave, notes: tuple[Quality, ...]) -> frozenset[int]:
    return frozenset(wave.tree.place[note.unit] for note in notes if note.flags)


def _response(wave: Wave, u: int) -> float:
    """Share of those invited who answered, 0-1; full where more answered."""
    n, invited = int(wave.A.n[u]), int(wave.invited[u])
    return n / max(n, invited)


def _step(response: float) -> Step:
    if response < CARE_BELOW:
        return "under_40"
    if response < 0.6:
        return "40_59"
    return "60_79" if response < 0.8 else "80_up"


def _fall(wave: Wave, u: int, past: Past | None, before: Mapping[str, float]) -> float:
    """Share by which the response fell, at least: the earlier one is known by its band."""
    if past is None or past.origin[u][0] != "same":
        return 0.0
    response = min(1.0, before.get(past.origin[u][1], 0.0))
    return max(0.0, response - _response(wave, u))


def _responses(release: Release) -> dict[str, float]:
    """Per unit the response that a reader knows of, from the base of everybody."""
    known: dict[str, float] = {}
    for (_, unit), told in release.told.items():
        bands = {cell.n_band: cell for cell in told.values() if cell.base == "A"}
        if unit is not None and bands:
            known[unit] = max(cell.least_people / cell.N for cell in bands.values() if cell.N)
    return known
