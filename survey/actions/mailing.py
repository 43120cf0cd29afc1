"""The mails that go out without anybody typing a command: what was asked for, and what waits.

Invitations are not among them: they go when somebody opens the wave.
"""

from datetime import datetime, time

from survey import house
from survey.actions.alone import alone
from survey.actions.lost_link import send_asked_for
from survey.actions.reminding import send_reminders
from survey.delivery import post
from survey.settings import Settings
from survey.tables import MailItem, Wave


async def send_due(settings: Settings, now: datetime, box: post.Post | None = None) -> None:
    """Send new codes to those who asked at any hour, and reminders outside the quiet hours.

    `now` is the organisation's own time. Raises AnotherRun while a command sends mails, and
    MailServerUnreachable; both leave the rest waiting.
    """
    waves = await Wave.objects().where(Wave.state == "open").order_by(Wave.name)
    if not any([await _waits(wave) for wave in waves]):
        return
    quiet = is_quiet(now.time(), house.organisation(settings).mail_quiet_hours)
    with alone(settings):
        for wave in waves:
            await send_asked_for(settings, wave, now.date(), box)
            if not quiet:
                await send_reminders(settings, wave, now.date(), box)


def is_quiet(at: time, hours: tuple[str, str]) -> bool:
    """Within the hours of organisation.yaml, which may go over midnight."""
    begins, ends = (time.fromisoformat(hour) for hour in hours)
    if begins <= ends:
        return begins <= at < ends
    return at >= begins or at < ends


async def _waits(wave: Wave) -> bool:
    """Whether the wave has such mails at all, before the lock is asked for."""
    return bool(
        await MailItem.exists().where(
            (MailItem.wave == wave.id)
            & (MailItem.kind != "invitation")
            & MailItem.state.is_in(["waiting", "failed"])
        )
    )
