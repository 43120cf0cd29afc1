"""The cost of an action report: CPU of a unit's and a whole organisation's, beside a bare layout.

Run by `make bench`; prints a table. The ratio to the bare layout of the same words (no style, no
chart, no tags' repair) is the number that survives a change of machine.
"""

import gc
import re
import statistics
import time
from collections.abc import Callable

from weasyprint import HTML

from analysis.report import Facts, unit_html, unit_report
from analysis.report.view import View
from survey.settings import ASSETS, TEMPLATES
from survey.texts import Voice, render
from tests.analysis.release_factory import facts, release

REPEATS = 7
LIMIT = 1.0  # seconds of CPU for a unit report in a warm process, issue 2


def main() -> None:
    assets = {
        file.name: file.read_bytes()
        for file in (
            *sorted((ASSETS / "fonts").glob("Source*.ttf")),
            TEMPLATES / "report" / "report.css",
        )
    }
    voice, shown, given = Voice("da"), release(), facts()
    print(f"{'report':<28}{'pages kB':>10}{'min s':>8}{'median s':>10}{'to bare':>9}")
    for unit, name in (("C21", "unit"), ("F1", "unit under 20"), ("FK", "organisation")):
        page = unit_html(View(shown, unit, voice, given), _danish)
        bare = re.sub(r"<svg.*?</svg>| class=\"[^\"]*\"", "", page, flags=re.DOTALL)

        def whole(unit: str = unit, given: Facts = given) -> bytes:
            return unit_report(shown, unit, voice=voice, render=_danish, assets=assets, facts=given)

        def laid_out(bare: str = bare) -> bytes:
            return HTML(string=bare).write_pdf(pdf_tags=True)

        size = len(whole()) // 1024
        ours, theirs = _seconds(whole), _seconds(laid_out)
        ratio = min(ours) / min(theirs)
        print(f"{name:<28}{size:>10}{min(ours):>8.2f}{statistics.median(ours):>10.2f}{ratio:>9.2f}")
        if name == "unit":
            print(f"{'  limit for a unit':<38}{LIMIT:>8.2f}")


def _danish(name: str, context: object) -> str:
    return render(name, "da", context)  # type: ignore[arg-type]


def _seconds(work: Callable[[], bytes]) -> list[float]:
    """CPU of each run in a warm process, the collector off while it runs."""
    work()
    found = []
    for _ in range(REPEATS):
        gc.collect()
        gc.disable()
        begun = time.process_time()
        work()
        found.append(time.process_time() - begun)
        gc.enable()
    return found


if __name__ == "__main__":
    main()
