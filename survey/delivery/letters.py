"""The words of a mail, a card and a poster: texts of content/ with every placeholder filled.

A text with an unfilled placeholder is refused, never sent half.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from survey.errors import N_, Refused
from survey.house import Organisation
from survey.settings import Settings
from survey.tables import Behaviour
from survey.texts import Language, Voice, content

FIELD = re.compile(r"\{(\w+)\}")
# Placeholders that are fields of organisation.yaml; the others come from the wave.
FROM_ORGANISATION = frozenset(("organisation", "sender", "contact", "dpo", "place", "mail_from"))


class FieldEmpty(Refused):
    sentence = N_(
        "The field {field} in the organisation's file {file} is empty, and the text needs it. "
        "Nothing was sent. Fill in the field and try again."
    )


class PlaceholderUnfilled(Refused):
    sentence = N_(
        "The text “{text}” needs a value for {field} that the wave does not give. Nothing was sent."
    )


@dataclass(frozen=True, slots=True)
class SinceLast:
    """What the wave before led to: a barrier's code and the trial that is tried, and where."""

    barrier: str
    trial: str
    units: str


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail's subject and its text, one paragraph per blank line."""

    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class Round:
    """What every text of a wave may say: the house, the wave's last day and its addresses."""

    house: Organisation
    url: str
    file: str  # of the organisation's fields, for a refusal
    closes: date
    key_fingerprint: str

    @property
    def language(self) -> Language:
        return self.house.language

    @property
    def code_page(self) -> str:
        return f"{self.url}/svar"

    def link(self, code: str) -> str:
        """The code page with a code after #, which no browser sends to a server."""
        return f"{self.code_page}#{code}"

    def fields(self) -> dict[str, str]:
        """The placeholders that are the same for everyone in the wave."""
        voice = Voice(self.language)
        named = {name: self.house.said(name, self.language) for name in FROM_ORGANISATION}
        return {
            **named,
            "code_page": self.code_page,
            "privacy_link": f"{self.code_page}/privat",
            "last_day": last_day(self.closes, self.language),
            "date": voice.full_date(self.closes),
            "time": self.house.closing_time,
            "key_fingerprint": self.key_fingerprint,
        }


def round_of(settings: Settings, house: Organisation, *, closes: date, fingerprint: str) -> Round:
    """The texts of one wave of this installation."""
    return Round(house, settings.url, str(settings.organisation), closes, fingerprint)


def last_day(day: date, language: Language) -> str:
    """A last day in a sentence: "mandag den 16. februar", "Monday 16 February"."""
    return Voice(language).day(day)


def asked(behaviour: Behaviour, language: Language) -> str:
    """The behaviour's sentence; the Danish one where nobody has written it in English."""
    return (behaviour.text_en if language == "en" else None) or behaviour.text


def short_form(behaviour: Behaviour, language: Language) -> str | None:
    """The infinitive of a subject line; null where nobody has written one."""
    return behaviour.short_en if language == "en" else behaviour.short


def invitation(
    around: Round, behaviour: Behaviour, *, area: str, code: str, since: SinceLast | None
) -> Letter:
    """The mail that carries a code; `area` is the name of the person's centre.

    Raises FieldEmpty or PlaceholderUnfilled.
    """
    texts = content("messages")["invitation"]
    language = around.language
    optional = texts["optional_paragraphs"]
    board_sheet = around.closes + timedelta(days=around.house.board_sheet_within_days)
    fields = {
        **around.fields(),
        "area": area,
        "behaviour": asked(behaviour, language),
        "behaviour_short": short_form(behaviour, language) or "",
        "code": code,
        "link": around.link(code),
        "date": Voice(language).day(board_sheet),
        **_since(since, language),
    }
    paragraphs = [
        filled(text, fields, file=around.file)
        for number, text in enumerate(texts["paragraphs"][language])
        if number not in optional or since is not None
    ]
    footer = filled(texts["footer"][language], fields, file=around.file)
    # A behaviour without a short form is asked about all the same, under the form's own title.
    titled = (
        texts["subject"] if fields["behaviour_short"] else content("messages")["start"]["title"]
    )
    return Letter(
        subject=filled(titled[language], fields, file=around.file),
        text="\n\n".join((*paragraphs, f"-- \n{footer}")) + "\n",
    )


