"""The finished file, read as a machine, a screen reader and an archive would read it."""

import logging
import re
import zlib
from collections.abc import Iterator
from ctypes import c_float
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from html import unescape
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import page as checker
import pikepdf
import pypdfium2
import pytest
from PIL import Image, ImageColor

from analysis.findings import Release
from analysis.report import (
    AssetMissing,
    Attached,
    Facts,
    ForbiddenWording,
    pdf,
    release_csv,
    unit_html,
    unit_report,
)
from analysis.report.reading import html_passages, pdf_document
from analysis.report.tags import _ends_as_a_line, _lengthened, _packed, _saved
from analysis.report.view import View
from survey.settings import ASSETS, TEMPLATES
from survey.texts import Language, Voice, content, render
from tests.analysis import page_pictures
from tests.analysis.release_factory import LONG, SHORT, SIXTY, facts, longest_facts, release

RELEASE = release()
ASSET_FILES = {
    file.name: file.read_bytes()
    for file in (*sorted((ASSETS / "fonts").glob("Source*.ttf")), TEMPLATES / "report/report.css")
}
A4 = (595, 842)
MARGIN, LINE = 53.9, 2.5  # points: 19 mm, and what a line is drawn beyond its ends


@dataclass(frozen=True)
class Case:
    """A report of each kind, by its unit; its name in tests/golden/reports is its unit's."""

    unit: str
    pages: int
    language: Language = "da"
    release: Release = RELEASE
    facts: Facts = field(default_factory=facts)

    def html(self) -> str:
        view = View(self.release, self.unit, Voice(self.language), self.facts)
        return unit_html(view, lambda name, context: render(name, self.language, context))

    def made(self, **more: object) -> bytes:
        return unit_report(
            self.release,
            self.unit,
            voice=Voice(self.language),
            render=lambda name, context: render(name, self.language, context),
            assets=ASSET_FILES,
            facts=replace(self.facts, **more),  # type: ignore[arg-type]
        )


CASES = {
    "a unit over 40": Case("C21", 8),
    "a unit of 8-19": Case("F1", 7),
    "a hidden unit, and the shortest names": Case("F4", 6, release=release(units=SHORT)),
    "English, the first wave, the longest names and texts, a trial that was stopped": Case(
        "C2", 15, "en", release(first=True, units=LONG), longest_facts()
    ),
    "a centre": Case("C", 11),
    "sixty units": Case("FK", 12, release=release(units=SIXTY)),
}


@cache
def report(what: str) -> bytes:
    """The file of a case, made once; WeasyPrint warned of nothing."""
    warnings: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: warnings.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger("weasyprint").addHandler(handler)
    made = CASES[what].made()
    logging.getLogger("weasyprint").removeHandler(handler)
    assert warnings == []
    return made


@pytest.fixture(params=CASES)
def made(request: pytest.FixtureRequest) -> tuple[Case, bytes]:
    return CASES[request.param], report(request.param)


def texts(file: bytes) -> list[str]:
    with pypdfium2.PdfDocument(file) as read:
        return [one.get_textpage().get_text_bounded() for one in read]


def elements(file: pikepdf.Pdf) -> list[Any]:
    found, waiting = [], [file.Root.StructTreeRoot.K[0]]
    while waiting:
        one = waiting.pop()
        found.append(one)
        kids = one.get("/K", [])
        waiting += [kid for kid in kids if not isinstance(kid, int) and "/S" in kid]
    return found


@pytest.mark.parametrize("profile", ["ua1", "3a"])
def test_it_is_accessible_and_can_be_archived(made: tuple[Case, bytes], profile: str) -> None:
    found = checker.validate_pdf_bytes(made[1], profile=profile)

    assert [(one.rule_id, one.message) for one in found.failures] == []


def test_it_has_the_pages_it_should_and_is_small(made: tuple[Case, bytes]) -> None:
    case, file = made

    assert len(texts(file)) == case.pages
    assert len(file) <= 250_000


def test_only_our_two_families_are_embedded_and_every_one_whole(made: tuple[Case, bytes]) -> None:
    with pikepdf.open(BytesIO(made[1])) as file:
        objects = [one for one in file.objects if isinstance(one, pikepdf.Dictionary)]
        fonts = [one for one in objects if one.get("/Type") == "/Font"]

        names = {str(one.BaseFont).partition("+")[2] for one in fonts}
        whole = [one for one in fonts if one.Subtype == "/Type0" and "/ToUnicode" not in one]

    assert {name.replace("-", "")[:7] for name in names} == {"SourceS"}
    assert whole == []


