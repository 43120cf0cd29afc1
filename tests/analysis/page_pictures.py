"""Pictures of the pages of a report, small and grey, laid beside those that are kept.

`KERNEPULS_GOLDEN=write pytest tests/analysis/test_report_pdf.py` keeps the new ones; look at each
before it is committed.
"""

import os
import tempfile
from pathlib import Path
from typing import Final

import numpy as np
import pypdfium2
from numpy.typing import NDArray
from PIL import Image, ImageDraw

KEPT: Final = Path(__file__).parents[1] / "golden" / "reports"
SHOWN: Final = Path(tempfile.gettempdir()) / "kernepuls-pages"  # stays when a run is over
SCALE: Final = 0.5  # pixels for a point: 36 dpi
COLUMNS: Final = 4
BLOCK: Final = 12  # pixels: a word or two
TOLERANCE: Final = 24  # of 255, the mean of a block: another renderer's edges, never another word
FRAME: Final = "#9a4a0e"
PAPER: Final = 235  # from which a pixel is empty
MARGINS: Final = (24 / 297, 277 / 297)  # of a page that is 297 mm high: head and foot are outside


def is_kept_anew() -> bool:
    """Whether this run writes what it would compare with."""
    return os.environ.get("KERNEPULS_GOLDEN") == "write"


def pages(file: bytes) -> list[Image.Image]:
    """Each page in grey, with sixteen shades so that the picture stays small."""
    with pypdfium2.PdfDocument(file) as read:
        drawn = [one.render(scale=SCALE).to_pil().convert("L") for one in read]
    return [one.point(lambda value: round(value / 17) * 17) for one in drawn]


def sheet(drawn: list[Image.Image]) -> Image.Image:
    """All pages on one picture, in reading order."""
    width, height = (max(one.size[side] for one in drawn) for side in (0, 1))
    lines = -(-len(drawn) // COLUMNS)
    made = Image.new("L", (COLUMNS * width, lines * height), 119)
    for index, one in enumerate(drawn):
        made.paste(one, (index % COLUMNS * width, index // COLUMNS * height))
    return made


def differing(name: str, file: bytes, *, kept: Path = KEPT, shown: Path = SHOWN) -> Path | None:
    """None where the pages look as the kept ones do; else a picture of both, the kept to the left.

    What differs is framed to the right. Of two pictures of another size every place differs.
    """
    now, picture = sheet(pages(file)), kept / f"{name}.png"
    if is_kept_anew():
        kept.mkdir(exist_ok=True)
        now.save(picture, optimize=True)
    then = Image.open(picture).convert("L")
    off = apart(_array(then), _array(now)) if then.size == now.size else None
    if off is not None and off.max() <= TOLERANCE:
        return None
    both = Image.new("RGB", (then.width + now.width + 8, max(then.height, now.height)))
    both.paste(then, (0, 0))
    both.paste(now, (then.width + 8, 0))
    drawing = ImageDraw.Draw(both)
    for line, column in np.argwhere(off > TOLERANCE) if off is not None else ():
        left, top = then.width + 8 + BLOCK * column, BLOCK * line
        drawing.rectangle((left, top, left + BLOCK, top + BLOCK), outline=FRAME)
    shown.mkdir(exist_ok=True)
    both.save(shown / f"{name}.png")
    return shown / f"{name}.png"


def apart(then: NDArray[np.float64], now: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far two pictures of one size are from each other, block by block: the mean, 0-255."""
    height, width = (side // BLOCK * BLOCK for side in then.shape)
    off = np.abs(then - now)[:height, :width]
    blocks = off.reshape(height // BLOCK, BLOCK, width // BLOCK, BLOCK)
    return np.asarray(blocks.mean(axis=(1, 3)))


def filled(page: Image.Image) -> float:
    """How far down what is printed on a page reaches, 0-1 of the room between head and foot."""
    top, bottom = (int(page.height * end) for end in MARGINS)
    lines = np.flatnonzero((_array(page)[top:bottom] < PAPER).any(axis=1))
    return float((lines.max() + 1) / (bottom - top)) if lines.size else 0.0


def _array(page: Image.Image) -> NDArray[np.float64]:
    return np.asarray(page, dtype=np.float64)
