"""Codes, blind signatures, envelopes and keys: what cannot be guessed, read or forged."""

import json
import secrets
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from survey.intake import blind, codes, keys, seal, tickets
from survey.intake.refusals import (
    AnswerMalformed,
    AnswerTooLarge,
    BallotRefused,
    CodeUnknown,
    KeysDiffer,
    KeysMissing,
    WaveNameBad,
)

VECTORS = json.loads((Path(__file__).parent / "rfc9474.json").read_text())

# --- codes ---------------------------------------------------------------------------------------


@given(st.binary(min_size=10, max_size=10))
def test_a_code_is_read_as_it_was_printed(raw):
    assert codes.read_code(codes.Code(raw).text) == raw


def test_a_code_is_sixteen_characters_in_fours():
    groups = codes.new_code().text.split("-")

    assert [len(group) for group in groups] == [4, 4, 4, 4]
    assert set("".join(groups)) <= set("0123456789ABCDEFGHJKMNPQRSTVWXYZ")


def test_two_codes_are_never_the_same():
    assert len({codes.new_code().raw for _ in range(1000)}) == 1000


TYPED = {
    "small letters": "k7qd-3m9v-0a1b-c2d3",
    "without hyphens": "K7QD3M9V0A1BC2D3",
    "with spaces": "  K7QD 3M9V 0A1B C2D3 ",
    "with other hyphens": "K7QD–3M9V‑0A1B‐C2D3",
    "O for 0 and l for 1": "K7QD-3M9V-OAlB-C2D3",
    "I for 1": "K7QD-3M9V-0AIB-C2D3",
}


@pytest.mark.parametrize("typed", TYPED.values(), ids=TYPED)
def test_a_typed_code_is_read_with_forgiveness(typed):
    assert codes.read_code(typed) == codes.read_code("K7QD-3M9V-0A1B-C2D3")


NO_CODES = {
    "nothing": "",
    "a letter short": "K7QD-3M9V-0A1B-C2D",
    "a letter long": "K7QD-3M9V-0A1B-C2D33",
    "a U, which no code has": "K7QD-3M9V-0A1B-C2DU",
    "a letter with a ring": "K7QD-3M9V-0A1B-C2DÅ",
    "a digit of another script": "K7QD-3M9V-0A1B-C2D٣",
    "five megabytes": "K" * 5_000_000,
}


@pytest.mark.parametrize("typed", NO_CODES.values(), ids=NO_CODES)
def test_what_cannot_be_a_code_is_unknown(typed):
    with pytest.raises(CodeUnknown):
        codes.read_code(typed)


def test_one_code_has_different_hashes_in_two_waves():
    raw = codes.new_code().raw

    assert codes.hash_code("2026-1", raw) != codes.hash_code("2026-2", raw)
    assert len(codes.hash_code("2026-1", raw)) == 32


def test_secrets_are_not_in_what_an_error_prints(settings):
    keys.make(settings, "2026-1")
    kept = keys.intake(settings, "2026-1")

    assert repr(codes.new_code()) == "Code(...)"
    assert repr(kept) == "IntakeKeys(...)"
    assert repr(kept.signing) == "SigningKey(...)"


# --- blind signatures ----------------------------------------------------------------------------


def key_of(vector):
    p, q, e = int(vector["p"], 16), int(vector["q"], 16), 65537
    d = pow(e, -1, (p - 1) * (q - 1))
    return rsa.RSAPrivateNumbers(
        p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), rsa.RSAPublicNumbers(e, p * q)
    ).private_key()


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])
def test_the_vectors_of_rfc_9474_match_byte_for_byte(vector):
    private = key_of(vector)
    public = private.public_key()
    inverse = int(vector["inv"], 16)
    prepared = bytes.fromhex(vector["msg_prefix"] + vector["msg"])

    blinded, undo = blind.blind(
        public,
        prepared,
        salt=bytes.fromhex(vector["salt"]),
        factor=pow(inverse, -1, public.public_numbers().n),
    )
    blind_signature = blind.sign(blind.signing_key(private), blinded)
    signature = blind.finalise(public, blind_signature, undo)

    assert undo == inverse
    assert blinded.hex() == vector["blinded_msg"]
    assert blind_signature.hex() == vector["blind_sig"]
    assert signature.hex() == vector["sig"]


