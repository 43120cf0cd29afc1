"""The attacker on files alone: a release, and those beside it, from what they publish."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from analysis.audit import Leak
from analysis.findings import Release, ReleaseRefused, decode
from analysis.release import Tried, attacks, audit_release
from survey import file_errors
from survey.errors import N_, KernepulsError, Refused


class GroupDerived(Refused):
    sentence = N_(
        "Rule {rule} is broken: answers of a group of {size} can be worked out from what is "
        "published of {units}. Do not pass the file on. Report the rule and the codes to those "
        "who maintain Kernepuls; send no answers along."
    )


class NumbersOutOfRule(Refused):
    sentence = N_(
        "Rule {rule} is broken by what is published of {units}. Do not pass the file on. "
        "Report the rule and the codes to those who maintain Kernepuls; send no answers along."
    )


class FilesOutOfRule(Refused):
    sentence = N_(
        "Rule {rule} is broken. Do not pass the file on. "
        "Report the rule to those who maintain Kernepuls; send no answers along."
    )


def audit_files(file: Path, earlier: Sequence[Path] = ()) -> Iterator[Tried]:
    """One audit after the other, as they are done; raises a KernepulsError for an unusable file.

    `earlier` are releases of other waves: each is attacked alone, and all of them together.
    """
    release = _release(file)
    others = [_release(one) for one in earlier]
    return (_with_each(tried, others) for tried in attacks(release, others))


def leak_error(leak: Leak) -> KernepulsError:
    """What was found as a sentence: the rule, the size and published codes, never an answer."""
    told = {"rule": leak.rule, "units": _listed(leak.units), "size": leak.size}
    if not leak.units:
        return FilesOutOfRule(**told)
    return NumbersOutOfRule(**told) if leak.size is None else GroupDerived(**told)


def _listed(codes: Sequence[str]) -> str:
    """The first few codes, and how many more there are."""
    rest = len(codes) - file_errors.MANY
    return ", ".join(codes[: file_errors.MANY]) + (f" (+{rest})" if rest > 0 else "")


def _with_each(tried: Tried, others: Sequence[Release]) -> Tried:
    """Other waves must each hold alone before they are read together."""
    if tried.rule != "A4" or tried.leak is not None:
        return tried
    try:
        for other in others:
            audit_release(other, [one for one in others if one.wave < other.wave])
    except Leak as leak:
        return Tried(tried.rule, {}, leak)
    return tried


def _release(file: Path) -> Release:
    try:
        return decode(file.read_bytes())
    except ReleaseRefused as error:
        raise file_errors.EarlierReleaseDamaged(file=file.name) from error
    except OSError as error:
        raise file_errors.FileMissing(file=file.name) from error
