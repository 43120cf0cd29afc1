"""How a page becomes a file: what is read quickly is read as what is read slowly."""

import re
from datetime import date
from xml.etree import ElementTree

import pytest
from weasyprint.html import UA_STYLESHEET

from analysis.report import lean, pdf, press, unit_html
from analysis.report.view import View
from survey.texts import Voice, render
from tests.analysis.release_factory import facts, release

PAGE = """\
<!DOCTYPE html>
<html lang="da"><head><meta charset="utf-8"/><title>Kort</title></head><body>
<h1>Kort &amp; godt</h1><p>Tekst<br/>på to linjer</p>
<table><caption>Tal</caption><tbody><tr><th scope="row">A</th><td>1</td></tr></tbody></table>
<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20" fill="#123456">
<title>Et billede af noget</title><rect width="9" height="9"/><text x="9" y="9">Ja</text></svg>
</body></html>"""
DAY = date(2026, 11, 18)
GROUPS, NAMESPACE = r"</?tbody>", r' xmlns="[^"]*"'


@pytest.mark.parametrize("unit", ["C21", "F4", "FK"])
def test_the_page_of_a_report_is_xml(unit: str) -> None:
    view = View(release(), unit, Voice("da"), facts(title='Puls <4> & "mere"'))

    page = unit_html(view, lambda name, context: render(name, "da", context))  # type: ignore[arg-type]

    assert ElementTree.fromstring(page).tag == "html"


@pytest.mark.parametrize("left_out", ["", GROUPS, NAMESPACE, GROUPS + "|" + NAMESPACE])
def test_a_page_that_is_xml_becomes_the_file_it_becomes_as_html(left_out: str) -> None:
    page = re.sub(left_out, "", PAGE) if left_out else PAGE
    slow = page.replace("<!DOCTYPE", "<!doctype")  # which XML does not know

    made = [pdf(one, {}, created=DAY) for one in (page, slow)]

    assert made[0] == made[1]


def test_a_page_with_a_sign_that_xml_has_not_is_a_file_too() -> None:
    assert pdf(PAGE.replace("godt", "\x0c"), {}, created=DAY).startswith(b"%PDF")


BOXES = '@page { @bottom-center { content: "x" } @left-top { content: "y" } }'
MARKS = "li { list-style-type: lower-alpha; text-transform: uppercase }"


@pytest.mark.parametrize("css", ["", BOXES + MARKS])
def test_the_styles_no_page_of_ours_can_meet_are_not_missed(
    css: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    lists = "<ul><li>En<ol><li>To</li></ol></li></ul><dl><dt>A</dt><dd>Å</dd></dl><h2>Mere</h2>"
    page = PAGE.replace("</body>", f'<p id="a">Her</p><a href="#a">{lists}</a></body>')
    styles = {"a.css": css.encode()}

    lean_ = pdf(page, styles, created=DAY)
    monkeypatch.setattr(lean, "own_styles", lambda _: UA_STYLESHEET)
    press._press.cache_clear()
    whole = pdf(page, styles, created=DAY)
    press._press.cache_clear()

    assert lean_ == whole
    assert caplog.records == []