def test_nothing_is_printed_in_the_margins_and_no_type_is_under_seven_points(
    made: tuple[Case, bytes],
) -> None:
    with pypdfium2.PdfDocument(made[1]) as read:
        for number, one in enumerate(read, start=1):
            assert tuple(map(int, one.get_size())) in (A4, (595, 841))
            edge = 0 if number == 1 else MARGIN  # the cover is coloured to its edges
            for item in one.get_objects():  # words and drawings
                left, bottom, right, upper = item.get_bounds()
                assert edge - LINE <= left <= right <= A4[0] - edge + LINE, (number, item)
                assert 0 <= bottom <= upper <= A4[1], (number, item)
                if item.type == pypdfium2.raw.FPDF_PAGEOBJ_TEXT:
                    assert size_of(item) >= 7 - 0.01


def size_of(item: Any) -> float:
    """The size of the type of a text, in points."""
    size = c_float()
    pypdfium2.raw.FPDFTextObj_GetFontSize(item.raw, size)
    return float(size.value * abs(item.get_matrix().d))


def test_no_page_is_a_lone_heading(made: tuple[Case, bytes]) -> None:
    assert min(map(len, texts(made[1]))) > 200


@pytest.mark.parametrize("what", [what for what in CASES if "longest" not in what])
def test_every_page_is_filled_to_a_third_or_more(what: str) -> None:
    filled = [page_pictures.filled(one) for one in page_pictures.pages(report(what))]

    assert min(filled) >= 1 / 3


def test_the_pages_look_as_they_were_agreed(made: tuple[Case, bytes]) -> None:
    case, file = made
    both = page_pictures.differing(case.unit, file)

    assert both is None, f"other pages than agreed, side by side in {both}"


def test_the_words_of_every_page_are_those_that_were_agreed(made: tuple[Case, bytes]) -> None:
    case, file = made
    told = "\f\n".join("\n".join(one.splitlines()) + "\n" for one in texts(file))
    kept = page_pictures.KEPT / f"{case.unit}.txt"

    if page_pictures.is_kept_anew():
        kept.write_text(told)

    assert told == kept.read_text()


def test_a_page_of_another_look_is_found_wherever_it_differs() -> None:
    then = np.full((48, 60), 255.0)
    now = then.copy()
    now[13:20, 26:33] = 0.0

    assert page_pictures.apart(then, then).max() == 0
    assert page_pictures.apart(then, now).max() > page_pictures.TOLERANCE


def test_pages_of_another_look_are_shown_beside_those_agreed(tmp_path: Path) -> None:
    file = report("a hidden unit, and the shortest names")
    agreed = page_pictures.sheet(page_pictures.pages(file))
    agreed.paste(255, (30, 60, 80, 90))  # a piece of the cover is missing
    agreed.save(tmp_path / "F4.png")

    shown = page_pictures.differing("F4", file, kept=tmp_path, shown=tmp_path / "shown")

    assert shown is not None
    with Image.open(shown) as both:
        left, right = (both.getpixel((at, 75)) for at in (55, agreed.width + 8 + 55))
        framed = both.crop((agreed.width + 8, 0, *both.size)).getcolors(1 << 20)
    assert left == (255, 255, 255) != right
    assert ImageColor.getrgb(page_pictures.FRAME) in [colour for _, colour in framed or ()]


def test_every_heading_cell_says_what_it_heads(made: tuple[Case, bytes]) -> None:
    with pikepdf.open(BytesIO(made[1])) as file:
        heads = [one for one in elements(file) if one.S == "/TH"]
        names = file.Root.StructTreeRoot.IDTree.Names

        assert heads != []
        assert {str(one.A.Scope) for one in heads} <= {"/Column", "/Row"}
        assert len(names) == 2 * len(heads)
        assert [bytes(one) for one in names[::2]] == sorted(bytes(one.ID) for one in heads)


def test_every_figure_is_told_in_words_and_lies_on_its_page(made: tuple[Case, bytes]) -> None:
    with pikepdf.open(BytesIO(made[1])) as file:
        figures = [one for one in elements(file) if one.S == "/Figure"]

        for one in figures:
            left, bottom, right, upper = (float(end) for end in one.A.BBox)
            assert len(str(one.Alt)) >= 15
            assert 0 <= left < right <= A4[0]
            assert 0 <= bottom < upper <= A4[1]


