"""Made-up languages, by a rule from the Danish: one from left to right, one from right to left."""

import json
import re
from copy import deepcopy
from functools import cache
from typing import Any

import yaml

from survey.actions.languages import file_of
from survey.pages.answering import languages
from survey.settings import Settings
from survey.texts import SAFE_YAML
from tests import answering

LATIN = "abcdefghijklmnopqrstuvwxyzæøåé"
ALPHABETS = {
    "pl": "ąbćdęfghijkłmńópqrśtuvwxyżźčšé",
    "ar": "ابتثجحخدذرزسشصضطظعغفقكلمنهويىئ",
}
FIXED = re.compile(r"(\{\w+\}|%\(\w+\)[sd])")  # placeholders stay
STORED = {
    "behaviours.Ad8.sentence": answering.BEHAVIOUR,
    "behaviours.Ad8.situation": "En borger spiste, sov eller gik anderledes.",
}


def said(danish: str, code: str) -> str:
    """As long as the Danish, and in letters that Danish has not."""
    letters = str.maketrans(LATIN + LATIN.upper(), ALPHABETS[code] * 2)
    parts = FIXED.split(danish)
    return "".join(part if FIXED.fullmatch(part) else part.translate(letters) for part in parts)


def filled(code: str, **texts: str | None) -> dict[str, Any]:
    """A whole file, as it is loaded, with other texts or none for these."""
    made = deepcopy(whole(code))
    for name, text in texts.items():
        made["texts"][name][code] = text
    return made


@cache
def whole(code: str) -> dict[str, Any]:
    made = loaded(languages.blank(code, STORED, None))
    for entry in made["texts"].values():
        entry[code] = said(entry["da"], code)
    return made


def loaded(text: str) -> dict[str, Any]:
    made: dict[str, Any] = yaml.load(text, SAFE_YAML)
    return made


def put(settings: Settings, made: dict[str, Any]) -> None:
    """Into the data folder, behind the back of the command that looks it over."""
    file = file_of(settings, made["language"])
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(made), encoding="utf-8")
