"""A wave from plan to close: who is invited, what is refused, and that nothing happens twice."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from email.message import EmailMessage
from typing import Any

import pytest

from survey import audit, house, texts
from survey.actions import readiness
from survey.actions.alone import AnotherRun, alone
from survey.actions.approval import (
    DiscussedAfterOpening,
    StartDatesNotKept,
    WaveApprovedAlready,
    WaveChanged,
    WaveOpenAlready,
    approve_wave,
)
from survey.actions.opening import WaveHasClosed, WaveNotApproved, open_wave
from survey.actions.planning import (
    BehaviourUnknown,
    NoBehaviours,
    ScopesCollide,
    WaveBegun,
    WaveDatesBackward,
    WaveNameBad,
    WaveNameOutOfOrder,
    WaveTooLongOrShort,
    plan_wave,
)
from survey.delivery.letters import FieldEmpty
from survey.delivery.post import NotDelivered
from survey.errors import NotFoundHere, WaveUnknown
from survey.importing import mapping as columns
from survey.importing import professions
from survey.importing.behaviours import import_behaviours
from survey.importing.files import contents, table_of
from survey.importing.reading import Table
from survey.importing.roster import import_staff
from survey.importing.units import import_units
from survey.intake import ballots
from survey.intake.refusals import CodeUnknown, KeysMissing, NotOpenYet
from survey.settings import SEEDS, Settings
from survey.tables import (
    AuditEvent,
    Behaviour,
    BehaviourScope,
    Invitation,
    InvitationCode,
    Invited,
    MailItem,
    Person,
    Unit,
    UnitVersion,
    Wave,
)

OPENS, CLOSES, MED = date(2026, 2, 3), date(2026, 2, 16), date(2026, 1, 14)
# code: parent, name, people with an address of their own, sharing one, without any
TOWN = {
    "O": (None, "Lillehavn Kommune", 1, 0, 0),
    "P": ("O", "Center for Pleje", 2, 0, 0),
    "P1": ("P", "Hjemmepleje Øst", 5, 2, 4),
    "P2": ("P", "Hjemmepleje Vest", 8, 0, 0),
    "Q": ("O", "Havnekontoret", 3, 0, 1),
}
IN_SCOPE = ("P1", "P2", "Q")


class Printed:
    """Stands in for the printer: keeps what each unit's cards say."""

    def __init__(self) -> None:
        self.codes: dict[str, list[str]] = {}

    def __call__(self, unit: Any, behaviour: Behaviour, codes: Sequence[str]) -> None:
        self.codes[unit.code] = list(codes)


class LetterBox:
    """Stands in for the mail server; refuses the addresses it is told to."""

    def __init__(self, *, refuses: Sequence[str] = ()) -> None:
        self.mails: list[EmailMessage] = []
        self.refuses = set(refuses)

    async def send(self, mail: EmailMessage) -> None:
        if str(mail["To"]) in self.refuses:
            raise NotDelivered
        self.mails.append(mail)


async def build(settings: Settings, *, core_task: str | None = "Borgeren klarer sig.") -> None:
    """Lillehavn: 5 units, 26 people, behaviour L1 for the units below P, L2 for Q."""
    house.write_fjordlund(settings)
    ids: dict[str, int] = {}
    number = 0
    for code, (parent, name, own, shared, none) in TOWN.items():
        unit = Unit(code=code)
        await unit.save()
        ids[code] = unit.id
        await UnitVersion(
            unit=unit.id,
            parent=ids[parent] if parent else None,
            name=name,
            core_task=core_task if parent is None else None,
            headcount=own + shared + none,
            valid_from="2026-1",
        ).save()
        for place in range(own + shared + none):
            number += 1
            has_none, shares = place >= own + shared, own <= place < own + shared
            await Person(
                unit=unit.id,
                first_name="Kim",
                last_name=f"Prøve {number}",
                profession="sosu" if place % 2 else "sygeplejerske",
                email=None if has_none else f"{'fælles' if shares else number}@lillehavn.example",
                email_shared=shares,
                on_leave=place == 0,
            ).save()
    await behaviour("L1", ids["P1"], ids["P2"])
    await behaviour("L2", ids["Q"])