def test_headings_begin_at_one_and_skip_none(made: tuple[Case, bytes]) -> None:
    with pikepdf.open(BytesIO(made[1])) as file:
        depths = [
            int(str(one.S)[2]) for one in _in_order(file) if str(one.S) in ("/H1", "/H2", "/H3")
        ]

    assert depths[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(depths))


def _in_order(file: pikepdf.Pdf) -> Iterator[Any]:
    def walk(one: Any) -> Iterator[Any]:
        yield one
        for kid in one.get("/K", []):
            if not isinstance(kid, int) and "/S" in kid:
                yield from walk(kid)

    return walk(file.Root.StructTreeRoot.K[0])


def test_a_link_is_called_by_the_heading_it_goes_to(made: tuple[Case, bytes]) -> None:
    with pikepdf.open(BytesIO(made[1])) as file:
        names = {str(link.Contents) for page in file.pages for link in page.get("/Annots", ())}
    headings = re.findall(r"<h[12][^>]*>(.*?)</h[12]>", made[0].html(), re.DOTALL)
    told = {" ".join(unescape(re.sub(r"<[^>]+>|\xad", "", one)).split()) for one in headings}

    assert len(names) > 3
    assert names <= told


def test_no_table_is_split_and_each_keeps_its_caption(made: tuple[Case, bytes]) -> None:
    html = made[0].html()
    with pikepdf.open(BytesIO(made[1])) as file:
        tables = [one for one in elements(file) if one.S == "/Table"]
        captions = [one for table in tables for one in table.K if one.S == "/Caption"]

    assert len(tables) == html.count("<table") > 0
    assert len(captions) == html.count("<caption")


@pytest.mark.parametrize("what", ["a unit over 40", "a hidden unit, and the shortest names"])
def test_tags_are_read_in_the_order_of_the_page(what: str) -> None:
    lines = pdf_document(report(what)).lines
    tagged = "".join(bare(field) for line in lines for field in line.fields)
    body = re.sub(r"<svg.*?</svg>|<title>.*?</title>", "", CASES[what].html(), flags=re.DOTALL)
    body = re.sub(r'<(\w+) class="(?:running|foot|part)"[^>]*>.*?</\1>', "", body, flags=re.DOTALL)

    at = 0
    for one in html_passages(body, spoken=()):
        found = tagged.find(bare(one.text), at)
        assert found >= at, one.text
        at = found + len(bare(one.text))


def bare(text: str) -> str:
    """Letters alone: the numbers of pages are counted by the layout."""
    return re.sub(r"[\W\d_]", "", text)


def test_sixty_units_and_ten_barriers_stand_on_one_page() -> None:
    names = ["".join(name.split()) for _, parent, name, _, _ in SIXTY if parent is not None]
    pages = ["".join(one.split()) for one in texts(report("sixty units"))]

    [page] = [one for one in pages if "Stårdetivejenhosjer?" in one]

    assert len(names) == 60
    assert [name for name in names if name not in page] == []


def test_the_file_says_its_language_its_title_and_its_day() -> None:
    with pikepdf.open(BytesIO(report("a unit over 40"))) as file:
        assert str(file.Root.Lang) == "da"
        assert str(file.docinfo["/Title"]) == "Handlingsrapport: Hjemmepleje Nord"
        assert str(file.docinfo["/CreationDate"]).startswith("D:20261118")
        assert file.Root.ViewerPreferences.DisplayDocTitle


def test_the_numbers_are_attached_as_the_table_they_are() -> None:
    with pikepdf.open(BytesIO(report("a unit over 40"))) as file:
        [name] = file.attachments
        attached = file.attachments[name]

        assert name == "C21-2026-4.csv"
        assert str(attached.obj.AFRelationship) == "/Data"
        assert attached.get_file().read_bytes().rstrip(b"\n") == release_csv(
            RELEASE, "C21", voice=Voice("da")
        ).rstrip(b"\n")


def test_the_same_release_gives_the_same_file() -> None:
    what = "a hidden unit, and the shortest names"

    assert CASES[what].made() == report(what)


def test_page_numbers_in_the_agenda_are_where_the_sections_are() -> None:
    pages = texts(report("a unit over 40"))

    [found] = re.findall(r"Brug de tre spørgsmål på side (\d+)\.", pages[0])

    assert "Tre spørgsmål at tale ud fra" in pages[int(found) - 1]


