"""Who is invited to a wave, as what, and the codes made for it. It knows no answer and no time."""

import secrets
from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Any

from survey.actions.readiness import Scope
from survey.delivery.sms import own_numbers
from survey.engine import current, transaction
from survey.house import Organisation
from survey.intake import codes
from survey.organisation import ids_merged_into
from survey.settings import Settings
from survey.tables import Invitation, InvitationCode, Invited, MailItem, Person, Wave

SPARE_CARDS = Fraction(1, 5)  # of the cards a unit needs, so that nobody counts the bowl
CHUNK = 4_000  # rows in one statement: PostgreSQL stops at 32,767 arguments, eight to a row

Row = dict[str, Any]  # a row of a table: column -> value


@dataclass(frozen=True, slots=True)
class Counts:
    """N of a wave and how its people are reached."""

    invited: int
    by_mail: int
    spare_cards: int
    by_sms: int = 0

    @property
    def by_card(self) -> int:
        """Card places: everyone in scope who is reached by nothing of their own."""
        return self.invited - self.by_mail - self.by_sms


async def people_in(scope: Scope, fields: Organisation) -> list[Row]:
    """Everyone on the newest staff list whose unit the wave asks; leave counts unless left out.

    Who is listed in a unit that the wave's tree has merged into another belongs to that one.
    """
    units = {scope.tree[code].id for code in scope.asked}
    joined = await ids_merged_into(scope.tree)
    people = await Person.select().where(Person.active == True).order_by(Person.id)  # noqa: E712
    here = ({**one, "unit": joined.get(one["unit"], one["unit"])} for one in people)
    return [
        person
        for person in here
        if person["unit"] in units and (fields.invite_people_on_leave or not person["on_leave"])
    ]


def has_own_address(person: Mapping[str, Any]) -> bool:
    """Two codes in one mailbox would tell who answered, so a shared address gets a card."""
    return bool(person["email"]) and not person["email_shared"]


async def texted(settings: Settings, people: Iterable[Row]) -> frozenset[str]:
    """The numbers of those who get a text message: no address of their own, but a number."""
    if settings.sms is None:
        return frozenset()
    without = [person for person in people if not has_own_address(person)]
    return await own_numbers(person["mobile"] or "" for person in without)


def made_for(
    wave: Wave, scope: Scope, people: Iterable[Row], numbers: Container[str] = ()
) -> list[Invitation]:
    """An invitation for each person with an address or one of the numbers; for the rest cards.

    A fifth more cards than they are. A card has a unit and no person and no profession: nobody
    knows who will draw it.
    """
    units = scope.tree.by_id
    made: list[Invitation] = []
    needed: Counter[int] = Counter()
    for person in people:
        unit = units[person["unit"]]
        if not has_own_address(person) and person["mobile"] not in numbers:
            needed[unit.id] += 1
            continue
        made.append(
            Invitation(
                id=secrets.token_hex(16),
                wave=wave.id,
                kind="person",
                person=person["id"],
                unit=unit.id,
                behaviour=scope.asked[unit.code].id,
                profession=person["profession"],
            )
        )
    for unit_id, cards in needed.items():
        behaviour = scope.asked[units[unit_id].code].id
        made += [
            Invitation(
                id=secrets.token_hex(16),
                wave=wave.id,
                kind="card",
                unit=unit_id,
                behaviour=behaviour,
            )
            for _ in range(cards + ceil(SPARE_CARDS * cards))
        ]
    return made


def frozen_counts(wave: Wave, scope: Scope, people: Iterable[Row]) -> list[Invited]:
    """N by unit, behaviour and profession, people who will draw a card included."""
    counted = Counter((person["unit"], person["profession"]) for person in people)
    units = scope.tree.by_id
    return [
        Invited(
            wave=wave.id,
            unit=unit,
            behaviour=scope.asked[units[unit].code].id,
            profession=profession,
            n=n,
        )
        for (unit, profession), n in sorted(counted.items())
    ]


