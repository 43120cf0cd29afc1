"""How many have opened the form, in steps of 5 %, once a night; never who, never live."""

from collections import Counter
from datetime import date

from survey.engine import transaction
from survey.organisation import Tree, tree
from survey.tables import Invitation, Invited, OpenedShare, Wave

AT_LEAST = 20  # invited in a part or a centre, for a share of it to be shown (trust.md 3)
STEP = 5  # per cent


async def recompute_opened(wave: str, today: date) -> bool:
    """Write the shares of an open wave for its parts and centres, once a day.

    False when they are of today already or the wave is not open; what was written before stays.
    """
    found = await Wave.objects().where(Wave.name == wave).first()
    if found is None or found.state != "open":
        return False
    if await OpenedShare.exists().where(
        (OpenedShare.wave == found.id) & (OpenedShare.day == today)
    ):
        return False
    units = await tree(wave)
    shares = _shares(units, found.part_depth, await _invited(found), await _issued(found))
    async with transaction():
        await OpenedShare.delete().where(OpenedShare.wave == found.id)
        if shares:
            await OpenedShare.insert(
                *(
                    OpenedShare(wave=found.id, unit=units[unit].id, per_cent=share, day=today)
                    for unit, share in shares.items()
                )
            )
    return True


def stepped(opened: int, invited: int) -> int:
    """Per cent in whole steps of five, never 100: that everyone has opened is news of each."""
    nearest = STEP * ((2 * opened * (100 // STEP) + invited) // (2 * invited))
    return min(nearest, 100 - STEP)


def _shares(
    units: Tree, part_depth: int, invited: Counter[int], issued: Counter[int]
) -> dict[str, int]:
    """Unit code -> per cent, for parts and centres with enough invited, in tree order."""
    shown = {*units.parts(part_depth), *(units.root.children if units else ())}
    found: dict[str, int] = {}
    for code in units:
        if code not in shown:
            continue
        below = [units[one].id for one in units.below(code)]
        asked = sum(invited[one] for one in below)
        if asked >= AT_LEAST:
            found[code] = stepped(sum(issued[one] for one in below), asked)
    return found


async def _invited(wave: Wave) -> Counter[int]:
    counted: Counter[int] = Counter()
    for row in await Invited.select(Invited.unit, Invited.n).where(Invited.wave == wave.id):
        counted[row["unit"]] += row["n"]
    return counted


async def _issued(wave: Wave) -> Counter[int]:
    """Unit id -> codes that became a ballot; the invitations themselves are not read out."""
    rows = await Invitation.select(Invitation.unit).where(
        (Invitation.wave == wave.id) & Invitation.issued.is_not_null()
    )
    return Counter(row["unit"] for row in rows)
