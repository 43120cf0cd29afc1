"""Planning a wave on a page: its name and days, what it asks where, and what it leaves out."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from litestar import Controller, Response, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from survey import questionnaire
from survey.access import plans
from survey.actions.approval import stored_wave
from survey.actions.opening import today_here
from survey.actions.planning import (
    DAYS,
    ScopesCollide,
    WaveBegun,
    WaveNameBad,
    WaveNameOutOfOrder,
    WaveNameTaken,
    plan_wave,
)
from survey.errors import ChangedMeanwhile, KernepulsError
from survey.pages.answering.sheet import told
from survey.pages.forms import Fields, done, posted
from survey.pages.layout import language_for, page, settings_of
from survey.pages.waves.pages import Asking
from survey.pages.waves.views import Asked, block_name, offered, with_units, year_around
from survey.pages.waves.year import Span, is_free
from survey.questionnaire import BLOCKS, blocks_of
from survey.settings import Settings
from survey.tables import Behaviour, UnitVersion, Wave, WaveBehaviour
from survey.texts import Language, Voice, sentence

TEMPLATE = "pages/staff/wave_plan.html"
NAME = 30  # characters
WEEKS_AHEAD = 3  # to print cards and to meet the works committee
WEEKS_PUT_OFF = 8
OF_THE_NAME = (WaveNameBad, WaveNameOutOfOrder, WaveNameTaken)


@dataclass(frozen=True, slots=True)
class Block:
    """A block of questions that may be left out, with its measured wording."""

    key: str
    name: str
    questions: tuple[str, ...]


class NewWave(Controller):
    """A wave that is not there yet; its name and days are proposed."""

    path = "/waves/new"
    guards = (plans,)

    @get("/", name="wave-new")
    async def form(self, request: Asking) -> Response[str]:
        name, opens, closes = await proposed(settings_of(request))
        codes = await with_units(name)
        fields = Fields.of(name=name, opens=opens, closes=closes, behaviours=codes, asked=[*BLOCKS])
        return await _form(request, fields, None)

    @post("/", name="wave-plan-new")
    async def plan(self, request: Asking) -> Response[Any]:
        fields = await posted(request)
        name = fields.text("name", most=NAME)
        return await _planned(request, fields, name, is_new=True)


class WavePlan(Controller):
    """A wave that is planned and not approved."""

    path = "/waves/{name:str}/plan"
    guards = (plans,)

    @get("/", name="wave-plan")
    async def form(self, request: Asking, name: FromPath[str]) -> Response[str]:
        wave = await stored_wave(name)
        if wave.state != "draft":
            raise WaveBegun(wave=name)
        return await _form(request, await _stored(wave), wave)

    @post("/", name="wave-plan-again")
    async def plan(self, request: Asking, name: FromPath[str]) -> Response[Any]:
        await stored_wave(name)
        return await _planned(request, await posted(request), name, is_new=False)


ROUTES: list[ControllerRouterHandler] = [NewWave, WavePlan]


async def proposed(settings: Settings) -> tuple[str, date, date]:
    """The next name that sorts after all others, and days a usual time after the last wave.

    They are put off until they hold no day off and no school holiday, where that is soon.
    """
    fields, today = told(settings), today_here()
    rows = await Wave.select(Wave.name, Wave.opens).order_by(Wave.name)
    earliest = today + timedelta(weeks=WEEKS_AHEAD)
    if rows:
        earliest = max(earliest, rows[-1]["opens"] + timedelta(weeks=fields.rhythm_weeks))
    monday, length = -earliest.weekday() % 7, timedelta(days=fields.open_days - 1)
    mondays = [earliest + timedelta(days=monday, weeks=n) for n in range(1 + WEEKS_PUT_OFF)]
    opens = next((day for day in mondays if is_free(day, day + length)), mondays[0])
    closes = opens + length
    last = rows[-1]["name"] if rows else ""
    # A list of units may have named a wave that is not planned yet.
    [awaited] = await UnitVersion.raw(
        "SELECT min(valid_from) AS name FROM unit_version WHERE valid_from > {}", last
    )
    return awaited["name"] or _next_name(last, opens.year), opens, closes


def _next_name(last: str, year: int) -> str:
    """The first of 2026-1, 2026-2 ... that comes after the last one as text."""
    names = (f"{year}-{number}" for number in range(1, 100))
    return next((name for name in names if name > last), f"{last}-1")


async def _planned(request: Asking, fields: Fields, name: str, *, is_new: bool) -> Response[Any]:
    settings = settings_of(request)
    opens, closes = fields.day("opens"), fields.day("closes")
    known = [row["code"] for row in await Behaviour.select(Behaviour.code)]
    codes = fields.choices("behaviours", known)
    asked = fields.choices("asked", tuple(BLOCKS), required=False)
    wave = None if is_new else await stored_wave(name)
    if fields.problems or opens is None or closes is None:
        return await _form(request, fields, wave)
    try:
        await plan_wave(
            settings,
            name=name,
            opens=opens,
            closes=closes,
            behaviours=codes,
            by=request.user.account,
            left_out=[block for block in BLOCKS if block not in asked],
            version=None if is_new else fields.version,
            is_new=is_new,
        )
    except ChangedMeanwhile as error:
        fields.keep(await _stored(await stored_wave(name)))
        return await _form(request, fields, wave, error)
    except KernepulsError as error:
        fields.problems[_field_of(error)] = error
        return await _form(request, fields, wave)
    return done(f"/waves/{name}", "planned")


def _field_of(error: KernepulsError) -> str:
    if isinstance(error, OF_THE_NAME):
        return "name"
    return "behaviours" if isinstance(error, ScopesCollide) else "closes"


async def _stored(wave: Wave) -> Fields:
    rows = await WaveBehaviour.select(WaveBehaviour.behaviour.code.as_alias("code")).where(
        WaveBehaviour.wave == wave.id
    )
    left_out = blocks_of(wave.left_out)
    return Fields.of(
        wave.version,
        opens=wave.opens,
        closes=wave.closes,
        behaviours=sorted(row["code"] for row in rows),
        asked=[block for block in BLOCKS if block not in left_out],
    )


async def _form(
    request: Asking, fields: Fields, wave: Wave | None, error: KernepulsError | None = None
) -> Response[str]:
    language = language_for(request)
    voice = Voice(language)
    named = wave.name if wave else fields.value("name")
    behaviours = await offered(voice, named or None)
    return page(
        request,
        TEMPLATE,
        status=error.status if error else 422 if fields.problems else 200,
        fields=fields,
        wave=wave,
        trouble=sentence(error, language) if error else "",
        behaviours=behaviours,
        options=[(one.code, one.text, where(voice, one)) for one in behaviours],
        blocks=blocks(voice),
        locked=locked(language),
        year=await year_around(voice, _span(fields, named)),
    )


def _span(fields: Fields, name: str) -> Span | None:
    """The days as they are typed, where they could be those of a wave."""
    typed = Fields(typed=fields.typed)
    opens, closes = typed.day("opens"), typed.day("closes")
    if opens is None or closes is None or (closes - opens).days + 1 not in DAYS:
        return None
    return Span(name or "…", opens, closes, here=True)


def where(voice: Voice, one: Asked) -> str:
    """Where a behaviour is asked, in one line."""
    if not one.units:
        return voice.gettext("No unit yet: name some in its scope.")
    named = ", ".join(place.name for place in one.places)
    if one.more:
        named += " " + voice.gettext("and %(n)s more") % {"n": voice.number(one.more)}
    said = voice.ngettext("%(n)s unit: %(places)s", "%(n)s units: %(places)s", one.units)
    return said % {"n": voice.number(one.units), "places": named}


def blocks(voice: Voice) -> tuple[Block, ...]:
    """The blocks that may be left out, with the questions as they are asked."""
    form = questionnaire.form()
    return tuple(
        Block(
            key,
            block_name(voice, key),
            tuple(form.item(item).said(voice.language) for item in items),
        )
        for key, items in BLOCKS.items()
    )


def locked(language: Language) -> tuple[str, ...]:
    """The questions that every wave asks, as they are asked."""
    free = {item for items in BLOCKS.values() for item in items}
    form = questionnaire.form()
    return tuple(
        item.said(language).replace(" {situation}", "").replace("{trial}.", "…")
        for item in form.items
        if item.id not in free and item.type != "notice"
    )
