"""A lost link or code: a work mail is typed, or a number, and each address gets the same reply.

What is known of an address is found out later, by the job that sends the mail. Nothing is logged.
"""

import re

from litestar import Controller, get, post

from survey.actions.lost_link import ask_for_code
from survey.errors import KernepulsError
from survey.importing import cells
from survey.pages.answering.frame import (
    Asked,
    Page,
    address_of,
    answer_page,
    asked_voice,
    read_form,
    refused,
    settings_of,
)
from survey.pages.answering.posting import one, tries

ADDRESS = re.compile(r"\s*[^\s@]+@[^\s@]+\s*")  # no more than a slip of the fingers is caught here


class LostLinkPages(Controller):
    """The page for somebody whose mail or code is gone."""

    path = "/svar/mistet"
    request_max_body_size = None  # posting.posted_form has the limit, and a page that says so
    exception_handlers = {KernepulsError: refused}  # noqa: RUF012 - Litestar's own shape

    @get("/", name="lost-link")
    async def ask(self, request: Asked) -> Page:
        """Where the work mail is typed."""
        return _page(request)

    @post("/", status_code=200, name="lost-link-ask")
    async def asked(self, request: Asked) -> Page:
        """Let a mail wait, and say the same whoever it is for."""
        email = one(await read_form(request), "email")
        # Every request counts, since none tells whether its address was right.
        counted = tries(request.app, "lost link")
        await counted.check(address_of(request))
        await counted.wrong(address_of(request))
        texting = texts_are_sent(request)
        if not (ADDRESS.fullmatch(email) or (texting and cells.mobile(email))):
            return _page(request, typed=email, problem=True, status=422)
        await ask_for_code(email, texting=texting)
        return _page(request, done=True)


ROUTES = [LostLinkPages]


def texts_are_sent(request: Asked) -> bool:
    """Whether people without a mail of their own may have their code on the phone."""
    return settings_of(request).sms is not None


def _page(
    request: Asked,
    *,
    typed: str = "",
    problem: bool = False,
    done: bool = False,
    status: int = 200,
) -> Page:
    return answer_page(
        request,
        "lost",
        asked_voice(request),
        status=status,
        address="/svar/mistet",
        texting=texts_are_sent(request),
        typed=typed,
        problem=problem,
        done=done,
    )
