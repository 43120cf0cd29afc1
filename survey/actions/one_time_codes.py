"""One-time codes as the second step of signing in: set up, checked, and replaced by a spare one.

RFC 6238 by pyotp, which guards against no replay: the step of the last code is kept, and a code
works once. The seed is sealed with a key that is in no database and no backup; without that key the
spare codes, kept as hashes, are the way in.
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

import pyotp
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from survey import audit, sessions
from survey.actor import Actor, Role
from survey.engine import transaction
from survey.errors import N_, BadInput, Refused
from survey.intake.codes import Code, new_code, read_code
from survey.intake.refusals import CodeUnknown
from survey.settings import Settings
from survey.tables import OneTimeCode, RecoveryCode

STEP = 30  # seconds
DRIFT = 1  # steps that a phone's clock may be off, either way
SPARE = 10  # codes for a lost phone
NONCE = 12  # bytes, drawn for each sealing
PURPOSE = "kernepuls one-time codes 1"
MUST_HAVE = frozenset({Role.ADMINISTRATOR, Role.COORDINATOR})
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class CodeWrong(BadInput):
    sentence = N_(
        "The code does not fit. Wait for the next one on your phone, and type its six digits. "
        "See too that the phone's clock is right."
    )


class SetUpTooOld(BadInput):
    sentence = N_("This page is too old. Load it again, and scan the new picture.")


class CodesRequired(Refused):
    sentence = N_("Your role has to have one-time codes. Nothing was changed.")


@dataclass(frozen=True, slots=True)
class SecondStep:
    """What was typed beside the password, and the key of the seeds; neither is ever printed."""

    code: str = field(default="", repr=False)
    key: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class SetUp:
    """A seed that is not in use yet: for the phone, for the eye, and sealed for the form."""

    address: str = field(repr=False)  # otpauth://, what the picture says
    text: str = field(repr=False)  # in groups of four, to type
    sealed: str = field(repr=False)


def key(settings: Settings) -> bytes:
    """The key of the seeds of this installation."""
    return sessions.key_for(settings, PURPOSE)


def is_required(settings: Settings, role: Role) -> bool:
    """Whether a role has to have codes: where others reach the server, who keeps or plans has."""
    return role in MUST_HAVE and urlsplit(settings.url).hostname not in LOOPBACK


async def is_on(account: int) -> bool:
    return bool(await OneTimeCode.exists().where(OneTimeCode.account == account))


async def spare_left(account: int) -> int:
    """How many codes for a lost phone are unused."""
    return int(await RecoveryCode.count().where(RecoveryCode.account == account))


def draw(actor: Actor, *, issuer: str, key: bytes) -> SetUp:
    """A fresh seed; nothing is kept before a code of it was typed."""
    return _shown(actor, pyotp.random_base32(), issuer=issuer, key=key)


def again(actor: Actor, sealed: str, *, issuer: str, key: bytes) -> SetUp:
    """The seed of a form that comes back; raises SetUpTooOld where it is none of ours."""
    return _shown(actor, _form_seed(actor, sealed, key), issuer=issuer, key=key)


async def turn_on(
    actor: Actor, *, sealed: str, code: str, key: bytes, now: datetime
) -> tuple[str, ...]:
    """Keep the seed of the form, once a code of it fits; the spare codes, shown this once.

    It replaces the seed and the spare codes of an older phone. Raises CodeWrong, SetUpTooOld.
    """
    seed = _form_seed(actor, sealed, key)
    step = _step_of(seed, code, now)
    if step is None:
        raise CodeWrong
    spare = tuple(new_code() for _ in range(SPARE))
    async with transaction():
        await _forget(actor.account)
        await OneTimeCode.insert(
            OneTimeCode(account=actor.account, seed=_seal(actor.account, seed, key), last_step=step)
        )
        await _keep_spare(actor.account, spare)
        await audit.record(
            by=actor.account, what="set up one-time codes", on_what=f"account {actor.account}"
        )
    return tuple(one.text for one in spare)


async def draw_spare(actor: Actor) -> tuple[str, ...]:
    """New spare codes in place of the old, shown this once."""
    spare = tuple(new_code() for _ in range(SPARE))
    async with transaction():
        await RecoveryCode.delete().where(RecoveryCode.account == actor.account)
        await _keep_spare(actor.account, spare)
        await audit.record(
            by=actor.account, what="made new spare codes", on_what=f"account {actor.account}"
        )
    return tuple(one.text for one in spare)


async def turn_off(account: int, *, by: int) -> None:
    """Sign in with the password alone from now on; every session of the account ends."""
    async with transaction():
        await _forget(account)
        await sessions.end_all(account)
        await audit.record(by=by, what="removed one-time codes", on_what=f"account {account}")


async def fits(account: int, typed: SecondStep, *, now: datetime) -> bool:
    """Whether the second step is taken: always, where the account has set none up.

    A code works once, also when it is sent twice at the same moment. A seed that cannot be opened
    fits nothing.
    """
    row = await OneTimeCode.select().where(OneTimeCode.account == account).first()
    if row is None:
        return True
    digits = "".join(typed.code.split())
    if len(digits) != 6:
        return await _spare_fits(account, typed.code)
    try:
        seed = _open(account, row["seed"], typed.key)
    except InvalidTag:
        return False
    step = _step_of(seed, digits, now)
    if step is None:
        return False
    taken = (
        await OneTimeCode.update({OneTimeCode.last_step: step})
        .where(OneTimeCode.account == account, OneTimeCode.last_step < step)
        .returning(OneTimeCode.account)
    )
    return bool(taken)


async def _spare_fits(account: int, typed: str) -> bool:
    try:
        raw = read_code(typed)
    except CodeUnknown:
        return False
    spent = (
        await RecoveryCode.delete()
        .where(RecoveryCode.account == account, RecoveryCode.hash == _hash(account, raw))
        .returning(RecoveryCode.account)
    )
    return bool(spent)


async def _keep_spare(account: int, spare: tuple[Code, ...]) -> None:
    await RecoveryCode.insert(
        *(RecoveryCode(hash=_hash(account, one.raw), account=account) for one in spare)
    )


async def _forget(account: int) -> None:
    await OneTimeCode.delete().where(OneTimeCode.account == account)
    await RecoveryCode.delete().where(RecoveryCode.account == account)


def _step_of(seed: str, code: str, now: datetime) -> int | None:
    """The half minute a code belongs to, within the drift; None for a code of none of them."""
    digits = "".join(code.split())
    middle = int(now.timestamp()) // STEP
    drawn = pyotp.TOTP(seed)
    for step in range(middle - DRIFT, middle + DRIFT + 1):
        if hmac.compare_digest(drawn.generate_otp(step).encode(), digits.encode()):
            return step
    return None


def _shown(actor: Actor, seed: str, *, issuer: str, key: bytes) -> SetUp:
    address = pyotp.TOTP(seed).provisioning_uri(name=actor.login, issuer_name=issuer)
    groups = (seed[start : start + 4] for start in range(0, len(seed), 4))
    sealed = base64.urlsafe_b64encode(_seal(actor.account, seed, key)).decode()
    return SetUp(address=address, text=" ".join(groups), sealed=sealed)


def _form_seed(actor: Actor, sealed: str, key: bytes) -> str:
    try:
        return _open(actor.account, base64.urlsafe_b64decode(sealed.encode()), key)
    except (ValueError, InvalidTag) as error:
        raise SetUpTooOld from error


def _seal(account: int, seed: str, key: bytes) -> bytes:
    nonce = secrets.token_bytes(NONCE)
    return nonce + ChaCha20Poly1305(key).encrypt(nonce, seed.encode(), _bound(account))


def _open(account: int, sealed: bytes, key: bytes) -> str:
    """The seed; InvalidTag for another account, another key or a changed byte."""
    if not key:
        raise InvalidTag
    return ChaCha20Poly1305(key).decrypt(sealed[:NONCE], sealed[NONCE:], _bound(account)).decode()


def _bound(account: int) -> bytes:
    return f"account {account}".encode()


def _hash(account: int, raw: bytes) -> str:
    """80 random bits need no slow hash; the account in it keeps one's code from fitting another."""
    return hashlib.sha256(b"kernepuls spare code 1" + _bound(account) + raw).hexdigest()
