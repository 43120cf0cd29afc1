"""The tables, one class each; roster side and intake side share no key, no transaction."""

from piccolo.columns import (
    BigInt,
    Boolean,
    Bytea,
    Date,
    ForeignKey,
    OnDelete,
    Serial,
    Text,
    Timestamptz,
)
from piccolo.table import Table


class Unit(
    Table, help_text="An organisational unit (enhed): its code is for ever, the rest is dated."
):
    id: Serial
    code = Text(unique=True, index=True)


class UnitVersion(Table, tablename="unit_version", help_text="What a unit was in some waves."):
    """One row per version of a unit, as the UNITS file of measurement.md 2.2.

    `valid_from` and `valid_to` are wave labels, inclusive; null `valid_to` = still valid.
    """

    id: Serial
    unit: ForeignKey["Unit"] = ForeignKey(Unit, null=False, on_delete=OnDelete.restrict)
    parent: ForeignKey["Unit"] = ForeignKey(
        Unit, null=True, default=None, on_delete=OnDelete.restrict
    )
    name = Text()
    core_task = Text(null=True, default=None, help_text="Null: the nearest parent's.")
    headcount = BigInt(default=0, help_text="Staff attached directly to the unit.")
    valid_from = Text()
    valid_to = Text(null=True, default=None)
    change = Text(null=True, default=None, help_text="new, renamed, moved, merged, split, closed")
    was = Text(null=True, default=None, help_text="Earlier codes joined by a semicolon.")


class Person(
    Table, help_text="Somebody on the staff list. Never a CPR number, pay, hours or a title."
):
    id: Serial
    unit: ForeignKey["Unit"] = ForeignKey(Unit, null=False, on_delete=OnDelete.restrict)
    first_name = Text()
    last_name = Text()
    profession = Text(help_text="The profession group of the organisation's own list.")
    email = Text(null=True, default=None, help_text="Lower case; null = none.")
    email_shared = Boolean(default=False, help_text="Somebody else has the same address.")
    mobile = Text(null=True, default=None)
    on_leave = Boolean(default=False)
    active = Boolean(
        default=True, help_text="False: not on the newest list; kept for old invitations."
    )


class Behaviour(Table, help_text="A desired behaviour (ønsket adfærd), tied to the core task."):
    id: Serial
    code = Text(unique=True, index=True)
    text = Text()
    text_en = Text(null=True, default=None)
    situation = Text(help_text="The situation as a full sentence in the past tense.")
    situation_en = Text(null=True, default=None)
    short = Text(null=True, default=None, help_text="Infinitive, as in: Tre minutter om at ...")
    short_en = Text(null=True, default=None)
    core_task = Text(null=True, default=None)
    core_task_en = Text(null=True, default=None)
    active = Boolean(default=True)
    version = BigInt(default=1)
    once = Text(null=True, default=None, help_text="The form that made it: sent twice, one row.")
    verdict = Text(null=True, default=None, help_text="Of the linter when it was saved on a page.")
    reason = Text(
        null=True, default=None, help_text="Why it is concrete, where the linter said stop."
    )
    self_checks = Text(null=True, default=None, help_text="Those ticked, by ;.")
    follows = Text(null=True, default=None, help_text="The code of the one it was written from.")


class BehaviourScope(
    Table,
    tablename="behaviour_scope",
    help_text="A unit in a behaviour's scope; a node means all below.",
):
    id: Serial
    behaviour: ForeignKey["Behaviour"] = ForeignKey(
        Behaviour, null=False, on_delete=OnDelete.restrict
    )
    unit: ForeignKey["Unit"] = ForeignKey(Unit, null=False, on_delete=OnDelete.restrict)


