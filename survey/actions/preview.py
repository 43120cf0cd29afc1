"""What a planned wave would do, before anything is made: whom it reaches and where it asks."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil

from survey.actions.invitations import SPARE_CARDS, Counts, has_own_address, texted
from survey.actions.readiness import Scope
from survey.house import Organisation
from survey.organisation import Tree
from survey.settings import Settings
from survey.tables import Person


async def expected(settings: Settings, scope: Scope, own: Organisation) -> Counts:
    """How many the wave would invite by each channel if it were approved now."""
    with_leave = own.invite_people_on_leave
    rows = await Person.raw(
        "SELECT unit, on_leave, count(*) AS n, "
        "sum(CASE WHEN email <> '' AND NOT email_shared THEN 1 ELSE 0 END) AS mailed "
        "FROM person WHERE active GROUP BY unit, on_leave"
    )
    asked = {scope.tree[code].id for code in scope.asked}
    people: Counter[int] = Counter()
    mailed: Counter[int] = Counter()
    for row in rows:
        if row["unit"] in asked and (with_leave or not row["on_leave"]):
            people[row["unit"]] += int(row["n"])
            mailed[row["unit"]] += int(row["mailed"])
    texting = await _texted(settings, asked, with_leave=with_leave)
    cards = Counter(people[unit] - mailed[unit] - texting[unit] for unit in people)
    return Counts(
        invited=people.total(),
        by_mail=mailed.total(),
        spare_cards=sum(units * ceil(SPARE_CARDS * n) for n, units in cards.items()),
        by_sms=texting.total(),
    )


async def _texted(settings: Settings, asked: set[int], *, with_leave: bool) -> Counter[int]:
    if settings.sms is None:
        return Counter()
    everyone = await Person.select().where(Person.active == True)  # noqa: E712 - a column
    if not with_leave:
        everyone = [person for person in everyone if not person["on_leave"]]
    numbers = await texted(settings, everyone)
    return Counter(
        person["unit"]
        for person in everyone
        if person["unit"] in asked and not has_own_address(person) and person["mobile"] in numbers
    )


@dataclass(frozen=True, slots=True)
class Place:
    """A unit and all below it; `units` counts them together."""

    code: str
    name: str
    units: int


def places(units: Tree, codes: Iterable[str]) -> Iterator[Place]:
    """The fewest places that are exactly these units, in the order of the tree."""
    wanted = sorted(set(codes), key=units.order.__getitem__)
    whole: set[str] = set()
    for code in reversed(wanted):  # children before parents
        if whole.issuperset(units[code].children):
            whole.add(code)
    for code in wanted:
        node = units[code]
        if code not in whole:
            yield Place(code, node.name, 1)
        elif node.parent not in whole:
            yield Place(code, node.name, len(units.below(code)))


def not_asked(scope: Scope, staffed: Sequence[str]) -> list[str]:
    """The units with people of their own that no behaviour of the wave asks."""
    return [code for code in staffed if code not in scope.asked]
