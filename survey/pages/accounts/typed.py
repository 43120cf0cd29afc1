"""What was typed before a session ended: carried through the sign-in form, and stored nowhere.

A post without a session is answered by the sign-in page, with every field of it in hidden fields
beside login and password. After signing in the person reads what was written, and sends it again
by a button, with a token of now. Passwords, one-time codes and files are never carried.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from litestar import Request, Response

from survey.pages.layout import language_for, page, settings_of
from survey.sessions import CSRF_FIELD
from survey.texts import Voice, content

# A path on this host: one slash, then nothing a browser could read as another host.
OWN_ADDRESS = re.compile(r"/(?![/\\])[A-Za-z0-9_./-]*")
# Fields of passwords and codes, by name; a test looks through every template for others.
SECRET = frozenset({"password", "old", "again", "code", "token", "sealed", CSRF_FIELD})
BEFORE = "kept."  # how a carried field is called in the sign-in form
TO = "kept_to"
MOST = 30_000  # characters in all: twice that still fits a post
PLUMBING = frozenset({"version", "once", "back", "at", "found"})
CODED = re.compile(r"[a-z0-9_.:-]*")  # a choice's own name, which nobody wrote

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """The fields of a form, and the address it was meant for."""

    address: str = ""
    pairs: Pairs = ()
    too_long: bool = False

    @property
    def written(self) -> list[str]:
        """What a person wrote, as opposed to chose, in the order of the form."""
        return [
            value
            for name, value in self.pairs
            if name not in PLUMBING and not CODED.fullmatch(value)
        ]


def of_refused(request: Request[Any, Any, Any]) -> Kept:
    """The fields of a post that came without a session, as `sessions.KeepTyped` found them."""
    pairs: Iterable[tuple[str, str]] = request.scope["state"].get("typed", ())
    kept = tuple((name, value) for name, value in pairs if name not in SECRET)
    too_long = sum(len(name) + len(value) for name, value in kept) > MOST
    return Kept(own_address(request.url.path), () if too_long else kept, too_long)


def of_form(pairs: Iterable[tuple[str, str]]) -> Kept:
    """What the sign-in form carried; nothing, where its address is none of ours."""
    told = list(pairs)
    address = own_address(next((value for name, value in told if name == TO), ""))
    kept = tuple(
        (name.removeprefix(BEFORE), value)
        for name, value in told
        if name.startswith(BEFORE) and name.removeprefix(BEFORE) not in SECRET
    )
    return Kept(address, kept) if address else Kept()


def sign_in_page(  # noqa: PLR0913 - what the form shows
    request: Request[Any, Any, Any],
    *,
    status: int = 200,
    login: str = "",
    wanted: str = "",
    problem: str = "",
    notice: str = "",
    kept: Kept | None = None,
) -> Response[str]:
    """The sign-in form, with what it carries."""
    return page(
        request,
        "pages/staff/sign_in.html",
        status=status,
        next=wanted,
        login=login,
        problem=problem,
        notice=notice,
        kept=kept or Kept(),
        before=BEFORE,
        to=TO,
        provider=settings_of(request).provider is not None,
    )


def signed_out(request: Request[Any, Any, Any]) -> Response[str]:
    """A post that nobody is signed in for: the form to sign in, and nothing that was typed lost."""
    kept, voice = of_refused(request), Voice(language_for(request))
    if kept.too_long:
        notice = voice.gettext(
            "You were signed out, and nothing was saved. What you wrote is too long to be carried "
            "along: go back in your browser, copy it, and sign in."
        )
    elif kept.pairs:
        notice = voice.pick(content("messages")["errors"]["staff"]["session_over"])
    else:
        notice = voice.gettext("You were signed out after a pause. Sign in to go on.")
    return sign_in_page(request, status=401, notice=notice, kept=kept)


def own_address(wanted: str | None) -> str:
    """The address when it is a plain path of ours, else "": no door for a link to elsewhere."""
    return wanted if wanted and OWN_ADDRESS.fullmatch(wanted) else ""