def reminder(around: Round, *, area: str, code: str) -> Letter:
    """The first reminder, with a new code, to those who have not opened the form."""
    texts = content("messages")["reminder_1"]
    return _plain(around, texts, {"area": area, "link": around.link(code)})


def general_reminder(around: Round, *, today: date) -> Letter:
    """The second and last reminder, to everyone and without a code; it says today on the last day.

    Where the last day is a Sunday the mail goes before it, and names the day.
    """
    texts = content("messages")["reminder_2"]
    return _plain(around, texts if today == around.closes else texts["before"], {})


def new_code(around: Round, *, code: str) -> Letter:
    """To somebody who asked: the code that is put in place of those sent before."""
    texts = content("messages")["lost_code"]
    return _plain(around, texts["new"], {"code": code, "link": around.link(code)})


def code_was_used(around: Round) -> Letter:
    """To somebody who asked and whose code is used: no second ballot, but a card can be drawn."""
    return _plain(around, content("messages")["lost_code"]["used"], {})


def text_message(around: Round, behaviour: Behaviour, *, code: str) -> str:
    """The text message that carries a code."""
    language = around.language
    short = short_form(behaviour, language)
    texts = content("messages")["sms" if short else "sms_plain"]
    own = {"behaviour_short": short or "", "link": around.link(code)}
    return filled(texts[language], {**around.fields(), **own}, file=around.file)


def text_reminder(around: Round, *, code: str) -> str:
    """The first reminder as a text message."""
    texts = content("messages")["sms_reminder_1"]
    return filled(
        texts[around.language], {**around.fields(), "link": around.link(code)}, file=around.file
    )


def general_text_reminder(around: Round) -> str:
    """The second and last reminder as a text message; it names the last day."""
    texts = content("messages")["sms_reminder_2"]
    return filled(texts[around.language], around.fields(), file=around.file)


def new_code_text(around: Round, *, code: str) -> str:
    """As `new_code`, as a text message."""
    texts = content("messages")["sms_lost_code"]["new"]
    return filled(
        texts[around.language], {**around.fields(), "link": around.link(code)}, file=around.file
    )


def code_was_used_text(around: Round) -> str:
    """As `code_was_used`, as a text message."""
    texts = content("messages")["sms_lost_code"]["used"]
    return filled(texts[around.language], around.fields(), file=around.file)


def _plain(around: Round, texts: Mapping[str, Any], own: Mapping[str, str]) -> Letter:
    """A subject and paragraphs, filled with the fields of the wave and the mail's own."""
    fields = {**around.fields(), **own}
    said = [filled(text, fields, file=around.file) for text in texts[around.language]]
    return Letter(
        subject=filled(texts["subject"][around.language], fields, file=around.file),
        text="\n\n".join(said) + "\n",
    )


def _since(since: SinceLast | None, language: Language) -> dict[str, str]:
    if since is None:
        return {}
    barriers = {entry["code"]: entry for entry in content("barriers")["barriers"]}
    return {
        "barrier": barriers[since.barrier]["short"][language],
        "trial": since.trial,
        "units": since.units,
    }


def filled(text: str, fields: Mapping[str, str], *, file: str) -> str:
    """The text with its {placeholders} filled; one without a value refuses the whole text."""
    for name in FIELD.findall(text):
        if fields.get(name):
            continue
        if name in FROM_ORGANISATION:
            raise FieldEmpty(field=name, file=file)
        raise PlaceholderUnfilled(text=text, field=name)
    return FIELD.sub(lambda found: fields[found[1]], text)
