"""The mail that carries an invitation to an account; the address is used once and kept nowhere."""

from datetime import UTC, date, datetime, timedelta

import msgspec

from survey import house
from survey.delivery import post
from survey.delivery.letters import Letter, round_of
from survey.errors import N_
from survey.settings import Settings
from survey.texts import Language, Voice

FOLDER = "accounts"  # beside the waves' mails, where no mail server is set
KEPT = timedelta(days=8)  # there, until the link in it has died
SUBJECT = N_("Your account in Kernepuls")
TEXT = N_(
    "Hello,\n\n"
    "You have an account in Kernepuls, called %(login)s. Choose its password here, until "
    "%(until)s:\n\n"
    "%(link)s\n\n"
    "The link works once. If you did not expect this mail, leave the link alone and tell the "
    "sender.\n\n"
    "%(sender)s\n"
)


async def send_invitation(  # noqa: PLR0913 - one keyword per value of the text
    settings: Settings,
    *,
    to: str,
    login: str,
    link: str,
    until: date,
    language: Language,
    today: date,
) -> None:
    """Send the link of an invitation.

    Raises NotDelivered, FieldEmpty, SenderUnusable, MailServerUnreachable.
    """
    told = house.organisation(settings)
    here = msgspec.structs.replace(told, language=language)
    voice = Voice(language)
    values = {
        "login": login,
        "link": link,
        "until": voice.day(until),
        "sender": told.said("sender", language) or told.organisation,
    }
    letter = Letter(voice.gettext(SUBJECT), voice.gettext(TEXT) % values)
    around = round_of(settings, here, closes=until, fingerprint="")
    _forget_old(settings, today)
    async with post.opened(settings, FOLDER) as server:
        await server.send(post.mail(letter, around, to=to, day=today))


def _forget_old(settings: Settings, today: date) -> None:
    """Take away the mails whose links have died; a file's own time is the noon of its day."""
    for file in post.folder_of(settings, FOLDER).glob("*.eml"):
        if datetime.fromtimestamp(file.stat().st_mtime, UTC).date() < today - KEPT:
            file.unlink()
