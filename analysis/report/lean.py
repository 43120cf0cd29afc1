"""A page as WeasyPrint takes it, without what WeasyPrint does for pages that are not ours.

It is read as XML where it is XML, and WeasyPrint's own style sheet is cut down to what ours can
meet. Neither changes a byte of the file; together they were an eighth of the time.
"""

import re
from functools import lru_cache
from typing import Any, Final
from xml.etree import ElementTree

# Foot- and endnotes, text from right to left, tables that frame themselves.
UNMET: Final = re.compile(r"^[^{\n]*(?:::footnote|::note|\[dir|\[frame)[^\n]*\n", re.MULTILINE)
MARKER: Final = re.compile("^::marker", re.MULTILINE)
MARGIN_BOX: Final = re.compile(r"^ +(@[\w-]+)[^\n]*\n", re.MULTILINE)


def own_styles(css: str) -> Any:  # noqa: ANN401 - WeasyPrint has no types
    """WeasyPrint's own style sheet for pages that are laid out by `css`.

    As it is, it gives every element six pseudo-elements and every page eighteen margin boxes, each
    with a style to be worked out.
    """
    from weasyprint import CSS  # noqa: PLC0415 - needs Pango
    from weasyprint.html import UA  # noqa: PLC0415

    met = MARKER.sub("li::marker", UNMET.sub("", UA))
    return CSS(string=MARGIN_BOX.sub(lambda box: box[0] if box[1] in css else "", met))


def page(html: str, *, base_url: str, fetcher: Any, styles: Any) -> Any:  # noqa: ANN401
    """The page with its address, who fetches for it, and `own_styles` below those it is given."""
    root = _xml(html)
    made = _lean()(string=html if root is None else "", base_url=base_url, url_fetcher=fetcher)
    made.own_styles = styles
    if root is not None:
        made.wrapper_element = made.wrapper_element.from_html_root(root)
        made.etree_element = root
    return made


@lru_cache(maxsize=1)
def _lean() -> Any:  # noqa: ANN401
    from weasyprint import HTML  # noqa: PLC0415 - needs Pango

    class Lean(HTML):  # type: ignore[misc] # WeasyPrint has no types
        own_styles: Any = None

        def _ua_stylesheets(self, *_: object, **__: object) -> list[Any]:
            return [self.own_styles]

    return Lean


def _xml(html: str) -> ElementTree.Element | None:
    """The tree of a page that is XML, so that there is nothing a reader of HTML would add."""
    try:
        root = ElementTree.fromstring(html)  # noqa: S314 - Expat refuses entities that grow
    except ElementTree.ParseError:
        return None
    is_drawn_as_html = root.find(".//svg") is not None  # of no namespace
    is_tabled_as_html = root.find(".//table/tr") is not None  # in no group of rows
    return None if is_drawn_as_html or is_tabled_as_html else root
