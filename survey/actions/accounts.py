"""Accounts of staff: making one, signing in to it, choosing its language.

A password is kept as argon2id only. Guessing is slowed per account, never stopped for good; an
unknown login takes the same time and gets the same words as a wrong password.
"""

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from piccolo.columns.combination import Or

from survey import audit, limits, organisation, sessions
from survey.actions import one_time_codes
from survey.actions.one_time_codes import SecondStep
from survey.actor import Actor, Role
from survey.delivery.post import SENDER
from survey.engine import transaction
from survey.errors import N_, BadInput, Refused
from survey.settings import CONTENT
from survey.tables import Account, AccountUnit, Unit
from survey.texts import Language

SHORTEST, LONGEST = 12, 128  # characters of a password; no rule on which ones
FREE_TRIES = 5  # wrong passwords before the first wait
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(minutes=15)

NOTHING_TYPED = SecondStep()
# Keys in their order on a keyboard; known words are in the content.
RUNS = ("0123456789", "1234567890", "9876543210", "abcdefghijklmnopqrstuvwxyzæøå", "qwertyuiopå")

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


class PasswordGuessed(BadInput):
    sentence = N_(
        "This password is among the first that somebody would try. Nothing was changed. "
        "A sentence of a few words of your own is a good one."
    )


class OldPasswordWrong(BadInput):
    sentence = N_("This is not your password of today. Nothing was changed.")


class AddressUnusable(BadInput):
    sentence = N_("This is no mail address. Nothing was changed.")


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
    email: str = "",
    by: int | None = None,
) -> int:
    """Make an account and return its id; `units` are codes in the tree of today.

    `email` is where its owner hears of new reports. Raises LoginTaken, LoginUnusable,
    PasswordLength, PasswordGuessed, RoleUnknown, UnitsWanted, UnitsUnwanted, UnitNotInTree, and
    what `checked_email` raises.
    """
    name, address = checked_login(login), checked_email(email)
    password_hash = await hashed_password(password, login=name)
    await check_role(role, units)
    async with transaction():
        if await Account.exists().where(Account.login == name):
            raise LoginTaken(login=name)
        made = await Account.insert(
            Account(
                login=name,
                password_hash=password_hash,
                role=role,
                language=language,
                email=address,
            )
        )
        account: int = made[0]["id"]
        ids = await Unit.select(Unit.id).where(Unit.code.is_in([*units, ""])).order_by(Unit.id)
        for unit in ids:
            await AccountUnit.insert(AccountUnit(account=account, unit=unit["id"]))
        await audit.record(by=by, what=f"added account as {role}", on_what=f"account {account}")
    return account


async def sign_in(
    login: str, password: str, *, now: datetime, second: SecondStep = NOTHING_TYPED
) -> int:
    """The account that login, password and its second step open; raises SignInWrong, SignInWaits.

    A try counts before the password is looked at: a thousand guesses at once are a thousand tries.
    An account whose owner has chosen no password yet reads as an unknown one, and takes as long.
    """
    name = login.strip().casefold()[:64]
    row = await Account.select().where(Account.login == name, Account.active == True).first()  # noqa: E712 - a column, not a value
    if row is None:
        await _count_unknown(name, now)
        await _fits(password, _dummy())
        raise SignInWrong
    account: int = row["id"]
    await _count_try(account, now)
    if not await _opens(row["password_hash"], password):
        raise SignInWrong
    if not await one_time_codes.fits(account, second, now=now):
        raise SignInWrong
    async with transaction():
        await Account.update({Account.failures: 0, Account.wait_until: None}).where(
            Account.id == account
        )
        await audit.record(
            by=account, what="signed in", on_what=f"account {account}", day=now.date()
        )
    return account


async def known_by_provider(login: str, *, now: datetime) -> int | None:
    """The account of somebody a provider has signed in; None where there is none, or it is stopped.

    Nobody gets an account by signing in elsewhere.
    """
    name = login.strip().casefold()
    row = await Account.select().where(Account.login == name, Account.active == True).first()  # noqa: E712 - a column, not a value
    if row is None:
        return None
    account: int = row["id"]
    await audit.record(by=account, what="signed in", on_what=f"account {account}", day=now.date())
    return account


