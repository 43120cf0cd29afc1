"""The stored releases of an installation: made once at close, read ever after."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import polars as pl

from analysis.audit import Leak
from analysis.findings import Release, ReleaseRefused, decode, encode
from analysis.findings import Settings as Thresholds
from analysis.frames import SCHEMAS, conformed
from analysis.release import TrialKind, audit_release, release
from analysis.report import Untold, unit_table, unit_workbook
from survey import questionnaire, texts
from survey.errors import N_, Broken, NotFoundHere, WaveUnknown
from survey.insight.auditing import NumberNotReleased
from survey.settings import Settings
from survey.tables import (
    BehaviourScope,
    Invited,
    TrialAction,
    TrialUnit,
    UnitVersion,
    Wave,
    WaveBehaviour,
)
from survey.texts import Voice


class ReleaseDamaged(Broken):
    sentence = N_(
        "The stored release of wave {wave} is not the one that was written. Nothing is shown. "
        "Restore the file {file} from the backup."
    )


class WaveNotReleased(NotFoundHere):
    sentence = N_(
        "Wave {wave} is not released yet, so it has no report. Nothing was written. "
        "See: kernepuls wave status {wave}"
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
    not_asked = await _not_asked(wave)
    answers = f"{settings.answers.rstrip('/')}/{wave}.parquet"
    trials = await _trials(wave, frozenset(behaviours["behaviour"].to_list()))
    before = [stored_release(settings, old) for old in waves_with_release(settings) if old < wave]

    def work() -> Release:
        made = release(
            pl.scan_parquet(answers).drop(not_asked),
            units,
            behaviours,
            wave=wave,
            invited=invited,
            trials=trials,
            earlier=before,
            catalogue=trial_kinds(),
            settings=Thresholds(min_n=minimum),
        )
        # Once more as a reader has it: from the bytes, and together with all waves before.
        audit_release(decode(encode(made)), before)
        return made

    try:
        made = await asyncio.to_thread(work)
    except Leak as leak:
        return Released(None, leak.rule)
    written_whole(file, encode(made))
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
    # Those of the waves before too: a parent of people of other professions is told apart.
    invited = await Invited.select(
        Invited.wave.name.as_alias("wave"), Invited.unit.code.as_alias("unit"),
        Invited.profession, Invited.n,
    ).where(Invited.wave.name <= wave)  # fmt: skip
    behaviours = [
        {**row, "units": ";".join(sorted(s["unit"] for s in scopes if s["id"] == row["id"]))}
        for row in asked
    ]
    return (
        _typed(units, "UNITS"),
        _typed(behaviours, "BEHAVIOURS"),
        _typed(invited, "INVITED"),
        found.min_n,
    )


async def _not_asked(wave: str) -> list[str]:
    """The columns of ANSWERS that the wave did not ask: without them no cell can speak of them."""
    row = await Wave.select(Wave.left_out).where(Wave.name == wave).first()
    blocks = questionnaire.blocks_of(row["left_out"] if row else None)
    items = {item for block in blocks for item in questionnaire.BLOCKS[block]}
    chosen = {"stall_1", "stall_2"} if "stall" in items else set()
    return [name for name in SCHEMAS["ANSWERS"] if name in items | chosen]


async def _trials(wave: str, asked: frozenset[str]) -> pl.DataFrame:
    """TRIALS of a wave in its contract: the trial actions that end in it and can be measured.

    What a page may leave open (a behaviour that this wave does not ask about, neither behaviour
    nor barrier, no wave before) is told without numbers: it must not hold the release back.
    """
    found = await TrialAction.select(
        TrialAction.id, TrialAction.code.as_alias("trial"),
        TrialAction.behaviour.code.as_alias("behaviour"), TrialAction.barrier,
        TrialAction.start_wave, TrialAction.end_wave, TrialAction.randomised,
    ).where(
        TrialAction.end_wave == wave, TrialAction.start_wave < wave, TrialAction.start_wave != ""
    )  # fmt: skip
    members = await TrialUnit.select(
        TrialUnit.trial_action.as_alias("id"), TrialUnit.unit.code.as_alias("unit"), TrialUnit.role
    )
    measured = [
        row
        for row in found
        if (row["barrier"] if row["behaviour"] is None else row["behaviour"] in asked)
    ]
    return _typed(
        [
            {
                **row,
                "barrier": row["barrier"] or None,
                "units": _joined(members, row["id"], "tried"),
                "comparison": _joined(members, row["id"], "comparison") or None,
            }
            for row in measured
        ],
        "TRIALS",
    )


def _joined(members: Sequence[Mapping[str, object]], trial: object, role: str) -> str:
    ours = (one["unit"] for one in members if (one["id"], one["role"]) == (trial, role))
    return ";".join(sorted(map(str, ours)))


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


def written_whole(file: Path, data: bytes) -> None:
    """The whole file or none of it, on the disk before anybody is told."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    with part.open("wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    part.replace(file)


# --- and read ------------------------------------------------------------------------------------


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


async def released(settings: Settings, wave: str) -> Release:
    """The release of a wave; raises WaveUnknown, or WaveNotReleased for one that is known."""
    if wave not in waves_with_release(settings) and await Wave.exists().where(Wave.name == wave):
        raise WaveNotReleased(wave=wave)
    return stored_release(settings, wave)


@lru_cache(maxsize=16)
def _decoded(file: Path, _changed: int) -> Release:
    """A release never changes; a page reads up to four, and each is a megabyte to decode."""
    return decode(file.read_bytes())


def unit_csv(release: Release, unit: str | None, *, voice: Voice) -> bytes:
    """The published cells of a unit and of the units below it, as a table for a spreadsheet.

    Without a unit, every cell. Raises NumberNotReleased, which stops the table, where a row is no
    cell of the release.
    """
    return _told(unit_table, release, unit, voice)


def unit_xlsx(release: Release, unit: str | None, *, voice: Voice) -> bytes:
    """The same cells as a workbook, with a sheet on the method."""
    return _told(unit_workbook, release, unit, voice)


class _Made(Protocol):
    def __call__(self, release: Release, unit: str | None, /, *, voice: Voice) -> bytes: ...


def _told(make: _Made, release: Release, unit: str | None, voice: Voice) -> bytes:
    try:
        return make(release, unit, voice=voice)
    except Untold as error:
        raise NumberNotReleased(rule=error.rule, page=error.page) from error


def _releases(settings: Settings) -> Path:
    return settings.data / "releases"
