"""The ballot's protocol as a program speaks it: look up, key, blind signature, send."""

import asyncio
import hashlib
import json
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key
from httpx import AsyncClient

from survey import engine, tables
from survey.intake import blind, codes, keys, tickets
from survey.pages.answering import posting
from survey.settings import Settings
from survey.tables import Intake, Invitation
from tests import answering, cast

JSON = {"content-type": "application/json", "accept": "application/json"}
SIZE = keys.BITS // 8  # bytes of a blinded message


@dataclass
class Made:
    """A ballot as a browser makes it, before it is signed."""

    public: rsa.RSAPublicKey
    message: bytes
    blinded: bytes
    inverse: int

    def opened(self, signature: str) -> str:
        raw = tickets.as_bytes(signature, length=SIZE)
        return tickets.as_text(blind.finalise(self.public, raw, self.inverse))


class Program:
    """A browser's script, played by hand."""

    def __init__(self, client: AsyncClient) -> None:
        self.client = client

    async def post(self, path: str, body: object) -> Any:
        return await self.client.post(path, content=json.dumps(body), headers=JSON)

    async def key(self, wave: str = answering.WAVE) -> rsa.RSAPublicKey:
        public = load_der_public_key((await self.client.get(f"/svar/noegle/{wave}")).content)
        assert isinstance(public, rsa.RSAPublicKey)
        return public

    async def made(self) -> Made:
        public, message = await self.key(), secrets.token_bytes(64)
        factor = 2 + secrets.randbelow(public.public_numbers().n - 2)
        blinded, inverse = blind.blind(
            public, message, salt=secrets.token_bytes(blind.SALT), factor=factor
        )
        return Made(public, message, blinded, inverse)

    async def issue(self, code: str, blinded: bytes) -> Any:
        body = {"code": code, "blinded": tickets.as_text(blinded)}
        return await self.post("/svar/stemmeseddel", body)

    async def answer(self, code: str) -> dict[str, Any]:
        """Everything that is sent for a code, its ballot signed and opened."""
        found = (await self.post("/svar/opslag", {"code": code})).json()
        ballot = await self.made()
        signed = (await self.issue(code, ballot.blinded)).json()["blind_signature"]
        return {
            **{name: found[name] for name in ("wave", "context", "ticket", "form_version")},
            "message": tickets.as_text(ballot.message),
            "signature": ballot.opened(signed),
            "answers": {"situation": "several", "clarity": "4", "citizen": ["faster"]},
        }


@pytest.fixture
async def codes_(settings: Settings) -> AsyncIterator[dict[str, list[str]]]:
    async with engine.opened(settings, migrate=True):
        yield await answering.build(settings)


@pytest.fixture
async def program(settings: Settings, codes_: dict[str, list[str]]) -> AsyncIterator[Program]:
    async with cast.site(settings) as site:
        yield Program(site.browser())


async def rows() -> tuple[int, int]:
    return await tables.Ballot.count(), await Intake.count()


# The way through


async def test_a_ballot_made_elsewhere_is_signed_unseen_and_counts_once(store: Settings) -> None:
    """On both databases: of two blindings at once one is signed; the same again is the same."""
    given = await answering.build(store)
    async with cast.site(store) as site:
        program = Program(site.browser())
        sent = await program.answer(given["C11"][0])
        first = await program.post("/svar/send", sent)
        replayed = await program.post("/svar/send", {**sent, "answers": {"situation": "no"}})
        both = [await program.made() for _ in range(2)]
        replies = await asyncio.gather(
            *(program.issue(given["E"][0], ballot.blinded) for ballot in both)
        )
        again = await asyncio.gather(
            *(program.issue(given["E"][0], ballot.blinded) for ballot in both)
        )

    digest = hashlib.sha256(tickets.as_bytes(sent["message"], length=64)).digest()
    assert first.json() == replayed.json() == {"receipt": codes.crockford(digest, 8)}
    assert await rows() == (1, 1)
    assert sorted(reply.status_code for reply in replies) == [200, 409]
    assert [reply.json() for reply in again] == [reply.json() for reply in replies]
    refused = next(reply.json() for reply in replies if reply.status_code == 409)
    assert (refused["error"], refused["heading"]) == ("code_used", "Koden er brugt")
    assert refused["sentence"].startswith("Koden er brugt på en anden mobil eller computer.")


