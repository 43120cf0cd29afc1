"""The stage of the answering pages: a small town with an open wave, and a code for each invited.

O  Lillehavn Kommune          12 people are invited in each of C11, C12, D1 and E
|- C  Center for Pleje        C11 has had a trial since the last wave; the behaviour has
|  |- C1  Hjemmepleje         Danish and English texts, its core task comes from the centre
|  |  |- C11  Hjemmepleje Nord
|  |  `- C12  Hjemmepleje Syd
|  `- C2  Madservice          3 invited: too few for a place in the stall question
|- D  Center for Job
|  `- D1  Jobcenter
`- E  Havnekontoret           a centre without children
"""

from datetime import date

from survey import engine, house
from survey.intake import codes, keys
from survey.settings import Settings
from survey.tables import (
    Behaviour,
    Invitation,
    InvitationCode,
    Invited,
    TrialAction,
    TrialUnit,
    Unit,
    UnitVersion,
    Wave,
)

WAVE, OPENS, CLOSES = "2026-4", date(2026, 11, 3), date(2026, 11, 16)
TOWN = {
    "O": (None, "Lillehavn Kommune", 0),
    "C": ("O", "Center for Pleje", 0),
    "C1": ("C", "Hjemmepleje", 0),
    "C11": ("C1", "Hjemmepleje Nord", 12),
    "C12": ("C1", "Hjemmepleje Syd", 12),
    "C2": ("C", "Madservice", 3),
    "D": ("O", "Center for Job", 0),
    "D1": ("D", "Jobcenter", 12),
    "E": ("O", "Havnekontoret", 12),
}
BEHAVIOUR = (
    "Hjælperen ringer til sygeplejersken samme dag, når en borger spiser, sover eller går "
    "anderledes."
)
BEHAVIOUR_EN = (
    "The helper calls the nurse the same day when a citizen eats, sleeps or walks differently."
)


async def build(
    settings: Settings, *, state: str = "open", per_unit: int = 3, version: int = 1
) -> dict[str, list[str]]:
    """Fill an empty installation; gives the clear codes, unit -> codes."""
    house.write_fjordlund(settings)
    keys.make(settings, WAVE)
    async with engine.opened(settings, migrate=True):
        units = await _town()
        behaviour = await _behaviour()
        [row] = await Wave.insert(
            Wave(name=WAVE, opens=OPENS, closes=CLOSES, state=state, form_version=version,
                 med_date=date(2026, 10, 7))
        )  # fmt: skip
        given: dict[str, list[str]] = {}
        for code, (_, _, invited) in TOWN.items():
            if not invited:
                continue
            await Invited.insert(
                Invited(wave=row["id"], unit=units[code], behaviour=behaviour,
                        profession="sosu-assistenter", n=invited)
            )  # fmt: skip
            given[code] = await _invited(row["id"], units[code], behaviour, per_unit)
        return given


async def set_wave(settings: Settings, **columns: object) -> None:
    """Change the wave behind the server's back, as another process would."""
    async with engine.opened(settings):
        await Wave.update(columns).where(Wave.name == WAVE)


async def _town() -> dict[str, int]:
    units: dict[str, int] = {}
    for code, (parent, name, _) in TOWN.items():
        [row] = await Unit.insert(Unit(code=code))
        units[code] = row["id"]
        await UnitVersion.insert(
            UnitVersion(
                unit=row["id"],
                parent=units[parent] if parent else None,
                name=name,
                core_task="Borgeren klarer mest muligt selv." if code == "C" else None,
                headcount=12,
                valid_from="2026-1",
            )
        )
    return units


async def _behaviour() -> int:
    [row] = await Behaviour.insert(
        Behaviour(
            code="Ad8",
            text=BEHAVIOUR,
            text_en=BEHAVIOUR_EN,
            situation="En borger spiste, sov eller gik anderledes.",
            situation_en="A citizen ate, slept or walked differently.",
            core_task="Borgere får den hjælp, de har brug for.",
            core_task_en="Citizens get the help they need.",
        )
    )
    [trial] = await TrialAction.insert(
        TrialAction(code="T5", name="ti faste minutter på kørelisten", start_wave="2026-3",
                    end_wave=WAVE)
    )  # fmt: skip
    unit = await Unit.select(Unit.id).where(Unit.code == "C11").first()
    assert unit is not None
    await TrialUnit.insert(TrialUnit(trial_action=trial["id"], unit=unit["id"], role="tried"))
    return int(row["id"])


async def _invited(wave: int, unit: int, behaviour: int, n: int) -> list[str]:
    """The codes of as many more invitations, as the cards print them."""
    given = [codes.new_code() for _ in range(n)]
    ids = [codes.new_code().raw.hex() for _ in given]
    await Invitation.insert(
        *(
            Invitation(id=id_, wave=wave, kind="card", unit=unit, behaviour=behaviour,
                       profession="sosu-assistenter")
            for id_ in ids
        )
    )  # fmt: skip
    await InvitationCode.insert(
        *(
            InvitationCode(hash=codes.hash_code(WAVE, code.raw), invitation=id_)
            for id_, code in zip(ids, given, strict=True)
        )
    )
    return [code.text for code in given]
