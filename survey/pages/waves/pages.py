"""The waves: the list of them, and one wave with all that is done to it, for those who may."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from survey import organisation
from survey.access import agrees, plans, reads_waves
from survey.actions import committee, extending, one_time_codes, work
from survey.actions.accounts import sign_in
from survey.actions.approval import stored_wave
from survey.actions.lost_link import LONGEST, ask_for_code
from survey.actions.one_time_codes import SecondStep
from survey.actions.opening import today_here
from survey.actor import Actor
from survey.errors import N_, BadInput, ChangedMeanwhile, KernepulsError
from survey.intake import keys, split
from survey.intake.split import Sheet
from survey.pages.answering.frame import KIOSK
from survey.pages.forms import Fields, done, notice, posted
from survey.pages.layout import language_for, page, settings_of
from survey.pages.waves.views import WavePage, state_text, wave_page
from survey.settings import Settings
from survey.tables import Wave
from survey.texts import Voice, sentence

Asking = Request[Any, Any, Any]
LIST, ONE = "pages/staff/waves.html", "pages/staff/wave.html"
LONGEST_SHEET = 400  # characters: 30 groups of five, and what stands between them
REASON = 1000  # characters of the committee's reason
TO = ("not-opened", "all")
FORMS = (
    "discussed",
    "approve",
    "agree",
    "send_back",
    "open",
    "remind",
    "resend",
    "extend",
    "close",
)
DONE: Mapping[str, str] = {
    "planned": N_("The plan is saved."),
    "discussed": N_("The date is written down. The wave can be approved."),
    "agreed": N_("It is written down that the works committee agrees. Thank you."),
    "sent-back": N_("The plan is sent back, and the coordinator reads your reason."),
    "extended": N_("The wave has a new last day."),
    "closing": N_("The two sheets fit. The wave is being closed: look again in a moment."),
    "resent": N_(
        "If the address belongs to somebody who has not opened the form, a new link is on its way. "
        "It is the same answer for every address."
    ),
    "tried": N_(
        "Every two of the three sheets opened a test envelope. The files of the sheets are removed "
        "from this server. Keep the paper apart."
    ),
    "shredded": N_("It is written down that the key sheets are destroyed."),
}


@dataclass(frozen=True, slots=True)
class Row:
    """A wave in the list."""

    name: str
    state: str
    state_text: str
    opens: date
    closes: date


class WavesPages(Controller):
    """Which waves there are, for those who plan them or agree to them."""

    path = "/waves"
    guards = (reads_waves,)

    @get("/", name="waves")
    async def show(self, request: Asking) -> Response[str]:
        """Every wave, newest first."""
        actor: Actor = request.user
        voice = Voice(language_for(request))
        rows = await Wave.select().order_by(Wave.name, ascending=False)
        return page(
            request,
            LIST,
            waves=[
                Row(
                    row["name"],
                    row["state"],
                    state_text(voice, row["state"]),
                    row["opens"],
                    row["closes"],
                )
                for row in rows
            ],
            may_plan=actor.may_plan,
            tablet=f"{settings_of(request).url}{KIOSK}",
            has_units=bool(rows) or bool(await organisation.tree(None)),
        )

    @get("/{name:str}", name="wave")
    async def one(self, request: Asking, name: FromPath[str]) -> Response[str]:
        """One wave: where it stands, the next thing to do, and everything about it."""
        return await shown(request, name)


class CloseEarly(BadInput):
    sentence = N_(
        "The last day is {closes}. Tick the box if the wave shall end now: it cannot be undone."
    )


class SecondUnknown(BadInput):
    sentence = N_("The login or the password is wrong, or has to wait. Nothing was changed.")


class SecondIsFirst(BadInput):
    sentence = N_("This is your own account. Somebody else must agree too.")


class Planning(Controller):
    """What the coordinator does to a wave; long work is asked for and told on the wave's page."""

    path = "/waves/{name:str}"
    guards = (plans,)

    @post("/discussed", name="wave-discussed")
    async def discussed(self, request: Asking, name: FromPath[str]) -> Response[Any]:
        fields = await posted(request)
        day = fields.day("med_date")
        if fields.problems or day is None:
            return await shown(request, name, "discussed", fields)
        try:
            await committee.agree(
                name=name, version=fields.version, day=day, by=request.user.account
            )
        except ChangedMeanwhile as error:
            return await shown(request, name, "discussed", fields, error)
        except KernepulsError as error:
            fields.problems["med_date"] = error
            return await shown(request, name, "discussed", fields)
        return done(f"/waves/{name}", "discussed")

    @post("/approve", name="wave-approve")
    async def approve(self, request: Asking, name: FromPath[str]) -> Response[Any]:
        fields = await posted(request)
        on_sheets = {"server": False, "sheets": True, "kept": None}[
            fields.choice("keys", ("server", "sheets", "kept"), required=False) or "kept"
        ]
        return await self._ask(
            request, name, "approve_wave", on_sheets=on_sheets, again=fields.tick("again")
        )

    @post("/open", name="wave-open")
    async def open_(self, request: Asking, name: FromPath[str]) -> Response[Any]:
        await posted(request)
        return await self._ask(request, name, "open_wave")

    @post("/remind", name="wave-remind")
    async def remind(self, request: Asking, name: FromPath[str]) -> Response[Any]:
        fields = await posted(request)
        to = fields.choice("to", TO)
        if not to:
            return await shown(request, name, "remind", fields)
        return await self._ask(request, name, "remind_wave", to=to)

    @post("/resend", name="wave-resend")
    async def resend(self, request: Asking, name: FromPath[str]) -> Response[Any]:
        """The same reply for every address: nobody is told who has opened the form."""
        fields = await posted(request)
        address = fields.text("email", most=LONGEST)
        if fields.problems:
            return await shown(request, name, "resend", fields)
        texting = settings_of(request).sms is not None
        try:
            await ask_for_code(address, wave=name, by=request.user.account, texting=texting)
        except KernepulsError as error:
            return await shown(request, name, "resend", Fields(), error)
        return done(f"/waves/{name}", "resent")

    @post("/extend", name="wave-extend")
    async def extend(self, request: Asking, name: FromPath[str]) -> Response[Any]:
        fields = await posted(request)
        closes = fields.day("closes")
        if fields.problems or closes is None:
            return await shown(request, name, "extend", fields)
        try:
            await extending.extend_wave(
                name=name, closes=closes, version=fields.version, by=request.user.account
            )
        except ChangedMeanwhile as error:
            return await shown(request, name, "extend", fields, error)
        except KernepulsError as error:
            fields.problems["closes"] = error
            return await shown(request, name, "extend", fields)
        return done(f"/waves/{name}", "extended")

    @post("/close", name="wave-close")
    async def close(self, request: Asking, name: FromPath[str]) -> Response[Any]:
        """Close, or go on with it: with two sheets typed, or with a second person who agrees."""
        fields = await posted(request)
        view = await wave_page(
            settings_of(request), Voice(language_for(request)), name, with_opened=False
        )
        if view.state == "open" and today_here() <= view.closes and not fields.tick("early"):
            fields.problems["early"] = CloseEarly(closes=view.closes)
        sheets = _two_sheets(settings_of(request), view, fields)
        confirmed = await self._second(request, fields) if "login" in fields.typed else []
        if fields.problems:
            return await shown(request, name, "close", fields)
        if sheets:
            work.close_with_sheets(
                settings_of(request), wave=name, by=request.user.account, sheets=sheets
            )
            return done(f"/waves/{name}", "closing")
        return await self._ask(request, name, "close_wave", confirmed_by=confirmed)

    async def _second(self, request: Asking, fields: Fields) -> list[int]:
        """The signed-in coordinator and another account, whose owner types their password."""
        login, password = fields.text("login", most=64), fields.value("password")
        second = SecondStep(fields.value("code")[:64], one_time_codes.key(settings_of(request)))
        try:
            other = await sign_in(login, password, now=request.app.state.now(), second=second)
        except KernepulsError:
            fields.problems["login"] = SecondUnknown()
            return []
        if other == request.user.account:
            fields.problems["login"] = SecondIsFirst()
        return [request.user.account, other]

    async def _ask(
        self, request: Asking, name: str, kind: work.Kind, **asked: object
    ) -> Response[Any]:
        """Let the work wait; the wave must be there."""
        await stored_wave(name)
        await work.ask_for(kind, wave=name, by=request.user.account, **asked)
        return done(f"/waves/{name}")


