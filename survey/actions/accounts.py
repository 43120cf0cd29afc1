"""Accounts of staff: making one, signing in to it, choosing its language.

A password is kept as argon2id only. Guessing is slowed per account, never stopped for good; an
unknown login takes the same time and gets the same words as a wrong password.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from piccolo.columns.combination import Or

from survey import audit, limits, organisation
from survey.access import Actor, Role
from survey.engine import transaction
from survey.errors import N_, BadInput, Refused
from survey.tables import Account, AccountUnit, Unit
from survey.texts import Language

SHORTEST, LONGEST = 12, 128  # characters of a password; no rule on which ones
FREE_TRIES = 5  # wrong passwords before the first wait
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(minutes=15)

# argon2id with 64 MiB a time: two at once, so that a flood of sign-ins cannot take the memory.
HASHING = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")
HASHER = PasswordHasher()


class LoginTaken(Refused):
    sentence = N_("There is an account called {login} already. Nothing was changed.")


class LoginUnusable(BadInput):
    sentence = N_(
        "The login {login} cannot be used. Nothing was changed. "
        "Use 2 to 64 characters without spaces."
    )


class PasswordLength(BadInput):
    sentence = N_(
        "The password must have {shortest} to {longest} characters. Nothing was changed. "
        "A sentence of a few words is a good one."
    )


class RoleUnknown(BadInput):
    sentence = N_("There is no role {role}. Nothing was changed. The roles are: {roles}.")


class UnitsWanted(BadInput):
    sentence = N_(
        "The role {role} sees a part of the tree. Nothing was changed. "
        "Name its units, each with --unit CODE."
    )


class UnitsUnwanted(BadInput):
    sentence = N_("The role {role} is not tied to a unit. Nothing was changed. Leave --unit out.")


class UnitNotInTree(BadInput):
    sentence = N_("There is no unit {unit} in the tree of today. Nothing was changed.")


class SignInWrong(Refused):
    """The words are `errors.staff.login_wrong` of the content."""

    status = 422
    sentence = N_("Name or password does not match. Try again.")


class SignInWaits(Refused):
    """The words are `errors.staff.login_locked` of the content."""

    status = 429
    sentence = N_("There have been too many attempts. Wait a quarter of an hour.")


async def add_account(  # noqa: PLR0913 - one keyword per field of an account
    *,
    login: str,
    password: str,
    role: str,
    units: Collection[str] = (),
    language: Language = "da",
    by: int | None = None,
) -> int:
    """Make an account and return its id; `units` are codes in the tree of today.

    Raises LoginTaken, LoginUnusable, PasswordLength, RoleUnknown, UnitsWanted, UnitsUnwanted,
    UnitNotInTree.
    """
    name = login.strip().casefold()
    if not 2 <= len(name) <= 64 or len(name.split()) != 1:
        raise LoginUnusable(login=login.strip()[:64])
    if not SHORTEST <= len(password) <= LONGEST:
        raise PasswordLength(shortest=SHORTEST, longest=LONGEST)
    await _checked(role, units)
    password_hash = await _hash(password)
    async with transaction():
        if await Account.exists().where(Account.login == name):
            raise LoginTaken(login=name)
        made = await Account.insert(
            Account(login=name, password_hash=password_hash, role=role, language=language)
        )
        account: int = made[0]["id"]
        ids = await Unit.select(Unit.id).where(Unit.code.is_in([*units, ""])).order_by(Unit.id)
        for unit in ids:
            await AccountUnit.insert(AccountUnit(account=account, unit=unit["id"]))
        await audit.record(by=by, what=f"added account as {role}", on_what=f"account {account}")
    return account


async def sign_in(login: str, password: str, *, now: datetime) -> int:
    """The account that login and password open; raises SignInWrong or SignInWaits.

    A try counts before the password is looked at: a thousand guesses at once are a thousand tries.
    """
    name = login.strip().casefold()[:64]
    row = await Account.select().where(Account.login == name, Account.active == True).first()  # noqa: E712 - a column, not a value
    if row is None:
        await _count_unknown(name, now)
        await _fits(password, _dummy())
        raise SignInWrong
    account: int = row["id"]
    await _count_try(account, now)
    if not await _fits(password, row["password_hash"]):
        raise SignInWrong
    async with transaction():
        await Account.update({Account.failures: 0, Account.wait_until: None}).where(
            Account.id == account
        )
        await audit.record(
            by=account, what="signed in", on_what=f"account {account}", day=now.date()
        )
    return account


async def choose_language(actor: Actor, language: Language) -> None:
    """The language of the actor's own pages; nobody else's concern, so not audited."""
    await Account.update({Account.language: language}).where(Account.id == actor.account)


def wait_after(failures: int) -> timedelta:
    """How long to wait after so many wrong passwords in a row: none, then longer and longer."""
    if failures < FREE_TRIES:
        return timedelta()
    longer: int = 1 << min(failures - FREE_TRIES, 10)  # twice as long each time
    return min(FIRST_WAIT * longer, LONGEST_WAIT)


async def _checked(role: str, units: Collection[str]) -> None:
    if role not in list(Role):
        raise RoleUnknown(role=role, roles=", ".join(Role))
    if Role(role).has_units and not units:
        raise UnitsWanted(role=role)
    if units and not Role(role).has_units:
        raise UnitsUnwanted(role=role)
    if units:
        tree = await organisation.tree(None)
        for unit in units:
            if unit not in tree:
                raise UnitNotInTree(unit=unit)


async def _count_try(account: int, now: datetime) -> None:
    """One more try, forgotten when the password fits; SignInWaits when it is too early for one."""
    async with transaction():
        rows = (
            await Account.update({Account.failures: Account.failures + 1})
            .where(
                Account.id == account,
                Or(Account.wait_until.is_null(), Account.wait_until <= now),
            )
            .returning(Account.failures)
        )
        if not rows:
            raise SignInWaits
        wait = wait_after(rows[0]["failures"])
        await Account.update({Account.wait_until: now + wait if wait else None}).where(
            Account.id == account
        )


async def _count_unknown(name: str, now: datetime) -> None:
    if limits.is_shared():
        await _count_together(limits.named("login", name), now)
        return
    failures, wait_until = _UNKNOWN.get(name, (0, None))
    if wait_until is not None and now < wait_until:
        raise SignInWaits
    wait = wait_after(failures + 1)
    _UNKNOWN[name] = (failures + 1, now + wait if wait else None)
    _UNKNOWN.move_to_end(name)
    while len(_UNKNOWN) > limits.REMEMBERED:
        _UNKNOWN.popitem(last=False)


async def _count_together(key: bytes, now: datetime) -> None:
    """As `_count_try`, in a row that names nobody."""
    async with transaction():
        failures = await limits.count(key, now=now, forget=now + limits.KEPT)
        if failures is None:
            raise SignInWaits
        if wait := wait_after(failures):
            await limits.make_wait(key, until=now + wait)


# A login that does not exist must wait as one that does, or the wait would tell which exist.
_UNKNOWN: OrderedDict[str, tuple[int, datetime | None]] = OrderedDict()


@cache
def _dummy() -> str:
    """A hash nothing fits, as dear to check as a real one."""
    return HASHER.hash("no account has this password")


async def _hash(password: str) -> str:
    return await asyncio.get_running_loop().run_in_executor(HASHING, HASHER.hash, password)


async def _fits(password: str, password_hash: str) -> bool:
    return await asyncio.get_running_loop().run_in_executor(
        HASHING, _verified, password, password_hash
    )


def _verified(password: str, password_hash: str) -> bool:
    try:
        return HASHER.verify(password_hash, password[: LONGEST + 1])
    except (VerificationError, InvalidHashError):
        return False