async def keep(wave: Wave, invitations: Sequence[Invitation], counts: Sequence[Invited]) -> None:
    """Store them in place of what an earlier run made for the wave, in one transaction."""
    # By random id, so that the rows do not stand in the order of the staff list.
    ordered = sorted(invitations, key=lambda one: str(one.id))
    async with transaction():
        await InvitationCode.raw(
            "DELETE FROM invitation_code WHERE invitation IN "
            "(SELECT id FROM invitation WHERE wave = {})",
            wave.id,
        )
        await MailItem.delete().where(MailItem.wave == wave.id)
        await Invitation.delete().where(Invitation.wave == wave.id)
        await Invited.delete().where(Invited.wave == wave.id)
        for start in range(0, len(ordered), CHUNK):
            await Invitation.insert(*ordered[start : start + CHUNK])
        for start in range(0, len(counts), CHUNK):
            await Invited.insert(*counts[start : start + CHUNK])


async def new_codes(wave: str, invitations: Sequence[str]) -> dict[str, str]:
    """Make a code for each invitation: its hash is stored, the clear code only returned."""
    made = {invitation: codes.new_code() for invitation in invitations}
    rows = [
        InvitationCode(hash=codes.hash_code(wave, code.raw), invitation=invitation)
        for invitation, code in made.items()
    ]
    if rows:
        async with transaction():
            for start in range(0, len(rows), CHUNK):
                await InvitationCode.insert(*rows[start : start + CHUNK])
    return {invitation: code.text for invitation, code in made.items()}


async def new_codes_for_unopened(wave: str, invitations: Sequence[str]) -> dict[str, str]:
    """A second code for those nobody has opened; the first works until one of the two is used."""
    rows = await Invitation.select(Invitation.id).where(
        Invitation.id.is_in(list(invitations)) & Invitation.issued.is_null()
    )
    return await new_codes(wave, [row["id"] for row in rows])


async def replaced_codes(wave: str, invitations: Sequence[str]) -> dict[str, str]:
    """A code in place of all an invitation had; "" for one that is opened, which keeps its own.

    Whoever begins with an old code meanwhile waits for this, or has begun before it.
    """
    made = {invitation: codes.new_code() for invitation in invitations}
    holes = ", ".join("{}" for _ in made)
    async with transaction():
        rows = await Invitation.raw(
            f"SELECT id FROM invitation WHERE id IN ({holes}) AND issued IS NULL"  # noqa: S608 - holes only
            f"{current().for_share}",
            *made,
        )
        unopened = [row["id"] for row in rows]
        if unopened:
            await InvitationCode.delete().where(InvitationCode.invitation.is_in(unopened))
            await InvitationCode.insert(
                *(
                    InvitationCode(hash=codes.hash_code(wave, made[one].raw), invitation=one)
                    for one in unopened
                )
            )
    return {**dict.fromkeys(made, ""), **{one: made[one].text for one in unopened}}


async def counts_of(wave: Wave) -> Counts:
    """What was made at approval; all zero before it."""
    rows = await Invited.select(Invited.n).where(Invited.wave == wave.id)
    invited = sum(row["n"] for row in rows)
    mailed = await Invitation.count().where(
        (Invitation.wave == wave.id) & (Invitation.kind == "person")
    )
    [row] = await Invitation.raw(
        "SELECT count(*) AS n FROM invitation JOIN person ON person.id = invitation.person "
        "WHERE invitation.wave = {} AND (person.email IS NULL OR person.email_shared)",
        wave.id,
    )
    by_sms = int(row["n"])
    cards = await Invitation.count().where(
        (Invitation.wave == wave.id) & (Invitation.kind == "card")
    )
    return Counts(
        invited=invited,
        by_mail=mailed - by_sms,
        spare_cards=max(0, cards - (invited - mailed)),
        by_sms=by_sms,
    )
