"""`kernepuls audit`: the attacker ships with the product, and works on a release file alone."""

from pathlib import Path
from time import perf_counter
from typing import Final

import click
import msgspec

from survey import insight
from survey.cli import spoken
from survey.errors import N_
from survey.insight import DocumentTried, Leak, Tried
from survey.texts import Voice

FILE = click.Path(path_type=Path)
TRIED: Final = {
    "A1": N_("Published groups subtracted from each other: %(groups)s groups in %(tables)s tables"),
    "A2": N_(
        "Counts that everything displayed leaves possible: %(cells)s groups of answers and "
        "%(small)s hidden ones; %(joined)s joined classes redone"
    ),
    "A3": N_(
        "The same by somebody who knows one answer of their own: %(cells)s groups of answers. "
        "Two who compare theirs come near %(pairs)s"
    ),
    "A4": N_(
        "Several waves together: %(releases)s releases and %(changes)s changes; "
        "%(missing)s earlier releases were not given"
    ),
    "A5": N_("Made-up organisations: tried by the tests of the program, not on a file"),
    "A6": N_("What is hidden is the same for every question: %(patterns)s patterns"),
    "A7": N_("Counts, decimals and numbers of hidden units: %(cells)s numbers"),
}
NOT_ON_A_FILE: Final = "A5"
LEAKED: Final = N_("Something can be derived")


@click.command()
@click.argument("release", type=FILE)
@click.option("--earlier", multiple=True, type=FILE, help="The release of an earlier wave.")
@click.option(
    "--documents",
    multiple=True,
    type=FILE,
    help="A report, table or page made of it, or a folder of them: PDF, CSV, HTML.",
)
@click.option("--json", "as_json", is_flag=True, help="Print what was tried as JSON.")
def audit(
    release: Path, earlier: tuple[Path, ...], documents: tuple[Path, ...], *, as_json: bool
) -> None:
    """Attack RELEASE from what it publishes: what was tried, and what could be derived.

    Exit status 1, with the rule and the smallest group, if anything could, or if a document tells
    a number that the release does not.
    """
    voice = Voice(spoken())
    done: list[tuple[Tried, float]] = []
    begun = perf_counter()
    for tried in insight.audit_files(release, earlier):
        if tried.rule > NOT_ON_A_FILE > (done[-1][0].rule if done else "") and not as_json:
            click.echo(f"{NOT_ON_A_FILE}  {voice.gettext(TRIED[NOT_ON_A_FILE])}")
        done.append((tried, perf_counter() - begun))
        begun = perf_counter()
        if not as_json:
            click.echo(_line(*done[-1], voice))
    made = []
    for document in insight.audit_documents(release, documents, earlier):
        made.append(document)
        if not as_json:
            click.echo(_document(document, voice))
    leaks = [tried.leak for tried, _ in done if tried.leak is not None]
    leak = min(leaks, key=lambda found: (found.size is None, found.size or 0), default=None)
    if as_json:
        click.echo(msgspec.json.encode(_facts(done, leak, made)))
    if leak is not None:
        raise insight.leak_error(leak)
    for document in made:
        if document.error is not None:
            raise document.error
    if not as_json:
        click.echo(voice.gettext(N_("Nothing can be derived.")))


def _line(tried: Tried, seconds: float, voice: Voice) -> str:
    """What one audit tried and how long it took."""
    if tried.leak is not None:
        return f"{tried.rule}  {voice.gettext(LEAKED)}"
    counts = {name: voice.number(count) for name, count in tried.counts.items()}
    took = voice.number(round(seconds, 2))
    return f"{tried.rule}  {voice.gettext(TRIED[tried.rule]) % counts} ({took} s)"


def _document(document: DocumentTried, voice: Voice) -> str:
    """A document and how many numbers it took from the release."""
    if document.error is not None:
        return f"A7  {document.file}: {voice.gettext(LEAKED)}"
    told = voice.gettext(N_("%(numbers)s numbers, all of them told by the release"))
    return f"A7  {document.file}: {told % {'numbers': voice.number(document.numbers)}}"


def _facts(
    done: list[tuple[Tried, float]], leak: Leak | None, made: list[DocumentTried]
) -> dict[str, object]:
    return {
        "audits": [
            {"rule": tried.rule, "passed": tried.leak is None, **tried.counts,
             "seconds": round(seconds, 3)}
            for tried, seconds in done
        ],
        "documents": [
            {"file": one.file, "passed": one.page is None, "numbers": one.numbers,
             "page": one.page}
            for one in made
        ],
        "leak": None if leak is None
        else {"rule": leak.rule, "size": leak.size, "units": leak.units},
    }  # fmt: skip
