"""Trial actions in, from a file with the TRIALS columns and what a page shows of each."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from survey import audit
from survey.engine import transaction
from survey.importing.cells import masked
from survey.importing.mapping import TRIALS
from survey.importing.reading import Line, Table
from survey.importing.refusals import (
    CellMissing,
    PrintedCellBad,
    RowTooLong,
    UnitNotInTree,
    ValueUnknown,
)
from survey.importing.unitfile import nearest
from survey.insight.printed import wrong_text
from survey.tables import Behaviour, TrialAction, TrialUnit, Unit

ROLES: Final = {"units": "tried", "comparison": "comparison", "units_added_later": "added"}
BARRIERS: Final = ("SILO", "OKO", "TID", "KOMP", "VID", "FAG", "KULT", "REGL", "MAAL", "FEJL")
PRINTED: Final = ("scope", "learning_question", "what_we_learned")  # in the report
ALLOWED: Final = {
    "barrier": ("", *BARRIERS),
    "randomised": ("", "true", "false"),
    "decision": ("", "stopped", "adjusted", "scaled"),
    "practice_state": ("", "practice_shift", "embedded"),
}


async def import_trials(table: Table, *, by: int | None) -> int:
    """Save the trial actions of a table, those with a known code over what was there; how many."""
    if table.mapping.kind != TRIALS.name:
        raise ValueError("the table was read as another kind of file")
    if table.ragged:
        raise RowTooLong(row=table.ragged[0])
    async with transaction():
        units = {row["code"]: row["id"] for row in await Unit.select(Unit.id, Unit.code)}
        behaviours = {
            row["code"]: row["id"] for row in await Behaviour.select(Behaviour.id, Behaviour.code)
        }
        for line in table.lines:
            cell = _cells(table, line, units, behaviours)
            values = _values(cell, behaviours)
            if await TrialAction.exists().where(TrialAction.code == cell["trial"]):
                await TrialAction.update(values).where(TrialAction.code == cell["trial"])
            else:
                await TrialAction.insert(TrialAction(code=cell["trial"], **values))
            await _set_units(cell, units)
        await audit.record(by=by, what="imported trials", on_what=str(len(table.lines)))
    return len(table.lines)


def _cells(
    table: Table, line: Line, units: Mapping[str, int], behaviours: Mapping[str, int]
) -> dict[str, str]:
    """The cells by column, all known and allowed; raises with row and column otherwise."""
    where: Callable[[str], dict[str, Any]] = lambda column: {  # noqa: E731
        "row": line.number,
        "column": table.mapping.heading(column),
    }
    cell = dict.fromkeys(TRIALS.columns, "")
    cell |= {name: line.cells[at].strip() for name, at in table.mapping.places.items()}
    for column in ("trial", "units", "start_wave", "scope"):
        if not cell[column]:
            raise CellMissing(**where(column))
    known = {**ALLOWED, "behaviour": ("", *behaviours)}
    for column, allowed in known.items():
        if cell[column] not in allowed:
            raise ValueUnknown(
                **where(column),
                value=masked(cell[column]),
                allowed=", ".join(filter(None, allowed)),
            )
    if cell["weeks"] and not cell["weeks"].isdigit():
        raise ValueUnknown(**where("weeks"), value=masked(cell["weeks"]), allowed="1-52")
    for column in PRINTED:
        if problem := wrong_text(cell[column], "report"):
            raise PrintedCellBad(**where(column), problem=problem)
    for column in ROLES:
        for unit in _listed(cell[column]):
            if unit not in units:
                raise UnitNotInTree(
                    **where(column), unit=masked(unit), nearest=nearest(unit, units)
                )
    return cell


def _values(cell: Mapping[str, str], behaviours: Mapping[str, int]) -> dict[Any, Any]:
    optional = (
        *("barrier", "end_wave", "target_group", "learning_question"),
        *("what_we_learned", "decision", "practice_state"),
    )
    return {
        "name": cell["scope"],
        "behaviour": behaviours.get(cell["behaviour"]),
        "start_wave": cell["start_wave"],
        "randomised": cell["randomised"] == "true",
        "weeks": int(cell["weeks"]) if cell["weeks"] else None,
        **{column: cell[column] or None for column in optional},
    }


async def _set_units(cell: Mapping[str, str], units: Mapping[str, int]) -> None:
    trial = (
        await TrialAction.select(TrialAction.id).where(TrialAction.code == cell["trial"]).first()
    )
    at = trial["id"] if trial else 0
    await TrialUnit.delete().where(TrialUnit.trial_action == at)
    members = [
        TrialUnit(trial_action=at, unit=units[unit], role=role)
        for column, role in ROLES.items()
        for unit in _listed(cell[column])
    ]
    await TrialUnit.insert(*members)


def _listed(cell: str) -> list[str]:
    return list(dict.fromkeys(one.strip() for one in cell.split(";") if one.strip()))
