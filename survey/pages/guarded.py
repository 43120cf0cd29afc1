"""Pages that tell results, past the language guard: what no report may say, no page says."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from litestar import Request, Response

from survey import insight
from survey.actor import Actor
from survey.errors import Refused
from survey.insight import ReportStopped, Told
from survey.insight.guarding import PageStopped, names_in, page_checked
from survey.pages.layout import language_for, organisation_name, settings_of


class TextToMend(Refused):
    """What those are told who cannot mend it: the sentence would say more than a report may."""

    said_in = "text_to_mend"


@contextmanager
def for_who_can_mend(request: Request[Any, Any, Any]) -> Iterator[None]:
    """Keep the sentence that stopped a page or a report for a coordinator.

    Raises `PageStopped` or `ReportStopped` for them, and `TextToMend` for all others.
    """
    actor: Actor = request.user
    try:
        yield
    except (PageStopped, ReportStopped) as error:
        if actor.may_plan:
            raise
        raise TextToMend from error


def of_unit(request: Request[Any, Any, Any], made: Response[str], told: Told) -> Response[str]:
    """A page about a unit, which may name every unit of its wave."""
    names = names_of(request, told.view.release.wave)
    return guarded(request, made, names=names, tasks=told.view.behaviours)


def names_of(request: Request[Any, Any, Any], wave: str) -> tuple[str, ...]:
    """The names of the units of a wave, and of the organisation."""
    settings = settings_of(request)
    return names_in(insight.stored_release(settings, wave), organisation_name(settings))


def guarded(
    request: Request[Any, Any, Any],
    made: Response[str],
    *,
    names: Iterable[str] = (),
    tasks: Iterable[str] = (),
    is_ours: bool = True,
) -> Response[str]:
    """The page as it was made; see `page_checked` for what is told apart.

    Raises as `for_who_can_mend` does. A form that is shown again after a problem stays: what was
    typed is mended there.
    """
    if made.status_code in (None, 200):
        with for_who_can_mend(request):
            page_checked(
                made.content, language_for(request), names=names, tasks=tasks, is_ours=is_ours
            )
    return made
