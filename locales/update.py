"""Bring both catalogues up to date with the texts in the code: `make texts`; `--check` only tells.

English is the msgids themselves. Danish is written by a person: what lacks it is listed, and
the exit status is 1.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

LOCALES = Path(__file__).parent
ROOT = LOCALES.parent
METHODS = [("**.py", "python"), ("**.html", "jinja2"), ("**.txt", "jinja2")]
KEYWORDS = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2)}
FIELD = re.compile(r"\{(\w+)\}|%\((\w+)\)")


def texts() -> Catalog:
    """Every msgid that a person may read and that is not in survey/content."""
    found = Catalog(domain="kernepuls", project="kernepuls")
    for folder in ("survey", "analysis", "templates"):
        for _, _, msgid, _, _ in extract_from_dir(ROOT / folder, METHODS, keywords=KEYWORDS):
            if not msgid:  # an empty string inside the call, not a text
                continue
            found.add(msgid, flags=["python-format"] if "%(" in str(msgid) else [])
        for path in (ROOT / folder).rglob("*.py"):
            for msgid in inside_f_strings(path):
                found.add(msgid, flags=["python-format"] if "%(" in msgid else [])
    return found


def inside_f_strings(path: Path) -> Iterator[str]:
    """The texts of calls in an f-string: before Python 3.12 the extraction cannot see them."""
    for outer in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(outer, ast.JoinedStr):
            continue
        for call in ast.walk(outer):
            if isinstance(call, ast.Call) and call.args and isinstance(call.args[0], ast.Constant):
                name = getattr(call.func, "attr", getattr(call.func, "id", ""))
                if name in {"_", "gettext"} and isinstance(call.args[0].value, str):
                    yield call.args[0].value


def po(language: str) -> Path:
    return LOCALES / language / "LC_MESSAGES" / "kernepuls.po"


def catalogue(language: str) -> Catalog:
    with po(language).open("rb") as file:
        return read_po(file, locale=language, domain="kernepuls")


def both(id_or_string: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (id_or_string,) if isinstance(id_or_string, str) else tuple(id_or_string)


def faults(language: str, wanted: Catalog) -> Iterator[str]:
    """What keeps a catalogue from being complete: missing, unused, or other fields."""
    kept = catalogue(language)
    for message in wanted:
        said = kept.get(both(message.id)[0]) if message.id else None
        if message.id and (said is None or not all(both(said.string))):
            yield f"{language} lacks: {both(message.id)[0]}"
        elif said and fields(said.string) != fields(message.id):
            yield f"{language} has other fields: {both(message.id)[0]}"
    for message in kept:
        if message.id and wanted.get(both(message.id)[0]) is None:
            yield f"{language} keeps a text nobody uses: {both(message.id)[0]}"


def fields(text: str | tuple[str, ...] | list[str]) -> set[str]:
    """The names a translator must keep; a singular may say "one" in place of its number."""
    return {a or b for a, b in FIELD.findall(both(text)[-1])}


def update(language: str, wanted: Catalog) -> None:
    kept = catalogue(language) if po(language).is_file() else Catalog(locale=language)
    made = Catalog(locale=language, domain="kernepuls", project="kernepuls", version="1")
    made.creation_date = made.revision_date = kept.creation_date
    for message in wanted:
        if message.id:
            made.add(message.id, string_of(message, kept, language), flags=message.flags)
    po(language).parent.mkdir(parents=True, exist_ok=True)
    with po(language).open("wb") as file:
        write_po(file, made, sort_output=True, width=110)


def string_of(message: Message, kept: Catalog, language: str) -> str | tuple[str, ...]:
    if language == "en":
        return message.id if isinstance(message.id, str) else tuple(message.id)
    known = kept.get(both(message.id)[0])
    return known.string if known else ""


if __name__ == "__main__":
    everything = texts()
    if "--check" not in sys.argv:
        for each in ("da", "en"):
            update(each, everything)
    found = [fault for each in ("da", "en") for fault in faults(each, everything)]
    sys.stdout.write("\n".join([*found, ""]))
    sys.exit(bool(found))
