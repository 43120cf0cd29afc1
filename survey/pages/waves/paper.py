"""The two pages a works committee reads about a wave: on the screen, and printed on A4."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final

from litestar import Controller, Response, get
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from survey import questionnaire
from survey.access import reads_waves
from survey.house import Organisation
from survey.insight import paper_pdf
from survey.pages.answering.sheet import MIN_COMMENTS, told
from survey.pages.layout import language_for, organisation_name, page, settings_of
from survey.pages.results.pages import pdf_file
from survey.pages.waves.pages import Asking
from survey.pages.waves.views import WavePage, wave_page
from survey.questionnaire import Item, blocks_of
from survey.settings import Settings
from survey.tables import Wave
from survey.texts import Language, Voice, render

TEMPLATE, PRINT = "pages/staff/wave_paper.html", "report/paper.html"
# Sizes of type, the largest first, and the most desired behaviours that are told at each.
SIZES: Final = (("l", None), ("m", None), ("s", None), ("s", 12), ("s", 6), ("s", 3), ("s", 1))
MONTHS = 12


@dataclass(frozen=True, slots=True)
class Question:
    """A question as it is asked, and the answers one may choose."""

    text: str
    answers: str
    only_some: bool  # asked only of those who have been in the situation, or after an answer


@dataclass(frozen=True, slots=True)
class Deletion:
    """What is deleted, and when."""

    what: str
    when: str


class WavePaper(Controller):
    """For the coordinator who prints it and the committee that reads it here."""

    path = "/waves/{name:str}/paper"
    guards = (reads_waves,)

    @get("/", name="wave-paper")
    async def show(self, request: Asking, name: FromPath[str]) -> Response[Any]:
        told_ = await _told(settings_of(request), name, language_for(request))
        return page(request, TEMPLATE, **told_)

    @get("/print.pdf", name="wave-paper-file")
    async def file(self, request: Asking, name: FromPath[str]) -> Response[bytes]:
        """The same two pages as a file: for an agenda, and for those who read it by ear."""
        settings, language = settings_of(request), language_for(request)
        given = await given_to_print(settings, name, language)
        made = await paper_pdf(settings, wave=name, language=language, **given)
        return pdf_file(made.content, f"{name}-paper.pdf")


async def given_to_print(settings: Settings, name: str, language: Language) -> dict[str, Any]:
    """What `paper_pdf` makes the two pages of, beside the wave and the language."""
    told_ = await _told(settings, name, language)
    sizes = by_size(told_, Voice(language))
    return {
        "htmls": tuple(render(PRINT, language, one) for one in sizes),
        "created": told_["wave"].opens,
        "quoted": tuple(_theirs(told_)),
    }


async def _told(settings: Settings, name: str, language: Language) -> dict[str, Any]:
    """What the two pages say of a wave."""
    voice = Voice(language)
    view = await wave_page(settings, voice, name, with_opened=False)
    stored = await Wave.select(Wave.left_out, Wave.min_n).where(Wave.name == name).first()
    own = told(settings)
    return {
        "wave": view,
        "organisation": organisation_name(settings),
        "own": own,
        "sender": own.said("sender", language),
        "contact": own.said("contact", language),
        "min_n": stored["min_n"] if stored else 0,
        "min_comments": MIN_COMMENTS,
        "questions": questions(stored["left_out"] if stored else None, language),
        "barriers": [line.said(language) for line in questionnaire.barrier_lines().values()],
        "deletions": deletions(voice, own, view.closes),
        "results": view.closes + timedelta(days=own.meeting_within_days),
        "board": view.closes + timedelta(days=own.board_sheet_within_days),
        "more_asked": "",
    }


def by_size(told_: Mapping[str, Any], voice: Voice) -> Iterator[dict[str, Any]]:
    """The same, in falling sizes of type; at last with the first desired behaviours alone."""
    view: WavePage = told_["wave"]
    for size, most in SIZES:
        rest = 0 if most is None else len(view.asked) - most
        if most is not None and rest <= 0:
            continue
        more = voice.ngettext(
            "%(num)d other desired behaviour", "%(num)d other desired behaviours", rest
        )
        yield {
            **told_,
            "size": size,
            "wave": replace(view, asked=view.asked[:most]),
            "more_asked": more % {"num": rest} if rest else "",
        }


def _theirs(told_: Mapping[str, Any]) -> Iterator[str]:
    """What the organisation has written itself, and answers for."""
    view: WavePage = told_["wave"]
    own: Organisation = told_["own"]
    yield from (told_["organisation"], told_["sender"], told_["contact"], own.dpo)
    for one in view.asked:
        yield one.text
        yield from (place.name for place in one.places)


ROUTES: list[ControllerRouterHandler] = [WavePaper]


def questions(left_out: str | None, language: Language) -> tuple[Question, ...]:
    """What a wave asks, in the order of its form."""
    form = questionnaire.form_without(blocks_of(left_out), trial=True)
    return tuple(
        Question(
            text=item.said(language).replace(" {situation}", "").replace("{trial}.", "…"),
            answers=_answers(item, language),
            only_some=item.in_situation_only or item.show_if is not None,
        )
        for item in form.items
        if not _is_notice(item)
    )


def deletions(voice: Voice, own: Organisation, closes: date) -> tuple[Deletion, ...]:
    """When each kind of thing goes, reckoned from the last day."""
    kept = own.retention
    after = voice.gettext("after %(day)s")
    return (
        Deletion(
            voice.gettext("Codes, and who has opened the form"),
            voice.gettext("when the wave is closed"),
        ),
        Deletion(
            voice.gettext("Sealed answers, and the key that opens them"),
            voice.gettext("when the wave is closed"),
        ),
        Deletion(
            voice.gettext("Addresses in the mail log"),
            voice.gettext("%(n)s days after each mail") % {"n": kept.mail_log_days},
        ),
        Deletion(
            voice.gettext("Comments"),
            after % {"day": voice.full_date(_months_after(closes, kept.comments_months))},
        ),
        Deletion(
            voice.gettext("Answers without a name, and the results"),
            after % {"day": voice.full_date(_months_after(closes, kept.releases_months))},
        ),
    )


def _answers(item: Item, language: Language) -> str:
    """What one may choose; "" where that follows from other answers or from the organisation."""
    own = item.scale or item.own_options
    return " / ".join(option.said(language) for option in item.options) if own else ""


def _is_notice(item: Item) -> bool:
    return item.type == "notice"


def _months_after(day: date, months: int) -> date:
    """The same day some months later, or the last day of that month."""
    years, month = divmod(day.month - 1 + months, MONTHS)
    first = date(day.year + years, month + 1, 1)
    following = (first + timedelta(days=31)).replace(day=1)
    return min(first + timedelta(days=day.day - 1), following - timedelta(days=1))