def test_a_hidden_unit_has_no_number_in_any_layer() -> None:
    file = report("a hidden unit, and the shortest names")
    neighbours = [name for code, _, name, _, _ in SHORT if code in ("F2", "F3")]

    with pikepdf.open(BytesIO(file)) as opened:
        alts = [str(one.Alt) for one in elements(opened) if "/Alt" in one]
        table = opened.attachments["F4-2026-4.csv"].get_file().read_bytes().decode("utf-8-sig")

    assert alts == []
    assert all(";hidden;;;" in line for line in table.splitlines()[1:] if line)
    assert not any(re.search(rf"\b({'|'.join(neighbours)})\b", text) for text in texts(file))


def test_it_names_no_person(made: tuple[Case, bytes]) -> None:
    words = set(re.findall(r"\w+", " ".join(texts(made[1]))))

    assert words.isdisjoint(content("linter")["lists"]["given_names"])


def test_a_forbidden_word_stops_the_file_and_names_the_page() -> None:
    with pytest.raises(ForbiddenWording) as stopped:
        CASES["a unit over 40"].made(title="Bund 5")

    assert stopped.value.page == 1


# --- the pipeline, also used for cards and posters ------------------------------------------------

PAGE = '<!doctype html><html lang="da"><title>Kort</title><body><h1>Kort</h1>{}</body></html>'
DAY = date(2026, 11, 18)


def test_a_page_that_asks_for_a_file_it_was_not_given_is_refused() -> None:
    with pytest.raises(AssetMissing, match=r"evil\.example"):
        pdf(PAGE.format('<img src="https://evil.example/x.png" alt="x">'), {}, created=DAY)


def test_a_page_without_links_or_tables_is_a_whole_file_too() -> None:
    made = pdf(PAGE.format("<p>Tekst</p>"), {}, created=DAY)

    assert checker.is_pdf_compliant_bytes(made, profile="ua1")


def test_a_link_to_nowhere_named_keeps_its_name() -> None:
    made = pdf(PAGE.format('<p id="a">A</p><p><a href="https://x.example/">X</a></p>'), {},
               created=DAY)  # fmt: skip

    with pikepdf.open(BytesIO(made)) as file:
        assert [str(one.Subtype) for one in file.pages[0].Annots] == ["/Link"]


def test_no_stream_ends_in_what_reads_as_a_line_end() -> None:
    for content_ in (tricky("side"), tricky("tal"), tricky("svar")):
        made = pdf(
            PAGE.format("<p>Tekst</p>"),
            {},
            created=DAY,
            attachments=(Attached("tal.csv", content_, "Tal"),),
        )

        assert b"\r\nendstream" not in made
        assert checker.is_pdf_compliant_bytes(made, profile="3a")


def test_structure_that_ends_in_a_line_end_is_moved() -> None:
    for number in range(4000):
        with pikepdf.new() as file:
            file.Root.Said = file.make_indirect(pikepdf.Dictionary(Side=number))
            if b"\r\nendstream" not in _packed(file):
                continue  # one in some hundreds needs it

            made = _saved(file)

        assert b"\r\nendstream" not in made
        assert _padded(made)
        return
    pytest.fail("no file of these needed it: choose others")


def _padded(made: bytes) -> bool:
    with pikepdf.open(BytesIO(made)) as file:
        return "/AAKernepuls" in file.Root


def tricky(kind: str) -> bytes:
    """Content whose checksum, the last byte when it is packed, is a carriage return."""
    texts_ = (f"{kind} {'a' * (number % 97)} {number}".encode() for number in range(3000))
    return next(text for text in texts_ if zlib.adler32(text) & 0xFF == 0x0D)


def test_a_font_that_is_lengthened_says_its_new_length() -> None:
    content_ = tricky("font")
    with pikepdf.new() as file:
        font = file.make_stream(content_, Length1=len(content_))

        _lengthened(font)

        assert int(font.Length1) == len(content_) + 1
        assert font.read_bytes() == content_ + b"\n"


def test_an_attached_file_that_is_lengthened_says_its_new_size() -> None:
    content_ = tricky("tal")
    with pikepdf.new() as file:
        params = pikepdf.Dictionary(Size=len(content_), CheckSum=b"0")
        table = file.make_stream(content_, Params=params)

        assert _ends_as_a_line(table)
        _lengthened(table)

        assert int(table.Params.Size) == len(content_) + 1
        assert "/CheckSum" not in table.Params
        assert not _ends_as_a_line(table)


def test_a_packed_stream_is_judged_by_its_last_byte() -> None:
    with pikepdf.new() as file:
        ends = file.make_stream(zlib.compress(tricky("side")), Filter=pikepdf.Name.FlateDecode)

        assert _ends_as_a_line(ends)
