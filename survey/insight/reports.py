"""What the action report of a unit says beside its numbers, and the report as a file."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from textwrap import shorten
from typing import Final

from analysis.findings import Release
from analysis.report import Facts, ForbiddenWording, TrialText, UnitNotInRelease, Untold, seal
from analysis.report import unit_report as written
from survey import house, organisation, texts
from survey.errors import LibraryMissing, Refused, UnitUnknown, WaveUnknown
from survey.insight.auditing import NumberNotReleased
from survey.insight.comments import cleared
from survey.insight.guarding import MOST_SAID
from survey.insight.passed_on import passed_on
from survey.insight.releases import released, stored_release, waves_with_release
from survey.settings import ASSETS, TEMPLATES, Settings
from survey.tables import Behaviour, TrialAction, TrialUnit, Wave
from survey.texts import Language, Voice

DAYS_TO_DECIDE: Final = 90  # after a trial action, decision in measurement 5


class ReportStopped(Refused):
    said_in = "guard_stopped"


@dataclass(frozen=True, slots=True)
class WaveFacts:
    """What the reports of a wave say beside their numbers, read once for all of them."""

    shared: Facts
    core_tasks: Mapping[str, str]
    comments: Mapping[str, tuple[str, ...]]
    seal: str  # of the release, and the language

    def of(self, unit: str) -> Facts:
        core_task, comments = self.core_tasks.get(unit, ""), self.comments.get(unit, ())
        return replace(self.shared, core_task=core_task, comments=comments)


async def report_facts(settings: Settings, *, wave: str, unit: str, language: Language) -> Facts:
    """What the report of a unit says beside the numbers: roles, dates, core task, trials."""
    facts = await wave_facts(settings, wave=wave, language=language)
    if unit not in facts.core_tasks:
        raise UnitUnknown(unit=unit, wave=wave)
    return facts.of(unit)


async def wave_facts(settings: Settings, *, wave: str, language: Language) -> WaveFacts:
    """The same for every unit of a wave. Raises WaveUnknown, WaveNotReleased, ReleaseDamaged."""
    shown = await released(settings, wave)
    found = await Wave.objects().get(Wave.name == wave)
    if found is None:
        raise WaveUnknown(wave=wave)
    ours, voice = house.organisation(settings), Voice(language)
    shared = Facts(
        organisation=ours.organisation,
        title=voice.gettext("Pulse %(wave)s") % {"wave": wave},
        starts=found.opens,
        closed=found.closes,
        released=found.closes,
        contact=ours.said("contact", language),
        trials=await trial_texts(found),
        passed_on=await passed_on(found, voice=voice),
        behaviours=await behaviour_texts(language),
    )
    return WaveFacts(
        shared,
        core_tasks=await _core_tasks(shown, wave, language),
        comments=await cleared(settings, wave=found.id, name=wave),
        seal=seal(shown, language),
    )


async def _core_tasks(shown: Release, wave: str, language: Language) -> dict[str, str]:
    """The core task of every unit of a wave's tree, its own or inherited."""
    tree = await organisation.tree(wave)
    if language == "da":  # it is written in Danish
        return {unit: node.core_task or "" for unit, node in tree.items()}
    tasks = await Behaviour.select(Behaviour.code, Behaviour.core_task, Behaviour.core_task_en)
    asked: dict[str, list[Mapping[str, str | None]]] = {}
    for one in shown.behaviours:
        for unit in one.units:
            asked.setdefault(unit, []).extend(row for row in tasks if row["code"] == one.behaviour)
    return {
        unit: _english(node.core_task or "", asked.get(unit, ())) for unit, node in tree.items()
    }


async def behaviour_texts(language: Language) -> dict[str, str]:
    """Each behaviour by its code, in a language; where there is no English text, the Danish."""
    rows = await Behaviour.select(Behaviour.code, Behaviour.text, Behaviour.text_en)
    return {row["code"]: (language == "en" and row["text_en"]) or row["text"] or "" for row in rows}


def _english(ours: str, behaviours: Sequence[Mapping[str, str | None]]) -> str:
    """The core task of a unit in English, where that is known.

    English ones stand with the behaviours asked about here: the one with the same text, else that
    of the only behaviour. `behaviours` are those of the unit.
    """
    same = [row for row in behaviours if row["core_task"] == ours]
    told = same or (behaviours if len(behaviours) == 1 else ())
    return next((row["core_task_en"] for row in told if row["core_task_en"]), None) or ours


async def trial_texts(wave: Wave) -> dict[str, TrialText]:
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
            overdue=not row["decision"]
            and _is_overdue(wave, row["stop_date"] or opened_on.get(row["end_wave"])),
        )
        for row in await TrialAction.select().order_by(TrialAction.id)
        if row["start_wave"] <= wave.name and organisation.has_run(row)
    }


def _is_overdue(wave: Wave, after: date | None) -> bool:
    """Whether a trial that was over on a day has waited too long for its decision.

    The day is its stop date; where it has none, the first of the wave after it.
    """
    return after is not None and (wave.closes - after).days > DAYS_TO_DECIDE


def report_file(
    settings: Settings, *, wave: str, unit: str, language: Language, facts: Facts
) -> bytes:
    """The PDF from stored releases and facts alone: needs no database, so a worker can make it."""
    earlier = tuple(
        stored_release(settings, one) for one in waves_with_release(settings) if one < wave
    )
    with stopped(wave=wave, unit=unit):
        return written(
            stored_release(settings, wave),
            unit,
            voice=Voice(language),
            render=lambda name, context: texts.render(name, language, context),
            assets=assets("report.css"),
            facts=replace(facts, earlier=earlier),
        )


@contextmanager
def stopped(*, wave: str, unit: str) -> Iterator[None]:
    """What stops a document, said as what to do about it."""
    try:
        yield
    except UnitNotInRelease as error:
        raise UnitUnknown(unit=unit, wave=wave) from error
    except ForbiddenWording as error:
        said = shorten(error.sentence, MOST_SAID, placeholder=" …")
        raise ReportStopped(n=error.page, value=error.value, said=said) from error
    except Untold as error:
        raise NumberNotReleased(rule=error.rule, page=error.page) from error
    except OSError as error:  # WeasyPrint finds its libraries when it is imported
        if error.errno is not None:  # a file: no library was looked for
            raise
        raise LibraryMissing(library="Pango", command=PANGO) from error


PANGO = "apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"


@lru_cache(maxsize=2)
def assets(style: str) -> dict[str, bytes]:
    """The fonts and a print style of the documents, by name."""
    files = [*sorted((ASSETS / "fonts").glob("Source*.ttf")), TEMPLATES / "report" / style]
    return {file.name: file.read_bytes() for file in files}
