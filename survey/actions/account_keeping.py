"""What the administrator does to accounts: invite, change, stop, and lead back in.

An account that is invited has no password until its owner chooses one by a link. The link is
shown once and works once; the database holds its hash.
"""

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from survey import audit, sessions
from survey.actions import one_time_codes
from survey.actions.accounts import (
    LoginTaken,
    check_role,
    checked_email,
    checked_login,
    hashed_password,
)
from survey.actor import Role
from survey.engine import transaction
from survey.errors import N_, ChangedMeanwhile, NotFoundHere, Refused
from survey.tables import Account, AccountInvitation, AccountUnit, Unit
from survey.texts import Language, language_of

VALID = timedelta(days=7)


class OwnAccount(Refused):
    sentence = N_(
        "This is your own account. Nothing was changed. Ask another administrator to do it."
    )


class LastAdministrator(Refused):
    sentence = N_(
        "This is the last administrator who can sign in. Nothing was changed. Make another one "
        "first."
    )


class LinkUnknown(Refused):
    """Unknown, used, replaced by a newer one or too old: the four look alike."""

    status = 404
    sentence = N_(
        "This link does not work any more. It works once, for seven days, and a newer one ends it. "
        "Ask the administrator for a new one."
    )


@dataclass(frozen=True, slots=True)
class Invited:
    """An account and the link's secret, which is in memory here and nowhere else."""

    account: int
    token: str

    def __repr__(self) -> str:
        """Nothing: the token must not reach a log by way of an error."""
        return "Invited(...)"


@dataclass(frozen=True, slots=True)
class Welcome:
    """Whose link it is."""

    account: int
    login: str
    language: Language


async def invite(  # noqa: PLR0913 - one keyword per field of an account
    *,
    login: str,
    role: str,
    units: Collection[str],
    language: Language,
    once: str,
    now: datetime,
    by: int,
    email: str = "",
) -> Invited:
    """An account without a password, and the link by which its owner chooses one.

    The same form sent twice is one account, with the newer link. `email` is where its owner hears
    of new reports. Raises LoginTaken, LoginUnusable, AddressUnusable, RoleUnknown, UnitsWanted,
    UnitsUnwanted, UnitNotInTree.
    """
    name, address = checked_login(login), checked_email(email)
    await check_role(role, units)
    async with transaction():
        before = await Account.select(Account.id).where(Account.login == name).first()
        if before is not None:
            account: int = before["id"]
            made_here = await AccountInvitation.exists().where(
                AccountInvitation.account == account, AccountInvitation.once == once
            )
            if not made_here:
                raise LoginTaken(login=name)
        else:
            made = await Account.insert(
                Account(login=name, password_hash="", role=role, language=language, email=address)
            )
            account = made[0]["id"]
            await _place(account, units)
            await audit.record(by=by, what=f"added account as {role}", on_what=f"account {account}")
        return await _link(account, once=once, now=now)


async def invite_again(account: int, *, now: datetime, by: int) -> Invited:
    """A new link for a forgotten password; it ends the one before, and the password stays good."""
    async with transaction():
        await _there(account)
        await audit.record(by=by, what="made a new invitation", on_what=f"account {account}")
        return await _link(account, once=secrets.token_hex(8), now=now)


async def welcome(token: str, *, now: datetime) -> Welcome:
    """Whose link it is; raises LinkUnknown."""
    row = (
        await AccountInvitation.select()
        .where(AccountInvitation.hash == _hashed(token), AccountInvitation.ends_at > now)
        .first()
    )
    account = await _active(row["account"]) if row else None
    if account is None:
        raise LinkUnknown
    return Welcome(account["id"], account["login"], language_of(account["language"]))


