"""How a displayed class is said in a cell: its value or band, its people and its interval."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from msgspec.structs import replace

from analysis.disclosure import BANDS_BELOW, Classes, group_band, step_and_ends
from analysis.disclosure.joining import Tables
from analysis.estimate import share_ends
from analysis.findings import Base, Cell
from analysis.release.counts import Item

Ints = np.typing.NDArray[np.int64]

IN_STEPS: Final[tuple[Base, ...]] = ("A", "trial")  # the bases whose n is never exact


def hidden(item: Item) -> Cell:
    """A cell without its place that tells nothing, whatever the reason."""
    return Cell(
        unit=None,
        behaviour=None,
        measure=item.measure,
        item=item.item,
        base=item.base,
        status="hidden",
        N=None,
    )


def said(item: Item, classes: Classes, first: int, last: int) -> Cell:
    """A cell without its place: the classes from `first` to `last` as they are said.

    A value, a clip or a band; open where nothing is left to tell. The interval is not filled in.
    """
    end = len(classes.names) - 1
    exact = classes.n >= BANDS_BELOW and item.base not in IN_STEPS
    cell = Cell(
        unit=None,
        behaviour=None,
        measure=item.measure,
        item=item.item,
        base=item.base,
        status="shown",
        N=None,
        display="band" if classes.is_band else "percent",
        n=classes.n if exact else None,
        n_band=None if exact else group_band(classes.n, item.width),
        flags=("few",) if classes.is_band else (),
    )
    if first == 0 and last == end:
        return replace(cell, display="open")
    if classes.is_band:
        band, to = classes.bands[first], classes.bands[last]
        return replace(cell, band=band, band_to=to if to != band else None)
    value, to_value = classes.per_cents[first], classes.per_cents[last]
    if first == 0:
        return replace(cell, clip=f"at_most_{to_value}")
    if last == end:
        return replace(cell, clip=f"at_least_{value}")
    return replace(cell, value=value, value_to=to_value if last > first else None)


class Sayings:
    """What is said of the items of one base, made once for equal people and classes."""

    def __init__(self, items: Sequence[Item], n: Ints, tables: Tables) -> None:
        self._items = items
        self._classes: dict[tuple[int, int], Classes] = {}
        for people in np.unique(n).tolist():
            for classes, places in tables(people):
                self._classes.update(((people, i), classes) for i in places.tolist())
        self._ends = _intervals(
            {(n, _read_n(n, items[i])): classes for (n, i), classes in self._classes.items()}
        )

    def cell(self, n: int, i: int, first: int, last: int) -> Cell:
        """The cell of item `i` among n people, without its place."""
        item = self._items[i]
        cell = said(item, self._classes[n, i], first, last)
        if cell.value is None:
            return cell
        low, high = self._ends[n, _read_n(n, item)]
        return replace(cell, low=int(low[first]), high=int(high[last]))

    def rows(self, n: Ints, first: Ints, last: Ints) -> list[list[Cell]]:
        """The cells of all items, row by item; what is said alike is one object.

        `n` is the people of each row, `first` and `last` are the displayed classes.
        """
        asked = np.broadcast_arrays(n[:, None], np.arange(len(self._items)), first, last)
        sizes = [int(part.max(initial=0)) + 1 for part in asked]
        each, at = np.unique(np.ravel_multi_index(asked, sizes), return_inverse=True)
        cells = [self.cell(*key) for key in np.stack(np.unravel_index(each, sizes), 1).tolist()]
        places: Ints = at.reshape(first.shape)
        return [[cells[one] for one in row] for row in places.tolist()]


def _read_n(n: int, item: Item) -> int:
    """The n an interval is computed from: what a reader can see, the first of a band."""
    return n - n % item.width if item.base in IN_STEPS else n


def _intervals(wanted: dict[tuple[int, int], Classes]) -> dict[tuple[int, int], tuple[Ints, Ints]]:
    """Per n and n read: the published low and high end of each class, all in one expression."""
    percents = {key: classes for key, classes in wanted.items() if not classes.is_band}
    if not percents:
        return {}
    value = np.concatenate([np.array(c.names, dtype=float) for c in percents.values()])
    sizes = [len(c.names) for c in percents.values()]
    n = np.repeat(np.array([read for _, read in percents], dtype=float), sizes)
    step = np.repeat(np.array([step_and_ends(people)[0] for people, _ in percents], float), sizes)
    low, high = share_ends(value, n, step)
    cuts = np.cumsum(sizes)[:-1]
    return dict(
        zip(percents, zip(np.split(low, cuts), np.split(high, cuts), strict=True), strict=True)
    )
