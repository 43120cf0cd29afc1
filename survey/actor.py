"""Who may see what: the one rule, on the actor; the guards of survey.access ask it."""

from dataclasses import dataclass
from enum import StrEnum

from survey import organisation
from survey.texts import Language


class Role(StrEnum):
    """The roles of an account. A respondent has none."""

    COORDINATOR = "coordinator"
    LEADERSHIP_TEAM = "leadership_team"
    BRIDGE_BUILDER = "bridge_builder"
    WORKS_COMMITTEE = "works_committee"
    ADMINISTRATOR = "administrator"

    @property
    def has_units(self) -> bool:
        """True for those who see a part of the tree only, named unit by unit."""
        return self in (Role.LEADERSHIP_TEAM, Role.BRIDGE_BUILDER)


@dataclass(frozen=True, slots=True)
class Actor:
    """A signed-in account, and the part of the tree it sees.

    `own` holds its units and all below; `units` those within reach, which for a leadership team
    are its own and the parents above them.
    """

    account: int
    login: str
    role: Role
    language: Language
    own: frozenset[str] = frozenset()
    units: frozenset[str] = frozenset()
    set_up_first: bool = False  # one-time codes, before anything else opens

    def may_read(self, unit: str) -> bool:
        """May see the unit's own numbers in a Release."""
        match self.role:
            case Role.COORDINATOR | Role.WORKS_COMMITTEE:  # of the Release, once released
                return True
            case Role.LEADERSHIP_TEAM | Role.BRIDGE_BUILDER:
                return unit in self.units
            case _:
                return False

    def may_read_below(self, unit: str) -> bool:
        """May see the unit's report, which holds the units below it too.

        A parent's report shows siblings, so it is not for a leadership team below it.
        """
        return self.may_read(unit) and (not self.role.has_units or unit in self.own)

    @property
    def may_read_across(self) -> bool:
        """May have a report of several units that lie apart: a bridge-builder of the own ones."""
        return self.role in (Role.COORDINATOR, Role.BRIDGE_BUILDER)

    @property
    def may_read_results(self) -> bool:
        return self.role is not Role.ADMINISTRATOR

    @property
    def may_read_waves(self) -> bool:
        return self.role in (Role.COORDINATOR, Role.WORKS_COMMITTEE)

    @property
    def may_read_opened_share(self) -> bool:
        return self.role is Role.COORDINATOR

    @property
    def may_plan(self) -> bool:
        """May prepare, open and close waves: organisation, behaviours, comments, reports."""
        return self.role is Role.COORDINATOR

    @property
    def may_agree(self) -> bool:
        """May say of a planned wave that the works committee agrees, or send it back."""
        return self.role is Role.WORKS_COMMITTEE

    @property
    def may_try(self) -> bool:
        """May write trial actions and send a barrier up, for units within reach."""
        return self.role in (Role.COORDINATOR, Role.LEADERSHIP_TEAM, Role.BRIDGE_BUILDER)

    @property
    def may_keep_accounts(self) -> bool:
        return self.role is Role.ADMINISTRATOR

    @property
    def may_read_log(self) -> bool:
        return self.role in (Role.ADMINISTRATOR, Role.COORDINATOR)


async def reach(role: Role, units: frozenset[str]) -> tuple[frozenset[str], frozenset[str]]:
    """`own` and `units` of an actor who belongs to `units`, by the tree as it is today.

    A unit that has left the tree gives nothing: who has moved on does not look back.
    """
    if not role.has_units or not units:
        return frozenset(), frozenset()
    tree = await organisation.tree(None)
    there = [code for code in units if code in tree]
    own = frozenset(below for code in there for below in tree.below(code))
    if role is Role.BRIDGE_BUILDER:
        return own, own
    above = frozenset(parent for code in there for parent in tree.ancestors(code))
    return own, own | above
