"""The card of a trial action, and what makes one unusable: checked where it is written."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Final

from survey.errors import N_, BadInput, KernepulsError
from survey.insight.printed import Kind, NameOfAPerson, wrong_text

# These stand in reports, the scope in the library of what was learned.
PRINTED: Final = ("name", "scope", "learning_question")
TEXTS: Final = (
    *("name", "scope", "target_group", "learning_question", "citizen_gain"),
    *("stop_doing", "owner_role", "backing"),
)
# Every field that `trial_card.required` of the content asks for, with the short name and the unit.
REQUIRED: Final = (
    *("name", "owners", "barrier", "scope", "starts", "ends", "target_group"),
    *("learning_question", "citizen_gain", "stop_date", "owner_role"),
)
AT_MOST: Final = 2  # units that own a trial together


class RoleWanted(BadInput):
    sentence = N_("Write a role here, as “team coordinator”. The team finds out who it is.")


class EndsBeforeStart(BadInput):
    sentence = N_("The last day must be after the first.")


class StopsBeforeStart(BadInput):
    sentence = N_("It must stop after it has begun.")


class TooManyOwners(BadInput):
    sentence = N_("One unit or two can own a trial action. Choose at most two.")


@dataclass(frozen=True, slots=True)
class Card:
    """What a team writes before it tries; "" and None where nothing is written yet."""

    name: str
    owners: tuple[str, ...]
    barrier: str = ""
    scope: str = ""
    starts: date | None = None
    ends: date | None = None
    stop_date: date | None = None
    target_group: str = ""
    learning_question: str = ""
    citizen_gain: str = ""
    stop_doing: str = ""
    owner_role: str = ""
    backing: str = ""

    @property
    def columns(self) -> dict[Any, Any]:
        """The columns of a trial action: an empty text is none."""
        values = {name: value or None for name, value in asdict(self).items() if name != "owners"}
        return {**values, "name": self.name, "weeks": weeks(self.starts, self.ends)}

    def missing(self) -> tuple[str, ...]:
        """The fields that must be filled in before it is agreed."""
        return tuple(name for name in REQUIRED if not getattr(self, name))

    def problems(self, *, units: Iterable[str] = ()) -> dict[str, KernepulsError]:
        """What is wrong, by field; `units` are the names of units, which may be a person's."""
        found: dict[str, KernepulsError] = {}
        if len(set(self.owners)) > AT_MOST:
            found["owners"] = TooManyOwners()
        found |= wrong_period(self.starts, self.ends, self.stop_date)
        for name in TEXTS:
            kind: Kind = "report" if name in PRINTED else "inside"
            problem = wrong_text(getattr(self, name), kind, units=units)
            if problem is not None:
                is_role = name == "owner_role" and isinstance(problem, NameOfAPerson)
                found[name] = RoleWanted() if is_role else problem
        return found


def card_of(trial: Mapping[str, Any], owners: tuple[str, ...]) -> Card:
    """The card of a row of trial actions."""
    values: dict[str, Any] = {name: trial[name] or "" for name in (*TEXTS, "barrier")}
    values |= {name: trial[name] for name in ("starts", "ends", "stop_date")}
    return Card(owners=owners, **values)


def weeks(starts: date | None, ends: date | None) -> int | None:
    """How many weeks a period is, both days counted; at least one."""
    if starts is None or ends is None:
        return None
    return max(1, round(((ends - starts).days + 1) / 7))


def wrong_period(
    starts: date | None, ends: date | None, stop_date: date | None
) -> dict[str, KernepulsError]:
    found: dict[str, KernepulsError] = {}
    if starts and ends and ends <= starts:
        found["ends"] = EndsBeforeStart()
    if starts and stop_date and stop_date <= starts:
        found["stop_date"] = StopsBeforeStart()
    return found
