"""What `kernepuls doctor` looks at: each check says what it saw and what to do about it."""

import asyncio
import ctypes
import resource
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from survey import assets, engine, house, texts
from survey.actions.languages import files
from survey.delivery import post, sms
from survey.errors import KernepulsError
from survey.intake import keys
from survey.metrics import DISK_ALARM
from survey.operations.backup import last_made
from survey.pages.answering import languages
from survey.settings import Settings
from survey.tables import AuditEvent, Wave
from survey.texts import Voice

LIBRARIES = {  # what WeasyPrint loads -> Debian's package
    "libpango-1.0.so.0": "libpango-1.0-0",
    "libpangoft2-1.0.so.0": "libpangoft2-1.0-0",
    "libharfbuzz-subset.so.0": "libharfbuzz-subset0",
}
INSTALL = "apt-get install -y --no-install-recommends"
PRINTED = ("SourceSans3-Regular", "SourceSans3-It", "SourceSans3-Semibold")
SPARE = 5 * 2**30  # bytes: less than this on a disk past its alarm may not last for a wave
APART = 60  # seconds two clocks may differ
OLD = timedelta(days=1)  # of the last backup
WITH_KEYS = ("approved", "open", "closing")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. `wrong` must be put right, `care` is worth knowing."""

    what: str
    state: Literal["fine", "care", "wrong"]
    advice: str = ""


def all_checks(settings: Settings, voice: Voice) -> list[Check]:
    """Every check, also when an early one fails."""
    return [
        _python(voice),
        *_libraries(voice),
        _fonts(voice),
        _folder(settings, voice),
        _disk(settings, voice),
        _organisation(settings, voice),
        *_languages(settings, voice),
        *asyncio.run(_database(settings, voice)),
        _key_copy(settings, voice),
        _last_backup(settings, voice),
        asyncio.run(_mail(settings, voice)),
        asyncio.run(_texting(settings, voice)),
        *_memory(voice),
    ]


def _python(voice: Voice) -> Check:
    told = ".".join(map(str, sys.version_info[:3]))
    return Check(voice.gettext("Python %(version)s") % {"version": told}, "fine")


def _libraries(voice: Voice) -> Iterator[Check]:
    missing = [package for library, package in LIBRARIES.items() if not _loads(library)]
    what = voice.gettext("System libraries for the PDF")
    if missing:
        command = f"{INSTALL} {' '.join(missing)}"
        yield Check(what, "wrong", voice.gettext("Run: %(command)s") % {"command": command})
    else:
        yield Check(what, "fine")


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _fonts(voice: Voice) -> Check:
    what = voice.gettext("Fonts and browser assets")
    there = all((assets.FONTS / f"{name}.ttf").is_file() for name in PRINTED)
    if there and (assets.FOLDER / "manifest.json").is_file():
        return Check(what, "fine")
    return Check(what, "wrong", voice.gettext("Build them: make demo (or pip install .)"))


def _folder(settings: Settings, voice: Voice) -> Check:
    what = voice.gettext("The data folder %(folder)s") % {"folder": settings.data}
    if not settings.data.is_dir():
        return Check(what, "wrong", voice.gettext("Make it: kernepuls init"))
    if settings.data.stat().st_mode & 0o077:
        command = f"chmod 700 {settings.data}"
        return Check(
            what,
            "care",
            voice.gettext("Others on this machine can look into it. Run: %(command)s")
            % {"command": command},
        )
    return Check(what, "fine")


def _disk(settings: Settings, voice: Voice) -> Check:
    usage = shutil.disk_usage(_nearest(settings.data))
    what = voice.gettext("%(size)s GB of room") % {"size": voice.number(usage.free // 2**30)}
    if usage.used / usage.total <= DISK_ALARM:
        return Check(what, "fine")
    if usage.free < SPARE:
        return Check(what, "wrong", voice.gettext("Free some space before the next wave opens."))
    advice = voice.gettext("More than %(share)s of the disk is used. Free some space in time.")
    share = voice.percent(round(DISK_ALARM * 100))
    return Check(what, "care", advice % {"share": share})


def _nearest(path: Path) -> Path:
    return next(one for one in (path, *path.parents) if one.exists())


def _organisation(settings: Settings, voice: Voice) -> Check:
    what = voice.gettext("The organisation's own fields")
    try:
        told = house.organisation(settings)
    except KernepulsError as error:
        return Check(what, "wrong", texts.sentence(error, voice.language))
    empty = [field for field in house.OWN_FIELDS if not getattr(told, field)]
    if empty:
        return Check(
            what,
            "care",
            voice.gettext("Fill in %(fields)s in %(file)s: texts that need them are not sent.")
            % {"fields": ", ".join(empty), "file": settings.organisation},
        )
    return Check(what, "fine")


def _languages(settings: Settings, voice: Voice) -> Iterator[Check]:
    """Each language the organisation has added: one that is not whole is not offered."""
    whole = {pack.code for pack in languages.offered(settings)}
    for file in files(settings):
        what = voice.gettext("The added language %(code)s") % {"code": file.stem}
        advice = voice.gettext("It is not offered. See why: kernepuls languages check %(code)s")
        if file.stem in whole:
            yield Check(what, "fine")
        else:
            yield Check(what, "care", advice % {"code": file.stem})


async def _database(settings: Settings, voice: Voice) -> list[Check]:
    """Opening it reads every promised setting back; then the keys of waves that need theirs."""
    what = voice.gettext("The database and what it promises")
    found: list[Check] = []
    try:
        async with engine.opened(settings):
            found.append(Check(what, "fine"))
            found.append(await _clock(voice))
            found.extend(_left_over(settings, voice))
            rows = await Wave.select(Wave.name).where(Wave.state.is_in(list(WITH_KEYS)))
            found.extend(_keys(settings, row["name"], voice) for row in rows)
    except KernepulsError as error:
        found.append(Check(what, "wrong", texts.sentence(error, voice.language)))
    return found


def _left_over(settings: Settings, voice: Voice) -> Iterator[Check]:
    """What a move to PostgreSQL leaves, for as long as it may have to be undone."""
    if settings.on_sqlite or not settings.sqlite_file.exists():
        return
    what = voice.gettext("The database from before the move to PostgreSQL")
    advice = voice.gettext(
        "Delete %(file)s once there is a backup: no close clears it any more, and it says who has "
        "opened the form."
    )
    yield Check(what, "care", advice % {"file": settings.sqlite_file})


async def _clock(voice: Voice) -> Check:
    """Days decide when a wave opens and closes: this clock, the database's, and its newest day."""
    now = datetime.now(UTC)
    what = voice.gettext("The clock agrees with the database")
    if engine.current().engine_type == "postgres":
        [row] = await AuditEvent.raw("SELECT now() AS told")
        apart = round(abs((row["told"] - now).total_seconds()))
        if apart > APART:
            advice = voice.gettext(
                "The two differ by %(seconds)s seconds. Let both machines set their clocks by "
                "the network: timedatectl set-ntp true"
            )
            return Check(what, "wrong", advice % {"seconds": voice.number(apart)})
    newest = (
        await AuditEvent.select(AuditEvent.day).order_by(AuditEvent.day, ascending=False).first()
    )
    if newest and newest["day"] > now.date() + timedelta(days=1):
        advice = voice.gettext(
            "This machine says %(today)s, and the database has events of %(day)s. Set the clock: "
            "timedatectl set-ntp true"
        )
        days = {"today": voice.full_date(now.date()), "day": voice.full_date(newest["day"])}
        return Check(what, "wrong", advice % days)
    return Check(what, "fine")


