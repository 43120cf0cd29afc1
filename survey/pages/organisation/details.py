"""The organisation's own details on a page: who asks, who to write to, and its rhythm."""

import re
from collections.abc import Mapping
from typing import Any, Final

from litestar import Controller, Request, Response, get, post
from litestar.types import ControllerRouterHandler

from survey import house
from survey.access import plans
from survey.actions import own_fields
from survey.actions.own_fields import NEEDED, Value
from survey.delivery.post import SENDER
from survey.errors import N_, BadInput, ChangedMeanwhile, KernepulsError
from survey.insight.printed import wrong_text
from survey.pages.forms import Fields, done, notice, posted
from survey.pages.layout import LANGUAGE_NAMES, language_for, page, settings_of
from survey.texts import LANGUAGES, Voice, sentence

HERE: Final = "/organisation/details"
TEMPLATE: Final = "pages/staff/organisation_details.html"
DONE: Final[Mapping[str, str]] = {"saved": N_("The details are saved.")}
CLOCK: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
# The numbers that HR may set, and between what.
NUMBERS: Final = {
    "open_days": (7, 28),
    "rhythm_weeks": (4, 53),
    "meeting_within_days": (1, 60),
    "board_sheet_within_days": (1, 90),
    "escalation_answer_weeks": (1, 26),
}
PRINTED: Final = ("contact", "contact_en")  # in every report
SHOWN: Final = (*house.OWN_FIELDS, *NUMBERS, "closing_time", "language")


class AddressUnusable(BadInput):
    sentence = N_("Write one mail address, as pulse@town.example.")


class ClockUnreadable(BadInput):
    sentence = N_("Write hours and minutes, as 16:00.")


class DetailsPages(Controller):
    """For who prepares waves."""

    path = HERE
    guards = (plans,)

    @get("/", name="details")
    async def show(self, request: Request[Any, Any, Any]) -> Response[str]:
        return _page(request, _stored(request))

    @post("/", name="details-save")
    async def save(self, request: Request[Any, Any, Any]) -> Response[Any]:
        fields = await posted(request)
        changed = typed(fields)
        if fields.problems:
            return _page(request, fields)
        try:
            await own_fields.write_own_fields(
                settings_of(request),
                changed=changed,
                version=fields.version,
                by=request.user.account,
            )
        except ChangedMeanwhile as error:
            fields.keep(_stored(request))
            return _page(request, fields, error)
        except KernepulsError as error:
            return _page(request, fields, error)
        return done(HERE, "saved")


ROUTES: list[ControllerRouterHandler] = [DetailsPages]


def typed(fields: Fields) -> dict[str, Value]:
    """The fields as they are to be written; a problem beside each that cannot be."""
    told: dict[str, Value] = {
        name: " ".join(fields.text(name, required=name in NEEDED).split())
        for name in house.OWN_FIELDS
    }
    if "mail_from" not in fields.problems and not SENDER.fullmatch(str(told["mail_from"])):
        fields.problems["mail_from"] = AddressUnusable()
    for name in PRINTED:
        problem = wrong_text(str(told[name]))
        if problem is not None:
            fields.problems.setdefault(name, problem)
    for name, (least, most) in NUMBERS.items():
        told[name] = fields.whole(name, least=least, most=most) or least
    told["closing_time"] = fields.text("closing_time")
    if "closing_time" not in fields.problems and not CLOCK.fullmatch(str(told["closing_time"])):
        fields.problems["closing_time"] = ClockUnreadable()
    told["language"] = fields.choice("language", LANGUAGES)
    told["invite_people_on_leave"] = fields.tick("invite_people_on_leave")
    return told


def _stored(request: Request[Any, Any, Any]) -> Fields:
    settings = settings_of(request)
    told = house.organisation(settings)
    return Fields.of(
        own_fields.version_of(settings),
        **{name: getattr(told, name) for name in SHOWN},
        invite_people_on_leave="1" if told.invite_people_on_leave else "",
    )


def _page(
    request: Request[Any, Any, Any], fields: Fields, error: KernepulsError | None = None
) -> Response[str]:
    language = language_for(request)
    return page(
        request,
        TEMPLATE,
        status=error.status if error else 422 if fields.problems else 200,
        fields=fields,
        trouble=sentence(error, language) if error else "",
        languages=[(code, LANGUAGE_NAMES[code]) for code in LANGUAGES],
        file=settings_of(request).organisation.name,
        notice=notice(request, Voice(language), DONE),
    )
