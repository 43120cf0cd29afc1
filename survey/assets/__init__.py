"""The built browser assets beside this file: made by hatch_build.py, never committed."""

import hashlib
import json
from base64 import b64encode
from functools import cache
from pathlib import Path

from survey.errors import N_, Broken

FOLDER = Path(__file__).parent
FONTS = FOLDER / "fonts"
ADDRESS = "/assets"


class AssetsMissing(Broken):
    sentence = N_(
        "The browser assets are not built. Nothing was changed. Run: make demo (or pip install .)"
    )


@cache
def manifest() -> dict[str, str]:
    """The file of each asset, named by its hash; raises AssetsMissing before the first build."""
    try:
        made: dict[str, str] = json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise AssetsMissing from None
    return made


def url(name: str) -> str:
    """The address of an asset: it changes with the content, so a browser may keep it for ever."""
    return f"{ADDRESS}/{manifest()[name]}"


@cache
def integrity(name: str) -> str:
    """The hash a browser checks an asset against before it runs it (SRI)."""
    content = (FOLDER / manifest()[name]).read_bytes()
    return f"sha256-{b64encode(hashlib.sha256(content).digest()).decode()}"
