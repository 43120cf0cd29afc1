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
from benchmarks._table import Figure, show
from survey.settings import ASSETS, TEMPLATES
from survey.texts import Voice, render
from tests.analysis.release_factory import facts, release

REPEATS = 5
LIMITS = {"C21": 0.6, "F1": 0.6, "FK": 0.8}  # seconds of CPU in a warm process
RATIO = 1.85  # of a report to a bare layout, at most
SIZE = 250  # kB, at most


def main() -> None:
    assets = {
        file.name: file.read_bytes()
        for file in (
            *sorted((ASSETS / "fonts").glob("Source*.ttf")),
            TEMPLATES / "report" / "report.css",
        )
    }
    voice, shown, given = Voice("da"), release(), facts()
    rows = []
    for unit, name in (("C21", "a unit"), ("F1", "a unit under 20"), ("FK", "the organisation")):
        page = unit_html(View(shown, unit, voice, given), _danish)
        bare = re.sub(r"<svg.*?</svg>| class=\"[^\"]*\"", "", page, flags=re.DOTALL)

        def whole(unit: str = unit, given: Facts = given) -> bytes:
            return unit_report(shown, unit, voice=voice, render=_danish, assets=assets, facts=given)

        def laid_out(bare: str = bare) -> bytes:
            return HTML(string=bare).write_pdf(pdf_tags=True)

        size = len(whole()) / 1024
        ours, theirs = _seconds(whole, laid_out)
        rows += [
            Figure(f"the report of {name}", min(ours), "s", LIMITS[unit], digits=2),
            Figure("  median", statistics.median(ours), "s", digits=2),
            Figure("  a bare layout", min(theirs), "s", digits=2),
            Figure("  times a bare layout", min(ours) / min(theirs), "", RATIO, digits=2),
            Figure("  size", size, "kB", SIZE),
        ]
    show(f"An action report as PDF, seconds of CPU, least of {REPEATS}", rows)


def _danish(name: str, context: object) -> str:
    return render(name, "da", context)  # type: ignore[arg-type]


def _seconds(*works: Callable[[], bytes]) -> list[list[float]]:
    """CPU of each run in a warm process, the collector off while it runs.

    The works take turns, so that what else the machine does weighs on all of them alike.
    """
    for work in works:
        work()
    gc.collect()
    gc.freeze()
    found: list[list[float]] = [[] for _ in works]
    for _ in range(REPEATS):
        for work, seconds in zip(works, found, strict=True):
            gc.collect()
            gc.disable()
            begun = time.process_time()
            work()
            seconds.append(time.process_time() - begun)
            gc.enable()
    return found


if __name__ == "__main__":
    main()