async def test_looking_up_gives_what_the_questionnaire_prints_and_spends_nothing(
    program: Program, codes_: dict[str, list[str]]
) -> None:
    found = (await program.post("/svar/opslag", {"code": codes_["C11"][0]})).json()

    assert found["wave"] == answering.WAVE
    assert found["shown"]["unit_name"] == "Hjemmepleje Nord"
    assert json.loads(found["context"])["unit"] == "C11"
    assert await Invitation.count().where(Invitation.issued.is_not_null()) == 0


async def test_issuing_marks_the_roster_and_touches_no_answer(
    program: Program, codes_: dict[str, list[str]]
) -> None:
    ballot = await program.made()

    await program.issue(codes_["E"][0], ballot.blinded)

    marks = [row["issued"] for row in await Invitation.select(Invitation.issued) if row["issued"]]
    assert [bytes(mark) for mark in marks] == [hashlib.sha256(ballot.blinded).digest()]
    assert await rows() == (0, 0)


# The key


async def test_the_key_is_the_same_bytes_for_whoever_asks_and_may_be_kept(
    program: Program, settings: Settings
) -> None:
    anybody = await program.client.get(f"/svar/noegle/{answering.WAVE}")
    another = await program.client.get(
        f"/svar/noegle/{answering.WAVE}?sprog=en", headers={"accept-language": "en"}
    )

    assert anybody.content == another.content
    assert anybody.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "set-cookie" not in anybody.headers
    digest = hashlib.sha256(anybody.content).hexdigest()[:32]
    assert keys.fingerprint(settings, answering.WAVE).replace(" ", "") == digest


async def test_a_wave_there_is_not_has_no_key(program: Program) -> None:
    for wave in ("2026-9", "..%2F2026-4", "%00", "x" * 80):
        assert (await program.client.get(f"/svar/noegle/{wave}")).status_code == 404


async def test_a_wave_that_has_ended_gives_neither_key_nor_ballot_nor_form(
    program: Program, codes_: dict[str, list[str]], settings: Settings
) -> None:
    ballot = await program.made()
    sent = await program.answer(codes_["E"][1])
    await answering.set_wave(settings, state="closing")

    form = {name: sent[name] for name in ("wave", "context", "ticket", "form_version")}
    replies = [
        await program.client.get(f"/svar/noegle/{answering.WAVE}"),
        await program.issue(codes_["E"][0], ballot.blinded),
        await program.client.post("/svar/skema", data=form),
        await program.post("/svar/send", sent),
    ]

    assert [reply.status_code for reply in replies] == [410, 410, 410, 410]
    assert await rows() == (0, 0)


# Ballots that are none


def out_of_range(n: int) -> dict[str, bytes]:
    return {
        "zero": bytes(SIZE),
        "n": n.to_bytes(SIZE, "big"),
        "above n": (n + 1).to_bytes(SIZE, "big"),
        "all ones": b"\xff" * SIZE,
        "short": (n - 1).to_bytes(SIZE, "big")[1:],
        "long": b"\x00" + (n - 1).to_bytes(SIZE, "big"),
        "empty": b"",
    }


async def test_a_blinded_value_out_of_range_is_not_signed_and_spends_nothing(
    program: Program, codes_: dict[str, list[str]]
) -> None:
    public = await program.key()

    for what, blinded in out_of_range(public.public_numbers().n).items():
        reply = await program.issue(codes_["E"][0], blinded)
        assert reply.status_code in (403, 422), what
        assert "blind_signature" not in reply.text, what

    assert await Invitation.count().where(Invitation.issued.is_not_null()) == 0