class TrialAction(
    Table, tablename="trial_action", help_text="A trial action (prøvehandling): small, time-boxed."
):
    id: Serial
    code = Text(unique=True, index=True)
    name = Text(help_text="Short name: lower case, no full stop.")
    behaviour: ForeignKey["Behaviour"] = ForeignKey(
        Behaviour, null=True, default=None, on_delete=OnDelete.restrict
    )
    barrier = Text(null=True, default=None)
    start_wave = Text()
    end_wave = Text(null=True, default=None)
    randomised = Boolean(default=False)
    weeks = BigInt(null=True, default=None)
    target_group = Text(null=True, default=None)
    learning_question = Text(null=True, default=None)
    what_we_learned = Text(null=True, default=None)
    decision = Text(null=True, default=None, help_text="stopped, adjusted or scaled")
    practice_state = Text(null=True, default=None, help_text="practice_shift or embedded")
    scope = Text(null=True, default=None, help_text="What is tried, and where.")
    starts = Date(null=True, default=None)
    ends = Date(null=True, default=None, help_text="The last day of the period.")
    stop_date = Date(null=True, default=None, help_text="When it stops, to be decided on.")
    citizen_gain = Text(null=True, default=None)
    stop_doing = Text(null=True, default=None)
    owner_role = Text(null=True, default=None, help_text="The holder: a role, never a name.")
    backing = Text(null=True, default=None)
    state = Text(
        null=True,
        default=None,
        help_text="A key of trial_states; null: from a file, told by what was decided.",
    )
    ended_on = Date(null=True, default=None, help_text="The day its learning was written.")
    decided_on = Date(null=True, default=None)
    version = BigInt(default=1)
    once = Text(null=True, default=None, unique=True, help_text="Of the form it was written in.")


class TrialOwner(
    Table, tablename="trial_owner", help_text="The one or two units that own a trial action."
):
    """None for a trial from a file: the units that tried own it."""

    id: Serial
    trial_action: ForeignKey["TrialAction"] = ForeignKey(
        TrialAction, null=False, on_delete=OnDelete.restrict
    )
    unit: ForeignKey["Unit"] = ForeignKey(Unit, null=False, on_delete=OnDelete.restrict)


class TrialStep(
    Table, tablename="trial_step", help_text="A trial action went from one state to another."
):
    id: Serial
    trial_action: ForeignKey["TrialAction"] = ForeignKey(
        TrialAction, null=False, on_delete=OnDelete.restrict
    )
    account = BigInt(null=True, default=None, help_text="Who did it; on no page.")
    day = Date()
    came_from = Text(null=True, default=None, help_text="Null: it was written then.")
    went_to = Text()
    said = Text(default="", help_text="What was learned, or is done differently from here.")


class TrialGate(
    Table, tablename="trial_gate", help_text="The six answers that made it a practice shift."
):
    id: Serial
    trial_action: ForeignKey["TrialAction"] = ForeignKey(
        TrialAction, unique=True, null=False, on_delete=OnDelete.restrict
    )
    citizen_notices = Text()
    works_twice = Text()
    stop_doing = Text()
    where_written = Text()
    owner_role = Text()
    visible_next_wave = Text()


class TrialUnit(Table, tablename="trial_unit", help_text="A unit in a trial action."):
    id: Serial
    trial_action: ForeignKey["TrialAction"] = ForeignKey(
        TrialAction, null=False, on_delete=OnDelete.restrict
    )
    unit: ForeignKey["Unit"] = ForeignKey(Unit, null=False, on_delete=OnDelete.restrict)
    role = Text(default="tried", help_text="tried, comparison or added (joined when it was scaled)")


class Escalation(Table, help_text="A barrier sent up to those who can remove it; their answer."):
    id: Serial
    code = Text(unique=True, index=True)
    level = Text(help_text="parent, two_units, managers, board or council_law")
    barrier = Text(null=True, default=None)
    experience = Text()
    citizen = Text()
    tried = Text()
    ask = Text()
    answer_by = Date()
    sent_on = Date()
    answer = Text(null=True, default=None, help_text="yes, no_because or we_try")
    answer_text = Text(default="")
    answered_on = Date(null=True, default=None)
    version = BigInt(default=1)
    once = Text(unique=True)


class EscalationUnit(
    Table, tablename="escalation_unit", help_text="Who sent it, and which unit it went to."
):
    id: Serial
    escalation: ForeignKey["Escalation"] = ForeignKey(
        Escalation, null=False, on_delete=OnDelete.restrict
    )
    unit: ForeignKey["Unit"] = ForeignKey(Unit, null=False, on_delete=OnDelete.restrict)
    role = Text(help_text="sender or receiver")