@pytest.fixture(scope="module")
def private():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def blinded_by(public, message):
    factor = 1 + secrets.randbelow(public.public_numbers().n - 1)
    return blind.blind(public, message, salt=secrets.token_bytes(blind.SALT), factor=factor)


def test_a_signature_made_blindly_verifies_for_its_message_alone(private):
    public = private.public_key()
    blinded, inverse = blinded_by(public, b"message")

    signature = blind.finalise(public, blind.sign(blind.signing_key(private), blinded), inverse)

    assert blind.verified(public, b"message", signature)
    assert not blind.verified(public, b"another", signature)
    assert not blind.verified(public, b"message", bytes(256))


def test_what_the_server_signs_is_different_every_time(private):
    assert blinded_by(private.public_key(), b"message") != blinded_by(
        private.public_key(), b"message"
    )


OUT_OF_RANGE = {
    "zero": bytes(256),
    "the modulus itself": "n",
    "a byte short": bytes(254) + b"\x02",
    "a byte long": bytes(256) + b"\x02",
}


@pytest.mark.parametrize("blinded", OUT_OF_RANGE.values(), ids=OUT_OF_RANGE)
def test_bytes_out_of_range_are_not_signed(private, blinded):
    key = blind.signing_key(private)
    if blinded == "n":
        blinded = int(key.n).to_bytes(256, "big")

    with pytest.raises(blind.BlindingFailed):
        blind.sign(key, blinded)


def test_a_faulty_half_is_noticed_before_it_is_given_out(private):
    """A wrong result modulo one prime would give away the other."""
    key = blind.signing_key(private)
    faulty = blind.SigningKey(
        **{name: getattr(key, name) for name in key.__slots__ if name != "d_p"}, d_p=key.d_p - 2
    )

    with pytest.raises(blind.BlindingFailed):
        blind.sign(faulty, bytes(255) + b"\x07")


def test_a_blinding_factor_that_shares_a_prime_is_refused(private):
    with pytest.raises(blind.BlindingFailed):
        blind.blind(private.public_key(), b"m", salt=bytes(48), factor=private.private_numbers().p)


# --- envelopes -----------------------------------------------------------------------------------

FRAME = seal.Frame(unit="C21", behaviour="Ad1", answers={"clarity": 4}, comment="Æblegrød")


def test_an_envelope_opens_with_its_key_in_its_wave():
    private = X25519PrivateKey.generate()

    sealed = seal.seal(private.public_key(), "2026-1", FRAME)

    assert seal.unseal(private, "2026-1", sealed) == FRAME
    assert "Æblegrød".encode() not in sealed


def test_an_envelope_opens_in_no_other_wave_and_with_no_other_key():
    private = X25519PrivateKey.generate()
    sealed = seal.seal(private.public_key(), "2026-1", FRAME)

    for opening, wave, bytes_ in (
        (private, "2026-2", sealed),
        (X25519PrivateKey.generate(), "2026-1", sealed),
        (private, "2026-1", sealed[:-1] + bytes([sealed[-1] ^ 1])),
        (private, "2026-1", b""),
    ):
        with pytest.raises(seal.Unopenable):
            seal.unseal(opening, wave, bytes_)


@given(comment=st.none() | st.text(max_size=280))
def test_all_envelopes_have_one_size(comment):
    public = X25519PrivateKey.generate().public_key()

    sealed = seal.seal(public, "w", seal.Frame("U", "A", {"clarity": 1}, comment))

    assert len(sealed) == 4096 + 48


@pytest.mark.parametrize("comment", ["x" * 601, "x" * 5_000_000], ids=["601", "five megabytes"])
def test_a_comment_that_is_too_long_is_refused(comment):
    with pytest.raises(AnswerTooLarge):
        seal.seal(X25519PrivateKey.generate().public_key(), "w", seal.Frame("U", "A", {}, comment))


