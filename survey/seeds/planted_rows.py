"""What must be found again in Fjordlund, and how often: the rates of measurement.md 3.7 and 6.1.

A test and not tuning material. Each row is one line of what `kernepuls demo --verify` prints.
"""

from collections.abc import Iterator
from typing import Final, Literal, NamedTuple, TypeAlias

Kind: TypeAlias = Literal[
    "marked", "fall", "rise", "address", "bands", "seam", "hidden", "safe", "trap", "verdict",
    "covered", "level",
]  # fmt: skip

WIDTH: Final = 0.1  # what a rate may differ from the one expected, measurement.md 6.1
FIRST, SECOND, THIRD, FOURTH = "2026-1", "2026-2", "2026-3", "2026-4"


class Row(NamedTuple):
    """One promise. The true rate must lie from `low` to `high`; without them it is only told."""

    id: str
    kind: Kind
    where: str  # codes: a unit and a barrier, a pair, a trial
    what: str = ""  # an address, a verdict
    wave: str = FIRST
    low: float | None = None
    high: float | None = None


def _around(expected: float, to: float | None = None) -> tuple[float, float]:
    return max(0.0, expected - WIDTH), min(1.0, (to or expected) + WIDTH)


def _marks() -> Iterator[Row]:
    table = {
        FIRST: {
            "P01": {"E11 SILO": 0.92, "E12 SILO": 0.80, "E13 SILO": 0.89, "E1 SILO": 1.0},
            "P02": {"D1 SILO": 0.79, "D21 SILO": 0.92},
            "P03": {"E12 MAAL": 0.71, "E13 MAAL": 0.85, "E1 MAAL": 0.71},
            "P04": {"F11 FEJL": 0.80},
            "P05": {"C21 TID": 0.99},
            "P06": {
                "C FAG": 0.99,
                "C2 FAG": 0.99,
            },
            "P07": {"B23 VID": 1.0},
            "P08": {"B12 KULT": 0.93},
            "P09": {"B11 KULT": 0.97},
            "P10": {"D22 KOMP": 0.93},
            "P11": {"C1 OKO": 0.83, "D1 OKO": 0.64},
            "P13": {"D31 FEJL": 0.72, "D32 FEJL": 0.35, "D3 FEJL": 0.80},
            "X4": {"B14 FAG": 0.35},
        },
        SECOND: {"P10": {"D22 KOMP": 0.54}},
        THIRD: {"P13": {"D31 FEJL": 0.96, "D32 FEJL": 0.64, "D3 FEJL": 0.99}},
    }
    for wave, plants in table.items():
        for plant, cells in plants.items():
            for where, expected in cells.items():
                yield Row(plant, "marked", where, "", wave, *_around(expected))
            if (plant, wave) == ("P06", FIRST):
                # .78 by 6.1. With the people that every draw has, the lowest of the classes joined
                # is 30 per cent and stands out each time: more than expected is no miss.
                yield Row(plant, "marked", "C4 FAG", "", wave, 0.78 - WIDTH, 1)
                for unit in ("C21", "C22", "C23", "C24", "C3", "C41", "C42", "C43"):
                    yield Row(plant, "marked", f"{unit} FAG", "", wave, *_around(0.27, 0.75))


class Sent(NamedTuple):
    """Whose finding of a barrier is sent to which levels, where `needs` are all marked."""

    barrier: str
    heads: tuple[str, ...]
    levels: tuple[str, ...]
    needs: tuple[str, ...] = ()
    wave: str = FIRST


ADDRESSES: Final = {
    "P01": Sent("SILO", ("E1", "E11", "E12", "E13"), ("two_units",)),
    "P02": Sent("SILO", ("D", "D1", "D2", "D21"), ("two_units",)),
    "P03": Sent("MAAL", ("E1",), ("managers", "board"), ("E1", "E12", "E13")),
    "P05": Sent("TID", ("C21",), ("unit",)),
    "P06": Sent("FAG", ("C", "C2", "C4"), ("managers",)),
    "P07": Sent("VID", ("B23",), ("unit", "two_units")),
    "P08": Sent("KULT", ("B12",), ("unit", "managers")),
    "P09": Sent("KULT", ("B11",), ("unit", "managers")),
    "P10": Sent("KOMP", ("D22",), ("unit",)),
    "P11": Sent("OKO", ("C1", "D1"), ("board",), ("C1", "D1")),
    "P13": Sent("FEJL", ("D3",), ("managers",), ("D31", "D32"), THIRD),
}
SEAMS: Final = {"P01": ("D1", "E1"), "P06": ("C2", "C3")}
BANDS_ONLY: Final = {
    "P01": ("SILO", ("E11", "E12", "E13")),
    "P02": ("SILO", ("D1", "D21")),
    "P04": ("FEJL", ("F11",)),
}
TRIALS: Final = {
    "T1": {"moved_here": 0.14, "not_seen": 0.80},
    "T3": {"suggests": 0.31},
    "T5": {"suggests": 0.83},
    "T7": {"moved_here": 0.17},
    "T8": {"suggests": 0.90},
    "T9": {"suggests": 0.17},
    "T10": {"moved_here": 0.68},
    "T11": {"worse": 0.21},
}
TRAPS: Final = ("X1", "X2", "X3", "X4", "X5", "X6", "X7", "X8", "X9")
# By chance a draw may break them; the others never. X9: 2 per cent are planted, and a note needs 1.
RARELY: Final = frozenset({"X1", "X2", "X9"})


def _rest() -> Iterator[Row]:
    for plant, (unit, barrier, wave, expected) in {
        "P05": ("C21", "TID", FOURTH, 0.72),
        "P07": ("B23", "VID", THIRD, 0.65),
        "P09": ("B11", "KULT", FOURTH, 0.79),
    }.items():
        yield Row(plant, "fall", f"{unit} {barrier}", "", wave, *_around(expected))
    yield Row("P13", "rise", "D3 FEJL", "", THIRD, *_around(0.2))
    yield Row("X2", "rise", "FK REGL", "", THIRD, *_around(1.0))
    for plant, sent in ADDRESSES.items():
        where = f"{' '.join(sent.heads)} {sent.barrier}"
        yield Row(plant, "address", where, " ".join(sent.levels), sent.wave, *_around(1.0))
    for plant, (a, b) in SEAMS.items():
        yield Row(plant, "seam", f"{a} {b}", "", "", *_around(1.0))
    for plant, (barrier, units) in BANDS_ONLY.items():
        yield Row(plant, "bands", f"{' '.join(units)} {barrier}", "", "", 1, 1)
    yield Row("P12", "hidden", "F4", "", "", 1, 1)
    yield Row("P12", "safe", "F4", "", "", 1, 1)
    for trial, verdicts in TRIALS.items():
        for verdict, expected in verdicts.items():
            yield Row(trial, "verdict", trial, verdict, "", *_around(expected))
    yield Row("T6", "verdict", "T6", "too_few", "", 1, 1)
    for trap in TRAPS:
        yield Row(trap, "trap", "", "", "", 1 - WIDTH if trap in RARELY else 1, 1)
    for measure in ("barrier_share", "behaviour_level"):
        yield Row("", "covered", measure, "", "", 0.93, 1)
    # Wrong = another place than the planted shares have; undecided is never wrong.
    yield Row("", "level", "FK", "", "", 0, 0.07)


ROWS: Final = tuple(sorted([*_marks(), *_rest()], key=lambda row: (row.id or "~", row.wave)))