async def behaviour(code: str, *units: int, active: bool = True) -> None:
    made = Behaviour(
        code=code,
        text="Hjælperen ringer samme dag.",
        situation="Noget var anderledes.",
        short="ringe samme dag",
        active=active,
    )
    await made.save()
    for unit in units:
        await BehaviourScope(behaviour=made.id, unit=unit).save()


async def plan(settings: Settings, name: str = "2026-1", **changed: Any) -> Any:
    asked: dict[str, Any] = {
        "opens": OPENS, "closes": CLOSES, "behaviours": "all", "by": None, **changed
    }  # fmt: skip
    return await plan_wave(settings, name=name, **asked)


async def approve(settings: Settings, **changed: Any) -> Any:
    asked: dict[str, Any] = {"med_date": MED, "by": None, "printer": Printed(), **changed}
    return await approve_wave(settings, name="2026-1", **asked)


async def open_(settings: Settings, **changed: Any) -> Any:
    asked: dict[str, Any] = {"by": None, "today": OPENS, "to": LetterBox(), **changed}
    return await open_wave(settings, name="2026-1", **asked)


async def state() -> str:
    wave = await Wave.objects().where(Wave.name == "2026-1").first()
    return str(wave.state)


async def everything_stored(settings: Settings) -> str:
    """Every row of every table and every file of the database, as one text."""
    rows = [
        str(await table.select())
        for table in (Invitation, InvitationCode, MailItem, AuditEvent, Wave, Person)
    ]
    files = [
        file.read_bytes().decode("latin-1") for file in settings.data.glob("kernepuls.sqlite*")
    ]
    return "".join([*rows, *files])


# --- planning ---------------------------------------------------------------------------------


async def test_a_plan_keeps_dates_and_every_active_behaviour(store: Settings) -> None:
    await build(store)
    await behaviour("L9", active=False)

    planned = await plan(store)

    assert planned.behaviours == ("L1", "L2")
    assert (await Wave.objects().first()).closes == CLOSES
    assert planned.overlaps == ()


async def test_a_draft_may_be_planned_anew(store: Settings) -> None:
    await build(store)
    await plan(store)

    planned = await plan(store, behaviours=["L2"], closes=date(2026, 2, 20))

    assert planned.behaviours == ("L2",)
    assert await Wave.count() == 1


async def test_every_unknown_code_is_named(store: Settings) -> None:
    await build(store)

    with pytest.raises(BehaviourUnknown) as refused:
        await plan(store, behaviours=["L1", "X7", "X8"])

    assert "X7, X8" in texts.sentence(refused.value, "en")
    assert await Wave.count() == 0


REFUSED_PLANS = {
    "a name with a slash": ({"name": "../2026"}, WaveNameBad),
    "a close before the opening": ({"closes": date(2026, 2, 1)}, WaveDatesBackward),
    "six days": ({"closes": date(2026, 2, 8)}, WaveTooLongOrShort),
    "29 days": ({"closes": date(2026, 3, 3)}, WaveTooLongOrShort),
    "no behaviours": ({"behaviours": []}, NoBehaviours),
}


@pytest.mark.parametrize(("asked", "refusal"), REFUSED_PLANS.values(), ids=REFUSED_PLANS)
async def test_a_plan_that_cannot_be_is_refused(
    store: Settings, asked: dict[str, Any], refusal: type[Exception]
) -> None:
    await build(store)

    with pytest.raises(refusal):
        await plan(store, **asked)

    assert await Wave.count() == 0


@pytest.mark.parametrize("closes", [date(2026, 2, 9), date(2026, 3, 2)])
async def test_seven_and_28_days_are_allowed(store: Settings, closes: date) -> None:
    await build(store)

    planned = await plan(store, closes=closes)

    assert (planned.closes - planned.opens).days + 1 in (7, 28)


async def test_names_must_sort_as_time_does(store: Settings) -> None:
    await build(store)
    await plan(store, "2026-9")

    with pytest.raises(WaveNameOutOfOrder):
        await plan(store, "2026-10", opens=date(2026, 5, 5), closes=date(2026, 5, 18))


