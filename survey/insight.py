"""The door to the analysis: stored releases in, findings and words out; nothing else imports it."""

import asyncio
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from pathlib import Path

import polars as pl

from analysis.audit import Leak
from analysis.charts import Dot, Empty, Mark, Scale, Stretch, shade
from analysis.charts import mark as drawn
from analysis.findings import (
    Cell,
    Hidden,
    Level,
    Measured,
    Number,
    Proposal,
    Release,
    ReleasedUnit,
    ReleaseRefused,
    decode,
    encode,
    number,
)
from analysis.findings import Settings as Thresholds
from analysis.frames import (
    ANSWERS,
    SCHEMAS,
    CellRefused,
    ColumnsUnknown,
    InputRefused,
    checked_answers,
    conformed,
    first_row,
    read_table,
    versions_of,
)
from analysis.release import TrialKind, audit_release, release, releases, waves_of
from analysis.report import Facts, ForbiddenWording, TrialText, UnitNotInRelease, seal
from analysis.report import unit_report as written
from analysis.report.csv import release_csv
from analysis.report.press import pdf
from analysis.wording import numbers, sentences
from analysis.wording.voice import inside, opened
from survey import file_errors, house, organisation, texts
from survey.errors import (
    N_,
    Broken,
    LibraryMissing,
    NotFoundHere,
    UnitUnknown,
    WaveUnknown,
)
from survey.settings import ASSETS, TEMPLATES, Settings
from survey.tables import (
    Behaviour,
    BehaviourScope,
    Invited,
    TrialAction,
    TrialUnit,
    UnitVersion,
    Wave,
    WaveBehaviour,
)
from survey.texts import Language, Voice

__all__ = [
    "ANSWERS",
    "Cell",
    "CellRefused",
    "Dot",
    "Empty",
    "Facts",
    "Hidden",
    "Level",
    "Mark",
    "Measured",
    "Number",
    "Proposal",
    "Release",
    "Released",
    "ReleasedUnit",
    "ReportStopped",
    "Scale",
    "Stretch",
    "TrialText",
    "analyse_files",
    "audit_files",
    "checked_answers",
    "conformed",
    "drawn",
    "inside",
    "number",
    "numbers",
    "opened",
    "pdf",
    "release_wave",
    "released",
    "report_facts",
    "report_file",
    "seal",
    "sentences",
    "shade",
    "stored_release",
    "unit_csv",
    "unit_report",
    "waves_with_release",
    "write_release",
]


class ReleaseDamaged(Broken):
    sentence = N_(
        "The stored release of wave {wave} is not the one that was written. Nothing is shown. "
        "Restore the file {file} from the backup."
    )


# --- releases are made --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Released:
    """What became of a wave: the seal of its release, or the rule that holds it back."""

    sha256: str | None
    leak: str | None


async def release_wave(settings: Settings, wave: str) -> Released:
    """Turn a closed wave's answers into its release, once; the stored one is never made anew."""
    file = _releases(settings) / f"{wave}.json"
    if file.exists():
        return Released(_seal(stored_release(settings, wave)), None)
    units, behaviours, invited, minimum = await _tables(wave)
    answers = f"{settings.answers.rstrip('/')}/{wave}.parquet"
    before = [stored_release(settings, old) for old in waves_with_release(settings) if old < wave]

    def work() -> Release:
        return release(
            pl.scan_parquet(answers),
            units,
            behaviours,
            wave=wave,
            invited=invited,
            earlier=before,
            catalogue=trial_kinds(),
            settings=Thresholds(min_n=minimum),
        )

    try:
        made = await asyncio.to_thread(work)
    except Leak as leak:
        return Released(None, leak.rule)
    _write(file, encode(made))
    return Released(_seal(made), None)


async def _tables(wave: str) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame, int]:
    """UNITS, BEHAVIOURS and INVITED of a wave in their contracts, and its threshold."""
    found = await Wave.objects().get(Wave.name == wave)
    if found is None:
        raise WaveUnknown(wave=wave)
    v = UnitVersion
    units = await v.select(
        v.unit.code.as_alias("unit"), v.parent.code.as_alias("parent"), v.name, v.core_task,
        v.headcount, v.valid_from, v.valid_to, v.change, v.was,
    )  # fmt: skip
    asked = await WaveBehaviour.select(
        WaveBehaviour.behaviour.id.as_alias("id"),
        WaveBehaviour.behaviour.code.as_alias("behaviour"),
        WaveBehaviour.behaviour.text.as_alias("text"),
        WaveBehaviour.behaviour.situation.as_alias("situation"),
    ).where(WaveBehaviour.wave == found.id)
    scopes = await BehaviourScope.select(
        BehaviourScope.behaviour.id.as_alias("id"), BehaviourScope.unit.code.as_alias("unit")
    )
    invited = await Invited.select(
        Invited.unit.code.as_alias("unit"), Invited.profession, Invited.n
    ).where(Invited.wave == found.id)
    behaviours = [
        {**row, "units": ";".join(sorted(s["unit"] for s in scopes if s["id"] == row["id"]))}
        for row in asked
    ]
    return (
        _typed(units, "UNITS"),
        _typed(behaviours, "BEHAVIOURS"),
        _typed([{**row, "wave": wave} for row in invited], "INVITED"),
        found.min_n,
    )


