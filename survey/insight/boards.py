"""The board sheet of a unit: what it tries and has passed on as of a day, and the page as a PDF."""

from collections import defaultdict
from datetime import date
from typing import Final

from analysis.report import Facts, PassedOn
from analysis.report.board import OnBoard, Trying, board_sheet
from analysis.report.view import View
from survey import organisation, texts
from survey.insight.passed_on import card_told, codes_of, units_of_cards
from survey.insight.releases import stored_release
from survey.insight.reports import assets, stopped
from survey.organisation import state_of
from survey.settings import Settings
from survey.tables import Escalation, TrialAction, TrialOwner, TrialUnit
from survey.texts import Language, Voice

UNDER_WAY: Final = ("idea", "agreed", "running")
NOTHING: Final = OnBoard()


async def on_board(unit: str, *, language: Language, today: date) -> OnBoard:
    """What stands on the board of a unit as of a day."""
    return (await on_boards(language=language, today=today)).get(unit, NOTHING)


async def on_boards(*, language: Language, today: date) -> dict[str, OnBoard]:
    """Unit -> its trial actions that stop on a day to come, and what waits for an answer.

    A unit with neither is not in it. A trial past its day waits for what was learned: it stands on
    the next board, not on this one.
    """
    tried, sent = await _tried(today), await _sent(Voice(language), today)
    return {
        unit: OnBoard(tuple(tried.get(unit, ())), tuple(sent.get(unit, ())))
        for unit in (*tried, *sent)
    }


def board_file(  # noqa: PLR0913 - what a sheet is made of
    settings: Settings,
    *,
    wave: str,
    unit: str,
    language: Language,
    facts: Facts,
    now: OnBoard = NOTHING,
) -> bytes:
    """The PDF of one page from a stored release, facts and lines alone: needs no database."""
    with stopped(wave=wave, unit=unit):
        view = View(stored_release(settings, wave), unit, Voice(language), facts)
        return board_sheet(
            view,
            now,
            render=lambda name, context: texts.render(name, language, context),
            assets=assets("wall.css"),
        )


async def _tried(today: date) -> dict[str, list[Trying]]:
    """The trials of each unit that owns one; one from a file has no owners but who tried it."""
    owners: dict[int, list[str]] = defaultdict(list)
    for row in await TrialOwner.select(
        TrialOwner.trial_action, TrialOwner.unit.code.as_alias("code")
    ):
        owners[row["trial_action"]].append(row["code"])
    members: dict[int, list[str]] = defaultdict(list)
    for row in await TrialUnit.select(
        TrialUnit.trial_action, TrialUnit.unit.code.as_alias("code")
    ).where(TrialUnit.role == "tried"):
        members[row["trial_action"]].append(row["code"])
    found: dict[str, list[Trying]] = defaultdict(list)
    rows = await TrialAction.select().where(TrialAction.stop_date >= today).order_by(TrialAction.id)
    for row in rows:
        if state_of(row) in UNDER_WAY:
            for unit in owners.get(row["id"]) or members[row["id"]]:
                found[unit].append(Trying(row["name"], row["stop_date"]))
    return found


async def _sent(voice: Voice, today: date) -> dict[str, list[PassedOn]]:
    """What each unit has passed on that waits for an answer, oldest first."""
    rows = await Escalation.select().where(Escalation.answer.is_null()).order_by(Escalation.id)
    units = await units_of_cards() if rows else {}
    named = await organisation.unit_names(codes_of(units))
    found: dict[str, list[PassedOn]] = defaultdict(list)
    for row in rows:
        card = card_told(voice, row, units[row["id"]], named, on=today)
        for unit in card.units:
            found[unit].append(card)
    return found
