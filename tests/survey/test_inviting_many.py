"""Inviting many: more people than a statement has room for, and cards some units at a time."""

from math import ceil

import pytest

from survey.actions import approval
from survey.intake.codes import hash_code, read_code
from survey.settings import Settings
from survey.tables import InvitationCode, Person, Unit
from tests.survey.test_waves import Printed, approve, build, plan

ARGUMENTS = 32_767  # to one statement of PostgreSQL; a code that is stored takes two
MORE, AT_ONCE = 13_700, 2_000  # people without a mail, and how many the test writes at once
CARDS = {"P1": 8, "P2": 0, "Q": 2}  # a fifth more than the 6 and the 1 without a mail of their own


@pytest.mark.parametrize("lot", [1, 2, 3])
async def test_a_card_is_printed_for_its_unit_however_many_are_made_at_once(
    store: Settings, monkeypatch: pytest.MonkeyPatch, lot: int
) -> None:
    monkeypatch.setattr(approval, "LOT", lot)
    await build(store)
    await plan(store)
    printed = Printed()
    told: list[tuple[int, int]] = []

    await approve(store, printer=printed, progress=lambda done, of: told.append((done, of)))

    kept = {
        bytes(row["hash"]): row["code"]
        for row in await InvitationCode.raw(
            "SELECT hash, unit.code AS code FROM invitation_code "
            "JOIN invitation ON invitation.id = invitation JOIN unit ON unit.id = invitation.unit"
        )
    }
    on_paper = {
        hash_code("2026-1", read_code(code)): unit
        for unit, codes in printed.codes.items()
        for code in codes
    }
    assert on_paper == kept
    assert {unit: len(codes) for unit, codes in printed.codes.items()} == CARDS
    assert told == [(1, 3), (2, 3), (3, 3)]


async def test_more_are_invited_than_a_statement_of_postgresql_has_arguments_for(
    store: Settings,
) -> None:
    await build(store)
    await plan(store)
    [unit] = await Unit.select(Unit.id).where(Unit.code == "P1")
    for start in range(0, MORE, AT_ONCE):
        await Person.insert(
            *(
                Person(unit=unit["id"], first_name="Kim", last_name="Prøve", profession="sosu")
                for _ in range(start, min(start + AT_ONCE, MORE))
            )
        )
    printed = Printed()

    approved = await approve(store, printer=printed)

    cards = 6 + MORE + ceil((6 + MORE) / 5)
    assert approved.counts.by_card == 6 + MORE + 1
    assert len(set(printed.codes["P1"])) == cards > ARGUMENTS // 2
    assert await InvitationCode.count() == cards + CARDS["Q"]