def _keys(settings: Settings, wave: str, voice: Voice) -> Check:
    what = voice.gettext("Both copies of the keys of wave %(wave)s") % {"wave": wave}
    try:
        keys.check_copies(settings, wave)
    except KernepulsError as error:
        return Check(what, "wrong", texts.sentence(error, voice.language))
    return Check(what, "fine")


def _key_copy(settings: Settings, voice: Voice) -> Check:
    what = voice.gettext("A second place for keys and backups")
    here = _nearest(settings.data).stat().st_dev
    same = [
        name
        for name, place in (
            ("KERNEPULS_KEY_COPY", settings.key_copy),
            ("KERNEPULS_BACKUP", settings.backup),
        )
        if _nearest(place).stat().st_dev == here
    ]
    if same:
        return Check(
            what,
            "care",
            voice.gettext(
                "%(names)s lie on the same disk as the data: one broken disk takes both. "
                "Set them to another disk."
            )
            % {"names": ", ".join(same)},
        )
    return Check(what, "fine")


def _last_backup(settings: Settings, voice: Voice) -> Check:
    made = last_made(settings)
    if made is None:
        what = voice.gettext("No backup has been made")
        return Check(what, "care", voice.gettext("Make one each night: kernepuls backup"))
    what = voice.gettext("The last backup is from %(day)s") % {"day": voice.full_date(made.date())}
    if datetime.now(UTC) - made > OLD:
        return Check(what, "care", voice.gettext("Make one each night: kernepuls backup"))
    return Check(what, "fine")


async def _mail(settings: Settings, voice: Voice) -> Check:
    """The mail server is greeted and left again; no mail is sent."""
    if settings.smtp is None:
        return Check(voice.gettext("No mail server: mails are written to files"), "fine")
    what = voice.gettext("The mail server answers")
    try:
        async with post.opened(settings, "doctor"):
            return Check(what, "fine")
    except KernepulsError as error:
        return Check(what, "wrong", texts.sentence(error, voice.language))


async def _texting(settings: Settings, voice: Voice) -> Check:
    """The sender of text messages is opened and left again; none is sent."""
    if settings.sms is None:
        return Check(voice.gettext("No text messages: who has no mail draws a card"), "fine")
    what = voice.gettext("Text messages can be sent (%(sender)s)") % {"sender": settings.sms}
    try:
        if settings.sms == "files":  # to open it would make its folder
            with tempfile.TemporaryFile(dir=_nearest(sms.folder_of(settings, "doctor"))):
                return Check(what, "fine")
        async with sms.opened(settings, "doctor"):
            return Check(what, "fine")
    except KernepulsError as error:
        return Check(what, "wrong", texts.sentence(error, voice.language))
    except Exception as error:  # noqa: BLE001 - a package that is not ours may raise anything
        advice = voice.gettext("It cannot be used (%(problem)s). Put it right before a wave opens.")
        return Check(what, "wrong", advice % {"problem": type(error).__name__})


def _memory(voice: Voice) -> Iterator[Check]:
    """A wave's key in swap or in a core dump outlives its deletion."""
    swaps = Path("/proc/swaps")
    lines = swaps.read_text(encoding="ascii").splitlines()[1:] if swaps.exists() else []
    plain = [line.split()[0] for line in lines if not line.startswith(("/dev/dm-", "/dev/zram"))]
    what = voice.gettext("No unencrypted swap")
    advice = voice.gettext("A key can end up there. Turn it off: swapoff -a")
    yield Check(what, "care", advice) if plain else Check(what, "fine")
    dumps = resource.getrlimit(resource.RLIMIT_CORE)[0] != 0
    what = voice.gettext("No core dumps")
    advice = voice.gettext("Start the server with: ulimit -c 0")
    yield Check(what, "care", advice) if dumps else Check(what, "fine")
