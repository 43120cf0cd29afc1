"""The analysis from files alone, without a database: the file contract of measurement.md 2.2."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Final, TypeAlias

import msgspec
import polars as pl

from analysis.audit import Leak
from analysis.findings import Release, ReleaseRefused, decode, encode
from analysis.findings.schema import release_schema
from analysis.frames import (
    SCHEMAS,
    ColumnsUnknown,
    InputRefused,
    allowed,
    checked_answers,
    first_row,
    read_table,
    versions_of,
)
from analysis.release import audit_release, releases, waves_of
from survey import file_errors
from survey.insight.releases import trial_kinds, written_whole

Watcher: TypeAlias = Callable[[int, int, str], None]
MANY_ANSWERS: Final = 50_000  # from here a second process saves more than its start costs


def _unwatched(_place: int, _many: int, _wave: str) -> None:
    """Nobody looks at how far it is."""


def analyse_files(  # noqa: PLR0913 - the files of measurement.md 2.2, each by its name
    answers: Sequence[Path],
    *,
    units: Path,
    behaviours: Path,
    invited: Path | None = None,
    trials: Path | None = None,
    wave: str | None = None,
    earlier: Sequence[Path] = (),
    watch: Watcher = _unwatched,
) -> tuple[Release, ...]:
    """The release of a wave, after those before it: made from the files, or given as `earlier`.

    In time order, so that the one asked for is the last. `watch` hears of each wave before it is
    made: its place, how many there are, its name. Raises a KernepulsError for what cannot be used.
    """
    known = {"UNITS": units, "BEHAVIOURS": behaviours, "INVITED": invited, "TRIALS": trials}
    with _refusals({"ANSWERS": answers[0], **known}):
        _refuse_repeated(answers)
        old = _earlier_waves(earlier)
        tree, asked = _table(units, "UNITS"), _table(behaviours, "BEHAVIOURS")
        _refuse_strangers(earlier, tree, units.name)
        people = pl.concat([_answers(file, tree, asked) for file in answers], how="diagonal")
        invited_ = None if invited is None else _table(invited, "INVITED")
        trials_ = None if trials is None else _table(trials, "TRIALS")
        waves = waves_of(people)
        last = wave or max(waves, default="")
        done = sorted((one for one in old if one.wave < last), key=lambda one: one.wave)
        given = {one.wave for one in done}
        unmade = [each for each in waves if each < last and each not in given and last in waves]
        with _beside(people.height, len(unmade) + 1) as beside:
            for place, each in enumerate([*unmade, last]):
                watch(place, len(unmade) + 1, each)
                made = releases(
                    people,
                    tree,
                    asked,
                    wave=each or None,
                    invited=invited_,
                    trials=trials_,
                    earlier=done,
                    catalogue=trial_kinds(),
                    beside=beside,
                )
                for one in made:
                    audit_release(one, done)
                    done.append(one)
    return tuple(sorted(done, key=lambda one: one.wave))


@contextmanager
def _beside(answers: int, waves: int) -> Iterator[Executor | None]:
    """A process for the draws and the attack, where there are waves and answers enough for it."""
    if waves == 1 or answers < MANY_ANSWERS:
        yield None
        return
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        yield process


def schema() -> str:
    """The JSON Schema of release.json, as it is published."""
    return msgspec.json.format(msgspec.json.encode(release_schema(), order="sorted")).decode()


def write_text(page: str, target: Path) -> None:
    """Write a page beside a release, whole or not at all."""
    _written(target, page.encode())


def write_release(made: Release, target: Path) -> int:
    """Write the canonical bytes of a release, whole or not at all; how many there are."""
    data = encode(made)
    _written(target, data)
    return len(data)


def _written(target: Path, data: bytes) -> None:
    try:
        written_whole(target, data)
    except OSError as error:
        raise file_errors.TargetRefused(file=target.name) from error


def _answers(file: Path, units: pl.DataFrame, behaviours: pl.DataFrame) -> pl.DataFrame:
    """The answers of one file, each row held to the units of its own wave."""
    asked = frozenset(behaviours["behaviour"].to_list())
    people = _table(file, "ANSWERS")
    with _refusals({"ANSWERS": file}):
        for wave in waves_of(people):
            # A wave without a tree is refused when it is released, if it ever is.
            seen = versions_of(units, wave)["unit"].to_list() or units["unit"].to_list()
            checked_answers(
                people,
                units=frozenset(seen),
                behaviours=asked,
                wave=wave,
                first_row=first_row(_bytes(file)),
            )
    return people


def _table(file: Path, table: str) -> pl.DataFrame:
    with _refusals({table: file}):
        return read_table(_bytes(file), table)


def _refuse_repeated(files: Sequence[Path]) -> None:
    seen: set[bytes] = set()
    for file in files:
        data = _bytes(file)
        if data in seen:
            raise file_errors.FileGivenTwice(file=file.name)
        seen.add(data)


def _refuse_strangers(files: Sequence[Path], units: pl.DataFrame, name: str) -> None:
    """An earlier release must share a unit with the tree, by a code that is or was."""
    known = set(units["unit"].to_list())
    if "was" in units.columns:
        known.update(";".join(units["was"].drop_nulls().to_list()).split(";"))
    for file in files:
        if not known & {unit.unit for unit in _earlier(file).units}:
            raise file_errors.EarlierOfAnotherTree(file=file.name, units=name)


def _earlier_waves(files: Sequence[Path]) -> list[Release]:
    """The releases in the files, one of each wave."""
    found: dict[str, Release] = {}
    for file in files:
        old = _earlier(file)
        if old.wave in found:
            raise file_errors.WaveReleasedTwice(file=file.name, wave=old.wave)
        found[old.wave] = old
    return list(found.values())


def _earlier(file: Path) -> Release:
    try:
        return decode(_bytes(file))
    except ReleaseRefused as error:
        raise file_errors.EarlierReleaseDamaged(file=file.name) from error


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise file_errors.FileMissing(file=file.name) from error


@contextmanager
def _refusals(files: dict[str, Path | None]) -> Iterator[None]:
    """Facts of the analysis become sentences about the file they were found in."""
    try:
        yield
    except InputRefused as refused:
        file = files.get(refused.table)
        facts = {**refused.facts, "table": refused.table, "file": file.name if file else ""}
        if "column" in facts:
            facts["allowed"] = allowed(refused.table, str(facts["column"]))
        if isinstance(refused, ColumnsUnknown):
            facts["known"] = ", ".join(SCHEMAS[refused.table])
        raise file_errors.said(type(refused).__name__, facts) from refused
    except Leak as leak:
        raise file_errors.ReleaseWouldLeak(rule=leak.rule) from leak
