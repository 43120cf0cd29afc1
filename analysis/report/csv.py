"""A release as a table: UTF-8 with BOM, semicolons, one row per published cell, no live formula."""

import csv
from collections.abc import Iterator
from io import StringIO
from typing import Final

from msgspec import UNSET

from analysis.findings import Cell, Release
from analysis.wording import sentences
from analysis.wording.voice import Voice

# What a table program would calculate; it reads full-width signs as the plain ones.
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
BOM: Final = "\ufeff"


def release_csv(release: Release, *units: str | None, voice: Voice) -> bytes:
    """The cells of units and of those below them; without a unit, of the whole release.

    A hidden cell is a row with its status and nothing else, whatever the reason.
    """
    out = StringIO()
    out.write(BOM)
    table = csv.writer(out, delimiter=";")
    table.writerow(headings(voice))
    for row in rows(release, voice, *units):
        table.writerow([_safe(one) for one in row])
    return out.getvalue().encode()


def headings(voice: Voice) -> tuple[str, ...]:
    """The columns of a table of cells."""
    _ = voice.gettext
    return (
        _("wave"),
        _("unit"),
        _("name"),
        _("behaviour"),
        _("measure"),
        _("item"),
        _("text"),
        _("base"),
        _("status"),
        _("answers"),
        _("invited"),
        _("value"),
        _("value to"),
        _("low"),
        _("high"),
        _("limit"),
        _("word"),
        _("word to"),
        _("stands out"),
        _("change"),
    )


def rows(release: Release, voice: Voice, *units: str | None) -> Iterator[tuple[object, ...]]:
    """One row per cell under `headings`: texts, whole numbers, and None where nothing is said."""
    for cell in _cells(release, *units):
        yield _row(release, cell, voice)


def _cells(release: Release, *units: str | None) -> Iterator[Cell]:
    if not units or None in units:
        yield from release.cells
        return
    inside = {*units}
    for one in release.units:  # parents come before their children
        if one.parent in inside:
            inside.add(one.unit)
    yield from (cell for cell in release.cells if cell.unit in inside)


def _row(release: Release, cell: Cell, voice: Voice) -> tuple[object, ...]:
    named = None if cell.unit is None else release.unit(cell.unit)
    about = (
        release.wave,
        cell.unit,
        None if named is None else named.name,
        cell.behaviour,
        cell.measure,
        _item(cell),
        _text(cell, voice),
        cell.base,
    )
    if cell.status != "shown":
        return (*about, "hidden", *[None] * 11)
    change = None if cell.change is None else cell.change.verdict or cell.change.bands
    count = cell.n if cell.n is not None else (cell.n_band or "").replace("-", "–")
    return (
        *about,
        "shown",
        count,
        cell.N,
        cell.value,
        cell.value_to,
        cell.low,
        cell.high,
        cell.clip,
        cell.band,
        cell.band_to,
        voice.gettext("yes") if cell.marked else None,
        change,
    )


def _item(cell: Cell) -> str | None:
    """The item, with what it is crossed with: profession, barrier or trial."""
    crossed = None if cell.cross is UNSET else cell.cross["profession"]
    parts = [cell.item, crossed, *(x for x in (cell.barrier, cell.trial) if x is not UNSET)]
    return " · ".join(str(one) for one in parts if one) or None


def _text(cell: Cell, voice: Voice) -> str | None:
    if cell.measure in ("barrier_share", "priority_share") and cell.item is not None:
        return sentences.name(voice, cell.item)
    if cell.measure == "resolver_share" and cell.item is not None:
        return sentences.address_name(voice, cell.item)
    return None


def _safe(value: object) -> object:
    """Text that a table program would take for a formula gets an apostrophe; numbers stay."""
    if isinstance(value, str) and value.lstrip(" \u00a0").startswith(FORMULA):
        return f"'{value}"
    return value