def altered(text: str) -> str:
    raw = bytearray(tickets.as_bytes(text, length=len(text) * 3 // 4))
    raw[len(raw) // 2] ^= 1
    return tickets.as_text(bytes(raw))


@pytest.mark.parametrize("field", ["message", "signature"])
async def test_an_altered_or_truncated_ballot_is_refused(
    program: Program, codes_: dict[str, list[str]], field: str
) -> None:
    sent = await program.answer(codes_["E"][0])
    whole = sent[field]

    for bent, status in ((altered(whole), 403), (whole[:-4], 422), (whole + "AAAA", 422)):
        reply = await program.post("/svar/send", {**sent, field: bent})
        assert (reply.status_code, reply.json()["error"]) == (status, "page_old")

    assert await rows() == (0, 0)


async def test_a_ballot_of_another_wave_is_refused(
    program: Program, codes_: dict[str, list[str]], settings: Settings
) -> None:
    sent = await program.answer(codes_["E"][0])
    keys.destroy(settings, answering.WAVE)
    keys.make(settings, answering.WAVE)  # a wave of its own has keys of its own
    other = await program.answer(codes_["E"][1])

    crossed = {**other, "message": sent["message"], "signature": sent["signature"]}
    reply = await program.post("/svar/send", crossed)

    assert reply.status_code == 403
    assert await rows() == (0, 0)


async def test_a_ticket_of_another_unit_gives_no_form(
    program: Program, codes_: dict[str, list[str]]
) -> None:
    mine, theirs = [
        (await program.post("/svar/opslag", {"code": codes_[unit][0]})).json()
        for unit in ("E", "D1")
    ]
    context = {name: mine[name] for name in ("wave", "context", "ticket", "form_version")}

    good = await program.client.post("/svar/skema", data=context)
    bad = await program.client.post("/svar/skema", data={**context, "ticket": theirs["ticket"]})

    assert (good.status_code, bad.status_code) == (200, 403)
    assert 'name="message" value=""' in good.text


# Bodies that are none


OTHER_SHAPES: tuple[tuple[str, object], ...] = (
    ("/svar/opslag", {}),
    ("/svar/opslag", {"code": 7}),
    ("/svar/opslag", {"code": "K7QD", "name": "Kim"}),
    ("/svar/stemmeseddel", {"code": "K7QD"}),
    ("/svar/stemmeseddel", {"code": "K7QD", "blinded": "", "wave": "2026-4"}),
    ("/svar/stemmeseddel", [[[[]]]]),
    ("/svar/send", {"wave": "2026-4"}),
)


async def test_json_of_another_shape_is_refused(program: Program) -> None:
    for path, body in OTHER_SHAPES:
        reply = await program.post(path, body)

        assert reply.status_code == 400, path
        assert reply.json()["heading"] == "Siden kan ikke bruges"


async def test_an_unknown_field_or_item_is_refused(
    program: Program, codes_: dict[str, list[str]]
) -> None:
    sent = await program.answer(codes_["E"][0])

    field = await program.post("/svar/send", {**sent, "name": "Kim"})
    item = await program.post("/svar/send", {**sent, "answers": {"situation": "no", "age": "44"}})
    value = await program.post("/svar/send", {**sent, "answers": {"situation": "perhaps"}})

    assert (field.status_code, item.status_code, value.status_code) == (400, 422, 422)
    assert await rows() == (0, 0)


async def test_a_body_too_large_or_no_text_is_refused(program: Program) -> None:
    large = await program.post("/svar/stemmeseddel", {"code": "x" * 40_000, "blinded": ""})
    bytes_ = await program.client.post("/svar/stemmeseddel", content=b"\xff\xfe", headers=JSON)

    assert (large.status_code, bytes_.status_code) == (413, 400)


async def test_wrong_codes_for_a_ballot_count_as_tries(
    program: Program, codes_: dict[str, list[str]]
) -> None:
    ballot = await program.made()
    for _ in range(posting.TRIES):
        reply = await program.issue(codes.new_code().text, ballot.blinded)
        assert reply.status_code == 404

    reply = await program.issue(codes_["E"][0], ballot.blinded)

    assert (reply.status_code, reply.json()["error"]) == (429, "too_many_tries")