def test_answers_that_do_not_fit_the_frame_are_refused():
    with pytest.raises(AnswerTooLarge):
        seal.seal(X25519PrivateKey.generate().public_key(), "w", seal.Frame("U" * 4096, "A", {}))


def test_what_was_sealed_by_somebody_else_is_unreadable():
    private = X25519PrivateKey.generate()
    other = seal.SUITE.encrypt(b"\0\x02[]".ljust(4096, b"\0"), private.public_key(),
                               info=b"kernepuls answer 12026-1")  # fmt: skip

    with pytest.raises(seal.Unreadable):
        seal.unseal(private, "2026-1", other)


# --- keys ----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("fresh_keys")
def test_two_waves_never_share_a_key(settings):
    for wave in ("2026-1", "2026-2"):
        keys.make(settings, wave)

    first, second = (keys.places(settings, wave)[0] for wave in ("2026-1", "2026-2"))
    for file in first.iterdir():
        assert file.read_bytes() != (second / file.name).read_bytes()
    assert keys.intake(settings, "2026-1").verifying.key_size == 3072


def test_keys_lie_in_two_places_and_nobody_else_may_read_them(settings):
    keys.make(settings, "2026-1")

    for folder in keys.places(settings, "2026-1"):
        files = sorted(folder.iterdir())
        assert len(files) == 5
        assert {file.stat().st_mode & 0o777 for file in files} == {0o400}
        assert folder.stat().st_mode & 0o077 == 0


def test_keys_that_are_there_stay_when_approval_is_repeated(settings):
    keys.make(settings, "2026-1")
    before = keys.fingerprint(settings, "2026-1")

    keys.make(settings, "2026-1")

    assert keys.fingerprint(settings, "2026-1") == before


def test_making_keys_that_was_cut_short_begins_again(settings):
    part = settings.data / "keys" / "2026-1.part"
    part.mkdir(parents=True)
    (part / "half").write_bytes(b"x")

    keys.make(settings, "2026-1")

    assert not part.exists()


def test_a_lost_copy_is_made_again_from_the_other(settings):
    keys.make(settings, "2026-1")
    first, copy = keys.places(settings, "2026-1")
    for file in copy.iterdir():
        file.unlink()
    copy.rmdir()

    keys.make(settings, "2026-1")

    assert (copy / "opening.key").read_bytes() == (first / "opening.key").read_bytes()


def test_the_fingerprint_is_eight_groups_of_four(settings):
    keys.make(settings, "2026-1")
    keys.make(settings, "2026-2")

    groups = keys.fingerprint(settings, "2026-1").split()

    assert [len(group) for group in groups] == [4] * 8
    assert keys.fingerprint(settings, "2026-2").split() != groups


@pytest.mark.parametrize("place", [0, 1], ids=["the first", "the copy"])
def test_the_drill_names_the_place_whose_key_opens_nothing(settings, place):
    keys.make(settings, "2026-1")
    file = keys.places(settings, "2026-1")[place] / "opening.key"
    file.chmod(0o600)
    file.write_bytes(X25519PrivateKey.generate().private_bytes_raw())

    with pytest.raises(KeysDiffer) as refused:
        keys.check_copies(settings, "2026-1")

    assert refused.value.facts["folder"] == file.parent


def test_the_drill_finds_a_key_that_is_no_key(settings):
    keys.make(settings, "2026-1")
    file = keys.places(settings, "2026-1")[1] / "opening.key"
    file.chmod(0o600)
    file.write_bytes(b"short")

    with pytest.raises(KeysDiffer):
        keys.check_copies(settings, "2026-1")


def test_the_drill_finds_a_copy_that_is_gone(settings):
    keys.make(settings, "2026-1")
    (keys.places(settings, "2026-1")[1] / "opening.key").unlink()

    with pytest.raises(KeysMissing):
        keys.check_copies(settings, "2026-1")


