"""What a browser keeps beside an answer under way: the worker's script, and the page that waits."""

import hashlib
import json
from functools import cache

from litestar import Controller, Response, get

from survey import assets
from survey.pages.answering import languages
from survey.pages.answering.frame import Asked, Page, answer_page, settings_of
from survey.pages.answering.states import WAITING, WAITING_TITLE
from survey.texts import Voice

PAGE = "/svar/uden-net"
FILES = ("answer.css", "answer.js", "icon.svg")
PATIENCE = 4000  # ms before a page that does not come is as good as no connection
SCOPE = "/svar"


class Shell(Controller):
    """The same bytes for whoever asks: no code, no answer, no language of somebody's own."""

    path = "/svar"

    @get("/sw.js", name="answer-worker")
    async def worker(self) -> Response[bytes]:
        return Response(
            worker(), media_type="text/javascript", headers={"service-worker-allowed": SCOPE}
        )

    @get("/uden-net", name="answer-offline")
    async def waiting(self, request: Asked) -> Page:
        voices = (Voice("en"), *languages.voices(settings_of(request)))
        others = [(one, one.gettext(WAITING_TITLE), one.gettext(WAITING)) for one in voices]
        return answer_page(
            request, "shell", Voice("da"), title=WAITING_TITLE, text=WAITING, others=others
        )


ROUTES = [Shell]


@cache
def worker() -> bytes:
    """The script with the files of this version before it: another version is another script."""
    source = (assets.FOLDER / assets.manifest()["worker.js"]).read_bytes()
    files = [PAGE, *(assets.url(name) for name in FILES)]
    version = hashlib.sha256(source + "".join(files).encode()).hexdigest()[:10]
    shell = {"version": version, "page": PAGE, "patience": PATIENCE, "files": files}
    return f"const SHELL = {json.dumps(shell)};\n".encode() + source
