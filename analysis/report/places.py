"""Where units lie in the tree of a release: their order, and which lies below which."""

from collections.abc import Iterator, Sequence

from analysis.findings import Release, ReleasedUnit


def apart(release: Release, units: Sequence[ReleasedUnit]) -> list[ReleasedUnit]:
    """Without those that lie below another of them."""
    known = {unit.unit for unit in units}
    return [unit for unit in units if known.isdisjoint(_above(release, unit))]


def in_order(release: Release) -> Iterator[ReleasedUnit]:
    """Every unit in the order of the organisation, each under its parent."""
    for one in release.units:
        if one.parent is None:
            yield one
            yield from under(release, one.unit)


def _above(release: Release, unit: ReleasedUnit) -> Iterator[str]:
    while unit.parent is not None and (over := release.unit(unit.parent)) is not None:
        yield over.unit
        unit = over


def under(release: Release, code: str) -> tuple[ReleasedUnit, ...]:
    found: list[ReleasedUnit] = []
    for one in release.below(code):
        found.append(one)
        found.extend(under(release, one.unit))
    return tuple(found)
