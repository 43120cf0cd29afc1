"""The ballot's protocol, for a page that makes its ballot itself: key, blind signature, form.

The code comes to the look-up and to the ballot, never to the form; the key and the form come
without it. Nothing here reads or writes an answer.
"""

import msgspec
from litestar import Controller, Response, get, post
from litestar.enums import MediaType
from litestar.params import FromPath

from survey.errors import KernepulsError, NotFoundHere
from survey.intake import ballots, keys, tickets
from survey.intake.refusals import CodeUnknown, WaveClosed
from survey.intake.shown import named_wave
from survey.pages.answering import sheet
from survey.pages.answering.frame import (
    Asked,
    Page,
    address_of,
    asked_voice,
    form_page,
    read_form,
    refused,
    settings_of,
)
from survey.pages.answering.posting import posted_json, tries

BLINDED = keys.BITS // 8  # bytes
FOR_EVER = "public, max-age=31536000, immutable"


class Blinded(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A code and what its one blind signature shall stand under."""

    code: str
    blinded: str

    def __repr__(self) -> str:
        return "Blinded(...)"


class Protocol(Controller):
    """What the script of the answering pages asks for beside them."""

    path = "/svar"
    request_max_body_size = None  # posting has the limit, and a reply that says so
    exception_handlers = {KernepulsError: refused}  # noqa: RUF012 - Litestar's own shape

    @get("/noegle/{wave:str}", name="answer-key")
    async def key(self, request: Asked, wave: FromPath[str]) -> Response[bytes]:
        """The key a wave's ballots are made with, as SPKI: the same bytes for whoever asks.

        Asked for without the code: a key of one's own would be a mark on the answer.
        """
        found = await named_wave(wave) if keys.WAVE_NAME.fullmatch(wave) else None
        if found is None or found.state == "draft":
            raise NotFoundHere
        if found.state in ballots.HAS_ENDED:
            raise WaveClosed(date=found.closes, next=await ballots.next_opening(found.closes))
        return Response(
            keys.intake(settings_of(request), wave).verifying_bytes,
            media_type="application/octet-stream",
            headers={"cache-control": FOR_EVER},
        )

    @post("/stemmeseddel", status_code=200, name="answer-ballot")
    async def ballot(self, request: Asked) -> Page:
        """The blind signature of a code's one ballot; the same bytes again get the same one."""
        asked = await posted_json(request, Blinded)
        blinded = tickets.as_bytes(asked.blinded, length=BLINDED)
        counted = tries(request.app, "code")
        await counted.check(address_of(request))
        try:
            signature = await ballots.issue(settings_of(request), asked.code, blinded)
        except CodeUnknown:
            await counted.wrong(address_of(request))
            raise
        return Response({"blind_signature": tickets.as_text(signature)}, media_type=MediaType.JSON)

    @post("/skema", status_code=200, name="answer-form")
    async def form(self, request: Asked) -> Page:
        """The whole questionnaire of a context, without a ballot: the page puts its own in."""
        ballot = sheet.posted_ballot(await read_form(request), made=False)
        shown = await sheet.again(settings_of(request), ballot, asked_voice(request))
        return form_page(request, shown)


ROUTES = [Protocol]