async def check_password(actor: Actor, password: str, *, now: datetime) -> None:
    """For what a forgotten open browser must not do; raises OldPasswordWrong or SignInWaits."""
    row = await Account.select().where(Account.id == actor.account).first()
    await _count_try(actor.account, now)
    if row is None or not await _opens(row["password_hash"], password):
        raise OldPasswordWrong
    await Account.update({Account.failures: 0, Account.wait_until: None}).where(
        Account.id == actor.account
    )


async def change_password(actor: Actor, *, old: str, new: str, now: datetime) -> None:
    """Another password; every session of the account ends, that of the caller too.

    Raises OldPasswordWrong, SignInWaits, PasswordLength, PasswordGuessed.
    """
    await check_password(actor, old, now=now)
    chosen = await hashed_password(new, login=actor.login)
    async with transaction():
        await Account.update({Account.password_hash: chosen}).where(Account.id == actor.account)
        await sessions.end_all(actor.account)
        on_what = f"account {actor.account}"
        await audit.record(by=actor.account, what="changed password", on_what=on_what)


async def choose_email(actor: Actor, email: str) -> None:
    """Where the actor hears of new reports; "" for nowhere. Raises AddressUnusable."""
    await Account.update({Account.email: checked_email(email)}).where(Account.id == actor.account)


async def choose_language(actor: Actor, language: Language) -> None:
    """The language of the actor's own pages; nobody else's concern, so not audited."""
    await Account.update({Account.language: language}).where(Account.id == actor.account)


def wait_after(failures: int) -> timedelta:
    """How long to wait after so many wrong passwords in a row: none, then longer and longer."""
    if failures < FREE_TRIES:
        return timedelta()
    longer: int = 1 << min(failures - FREE_TRIES, 10)  # twice as long each time
    return min(FIRST_WAIT * longer, LONGEST_WAIT)


def checked_login(login: str) -> str:
    """A login as it is kept; raises LoginUnusable."""
    name = login.strip().casefold()
    if not 2 <= len(name) <= 64 or len(name.split()) != 1 or not name.isprintable():
        raise LoginUnusable(login=login.strip()[:64])
    return name


def checked_email(email: str) -> str | None:
    """A mail address as it is kept, None for none; raises AddressUnusable."""
    if email and not SENDER.fullmatch(email):
        raise AddressUnusable
    return email or None


async def hashed_password(password: str, *, login: str) -> str:
    """A password as it is kept; raises PasswordLength or PasswordGuessed."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise PasswordLength(shortest=SHORTEST, longest=LONGEST)
    if is_guessed(password, login=login):
        raise PasswordGuessed
    return await asyncio.get_running_loop().run_in_executor(HASHING, HASHER.hash, password)


def is_guessed(password: str, *, login: str) -> bool:
    """Whether a password is one of the first to be tried: few signs, a run of keys, a known word.

    Digits and signs around known words, or around the login, make no other password of it; spaces
    between them do.
    """
    plain = password.casefold()
    if len(set(plain)) < 5 or plain.isdigit() or any(plain in run * LONGEST for run in RUNS):
        return True
    rest = bare = "".join(letter for letter in plain if letter.isalpha() or letter.isspace())
    for word in (login, *_known_words()):
        rest = rest.replace(word, "")
    return bool(bare) and not rest


async def check_role(role: str, units: Collection[str]) -> None:
    """Whether an account may have a role and its units; units go with some roles only."""
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
def _known_words() -> tuple[str, ...]:
    """The words that lists of stolen passwords begin with, the longest first."""
    words = (CONTENT / "known_passwords.txt").read_text(encoding="utf-8").split()
    return tuple(sorted(words, key=len, reverse=True))


@cache
def _dummy() -> str:
    """A hash nothing fits, as dear to check as a real one."""
    return HASHER.hash(secrets.token_urlsafe(32))


async def _opens(password_hash: str, password: str) -> bool:
    """Whether a password opens an account; nothing does where none is chosen, and as slowly."""
    fits = await _fits(password, password_hash or _dummy())
    return fits and bool(password_hash)


async def _fits(password: str, password_hash: str) -> bool:
    return await asyncio.get_running_loop().run_in_executor(
        HASHING, _verified, password, password_hash
    )


def _verified(password: str, password_hash: str) -> bool:
    try:
        return HASHER.verify(password_hash, password[: LONGEST + 1])
    except (VerificationError, InvalidHashError):
        return False