async def test_overlapping_waves_are_told_and_allowed(store: Settings) -> None:
    await build(store)
    await plan(store)

    planned = await plan(store, "2026-2", opens=CLOSES, closes=date(2026, 3, 1))

    assert planned.overlaps == ("2026-1",)


async def test_two_behaviours_for_one_unit_are_refused_with_both_named(store: Settings) -> None:
    await build(store)
    centre = await Unit.objects().where(Unit.code == "P").first()
    await behaviour("L3", centre.id)

    with pytest.raises(ScopesCollide) as refused:
        await plan(store)

    told = texts.sentence(refused.value, "en")
    assert "P1 Hjemmepleje Øst is in the scope of both L1 and L3" in told
    assert "P2 Hjemmepleje Vest is in the scope of both L1 and L3" in told


# --- what is missing --------------------------------------------------------------------------


async def test_a_refusal_lists_all_that_is_missing(store: Settings) -> None:
    await build(store, core_task=None)
    await plan(store)
    await Behaviour.update({Behaviour.active: False}).where(Behaviour.code == "L2")

    with pytest.raises(readiness.WaveNotReady) as refused:
        await approve(store, med_date=None)

    missing = Counter(type(one) for one in refused.value.facts["missing"])
    assert missing == {
        readiness.CoreTaskMissing: len(IN_SCOPE),
        readiness.BehaviourInactive: 1,
        readiness.NotDiscussed: 1,
    }
    told = texts.sentence(refused.value, "da")
    assert all(unit in told for unit in (*IN_SCOPE, "L2", "MED"))
    assert await state() == "draft"


async def test_a_draft_does_not_open_and_the_refusal_lists_what_is_missing(store: Settings) -> None:
    await build(store, core_task=None)
    await plan(store)

    with pytest.raises(readiness.WaveNotReady) as refused:
        await open_(store)

    assert len(refused.value.facts["missing"]) == len(IN_SCOPE) + 1


async def test_what_went_missing_after_approval_stops_the_opening(store: Settings) -> None:
    await build(store)
    await plan(store)
    await approve(store)
    await UnitVersion.update({UnitVersion.core_task: None}).where(
        UnitVersion.core_task.is_not_null()
    )

    with pytest.raises(readiness.WaveNotReady):
        await open_(store)

    assert await state() == "approved"


async def test_a_core_task_from_above_counts(store: Settings) -> None:
    await build(store)
    await plan(store)

    approved = await approve(store)

    assert approved.made


async def test_a_wave_nobody_belongs_to_is_refused(store: Settings) -> None:
    await build(store)
    await plan(store)
    await Person.update({Person.active: False}).where(Person.active == True)  # noqa: E712

    with pytest.raises(readiness.WaveNotReady) as refused:
        await approve(store)

    assert [type(one) for one in refused.value.facts["missing"]] == [readiness.NobodyInScope]


async def test_a_scope_that_names_a_unit_of_another_time_is_refused(store: Settings) -> None:
    await build(store)
    await plan(store)
    quay = await Unit.objects().where(Unit.code == "Q").first()
    await UnitVersion.update({UnitVersion.valid_from: "2027-1"}).where(UnitVersion.unit == quay.id)

    with pytest.raises(readiness.WaveNotReady) as refused:
        await approve(store)

    assert "names the unit Q" in texts.sentence(refused.value, "en")


async def test_the_committee_cannot_have_discussed_it_after_the_opening(store: Settings) -> None:
    await build(store)
    await plan(store)

    with pytest.raises(DiscussedAfterOpening):
        await approve(store, med_date=date(2026, 2, 4))


async def test_a_wave_nobody_planned_is_unknown(store: Settings) -> None:
    await build(store)

    with pytest.raises(WaveUnknown) as refused:
        await approve(store)

    assert isinstance(refused.value, NotFoundHere)


# --- approval ---------------------------------------------------------------------------------