def _typed(rows: Sequence[dict[str, object]], table: str) -> pl.DataFrame:
    schema = SCHEMAS[table]
    return conformed(pl.DataFrame([{name: row.get(name) for name in schema} for row in rows],
                                  schema=schema), table)  # fmt: skip


def trial_kinds() -> tuple[TrialKind, ...]:
    """The kinds of trial in the catalogue of barriers."""
    return tuple(
        TrialKind(kind["id"], barrier["code"], kind["level"], kind["weeks"], kind.get("start_with"))
        for barrier in texts.content("barriers")["barriers"]
        for kind in barrier["trials"]
    )


def _seal(made: Release) -> str:
    return str(made.sha256)


def _write(file: Path, data: bytes) -> None:
    """The whole file or none of it, on the disk before anybody is told."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    with part.open("wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    part.replace(file)


def analyse_files(  # noqa: PLR0913 - the files of measurement.md 2.2, each by its name
    answers: Sequence[Path],
    *,
    units: Path,
    behaviours: Path,
    invited: Path | None = None,
    trials: Path | None = None,
    wave: str | None = None,
    earlier: Sequence[Path] = (),
) -> Release:
    """The release of a wave from files alone; raises a KernepulsError for what cannot be used."""
    known = {"UNITS": units, "BEHAVIOURS": behaviours, "INVITED": invited, "TRIALS": trials}
    with _refusals({"ANSWERS": answers[0], **known}):
        _refuse_repeated(answers)
        old = _earlier_waves(earlier)
        tree, asked = _table(units, "UNITS"), _table(behaviours, "BEHAVIOURS")
        if trials is not None:
            _table(trials, "TRIALS")
        people = [_answers(file, tree, asked) for file in answers]
        made = releases(
            pl.concat(people, how="diagonal"),
            tree,
            asked,
            wave=wave,
            invited=None if invited is None else _table(invited, "INVITED"),
            earlier=old,
            catalogue=trial_kinds(),
        )
    return made[-1]


def write_release(made: Release, target: Path) -> int:
    """Write the canonical bytes of a release, whole or not at all; how many there are."""
    data = encode(made)
    try:
        _write(target, data)
    except OSError as error:
        raise file_errors.TargetRefused(file=target.name) from error
    return len(data)


def audit_files(file: Path, earlier: Sequence[Path] = ()) -> Release:
    """Attack a release, and those before it, from what they publish; raises when one leaks."""
    with _refusals({}):
        for one in (file, *earlier):
            audit_release(_earlier(one))
    return _earlier(file)


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
        if isinstance(refused, ColumnsUnknown):
            facts["known"] = ", ".join(SCHEMAS[refused.table])
        raise file_errors.said(type(refused).__name__, facts) from refused
    except Leak as leak:
        raise file_errors.ReleaseWouldLeak(rule=leak.rule) from leak


# --- the stored releases -----------------------------------------------------------------------


def waves_with_release(settings: Settings) -> Sequence[str]:
    """The waves that are released, in the order of time."""
    return sorted(file.stem for file in _releases(settings).glob("*.json"))


def stored_release(settings: Settings, wave: str) -> Release:
    """The published set of a wave; raises WaveUnknown without one, ReleaseDamaged when changed."""
    if wave not in waves_with_release(settings):
        raise WaveUnknown(wave=wave)
    file = _releases(settings) / f"{wave}.json"
    try:
        return _decoded(file, file.stat().st_mtime_ns)
    except ReleaseRefused as error:
        raise ReleaseDamaged(wave=wave, file=file.name) from error


@lru_cache(maxsize=16)
def _decoded(file: Path, _changed: int) -> Release:
    """A release never changes; a page reads up to four, and each is a megabyte to decode."""
    return decode(file.read_bytes())


def unit_csv(release: Release, unit: str, *, voice: Voice) -> bytes:
    """The published cells of a unit and of the units below it, as a table for a spreadsheet."""
    return release_csv(release, unit, voice=voice)


def _releases(settings: Settings) -> Path:
    return settings.data / "releases"


# --- the action report ----------------------------------------------------------------------------


DAYS_TO_DECIDE = 90  # after a trial action, decision in measurement 5


class WaveNotReleased(NotFoundHere):
    sentence = N_(
        "Wave {wave} is not released yet, so it has no report. Nothing was written. "
        "See: kernepuls wave status {wave}"
    )


class ReportStopped(Broken):
    sentence = N_(
        "The report was not made. The text on page {page} holds something a report must not say: "
        "“{value}”. Correct the text it comes from, and make the report again."
    )


async def unit_report(settings: Settings, *, wave: str, unit: str, language: Language) -> bytes:
    """The action report of a unit as a PDF, exactly as its leadership team sees it."""
    facts = await report_facts(settings, wave=wave, unit=unit, language=language)
    return await asyncio.to_thread(
        report_file, settings, wave=wave, unit=unit, language=language, facts=facts
    )


async def released(settings: Settings, wave: str) -> Release:
    """The release of a wave; raises WaveUnknown, or WaveNotReleased for one that is known."""
    if wave not in waves_with_release(settings) and await Wave.exists().where(Wave.name == wave):
        raise WaveNotReleased(wave=wave)
    return stored_release(settings, wave)


async def report_facts(settings: Settings, *, wave: str, unit: str, language: Language) -> Facts:
    """What the report of a unit says beside the numbers: roles, dates, core task, trials."""
    shown = await released(settings, wave)
    found = await Wave.objects().get(Wave.name == wave)
    if found is None:
        raise WaveUnknown(wave=wave)
    tree = await organisation.tree(wave)
    if unit not in tree:
        raise UnitUnknown(unit=unit, wave=wave)
    ours, voice = house.organisation(settings), Voice(language)
    asked = {one.behaviour for one in shown.behaviours if unit in one.units}
    behaviours = await Behaviour.select(
        Behaviour.code, Behaviour.text, Behaviour.text_en, Behaviour.core_task,
        Behaviour.core_task_en,
    )  # fmt: skip
    return Facts(
        organisation=ours.organisation,
        title=voice.gettext("Pulse %(wave)s") % {"wave": wave},
        starts=found.opens,
        closed=found.closes,
        released=found.closes,
        contact=ours.said("contact", language),
        core_task=_core_task(
            tree[unit].core_task or "",
            [row for row in behaviours if row["code"] in asked],
            language,
        ),
        trials=await _trials(found),
        behaviours={row["code"]: _said(row, "text", language) for row in behaviours},
    )


def _said(row: Mapping[str, str | None], column: str, language: Language) -> str:
    """A text of the database in a language; where there is no English one, the Danish."""
    return (language == "en" and row[f"{column}_en"]) or row[column] or ""


def _core_task(
    ours: str, behaviours: Sequence[Mapping[str, str | None]], language: Language
) -> str:
    """The core task of a unit, in English where one is known.

    English ones stand with the behaviours asked about here: the one with the same text, else that
    of the only behaviour. `behaviours` are those of the unit.
    """
    same = [row for row in behaviours if row["core_task"] == ours]
    told = same or (behaviours if len(behaviours) == 1 else ())
    english = next((row["core_task_en"] for row in told if row["core_task_en"]), None)
    return english if language == "en" and english else ours


async def _trials(wave: Wave) -> dict[str, TrialText]:
    """What is known of each trial action when a wave is told."""
    opened_on = {row["name"]: row["opens"] for row in await Wave.select(Wave.name, Wave.opens)}
    members = await TrialUnit.select(
        TrialUnit.trial_action, TrialUnit.unit.code.as_alias("unit")
    ).where(TrialUnit.role == "tried").order_by(TrialUnit.id)  # fmt: skip
    return {
        row["code"]: TrialText(
            row["name"],
            units=tuple(one["unit"] for one in members if one["trial_action"] == row["id"]),
            ended=row["end_wave"] or "",
            weeks=row["weeks"],
            question=row["learning_question"] or "",
            learned=row["what_we_learned"] or "",
            decision=row["decision"] or "",
            practice=row["practice_state"] or "",
            overdue=not row["decision"] and _is_overdue(wave, opened_on.get(row["end_wave"])),
        )
        for row in await TrialAction.select().order_by(TrialAction.id)
        if row["start_wave"] <= wave.name
    }


def _is_overdue(wave: Wave, after: date | None) -> bool:
    """Whether a trial that was over when a wave opened has waited too long for its decision."""
    return after is not None and (wave.closes - after).days > DAYS_TO_DECIDE


def report_file(
    settings: Settings, *, wave: str, unit: str, language: Language, facts: Facts
) -> bytes:
    """The PDF from stored releases and facts alone: needs no database, so a worker can make it."""
    earlier = tuple(
        stored_release(settings, one) for one in waves_with_release(settings) if one < wave
    )
    try:
        return written(
            stored_release(settings, wave),
            unit,
            voice=Voice(language),
            render=lambda name, context: texts.render(name, language, context),
            assets=_report_assets(),
            facts=replace(facts, earlier=earlier),
        )
    except UnitNotInRelease as error:
        raise UnitUnknown(unit=unit, wave=wave) from error
    except ForbiddenWording as error:
        raise ReportStopped(page=error.page, value=error.value) from error
    except OSError as error:  # WeasyPrint finds its libraries when it is imported
        if error.errno is not None:  # a file: no library was looked for
            raise
        raise LibraryMissing(library="Pango", command=PANGO) from error


PANGO = "apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"


@lru_cache(maxsize=1)
def _report_assets() -> dict[str, bytes]:
    """The fonts and the print style of the report, by name."""
    files = [*sorted((ASSETS / "fonts").glob("Source*.ttf")), TEMPLATES / "report" / "report.css"]
    return {file.name: file.read_bytes() for file in files}
