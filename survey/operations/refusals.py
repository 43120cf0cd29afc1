"""Why no backup was made, or none put back: each leaves everything as it was."""

from survey.errors import N_, BadInput, Broken, Busy, Refused


class KeyFileThere(Refused):
    sentence = N_(
        "The file {file} is there already. Nothing was changed. A key that is written over can "
        "never open its backups again: choose another name."
    )


class KeyFileUnwritable(BadInput):
    sentence = N_(
        "The key cannot be written to {file} ({problem}). Nothing was changed. "
        "Choose another place."
    )


class KeyFileUnreadable(BadInput):
    sentence = N_(
        "{file} is not a key for backups. Nothing was changed. "
        "Make one with: kernepuls backup --new-key FILE"
    )


class KeyFileOpen(Refused):
    sentence = N_(
        "Others on this machine can read the key {file}. Nothing was changed. Run: chmod 600 {file}"
    )


class KeyDoesNotFit(BadInput):
    sentence = N_(
        "The key does not open {file}: it belongs to other backups, or the beginning of the file "
        "was changed. Nothing was changed here. Use the key the backup was made with."
    )


class NotABackup(BadInput):
    sentence = N_(
        "{file} is not a backup that Kernepuls made. Nothing was changed. Check the name."
    )


class BackupDamaged(BadInput):
    sentence = N_(
        "{file} was cut short or changed since it was made. Nothing was changed here. "
        "Use another backup."
    )


class BackupForeign(BadInput):
    sentence = N_(
        "{file} holds something that no backup of ours holds. Nothing was changed. "
        "Use another backup."
    )


class BackupOfOtherEngine(Refused):
    sentence = N_(
        "The backup was made on {made_on}, and KERNEPULS_DATABASE names another kind of database. "
        "Nothing was changed. Put it back on the same kind."
    )


class TargetTaken(Refused):
    sentence = N_(
        "{file} is there already and is no backup. Nothing was written. Choose another name."
    )


class TargetUnusable(BadInput):
    sentence = N_(
        "The backup cannot be written to {file} ({problem}). Nothing was left there. "
        "Choose another place with --to."
    )


class TargetFull(Broken):
    sentence = N_(
        "There is no room for the backup {file}. Nothing was left there. "
        "Free some space, and run it again."
    )


class CloseRunning(Busy):
    sentence = N_(
        "A wave is being closed just now. Nothing was changed. Run it again when it is closed."
    )


class BackupRunning(Busy):
    sentence = N_(
        "Another backup is being made just now. Nothing was changed. "
        "Run it again when it has ended."
    )


class CopyDiffers(Broken):
    sentence = N_(
        "The copy of the database is not whole ({table}). Nothing was left. Run kernepuls doctor, "
        "and look at the disk."
    )


class NotEmpty(Refused):
    sentence = N_(
        "There is something in {place} already. Nothing was changed. A backup is only put back "
        "into an empty installation: set KERNEPULS_DATA and KERNEPULS_DATABASE to new ones."
    )


class MovedAlready(Refused):
    sentence = N_(
        "KERNEPULS_DATABASE names PostgreSQL already. Nothing was changed. "
        "To move the SQLite database of the data folder, run it without KERNEPULS_DATABASE."
    )


class NoAddress(BadInput):
    sentence = N_(
        "The address of a PostgreSQL database begins with postgresql://. Nothing was changed. "
        "Give it with --to."
    )


class DatabaseTaken(Refused):
    sentence = N_(
        "There is something in that database already. Nothing was changed. "
        "Empty it, or make a new one, and run it again."
    )


class SourceBusy(Busy):
    sentence = N_(
        "Another command writes to the database just now. Nothing was changed. "
        "Run it again when that has ended."
    )


class ValueUnfit(Broken):
    sentence = N_(
        "Table {table} holds a value that PostgreSQL does not take. Nothing was moved, and SQLite "
        "is as it was: go on with it, and report this as a fault."
    )


class ArchiveUndecided(Refused):
    sentence = N_(
        "Nothing was erased. A municipality may not erase without authority (arkivloven): agree "
        "with the archive what may go, and write the day of the decision in archive_decision in "
        "the organisation's file {file}."
    )


class PersonUnknown(BadInput):
    sentence = N_(
        "Nobody on the staff list has that mail or name. Nothing was erased. Write the work mail, "
        "or the first and last name as they are on the list."
    )


class SeveralPeople(Refused):
    sentence = N_(
        "Several people on the staff list fit. Nothing was erased. Write the work mail, or the "
        "name, a comma and the code of the unit."
    )


class PersonInWave(Refused):
    sentence = N_(
        "Who is invited to wave {wave} stays on the list until it has closed and is not on hold. "
        "It is the same for everyone, and tells nothing about an answer. Nothing was erased."
    )


class NotAReport(BadInput):
    sentence = N_("The file {file} cannot be read. Give a report from the folder erasures.")
