"""Deliberate refusals, named as facts: what happened, what became of the work, what to do.

The tree, with the status a page answers:

    KernepulsError 422
      BadInput 422          a file, a form or an option that cannot be used; nothing was changed
      Refused 409           the state of a wave or of the installation does not allow it
      NotFoundHere 404      unknown, or not for this reader: the two look alike
      Busy 503              nothing was stored; trying again is right
      Broken 500            the installation lacks something a person must put right

A message never names a person, a hidden number or a secret. `sentence` is a msgid whose {fields}
are filled from the facts given by keyword; `survey.texts.sentence` translates it at the edge.
"""

from typing import ClassVar


def N_(msgid: str) -> str:  # noqa: N802 - gettext's own name for "extract, translate later"
    """Mark a text for the catalogues without translating it here."""
    return msgid


class KernepulsError(Exception):
    """A refusal with a sentence; `facts` fill its {fields}.

    `said_in` is the key of a sentence that stands in errors.staff of messages.yaml instead.
    """

    status: ClassVar[int] = 422
    sentence: ClassVar[str] = N_("It was refused. Nothing was changed.")
    said_in: ClassVar[str] = ""

    def __init__(self, **facts: object) -> None:
        super().__init__(type(self).__name__)
        self.facts = facts

    def __reduce__(self) -> tuple[object, ...]:
        """A refusal raised in a child process arrives as the same refusal."""
        return _again, (type(self), self.facts)


def _again(kind: type[KernepulsError], facts: dict[str, object]) -> KernepulsError:
    return kind(**facts)


class BadInput(KernepulsError):
    status = 422


class FieldEmpty(BadInput):
    """What a form or a step cannot do without was left empty."""

    sentence = N_("Fill this in.")


class Refused(KernepulsError):
    status = 409


class ChangedMeanwhile(Refused):
    """An action found another version than the one that was looked at; nothing was changed."""

    sentence = N_(
        "Somebody has changed this since you opened it. Nothing of yours is saved yet, and nothing "
        "is lost: what you wrote stands here, and what is saved now stands beside it. Look it "
        "through, and save again."
    )


class NotFoundHere(KernepulsError):
    status = 404
    sentence = N_("The page does not exist, or you have no access to it.")


class Busy(KernepulsError):
    status = 503
    sentence = N_("The server is busy. Nothing was stored. Try again in a moment.")


class Broken(KernepulsError):
    status = 500


class LibraryMissing(Broken):
    sentence = N_(
        "The system library {library} is missing, so no PDF can be made. Nothing was changed. "
        "Install it with: {command}"
    )


class DataFolderReadOnly(Broken):
    sentence = N_(
        "The data folder {folder} cannot be written to. Nothing was changed. "
        "Give the account that runs Kernepuls write access, or set KERNEPULS_DATA to another one."
    )


class DiskFull(Broken):
    status = 503
    sentence = N_("The server has no room. Nothing is lost. Free some space, and try again.")


class DatabaseNewer(Broken):
    sentence = N_(
        "The database was made by a newer version of Kernepuls ({found}). Nothing was changed. "
        "Install that version or a later one."
    )


class NotInitialised(Refused):
    sentence = N_("There is no installation in {folder} yet. Start with: kernepuls init")


class WaveUnknown(NotFoundHere):
    sentence = N_("There is no wave called {wave}. Nothing was changed. See: kernepuls wave status")


class UnitUnknown(NotFoundHere):
    sentence = N_("There is no unit {unit} in wave {wave}. Nothing was changed.")
