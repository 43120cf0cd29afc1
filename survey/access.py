"""Who may see what: one rule on the actor, guards that ask it; what is not named is refused."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from survey import organisation
from survey.errors import N_, KernepulsError, NotFoundHere
from survey.texts import Language

Connection: TypeAlias = ASGIConnection[Any, Any, Any, Any]


class NotSignedIn(KernepulsError):
    """Answered the same for every address, so it tells nothing about what exists."""

    status = 401
    sentence = N_("You are not signed in. Nothing was changed. Sign in and try again.")


class SetUpFirst(KernepulsError):
    """The account has to have one-time codes, and nothing opens before they are set up."""

    status = 403
    sentence = N_("Set up one-time codes first, under Account. Nothing was changed.")


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


def actor_of(connection: Connection) -> Actor | None:
    """The signed-in account, or None: also where no session was looked for."""
    found = connection.scope.get("user")
    return found if isinstance(found, Actor) else None


def signed_in(connection: Connection, _: BaseRouteHandler) -> None:
    """Let through every account."""
    _actor(connection)


def owns_account(connection: Connection, _: BaseRouteHandler) -> None:
    """Let through every account to its own page, where one-time codes are set up."""
    if actor_of(connection) is None:
        raise NotSignedIn


def reads_log(connection: Connection, _: BaseRouteHandler) -> None:
    """Let through those who look after the log of what staff did."""
    if not _actor(connection).may_read_log:
        raise NotFoundHere


def reads_results(connection: Connection, _: BaseRouteHandler) -> None:
    """Let through those who may see any result at all; the administrator may not."""
    if not _actor(connection).may_read_results:
        raise NotFoundHere


def reads_waves(connection: Connection, _: BaseRouteHandler) -> None:
    """Let through those who plan waves or approve their settings."""
    if not _actor(connection).may_read_waves:
        raise NotFoundHere


def plans(connection: Connection, _: BaseRouteHandler) -> None:
    """Let through those who prepare waves."""
    if not _actor(connection).may_plan:
        raise NotFoundHere


def agrees(connection: Connection, _: BaseRouteHandler) -> None:
    """Let through the works committee, which agrees to waves."""
    if not _actor(connection).may_agree:
        raise NotFoundHere


def tries(connection: Connection, _: BaseRouteHandler) -> None:
    """Let through those who write trial actions; which units is asked where the trial is known."""
    if not _actor(connection).may_try:
        raise NotFoundHere


def keeps_accounts(connection: Connection, _: BaseRouteHandler) -> None:
    """Let through those who look after accounts."""
    if not _actor(connection).may_keep_accounts:
        raise NotFoundHere


def reads_unit(connection: Connection, _: BaseRouteHandler) -> None:
    """Let through those who may read the unit in the path.

    Answers "not found" rather than "forbidden": that a unit exists is news too.
    """
    if not _actor(connection).may_read(connection.path_params["unit"]):
        raise NotFoundHere


def reads_report(connection: Connection, _: BaseRouteHandler) -> None:
    """Let through those who may read the unit in the path and every unit below it."""
    if not _actor(connection).may_read_below(connection.path_params["unit"]):
        raise NotFoundHere


def reads_across(connection: Connection, _: BaseRouteHandler) -> None:
    """Let through those who may have a report of several units that lie apart."""
    if not _actor(connection).may_read_across:
        raise NotFoundHere


def _actor(connection: Connection) -> Actor:
    actor = actor_of(connection)
    if actor is None:
        raise NotSignedIn
    if actor.set_up_first:
        raise SetUpFirst
    return actor
