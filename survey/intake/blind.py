"""RSA blind signatures, RFC 9474: RSABSSA-SHA384-PSS-Randomized, salt 48 bytes.

The server signs without seeing what; a signature proves that one invitation was used, not whose.
`blind` and `finalise` are the browser's part, played in memory for a page without JavaScript.
Checked byte for byte against the four vectors of RFC 9474, appendix A.
"""

import hashlib
import secrets
from dataclasses import dataclass

import gmpy2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from gmpy2 import mpz

SALT = 48  # bytes, as long as the hash
PREFIX = 32  # random bytes before the message, which makes the scheme Randomized
HASH = 48
SCHEME = padding.PSS(mgf=padding.MGF1(hashes.SHA384()), salt_length=SALT)


class BlindingFailed(ValueError):
    """Input outside the range, or a result that does not check: nothing is given out."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """The numbers of a private key, ready for the Chinese remainder theorem."""

    n: mpz
    e: mpz
    p: mpz
    q: mpz
    d_p: mpz
    d_q: mpz
    q_inverse: mpz
    size: int  # bytes

    def __repr__(self) -> str:
        return "SigningKey(...)"


def signing_key(private: rsa.RSAPrivateKey) -> SigningKey:
    numbers = private.private_numbers()
    return SigningKey(
        n=mpz(numbers.public_numbers.n),
        e=mpz(numbers.public_numbers.e),
        p=mpz(numbers.p),
        q=mpz(numbers.q),
        d_p=mpz(numbers.dmp1),
        d_q=mpz(numbers.dmq1),
        q_inverse=mpz(numbers.iqmp),
        size=private.key_size // 8,
    )


def sign(key: SigningKey, blinded: bytes) -> bytes:
    """The blind signature of a blinded message (RFC 9474, 4.3).

    Constant-time powers over a freshly blinded base, and checked before it is given out: a fault
    in one half of the remainder theorem would give away the key.
    """
    m = mpz(int.from_bytes(blinded, "big"))
    if len(blinded) != key.size or not 0 < m < key.n:
        raise BlindingFailed
    u = mpz(1 + secrets.randbelow(int(key.n) - 1))
    base = m * gmpy2.powmod(u, key.e, key.n) % key.n
    # Milliseconds of pure arithmetic: whoever signs in a thread leaves the others running.
    with gmpy2.context(gmpy2.get_context(), allow_release_gil=True):
        s_p = gmpy2.powmod_sec(base, key.d_p, key.p)
        s_q = gmpy2.powmod_sec(base, key.d_q, key.q)
    s = s_q + key.q * (key.q_inverse * (s_p - s_q) % key.p)
    s = s * gmpy2.invert(u, key.n) % key.n
    if gmpy2.powmod(s, key.e, key.n) != m:
        raise BlindingFailed
    return int(s).to_bytes(key.size, "big")


def blind(
    public: rsa.RSAPublicKey, message: bytes, *, salt: bytes, factor: int
) -> tuple[bytes, int]:
    """The blinded message and the inverse that undoes it (RFC 9474, 4.2).

    `message` is prepared already: the random prefix stands before it. `factor` is below n.
    """
    n, e = mpz(public.public_numbers().n), mpz(public.public_numbers().e)
    m = mpz(int.from_bytes(encoded(message, bits=public.key_size - 1, salt=salt), "big"))
    if gmpy2.gcd(m, n) != 1 or gmpy2.gcd(factor, n) != 1:
        raise BlindingFailed
    blinded = m * gmpy2.powmod(factor, e, n) % n
    return int(blinded).to_bytes(public.key_size // 8, "big"), int(gmpy2.invert(factor, n))


def finalise(public: rsa.RSAPublicKey, blind_signature: bytes, inverse: int) -> bytes:
    """The signature under the message itself (RFC 9474, 4.4); whoever receives it verifies."""
    n = public.public_numbers().n
    s = int.from_bytes(blind_signature, "big") * inverse % n
    return s.to_bytes(public.key_size // 8, "big")


def verified(public: rsa.RSAPublicKey, message: bytes, signature: bytes) -> bool:
    try:
        public.verify(signature, message, SCHEME, hashes.SHA384())
    except InvalidSignature:
        return False
    return True


def encoded(message: bytes, *, bits: int, salt: bytes) -> bytes:
    """EMSA-PSS with SHA-384 and MGF1 (RFC 8017, 9.1.1): what stands under the exponent."""
    length = (bits + 7) // 8
    digest = hashlib.sha384(message).digest()
    h = hashlib.sha384(bytes(8) + digest + salt).digest()
    size = length - HASH - 1
    data = int.from_bytes(b"\x01" + salt, "big")  # zeros before it
    masked = data ^ int.from_bytes(_mgf1(h, size), "big")
    masked &= (1 << (8 * (size - length) + bits)) - 1
    return masked.to_bytes(size, "big") + h + b"\xbc"


def _mgf1(seed: bytes, length: int) -> bytes:
    blocks = range(-(-length // HASH))
    mask = b"".join(hashlib.sha384(seed + block.to_bytes(4, "big")).digest() for block in blocks)
    return mask[:length]
