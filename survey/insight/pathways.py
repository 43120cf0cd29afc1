"""The report of several units that lie apart, for a bridge-builder: released cells alone."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import replace

from analysis.findings import Release, ReleasedUnit
from analysis.report import Facts, NotApart
from analysis.report import pathway_report as written
from analysis.report.places import apart, in_order
from survey import texts
from survey.actor import Role
from survey.errors import N_, BadInput
from survey.insight.releases import stored_release, waves_with_release
from survey.insight.reports import assets, stopped
from survey.settings import Settings
from survey.tables import Account, AccountUnit
from survey.texts import Language, Voice


class UnitsNotApart(BadInput):
    sentence = N_(
        "A report across units needs two or more that do not lie below each other. Nothing was "
        "written. Name others, or make the report of the one above."
    )


BETWEEN = ","  # the codes of a set of units, as an address and a command name it


def pathway_file(
    settings: Settings, *, wave: str, unit: str, language: Language, facts: Facts
) -> bytes:
    """The PDF from stored releases and facts alone: needs no database, so a worker can make it.

    `unit` is the codes of the units, with commas between. Raises as `report_file` does, and
    `UnitsNotApart`.
    """
    earlier = tuple(
        stored_release(settings, one) for one in waves_with_release(settings) if one < wave
    )
    try:
        with stopped(wave=wave, unit=unit):
            return written(
                stored_release(settings, wave),
                unit.split(BETWEEN),
                voice=Voice(language),
                render=lambda name, context: texts.render(name, language, context),
                assets=assets("report.css"),
                facts=replace(facts, earlier=earlier),
            )
    except NotApart as error:
        raise UnitsNotApart from error


def told_across(
    release: Release, sets: Iterable[Collection[str]]
) -> tuple[tuple[ReleasedUnit, ...], ...]:
    """Of each set what a report across units is about: those of the wave that lie apart, if two."""
    found = []
    for codes in sets:
        units = apart(release, [one for one in in_order(release) if one.unit in codes])
        if len(units) > 1:
            found.append(tuple(units))
    return tuple(dict.fromkeys(found))


async def pathways() -> tuple[tuple[str, ...], ...]:
    """Each set of units that a bridge-builder holds, once, by the order of their codes."""
    builders = Account.select(Account.id).where(
        Account.role == Role.BRIDGE_BUILDER.value,
        Account.active == True,  # noqa: E712 - a column, not a value
    )
    active = {row["id"] for row in await builders}
    held: dict[int, set[str]] = defaultdict(set)
    for row in await AccountUnit.select(
        AccountUnit.account, AccountUnit.unit.code.as_alias("code")
    ):
        if row["account"] in active:
            held[row["account"]].add(row["code"])
    return tuple(sorted({tuple(sorted(codes)) for codes in held.values() if len(codes) > 1}))
