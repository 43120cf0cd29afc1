"""Why a database is not opened: each refusal leaves everything as it was."""

from typing import ClassVar

from survey.errors import N_, Broken, Busy, Refused


class DatabaseUnsafe(Broken):
    sentence = N_(
        "The database cannot promise that an answer survives: {setting} is {found}, not {wanted}. "
        "Nothing was changed. Correct the setting of the database, and start again."
    )


def require(setting: str, *, found: object, wanted: object) -> None:
    """Refuse a database one of whose settings is not what was asked for."""
    if found != wanted:
        raise DatabaseUnsafe(setting=setting, found=found, wanted=wanted)


class DatabaseUnreadable(Broken):
    sentence = N_(
        "The file {file} is not a database that can be read. Nothing was changed. "
        "Restore it from a backup, or move it away and start with: kernepuls init"
    )


class DatabaseUnreachable(Broken):
    sentence = N_(
        "The database server does not answer, or does not let us in. Nothing was changed. "
        "Check KERNEPULS_DATABASE and that the database server runs."
    )


class DatabaseBusy(Busy):
    """Locked by another for longer than we wait, starting again, or away for the moment."""

    text: ClassVar[str] = "server_busy"  # in content/messages.yaml, as the refusals of intake


class DatabaseOlder(Refused):
    sentence = N_(
        "The database is from an earlier version of Kernepuls. Nothing was changed. "
        "Bring it up to date with: kernepuls init"
    )


class ServerRunning(Refused):
    sentence = N_(
        "A server already runs on {folder}. Nothing was changed. "
        "Stop it first, or set KERNEPULS_DATA to another folder."
    )
