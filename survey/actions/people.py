"""The staff list by hand: somebody is found and given another unit; no search is written down."""

from dataclasses import dataclass
from typing import Final

from survey import audit
from survey.actions.organising import coming
from survey.actions.readiness import scope_of
from survey.engine import transaction
from survey.errors import NotFoundHere
from survey.tables import Invitation, Person, Wave

MOST_FOUND: Final = 20
LETTERS: Final = 2  # the least to search for somebody by


@dataclass(frozen=True, slots=True, repr=False)
class Found:
    """Somebody on the staff list, for the coordinator's own eyes."""

    id: int
    name: str
    unit: str  # code
    email: str


async def find_people(asked: str) -> tuple[Found, ...]:
    """At most twenty whose name or mail address holds the words. Nothing of it is written down."""
    words = asked.casefold().split()
    if sum(map(len, words)) < LETTERS:
        return ()
    rows = await Person.select(
        *(Person.id, Person.first_name, Person.last_name, Person.email),
        Person.unit.code.as_alias("code"),
    ).where(Person.active == True)  # noqa: E712 - a column
    found = []
    for row in rows:
        name = f"{row['first_name']} {row['last_name']}".strip()
        if all(word in f"{name} {row['email'] or ''}".casefold() for word in words):
            found.append(Found(row["id"], name, row["code"], row["email"] or ""))
    return tuple(sorted(found, key=lambda one: (one.name.casefold(), one.id))[:MOST_FOUND])


async def move_person(person: int, unit: str, *, by: int) -> None:
    """Give somebody another unit; who has not begun to answer answers for it with the same code.

    Whether somebody has begun is never told, so the same is done and said for both. Raises
    NotFoundHere for somebody who is not on the list and for an unknown unit.
    """
    async with transaction():
        now = await coming()
        there = await Person.select(Person.id).where(
            Person.id == person,
            Person.active == True,  # noqa: E712 - a column
        )
        if unit not in now.tree or not there:
            raise NotFoundHere
        await Person.update({Person.unit: now.tree[unit].id}).where(Person.id == person)
        for wave in await Wave.objects().where(Wave.state.is_in(["approved", "open"])):
            scope = await scope_of(wave)
            if unit not in scope.asked:
                continue
            await Invitation.update(
                {
                    Invitation.unit: scope.tree[unit].id,
                    Invitation.behaviour: scope.asked[unit].id,
                }
            ).where(
                Invitation.wave == wave.id,
                Invitation.person == person,
                Invitation.issued.is_null(),
            )
        await audit.record(by=by, what="moved an employee to unit", on_what=unit)