class Wave(Table, help_text="A wave (puls): one round with a start and a close."):
    """States, changed by compare-and-set: draft, approved, open, closing, released, held."""

    id: Serial
    name = Text(unique=True, index=True, help_text="Sorts in time order, as 2026-1.")
    opens = Date()
    closes = Date(help_text="The last day counted.")
    state = Text(default="draft")
    med_date = Date(null=True, default=None, help_text="When the works committee discussed it.")
    form_version = BigInt(default=1)
    min_n = BigInt(default=5)
    part_depth = BigInt(default=3, help_text="Level whose units are parts; the root is 1.")
    key_sheets = Text(
        null=True,
        default=None,
        help_text="Null: the server has the key. On three sheets: made, drilled or destroyed.",
    )
    on_hold = Boolean(null=True, default=None, help_text="True: nothing of it may be erased.")
    asked_too_late = BigInt(
        null=True,
        default=None,
        help_text="Requests for a lost link that came after the form was opened; null = none.",
    )
    version = BigInt(default=1, help_text="Of the plan: two people may have it open.")
    left_out = Text(
        null=True, default=None, help_text="Blocks of questions not asked, by ;. Null = none."
    )
    sent_back = Text(
        null=True, default=None, help_text="Why the works committee sent the plan back."
    )


class WaveBehaviour(
    Table, tablename="wave_behaviour", help_text="A behaviour asked about in a wave."
):
    id: Serial
    wave: ForeignKey["Wave"] = ForeignKey(Wave, null=False, on_delete=OnDelete.restrict)
    behaviour: ForeignKey["Behaviour"] = ForeignKey(
        Behaviour, null=False, on_delete=OnDelete.restrict
    )


class Invited(Table, help_text="How many are invited, frozen at approval: N of the wave."):
    id: Serial
    wave: ForeignKey["Wave"] = ForeignKey(Wave, null=False, on_delete=OnDelete.restrict)
    unit: ForeignKey["Unit"] = ForeignKey(Unit, null=False, on_delete=OnDelete.restrict)
    behaviour: ForeignKey["Behaviour"] = ForeignKey(
        Behaviour, null=False, on_delete=OnDelete.restrict
    )
    profession = Text()
    n = BigInt()


class OpenedShare(
    Table, tablename="opened_share", help_text="Has opened the form, in steps of 5 %, by night."
):
    id: Serial
    wave: ForeignKey["Wave"] = ForeignKey(Wave, null=False, on_delete=OnDelete.restrict)
    unit: ForeignKey["Unit"] = ForeignKey(Unit, null=False, on_delete=OnDelete.restrict)
    per_cent = BigInt(help_text="Rounded to whole 5 %.")
    day = Date()


class Closing(
    Table, help_text="The one job that releases a wave; a step done is never done again by mistake."
):
    id: Serial
    wave: ForeignKey["Wave"] = ForeignKey(
        Wave, unique=True, null=False, on_delete=OnDelete.restrict
    )
    step = Text(default="marked", help_text="The last step that is done (trust.md 4).")
    expected = BigInt(null=True, default=None)
    answers_sha256 = Text(null=True, default=None)
    comments_sha256 = Text(null=True, default=None)
    answers = BigInt(null=True, default=None)
    comments = BigInt(null=True, default=None)
    dropped = Text(default="{}", help_text="Counts by reason, as JSON.")
    release_sha256 = Text(null=True, default=None)
    refusal = Text(
        null=True, default=None, help_text="Why it stopped: the rule, never the content."
    )


class Invitation(Table, help_text="Who is invited. Made by raw DDL, WITHOUT ROWID on SQLite."):
    id = Text(primary_key=True, help_text="Random 128 bit, hexadecimal.")
    wave = BigInt()
    kind = Text(help_text="person or card")
    person = BigInt(null=True, default=None)
    unit = BigInt()
    behaviour = BigInt()
    profession = Text(null=True, default=None)
    issued = Bytea(null=True, default=None, help_text="SHA-256 of the blinded message.")


class InvitationCode(Table, tablename="invitation_code", help_text="The hash of a one-time code."):
    hash = Bytea(primary_key=True)
    invitation = Text(index=True)


class MailItem(
    Table, tablename="mail_item", help_text="A mail to make: an invitation's id, never a code."
):
    id: Serial
    wave = BigInt()
    invitation = Text()
    kind = Text(help_text="invitation, reminder_1, reminder_2 or lost_code")
    state = Text(default="waiting", help_text="waiting, sent, failed or withdrawn")
    day = Date(null=True, default=None)