async def accept(token: str, password: str, *, now: datetime) -> int:
    """Choose the password and spend the link; every older session of the account ends.

    Raises LinkUnknown, PasswordLength, PasswordGuessed.
    """
    found = await welcome(token, now=now)
    chosen = await hashed_password(password, login=found.login)
    async with transaction():
        spent = (
            await AccountInvitation.delete()
            .where(AccountInvitation.hash == _hashed(token))
            .returning(AccountInvitation.account)
        )
        if not spent:
            raise LinkUnknown
        await Account.update(
            {Account.password_hash: chosen, Account.failures: 0, Account.wait_until: None}
        ).where(Account.id == found.account)
        await sessions.end_all(found.account)
        on_what = f"account {found.account}"
        await audit.record(by=found.account, what="chose a password", on_what=on_what)
    return found.account


async def change(  # noqa: PLR0913 - one keyword per field of an account
    account: int,
    *,
    role: str,
    units: Collection[str],
    language: Language,
    version: int,
    by: int,
) -> None:
    """Another role, other units, another language; every session of the account ends.

    Raises ChangedMeanwhile, LastAdministrator, OwnAccount, and what `check_role` raises.
    """
    await check_role(role, units)
    async with transaction():
        # First, since on PostgreSQL it makes two administrators wait for each other.
        await audit.record(by=by, what=f"changed account to {role}", on_what=f"account {account}")
        before = await _there(account)
        if role != before["role"]:
            await _may_go(before, by=by)
        changed = (
            await Account.update(
                {Account.role: role, Account.language: language, Account.version: version + 1}
            )
            .where(Account.id == account, Account.version == version)
            .returning(Account.id)
        )
        if not changed:
            raise ChangedMeanwhile
        await AccountUnit.delete().where(AccountUnit.account == account)
        await _place(account, units)
        await sessions.end_all(account)


async def stop(account: int, *, by: int) -> None:
    """Nobody signs in to it any more, and who is signed in is out; its deeds stay in the log."""
    async with transaction():
        await audit.record(by=by, what="stopped account", on_what=f"account {account}")
        await _may_go(await _there(account), by=by)
        await Account.update({Account.active: False}).where(Account.id == account)
        await AccountInvitation.delete().where(AccountInvitation.account == account)
        await sessions.end_all(account)


async def restart(account: int, *, by: int) -> None:
    """The account opens again, with the password it had."""
    async with transaction():
        await _there(account)
        await Account.update(
            {Account.active: True, Account.failures: 0, Account.wait_until: None}
        ).where(Account.id == account)
        await audit.record(by=by, what="restarted account", on_what=f"account {account}")


async def remove_codes(account: int, *, by: int) -> None:
    """After a lost phone: the password alone, until codes are set up anew."""
    await _there(account)
    await one_time_codes.turn_off(account, by=by)


async def _there(account: int) -> dict[str, Any]:
    row = await Account.select().where(Account.id == account).first()
    if row is None:
        raise NotFoundHere
    return dict(row)


async def _active(account: int) -> dict[str, Any] | None:
    row = await Account.select().where(Account.id == account, Account.active == True).first()  # noqa: E712 - a column, not a value
    return dict(row) if row else None


async def _may_go(account: dict[str, Any], *, by: int) -> None:
    """Whether an account may lose its role: not one's own, and never the last administrator."""
    if account["id"] == by:
        raise OwnAccount
    others = await Account.count().where(
        Account.role == Role.ADMINISTRATOR.value,
        Account.active == True,  # noqa: E712 - a column, not a value
        Account.password_hash != "",
        Account.id != account["id"],
    )
    if account["role"] == Role.ADMINISTRATOR and not others:
        raise LastAdministrator


async def _place(account: int, units: Collection[str]) -> None:
    ids = await Unit.select(Unit.id).where(Unit.code.is_in([*units, ""])).order_by(Unit.id)
    if ids:
        await AccountUnit.insert(*(AccountUnit(account=account, unit=row["id"]) for row in ids))


async def _link(account: int, *, once: str, now: datetime) -> Invited:
    token = secrets.token_urlsafe(32)
    await AccountInvitation.delete().where(AccountInvitation.account == account)
    await AccountInvitation.insert(
        AccountInvitation(account=account, hash=_hashed(token), once=once, ends_at=now + VALID)
    )
    return Invited(account, token)


def _hashed(token: str) -> str:
    return hashlib.sha256(b"kernepuls invitation 1" + token.strip().encode()).hexdigest()
