"""Rule R11: the pattern of a wave is frozen with its hash. Here it is taken again from the file."""

from collections.abc import Sequence
from hashlib import sha256

import msgspec
import numpy as np

from analysis.findings.columns import Row
from analysis.release.audit.tables import BASES, Table


def pattern_hash(tables: Sequence[Table]) -> str | None:
    """The hash of what is shown; None where nothing is asked on a base, so that no cell tells it.

    Units of A and S in the order of the tree. Of Y behaviour by behaviour, the whole scope before
    its units. Crossed rows, where there are any, as centre and profession in the order of the file.
    """
    of_base = {table.base: table for table in tables if table.barrier is None}
    if not of_base.keys() >= BASES.keys():
        return None
    shown = {base: _shown(of_base[base]) for base in BASES}
    crossed = [row for row in of_base["S"].cells.rows.values if row[2] and row in shown["S"]]
    about = shown["Y"]
    rows = {**shown, "Y": sorted(about, key=lambda row: about[row])}
    pattern: dict[str, object] = {
        base: [unit or scope for unit, scope, profession in of if profession is None]
        for base, of in rows.items()
    }
    if crossed:
        pattern["crossed"] = [(unit, profession) for unit, _, profession in crossed]
    return sha256(msgspec.json.encode(pattern, order="sorted")).hexdigest()


def _shown(table: Table) -> dict[Row, str]:
    """The shown rows in the order of the table, each with the behaviour that its cells are of."""
    return {
        table.rows[u]: table.cells.cells[int(table.at[u].max())].behaviour or ""
        for u in np.flatnonzero(table.shown.any(axis=1)).tolist()
    }
