"""The attacker on files alone: a release, those beside it, and what was made of it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from analysis.audit import Leak
from analysis.findings import Release, ReleaseRefused, decode
from analysis.release import Tried, attacks, audit_release
from analysis.release.audit.documents import Untold, lines_checked
from analysis.release.audit.spreadsheet import table_checked
from analysis.report import workbook_checked
from analysis.report.reading import NotADocument, html_lines, pdf_document
from survey import file_errors
from survey.errors import N_, BadInput, Broken, KernepulsError, Refused

DOCUMENTS: Final = (".pdf", ".csv", ".xlsx", ".html")
# Where a page of results says which unit it is about, and where a report does.
PAGE_OF: Final = re.compile(r"/waves/[^/\"]+/units/([^/\"]+)/numbers\.csv")
TABLE_OF: Final = re.compile(r"(.+)-([^-]+-[^-]+)\.csv")


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


class DocumentOutOfRule(Refused):
    sentence = N_(
        "Rule {rule} is broken: page {page} of {file} holds a number that the release does not "
        "tell. Do not pass the file on. A text that somebody wrote may hold one too: look at the "
        "page. Else report the rule and the page to those who maintain Kernepuls."
    )


class DocumentUnreadable(BadInput):
    sentence = N_(
        "{file} cannot be read. Nothing was tried on it. Give PDF, CSV in UTF-8, HTML, or an XLSX "
        "without formulas and links."
    )


class NumberNotReleased(Broken):
    sentence = N_(
        "Rule {rule} stopped the file: page {page} holds a number that the release does not "
        "tell. Nothing was made. Report the rule and the page to those who maintain Kernepuls."
    )


@dataclass(frozen=True)
class DocumentTried:
    """A document and how many of its numbers its release tells; `page` holds one that it does not.

    A table and a page of HTML are page 1.
    """

    file: str
    numbers: int
    page: int | None = None

    @property
    def error(self) -> KernepulsError | None:
        """What was found as a sentence, None where all is told."""
        if self.page is None:
            return None
        return DocumentOutOfRule(rule="A7", page=self.page, file=self.file)


def audit_documents(
    file: Path, documents: Sequence[Path], earlier: Sequence[Path] = ()
) -> Iterator[DocumentTried]:
    """A7 on what was made of a release: files, or folders with PDF, CSV, XLSX and HTML.

    Raises a KernepulsError for a file that cannot be read.
    """
    release, before = _release(file), tuple(_release(one) for one in earlier)
    for document in _each(documents):
        try:
            yield DocumentTried(document.name, _tried(release, before, document))
        except Untold as error:
            yield DocumentTried(document.name, 0, error.page)
        except (NotADocument, UnicodeDecodeError) as error:
            raise DocumentUnreadable(file=document.name) from error
        except OSError as error:
            raise file_errors.FileMissing(file=document.name) from error


def _each(documents: Sequence[Path]) -> Iterator[Path]:
    for one in documents:
        if one.is_dir():
            found = sorted(one.rglob("*"))
            yield from (file for file in found if file.suffix.lower() in DOCUMENTS)
        else:
            yield one


def _tried(release: Release, earlier: tuple[Release, ...], document: Path) -> int:
    """How many numbers of a document, and of the tables inside it, the release tells."""
    data = document.read_bytes()
    match document.suffix.lower():
        case ".pdf":
            made = pdf_document(data)
            tables = [one for one in made.files if one.endswith(".csv")]
            about = next((of[1] for one in tables if (of := TABLE_OF.fullmatch(one))), "")
            found = lines_checked(
                release, made.lines, about=units_named(release, about), earlier=earlier
            )
            return found + sum(table_checked(release, made.files[one].decode()) for one in tables)
        case ".csv":
            return table_checked(release, data.decode())
        case ".xlsx":
            return workbook_checked(release, data)
        case ".html":
            text = data.decode()
            of = PAGE_OF.search(text)
            about = "" if of is None else of[1]
            return lines_checked(
                release, html_lines(text), about=units_named(release, about), earlier=earlier
            )
        case _:
            raise NotADocument


def units_named(release: Release, told: str) -> tuple[str, ...] | None:
    """The unit that a document is about, or the units with hyphens between; None where unknown."""
    for codes in ((told,), tuple(told.split("-"))):
        if all(release.unit(code) is not None for code in codes):
            return codes
    return None


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
