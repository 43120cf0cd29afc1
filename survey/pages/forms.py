"""Forms of staff: what was typed, read field by field, with a problem beside each unusable one.

What was typed is never lost: a page that refuses shows it again, with what is wrong beside it.
"""

import re
import secrets
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from litestar import Request, Response
from litestar.response import Redirect
from litestar.status_codes import HTTP_303_SEE_OTHER

from survey import texts
from survey.errors import N_, BadInput, KernepulsError
from survey.errors import ChangedMeanwhile as ChangedMeanwhile  # noqa: PLC0414 - with Fields.keep
from survey.errors import FieldEmpty as FieldEmpty  # noqa: PLC0414 - a problem of Fields
from survey.texts import Language, Voice

Typed = dict[str, list[str]]

LINE = 200  # characters of a line, where the form does not say otherwise
VERSION, ONCE = "version", "once"
DAY_PARTS = ("day", "month", "year")
# What no text needs: control characters but line feed and tab, and marks that turn its direction.
INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]"
)


class ChoiceMissing(BadInput):
    sentence = N_("Choose one.")


class ChoiceUnknown(BadInput):
    sentence = N_("This choice is not there any more. Choose again.")


class TextTooLong(BadInput):
    sentence = N_("This is {found} characters long. There is room for {most}.")


class DayUnreadable(BadInput):
    sentence = N_("This is no date. Write day, month and year in digits, as 22 5 2026.")


class NumberUnreadable(BadInput):
    sentence = N_("Write a whole number from {least} to {most}.")


@dataclass(slots=True)
class Fields:
    """The fields of one form: `typed` as they came or are stored, `problems` by name.

    `stored` holds what somebody else saved meanwhile, where it differs; `version` and `once` tell
    which state the form was made from, and that a form sent twice is one deed.
    """

    typed: Typed = field(default_factory=dict)
    problems: dict[str, KernepulsError] = field(default_factory=dict)
    stored: dict[str, str] = field(default_factory=dict)
    version: int = 0
    once: str = field(default_factory=lambda: secrets.token_hex(8))

    @classmethod
    def of(cls, version: int = 0, **values: object) -> "Fields":
        """A form filled with what is stored; None is an empty field, a tuple a set of choices."""
        typed: Typed = {}
        for name, value in values.items():
            if isinstance(value, date):
                parts = (value.day, value.month, value.year)
                pairs = zip(DAY_PARTS, parts, strict=True)
                typed |= {f"{name}.{part}": [str(number)] for part, number in pairs}
            elif isinstance(value, (tuple, list, set, frozenset)):
                typed[name] = [str(one) for one in value]
            else:
                typed[name] = ["" if value is None else str(value)]
        return cls(typed=typed, version=version)

    # --- what a template shows ---

    def value(self, name: str) -> str:
        """What stands in a field, as it was typed."""
        return self.typed.get(name, [""])[-1]

    def values(self, name: str) -> list[str]:
        """The ticked choices of a field."""
        return self.typed.get(name, [])

    def problem(self, name: str, language: Language) -> str:
        """What is wrong with a field, as a sentence; "" where nothing is."""
        found = self.problems.get(name)
        return texts.sentence(found, language) if found else ""

    # --- what a handler reads; each notes its problem and gives a harmless value instead ---

    def text(self, name: str, *, most: int = LINE, required: bool = True) -> str:
        """A line or, where there are line breaks, a text: NFC, trimmed, without invisible marks."""
        text = plain(self.value(name))
        if required and not text:
            self.problems[name] = FieldEmpty()
        elif len(text) > most:
            self.problems[name] = TextTooLong(found=len(text), most=most)
        return text

    def choice(self, name: str, options: Collection[str], *, required: bool = True) -> str:
        """One of the options, or "" where none is chosen."""
        chosen = self.value(name)
        if not chosen and required:
            self.problems[name] = ChoiceMissing()
        elif chosen and chosen not in options:
            self.problems[name] = ChoiceUnknown()
            return ""
        return chosen

    def choices(
        self, name: str, options: Collection[str], *, required: bool = True
    ) -> tuple[str, ...]:
        """The chosen options in the order they were sent, each once."""
        chosen = tuple(dict.fromkeys(one for one in self.values(name) if one))
        if not chosen and required:
            self.problems[name] = ChoiceMissing()
        elif not set(chosen) <= set(options):
            self.problems[name] = ChoiceUnknown()
            return ()
        return chosen

    def day(self, name: str, *, required: bool = True) -> date | None:
        """A day from its three fields; None where they are empty or no day."""
        parts = [self.value(f"{name}.{part}").strip() for part in DAY_PARTS]
        if not any(parts):
            if required:
                self.problems[name] = FieldEmpty()
            return None
        try:
            number, month, year = map(int, parts)
            return date(year + 2000 if year < 100 else year, month, number)
        except (ValueError, OverflowError):
            self.problems[name] = DayUnreadable()
            return None

    def whole(self, name: str, *, least: int, most: int, required: bool = True) -> int | None:
        """A whole number within its limits; None where it is missing or none."""
        typed = self.value(name).strip()
        if not typed:
            if required:
                self.problems[name] = FieldEmpty()
            return None
        if not (typed.isascii() and typed.isdigit() and least <= int(typed[:12]) <= most):
            self.problems[name] = NumberUnreadable(least=least, most=most)
            return None
        return int(typed)

    def tick(self, name: str) -> bool:
        """Whether a single box is ticked."""
        return bool(self.value(name))

    def keep(self, stored: "Fields") -> None:
        """After ChangedMeanwhile: what was typed stays; what is stored now is told beside it."""
        self.version = stored.version
        self.stored = {
            name: ", ".join(values)
            for name, values in stored.typed.items()
            if values != self.typed.get(name, [""])
        }


async def posted(request: Request[Any, Any, Any]) -> Fields:
    """The fields of a posted form; files are not among them."""
    form = await request.form()
    typed: Typed = {}
    for name, value in form.multi_items():
        if isinstance(value, str):
            typed.setdefault(name, []).append(value)
    version, once = typed.get(VERSION, ["0"])[-1], typed.get(ONCE, [""])[-1]
    fields = Fields(typed=typed, version=int(version) if version.isdecimal() else 0)
    if re.fullmatch("[0-9a-f]{16}", once):
        fields.once = once
    return fields


def plain(text: str) -> str:
    """A text as it is kept: NFC, one kind of line break, trimmed, without invisible marks."""
    one_kind = text.replace("\r\n", "\n").replace("\r", "\n")
    return unicodedata.normalize("NFC", INVISIBLE.sub("", one_kind)).strip()


def done(address: str, what: str = "") -> Response[Any]:
    """Go on after a post; `what` names a sentence that the next page says once."""
    there = f"{address}{'&' if '?' in address else '?'}done={what}" if what else address
    return Redirect(there, status_code=HTTP_303_SEE_OTHER)


def notice(request: Request[Any, Any, Any], voice: Voice, said: Mapping[str, str]) -> str:
    """The sentence of the deed that led here, of `said`; "" for none and for an unknown one."""
    sentence = said.get(request.query_params.get("done", ""))
    return voice.gettext(sentence) if sentence else ""
