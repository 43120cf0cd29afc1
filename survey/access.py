"""Guards of the addresses: they ask the one rule on the actor; what is not named is refused."""

from typing import Any, TypeAlias

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from survey.actor import Actor
from survey.errors import N_, KernepulsError, NotFoundHere

Connection: TypeAlias = ASGIConnection[Any, Any, Any, Any]


class NotSignedIn(KernepulsError):
    """Answered the same for every address, so it tells nothing about what exists."""

    status = 401
    sentence = N_("You are not signed in. Nothing was changed. Sign in and try again.")


class SetUpFirst(KernepulsError):
    """The account has to have one-time codes, and nothing opens before they are set up."""

    status = 403
    sentence = N_("Set up one-time codes first, under Account. Nothing was changed.")


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