async def test_n_is_everyone_in_scope_and_nobody_above_it(store: Settings) -> None:
    await build(store)
    await plan(store)

    approved = await approve(store)

    by_mail, by_card = 5 + 8 + 3, 2 + 4 + 1
    assert (approved.counts.by_mail, approved.counts.by_card) == (by_mail, by_card)
    assert approved.counts.invited == by_mail + by_card
    frozen = await Invited.select(Invited.unit.code.as_alias("unit"), Invited.n)
    assert sum(row["n"] for row in frozen) == by_mail + by_card
    assert {row["unit"] for row in frozen} == set(IN_SCOPE)


async def test_fjordlund_invites_2339_of_its_2400(store: Settings) -> None:
    house.write_fjordlund(store)
    await import_units(fjordlund("units.csv", columns.UNITS, store), by=None)
    await import_staff(
        fjordlund("payroll_cp1252.csv", columns.STAFF, store),
        by=None,
        as_of=date(2026, 3, 3),
        professions=professions.find(store.data, beside=SEEDS / "fjordlund" / "payroll_cp1252.csv"),
    )
    await import_behaviours(fjordlund("behaviours_import.csv", columns.BEHAVIOURS, store), by=None)
    await plan(store)

    approved = await approve(store)

    assert await Person.count() == 2_400
    assert approved.counts.invited == 2_400 - 61
    assert approved.counts.by_mail == 1_757
    assert approved.counts.by_card == 460 + 122  # without mail, and sharing an address
    frozen = await Invited.select(Invited.n, Invited.unit.code.as_alias("unit"))
    assert sum(row["n"] for row in frozen) == 2_339
    assert not {"FK", "A", "B", "C", "D", "E", "F"} & {row["unit"] for row in frozen}


def fjordlund(name: str, kind: columns.Kind, settings: Settings) -> Table:
    return table_of(contents(SEEDS / "fjordlund" / name), kind, folder=settings.data)


async def test_cards_are_those_without_an_own_address_and_a_fifth_more(store: Settings) -> None:
    await build(store)
    await plan(store)
    printed = Printed()

    approved = await approve(store, printer=printed)

    # 6 cards and 20 % of 6 rounded up; 1 card and 20 % of 1 rounded up; P2 needs none.
    assert {unit: len(codes) for unit, codes in printed.codes.items()} == {
        "P1": 6 + 2, "P2": 0, "Q": 1 + 1
    }  # fmt: skip
    assert approved.counts.spare_cards == 2 + 1
    cards = await Invitation.select().where(Invitation.kind == "card")
    assert {(card["person"], card["profession"]) for card in cards} == {(None, None)}


async def test_somebody_who_shares_an_address_gets_no_mail(store: Settings) -> None:
    await build(store)
    await plan(store)

    await approve(store)

    people = {row["person"] for row in await Invitation.select() if row["person"]}
    shared = await Person.select(Person.id).where(Person.email_shared == True)  # noqa: E712
    assert people.isdisjoint(row["id"] for row in shared)


async def test_people_on_leave_are_invited_unless_the_house_says_otherwise(
    store: Settings,
) -> None:
    await build(store)
    await plan(store)
    with_leave = (await approve(store)).counts.invited
    text = store.organisation.read_text(encoding="utf-8")
    store.organisation.write_text(text.replace("on_leave: true", "on_leave: false"))

    without = (await approve(store, again=True)).counts.invited

    assert without == with_leave - len(IN_SCOPE)  # one on leave in each unit


async def test_a_setting_the_staff_list_cannot_keep_is_refused(store: Settings) -> None:
    await build(store)
    await plan(store)
    text = store.organisation.read_text(encoding="utf-8")
    store.organisation.write_text(text.replace("from_months: 0", "from_months: 3"))

    with pytest.raises(StartDatesNotKept):
        await approve(store)


async def test_a_second_approval_changes_nothing(store: Settings) -> None:
    await build(store)
    await plan(store)
    first = await approve(store)
    before = await Invitation.select().order_by(Invitation.id)
    printed = Printed()

    second = await approve(store, printer=printed)

    assert second == replace(first, made=False)
    assert printed.codes == {}
    assert await Invitation.select().order_by(Invitation.id) == before


