"""A made-up organisation with an open wave, for tests that answer and close it.

K is the root, N and S its centres; under N the teams N1 (12 invited) and N2 (3), under S the team
S1 (6). Everybody is asked about one behaviour.
"""

import secrets
from datetime import date
from typing import NamedTuple

from survey.intake import ballots, codes, keys, seal, tickets
from survey.intake.acceptance import Submission, accept
from survey.settings import Settings
from survey.tables import (
    Ballot,
    Behaviour,
    BehaviourScope,
    Intake,
    Invitation,
    InvitationCode,
    Invited,
    Unit,
    UnitVersion,
    Wave,
    WaveBehaviour,
)

TREE = {"K": None, "N": "K", "S": "K", "N1": "N", "N2": "N", "S1": "S"}
INVITED = {"N1": 12, "N2": 3, "S1": 6}
EVERYBODY = sum(INVITED.values())
ANSWER = {
    "clarity": 4,
    "situation": "several",
    "successes": 3,
    "b_silo": 2,
    "b_oko": 0,
    "b_tid": 1,
    "priority": "SILO",
    "stall_1": "S",
    "stall_how": "wait",
    "resolver": "two_units",
    "citizen_1": "faster",
    "changed_by_citizen": "no",
    "safe_a": 3,
}


class Person(NamedTuple):
    """Somebody invited: the unit, and the clear code in the mail."""

    unit: str
    code: str


async def organisation() -> None:
    """The units and the behaviour, from the first wave on."""
    rows = await Unit.insert(*(Unit(code=code) for code in TREE))
    ids = {code: row["id"] for code, row in zip(TREE, rows, strict=True)}
    await UnitVersion.insert(
        *(
            UnitVersion(
                unit=ids[code],
                parent=ids[parent] if parent else None,
                name=f"Enhed {code}",
                core_task="Borgeren får svar." if code == "K" else None,
                headcount=INVITED.get(code, 0),
                valid_from="2026-1",
            )
            for code, parent in TREE.items()
        )
    )
    asked = Behaviour(
        code="Ad1", text="Vi ringer tilbage samme dag.", situation="En borger ringede."
    )
    await asked.save()
    await BehaviourScope(behaviour=asked.id, unit=ids["K"]).save()


async def wave(
    settings: Settings, name: str = "2026-1", *, state: str = "open", profession: str = "sosu"
) -> list[Person]:
    """A wave with its keys and one code for each invited; the organisation must be there."""
    keys.make(settings, name)
    made = Wave(name=name, opens=date(2026, 3, 2), closes=date(2026, 3, 15), state=state)
    await made.save()
    asked = await Behaviour.objects().get(Behaviour.code == "Ad1")
    await WaveBehaviour(wave=made.id, behaviour=asked.id).save()
    ids = {row["code"]: row["id"] for row in await Unit.select(Unit.id, Unit.code)}
    about = {"wave": made.id, "behaviour": asked.id, "profession": profession}
    await Invited.insert(*(Invited(unit=ids[unit], n=n, **about) for unit, n in INVITED.items()))
    places = [unit for unit, n in INVITED.items() for _ in range(n)]
    invitations = [
        Invitation(id=secrets.token_hex(16), kind="person", unit=ids[unit], **about)
        for unit in places
    ]
    await Invitation.insert(*invitations)
    given = await _codes(name, *(invitation.id for invitation in invitations))
    return [Person(unit, code) for unit, code in zip(places, given, strict=True)]


async def a_code(wave: str, invitation: str) -> str:
    """A new code for an invitation, as a mail would carry it."""
    [code] = await _codes(wave, invitation)
    return code


async def _codes(wave: str, *invitations: str) -> list[str]:
    given = [codes.new_code() for _ in invitations]
    await InvitationCode.insert(
        *(
            InvitationCode(hash=codes.hash_code(wave, code.raw), invitation=invitation)
            for code, invitation in zip(given, invitations, strict=True)
        )
    )
    return [code.text for code in given]


async def submission(settings: Settings, person: Person, **changes: object) -> Submission:
    """A whole submission for one person, by way of the page without JavaScript."""
    made = await ballots.without_script(settings, person.code, ballots.new_nonce())
    return submission_of(made, **changes)


def submission_of(made: ballots.BallotForm, **changes: object) -> Submission:
    fields = {
        "wave": made.found.wave,
        "message": made.message,
        "signature": made.signature,
        "context": made.found.context,
        "ticket": made.found.ticket,
        "form_version": made.found.form_version,
        "answers": ANSWER,
        "comment": None,
    }
    return Submission(**{**fields, **changes})


async def everybody_answers(settings: Settings, people: list[Person]) -> list[str]:
    """Their receipts, in order; each comment can be searched for in a file."""
    return [
        await accept(settings, await submission(settings, person, comment=f"Kanarie nummer {i}"))
        for i, person in enumerate(people)
    ]


async def answered(settings: Settings, *, comments: bool = True) -> list[Person]:
    """An open wave to which everybody has answered: unit by unit, in order."""
    await organisation()
    people = await wave(settings)
    frames = [
        seal.Frame(
            unit, "Ad1", {**ANSWER, "clarity": 5}, f"Kanarie {unit} {number}" if comments else None
        )
        for unit, n in INVITED.items()
        for number in range(n)
    ]
    public = keys.intake(settings, "2026-1").sealing
    await _as_written(*(seal.seal(public, "2026-1", frame) for frame in frames))
    invitation = await Invitation.objects().first()
    await Invitation.update({Invitation.issued: b"i" * 32}).where(Invitation.id == invitation.id)
    return people


async def stored(
    settings: Settings, frame: seal.Frame | None, *, sealed: bytes | None = None
) -> None:
    """One sealed answer with its ballot, as the writer leaves them."""
    public = keys.intake(settings, "2026-1").sealing
    await _as_written(sealed or seal.seal(public, "2026-1", frame))


async def _as_written(*rows: bytes) -> None:
    await Ballot.insert(*(Ballot(hash=secrets.token_bytes(32), wave=1) for _ in rows))
    await Intake.insert(*(Intake(key=secrets.token_bytes(16), wave=1, sealed=row) for row in rows))


def random_message() -> str:
    return tickets.as_text(secrets.token_bytes(ballots.MESSAGE))
