"""What `kernepuls wave` says: a wave's state in words and as JSON, and the one thing to do next."""

import json
from collections.abc import Iterable
from typing import Any, Final

import click
import msgspec

from survey import texts
from survey.actions import waves
from survey.cli import spoken
from survey.errors import N_
from survey.texts import Voice

STATES: Final = {
    "draft": N_("draft"),
    "approved": N_("approved"),
    "open": N_("open"),
    "closing": N_("closing"),
    "released": N_("released"),
    "held": N_("held back"),
}
SHEETS: Final = {
    "made": N_("The key is on three sheets, which have not been tried."),
    "drilled": N_("The key is on three sheets; every two of them opened a test envelope."),
    "destroyed": N_("The key was on three sheets. They are destroyed."),
}
TOO_LATE: Final = N_("About %(n)s asked for a new link after their form was opened.")
STEPS: Final = waves.CLOSE_STEPS


def line(one: waves.WaveStatus) -> None:
    voice = Voice(spoken())
    say(
        N_("%(wave)s  %(state)s  %(opens)s to %(closes)s  N = %(invited)s"),
        wave=one.name,
        state=voice.gettext(STATES[one.state]),
        opens=voice.full_date(one.opens),
        closes=voice.full_date(one.closes),
        invited=one.counts.invited,
    )


def detail(one: waves.WaveStatus) -> None:
    voice = Voice(spoken())
    line(one)
    say(N_("Behaviours: %(codes)s"), codes=", ".join(one.behaviours))
    if one.med_date:
        say(N_("Discussed by the works committee: %(day)s"), day=voice.full_date(one.med_date))
    if one.key_sheets:
        say(SHEETS[one.key_sheets])
    if one.counts.invited:
        say(
            N_("By mail: %(mail)s. By card: %(card)s. Spare cards: %(spare)s."),
            mail=one.counts.by_mail,
            card=one.counts.by_card,
            spare=one.counts.spare_cards,
        )
    if one.counts.by_sms:
        say(N_("By text message: %(n)s."), n=one.counts.by_sms)
    if any(one.mails.values()):
        say(N_("Mails: %(sent)s sent, %(failed)s failed, %(waiting)s waiting."), **one.mails)
    if one.missing:
        say(N_("Before it can open this is missing:"))
        lines(texts.sentence(lack, spoken()) for lack in one.missing)
    if one.opened and one.opened_day:
        say(N_("Has opened the form, counted %(day)s:"), day=voice.full_date(one.opened_day))
        lines(f"{share.unit} {share.name}: {voice.percent(share.per_cent)}" for share in one.opened)
    elif one.state == "open":
        say(N_("How many have opened the form is counted each night."))
    if one.asked_too_late:
        say(TOO_LATE, n=one.asked_too_late)
    if one.state == "held":
        say(N_("Held back by the check: %(rule)s"), rule=one.refusal)
    if one.state == "closing" and one.refusal:
        say(N_("The close stopped: %(error)s. Nothing is lost."), error=one.refusal)
    _next(one)


def _next(one: waves.WaveStatus) -> None:
    commands = {
        "draft": "kernepuls wave approve {0} --med-date DATE",
        "approved": "kernepuls wave open {0}",
        "open": "kernepuls wave close {0}",
        "closing": "kernepuls wave close {0}",
        "held": "kernepuls wave close {0}",
    }
    if one.state == "approved" and one.key_sheets == "made":
        commands["approved"] = "kernepuls wave drill {0}"
    if one.state == "released" and one.key_sheets == "drilled":
        commands["released"] = "kernepuls wave shredded {0}"
    if one.state in commands:
        say(N_("Next: %(command)s"), command=commands[one.state].format(one.name))


def facts(one: waves.WaveStatus) -> dict[str, Any]:
    """A status as JSON; what is missing by the refusal's name and its sentence."""
    plain: dict[str, Any] = msgspec.to_builtins(
        {field: getattr(one, field) for field in one.__slots__ if field != "missing"}
    )
    plain["counts"]["by_card"] = one.counts.by_card
    plain["missing"] = [
        {"what": type(lack).__name__, "text": texts.sentence(lack, spoken())}
        for lack in one.missing
    ]
    return plain


def say(msgid: str, **fields: object) -> None:
    voice = Voice(spoken())
    said = {
        name: voice.number(value) if isinstance(value, int) else value
        for name, value in fields.items()
    }
    click.echo(voice.gettext(msgid) % said if fields else voice.gettext(msgid))


def lines(said: Iterable[str]) -> None:
    for line in said:
        click.echo(f"  - {line}")


def print_json(value: object) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))