async def test_a_second_approval_with_another_date_is_refused(store: Settings) -> None:
    await build(store)
    await plan(store)
    await approve(store)

    with pytest.raises(WaveApprovedAlready):
        await approve(store, med_date=date(2026, 1, 15))


async def test_approving_again_makes_cards_anew_and_the_old_ones_stop(store: Settings) -> None:
    await build(store)
    await plan(store)
    first, second = Printed(), Printed()
    await approve(store, printer=first)

    await approve(store, printer=second, again=True)
    await open_(store)

    with pytest.raises(CodeUnknown):
        await ballots.look_up(store, first.codes["Q"][0])
    assert (await ballots.look_up(store, second.codes["Q"][0])).behaviour == "L2"
    assert await Invitation.count() == await InvitationCode.count() == 16 + 8 + 2


async def test_a_card_typed_before_the_opening_is_told_to_wait(store: Settings) -> None:
    await build(store)
    await plan(store)
    printed = Printed()
    await approve(store, printer=printed)

    with pytest.raises(NotOpenYet):
        await ballots.look_up(store, printed.codes["Q"][0])


async def test_an_approval_that_is_killed_leaves_a_draft_and_can_be_repeated(
    store: Settings,
) -> None:
    await build(store)
    await plan(store)

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await approve(store, printer=dies)
    half_done = await state()
    approved = await approve(store)

    assert half_done == "draft"
    assert await Invitation.count() == approved.counts.by_mail + 8 + 2


async def test_an_approved_wave_is_not_planned_anew(store: Settings) -> None:
    await build(store)
    await plan(store)
    await approve(store)

    with pytest.raises(WaveBegun):
        await plan(store)


async def test_a_wave_changed_meanwhile_is_not_approved(store: Settings) -> None:
    await build(store)
    await plan(store)
    loop = asyncio.get_running_loop()

    def changes_it(*_: object) -> None:
        changed = Wave.update({Wave.state: "held"}).where(Wave.name == "2026-1").run()
        asyncio.run_coroutine_threadsafe(changed, loop).result()

    with pytest.raises(WaveChanged):
        await approve(store, printer=changes_it)

    assert await state() == "held"
    assert await AuditEvent.count().where(AuditEvent.what == "approved wave") == 0


async def test_two_approvals_at_once_are_one(store: Settings) -> None:
    await build(store)
    await plan(store)

    with alone(store), pytest.raises(AnotherRun):
        await approve(store)


async def test_cards_and_posters_are_files_for_the_owner_only(store: Settings) -> None:
    await build(store)
    await plan(store)

    await approve(store, printer=None)

    made = sorted(store.data.glob("*/2026-1/*.pdf"))
    assert [file.relative_to(store.data).as_posix() for file in made] == [
        "cards/2026-1/P1.pdf",
        "cards/2026-1/Q.pdf",
        "posters/2026-1/P1.pdf",
        "posters/2026-1/P2.pdf",
        "posters/2026-1/Q.pdf",
    ]
    assert {file.stat().st_mode & 0o777 for file in made} == {0o600}


# --- opening ----------------------------------------------------------------------------------


async def test_opening_mails_everyone_with_an_address_a_code_that_works(store: Settings) -> None:
    await build(store)
    await plan(store)
    await approve(store)
    box = LetterBox()

    opened = await open_(store, to=box)

    assert opened.mails.sent == len(box.mails) == 5 + 8 + 3
    assert len({mail["To"] for mail in box.mails}) == len(box.mails)
    found = await ballots.look_up(store, code_in(box.mails[0]))
    assert found.wave == "2026-1"
    assert await state() == "open"


async def test_opening_twice_sends_nothing_more(store: Settings) -> None:
    await build(store)
    await plan(store)
    await approve(store)
    await open_(store)
    box = LetterBox()

    again = await open_(store, to=box)

    assert not again.opened
    assert box.mails == []


async def test_an_unapproved_wave_with_a_date_does_not_open(store: Settings) -> None:
    await build(store)
    await plan(store)
    await Wave.update({Wave.med_date: MED}).where(Wave.name == "2026-1")

    with pytest.raises(WaveNotApproved):
        await open_(store)


