"""HTML to a finished PDF: tagged (PDF/UA-1), archival (PDF/A-3a), same input, same bytes.

With `tags` the only place that knows WeasyPrint and pikepdf. It fetches nothing but the assets it
is handed, reads no clock and draws no random number. WeasyPrint needs Pango, so it is imported on
first use: a server without that library still starts.
"""

import atexit
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import lru_cache
from itertools import count
from typing import Any, Final, TypeAlias

from analysis.report import lean, lettering
from analysis.report.tags import repaired

BASE_URL: Final = "https://assets.invalid/"  # .invalid never resolves: RFC 2606
VARIANT: Final[dict[str, Any]] = {
    "pdf_variant": "pdf/a-3a",
    "pdf_tags": True,
    "pdf_identifier": False,  # it costs packing all twice; `repaired` gives the file another
}
BLOCKS: Final = frozenset(
    ("h1", "h2", "h3", "p", "li", "dt", "dd", "caption", "figcaption", "th", "td", "title", "text")
)
PROSE: Final = frozenset(("p", "li", "dd"))
UA_METADATA: Final = b"""\
<rdf:Description rdf:about="" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/" pdfuaid:part="1"/>
<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"
 xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#"
 xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">
<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
<pdfaSchema:schema>PDF/UA identification schema</pdfaSchema:schema>
<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>
<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>
<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">
<pdfaProperty:name>part</pdfaProperty:name>
<pdfaProperty:valueType>Integer</pdfaProperty:valueType>
<pdfaProperty:category>internal</pdfaProperty:category>
<pdfaProperty:description>Which part of ISO 14289 the file follows</pdfaProperty:description>
</rdf:li></rdf:Seq></pdfaSchema:property>
</rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description>
"""


@dataclass(frozen=True, slots=True)
class Attached:
    """A file inside the PDF, as data of the document."""

    name: str
    content: bytes
    description: str


@dataclass(frozen=True, slots=True)
class Passage:
    """One piece of text of the finished file and the page it begins on; prose is sentences.

    The fields of one row of a table share a number; 0 is no row.
    """

    page: int
    text: str
    is_prose: bool
    row: int = 0


Check: TypeAlias = Callable[[Sequence[Passage]], None]


class AssetMissing(LookupError):
    """The page asks for a file that was not handed over: our fault, or an attempt to fetch."""


def pdf(
    html: str,
    assets: Mapping[str, bytes],
    *,
    created: date,
    attachments: Sequence[Attached] = (),
    check: Check | None = None,
) -> bytes:
    """The finished file of a page with `<html lang>` and `<title>`.

    `assets` are fonts, pictures and style sheets by name; every `.css` among them is used.
    `check` sees every text with its page after layout and stops the file by raising.
    Raises `AssetMissing` when the page names a file that is not among the assets.
    """
    source, document = _laid_out(html, assets)
    if check is not None:
        check(tuple(_passages(source.etree_element, document)))
    _dated(document.metadata, created)
    document.metadata.attachments = [_weasy(one, created) for one in attachments]
    made = document.write_pdf(**VARIANT)
    return repaired(made, link_texts=_headings(source.etree_element))


def _laid_out(html: str, assets: Mapping[str, bytes]) -> tuple[Any, Any]:
    """The parsed page and its layout; raises AssetMissing."""
    from weasyprint.urls import FatalURLFetchingError  # noqa: PLC0415 - needs Pango

    try:
        press = _press(tuple(sorted(assets.items())))
        source = press.parsed(html)
        return source, source.render(
            font_config=press.fonts, stylesheets=press.stylesheets, **VARIANT
        )
    except (
        FatalURLFetchingError
    ) as error:  # no Exception: WeasyPrint lets nobody catch it by chance
        raise AssetMissing(str(error)) from error


