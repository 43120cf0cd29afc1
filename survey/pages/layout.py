"""The frame around every page for staff: whose installation, who is signed in, where to go."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from litestar import Request, Response
from litestar.enums import MediaType
from litestar.template.base import csrf_token

from survey import house, texts
from survey.access import actor_of
from survey.actor import Actor, Role
from survey.errors import N_, KernepulsError
from survey.sessions import CSRF_FIELD
from survey.settings import Settings
from survey.texts import LANGUAGES, Language, Voice

LANGUAGE_NAMES = {"da": "Dansk", "en": "English"}


@dataclass(frozen=True, slots=True)
class Link:
    """A place to go; `here` where the reader is already."""

    address: str
    text: str
    here: bool = False


@dataclass(frozen=True, slots=True)
class OtherLanguage:
    """The same page in the other language: a link, or for an account a form that remembers."""

    language: Language
    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Frame:
    """What the layout template needs beside the page's own values."""

    organisation: str
    actor: Actor | None
    role: str
    links: tuple[Link, ...]
    other: OtherLanguage
    csrf_field: str
    csrf_token: str
    home: str
    back: str  # where to be after choosing a language


def page(
    request: Request[Any, Any, Any], template: str, *, status: int = 200, **context: object
) -> Response[str]:
    """A page for staff in the reader's language.

    A refusal does not name its own address: two refusals must not differ.
    """
    language = language_for(request)
    frame = _frame(request, language, back=request.url.path if status == 200 else "/")
    html = texts.render(template, language, {"frame": frame, **context})
    return Response(html, media_type=MediaType.HTML, status_code=status)


def language_for(request: Request[Any, Any, Any]) -> Language:
    """The language asked for in the address, else the account's, else the organisation's."""
    actor = actor_of(request)
    settings: Settings = request.app.state.settings
    own = actor.language if actor else _told(settings)[1]
    return texts.language_of(request.query_params.get("lang"), own)


def settings_of(request: Request[Any, Any, Any]) -> Settings:
    found: Settings = request.app.state.settings
    return found


def organisation_name(settings: Settings) -> str:
    """What the organisation calls itself; "" until HR has filled it in."""
    return _told(settings)[0]


def role_name(voice: Voice, role: Role) -> str:
    """A role as people say it."""
    match role:
        case Role.COORDINATOR:
            return voice.gettext("Coordinator")
        case Role.LEADERSHIP_TEAM:
            return voice.gettext("Leadership team")
        case Role.BRIDGE_BUILDER:
            return voice.gettext("Bridge-builder")
        case Role.WORKS_COMMITTEE:
            return voice.gettext("Works committee")
        case Role.ADMINISTRATOR:
            return voice.gettext("Administrator")


def home(actor: Actor) -> str:
    """Where an account starts: what is next, its waves, its results, or the accounts."""
    if actor.may_plan:
        return "/overview"
    if actor.may_read_waves:
        return "/waves"
    return "/results" if actor.may_read_results else "/accounts"


def _frame(request: Request[Any, Any, Any], language: Language, *, back: str) -> Frame:
    actor, voice = actor_of(request), Voice(language)
    path = request.url.path
    other = next(one for one in LANGUAGES if one != language)
    settings: Settings = request.app.state.settings
    return Frame(
        organisation=_told(settings)[0],
        actor=actor,
        role=role_name(voice, actor.role) if actor else "",
        links=_links(actor, voice, path) if actor else (),
        other=OtherLanguage(other, LANGUAGE_NAMES[other], f"?lang={other}"),
        csrf_field=CSRF_FIELD,
        csrf_token=csrf_token({"request": request}) if actor_was_looked_for(request) else "",
        home=home(actor) if actor else "/",
        back=back,
    )


def actor_was_looked_for(request: Request[Any, Any, Any]) -> bool:
    """Whether this address belongs to staff: elsewhere there is neither session nor form token."""
    return "user" in request.scope


@dataclass(frozen=True, slots=True)
class Place:
    """An entry of the main menu, and who finds it there."""

    address: str
    name: str  # a msgid
    is_for: Callable[[Actor], bool]
    also: tuple[str, ...] = ()  # addresses of pages one comes to from there

    def holds(self, path: str) -> bool:
        return any(path == own or path.startswith(f"{own}/") for own in (self.address, *self.also))


# In the order of the menu; each part of the workspace adds its own.
MENU = (
    Place("/overview", N_("Overview"), lambda actor: actor.may_plan),
    Place("/results", N_("Results"), lambda actor: actor.may_read_results),
    Place("/waves", N_("Waves"), lambda actor: actor.may_read_waves, ("/languages",)),
    Place("/organisation", N_("Organisation"), lambda actor: actor.may_plan),
    Place("/behaviours", N_("Behaviours"), lambda actor: actor.may_plan),
    Place("/trials", N_("Trial actions"), lambda actor: actor.may_try, ("/learned",)),
    Place("/sent-up", N_("Sent up"), lambda actor: actor.may_try),
    Place("/accounts", N_("Accounts"), lambda actor: actor.may_keep_accounts),
    Place("/log", N_("Log"), lambda actor: actor.may_read_log),
    Place("/account", N_("Account"), lambda _: True),
)


def _links(actor: Actor, voice: Voice, path: str) -> tuple[Link, ...]:
    """The menu of an account; the result of a unit lies below its wave, and is a result."""
    is_result = path.startswith("/waves/") and "/units/" in path
    return tuple(
        Link(
            place.address,
            voice.gettext(place.name),
            here=place.address == "/results" if is_result else place.holds(path),
        )
        for place in MENU
        if place.is_for(actor)
    )


def _told(settings: Settings) -> tuple[str, Language]:
    """The organisation's name and language; an unreadable file is no reason to show no page."""
    try:
        return _read(settings, settings.organisation.stat().st_mtime_ns)
    except (OSError, KernepulsError):
        return "", "da"


@lru_cache(maxsize=8)
def _read(settings: Settings, _changed: int) -> tuple[str, Language]:
    told = house.organisation(settings)
    return told.organisation, told.language
