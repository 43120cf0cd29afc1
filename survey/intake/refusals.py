"""Why an answer is not taken. `text` is the name of the same sentence in content/messages.yaml."""

from typing import ClassVar

from survey.errors import N_, BadInput, Broken, Busy, KernepulsError, NotFoundHere, Refused


class CodeUnknown(NotFoundHere):
    text: ClassVar[str] = "code_unknown"
    sentence = N_(
        "We do not know the code. Nothing has been sent. "
        "Check that all 16 characters are there, and try again."
    )


class CodeUsed(Refused):
    text: ClassVar[str] = "code_used"
    sentence = N_("The code was used on another device. An answer cannot be changed.")


class NotOpenYet(Refused):
    """Facts: date, the day the wave opens; None when no wave is planned."""

    text: ClassVar[str] = "not_open"
    sentence = N_("The pulse has not begun. Your code is not used.")


class WaveClosed(KernepulsError):
    """Facts: date, the last day; next, the day a wave may open again."""

    status = 410
    text: ClassVar[str] = "closed"
    sentence = N_("The pulse has ended. Your answer was not included.")


class BallotRefused(KernepulsError):
    """A signature or a ticket that this server did not make for this wave."""

    status = 403
    text: ClassVar[str] = "page_old"
    sentence = N_("The page was not made here. Nothing was stored. Open the link again.")


class PageOld(Refused):
    text: ClassVar[str] = "page_old"
    sentence = N_(
        "The page has changed since you opened it. Your answers are still here. "
        "Look them through, and send again."
    )


class AnswerTooLarge(BadInput):
    text: ClassVar[str] = "not_saved"
    sentence = N_("The answer is too long. Nothing was stored. Make the comment shorter.")


class AnswerMalformed(BadInput):
    """Bytes of the wrong shape, or columns the questionnaire does not have."""

    text: ClassVar[str] = "page_old"
    sentence = N_("The answer could not be read. Nothing was stored. Open the link again.")


class AnswerNotStored(Broken):
    text: ClassVar[str] = "not_saved"
    sentence = N_("Your answer could not be stored. Try again in a while.")


class ServerBusy(Busy):
    text: ClassVar[str] = "server_busy"
    sentence = N_("The server is busy. Your answer is not sent yet. Try again in a moment.")


class WaveNameBad(BadInput):
    sentence = N_(
        "A wave cannot be called {wave}: use letters, digits, hyphen, full stop and underscore. "
        "Nothing was changed."
    )


class KeysMissing(Broken):
    sentence = N_(
        "The keys of wave {wave} are not in {folder}. Nothing was changed. "
        "Put the folder back from the second place before the wave goes on."
    )


class KeysDiffer(Broken):
    sentence = N_(
        "The keys of wave {wave} in {folder} do not open what was sealed for it. Nothing was "
        "changed. Put the right keys back before the wave goes on."
    )


class WaveNotOpen(Refused):
    sentence = N_("Wave {wave} is not open, so it cannot be closed. Nothing was changed.")


class ClosingNow(Refused):
    sentence = N_(
        "Wave {wave} is being closed already. Nothing was changed. Wait until it is done."
    )


class RowsUnopenable(Refused):
    sentence = N_(
        "{n} answers of wave {wave} cannot be opened. Everything is kept. Two people must agree to "
        "leave them out before the close goes on."
    )


class CountDiffers(Broken):
    sentence = N_(
        "The close of wave {wave} found {found} answers where {expected} were expected. Everything "
        "is kept, and nothing was released. Restore the database from a backup, and close again."
    )


class CopyDiffers(Broken):
    sentence = N_(
        "The copy {file} of wave {wave} is not what was written. Everything is kept. "
        "Check the backup place (KERNEPULS_BACKUP), and close again."
    )


class SheetsNeeded(Refused):
    sentence = N_(
        "The key of wave {wave} is on three sheets, and two of them are needed. Nothing was "
        "changed. Give two sheets; any two will do. If two are lost, nobody can open the answers "
        "of the wave any more: they are lost."
    )


class SheetGroupsMissing(BadInput):
    sentence = N_(
        "{expected} groups of five letters were expected, and {found} were given. Nothing was "
        "changed. Read the groups again, each with a space after it."
    )


class SheetGroupsWrong(BadInput):
    sentence = N_(
        "Read again on the sheet: group {groups}. Something in it is not as it was printed. "
        "Nothing was changed."
    )


class SheetChanged(BadInput):
    sentence = N_(
        "The sheet is not as it was printed, or it is no key sheet. Nothing was changed. "
        "Read all of it again, or take another sheet."
    )


class SheetForeign(BadInput):
    sentence = N_(
        "The sheet does not belong to the key of wave {wave}: it is of another wave, or sheets "
        "were made anew after it. Nothing was changed. Take the sheet of this wave."
    )


class SheetsAlike(BadInput):
    sentence = N_(
        "The same sheet of wave {wave} was given twice. Nothing was changed. "
        "Take those of two different trustees."
    )


class SheetsNotTried(Refused):
    sentence = N_(
        "The three key sheets of wave {wave} have not been tried, so it cannot open yet. Nothing "
        "was changed. Try them with: kernepuls wave drill {wave}"
    )
