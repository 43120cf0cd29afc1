"""The organisation's own fields: who asks, who to write to, how long; a file HR fills in.

Roles and places only, never a person's name. An empty field is allowed here: the text that needs
it is not sent, and its refusal names the field.
"""

import re
from datetime import date
from typing import Annotated, Literal

import msgspec
import yaml
from msgspec import Meta, Struct

from survey.errors import N_, BadInput, NotInitialised
from survey.settings import CONTENT, Settings
from survey.texts import SAFE_YAML, Language

Clock = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]

# What `init` leaves empty for HR; the rest of the shipped file are defaults that suit most.
OWN_FIELDS = (
    "organisation",
    "sender",
    "sender_en",
    "mail_from",
    "contact",
    "contact_en",
    "dpo",
    "place",
    "place_en",
)


class OrganisationFileBad(BadInput):
    sentence = N_(
        "The field {field} in the organisation's file {file} has a value it cannot have "
        "({problem}). Nothing was changed. Correct the field and try again."
    )


class OrganisationFileUnreadable(BadInput):
    sentence = N_(
        "The organisation's file {file} is not readable as YAML (line {line}). Nothing was "
        "changed. Correct the line and try again."
    )


class Retention(Struct, frozen=True, forbid_unknown_fields=True):
    """How long each kind is kept before `erase` may take it."""

    comments_months: Annotated[int, Meta(ge=1)] = 24
    releases_months: Annotated[int, Meta(ge=1)] = 60
    mail_log_days: Annotated[int, Meta(ge=1)] = 14


class Organisation(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The fields of organisation.yaml, named as there; an empty text is a field not filled in."""

    version: Literal[1]
    organisation: str = ""
    sender: str = ""
    sender_en: str = ""
    mail_from: str = ""
    contact: str = ""
    contact_en: str = ""
    dpo: str = ""
    place: str = ""
    place_en: str = ""
    language: Language = "da"
    rhythm_weeks: Annotated[int, Meta(ge=4, le=53)] = 13
    open_days: Annotated[int, Meta(ge=7, le=28)] = 14
    closing_time: Clock = "16:00"
    meeting_within_days: Annotated[int, Meta(ge=1)] = 14
    board_sheet_within_days: Annotated[int, Meta(ge=1)] = 21
    escalation_answer_weeks: Annotated[int, Meta(ge=1)] = 4
    part_depth: Annotated[int, Meta(ge=2)] = 3
    retention: Retention = Retention()
    archive_decision: date | None = None
    invite_people_on_leave: bool = True
    invite_from_months: Annotated[int, Meta(ge=0)] = 0
    mail_quiet_hours: tuple[Clock, Clock] = ("17:00", "07:00")

    def said(self, field: str, language: Language) -> str:
        """A field in a language; the Danish one where no English is given, "" where neither is."""
        danish: str = getattr(self, field)
        english: str = getattr(self, f"{field}_en", "")
        return english if language == "en" and english else danish


def organisation(settings: Settings) -> Organisation:
    """What this installation's organisation.yaml says; a field that cannot be used is named."""
    file = settings.organisation
    try:
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise NotInitialised(folder=settings.data) from None
    except UnicodeDecodeError:
        raise OrganisationFileUnreadable(file=file, line=1) from None
    try:
        return read(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise OrganisationFileUnreadable(file=file, line=line) from error
    except msgspec.ValidationError as error:
        problem, _, where = str(error).partition(" - at ")
        named = re.search(r"`\$\.(\w+)", where) or re.search(r"field `(\w+)`", problem)
        field = named.group(1) if named else "version"
        raise OrganisationFileBad(file=file, problem=problem, field=field) from error


def read(text: str) -> Organisation:
    """The fields of such a file; a MarkedYAMLError or a ValidationError where it is none."""
    loaded = yaml.load(text, SAFE_YAML)  # noqa: S506 - a safe loader
    # A field left as `contact:` is null in YAML; for texts that is the same as empty.
    if isinstance(loaded, dict):
        loaded = {
            key: "" if value is None and key in OWN_FIELDS else value
            for key, value in loaded.items()
        }
    return msgspec.convert(loaded, Organisation)


def write_blank(settings: Settings) -> None:
    """A first organisation.yaml whose own fields are empty; one that is there is left alone."""
    text = _shipped().replace(", here those of Fjordlund", "")
    for field in OWN_FIELDS:
        text = re.sub(rf'^{field}: "[^"]*"', f'{field}: ""', text, flags=re.MULTILINE)
        text = re.sub(rf"^{field}: [^\"\s]\S*", f'{field}: ""', text, flags=re.MULTILINE)
    _write(settings, text)


def write_fjordlund(settings: Settings) -> None:
    """The organisation.yaml of the made-up Fjordlund; one that is there is left alone."""
    _write(settings, _shipped())


def _shipped() -> str:
    return (CONTENT / "organisation.yaml").read_text(encoding="utf-8")


def _write(settings: Settings, text: str) -> None:
    if not settings.organisation.exists():
        settings.organisation.parent.mkdir(parents=True, exist_ok=True)
        settings.organisation.write_text(text, encoding="utf-8")
