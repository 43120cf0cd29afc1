"""Chart texts drawn a text at a time: WeasyPrint draws each letter of an SVG on its own.

That costs two layouts a letter and a form object for each anchored text, a seventh of a report. One
drawn whole has the kerning of the text around it too. What is more than a text at a place, in a
colour and a font, is left to WeasyPrint.
"""

from functools import lru_cache
from math import inf
from typing import Any, Final

PLAIN: Final = frozenset(
    ("class", "role", "x", "y", "fill", "text-anchor",
     "font-family", "font-size", "font-style", "font-weight",
     "{http://www.w3.org/2000/xmlns/}xmlns"),
)  # fmt: skip
WEIGHTS: Final = {"normal": 400, "bold": 700}
SHIFTS: Final = {"start": 0.0, "middle": 0.5, "end": 1.0}  # of the width, to the left


@lru_cache(maxsize=1)
def install() -> None:
    """Let every SVG of this process be drawn so."""
    from weasyprint import images  # noqa: PLC0415 - needs Pango

    images.SVG = _drawing(images.SVG)


def _drawing(base: Any) -> Any:  # noqa: ANN401 - WeasyPrint has no types
    from weasyprint.draw.text import draw_first_line  # noqa: PLC0415 - needs Pango
    from weasyprint.matrix import Matrix  # noqa: PLC0415
    from weasyprint.svg.text import TextBox  # noqa: PLC0415
    from weasyprint.svg.utils import color, size  # noqa: PLC0415
    from weasyprint.text.line_break import create_layout, line_size  # noqa: PLC0415

    class Drawing(base):  # type: ignore[misc] # WeasyPrint has no types
        """An SVG whose plain texts are drawn whole."""

        def draw_node(self, node: Any, font_size: float, *args: Any, **named: Any) -> None:  # noqa: ANN401
            if node.tag == "text" and _is_plain(node):
                self._write(node, size(node.get("font-size", "1em"), font_size, font_size))
            else:
                super().draw_node(node, font_size, *args, **named)

        def _write(self, node: Any, font_size: float) -> None:  # noqa: ANN401
            if not node.text:
                return
            style = _style(self.font_config, node, font_size)
            layout = create_layout(node.text, style, self.context, inf, 0)
            width, _ = line_size(layout.get_first_line()[0], style)
            x, y = self.point(node.get("x"), node.get("y"), font_size)
            left = x - SHIFTS[node.get("text-anchor", "start")] * width
            with self.stream.stacked():  # else it is one text with the one before
                self.stream.set_color(color(node.get("fill")))
                self.stream.begin_text()
                box, place = TextBox(layout, style), Matrix(d=-1, e=left, f=y)
                draw_first_line(self.stream, box, "none", "none", place)
                self.stream.end_text()

    return Drawing


def _is_plain(node: Any) -> bool:  # noqa: ANN401
    """Whether a text is one run of letters at one place, filled with a colour."""
    return (
        node.attrib.keys() <= PLAIN
        and node.get("text-anchor", "start") in SHIFTS
        and not node.get("fill", "").startswith(("none", "url", "context"))
        and all(" " not in node.get(place, "0") for place in ("x", "y"))
        and not any(True for _ in node)
    )


def _style(fonts: Any, node: Any, font_size: float) -> Any:  # noqa: ANN401
    from weasyprint.css.properties import INITIAL_VALUES  # noqa: PLC0415 - needs Pango
    from weasyprint.svg.text import Style  # noqa: PLC0415

    style = Style(INITIAL_VALUES)
    style.font_config = fonts
    weight = node.get("font-weight", "400")
    style |= {
        "font_family": [one.strip("\"' ") for one in node.get("font-family", "").split(",")],
        "font_style": node.get("font-style", "normal"),
        "font_weight": WEIGHTS.get(weight) or int(weight),
        "font_size": font_size,
    }
    return style
