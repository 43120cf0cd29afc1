"""Word of a wave's reports to every leadership team in the same hour: a link, never the report.

A mail is read on any phone and forwarded with a thumb; the report stays behind the sign-in, where
the log says who opened it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import quote

import msgspec

from survey import audit, house
from survey.actions.alone import alone
from survey.actions.approval import stored_wave
from survey.actions.opening import today_here
from survey.actor import Role
from survey.delivery import post
from survey.delivery.letters import Letter, round_of
from survey.errors import N_
from survey.insight import ReleasedUnit, released
from survey.settings import Settings
from survey.tables import Account, AccountUnit, ReportMail
from survey.texts import Language, Voice, language_of

SUBJECT = N_("Your report from pulse %(wave)s is ready")
TEXT = N_(
    "Hello,\n\n"
    "The result of pulse %(wave)s is ready, and all leadership teams get it in the same hour. Here "
    "is yours:\n\n"
    "%(links)s\n\n"
    "Sign in, print the report, and lay it on the table. It is made for 45 minutes together: read "
    "in silence, choose one thing to try, and write down what you pass on.\n\n"
    "It is about how work is arranged. It is not about persons.\n\n"
    "Questions? Contact %(contact)s.\n\n"
    "%(sender)s\n"
)


@dataclass(frozen=True, slots=True)
class Reader:
    """An account that is told, where, in which language, and of which units."""

    account: int
    address: str
    language: Language
    units: tuple[ReleasedUnit, ...]


@dataclass(frozen=True, slots=True)
class Reach:
    """Who can be told of a wave's reports, and the units without anybody, in their order.

    `told` is who was told already; `failed` of those asked for could not be.
    """

    readers: tuple[Reader, ...]
    nobody: tuple[ReleasedUnit, ...]
    told: frozenset[int]
    failed: int
    told_on: date | None

    @property
    def left(self) -> tuple[Reader, ...]:
        return tuple(one for one in self.readers if one.account not in self.told)


def folder_of(wave: str) -> str:
    """Where its mails lie beside those of the waves, where no mail server is set."""
    return f"reports-{wave}"


async def reach_of(settings: Settings, wave: str) -> Reach:
    """Raises WaveUnknown, WaveNotReleased, ReleaseDamaged."""
    units = (await released(settings, wave)).units
    found = await stored_wave(wave)
    readers = await _readers(units)
    reached = {unit.unit for one in readers for unit in one.units}
    rows = await ReportMail.select().where(ReportMail.wave == found.id)
    told = [row for row in rows if row["state"] == "sent"]
    return Reach(
        readers,
        tuple(one for one in units if one.unit not in reached),
        frozenset(row["account"] for row in told),
        sum(row["state"] == "failed" for row in rows),
        max((row["day"] for row in told), default=None),
    )


async def send_reports(
    settings: Settings, *, wave: str, by: int | None, progress: Callable[[int, int], None]
) -> None:
    """Tell everybody who was not told; asked for twice, or killed between, nobody is told twice.

    Only a mail that was on its way when the server died may come again. Raises AnotherRun,
    MailServerUnreachable, FieldEmpty, SenderUnusable: who was not told by then still waits.
    """
    found = await stored_wave(wave)
    with alone(settings):
        left = (await reach_of(settings, wave)).left
        today = today_here()
        if left:
            await audit.record(by=by, what="sent reports", on_what=wave)
        fields = house.organisation(settings)
        async with post.opened(settings, folder_of(wave)) as server:
            for number, reader in enumerate(left):
                progress(number, len(left))
                ours = msgspec.structs.replace(fields, language=reader.language)
                around = round_of(settings, ours, closes=found.closes, fingerprint="")
                letter = _letter(settings, reader, wave, ours)
                try:
                    await server.send(post.mail(letter, around, to=reader.address, day=today))
                except post.NotDelivered:
                    await _write_down(found.id, reader.account, "failed", today)
                else:
                    await _write_down(found.id, reader.account, "sent", today)
        progress(len(left), len(left))


async def _readers(units: Sequence[ReleasedUnit]) -> tuple[Reader, ...]:
    """The accounts that belong to one of the units and can be written to."""
    there = {one.unit: one for one in units}
    order = {code: place for place, code in enumerate(there)}
    accounts = await Account.select().where(
        (Account.active == True)  # noqa: E712 - a column, not a value
        & Account.role.is_in([role.value for role in Role if role.has_units])
    ).order_by(Account.id)  # fmt: skip
    rows = await AccountUnit.select(AccountUnit.account, AccountUnit.unit.code.as_alias("code"))
    own: dict[int, list[str]] = {}
    for row in rows:
        if row["code"] in there:
            own.setdefault(row["account"], []).append(row["code"])
    return tuple(
        Reader(
            account["id"],
            address,
            language_of(account["language"]),
            tuple(there[code] for code in sorted(own[account["id"]], key=order.__getitem__)),
        )
        for account in accounts
        if account["id"] in own and (address := address_of(account))
    )


def address_of(account: Mapping[str, str | None]) -> str:
    """Where an account is written to: what its owner chose, else a login that is an address."""
    login = account["login"] or ""
    return account["email"] or (login if post.SENDER.fullmatch(login) else "")


def _letter(settings: Settings, reader: Reader, wave: str, ours: house.Organisation) -> Letter:
    voice = Voice(reader.language)
    links = (
        f"{one.name if one.parent else ours.organisation}: "
        f"{settings.url}/waves/{quote(wave)}/units/{quote(one.unit, safe='')}"
        for one in reader.units
    )
    told = {
        "wave": wave,
        "links": "\n".join(links),
        "contact": ours.said("contact", reader.language),
        "sender": ours.said("sender", reader.language) or ours.organisation,
    }
    return Letter(voice.gettext(SUBJECT) % told, voice.gettext(TEXT) % told)


async def _write_down(wave: int, account: int, state: str, day: date) -> None:
    """One row for a wave and an account, whatever came before."""
    await ReportMail.raw(
        "INSERT INTO report_mail (wave, account, state, day) VALUES ({}, {}, {}, {}) "
        "ON CONFLICT (wave, account) DO UPDATE SET state = excluded.state, day = excluded.day",
        wave,
        account,
        state,
        day,
    )