class ReportMail(
    Table, tablename="report_mail", help_text="Word of a wave's reports, once to each account."
):
    id: Serial
    wave = BigInt()
    account = BigInt()
    state = Text(default="waiting", help_text="waiting, sent or failed")
    day = Date(null=True, default=None)


class Ballot(Table, help_text="The hash of a ballot that was used. WITHOUT ROWID on SQLite."):
    hash = Bytea(primary_key=True)
    wave = BigInt()


class Intake(Table, help_text="A sealed answer of fixed size. WITHOUT ROWID on SQLite."):
    key = Bytea(primary_key=True, help_text="Random 16 bytes.")
    wave = BigInt()
    sealed = Bytea()


class Account(Table, help_text="Somebody with a login: a role and a language, never a respondent."):
    id: Serial
    login = Text(unique=True, index=True)
    password_hash = Text()
    role = Text(
        help_text="coordinator, leadership_team, bridge_builder, works_committee, administrator"
    )
    language = Text(default="da")
    active = Boolean(default=True)
    failures = BigInt(default=0)
    wait_until = Timestamptz(null=True, default=None)
    version = BigInt(default=1, help_text="Goes up with role, units and language.")
    email = Text(null=True, default=None, help_text="Where its owner hears of new reports.")


class AccountInvitation(
    Table, tablename="account_invitation", help_text="The one link by which a password is chosen."
):
    account = BigInt(primary_key=True)
    hash = Text(help_text="SHA-256 of the token; the clear one is shown once.")
    once = Text(help_text="The form that made it, so that a form sent twice is one account.")
    ends_at = Timestamptz()


class OneTimeCode(
    Table, tablename="one_time_code", help_text="The second step of an account that has set it up."
):
    account = BigInt(primary_key=True)
    seed = Bytea(help_text="Sealed with a key that is in no database and no backup.")
    last_step = BigInt(help_text="The half minute of the code used last; no code works twice.")


class RecoveryCode(
    Table, tablename="recovery_code", help_text="The hash of a code that stands in for a phone."
):
    hash = Text(primary_key=True)
    account = BigInt(index=True)


class AccountUnit(
    Table, tablename="account_unit", help_text="The part of the tree an account belongs to."
):
    id: Serial
    account: ForeignKey["Account"] = ForeignKey(Account, null=False, on_delete=OnDelete.restrict)
    unit: ForeignKey["Unit"] = ForeignKey(Unit, null=False, on_delete=OnDelete.restrict)


class StaffSession(
    Table, tablename="staff_session", help_text="A login session; the id is stored as a hash."
):
    hash = Text(primary_key=True)
    account = BigInt(null=True, default=None)
    body = Bytea()
    expires_at = Timestamptz(null=True, default=None)


class WrongTry(
    Table, tablename="wrong_try", help_text="Tries of strangers, for minutes; in no backup."
):
    """Filled on PostgreSQL only, where several processes count together."""

    key = Bytea(primary_key=True, help_text="HMAC of a network or a login; see survey.limits.")
    times = BigInt()
    wait_until = Timestamptz(null=True, default=None)
    forget = Timestamptz(null=True, default=None)


class AuditEvent(
    Table, tablename="audit_event", help_text="What a member of staff did, by day; a hash chain."
):
    id: Serial
    account = BigInt(null=True, default=None, help_text="Null: the command line.")
    what = Text()
    on_what = Text()
    day = Date()
    previous = Text()
    hash = Text()


class CommentReview(
    Table, tablename="comment_review", help_text="What a reviewer decided about one comment."
):
    """`place` is the line of the shuffled file: it tells neither who nor when."""

    id: Serial
    wave: ForeignKey["Wave"] = ForeignKey(Wave, null=False, on_delete=OnDelete.restrict)
    place = BigInt()
    state = Text(default="", help_text="shown, rewritten or hidden; empty: taken back.")
    text = Text(null=True, default=None, help_text="As it was rewritten.")
    version = BigInt(default=1)


class Job(Table, help_text="Work that outlives a request; every job can be repeated."):
    id: Serial
    kind = Text()
    arguments = Text(default="{}")
    state = Text(default="ready", help_text="ready, running, done, failed, stopping or stopped")
    step = Text(default="")
    attempts = BigInt(default=0)
    lease_until = Timestamptz(null=True, default=None)
    error = Text(null=True, default=None)