class _Press:
    """What reports share in a process: fonts and style sheets, parsed once per set of assets."""

    def __init__(self, assets: Mapping[str, bytes]) -> None:
        from weasyprint import CSS  # noqa: PLC0415 - needs Pango
        from weasyprint.text.fonts import FontConfiguration  # noqa: PLC0415

        lettering.install()
        self.fetcher = _fetcher(assets)
        self.fonts = FontConfiguration()
        sheets = [one.decode() for name, one in assets.items() if name.endswith(".css")]
        self.own_styles = lean.own_styles("".join(sheets))
        self.stylesheets = [
            CSS(string=one, font_config=self.fonts, base_url=BASE_URL, url_fetcher=self.fetcher)
            for one in sheets
        ]

    def parsed(self, html: str) -> Any:  # noqa: ANN401 - WeasyPrint has no types
        return lean.page(html, base_url=BASE_URL, fetcher=self.fetcher, styles=self.own_styles)


@lru_cache(maxsize=4)
def _press(assets: tuple[tuple[str, bytes], ...]) -> _Press:
    return _Press(dict(assets))


atexit.register(_press.cache_clear)  # WeasyPrint cannot let go of fonts once Python shuts down


def _fetcher(assets: Mapping[str, bytes]) -> Any:  # noqa: ANN401
    from weasyprint.urls import URLFetcher, URLFetcherResponse  # noqa: PLC0415

    class AssetFetcher(URLFetcher):  # type: ignore[misc] # WeasyPrint has no types
        """Serves the asset dictionary and nothing else, whatever the address."""

        def fetch(self, url: str, headers: object = None) -> Any:  # noqa: ANN401, ARG002
            name = url.removeprefix(BASE_URL)
            if name not in assets:
                raise AssetMissing(name)
            return URLFetcherResponse(url, body=assets[name])

    return AssetFetcher(fail_on_errors=True)


def _dated(metadata: Any, created: date) -> None:  # noqa: ANN401
    """Fix the dates and say PDF/UA beside PDF/A in the file's own description of itself."""
    metadata.created = metadata.modified = f"{created.isoformat()}T12:00:00Z"
    archival = metadata.generate_rdf_metadata

    def both(*args: object) -> bytes:
        described: bytes = archival(*args)
        return described.replace(b"</rdf:RDF>", UA_METADATA + b"</rdf:RDF>")

    metadata.generate_rdf_metadata = both


def _weasy(attached: Attached, created: date) -> Any:  # noqa: ANN401
    from weasyprint import Attachment  # noqa: PLC0415

    noon = datetime.combine(created, time(12), tzinfo=UTC)
    return Attachment(
        string=attached.content,
        name=attached.name,
        description=attached.description,
        relationship="Data",
        created=noon,
        modified=noon,
    )


def _headings(root: Any) -> dict[str, str]:  # noqa: ANN401
    """The heading of what each id begins: what a link to it is called."""
    found: dict[str, str] = {}
    for element in root.iter():
        if (anchor := _anchor(element)) is not None:
            heading = next((one for one in element.iter() if one.tag in ("h1", "h2")), element)
            found.setdefault(anchor, " ".join("".join(heading.itertext()).split()))
    return found


def _anchor(element: Any) -> str | None:  # noqa: ANN401
    """The id of an element, or of the text it begins with."""
    first = element[0].get("id") if len(element) else None
    anchor: str | None = element.get("id", first)
    return anchor


def _passages(root: Any, document: Any) -> Iterator[Passage]:  # noqa: ANN401
    """Every text with the page its section begins on; what stands outside a section is page 1."""
    pages = {
        anchor: number
        for number, page in enumerate(document.pages, start=1)
        for anchor in page.anchors
    }
    yield from _texts(root, 1, pages, count(1))


def _texts(
    element: Any,  # noqa: ANN401
    page: int,
    pages: Mapping[str, int],
    rows: Iterator[int],
    row: int = 0,
) -> Iterator[Passage]:
    page = pages.get(_anchor(element) or "", page)
    tag = str(element.tag).rpartition("}")[2]
    if tag == "tr":
        row = next(rows)
    if tag in BLOCKS:
        yield Passage(page, "".join(element.itertext()), tag in PROSE, row)
    for child in element:
        yield from _texts(child, page, pages, rows, row)