def test_the_drill_finds_a_copy_with_another_signing_key(settings):
    keys.make(settings, "2026-1")
    keys.make(settings, "2026-2")
    file = keys.places(settings, "2026-1")[1] / "signing.pub"
    file.chmod(0o600)
    file.write_bytes((keys.places(settings, "2026-2")[0] / "signing.pub").read_bytes())

    with pytest.raises(KeysDiffer):
        keys.check_copies(settings, "2026-1")


def test_a_wave_opens_from_its_copy_when_the_first_is_lost(settings):
    keys.make(settings, "2026-1")
    first, _ = keys.places(settings, "2026-1")
    expected = keys.opening(settings, "2026-1").private_bytes_raw()
    for file in first.iterdir():
        file.unlink()

    assert keys.opening(settings, "2026-1").private_bytes_raw() == expected


def test_a_key_that_does_not_fit_its_public_half_opens_nothing(settings):
    keys.make(settings, "2026-1")
    file = keys.places(settings, "2026-1")[0] / "opening.key"
    file.chmod(0o600)
    file.write_bytes(X25519PrivateKey.generate().private_bytes_raw())

    with pytest.raises(KeysDiffer):
        keys.opening(settings, "2026-1")


def test_a_signing_key_of_another_kind_is_refused(settings):
    keys.make(settings, "2026-1")
    file = keys.places(settings, "2026-1")[0] / "signing.der"
    file.unlink()
    other = ec.generate_private_key(ec.SECP256R1())
    file.write_bytes(other.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))

    with pytest.raises(KeysDiffer):
        keys.intake(settings, "2026-1")


def test_destroyed_keys_are_gone_from_both_places_and_from_memory(settings):
    keys.make(settings, "2026-1")
    keys.intake(settings, "2026-1")

    keys.destroy(settings, "2026-1")
    keys.destroy(settings, "2026-1")

    assert not any(folder.exists() for folder in keys.places(settings, "2026-1"))
    with pytest.raises(KeysMissing):
        keys.intake(settings, "2026-1")
    with pytest.raises(KeysMissing):
        keys.opening(settings, "2026-1")


@pytest.mark.parametrize("name", ["../out", "a/b", "", ".hidden", "æ", "x" * 65])
def test_a_wave_whose_name_is_no_folder_name_is_refused(settings, name):
    with pytest.raises(WaveNameBad):
        keys.make(settings, name)


# --- tickets -------------------------------------------------------------------------------------


@pytest.fixture
def wave_keys(settings):
    keys.make(settings, "2026-1")
    return keys.intake(settings, "2026-1")


def test_a_context_is_written_one_way():
    context = tickets.Context(wave="2026-1", unit="C21", behaviour="Ad1")

    assert context.text == '{"behaviour":"Ad1","unit":"C21","wave":"2026-1"}'


def test_a_ticket_is_accepted_with_its_own_context_alone(wave_keys):
    mine = tickets.Context("2026-1", "C21", "Ad1", "sosu")
    other = tickets.Context("2026-1", "C22", "Ad1", "sosu")
    ticket = tickets.ticket(wave_keys, mine.text)

    found = tickets.checked(wave_keys, wave="2026-1", context=mine.text, shown=ticket)

    assert found == mine
    for context, shown, wave in (
        (other.text, ticket, "2026-1"),
        (mine.text, ticket + "x", "2026-1"),
        (mine.text, "æ", "2026-1"),
        (mine.text, ticket, "2026-2"),
    ):
        with pytest.raises(BallotRefused):
            tickets.checked(wave_keys, wave=wave, context=context, shown=shown)


@given(st.binary(max_size=64))
def test_bytes_survive_a_form_field(raw):
    assert tickets.as_bytes(tickets.as_text(raw), length=len(raw)) == raw


@pytest.mark.parametrize("text", ["", "x", "æ", "====", "AAAA" * 100, "A A"])
def test_a_form_field_of_another_length_or_alphabet_is_malformed(text):
    with pytest.raises(AnswerMalformed):
        tickets.as_bytes(text, length=32)
