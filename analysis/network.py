"""Where work stalls between two parts of the organisation: counts, never a person or a team."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from scipy.special import gammaln

from analysis.frames import Tree

Ints = np.typing.NDArray[np.int64]
Floats = np.typing.NDArray[np.float64]

PART_FROM: Final = 10  # people in the situation on each side
NAMED_FROM: Final = 3  # at least so many name the other part, and at least so many do not
HOW_FROM: Final = 5  # people with the same answer to what happens when it stalls
ROUNDING: Final = 1e-7  # probabilities whose logarithms differ by less are equal


def external_internal(named: Ints) -> float | None:
    """The E-I index of a stall matrix: (external - internal)/all, -1 to 1; None without a stall.

    `named[i, j]`: people of part i who name part j; the diagonal is their own part. Krackhardt and
    Stern (1988), Soc. Psychol. Q. 51: 123-140. To be read beside `expected_external_internal`.
    """
    everything, internal = int(named.sum()), int(np.trace(named))
    return (everything - 2 * internal) / everything if everything else None


def expected_external_internal(n: Ints) -> float | None:
    """The E-I index if everybody named people without looking at parts: 1 - 2Σn(n-1)/(N(N-1)).

    n people in each part, N in all; None for fewer than two people.
    """
    people = int(n.sum())
    if people < 2:
        return None
    return 1 - 2 * int((n * (n - 1)).sum()) / (people * (people - 1))


def asymmetry(named: tuple[int, int], n: tuple[int, int]) -> float | None:
    """How much more of part i names j than the other way: (r_ij - r_ji)/(r_ij + r_ji), -1 to 1.

    r = named/n, the share of those in the situation. None where neither names the other.
    """
    one, other = (k / people for k, people in zip(named, n, strict=True))
    return (one - other) / (one + other) if one + other else None


def fisher(named: Ints, n: Ints) -> Floats:
    """Fisher's exact test of each pair, two-sided: whether its sides name each other alike.

    `named` of the `n` people of either side (pair by side) name the other; K and N are their sums.

        p = Σ P(x) over all x with P(x) <= P(named_a),  P(x) = C(n_a, x) C(n_b, K - x) / C(N, K)

    Checked against scipy.stats.fisher_exact.
    """
    total = named.sum(axis=1)
    x = np.arange(int(n[:, 0].max(initial=0)) + 1)
    other = total[:, None] - x
    possible = (x <= n[:, :1]) & (other >= 0) & (other <= n[:, 1:])
    # C(N, K) is the same for all x: it cancels.
    log = np.where(possible, _log_choose(n[:, :1], x) + _log_choose(n[:, 1:], other), -np.inf)
    seen = np.take_along_axis(log, named[:, :1], axis=1)
    weight = np.exp(log - log.max(axis=1, keepdims=True, initial=-np.inf))
    p: Floats = (weight * (log <= seen + ROUNDING)).sum(axis=1) / weight.sum(axis=1)
    return p


def _log_choose(n: Ints, k: Ints) -> Floats:
    """Logarithm of C(n, k); any number where k is not 0..n."""
    inside = k.clip(0, n)
    log: Floats = gammaln(n + 1) - gammaln(inside + 1) - gammaln(n - inside + 1)
    return log


@dataclass(frozen=True)
class Seam:
    """Two parts, the people in each, how many of each name the other, and what happens then."""

    a: int  # places in the tree, a before b
    b: int
    n: tuple[int, int]
    named: tuple[int, int]
    how: tuple[str, ...]

    @property
    def clear(self) -> tuple[bool, bool]:
        """Whether each side names the other clearly: neither nearly nobody nor nearly all."""
        a, b = (NAMED_FROM <= k <= n - NAMED_FROM for k, n in zip(self.named, self.n, strict=True))
        return a, b


def part_of(tree: Tree) -> Ints:
    """Per unit the place of its part: the level below the centres, or a centre without children."""
    part = np.full(len(tree.codes), -1, dtype=np.int64)
    for u in range(len(tree.codes)):
        if tree.depth[u] == 2 or (tree.depth[u] == 1 and tree.is_leaf[u]):
            part[u] = u
        elif tree.depth[u] > 2:
            part[u] = part[tree.parent[u]]
    return part


def seams(answers: pl.DataFrame, tree: Tree, shown: np.typing.NDArray[np.bool_]) -> list[Seam]:
    """The seams that may be told of: parts shown with n >= 10, named clearly from a side.

    `answers` are those of one wave in the situation; without a stall question there are none.
    """
    if "stall_1" not in answers.columns:
        return []
    place = part_of(tree)
    parts = pl.DataFrame({"unit": tree.codes, "part": place}).filter(pl.col("part") >= 0)
    people = answers.with_row_index("person").join(parts, on="unit")
    n = dict(people.group_by("part").len().iter_rows())
    wide = {part for part, count in n.items() if count >= PART_FROM and shown[part]}
    named = _named(people, parts)
    k = {(i, j): count for i, j, count in named.group_by("part", "other").len().iter_rows()}
    how = _how_between(named)
    edges = sorted({(min(edge), max(edge)) for edge in k})
    found = [
        Seam(
            a, b, (n[a], n[b]), (k.get((a, b), 0), k.get((b, a), 0)),
            _most_common(how.get((a, b), {})),
        )
        for a, b in edges
        if {a, b} <= wide
    ]  # fmt: skip
    return [seam for seam in found if any(seam.clear)]


def _named(people: pl.DataFrame, parts: pl.DataFrame) -> pl.DataFrame:
    """One row per person and other part named: person, part, other, stall_how."""
    stalls = [name for name in ("stall_1", "stall_2") if name in people.columns]
    return (
        people.select("person", "part", *stalls, _how(people))
        .unpivot(stalls, index=["person", "part", "stall_how"], value_name="unit")
        .join(parts.rename({"part": "other"}), on="unit")
        .filter(pl.col("part") != pl.col("other"))
        .unique(["person", "other"], keep="any")
    )


def _how_between(named: pl.DataFrame) -> dict[tuple[int, int], dict[str | None, int]]:
    """Per edge how many say each thing of what happens, in either direction; None: no answer."""
    between = (
        pl.min_horizontal("part", "other").alias("a"),
        pl.max_horizontal("part", "other").alias("b"),
    )
    how: dict[tuple[int, int], dict[str | None, int]] = {}
    for a, b, what, count in named.group_by(*between, "stall_how").len().iter_rows():
        how.setdefault((a, b), {})[what] = count
    return how


def _how(answers: pl.DataFrame) -> pl.Expr:
    if "stall_how" in answers.columns:
        return pl.col("stall_how").cast(pl.String)
    return pl.lit(None, dtype=pl.String).alias("stall_how")


def _most_common(how: dict[str | None, int]) -> tuple[str, ...]:
    """What happens most, told from ten people of whom five say the same; ties by code."""
    if sum(how.values()) < PART_FROM:
        return ()
    counts = sorted((-count, what) for what, count in how.items() if what is not None)
    return (counts[0][1],) if counts and -counts[0][0] >= HOW_FROM else ()