class Committee(Controller):
    """What the works committee does: it agrees, or it sends the plan back."""

    path = "/waves/{name:str}"
    guards = (agrees,)

    @post("/agree", name="wave-agree")
    async def agree(self, request: Asking, name: FromPath[str]) -> Response[Any]:
        fields = await posted(request)
        try:
            await committee.agree(
                name=name, version=fields.version, day=today_here(), by=request.user.account
            )
        except KernepulsError as error:
            return await shown(request, name, "agree", fields, error)
        return done(f"/waves/{name}", "agreed")

    @post("/send-back", name="wave-send-back")
    async def send_back(self, request: Asking, name: FromPath[str]) -> Response[Any]:
        fields = await posted(request)
        reason = fields.text("reason", most=REASON)
        if fields.problems:
            return await shown(request, name, "send_back", fields)
        try:
            await committee.send_back(
                name=name, version=fields.version, reason=reason, by=request.user.account
            )
        except KernepulsError as error:
            return await shown(request, name, "send_back", fields, error)
        return done(f"/waves/{name}", "sent-back")


ROUTES: list[ControllerRouterHandler] = [WavesPages, Planning, Committee]


async def shown(
    request: Asking,
    name: str,
    form: str = "",
    fields: Fields | None = None,
    error: KernepulsError | None = None,
) -> Response[str]:
    """The page of a wave; with what was typed into one of its forms, and why it was refused."""
    actor: Actor = request.user
    language = language_for(request)
    view = await wave_page(
        settings_of(request), Voice(language), name, with_opened=actor.may_read_opened_share
    )
    forms = {one: Fields(version=view.version) for one in FORMS}
    if fields is not None:
        forms[form] = fields
    trouble = ""
    if isinstance(error, ChangedMeanwhile):
        forms[form].version = view.version
    if error is not None:
        trouble = sentence(error, language)
    return page(
        request,
        ONE,
        status=error.status if error else 422 if fields and fields.problems else 200,
        wave=view,
        forms=forms,
        trouble=trouble,
        has_problem=bool(trouble or (fields and fields.problems)),
        may_plan=actor.may_plan,
        may_agree=actor.may_agree,
        today=today_here(),
        notice=notice(request, Voice(language), DONE),
    )


def takes_sheets(view: WavePage) -> bool:
    """Whether closing the wave, or going on with it, takes two key sheets now."""
    if view.state == "open":
        return view.key_sheets is not None
    return view.close is not None and view.close.needs_sheets


def typed_sheets(fields: Fields, many: int) -> list[Sheet]:
    """The sheets as they were typed; a problem beside each that cannot be read."""
    found = []
    for number in range(1, many + 1):
        text = fields.text(f"sheet_{number}", most=LONGEST_SHEET)
        if f"sheet_{number}" in fields.problems:
            continue
        try:
            found.append(split.read_sheet(text))
        except KernepulsError as error:
            fields.problems[f"sheet_{number}"] = error
    return found


def _two_sheets(
    settings: Settings, view: WavePage, fields: Fields
) -> tuple[Sheet, Sheet] | tuple[()]:
    """Two sheets that open the wave's answers, where that takes sheets."""
    if not takes_sheets(view):
        return ()
    found = typed_sheets(fields, split.NEEDED)
    if len(found) < split.NEEDED:
        return ()
    try:
        keys.opening(settings, view.name, found)
    except KernepulsError as error:
        fields.problems["sheet_1"] = error
    return found[0], found[1]
