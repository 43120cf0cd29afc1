"""The shared tablet: where a person begins, and what the browser forgets before that.

Its other pages are those of `answer.py` under an address of their own. Nothing is kept here.
"""

from litestar import Controller, get

from survey.pages.answering.frame import KIOSK, Asked, Page, asked_voice, code_page

# What somebody left on the tablet, by whatever page. Only what the browser keeps: no cookie is
# set here, and a signed-in coordinator who sets the tablet up stays so.
FORGET = '"cache", "storage"'


class KioskPages(Controller):
    """The clean start that every person's visit begins and ends with."""

    path = KIOSK

    @get(["/", "/opslag", "/uden-script", "/sprog", "/send"], name="kiosk")
    async def start(self, request: Asked) -> Page:
        """Also where a browser asks for one of the posted pages again."""
        page = code_page(request, asked_voice(request))
        page.headers["clear-site-data"] = FORGET
        return page


ROUTES = [KioskPages]