@pytest.mark.parametrize("after", ["closing", "released", "held"])
async def test_a_closed_wave_neither_opens_nor_is_approved(store: Settings, after: str) -> None:
    await build(store)
    await plan(store)
    await approve(store)
    await Wave.update({Wave.state: after}).where(Wave.name == "2026-1")

    with pytest.raises(WaveHasClosed):
        await open_(store)
    with pytest.raises(WaveOpenAlready):
        await approve(store, again=True)


async def test_a_lost_key_copy_stops_the_opening(store: Settings) -> None:
    await build(store)
    await plan(store)
    await approve(store)
    for file in (store.key_copy / "2026-1").iterdir():
        file.unlink()

    with pytest.raises(KeysMissing):
        await open_(store)

    assert await state() == "approved"


async def test_an_empty_field_stops_the_opening_and_is_named(store: Settings) -> None:
    await build(store)
    await plan(store)
    await approve(store)
    text = store.organisation.read_text(encoding="utf-8")
    store.organisation.write_text(
        text.replace('sender: "Formanden og næstformanden for HovedMED"', 'sender: ""')
    )
    box = LetterBox()

    with pytest.raises(FieldEmpty) as refused:
        await open_(store, to=box)

    assert refused.value.facts["field"] == "sender"
    assert (await state(), box.mails) == ("approved", [])


async def test_a_mail_that_fails_is_counted_and_tried_again_with_a_new_code(
    store: Settings,
) -> None:
    await build(store)
    await plan(store)
    await approve(store)
    first, second = LetterBox(refuses=["4@lillehavn.example"]), LetterBox()

    opened = await open_(store, to=first)
    again = await open_(store, to=second)

    assert (opened.mails.sent, opened.mails.failed) == (15, 1)
    assert (again.mails.sent, again.mails.failed) == (1, 0)
    assert [mail["To"] for mail in second.mails] == ["4@lillehavn.example"]
    assert (await ballots.look_up(store, code_in(second.mails[0]))).wave == "2026-1"


async def test_a_killed_opening_sends_nobody_two_mails_on_one_day(store: Settings) -> None:
    await build(store)
    await plan(store)
    await approve(store)

    class Dies(LetterBox):
        async def send(self, mail: EmailMessage) -> None:
            if len(self.mails) == 3:
                raise KeyboardInterrupt
            await super().send(mail)

    first, second, third = Dies(), LetterBox(), LetterBox()
    with pytest.raises(KeyboardInterrupt):
        await open_(store, to=first)
    same_day = await open_(store, to=second)
    day_after = await open_(store, to=third, today=date(2026, 2, 4))

    # The mail that was on its way may have arrived: it waits a day.
    assert same_day.mails.put_off == 1
    assert day_after.mails.sent == 1
    sent = [str(mail["To"]) for box in (first, second, third) for mail in box.mails]
    assert len(sent) == len(set(sent)) == 5 + 8 + 3


async def test_no_code_is_stored_in_clear(store: Settings, capfd: Any) -> None:
    await build(store)
    await plan(store)
    printed, box = Printed(), LetterBox()

    await approve(store, printer=printed)
    await open_(store, to=box)

    codes = [code_in(mail) for mail in box.mails] + [
        c for made in printed.codes.values() for c in made
    ]
    stored = await everything_stored(store) + "".join(capfd.readouterr())
    assert len(set(codes)) == 16 + 8 + 2
    assert not any(form in stored for code in codes for form in (code, code.replace("-", "")))


async def test_what_staff_did_is_in_the_audit_log(store: Settings) -> None:
    await build(store)

    await plan(store)
    await approve(store)
    await open_(store)

    rows = await AuditEvent.select().order_by(AuditEvent.id)
    assert [row["what"] for row in rows] == ["planned wave", "approved wave", "opened wave"]
    assert await audit.first_break() is None


def code_in(mail: EmailMessage) -> str:
    text = mail.get_content()
    return str(text.split("/svar#")[1][:19])
