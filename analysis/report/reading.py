"""What a finished document says, as lines of text: a PDF with its files, a page, or a workbook.

Reads any file, not only ours: what stands outside the structure of a PDF, or in the words for those
who cannot see a picture, is read too.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from io import BytesIO
from itertools import groupby
from typing import Any, Final, TypeAlias
from xml.etree import ElementTree
from zipfile import BadZipFile, ZipFile

import pikepdf

from analysis.release.audit.documents import Line
from analysis.report.press import PROSE, Passage

Point: TypeAlias = tuple[float, float]
SPACE: Final = 0.12  # of the size of the type: room for a space
WIDTH: Final = 0.5  # of the size: a letter whose width is not told
ROW, CELLS = "/TR", ("/TH", "/TD")
TEXTS: Final = frozenset(
    ("/P", "/H", "/H1", "/H2", "/H3", "/H4", "/LI", "/Caption", "/TH", "/TD", "/Lbl", "/LBody")
)
ALTERNATIVES: Final = ("/Alt", "/ActualText", "/E")
# At the end of a line, and not "Børne- og Ungerådgivningen".
BROKEN: Final = re.compile(r"(?<=[^\W\d_])- (?!(?:og|eller|and|or)\b)(?=[^\W\d_A-ZÆØÅ])")
BFCHAR: Final = re.compile(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>")
BFRANGE: Final = re.compile(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>")
APART: Final = frozenset(
    ("p", "li", "dt", "dd", "h1", "h2", "h3", "caption", "figcaption", "blockquote", "summary",
     "title", "text", "div", "section", "article", "table", "ul", "ol", "svg", "option", "label"),
)  # fmt: skip
SPOKEN: Final = ("alt", "aria-label", "title", "content", "value", "placeholder")


class NotADocument(Exception):
    """Neither a PDF, a page nor a workbook that can be read."""


@dataclass(frozen=True)
class Document:
    """A PDF: its lines, and the files inside it by name."""

    lines: tuple[Line, ...]
    files: Mapping[str, bytes] = field(default_factory=dict)


# --- PDF ---------------------------------------------------------------------------------------


def pdf_document(data: bytes) -> Document:
    """The text of a PDF; raises `NotADocument` for what is none."""
    try:
        with pikepdf.open(BytesIO(data)) as file:
            files = {name: one.get_file().read_bytes() for name, one in file.attachments.items()}
            return Document(tuple(_lines(file)), files)
    except pikepdf.PdfError as error:
        raise NotADocument from error


def pages_of(data: bytes) -> int:
    """How many pages a PDF has; raises `NotADocument` for what is none."""
    try:
        with pikepdf.open(BytesIO(data)) as file:
            return len(file.pages)
    except pikepdf.PdfError as error:
        raise NotADocument from error


def _lines(file: Any) -> Iterator[Line]:  # noqa: ANN401 - pikepdf has no types
    """Texts and rows of the structure first, then what no structure holds, page by page."""
    pages = {page.obj.objgen: number for number, page in enumerate(file.pages, start=1)}
    written = {number: _Written(page) for number, page in enumerate(file.pages, start=1)}
    tree = file.Root.get("/StructTreeRoot")
    if tree is not None:
        for kid in _kids(tree):
            yield from _Structure(pages, written).lines(kid, 1)
    for number, one in written.items():
        yield from (Line(number, (text,)) for text in one.left())


class _Structure:
    """The elements of a tagged PDF, each with the text that was written for it."""

    def __init__(self, pages: Mapping[Any, int], written: Mapping[int, "_Written"]) -> None:
        self.pages, self.written = pages, written

    def lines(self, element: Any, page: int) -> Iterator[Line]:  # noqa: ANN401
        if not isinstance(element, pikepdf.Dictionary) or "/S" not in element:
            return
        page = self._page(element, page)
        yield from (Line(page, (str(element[key]),)) for key in ALTERNATIVES if key in element)
        if element.S == ROW:
            cells = [kid for kid in _kids(element) if getattr(kid, "S", None) in CELLS]
            yield Line(page, tuple(self._text(cell, page) for cell in cells))
        elif element.S in TEXTS:
            yield Line(page, (self._text(element, page),))
        else:
            for kid in _kids(element):
                yield from self.lines(kid, page)

    def _text(self, element: Any, page: int) -> str:  # noqa: ANN401
        """The text of an element and of all below it."""
        page = self._page(element, page)
        found = []
        for kid in _kids(element):
            if isinstance(kid, int):
                found.append(self._written(page, kid))
            elif "/MCID" in kid:
                found.append(self._written(self._page(kid, page), int(kid.MCID)))
            elif "/S" in kid:
                found.append(self._text(kid, page))
        return _joined(one for one in found if one)

    def _written(self, page: int, mark: int) -> str:
        return self.written[page].taken(mark)

    def _page(self, element: Any, page: int) -> int:  # noqa: ANN401
        at = element.get("/Pg")
        return page if at is None else self.pages.get(at.objgen, page)


def _kids(element: Any) -> list[Any]:  # noqa: ANN401
    kids = element.get("/K", [])
    return list(kids) if isinstance(kids, pikepdf.Array) else [kids]


def _joined(lines: Iterable[str]) -> str:
    """Lines as one text; a word that was broken between two is whole again."""
    return BROKEN.sub("", " ".join(lines))


class _Written:
    """What is written on a page, by the mark it was written under; -1 for none.

    The letters of a drawn text are placed one by one: between BT and ET they are one text, with a
    space where there is room for one.
    """

    def __init__(self, page: Any) -> None:  # noqa: ANN401
        self.texts: dict[int, list[str]] = {}
        self.seen: set[int] = set()
        self._read(page, page.get("/Resources", {}), -1)

    def _read(self, stream: Any, resources: Any, mark: int) -> None:  # noqa: ANN401
        fonts = {name: _Font(font) for name, font in dict(resources.get("/Font", {})).items()}
        marks, font, size, at, end = [mark], _Font({}), 1.0, (0.0, 0.0), None
        for one in pikepdf.parse_content_stream(stream):
            operands: Any = one.operands
            match str(one.operator):
                case "BDC":
                    held = operands[1]
                    is_mark = isinstance(held, pikepdf.Dictionary) and "/MCID" in held
                    marks.append(int(held.MCID) if is_mark else marks[-1])
                case "BMC":
                    marks.append(marks[-1])
                case "EMC":
                    marks.pop()
                case "BT":
                    end = None
                case "Tf":
                    font, size = fonts.get(str(operands[0]), _Font({})), float(operands[1])
                case "Tm":
                    at = float(operands[4]), float(operands[5])
                case "Tj" | "TJ" | "'" | '"':
                    data = _shown(operands[-1])
                    self._write(marks[-1], font.text(data), at, end, size)
                    end = at[0] + font.width(data) * size, at[1]
                case "Do":
                    self._draw(resources, str(operands[0]), marks[-1])

    def _draw(self, resources: Any, name: str, mark: int) -> None:  # noqa: ANN401
        drawn = resources.get("/XObject", {}).get(name)
        if drawn is not None and drawn.get("/Subtype") == "/Form":
            self._read(drawn, drawn.get("/Resources", resources), mark)

    def _write(self, mark: int, text: str, at: Point, end: Point | None, size: float) -> None:
        """A text, or what follows in one that ended at `end`."""
        texts = self.texts.setdefault(mark, [])
        if end is None or not texts:
            texts.append(text)
        elif end[1] == at[1] and at[0] - end[0] < SPACE * size:
            texts[-1] += text
        else:
            texts[-1] += f" {text}"

    def taken(self, mark: int) -> str:
        """What was written under a mark, line after line."""
        self.seen.add(mark)
        return _joined(self.texts.get(mark, []))

    def left(self) -> Iterator[str]:
        """Each text that no element of the structure has."""
        for mark, texts in self.texts.items():
            if mark not in self.seen:
                yield from texts


def _shown(operand: Any) -> bytes:  # noqa: ANN401
    """The codes of a text, without the moves between them."""
    parts = operand if isinstance(operand, pikepdf.Array) else [operand]
    return b"".join(bytes(one) for one in parts if isinstance(one, pikepdf.String))


class _Font:
    """From the codes of a text to what it says and how wide it is, as the font itself tells it."""

    def __init__(self, font: Any) -> None:  # noqa: ANN401
        self.bytes = 2 if font.get("/Subtype") == "/Type0" else 1
        self.letters = _letters(font.ToUnicode.read_bytes()) if "/ToUnicode" in font else {}
        self.widths: dict[int, float] = {}
        for below in font.get("/DescendantFonts", []):
            self.widths |= _widths(list(below.get("/W", [])))

    def text(self, data: bytes) -> str:
        if not self.letters:
            return data.decode("latin-1")
        return "".join(self.letters.get(code, "") for code in self._codes(data))

    def width(self, data: bytes) -> float:
        """In sizes of the type."""
        return sum(self.widths.get(code, WIDTH) for code in self._codes(data))

    def _codes(self, data: bytes) -> Iterator[int]:
        step = self.bytes
        return (int.from_bytes(data[at : at + step], "big") for at in range(0, len(data), step))


def _letters(told: bytes) -> dict[int, str]:
    letters = {}
    for block in re.findall(rb"beginbfchar(.*?)endbfchar", told, re.DOTALL):
        for code, text in BFCHAR.findall(block):
            letters[int(code, 16)] = bytes.fromhex(text.decode()).decode("utf-16-be", "replace")
    for block in re.findall(rb"beginbfrange(.*?)endbfrange", told, re.DOTALL):
        for first, last, text in BFRANGE.findall(block):
            for more in range(int(last, 16) - int(first, 16) + 1):
                letters[int(first, 16) + more] = chr(int(text, 16) + more)
    return letters


def _widths(told: list[Any]) -> dict[int, float]:
    """Widths by code: a first code with a list, or first and last code with one width."""
    found: dict[int, float] = {}
    while told:
        first, second = int(told.pop(0)), told.pop(0)
        if isinstance(second, pikepdf.Array):
            found |= {first + i: float(width) / 1000 for i, width in enumerate(second)}
        else:
            found |= dict.fromkeys(range(first, int(second) + 1), float(told.pop(0)) / 1000)
    return found


# --- HTML --------------------------------------------------------------------------------------


def html_lines(page: str) -> tuple[Line, ...]:
    """The texts and rows of a page, and what is read aloud in place of a picture."""
    return tuple(lines_of(html_passages(page)))


def html_passages(page: str, *, spoken: Collection[str] = SPOKEN) -> tuple[Passage, ...]:
    """The same, text by text; `spoken` are the attributes that are read too."""
    read = _Page(spoken)
    read.feed(page)
    read.close()
    read.ended()
    return tuple(read.passages)


def lines_of(texts: Iterable[Passage]) -> Iterator[Line]:
    """Each text on its own, the fields of a row of a table together."""
    for row, fields in groupby(texts, key=lambda one: one.row):
        if row:
            some = tuple(fields)
            yield Line(some[0].page, tuple(one.text for one in some))
        else:
            yield from (Line(one.page, (one.text,)) for one in fields)


class _Page(HTMLParser):
    def __init__(self, spoken: Collection[str]) -> None:
        super().__init__(convert_charrefs=True)
        self.spoken = spoken
        self.passages: list[Passage] = []
        self.rows = 0
        self.is_row = self.is_prose = False
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in self.spoken and value:
                self.passages.append(Passage(1, value, is_prose=False))
        if tag == "tr":
            self.ended()
            self.rows, self.is_row = self.rows + 1, True
        elif not self.is_row and tag in APART:
            self.ended()
            self.is_prose = tag in PROSE

    def handle_endtag(self, tag: str) -> None:
        if self.is_row and tag in ("td", "th"):
            self._told(self._taken(), row=self.rows)
        elif self.is_row and tag == "tr":
            self.is_row = False
        elif not self.is_row and tag in APART:
            self.ended()

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.text.append(data.strip())

    def ended(self) -> None:
        if text := self._taken():
            self._told(text)
        self.is_prose = False

    def _told(self, text: str, row: int = 0) -> None:
        self.passages.append(Passage(1, text, self.is_prose and not row, row))

    def _taken(self) -> str:
        text, self.text = " ".join(self.text), []
        return text


# --- a workbook --------------------------------------------------------------------------------

SHEETS: Final = re.compile(r"xl/worksheets/sheet\d+\.xml")
MAIN: Final = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
CALCULATED: Final = (f"{MAIN}f", f"{MAIN}hyperlink")
ROW_OF_SHEET: Final = f"{MAIN}row"


def workbook_tables(data: bytes) -> tuple[tuple[tuple[str, ...], ...], ...]:
    """The sheets of a workbook in their order, each as rows of texts; an empty field is "".

    Raises `NotADocument` for what is none, and for one that calculates or leads elsewhere.
    """
    try:
        with ZipFile(BytesIO(data)) as file:
            names = file.namelist()
            strings = _strings(file.read("xl/sharedStrings.xml"))
            if any("externalLink" in name or "vbaProject" in name for name in names):
                raise NotADocument
            sheets = sorted(filter(SHEETS.fullmatch, names), key=lambda name: (len(name), name))
            return tuple(_sheet(file.read(name), strings) for name in sheets)
    except (BadZipFile, KeyError, ElementTree.ParseError, ValueError, IndexError) as error:
        raise NotADocument from error


def _strings(data: bytes) -> list[str]:
    # Expat, which reads it, refuses entities that grow.
    items = ElementTree.fromstring(data).iter(f"{MAIN}si")  # noqa: S314
    return ["".join(part.text or "" for part in one.iter(f"{MAIN}t")) for one in items]


def _sheet(data: bytes, strings: list[str]) -> tuple[tuple[str, ...], ...]:
    rows: list[dict[int, str]] = []
    for _, element in ElementTree.iterparse(BytesIO(data)):  # noqa: S314
        if element.tag in CALCULATED:
            raise NotADocument
        if element.tag == ROW_OF_SHEET:
            rows.append({_column(one.attrib["r"]): _value(one, strings) for one in element})
            element.clear()  # a hundred thousand rows of twenty cells are a gigabyte as a tree
    width = max((max(row, default=-1) for row in rows), default=-1) + 1
    return tuple(tuple(row.get(column, "") for column in range(width)) for row in rows)


def _column(place: str) -> int:
    """0 for A1, 26 for AA7."""
    number = 0
    for letter in place.rstrip("0123456789"):
        number = 26 * number + ord(letter) - ord("A") + 1
    return number - 1


def _value(cell: ElementTree.Element, strings: list[str]) -> str:
    inline = "".join(part.text or "" for part in cell.iter(f"{MAIN}t"))
    value = cell.findtext(f"{MAIN}v") or inline
    return strings[int(value)] if cell.get("t") == "s" else value
