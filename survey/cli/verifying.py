"""What `kernepuls demo --verify` prints: planted beside found, line by line, and what misses."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from secrets import randbelow
from typing import Final

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from survey.cli import spoken
from survey.errors import N_
from survey.seeds.verify import RARE, WORST_WAVE, Line, Verified, misses, verified
from survey.texts import Voice

HIGHEST: Final = 2**31
KINDS: Final = {
    "marked": N_("stands out"),
    "fall": N_("a certain fall"),
    "rise": N_("a certain rise"),
    "address": N_("is sent to %(what)s"),
    "bands": N_("told in words only, never as certain"),
    "seam": N_("the seam is named from both sides"),
    "hidden": N_("is never shown"),
    "safe": N_("nobody shown leaves a rest of one to four people"),
    "verdict": N_("the verdict is %(what)s"),
    "covered": N_("the interval holds the planted value"),
    "level": N_("the verdict names another place than the planted one"),
}
TRAPS: Final = {
    "X1": N_("nothing is told as certain where nothing is planted"),
    "X2": N_("what rises everywhere is told as common"),
    "X3": N_("only units with few in the situation are hidden"),
    "X4": N_("no number of a profession below the centres"),
    "X5": N_("fewer answers are read with care, and never praised"),
    "X6": N_("moved units keep their trend, their parents get no verdict"),
    "X7": N_("a level few can tell is hidden, the barriers are shown"),
    "X8": N_("comments are refused"),
    "X9": N_("the first option throughout gives one note and drops nobody"),
}


def verify(*, seeds: int, first: int | None, as_json: bool) -> bool:
    """Verify that many draws, `first` and those after it, and print; whether nothing misses."""
    start = randbelow(HIGHEST) if first is None else first
    voice = Voice(spoken())
    with _watched(voice, seeds) as watch:
        found = verified(range(start, start + seeds), watch)
    if as_json:
        click.echo(msgspec.json.encode(found))
    else:
        for line in told(found, voice):
            click.echo(line)
    return found.is_kept


@contextmanager
def _watched(voice: Voice, total: int) -> Iterator[Callable[[int], None]]:
    """A bar on the error stream, where somebody looks at it."""
    console = Console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(voice.gettext(N_("Municipalities drawn and analysed")))
        progress.update(task, total=total)

        def watch(done: int) -> None:
            progress.update(task, completed=done)

        yield watch


def told(found: Verified, voice: Voice) -> Iterator[str]:
    _ = voice.gettext
    seeds = {"first": found.seeds[0], "last": found.seeds[-1], "num": len(found.seeds)}
    yield (
        _(N_("Planted against found in %(num)s draws of Fjordlund, seeds %(first)s-%(last)s"))
        % seeds
    )
    yield ""
    head = ("", _(N_("where")), _(N_("what")), _(N_("wave")), _(N_("accepted")), _(N_("found")),
            _(N_("of")), "")  # fmt: skip
    yield from _aligned([head, *(_row(line, voice) for line in found.lines)])
    yield ""
    yield from _false_marks(found, voice)
    told = ", ".join(f"{what} {n}" for what, n in found.common.items())
    yield _(N_("Rises told as common: %(counts)s")) % {"counts": told}
    for barrier, verdicts in found.levels.items():
        counts = ", ".join(f"{verdict} {n}" for verdict, n in verdicts.items())
        yield _(N_("Verdict on where %(barrier)s sits: %(counts)s")) % {
            "barrier": barrier,
            "counts": counts,
        }
    yield ""
    yield _(
        N_(
            "A rate misses when a true rate within what is accepted would give it less often than "
            "%(num)s times in 1,000 (exact binomial)."
        )
    ) % {"num": voice.number(round(1000 * RARE))}
    outside = len(list(misses(found))) + (not found.false_marks.is_kept)
    yield (
        voice.ngettext("%(num)d line misses.", "%(num)d lines miss.", outside) % {"num": outside}
        if outside
        else _(N_("Nothing misses."))
    )


def _false_marks(found: Verified, voice: Voice) -> Iterator[str]:
    marks = found.false_marks
    yield voice.gettext(
        N_(
            "Marks where nothing is planted: %(mean)s per wave over %(waves)s waves (accepted: .4 "
            "to .9), at most %(worst)s in one, more than %(most)s in %(above)s %(sign)s"
        )
    ) % {
        "mean": voice.number(round(marks.mean, 2)),
        "waves": voice.number(marks.waves),
        "worst": marks.worst,
        "most": WORST_WAVE,
        "above": marks.above,
        "sign": _sign(voice, is_kept=marks.is_kept),
    }


def _row(line: Line, voice: Voice) -> tuple[str, ...]:
    text = TRAPS[line.id] if line.kind == "trap" else KINDS[line.kind]
    what = voice.gettext(text)
    return (
        line.id,
        line.where,
        what % {"what": line.what.replace(" ", "/")},
        line.wave,
        _range(line),
        "–" if line.rate is None else f"{100 * line.rate:.0f}",
        str(line.times),
        "" if line.rate is None else _sign(voice, is_kept=line.is_kept),
    )


def _range(line: Line) -> str:
    if line.low is None or line.high is None:
        return ""
    ends = [round(100 * end) for end in (line.low, line.high)]
    return str(ends[0]) if ends[0] == ends[1] else f"{ends[0]}-{ends[1]}"


def _sign(voice: Voice, *, is_kept: bool) -> str:
    return voice.gettext(N_("ok")) if is_kept else voice.gettext(N_("MISSES"))


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Columns as wide as their widest cell; figures to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [
            cell.rjust(width) if at in (4, 5, 6) else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()
