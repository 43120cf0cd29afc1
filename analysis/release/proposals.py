"""From marked cells to proposals: one finding per pattern, who can remove it, what to try first."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Final, Literal, TypeAlias, get_args

from analysis.findings import Address, Cell, Pair, Proposal
from analysis.frames import Tree
from analysis.release.cells import Rows

Told: TypeAlias = dict[str, dict[int, bool]]  # barrier, unit, whether it is marked

TWO_UNITS: Final = frozenset({"SILO", "VID"})  # barriers that two units may own together
WIDE: Final = frozenset({"OKO", "MAAL", "REGL"})  # terms that are set for several centres at once
ORDER: Final[tuple[Address, ...]] = ("council_law", "two_units", "board", "managers", "unit")
UNIT: Final[tuple[Address, ...]] = ("unit",)  # where no row of the pattern holds
KINDS_PER_FINDING: Final = 3
READ: Final = frozenset({"barrier_share", "resolver_share", "safe_share"})  # by `Patterns`
UNSAFE_BELOW: Final = 40  # per cent who know who can say yes
# The middle of a band and of its people, for the order of the findings alone.
BAND_MIDDLE: Final = {"half_or_less": 25, "over_half": 75, "few": 12, "some": 50, "nearly_all": 88}
PEOPLE_MIDDLE: Final = {"5-7": 6, "8-19": 13}


@dataclass(frozen=True)
class TrialKind:
    """A kind of trial in the catalogue of barriers: for whom, how long, and what comes before."""

    id: str
    barrier: str
    level: str
    weeks: int
    start_with: str | None = None


@dataclass(frozen=True)
class Finding:
    """A barrier that stands out at a unit, with who can remove it and why."""

    u: int
    barrier: str
    address: Address
    also: tuple[Address, ...]
    partners: tuple[str, ...]
    why: tuple[str, ...]
    covered: int  # n times per cent, as displayed


@dataclass(frozen=True)
class Patterns:
    """The marks of one wave on its tree."""

    tree: Tree
    cells: dict[tuple[str, str, str | None], Cell]
    pairs: Sequence[Pair]
    # The barriers whose variance verdict is organisation, with their behaviour or None for all.
    everywhere: frozenset[tuple[str | None, str]] = frozenset()
    behaviour: str | None = None  # where only the units asked about this one are read

    @cached_property
    def barriers(self) -> list[str]:
        root = self.tree.codes[0]
        return [item for unit, measure, item in self.cells
                if unit == root and measure == "barrier_share" and item]  # fmt: skip

    @cached_property
    def told(self) -> Told:
        """Per barrier the units with a shown cell, and whether it is marked."""
        return self._told_by.get(self.behaviour, {})

    @cached_property
    def _told_by(self) -> dict[str | None, Told]:
        """`told` of each behaviour, and of all."""
        by: dict[str | None, Told] = defaultdict(lambda: defaultdict(dict))
        everybody, place = by[None], self.tree.place
        for (unit, measure, item), cell in self.cells.items():
            if measure == "barrier_share" and item and cell.status == "shown":
                u, is_marked = place[unit], cell.marked is True
                everybody[item][u] = is_marked
                if cell.behaviour is not None:
                    by[cell.behaviour][item][u] = is_marked
        return by

    def about(self, behaviour: str) -> "Patterns":
        """The same, from the units alone that are asked about one behaviour and no other."""
        made = replace(self, behaviour=behaviour)
        vars(made)["_told_by"] = self._told_by  # worked out once for all of them
        return made

    def read(self, u: int, measure: str, item: str | None) -> Cell | None:
        """The cell of a unit, shown or hidden."""
        cell = self.cells.get((self.tree.codes[u], measure, item))
        return cell if cell is not None and self.behaviour in {None, cell.behaviour} else None

    def cell(self, u: int, measure: str, item: str | None) -> Cell | None:
        """The shown cell of a unit."""
        cell = self.read(u, measure, item)
        return cell if cell is not None and cell.status == "shown" else None

    @cached_property
    def _marked(self) -> dict[str, list[int]]:
        return {
            barrier: sorted(u for u, is_marked in told.items() if u and is_marked)
            for barrier, told in self.told.items()
        }

    def marked(self, barrier: str) -> Sequence[int]:
        """The marked units below the root, in the order of the tree."""
        return self._marked.get(barrier, ())

    def shared(self, u: int, barrier: str) -> tuple[int, int]:
        """How many of the units straight below with a shown cell are marked, and of how many."""
        told = self.told.get(barrier, {})
        reporting = [told[child] for child in self.tree.children(u) if child in told]
        return sum(reporting), len(reporting)

    def half_below(self, u: int, barrier: str) -> bool:
        marked, reporting = self.shared(u, barrier)
        return 2 * marked >= reporting

    def findings(self) -> list[Finding]:
        """One per pattern: the highest marked unit that half of its reporting children share."""
        found = [
            self._finding(u, barrier) for barrier in self.barriers for u in self._heads(barrier)
        ]
        return sorted(found, key=lambda f: (-f.covered, self.tree.codes[f.u], f.barrier))

    def _heads(self, barrier: str) -> list[int]:
        heads: list[int] = []
        covered_to = 0
        for u, next_marked in pairwise((*self.marked(barrier), len(self.tree.codes))):
            if u < covered_to:
                continue
            alone = next_marked >= self.tree.end[u]
            if alone or self.half_below(u, barrier):
                heads.append(u)
                covered_to = int(self.tree.end[u])
        return heads

    def _finding(self, u: int, barrier: str) -> Finding:
        why = self.rows(u, barrier)
        address, *also = tuple(why) or UNIT
        top = self.top_resolver(u)
        staff = ("staff",) if top is not None and top != address else ()
        why_told = ("marked", *why.values(), *staff)
        partners = self._partners(u, barrier)
        covered = self._covered(u, barrier)
        return Finding(u, barrier, address, tuple(also), partners, why_told, covered)

    def rows(self, u: int, barrier: str) -> dict[Address, str]:
        """The addresses that the pattern around a marked unit points to, in order, and why."""
        why: dict[Address, str | None] = {
            "two_units": "pair" if self._partners(u, barrier) else None,
            "board": self._set_above(u, barrier),
            "managers": "children" if self._shared_above(u, barrier) else None,
        }
        return {address: reason for address in ORDER if (reason := why.get(address))}

    def _set_above(self, u: int, barrier: str) -> str | None:
        """Why the terms are the same for all: marked in two centres, or the same everywhere."""
        if barrier in self._in_two_centres:
            return "two_centres"
        cell = self.read(u, "barrier_share", barrier)
        about = (None, cell.behaviour if cell else None)
        is_common = any((behaviour, barrier) in self.everywhere for behaviour in about)
        return "organisation" if is_common else None

    def _partners(self, u: int, barrier: str) -> tuple[str, ...]:
        """The other ends of pairs named from both sides, at the unit or above or below it."""
        if barrier not in TWO_UNITS:
            return ()
        near = {self.tree.codes[v] for v in (u, *self.tree.above(u), *self.tree.below(u))}
        ends = {
            other
            for pair in self.pairs
            for end, other in ((pair.a, pair.b), (pair.b, pair.a))
            if pair.both_sides and end in near
        }
        return tuple(sorted(ends))

    @cached_property
    def _in_two_centres(self) -> frozenset[str]:
        """The barriers marked at two centres, or, of those set above, anywhere in two."""
        centres: dict[str, set[int]] = {}
        for barrier in self.told:
            for u in self.marked(barrier):
                *_, centre = [u, *self.tree.above(u)[:-1]]
                if centre == u or barrier in WIDE:
                    centres.setdefault(barrier, set()).add(centre)
        return frozenset(barrier for barrier, found in centres.items() if len(found) >= 2)

    def _shared_above(self, u: int, barrier: str) -> bool:
        """Half of a centre's or department's children are marked, at least two.

        At the unit, above it, or below it where the finding speaks for them.
        """
        for v in (u, *self.tree.above(u), *self.tree.below(u)):
            marked, reporting = self.shared(v, barrier)
            if v and marked >= 2 and 2 * marked >= reporting:
                return True
        return False

    def top_resolver(self, u: int) -> Address | None:
        """Who most of the staff point to, as displayed; None where it is hidden or shared."""
        told = {who: told_per_cent(cell) for who in get_args(Address)
                if (cell := self.cell(u, "resolver_share", who)) is not None}  # fmt: skip
        known = {who: value for who, value in told.items() if value is not None}
        if not known:
            return None
        most = max(known.values())
        top = [who for who, value in known.items() if value == most]
        return top[0] if len(top) == 1 else None

    def _covered(self, u: int, barrier: str) -> int:
        cell = self.cells[self.tree.codes[u], "barrier_share", barrier]
        people = cell.n if cell.n is not None else PEOPLE_MIDDLE.get(cell.n_band or "", 0)
        return people * (told_per_cent(cell) or 0)

    def unsafe(self, u: int) -> bool:
        """Whether few of the unit know who can say yes to a trial."""
        cell = self.cell(u, "safe_share", "safe_c")
        middle = told_per_cent(cell) if cell is not None else None
        return middle is not None and middle < UNSAFE_BELOW


def patterns_in(tree: Tree, rows: Rows, pairs: Sequence[Pair]) -> Patterns:
    """The marks of a wave, with the cells beside them that an address or a kind hangs on."""
    read: dict[tuple[str, str, str | None], Cell] = {
        (unit, cell.measure, cell.item): cell
        for u, unit in enumerate(tree.codes)
        for cell in rows[u]
        if cell.measure in READ
    }
    return Patterns(tree, read, pairs)


def told_per_cent(cell: Cell) -> int | None:
    """The displayed value as one per cent; None where nothing can be told."""
    if cell.clipped_at is not None:
        return cell.clipped_at
    if cell.value is not None:
        return (cell.value + (cell.value if cell.value_to is None else cell.value_to)) // 2
    if cell.band is not None:
        return (BAND_MIDDLE[cell.band] + BAND_MIDDLE[cell.band_to or cell.band]) // 2
    return None


def proposals_of(patterns: Patterns, catalogue: Sequence[TrialKind]) -> tuple[Proposal, ...]:
    """Up to three kinds of trial per finding, most people covered first, one row per kind.

    Without a kind in the catalogue the finding stands alone, with `kind` null.
    """
    rows = []
    for finding in patterns.findings():
        kinds = kinds_for(finding, catalogue, unsafe=patterns.unsafe(finding.u))
        risk: Literal["law_consent_medicine"] | None = (
            None if finding.address == "council_law" else "law_consent_medicine"
        )
        rows += [
            Proposal(
                patterns.tree.codes[finding.u],
                finding.barrier,
                finding.address,
                finding.also,
                finding.partners,
                kind=kind,
                why=finding.why,
                risk=risk,
            )
            for kind in kinds or [None]
        ]
    return tuple(rows)


def kinds_for(
    finding: Finding, catalogue: Sequence[TrialKind], *, unsafe: bool
) -> list[str | None]:
    """The kinds that suit a finding: for its address first, backing before others, the shortest.

    Where few know who can say yes, a kind that builds on another waits until that one has run.
    """
    kinds = [kind for kind in catalogue if kind.barrier == finding.barrier]
    backing = {kind.start_with for kind in kinds}
    fitting = [kind for kind in kinds if not (unsafe and kind.start_with)]
    wanted = (finding.address, *finding.also)
    fitting.sort(
        key=lambda kind: (
            wanted.index(kind.level) if kind.level in wanted else len(wanted),
            not (unsafe and kind.id in backing),
            kind.weeks,
            kind.id,
        )
    )
    return [kind.id for kind in fitting[:KINDS_PER_FINDING]]
