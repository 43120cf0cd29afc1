"""Writing the organisation's own fields into organisation.yaml, where its comments stay."""

import json
import re
import zlib
from collections.abc import Mapping
from typing import Final, TypeAlias

import msgspec
import yaml

from survey import audit, house
from survey.engine import transaction
from survey.errors import N_, ChangedMeanwhile, Refused
from survey.house import Organisation
from survey.settings import Settings

Value: TypeAlias = str | int | bool
# Without them no mail goes out, no poster is made, and no card says who asks.
NEEDED: Final = tuple(name for name in house.OWN_FIELDS if not name.endswith("_en"))
# What stands after a field's name: a quoted text or a plain one, and perhaps a comment.
REST: Final = r""":[ \t]*(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\n]|'')*'|[^#\n]*?)([ \t]+#[^\n]*)?$"""


class DetailsMissing(Refused):
    sentence = N_("The organisation's details are not filled in, and mails and posters need them.")


class FileNotWritable(Refused):
    sentence = N_(
        "The file {file} cannot be written by this server. Nothing was changed. Ask those who run "
        "it for the right to write there."
    )


def version_of(settings: Settings) -> int:
    """A number that changes with the file, for the form that is made from it."""
    return zlib.crc32(settings.organisation.read_bytes())


def lacking(fields: Organisation) -> tuple[str, ...]:
    """The needed fields that are empty."""
    return tuple(name for name in NEEDED if not getattr(fields, name))


async def write_own_fields(
    settings: Settings, *, changed: Mapping[str, Value], version: int, by: int | None
) -> None:
    """Write the changed fields; the file must be as the form was made from it.

    Raises ChangedMeanwhile, OrganisationFileBad for a value a field cannot have, FileNotWritable.
    """
    async with transaction():
        await audit.record(by=by, what="changed details", on_what="organisation")
        if version_of(settings) != version:
            raise ChangedMeanwhile
        text = settings.organisation.read_text(encoding="utf-8-sig")
        wanted = _with(house.organisation(settings), changed)
        try:
            _write(settings, _rewritten(text, changed, wanted))
        except OSError as error:
            raise FileNotWritable(file=settings.organisation) from error


def _with(fields: Organisation, changed: Mapping[str, Value]) -> Organisation:
    return msgspec.convert(msgspec.to_builtins(fields) | dict(changed), Organisation)


def _rewritten(text: str, changed: Mapping[str, Value], wanted: Organisation) -> str:
    """The file with the changed fields; written anew where its layout is not one of ours."""
    for name, value in changed.items():
        line = f"{name}: {json.dumps(value, ensure_ascii=False)}"
        text, found = re.subn(
            rf"^{name}{REST}",
            lambda old, line=line: line + (old[1] or ""),  # type: ignore[misc]
            text,
            flags=re.MULTILINE,
        )
        if not found:
            text = f"{text.rstrip()}\n{line}\n"
    try:
        if house.read(text) == wanted:
            return text
    except (yaml.YAMLError, msgspec.ValidationError):
        pass
    plain = msgspec.to_builtins(wanted)
    return str(yaml.safe_dump(plain, allow_unicode=True, sort_keys=False))


def _write(settings: Settings, text: str) -> None:
    part = settings.organisation.with_suffix(".part")
    part.write_text(text, encoding="utf-8")
    part.replace(settings.organisation)
