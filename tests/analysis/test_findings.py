"""The release as bytes, and what a reader may take from a cell."""

import json

import pytest
from msgspec.structs import replace

from analysis.findings import (
    AuditRecord,
    Banded,
    Cell,
    Change,
    Clipped,
    Hidden,
    Joined,
    Measured,
    Open,
    Quality,
    Release,
    ReleasedUnit,
    ReleaseRefused,
    Settings,
    decode,
    encode,
    number,
    since_first,
)

CELL = Cell(
    unit="B11",
    behaviour="Ad5",
    measure="barrier_share",
    item="KULT",
    base="S",
    status="shown",
    N=96,
    display="percent",
    n=44,
    value=40,
    low=25,
    high=55,
    marked=True,
    change=Change(against="2026-2", diff=-5, low=-25, high=20, verdict="unclear"),
    flags=(),
)
HIDDEN = Cell(
    unit="F4", behaviour="Ad7", measure="barrier_share", item="REGL", base="S", status="hidden", N=7
)
SCOPE = Cell(
    unit=None,
    behaviour="Ad3",
    measure="behaviour_level",
    item=None,
    base="Y",
    status="hidden",
    N=110,
)
CROSSED = replace(CELL, unit="C", cross={"profession": "sosu-assistenter"}, n=25)


def release(*cells: Cell) -> Release:
    return Release(
        wave="2026-3", earlier=("2026-2",), settings=Settings(),
        units=(ReleasedUnit("B1", None, "Skoler", 0, "same"),
               ReleasedUnit("B11", "B1", "Havneskolen", 1, "same")),
        behaviours=(), cells=cells, levels=(), pairs=(), trials=(), impact=(), proposals=(),
        quality=(Quality("B11", "response", "60_79"),), pattern_sha256="0",
        audit=AuditRecord("pass", 57, 0, "pass", 3),
    )  # fmt: skip


def test_what_is_written_is_read_again() -> None:
    made = release(CELL, HIDDEN, SCOPE, CROSSED)

    found = decode(encode(made))

    assert found.cells == made.cells
    assert encode(found) == encode(made)


def test_a_cut_that_was_left_out_is_named_and_else_there_is_no_such_key() -> None:
    whole = release(CELL)
    dropped = replace(whole, audit=replace(whole.audit, dropped=("profession",)))

    assert "dropped" not in json.loads(encode(whole))["audit"]
    assert json.loads(encode(dropped))["audit"]["dropped"] == ["profession"]
    assert decode(encode(dropped)).audit.dropped == ("profession",)


def test_the_bytes_are_canonical() -> None:
    data = encode(release(CELL))

    assert (
        data
        == json.dumps(
            json.loads(data), sort_keys=True, separators=(",", ":"), ensure_ascii=False
        ).encode()
    )


def test_a_hidden_cell_keeps_its_keys_and_says_nothing() -> None:
    written = json.loads(encode(release(HIDDEN)))["cells"][0]
    said = {key for key, value in written.items() if value is not None}

    assert said == {"unit", "behaviour", "measure", "item", "base", "status", "N"}
    assert "cross" not in written
    assert "since_first" not in written


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data.replace(b'"value":40', b'"value":45'),
        lambda data: data.replace(b",", b", "),
        lambda data: data[:-40],
        lambda data: data.replace(b"kernepuls.release/1", b"kernepuls.release/9"),
        lambda data: data.replace(b'"method":', b'"methods":'),
        lambda data: json.dumps({k: v for k, v in json.loads(data).items() if k != "sha256"}),
        lambda _: b"\xff\xfe",
    ],
    ids=["a number", "spaces", "cut short", "schema", "a key", "no seal", "not text"],
)
def test_a_changed_release_is_refused(spoil) -> None:
    spoiled = spoil(encode(release(CELL)))

    with pytest.raises(ReleaseRefused):
        decode(spoiled if isinstance(spoiled, bytes) else spoiled.encode())


def test_a_cell_is_found_by_what_it_is() -> None:
    made = release(CELL, HIDDEN, SCOPE, CROSSED)

    assert made.cell("B11", "barrier_share", "KULT") is CELL
    assert made.cell(None, "behaviour_level", behaviour="Ad3") is SCOPE
    assert made.cell("C", "barrier_share", "KULT", profession="sosu-assistenter") is CROSSED
    assert made.cell("C", "barrier_share", "KULT") is None
    assert made.cells_of("B11") == (CELL,)
    assert made.cells_of("X") == ()


def test_units_are_found_with_those_below() -> None:
    made = release()

    assert made.unit("B11") == made.units[1]
    assert made.unit("X") is None
    assert made.below("B1") == (made.units[1],)
    assert made.quality_of("B11") == made.quality


AT_MOST = replace(CELL, clip="at_most_5", value=None)
FEW = replace(CELL, display="band", n=None, n_band="8-19", band="few")
COUNTS = {"n": 44, "n_band": None, "N": 96}


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        (CELL, Measured(**COUNTS, share=0.4, low=0.25, high=0.55)),
        (replace(CELL, value_to=50), Joined(**COUNTS, first=0.4, last=0.5, low=0.25, high=0.55)),
        (AT_MOST, Clipped(**COUNTS, end=0.05, direction="at_most")),
        (replace(AT_MOST, clip="at_least_95"), Clipped(**COUNTS, end=0.95, direction="at_least")),
        (FEW, Banded("8-19", 96, "few", None)),
        (replace(CELL, display="open"), Open(**COUNTS)),
        (HIDDEN, Hidden()),
        (None, Hidden()),
        (replace(CELL, clip="about_5"), Hidden()),
        (replace(CELL, clip="at_most_x"), Hidden()),
        (replace(CELL, low=None), Hidden()),
        (replace(CELL, N=None), Hidden()),
        (replace(CELL, display="band"), Hidden()),
    ],
)  # fmt: skip
def test_what_may_be_said_of_a_cell(cell: Cell | None, told: object) -> None:
    assert number(cell) == told


def test_an_unknown_number_is_hidden() -> None:
    assert release(CELL).number("B11", "behaviour_level") == Hidden()
    assert release(CELL).number("B11", "barrier_share", "KULT") == number(CELL)


def test_only_root_and_centres_say_since_the_first_wave() -> None:
    change = Change(against="2026-1", diff=5, low=-5, high=15, verdict="unclear")

    assert since_first(CELL) is None
    assert since_first(replace(CELL, since_first=change)) == change
